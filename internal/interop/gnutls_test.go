package interop

import (
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// gnutlsKeys are the arguments of certtool --generate-privkey for a key. GnuTLS
// has no SM2.
var gnutlsKeys = map[algorithm.Algorithm][]string{
	algorithm.RSA_2048: {"--key-type=rsa", "--bits=2048"},
	algorithm.RSA_3072: {"--key-type=rsa", "--bits=3072"},
	algorithm.RSA_4096: {"--key-type=rsa", "--bits=4096"},
	algorithm.ECC_256:  {"--key-type=ecdsa", "--curve=secp256r1"},
	algorithm.ECC_384:  {"--key-type=ecdsa", "--curve=secp384r1"},
	algorithm.ECC_512:  {"--key-type=ecdsa", "--curve=secp521r1"},
}

// gnutlsTemplate is what a CSR of certtool is to hold.
const gnutlsTemplate = `country = CN
state = Zhejiang
locality = Hangzhou
organization = "例子公司"
unit = IT
cn = www.example.com
dns_name = www.example.com
dns_name = *.example.org
ip_address = 192.0.2.7
ip_address = 2001:db8::7
tls_www_server
signing_key
challenge_password = secret
`

// CSRs of certtool are issued for, and certtool accepts what is issued.
func TestGnuTLS(t *testing.T) {
	t.Parallel()
	need(t, "certtool")
	for a := range gnutlsKeys {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			keyFile := filepath.Join(dir, "key.pem")
			must(t, "certtool", append([]string{"--generate-privkey", "--no-text", "--outfile", keyFile}, gnutlsKeys[a]...)...)
			request := must(t, "certtool", "--generate-request", "--no-text", "--load-privkey", keyFile,
				"--template", write(t, dir, "template", gnutlsTemplate), "--hash", "SHA256")
			parsed, err := csr.Parse([]byte(request))
			if err != nil {
				t.Fatalf("csr.Parse: %v", err)
			}
			if parsed.Algorithm != a || parsed.CommonName != "www.example.com" {
				t.Errorf("csr.Parse read %s, %q", parsed.Algorithm, parsed.CommonName)
			}
			if diff := cmp.Diff([]string{"www.example.com", "*.example.org", "192.0.2.7", "2001:db8::7"}, parsed.Names); diff != "" {
				t.Errorf("names mismatch (-want +got):\n%s", diff)
			}

			// certtool 3.7 has no instant but that of the day: long validities.
			p, other := newPKI(t, a), otherPKI(t, a)
			server, _ := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: request, Years: 28})
			verify := func(root, host string) result {
				t.Helper()
				return run(t, server+p.sub, "certtool", "--verify", "--load-ca-certificate", root, "--verify-hostname", host,
					"--verify-purpose", "1.3.6.1.5.5.7.3.1")
			}
			for _, host := range []string{"www.example.com", "any.example.org"} {
				if r := verify(p.rootFile, host); r.code != 0 || !r.says("Chain verification output: Verified. The certificate is trusted.") {
					t.Errorf("refused: %v", r)
				}
			}
			if r := verify(p.rootFile, "www.example.net"); r.code == 0 || !r.says("does not match") {
				t.Errorf("another host: %v", r)
			}
			if r := verify(other.rootFile, "www.example.com"); r.code == 0 || !r.says("Not verified") {
				t.Errorf("another root: %v", r)
			}
		})
	}
}

// certtool reads our CSRs and our keys.
func TestGnuTLSReadsOurRequests(t *testing.T) {
	t.Parallel()
	need(t, "certtool")
	for _, a := range csrAlgorithms {
		if a == algorithm.SM2_256 {
			continue // not in GnuTLS
		}
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			key := testkeys.Key(a, 2)
			r := run(t, newCSR(t, key), "certtool", "--crq-info")
			if r.code != 0 {
				t.Fatal(r)
			}
			for _, text := range []string{
				"Subject: CN=www.example.com,OU=IT,O=例子公司,L=Hangzhou,ST=Zhejiang,C=CN\n",
				"DNSname: www.example.com\n", "DNSname: *.example.org\n",
				"IPAddress: 192.0.2.7\n", "IPAddress: 2001:db8::7\n", "Self signature: verified\n",
			} {
				if !strings.Contains(r.stdout, text) {
					t.Errorf("no %q: %v", text, r)
				}
			}
			text, err := key.PEM()
			if err != nil {
				t.Fatal(err)
			}
			if r := run(t, string(text), "certtool", "--key-info"); r.code != 0 || !r.says("Public Key ID:") {
				t.Error(r)
			}
		})
	}
}

// certtool verifies our CRLs, and no other CA's.
func TestGnuTLSRevocationList(t *testing.T) {
	t.Parallel()
	need(t, "certtool")
	for a := range gnutlsKeys {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p, other := newPKI(t, a), otherPKI(t, a)
			der, err := ca.CreateRevocationList(p.rand, now, p.issuer, &ca.CreateRevocationListRequest{
				Number: big.NewInt(7), NextUpdate: now.AddDate(28, 0, 0),
				Revoked: ca.Revoked(ca.RevokedCertificate{SerialNumber: "0102030405060708", RevocationTime: now, Reason: ca.ReasonSuperseded}),
			})
			if err != nil {
				t.Fatalf("CreateRevocationList: %v", err)
			}
			list := pemText("X509 CRL", der)
			if r := run(t, list, "certtool", "--verify-crl", "--load-ca-certificate", p.subFile); r.code != 0 || !r.says("Verified. The certificate is trusted.") {
				t.Errorf("refused: %v", r)
			}
			if r := run(t, list, "certtool", "--verify-crl", "--load-ca-certificate", other.subFile); r.says("Verified. The certificate is trusted.") {
				t.Errorf("another CA: %v", r)
			}
			r := run(t, list, "certtool", "--crl-info")
			for _, text := range []string{"Revoked certificates (1):", "Serial Number (hex): 0102030405060708", "CRL Number"} {
				if !r.says(text) {
					t.Errorf("no %q: %v", text, r)
				}
			}
		})
	}
}
