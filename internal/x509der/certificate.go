package x509der

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/url"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/der"
)

// A Template is what a certificate says beside its signature.
type Template struct {
	SerialNumber   []byte // big endian, first bit clear, first octet not zero
	Issuer         []byte // DER Name; nil for a root, whose issuer is its subject
	NotBefore      time.Time
	NotAfter       time.Time
	Subject        Name
	PublicKey      []byte // DER SubjectPublicKeyInfo
	CA             bool
	PathLen        int // of a CA; below zero: not limited
	KeyUsage       x509.KeyUsage
	ExtKeyUsage    []string // content octets of object identifiers
	AuthorityKeyID []byte   // as [AuthorityKeyID] makes it; nil for a root
	Names          []string // canonical DNS names and IP addresses
	Emails         []string
	URIs           []*url.URL
	Constraints    *NameConstraints // of a CA; nil for none
	CRLPoints      []byte           // as [CRLPoints] makes it; nil for none
	OCSPNoCheck    bool             // of a delegated OCSP responder
}

// SubjectKeyID returns the key identifier of a DER SubjectPublicKeyInfo: the
// left-most 160 bits of the SHA-256 of its key bits (RFC 7093, section 2,
// method 1).
func SubjectKeyID(publicKey []byte) []byte {
	key := keyBits(publicKey)
	if key == nil {
		return nil
	}
	sum := sha256.Sum256(key)
	return sum[:20]
}

// MarshalCertificate makes a version 3 certificate (RFC 5280, section 4.1).
func MarshalCertificate(rand io.Reader, signer *Signer, t *Template) ([]byte, error) {
	if err := checkTimes(t.NotBefore, t.NotAfter); err != nil {
		return nil, err
	}
	size := 512 + len(t.Issuer) + len(t.PublicKey) + len(signer.PublicDER) + 32*len(t.Names)
	return marshalSigned(rand, signer, size, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte { return t.appendTBS(dst, signer.id) })
	})
}

// contextTag is the tag of an explicit [n].
func contextTag(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }

func (t *Template) appendTBS(dst []byte, id signatureID) []byte {
	dst = append(dst, 0xa0, 3, 2, 1, 2) // version 3
	dst = der.Append(dst, asn1.INTEGER, t.SerialNumber)
	dst = append(dst, id.der...)
	if t.Issuer == nil {
		dst = AppendName(dst, t.Subject)
	} else {
		dst = append(dst, t.Issuer...)
	}
	dst = der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
		return appendTime(appendTime(dst, t.NotBefore), t.NotAfter)
	})
	dst = AppendName(dst, t.Subject)
	dst = append(dst, t.PublicKey...)
	return der.AppendFunc(dst, contextTag(3), func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, t.appendExtensions)
	})
}

func (t *Template) appendExtensions(dst []byte) []byte {
	dst = appendExtension(dst, extConstraints, true, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			if t.CA {
				dst = append(dst, derTrue...)
				if t.PathLen >= 0 {
					dst = der.AppendInteger(dst, binary.BigEndian.AppendUint64(nil, uint64(t.PathLen)))
				}
			}
			return dst
		})
	})
	dst = appendExtension(dst, extKeyUsage, true, func(dst []byte) []byte { return appendKeyUsage(dst, t.KeyUsage) })
	if len(t.ExtKeyUsage) > 0 {
		dst = appendExtension(dst, extExtendedKeyUsed, false, func(dst []byte) []byte {
			return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
				for _, oid := range t.ExtKeyUsage {
					dst = der.Append(dst, asn1.OBJECT_IDENTIFIER, oid)
				}
				return dst
			})
		})
	}
	dst = appendExtension(dst, extSubjectKeyID, false, func(dst []byte) []byte {
		return der.Append(dst, asn1.OCTET_STRING, SubjectKeyID(t.PublicKey))
	})
	dst = append(dst, t.AuthorityKeyID...)
	if t.OCSPNoCheck {
		dst = appendExtension(dst, extOCSPNoCheck, false, func(dst []byte) []byte { return append(dst, 5, 0) })
	}
	if t.Constraints != nil {
		dst = t.Constraints.append(dst)
	}
	if len(t.Names)+len(t.Emails)+len(t.URIs) > 0 {
		// RFC 5280, section 4.2.1.6: critical when the subject is empty.
		dst = appendExtension(dst, extAltName, len(t.Subject) == 0, func(dst []byte) []byte {
			return appendAltNames(dst, t.Names, t.Emails, t.URIs)
		})
	}
	return append(dst, t.CRLPoints...)
}

// AuthorityKeyID returns the Extension that names an issuer's key (RFC 5280,
// section 4.2.1.1), for all that the issuer signs.
func AuthorityKeyID(keyID []byte) []byte {
	return appendExtension(nil, extAuthorityKeyID, false, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			return der.Append(dst, asn1.Tag(0).ContextSpecific(), keyID)
		})
	})
}

// CRLPoints returns the Extension that says where an issuer's CRL is (RFC 5280,
// section 4.2.1.13).
func CRLPoints(address string) []byte {
	return appendExtension(nil, extCRLPoints, false, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte { return appendPoint(dst, address) })
		})
	})
}

// appendPoint appends the field distributionPoint with a fullName of addresses
// (RFC 5280, section 4.2.1.13).
func appendPoint(dst []byte, addresses ...string) []byte {
	return der.AppendFunc(dst, contextTag(0), func(dst []byte) []byte {
		return der.AppendFunc(dst, contextTag(0), func(dst []byte) []byte {
			for _, address := range addresses {
				dst = der.Append(dst, tagURI, address)
			}
			return dst
		})
	})
}

// appendKeyUsage appends the bits in use, the first one the highest, without
// trailing zero bits (X.690, section 11.2.2).
func appendKeyUsage(dst []byte, usage x509.KeyUsage) []byte {
	reversed := bits.Reverse16(uint16(usage))
	if low := byte(reversed); low != 0 {
		return append(dst, byte(asn1.BIT_STRING), 3, byte(bits.TrailingZeros8(low)), byte(reversed>>8), low)
	}
	high := byte(reversed >> 8)
	return append(dst, byte(asn1.BIT_STRING), 2, byte(bits.TrailingZeros8(high)), high)
}

// checkTimes refuses a year that has no four digits.
func checkTimes(times ...time.Time) error {
	for _, t := range times {
		if year := t.UTC().Year(); year < 0 || year > 9999 {
			return fmt.Errorf("the year %d is not from 0 to 9999 (RFC 5280, section 4.1.2.5)", year)
		}
	}
	return nil
}

// appendTime appends UTCTime for 1950 through 2049 and GeneralizedTime for other
// years (RFC 5280, section 4.1.2.5).
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	if year := t.Year(); 1950 <= year && year < 2050 {
		return appendClock(appendTwo(append(dst, byte(asn1.UTCTime), 13), year%100), t)
	}
	return appendGeneralizedTime(dst, t)
}

func appendGeneralizedTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	dst = appendTwo(append(dst, byte(asn1.GeneralizedTime), 15), t.Year()/100)
	return appendClock(appendTwo(dst, t.Year()%100), t)
}

// appendClock appends what follows the year in both types of times.
func appendClock(dst []byte, t time.Time) []byte {
	_, month, day := t.Date()
	hour, minute, second := t.Clock()
	for _, n := range [...]int{int(month), day, hour, minute, second} {
		dst = appendTwo(dst, n)
	}
	return append(dst, 'Z')
}

// appendTwo appends a number below 100 in two digits.
func appendTwo(dst []byte, n int) []byte { return append(dst, '0'+byte(n/10), '0'+byte(n%10)) }

// idUnknownKey replaces id-ecPublicKey before an SM2 certificate is shown to
// crypto/x509: an arc of ANSI X9.62 that is not assigned.
var idUnknownKey = []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x7f}

var errCertificate = errors.New("it is not a DER certificate (RFC 5280, section 4.1)")

// ParseCertificate decodes a DER certificate with nothing behind it.
// crypto/x509 does it with all its checks. It knows no SM2 curve, so it is
// shown a copy in which the key is of an unknown algorithm; key and raw parts
// are then the original's.
func ParseCertificate(der []byte) (*x509.Certificate, error) {
	tbs, _, _, err := splitSigned(der)
	if err != nil {
		return nil, err
	}
	key, err := publicKeyOf(tbs)
	if err != nil {
		return nil, err
	}
	pub, err := algorithm.ParsePublicKey(key)
	if err != nil {
		return nil, err
	}
	if a, _ := algorithm.Of(pub); a != algorithm.SM2_256 {
		return x509.ParseCertificate(der)
	}

	masked := bytes.Clone(der)
	maskedTBS, _, _, err := splitSigned(masked)
	if err != nil {
		return nil, err
	}
	maskedKey, err := publicKeyOf(maskedTBS)
	if err != nil {
		return nil, err
	}
	info := cryptobyte.String(maskedKey)
	var id, oid cryptobyte.String
	if !info.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&id, asn1.SEQUENCE) ||
		!id.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || len(oid) < len(idUnknownKey) {
		return nil, errCertificate
	}
	copy(oid, idUnknownKey)
	cert, err := x509.ParseCertificate(masked)
	if err != nil {
		return nil, err
	}
	cert.Raw, cert.RawTBSCertificate, cert.RawSubjectPublicKeyInfo, cert.PublicKey = der, tbs, key, pub
	return cert, nil
}

// splitSigned returns the three parts of a certificate or CRL.
func splitSigned(der []byte) (tbs, signatureID, signature []byte, err error) {
	input := cryptobyte.String(der)
	var outer, part, id cryptobyte.String
	if !input.ReadASN1(&outer, asn1.SEQUENCE) || !input.Empty() ||
		!outer.ReadASN1Element(&part, asn1.SEQUENCE) || !outer.ReadASN1Element(&id, asn1.SEQUENCE) ||
		!outer.ReadASN1BitStringAsBytes(&signature) || !outer.Empty() {
		return nil, nil, nil, errCertificate
	}
	return part, id, signature, nil
}

// publicKeyOf returns the SubjectPublicKeyInfo in a TBSCertificate and reads on
// to the end of that. crypto/x509 does not: it looks for extensions in version 3
// alone, right behind the key and unique identifiers. Of a certificate in which
// they stand elsewhere it shows none, the critical ones included, and not that
// there is something it has not read.
func publicKeyOf(tbs []byte) ([]byte, error) {
	s := cryptobyte.String(tbs)
	var version int
	var key, extensions cryptobyte.String
	if !s.ReadASN1(&s, asn1.SEQUENCE) || !s.ReadOptionalASN1Integer(&version, contextTag(0), 0) ||
		!s.SkipASN1(asn1.INTEGER) || !s.SkipASN1(asn1.SEQUENCE) || !s.SkipASN1(asn1.SEQUENCE) ||
		!s.SkipASN1(asn1.SEQUENCE) || !s.SkipASN1(asn1.SEQUENCE) || !s.ReadASN1Element(&key, asn1.SEQUENCE) {
		return nil, errCertificate
	}
	version++ // version 1 is written as 0
	issuerUniqueID, subjectUniqueID := asn1.Tag(1).ContextSpecific(), asn1.Tag(2).ContextSpecific()
	if version == 1 && (s.PeekASN1Tag(issuerUniqueID) || s.PeekASN1Tag(subjectUniqueID)) {
		return nil, errors.New("it has a unique identifier, which a certificate of version 1 cannot have (RFC 5280, section 4.1.2.8)")
	}
	if !s.SkipOptionalASN1(issuerUniqueID) || !s.SkipOptionalASN1(subjectUniqueID) {
		return nil, errCertificate
	}
	if s.PeekASN1Tag(contextTag(3)) {
		if version != 3 {
			return nil, fmt.Errorf("it has extensions, which a certificate of version %d cannot have (RFC 5280, section 4.1.2.9)", version)
		}
		if !s.ReadASN1(&extensions, contextTag(3)) || !skipExtensions(&extensions) || !extensions.Empty() {
			return nil, errors.New("its extensions are malformed (RFC 5280, section 4.1)")
		}
	}
	if !s.Empty() {
		return nil, errors.New("behind its public key stands what is neither a unique identifier nor its extensions (RFC 5280, section 4.1)")
	}
	return key, nil
}

// ExtKeyUsages returns the extended key usages of a certificate, as the content
// octets of object identifiers (RFC 5280, section 4.2.1.12).
func ExtKeyUsages(cert *x509.Certificate) []string {
	var usages []string
	for _, e := range cert.Extensions {
		if !e.Id.Equal(ObjectIdentifier(extExtendedKeyUsed)) {
			continue
		}
		list := cryptobyte.String(e.Value)
		var oid cryptobyte.String
		for list.ReadASN1(&list, asn1.SEQUENCE); readOID(&list, &oid); {
			usages = append(usages, string(oid))
		}
	}
	return usages
}

// CheckSignature verifies that the issuer's key signed the certificate.
func CheckSignature(cert, issuer *x509.Certificate) error {
	tbs, id, signature, err := splitSigned(cert.Raw)
	if err != nil {
		return err
	}
	return Verify(issuer.PublicKey, id, tbs, signature)
}
