// Package testkeys holds fixed private keys for tests, made by openssl genpkey.
// They are public: use them for nothing else.
package testkeys

import (
	"embed"
	"fmt"

	"github.com/yuncert/yuncert/algorithm"
)

//go:embed testdata
var files embed.FS

// Key returns the i-th of the three keys of an algorithm, i from 0 to 2.
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
