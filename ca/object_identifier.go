package ca

import (
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/yuncert/yuncert/internal/x509der"
)

// maxOID is the largest number of characters in a dotted object identifier.
const maxOID = 128

// errOID completes a sentence that begins with a text, like all errors of
// parseOID.
var errOID = errors.New("is not an object identifier such as 2.5.4.3")

// parseOID returns the content octets of a dotted object identifier.
func parseOID(text string) (content string, err error) {
	if len(text) > maxOID {
		return "", fmt.Errorf("is longer than %d characters", maxOID)
	}
	oid, err := x509.ParseOID(text)
	if err != nil {
		return "", errOID
	}
	octets, err := oid.MarshalBinary()
	if err != nil {
		return "", errOID
	}
	return string(octets), x509der.CheckArcs(string(octets))
}
