package x509der

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// A CRLScope says which revocations a list has: its issuingDistributionPoint (RFC
// 5280, section 5.2.5), and whether it is a delta CRL (section 5.2.4). The zero
// value is a list of all revocations of the issuer's certificates. [CRLWriter]
// writes only the first three fields.
type CRLScope struct {
	Addresses []string // only certificates with a distribution point of one of these names
	UserCerts bool     // only certificates of non-CAs
	CACerts   bool     // only certificates of CAs

	DirectoryNames []ComparableName // which stand next to Addresses
	SomeReasons    ReasonFlags
	Delta          bool // only what changed since another list
}

// ReasonFlags are reasons of revocations: bit n stands for bit n of the BIT
// STRING (RFC 5280, section 4.2.1.13). Zero means that a list is not limited to
// some.
type ReasonFlags uint16

// AllReasons are all bits that have a meaning.
const AllReasons ReasonFlags = 0x1fe

// Reasons returns the reasons for which a certificate that the list covers, and
// does not name, is not revoked.
func (scope CRLScope) Reasons() ReasonFlags {
	switch {
	case scope.Delta:
		return 0
	case scope.SomeReasons != 0:
		return scope.SomeReasons
	}
	return AllReasons
}

// CheckComplete refuses lists in which a missing serial number does not mean "not
// revoked": delta CRLs and CRLs for some reasons only.
func (scope CRLScope) CheckComplete() error {
	switch {
	case scope.Delta:
		return errors.New("it is a delta CRL (RFC 5280, section 5.2.4)")
	case scope.SomeReasons != 0:
		return errors.New("it covers revocations for some reasons only (RFC 5280, section 5.2.5)")
	}
	return nil
}

// Covers reports whether a list with this scope names the certificate if it is
// revoked for one of the scope's reasons. It does not compare issuers or
// signatures; CheckCRLSignature does.
func (scope CRLScope) Covers(cert *x509.Certificate) bool {
	if scope.UserCerts && cert.IsCA || scope.CACerts && !cert.IsCA {
		return false
	}
	if len(scope.Addresses)+len(scope.DirectoryNames) == 0 {
		return true
	}
	points, err := pointsOf(cert)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(points.addresses, func(address string) bool { return slices.Contains(scope.Addresses, address) }) ||
		slices.ContainsFunc(points.directories, func(name ComparableName) bool { return slices.Contains(scope.DirectoryNames, name) })
}

// ScopeOf returns the scope of a CRL. It refuses indirect CRLs, CRLs of
// attribute certificates, and CRLs with an unknown critical extension (RFC
// 5280, sections 5.2 and 5.3).
func ScopeOf(list *x509.RevocationList) (scope CRLScope, err error) {
	scoped, delta := false, false
	for _, e := range list.Extensions {
		switch {
		case isExtension(e, extIssuingPoint) && scoped: // crypto/x509 accepts two
			return CRLScope{}, errors.New("it has two issuingDistributionPoints (RFC 5280, section 4.2)")
		case isExtension(e, extIssuingPoint):
			scoped = true
			scope, err = parseScope(e.Value, list.RawIssuer)
			if err != nil {
				return CRLScope{}, err
			}
		case isExtension(e, extDeltaCRL): // critical or not
			delta = true
		case e.Critical:
			return CRLScope{}, fmt.Errorf("it has the critical extension %.80v, which is not understood", e.Id)
		}
	}
	for _, entry := range list.RevokedCertificateEntries {
		for _, e := range entry.Extensions {
			if e.Critical {
				return CRLScope{}, fmt.Errorf("the entry of %.20x has the critical extension %.80v, which is not understood", entry.SerialNumber.Bytes(), e.Id)
			}
		}
	}
	scope.Delta = delta
	return scope, nil
}

var errScope = errors.New("its issuingDistributionPoint is malformed (RFC 5280, section 5.2.5)")

// parseScope reads an issuingDistributionPoint of a list with this issuer.
func parseScope(value, issuer []byte) (scope CRLScope, err error) {
	input := cryptobyte.String(value)
	var fields cryptobyte.String
	if !input.ReadASN1(&fields, asn1.SEQUENCE) || !input.Empty() {
		return CRLScope{}, errScope
	}
	last := -1
	for !fields.Empty() {
		var value cryptobyte.String
		var tag asn1.Tag
		if !fields.ReadAnyASN1(&value, &tag) || int(tag&0x1f) <= last {
			return CRLScope{}, errScope
		}
		last = int(tag & 0x1f)
		switch tag {
		case contextTag(0):
			var points pointNames
			if err := points.add(value, Comparable(issuer)); err != nil {
				return CRLScope{}, err
			}
			scope.Addresses, scope.DirectoryNames = points.addresses, points.directories
			if len(scope.Addresses)+len(scope.DirectoryNames) == 0 {
				return CRLScope{}, errors.New("its distribution point has neither a URI nor a directory name (RFC 5280, section 5.2.5)")
			}
			continue
		case asn1.Tag(3).ContextSpecific():
			scope.SomeReasons = parseReasonFlags(value)
			if scope.SomeReasons == 0 {
				return CRLScope{}, errScope
			}
			continue
		}
		if len(value) != 1 || value[0] != 0xff { // DER leaves out FALSE, the default
			return CRLScope{}, errScope
		}
		switch tag {
		case asn1.Tag(1).ContextSpecific():
			scope.UserCerts = true
		case asn1.Tag(2).ContextSpecific():
			scope.CACerts = true
		case asn1.Tag(4).ContextSpecific():
			return CRLScope{}, errors.New("it holds certificates of other issuers (RFC 5280, section 5.2.5)")
		case asn1.Tag(5).ContextSpecific():
			return CRLScope{}, errors.New("it covers attribute certificates only (RFC 5280, section 5.2.5)")
		default:
			return CRLScope{}, errScope
		}
	}
	return scope, nil
}

// parseReasonFlags reads the content octets of a ReasonFlags, a BIT STRING with
// nine bits at most. It returns zero for any other.
func parseReasonFlags(value []byte) ReasonFlags {
	if len(value) < 2 || len(value) > 3 || value[0] > 7 {
		return 0
	}
	unused := value[0]
	padding := value[len(value)-1] & (1<<unused - 1)
	if padding != 0 || len(value) == 3 && unused != 7 {
		return 0
	}
	flags := ReasonFlags(bits.Reverse8(value[1]))
	if len(value) == 3 {
		flags |= ReasonFlags(value[2]>>7) << 8
	}
	return flags
}
