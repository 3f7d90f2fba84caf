package ca

import (
	"strings"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
)

// A Tag is a label that the caller attaches to a certificate. It does not enter
// the certificate: it stays in the request, for the caller to store.
type Tag struct {
	// Key is the name of the tag. It may be empty.
	Key string `json:"Key,omitempty"`

	// Value is the value of the tag. It may be empty.
	Value string `json:"Value,omitempty"`
}

// maxTags is how many tags a request carries (the API's metadata).
const maxTags = 100

func checkTags(tags []Tag) error {
	if len(tags) > maxTags {
		return malformed("Tags", "%d tags are more than %d", len(tags), maxTags)
	}
	return nil
}

// checkCAAlgorithm checks the parameter Algorithm of a CA that is to be made.
func checkCAAlgorithm(name string) error {
	a, err := algorithm.Parse(name)
	if err != nil {
		return malformed("Algorithm", "%.40q is no algorithm of a CA: RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384, ECC_512 and SM2_256 are", name)
	}
	if a == algorithm.RSA_1024 {
		return refused("Algorithm", "RSA_1024 is too weak for a CA: RSA_2048 and longer are accepted")
	}
	return nil
}

// checkImmediately checks the parameter Immediately.
func checkImmediately(n int32) error {
	if n < 0 || n > 2 {
		return malformed("Immediately", "%d is not 0, 1 or 2", n)
	}
	return nil
}

// checkClientToken checks the parameter ClientToken.
func checkClientToken(token string) error {
	if len(token) > 64 || strings.IndexFunc(token, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
		return malformed("ClientToken", "the token is not up to 64 printable ASCII characters")
	}
	return nil
}

// malformed is the error for a value that is wrong in itself.
func malformed(parameter, format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, parameter, format, args...)
}

// refused is the error for a value that is well formed and not acceptable here.
func refused(parameter, format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrInvalidParameter, parameter, format, args...)
}
