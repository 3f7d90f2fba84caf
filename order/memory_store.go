package order

import (
	"cmp"
	"context"
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
	byState  map[State][]*Order // sorted as Snapshot.Orders gives them
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore { return new(MemoryStore) }

// Update implements [Store]. f runs once.
func (s *MemoryStore) Update(ctx context.Context, f func(Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.packages == nil {
		s.packages, s.orders, s.byState = map[string]Package{}, map[int64]*Order{}, map[State][]*Order{}
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
	sorted := tx.store.byState[state]
	from, found := slices.BinarySearchFunc(sorted, &after, inOrder)
	if found {
		from++
	}
	sorted = sorted[from:]
	var page []Order
	for _, o := range sorted[:max(min(limit, len(sorted)), 0)] {
		page = append(page, *o)
	}
	return page, nil
}

// OrdersOf looks at every order.
func (tx *memoryTx) OrdersOf(domain string, after Order, limit int) ([]Order, error) {
	return tx.selected(func(o *Order) bool { return o.Domain == domain }, inOrder, after, limit), nil
}

// Expiring looks at every order.
func (tx *memoryTx) Expiring(before time.Time, after Order, limit int) ([]Order, error) {
	return tx.selected(func(o *Order) bool {
		return o.State == StateCertificate && !o.NotAfter.IsZero() && o.NotAfter.Before(before)
	}, byNotAfter, after, limit), nil
}

// selected returns a page of the orders that a condition selects.
func (tx *memoryTx) selected(selects func(*Order) bool, compare func(a, b *Order) int, after Order, limit int) []Order {
	var selected []*Order
	for _, o := range tx.store.orders {
		if selects(o) && compare(o, &after) > 0 {
			selected = append(selected, o)
		}
	}
	slices.SortFunc(selected, compare)
	var page []Order
	for _, o := range selected[:max(min(limit, len(selected)), 0)] {
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
	before := tx.store.orders[o.OrderId]
	if before != nil && before.State == o.State && before.Created.Equal(o.Created) {
		// The order keeps its position. To remove and insert it would move all
		// orders after it, which takes a millisecond among a million orders.
		tx.store.replace(&o)
		tx.undo.Add(func() { tx.store.replace(before) })
		return nil
	}
	if err := tx.DeleteOrder(o.OrderId); err != nil {
		return err
	}
	return tx.CreateOrder(o)
}

func (tx *memoryTx) DeleteOrder(orderID int64) error {
	before := tx.store.remove(orderID)
	if before != nil {
		tx.undo.Add(func() { tx.store.add(before) })
	}
	return nil
}

// add and remove keep orders and byState in step.
func (s *MemoryStore) add(o *Order) {
	s.orders[o.OrderId] = o
	sorted := s.byState[o.State]
	at, _ := slices.BinarySearchFunc(sorted, o, inOrder)
	s.byState[o.State] = slices.Insert(sorted, at, o)
}

func (s *MemoryStore) remove(orderID int64) *Order {
	o := s.orders[orderID]
	if o == nil {
		return nil
	}
	delete(s.orders, orderID)
	sorted := s.byState[o.State]
	at, _ := slices.BinarySearchFunc(sorted, o, inOrder)
	s.byState[o.State] = slices.Delete(sorted, at, at+1)
	return o
}

// replace puts an order in the position of the one with the same State, Created and
// OrderId.
func (s *MemoryStore) replace(o *Order) {
	s.orders[o.OrderId] = o
	sorted := s.byState[o.State]
	at, _ := slices.BinarySearchFunc(sorted, o, inOrder)
	sorted[at] = o
}

// inOrder compares orders as [Snapshot.Orders] sorts them.
func inOrder(a, b *Order) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.OrderId, b.OrderId))
}

// byNotAfter compares orders as [Snapshot.Expiring] sorts them.
func byNotAfter(a, b *Order) int {
	return cmp.Or(a.NotAfter.Compare(b.NotAfter), cmp.Compare(a.OrderId, b.OrderId))
}
