package storetest

import (
	"errors"
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
	Calls                                       []inventory.Call
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
		for _, token := range []string{"old", "other", "new"} {
			call, found, err := s.Call("operation", token)
			if err != nil {
				return err
			}
			if found {
				c.Calls = append(c.Calls, call)
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
		_, err := putAll(tx, old, inventory.List{Authority: "authority", CrlUrl: "http://a", Reserved: 1},
			inventory.Call{Operation: "operation", ClientToken: "old", Identifier: two.Identifier, Added: day},
			inventory.Call{Operation: "operation", ClientToken: "other", Identifier: one.Identifier, Added: day})
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
			inventory.List{Authority: "authority", CrlUrl: "http://a", Reserved: 2}, inventory.List{Authority: "authority", CrlUrl: "http://b"},
			inventory.Call{Operation: "operation", ClientToken: "new", Identifier: one.Identifier, Added: day})
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
		if _, err := putAll(tx, inventory.Call{Operation: "operation", ClientToken: "new", Identifier: four.Identifier, Added: day}); err != nil {
			return err
		}
		return create(tx, &four)
	})
	if calls := contentOf(t, store).Calls; len(calls) != 3 {
		t.Errorf("the store has the calls %+v, want three", calls)
	}
}
