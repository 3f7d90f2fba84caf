package ca_test

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// generalNames lists the alternative names in a certificate, each after the
// number of its kind.
func generalNames(t testing.TB, der []byte) (names []string) {
	t.Helper()
	for _, e := range parse(t, der).Extensions {
		if !e.Id.Equal([]int{2, 5, 29, 17}) {
			continue
		}
		list := cryptobyte.String(e.Value)
		if !list.ReadASN1(&list, asn1.SEQUENCE) || e.Critical {
			t.Fatal("subjectAltName is not a SEQUENCE, or critical")
		}
		for !list.Empty() {
			var value cryptobyte.String
			var tag asn1.Tag
			if !list.ReadAnyASN1(&value, &tag) {
				t.Fatal("subjectAltName is malformed")
			}
			text := string(value)
			if addr, ok := netip.AddrFromSlice(value); tag == 0x87 && ok {
				text = addr.String()
			}
			names = append(names, fmt.Sprintf("%d:%s", tag&^0x80, text))
		}
	}
	return names
}

// kind puts the number of their kind before names.
func kind(n int, names ...string) (list []string) {
	for _, name := range names {
		list = append(list, fmt.Sprintf("%d:%s", n, name))
	}
	return list
}

// An attribute of each kind of name, by constraints on addresses, mailboxes and
// the host names of URIs (RFC 5280, section 4.2.1.10).
func TestClientSanValueUnderConstraints(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	issuer := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) {
		r.NameConstraints = &ca.NameConstraints{
			PermittedIPRanges: []string{"10.0.0.0/8"}, PermittedEmailAddresses: []string{"example.com"}, ExcludedEmailAddresses: []string{"root@example.com"},
		}
	})
	o := leafOperations[2]
	for _, tt := range []struct {
		sanType int32
		value   string
		ok      bool
	}{
		{1, "zhang@example.com", true},
		{1, "root@example.com", false},
		{1, "zhang@mail.example.com", false},
		{7, "10.1.2.3", true},
		{7, "11.1.2.3", false},
		{2, "www.example.net", true},
		{6, "https://www.example.net/", true},
	} {
		t.Run(tt.value, func(t *testing.T) {
			t.Parallel()
			req := clientCSRRequest(issuer, hostCSR(t, algorithm.ECC_256, "zhang"))
			req.SanType, req.SanValue = tt.sanType, tt.value
			if tt.ok {
				o.issues(t, issuer, req, kind(int(tt.sanType), tt.value)...)
			} else {
				o.refuses(t, instant, issuer, req, refused, "SanValue", tt.value)
			}
		})
	}
}

// A refusedSan is one row of refusedSans.
type refusedSan struct {
	name      string
	sanType   int32
	value     string
	parameter string
	mention   string
}

// refusedSans are pairs of SanType and SanValue that are refused.
// FuzzLeafRequestsJSON starts from them too.
func refusedSans() []refusedSan {
	long := "https://example.com/"
	long += strings.Repeat("a", 2049-len(long))
	return []refusedSan{
		{"otherName", 0, "example.com", "SanType", "0 is not 1 (e-mail addresses), 2 (DNS names), 6 (URIs) or 7 (IP addresses)"},
		{"x400Address", 3, "example.com", "SanType", "3"},
		{"directoryName", 4, "CN=example", "SanType", "4"},
		{"ediPartyName", 5, "example", "SanType", "5"},
		{"registeredID", 8, "1.2.3", "SanType", "8"},
		{"9", 9, "example.com", "SanType", "9"},
		{"below zero", -1, "example.com", "SanType", "-1"},
		{"at the top of its type", math.MaxInt32, "example.com", "SanType", "2147483647"},

		{"e-mail: a host", 1, "example.com", "SanValue", `"example.com"`},
		{"e-mail: nothing before @", 1, "@example.com", "SanValue", `"@example.com"`},
		{"e-mail: nothing after @", 1, "zhang@", "SanValue", `"zhang@"`},
		{"e-mail: two @", 1, "a@b@example.com", "SanValue", `"a@b@example.com"`},
		{"e-mail: a name before it", 1, "Zhang <zhang@example.com>", "SanValue", "Zhang <zhang"},
		{"e-mail: a space", 1, "zhang san@example.com", "SanValue", "zhang san"},
		{"e-mail: quotes", 1, `"zhang"@example.com`, "SanValue", `zhang`},
		{"e-mail: a dot at the end", 1, "zhang.@example.com", "SanValue", "zhang."},
		{"e-mail: two dots", 1, "zhang..san@example.com", "SanValue", "zhang..san"},
		{"e-mail: 65 octets before @", 1, strings.Repeat("a", 65) + "@example.com", "SanValue", "aaa"},
		{"e-mail: Chinese before @", 1, "张@example.com", "SanValue", "张@example.com"},
		{"e-mail: an address for a host", 1, "zhang@192.0.2.1", "SanValue", "zhang@192.0.2.1"},
		{"e-mail: a wildcard", 1, "zhang@*.example.com", "SanValue", "zhang@*.example.com"},
		{"e-mail: an underscore in the host", 1, "zhang@a_b.example.com", "SanValue", "a_b"},
		{"e-mail: a NUL", 1, "zhang\x00@example.com", "SanValue", `\x00`},
		{"e-mail: the second of two", 1, "zhang@example.com,li", "SanValue", `"li"`},
		{"e-mail: another separator", 1, "zhang@example.com;li@example.com", "SanValue", "zhang@example.com;li@example.com"},

		{"DNS name: an address", 2, "192.0.2.1", "SanValue", "192.0.2.1"},
		{"DNS name: an IPv6 address", 2, "2001:db8::1", "SanValue", "2001:db8::1"},
		{"DNS name: a mailbox", 2, "zhang@example.com", "SanValue", "zhang@example.com"},
		{"DNS name: a URI", 2, "https://example.com", "SanValue", "https://example.com"},
		{"DNS name: an underscore", 2, "a_b.example.com", "SanValue", "a_b.example.com"},
		{"DNS name: a wildcard inside", 2, "a.*.example.com", "SanValue", "a.*.example.com"},

		{"URI: no scheme", 6, "example.com/a", "SanValue", "example.com/a"},
		{"URI: a relative one", 6, "//example.com/a", "SanValue", "//example.com/a"},
		{"URI: only a scheme", 6, "https:", "SanValue", `"https:"`},
		{"URI: no host", 6, "https://", "SanValue", "https://"},
		{"URI: only a query", 6, "https:?a", "SanValue", "https:?a"},
		{"URI: only a port", 6, "https://:443/", "SanValue", "https://:443/"},
		{"URI: only a user", 6, "https://zhang@/", "SanValue", "https://zhang@/"},
		{"URI: a space", 6, "https://example.com/a b", "SanValue", "a b"},
		{"URI: a space in the query", 6, "https://example.com/?a b", "SanValue", "a b"},
		{"URI: a space in a URN", 6, "urn:example:a b", "SanValue", "a b"},
		{"URI: an escape without digits", 6, "urn:example:%", "SanValue", "%"},
		{"URI: half an escape", 6, "urn:example:%4", "SanValue", "%4"},
		{"URI: a wrong escape", 6, "urn:example:%zz", "SanValue", "%zz"},
		{"URI: a quote", 6, `https://example.com/?"`, "SanValue", "example.com"},
		{"URI: angle brackets", 6, "<https://example.com/>", "SanValue", "<https"},
		{"URI: Chinese", 6, "https://example.com/云", "SanValue", "ASCII"},
		{"URI: a host in Chinese", 6, "https://例子.中国/", "SanValue", "ASCII"},
		{"URI: a host in Chinese, escaped", 6, "https://%E4%BE%8B%E5%AD%90.cn/", "SanValue", "is not ASCII: write its A-labels"},
		{"URI: a host with a full-width dot, escaped", 6, "https://www%EF%BC%8Eexample.com/", "SanValue", "is not ASCII"},
		{"URI: brackets in the path", 6, "https://example.com/[a]", "SanValue", "write %5B and %5D"},
		{"URI: brackets in the query", 6, "https://[2001:db8::1]/?a[0]=b", "SanValue", "write %5B and %5D"},
		{"URI: brackets in a URN", 6, "urn:example:[a]", "SanValue", "write %5B and %5D"},
		{"URI: a port of 17 bits", 6, "https://[2001:db8::1]:65536/", "SanValue", "up to 65535"},
		{"URI: an underscore in the host", 6, "https://a_b.example.com/", "SanValue", "a_b"},
		{"URI: a wildcard", 6, "https://*.example.com/", "SanValue", "host"},
		{"URI: a zone", 6, "https://[fe80::1%25eth0]/", "SanValue", "host"},
		{"URI: a port that is not a number", 6, "https://example.com:https/", "SanValue", "example.com:https"},
		{"URI: a newline", 6, "https://example.com/\nb", "SanValue", `\n`},
		{"URI: 2049 octets", 6, long, "SanValue", "2048 octets"},

		{"address: a name", 7, "example.com", "SanValue", "example.com"},
		{"address: a network", 7, "192.0.2.0/24", "SanValue", "192.0.2.0/24"},
		{"address: out of range", 7, "192.0.2.256", "SanValue", "192.0.2.256"},
		{"address: a zone", 7, "fe80::1%eth0", "SanValue", "fe80::1%eth0"},
		{"address: a port", 7, "192.0.2.1:443", "SanValue", "192.0.2.1:443"},

		{"address: mapped into IPv6", 7, "::ffff:192.0.2.1", "SanValue", "write 192.0.2.1"},
		{"URI: an address mapped into IPv6", 6, "https://[::ffff:192.0.2.1]/", "SanValue", "write 192.0.2.1"},
		{"name: an address", 2, "192.0.2.1", "SanValue", "use SanType 7"},
		{"address: a DNS name", 7, "www.example.com", "SanValue", "use SanType 2"},
		{"name: an enumeration comma", 2, "www.a.cn、www.b.cn", "SanValue", "separate names with the ASCII comma"},
		{"e-mail: a full-width comma", 1, "a@example.com，b@example.com", "SanValue", "(U+FF0C): separate names with the ASCII comma"},
		{"URI: a full-width comma", 6, "https://a.example.com/，https://b.example.com/", "SanValue", "(U+FF0C): separate names with the ASCII comma"},
		{"name: a full-width comma", 2, "a.example.com，b.example.com", "SanValue", "separate names with the ASCII comma"},
		{"name: a dot at the end", 2, "example.com.", "SanValue", "ends with a dot"},
		{"252 names", 2, strings.Join(testutil.NumberedNames(252), ","), "SanValue", "250"},
		{"251 names", 2, strings.Join(testutil.NumberedNames(251), ","), "SanValue", "250"},
		{"251 mailboxes", 1, strings.Join(eachWith("a@", testutil.NumberedNames(251)), ","), "SanValue", "250"},
		{"251 URIs", 6, strings.Join(eachWith("a://", testutil.NumberedNames(251)), ","), "SanValue", "250"},
	}
}

// SanType and SanValue, in both operations for clients.
func TestClientSanRefused(t *testing.T) {
	t.Parallel()
	for _, o := range leafOperations[1:] {
		for _, tt := range refusedSans() {
			t.Run(o.name+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				issuer := authorityOf(algorithm.ECC_256).issuer
				req := o.request(t, algorithm.ECC_256, issuer)
				fields{"SanType": tt.sanType, "SanValue": tt.value}.set(req)
				testutil.CheckError(t, req.Validate(), malformed, tt.parameter, tt.mention)
				o.refuses(t, instant, issuer, req, malformed, tt.parameter, tt.mention)
			})
		}
	}
}

func eachWith(prefix string, names []string) []string {
	for i := range names {
		names[i] = prefix + names[i]
	}
	return names
}

func TestClientSan(t *testing.T) {
	t.Parallel()
	long := "https://example.com/"
	long += strings.Repeat("a", 2048-len(long))
	tests := []struct {
		name    string
		sanType int32
		value   string
		want    []string
	}{
		{"none", 0, "", nil},
		{"SanType without SanValue is not looked at", 8, "", nil},
		{"SanValue of commas", 1, " ,, ", nil},
		{"e-mail addresses, the host as an A-label", 1, "zhang@example.com, Li.Si+a@EXAMPLE.com ,zhang@例子.中国", kind(1, "zhang@example.com", "Li.Si+a@example.com", "zhang@xn--fsqu00a.xn--fiqs8s")},
		{"e-mail: repeats, and addresses that differ in case", 1, "zhang@example.com,zhang@Example.COM,Zhang@example.com", kind(1, "zhang@example.com", "Zhang@example.com")},
		{"e-mail: the first and last of ASCII", 1, "!zhang~@example.com", kind(1, "!zhang~@example.com")},
		{"e-mail: 64 octets before @", 1, strings.Repeat("a", 64) + "@example.com", kind(1, strings.Repeat("a", 64)+"@example.com")},
		{"DNS names", 2, "b.example.com,*.A.example.com,例子.中国,localhost,B.example.com", kind(2, "b.example.com", "*.a.example.com", "xn--fsqu00a.xn--fiqs8s", "localhost")},
		{"URIs", 6, "spiffe://example.com/ns/a, urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6,https://[2001:db8::1]:8443/a?b=%20#c", kind(6, "spiffe://example.com/ns/a", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "https://[2001:db8::1]:8443/a?b=%20#c")},
		{"URI: repeats, the scheme in lower case", 6, "https://example.com/,HTTPS://example.com/,https://example.com/A,https://example.com/a", kind(6, "https://example.com/", "https://example.com/A", "https://example.com/a")},
		{"URI: mailto, tel and file", 6, "mailto:zhang@example.com,tel:+86-571-1234,file:///etc/hosts", kind(6, "mailto:zhang@example.com", "tel:+86-571-1234", "file:///etc/hosts")},
		{"URI: the largest port, and none after a colon", 6, "https://[2001:db8::1]:65535/,https://example.com:/", kind(6, "https://[2001:db8::1]:65535/", "https://example.com:/")},
		{"URI: escaped brackets", 6, "https://[2001:db8::1]/%5Ba%5D", kind(6, "https://[2001:db8::1]/%5Ba%5D")},
		{"URI: a tilde and an escape at the end", 6, "https://example.com/~zhang%20", kind(6, "https://example.com/~zhang%20")},
		{"URI: 2048 octets", 6, long, kind(6, long)},
		{"addresses", 7, "192.0.2.1,2001:0DB8::1,192.0.2.1", kind(7, "192.0.2.1", "2001:db8::1")},
		{"250 names", 2, strings.Join(testutil.NumberedNames(250), ","), kind(2, testutil.NumberedNames(250)...)},
		{"250 names, each twice", 2, strings.Join(slices.Concat(testutil.NumberedNames(250), testutil.NumberedNames(250)), ","), kind(2, testutil.NumberedNames(250)...)},
		{"250 mailboxes", 1, strings.Join(eachWith("a@", testutil.NumberedNames(250)), ","), kind(1, eachWith("a@", testutil.NumberedNames(250))...)},
		{"250 URIs", 6, strings.Join(eachWith("a://", testutil.NumberedNames(250)), ","), kind(6, eachWith("a://", testutil.NumberedNames(250))...)},
	}
	for _, o := range leafOperations[1:] {
		for _, tt := range tests {
			t.Run(o.name+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				issuer := authorityOf(algorithm.ECC_256).issuer
				req := o.request(t, algorithm.ECC_256, issuer)
				fields{"SanType": tt.sanType, "SanValue": tt.value}.set(req)
				o.issues(t, issuer, req, tt.want...)
			})
		}
	}
}

// The names of SanValue follow the names of the CSR, and the limit counts both.
func TestClientSanWithCSRNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		csr     []string
		sanType int32
		value   string
		want    []string // nil: refused
	}{
		{"only the CSR's, without the common name", []string{"a.example.com", "192.0.2.1"}, 0, "", slices.Concat(kind(2, "a.example.com"), kind(7, "192.0.2.1"))},
		{"DNS names after the CSR's", []string{"a.example.com", "192.0.2.1"}, 2, "b.example.com,A.example.com", slices.Concat(kind(2, "a.example.com"), kind(7, "192.0.2.1"), kind(2, "b.example.com"))},
		{"addresses after the CSR's", []string{"a.example.com", "192.0.2.1"}, 7, "192.0.2.1,192.0.2.2", slices.Concat(kind(2, "a.example.com"), kind(7, "192.0.2.1", "192.0.2.2"))},
		{"mailboxes after the CSR's", []string{"a.example.com"}, 1, "zhang@a.example.com", slices.Concat(kind(2, "a.example.com"), kind(1, "zhang@a.example.com"))},
		{"URIs after the CSR's", []string{"a.example.com"}, 6, "https://a.example.com", slices.Concat(kind(2, "a.example.com"), kind(6, "https://a.example.com"))},
		{"the common name asked for", []string{"a.example.com"}, 2, "zhang.example.com", kind(2, "a.example.com", "zhang.example.com")},
		{"250 in all", testutil.NumberedNames(249), 1, "zhang@example.com", slices.Concat(kind(2, testutil.NumberedNames(249)...), kind(1, "zhang@example.com"))},
		{"250 in the CSR and the same again", testutil.NumberedNames(250), 2, strings.Join(testutil.NumberedNames(250), ","), kind(2, testutil.NumberedNames(250)...)},
		{"250 and the common name", testutil.NumberedNames(250), 2, "Zhang.example.com", kind(2, append(testutil.NumberedNames(250), "zhang.example.com")...)},
		{"251 in all: a mailbox", testutil.NumberedNames(250), 1, "zhang@example.com", nil},
		{"251 in all: a URI", testutil.NumberedNames(250), 6, "https://example.com", nil},
		{"251 in all: a DNS name", testutil.NumberedNames(250), 2, "example.com", nil},
		{"251 in all: an address", testutil.NumberedNames(250), 7, "192.0.2.1", nil},
	}
	o, issuer := leafOperations[2], authorityOf(algorithm.ECC_256).issuer
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := clientCSRRequest(issuer, hostCSR(t, algorithm.ECC_256, "zhang.example.com", tt.csr...))
			req.SanType, req.SanValue = tt.sanType, tt.value
			if tt.want == nil {
				testutil.CheckError(t, req.Validate(), malformed, "SanValue", "250")
				o.refuses(t, instant, issuer, req, malformed, "SanValue", "250")
				return
			}
			o.issues(t, issuer, req, tt.want...)
		})
	}
	t.Run("the CSR's names of other kinds are left out", func(t *testing.T) {
		t.Parallel()
		names := asn.Seq(asn.TLV(0x81, []byte("root@example.com")), asn.TLV(0x82, []byte("a.example.com")), asn.TLV(0x86, []byte("https://example.com/")))
		req := clientCSRRequest(issuer, makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(), asn.Extension(asn.OIDAltName, false, names)))
		o.issues(t, issuer, req, "2:a.example.com")
	})
	t.Run("no name anywhere", func(t *testing.T) { // the documents require none
		t.Parallel()
		o.issues(t, issuer, clientCSRRequest(issuer, hostCSR(t, algorithm.ECC_256, "")))
	})
}

func TestSanValueLength(t *testing.T) {
	t.Parallel()
	req := clientCSRRequest(authorityOf(algorithm.ECC_256).issuer, hostCSR(t, algorithm.ECC_256, "zhang"))
	req.SanType, req.SanValue = 6, strings.Repeat("urn:a:b,", 8<<10+1)
	testutil.CheckError(t, req.Validate(), malformed, "SanValue", "65544 octets")
	req.SanValue = strings.Repeat("urn:a:b,", 8<<10)
	if err := req.Validate(); err != nil {
		t.Error(err)
	}
}
