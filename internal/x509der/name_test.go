package x509der_test

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/cases"

	"github.com/yuncert/yuncert/internal/x509der"
)

func nameDER(name x509der.Name) []byte { return x509der.AppendName(nil, name) }

// The string type follows from the text, and encoding/asn1 reads it back.
func TestAppendName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		attributeType, text string
		tag                 int
	}{
		{x509der.Organization, "aA zZ09'()+,-./:=?", asn1.TagPrintableString},
		{x509der.Country, "CN", asn1.TagPrintableString},
		{x509der.CommonName, "*.example.com", asn1.TagUTF8String},
		{x509der.Organization, "A&B", asn1.TagUTF8String},
		{x509der.Organization, "A_B", asn1.TagUTF8String},
		{x509der.Organization, "A@B", asn1.TagUTF8String},
		{x509der.Organization, `A"B`, asn1.TagUTF8String},
		{x509der.Organization, "A;B", asn1.TagUTF8String},
		{x509der.Organization, "A<B", asn1.TagUTF8String},
		{x509der.Organization, "A[", asn1.TagUTF8String},
		{x509der.Organization, "`a{", asn1.TagUTF8String},
		{x509der.Organization, "公司", asn1.TagUTF8String},
		{x509der.Email, "a@example.com", asn1.TagIA5String},
		{x509der.Email, "abc", asn1.TagIA5String},
		{domainComponent, "example", asn1.TagIA5String},
		{serialNumber, "AB12", asn1.TagPrintableString},
		{x509der.MatterNodeID, "DEDEDEDE00010001", asn1.TagUTF8String},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			der := nameDER(x509der.Name{x509der.Text(tt.attributeType, tt.text)})
			var rdns []asn1.RawValue
			if rest, err := asn1.Unmarshal(der, &rdns); err != nil || len(rest) > 0 || len(rdns) != 1 {
				t.Fatalf("asn1.Unmarshal: %v", err)
			}
			var set []struct {
				Type  asn1.ObjectIdentifier
				Value asn1.RawValue
			}
			if _, err := asn1.UnmarshalWithParams(rdns[0].FullBytes, &set, "set"); err != nil || len(set) != 1 {
				t.Fatalf("asn1.Unmarshal: %v", err)
			}
			if got := set[0].Value; got.Tag != tt.tag || string(got.Bytes) != tt.text {
				t.Errorf("written as tag %d, %q, want tag %d, %q", got.Tag, got.Bytes, tt.tag, tt.text)
			}
			if !set[0].Type.Equal(x509der.ObjectIdentifier(tt.attributeType)) {
				t.Errorf("type %v, want %v", set[0].Type, x509der.ObjectIdentifier(tt.attributeType))
			}
		})
	}
}

// An attribute that was read is written with the string type that it had.
func TestAppendNameKeepsStringTypes(t *testing.T) {
	t.Parallel()
	for _, a := range []x509der.Attribute{
		{Type: x509der.Organization, Tag: cbasn1.UTF8String, Value: "ascii"},
		{Type: x509der.Organization, Tag: cbasn1.IA5String, Value: "ascii"},
		{Type: x509der.Organization, Tag: cbasn1.T61String, Value: "a_b"},
		{Type: x509der.Organization, Tag: 30, Value: "\x4f\x8b\x5b\x50"},
		{Type: x509der.Organization, Tag: 18, Value: "1 2"},
		{Type: x509der.Organization, Tag: cbasn1.PrintableString, Value: "ascii"},
	} {
		t.Run(fmt.Sprint(a.Tag), func(t *testing.T) {
			t.Parallel()
			der := nameDER(x509der.Name{a})
			got, err := x509der.ParseName(der)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(x509der.Name{a}, got); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
	// Some tools put characters into PrintableString that do not belong there.
	der := nameDER(x509der.Name{{Type: x509der.Organization, Tag: cbasn1.PrintableString, Value: "A&B"}})
	got, err := x509der.ParseName(der)
	if err != nil || len(got) != 1 || got[0].Tag != cbasn1.UTF8String {
		t.Errorf("A&B as PrintableString is written as %+v, %v: want UTF8String", got, err)
	}
}

func TestNameInOrder(t *testing.T) {
	t.Parallel()
	const serialNumber = "\x55\x04\x05"
	name := x509der.Name{
		x509der.Text(x509der.Email, "e"), x509der.Text(x509der.CommonName, "cn"), x509der.Text(serialNumber, "1"),
		x509der.Text(x509der.OrganizationalUnit, "ou 1"), x509der.Text(x509der.Organization, "o"), x509der.Text(x509der.OrganizationalUnit, "ou 2"),
		x509der.Text(x509der.Locality, "l"), x509der.Text(x509der.State, "st"), x509der.Text(x509der.Country, "c"),
	}
	var got []string
	for _, a := range name.InOrder() {
		got = append(got, a.String())
	}
	if diff := cmp.Diff([]string{"c", "st", "l", "o", "ou 1", "ou 2", "cn", "e"}, got); diff != "" {
		t.Errorf("order mismatch (-want +got):\n%s", diff)
	}
	if got := name.Get(x509der.OrganizationalUnit); got != "ou 1" {
		t.Errorf("Get = %q, want the first", got)
	}
	if got := name.Get("\x55\x04\x2a"); got != "" {
		t.Errorf("Get of an absent attribute = %q", got)
	}
	if got := (x509der.Name{}).AppendOnly(name, x509der.OrganizationalUnit); len(got) != 2 || got[1].String() != "ou 2" {
		t.Errorf("AppendOnly = %+v, want two", got)
	}
	if got := name.Count(x509der.OrganizationalUnit); got != 2 {
		t.Errorf("Count = %d, want 2", got)
	}
	if name[0].String() != "e" {
		t.Error("the name was modified")
	}
}

// encoding/asn1 reads the same out of a Name.
func TestParseNameMultiValued(t *testing.T) {
	t.Parallel()
	cn := asn1.ObjectIdentifier{2, 5, 4, 3}
	ou := asn1.ObjectIdentifier{2, 5, 4, 11}
	der, err := asn1.Marshal(pkix.RDNSequence{
		{{Type: ou, Value: "one"}, {Type: cn, Value: "name"}},
		{{Type: ou, Value: "two"}},
		{{Type: ou, Value: ""}}, // left out
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := x509der.ParseName(der)
	if err != nil {
		t.Fatal(err)
	}
	want := x509der.Name{ // DER sorts a SET: the shorter one comes first
		{Type: x509der.OrganizationalUnit, Tag: cbasn1.PrintableString, Value: "one"},
		{Type: x509der.CommonName, Tag: cbasn1.PrintableString, Value: "name"},
		{Type: x509der.OrganizationalUnit, Tag: cbasn1.PrintableString, Value: "two"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
	for i := range der {
		if _, err := x509der.ParseName(der[:i]); err == nil {
			t.Errorf("the first %d octets are accepted", i)
		}
	}
	if _, err := x509der.ParseName(append(bytes.Clone(der), 0)); err == nil {
		t.Error("an octet at the end is accepted")
	}
	if got, err := x509der.ParseName([]byte{0x30, 0}); err != nil || len(got) != 0 {
		t.Errorf("an empty name: %v, %v", got, err)
	}
}

// A nameString is one row of nameStrings.
type nameString struct {
	name  string
	tag   cbasn1.Tag
	value string
	want  string // the text, if says is empty
	says  string
}

// der is a Name with that string as its organization.
func (s nameString) der() []byte {
	der := nameDER(x509der.Name{{Type: x509der.Organization, Tag: 99, Value: s.value}})
	i := bytes.LastIndexByte(der[:len(der)-len(s.value)], 99)
	der[i] = byte(s.tag)
	return der
}

// nameStrings are string types with octets in them. FuzzParseName starts from
// them too.
func nameStrings() []nameString {
	return []nameString{
		{"UTF8String", cbasn1.UTF8String, "公司", "公司", ""},
		{"UTF8String with U+FFFF", cbasn1.UTF8String, "\uffff", "\uffff", ""},
		{"UTF8String cut off", cbasn1.UTF8String, "\xe5\x85", "", "UTF-8"},
		{"UTF8String with an overlong NUL", cbasn1.UTF8String, "\xc0\x80", "", "UTF-8"},
		{"UTF8String with a surrogate", cbasn1.UTF8String, "\xed\xa0\x80", "", "UTF-8"},
		{"UTF8String with U+009F", cbasn1.UTF8String, "\u009f", "", "U+009F"},
		{"UTF8String with DEL", cbasn1.UTF8String, "\x7f", "", "U+007F"},
		{"PrintableString", cbasn1.PrintableString, "a b", "a b", ""},
		{"PrintableString with *", cbasn1.PrintableString, "*&", "*&", ""},
		{"PrintableString with @", cbasn1.PrintableString, "a@b", "", "0x40"},
		{"PrintableString with NUL", cbasn1.PrintableString, "a\x00", "", "0x00"},
		{"IA5String", cbasn1.IA5String, "a@b", "a@b", ""},
		{"IA5String with a tab", cbasn1.IA5String, "a\tb", "", "U+0009"},
		{"IA5String with 0x80", cbasn1.IA5String, "\x80", "", "0x80"},
		{"T61String", cbasn1.T61String, "a_b", "a_b", ""},
		{"T61String with an escape", cbasn1.T61String, "\x1b", "", "U+001B"},
		{"T61String with 0xe9", cbasn1.T61String, "\xe9", "", "0xe9"},
		{"BMPString", 30, "\x51\x6c\x00a", "公a", ""},
		{"BMPString with U+FFFD", 30, "\xff\xfd", "\ufffd", ""},
		{"BMPString with U+FFFE", 30, "\xff\xfe", "", "U+FFFE"},
		{"BMPString with U+FDEF", 30, "\xfd\xef", "", "U+FDEF"},
		{"BMPString with U+FDF0", 30, "\xfd\xf0", "\ufdf0", ""},
		{"BMPString with NUL", 30, "\x00\x00", "", "U+0000"},
		{"BMPString with a high surrogate", 30, "\xdb\xff", "", "U+DBFF"},
		{"BMPString with a low surrogate", 30, "\xdf\xff", "", "U+DFFF"},
		{"odd BMPString", 30, "a", "", "odd"},
		{"NumericString", 18, "0 9", "0 9", ""},
		{"NumericString with a letter", 18, "a", "", "0x61"},
		{"UniversalString", 28, "\x00\x00\x00a", "", "tag 28"},
		{"VisibleString", 26, "a", "", "tag 26"},
		{"OCTET STRING", cbasn1.OCTET_STRING, "a", "", "tag 4"},
		{"constructed UTF8String", cbasn1.UTF8String.Constructed(), "\x0c\x01a", "", "tag 44"},
	}
}

func TestParseNameStrings(t *testing.T) {
	t.Parallel()
	for _, tt := range nameStrings() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			der := tt.der()
			got, err := x509der.ParseName(der)
			checkSays(t, err, tt.says)
			if err == nil && got.Get(x509der.Organization) != tt.want {
				t.Errorf("text %q, want %q", got.Get(x509der.Organization), tt.want)
			}
			// What we accept, encoding/asn1 reads the same way.
			var rdns pkix.RDNSequence
			if _, other := asn1.Unmarshal(der, &rdns); err == nil && (other != nil || rdns[0][0].Value != tt.want) {
				t.Errorf("encoding/asn1 reads %v, %v", rdns, other)
			}
		})
	}
}

// A namePair is one row of namePairs.
type namePair struct {
	name, a, b string
	same       bool
}

// namePairs are texts in names that are the same name or another one.
// FuzzParseName starts from them too.
func namePairs() []namePair {
	return []namePair{
		{"letter case", "Acme CA", "aCME ca", true},
		{"repeated spaces", "Acme CA", "Acme   CA", true},
		{"spaces around", "Acme CA", " Acme CA ", true},
		{"no space", "Acme CA", "AcmeCA", false},
		{"another letter", "Acme CA", "Acne CA", false},
		{"a longer text", "Acme CA", "Acme CA 2", false},
		{"letters that look alike", "Acme CA", "\u0410cme CA", false},
		{"an accent", "Societe CA", "Société CA", false},

		{"sharp s", "Straße CA", "STRASSE CA", true},
		{"capital sharp s", "Straße CA", "STRAẞE CA", true},
		{"long s", "Strasse CA", "Stra\u017fse CA", true},
		{"one s for two", "Straße CA", "Strase CA", false},
		{"final sigma", "ΟΔΟΣ CA", "οδος CA", true},
		{"iota subscript", "ᾳ\u0301 CA", "\u0391\u0301\u0399 CA", true},
		{"dotted capital i", "\u0130 CA", "i\u0307 CA", true},
		{"dotless i", "\u0131 CA", "i CA", false},
		{"the Kelvin sign", "\u212aey CA", "key CA", true},
		{"the micro sign", "\u00b5 CA", "\u039c CA", true},

		{"decomposed", "Société CA", "Socie\u0301te\u0301 CA", true},
		{"decomposed and in capitals", "Société CA", "SOCIE\u0301TE\u0301 CA", true},
		{"marks in another order", "a\u0301\u0323 CA", "a\u0323\u0301 CA", true},
		{"full-width letters", "Acme CA", "\uff21\uff43\uff4d\uff45 \uff23\uff21", true},
		{"a ligature", "Certificate CA", "Certi\ufb01cate CA", true},
		{"a Roman numeral", "Acme CA III", "Acme CA \u2162", true},
		{"a letter in a circle", "Acme CA", "\u24b6cme CA", true},
		{"half-width katakana", "ガス CA", "\uff76\uff9e\uff7d CA", true},
		{"Hangul as letters", "한국 CA", "\u1112\u1161\u11ab\u1100\u116e\u11a8 CA", true},
		{"simplified and traditional", "国 CA", "國 CA", false},

		{"a space without break", "Acme CA", "Acme\u00a0CA", true},
		{"an ideographic space", "云证 CA", "云证\u3000CA", true},
		{"spaces of several kinds", "Acme CA", "\u2003Acme\u1680\u2009\u202fCA\u205f", true},
		{"a line separator", "Acme CA", "Acme\u2028\u2029CA", true},
		{"a space for another text", "Acme CA", "Acme\u00a0\u00a0CB", false},

		{"a soft hyphen", "Acme CA", "Ac\u00adme CA", true},
		{"a space of no width", "Acme CA", "Acme\u200b CA", true},
		{"a space of no width", "Acme CA", "Acme\u200bCA", false},
		{"joiners", "Acme CA", "A\u200cc\u200dm\u2060e\ufeff CA", true},
		{"a grapheme joiner", "Acme CA", "Acme\u034f CA", true},
		{"a grapheme joiner before a mark", "Société CA", "Socie\u034f\u0301te\u0301 CA", true},
		{"variation selectors", "云证 CA", "云\ufe00证\ufe0f\U000e0100 C\u180b\u180dA", true},
		{"direction marks", "Acme CA", "\u202eAcme\u200f CA\u2069", true},
		{"tags", "Acme CA", "Acme CA\U000e0041\U000e007f", true},
		{"a Mongolian soft hyphen", "Acme CA", "Ac\u1806me CA", true},
		{"an object replacement", "Acme CA", "Acme CA\ufffc", true},
		{"Hangul fillers", "Acme CA", "\u115fAc\u1160me\u3164 CA\uffa0", true},
		{"a hyphen", "Acme CA", "Ac-me CA", false},
	}
}

// RFC 5280, section 7.1: ways to write a name that make no other name of it, in
// each string type that holds it, and texts that are close and another name.
func TestNameSame(t *testing.T) {
	t.Parallel()
	for _, tt := range namePairs() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, tag := range []cbasn1.Tag{cbasn1.UTF8String, 30} {
				other := x509der.Attribute{Type: x509der.CommonName, Tag: tag, Value: tt.b}
				if tag == 30 {
					units := utf16.Encode([]rune(tt.b))
					if len(units) != utf8.RuneCountInString(tt.b) {
						continue // a BMPString has no surrogates
					}
					octets, _ := binary.Append(nil, binary.BigEndian, units)
					other.Value = string(octets)
				}
				a := x509der.Name{x509der.Text(x509der.Country, "CN"), x509der.Text(x509der.CommonName, tt.a)}
				b := x509der.Name{x509der.Text(x509der.Country, "CN"), other}
				if a.Same(b) != tt.same || b.Same(a) != tt.same {
					t.Errorf("tag %d: Same = %t and %t, want %t", tag, a.Same(b), b.Same(a), tt.same)
				}
				if got := x509der.SameName(nameDER(a), nameDER(b)); got != tt.same {
					t.Errorf("tag %d: SameName = %t, want %t", tag, got, tt.same)
				}
				for what, c := range map[string]x509der.Name{
					"a part less":  b[1:],
					"a part more":  append(b[:2:2], x509der.Text(x509der.Organization, "O")),
					"another type": {b[0], {Type: x509der.Organization, Tag: tag, Value: other.Value}},
					"other order":  {b[1], b[0]},
				} {
					if a.Same(c) || c.Same(a) {
						t.Errorf("%s: the same", what)
					}
				}
			}
		})
	}
	t.Run("names that cannot be read", func(t *testing.T) {
		t.Parallel()
		for _, tag := range []cbasn1.Tag{26, cbasn1.OCTET_STRING} {
			upper := nameDER(x509der.Name{{Type: x509der.CommonName, Tag: tag, Value: "CA"}})
			lower := nameDER(x509der.Name{{Type: x509der.CommonName, Tag: tag, Value: "ca"}})
			if !x509der.SameName(upper, upper) || x509der.SameName(upper, lower) {
				t.Errorf("tag %d: not compared octet by octet", tag)
			}
		}
	})
}

// golang.org/x/text/cases folds every character to one that is the same here.
func TestNameSameFolds(t *testing.T) {
	t.Parallel()
	fold := cases.Fold()
	of := func(text string) x509der.Name { return x509der.Name{x509der.Text(x509der.CommonName, "x"+text+"x")} }
	folded := 0
	for r := rune(' '); r <= unicode.MaxRune; r++ {
		text := string(r)
		to := fold.String(text)
		if r == utf8.RuneError || to == text {
			continue
		}
		if folded++; !of(text).Same(of(to)) || !x509der.SameName(nameDER(of(text)), nameDER(of(to))) {
			t.Errorf("%U is folded to %+q, and is another name", r, to)
		}
	}
	if folded < 1400 {
		t.Errorf("%d characters are folded", folded)
	}
}

// Names are compared whenever something is issued: those in ASCII take no memory.
// Other tests would be counted in, so this one is not parallel.
func TestNameSameAllocations(t *testing.T) {
	a := x509der.Name{x509der.Text(x509der.CommonName, "Acme Server CA 1")}
	b := x509der.Name{x509der.Text(x509der.CommonName, "ACME Server CA 2")}
	if n := testing.AllocsPerRun(100, func() {
		if a.Same(b) {
			t.Error("the same")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Hostile names are compared in time that grows as they do, and hide nothing.
func TestNameSameLong(t *testing.T) {
	t.Parallel()
	of := func(text string) x509der.Name { return x509der.Name{x509der.Text(x509der.CommonName, text)} }
	start := time.Now()
	for _, text := range []string{"\u0301", "\u0323\u0301", "\ufdfa", "\u200b", "\u3000", "ß", "ᾴ", "\u1100"} {
		long := strings.Repeat(text, 64<<10/len(text))
		a, b, upper := of(long+"a"), of(long+"b"), of(long+"A")
		if a.Same(b) || !a.Same(upper) || x509der.SameName(nameDER(a), nameDER(b)) || !x509der.SameName(nameDER(a), nameDER(upper)) {
			t.Errorf("%+q many times hides a letter", text)
		}
	}
	if took := time.Since(start); took > time.Minute { // under the race detector on a busy machine it can be 20 seconds
		t.Errorf("comparing long names took %v", took)
	}
}

func TestCheckText(t *testing.T) {
	t.Parallel()
	bounds := map[string]int{
		x509der.CommonName: 64, x509der.Organization: 64, x509der.OrganizationalUnit: 64, x509der.State: 128, x509der.Locality: 128,
	}
	for attributeType, n := range bounds {
		t.Run(fmt.Sprint(x509der.ObjectIdentifier(attributeType)), func(t *testing.T) {
			t.Parallel()
			for _, r := range []string{"a", "é", "公", "𠮷"} {
				checkSays(t, x509der.CheckText(attributeType, strings.Repeat(r, n)), "")
				checkSays(t, x509der.CheckText(attributeType, strings.Repeat(r, n+1)), fmt.Sprintf("%d characters", n+1))
			}
			checkSays(t, x509der.CheckText(attributeType, ""), "")
			for _, c := range []rune{0, 1, '\t', '\n', '\r', 0x1b, 0x7f, 0x80, 0x85, 0x9f, 0xfffd} {
				for _, text := range []string{string(c), "a" + string(c), string(c) + "a", "a" + string(c) + "b"} {
					checkSays(t, x509der.CheckText(attributeType, text), fmt.Sprintf("%U", c))
				}
			}
			for _, text := range []string{"\xff", "a\xc0\x80", "\xed\xa0\x80", "公"[:2]} {
				checkSays(t, x509der.CheckText(attributeType, text), "UTF-8")
			}
			for _, space := range []string{" ", "\u00a0", "\u3000", "\u2003"} {
				checkSays(t, x509der.CheckText(attributeType, space+"a"), "space")
				checkSays(t, x509der.CheckText(attributeType, "a"+space), "space")
				checkSays(t, x509der.CheckText(attributeType, space), "space")
				checkSays(t, x509der.CheckText(attributeType, "a"+space+"b"), "")
			}
		})
	}
	tests := []struct{ attributeType, text, says string }{
		{x509der.Country, "CN", ""},
		{x509der.Country, "cn", ""},
		{x509der.Country, "zZ", ""},
		{x509der.Country, "C", "two letters"},
		{x509der.Country, "Unknown", "two letters such as CN (ISO 3166-1); keytool writes Unknown"},
		{x509der.Country, "CNN", "two letters"},
		{x509der.Country, "C@", "two letters"}, // one below A
		{x509der.Country, "C[", "two letters"}, // one above Z
		{x509der.Country, "`c", "two letters"},
		{x509der.Country, "c{", "two letters"},
		{x509der.Country, "中", "two letters"},
		{x509der.Country, "中国", "two letters"},
		{x509der.CommonName, "*.example.com", ""},
		{x509der.CommonName, "*.com", "wildcard"},
		{x509der.CommonName, "a * b", "a wildcard is only allowed as the whole left-most label of a DNS name"},
		{x509der.Organization, "*", ""},
		{x509der.Email, "xxx.com", ""},
		{x509der.Email, "!~", ""},
		{x509der.Email, strings.Repeat("a", 255), ""},
		{x509der.Email, strings.Repeat("a", 256), "256 characters"},
		{x509der.Email, "a b", "ASCII"},
		{x509der.Email, "é@example.com", "ASCII"},
		{domainComponent, "example", ""},
		{domainComponent, "a b", "ASCII"},
		{domainComponent, "例子", "ASCII"},
		{serialNumber, "SN (1)/2", ""},
		{serialNumber, "SN_1", "PrintableString"},
		{serialNumber, strings.Repeat("1", 64), ""},
		{serialNumber, strings.Repeat("1", 65), "65 characters"},
		{"\x55\x04\x2e", "A@B", "a serial number or DN qualifier is a PrintableString"}, // dnQualifier
		{"\x55\x04\x0c", strings.Repeat("公", 64), ""},                                   // title
		{"\x55\x04\x0c", strings.Repeat("公", 65), "65 characters"},
		{"\x55\x04\x09", strings.Repeat("公", 129), "129 characters"}, // street
		{"\x55\x04\x0d", strings.Repeat("公", 1024), ""},              // description
		{"\x55\x04\x0d", strings.Repeat("公", 1025), "1025 characters: up to 1024"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%v %q", x509der.ObjectIdentifier(tt.attributeType), tt.text), func(t *testing.T) {
			t.Parallel()
			checkSays(t, x509der.CheckText(tt.attributeType, tt.text), tt.says)
		})
	}
}

// Attribute types with a string type of their own.
const (
	serialNumber    = "\x55\x04\x05"
	domainComponent = "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"
)

// A certificate has e-mail addresses and domain components as IA5String, whatever
// the CSR has. In other attributes, what is not UTF8String becomes one.
func TestCertified(t *testing.T) {
	t.Parallel()
	for attributeType, want := range map[string]cbasn1.Tag{
		x509der.Email: cbasn1.IA5String, domainComponent: cbasn1.IA5String, serialNumber: cbasn1.UTF8String, x509der.MatterNodeID: cbasn1.UTF8String,
	} {
		for _, tag := range []cbasn1.Tag{cbasn1.UTF8String, cbasn1.IA5String} {
			got := x509der.Name{{Type: attributeType, Tag: tag, Value: "AB12"}}.Certified()
			if diff := cmp.Diff(x509der.Name{{Type: attributeType, Tag: want, Value: "AB12"}}, got); diff != "" {
				t.Errorf("%v: mismatch (-want +got):\n%s", tag, diff)
			}
		}
	}
}

// encoding/asn1 decodes the same, as far as it decodes.
func TestObjectIdentifier(t *testing.T) {
	t.Parallel()
	for _, oid := range []asn1.ObjectIdentifier{
		{0, 0}, {0, 39}, {1, 0}, {1, 2, 840, 113549, 1, 9, 14}, {2, 5, 4, 3}, {2, 39}, {2, 40, 1}, {2, 999, 3},
		{1, 2, 156, 10197, 1, 501}, {2, 5, 127, 128, 16383, 16384, math.MaxInt32},
	} {
		der, err := asn1.Marshal(oid)
		if err != nil {
			t.Fatal(err)
		}
		if got := x509der.ObjectIdentifier(string(der[2:])); !got.Equal(oid) {
			t.Errorf("ObjectIdentifier = %v, want %v", got, oid)
		}
	}
	// Larger arcs stay large: 2^31+3, 2^64+3, 2^70+3.
	for _, arc := range []string{"\x88\x80\x80\x80\x03", "\x82\x80\x80\x80\x80\x80\x80\x80\x80\x03", "\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x03"} {
		got := x509der.ObjectIdentifier("\x55\x04" + arc)
		if len(got) != 4 || got[3] < 1<<30 {
			t.Errorf("2.5.4.(%x) is decoded as %v", arc, got)
		}
	}
}

// Marks that turn the direction of text make one name look like another.
func TestCheckTextRefusesInvisible(t *testing.T) {
	t.Parallel()
	types := []string{x509der.Organization, x509der.OrganizationalUnit, x509der.State, x509der.Locality, x509der.CommonName}
	for _, r := range []rune{
		0, '\n', 0x7f, 0x85, 0x061c, 0x200e, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069, 0x2028, 0x2029, 0xfffd,
		// Characters that nobody sees.
		0x00ad, 0x034f, 0x115f, 0x1160, 0x17b4, 0x180e, 0x200b, 0x2060, 0x2064, 0x206a, 0x3164, 0xfeff, 0xffa0, 0xfff9, 0xe0001, 0xe0041, 0xe007f,
	} {
		for _, attributeType := range types {
			checkSays(t, x509der.CheckText(attributeType, "a"+string(r)+"b"), fmt.Sprintf("%U", r))
		}
	}
	for _, r := range []rune{
		0x200c, 0x200d, 0x3000, '\u00a0', // joiners and spaces are text
		0x180b, 0xfe00, 0xfe0f, 0xe0100, // variants of a character
		0x0600, 0x06dd, // signs around digits
	} {
		for _, attributeType := range types {
			checkSays(t, x509der.CheckText(attributeType, "a"+string(r)+"b"), "")
		}
	}
	// Languages that need joiners and variation selectors.
	for _, text := range []string{"شرکت نمونه\u200cای", "ശ്രീ\u200dമതി", "क्\u200dष", "葛\U000e0100城市", "ᠮᠣᠩᠭᠣᠯ\u180bᠤᠯᠤᠰ"} {
		checkSays(t, x509der.CheckText(x509der.Organization, text), "")
	}
}

func FuzzParseName(f *testing.F) {
	for _, row := range nameStrings() {
		f.Add(row.der(), []byte(nil))
	}
	for _, row := range namePairs() {
		f.Add(nameDER(x509der.Name{x509der.Text(x509der.CommonName, row.a)}), nameDER(x509der.Name{x509der.Text(x509der.CommonName, row.b)}))
	}
	for _, row := range nameForms() {
		f.Add(row.a, row.b)
	}
	f.Add([]byte{0x30, 0}, []byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if !x509der.SameName(a, a) {
			t.Error("the name is not the same as itself")
		}
		same := x509der.SameName(a, b)
		if x509der.SameName(b, a) != same {
			t.Errorf("a and b: %t, b and a: %t", same, !same)
		}
		name, err := x509der.ParseName(a)
		if err != nil {
			if name != nil {
				t.Errorf("the name %v with the error %v", name, err)
			}
			return
		}
		again, err := x509der.ParseName(nameDER(name))
		if err != nil {
			t.Fatalf("written again, it cannot be read: %v", err)
		}
		if other, err := x509der.ParseName(b); err == nil && name.Same(other) != x509der.SameName(nameDER(name), nameDER(other)) {
			t.Errorf("Same = %t, and SameName is not", name.Same(other))
		}
		// A PrintableString with * or & is written as a UTF8String.
		if diff := cmp.Diff(name, again, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(x509der.Attribute{}, "Tag")); diff != "" {
			t.Errorf("written and read again, it is another name (-want +got):\n%s", diff)
		}
	})
}
