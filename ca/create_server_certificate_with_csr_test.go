package ca_test

import (
	"bytes"
	"crypto"
	"crypto/md5"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

type request = ca.CreateServerCertificateWithCsrRequest

// A refusedServerRequest is one row of refusedServerRequests.
type refusedServerRequest struct {
	name      string
	change    func(*request)
	code      yuncert.Code
	parameter string
	mention   string
}

// refusedServerRequests are changes to a valid request after which it is refused.
// FuzzCreateServerCertificateWithCsrRequestJSON starts from them too.
func refusedServerRequests(t testing.TB) []refusedServerRequest {
	au := authorityOf(algorithm.ECC_256)
	host := hostCSR(t, algorithm.ECC_256, "www.example.com")
	nameless := hostCSR(t, algorithm.ECC_256, "")
	names150 := hostCSR(t, algorithm.ECC_256, "www.example.com", testutil.NumberedNames(149)...)
	broken := []byte(host)
	broken[len(broken)/2] ^= 1
	before := instant.Unix()

	return []refusedServerRequest{
		{"Csr is required", func(r *request) { r.Csr = "" }, missing, "Csr", "Csr is mandatory for this action."},
		{"ParentIdentifier is required", func(r *request) { r.ParentIdentifier = "" }, missing, "ParentIdentifier", "ParentIdentifier is mandatory for this action."},

		{"a CSR that is not PEM", func(r *request) { r.Csr = "CSR" }, malformed, "Csr", "PEM"},
		{"a CSR with a wrong octet", func(r *request) { r.Csr = string(broken) }, malformed, "Csr", ""},
		{"two CSRs", func(r *request) { r.Csr += r.Csr }, malformed, "Csr", "more than one"},
		{"a certificate for a CSR", func(r *request) { r.Csr = au.sub.Certificate }, malformed, "Csr", "it is a PEM block CERTIFICATE; want CERTIFICATE REQUEST"},
		{"a private key for a CSR", func(r *request) { r.Csr = string(testkeys.PEM(algorithm.ECC_256, 2)) }, malformed, "Csr", "private key"},
		{"a CSR above 64 KiB", func(r *request) { r.Csr += strings.Repeat("\n", csr.MaxSize) }, malformed, "Csr", "65536"},
		{"no name anywhere", func(r *request) { r.Csr = nameless }, refused, "Csr", "CommonName or Domain"},
		{"a Domain of commas is not a name", func(r *request) { r.Csr, r.Domain = nameless, " , ," }, refused, "Csr", "CommonName or Domain"},

		{"a space in Domain", func(r *request) { r.Domain = "www example.com" }, malformed, "Domain", "www example.com"},
		{"another separator than a comma", func(r *request) { r.Domain = "a.example.com;b.example.com" }, malformed, "Domain", "a.example.com;b.example.com"},
		{"an underscore in Domain", func(r *request) { r.Domain = "ok.example.com,a_b.example.com" }, malformed, "Domain", "a_b.example.com"},
		{"a URL in Domain", func(r *request) { r.Domain = "https://example.com" }, malformed, "Domain", "https://example.com"},
		{"a port in Domain", func(r *request) { r.Domain = "example.com:443" }, malformed, "Domain", "example.com:443"},
		{"a network in Domain", func(r *request) { r.Domain = "192.0.2.0/24" }, malformed, "Domain", "192.0.2.0/24"},
		{"an IPv4 address out of range", func(r *request) { r.Domain = "192.0.2.256" }, malformed, "Domain", "192.0.2.256"},
		{"an IPv6 zone", func(r *request) { r.Domain = "fe80::1%eth0" }, malformed, "Domain", "fe80::1%eth0"},
		{"an e-mail address in Domain", func(r *request) { r.Domain = "admin@example.com" }, malformed, "Domain", "admin@example.com"},
		{"a wildcard inside", func(r *request) { r.Domain = "a.*.example.com" }, malformed, "Domain", "a.*.example.com"},
		{"half a wildcard label", func(r *request) { r.Domain = "w*.example.com" }, malformed, "Domain", "w*.example.com"},
		{"a wildcard above one label", func(r *request) { r.Domain = "*.com" }, malformed, "Domain", "*.com"},
		{"two wildcards", func(r *request) { r.Domain = "*.*.example.com" }, malformed, "Domain", "*.*.example.com"},
		{"a bare wildcard", func(r *request) { r.Domain = "*" }, malformed, "Domain", `"*"`},
		{"a label of 64 octets", func(r *request) { r.Domain = strings.Repeat("a", 64) + ".com" }, malformed, "Domain", "63"},
		{"a name of 254 octets", func(r *request) { r.Domain = strings.Repeat(strings.Repeat("a", 62)+".", 4) + "cd" }, malformed, "Domain", "253"},
		{"an empty label", func(r *request) { r.Domain = "a..example.com" }, malformed, "Domain", "a..example.com"},
		{"a trailing dot", func(r *request) { r.Domain = "example.com." }, malformed, "Domain", "ends with a dot"},
		{"an IPv4 address mapped into IPv6", func(r *request) { r.Domain = "::ffff:192.0.2.1" }, malformed, "Domain", "write 192.0.2.1"},
		{"a full-width comma", func(r *request) { r.Domain = "a.example.com，b.example.com" }, malformed, "Domain", "(U+FF0C): separate names with the ASCII comma"},
		{"a hyphen at the end of a label", func(r *request) { r.Domain = "a-.example.com" }, malformed, "Domain", "a-.example.com"},
		{"a NUL in Domain", func(r *request) { r.Domain = "example.com\x00.example.org" }, malformed, "Domain", `\x00`},
		{"an invalid A-label", func(r *request) { r.Domain = "xn--a.example.com" }, malformed, "Domain", "xn--a.example.com"},
		{"an invalid U-label", func(r *request) { r.Domain = "\u0378例.com" }, malformed, "Domain", "internationalised"},
		{"251 names in Domain", func(r *request) { r.Domain = strings.Join(testutil.NumberedNames(251), ",") }, malformed, "Domain", "250"},
		{"251 names in the CSR and its common name", func(r *request) {
			r.Csr, r.Domain = hostCSR(t, algorithm.ECC_256, "www.example.com", testutil.NumberedNames(251)...), ""
		}, malformed, "Csr", "more than 250"},
		{"251 names in the CSR and CommonName", func(r *request) {
			r.Csr, r.CommonName, r.Domain = hostCSR(t, algorithm.ECC_256, "", testutil.NumberedNames(251)...), "www.example.com", ""
		}, malformed, "Csr", "more than 250"},
		{"250 names in the CSR, one in Domain and CommonName", func(r *request) {
			r.Csr, r.CommonName, r.Domain = hostCSR(t, algorithm.ECC_256, "", testutil.NumberedNames(250)...), "www.example.com", "example.com"
		}, malformed, "Domain", "more than 250"},
		{"150 names in the CSR and 102 others in Domain", func(r *request) {
			r.Csr, r.Domain = names150, strings.Join(testutil.NumberedNames(251)[149:], ",")
		}, malformed, "Domain", "250"},

		{"a common name that is not a host", func(r *request) {
			r.Csr = hostCSR(t, algorithm.ECC_256, "https://www.example.com")
		}, refused, "Csr", `"https://www.example.com" is not a DNS name`},
		{"a common name that is not a host, with names that are not copied", func(r *request) {
			r.Csr = makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(asn.UTF8(asn.OIDCommonName, "Tom Li")), asn.Extension(asn.OIDAltName, false, asn.Seq(asn.TLV(0x81, []byte("a@example.com")))))
		}, refused, "Csr", `"Tom Li" is not a DNS name`},
		{"a common name that is not a host, with a CommonName that is not used", func(r *request) {
			r.Csr, r.CommonName = hostCSR(t, algorithm.ECC_256, "Tom Li"), "www.example.com"
		}, refused, "Csr", `"Tom Li" is not a DNS name`},
		{"CommonName that is not a host", func(r *request) {
			r.Csr, r.CommonName = hostCSR(t, algorithm.ECC_256, ""), "云证书"
		}, malformed, "CommonName", `"云证书" is not a DNS name`},
		{"no name at all", func(r *request) { r.Csr = hostCSR(t, algorithm.ECC_256, "") }, refused, "Csr", "the CSR has no common name, DNS name or IP address"},

		{"Organization of 65 characters", func(r *request) { r.Organization = testutil.Chinese(65) }, malformed, "Organization", "65 characters"},
		{"OrganizationUnit of 65 characters", func(r *request) { r.OrganizationUnit = testutil.Chinese(65) }, malformed, "OrganizationUnit", "65 characters"},
		{"Country of one letter", func(r *request) { r.Country = "C" }, malformed, "Country", "Country must be 2 characters."},
		{"Country of three letters", func(r *request) { r.Country = "CHN" }, malformed, "Country", "Country must be 2 characters."},
		{"Country in Chinese", func(r *request) { r.Country = "中国" }, malformed, "Country", "Country must be 2 characters."},
		{"a CommonName of 65 characters, though it does not count", func(r *request) { r.CommonName = testutil.Chinese(65) }, malformed, "CommonName", "65 characters"},
		{"State of 129 characters", func(r *request) { r.State = testutil.Chinese(129) }, malformed, "State", "129 characters"},
		{"Locality of 129 characters", func(r *request) { r.Locality = testutil.Chinese(129) }, malformed, "Locality", "129 characters"},
		{"a newline", func(r *request) { r.Organization = "Example\nInc" }, malformed, "Organization", `Example\nInc`},
		{"outer space", func(r *request) { r.Locality = "Hangzhou " }, malformed, "Locality", "Hangzhou "},
		{"not UTF-8", func(r *request) { r.State = "\xff" }, malformed, "State", `\xff`},

		{"an Algorithm that is not documented", func(r *request) { r.Algorithm = "ECC_521" }, malformed, "Algorithm", `"ECC_521"`},
		{"Algorithm RSA_3072", func(r *request) { r.Algorithm = "RSA_3072" }, malformed, "Algorithm", `"RSA_3072"`},
		{"Algorithm in lower case", func(r *request) { r.Algorithm = "ecc_256" }, malformed, "Algorithm", `"ecc_256"`},
		{"Algorithm of another length", func(r *request) { r.Algorithm = "ECC_384" }, refused, "Algorithm", "ECC_256"},
		{"Algorithm of another family", func(r *request) { r.Algorithm = "RSA_2048" }, refused, "Algorithm", "ECC_256"},

		{"no validity", func(r *request) { r.Days = 0 }, missing, "Days", "Days is mandatory for this action."},
		{"only BeforeTime", func(r *request) { r.Days, r.BeforeTime = 0, before }, malformed, "AfterTime", "both"},
		{"only AfterTime", func(r *request) { r.Days, r.AfterTime = 0, before+60 }, malformed, "BeforeTime", "both"},
		{"only BeforeTime, with Days", func(r *request) { r.BeforeTime = before }, malformed, "AfterTime", "both"},
		{"only AfterTime, with Days", func(r *request) { r.AfterTime = before + 60 }, malformed, "BeforeTime", "both"},
		{"end before start", func(r *request) { r.Days, r.BeforeTime, r.AfterTime = 0, before+60, before }, malformed, "AfterTime", fmt.Sprint(before)},
		{"end at the start", func(r *request) { r.Days, r.BeforeTime, r.AfterTime = 0, before, before }, malformed, "AfterTime", fmt.Sprint(before)},
		{"end before start, with Days", func(r *request) { r.BeforeTime, r.AfterTime = before+60, before }, malformed, "AfterTime", fmt.Sprint(before)},
		{"Years below zero", func(r *request) { r.Years = -1 }, malformed, "Years", "-1"},
		{"Months below zero", func(r *request) { r.Months = -1 }, malformed, "Months", "-1"},
		{"Days below zero", func(r *request) { r.Days = -1 }, malformed, "Days", "-1"},
		{"BeforeTime below zero", func(r *request) { r.BeforeTime, r.AfterTime = -1, before }, malformed, "BeforeTime", "-1"},
		{"AfterTime below zero", func(r *request) { r.BeforeTime, r.AfterTime = before, -1 }, malformed, "AfterTime", "-1"},
		{"Years 10,001", func(r *request) { r.Years = 10_001 }, malformed, "Years", "10001"},
		{"Months 120,001", func(r *request) { r.Months = 120_001 }, malformed, "Months", "120001"},
		{"Days 3,652,501", func(r *request) { r.Days = 3_652_501 }, malformed, "Days", "3652501"},
		{"Years at the top of its type", func(r *request) { r.Years = math.MaxInt32 }, malformed, "Years", "2147483647"},
		{"Years at the bottom of its type", func(r *request) { r.Years = math.MinInt32 }, malformed, "Years", "-2147483648"},
		{"Months at the top of its type", func(r *request) { r.Months = math.MaxInt32 }, malformed, "Months", "2147483647"},
		{"Months at the bottom of its type", func(r *request) { r.Months = math.MinInt32 }, malformed, "Months", "-2147483648"},
		{"Days at the top of its type", func(r *request) { r.Days = math.MaxInt32 }, malformed, "Days", "2147483647"},
		{"Days at the bottom of its type", func(r *request) { r.Days = math.MinInt32 }, malformed, "Days", "-2147483648"},
		{"BeforeTime at the top of its type", func(r *request) { r.BeforeTime, r.AfterTime = math.MaxInt64, math.MaxInt64 }, malformed, "BeforeTime", "9223372036854775807"},
		{"BeforeTime at the bottom of its type", func(r *request) { r.BeforeTime, r.AfterTime = math.MinInt64, before }, malformed, "BeforeTime", "-9223372036854775808"},
		{"AfterTime at the top of its type", func(r *request) { r.BeforeTime, r.AfterTime = before, math.MaxInt64 }, malformed, "AfterTime", "9223372036854775807"},
		{"AfterTime in milliseconds", func(r *request) { r.BeforeTime, r.AfterTime = before, (before+60)*1000 }, malformed, "AfterTime", fmt.Sprint((before + 60) * 1000)},
		{"AfterTime a second beyond the year 9999", func(r *request) { r.BeforeTime, r.AfterTime = before, 253402300800 }, malformed, "AfterTime", "253402300800 is not a UNIX time in seconds from 1 to 253402300799"},

		{"Immediately below zero", func(r *request) { r.Immediately = -1 }, malformed, "Immediately", "-1"},
		{"Immediately 3", func(r *request) { r.Immediately = 3 }, malformed, "Immediately", "3"},
		{"EnableCrl below zero", func(r *request) { r.EnableCrl = -1 }, malformed, "EnableCrl", "-1"},
		{"EnableCrl 2", func(r *request) { r.EnableCrl = 2 }, malformed, "EnableCrl", "2"},
		{"EnableCrl 2^32", func(r *request) { r.EnableCrl = 1 << 32 }, malformed, "EnableCrl", "4294967296"},
		{"101 tags", func(r *request) { r.Tags = tags(101) }, malformed, "Tags", "101"},
		{"CustomIdentifier of 256 characters", func(r *request) { r.CustomIdentifier = testutil.Chinese(256) }, malformed, "CustomIdentifier", "up to 255 characters"},
	}
}

// docs/operations.md has the rules, under CreateServerCertificateWithCsr.
func TestCreateServerCertificateWithCsrRefusesRequest(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	host := hostCSR(t, algorithm.ECC_256, "www.example.com")
	for _, tt := range refusedServerRequests(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := serverRequest(au.issuer, host)
			tt.change(req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
			checkRefused(t, instant, au.issuer, req, tt.code, tt.parameter, tt.mention)
			// The request is checked before the issuer.
			checkRefused(t, instant, nil, req, tt.code, tt.parameter, tt.mention)
		})
	}
}

// checkRefused wants that error, nil results and no randomness drawn.
func checkRefused(t *testing.T, now time.Time, issuer *ca.Issuer, req *request, code yuncert.Code, parameter, mention string) {
	t.Helper()
	resp, der, err := ca.CreateServerCertificateWithCsr(testutil.Untouched(t), now, issuer, req)
	testutil.CheckError(t, err, code, parameter, mention)
	if resp != nil || der != nil {
		t.Error("a result with an error")
	}
}

func TestCreateServerCertificateWithCsrNilRequest(t *testing.T) {
	t.Parallel()
	var req *request
	testutil.CheckError(t, req.Validate(), missing, "Csr", "Csr is mandatory for this action.")
	checkRefused(t, instant, authorityOf(algorithm.ECC_256).issuer, req, missing, "Csr", "Csr is mandatory for this action.")
	checkRefused(t, instant, nil, req, missing, "Csr", "Csr is mandatory for this action.")
}

func TestCreateServerCertificateWithCsrOrderOfProblems(t *testing.T) {
	t.Parallel()
	req := &request{
		Csr: "X", Domain: "_", Organization: "\x00", OrganizationUnit: "\x00", Country: "X", CommonName: "\x00",
		State: "\x00", Locality: "\x00", Algorithm: "X", Years: -1, Months: -1, Days: -1, BeforeTime: -1,
		AfterTime: -1, Immediately: -1, EnableCrl: -1, Tags: tags(101),
		CustomIdentifier: "\x00",
	}
	for _, step := range []struct {
		parameter string
		code      yuncert.Code
		mend      func()
	}{
		{"Csr", malformed, func() { req.Csr, req.CommonName = hostCSR(t, algorithm.ECC_256, ""), "" }},
		{"Domain", malformed, func() { req.Domain = "" }},
		{"Csr", refused, func() {
			req.Csr, req.CommonName, req.Domain = hostCSR(t, algorithm.ECC_256, "example.com"), "\x00", strings.Join(testutil.NumberedNames(251), ",")
		}},
		{"Domain", malformed, func() { req.Domain = "" }},
		{"Organization", malformed, func() { req.Organization = "" }},
		{"OrganizationUnit", malformed, func() { req.OrganizationUnit = "" }},
		{"Country", malformed, func() { req.Country = "" }},
		{"CommonName", malformed, func() { req.CommonName = "" }},
		{"State", malformed, func() { req.State = "" }},
		{"Locality", malformed, func() { req.Locality = "" }},
		{"Algorithm", malformed, func() { req.Algorithm = "" }},
		{"ParentIdentifier", missing, func() { req.ParentIdentifier = strings.Repeat("0", 32) }},
		{"Years", malformed, func() { req.Years = 0 }},
		{"Months", malformed, func() { req.Months = 0 }},
		{"Days", malformed, func() { req.Days = 0 }},
		{"BeforeTime", malformed, func() { req.BeforeTime = 0 }},
		{"AfterTime", malformed, func() { req.AfterTime = 0 }},
		{"Days", missing, func() { req.Days = 1 }},
		{"Immediately", malformed, func() { req.Immediately = 0 }},
		{"EnableCrl", malformed, func() { req.EnableCrl = 0 }},
		{"Tags", malformed, func() { req.Tags = nil }},
		{"CustomIdentifier", malformed, func() { req.CustomIdentifier = "" }},
	} {
		testutil.CheckError(t, req.Validate(), step.code, step.parameter, "")
		step.mend()
	}
	if err := req.Validate(); err != nil {
		t.Error(err)
	}

	// What needs the issuer comes after, in the order of the doc comment.
	au, root := authorityOf(algorithm.ECC_256), authorityOf(algorithm.RSA_2048).rootIssuer
	req.Days, req.EnableCrl = 36500, 1
	late := instant.AddDate(20, 0, 0)
	issuer, now := root, late
	for _, step := range []struct {
		code      yuncert.Code
		parameter string
		mend      func()
	}{
		{yuncert.ErrNotFound, "ParentIdentifier", func() { req.ParentIdentifier = root.Identifier() }},
		{yuncert.ErrCertificateExpired, "ParentIdentifier", func() { now = instant }},
		{refused, "ParentIdentifier", func() { issuer = authorityOf(algorithm.RSA_2048).issuer; req.ParentIdentifier = issuer.Identifier() }},
		{refused, "Csr", func() { issuer = au.issuerWith(t, ca.IssuerOptions{}); req.ParentIdentifier = issuer.Identifier() }},
		{refused, "EnableCrl", func() { issuer = au.issuer }},
		{refused, "Days", func() { req.Days = 1 }},
	} {
		checkRefused(t, now, issuer, req, step.code, step.parameter, "")
		step.mend()
	}
	if _, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), now, issuer, req); err != nil {
		t.Error(err)
	}
}

// The subject: the parameter, else the CSR's attribute, else the default.
func TestCreateServerCertificateWithCsrSubject(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	country, state, locality := asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州")
	organization, unit := asn.Printable(asn.OIDOrganization, "Alibaba Inc."), asn.Printable(asn.OIDUnit, "Aliyun CDN")
	commonName := asn.UTF8(asn.OIDCommonName, "www.example.com")
	bmp := func(oid []byte) []byte { return asn.Attribute(oid, asn.BMPString, "\x4e\x91\x8b\xc1\x4e\x66") } // 云证书
	utf8 := func(oid []byte) []byte { return asn.UTF8(oid, "云证书") }
	// The CSR sets everything, in an order and in string types of its own.
	full := asn.Name(commonName, asn.UTF8(asn.OIDUnit, "Web"), asn.Attribute(asn.OIDOrganization, asn1.T61String, "Tele Tex"),
		bmp(asn.OIDLocality), asn.Attribute(asn.OIDState, asn1.IA5String, "Gansu"), asn.UTF8(asn.OIDCountry, "us"))

	tests := []struct {
		name   string
		csr    []byte
		change func(*request)
		want   []byte
	}{
		{"the defaults", asn.Name(commonName), func(*request) {},
			asn.Name(country, state, locality, organization, unit, commonName)},
		{"the CSR before the defaults, in the string types of RFC 5280", full, func(*request) {},
			asn.Name(asn.Printable(asn.OIDCountry, "US"), asn.UTF8(asn.OIDState, "Gansu"), utf8(asn.OIDLocality),
				asn.UTF8(asn.OIDOrganization, "Tele Tex"), asn.UTF8(asn.OIDUnit, "Web"), commonName)},
		{"PrintableString and UTF8String stay", asn.Name(asn.UTF8(asn.OIDState, "Gansu"), asn.Printable(asn.OIDLocality, "Lanzhou"),
			asn.UTF8(asn.OIDOrganization, "ACME"), asn.Printable(asn.OIDUnit, "Web"), asn.Printable(asn.OIDCommonName, "www.example.com")), func(*request) {},
			asn.Name(country, asn.UTF8(asn.OIDState, "Gansu"), asn.Printable(asn.OIDLocality, "Lanzhou"),
				asn.UTF8(asn.OIDOrganization, "ACME"), asn.Printable(asn.OIDUnit, "Web"), asn.Printable(asn.OIDCommonName, "www.example.com"))},
		{"parameters before the CSR", full, func(r *request) {
			r.Country, r.State, r.Locality, r.Organization, r.OrganizationUnit = "de", "Bayern", "München", "阿里云", "IT"
		}, asn.Name(asn.Printable(asn.OIDCountry, "DE"), asn.Printable(asn.OIDState, "Bayern"), asn.UTF8(asn.OIDLocality, "München"),
			asn.UTF8(asn.OIDOrganization, "阿里云"), asn.Printable(asn.OIDUnit, "IT"), commonName)},
		{"one parameter leaves the rest to the CSR", full, func(r *request) { r.State = "Zhejiang" },
			asn.Name(asn.Printable(asn.OIDCountry, "US"), asn.Printable(asn.OIDState, "Zhejiang"), utf8(asn.OIDLocality),
				asn.UTF8(asn.OIDOrganization, "Tele Tex"), asn.UTF8(asn.OIDUnit, "Web"), commonName)},
		{"parameters before the defaults", asn.Name(commonName), func(r *request) {
			r.Country, r.State, r.Locality, r.Organization, r.OrganizationUnit = "US", "Ohio", "Dayton", "ACME", "IT"
		}, asn.Name(asn.Printable(asn.OIDCountry, "US"), asn.Printable(asn.OIDState, "Ohio"), asn.Printable(asn.OIDLocality, "Dayton"),
			asn.Printable(asn.OIDOrganization, "ACME"), asn.Printable(asn.OIDUnit, "IT"), commonName)},

		{"bounds in characters", asn.Name(commonName), func(r *request) {
			r.State, r.Locality, r.Organization, r.OrganizationUnit = testutil.Chinese(128), testutil.Chinese(128), testutil.Chinese(64), testutil.Chinese(64)
		}, asn.Name(country, asn.UTF8(asn.OIDState, testutil.Chinese(128)), asn.UTF8(asn.OIDLocality, testutil.Chinese(128)),
			asn.UTF8(asn.OIDOrganization, testutil.Chinese(64)), asn.UTF8(asn.OIDUnit, testutil.Chinese(64)), commonName)},
		{"bounds of the CSR's text", asn.Name(asn.UTF8(asn.OIDState, testutil.Chinese(128)), asn.UTF8(asn.OIDLocality, testutil.Chinese(128)), asn.UTF8(asn.OIDOrganization, testutil.Chinese(64)),
			asn.Attribute(asn.OIDUnit, asn.BMPString, strings.Repeat("\x4e\x91", 64)), asn.UTF8(asn.OIDCommonName, testutil.Chinese(64))), func(r *request) { r.Domain = "mtcsq.com" },
			asn.Name(country, asn.UTF8(asn.OIDState, testutil.Chinese(128)), asn.UTF8(asn.OIDLocality, testutil.Chinese(128)), asn.UTF8(asn.OIDOrganization, testutil.Chinese(64)),
				asn.UTF8(asn.OIDUnit, testutil.Chinese(64)), asn.UTF8(asn.OIDCommonName, testutil.Chinese(64)))},

		{"the CSR's common name before the parameter", asn.Name(commonName), func(r *request) { r.CommonName = "mtcsq.com" },
			asn.Name(country, state, locality, organization, unit, commonName)},
		{"the parameter if the CSR has no common name", asn.Name(asn.UTF8(asn.OIDOrganization, "ACME")), func(r *request) { r.CommonName = "mtcsq.com" },
			asn.Name(country, state, locality, asn.UTF8(asn.OIDOrganization, "ACME"), unit, asn.Printable(asn.OIDCommonName, "mtcsq.com"))},
		{"the parameter if the CSR's common name is empty", asn.Name(asn.UTF8(asn.OIDCommonName, "")), func(r *request) { r.CommonName = "mtcsq.com" },
			asn.Name(country, state, locality, organization, unit, asn.Printable(asn.OIDCommonName, "mtcsq.com"))},
		{"CommonName of 64 characters", asn.Name(), func(r *request) { r.CommonName, r.Domain = testutil.Chinese(64), "mtcsq.com" },
			asn.Name(country, state, locality, organization, unit, asn.UTF8(asn.OIDCommonName, testutil.Chinese(64)))},
		{"Domain without a common name", asn.Name(), func(r *request) { r.Domain = "mtcsq.com" },
			asn.Name(country, state, locality, organization, unit)},

		{"a common name as BMPString", asn.Name(bmp(asn.OIDCommonName)), func(r *request) { r.Domain = "mtcsq.com" },
			asn.Name(country, state, locality, organization, unit, utf8(asn.OIDCommonName))},
		{"a common name as T61String", asn.Name(asn.Attribute(asn.OIDCommonName, asn1.T61String, "example.com")), func(*request) {},
			asn.Name(country, state, locality, organization, unit, asn.UTF8(asn.OIDCommonName, "example.com"))},
		{"a unit as NumericString", asn.Name(commonName, asn.Attribute(asn.OIDUnit, asn.NumericString, "42")), func(*request) {},
			asn.Name(country, state, locality, organization, asn.UTF8(asn.OIDUnit, "42"), commonName)},
		{"a PrintableString with other characters is corrected", asn.Name(asn.Printable(asn.OIDCommonName, "*.example.com"), asn.Printable(asn.OIDOrganization, "R&D")), func(*request) {},
			asn.Name(country, state, locality, asn.UTF8(asn.OIDOrganization, "R&D"), unit, asn.UTF8(asn.OIDCommonName, "*.example.com"))},

		{"two units stay two", asn.Name(asn.UTF8(asn.OIDUnit, "One"), commonName, asn.UTF8(asn.OIDUnit, "Two")), func(*request) {},
			asn.Name(country, state, locality, organization, asn.UTF8(asn.OIDUnit, "One"), asn.UTF8(asn.OIDUnit, "Two"), commonName)},
		{"a parameter replaces both", asn.Name(asn.UTF8(asn.OIDUnit, "One"), commonName, asn.UTF8(asn.OIDUnit, "Two")), func(r *request) { r.OrganizationUnit = "IT" },
			asn.Name(country, state, locality, organization, asn.Printable(asn.OIDUnit, "IT"), commonName)},
		{"an RDN of two attributes becomes two", asn.Seq(asn.TLV(asn1.SET, asn.UTF8(asn.OIDCommonName, "www.example.com"), asn.UTF8(asn.OIDUnit, "IT"))), func(*request) {},
			asn.Name(country, state, locality, organization, asn.UTF8(asn.OIDUnit, "IT"), commonName)},
		{"other attributes are left out", asn.Name(commonName, asn.Attribute(asn.OIDEmail, asn1.IA5String, "a@example.com"), asn.Printable(asn.OIDSerialNumber, "1"),
			asn.Attribute(asn.OIDDC, asn1.IA5String, "example")), func(*request) {},
			asn.Name(country, state, locality, organization, unit, commonName)},

		{"a parameter saves a CSR's attribute that is too long", asn.Name(commonName, asn.UTF8(asn.OIDOrganization, testutil.Chinese(65))), func(r *request) { r.Organization = "ACME" },
			asn.Name(country, state, locality, asn.Printable(asn.OIDOrganization, "ACME"), unit, commonName)},
		{"an attribute that is left out may be long", asn.Name(commonName, asn.UTF8(asn.OIDSerialNumber, testutil.Chinese(200))), func(*request) {},
			asn.Name(country, state, locality, organization, unit, commonName)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := serverRequest(au.issuer, makeCSR(t, key(algorithm.ECC_256, 2), tt.csr))
			tt.change(req)
			if err := req.Validate(); err != nil {
				t.Fatal(err)
			}
			cert := issue(t, au.issuer, req)
			if !bytes.Equal(cert.RawSubject, tt.want) {
				t.Errorf("subject\n%x, want\n%x", cert.RawSubject, tt.want)
			}
		})
	}

	t.Run("an attribute that the CA does not have has no default", func(t *testing.T) {
		t.Parallel()
		issuer := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.CountryCode = "" })
		cert := issue(t, issuer, serverRequest(issuer, makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(commonName))))
		if want := asn.Name(state, locality, organization, unit, commonName); !bytes.Equal(cert.RawSubject, want) {
			t.Errorf("subject\n%x, want\n%x", cert.RawSubject, want)
		}
	})
}

// An attribute of the CSR that is taken obeys the parameter's rule.
func TestCreateServerCertificateWithCsrRefusesSubject(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	cn := asn.UTF8(asn.OIDCommonName, "www.example.com")
	tests := []struct {
		name    string
		subject []byte
		mention string
	}{
		{"an organization of 65 characters", asn.Name(cn, asn.UTF8(asn.OIDOrganization, testutil.Chinese(65))), "65 characters"},
		{"a unit of 65 characters", asn.Name(cn, asn.UTF8(asn.OIDUnit, "IT"), asn.UTF8(asn.OIDUnit, testutil.Chinese(65))), "65 characters"},
		{"a unit of 65 characters as BMPString", asn.Name(cn, asn.Attribute(asn.OIDUnit, asn.BMPString, strings.Repeat("\x4e\x91", 65))), "65 characters"},
		{"a locality of 129 characters", asn.Name(cn, asn.UTF8(asn.OIDLocality, testutil.Chinese(129))), "129 characters"},
		{"a state of 129 characters", asn.Name(cn, asn.UTF8(asn.OIDState, testutil.Chinese(129))), "129 characters"},
		{"a country of three letters", asn.Name(cn, asn.Printable(asn.OIDCountry, "CHN")), `C="CHN": a country is two letters such as CN (ISO 3166-1); the parameter Country can replace it`},
		{"keytool's country", asn.Name(cn, asn.Printable(asn.OIDCountry, "Unknown")), "keytool writes Unknown for a question without an answer; the parameter Country"},
		{"a soft hyphen", asn.Name(cn, asn.UTF8(asn.OIDOrganization, "AC\u00adME")), "U+00AD"},
		{"a soft hyphen as BMPString", asn.Name(cn, asn.Attribute(asn.OIDOrganization, asn.BMPString, "\x00A\x00\xad\x00B")), "U+00AD"},
		{"two common names, one empty", asn.Name(cn, asn.UTF8(asn.OIDCommonName, "")), "2 common names"},
		{"a common name in full-width letters", asn.Name(asn.UTF8(asn.OIDCommonName, "ｗｗｗ.example.com")), `"www.example.com"`},
		{"an outer space", asn.Name(cn, asn.UTF8(asn.OIDOrganization, " ACME")), " ACME"},
		{"a common name of 65 characters", asn.Name(asn.UTF8(asn.OIDCommonName, testutil.Chinese(65))), "65 characters"},
		{"two common names", asn.Name(cn, asn.UTF8(asn.OIDCommonName, "example.org")), "2 common names"},
		{"a control character", asn.Name(cn, asn.UTF8(asn.OIDOrganization, "AC\x00ME")), "U+0000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := serverRequest(au.issuer, makeCSR(t, key(algorithm.ECC_256, 2), tt.subject))
			checkRefused(t, instant, au.issuer, req, malformed, "Csr", tt.mention)
		})
	}
}

// The alternative names: the common name, the names of the CSR, and Domain.
func TestCreateServerCertificateWithCsrNames(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	long := strings.Repeat(strings.Repeat("a", 62)+".", 4) + "c" // 253 octets
	tests := []struct {
		name                  string
		commonName            string
		csr                   []string
		parameterName, domain string
		want                  []string
	}{
		{"only the common name", "www.example.com", nil, "", "", []string{"www.example.com"}},
		{"the order", "b.example.com", []string{"c.example.com", "192.0.2.1", "a.example.com"}, "", "z.example.com,2001:db8::1,d.example.com",
			[]string{"b.example.com", "c.example.com", "192.0.2.1", "a.example.com", "z.example.com", "2001:db8::1", "d.example.com"}},
		{"the common name is one of the CSR's names", "b.example.com", []string{"a.example.com", "b.example.com"}, "", "",
			[]string{"b.example.com", "a.example.com"}},
		{"repeats are dropped, in any case", "Www.Example.com", []string{"WWW.example.COM", "a.example.com"}, "", "www.EXAMPLE.com,A.example.com,b.example.com,b.example.com",
			[]string{"www.example.com", "a.example.com", "b.example.com"}},
		{"an address in several forms", "192.0.2.1", []string{"2001:db8::1"}, "", "2001:0DB8:0:0::1,192.0.2.1,192.0.2.2",
			[]string{"192.0.2.1", "2001:db8::1", "192.0.2.2"}},
		{"space and empty entries", "www.example.com", nil, "", " a.example.com ,,\tb.example.com\n, ", []string{"www.example.com", "a.example.com", "b.example.com"}},
		{"wildcards", "*.example.com", []string{"*.a.example.com"}, "", "*.b.example.com,example.com",
			[]string{"*.example.com", "*.a.example.com", "*.b.example.com", "example.com"}},
		{"internationalised names", "例子.中国", nil, "", "*.例子.中国,xn--fsqu00a.xn--fiqs8s,BÜCHER.example",
			[]string{"xn--fsqu00a.xn--fiqs8s", "*.xn--fsqu00a.xn--fiqs8s", "xn--bcher-kva.example"}},
		{"a name of one label", "localhost", nil, "", "intranet", []string{"localhost", "intranet"}},
		{"a name of 253 octets", "www.example.com", nil, "", long, []string{"www.example.com", long}},
		{"a common name that is not a host", "云证书 门户", []string{"www.example.com"}, "", "", []string{"www.example.com"}},
		{"a common name in Chinese without a dot", "云证书", []string{"www.example.com"}, "", "", []string{"www.example.com"}},
		{"the parameter CommonName does not count", "www.example.com", nil, "mtcsq.com", "", []string{"www.example.com"}},
		{"the parameter CommonName counts", "", []string{"a.example.com"}, "mtcsq.com", "b.example.com", []string{"mtcsq.com", "a.example.com", "b.example.com"}},
		{"no common name, but names in the CSR", "", []string{"a.example.com"}, "", "", []string{"a.example.com"}},
		{"no common name, but Domain", "", nil, "", "192.0.2.1", []string{"192.0.2.1"}},
		{"a common name that is not a host, and Domain", "云证书", nil, "", "www.example.com", []string{"www.example.com"}},
		{"a parameter CommonName that is not a host, and Domain", "", nil, "云证书", "www.example.com", []string{"www.example.com"}},
		{"250 names of the CSR", testutil.NumberedNames(250)[0], testutil.NumberedNames(250), "", "", testutil.NumberedNames(250)},
		{"250 names of the CSR and its common name", "www.example.com", testutil.NumberedNames(250), "", "", append([]string{"www.example.com"}, testutil.NumberedNames(250)...)},
		{"250 names of the CSR and CommonName", "", testutil.NumberedNames(250), "www.example.com", "", append([]string{"www.example.com"}, testutil.NumberedNames(250)...)},
		{"250 names of Domain and the common name", "www.example.com", nil, "", strings.Join(testutil.NumberedNames(250), ","), append([]string{"www.example.com"}, testutil.NumberedNames(250)...)},
		{"250 names", testutil.NumberedNames(250)[0], testutil.NumberedNames(250)[:150], "", strings.Join(testutil.NumberedNames(250)[100:], ","), testutil.NumberedNames(250)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := serverRequest(au.issuer, hostCSR(t, algorithm.ECC_256, tt.commonName, tt.csr...))
			req.CommonName, req.Domain = tt.parameterName, tt.domain
			if err := req.Validate(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, namesOf(t, issue(t, au.issuer, req))); diff != "" {
				t.Errorf("names mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// Names of other kinds, which a CSR may ask for, are left out.
func TestCreateServerCertificateWithCsrOtherNames(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	names := asn.Seq(asn.TLV(0x81, []byte("a@example.com")), asn.TLV(0x82, []byte("a.example.com")), asn.TLV(0x86, []byte("https://example.com/")),
		asn.TLV(0xa4, asn.Name(asn.UTF8(asn.OIDCommonName, "directory"))), asn.TLV(0x88, []byte{0x2a, 3}))
	req := serverRequest(au.issuer, makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(asn.UTF8(asn.OIDCommonName, "www.example.com")), asn.Extension(asn.OIDAltName, false, names)))
	if diff := cmp.Diff([]string{"www.example.com", "a.example.com"}, namesOf(t, issue(t, au.issuer, req))); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
}

// The key's family must be the CA's. Its length is free.
func TestCreateServerCertificateWithCsrFamilies(t *testing.T) {
	t.Parallel()
	for _, parent := range testkeys.Families {
		for _, leaf := range testkeys.All {
			for _, named := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s below %s, named %t", leaf, parent, named), func(t *testing.T) {
					t.Parallel()
					issuer := authorityOf(parent).issuer
					req := serverRequest(issuer, hostCSR(t, leaf, "www.example.com"))
					if named {
						req.Algorithm = string(leaf)
					}
					switch {
					case named && leaf == algorithm.RSA_3072:
						checkRefused(t, instant, issuer, req, malformed, "Algorithm", "RSA_3072")
					case leaf.Family() != parent.Family():
						if err := req.Validate(); err != nil {
							t.Error(err)
						}
						checkRefused(t, instant, issuer, req, refused, "Csr", string(leaf))
					default:
						cert := issue(t, issuer, req)
						if !bytes.Equal(cert.RawSubjectPublicKeyInfo, testkeys.PublicDER(t, key(leaf, 2).Public())) {
							t.Error("the certificate holds another key")
						}
					}
				})
			}
		}
	}
}

func TestCreateServerCertificateWithCsrMinRSABits(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.RSA_2048)
	tests := []struct {
		bits   int
		leaf   algorithm.Algorithm
		accept bool
	}{
		{0, algorithm.RSA_1024, true},
		{-1, algorithm.RSA_1024, true},
		{1024, algorithm.RSA_1024, true},
		{1025, algorithm.RSA_1024, false},
		{2048, algorithm.RSA_1024, false},
		{2048, algorithm.RSA_2048, true},
		{2049, algorithm.RSA_2048, false},
		{3072, algorithm.RSA_3072, true},
		{4096, algorithm.RSA_3072, false},
		{4096, algorithm.RSA_4096, true},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s from %d bits", tt.leaf, tt.bits), func(t *testing.T) {
			t.Parallel()
			issuer := au.issuerWith(t, ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{MinRSABits: tt.bits}})
			req := serverRequest(issuer, hostCSR(t, tt.leaf, "www.example.com"))
			if tt.accept {
				issue(t, issuer, req)
			} else {
				checkRefused(t, instant, issuer, req, refused, "Csr", string(tt.leaf))
			}
		})
	}
	t.Run("other families have no RSA bits", func(t *testing.T) {
		t.Parallel()
		issuer := authorityOf(algorithm.ECC_256).issuerWith(t, ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{MinRSABits: 4096}})
		issue(t, issuer, serverRequest(issuer, hostCSR(t, algorithm.ECC_256, "www.example.com")))
	})
}

// Which issuers may sign.
func TestCreateServerCertificateWithCsrIssuer(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	text := hostCSR(t, algorithm.ECC_256, "www.example.com")
	usages := func(names ...string) *ca.Issuer {
		return au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.ExtendedKeyUsages = names })
	}
	// A subordinate CA without a bound below one with.
	upper := usagesOfRoot(t, au, x509.ExtKeyUsageClientAuth)
	tests := []struct {
		name       string
		issuer     *ca.Issuer
		identifier string
		code       yuncert.Code // empty: accepted
		mention    string
	}{
		{"no CA", nil, au.issuer.Identifier(), yuncert.ErrNotFound, "no issuing CA"},
		{"an unknown ParentIdentifier", au.issuer, "270oe6bb538d538c70c01f81hfd3****", yuncert.ErrNotFound, "270oe6bb538d538c70c01f81hfd3****"},
		{"ParentIdentifier in upper case", au.issuer, strings.ToUpper(au.issuer.Identifier()), yuncert.ErrNotFound, strings.ToUpper(au.issuer.Identifier())},
		{"ParentIdentifier of the root above", au.issuer, au.rootIssuer.Identifier(), yuncert.ErrNotFound, au.rootIssuer.Identifier()},
		{"a root CA", au.rootIssuer, au.rootIssuer.Identifier(), refused, "root"},
		{"no bound on usages", au.issuer, au.issuer.Identifier(), "", ""},
		{"usages with serverAuth", usages("clientAuth", "serverAuth"), "", "", ""},
		{"usages with any", usages("clientAuth", "any"), "", "", ""},
		{"usages without serverAuth", usages("clientAuth", "codeSigning"), "", refused, "serverAuth"},
		{"usages that are all unknown", usages("1.3.6.1.4.1.99999.1"), "", refused, "serverAuth"},
		{"usages of the root exclude serverAuth", upper, "", refused, "serverAuth"},
		{"usages of the root include serverAuth", usagesOfRoot(t, au, x509.ExtKeyUsageServerAuth), "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := &request{Csr: text, ParentIdentifier: tt.identifier, Days: 90}
			if tt.identifier == "" {
				req.ParentIdentifier = tt.issuer.Identifier()
			}
			if tt.code != "" {
				checkRefused(t, instant, tt.issuer, req, tt.code, "ParentIdentifier", tt.mention)
				return
			}
			issue(t, tt.issuer, req)
		})
	}
}

// usagesOfRoot is a subordinate CA below a root with an extended key usage.
func usagesOfRoot(t *testing.T, au *authority, usage x509.ExtKeyUsage) *ca.Issuer {
	root := caTemplate("Root")
	root.ExtKeyUsage = []x509.ExtKeyUsage{usage}
	issuer, err := ca.NewIssuer(
		sign(t, caTemplate("Sub"), root, au.subKey.Public(), au.rootKey)+sign(t, root, root, au.rootKey.Public(), au.rootKey),
		au.subKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

// The key of a CA gets no server certificate.
func TestCreateServerCertificateWithCsrOfCAKey(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		for i, whose := range []string{"root", "issuing CA"} {
			t.Run(fmt.Sprintf("%s of the %s", a, whose), func(t *testing.T) {
				t.Parallel()
				issuer := authorityOf(a).issuer
				req := serverRequest(issuer, makeCSR(t, key(a, i), asn.Name(asn.UTF8(asn.OIDCommonName, "www.example.com"))))
				checkRefused(t, instant, issuer, req, refused, "Csr", "key")
			})
		}
	}
}

// Immediately selects what the response contains.
func TestCreateServerCertificateWithCsrImmediately(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		au := authorityOf(a)
		text := hostCSR(t, a, "www.example.com")
		for immediately := range int32(3) {
			t.Run(fmt.Sprintf("%s, %d", a, immediately), func(t *testing.T) {
				t.Parallel()
				req := serverRequest(au.issuer, text)
				req.Immediately = immediately
				resp, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, au.issuer, req)
				if err != nil {
					t.Fatal(err)
				}
				sum := md5.Sum(der)
				want := &ca.CreateServerCertificateWithCsrResponse{
					Identifier:   hex.EncodeToString(sum[:]),
					SerialNumber: fmt.Sprintf("%036x", parse(t, der).SerialNumber),
				}
				if immediately >= 1 {
					want.X509Certificate = testutil.EncodePEM("CERTIFICATE", der)
				}
				if immediately == 2 {
					want.CertificateChain = au.sub.Certificate + au.root.Certificate
				}
				if diff := cmp.Diff(want, resp, cmpopts.IgnoreFields(*want, "RequestId")); diff != "" {
					t.Errorf("response mismatch (-want +got):\n%s", diff)
				}
				for form, text := range map[string]string{
					testutil.RequestIDForm.String(): resp.RequestId, testutil.IdentifierForm.String(): resp.Identifier, serialForm.String(): resp.SerialNumber,
				} {
					if !regexp.MustCompile(form).MatchString(text) {
						t.Errorf("%q does not match %s", text, form)
					}
				}
			})
		}
	}
}

// EnableCrl puts the address of the CRL into the certificate.
func TestCreateServerCertificateWithCsrEnableCrl(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	text := hostCSR(t, algorithm.ECC_256, "www.example.com")
	address := crlBase + "/" + au.sub.Identifier + ".crl"
	tests := []struct {
		name    string
		base    string
		enable  int64
		want    []string
		refused bool
	}{
		{"0", crlBase, 0, nil, false},
		{"1", crlBase, 1, []string{address}, false},
		{"1, with a slash at the end of the base", crlBase + "/", 1, []string{address}, false},
		{"0 without CRLs", "", 0, nil, false},
		{"1 without CRLs", "", 1, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			issuer := au.issuerWith(t, ca.IssuerOptions{CRLBase: tt.base})
			req := serverRequest(issuer, text)
			req.EnableCrl = tt.enable
			if err := req.Validate(); err != nil {
				t.Fatal(err)
			}
			if tt.refused {
				checkRefused(t, instant, issuer, req, refused, "EnableCrl", "CRLBase")
				return
			}
			cert := issue(t, issuer, req)
			if diff := cmp.Diff(tt.want, cert.CRLDistributionPoints); diff != "" {
				t.Errorf("CRL addresses mismatch (-want +got):\n%s", diff)
			}
			if tt.want == nil && bytes.Contains(cert.Raw, asn.OIDCRLPoints) {
				t.Error("the certificate has the extension all the same")
			}
		})
	}
}

// What only the caller stores changes nothing in the certificate.
func TestCreateServerCertificateWithCsrCallersParameters(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	text := hostCSR(t, algorithm.ECC_256, "www.example.com")
	want := issue(t, au.issuer, serverRequest(au.issuer, text))
	for what, change := range map[string]func(*request){
		"100 tags":            func(r *request) { r.Tags = tags(100) },
		"an empty tag":        func(r *request) { r.Tags = make([]ca.Tag, 1) },
		"CustomIdentifier":    func(r *request) { r.CustomIdentifier = testutil.Chinese(255) },
		"ResourceGroupId":     func(r *request) { r.ResourceGroupId = "rg-aek****wia" },
		"Immediately":         func(r *request) { r.Immediately = 2 },
		"Algorithm":           func(r *request) { r.Algorithm = "ECC_256" },
		"a CommonName unused": func(r *request) { r.CommonName = "mtcsq.com" },
		"the CSR with CRLF":   func(r *request) { r.Csr = strings.ReplaceAll(r.Csr, "\n", "\r\n") },
		`the CSR with \n`:     func(r *request) { r.Csr = strings.ReplaceAll(r.Csr, "\n", `\n`) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			req := serverRequest(au.issuer, text)
			change(req)
			if got := issue(t, au.issuer, req); !bytes.Equal(got.Raw, want.Raw) {
				t.Errorf("the certificate is another one:\n%x\nand not\n%x", got.Raw, want.Raw)
			}
		})
	}
}

func TestCreateServerCertificateWithCsrFailures(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			text := hostCSR(t, a, "www.example.com")
			checkFailures(t, au.subKey, func(rand io.Reader, key crypto.Signer) (any, error) {
				issuer, err := ca.NewIssuer(au.sub.CertificateChain, key, ca.IssuerOptions{})
				if err != nil {
					t.Fatal(err)
				}
				resp, der, err := ca.CreateServerCertificateWithCsr(rand, instant, issuer, serverRequest(issuer, text))
				if (resp == nil) != (der == nil) {
					t.Errorf("one result without the other: %v, %x", resp, der)
				}
				if resp == nil {
					return nil, err
				}
				return resp, err
			})
		})
	}
}

// A nil random source is the system's.
func TestNilRand(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	req := serverRequest(au.issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
	var serials []string
	for range 2 {
		resp, _, err := ca.CreateServerCertificateWithCsr(nil, instant, au.issuer, req)
		if err != nil {
			t.Fatal(err)
		}
		root, err := ca.CreateRootCACertificate(nil, instant, au.rootKey, rootRequest())
		if err != nil {
			t.Fatal(err)
		}
		sub, err := ca.CreateSubCACertificate(nil, instant, au.rootIssuer, au.subKey.Public(), subRequest(algorithm.ECC_256))
		if err != nil {
			t.Fatal(err)
		}
		serials = append(serials, resp.SerialNumber, resp.RequestId, root.RequestId, sub.RequestId, root.Identifier, sub.Identifier)
	}
	slices.Sort(serials)
	if len(slices.Compact(serials)) != 12 {
		t.Errorf("values repeat: %q", serials)
	}
}

// A CSR may repeat an attribute without limit. Only a bounded number is copied.
func TestCreateServerCertificateWithCsrRepeatedAttributes(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	commonName := asn.UTF8(asn.OIDCommonName, "www.example.com")
	for what, oid := range map[string][]byte{"C": asn.OIDCountry, "ST": asn.OIDState, "L": asn.OIDLocality, "O": asn.OIDOrganization} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			text := makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(asn.Printable(oid, "US"), asn.Printable(oid, "CN"), commonName))
			checkRefused(t, instant, au.issuer, serverRequest(au.issuer, text), malformed, "Csr", "2 attributes "+what)
		})
	}
	for n, ok := range map[int]bool{8: true, 9: false, 1500: false} {
		parts := append(slices.Repeat([][]byte{asn.Printable(asn.OIDUnit, "IT")}, n), commonName)
		req := serverRequest(au.issuer, makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(parts...)))
		if !ok {
			checkRefused(t, instant, au.issuer, req, malformed, "Csr", fmt.Sprintf("%d attributes OU: up to 8 are accepted", n))
		} else if cert := issue(t, au.issuer, req); len(cert.Subject.OrganizationalUnit) != n {
			t.Errorf("%d units, want %d", len(cert.Subject.OrganizationalUnit), n)
		}
	}
}
