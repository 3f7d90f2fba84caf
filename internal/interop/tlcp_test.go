package interop

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"github.com/tjfoc/gmsm/gmtls"
	tjx509 "github.com/tjfoc/gmsm/x509"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/algorithm/tjfoc"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// A tlcpPair is what a TLCP server or client has: two keys, and in PEM their
// certificates and the CAs between these and the root.
type tlcpPair struct {
	signKey, encryptKey *algorithm.PrivateKey
	sign, encrypt       string
	above               string
}

// encryptFor makes the second certificate for a signing certificate.
func encryptFor(t *testing.T, issuer *ca.Issuer, key crypto.Signer, signCert string) string {
	t.Helper()
	resp, _, err := ca.CreateEncryptCertificate(testutil.Seeded(), now, issuer, key.Public(), &ca.CreateEncryptCertificateRequest{SignCert: signCert}, nil)
	if err != nil {
		t.Fatalf("CreateEncryptCertificate: %v", err)
	}
	return resp.Certificate
}

// serverPair makes the pair of www.example.com.
func (p *pki) serverPair(t *testing.T) *tlcpPair {
	t.Helper()
	pair := &tlcpPair{signKey: testkeys.Key(algorithm.SM2_256, 2), encryptKey: testkeys.Key(algorithm.SM2_256, 3), above: p.above()}
	resp, _, err := ca.CreateServerCertificateWithCsr(p.rand, now, p.issuer, &ca.CreateServerCertificateWithCsrRequest{
		Csr: newCSR(t, pair.signKey), ParentIdentifier: p.issuer.Identifier(), Days: 365, Immediately: 1,
	})
	if err != nil {
		t.Fatalf("CreateServerCertificateWithCsr: %v", err)
	}
	pair.sign = resp.X509Certificate
	pair.encrypt = encryptFor(t, p.issuer, pair.encryptKey, pair.sign)
	return pair
}

// clientPair makes the pair of a client, with new keys.
func (p *pki) clientPair(t *testing.T) *tlcpPair {
	t.Helper()
	pair := &tlcpPair{above: p.above()}
	var err error
	for _, key := range []**algorithm.PrivateKey{&pair.signKey, &pair.encryptKey} {
		*key, err = algorithm.GenerateKey(algorithm.SM2_256)
		if err != nil {
			t.Fatal(err)
		}
	}
	resp, _, err := ca.CreateClientCertificateWithCsr(p.rand, now, p.issuer, &ca.CreateClientCertificateWithCsrRequest{
		Csr: newCSR(t, pair.signKey), ParentIdentifier: p.issuer.Identifier(), Days: 365, Immediately: 1,
	})
	if err != nil {
		t.Fatalf("CreateClientCertificateWithCsr: %v", err)
	}
	pair.sign = resp.X509Certificate
	pair.encrypt = encryptFor(t, p.issuer, pair.encryptKey, pair.sign)
	return pair
}

// above returns the CAs of the issuer without the root.
func (p *pki) above() string {
	return strings.TrimSuffix(p.issuer.Describe().CaCertChain, p.root)
}

// rootOnly makes a PKI of one tier: the root issues.
func (p *pki) rootOnly(t *testing.T) *pki {
	t.Helper()
	issuer, err := ca.NewIssuer(p.root, testkeys.Key(algorithm.SM2_256, 0), ca.IssuerOptions{RootIssues: true})
	if err != nil {
		t.Fatal(err)
	}
	return &pki{rand: p.rand, issuer: issuer, root: p.root}
}

// gmtlsCertificate returns a key with certificates for gmtls.
func gmtlsCertificate(t *testing.T, key *algorithm.PrivateKey, certificates ...string) gmtls.Certificate {
	t.Helper()
	theirs, err := tjfoc.ToPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := gmtls.Certificate{PrivateKey: theirs}
	for _, text := range certificates {
		if text != "" {
			certificate.Certificate = append(certificate.Certificate, testutil.FirstPEM(t, text))
		}
	}
	return certificate
}

// gmtlsPool returns a pool of the root.
func gmtlsPool(t *testing.T, root string) *tjx509.CertPool {
	t.Helper()
	pool := tjx509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(root)) {
		t.Fatal("tjfoc/gmsm does not read the root")
	}
	return pool
}

// verifyingPair returns the hook with which gmtls lets ca.Verify look at a pair.
func verifyingPair(opts ca.VerifyOptions) func([][]byte, [][]*tjx509.Certificate) error {
	opts.Pair = true
	return func(certificates [][]byte, _ [][]*tjx509.Certificate) error {
		var text strings.Builder
		for _, der := range certificates {
			text.WriteString(testutil.EncodePEM("CERTIFICATE", der))
		}
		_, err := ca.Verify(now.Add(time.Hour), text.String(), opts)
		return err
	}
}

// tlcp connects a client to a server and returns the errors of both.
func tlcp(t *testing.T, server, client *gmtls.Config) (serverErr, clientErr error) {
	t.Helper()
	for _, config := range []*gmtls.Config{server, client} {
		config.GMSupport, config.Time = gmtls.NewGMSupport(), func() time.Time { return now.Add(time.Hour) }
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			done <- err
			return
		}
		defer conn.Close()
		secure := gmtls.Server(conn, server)
		err = secure.Handshake()
		if err == nil {
			_, err = io.WriteString(secure, "welcome")
			secure.Close()
		} else {
			io.Copy(io.Discard, conn) // closing now would lose the alert
		}
		done <- err
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	secure := gmtls.Client(conn, client)
	text, err := io.ReadAll(secure)
	if version := secure.ConnectionState().Version; err == nil && version != gmtls.VersionGMSSL {
		err = fmt.Errorf("the version is %#x, want TLCP", version)
	}
	conn.Close()
	if err == nil && string(text) != "welcome" {
		err = fmt.Errorf("the server sent %q, want \"welcome\"", text)
	}
	return <-done, err
}

// TLCP by tjfoc/gmsm with pairs on both sides. tjfoc/gmsm has the cipher suites
// without ECDHE.
func TestTLCP(t *testing.T) {
	t.Parallel()
	two := newPKI(t, algorithm.SM2_256)
	one := two.rootOnly(t)
	for _, tt := range []struct {
		name    string
		p       *pki
		sends   string // the CAs that the server sends
		trusted string
		// A client of gmtls looks for the host in the CAs too that the server sends,
		// so it must leave verifying to ca.Verify.
		skips bool
	}{
		{"below the root", one, "", one.root, false},
		{"below a subordinate CA that the server sends", two, two.above(), two.root, true},
		{"below a subordinate CA that the client trusts", two, "", two.sub + two.root, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := tt.p
			server, client := p.serverPair(t), p.clientPair(t)
			serverConfig := &gmtls.Config{
				Certificates: []gmtls.Certificate{
					gmtlsCertificate(t, server.signKey, server.sign),
					gmtlsCertificate(t, server.encryptKey, server.encrypt, tt.sends),
				},
				ClientAuth: gmtls.RequireAndVerifyClientCert, ClientCAs: gmtlsPool(t, p.root),
				VerifyPeerCertificate: verifyingPair(ca.VerifyOptions{Roots: p.root, Usage: x509.ExtKeyUsageClientAuth}),
			}
			clientConfig := &gmtls.Config{
				Certificates: []gmtls.Certificate{gmtlsCertificate(t, client.signKey, client.sign, client.encrypt, client.above)},
				RootCAs:      gmtlsPool(t, tt.trusted), ServerName: "www.example.com", InsecureSkipVerify: tt.skips,
				VerifyPeerCertificate: verifyingPair(ca.VerifyOptions{Roots: tt.trusted, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth}),
			}
			serverErr, clientErr := tlcp(t, serverConfig, clientConfig)
			if serverErr != nil || clientErr != nil {
				t.Errorf("the server says %v, and the client %v", serverErr, clientErr)
			}
		})
	}
}

// What is not a pair makes no connection, by gmtls itself or by ca.Verify.
func TestTLCPRefuses(t *testing.T) {
	t.Parallel()
	p := newPKI(t, algorithm.SM2_256).rootOnly(t)
	other := newPKIWithKeys(t, testkeys.Key(algorithm.SM2_256, 1), testkeys.Key(algorithm.SM2_256, 0)).root
	tests := []struct {
		name           string
		change         func(server, client *tlcpPair)
		server, client func(*gmtls.Config)
		// Words of the errors of both sides. Empty accepts any error.
		serverSays, clientSays string
	}{
		{
			name: "the server's signing certificate in the second place",
			change: func(server, _ *tlcpPair) {
				server.encryptKey, server.encrypt = server.signKey, server.sign
			},
			clientSays: "the keyusage of cert[1] does not exist or is not for",
		},
		{
			name: "the server's certificates in the wrong order",
			change: func(server, _ *tlcpPair) {
				server.sign, server.encrypt = server.encrypt, server.sign
				server.signKey, server.encryptKey = server.encryptKey, server.signKey
			},
			clientSays: "the keyusage of cert[0] does not exist or is not for",
		},
		{
			name:       "another root for the client to trust",
			client:     func(c *gmtls.Config) { c.RootCAs = gmtlsPool(t, other) },
			clientSays: "certificate signed by unknown authority",
		},
		{
			name:       "another root for the server to trust",
			server:     func(c *gmtls.Config) { c.ClientCAs = gmtlsPool(t, other) },
			serverSays: "failed to verify client's certificate",
		},
		{
			name: "the client's signing certificate in the second place",
			change: func(_, client *tlcpPair) {
				client.encryptKey, client.encrypt = client.signKey, client.sign
			},
			serverSays: "is the second of the pair and has none of the key usages",
		},
		{
			name: "the server with another encryption key than the one certified",
			change: func(server, client *tlcpPair) {
				server.encryptKey = client.encryptKey
			},
			serverSays: "failed to decrypt", clientSays: "handshake failure",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server, client := p.serverPair(t), p.clientPair(t)
			if tt.change != nil {
				tt.change(server, client)
			}
			serverConfig := &gmtls.Config{
				Certificates: []gmtls.Certificate{gmtlsCertificate(t, server.signKey, server.sign), gmtlsCertificate(t, server.encryptKey, server.encrypt)},
				ClientAuth:   gmtls.RequireAndVerifyClientCert, ClientCAs: gmtlsPool(t, p.root),
				VerifyPeerCertificate: verifyingPair(ca.VerifyOptions{Roots: p.root, Usage: x509.ExtKeyUsageClientAuth}),
			}
			clientConfig := &gmtls.Config{
				Certificates: []gmtls.Certificate{gmtlsCertificate(t, client.signKey, client.sign, client.encrypt)},
				RootCAs:      gmtlsPool(t, p.root), ServerName: "www.example.com",
			}
			if tt.server != nil {
				tt.server(serverConfig)
			}
			if tt.client != nil {
				tt.client(clientConfig)
			}
			serverErr, clientErr := tlcp(t, serverConfig, clientConfig)
			for _, side := range []struct {
				name, want string
				err        error
			}{{"server", tt.serverSays, serverErr}, {"client", tt.clientSays, clientErr}} {
				if side.err == nil || !strings.Contains(side.err.Error(), side.want) {
					t.Errorf("the %s says %v, want %q", side.name, side.err, side.want)
				}
			}
		})
	}
}

// OpenSSL, gmsm's smx509 and tjfoc/gmsm read and verify both certificates of a pair.
func TestPairReaders(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	p := newPKI(t, algorithm.SM2_256)
	for _, kind := range []struct {
		pair           *tlcpPair
		purpose, wrong string
		usage          smx509.ExtKeyUsage
		tjfocUsage     tjx509.ExtKeyUsage
	}{
		{p.serverPair(t), "sslserver", "sslclient", smx509.ExtKeyUsageServerAuth, tjx509.ExtKeyUsageServerAuth},
		{p.clientPair(t), "sslclient", "sslserver", smx509.ExtKeyUsageClientAuth, tjx509.ExtKeyUsageClientAuth},
	} {
		for _, c := range []struct{ name, text, keyUsage string }{
			{"sign", kind.pair.sign, "Digital Signature"},
			{"encrypt", kind.pair.encrypt, "Key Encipherment, Data Encipherment, Key Agreement"},
		} {
			t.Run(kind.purpose+" "+c.name, func(t *testing.T) {
				t.Parallel()
				file := write(t, t.TempDir(), "certificate.pem", c.text)
				trusted := []string{"-x509_strict", "-vfyopt", sm2ID, "-partial_chain", "-trusted", p.subFile, "-purpose"}
				verifies(t, file, append(trusted, kind.purpose)...)
				refuses(t, "unsuitable certificate purpose", file, append(trusted, kind.wrong)...)
				checkText(t, file, map[string]string{
					"Subject: ":                        "CN=www.example.com,OU=IT,O=例子公司,L=Hangzhou,ST=Zhejiang,C=CN",
					"X509v3 Basic Constraints:":        "", // there are none, for GmSSL
					"X509v3 Key Usage: critical":       c.keyUsage,
					"X509v3 Subject Alternative Name:": "DNS:www.example.com, DNS:*.example.org, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7",
				})

				cert, err := smx509.ParseCertificate(testutil.FirstPEM(t, c.text))
				if err != nil {
					t.Fatal(err)
				}
				options := smx509.VerifyOptions{
					Roots: smx509.NewCertPool(), Intermediates: smx509.NewCertPool(), CurrentTime: now.Add(time.Hour),
					KeyUsages: []smx509.ExtKeyUsage{kind.usage},
				}
				options.Roots.AppendCertsFromPEM([]byte(p.root))
				options.Intermediates.AppendCertsFromPEM([]byte(p.sub))
				if _, err := cert.Verify(options); err != nil {
					t.Errorf("smx509: %v", err)
				}

				theirs, err := tjx509.ParseCertificate(testutil.FirstPEM(t, c.text))
				if err != nil {
					t.Fatal(err)
				}
				theirOptions := tjx509.VerifyOptions{
					Roots: gmtlsPool(t, p.root), Intermediates: gmtlsPool(t, p.sub), CurrentTime: now.Add(time.Hour),
					KeyUsages: []tjx509.ExtKeyUsage{kind.tjfocUsage},
				}
				if _, err := theirs.Verify(theirOptions); err != nil {
					t.Errorf("tjfoc/gmsm: %v", err)
				}
			})
		}
	}
}
