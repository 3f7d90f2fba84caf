package x509der

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/sm2"
)

// The content octets of OCSP object identifiers.
const (
	ocspBasic      = "\x2b\x06\x01\x05\x05\x07\x30\x01\x01" // id-pkix-ocsp-basic: RFC 6960, section 4.2.1
	extNonce       = "\x2b\x06\x01\x05\x05\x07\x30\x01\x02" // RFC 9654
	extOCSPNoCheck = "\x2b\x06\x01\x05\x05\x07\x30\x01\x05" // RFC 6960, section 4.2.2.2.1
)

// certIDHashes are the hash algorithms that a CertID may use: SHA-1, SHA-256,
// SHA-384, SHA-512 and SM3. RFC 6960 has no list. Most clients send SHA-1 (RFC
// 5019, section 2.1.1); it only identifies the issuer, so its weakness does no
// harm here.
var certIDHashes = []struct {
	oid string
	sum func([]byte) []byte
}{
	{"\x2b\x0e\x03\x02\x1a", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x01", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x02", func(b []byte) []byte { s := sha512.Sum384(b); return s[:] }},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x03", func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }},
	{"\x2a\x81\x1c\xcf\x55\x01\x83\x11", sm2.SM3},
}

// An OCSPIssuer recognises the CertIDs of one CA.
type OCSPIssuer struct{ ids []CertID }

// NewOCSPIssuer computes the hashes of the CA's name and key (RFC 6960, section
// 4.1.1).
func NewOCSPIssuer(cert *x509.Certificate) *OCSPIssuer {
	issuer := new(OCSPIssuer)
	for _, h := range certIDHashes {
		issuer.ids = append(issuer.ids, CertID{
			hash: h.oid, nameHash: h.sum(cert.RawSubject), keyHash: h.sum(keyBits(cert.RawSubjectPublicKeyInfo)),
		})
	}
	return issuer
}

// Issued reports whether the CertID names this CA as the issuer. It does not know
// whether the CA issued the serial number.
func (i *OCSPIssuer) Issued(id CertID) bool {
	for _, own := range i.ids {
		if own.hash == id.hash {
			return bytes.Equal(own.nameHash, id.nameHash) && bytes.Equal(own.keyHash, id.keyHash)
		}
	}
	return false
}

// ResponderKeyHash returns the KeyHash of a ResponderID: always the SHA-1 of the
// key bits, whatever hash the request uses (RFC 6960, section 4.2.1).
func ResponderKeyHash(publicKey []byte) []byte {
	sum := sha1.Sum(keyBits(publicKey))
	return sum[:]
}

// keyBits returns the subjectPublicKey in a DER SubjectPublicKeyInfo, which was
// checked before.
func keyBits(publicKey []byte) []byte {
	info := cryptobyte.String(publicKey)
	var key []byte
	if !info.ReadASN1(&info, asn1.SEQUENCE) || !info.SkipASN1(asn1.SEQUENCE) || !info.ReadASN1BitStringAsBytes(&key) {
		return nil
	}
	return key
}

// Limits of a request. Most clients ask about the certificates of one chain.
const (
	maxOCSPRequest = 64 << 10 // octets
	maxOCSPCertIDs = 100
	maxNonce       = 128 // RFC 9654, section 2.1
)

// An OCSPRequest is a decoded OCSPRequest (RFC 6960, section 4.1.1). Its slices
// share memory with the DER it was read from.
type OCSPRequest struct {
	IDs   []CertID
	Nonce []byte // the value of the nonce extension; nil if there is none
}

// A CertID names one certificate.
type CertID struct {
	Raw []byte // DER; the response repeats it

	// SerialNumber is big endian, the first octet not zero unless it is the
	// only one. It is nil if the number is negative or longer than 20 octets:
	// no certificate has such a number (RFC 5280, section 4.1.2.2).
	SerialNumber []byte

	hash              string // object identifier; "" if the algorithm has parameters
	nameHash, keyHash []byte
}

var errOCSPRequest = errors.New("it is not a DER OCSPRequest (RFC 6960, section 4.1.1)")

// ParseOCSPRequest decodes a DER OCSPRequest and refuses trailing data. It
// ignores the client's name and signature, since the answer does not depend on
// them. It ignores unknown extensions unless they are critical (RFC 6960,
// section 4.4).
func ParseOCSPRequest(request []byte) (*OCSPRequest, error) {
	if len(request) > maxOCSPRequest {
		return nil, fmt.Errorf("it has %d octets; at most %d are accepted", len(request), maxOCSPRequest)
	}
	input := cryptobyte.String(request)
	var outer, tbs, list, skipped, field cryptobyte.String
	var present bool
	if !input.ReadASN1(&outer, asn1.SEQUENCE) || !input.Empty() || !outer.ReadASN1(&tbs, asn1.SEQUENCE) {
		return nil, errOCSPRequest
	}
	if !outer.ReadOptionalASN1(&skipped, &present, contextTag(0)) || !outer.Empty() ||
		present && (!skipped.SkipASN1(asn1.SEQUENCE) || !skipped.Empty()) {
		return nil, errOCSPRequest
	}
	var version int
	if !tbs.ReadOptionalASN1Integer(&version, contextTag(0), 0) {
		return nil, errOCSPRequest
	}
	if version != 0 {
		return nil, fmt.Errorf("its version is %d; want 0 (RFC 6960, section 4.1.1)", version)
	}
	if !tbs.SkipOptionalASN1(contextTag(1)) || !tbs.ReadASN1(&list, asn1.SEQUENCE) || list.Empty() {
		return nil, errOCSPRequest
	}
	r := new(OCSPRequest)
	for !list.Empty() {
		if len(r.IDs) == maxOCSPCertIDs {
			return nil, fmt.Errorf("it asks about more than %d certificates", maxOCSPCertIDs)
		}
		var one cryptobyte.String
		var id CertID
		if !list.ReadASN1(&one, asn1.SEQUENCE) || !readCertID(&one, &id) ||
			!one.ReadOptionalASN1(&field, &present, contextTag(0)) || !one.Empty() {
			return nil, errOCSPRequest
		}
		if present {
			if _, err := parseOCSPExtensions(field, ""); err != nil {
				return nil, err
			}
		}
		r.IDs = append(r.IDs, id)
	}
	if !tbs.ReadOptionalASN1(&field, &present, contextTag(2)) || !tbs.Empty() {
		return nil, errOCSPRequest
	}
	if !present {
		return r, nil
	}
	value, err := parseOCSPExtensions(field, extNonce)
	if err != nil || value == nil {
		return r, err
	}
	// RFC 2560 did not ask for an OCTET STRING in the extension's own, and some
	// clients send none.
	nonce, rest := value, cryptobyte.String(value)
	var inner cryptobyte.String
	if rest.ReadASN1(&inner, asn1.OCTET_STRING) && rest.Empty() {
		nonce = inner
	}
	if len(nonce) < 1 || len(nonce) > maxNonce {
		return nil, fmt.Errorf("its nonce has %d octets; want 1 to %d (RFC 9654, section 2.1)", len(nonce), maxNonce)
	}
	r.Nonce = value
	return r, nil
}

// readCertID reads a CertID into id. It reports whether it was well formed.
func readCertID(s *cryptobyte.String, id *CertID) bool {
	var element, fields, algorithm, oid, nameHash, keyHash cryptobyte.String
	serial := new(big.Int)
	if !s.ReadASN1Element(&element, asn1.SEQUENCE) {
		return false
	}
	id.Raw = element
	if !element.ReadASN1(&fields, asn1.SEQUENCE) ||
		!fields.ReadASN1(&algorithm, asn1.SEQUENCE) || !readOID(&algorithm, &oid) ||
		!fields.ReadASN1(&nameHash, asn1.OCTET_STRING) || !fields.ReadASN1(&keyHash, asn1.OCTET_STRING) ||
		!fields.ReadASN1Integer(serial) || !fields.Empty() {
		return false
	}
	id.nameHash, id.keyHash = nameHash, keyHash
	if len(algorithm) == 0 || string(algorithm) == "\x05\x00" { // absent or NULL
		id.hash = string(oid)
	} else {
		var tag asn1.Tag
		if !algorithm.ReadAnyASN1(&oid, &tag) || !algorithm.Empty() {
			return false
		}
	}
	if serial.Sign() >= 0 && serial.BitLen() <= 160 {
		id.SerialNumber = serial.FillBytes(make([]byte, max(1, (serial.BitLen()+7)/8)))
	}
	return true
}

// parseOCSPExtensions returns the value of the extension with the object
// identifier known, nil if it is missing. It refuses other critical extensions.
func parseOCSPExtensions(field cryptobyte.String, known string) (found []byte, err error) {
	err = readExtensions(&field, nil, func(e extension) error {
		switch {
		case string(e.oid) == known:
			found = e.value
		case e.critical:
			return fmt.Errorf("it has the critical extension %s, which is not understood", ObjectIdentifier(string(e.oid)))
		}
		return nil
	})
	return found, err
}

// The statuses of a certificate, which are the tags of CertStatus (RFC 6960,
// section 4.2.1).
const (
	OCSPGood    = 0
	OCSPRevoked = 1
	OCSPUnknown = 2
)

// An OCSPResponse holds the fields of a successful response, without its
// signature.
type OCSPResponse struct {
	KeyHash     []byte // the responder's ResponderKeyHash
	ProducedAt  time.Time
	Singles     []OCSPSingle
	Nonce       []byte // the value of the nonce extension; nil: absent
	Certificate []byte // DER certificate of a delegated responder; nil: absent
}

// An OCSPSingle is the status of one certificate.
type OCSPSingle struct {
	ID             []byte // DER CertID
	Status         int
	RevocationTime time.Time // only for OCSPRevoked
	Reason         int       // only for OCSPRevoked; zero: absent
	ThisUpdate     time.Time
	NextUpdate     time.Time // zero: absent
}

// MarshalOCSPResponse encodes and signs an OCSPResponse that contains a
// BasicOCSPResponse (RFC 6960, section 4.2.1). It refuses times beyond the year
// 9999.
func MarshalOCSPResponse(rand io.Reader, signer *Signer, r *OCSPResponse) ([]byte, error) {
	times := []time.Time{r.ProducedAt}
	for i := range r.Singles {
		times = append(times, r.Singles[i].RevocationTime, r.Singles[i].ThisUpdate, r.Singles[i].NextUpdate)
	}
	if err := checkTimes(times...); err != nil {
		return nil, err
	}
	var err error
	response := der.AppendFunc(make([]byte, 0, 768+128*len(r.Singles)+len(r.Certificate)), asn1.SEQUENCE, func(dst []byte) []byte {
		dst = appendEnum(dst, 0) // successful
		return der.AppendFunc(dst, contextTag(0), func(dst []byte) []byte {
			return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
				dst = der.Append(dst, asn1.OBJECT_IDENTIFIER, ocspBasic)
				return der.AppendFunc(dst, asn1.OCTET_STRING, func(dst []byte) []byte {
					return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
						dst, err = appendSigned(dst, rand, signer, r.appendTBS)
						return r.appendCertificate(dst)
					})
				})
			})
		})
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// appendTBS appends the ResponseData.
func (r *OCSPResponse) appendTBS(dst []byte) []byte {
	return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
		dst = der.AppendFunc(dst, contextTag(2), func(dst []byte) []byte { return der.Append(dst, asn1.OCTET_STRING, r.KeyHash) })
		dst = appendGeneralizedTime(dst, r.ProducedAt)
		dst = der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			for i := range r.Singles {
				dst = r.Singles[i].append(dst)
			}
			return dst
		})
		if r.Nonce == nil {
			return dst
		}
		return der.AppendFunc(dst, contextTag(1), func(dst []byte) []byte {
			return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
				return appendExtension(dst, extNonce, false, func(dst []byte) []byte { return append(dst, r.Nonce...) })
			})
		})
	})
}

// appendCertificate appends the field certs, which follows the signature.
func (r *OCSPResponse) appendCertificate(dst []byte) []byte {
	if r.Certificate == nil {
		return dst
	}
	return der.AppendFunc(dst, contextTag(0), func(dst []byte) []byte { return der.Append(dst, asn1.SEQUENCE, r.Certificate) })
}

// append appends a SingleResponse.
func (s *OCSPSingle) append(dst []byte) []byte {
	return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
		dst = append(dst, s.ID...)
		if s.Status == OCSPRevoked {
			dst = der.AppendFunc(dst, contextTag(OCSPRevoked), func(dst []byte) []byte {
				dst = appendGeneralizedTime(dst, s.RevocationTime)
				if s.Reason == 0 {
					return dst
				}
				return der.AppendFunc(dst, contextTag(0), func(dst []byte) []byte { return appendEnum(dst, s.Reason) })
			})
		} else { // [s.Status] IMPLICIT NULL
			dst = der.Append(dst, asn1.Tag(s.Status).ContextSpecific(), "")
		}
		dst = appendGeneralizedTime(dst, s.ThisUpdate)
		if s.NextUpdate.IsZero() {
			return dst
		}
		return der.AppendFunc(dst, contextTag(0), func(dst []byte) []byte { return appendGeneralizedTime(dst, s.NextUpdate) })
	})
}

// An OCSPError is the status of an unsuccessful response. Such a response is not
// signed and holds only the status (RFC 6960, section 2.3).
type OCSPError byte

// The values of OCSPResponseStatus (RFC 6960, section 4.2.1).
const (
	OCSPMalformedRequest OCSPError = 1
	OCSPInternalError    OCSPError = 2
	OCSPTryLater         OCSPError = 3
	OCSPUnauthorized     OCSPError = 6
)

// Marshal encodes the OCSPResponse.
func (e OCSPError) Marshal() []byte { return []byte{0x30, 3, 0x0a, 1, byte(e)} }
