package x509der_test

import (
	"slices"
	"strings"
	"testing"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A nameForm is two ways to write a name that differ in more than its text.
type nameForm struct {
	name string
	a, b []byte
	same bool
}

// nameForms are pairs of DER names. FuzzParseName starts from them too.
func nameForms() []nameForm {
	country, unit := asn.Printable(asn.OIDCountry, "CN"), asn.UTF8(asn.OIDUnit, "云")
	teletex := func(text string) []byte { return asn.Attribute(asn.OIDCommonName, cbasn1.T61String, text) }
	name := func(sets ...[]byte) []byte { return asn.Seq(sets...) }
	other := asn.Seq(asn.OIDSerialNumber, asn.TLV(cbasn1.BIT_STRING, []byte{0, 1}))
	return []nameForm{
		{"empty", name(), name(), true},
		{"empty and not", name(), asn.Name(country), false},
		{"two attributes in another order", name(asn.Set(country, unit)), name(asn.Set(unit, country)), true},
		{"two attributes in letters that sort otherwise", name(asn.Set(asn.UTF8(asn.OIDUnit, "a"), asn.UTF8(asn.OIDUnit, "B"))),
			name(asn.Set(asn.UTF8(asn.OIDUnit, "A"), asn.UTF8(asn.OIDUnit, "b"))), true},
		{"two attributes in two parts", name(asn.Set(country, unit)), name(asn.Set(country), asn.Set(unit)), false},
		{"two parts in another order", asn.Name(country, unit), asn.Name(unit, country), false},
		{"an attribute twice", name(asn.Set(country)), name(asn.Set(country, country)), false},
		{"the name above", asn.Name(country), asn.Name(country, unit), false},
		{"TeletexString in ASCII", asn.Name(teletex("Acme")), asn.Name(asn.UTF8(asn.OIDCommonName, "acme")), true},
		{"TeletexString in Latin-1", asn.Name(teletex("M\xfcller")), asn.Name(asn.UTF8(asn.OIDCommonName, "MÜLLER")), true},
		{"another letter in Latin-1", asn.Name(teletex("M\xfcller")), asn.Name(teletex("M\xf6ller")), false},
		{"a value that is not text", asn.Name(other), asn.Name(other), true},
		{"a part after one that is not text", asn.Name(other, asn.Printable(asn.OIDCommonName, "a")), asn.Name(other, asn.UTF8(asn.OIDCommonName, "A")), true},
		{"text and the same octets in a BIT STRING", asn.Name(asn.UTF8(asn.OIDSerialNumber, "A")),
			asn.Name(asn.Seq(asn.OIDSerialNumber, asn.TLV(cbasn1.BIT_STRING, []byte("A")))), false},
		{"control characters", asn.Name(asn.UTF8(asn.OIDCommonName, "a\n")), asn.Name(asn.UTF8(asn.OIDCommonName, "A\n")), false},
		{"not DER", []byte{0x30, 0x80}, []byte{0x30, 0x80}, true},
		{"not DER and empty", []byte{0x30, 0x80}, name(), false},
		{"with an octet after it", append(asn.Name(country), 0), asn.Name(country), false},
		{"a part without attributes", name(asn.Set()), name(), false},
	}
}

func TestSameName(t *testing.T) {
	t.Parallel()
	for _, tt := range nameForms() {
		if x509der.SameName(tt.a, tt.b) != tt.same || x509der.SameName(tt.b, tt.a) != tt.same {
			t.Errorf("%s: want the same %t", tt.name, tt.same)
		}
	}
}

// The names below a name begin with its comparable form, and no others do.
func TestComparablePrefix(t *testing.T) {
	t.Parallel()
	country, organization := asn.Printable(asn.OIDCountry, "CN"), asn.UTF8(asn.OIDOrganization, "Acme")
	base := x509der.Comparable(asn.Name(country, organization))
	for _, tt := range []struct {
		name  string
		der   []byte
		below bool
	}{
		{"itself", asn.Name(asn.UTF8(asn.OIDCountry, "cn"), asn.Printable(asn.OIDOrganization, " ACME ")), true},
		{"below", asn.Name(country, organization, asn.UTF8(asn.OIDCommonName, "a")), true},
		{"above", asn.Name(country), false},
		{"a longer text", asn.Name(country, asn.UTF8(asn.OIDOrganization, "Acme Inc."), asn.UTF8(asn.OIDCommonName, "a")), false},
		{"one more attribute in the part", asn.Seq(asn.Set(country), asn.Set(organization, asn.UTF8(asn.OIDUnit, "a"))), false},
		{"not first", asn.Name(asn.UTF8(asn.OIDCommonName, "a"), country, organization), false},
	} {
		if below := strings.HasPrefix(string(x509der.Comparable(tt.der)), string(base)); below != tt.below {
			t.Errorf("%s: below %t, want %t", tt.name, below, tt.below)
		}
	}
	if got, want := base.String(), "C=CN, O=ACME"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	if got, want := x509der.Comparable(asn.Name(asn.IA5(asn.OIDDC, "a"))).String(), "0.9.2342.19200300.100.1.25=A"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

// ParseCAName reads what a CA's subject may hold and a CSR's may not.
func TestParseCAName(t *testing.T) {
	t.Parallel()
	for _, row := range nameStrings() {
		der := row.der()
		strict, strictErr := x509der.ParseName(der)
		got, err := x509der.ParseCAName(der)
		teletex := slices.Contains([]string{"T61String", "T61String with 0xe9"}, row.name)
		if !teletex {
			if (err == nil) != (strictErr == nil) || got.Get(x509der.Organization) != strict.Get(x509der.Organization) {
				t.Errorf("%s: %v, %v; ParseName: %v, %v", row.name, got, err, strict, strictErr)
			}
			continue
		}
		want := map[string]string{"T61String": "a_b", "T61String with 0xe9": "é"}[row.name]
		if err != nil || got.Get(x509der.Organization) != want || got[0].Tag != cbasn1.UTF8String {
			t.Errorf("%s: %v, %v", row.name, got, err)
		}
	}
}
