package storetest

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/internal/storetest"
	"github.com/yuncert/yuncert/order"
)

// filled returns an order in which every field has a different value, which depends on
// n.
func filled(t *testing.T, n int) order.Order {
	t.Helper()
	var texts []string
	for _, state := range states {
		texts = append(texts, string(state))
	}
	return storetest.Fill[order.Order](t, n, map[string][]string{"State": texts})
}

func testEveryField(t *testing.T, store order.Store) {
	p, o, other := storetest.Fill[order.Package](t, 1, nil), filled(t, 1), filled(t, 2)
	put(t, store, p, o, other)
	check := func(r order.Reader) {
		wantPackage(t, r, p.ProductCode, &p)
		wantOrder(t, r, o.OrderId, &o)
		wantOrder(t, r, other.OrderId, &other)
	}
	checkAll := func(r order.Snapshot) error {
		check(r)
		page, err1 := r.Orders(o.State, order.Order{}, 10)
		of, err2 := r.OrdersOf(o.Domain, order.Order{}, 10)
		expiring, err3 := r.Expiring(endOfTime, order.Order{}, 10)
		want := map[string][]order.Order{"Orders": {o}, "OrdersOf": {o}, "Expiring": nil}
		if o.State == order.StateCertificate {
			want["Expiring"] = []order.Order{o}
		}
		if diff := cmp.Diff(want, map[string][]order.Order{"Orders": page, "OrdersOf": of, "Expiring": expiring}); diff != "" {
			t.Errorf("pages mismatch (-want +got):\n%s", diff)
		}
		return errors.Join(err1, err2, err3)
	}
	view(t, store, checkAll)

	code, id := p.ProductCode, o.OrderId
	p, o = storetest.Fill[order.Package](t, 3, nil), filled(t, 3)
	p.ProductCode, o.OrderId, o.State = code, id, order.StateCertificate
	update(t, store, func(tx order.Tx) error {
		_, _, err1 := tx.Package(code)
		_, _, err2 := tx.Order(id)
		err3, err4 := tx.PutPackage(p), tx.PutOrder(o)
		check(tx)
		return errors.Join(err1, err2, err3, err4)
	})
	view(t, store, checkAll)
}

func testExtremeValues(t *testing.T, store order.Store) {
	beforeEpoch := time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)
	long := strings.Repeat(strings.Repeat("d", 62)+".", 4) + "d" // 253 octets
	packages := []order.Package{
		{ProductCode: "most", TotalCount: math.MaxInt64, UsedCount: math.MaxInt64, IssuedCount: math.MaxInt64},
		{ProductCode: "none"},
		{ProductCode: "NONE", TotalCount: 1}, // a different package than "none"
	}
	orders := []order.Order{
		newOrder(1, order.StateProcess, 0),
		newOrder(1<<53-1, order.StateProcess, 0),
		{OrderId: 2, State: order.StateProcess, Created: time.Unix(0, 0).UTC(), Updated: time.Unix(0, 0).UTC()},
		{OrderId: 3, State: order.StateProcess, Csr: strings.Repeat("0123456789abcdef", 1<<12), Certificate: strings.Repeat("证书\n", 1<<16),
			Created: beforeEpoch, Updated: endOfTime},
		{OrderId: 4, ProductCode: "symantec-dv-1-starter", State: order.StateDomainVerify, ValidateType: "FILE", Token: strings.Repeat("t", 64),
			Domain: strings.Repeat("d", 255), Username: strings.Repeat("𠮷", 255), Phone: strings.Repeat("𠮷", 255), Email: strings.Repeat("𠮷", 255),
			Reason: strings.Repeat("𠮷", 500), Created: day, Updated: day},
		{OrderId: 5, State: order.StateDomainVerify, Domain: long, Names: strings.Repeat(long+",", 249) + long, Due: long,
			Reference: strings.Repeat("r", 2048), Token: strings.Repeat("t", 512), Attempts: math.MaxInt64, Next: endOfTime, Created: day, Updated: day},
		{OrderId: 6, State: order.StateCertificate, Attempts: math.MinInt64, Next: beforeEpoch, Issued: beforeEpoch, NotAfter: beforeEpoch, Created: day, Updated: day},
		{OrderId: 7, State: order.StateCertificate, Issued: endOfTime, NotAfter: endOfTime, Created: day, Updated: day},
		{OrderId: 8, State: order.StateCertificate, Issued: day, NotAfter: time.Time{}.Add(time.Microsecond), Created: day, Updated: day},
	}
	for _, p := range packages {
		put(t, store, p)
	}
	for _, o := range orders {
		put(t, store, o)
	}
	view(t, store, func(r order.Snapshot) error {
		for _, p := range packages {
			wantPackage(t, r, p.ProductCode, &p)
		}
		for _, o := range orders {
			wantOrder(t, r, o.OrderId, &o)
		}
		wantIDs(t, "from before 1970 to today", ids(t, r, order.StateProcess, order.Order{}, 10), 3, 2, 1, 1<<53-1)
		wantIDs(t, "of a long domain", idsOf(t, r, long, order.Order{}, 10), 5)
		wantIDs(t, "expiring", idsExpiring(t, r, endOfTime.AddDate(1, 0, 0), order.Order{}, 10), 8, 6, 7)
		return nil
	})
}

// A Book refuses such text. A store either keeps it unchanged or fails. Then
// the whole Update fails, even if f ignores the error.
func testNotUTF8(t *testing.T, store order.Store) {
	for id, text := range map[int64]string{1: "a\x00b", 2: "a\xffb"} {
		o, before := newOrder(id, order.StateProcess, 0), newOrder(id+10, order.StateProcess, 0)
		o.Username = text
		err := store.Update(t.Context(), func(tx order.Tx) error {
			err := tx.CreateOrder(before)
			tx.CreateOrder(o)
			return err
		})
		view(t, store, func(r order.Snapshot) error {
			if err != nil {
				wantOrder(t, r, id, nil)
				wantOrder(t, r, before.OrderId, nil)
			} else {
				wantOrder(t, r, id, &o)
				wantOrder(t, r, before.OrderId, &before)
			}
			return nil
		})
	}
}

func testNotFound(t *testing.T, store order.Store) {
	p, o := storetest.Fill[order.Package](t, 1, nil), filled(t, 1)
	check := func(r order.Reader) {
		wantPackage(t, r, p.ProductCode+" ", nil)
		wantPackage(t, r, "", nil)
		wantOrder(t, r, o.OrderId+1, nil)
		wantOrder(t, r, 0, nil)
		wantOrder(t, r, -o.OrderId, nil)
	}
	for range 2 { // first in an empty store, then in one with other content
		view(t, store, func(r order.Snapshot) error {
			check(r)
			wantIDs(t, "no order", ids(t, r, order.StatePayed, order.Order{}, 10))
			wantIDs(t, "no such state", ids(t, r, "no such state", order.Order{}, 10))
			wantIDs(t, "no such domain", idsOf(t, r, "no such domain", order.Order{}, 10))
			wantIDs(t, "no domain", idsOf(t, r, "", order.Order{}, 10))
			wantIDs(t, "none that expires", idsExpiring(t, r, endOfTime, order.Order{}, 10))
			return nil
		})
		update(t, store, func(tx order.Tx) error { check(tx); return nil })
		if t.Failed() {
			return
		}
		update(t, store, func(tx order.Tx) error {
			if _, found, err := tx.Order(o.OrderId); found || err != nil {
				return err
			}
			return putAll(tx, p, o)
		})
	}
}

func testOrderExists(t *testing.T, store order.Store) {
	first, second, third := newOrder(1, order.StateProcess, 1), newOrder(2, order.StateProcess, 2), newOrder(3, order.StateProcess, 3)
	p := order.Package{ProductCode: "product", TotalCount: 1}
	put(t, store, first)
	update(t, store, func(tx order.Tx) error {
		for _, tt := range []struct {
			o    order.Order
			want error
		}{
			{newOrder(1, order.StatePayed, 4), order.ErrOrderExists},
			{second, nil},
			{newOrder(2, order.StatePayed, 5), order.ErrOrderExists},
			{third, nil},
		} {
			if err := tx.CreateOrder(tt.o); !errors.Is(err, tt.want) {
				t.Errorf("CreateOrder(%d) is %v, want %v", tt.o.OrderId, err, tt.want)
			}
		}
		return putAll(tx, p)
	})
	view(t, store, func(r order.Snapshot) error {
		wantPackage(t, r, "product", &p)
		for _, o := range []order.Order{first, second, third} {
			wantOrder(t, r, o.OrderId, &o)
		}
		wantIDs(t, "all", ids(t, r, order.StateProcess, order.Order{}, 10), 1, 2, 3)
		wantIDs(t, "refused", ids(t, r, order.StatePayed, order.Order{}, 10))
		return nil
	})
}

func testChangeAndDelete(t *testing.T, store order.Store) {
	for id := range int64(6) {
		put(t, store, newOrder(id+1, order.StateDomainVerify, int(id)))
	}
	changed, again := newOrder(2, order.StateProcess, 9), newOrder(3, order.StateVerifyFail, 0)
	moved := newOrder(4, order.StateDomainVerify, 9) // moves after the others
	update(t, store, func(tx order.Tx) error {
		for id := range int64(4) {
			if _, found, err := tx.Order(id + 1); err != nil || !found {
				return fmt.Errorf("order %d: found %t, %w", id+1, found, err)
			}
		}
		return errors.Join(tx.DeleteOrder(1), tx.PutOrder(changed), tx.DeleteOrder(3), tx.CreateOrder(again), tx.PutOrder(moved))
	})
	put(t, store, newOrder(1, order.StatePayed, 0)) // a deleted OrderId can be used again
	view(t, store, func(r order.Snapshot) error {
		wantOrder(t, r, 2, &changed)
		wantIDs(t, "submitted", ids(t, r, order.StateDomainVerify, order.Order{}, 10), 5, 6, 4)
		wantIDs(t, "proved", ids(t, r, order.StateProcess, order.Order{}, 10), 2)
		wantIDs(t, "refused", ids(t, r, order.StateVerifyFail, order.Order{}, 10), 3)
		wantIDs(t, "cancelled", ids(t, r, order.StatePayed, order.Order{}, 10), 1)
		return nil
	})
}

func testOwnWrites(t *testing.T, store order.Store) {
	update(t, store, func(tx order.Tx) error {
		p, o := order.Package{ProductCode: "product"}, newOrder(1, order.StateDomainVerify, 0)
		wantPackage(t, tx, "product", nil)
		wantOrder(t, tx, 1, nil)
		for range 3 { // first a new package, then the one that this Update created
			for range 2 { // the second time without reading it again
				p.TotalCount++
				if err := tx.PutPackage(p); err != nil {
					return err
				}
			}
			wantPackage(t, tx, "product", &p)
		}
		if err := tx.CreateOrder(o); err != nil {
			return err
		}
		wantOrder(t, tx, 1, &o)
		o.State = order.StateProcess
		if err := tx.PutOrder(o); err != nil {
			return err
		}
		wantOrder(t, tx, 1, &o)
		if err := tx.DeleteOrder(1); err != nil {
			return err
		}
		wantOrder(t, tx, 1, nil)
		return nil
	})
	want := content{Packages: []order.Package{{ProductCode: "product", TotalCount: 6}}}
	if diff := cmp.Diff(want, contentOf(t, store, "product")); diff != "" {
		t.Errorf("what is stored (-want +got):\n%s", diff)
	}
}
