package x509der

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/unicode/norm"

	"github.com/yuncert/yuncert/internal/der"
)

// Same reports whether two names are equal by the rules of RFC 5280, section 7.1,
// which ignore letter case, repeated spaces and string types.
func (n Name) Same(other Name) bool {
	return slices.EqualFunc(n, other, func(a, b Attribute) bool {
		return a.Type == b.Type && sameText(a.String(), b.String())
	})
}

// SameName reports whether two DER names are equal by the rules of RFC 5280,
// section 7.1. Equal names prove nothing: verify a signature too.
func SameName(a, b []byte) bool {
	return string(a) == string(b) || Comparable(a) == Comparable(b)
}

// SameAs returns SameName with one name, for the comparison with many. However long
// the name is, it is brought into the comparable form once at most.
func SameAs(name []byte) func(other []byte) bool {
	comparable := sync.OnceValue(func() ComparableName { return Comparable(name) })
	return func(other []byte) bool { return string(name) == string(other) || comparable() == Comparable(other) }
}

// A ComparableName is a name in a form in which equal names (RFC 5280, section
// 7.1) have equal octets: a SET for each RDN, in it the attributes in sorted
// order, and all text as UTF-8 without differences in letter case, spaces and
// invisible characters. A name below another in the directory begins with the
// other's octets, because each SET begins with its length.
type ComparableName string

// Comparable returns the comparable form of a DER name. A value that is not text
// equals only itself, octet for octet, and so does a name that is not DER.
func Comparable(rdnSequence []byte) ComparableName {
	name, _ := comparableName(rdnSequence)
	return name
}

// comparableName is Comparable. It also reports whether all implementations read
// the text of the name in the same way.
func comparableName(rdnSequence []byte) (name ComparableName, certain bool) {
	notDER := ComparableName("\x00" + string(rdnSequence)) // no SET begins like this
	input := cryptobyte.String(rdnSequence)
	var rdns, set cryptobyte.String
	if !input.ReadASN1(&rdns, asn1.SEQUENCE) || !input.Empty() {
		return notDER, false
	}
	certain = true
	form := make([]byte, 0, 2*len(rdns))
	for !rdns.Empty() {
		if !rdns.ReadASN1(&set, asn1.SET) || set.Empty() {
			return notDER, false
		}
		var attributes []string
		for !set.Empty() {
			var oid, value cryptobyte.String
			var tag asn1.Tag
			if !readAttribute(&set, &oid, &value, &tag) {
				return notDER, false
			}
			content, isText, sure := comparableText(tag, value)
			if isText {
				tag = asn1.UTF8String
			}
			certain = certain && sure
			attributes = append(attributes, string(der.AppendFunc(nil, asn1.SEQUENCE, func(dst []byte) []byte {
				return der.Append(der.Append(dst, asn1.OBJECT_IDENTIFIER, oid), tag, content)
			})))
		}
		slices.Sort(attributes)
		form = der.Append(form, asn1.SET, strings.Join(attributes, ""))
	}
	return ComparableName(form), certain
}

// comparableText returns the text of an attribute value in a form in which equal
// texts have equal octets. TeletexString outside ASCII is read as Latin-1, as
// crypto/x509 and OpenSSL do; some implementations read it in other ways.
func comparableText(tag asn1.Tag, value []byte) (text string, isText, certain bool) {
	if tag == asn1.T61String && !IsASCII(string(value)) {
		tag, value = asn1.UTF8String, latin1(value)
	} else {
		certain = true
	}
	if checkString(tag, value) != nil {
		return string(value), false, false
	}
	text = Attribute{Tag: tag, Value: string(value)}.String()
	if !IsASCII(text) {
		text = prepared(text)
	}
	return strings.Map(folded, withSingleSpaces(text)), true, certain
}

// folded returns one letter for all letters that strings.EqualFold takes for
// equal.
func folded(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// String returns the name for a message, such as "C=US, O=ACME". The text is in
// the comparable form.
func (n ComparableName) String() string {
	var parts []string
	rdns := cryptobyte.String(n)
	var set, oid, value cryptobyte.String
	var tag asn1.Tag
	for rdns.ReadASN1(&set, asn1.SET) {
		for readAttribute(&set, &oid, &value, &tag) {
			parts = append(parts, typeName(string(oid))+"="+string(value))
		}
	}
	return strings.Join(parts, ", ")
}

// sameText compares two strings after the preparation of RFC 4518, section 2.
// The strings have no control characters. In ASCII, only letter case and spaces
// matter.
func sameText(a, b string) bool {
	if a == b {
		return true
	}
	if !IsASCII(a) || !IsASCII(b) {
		a, b = prepared(a), prepared(b)
	}
	return strings.EqualFold(withSingleSpaces(a), withSingleSpaces(b))
}

// sharpS folds the letters whose case folding is longer than one letter (RFC
// 3454, appendix B.2). Form KD has already decomposed the others.
var sharpS = strings.NewReplacer("ß", "ss", "ẞ", "ss")

// prepared does the preparation of RFC 4518, except what strings.EqualFold and
// withSingleSpaces do. It removes invisible characters, maps each kind of space
// to U+0020 (section 2.2) and normalises the rest (section 2.3). RFC 4518 asks
// for form KC; form KD gives the same result, since two strings with the same
// KD have the same KC and vice versa.
func prepared(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		// Section 2.2 lists the invisible characters of Unicode 3.2. These
		// properties contain them, the ones added later, and fillers. Of the
		// listed characters, only U+1806 and U+FFFC have none of the
		// properties.
		case unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point), r == 0x1806, r == 0xfffc:
			return -1
		case unicode.Is(unicode.Z, r):
			return ' '
		}
		return r
	}, text)
	return sharpS.Replace(norm.NFKD.String(text))
}

// withSingleSpaces removes leading and trailing spaces and makes each run of
// spaces one (RFC 4518, section 2.6.1).
func withSingleSpaces(text string) string {
	if strings.Contains(text, "  ") || strings.TrimSpace(text) != text {
		return strings.Join(strings.Fields(text), " ")
	}
	return text
}
