// Package storetest tests an [order.Store].
package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/order"
)

// Run tests stores that open makes: an empty one for each subtest, which open
// closes again with t.Cleanup. open may call t.Parallel if its stores can be used
// beside one another. Some subtests call a store from 200 goroutines at once.
func Run(t *testing.T, open func(t *testing.T) order.Store) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, order.Store)
	}{
		{"every field", testEveryField},
		{"extreme values", testExtremeValues},
		{"text that is no UTF-8", testNotUTF8},
		{"what is not there", testNotFound},
		{"an order that exists", testOrderExists},
		{"orders change and go", testChangeAndDelete},
		{"an Update reads its own writes", testOwnWrites},
		{"pages", testPages},
		{"pages of changing orders", testChangingPages},
		{"an error", testError},
		{"a panic", testPanic},
		{"a goroutine that ends", testGoexit},
		{"a context that has ended", testEndedContext},
		{"a context that ends", testEndingContext},
		{"increments at once", testIncrements},
		{"opposite orders at once", testOppositeOrders},
		{"views are of one state", testViews},
		{"a new package at once", testNewPackage},
		{"the last unit", testLastUnit},
		{"one order is cancelled and deleted at once", testDeleteOnce},
		{"a book's operations at once", testBook},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
}

// states are all that an order can have.
var states = []order.State{
	order.StateDomainVerify, order.StateProcess, order.StateVerifyFail, order.StateCertificate, order.StatePayed,
}

// day is the time of the orders that these tests make.
var day = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// newOrder is an order that was made n microseconds into the day.
func newOrder(id int64, state order.State, n int) order.Order {
	return order.Order{
		OrderId: id, ProductCode: "product", State: state, Domain: "www.example.com", Csr: "csr", ValidateType: "DNS",
		Username: "user", Phone: "1", Email: "a@example.com", Token: "token",
		Created: day.Add(time.Duration(n) * time.Microsecond), Updated: day,
	}
}

// fill gives every field of a struct a value of its own, which depends on n.
func fill[T any](t *testing.T, n int) (filled T) {
	t.Helper()
	v := reflect.ValueOf(&filled).Elem()
	for i := range v.NumField() {
		name, at := v.Type().Field(i).Name, 1000*n+i
		switch field := v.Field(i); {
		case name == "State":
			field.SetString(string(states[n%len(states)]))
		case field.Kind() == reflect.String:
			field.SetString(fmt.Sprintf("%s %d, 证书 𝄞\r\n'\"\\%%$1?", name, at))
		case field.Kind() == reflect.Int64:
			field.SetInt(1<<53 - 1 - int64(at))
		case field.Type() == reflect.TypeFor[time.Time]():
			field.Set(reflect.ValueOf(day.Add(time.Duration(at) * time.Microsecond)))
		default:
			t.Fatalf("this package does not know how to fill the field %s, a %s", name, field.Type())
		}
	}
	return filled
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

// wantPackage and wantOrder compare what is stored, nil for nothing.
func wantPackage(t *testing.T, r order.Reader, productCode string, want *order.Package) {
	t.Helper()
	got, found, err := r.Package(productCode)
	wantFound(t, fmt.Sprintf("Package(%q)", productCode), got, found, err, want)
}

func wantOrder(t *testing.T, r order.Reader, id int64, want *order.Order) {
	t.Helper()
	got, found, err := r.Order(id)
	wantFound(t, fmt.Sprintf("Order(%d)", id), got, found, err, want)
	for _, instant := range []time.Time{got.Created, got.Updated} {
		if instant.Location() != time.UTC {
			t.Errorf("Order(%d) has a time in %s, want UTC", id, instant.Location())
		}
	}
}

func wantFound[T any](t *testing.T, what string, got T, found bool, err error, want *T) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if found != (want != nil) {
		t.Errorf("%s found is %t, want %t", what, found, want != nil)
	} else if found {
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Errorf("%s mismatch (-want +got):\n%s", what, diff)
		}
	}
}

// ids lists the orders in a state.
func ids(t *testing.T, r order.Snapshot, state order.State, after order.Order, limit int) (ids []int64) {
	t.Helper()
	page, err := r.Orders(state, after, limit)
	if err != nil {
		t.Errorf("Orders(%s): %v", state, err)
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

func testEveryField(t *testing.T, store order.Store) {
	p, o, other := fill[order.Package](t, 1), fill[order.Order](t, 1), fill[order.Order](t, 2)
	put(t, store, p, o, other)
	check := func(r order.Reader) {
		wantPackage(t, r, p.ProductCode, &p)
		wantOrder(t, r, o.OrderId, &o)
		wantOrder(t, r, other.OrderId, &other)
	}
	checkAll := func(r order.Snapshot) error {
		check(r)
		page, err := r.Orders(o.State, order.Order{}, 10)
		if diff := cmp.Diff([]order.Order{o}, page); diff != "" {
			t.Errorf("Orders mismatch (-want +got):\n%s", diff)
		}
		return err
	}
	view(t, store, checkAll)

	code, id := p.ProductCode, o.OrderId
	p, o = fill[order.Package](t, 3), fill[order.Order](t, 3)
	p.ProductCode, o.OrderId = code, id
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
	packages := []order.Package{
		{ProductCode: "most", TotalCount: math.MaxInt64, UsedCount: math.MaxInt64, IssuedCount: math.MaxInt64},
		{ProductCode: "none"},
		{ProductCode: "NONE", TotalCount: 1}, // another one
	}
	orders := []order.Order{
		newOrder(1, order.StateProcess, 0),
		newOrder(1<<53-1, order.StateProcess, 0),
		{OrderId: 2, State: order.StateProcess, Created: time.Unix(0, 0).UTC(), Updated: time.Unix(0, 0).UTC()},
		{OrderId: 3, State: order.StateProcess, Csr: strings.Repeat("0123456789abcdef", 1<<12), Certificate: strings.Repeat("证书\n", 1<<16),
			Created: time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC),
			Updated: time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)},
		{OrderId: 4, ProductCode: "symantec-dv-1-starter", State: order.StateDomainVerify, ValidateType: "FILE", Token: strings.Repeat("t", 64),
			Domain: strings.Repeat("d", 255), Username: strings.Repeat("𠮷", 255), Phone: strings.Repeat("𠮷", 255), Email: strings.Repeat("𠮷", 255),
			Reason: strings.Repeat("𠮷", 500), Created: day, Updated: day},
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
		return nil
	})
}

// A Book lets no such text through. A store either keeps it as it is or refuses
// it, and then all of the Update, whatever f makes of the error.
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
	p, o := fill[order.Package](t, 1), fill[order.Order](t, 1)
	check := func(r order.Reader) {
		wantPackage(t, r, p.ProductCode+" ", nil)
		wantPackage(t, r, "", nil)
		wantOrder(t, r, o.OrderId+1, nil)
		wantOrder(t, r, 0, nil)
		wantOrder(t, r, -o.OrderId, nil)
	}
	for range 2 { // in an empty store, and in one that has others
		view(t, store, func(r order.Snapshot) error {
			check(r)
			wantIDs(t, "no order", ids(t, r, order.StatePayed, order.Order{}, 10))
			wantIDs(t, "no such state", ids(t, r, "no such state", order.Order{}, 10))
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
	for id := range int64(4) {
		put(t, store, newOrder(id+1, order.StateDomainVerify, int(id)))
	}
	changed, again := newOrder(2, order.StateProcess, 9), newOrder(3, order.StateVerifyFail, 0)
	update(t, store, func(tx order.Tx) error {
		for id := range int64(3) {
			if _, found, err := tx.Order(id + 1); err != nil || !found {
				return fmt.Errorf("order %d: found %t, %w", id+1, found, err)
			}
		}
		return errors.Join(tx.DeleteOrder(1), tx.PutOrder(changed), tx.DeleteOrder(3), tx.CreateOrder(again))
	})
	put(t, store, newOrder(1, order.StatePayed, 0)) // the OrderId is free again
	view(t, store, func(r order.Snapshot) error {
		wantOrder(t, r, 2, &changed)
		wantIDs(t, "submitted", ids(t, r, order.StateDomainVerify, order.Order{}, 10), 4)
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
		for range 3 { // a new package, and then one that this Update made
			p.TotalCount++
			if err := tx.PutPackage(p); err != nil {
				return err
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
	want := content{Packages: []order.Package{{ProductCode: "product", TotalCount: 3}}}
	if diff := cmp.Diff(want, contentOf(t, store, "product")); diff != "" {
		t.Errorf("what is stored (-want +got):\n%s", diff)
	}
}

func testPages(t *testing.T, store order.Store) {
	update(t, store, func(tx order.Tx) error {
		// By Created: 1; 2, 4, 6 and 8 at once; 3; and others in other states.
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
			{"as many as there are", order.StateProcess, order.Order{}, 6, []int64{1, 2, 4, 6, 8, 3}},
			{"one", order.StateProcess, order.Order{}, 1, []int64{1}},
			{"up to the middle of equal ones", order.StateProcess, order.Order{}, 3, []int64{1, 2, 4}},
			{"from there", order.StateProcess, newOrder(4, order.StateProcess, 2), 3, []int64{6, 8, 3}},
			{"after the last", order.StateProcess, newOrder(3, order.StateProcess, 3), 3, nil},
			{"no limit to speak of", order.StateProcess, newOrder(1, order.StateProcess, 1), math.MaxInt, []int64{2, 4, 6, 8, 3}},
			{"limit 0", order.StateProcess, order.Order{}, 0, nil},
			{"limit -1", order.StateProcess, order.Order{}, -1, nil},
			{"after an order that is not there", order.StateProcess, newOrder(5, order.StateProcess, 2), 2, []int64{6, 8}},
			{"after an order of another state", order.StateProcess, newOrder(7, order.StatePayed, 1), 2, []int64{2, 4}},
			{"after an order whose time was another", order.StateProcess, newOrder(1, order.StateProcess, 2), 2, []int64{2, 4}},
			{"after an order of nothing but its place", order.StateProcess, order.Order{OrderId: 8, Created: day.Add(2 * time.Microsecond)}, 2, []int64{3}},
			{"after the same place in another zone", order.StateProcess,
				order.Order{OrderId: 6, Created: day.Add(2 * time.Microsecond).In(time.FixedZone("", 8*3600))}, 1, []int64{8}},
			{"after the end of time", order.StateProcess, order.Order{Created: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, 9, nil},
		} {
			wantIDs(t, tt.name, ids(t, r, tt.state, tt.after, tt.limit), tt.want...)
		}
		return nil
	})
}

// Between two pages orders go, change their state or are submitted: those that
// stay are seen once.
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
			case 0: // behind 1, 2 and 3: the place to go on from goes, and so does one in front
				moved := read(5)
				moved.State = order.StateProcess
				read(3)
				return errors.Join(tx.DeleteOrder(3), tx.PutOrder(moved), tx.CreateOrder(newOrder(20, order.StateDomainVerify, 9)))
			case 1: // behind 4, 6 and 7: the place to go on from has another state, and one comes back
				moved, back := read(7), read(5)
				moved.State, back.State = order.StatePayed, order.StateDomainVerify
				return errors.Join(tx.PutOrder(moved), tx.PutOrder(back))
			}
			return nil
		})
	}
	wantIDs(t, "all pages", seen, 1, 2, 3, 4, 6, 7, 8, 9, 20)
}

// A content is all that there is of a few packages and in the states.
type content struct {
	Packages []order.Package
	Orders   []order.Order
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
		return nil
	})
	return c
}

// testUndone runs an Update that writes all there is to write and then ends as
// the test wants, and checks that nothing of it is stored.
func testUndone(t *testing.T, store order.Store, run func(write func(order.Tx) error)) {
	t.Helper()
	put(t, store, order.Package{ProductCode: "old", TotalCount: 9}, newOrder(1, order.StateProcess, 1), newOrder(2, order.StateProcess, 2))
	before := contentOf(t, store, "old", "new")
	run(func(tx order.Tx) error {
		_, _, err1 := tx.Order(1)
		_, _, err2 := tx.Order(2)
		return errors.Join(err1, err2,
			putAll(tx, order.Package{ProductCode: "old", TotalCount: 10}, order.Package{ProductCode: "new"}, newOrder(3, order.StatePayed, 0)),
			tx.PutOrder(newOrder(1, order.StateCertificate, 5)), tx.DeleteOrder(2), tx.CreateOrder(newOrder(2, order.StatePayed, 0)))
	})
	if diff := cmp.Diff(before, contentOf(t, store, "old", "new")); diff != "" {
		t.Errorf("something is stored (-before +after):\n%s", diff)
	}
	// The next one goes well.
	put(t, store, order.Package{ProductCode: "new", TotalCount: 1}, newOrder(3, order.StatePayed, 0))
}

func testError(t *testing.T, store order.Store) {
	want := errors.New("an error of f")
	testUndone(t, store, func(write func(order.Tx) error) {
		err := store.Update(t.Context(), func(tx order.Tx) error {
			if err := write(tx); err != nil {
				return err
			}
			return want
		})
		if err != want {
			t.Errorf("Update is %v, want %v itself", err, want)
		}
	})
	if err := store.View(t.Context(), func(order.Snapshot) error { return want }); err != want {
		t.Errorf("View is %v, want %v itself", err, want)
	}
}

func testPanic(t *testing.T, store order.Store) {
	testUndone(t, store, func(write func(order.Tx) error) {
		defer func() {
			if got := recover(); got != "a panic of f" {
				t.Errorf("recovered %v", got)
			}
		}()
		store.Update(t.Context(), func(tx order.Tx) error {
			if err := write(tx); err != nil {
				return err
			}
			panic("a panic of f")
		})
	})
	func() {
		defer func() {
			if got := recover(); got != "a panic of f" {
				t.Errorf("recovered %v", got)
			}
		}()
		store.View(t.Context(), func(order.Snapshot) error { panic("a panic of f") })
	}()
	put(t, store, newOrder(4, order.StatePayed, 0))
}

func testGoexit(t *testing.T, store order.Store) {
	testUndone(t, store, func(write func(order.Tx) error) {
		var end sync.WaitGroup
		end.Go(func() {
			store.Update(t.Context(), func(tx order.Tx) error {
				if err := write(tx); err != nil {
					return err
				}
				runtime.Goexit() // as t.FailNow does
				return nil
			})
		})
		end.Wait()
	})
}

func testEndedContext(t *testing.T, store order.Store) {
	testUndone(t, store, func(write func(order.Tx) error) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := store.Update(ctx, write); !errors.Is(err, context.Canceled) {
			t.Errorf("Update is %v, want %v", err, context.Canceled)
		}
		ctx, cancel = context.WithDeadline(t.Context(), day.AddDate(-20, 0, 0))
		defer cancel()
		err := store.View(ctx, func(r order.Snapshot) error {
			_, _, err := r.Order(1)
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("View is %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

func testEndingContext(t *testing.T, store order.Store) {
	testUndone(t, store, func(write func(order.Tx) error) {
		// Before the writes, and after them.
		for _, early := range []bool{true, false} {
			ctx, cancel := context.WithCancel(t.Context())
			err := store.Update(ctx, func(tx order.Tx) error {
				if early {
					cancel()
				}
				err := write(tx)
				cancel()
				return err
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Update is %v, want %v", err, context.Canceled)
			}
		}
	})
}
