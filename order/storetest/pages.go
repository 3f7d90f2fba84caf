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
			{"after an order with only Created and OrderId", order.StateProcess, order.Order{OrderId: 8, Created: day.Add(2 * time.Microsecond)}, 2, []int64{3}},
			{"after an order with its time in another zone", order.StateProcess,
				order.Order{OrderId: 6, Created: day.Add(2 * time.Microsecond).In(time.FixedZone("", 8*3600))}, 1, []int64{8}},
			{"after all orders", order.StateProcess, order.Order{Created: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, 9, nil},
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
