package ca_test

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/x509der"
)

type constraints = ca.NameConstraints

// constrained makes a root with the constraints root, and a subordinate CA below
// it with the constraints sub.
func constrained(t testing.TB, a algorithm.Algorithm, root, sub *constraints) (issuer *ca.Issuer, chain string) {
	t.Helper()
	req := rootRequest()
	req.NameConstraints = root
	rootResponse, err := ca.CreateRootCACertificate(testutil.Seeded(), instant, key(a, 0), req)
	if err != nil {
		t.Fatal(err)
	}
	parent, err := ca.NewIssuer(rootResponse.CertificateChain, key(a, 0), ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	subReq := subRequest(a)
	subReq.NameConstraints = sub
	subResponse, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, parent, key(a, 1).Public(), subReq)
	if err != nil {
		t.Fatal(err)
	}
	if issuer, err = ca.NewIssuer(subResponse.CertificateChain, key(a, 1), ca.IssuerOptions{}); err != nil {
		t.Fatal(err)
	}
	return issuer, subResponse.CertificateChain
}

// Each row is an invalid list. The requests for a root and for a subordinate CA
// both refuse it.
func TestNameConstraintsRefused(t *testing.T) {
	t.Parallel()
	type list = func(*constraints) *[]string
	dns := []list{
		func(c *constraints) *[]string { return &c.PermittedDNSDomains },
		func(c *constraints) *[]string { return &c.ExcludedDNSDomains },
	}
	ip := []list{
		func(c *constraints) *[]string { return &c.PermittedIPRanges },
		func(c *constraints) *[]string { return &c.ExcludedIPRanges },
	}
	email := []list{
		func(c *constraints) *[]string { return &c.PermittedEmailAddresses },
		func(c *constraints) *[]string { return &c.ExcludedEmailAddresses },
	}
	tests := []struct {
		name    string
		lists   []list
		entries []string
		mention string
	}{
		{"an empty domain", dns, []string{""}, `""`},
		{"a domain with a leading dot", dns, []string{".example.com"}, `".example.com" begins with a dot`},
		{"an absolute domain", dns, []string{"example.com."}, `"example.com."`},
		{"a wildcard", dns, []string{"*.example.com"}, `"*.example.com"`},
		{"only a wildcard", dns, []string{"*"}, `"*"`},
		{"an IPv4 address for a domain", dns, []string{"192.0.2.1"}, `"192.0.2.1"`},
		{"an IPv6 address for a domain", dns, []string{"2001:db8::1"}, `"2001:db8::1"`},
		{"an underscore", dns, []string{"a_b.example.com"}, `"a_b.example.com"`},
		{"a space", dns, []string{"example.com "}, `"example.com "`},
		{"two domains in one", dns, []string{"a.example.com,b.example.com"}, `"a.example.com,b.example.com"`},
		{"a newline", dns, []string{"example.com\n"}, `"example.com\n"`},
		{"a NUL", dns, []string{"example.com\x00"}, `\x00`},
		{"a label of 64 octets", dns, []string{strings.Repeat("a", 64) + ".com"}, "63"},
		{"a domain of 257 octets", dns, []string{strings.Repeat("abcdefg.", 32) + "c"}, "253"},
		{"broken punycode", dns, []string{"xn--a.com"}, "xn--a.com"},
		{"the second of two domains", dns, []string{"example.com", "-"}, `"-"`},
		{"101 domains", dns, testutil.NumberedNames(101), "101 entries; at most 100"},

		{"an empty range", ip, []string{""}, `""`},
		{"an address without length", ip, []string{"10.0.0.1"}, `"10.0.0.1"`},
		{"bits after the prefix", ip, []string{"10.0.0.1/8"}, `"10.0.0.1/8"`},
		{"bits after an IPv6 prefix", ip, []string{"2001:db8::1/32"}, `"2001:db8::1/32"`},
		{"a length of 33", ip, []string{"10.0.0.0/33"}, `"10.0.0.0/33"`},
		{"a length of 129", ip, []string{"::/129"}, `"::/129"`},
		{"a negative length", ip, []string{"10.0.0.0/-1"}, `"10.0.0.0/-1"`},
		{"a leading zero", ip, []string{"10.0.0.0/08"}, `"10.0.0.0/08"`},
		{"a mask", ip, []string{"10.0.0.0/255.0.0.0"}, `"10.0.0.0/255.0.0.0"`},
		{"three octets", ip, []string{"10.0.0/24"}, `"10.0.0/24"`},
		{"IPv4 mapped into IPv6", ip, []string{"::ffff:10.0.0.0/104"}, `"::ffff:10.0.0.0/104"`},
		{"a zone", ip, []string{"fe80::%eth0/10"}, `"fe80::%eth0/10"`},
		{"a domain for a range", ip, []string{"example.com"}, `"example.com"`},
		{"a space before a range", ip, []string{" 10.0.0.0/8"}, `" 10.0.0.0/8"`},
		{"the second of two ranges", ip, []string{"10.0.0.0/8", "x"}, `"x"`},
		{"101 ranges", ip, slices.Repeat([]string{"10.0.0.0/8"}, 101), "101 entries; at most 100"},

		{"an empty mailbox", email, []string{""}, `""`},
		{"an at sign", email, []string{"@"}, `""`},
		{"no local part", email, []string{"@example.com"}, `"@example.com"`},
		{"no host", email, []string{"a@"}, `""`},
		{"two at signs", email, []string{"a@b@example.com"}, `"b@example.com"`},
		{"a mailbox at the hosts below", email, []string{"a@.example.com"}, `".example.com"`},
		{"a mailbox at an address", email, []string{"a@192.0.2.1"}, `"192.0.2.1"`},
		{"a mailbox at a wildcard", email, []string{"a@*.example.com"}, `"*.example.com"`},
		{"a quoted local part", email, []string{`"a"@example.com`}, `example.com`},
		{"a local part with a space", email, []string{"a b@example.com"}, `"a b@example.com"`},
		{"a local part with an empty atom", email, []string{"a..b@example.com"}, `"a..b@example.com"`},
		{"a local part with a leading dot", email, []string{".a@example.com"}, `".a@example.com"`},
		{"a local part in Chinese", email, []string{"云@example.com"}, `"云@example.com"`},
		{"a local part of 65 octets", email, []string{strings.Repeat("a", 65) + "@example.com"}, "aaaa"},
		{"two dots before a host", email, []string{"..example.com"}, `".example.com"`},
		{"a dot", email, []string{"."}, `""`},
		{"a host that is an address", email, []string{"192.0.2.1"}, `"192.0.2.1"`},
		{"a host with a wildcard", email, []string{"*.example.com"}, `"*.example.com"`},
		{"the second of two mailboxes", email, []string{"example.com", "-"}, `"-"`},
		{"101 hosts", email, testutil.NumberedNames(101), "101 entries; at most 100"},
	}
	for _, tt := range tests {
		for i, list := range tt.lists {
			t.Run(fmt.Sprintf("%s, %s", tt.name, []string{"permitted", "excluded"}[i]), func(t *testing.T) {
				t.Parallel()
				c := new(constraints)
				*list(c) = tt.entries
				before := slices.Clone(tt.entries)
				root, sub := rootRequest(), subRequest(algorithm.ECC_256)
				root.NameConstraints, sub.NameConstraints = c, c
				testutil.CheckError(t, root.Validate(), malformed, "NameConstraints", tt.mention)
				testutil.CheckError(t, sub.Validate(), malformed, "NameConstraints", tt.mention)

				au := authorityOf(algorithm.ECC_256)
				rootResponse, err := ca.CreateRootCACertificate(testutil.Untouched(t), instant, testutil.Unused(t, au.rootKey.Public()), root)
				testutil.CheckError(t, err, malformed, "NameConstraints", tt.mention)
				subResponse, err := ca.CreateSubCACertificate(testutil.Untouched(t), instant, au.rootIssuer, au.subKey.Public(), sub)
				testutil.CheckError(t, err, malformed, "NameConstraints", tt.mention)
				if rootResponse != nil || subResponse != nil {
					t.Error("a response and an error")
				}
				if diff := cmp.Diff(before, *list(c)); diff != "" {
					t.Errorf("the request was changed (-before +after):\n%s", diff)
				}
			})
		}
	}
	t.Run("the last parameter to be checked", func(t *testing.T) {
		t.Parallel()
		root := rootRequest()
		root.Tags, root.NameConstraints = tags(101), &constraints{PermittedDNSDomains: []string{""}}
		testutil.CheckError(t, root.Validate(), malformed, "Tags", "")
	})
}

// The certificate holds the requested constraints in canonical form. Lists of 100
// entries are accepted, and without entries there is no extension.
func TestNameConstraintsWritten(t *testing.T) {
	t.Parallel()
	prefixes := func(list ...string) (parsed []netip.Prefix) {
		for _, p := range list {
			parsed = append(parsed, netip.MustParsePrefix(p))
		}
		return parsed
	}
	hundred := slices.Repeat([]string{"192.0.2.0/24"}, 100)
	tests := []struct {
		name  string
		given *constraints
		want  *x509der.NameConstraints
	}{
		{"nil", nil, nil},
		{"empty", &constraints{}, nil},
		{"empty lists", &constraints{PermittedDNSDomains: []string{}, ExcludedIPRanges: []string{}}, nil},
		{"all", &constraints{
			PermittedDNSDomains: []string{"example.com", "WWW.Example.org", "例子.中国", "com"},
			ExcludedDNSDomains:  []string{"secret.example.com"},
			PermittedIPRanges:   []string{"10.0.0.0/8", "2001:db8::/32", "192.0.2.1/32"},
			ExcludedIPRanges:    []string{"0.0.0.0/0", "::/0"},
			PermittedEmailAddresses: []string{
				"a.B+c@EXAMPLE.com", "Example.com", ".Example.com", "a@例子.中国", ".例子.中国", strings.Repeat("a", 64) + "@example.com",
			},
			ExcludedEmailAddresses: []string{"root@example.com"},
		}, &x509der.NameConstraints{
			Permitted: x509der.Subtrees{
				DNS: []string{"example.com", "www.example.org", "xn--fsqu00a.xn--fiqs8s", "com"},
				IP:  prefixes("10.0.0.0/8", "2001:db8::/32", "192.0.2.1/32"),
				Email: []string{
					"a.B+c@example.com", "example.com", ".example.com", "a@xn--fsqu00a.xn--fiqs8s", ".xn--fsqu00a.xn--fiqs8s", strings.Repeat("a", 64) + "@example.com",
				},
			},
			Excluded: x509der.Subtrees{
				DNS: []string{"secret.example.com"}, IP: prefixes("0.0.0.0/0", "::/0"), Email: []string{"root@example.com"},
			},
		}},
		{"100 entries each",
			&constraints{PermittedDNSDomains: testutil.NumberedNames(100), ExcludedIPRanges: hundred, PermittedEmailAddresses: testutil.NumberedNames(100)},
			&x509der.NameConstraints{
				Permitted: x509der.Subtrees{DNS: testutil.NumberedNames(100), Email: testutil.NumberedNames(100)},
				Excluded:  x509der.Subtrees{IP: prefixes(hundred...)},
			}},
	}
	for _, tt := range tests {
		for _, a := range testkeys.Families {
			t.Run(fmt.Sprintf("%s, %s", tt.name, a), func(t *testing.T) {
				t.Parallel()
				_, chain := constrained(t, a, tt.given, tt.given)
				for _, text := range []string{testutil.EncodePEM("CERTIFICATE", decodeFirst(t, chain)), lastPEM(chain)} {
					cert := parsePEM(t, text)
					got, err := x509der.ConstraintsOf(cert)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
						t.Errorf("%s: constraints mismatch (-want +got):\n%s", cert.Subject.CommonName, diff)
					}
					for _, e := range cert.Extensions {
						if e.Id.Equal([]int{2, 5, 29, 30}) && (!e.Critical || tt.want == nil) {
							t.Errorf("%s: the extension is empty or not critical", cert.Subject.CommonName)
						}
					}
				}
			})
		}
	}
}

func TestNameConstraintsJSON(t *testing.T) {
	t.Parallel()
	text := []byte(`{"CommonName": "Root", "NameConstraints": {
		"PermittedDNSDomains": ["example.com"], "ExcludedDNSDomains": ["a.example.com"],
		"PermittedIPRanges": ["10.0.0.0/8"], "ExcludedIPRanges": ["10.1.0.0/16"],
		"PermittedEmailAddresses": [".example.com"], "ExcludedEmailAddresses": ["a@example.com"]}}`)
	checkRoundTrip[ca.CreateRootCACertificateRequest](t, text)
	checkRoundTrip[ca.CreateSubCACertificateRequest](t, text)
	if text, err := json.Marshal(constraints{}); err != nil || string(text) != "{}" {
		t.Errorf("the zero value is %s, %v", text, err)
	}
}

// Constraints are enforced whether they are in the root, in the subordinate CA or
// in both. Each operation names the parameter that the refused name came from.
func TestNameConstraintsEnforced(t *testing.T) {
	t.Parallel()
	a := algorithm.ECC_256
	example := &constraints{PermittedDNSDomains: []string{"example.com"}}
	noAddress := &constraints{ExcludedIPRanges: []string{"0.0.0.0/0", "::/0"}}
	mail := &constraints{PermittedEmailAddresses: []string{".example.com", "ca@example.org"}}
	type call = func(*ca.Issuer) error
	server := func(csr string, change func(*request)) call {
		return func(issuer *ca.Issuer) error {
			req := serverRequest(issuer, csr)
			change(req)
			resp, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
			if err != nil && (resp != nil || der != nil) {
				t.Error("a result and an error")
			}
			return err
		}
	}
	asIs := func(*request) {}
	withKey := func(commonName, domain string) call {
		return func(issuer *ca.Issuer) error {
			resp, k, der, err := ca.CreateServerCertificate(testutil.Seeded(), instant, issuer, &ca.CreateServerCertificateRequest{
				CommonName: commonName, Domain: domain, Algorithm: string(a), ParentIdentifier: issuer.Identifier(), Days: 90,
			})
			if err != nil && (resp != nil || k != nil || der != nil) {
				t.Error("a result and an error")
			}
			return err
		}
	}
	client := func(csr string, sanType int32, sanValue string) call {
		return func(issuer *ca.Issuer) error {
			_, _, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, &ca.CreateClientCertificateWithCsrRequest{
				Csr: csr, SanType: sanType, SanValue: sanValue, CommonName: "Device 1", ParentIdentifier: issuer.Identifier(), Days: 90,
			})
			return err
		}
	}
	clientWithKey := func(commonName string, sanType int32, sanValue string) call {
		return func(issuer *ca.Issuer) error {
			_, _, _, err := ca.CreateClientCertificate(testutil.Seeded(), instant, issuer, &ca.CreateClientCertificateRequest{
				SanType: sanType, SanValue: sanValue, CommonName: commonName, Algorithm: string(a), ParentIdentifier: issuer.Identifier(), Days: 90,
			})
			return err
		}
	}
	responder := func(commonName string) call {
		return func(issuer *ca.Issuer) error {
			_, err := ca.CreateOCSPResponderCertificate(testutil.Seeded(), instant, issuer, key(a, 2).Public(), &ca.CreateOCSPResponderCertificateRequest{
				CommonName: commonName, Days: 30,
			})
			return err
		}
	}
	host := func(commonName string, names ...string) string { return hostCSR(t, a, commonName, names...) }
	const permitted, excluded = "not permitted by the name constraints [example.com]", "excluded by the name constraint "
	tests := []struct {
		name        string
		constraints *constraints
		call        call
		parameter   string // empty: the certificate is issued
		mention     string
	}{
		{"permitted names", example, server(host("www.example.com", "example.com", "*.example.com"), func(r *request) { r.Domain = "a.b.example.com" }), "", ""},
		{"an address under constraints on DNS names", example, server(host("www.example.com", "192.0.2.1"), asIs), "", ""},
		{"the CSR's common name", example, server(host("www.example.org"), asIs), "Csr", `"www.example.org" is ` + permitted},
		{"a name of the CSR", example, server(host("www.example.com", "example.com", "www.example.org"), asIs), "Csr", `"www.example.org" is ` + permitted},
		{"a name with the same letters", example, server(host("wwwexample.com"), asIs), "Csr", `"wwwexample.com" is ` + permitted},
		{"CommonName, where the CSR has none", example, server(host("", "www.example.com"), func(r *request) { r.CommonName = "www.example.org" }), "CommonName", `"www.example.org" is ` + permitted},
		{"CommonName, where the CSR has one", example, server(host("www.example.com"), func(r *request) { r.CommonName = "www.example.org" }), "", ""},
		{"a name of the CSR, CommonName fine", example, server(host("", "www.example.org"), func(r *request) { r.CommonName = "www.example.com" }), "Csr", `"www.example.org" is ` + permitted},
		{"a name of the CSR, CommonName not a host", example, server(host("", "www.example.org"), func(r *request) { r.CommonName = "A Server" }), "Csr", `"www.example.org" is ` + permitted},
		{"a common name that is not a host", example, server(host("A Server", "www.example.com"), asIs), "", ""},
		{"Domain", example, server(host("www.example.com"), func(r *request) { r.Domain = "example.com,www.example.org" }), "Domain", `"www.example.org" is ` + permitted},
		{"Domain, with U-labels", example, server(host("www.example.com"), func(r *request) { r.Domain = "例子.中国" }), "Domain", `"xn--fsqu00a.xn--fiqs8s" is ` + permitted},
		{"a wildcard in Domain", example, server(host("www.example.com"), func(r *request) { r.Domain = "*.example.org" }), "Domain", `"*.example.org" is ` + permitted},
		{"a wildcard over an excluded name", &constraints{ExcludedDNSDomains: []string{"secret.example.com"}}, server(host("*.example.com"), asIs), "Csr", excluded + "secret.example.com"},
		{"an excluded address", noAddress, server(host("www.example.com", "192.0.2.1"), asIs), "Csr", `"192.0.2.1" is ` + excluded + "0.0.0.0/0"},
		{"an excluded IPv6 address", noAddress, server(host("www.example.com"), func(r *request) { r.Domain = "2001:db8::1" }), "Domain", `"2001:db8::1" is ` + excluded + "::/0"},
		{"a permitted address", &constraints{PermittedIPRanges: []string{"192.0.2.0/24"}}, server(host("192.0.2.1"), asIs), "", ""},
		{"an address outside the range", &constraints{PermittedIPRanges: []string{"192.0.2.0/24"}}, server(host("192.0.3.1"), asIs), "Csr", "not permitted by the name constraints [192.0.2.0/24]"},

		{"a key made with it", example, withKey("www.example.com", "example.com"), "", ""},
		{"a key made with it, CommonName", example, withKey("www.example.org", "example.com"), "CommonName", `"www.example.org" is ` + permitted},
		{"a key made with it, Domain", example, withKey("www.example.com", "example.org"), "Domain", `"example.org" is ` + permitted},

		{"a client's mailbox", mail, client(host("Device 1"), 1, "a@www.example.com,ca@example.org"), "", ""},
		{"a client's mailbox elsewhere", mail, client(host("Device 1"), 1, "ca@example.org,a@example.org"), "SanValue", `"a@example.org" is not permitted by the name constraints [.example.com ca@example.org]`},
		{"a client's excluded mailbox", &constraints{ExcludedEmailAddresses: []string{"example.org"}}, client(host("Device 1"), 1, "a@example.org"), "SanValue", excluded + "example.org"},
		{"a client's DNS name in the CSR", example, client(host("Device 1", "www.example.org"), 0, ""), "Csr", permitted},
		{"a client's DNS name in the CSR, which is CommonName too", example, func(issuer *ca.Issuer) error {
			_, _, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, &ca.CreateClientCertificateWithCsrRequest{
				Csr: host("", "www.example.org"), CommonName: "www.example.org", ParentIdentifier: issuer.Identifier(), Days: 90,
			})
			return err
		}, "Csr", permitted},
		{"a client's DNS name in SanValue", example, client(host("Device 1", "www.example.com"), 2, "www.example.org"), "SanValue", permitted},
		{"a client's address", noAddress, client(host("Device 1"), 7, "192.0.2.1"), "SanValue", excluded},
		{"a client's URI under constraints on DNS names", example, client(host("Device 1"), 6, "spiffe://example.org/a"), "", ""},
		{"a client's common name, which is not an alternative name", example, clientWithKey("Device.example.org", 2, "www.example.com"), "", ""},
		{"a client's common name with a dot at the end", example, clientWithKey("www.example.org.", 0, ""), "CommonName", `"www.example.org" is ` + permitted},
		{"a server's common name with a dot at the end", example, withKey("www.example.org.", "192.0.2.1"), "CommonName", `"www.example.org" is ` + permitted},
		{"the CSR's common name with a dot at the end", example, server(host("WWW.example.org.", "192.0.2.1"), asIs), "Csr", `"www.example.org" is ` + permitted},
		{"a client's wildcard", example, clientWithKey("*.example.org", 0, ""), "CommonName", `"*.example.org" is ` + permitted},
		{"a client's wildcard in the CSR", example, client(host("*.example.org"), 0, ""), "Csr", `"*.example.org" is ` + permitted},
		{"a client's permitted wildcard", example, clientWithKey("*.example.com", 0, ""), "", ""},
		{"a client's wildcard over an excluded name", &constraints{ExcludedDNSDomains: []string{"secret.example.com"}}, clientWithKey("*.example.com", 0, ""), "CommonName", excluded + "secret.example.com"},
		{"a client's common name in U-labels", example, clientWithKey("例子.example.org", 0, ""), "CommonName", `"xn--fsqu00a.example.org" is ` + permitted},
		{"a client's common name in another script", example, clientWithKey("张三.李四", 0, ""), "", ""},
		{"a responder's wildcard", example, responder("*.example.org"), "CommonName", `"*.example.org" is ` + permitted},
		{"a responder's common name with a dot at the end", example, responder("ocsp.example.org."), "CommonName", `"ocsp.example.org" is ` + permitted},
		{"a responder's permitted wildcard", example, responder("*.example.com"), "", ""},
		{"a client with a key made with it", example, clientWithKey("Device", 2, "www.example.org"), "SanValue", permitted},
		{"a client with a key made with it, mailbox", mail, clientWithKey("Device", 1, "a@example.com"), "SanValue", "not permitted"},
	}
	for _, tt := range tests {
		for where, cas := range map[string][2]*constraints{"root": {tt.constraints, nil}, "sub": {nil, tt.constraints}, "both": {tt.constraints, tt.constraints}} {
			t.Run(tt.name+", "+where, func(t *testing.T) {
				t.Parallel()
				issuer, _ := constrained(t, a, cas[0], cas[1])
				err := tt.call(issuer)
				if tt.parameter == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				testutil.CheckError(t, err, refused, tt.parameter, tt.mention)
				if by := map[string]string{"root": "Test Root", "sub": "Test Sub CA", "both": "Test Sub CA"}[where]; !strings.Contains(err.Error(), "of the CA \""+by+"\"") {
					t.Errorf("the message does not name the CA %s: %v", by, err)
				}
				free, _ := constrained(t, a, nil, nil)
				if err := tt.call(free); err != nil {
					t.Errorf("without constraints: %v", err)
				}
			})
		}
	}
}

// A CA cannot allow more than the CAs above it. This is tested with chains of
// three CAs in all families; Verify and other implementations agree.
func TestNameConstraintsAlongTheChain(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			req := rootRequest()
			req.NameConstraints = &constraints{PermittedDNSDomains: []string{"example.com"}}
			root, err := ca.CreateRootCACertificate(testutil.Seeded(), instant, key(a, 0), req)
			if err != nil {
				t.Fatal(err)
			}
			rootIssuer, err := ca.NewIssuer(root.CertificateChain, key(a, 0), ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			middleReq := subRequest(a)
			middleReq.CommonName, middleReq.PathLenConstraint = "Middle", 1
			middleReq.NameConstraints = &constraints{PermittedDNSDomains: []string{"example.com", "example.org"}, ExcludedDNSDomains: []string{"a.example.com"}}
			middle, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, rootIssuer, key(a, 1).Public(), middleReq)
			if err != nil {
				t.Fatal(err)
			}
			middleIssuer, err := ca.NewIssuer(middle.CertificateChain, key(a, 1), ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			subKey := map[algorithm.Algorithm]*algorithm.PrivateKey{
				algorithm.RSA_2048: key(algorithm.RSA_3072, 0), algorithm.ECC_256: key(algorithm.ECC_384, 0), algorithm.SM2_256: sm2Key(t, 1234567),
			}[a]
			subReq := subRequest(subKey.Algorithm())
			subReq.NameConstraints = &constraints{ExcludedDNSDomains: []string{"b.example.com"}}
			sub, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, middleIssuer, subKey.Public(), subReq)
			if err != nil {
				t.Fatal(err)
			}
			issuer, err := ca.NewIssuer(sub.CertificateChain, subKey, ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for host, by := range map[string]string{
				"www.example.com": "", "c.example.com": "", "www.example.org": "Test Root", "a.example.com": "Middle", "*.a.example.com": "Middle",
				"b.example.com": "Test Sub CA", "x.b.example.com": "Test Sub CA", "*.example.com": "Test Sub CA", "www.example.net": "Middle",
			} {
				req := serverRequest(issuer, hostCSR(t, a, host))
				if by != "" {
					_, _, err := ca.CreateServerCertificateWithCsr(testutil.Untouched(t), instant, issuer, req)
					testutil.CheckError(t, err, refused, "Csr", fmt.Sprintf("of the CA %q", by))
					continue
				}
				cert := issue(t, issuer, req)
				verifyServer(t, a, cert.Raw, sub.CertificateChain, root.Certificate, instant, host)
				if _, err := ca.Verify(instant, testutil.EncodePEM("CERTIFICATE", cert.Raw), ca.VerifyOptions{Roots: root.Certificate, Intermediates: sub.CertificateChain, Host: host}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// Constraints in CA certificates of other software are enforced too, also those
// on URIs, which this package does not write.
func TestForeignNameConstraints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		change   func(*x509.Certificate)
		sanType  int32
		sanValue string
		mention  string // empty: the certificate is issued
	}{
		{"URIs at a host", func(c *x509.Certificate) { c.PermittedURIDomains = []string{"example.com"} }, 6, "spiffe://example.com/a", ""},
		{"URIs at another host", func(c *x509.Certificate) { c.PermittedURIDomains = []string{"example.com"} }, 6, "spiffe://example.com/a,spiffe://example.org/a", `"spiffe://example.org/a" is not permitted by the name constraints [example.com]`},
		{"URIs at a host below", func(c *x509.Certificate) { c.ExcludedURIDomains = []string{".example.com"} }, 6, "https://www.example.com/", "excluded by the name constraint .example.com"},
		{"URIs without host", func(c *x509.Certificate) { c.ExcludedURIDomains = []string{"example.com"} }, 6, "urn:a:b", `"urn:a:b" has no host name`},
		{"URIs at an address", func(c *x509.Certificate) { c.ExcludedURIDomains = []string{"example.com"} }, 6, "https://192.0.2.1/", "has no host name"},
		{"DNS names below", func(c *x509.Certificate) { c.PermittedDNSDomains = []string{".example.com"} }, 2, "example.com", "not permitted by the name constraints [.example.com]"},
		{"DNS names in capitals", func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"EXAMPLE.com"} }, 2, "www.example.com", ""},
		{"any DNS name", func(c *x509.Certificate) { c.ExcludedDNSDomains = []string{""} }, 2, "www.example.com", "excluded"},
		{"addresses", func(c *x509.Certificate) {
			c.PermittedIPRanges = []*net.IPNet{{IP: net.IP{192, 0, 2, 0}, Mask: net.CIDRMask(24, 32)}, {IP: net.ParseIP("2001:db8::"), Mask: net.CIDRMask(32, 128)}}
		}, 7, "192.0.2.1,2001:db8::1", ""},
		{"addresses outside", func(c *x509.Certificate) {
			c.PermittedIPRanges = []*net.IPNet{{IP: net.IP{192, 0, 2, 0}, Mask: net.CIDRMask(24, 32)}}
		}, 7, "192.0.3.1", "not permitted by the name constraints [192.0.2.0/24]"},
	}
	for _, tt := range tests {
		for _, level := range []string{"Root", "Sub"} {
			for _, critical := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, %s, critical %v", tt.name, level, critical), func(t *testing.T) {
					t.Parallel()
					p := &pki{root: caTemplate("Root"), sub: caTemplate("Sub"), a: algorithm.ECC_256}
					target := map[string]*x509.Certificate{"Root": p.root, "Sub": p.sub}[level]
					tt.change(target)
					target.PermittedDNSDomainsCritical = critical
					chain, k := p.chain(t)
					issuer, err := ca.NewIssuer(chain, k, ca.IssuerOptions{})
					if err != nil {
						t.Fatal(err)
					}
					_, der, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, &ca.CreateClientCertificateWithCsrRequest{
						Csr: hostCSR(t, algorithm.ECC_256, "Device"), SanType: tt.sanType, SanValue: tt.sanValue, ParentIdentifier: issuer.Identifier(), Days: 90,
					})
					if tt.mention != "" {
						testutil.CheckError(t, err, yuncert.ErrInvalidParameter, "SanValue", tt.mention)
						testutil.CheckError(t, err, yuncert.ErrInvalidParameter, "SanValue", fmt.Sprintf("of the CA %q", level))
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					pool, below := x509.NewCertPool(), x509.NewCertPool()
					pool.AppendCertsFromPEM([]byte(lastPEM(chain)))
					below.AppendCertsFromPEM([]byte(chain))
					if _, err := parse(t, der).Verify(x509.VerifyOptions{Roots: pool, Intermediates: below, CurrentTime: instant, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
						t.Errorf("crypto/x509: %v", err)
					}
				})
			}
		}
	}
}
