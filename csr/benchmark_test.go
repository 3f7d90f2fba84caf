package csr_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// perCall measures f for a tenth of a second.
func perCall(f func()) time.Duration {
	f()
	start := time.Now()
	n := 0
	for time.Since(start) < 100*time.Millisecond {
		f()
		n++
	}
	return time.Since(start) / time.Duration(n)
}

// reportRatio reports the time of an operation as a multiple of the bare
// cryptography in it, measured in the same run.
func reportRatio(b *testing.B, floor time.Duration, unit string) {
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/floor.Seconds(), unit)
}

func BenchmarkCreateCsrWithKey(b *testing.B) {
	for _, tt := range createCsrAlgorithms {
		b.Run(string(tt.algorithm), func(b *testing.B) {
			key := testkeys.Key(tt.algorithm, 0)
			req := newCreateCsrRequest()
			req.Algorithm, req.KeySize = tt.family, tt.size
			digest := sha256.Sum256([]byte("what is signed"))
			signature := perCall(func() {
				if _, err := key.Sign(nil, digest[:], crypto.SHA256); err != nil {
					b.Fatal(err)
				}
			})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := csr.CreateCsrWithKey(nil, key, req); err != nil {
					b.Fatal(err)
				}
			}
			reportRatio(b, signature, "x-signature")
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, a := range []algorithm.Algorithm{
		algorithm.RSA_2048, algorithm.RSA_4096, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512, algorithm.SM2_256,
	} {
		b.Run(string(a), func(b *testing.B) {
			p := newParts(b, a, 0)
			text := armour(p.der())
			key := testkeys.Key(a, 0)
			digest := sha256.Sum256([]byte("what is signed"))
			sig, err := key.Sign(nil, digest[:], crypto.SHA256)
			if err != nil {
				b.Fatal(err)
			}
			verification := perCall(func() {
				var ok bool
				switch pub := key.Public().(type) {
				case *rsa.PublicKey:
					ok = rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest[:], sig) == nil
				case *ecdsa.PublicKey:
					if sm2.IsPublicKey(pub) {
						ok = sm2.VerifyDigest(pub, digest[:], sig)
					} else {
						ok = ecdsa.VerifyASN1(pub, digest[:], sig)
					}
				}
				if !ok {
					b.Fatal("the signature does not verify")
				}
			})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := csr.Parse(text); err != nil {
					b.Fatal(err)
				}
			}
			reportRatio(b, verification, "x-verification")
		})
	}
}
