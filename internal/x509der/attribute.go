package x509der

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// Attribute types of X.520, as the content octets of their object identifiers.
// Email is emailAddress of PKCS #9 (RFC 2985, section 5.2.1), domainComponent is
// of RFC 4519, section 2.4.
const (
	CommonName         = "\x55\x04\x03"
	serialNumber       = "\x55\x04\x05"
	Country            = "\x55\x04\x06"
	Locality           = "\x55\x04\x07"
	State              = "\x55\x04\x08"
	street             = "\x55\x04\x09"
	Organization       = "\x55\x04\x0a"
	OrganizationalUnit = "\x55\x04\x0b"
	title              = "\x55\x04\x0c"
	dnQualifier        = "\x55\x04\x2e"
	Email              = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"
	domainComponent    = "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"
)

// matter is 1.3.6.1.4.1.37244, with which the attribute types of the Matter
// standard begin. Their values are UTF8Strings. MatterNodeID names a node.
const (
	matter       = "\x2b\x06\x01\x04\x01\x82\xa2\x7c"
	MatterNodeID = matter + "\x01\x01"
)

// An Attribute is one part of a distinguished name.
type Attribute struct {
	Type  string   // content octets of the object identifier
	Tag   asn1.Tag // string type; zero means PrintableString if Value fits, else UTF8String
	Value string   // content octets
}

// Text returns an attribute with the string type that its type and text call
// for.
func Text(attributeType, text string) Attribute {
	a := Attribute{Type: attributeType, Value: text}
	switch {
	case isIA5(attributeType):
		a.Tag = asn1.IA5String
	case strings.HasPrefix(attributeType, matter):
		a.Tag = asn1.UTF8String
	}
	return a
}

// isIA5 reports whether the values of an attribute type are IA5Strings (RFC 5280,
// appendix A.1).
func isIA5(attributeType string) bool {
	return attributeType == Email || attributeType == domainComponent
}

// Certified returns an attribute of a CSR or CA as a certificate has it. A
// PrintableString and a UTF8String keep their string type, because clients
// compare octets. A CA may write no others (RFC 5280, section 4.1.2.6), so
// each other type becomes a UTF8String. A country is a PrintableString in upper
// case. An e-mail address and a domain component are IA5Strings.
func (a Attribute) Certified() Attribute {
	switch {
	case a.Type == Country:
		return Text(Country, strings.ToUpper(a.String()))
	case isIA5(a.Type):
		return Text(a.Type, a.String())
	case a.Tag == asn1.PrintableString || a.Tag == asn1.UTF8String:
		return a
	}
	return Attribute{a.Type, asn1.UTF8String, a.String()}
}

// String returns the value as UTF-8.
func (a Attribute) String() string {
	if a.Tag != tagBMPString {
		return a.Value
	}
	units := make([]uint16, len(a.Value)/2)
	for i := range units {
		units[i] = uint16(a.Value[2*i])<<8 | uint16(a.Value[2*i+1])
	}
	return string(utf16.Decode(units))
}

// bound returns the upper bound of X.520 (RFC 5280, appendix A.1) in
// characters. For other attributes it is 1024, the bound of a description, which
// is the longest.
func bound(attributeType string) int {
	switch attributeType {
	case CommonName, Organization, OrganizationalUnit, serialNumber, title:
		return 64
	case State, Locality, street:
		return 128
	case Email:
		return 255
	}
	return 1024
}

// CheckText checks text for an attribute of the type.
func CheckText(attributeType, text string) error {
	if !utf8.ValidString(text) {
		return errors.New("the text is not valid UTF-8")
	}
	ia5, n := isIA5(attributeType), 0
	for _, r := range text {
		n++
		if unicode.IsControl(r) || r >= utf8.RuneSelf && (isHidden(r) || r == utf8.RuneError) {
			return fmt.Errorf("the text has the character %U: control characters, direction marks, invisible characters and U+FFFD are not allowed", r)
		}
		if ia5 && (r <= ' ' || r > '~') {
			return errors.New("an e-mail address or domain component is ASCII without spaces (RFC 5280, section 4.1.2.6)")
		}
	}
	if n > bound(attributeType) {
		return fmt.Errorf("the text has %d characters: up to %d are allowed (X.520)", n, bound(attributeType))
	}
	if strings.TrimSpace(text) != text {
		return errors.New("the text begins or ends with a space")
	}
	switch {
	case attributeType == Country && text == "Unknown":
		return errors.New("a country is two letters such as CN (ISO 3166-1); keytool writes Unknown for a question without an answer")
	case attributeType == Country && !isCountry(text):
		return errors.New("a country is two letters such as CN (ISO 3166-1)")
	case (attributeType == serialNumber || attributeType == dnQualifier) && !isPrintable(text):
		return errors.New("a serial number or DN qualifier is a PrintableString, which has letters, digits, spaces and '()+,-./:=? (RFC 5280, appendix A.1)")
	case attributeType == CommonName:
		return checkCommonName(text)
	}
	return nil
}

// isHidden reports whether a character is invisible: a soft hyphen, a space
// without width, a tag, a filler, a direction mark, a line or paragraph
// separator. Joiners and variation selectors are text: Persian, Indic scripts,
// Mongolian and Japanese names need them.
func isHidden(r rune) bool {
	const joiner, nonJoiner = 0x200d, 0x200c
	return r != joiner && r != nonJoiner &&
		unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r) // visible signs around digits
}

func isCountry(text string) bool {
	return len(text) == 2 && isLetter(text[0]) && isLetter(text[1])
}

// checkKept is CheckKeptName for one attribute.
func (a Attribute) checkKept() error {
	if err := CheckArcs(a.Type); err != nil {
		return fmt.Errorf("an attribute type %v", err)
	}
	if a.Value == "" {
		return fmt.Errorf("its attribute %.80s is empty", typeName(a.Type))
	}
	if err := CheckText(a.Type, a.String()); err != nil {
		return fmt.Errorf("%.80s=%.80q: %v", typeName(a.Type), a, err)
	}
	return nil
}

// typeName returns the usual short name of an attribute type, or its object
// identifier.
func typeName(attributeType string) string {
	switch attributeType {
	case CommonName:
		return "CN"
	case Country:
		return "C"
	case Locality:
		return "L"
	case State:
		return "ST"
	case Organization:
		return "O"
	case OrganizationalUnit:
		return "OU"
	case Email:
		return "emailAddress"
	}
	return ObjectIdentifier(attributeType).String()
}
