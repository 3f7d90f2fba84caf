package x509der

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// The string types that crypto/cryptobyte has no name for.
const (
	tagNumericString = asn1.Tag(18)
	tagBMPString     = asn1.Tag(30)
)

// checkString checks content octets against their string type. A TeletexString
// must be ASCII: readers disagree on its other characters.
func checkString(tag asn1.Tag, value []byte) error {
	if tag == tagBMPString {
		if len(value)%2 != 0 {
			return errors.New("a BMPString has an odd number of octets")
		}
		for i := 0; i < len(value); i += 2 {
			unit := rune(binary.BigEndian.Uint16(value[i:]))
			if unicode.IsControl(unit) || utf16.IsSurrogate(unit) {
				return fmt.Errorf("the text has the character %U: control characters and surrogates are not allowed", unit)
			}
			if unit >= 0xfffe || 0xfdd0 <= unit && unit <= 0xfdef {
				return fmt.Errorf("the text has %U, which is not a character", unit) // encoding/asn1 refuses it too
			}
		}
		return nil
	}
	switch tag {
	case asn1.UTF8String:
		if !utf8.Valid(value) {
			return errors.New("a UTF8String is not valid UTF-8")
		}
	case asn1.PrintableString:
		for _, c := range value {
			if !isPrintableOctet(c) && c != '*' && c != '&' {
				return fmt.Errorf("a PrintableString has the octet %#02x", c)
			}
		}
		return nil
	case asn1.IA5String, asn1.T61String:
		for _, c := range value {
			if c >= utf8.RuneSelf {
				return fmt.Errorf("an ASCII string has the octet %#02x", c)
			}
		}
	case tagNumericString:
		for _, c := range value {
			if (c < '0' || c > '9') && c != ' ' {
				return fmt.Errorf("a NumericString has the octet %#02x", c)
			}
		}
	default:
		return fmt.Errorf("the string type with tag %d is not supported", tag)
	}
	for i := 0; i < len(value); {
		r, size := utf8.DecodeRune(value[i:])
		if unicode.IsControl(r) {
			return fmt.Errorf("the text has the character %U: control characters are not allowed", r)
		}
		i += size
	}
	return nil
}

// isPrintable reports whether a PrintableString may have the text (X.680,
// 41.4).
func isPrintable(text string) bool {
	for i := range len(text) {
		if !isPrintableOctet(text[i]) {
			return false
		}
	}
	return true
}

func isPrintableOctet(c byte) bool {
	switch c {
	case ' ', '\'', '(', ')', '+', ',', '-', '.', '/', ':', '=', '?':
		return true
	}
	return isLetter(c) || '0' <= c && c <= '9'
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// IsASCII reports whether a text has only ASCII characters.
func IsASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
