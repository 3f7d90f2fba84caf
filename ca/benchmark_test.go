package ca_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// benchmarked are the algorithms whose overhead over the primitives matters most.
var benchmarked = []algorithm.Algorithm{algorithm.ECC_256, algorithm.ECC_384, algorithm.RSA_2048, algorithm.SM2_256}

// floor returns what issuing cannot do without: one verification under the
// server's key and one signature by the CA's, without any encoding.
func floor(b *testing.B, a algorithm.Algorithm) func() {
	b.Helper()
	subKey, leaf := key(a, 1), key(a, 2)
	digest := sha256.Sum256([]byte("message"))
	signature, err := leaf.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	var verify func() bool
	var sign func() error
	if a == algorithm.SM2_256 {
		public := leaf.Public().(*ecdsa.PublicKey)
		verify = func() bool { return sm2.VerifyDigest(public, digest[:], signature) }
		sign = func() error { _, err := subKey.Sign(nil, digest[:], nil); return err }
	} else {
		block, _ := pem.Decode(testkeys.PEM(a, 1))
		bare, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			b.Fatal(err)
		}
		signer := bare.(crypto.Signer)
		sign = func() error { _, err := signer.Sign(nil, digest[:], crypto.SHA256); return err }
		switch public := leaf.Public().(type) {
		case *rsa.PublicKey:
			verify = func() bool { return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil }
		case *ecdsa.PublicKey:
			verify = func() bool { return ecdsa.VerifyASN1(public, digest[:], signature) }
		}
	}
	return func() {
		if !verify() {
			b.Fatal("the signature does not verify")
		}
		if err := sign(); err != nil {
			b.Fatal(err)
		}
	}
}

// The metric x-floor is the time of an issuance over that of one verification
// and one signature, the two taken turn by turn; ns/op and allocs/issue are those
// of the issuance alone.
func BenchmarkCreateServerCertificateWithCsr(b *testing.B) {
	for _, a := range benchmarked {
		b.Run(string(a), func(b *testing.B) {
			au := authorityOf(a)
			req := serverRequest(au.issuer, hostCSR(b, a, "www.example.com", "www.example.com", "example.com", "192.0.2.1"))
			req.Immediately = 1
			random := seeded()
			issue := func() {
				if _, _, err := ca.CreateServerCertificateWithCsr(random, instant, au.issuer, req); err != nil {
					b.Fatal(err)
				}
			}
			bare := floor(b, a)
			var ours, least time.Duration
			for b.Loop() {
				start := time.Now()
				issue()
				between := time.Now()
				bare()
				ours += between.Sub(start)
				least += time.Since(between)
			}
			b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "ns/op")
			b.ReportMetric(float64(ours)/float64(least), "x-floor")
			b.ReportMetric(testing.AllocsPerRun(20, issue), "allocs/issue")
		})
	}
}

// All processors issue under one Issuer.
func BenchmarkCreateServerCertificateWithCsrParallel(b *testing.B) {
	for _, a := range benchmarked {
		b.Run(string(a), func(b *testing.B) {
			au := authorityOf(a)
			req := serverRequest(au.issuer, hostCSR(b, a, "www.example.com"))
			req.Immediately = 1
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				random := seeded()
				for pb.Next() {
					if _, _, err := ca.CreateServerCertificateWithCsr(random, instant, au.issuer, req); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func BenchmarkNewIssuer(b *testing.B) {
	for _, a := range benchmarked {
		b.Run(string(a), func(b *testing.B) {
			au := authorityOf(a)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ca.NewIssuer(au.sub.CertificateChain, au.subKey, ca.IssuerOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
