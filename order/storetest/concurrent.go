package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/storetest"
	"github.com/yuncert/yuncert/order"
)

func testIncrements(t *testing.T, store order.Store) {
	const goroutines, times = 16, 25
	put(t, store, order.Package{ProductCode: "product"}, newOrder(1, order.StateProcess, 0))
	storetest.AtOnce(goroutines, func(int) {
		for range times {
			err := store.Update(t.Context(), func(tx order.Tx) error {
				p, _, err := tx.Package("product")
				if err != nil {
					return err
				}
				p.UsedCount++
				return tx.PutPackage(p)
			})
			err = errors.Join(err, store.Update(t.Context(), func(tx order.Tx) error {
				o, _, err := tx.Order(1)
				if err != nil {
					return err
				}
				n, _ := strconv.Atoi(o.Reason)
				o.Reason = strconv.Itoa(n + 1)
				return tx.PutOrder(o)
			}))
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		}
	})
	view(t, store, func(r order.Snapshot) error {
		wantPackage(t, r, "product", &order.Package{ProductCode: "product", UsedCount: goroutines * times})
		o := newOrder(1, order.StateProcess, 0)
		o.Reason = strconv.Itoa(goroutines * times)
		wantOrder(t, r, 1, &o)
		return nil
	})
}

// Updates that lock two packages in opposite order must not wait for each other
// forever.
func testOppositeOrders(t *testing.T, store order.Store) {
	const times = 5
	put(t, store, order.Package{ProductCode: "a"}, order.Package{ProductCode: "b"})
	storetest.AtOnce(2, func(n int) {
		for range times {
			err := store.Update(t.Context(), func(tx order.Tx) error {
				for i := range 2 {
					p, _, err := tx.Package([]string{"a", "b"}[(n+i)%2])
					if err != nil {
						return err
					}
					p.UsedCount++
					if err := tx.PutPackage(p); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		}
	})
	view(t, store, func(r order.Snapshot) error {
		wantPackage(t, r, "a", &order.Package{ProductCode: "a", UsedCount: 2 * times})
		wantPackage(t, r, "b", &order.Package{ProductCode: "b", UsedCount: 2 * times})
		return nil
	})
}

// A View sees everything that an Update wrote, or nothing of it.
func testViews(t *testing.T, store order.Store) {
	const times = 100
	put(t, store, order.Package{ProductCode: "a", UsedCount: times}, order.Package{ProductCode: "b"})
	var done atomic.Bool
	storetest.AtOnce(5, func(n int) {
		if n == 0 {
			defer done.Store(true)
			for i := range int64(times) {
				err := store.Update(t.Context(), func(tx order.Tx) error {
					a, _, err1 := tx.Package("a")
					b, _, err2 := tx.Package("b")
					a.UsedCount--
					b.UsedCount++
					return errors.Join(err1, err2, tx.PutPackage(a), tx.CreateOrder(newOrder(i+1, order.StateProcess, 0)), tx.PutPackage(b))
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
			}
			return
		}
		for last := false; !last; {
			last = done.Load() // one more View after the last Update
			err := store.View(t.Context(), func(r order.Snapshot) error {
				a, _, err1 := r.Package("a")
				page, err2 := r.Orders(order.StateProcess, order.Order{}, 1000)
				b, _, err3 := r.Package("b")
				if a.UsedCount+b.UsedCount != times || b.UsedCount != int64(len(page)) {
					t.Errorf("a View sees %d, %d and %d orders", a.UsedCount, b.UsedCount, len(page))
				}
				return errors.Join(err1, err2, err3)
			})
			if err != nil {
				t.Errorf("View: %v", err)
				return
			}
		}
	})
}

func testNewPackage(t *testing.T, store order.Store) {
	const goroutines = 8
	book := order.NewBook(store, order.BookOptions{Verifier: proved{}})
	for _, product := range order.Products() {
		storetest.AtOnce(goroutines, func(n int) {
			if err := book.AddPackage(t.Context(), product.Code, int64(n+1)); err != nil {
				t.Errorf("AddPackage: %v", err)
			}
		})
		view(t, store, func(r order.Snapshot) error {
			wantPackage(t, r, product.Code, &order.Package{ProductCode: product.Code, TotalCount: goroutines * (goroutines + 1) / 2})
			return nil
		})
	}
}

// proved finds every proof.
type proved struct{}

func (proved) Lookup(_ context.Context, c order.Challenge) ([]string, error) {
	return []string{c.RecordValue + c.Content}, nil
}

// application returns a valid request for a product that takes single names.
func application(t *testing.T) *order.CreateCertificateWithCsrRequestRequest {
	t.Helper()
	return &order.CreateCertificateWithCsrRequestRequest{
		Csr: storetest.NewCSR(t, "www.example.com"), Username: "例子", Phone: "10086", Email: "user@example.com", ValidateType: "DNS",
	}
}

// checkUnits checks that each package counts its orders as used units and its
// orders with a certificate as issued. An order in revoked or cancelled has given its
// unit back.
func checkUnits(t *testing.T, store order.Store, productCodes ...string) {
	t.Helper()
	c := contentOf(t, store, productCodes...)
	used, issued := map[string]int64{}, map[string]int64{}
	for _, o := range c.Orders {
		if o.State == order.StateRevoked || o.State == order.StateCancelled {
			continue
		}
		used[o.ProductCode]++
		if o.Certificate != "" {
			issued[o.ProductCode]++
		}
	}
	for _, p := range c.Packages {
		if p.UsedCount != used[p.ProductCode] || p.IssuedCount != issued[p.ProductCode] || p.UsedCount > p.TotalCount {
			t.Errorf("%+v, with %d orders and %d certificates", p, used[p.ProductCode], issued[p.ProductCode])
		}
	}
}

func testLastUnit(t *testing.T, store order.Store) {
	book, req := order.NewBook(store, order.BookOptions{Verifier: proved{}}), application(t)
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Fatalf("AddPackage: %v", err)
	}
	var got, refused atomic.Int64
	storetest.AtOnce(200, func(int) {
		_, err := book.CreateCertificateWithCsrRequest(t.Context(), nil, day, req)
		switch {
		case err == nil:
			got.Add(1)
		case errors.Is(err, yuncert.ErrNotRemainCount):
			refused.Add(1)
		default:
			t.Errorf("CreateCertificateWithCsrRequest: %v", err)
		}
	})
	if got.Load() != 1 || refused.Load() != 199 {
		t.Errorf("%d got the unit and %d did not, want 1 and 199", got.Load(), refused.Load())
	}
	checkUnits(t, store, order.DefaultProductCode)
}

func testDeleteOnce(t *testing.T, store order.Store) {
	book, req := order.NewBook(store, order.BookOptions{Verifier: proved{}}), application(t)
	if err := book.AddPackage(t.Context(), "", 3); err != nil {
		t.Fatalf("AddPackage: %v", err)
	}
	var id int64
	for range 3 {
		resp, err := book.CreateCertificateWithCsrRequest(t.Context(), nil, day, req)
		if err != nil {
			t.Fatalf("CreateCertificateWithCsrRequest: %v", err)
		}
		id = resp.OrderId
	}
	var cancelled, deleted atomic.Int64
	storetest.AtOnce(20, func(n int) {
		_, err1 := book.CancelOrderRequest(t.Context(), nil, day, &order.CancelOrderRequestRequest{OrderId: id})
		_, err2 := book.DeleteCertificateRequest(t.Context(), nil, &order.DeleteCertificateRequestRequest{OrderId: id})
		if err1 == nil {
			cancelled.Add(1)
		} else if !errors.Is(err1, yuncert.ErrOrderStateError) && !errors.Is(err1, yuncert.ErrNotFoundOrder) {
			t.Errorf("CancelOrderRequest: %v", err1)
		}
		if err2 == nil {
			deleted.Add(1)
		} else if !errors.Is(err2, yuncert.ErrNotFoundOrder) {
			t.Errorf("DeleteCertificateRequest: %v", err2)
		}
	})
	if cancelled.Load() != 1 || deleted.Load() != 1 {
		t.Errorf("cancelled %d times and deleted %d times, want once", cancelled.Load(), deleted.Load())
	}
	view(t, store, func(r order.Snapshot) error {
		wantPackage(t, r, order.DefaultProductCode, &order.Package{ProductCode: order.DefaultProductCode, TotalCount: 3, UsedCount: 2})
		return nil
	})
	checkUnits(t, store, order.DefaultProductCode)
}

// Several goroutines run random operations on the same few orders of two
// products. They ask for more units than there are.
func testBook(t *testing.T, store order.Store) {
	const goroutines, times, units = 8, 60, 30
	book, issuer := order.NewBook(store, order.BookOptions{Verifier: proved{}}), storetest.NewIssuer(t)
	productCodes := []string{order.DefaultProductCode, "geotrust-dv-1-starter"}
	var mu sync.Mutex
	var known []int64
	const (
		submit = iota
		submitOther
		cancel
		remove
		check
		issue
		fail
		list
		withdraw
		postpone
		operations
	)
	often := []int{submit, submitOther, cancel, remove, remove, check, check, check, issue, issue, issue, fail, fail, list, withdraw, postpone}
	var happened [operations]atomic.Int64
	for _, productCode := range productCodes {
		if err := book.AddPackage(t.Context(), productCode, units); err != nil {
			t.Fatalf("AddPackage: %v", err)
		}
	}
	storetest.AtOnce(goroutines, func(n int) {
		rnd := rand.New(rand.NewPCG(1, uint64(n)))
		req := *application(t)
		for range times {
			mu.Lock()
			id := int64(1)
			if len(known) > 0 {
				id = known[max(0, len(known)-1-rnd.IntN(8))] // which other goroutines use too
			}
			mu.Unlock()
			var err error
			what := often[rnd.IntN(len(often))]
			switch what {
			case submit, submitOther:
				req.ProductCode = productCodes[what]
				var resp *order.CreateCertificateWithCsrRequestResponse
				resp, err = book.CreateCertificateWithCsrRequest(t.Context(), nil, day, &req)
				if err == nil {
					mu.Lock()
					known = append(known, resp.OrderId)
					mu.Unlock()
				}
			case cancel:
				_, err = book.CancelOrderRequest(t.Context(), nil, day, &order.CancelOrderRequestRequest{OrderId: id})
			case remove:
				_, err = book.DeleteCertificateRequest(t.Context(), nil, &order.DeleteCertificateRequestRequest{OrderId: id})
			case check:
				_, err = book.CheckOwnership(t.Context(), day, id)
			case issue:
				_, err = book.Issue(t.Context(), nil, day, issuer, id)
			case fail:
				_, err = book.Fail(t.Context(), day, id, "refused")
			case list:
				_, err = book.Orders(t.Context(), states[rnd.IntN(len(states))], order.Order{}, 1+rnd.IntN(10))
			case withdraw:
				_, err = book.CancelCertificateForPackageRequest(t.Context(), nil, day, &order.CancelCertificateForPackageRequestRequest{OrderId: id})
			case postpone:
				_, err = book.Postpone(t.Context(), day, id, day.AddDate(0, 0, 1))
			}
			switch {
			case err == nil:
				happened[what].Add(1)
			case !errors.Is(err, yuncert.ErrNotRemainCount) && !errors.Is(err, yuncert.ErrNotFoundOrder) && !errors.Is(err, yuncert.ErrOrderStateError):
				t.Errorf("operation %d: %v", what, err)
			}
		}
	})
	checkUnits(t, store, productCodes...)
	for what := range happened {
		if happened[what].Load() == 0 {
			t.Errorf("of %d operations, no operation %d succeeded", goroutines*times, what)
		}
	}
	// All units that are not used can be used.
	before := contentOf(t, store, productCodes...)
	for _, p := range before.Packages {
		req := *application(t)
		req.ProductCode = p.ProductCode
		for range p.TotalCount - p.UsedCount {
			if _, err := book.CreateCertificateWithCsrRequest(t.Context(), nil, day, &req); err != nil {
				t.Errorf("CreateCertificateWithCsrRequest with a unit left: %v", err)
			}
		}
		if _, err := book.CreateCertificateWithCsrRequest(t.Context(), nil, day, &req); !errors.Is(err, yuncert.ErrNotRemainCount) {
			t.Errorf("CreateCertificateWithCsrRequest with no unit left: %v", err)
		}
	}
	checkUnits(t, store, productCodes...)
}

func testNewOrder(t *testing.T, store order.Store) {
	const goroutines = 8
	put(t, store, order.Package{ProductCode: "product", TotalCount: 1000})
	for id := range int64(20) {
		var made atomic.Int64
		storetest.AtOnce(goroutines, func(n int) {
			o := newOrder(id+1, order.StateDomainVerify, 0)
			o.Username = strconv.Itoa(n)
			err := store.Update(t.Context(), func(tx order.Tx) error { return tx.CreateOrder(o) })
			if err == nil {
				made.Add(1)
			} else if !errors.Is(err, order.ErrOrderExists) {
				t.Errorf("Update: %v", err)
			}
		})
		if made.Load() != 1 {
			t.Errorf("order %d was made %d times", id+1, made.Load())
		}
	}
}
