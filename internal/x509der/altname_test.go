package x509der_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/x509der"
)

var label63 = strings.Repeat("a", 63)

// A acceptedName is one row of acceptedNames.
type acceptedName struct{ entry, want string }

// acceptedNames are what CanonicalName makes of names. FuzzCanonicalName starts
// from them too.
func acceptedNames() []acceptedName {
	return []acceptedName{
		{"example.com", "example.com"},
		{"WWW.Example.COM", "www.example.com"},
		{"localhost", "localhost"},
		{"a", "a"},
		{"1a", "1a"},
		{"163.com", "163.com"},
		{"1.2.3.4a", "1.2.3.4a"},
		{"a--b.example", "a--b.example"},
		{"*.example.com", "*.example.com"},
		{"*.a.b.c.example.com", "*.a.b.c.example.com"},
		{label63 + ".example", label63 + ".example"},
		{strings.Repeat("a.", 126) + "a", strings.Repeat("a.", 126) + "a"}, // 253 octets
		{"*." + strings.Repeat("a.", 125) + "a", "*." + strings.Repeat("a.", 125) + "a"},

		{"例子.公司", "xn--fsqu00a.xn--55qx5d"},
		{"例子。公司", "xn--fsqu00a.xn--55qx5d"}, // the ideographic full stop separates labels too
		{"*.例子.公司", "*.xn--fsqu00a.xn--55qx5d"},
		{"ab--cd.例子.公司", "ab--cd.xn--fsqu00a.xn--55qx5d"}, // as with A-labels
		{"AB--cd.xn--fsqu00a.xn--55qx5d", "ab--cd.xn--fsqu00a.xn--55qx5d"},
		{"123.مثال.إختبار", "123.xn--mgbh0fb.xn--kgbechtv"},
		{"123.xn--mgbh0fb.xn--kgbechtv", "123.xn--mgbh0fb.xn--kgbechtv"},
		{"ｗｗｗ．Example｡com", "www.example.com"},
		{"ｅｘａｍｐｌｅ.com", "example.com"},
		{"Bücher.example", "xn--bcher-kva.example"},
		{"BU\u0308CHER.example", "xn--bcher-kva.example"}, // decomposed
		{"faß.de", "xn--fa-hia.de"},                       // IDNA2008: not fass.de
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"XN--Bcher-KVA.example", "xn--bcher-kva.example"},
		{"xn--fsqu00a.公司", "xn--fsqu00a.xn--55qx5d"},
		{"مثال.إختبار", "xn--mgbh0fb.xn--kgbechtv"}, // right to left

		{"192.0.2.1", "192.0.2.1"},
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
		{"::", "::"},
		{"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
	}
}

func TestCanonicalName(t *testing.T) {
	t.Parallel()
	for _, tt := range acceptedNames() {
		t.Run(tt.entry, func(t *testing.T) {
			t.Parallel()
			got, err := x509der.CanonicalName(tt.entry)
			if err != nil || got != tt.want {
				t.Fatalf("CanonicalName = %q, %v, want %q", got, err, tt.want)
			}
			again, err := x509der.CanonicalName(got)
			if err != nil || again != got {
				t.Errorf("of itself it is %q, %v", again, err)
			}
			_, err = netip.ParseAddr(got)
			if x509der.IsIP(got) != (err == nil) {
				t.Errorf("IsIP(%q) is %v", got, x509der.IsIP(got))
			}
		})
	}
}

// A refusedName is one row of refusedNames.
type refusedName struct{ entry, says string }

// ReferenceName accepts what CanonicalName accepts, and underscores in labels.
func TestReferenceName(t *testing.T) {
	t.Parallel()
	for _, tt := range acceptedNames() {
		if got, err := x509der.ReferenceName(tt.entry); err != nil || got != tt.want {
			t.Errorf("ReferenceName(%q) = %q, %v, want %q", tt.entry, got, err, tt.want)
		}
	}
	for _, tt := range refusedNames() {
		if got, err := x509der.ReferenceName(tt.entry); (err == nil) != (tt.says == "'_'") {
			t.Errorf("ReferenceName(%q) = %q, %v", tt.entry, got, err)
		}
	}
	for entry, want := range map[string]string{
		"my_svc.reports.example": "my_svc.reports.example",
		"_My.SVC_.example":       "_my.svc_.example",
		"_":                      "_",
		"my_svc.例子.公司":           "my_svc.xn--fsqu00a.xn--55qx5d",
		"*._tcp.example":         "*._tcp.example",
	} {
		if got, err := x509der.ReferenceName(entry); err != nil || got != want {
			t.Errorf("ReferenceName(%q) = %q, %v, want %q", entry, got, err, want)
		}
	}
	for _, entry := range []string{"a_b..example", "_-.example", "a_b.example:443", "my_svc.1", "xn--a_b.example", "*_.example.com", strings.Repeat("_", 64)} {
		if got, err := x509der.ReferenceName(entry); err == nil {
			t.Errorf("ReferenceName(%q) = %q, want an error", entry, got)
		}
	}
}

// refusedNames are what CanonicalName refuses. FuzzCanonicalName starts from them
// too.
func refusedNames() []refusedName {
	return []refusedName{
		{"", "empty label"},
		{".", "empty label"},
		{"example.com.", "ends with a dot, which certificates do not have: leave the dot out"},
		{"*.example.com.", "ends with a dot"},
		{"192.0.2.1.", "ends with a dot"},
		{"例子.公司。", "ends with a dot"},
		{"example.com..", "empty label"},
		{".example.com", "empty label"},
		{"a..example.com", "empty label"},
		{"*.", "empty label"},
		{"*..com", "empty label"},
		{"*", "wildcard"},
		{"**.example.com", "wildcard"},
		{"*a.example.com", "wildcard"},
		{"a*.example.com", "wildcard"},
		{"a.*.example.com", "wildcard"},
		{"*.*.example.com", "wildcard"},
		{"*.com", "two more labels"},
		{"*.localhost", "two more labels"},
		{"*.公司", "two more labels"},
		{"*.192.0.2.1", "only digits"},
		{label63 + "a.example", "63 octets"},
		{strings.Repeat("a.", 126) + "aa", "253 octets"},
		{"*." + strings.Repeat("a.", 125) + "aa", "253 octets"}, // the wildcard counts
		{"-a.example", "hyphen"},
		{"a-.example", "hyphen"},
		{"-", "hyphen"},
		{"a_b.example", "'_'"},
		{"a b.example", "' '"},
		{" example.com", "' '"},
		{"example.com ", "' '"},
		{"example.com\n", `'\n'`},
		{"exam\x00ple.com", `'\x00'`},
		{"example.com/", "'/'"},
		{"https://example.com", "':'"},
		{"example.com:443", "':'"},
		{"user@example.com", "'@'"},
		{"a,b", "','"},
		{"a;b", "';'"},
		{"[::1]", "'['"},
		{"192.0.2.256", "only digits"},
		{"192.0.2", "only digits"},
		{"1", "only digits"},
		{"192.0.2.01", "only digits"},
		{"0x7f000001", "hexadecimal number"},
		{"127.0.0.0X1", "hexadecimal number"},
		{"a.0x", "hexadecimal number"},
		{"192.0.2.0/24", "'/'"},
		{"fe80::1%eth0", "zone"},
		{"fe80::1%25", "zone"},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1 is an IPv4 address mapped into IPv6: write 192.0.2.1"},
		{"::FFFF:c000:201", "write 192.0.2.1"},
		{"0:0:0:0:0:ffff:c000:0201", "write 192.0.2.1"},
		{"::1::", "':'"},
		{"１９２.0.2.1", "only digits"}, // wide digits are digits
		{"\xff.example", "A-label"},
		{"例_子.example", "internationalised"},
		{"ab\u200d.example", "internationalised"},
		{"\u0300a.example", "internationalised"}, // a combining mark first
		{"אa.example", "internationalised"},      // mixed directions
		{"xn--.example", "hyphen"},
		{"xn--a.example", "A-label"},
		{"xn--a-.example", "hyphen"},
		{"xn--example-.com", "hyphen"},
		{"xn--BCHER-KVA-ÿ.example", ""},
		{"xn--fass-.de", "hyphen"},
		{"xn--abc.example", ""},
	}
}

func TestCanonicalNameRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range refusedNames() {
		t.Run(fmt.Sprintf("%q", tt.entry), func(t *testing.T) {
			t.Parallel()
			got, err := x509der.CanonicalName(tt.entry)
			if err == nil {
				t.Fatalf("CanonicalName = %q, want an error", got)
			}
			if got != "" {
				t.Errorf("the name %q with the error", got)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("the error %q does not say %q", err, tt.says)
			}
		})
	}
}

// checkSays wants an error that says so, or none if says is empty.
func checkSays(t *testing.T, err error, says string) {
	t.Helper()
	switch {
	case says == "" && err != nil:
		t.Errorf("error %v, want none", err)
	case says != "" && err == nil:
		t.Errorf("no error, want one that says %q", says)
	case says != "" && !strings.Contains(err.Error(), says):
		t.Errorf("the error %q does not say %q", err, says)
	}
}

func TestAppendNames(t *testing.T) {
	t.Parallel()
	list := []string{"a", "b"}
	got := x509der.AppendNames(list[:1:1], "a", "c", "c")
	if diff := cmp.Diff([]string{"a", "c"}, got); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
	if list[1] != "b" {
		t.Errorf("the list became %q", list)
	}
	if got := x509der.AppendNames(nil); len(got) != 0 {
		t.Errorf("nothing and nothing is %q", got)
	}
}

// The common name does not count if it is among the names.
func TestCheckCount(t *testing.T) {
	t.Parallel()
	names := testutil.NumberedNames
	tests := []struct {
		name       string
		commonName string
		names      []string
		others     int
		says       string
	}{
		{"none", "", nil, 0, ""},
		{"250", "", names(250), 0, ""},
		{"250 of two kinds", "", names(200), 50, ""},
		{"251", "", names(251), 0, "more than 250 names, not counting the common name"},
		{"251 of two kinds", "", names(200), 51, "more than 250"},
		{"251 with the common name", "HAA.example.net", names(251), 0, ""},
		{"251 of two kinds with the common name", "haa.example.net", names(200), 51, ""},
		{"251 with another common name", "www.example.com", names(251), 0, "more than 250"},
		{"252 with the common name", "haa.example.net", names(252), 0, "more than 250"},
		{"251 with the address of the common name", "2001:DB8:0::1", append(names(250), "2001:db8::1"), 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkSays(t, x509der.CheckCount(tt.commonName, tt.names, tt.others), tt.says)
		})
	}
}

// A spelling is one row of spellings.
type spelling struct{ commonName, says string }

// spellings are common names that read like host names. FuzzCheckText starts from
// them too.
func spellings() []spelling {
	return []spelling{
		{"www.example.com", ""},
		{"WWW.Example.COM", ""},
		{"*.example.com", ""},
		{"例子.公司", ""},
		{"*.例子.公司", ""},
		{"xn--fsqu00a.公司", ""},
		{"XN--FSQU00A.公司", ""},
		{"bücher.example", ""},
		{"BÜCHER.Example", ""},
		{"faß.de", ""},
		{"ΟΔΟΣ.example", ""},
		{"مثال.إختبار", ""},
		{"نامه\u200cای.com", ""}, // RFC 5892, appendix A.1, allows this joiner
		{"2001:db8::1", ""},

		// Not host names.
		{"张三", ""},
		{"张三.", ""},
		{"ＮＴＴ", ""},
		{"Ｆｕｌｌ Ｗｉｄｔｈ Inc.", ""},
		{"شرکت نمونه\u200cای", ""},
		{"葛\U000e0100城", ""},
		{"a_b.公司", ""},

		{"ｗｗｗ.example.com", `reads like the host name "www.example.com" but has other characters (RFC 5892): write that name`},
		{"www.ｅｘａｍｐｌｅ.com", `like the host name "www.example.com"`},
		{"ｗｗｗ．example．com", `like the host name "www.example.com"`},
		{"www。example。com", `like the host name "www.example.com"`},
		{"例子。公司", `like the host name "xn--fsqu00a.xn--55qx5d"`},
		{"*.ｅxample.com", `like the host name "*.example.com"`},
		{"ｗｗｗ.example.com.", `like the host name "www.example.com"`},
		{"bu\u0308cher.example", `like the host name "xn--bcher-kva.example"`}, // decomposed
		{"\u212aey.example", `like the host name "key.example"`},               // the Kelvin sign
		{"a.\u017fhop.example", `like the host name "a.shop.example"`},         // a long s
		{"\u00b5.example", `reads like the host name "xn--`},                   // the micro sign
		{"①.example.com", `like the host name "1.example.com"`},
		{"１９２.0.2.1", `like the host name "192.0.2.1"`},
		{"exam\u200dple.com", `like the host name "example.com"`},
		{"exam\u200cple.com", `like the host name "example.com"`},
		{"例\ufe00子.公司", `like the host name "xn--fsqu00a.xn--55qx5d"`},
		{"exam\u00adple.com", "U+00AD"},
		{"exam\u200bple.com", "U+200B"},
		{"\ufeffexample.com", "U+FEFF"},
		{"exam\u2060ple.com", "U+2060"},
		{"::ffff:192.0.2.1", "write 192.0.2.1"},
		{"w*.example.com", "left-most label"},
		{"*.com", "left-most label"},
	}
}

func TestCheckTextSpellings(t *testing.T) {
	t.Parallel()
	for _, tt := range spellings() {
		t.Run(fmt.Sprintf("%+q", tt.commonName), func(t *testing.T) {
			t.Parallel()
			checkSays(t, x509der.CheckText(x509der.CommonName, tt.commonName), tt.says)
		})
	}
}

// FuzzCheckText checks that a common name that becomes an alternative name has
// the same spelling there.
func FuzzCheckText(f *testing.F) {
	for _, row := range spellings() {
		f.Add(row.commonName)
	}
	for _, row := range acceptedNames() {
		f.Add(row.entry)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := x509der.CheckText(x509der.CommonName, text)
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d octets", len(err.Error()))
			}
			return
		}
		name, ok := x509der.HostName(text)
		if !ok {
			return
		}
		if strings.ContainsAny(text, "\u200b\u00ad\ufeff\u2060") || x509der.IsASCII(text) && !x509der.IsIP(name) && strings.ToLower(text) != name {
			t.Errorf("%+q becomes the name %q", text, name)
		}
		composed := norm.NFKC.String(strings.ToLower(text))
		if !x509der.IsASCII(text) && composed != strings.ToLower(text) {
			t.Errorf("%+q becomes the name %q, and its composed form is %+q", text, name, composed)
		}
	})
}

func TestHostName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		commonName, want string
		ok               bool
	}{
		{"example.com", "example.com", true},
		{"WWW.Example.COM", "www.example.com", true},
		{"*.example.com", "*.example.com", true},
		{"CommonName", "commonname", true}, // the document's example
		{"192.0.2.1", "192.0.2.1", true},
		{"2001:DB8::1", "2001:db8::1", true},
		{"例子.公司", "xn--fsqu00a.xn--55qx5d", true},
		{"例子公司", "", false}, // a company
		{"", "", false},
		{"Zhang San", "", false},
		{"张三.", "", false},
		{"a_b", "", false},
		{"12345", "", false},
		{"admin@example.com", "", false},
		{"example.com.", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.commonName, func(t *testing.T) {
			t.Parallel()
			if got, ok := x509der.HostName(tt.commonName); got != tt.want || ok != tt.ok {
				t.Errorf("HostName = %q, %v, want %q, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func FuzzCanonicalName(f *testing.F) {
	for _, row := range acceptedNames() {
		f.Add(row.entry)
	}
	for _, row := range refusedNames() {
		f.Add(row.entry)
	}
	for _, entry := range []string{
		"example.com", "*.example.com", "例子.公司", "xn--fsqu00a.xn--55qx5d", "192.0.2.1", "::ffff:192.0.2.1", "fe80::1%eth0",
		"a。b", "ｅｘ.com", "faß.de", "xn--a.b", "مثال.إختبار", "\xff", "a.1", "*.*", "a\u200db.c", "a\u00ad.b", "\u2488com",
	} {
		f.Add(entry)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		name, err := x509der.CanonicalName(entry)
		if err != nil {
			if name != "" {
				t.Errorf("the name %q with the error %v", name, err)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d octets", len(err.Error()))
			}
			return
		}
		if again, err := x509der.CanonicalName(name); err != nil || again != name {
			t.Errorf("%q becomes %q, and that %q (%v)", entry, name, again, err)
		}
		if len(name) == 0 || len(name) > 253 {
			t.Errorf("%q has %d octets", name, len(name))
		}
		if x509der.IsIP(name) {
			if addr, err := netip.ParseAddr(name); err != nil || addr.Is4In6() || addr.Zone() != "" || addr.String() != name {
				t.Errorf("%q is not a canonical address", name)
			}
			return
		}
		for label := range strings.SplitSeq(strings.TrimPrefix(name, "*."), ".") {
			if len(label) == 0 || len(label) > 63 {
				t.Errorf("%q has a label of %d octets", name, len(label))
			}
		}
		for _, c := range []byte(strings.TrimPrefix(name, "*.")) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
				t.Errorf("%q holds %q", name, c)
			}
		}
	})
}
