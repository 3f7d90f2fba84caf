package interop

import (
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/floor"
)

// The metric x-peer is the time of a Verifier divided by the time of another
// implementation with ready pools, taken turn by turn: crypto/x509, and smx509 for SM2.
// Both verify a chain of three from a server's certificate in PEM.
func BenchmarkVerifier(b *testing.B) {
	const host = "www.example.com"
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.ECC_384, algorithm.SM2_256} {
		b.Run(string(a), func(b *testing.B) {
			p := newPKI(b, a)
			certificate, _ := p.issue(b, &ca.CreateServerCertificateWithCsrRequest{Csr: bareCSR(b, a), Domain: host})
			at := now.Add(24 * time.Hour)
			v, err := ca.NewVerifier(ca.VerifyOptions{Roots: p.root, Intermediates: p.sub, Host: host, Usage: x509.ExtKeyUsageServerAuth})
			if err != nil {
				b.Fatal(err)
			}
			verifyWith := verifyWithX509
			if a == algorithm.SM2_256 {
				verifyWith = verifyWithSMX509
			}
			peer := verifyWith(b, p, certificate, host, at)
			floor.Report(b, "x-peer", func() {
				chain, err := v.Verify(at, certificate)
				if err != nil || len(chain) != 3 {
					b.Fatal(len(chain), err)
				}
			}, peer)
		})
	}
}

func verifyWithX509(b *testing.B, p *pki, certificate, host string, at time.Time) func() {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(p.root)) || !intermediates.AppendCertsFromPEM([]byte(p.sub)) {
		b.Fatal("crypto/x509 does not read the CA certificates")
	}
	return func() {
		block, _ := pem.Decode([]byte(certificate))
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			b.Fatal(err)
		}
		chains, err := cert.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates, CurrentTime: at})
		if err != nil || len(chains[0]) != 3 {
			b.Fatal(chains, err)
		}
	}
}

func verifyWithSMX509(b *testing.B, p *pki, certificate, host string, at time.Time) func() {
	roots, intermediates := smx509.NewCertPool(), smx509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(p.root)) || !intermediates.AppendCertsFromPEM([]byte(p.sub)) {
		b.Fatal("smx509 does not read the CA certificates")
	}
	return func() {
		block, _ := pem.Decode([]byte(certificate))
		cert, err := smx509.ParseCertificate(block.Bytes)
		if err != nil {
			b.Fatal(err)
		}
		chains, err := cert.Verify(smx509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates, CurrentTime: at})
		if err != nil || len(chains[0]) != 3 {
			b.Fatal(chains, err)
		}
	}
}
