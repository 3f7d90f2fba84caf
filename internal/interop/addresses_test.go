package interop

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ocsp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// A site is a root CA with two subordinate CAs, the second of them revoked, and the
// web server that the addresses in their certificates lead to.
type site struct {
	siteOptions
	algorithm   algorithm.Algorithm
	root        *published
	sub, bad    *published // bad is revoked
	authorities map[string]*published
	revoked     map[string]ca.RevocationReason // by serial number

	// Server certificates: one that is good, one that is revoked, and one that the
	// revoked CA issued.
	good, revokedLeaf, below         string
	rootFile, subFile, badFile       string
	goodFile, revokedFile, belowFile string

	mu    sync.Mutex
	asked map[string]bool // the kinds of requests that came
}

// siteOptions are what differs between sites.
type siteOptions struct {
	noAddresses bool   // certificates have none
	delegated   bool   // OCSP responders have certificates and keys of their own
	broken      string // the kind of requests that the server does not answer
	base        string // what addresses begin with; empty means the server's address
}

// A published CA is an issuer and what the server has of it.
type published struct {
	issuer    *ca.Issuer
	responder *ca.OCSPResponder
	delegate  string // the certificate of a delegated responder
	crl       []byte
}

func newSite(t *testing.T, a algorithm.Algorithm, options siteOptions) *site {
	t.Helper()
	s := &site{
		siteOptions: options, algorithm: a, authorities: make(map[string]*published),
		revoked: make(map[string]ca.RevocationReason), asked: make(map[string]bool),
	}
	server := httptest.NewUnstartedServer(s)
	t.Cleanup(server.Close)
	if s.base == "" {
		s.base = "http://" + server.Listener.Addr().String()
	}

	keys := []*algorithm.PrivateKey{testkeys.Key(a, 0), testkeys.Key(a, 1), testkeys.Key(a, 2)}
	root, err := ca.CreateRootCACertificate(nil, now, keys[0], &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: "例子公司", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 30,
	})
	if err != nil {
		t.Fatalf("CreateRootCACertificate: %v", err)
	}
	s.root = s.publish(t, root.CertificateChain, root.Identifier, keys[0], keys[2])
	s.sub = s.newSub(t, "Example Issuing CA", keys[1], keys[2])
	s.bad = s.newSub(t, "Example Revoked CA", keys[2], keys[1])
	s.good, _ = s.server(t, s.sub, keys[2])
	var serialNumber string
	s.revokedLeaf, serialNumber = s.server(t, s.sub, keys[2])
	s.below, _ = s.server(t, s.bad, keys[1])

	s.revoked[serialNumber] = ca.ReasonKeyCompromise
	s.revoked[s.bad.issuer.Describe().SerialNumber] = ca.ReasonCACompromise
	s.root.list(t, s.bad.issuer.Describe().SerialNumber, ca.ReasonCACompromise)
	s.sub.list(t, serialNumber, ca.ReasonKeyCompromise)
	s.bad.list(t, "", 0)

	dir := t.TempDir()
	s.rootFile = write(t, dir, "root.pem", root.Certificate)
	s.subFile = write(t, dir, "sub.pem", s.sub.certificate())
	s.badFile = write(t, dir, "bad.pem", s.bad.certificate())
	s.goodFile, s.revokedFile, s.belowFile = write(t, dir, "good.pem", s.good), write(t, dir, "revoked.pem", s.revokedLeaf), write(t, dir, "below.pem", s.below)
	server.Start()
	return s
}

// publish makes an issuer with the addresses of its CRL, responder and certificate.
func (s *site) publish(t *testing.T, chain, identifier string, key, responderKey *algorithm.PrivateKey) *published {
	t.Helper()
	var options ca.IssuerOptions
	if !s.noAddresses {
		options = ca.IssuerOptions{
			CRLBase: s.base + "/crl", OCSPServer: []string{s.base + "/ocsp/" + identifier},
			IssuingCertificateURL: []string{s.base + "/ca/" + identifier + ".cer"},
		}
	}
	issuer, err := ca.NewIssuer(chain, key, options)
	if err != nil {
		t.Fatalf("NewIssuer: %v", err)
	}
	p := &published{issuer: issuer}
	if s.delegated {
		resp, err := ca.CreateOCSPResponderCertificate(nil, now, issuer, responderKey.Public(),
			&ca.CreateOCSPResponderCertificateRequest{CommonName: "Example OCSP", Days: 28 * 365})
		if err != nil {
			t.Fatalf("CreateOCSPResponderCertificate: %v", err)
		}
		p.delegate, chain, key = resp.Certificate, resp.CertificateChain, responderKey
	}
	p.responder, err = ca.NewOCSPResponder(chain, key)
	if err != nil {
		t.Fatalf("NewOCSPResponder: %v", err)
	}
	s.authorities[identifier] = p
	return p
}

// newSub makes a subordinate CA and publishes it.
func (s *site) newSub(t *testing.T, name string, key, responderKey *algorithm.PrivateKey) *published {
	t.Helper()
	resp, err := ca.CreateSubCACertificate(nil, now, s.root.issuer, key.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: name, Organization: "例子公司", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN",
		Algorithm: string(key.Algorithm()), Years: 29,
	})
	if err != nil {
		t.Fatalf("CreateSubCACertificate: %v", err)
	}
	return s.publish(t, resp.CertificateChain, resp.Identifier, key, responderKey)
}

// server issues a server certificate that says where the CRL is.
func (s *site) server(t *testing.T, p *published, key *algorithm.PrivateKey) (certificate, serialNumber string) {
	t.Helper()
	req := &ca.CreateServerCertificateWithCsrRequest{Csr: newCSR(t, key), ParentIdentifier: p.issuer.Identifier(), Years: 28, Immediately: 1}
	if !s.noAddresses {
		req.EnableCrl = 1
	}
	resp, _, err := ca.CreateServerCertificateWithCsr(nil, now, p.issuer, req)
	if err != nil {
		t.Fatalf("CreateServerCertificateWithCsr: %v", err)
	}
	return resp.X509Certificate, resp.SerialNumber
}

// list makes the CA's CRL. An empty serial number means that nothing is revoked.
func (p *published) list(t *testing.T, serialNumber string, reason ca.RevocationReason) {
	t.Helper()
	req := &ca.CreateRevocationListRequest{Number: big.NewInt(1), NextUpdate: later}
	if serialNumber != "" {
		req.Revoked = ca.Revoked(ca.RevokedCertificate{SerialNumber: serialNumber, RevocationTime: now, Reason: reason})
	}
	var err error
	p.crl, err = ca.CreateRevocationList(nil, now, p.issuer, req)
	if err != nil {
		t.Fatalf("CreateRevocationList: %v", err)
	}
}

// ServeHTTP answers /crl/IDENTIFIER.crl, /ca/IDENTIFIER.cer and /ocsp/IDENTIFIER.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	name, encoded, _ := strings.Cut(rest, "/")
	identifier, _, _ := strings.Cut(name, ".")
	s.mu.Lock()
	s.asked[kind] = true
	s.mu.Unlock()
	p := s.authorities[identifier]
	if p == nil || kind == s.broken {
		http.NotFound(w, r)
		return
	}
	switch kind {
	case "crl":
		w.Header().Set("Content-Type", "application/pkix-crl")
		w.Write(p.crl)
	case "ca":
		block, _ := pem.Decode([]byte(p.certificate()))
		w.Header().Set("Content-Type", "application/pkix-cert")
		w.Write(block.Bytes)
	case "ocsp":
		request, err := io.ReadAll(r.Body)
		if r.Method == http.MethodGet {
			request, err = base64.StdEncoding.DecodeString(encoded)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		response, err := ca.RespondOCSP(nil, now, p.responder, request, s.status)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/ocsp-response")
		w.Write(response)
	}
}

// status is what the responders say of a certificate.
func (s *site) status(serialNumber string) (ca.OCSPAnswer, error) {
	if reason, ok := s.revoked[serialNumber]; ok {
		return ca.OCSPAnswer{Status: ca.OCSPRevoked, RevocationTime: now, Reason: reason, NextUpdate: later}, nil
	}
	return ca.OCSPAnswer{Status: ca.OCSPGood, NextUpdate: later}, nil
}

// requests returns the kinds of requests that came, in alphabetical order.
func (s *site) requests() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(s.asked)), " ")
}

// Java's PKIX validator knows only the root and finds the status of each certificate by
// itself: by OCSP, by CRLs if no responder answers, and by CRLs only. Its path builder
// also finds the subordinate CA. Since January 2026 Java follows caIssuers only to the
// locations in allowedAIALocations.
func TestJavaAddresses(t *testing.T) {
	t.Parallel()
	need(t, "java")
	const (
		valid   = "valid"
		revoked = "invalid: certificate 0: REVOKED: Certificate has been revoked, reason: KEY_COMPROMISE"
		below   = "invalid: certificate 1: REVOKED: Certificate has been revoked, reason: CA_COMPROMISE"
		noOCSP  = "invalid: certificate 1: UNSPECIFIED: Certificate does not specify OCSP responder"
		noCRL   = "invalid: certificate 1: UNDETERMINED_REVOCATION_STATUS: Could not determine revocation status"
		noPath  = "invalid: unable to find valid certification path to requested target"
	)
	tests := []struct {
		name                 string
		kind                 string // as in Addresses.java
		options              siteOptions
		good, revoked, below string
		requests             string
	}{
		{"OCSP by the CAs", "default", siteOptions{}, valid, revoked, below, "ocsp"},
		{"OCSP by responders", "default", siteOptions{delegated: true}, valid, revoked, below, "ocsp"},
		{"no responder answers", "default", siteOptions{broken: "ocsp"}, valid, revoked, below, "crl ocsp"},
		{"CRLs", "crl", siteOptions{}, valid, revoked, below, "crl"},
		// The builder passes over a CA that is revoked, and knows no index.
		{"no intermediate", "build", siteOptions{}, valid, strings.Replace(revoked, "0", "-1", 1), noPath, "ca ocsp"},
		{"no addresses", "default", siteOptions{noAddresses: true}, noOCSP, noOCSP, noOCSP, ""},
		{"CRLs without addresses", "crl", siteOptions{noAddresses: true}, noCRL, noCRL, noCRL, ""},
		{"no intermediate and no addresses", "build", siteOptions{noAddresses: true}, noPath, noPath, noPath, ""},
	}
	var lines, want, got []string
	var sites []*site
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256} {
		for _, tt := range tests {
			s := newSite(t, a, tt.options)
			sites = append(sites, s)
			for _, path := range [][]string{{s.goodFile, s.subFile}, {s.revokedFile, s.subFile}, {s.belowFile, s.badFile}} {
				if tt.kind == "build" {
					path = path[:1]
				}
				lines = append(lines, fmt.Sprintln(now.Add(time.Hour).Unix(), tt.kind, s.rootFile, strings.Join(path, " ")))
			}
			want = append(want, string(a)+", "+tt.name, tt.good, tt.revoked, tt.below, tt.requests)
		}
	}
	r := run(t, strings.Join(lines, ""), "java", slices.Concat(javaOptions, []string{
		"-Dcom.sun.security.enableAIAcaIssuers=true", "-Dcom.sun.security.allowedAIALocations=any", "testdata/Addresses.java"})...)
	if r.code != 0 {
		t.Fatal(r)
	}
	printed := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if len(printed) != len(lines) {
		t.Fatalf("%d lines for %d paths: %v", len(printed), len(lines), r)
	}
	for i, s := range sites {
		got = append(got, want[5*i])
		for _, line := range printed[3*i : 3*i+3] {
			line, _, _ = strings.Cut(line, ", revocation date:")
			got = append(got, line)
		}
		got = append(got, s.requests())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}

// fetch returns what the server has at an address.
func fetch(t *testing.T, method, address string, body []byte) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v", method, address, resp.Status, err)
	}
	return content
}

// Every certificate below the root leads to a CRL, an OCSP responder and its issuer's
// certificate. Windows wants a CRL or a responder for each, or else refuses with
// CRYPT_E_NO_REVOCATION_CHECK. A responder's certificate has id-pkix-ocsp-nocheck
// instead (RFC 6960, section 4.2.2.2.1).
func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		for _, delegated := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, delegated %v", a, delegated), func(t *testing.T) {
				t.Parallel()
				s := newSite(t, a, siteOptions{delegated: delegated})
				for _, tt := range []struct {
					name, text string
					issuer     *published
					revoked    bool
				}{
					{"subordinate CA", s.sub.certificate(), s.root, false},
					{"revoked CA", s.bad.certificate(), s.root, true},
					{"server", s.good, s.sub, false},
					{"revoked server", s.revokedLeaf, s.sub, true},
					{"server below the revoked CA", s.below, s.bad, false},
				} {
					checkAddresses(t, tt.name, tt.text, tt.issuer.certificate(), tt.revoked)
				}
				root := parseAny(t, s.root.certificate())
				if len(root.OCSPServer)+len(root.IssuingCertificateURL)+len(root.CRLDistributionPoints) > 0 {
					t.Error("the root has addresses, but nobody signs its status")
				}
				for _, p := range s.authorities {
					if !delegated {
						continue
					}
					delegate := parseAny(t, p.delegate)
					noCheck := func(e pkix.Extension) bool { return e.Id.String() == "1.3.6.1.5.5.7.48.1.5" }
					if len(delegate.IssuingCertificateURL) != 1 || !slices.ContainsFunc(delegate.Extensions, noCheck) {
						t.Errorf("the responder's certificate has the issuers %q and the extensions %v", delegate.IssuingCertificateURL, delegate.Extensions)
					}
				}
			})
		}
	}
}

// certificate returns the CA's own certificate in PEM.
func (p *published) certificate() string { return p.issuer.Describe().X509Certificate }

// parseAny reads a certificate of any family with crypto/x509, extended for SM2.
func parseAny(t *testing.T, text string) *smx509.Certificate {
	t.Helper()
	cert, err := smx509.ParseCertificate(testutil.FirstPEM(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// checkAddresses follows the addresses in a certificate.
func checkAddresses(t *testing.T, name, text, issuerText string, revoked bool) {
	t.Helper()
	cert, issuer := parseAny(t, text), parseAny(t, issuerText)
	if len(cert.CRLDistributionPoints) != 1 || len(cert.OCSPServer) != 1 || len(cert.IssuingCertificateURL) != 1 {
		t.Fatalf("%s: CRLs %q, responders %q, issuers %q; want one each", name, cert.CRLDistributionPoints, cert.OCSPServer, cert.IssuingCertificateURL)
	}
	if !bytes.Equal(fetch(t, "GET", cert.IssuingCertificateURL[0], nil), issuer.Raw) {
		t.Errorf("%s: %s is not the issuer's certificate", name, cert.IssuingCertificateURL[0])
	}
	list, err := smx509.ParseRevocationList(fetch(t, "GET", cert.CRLDistributionPoints[0], nil))
	if err != nil {
		t.Fatalf("%s: CRL: %v", name, err)
	}
	if err := list.CheckSignatureFrom(issuer); err != nil {
		t.Errorf("%s: CRL: %v", name, err)
	}
	listed := slices.ContainsFunc(list.RevokedCertificateEntries, func(e smx509.RevocationListEntry) bool {
		return e.SerialNumber.Cmp(cert.SerialNumber) == 0
	})
	if listed != revoked {
		t.Errorf("%s: in the CRL: %v, want %v", name, listed, revoked)
	}
	if cert.SignatureAlgorithm == smx509.SM2WithSM3 { // see TestOpenSSLAddresses
		return
	}
	subject, signer := parseCertificate(t, text), parseCertificate(t, issuerText)
	request, err := ocsp.CreateRequest(subject, signer, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range [][]byte{
		fetch(t, "POST", cert.OCSPServer[0], request),
		fetch(t, "GET", cert.OCSPServer[0]+"/"+url.PathEscape(base64.StdEncoding.EncodeToString(request)), nil),
	} {
		response, err := ocsp.ParseResponseForCert(answer, subject, signer)
		if err != nil || (response.Status == ocsp.Revoked) != revoked || response.Status == ocsp.Unknown {
			t.Errorf("%s: OCSP: %+v, %v", name, response, err)
		}
	}
}

// openssl knows only the root, downloads the CRLs that the certificates name, and asks
// their OCSP responders.
func TestOpenSSLAddresses(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range testkeys.Families {
		for _, delegated := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, delegated %v", a, delegated), func(t *testing.T) {
				t.Parallel()
				s := newSite(t, a, siteOptions{delegated: delegated})
				s.checkOpenSSLResponder(t, s.goodFile, s.sub, s.subFile, "good")
				s.checkOpenSSLResponder(t, s.revokedFile, s.sub, s.subFile, "revoked")
				s.checkOpenSSLResponder(t, s.subFile, s.root, s.rootFile, "good")
				s.checkOpenSSLResponder(t, s.badFile, s.root, s.rootFile, "revoked")
				if a == algorithm.SM2_256 { // no user ID for the signatures of CRLs
					return
				}
				const revoked = "lookup: certificate revoked"
				sub, bad := []string{"-CAfile", s.rootFile, "-untrusted", s.subFile}, []string{"-CAfile", s.rootFile, "-untrusted", s.badFile}
				leaf := []string{"-crl_check", "-crl_download"}
				verifies(t, s.goodFile, append(leaf, sub...)...)
				refuses(t, "error 23 at 0 depth "+revoked, s.revokedFile, append(leaf, sub...)...)
				verifies(t, s.subFile, append(leaf, sub...)...)
				refuses(t, "error 23 at 0 depth "+revoked, s.badFile, append(leaf, sub...)...)

				all := []string{"-crl_check_all", "-crl_download"}
				refuses(t, "error 23 at 0 depth "+revoked, s.revokedFile, append(all, sub...)...)
				refuses(t, "error 23 at 1 depth "+revoked, s.belowFile, append(all, bad...)...)
				// -crl_check_all checks the root too, which has no CRL address.
				refuses(t, "error 3 at 2 depth lookup: unable to get certificate CRL", s.goodFile, append(all, sub...)...)
				list := write(t, t.TempDir(), "root.crl", testutil.EncodePEM("X509 CRL", s.root.crl))
				verifies(t, s.goodFile, slices.Concat(all, sub, []string{"-CRLfile", list})...)

				without := newSite(t, a, siteOptions{noAddresses: true})
				refuses(t, "error 3 at 0 depth lookup: unable to get certificate CRL", without.goodFile, append(leaf, "-CAfile", without.rootFile, "-untrusted", without.subFile)...)
			})
		}
	}
}

// checkOpenSSLResponder asks the responder that openssl finds in the certificate.
func (s *site) checkOpenSSLResponder(t *testing.T, file string, issuer *published, issuerFile, status string) {
	t.Helper()
	address := strings.TrimSpace(must(t, "openssl", "x509", "-in", file, "-noout", "-ocsp_uri"))
	responseFile := filepath.Join(t.TempDir(), "response.der")
	args := []string{"ocsp", "-url", address, "-issuer", issuerFile, "-cert", file, "-respout", responseFile, "-no_nonce"}
	if s.algorithm == algorithm.SM2_256 {
		args = append(args, "-noverify")
	} else {
		args = append(args, "-CAfile", s.rootFile, "-verify_other", issuerFile)
	}
	r := run(t, "", "openssl", args...)
	if r.code != 0 || !r.says(file+": "+status) || s.algorithm != algorithm.SM2_256 && !r.says("Response verify OK") {
		t.Errorf("openssl ocsp does not print %q: %v", status, r)
	}
	if s.algorithm == algorithm.SM2_256 {
		signer := issuerFile
		if s.delegated {
			signer = write(t, t.TempDir(), "responder.pem", issuer.delegate)
		}
		checkSM2Signature(t, basicResponse(t, []byte(read(t, responseFile))), signer)
	}
}

// GnuTLS asks the OCSP responders that the certificates name.
func TestGnuTLSAddresses(t *testing.T) {
	t.Parallel()
	need(t, "ocsptool")
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256} {
		for _, delegated := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, delegated %v", a, delegated), func(t *testing.T) {
				t.Parallel()
				s := newSite(t, a, siteOptions{delegated: delegated})
				for _, tt := range []struct{ file, issuerFile, status string }{
					{s.goodFile, s.subFile, "good"}, {s.revokedFile, s.subFile, "revoked"},
					{s.subFile, s.rootFile, "good"}, {s.badFile, s.rootFile, "revoked"},
				} {
					r := run(t, "", "ocsptool", "--ask", "--load-cert", tt.file, "--load-issuer", tt.issuerFile)
					if r.code != 0 || !r.says("Verifying OCSP Response: Success") || !r.says("Certificate Status: "+tt.status) {
						t.Errorf("ocsptool does not print %q: %v", tt.status, r)
					}
				}
				without := newSite(t, a, siteOptions{noAddresses: true})
				r := run(t, "", "ocsptool", "--ask", "--load-cert", without.goodFile, "--load-issuer", without.subFile)
				if r.code == 0 {
					t.Errorf("ocsptool finds a responder without an address: %v", r)
				}
			})
		}
	}
}

// zlint has no finding about addresses in certificates that have them all.
func TestZlintAddresses(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, a, siteOptions{delegated: true, base: "http://pki.example.com"})
			server, _, err := ca.CreateServerCertificateWithCsr(nil, now, s.sub.issuer, &ca.CreateServerCertificateWithCsrRequest{
				Csr: newCSR(t, testkeys.Key(a, 2)), ParentIdentifier: s.sub.issuer.Identifier(), Days: 365, Immediately: 1, EnableCrl: 1,
			})
			if err != nil {
				t.Fatalf("CreateServerCertificateWithCsr: %v", err)
			}
			client, _, err := ca.CreateClientCertificateWithCsr(nil, now, s.sub.issuer, &ca.CreateClientCertificateWithCsrRequest{
				Csr: newCSR(t, testkeys.Key(a, 2)), ParentIdentifier: s.sub.issuer.Identifier(), Days: 365, Immediately: 1, EnableCrl: 1,
			})
			if err != nil {
				t.Fatalf("CreateClientCertificateWithCsr: %v", err)
			}
			checkZlint(t, a, "server"+withAddresses, server.X509Certificate)
			checkZlint(t, a, "client"+withAddresses, client.X509Certificate)
			checkZlint(t, a, "sub"+withAddresses, s.sub.certificate())
			checkZlint(t, a, "responder"+withAddresses, s.sub.delegate)
		})
	}
}
