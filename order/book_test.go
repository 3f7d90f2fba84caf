package order_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

// NewBook refuses at once what would make a later operation panic.
func TestNewBookRefused(t *testing.T) {
	t.Parallel()
	products := func(change func(*order.Product)) order.BookOptions {
		p := own
		change(&p)
		return order.BookOptions{Products: []order.Product{own, p}}
	}
	other := func(change func(*order.Product)) order.BookOptions {
		return products(func(p *order.Product) { p.Code = "other"; change(p) })
	}
	for _, tt := range []struct {
		name    string
		store   order.Store
		opts    order.BookOptions
		mention string
	}{
		{"no store", nil, order.BookOptions{}, "the store is nil"},
		{"a nil pointer as the store", (*order.MemoryStore)(nil), order.BookOptions{}, "the store is nil"},
		{"a nil pointer as the Verifier", order.NewMemoryStore(), order.BookOptions{Verifier: (*order.NetVerifier)(nil)},
			"the Verifier is a nil *order.NetVerifier"},
		{"a nil pointer as the Authority", order.NewMemoryStore(), order.BookOptions{Authority: (*fakeClient)(nil)}, "the Authority is a nil *order_test.fakeClient"},
		{"a negative RenewBefore", order.NewMemoryStore(), order.BookOptions{RenewBefore: -1}, "RenewBefore is -1ns; want a time above zero, or zero for 30 days"},
		{"a product without a Code", order.NewMemoryStore(), products(func(p *order.Product) { p.Code = "" }), `Products[1], "", has no Code`},
		{"a product twice", order.NewMemoryStore(), products(func(p *order.Product) {}), `Products[1], "own-dv-5", has the Code of another product`},
		{"a documented product again", order.NewMemoryStore(), products(func(p *order.Product) { p.Code = "digicert-free-1-free" }), "has the Code of another product"},
		{"a Code of 256 characters", order.NewMemoryStore(), products(func(p *order.Product) { p.Code = testutil.Chinese(256) }), "up to 255 characters"},
		{"a Code with a control character", order.NewMemoryStore(), products(func(p *order.Product) { p.Code = "a\nb" }), "without control characters"},
		{"a product for no names", order.NewMemoryStore(), other(func(p *order.Product) { p.Single, p.Wildcard = false, false }), "set Single or Wildcard"},
		{"a negative term", order.NewMemoryStore(), other(func(p *order.Product) { p.Months = -1 }), "a term of -1 months; want 0 to 120000"},
		{"a term too long to issue", order.NewMemoryStore(), other(func(p *order.Product) { p.Months = 120_001 }), "a term of 120001 months; want 0 to 120000"},
		{"a negative number of names", order.NewMemoryStore(), other(func(p *order.Product) { p.MaxNames = -1 }), "MaxNames -1; want 0 to 250"},
		{"more names than a CSR can have", order.NewMemoryStore(), other(func(p *order.Product) { p.MaxNames = 251 }), "MaxNames 251; want 0 to 250"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, tt.mention) {
					t.Errorf("NewBook panics with %q, want a text with %q", got, tt.mention)
				}
			}()
			order.NewBook(tt.store, tt.opts)
			t.Error("NewBook does not panic")
		})
	}
}

// Without a Verifier a Book has a NetVerifier: see TestNewBookVerifier. A Verifier
// that is a nil map or function is a value like any other.
func TestNewBookNilMapVerifier(t *testing.T) {
	t.Parallel()
	book, _ := newBook(t, zone(nil))
	o := place(t, book, application(plainCSR(t)))
	got := must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
	if got.State != order.StateDomainVerify || got.Reason == "" {
		t.Errorf("the order is in %s: %q", got.State, got.Reason)
	}
}
