package csr_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	tjsm2 "github.com/tjfoc/gmsm/sm2"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/algorithm/tjfoc"
	"github.com/yuncert/yuncert/csr"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

// seeded gives the same octets in every run.
func seeded() io.Reader {
	return rand.NewChaCha8([32]byte([]byte("the randomness of yuncert's tests")))
}

// A readerFunc is an io.Reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

var errNoRandomness = errors.New("the random source is gone")

// broken is a random source that fails.
var broken = readerFunc(func([]byte) (int, error) { return 0, errNoRandomness })

// untouched is a random source that nothing may read.
func untouched(t testing.TB) io.Reader {
	return readerFunc(func([]byte) (int, error) {
		t.Error("randomness was drawn")
		return 0, errNoRandomness
	})
}

// checkError wants an *yuncert.Error of that code and parameter, and of that
// message unless it is empty.
func checkError(t testing.TB, err error, code yuncert.Code, parameter, message string) {
	t.Helper()
	got, ok := err.(*yuncert.Error)
	if !ok {
		t.Fatalf("error %v of type %T: want an *yuncert.Error %s for %q", err, err, code, parameter)
	}
	want := &yuncert.Error{Code: code, Parameter: parameter, Message: message}
	ignore := []string{"Err"}
	if message == "" {
		ignore = append(ignore, "Message")
		if got.Message == "" {
			t.Error("the error has no message")
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(yuncert.Error{}, ignore...)); diff != "" {
		t.Errorf("error mismatch (-want +got):\n%s\n%v", diff, err)
	}
	if !errors.Is(err, code) {
		t.Errorf("errors.Is(%v, %v) is false", err, code)
	}
}

// opaque hides a key as an HSM does: only Public and Sign are left of it.
type opaque struct{ key crypto.Signer }

func (o opaque) Public() crypto.PublicKey { return o.key.Public() }

func (o opaque) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return o.key.Sign(rand, digest, opts)
}

// messageOpaque is an HSM that hashes by itself, and signs nothing else.
type messageOpaque struct{ key crypto.MessageSigner }

func (o messageOpaque) Public() crypto.PublicKey { return o.key.Public() }

func (o messageOpaque) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("this signer signs messages, not digests")
}

func (o messageOpaque) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	return o.key.SignMessage(rand, message, opts)
}

// signerFunc is a signer whose Sign is a function.
type signerFunc struct {
	public crypto.PublicKey
	sign   func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (s signerFunc) Public() crypto.PublicKey { return s.public }

func (s signerFunc) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.sign(rand, digest, opts)
}

// samePublicKey compares public keys with their own method.
var samePublicKey = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".PublicKey" },
	cmp.Comparer(func(a, b crypto.PublicKey) bool { return equalKeys(a, b) }))

func equalKeys(a, b crypto.PublicKey) bool {
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}

// requestID is the form of a RequestId: an upper-case UUID of version 4.
var requestID = regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`)

// A rdn is one expected attribute of a subject.
type rdn struct {
	oid  []byte
	tag  asn1.Tag
	text string
}

// printable, utf8String and ia5 make expected attributes.
func printable(oid []byte, text string) rdn  { return rdn{oid, asn1.PrintableString, text} }
func utf8String(oid []byte, text string) rdn { return rdn{oid, asn1.UTF8String, text} }
func ia5(oid []byte, text string) rdn        { return rdn{oid, asn1.IA5String, text} }

// subjectDER writes a Name with one attribute an RDN.
func subjectDER(rdns ...rdn) []byte {
	var parts [][]byte
	for _, r := range rdns {
		parts = append(parts, set(seq(r.oid, tlv(r.tag, []byte(r.text)))))
	}
	return seq(parts...)
}

// generalNames writes the value of a subjectAltName of DNS names and addresses.
func generalNames(names ...string) []byte {
	var parts [][]byte
	for _, name := range names {
		if addr, err := netip.ParseAddr(name); err == nil {
			parts = append(parts, ipAddress(addr.AsSlice()...))
		} else {
			parts = append(parts, dnsName(name))
		}
	}
	return seq(parts...)
}

// checkCSR wants a PEM CSR for the key of exactly that content: by the eyes of
// crypto/x509 for RSA and ECC, of gmsm's smx509 and tjfoc's engine for SM2, and
// by our own.
func checkCSR(t testing.TB, text string, public crypto.PublicKey, a algorithm.Algorithm, subject []byte, names []string) {
	t.Helper()
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(rest) > 0 || block.Type != "CERTIFICATE REQUEST" || len(block.Headers) > 0 ||
		string(pem.EncodeToMemory(block)) != text || !strings.HasSuffix(text, "-----END CERTIFICATE REQUEST-----\n") {
		t.Fatalf("Csr is not one PEM block CERTIFICATE REQUEST:\n%s", text)
	}
	var seen *x509.CertificateRequest
	if a == algorithm.SM2_256 {
		other, err := smx509.ParseCertificateRequest(block.Bytes)
		if err != nil {
			t.Fatalf("smx509.ParseCertificateRequest: %v", err)
		}
		if err := other.CheckSignature(); err != nil {
			t.Errorf("smx509's CheckSignature: %v", err)
		}
		checkSM2WithTjfoc(t, block.Bytes, public)
		seen = &x509.CertificateRequest{
			Version: other.Version, Subject: other.Subject, RawSubject: other.RawSubject,
			RawSubjectPublicKeyInfo: other.RawSubjectPublicKeyInfo, RawTBSCertificateRequest: other.RawTBSCertificateRequest,
		}
	} else {
		var err error
		if seen, err = x509.ParseCertificateRequest(block.Bytes); err != nil {
			t.Fatalf("x509.ParseCertificateRequest: %v", err)
		}
		if err := seen.CheckSignature(); err != nil {
			t.Errorf("x509's CheckSignature: %v", err)
		}
		want := map[string]x509.SignatureAlgorithm{"RSA": x509.SHA256WithRSA, "ECC": x509.ECDSAWithSHA256}[a.Family()]
		if seen.SignatureAlgorithm != want {
			t.Errorf("signature algorithm %v, want %v", seen.SignatureAlgorithm, want)
		}
		if !equalKeys(seen.PublicKey, public) {
			t.Error("the CSR holds another public key")
		}
	}
	if seen.Version != 0 {
		t.Errorf("version %d, want 0", seen.Version)
	}
	if !bytes.Equal(seen.RawSubject, subject) {
		t.Errorf("subject\n%x, want\n%x", seen.RawSubject, subject)
	}
	// No extension beside the names, and no empty request for extensions.
	attributes := tlv(0xa0)
	if len(names) > 0 {
		attributes = tlv(0xa0, extensionRequest(extension(oidAltName, generalNames(names...))))
	}
	if !bytes.HasSuffix(seen.RawTBSCertificateRequest, attributes) {
		t.Errorf("attributes end in\n%x, want\n%x", seen.RawTBSCertificateRequest[max(0, len(seen.RawTBSCertificateRequest)-len(attributes)):], attributes)
	}
	info := seq(tlv(asn1.INTEGER, []byte{0}), subject, seen.RawSubjectPublicKeyInfo, attributes)
	if !bytes.Equal(seen.RawTBSCertificateRequest, info) {
		t.Errorf("CertificationRequestInfo\n%x, want\n%x", seen.RawTBSCertificateRequest, info)
	}

	r, err := csr.Parse([]byte(text))
	if err != nil {
		t.Fatalf("csr.Parse: %v", err)
	}
	want := &csr.Request{
		Raw: block.Bytes, RawSubject: subject, RawSubjectPublicKeyInfo: seen.RawSubjectPublicKeyInfo,
		CommonName: seen.Subject.CommonName, Names: names, PublicKey: public, Algorithm: a,
	}
	if diff := cmp.Diff(want, r, samePublicKey, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("csr.Parse mismatch (-want +got):\n%s", diff)
	}
}

// checkSM2WithTjfoc verifies the self-signature with github.com/tjfoc/gmsm,
// which uses the user ID 1234567812345678.
func checkSM2WithTjfoc(t testing.TB, der []byte, public crypto.PublicKey) {
	t.Helper()
	key, err := tjfoc.ToPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if !tjfocVerifies(t, der, key) {
		t.Error("tjfoc/gmsm does not verify the self-signature")
	}
}

func tjfocVerifies(t testing.TB, der []byte, key *tjsm2.PublicKey) bool {
	t.Helper()
	outer, err := parseNode(der)
	if err != nil || len(outer.children) != 3 {
		t.Fatalf("not a CSR: %v", err)
	}
	return key.Verify(outer.children[0].encode(nil, nil), outer.children[2].content[1:])
}

// golden compares got with a file in testdata/golden.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s mismatch (-want +got):\n%s", name, diff)
	}
}

// chinese is a text of n characters, three octets each.
func chinese(n int) string { return strings.Repeat("公", n) }

// longNames lists n different DNS names of length octets each.
func longNames(n, length int) string {
	var names []string
	for i := range n {
		name := "n" + string(rune('a'+i/26%26)) + string(rune('a'+i%26))
		for len(name) < length {
			name += "." + strings.Repeat("x", min(63, length-len(name)-1))
		}
		names = append(names, name)
	}
	return strings.Join(names, ",")
}

// numberedNames are n DNS names.
func numberedNames(n int) []string {
	var names []string
	for i := range n {
		names = append(names, "h"+string(rune('a'+i/26%26))+string(rune('a'+i%26))+".example.net")
	}
	return names
}

// pemBlock is the DER in a PEM text.
func pemBlock(t testing.TB, text []byte) []byte {
	t.Helper()
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatal("no PEM block")
	}
	return block.Bytes
}

// parsePKCS8 reads a private key of the standard library.
func parsePKCS8[K any](t testing.TB, der []byte) K {
	t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		t.Fatal(err)
	}
	k, ok := key.(K)
	if !ok {
		t.Fatalf("a key of type %T", key)
	}
	return k
}
