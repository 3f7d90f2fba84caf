package order

import (
	"testing"

	"github.com/yuncert/yuncert/algorithm"
)

// A key that is made here is the smallest one that the KeyPolicy accepts. No key is made
// in this test, since RSA_4096 takes seconds.
func TestSmallestRSA(t *testing.T) {
	t.Parallel()
	for bits, want := range map[int]algorithm.Algorithm{
		0: algorithm.RSA_2048, 1024: algorithm.RSA_2048, 2048: algorithm.RSA_2048,
		2049: algorithm.RSA_3072, 3072: algorithm.RSA_3072, 3073: algorithm.RSA_4096, 4096: algorithm.RSA_4096,
	} {
		got, err := smallestRSA(algorithm.KeyPolicy{MinRSABits: bits})
		if got != want || err != nil {
			t.Errorf("for %d bits: %s, %v; want %s", bits, got, err, want)
		}
	}
}
