package order_test

import (
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/order"
)

// race runs f in n goroutines that start at the same time.
func race(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			f(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// Of two hundred concurrent applicants, one gets the last unit.
func TestRaceForTheLastUnit(t *testing.T) {
	t.Parallel()
	store := order.NewMemoryStore()
	book := order.NewBook(store, order.BookOptions{})
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	req, packageReq := application(plainCSR(t)), packageApplication(plainCSR(t))
	var won, lost atomic.Int64
	count := func(orderID int64, err error) {
		switch {
		case err == nil && orderID > 0:
			won.Add(1)
		case errors.Is(err, yuncert.ErrNotRemainCount) && orderID == 0:
			lost.Add(1)
		default:
			t.Errorf("order %d, %v", orderID, err)
		}
	}
	race(200, func(i int) {
		switch {
		case i < 4: // these make a key
			resp, key, err := book.CreateCertificateRequest(t.Context(), rand.Reader, instant, domainApplication())
			if (err == nil) != (key != nil) || (err == nil) != (resp != nil) {
				t.Errorf("%v, key %v, %v", resp, key, err)
			}
			if resp == nil {
				resp = new(order.CreateCertificateRequestResponse)
			}
			count(resp.OrderId, err)
		case i%2 == 0:
			resp, _, err := book.CreateCertificateForPackageRequest(t.Context(), rand.Reader, instant, packageReq)
			if resp == nil {
				resp = new(order.CreateCertificateForPackageRequestResponse)
			}
			count(resp.OrderId, err)
		default:
			resp, err := book.CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req)
			if resp == nil {
				resp = new(order.CreateCertificateWithCsrRequestResponse)
			}
			count(resp.OrderId, err)
		}
	})
	if won.Load() != 1 || lost.Load() != 199 {
		t.Errorf("%d applicants got the last unit, and %d did not", won.Load(), lost.Load())
	}
	checkCounts(t, book, "", 1, 1, 0)
	if all := everything(t, store); len(all.Orders) != 1 {
		t.Errorf("%d orders, want 1", len(all.Orders))
	}
}

// Concurrent calls buy units, take them and give them back. No unit is lost or
// created.
func TestRaceOfUnits(t *testing.T) {
	t.Parallel()
	store := order.NewMemoryStore()
	book := order.NewBook(store, order.BookOptions{Verifier: proved})
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	req := application(plainCSR(t))
	var kept atomic.Int64
	race(100, func(i int) {
		if i%4 == 0 {
			if err := book.AddPackage(t.Context(), "", 1); err != nil {
				t.Error(err)
			}
			return
		}
		resp, err := book.CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req)
		if err != nil {
			if !errors.Is(err, yuncert.ErrNotRemainCount) {
				t.Error(err)
			}
			return
		}
		if i%4 == 1 {
			kept.Add(1)
			return
		}
		if _, err := book.CancelOrderRequest(t.Context(), rand.Reader, instant, &order.CancelOrderRequestRequest{OrderId: resp.OrderId}); err != nil {
			t.Error(err)
		}
		if _, err := book.DeleteCertificateRequest(t.Context(), rand.Reader, &order.DeleteCertificateRequestRequest{OrderId: resp.OrderId}); err != nil {
			t.Error(err)
		}
	})
	checkCounts(t, book, "", 26, kept.Load(), 0)
	if all := everything(t, store); int64(len(all.Orders)) != kept.Load() {
		t.Errorf("%d orders, want %d", len(all.Orders), kept.Load())
	}
}

// Concurrent operations on one order: those that succeed form a valid life of
// the order, and the counts of the package fit its end.
func TestRaceOnOneOrder(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	certificate := outside().certificate(t, nil)
	const issue, complete, fail, cancel, remove, check = 0, 1, 2, 3, 4, 5
	for name, racers := range map[string][]int{
		"one of two certificates":              {issue, complete, remove, check},
		"certificate, refusal or cancellation": {issue, complete, fail, cancel},
		"one deletion":                         {fail, cancel, remove},
		"all operations":                       {issue, complete, fail, cancel, remove, check},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 20 {
				store := order.NewMemoryStore()
				book := order.NewBook(store, order.BookOptions{Verifier: proved})
				if err := book.AddPackage(t.Context(), "", 1); err != nil {
					t.Fatal(err)
				}
				id := reach(t, book, order.StateProcess, application(plainCSR(t))).OrderId
				ctx := t.Context()
				run := func(operation int) (err error) {
					switch operation {
					case issue:
						_, err = book.Issue(ctx, rand.Reader, later, issuer, id)
					case complete:
						_, err = book.Complete(ctx, later, id, certificate)
					case fail:
						_, err = book.Fail(ctx, later, id, "no")
					case cancel:
						_, err = book.CancelOrderRequest(ctx, rand.Reader, later, &order.CancelOrderRequestRequest{OrderId: id})
					case remove:
						_, err = book.DeleteCertificateRequest(ctx, rand.Reader, &order.DeleteCertificateRequestRequest{OrderId: id})
					case check:
						_, err = book.CheckOwnership(ctx, later, id)
					}
					return err
				}
				var succeeded [6]atomic.Int64
				race(3*len(racers), func(i int) {
					operation := racers[i%len(racers)]
					switch err := run(operation); {
					case err == nil:
						succeeded[operation].Add(1)
					case !errors.Is(err, yuncert.ErrOrderStateError) && !errors.Is(err, yuncert.ErrNotFoundOrder):
						t.Error(err)
					}
				})
				// One call ended the state process. After a refusal or a
				// cancellation the order may have been deleted.
				issued := succeeded[issue].Load() + succeeded[complete].Load()
				given := succeeded[fail].Load() + succeeded[cancel].Load()
				removed := succeeded[remove].Load()
				if issued+given != 1 || removed > given || succeeded[check].Load() != 0 {
					t.Fatalf("%d certificates, %d refusals, %d cancellations, %d deletions and %d proofs", issued,
						succeeded[fail].Load(), succeeded[cancel].Load(), removed, succeeded[check].Load())
				}
				checkCounts(t, book, "", 1, 1-removed, issued)
				all := everything(t, store)
				if int64(len(all.Orders)) != 1-removed {
					t.Fatalf("%d orders after %d deletions", len(all.Orders), removed)
				}
				for _, o := range all.Orders {
					if (o.State == order.StateCertificate) != (issued == 1) || (o.Certificate != "") != (issued == 1) {
						t.Errorf("the order is in %s after %d certificates", o.State, issued)
					}
				}
			}
		})
	}
}
