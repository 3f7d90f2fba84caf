package x509der

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
)

// A Name is a distinguished name. [AppendName] writes each attribute as one
// RDN; [ParseName] reads the attributes of a multi-valued RDN one after
// another.
type Name []Attribute

// Certified returns the name with each attribute as a certificate has it.
func (n Name) Certified() Name {
	certified := make(Name, 0, len(n))
	for _, a := range n {
		certified = append(certified, a.Certified())
	}
	return certified
}

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
			pair := der.Size(len(a.Type)) + der.Size(len(a.Value))
			dst = der.AppendHeader(dst, asn1.SET, der.Size(pair))
			dst = der.AppendHeader(dst, asn1.SEQUENCE, pair)
			dst = der.Append(der.Append(dst, asn1.OBJECT_IDENTIFIER, a.Type), tag, a.Value)
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
