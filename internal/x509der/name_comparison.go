package x509der

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Same reports whether clients take two names for one (RFC 5280, section 7.1): the
// ways to write a text and its string types do not tell names apart.
func (n Name) Same(other Name) bool {
	return slices.EqualFunc(n, other, func(a, b Attribute) bool {
		return a.Type == b.Type && sameText(a.String(), b.String())
	})
}

// SameName is Same for two DER names. Those that cannot be read are the same only
// octet by octet. It finds the CRLs of a CA, whose signatures are checked with the
// CA's key besides: a name that is taken for the CA's brings no trust with it.
func SameName(a, b []byte) bool {
	if string(a) == string(b) {
		return true
	}
	nameA, errA := ParseName(a)
	nameB, errB := ParseName(b)
	return errA == nil && errB == nil && nameA.Same(nameB)
}

// sameText compares two texts without control characters after the preparation of
// RFC 4518, section 2. Of ASCII text letter case and spaces are all there is to it.
func sameText(a, b string) bool {
	if a == b {
		return true
	}
	if !isASCII(a) || !isASCII(b) {
		a, b = prepared(a), prepared(b)
	}
	return strings.EqualFold(withSingleSpaces(a), withSingleSpaces(b))
}

// sharpS are the letters whose case folding is longer than themselves (RFC 3454,
// appendix B.2), of those that are left when compatibility forms are decomposed.
var sharpS = strings.NewReplacer("ß", "ss", "ẞ", "ss")

// prepared is the preparation of RFC 4518 up to what strings.EqualFold and
// withSingleSpaces do: characters that nobody sees are mapped to nothing and all
// spaces to one (section 2.2), and what is left is normalised (2.3), to form KD
// rather than KC: two texts that have the one in common have the other.
func prepared(text string) string {
	return sharpS.Replace(norm.NFKD.String(strings.Map(func(r rune) rune {
		switch {
		// Section 2.2 lists those of Unicode 3.2; the properties hold what came since, and
		// fillers, of the same kind. U+1806 and U+FFFC have none of the properties.
		case unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point), r == 0x1806, r == 0xfffc:
			return -1
		case unicode.Is(unicode.Z, r):
			return ' '
		}
		return r
	}, text)))
}

func withSingleSpaces(text string) string {
	if strings.Contains(text, "  ") || strings.TrimSpace(text) != text {
		return strings.Join(strings.Fields(text), " ")
	}
	return text
}
