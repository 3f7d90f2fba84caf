//lint:file-ignore SA1019 the fields X and Y of crypto/ecdsa are what a careless caller sets

package tjfoc_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tjsm2 "github.com/tjfoc/gmsm/sm2"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/algorithm/tjfoc"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// ours returns the i-th test key.
func ours(i int) *algorithm.PrivateKey { return testkeys.Key(algorithm.SM2_256, i) }

// theirs returns the same key in tjfoc/gmsm's type, by tjfoc/gmsm's arithmetic.
func theirs(i int) *tjsm2.PrivateKey {
	block, _ := pem.Decode(testkeys.PEM(algorithm.SM2_256, i))
	return fromScalar(new(big.Int).SetBytes(block.Bytes[36:68])) // the scalar in openssl's encoding
}

func fromScalar(d *big.Int) *tjsm2.PrivateKey {
	key := &tjsm2.PrivateKey{D: d}
	key.Curve = tjsm2.P256Sm2()
	key.X, key.Y = key.Curve.ScalarBaseMult(d.Bytes())
	return key
}

// numbers returns the numbers of a tjfoc/gmsm key.
func numbers(key *tjsm2.PrivateKey) string { return fmt.Sprintf("%x %x %x", key.D, key.X, key.Y) }

func samePEM(t *testing.T, want, got *algorithm.PrivateKey) {
	t.Helper()
	wantText, err := want.PEM()
	if err != nil {
		t.Fatal(err)
	}
	gotText, err := got.PEM()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(wantText, gotText) {
		t.Error("another key")
	}
}

func TestPrivateKeyBothWays(t *testing.T) {
	t.Parallel()
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			held := theirs(i)
			before := numbers(held)
			key, err := tjfoc.FromPrivateKey(held)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, numbers(held)); diff != "" {
				t.Errorf("FromPrivateKey changed its input (-before +after):\n%s", diff)
			}
			if key.Algorithm() != algorithm.SM2_256 {
				t.Errorf("Algorithm() = %s", key.Algorithm())
			}
			samePEM(t, ours(i), key)

			back, err := tjfoc.ToPrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, numbers(back)); diff != "" {
				t.Errorf("ToPrivateKey gives another key (-want +got):\n%s", diff)
			}
			if back.Curve != tjsm2.P256Sm2() {
				t.Error("the curve is not tjfoc/gmsm's")
			}

			// Later changes to one key do not affect the other.
			for _, n := range []*big.Int{held.D, held.X, held.Y, back.D, back.X, back.Y} {
				n.SetInt64(1)
			}
			held.Curve, back.Curve = nil, nil
			samePEM(t, ours(i), key)
		})
	}
}

// Scalars and coordinates with leading zeros keep their length.
func TestSmallScalars(t *testing.T) {
	t.Parallel()
	n := tjsm2.P256Sm2().Params().N
	for _, d := range []*big.Int{big.NewInt(1), big.NewInt(2), big.NewInt(255), new(big.Int).Lsh(big.NewInt(1), 200), new(big.Int).Sub(n, big.NewInt(2))} {
		t.Run(fmt.Sprintf("%x", d), func(t *testing.T) {
			t.Parallel()
			held := fromScalar(d)
			key, err := tjfoc.FromPrivateKey(held)
			if err != nil {
				t.Fatal(err)
			}
			back, err := tjfoc.ToPrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(numbers(held), numbers(back)); diff != "" {
				t.Errorf("another key came back (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPublicKeyBothWays(t *testing.T) {
	t.Parallel()
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			held := &theirs(i).PublicKey
			before := fmt.Sprintf("%x %x", held.X, held.Y)
			pub, err := tjfoc.FromPublicKey(held)
			if err != nil {
				t.Fatal(err)
			}
			want := ours(i).Public()
			if !pub.Equal(want) {
				t.Error("FromPublicKey gives another key")
			}
			back, err := tjfoc.ToPublicKey(pub)
			if err != nil {
				t.Fatal(err)
			}
			for name, key := range map[string]*tjsm2.PublicKey{"input": held, "output": back} {
				if diff := cmp.Diff(before, fmt.Sprintf("%x %x", key.X, key.Y)); diff != "" {
					t.Errorf("%s mismatch (-want +got):\n%s", name, diff)
				}
			}
			if back.Curve != tjsm2.P256Sm2() {
				t.Error("the curve is not tjfoc/gmsm's")
			}
			for _, n := range []*big.Int{held.X, held.Y, back.X, back.Y} {
				n.SetInt64(1)
			}
			if !pub.Equal(want) {
				t.Error("the key changed with another")
			}
			other, err := tjfoc.ToPublicKey(pub)
			if err != nil {
				t.Fatal(err)
			}
			pub.X.SetInt64(1)
			if got := fmt.Sprintf("%x %x", other.X, other.Y); got != before {
				t.Errorf("ToPublicKey's key changed with its input: %s", got)
			}
		})
	}
}

func TestOursSignsTheirsVerifies(t *testing.T) {
	t.Parallel()
	for i := range 3 {
		key, err := tjfoc.FromPrivateKey(theirs(i))
		if err != nil {
			t.Fatal(err)
		}
		pub, err := tjfoc.ToPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range []string{"", "message digest", strings.Repeat("x", 1000)} {
			signature, err := key.SignMessage(nil, []byte(message), nil)
			if err != nil {
				t.Fatal(err)
			}
			if !pub.Verify([]byte(message), signature) {
				t.Errorf("key %d: tjfoc/gmsm does not verify our signature of %.20q", i, message)
			}
			if pub.Verify([]byte(message+"x"), signature) {
				t.Errorf("key %d: tjfoc/gmsm verifies our signature of %.20q for another message", i, message)
			}
		}
	}
}

func TestTheirsSignsOursVerifies(t *testing.T) {
	t.Parallel()
	for i := range 3 {
		held, err := tjfoc.ToPrivateKey(ours(i))
		if err != nil {
			t.Fatal(err)
		}
		pub, err := tjfoc.FromPublicKey(&held.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		message := []byte("message digest")
		signature, err := held.Sign(rand.Reader, message, nil)
		if err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]bool{"message digest": true, "message digesu": false} {
			digest, err := sm2.Digest(pub, sm2.UserID, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if got := sm2.VerifyDigest(pub, digest, signature); got != want {
				t.Errorf("key %d, %q: verified %t, want %t", i, text, got, want)
			}
		}
	}
}

func TestFromPrivateKeyRefuses(t *testing.T) {
	t.Parallel()
	n := tjsm2.P256Sm2().Params().N
	offset := func(by int64) *tjsm2.PrivateKey { return fromScalar(new(big.Int).Add(n, big.NewInt(by))) }
	tests := []struct {
		name   string
		change func(*tjsm2.PrivateKey)
	}{
		{"zero", func(k *tjsm2.PrivateKey) { *k = tjsm2.PrivateKey{} }},
		{"no D", func(k *tjsm2.PrivateKey) { k.D = nil }},
		{"no X", func(k *tjsm2.PrivateKey) { k.X = nil }},
		{"no Y", func(k *tjsm2.PrivateKey) { k.Y = nil }},
		{"no public half", func(k *tjsm2.PrivateKey) { k.PublicKey = tjsm2.PublicKey{} }},
		{"D = 0", func(k *tjsm2.PrivateKey) { k.D = new(big.Int) }},
		{"D = 0 and (0, 0)", func(k *tjsm2.PrivateKey) { k.D, k.X, k.Y = new(big.Int), new(big.Int), new(big.Int) }},
		{"D = n-1", func(k *tjsm2.PrivateKey) { *k = *offset(-1) }},
		{"D = n", func(k *tjsm2.PrivateKey) { *k = *offset(0) }},
		{"D = n+1", func(k *tjsm2.PrivateKey) { *k = *offset(1) }},
		{"-D", func(k *tjsm2.PrivateKey) { k.D.Neg(k.D) }},
		{"D+n", func(k *tjsm2.PrivateKey) { k.D.Add(k.D, n) }},
		{"a huge D", func(k *tjsm2.PrivateKey) { k.D.Lsh(k.D, 4096) }},
		{"a foreign public half", func(k *tjsm2.PrivateKey) { k.PublicKey = theirs(1).PublicKey }},
		{"-Y", func(k *tjsm2.PrivateKey) { k.Y.Sub(k.Params().P, k.Y) }},
		{"X+p", func(k *tjsm2.PrivateKey) { k.X.Add(k.X, k.Params().P) }},
		{"(0, 0)", func(k *tjsm2.PrivateKey) { k.X, k.Y = new(big.Int), new(big.Int) }},
		{"off the curve", func(k *tjsm2.PrivateKey) { k.Y.Add(k.Y, big.NewInt(1)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			held := theirs(0)
			tt.change(held)
			key, err := tjfoc.FromPrivateKey(held)
			if key != nil {
				t.Errorf("FromPrivateKey = %v with its error", key)
			}
			testutil.CheckKeyError(t, err, "the SM2 private key is inconsistent")
		})
	}
	key, err := tjfoc.FromPrivateKey(nil)
	if key != nil {
		t.Errorf("FromPrivateKey(nil) = %v", key)
	}
	testutil.CheckKeyError(t, err, "the private key is nil")
}

func TestFromPublicKeyRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*tjsm2.PublicKey)
	}{
		{"zero", func(k *tjsm2.PublicKey) { *k = tjsm2.PublicKey{} }},
		{"no X", func(k *tjsm2.PublicKey) { k.X = nil }},
		{"no Y", func(k *tjsm2.PublicKey) { k.Y = nil }},
		{"(0, 0)", func(k *tjsm2.PublicKey) { k.X, k.Y = new(big.Int), new(big.Int) }},
		{"off the curve", func(k *tjsm2.PublicKey) { k.Y.Add(k.Y, big.NewInt(1)) }},
		{"X+p", func(k *tjsm2.PublicKey) { k.X.Add(k.X, k.Params().P) }},
		{"Y+p", func(k *tjsm2.PublicKey) { k.Y.Add(k.Y, k.Params().P) }},
		{"-X", func(k *tjsm2.PublicKey) { k.X.Neg(k.X) }},
		{"a huge X", func(k *tjsm2.PublicKey) { k.X.Lsh(k.X, 4096) }},
		{"a point of P-256", func(k *tjsm2.PublicKey) { k.X, k.Y = elliptic.P256().Params().Gx, elliptic.P256().Params().Gy }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			held := theirs(0).PublicKey
			tt.change(&held)
			pub, err := tjfoc.FromPublicKey(&held)
			if pub != nil {
				t.Errorf("FromPublicKey = %v with its error", pub)
			}
			testutil.CheckKeyError(t, err, "the public key is not a point on the SM2 curve")
		})
	}
	pub, err := tjfoc.FromPublicKey(nil)
	if pub != nil {
		t.Errorf("FromPublicKey(nil) = %v", pub)
	}
	testutil.CheckKeyError(t, err, "the public key is nil")
}

func TestToPublicKeyRefuses(t *testing.T) {
	t.Parallel()
	const (
		notSM2   = "the public key is not an SM2 key"
		offCurve = "the public key is not a point on the SM2 curve"
	)
	point := func(change func(*ecdsa.PublicKey)) *ecdsa.PublicKey {
		pub := ours(0).Public().(*ecdsa.PublicKey)
		change(pub)
		return pub
	}
	tests := []struct {
		name    string
		pub     crypto.PublicKey
		message string
	}{
		{"nil", nil, notSM2},
		{"typed nil", (*ecdsa.PublicKey)(nil), notSM2},
		{"zero", new(ecdsa.PublicKey), notSM2},
		{"RSA", testkeys.Key(algorithm.RSA_2048, 0).Public(), notSM2},
		{"P-256", testkeys.Key(algorithm.ECC_256, 0).Public(), notSM2},
		{"Ed25519", ed25519.PublicKey(make([]byte, 32)), notSM2},
		{"tjfoc/gmsm's own", &theirs(0).PublicKey, notSM2},
		{"a private key", ours(0), notSM2},
		{"no X", point(func(k *ecdsa.PublicKey) { k.X = nil }), offCurve},
		{"no Y", point(func(k *ecdsa.PublicKey) { k.Y = nil }), offCurve},
		{"(0, 0)", point(func(k *ecdsa.PublicKey) { k.X, k.Y = new(big.Int), new(big.Int) }), offCurve},
		{"off the curve", point(func(k *ecdsa.PublicKey) { k.X.Add(k.X, big.NewInt(1)) }), offCurve},
		{"X+p", point(func(k *ecdsa.PublicKey) { k.X.Add(k.X, k.Params().P) }), offCurve},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pub, err := tjfoc.ToPublicKey(tt.pub)
			if pub != nil {
				t.Errorf("ToPublicKey = %v with its error", pub)
			}
			testutil.CheckKeyError(t, err, tt.message)
		})
	}
}

func TestToPrivateKeyRefuses(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]*algorithm.PrivateKey{
		"nil":  nil,
		"zero": new(algorithm.PrivateKey),
		"RSA":  testkeys.Key(algorithm.RSA_2048, 0),
		"ECC":  testkeys.Key(algorithm.ECC_256, 0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			held, err := tjfoc.ToPrivateKey(key)
			if held != nil {
				t.Error("ToPrivateKey gives a key with its error")
			}
			testutil.CheckKeyError(t, err, "the private key is not an SM2 key")
		})
	}
}
