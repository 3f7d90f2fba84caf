package order_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/net/idna"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

// notDomains are common names that an order does not take.
var notDomains = []struct{ name, commonName, says string }{
	{"no common name", "", "the CSR has no common name and 0 DNS names in subjectAltName; want the domain as its common name, or as the only DNS name there"},
	{"a dot at the end", "www.example.com.", `"www.example.com." is not a domain: it ends with a dot; remove the dot`},
	{"two dots at the end", "www.example.com..", "it ends with a dot; remove the dot"},
	{"only a dot", ".", "it ends with a dot"},

	{"two domains", "a.example.com,b.example.com", `"a.example.com,b.example.com" is not a domain: it is a list; want one name, with an order for each`},
	{"a comma at the end", "www.example.com,", "it is a list; want one name"},
	{"a full-width comma", "a.example.com，b.example.com", "it is a list; want one name"},
	{"an enumeration comma", "a.example.com、b.example.com", "it is a list; want one name"},
	{"a semicolon", "a.example.com;b.example.com", "it is a list; want one name"},
	{"a full-width semicolon", "a.example.com；b.example.com", "it is a list; want one name"},
	{"a space", "a.example.com b.example.com", "it has a space in it; want a name such as www.example.com"},
	{"an ideographic space", "a.example.com\u3000b.example.com", "it has a space in it"},
	{"the name of a person", "Tom Smith", `"Tom Smith" is not a domain: it has a space in it`},

	{"a URL", "https://www.example.com", "it is a URL; want only its host name"},
	{"a URL with a path", "https://www.example.com/", "it is a URL; want only its host name"},
	{"a URL in capitals", "HTTPS://WWW.EXAMPLE.COM:443/INDEX", "it is a URL; want only its host name"},
	{"a URL with a password", "http://tom:secret@example.com", "it is a URL; want only its host name"},
	{"a URL without a scheme", "//www.example.com", "it is a URL; want only its host name"},
	{"a path", "www.example.com/index.html", "it has a path; want only the host name"},
	{"a query", "www.example.com?x=y", "it has a path; want only the host name"},
	{"a fragment", "www.example.com#x", "it has a path; want only the host name"},
	{"a port", "www.example.com:443", "it has a port; want only the name before the colon"},
	{"a port after brackets", "[www.example.com]:443", "it has a port"},
	{"an e-mail address", "tom@example.com", "it is an e-mail address; want only the name after the @"},

	{"an IPv4 address", "192.0.2.1", `"192.0.2.1" is not a domain: it is an IP address; want a DNS name`},
	{"an IPv4 address with a port", "192.0.2.1:443", "it is an IP address; want a DNS name"},
	{"an IPv6 address", "2001:db8::1", `"2001:db8::1" is not a domain: it is an IP address; want a DNS name`},
	{"an IPv6 address in brackets", "[2001:db8::1]", "it is an IP address; want a DNS name"},
	{"an IPv6 address with a port", "[2001:db8::1]:443", "it is an IP address; want a DNS name"},
	{"an IPv6 address with a zone", "fe80::1%eth0", "it is an IP address; want a DNS name"},
	{"something like an IPv4 address", "192.0.2.1.5", "a DNS name of at least two labels"},

	{"one label", "localhost", "it has only one label; want at least two, such as example.com"},
	{"a top-level domain", "com", `"com" is not a domain: it has only one label`},
	{"the name of a company in Chinese", "云证书", `"云证书" is not a domain: it has only one label`},
	{"ideographic full stops", "www。example。com", "has other characters (RFC 5892)"},
	{"full-width full stops", "www．example．com", "has other characters (RFC 5892)"},
	{"a dot in front", ".example.com", `".example.com" is not a domain: want a DNS name of at least two labels`},
	{"an empty label", "www..example.com", "a DNS name of at least two labels"},
	{"an underscore", "_dnsauth.example.com", "a label has letters, digits and inner hyphens"},
	{"a hyphen in front", "-www.example.com", "a label has letters, digits and inner hyphens"},
	{"broken punycode", "xn--a.example.com", "a DNS name of at least two labels"},
}

// Each row makes one change to a valid request.
func TestCreateCertificateWithCsrRequestRefused(t *testing.T) {
	t.Parallel()
	commonName := func(name string) func(*request) {
		return func(r *request) { r.Csr = hostCSR(t, algorithm.ECC_256, name) }
	}
	tag := func(key, value string) func(*request) {
		return func(r *request) { r.Tags = []ca.Tag{{Key: "account", Value: "test"}, {Key: key, Value: value}} }
	}
	valid := testutil.FirstPEM(t, plainCSR(t))
	privateKey := string(testkeys.PEM(algorithm.ECC_256, 2))

	type row struct {
		name      string
		change    func(*request)
		code      yuncert.Code
		parameter string
		mention   string
	}
	tests := []row{
		{"no CSR", func(r *request) { r.Csr = "" }, missing, "Csr", "Csr is mandatory for this action."},
		{"text that is not a CSR", func(r *request) { r.Csr = "garbage" }, failed, "Csr", "neither DER nor PEM"},
		{"only white space", func(r *request) { r.Csr = " \n" }, failed, "Csr", "neither DER nor PEM"},
		{"a private key instead of a CSR", func(r *request) { r.Csr = privateKey }, failed, "Csr", "it is a private key"},
		{"a CSR and its private key", func(r *request) { r.Csr += privateKey }, failed, "Csr", "more than one PEM block"},
		{"a certificate instead of a CSR", func(r *request) { r.Csr = authorityOf(algorithm.ECC_256).rootPEM }, failed, "Csr", "a PEM block CERTIFICATE"},
		{"two CSRs", func(r *request) { r.Csr += r.Csr }, failed, "Csr", "more than one PEM block"},
		{"base64 after the CSR", func(r *request) { r.Csr += strings.Repeat("MHcC", 11) }, failed, "Csr", "may be a key"},
		{"half of a CSR", func(r *request) { r.Csr = r.Csr[:len(r.Csr)/2] }, failed, "Csr", "has no end"},
		{"a CSR with an octet after it", func(r *request) {
			r.Csr = testutil.EncodePEM("CERTIFICATE REQUEST", append(bytes.Clone(valid), 0))
		}, failed, "Csr", "cannot be read"},
		{"a CSR with a wrong signature", func(r *request) {
			der := bytes.Clone(valid)
			der[len(der)-1] ^= 1
			r.Csr = testutil.EncodePEM("CERTIFICATE REQUEST", der)
		}, failed, "Csr", "possession"},
		{"a huge CSR", func(r *request) { r.Csr += strings.Repeat("\n", 64<<10) }, failed, "Csr", "up to 65536 are read"},
		{"a CSR of 16 MiB", func(r *request) { r.Csr = strings.Repeat("A", 16<<20) }, failed, "Csr", "16777216 octets"},

		{"an RSA_1024 key", func(r *request) { r.Csr = hostCSR(t, algorithm.RSA_1024, "www.example.com") }, failed, "Csr", "the key is RSA_1024; want an RSA key of at least 2048 bits"},
		{"an SM2 key", func(r *request) { r.Csr = sm2CSR(t, "www.example.com") }, failed, "Csr", "SM2_256; want RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384 or ECC_512"},

		{"two common names", func(r *request) {
			r.Csr = makeCSR(t, testkeys.Key(algorithm.ECC_256, 2), &x509.CertificateRequest{Subject: pkix.Name{
				ExtraNames: []pkix.AttributeTypeAndValue{{Type: []int{2, 5, 4, 3}, Value: "www.example.com"}, {Type: []int{2, 5, 4, 3}, Value: "example.com"}},
			}})
		}, failed, "Csr", "2 common names"},
		{"two alternative names and no common name", func(r *request) { r.Csr = hostCSR(t, algorithm.ECC_256, "", "a.example.com", "b.example.com") }, failed, "Csr", "no common name and 2 DNS names"},
		{"an address and no common name", func(r *request) { r.Csr = hostCSR(t, algorithm.ECC_256, "", "192.0.2.1") }, failed, "Csr", "no common name and 0 DNS names"},
		{"an alternative name of one label and no common name", func(r *request) { r.Csr = hostCSR(t, algorithm.ECC_256, "", "localhost") }, failed, "Csr", `"localhost" is not a domain: it has only one label`},
		{"a wildcard above one label", commonName("*.com"), failed, "Csr", "two more labels"},
		{"a wildcard below a registry's name", func(r *request) { commonName("*.co.uk")(r); r.ProductCode = "geotrust-dv-w-starter" }, failed, "Csr", `"*.co.uk" covers names of many owners`},
		{"a wildcard whose names all belong to registries", func(r *request) { commonName("*.kawasaki.jp")(r); r.ProductCode = "geotrust-dv-w-starter" }, failed, "Csr", `"*.kawasaki.jp" covers names of many owners`},
		{"only a wildcard", commonName("*"), failed, "Csr", "left-most label"},
		{"a wildcard in the second label", commonName("www.*.example.com"), failed, "Csr", "left-most label"},
		{"a wildcard for part of a label", commonName("w*.example.com"), failed, "Csr", "left-most label"},
		{"two wildcards", commonName("*.*.example.com"), failed, "Csr", "left-most label"},
		{"a common name of 65 characters", commonName(strings.Repeat("a", 61) + ".com"), failed, "Csr", "up to 64"},
		{"a space in front", commonName(" www.example.com"), failed, "Csr", "begins or ends with a space"},
		{"a NUL", commonName("www.example.com\x00.example.net"), failed, "Csr", "U+0000"},
		{"a newline", commonName("www.example.com\n"), failed, "Csr", "U+000A"},
		{"a right-to-left override", commonName("moc.elpmaxe\u202e.com"), failed, "Csr", "U+202E"},

		{"a product that does not exist", func(r *request) { r.ProductCode = "free" }, failed, "ProductCode",
			`"free" is not a DV product; want one of digicert-free-1-free, symantec-free-1-free, symantec-dv-1-starter, geotrust-dv-1-starter, geotrust-dv-w-starter, globalsign-dv-1-personal, globalsign-dv-w-advanced`},
		{"an OV product", func(r *request) { r.ProductCode = "symantec-ov-1-personal" }, failed, "ProductCode", `"symantec-ov-1-personal"`},
		{"a product in capitals", func(r *request) { r.ProductCode = "DIGICERT-FREE-1-FREE" }, failed, "ProductCode", `"DIGICERT-FREE-1-FREE"`},
		{"a space after the product", func(r *request) { r.ProductCode = "digicert-free-1-free " }, failed, "ProductCode", `"digicert-free-1-free "`},
		{"a ProductCode of a mebibyte", func(r *request) { r.ProductCode = strings.Repeat("x", 1<<20) }, failed, "ProductCode", "is not a DV product; want one of"},

		{"no ValidateType", func(r *request) { r.ValidateType = "" }, missing, "ValidateType", "ValidateType is mandatory for this action."},
		{"ValidateType dns", func(r *request) { r.ValidateType = "dns" }, refused, "ValidateType", `"dns" is not DNS or FILE`},
		{"ValidateType file", func(r *request) { r.ValidateType = "file" }, refused, "ValidateType", `"file" is not DNS or FILE`},
		{"ValidateType with a space", func(r *request) { r.ValidateType = "DNS " }, refused, "ValidateType", `"DNS " is not DNS or FILE`},
		{"ValidateType CNAME", func(r *request) { r.ValidateType = "CNAME" }, refused, "ValidateType", `"CNAME" is not DNS or FILE`},
		{"a ValidateType of 3 mebibytes", func(r *request) { r.ValidateType = strings.Repeat("DNS", 1<<20) }, refused, "ValidateType", "is not DNS or FILE"},
		{"a file for a wildcard name", func(r *request) {
			r.Csr, r.ProductCode, r.ValidateType = wildcardCSR(t), "geotrust-dv-w-starter", "FILE"
		}, failed, "ValidateType", `FILE does not prove ownership of the wildcard name "*.example.com"; use DNS`},

		{"a record for a name of 245 octets", commonName("\U00020000." + strings.Repeat("一.", 29) + "info"), failed, "ValidateType", `.xn--4gq" has 245 octets; DNS proves names of up to 244, and FILE longer ones that are not wildcard names`},
		{"a record for a name of 250 octets", commonName(strings.Repeat("一.", 31) + "cn"), failed, "ValidateType", `.xn--4gq." has 250 octets`},
		{"a record for a wildcard of 249 octets", func(r *request) {
			commonName("*." + strings.Repeat("\U00020000.", 5) + strings.Repeat("一.", 25) + "cn")(r)
			r.ProductCode = "geotrust-dv-w-starter"
		}, failed, "ValidateType", `.xn-" has 247 octets`},

		{"21 tags", func(r *request) { r.Tags = tags(21) }, malformed, "Tags", "there are 21 tags; want at most 20"},
		{"a tag without a key", tag("", "value"), malformed, "Tags", "a tag has no Key"},
		{"a key of 129 characters", tag(testutil.Chinese(129), ""), malformed, "Tags", "128"},
		{"a key with a control character", tag("a\x1b[31mb", ""), malformed, "Tags", "control characters"},
		{"a key that is not UTF-8", tag("\xff", ""), malformed, "Tags", "UTF-8"},
		{"a key that Alibaba Cloud reserves", tag("aliyun-x", ""), malformed, "Tags", `"aliyun"`},
		{"a key that Alibaba Cloud's access control reserves", tag("acs:x", ""), malformed, "Tags", `"acs:"`},
		{"a key with a URL", tag("see http://example.com", ""), malformed, "Tags", "http://"},
		{"a key with a secure URL", tag("see https://example.com", ""), malformed, "Tags", "https://"},
		{"a value of 129 characters", tag("a", testutil.Chinese(129)), malformed, "Tags", "128"},
		{"a value with a control character", tag("a", "\x00"), malformed, "Tags", "control characters"},
		{"a value that is not UTF-8", tag("a", "\xff"), malformed, "Tags", "UTF-8"},
	}
	for _, tt := range notDomains {
		tests = append(tests, row{tt.name, commonName(tt.commonName), failed, "Csr", tt.says})
	}
	for _, contact := range []struct {
		name string
		set  func(*request, string)
	}{
		{"Username", func(r *request, text string) { r.Username = text }},
		{"Phone", func(r *request, text string) { r.Phone = text }},
		{"Email", func(r *request, text string) { r.Email = text }},
	} {
		for _, text := range []struct {
			name, text string
			code       yuncert.Code
			mention    string
		}{
			{"missing", "", missing, contact.name + " is mandatory for this action."},
			{"of 256 characters", testutil.Chinese(256), malformed, "up to 255 characters"},
			{"of a mebibyte", strings.Repeat("1", 1<<20), malformed, "up to 255 characters"},
			{"with a newline", "Tom\nTom", malformed, "control characters"},
			{"with a NUL", "Tom\x00", malformed, `"Tom\x00"`},
			{"with a control character above ASCII", "Tom\u009b", malformed, "control characters"},
			{"that is not UTF-8", "Tom\xff", malformed, "UTF-8"},
		} {
			tests = append(tests, row{contact.name + " " + text.name, func(r *request) { contact.set(r, text.text) }, text.code, contact.name, text.mention})
		}
	}
	// Each product with the kind of name that it does not take.
	for _, p := range order.Products() {
		if !p.Single {
			tests = append(tests, row{"a plain name for " + p.Code, func(r *request) { r.ProductCode = p.Code }, failed, "Csr",
				`"www.example.com" is a single name; ` + p.Code + ` takes a wildcard name such as "*.www.example.com"`})
		}
		if !p.Wildcard {
			tests = append(tests, row{"a wildcard name for " + p.Code, func(r *request) { r.Csr, r.ProductCode = wildcardCSR(t), p.Code }, failed, "Csr",
				`"*.example.com" is a wildcard name; ` + p.Code + " takes a single name"})
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := application(plainCSR(t))
			tt.change(req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)

			book, store := newBook(t, unasked(t))
			before := everything(t, store)
			resp, err := book.CreateCertificateWithCsrRequest(t.Context(), testutil.Untouched(t), instant, req)
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
			if n := len(err.Error()); n > 500 {
				t.Errorf("the error has %d octets", n)
			}
			if resp != nil {
				t.Error("a result with an error")
			}
			checkUnchanged(t, store, before)

			// The error body contains no key, whatever the request contains.
			body := string(must[[]byte](t)(json.Marshal(err)))
			secret := testutil.FirstPEM(t, privateKey)
			if strings.Contains(body, base64.StdEncoding.EncodeToString(secret)[:20]) {
				t.Errorf("the error contains the private key: %s", body)
			}
		})
	}
}

func TestCreateCertificateWithCsrRequestNilRequest(t *testing.T) {
	t.Parallel()
	var req *request
	testutil.CheckError(t, req.Validate(), missing, "Csr", "Csr is mandatory for this action.")
	book, store := newBook(t, unasked(t))
	before := everything(t, store)
	resp, err := book.CreateCertificateWithCsrRequest(t.Context(), testutil.Untouched(t), instant, nil)
	testutil.CheckError(t, err, missing, "Csr", "Csr is mandatory for this action.")
	if resp != nil {
		t.Error("a result with an error")
	}
	checkUnchanged(t, store, before)
}

// A request with several problems gets the error of the first one, in the order
// of the fields. The test corrects one problem after the other.
func TestCreateCertificateWithCsrRequestOrderOfProblems(t *testing.T) {
	t.Parallel()
	req := &request{Phone: "\x00", ValidateType: "X", ProductCode: "X", Tags: tags(21)}
	for _, step := range []struct {
		code      yuncert.Code
		parameter string
		mention   string
		mend      func()
	}{
		{missing, "Csr", "", func() { req.Csr = sm2CSR(t, "localhost") }},
		{failed, "Csr", "SM2_256", func() { req.Csr = hostCSR(t, algorithm.ECC_256, "localhost") }},
		{failed, "ProductCode", "", func() { req.ProductCode = "" }},
		{failed, "Csr", "localhost", func() { req.Csr = wildcardCSR(t) }},
		{failed, "Csr", "digicert-free-1-free takes a single name", func() { req.ProductCode = "globalsign-dv-w-advanced" }},
		{missing, "Username", "", func() { req.Username = "\x00" }},
		{malformed, "Username", "", func() { req.Username = "Tom" }},
		{malformed, "Phone", "", func() { req.Phone = "1" }},
		{missing, "Email", "", func() { req.Email = "tom@example.com" }},
		{refused, "ValidateType", "", func() { req.ValidateType = "FILE" }},
		{failed, "ValidateType", "", func() { req.ValidateType = "DNS" }},
		{malformed, "Tags", "", func() { req.Tags = nil }},
	} {
		testutil.CheckError(t, req.Validate(), step.code, step.parameter, step.mention)
		step.mend()
	}
	if err := req.Validate(); err != nil {
		t.Error(err)
	}

	// The problems that need the store come last.
	store := order.NewMemoryStore()
	book := order.NewBook(store, order.BookOptions{})
	submit := func() error {
		_, err := book.CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req)
		return err
	}
	before := everything(t, store)
	testutil.CheckError(t, submit(), yuncert.ErrNotFoundPackage, "ProductCode", "globalsign-dv-w-advanced")
	checkUnchanged(t, store, before)
	// A package of another product does not help.
	if err := book.AddPackage(t.Context(), "geotrust-dv-w-starter", 1); err != nil {
		t.Fatal(err)
	}
	testutil.CheckError(t, submit(), yuncert.ErrNotFoundPackage, "ProductCode", "globalsign-dv-w-advanced")
	if err := book.AddPackage(t.Context(), "globalsign-dv-w-advanced", 2); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := submit(); err != nil {
			t.Fatal(err)
		}
	}
	before = everything(t, store)
	testutil.CheckError(t, submit(), yuncert.ErrNotRemainCount, "ProductCode", "all 2 certificates of globalsign-dv-w-advanced are used")
	checkUnchanged(t, store, before)
	checkCounts(t, book, "globalsign-dv-w-advanced", 2, 2, 0)
	checkCounts(t, book, "geotrust-dv-w-starter", 1, 0, 0)
}

// Accepted requests and the orders made of them.
func TestCreateCertificateWithCsrRequestAccepted(t *testing.T) {
	t.Parallel()
	const wildcard = "geotrust-dv-w-starter"
	tests := []struct {
		name   string
		csr    func() string
		change func(*request)
		domain string
	}{
		{"ECC 256", func() string { return hostCSR(t, algorithm.ECC_256, "www.example.com") }, nil, "www.example.com"},
		{"ECC 384", func() string { return hostCSR(t, algorithm.ECC_384, "www.example.com") }, nil, "www.example.com"},
		{"ECC 512", func() string { return hostCSR(t, algorithm.ECC_512, "www.example.com") }, nil, "www.example.com"},
		{"RSA 2048", func() string { return hostCSR(t, algorithm.RSA_2048, "www.example.com") }, nil, "www.example.com"},
		{"RSA 3072", func() string { return hostCSR(t, algorithm.RSA_3072, "www.example.com") }, nil, "www.example.com"},
		{"RSA 4096", func() string { return hostCSR(t, algorithm.RSA_4096, "www.example.com") }, nil, "www.example.com"},

		{"a name of two labels", func() string { return hostCSR(t, algorithm.ECC_256, "example.com") }, nil, "example.com"},
		{"a registry's own name", func() string { return hostCSR(t, algorithm.ECC_256, "gov.cn") }, nil, "gov.cn"},
		{"capitals", func() string { return hostCSR(t, algorithm.ECC_256, "WWW.Example.COM") }, nil, "www.example.com"},
		{"digits", func() string { return hostCSR(t, algorithm.ECC_256, "163.com") }, nil, "163.com"},
		{"a name in Chinese", func() string { return hostCSR(t, algorithm.ECC_256, "例子.中国") }, nil, "xn--fsqu00a.xn--fiqs8s"},
		{"the ASCII form of a name in Chinese", func() string { return hostCSR(t, algorithm.ECC_256, "XN--FSQU00A.xn--fiqs8s") }, nil, "xn--fsqu00a.xn--fiqs8s"},
		{"a name in German", func() string { return hostCSR(t, algorithm.ECC_256, "Bücher.example") }, nil, "xn--bcher-kva.example"},
		{"an intranet name", func() string { return hostCSR(t, algorithm.ECC_256, "db.corp") }, nil, "db.corp"},
		{"a name of 64 characters", func() string { return hostCSR(t, algorithm.ECC_256, strings.Repeat("a", 60)+".com") }, nil, strings.Repeat("a", 60) + ".com"},
		{"a record for a name of 244 octets", func() string { return hostCSR(t, algorithm.ECC_256, strings.Repeat("一.", 30)+"info") }, nil, strings.Repeat("xn--4gq.", 30) + "info"},
		{"a file for a name of 250 octets", func() string { return hostCSR(t, algorithm.ECC_256, strings.Repeat("一.", 31)+"cn") }, func(r *request) { r.ValidateType = "FILE" }, strings.Repeat("xn--4gq.", 31) + "cn"},
		{"a record for the wildcard of a name of 244 octets", func() string {
			return hostCSR(t, algorithm.ECC_256, "*."+strings.Repeat("\U00020000.", 2)+strings.Repeat("一.", 28)+"cn")
		}, func(r *request) { r.ProductCode = wildcard }, "*." + strings.Repeat("xn--j50i.", 2) + strings.Repeat("xn--4gq.", 28) + "cn"},
		{"other names, which are ignored", func() string {
			return hostCSR(t, algorithm.ECC_256, "www.example.com", "bank.example", "*.example.net", "192.0.2.1")
		}, nil, "www.example.com"},
		{"a name too long for a common name", func() string { return hostCSR(t, algorithm.ECC_256, "", strings.Repeat("a", 61)+".com") }, nil, strings.Repeat("a", 61) + ".com"},
		{"one alternative name and an address, without a common name", func() string { return hostCSR(t, algorithm.ECC_256, "", "192.0.2.1", "WWW.example.com") }, nil, "www.example.com"},
		{"a wildcard without a common name", func() string { return hostCSR(t, algorithm.ECC_256, "", "*.example.com") }, func(r *request) { r.ProductCode = wildcard }, "*.example.com"},
		{"other attributes, which are ignored", func() string {
			return makeCSR(t, testkeys.Key(algorithm.ECC_256, 2), &x509.CertificateRequest{
				Subject: pkix.Name{CommonName: "www.example.com", Country: []string{"DE"}, Organization: []string{"Bank"}}, EmailAddresses: []string{"tom@example.com"},
			})
		}, nil, "www.example.com"},
		{"a wildcard", func() string { return hostCSR(t, algorithm.ECC_256, "*.example.com") }, func(r *request) { r.ProductCode = wildcard }, "*.example.com"},
		{"a wildcard below a company's suffix", func() string { return hostCSR(t, algorithm.ECC_256, "*.github.io") }, func(r *request) { r.ProductCode = wildcard }, "*.github.io"},
		{"a wildcard in capitals", func() string { return hostCSR(t, algorithm.ECC_256, "*.Example.COM") }, func(r *request) { r.ProductCode = wildcard }, "*.example.com"},
		{"a wildcard in Chinese", func() string { return hostCSR(t, algorithm.ECC_256, "*.例子.中国") }, func(r *request) { r.ProductCode = wildcard }, "*.xn--fsqu00a.xn--fiqs8s"},

		{"a file", func() string { return plainCSR(t) }, func(r *request) { r.ValidateType = "FILE" }, "www.example.com"},
		{"the default product by name", func() string { return plainCSR(t) }, func(r *request) { r.ProductCode = "digicert-free-1-free" }, "www.example.com"},
		{"contacts of 255 characters", func() string { return plainCSR(t) }, func(r *request) {
			r.Username, r.Phone, r.Email = testutil.Chinese(255), testutil.Chinese(255), testutil.Chinese(255)
		}, "www.example.com"},
		{"contacts in unusual forms", func() string { return plainCSR(t) }, func(r *request) { r.Username, r.Phone, r.Email = "?", "☎ (home)", "at the desk" }, "www.example.com"},
		{"20 tags", func() string { return plainCSR(t) }, func(r *request) { r.Tags = tags(20) }, "www.example.com"},
		{"tags at their limits", func() string { return plainCSR(t) }, func(r *request) {
			r.Tags = []ca.Tag{{Key: testutil.Chinese(128), Value: testutil.Chinese(128)}, {Key: "x-aliyun"}, {Key: "http:/"}, {Key: "a", Value: "https://example.com"}}
		}, "www.example.com"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := application(tt.csr())
			if tt.change != nil {
				tt.change(req)
			}
			if err := req.Validate(); err != nil {
				t.Fatal(err)
			}
			before := *req
			before.Tags = slices.Clone(req.Tags)
			book, _ := newBook(t, unasked(t))
			resp := must[*order.CreateCertificateWithCsrRequestResponse](t)(book.CreateCertificateWithCsrRequest(t.Context(), testutil.Seeded(), instant, req))
			if !testutil.RequestIDForm.MatchString(resp.RequestId) {
				t.Errorf("RequestId %q", resp.RequestId)
			}
			if diff := cmp.Diff(&before, req); diff != "" {
				t.Errorf("the request was changed (-before +after):\n%s", diff)
			}
			product := req.ProductCode
			if product == "" {
				product = "digicert-free-1-free"
			}
			got := read(t, book, resp.OrderId)
			want := order.Order{
				OrderId: resp.OrderId, ProductCode: product, State: order.StateDomainVerify, Domain: tt.domain, Names: tt.domain, Csr: req.Csr,
				ValidateType: req.ValidateType, Username: req.Username, Phone: req.Phone, Email: req.Email,
				Due: strings.TrimPrefix(tt.domain, "*."), Token: got.Token, Created: stored, Updated: stored,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order mismatch (-want +got):\n%s", diff)
			}
			if !tokenForm.MatchString(got.Token) || !strings.HasPrefix(got.Token, "20260304000000") {
				t.Errorf("token %q", got.Token)
			}
			checkCounts(t, book, product, plentiful, 1, 0)
		})
	}

}

// longName returns a name of 63 characters, which is one less than the limit of a
// common name. Its ASCII form in certificates is much longer.
func longName() string { return strings.TrimSuffix(strings.Repeat(testutil.Chinese(15)+".", 4), ".") }

func TestLongName(t *testing.T) {
	t.Parallel()
	book, _ := newBook(t, unasked(t))
	o := place(t, book, application(hostCSR(t, algorithm.ECC_256, longName())))
	again, err := idna.Lookup.ToUnicode(o.Domain)
	if err != nil || again != longName() || len(o.Domain) <= 64 {
		t.Errorf("Domain %q is %q in Unicode, %v", o.Domain, again, err)
	}
}

// The seven products with the kinds of names that they take.
func TestProducts(t *testing.T) {
	t.Parallel()
	want := []order.Product{
		{Code: "digicert-free-1-free", Brand: "DigiCert", Single: true, Months: 3},
		{Code: "symantec-free-1-free", Brand: "DigiCert", Single: true, Months: 12},
		{Code: "symantec-dv-1-starter", Brand: "DigiCert", Single: true, Wildcard: true, Months: 12},
		{Code: "geotrust-dv-1-starter", Brand: "GeoTrust", Single: true, Months: 12},
		{Code: "geotrust-dv-w-starter", Brand: "GeoTrust", Wildcard: true, Months: 12},
		{Code: "globalsign-dv-1-personal", Brand: "GlobalSign", Single: true, Months: 12},
		{Code: "globalsign-dv-w-advanced", Brand: "GlobalSign", Wildcard: true, Months: 12},
	}
	got := order.Products()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("products mismatch (-want +got):\n%s", diff)
	}
	clear(got) // the list belongs to the caller
	if diff := cmp.Diff(want, order.Products()); diff != "" {
		t.Errorf("a change to one list changes the next one (-want +got):\n%s", diff)
	}
	if order.DefaultProductCode != want[0].Code {
		t.Errorf("DefaultProductCode is %q", order.DefaultProductCode)
	}
	for _, p := range want {
		for _, text := range []struct {
			csr      string
			domain   string
			accepted bool
		}{{plainCSR(t), "www.example.com", p.Single}, {wildcardCSR(t), "*.example.com", p.Wildcard}} {
			req := application(text.csr)
			req.ProductCode = p.Code
			if err := req.Validate(); (err == nil) != text.accepted {
				t.Errorf("%s for %s: %v", p.Code, text.domain, err)
			}
			if !text.accepted {
				continue
			}
			book, _ := newBook(t, unasked(t))
			if o := place(t, book, req); o.ProductCode != p.Code || o.Domain != text.domain {
				t.Errorf("%s for %s: the order is for %s and %s", p.Code, text.domain, o.ProductCode, o.Domain)
			}
		}
	}
}

// However a CSR is written, it is stored in the same form.
func TestCSRForms(t *testing.T) {
	t.Parallel()
	text := plainCSR(t)
	tests := map[string]string{
		"unchanged":              text,
		"one line":               strings.ReplaceAll(strings.TrimSpace(text), "\n", " "),
		"the two characters \\n": strings.ReplaceAll(text, "\n", `\n`),
		"CRLF":                   strings.ReplaceAll(text, "\n", "\r\n"),
		"a byte-order mark":      "\ufeff" + text,
		"the old label":          strings.ReplaceAll(text, "CERTIFICATE", "NEW CERTIFICATE"),
		"text before it":         "Certificate Request:\n    Data:\n" + text,
		"no newline at the end":  strings.TrimSpace(text),
		"empty lines around":     "\n\n" + text + "\n\n",
	}
	for name, form := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			book, _ := newBook(t, unasked(t))
			if diff := cmp.Diff(text, place(t, book, application(form)).Csr); diff != "" {
				t.Errorf("stored CSR mismatch (-want +got):\n%s", diff)
			}
		})
	}
	// The longest text that is read.
	t.Run("64 KiB", func(t *testing.T) {
		t.Parallel()
		book, _ := newBook(t, unasked(t))
		form := text + strings.Repeat("\n", csr.MaxSize-len(text))
		if o := place(t, book, application(form)); o.Csr != text {
			t.Errorf("stored CSR %q", o.Csr)
		}
	})
}

// The date in a token and the times of an order do not depend on the time zone
// of now.
func TestTimesAreUTC(t *testing.T) {
	t.Parallel()
	book, _ := newBook(t, unasked(t))
	zone := time.FixedZone("UTC+8", 8*60*60)
	now := time.Date(2026, 12, 31, 23, 30, 0, 1, zone).Add(time.Hour) // 2027 there, 2026 in UTC
	resp := must[*order.CreateCertificateWithCsrRequestResponse](t)(book.CreateCertificateWithCsrRequest(t.Context(), testutil.Seeded(), now, application(plainCSR(t))))
	o := read(t, book, resp.OrderId)
	if want := time.Date(2026, 12, 31, 16, 30, 0, 0, time.UTC); o.Created != want || o.Updated != want {
		t.Errorf("created %v and updated %v, want %v", o.Created, o.Updated, want)
	}
	if !strings.HasPrefix(o.Token, "20261231000000") {
		t.Errorf("token %q", o.Token)
	}
}

// counted counts the octets that are read from it.
type counted struct {
	reader io.Reader
	n      int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.reader.Read(p)
	c.n += n
	return n, err
}

// The same randomness, time and request give the same order. A random source
// that fails, at any octet, gives an error and no order.
func TestCreateCertificateWithCsrRequestRandomness(t *testing.T) {
	t.Parallel()
	submit := func(random io.Reader) (contents, *order.CreateCertificateWithCsrRequestResponse, error) {
		book, store := newBook(t, unasked(t))
		resp, err := book.CreateCertificateWithCsrRequest(t.Context(), random, instant, application(plainCSR(t)))
		return everything(t, store), resp, err
	}
	first := &counted{reader: testutil.Seeded()}
	wantStore, want, err := submit(first)
	if err != nil {
		t.Fatal(err)
	}
	againStore, again, err := submit(testutil.Seeded())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again) + cmp.Diff(wantStore, againStore); diff != "" {
		t.Errorf("the same inputs gave different orders (-first +second):\n%s", diff)
	}
	if first.n < 50+16+7 {
		t.Fatalf("only %d octets were drawn for a token, a RequestId and an OrderId", first.n)
	}
	empty, _, _ := submit(testutil.Broken)
	for n := range first.n {
		after, resp, err := submit(io.MultiReader(io.LimitReader(testutil.Seeded(), int64(n)), testutil.Broken))
		testutil.CheckError(t, err, broke, "")
		if resp != nil || !errors.Is(err, testutil.ErrNoRandomness) {
			t.Errorf("after %d octets: response %v, error %v", n, resp, err)
		}
		if diff := cmp.Diff(empty, after); diff != "" {
			t.Errorf("after %d octets the store was changed (-before +after):\n%s", n, diff)
		}
	}

	// A nil rand means the system's source, which gives two orders nothing in
	// common.
	storeA, a, err := submit(nil)
	if err != nil {
		t.Fatal(err)
	}
	storeB, b, err := submit(nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.OrderId == b.OrderId || a.RequestId == b.RequestId || storeA.Orders[0].Token == storeB.Orders[0].Token {
		t.Errorf("two orders with the system's randomness have something in common: %+v and %+v", a, b)
	}
}

// A random source that repeats itself gives an OrderId that is taken. Then another
// OrderId is drawn, up to nine times.
func TestOrderIdCollision(t *testing.T) {
	t.Parallel()
	drawn := new(bytes.Buffer)
	book, store := newBook(t, unasked(t))
	submit := func(random io.Reader) (*order.CreateCertificateWithCsrRequestResponse, error) {
		return book.CreateCertificateWithCsrRequest(t.Context(), random, instant, application(plainCSR(t)))
	}
	first := must[*order.CreateCertificateWithCsrRequestResponse](t)(submit(io.TeeReader(testutil.Seeded(), drawn)))
	// The OrderId is drawn last.
	begin, id := drawn.Bytes()[:drawn.Len()-8], drawn.Bytes()[drawn.Len()-8:]
	repeat := func(n int) io.Reader {
		return io.MultiReader(bytes.NewReader(begin), bytes.NewReader(bytes.Repeat(id, n)), rand.Reader)
	}
	for n := 1; n <= 9; n++ {
		resp := must[*order.CreateCertificateWithCsrRequestResponse](t)(submit(repeat(n)))
		if resp.OrderId == first.OrderId || resp.RequestId != first.RequestId {
			t.Errorf("%d collisions: %+v after %+v", n, resp, first)
		}
	}
	checkCounts(t, book, "", plentiful, 10, 0)
	before := everything(t, store)
	resp, err := submit(repeat(10))
	testutil.CheckError(t, err, broke, "", "rand")
	if resp != nil {
		t.Error("a result with an error")
	}
	checkUnchanged(t, store, before)
	if errors.Is(err, order.ErrOrderExists) {
		t.Error("the Book returned ErrOrderExists")
	}

	// A random source of zeros does not loop forever, and gives an OrderId other
	// than 0.
	zeros := testutil.ReaderFunc(func(p []byte) (int, error) { clear(p); return len(p), nil })
	resp = must[*order.CreateCertificateWithCsrRequestResponse](t)(submit(zeros))
	if resp.OrderId != 1 {
		t.Errorf("OrderId %d from zeros", resp.OrderId)
	}
	_, err = submit(zeros)
	testutil.CheckError(t, err, broke, "", "rand")
}

// The random parts of many orders.
func TestManyOrders(t *testing.T) {
	t.Parallel()
	const n = 2000
	random := testutil.Seeded()
	book, _ := newBook(t, unasked(t))
	ids, tokens, requests := map[int64]bool{}, map[string]bool{}, map[string]bool{}
	var or, and int64 = 0, math.MaxInt64
	var letters [50]map[byte]int
	for i := range letters {
		letters[i] = map[byte]int{}
	}
	total := map[byte]int{}
	for range n {
		resp := must[*order.CreateCertificateWithCsrRequestResponse](t)(book.CreateCertificateWithCsrRequest(t.Context(), random, instant, application(plainCSR(t))))
		id := resp.OrderId
		if id < 1 || id > 1<<53-1 || int64(float64(id)) != id {
			t.Fatalf("OrderId %d is not from 1 to 2^53-1", id)
		}
		ids[id], requests[resp.RequestId] = true, true
		or, and = or|id, and&id

		// A JSON reader that uses floating point keeps all digits.
		body := must[[]byte](t)(json.Marshal(resp))
		if want := fmt.Sprintf(`{"OrderId":%d,"RequestId":"%s"}`, id, resp.RequestId); string(body) != want {
			t.Fatalf("response %s, want %s", body, want)
		}
		var members map[string]any
		if err := json.Unmarshal(body, &members); err != nil {
			t.Fatal(err)
		}
		if number, ok := members["OrderId"].(float64); !ok || int64(number) != id {
			t.Fatalf("OrderId %d is %v in floating point", id, members["OrderId"])
		}

		token := read(t, book, id).Token
		if !tokenForm.MatchString(token) || token[:14] != "20260304000000" {
			t.Fatalf("token %q", token)
		}
		tokens[token] = true
		for i, c := range []byte(token[14:]) {
			letters[i][c]++
			total[c]++
		}
	}
	if len(ids) != n || len(tokens) != n || len(requests) != n {
		t.Errorf("%d orders have %d different OrderIds, %d tokens and %d RequestIds", n, len(ids), len(tokens), len(requests))
	}
	if or != 1<<53-1 || and != 0 {
		t.Errorf("of the bits of an OrderId, %b are never set and %b always", 1<<53-1&^or, and)
	}
	// All 36 letters occur at each place, and equally often in total. Chi-square
	// with 35 degrees of freedom exceeds 80 for one random source in 50,000. An
	// octet modulo 36, without rejection, would give about 220 here.
	for i := range letters {
		if len(letters[i]) != 36 {
			t.Errorf("place %d of the token has only %d different letters", i, len(letters[i]))
		}
	}
	chi, want := 0.0, float64(n*50)/36
	for _, count := range total {
		chi += (float64(count) - want) * (float64(count) - want) / want
	}
	if len(total) != 36 || chi > 80 {
		t.Errorf("the letters of tokens are not equally likely: chi-square is %.1f\n%v", chi, total)
	}
	checkCounts(t, book, "", plentiful, n, 0)
}

// Two orders for the same CSR are independent.
func TestSameCSRTwice(t *testing.T) {
	t.Parallel()
	book, _ := newBook(t, unasked(t))
	a, b := place(t, book, application(plainCSR(t))), place(t, book, application(plainCSR(t)))
	if a.OrderId == b.OrderId || a.Token == b.Token {
		t.Errorf("two orders share the OrderId %d or the token %q", a.OrderId, a.Token)
	}
	if diff := cmp.Diff(a, b, cmpopts.IgnoreFields(order.Order{}, "OrderId", "Token")); diff != "" {
		t.Errorf("orders mismatch (-first +second):\n%s", diff)
	}
}
