package x509der

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io"
	"math/bits"
	"net/url"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
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
	AuthorityKeyID []byte   // nil for a root
	Names          []string // canonical DNS names and IP addresses
	Emails         []string
	URIs           []*url.URL
	Constraints    *NameConstraints // of a CA; nil for none
	CRLAddress     string
	OCSPNoCheck    bool // of a delegated OCSP responder
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
	b := cryptobyte.NewBuilder(make([]byte, 0, 1024))
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1Int64(2) })
		b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(t.SerialNumber) })
		b.AddBytes(signer.id.der)
		if t.Issuer == nil {
			AddName(b, t.Subject)
		} else {
			b.AddBytes(t.Issuer)
		}
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addTime(b, t.NotBefore)
			addTime(b, t.NotAfter)
		})
		AddName(b, t.Subject)
		b.AddBytes(t.PublicKey)
		b.AddASN1(asn1.Tag(3).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addCertificateExtensions(b, t) })
		})
	})
	tbs, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return marshalSigned(rand, signer, tbs)
}

func addCertificateExtensions(b *cryptobyte.Builder, t *Template) {
	addExtension(b, extConstraints, true, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if t.CA {
				b.AddASN1Boolean(true)
				if t.PathLen >= 0 {
					b.AddASN1Int64(int64(t.PathLen))
				}
			}
		})
	})
	addExtension(b, extKeyUsage, true, func(b *cryptobyte.Builder) { addKeyUsage(b, t.KeyUsage) })
	if len(t.ExtKeyUsage) > 0 {
		addExtension(b, extExtendedKeyUsed, false, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, oid := range t.ExtKeyUsage {
					addOID(b, oid)
				}
			})
		})
	}
	addExtension(b, extSubjectKeyID, false, func(b *cryptobyte.Builder) { b.AddASN1OctetString(SubjectKeyID(t.PublicKey)) })
	if t.AuthorityKeyID != nil {
		addExtension(b, extAuthorityKeyID, false, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(t.AuthorityKeyID) })
			})
		})
	}
	if t.OCSPNoCheck {
		addExtension(b, extOCSPNoCheck, false, func(b *cryptobyte.Builder) { b.AddASN1NULL() })
	}
	if t.Constraints != nil {
		t.Constraints.add(b)
	}
	if len(t.Names)+len(t.Emails)+len(t.URIs) > 0 {
		// RFC 5280, section 4.2.1.6: critical when the subject is empty.
		addExtension(b, extAltName, len(t.Subject) == 0, func(b *cryptobyte.Builder) { addAltNames(b, t.Names, t.Emails, t.URIs) })
	}
	if t.CRLAddress != "" {
		// CRLDistributionPoints {DistributionPoint {[0] {fullName [0] {URI}}}}
		context := asn1.Tag(0).ContextSpecific().Constructed()
		addExtension(b, extCRLPoints, false, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(context, func(b *cryptobyte.Builder) {
						b.AddASN1(context, func(b *cryptobyte.Builder) {
							b.AddASN1(tagURI, func(b *cryptobyte.Builder) { b.AddBytes([]byte(t.CRLAddress)) })
						})
					})
				})
			})
		})
	}
}

// addKeyUsage writes the bits in use, the first one the highest, without
// trailing zero bits (X.690, section 11.2.2).
func addKeyUsage(b *cryptobyte.Builder, usage x509.KeyUsage) {
	reversed := bits.Reverse16(uint16(usage))
	octets := []byte{byte(reversed >> 8), byte(reversed)}
	if octets[1] == 0 {
		octets = octets[:1]
	}
	unused := bits.TrailingZeros8(octets[len(octets)-1])
	b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) {
		b.AddUint8(uint8(unused))
		b.AddBytes(octets)
	})
}

// addTime writes UTCTime for 1950 through 2049 and GeneralizedTime for other
// years (RFC 5280, section 4.1.2.5).
func addTime(b *cryptobyte.Builder, t time.Time) {
	if t = t.UTC(); 1950 <= t.Year() && t.Year() < 2050 {
		b.AddASN1UTCTime(t)
	} else {
		b.AddASN1GeneralizedTime(t)
	}
}

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
	key := publicKeyOf(tbs)
	if key == nil {
		return nil, errCertificate
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
	info := cryptobyte.String(publicKeyOf(maskedTBS))
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

// publicKeyOf returns the SubjectPublicKeyInfo in a TBSCertificate, or nil.
func publicKeyOf(tbs []byte) []byte {
	s := cryptobyte.String(tbs)
	var key cryptobyte.String
	if !s.ReadASN1(&s, asn1.SEQUENCE) || !s.SkipOptionalASN1(asn1.Tag(0).ContextSpecific().Constructed()) ||
		!s.SkipASN1(asn1.INTEGER) || !s.SkipASN1(asn1.SEQUENCE) || !s.SkipASN1(asn1.SEQUENCE) ||
		!s.SkipASN1(asn1.SEQUENCE) || !s.SkipASN1(asn1.SEQUENCE) || !s.ReadASN1Element(&key, asn1.SEQUENCE) {
		return nil
	}
	return key
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
