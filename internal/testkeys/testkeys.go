// Package testkeys holds fixed private keys for tests, made by openssl genpkey.
// They are public: use them for nothing else.
package testkeys

import (
	"crypto"
	"embed"
	"fmt"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
)

//go:embed testdata
var files embed.FS

// All are the algorithms with keys here, which are all that are documented.
var All = []algorithm.Algorithm{
	algorithm.RSA_1024, algorithm.RSA_2048, algorithm.RSA_3072, algorithm.RSA_4096,
	algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512, algorithm.SM2_256,
}

// Families has one algorithm of each family.
var Families = []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.SM2_256}

// Key returns the i-th key of an algorithm, i from 0 to 2. SM2_256 has a fourth one
// with the number 3, for encryption.
func Key(a algorithm.Algorithm, i int) *algorithm.PrivateKey {
	text := PEM(a, i)
	key, err := algorithm.ParsePrivateKey(text)
	if err != nil {
		panic(err)
	}
	return key
}

// PEM returns the PKCS #8 file of a key.
func PEM(a algorithm.Algorithm, i int) []byte {
	text, err := files.ReadFile(fmt.Sprintf("testdata/%s-%d.pem", a, i))
	if err != nil {
		panic(err)
	}
	return text
}

// PublicDER returns the SubjectPublicKeyInfo of any public key.
func PublicDER(t testing.TB, public crypto.PublicKey) []byte {
	t.Helper()
	der, err := algorithm.MarshalPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
