package x509der

import (
	encodingasn1 "encoding/asn1"
	"errors"
	"fmt"
	"math"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// contextTag returns the tag of an explicit [n].
func contextTag(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }

// derTrue is the DER of the BOOLEAN TRUE.
const derTrue = "\x01\x01\xff"

// readOID reads an object identifier in its minimal encoding (X.690, 8.19.2).
func readOID(s, oid *cryptobyte.String) bool {
	if !s.ReadASN1(oid, asn1.OBJECT_IDENTIFIER) || len(*oid) == 0 || (*oid)[len(*oid)-1]&0x80 != 0 {
		return false
	}
	first := true // the first octet of a subidentifier, which must not be padding
	for _, c := range *oid {
		if first && c == 0x80 {
			return false
		}
		first = c&0x80 == 0
	}
	return true
}

// ObjectIdentifier decodes the content octets of an object identifier. An arc
// that is too large for an int32 gets a wrong, large value, so that it does not
// equal an arc that has a meaning.
func ObjectIdentifier(content string) encodingasn1.ObjectIdentifier {
	var oid encodingasn1.ObjectIdentifier
	n := 0
	for _, c := range []byte(content) {
		n = min(n, math.MaxInt32>>7)<<7 | int(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if oid == nil { // the first two arcs share a subidentifier (X.690, 8.19.4)
			arc := min(n/40, 2)
			oid, n = append(oid, arc), n-40*arc
		}
		oid, n = append(oid, n), 0
	}
	return oid
}

// CheckArcs refuses an object identifier, given as content octets, with an arc
// above 2^31-1. Go cannot parse a certificate that has one. The error completes a
// sentence that begins with what the object identifier is.
func CheckArcs(content string) error {
	n := 0 // the first two arcs share a subidentifier (X.690, 8.19.4)
	for _, c := range []byte(content) {
		if n > math.MaxInt32>>7 {
			return errors.New("has arcs above 2^31-1, which common software does not read")
		}
		n = n<<7 | int(c&0x7f)
		if c&0x80 == 0 {
			n = 0
		}
	}
	return nil
}

// foreign cuts what crypto/x509 says to 100 characters. It quotes values whole,
// and after words of its own no more than 80 characters of them remain.
func foreign(err error) error {
	if len(err.Error()) <= 100 {
		return err
	}
	return fmt.Errorf("%.99w…", err)
}
