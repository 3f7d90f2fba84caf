package interop

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// sm2ID is the user ID of GM/T 0009, in the words of openssl.
const sm2ID = "distid:1234567812345678"

// genpkey are the arguments of openssl genpkey for a key.
var genpkey = map[algorithm.Algorithm][]string{
	algorithm.RSA_1024: {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"},
	algorithm.RSA_2048: {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"},
	algorithm.RSA_3072: {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"},
	algorithm.RSA_4096: {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"},
	algorithm.ECC_256:  {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"},
	algorithm.ECC_384:  {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"},
	algorithm.ECC_512:  {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"},
	algorithm.SM2_256:  {"-algorithm", "SM2"},
}

const (
	opensslSubject = "/C=CN/ST=Zhejiang/L=Hangzhou/O=Example Co./OU=IT/CN=www.example.com"
	opensslNames   = "subjectAltName=DNS:www.example.com,DNS:*.example.org,IP:192.0.2.7,IP:2001:db8::7"
)

// opensslKey has openssl make a key and returns its file.
func opensslKey(t *testing.T, dir string, a algorithm.Algorithm) string {
	t.Helper()
	file := filepath.Join(dir, string(a)+".key")
	must(t, "openssl", append([]string{"genpkey", "-out", file}, genpkey[a]...)...)
	return file
}

// opensslCSR has openssl make a CSR for www.example.com and other names.
func opensslCSR(t *testing.T, keyFile string, args ...string) string {
	t.Helper()
	return must(t, "openssl", append([]string{"req", "-new", "-key", keyFile, "-utf8", "-subj", opensslSubject, "-addext", opensslNames}, args...)...)
}

// Whatever CSR openssl makes is issued for, and openssl accepts what is issued.
func TestOpenSSLRequest(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	tests := []struct {
		name string
		a    algorithm.Algorithm
		args []string // of openssl req
	}{
		{"RSA 1024", algorithm.RSA_1024, nil},
		{"RSA 2048", algorithm.RSA_2048, nil},
		{"RSA 2048 SHA-384", algorithm.RSA_2048, []string{"-sha384"}},
		{"RSA 2048 SHA-512", algorithm.RSA_2048, []string{"-sha512"}},
		{"RSA 3072", algorithm.RSA_3072, nil},
		{"RSA 4096", algorithm.RSA_4096, nil},
		{"P-256", algorithm.ECC_256, nil},
		{"P-384", algorithm.ECC_384, nil},
		{"P-384 SHA-384", algorithm.ECC_384, []string{"-sha384"}},
		{"P-521", algorithm.ECC_512, nil},
		{"P-521 SHA-512", algorithm.ECC_512, []string{"-sha512"}},
		{"SM2 with the default user ID", algorithm.SM2_256, []string{"-sm3"}},
		{"SM2 with the standard's user ID", algorithm.SM2_256, []string{"-sm3", "-sigopt", sm2ID}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			request := opensslCSR(t, opensslKey(t, t.TempDir(), tt.a), tt.args...)
			parsed, err := csr.Parse([]byte(request))
			if err != nil {
				t.Fatalf("csr.Parse: %v", err)
			}
			if parsed.Algorithm != tt.a || parsed.CommonName != "www.example.com" {
				t.Errorf("csr.Parse read %s, %q", parsed.Algorithm, parsed.CommonName)
			}
			names := []string{"www.example.com", "*.example.org", "192.0.2.7", "2001:db8::7"}
			if diff := cmp.Diff(names, parsed.Names); diff != "" {
				t.Errorf("names mismatch (-want +got):\n%s", diff)
			}

			p, other := newPKI(t, caFor(tt.a)), otherPKI(t, caFor(tt.a))
			_, server := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: request})
			_, forged := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: request})
			spoil(t, forged)
			if tt.a == algorithm.SM2_256 {
				checkSM2Links(t, p, other, server, forged)
			} else {
				checkChain(t, p, other, server, forged, tt.a)
			}
		})
	}
}

// spoil changes the last octet of a certificate, which is one of its signature.
func spoil(t *testing.T, file string) {
	t.Helper()
	der := decode(t, read(t, file))
	der[len(der)-1] ^= 1
	write(t, filepath.Dir(file), filepath.Base(file), pemText("CERTIFICATE", der))
}

// verifies wants openssl verify to accept a certificate.
func verifies(t *testing.T, file string, args ...string) {
	t.Helper()
	r := run(t, "", "openssl", slices.Concat([]string{"verify", "-attime", attime}, args, []string{file})...)
	if r.code != 0 || r.stdout != file+": OK\n" || r.stderr != "" {
		t.Errorf("refused: %v", r)
	}
}

// refuses wants openssl verify to refuse a certificate for that reason.
func refuses(t *testing.T, reason, file string, args ...string) {
	t.Helper()
	r := run(t, "", "openssl", slices.Concat([]string{"verify", "-attime", attime}, args, []string{file})...)
	if r.code != 2 || r.says(": OK") || !r.says(reason) {
		t.Errorf("not refused for %q: %v", reason, r)
	}
}

// The answers of openssl verify.
const (
	noIssuer     = "error 20 at 0 depth lookup: unable to get local issuer certificate"
	badSignature = "error 7 at 0 depth lookup: certificate signature failure"
	wrongHost    = "error 62 at 0 depth lookup: hostname mismatch"
	wrongIP      = "error 64 at 0 depth lookup: IP address mismatch"
	weakKey      = "error 66 at 0 depth lookup: EE certificate key too weak"
)

// checkHosts tries the names of opensslNames and some that are not among them.
func checkHosts(t *testing.T, server string, args ...string) {
	t.Helper()
	with := func(more ...string) []string { return slices.Concat(args, more) }
	verifies(t, server, with("-verify_hostname", "www.example.com")...)
	verifies(t, server, with("-verify_hostname", "any.example.org", "-purpose", "sslserver")...)
	verifies(t, server, with("-verify_ip", "192.0.2.7")...)
	verifies(t, server, with("-verify_ip", "2001:db8::7")...)
	refuses(t, wrongHost, server, with("-verify_hostname", "example.com")...)
	refuses(t, wrongHost, server, with("-verify_hostname", "a.b.example.org")...)
	refuses(t, wrongIP, server, with("-verify_ip", "192.0.2.8")...)
	refuses(t, "unsuitable certificate purpose", server, with("-purpose", "sslclient")...)
}

func checkChain(t *testing.T, p, other *pki, server, forged string, a algorithm.Algorithm) {
	t.Helper()
	args := []string{"-x509_strict", "-check_ss_sig", "-CAfile", p.rootFile, "-untrusted", p.chainFile}
	if a == algorithm.RSA_1024 {
		refuses(t, weakKey, server, append(args, "-auth_level", "2")...)
		args = append(args, "-auth_level", "0")
	}
	checkHosts(t, server, args...)
	refuses(t, badSignature, forged, args...)
	refuses(t, noIssuer, server, "-CAfile", p.rootFile)
	refuses(t, noIssuer, server, "-CAfile", p.rootFile, "-untrusted", other.subFile)
	refuses(t, "unable to get local issuer certificate", server, "-CAfile", other.rootFile, "-untrusted", p.subFile)
	verifies(t, p.subFile, "-x509_strict", "-CAfile", p.rootFile)
}

// checkSM2Links verifies link by link: OpenSSL 3.0 uses the user ID of -vfyopt
// for the first certificate of a chain only.
func checkSM2Links(t *testing.T, p, other *pki, server, forged string) {
	t.Helper()
	link := func(trusted string) []string {
		return []string{"-x509_strict", "-vfyopt", sm2ID, "-partial_chain", "-trusted", trusted}
	}
	checkHosts(t, server, link(p.subFile)...)
	verifies(t, p.subFile, link(p.rootFile)...)
	checkSM2Root(t, p)

	refuses(t, badSignature, forged, link(p.subFile)...)
	refuses(t, badSignature, server, "-partial_chain", "-trusted", p.subFile) // the empty user ID
	refuses(t, noIssuer, server, link(p.rootFile)...)
	refuses(t, noIssuer, server, link(other.subFile)...)
	refuses(t, noIssuer, p.subFile, link(other.rootFile)...)
}

// checkSM2Root verifies the root's own signature with openssl dgst: openssl
// verify takes the root from its trusted certificates, which have no user ID.
func checkSM2Root(t *testing.T, p *pki) {
	t.Helper()
	var certificate struct {
		TBS, Algorithm asn1.RawValue
		Signature      asn1.BitString
	}
	if _, err := asn1.Unmarshal(decode(t, p.root), &certificate); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := run(t, "", "openssl", "dgst", "-sm3", "-sigopt", sm2ID,
		"-verify", write(t, dir, "public.pem", must(t, "openssl", "x509", "-in", p.rootFile, "-noout", "-pubkey")),
		"-signature", write(t, dir, "signature", string(certificate.Signature.Bytes)),
		write(t, dir, "tbs", string(certificate.TBS.FullBytes)))
	if r.code != 0 || r.stdout != "Verified OK\n" {
		t.Errorf("the root's signature: %v", r)
	}
}

// The CSRs of this module hold for openssl what was asked.
func TestOpenSSLReadsOurRequests(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range csrAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			text := newCSR(t, testkeys.Key(a, 2))
			checkOpenSSLRequest(t, a, text,
				"CN=www.example.com,OU=IT,O=例子公司,L=Hangzhou,ST=Zhejiang,C=CN",
				"DNS:www.example.com, DNS:*.example.org, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7")
		})
	}
	t.Run("CreateCsr", func(t *testing.T) {
		t.Parallel()
		resp, key, err := csr.CreateCsr(nil, &csr.CreateCsrRequest{
			Algorithm: "ECC", KeySize: 256, CommonName: "例子.example.com", CountryCode: "cn", Province: "浙江", Locality: "杭州",
		})
		if err != nil {
			t.Fatal(err)
		}
		checkOpenSSLRequest(t, key.Algorithm(), resp.Csr,
			"CN=例子.example.com,L=杭州,ST=浙江,C=CN", "DNS:xn--fsqu00a.example.com")
	})
	t.Run("CreateCdnCertificateSigningRequest", func(t *testing.T) {
		t.Parallel()
		resp, key, err := csr.CreateCdnCertificateSigningRequest(nil, &csr.CreateCdnCertificateSigningRequestRequest{
			CommonName: "cdn.example.com", SANs: "*.cdn.example.com,192.0.2.9", Email: "admin@example.com",
		})
		if err != nil {
			t.Fatal(err)
		}
		checkOpenSSLRequest(t, key.Algorithm(), resp.Csr,
			"emailAddress=admin@example.com,CN=cdn.example.com,OU=Aliyun CDN,O=Alibaba Inc.,L=Hangzhou,ST=Zhejiang,C=CN",
			"DNS:cdn.example.com, DNS:*.cdn.example.com, IP Address:192.0.2.9")
		if digest := opensslPubMd5(t, "req", resp.Csr); digest != resp.PubMd5 {
			t.Errorf("PubMd5 is %s, and openssl's digest %s", resp.PubMd5, digest)
		}
	})
}

// checkOpenSSLRequest wants openssl to verify a CSR and to read the subject, in
// the form of RFC 2253, and the alternative names.
func checkOpenSSLRequest(t *testing.T, a algorithm.Algorithm, text, subject, names string) {
	t.Helper()
	var id []string
	if a == algorithm.SM2_256 {
		id = []string{"-vfyopt", sm2ID}
	}
	// The exit code of OpenSSL 3.0 is 0 for a wrong signature too.
	verify := func(text string) result {
		return run(t, text, "openssl", append([]string{"req", "-verify", "-noout"}, id...)...)
	}
	if r := verify(text); r.code != 0 || !r.says("verify OK") {
		t.Errorf("not verified: %v", r)
	}
	der := decode(t, text)
	der[len(der)-1] ^= 1
	if r := verify(pemText("CERTIFICATE REQUEST", der)); r.says("verify OK") || !r.says("verify failure") {
		t.Errorf("a spoilt signature is verified: %v", r)
	}
	r := run(t, text, "openssl", "req", "-text", "-noout", "-nameopt", "RFC2253,-esc_msb,utf8")
	if r.code != 0 {
		t.Fatal(r)
	}
	if got := after(r.stdout, "Subject: "); got != subject {
		t.Errorf("subject is %q, want %q", got, subject)
	}
	if got := after(r.stdout, "X509v3 Subject Alternative Name:"); got != names {
		t.Errorf("alternative names are %q, want %q", got, names)
	}
	if got := after(r.stdout, "Version: "); got != "1 (0x0)" {
		t.Errorf("version is %q", got)
	}
	if got, want := after(r.stdout, "Signature Algorithm: "), opensslSignatures[a.Family()]; got != want {
		t.Errorf("signature algorithm is %q, want %q", got, want)
	}
}

// opensslSignatures are openssl's names of the signature algorithms.
var opensslSignatures = map[string]string{
	"RSA": "sha256WithRSAEncryption", "ECC": "ecdsa-with-SHA256", "SM2": "SM2-with-SM3",
}

// after returns what stands behind a title, on the same line or the next.
func after(text, title string) string {
	_, rest, _ := strings.Cut(text, title)
	line, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	return strings.TrimSpace(line)
}

// The keys that are written load in openssl, which signs with them.
func TestOpenSSLKeys(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range append([]algorithm.Algorithm{algorithm.RSA_1024}, caAlgorithms...) {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			key := testkeys.Key(a, 2)
			if a == algorithm.ECC_256 || a == algorithm.SM2_256 {
				var err error
				if key, err = algorithm.GenerateKey(a); err != nil {
					t.Fatal(err)
				}
			}
			text, err := key.PEM()
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			file := write(t, dir, "key.pem", string(text))
			if r := run(t, "", "openssl", "pkey", "-in", file, "-check", "-noout"); r.code != 0 || !r.says("Key is valid") {
				t.Errorf("pkey -check: %v", r)
			}
			public := must(t, "openssl", "pkey", "-in", file, "-pubout", "-outform", "DER")
			want, err := algorithm.MarshalPublicKey(key.Public())
			if err != nil {
				t.Fatal(err)
			}
			if public != string(want) {
				t.Errorf("openssl writes the public key\n%x, want\n%x", public, want)
			}
			parsed, err := csr.Parse([]byte(opensslCSR(t, file)))
			if err != nil {
				t.Fatalf("csr.Parse: %v", err)
			}
			if string(parsed.RawSubjectPublicKeyInfo) != string(want) {
				t.Error("the CSR holds another key")
			}
			// And back: what openssl writes from it is the same key.
			forms := [][]string{{"pkey"}, {"pkey", "-traditional"}}
			if a == algorithm.SM2_256 {
				forms = forms[:1] // OpenSSL 3.0 has no other form for SM2
			}
			for _, args := range forms {
				again, err := algorithm.ParsePrivateKey([]byte(must(t, "openssl", append(args, "-in", file)...)))
				if err != nil {
					t.Errorf("ParsePrivateKey of openssl %v: %v", args, err)
					continue
				}
				if got, err := again.PEM(); err != nil || string(got) != string(text) {
					t.Errorf("the key of openssl %v is another one (%v)", args, err)
				}
			}
		})
	}
}

// opensslPubMd5 is the recipe in the comment of algorithm.PubMd5; form is req or
// x509.
func opensslPubMd5(t *testing.T, form, text string) string {
	t.Helper()
	steps := [][]string{{form, "-noout", "-pubkey"}, {"pkey", "-pubin", "-outform", "DER"}, {"md5"}}
	for _, args := range steps {
		r := run(t, text, "openssl", args...)
		if r.code != 0 {
			t.Fatal(r)
		}
		text = r.stdout
	}
	fields := strings.Fields(text) // MD5(stdin)= …
	return fields[len(fields)-1]
}

func TestOpenSSLPubMd5(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range append([]algorithm.Algorithm{algorithm.RSA_1024}, caAlgorithms...) {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			key := testkeys.Key(a, 2)
			want, err := algorithm.PubMd5(key.Public())
			if err != nil {
				t.Fatal(err)
			}
			request := opensslCSR(t, write(t, t.TempDir(), "key.pem", string(testkeys.PEM(a, 2))))
			if got := opensslPubMd5(t, "req", request); got != want {
				t.Errorf("of the CSR openssl prints %s, want %s", got, want)
			}
			certificate, _ := newPKI(t, caFor(a)).issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: request})
			if got := opensslPubMd5(t, "x509", certificate); got != want {
				t.Errorf("of the certificate openssl prints %s, want %s", got, want)
			}
		})
	}
}

// openssl prints of a certificate what was asked.
func TestOpenSSLReadsOurCertificates(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.SM2_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			request := must(t, "openssl", "req", "-new", "-key", write(t, t.TempDir(), "key.pem", string(testkeys.PEM(a, 2))),
				"-utf8", "-subj", "/CN=www.example.com/O=Of the CSR/emailAddress=a@example.com",
				"-addext", opensslNames, "-addext", "keyUsage=keyCertSign", "-addext", "basicConstraints=CA:TRUE")
			p := newPKI(t, a)
			_, file := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{
				Csr: request, Domain: "b.example.net", Organization: "示例, Ltd.", OrganizationUnit: "R+D",
				BeforeTime: now.Add(90 * time.Second).Unix(), AfterTime: now.Add(100*24*time.Hour + time.Second).Unix(), EnableCrl: 1,
			})
			usage := map[string]string{"RSA": "Digital Signature, Key Encipherment"}[a.Family()]
			if usage == "" {
				usage = "Digital Signature"
			}
			checkText(t, file, map[string]string{
				"Version: ":             "3 (0x2)",
				"Signature Algorithm: ": opensslSignatures[a.Family()],
				"Issuer: ":              "CN=Example Issuing CA,OU=PKI,O=例子公司,L=Hangzhou,ST=Zhejiang,C=CN",
				"Not Before: ":          "Jan  2 03:05:35 2026 GMT",
				"Not After : ":          "Apr 12 03:04:06 2026 GMT",
				"Subject: ":             `CN=www.example.com,OU=R\+D,O=示例\, Ltd.,L=Hangzhou,ST=Zhejiang,C=CN`,

				"X509v3 Basic Constraints: critical": "CA:FALSE",
				"X509v3 Key Usage: critical":         usage,
				"X509v3 Extended Key Usage:":         "TLS Web Server Authentication",
				"X509v3 Subject Alternative Name:":   "DNS:www.example.com, DNS:*.example.org, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7, DNS:b.example.net",
				"X509v3 CRL Distribution Points:":    "Full Name:",
				"URI:":                               "http://pki.example.com/crl/" + p.issuer.Identifier() + ".crl",
				"X509v3 Authority Key Identifier:":   after(opensslText(t, p.subFile), "X509v3 Subject Key Identifier:"),
				"X509v3 Subject Key Identifier:":     keyID(t, file),
			})
			checkText(t, p.subFile, map[string]string{
				"Issuer: ":                           "CN=Example Root CA,OU=PKI,O=例子公司,L=Hangzhou,ST=Zhejiang,C=CN",
				"Subject: ":                          "CN=Example Issuing CA,OU=PKI,O=例子公司,L=Hangzhou,ST=Zhejiang,C=CN",
				"Not Before: ":                       "Jan  2 03:04:05 2026 GMT",
				"Not After : ":                       "Jan  2 03:04:05 2055 GMT", // a GeneralizedTime
				"X509v3 Basic Constraints: critical": "CA:TRUE, pathlen:0",
				"X509v3 Key Usage: critical":         "Certificate Sign, CRL Sign",
				"X509v3 Authority Key Identifier:":   after(opensslText(t, p.rootFile), "X509v3 Subject Key Identifier:"),
			})
			checkText(t, p.rootFile, map[string]string{
				"Issuer: ":                           "CN=Example Root CA,OU=PKI,O=例子公司,L=Hangzhou,ST=Zhejiang,C=CN",
				"Subject: ":                          "CN=Example Root CA,OU=PKI,O=例子公司,L=Hangzhou,ST=Zhejiang,C=CN",
				"Not After : ":                       "Jan  2 03:04:05 2056 GMT",
				"X509v3 Basic Constraints: critical": "CA:TRUE",
				"X509v3 Key Usage: critical":         "Certificate Sign, CRL Sign",
			})
			if text := opensslText(t, file); strings.Contains(text, "a@example.com") || strings.Contains(text, "Of the CSR") {
				t.Errorf("the certificate holds what was not to be copied:\n%s", text)
			}
		})
	}
}

// opensslText is what openssl prints of a certificate.
func opensslText(t *testing.T, file string) string {
	t.Helper()
	return must(t, "openssl", "x509", "-in", file, "-noout", "-text", "-nameopt", "RFC2253,-esc_msb,utf8")
}

// checkText compares what stands behind titles.
func checkText(t *testing.T, file string, want map[string]string) {
	t.Helper()
	text := opensslText(t, file)
	got := make(map[string]string)
	for title := range want {
		got[title] = after(text, title)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s mismatch (-want +got):\n%s", filepath.Base(file), diff)
	}
}

// keyID is the key identifier of a certificate by RFC 7093, section 2, method 1,
// as openssl prints identifiers, made with openssl.
func keyID(t *testing.T, file string) string {
	t.Helper()
	public := must(t, "openssl", "x509", "-in", file, "-noout", "-pubkey")
	r := run(t, public, "openssl", "pkey", "-pubin", "-outform", "DER")
	r = run(t, r.stdout, "openssl", "asn1parse", "-inform", "DER")
	offset := regexp.MustCompile(`(?m)^ *(\d+):.*BIT STRING`).FindStringSubmatch(r.stdout)
	if offset == nil {
		t.Fatal(r)
	}
	bits := filepath.Join(t.TempDir(), "bits")
	must(t, "openssl", "asn1parse", "-in", write(t, t.TempDir(), "public.pem", public), "-strparse", offset[1], "-noout", "-out", bits)
	sum := must(t, "openssl", "dgst", "-sha256", "-r", bits)
	octets, err := hex.DecodeString(sum[:40])
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, octet := range octets {
		parts = append(parts, fmt.Sprintf("%02X", octet))
	}
	return strings.Join(parts, ":")
}

// CAs that openssl made issue as well as our own.
func TestOpenSSLAuthority(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	tests := []struct {
		name    string
		a       algorithm.Algorithm
		id      string // user ID that openssl signs with
		request []string
	}{
		{"RSA 2048", algorithm.RSA_2048, "", nil},
		{"RSA 4096 SHA-512", algorithm.RSA_4096, "", []string{"-sha512"}},
		{"P-256", algorithm.ECC_256, "", nil},
		{"P-384 SHA-384", algorithm.ECC_384, "", []string{"-sha384"}},
		{"P-521", algorithm.ECC_512, "", nil},
		{"SM2", algorithm.SM2_256, sm2ID, []string{"-sm3"}},
		{"SM2 with the empty user ID", algorithm.SM2_256, "", []string{"-sm3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := func(name string) string { return filepath.Join(dir, name) }
			sign := slices.Clone(tt.request)
			issue := sign
			if tt.id != "" {
				sign = append(sign, "-sigopt", tt.id)
				issue = append(slices.Clone(sign), "-vfyopt", tt.id)
			}
			rootKey, subKey := file("root.key"), file("sub.key")
			must(t, "openssl", append([]string{"genpkey", "-out", rootKey}, genpkey[tt.a]...)...)
			must(t, "openssl", append([]string{"genpkey", "-out", subKey}, genpkey[tt.a]...)...)
			must(t, "openssl", append([]string{"req", "-x509", "-key", rootKey, "-out", file("root.pem"), "-days", "4000",
				"-subj", "/C=CN/O=Example/CN=OpenSSL Root", "-addext", "basicConstraints=critical,CA:TRUE",
				"-addext", "keyUsage=critical,keyCertSign,cRLSign"}, sign...)...)
			must(t, "openssl", append([]string{"req", "-new", "-key", subKey, "-out", file("sub.csr"),
				"-subj", "/C=CN/ST=Zhejiang/L=Hangzhou/O=Example/CN=OpenSSL Sub"}, sign...)...)
			extensions := write(t, dir, "ext.cnf", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"+
				"subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
			must(t, "openssl", append([]string{"x509", "-req", "-in", file("sub.csr"), "-CA", file("root.pem"), "-CAkey", rootKey,
				"-CAserial", file("serial"), "-CAcreateserial", "-days", "3000", "-extfile", extensions, "-out", file("sub.pem")}, issue...)...)

			key, err := algorithm.ParsePrivateKey([]byte(read(t, subKey)))
			if err != nil {
				t.Fatalf("ParsePrivateKey: %v", err)
			}
			issuer, err := ca.NewIssuer(read(t, file("sub.pem"))+read(t, file("root.pem")), key, ca.IssuerOptions{})
			if tt.a == algorithm.SM2_256 && tt.id == "" {
				// Clients that know GM/T 0015 alone could not verify such a chain.
				if !errors.Is(err, yuncert.ErrInvalidParameter) {
					t.Fatalf("NewIssuer: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatalf("NewIssuer: %v", err)
			}
			// openssl 3.0 lets a certificate begin at the time of day only.
			begin := must(t, "openssl", "x509", "-in", file("sub.pem"), "-noout", "-startdate")
			at, err := time.Parse("notBefore=Jan _2 15:04:05 2006 MST\n", begin)
			if err != nil {
				t.Fatal(err)
			}
			resp, _, err := ca.CreateServerCertificateWithCsr(seeded("openssl"), at, issuer, &ca.CreateServerCertificateWithCsrRequest{
				Csr: opensslCSR(t, opensslKey(t, dir, tt.a), sign...), ParentIdentifier: issuer.Identifier(), Days: 10, Immediately: 1,
			})
			if err != nil {
				t.Fatalf("CreateServerCertificateWithCsr: %v", err)
			}
			server := write(t, dir, "server.pem", resp.X509Certificate)
			verify := func(file string, args ...string) {
				t.Helper()
				args = slices.Concat([]string{"verify", "-attime", fmt.Sprint(at.Add(time.Hour).Unix())}, args, []string{file})
				if r := run(t, "", "openssl", args...); r.code != 0 || r.stdout != file+": OK\n" {
					t.Error(r)
				}
			}
			if tt.a == algorithm.SM2_256 {
				verify(server, "-vfyopt", sm2ID, "-partial_chain", "-trusted", file("sub.pem"), "-verify_hostname", "www.example.com")
			} else {
				verify(server, "-CAfile", file("root.pem"), "-untrusted", file("sub.pem"), "-verify_hostname", "www.example.com")
			}
			// The string types of the CA's subject are those of its own certificate.
			subject := must(t, "openssl", "x509", "-in", file("sub.pem"), "-noout", "-subject_hash")
			if got := must(t, "openssl", "x509", "-in", server, "-noout", "-issuer_hash"); got != subject {
				t.Errorf("the issuer's hash is %s, want %s", got, subject)
			}
		})
	}
}

// serverKeyPair issues for a test key and returns key and certificate.
func serverKeyPair(t *testing.T, p *pki, a algorithm.Algorithm) (key *algorithm.PrivateKey, certificate, file string) {
	t.Helper()
	key = testkeys.Key(a, 2)
	request := opensslCSR(t, write(t, t.TempDir(), "key.pem", string(testkeys.PEM(a, 2))))
	certificate, file = p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: request})
	return key, certificate, file
}

// tlsAlgorithms are those of the TLS servers. openssl has SM2 in TLS 1.3 no more
// than crypto/tls.
var tlsAlgorithms = []algorithm.Algorithm{
	algorithm.RSA_2048, algorithm.RSA_4096, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512,
}

// A Go client that trusts the root alone talks to openssl s_server.
func TestOpenSSLServer(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range tlsAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, a)
			key, _, certificateFile := serverKeyPair(t, p, a)
			keyPEM, err := key.PEM()
			if err != nil {
				t.Fatal(err)
			}
			server := command(t, "openssl", "s_server", "-accept", "127.0.0.1:0", "-www",
				"-cert", certificateFile, "-cert_chain", p.subFile, "-key", write(t, t.TempDir(), "key.pem", string(keyPEM)))
			stdout, err := server.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { // it serves until it is killed
				server.Process.Kill()
				server.Wait()
			})
			var address string
			for lines := bufio.NewScanner(stdout); address == "" && lines.Scan(); {
				address, _ = strings.CutPrefix(lines.Text(), "ACCEPT ")
				if address == lines.Text() {
					address = ""
				}
			}
			if address == "" {
				t.Fatal("s_server did not say where it listens")
			}
			go io.Copy(io.Discard, stdout)

			dial := func(host string, root string, version uint16) (tls.ConnectionState, error) {
				roots := x509.NewCertPool()
				roots.AppendCertsFromPEM([]byte(root))
				dialer := &tls.Dialer{Config: &tls.Config{
					RootCAs: roots, ServerName: host, MinVersion: version, MaxVersion: version,
					Time: func() time.Time { return now.Add(time.Hour) },
				}}
				conn, err := dialer.DialContext(t.Context(), "tcp", address)
				if err != nil {
					return tls.ConnectionState{}, err
				}
				defer conn.Close()
				return conn.(*tls.Conn).ConnectionState(), nil
			}
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				for _, host := range []string{"www.example.com", "any.example.org", "192.0.2.7", "2001:db8::7"} {
					state, err := dial(host, p.root, version)
					if err != nil {
						t.Errorf("%s for %s: %v", tls.VersionName(version), host, err)
						continue
					}
					if len(state.VerifiedChains) != 1 || len(state.VerifiedChains[0]) != 3 {
						t.Errorf("%s for %s: verified chains %v", tls.VersionName(version), host, state.VerifiedChains)
					}
				}
			}
			if _, err := dial("www.example.net", p.root, tls.VersionTLS13); !strings.Contains(fmt.Sprint(err), "certificate is valid for") {
				t.Errorf("another host: %v", err)
			}
			if _, err := dial("www.example.com", otherPKI(t, a).root, tls.VersionTLS13); !strings.Contains(fmt.Sprint(err), "unknown authority") {
				t.Errorf("another root: %v", err)
			}
		})
	}
}

// openssl s_client talks to a Go server that signs with our PrivateKey.
func TestOpenSSLClient(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range tlsAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p, other := newPKI(t, a), otherPKI(t, a)
			key, certificate, _ := serverKeyPair(t, p, a)
			listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
				Certificates: []tls.Certificate{{Certificate: [][]byte{decode(t, certificate), decode(t, p.sub)}, PrivateKey: key}},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { listener.Close() })
			go serve(listener)

			client := func(host, root, version string) result {
				return run(t, "", "openssl", "s_client", "-connect", listener.Addr().String(), "-servername", "www.example.com",
					"-verify_hostname", host, "-verify_return_error", "-CAfile", root, "-attime", attime, "-brief", version)
			}
			for _, version := range []string{"-tls1_2", "-tls1_3"} {
				if r := client("www.example.com", p.rootFile, version); r.code != 0 || !r.says("Verification: OK") || !r.says("Verified peername: www.example.com") {
					t.Error(r)
				}
			}
			if r := client("www.example.net", p.rootFile, "-tls1_3"); r.code == 0 || !r.says("hostname mismatch") {
				t.Errorf("another host: %v", r)
			}
			if r := client("www.example.com", other.rootFile, "-tls1_3"); r.code == 0 || !r.says("unable to get local issuer certificate") {
				t.Errorf("another root: %v", r)
			}
		})
	}
}

// serve finishes the handshake with everyone until the listener is closed.
func serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			io.Copy(io.Discard, conn)
		}()
	}
}
