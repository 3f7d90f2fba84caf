package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/yuncert/yuncert/csr/archive"
)

// testUndone calls run with a function that does every kind of write. run does this
// in an Update and makes the Update fail. testUndone checks that nothing of it is
// stored.
func testUndone(t *testing.T, store archive.Store, run func(write func(archive.Tx) error)) {
	t.Helper()
	sealed := newRecord(4, 4)
	sealed.SealedKey = []byte("sealed")
	put(t, store, newRecord(1, 1), newRecord(2, 2), sealed)
	before := contentOf(t, store)
	kept := newRecord(4, 4) // keeps its position
	kept.Name = "changed"
	run(func(tx archive.Tx) error {
		return errors.Join(
			putAll(tx, kept, newRecord(3, 0), newRecord(1, 5)),
			deleteAll(tx, 2), tx.Put(newRecord(2, 9)), tx.Put(newRecord(4, 7)), deleteAll(tx, 4))
	})
	wantSame(t, "the store before and after a failed Update", before, contentOf(t, store))
	// The next Update succeeds.
	put(t, store, newRecord(3, 0), newRecord(4, 9))
}

func deleteAll(tx archive.Tx, ids ...int64) error {
	for _, id := range ids {
		if _, _, err := tx.Record(id); err != nil {
			return err
		}
		if err := tx.Delete(id); err != nil {
			return err
		}
	}
	return nil
}

func testError(t *testing.T, store archive.Store) {
	want := errors.New("an error of f")
	testUndone(t, store, func(write func(archive.Tx) error) {
		err := store.Update(t.Context(), func(tx archive.Tx) error {
			if err := write(tx); err != nil {
				return err
			}
			return want
		})
		if err != want {
			t.Errorf("Update is %v, want %v itself", err, want)
		}
	})
	if err := store.View(t.Context(), func(archive.Snapshot) error { return want }); err != want {
		t.Errorf("View is %v, want %v itself", err, want)
	}
}

func testPanic(t *testing.T, store archive.Store) {
	wantPanic := func() {
		if got := recover(); got != "a panic of f" {
			t.Errorf("recovered %v", got)
		}
	}
	testUndone(t, store, func(write func(archive.Tx) error) {
		defer wantPanic()
		store.Update(t.Context(), func(tx archive.Tx) error {
			if err := write(tx); err != nil {
				return err
			}
			panic("a panic of f")
		})
	})
	func() {
		defer wantPanic()
		store.View(t.Context(), func(archive.Snapshot) error { panic("a panic of f") })
	}()
	put(t, store, newRecord(5, 0))
}

func testGoexit(t *testing.T, store archive.Store) {
	testUndone(t, store, func(write func(archive.Tx) error) {
		var end sync.WaitGroup
		end.Go(func() {
			store.Update(t.Context(), func(tx archive.Tx) error {
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

func testEndedContext(t *testing.T, store archive.Store) {
	testUndone(t, store, func(write func(archive.Tx) error) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := store.Update(ctx, write); !errors.Is(err, context.Canceled) {
			t.Errorf("Update is %v, want %v", err, context.Canceled)
		}
		ctx, cancel = context.WithDeadline(t.Context(), day.AddDate(-20, 0, 0))
		defer cancel()
		err := store.View(ctx, func(r archive.Snapshot) error {
			_, _, err := r.Record(1)
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("View is %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

func testEndingContext(t *testing.T, store archive.Store) {
	testUndone(t, store, func(write func(archive.Tx) error) {
		// ctx ends before the writes, and after them.
		for _, early := range []bool{true, false} {
			ctx, cancel := context.WithCancel(t.Context())
			err := store.Update(ctx, func(tx archive.Tx) error {
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
