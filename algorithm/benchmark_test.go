package algorithm_test

import (
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// encoded are the algorithms whose keys the benchmarks encode: the longest of
// each family.
var encoded = []algorithm.Algorithm{algorithm.RSA_4096, algorithm.ECC_512, algorithm.SM2_256}

func BenchmarkMarshalPublicKey(b *testing.B) {
	for _, a := range encoded {
		b.Run(string(a), func(b *testing.B) {
			pub := testkeys.Key(a, 0).Public()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := algorithm.MarshalPublicKey(pub); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPrivateKeyPEM(b *testing.B) {
	for _, a := range encoded {
		b.Run(string(a), func(b *testing.B) {
			key := testkeys.Key(a, 0)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := key.PEM(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
