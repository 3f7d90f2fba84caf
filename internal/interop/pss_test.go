package interop

import (
	"crypto/x509"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// A pssPKI is openssl's CSR, chain and CRL with RSASSA-PSS signatures under RSA keys.
type pssPKI struct {
	request         string // for the server key
	root, sub, leaf string
	list, unlisted  string // CRLs of the subordinate CA: the leaf is on the first
}

// newPSS makes one with a hash and with values of -sigopt for all signatures.
func newPSS(t *testing.T, hash string, options ...string) *pssPKI {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	openssl := func(hashOption string, args ...string) {
		for _, option := range append([]string{"rsa_padding_mode:pss"}, options...) {
			args = append(args, "-sigopt", option)
		}
		must(t, "openssl", append(args, strings.Fields(hashOption)...)...)
	}
	for i, name := range []string{"root", "sub", "leaf"} {
		write(t, dir, name+".key", string(testkeys.PEM(algorithm.RSA_2048, i)))
	}
	openssl("-"+hash, "req", "-x509", "-new", "-key", at("root.key"), "-out", at("root.pem"), "-days", "1000", "-subj", "/CN=PSS Root",
		"-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
	openssl("-"+hash, "req", "-new", "-key", at("sub.key"), "-out", at("sub.csr"), "-subj", "/CN=PSS CA")
	openssl("-"+hash, "req", "-new", "-key", at("leaf.key"), "-out", at("leaf.csr"), "-subj", "/CN=www.example.com", "-addext", "subjectAltName=DNS:www.example.com")
	write(t, dir, "sub.ext", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n")
	write(t, dir, "leaf.ext", "subjectAltName=DNS:www.example.com\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n")
	openssl("-"+hash, "x509", "-req", "-in", at("sub.csr"), "-CA", at("root.pem"), "-CAkey", at("root.key"), "-set_serial", "2", "-days", "900", "-extfile", at("sub.ext"), "-out", at("sub.pem"))
	openssl("-"+hash, "x509", "-req", "-in", at("leaf.csr"), "-CA", at("sub.pem"), "-CAkey", at("sub.key"), "-set_serial", "0x77", "-days", "90", "-extfile", at("leaf.ext"), "-out", at("leaf.pem"))

	write(t, dir, "ca.cnf", "[ca]\ndefault_ca=c\n[c]\ndatabase="+at("index.txt")+"\ncrlnumber="+at("crlnumber")+"\ndefault_md=sha256\n")
	write(t, dir, "index.txt", "")
	write(t, dir, "crlnumber", "01\n")
	list := func(name string) {
		openssl("-md "+hash, "ca", "-config", at("ca.cnf"), "-gencrl", "-cert", at("sub.pem"), "-keyfile", at("sub.key"), "-crldays", "30", "-out", at(name))
	}
	list("unlisted.crl")
	must(t, "openssl", "ca", "-config", at("ca.cnf"), "-revoke", at("leaf.pem"), "-cert", at("sub.pem"), "-keyfile", at("sub.key"))
	list("list.crl")
	p := &pssPKI{request: read(t, at("leaf.csr")), root: read(t, at("root.pem")), sub: read(t, at("sub.pem")), leaf: read(t, at("leaf.pem"))}
	p.list, p.unlisted = read(t, at("list.crl")), read(t, at("unlisted.crl"))
	return p
}

// openssl's CSRs, chains and CRLs with RSASSA-PSS are verified with SHA-256, SHA-384 and
// SHA-512 and the salts that openssl offers.
func TestOpenSSLPSS(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, hash := range []string{"sha256", "sha384", "sha512"} {
		for _, salt := range []string{"digest", "max"} {
			t.Run(hash+" "+salt, func(t *testing.T) {
				t.Parallel()
				p := newPSS(t, hash, "rsa_pss_saltlen:"+salt)
				r, err := csr.Parse([]byte(p.request))
				if err != nil {
					t.Fatalf("csr.Parse: %v", err)
				}
				if r.CommonName != "www.example.com" || r.Algorithm != algorithm.RSA_2048 {
					t.Errorf("csr.Parse: common name %q, key %s", r.CommonName, r.Algorithm)
				}
				_, err = ca.NewIssuer(p.sub+p.root, testkeys.Key(algorithm.RSA_2048, 1), ca.IssuerOptions{})
				if err != nil {
					t.Errorf("NewIssuer: %v", err)
				}
				when := time.Now().Add(time.Hour)
				opts := ca.VerifyOptions{Roots: p.root, Intermediates: p.sub, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth}
				for text, code := range map[string]yuncert.Code{p.unlisted: "", p.list: yuncert.ErrInvalidStatusUpdateProtection} {
					list, err := ca.ParseRevocationList([]byte(text))
					if err != nil {
						t.Fatalf("ParseRevocationList: %v", err)
					}
					opts.RevocationLists = []*x509.RevocationList{list}
					_, err = ca.Verify(when, p.leaf, opts)
					if code == "" && err != nil {
						t.Errorf("Verify: %v", err)
					}
					if code != "" {
						testutil.CheckError(t, err, code, "Certificate", "was revoked")
					}
				}
			})
		}
	}
}

// What RSASSA-PSS signatures must not be is refused by name in openssl's CSRs and chains.
func TestOpenSSLPSSRefused(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for name, tt := range map[string]struct {
		hash    string
		options []string
		says    string
	}{
		"SHA-1":           {"sha1", nil, "with SHA-1 is not supported"},
		"SHA-224":         {"sha224", nil, "with SHA-224 (2.16.840.1.101.3.4.2.4) is not supported"},
		"MGF1 with SHA-1": {"sha256", []string{"rsa_mgf1_md:sha1"}, "with SHA-256 and MGF1 with SHA-1 is not supported"},
		"a short salt":    {"sha256", []string{"rsa_pss_saltlen:31"}, "with SHA-256 and a salt of 31 octets is not supported"},
		"the default":     {"sha256", []string{"rsa_pss_saltlen:20"}, "with SHA-256 and a salt of 20 octets is not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPSS(t, tt.hash, tt.options...)
			says := "id-RSASSA-PSS (1.2.840.113549.1.1.10) " + tt.says
			_, err := csr.Parse([]byte(p.request))
			testutil.CheckError(t, err, yuncert.ErrInvalidValueMalformed, "Csr", says)
			_, err = ca.NewIssuer(p.sub+p.root, testkeys.Key(algorithm.RSA_2048, 1), ca.IssuerOptions{})
			testutil.CheckError(t, err, yuncert.ErrInvalidParameter, "CertificateChain", says)
			_, err = ca.Verify(time.Now().Add(time.Hour), p.leaf, ca.VerifyOptions{Roots: p.root, Intermediates: p.sub})
			testutil.CheckError(t, err, yuncert.ErrInvalidParameter, "Certificate", says)
		})
	}
}

// keytool's CSRs and certificates with RSASSA-PSS are verified.
func TestKeytoolPSS(t *testing.T) {
	t.Parallel()
	need(t, "keytool")
	k := newKeystore(t, algorithm.RSA_2048)
	request := k.keytool(t, "-certreq", "-alias", "server", "-sigalg", "RSASSA-PSS")
	if request.code != 0 {
		t.Fatal(request)
	}
	if _, err := csr.Parse([]byte(request.stdout)); err != nil {
		t.Errorf("csr.Parse: %v", err)
	}
	r := k.keytool(t, "-genkeypair", "-alias", "ca", "-keyalg", "RSA", "-keysize", "3072", "-dname", "CN=Java CA", "-ext", "bc:c", "-ext", "ku:c=keyCertSign")
	if r.code != 0 {
		t.Fatal(r)
	}
	write(t, filepath.Dir(k.file), "server.csr", request.stdout)
	issued := k.keytool(t, "-gencert", "-alias", "ca", "-sigalg", "RSASSA-PSS", "-rfc", "-infile", filepath.Join(filepath.Dir(k.file), "server.csr"))
	root := k.keytool(t, "-exportcert", "-alias", "ca", "-rfc")
	if issued.code != 0 || root.code != 0 {
		t.Fatal(issued, root)
	}
	if cert := parseCertificate(t, issued.stdout); cert.SignatureAlgorithm != x509.SHA256WithRSAPSS && cert.SignatureAlgorithm != x509.SHA384WithRSAPSS {
		t.Errorf("keytool signs with %v", cert.SignatureAlgorithm)
	}
	if _, err := ca.Verify(time.Now().Add(time.Hour), issued.stdout, ca.VerifyOptions{Roots: root.stdout}); err != nil {
		t.Errorf("Verify: %v", err)
	}
}

// certtool's certificates with RSASSA-PSS are verified.
func TestGnuTLSPSS(t *testing.T) {
	t.Parallel()
	need(t, "certtool")
	dir := t.TempDir()
	rootKey := write(t, dir, "root.key", string(testkeys.PEM(algorithm.RSA_2048, 0)))
	leafKey := write(t, dir, "leaf.key", string(testkeys.PEM(algorithm.RSA_2048, 2)))
	caTemplate := write(t, dir, "ca.tmpl", "cn = GnuTLS CA\nca\ncert_signing_key\nserial = 1\nexpiration_days = 100\n")
	leafTemplate := write(t, dir, "leaf.tmpl", "cn = www.example.com\ndns_name = www.example.com\nsigning_key\ntls_www_server\nserial = 2\nexpiration_days = 90\n")
	for _, hash := range []string{"SHA256", "SHA384", "SHA512"} {
		sign := []string{"--no-text", "--sign-params", "rsa-pss", "--hash", hash}
		root := must(t, "certtool", append(sign, "--generate-self-signed", "--load-privkey", rootKey, "--template", caTemplate)...)
		rootFile := write(t, dir, hash+".pem", root)
		leaf := must(t, "certtool", append(sign, "--generate-certificate", "--load-privkey", leafKey, "--load-ca-privkey", rootKey, "--load-ca-certificate", rootFile, "--template", leafTemplate)...)
		if got := parseCertificate(t, leaf).SignatureAlgorithm.String(); !strings.Contains(got, "PSS") {
			t.Errorf("certtool signs with %s", got)
		}
		_, err := ca.Verify(time.Now().Add(time.Hour), leaf, ca.VerifyOptions{Roots: root, Host: "www.example.com"})
		if err != nil {
			t.Errorf("%s: Verify: %v", hash, err)
		}
		_, err = ca.NewIssuer(root, testkeys.Key(algorithm.RSA_2048, 0), ca.IssuerOptions{})
		if err != nil {
			t.Errorf("%s: NewIssuer: %v", hash, err)
		}
	}
}
