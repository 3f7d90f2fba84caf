package ca_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/x509der"
)

// checkRequestsFault wants an error that the request is to blame for.
func checkRequestsFault(t *testing.T, err error) {
	t.Helper()
	e, ok := err.(*yuncert.Error)
	if !ok || e.Code.HTTPStatus() != 400 || e.Message == "" {
		t.Errorf("error %v of type %T: want an *yuncert.Error of status 400 with a message", err, err)
	}
}

func FuzzNewIssuer(f *testing.F) {
	for _, a := range families {
		au := authorityOf(a)
		f.Add(au.sub.CertificateChain, crlBase)
		f.Add(au.root.CertificateChain, "https://[::1]:8080/")
		f.Add(au.sub.Certificate, "")
		f.Add("text\n"+au.sub.Certificate+"text\n"+au.root.Certificate, "http://x/?")
		f.Add(au.sub.CertificateChain+string(testkeys.PEM(a, 1)), "")
	}
	for _, text := range toolFiles(f, "*-chain.pem") {
		f.Add(string(text), "")
	}
	f.Add("", "")
	f.Add("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "//")
	keys := []*algorithm.PrivateKey{key(algorithm.RSA_2048, 1), key(algorithm.ECC_256, 1), key(algorithm.SM2_256, 1), key(algorithm.ECC_256, 0)}
	f.Fuzz(func(t *testing.T, chain, base string) {
		for _, k := range keys {
			issuer, err := ca.NewIssuer(chain, k, ca.IssuerOptions{CRLBase: base})
			if err != nil {
				checkRequestsFault(t, err)
				if issuer != nil {
					t.Error("an Issuer beside an error")
				}
				continue
			}
			if !identifierForm.MatchString(issuer.Identifier()) {
				t.Errorf("Identifier %q", issuer.Identifier())
			}
		}
	})
}

func FuzzCreateServerCertificateWithCsrRequestJSON(f *testing.F) {
	for _, a := range families {
		issuer := authorityOf(a).issuer
		for _, change := range []func(*request){
			func(*request) {},
			func(r *request) { *r = *fullRequest(f, a, issuer) },
			func(r *request) { r.Domain = "*.例子.中国,::1,1.2.3.4, ,A.example.com,a.example.com" },
			func(r *request) { r.Csr = hostCSR(f, a, ""); r.CommonName = "云证书" },
			func(r *request) { r.Csr = hostCSR(f, a, "", "192.0.2.1") },
			func(r *request) { r.Csr = makeCSR(f, key(a, 1), name(utf8(oidCommonName, "www.example.com"))) },
			func(r *request) {
				r.Csr = makeCSR(f, key(a, 2), name(utf8(oidCommonName, "a"), attribute(oidOrganization, bmpString, "\x4e\x91"), printable(oidCountry, "us")),
					extension(oidConstraints, true, seq([]byte{1, 1, 0xff})), extension(oidAltName, true, altNames("a.example.com", "::1")))
			},
			func(r *request) { r.Days, r.Years, r.Months = 0, 1, 13 },
			func(r *request) { r.Days, r.BeforeTime, r.AfterTime = 0, instant.Unix(), instant.Unix()+1 },
			func(r *request) { r.Days = 1 << 30 },
		} {
			req := serverRequest(issuer, hostCSR(f, a, "www.example.com"))
			change(req)
			text, err := json.Marshal(req)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Add(`{}`)
	f.Add(`{"Days":-1,"Csr":"x"}`)
	f.Fuzz(func(t *testing.T, text string) {
		req := new(request)
		if json.Unmarshal([]byte(text), req) != nil {
			return
		}
		if err := req.Validate(); err != nil {
			checkRequestsFault(t, err)
			if _, _, again := ca.CreateServerCertificateWithCsr(untouched(t), instant, nil, req); again == nil || again.Error() != err.Error() {
				t.Errorf("Validate says %v, and the operation %v", err, again)
			}
			return
		}
		accepted := 0
		for _, a := range families {
			au := authorityOf(a)
			req.ParentIdentifier = au.issuer.Identifier()
			resp, der, err := ca.CreateServerCertificateWithCsr(seeded(), instant, au.issuer, req)
			if err != nil {
				checkRequestsFault(t, err)
				if resp != nil || der != nil {
					t.Error("a result beside an error")
				}
				continue
			}
			accepted++
			cert := parse(t, der)
			verifySignature(t, cert, au.subKey.Public())
			if cert.IsCA || !cert.BasicConstraintsValid || len(cert.UnhandledCriticalExtensions) > 0 {
				t.Error("the certificate is a CA's, or has critical extensions")
			}
			if cert.NotBefore.Before(instant) || cert.NotAfter.After(caEnd) || !cert.NotAfter.After(cert.NotBefore) {
				t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
			}
			names := namesOf(t, cert)
			if len(names) > 250 || cert.Subject.CommonName == "" && len(names) == 0 {
				t.Errorf("the certificate has %d names", len(names))
			}
			for i, name := range names {
				if canonical, err := x509der.CanonicalName(name); err != nil || canonical != name {
					t.Errorf("the name %q is not canonical: %q, %v", name, canonical, err)
				}
				if _, err := netip.ParseAddr(name); err != nil && strings.ToLower(name) != name {
					t.Errorf("the name %q is not in lower case", name)
				}
				for _, other := range names[:i] {
					if other == name {
						t.Errorf("the name %q stands twice", name)
					}
				}
			}
			for _, part := range append(cert.Subject.Organization, cert.Subject.CommonName) {
				if strings.ContainsAny(part, "\x00\n\r") {
					t.Errorf("the subject holds %q", part)
				}
			}
			for _, host := range names {
				if !strings.HasPrefix(host, "*.") && a.Family() != "SM2" {
					verifyServer(t, a, der, au.sub.CertificateChain, au.root.Certificate, cert.NotBefore, host)
					break
				}
			}
		}
		if accepted > 1 {
			t.Error("CAs of two families accept one key")
		}
	})
}
