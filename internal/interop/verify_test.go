package interop

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// verdicts are certificates, CAs and options, and whether the chain is valid.
var verdicts = []struct {
	name        string
	names       string // of a server; with an @, the mailbox of a client
	constraints *ca.NameConstraints
	host        string
	usage       x509.ExtKeyUsage
	want        bool
	lenient     bool // gmsm, like crypto/x509, treats a mailbox constraint on a host as one on a domain
}{
	{"a host", "www.example.com", nil, "www.example.com", x509.ExtKeyUsageServerAuth, true, false},
	{"another host", "www.example.com", nil, "www.example.org", x509.ExtKeyUsageServerAuth, false, false},
	{"the domain above", "www.example.com", nil, "example.com", x509.ExtKeyUsageServerAuth, false, false},
	{"a host in upper case", "www.example.com", nil, "WWW.Example.COM", x509.ExtKeyUsageServerAuth, true, false},
	{"a wildcard", "*.example.com", nil, "api.example.com", x509.ExtKeyUsageServerAuth, true, false},
	{"a wildcard for two labels", "*.example.com", nil, "a.b.example.com", x509.ExtKeyUsageServerAuth, false, false},
	{"a wildcard for no label", "*.example.com", nil, "example.com", x509.ExtKeyUsageServerAuth, false, false},
	{"an address", "192.0.2.1", nil, "192.0.2.1", x509.ExtKeyUsageServerAuth, true, false},
	{"another address", "192.0.2.1", nil, "192.0.2.2", x509.ExtKeyUsageServerAuth, false, false},
	{"an IPv6 address", "2001:db8::1", nil, "2001:0db8:0::1", x509.ExtKeyUsageServerAuth, true, false},
	{"a server for a client", "www.example.com", nil, "", x509.ExtKeyUsageClientAuth, false, false},
	{"a client", "zhang@example.com", nil, "", x509.ExtKeyUsageClientAuth, true, false},
	{"a client for a server", "zhang@example.com", nil, "", x509.ExtKeyUsageServerAuth, false, false},

	{"a domain permitted", "www.example.com", &ca.NameConstraints{PermittedDNSDomains: []string{"example.com"}}, "www.example.com", x509.ExtKeyUsageServerAuth, true, false},
	{"the domain itself", "example.com", &ca.NameConstraints{PermittedDNSDomains: []string{"example.com"}}, "example.com", x509.ExtKeyUsageServerAuth, true, false},
	{"a domain not permitted", "www.example.org", &ca.NameConstraints{PermittedDNSDomains: []string{"example.com"}}, "", x509.ExtKeyUsageServerAuth, false, false},
	{"a domain that ends alike", "www.badexample.com", &ca.NameConstraints{PermittedDNSDomains: []string{"example.com"}}, "", x509.ExtKeyUsageServerAuth, false, false},
	{"one of two not permitted", "www.example.com,www.example.org", &ca.NameConstraints{PermittedDNSDomains: []string{"example.com"}}, "www.example.com", x509.ExtKeyUsageServerAuth, false, false},
	{"two domains permitted", "www.example.com,www.example.org", &ca.NameConstraints{PermittedDNSDomains: []string{"example.com", "example.org"}}, "www.example.org", x509.ExtKeyUsageServerAuth, true, false},
	{"a domain excluded", "www.example.com", &ca.NameConstraints{ExcludedDNSDomains: []string{"example.com"}}, "", x509.ExtKeyUsageServerAuth, false, false},
	{"another domain excluded", "www.example.org", &ca.NameConstraints{ExcludedDNSDomains: []string{"example.com"}}, "www.example.org", x509.ExtKeyUsageServerAuth, true, false},
	{"excluded within a permitted domain", "a.bad.example.com", &ca.NameConstraints{PermittedDNSDomains: []string{"example.com"}, ExcludedDNSDomains: []string{"bad.example.com"}}, "", x509.ExtKeyUsageServerAuth, false, false},
	{"a wildcard permitted", "*.example.com", &ca.NameConstraints{PermittedDNSDomains: []string{"example.com"}}, "api.example.com", x509.ExtKeyUsageServerAuth, true, false},
	{"domains do not constrain addresses", "192.0.2.1", &ca.NameConstraints{PermittedDNSDomains: []string{"example.com"}}, "192.0.2.1", x509.ExtKeyUsageServerAuth, true, false},
	{"an address permitted", "10.1.2.3", &ca.NameConstraints{PermittedIPRanges: []string{"10.0.0.0/8"}}, "10.1.2.3", x509.ExtKeyUsageServerAuth, true, false},
	{"an address not permitted", "11.1.2.3", &ca.NameConstraints{PermittedIPRanges: []string{"10.0.0.0/8"}}, "", x509.ExtKeyUsageServerAuth, false, false},
	{"IPv6 where IPv4 is permitted", "2001:db8::1", &ca.NameConstraints{PermittedIPRanges: []string{"10.0.0.0/8"}}, "", x509.ExtKeyUsageServerAuth, false, false},
	{"an IPv6 address permitted", "2001:db8::1", &ca.NameConstraints{PermittedIPRanges: []string{"2001:db8::/32"}}, "2001:db8::1", x509.ExtKeyUsageServerAuth, true, false},
	{"an IPv6 address excluded", "2001:db8::1", &ca.NameConstraints{ExcludedIPRanges: []string{"2001:db8::/32"}}, "", x509.ExtKeyUsageServerAuth, false, false},
	{"a mailbox permitted", "zhang@example.com", &ca.NameConstraints{PermittedEmailAddresses: []string{"example.com"}}, "", x509.ExtKeyUsageClientAuth, true, false},
	{"a mailbox of a host below", "zhang@mail.example.com", &ca.NameConstraints{PermittedEmailAddresses: []string{"example.com"}}, "", x509.ExtKeyUsageClientAuth, false, true},
	{"a mailbox below a domain", "zhang@mail.example.com", &ca.NameConstraints{PermittedEmailAddresses: []string{".example.com"}}, "", x509.ExtKeyUsageClientAuth, true, false},
	{"a mailbox excluded", "zhang@example.com", &ca.NameConstraints{ExcludedEmailAddresses: []string{"zhang@example.com"}}, "", x509.ExtKeyUsageClientAuth, false, false},
}

// ca.Verify agrees with openssl verify, and for SM2 with gmsm's smx509: OpenSSL 3.0
// cannot verify SM2 chains.
func TestVerifyAgrees(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.ECC_384, algorithm.SM2_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, a)
			for _, tt := range verdicts {
				var certificate string
				if strings.Contains(tt.names, "@") {
					certificate, _ = p.client(t, a, func(r *ca.CreateClientCertificateWithCsrRequest) { r.SanType, r.SanValue = 1, tt.names })
				} else {
					certificate, _ = p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: bareCSR(t, a), Domain: tt.names})
				}
				sub := p.sub
				if tt.constraints != nil {
					sub, _ = p.constrained(t, a, tt.constraints)
				}
				at := now.Add(24 * time.Hour)
				chain, err := ca.Verify(at, certificate, ca.VerifyOptions{Roots: p.root, Intermediates: sub, Host: tt.host, Usage: tt.usage})
				if (err == nil) != tt.want || (err == nil) != (len(chain) == 3) {
					t.Errorf("%s: ca.Verify: %d certificates, %v; want valid %v", tt.name, len(chain), err, tt.want)
				}
				ok, said := false, ""
				if a == algorithm.SM2_256 {
					ok, said = smx509Verifies(t, p.root, sub, certificate, at, tt.host, tt.usage)
				} else {
					ok, said = opensslVerifies(t, p.rootFile, sub, certificate, tt.host, tt.usage)
				}
				if ok != (tt.want || tt.lenient && a == algorithm.SM2_256) {
					t.Errorf("%s: the other implementation does not agree: %s", tt.name, said)
				}
			}
		})
	}
}

func opensslVerifies(t *testing.T, rootFile, sub, certificate, host string, usage x509.ExtKeyUsage) (ok bool, said string) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"verify", "-attime", attime, "-CAfile", rootFile, "-untrusted", write(t, dir, "sub.pem", sub)}
	switch {
	case strings.Trim(host, "0123456789.:abcdef") == "" && host != "":
		args = append(args, "-verify_ip", host)
	case host != "":
		args = append(args, "-verify_hostname", host)
	}
	purpose := map[x509.ExtKeyUsage]string{x509.ExtKeyUsageServerAuth: "sslserver", x509.ExtKeyUsageClientAuth: "sslclient"}[usage]
	r := run(t, "", "openssl", append(args, "-purpose", purpose, write(t, dir, "certificate.pem", certificate))...)
	return r.code == 0, r.String()
}

func smx509Verifies(t *testing.T, root, sub, certificate string, at time.Time, host string, usage x509.ExtKeyUsage) (ok bool, said string) {
	t.Helper()
	cert, err := smx509.ParseCertificate(testutil.FirstPEM(t, certificate))
	if err != nil {
		t.Fatal(err)
	}
	roots, intermediates := smx509.NewCertPool(), smx509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(root)) || !intermediates.AppendCertsFromPEM([]byte(sub)) {
		t.Fatal("smx509 does not read the CA certificates")
	}
	_, err = cert.Verify(smx509.VerifyOptions{
		DNSName: host, Roots: roots, Intermediates: intermediates, CurrentTime: at, KeyUsages: []smx509.ExtKeyUsage{smx509.ExtKeyUsage(usage)},
	})
	return err == nil, fmt.Sprint(err)
}

// A CA with constraints on DNS names does not issue for a common name that openssl
// verify refuses below the CA, nor for one that openssl verify -verify_hostname
// finds without constraining it. It issues for all others.
func TestConstrainedCommonNamesAgree(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	const a = algorithm.ECC_256
	p := newPKI(t, a)
	for _, constraints := range []*ca.NameConstraints{{PermittedDNSDomains: []string{"example.com"}}, {ExcludedDNSDomains: []string{"example.org"}}} {
		sub, chain := p.constrained(t, a, constraints)
		issuer, err := ca.NewIssuer(chain, testkeys.Key(a, 1), ca.IssuerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		both, slipped := map[bool]int{}, map[string]bool{}
		for _, commonName := range []string{
			"alice", "E12345", "张三", "张三.李四", "Zhang San", "Zhang.San", "v1.2", "192.0.2.1", "2001:db8::1", "10.example.org",
			"www.example.com", "WWW.EXAMPLE.COM", "my_host.example.com", "my_host.example.org", "_a.example.org", "a_.EXAMPLE.org",
			"-a.example.org", "a-.example.org", "a.-example.org", "a-b.example.org", "a--b.example.org", ".example.org", "example.org.", "a..example.org",
			"a.example.org-", "a b.example.org", "*.example.com", "*.example.org", "a@example.org", "a:b.example.org", "a/b.example.org", "例.example.org",
			"www.example.com.", "www.example.org.", "例.example.com",
		} {
			text := bareCSR(t, a)
			server := func(issuer *ca.Issuer) (string, error) {
				resp, _, err := ca.CreateServerCertificateWithCsr(p.rand, now, issuer, &ca.CreateServerCertificateWithCsrRequest{
					Csr: text, CommonName: commonName, ParentIdentifier: issuer.Identifier(), Days: 365, Immediately: 1,
				})
				if err != nil {
					return "", err
				}
				return resp.X509Certificate, nil
			}
			client := func(issuer *ca.Issuer) (string, error) {
				resp, _, err := ca.CreateClientCertificateWithCsr(p.rand, now, issuer, &ca.CreateClientCertificateWithCsrRequest{
					Csr: text, CommonName: commonName, ParentIdentifier: issuer.Identifier(), Days: 365, Immediately: 1,
				})
				if err != nil {
					return "", err
				}
				return resp.X509Certificate, nil
			}
			for usage, issue := range map[x509.ExtKeyUsage]func(*ca.Issuer) (string, error){x509.ExtKeyUsageServerAuth: server, x509.ExtKeyUsageClientAuth: client} {
				certificate, err := issue(p.issuer)
				if errors.Is(err, yuncert.ErrInvalidValueMalformed) && usage == x509.ExtKeyUsageServerAuth {
					continue // not a host name: no CA issues it to a server
				}
				if err != nil {
					t.Fatalf("%q: %v", commonName, err)
				}
				_, refused := issue(issuer)
				ok, said := opensslVerifies(t, p.rootFile, sub, certificate, "", usage)
				// A client that looks for a host name which the CA may not certify.
				host := strings.Replace(commonName, "*.", "www.", 1)
				if ok && isHost(host) && !allows(constraints, host) {
					found, _ := opensslVerifies(t, p.rootFile, sub, certificate, host, usage)
					if found {
						ok, said = false, "that it finds "+host
						slipped[commonName] = true
					}
				}
				if ok != (refused == nil) {
					t.Errorf("%q: our answer is %v, openssl's is %s", commonName, refused, said)
				}
				both[ok]++
			}
		}
		if both[true] == 0 || both[false] == 0 {
			t.Errorf("%d certificates are valid and %d are not: the test needs both", both[true], both[false])
		}
		for _, commonName := range []string{"www.example.org.", "*.example.org", "-a.example.org", "例.example.org"} {
			if !slipped[commonName] {
				t.Errorf("openssl constrains %q: the test needs such names", commonName)
			}
		}
	}
}

// isHost reports whether a client could look for a text as a host name.
func isHost(text string) bool {
	if strings.ContainsAny(text, " @:/") {
		return false
	}
	labels := strings.Split(strings.TrimSuffix(text, "."), ".")
	return len(labels) > 1 && !slices.Contains(labels, "") && strings.Trim(labels[len(labels)-1], "-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// allows reports whether constraints with one permitted or one excluded domain allow
// a host name.
func allows(c *ca.NameConstraints, host string) bool {
	host = "." + strings.ToLower(strings.TrimSuffix(host, "."))
	for _, domain := range c.PermittedDNSDomains {
		return strings.HasSuffix(host, "."+domain)
	}
	for _, domain := range c.ExcludedDNSDomains {
		return !strings.HasSuffix(host, "."+domain)
	}
	return true
}

// With CRLs, ca.Verify agrees with openssl verify -crl_check.
func TestVerifyAgreesOnRevocation(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, a)
			certificate, serialNumber := p.client(t, a, nil)
			other, _ := p.client(t, a, nil)
			list := func(nextUpdate time.Time, revoked ...ca.RevokedCertificate) []byte {
				return p.crl(t, &ca.CreateRevocationListRequest{Number: big.NewInt(1), NextUpdate: nextUpdate, Revoked: ca.Revoked(revoked...)})
			}
			entry := ca.RevokedCertificate{SerialNumber: serialNumber, RevocationTime: now, Reason: ca.ReasonKeyCompromise}
			spoilt := list(later, entry)
			spoilt[len(spoilt)-1] ^= 1
			for _, tt := range []struct {
				name, certificate string
				crl               []byte
				says              string // openssl's reason; empty means valid
			}{
				{"nothing revoked", certificate, list(later), ""},
				{"revoked", certificate, list(later, entry), "certificate revoked"},
				{"another certificate revoked", other, list(later, entry), ""},
				{"an expired CRL", other, list(now.Add(time.Hour)), "CRL has expired"},
				{"a CRL with a wrong signature", other, spoilt, "CRL signature failure"},
			} {
				crl, err := x509.ParseRevocationList(tt.crl)
				if err != nil {
					t.Fatal(err)
				}
				_, err = ca.Verify(now.Add(24*time.Hour), tt.certificate, ca.VerifyOptions{
					Roots: p.root, Intermediates: p.sub, Usage: x509.ExtKeyUsageClientAuth, RevocationLists: []*x509.RevocationList{crl},
				})
				if (err == nil) != (tt.says == "") {
					t.Errorf("%s: ca.Verify: %v; openssl: %q", tt.name, err, tt.says)
				}
				if a == algorithm.SM2_256 {
					continue // openssl cannot set a user ID for CRLs
				}
				dir := t.TempDir()
				file := write(t, dir, "certificate.pem", tt.certificate)
				args := slices.Concat([]string{"-CAfile", p.rootFile, "-untrusted", p.subFile, "-crl_check", "-purpose", "sslclient"},
					[]string{"-CRLfile", write(t, dir, "crl.pem", testutil.EncodePEM("X509 CRL", tt.crl))})
				if tt.says == "" {
					verifies(t, file, args...)
				} else {
					refuses(t, tt.says, file, args...)
				}
			}
		})
	}
}
