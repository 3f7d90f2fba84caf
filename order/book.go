package order

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
)

// BookOptions is what a [Book] needs to know beyond its store. The zero value is
// a good one.
type BookOptions struct {
	// Verifier looks for proofs of ownership. Nil means &[NetVerifier]{}.
	Verifier Verifier

	// Keys is what is asked of the keys in CSRs, when an order is submitted and when
	// its certificate comes. The zero Policy is a good one.
	Keys algorithm.Policy
}

// A Book runs the operations on orders over a [Store]. It has no state of its
// own and is safe for concurrent use.
type Book struct {
	store    Store
	verifier Verifier
	keys     algorithm.Policy
}

// NewBook returns a Book over a store. It panics if the store is nil, or if the
// store or the Verifier is a nil pointer: no operation could run then.
func NewBook(store Store, opts BookOptions) *Book {
	if store == nil || isNilPointer(store) {
		panic("order.NewBook: the store is nil; want one such as order.NewMemoryStore()")
	}
	if isNilPointer(opts.Verifier) {
		panic(fmt.Sprintf("order.NewBook: the Verifier is a nil %T; leave it out for a NetVerifier", opts.Verifier))
	}
	if opts.Verifier == nil {
		opts.Verifier = &NetVerifier{}
	}
	return &Book{store, opts.Verifier, opts.Keys}
}

func isNilPointer(value any) bool {
	v := reflect.ValueOf(value)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// AddPackage adds count units to the package of a product, which it makes if
// there is none: what buying a certificate resource plan is here. An empty
// productCode means [DefaultProductCode].
//
// A product that does not exist and a count below 1 or so large that the sum
// exceeds 2^63-1 are [yuncert.ErrInvalidParameter]; a store that fails is
// [yuncert.ErrError].
func (b *Book) AddPackage(ctx context.Context, productCode string, count int64) error {
	product, err := productOf(productCode, yuncert.ErrInvalidParameter)
	if err != nil {
		return err
	}
	return b.update(ctx, func(tx Tx) error {
		p, _, err := tx.Package(product.Code)
		if err != nil {
			return err
		}
		if count < 1 || count > math.MaxInt64-p.TotalCount {
			return yuncert.Errorf(yuncert.ErrInvalidParameter, "count", "%d is not from 1 to %d", count, math.MaxInt64-p.TotalCount)
		}
		p.ProductCode = product.Code
		p.TotalCount += count
		return tx.PutPackage(p)
	})
}

// Order returns an order as it is stored, with the reason of a failure.
//
// An orderID that names no order is [yuncert.ErrNotFoundOrder]; a store that
// fails is [yuncert.ErrError].
func (b *Book) Order(ctx context.Context, orderID int64) (o Order, err error) {
	err = b.view(ctx, func(tx Snapshot) (err error) {
		o, err = readOrder(tx, orderID)
		return err
	})
	if err != nil {
		return Order{}, err
	}
	return o, nil
}

// maxPage is how many orders one page holds.
const maxPage = 1000

// Orders returns up to limit orders in a state, oldest first: a page of 1 to 1000.
// The first page comes after the zero Order, and each further one after the last
// order of the page before, which may have changed or gone since. A page shorter
// than limit is the last. An order that comes into the state after its place was
// passed, or is submitted with an earlier Created since clocks of several processes
// differ, is not on the pages that follow: who waits for orders begins again from
// the zero Order.
//
// A state that is none of the constants and another limit are
// [yuncert.ErrInvalidParameter]; a store that fails is [yuncert.ErrError].
func (b *Book) Orders(ctx context.Context, state State, after Order, limit int) (page []Order, err error) {
	if !slices.Contains(states, state) {
		return nil, yuncert.Errorf(yuncert.ErrInvalidParameter, "state", "%.40q is not one of %s", string(state), states)
	}
	if limit < 1 || limit > maxPage {
		return nil, yuncert.Errorf(yuncert.ErrInvalidParameter, "limit", "%d is not from 1 to %d", limit, maxPage)
	}
	err = b.view(ctx, func(tx Snapshot) (err error) {
		page, err = tx.Orders(state, after, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// move applies an event to an order. change, if not nil, alters what else of the
// order the event alters, before it is stored.
func (b *Book) move(ctx context.Context, now time.Time, orderID int64, e event, change func(Tx, *Order) error) (o Order, err error) {
	err = b.update(ctx, func(tx Tx) error {
		if o, err = readOrder(tx, orderID); err != nil {
			return err
		}
		if o.State, err = o.State.after(e); err != nil {
			return err
		}
		o.Updated = instant(now)
		if change != nil {
			if err := change(tx, &o); err != nil {
				return err
			}
		}
		return tx.PutOrder(o)
	})
	if err != nil {
		return Order{}, err
	}
	return o, nil
}

// update and view run a transaction. An error that is not a refusal of this
// package's is the store's.
func (b *Book) update(ctx context.Context, f func(Tx) error) error {
	return storeError(b.store.Update(ctx, f))
}

func (b *Book) view(ctx context.Context, f func(Snapshot) error) error {
	return storeError(b.store.View(ctx, f))
}

func storeError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*yuncert.Error](err); ok && !errors.Is(err, ErrOutcomeUnknown) {
		return e
	}
	return &yuncert.Error{Code: yuncert.ErrError, Message: "the order store failed", Err: err}
}

// readOrder returns an order that must be there.
func readOrder(tx Reader, orderID int64) (Order, error) {
	o, found, err := tx.Order(orderID)
	if err == nil && !found {
		err = yuncert.Errorf(yuncert.ErrNotFoundOrder, "OrderId", "there is no order %d", orderID)
	}
	return o, err
}

// readPackage returns a package that must have been bought.
func readPackage(tx Reader, productCode string) (Package, error) {
	p, found, err := tx.Package(productCode)
	if err == nil && !found {
		err = yuncert.Errorf(yuncert.ErrNotFoundPackage, "ProductCode", "no package of %s was bought", productCode)
	}
	return p, err
}

// packageOf returns the package that an order took its unit from. A store that
// does not have it has failed.
func packageOf(tx Reader, o *Order) (Package, error) {
	p, found, err := tx.Package(o.ProductCode)
	if err == nil && !found {
		err = fmt.Errorf("there is no package of %.80q, of which order %d is", o.ProductCode, o.OrderId)
	}
	return p, err
}

func checkOrderID(orderID int64) error {
	if orderID == 0 {
		return yuncert.Missing("OrderId")
	}
	return nil
}

// instant is a time as stores keep it.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// newOrderID draws 53 bits. There is no 0: of the 2^53 values two give 1.
func newOrderID(rand io.Reader) (int64, error) {
	var b [8]byte
	if err := draw(rand, b[:]); err != nil {
		return 0, err
	}
	return max(int64(binary.BigEndian.Uint64(b[:])>>11), 1), nil
}

// newRequestID is [yuncert.NewRequestId] with the code that orders have for a
// failure.
func newRequestID(rand io.Reader) (string, error) {
	id, err := yuncert.NewRequestId(rand)
	if e, ok := errors.AsType[*yuncert.Error](err); ok {
		return "", &yuncert.Error{Code: yuncert.ErrError, Message: e.Message, Err: e.Err}
	}
	return id, err
}

// draw fills b from rand; nil means [crypto/rand.Reader].
func draw(rand io.Reader, b []byte) error {
	if rand == nil {
		rand = cryptorand.Reader
	}
	if _, err := io.ReadFull(rand, b); err != nil {
		return &yuncert.Error{Code: yuncert.ErrError, Message: "no randomness for an order", Err: err}
	}
	return nil
}
