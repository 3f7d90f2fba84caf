package csr

import (
	"encoding/base64"
	"strings"
)

const (
	pemBegin = "-----BEGIN "
	pemEnd   = "-----END "
	pemDash  = "-----"
)

// decodePEM returns the DER of the one CSR in a PEM text (RFC 7468). It is more
// lenient than encoding/pem where transport spoils a text, as Parse says, and
// stricter about what else the text holds. No message quotes the text: it may
// be somebody's private key.
func decodePEM(text string) ([]byte, error) {
	_, text, ok := strings.Cut(text, pemBegin) // a byte-order mark is text before it, too
	if !ok {
		return nil, malformed("the CSR is neither DER nor PEM: -----BEGIN CERTIFICATE REQUEST----- is missing")
	}
	label, text, ok := strings.Cut(text, pemDash)
	if !ok || label != "CERTIFICATE REQUEST" && label != "NEW CERTIFICATE REQUEST" {
		if ok && strings.HasSuffix(label, "PRIVATE KEY") {
			return nil, malformed("the CSR is a private key: send the CSR alone, and regard a key that was sent as known to others")
		}
		return nil, malformed("the CSR's PEM label is neither CERTIFICATE REQUEST nor NEW CERTIFICATE REQUEST")
	}
	body, rest, ok := strings.Cut(text, pemEnd)
	if !ok {
		return nil, malformed("the CSR's PEM block has no end")
	}
	rest, ok = strings.CutPrefix(rest, label+pemDash)
	if !ok {
		return nil, malformed("the CSR's PEM block ends with another label than it begins with")
	}
	if strings.Contains(rest, pemBegin) {
		return nil, malformed("the CSR's text holds more than one PEM block")
	}
	if withoutBreaks(rest) != "" {
		return nil, malformed("the CSR's PEM block is followed by other text")
	}
	der, err := base64.StdEncoding.Strict().DecodeString(withoutBreaks(body))
	if err != nil {
		return nil, malformed("the CSR's PEM block is not base64 throughout")
	}
	return der, nil
}

// breaks are the line breaks and what becomes of them in JSON and in forms.
var breaks = strings.NewReplacer(`\r`, "", `\n`, "", "\r", "", "\n", "", "\t", "", " ", "")

func withoutBreaks(s string) string { return breaks.Replace(s) }
