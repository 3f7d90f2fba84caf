package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/storetest"
)

func testIncrements(t *testing.T, store inventory.Store) {
	const goroutines, times = 16, 25
	c := put(t, store, newCertificate(1, 1), inventory.List{Authority: "authority"}, inventory.CA{Identifier: "ca"})[0]
	storetest.AtOnce(goroutines, func(int) {
		for range times {
			err := store.Update(t.Context(), func(tx inventory.Tx) error {
				c, _, err := tx.Certificate(c.Identifier)
				if err != nil {
					return err
				}
				n, _ := strconv.Atoi(c.Labels.AliasName)
				c.Labels.AliasName = strconv.Itoa(n + 1)
				return tx.PutCertificate(c)
			})
			err = errors.Join(err, store.Update(t.Context(), func(tx inventory.Tx) error {
				l, _, err := tx.List("authority", "")
				if err != nil {
					return err
				}
				l.Reserved++
				return tx.PutList(l)
			}))
			err = errors.Join(err, store.Update(t.Context(), func(tx inventory.Tx) error {
				c, _, err := tx.CA("ca")
				if err != nil {
					return err
				}
				n, _ := strconv.Atoi(c.CrlUrl)
				c.CrlUrl = strconv.Itoa(n + 1)
				return tx.PutCA(c)
			}))
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		}
	})
	view(t, store, func(s inventory.Snapshot) error {
		c.Labels.AliasName = strconv.Itoa(goroutines * times)
		wantCertificate(t, s, c.Identifier, &c)
		wantList(t, s, "authority", "", &inventory.List{Authority: "authority", Reserved: goroutines * times})
		wantCA(t, s, "ca", &inventory.CA{Identifier: "ca", CrlUrl: strconv.Itoa(goroutines * times)})
		return nil
	})
}

// Updates that lock two certificates in opposite order must not wait for each other
// forever.
func testOppositeOrders(t *testing.T, store inventory.Store) {
	const times = 5
	both := put(t, store, newCertificate(1, 1), newCertificate(2, 1))
	storetest.AtOnce(2, func(n int) {
		for range times {
			err := store.Update(t.Context(), func(tx inventory.Tx) error {
				for i := range 2 {
					c, _, err := tx.Certificate(both[(n+i)%2].Identifier)
					if err != nil {
						return err
					}
					c.Labels.AliasName += "a"
					if err := tx.PutCertificate(c); err != nil {
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
	for _, c := range all(t, store) {
		if len(c.Labels.AliasName) != 2*times {
			t.Errorf("%d changes of certificate %s, want %d", len(c.Labels.AliasName), c.SerialNumber, 2*times)
		}
	}
}

func testNewCertificate(t *testing.T, store inventory.Store) {
	const goroutines = 8
	for serial := 1; serial <= 20; serial++ {
		var made atomic.Int64
		storetest.AtOnce(goroutines, func(n int) {
			c := newCertificate(1000*serial+n, 1)
			switch serial % 3 { // what all have in common
			case 0:
				c.Identifier = strconv.Itoa(serial)
			case 1:
				c.SerialNumber = fmt.Sprintf("ff%02x", serial)
			default:
				c.Labels.CustomIdentifier = strconv.Itoa(serial)
			}
			err := store.Update(t.Context(), func(tx inventory.Tx) error {
				_, err := tx.CreateCertificate(c, []string{"=name"})
				return err
			})
			if err == nil {
				made.Add(1)
			} else if !errors.Is(err, inventory.ErrExists) {
				t.Errorf("Update: %v", err)
			}
		})
		if made.Load() != 1 {
			t.Errorf("certificate %d was made %d times", serial, made.Load())
		}
	}
}

func testNewList(t *testing.T, store inventory.Store) {
	const goroutines = 8
	for n := range 10 {
		crlUrl := strconv.Itoa(n)
		storetest.AtOnce(goroutines, func(int) {
			err := store.Update(t.Context(), func(tx inventory.Tx) error {
				l, _, err := tx.List("authority", crlUrl)
				if err != nil {
					return err
				}
				l.Authority, l.CrlUrl = "authority", crlUrl
				l.Reserved++
				return tx.PutList(l)
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		})
		view(t, store, func(s inventory.Snapshot) error {
			wantList(t, s, "authority", crlUrl, &inventory.List{Authority: "authority", CrlUrl: crlUrl, Reserved: goroutines})
			return nil
		})
	}
}

func testNewCA(t *testing.T, store inventory.Store) {
	const goroutines = 8
	for n := range 10 {
		identifier := strconv.Itoa(n)
		storetest.AtOnce(goroutines, func(int) {
			err := store.Update(t.Context(), func(tx inventory.Tx) error {
				c, _, err := tx.CA(identifier)
				if err != nil {
					return err
				}
				c.Identifier = identifier
				c.CrlUrl += "a"
				return tx.PutCA(c)
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		})
		view(t, store, func(s inventory.Snapshot) error {
			wantCA(t, s, identifier, &inventory.CA{Identifier: identifier, CrlUrl: "aaaaaaaa"})
			return nil
		})
	}
}

// A View sees everything that an Update wrote, or nothing of it.
func testViews(t *testing.T, store inventory.Store) {
	const times = 100
	put(t, store, inventory.List{Authority: "authority"})
	var done atomic.Bool
	storetest.AtOnce(5, func(n int) {
		if n == 0 {
			defer done.Store(true)
			for serial := 1; serial <= times; serial++ {
				err := store.Update(t.Context(), func(tx inventory.Tx) error {
					l, _, err1 := tx.List("authority", "")
					l.Reserved++
					_, err2 := tx.CreateCertificate(revoked(newCertificate(serial, 1), day), nil)
					return errors.Join(err1, err2, tx.PutList(l))
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
			}
			return
		}
		for last := false; !last; {
			last = done.Load() // one more View after the last Update
			err := store.View(t.Context(), func(s inventory.Snapshot) error {
				entries := int64(0)
				for _, err := range s.Revoked("authority", "", time.Time{}) {
					if err != nil {
						return err
					}
					entries++
				}
				l, _, err1 := s.List("authority", "")
				count, err2 := s.Count(inventory.Query{Status: ca.StatusRevoke})
				if entries != l.Reserved || count != l.Reserved {
					t.Errorf("a View sees %d, %d entries and %d certificates", l.Reserved, entries, count)
				}
				return errors.Join(err1, err2)
			})
			if err != nil {
				t.Errorf("View: %v", err)
				return
			}
		}
	})
}

// A View sees every Update that ended before.
func testViewAfterUpdate(t *testing.T, store inventory.Store) {
	var last atomic.Int64
	put(t, store, inventory.List{Authority: "authority"})
	storetest.AtOnce(4, func(n int) {
		for range 50 {
			if n == 0 {
				var reserved int64
				err := store.Update(t.Context(), func(tx inventory.Tx) error {
					l, _, err := tx.List("authority", "")
					l.Reserved++
					reserved = l.Reserved
					return errors.Join(err, tx.PutList(l))
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
				last.Store(reserved)
				continue
			}
			least := last.Load()
			err := store.View(t.Context(), func(s inventory.Snapshot) error {
				l, _, err := s.List("authority", "")
				if l.Reserved < least {
					t.Errorf("a View sees %d after the Update that wrote %d", l.Reserved, least)
				}
				return err
			})
			if err != nil {
				t.Errorf("View: %v", err)
			}
		}
	})
}
