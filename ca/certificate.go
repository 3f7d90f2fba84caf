package ca

import (
	cryptorand "crypto/rand"
	"encoding/hex"
	"io"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/x509der"
)

// issued is a new certificate in the forms that responses have.
type issued struct {
	der                                 []byte
	serialNumber, identifier, requestID string
}

// issue draws a serial number, if t has none, and a RequestId, in this order,
// and signs.
func issue(rand io.Reader, signer *x509der.Signer, t *x509der.Template) (issued, error) {
	if t.SerialNumber == nil {
		serial, err := drawSerial(rand)
		if err != nil {
			return issued{}, err
		}
		t.SerialNumber = serial
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return issued{}, err
	}
	der, err := x509der.MarshalCertificate(rand, signer, t)
	if err != nil {
		return issued{}, &yuncert.Error{Code: yuncert.ErrInternalError, Message: "the CA's key did not sign", Err: err}
	}
	return issued{der, hexadecimal(t.SerialNumber), x509der.Identifier(der), requestID}, nil
}

// drawSerial returns a positive serial number of 18 octets without a leading zero
// octet. RFC 5280, section 4.1.2.2, allows up to 20.
func drawSerial(rand io.Reader) ([]byte, error) {
	if rand == nil {
		rand = cryptorand.Reader
	}
	serial := make([]byte, 18)
	if _, err := io.ReadFull(rand, serial); err != nil {
		return nil, &yuncert.Error{Code: yuncert.ErrInternalError, Message: "no randomness for a serial number", Err: err}
	}
	serial[0] &= 0x7f
	if serial[0] == 0 {
		serial[0] = 1
	}
	return serial, nil
}

// hexadecimal is hex.EncodeToString with one allocation.
func hexadecimal(octets []byte) string { return string(hex.AppendEncode(make([]byte, 0, 40), octets)) }

// encode returns the PEM block of a certificate.
func encode(certificate []byte) string { return der.PEM("CERTIFICATE", certificate) }
