package param_test

import (
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/testutil"
)

// The label that was found is named, and what to do.
func TestParseCertificatesOtherBlocks(t *testing.T) {
	t.Parallel()
	for label, message := range map[string]string{
		"PKCS7":               "a PEM block PKCS7 is not a CERTIFICATE; convert it with openssl pkcs7 -print_certs",
		"CMS":                 "a PEM block CMS is not a CERTIFICATE; convert it with openssl pkcs7 -print_certs",
		"TRUSTED CERTIFICATE": "a PEM block TRUSTED CERTIFICATE is not a CERTIFICATE; convert it with openssl x509",
		"X509 CERTIFICATE":    "a PEM block X509 CERTIFICATE is not a CERTIFICATE; convert it with openssl x509",
		"CERTIFICATE REQUEST": "a PEM block CERTIFICATE REQUEST is not a CERTIFICATE; give the certificate that a CA issued for this CSR",
		"PRIVATE KEY":         "a PEM block PRIVATE KEY is not a CERTIFICATE; give the certificates without the private key",
		"not a label":         "a PEM block of an unknown kind is not a CERTIFICATE",
	} {
		_, err := param.ParseCertificates("CertificateChain", testutil.EncodePEM(label, []byte("content")), 10)
		testutil.CheckMessage(t, err, yuncert.ErrInvalidValueMalformed, "CertificateChain", message)
	}
	for text, message := range map[string]string{
		"":                     "there is no certificate in PEM: -----BEGIN is missing",
		"\xff\xfe-\x00":        "there is no certificate in PEM: it is UTF-16 text; save it as UTF-8, for example with iconv -f UTF-16 -t UTF-8",
		"\x30\x82\x01\x00 DER": "there is no certificate in PEM: it is DER; convert it to PEM, for example with openssl and -inform DER",
	} {
		_, err := param.ParseCertificates("CertificateChain", text, 10)
		testutil.CheckMessage(t, err, yuncert.ErrInvalidValueMalformed, "CertificateChain", message)
	}
}
