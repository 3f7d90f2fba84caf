package storetest

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/storetest"
)

// filled returns a certificate in which every field has a different value, which
// depends on n.
func filled(t *testing.T, n int) inventory.Certificate {
	t.Helper()
	return storetest.Fill[inventory.Certificate](t, n, map[string][]string{
		"Status":       {ca.StatusIssue, ca.StatusRevoke},
		"SerialNumber": {"01", "fe00", "ff", "0a0000", "80ffffffff"},
	})
}

func testEveryField(t *testing.T, store inventory.Store) {
	issuer, list := storetest.Fill[inventory.CA](t, 1, nil), storetest.Fill[inventory.List](t, 1, nil)
	call := storetest.Fill[inventory.Call](t, 1, nil)
	both := put(t, store, filled(t, 1), filled(t, 2), issuer, list, call)
	c, other := both[0], both[1]
	check := func(r inventory.Reader) {
		t.Helper()
		wantCertificate(t, r, c.Identifier, &c)
		wantCertificate(t, r, other.Identifier, &other)
		wantCA(t, r, issuer.Identifier, &issuer)
		wantList(t, r, list.Authority, list.CrlUrl, &list)
		wantCall(t, r, call.Operation, call.ClientToken, &call)
	}
	checkAll := func(s inventory.Snapshot) error {
		t.Helper()
		check(s)
		page, err1 := s.Certificates(inventory.Query{Authority: c.Authority, Limit: 10})
		if diff := cmp.Diff([]inventory.Certificate{c}, page); diff != "" {
			t.Errorf("Certificates mismatch (-want +got):\n%s", diff)
		}
		cas, err2 := s.AllCAs("", 10)
		named, err3 := s.CAs(issuer.NameAuthority)
		for _, list := range [][]inventory.CA{cas, named} {
			if diff := cmp.Diff([]inventory.CA{issuer}, list); diff != "" {
				t.Errorf("CAs mismatch (-want +got):\n%s", diff)
			}
		}
		return errors.Join(err1, err2, err3)
	}
	view(t, store, checkAll)

	changed := filled(t, 4)
	c.Status, c.Revocation, c.Updated = changed.Status, changed.Revocation, changed.Updated
	newCA, newList := storetest.Fill[inventory.CA](t, 3, nil), storetest.Fill[inventory.List](t, 3, nil)
	newCA.Identifier, newList.Authority, newList.CrlUrl = issuer.Identifier, list.Authority, list.CrlUrl
	newCA.Added = issuer.Added
	issuer, list = newCA, newList
	update(t, store, func(tx inventory.Tx) error {
		_, _, err1 := tx.Certificate(c.Identifier)
		_, _, err2 := tx.CA(issuer.Identifier)
		_, _, err3 := tx.List(list.Authority, list.CrlUrl)
		err4, err5, err6 := tx.PutCertificate(c), tx.PutCA(issuer), tx.PutList(list)
		check(tx)
		return errors.Join(err1, err2, err3, err4, err5, err6)
	})
	view(t, store, checkAll)
}

func testExtremeValues(t *testing.T, store inventory.Store) {
	early, late := time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)
	long := strings.Repeat("𠮷", 255)
	least := inventory.Certificate{Identifier: "least", Authority: "a", SerialNumber: "00", Status: ca.StatusIssue,
		NotBefore: early, NotAfter: early, DER: []byte{0}, Added: time.Unix(0, 0).UTC(), Updated: early}
	most := inventory.Certificate{Identifier: strings.Repeat("f", 32), Authority: strings.Repeat("f", 40), SerialNumber: strings.Repeat("f", 40),
		Kind: inventory.KindOther, NotBefore: late, NotAfter: late, CrlUrl: "http://" + strings.Repeat("a", 1017), DER: []byte(strings.Repeat("\x00\xff", 1<<15)),
		Labels: inventory.Labels{ResourceGroupId: long, CustomIdentifier: long, AliasName: long, Tags: make([]ca.Tag, 100)},
		Status: ca.StatusRevoke, Revocation: inventory.Revocation{RevocationTime: late, Reason: ca.ReasonAACompromise, InvalidityDate: early.AddDate(-1949, 0, 0)},
		Added: late, Updated: late}
	for i := range most.Labels.Tags {
		most.Labels.Tags[i] = ca.Tag{Key: long, Value: long}
	}
	upper := most // letter case matters
	upper.Identifier, upper.SerialNumber, upper.Labels = "LEAST", "00", inventory.Labels{CustomIdentifier: "a"}
	lower := newCertificate(1, 1)
	lower.Labels.CustomIdentifier = "A"
	terms := []string{"=" + strings.Repeat("𠮷", 63), strings.Repeat("t", 256)}
	update(t, store, func(tx inventory.Tx) error {
		for _, c := range []*inventory.Certificate{&least, &most, &upper, &lower} {
			id, err := tx.CreateCertificate(*c, terms)
			if err != nil {
				return err
			}
			c.Id = id
		}
		return nil
	})
	list := inventory.List{Authority: "a", CrlUrl: most.CrlUrl, Reserved: math.MaxInt64, Number: math.MaxInt64, ThisUpdate: late, NextUpdate: late}
	reserved := inventory.List{Authority: "a", Reserved: 1}
	issuer := inventory.CA{Identifier: "a", Authority: "a", NameAuthority: "a", CertificateChain: strings.Repeat("证书\n", 1<<14), CrlUrl: most.CrlUrl, Added: early}
	put(t, store, list, reserved, issuer)
	view(t, store, func(s inventory.Snapshot) error {
		for _, c := range []inventory.Certificate{least, most, upper, lower} {
			wantCertificate(t, s, c.Identifier, &c)
		}
		wantList(t, s, "a", most.CrlUrl, &list)
		wantList(t, s, "a", "", &reserved)
		wantCA(t, s, "a", &issuer)
		wantIDs(t, s, "a term", inventory.Query{Term: terms[1], OldestFirst: true, Limit: 9}, least, most, upper, lower)
		wantIDs(t, s, "from 1950 to 9999", inventory.Query{ByExpiry: true, OldestFirst: true, Limit: 9}, least, lower, most, upper)
		wantIDs(t, s, "in 1950", inventory.Query{ByExpiry: true, ExpireFrom: early, ExpireBefore: early.Add(time.Microsecond), Limit: 9}, least)
		return nil
	})
}

// An Inventory refuses such text. A store either keeps it unchanged or fails. Then the
// whole Update fails, even if f ignores the error.
func testNotUTF8(t *testing.T, store inventory.Store) {
	for n, text := range []string{"a\x00b", "a\xffb"} {
		c, before := newCertificate(n+1, 1), newCertificate(n+11, 1)
		c.Labels.AliasName = text
		err := store.Update(t.Context(), func(tx inventory.Tx) (err error) {
			before.Id, err = tx.CreateCertificate(before, nil)
			c.Id, _ = tx.CreateCertificate(c, nil)
			return err
		})
		view(t, store, func(s inventory.Snapshot) error {
			if err != nil {
				wantCertificate(t, s, c.Identifier, nil)
				wantCertificate(t, s, before.Identifier, nil)
			} else {
				wantCertificate(t, s, c.Identifier, &c)
				wantCertificate(t, s, before.Identifier, &before)
			}
			return nil
		})
	}
}

func testNotFound(t *testing.T, store inventory.Store) {
	check := func(r inventory.Reader) {
		t.Helper()
		wantCertificate(t, r, "none", nil)
		wantCertificate(t, r, "", nil)
		for _, key := range [][2]string{{"authority", "none"}, {"none", "01"}, {"", ""}} {
			c, found, err := r.CertificateBySerialNumber(key[0], key[1])
			storetest.WantFound(t, "CertificateBySerialNumber", c, found, err, nil)
		}
		wantCA(t, r, "none", nil)
		wantList(t, r, "authority", "none", nil)
		wantList(t, r, "none", "", nil)
		for _, key := range [][2]string{{"operation", "none"}, {"none", "token"}, {"", ""}} {
			wantCall(t, r, key[0], key[1], nil)
		}
		list, err := r.CAs("none")
		if len(list) != 0 || err != nil {
			t.Errorf("CAs finds %v, %v", list, err)
		}
	}
	for range 2 { // first in an empty store, then in one with other content
		view(t, store, func(s inventory.Snapshot) error {
			check(s)
			for _, q := range []inventory.Query{
				{Authority: "none"}, {Status: "none"}, {Kind: "none"}, {Term: "none"}, {ResourceGroupId: "none"}, {ExpireFrom: day.AddDate(99, 0, 0), ByExpiry: true},
			} {
				q.Limit = 10
				wantIDs(t, s, "nothing", q)
			}
			for entry := range s.Revoked("none", "", time.Time{}) {
				t.Errorf("Revoked yields %v", entry)
			}
			list, err := s.AllCAs("z", 10)
			if len(list) != 0 {
				t.Errorf("AllCAs returns %v", list)
			}
			return err
		})
		update(t, store, func(tx inventory.Tx) error { check(tx); return nil })
		if t.Failed() {
			return
		}
		if len(all(t, store)) == 0 {
			put(t, store, newCertificate(1, 1), inventory.CA{Identifier: "ca", Authority: "authority"}, inventory.List{Authority: "authority"},
				inventory.Call{Operation: "operation", ClientToken: "token"})
		}
	}
}

func testExists(t *testing.T, store inventory.Store) {
	first, second, last := newCertificate(1, 1), newCertificate(2, 1), newCertificate(3, 1)
	first.Labels.CustomIdentifier = "mine"
	first = put(t, store, first)[0]
	tests := []struct {
		name   string
		change func(*inventory.Certificate)
	}{
		{"the Identifier", func(c *inventory.Certificate) { c.Identifier = first.Identifier }},
		{"the serial number", func(c *inventory.Certificate) { c.SerialNumber = first.SerialNumber }},
		{"the CustomIdentifier", func(c *inventory.Certificate) { c.Labels.CustomIdentifier = "mine" }},
		{"of this Update", func(c *inventory.Certificate) { c.Identifier = second.Identifier }},
	}
	update(t, store, func(tx inventory.Tx) (err error) {
		second.Id, err = tx.CreateCertificate(second, nil)
		if err != nil {
			return err
		}
		for _, tt := range tests {
			c := newCertificate(9, 1)
			tt.change(&c)
			if _, err := tx.CreateCertificate(c, []string{"term"}); !errors.Is(err, inventory.ErrExists) {
				t.Errorf("CreateCertificate with %s is %v, want %v", tt.name, err, inventory.ErrExists)
			}
		}
		// The same serial number of another authority, and no CustomIdentifier twice.
		last.Authority, last.SerialNumber = "another", first.SerialNumber
		last.Id, err = tx.CreateCertificate(last, []string{"term"})
		return err
	})
	want := []inventory.Certificate{first, second, last}
	if diff := cmp.Diff(want, all(t, store)); diff != "" {
		t.Errorf("what is stored (-want +got):\n%s", diff)
	}
	view(t, store, func(s inventory.Snapshot) error {
		wantIDs(t, s, "the terms", inventory.Query{Term: "term", Limit: 9}, last)
		return nil
	})
}

func testIds(t *testing.T, store inventory.Store) {
	last := int64(0)
	for serial := 1; serial <= 5; serial++ {
		c := put(t, store, newCertificate(serial, 1))[0]
		if c.Id <= last {
			t.Errorf("the Id %d follows %d", c.Id, last)
		}
		last = c.Id
	}
}

func testChangeAndDelete(t *testing.T, store inventory.Store) {
	labelled := newCertificate(1, 1)
	labelled.Labels = inventory.Labels{CustomIdentifier: "mine", AliasName: "name", Tags: []ca.Tag{{Key: "a", Value: "b"}}}
	var c, other inventory.Certificate
	update(t, store, func(tx inventory.Tx) (err error) {
		c, other = labelled, newCertificate(2, 1)
		c.Id, err = tx.CreateCertificate(c, []string{"term"})
		if err != nil {
			return err
		}
		other.Id, err = tx.CreateCertificate(other, []string{"term"})
		return err
	})
	c = revoked(c, day.Add(time.Hour))
	change(t, store, c)
	view(t, store, func(s inventory.Snapshot) error {
		wantCertificate(t, s, c.Identifier, &c)
		wantIDs(t, s, "revoked", inventory.Query{Status: ca.StatusRevoke, Limit: 9}, c)
		wantIDs(t, s, "a term", inventory.Query{Term: "term", Limit: 9}, other, c)
		return nil
	})
	c.Status, c.Revocation = ca.StatusIssue, inventory.Revocation{}
	change(t, store, c)
	view(t, store, func(s inventory.Snapshot) error {
		wantIDs(t, s, "revoked", inventory.Query{Status: ca.StatusRevoke, Limit: 9})
		for entry := range s.Revoked("authority", "", time.Time{}) {
			t.Errorf("Revoked yields %v after the release", entry)
		}
		return nil
	})
	c = deleted(revoked(c, day.Add(time.Hour)), day.Add(2*time.Hour))
	change(t, store, c)
	view(t, store, func(s inventory.Snapshot) error {
		wantCertificate(t, s, c.Identifier, &c)
		wantIDs(t, s, "all", inventory.Query{Limit: 9}, other)
		wantIDs(t, s, "a term", inventory.Query{Term: "term", Limit: 9}, other)
		wantIDs(t, s, "by expiry", inventory.Query{ByExpiry: true, Limit: 9}, other)
		entries := 0
		for range s.Revoked("authority", "", time.Time{}) {
			entries++
		}
		if entries != 1 {
			t.Errorf("Revoked yields %d entries, want the deleted certificate", entries)
		}
		return nil
	})
	third := newCertificate(3, 1)
	third.Labels.CustomIdentifier = "mine" // free again
	put(t, store, third)
	update(t, store, func(tx inventory.Tx) error {
		if _, err := tx.CreateCertificate(labelled, nil); !errors.Is(err, inventory.ErrExists) {
			t.Errorf("CreateCertificate of a deleted one is %v, want %v", err, inventory.ErrExists)
		}
		return nil
	})
}

// Each operation has its own tokens. The calls of a certificate end with it.
func testCalls(t *testing.T, store inventory.Store) {
	call := func(operation, token string, c inventory.Certificate) inventory.Call {
		return inventory.Call{Operation: operation, ClientToken: token, Digest: operation + token, Identifier: c.Identifier, Response: "{}", Added: day}
	}
	one, two := revoked(newCertificate(1, 1), day), newCertificate(2, 1)
	first, second, upper, other := call("a", "token", one), call("b", "token", one), call("a", "TOKEN", one), call("b", "TOKEN", two)
	certificates := put(t, store, one, two, first, second, upper, other)
	one = certificates[0]
	view(t, store, func(s inventory.Snapshot) error {
		for _, c := range []inventory.Call{first, second, upper, other} {
			wantCall(t, s, c.Operation, c.ClientToken, &c)
		}
		return nil
	})
	one.Status, one.Revocation = ca.StatusIssue, inventory.Revocation{}
	change(t, store, one)
	view(t, store, func(s inventory.Snapshot) error {
		wantCall(t, s, "a", "token", &first)
		return nil
	})
	update(t, store, func(tx inventory.Tx) error {
		_, _, err := tx.Certificate(one.Identifier)
		err = errors.Join(err, tx.PutCertificate(deleted(revoked(one, day), day)))
		wantCall(t, tx, "a", "token", nil)
		return err
	})
	view(t, store, func(s inventory.Snapshot) error {
		for _, c := range []inventory.Call{first, second, upper} {
			wantCall(t, s, c.Operation, c.ClientToken, nil)
		}
		wantCall(t, s, "b", "TOKEN", &other)
		return nil
	})
	first = call("a", "token", two) // free again
	put(t, store, first)
	view(t, store, func(s inventory.Snapshot) error {
		wantCall(t, s, "a", "token", &first)
		return nil
	})
}

func testOwnWrites(t *testing.T, store inventory.Store) {
	issuer, list := inventory.CA{Identifier: "ca", Authority: "authority"}, inventory.List{Authority: "authority"}
	var c inventory.Certificate
	update(t, store, func(tx inventory.Tx) (err error) {
		c = newCertificate(1, 1)
		wantCertificate(t, tx, c.Identifier, nil)
		wantCA(t, tx, "ca", nil)
		wantList(t, tx, "authority", "", nil)
		wantCall(t, tx, "operation", "token", nil)
		call := inventory.Call{Operation: "operation", ClientToken: "token", Added: day}
		if err := tx.CreateCall(call); err != nil {
			return err
		}
		wantCall(t, tx, "operation", "token", &call)
		c.Id, err = tx.CreateCertificate(c, nil)
		if err != nil {
			return err
		}
		wantCertificate(t, tx, c.Identifier, &c)
		c = revoked(c, day)
		list.Reserved = 0
		for range 3 { // first new ones, then those that this Update created
			list.Reserved++
			issuer.CrlUrl += "a"
			if err := errors.Join(tx.PutCertificate(c), tx.PutList(list), tx.PutCA(issuer)); err != nil {
				return err
			}
			wantList(t, tx, "authority", "", &list)
			wantCA(t, tx, "ca", &issuer)
		}
		wantCertificate(t, tx, c.Identifier, &c)
		issuer.CrlUrl = ""
		return tx.PutCA(issuer)
	})
	if diff := cmp.Diff([]inventory.Certificate{c}, all(t, store)); diff != "" {
		t.Errorf("what is stored (-want +got):\n%s", diff)
	}
	view(t, store, func(s inventory.Snapshot) error {
		wantList(t, s, "authority", "", &inventory.List{Authority: "authority", Reserved: 3})
		wantCA(t, s, "ca", &issuer)
		return nil
	})
}
