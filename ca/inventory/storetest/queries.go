package storetest

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
)

// wantIDs compares the certificates that a query selects, and their number, with want.
func wantIDs(t *testing.T, s inventory.Snapshot, what string, q inventory.Query, want ...inventory.Certificate) {
	t.Helper()
	page, err := s.Certificates(q)
	if err != nil {
		t.Errorf("%s: Certificates: %v", what, err)
	}
	if diff := cmp.Diff(serials(want), serials(page)); diff != "" {
		t.Errorf("%s: mismatch of serial numbers (-want +got):\n%s", what, diff)
	}
	if q.After.Id != 0 || q.Skip != 0 || len(want) >= q.Limit {
		return
	}
	if n, err := s.Count(q); n != int64(len(want)) || err != nil {
		t.Errorf("%s: Count is %d, %v, want %d", what, n, err, len(want))
	}
}

func serials(certificates []inventory.Certificate) (list []string) {
	for _, c := range certificates {
		list = append(list, c.SerialNumber)
	}
	return list
}

func testQueries(t *testing.T, store inventory.Store) {
	// Ids rise with the number; the certificates expire in another order.
	var made [7]inventory.Certificate
	update(t, store, func(tx inventory.Tx) error {
		for n := 1; n < len(made); n++ {
			c, terms := newCertificate(n, []int{1: 5, 2: 3, 3: 9, 4: 3, 5: 1, 6: 7}[n]), []string{"=every"}
			switch n {
			case 1:
				c.Kind = inventory.KindCA
			case 2:
				c.Kind, c.Labels.ResourceGroupId = inventory.KindClient, "group"
				terms = []string{"=two", "=every", ".example"}
			case 3:
				c.Authority = "another"
				terms = append(terms, ".example")
			case 4:
				c = revoked(c, day)
				c.Labels.ResourceGroupId = "group"
			case 6:
				c = deleted(revoked(c, day), day)
				terms = nil
			}
			id, err := tx.CreateCertificate(c, terms)
			if err != nil {
				return err
			}
			c.Id = id
			made[n] = c
		}
		return nil
	})
	at := func(days int) time.Time { return day.AddDate(0, 0, days) }
	tests := []struct {
		name string
		q    inventory.Query
		want []int
	}{
		{"all", inventory.Query{}, []int{5, 4, 3, 2, 1}},
		{"oldest first", inventory.Query{OldestFirst: true}, []int{1, 2, 3, 4, 5}},
		{"an authority", inventory.Query{Authority: "authority"}, []int{5, 4, 2, 1}},
		{"another authority", inventory.Query{Authority: "another"}, []int{3}},
		{"issued", inventory.Query{Status: ca.StatusIssue}, []int{5, 3, 2, 1}},
		{"revoked", inventory.Query{Status: ca.StatusRevoke}, []int{4}},
		{"deleted", inventory.Query{Status: inventory.StatusDelete}, nil},
		{"CAs", inventory.Query{Kind: inventory.KindCA}, []int{1}},
		{"no CAs", inventory.Query{LeavesOnly: true}, []int{5, 4, 3, 2}},
		{"servers", inventory.Query{Kind: inventory.KindServer}, []int{5, 4, 3}},
		{"a resource group", inventory.Query{ResourceGroupId: "group"}, []int{4, 2}},
		{"a name", inventory.Query{Term: "=two"}, []int{2}},
		{"a name of several", inventory.Query{Term: "=every", OldestFirst: true}, []int{1, 2, 3, 4, 5}},
		{"a domain", inventory.Query{Term: ".example"}, []int{3, 2}},
		{"a part of a term", inventory.Query{Term: "=tw"}, nil},
		{"by expiry", inventory.Query{ByExpiry: true}, []int{3, 1, 4, 2, 5}},
		{"first to expire first", inventory.Query{ByExpiry: true, OldestFirst: true}, []int{5, 2, 4, 1, 3}},
		{"from a time", inventory.Query{ByExpiry: true, OldestFirst: true, ExpireFrom: at(3)}, []int{2, 4, 1, 3}},
		{"after a time", inventory.Query{ByExpiry: true, OldestFirst: true, ExpireFrom: at(3).Add(time.Microsecond)}, []int{1, 3}},
		{"before a time", inventory.Query{ByExpiry: true, OldestFirst: true, ExpireBefore: at(5)}, []int{5, 2, 4}},
		{"in a window", inventory.Query{ByExpiry: true, ExpireFrom: at(2), ExpireBefore: at(6)}, []int{1, 4, 2}},
		{"in an empty window", inventory.Query{ByExpiry: true, ExpireFrom: at(6), ExpireBefore: at(2)}, nil},
		{"all fields", inventory.Query{Authority: "authority", Status: ca.StatusRevoke, Kind: inventory.KindServer, ResourceGroupId: "group",
			Term: "=every", LeavesOnly: true, ByExpiry: true, ExpireFrom: at(1), ExpireBefore: at(9)}, []int{4}},
		{"a term in a window", inventory.Query{Term: ".example", ByExpiry: true, OldestFirst: true, ExpireFrom: at(4)}, []int{3}},
		{"a term of an authority", inventory.Query{Term: ".example", Authority: "authority"}, []int{2}},
	}
	view(t, store, func(s inventory.Snapshot) error {
		for _, tt := range tests {
			var want []inventory.Certificate
			for _, n := range tt.want {
				want = append(want, made[n])
			}
			tt.q.Limit = 100
			wantIDs(t, s, tt.name, tt.q, want...)
		}
		return nil
	})
}

func testPages(t *testing.T, store inventory.Store) {
	c := put(t, store, newCertificate(1, 9), newCertificate(2, 8), newCertificate(3, 7), newCertificate(4, 6), newCertificate(5, 5))
	gone := c[2]
	change(t, store, deleted(revoked(gone, day), day))
	next := func(c inventory.Certificate) inventory.Certificate { c.Id++; return c }
	for _, tt := range []struct {
		name string
		q    inventory.Query
		want []inventory.Certificate
	}{
		{"a limit", inventory.Query{Limit: 2}, []inventory.Certificate{c[4], c[3]}},
		{"a limit of all", inventory.Query{Limit: 4}, []inventory.Certificate{c[4], c[3], c[1], c[0]}},
		{"a huge limit", inventory.Query{Limit: math.MaxInt}, []inventory.Certificate{c[4], c[3], c[1], c[0]}},
		{"limit 0", inventory.Query{}, nil},
		{"limit -1", inventory.Query{Limit: -1}, nil},
		{"a skip", inventory.Query{Skip: 1, Limit: 2}, []inventory.Certificate{c[3], c[1]}},
		{"a skip of all", inventory.Query{Skip: 4, Limit: 2}, nil},
		{"a huge skip", inventory.Query{Skip: math.MaxInt64, Limit: 2}, nil},
		{"after one", inventory.Query{After: c[3], Limit: 2}, []inventory.Certificate{c[1], c[0]}},
		{"after a deleted one", inventory.Query{After: gone, Limit: 1}, []inventory.Certificate{c[1]}},
		{"after and skip", inventory.Query{After: c[4], Skip: 1, Limit: 2}, []inventory.Certificate{c[1], c[0]}},
		{"after the last", inventory.Query{After: c[0], Limit: 2}, nil},
		{"after one that does not exist", inventory.Query{After: next(c[4]), Limit: 1}, []inventory.Certificate{c[4]}},
		{"oldest first", inventory.Query{OldestFirst: true, Limit: 2}, []inventory.Certificate{c[0], c[1]}},
		{"oldest first after one", inventory.Query{OldestFirst: true, After: c[0], Limit: 2}, []inventory.Certificate{c[1], c[3]}},
		{"oldest first after a deleted one", inventory.Query{OldestFirst: true, After: gone, Limit: 9}, []inventory.Certificate{c[3], c[4]}},
		{"oldest first after the last", inventory.Query{OldestFirst: true, After: c[4], Limit: 2}, nil},
		{"of an authority after one", inventory.Query{Authority: "authority", After: c[3], Limit: 9}, []inventory.Certificate{c[1], c[0]}},
	} {
		view(t, store, func(s inventory.Snapshot) error {
			wantIDs(t, s, tt.name, tt.q, tt.want...)
			return nil
		})
	}
}

// Count ignores the position and the limit.
func testCount(t *testing.T, store inventory.Store) {
	c := put(t, store, newCertificate(1, 1), newCertificate(2, 1), newCertificate(3, 1))
	view(t, store, func(s inventory.Snapshot) error {
		n, err := s.Count(inventory.Query{After: c[1], Skip: 1, Limit: 1})
		if n != 3 {
			t.Errorf("Count is %d, want 3", n)
		}
		return err
	})
}

func testPagesByExpiry(t *testing.T, store inventory.Store) {
	// 2, 3 and 4 expire at the same time.
	c := put(t, store, newCertificate(1, 9), newCertificate(2, 5), newCertificate(3, 5), newCertificate(4, 5), newCertificate(5, 1))
	window := inventory.Query{ByExpiry: true, ExpireFrom: day, ExpireBefore: day.AddDate(0, 0, 8), Limit: 2}
	for _, oldestFirst := range []bool{true, false} {
		want := [][]inventory.Certificate{{c[4], c[1]}, {c[2], c[3]}, nil}
		if !oldestFirst {
			want = [][]inventory.Certificate{{c[3], c[2]}, {c[1], c[4]}, nil}
		}
		q := window
		q.OldestFirst = oldestFirst
		for n, page := range want {
			view(t, store, func(s inventory.Snapshot) error {
				wantIDs(t, s, fmt.Sprintf("page %d, oldest first %t", n+1, oldestFirst), q, page...)
				return nil
			})
			if len(page) > 0 {
				q.After = page[len(page)-1]
			}
		}
	}
}

func testCAs(t *testing.T, store inventory.Store) {
	one := inventory.CA{Identifier: "b", Authority: "key 1", NameAuthority: "name", CertificateChain: "1", Added: day}
	two := inventory.CA{Identifier: "a", Authority: "key 2", NameAuthority: "name", CertificateChain: "2", Added: day}
	renewed := inventory.CA{Identifier: "c", Authority: "key 1", NameAuthority: "name", CertificateChain: "3", Added: day}
	put(t, store, one)
	put(t, store, two)
	put(t, store, renewed)
	one.CrlUrl = "http://example.com/b.crl"
	put(t, store, one) // keeps its place
	view(t, store, func(s inventory.Snapshot) error {
		for _, tt := range []struct {
			name string
			get  func() ([]inventory.CA, error)
			want []inventory.CA
		}{
			{"a key", func() ([]inventory.CA, error) { return s.CAs("key 1") }, []inventory.CA{renewed, one}},
			{"a name", func() ([]inventory.CA, error) { return s.CAs("name") }, []inventory.CA{renewed, two, one}},
			{"all", func() ([]inventory.CA, error) { return s.AllCAs("", 9) }, []inventory.CA{two, one, renewed}},
			{"a page", func() ([]inventory.CA, error) { return s.AllCAs("", 2) }, []inventory.CA{two, one}},
			{"the next page", func() ([]inventory.CA, error) { return s.AllCAs("b", 2) }, []inventory.CA{renewed}},
			{"after one that does not exist", func() ([]inventory.CA, error) { return s.AllCAs("aa", 1) }, []inventory.CA{one}},
			{"limit 0", func() ([]inventory.CA, error) { return s.AllCAs("", 0) }, nil},
		} {
			got, err := tt.get()
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Errorf("%s: %v, mismatch (-want +got):\n%s", tt.name, err, diff)
			}
		}
		return nil
	})
}

func testRevoked(t *testing.T, store inventory.Store) {
	at := func(days int) time.Time { return day.AddDate(0, 0, days) }
	add := func(serial, expires, updated int, crlUrl string) inventory.Certificate {
		c := newCertificate(serial, expires)
		c.CrlUrl = crlUrl
		return revoked(c, at(updated))
	}
	full := add(1, 9, 1, "http://a")
	full.Revocation.InvalidityDate = day.Add(time.Microsecond)
	gone := deleted(add(2, 9, 1, "http://b"), at(1))
	other := add(3, 9, 1, "http://a")
	other.Authority = "another"
	plain := add(7, 9, 1, "")
	plain.Revocation.Reason = ca.ReasonUnspecified
	put(t, store, full, gone, other, newCertificate(4, 9), add(5, 3, 1, ""), add(6, 3, 4, "http://b"), plain)
	for _, tt := range []struct {
		name, authority, crlUrl string
		since                   time.Time
		want                    []string
	}{
		{"all", "authority", "", time.Time{}, []string{"01", "02", "05", "06", "07"}},
		{"another authority", "another", "", time.Time{}, []string{"03"}},
		{"an address", "authority", "http://b", time.Time{}, []string{"02", "06"}},
		{"an unknown address", "authority", "http://c", time.Time{}, nil},
		{"at the end of one", "authority", "", at(3), []string{"01", "02", "05", "06", "07"}},
		{"after the end of one", "authority", "", at(3).Add(time.Microsecond), []string{"01", "02", "06", "07"}},
		{"after the revocation of one", "authority", "", at(4).Add(time.Microsecond), []string{"01", "02", "07"}},
		{"an address after the end", "authority", "http://b", at(5), []string{"02"}},
		{"after all", "authority", "", at(10), nil},
	} {
		view(t, store, func(s inventory.Snapshot) error {
			var got []string
			for entry, err := range s.Revoked(tt.authority, tt.crlUrl, tt.since) {
				if err != nil {
					return err
				}
				got = append(got, entry.SerialNumber)
				want := ca.RevokedCertificate{SerialNumber: entry.SerialNumber, RevocationTime: at(1), Reason: ca.ReasonSuperseded}
				switch entry.SerialNumber {
				case "01":
					want.InvalidityDate = full.Revocation.InvalidityDate
				case "06":
					want.RevocationTime = at(4)
				case "07":
					want.Reason = ca.ReasonUnspecified
				}
				if diff := cmp.Diff(want, entry); diff != "" {
					t.Errorf("%s: entry mismatch (-want +got):\n%s", tt.name, diff)
				}
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
				t.Errorf("%s: mismatch of serial numbers (-want +got):\n%s", tt.name, diff)
			}
			return nil
		})
	}
}

func testRevokedEndsEarly(t *testing.T, store inventory.Store) {
	for serial := 1; serial <= 9; serial++ {
		put(t, store, revoked(newCertificate(serial, 1), day))
	}
	view(t, store, func(s inventory.Snapshot) error {
		for range 3 {
			for _, err := range s.Revoked("authority", "", time.Time{}) {
				if err != nil {
					return err
				}
				break
			}
			if n, err := s.Count(inventory.Query{}); n != 9 || err != nil {
				return errors.Join(fmt.Errorf("the View counts %d certificates afterwards, want 9", n), err)
			}
		}
		return nil
	})
}
