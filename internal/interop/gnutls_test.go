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
	"github.com/yuncert/yuncert/internal/testutil"
)

// gnutlsKeys has the arguments of certtool --generate-privkey for each algorithm.
// GnuTLS has no SM2.
var gnutlsKeys = map[algorithm.Algorithm][]string{
	algorithm.RSA_2048: {"--key-type=rsa", "--bits=2048"},
	algorithm.RSA_3072: {"--key-type=rsa", "--bits=3072"},
	algorithm.RSA_4096: {"--key-type=rsa", "--bits=4096"},
	algorithm.ECC_256:  {"--key-type=ecdsa", "--curve=secp256r1"},
	algorithm.ECC_384:  {"--key-type=ecdsa", "--curve=secp384r1"},
	algorithm.ECC_512:  {"--key-type=ecdsa", "--curve=secp521r1"},
}

// gnutlsTemplate is the content of certtool's CSRs.
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

// The CA issues for CSRs by certtool, and certtool accepts the certificates.
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
				t.Errorf("csr.Parse: key %s, common name %q", parsed.Algorithm, parsed.CommonName)
			}
			want := []string{"www.example.com", "*.example.org", "192.0.2.7", "2001:db8::7"}
			if diff := cmp.Diff(want, parsed.Names); diff != "" {
				t.Errorf("names mismatch (-want +got):\n%s", diff)
			}

			// certtool 3.7 verifies at the machine's time, so the certificate is long-lived.
			p, other := newPKI(t, a), otherPKI(t, a)
			server, _ := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: request, Years: 28})
			verify := func(root, host string) result {
				t.Helper()
				return run(t, server+p.sub, "certtool", "--verify", "--load-ca-certificate", root, "--verify-hostname", host,
					"--verify-purpose", "1.3.6.1.5.5.7.3.1")
			}
			for _, host := range []string{"www.example.com", "any.example.org"} {
				r := verify(p.rootFile, host)
				if r.code != 0 || !r.says("Chain verification output: Verified. The certificate is trusted.") {
					t.Errorf("certtool refuses the certificate: %v", r)
				}
			}
			r := verify(p.rootFile, "www.example.net")
			if r.code == 0 || !r.says("does not match") {
				t.Errorf("wrong host: %v", r)
			}
			r = verify(other.rootFile, "www.example.com")
			if r.code == 0 || !r.says("Not verified") {
				t.Errorf("wrong root: %v", r)
			}
		})
	}
}

// certtool reads our CSRs and private keys.
func TestGnuTLSReadsOurRequests(t *testing.T) {
	t.Parallel()
	need(t, "certtool")
	for _, a := range caAlgorithms {
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
					t.Errorf("certtool does not print %q: %v", text, r)
				}
			}
			text, err := key.PEM()
			if err != nil {
				t.Fatal(err)
			}
			r = run(t, string(text), "certtool", "--key-info")
			if r.code != 0 || !r.says("Public Key ID:") {
				t.Error(r)
			}
		})
	}
}

// certtool prints our CRLs and verifies them with our CA's certificate only.
func TestGnuTLSRevocationList(t *testing.T) {
	t.Parallel()
	need(t, "certtool")
	for a := range gnutlsKeys {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p, other := newPKI(t, a), otherPKI(t, a)
			list := testutil.EncodePEM("X509 CRL", p.crl(t, &ca.CreateRevocationListRequest{
				Number: big.NewInt(7), NextUpdate: now.AddDate(28, 0, 0),
				Revoked: ca.Revoked(ca.RevokedCertificate{SerialNumber: "0102030405060708", RevocationTime: now, Reason: ca.ReasonSuperseded}),
			}))
			r := run(t, list, "certtool", "--verify-crl", "--load-ca-certificate", p.subFile)
			if r.code != 0 || !r.says("Verified. The certificate is trusted.") {
				t.Errorf("certtool refuses the CRL: %v", r)
			}
			r = run(t, list, "certtool", "--verify-crl", "--load-ca-certificate", other.subFile)
			if r.says("Verified. The certificate is trusted.") {
				t.Errorf("wrong CA: %v", r)
			}
			r = run(t, list, "certtool", "--crl-info")
			for _, text := range []string{"Revoked certificates (1):", "Serial Number (hex): 0102030405060708", "CRL Number"} {
				if !r.says(text) {
					t.Errorf("certtool does not print %q: %v", text, r)
				}
			}
		})
	}
}
