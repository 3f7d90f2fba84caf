package storetest

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/yuncert/yuncert/order"
)

func testPages(t *testing.T, store order.Store) {
	update(t, store, func(tx order.Tx) error {
		// Sorted by Created: 1; then 2, 4, 6 and 8 with the same time; then 3.
		// Orders 5 and 7 have another state.
		for _, o := range []order.Order{
			newOrder(6, order.StateProcess, 2), newOrder(3, order.StateProcess, 3), newOrder(2, order.StateProcess, 2),
			newOrder(5, order.StatePayed, 2), newOrder(8, order.StateProcess, 2), newOrder(1, order.StateProcess, 1),
			newOrder(7, order.StatePayed, 1), newOrder(4, order.StateProcess, 2),
		} {
			if err := tx.CreateOrder(o); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, store, func(r order.Snapshot) error {
		for _, tt := range []struct {
			name  string
			state order.State
			after order.Order
			limit int
			want  []int64
		}{
			{"all", order.StateProcess, order.Order{}, 100, []int64{1, 2, 4, 6, 8, 3}},
			{"another state", order.StatePayed, order.Order{}, 100, []int64{7, 5}},
			{"a limit of all orders", order.StateProcess, order.Order{}, 6, []int64{1, 2, 4, 6, 8, 3}},
			{"a limit of one", order.StateProcess, order.Order{}, 1, []int64{1}},
			{"a page that ends among orders of the same time", order.StateProcess, order.Order{}, 3, []int64{1, 2, 4}},
			{"the page after it", order.StateProcess, newOrder(4, order.StateProcess, 2), 3, []int64{6, 8, 3}},
			{"after the last", order.StateProcess, newOrder(3, order.StateProcess, 3), 3, nil},
			{"a huge limit", order.StateProcess, newOrder(1, order.StateProcess, 1), math.MaxInt, []int64{2, 4, 6, 8, 3}},
			{"limit 0", order.StateProcess, order.Order{}, 0, nil},
			{"limit -1", order.StateProcess, order.Order{}, -1, nil},
			{"after an order that does not exist", order.StateProcess, newOrder(5, order.StateProcess, 2), 2, []int64{6, 8}},
			{"after an order in another state", order.StateProcess, newOrder(7, order.StatePayed, 1), 2, []int64{2, 4}},
			{"after an order whose time has changed", order.StateProcess, newOrder(1, order.StateProcess, 2), 2, []int64{2, 4}},
			{"after an order with only Created and OrderId", order.StateProcess, order.Order{OrderId: 8, Created: at(2)}, 2, []int64{3}},
			{"after an order with its time in another zone", order.StateProcess,
				order.Order{OrderId: 6, Created: at(2).In(time.FixedZone("", 8*3600))}, 1, []int64{8}},
			{"after all orders", order.StateProcess, order.Order{Created: endOfTime}, 9, nil},
		} {
			wantIDs(t, tt.name, ids(t, r, tt.state, tt.after, tt.limit), tt.want...)
		}
		return nil
	})
}

// Between two pages, orders are deleted, change their state or are submitted.
// Each order that keeps its position is listed once.
func testChangingPages(t *testing.T, store order.Store) {
	update(t, store, func(tx order.Tx) error {
		for id := range int64(9) {
			if err := tx.CreateOrder(newOrder(id+1, order.StateDomainVerify, int(id/2))); err != nil {
				return err
			}
		}
		return nil
	})
	var seen []int64
	after := order.Order{}
	for n := 0; ; n++ {
		var page []order.Order
		view(t, store, func(r order.Snapshot) (err error) {
			page, err = r.Orders(order.StateDomainVerify, after, 3)
			return err
		})
		for _, o := range page {
			seen = append(seen, o.OrderId)
		}
		if len(page) < 3 {
			break
		}
		after = page[2]
		update(t, store, func(tx order.Tx) error {
			read := func(id int64) order.Order {
				o, found, err := tx.Order(id)
				if !found || err != nil {
					t.Errorf("order %d: found %t, %v", id, found, err)
				}
				return o
			}
			switch n {
			case 0: // after 1, 2 and 3: the last order of the page is deleted, and a later one moves
				moved := read(5)
				moved.State = order.StateProcess
				read(3)
				return errors.Join(tx.DeleteOrder(3), tx.PutOrder(moved), tx.CreateOrder(newOrder(20, order.StateDomainVerify, 9)))
			case 1: // after 4, 6 and 7: the last order of the page moves, and an earlier one comes back
				moved, back := read(7), read(5)
				moved.State, back.State = order.StatePayed, order.StateDomainVerify
				return errors.Join(tx.PutOrder(moved), tx.PutOrder(back))
			}
			return nil
		})
	}
	wantIDs(t, "all pages", seen, 1, 2, 3, 4, 6, 7, 8, 9, 20)
}

func testPagesOf(t *testing.T, store order.Store) {
	of := func(domain string, o order.Order) order.Order {
		o.Domain, o.Names = domain, "www.example.com,"+domain
		return o
	}
	// Of www.example.com, sorted by Created: 1; then 2, 4 and 6 with the same time;
	// then 3. Each has another state.
	put(t, store, newOrder(6, order.StatePayed, 2), newOrder(3, order.StateProcess, 3), newOrder(2, order.StateVerifyFail, 2),
		newOrder(1, order.StateCertificate, 1), newOrder(4, order.StateDomainVerify, 2),
		of("*.www.example.com", newOrder(5, order.StateProcess, 2)), of("WWW.example.com", newOrder(7, order.StateProcess, 2)),
		of("www.example.com.cn", newOrder(8, order.StateProcess, 0)), of("ww_.example.com", newOrder(9, order.StateProcess, 4)), of("", newOrder(10, order.StateProcess, 0)))
	const domain = "www.example.com"
	view(t, store, func(r order.Snapshot) error {
		for _, tt := range []struct {
			name, domain string
			after        order.Order
			limit        int
			want         []int64
		}{
			{"all", domain, order.Order{}, 100, []int64{1, 2, 4, 6, 3}},
			{"another domain", "*.www.example.com", order.Order{}, 100, []int64{5}},
			{"a domain in upper case is another one", "WWW.example.com", order.Order{}, 100, []int64{7}},
			{"no domain", "", order.Order{}, 100, []int64{10}},
			{"a pattern", "%", order.Order{}, 100, nil},
			{"a limit of all orders", domain, order.Order{}, 5, []int64{1, 2, 4, 6, 3}},
			{"a page that ends among orders of the same time", domain, order.Order{}, 2, []int64{1, 2}},
			{"the page after it", domain, newOrder(2, order.StateVerifyFail, 2), 2, []int64{4, 6}},
			{"after the last", domain, newOrder(3, order.StateProcess, 3), 3, nil},
			{"a huge limit", domain, newOrder(1, order.StateCertificate, 1), math.MaxInt, []int64{2, 4, 6, 3}},
			{"limit 0", domain, order.Order{}, 0, nil},
			{"limit -1", domain, order.Order{}, -1, nil},
			{"after an order that does not exist", domain, newOrder(5, order.StateProcess, 2), 2, []int64{6, 3}},
			{"after an order of another domain", domain, of("www.example.com.cn", newOrder(8, order.StateProcess, 0)), 2, []int64{1, 2}},
			{"after an order with only Created and OrderId", domain, order.Order{OrderId: 6, Created: at(2)}, 2, []int64{3}},
			{"after an order with its time in another zone", domain, order.Order{OrderId: 4, Created: at(2).In(time.FixedZone("", 8*3600))}, 1, []int64{6}},
			{"after all orders", domain, order.Order{Created: endOfTime}, 9, nil},
		} {
			wantIDs(t, tt.name, idsOf(t, r, tt.domain, tt.after, tt.limit), tt.want...)
		}
		return nil
	})
	// An order moves to another domain, and another one is deleted.
	update(t, store, func(tx order.Tx) error {
		_, _, err1 := tx.Order(4)
		_, _, err2 := tx.Order(1)
		return errors.Join(err1, err2, tx.PutOrder(of("*.www.example.com", newOrder(4, order.StateDomainVerify, 2))), tx.DeleteOrder(1))
	})
	view(t, store, func(r order.Snapshot) error {
		wantIDs(t, "after a change", idsOf(t, r, domain, order.Order{}, 9), 2, 6, 3)
		wantIDs(t, "the other domain after a change", idsOf(t, r, "*.www.example.com", order.Order{}, 9), 4, 5)
		return nil
	})
}

func testExpiring(t *testing.T, store order.Store) {
	in := func(state order.State, o order.Order) order.Order {
		o.State = state
		return o
	}
	unread := issuedOrder(9, 0)
	unread.NotAfter = time.Time{}
	// Sorted by NotAfter: 10; then 1, 3, 5 and 7 with the same time; then 2, and 4. The
	// sequence of Created is another one.
	put(t, store, issuedOrder(2, 30), issuedOrder(3, 20), issuedOrder(7, 20), issuedOrder(10, 10), issuedOrder(5, 20), issuedOrder(4, 40),
		issuedOrder(1, 20), in(order.StateProcess, issuedOrder(6, 20)), in(order.StatePayed, issuedOrder(8, 5)), unread, newOrder(11, order.StateProcess, 0))
	view(t, store, func(r order.Snapshot) error {
		for _, tt := range []struct {
			name   string
			before time.Time
			after  order.Order
			limit  int
			want   []int64
		}{
			{"all", endOfTime, order.Order{}, 100, []int64{10, 1, 3, 5, 7, 2, 4}},
			{"before a time", at(35), order.Order{}, 100, []int64{10, 1, 3, 5, 7, 2}},
			{"an order that expires at the time", at(30), order.Order{}, 100, []int64{10, 1, 3, 5, 7}},
			{"an order that expires before the time", at(31), order.Order{}, 100, []int64{10, 1, 3, 5, 7, 2}},
			{"the time in another zone", at(30).In(time.FixedZone("", 8*3600)), order.Order{}, 100, []int64{10, 1, 3, 5, 7}},
			{"before the first", at(10), order.Order{}, 100, nil},
			{"before no time", time.Time{}, order.Order{}, 100, nil},
			{"a limit of all orders", at(30), order.Order{}, 5, []int64{10, 1, 3, 5, 7}},
			{"a page that ends among orders of the same time", at(35), order.Order{}, 3, []int64{10, 1, 3}},
			{"the page after it", at(35), issuedOrder(3, 20), 3, []int64{5, 7, 2}},
			{"after the last", at(35), issuedOrder(2, 30), 3, nil},
			{"after the last and the time", at(35), issuedOrder(4, 40), 3, nil},
			{"a huge limit", at(35), issuedOrder(1, 20), math.MaxInt, []int64{3, 5, 7, 2}},
			{"limit 0", at(35), order.Order{}, 0, nil},
			{"limit -1", at(35), order.Order{}, -1, nil},
			{"after an order that does not exist", at(35), issuedOrder(4, 20), 2, []int64{5, 7}},
			{"after an order in another state", at(35), in(order.StateProcess, issuedOrder(6, 20)), 2, []int64{7, 2}},
			{"after an order with only NotAfter and OrderId", at(35), order.Order{OrderId: 7, NotAfter: at(20)}, 2, []int64{2}},
			{"after a time", at(35), order.Order{NotAfter: at(20)}, 2, []int64{1, 3}},
			{"after a time in another zone", at(35), order.Order{OrderId: 5, NotAfter: at(20).In(time.FixedZone("", 8*3600))}, 1, []int64{7}},
			{"after an order without NotAfter", at(35), unread, 2, []int64{10, 1}},
			{"after all orders", endOfTime, order.Order{NotAfter: endOfTime}, 9, nil},
		} {
			wantIDs(t, tt.name, idsExpiring(t, r, tt.before, tt.after, tt.limit), tt.want...)
		}
		return nil
	})
}

// Between two pages, orders are deleted, lose their certificate, get one, or get
// another one. Each order that keeps its position is listed once.
func testChangingExpiring(t *testing.T, store order.Store) {
	for id := range int64(9) {
		put(t, store, issuedOrder(id+1, int(id/2)))
	}
	put(t, store, newOrder(20, order.StateProcess, 0))
	var seen []int64
	after := order.Order{}
	for n := 0; ; n++ {
		var page []order.Order
		view(t, store, func(r order.Snapshot) (err error) {
			page, err = r.Expiring(at(100), after, 3)
			return err
		})
		for _, o := range page {
			seen = append(seen, o.OrderId)
		}
		if len(page) < 3 {
			break
		}
		after = page[2]
		update(t, store, func(tx order.Tx) error {
			for _, id := range []int64{3, 5, 6, 7, 8, 20} {
				if _, _, err := tx.Order(id); err != nil {
					return err
				}
			}
			switch n {
			case 0: // after 1, 2 and 3: the last order of the page is deleted, a later one loses its certificate, one gets a certificate
				return errors.Join(tx.DeleteOrder(3), tx.PutOrder(newOrder(5, order.StateProcess, 5)), tx.PutOrder(issuedOrder(20, 9)))
			case 1: // after 4, 6 and 7: the last order of the page expires later, an earlier one has a certificate again, another one expires too late
				return errors.Join(tx.PutOrder(issuedOrder(7, 50)), tx.PutOrder(issuedOrder(5, 2)), tx.PutOrder(issuedOrder(8, 100)))
			}
			return nil
		})
	}
	wantIDs(t, "all pages", seen, 1, 2, 3, 4, 6, 7, 9, 20, 7)
}
