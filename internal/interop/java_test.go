package interop

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// javaKeys has the arguments of keytool -genkeypair for each algorithm. Java's own
// providers have no SM2.
var javaKeys = map[algorithm.Algorithm][]string{
	algorithm.RSA_1024: {"-keyalg", "RSA", "-keysize", "1024"},
	algorithm.RSA_2048: {"-keyalg", "RSA", "-keysize", "2048"},
	algorithm.RSA_3072: {"-keyalg", "RSA", "-keysize", "3072"},
	algorithm.RSA_4096: {"-keyalg", "RSA", "-keysize", "4096"},
	algorithm.ECC_256:  {"-keyalg", "EC", "-groupname", "secp256r1"},
	algorithm.ECC_384:  {"-keyalg", "EC", "-groupname", "secp384r1"},
	algorithm.ECC_512:  {"-keyalg", "EC", "-groupname", "secp521r1"},
}

// A keystore is keytool's PKCS #12 file with the entry "server".
type keystore struct{ file string }

func newKeystore(t *testing.T, a algorithm.Algorithm) keystore {
	t.Helper()
	k := keystore{filepath.Join(t.TempDir(), "keystore.p12")}
	r := k.keytool(t, append([]string{"-genkeypair", "-alias", "server",
		"-dname", "CN=www.example.com, OU=IT, O=例子公司, L=Hangzhou, ST=Zhejiang, C=CN"}, javaKeys[a]...)...)
	if r.code != 0 {
		t.Fatal(r)
	}
	return k
}

func keytool(t *testing.T, args ...string) result {
	t.Helper()
	for _, option := range javaOptions {
		args = append(args, "-J"+option)
	}
	return run(t, "", "keytool", args...)
}

func (k keystore) keytool(t *testing.T, args ...string) result {
	t.Helper()
	return keytool(t, append(args, "-keystore", k.file, "-storepass", "changeit")...)
}

// The CA issues for keytool's CSRs, and keytool imports the certificates.
func TestKeytool(t *testing.T) {
	t.Parallel()
	need(t, "keytool")
	for a := range javaKeys {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			k, p := newKeystore(t, a), newPKI(t, caFor(a))
			plain := k.keytool(t, "-certreq", "-alias", "server")
			if plain.code != 0 {
				t.Fatal(plain)
			}
			parsed, err := csr.Parse([]byte(plain.stdout))
			if err != nil {
				t.Fatalf("csr.Parse of the default -certreq: %v", err)
			}
			if parsed.Algorithm != a || parsed.CommonName != "www.example.com" || len(parsed.Names) != 0 {
				t.Errorf("csr.Parse: key %s, common name %q, names %q", parsed.Algorithm, parsed.CommonName, parsed.Names)
			}
			p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: plain.stdout})

			named := k.keytool(t, "-certreq", "-alias", "server",
				"-ext", "san=dns:www.example.com,dns:a.example.org,ip:192.0.2.7,ip:2001:db8::7", "-ext", "KeyUsage=digitalSignature")
			if named.code != 0 {
				t.Fatal(named)
			}
			parsed, err = csr.Parse([]byte(named.stdout))
			if err != nil {
				t.Fatalf("csr.Parse: %v", err)
			}
			want := []string{"www.example.com", "a.example.org", "192.0.2.7", "2001:db8::7"}
			if diff := cmp.Diff(want, parsed.Names); diff != "" {
				t.Errorf("names mismatch (-want +got):\n%s", diff)
			}
			server, _ := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: named.stdout, Domain: "b.example.net"})

			reply := write(t, t.TempDir(), "reply.pem", server+p.chain)
			if a == algorithm.ECC_256 {
				checkNotImported(t, k, reply, "is not trusted")
			}
			r := k.keytool(t, "-importcert", "-alias", "root", "-file", p.rootFile, "-noprompt")
			if r.code != 0 || !r.says("Certificate was added to keystore") {
				t.Fatal(r)
			}
			if a == algorithm.ECC_256 {
				checkNotImported(t, k, p.chainFile, "keytool error") // certificates of other keys
			}
			r = k.keytool(t, "-importcert", "-alias", "server", "-file", reply)
			if r.code != 0 || !r.says("Certificate reply was installed in keystore") {
				t.Fatal(r)
			}
			r = k.keytool(t, "-list", "-v", "-alias", "server")
			if r.code != 0 || !r.says("Certificate chain length: 3") {
				t.Error(r)
			}
		})
	}
}

// checkNotImported fails the test unless keytool refuses to import certificates for
// the reason.
func checkNotImported(t *testing.T, k keystore, reply, reason string) {
	t.Helper()
	r := k.keytool(t, "-importcert", "-alias", "server", "-file", reply)
	if !r.says(reason) || r.says("Certificate reply was installed in keystore") {
		t.Errorf("keytool does not refuse with %q: %v", reason, r)
	}
}

// keytool prints the requested content of our certificates.
func TestKeytoolReadsOurCertificates(t *testing.T) {
	t.Parallel()
	need(t, "keytool")
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			_, file := newPKI(t, a).issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: newCSR(t, testkeys.Key(a, 2)), Years: 28})
			r := keytool(t, "-printcert", "-file", file)
			for _, text := range []string{
				"Owner: CN=www.example.com, OU=IT, O=例子公司, L=Hangzhou, ST=Zhejiang, C=CN\n",
				"Issuer: CN=Example Issuing CA, OU=PKI, O=例子公司, L=Hangzhou, ST=Zhejiang, C=CN\n",
				"Valid from: Fri Jan 02 03:04:05 UTC 2026 until: Fri Jan 02 03:04:05 UTC 2054\n",
				"DNSName: *.example.org\n", "IPAddress: 192.0.2.7\n", "ExtendedKeyUsages [\n  serverAuth\n]", "CA:false",
			} {
				if r.code != 0 || !r.says(text) {
					t.Errorf("keytool does not print %q: %v", text, r)
				}
			}
		})
	}
}

// Java's PKIX validator accepts a path with its root. It refuses the path with another
// root, and before the certificates are valid.
func TestJavaPath(t *testing.T) {
	t.Parallel()
	need(t, "java")
	var paths, want []string
	for a := range javaKeys {
		p, other := newPKI(t, caFor(a)), otherPKI(t, caFor(a))
		_, server := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: goCSR(t, testkeys.Key(a, 2))})
		paths = append(paths,
			strings.Join([]string{attime, p.rootFile, server, p.subFile}, " "),
			strings.Join([]string{attime, other.rootFile, server, p.subFile}, " "),
			strings.Join([]string{"0", p.rootFile, server, p.subFile}, " "))
		want = append(want,
			"valid: [[2, www.example.com], [2, *.example.org], [7, 192.0.2.7]]",
			"invalid: NO_TRUST_ANCHOR: Path does not chain with any of the trust anchors",
			"invalid: NOT_YET_VALID: validity check failed")
	}
	r := run(t, strings.Join(paths, "\n"), "java", append(javaOptions, "testdata/Validate.java")...)
	if r.code != 0 {
		t.Fatal(r)
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(r.stdout), "\n")); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}
