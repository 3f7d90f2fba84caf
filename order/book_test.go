package order_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yuncert/yuncert/order"
)

// NewBook refuses at once what would make a later operation panic.
func TestNewBookRefused(t *testing.T) {
	t.Parallel()
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
