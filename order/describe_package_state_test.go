package order_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

func TestAddPackageRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		productCode string
		count       int64
		parameter   string
		mention     string
	}{
		{"a product that does not exist", "free", 1, "ProductCode", `"free" is not a DV product; want one of digicert-free-1-free,`},
		{"an OV product", "symantec-ov-1-personal", 1, "ProductCode", `"symantec-ov-1-personal"`},
		{"a product with a long code", strings.Repeat("x", 1000), 1, "ProductCode", `"` + strings.Repeat("x", 80) + `" is not a DV product`},
		{"a count of zero", "", 0, "count", "0 is not from 1 to "},
		{"a negative count", "", -1, "count", "-1 is not from 1 to "},
		{"the smallest integer", "", math.MinInt64, "count", "-9223372036854775808 is not"},
		{"a sum one above the largest integer", "", math.MaxInt64 - 4, "count", "9223372036854775803 is not from 1 to 9223372036854775802"},
		{"the largest integer", "", math.MaxInt64, "count", "9223372036854775807 is not"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := order.NewMemoryStore()
			book := order.NewBook(store, order.BookOptions{})
			if err := book.AddPackage(t.Context(), "", 5); err != nil {
				t.Fatal(err)
			}
			before := everything(t, store)
			testutil.CheckError(t, book.AddPackage(t.Context(), tt.productCode, tt.count), refused, tt.parameter, tt.mention)
			checkUnchanged(t, store, before)
		})
	}
}

func TestAddPackage(t *testing.T) {
	t.Parallel()
	store := order.NewMemoryStore()
	book := order.NewBook(store, order.BookOptions{})
	for _, add := range []struct {
		productCode string
		count       int64
	}{{"", 1}, {"geotrust-dv-w-starter", 20}, {"digicert-free-1-free", 2}, {"geotrust-dv-w-starter", math.MaxInt64 - 20}} {
		if err := book.AddPackage(t.Context(), add.productCode, add.count); err != nil {
			t.Fatal(err)
		}
	}
	want := []order.Package{
		{ProductCode: "digicert-free-1-free", TotalCount: 3},
		{ProductCode: "geotrust-dv-w-starter", TotalCount: math.MaxInt64},
	}
	if diff := cmp.Diff(want, everything(t, store).Packages); diff != "" {
		t.Errorf("packages mismatch (-want +got):\n%s", diff)
	}
	// Used units stay used.
	place(t, book, application(plainCSR(t)))
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	checkCounts(t, book, "", 4, 1, 0)
}

func TestDescribePackageState(t *testing.T) {
	t.Parallel()
	book, store := newBook(t, proved)
	for _, p := range order.Products() {
		checkCounts(t, book, p.Code, plentiful, 0, 0)
	}
	// Orders count only in the package of their product, issued or not.
	geotrust, wildcard := application(plainCSR(t)), application(wildcardCSR(t))
	geotrust.ProductCode, wildcard.ProductCode = "geotrust-dv-1-starter", "geotrust-dv-w-starter"
	for _, state := range states {
		reach(t, book, state, geotrust)
	}
	reach(t, book, order.StateCertificate, wildcard)
	before := everything(t, store)
	checkCounts(t, book, "geotrust-dv-1-starter", plentiful, 5, 1) // revoked and cancelled orders gave theirs back
	checkCounts(t, book, "geotrust-dv-w-starter", plentiful, 1, 1)
	checkCounts(t, book, "", plentiful, 0, 0)
	checkCounts(t, book, "digicert-free-1-free", plentiful, 0, 0)
	resp := must[*order.DescribePackageStateResponse](t)(book.DescribePackageState(t.Context(), testutil.Seeded(), nil))
	if resp.ProductCode != "digicert-free-1-free" || !testutil.RequestIDForm.MatchString(resp.RequestId) {
		t.Errorf("without a request: %+v", resp)
	}
	checkUnchanged(t, store, before)
}

func TestDescribePackageStateRefused(t *testing.T) {
	t.Parallel()
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{})
	if err := book.AddPackage(t.Context(), "geotrust-dv-1-starter", 1); err != nil {
		t.Fatal(err)
	}
	const none = yuncert.ErrNotFoundPackage
	for name, tt := range map[string]struct {
		req     *order.DescribePackageStateRequest
		valid   bool
		mention string
	}{
		"the default, which was not bought": {new(order.DescribePackageStateRequest), true, "no package of digicert-free-1-free was bought"},
		"no request":                        {nil, true, "no package of digicert-free-1-free was bought"},
		"a product that was not bought":     {&order.DescribePackageStateRequest{ProductCode: "geotrust-dv-w-starter"}, true, "no package of geotrust-dv-w-starter was bought"},
		"an OV product":                     {&order.DescribePackageStateRequest{ProductCode: "geotrust-ov-1-personal"}, false, `"geotrust-ov-1-personal" is not a DV product; want one of digicert-free-1-free,`},
		"a product that does not exist":     {&order.DescribePackageStateRequest{ProductCode: "free"}, false, `"free" is not a DV product`},
		"a product in capitals":             {&order.DescribePackageStateRequest{ProductCode: "GEOTRUST-DV-1-STARTER"}, false, "is not a DV product"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := tt.req.Validate(); tt.valid != (err == nil) {
				t.Errorf("Validate: %v", err)
			} else if err != nil {
				testutil.CheckError(t, err, none, "ProductCode", tt.mention)
			}
			resp, err := book.DescribePackageState(t.Context(), testutil.Seeded(), tt.req)
			testutil.CheckError(t, err, none, "ProductCode", tt.mention)
			if resp != nil {
				t.Error("a result with an error")
			}
		})
	}
}
