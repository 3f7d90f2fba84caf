package order_test

import (
	"slices"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

// own is a product that the documents do not list.
var own = order.Product{Code: "own-dv-5", Brand: "Example", Single: true, Wildcard: true, Months: 7, MaxNames: 5}

// A Book with own products knows them in every operation, and one without does not.
func TestOwnProducts(t *testing.T) {
	t.Parallel()
	store := order.NewMemoryStore()
	products := []order.Product{own}
	book := order.NewBook(store, order.BookOptions{Verifier: proved, Products: products})
	products[0] = order.Product{} // the Book has a copy
	if err := book.AddPackage(t.Context(), own.Code, 10); err != nil {
		t.Fatal(err)
	}
	if err := book.AddPackage(t.Context(), "", 10); err != nil {
		t.Fatal(err)
	}
	checkCounts(t, book, own.Code, 10, 0, 0)
	req := application(plainCSR(t))
	req.ProductCode = own.Code
	o := reach(t, book, order.StateCertificate, req)
	checkCounts(t, book, own.Code, 10, 1, 1)
	checkCounts(t, book, "", 10, 0, 0)
	leaf := parsePEM(t, o.Certificate)[0]
	if want := leaf.NotBefore.AddDate(0, 7, 0); !leaf.NotAfter.Equal(want) {
		t.Errorf("the certificate expires at %s, want %s after the product's term", leaf.NotAfter, want)
	}

	before := everything(t, store)
	without := order.NewBook(store, order.BookOptions{Verifier: proved, Products: []order.Product{{Code: "another", Single: true}}})
	const mention = `"own-dv-5" is not a DV product; want one of digicert-free-1-free, symantec-free-1-free, symantec-dv-1-starter, ` +
		"geotrust-dv-1-starter, geotrust-dv-w-starter, globalsign-dv-1-personal, globalsign-dv-w-advanced, another"
	testutil.CheckError(t, without.AddPackage(t.Context(), own.Code, 1), refused, "ProductCode", mention)
	_, err := without.CreateCertificateWithCsrRequest(t.Context(), testutil.Untouched(t), instant, req)
	testutil.CheckError(t, err, failed, "ProductCode", mention)
	describe := &order.DescribePackageStateRequest{ProductCode: own.Code}
	_, err = without.DescribePackageState(t.Context(), testutil.Untouched(t), describe)
	testutil.CheckError(t, err, yuncert.ErrNotFoundPackage, "ProductCode", mention)
	checkUnchanged(t, store, before)

	// Validate knows the documented products only.
	testutil.CheckError(t, req.Validate(), failed, "ProductCode", `"own-dv-5" is not a DV product`)
	testutil.CheckError(t, describe.Validate(), yuncert.ErrNotFoundPackage, "ProductCode", `"own-dv-5" is not a DV product`)

	// An order stays when its product goes, and is issued when the product is back.
	process := reach(t, book, order.StateProcess, req)
	_, err = without.Issue(t.Context(), testutil.Seeded(), later, authorityOf(algorithm.ECC_256).issuer, process.OrderId)
	testutil.CheckError(t, err, broke, "ProductCode", mention)
	must[order.Order](t)(book.Issue(t.Context(), testutil.Seeded(), later, authorityOf(algorithm.ECC_256).issuer, process.OrderId))

	// Products returns the documented ones, whatever a Book adds.
	if slices.ContainsFunc(order.Products(), func(p order.Product) bool { return p.Code == own.Code }) {
		t.Error("Products has a product of a Book")
	}
}
