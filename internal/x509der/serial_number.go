package x509der

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"
)

// SerialOctets returns the serial number of a certificate, big endian, and zero
// as one octet.
func SerialOctets(cert *x509.Certificate) []byte {
	return cert.SerialNumber.FillBytes(make([]byte, max(1, (cert.SerialNumber.BitLen()+7)/8)))
}

var errSerialNumber = errors.New("want 1 to 40 hexadecimal digits")

// ParseSerialNumber decodes a serial number in the form of responses, big
// endian. Zero, which has no octets, is accepted: RFC 5280, section 4.1.2.2,
// wants users of certificates to cope with it.
func ParseSerialNumber(text string) ([]byte, error) {
	if len(text) > 40 {
		return nil, errSerialNumber
	}
	text = strings.TrimLeft(text, "0")
	if len(text)%2 != 0 {
		text = "0" + text
	}
	serial, err := hex.DecodeString(text)
	if err != nil {
		return nil, errSerialNumber
	}
	return serial, nil
}
