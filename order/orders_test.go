package order_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

func TestOrders(t *testing.T) {
	t.Parallel()
	book, _ := newBook(t, proved)
	// Pages of any size have each order of the state once, and no other order.
	want := map[int64]bool{}
	for i := range 2 * len(states) {
		o := reach(t, book, states[i%len(states)], application(plainCSR(t)))
		if o.State == order.StateDomainVerify || o.State == order.StateProcess {
			want[o.OrderId] = true
		}
	}
	for _, limit := range []int{1, 2, 3, 1000} {
		got := map[int64]bool{}
		for _, state := range []order.State{order.StateDomainVerify, order.StateProcess} {
			var last order.Order
			for {
				page := must[[]order.Order](t)(book.Orders(t.Context(), state, last, limit))
				if len(page) > limit {
					t.Fatalf("a page with limit %d has %d orders", limit, len(page))
				}
				for _, o := range page {
					if o.State != state || got[o.OrderId] {
						t.Errorf("order %d in %s is on a page of %s, or on two pages", o.OrderId, o.State, state)
					}
					got[o.OrderId] = true
					last = o
				}
				if len(page) < limit {
					break
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages of %d: orders mismatch (-want +got):\n%s", limit, diff)
		}
	}
	for _, state := range []order.State{"", "unknow", "proces", "a\x00b"} {
		_, err := book.Orders(t.Context(), state, order.Order{}, 10)
		testutil.CheckError(t, err, refused, "state", fmt.Sprintf("%q", string(state)), "domain_verify process verify_fail certificate payed revoked cancelled")
	}
	// The message contains only the beginning of a long state.
	_, err := book.Orders(t.Context(), order.State(strings.Repeat("x", 1000)), order.Order{}, 10)
	testutil.CheckError(t, err, refused, "state", fmt.Sprintf("%q is not one of", strings.Repeat("x", 40)))
}

// domain may be spelled in another way than Order.Domain.
func TestOrdersOf(t *testing.T) {
	t.Parallel()
	book, store := newBook(t, proved)
	ids := map[string]int64{}
	for n, name := range []string{"www.example.com", "*.example.com", "example.com", "xn--fsqu00a.example"} {
		ids[name] = int64(n + 1)
		create(t, store, order.Order{OrderId: ids[name], State: states[n], Domain: name, Names: name + ",other.example.net", Created: stored})
	}
	for _, tt := range []struct{ domain, want string }{
		{"www.example.com", "www.example.com"},
		{"WWW.Example.COM", "www.example.com"},
		{"*.example.com", "*.example.com"},
		{"*.EXAMPLE.com", "*.example.com"},
		{"example.com", "example.com"},
		{"例子.example", "xn--fsqu00a.example"},
		{"xn--fsqu00a.example", "xn--fsqu00a.example"},
		{"other.example.net", ""}, // not the first name
		{"com", ""},
	} {
		page := must[[]order.Order](t)(book.OrdersOf(t.Context(), tt.domain, order.Order{}, 10))
		var got []int64
		for _, o := range page {
			got = append(got, o.OrderId)
		}
		var want []int64
		if tt.want != "" {
			want = []int64{ids[tt.want]}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("OrdersOf(%q): OrderIds mismatch (-want +got):\n%s", tt.domain, diff)
		}
	}
	for _, domain := range []string{
		"", " www.example.com", "www.example.com.", "192.0.2.1", "2001:db8::1", "[2001:db8::1]", "a,b.example", "a\x00b.example", "a\xffb.example",
		"*", "*.*.example.com", "w*.example.com", strings.Repeat("a.", 127) + "b", "https://www.example.com/", "例子", "例子。example",
	} {
		page, err := book.OrdersOf(t.Context(), domain, order.Order{}, 10)
		testutil.CheckError(t, err, malformed, "domain", fmt.Sprintf("%.80q is not a DNS name", domain))
		if page != nil {
			t.Error("a result with an error")
		}
	}
}

func TestExpiring(t *testing.T) {
	t.Parallel()
	book, store := newBook(t, proved)
	day := func(n int) time.Time { return stored.AddDate(0, 0, n) }
	for n, o := range []order.Order{
		{State: order.StateCertificate, NotAfter: day(20)},
		{State: order.StateCertificate, NotAfter: day(10)},
		{State: order.StateCertificate, NotAfter: day(-10)}, // expired
		{State: order.StateCertificate, NotAfter: day(40)},
		{State: order.StateCertificate}, // the certificate cannot be read
		{State: order.StateProcess, NotAfter: day(15)},
		{State: order.StateCertificate, NotAfter: stored},
	} {
		o.OrderId, o.Created = int64(n+1), stored
		create(t, store, o)
	}
	for _, tt := range []struct {
		name   string
		before time.Time
		after  order.Order
		want   []int64
	}{
		{"those that have expired too", day(30), order.Order{}, []int64{3, 7, 2, 1}},
		{"from now", day(30), order.Order{NotAfter: stored}, []int64{7, 2, 1}},
		{"the last moment is not in it", day(20), order.Order{NotAfter: stored}, []int64{7, 2}},
		{"after an order", day(30), order.Order{NotAfter: day(10), OrderId: 2}, []int64{1}},
		{"none", day(-20), order.Order{}, nil},
		{"no time", time.Time{}, order.Order{}, nil},
	} {
		for limit := 1; limit <= 5; limit++ {
			var got []int64
			for after := tt.after; ; {
				page := must[[]order.Order](t)(book.Expiring(t.Context(), tt.before, after, limit))
				for _, o := range page {
					got = append(got, o.OrderId)
				}
				if len(page) < limit {
					break
				}
				after = page[limit-1]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s, pages of %d: OrderIds mismatch (-want +got):\n%s", tt.name, limit, diff)
			}
		}
	}
}

// Every list refuses the same limits.
func TestPageLimit(t *testing.T) {
	t.Parallel()
	book, _ := newBook(t, proved)
	for name, list := range map[string]func(limit int) ([]order.Order, error){
		"Orders": func(limit int) ([]order.Order, error) {
			return book.Orders(t.Context(), order.StateProcess, order.Order{}, limit)
		},
		"OrdersOf": func(limit int) ([]order.Order, error) {
			return book.OrdersOf(t.Context(), "www.example.com", order.Order{}, limit)
		},
		"Expiring": func(limit int) ([]order.Order, error) { return book.Expiring(t.Context(), later, order.Order{}, limit) },
	} {
		for _, limit := range []int{0, -1, 1001, math.MinInt, math.MaxInt} {
			page, err := list(limit)
			testutil.CheckError(t, err, refused, "limit", fmt.Sprint(limit), "from 1 to 1000")
			if page != nil {
				t.Errorf("%s: a result with an error", name)
			}
		}
		for _, limit := range []int{1, 1000} {
			if page := must[[]order.Order](t)(list(limit)); len(page) != 0 {
				t.Errorf("%s: a page without orders in the store: %v", name, page)
			}
		}
	}
}

// create stores a new order without a Book.
func create(t *testing.T, store order.Store, o order.Order) {
	t.Helper()
	if err := store.Update(t.Context(), func(tx order.Tx) error { return tx.CreateOrder(o) }); err != nil {
		t.Fatal(err)
	}
}
