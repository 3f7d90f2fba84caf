package interop

import (
	"bufio"
	"crypto/tls"
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
	"github.com/yuncert/yuncert/internal/testutil"
)

// The CA issues for CSRs that openssl makes, and openssl accepts the certificates.
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
				t.Errorf("csr.Parse: key %s, common name %q", parsed.Algorithm, parsed.CommonName)
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

// checkSM2Links checks each link of an SM2 chain separately: OpenSSL 3.0 uses the
// user ID in -vfyopt only for the first certificate of a chain.
func checkSM2Links(t *testing.T, p, other *pki, server, forged string) {
	t.Helper()
	link := func(trusted string) []string {
		return []string{"-x509_strict", "-vfyopt", sm2ID, "-partial_chain", "-trusted", trusted}
	}
	checkHosts(t, server, link(p.subFile)...)
	verifies(t, p.subFile, link(p.rootFile)...)
	checkSM2Root(t, p)

	refuses(t, badSignature, forged, link(p.subFile)...)
	refuses(t, badSignature, server, "-partial_chain", "-trusted", p.subFile) // openssl then uses the empty user ID
	refuses(t, noIssuer, server, link(p.rootFile)...)
	refuses(t, noIssuer, server, link(other.subFile)...)
	refuses(t, noIssuer, p.subFile, link(other.rootFile)...)
}

// checkSM2Root verifies the root's signature with openssl dgst. openssl verify has
// no user ID for trusted certificates.
func checkSM2Root(t *testing.T, p *pki) {
	t.Helper()
	var certificate struct {
		TBS, Algorithm asn1.RawValue
		Signature      asn1.BitString
	}
	_, err := asn1.Unmarshal(testutil.FirstPEM(t, p.root), &certificate)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := run(t, "", "openssl", "dgst", "-sm3", "-sigopt", sm2ID,
		"-verify", write(t, dir, "public.pem", must(t, "openssl", "x509", "-in", p.rootFile, "-noout", "-pubkey")),
		"-signature", write(t, dir, "signature", string(certificate.Signature.Bytes)),
		write(t, dir, "tbs", string(certificate.TBS.FullBytes)))
	if r.code != 0 || r.stdout != "Verified OK\n" {
		t.Errorf("openssl does not verify the root's signature: %v", r)
	}
}

// openssl verifies our CSRs and prints the requested content.
func TestOpenSSLReadsOurRequests(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range caAlgorithms {
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
		digest := opensslPubMd5(t, "req", resp.Csr)
		if digest != resp.PubMd5 {
			t.Errorf("PubMd5 is %s, want openssl's digest %s", resp.PubMd5, digest)
		}
	})
}

// openssl reads our private keys and signs with them, and we read what openssl
// writes.
func TestOpenSSLKeys(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range testkeys.All {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			key := testkeys.Key(a, 2)
			if a == algorithm.ECC_256 || a == algorithm.SM2_256 {
				var err error
				key, err = algorithm.GenerateKey(a)
				if err != nil {
					t.Fatal(err)
				}
			}
			text, err := key.PEM()
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			file := write(t, dir, "key.pem", string(text))
			r := run(t, "", "openssl", "pkey", "-in", file, "-check", "-noout")
			if r.code != 0 || !r.says("Key is valid") {
				t.Errorf("openssl does not accept our key: %v", r)
			}
			public := must(t, "openssl", "pkey", "-in", file, "-pubout", "-outform", "DER")
			want := testkeys.PublicDER(t, key.Public())
			if public != string(want) {
				t.Errorf("openssl writes the public key\n%x, want\n%x", public, want)
			}
			parsed, err := csr.Parse([]byte(opensslCSR(t, file)))
			if err != nil {
				t.Fatalf("csr.Parse: %v", err)
			}
			if string(parsed.RawSubjectPublicKeyInfo) != string(want) {
				t.Error("the CSR has a different key")
			}
			forms := [][]string{{"pkey"}, {"pkey", "-traditional"}}
			if a == algorithm.SM2_256 {
				forms = forms[:1] // OpenSSL 3.0 has no traditional form for SM2
			}
			for _, args := range forms {
				again, err := algorithm.ParsePrivateKey([]byte(must(t, "openssl", append(args, "-in", file)...)))
				if err != nil {
					t.Errorf("ParsePrivateKey of openssl %v: %v", args, err)
					continue
				}
				got, err := again.PEM()
				if err != nil || string(got) != string(text) {
					t.Errorf("openssl %v writes a different key (PEM: %v)", args, err)
				}
			}
		})
	}
}

// opensslPubMd5 runs the commands in the comment of algorithm.PubMd5. form is req
// or x509.
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

// openssl computes our PubMd5 from CSRs and certificates.
func TestOpenSSLPubMd5(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range testkeys.All {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			key := testkeys.Key(a, 2)
			want, err := algorithm.PubMd5(key.Public())
			if err != nil {
				t.Fatal(err)
			}
			request := opensslCSR(t, write(t, t.TempDir(), "key.pem", string(testkeys.PEM(a, 2))))
			if got := opensslPubMd5(t, "req", request); got != want {
				t.Errorf("openssl computes %s from the CSR, want %s", got, want)
			}
			certificate, _ := newPKI(t, caFor(a)).issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: request})
			if got := opensslPubMd5(t, "x509", certificate); got != want {
				t.Errorf("openssl computes %s from the certificate, want %s", got, want)
			}
		})
	}
}

// openssl prints the requested content of our certificates.
func TestOpenSSLReadsOurCertificates(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range testkeys.Families {
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
			constraints := "CA:FALSE"
			if a == algorithm.SM2_256 {
				constraints = "" // there are none, for GmSSL
			}
			checkText(t, file, map[string]string{
				"Version: ":             "3 (0x2)",
				"Signature Algorithm: ": opensslSignatures[a.Family()],
				"Issuer: ":              "CN=Example Issuing CA,OU=PKI,O=例子公司,L=Hangzhou,ST=Zhejiang,C=CN",
				"Not Before: ":          "Jan  2 03:05:35 2026 GMT",
				"Not After : ":          "Apr 12 03:04:06 2026 GMT",
				"Subject: ":             `CN=www.example.com,OU=R\+D,O=示例\, Ltd.,L=Hangzhou,ST=Zhejiang,C=CN`,

				"X509v3 Basic Constraints: critical": constraints,
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
			text := opensslText(t, file)
			if strings.Contains(text, "a@example.com") || strings.Contains(text, "Of the CSR") {
				t.Errorf("the certificate copies the CSR's e-mail address or organization:\n%s", text)
			}
		})
	}
}

// opensslText returns a certificate as openssl prints it.
func opensslText(t *testing.T, file string) string {
	t.Helper()
	return must(t, "openssl", "x509", "-in", file, "-noout", "-text", "-nameopt", "RFC2253,-esc_msb,utf8")
}

// checkText compares the texts after titles in opensslText.
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

// keyID computes with openssl the key identifier of a certificate (RFC 7093,
// section 2, method 1), in the form that openssl prints.
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

// A CA made by openssl works as an Issuer.
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
			must(t, "openssl", Genpkey(tt.a, rootKey)...)
			must(t, "openssl", Genpkey(tt.a, subKey)...)
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
				// Clients that support only GM/T 0015 cannot verify such a chain.
				if !errors.Is(err, yuncert.ErrInvalidParameter) {
					t.Fatalf("NewIssuer: %v, want InvalidParameter", err)
				}
				return
			}
			if err != nil {
				t.Fatalf("NewIssuer: %v", err)
			}
			// OpenSSL 3.0 cannot set a certificate's start: it uses the machine's clock.
			begin := must(t, "openssl", "x509", "-in", file("sub.pem"), "-noout", "-startdate")
			at, err := time.Parse("notBefore=Jan _2 15:04:05 2006 MST\n", begin)
			if err != nil {
				t.Fatal(err)
			}
			resp, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), at, issuer, &ca.CreateServerCertificateWithCsrRequest{
				Csr: opensslCSR(t, opensslKey(t, dir, tt.a), sign...), ParentIdentifier: issuer.Identifier(), Days: 10, Immediately: 1,
			})
			if err != nil {
				t.Fatalf("CreateServerCertificateWithCsr: %v", err)
			}
			server := write(t, dir, "server.pem", resp.X509Certificate)
			verify := func(file string, args ...string) {
				t.Helper()
				args = slices.Concat([]string{"verify", "-attime", fmt.Sprint(at.Add(time.Hour).Unix())}, args, []string{file})
				r := run(t, "", "openssl", args...)
				if r.code != 0 || r.stdout != file+": OK\n" {
					t.Error(r)
				}
			}
			if tt.a == algorithm.SM2_256 {
				verify(server, "-vfyopt", sm2ID, "-partial_chain", "-trusted", file("sub.pem"), "-verify_hostname", "www.example.com")
			} else {
				verify(server, "-CAfile", file("root.pem"), "-untrusted", file("sub.pem"), "-verify_hostname", "www.example.com")
			}
			// The issuer has the same string types as the CA's subject.
			subject := must(t, "openssl", "x509", "-in", file("sub.pem"), "-noout", "-subject_hash")
			got := must(t, "openssl", "x509", "-in", server, "-noout", "-issuer_hash")
			if got != subject {
				t.Errorf("the issuer's hash is %s, want %s", got, subject)
			}
		})
	}
}

// A Go client that trusts only the root connects to openssl s_server.
func TestOpenSSLServer(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range tlsAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, a)
			key, _, certificateFile := p.server(t, a)
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
			err = server.Start()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { // s_server never ends by itself
				server.Process.Kill()
				server.Wait()
			})
			var address string
			lines, found := bufio.NewScanner(stdout), false
			for !found && lines.Scan() {
				address, found = strings.CutPrefix(lines.Text(), "ACCEPT ")
			}
			if !found {
				t.Fatal("s_server does not print the address that it listens on")
			}
			go io.Copy(io.Discard, stdout)

			dial := func(host string, root string, version uint16) (tls.ConnectionState, error) {
				dialer := &tls.Dialer{Config: &tls.Config{
					RootCAs: certPool(t, root), ServerName: host, MinVersion: version, MaxVersion: version,
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
						t.Errorf("%s for %s: verified chains are %v, want one of three certificates", tls.VersionName(version), host, state.VerifiedChains)
					}
				}
			}
			_, err = dial("www.example.net", p.root, tls.VersionTLS13)
			if !strings.Contains(fmt.Sprint(err), "certificate is valid for") {
				t.Errorf("wrong host: %v", err)
			}
			_, err = dial("www.example.com", otherPKI(t, a).root, tls.VersionTLS13)
			if !strings.Contains(fmt.Sprint(err), "unknown authority") {
				t.Errorf("wrong root: %v", err)
			}
		})
	}
}

// openssl s_client connects to a Go server that signs with our PrivateKey.
func TestOpenSSLClient(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range tlsAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p, other := newPKI(t, a), otherPKI(t, a)
			key, certificate, _ := p.server(t, a)
			listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
				Certificates: []tls.Certificate{tlsCertificate(t, key, certificate, p.sub)},
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
				r := client("www.example.com", p.rootFile, version)
				if r.code != 0 || !r.says("Verification: OK") || !r.says("Verified peername: www.example.com") {
					t.Error(r)
				}
			}
			r := client("www.example.net", p.rootFile, "-tls1_3")
			if r.code == 0 || !r.says("hostname mismatch") {
				t.Errorf("wrong host: %v", r)
			}
			r = client("www.example.com", other.rootFile, "-tls1_3")
			if r.code == 0 || !r.says("unable to get local issuer certificate") {
				t.Errorf("wrong root: %v", r)
			}
		})
	}
}

// serve completes handshakes until the listener is closed.
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
