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

// Java has no SM2: neither keytool nor the PKIX validator of its own providers
// knows the curve. These tests are about RSA and ECC.

// javaKeys are the arguments of keytool -genkeypair for a key.
var javaKeys = map[algorithm.Algorithm][]string{
	algorithm.RSA_1024: {"-keyalg", "RSA", "-keysize", "1024"},
	algorithm.RSA_2048: {"-keyalg", "RSA", "-keysize", "2048"},
	algorithm.RSA_3072: {"-keyalg", "RSA", "-keysize", "3072"},
	algorithm.RSA_4096: {"-keyalg", "RSA", "-keysize", "4096"},
	algorithm.ECC_256:  {"-keyalg", "EC", "-groupname", "secp256r1"},
	algorithm.ECC_384:  {"-keyalg", "EC", "-groupname", "secp384r1"},
	algorithm.ECC_512:  {"-keyalg", "EC", "-groupname", "secp521r1"},
}

// A keystore is a PKCS #12 file of keytool with the entry "server".
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

// javaOptions make a JVM of one command start sooner and speak English.
var javaOptions = []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Duser.language=en", "-Dfile.encoding=UTF-8", "-Dsun.jnu.encoding=UTF-8"}

// keytool runs keytool.
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

// keytool's CSRs are issued for, and its keystore takes the reply.
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
				t.Errorf("csr.Parse read %s, %q, %q", parsed.Algorithm, parsed.CommonName, parsed.Names)
			}
			p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: plain.stdout})

			named := k.keytool(t, "-certreq", "-alias", "server",
				"-ext", "san=dns:www.example.com,dns:a.example.org,ip:192.0.2.7,ip:2001:db8::7", "-ext", "KeyUsage=digitalSignature")
			if named.code != 0 {
				t.Fatal(named)
			}
			if parsed, err = csr.Parse([]byte(named.stdout)); err != nil {
				t.Fatalf("csr.Parse: %v", err)
			}
			if diff := cmp.Diff([]string{"www.example.com", "a.example.org", "192.0.2.7", "2001:db8::7"}, parsed.Names); diff != "" {
				t.Errorf("names mismatch (-want +got):\n%s", diff)
			}
			server, _ := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: named.stdout, Domain: "b.example.net"})

			reply := write(t, t.TempDir(), "reply.pem", server+p.chain)
			if a == algorithm.ECC_256 {
				checkNotImported(t, k, reply, "is not trusted")
			}
			if r := k.keytool(t, "-importcert", "-alias", "root", "-file", p.rootFile, "-noprompt"); r.code != 0 || !r.says("Certificate was added to keystore") {
				t.Fatal(r)
			}
			if a == algorithm.ECC_256 {
				checkNotImported(t, k, p.chainFile, "keytool error") // a reply for another key
			}
			if r := k.keytool(t, "-importcert", "-alias", "server", "-file", reply); r.code != 0 || !r.says("Certificate reply was installed in keystore") {
				t.Fatal(r)
			}
			if r := k.keytool(t, "-list", "-v", "-alias", "server"); r.code != 0 || !r.says("Certificate chain length: 3") {
				t.Error(r)
			}
		})
	}
}

// checkNotImported wants keytool to refuse a reply.
func checkNotImported(t *testing.T, k keystore, reply, reason string) {
	t.Helper()
	if r := k.keytool(t, "-importcert", "-alias", "server", "-file", reply); !r.says(reason) || r.says("Certificate reply was installed in keystore") {
		t.Errorf("not refused for %q: %v", reason, r)
	}
}

// keytool prints of a certificate what was asked.
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
					t.Errorf("no %q: %v", text, r)
				}
			}
		})
	}
}

// Java's PKIX validator accepts a path under its root, and refuses it under
// another one and before its time.
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
