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

// Object identifiers of OCSP, as their content octets: id-pkix-ocsp-basic (RFC
// 6960, section 4.2.1), the nonce (RFC 9654) and no-check (RFC 6960, section
// 4.2.2.2.1).
const (
	ocspBasic      = "\x2b\x06\x01\x05\x05\x07\x30\x01\x01"
	extNonce       = "\x2b\x06\x01\x05\x05\x07\x30\x01\x02"
	extOCSPNoCheck = "\x2b\x06\x01\x05\x05\x07\x30\x01\x05"
)

// certIDHashes are the digests by which a request may name the issuer. RFC 6960
// has no list: SHA-1 is what most clients send (RFC 5019, section 2.1.1), and no
// security rests on it there.
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

// An OCSPIssuer knows the names that requests have for one CA.
type OCSPIssuer struct{ ids []CertID }

// NewOCSPIssuer computes the digests of the CA's name and key (RFC 6960, section
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

// Issued reports whether the certificate asked about is one of the CA's, as far
// as the request's names for the CA go.
func (i *OCSPIssuer) Issued(id CertID) bool {
	for _, own := range i.ids {
		if own.hash == id.hash {
			return bytes.Equal(own.nameHash, id.nameHash) && bytes.Equal(own.keyHash, id.keyHash)
		}
	}
	return false
}

// ResponderKeyHash is a ResponderID by key: the SHA-1 of the key bits, whatever
// the request uses (RFC 6960, section 4.2.1).
func ResponderKeyHash(publicKey []byte) []byte {
	sum := sha1.Sum(keyBits(publicKey))
	return sum[:]
}

// keyBits returns the subjectPublicKey in a DER SubjectPublicKeyInfo that was
// read before.
func keyBits(publicKey []byte) []byte {
	info := cryptobyte.String(publicKey)
	var key []byte
	if !info.ReadASN1(&info, asn1.SEQUENCE) || !info.SkipASN1(asn1.SEQUENCE) || !info.ReadASN1BitStringAsBytes(&key) {
		return nil
	}
	return key
}

// Limits of a request. A client asks about one chain, rarely more.
const (
	maxOCSPRequest = 64 << 10
	maxOCSPCertIDs = 100
	maxNonce       = 128 // RFC 9654, section 2.1
)

// An OCSPRequest is a decoded OCSPRequest (RFC 6960, section 4.1.1). Its slices
// alias the DER it was read from.
type OCSPRequest struct {
	IDs   []CertID
	Nonce []byte // nil if there is none
}

// A CertID names one certificate.
type CertID struct {
	Raw          []byte // DER, which the response repeats
	SerialNumber []byte // big endian, first octet not zero; nil if no certificate has it: not positive, or longer than 20 octets

	hash              string // object identifier; "" if the algorithm has parameters
	nameHash, keyHash []byte
}

var errOCSPRequest = errors.New("it is not a DER OCSPRequest (RFC 6960, section 4.1.1)")

// ParseOCSPRequest decodes a DER OCSPRequest with nothing behind it. The
// client's name and signature are read over: answers do not depend on them. An
// unknown extension is read over unless it is critical (RFC 6960, section 4.4).
func ParseOCSPRequest(request []byte) (*OCSPRequest, error) {
	if len(request) > maxOCSPRequest {
		return nil, fmt.Errorf("it has %d octets: up to %d are read", len(request), maxOCSPRequest)
	}
	input := cryptobyte.String(request)
	var outer, tbs, list, skipped cryptobyte.String
	var present bool
	if !input.ReadASN1(&outer, asn1.SEQUENCE) || !input.Empty() || !outer.ReadASN1(&tbs, asn1.SEQUENCE) {
		return nil, errOCSPRequest
	}
	if !outer.ReadOptionalASN1(&skipped, &present, contextTag(0)) || !outer.Empty() ||
		present && (!skipped.SkipASN1(asn1.SEQUENCE) || !skipped.Empty()) {
		return nil, errOCSPRequest
	}
	var version int64
	var field cryptobyte.String
	if !tbs.ReadOptionalASN1(&field, &present, contextTag(0)) || present && (!field.ReadASN1Integer(&version) || !field.Empty()) {
		return nil, errOCSPRequest
	}
	if version != 0 {
		return nil, fmt.Errorf("its version is %d: only 0 is defined (RFC 6960, section 4.1.1)", version)
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
	var nonce cryptobyte.String
	if !value.ReadASN1(&nonce, asn1.OCTET_STRING) || !value.Empty() || len(nonce) < 1 || len(nonce) > maxNonce {
		return nil, fmt.Errorf("its nonce is not an OCTET STRING of 1 to %d octets (RFC 9654, section 2.1)", maxNonce)
	}
	r.Nonce = nonce
	return r, nil
}

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
	if serial.Sign() > 0 && serial.BitLen() <= 160 {
		id.SerialNumber = serial.Bytes()
	}
	return true
}

// parseOCSPExtensions returns the value of the extension with the object
// identifier known, nil if it is not there, and refuses any other critical one.
func parseOCSPExtensions(field cryptobyte.String, known string) (found *cryptobyte.String, err error) {
	malformed := errors.New("its extensions are malformed (RFC 5280, section 4.1)")
	var extensions cryptobyte.String
	if !field.ReadASN1(&extensions, asn1.SEQUENCE) || !field.Empty() || extensions.Empty() {
		return nil, malformed
	}
	var seen []string
	for !extensions.Empty() {
		var one, oid, value cryptobyte.String
		var critical bool
		if !extensions.ReadASN1(&one, asn1.SEQUENCE) || !readOID(&one, &oid) ||
			one.PeekASN1Tag(asn1.BOOLEAN) && !one.ReadASN1Boolean(&critical) ||
			!one.ReadASN1(&value, asn1.OCTET_STRING) || !one.Empty() {
			return nil, malformed
		}
		for _, other := range seen {
			if other == string(oid) {
				return nil, fmt.Errorf("the extension %s stands twice", ObjectIdentifier(other))
			}
		}
		if seen = append(seen, string(oid)); len(seen) > maxExtensions {
			return nil, fmt.Errorf("it has more than %d extensions", maxExtensions)
		}
		switch {
		case known != "" && string(oid) == known:
			found = &value
		case critical:
			return nil, fmt.Errorf("it has the critical extension %s, which is not understood", ObjectIdentifier(string(oid)))
		}
	}
	return found, nil
}

// Status of a certificate: the tags of CertStatus (RFC 6960, section 4.2.1).
const (
	OCSPGood    = 0
	OCSPRevoked = 1
	OCSPUnknown = 2
)

// An OCSPResponse is what a successful response says beside its signature.
type OCSPResponse struct {
	KeyHash     []byte // of the responder: ResponderKeyHash
	ProducedAt  time.Time
	Singles     []OCSPSingle
	Nonce       []byte // nil for none
	Certificate []byte // DER, of a delegated responder; nil for none
}

// An OCSPSingle is the status of one certificate.
type OCSPSingle struct {
	ID             []byte // DER CertID
	Status         int
	RevocationTime time.Time // of OCSPRevoked, with Reason
	Reason         int       // zero: absent
	ThisUpdate     time.Time
	NextUpdate     time.Time // zero: absent
}

// MarshalOCSPResponse makes an OCSPResponse around a BasicOCSPResponse (RFC 6960,
// section 4.2.1).
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
				return appendExtension(dst, extNonce, false, func(dst []byte) []byte { return der.Append(dst, asn1.OCTET_STRING, r.Nonce) })
			})
		})
	})
}

// appendCertificate appends what stands behind the signature.
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
		} else { // an implicit NULL
			dst = der.Append(dst, asn1.Tag(s.Status).ContextSpecific(), "")
		}
		dst = appendGeneralizedTime(dst, s.ThisUpdate)
		if s.NextUpdate.IsZero() {
			return dst
		}
		return der.AppendFunc(dst, contextTag(0), func(dst []byte) []byte { return appendGeneralizedTime(dst, s.NextUpdate) })
	})
}

// An OCSPError is the status of a response that is not successful, and therefore
// neither signed nor about a certificate (RFC 6960, section 2.3).
type OCSPError byte

// The statuses of OCSPResponseStatus (RFC 6960, section 4.2.1).
const (
	OCSPMalformedRequest OCSPError = 1
	OCSPInternalError    OCSPError = 2
	OCSPTryLater         OCSPError = 3
	OCSPUnauthorized     OCSPError = 6
)

// Marshal makes the OCSPResponse.
func (e OCSPError) Marshal() []byte { return []byte{0x30, 3, 0x0a, 1, byte(e)} }
