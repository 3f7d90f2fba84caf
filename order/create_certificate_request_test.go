package order_test

import (
	"crypto"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

type domainRequest = order.CreateCertificateRequestRequest

// domainApplication returns a valid request. Each row of a table makes one change to it.
func domainApplication() *domainRequest {
	return &domainRequest{Domain: "www.example.com", Username: "Tom", Phone: "1390000****", Email: "username@example.com", ValidateType: "DNS"}
}

// bigName is a name that has no place in a common name.
var bigName = strings.Repeat("a", 61) + ".example.com"

// notInDomain are parameters Domain that no operation takes.
var notInDomain = []struct{ name, domain, says string }{
	{"one label", "localhost", `"localhost" is not a domain: it has only one label`},
	{"an IPv4 address", "192.0.2.1", `"192.0.2.1" is not a domain: it is an IP address; want a DNS name`},
	{"an IPv6 address", "2001:db8::1", "it is an IP address"},
	{"a URL", "https://www.example.com", `"https://www.example.com"`},
	{"a path", "www.example.com/index.html", `"www.example.com/index.html"`},
	{"a port", "www.example.com:443", `"www.example.com:443"`},
	{"a space inside", "www.example.com example.com", "separate names with the ASCII comma"},
	{"a semicolon", "www.example.com;example.com", "separate names with the ASCII comma"},
	{"an enumeration comma", "www.example.com、example.com", "separate names with the ASCII comma"},
	{"a dot at the end", "www.example.com.", `"www.example.com."`},
	{"an underscore", "_dnsauth.example.com", `"_dnsauth.example.com"`},
	{"a NUL", "www.example.com\x00", `"www.example.com\x00"`},
	{"a wildcard in the second label", "www.*.example.com", "left-most label"},
	{"a name of 254 octets", strings.Repeat("a.", 121) + "bexample.com", "is longer than"},
	{"a mebibyte", strings.Repeat("a.example.com,", 75_000), "up to 65536 are read"},
}

// rulesOfProducts are names that do not fit a product.
var rulesOfProducts = []struct{ name, productCode, domain, says string }{
	{"a wildcard for a product of single names", "", "*.example.com", `"*.example.com" is a wildcard name; digicert-free-1-free takes a single name`},
	{"a single name for a product of wildcards", "geotrust-dv-w-starter", "example.com", `"example.com" is a single name; geotrust-dv-w-starter takes a wildcard name such as "*.example.com"`},
	{"a wildcard below a registry's name", "geotrust-dv-w-starter", "*.co.uk", `"*.co.uk" covers names of many owners`},
}

func TestCreateCertificateRequestRefused(t *testing.T) {
	t.Parallel()
	tag := func(key, value string) func(*domainRequest) {
		return func(r *domainRequest) { r.Tags = []ca.Tag{{Key: "account", Value: "test"}, {Key: key, Value: value}} }
	}
	type row struct {
		name      string
		change    func(*domainRequest)
		code      yuncert.Code
		parameter string
		mention   string
	}
	tests := []row{
		{"a product that does not exist", func(r *domainRequest) { r.ProductCode = "free" }, failed, "ProductCode", `"free" is not a DV product`},
		{"an OV product", func(r *domainRequest) { r.ProductCode = "cfca-ov-1-personal" }, failed, "ProductCode", "is not a DV product"},
		{"no Username", func(r *domainRequest) { r.Username = "" }, missing, "Username", "Username is mandatory for this action."},
		{"no Phone", func(r *domainRequest) { r.Phone = "" }, missing, "Phone", "Phone is mandatory for this action."},
		{"no Email", func(r *domainRequest) { r.Email = "" }, missing, "Email", "Email is mandatory for this action."},
		{"a Username of 256 characters", func(r *domainRequest) { r.Username = testutil.Chinese(256) }, malformed, "Username", "up to 255 characters"},
		{"a Phone with a control character", func(r *domainRequest) { r.Phone = "\x00" }, malformed, "Phone", "control characters"},
		{"an Email that is not UTF-8", func(r *domainRequest) { r.Email = "\xff" }, malformed, "Email", "UTF-8"},
		{"no Domain", func(r *domainRequest) { r.Domain = "" }, missing, "Domain", "Domain is mandatory for this action."},
		{"a Domain without a name", func(r *domainRequest) { r.Domain = " , ," }, missing, "Domain", "Domain is mandatory for this action."},
		{"two names", func(r *domainRequest) { r.Domain = "a.example.com,b.example.com" }, failed, "Domain",
			"there are 2 names; want one, or use CreateCertificateForPackageRequest"},
		{"a wildcard and its parent", func(r *domainRequest) { r.Domain, r.ProductCode = "*.example.com,example.com", "geotrust-dv-w-starter" }, failed, "Domain", "there are 2 names"},
		{"no ValidateType", func(r *domainRequest) { r.ValidateType = "" }, missing, "ValidateType", "ValidateType is mandatory for this action."},
		{"ValidateType dns", func(r *domainRequest) { r.ValidateType = "dns" }, refused, "ValidateType", `"dns" is not DNS or FILE`},
		{"a file for a wildcard name", func(r *domainRequest) {
			r.Domain, r.ProductCode, r.ValidateType = "*.example.com", "geotrust-dv-w-starter", "FILE"
		}, failed, "ValidateType", "use DNS"},
		{"a record for a name of 245 octets", func(r *domainRequest) { r.Domain = strings.Repeat("a.", 117) + "example.com" }, failed, "ValidateType", "has 245 octets; DNS proves names of up to 244"},
		{"21 tags", func(r *domainRequest) { r.Tags = tags(21) }, malformed, "Tags", "there are 21 tags; want at most 20"},
		{"a tag without a key", tag("", "value"), malformed, "Tags", "a tag has no Key"},
		{"a key of 65 characters", tag(testutil.Chinese(65), ""), malformed, "Tags", "up to 64 letters"},
		{"a key that begins with a digit", tag("1a", ""), malformed, "Tags", `"1a" is not up to 64 letters, digits, ".", "_" and "-" that begin with a letter`},
		{"a key with a space", tag("a b", ""), malformed, "Tags", `"a b" is not`},
		{"a key with a colon", tag("a:b", ""), malformed, "Tags", `"a:b" is not`},
		{"a key that Alibaba Cloud reserves", tag("aliyun-x", ""), malformed, "Tags", `"aliyun"`},
		{"a key of access control", tag("acs:rm:rgId", ""), malformed, "Tags", `"acs:"`},
		{"a key with a URL", tag("see http://example.com", ""), malformed, "Tags", "http://"},
		{"a value of 129 characters", tag("a", testutil.Chinese(129)), malformed, "Tags", "128"},
		{"a value that Alibaba Cloud reserves", tag("a", "aliyun-x"), malformed, "Tags", `the Value "aliyun-x" begins with "aliyun"`},
		{"a value of access control", tag("a", "acs:x"), malformed, "Tags", `the Value "acs:x" begins with "acs:"`},
		{"a value with a secure URL", tag("a", "see https://example.com"), malformed, "Tags", "contains http:// or https://"},
	}
	for _, tt := range notInDomain {
		tests = append(tests, row{tt.name, func(r *domainRequest) { r.Domain = tt.domain }, failed, "Domain", tt.says})
	}
	for _, tt := range rulesOfProducts {
		tests = append(tests, row{tt.name, func(r *domainRequest) { r.ProductCode, r.Domain = tt.productCode, tt.domain }, failed, "Domain", tt.says})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := domainApplication()
			tt.change(req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)

			book, store := newBook(t, unasked(t))
			checkRefused(t, store, book.CreateCertificateRequest, instant, req, tt.code, tt.parameter, tt.mention)
		})
	}
}

// A request with several problems gets the error of the first one, in the order of the
// fields. The test corrects one problem after the other.
func TestCreateCertificateRequestOrderOfProblems(t *testing.T) {
	t.Parallel()
	testutil.CheckError(t, (*domainRequest)(nil).Validate(), missing, "Username")
	req := &domainRequest{ProductCode: "X", ValidateType: "X", Tags: tags(21)}
	for _, step := range []struct {
		code      yuncert.Code
		parameter string
		mend      func()
	}{
		{failed, "ProductCode", func() { req.ProductCode = "" }},
		{missing, "Username", func() { req.Username = "Tom" }},
		{missing, "Phone", func() { req.Phone = "1" }},
		{missing, "Email", func() { req.Email = "tom@example.com" }},
		{missing, "Domain", func() { req.Domain = "www.example.com" }},
		{refused, "ValidateType", func() { req.ValidateType = "FILE" }},
		{malformed, "Tags", func() { req.Tags = tags(20) }},
	} {
		testutil.CheckError(t, req.Validate(), step.code, step.parameter)
		step.mend()
	}
	if err := req.Validate(); err != nil {
		t.Error(err)
	}
}

// checkMade checks a key that was made for an order, and the CSR that it signed.
func checkMade(t *testing.T, o order.Order, key *algorithm.PrivateKey, want algorithm.Algorithm) {
	t.Helper()
	if key == nil || key.Algorithm() != want {
		t.Fatalf("the key is %v, want %s", key, want)
	}
	request := must[*csr.Request](t)(csr.Parse([]byte(o.Csr)))
	if !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(request.PublicKey) {
		t.Error("the CSR is for another key")
	}
	names := strings.Split(o.Names, ",")
	commonName := names[0]
	if len(commonName) > 64 {
		commonName = ""
	}
	if request.CommonName != commonName {
		t.Errorf("the CSR has the common name %q, want %q", request.CommonName, commonName)
	}
	if diff := cmp.Diff(names, request.Names); diff != "" {
		t.Errorf("names of the CSR mismatch (-want +got):\n%s", diff)
	}
}

func TestCreateCertificateRequest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*domainRequest)
		want   order.Order // the fields that the request decides
	}{
		{"a single name", func(r *domainRequest) {},
			order.Order{ProductCode: "digicert-free-1-free", Domain: "www.example.com", Due: "www.example.com", ValidateType: "DNS"}},
		{"a wildcard", func(r *domainRequest) { r.ProductCode, r.Domain = "geotrust-dv-w-starter", "*.example.com" },
			order.Order{ProductCode: "geotrust-dv-w-starter", Domain: "*.example.com", Due: "example.com", ValidateType: "DNS"}},
		{"spaces, empty entries and repeats", func(r *domainRequest) { r.Domain = " ,WWW.Example.com,\twww.example.com ,"; r.ValidateType = "FILE" },
			order.Order{ProductCode: "digicert-free-1-free", Domain: "www.example.com", Due: "www.example.com", ValidateType: "FILE"}},
		{"a name in Chinese", func(r *domainRequest) { r.Domain = "云.example.com" },
			order.Order{ProductCode: "digicert-free-1-free", Domain: "xn--9kq.example.com", Due: "xn--9kq.example.com", ValidateType: "DNS"}},
		{"a name too long for a common name", func(r *domainRequest) { r.Domain = bigName },
			order.Order{ProductCode: "digicert-free-1-free", Domain: bigName, Due: bigName, ValidateType: "DNS"}},
		{"20 tags with the longest keys", func(r *domainRequest) {
			r.Tags = append(tags(19), ca.Tag{Key: testutil.Chinese(61) + "._-", Value: testutil.Chinese(128)})
		}, order.Order{ProductCode: "digicert-free-1-free", Domain: "www.example.com", Due: "www.example.com", ValidateType: "DNS"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := domainApplication()
			tt.change(req)
			if err := req.Validate(); err != nil {
				t.Fatal(err)
			}
			book, _ := newBook(t, proved)
			resp, key, err := book.CreateCertificateRequest(t.Context(), testutil.Seeded(), instant, req)
			if err != nil {
				t.Fatal(err)
			}
			if !testutil.RequestIDForm.MatchString(resp.RequestId) {
				t.Errorf("RequestId %q", resp.RequestId)
			}
			got := read(t, book, resp.OrderId)
			checkMade(t, got, key, algorithm.RSA_2048)
			want := tt.want
			want.OrderId, want.State, want.Names, want.Csr, want.Token = resp.OrderId, order.StateDomainVerify, want.Domain, got.Csr, got.Token
			want.Username, want.Phone, want.Email, want.Created, want.Updated = "Tom", "1390000****", "username@example.com", stored, stored
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order mismatch (-want +got):\n%s", diff)
			}
			if !tokenForm.MatchString(got.Token) {
				t.Errorf("token %q", got.Token)
			}
			checkCounts(t, book, got.ProductCode, plentiful, 1, 0)

			// The certificate is for the key.
			must[order.Order](t)(book.CheckOwnership(t.Context(), later, got.OrderId))
			issued := must[order.Order](t)(book.Issue(t.Context(), testutil.Seeded(), later, authorityOf(algorithm.ECC_256).issuer, got.OrderId))
			if !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(parsePEM(t, issued.Certificate)[0].PublicKey) {
				t.Error("the certificate is for another key")
			}
			// The key is in no part of the order.
			if text := fmt.Sprint(issued); strings.Contains(text, "PRIVATE") {
				t.Errorf("the order has a private key: %s", text)
			}
		})
	}
}

// A key that the KeyPolicy refuses is given to nobody.
func TestMadeKeyRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy  algorithm.KeyPolicy
		code    yuncert.Code
		mention string
	}{
		"keys of 4097 bits": {algorithm.KeyPolicy{MinRSABits: 4097}, failed, "the KeyPolicy demands RSA keys of 4097 bits, and keys of up to 4096 are made here; send a CSR"},
		"a blocked key":     {algorithm.KeyPolicy{Blocked: func([32]byte) bool { return true }}, broke, "no key for the order could be made"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, store := newBook(t, unasked(t))
			before := everything(t, store)
			book := order.NewBook(store, order.BookOptions{KeyPolicy: tt.policy})
			resp, key, err := book.CreateCertificateRequest(t.Context(), testutil.Seeded(), instant, domainApplication())
			testutil.CheckError(t, err, tt.code, "", tt.mention)
			if resp != nil || key != nil {
				t.Error("a result with an error")
			}
			checkUnchanged(t, store, before)
		})
	}
}

// Without a unit no key is made: the policy here makes that an error of its own.
func TestNoKeyWithoutUnit(t *testing.T) {
	t.Parallel()
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{KeyPolicy: algorithm.KeyPolicy{MinRSABits: 4097}})
	create := func() error {
		_, _, err := book.CreateCertificateRequest(t.Context(), testutil.Untouched(t), instant, domainApplication())
		return err
	}
	testutil.CheckError(t, create(), yuncert.ErrNotFoundPackage, "ProductCode")
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	testutil.CheckError(t, create(), failed, "", "the KeyPolicy demands")
	req := application(plainCSR(t))
	must[*order.CreateCertificateWithCsrRequestResponse](t)(book.CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req))
	testutil.CheckError(t, create(), yuncert.ErrNotRemainCount, "ProductCode")
}
