// Package storetest tests implementations of [archive.Store].
package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert/csr/archive"
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
		{"an error of f", testError},
		{"a panic of f", testPanic},
		{"a goroutine that ends in f", testGoexit},
		{"a context that has ended", testEndedContext},
		{"a context that ends in f", testEndingContext},
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
}

// day is the time of the records in these tests.
var day = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// newRecord returns a record that was created n microseconds after day.
func newRecord(id int64, n int) archive.Record {
	return archive.Record{
		CsrId: id, Csr: "csr", Algorithm: "RSA", KeySize: 2048, KeySha2: "digest", CommonName: "www.example.com",
		Search: "www.example.com\n", Created: day.Add(time.Duration(n) * time.Microsecond),
	}
}

// fill returns a record in which every field has a different value, which depends
// on n.
func fill(t *testing.T, n int) (filled archive.Record) {
	t.Helper()
	v := reflect.ValueOf(&filled).Elem()
	for i := range v.NumField() {
		name, at := v.Type().Field(i).Name, 1000*n+i
		field := v.Field(i)
		switch {
		case field.Kind() == reflect.String:
			field.SetString(fmt.Sprintf("%s %d, 证书 𝄞\r\n'\"\\%%$1?", name, at))
		case field.Kind() == reflect.Int64:
			field.SetInt(1<<53 - 1 - int64(at))
		case field.Kind() == reflect.Int32:
			field.SetInt(1<<31 - 1 - int64(at))
		case field.Type() == reflect.TypeFor[time.Time]():
			field.Set(reflect.ValueOf(day.Add(time.Duration(at) * time.Microsecond)))
		case field.Type() == reflect.TypeFor[[]byte]():
			field.SetBytes([]byte{0, 0xff, byte(n), 0x80, '\'', '"', '\\', 0})
		default:
			t.Fatalf("fill has no value for the field %s of type %s", name, field.Type())
		}
	}
	return filled
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
	if err != nil {
		t.Errorf("Record(%d): %v", id, err)
	}
	if found != (want != nil) {
		t.Errorf("Record(%d) found is %t, want %t", id, found, want != nil)
	} else if found {
		wantSame(t, fmt.Sprintf("Record(%d)", id), *want, got)
	}
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
