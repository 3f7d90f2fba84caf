package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/order"
)

// testUndone calls run with a function that does every kind of write. run does
// this in an Update and makes the Update fail. testUndone checks that nothing
// of it is stored.
func testUndone(t *testing.T, store order.Store, run func(write func(order.Tx) error)) {
	t.Helper()
	put(t, store, order.Package{ProductCode: "old", TotalCount: 9}, newOrder(1, order.StateProcess, 1), newOrder(2, order.StateProcess, 2), newOrder(4, order.StateProcess, 4),
		issuedOrder(5, 5), issuedOrder(6, 6), issuedOrder(7, 7))
	before := contentOf(t, store, "old", "new")
	kept := newOrder(4, order.StateProcess, 4) // keeps its position
	kept.Reason = "changed"
	later, elsewhere := issuedOrder(5, 8), issuedOrder(6, 6)
	elsewhere.Domain = "example.net"
	run(func(tx order.Tx) error {
		for _, id := range []int64{1, 2, 4, 5, 6, 7} {
			if _, _, err := tx.Order(id); err != nil {
				return err
			}
		}
		return errors.Join(tx.PutOrder(kept), tx.PutOrder(later), tx.PutOrder(elsewhere), tx.DeleteOrder(7),
			putAll(tx, order.Package{ProductCode: "old", TotalCount: 10}, order.Package{ProductCode: "new"}, newOrder(3, order.StatePayed, 0)),
			tx.PutOrder(issuedOrder(1, 1)), tx.DeleteOrder(2), tx.CreateOrder(newOrder(2, order.StatePayed, 0)))
	})
	if diff := cmp.Diff(before, contentOf(t, store, "old", "new")); diff != "" {
		t.Errorf("the failed Update changed the store (-before +after):\n%s", diff)
	}
	// The next Update succeeds.
	put(t, store, order.Package{ProductCode: "new", TotalCount: 1}, newOrder(3, order.StatePayed, 0))
}
