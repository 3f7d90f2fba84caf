package order

import (
	"context"
	"errors"
	"fmt"
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
		o, err = readOrder(tx, orderID)
		if err != nil {
			return err
		}
		o.State, err = o.State.after(e)
		if err != nil {
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

func (b *Book) update(ctx context.Context, f func(Tx) error) error {
	return storeError(b.store.Update(ctx, f), yuncert.ErrError, "")
}

func (b *Book) view(ctx context.Context, f func(Snapshot) error) error {
	return storeError(b.store.View(ctx, f), yuncert.ErrError, "")
}

// storeError sorts the errors of a transaction. A coded error is a refusal that f
// returned, and stays as it is. Any other error is a failure of the store and gets
// the code.
func storeError(err error, code yuncert.Code, parameter string) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*yuncert.Error](err)
	if ok && !errors.Is(err, ErrOutcomeUnknown) {
		return e
	}
	return &yuncert.Error{Code: code, Parameter: parameter, Message: "the order store failed", Err: err}
}

// withCode gives the coded error of another package the code that orders have for
// it.
func withCode(err error, code yuncert.Code) error {
	e, ok := errors.AsType[*yuncert.Error](err)
	if !ok {
		return err
	}
	coded := *e
	coded.Code = code
	return &coded
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

// instant is a time as stores keep it.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
