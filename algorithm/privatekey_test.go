//lint:file-ignore SA1019 the fields X, Y and D of crypto/ecdsa are what a careless caller sets

package algorithm_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	tjsm2 "github.com/tjfoc/gmsm/sm2"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

var (
	_ crypto.Signer        = (*algorithm.PrivateKey)(nil)
	_ crypto.MessageSigner = (*algorithm.PrivateKey)(nil)
	_ slog.LogValuer       = algorithm.PrivateKey{}
)

// verifies reports whether the signature over message, made with SHA-256 or
// SM3, is good in the eyes of crypto/rsa, crypto/ecdsa, or the SM2 engine and
// tjfoc/gmsm.
func verifies(t testing.TB, pub crypto.PublicKey, message, signature []byte) bool {
	t.Helper()
	digest := sha256.Sum256(message)
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest[:], signature) == nil
	case *ecdsa.PublicKey:
		if !sm2.IsPublicKey(pub) {
			return ecdsa.VerifyASN1(pub, digest[:], signature)
		}
		digest, err := sm2.Digest(pub, sm2.UserID, message)
		if err != nil {
			t.Fatal(err)
		}
		ours := sm2.VerifyDigest(pub, digest, signature)
		theirs := (&tjsm2.PublicKey{Curve: tjsm2.P256Sm2(), X: pub.X, Y: pub.Y}).Verify(message, signature)
		if ours != theirs {
			t.Errorf("the SM2 engine says %t and tjfoc/gmsm %t", ours, theirs)
		}
		return ours
	}
	t.Fatalf("a public key of type %T", pub)
	return false
}

func TestGenerateKey(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512, algorithm.SM2_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			key, err := algorithm.GenerateKey(a)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := algorithm.Of(key.Public()); got != a || key.Algorithm() != a {
				t.Errorf("Algorithm() = %s and Of = %s, %v, want %s", key.Algorithm(), got, err, a)
			}
			if err := algorithm.Check(key.Public()); err != nil {
				t.Error(err)
			}
			if pub, ok := key.Public().(*rsa.PublicKey); ok && pub.E != 65537 {
				t.Errorf("exponent %d, want 65537", pub.E)
			}
			message := []byte("message digest")
			signature, err := key.SignMessage(rand.Reader, message, crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			if !verifies(t, key.Public(), message, signature) {
				t.Error("the signature does not verify")
			}
			if verifies(t, key.Public(), message[1:], signature) {
				t.Error("the signature verifies for another message")
			}
			text, err := key.PEM()
			if err != nil {
				t.Fatal(err)
			}
			if back, err := algorithm.ParsePrivateKey(text); err != nil || !testutil.EqualKeys(key.Public(), back.Public()) {
				t.Errorf("read back as %v, %v", back, err)
			}
			if a.Family() == "RSA" {
				return // making a second one takes too long
			}
			if other, err := algorithm.GenerateKey(a); err != nil || testutil.EqualKeys(key.Public(), other.Public()) {
				t.Errorf("the same key again, or %v", err)
			}
		})
	}
}

func TestGenerateKeyRefuses(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{"", "RSA_1024", "rsa_2048", "RSA_8192", "ECC_224", "ECC_521", "SM2", "Ed25519"} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			key, err := algorithm.GenerateKey(a)
			if key != nil {
				t.Errorf("GenerateKey(%q) = %v with its error", a, key)
			}
			testutil.CheckError(t, err, yuncert.ErrInvalidValueMalformed, "Algorithm",
				fmt.Sprintf("%q is not an algorithm for new keys; want RSA_2048, RSA_3072,", string(a)))
		})
	}
}

// engineKey returns the i-th SM2 test key in the type of emmansun/gmsm/sm2.
func engineKey(i int) *sm2.EngineKey {
	pub := testkeys.Key(algorithm.SM2_256, i).Public().(*ecdsa.PublicKey)
	key := new(sm2.EngineKey)
	key.PublicKey = *pub
	key.D = new(big.Int).SetBytes(sm2Scalar(i))
	return key
}

// sm2Scalar returns the 32 octets of the i-th SM2 test key, which stand at
// offset 36 of the PKCS #8 file that openssl writes.
func sm2Scalar(i int) []byte {
	block, _ := pem.Decode(testkeys.PEM(algorithm.SM2_256, i))
	return block.Bytes[36:68]
}

func TestNewPrivateKey(t *testing.T) {
	t.Parallel()
	bare := rsaKey(t, algorithm.RSA_2048, 0)
	bare.Precomputed = rsa.PrecomputedValues{}
	withCRT := rsaKey(t, algorithm.RSA_2048, 0)
	withCRT.Precomputed = rsa.PrecomputedValues{
		Dp: withCRT.Precomputed.Dp, Dq: withCRT.Precomputed.Dq, Qinv: withCRT.Precomputed.Qinv,
	}
	tests := []struct {
		name string
		key  crypto.PrivateKey
		a    algorithm.Algorithm
	}{
		{"RSA_1024", rsaKey(t, algorithm.RSA_1024, 0), algorithm.RSA_1024},
		{"RSA_2048", rsaKey(t, algorithm.RSA_2048, 0), algorithm.RSA_2048},
		{"RSA_3072", rsaKey(t, algorithm.RSA_3072, 0), algorithm.RSA_3072},
		{"RSA_4096", rsaKey(t, algorithm.RSA_4096, 0), algorithm.RSA_4096},
		{"RSA without CRT values", bare, algorithm.RSA_2048},
		{"RSA with CRT values put in by hand", withCRT, algorithm.RSA_2048},
		{"ECC_256", ecKey(t, algorithm.ECC_256, 0), algorithm.ECC_256},
		{"ECC_384", ecKey(t, algorithm.ECC_384, 0), algorithm.ECC_384},
		{"ECC_512", ecKey(t, algorithm.ECC_512, 0), algorithm.ECC_512},
		{"SM2_256", engineKey(0), algorithm.SM2_256},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := fmt.Sprintf("%v", tt.key)
			key, err := algorithm.NewPrivateKey(tt.key)
			if err != nil {
				t.Fatal(err)
			}
			if key.Algorithm() != tt.a {
				t.Errorf("Algorithm() = %s, want %s", key.Algorithm(), tt.a)
			}
			if !testutil.EqualKeys(key.Public(), testkeys.Key(tt.a, 0).Public()) {
				t.Error("another public key")
			}
			message := []byte("message digest")
			signature, err := key.SignMessage(rand.Reader, message, crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			if !verifies(t, key.Public(), message, signature) {
				t.Error("the signature does not verify")
			}
			text, err := key.PEM()
			if err != nil {
				t.Fatal(err)
			}
			if back, err := algorithm.ParsePrivateKey(text); err != nil || !testutil.EqualKeys(key.Public(), back.Public()) {
				t.Errorf("read back as %v, %v", back, err)
			}
			if after := fmt.Sprintf("%v", tt.key); after != before {
				t.Error("the caller's key was changed")
			}
		})
	}
}

func TestNewPrivateKeyReturnsOurs(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		key := testkeys.Key(a, 0)
		got, err := algorithm.NewPrivateKey(key)
		if err != nil || got != key {
			t.Errorf("%s: NewPrivateKey = %p, %v, want %p", a, got, err, key)
		}
	}
}

// The key is a copy: changes to the caller's key do not affect it.
func TestNewPrivateKeyCopies(t *testing.T) {
	t.Parallel()
	r, e, s := rsaKey(t, algorithm.RSA_2048, 0), ecKey(t, algorithm.ECC_256, 0), engineKey(0)
	tests := []struct {
		name  string
		key   crypto.PrivateKey
		spoil func()
	}{
		{"RSA", r, func() {
			for _, n := range []*big.Int{r.N, r.D, r.Primes[0], r.Primes[1], r.Precomputed.Dp, r.Precomputed.Dq, r.Precomputed.Qinv} {
				n.SetInt64(1)
			}
			r.Primes[0] = nil
			r.E = 3
		}},
		{"ECC", e, func() { e.D.SetInt64(1); e.X.SetInt64(1); e.Y.SetInt64(1); e.Curve = nil }},
		{"SM2", s, func() { s.D.SetInt64(1); s.X.SetInt64(1); s.Y.SetInt64(1); s.Curve = nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key, err := algorithm.NewPrivateKey(tt.key)
			if err != nil {
				t.Fatal(err)
			}
			tt.spoil()
			message := []byte("message digest")
			signature, err := key.SignMessage(rand.Reader, message, crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			if !verifies(t, testkeys.Key(key.Algorithm(), 0).Public(), message, signature) {
				t.Error("the signature does not verify")
			}
		})
	}
}

// Changes to what Public returned do not affect the key.
func TestPublicIsACopy(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.SM2_256} {
		key, err := algorithm.ParsePrivateKey(testkeys.PEM(a, 0))
		if err != nil {
			t.Fatal(err)
		}
		want, err := key.PEM()
		if err != nil {
			t.Fatal(err)
		}
		switch pub := key.Public().(type) {
		case *rsa.PublicKey:
			pub.N.Add(pub.N, big.NewInt(2))
			pub.E = 3
		case *ecdsa.PublicKey:
			//lint:ignore SA1019 what a caller might do
			pub.X.Add(pub.X, big.NewInt(1))
		}
		if got, err := key.PEM(); err != nil || string(got) != string(want) {
			t.Errorf("%s: the key is now\n%s\n%v", a, got, err)
		}
		if err := algorithm.Check(key.Public()); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}

func TestNewPrivateKeyRefusesKinds(t *testing.T) {
	t.Parallel()
	p224, err := ecdsa.ParseRawPrivateKey(elliptic.P224(), append(make([]byte, 27), 7))
	if err != nil {
		t.Fatal(err)
	}
	engine := engineKey(0)
	tests := []struct {
		name    string
		key     crypto.PrivateKey
		message string
	}{
		{"nil", nil, "a key of type <nil> is not supported; want an RSA, ECC or SM2 key"},
		{"nil of ours", (*algorithm.PrivateKey)(nil), "the private key is empty"},
		{"zero of ours", new(algorithm.PrivateKey), "the private key is empty"},
		{"ours by value", *testkeys.Key(algorithm.ECC_256, 0), "a key of type algorithm.PrivateKey is not supported; pass a pointer to it"},
		{"nil RSA", (*rsa.PrivateKey)(nil), "the private key is empty"},
		{"zero RSA", new(rsa.PrivateKey), "the private key is empty"},
		{"nil ECC", (*ecdsa.PrivateKey)(nil), "the private key is empty"},
		{"zero ECC", new(ecdsa.PrivateKey), "the private key is empty"},
		{"nil SM2", (*sm2.EngineKey)(nil), "the SM2 private key is inconsistent"},
		{"zero SM2", new(sm2.EngineKey), "the SM2 private key is inconsistent"},
		{"Ed25519", ed25519.NewKeyFromSeed(make([]byte, 32)), "an Ed25519 key is not supported; want an RSA, ECC or SM2 key"},
		{"P-224", p224, "the key's curve is not supported"},
		{"SM2 as an ECC key", &engine.PrivateKey, "want P-256, P-384 or P-521"},
		{"a public key", testkeys.Key(algorithm.ECC_256, 0).Public(), "a public key (*ecdsa.PublicKey) is not a private key"},
		{"PEM", testkeys.PEM(algorithm.ECC_256, 0), "read PEM with ParsePrivateKey"},
		{"a key with exponent 3", privateKeyFile(t, "refused-rsa-exponent3.pem"), "the RSA exponent 3 is not"},
		{"a key of 1536 bits", privateKeyFile(t, "refused-rsa1536.pem"), "an RSA key of 1536 bits is not supported"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key, err := algorithm.NewPrivateKey(tt.key)
			if key != nil {
				t.Errorf("NewPrivateKey = %v with its error", key)
			}
			testutil.CheckKeyError(t, err, tt.message)
		})
	}
}

func TestNewPrivateKeyRefusesRSA(t *testing.T) {
	t.Parallel()
	other := rsaKey(t, algorithm.RSA_2048, 1)
	tests := []struct {
		name   string
		change func(*rsa.PrivateKey)
	}{
		{"another's modulus", func(k *rsa.PrivateKey) { k.N = other.N }},
		{"another's public key", func(k *rsa.PrivateKey) { k.PublicKey = other.PublicKey }},
		{"another's exponent", func(k *rsa.PrivateKey) { k.D = other.D }},
		{"another's prime", func(k *rsa.PrivateKey) { k.Primes[0] = other.Primes[0] }},
		{"d+2", func(k *rsa.PrivateKey) { k.D.Add(k.D, big.NewInt(2)) }},
		{"-d", func(k *rsa.PrivateKey) { k.D.Neg(k.D) }},
		{"d zero", func(k *rsa.PrivateKey) { k.D.SetInt64(0) }},
		{"no d", func(k *rsa.PrivateKey) { k.D = nil }},
		{"-n", func(k *rsa.PrivateKey) { k.N.Neg(k.N) }},
		{"number of primes: 0", func(k *rsa.PrivateKey) { k.Primes = nil }},
		{"number of primes: 1", func(k *rsa.PrivateKey) { k.Primes = k.Primes[:1] }},
		{"number of primes: 3", func(k *rsa.PrivateKey) { k.Primes = append(k.Primes, big.NewInt(3)) }},
		{"a nil prime", func(k *rsa.PrivateKey) { k.Primes[1] = nil }},
		{"a negative prime", func(k *rsa.PrivateKey) { k.Primes[1].Neg(k.Primes[1]) }},
		{"primes 1 and n", func(k *rsa.PrivateKey) { k.Primes = []*big.Int{big.NewInt(1), k.N} }},
		{"d longer than n", func(k *rsa.PrivateKey) { k.D.Lsh(k.D, 100_000) }},
		{"a prime as long as n", func(k *rsa.PrivateKey) { k.Primes[1] = k.N }},
		{"exponent 3", func(k *rsa.PrivateKey) { k.E = 3 }},
		{"exponent 0", func(k *rsa.PrivateKey) { k.E = 0 }},
	}
	for _, tt := range tests {
		for _, precomputed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%t", tt.name, precomputed), func(t *testing.T) {
				t.Parallel()
				key := rsaKey(t, algorithm.RSA_2048, 0)
				if !precomputed {
					key.Precomputed = rsa.PrecomputedValues{}
				}
				tt.change(key)
				got, err := algorithm.NewPrivateKey(key)
				if got != nil {
					t.Errorf("NewPrivateKey = %v with its error", got)
				}
				want := "the RSA private key is inconsistent"
				if strings.HasPrefix(tt.name, "number of primes: ") {
					want = "primes; want 2"
				}
				testutil.CheckKeyError(t, err, want)
			})
		}
	}
}

// The error of the arithmetic stays in the chain. None of these errors shows key
// material.
func TestNewPrivateKeyKeepsCause(t *testing.T) {
	t.Parallel()
	rsaPair, ecPair, sm2Pair := rsaKey(t, algorithm.RSA_2048, 0), ecKey(t, algorithm.ECC_256, 0), engineKey(0)
	rsaPair.D.Add(rsaPair.D, big.NewInt(2))
	ecPair.D.Add(ecPair.D, ecPair.Params().N)
	sm2Pair.D.Add(sm2Pair.D, big.NewInt(1))
	for name, key := range map[string]crypto.PrivateKey{"RSA": rsaPair, "ECC": ecPair, "SM2": sm2Pair} {
		_, err := algorithm.NewPrivateKey(key)
		e, ok := errors.AsType[*yuncert.Error](err)
		if !ok || e.Err == nil || errors.Is(e.Err, yuncert.ErrInvalidValueMalformed) {
			t.Errorf("%s: error %v, want a coded error with a plain cause", name, err)
		}
	}
}

// An unsupported length is refused before anything is computed.
func TestNewPrivateKeyRefusesLengths(t *testing.T) {
	t.Parallel()
	for _, bits := range []int{1023, 2049, 8192, 1 << 20} {
		prime := new(big.Int).SetBit(big.NewInt(1), bits/2, 1)
		n := new(big.Int).SetBit(big.NewInt(1), bits-1, 1)
		_, err := algorithm.NewPrivateKey(&rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 65537}, D: n, Primes: []*big.Int{prime, prime}})
		testutil.CheckKeyError(t, err, fmt.Sprintf("an RSA key of %d bits is not supported", bits))
	}
}

// The CRT values of the caller's key are not used: they are computed again.
func TestNewPrivateKeyMakesCRTValues(t *testing.T) {
	t.Parallel()
	digest := sha256.Sum256([]byte("message"))
	for i, name := range []string{"Dp", "Dq", "Qinv"} {
		key := rsaKey(t, algorithm.RSA_2048, 0)
		want, err := key.Sign(nil, digest[:], crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		p := key.Precomputed
		key.Precomputed = rsa.PrecomputedValues{Dp: p.Dp, Dq: p.Dq, Qinv: p.Qinv}
		wrong := []*big.Int{p.Dp, p.Dq, p.Qinv}[i]
		wrong.Add(wrong, big.NewInt(2))
		own, err := algorithm.NewPrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := own.Sign(nil, digest[:], crypto.SHA256); err != nil || !bytes.Equal(got, want) {
			t.Errorf("with a wrong %s: another signature, error %v", name, err)
		}
	}
}

func TestNewPrivateKeyRefusesECC(t *testing.T) {
	t.Parallel()
	const (
		empty        = "the private key is empty"
		outOfRange   = "the key's curve is not supported or its numbers are out of range"
		inconsistent = "the ECC private key is inconsistent"
	)
	tests := []struct {
		name    string
		change  func(key, other *ecdsa.PrivateKey)
		message string // for ECC
	}{
		{"another's public key", func(key, other *ecdsa.PrivateKey) { key.PublicKey = other.PublicKey }, inconsistent},
		{"another's scalar", func(key, other *ecdsa.PrivateKey) { key.D = other.D }, inconsistent},
		{"no scalar", func(key, _ *ecdsa.PrivateKey) { key.D = nil }, empty},
		{"no x", func(key, _ *ecdsa.PrivateKey) { key.X = nil }, empty},
		{"no y", func(key, _ *ecdsa.PrivateKey) { key.Y = nil }, empty},
		{"no curve", func(key, _ *ecdsa.PrivateKey) { key.Curve = nil }, empty},
		{"another curve", func(key, _ *ecdsa.PrivateKey) { key.Curve = elliptic.P224() }, outOfRange},
		{"scalar 0", func(key, _ *ecdsa.PrivateKey) { key.D.SetInt64(0) }, outOfRange},
		{"scalar n", func(key, _ *ecdsa.PrivateKey) { key.D.Set(key.Params().N) }, outOfRange},
		{"-d", func(key, _ *ecdsa.PrivateKey) { key.D.Neg(key.D) }, outOfRange},
		{"d+n", func(key, _ *ecdsa.PrivateKey) { key.D.Add(key.D, key.Params().N) }, outOfRange},
		{"a huge scalar", func(key, _ *ecdsa.PrivateKey) { key.D.Lsh(key.D, 4096) }, outOfRange},
		{"-Y", func(key, _ *ecdsa.PrivateKey) { key.Y.Sub(key.Params().P, key.Y) }, inconsistent},
		{"y negative", func(key, _ *ecdsa.PrivateKey) { key.Y.Neg(key.Y) }, outOfRange},
		{"x+p", func(key, _ *ecdsa.PrivateKey) { key.X.Add(key.X, key.Params().P) }, outOfRange},
		{"infinity", func(key, _ *ecdsa.PrivateKey) { key.X.SetInt64(0); key.Y.SetInt64(0) }, outOfRange},
		{"off the curve", func(key, _ *ecdsa.PrivateKey) { key.Y.Add(key.Y, big.NewInt(1)) }, outOfRange},
	}
	for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512, algorithm.SM2_256} {
		for _, tt := range tests {
			t.Run(string(a)+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				var key crypto.PrivateKey
				message := tt.message
				if a == algorithm.SM2_256 {
					engine := engineKey(0)
					tt.change(&engine.PrivateKey, &engineKey(1).PrivateKey)
					key, message = engine, "the SM2 private key is inconsistent"
				} else {
					ec := ecKey(t, a, 0)
					tt.change(ec, ecKey(t, a, 1))
					key = ec
				}
				got, err := algorithm.NewPrivateKey(key)
				if got != nil {
					t.Errorf("NewPrivateKey = %v with its error", got)
				}
				testutil.CheckKeyError(t, err, message)
			})
		}
	}
}

// The scalar n-1 cannot sign with SM2, and n-2 can.
func TestNewPrivateKeySM2Bounds(t *testing.T) {
	t.Parallel()
	curve := sm2.P256()
	for below, good := range map[int64]bool{0: false, 1: false, 2: true} {
		key := new(sm2.EngineKey)
		key.D = new(big.Int).Sub(curve.Params().N, big.NewInt(below))
		key.Curve = curve
		key.X, key.Y = curve.ScalarBaseMult(key.D.Bytes())
		_, err := algorithm.NewPrivateKey(key)
		switch {
		case good && err != nil:
			t.Errorf("scalar n-%d: %v", below, err)
		case !good:
			testutil.CheckKeyError(t, err, "the SM2 private key is inconsistent")
		}
	}
}

func TestSignRepeats(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			key := testkeys.Key(a, 0)
			message := []byte("message digest")
			var first []byte
			for i, random := range []io.Reader{rand.Reader, rand.Reader, nil, brokenReader{}} {
				signature, err := key.SignMessage(random, message, crypto.SHA256)
				if err != nil {
					t.Fatalf("signature %d: %v", i, err)
				}
				if first == nil {
					first = signature
				}
				if diff := cmp.Diff(first, signature); diff != "" {
					t.Errorf("signature %d differs (-first +now):\n%s", i, diff)
				}
			}
			if !verifies(t, key.Public(), message, first) {
				t.Error("the signature does not verify")
			}
			if verifies(t, testkeys.Key(a, 1).Public(), message, first) {
				t.Error("the signature verifies under another key")
			}

			// Sign of the digest gives the same signature.
			sum := sha256.Sum256(message)
			digest, opts := sum[:], crypto.SignerOpts(crypto.SHA256)
			if pub, ok := key.Public().(*ecdsa.PublicKey); ok && a == algorithm.SM2_256 {
				var err error
				if digest, err = sm2.Digest(pub, sm2.UserID, message); err != nil {
					t.Fatal(err)
				}
				opts = crypto.Hash(0)
			}
			before := bytes.Clone(digest)
			signature, err := key.Sign(rand.Reader, digest, opts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, signature); diff != "" {
				t.Errorf("Sign and SignMessage differ (-SignMessage +Sign):\n%s", diff)
			}
			if diff := cmp.Diff(before, digest); diff != "" {
				t.Errorf("Sign changed the digest (-before +after):\n%s", diff)
			}

			// So does crypto.SignMessage, which this module calls.
			signature, err = crypto.SignMessage(key, rand.Reader, message, crypto.SHA256)
			if err != nil || !bytes.Equal(first, signature) {
				t.Errorf("crypto.SignMessage = %x, %v", signature, err)
			}
		})
	}
}

// brokenReader fails where no randomness should be read.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the random source was read") }

func TestSignHashes(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512} {
		for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			t.Run(fmt.Sprint(a, hash), func(t *testing.T) {
				t.Parallel()
				key := testkeys.Key(a, 0)
				h := hash.New()
				io.WriteString(h, "message digest")
				digest := h.Sum(nil)
				signature, err := key.SignMessage(nil, []byte("message digest"), hash)
				if err != nil {
					t.Fatal(err)
				}
				switch pub := key.Public().(type) {
				case *rsa.PublicKey:
					if err := rsa.VerifyPKCS1v15(pub, hash, digest, signature); err != nil {
						t.Error(err)
					}
				case *ecdsa.PublicKey:
					if !ecdsa.VerifyASN1(pub, digest, signature) {
						t.Error("the signature does not verify")
					}
				}
			})
		}
	}
}

// TLS 1.3 signs with RSA-PSS.
func TestSignPSS(t *testing.T) {
	t.Parallel()
	key := testkeys.Key(algorithm.RSA_2048, 0)
	message := []byte("message digest")
	digest := sha256.Sum256(message)
	opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	for name, sign := range map[string]func() ([]byte, error){
		"Sign":        func() ([]byte, error) { return key.Sign(rand.Reader, digest[:], opts) },
		"SignMessage": func() ([]byte, error) { return key.SignMessage(rand.Reader, message, opts) },
	} {
		signature, err := sign()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := rsa.VerifyPSS(key.Public().(*rsa.PublicKey), crypto.SHA256, digest[:], signature, opts); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if verifies(t, key.Public(), message, signature) {
			t.Errorf("%s: the signature is PKCS #1 v1.5", name)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	digest := make([]byte, 32)
	for _, a := range testkeys.All {
		key := testkeys.Key(a, 0)
		tests := []struct {
			name string
			sign func() ([]byte, error)
			good bool
		}{
			{"Sign", func() ([]byte, error) { return key.Sign(rand.Reader, digest, crypto.SHA256) }, true},
			{"Sign 31 octets", func() ([]byte, error) { return key.Sign(rand.Reader, digest[:31], crypto.SHA256) }, false},
			{"Sign 33 octets", func() ([]byte, error) { return key.Sign(rand.Reader, append(digest[:32:32], 0), crypto.SHA256) }, false},
			{"Sign nothing", func() ([]byte, error) { return key.Sign(rand.Reader, nil, crypto.SHA256) }, false},
			{"Sign nil opts", func() ([]byte, error) { return key.Sign(rand.Reader, digest, nil) }, a == algorithm.SM2_256},
			{"Sign hash 0", func() ([]byte, error) { return key.Sign(rand.Reader, digest, crypto.Hash(0)) }, a == algorithm.SM2_256},
			{"Sign unavailable hash", func() ([]byte, error) { return key.Sign(rand.Reader, digest, crypto.MD4) }, a == algorithm.SM2_256},
			{"Sign unknown hash", func() ([]byte, error) { return key.Sign(rand.Reader, digest, crypto.Hash(99)) }, a == algorithm.SM2_256},
			{"Sign PSS without a hash", func() ([]byte, error) { return key.Sign(rand.Reader, digest, &rsa.PSSOptions{}) }, a == algorithm.SM2_256},
			{"Sign PSS unavailable hash", func() ([]byte, error) { return key.Sign(rand.Reader, digest, &rsa.PSSOptions{Hash: crypto.MD4}) }, a == algorithm.SM2_256},
			{"SignMessage nil opts", func() ([]byte, error) { return key.SignMessage(rand.Reader, digest, nil) }, a == algorithm.SM2_256},
			{"SignMessage hash 0", func() ([]byte, error) { return key.SignMessage(rand.Reader, digest, crypto.Hash(0)) }, a == algorithm.SM2_256},
			{"SignMessage unavailable hash", func() ([]byte, error) { return key.SignMessage(rand.Reader, digest, crypto.MD4) }, a == algorithm.SM2_256},
			{"SignMessage empty message", func() ([]byte, error) { return key.SignMessage(rand.Reader, nil, crypto.SHA256) }, true},
		}
		for _, tt := range tests {
			t.Run(string(a)+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				signature, err := tt.sign()
				if (err == nil) != tt.good {
					t.Errorf("error %v, want none: %t", err, tt.good)
				}
				if (signature != nil) != tt.good {
					t.Errorf("signature %x with error %v", signature, err)
				}
			})
		}
	}
}

// With crypto.Hash(0), crypto/rsa signs any input, but crypto/ecdsa cannot sign.
func TestSignHashZero(t *testing.T) {
	t.Parallel()
	if _, err := testkeys.Key(algorithm.ECC_256, 0).Sign(rand.Reader, make([]byte, 32), crypto.Hash(0)); err == nil {
		t.Error("an ECC key signed without a hash function")
	}
}

func TestZeroPrivateKey(t *testing.T) {
	t.Parallel()
	var key algorithm.PrivateKey
	if got := key.Algorithm(); got != "" {
		t.Errorf("Algorithm() = %q", got)
	}
	if got := key.Public(); got != nil {
		t.Errorf("Public() = %v", got)
	}
	for _, opts := range []crypto.SignerOpts{nil, crypto.SHA256, crypto.Hash(0), &rsa.PSSOptions{Hash: crypto.SHA256}} {
		if signature, err := key.Sign(rand.Reader, make([]byte, 32), opts); err == nil {
			t.Errorf("Sign = %x", signature)
		}
		if signature, err := key.SignMessage(rand.Reader, make([]byte, 32), opts); err == nil {
			t.Errorf("SignMessage = %x", signature)
		}
	}
	_, err := key.Sign(rand.Reader, make([]byte, 32), crypto.SHA256)
	testutil.CheckKeyError(t, err, "the private key is empty")
	info, err := key.MarshalPublicKey()
	if info != nil {
		t.Errorf("MarshalPublicKey() = %x", info)
	}
	testutil.CheckKeyError(t, err, "the private key is empty")
	text, err := key.PEM()
	if text != nil {
		t.Errorf("PEM() = %q", text)
	}
	testutil.CheckError(t, err, yuncert.ErrInternalEncodeKeyError, "", "Failed to encode private key.")
	encoded, err := json.Marshal(&key)
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"String":   key.String(),
		"Format":   fmt.Sprintf("%+v", key),
		"LogValue": key.LogValue().String(),
		"json":     strings.Trim(string(encoded), `"`),
	} {
		if got != "empty private key" {
			t.Errorf("%s = %q, want %q", name, got, "empty private key")
		}
	}
}

// crypto/rsa completes a key at its first use. A PrivateKey must not change like
// this, because many goroutines use it.
func TestPrivateKeyConcurrently(t *testing.T) {
	t.Parallel()
	bare := rsaKey(t, algorithm.RSA_1024, 0)
	bare.Precomputed = rsa.PrecomputedValues{}
	for _, raw := range []crypto.PrivateKey{bare, ecKey(t, algorithm.ECC_256, 0), engineKey(0)} {
		key, err := algorithm.NewPrivateKey(raw)
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if _, err := key.PEM(); err != nil {
					t.Error(err)
				}
				if _, err := key.SignMessage(rand.Reader, nil, crypto.SHA256); err != nil {
					t.Error(err)
				}
				if err := algorithm.Check(key.Public()); err != nil {
					t.Error(err)
				}
				if got := key.String(); !strings.HasSuffix(got, " private key") {
					t.Error(got)
				}
			})
		}
		group.Wait()
	}
}

// A secretCase is a key of one family with the numbers that must stay hidden.
type secretCase struct {
	key     *algorithm.PrivateKey
	raw     crypto.PrivateKey // the same key without protection, to test the search itself
	numbers []*big.Int
}

func secretCases(t testing.TB) []secretCase {
	raw := map[algorithm.Algorithm]crypto.PrivateKey{
		algorithm.RSA_2048: rsaKey(t, algorithm.RSA_2048, 0), algorithm.ECC_256: ecKey(t, algorithm.ECC_256, 0), algorithm.SM2_256: engineKey(0),
	}
	var cases []secretCase
	for a, key := range raw {
		cases = append(cases, secretCase{testkeys.Key(a, 0), key, testkeys.Numbers(a, 0)})
	}
	return cases
}

// holders returns values with the key that a caller may print. "plain" has the key
// itself. "reachable" has values in which fmt can call the key's methods.
func holders(k *algorithm.PrivateKey) (plain, reachable, hidden map[string]any) {
	type exportedValue struct{ Key algorithm.PrivateKey }
	type exportedPointer struct{ Key *algorithm.PrivateKey }
	type unexportedValue struct{ key algorithm.PrivateKey }
	type unexportedPointer struct{ key *algorithm.PrivateKey }
	type unexportedSigner struct{ key crypto.Signer }
	type unexportedAny struct{ key any }
	type unexportedSlice struct{ keys []*algorithm.PrivateKey }
	type unexportedValues struct{ keys []algorithm.PrivateKey }
	type unexportedMap struct {
		keys map[string]*algorithm.PrivateKey
	}
	type embedded struct{ *algorithm.PrivateKey }
	type deep struct{ inner *unexportedPointer }
	return map[string]any{
			"value": *k, "pointer": k,
			"embedded": embedded{k}, // promotes the methods
		}, map[string]any{
			"exported value":            exportedValue{*k},
			"exported value, pointer":   &exportedValue{*k},
			"exported pointer":          exportedPointer{k},
			"exported pointer, pointer": &exportedPointer{k},
			"slice of values":           []algorithm.PrivateKey{*k},
			"slice of pointers":         []*algorithm.PrivateKey{k},
			"slice of any":              []any{k},
			"array":                     [1]algorithm.PrivateKey{*k},
			"map of values":             map[string]algorithm.PrivateKey{"key": *k},
			"map of pointers":           map[string]*algorithm.PrivateKey{"key": k},
			"map by key":                map[algorithm.PrivateKey]int{*k: 1},
		}, map[string]any{
			"pointer to pointer":          &k,
			"unexported value":            unexportedValue{*k},
			"unexported value, pointer":   &unexportedValue{*k},
			"unexported pointer":          unexportedPointer{k},
			"unexported pointer, pointer": &unexportedPointer{k},
			"unexported signer":           unexportedSigner{k},
			"unexported any":              unexportedAny{*k},
			"unexported slice":            unexportedSlice{[]*algorithm.PrivateKey{k}},
			"unexported slice of values":  unexportedValues{[]algorithm.PrivateKey{*k}},
			"unexported map":              unexportedMap{map[string]*algorithm.PrivateKey{"key": k}},
			"deep":                        &deep{&unexportedPointer{k}},
		}
}

func TestNoLeakSearchFindsLeaks(t *testing.T) {
	t.Parallel()
	for _, tt := range secretCases(t) {
		needles := testkeys.NewNeedles(tt.numbers...)
		for _, n := range tt.numbers {
			for name, output := range map[string]string{
				"%v of the raw key": fmt.Sprintf("%v", tt.raw),
				"%x":                fmt.Sprintf("%x", n),
				"%X":                fmt.Sprintf("%X", n.Bytes()),
				"%#v":               fmt.Sprintf("%#v", n.Bytes()),
				"octets":            fmt.Sprint(n.Bytes()),
				"%o":                fmt.Sprintf("%o", n),
				"%b":                fmt.Sprintf("%b", n),
				"words":             fmt.Sprint(n.Bits()),
				"base64":            base64.StdEncoding.EncodeToString(n.Bytes()),
				"PEM":               base64.RawURLEncoding.EncodeToString(append([]byte{2}, n.Bytes()...)),
			} {
				if needles.In(output) == "" {
					t.Errorf("%s: %s is not recognised", tt.key, name)
				}
			}
		}
	}
}

func TestNoLeakInFmt(t *testing.T) {
	t.Parallel()
	var formats []string
	for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "200", ".3"} {
		for _, verb := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!" {
			formats = append(formats, "%"+flags+string(verb))
		}
	}
	for _, tt := range secretCases(t) {
		t.Run(string(tt.key.Algorithm()), func(t *testing.T) {
			t.Parallel()
			needles := testkeys.NewNeedles(tt.numbers...)
			want := string(tt.key.Algorithm()) + " private key"
			plain, reachable, hidden := holders(tt.key)
			for _, format := range formats {
				verb := format[len(format)-1:]
				methods := !strings.Contains("Tpw!", verb) // fmt calls no methods for these
				for name, v := range plain {
					got := fmt.Sprintf(format, v)
					if methods && got != want {
						t.Errorf("%s of %s = %q, want %q", format, name, got, want)
					}
					if found := needles.In(got); found != "" {
						t.Errorf("%s of %s shows %q", format, name, found)
					}
				}
				for name, v := range reachable {
					got := fmt.Sprintf(format, v)
					if methods && !strings.Contains(got, want) && !strings.Contains(format, "#") && !strings.Contains(name, "pointer") {
						t.Errorf("%s of %s = %q without %q", format, name, got, want)
					}
					if found := needles.In(got); found != "" {
						t.Errorf("%s of %s shows %q", format, name, found)
					}
				}
				for name, v := range hidden {
					if found := needles.In(fmt.Sprintf(format, v)); found != "" {
						t.Errorf("%s of %s shows %q", format, name, found)
					}
				}
			}
			if got := fmt.Sprint(tt.key, *tt.key); got != want+" "+want {
				t.Errorf("Sprint = %q", got)
			}
			if got := fmt.Errorf("signing with %v: %w", tt.key, io.EOF).Error(); got != "signing with "+want+": EOF" {
				t.Errorf("Errorf = %q", got)
			}
		})
	}
}

func TestNoLeakInEncodings(t *testing.T) {
	t.Parallel()
	noTime := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	encoders := map[string]func(v any) string{
		"slog text": func(v any) string {
			var b strings.Builder
			slog.New(slog.NewTextHandler(&b, noTime)).Info("signing", "key", v, slog.Group("group", "key", v))
			return b.String()
		},
		"slog JSON": func(v any) string {
			var b strings.Builder
			slog.New(slog.NewJSONHandler(&b, noTime)).Info("signing", "key", v, slog.Group("group", "key", v))
			return b.String()
		},
		"json": func(v any) string {
			b, err := json.Marshal(v)
			return fmt.Sprintf("%s %v", b, err)
		},
		"xml": func(v any) string {
			b, err := xml.Marshal(v)
			return fmt.Sprintf("%s %v", b, err)
		},
	}
	for _, tt := range secretCases(t) {
		needles := testkeys.NewNeedles(tt.numbers...)
		want := string(tt.key.Algorithm()) + " private key"
		plain, reachable, hidden := holders(tt.key)
		for encoder, encode := range encoders {
			t.Run(string(tt.key.Algorithm())+"/"+encoder, func(t *testing.T) {
				t.Parallel()
				for name, v := range plain {
					if got := encode(v); !strings.Contains(got, want) {
						t.Errorf("%s = %q without %q", name, got, want)
					}
				}
				for _, group := range []map[string]any{plain, reachable, hidden} {
					for name, v := range group {
						got := encode(v)
						if found := needles.In(got); found != "" {
							t.Errorf("%s shows %q", name, found)
						}
						// encoding/xml does not support maps.
						if _, isReachable := reachable[name]; isReachable && encoder == "json" && !strings.Contains(got, want) {
							t.Errorf("%s = %q without %q", name, got, want)
						}
					}
				}
			})
		}

		got, err := json.Marshal(map[string]any{"value": *tt.key, "pointer": tt.key})
		if diff := cmp.Diff(`{"pointer":"`+want+`","value":"`+want+`"}`, string(got)); diff != "" || err != nil {
			t.Errorf("json error %v, mismatch (-want +got):\n%s", err, diff)
		}
		var text strings.Builder
		slog.New(slog.NewTextHandler(&text, noTime)).Info("signing", "value", *tt.key, "pointer", tt.key)
		if diff := cmp.Diff(fmt.Sprintf("level=INFO msg=signing value=%q pointer=%[1]q\n", want), text.String()); diff != "" {
			t.Errorf("slog text mismatch (-want +got):\n%s", diff)
		}
	}
}
