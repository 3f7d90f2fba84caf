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

// A Request is a CSR that was read, and whose sender holds the private key.
type Request struct {
	// Raw is the whole CSR as DER.
	Raw []byte

	// RawSubject is the subject as DER, with the string types it came in.
	RawSubject []byte

	// RawSubjectPublicKeyInfo is the public key as DER.
	RawSubjectPublicKeyInfo []byte

	// CommonName is the subject's common name; empty if it has none.
	CommonName string

	// Names are the DNS names and IP addresses of subjectAltName, in order and
	// without repeats: DNS names in lower case and ASCII, addresses as
	// [net/netip.Addr] prints them. Names of other forms are not in it.
	Names []string

	// PublicKey is an *rsa.PublicKey, or an *ecdsa.PublicKey for ECC and SM2.
	PublicKey crypto.PublicKey

	// Algorithm is the key's algorithm. It can be RSA_1024.
	Algorithm algorithm.Algorithm
}

// Subject returns the whole subject in the standard library's form.
func (r *Request) Subject() pkix.Name {
	name, err := x509der.ParseName(r.RawSubject)
	if err != nil {
		return pkix.Name{} // not a Request that Parse returned
	}
	var rdns pkix.RDNSequence
	for _, a := range name {
		rdns = append(rdns, pkix.RelativeDistinguishedNameSET{{Type: x509der.ObjectIdentifier(a.Type), Value: a.String()}})
	}
	var subject pkix.Name
	subject.FillFromRDNSequence(&rdns)
	return subject
}

// Parse reads a CSR that any tool made, as DER or as PEM. PEM may have the
// label CERTIFICATE REQUEST or NEW CERTIFICATE REQUEST, text before it, a
// byte-order mark, CRLF, and line breaks that became spaces or the two
// characters \n, as the documents print it. A second block is refused, of
// whatever kind.
//
// Parse is for input that an attacker may have written. It accepts a CSR only if
//
//   - its size is at most [MaxSize], it is DER (RFC 2986) and nothing stands
//     behind it; inside attributes and extensions that it does not use Parse does
//     not look, and a missing set of attributes and critical FALSE, which some
//     tools write, pass;
//   - its names follow the rules in this package's comment, and it has at most
//     one common name and 250 alternative names;
//   - no attribute, value of one or extension repeats; only extensionRequest may
//     stand twice, with different extensions, and both count, though other software
//     reads the first alone: what was certified is in [Request], not in its output;
//     Microsoft's attribute of that kind may stand in its place, not beside it;
//   - the key passes [algorithm.Check];
//   - the self-signature verifies, made with SHA-256, SHA-384 or SHA-512 and RSA
//     (PKCS #1 v1.5) or ECDSA, or with SM3 and SM2 under the user ID
//     1234567812345678 or, as OpenSSL does by itself, the empty one.
//
// Everything else is [yuncert.ErrInvalidValueMalformed] for the parameter Csr,
// and no data is [yuncert.ErrMissingParameter]; the message quotes names at most.
func Parse(data []byte) (*Request, error) { return ParseWithPolicy(data, algorithm.KeyPolicy{}) }

// ParseWithPolicy is [Parse] with a policy for the CSR's key. A key shorter than
// the policy's MinRSABits is [yuncert.ErrInvalidParameter] for the parameter Csr.
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
