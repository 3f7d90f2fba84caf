package x509der

import (
	"crypto/x509"
	"errors"
	"math/bits"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Extended key usages (RFC 5280, section 4.2.1.12), as the content octets of
// their object identifiers.
const (
	AnyExtendedKeyUsage = "\x55\x1d\x25\x00"
	ServerAuth          = "\x2b\x06\x01\x05\x05\x07\x03\x01"
	ClientAuth          = "\x2b\x06\x01\x05\x05\x07\x03\x02"
	CodeSigning         = "\x2b\x06\x01\x05\x05\x07\x03\x03"
	EmailProtection     = "\x2b\x06\x01\x05\x05\x07\x03\x04"
	TimeStamping        = "\x2b\x06\x01\x05\x05\x07\x03\x08"
	OCSPSigning         = "\x2b\x06\x01\x05\x05\x07\x03\x09"
)

// appendKeyUsage appends a BIT STRING with the first usage as the highest bit
// and without trailing zero bits (X.690, section 11.2.2).
func appendKeyUsage(dst []byte, usage x509.KeyUsage) []byte {
	reversed := bits.Reverse16(uint16(usage))
	low := byte(reversed)
	if low != 0 {
		return append(dst, byte(asn1.BIT_STRING), 3, byte(bits.TrailingZeros8(low)), byte(reversed>>8), low)
	}
	high := byte(reversed >> 8)
	return append(dst, byte(asn1.BIT_STRING), 2, byte(bits.TrailingZeros8(high)), high)
}

// CheckUsages refuses a certificate with a key usage or extended key usage that
// grants nothing (RFC 5280, sections 4.2.1.3 and 4.2.1.12). crypto/x509 shows
// it like a missing one, and a missing one would grant everything.
func CheckUsages(cert *x509.Certificate) error {
	for _, e := range cert.Extensions {
		switch {
		case isExtension(e, extKeyUsage) && cert.KeyUsage == 0:
			return errors.New("its keyUsage grants nothing (RFC 5280, section 4.2.1.3)")
		case isExtension(e, extExtendedKeyUsed) && len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) == 0:
			return errors.New("its extended key usage grants nothing (RFC 5280, section 4.2.1.12)")
		}
	}
	return nil
}

// ExtKeyUsages returns the extended key usages of a certificate (RFC 5280,
// section 4.2.1.12), as the content octets of object identifiers, and whether the
// extension is critical.
func ExtKeyUsages(cert *x509.Certificate) (usages []string, critical bool) {
	for _, e := range cert.Extensions {
		if !isExtension(e, extExtendedKeyUsed) {
			continue
		}
		critical = e.Critical
		value := cryptobyte.String(e.Value)
		var list, oid cryptobyte.String
		if !value.ReadASN1(&list, asn1.SEQUENCE) {
			continue // crypto/x509 has refused such a certificate
		}
		for readOID(&list, &oid) {
			usages = append(usages, string(oid))
		}
	}
	return usages, critical
}
