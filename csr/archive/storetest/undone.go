package storetest

import (
	"errors"
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
