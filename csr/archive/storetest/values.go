package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/internal/storetest"
)

func testEveryField(t *testing.T, store archive.Store) {
	r, other := storetest.Fill[archive.Record](t, 1, nil), storetest.Fill[archive.Record](t, 2, nil)
	put(t, store, r, other)
	check := func(reader archive.Reader) {
		wantRecord(t, reader, r.CsrId, &r)
		wantRecord(t, reader, other.CsrId, &other)
	}
	checkAll := func(snapshot archive.Snapshot) error {
		check(snapshot)
		page, err := snapshot.Records(archive.Filter{Algorithm: r.Algorithm}, 0, 10)
		wantSame(t, "Records", []archive.Record{r}, page)
		return err
	}
	view(t, store, checkAll)

	id := r.CsrId
	r = storetest.Fill[archive.Record](t, 3, nil)
	r.CsrId = id
	update(t, store, func(tx archive.Tx) error {
		_, _, err1 := tx.Record(id)
		err2 := tx.Put(r)
		check(tx)
		return errors.Join(err1, err2)
	})
	view(t, store, checkAll)
}

func testExtremeValues(t *testing.T, store archive.Store) {
	records := []archive.Record{
		newRecord(1, 0),
		newRecord(1<<53-1, 0),
		{CsrId: 2, Created: time.Unix(0, 0).UTC()},
		{CsrId: 3, Name: strings.Repeat("n", 50), Csr: strings.Repeat("0123456789abcdef", 1<<12) + strings.Repeat("=", 100),
			CommonName: strings.Repeat("𠮷", 64), Sans: strings.Repeat("d", 64<<10), CorpName: strings.Repeat("证", 20<<10),
			Search: strings.Repeat("𠮷", 64) + "\n" + strings.Repeat("n", 50), SealedKey: bytes.Repeat([]byte{0, 1, 0xff}, 5000),
			Created: time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)},
		{CsrId: 4, Created: time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)},
	}
	for _, r := range records {
		put(t, store, r)
	}
	view(t, store, func(r archive.Snapshot) error {
		for _, want := range records {
			wantRecord(t, r, want.CsrId, &want)
		}
		wantIDs(t, "from the year 9999 to before 1970", r, archive.Filter{}, 0, 10, 4, 1<<53-1, 1, 2, 3)
		return nil
	})
}

// An Archive refuses such text. A store either keeps it unchanged or fails. Then the
// whole Update fails, even if f ignores the error.
func testNotUTF8(t *testing.T, store archive.Store) {
	for id, text := range map[int64]string{1: "a\x00b", 2: "a\xffb"} {
		r, before := newRecord(id, 0), newRecord(id+10, 0)
		r.CommonName = text
		err := store.Update(t.Context(), func(tx archive.Tx) error {
			err := putAll(tx, before)
			putAll(tx, r)
			return err
		})
		view(t, store, func(reader archive.Snapshot) error {
			if err != nil {
				wantRecord(t, reader, id, nil)
				wantRecord(t, reader, before.CsrId, nil)
			} else {
				wantRecord(t, reader, id, &r)
				wantRecord(t, reader, before.CsrId, &before)
			}
			return nil
		})
	}
}

// A SealedKey is a slice. The store must not share its memory with the caller.
func testOwnMemory(t *testing.T, store archive.Store) {
	want := newRecord(1, 0)
	want.SealedKey = []byte("sealed")
	spoil := func(key []byte) { copy(key, "xxxxxx") }
	given := want
	given.SealedKey = bytes.Clone(want.SealedKey)
	update(t, store, func(tx archive.Tx) error {
		err := putAll(tx, given)
		spoil(given.SealedKey)
		return err
	})
	for range 2 {
		view(t, store, func(r archive.Snapshot) error {
			wantRecord(t, r, 1, &want)
			read, _, err1 := r.Record(1)
			spoil(read.SealedKey)
			page, err2 := r.Records(archive.Filter{}, 0, 1)
			wantSame(t, "Records", []archive.Record{want}, page)
			for _, read := range page {
				spoil(read.SealedKey)
			}
			return errors.Join(err1, err2)
		})
	}
}

func testNotFound(t *testing.T, store archive.Store) {
	r := storetest.Fill[archive.Record](t, 1, nil)
	check := func(reader archive.Reader) {
		wantRecord(t, reader, r.CsrId+1, nil)
		wantRecord(t, reader, 0, nil)
		wantRecord(t, reader, -r.CsrId, nil)
	}
	for range 2 { // first in an empty store, then in one with another record
		view(t, store, func(snapshot archive.Snapshot) error {
			check(snapshot)
			wantIDs(t, "no such algorithm", snapshot, archive.Filter{Algorithm: "DSA"}, 0, 10)
			wantIDs(t, "no such text", snapshot, archive.Filter{KeyWord: "no such text"}, 0, 10)
			return nil
		})
		update(t, store, func(tx archive.Tx) error { check(tx); return nil })
		if t.Failed() {
			return
		}
		put(t, store, r)
	}
}

func testChangeAndDelete(t *testing.T, store archive.Store) {
	for id := range int64(5) {
		put(t, store, newRecord(id+1, int(id)))
	}
	changed, again, moved := newRecord(2, 1), newRecord(3, 9), newRecord(4, 8)
	changed.Name, changed.SealedKey = "changed", []byte("sealed")
	update(t, store, func(tx archive.Tx) error {
		for id := range int64(4) {
			if _, found, err := tx.Record(id + 1); err != nil || !found {
				return fmt.Errorf("record %d: found %t, %w", id+1, found, err)
			}
		}
		return errors.Join(tx.Delete(1), tx.Put(changed), tx.Delete(3), tx.Put(again), tx.Put(moved))
	})
	view(t, store, func(r archive.Snapshot) error {
		wantRecord(t, r, 1, nil)
		wantRecord(t, r, 2, &changed)
		wantRecord(t, r, 3, &again)
		wantIDs(t, "after the changes", r, archive.Filter{}, 0, 10, 3, 4, 5, 2)
		return nil
	})
	first := newRecord(1, 7)
	put(t, store, first) // a CsrId that was deleted can be used again
	view(t, store, func(r archive.Snapshot) error {
		wantRecord(t, r, 1, &first)
		return nil
	})
}

func testOwnWrites(t *testing.T, store archive.Store) {
	r := newRecord(1, 0)
	update(t, store, func(tx archive.Tx) error {
		wantRecord(t, tx, 1, nil)
		for n := range 3 { // first a new record, then the one that this Update created
			for range 2 { // the second time without reading it again
				r.Name = strings.Repeat("n", n+1)
				r.Created = day.Add(time.Duration(n) * time.Second)
				if err := tx.Put(r); err != nil {
					return err
				}
			}
			wantRecord(t, tx, 1, &r)
		}
		if err := tx.Delete(1); err != nil {
			return err
		}
		wantRecord(t, tx, 1, nil)
		if err := tx.Put(r); err != nil {
			return err
		}
		wantRecord(t, tx, 1, &r)
		return nil
	})
	wantSame(t, "what is stored", []archive.Record{r}, contentOf(t, store))
}
