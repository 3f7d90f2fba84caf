package param

import (
	"crypto/ecdsa"
	"encoding/base64"
	"strings"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/x509der"
)

// MaxCSR is how many octets of PEM or DER [ReadCSR] reads.
const MaxCSR = 64 << 10

// ReadCSR reads the parameter Csr, PEM or DER, and checks all that the package
// csr promises of its Parse, the possession of the key included. Its errors are
// those of the parameter.
func ReadCSR[T string | []byte](data T, keys algorithm.Policy) (*x509der.Request, error) {
	switch {
	case len(data) == 0:
		return nil, yuncert.Missing("Csr")
	case len(data) > MaxCSR:
		return nil, malformedCSR("the CSR has %d octets: up to %d are read", len(data), MaxCSR)
	}
	text := string(data) // of octets, a copy
	var der []byte
	if isDER(text) {
		der = []byte(text)
	} else {
		var err error
		if der, err = decodePEM(text); err != nil {
			return nil, err
		}
	}
	r, err := x509der.ParseRequest(der)
	if err != nil {
		return nil, wrapCSR(err, "the CSR cannot be read")
	}
	if n := r.Subject.Count(x509der.CommonName); n > 1 {
		return nil, malformedCSR("the CSR has %d common names: one is allowed, the others belong in subjectAltName", n)
	}
	commonName := r.Subject.Get(x509der.CommonName)
	if err := x509der.CheckText(x509der.CommonName, commonName); err != nil {
		return nil, wrapCSR(err, "the CSR's common name %.80q", commonName)
	}
	if err := checkKey(keys, r); err != nil {
		return nil, wrapCSR(err, "the CSR's key")
	}
	if err := x509der.VerifyPossession(r); err != nil {
		return nil, wrapCSR(err, "the CSR's signature does not prove possession of its key")
	}
	return r, nil
}

// checkKey is the policy's Check of a key that was just read. [algorithm.ParsePublicKey]
// has made sure that a point is on its curve, so that of an EC key Blocked alone
// is left to ask.
func checkKey(keys algorithm.Policy, r *x509der.Request) error {
	if _, isPoint := r.PublicKey.(*ecdsa.PublicKey); isPoint && keys.Blocked == nil {
		return nil
	}
	return keys.Check(r.PublicKey)
}

func malformedCSR(format string, args ...any) error {
	return Malformed("Csr", format, args...)
}

func wrapCSR(err error, format string, args ...any) error {
	return Wrap(err, yuncert.ErrInvalidValueMalformed, "Csr", format, args...)
}

// isDER tells DER from text: a SEQUENCE whose length is in long form, since no
// CSR is shorter than 128 octets, begins as no text does.
func isDER(data string) bool {
	return len(data) > 1 && data[0] == 0x30 && data[1] >= 0x80
}

const (
	pemBegin = "-----BEGIN "
	pemEnd   = "-----END "
	pemDash  = "-----"
)

// decodePEM returns the DER of the one CSR in a PEM text (RFC 7468). It is more
// lenient than encoding/pem where transport spoils a text, as csr.Parse says, and
// stricter about what else the text holds. No message quotes the text: it may
// be somebody's private key.
func decodePEM(text string) ([]byte, error) {
	_, text, ok := strings.Cut(text, pemBegin) // a byte-order mark is text before it, too
	if !ok {
		return nil, malformedCSR("the CSR is neither DER nor PEM: -----BEGIN CERTIFICATE REQUEST----- is missing")
	}
	label, text, ok := strings.Cut(text, pemDash)
	if !ok || label != "CERTIFICATE REQUEST" && label != "NEW CERTIFICATE REQUEST" {
		if ok && strings.HasSuffix(label, "PRIVATE KEY") {
			return nil, malformedCSR("the CSR is a private key: send the CSR alone, and regard a key that was sent as known to others")
		}
		return nil, malformedCSR("the CSR's PEM label is neither CERTIFICATE REQUEST nor NEW CERTIFICATE REQUEST")
	}
	body, rest, ok := strings.Cut(text, pemEnd)
	if !ok {
		return nil, malformedCSR("the CSR's PEM block has no end")
	}
	if rest, ok = strings.CutPrefix(rest, label); ok {
		rest, ok = strings.CutPrefix(rest, pemDash)
	}
	if !ok {
		return nil, malformedCSR("the CSR's PEM block ends with another label than it begins with")
	}
	if strings.Contains(rest, pemBegin) {
		return nil, malformedCSR("the CSR's text holds more than one PEM block")
	}
	if withoutBreaks(rest) != "" {
		return nil, malformedCSR("the CSR's PEM block is followed by other text")
	}
	der, err := strictBase64.DecodeString(withoutBreaks(body))
	switch {
	case err != nil && strings.Contains(body, " "):
		return nil, malformedCSR("the CSR's PEM block is not base64 throughout: it has spaces, which is what becomes of a + in a query that is not written %%2B")
	case err != nil:
		return nil, malformedCSR("the CSR's PEM block is not base64 throughout")
	}
	return der, nil
}

var strictBase64 = base64.StdEncoding.Strict()

// breaks are the line breaks and what becomes of them in JSON and in forms.
var breaks = strings.NewReplacer(`\r`, "", `\n`, "", "\r", "", "\n", "", "\t", "", " ", "")

// withoutBreaks returns the text without breaks; carriage returns and line feeds
// may stay within it, which the base64 decoder reads over.
func withoutBreaks(text string) string {
	text = strings.Trim(text, "\r\n\t ")
	if strings.IndexByte(text, '\\') >= 0 || strings.IndexByte(text, '\t') >= 0 || strings.IndexByte(text, ' ') >= 0 {
		return breaks.Replace(text)
	}
	return text
}
