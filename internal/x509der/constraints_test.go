package x509der_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

func prefix(text string) netip.Prefix { return netip.MustParsePrefix(text) }

func parseURI(t testing.TB, text string) *url.URL {
	t.Helper()
	uri, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return uri
}

// Each row has one constraint and one name (RFC 5280, section 4.2.1.10). A
// covered name is allowed if the constraint is permitted, and refused if it is
// excluded. A wildcard matches many names, so an excluded constraint covers
// more of them.
func TestConstraintsMatch(t *testing.T) {
	t.Parallel()
	const (
		no       = 0
		yes      = 1
		excluded = 2 // covered when excluded, and not when permitted
	)
	tests := []struct {
		constraint, name string
		covered          int
	}{
		{"example.com", "example.com", yes},
		{"example.com", "www.example.com", yes},
		{"example.com", "a.b.www.example.com", yes},
		{"example.com", "wwwexample.com", no},
		{"example.com", "www-example.com", no},
		{"example.com", "example.com.example.org", no},
		{"example.com", "com", no},
		{"example.com", "example.org", no},
		{"EXAMPLE.Com", "www.example.com", yes},
		{"www.example.com", "example.com", no},
		{"www.example.com", "ftp.example.com", no},
		{"com", "example.com", yes},
		{".example.com", "www.example.com", yes},
		{".example.com", "a.www.example.com", yes},
		{".example.com", "example.com", no},
		{".example.com", "wwwexample.com", no},
		{"", "example.com", yes},
		{"", "*.example.com", yes},
		{"xn--fsqu00a.xn--fiqs8s", "www.xn--fsqu00a.xn--fiqs8s", yes},

		// A constraint covers all names that a wildcard matches, some of
		// them, or none.
		{"example.com", "*.example.com", yes},
		{"example.com", "*.www.example.com", yes},
		{"com", "*.example.com", yes},
		{".example.com", "*.example.com", yes},
		{".EXAMPLE.com", "*.example.com", yes},
		{".example.com", "*.www.example.com", yes},
		{"www.example.com", "*.example.com", excluded},
		{"WWW.example.com", "*.example.com", excluded},
		{"www.example.com", "*.www.example.com", yes},
		{"a.www.example.com", "*.example.com", no}, // a wildcard matches one label
		{".www.example.com", "*.example.com", no},
		{".www.example.com", "*.www.example.com", yes},
		{"example.com", "*.com", excluded},
		{"www.example.com", "*.com", no},
		{"www.example.com", "*.example.org", no},
		{"wwwexample.com", "*.example.com", no},
		{"wwwexample.com", "*.com", excluded},

		{"10.0.0.0/8", "10.0.0.0", yes},
		{"10.0.0.0/8", "10.255.255.255", yes},
		{"10.0.0.0/8", "11.0.0.0", no},
		{"10.0.0.0/8", "9.255.255.255", no},
		{"10.0.0.0/8", "2001:db8::a00:1", no},
		{"10.0.0.1/32", "10.0.0.1", yes},
		{"10.0.0.1/32", "10.0.0.2", no},
		{"10.1.2.3/8", "10.9.9.9", yes}, // a base that is not masked
		{"0.0.0.0/0", "255.255.255.255", yes},
		{"0.0.0.0/0", "::1", no},
		{"0.0.0.0/0", "::", no},
		{"::/0", "ffff::1", yes},
		{"::/0", "192.0.2.1", no},
		{"2001:db8::/33", "2001:db8:7fff::", yes},
		{"2001:db8::/33", "2001:db8:8000::", no},
		{"::1/128", "::1", yes},
		{"::1/128", "::2", no},
		{"::ffff:10.0.0.0/104", "10.0.0.1", no},

		{"a@example.com", "a@example.com", yes},
		{"a@example.com", "a@EXAMPLE.com", yes},
		{"a@EXAMPLE.com", "a@example.com", yes},
		{"a@example.com", "A@example.com", no}, // local parts are case-sensitive
		{"a@example.com", "b@example.com", no},
		{"a@example.com", "aa@example.com", no},
		{"a@example.com", "a@www.example.com", no},
		{"host:example.com", "a@example.com", yes},
		{"host:example.com", "A.b+c@Example.COM", yes},
		{"host:example.com", "a@www.example.com", no},
		{"host:example.com", "a@wwwexample.com", no},
		{"host:example.com", "example.com@example.org", no},
		{"host:.example.com", "a@www.example.com", yes},
		{"host:.example.com", "a@b.www.example.com", yes},
		{"host:.EXAMPLE.com", "a@www.example.COM", yes},
		{"host:.example.com", "a@example.com", no},
		{"host:.example.com", "a@wwwexample.com", no},
		{"host:", "a@example.com", yes},

		{"uri:example.com", "https://example.com/", yes},
		{"uri:example.com", "https://EXAMPLE.com:8443/a?b#c", yes},
		{"uri:EXAMPLE.com", "https://user@example.com/", yes},
		{"uri:example.com", "spiffe://example.com/service", yes},
		{"uri:example.com", "https://www.example.com/", no},
		{"uri:example.com", "https://example.org/example.com", no},
		{"uri:example.com", "https://example.com@example.org/", no},
		{"uri:.example.com", "https://www.example.com/", yes},
		{"uri:.example.com", "https://a.www.example.com/", yes},
		{"uri:.example.com", "https://example.com/", no},
		{"uri:.example.com", "https://wwwexample.com/", no},
		{"uri:", "https://example.com/", yes},
	}
	for _, tt := range tests {
		t.Run(tt.constraint+" and "+tt.name, func(t *testing.T) {
			t.Parallel()
			var tree, other x509der.Subtrees // other covers none of the names here
			var check func(c *x509der.NameConstraints) error
			text := tt.constraint
			p, err := netip.ParsePrefix(tt.constraint)
			host, mailbox := strings.CutPrefix(tt.constraint, "host:")
			switch {
			case err == nil:
				tree.IP, other.IP = []netip.Prefix{p}, []netip.Prefix{prefix("203.0.113.0/24")}
				check = func(c *x509der.NameConstraints) error { return c.CheckName(tt.name) }
			case mailbox || strings.Contains(tt.constraint, "@"):
				text = host
				tree.Email, other.Email = []string{host}, []string{"other.example.net"}
				check = func(c *x509der.NameConstraints) error { return c.CheckEmail(tt.name) }
			case strings.HasPrefix(tt.constraint, "uri:"):
				text = tt.constraint[len("uri:"):]
				tree.URI, other.URI = []string{text}, []string{"other.example.net"}
				check = func(c *x509der.NameConstraints) error { return c.CheckURI(parseURI(t, tt.name)) }
			default:
				tree.DNS, other.DNS = []string{tt.constraint}, []string{"other.example.net"}
				check = func(c *x509der.NameConstraints) error { return c.CheckName(tt.name) }
			}
			for _, side := range []struct {
				what        string
				constraints x509der.NameConstraints
				allowed     bool
			}{
				{"permitted", x509der.NameConstraints{Permitted: tree}, tt.covered == yes},
				{"excluded", x509der.NameConstraints{Excluded: tree}, tt.covered == no},
				{"permitted and excluded", x509der.NameConstraints{Permitted: tree, Excluded: tree}, false},
				{"permitted, another excluded", x509der.NameConstraints{Permitted: tree, Excluded: other}, tt.covered == yes},
				{"excluded, another permitted", x509der.NameConstraints{Permitted: other, Excluded: tree}, false},
			} {
				err := check(&side.constraints)
				if (err == nil) != side.allowed {
					t.Errorf("%s: %v", side.what, err)
				}
				if err != nil && (!strings.Contains(err.Error(), fmt.Sprintf("%q", tt.name)) || side.what == "excluded" && tt.covered != no && !strings.Contains(err.Error(), text)) {
					t.Errorf("%s: the message does not give the name and the constraint: %v", side.what, err)
				}
			}
		})
	}
}

// A constraint applies only to names of its own type.
func TestConstraintsOfOtherKinds(t *testing.T) {
	t.Parallel()
	dns := x509der.Subtrees{DNS: []string{"example.com"}}
	ip := x509der.Subtrees{IP: []netip.Prefix{prefix("10.0.0.0/8")}}
	email := x509der.Subtrees{Email: []string{"example.com"}}
	uri := x509der.Subtrees{URI: []string{"example.com"}}
	cert := func(change func(*x509.Certificate)) *x509.Certificate {
		c := new(x509.Certificate)
		change(c)
		return c
	}
	names := []*x509.Certificate{
		cert(func(c *x509.Certificate) { c.DNSNames = []string{"example.org"} }),
		cert(func(c *x509.Certificate) { c.IPAddresses = []net.IP{{192, 0, 2, 1}} }),
		cert(func(c *x509.Certificate) { c.EmailAddresses = []string{"a@example.org"} }),
		cert(func(c *x509.Certificate) { c.URIs = []*url.URL{parseURI(t, "https://example.org/")} }),
	}
	for i, tree := range []x509der.Subtrees{dns, ip, email, uri} {
		for j, c := range names {
			constraints := &x509der.NameConstraints{Permitted: tree}
			if err := constraints.CheckNames(c); (err == nil) != (i != j) {
				t.Errorf("constraints %d, names %d: %v", i, j, err)
			}
		}
		// Every name is checked, not only the first.
		all := &x509.Certificate{
			DNSNames: []string{"example.com", "example.org"}, IPAddresses: []net.IP{{10, 0, 0, 1}, {192, 0, 2, 1}},
			EmailAddresses: []string{"a@example.com", "a@example.org"}, URIs: []*url.URL{parseURI(t, "https://example.com"), parseURI(t, "https://example.org")},
		}
		if err := (&x509der.NameConstraints{Permitted: tree}).CheckNames(all); err == nil {
			t.Errorf("constraints %d: the second name was not checked", i)
		}
		if err := (&x509der.NameConstraints{Permitted: tree}).CheckNames(new(x509.Certificate)); err != nil {
			t.Errorf("constraints %d, no names: %v", i, err)
		}
	}
}

// An oddName is a name that satisfies no permitted constraint.
type oddName struct {
	name string
	cert x509.Certificate
	none bool // refused under any constraint on its type
}

// oddNames are read by clients in different ways. FuzzConstraintsOf starts from
// them too.
func oddNames(t testing.TB) []oddName {
	return []oddName{
		{"an absolute DNS name", x509.Certificate{DNSNames: []string{"www.example.com."}}, true},
		{"a DNS name with a leading dot", x509.Certificate{DNSNames: []string{".example.com"}}, true},
		{"a DNS name with an empty label", x509.Certificate{DNSNames: []string{"www..example.com"}}, true},
		{"an empty DNS name", x509.Certificate{DNSNames: []string{""}}, true},
		{"a dot", x509.Certificate{DNSNames: []string{"."}}, true},
		{"a DNS name with a NUL", x509.Certificate{DNSNames: []string{"www.example.net\x00.example.com"}}, true},
		{"a DNS name with a space", x509.Certificate{DNSNames: []string{"www.example.net .example.com"}}, true},
		{"a DNS name with a newline at the end", x509.Certificate{DNSNames: []string{"www.example.com\n"}}, true},
		{"a DNS name with DEL", x509.Certificate{DNSNames: []string{"\x7f.example.com"}}, true},
		{"a DNS name that is not ASCII", x509.Certificate{DNSNames: []string{"例子.example.com"}}, true},
		{"an IP address of 5 octets", x509.Certificate{IPAddresses: []net.IP{{10, 0, 0, 0, 1}}}, true},
		{"a mailbox without host", x509.Certificate{EmailAddresses: []string{"a@"}}, true},
		{"a mailbox without local part", x509.Certificate{EmailAddresses: []string{"@example.com"}}, true},
		{"a host for a mailbox", x509.Certificate{EmailAddresses: []string{"example.com"}}, true},
		{"an empty mailbox", x509.Certificate{EmailAddresses: []string{""}}, true},
		{"a quoted local part", x509.Certificate{EmailAddresses: []string{`"a"@example.com`}}, true},
		{"an escaped local part", x509.Certificate{EmailAddresses: []string{`\a@example.com`}}, true},
		{"two at signs", x509.Certificate{EmailAddresses: []string{"a@example.org@example.com"}}, true},
		{"a mailbox at an absolute host", x509.Certificate{EmailAddresses: []string{"a@example.com."}}, true},
		{"a mailbox at a host with a NUL", x509.Certificate{EmailAddresses: []string{"a@example.net\x00.example.com"}}, true},
		{"a local part with a NUL", x509.Certificate{EmailAddresses: []string{"a\x00b@example.com"}}, true},
		{"a local part with a space", x509.Certificate{EmailAddresses: []string{"a b@example.com"}}, true},
		{"a URI with a host that is not ASCII", x509.Certificate{URIs: []*url.URL{parseURI(t, "https://例子.example.com/")}}, true},
		{"a URI without host", x509.Certificate{URIs: []*url.URL{parseURI(t, "urn:uuid:f81d4fae")}}, true},
		{"a URI with only a path", x509.Certificate{URIs: []*url.URL{parseURI(t, "file:///example.com")}}, true},
		{"a URI with an address", x509.Certificate{URIs: []*url.URL{parseURI(t, "https://192.0.2.1/")}}, true},
		{"a URI with an IPv6 address", x509.Certificate{URIs: []*url.URL{parseURI(t, "https://[2001:db8::1]:443/")}}, true},
		{"a URI with an absolute host", x509.Certificate{URIs: []*url.URL{parseURI(t, "https://example.com.:443/")}}, true},
		{"a DNS name that looks like an address", x509.Certificate{DNSNames: []string{"192.0.2.1"}}, false},
		{"a DNS name that looks like an IPv6 address", x509.Certificate{DNSNames: []string{"2001:db8::1"}}, false},
	}
}

// A malformed name is refused if there is a constraint on its type, permitted or
// excluded. No other rule could be right for both.
func TestConstraintsRefuseOddNames(t *testing.T) {
	t.Parallel()
	tree := x509der.Subtrees{
		DNS: []string{"example.com"}, IP: []netip.Prefix{prefix("10.0.0.0/8")}, Email: []string{"a@example.com"}, URI: []string{"example.com"},
	}
	elsewhere := x509der.Subtrees{
		DNS: []string{"example.org"}, IP: []netip.Prefix{prefix("192.0.2.0/24")}, Email: []string{"a@example.org"}, URI: []string{"example.org"},
	}
	for _, tt := range oddNames(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for what, c := range map[string]x509der.NameConstraints{
				"permitted": {Permitted: tree}, "permitted elsewhere": {Permitted: elsewhere},
			} {
				if err := c.CheckNames(&tt.cert); err == nil {
					t.Errorf("%s: no error", what)
				}
			}
			for what, c := range map[string]x509der.NameConstraints{"excluded": {Excluded: tree}, "excluded elsewhere": {Excluded: elsewhere}} {
				if err := c.CheckNames(&tt.cert); (err != nil) != tt.none {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

// An IPv4-mapped IPv6 address, which crypto/x509 does not convert, must satisfy
// the constraints on IPv4 and on IPv6.
func TestConstraintsMappedAddress(t *testing.T) {
	t.Parallel()
	mapped := &x509.Certificate{IPAddresses: []net.IP{net.ParseIP("10.0.0.1").To16()}}
	if len(mapped.IPAddresses[0]) != 16 {
		t.Fatal("not 16 octets")
	}
	four := &x509.Certificate{IPAddresses: []net.IP{net.ParseIP("10.0.0.1").To4()}}
	ranges := func(list ...string) (s x509der.Subtrees) {
		for _, r := range list {
			s.IP = append(s.IP, prefix(r))
		}
		return s
	}
	tests := []struct {
		name               string
		constraints        x509der.NameConstraints
		mappedOK, fourOnly bool
	}{
		{"excluded as IPv4", x509der.NameConstraints{Excluded: ranges("10.0.0.0/8")}, false, false},
		{"excluded as IPv6", x509der.NameConstraints{Excluded: ranges("::/0")}, false, true},
		{"excluded as mapped", x509der.NameConstraints{Excluded: ranges("::ffff:10.0.0.0/104")}, false, true},
		{"excluded elsewhere", x509der.NameConstraints{Excluded: ranges("11.0.0.0/8", "2001:db8::/32")}, true, true},
		{"permitted as IPv4", x509der.NameConstraints{Permitted: ranges("10.0.0.0/8")}, false, true},
		{"permitted as IPv6", x509der.NameConstraints{Permitted: ranges("::ffff:0:0/96")}, false, false},
		{"permitted as both", x509der.NameConstraints{Permitted: ranges("10.0.0.0/8", "::ffff:0:0/96")}, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := tt.constraints.CheckNames(mapped); (err == nil) != tt.mappedOK {
				t.Errorf("16 octets: %v", err)
			}
			if err := tt.constraints.CheckNames(four); (err == nil) != tt.fourOnly {
				t.Errorf("4 octets: %v", err)
			}
		})
	}
}

// crypto/x509 and ConstraintsOf read the constraints that are written, in
// certificates of RSA, ECC and SM2 keys.
func TestConstraintsRoundTrip(t *testing.T) {
	t.Parallel()
	full := x509der.Subtrees{
		DNS:   []string{"example.com", ".example.org", "xn--fsqu00a.xn--fiqs8s"},
		IP:    []netip.Prefix{prefix("10.0.0.0/8"), prefix("0.0.0.0/0"), prefix("192.0.2.1/32"), prefix("2001:db8::/33"), prefix("::/0"), prefix("::1/128")},
		Email: []string{"a@example.com", "example.com", ".example.com"},
		URI:   []string{"example.com", ".example.com"},
	}
	var many x509der.Subtrees
	for i := range 100 {
		many.DNS = append(many.DNS, fmt.Sprintf("h%d.example.com", i))
	}
	tests := map[string]*x509der.NameConstraints{
		"none":           nil,
		"DNS":            {Permitted: x509der.Subtrees{DNS: []string{"example.com"}}},
		"IP":             {Excluded: x509der.Subtrees{IP: []netip.Prefix{prefix("10.0.0.0/9")}}},
		"e-mail":         {Permitted: x509der.Subtrees{Email: []string{"example.com"}}},
		"URI":            {Excluded: x509der.Subtrees{URI: []string{"example.com"}}},
		"all, permitted": {Permitted: full},
		"all, excluded":  {Excluded: full},
		"all":            {Permitted: full, Excluded: many},
	}
	for name, want := range tests {
		for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.SM2_256} {
			t.Run(name+", "+string(a), func(t *testing.T) {
				t.Parallel()
				template := certTemplate(t, a)
				template.CA, template.KeyUsage, template.Constraints = true, x509.KeyUsageCertSign, want
				cert, err := x509der.ParseCertificate(certMarshal(t, a, template))
				if err != nil {
					t.Fatal(err)
				}
				if len(cert.UnhandledCriticalExtensions) > 0 {
					t.Errorf("not understood: %v", cert.UnhandledCriticalExtensions)
				}
				if (want != nil) != cert.PermittedDNSDomainsCritical {
					t.Error("the extension is missing, unexpected or not critical")
				}
				got, err := x509der.ConstraintsOf(cert)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
					t.Errorf("constraints mismatch (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// The encoding is compared with octets written by hand: no minimum, permitted
// before excluded, an address range as address and mask.
func TestConstraintsEncoding(t *testing.T) {
	t.Parallel()
	template := certTemplate(t, algorithm.ECC_256)
	template.CA = true
	template.Constraints = &x509der.NameConstraints{
		Permitted: x509der.Subtrees{DNS: []string{"a.cn"}, Email: []string{".b.cn"}},
		Excluded:  x509der.Subtrees{IP: []netip.Prefix{prefix("10.1.2.3/8")}, URI: []string{"c.cn"}},
	}
	want := asn.Seq(asn.OID("\x55\x1d\x1e"), []byte{1, 1, 0xff}, asn.TLV(4, asn.Seq(
		asn.TLV(0xa0, asn.Seq(asn.TLV(0x82, []byte("a.cn"))), asn.Seq(asn.TLV(0x81, []byte(".b.cn")))),
		asn.TLV(0xa1, asn.Seq(asn.TLV(0x87, []byte{10, 0, 0, 0, 255, 0, 0, 0})), asn.Seq(asn.TLV(0x86, []byte("c.cn")))),
	)))
	if der := certMarshal(t, algorithm.ECC_256, template); bytes.Count(der, want) != 1 {
		t.Errorf("the certificate does not hold %x", want)
	}
}

// A constraintRow is the value of a nameConstraints extension that crypto/x509
// reads.
type constraintRow struct {
	name  string
	value []byte
	want  *x509der.NameConstraints // nil: an error
	says  string
}

// constraintValues are values of a nameConstraints extension: rows that
// crypto/x509 reads, and what it refuses. FuzzConstraintsOf starts from them
// too.
func constraintValues() (rows []constraintRow, refused [][]byte) {
	tree := func(tag asn1.Tag, text string, after ...byte) []byte {
		return asn.Seq(asn.TLV(tag, []byte(text)), after)
	}
	permitted := func(trees ...[]byte) []byte { return asn.TLV(0xa0, trees...) }
	excluded := func(trees ...[]byte) []byte { return asn.TLV(0xa1, trees...) }
	com := tree(0x82, "com")
	rows = []constraintRow{
		{"permitted", asn.Seq(permitted(com)), &x509der.NameConstraints{Permitted: x509der.Subtrees{DNS: []string{"com"}}}, ""},
		{"both", asn.Seq(permitted(com), excluded(tree(0x81, "a@b.com"), tree(0x86, ".c.com"), tree(0x87, "\x0a\x00\x00\x00\xff\x00\x00\x00"))), &x509der.NameConstraints{
			Permitted: x509der.Subtrees{DNS: []string{"com"}},
			Excluded:  x509der.Subtrees{Email: []string{"a@b.com"}, URI: []string{".c.com"}, IP: []netip.Prefix{prefix("10.0.0.0/8")}},
		}, ""},
		{"an empty domain", asn.Seq(excluded(tree(0x82, ""))), &x509der.NameConstraints{Excluded: x509der.Subtrees{DNS: []string{""}}}, ""},
		{"a minimum of 0", asn.Seq(permitted(tree(0x82, "com", 0x80, 1, 0))), &x509der.NameConstraints{Permitted: x509der.Subtrees{DNS: []string{"com"}}}, ""},

		{"directoryName", asn.Seq(permitted(asn.Seq(asn.TLV(0xa4, asn.Name(asn.Printable(asn.OIDCountry, "CN")))))), &x509der.NameConstraints{
			Permitted: x509der.Subtrees{Directory: []x509der.ComparableName{x509der.Comparable(asn.Name(asn.UTF8(asn.OIDCountry, "cn")))}},
		}, ""},
		{"directoryName excluded, after a domain", asn.Seq(permitted(com), excluded(com, asn.Seq(asn.TLV(0xa4, asn.Seq())))), &x509der.NameConstraints{
			Permitted: x509der.Subtrees{DNS: []string{"com"}},
			Excluded:  x509der.Subtrees{DNS: []string{"com"}, Directory: []x509der.ComparableName{""}},
		}, ""},

		{"a minimum", asn.Seq(permitted(tree(0x82, "com", 0x80, 1, 2))), nil, "minimum or maximum"},
		{"a minimum of 0 in two octets", asn.Seq(permitted(tree(0x82, "com", 0x80, 2, 0, 0))), nil, "minimum or maximum"},
		{"a maximum", asn.Seq(permitted(tree(0x82, "com", 0x81, 1, 2))), nil, "minimum or maximum"},
		{"a maximum of 0", asn.Seq(excluded(tree(0x82, "com", 0x81, 1, 0))), nil, "minimum or maximum"},
		{"a minimum of 0 and a maximum", asn.Seq(excluded(tree(0x82, "com", 0x80, 1, 0, 0x81, 1, 2))), nil, "minimum or maximum"},
		{"another field after a name", asn.Seq(permitted(com, tree(0x82, "com", 5, 0))), nil, "minimum or maximum"},
		{"otherName", asn.Seq(permitted(asn.Seq(asn.TLV(0xa0, asn.OID("\x2b\x06\x01\x05\x05\x07\x08\x09"), asn.TLV(0xa0, asn.TLV(12, []byte("a@b.com"))))))), nil, "the tag 0"},
		{"x400Address", asn.Seq(permitted(asn.Seq(asn.TLV(0xa3, asn.Seq())))), nil, "the tag 3"},
		{"directoryName in Latin-1", asn.Seq(permitted(asn.Seq(asn.TLV(0xa4, asn.Name(asn.Attribute(asn.OIDCommonName, asn1.T61String, "M\xfcller")))))), nil, "cannot be compared"},
		{"directoryName with a control character", asn.Seq(excluded(asn.Seq(asn.TLV(0xa4, asn.Name(asn.UTF8(asn.OIDCommonName, "a\x00")))))), nil, "cannot be compared"},
		{"directoryName that is not a name", asn.Seq(permitted(asn.Seq(asn.TLV(0xa4, []byte{5, 0})))), nil, "cannot be compared"},
		{"registeredID", asn.Seq(excluded(tree(0x88, "\x55\x04\x03"))), nil, "the tag 8"},
		{"a constructed domain", asn.Seq(permitted(tree(0xa2, "\x82\x03com"))), nil, "the tag 2"},
		{"permitted is empty", asn.Seq(permitted(), excluded(com)), nil, "RFC 5280, section 4.2.1.10"},
		{"excluded is empty", asn.Seq(permitted(com), excluded()), nil, "RFC 5280, section 4.2.1.10"},
	}
	refused = [][]byte{
		{}, asn.Seq(), {5, 0}, append(asn.Seq(permitted(com)), 0), asn.Seq(excluded(com), permitted(com)), asn.Seq(permitted(com), permitted(com)),
		asn.Seq(permitted(com[:3])), asn.Seq(permitted(com, []byte{5, 0})), asn.Seq(com), asn.Seq(permitted(asn.Seq())),
		asn.Seq(permitted(tree(0x87, "\x0a\x00\x00\x00"))), asn.Seq(permitted(tree(0x87, "\x0a\x00\x00\x00\xff\x00\xff\x00"))),
		asn.Seq(permitted(tree(0x87, "\x0a\x00\x00\x00\xff\xff\x00\x00\x00"))), asn.Seq(permitted(tree(0x87, ""))),
	}
	return rows, refused
}

// ConstraintsOf is tested with certificates that crypto/x509 accepts, with and
// without critical (RFC 5280, section 4.2.1.10).
func TestConstraintsOf(t *testing.T) {
	t.Parallel()
	rows, refused := constraintValues()
	for _, tt := range rows {
		for _, critical := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, critical %t", tt.name, critical), func(t *testing.T) {
				t.Parallel()
				k := testkeys.Key(algorithm.ECC_256, 0)
				template := &x509.Certificate{
					SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, BasicConstraintsValid: true, IsCA: true,
					ExtraExtensions: []pkix.Extension{{Id: x509der.ObjectIdentifier("\x55\x1d\x1e"), Critical: critical, Value: tt.value}},
				}
				der, err := x509.CreateCertificate(nil, template, template, k.Public(), k)
				if err != nil {
					t.Fatal(err)
				}
				cert, err := x509der.ParseCertificate(der)
				if err != nil {
					t.Fatal(err)
				}
				got, err := x509der.ConstraintsOf(cert)
				checkSays(t, err, tt.says)
				if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
					t.Errorf("constraints mismatch (-want +got):\n%s", diff)
				}
			})
		}
	}
	// crypto/x509 refuses these values; ConstraintsOf does not rely on that.
	for _, value := range refused {
		cert := &x509.Certificate{Extensions: []pkix.Extension{{Id: x509der.ObjectIdentifier("\x55\x1d\x1e"), Value: value}}}
		if got, err := x509der.ConstraintsOf(cert); err == nil || got != nil {
			t.Errorf("%x is read as %+v", value, got)
		}
	}
}

// Constraints on e-mail addresses apply to internationalised addresses too, which
// are in an otherName (RFC 9598, section 6).
func TestConstraintsUTF8Mailbox(t *testing.T) {
	t.Parallel()
	mailbox := asn.TLV(0xa0, asn.OID("\x2b\x06\x01\x05\x05\x07\x08\x09"), asn.TLV(0xa0, asn.TLV(12, []byte("云@example.com"))))
	upn := asn.TLV(0xa0, asn.OID("\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03"), asn.TLV(0xa0, asn.TLV(12, []byte("a@example.com"))))
	mail := asn.TLV(0x81, []byte("a@example.com"))
	email := x509der.Subtrees{Email: []string{"example.com"}}
	tests := []struct {
		name string
		san  []byte
		ok   bool // under constraints on e-mail addresses
	}{
		{"the only name", asn.Seq(mailbox), false},
		{"the last of three names", asn.Seq(mail, upn, mailbox), false},
		{"an otherName that cannot be read", asn.Seq(asn.TLV(0xa0, []byte{5, 0})), false},
		{"another otherName", asn.Seq(upn, mail), true},
		{"no otherName", asn.Seq(mail), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cert := &x509.Certificate{Extensions: []pkix.Extension{{Id: x509der.ObjectIdentifier("\x55\x1d\x11"), Value: tt.san}}}
			for what, c := range map[string]x509der.NameConstraints{
				"permitted": {Permitted: email}, "excluded": {Excluded: email}, "both": {Permitted: email, Excluded: x509der.Subtrees{Email: []string{"example.org"}}},
			} {
				if err := c.CheckNames(cert); (err == nil) != tt.ok {
					t.Errorf("%s: %v", what, err)
				}
			}
			other := x509der.NameConstraints{Permitted: x509der.Subtrees{DNS: []string{"example.com"}, URI: []string{"example.com"}}}
			if err := other.CheckNames(cert); err != nil {
				t.Errorf("under constraints of other kinds: %v", err)
			}
		})
	}
}

// Constraints on directory names apply to the subject, if there is one, and to
// each directoryName among the alternative names (RFC 5280, section 4.2.1.10).
func TestConstraintsDirectory(t *testing.T) {
	t.Parallel()
	country, acme := asn.Printable(asn.OIDCountry, "CN"), asn.UTF8(asn.OIDOrganization, "Acme")
	base := x509der.Comparable(asn.Name(country, acme))
	below := asn.Name(asn.UTF8(asn.OIDCountry, "cn"), asn.Printable(asn.OIDOrganization, "ACME"), asn.UTF8(asn.OIDCommonName, "a"))
	elsewhere := asn.Name(country, asn.UTF8(asn.OIDOrganization, "Ajax"), asn.UTF8(asn.OIDCommonName, "a"))
	latin1 := asn.Name(country, acme, asn.Attribute(asn.OIDCommonName, asn1.T61String, "M\xfcller"))
	san := func(names ...[]byte) []pkix.Extension {
		var list [][]byte
		for _, name := range names {
			list = append(list, asn.TLV(0xa4, name))
		}
		return []pkix.Extension{{Id: x509der.ObjectIdentifier("\x55\x1d\x11"), Value: asn.Seq(list...)}}
	}
	for _, tt := range []struct {
		name                string
		cert                x509.Certificate
		permitted, excluded bool // whether the name is allowed by base as permitted, and as excluded
	}{
		{"below", x509.Certificate{RawSubject: below}, true, false},
		{"itself", x509.Certificate{RawSubject: asn.Name(country, acme)}, true, false},
		{"above", x509.Certificate{RawSubject: asn.Name(country)}, false, true},
		{"elsewhere", x509.Certificate{RawSubject: elsewhere}, false, true},
		{"no subject", x509.Certificate{RawSubject: asn.Name()}, true, true},
		{"a subject in Latin-1", x509.Certificate{RawSubject: latin1}, false, false},
		{"an alternative name below", x509.Certificate{RawSubject: asn.Name(), Extensions: san(below)}, true, false},
		{"an alternative name elsewhere", x509.Certificate{RawSubject: asn.Name(), Extensions: san(elsewhere)}, false, true},
		{"the second alternative name elsewhere", x509.Certificate{RawSubject: below, Extensions: san(below, elsewhere)}, false, false},
		{"the second alternative name below", x509.Certificate{RawSubject: elsewhere, Extensions: san(elsewhere, below)}, false, false},
		{"an empty alternative name", x509.Certificate{RawSubject: below, Extensions: san(asn.Name())}, false, false},
		{"an alternative name in Latin-1", x509.Certificate{RawSubject: below, Extensions: san(latin1)}, false, false},
	} {
		c := x509der.NameConstraints{Permitted: x509der.Subtrees{Directory: []x509der.ComparableName{base}}}
		if err := c.CheckNames(&tt.cert); (err == nil) != tt.permitted {
			t.Errorf("%s, permitted: %v", tt.name, err)
		}
		c = x509der.NameConstraints{Excluded: x509der.Subtrees{Directory: []x509der.ComparableName{base}}}
		if err := c.CheckNames(&tt.cert); (err == nil) != tt.excluded {
			t.Errorf("%s, excluded: %v", tt.name, err)
		}
		c = x509der.NameConstraints{Permitted: x509der.Subtrees{DNS: []string{"com"}, Email: []string{"com"}}}
		if err := c.CheckNames(&tt.cert); err != nil {
			t.Errorf("%s, under constraints of other kinds: %v", tt.name, err)
		}
	}
}

// Comparisons counts each name with each constraint on its kind, and a long
// constraint once more for each 256 octets.
func TestConstraintsComparisons(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 511)
	c := x509der.NameConstraints{
		Permitted: x509der.Subtrees{DNS: []string{"a", "b", long}, IP: []netip.Prefix{prefix("::/0")}, Directory: []x509der.ComparableName{"a"}},
		Excluded:  x509der.Subtrees{DNS: []string{"c"}, Email: []string{"a", "b"}, URI: []string{"a"}},
	}
	email := pkix.Name{Names: []pkix.AttributeTypeAndValue{{Type: x509der.ObjectIdentifier(x509der.Email), Value: "a@b"}}}
	names := []pkix.Extension{{Id: x509der.ObjectIdentifier("\x55\x1d\x11"), Value: asn.Seq(asn.TLV(0xa4, asn.Name()), asn.DNSName("a"), asn.TLV(0xa4, asn.Name()))}}
	for _, tt := range []struct {
		name string
		cert x509.Certificate
		want int64
	}{
		{"none", x509.Certificate{}, 1}, // the subject
		{"DNS names", x509.Certificate{DNSNames: []string{"a", long}}, 1 + 2*5},
		{"IP addresses", x509.Certificate{IPAddresses: make([]net.IP, 3)}, 1 + 3},
		{"mailboxes", x509.Certificate{EmailAddresses: []string{"a", "b"}}, 1 + 2*2},
		{"a mailbox in the subject", x509.Certificate{Subject: email}, 1 + 2},
		{"a mailbox in the subject, and alternative names", x509.Certificate{Subject: email, Extensions: names}, 1 + 2},
		{"URIs", x509.Certificate{URIs: make([]*url.URL, 4)}, 1 + 4},
	} {
		if got := c.Comparisons(&tt.cert); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// A disagreement is a known case in which crypto/x509 and this package give
// different results.
type disagreement struct {
	reason     string
	x509Allows bool
	applies    func(c *x509der.NameConstraints, name *x509.Certificate) bool
}

func strictlyBelow(hosts []string, host string) bool {
	for _, h := range hosts {
		if h != "" && h[0] != '.' && strings.HasSuffix(strings.ToLower(host), "."+strings.ToLower(h)) {
			return true
		}
	}
	return false
}

var disagreements = []disagreement{
	{"a host in an e-mail constraint covers only itself (RFC 5280); in crypto/x509 it covers the hosts below it too", true,
		func(c *x509der.NameConstraints, name *x509.Certificate) bool {
			return len(name.EmailAddresses) == 1 && strictlyBelow(c.Permitted.Email, hostOf(name.EmailAddresses[0]))
		}},
	{"the same, excluded", false,
		func(c *x509der.NameConstraints, name *x509.Certificate) bool {
			return len(name.EmailAddresses) == 1 && strictlyBelow(c.Excluded.Email, hostOf(name.EmailAddresses[0]))
		}},
	{"a host in a URI constraint covers only itself (RFC 5280); in crypto/x509 it covers the hosts below it too", true,
		func(c *x509der.NameConstraints, name *x509.Certificate) bool {
			return len(name.URIs) == 1 && strictlyBelow(c.Permitted.URI, name.URIs[0].Hostname())
		}},
	{"the same, excluded", false,
		func(c *x509der.NameConstraints, name *x509.Certificate) bool {
			return len(name.URIs) == 1 && strictlyBelow(c.Excluded.URI, name.URIs[0].Hostname())
		}},
	{"a malformed name: crypto/x509 refuses it under constraints on any type of name", false,
		func(c *x509der.NameConstraints, name *x509.Certificate) bool {
			switch {
			case len(name.DNSNames) == 1:
				return strings.HasSuffix(name.DNSNames[0], ".") && len(c.Permitted.DNS)+len(c.Excluded.DNS) == 0
			case len(name.EmailAddresses) == 1:
				return !strings.Contains(name.EmailAddresses[0], "@") && len(c.Permitted.Email)+len(c.Excluded.Email) == 0
			case len(name.URIs) == 1:
				host := name.URIs[0].Hostname()
				return (host == "" || net.ParseIP(host) != nil) && len(c.Permitted.URI)+len(c.Excluded.URI) == 0
			}
			return false
		}},
	{"a quoted local part: crypto/x509 removes the quotes", true,
		func(c *x509der.NameConstraints, name *x509.Certificate) bool {
			return len(name.EmailAddresses) == 1 && name.EmailAddresses[0][0] == '"'
		}},
	{"an IPv4-mapped IPv6 address must satisfy the constraints on IPv4 and on IPv6", true,
		func(c *x509der.NameConstraints, name *x509.Certificate) bool {
			return len(name.IPAddresses) == 1 && len(name.IPAddresses[0]) == 16 && name.IPAddresses[0].To4() != nil
		}},
}

func hostOf(mailbox string) string { return mailbox[strings.LastIndexByte(mailbox, '@')+1:] }

// Random constraints give the same results as in crypto/x509, except for the
// known disagreements. crypto/x509 also makes the certificates: a root with
// constraints and leaves with one name.
func TestConstraintsAgainstCryptoX509(t *testing.T) {
	t.Parallel()
	dns := []string{"example.com", ".example.com", "www.example.com", "a.www.example.com", "com", "EXAMPLE.com", "example.org", "ample.com", ""}
	ips := []string{"10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0", "192.0.2.1/32", "2001:db8::/32", "2001:db8:8000::/33", "::/0", "::ffff:0:0/96"}
	emails := []string{"a@example.com", "A@EXAMPLE.com", "example.com", ".example.com", "www.example.com", "example.org", ""}
	uris := []string{"example.com", ".example.com", "www.example.com", "example.org", ".com", ""}
	names := []x509.Certificate{}
	for _, name := range []string{
		"example.com", "www.example.com", "WWW.Example.COM", "a.www.example.com", "b.a.www.example.com", "wwwexample.com", "example.org",
		"example.com.example.net", "*.example.com", "*.www.example.com", "*.com", "*.example.org", "com", "www.example.com.", "10.0.0.1", "a_b.example.com",
	} {
		names = append(names, x509.Certificate{DNSNames: []string{name}})
	}
	for _, ip := range []string{"10.0.0.1", "10.1.2.3", "11.0.0.0", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:8000::1", "::1"} {
		address := net.IP(netip.MustParseAddr(ip).AsSlice())
		names = append(names, x509.Certificate{IPAddresses: []net.IP{address}})
	}
	for _, mailbox := range []string{
		"a@example.com", "A@example.com", "b@example.com", "a@EXAMPLE.COM", "a@www.example.com", "a@b.www.example.com", "a@wwwexample.com",
		"a@example.org", "example.com", `"a"@example.com`,
	} {
		names = append(names, x509.Certificate{EmailAddresses: []string{mailbox}})
	}
	for _, uri := range []string{
		"https://example.com/", "https://EXAMPLE.com:443/", "https://user@example.com/", "https://www.example.com/", "https://a.www.example.com",
		"https://wwwexample.com", "spiffe://example.org/a", "urn:a:b", "https://10.0.0.1/",
	} {
		names = append(names, x509.Certificate{URIs: []*url.URL{parseURI(t, uri)}})
	}

	random := rand.New(rand.NewPCG(5280, 42110))
	pick := func(from []string) (list []string) {
		if random.IntN(3) == 0 {
			for range 1 + random.IntN(2) {
				list = append(list, from[random.IntN(len(from))])
			}
		}
		return list
	}
	networks := func() (list []*net.IPNet) {
		for _, text := range pick(ips) {
			p := prefix(text)
			list = append(list, &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())})
		}
		return list
	}
	from, until := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	k := testkeys.Key(algorithm.ECC_256, 0)
	create := func(template, parent *x509.Certificate) *x509.Certificate {
		t.Helper()
		template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(1), from, until
		der, err := x509.CreateCertificate(nil, template, parent, k.Public(), k)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	rootTemplate := func() *x509.Certificate {
		return &x509.Certificate{
			Subject: pkix.Name{CommonName: "Root"}, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign, PermittedDNSDomainsCritical: true,
		}
	}
	// The leaves do not depend on the root's constraints.
	leaves := []*x509.Certificate{}
	for _, name := range names {
		name.Subject = pkix.Name{CommonName: "Leaf"}
		leaves = append(leaves, create(&name, rootTemplate()))
	}
	// crypto/x509 writes every IPv4 address with 4 octets; this package can
	// write 16.
	mapped := certTemplate(t, algorithm.ECC_256)
	mapped.Issuer = leaves[0].RawIssuer
	mapped.NotBefore, mapped.NotAfter = from, until
	mapped.Names = []string{"::ffff:10.0.0.1"}
	mapped.ExtKeyUsage = nil
	leaf, err := x509.ParseCertificate(certMarshal(t, algorithm.ECC_256, mapped))
	if err != nil {
		t.Fatal(err)
	}
	leaves = append(leaves, leaf)

	seen := make([]int, len(disagreements))
	pairs, allowed := 0, 0
	for range 120 {
		template := rootTemplate()
		template.PermittedDNSDomains, template.ExcludedDNSDomains = pick(dns), pick(dns)
		template.PermittedIPRanges, template.ExcludedIPRanges = networks(), networks()
		template.PermittedEmailAddresses, template.ExcludedEmailAddresses = pick(emails), pick(emails)
		template.PermittedURIDomains, template.ExcludedURIDomains = pick(uris), pick(uris)
		root := create(template, template)
		pool := x509.NewCertPool()
		pool.AddCert(root)
		constraints, err := x509der.ConstraintsOf(root)
		if err != nil {
			t.Fatal(err)
		}
		if constraints == nil {
			constraints = new(x509der.NameConstraints)
		}
		for range 10 {
			leaf := leaves[random.IntN(len(leaves))]
			_, theirs := leaf.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: from, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
			ours := constraints.CheckNames(leaf)
			pairs++
			if ours == nil {
				allowed++
			}
			if (theirs == nil) == (ours == nil) {
				continue
			}
			explained := false
			for i, d := range disagreements {
				if d.x509Allows == (theirs == nil) && d.applies(constraints, leaf) {
					seen[i]++
					explained = true
					break
				}
			}
			if !explained {
				t.Errorf("%v %v %v %v under %+v:\ncrypto/x509: %v\nours: %v", leaf.DNSNames, leaf.IPAddresses, leaf.EmailAddresses, leaf.URIs, constraints, theirs, ours)
			}
		}
	}
	for i, d := range disagreements {
		if seen[i] == 0 {
			t.Errorf("this disagreement did not occur: %s", d.reason)
		}
	}
	if allowed < pairs/4 || allowed > pairs*3/4 {
		t.Errorf("%d of %d pairs are allowed; want a quarter to three quarters", allowed, pairs)
	}
}

// A name that is permitted by a constraint is not one that the same constraint,
// if it excludes, lets through.
func FuzzConstraintsOf(f *testing.F) {
	rows, refused := constraintValues()
	var values [][]byte
	for _, row := range rows {
		values = append(values, row.value)
	}
	values = append(values, refused...)
	for _, value := range values {
		f.Add(value, "www.com", "a@b.com", "https://b.c.com/", asn.Name(asn.UTF8(asn.OIDCountry, "cn"), asn.UTF8(asn.OIDCommonName, "a")))
	}
	for _, row := range nameForms() {
		f.Add(asn.Seq(asn.TLV(0xa0, asn.Seq(asn.TLV(0xa4, row.a)))), "", "", "", row.b)
	}
	for _, row := range oddNames(f) {
		dns, email, uri := strings.Join(row.cert.DNSNames, ""), strings.Join(row.cert.EmailAddresses, ""), ""
		if len(row.cert.URIs) > 0 {
			uri = row.cert.URIs[0].String()
		}
		f.Add(rows[1].value, dns, email, uri, []byte(nil))
	}
	f.Fuzz(func(t *testing.T, value []byte, dns, email, uri string, subject []byte) {
		of := func(value []byte) (*x509der.NameConstraints, error) {
			return x509der.ConstraintsOf(&x509.Certificate{Extensions: []pkix.Extension{{Id: x509der.ObjectIdentifier("\x55\x1d\x1e"), Value: value}}})
		}
		c, err := of(value)
		if (c == nil) != (err != nil) {
			t.Fatalf("constraints %+v with the error %v", c, err)
		}
		if err != nil {
			return
		}
		parsed, err := url.Parse(uri)
		if err != nil {
			parsed = new(url.URL)
		}
		directory := &x509.Certificate{Extensions: []pkix.Extension{{Id: x509der.ObjectIdentifier("\x55\x1d\x11"), Value: asn.Seq(asn.TLV(0xa4, subject))}}}
		for i, tree := range []x509der.Subtrees{c.Permitted, c.Excluded} {
			permit, exclude := x509der.NameConstraints{Permitted: tree}, x509der.NameConstraints{Excluded: tree}
			for what, both := range map[string][2]error{
				"DNS name":       {permit.CheckNames(&x509.Certificate{DNSNames: []string{dns}}), exclude.CheckNames(&x509.Certificate{DNSNames: []string{dns}})},
				"mailbox":        {permit.CheckEmail(email), exclude.CheckEmail(email)},
				"URI":            {permit.CheckURI(parsed), exclude.CheckURI(parsed)},
				"directory name": {permit.CheckNames(directory), exclude.CheckNames(directory)},
			} {
				constrained := map[string]int{"DNS name": len(tree.DNS), "mailbox": len(tree.Email), "URI": len(tree.URI), "directory name": len(tree.Directory)}[what] > 0
				if constrained && both[0] == nil && both[1] == nil {
					t.Errorf("side %d: the %s is permitted and not excluded by %+v", i, what, tree)
				}
			}
		}
	})
}

// The common name of a certificate without DNS names is held against the
// constraints if a client may read a host name there, however it is spelled.
func TestCheckCommonName(t *testing.T) {
	t.Parallel()
	c := &x509der.NameConstraints{
		Permitted: x509der.Subtrees{DNS: []string{"example.com"}}, Excluded: x509der.Subtrees{DNS: []string{"secret.example.com"}},
	}
	tests := []struct{ commonName, says string }{
		{"www.example.com", ""},
		{"WWW.Example.COM.", ""},
		{"*.www.example.com", ""},
		{"ｗｗｗ.example.com", ""},
		{"例子.example.com", ""},
		{"", ""},
		{"alice", ""},
		{"Zhang San", ""},
		{"张三.李四", ""},
		{"a@example.org", ""},
		{"2001:db8::1", ""},

		{"www.example.org", `"www.example.org" is not permitted`},
		{"WWW.example.org", `"www.example.org" is not permitted`},
		{"www.example.org.", `"www.example.org" is not permitted`},
		{"www.example.org..", `"www.example.org" is not permitted`},
		{"*.example.org", `"*.example.org" is not permitted`},
		{"*.example.org.", `"*.example.org" is not permitted`},
		{"*.example.com", "is excluded"},
		{"-a.example.org", `"-a.example.org" is not permitted`},
		{"a_b.example.org", `"a_b.example.org" is not permitted`},
		{"ｗｗｗ.example.org", `"www.example.org" is not permitted`},
		{"www．example。org", `"www.example.org" is not permitted`},
		{"＊.example.org", `"*.example.org" is not permitted`},
		{"www.exa\u200bmple.org", `"www.example.org" is not permitted`},
		{"www.exa\u00admple.org\ufeff", `"www.example.org" is not permitted`},
		{"www.exa\u200dmple.org.", `"www.example.org" is not permitted`},
		{"\u212aey.example.org", `"key.example.org" is not permitted`},
		{"例子.example.org", `"xn--fsqu00a.example.org" is not permitted`},
		{"*.例子.example.org", `"*.xn--fsqu00a.example.org" is not permitted`},
		{"192.0.2.1", `"192.0.2.1" is not permitted`}, // OpenSSL takes it for a DNS name
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%+q", tt.commonName), func(t *testing.T) {
			t.Parallel()
			checkSays(t, c.CheckCommonName(tt.commonName), tt.says)
		})
	}
}
