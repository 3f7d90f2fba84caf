package ca_test

import (
	"crypto"
	"crypto/x509"
	"net/netip"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// instant is when everything in these tests happens: the root CAs are valid for
// ten years from it, the subordinate ones for five.
var instant = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

var caEnd = instant.AddDate(5, 0, 0)

// Keys and signers.

// key returns a fixed key: 0 for roots, 1 for subordinate CAs, 2 for servers.
func key(a algorithm.Algorithm, i int) *algorithm.PrivateKey { return testkeys.Key(a, i) }

// The three codes that most rows have.
const (
	missing   = yuncert.ErrMissingParameter
	malformed = yuncert.ErrInvalidValueMalformed
	refused   = yuncert.ErrInvalidParameter
)

// CSRs.

// makeCSR signs a CSR with that Name and those extensions, in PEM.
func makeCSR(t testing.TB, key *algorithm.PrivateKey, subject []byte, extensions ...[]byte) string {
	t.Helper()
	attributes := asn.Explicit(0)
	if len(extensions) > 0 {
		attributes = asn.Explicit(0, asn.Seq(asn.OIDExtensionRequest, asn.TLV(asn1.SET, asn.Seq(extensions...))))
	}
	return signCSR(t, key, asn.Seq(asn.TLV(asn1.INTEGER, []byte{0}), subject, testkeys.PublicDER(t, key.Public()), attributes))
}

func signCSR(t testing.TB, key *algorithm.PrivateKey, info []byte) string {
	t.Helper()
	signature, err := key.SignMessage(nil, info, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	der := asn.Seq(info, asn.SignatureID(key.Algorithm().Family()), asn.Bits(signature))
	return testutil.EncodePEM("CERTIFICATE REQUEST", der)
}

// hostCSR is a CSR for the server key with a common name and alternative names.
func hostCSR(t testing.TB, a algorithm.Algorithm, commonName string, names ...string) string {
	t.Helper()
	subject := asn.Name()
	if commonName != "" {
		subject = asn.Name(asn.UTF8(asn.OIDCommonName, commonName))
	}
	if len(names) == 0 {
		return makeCSR(t, key(a, 2), subject)
	}
	return makeCSR(t, key(a, 2), subject, asn.Extension(asn.OIDAltName, false, asn.GeneralNames(names...)))
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
	for _, a := range testkeys.All {
		made[a] = sync.OnceValue(func() *authority { return newAuthority(a) })
	}
	return made
}()

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
	random := testutil.Seeded()
	var err error
	au.root, err = ca.CreateRootCACertificate(random, instant, au.rootKey, rootRequest())
	must(err)
	au.rootIssuer, err = ca.NewIssuer(au.root.CertificateChain, au.rootKey, ca.IssuerOptions{})
	must(err)
	au.sub, err = ca.CreateSubCACertificate(random, instant, au.rootIssuer, au.subKey.Public(), subRequest(a))
	must(err)
	au.issuer, err = ca.NewIssuer(au.sub.CertificateChain, au.subKey, ca.IssuerOptions{CRLBase: crlBase})
	must(err)
	au.rootSubject = asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"),
		asn.Printable(asn.OIDOrganization, "Example"), asn.Printable(asn.OIDUnit, "PKI"), asn.Printable(asn.OIDCommonName, "Test Root"))
	au.subject = asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"),
		asn.Printable(asn.OIDOrganization, "Example"), asn.Printable(asn.OIDUnit, "PKI"), asn.Printable(asn.OIDCommonName, "Test Sub CA"))
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
	sub, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, au.rootIssuer, au.subKey.Public(), req)
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
	return parse(t, testutil.DecodePEM(t, "CERTIFICATE", text))
}

// issue wants a certificate.
func issue(t testing.TB, issuer *ca.Issuer, req *ca.CreateServerCertificateWithCsrRequest) *x509.Certificate {
	t.Helper()
	_, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, der)
}

// namesOf lists a certificate's alternative names in their order.
func namesOf(t testing.TB, cert *x509.Certificate) []string {
	t.Helper()
	var names []string
	for _, e := range cert.Extensions {
		if !e.Id.Equal([]int{2, 5, 29, 17}) {
			continue
		}
		list := cryptobyte.String(e.Value)
		if !list.ReadASN1(&list, asn1.SEQUENCE) {
			t.Fatal("subjectAltName is not a SEQUENCE")
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
	serialForm = regexp.MustCompile(`^[0-9a-f]{36}$`)
)

// Texts.

// tags are n tags.
func tags(n int) []ca.Tag { return slices.Repeat([]ca.Tag{{Key: "account", Value: "test"}}, n) }
