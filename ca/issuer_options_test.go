package ca_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

func TestNewIssuerCRLBase(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	file := "/" + au.sub.Identifier + ".crl"
	text := hostCSR(t, algorithm.ECC_256, "www.example.com")
	for base, want := range map[string]string{
		"http://pki.example.com":            "http://pki.example.com" + file,
		"http://pki.example.com/":           "http://pki.example.com" + file,
		"https://pki.example.com/a/b":       "https://pki.example.com/a/b" + file,
		"HTTP://pki.example.com:8080/a/":    "http://pki.example.com:8080/a" + file,
		"http://192.0.2.1/crl":              "http://192.0.2.1/crl" + file,
		"http://[2001:db8::1]:80/crl":       "http://[2001:db8::1]:80/crl" + file,
		"http://a_b:65535/crl":              "http://a_b:65535/crl" + file,
		"http://localhost/a b":              "http://localhost/a%20b" + file,
		"http://pki.example.com/吊销":         "http://pki.example.com/%E5%90%8A%E9%94%80" + file,
		"http://xn--fsqu00a.xn--fiqs8s/%41": "http://xn--fsqu00a.xn--fiqs8s/%41" + file,
	} {
		t.Run(base, func(t *testing.T) {
			t.Parallel()
			issuer, err := ca.NewIssuer(au.sub.CertificateChain, au.subKey, ca.IssuerOptions{CRLBase: base})
			if err != nil {
				t.Fatal(err)
			}
			req := serverRequest(issuer, text)
			req.EnableCrl = 1
			got := issue(t, issuer, req).CRLDistributionPoints
			if len(got) != 1 || got[0] != want {
				t.Errorf("CRL address %q, want %q", got, want)
			}
			if _, err := url.Parse(got[0]); err != nil {
				t.Error(err)
			}
		})
	}
}

// badAddresses are not web addresses.
var badAddresses = []string{
	"pki.example.com/crl", "//pki.example.com", "/crl", "ftp://pki.example.com", "ldap://pki.example.com", "file:///crl",
	"http:", "http:pki.example.com", "http://", "http:///crl", "http://:80/crl", "http://[::1", "http://pki.example.com:port",
	"http://pki.example.com?a=b", "http://pki.example.com/?", "http://pki.example.com/#f", "http://user@pki.example.com", "http://user:password@pki.example.com",
	"http://pki.example.com./crl", "http://pki..example.com/crl", `http://"pki".example.com/crl`, "http://<pki.example.com>/crl", "http://[fe80::1%25eth0]/crl",
	"http://pki.example.com/{identifier}", "http://pki.example.com/Identifier}",
	"http://pki.example.com/[crl]", "http://pki.example.com]/crl", "http://[2001:db8::1]:65536/crl",
	"http://例子.中国/crl", "http://%E4%BE%8B/crl", "http://pki.example.com/%zz", "http://pki.example.com/\n", " http://pki.example.com",
	"", "http://pki.example.com/" + strings.Repeat("a", 2048-len("http://pki.example.com/")+1),
}

func TestIssuerOptionsRefused(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	type row struct {
		name      string
		options   ca.IssuerOptions
		code      yuncert.Code
		parameter string
		message   string
	}
	tests := []row{
		{"{Identifier} in CRLBase", ca.IssuerOptions{CRLBase: "http://pki.example.com/{Identifier}"}, refused, "CRLBase", "only {Identifier} is replaced, in OCSPServer and IssuingCertificateURL"},
		{"9 responders", ca.IssuerOptions{OCSPServer: slices.Repeat([]string{"http://a"}, 9)}, refused, "OCSPServer", "9 addresses"},
		{"9 issuers", ca.IssuerOptions{IssuingCertificateURL: slices.Repeat([]string{"http://a"}, 9)}, refused, "IssuingCertificateURL", "9 addresses"},
		{"negative Backdate", ca.IssuerOptions{Backdate: -time.Second}, refused, "Backdate", "-1s"},
		{"part of a second", ca.IssuerOptions{Backdate: time.Hour + time.Millisecond}, refused, "Backdate", "1h0m0.001s"},
		{"negative CertMaxTime", ca.IssuerOptions{CertMaxTime: -1}, refused, "CertMaxTime", "-1"},
		{"long organization", ca.IssuerOptions{Defaults: &ca.Defaults{Organization: strings.Repeat("a", 65)}}, malformed, "Defaults.Organization", "65"},
		{"long unit", ca.IssuerOptions{Defaults: &ca.Defaults{OrganizationUnit: strings.Repeat("a", 65)}}, malformed, "Defaults.OrganizationUnit", "65"},
		{"control character", ca.IssuerOptions{Defaults: &ca.Defaults{Organization: "a\x00"}}, malformed, "Defaults.Organization", "U+0000"},
	}
	for _, address := range badAddresses {
		quoted := fmt.Sprintf("%.80q", address)
		tests = append(tests,
			row{"OCSPServer " + quoted, ca.IssuerOptions{OCSPServer: []string{"http://a", address}}, refused, "OCSPServer", quoted},
			row{"IssuingCertificateURL " + quoted, ca.IssuerOptions{IssuingCertificateURL: []string{"http://a", address}}, refused, "IssuingCertificateURL", quoted})
		if address != "" {
			tests = append(tests, row{"CRLBase " + quoted, ca.IssuerOptions{CRLBase: address}, refused, "CRLBase", quoted})
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkNewIssuer(t, au.sub.CertificateChain, au.subKey, tt.options, tt.code, tt.parameter, tt.message)
		})
	}
}

// signedBy makes a certificate with each operation that signs one. Each request asks
// for the address of the CRL, if it can.
func signedBy(t *testing.T, a algorithm.Algorithm, issuer *ca.Issuer) map[string]*x509.Certificate {
	t.Helper()
	csr, parent := hostCSR(t, a, "www.example.com"), issuer.Identifier()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, server, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, issuer, &ca.CreateServerCertificateWithCsrRequest{Csr: csr, ParentIdentifier: parent, Days: 30, EnableCrl: 1})
	must(err)
	_, client, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, &ca.CreateClientCertificateWithCsrRequest{Csr: csr, ParentIdentifier: parent, Days: 30, EnableCrl: 1})
	must(err)
	_, domain, err := ca.CreateDomainCertificate(testutil.Seeded(), instant, issuer, &ca.CreateDomainCertificateRequest{Csr: csr, Domain: "www.example.com", Months: 1})
	must(err)
	customReq := customFor(issuer, csr)
	customReq.EnableCrl = 1
	_, custom, err := ca.CreateCustomCertificate(testutil.Seeded(), instant, issuer, customReq)
	must(err)
	responder, err := ca.CreateOCSPResponderCertificate(testutil.Seeded(), instant, issuer, key(a, 2).Public(), &ca.CreateOCSPResponderCertificateRequest{CommonName: "OCSP", Days: 30})
	must(err)
	req := subRequest(a)
	req.CommonName, req.Years = "Below", 1
	sub, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, issuer, key(a, 2).Public(), req)
	must(err)
	external, err := ca.CreateExternalCACertificate(testutil.Seeded(), instant, issuer, externalRequest(t, a))
	must(err)
	return map[string]*x509.Certificate{
		"server": parse(t, server), "client": parse(t, client), "domain": parse(t, domain), "custom": parse(t, custom),
		"responder": parsePEM(t, responder.Certificate), "sub CA": parsePEM(t, sub.Certificate), "external CA": parsePEM(t, external.Certificate),
	}
}

// The addresses in what a CA signs: RFC 5280, sections 4.2.2.1 and 4.2.1.13.
func TestIssuerAddresses(t *testing.T) {
	t.Parallel()
	access := func(last byte, address string) []byte {
		return asn.Seq(asn.OID("\x2b\x06\x01\x05\x05\x07\x30"+string(last)), asn.TLV(0x86, []byte(address)))
	}
	full := ca.IssuerOptions{
		CRLBase: crlBase, OCSPServer: []string{"http://ocsp.example.com", "https://ocsp2.example.com/a"},
		IssuingCertificateURL: []string{"http://pki.example.com/ca.cer"}, RootIssues: true,
	}
	for _, a := range testkeys.Families {
		au := authorityOf(a)
		for _, tt := range []struct {
			name    string
			options ca.IssuerOptions
			access  []byte // the value of authorityInfoAccess; nil for none
		}{
			{"all", full, asn.Seq(access(1, full.OCSPServer[0]), access(1, full.OCSPServer[1]), access(2, full.IssuingCertificateURL[0]))},
			{"OCSPServer", ca.IssuerOptions{CRLBase: crlBase, OCSPServer: full.OCSPServer[:1], RootIssues: true}, asn.Seq(access(1, full.OCSPServer[0]))},
			{"IssuingCertificateURL", ca.IssuerOptions{CRLBase: crlBase, IssuingCertificateURL: full.IssuingCertificateURL, RootIssues: true}, asn.Seq(access(2, full.IssuingCertificateURL[0]))},
			{"with the Identifier", ca.IssuerOptions{
				CRLBase: crlBase, OCSPServer: []string{"http://{Identifier}.ocsp.example.com/{Identifier}"}, IssuingCertificateURL: []string{"http://pki.example.com/{Identifier}.cer"}, RootIssues: true,
			}, asn.Seq(access(1, "http://"+au.root.Identifier+".ocsp.example.com/"+au.root.Identifier), access(2, "http://pki.example.com/"+au.root.Identifier+".cer"))},
			{"none", ca.IssuerOptions{CRLBase: crlBase, RootIssues: true}, nil},
		} {
			t.Run(string(a)+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				issuer, err := ca.NewIssuer(au.root.CertificateChain, au.rootKey, tt.options)
				if err != nil {
					t.Fatal(err)
				}
				for kind, cert := range signedBy(t, a, issuer) {
					var got []byte
					for _, e := range cert.Extensions {
						if e.Id.String() == "1.3.6.1.5.5.7.1.1" {
							got = e.Value
							if e.Critical {
								t.Errorf("%s: authorityInfoAccess is critical", kind)
							}
						}
					}
					if !bytes.Equal(got, tt.access) {
						t.Errorf("%s: authorityInfoAccess is %x, want %x", kind, got, tt.access)
					}
					var points []string
					if kind != "responder" { // clients do not check whether it is revoked
						points = []string{issuer.Describe().CrlUrl}
					}
					if diff := cmp.Diff(points, cert.CRLDistributionPoints); diff != "" {
						t.Errorf("%s: CRLs mismatch (-want +got):\n%s", kind, diff)
					}
				}
			})
		}
	}
}

// A parent without CRLBase writes no address into a sub CA, and later changes of
// the caller's slices do not reach the issuer.
func TestIssuerAddressesStay(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	addresses, defaults := []string{"http://ocsp.example.com"}, &ca.Defaults{Organization: "Ours"}
	issuer, err := ca.NewIssuer(au.root.CertificateChain, au.rootKey, ca.IssuerOptions{OCSPServer: addresses, Defaults: defaults, RootIssues: true})
	if err != nil {
		t.Fatal(err)
	}
	addresses[0], defaults.Organization = "http://changed.example.com", "Theirs"
	req := subRequest(algorithm.ECC_256)
	req.CommonName = "Below"
	sub, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, issuer, key(algorithm.ECC_256, 2).Public(), req)
	if err != nil {
		t.Fatal(err)
	}
	cert := parsePEM(t, sub.Certificate)
	if len(cert.CRLDistributionPoints) > 0 || !slices.Equal(cert.OCSPServer, []string{"http://ocsp.example.com"}) {
		t.Errorf("the sub CA has the CRLs %q and the OCSP responders %q", cert.CRLDistributionPoints, cert.OCSPServer)
	}
	leaf := issue(t, issuer, serverRequest(issuer, hostCSR(t, algorithm.ECC_256, "www.example.com")))
	if !slices.Equal(leaf.Subject.Organization, []string{"Ours"}) {
		t.Errorf("the organization is %q", leaf.Subject.Organization)
	}
}

func TestIssuerDefaults(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	tests := []struct {
		name               string
		defaults           *ca.Defaults
		change             func(*ca.CreateServerCertificateWithCsrRequest)
		organization, unit []string
	}{
		{"documented", nil, nil, []string{"Alibaba Inc."}, []string{"Aliyun CDN"}},
		{"none", &ca.Defaults{}, nil, nil, nil},
		{"both", &ca.Defaults{Organization: "Example Ltd", OrganizationUnit: "网站"}, nil, []string{"Example Ltd"}, []string{"网站"}},
		{"organization only", &ca.Defaults{Organization: strings.Repeat("组", 64)}, nil, []string{strings.Repeat("组", 64)}, nil},
		{"unit only", &ca.Defaults{OrganizationUnit: "Web"}, nil, nil, []string{"Web"}},
		{"after the parameter", &ca.Defaults{Organization: "Example Ltd", OrganizationUnit: "Web"}, func(r *ca.CreateServerCertificateWithCsrRequest) { r.Organization = "Other" }, []string{"Other"}, []string{"Web"}},
		{"after the CSR", &ca.Defaults{Organization: "Example Ltd", OrganizationUnit: "Web"}, func(r *ca.CreateServerCertificateWithCsrRequest) {
			r.Csr = makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(asn.UTF8(asn.OIDUnit, "Theirs"), asn.UTF8(asn.OIDCommonName, "www.example.com")))
		}, []string{"Example Ltd"}, []string{"Theirs"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			issuer := au.issuerWith(t, ca.IssuerOptions{Defaults: tt.defaults})
			req := serverRequest(issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
			if tt.change != nil {
				tt.change(req)
			}
			subject := issue(t, issuer, req).Subject
			if diff := cmp.Diff([][]string{tt.organization, tt.unit}, [][]string{subject.Organization, subject.OrganizationalUnit}); diff != "" {
				t.Errorf("subject mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIssuerBackdate(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	later := instant.AddDate(1, 0, 0)
	tests := []struct {
		name       string
		backdate   time.Duration
		now        time.Time
		change     func(*ca.CreateServerCertificateWithCsrRequest)
		start, end time.Time
	}{
		{"none", 0, later, nil, later, later.AddDate(0, 0, 90)},
		{"an hour", time.Hour, later, nil, later.Add(-time.Hour), later.AddDate(0, 0, 90)},
		{"to the CA's start", time.Hour, instant.Add(time.Hour), nil, instant, instant.Add(time.Hour).AddDate(0, 0, 90)},
		{"not before the CA's start", time.Hour, instant.Add(time.Minute), nil, instant, instant.Add(time.Minute).AddDate(0, 0, 90)},
		{"with Years and Months", time.Hour, later, func(r *ca.CreateServerCertificateWithCsrRequest) { r.Days, r.Years, r.Months = 0, 1, 1 }, later.Add(-time.Hour), later.AddDate(1, 1, 0)},
		{"not with BeforeTime", time.Hour, later, func(r *ca.CreateServerCertificateWithCsrRequest) {
			r.Days, r.BeforeTime, r.AfterTime = 0, later.Unix(), later.AddDate(0, 1, 0).Unix()
		}, later, later.AddDate(0, 1, 0)},
		{"not with BeforeTime and Days", time.Hour, later, func(r *ca.CreateServerCertificateWithCsrRequest) {
			r.BeforeTime, r.AfterTime = later.Unix(), later.AddDate(0, 1, 0).Unix()
		}, later, later.AddDate(0, 0, 90)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			issuer := au.issuerWith(t, ca.IssuerOptions{Backdate: tt.backdate})
			req := serverRequest(issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
			if tt.change != nil {
				tt.change(req)
			}
			_, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), tt.now, issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			cert := parse(t, der)
			if !cert.NotBefore.Equal(tt.start) || !cert.NotAfter.Equal(tt.end) {
				t.Errorf("valid from %v to %v, want %v to %v", cert.NotBefore, cert.NotAfter, tt.start, tt.end)
			}
		})
	}
}

// Every kind of certificate is backdated.
func TestIssuerBackdateEveryKind(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	start := instant.Add(-time.Hour)
	root, err := ca.CreateRootCACertificate(testutil.Seeded(), instant.AddDate(-1, 0, 0), au.rootKey, rootRequest())
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := ca.NewIssuer(root.CertificateChain, au.rootKey, ca.IssuerOptions{CRLBase: crlBase, Backdate: time.Hour, RootIssues: true})
	if err != nil {
		t.Fatal(err)
	}
	for kind, cert := range signedBy(t, algorithm.ECC_256, issuer) {
		if !cert.NotBefore.Equal(start) {
			t.Errorf("%s: begins at %v, want %v", kind, cert.NotBefore, start)
		}
	}
}

func TestIssuerCertMaxTime(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	tests := []struct {
		name      string
		change    func(*ca.CreateServerCertificateWithCsrRequest)
		parameter string // empty if it is issued
	}{
		{"30 days", func(r *ca.CreateServerCertificateWithCsrRequest) { r.Days = 30 }, ""},
		{"31 days", func(r *ca.CreateServerCertificateWithCsrRequest) { r.Days = 31 }, "Days"},
		{"a month of 31 days", func(r *ca.CreateServerCertificateWithCsrRequest) { r.Days, r.Months = 0, 1 }, "Months"},
		{"a year", func(r *ca.CreateServerCertificateWithCsrRequest) { r.Days, r.Years = 0, 1 }, "Years"},
		{"the pair", func(r *ca.CreateServerCertificateWithCsrRequest) {
			r.Days, r.BeforeTime, r.AfterTime = 0, instant.Unix(), instant.AddDate(0, 0, 30).Unix()
		}, ""},
		{"the pair and a second", func(r *ca.CreateServerCertificateWithCsrRequest) {
			r.Days, r.BeforeTime, r.AfterTime = 0, instant.Unix(), instant.AddDate(0, 0, 30).Unix()+1
		}, "AfterTime"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			issuer := au.issuerWith(t, ca.IssuerOptions{CertMaxTime: 30, Backdate: time.Hour})
			req := serverRequest(issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
			tt.change(req)
			_, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
			if tt.parameter == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			testutil.CheckError(t, err, refused, tt.parameter, "CertMaxTime allows 30 days")
		})
	}
	issuer, err := ca.NewIssuer(au.root.CertificateChain, au.rootKey, ca.IssuerOptions{CertMaxTime: 30})
	if err != nil {
		t.Fatal(err)
	}
	req := subRequest(algorithm.ECC_256)
	req.CommonName = "Below"
	if _, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, issuer, key(algorithm.ECC_256, 2).Public(), req); err != nil {
		t.Errorf("CertMaxTime applies to a CA: %v", err)
	}
	if got := issuer.Describe().CertMaxTime; got != 30 {
		t.Errorf("CertMaxTime is described as %d, want 30", got)
	}
}

// A CA without a subordinate one issues if the option says so, and Verify, Go and
// gmsm accept it.
func TestIssuerRootIssues(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		au := authorityOf(a)
		issuer, err := ca.NewIssuer(au.root.CertificateChain, au.rootKey, ca.IssuerOptions{RootIssues: true})
		if err != nil {
			t.Fatal(err)
		}
		cert := issue(t, issuer, serverRequest(issuer, hostCSR(t, a, "www.example.com")))
		verifyServer(t, a, cert.Raw, au.root.Certificate, au.root.Certificate, instant, "www.example.com")
		_, err = ca.Verify(instant, testutil.EncodePEM("CERTIFICATE", cert.Raw), ca.VerifyOptions{Roots: au.root.Certificate, Host: "www.example.com"})
		if err != nil {
			t.Error(err)
		}
	}
}
