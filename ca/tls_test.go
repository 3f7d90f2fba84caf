package ca_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// A Go client that trusts only the root connects to a Go server with TLS.
func TestTLS(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(fmt.Sprintf("%s, %s", a, tls.VersionName(version)), func(t *testing.T) {
				t.Parallel()
				au := authorityOf(a)
				k := key(a, 2)
				cert := issue(t, au.issuer, serverRequest(au.issuer, hostCSR(t, a, "www.example.com", "192.0.2.1")))
				now := func() time.Time { return instant.Add(time.Hour) }
				roots := x509.NewCertPool()
				roots.AppendCertsFromPEM([]byte(au.root.Certificate))
				ends := [2]net.Conn{}
				ends[0], ends[1] = net.Pipe()
				defer ends[0].Close()
				defer ends[1].Close()
				server := tls.Server(ends[0], &tls.Config{
					Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw, testutil.DecodePEM(t, "CERTIFICATE", au.sub.Certificate)}, PrivateKey: k}},
					MinVersion:   version, MaxVersion: version, Time: now,
				})
				client := tls.Client(ends[1], &tls.Config{RootCAs: roots, ServerName: "www.example.com", MinVersion: version, MaxVersion: version, Time: now})
				done := make(chan error, 1)
				go func() {
					_, err := io.WriteString(server, "hello")
					done <- err
				}()
				got := make([]byte, 5)
				if _, err := io.ReadFull(client, got); err != nil || string(got) != "hello" {
					t.Errorf("the client reads %q, %v", got, err)
					ends[1].Close()
				}
				if err := <-done; err != nil {
					t.Errorf("the server: %v", err)
				}
			})
		}
	}
}

// What docs/sm2.md says of Go's own packages and SM2.
func TestGoReadsNoSM2(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.SM2_256)
	if _, err := x509.ParseCertificate(testutil.DecodePEM(t, "CERTIFICATE", au.sub.Certificate)); err == nil {
		t.Error("crypto/x509 reads an SM2 certificate")
	}
	if x509.NewCertPool().AppendCertsFromPEM([]byte(au.sub.Certificate)) {
		t.Error("a CertPool takes an SM2 certificate")
	}
	if _, err := tls.X509KeyPair([]byte(au.sub.Certificate), testkeys.PEM(algorithm.SM2_256, 1)); err == nil {
		t.Error("crypto/tls reads an SM2 certificate and its key")
	}
}
