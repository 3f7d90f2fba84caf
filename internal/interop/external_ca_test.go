package interop

import (
	"bytes"
	"crypto/x509"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudflare/cfssl/config"
	cflog "github.com/cloudflare/cfssl/log"
	"github.com/cloudflare/cfssl/signer"
	"github.com/cloudflare/cfssl/signer/local"
	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// externalConfig configures openssl req, x509 and ca. The words in capital letters
// are replaced.
const externalConfig = `oid_section = oids
[oids]
nodeId = 1.3.6.1.4.1.37244.1.1
[req]
distinguished_name = dn
string_mask = MASK
req_extensions = wanted
[dn]
[wanted]
basicConstraints = critical,CA:TRUE
keyUsage = critical,digitalSignature,keyEncipherment,keyCertSign
[ca]
default_ca = external
[external]
database = DIR/index
new_certs_dir = DIR
serial = DIR/serial
crlnumber = DIR/crlnumber
default_md = sha256
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:www.example.com
`

// An externalCase is one row of externalCAs.
type externalCase struct {
	name          string
	parent, child algorithm.Algorithm
	mask, subject string // of openssl req
	want          []byte // part of the DER subject, which shows its string type
}

// externalCAs are CAs with keys and CSRs by openssl, below CAs of this module.
var externalCAs = []externalCase{
	{"UTF8String", algorithm.ECC_256, algorithm.ECC_256, "utf8only", "/C=CN/O=例子公司/CN=Mesh CA", asn.UTF8(asn.OIDCommonName, "Mesh CA")},
	{"BMPString, RSA below ECC", algorithm.ECC_256, algorithm.RSA_2048, "MASK:0x800", "/C=CN/O=例子/CN=CA", asn.Attribute(asn.OIDCommonName, asn.BMPString, "\x00C\x00A")},
	{"TeletexString, ECC below RSA", algorithm.RSA_2048, algorithm.ECC_384, "MASK:0x4", "/C=CN/O=Example/CN=Mesh CA", asn.Attribute(asn.OIDCommonName, 20, "Mesh CA")},
	{"IA5String and domain components", algorithm.RSA_2048, algorithm.RSA_3072, "default", "/DC=com/DC=example/CN=Mesh CA/emailAddress=pki@example.com", asn.IA5(asn.OIDDC, "example")},
	{"two attributes in one RDN", algorithm.ECC_384, algorithm.ECC_256, "utf8only", "/O=Example/OU=PKI+CN=Mesh CA", asn.Set(asn.UTF8(asn.OIDUnit, "PKI"), asn.UTF8(asn.OIDCommonName, "Mesh CA"))},
	{"another order and an unusual attribute", algorithm.ECC_256, algorithm.ECC_512, "utf8only", "/CN=Mesh CA/nodeId=CACACACA00000001/O=Example/C=CN", asn.UTF8(asn.OID("\x2b\x06\x01\x04\x01\x82\xa2\x7c\x01\x01"), "CACACACA00000001")},
	{"no common name", algorithm.RSA_2048, algorithm.RSA_2048, "utf8only", "/O=Example/OU=Class 1 CA", asn.UTF8(asn.OIDUnit, "Class 1 CA")},
	{"SM2", algorithm.SM2_256, algorithm.SM2_256, "utf8only", "/O=例子公司/CN=Mesh CA", asn.UTF8(asn.OIDCommonName, "Mesh CA")},
}

// An externalCA is a CA of another product, which has its key.
type externalCA struct {
	algorithm                     algorithm.Algorithm
	dir, config, keyFile, subFile string
	sub, root, rootFile           string
	leafCSR, leafFile             string
}

// newExternalCA makes key and CSR with openssl and signs the certificate. Its
// subject must be the CSR's, octet by octet.
func newExternalCA(t *testing.T, tt externalCase) *externalCA {
	t.Helper()
	p, dir := newPKI(t, tt.parent), t.TempDir()
	x := &externalCA{algorithm: tt.child, dir: dir, root: p.root, rootFile: p.rootFile}
	x.config = write(t, dir, "config", strings.NewReplacer("DIR", dir, "= MASK", "= "+tt.mask).Replace(externalConfig))
	x.keyFile = opensslKey(t, dir, tt.child)
	args := []string{"req", "-new", "-config", x.config, "-key", x.keyFile, "-utf8", "-subj", tt.subject}
	if tt.child == algorithm.SM2_256 {
		args = append(args, "-sm3", "-sigopt", sm2ID)
	}
	request := must(t, "openssl", args...)

	parent, err := ca.NewIssuer(p.root, testkeys.Key(tt.parent, 0), ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := ca.CreateExternalCACertificate(p.rand, now, parent, &ca.CreateExternalCACertificateRequest{Csr: request, Validity: "29y"})
	if err != nil {
		t.Fatalf("CreateExternalCACertificate: %v", err)
	}
	x.sub, x.subFile = resp.Certificate, write(t, dir, "sub.pem", resp.Certificate)
	chain, err := ca.Verify(now, resp.CertificateChain, ca.VerifyOptions{Roots: p.root})
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	der := testutil.FirstPEM(t, request)
	if subject := chain[0].RawSubject; !bytes.Contains(subject, tt.want) || !bytes.Contains(der, subject) {
		t.Errorf("the subject is\n%x, want the CSR's, with\n%x, from\n%x", subject, tt.want, der)
	}
	leafKey := opensslKey(t, t.TempDir(), x.algorithm)
	x.leafCSR = opensslCSR(t, leafKey)
	x.leafFile = write(t, x.dir, "leaf.csr", x.leafCSR)
	return x
}

// openssl makes keys and CSRs of CAs, CreateExternalCACertificate signs them, and
// then openssl, GnuTLS, cfssl and an Issuer of this module issue with the keys.
func TestExternalCA(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, tt := range externalCAs {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := newExternalCA(t, tt)
			ways := map[string]func(*testing.T) string{"yuncert": x.withIssuer, "openssl x509": x.withOpenSSL}
			if x.algorithm != algorithm.SM2_256 {
				ways["openssl ca"], ways["cfssl"], ways["certtool"] = x.withOpenSSLCA, x.withCFSSL, x.withCerttool
			}
			for name, issue := range ways {
				t.Run(name, func(t *testing.T) { x.checkLeaf(t, issue(t)) })
			}
		})
	}
}

// Java's PKIX validator accepts the chains.
func TestExternalCAJavaPath(t *testing.T) {
	t.Parallel()
	need(t, "openssl", "java")
	var paths, want []string
	for _, tt := range externalCAs {
		if tt.child == algorithm.SM2_256 {
			continue // not in Java
		}
		x := newExternalCA(t, tt)
		leaf := write(t, x.dir, "leaf.pem", x.withIssuer(t))
		paths = append(paths, strings.Join([]string{attime, x.rootFile, leaf, x.subFile}, " "))
		want = append(want, "valid: [[2, www.example.com], [2, *.example.org], [7, 192.0.2.7], [7, 2001:db8:0:0:0:0:0:7]]")
	}
	r := run(t, strings.Join(paths, "\n"), "java", append(javaOptions, "testdata/Validate.java")...)
	if r.code != 0 {
		t.Fatal(r)
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(r.stdout), "\n")); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}

// checkLeaf has openssl and Verify check a server certificate, an hour after it
// begins: not every tool can set the time.
func (x *externalCA) checkLeaf(t *testing.T, leaf string) {
	t.Helper()
	at := now.AddDate(1, 0, 0)
	if x.algorithm != algorithm.SM2_256 {
		at = parseCertificate(t, leaf).NotBefore.Add(time.Hour)
	} else if date := after(run(t, leaf, "openssl", "x509", "-noout", "-startdate").stdout, "notBefore="); date != "" {
		start, err := time.Parse("Jan _2 15:04:05 2006 MST", date)
		if err != nil {
			t.Fatal(err)
		}
		at = start.Add(time.Hour)
	}
	_, err := ca.Verify(at, leaf, ca.VerifyOptions{Roots: x.root, Intermediates: x.sub, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth})
	if err != nil {
		t.Errorf("Verify: %v", err)
	}
	file := write(t, t.TempDir(), "leaf.pem", leaf)
	verify := func(file string, args ...string) {
		args = slices.Concat([]string{"verify", "-x509_strict", "-attime", strconv.FormatInt(at.Unix(), 10)}, args, []string{file})
		if r := run(t, "", "openssl", args...); r.code != 0 || r.stdout != file+": OK\n" {
			t.Error(r)
		}
	}
	if x.algorithm == algorithm.SM2_256 { // see checkSM2Links
		verify(file, "-vfyopt", sm2ID, "-partial_chain", "-trusted", x.subFile, "-purpose", "sslserver")
		verify(x.subFile, "-vfyopt", sm2ID, "-partial_chain", "-trusted", x.rootFile)
		return
	}
	verify(file, "-CAfile", x.rootFile, "-untrusted", x.subFile, "-purpose", "sslserver", "-verify_hostname", "www.example.com")
}

// withIssuer issues with an Issuer of this module.
func (x *externalCA) withIssuer(t *testing.T) string {
	key, err := algorithm.ParsePrivateKey([]byte(read(t, x.keyFile)))
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := ca.NewIssuer(x.sub+x.root, key, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	resp, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), now, issuer, &ca.CreateServerCertificateWithCsrRequest{
		Csr: x.leafCSR, ParentIdentifier: issuer.Identifier(), Years: 1, Immediately: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.X509Certificate
}

// withOpenSSL issues with openssl x509.
func (x *externalCA) withOpenSSL(t *testing.T) string {
	args := []string{"x509", "-req", "-in", x.leafFile, "-CA", x.subFile, "-CAkey", x.keyFile, "-set_serial", "2", "-days", "90", "-extfile", x.config, "-extensions", "leaf"}
	if x.algorithm == algorithm.SM2_256 {
		args = append(args, "-sm3", "-sigopt", sm2ID)
	}
	return must(t, "openssl", args...)
}

// withOpenSSLCA issues with openssl ca. It also revokes another certificate, and
// Verify reads the CRL.
func (x *externalCA) withOpenSSLCA(t *testing.T) string {
	write(t, x.dir, "index", "")
	write(t, x.dir, "index.attr", "unique_subject = no\n")
	write(t, x.dir, "serial", "1000\n")
	write(t, x.dir, "crlnumber", "01\n")
	issue := func() string {
		return must(t, "openssl", "ca", "-config", x.config, "-cert", x.subFile, "-keyfile", x.keyFile, "-in", x.leafFile, "-batch", "-notext",
			"-startdate", now.Format("20060102150405Z"), "-enddate", now.AddDate(20, 0, 0).Format("20060102150405Z"))
	}
	leaf, revoked := issue(), issue()
	file := write(t, t.TempDir(), "revoked.pem", revoked)
	must(t, "openssl", "ca", "-config", x.config, "-cert", x.subFile, "-keyfile", x.keyFile, "-revoke", file)
	list, err := ca.ParseRevocationList([]byte(must(t, "openssl", "ca", "-config", x.config, "-cert", x.subFile, "-keyfile", x.keyFile, "-gencrl", "-crldays", "7")))
	if err != nil {
		t.Fatal(err)
	}
	opts := ca.VerifyOptions{Roots: x.root, Intermediates: x.sub, RevocationLists: []*x509.RevocationList{list}}
	if _, err := ca.Verify(list.ThisUpdate, leaf, opts); err != nil {
		t.Errorf("Verify with openssl's CRL: %v", err)
	}
	_, err = ca.Verify(list.ThisUpdate, revoked, opts)
	testutil.CheckError(t, err, yuncert.ErrInvalidStatusUpdateProtection, "Certificate", "was revoked")
	return leaf
}

// quietCFSSL keeps cfssl from printing a line for each certificate.
var quietCFSSL = sync.OnceFunc(func() { cflog.Level = cflog.LevelError })

// withCFSSL issues with cfssl's local signer.
func (x *externalCA) withCFSSL(t *testing.T) string {
	quietCFSSL()
	key, err := algorithm.ParsePrivateKey([]byte(read(t, x.keyFile)))
	if err != nil {
		t.Fatal(err)
	}
	profile := config.DefaultConfig()
	profile.Usage, profile.Expiry, profile.ExpiryString = []string{"digital signature", "server auth"}, 24*time.Hour, "24h"
	profile.NameWhitelist = regexp.MustCompile(".")
	s, err := local.NewSigner(key, parseCertificate(t, x.sub), signer.DefaultSigAlgo(key), &config.Signing{Default: profile})
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Sign(signer.SignRequest{Request: x.leafCSR})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// withCerttool issues with GnuTLS.
func (x *externalCA) withCerttool(t *testing.T) string {
	need(t, "certtool")
	out := filepath.Join(t.TempDir(), "leaf.pem")
	template := write(t, t.TempDir(), "template", "cn = www.example.com\ndns_name = www.example.com\ntls_www_server\nsigning_key\nserial = 3\n"+
		"activation_date = \""+now.Format(time.DateTime)+"\"\nexpiration_days = 365\n")
	must(t, "certtool", "--generate-certificate", "--no-text", "--load-request", x.leafFile, "--load-ca-certificate", x.subFile,
		"--load-ca-privkey", x.keyFile, "--template", template, "--outfile", out)
	return read(t, out)
}
