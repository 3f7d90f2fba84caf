package ca_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
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

func encodeJSON(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A renewed certificate has the subject and the key of the old one.
func FuzzRenew(f *testing.F) {
	for _, a := range testkeys.Families {
		f.Add(authorityOf(a).sub.Certificate)
		f.Add(authorityOf(a).root.Certificate)
	}
	root, sub := foreignCA(f, algorithm.ECC_256, func(_, _ *x509.Certificate) {})
	f.Add(root)
	f.Add(sub)
	for _, text := range toolFiles(f, "*-chain.pem") {
		f.Add(testutil.EncodePEM("CERTIFICATE", testutil.FirstPEM(f, text)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		resp, err := ca.Renew(testutil.Seeded(), instant, authorityOf(algorithm.ECC_256).rootIssuer, text, 3)
		if err != nil {
			checkRequestsFault(t, err)
			return
		}
		old, renewed := parse(t, testutil.FirstPEM(t, text)), parsePEM(t, resp.Certificate)
		if !bytes.Equal(old.RawSubject, renewed.RawSubject) || !testutil.EqualKeys(old.PublicKey, renewed.PublicKey) {
			t.Errorf("%x became %x", old.Raw, renewed.Raw)
		}
		if resp.Certificate == resp.CertificateChain { // a root
			return
		}
		if _, err := ca.Verify(instant, resp.CertificateChain, ca.VerifyOptions{Roots: authorityOf(algorithm.ECC_256).root.Certificate}); err != nil {
			t.Errorf("Verify: %v", err)
		}
	})
}

func FuzzNewIssuer(f *testing.F) {
	for _, a := range testkeys.Families {
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
	pss := pssWorld(x509.SHA256WithRSAPSS).make(f)
	f.Add(pss.sub+pss.root, "")
	f.Add(strings.TrimSpace(pss.sub)+pss.root, "")
	f.Add(pss.sub[:100]+pss.sub[104:]+pss.root, "")
	f.Add(testutil.EncodePEM("PKCS7", []byte("content")), "")
	for _, row := range refusedCAs() {
		p := &pki{root: caTemplate("Root"), sub: caTemplate("Sub"), a: algorithm.ECC_256}
		row.change(p)
		chain, _ := p.chain(f)
		f.Add(chain, "")
	}
	for _, row := range unusualCAs() {
		sub, root := row.chain(f)
		f.Add(sub+root, "")
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
					t.Error("an Issuer with an error")
				}
				continue
			}
			if !testutil.IdentifierForm.MatchString(issuer.Identifier()) {
				t.Errorf("Identifier %q", issuer.Identifier())
			}
		}
	})
}

func FuzzCreateServerCertificateWithCsrRequestJSON(f *testing.F) {
	for _, a := range testkeys.Families {
		issuer := authorityOf(a).issuer
		for _, change := range []func(*request){
			func(*request) {},
			func(r *request) { *r = *fullRequest(f, a, issuer) },
			func(r *request) { r.Domain = "*.例子.中国,::1,1.2.3.4, ,A.example.com,a.example.com" },
			func(r *request) { r.Csr = hostCSR(f, a, ""); r.CommonName = "云证书" },
			func(r *request) { r.Csr = hostCSR(f, a, "", "192.0.2.1") },
			func(r *request) {
				r.Csr = makeCSR(f, key(a, 1), asn.Name(asn.UTF8(asn.OIDCommonName, "www.example.com")))
			},
			func(r *request) {
				r.Csr = makeCSR(f, key(a, 2), asn.Name(asn.UTF8(asn.OIDCommonName, "a"), asn.Attribute(asn.OIDOrganization, asn.BMPString, "\x4e\x91"), asn.Printable(asn.OIDCountry, "us")),
					asn.Extension(asn.OIDConstraints, true, asn.Seq([]byte{1, 1, 0xff})), asn.Extension(asn.OIDAltName, true, asn.GeneralNames("a.example.com", "::1")))
			},
			func(r *request) { r.Days, r.Years, r.Months = 0, 1, 13 },
			func(r *request) { r.Days, r.BeforeTime, r.AfterTime = 0, instant.Unix(), instant.Unix()+1 },
			func(r *request) { r.Days = 1 << 30 },
		} {
			req := serverRequest(issuer, hostCSR(f, a, "www.example.com"))
			change(req)
			f.Add(encodeJSON(f, req))
		}
	}
	host := hostCSR(f, algorithm.ECC_256, "www.example.com")
	for _, row := range refusedServerRequests(f) {
		req := serverRequest(authorityOf(algorithm.ECC_256).issuer, host)
		row.change(req)
		f.Add(encodeJSON(f, req))
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
			if _, _, again := ca.CreateServerCertificateWithCsr(testutil.Untouched(t), instant, nil, req); again == nil || again.Error() != err.Error() {
				t.Errorf("Validate says %v, and the operation %v", err, again)
			}
			return
		}
		accepted := 0
		for _, a := range testkeys.Families {
			au := authorityOf(a)
			req.ParentIdentifier = au.issuer.Identifier()
			resp, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, au.issuer, req)
			if err != nil {
				checkRequestsFault(t, err)
				if resp != nil || der != nil {
					t.Error("a result with an error")
				}
				continue
			}
			accepted++
			cert := parse(t, der)
			verifySignature(t, cert, au.subKey.Public())
			if cert.IsCA || cert.BasicConstraintsValid == (a == algorithm.SM2_256) || len(cert.UnhandledCriticalExtensions) > 0 {
				t.Error("the certificate is a CA's, or has critical extensions")
			}
			if cert.NotBefore.Before(instant) || cert.NotAfter.After(caEnd) || !cert.NotAfter.After(cert.NotBefore) {
				t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
			}
			names := namesOf(t, cert)
			if x509der.CheckCount(cert.Subject.CommonName, names, 0) != nil || cert.Subject.CommonName == "" && len(names) == 0 {
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
						t.Errorf("the name %q occurs twice", name)
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

// namesAsked are the DNS names and IP addresses that a leaf may have: the names
// of the list parameter, of the CSR and, for a server, the common name.
func namesAsked(req leafRequest) (names, texts []string) {
	field := func(name string) string {
		if f := reflect.ValueOf(req).Elem().FieldByName(name); f.IsValid() {
			return f.String()
		}
		return ""
	}
	texts = append(strings.Split(field("Domain"), ","), strings.Split(field("SanValue"), ",")...)
	texts = append(texts, field("CommonName"))
	if r, err := csr.Parse([]byte(field("Csr"))); err == nil {
		texts = append(append(texts, r.Names...), r.CommonName)
	}
	for i := range texts {
		texts[i] = strings.TrimSpace(texts[i])
		if name, err := x509der.CanonicalName(texts[i]); err == nil {
			names = append(names, name)
		}
	}
	return names, texts
}

// fuzzedLeaves are the operations for servers and clients other than
// CreateServerCertificateWithCsr.
var fuzzedLeaves = append(slices.Clone(leafOperations), leafOperation{
	"CreateDomainCertificate", true,
	func(t testing.TB, a algorithm.Algorithm, _ *ca.Issuer) leafRequest {
		return &ca.CreateDomainCertificateRequest{Csr: hostCSR(t, a, "zhang.example.com", "li.example.com"), Domain: "www.example.com", Months: 3}
	},
	func(rand io.Reader, now time.Time, issuer *ca.Issuer, req leafRequest) ([]any, []byte, error) {
		resp, der, err := ca.CreateDomainCertificate(rand, now, issuer, req.(*ca.CreateDomainCertificateRequest))
		return present(resp), der, err
	},
})

// The kind-th of fuzzedLeaves each.
func FuzzLeafRequestsJSON(f *testing.F) {
	for kind, o := range fuzzedLeaves {
		add := func(change fields) {
			req := o.request(f, algorithm.ECC_256, authorityOf(algorithm.ECC_256).issuer)
			for name, value := range change {
				if reflect.ValueOf(req).Elem().FieldByName(name).IsValid() {
					fields{name: value}.set(req)
				}
			}
			f.Add(uint8(kind), encodeJSON(f, req))
		}
		for _, change := range []fields{
			nil,
			{"Domain": "*.例子.中国,::1,1.2.3.4, ,A.example.com,a.example.com"},
			{"SanType": 1, "SanValue": "Zhang@Example.com, li@example.cn"},
			{"SanType": 2, "SanValue": "*.example.com,xn--fsqu00a.cn"},
			{"SanType": 6, "SanValue": "https://example.com/a?b#c,urn:uuid:1"},
			{"SanType": 7, "SanValue": "192.0.2.1,2001:db8::1"},
			{"CommonName": "云证书", "Days": 0, "Years": 1, "Months": 13, "Immediately": 2},
			{"Algorithm": "SM2_256", "BeforeTime": instant.Unix() + 1, "EnableCrl": 1},
		} {
			add(change)
		}
		for _, row := range refusedLeafRequests() {
			add(row.change)
		}
		for _, row := range refusedSans() {
			add(fields{"SanType": row.sanType, "SanValue": row.value})
		}
		f.Add(uint8(kind), `{}`)
		f.Add(uint8(kind), `null`)
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		o := fuzzedLeaves[int(kind)%len(fuzzedLeaves)]
		req := o.request(t, algorithm.ECC_256, authorityOf(algorithm.ECC_256).issuer)
		reflect.ValueOf(req).Elem().SetZero()
		if json.Unmarshal([]byte(text), req) != nil {
			return
		}
		if err := req.Validate(); err != nil {
			checkRequestsFault(t, err)
			if _, _, again := o.call(testutil.Untouched(t), instant, nil, req); again == nil || again.Error() != err.Error() {
				t.Errorf("Validate says %v, and the operation %v", err, again)
			}
			return
		}
		for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.SM2_256} { // RSA keys take long to make
			au := authorityOf(a)
			if reflect.ValueOf(req).Elem().FieldByName("ParentIdentifier").IsValid() {
				fields{"ParentIdentifier": au.issuer.Identifier()}.set(req)
			}
			results, der, err := o.call(testutil.Seeded(), instant, au.issuer, req)
			if err != nil {
				checkRequestsFault(t, err)
				if len(results) > 0 || der != nil {
					t.Error("a result with an error")
				}
				continue
			}
			cert := parse(t, der)
			verifySignature(t, cert, au.subKey.Public())
			if cert.IsCA || cert.BasicConstraintsValid == (a == algorithm.SM2_256) || len(cert.UnhandledCriticalExtensions) > 0 {
				t.Error("the certificate is a CA's, or has critical extensions")
			}
			if cert.NotBefore.Before(instant) || cert.NotAfter.After(caEnd) || !cert.NotAfter.After(cert.NotBefore) {
				t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
			}
			names, texts := namesAsked(req)
			for _, ip := range cert.IPAddresses {
				cert.DNSNames = append(cert.DNSNames, ip.String())
			}
			for _, name := range cert.DNSNames {
				if !slices.Contains(names, name) {
					t.Errorf("the name %q was not asked for: %q were", name, names)
				}
			}
			for _, mailbox := range cert.EmailAddresses {
				if !slices.ContainsFunc(texts, func(text string) bool { return strings.EqualFold(text, mailbox) }) {
					t.Errorf("the e-mail address %q was not asked for: %q were", mailbox, texts)
				}
			}
			if n := len(cert.DNSNames) + len(cert.EmailAddresses) + len(cert.URIs); n > min(251, len(texts)) {
				t.Errorf("%d names, and %d were asked for", n, len(texts))
			}
		}
	})
}

// The operations around CAs: what they make verifies, and is as much of a CA as
// it should be.
func FuzzCARequestsJSON(f *testing.F) {
	add := func(kind uint8, requests ...any) {
		for _, req := range requests {
			f.Add(kind, encodeJSON(f, req))
		}
	}
	add(0, rootRequest(), struct{}{}, nil)
	for _, row := range refusedRootRequests() {
		req := rootRequest()
		row.change(req)
		add(0, req)
	}
	for _, row := range refusedSubRequests() {
		req := subRequest(algorithm.ECC_256)
		row.change(req)
		add(1, req)
	}
	constrained := subRequest(algorithm.ECC_256)
	constrained.ExtendedKeyUsages = []string{"serverAuth", "1.3.6.1.5.5.7.3.2"}
	constrained.NameConstraints = &ca.NameConstraints{
		PermittedDNSDomains: []string{".example.com", "例子.中国"}, ExcludedDNSDomains: []string{"bad.example.com"},
		PermittedIPRanges: []string{"10.0.0.0/8", "2001:db8::/32"}, ExcludedEmailAddresses: []string{"a@example.com", ".example.org"},
	}
	add(1, subRequest(algorithm.ECC_256), constrained)
	add(2, ca.CreateOCSPResponderCertificateRequest{CommonName: "云证书", Days: 30})
	identifier := authorityOf(algorithm.SM2_256).issuer.Identifier()
	add(3, ca.DescribeCACertificateRequest{Identifier: identifier})
	add(4, ca.DescribeCACertificateListRequest{CurrentPage: 2, ShowSize: 3, ValidStatus: "valid"}, ca.DescribeCACertificateListRequest{Identifier: identifier, CertType: "subRoot"})
	add(5, ca.UpdateCACertificateStatusRequest{Identifier: identifier, Status: ca.StatusRevoke})
	au := authorityOf(algorithm.ECC_256)
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		// run reads the request, holds Validate and the operation to each
		// other, and tells whether there is a result.
		run := func(req interface{ Validate() error }, operate func() (result any, err error)) bool {
			if json.Unmarshal([]byte(text), req) != nil {
				return false
			}
			invalid := req.Validate()
			result, err := operate()
			if invalid != nil && (err == nil || err.Error() != invalid.Error()) {
				t.Errorf("Validate says %v, and the operation %v", invalid, err)
			}
			if err == nil {
				return true
			}
			checkRequestsFault(t, err)
			if !reflect.ValueOf(result).IsNil() {
				t.Error("a result with an error")
			}
			return false
		}
		switch kind % 6 {
		case 0:
			var req ca.CreateRootCACertificateRequest
			var resp *ca.CreateRootCACertificateResponse
			if run(&req, func() (_ any, err error) {
				resp, err = ca.CreateRootCACertificate(testutil.Seeded(), instant, au.rootKey, &req)
				return resp, err
			}) {
				verifySignature(t, parsePEM(t, resp.Certificate), au.rootKey.Public())
				if _, err := ca.NewIssuer(resp.CertificateChain, au.rootKey, ca.IssuerOptions{}); err != nil {
					t.Errorf("the root is not an issuer: %v", err)
				}
			}
		case 1:
			var req ca.CreateSubCACertificateRequest
			var resp *ca.CreateSubCACertificateResponse
			if run(&req, func() (_ any, err error) {
				resp, err = ca.CreateSubCACertificate(testutil.Seeded(), instant, au.rootIssuer, au.subKey.Public(), &req)
				return resp, err
			}) {
				cert := parsePEM(t, resp.Certificate)
				verifySignature(t, cert, au.rootKey.Public())
				if cert.NotAfter.After(caEnd.AddDate(5, 0, 0)) || cert.MaxPathLen != int(req.PathLenConstraint) {
					t.Errorf("a CA until %v with path length %d", cert.NotAfter, cert.MaxPathLen)
				}
				if _, err := ca.NewIssuer(resp.CertificateChain, au.subKey, ca.IssuerOptions{}); err != nil {
					t.Errorf("the CA is not an issuer: %v", err)
				}
			}
		case 2:
			var req ca.CreateOCSPResponderCertificateRequest
			var resp *ca.CreateOCSPResponderCertificateResponse
			if run(&req, func() (_ any, err error) {
				resp, err = ca.CreateOCSPResponderCertificate(testutil.Seeded(), instant, au.issuer, key(algorithm.ECC_256, 2).Public(), &req)
				return resp, err
			}) {
				cert := parsePEM(t, resp.Certificate)
				verifySignature(t, cert, au.subKey.Public())
				if cert.IsCA || len(cert.DNSNames)+len(cert.IPAddresses) > 0 {
					t.Error("the responder is a CA or has names")
				}
				if _, err := ca.NewOCSPResponder(resp.CertificateChain, key(algorithm.ECC_256, 2)); err != nil {
					t.Errorf("the responder does not respond: %v", err)
				}
			}
		case 3:
			var req ca.DescribeCACertificateRequest
			run(&req, func() (any, error) { return ca.DescribeCACertificate(testutil.Seeded(), newPool(t), &req) })
		case 4:
			var req ca.DescribeCACertificateListRequest
			var resp *ca.DescribeCACertificateListResponse
			if run(&req, func() (_ any, err error) {
				resp, err = ca.DescribeCACertificateList(testutil.Seeded(), instant, newPool(t), &req)
				return resp, err
			}) && len(resp.CertificateList) > 2*len(testkeys.Families) {
				t.Errorf("%d CAs of %d", len(resp.CertificateList), 2*len(testkeys.Families))
			}
		case 5:
			var req ca.UpdateCACertificateStatusRequest
			pool := newPool(t)
			if run(&req, func() (any, error) { return ca.UpdateCACertificateStatus(testutil.Seeded(), pool, &req) }) {
				if _, err := pool.Issuer(req.Identifier); !errors.Is(err, yuncert.ErrInvalidStatusUpdateProtection) {
					t.Errorf("the revoked CA still issues: %v", err)
				}
			}
		}
	})
}
