package x509der

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
)

// maxPointNames is the largest number of names in the distribution points of one
// certificate or one list. The names of both are compared in pairs, so the limit
// also bounds that work.
const maxPointNames = 100

// pointNames are the names of distribution points (RFC 5280, section 4.2.1.13):
// URIs and directory names. Names of other types are counted and ignored. Each
// name is brought into the comparable form once: both ends of a comparison can be
// long.
type pointNames struct {
	addresses   []string
	directories []ComparableName
	count       int
}

var (
	errPoint      = errors.New("a distribution point is malformed (RFC 5280, section 4.2.1.13)")
	errPointNames = fmt.Errorf("the distribution points have more than %d names", maxPointNames)
)

// add adds the names in a DistributionPointName. issuer is the name that a
// nameRelativeToCRLIssuer continues.
func (p *pointNames) add(name cryptobyte.String, issuer ComparableName) error {
	var content cryptobyte.String
	var tag asn1.Tag
	if !name.ReadAnyASN1(&content, &tag) || !name.Empty() || content.Empty() {
		return errPoint
	}
	switch tag {
	case contextTag(0): // fullName
		return p.addGeneralNames(content)
	case contextTag(1): // nameRelativeToCRLIssuer, which is one more RDN
		if !isRDN(content) {
			return errPoint
		}
		p.count++
		relative := Comparable(der.Append(nil, asn1.SEQUENCE, der.Append(nil, asn1.SET, content)))
		p.directories = append(p.directories, issuer+relative)
		return p.checkCount()
	}
	return errPoint
}

// isRDN reports whether the content of a SET is a RelativeDistinguishedName:
// pairs of type and value (RFC 5280, section 4.1.2.4).
func isRDN(set cryptobyte.String) bool {
	for !set.Empty() {
		var oid, value cryptobyte.String
		var tag asn1.Tag
		if !readAttribute(&set, &oid, &value, &tag) {
			return false
		}
	}
	return true
}

// addGeneralNames adds the names of a GeneralNames, given without its header.
func (p *pointNames) addGeneralNames(names cryptobyte.String) error {
	for !names.Empty() {
		var value cryptobyte.String
		var tag asn1.Tag
		if !names.ReadAnyASN1(&value, &tag) {
			return errPoint
		}
		switch tag {
		case tagURI:
			p.addresses = append(p.addresses, string(value))
		case tagDirectoryName:
			p.directories = append(p.directories, Comparable(value))
		}
		p.count++
		if err := p.checkCount(); err != nil {
			return err
		}
	}
	return nil
}

func (p *pointNames) checkCount() error {
	if p.count > maxPointNames {
		return errPointNames
	}
	return nil
}

// pointsOf returns the names of the distribution points of a certificate where
// its own issuer publishes, and the issuer's name, which stands for a list that
// the certificate does not point to (RFC 5280, section 6.3.3). Points with a
// cRLIssuer other than the certificate's issuer are for indirect CRLs and are
// left out.
func pointsOf(cert *x509.Certificate) (*pointNames, error) {
	issuer := Comparable(cert.RawIssuer)
	p := &pointNames{directories: []ComparableName{issuer}}
	value := extensionOf(cert, extCRLPoints)
	if value == nil {
		return p, nil
	}
	input := cryptobyte.String(value)
	var points cryptobyte.String
	if !input.ReadASN1(&points, asn1.SEQUENCE) || !input.Empty() {
		return nil, errPoint
	}
	for !points.Empty() {
		var point, name, reasons, other cryptobyte.String
		var named, foreign bool
		if !points.ReadASN1(&point, asn1.SEQUENCE) ||
			!point.ReadOptionalASN1(&name, &named, contextTag(0)) ||
			!point.ReadOptionalASN1(&reasons, nil, asn1.Tag(1).ContextSpecific()) ||
			!point.ReadOptionalASN1(&other, &foreign, contextTag(2)) || !point.Empty() {
			return nil, errPoint
		}
		if foreign {
			var crlIssuer pointNames
			if err := crlIssuer.addGeneralNames(other); err != nil {
				return nil, err
			}
			foreign = !slices.Contains(crlIssuer.directories, issuer)
		}
		if !named || foreign {
			continue
		}
		if err := p.add(name, issuer); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// readRelativeNames lets crypto/x509 read a certificate whose CRL distribution
// points have names relative to the CRL issuer. crypto/x509 refuses these. So
// it is shown a copy in which each is marked as a fullName, whose content it
// skips because it begins with no URI. It returns nil if the certificate has no
// such name. The caller restores the fields Raw and RawTBSCertificate.
func readRelativeNames(certificate []byte) *x509.Certificate {
	masked := bytes.Clone(certificate)
	value, maskedValue := crlPoints(certificate), crlPoints(masked)
	if !maskRelativeNames(maskedValue) {
		return nil
	}
	cert, err := x509.ParseCertificate(masked)
	if err != nil {
		return nil
	}
	for i := range cert.Extensions {
		if isExtension(cert.Extensions[i], extCRLPoints) {
			cert.Extensions[i].Value = value
		}
	}
	return cert
}

// maskRelativeNames turns the names in CRLDistributionPoints that are relative
// into fullNames, in place. It reports whether there was one.
func maskRelativeNames(points cryptobyte.String) (masked bool) {
	var point, name cryptobyte.String
	points.ReadASN1(&points, asn1.SEQUENCE)
	for points.ReadASN1(&point, asn1.SEQUENCE) {
		if point.ReadASN1(&name, contextTag(0)) && name.PeekASN1Tag(contextTag(1)) {
			name[0] = byte(contextTag(0))
			masked = true
		}
	}
	return masked
}

// crlPoints returns the value of the extension CRLDistributionPoints in a DER
// certificate, nil if it has none.
func crlPoints(certificate []byte) cryptobyte.String {
	tbs, _, _, err := splitSigned(certificate)
	if err != nil {
		return nil
	}
	fields := cryptobyte.String(tbs)
	fields.ReadASN1(&fields, asn1.SEQUENCE)
	var field cryptobyte.String
	var tag asn1.Tag
	for fields.ReadAnyASN1(&field, &tag) {
		if tag != contextTag(3) {
			continue
		}
		field.ReadASN1(&field, asn1.SEQUENCE)
		for !field.Empty() {
			e, ok := readExtension(&field)
			if !ok {
				return nil
			}
			if string(e.oid) == extCRLPoints {
				return e.value
			}
		}
	}
	return nil
}
