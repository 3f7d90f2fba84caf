package order

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/yuncert/yuncert/internal/memstore"
)

// A MemoryStore is a [Store] in memory. The zero value is an empty store. Do not
// copy it after its first use. Updates run one at a time, and Views run in parallel.
// A call that waits for another one does not notice that ctx ends.
type MemoryStore struct {
	mu       sync.RWMutex
	packages map[string]Package // this and the other maps are nil before the first Update
	orders   map[int64]*Order
	byState  map[State][]*Order  // sorted as Snapshot.Orders gives them
	byDomain map[string][]*Order // sorted as Snapshot.OrdersOf gives them
	byExpiry []*Order            // only orders with a NotAfter, sorted as Snapshot.Expiring gives them
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore { return new(MemoryStore) }

// Update implements [Store]. f runs once.
func (s *MemoryStore) Update(ctx context.Context, f func(Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.packages == nil {
		s.packages, s.orders = map[string]Package{}, map[int64]*Order{}
		s.byState, s.byDomain = map[State][]*Order{}, map[string][]*Order{}
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

func (tx *memoryTx) Package(productCode string) (Package, bool, error) {
	p, found := tx.store.packages[productCode]
	return p, found, nil
}

func (tx *memoryTx) Order(orderID int64) (Order, bool, error) {
	o, found := tx.store.orders[orderID]
	if !found {
		return Order{}, false, nil
	}
	return *o, true, nil
}

func (tx *memoryTx) Orders(state State, after Order, limit int) ([]Order, error) {
	return pageAfter(tx.store.byState[state], &after, inOrder, limit), nil
}

func (tx *memoryTx) OrdersOf(domain string, after Order, limit int) ([]Order, error) {
	return pageAfter(tx.store.byDomain[domain], &after, inOrder, limit), nil
}

func (tx *memoryTx) Expiring(before time.Time, after Order, limit int) ([]Order, error) {
	sorted := tx.store.byExpiry
	end, _ := slices.BinarySearchFunc(sorted, &Order{NotAfter: before, OrderId: math.MinInt64}, inOrderOfExpiry)
	return pageAfter(sorted[:end], &after, inOrderOfExpiry, limit), nil
}

// pageAfter returns up to limit orders of a sorted list that come after an order.
func pageAfter(sorted []*Order, after *Order, compare func(a, b *Order) int, limit int) (page []Order) {
	from, found := slices.BinarySearchFunc(sorted, after, compare)
	if found {
		from++
	}
	sorted = sorted[from:]
	for _, o := range sorted[:max(min(limit, len(sorted)), 0)] {
		page = append(page, *o)
	}
	return page
}

func (tx *memoryTx) PutPackage(p Package) error {
	memstore.Set(&tx.undo, tx.store.packages, p.ProductCode, p)
	return nil
}

func (tx *memoryTx) CreateOrder(o Order) error {
	if tx.store.orders[o.OrderId] != nil {
		return ErrOrderExists
	}
	tx.store.add(&o)
	tx.undo.Add(func() { tx.store.remove(o.OrderId) })
	return nil
}

func (tx *memoryTx) PutOrder(o Order) error {
	stored := tx.store.orders[o.OrderId]
	if stored == nil {
		return tx.CreateOrder(o)
	}
	before := *stored
	tx.store.replace(stored, o)
	tx.undo.Add(func() { tx.store.replace(stored, before) })
	return nil
}

func (tx *memoryTx) DeleteOrder(orderID int64) error {
	before := tx.store.remove(orderID)
	if before != nil {
		tx.undo.Add(func() { tx.store.add(before) })
	}
	return nil
}

func (s *MemoryStore) add(o *Order) {
	s.orders[o.OrderId] = o
	s.byState[o.State] = insert(s.byState[o.State], o, inOrder)
	s.byDomain[o.Domain] = insert(s.byDomain[o.Domain], o, inOrder)
	if expires(o) {
		s.byExpiry = insert(s.byExpiry, o, inOrderOfExpiry)
	}
}

func (s *MemoryStore) remove(orderID int64) *Order {
	o := s.orders[orderID]
	if o == nil {
		return nil
	}
	delete(s.orders, orderID)
	s.byState[o.State] = remove(s.byState[o.State], o, inOrder)
	s.byDomain[o.Domain] = remove(s.byDomain[o.Domain], o, inOrder)
	if len(s.byDomain[o.Domain]) == 0 {
		delete(s.byDomain, o.Domain)
	}
	if expires(o) {
		s.byExpiry = remove(s.byExpiry, o, inOrderOfExpiry)
	}
	return o
}

// replace changes the content of a stored order.
func (s *MemoryStore) replace(stored *Order, content Order) {
	// An order that keeps its positions is changed in place. To remove and insert it
	// would move all orders after it, which takes a millisecond among a million orders.
	if stored.State == content.State && stored.Domain == content.Domain && stored.Created.Equal(content.Created) &&
		stored.NotAfter.Equal(content.NotAfter) {
		*stored = content
		return
	}
	s.remove(stored.OrderId)
	*stored = content
	s.add(stored)
}

// expires reports whether [Snapshot.Expiring] gives an order.
func expires(o *Order) bool { return o.State == StateCertificate && !o.NotAfter.IsZero() }

// insert and remove keep a list sorted.
func insert(sorted []*Order, o *Order, compare func(a, b *Order) int) []*Order {
	at, _ := slices.BinarySearchFunc(sorted, o, compare)
	return slices.Insert(sorted, at, o)
}

func remove(sorted []*Order, o *Order, compare func(a, b *Order) int) []*Order {
	at, _ := slices.BinarySearchFunc(sorted, o, compare)
	return slices.Delete(sorted, at, at+1)
}

// inOrder compares orders as [Snapshot.Orders] sorts them.
func inOrder(a, b *Order) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.OrderId, b.OrderId))
}

// inOrderOfExpiry compares orders as [Snapshot.Expiring] sorts them.
func inOrderOfExpiry(a, b *Order) int {
	return cmp.Or(a.NotAfter.Compare(b.NotAfter), cmp.Compare(a.OrderId, b.OrderId))
}
