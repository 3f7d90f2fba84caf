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
)

// handshake connects two ends, and returns what the server and then the client
// say: the client learns of a refusal with the first octet that it reads.
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
			io.Copy(io.Discard, conn) // a reset would take the alert with it
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
		err = fmt.Errorf("the server says %q", text)
	}
	return <-done, err
}

// A Go server wants a client's certificate, and a Go client has one of ours.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range tlsAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p, other := newPKI(t, a), otherPKI(t, a)
			key, server, _ := serverKeyPair(t, p, a)
			client, _ := p.client(t, a, nil)
			clientKey := testkeys.Key(a, 2)
			roots, otherRoots := x509.NewCertPool(), x509.NewCertPool()
			if !roots.AppendCertsFromPEM([]byte(p.root)) || !otherRoots.AppendCertsFromPEM([]byte(other.root)) {
				t.Fatal("crypto/x509 does not read the roots")
			}
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				for _, tt := range []struct {
					name    string
					client  []tls.Certificate
					roots   *x509.CertPool
					refused string // by the server
				}{
					{"a client", []tls.Certificate{{Certificate: [][]byte{decode(t, client), decode(t, p.sub)}, PrivateKey: clientKey}}, roots, ""},
					{"no certificate", nil, roots, "didn't provide a certificate"},
					{"a server for a client", []tls.Certificate{{Certificate: [][]byte{decode(t, server), decode(t, p.sub)}, PrivateKey: key}}, roots, "incompatible key usage"},
					{"no subordinate CA", []tls.Certificate{{Certificate: [][]byte{decode(t, client)}, PrivateKey: clientKey}}, roots, "unknown authority"},
					{"another root", []tls.Certificate{{Certificate: [][]byte{decode(t, client), decode(t, p.sub)}, PrivateKey: clientKey}}, otherRoots, "unknown authority"},
				} {
					serverErr, clientErr := handshake(t, &tls.Config{
						Certificates: []tls.Certificate{{Certificate: [][]byte{decode(t, server), decode(t, p.sub)}, PrivateKey: key}},
						ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: tt.roots, MinVersion: version, MaxVersion: version,
					}, &tls.Config{
						RootCAs: roots, ServerName: "www.example.com",
						GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { // whatever the server's CAs
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
						t.Errorf("%s: not refused for %q: server: %v; client: %v", what, tt.refused, serverErr, clientErr)
					}
				}
			}
		})
	}
}

// A server that asks ca.Verify, with a CRL, refuses a revoked client.
func TestMutualTLSRevoked(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range tlsAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, a)
			key, server, _ := serverKeyPair(t, p, a)
			client, _ := p.client(t, a, nil)
			revoked, serialNumber := p.client(t, a, nil)
			der, err := ca.CreateRevocationList(p.rand, now, p.issuer, &ca.CreateRevocationListRequest{
				Number: big.NewInt(1), NextUpdate: later,
				Revoked: ca.Revoked(ca.RevokedCertificate{SerialNumber: serialNumber, RevocationTime: now, Reason: ca.ReasonAffiliationChanged}),
			})
			if err != nil {
				t.Fatalf("CreateRevocationList: %v", err)
			}
			list, err := x509.ParseRevocationList(der)
			if err != nil {
				t.Fatal(err)
			}
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM([]byte(p.root))
			for _, tt := range []struct {
				name, certificate string
				key               *algorithm.PrivateKey
				want              error
			}{
				{"in force", client, testkeys.Key(a, 2), nil},
				{"revoked", revoked, testkeys.Key(a, 2), yuncert.ErrInvalidStatusUpdateProtection},
				{"a server for a client", server, key, yuncert.ErrInvalidParameter},
			} {
				config := &tls.Config{
					Certificates: []tls.Certificate{{Certificate: [][]byte{decode(t, server), decode(t, p.sub)}, PrivateKey: key}},
					ClientAuth:   tls.RequireAnyClientCert,
					VerifyConnection: func(state tls.ConnectionState) error {
						var sent string
						for _, cert := range state.PeerCertificates[1:] {
							sent += pemText("CERTIFICATE", cert.Raw)
						}
						_, err := ca.Verify(now.Add(time.Hour), pemText("CERTIFICATE", state.PeerCertificates[0].Raw), ca.VerifyOptions{
							Roots: p.root, Intermediates: sent, Usage: x509.ExtKeyUsageClientAuth, RevocationLists: []*x509.RevocationList{list},
						})
						return err
					},
				}
				serverErr, clientErr := handshake(t, config, &tls.Config{
					RootCAs: roots, ServerName: "www.example.com",
					Certificates: []tls.Certificate{{Certificate: [][]byte{decode(t, tt.certificate), decode(t, p.sub)}, PrivateKey: tt.key}},
				})
				if tt.want == nil && (serverErr != nil || clientErr != nil) || tt.want != nil && (!errors.Is(serverErr, tt.want) || clientErr == nil) {
					t.Errorf("%s: server: %v, want %v; client: %v", tt.name, serverErr, tt.want, clientErr)
				}
			}
		})
	}
}

// openssl s_client presents our client certificate to a Go server.
func TestOpenSSLClientCertificate(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range tlsAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, a)
			key, server, _ := serverKeyPair(t, p, a)
			client, _ := p.client(t, a, nil)
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM([]byte(p.root))
			listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
				Certificates: []tls.Certificate{{Certificate: [][]byte{decode(t, server), decode(t, p.sub)}, PrivateKey: key}},
				ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: roots, Time: func() time.Time { return now.Add(time.Hour) },
				MaxVersion: tls.VersionTLS12, // of which the client waits for the end
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
			if r := run(t, "", "openssl", with...); r.code != 0 || !r.says("Verification: OK") {
				t.Error(r)
			}
			if r := run(t, "", "openssl", args...); r.code == 0 {
				t.Errorf("without a certificate: %v", r)
			}
			file := write(t, dir, "client.pem", client)
			verifies(t, file, "-CAfile", p.rootFile, "-untrusted", p.subFile, "-purpose", "sslclient", "-x509_strict")
			refuses(t, "unsuitable certificate purpose", file, "-CAfile", p.rootFile, "-untrusted", p.subFile, "-purpose", "sslserver")
		})
	}
}
