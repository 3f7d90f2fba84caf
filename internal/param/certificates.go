package param

import (
	"crypto/x509"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

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
// with the certificate or the reason why it cannot be read. Text around the
// blocks is skipped. It stops at an error of yield, which it returns, and at a
// block that is damaged or has another label. Damage is always an error, because a
// caller that ignores unreadable certificates must not lose a good one.
func EachCertificate(parameter, text string, limit int, yield func(*x509.Certificate, error) error) error {
	data := []byte(text)
	blocks := der.NewPEMReader(data)
	for n := 1; ; n++ {
		block, damaged := blocks.Next()
		last := block == nil && n > 1
		if (damaged || last) && der.HoldsUTF16(data) {
			return Malformed(parameter, "a part of the text is UTF-16; save every file as UTF-8 before you join them, for example with iconv -f UTF-16 -t UTF-8")
		}
		if damaged {
			return Malformed(parameter, "certificate %d cannot be read: its PEM block is damaged; want -----BEGIN CERTIFICATE-----, base64 and -----END CERTIFICATE-----, each on lines of its own", n)
		}
		if block == nil && n == 1 {
			return Malformed(parameter, "there is no certificate in PEM: %v", der.NoPEM(data))
		}
		if last {
			return nil
		}
		if block.Type != "CERTIFICATE" {
			return Malformed(parameter, "%s is not a CERTIFICATE%s", der.Label(block.Type), conversions[block.Type])
		}
		if n > limit {
			return Malformed(parameter, "there are more than %d certificates", limit)
		}
		if hasWrongLength(block.Bytes) {
			return Malformed(parameter, "certificate %d cannot be read: its PEM block is damaged; octets are missing or were added", n)
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

// hasWrongLength reports whether the data begins like a certificate, but is longer
// or shorter than its header says.
func hasWrongLength(data []byte) bool {
	input := cryptobyte.String(data)
	return der.IsDER(data) && (!input.SkipASN1(asn1.SEQUENCE) || !input.Empty())
}

// conversions has advice for the labels of other blocks.
var conversions = map[string]string{
	"PKCS7":                   "; convert it with openssl pkcs7 -print_certs",
	"CMS":                     "; convert it with openssl pkcs7 -print_certs",
	"PKCS12":                  "; decode its base64 and convert it with openssl pkcs12 -nokeys",
	"TRUSTED CERTIFICATE":     "; convert it with openssl x509",
	"X509 CERTIFICATE":        "; convert it with openssl x509",
	"CERTIFICATE REQUEST":     "; give the certificate that a CA issued for this CSR",
	"NEW CERTIFICATE REQUEST": "; give the certificate that a CA issued for this CSR",
	"X509 CRL":                "; give the certificates without the CRL",
	"PRIVATE KEY":             "; give the certificates without the private key",
	"RSA PRIVATE KEY":         "; give the certificates without the private key",
	"EC PRIVATE KEY":          "; give the certificates without the private key",
	"ENCRYPTED PRIVATE KEY":   "; give the certificates without the private key",
}
