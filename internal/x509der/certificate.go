package x509der

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/x509"
	encodingasn1 "encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/der"
)

// A Template has everything in a certificate except the signature.
type Template struct {
	SerialNumber   []byte // big endian
	Issuer         []byte // DER Name; nil for a root, whose issuer is its subject
	NotBefore      time.Time
	NotAfter       time.Time
	Subject        Name
	RawSubject     []byte // Subject as DER, if that must be kept
	PublicKey      []byte // DER SubjectPublicKeyInfo
	CA             bool
	PathLen        int           // of a CA; negative means no limit
	KeyUsage       x509.KeyUsage // zero for none
	ExtKeyUsage    []string      // content octets of object identifiers
	AuthorityKeyID []byte        // from [AuthorityKeyID]; nil for a root
	Names          []string      // canonical DNS names and IP addresses
	Emails         []string
	URIs           []*url.URL
	AltNames       []byte           // from [AltNames], in place of Names, Emails and URIs
	Constraints    *NameConstraints // of a CA; nil for none
	CRLPoints      []byte           // from [CRLPoints]; nil for none
	InfoAccess     []byte           // from [InfoAccess]; nil for none
	OCSPNoCheck    bool             // of a delegated OCSP responder
	Kept           []byte           // from [KeptExtensions]; replaces all except AuthorityKeyID, CRLPoints and InfoAccess
	// NoBasicConstraints leaves that extension out of an end entity's
	// certificate (RFC 5280, section 4.2.1.9).
	NoBasicConstraints bool

	// Whether these extensions are critical. The names always are if the subject is
	// empty. RFC 5280 decides for the other extensions.
	ExtKeyUsageCritical, NamesCritical bool
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

// Identifier returns the Identifier that the documents give a certificate: the
// MD5 of its DER, in lower-case hexadecimal.
func Identifier(certificate []byte) string {
	sum := md5.Sum(certificate)
	return string(hex.AppendEncode(make([]byte, 0, 2*md5.Size), sum[:])) // one allocation
}

// MarshalCertificate makes a version 3 certificate (RFC 5280, section 4.1).
func MarshalCertificate(rand io.Reader, signer *Signer, t *Template) ([]byte, error) {
	if err := checkTimes(t.NotBefore, t.NotAfter); err != nil {
		return nil, err
	}
	size := 512 + len(t.Issuer) + len(t.RawSubject) + len(t.PublicKey) + len(signer.PublicDER) + 32*len(t.Names) + len(t.AltNames) + len(t.CRLPoints) + len(t.InfoAccess)
	return marshalSigned(rand, signer, size, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte { return t.appendTBS(dst, signer.id) })
	})
}

func (t *Template) appendTBS(dst []byte, id signatureID) []byte {
	dst = append(dst, 0xa0, 3, 2, 1, 2) // version 3
	dst = der.AppendInteger(dst, t.SerialNumber)
	dst = append(dst, id.der...)
	if t.Issuer == nil {
		dst = AppendName(dst, t.Subject)
	} else {
		dst = append(dst, t.Issuer...)
	}
	dst = der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
		return appendTime(appendTime(dst, t.NotBefore), t.NotAfter)
	})
	if t.RawSubject == nil {
		dst = AppendName(dst, t.Subject)
	} else {
		dst = append(dst, t.RawSubject...)
	}
	dst = append(dst, t.PublicKey...)
	return der.AppendFunc(dst, contextTag(3), func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, t.appendExtensions)
	})
}

func (t *Template) appendExtensions(dst []byte) []byte {
	if t.Kept != nil {
		return slices.Concat(dst, t.Kept, t.AuthorityKeyID, t.CRLPoints, t.InfoAccess)
	}
	if t.CA || !t.NoBasicConstraints {
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
	}
	if t.KeyUsage != 0 {
		dst = appendExtension(dst, extKeyUsage, true, func(dst []byte) []byte { return appendKeyUsage(dst, t.KeyUsage) })
	}
	if len(t.ExtKeyUsage) > 0 {
		dst = appendExtension(dst, extExtendedKeyUsed, t.ExtKeyUsageCritical, func(dst []byte) []byte {
			return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
				for _, oid := range t.ExtKeyUsage {
					dst = der.Append(dst, asn1.OBJECT_IDENTIFIER, oid)
				}
				return dst
			})
		})
	}
	dst = appendSubjectKeyID(dst, t.PublicKey)
	dst = append(dst, t.AuthorityKeyID...)
	if t.OCSPNoCheck {
		dst = appendExtension(dst, extOCSPNoCheck, false, func(dst []byte) []byte { return append(dst, 5, 0) })
	}
	if t.Constraints != nil {
		dst = t.Constraints.append(dst)
	}
	if t.AltNames != nil {
		dst = append(dst, t.AltNames...)
	} else if len(t.Names)+len(t.Emails)+len(t.URIs) > 0 {
		// RFC 5280, section 4.2.1.6: critical when the subject is empty.
		dst = appendExtension(dst, extAltName, t.NamesCritical || len(t.Subject) == 0, func(dst []byte) []byte {
			return appendAltNames(dst, t.Names, t.Emails, t.URIs)
		})
	}
	dst = append(dst, t.CRLPoints...)
	return append(dst, t.InfoAccess...)
}

func appendSubjectKeyID(dst, publicKey []byte) []byte {
	return appendExtension(dst, extSubjectKeyID, false, func(dst []byte) []byte {
		return der.Append(dst, asn1.OCTET_STRING, SubjectKeyID(publicKey))
	})
}

// KeptExtensions returns the extensions of a CA's certificate that a new certificate of
// the CA keeps: all except authorityKeyIdentifier, issuerAltName, cRLDistributionPoints,
// freshestCRL and authorityInfoAccess, which are about the issuer. If the certificate has
// no subjectKeyIdentifier, or an empty one, it adds the one that [SubjectKeyID] computes:
// package ca writes that one into the certificates that such a CA issues.
func KeptExtensions(cert *x509.Certificate) (kept []byte, err error) {
	withoutKeyID := len(cert.SubjectKeyId) == 0
	for _, e := range cert.Extensions {
		if isExtension(e, extAuthorityKeyID) || isExtension(e, extIssuerAltName) || isExtension(e, extCRLPoints) || isExtension(e, extFreshestCRL) || e.Id.Equal(infoAccess) {
			continue
		}
		if withoutKeyID && isExtension(e, extSubjectKeyID) { // an empty one
			continue
		}
		encoded, err := encodingasn1.Marshal(e)
		if err != nil {
			return nil, err
		}
		kept = append(kept, encoded...)
	}
	if withoutKeyID {
		kept = appendSubjectKeyID(kept, cert.RawSubjectPublicKeyInfo)
	}
	return kept, nil
}

// infoAccess is extInfoAccess, which isExtension cannot compare.
var infoAccess = encodingasn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 1}

// AuthorityKeyID returns the Extension with the identifier of an issuer's key
// (RFC 5280, section 4.2.1.1).
func AuthorityKeyID(keyID []byte) []byte {
	return appendExtension(nil, extAuthorityKeyID, false, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			return der.Append(dst, asn1.Tag(0).ContextSpecific(), keyID)
		})
	})
}

// CRLPoints returns the Extension with the address of an issuer's CRL (RFC
// 5280, section 4.2.1.13).
func CRLPoints(address string) []byte {
	return appendExtension(nil, extCRLPoints, false, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte { return appendPoint(dst, address) })
		})
	})
}

// Access methods (RFC 5280, section 4.2.2.1).
const (
	accessOCSP    = "\x2b\x06\x01\x05\x05\x07\x30\x01" // id-ad-ocsp
	accessIssuers = "\x2b\x06\x01\x05\x05\x07\x30\x02" // id-ad-caIssuers
)

// InfoAccess returns the Extension authorityInfoAccess with the addresses of
// OCSP responders and of the issuer's certificate (RFC 5280, section 4.2.2.1).
// It is nil without addresses.
func InfoAccess(responders, issuers []string) []byte {
	if len(responders)+len(issuers) == 0 {
		return nil
	}
	return appendExtension(nil, extInfoAccess, false, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			return appendAccess(appendAccess(dst, accessOCSP, responders), accessIssuers, issuers)
		})
	})
}

// appendAccess appends one AccessDescription for each address.
func appendAccess(dst []byte, method string, addresses []string) []byte {
	for _, address := range addresses {
		dst = der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			return der.Append(der.Append(dst, asn1.OBJECT_IDENTIFIER, method), tagURI, address)
		})
	}
	return dst
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

// idUnknownKey replaces id-ecPublicKey in the copy of an SM2 certificate that
// crypto/x509 parses: an arc of ANSI X9.62 that is not assigned.
var idUnknownKey = []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x7f}

var errCertificate = errors.New("it is not a DER certificate (RFC 5280, section 4.1)")

// ParseCertificate decodes a DER certificate without trailing data, with all
// the checks of crypto/x509. crypto/x509 refuses the SM2 curve. It therefore
// gets a copy in which the key has an unknown algorithm, and the result gets
// the key and the raw parts of the original.
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
	a, _ := algorithm.Of(pub)
	if a != algorithm.SM2_256 {
		cert, err := readCertificate(der)
		if err != nil {
			return nil, foreign(err)
		}
		cert.Raw, cert.RawTBSCertificate = der, tbs
		return cert, nil
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
	cert, err := readCertificate(masked)
	if err != nil {
		return nil, foreign(err)
	}
	cert.Raw, cert.RawTBSCertificate, cert.RawSubjectPublicKeyInfo, cert.PublicKey = der, tbs, key, pub
	return cert, nil
}

// readCertificate is x509.ParseCertificate, but it also reads certificates with
// the names that readRelativeNames describes. The fields Raw and
// RawTBSCertificate then have the octets of a copy.
func readCertificate(der []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err == nil {
		return cert, nil
	}
	relative := readRelativeNames(der)
	if relative != nil {
		return relative, nil
	}
	return nil, err
}

// publicKeyOf returns the SubjectPublicKeyInfo in a TBSCertificate and checks
// what follows it. crypto/x509 looks for extensions only in version 3,
// immediately after the key and the unique identifiers. If they are elsewhere
// it reports neither them, even critical ones, nor the unread data.
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
		return nil, errors.New("after its public key it has something other than unique identifiers and extensions (RFC 5280, section 4.1)")
	}
	return key, nil
}

// CheckSignature verifies that the issuer's key signed the certificate.
func CheckSignature(cert, issuer *x509.Certificate) error {
	tbs, id, signature, err := splitSigned(cert.Raw)
	if err != nil {
		return err
	}
	return Verify(issuer.PublicKey, id, tbs, signature)
}
