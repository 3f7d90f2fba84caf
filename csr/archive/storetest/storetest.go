// Package storetest tests implementations of [archive.Store].
package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/internal/storetest"
)

// Run tests the stores that open returns. Each subtest calls open for an empty
// store of its own. open closes the store with t.Cleanup, and calls t.Parallel
// if its stores can be used at the same time. Some subtests call a store from
// 200 goroutines.
func Run(t *testing.T, open func(t *testing.T) archive.Store) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, archive.Store)
	}{
		{"every field", testEveryField},
		{"extreme values", testExtremeValues},
		{"text that is not UTF-8", testNotUTF8},
		{"memory that the caller changes", testOwnMemory},
		{"missing records", testNotFound},
		{"changed and deleted records", testChangeAndDelete},
		{"an Update reads its own writes", testOwnWrites},
		{"pages", testPages},
		{"filters", testFilters},
		{"concurrent increments", testIncrements},
		{"concurrent Updates in opposite order", testOppositeOrders},
		{"a View of one state", testViews},
		{"concurrent creation of a record", testNewRecord},
		{"concurrent uploads of a CSR", testUploads},
		{"concurrent private keys for a CSR", testKeyOnce},
		{"concurrent deletions of a CSR", testDeleteOnce},
		{"concurrent operations of an Archive", testArchive},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
	storetest.RunFailures(t, open, testUndone, func(s archive.Snapshot) error {
		_, _, err := s.Record(1)
		return err
	})
}

// day is the time of the records in these tests.
var day = storetest.Day

// newRecord returns a record that was created n microseconds after day.
func newRecord(id int64, n int) archive.Record {
	return archive.Record{
		CsrId: id, Csr: "csr", Algorithm: "RSA", KeySize: 2048, KeySha2: "digest", CommonName: "www.example.com",
		Search: "www.example.com\n", Created: day.Add(time.Duration(n) * time.Microsecond),
	}
}

func update(t *testing.T, store archive.Store, f func(archive.Tx) error) {
	t.Helper()
	if err := store.Update(t.Context(), f); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func view(t *testing.T, store archive.Store, f func(archive.Snapshot) error) {
	t.Helper()
	if err := store.View(t.Context(), f); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// put stores records.
func put(t *testing.T, store archive.Store, records ...archive.Record) {
	t.Helper()
	update(t, store, func(tx archive.Tx) error { return putAll(tx, records...) })
}

func putAll(tx archive.Tx, records ...archive.Record) error {
	for _, r := range records {
		if _, _, err := tx.Record(r.CsrId); err != nil {
			return err
		}
		if err := tx.Put(r); err != nil {
			return err
		}
	}
	return nil
}

// wantRecord compares want with the stored record. A nil want means that there is
// none.
func wantRecord(t *testing.T, r archive.Reader, id int64, want *archive.Record) {
	t.Helper()
	got, found, err := r.Record(id)
	storetest.WantFound(t, fmt.Sprintf("Record(%d)", id), got, found, err, want, cmpopts.EquateEmpty())
	if got.Created.Location() != time.UTC {
		t.Errorf("Record(%d) has a time in %s, want UTC", id, got.Created.Location())
	}
}

// wantSame compares values that hold records. A SealedKey may be nil or empty.
func wantSame(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s mismatch (-want +got):\n%s", what, diff)
	}
}

// contentOf returns all records of a store.
func contentOf(t *testing.T, store archive.Store) (all []archive.Record) {
	t.Helper()
	view(t, store, func(r archive.Snapshot) (err error) {
		all, err = r.Records(archive.Filter{}, 0, 1000)
		if err != nil {
			return err
		}
		count, err := r.Count(archive.Filter{})
		if count != int64(len(all)) {
			t.Errorf("Count is %d, and there are %d records", count, len(all))
		}
		return err
	})
	return all
}
