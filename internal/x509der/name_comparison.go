package x509der

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Same reports whether two names are equal by the rules of RFC 5280, section 7.1,
// which ignore letter case, repeated spaces and string types.
func (n Name) Same(other Name) bool {
	return slices.EqualFunc(n, other, func(a, b Attribute) bool {
		return a.Type == b.Type && sameText(a.String(), b.String())
	})
}

// SameName is Same for two DER names. A name that cannot be parsed equals only
// itself, octet for octet. Use it to find the CRLs of a CA, not to trust them: their
// signatures must be verified with the CA's key as well.
func SameName(a, b []byte) bool {
	if string(a) == string(b) {
		return true
	}
	nameA, errA := ParseName(a)
	nameB, errB := ParseName(b)
	return errA == nil && errB == nil && nameA.Same(nameB)
}

// sameText compares two strings after the preparation of RFC 4518, section 2. The
// strings have no control characters. In ASCII, only letter case and spaces matter.
func sameText(a, b string) bool {
	if a == b {
		return true
	}
	if !IsASCII(a) || !IsASCII(b) {
		a, b = prepared(a), prepared(b)
	}
	return strings.EqualFold(withSingleSpaces(a), withSingleSpaces(b))
}

// sharpS folds the letters whose case folding is longer than one letter (RFC 3454,
// appendix B.2). Form KD has already decomposed the others.
var sharpS = strings.NewReplacer("ß", "ss", "ẞ", "ss")

// prepared does the preparation of RFC 4518, except what strings.EqualFold and
// withSingleSpaces do. It removes invisible characters, maps each kind of space to
// U+0020 (section 2.2) and normalises the rest (section 2.3). RFC 4518 asks for form
// KC; form KD gives the same result, since two strings with the same KD have the
// same KC and vice versa.
func prepared(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		// Section 2.2 lists the invisible characters of Unicode 3.2. These properties
		// contain them, the ones added later, and fillers. Of the listed characters, only
		// U+1806 and U+FFFC have none of the properties.
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
