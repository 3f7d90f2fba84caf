package x509der

import (
	"crypto"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/der"
)

// Attributes of a CSR, as the content octets of their object identifiers.
const (
	// attrExtensionRequest is PKCS #9's (RFC 2985, section 5.4.2).
	attrExtensionRequest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"
	// attrMicrosoftExtensions is what older Windows tools write instead.
	attrMicrosoftExtensions = "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e"
)

// A Request is a decoded CertificationRequest (RFC 2986, section 4). Its slices
// are parts of the DER that was read.
type Request struct {
	Raw          []byte
	RawInfo      []byte // CertificationRequestInfo, what is signed
	RawSubject   []byte // DER Name
	RawPublicKey []byte // DER SubjectPublicKeyInfo
	Subject      Name
	PublicKey    crypto.PublicKey
	Algorithm    algorithm.Algorithm // of the key
	Names        []string            // requested DNS names and IP addresses, canonical
	OtherNames   int                 // how many alternative names have another form
	SignatureID  []byte              // DER AlgorithmIdentifier
	Signature    []byte
}

// PublicKeyInfo returns the key's DER SubjectPublicKeyInfo as this module
// writes it. SM2 keys have several encodings, and not all clients read all of
// them; of other keys [algorithm.ParsePublicKey] reads only one.
func (r *Request) PublicKeyInfo() ([]byte, error) {
	if r.Algorithm != algorithm.SM2_256 || len(r.RawPublicKey) == sm2KeyInfoSize {
		return r.RawPublicKey, nil
	}
	return algorithm.MarshalPublicKey(r.PublicKey)
}

// sm2KeyInfoSize is how many octets a SubjectPublicKeyInfo of SM2 has as this
// module writes it. The other encodings have 92, 84 and 82.
const sm2KeyInfoSize = 91

var errRequest = errors.New("it is not a DER CertificationRequest (RFC 2986, section 4)")

// ParseRequest decodes a DER CertificationRequest without trailing data. It
// checks only the syntax, not the strength of the key and not the signature.
func ParseRequest(request []byte) (*Request, error) {
	input := cryptobyte.String(request)
	var outer, info, id cryptobyte.String
	r := &Request{Raw: request}
	if !input.ReadASN1(&outer, asn1.SEQUENCE) {
		return nil, errRequest
	}
	if !input.Empty() {
		return nil, fmt.Errorf("%d octets of trailing data follow it", len(input))
	}
	if !outer.ReadASN1Element(&info, asn1.SEQUENCE) || !outer.ReadASN1Element(&id, asn1.SEQUENCE) ||
		!outer.ReadASN1BitStringAsBytes(&r.Signature) || !outer.Empty() {
		return nil, errRequest
	}
	r.RawInfo, r.SignatureID = info, id

	var version int64
	var subject, key cryptobyte.String
	if !info.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1Integer(&version) {
		return nil, errRequest
	}
	if version != 0 {
		return nil, fmt.Errorf("its version is %d: only 0 is defined (RFC 2986, section 4.1)", version)
	}
	if !info.ReadASN1Element(&subject, asn1.SEQUENCE) || !info.ReadASN1Element(&key, asn1.SEQUENCE) {
		return nil, errRequest
	}
	r.RawSubject, r.RawPublicKey = subject, key
	var err error
	var commonNames int
	r.Subject, commonNames, err = parseName(subject, false)
	if err != nil {
		return nil, err
	}
	// An empty one counts: some software reads the first, some the last.
	if commonNames > 1 {
		return nil, fmt.Errorf("its subject has %d common names: one is allowed, the others belong in subjectAltName", commonNames)
	}
	r.PublicKey, err = algorithm.ParsePublicKey(key)
	if err != nil {
		return nil, err
	}
	r.Algorithm, err = algorithm.Of(r.PublicKey)
	if err != nil {
		return nil, err
	}
	extensions, err := parseAttributes(info)
	if err != nil {
		return nil, err
	}
	for _, e := range extensions {
		if string(e.oid) != extAltName {
			continue
		}
		r.Names, r.OtherNames, err = parseAltNames(e.value)
		if err != nil {
			return nil, err
		}
		err = CheckCount(r.Subject.Get(CommonName), r.Names, 0)
		if err != nil {
			return nil, fmt.Errorf("subjectAltName: %v", err)
		}
	}
	return r, nil
}

// parseAttributes reads the attributes at the end of a CertificationRequestInfo
// and returns the extensions that they request. Some tools leave out an empty
// set of attributes. Some tools, such as Alibaba Cloud's for SM2, spread the
// extensions over two attributes of the same type; no other attribute may
// appear twice.
func parseAttributes(info cryptobyte.String) ([]extension, error) {
	if info.Empty() {
		return nil, nil
	}
	var attributes cryptobyte.String
	if !info.ReadASN1(&attributes, asn1.Tag(0).ContextSpecific().Constructed()) || !info.Empty() {
		return nil, errors.New("its attributes are malformed (RFC 2986, section 4.1)")
	}
	malformed := func(n int, oid []byte) error {
		which := ""
		if oid != nil {
			which = " (" + ObjectIdentifier(string(oid)).String() + ")"
		}
		return fmt.Errorf("attribute %d%s is malformed: want a type and a SET of values (RFC 2986, section 4.1)", n, which)
	}
	var extensions []extension
	var pkcs9, microsoft bool // which of the two attributes appeared
	seen := make(map[string]bool)
	for n := 1; !attributes.Empty(); n++ {
		var one, oid, values, value cryptobyte.String
		var tag asn1.Tag
		if !attributes.ReadASN1(&one, asn1.SEQUENCE) || !readOID(&one, &oid) {
			return nil, malformed(n, nil)
		}
		if !one.ReadASN1(&values, asn1.SET) || !one.Empty() || !values.ReadAnyASN1Element(&value, &tag) {
			return nil, malformed(n, oid)
		}
		if string(oid) == attrExtensionRequest || string(oid) == attrMicrosoftExtensions {
			if !values.Empty() {
				return nil, errors.New("an extensionRequest has more than one value (RFC 2985, section 5.4.2)")
			}
			// Other software reads only the first of the two types, and would
			// not show a person the names in the second.
			pkcs9 = pkcs9 || string(oid) == attrExtensionRequest
			microsoft = microsoft || string(oid) == attrMicrosoftExtensions
			if pkcs9 && microsoft {
				return nil, errors.New("it has the attributes 1.2.840.113549.1.9.14 and 1.3.6.1.4.1.311.2.1.14, which both request extensions: only one of them is allowed")
			}
			var err error
			extensions, err = parseExtensions(extensions, value)
			if err != nil {
				return nil, err
			}
			continue
		}
		if seen[string(oid)] {
			return nil, fmt.Errorf("it has the attribute %s twice", ObjectIdentifier(string(oid)))
		}
		seen[string(oid)] = true
		seenValues := map[string]bool{string(value): true}
		for !values.Empty() {
			if !values.ReadAnyASN1Element(&value, &tag) {
				return nil, malformed(n, oid)
			}
			if seenValues[string(value)] {
				return nil, fmt.Errorf("the attribute %s has the same value twice", ObjectIdentifier(string(oid)))
			}
			seenValues[string(value)] = true
		}
	}
	return extensions, nil
}

// MarshalRequest makes a CertificationRequest for the signer's key. The names
// go into a subjectAltName in an extensionRequest.
func MarshalRequest(rand io.Reader, signer *Signer, subject Name, names []string) ([]byte, error) {
	size := 224 + 2*len(signer.PublicDER) + 32*len(names)
	return marshalSigned(rand, signer, size, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			dst = append(dst, 2, 1, 0) // v1, which is 0
			dst = AppendName(dst, subject)
			dst = append(dst, signer.PublicDER...)
			return der.AppendFunc(dst, contextTag(0), func(dst []byte) []byte {
				if len(names) == 0 {
					return dst
				}
				return appendExtensionRequest(dst, names)
			})
		})
	})
}

func appendExtensionRequest(dst []byte, names []string) []byte {
	return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
		dst = der.Append(dst, asn1.OBJECT_IDENTIFIER, attrExtensionRequest)
		return der.AppendFunc(dst, asn1.SET, func(dst []byte) []byte {
			return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
				return appendExtension(dst, extAltName, false, func(dst []byte) []byte { return appendAltNames(dst, names, nil, nil) })
			})
		})
	})
}
