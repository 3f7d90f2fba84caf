package archive

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/yuncert/yuncert/internal/memstore"
)

// A MemoryStore is a [Store] in memory. The zero value is an empty store. Do not copy
// it after its first use. Updates run one at a time, and Views run in parallel. A call
// that waits for another one does not notice that ctx ends. Count and Records with a
// Filter look at every record.
type MemoryStore struct {
	mu     sync.RWMutex
	byID   map[int64]*Record // nil before the first Update
	sorted []*Record         // oldest first: a new record is usually added at the end
}

// Update implements [Store]. f runs once.
func (s *MemoryStore) Update(ctx context.Context, f func(Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = make(map[int64]*Record)
	}
	tx := &memoryTx{store: s}
	return tx.undo.Run(ctx, func() error { return f(tx) })
}

// View implements [Store].
func (s *MemoryStore) View(ctx context.Context, f func(Snapshot) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	return f(&memoryTx{store: s})
}

// A memoryTx writes to its store at once.
type memoryTx struct {
	store *MemoryStore
	undo  memstore.Undo
}

func (tx *memoryTx) Record(csrID int64) (Record, bool, error) {
	r, found := tx.store.byID[csrID]
	if !found {
		return Record{}, false, nil
	}
	return *r.clone(), true, nil
}

func (tx *memoryTx) Put(r Record) error {
	kept := tx.store.byID[r.CsrId]
	if kept != nil && kept.Created.Equal(r.Created) {
		// The record keeps its position, so no other one moves.
		before := *kept
		*kept = *r.clone()
		tx.undo.Add(func() { *kept = before })
		return nil
	}
	if err := tx.Delete(r.CsrId); err != nil {
		return err
	}
	tx.store.add(r.clone())
	tx.undo.Add(func() { tx.store.remove(r.CsrId) })
	return nil
}

func (tx *memoryTx) Delete(csrID int64) error {
	before := tx.store.remove(csrID)
	if before != nil {
		tx.undo.Add(func() { tx.store.add(before) })
	}
	return nil
}

func (tx *memoryTx) Count(filter Filter) (int64, error) {
	if filter == (Filter{}) {
		return int64(len(tx.store.sorted)), nil
	}
	count := int64(0)
	for _, r := range tx.store.sorted {
		if filter.selects(r) {
			count++
		}
	}
	return count, nil
}

func (tx *memoryTx) Records(filter Filter, offset, limit int64) ([]Record, error) {
	sorted := tx.store.sorted
	if filter == (Filter{}) { // no need to look at those that are left out
		sorted = sorted[:len(sorted)-int(max(0, min(offset, int64(len(sorted)))))]
		offset = 0
	}
	var page []Record
	for _, r := range slices.Backward(sorted) {
		if int64(len(page)) >= limit {
			break
		}
		if !filter.selects(r) {
			continue
		}
		if offset > 0 {
			offset--
			continue
		}
		page = append(page, *r.clone())
	}
	return page, nil
}

func (f Filter) selects(r *Record) bool {
	return (f.Algorithm == "" || f.Algorithm == r.Algorithm) && strings.Contains(r.Search, f.KeyWord)
}

// clone returns a copy that shares no memory that can change.
func (r *Record) clone() *Record {
	clone := *r
	clone.SealedKey = bytes.Clone(r.SealedKey)
	return &clone
}

// add and remove keep byID and sorted in step.
func (s *MemoryStore) add(r *Record) {
	s.byID[r.CsrId] = r
	at, _ := slices.BinarySearchFunc(s.sorted, r, inOrder)
	s.sorted = slices.Insert(s.sorted, at, r)
}

func (s *MemoryStore) remove(csrID int64) *Record {
	r := s.byID[csrID]
	if r == nil {
		return nil
	}
	delete(s.byID, csrID)
	at, _ := slices.BinarySearchFunc(s.sorted, r, inOrder)
	s.sorted = slices.Delete(s.sorted, at, at+1)
	return r
}

// inOrder compares records in the opposite of the order of [Snapshot.Records].
func inOrder(a, b *Record) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.CsrId, b.CsrId))
}
