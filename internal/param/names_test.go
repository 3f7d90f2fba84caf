package param_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/testutil"
)

func TestSplitNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, list string
		want       []string
		says       string // of the error, if not empty
	}{
		{"nothing", "", nil, ""},
		{"commas and spaces", " , ,,", nil, ""},
		{"one", "example.com", []string{"example.com"}, ""},
		{"spaces", " b.example , a.example\t", []string{"b.example", "a.example"}, ""},
		{"line breaks between", "b.example,\r\na.example", []string{"b.example", "a.example"}, ""},
		{"repeats", "b.example,a.example,B.EXAMPLE,b.example", []string{"b.example", "a.example"}, ""},
		{"repeats in another form", "例子.公司,xn--fsqu00a.xn--55qx5d,2001:DB8:0::1,2001:db8::1", []string{"xn--fsqu00a.xn--55qx5d", "2001:db8::1"}, ""},
		{"250", strings.Join(testutil.NumberedNames(250), ","), testutil.NumberedNames(250), ""},
		{"250 and repeats", strings.Join(append(testutil.NumberedNames(250), testutil.NumberedNames(250)...), ","), testutil.NumberedNames(250), ""},
		{"251, for one can be the common name", strings.Join(testutil.NumberedNames(251), ","), testutil.NumberedNames(251), ""},
		{"252", strings.Join(testutil.NumberedNames(252), ","), nil, "more than 250"},
		{"first is wrong", "a_b.example,b.example", nil, "a_b.example"},
		{"last is wrong", "b.example,a_b.example", nil, "a_b.example"},
		{"a space within", "a.example b.example", nil, "the character ' ' (U+0020): separate names with the ASCII comma"},
		{"a semicolon", "a.example;b.example", nil, "the character ';' (U+003B): separate names with the ASCII comma"},
		{"an enumeration comma", "www.a.cn、www.b.cn", nil, "the character '、' (U+3001): separate names with the ASCII comma"},
		{"an ideographic space", "a.example\u3000b.example", nil, "(U+3000): separate names with the ASCII comma"},
		{"a comma of another script", "a.example，b.example", nil, `the character '，' (U+FF0C): separate names with the ASCII comma "," (U+002C)`},
		{"a mapped address", "::ffff:192.0.2.1,192.0.2.1", nil, "::ffff:192.0.2.1 is an IPv4 address mapped into IPv6: write 192.0.2.1"},
		{"a dot at the end", "example.com.", nil, "ends with a dot"},
		{"65536 octets", strings.Repeat(" ", 64<<10), nil, ""},
		{"65537 octets", strings.Repeat(" ", 64<<10+1), nil, "65537 octets"},
		{"NUL", "\x00", nil, `'\x00'`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := param.SplitNames("Domain", tt.list)
			if tt.says == "" {
				checkError(t, err, "", "", "")
			} else {
				checkError(t, err, yuncert.ErrInvalidValueMalformed, "Domain", "")
				if !strings.Contains(err.Error(), tt.says) {
					t.Errorf("the error %q does not say %q", err, tt.says)
				}
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("names mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, list, commonName string
		want                   []string
		code                   yuncert.Code
	}{
		{"both", "b.example,a.example", "C.example", []string{"c.example", "b.example", "a.example"}, ""},
		{"common name among them", "b.example,a.example", "A.example", []string{"a.example", "b.example"}, ""},
		{"address", "b.example", "2001:DB8:0::1", []string{"2001:db8::1", "b.example"}, ""},
		{"person", "b.example", "Zhang San", []string{"b.example"}, ""},
		{"nothing", "", "Zhang San", nil, ""},
		{"only the common name", "", "a.example", []string{"a.example"}, ""},
		{"250", strings.Join(testutil.NumberedNames(249), ","), "a.example", append([]string{"a.example"}, testutil.NumberedNames(249)...), ""},
		{"250, the common name among them", strings.Join(testutil.NumberedNames(250), ","), "haa.example.net", testutil.NumberedNames(250), ""},
		{"250 and the common name", strings.Join(testutil.NumberedNames(250), ","), "a.example", append([]string{"a.example"}, testutil.NumberedNames(250)...), ""},
		{"250 and the common name among them", strings.Join(testutil.NumberedNames(251), ","), "HAA.example.net", testutil.NumberedNames(251), ""},
		{"251 and the common name", strings.Join(testutil.NumberedNames(251), ","), "a.example", nil, yuncert.ErrInvalidValueMalformed},
		{"251 and a common name that is not a name", strings.Join(testutil.NumberedNames(251), ","), "Zhang San", nil, yuncert.ErrInvalidValueMalformed},
		{"malformed", "a_b", "a.example", nil, yuncert.ErrInvalidValueMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := param.Names("SANs", tt.list, tt.commonName)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("names mismatch (-want +got):\n%s", diff)
			}
			checkError(t, err, tt.code, "SANs", "")
		})
	}
}
