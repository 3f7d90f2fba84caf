package csr

import (
	"bytes"
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
func decodePEM(text []byte) ([]byte, error) {
	_, text, ok := bytes.Cut(text, []byte(pemBegin)) // a byte-order mark is text before it, too
	if !ok {
		return nil, malformed("the CSR is neither DER nor PEM: -----BEGIN CERTIFICATE REQUEST----- is missing")
	}
	label, text, ok := bytes.Cut(text, []byte(pemDash))
	if !ok || string(label) != "CERTIFICATE REQUEST" && string(label) != "NEW CERTIFICATE REQUEST" {
		if ok && bytes.HasSuffix(label, []byte("PRIVATE KEY")) {
			return nil, malformed("the CSR is a private key: send the CSR alone, and regard a key that was sent as known to others")
		}
		return nil, malformed("the CSR's PEM label is neither CERTIFICATE REQUEST nor NEW CERTIFICATE REQUEST")
	}
	body, rest, ok := bytes.Cut(text, []byte(pemEnd))
	if !ok {
		return nil, malformed("the CSR's PEM block has no end")
	}
	if rest, ok = bytes.CutPrefix(rest, label); ok {
		rest, ok = bytes.CutPrefix(rest, []byte(pemDash))
	}
	if !ok {
		return nil, malformed("the CSR's PEM block ends with another label than it begins with")
	}
	if bytes.Contains(rest, []byte(pemBegin)) {
		return nil, malformed("the CSR's text holds more than one PEM block")
	}
	if len(withoutBreaks(rest)) > 0 {
		return nil, malformed("the CSR's PEM block is followed by other text")
	}
	der, err := strictBase64.AppendDecode(nil, withoutBreaks(body))
	if err != nil {
		return nil, malformed("the CSR's PEM block is not base64 throughout")
	}
	return der, nil
}

var strictBase64 = base64.StdEncoding.Strict()

// breaks are the line breaks and what becomes of them in JSON and in forms.
var breaks = strings.NewReplacer(`\r`, "", `\n`, "", "\r", "", "\n", "", "\t", "", " ", "")

// withoutBreaks returns the text without breaks; carriage returns and line feeds
// may stay within it, which the base64 decoder reads over.
func withoutBreaks(text []byte) []byte {
	text = bytes.Trim(text, "\r\n\t ")
	if bytes.IndexByte(text, '\\') >= 0 || bytes.IndexByte(text, '\t') >= 0 || bytes.IndexByte(text, ' ') >= 0 {
		return []byte(breaks.Replace(string(text)))
	}
	return text
}
