package inventory

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/memstore"
)

// A MemoryStore is a [Store] in memory, for tests and for CAs whose records may end
// with the process. The zero value is an empty store. Do not copy it after its first
// use. Updates run one at a time, and Views run in parallel: an Update waits until
// [Inventory.RevocationList] has read its entries. A call that waits for another one
// does not notice that ctx ends.
type MemoryStore struct {
	mu     sync.RWMutex
	lastId int64
	// This and the other maps are nil before the first Update.
	certificates map[string]*record    // by Identifier
	bySerial     map[[2]string]*record // by Authority and SerialNumber
	byCustom     map[string]*record
	byId         []*record // in the order of Id, as are the values of the next maps
	byAuthority  map[string][]*record
	byTerm       map[string][]*record
	revoked      map[string][]*record // revoked and deleted ones, by Authority
	byExpiry     []*record            // in the order of NotAfter and Id
	cas          map[string]CA        // by Identifier
	caOrder      []string             // Identifiers in the order they were added
	lists        map[[2]string]List   // by Authority and CrlUrl
	calls        map[[2]string]Call   // by Operation and ClientToken
	callsOf      map[string][]Call    // by Identifier
}

// A record is a certificate with its terms. It is replaced in place: every index
// points to the same record.
type record struct {
	Certificate
	terms []string
}

// Update implements [Store]. f runs once.
func (s *MemoryStore) Update(ctx context.Context, f func(Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.certificates == nil {
		s.certificates, s.bySerial, s.byCustom = map[string]*record{}, map[[2]string]*record{}, map[string]*record{}
		s.byAuthority, s.byTerm, s.revoked = map[string][]*record{}, map[string][]*record{}, map[string][]*record{}
		s.cas, s.lists = map[string]CA{}, map[[2]string]List{}
		s.calls, s.callsOf = map[[2]string]Call{}, map[string][]Call{}
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

func (tx *memoryTx) Certificate(identifier string) (Certificate, bool, error) {
	return copied(tx.store.certificates[identifier])
}

func (tx *memoryTx) CertificateBySerialNumber(authority, serialNumber string) (Certificate, bool, error) {
	return copied(tx.store.bySerial[[2]string{authority, serialNumber}])
}

func copied(r *record) (Certificate, bool, error) {
	if r == nil {
		return Certificate{}, false, nil
	}
	return r.clone(), true, nil
}

func (tx *memoryTx) CA(identifier string) (CA, bool, error) {
	c, found := tx.store.cas[identifier]
	return c, found, nil
}

func (tx *memoryTx) CAs(authority string) (list []CA, err error) {
	for _, identifier := range slices.Backward(tx.store.caOrder) {
		c := tx.store.cas[identifier]
		if c.Authority == authority || c.NameAuthority == authority {
			list = append(list, c)
		}
	}
	return list, nil
}

func (tx *memoryTx) List(authority, crlUrl string) (List, bool, error) {
	l, found := tx.store.lists[[2]string{authority, crlUrl}]
	return l, found, nil
}

func (tx *memoryTx) Call(operation, clientToken string) (Call, bool, error) {
	c, found := tx.store.calls[[2]string{operation, clientToken}]
	return c, found, nil
}

func (tx *memoryTx) Certificates(q Query) (page []Certificate, err error) {
	skip := q.Skip
	for r := range tx.store.selected(q) {
		if len(page) >= q.Limit {
			break
		}
		if skip > 0 {
			skip--
			continue
		}
		page = append(page, r.clone())
	}
	return page, nil
}

func (tx *memoryTx) Count(q Query) (n int64, err error) {
	q.After = Certificate{}
	for range tx.store.selected(q) {
		n++
	}
	return n, nil
}

// selected yields the certificates that a query selects, without Skip and Limit.
func (s *MemoryStore) selected(q Query) iter.Seq[*record] {
	list, compare := s.byId, inOrderOfId
	switch {
	case q.ByExpiry:
		list, compare = s.byExpiry, inOrderOfExpiry
	case q.Term != "":
		list = s.byTerm[q.Term]
	case q.Authority != "":
		list = s.byAuthority[q.Authority]
	}
	from, to := 0, len(list)
	if q.After.Id != 0 {
		at, found := slices.BinarySearchFunc(list, &record{Certificate: q.After}, compare)
		switch {
		case !q.OldestFirst:
			to = at
		case found:
			from = at + 1
		default:
			from = at
		}
	}
	if !q.ExpireFrom.IsZero() {
		from = max(from, s.firstExpiring(q.ExpireFrom))
	}
	if !q.ExpireBefore.IsZero() {
		to = min(to, s.firstExpiring(q.ExpireBefore))
	}
	return func(yield func(*record) bool) {
		for i := from; i < to; i++ {
			r := list[i]
			if !q.OldestFirst {
				r = list[to-1-(i-from)]
			}
			if q.selects(r) && !yield(r) {
				return
			}
		}
	}
}

// firstExpiring returns the index in byExpiry of the first certificate that expires
// at a time or later.
func (s *MemoryStore) firstExpiring(at time.Time) int {
	i, _ := slices.BinarySearchFunc(s.byExpiry, at, func(r *record, at time.Time) int {
		return cmp.Or(r.NotAfter.Compare(at), 1)
	})
	return i
}

// selects reports whether a certificate passes all fields except ExpireFrom and
// ExpireBefore.
func (q *Query) selects(r *record) bool {
	passes := func(filter, value string) bool { return filter == "" || filter == value }
	return r.Status != StatusDelete && passes(q.Authority, r.Authority) && passes(q.Status, r.Status) && passes(q.Kind, r.Kind) &&
		passes(q.ResourceGroupId, r.Labels.ResourceGroupId) && (q.Term == "" || slices.Contains(r.terms, q.Term)) &&
		!(q.LeavesOnly && r.Kind == KindCA)
}

func (tx *memoryTx) AllCAs(after string, limit int) (list []CA, err error) {
	for _, c := range tx.store.cas {
		if c.Identifier > after {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b CA) int { return strings.Compare(a.Identifier, b.Identifier) })
	return list[:max(min(limit, len(list)), 0)], nil
}

func (tx *memoryTx) Revoked(authority, crlUrl string, since time.Time) iter.Seq2[ca.RevokedCertificate, error] {
	return func(yield func(ca.RevokedCertificate, error) bool) {
		for _, r := range tx.store.revoked[authority] {
			if crlUrl != "" && r.CrlUrl != crlUrl || r.NotAfter.Before(since) && r.Updated.Before(since) {
				continue
			}
			entry := ca.RevokedCertificate{
				SerialNumber: r.SerialNumber, RevocationTime: r.Revocation.RevocationTime,
				Reason: r.Revocation.Reason, InvalidityDate: r.Revocation.InvalidityDate,
			}
			if !yield(entry, nil) {
				return
			}
		}
	}
}

func (tx *memoryTx) CreateCertificate(c Certificate, terms []string) (int64, error) {
	s, serial, custom := tx.store, [2]string{c.Authority, c.SerialNumber}, c.Labels.CustomIdentifier
	if s.certificates[c.Identifier] != nil || s.bySerial[serial] != nil || custom != "" && s.byCustom[custom] != nil {
		return 0, ErrExists
	}
	s.lastId++
	c.Id = s.lastId
	r := &record{c.clone(), slices.Clone(terms)}
	s.certificates[c.Identifier], s.bySerial[serial] = r, r
	if custom != "" {
		s.byCustom[custom] = r
	}
	s.byId = insert(s.byId, r, inOrderOfId)
	s.byExpiry = insert(s.byExpiry, r, inOrderOfExpiry)
	insertInto(s.byAuthority, c.Authority, r)
	for _, term := range terms {
		insertInto(s.byTerm, term, r)
	}
	s.setRevoked(r, c.Status != statusIssue)
	tx.undo.Add(func() {
		delete(s.certificates, c.Identifier)
		delete(s.bySerial, serial)
		if custom != "" {
			delete(s.byCustom, custom)
		}
		s.byId = remove(s.byId, r, inOrderOfId)
		s.byExpiry = remove(s.byExpiry, r, inOrderOfExpiry)
		removeFrom(s.byAuthority, c.Authority, r)
		for _, term := range terms {
			removeFrom(s.byTerm, term, r)
		}
		s.setRevoked(r, false)
	})
	return c.Id, nil
}

func (tx *memoryTx) PutCertificate(c Certificate) error {
	r := tx.store.certificates[c.Identifier]
	if r == nil {
		return nil
	}
	before := *r
	tx.store.put(r, record{c.clone(), before.terms})
	tx.undo.Add(func() { tx.store.put(r, before) })
	if c.Status == StatusDelete {
		tx.deleteCalls(c.Identifier)
	}
	return nil
}

func (tx *memoryTx) deleteCalls(identifier string) {
	s := tx.store
	calls := s.callsOf[identifier]
	if len(calls) == 0 {
		return
	}
	delete(s.callsOf, identifier)
	for _, c := range calls {
		delete(s.calls, [2]string{c.Operation, c.ClientToken})
	}
	tx.undo.Add(func() {
		s.callsOf[identifier] = calls
		for _, c := range calls {
			s.calls[[2]string{c.Operation, c.ClientToken}] = c
		}
	})
}

// put replaces the content of a record and keeps the indexes in step.
func (s *MemoryStore) put(r *record, content record) {
	deleted, was := content.Status == StatusDelete, r.Status == StatusDelete
	custom := cmp.Or(content.Labels.CustomIdentifier, r.Labels.CustomIdentifier)
	if deleted != was {
		for _, term := range r.terms {
			if deleted {
				removeFrom(s.byTerm, term, r)
			} else {
				insertInto(s.byTerm, term, r)
			}
		}
		if custom != "" && deleted {
			delete(s.byCustom, custom)
		} else if custom != "" {
			s.byCustom[custom] = r
		}
	}
	*r = content
	s.setRevoked(r, content.Status != statusIssue)
}

// setRevoked adds a record to the revoked ones of its authority, or removes it.
func (s *MemoryStore) setRevoked(r *record, revoked bool) {
	removeFrom(s.revoked, r.Authority, r)
	if revoked {
		insertInto(s.revoked, r.Authority, r)
	}
}

func (tx *memoryTx) PutCA(c CA) error {
	s := tx.store
	if _, found := s.cas[c.Identifier]; !found {
		s.caOrder = append(s.caOrder, c.Identifier)
		tx.undo.Add(func() { s.caOrder = s.caOrder[:len(s.caOrder)-1] })
	}
	memstore.Set(&tx.undo, s.cas, c.Identifier, c)
	return nil
}

func (tx *memoryTx) PutList(l List) error {
	memstore.Set(&tx.undo, tx.store.lists, [2]string{l.Authority, l.CrlUrl}, l)
	return nil
}

func (tx *memoryTx) CreateCall(c Call) error {
	s := tx.store
	memstore.Set(&tx.undo, s.calls, [2]string{c.Operation, c.ClientToken}, c)
	memstore.Set(&tx.undo, s.callsOf, c.Identifier, append(slices.Clip(s.callsOf[c.Identifier]), c))
	return nil
}

func inOrderOfId(a, b *record) int { return cmp.Compare(a.Id, b.Id) }

func inOrderOfExpiry(a, b *record) int {
	return cmp.Or(a.NotAfter.Compare(b.NotAfter), cmp.Compare(a.Id, b.Id))
}

// insert and remove keep a list sorted.
func insert(list []*record, r *record, compare func(a, b *record) int) []*record {
	at, _ := slices.BinarySearchFunc(list, r, compare)
	return slices.Insert(list, at, r)
}

func remove(list []*record, r *record, compare func(a, b *record) int) []*record {
	at, found := slices.BinarySearchFunc(list, r, compare)
	if !found {
		return list
	}
	return slices.Delete(list, at, at+1)
}

// insertInto and removeFrom keep the lists of a map sorted by Id.
func insertInto(lists map[string][]*record, key string, r *record) {
	lists[key] = insert(lists[key], r, inOrderOfId)
}

func removeFrom(lists map[string][]*record, key string, r *record) {
	list := remove(lists[key], r, inOrderOfId)
	if len(list) > 0 {
		lists[key] = list
	} else {
		delete(lists, key)
	}
}
