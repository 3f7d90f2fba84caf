package order_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

// whole returns a time in whole seconds, as certificates hold it.
func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// Certificates that Issue signs, by product, key and kind of name.
func TestIssue(t *testing.T) {
	t.Parallel()
	const (
		free     = "digicert-free-1-free"
		year     = "symantec-free-1-free"
		wildcard = "geotrust-dv-w-starter"
	)
	tests := []struct {
		name    string
		key     algorithm.Algorithm
		cn      string
		others  []string // alternative names in the CSR
		product string
		months  int
		subject string
		names   []string
		hosts   []string
		not     []string
	}{
		{"the free trial", algorithm.ECC_256, "www.example.com", nil, free, 3, "CN=www.example.com",
			[]string{"www.example.com"}, []string{"www.example.com", "WWW.EXAMPLE.COM"}, []string{"example.com", "a.www.example.com"}},
		{"the free year", algorithm.ECC_256, "example.com", nil, year, 12, "CN=example.com",
			[]string{"example.com"}, []string{"example.com"}, []string{"www.example.com"}},
		{"a wildcard", algorithm.ECC_256, "*.example.com", nil, wildcard, 12, "CN=*.example.com",
			[]string{"*.example.com", "example.com"}, []string{"example.com", "www.example.com"}, []string{"a.b.example.com", "example.net"}},
		{"a wildcard of a product for both kinds", algorithm.ECC_256, "*.a.example.com", nil, "symantec-dv-1-starter", 12, "CN=*.a.example.com",
			[]string{"*.a.example.com", "a.example.com"}, []string{"a.example.com", "b.a.example.com"}, []string{"example.com"}},
		{"names of the CSR that were not proved", algorithm.ECC_256, "www.example.com", []string{"bank.example", "*.example.com", "192.0.2.1", "2001:db8::1"}, free, 3, "CN=www.example.com",
			[]string{"www.example.com"}, []string{"www.example.com"}, []string{"bank.example", "a.example.com", "192.0.2.1", "2001:db8::1"}},
		{"a name in Chinese", algorithm.ECC_256, "例子.中国", nil, free, 3, "CN=xn--fsqu00a.xn--fiqs8s",
			[]string{"xn--fsqu00a.xn--fiqs8s"}, []string{"xn--fsqu00a.xn--fiqs8s"}, nil},
		{"a name too long for a subject", algorithm.ECC_256, longName(), nil, free, 3, "", nil, nil, nil},
		{"ECC 384", algorithm.ECC_384, "www.example.com", nil, free, 3, "CN=www.example.com", []string{"www.example.com"}, []string{"www.example.com"}, nil},
		{"ECC 512", algorithm.ECC_512, "www.example.com", nil, free, 3, "CN=www.example.com", []string{"www.example.com"}, []string{"www.example.com"}, nil},
		{"RSA 2048", algorithm.RSA_2048, "www.example.com", nil, free, 3, "CN=www.example.com", []string{"www.example.com"}, []string{"www.example.com"}, nil},
		{"RSA 3072", algorithm.RSA_3072, "*.example.com", nil, wildcard, 12, "CN=*.example.com", []string{"*.example.com", "example.com"}, []string{"a.example.com"}, nil},
		{"RSA 4096", algorithm.RSA_4096, "www.example.com", nil, free, 3, "CN=www.example.com", []string{"www.example.com"}, []string{"www.example.com"}, nil},
	}
	both := []algorithm.Algorithm{algorithm.ECC_256, algorithm.RSA_2048} // the keys of the CAs
	for n := range 2 * len(tests) {
		tt, issuer := tests[n/2], both[n%2]
		t.Run(fmt.Sprintf("%s, by a CA of %s", tt.name, issuer), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(issuer)
			book, _ := newBook(t, proved)
			req := application(hostCSR(t, tt.key, tt.cn, tt.others...))
			req.ProductCode = tt.product
			o := reach(t, book, order.StateProcess, req)
			names := tt.names
			if names == nil {
				names = []string{o.Domain}
			}

			got := must[order.Order](t)(book.Issue(t.Context(), testutil.Seeded(), later, au.issuer, o.OrderId))
			want := o
			want.State, want.Updated, want.Certificate = order.StateCertificate, stored.Add(time.Hour), got.Certificate
			want.Issued, want.NotAfter = want.Updated, whole(later).AddDate(0, tt.months, 0)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order mismatch (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(got, read(t, book, o.OrderId)); diff != "" {
				t.Errorf("the stored order differs from the returned one (-returned +stored):\n%s", diff)
			}
			checkCounts(t, book, tt.product, plentiful, 1, 1)

			// The certificate is followed by the CA below the root.
			if !strings.HasSuffix(got.Certificate, au.subPEM) || strings.Contains(got.Certificate, au.rootPEM) {
				t.Errorf("not the certificate and its CA:\n%s", got.Certificate)
			}
			chain := parsePEM(t, got.Certificate)
			if len(chain) != 2 {
				t.Fatalf("%d certificates, want 2", len(chain))
			}
			cert := chain[0]
			if cert.Subject.String() != tt.subject || len(cert.Subject.Names) > 1 {
				t.Errorf("subject %q, want %q", cert.Subject, tt.subject)
			}
			if diff := cmp.Diff(names, cert.DNSNames); diff != "" {
				t.Errorf("DNS names mismatch (-want +got):\n%s", diff)
			}
			if len(cert.IPAddresses)+len(cert.EmailAddresses)+len(cert.URIs) > 0 {
				t.Errorf("other alternative names: %v %v %v", cert.IPAddresses, cert.EmailAddresses, cert.URIs)
			}
			if begin := whole(later); !cert.NotBefore.Equal(begin) || !cert.NotAfter.Equal(begin.AddDate(0, tt.months, 0)) {
				t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
			}
			if !testutil.EqualKeys(testkeys.Key(tt.key, 2).Public(), cert.PublicKey) {
				t.Error("the key is not the CSR's")
			}
			if diff := cmp.Diff([]string{crlBase + "/" + au.issuer.Identifier() + ".crl"}, cert.CRLDistributionPoints); diff != "" {
				t.Errorf("CRL distribution points mismatch (-want +got):\n%s", diff)
			}
			usage := x509.KeyUsageDigitalSignature
			if tt.key.Family() == "RSA" {
				usage |= x509.KeyUsageKeyEncipherment
			}
			if cert.IsCA || !cert.BasicConstraintsValid || cert.KeyUsage != usage || !slices.Equal(cert.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) {
				t.Errorf("CA %v, key usage %b, extended %v", cert.IsCA, cert.KeyUsage, cert.ExtKeyUsage)
			}

			// crypto/x509 and ca.Verify accept it, and it is valid for no other
			// host.
			root := parsePEM(t, au.rootPEM)
			for _, host := range append(tt.hosts, strings.Replace(names[0], "*", "x", 1)) {
				if _, err := cert.Verify(x509.VerifyOptions{DNSName: host, Roots: poolOf(t, root...), Intermediates: poolOf(t, chain[1:]...), CurrentTime: later}); err != nil {
					t.Errorf("crypto/x509, %s: %v", host, err)
				}
				leaf := testutil.EncodePEM("CERTIFICATE", cert.Raw)
				if _, err := ca.Verify(later, leaf, ca.VerifyOptions{Host: host, Roots: au.rootPEM, Intermediates: got.Certificate[len(leaf):], Usage: x509.ExtKeyUsageServerAuth}); err != nil {
					t.Errorf("ca.Verify, %s: %v", host, err)
				}
			}
			for _, host := range tt.not {
				if cert.VerifyHostname(host) == nil {
					t.Errorf("the certificate is valid for %s", host)
				}
			}

			state := must[*order.DescribeCertificateStateResponse](t)(book.DescribeCertificateState(t.Context(), testutil.Seeded(), &order.DescribeCertificateStateRequest{OrderId: o.OrderId}))
			sum := md5.Sum(cert.Raw)
			wantState := &order.DescribeCertificateStateResponse{
				RequestId: state.RequestId, Type: "certificate", Certificate: got.Certificate, CertId: hex.EncodeToString(sum[:]),
			}
			if diff := cmp.Diff(wantState, state); diff != "" {
				t.Errorf("state mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// CertId is the Identifier that package ca returns.
func TestCertIdIsIdentifier(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	resp, _, err := ca.CreateDomainCertificate(testutil.Seeded(), later, au.issuer, &ca.CreateDomainCertificateRequest{
		Csr: plainCSR(t), Domain: "www.example.com", Months: 3, Immediately: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	book, _ := newBook(t, proved)
	o := reach(t, book, order.StateProcess, application(plainCSR(t)))
	got := must[order.Order](t)(book.Issue(t.Context(), testutil.Seeded(), later, au.issuer, o.OrderId))
	state := must[*order.DescribeCertificateStateResponse](t)(book.DescribeCertificateState(t.Context(), testutil.Seeded(), &order.DescribeCertificateStateRequest{OrderId: o.OrderId}))
	if state.CertId != resp.Identifier {
		t.Errorf("CertId %s, want the Identifier %s", state.CertId, resp.Identifier)
	}
	if got.Certificate != resp.X509Certificate+au.subPEM {
		t.Errorf("CreateDomainCertificate makes another certificate from the same inputs:\n%s", got.Certificate)
	}
}

// The same randomness, time, key and order give the same certificate. Different
// ones give a different certificate.
func TestIssueDeterminism(t *testing.T) {
	t.Parallel()
	run := func(random io.Reader, now time.Time, a algorithm.Algorithm) string {
		book, _ := newBook(t, proved)
		csr := plainCSR(t)
		if a == algorithm.RSA_2048 {
			csr = hostCSR(t, a, "www.example.com")
		}
		o := reach(t, book, order.StateProcess, application(csr))
		return must[order.Order](t)(book.Issue(t.Context(), random, now, authorityOf(a).issuer, o.OrderId)).Certificate
	}
	other := testutil.Seeded()
	other.Read(make([]byte, 1))
	for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.RSA_2048} {
		first := run(testutil.Seeded(), instant, a)
		if again := run(testutil.Seeded(), instant, a); first != again {
			t.Errorf("%s: the same inputs gave different certificates", a)
		}
		if again := run(testutil.Seeded(), instant.Add(time.Nanosecond), a); first != again {
			t.Errorf("%s: a nanosecond changes the certificate", a)
		}
		if run(testutil.Seeded(), instant.Add(time.Second), a) == first || run(other, instant, a) == first {
			t.Errorf("%s: different inputs gave the same certificate", a)
		}
	}
}

// If Issue fails, the order does not change.
func TestIssueRefused(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	tests := []struct {
		name      string
		csr       string
		random    io.Reader
		now       time.Time
		issuer    *ca.Issuer
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"no issuer", plainCSR(t), testutil.Untouched(t), later, nil, yuncert.ErrNotFound, "ParentIdentifier", "there is no issuing CA"},
		{"an SM2 issuer", plainCSR(t), testutil.Untouched(t), later, authorityOf(algorithm.SM2_256).issuer, refused, "Csr", "ECC_256"},
		{"a root as the issuer", plainCSR(t), testutil.Untouched(t), later, au.root, refused, "ParentIdentifier", "root CA"},
		{"an expired issuer", plainCSR(t), testutil.Untouched(t), instant.AddDate(5, 0, 1), au.issuer, yuncert.ErrCertificateExpired, "ParentIdentifier", "2031"},
		{"an issuer that is not valid yet", plainCSR(t), testutil.Untouched(t), instant.Add(-time.Hour), au.issuer, yuncert.ErrCertificateExpired, "ParentIdentifier", "2026"},
		{"an issuer that ends within the term", plainCSR(t), testutil.Untouched(t), instant.AddDate(5, -3, 1), au.issuer, refused, "Months", "2031"},
		{"the key of the CA", makeCSR(t, testkeys.Key(algorithm.ECC_256, 1), &x509.CertificateRequest{Subject: pkix.Name{CommonName: "www.example.com"}}),
			testutil.Untouched(t), later, au.issuer, refused, "Csr", "CA"},
		{"no randomness", plainCSR(t), testutil.Broken, later, au.issuer, yuncert.ErrInternalError, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			book, store := newBook(t, proved)
			o := reach(t, book, order.StateProcess, application(tt.csr))
			before := everything(t, store)
			got, err := book.Issue(t.Context(), tt.random, tt.now, tt.issuer, o.OrderId)
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
			if got != (order.Order{}) {
				t.Errorf("a result with an error: %+v", got)
			}
			checkUnchanged(t, store, before)
		})
	}
}

// If another call changes the state of the order while the CA signs, the
// certificate is discarded.
func TestOrderChangesDuringIssue(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for _, op := range operations() {
		next, ok := op.next[order.StateProcess]
		if !ok {
			continue
		}
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			book, store := newBook(t, proved)
			o := reach(t, book, order.StateProcess, application(plainCSR(t)))
			var before contents
			signed := 0
			issuer := must[*ca.Issuer](t)(ca.NewIssuer(au.chainPEM, testutil.SignerFunc(testkeys.Key(algorithm.ECC_256, 1).Public(),
				func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
					signed++
					must[order.Order](t)(op.run(t, book, o))
					before = everything(t, store)
					return testkeys.Key(algorithm.ECC_256, 1).Sign(rand, digest, opts)
				}), ca.IssuerOptions{}))
			got, err := book.Issue(t.Context(), testutil.Seeded(), later, issuer, o.OrderId)
			testutil.CheckError(t, err, wrong, "OrderId", "state "+string(next)+";", "process")
			if got != (order.Order{}) {
				t.Errorf("a result with an error: %+v", got)
			}
			if signed != 1 {
				t.Errorf("%d signatures, want 1", signed)
			}
			checkUnchanged(t, store, before)
		})
	}

	t.Run("the signer fails", func(t *testing.T) {
		t.Parallel()
		book, store := newBook(t, proved)
		o := reach(t, book, order.StateProcess, application(plainCSR(t)))
		before := everything(t, store)
		issuer := must[*ca.Issuer](t)(ca.NewIssuer(au.chainPEM, testutil.Failing(testkeys.Key(algorithm.ECC_256, 1).Public()), ca.IssuerOptions{}))
		_, err := book.Issue(t.Context(), testutil.Seeded(), later, issuer, o.OrderId)
		testutil.CheckError(t, err, yuncert.ErrInternalError, "")
		if !errors.Is(err, testutil.ErrSigner) {
			t.Errorf("%v does not wrap the cause", err)
		}
		checkUnchanged(t, store, before)
	})
	t.Run("ctx ends", func(t *testing.T) {
		t.Parallel()
		book, store := newBook(t, proved)
		o := reach(t, book, order.StateProcess, application(plainCSR(t)))
		before := everything(t, store)
		ctx, cancel := context.WithCancel(t.Context())
		issuer := must[*ca.Issuer](t)(ca.NewIssuer(au.chainPEM, testutil.SignerFunc(testkeys.Key(algorithm.ECC_256, 1).Public(),
			func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
				cancel()
				return testkeys.Key(algorithm.ECC_256, 1).Sign(rand, digest, opts)
			}), ca.IssuerOptions{}))
		_, err := book.Issue(ctx, testutil.Seeded(), later, issuer, o.OrderId)
		testutil.CheckError(t, err, broke, "")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v is not context.Canceled", err)
		}
		checkUnchanged(t, store, before)
	})
}

// Issue does not sign if the state of the order does not allow it.
func TestNoNeedlessSignature(t *testing.T) {
	t.Parallel()
	book, _ := newBook(t, proved)
	issuer := must[*ca.Issuer](t)(ca.NewIssuer(authorityOf(algorithm.ECC_256).chainPEM, testutil.Unused(t, testkeys.Key(algorithm.ECC_256, 1).Public()), ca.IssuerOptions{}))
	for _, state := range states {
		if state == order.StateProcess {
			continue
		}
		o := reach(t, book, state, application(plainCSR(t)))
		_, err := book.Issue(t.Context(), testutil.Untouched(t), later, issuer, o.OrderId)
		testutil.CheckError(t, err, wrong, "OrderId", string(state), "process")
	}
}

// An outsideCA is a CA of another implementation, crypto/x509: a root and a
// subordinate CA.
type outsideCA struct{ root, sub *x509.Certificate }

var outside = sync.OnceValue(func() *outsideCA {
	template, rootKey := outsideTemplate("Outside Root"), testkeys.Key(algorithm.ECC_384, 0)
	root := mustSign(template, template, rootKey.Public(), rootKey)
	return &outsideCA{root, mustSign(outsideTemplate("Outside CA"), root, testkeys.Key(algorithm.ECC_384, 1).Public(), rootKey)}
})

func outsideTemplate(commonName string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: commonName, Organization: []string{"Outside"}},
		NotBefore: whole(instant).AddDate(-1, 0, 0), NotAfter: whole(instant).AddDate(9, 0, 0),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
	}
}

func mustSign(template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert
}

// subWith returns a changed certificate for the key of the subordinate CA.
func (o *outsideCA) subWith(change func(*x509.Certificate)) string {
	template := outsideTemplate("Outside CA")
	change(template)
	return testutil.EncodePEM("CERTIFICATE", mustSign(template, o.root, o.sub.PublicKey, testkeys.Key(algorithm.ECC_384, 0)).Raw)
}

// leaf returns a certificate for the server key and www.example.com, after
// change. No CA certificate follows it.
func (o *outsideCA) leaf(t testing.TB, change func(*x509.Certificate)) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "www.example.com", Organization: []string{"Example"}}, DNSNames: []string{"www.example.com"},
		NotBefore: whole(instant).Add(-time.Hour), NotAfter: whole(instant).AddDate(0, 3, 0), PublicKey: testkeys.Key(algorithm.ECC_256, 2).Public(),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	if change != nil {
		change(template)
	}
	return testutil.EncodePEM("CERTIFICATE", must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, o.sub, template.PublicKey, testkeys.Key(algorithm.ECC_384, 1))))
}

// certificate returns a leaf followed by its CA.
func (o *outsideCA) certificate(t testing.TB, change func(*x509.Certificate)) string {
	t.Helper()
	return o.leaf(t, change) + o.subPEM()
}

func (o *outsideCA) subPEM() string  { return testutil.EncodePEM("CERTIFICATE", o.sub.Raw) }
func (o *outsideCA) rootPEM() string { return testutil.EncodePEM("CERTIFICATE", o.root.Raw) }

// pssCertificate returns a certificate for the server key, its CA and the root, with
// RSASSA-PSS signatures.
func pssCertificate(t testing.TB) string {
	t.Helper()
	rootKey, subKey := testkeys.Key(algorithm.RSA_3072, 0), testkeys.Key(algorithm.RSA_2048, 1)
	root, sub, leaf := outsideTemplate("PSS Root"), outsideTemplate("PSS CA"), outsideTemplate("www.example.com")
	root.SignatureAlgorithm, sub.SignatureAlgorithm, leaf.SignatureAlgorithm = x509.SHA512WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA256WithRSAPSS
	leaf.IsCA, leaf.KeyUsage, leaf.ExtKeyUsage, leaf.DNSNames = false, 0, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, []string{"www.example.com"}
	text := ""
	for _, cert := range []*x509.Certificate{
		mustSign(leaf, sub, testkeys.Key(algorithm.ECC_256, 2).Public(), subKey),
		mustSign(sub, root, subKey.Public(), rootKey),
		mustSign(root, root, rootKey.Public(), rootKey),
	} {
		text += testutil.EncodePEM("CERTIFICATE", cert.Raw)
	}
	return text
}

// Certificates that Complete accepts, and what it stores.
func TestComplete(t *testing.T) {
	t.Parallel()
	out := outside()
	names := func(list ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.DNSNames = list }
	}
	certificate := out.certificate(t, nil)
	tests := []struct {
		name  string
		cn    string
		given string
		want  string // the stored text; empty means given
	}{
		{"with its CA", "www.example.com", certificate, ""},
		{"without its CA", "www.example.com", out.leaf(t, nil), ""},
		{"with RSASSA-PSS", "www.example.com", pssCertificate(t), ""},
		{"with its CA, without a line break between them", "www.example.com", strings.TrimSpace(out.leaf(t, nil)) + out.subPEM(), "*"},
		{"with its CA and the root", "www.example.com", certificate + out.rootPEM(), ""},
		{"without a subject", "www.example.com", out.leaf(t, func(c *x509.Certificate) { c.Subject = pkix.Name{} }), ""},
		{"with other names too", "www.example.com", out.leaf(t, names("example.com", "www.example.com", "shop.example.com")), ""},
		{"with another common name", "www.example.com", out.leaf(t, func(c *x509.Certificate) { c.Subject.CommonName = "example.com" }), ""},
		{"of a wildcard that covers the domain", "www.example.com", out.leaf(t, names("*.example.com")), ""},
		{"in capitals", "www.example.com", out.leaf(t, names("WWW.EXAMPLE.COM")), ""},
		{"of a wildcard", "*.example.com", out.leaf(t, names("*.example.com", "example.com")), ""},
		{"of a wildcard in capitals", "*.example.com", out.leaf(t, names("*.EXAMPLE.COM")), ""},
		{"also for clients", "www.example.com", out.leaf(t, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
		}), ""},
		{"that begins now", "www.example.com", out.leaf(t, func(c *x509.Certificate) { c.NotBefore = whole(later) }), ""},
		{"that begins in 5 minutes", "www.example.com", out.leaf(t, func(c *x509.Certificate) { c.NotBefore = whole(later).Add(5 * time.Minute) }), ""},
		{"that ends in a second", "www.example.com", out.leaf(t, func(c *x509.Certificate) { c.NotAfter = whole(later).Add(time.Second) }), ""},
		{"with a CA of the same name and key", "www.example.com", out.leaf(t, nil) + out.subWith(func(c *x509.Certificate) { c.SerialNumber = big.NewInt(7) }), ""},
		{"with a CA whose name is written in another way", "www.example.com", out.leaf(t, nil) + out.subWith(func(c *x509.Certificate) { c.Subject.CommonName = "OUTSIDE  ca" }), ""},
		{"with text around", "www.example.com", "subject: www\n" + out.leaf(t, nil) + "issuer: Outside CA\n" + out.subPEM() + "end\n", "*"},
		{"with CRLF and a byte-order mark", "www.example.com", "\ufeff" + strings.ReplaceAll(certificate, "\n", "\r\n"), "*"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			book, _ := newBook(t, proved)
			req := application(hostCSR(t, algorithm.ECC_256, tt.cn))
			if strings.HasPrefix(tt.cn, "*") {
				req.ProductCode = "geotrust-dv-w-starter"
			}
			o := reach(t, book, order.StateProcess, req)
			got := must[order.Order](t)(book.Complete(t.Context(), later, o.OrderId, tt.given))
			want := o
			want.State, want.Updated, want.Certificate = order.StateCertificate, stored.Add(time.Hour), tt.given
			want.Issued, want.NotAfter = want.Updated, parsePEM(t, got.Certificate)[0].NotAfter
			if tt.want == "*" {
				want.Certificate = got.Certificate
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order mismatch (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(got, read(t, book, o.OrderId)); diff != "" {
				t.Errorf("the stored order differs from the returned one (-returned +stored):\n%s", diff)
			}
			checkCounts(t, book, o.ProductCode, plentiful, 1, 1)
			chain := parsePEM(t, got.Certificate)
			if !testutil.EqualKeys(testkeys.Key(algorithm.ECC_256, 2).Public(), chain[0].PublicKey) {
				t.Error("the key is not the CSR's")
			}
			state := must[*order.DescribeCertificateStateResponse](t)(book.DescribeCertificateState(t.Context(), testutil.Seeded(), &order.DescribeCertificateStateRequest{OrderId: o.OrderId}))
			sum := md5.Sum(chain[0].Raw)
			if state.Certificate != got.Certificate || state.CertId != hex.EncodeToString(sum[:]) {
				t.Errorf("DescribeCertificateState has CertId %s of\n%s", state.CertId, state.Certificate)
			}
		})
	}
}

// If Complete refuses a certificate, the order does not change.
func TestCompleteRefused(t *testing.T) {
	t.Parallel()
	out := outside()
	leaf := func(change func(*x509.Certificate)) func(testing.TB) string {
		return func(t testing.TB) string { return out.certificate(t, change) }
	}
	is := func(text string) func(testing.TB) string { return func(testing.TB) string { return text } }
	p224 := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
	edwards := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public()
	foreign := authorityOf(algorithm.ECC_256)
	const badKey, badName = "key is not the key in the order's CSR", "the certificate's names do not cover"
	damaged := func(testing.TB) string {
		der := testutil.DecodePEM(t, "CERTIFICATE", out.leaf(t, nil))
		der = bytes.Clone(der)
		der[len(der)-1] ^= 1
		return testutil.EncodePEM("CERTIFICATE", der) + out.subPEM()
	}
	withSHA224 := func(testing.TB) string {
		der := testutil.DecodePEM(t, "CERTIFICATE", out.leaf(t, nil))
		der = bytes.ReplaceAll(der, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3}, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1}) // RFC 5758, section 3.2
		return testutil.EncodePEM("CERTIFICATE", der) + out.subPEM()
	}
	var manyNames []string
	for n := range 250 {
		manyNames = append(manyNames, fmt.Sprintf("host%d.example.com", n))
	}
	tests := []struct {
		name    string
		cn      string
		given   func(testing.TB) string
		code    yuncert.Code
		mention string
	}{
		{"nothing", "www.example.com", is(""), malformed, "no certificate in PEM"},
		{"garbage", "www.example.com", is("garbage"), malformed, "no certificate in PEM"},
		{"DER", "www.example.com", is(string(out.sub.Raw)), malformed, "no certificate in PEM"},
		{"a private key", "www.example.com", is(string(testkeys.PEM(algorithm.ECC_256, 2))), malformed, "not a CERTIFICATE"},
		{"a private key after the certificate", "www.example.com", is(out.certificate(t, nil) + string(testkeys.PEM(algorithm.ECC_256, 2))), malformed, "not a CERTIFICATE"},
		{"a CSR", "www.example.com", plainCSR, malformed, "not a CERTIFICATE"},
		{"PEM that is not a certificate", "www.example.com", is(testutil.EncodePEM("CERTIFICATE", []byte("garbage"))), malformed, "certificate 1 cannot be read"},
		{"PEM that is not a certificate, after the certificate", "www.example.com", is(out.leaf(t, nil) + testutil.EncodePEM("CERTIFICATE", nil)), malformed, "certificate 2 cannot be read"},
		{"an octet after the certificate", "www.example.com", is(testutil.EncodePEM("CERTIFICATE", append(testutil.DecodePEM(t, "CERTIFICATE", out.leaf(t, nil)), 0))), malformed, "certificate 1 cannot be read"},
		{"a key on an unknown curve", "www.example.com", leaf(func(c *x509.Certificate) { c.PublicKey = p224.Public() }), malformed, "curve is not supported"},
		{"11 certificates", "www.example.com", is(out.leaf(t, nil) + strings.Repeat(out.subPEM(), 10)), malformed, "more than 10 certificates"},

		{"another key", "www.example.com", leaf(func(c *x509.Certificate) { c.PublicKey = testkeys.Key(algorithm.ECC_256, 1).Public() }), refused, badKey},
		{"a key of another family", "www.example.com", leaf(func(c *x509.Certificate) { c.PublicKey = testkeys.Key(algorithm.RSA_2048, 2).Public() }), refused, badKey},
		{"a key of an unknown algorithm", "www.example.com", leaf(func(c *x509.Certificate) { c.PublicKey = edwards }), malformed, "algorithm is not supported"},
		{"only the CA's certificate", "www.example.com", is(out.subPEM()), refused, badKey + "; want a certificate made from this CSR"},

		{"another name", "www.example.com", leaf(func(c *x509.Certificate) { c.DNSNames = []string{"www.example.net"} }), refused, badName + ` "www.example.com"; its DNS names are "www.example.net"`},
		{"250 names", "www.example.com", leaf(func(c *x509.Certificate) { c.DNSNames = manyNames }), refused, badName + ` "www.example.com"; its DNS names are "host0.example.com, `},
		{"the parent domain", "www.example.com", leaf(func(c *x509.Certificate) { c.DNSNames = []string{"example.com"} }), refused, badName},
		{"a name below the domain", "example.com", leaf(nil), refused, badName},
		{"a wildcard that does not cover the domain", "example.com", leaf(func(c *x509.Certificate) { c.DNSNames = []string{"*.example.com"} }), refused, badName},
		{"a wildcard of the grandparent domain", "a.b.example.com", leaf(func(c *x509.Certificate) { c.DNSNames = []string{"*.example.com"} }), refused, badName},
		{"a common name but no alternative name", "www.example.com", leaf(func(c *x509.Certificate) { c.DNSNames = nil }), refused, "it has no DNS name in subjectAltName, and a common name does not count"},
		{"another kind of alternative name", "www.example.com", leaf(func(c *x509.Certificate) {
			c.DNSNames, c.EmailAddresses = nil, []string{"tom@www.example.com"}
		}), refused, badName},
		{"a plain name for a wildcard", "*.example.com", leaf(nil), refused, badName + ` "*.example.com"`},
		{"the proved name instead of its wildcard", "*.example.com", leaf(func(c *x509.Certificate) { c.DNSNames = []string{"example.com", "www.example.com"} }), refused, badName},
		{"another wildcard", "*.example.com", leaf(func(c *x509.Certificate) { c.DNSNames = []string{"*.www.example.com"} }), refused, badName},
		{"a wildcard in the common name only", "*.example.com", leaf(func(c *x509.Certificate) {
			c.Subject.CommonName, c.DNSNames = "*.example.com", []string{"example.com"}
		}), refused, badName},

		{"a CA certificate", "www.example.com", leaf(func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign }), refused, "is a CA certificate"},
		{"no extended key usage", "www.example.com", leaf(func(c *x509.Certificate) { c.ExtKeyUsage = nil }), refused, "serverAuth"},
		{"only for clients", "www.example.com", leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), refused, "serverAuth"},
		{"expired", "www.example.com", leaf(func(c *x509.Certificate) { c.NotAfter = whole(later).Add(-time.Second) }), refused, "until 2026-03-04T06:06:06Z, and now is 2026-03-04T06:06:07Z; want a certificate that has not expired"},
		{"not yet valid", "www.example.com", leaf(func(c *x509.Certificate) { c.NotBefore = whole(later).Add(5*time.Minute + time.Second) }), refused, "from 2026-03-04T06:11:08Z, and now is 2026-03-04T06:06:07Z; try again when it is valid"},

		{"a CA that did not sign", "www.example.com", is(out.leaf(t, nil) + foreign.subPEM), refused, `certificate 2 is not a certificate of the CA that signed certificate 1: its subject, with the common name "Test Sub CA", is not the issuer`},
		{"a signer of another name", "www.example.com", is(out.leaf(t, nil) + out.subWith(func(c *x509.Certificate) { c.Subject.CommonName = "Outside CA 2" })), refused, `"Outside CA 2", is not the issuer, with the common name "Outside CA"`},
		{"a signer of a name of a mebibyte", "www.example.com", is(out.leaf(t, nil) + out.subWith(func(c *x509.Certificate) { c.Subject.CommonName = strings.Repeat("x", 1<<20) })), refused, "certificate 2"},
		{"a signer that is not a CA", "www.example.com", is(out.leaf(t, nil) + out.subWith(func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, 0 })), refused, "certificate 2 is not a certificate of the CA that signed certificate 1: it is not a CA certificate"},
		{"the root instead of the CA", "www.example.com", is(out.leaf(t, nil) + out.rootPEM() + out.subPEM()), refused, "certificate 2"},
		{"a foreign root after the CA", "www.example.com", is(out.certificate(t, nil) + foreign.rootPEM), refused, "certificate 3 is not a certificate of the CA that signed certificate 2"},
		{"the certificate twice", "www.example.com", func(t testing.TB) string { text := out.leaf(t, nil); return text + text }, refused, "certificate 2"},
		{"the CA before the certificate", "www.example.com", is(out.subPEM() + out.leaf(t, nil)), refused, badKey + ", but the key of certificate 2 is; put certificate 2 first"},
		{"a signature that was changed", "www.example.com", damaged, refused, "certificate 2 is not a certificate of the CA that signed certificate 1: the signature does not"},
		{"a signature with SHA-224", "www.example.com", withSHA224, refused, "the signature of certificate 1 cannot be verified: the signature algorithm"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			book, store := newBook(t, proved)
			req := application(hostCSR(t, algorithm.ECC_256, tt.cn))
			if strings.HasPrefix(tt.cn, "*") {
				req.ProductCode = "geotrust-dv-w-starter"
			}
			o := reach(t, book, order.StateProcess, req)
			before := everything(t, store)
			got, err := book.Complete(t.Context(), later, o.OrderId, tt.given(t))
			testutil.CheckError(t, err, tt.code, "Certificate", tt.mention)
			if n := len(err.Error()); n > 400 {
				t.Errorf("the error has %d octets", n)
			}
			if got != (order.Order{}) {
				t.Errorf("a result with an error: %+v", got)
			}
			checkUnchanged(t, store, before)
		})
	}
}

// Complete checks the form of the certificate first, then the order and its
// state, and then whether the certificate fits the order.
func TestCompleteOrderOfProblems(t *testing.T) {
	t.Parallel()
	book, _ := newBook(t, proved)
	other := outside().leaf(t, func(c *x509.Certificate) { c.DNSNames = []string{"example.net"} })
	_, err := book.Complete(t.Context(), later, 1, "garbage")
	testutil.CheckError(t, err, malformed, "Certificate")
	_, err = book.Complete(t.Context(), later, 1, other)
	testutil.CheckError(t, err, unknown, "OrderId")
	o := reach(t, book, order.StateDomainVerify, application(plainCSR(t)))
	_, err = book.Complete(t.Context(), later, o.OrderId, other)
	testutil.CheckError(t, err, wrong, "OrderId", "domain_verify", "process")
	must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
	_, err = book.Complete(t.Context(), later, o.OrderId, other)
	testutil.CheckError(t, err, refused, "Certificate")
}

// Complete accepts the certificates that Issue makes and stores them unchanged.
func TestCompleteWithOurs(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.RSA_2048} {
		au := authorityOf(a)
		book, _ := newBook(t, proved)
		csr := hostCSR(t, a, "www.example.com")
		issued := reach(t, book, order.StateProcess, application(csr))
		issued = must[order.Order](t)(book.Issue(t.Context(), testutil.Seeded(), later, au.issuer, issued.OrderId))
		completed := reach(t, book, order.StateProcess, application(csr))
		completed = must[order.Order](t)(book.Complete(t.Context(), later, completed.OrderId, issued.Certificate))
		if completed.Certificate != issued.Certificate {
			t.Errorf("%s: Complete stored\n%s\nwant\n%s", a, completed.Certificate, issued.Certificate)
		}
		checkCounts(t, book, "", plentiful, 2, 2)
	}
}

func TestFail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, reason string
		mention      string // in the message of a refusal; empty if accepted
	}{
		{"a reason", "the domain is on a list", ""},
		{"a reason of one character", "x", ""},
		{"500 characters", testutil.Chinese(500), ""},
		{"501 characters", testutil.Chinese(501), "up to 500 characters"},
		{"a mebibyte", strings.Repeat("a", 1<<20), "up to 500 characters"},
		{"not UTF-8", "no\xff", `"no\xff"`},
		{"a newline", "no\nreason", `"no\nreason"`},
		{"a NUL", "no\x00", "control characters"},
		{"a control character above ASCII", "no\u0085", "control characters"},
	}
	t.Run("no reason", func(t *testing.T) {
		t.Parallel()
		book, _ := newBook(t, proved)
		o := reach(t, book, order.StateProcess, application(plainCSR(t)))
		_, err := book.Fail(t.Context(), later, o.OrderId, "")
		testutil.CheckError(t, err, missing, "Reason", "Reason is mandatory for this action.")
	})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			book, store := newBook(t, proved)
			o := reach(t, book, order.StateProcess, application(plainCSR(t)))
			before := everything(t, store)
			got, err := book.Fail(t.Context(), later, o.OrderId, tt.reason)
			if tt.mention != "" {
				testutil.CheckError(t, err, malformed, "Reason", tt.mention)
				if got != (order.Order{}) {
					t.Errorf("a result with an error: %+v", got)
				}
				checkUnchanged(t, store, before)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := o
			want.State, want.Reason, want.Updated = order.StateVerifyFail, tt.reason, stored.Add(time.Hour)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order mismatch (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(got, read(t, book, o.OrderId)); diff != "" {
				t.Errorf("the stored order differs from the returned one (-returned +stored):\n%s", diff)
			}
			checkCounts(t, book, "", plentiful, 1, 0)
		})
	}
}
