package ca_test

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/x509der"
)

func responderRequest() *ca.CreateOCSPResponderCertificateRequest {
	return &ca.CreateOCSPResponderCertificateRequest{CommonName: "Test OCSP", Days: 60}
}

func responderChain(t testing.TB, au *authority) string {
	t.Helper()
	resp, err := ca.CreateOCSPResponderCertificate(testutil.Seeded(), instant, au.issuer, key(au.algorithm, 2).Public(), responderRequest())
	if err != nil {
		t.Fatal(err)
	}
	return resp.CertificateChain
}

func TestCreateOCSPResponderCertificate(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			for name, issuer := range map[string]*ca.Issuer{"sub": au.issuer, "root": au.rootIssuer} {
				resp, err := ca.CreateOCSPResponderCertificate(testutil.Seeded(), instant, issuer, key(a, 2).Public(), responderRequest())
				if err != nil {
					t.Fatal(err)
				}
				testutil.Golden(t, "ocsp/"+string(a)+"-"+name+"-certificate.pem", resp.Certificate)
				cert := parsePEM(t, resp.Certificate)
				parent, chain := au.sub.Certificate, au.sub.CertificateChain
				if name == "root" {
					parent, chain = au.root.Certificate, au.root.CertificateChain
				}
				if err := x509der.CheckSignature(cert, parsePEM(t, parent)); err != nil {
					t.Error(err)
				}
				if resp.CertificateChain != resp.Certificate+chain {
					t.Error("CertificateChain is not the certificate and the CA's chain")
				}
				var nocheck []byte
				for _, e := range cert.Extensions {
					if e.Id.String() == "1.3.6.1.5.5.7.48.1.5" && !e.Critical {
						nocheck = e.Value
					}
				}
				got := []any{
					cert.Subject.String(), cert.KeyUsage, cert.ExtKeyUsage, cert.IsCA, cert.BasicConstraintsValid, nocheck,
					cert.NotBefore.Equal(instant), cert.NotAfter.Equal(instant.AddDate(0, 0, 60)), fmt.Sprintf("%036x", cert.SerialNumber),
					testutil.IdentifierForm.MatchString(resp.Identifier), testutil.RequestIDForm.MatchString(resp.RequestId),
				}
				want := []any{
					"CN=Test OCSP,O=Example,C=CN", x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}, false, a != algorithm.SM2_256, null,
					true, true, resp.SerialNumber, true, true,
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("certificate mismatch (-want +got):\n%s", diff)
				}
			}
		})
	}

	au := authorityOf(algorithm.ECC_256)
	own := key(algorithm.ECC_256, 2).Public()
	// The CA's own extended key usages do not matter: RFC 6960, section 4.2.2.2.
	for _, usages := range [][]string{{"serverAuth", "OCSPSigning"}, {"serverAuth", "clientAuth"}, {"serverAuth"}, {"any"}} {
		issuer := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.ExtendedKeyUsages = usages })
		resp, err := ca.CreateOCSPResponderCertificate(nil, instant, issuer, own, responderRequest())
		if err != nil {
			t.Errorf("CA for %v: %v", usages, err)
			continue
		}
		if _, err := ca.NewOCSPResponder(resp.CertificateChain, key(algorithm.ECC_256, 2)); err != nil {
			t.Errorf("CA for %v: %v", usages, err)
		}
	}
	unusedIssuer, err := ca.NewIssuer(au.sub.CertificateChain, testutil.Unused(t, au.subKey.Public()), ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ok := func(*ca.CreateOCSPResponderCertificateRequest) {}
	for _, tt := range []struct {
		name               string
		now                time.Time
		issuer             *ca.Issuer
		pub                crypto.PublicKey
		change             func(*ca.CreateOCSPResponderCertificateRequest)
		code               yuncert.Code
		parameter, mention string
	}{
		{"no common name", instant, unusedIssuer, own, func(r *ca.CreateOCSPResponderCertificateRequest) { r.CommonName = "" }, missing, "CommonName", ""},
		{"long common name", instant, unusedIssuer, own, func(r *ca.CreateOCSPResponderCertificateRequest) { r.CommonName = testutil.Chinese(65) }, malformed, "CommonName", "64"},
		{"no days", instant, unusedIssuer, own, func(r *ca.CreateOCSPResponderCertificateRequest) { r.Days = 0 }, missing, "Days", ""},
		{"days negative", instant, unusedIssuer, own, func(r *ca.CreateOCSPResponderCertificateRequest) { r.Days = -1 }, malformed, "Days", "-1"},
		{"100 years and a day", instant, unusedIssuer, own, func(r *ca.CreateOCSPResponderCertificateRequest) { r.Days = 36601 }, malformed, "Days", "36601"},
		{"a day after the CA", instant, unusedIssuer, own, func(r *ca.CreateOCSPResponderCertificateRequest) { r.Days = 5*365 + 2 }, refused, "Days", "end at"},
		{"no issuer", instant, nil, own, ok, yuncert.ErrNotFound, "ParentIdentifier", ""},
		{"before the CA", instant.Add(-time.Second), unusedIssuer, own, ok, yuncert.ErrCertificateExpired, "ParentIdentifier", ""},
		{"no key", instant, unusedIssuer, nil, ok, malformed, "", "responder's public key"},
		{"key of 1024 bits", instant, authorityOf(algorithm.RSA_2048).issuer, key(algorithm.RSA_1024, 2).Public(), ok, refused, "", "too weak"},
		{"another family", instant, unusedIssuer, key(algorithm.SM2_256, 2).Public(), ok, refused, "", "family"},
		{"the CA's key", instant, unusedIssuer, au.subKey.Public(), ok, refused, "", "in use by a CA"},
		{"the root's key", instant, unusedIssuer, au.rootKey.Public(), ok, refused, "", "in use by a CA"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := responderRequest()
			tt.change(req)
			if got, want := req.Validate() != nil, tt.code == missing || tt.parameter == "CommonName" || tt.parameter == "Days" && tt.code == malformed; got != want {
				t.Errorf("Validate = %v", req.Validate())
			}
			resp, err := ca.CreateOCSPResponderCertificate(testutil.Untouched(t), tt.now, tt.issuer, tt.pub, req)
			if resp != nil {
				t.Error("a response with an error")
			}
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
		})
	}
	toTheEnd := &ca.CreateOCSPResponderCertificateRequest{CommonName: "Test OCSP", Days: 5*365 + 1}
	if _, err := ca.CreateOCSPResponderCertificate(nil, instant.Add(time.Second-1), au.issuer, own, toTheEnd); err != nil {
		t.Errorf("until the CA's last second: %v", err)
	}
	longest := &ca.CreateOCSPResponderCertificateRequest{CommonName: "Test OCSP", Days: 36600}
	if err := longest.Validate(); err != nil {
		t.Error(err)
	}
	if _, err := ca.CreateOCSPResponderCertificate(nil, instant, unusedIssuer, own, nil); !errors.Is(err, missing) {
		t.Errorf("without a request: %v", err)
	}
	_, err = ca.CreateOCSPResponderCertificate(testutil.ReaderFunc(func([]byte) (int, error) { return 0, testutil.ErrNoRandomness }), instant, au.issuer, own, responderRequest())
	if !errors.Is(err, testutil.ErrNoRandomness) {
		t.Errorf("without randomness: %v", err)
	}
}

// OpenSSL holds the common name of an OCSP responder against name constraints.
func TestCreateOCSPResponderCertificateUnderConstraints(t *testing.T) {
	t.Parallel()
	a := algorithm.ECC_256
	issuer, _ := constrained(t, a, nil, &constraints{PermittedDNSDomains: []string{"example.com"}})
	for commonName, ok := range map[string]bool{"OCSP 1": true, "ocsp.example.com": true, "ocsp.example.org": false, "192.0.2.1": false} {
		_, err := ca.CreateOCSPResponderCertificate(testutil.Seeded(), instant, issuer, key(a, 2).Public(), &ca.CreateOCSPResponderCertificateRequest{CommonName: commonName, Days: 30})
		if ok && err != nil {
			t.Errorf("%q: %v", commonName, err)
		} else if !ok {
			testutil.CheckError(t, err, refused, "CommonName", `of the CA "Test Sub CA"`)
		}
	}
}

func TestCreateOCSPResponderCertificateWithACAsSubject(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	short := caTemplate("Short")
	short.Subject = pkix.Name{CommonName: "Short", Organization: []string{"Example"}}
	root := parsePEM(t, au.root.Certificate)
	issuer, err := ca.NewIssuer(sign(t, short, root, au.subKey.Public(), au.rootKey)+au.root.Certificate, au.subKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	req := &ca.CreateOCSPResponderCertificateRequest{CommonName: "Short", Days: 7}
	_, err = ca.CreateOCSPResponderCertificate(testutil.Seeded(), instant, issuer, key(algorithm.ECC_256, 2).Public(), req)
	testutil.CheckError(t, err, refused, "CommonName", "a CA's own")
	req.CommonName = "Responder"
	if _, err = ca.CreateOCSPResponderCertificate(testutil.Seeded(), instant, issuer, key(algorithm.ECC_256, 2).Public(), req); err != nil {
		t.Error(err)
	}
}
