package x509der

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
)

// Extensions of CRLs and their entries (RFC 5280, sections 5.2 and 5.3), as the
// content octets of their object identifiers.
const (
	extCRLNumber      = "\x55\x1d\x14"
	extReasonCode     = "\x55\x1d\x15"
	extInvalidityDate = "\x55\x1d\x18"
	extDeltaCRL       = "\x55\x1d\x1b"
	extIssuingPoint   = "\x55\x1d\x1c"
)

// A CRL is what a revocation list says beside its entries and its signature.
type CRL struct {
	Issuer         []byte // DER Name
	ThisUpdate     time.Time
	NextUpdate     time.Time
	Number         *big.Int
	AuthorityKeyID []byte // as [AuthorityKeyID] makes it
	Scope          CRLScope
}

// A CRLScope is which of the issuer's certificates a list covers, as its
// issuingDistributionPoint says (RFC 5280, section 5.2.5). The zero value is all
// of them.
type CRLScope struct {
	Addresses []string // only those whose CRLDistributionPoints name one of these
	UserCerts bool     // only those that are not a CA's
	CACerts   bool     // only those of CAs
}

// A CRLEntry is one revoked certificate.
type CRLEntry struct {
	SerialNumber   []byte // big endian, first octet not zero
	RevocationTime time.Time
	Reason         int       // 1 to 10; zero: extension absent
	InvalidityDate time.Time // zero: extension absent
}

// A CRLWriter makes a version 2 CRL (RFC 5280, section 5.1) of any number of
// entries in one buffer. The lengths stand in front of the entries and are
// known behind them, so that room is left there and the list begins somewhere
// within it: no entry is copied to make the list, unless the buffer has to grow.
type CRLWriter struct {
	signer *Signer
	crl    *CRL
	fields []byte // of TBSCertList, what stands before revokedCertificates
	room   int
	list   []byte
	err    error // the first of Add
}

// NewCRLWriter begins a list. The years of its times are up to 9999.
func NewCRLWriter(signer *Signer, crl *CRL) (*CRLWriter, error) {
	if err := checkTimes(crl.ThisUpdate, crl.NextUpdate); err != nil {
		return nil, err
	}
	fields := append(make([]byte, 0, 256), 2, 1, 1) // version 2
	fields = append(fields, signer.id.der...)
	fields = append(fields, crl.Issuer...)
	fields = appendTime(appendTime(fields, crl.ThisUpdate), crl.NextUpdate)
	room := len(fields) + 3*der.MaxHeader
	return &CRLWriter{signer: signer, crl: crl, fields: fields, room: room, list: make([]byte, room, room+1024)}, nil
}

// Add writes one entry. What is wrong with its times, Sign says.
func (w *CRLWriter) Add(e CRLEntry) {
	if err := checkTimes(e.RevocationTime, e.InvalidityDate); err != nil && w.err == nil {
		w.err = err
	}
	w.list = der.AppendFunc(w.list, asn1.SEQUENCE, func(dst []byte) []byte {
		dst = der.AppendInteger(dst, e.SerialNumber)
		dst = appendTime(dst, e.RevocationTime)
		if e.Reason == 0 && e.InvalidityDate.IsZero() {
			return dst
		}
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			dst = append(dst, reasonCodes[e.Reason]...)
			if e.InvalidityDate.IsZero() {
				return dst
			}
			// Never a UTCTime: RFC 5280, section 5.3.2.
			return appendExtension(dst, extInvalidityDate, false, func(dst []byte) []byte { return appendGeneralizedTime(dst, e.InvalidityDate) })
		})
	})
}

// reasonCodes are the extensions reasonCode, made once: most entries have one of
// these few.
var reasonCodes = func() (extensions [11][]byte) {
	for reason := 1; reason < len(extensions); reason++ {
		extensions[reason] = appendExtension(nil, extReasonCode, false, func(dst []byte) []byte { return appendEnum(dst, reason) })
	}
	return extensions
}()

// appendEnum appends an ENUMERATED from 0 to 127.
func appendEnum(dst []byte, value int) []byte { return append(dst, byte(asn1.ENUM), 1, byte(value)) }

// Sign ends the list and returns it. The writer is of no use afterwards.
func (w *CRLWriter) Sign(rand io.Reader) ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	entries := len(w.list) - w.room
	list := der.AppendFunc(w.list, contextTag(0), func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, w.crl.appendExtensions)
	})
	start := w.room
	if entries > 0 { // RFC 5280, section 5.1.2.6: absent rather than empty
		start = putHeader(list, start, entries)
	}
	start -= len(w.fields)
	copy(list[start:], w.fields)
	start = putHeader(list, start, len(list)-start)

	signature, err := w.signer.sign(rand, list[start:])
	if err != nil {
		return nil, err
	}
	list = der.AppendBitString(append(list, w.signer.id.der...), signature)
	start = putHeader(list, start, len(list)-start)
	return list[start:], nil
}

// putHeader writes the tag and length of a SEQUENCE of n octets right before
// buf[end:] and returns where they begin.
func putHeader(buf []byte, end, n int) int {
	header := der.AppendHeader(make([]byte, 0, der.MaxHeader), asn1.SEQUENCE, n)
	return end - copy(buf[end-len(header):], header)
}

func (crl *CRL) appendExtensions(dst []byte) []byte {
	dst = append(dst, crl.AuthorityKeyID...)
	dst = appendExtension(dst, extCRLNumber, false, func(dst []byte) []byte { return der.AppendInteger(dst, crl.Number.Bytes()) })
	scope := crl.Scope
	if len(scope.Addresses) == 0 && !scope.UserCerts && !scope.CACerts {
		return dst
	}
	return appendExtension(dst, extIssuingPoint, true, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			if len(scope.Addresses) > 0 {
				dst = appendPoint(dst, scope.Addresses...)
			}
			for tag, set := range []bool{1: scope.UserCerts, 2: scope.CACerts} {
				if set {
					dst = der.Append(dst, asn1.Tag(tag).ContextSpecific(), "\xff")
				}
			}
			return dst
		})
	})
}

var errCRL = errors.New("it is not a DER CertificateList (RFC 5280, section 5.1)")

// ParseCRL decodes a DER CRL with nothing behind it. crypto/x509 does it, which
// looks at no key and so reads those of SM2 too. A list that CheckCRLFields or
// ScopeOf refuses is refused.
func ParseCRL(data []byte) (*x509.RevocationList, error) {
	// crypto/x509 reads over what stands behind the list and behind the signature.
	if _, _, _, err := splitSigned(data); err != nil {
		return nil, errCRL
	}
	list, err := x509.ParseRevocationList(data)
	if err != nil {
		return nil, err
	}
	if err := CheckCRLFields(list); err != nil {
		return nil, err
	}
	if _, err := ScopeOf(list); err != nil {
		return nil, err
	}
	return list, nil
}

// CheckCRLFields verifies that a list has all that stands in its DER. crypto/x509
// looks for entries and extensions where they belong and not whether something
// else is left: of a list in which anything stands in front of them it shows
// none, and who looks up a serial number there does not find it.
func CheckCRLFields(list *x509.RevocationList) error {
	tbs, _, _, err := splitSigned(list.Raw)
	if err != nil {
		return errCRL
	}
	entries, err := readCRLFields(tbs)
	if err != nil {
		return err
	}
	if entries != len(list.RevokedCertificateEntries) {
		return fmt.Errorf("%d entries were read of the %d that it holds", len(list.RevokedCertificateEntries), entries)
	}
	return nil
}

// readCRLFields reads a TBSCertList to its end (RFC 5280, section 5.1) and
// returns how many entries it holds. Lists are long: it allocates nothing for an
// entry.
func readCRLFields(tbs []byte) (entries int, err error) {
	s := cryptobyte.String(tbs)
	var id, revoked, entry, extensions cryptobyte.String
	if !s.ReadASN1(&s, asn1.SEQUENCE) {
		return 0, errCRL
	}
	var version int
	if !s.ReadASN1Integer(&version) || version != 1 {
		return 0, errors.New("its version is not 2 (RFC 5280, section 5.1.2.1)")
	}
	if !s.ReadASN1(&id, asn1.SEQUENCE) || !s.SkipASN1(asn1.SEQUENCE) || !skipTime(&s) || isTime(s) && !skipTime(&s) ||
		!s.ReadOptionalASN1(&revoked, nil, asn1.SEQUENCE) {
		return 0, errCRL
	}
	for ; !revoked.Empty(); entries++ {
		if !revoked.ReadASN1(&entry, asn1.SEQUENCE) || !entry.SkipASN1(asn1.INTEGER) || !skipTime(&entry) ||
			!entry.Empty() && !skipExtensions(&entry) || !entry.Empty() {
			return 0, fmt.Errorf("its entry %d is malformed (RFC 5280, section 5.1)", entries+1)
		}
	}
	if s.PeekASN1Tag(contextTag(0)) &&
		(!s.ReadASN1(&extensions, contextTag(0)) || !skipExtensions(&extensions) || !extensions.Empty()) {
		return 0, errors.New("its extensions are malformed (RFC 5280, section 5.1)")
	}
	if !s.Empty() {
		return 0, errors.New("behind its times stands what is neither its entries nor, after them, its extensions (RFC 5280, section 5.1)")
	}
	return entries, nil
}

// isTime returns whether a Time comes next, and skipTime reads over it (RFC 5280,
// section 4.1).
func isTime(s cryptobyte.String) bool {
	return s.PeekASN1Tag(asn1.UTCTime) || s.PeekASN1Tag(asn1.GeneralizedTime)
}

func skipTime(s *cryptobyte.String) bool {
	return isTime(*s) && s.SkipASN1(asn1.Tag((*s)[0]))
}

// Covers reports whether a list of that scope that does not hold the certificate
// says that it is not revoked. It compares neither issuers nor signatures:
// CheckCRLSignature does.
func (scope CRLScope) Covers(cert *x509.Certificate) bool {
	return !(scope.UserCerts && cert.IsCA) && !(scope.CACerts && !cert.IsCA) &&
		(len(scope.Addresses) == 0 || slices.ContainsFunc(cert.CRLDistributionPoints, func(address string) bool {
			return slices.Contains(scope.Addresses, address)
		}))
}

func isExtension(e pkix.Extension, content string) bool { return e.Id.Equal(ObjectIdentifier(content)) }

// ScopeOf returns what a CRL covers. A list of another kind than CRLWriter makes
// is an error, since who looks up a serial number in it gets a wrong answer: a
// delta, one with other issuers' certificates, one for some reasons only, and
// any with a critical extension that is not understood (RFC 5280, sections 5.2
// and 5.3).
func ScopeOf(list *x509.RevocationList) (scope CRLScope, err error) {
	scoped := false
	for _, e := range list.Extensions {
		switch {
		case isExtension(e, extIssuingPoint) && scoped: // crypto/x509 does not look
			return CRLScope{}, errors.New("it has two issuingDistributionPoints (RFC 5280, section 4.2)")
		case isExtension(e, extIssuingPoint):
			scoped = true
			if scope, err = parseScope(e.Value); err != nil {
				return CRLScope{}, err
			}
		case isExtension(e, extDeltaCRL): // critical or not
			return CRLScope{}, errors.New("it is a delta CRL (RFC 5280, section 5.2.4)")
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
	return scope, nil
}

var errScope = errors.New("its issuingDistributionPoint is malformed (RFC 5280, section 5.2.5)")

func parseScope(value []byte) (scope CRLScope, err error) {
	input := cryptobyte.String(value)
	var fields cryptobyte.String
	if !input.ReadASN1(&fields, asn1.SEQUENCE) || !input.Empty() {
		return CRLScope{}, errScope
	}
	for last := -1; !fields.Empty(); {
		var value cryptobyte.String
		var tag asn1.Tag
		if !fields.ReadAnyASN1(&value, &tag) || int(tag&0x1f) <= last {
			return CRLScope{}, errScope
		}
		last = int(tag & 0x1f)
		switch tag {
		case asn1.Tag(0).ContextSpecific().Constructed():
			if scope.Addresses, err = parseFullName(value); err != nil {
				return CRLScope{}, err
			}
			continue
		case asn1.Tag(3).ContextSpecific():
			return CRLScope{}, errors.New("it covers revocations for some reasons only (RFC 5280, section 5.2.5)")
		}
		if len(value) != 1 || value[0] != 0xff { // FALSE is the default
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

// parseFullName reads the addresses in a DistributionPointName. Names of other
// forms, such as a directory's, do not count.
func parseFullName(name cryptobyte.String) ([]string, error) {
	var names cryptobyte.String
	if !name.ReadASN1(&names, asn1.Tag(0).ContextSpecific().Constructed()) || !name.Empty() {
		return nil, errors.New("its distribution point is no full name (RFC 5280, section 5.2.5)")
	}
	var addresses []string
	for !names.Empty() {
		var value cryptobyte.String
		var tag asn1.Tag
		if !names.ReadAnyASN1(&value, &tag) {
			return nil, errScope
		}
		if tag == tagURI {
			addresses = append(addresses, string(value))
		}
	}
	if addresses == nil {
		return nil, errors.New("its distribution point has no address (RFC 5280, section 5.2.5)")
	}
	return addresses, nil
}

// CheckCRLSignature verifies that the CA with this certificate signed the list:
// name, key identifier, key usage and signature (RFC 5280, section 6.3.3, steps
// b, f and g). It does not look at times.
func CheckCRLSignature(list *x509.RevocationList, issuer *x509.Certificate) error {
	switch {
	case !SameName(list.RawIssuer, issuer.RawSubject):
		return errors.New("the CRL is another CA's: its issuer is not the CA's subject")
	case len(list.AuthorityKeyId) > 0 && len(issuer.SubjectKeyId) > 0 && string(list.AuthorityKeyId) != string(issuer.SubjectKeyId):
		return errors.New("the CRL is signed with another key: its authorityKeyIdentifier is not that of the CA")
	case issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCRLSign == 0:
		return errors.New("the CA may not sign CRLs: its keyUsage lacks cRLSign (RFC 5280, section 4.2.1.3)")
	}
	tbs, id, signature, err := splitSigned(list.Raw)
	if err != nil {
		return errCRL
	}
	return Verify(issuer.PublicKey, id, tbs, signature)
}
