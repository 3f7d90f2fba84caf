package order_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

type packageRequest = order.CreateCertificateForPackageRequestRequest

// packageApplication returns a valid request. Each row of a table makes one change to it.
func packageApplication(csr string) *packageRequest {
	return &packageRequest{Csr: csr, Username: "Tom", Phone: "1390000****", Email: "username@example.com", ValidateType: "DNS"}
}

// ownBook returns a Book with a product of up to five names, and units of all products.
func ownBook(t testing.TB, opts order.BookOptions) (*order.Book, *order.MemoryStore) {
	t.Helper()
	opts.Products = []order.Product{own}
	return stocked(t, opts)
}

func TestCreateCertificateForPackageRequestRefused(t *testing.T) {
	t.Parallel()
	names := func(productCode, domain, csr string) func(*packageRequest) {
		return func(r *packageRequest) { r.ProductCode, r.Domain, r.Csr = productCode, domain, csr }
	}
	tag := func(key, value string) func(*packageRequest) {
		return func(r *packageRequest) { r.Tags = []ca.Tag{{Key: "account", Value: "test"}, {Key: key, Value: value}} }
	}
	type row struct {
		name      string
		change    func(*packageRequest)
		code      yuncert.Code
		parameter string
		mention   string
	}
	several := hostCSR(t, algorithm.ECC_256, "a.example.com", "a.example.com", "b.example.com")
	tests := []row{
		{"a product that does not exist", func(r *packageRequest) { r.ProductCode = "free" }, failed, "ProductCode", `"free" is not a DV product`},
		{"neither Domain nor Csr", func(r *packageRequest) { r.Csr = "" }, missing, "Domain", "Domain is mandatory for this action. Csr can replace it."},
		{"a Domain without a name", names("", " ,", ""), missing, "Domain", "Domain is mandatory for this action."},
		{"six names", names(own.Code, "a.cn,b.cn,c.cn,d.cn,e.cn,f.cn", ""), failed, "Domain", "there are 6 names; want up to 5"},
		{"five wildcards and a parent", names(own.Code, "*.a.cn,*.b.cn,*.c.cn,*.d.cn,*.e.cn,e.cn", ""), failed, "Domain", "there are 6 names; want up to 5"},
		{"two names for a product of one", names("", "a.example.com,b.example.com", ""), failed, "Domain", "there are 2 names; digicert-free-1-free takes 1"},
		{"single and wildcard names", names(own.Code, "*.example.com,www.example.com", ""), failed, "Domain", `"www.example.com" is a single name among wildcard names`},
		{"single and wildcard names in another sequence", names(own.Code, "a.example.net,*.example.com", ""), failed, "Domain", `"a.example.net" is a single name among wildcard names`},
		{"Csr and Domain with other names", names("", "www.example.net", plainCSR(t)), failed, "Domain",
			`Domain has the names "www.example.net", and an order for the CSR has "www.example.com"; want the same names, or leave Domain out`},
		{"Domain with a name less than Csr", names(own.Code, "a.example.com", several), failed, "Domain", `an order for the CSR has "a.example.com,b.example.com"`},
		{"Domain with a name more than Csr", names(own.Code, "b.example.com,a.example.com,c.example.com", several), failed, "Domain", `Domain has the names "b.example.com,a.example.com,c.example.com"`},
		{"text that is not a CSR", func(r *packageRequest) { r.Csr = "garbage" }, failed, "Csr", "neither DER nor PEM"},
		{"a CSR for SM2", func(r *packageRequest) { r.Csr = sm2CSR(t, "www.example.com") }, failed, "Csr", "SM2_256"},
		{"a CSR for RSA_1024", func(r *packageRequest) { r.Csr = hostCSR(t, algorithm.RSA_1024, "www.example.com") }, failed, "Csr", "at least 2048 bits"},
		{"a CSR without names", func(r *packageRequest) { r.Csr = hostCSR(t, algorithm.ECC_256, "") }, failed, "Csr", "no common name"},
		{"a CSR with a wildcard for a product of single names", func(r *packageRequest) { r.Csr = wildcardCSR(t) }, failed, "Csr", `"*.example.com" is a wildcard name`},
		{"a CSR with an IP address for a product of several names", names(own.Code, "", hostCSR(t, algorithm.ECC_256, "www.example.com", "192.0.2.1")), failed, "Csr", "192.0.2.1"},
		{"a CSR with six names", names(own.Code, "", hostCSR(t, algorithm.ECC_256, "a.cn", "b.cn", "c.cn", "d.cn", "e.cn", "f.cn")), failed, "Csr", "there are 6 names; own-dv-5 takes 5"},
		{"a Username of 256 characters", func(r *packageRequest) { r.Username = testutil.Chinese(256) }, malformed, "Username", "up to 255 characters"},
		{"a Phone with a control character", func(r *packageRequest) { r.Phone = "\x00" }, malformed, "Phone", "control characters"},
		{"an Email that is not UTF-8", func(r *packageRequest) { r.Email = "\xff" }, malformed, "Email", "UTF-8"},
		{"a CompanyName of 256 characters", func(r *packageRequest) { r.CompanyName = testutil.Chinese(256) }, malformed, "CompanyName", "up to 255 characters"},
		{"a CompanyName with a newline", func(r *packageRequest) { r.CompanyName = "a\nb" }, malformed, "CompanyName", "control characters"},
		{"ValidateType dns", func(r *packageRequest) { r.ValidateType = "dns" }, refused, "ValidateType", `"dns" is not DNS or FILE`},
		{"a file for a wildcard name", func(r *packageRequest) {
			r.Csr, r.ProductCode, r.ValidateType = wildcardCSR(t), "geotrust-dv-w-starter", "FILE"
		}, failed, "ValidateType", "use DNS"},
		{"a file for a wildcard name in Domain", func(r *packageRequest) {
			r.Csr, r.Domain, r.ProductCode, r.ValidateType = "", "*.example.com", own.Code, "FILE"
		}, failed, "ValidateType", "use DNS"},
		{"a record for a later name of 245 octets", names(own.Code, "example.com,"+strings.Repeat("a.", 117)+"example.com", ""), failed, "ValidateType", "has 245 octets"},
		{"a tag without a key", tag("", "value"), malformed, "Tags", "a tag has no Key"},
		{"a key that Alibaba Cloud reserves", tag("aliyun-x", ""), malformed, "Tags", `"aliyun"`},
		{"21 tags", func(r *packageRequest) { r.Tags = tags(21) }, malformed, "Tags", "there are 21 tags"},
	}
	for _, p := range []string{
		"symantec-ov-1-personal", "symantec-ov-w-personal", "geotrust-ov-1-personal", "geotrust-ov-w-personal",
		"globalsign-ov-1-personal", "globalsign-ov-w-advanced", "cfca-ov-1-personal", "cfca-ev-w-advanced",
	} {
		tests = append(tests, row{"the product " + p, func(r *packageRequest) { r.ProductCode = p }, failed, "ProductCode", fmt.Sprintf("%q is not a DV product", p)})
	}
	for _, tt := range notInDomain {
		tests = append(tests, row{tt.name, names(own.Code, "example.com,"+tt.domain, ""), failed, "Domain", tt.says})
	}
	for _, tt := range rulesOfProducts {
		tests = append(tests, row{tt.name, names(tt.productCode, tt.domain, ""), failed, "Domain", tt.says})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := packageApplication(plainCSR(t))
			tt.change(req)
			if req.ProductCode != own.Code { // Validate does not know the product
				testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
			}
			book, store := ownBook(t, order.BookOptions{Verifier: unasked(t)})
			checkRefused(t, store, book.CreateCertificateForPackageRequest, instant, req, tt.code, tt.parameter, tt.mention)
		})
	}
}

// A request with several problems gets the error of the first one, in the order of the
// fields. The test corrects one problem after the other.
func TestCreateCertificateForPackageRequestOrderOfProblems(t *testing.T) {
	t.Parallel()
	testutil.CheckError(t, (*packageRequest)(nil).Validate(), missing, "Domain")
	req := &packageRequest{
		ProductCode: "X", Username: "\x00", Phone: "\x00", Email: "\x00", CompanyName: "\x00", ValidateType: "X", Tags: tags(21),
	}
	for _, step := range []struct {
		code      yuncert.Code
		parameter string
		mend      func()
	}{
		{failed, "ProductCode", func() { req.ProductCode = "" }},
		{missing, "Domain", func() { req.Domain, req.Csr = "localhost", "garbage" }},
		{failed, "Domain", func() { req.Domain = "www.example.net" }},
		{failed, "Csr", func() { req.Csr = plainCSR(t) }},
		{failed, "Domain", func() { req.Domain = "www.example.com" }},
		{malformed, "Username", func() { req.Username = "" }},
		{malformed, "Phone", func() { req.Phone = "" }},
		{malformed, "Email", func() { req.Email = "" }},
		{malformed, "CompanyName", func() { req.CompanyName = "" }},
		{refused, "ValidateType", func() { req.ValidateType = "" }},
		{malformed, "Tags", func() { req.Tags = nil }},
	} {
		testutil.CheckError(t, req.Validate(), step.code, step.parameter)
		step.mend()
	}
	if err := req.Validate(); err != nil {
		t.Error(err)
	}
}

func TestCreateCertificateForPackageRequest(t *testing.T) {
	t.Parallel()
	names := func(productCode, domain, csr string) func(*packageRequest) {
		return func(r *packageRequest) { r.ProductCode, r.Domain, r.Csr = productCode, domain, csr }
	}
	several := hostCSR(t, algorithm.ECC_256, "b.example.com", "a.example.com", "b.example.com")
	both := hostCSR(t, algorithm.ECC_256, "*.example.com", "*.example.com", "example.com")
	type fields struct{ ProductCode, Names, ValidateType, Username, Phone, Email string }
	contacts := fields{"digicert-free-1-free", "www.example.com", "DNS", "Tom", "1390000****", "username@example.com"}
	with := func(change func(*fields)) fields {
		f := contacts
		change(&f)
		return f
	}
	of := func(productCode, names string) fields {
		return with(func(f *fields) { f.ProductCode, f.Names = productCode, names })
	}
	for _, tt := range []struct {
		name   string
		change func(*packageRequest)
		want   fields
	}{
		{"only Csr", func(r *packageRequest) {}, contacts},
		{"only Domain", names("", "www.example.com", ""), contacts},
		{"Csr and its Domain", names("", " WWW.example.com, ", plainCSR(t)), contacts},
		{"no contacts", func(r *packageRequest) { r.Username, r.Phone, r.Email = "", "", "" }, with(func(f *fields) { f.Username, f.Phone, f.Email = "", "", "" })},
		{"a CompanyName, which has no effect", func(r *packageRequest) { r.CompanyName = testutil.Chinese(255) }, contacts},
		{"no ValidateType", func(r *packageRequest) { r.ValidateType = "" }, contacts},
		{"ValidateType FILE", func(r *packageRequest) { r.ValidateType = "FILE" }, with(func(f *fields) { f.ValidateType = "FILE" })},
		{"20 tags", func(r *packageRequest) { r.Tags = tags(20) }, contacts},
		{"names in the CSR that the product does not take", names("", "b.example.com", several), of("digicert-free-1-free", "b.example.com")},
		{"a CSR without a common name", names("", bigName, hostCSR(t, algorithm.ECC_256, "", bigName)), of("digicert-free-1-free", bigName)},
		{"a wildcard and its parent", names("geotrust-dv-w-starter", "*.example.com,example.com", ""), of("geotrust-dv-w-starter", "*.example.com,example.com")},
		{"a parent in Domain that Issue adds anyway", names("geotrust-dv-w-starter", "*.example.com,example.com", both), of("geotrust-dv-w-starter", "*.example.com")},

		{"five names", names(own.Code, "e.cn,d.cn,c.cn,b.cn,a.cn", ""), of(own.Code, "e.cn,d.cn,c.cn,b.cn,a.cn")},
		{"five names after repeats", names(own.Code, "e.cn,d.cn,c.cn,b.cn,a.cn,E.cn, a.cn", ""), of(own.Code, "e.cn,d.cn,c.cn,b.cn,a.cn")},
		{"a long name in front", names(own.Code, bigName+",a.cn", ""), of(own.Code, bigName+",a.cn")},
		{"wildcards", names(own.Code, "*.example.com,*.example.net", ""), of(own.Code, "*.example.com,*.example.net")},
		{"a CSR of several names", names(own.Code, "", several), of(own.Code, "b.example.com,a.example.com")},
		{"a CSR of several names in another sequence", names(own.Code, "a.example.com,b.example.com", several), of(own.Code, "b.example.com,a.example.com")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			book, _ := ownBook(t, order.BookOptions{Verifier: proved})
			req := packageApplication(plainCSR(t))
			tt.change(req)
			if err := req.Validate(); (err == nil) != (req.ProductCode != own.Code) {
				t.Errorf("Validate: %v", err)
			}
			resp, key, err := book.CreateCertificateForPackageRequest(t.Context(), testutil.Seeded(), instant, req)
			if err != nil {
				t.Fatal(err)
			}
			if !testutil.RequestIDForm.MatchString(resp.RequestId) {
				t.Errorf("RequestId %q", resp.RequestId)
			}
			o := read(t, book, resp.OrderId)
			got := fields{o.ProductCode, o.Names, o.ValidateType, o.Username, o.Phone, o.Email}
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Errorf("order mismatch (-want +got):\n%s", diff)
			}
			if first, _, _ := strings.Cut(o.Names, ","); o.Domain != first || o.State != order.StateDomainVerify {
				t.Errorf("the order of %s is in %s", o.Domain, o.State)
			}
			if req.Csr == "" {
				checkMade(t, o, key, algorithm.RSA_2048)
			} else if key != nil || o.Csr != req.Csr {
				t.Errorf("key %v and CSR %s, want no key and the CSR of the request", key, o.Csr)
			}
			// One unit, however many names.
			checkCounts(t, book, cmp.Or(req.ProductCode, "digicert-free-1-free"), plentiful, 1, 0)
		})
	}
}
