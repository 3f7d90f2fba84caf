package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
)

// A content is everything in a store that testUndone changes.
type content struct {
	Certificates, ByExpiry, ByAuthority, ByTerm []inventory.Certificate
	Revoked                                     []ca.RevokedCertificate
	CAs                                         []inventory.CA
	Lists                                       []inventory.List
}

func contentOf(t *testing.T, store inventory.Store) (c content) {
	t.Helper()
	view(t, store, func(s inventory.Snapshot) error {
		c = content{}
		var errs [6]error
		c.Certificates, errs[0] = s.Certificates(inventory.Query{Limit: 100})
		c.ByExpiry, errs[1] = s.Certificates(inventory.Query{ByExpiry: true, Limit: 100})
		c.ByAuthority, errs[2] = s.Certificates(inventory.Query{Authority: "authority", Limit: 100})
		c.ByTerm, errs[3] = s.Certificates(inventory.Query{Term: "=name", Limit: 100})
		c.CAs, errs[4] = s.AllCAs("", 100)
		named, err := s.CAs("authority")
		c.CAs, errs[5] = append(c.CAs, named...), err
		for entry, err := range s.Revoked("authority", "", time.Time{}) {
			if err != nil {
				return err
			}
			c.Revoked = append(c.Revoked, entry)
		}
		for _, crlUrl := range []string{"", "http://a", "http://b"} {
			l, found, err := s.List("authority", crlUrl)
			if err != nil {
				return err
			}
			if found {
				c.Lists = append(c.Lists, l)
			}
		}
		return errors.Join(errs[:]...)
	})
	return c
}

// testUndone calls run with a function that does every kind of write. run does
// this in an Update and makes the Update fail. testUndone checks that nothing
// of it is stored.
func testUndone(t *testing.T, store inventory.Store, run func(write func(inventory.Tx) error)) {
	t.Helper()
	one, two, three, four := newCertificate(1, 1), newCertificate(2, 2), newCertificate(3, 3), newCertificate(4, 1)
	five := revoked(newCertificate(5, 1), day)
	one.Labels.CustomIdentifier, two.Labels.CustomIdentifier = "one", "two"
	two, three = revoked(two, day), revoked(three, day)
	create := func(tx inventory.Tx, certificates ...*inventory.Certificate) error {
		for _, c := range certificates {
			id, err := tx.CreateCertificate(*c, []string{"=name"})
			if err != nil {
				return err
			}
			c.Id = id
		}
		return nil
	}
	old := inventory.CA{Identifier: "old", Authority: "authority", Added: day}
	update(t, store, func(tx inventory.Tx) error {
		if err := create(tx, &one, &two, &three); err != nil {
			return err
		}
		_, err := putAll(tx, old, inventory.List{Authority: "authority", CrlUrl: "http://a", Reserved: 1})
		return err
	})
	before := contentOf(t, store)
	run(func(tx inventory.Tx) error {
		for _, c := range []inventory.Certificate{one, two, three} {
			if _, _, err := tx.Certificate(c.Identifier); err != nil {
				return err
			}
		}
		released := three
		released.Status, released.Revocation = ca.StatusIssue, inventory.Revocation{}
		changedCA := old
		changedCA.CrlUrl = "http://b"
		newOne := four
		newOne.Labels.CustomIdentifier = "two" // which is free after the deletion
		err := errors.Join(tx.PutCertificate(revoked(one, day)), tx.PutCertificate(deleted(two, day)), tx.PutCertificate(released), create(tx, &newOne, &five),
			tx.PutCertificate(revoked(newOne, day)))
		if err != nil {
			return err
		}
		_, err = putAll(tx, changedCA, inventory.CA{Identifier: "new", Authority: "authority", Added: day},
			inventory.List{Authority: "authority", CrlUrl: "http://a", Reserved: 2}, inventory.List{Authority: "authority", CrlUrl: "http://b"})
		return err
	})
	if diff := cmp.Diff(before, contentOf(t, store)); diff != "" {
		t.Errorf("the failed Update changed the store (-before +after):\n%s", diff)
	}
	// The next Update succeeds, and the values are free or taken as before.
	update(t, store, func(tx inventory.Tx) error {
		again := four
		again.Labels.CustomIdentifier = "two"
		if _, err := tx.CreateCertificate(again, nil); !errors.Is(err, inventory.ErrExists) {
			t.Errorf("CreateCertificate with a CustomIdentifier that is taken is %v", err)
		}
		return create(tx, &four)
	})
}

func testError(t *testing.T, store inventory.Store) {
	want := errors.New("an error of f")
	testUndone(t, store, func(write func(inventory.Tx) error) {
		err := store.Update(t.Context(), func(tx inventory.Tx) error {
			if err := write(tx); err != nil {
				return err
			}
			return want
		})
		if err != want {
			t.Errorf("Update is %v, want %v itself", err, want)
		}
	})
	if err := store.View(t.Context(), func(inventory.Snapshot) error { return want }); err != want {
		t.Errorf("View is %v, want %v itself", err, want)
	}
}

func testPanic(t *testing.T, store inventory.Store) {
	testUndone(t, store, func(write func(inventory.Tx) error) {
		defer func() {
			if got := recover(); got != "a panic of f" {
				t.Errorf("recovered %v", got)
			}
		}()
		store.Update(t.Context(), func(tx inventory.Tx) error {
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
		store.View(t.Context(), func(inventory.Snapshot) error { panic("a panic of f") })
	}()
	put(t, store, newCertificate(6, 1))
}

func testGoexit(t *testing.T, store inventory.Store) {
	testUndone(t, store, func(write func(inventory.Tx) error) {
		var end sync.WaitGroup
		end.Go(func() {
			store.Update(t.Context(), func(tx inventory.Tx) error {
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

func testEndedContext(t *testing.T, store inventory.Store) {
	testUndone(t, store, func(write func(inventory.Tx) error) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := store.Update(ctx, write); !errors.Is(err, context.Canceled) {
			t.Errorf("Update is %v, want %v", err, context.Canceled)
		}
		ctx, cancel = context.WithDeadline(t.Context(), day.AddDate(-20, 0, 0))
		defer cancel()
		err := store.View(ctx, func(s inventory.Snapshot) error {
			_, _, err := s.Certificate("none")
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("View is %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

func testEndingContext(t *testing.T, store inventory.Store) {
	testUndone(t, store, func(write func(inventory.Tx) error) {
		// ctx ends before the writes, and after them.
		for _, early := range []bool{true, false} {
			ctx, cancel := context.WithCancel(t.Context())
			err := store.Update(ctx, func(tx inventory.Tx) error {
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
