package ca

import (
	"bytes"
	"crypto/x509"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// signKeyUsage are the key usages for signatures.
const signKeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageCertSign | x509.KeyUsageCRLSign

// checkPair refuses certificates that are not the signing certificate and the
// encryption certificate of one TLCP peer. encrypt may be nil.
func checkPair(sign, encrypt *x509.Certificate) error {
	if encrypt == nil {
		return param.Malformed("Certificate", "there is only one certificate; want a pair, the signing certificate and then the encryption certificate")
	}
	// The key usages come first: they tell a user who has swapped the two, or has
	// no second one, what is wrong.
	if sign.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return param.Refused("Certificate", "%s is the first of the pair and lacks the key usage digitalSignature; the signing certificate comes first", label(sign))
	}
	if encrypt.KeyUsage&encryptKeyUsage == 0 {
		return param.Refused("Certificate", "%s is the second of the pair and has none of the key usages %s; the encryption certificate comes second",
			label(encrypt), keyUsageNames(encryptKeyUsage))
	}
	if encrypt.KeyUsage&signKeyUsage != 0 {
		return param.Refused("Certificate", "%s is the second of the pair and has the key usage %s; an encryption key must not sign (GM/T 0015)",
			label(encrypt), keyUsageNames(encrypt.KeyUsage&signKeyUsage))
	}
	for _, cert := range []*x509.Certificate{sign, encrypt} {
		if cert.IsCA {
			return param.Refused("Certificate", "%s is a CA's, and a pair has none", label(cert))
		}
	}
	if !x509der.SameName(sign.RawSubject, encrypt.RawSubject) {
		return param.Refused("Certificate", "%s and %s are not a pair: their subjects differ", label(sign), label(encrypt))
	}
	if !x509der.SameName(sign.RawIssuer, encrypt.RawIssuer) {
		return param.Refused("Certificate", "%s and %s are not a pair: their issuers differ", label(sign), label(encrypt))
	}
	if !x509der.SameAltNames(sign, encrypt) {
		return param.Refused("Certificate", "%s and %s are not a pair: their alternative names differ", label(sign), label(encrypt))
	}
	var algorithms [2]algorithm.Algorithm
	var keys [2][]byte
	for i, cert := range []*x509.Certificate{sign, encrypt} {
		a, err := algorithm.Of(cert.PublicKey)
		if err == nil {
			// SM2 keys have several encodings, so RawSubjectPublicKeyInfo does
			// not tell whether two are the same.
			keys[i], err = algorithm.MarshalPublicKey(cert.PublicKey)
		}
		if err != nil {
			return param.Refused("Certificate", "%s has an unusable key: %s", label(cert), param.Text(err))
		}
		algorithms[i] = a
	}
	// The cipher suites of GB/T 38636 use SM2 for both keys, or RSA for both.
	if algorithms[0].Family() != algorithms[1].Family() {
		return param.Refused("Certificate", "%s and %s are not a pair: they have keys of %s and %s", label(sign), label(encrypt), algorithms[0], algorithms[1])
	}
	if bytes.Equal(keys[0], keys[1]) {
		return param.Refused("Certificate", "%s and %s have the same key; a pair has two", label(sign), label(encrypt))
	}
	return nil
}
