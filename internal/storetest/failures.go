package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
)

// A Store is the Store of package inventory, archive or order.
type Store[Tx, Snapshot any] interface {
	Update(ctx context.Context, f func(Tx) error) error
	View(ctx context.Context, f func(Snapshot) error) error
}

// RunFailures runs subtests in which Updates and Views fail. Each calls open for an
// empty store of its own.
//
// undone calls run with a function that does every kind of write. run makes Updates
// with these writes fail. undone then checks that nothing of them is stored, and that
// a later Update can write. read reads anything.
func RunFailures[S Store[Tx, Snapshot], Tx, Snapshot any](t *testing.T, open func(*testing.T) S,
	undone func(t *testing.T, store S, run func(write func(Tx) error)), read func(Snapshot) error) {
	t.Run("an error of f", func(t *testing.T) {
		store, want := open(t), errors.New("an error of f")
		undone(t, store, func(write func(Tx) error) {
			err := store.Update(t.Context(), func(tx Tx) error {
				if err := write(tx); err != nil {
					return err
				}
				return want
			})
			if err != want {
				t.Errorf("Update is %v, want %v itself", err, want)
			}
			if err := store.View(t.Context(), func(Snapshot) error { return want }); err != want {
				t.Errorf("View is %v, want %v itself", err, want)
			}
		})
	})

	t.Run("a panic of f", func(t *testing.T) {
		store := open(t)
		wantPanic := func(call func()) {
			defer func() {
				if got := recover(); got != "a panic of f" {
					t.Errorf("recovered %v", got)
				}
			}()
			call()
		}
		undone(t, store, func(write func(Tx) error) {
			wantPanic(func() {
				store.Update(t.Context(), func(tx Tx) error {
					if err := write(tx); err != nil {
						return err
					}
					panic("a panic of f")
				})
			})
			wantPanic(func() {
				store.View(t.Context(), func(Snapshot) error { panic("a panic of f") })
			})
		})
	})

	t.Run("a goroutine that ends in f", func(t *testing.T) {
		store := open(t)
		undone(t, store, func(write func(Tx) error) {
			var end sync.WaitGroup
			end.Go(func() {
				store.Update(t.Context(), func(tx Tx) error {
					if err := write(tx); err != nil {
						return err
					}
					runtime.Goexit() // as t.FailNow does
					return nil
				})
			})
			end.Wait()
		})
	})

	t.Run("a context that has ended", func(t *testing.T) {
		store := open(t)
		undone(t, store, func(write func(Tx) error) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := store.Update(ctx, write); !errors.Is(err, context.Canceled) {
				t.Errorf("Update is %v, want %v", err, context.Canceled)
			}
			ctx, cancel = context.WithDeadline(t.Context(), Day.AddDate(-20, 0, 0))
			defer cancel()
			if err := store.View(ctx, read); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("View is %v, want %v", err, context.DeadlineExceeded)
			}
		})
	})

	t.Run("a context that ends in f", func(t *testing.T) {
		store := open(t)
		undone(t, store, func(write func(Tx) error) {
			// ctx ends before the writes, and after them.
			for _, early := range []bool{true, false} {
				ctx, cancel := context.WithCancel(t.Context())
				err := store.Update(ctx, func(tx Tx) error {
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
	})
}
