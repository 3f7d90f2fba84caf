package x509der

import (
	"crypto"
	"crypto/x509"
	"strings"
)

// SignAlgorithm returns the algorithm of a certificate's signature in the form of
// the documented member SignAlgorithm, such as SHA256WITHRSA. RSASSA-PSS and what
// this module does not verify have crypto/x509's name in upper case.
func SignAlgorithm(cert *x509.Certificate) string {
	_, id, _, err := splitSigned(cert.Raw)
	if err != nil {
		return ""
	}
	s, err := parseSignatureID(id)
	if err != nil || s.salt != 0 {
		return strings.ToUpper(cert.SignatureAlgorithm.String())
	}
	hashes := map[crypto.Hash]string{0: "SM3", crypto.SHA256: "SHA256", crypto.SHA384: "SHA384", crypto.SHA512: "SHA512"}
	families := map[string]string{"RSA": "RSA", "ECC": "ECDSA", "SM2": "SM2"}
	return hashes[s.hash] + "WITH" + families[s.family]
}
