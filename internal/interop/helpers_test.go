package interop

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// now is the issuing time in every test. attime is a day later, in the form that
// openssl takes. later is the end of CRLs and OCSP responses: openssl ocsp compares
// it with the machine's clock, so it lies far ahead.
var (
	now    = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	attime = strconv.FormatInt(now.Add(24*time.Hour).Unix(), 10)
	later  = now.AddDate(25, 0, 0)
)

const crlBase = "http://pki.example.com/crl"

var (
	// caAlgorithms are the algorithms of CA keys, and of the CSRs that this module
	// makes. RSA_1024 is for servers only.
	caAlgorithms = testkeys.All[1:]

	// tlsAlgorithms are the algorithms of TLS servers. Neither openssl nor
	// crypto/tls supports SM2 in TLS 1.3.
	tlsAlgorithms = []algorithm.Algorithm{
		algorithm.RSA_2048, algorithm.RSA_4096, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512,
	}
)

// caFor returns the algorithm of the CA for a server's key: the same, except for
// RSA_1024, which a CA must not have.
func caFor(a algorithm.Algorithm) algorithm.Algorithm {
	if a == algorithm.RSA_1024 {
		return algorithm.RSA_2048
	}
	return a
}

// Files and PEM.

// write writes a file and returns its path.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// spoil changes the last byte of a certificate file, which belongs to the signature.
func spoil(t *testing.T, file string) {
	t.Helper()
	der := testutil.FirstPEM(t, read(t, file))
	der[len(der)-1] ^= 1
	write(t, filepath.Dir(file), filepath.Base(file), testutil.EncodePEM("CERTIFICATE", der))
}

// parseCertificate reads a certificate in PEM with crypto/x509.
func parseCertificate(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	cert, err := x509.ParseCertificate(testutil.FirstPEM(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// certPool returns a crypto/x509 pool of the certificates in a PEM text.
func certPool(t *testing.T, text string) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(text)) {
		t.Fatalf("crypto/x509 finds no certificate in %q", text)
	}
	return pool
}

// tlsCertificate returns a key with its chain for crypto/tls, the leaf first.
func tlsCertificate(t *testing.T, key crypto.PrivateKey, chain ...string) tls.Certificate {
	t.Helper()
	certificate := tls.Certificate{PrivateKey: key}
	for _, text := range chain {
		certificate.Certificate = append(certificate.Certificate, testutil.FirstPEM(t, text))
	}
	return certificate
}

// Commands and modules.

// packages maps commands to their Debian packages.
var packages = map[string]string{
	"openssl":       "openssl",
	"keytool":       "default-jdk-headless",
	"java":          "default-jdk-headless",
	"certtool":      "gnutls-bin",
	"python3":       "python3-cryptography",
	"softhsm2-util": "softhsm2",
	"node":          "nodejs",
}

// missing skips the test because something is not installed. In CI, where
// everything must be installed, it fails the test instead.
func missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// need skips the test if a command is missing (see missing).
func need(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, "%s is not installed: apt-get install %s", tool, packages[tool])
		}
	}
}

// moduleDir returns the directory of a module in go.mod, after a download if
// necessary. If that fails, it skips the test (see missing).
func moduleDir(t *testing.T, path string) string {
	t.Helper()
	r := run(t, "", "go", "mod", "download", "-json", path)
	var module struct{ Dir string }
	err := json.Unmarshal([]byte(r.stdout), &module)
	if err != nil || r.code != 0 || module.Dir == "" {
		missing(t, "the module %s cannot be downloaded: %v", path, r)
	}
	return module.Dir
}

// command prepares a command that is killed at the end of the test or after five
// minutes. It uses no proxy for servers of the tests.
func command(t testing.TB, tool string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	config, err := filepath.Abs("testdata/openssl.cnf")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC", "OPENSSL_CONF="+config, "no_proxy=127.0.0.1,"+os.Getenv("no_proxy"))
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// A result is the output and exit code of a finished command.
type result struct {
	line           string // the command itself, for messages
	stdout, stderr string
	code           int
}

// run runs a command to its end. Any exit code is accepted.
func run(t testing.TB, stdin, tool string, args ...string) result {
	t.Helper()
	cmd := command(t, tool, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	_, exited := errors.AsType[*exec.ExitError](err)
	if err != nil && !exited {
		t.Fatalf("%s: %v", tool, err)
	}
	return result{
		fmt.Sprintf("%s %q", tool, args), stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(),
	}
}

// must runs a command that must succeed, and returns its standard output.
func must(t testing.TB, tool string, args ...string) string {
	t.Helper()
	r := run(t, "", tool, args...)
	if r.code != 0 {
		t.Fatal(r)
	}
	return r.stdout
}

func (r result) String() string {
	return fmt.Sprintf("%s\nexit code %d\n%s%s", r.line, r.code, r.stdout, r.stderr)
}

// says reports whether the command printed the text.
func (r result) says(text string) bool { return strings.Contains(r.stdout+r.stderr, text) }

// javaOptions let a JVM start faster and print English.
var javaOptions = []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Duser.language=en", "-Dfile.encoding=UTF-8", "-Dsun.jnu.encoding=UTF-8"}

// CAs, certificates and CSRs by this module.

// A pki is a root CA and a subordinate CA that issues, in PEM and in files.
type pki struct {
	rand                         io.Reader
	issuer                       *ca.Issuer
	root, sub, chain             string
	rootFile, subFile, chainFile string
}

// newPKI makes CAs with the test keys 0 and 1 of an algorithm.
func newPKI(t testing.TB, a algorithm.Algorithm) *pki {
	t.Helper()
	return newPKIWithKeys(t, testkeys.Key(a, 0), testkeys.Key(a, 1))
}

// otherPKI makes CAs with the same names but with the test keys 2 and 0.
func otherPKI(t *testing.T, a algorithm.Algorithm) *pki {
	t.Helper()
	return newPKIWithKeys(t, testkeys.Key(a, 2), testkeys.Key(a, 0))
}

func newPKIWithKeys(t testing.TB, rootKey, subKey crypto.Signer) *pki {
	t.Helper()
	p := &pki{rand: testutil.Seeded()}
	root, err := ca.CreateRootCACertificate(p.rand, now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: "例子公司", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 30,
	})
	if err != nil {
		t.Fatalf("CreateRootCACertificate: %v", err)
	}
	p.root = root.Certificate
	p.sub, p.chain = p.newSub(t, rootKey, subKey.Public(), nil)
	p.issuer, err = ca.NewIssuer(p.chain, subKey, ca.IssuerOptions{CRLBase: crlBase})
	if err != nil {
		t.Fatalf("NewIssuer: %v", err)
	}
	dir := t.TempDir()
	p.rootFile = write(t, dir, "root.pem", p.root)
	p.subFile = write(t, dir, "sub.pem", p.sub)
	p.chainFile = write(t, dir, "chain.pem", p.chain)
	return p
}

// newSub makes a subordinate CA below the root. Every one has the same name.
func (p *pki) newSub(t testing.TB, rootKey crypto.Signer, pub crypto.PublicKey, constraints *ca.NameConstraints) (sub, chain string) {
	t.Helper()
	a, err := algorithm.Of(pub)
	if err != nil {
		t.Fatal(err)
	}
	root, err := ca.NewIssuer(p.root, rootKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatalf("NewIssuer: %v", err)
	}
	resp, err := ca.CreateSubCACertificate(p.rand, now, root, pub, &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "例子公司", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: string(a), Years: 29, NameConstraints: constraints,
	})
	if err != nil {
		t.Fatalf("CreateSubCACertificate: %v", err)
	}
	return resp.Certificate, resp.CertificateChain
}

// external makes a CA of another product below the root, for test key 2.
func (p *pki) external(t *testing.T, a algorithm.Algorithm) string {
	t.Helper()
	root, err := ca.NewIssuer(p.root, testkeys.Key(a, 0), ca.IssuerOptions{
		CRLBase: crlBase, OCSPServer: []string{"http://ocsp.example.com"}, IssuingCertificateURL: []string{"http://pki.example.com/root.cer"},
	})
	if err != nil {
		t.Fatalf("NewIssuer: %v", err)
	}
	resp, err := ca.CreateExternalCACertificate(p.rand, now, root, &ca.CreateExternalCACertificateRequest{
		Csr: goCSR(t, testkeys.Key(a, 2)), Validity: "10y",
		ApiPassthrough: ca.ExternalCAPassthrough{
			Subject:    ca.ExternalCASubject{Country: "CN", Organization: "Example", CommonName: "Mesh CA"},
			Extensions: ca.ExternalCAExtensions{ExtendedKeyUsages: []string{"serverAuth"}},
		},
	})
	if err != nil {
		t.Fatalf("CreateExternalCACertificate: %v", err)
	}
	return resp.Certificate
}

// constrained makes a subordinate CA with the same name and key as newPKI's, but
// with name constraints. Certificates that newPKI's CA issued chain to it too.
func (p *pki) constrained(t *testing.T, a algorithm.Algorithm, constraints *ca.NameConstraints) (sub, chain string) {
	t.Helper()
	return p.newSub(t, testkeys.Key(a, 0), testkeys.Key(a, 1).Public(), constraints)
}

// issue issues a server certificate and returns it in PEM, and its file. It sets
// the issuer, and a validity of 365 days if the request has none.
func (p *pki) issue(t testing.TB, req *ca.CreateServerCertificateWithCsrRequest) (text, file string) {
	t.Helper()
	asked := *req
	asked.ParentIdentifier, asked.Immediately = p.issuer.Identifier(), 2
	if asked.Days == 0 && asked.Years == 0 && asked.BeforeTime == 0 {
		asked.Days = 365
	}
	resp, _, err := ca.CreateServerCertificateWithCsr(p.rand, now, p.issuer, &asked)
	if err != nil {
		t.Fatalf("CreateServerCertificateWithCsr: %v", err)
	}
	if resp.CertificateChain != p.chain {
		t.Errorf("CertificateChain is\n%s, want\n%s", resp.CertificateChain, p.chain)
	}
	return resp.X509Certificate, write(t, t.TempDir(), "server.pem", resp.X509Certificate)
}

// server issues a server certificate for test key 2 and returns the key too.
func (p *pki) server(t *testing.T, a algorithm.Algorithm) (key *algorithm.PrivateKey, certificate, file string) {
	t.Helper()
	request := opensslCSR(t, write(t, t.TempDir(), "key.pem", string(testkeys.PEM(a, 2))))
	certificate, file = p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: request})
	return testkeys.Key(a, 2), certificate, file
}

// client issues a client certificate for test key 2.
func (p *pki) client(t *testing.T, a algorithm.Algorithm, change func(*ca.CreateClientCertificateWithCsrRequest)) (certificate, serialNumber string) {
	t.Helper()
	req := &ca.CreateClientCertificateWithCsrRequest{
		Csr: bareCSR(t, a), CommonName: "Zhang San", ParentIdentifier: p.issuer.Identifier(), Days: 365, Immediately: 1,
	}
	if change != nil {
		change(req)
	}
	resp, _, err := ca.CreateClientCertificateWithCsr(p.rand, now, p.issuer, req)
	if err != nil {
		t.Fatalf("CreateClientCertificateWithCsr: %v", err)
	}
	return resp.X509Certificate, resp.SerialNumber
}

// responder makes an OCSP responder's certificate for test key 2.
func (p *pki) responder(t *testing.T, a algorithm.Algorithm, days int32) *ca.CreateOCSPResponderCertificateResponse {
	t.Helper()
	resp, err := ca.CreateOCSPResponderCertificate(p.rand, now, p.issuer, testkeys.Key(a, 2).Public(),
		&ca.CreateOCSPResponderCertificateRequest{CommonName: "Example OCSP", Days: days})
	if err != nil {
		t.Fatalf("CreateOCSPResponderCertificate: %v", err)
	}
	return resp
}

// crl makes a CRL and returns its DER.
func (p *pki) crl(t *testing.T, req *ca.CreateRevocationListRequest) []byte {
	t.Helper()
	der, err := ca.CreateRevocationList(p.rand, now, p.issuer, req)
	if err != nil {
		t.Fatalf("CreateRevocationList: %v", err)
	}
	return der
}

// newCSR makes a CSR with this module for www.example.com and other names. The
// algorithm must be one of caAlgorithms.
func newCSR(t *testing.T, key *algorithm.PrivateKey) string {
	t.Helper()
	resp, err := csr.CreateCsrWithKey(testutil.Seeded(), key, &csr.CreateCsrRequest{
		Algorithm: key.Algorithm().Family(), KeySize: int32(key.Algorithm().KeySize()),
		CommonName: "www.example.com", Sans: "*.example.org, 192.0.2.7, 2001:db8::7",
		CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou", CorpName: "例子公司", Department: "IT",
	})
	if err != nil {
		t.Fatalf("CreateCsrWithKey: %v", err)
	}
	return resp.Csr
}

// goCSR makes a CSR with crypto/x509 for www.example.com and other names, for an
// RSA or ECC key of any size.
func goCSR(t *testing.T, key *algorithm.PrivateKey) string {
	t.Helper()
	der, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "www.example.com"}, DNSNames: []string{"*.example.org"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 7)},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	return testutil.EncodePEM("CERTIFICATE REQUEST", der)
}

// openssl.

// sm2ID is the user ID of GM/T 0009 as an openssl option.
const sm2ID = "distid:1234567812345678"

// opensslSubject and opensslNames are the content of opensslCSR.
const (
	opensslSubject = "/C=CN/ST=Zhejiang/L=Hangzhou/O=Example Co./OU=IT/CN=www.example.com"
	opensslNames   = "subjectAltName=DNS:www.example.com,DNS:*.example.org,IP:192.0.2.7,IP:2001:db8::7"
)

// opensslSignatures are openssl's names of the signature algorithms, by family.
var opensslSignatures = map[string]string{
	"RSA": "sha256WithRSAEncryption", "ECC": "ecdsa-with-SHA256", "SM2": "SM2-with-SM3",
}

// opensslKey makes a key with openssl and returns its file.
func opensslKey(t *testing.T, dir string, a algorithm.Algorithm) string {
	t.Helper()
	file := filepath.Join(dir, string(a)+".key")
	must(t, "openssl", Genpkey(a, file)...)
	return file
}

// opensslCSR makes a CSR with openssl for www.example.com and other names.
func opensslCSR(t *testing.T, keyFile string, args ...string) string {
	t.Helper()
	return must(t, "openssl", append([]string{"req", "-new", "-key", keyFile, "-utf8", "-subj", opensslSubject, "-addext", opensslNames}, args...)...)
}

// bareCSR makes a CSR without names with openssl, for test key 2.
func bareCSR(t testing.TB, a algorithm.Algorithm) string {
	t.Helper()
	return must(t, "openssl", "req", "-new", "-key", write(t, t.TempDir(), "key.pem", string(testkeys.PEM(a, 2))), "-subj", "/")
}

// verifies fails the test unless openssl verify accepts a certificate.
func verifies(t *testing.T, file string, args ...string) {
	t.Helper()
	r := run(t, "", "openssl", slices.Concat([]string{"verify", "-attime", attime}, args, []string{file})...)
	if r.code != 0 || r.stdout != file+": OK\n" || r.stderr != "" {
		t.Errorf("openssl refuses the certificate: %v", r)
	}
}

// refuses fails the test unless openssl verify refuses a certificate for the
// reason.
func refuses(t *testing.T, reason, file string, args ...string) {
	t.Helper()
	r := run(t, "", "openssl", slices.Concat([]string{"verify", "-attime", attime}, args, []string{file})...)
	if r.code != 2 || r.says(": OK") || !r.says(reason) {
		t.Errorf("openssl does not refuse the certificate with %q: %v", reason, r)
	}
}

// Answers of openssl verify.
const (
	noIssuer     = "error 20 at 0 depth lookup: unable to get local issuer certificate"
	badSignature = "error 7 at 0 depth lookup: certificate signature failure"
	wrongHost    = "error 62 at 0 depth lookup: hostname mismatch"
	wrongIP      = "error 64 at 0 depth lookup: IP address mismatch"
	weakKey      = "error 66 at 0 depth lookup: EE certificate key too weak"
)

// checkHosts checks a certificate with opensslNames: openssl must accept these
// names and refuse others.
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

// checkChain checks the whole chain of a server certificate (RSA or ECC) with
// openssl. forged is a certificate with a wrong signature, other a PKI that did
// not issue.
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

// checkOpenSSLRequest checks that openssl verifies a CSR and prints the subject (in
// the form of RFC 2253) and the alternative names.
func checkOpenSSLRequest(t *testing.T, a algorithm.Algorithm, text, subject, names string) {
	t.Helper()
	var id []string
	if a == algorithm.SM2_256 {
		id = []string{"-vfyopt", sm2ID}
	}
	// OpenSSL 3.0 exits with code 0 for a wrong signature too.
	verify := func(text string) result {
		return run(t, text, "openssl", append([]string{"req", "-verify", "-noout"}, id...)...)
	}
	r := verify(text)
	if r.code != 0 || !r.says("verify OK") {
		t.Errorf("openssl does not verify the CSR: %v", r)
	}
	der := testutil.FirstPEM(t, text)
	der[len(der)-1] ^= 1
	r = verify(testutil.EncodePEM("CERTIFICATE REQUEST", der))
	if r.says("verify OK") || !r.says("verify failure") {
		t.Errorf("openssl verifies a CSR with a wrong signature: %v", r)
	}
	r = run(t, text, "openssl", "req", "-text", "-noout", "-nameopt", "RFC2253,-esc_msb,utf8")
	if r.code != 0 {
		t.Fatal(r)
	}
	for title, want := range map[string]string{
		"Subject: ":                        subject,
		"X509v3 Subject Alternative Name:": names,
		"Version: ":                        "1 (0x0)",
		"Signature Algorithm: ":            opensslSignatures[a.Family()],
	} {
		if got := after(r.stdout, title); got != want {
			t.Errorf("openssl prints %s%q, want %q", title, got, want)
		}
	}
}

// after returns the text after a title, on the same line or the next.
func after(text, title string) string {
	_, rest, _ := strings.Cut(text, title)
	line, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	return strings.TrimSpace(line)
}
