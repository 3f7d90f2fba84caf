package csr_test

import (
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/floor"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// The metric x-signature is the time of making a CSR divided by the time of one signature.
func BenchmarkCreateCsrWithKey(b *testing.B) {
	for _, tt := range documentedKeys {
		b.Run(string(tt.algorithm), func(b *testing.B) {
			key := testkeys.Key(tt.algorithm, 0)
			req := newCreateCsrRequest()
			req.Algorithm, req.KeySize = tt.family, tt.size
			floor.Report(b, "x-signature", func() {
				if _, err := csr.CreateCsrWithKey(nil, key, req); err != nil {
					b.Fatal(err)
				}
			}, floor.Signature(tt.algorithm, 0))
		})
	}
}

// The metric x-floor is the time of making key and CSR divided by the time of
// making a key and one signature. RSA keys take times that scatter widely: it needs many of
// them.
func BenchmarkCreateCsr(b *testing.B) {
	for _, tt := range documentedKeys {
		b.Run(string(tt.algorithm), func(b *testing.B) {
			if testing.Short() && tt.size > 2048 {
				b.Skip("long keys")
			}
			req := newCreateCsrRequest()
			req.Algorithm, req.KeySize = tt.family, tt.size
			floor.Report(b, "x-floor", func() {
				if _, _, err := csr.CreateCsr(nil, req); err != nil {
					b.Fatal(err)
				}
			}, floor.Both(func() {
				if _, err := algorithm.GenerateKey(tt.algorithm); err != nil {
					b.Fatal(err)
				}
			}, floor.Signature(tt.algorithm, 0)))
		})
	}
}

// The metric x-verification is the time of reading and checking a CSR over that
// of one verification.
func BenchmarkParse(b *testing.B) {
	for _, a := range []algorithm.Algorithm{
		algorithm.RSA_2048, algorithm.RSA_4096, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512, algorithm.SM2_256,
	} {
		b.Run(string(a), func(b *testing.B) {
			p := newParts(b, a, 0)
			text := armour(p.der())
			floor.Report(b, "x-verification", func() {
				if _, err := csr.Parse(text); err != nil {
					b.Fatal(err)
				}
			}, floor.Verification(a, 0))
		})
	}
}
