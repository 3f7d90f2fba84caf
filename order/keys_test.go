package order_test

import (
	"os"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

// A Book applies its own policy for keys. Validate applies the zero policy.
func TestBookSmallExponents(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../csr/testdata/refused/rsa-e3.pem")
	if err != nil {
		t.Fatal(err)
	}
	req := application(string(text))
	const says = "the RSA exponent 3 is not"
	testutil.CheckError(t, req.Validate(), failed, "Csr", says)
	book, _ := newBook(t, nil)
	_, err = book.CreateCertificateWithCsrRequest(t.Context(), testutil.Seeded(), instant, req)
	testutil.CheckError(t, err, failed, "Csr", says)

	store := order.NewMemoryStore()
	book = order.NewBook(store, order.BookOptions{KeyPolicy: algorithm.KeyPolicy{SmallExponents: true}})
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	place(t, book, req)
	checkCounts(t, book, order.DefaultProductCode, 1, 1, 0)
}

// A blocked key gets no order. A key that was blocked after the order gets no
// certificate.
func TestBookBlockedKeys(t *testing.T) {
	t.Parallel()
	blocked := false
	store := order.NewMemoryStore()
	book := order.NewBook(store, order.BookOptions{
		Verifier:  proved,
		KeyPolicy: algorithm.KeyPolicy{Blocked: func([32]byte) bool { return blocked }},
	})
	if err := book.AddPackage(t.Context(), "", 2); err != nil {
		t.Fatal(err)
	}
	o := reach(t, book, order.StateProcess, application(hostCSR(t, algorithm.ECC_256, "www.example.com")))

	blocked = true
	before := everything(t, store)
	_, err := book.CreateCertificateWithCsrRequest(t.Context(), testutil.Untouched(t), instant, application(hostCSR(t, algorithm.ECC_256, "www.example.com")))
	testutil.CheckError(t, err, failed, "Csr", "the key is blocked: it is known to be compromised")
	certificate := outside().certificate(t, nil)
	_, err = book.Complete(t.Context(), instant, o.OrderId, certificate)
	testutil.CheckError(t, err, refused, "Csr", "the key is blocked: it is known to be compromised")
	_, err = book.Issue(t.Context(), testutil.Untouched(t), instant, authorityOf(algorithm.ECC_256).issuer, o.OrderId)
	testutil.CheckError(t, err, refused, "Csr", "the key is blocked: it is known to be compromised")
	checkUnchanged(t, store, before)

	blocked = false
	must[order.Order](t)(book.Complete(t.Context(), instant, o.OrderId, certificate))
}
