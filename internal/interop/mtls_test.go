package interop

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// handshake connects a client to a server and returns the errors of both. In TLS 1.3
// the client learns of a refusal only when it reads, so it reads the server's greeting.
func handshake(t *testing.T, server, client *tls.Config) (serverErr, clientErr error) {
	t.Helper()
	clock := func() time.Time { return now.Add(time.Hour) }
	server, client = server.Clone(), client.Clone()
	server.Time, client.Time = clock, clock
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
		tlsConn := tls.Server(conn, server)
		err = tlsConn.HandshakeContext(t.Context())
		if err == nil {
			_, err = io.WriteString(tlsConn, "welcome")
			tlsConn.Close()
		} else {
			io.Copy(io.Discard, conn) // closing now would reset the connection and lose the alert
		}
		done <- err
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	tlsConn := tls.Client(conn, client)
	text, err := io.ReadAll(tlsConn)
	conn.Close()
	if err == nil && string(text) != "welcome" {
		err = fmt.Errorf("the server sent %q, want \"welcome\"", text)
	}
	return <-done, err
}

// A Go server that requires client certificates accepts ours from a Go client.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range tlsAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p, other := newPKI(t, a), otherPKI(t, a)
			key, server, _ := p.server(t, a)
			client, _ := p.client(t, a, nil)
			clientKey := testkeys.Key(a, 2)
			roots, otherRoots := certPool(t, p.root), certPool(t, other.root)
			serverCertificate := tlsCertificate(t, key, server, p.sub)
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				for _, tt := range []struct {
					name    string
					client  []tls.Certificate
					roots   *x509.CertPool
					refused string // the server's reason
				}{
					{"a client", []tls.Certificate{tlsCertificate(t, clientKey, client, p.sub)}, roots, ""},
					{"no certificate", nil, roots, "didn't provide a certificate"},
					{"a server certificate", []tls.Certificate{serverCertificate}, roots, "incompatible key usage"},
					{"no subordinate CA", []tls.Certificate{tlsCertificate(t, clientKey, client)}, roots, "unknown authority"},
					{"another root", []tls.Certificate{tlsCertificate(t, clientKey, client, p.sub)}, otherRoots, "unknown authority"},
				} {
					serverErr, clientErr := handshake(t, &tls.Config{
						Certificates: []tls.Certificate{serverCertificate},
						ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: tt.roots, MinVersion: version, MaxVersion: version,
					}, &tls.Config{
						RootCAs: roots, ServerName: "www.example.com",
						// Unlike Certificates, this also sends a certificate that the server's CAs do not match.
						GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
							if len(tt.client) == 0 {
								return new(tls.Certificate), nil
							}
							return &tt.client[0], nil
						},
					})
					what := tls.VersionName(version) + ", " + tt.name
					if tt.refused == "" {
						if serverErr != nil || clientErr != nil {
							t.Errorf("%s: server: %v; client: %v", what, serverErr, clientErr)
						}
						continue
					}
					if clientErr == nil || !strings.Contains(fmt.Sprint(serverErr), tt.refused) {
						t.Errorf("%s: the server does not refuse with %q: server: %v; client: %v", what, tt.refused, serverErr, clientErr)
					}
				}
			}
		})
	}
}

// A Go server that calls ca.Verify with a CRL refuses a revoked client certificate.
func TestMutualTLSRevoked(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range tlsAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, a)
			key, server, _ := p.server(t, a)
			client, _ := p.client(t, a, nil)
			revoked, serialNumber := p.client(t, a, nil)
			list, err := x509.ParseRevocationList(p.crl(t, &ca.CreateRevocationListRequest{
				Number: big.NewInt(1), NextUpdate: later,
				Revoked: ca.Revoked(ca.RevokedCertificate{SerialNumber: serialNumber, RevocationTime: now, Reason: ca.ReasonAffiliationChanged}),
			}))
			if err != nil {
				t.Fatal(err)
			}
			for _, tt := range []struct {
				name, certificate string
				key               *algorithm.PrivateKey
				want              error
			}{
				{"a valid certificate", client, testkeys.Key(a, 2), nil},
				{"a revoked certificate", revoked, testkeys.Key(a, 2), yuncert.ErrInvalidStatusUpdateProtection},
				{"a server certificate", server, key, yuncert.ErrInvalidParameter},
			} {
				config := &tls.Config{
					Certificates: []tls.Certificate{tlsCertificate(t, key, server, p.sub)},
					ClientAuth:   tls.RequireAnyClientCert,
					VerifyConnection: func(state tls.ConnectionState) error {
						var sent string
						for _, cert := range state.PeerCertificates[1:] {
							sent += testutil.EncodePEM("CERTIFICATE", cert.Raw)
						}
						_, err := ca.Verify(now.Add(time.Hour), testutil.EncodePEM("CERTIFICATE", state.PeerCertificates[0].Raw), ca.VerifyOptions{
							Roots: p.root, Intermediates: sent, Usage: x509.ExtKeyUsageClientAuth, RevocationLists: []*x509.RevocationList{list},
						})
						return err
					},
				}
				serverErr, clientErr := handshake(t, config, &tls.Config{
					RootCAs: certPool(t, p.root), ServerName: "www.example.com",
					Certificates: []tls.Certificate{tlsCertificate(t, tt.key, tt.certificate, p.sub)},
				})
				if !errors.Is(serverErr, tt.want) || (clientErr == nil) != (tt.want == nil) {
					t.Errorf("%s: server: %v, want %v; client: %v", tt.name, serverErr, tt.want, clientErr)
				}
			}
		})
	}
}

// A Go server accepts our client certificate from openssl s_client.
func TestOpenSSLClientCertificate(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range tlsAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, a)
			key, server, _ := p.server(t, a)
			client, _ := p.client(t, a, nil)
			listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
				Certificates: []tls.Certificate{tlsCertificate(t, key, server, p.sub)},
				ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: certPool(t, p.root), Time: func() time.Time { return now.Add(time.Hour) },
				MaxVersion: tls.VersionTLS12, // s_client sees a refusal before it exits only in TLS 1.2
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { listener.Close() })
			go serve(listener)
			dir := t.TempDir()
			args := []string{"s_client", "-connect", listener.Addr().String(), "-servername", "www.example.com", "-verify_return_error",
				"-CAfile", p.rootFile, "-attime", attime, "-brief"}
			with := append(args[:len(args):len(args)], "-cert", write(t, dir, "client.pem", client),
				"-key", write(t, dir, "client.key", string(testkeys.PEM(a, 2))), "-cert_chain", p.subFile)
			r := run(t, "", "openssl", with...)
			if r.code != 0 || !r.says("Verification: OK") {
				t.Error(r)
			}
			r = run(t, "", "openssl", args...)
			if r.code == 0 {
				t.Errorf("the server accepts a client without a certificate: %v", r)
			}
			file := write(t, dir, "client.pem", client)
			verifies(t, file, "-CAfile", p.rootFile, "-untrusted", p.subFile, "-purpose", "sslclient", "-x509_strict")
			refuses(t, "unsuitable certificate purpose", file, "-CAfile", p.rootFile, "-untrusted", p.subFile, "-purpose", "sslserver")
		})
	}
}
