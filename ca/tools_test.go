package ca_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/x509der"
)

// toolFiles reads the files in testdata/tools whose names match a pattern: what
// other tools made, as make.sh there says.
func toolFiles(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata/tools", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no %s in testdata/tools (%v)", pattern, err)
	}
	files := make(map[string][]byte)
	for _, path := range paths {
		if files[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// first is the first certificate of a chain.
func first(t testing.TB, chain []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(chain)
	return parse(t, block.Bytes)
}

// A CA that another tool made goes on here: its chain and key make an Issuer,
// and what that issues verifies up to the tool's root.
func TestNewIssuerTools(t *testing.T) {
	t.Parallel()
	for file, chain := range toolFiles(t, "*-chain.pem") {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			a := algorithm.Algorithm(strings.Split(file, "-")[1])
			issuer, err := ca.NewIssuer(string(chain), key(a, 1), ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			now := first(t, chain).NotBefore
			req := serverRequest(issuer, hostCSR(t, a, "www.example.com"))
			req.Immediately = 2
			resp, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), now, issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			root := resp.CertificateChain[strings.LastIndex(resp.CertificateChain, "-----BEGIN"):]
			if _, err := ca.Verify(now, resp.X509Certificate, ca.VerifyOptions{
				Roots: root, Intermediates: resp.CertificateChain, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth,
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// The CRLs of other tools are read, all but Java's, and their signatures hold.
func TestParseRevocationListTools(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"certtool-ECC_256-crl.pem": {"1"}, "certtool-RSA_2048-crl.pem": {"1"},
		"keytool-ECC_256-crl.pem": {"its version is 1; want 2 (RFC 5280, section 5.1.2.1): let the CA write CRL extensions, such as a CRL number"}, // Java's
		"openssl-ECC_256-crl.pem": {"7f", "1a2"}, "openssl-RSA_2048-crl.pem": {"7f", "1a2"}, "openssl-SM2_256-crl.pem": {"7f", "1a2"},
		"tjfoc-SM2_256-crl.pem": {"1a2"},
	}
	got := make(map[string][]string)
	for file, text := range toolFiles(t, "*-crl.pem") {
		list, err := ca.ParseRevocationList(text)
		if err != nil {
			got[file] = []string{strings.TrimPrefix(err.Error(), "InvalidValue.Malformed: the CRL cannot be read: ")}
			continue
		}
		chain, err := os.ReadFile(filepath.Join("testdata/tools", strings.Replace(file, "-crl", "-chain", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if err := x509der.CheckCRLSignature(list, first(t, chain)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		for _, entry := range list.RevokedCertificateEntries {
			got[file] = append(got[file], fmt.Sprintf("%x", entry.SerialNumber))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("revoked serial numbers, or errors, mismatch (-want +got):\n%s", diff)
	}
}

// The OCSP requests of other tools are understood: they ask about certificates
// of other CAs than this one.
func TestRespondOCSPTools(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		for file, request := range toolFiles(t, "*.der") {
			t.Run(string(a)+" "+file, func(t *testing.T) {
				t.Parallel()
				responder := delegatedResponder(t, authorityOf(a))
				der, err := ca.RespondOCSP(nil, listed, responder, request, func(serialNumber string) (ca.OCSPAnswer, error) {
					t.Errorf("asked about %s, which another CA issued", serialNumber)
					return good(serialNumber)
				})
				if err != nil {
					t.Fatal(err)
				}
				if got := parseResponse(t, der).Status; got != unauthorized {
					t.Errorf("status %d, want %d", got, unauthorized)
				}
			})
		}
	}
}

// For a CSR of any tool the certificate has the DNS names and IP addresses that
// csr.Parse read and the common name. It has no name of another form that the
// tool added.
func TestCreateServerCertificateWithCsrTools(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../csr/testdata/accepted/*.pem")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no CSRs (%v)", err)
	}
	made := make(map[algorithm.Algorithm]*ca.Issuer)
	issuers := func(a algorithm.Algorithm) *ca.Issuer { // whose keys are not test key 0, which the CSRs have
		if made[a] != nil {
			return made[a]
		}
		root, err := ca.CreateRootCACertificate(testutil.Seeded(), instant, key(a, 2), rootRequest())
		if err != nil {
			t.Fatal(err)
		}
		rootIssuer, err := ca.NewIssuer(root.CertificateChain, key(a, 2), ca.IssuerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		sub, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, rootIssuer, key(a, 1).Public(), subRequest(a))
		if err != nil {
			t.Fatal(err)
		}
		if made[a], err = ca.NewIssuer(sub.CertificateChain, key(a, 1), ca.IssuerOptions{}); err != nil {
			t.Fatal(err)
		}
		return made[a]
	}
	others := 0 // of the CSRs that ask for other names too
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := csr.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(r.Raw, []byte("\x81\x0da@example.com")) {
			others++
		}
		want := r.Names
		if host, ok := x509der.HostName(r.CommonName); ok {
			want = x509der.AppendNames([]string{host}, r.Names...)
		}
		issuer := issuers(caAlgorithm(r.Algorithm))
		cert := issue(t, issuer, serverRequest(issuer, string(text)))
		if diff := cmp.Diff(want, namesOf(t, cert), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: names mismatch (-want +got):\n%s", path, diff)
		}
		if len(cert.EmailAddresses)+len(cert.URIs) > 0 {
			t.Errorf("%s: the names %q and %v", path, cert.EmailAddresses, cert.URIs)
		}
	}
	if others < 3 {
		t.Errorf("only %d CSRs ask for e-mail addresses", others)
	}
}
