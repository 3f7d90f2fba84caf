package param

import (
	"crypto/x509"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/x509der"
)

// ParseCertificates reads up to limit certificates from a PEM text. One that
// cannot be read is [yuncert.ErrInvalidValueMalformed] for the parameter.
func ParseCertificates(parameter, text string, limit int) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	err := EachCertificate(parameter, text, limit, func(cert *x509.Certificate, err error) error {
		list = append(list, cert)
		return err
	})
	return list, err
}

// EachCertificate calls yield for each certificate in a PEM text, up to limit,
// with the certificate or the reason why its DER cannot be read. It stops at an
// error of yield, which it returns, at a damaged PEM block, and at one with
// another label. Text around the blocks is skipped.
func EachCertificate(parameter, text string, limit int, yield func(*x509.Certificate, error) error) error {
	blocks := der.NewPEMReader([]byte(text))
	for n := 1; ; n++ {
		block, damaged := blocks.Next()
		if damaged {
			// Without this the certificate after it would pass for this one.
			return Malformed(parameter, "certificate %d cannot be read: its PEM block is damaged", n)
		}
		if block == nil && n == 1 {
			return Malformed(parameter, "there is no certificate in PEM: %v", der.NoPEM([]byte(text)))
		}
		if block == nil {
			return nil
		}
		if block.Type != "CERTIFICATE" {
			return Malformed(parameter, "%s is not a CERTIFICATE%s", der.Label(block.Type), conversions[block.Type])
		}
		if n > limit {
			return Malformed(parameter, "there are more than %d certificates", limit)
		}
		cert, err := x509der.ParseCertificate(block.Bytes)
		if err != nil {
			err = Wrap(err, yuncert.ErrInvalidValueMalformed, parameter, "certificate %d cannot be read", n)
		}
		if err := yield(cert, err); err != nil {
			return err
		}
	}
}

// conversions says, for the labels of blocks that hold certificates in another
// form, how to get them out.
var conversions = map[string]string{
	"PKCS7":               "; convert it with openssl pkcs7 -print_certs",
	"CMS":                 "; convert it with openssl pkcs7 -print_certs",
	"TRUSTED CERTIFICATE": "; convert it with openssl x509",
	"X509 CERTIFICATE":    "; convert it with openssl x509",
}
