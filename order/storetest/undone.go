package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/order"
)

// testUndone calls run with a function that does every kind of write. run does
// this in an Update and makes the Update fail. testUndone checks that nothing
// of it is stored.
func testUndone(t *testing.T, store order.Store, run func(write func(order.Tx) error)) {
	t.Helper()
	put(t, store, order.Package{ProductCode: "old", TotalCount: 9}, newOrder(1, order.StateProcess, 1), newOrder(2, order.StateProcess, 2), newOrder(4, order.StateProcess, 4))
	before := contentOf(t, store, "old", "new")
	kept := newOrder(4, order.StateProcess, 4) // keeps its position
	kept.Reason = "changed"
	run(func(tx order.Tx) error {
		_, _, err1 := tx.Order(1)
		_, _, err2 := tx.Order(2)
		_, _, err4 := tx.Order(4)
		return errors.Join(err1, err2, err4, tx.PutOrder(kept),
			putAll(tx, order.Package{ProductCode: "old", TotalCount: 10}, order.Package{ProductCode: "new"}, newOrder(3, order.StatePayed, 0)),
			tx.PutOrder(newOrder(1, order.StateCertificate, 5)), tx.DeleteOrder(2), tx.CreateOrder(newOrder(2, order.StatePayed, 0)))
	})
	if diff := cmp.Diff(before, contentOf(t, store, "old", "new")); diff != "" {
		t.Errorf("the failed Update changed the store (-before +after):\n%s", diff)
	}
	// The next Update succeeds.
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
	put(t, store, newOrder(5, order.StatePayed, 0))
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
		// ctx ends before the writes, and after them.
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
