package x509der

import (
	"io"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
)

// splitSigned returns the three parts of a certificate or CRL.
func splitSigned(der []byte) (tbs, signatureID, signature []byte, err error) {
	input := cryptobyte.String(der)
	var outer, part, id cryptobyte.String
	if !input.ReadASN1(&outer, asn1.SEQUENCE) || !input.Empty() ||
		!outer.ReadASN1Element(&part, asn1.SEQUENCE) || !outer.ReadASN1Element(&id, asn1.SEQUENCE) ||
		!outer.ReadASN1BitStringAsBytes(&signature) || !outer.Empty() {
		return nil, nil, nil, errCertificate
	}
	return part, id, signature, nil
}

// marshalSigned returns a certificate, CSR or CRL: the SEQUENCE of the part
// that appendTBS appends, the signature algorithm and the signature. size is
// the first size of the buffer.
func marshalSigned(rand io.Reader, signer *Signer, size int, appendTBS func(dst []byte) []byte) ([]byte, error) {
	var err error
	signed := der.AppendFunc(make([]byte, 0, size), asn1.SEQUENCE, func(dst []byte) []byte {
		dst, err = appendSigned(dst, rand, signer, appendTBS)
		return dst
	})
	if err != nil {
		return nil, err
	}
	return signed, nil
}

// appendSigned appends the part that appendTBS appends, the signature algorithm
// and the signature (RFC 5280, section 4.1; RFC 2986, section 4.2; RFC 6960,
// section 4.2.1). It signs the part in the buffer, without copying it.
func appendSigned(dst []byte, rand io.Reader, signer *Signer, appendTBS func(dst []byte) []byte) ([]byte, error) {
	start := len(dst)
	dst = appendTBS(dst)
	signature, err := signer.sign(rand, dst[start:])
	return der.AppendBitString(append(dst, signer.id.der...), signature), err
}
