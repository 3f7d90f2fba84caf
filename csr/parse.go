package csr

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509/pkix"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/x509der"
)

// MaxSize is how many octets of PEM or DER [Parse] reads: 64 KiB.
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
//     stand twice, with different extensions, and both count;
//   - the key passes [algorithm.Check];
//   - the self-signature verifies, made with SHA-256, SHA-384 or SHA-512 and RSA
//     (PKCS #1 v1.5) or ECDSA, or with SM3 and SM2 under the user ID
//     1234567812345678 or, as OpenSSL does by itself, the empty one.
//
// Everything else is [yuncert.ErrInvalidValueMalformed] for the parameter Csr,
// and no data is [yuncert.ErrMissingParameter]; the message quotes names at most.
func Parse(data []byte) (*Request, error) { return ParseWithPolicy(data, algorithm.Policy{}) }

// ParseWithPolicy is [Parse] for a service with rules of its own about keys: the
// CSR's key passes the policy's Check. [Parse] has the zero policy.
func ParseWithPolicy(data []byte, keys algorithm.Policy) (*Request, error) {
	if len(data) == 0 {
		return nil, yuncert.Missing("Csr")
	}
	if len(data) > MaxSize {
		return nil, malformed("the CSR has %d octets: up to %d are read", len(data), MaxSize)
	}
	der := data
	if isDER(data) {
		der = bytes.Clone(data)
	} else {
		var err error
		if der, err = decodePEM(data); err != nil {
			return nil, err
		}
	}
	r, err := x509der.ParseRequest(der)
	if err != nil {
		return nil, malformed("the CSR cannot be read: %s", x509der.Reason(err))
	}
	if n := r.Subject.Count(x509der.CommonName); n > 1 {
		return nil, malformed("the CSR has %d common names: one is allowed, the others belong in subjectAltName", n)
	}
	commonName := r.Subject.Get(x509der.CommonName)
	if err := x509der.CheckText(x509der.CommonName, commonName); err != nil {
		return nil, malformed("the CSR's common name %.80q: %v", commonName, err)
	}
	if err := checkKey(keys, r.PublicKey); err != nil {
		return nil, malformed("the CSR's key: %s", x509der.Reason(err))
	}
	if err := x509der.VerifyPossession(r); err != nil {
		return nil, malformed("the CSR's signature does not prove possession of its key: %s", x509der.Reason(err))
	}
	a, err := algorithm.Of(r.PublicKey)
	if err != nil {
		return nil, malformed("the CSR's key: %s", x509der.Reason(err))
	}
	return &Request{
		Raw: der, RawSubject: r.RawSubject, RawSubjectPublicKeyInfo: r.RawPublicKey,
		CommonName: commonName, Names: r.Names, PublicKey: r.PublicKey, Algorithm: a,
	}, nil
}

// checkKey is the policy's Check of a key that was just read. [algorithm.ParsePublicKey]
// has made sure that a point is on its curve, so that of an EC key Blocked alone
// is left to ask.
func checkKey(keys algorithm.Policy, pub crypto.PublicKey) error {
	if _, isPoint := pub.(*ecdsa.PublicKey); isPoint && keys.Blocked == nil {
		return nil
	}
	return keys.Check(pub)
}

func malformed(format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "Csr", format, args...)
}

// isDER tells DER from text: a SEQUENCE whose length is in long form, since no
// CSR is shorter than 128 octets, begins as no text does.
func isDER(data []byte) bool {
	return len(data) > 1 && data[0] == 0x30 && data[1] >= 0x80
}
