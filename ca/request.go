package ca

import (
	"strings"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
)

// A Tag is a label that the caller stores with a certificate. It is not written
// into the certificate. Key and Value may be empty.
type Tag struct {
	Key   string `json:"Key,omitempty"`
	Value string `json:"Value,omitempty"`
}

// checkCAAlgorithm checks the parameter Algorithm of a new CA.
func checkCAAlgorithm(name string) error {
	a, err := algorithm.Parse(name)
	if err != nil {
		return param.Malformed("Algorithm", "%.40q is not a CA algorithm; want RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384, ECC_512 or SM2_256", name)
	}
	if a == algorithm.RSA_1024 {
		return param.Refused("Algorithm", "RSA_1024 is too weak for a CA; want RSA_2048 or longer")
	}
	return nil
}

// checkImmediately checks the parameter Immediately.
func checkImmediately(n int32) error {
	if n < 0 || n > 2 {
		return param.Malformed("Immediately", "%d is not 0, 1 or 2", n)
	}
	return nil
}

// checkClientToken checks the parameter ClientToken.
func checkClientToken(token string) error {
	if len(token) > 64 || strings.IndexFunc(token, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
		return param.Malformed("ClientToken", "the token has %d octets or an unexpected character; want up to 64 printable ASCII characters", len(token))
	}
	return nil
}

// checkCertMaxTime checks the parameter CertMaxTime of a new CA.
func checkCertMaxTime(days int32) error {
	if days < 0 {
		return param.Malformed("CertMaxTime", "%d is negative; want days, or 0 for no limit", days)
	}
	return nil
}
