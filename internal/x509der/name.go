package x509der

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
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

// Certified returns the name with each attribute as a certificate has it.
func (n Name) Certified() Name {
	certified := make(Name, 0, len(n))
	for _, a := range n {
		certified = append(certified, a.Certified())
	}
	return certified
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

// A Name is a distinguished name. [AppendName] writes each attribute as one
// RDN; [ParseName] reads the attributes of a multi-valued RDN one after
// another.
type Name []Attribute

// Get returns the text of the first attribute of the type, or "".
func (n Name) Get(attributeType string) string {
	for _, a := range n {
		if a.Type == attributeType {
			return a.String()
		}
	}
	return ""
}

// AppendOnly appends those attributes of other that have the type.
func (n Name) AppendOnly(other Name, attributeType string) Name {
	for i := range other {
		if other[i].Type == attributeType {
			n = append(n, other[i])
		}
	}
	return n
}

// Count returns how many attributes have the type.
func (n Name) Count(attributeType string) int {
	count := 0
	for i := range n {
		if n[i].Type == attributeType {
			count++
		}
	}
	return count
}

// InOrder returns the attributes in the order C, ST, L, O, OU, CN,
// emailAddress, without others.
func (n Name) InOrder() Name {
	ordered := make(Name, 0, len(n))
	for _, attributeType := range []string{Country, State, Locality, Organization, OrganizationalUnit, CommonName, Email} {
		ordered = ordered.AppendOnly(n, attributeType)
	}
	return ordered
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
	ia5 := isIA5(attributeType)
	for _, r := range text {
		if unicode.IsControl(r) || r >= utf8.RuneSelf && isHidden(r) || r == utf8.RuneError {
			return fmt.Errorf("the text has the character %U: control characters, direction marks, invisible characters and U+FFFD are not allowed", r)
		}
		if ia5 && (r <= ' ' || r > '~') {
			return errors.New("an e-mail address or domain component is ASCII without spaces (RFC 5280, section 4.1.2.6)")
		}
	}
	n := utf8.RuneCountInString(text)
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

// AppendName appends the DER RDNSequence of a name (RFC 5280, section 4.1.2.4).
func AppendName(dst []byte, name Name) []byte {
	return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
		for _, a := range name {
			tag := a.Tag
			if tag == 0 || tag == asn1.PrintableString {
				// A value that was read as PrintableString may have * or &,
				// which are not allowed there.
				tag = asn1.UTF8String
				if isPrintable(a.Value) {
					tag = asn1.PrintableString
				}
			}
			dst = der.AppendFunc(dst, asn1.SET, func(dst []byte) []byte {
				return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
					return der.Append(der.Append(dst, asn1.OBJECT_IDENTIFIER, a.Type), tag, a.Value)
				})
			})
		}
		return dst
	})
}

// ParseName reads a DER RDNSequence without trailing data. Each value must fit
// its string type and have no control character. Empty values are left out.
func ParseName(rdnSequence []byte) (Name, error) {
	name, _, err := parseName(rdnSequence, false)
	return name, err
}

// ParseCAName is ParseName for the subject of a CA that exists. It reads
// TeletexString as Latin-1, like crypto/x509 and OpenSSL, and makes it
// UTF8String.
func ParseCAName(rdnSequence []byte) (Name, error) {
	name, _, err := parseName(rdnSequence, true)
	return name, err
}

// maxKeptName is the largest number of octets in a name for [CheckKeptName]. Every
// certificate of a CA repeats the CA's name.
const maxKeptName = 4 << 10

// CheckKeptName checks a DER name that becomes the subject of a certificate as it is. Each
// value must pass CheckText and not be empty (RFC 5280, appendix A.1). A SET must
// be in the order of DER (X.690, section 11.6): some implementations put it in
// order before they verify the signature.
func CheckKeptName(rdnSequence []byte) error {
	if len(rdnSequence) > maxKeptName {
		return fmt.Errorf("it has %d octets: up to %d are accepted", len(rdnSequence), maxKeptName)
	}
	if _, err := ParseName(rdnSequence); err != nil {
		return err
	}
	var rdns, set, oid, value cryptobyte.String
	var tag asn1.Tag
	input := cryptobyte.String(rdnSequence)
	input.ReadASN1(&rdns, asn1.SEQUENCE)
	for rdns.ReadASN1(&set, asn1.SET) {
		before := ""
		for !set.Empty() {
			rest := set
			readAttribute(&set, &oid, &value, &tag)
			a := Attribute{string(oid), tag, string(value)}
			if err := a.checkKept(); err != nil {
				return err
			}
			encoded := string(rest[:len(rest)-len(set)])
			if encoded <= before {
				return fmt.Errorf("the RDN with %.80s=%.80q is not in the order of DER (X.690, section 11.6)", typeName(a.Type), a)
			}
			before = encoded
		}
	}
	return nil
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

// parseName also returns the number of common names, with empty ones.
func parseName(rdnSequence []byte, teletex bool) (name Name, commonNames int, err error) {
	input := cryptobyte.String(rdnSequence)
	var rdns cryptobyte.String
	if !input.ReadASN1(&rdns, asn1.SEQUENCE) || !input.Empty() {
		return nil, 0, errors.New("the name is not a SEQUENCE (RFC 5280, section 4.1.2.4)")
	}
	rest, count := rdns, 0
	for rest.SkipASN1(asn1.SET) {
		count++
	}
	name = make(Name, 0, count)
	read := 0
	for !rdns.Empty() {
		var set cryptobyte.String
		if !rdns.ReadASN1(&set, asn1.SET) || set.Empty() {
			return nil, 0, errors.New("an RDN of the name is not a SET (RFC 5280, section 4.1.2.4)")
		}
		for !set.Empty() {
			var oid, value cryptobyte.String
			var tag asn1.Tag
			read++
			if !readAttribute(&set, &oid, &value, &tag) {
				return nil, 0, fmt.Errorf("attribute %d of the name is not a pair of type and value (RFC 5280, section 4.1.2.4)", read)
			}
			if teletex && tag == asn1.T61String {
				tag, value = asn1.UTF8String, latin1(value)
			}
			if err := checkString(tag, value); err != nil {
				return nil, 0, fmt.Errorf("the attribute %.80s of the name: %v", typeName(string(oid)), err)
			}
			if string(oid) == CommonName {
				commonNames++
			}
			if len(value) > 0 {
				name = append(name, Attribute{knownType(oid), tag, string(value)})
			}
		}
	}
	return name, commonNames, nil
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

// readAttribute reads one AttributeTypeAndValue (RFC 5280, section 4.1.2.4).
func readAttribute(set, oid, value *cryptobyte.String, tag *asn1.Tag) bool {
	var pair cryptobyte.String
	return set.ReadASN1(&pair, asn1.SEQUENCE) && readOID(&pair, oid) && pair.ReadAnyASN1(value, tag) && pair.Empty()
}

// latin1 returns octets of Latin-1 as UTF-8.
func latin1(octets []byte) []byte {
	text := make([]byte, 0, len(octets))
	for _, c := range octets {
		text = utf8.AppendRune(text, rune(c))
	}
	return text
}

// knownType returns the type as a string, without allocating for the usual
// types.
func knownType(oid []byte) string {
	switch string(oid) {
	case CommonName:
		return CommonName
	case Country:
		return Country
	case Locality:
		return Locality
	case State:
		return State
	case Organization:
		return Organization
	case OrganizationalUnit:
		return OrganizationalUnit
	case Email:
		return Email
	}
	return string(oid)
}
