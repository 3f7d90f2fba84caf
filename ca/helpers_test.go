package ca_test

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
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/x509der"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

// instant is when everything in these tests happens: the root CAs are valid for
// ten years from it, the subordinate ones for five.
var instant = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

var caEnd = instant.AddDate(5, 0, 0)

// Randomness.

// seeded gives the same octets in every run.
func seeded() io.Reader {
	return rand.NewChaCha8([32]byte([]byte("the randomness of yuncert's tests")))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

var errNoRandomness = errors.New("the random source is gone")

// untouched is a random source that nothing may read.
func untouched(t testing.TB) io.Reader {
	return readerFunc(func([]byte) (int, error) {
		t.Error("randomness was drawn")
		return 0, errNoRandomness
	})
}

// Keys and signers.

// key returns a fixed key: 0 for roots, 1 for subordinate CAs, 2 for servers.
func key(a algorithm.Algorithm, i int) *algorithm.PrivateKey { return testkeys.Key(a, i) }

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

var errSigner = errors.New("the device is unplugged")

// failing is a signer that does not sign.
func failing(public crypto.PublicKey) crypto.Signer {
	return signerFunc{public, func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errSigner }}
}

// lying is a signer whose signatures are of something else.
func lying(k crypto.Signer) crypto.Signer {
	return signerFunc{k.Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		digest = bytes.Clone(digest)
		digest[0] ^= 1
		return k.Sign(rand, digest, opts)
	}}
}

// drawing is a signer that reads one octet of randomness first.
func drawing(k crypto.Signer) crypto.Signer {
	return signerFunc{k.Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		if _, err := io.ReadFull(rand, make([]byte, 1)); err != nil {
			return nil, err
		}
		return k.Sign(rand, digest, opts)
	}}
}

// unused is a signer that nothing may ask to sign.
func unused(t testing.TB, public crypto.PublicKey) crypto.Signer {
	return signerFunc{public, func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
		t.Error("the key was used")
		return nil, errSigner
	}}
}

// Errors.

// checkError wants an *yuncert.Error of that code and parameter, whose message or
// cause holds mention.
func checkError(t testing.TB, err error, code yuncert.Code, parameter, mention string) {
	t.Helper()
	got, ok := err.(*yuncert.Error)
	if !ok {
		t.Fatalf("error %v of type %T: want an *yuncert.Error %s for %q", err, err, code, parameter)
	}
	want := &yuncert.Error{Code: code, Parameter: parameter}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(yuncert.Error{}, "Message", "Err")); diff != "" {
		t.Errorf("error mismatch (-want +got):\n%s\n%v", diff, err)
	}
	if got.Err != nil && strings.Contains(got.Message, got.Err.Error()) {
		t.Errorf("the message %q, which goes to the client, holds the cause", got.Message)
	}
	if got.Message == "" || !strings.Contains(got.Error(), mention) {
		t.Errorf("error %q does not mention %q", got, mention)
	}
	if !errors.Is(err, code) {
		t.Errorf("errors.Is(%v, %v) is false", err, code)
	}
}

// The three codes that most rows have.
const (
	missing   = yuncert.ErrMissingParameter
	malformed = yuncert.ErrInvalidValueMalformed
	refused   = yuncert.ErrInvalidParameter
)

// DER, written without the code under test.

func tlv(tag asn1.Tag, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(parts...)) })
	return b.BytesOrPanic()
}

func seq(parts ...[]byte) []byte                  { return tlv(asn1.SEQUENCE, parts...) }
func octets(parts ...[]byte) []byte               { return tlv(asn1.OCTET_STRING, parts...) }
func oid(content string) []byte                   { return tlv(asn1.OBJECT_IDENTIFIER, []byte(content)) }
func explicit(n asn1.Tag, parts ...[]byte) []byte { return tlv(0xa0|n, parts...) }

const (
	numericString = asn1.Tag(18)
	bmpString     = asn1.Tag(30)
)

var (
	oidCommonName   = oid("\x55\x04\x03")
	oidSerialNumber = oid("\x55\x04\x05")
	oidCountry      = oid("\x55\x04\x06")
	oidLocality     = oid("\x55\x04\x07")
	oidState        = oid("\x55\x04\x08")
	oidOrganization = oid("\x55\x04\x0a")
	oidUnit         = oid("\x55\x04\x0b")
	oidEmail        = oid("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01")
	oidDC           = oid("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19")

	oidKeyID        = oid("\x55\x1d\x0e")
	oidKeyUsage     = oid("\x55\x1d\x0f")
	oidAltName      = oid("\x55\x1d\x11")
	oidConstraints  = oid("\x55\x1d\x13")
	oidCRLPoints    = oid("\x55\x1d\x1f")
	oidAuthority    = oid("\x55\x1d\x23")
	oidExtKeyUsage  = oid("\x55\x1d\x25")
	oidRequest      = oid("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e")
	oidServerAuth   = oid("\x2b\x06\x01\x05\x05\x07\x03\x01")
	oidClientAuth   = oid("\x2b\x06\x01\x05\x05\x07\x03\x02")
	rsaWithSHA256   = seq(oid("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), tlv(asn1.NULL))
	ecdsaWithSHA256 = seq(oid("\x2a\x86\x48\xce\x3d\x04\x03\x02"))
	sm2WithSM3      = seq(oid("\x2a\x81\x1c\xcf\x55\x01\x83\x75"))
)

// signatureID is the AlgorithmIdentifier that each family signs with.
func signatureID(a algorithm.Algorithm) []byte {
	return map[string][]byte{"RSA": rsaWithSHA256, "ECC": ecdsaWithSHA256, "SM2": sm2WithSM3}[a.Family()]
}

// attribute is an AttributeTypeAndValue.
func attribute(oid []byte, tag asn1.Tag, text string) []byte { return seq(oid, tlv(tag, []byte(text))) }

// name is a Name with one attribute an RDN.
func name(attributes ...[]byte) []byte {
	var rdns [][]byte
	for _, a := range attributes {
		rdns = append(rdns, tlv(asn1.SET, a))
	}
	return seq(rdns...)
}

// printable and utf8 are attributes in the two usual string types.
func printable(oid []byte, text string) []byte { return attribute(oid, asn1.PrintableString, text) }
func utf8(oid []byte, text string) []byte      { return attribute(oid, asn1.UTF8String, text) }

func extension(oid []byte, critical bool, value []byte) []byte {
	if critical {
		return seq(oid, []byte{1, 1, 0xff}, octets(value))
	}
	return seq(oid, octets(value))
}

// altNames is a GeneralNames of DNS names and addresses.
func altNames(names ...string) []byte {
	var parts [][]byte
	for _, name := range names {
		if addr, err := netip.ParseAddr(name); err == nil {
			parts = append(parts, tlv(0x87, addr.AsSlice()))
		} else {
			parts = append(parts, tlv(0x82, []byte(name)))
		}
	}
	return seq(parts...)
}

func publicDER(t testing.TB, public crypto.PublicKey) []byte {
	t.Helper()
	der, err := algorithm.MarshalPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// CSRs.

// makeCSR signs a CSR with that Name and those extensions, in PEM.
func makeCSR(t testing.TB, key *algorithm.PrivateKey, subject []byte, extensions ...[]byte) string {
	t.Helper()
	attributes := explicit(0)
	if len(extensions) > 0 {
		attributes = explicit(0, seq(oidRequest, tlv(asn1.SET, seq(extensions...))))
	}
	return signCSR(t, key, seq(tlv(asn1.INTEGER, []byte{0}), subject, publicDER(t, key.Public()), attributes))
}

func signCSR(t testing.TB, key *algorithm.PrivateKey, info []byte) string {
	t.Helper()
	signature, err := key.SignMessage(nil, info, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	der := seq(info, signatureID(key.Algorithm()), tlv(asn1.BIT_STRING, []byte{0}, signature))
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

// hostCSR is a CSR for the server key with a common name and alternative names.
func hostCSR(t testing.TB, a algorithm.Algorithm, commonName string, names ...string) string {
	t.Helper()
	subject := name()
	if commonName != "" {
		subject = name(utf8(oidCommonName, commonName))
	}
	if len(names) == 0 {
		return makeCSR(t, key(a, 2), subject)
	}
	return makeCSR(t, key(a, 2), subject, extension(oidAltName, false, altNames(names...)))
}

// CAs.

// An authority is a root CA and a subordinate one below it.
type authority struct {
	algorithm   algorithm.Algorithm
	rootKey     *algorithm.PrivateKey
	subKey      *algorithm.PrivateKey
	root        *ca.CreateRootCACertificateResponse
	sub         *ca.CreateSubCACertificateResponse
	rootIssuer  *ca.Issuer
	issuer      *ca.Issuer
	subject     []byte // of the subordinate CA, as written by hand
	rootSubject []byte
}

const crlBase = "http://pki.example.com/crl"

// authorities makes each authority once: they are immutable.
var authorities = func() map[algorithm.Algorithm]func() *authority {
	made := make(map[algorithm.Algorithm]func() *authority)
	for _, a := range allAlgorithms {
		made[a] = sync.OnceValue(func() *authority { return newAuthority(a) })
	}
	return made
}()

var allAlgorithms = []algorithm.Algorithm{
	algorithm.RSA_1024, algorithm.RSA_2048, algorithm.RSA_3072, algorithm.RSA_4096,
	algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512, algorithm.SM2_256,
}

// families has one algorithm of each family.
var families = []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.SM2_256}

// authorityOf returns an authority whose CAs have keys of that algorithm, and
// whose issuer publishes CRLs below crlBase.
func authorityOf(a algorithm.Algorithm) *authority { return authorities[a]() }

// caAlgorithm is the algorithm of the CAs above a server key in these tests.
func caAlgorithm(a algorithm.Algorithm) algorithm.Algorithm {
	if a == algorithm.RSA_1024 {
		return algorithm.RSA_2048
	}
	return a
}

func newAuthority(a algorithm.Algorithm) *authority {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	au := &authority{algorithm: a, rootKey: key(a, 0), subKey: key(a, 1)}
	random := seeded()
	var err error
	au.root, err = ca.CreateRootCACertificate(random, instant, au.rootKey, rootRequest())
	must(err)
	au.rootIssuer, err = ca.NewIssuer(au.root.CertificateChain, au.rootKey, ca.IssuerOptions{})
	must(err)
	au.sub, err = ca.CreateSubCACertificate(random, instant, au.rootIssuer, au.subKey.Public(), subRequest(a))
	must(err)
	au.issuer, err = ca.NewIssuer(au.sub.CertificateChain, au.subKey, ca.IssuerOptions{CRLBase: crlBase})
	must(err)
	au.rootSubject = name(printable(oidCountry, "CN"), printable(oidState, "Zhejiang"), utf8(oidLocality, "杭州"),
		printable(oidOrganization, "Example"), printable(oidUnit, "PKI"), printable(oidCommonName, "Test Root"))
	au.subject = name(printable(oidCountry, "CN"), printable(oidState, "Zhejiang"), utf8(oidLocality, "杭州"),
		printable(oidOrganization, "Example"), printable(oidUnit, "PKI"), printable(oidCommonName, "Test Sub CA"))
	return au
}

// issuerWith makes the authority's subordinate CA with other options.
func (au *authority) issuerWith(t testing.TB, options ca.IssuerOptions) *ca.Issuer {
	t.Helper()
	issuer, err := ca.NewIssuer(au.sub.CertificateChain, au.subKey, options)
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

// subWith makes another subordinate CA of the authority's root and sub key.
func (au *authority) subWith(t testing.TB, change func(*ca.CreateSubCACertificateRequest)) *ca.Issuer {
	t.Helper()
	req := subRequest(au.algorithm)
	change(req)
	sub, err := ca.CreateSubCACertificate(seeded(), instant, au.rootIssuer, au.subKey.Public(), req)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := ca.NewIssuer(sub.CertificateChain, au.subKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

// Valid requests, for the tables to change.

func rootRequest() *ca.CreateRootCACertificateRequest {
	return &ca.CreateRootCACertificateRequest{
		CommonName: "Test Root", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "杭州", State: "Zhejiang", CountryCode: "CN", Years: 10,
	}
}

func subRequest(a algorithm.Algorithm) *ca.CreateSubCACertificateRequest {
	return &ca.CreateSubCACertificateRequest{
		CommonName: "Test Sub CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "杭州", State: "Zhejiang", CountryCode: "CN", Algorithm: string(a), Years: 5,
	}
}

func serverRequest(issuer *ca.Issuer, csr string) *ca.CreateServerCertificateWithCsrRequest {
	return &ca.CreateServerCertificateWithCsrRequest{Csr: csr, ParentIdentifier: issuer.Identifier(), Days: 90}
}

// Certificates.

// decodePEM wants one CERTIFICATE block and nothing else.
func decodePEM(t testing.TB, text string) []byte {
	t.Helper()
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(rest) > 0 || block.Type != "CERTIFICATE" || len(block.Headers) > 0 ||
		string(pem.EncodeToMemory(block)) != text {
		t.Fatalf("not one PEM block CERTIFICATE that ends in a newline:\n%s", text)
	}
	return block.Bytes
}

func encodePEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func parse(t testing.TB, der []byte) *x509.Certificate {
	t.Helper()
	cert, err := x509der.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func parsePEM(t testing.TB, text string) *x509.Certificate {
	t.Helper()
	return parse(t, decodePEM(t, text))
}

// issue wants a certificate.
func issue(t testing.TB, issuer *ca.Issuer, req *ca.CreateServerCertificateWithCsrRequest) *x509.Certificate {
	t.Helper()
	_, der, err := ca.CreateServerCertificateWithCsr(seeded(), instant, issuer, req)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, der)
}

// namesOf lists a certificate's alternative names in the order they stand.
func namesOf(t testing.TB, cert *x509.Certificate) []string {
	t.Helper()
	var names []string
	for _, e := range cert.Extensions {
		if !e.Id.Equal([]int{2, 5, 29, 17}) {
			continue
		}
		list := cryptobyte.String(e.Value)
		if !list.ReadASN1(&list, asn1.SEQUENCE) {
			t.Fatal("subjectAltName is no SEQUENCE")
		}
		for !list.Empty() {
			var value cryptobyte.String
			var tag asn1.Tag
			if !list.ReadAnyASN1(&value, &tag) {
				t.Fatal("subjectAltName is malformed")
			}
			switch addr, ok := netip.AddrFromSlice(value); {
			case tag == 0x82:
				names = append(names, string(value))
			case tag == 0x87 && ok:
				names = append(names, addr.String())
			default:
				t.Fatalf("subjectAltName holds a name with tag %#x: %x", tag, value)
			}
		}
	}
	return names
}

var (
	requestIDForm  = regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`)
	identifierForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	serialForm     = regexp.MustCompile(`^[0-9a-f]{36}$`)
)

// golden compares got with a file in testdata.
func golden(t *testing.T, file string, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s mismatch (-want +got):\n%s", file, diff)
	}
}

// Texts.

// chinese is a text of n characters, three octets each.
func chinese(n int) string { return strings.Repeat("云", n) }

// numberedNames are n DNS names.
func numberedNames(n int) []string {
	var names []string
	for i := range n {
		names = append(names, "h"+string(rune('a'+i/26%26))+string(rune('a'+i%26))+".example.net")
	}
	return names
}

// tags are n tags.
func tags(n int) []ca.Tag { return slices.Repeat([]ca.Tag{{Key: "account", Value: "test"}}, n) }
