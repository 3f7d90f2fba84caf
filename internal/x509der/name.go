package x509der

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
)

// Attribute types of X.520 that requests set, each as the content octets of its
// object identifier; Email is PKCS #9's emailAddress (RFC 2985, section 5.2.1).
const (
	CommonName         = "\x55\x04\x03"
	Country            = "\x55\x04\x06"
	Locality           = "\x55\x04\x07"
	State              = "\x55\x04\x08"
	Organization       = "\x55\x04\x0a"
	OrganizationalUnit = "\x55\x04\x0b"
	Email              = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"
)

// An Attribute is one part of a distinguished name.
type Attribute struct {
	Type  string   // content octets of the object identifier
	Tag   asn1.Tag // string type; zero means PrintableString if Value fits, else UTF8String
	Value string   // content octets
}

// Text makes an attribute whose string type follows from its text.
func Text(attributeType, text string) Attribute {
	a := Attribute{Type: attributeType, Value: text}
	if attributeType == Email {
		a.Tag = asn1.IA5String
	}
	return a
}

// Certified returns the attribute as it goes from a CSR or a CA into a certificate. It
// keeps its string type, since clients compare octets, as far as X.520 allows
// that type: text in others is written anew, and a country in the one way there
// is.
func (a Attribute) Certified() Attribute {
	switch {
	case a.Type == Country:
		return Text(Country, strings.ToUpper(a.String()))
	case a.Tag == asn1.PrintableString || a.Tag == asn1.UTF8String || a.Tag == asn1.T61String || a.Tag == tagBMPString:
		return a
	}
	return Text(a.Type, a.String())
}

// Certified returns the name with each attribute as it goes into a certificate.
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

// A Name is a distinguished name. Written, each attribute is an RDN of its own;
// read, the attributes of multi-valued RDNs follow each other.
type Name []Attribute

// Get returns the text of the first attribute of that type, or "".
func (n Name) Get(attributeType string) string {
	for _, a := range n {
		if a.Type == attributeType {
			return a.String()
		}
	}
	return ""
}

// AppendOnly appends the attributes of that type in other.
func (n Name) AppendOnly(other Name, attributeType string) Name {
	for _, a := range other {
		if a.Type == attributeType {
			n = append(n, a)
		}
	}
	return n
}

// Count returns how many attributes of that type there are.
func (n Name) Count(attributeType string) int {
	count := 0
	for i := range n {
		if n[i].Type == attributeType {
			count++
		}
	}
	return count
}

// InOrder returns the attributes in the order of a subject: C, ST, L, O, OU, CN,
// emailAddress. Others are left out.
func (n Name) InOrder() Name {
	ordered := make(Name, 0, len(n))
	for _, attributeType := range []string{Country, State, Locality, Organization, OrganizationalUnit, CommonName, Email} {
		ordered = ordered.AppendOnly(n, attributeType)
	}
	return ordered
}

// bound is the upper bound of X.520 (RFC 5280, appendix A.1) in characters.
func bound(attributeType string) int {
	switch attributeType {
	case CommonName, Organization, OrganizationalUnit:
		return 64
	case State, Locality:
		return 128
	case Email:
		return 255
	}
	return math.MaxInt
}

// CheckText says what keeps text out of an attribute of that type.
func CheckText(attributeType, text string) error {
	if !utf8.ValidString(text) {
		return errors.New("the text is not valid UTF-8")
	}
	for _, r := range text {
		if unicode.IsControl(r) || r >= utf8.RuneSelf && unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) || r == utf8.RuneError {
			return fmt.Errorf("the text holds the character %U: control characters, direction marks and U+FFFD are refused", r)
		}
		if attributeType == Email && (r <= ' ' || r > '~') {
			return errors.New("an e-mail address is ASCII without spaces (RFC 5280, section 4.1.2.6)")
		}
	}
	if n := utf8.RuneCountInString(text); n > bound(attributeType) {
		return fmt.Errorf("the text has %d characters: up to %d are allowed (X.520)", n, bound(attributeType))
	}
	if strings.TrimSpace(text) != text {
		return errors.New("the text begins or ends with a space")
	}
	switch {
	case attributeType == Country && !isCountry(text):
		return errors.New("a country is two letters (ISO 3166-1)")
	case attributeType == CommonName && strings.Contains(text, "*"):
		// A client that still matches host names against the CN must not find
		// a pattern there that the alternative names would not be allowed.
		if _, err := CanonicalName(text); err != nil {
			return errors.New("a wildcard is only allowed as the whole left-most label of a DNS name, with two more labels behind it")
		}
	}
	return nil
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
				// Some tools put * and & into PrintableString, where they are not allowed.
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

// ParseName reads a DER RDNSequence with nothing behind it. Every value is
// checked against its string type and holds no control character; an empty one
// is left out.
func ParseName(rdnSequence []byte) (Name, error) {
	input := cryptobyte.String(rdnSequence)
	var rdns cryptobyte.String
	if !input.ReadASN1(&rdns, asn1.SEQUENCE) || !input.Empty() {
		return nil, errors.New("the name is not a SEQUENCE (RFC 5280, section 4.1.2.4)")
	}
	count := 0
	for rest := rdns; rest.SkipASN1(asn1.SET); count++ {
	}
	name := make(Name, 0, count)
	for !rdns.Empty() {
		var set cryptobyte.String
		if !rdns.ReadASN1(&set, asn1.SET) || set.Empty() {
			return nil, errors.New("a part of the name is not a SET (RFC 5280, section 4.1.2.4)")
		}
		for !set.Empty() {
			var pair, oid, value cryptobyte.String
			var tag asn1.Tag
			if !set.ReadASN1(&pair, asn1.SEQUENCE) || !readOID(&pair, &oid) ||
				!pair.ReadAnyASN1(&value, &tag) || !pair.Empty() {
				return nil, errors.New("an attribute of the name is not a pair of type and value (RFC 5280, section 4.1.2.4)")
			}
			if err := checkString(tag, value); err != nil {
				return nil, fmt.Errorf("an attribute of the name: %v", err)
			}
			if len(value) > 0 {
				name = append(name, Attribute{knownType(oid), tag, string(value)})
			}
		}
	}
	return name, nil
}

// knownType spares the usual attribute types an allocation each.
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
