// Package storetest tests implementations of [order.Store].
package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/internal/storetest"
	"github.com/yuncert/yuncert/order"
)

// Run tests the stores that open returns. Each subtest calls open for an empty
// store of its own. open closes the store with t.Cleanup, and calls t.Parallel
// if its stores can be used at the same time. Some subtests call a store from
// 200 goroutines.
func Run(t *testing.T, open func(t *testing.T) order.Store) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, order.Store)
	}{
		{"every field", testEveryField},
		{"extreme values", testExtremeValues},
		{"text that is not UTF-8", testNotUTF8},
		{"missing packages and orders", testNotFound},
		{"an OrderId that is taken", testOrderExists},
		{"changed and deleted orders", testChangeAndDelete},
		{"an Update reads its own writes", testOwnWrites},
		{"pages", testPages},
		{"pages while orders change", testChangingPages},
		{"pages of a domain", testPagesOf},
		{"pages of expiring orders", testExpiring},
		{"pages of expiring orders that change", testChangingExpiring},
		{"concurrent increments", testIncrements},
		{"concurrent Updates in opposite order", testOppositeOrders},
		{"a View of one state", testViews},
		{"concurrent creation of a package", testNewPackage},
		{"concurrent creation of an order", testNewOrder},
		{"concurrent requests for the last unit", testLastUnit},
		{"concurrent cancellations and deletions of an order", testDeleteOnce},
		{"concurrent operations of a Book", testBook},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
	storetest.RunFailures(t, open, testUndone, func(s order.Snapshot) error {
		_, _, err := s.Order(1)
		return err
	})
}

// states has every state of an order.
var states = []order.State{
	order.StateDomainVerify, order.StateProcess, order.StateVerifyFail, order.StateCertificate, order.StatePayed,
	order.StateRevoked, order.StateCancelled,
}

// day is the time of the orders in these tests. endOfTime is the last time that an
// order can have.
var (
	day       = storetest.Day
	endOfTime = time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)
)

// at returns the time n microseconds after day.
func at(n int) time.Time { return day.Add(time.Duration(n) * time.Microsecond) }

// newOrder returns an order that was created n microseconds after day.
func newOrder(id int64, state order.State, n int) order.Order {
	return order.Order{
		OrderId: id, ProductCode: "product", State: state, Domain: "www.example.com", Csr: "csr", ValidateType: "DNS",
		Username: "user", Phone: "1", Email: "a@example.com", Token: "token",
		Created: at(n), Updated: day,
	}
}

// issuedOrder returns an order that was created id microseconds after day, and whose
// certificate expires n microseconds after day.
func issuedOrder(id int64, n int) order.Order {
	o := newOrder(id, order.StateCertificate, int(id))
	o.Certificate, o.Issued, o.NotAfter = "certificate", day, at(n)
	return o
}

func update(t *testing.T, store order.Store, f func(order.Tx) error) {
	t.Helper()
	if err := store.Update(t.Context(), f); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func view(t *testing.T, store order.Store, f func(order.Snapshot) error) {
	t.Helper()
	if err := store.View(t.Context(), f); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// put stores packages and new orders.
func put(t *testing.T, store order.Store, values ...any) {
	t.Helper()
	update(t, store, func(tx order.Tx) error { return putAll(tx, values...) })
}

func putAll(tx order.Tx, values ...any) error {
	for _, value := range values {
		var err error
		switch v := value.(type) {
		case order.Order:
			err = tx.CreateOrder(v)
		case order.Package:
			if _, _, err = tx.Package(v.ProductCode); err == nil {
				err = tx.PutPackage(v)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wantPackage and wantOrder compare want with the stored value. A nil want means
// that nothing is stored.
func wantPackage(t *testing.T, r order.Reader, productCode string, want *order.Package) {
	t.Helper()
	got, found, err := r.Package(productCode)
	storetest.WantFound(t, fmt.Sprintf("Package(%q)", productCode), got, found, err, want)
}

func wantOrder(t *testing.T, r order.Reader, id int64, want *order.Order) {
	t.Helper()
	got, found, err := r.Order(id)
	storetest.WantFound(t, fmt.Sprintf("Order(%d)", id), got, found, err, want)
	for _, instant := range []time.Time{got.Next, got.Issued, got.NotAfter, got.Created, got.Updated} {
		if instant.Location() != time.UTC {
			t.Errorf("Order(%d) has a time in %s, want UTC", id, instant.Location())
		}
	}
}

// ids, idsOf and idsExpiring return the OrderIds of a page.
func ids(t *testing.T, r order.Snapshot, state order.State, after order.Order, limit int) []int64 {
	t.Helper()
	page, err := r.Orders(state, after, limit)
	return idsIn(t, fmt.Sprintf("Orders(%s)", state), page, err)
}

func idsOf(t *testing.T, r order.Snapshot, domain string, after order.Order, limit int) []int64 {
	t.Helper()
	page, err := r.OrdersOf(domain, after, limit)
	return idsIn(t, fmt.Sprintf("OrdersOf(%s)", domain), page, err)
}

func idsExpiring(t *testing.T, r order.Snapshot, before time.Time, after order.Order, limit int) []int64 {
	t.Helper()
	page, err := r.Expiring(before, after, limit)
	return idsIn(t, fmt.Sprintf("Expiring(%s)", before), page, err)
}

func idsIn(t *testing.T, call string, page []order.Order, err error) (ids []int64) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", call, err)
	}
	for _, o := range page {
		ids = append(ids, o.OrderId)
	}
	return ids
}

func wantIDs(t *testing.T, what string, got []int64, want ...int64) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: mismatch of OrderIds (-want +got):\n%s", what, diff)
	}
}

// A content is some packages and all orders of a store. OfDomain and Expiring have the
// OrderIds that OrdersOf gives for the domain of newOrder, and that Expiring gives.
type content struct {
	Packages           []order.Package
	Orders             []order.Order
	OfDomain, Expiring []int64
}

func contentOf(t *testing.T, store order.Store, productCodes ...string) (c content) {
	t.Helper()
	view(t, store, func(r order.Snapshot) error {
		c = content{}
		for _, productCode := range productCodes {
			p, found, err := r.Package(productCode)
			if err != nil {
				return err
			}
			if found {
				c.Packages = append(c.Packages, p)
			}
		}
		for _, state := range states {
			page, err := r.Orders(state, order.Order{}, 1000)
			if err != nil {
				return err
			}
			c.Orders = append(c.Orders, page...)
		}
		c.OfDomain = idsOf(t, r, "www.example.com", order.Order{}, 1000)
		c.Expiring = idsExpiring(t, r, endOfTime, order.Order{}, 1000)
		return nil
	})
	return c
}
