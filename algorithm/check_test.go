//lint:file-ignore SA1019 the fields X and Y of crypto/ecdsa are what a careless caller sets

package algorithm_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/floor"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		for i := range 3 {
			if err := algorithm.Check(testkeys.Key(a, i).Public()); err != nil {
				t.Errorf("Check of key %d of %s: %v", i, a, err)
			}
		}
	}
}

// rsaKey returns the i-th test key of that algorithm as crypto/rsa's type.
func rsaKey(t testing.TB, a algorithm.Algorithm, i int) *rsa.PrivateKey {
	t.Helper()
	return standardKey(t, a, i).(*rsa.PrivateKey)
}

// ecKey returns the i-th test key of that algorithm as crypto/ecdsa's type.
func ecKey(t testing.TB, a algorithm.Algorithm, i int) *ecdsa.PrivateKey {
	t.Helper()
	return standardKey(t, a, i).(*ecdsa.PrivateKey)
}

func standardKey(t testing.TB, a algorithm.Algorithm, i int) crypto.PrivateKey {
	t.Helper()
	block, _ := pem.Decode(testkeys.PEM(a, i))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestCheckRSA(t *testing.T) {
	t.Parallel()
	key := rsaKey(t, algorithm.RSA_2048, 0)
	p := key.Primes[0]
	near := new(big.Int).Add(p, big.NewInt(2))
	for !near.ProbablyPrime(0) {
		near.Add(near, big.NewInt(2))
	}
	exponent := func(e int) func(*rsa.PublicKey) { return func(pub *rsa.PublicKey) { pub.E = e } }
	beyond := 1<<31 - 1
	beyond++ // negative where int has 32 bits, and no constant, which would not compile there

	tests := []struct {
		name    string
		change  func(*rsa.PublicKey)
		message string // "" accepts
	}{
		{"unchanged", func(*rsa.PublicKey) {}, ""},
		{"exponent 65539", exponent(65539), ""},
		{"exponent 2^31-1", exponent(1<<31 - 1), ""},
		{"exponent 0", exponent(0), "the RSA exponent 0 is not an odd number from 65537 to 2^31-1"},
		{"exponent 1", exponent(1), "the RSA exponent 1 is not"},
		{"exponent 3", exponent(3), "the RSA exponent 3 is not"},
		{"exponent 17", exponent(17), "the RSA exponent 17 is not"},
		{"exponent 65535", exponent(65535), "the RSA exponent 65535 is not"},
		{"exponent 65536", exponent(65536), "the RSA exponent 65536 is not"},
		{"exponent 65538", exponent(65538), "the RSA exponent 65538 is not"},
		{"exponent 2^31", exponent(beyond), fmt.Sprintf("the RSA exponent %d is not", beyond)},
		{"exponent 2^31+1", exponent(beyond + 1), fmt.Sprintf("the RSA exponent %d is not", beyond+1)},
		{"exponent -1", exponent(-1), "the RSA exponent -1 is not"},
		{"exponent -65537", exponent(-65537), "the RSA exponent -65537 is not"},
		{"even modulus", func(pub *rsa.PublicKey) { pub.N.SetBit(pub.N, 0, 0) }, "the RSA modulus is even"},
		{"negative modulus", func(pub *rsa.PublicKey) { pub.N.Neg(pub.N) }, "the RSA public key has no positive modulus"},
		{"factor 3", func(pub *rsa.PublicKey) { // 3(2^2046+1)
			pub.N.SetBit(new(big.Int).SetBit(new(big.Int), 2046, 1), 0, 1)
			pub.N.Mul(pub.N, big.NewInt(3))
		}, "the RSA key is weak: the modulus is divisible by 3"},
		{"factor 751", func(pub *rsa.PublicKey) { // 751·m with m odd and free of smaller factors
			m := new(big.Int).Rsh(pub.N, 10)
			for m.SetBit(m, 0, 1); smallFactor(m) < 752; m.Add(m, big.NewInt(2)) {
			}
			pub.N.Mul(m, big.NewInt(751))
		}, "the RSA key is weak: the modulus is divisible by 751"},
		{"equal primes", func(pub *rsa.PublicKey) { pub.N.Mul(p, p) }, "the RSA key is weak: the modulus is the product of two close primes"},
		{"close primes", func(pub *rsa.PublicKey) { pub.N.Mul(p, near) }, "the RSA key is weak: the modulus is the product of two close primes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pub := &rsa.PublicKey{N: new(big.Int).Set(key.N), E: key.E}
			tt.change(pub)
			before := &rsa.PublicKey{N: new(big.Int).Set(pub.N), E: pub.E}
			err := algorithm.Check(pub)
			if !pub.Equal(before) {
				t.Error("Check changed the key")
			}
			if tt.message == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			testutil.CheckKeyError(t, err, tt.message)
		})
	}
}

// smallFactor returns the least prime factor of an odd n below 752, or 752.
func smallFactor(n *big.Int) int64 {
	for p := int64(3); p < 752; p += 2 {
		if new(big.Int).Mod(n, big.NewInt(p)).Sign() == 0 {
			return p
		}
	}
	return 752
}

func TestCheckECC(t *testing.T) {
	t.Parallel()
	changes := []struct {
		name   string
		change func(*ecdsa.PublicKey)
	}{
		{"y+1", func(pub *ecdsa.PublicKey) { pub.Y.Add(pub.Y, big.NewInt(1)) }},
		{"x and y exchanged", func(pub *ecdsa.PublicKey) { pub.X, pub.Y = pub.Y, pub.X }},
		{"infinity", func(pub *ecdsa.PublicKey) { pub.X, pub.Y = new(big.Int), new(big.Int) }},
		{"x+p", func(pub *ecdsa.PublicKey) { pub.X.Add(pub.X, pub.Params().P) }},
		{"y+p", func(pub *ecdsa.PublicKey) { pub.Y.Add(pub.Y, pub.Params().P) }},
		{"x-p", func(pub *ecdsa.PublicKey) { pub.X.Sub(pub.X, pub.Params().P) }},
		{"-y", func(pub *ecdsa.PublicKey) { pub.Y.Neg(pub.Y) }},
		{"huge x", func(pub *ecdsa.PublicKey) { pub.X.Lsh(pub.X, 4096) }},
		{"no x", func(pub *ecdsa.PublicKey) { pub.X = nil }},
		{"no y", func(pub *ecdsa.PublicKey) { pub.Y = nil }},
		{"neither", func(pub *ecdsa.PublicKey) { pub.X, pub.Y = nil, nil }},
		{"the point of another curve", func(pub *ecdsa.PublicKey) {
			other := elliptic.P256()
			if pub.Curve == other {
				other = sm2.P256()
			}
			pub.X, pub.Y = other.Params().Gx, other.Params().Gy
		}},
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521(), sm2.P256()} {
		for _, tt := range changes {
			t.Run(curve.Params().Name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				g := curve.Params()
				pub := &ecdsa.PublicKey{Curve: curve, X: new(big.Int).Set(g.Gx), Y: new(big.Int).Set(g.Gy)}
				if err := algorithm.Check(pub); err != nil {
					t.Fatalf("before the change: %v", err)
				}
				tt.change(pub)
				testutil.CheckKeyError(t, algorithm.Check(pub), "the public key is not a point on its curve")
				_, err := algorithm.MarshalPublicKey(pub)
				testutil.CheckKeyError(t, err, "the public key is not a point on its curve")
				_, err = algorithm.PubMd5(pub)
				testutil.CheckKeyError(t, err, "the public key is not a point on its curve")
			})
		}
	}
}

// A policy that blocks every key it is asked about, and notes the digests.
func blocking(digests *[][sha256.Size]byte) algorithm.KeyPolicy {
	return algorithm.KeyPolicy{Blocked: func(digest [sha256.Size]byte) bool {
		*digests = append(*digests, digest)
		return true
	}}
}

func TestPolicyBlocked(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			pub := testkeys.Key(a, 0).Public()
			der, err := algorithm.MarshalPublicKey(pub)
			if err != nil {
				t.Fatal(err)
			}
			digest := sha256.Sum256(der)
			var seen [][sha256.Size]byte
			testutil.CheckKeyError(t, blocking(&seen).Check(pub), "the key is blocked: it is known to be compromised")
			if len(seen) != 1 || seen[0] != digest {
				t.Errorf("Blocked was asked about %x, want %x once", seen, digest)
			}
			for i := range 2 {
				others := algorithm.KeyPolicy{Blocked: func(d [sha256.Size]byte) bool { return d == digest }}
				if err := others.Check(testkeys.Key(a, i+1).Public()); err != nil {
					t.Errorf("another key: %v", err)
				}
			}
			if err := algorithm.Check(pub); err != nil {
				t.Errorf("Check without a policy: %v", err)
			}
		})
	}
}

func TestKeyPolicyMinRSABits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		key  algorithm.Algorithm
		bits int
		pass bool
	}{
		{algorithm.RSA_1024, 0, true},
		{algorithm.RSA_1024, -1, true},
		{algorithm.RSA_1024, 1024, true},
		{algorithm.RSA_1024, 1025, false},
		{algorithm.RSA_2048, 2048, true},
		{algorithm.RSA_2048, 2049, false},
		{algorithm.RSA_3072, 4096, false},
		{algorithm.RSA_4096, 4096, true},
		{algorithm.ECC_256, 4096, true},
		{algorithm.SM2_256, 4096, true},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s from %d bits", tt.key, tt.bits), func(t *testing.T) {
			t.Parallel()
			asked := false
			policy := algorithm.KeyPolicy{MinRSABits: tt.bits, Blocked: func([sha256.Size]byte) bool { asked = true; return false }}
			err := policy.Check(testkeys.Key(tt.key, 0).Public())
			if tt.pass {
				if err != nil || !asked {
					t.Errorf("Check: %v, Blocked asked: %v", err, asked)
				}
				return
			}
			want := fmt.Sprintf("the key is %s; want an RSA key of at least %d bits", tt.key, tt.bits)
			if !errors.Is(err, yuncert.ErrInvalidParameter) || !strings.Contains(err.Error(), want) {
				t.Errorf("Check: %v, want %s: %s", err, yuncert.ErrInvalidParameter, want)
			}
			if asked {
				t.Error("Blocked was asked about a key that is too short")
			}
		})
	}
}

// One SM2 key in four encodings is one key to a blocklist.
func TestPolicyBlockedSM2Encodings(t *testing.T) {
	t.Parallel()
	pub := testkeys.Key(algorithm.SM2_256, 0).Public()
	der, err := algorithm.MarshalPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(der)
	policy := algorithm.KeyPolicy{Blocked: func(d [sha256.Size]byte) bool { return d == digest }}
	point := der[len(der)-65:]
	for name, id := range map[string][]byte{
		"usual":          asn.Seq(idEC, idSM2),
		"curve twice":    asn.Seq(idSM2, idSM2),
		"curve, NULL":    asn.Seq(idSM2, null),
		"only the curve": asn.Seq(idSM2),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parsed, err := algorithm.ParsePublicKey(asn.Seq(id, asn.Bits(point)))
			if err != nil {
				t.Fatal(err)
			}
			testutil.CheckKeyError(t, policy.Check(parsed), "the key is blocked")
		})
	}
}

// Blocked is asked last, so that it sees only good keys.
func TestPolicyBlockedIsAskedLast(t *testing.T) {
	t.Parallel()
	key := rsaKey(t, algorithm.RSA_2048, 0)
	for name, pub := range map[string]crypto.PublicKey{
		"nothing":           nil,
		"an RSA exponent 3": &rsa.PublicKey{N: key.N, E: 3},
		"close primes":      &rsa.PublicKey{N: new(big.Int).Mul(key.Primes[0], key.Primes[0]), E: 65537},
		"a point elsewhere": &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)},
		"an unknown curve":  &ecdsa.PublicKey{Curve: elliptic.P224(), X: elliptic.P224().Params().Gx, Y: elliptic.P224().Params().Gy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen [][sha256.Size]byte
			want, got := algorithm.Check(pub), blocking(&seen).Check(pub)
			if want == nil || got == nil || got.Error() != want.Error() {
				t.Errorf("Check of the policy: %v, want %v", got, want)
			}
			if len(seen) > 0 {
				t.Errorf("Blocked was asked about %x", seen)
			}
		})
	}
}

// The metric x-signature is the time of a check divided by the time of a signature with a
// key of the same length: what a CSR's key costs an issuer whose own is like it.
func BenchmarkCheck(b *testing.B) {
	for _, a := range []algorithm.Algorithm{
		algorithm.RSA_2048, algorithm.RSA_3072, algorithm.RSA_4096, algorithm.ECC_256, algorithm.ECC_384, algorithm.SM2_256,
	} {
		b.Run(string(a), func(b *testing.B) {
			public := testkeys.Key(a, 2).Public()
			floor.Report(b, "x-signature", func() {
				if err := algorithm.Check(public); err != nil {
					b.Fatal(err)
				}
			}, floor.Signature(a, 1))
		})
	}
}
