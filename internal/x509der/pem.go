package x509der

import (
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/yuncert/yuncert"
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
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if n == 0 {
				return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, parameter, "there is no certificate in PEM")
			}
			return nil
		}
		if block.Type != "CERTIFICATE" {
			return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, parameter, "a PEM block is not a CERTIFICATE")
		}
		if n == limit {
			return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, parameter, "there are more than %d certificates", limit)
		}
		cert, err := ParseCertificate(block.Bytes)
		if err != nil {
			err = yuncert.Errorf(yuncert.ErrInvalidValueMalformed, parameter, "certificate %d cannot be read: %s", n+1, Reason(err))
		}
		if err := yield(cert, err); err != nil {
			return err
		}
	}
}
