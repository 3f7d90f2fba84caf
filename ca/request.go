package ca

import (
	"strings"
	"time"

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

// checkYears checks the parameter Years of a CA that is to be made.
func checkYears(years int32) error {
	switch {
	case years == 0:
		return yuncert.Missing("Years")
	case years < 0 || years > maxYears:
		return malformed("Years", "%d is not from 1 to %d; 5 to 10 are usual", years, maxYears)
	}
	return nil
}

// maxYears keeps a root's end within the four digits that a certificate has for
// a year (RFC 5280, section 4.1.2.5).
const maxYears = 100

// checkClientToken checks the parameter ClientToken.
func checkClientToken(token string) error {
	if len(token) > 64 || strings.IndexFunc(token, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
		return malformed("ClientToken", "the token is not up to 64 printable ASCII characters")
	}
	return nil
}

// checkInstant refuses an instant that is none: a zero [time.Time], above all.
func checkInstant(now time.Time) error {
	if now.Year() < 1950 || now.After(maxTime) {
		return refused("", "the instant %s is not from 1950 to 9999 (RFC 5280, section 4.1.2.5)", stamp(now))
	}
	return nil
}

// second is the instant as a certificate holds it, in whole seconds.
func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// malformed is the error for a value that is wrong in itself.
func malformed(parameter, format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, parameter, format, args...)
}

// refused is the error for a value that is well formed and not acceptable here.
func refused(parameter, format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrInvalidParameter, parameter, format, args...)
}
