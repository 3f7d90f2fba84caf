package csr

import (
	"crypto"
	"crypto/x509/pkix"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// MaxSize is how many octets of PEM or DER [Parse] reads.
const MaxSize = 64 << 10

// A Request is a CSR that [Parse] read and checked.
type Request struct {
	// Raw is the whole CSR as DER.
	Raw []byte

	// RawSubject is the subject as DER, with its original string types.
	RawSubject []byte

	// RawSubjectPublicKeyInfo is the public key as DER.
	RawSubjectPublicKeyInfo []byte

	// CommonName is the subject's common name. Empty means that it has none.
	CommonName string

	// Names are the DNS names and IP addresses of subjectAltName, in order and
	// without repeats: DNS names in lower case and ASCII, addresses in the form of
	// [net/netip.Addr]. Names of other forms are left out. There are up to 250
	// names, and one more if the common name is among them.
	Names []string

	// PublicKey is an *rsa.PublicKey, or an *ecdsa.PublicKey for ECC and SM2.
	PublicKey crypto.PublicKey

	// Algorithm is the key's algorithm. It can be RSA_1024.
	Algorithm algorithm.Algorithm
}

// CsrId returns the CsrId that [CreateCsr] gives this CSR: a number from 1 to
// 2^53-1, the same for the same CSR.
func (r *Request) CsrId() int64 { return csrID(r.Raw) }

// Subject returns the whole subject in the form of the standard library.
func (r *Request) Subject() pkix.Name {
	name, err := x509der.ParseName(r.RawSubject)
	if err != nil {
		return pkix.Name{} // Parse did not return this Request
	}
	var rdns pkix.RDNSequence
	for _, a := range name {
		rdns = append(rdns, pkix.RelativeDistinguishedNameSET{{Type: x509der.ObjectIdentifier(a.Type), Value: a.String()}})
	}
	var subject pkix.Name
	subject.FillFromRDNSequence(&rdns)
	return subject
}

// Parse reads a CSR of any tool, as DER or PEM, and checks it. The input may
// come from an attacker. A PEM text may have
//
//   - the label CERTIFICATE REQUEST or NEW CERTIFICATE REQUEST;
//   - text and a byte-order mark before the block;
//   - text after it, such as the signature of a mail, without control characters,
//     any part of another PEM block, or what may be a key: the words PRIVATE KEY or
//     43 characters of base64 in a row;
//   - CRLF, and line breaks that became spaces or the two characters \n, as in
//     the documents.
//
// Parse accepts a CSR only if
//
//   - it has at most [MaxSize] octets and is DER (RFC 2986) without trailing
//     data. A missing set of attributes and critical FALSE, which some tools
//     write, are accepted; attributes and extensions that Parse does not use
//     are not looked into;
//   - its names follow the rules in the package comment. It has at most one
//     common name, even if that is empty, and at most 250 alternative names
//     without the common name;
//   - no attribute, attribute value or extension is repeated. Only the
//     attribute extensionRequest may appear twice, with different extensions.
//     Parse uses both, but other software reads only the first: to see what was
//     requested, use [Request]. Microsoft's attribute may replace
//     extensionRequest, but the two may not appear together;
//   - its key passes [algorithm.Check];
//   - its self-signature is valid. It is made with SHA-256, SHA-384 or SHA-512
//     and RSA or ECDSA, or with SM3 and SM2 under the user ID 1234567812345678 or
//     the empty one, which is OpenSSL's default. An RSA signature is PKCS #1 v1.5
//     or RSASSA-PSS with MGF1 of the same hash and a salt at least as long as the
//     hash (RFC 4055, section 3.1); the key is in any case an rsaEncryption key.
//
// A CSR that is not accepted is [yuncert.ErrInvalidValueMalformed] for the
// parameter Csr, and empty data is [yuncert.ErrMissingParameter]. The message
// quotes only names.
func Parse(data []byte) (*Request, error) { return ParseWithPolicy(data, algorithm.KeyPolicy{}) }

// ParseWithPolicy is [Parse] with a policy for the CSR's key. A key shorter than
// the policy's MinRSABits is [yuncert.ErrInvalidParameter] for the parameter
// Csr.
func ParseWithPolicy(data []byte, policy algorithm.KeyPolicy) (*Request, error) {
	r, err := param.ReadCSR(data, policy)
	if err != nil {
		return nil, err
	}
	return &Request{
		Raw: r.Raw, RawSubject: r.RawSubject, RawSubjectPublicKeyInfo: r.RawPublicKey,
		CommonName: r.Subject.Get(x509der.CommonName), Names: r.Names, PublicKey: r.PublicKey, Algorithm: r.Algorithm,
	}, nil
}
