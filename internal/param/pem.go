package param

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/x509der"
)

// ParseCertificates reads up to limit certificates, each of which must be
// readable; others are [yuncert.ErrInvalidValueMalformed] for the parameter.
func ParseCertificates(parameter, text string, limit int) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	err := EachCertificate(parameter, text, limit, func(cert *x509.Certificate, err error) error {
		list = append(list, cert)
		return err
	})
	return list, err
}

// EachCertificate hands over up to limit PEM certificates, or why one cannot be
// read. No other PEM block may be there; text around the blocks is not looked at.
func EachCertificate(parameter, text string, limit int, yield func(*x509.Certificate, error) error) error {
	rest := []byte(strings.TrimPrefix(text, "\ufeff"))
	for n := 0; ; n++ {
		block, behind := pem.Decode(rest)
		// pem.Decode steps over what is damaged, to a certificate that is another one.
		begun := bytes.Count(rest[:len(rest)-len(behind)], []byte(pemBegin))
		if block == nil {
			begun = 1 + bytes.Count(rest, []byte(pemBegin))
		}
		if begun > 1 {
			if err := yield(nil, Malformed(parameter, "certificate %d cannot be read: its PEM block is damaged", n+1)); err != nil {
				return err
			}
			n++
		}
		if block == nil && n == 0 {
			return Malformed(parameter, "there is no certificate in PEM")
		}
		if block == nil {
			return nil
		}
		rest = behind
		if block.Type != "CERTIFICATE" {
			return Malformed(parameter, "a PEM block is not a CERTIFICATE")
		}
		if n >= limit {
			return Malformed(parameter, "there are more than %d certificates", limit)
		}
		cert, err := x509der.ParseCertificate(block.Bytes)
		if err != nil {
			err = Wrap(err, yuncert.ErrInvalidValueMalformed, parameter, "certificate %d cannot be read", n+1)
		}
		if err := yield(cert, err); err != nil {
			return err
		}
	}
}
