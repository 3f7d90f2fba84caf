package ca_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// The same random octets, instant, key and request give the same bytes: those in
// testdata, which go test -update writes.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			type result struct {
				Root   *ca.CreateRootCACertificateResponse
				Sub    *ca.CreateSubCACertificateResponse
				Server *ca.CreateServerCertificateWithCsrResponse
			}
			run := func() result {
				var r result
				var err error
				random := testutil.Seeded()
				if r.Root, err = ca.CreateRootCACertificate(random, instant, key(a, 0), rootRequest()); err != nil {
					t.Fatal(err)
				}
				parent, err := ca.NewIssuer(r.Root.CertificateChain, key(a, 0), ca.IssuerOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if r.Sub, err = ca.CreateSubCACertificate(random, instant, parent, key(a, 1).Public(), subRequest(a)); err != nil {
					t.Fatal(err)
				}
				issuer, err := ca.NewIssuer(r.Sub.CertificateChain, key(a, 1), ca.IssuerOptions{CRLBase: crlBase})
				if err != nil {
					t.Fatal(err)
				}
				if r.Server, _, err = ca.CreateServerCertificateWithCsr(random, instant, issuer, fullRequest(t, a, issuer)); err != nil {
					t.Fatal(err)
				}
				return r
			}
			first, second := run(), run()
			if diff := cmp.Diff(first, second); diff != "" {
				t.Errorf("twice the same inputs, and not the same outputs (-first +second):\n%s", diff)
			}
			testutil.Golden(t, "golden/"+string(a)+"-root.pem", first.Root.Certificate)
			testutil.Golden(t, "golden/"+string(a)+"-sub.pem", first.Sub.Certificate)
			testutil.Golden(t, "golden/"+string(a)+"-server.pem", first.Server.X509Certificate)
			first.Root.Certificate, first.Root.CertificateChain = "", ""
			first.Sub.Certificate, first.Sub.CertificateChain = "", ""
			first.Server.X509Certificate, first.Server.CertificateChain = "", ""
			goldenJSON(t, string(a), first)
		})
	}
}

// goldenJSON compares a value with a golden file in JSON.
func goldenJSON(t *testing.T, name string, value any) {
	t.Helper()
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "golden/"+name+".json", string(text)+"\n")
}

// issueTwice wants the same certificate and response from the same inputs.
func issueTwice[Response any](t *testing.T, call func() (*Response, []byte, error)) *Response {
	t.Helper()
	first, der, err := call()
	if err != nil {
		t.Fatal(err)
	}
	second, derAgain, err := call()
	if err != nil || !bytes.Equal(der, derAgain) {
		t.Errorf("twice the same inputs, and not the same certificate: %v", err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("twice the same inputs, and not the same outputs (-first +second):\n%s", diff)
	}
	return first
}

// Each input matters: another one gives another certificate.
func TestEveryInputMatters(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			other := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.Locality = "Beijing" })
			random := testutil.Seeded()
			random.Read(make([]byte, 1))
			seen := make(map[string]string)
			for what, run := range map[string]func() *x509.Certificate{
				"as it is": func() *x509.Certificate { return issue(t, au.issuer, fullRequest(t, a, au.issuer)) },
				"another request": func() *x509.Certificate {
					req := fullRequest(t, a, au.issuer)
					req.Days++
					return issue(t, au.issuer, req)
				},
				"another issuer": func() *x509.Certificate {
					req := fullRequest(t, a, other)
					req.EnableCrl = 0
					return issue(t, other, req)
				},
				"other randomness": func() *x509.Certificate {
					_, der, err := ca.CreateServerCertificateWithCsr(random, instant, au.issuer, fullRequest(t, a, au.issuer))
					if err != nil {
						t.Fatal(err)
					}
					return parse(t, der)
				},
				"another instant": func() *x509.Certificate {
					req := fullRequest(t, a, au.issuer)
					req.BeforeTime, req.AfterTime = 0, 0
					_, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant.Add(time.Second), au.issuer, req)
					if err != nil {
						t.Fatal(err)
					}
					return parse(t, der)
				},
			} {
				tbs := string(run().RawTBSCertificate)
				if before, ok := seen[tbs]; ok {
					t.Errorf("%s: the same certificate as with %s", what, before)
				}
				seen[tbs] = what
			}
		})
	}
}

// fullRequest has every field set, except for AsynchronousFlag.
func fullRequest(t testing.TB, a algorithm.Algorithm, issuer *ca.Issuer) *request {
	return &request{
		Csr:    hostCSR(t, a, "www.example.com", "www.example.com", "example.com", "192.0.2.1"),
		Domain: "*.例子.中国,2001:db8::1", Organization: "阿里云", OrganizationUnit: "IT", Country: "CN", CommonName: "mtcsq.com",
		State: "Zhejiang", Locality: "Hangzhou", Algorithm: string(a), ParentIdentifier: issuer.Identifier(),
		Years: 1, Months: 12, Days: 365, BeforeTime: instant.Unix(), AfterTime: instant.AddDate(1, 0, 0).Unix(),
		Immediately: 2, EnableCrl: 1, Tags: []ca.Tag{{Key: "account", Value: "test"}}, ResourceGroupId: "rg-aek****wia", CustomIdentifier: "order-17",
	}
}

// No function writes into what it is given.
func TestInputsUnmodified(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			root, sub, server := rootRequest(), subRequest(a), fullRequest(t, a, au.issuer)
			root.CountryCode, root.Tags = "cn", tags(2)
			sub.CountryCode, sub.Tags, sub.ExtendedKeyUsages = "cn", tags(2), []string{"serverAuth", "any", "serverAuth"}
			server.Country = "cn"
			public := key(a, 1).Public()

			rootCopy, subCopy, serverCopy := *root, *sub, *server
			rootCopy.Tags = slices.Clone(root.Tags)
			subCopy.Tags, subCopy.ExtendedKeyUsages = slices.Clone(sub.Tags), slices.Clone(sub.ExtendedKeyUsages)
			serverCopy.Tags = slices.Clone(server.Tags)
			publicCopy := testkeys.PublicDER(t, public)

			if _, err := ca.CreateRootCACertificate(testutil.Seeded(), instant, au.rootKey, root); err != nil {
				t.Fatal(err)
			}
			if _, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, au.rootIssuer, public, sub); err != nil {
				t.Fatal(err)
			}
			resp, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, au.issuer, server)
			if err != nil {
				t.Fatal(err)
			}
			for _, diff := range []string{cmp.Diff(&rootCopy, root), cmp.Diff(&subCopy, sub), cmp.Diff(&serverCopy, server)} {
				if diff != "" {
					t.Errorf("a request was changed (-before +after):\n%s", diff)
				}
			}
			if !bytes.Equal(testkeys.PublicDER(t, public), publicCopy) {
				t.Error("the public key was changed")
			}
			// The results belong to the caller: writing into them changes no
			// later one.
			want := bytes.Clone(der)
			clear(der)
			*resp = ca.CreateServerCertificateWithCsrResponse{}
			if got := issue(t, au.issuer, server); !bytes.Equal(got.Raw, want) {
				t.Error("a result that the caller wrote into changes the next one")
			}
		})
	}
}
