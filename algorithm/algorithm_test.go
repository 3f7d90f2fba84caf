//lint:file-ignore SA1019 the fields X and Y of crypto/ecdsa are what a careless caller sets

package algorithm_test

import (
	"crypto"
	"crypto/dsa"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

func TestParse(t *testing.T) {
	t.Parallel()
	names := []string{"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "ECC_256", "ECC_384", "ECC_512", "SM2_256"}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := algorithm.Parse(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(a); got != name {
				t.Errorf("Parse(%q) prints %q", name, got)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"", "rsa_2048", "Rsa_2048", "ecc_256", "sm2_256", "SM2", "RSA", "2048", "RSA_", "_2048", "RSA2048", "RSA-2048",
		"RSA_512", "RSA_8192", "ECC_224", "ECC_521", "EC_256", "SM2_512", " RSA_2048", "RSA_2048 ", "RSA_2048\x00", "RSA_02048", "ＲSA_2048",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := algorithm.Parse(name)
			if a != "" {
				t.Errorf("Parse(%q) = %q with its error", name, a)
			}
			testutil.CheckError(t, err, yuncert.ErrInvalidValueMalformed, "Algorithm", fmt.Sprintf("%q is not a key algorithm; want RSA_1024", name))
		})
	}
}

func TestParseQuotesNoMoreThanTheBeginning(t *testing.T) {
	t.Parallel()
	_, err := algorithm.Parse(strings.Repeat("x", 1<<20))
	testutil.CheckError(t, err, yuncert.ErrInvalidValueMalformed, "Algorithm", `"`+strings.Repeat("x", 40)+`" is not a key algorithm`)
}

func TestNameParts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a         algorithm.Algorithm
		family    string
		size      int
		signature algorithm.SignatureAlgorithm
	}{
		{algorithm.RSA_1024, "RSA", 1024, "Sha256WithRSA"},
		{algorithm.RSA_2048, "RSA", 2048, "Sha256WithRSA"},
		{algorithm.RSA_3072, "RSA", 3072, "Sha256WithRSA"},
		{algorithm.RSA_4096, "RSA", 4096, "Sha256WithRSA"},
		{algorithm.ECC_256, "ECC", 256, "Sha256WithECDSA"},
		{algorithm.ECC_384, "ECC", 384, "Sha256WithECDSA"},
		{algorithm.ECC_512, "ECC", 512, "Sha256WithECDSA"},
		{algorithm.SM2_256, "SM2", 256, "SM3WithSM2"},
	}
	for _, tt := range tests {
		t.Run(string(tt.a), func(t *testing.T) {
			t.Parallel()
			if got := tt.a.Family(); got != tt.family {
				t.Errorf("Family() = %q, want %q", got, tt.family)
			}
			if got := tt.a.KeySize(); got != tt.size {
				t.Errorf("KeySize() = %d, want %d", got, tt.size)
			}
			if got := tt.a.SignatureAlgorithm(); got != tt.signature {
				t.Errorf("SignatureAlgorithm() = %q, want %q", got, tt.signature)
			}
		})
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			pub := testkeys.Key(a, 0).Public()
			switch pub := pub.(type) { // the documented types
			case *rsa.PublicKey:
				if a.Family() != "RSA" {
					t.Errorf("the public key is a %T", pub)
				}
			case *ecdsa.PublicKey:
				if isSM2 := pub.Curve == sm2.P256(); a.Family() == "RSA" || isSM2 != (a == algorithm.SM2_256) {
					t.Errorf("the public key is a %T on %s", pub, pub.Params().Name)
				}
			default:
				t.Errorf("the public key is a %T", pub)
			}
			got, err := algorithm.Of(pub)
			if err != nil || got != a {
				t.Errorf("Of = %q, %v, want %q", got, err, a)
			}
		})
	}
}

// unsupported are public keys that every function of the package refuses.
var unsupported = []struct {
	name    string
	pub     crypto.PublicKey
	message string
}{
	{"nil", nil, "a key of type <nil> is not supported"},
	{"nil RSA", (*rsa.PublicKey)(nil), "the RSA public key has no positive modulus"},
	{"empty RSA", &rsa.PublicKey{}, "the RSA public key has no positive modulus"},
	{"RSA without modulus", &rsa.PublicKey{E: 65537}, "the RSA public key has no positive modulus"},
	{"RSA zero modulus", &rsa.PublicKey{N: new(big.Int), E: 65537}, "the RSA public key has no positive modulus"},
	{"RSA 1023", rsaOf(1023), "an RSA key of 1023 bits"},
	{"RSA 1025", rsaOf(1025), "an RSA key of 1025 bits"},
	{"RSA 1536", rsaOf(1536), "an RSA key of 1536 bits is not supported; want 2048, 3072 or 4096"},
	{"RSA 2047", rsaOf(2047), "an RSA key of 2047 bits"},
	{"RSA 8192", rsaOf(8192), "an RSA key of 8192 bits"},
	{"nil ECC", (*ecdsa.PublicKey)(nil), "the ECC public key is empty"},
	{"empty ECC", &ecdsa.PublicKey{}, "the ECC public key is empty"},
	{"ECC without curve", &ecdsa.PublicKey{X: big.NewInt(1), Y: big.NewInt(1)}, "the ECC public key is empty"},
	{"P-224", onCurve(elliptic.P224()), "the key's curve is not supported"},
	{"P-256 by its parameters", onCurve(elliptic.P256().Params()), "the key's curve is not supported"},
	{"RSA by value", rsa.PublicKey{N: big.NewInt(1), E: 65537}, "a key of type rsa.PublicKey is not supported; pass a pointer to it"},
	{"ECC by value", ecdsa.PublicKey{Curve: elliptic.P256()}, "a key of type ecdsa.PublicKey is not supported; pass a pointer to it"},
	{"Ed25519", ed25519.PublicKey(make([]byte, 32)), "an Ed25519 key is not supported; want an RSA, ECC or SM2 key"},
	{"DSA", &dsa.PublicKey{}, "a key of type *dsa.PublicKey is not supported; want an RSA, ECC or SM2 key"},
	{"ECDH", (*ecdh.PublicKey)(nil), "an ECDH key (*ecdh.PublicKey), such as X25519, is not supported"},
	{"a private key", testkeys.Key(algorithm.ECC_256, 0), "a private key (*algorithm.PrivateKey) is not a public key; pass key.Public()"},
	{"a private key of crypto/rsa", &rsa.PrivateKey{PublicKey: *rsaOf(2048)}, "a private key (*rsa.PrivateKey) is not a public key; pass key.Public()"},
	{"a private key of crypto/ecdsa", &ecdsa.PrivateKey{}, "a private key (*ecdsa.PrivateKey) is not a public key; pass key.Public()"},
	{"a private key of Ed25519", ed25519.NewKeyFromSeed(make([]byte, 32)), "a private key (ed25519.PrivateKey) is not a public key; pass key.Public()"},
}

// rsaOf returns a public key whose modulus has that many bits.
func rsaOf(bits uint) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}
}

// onCurve returns the generator as a public key.
func onCurve(curve elliptic.Curve) *ecdsa.PublicKey {
	return &ecdsa.PublicKey{Curve: curve, X: curve.Params().Gx, Y: curve.Params().Gy}
}

func TestUnsupportedPublicKeys(t *testing.T) {
	t.Parallel()
	for _, tt := range unsupported {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, err := algorithm.Of(tt.pub)
			if a != "" {
				t.Errorf("Of = %q with its error", a)
			}
			testutil.CheckKeyError(t, err, tt.message)

			testutil.CheckKeyError(t, algorithm.Check(tt.pub), tt.message)

			der, err := algorithm.MarshalPublicKey(tt.pub)
			if der != nil {
				t.Errorf("MarshalPublicKey = %x with its error", der)
			}
			testutil.CheckKeyError(t, err, tt.message)

			sum, err := algorithm.PubMd5(tt.pub)
			if sum != "" {
				t.Errorf("PubMd5 = %q with its error", sum)
			}
			testutil.CheckKeyError(t, err, tt.message)
		})
	}
}
