package order

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
)

// BookOptions configure a [Book]. The zero value is ready to use.
type BookOptions struct {
	Verifier  Verifier            // looks up proofs of ownership; nil means &NetVerifier{}
	KeyPolicy algorithm.KeyPolicy // for the keys in CSRs, at submission and again at issuance

	// Authority is the CA that certifies new orders and checks their ownership, such as a
	// public CA. Nil means that the orders prove their ownership to the Book only, and
	// that you sign with [Book.Issue] or [Book.Complete].
	//
	// With an Authority an order has all DNS names of its CSR. Addresses, other names and
	// keys on P-521 are refused at submission, because the public CAs refuse them. The
	// CA decides the term, and Months of the [Product] has no meaning: no public CA
	// issues for twelve months any more (Baseline Requirements, section 6.3.2). Proofs
	// by file work over http on port 80 only. CAA records (RFC 8659) are not looked up:
	// a record that does not name the CA makes it refuse.
	//
	// The account at the CA counts as one applicant: the CA may need no proof for a name
	// that an earlier order of another applicant has proved. Unless your applicants trust
	// each other, decide who may order which name, or give each of them a Book with an
	// account of its own.
	Authority Authority

	// Products are your own products, in addition to the documented ones of [Products].
	// Keep a product here as long as an order of it can be issued or renewed. The Validate
	// methods of requests know the documented products only.
	Products []Product

	// RenewBefore is how long before its certificate expires an order can be renewed with
	// [Book.RenewCertificateOrderForPackageRequest]. Zero means 30 days. The documents do
	// not say how long.
	RenewBefore time.Duration
}

// A Book runs the operations on the orders in a [Store]. It is safe for concurrent
// use, and several Books can share a Store.
type Book struct {
	store     Store
	verifier  Verifier
	keyPolicy algorithm.KeyPolicy
	authority Authority
	products  []Product

	renewBefore time.Duration
}

// NewBook returns a Book over a store. It panics if the store is nil, if the store, the
// Verifier or the Authority is a nil pointer, or if one of Products has no Code, the Code
// of another product, neither Single nor Wildcard, or a number outside its limits. It
// also panics if RenewBefore is negative.
func NewBook(store Store, opts BookOptions) *Book {
	// Without these checks an operation would panic later.
	if param.IsNil(store) {
		panic("order.NewBook: the store is nil; want one such as order.NewMemoryStore()")
	}
	if opts.Verifier == nil {
		opts.Verifier = &NetVerifier{}
	}
	if param.IsNil(opts.Verifier) {
		panic(fmt.Sprintf("order.NewBook: the Verifier is a nil %T; leave it out to use a NetVerifier", opts.Verifier))
	}
	if opts.Authority != nil && param.IsNil(opts.Authority) {
		panic(fmt.Sprintf("order.NewBook: the Authority is a nil %T; leave it out to sign with a CA of your own", opts.Authority))
	}
	if opts.RenewBefore < 0 {
		panic(fmt.Sprintf("order.NewBook: RenewBefore is %s; want a time above zero, or zero for 30 days", opts.RenewBefore))
	}
	renewBefore := cmp.Or(opts.RenewBefore, 30*24*time.Hour)
	return &Book{store, opts.Verifier, opts.KeyPolicy, opts.Authority, withProducts(opts.Products), renewBefore}
}

// AddPackage buys count units of a product. An empty productCode means
// [DefaultProductCode]. It returns [yuncert.ErrInvalidParameter] for an unknown
// product, for a count below 1 and for a total above 2^63-1.
func (b *Book) AddPackage(ctx context.Context, productCode string, count int64) error {
	product, err := productOf(b.products, productCode, yuncert.ErrInvalidParameter)
	if err != nil {
		return err
	}
	return b.update(ctx, func(tx Tx) error {
		p, _, err := tx.Package(product.Code)
		if err != nil {
			return err
		}
		if count < 1 || count > math.MaxInt64-p.TotalCount {
			return param.Refused("count", "%d is not from 1 to %d", count, math.MaxInt64-p.TotalCount)
		}
		p.ProductCode = product.Code
		p.TotalCount += count
		return tx.PutPackage(p)
	})
}

// Order returns an order as it is stored.
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

// orderFor returns an order whose state allows an event. The state can change before
// the event is stored, so [Book.move] looks again.
func (b *Book) orderFor(ctx context.Context, orderID int64, e event) (Order, error) {
	o, err := b.Order(ctx, orderID)
	if err != nil {
		return Order{}, err
	}
	if _, err := o.State.after(e); err != nil {
		return Order{}, err
	}
	return o, nil
}

// move applies an event to an order and stores it. If change is not nil, it makes
// further changes to the order first. Attempts begin again in each state and for each
// proof.
func (b *Book) move(ctx context.Context, now time.Time, orderID int64, e event, change func(Tx, *Order) error) (o Order, err error) {
	err = b.update(ctx, func(tx Tx) error {
		o, err = readOrder(tx, orderID)
		if err != nil {
			return err
		}
		before := o
		o.State, err = before.State.after(e)
		if err != nil {
			return err
		}
		if e != eventPostpone { // Updated in StateProcess is the time of the proof
			o.Updated = instant(now)
		}
		if change != nil {
			if err := change(tx, &o); err != nil {
				return err
			}
		}
		if o.State != before.State || o.Due != before.Due || o.Token != before.Token {
			o.Attempts, o.Next = 0, time.Time{}
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

func storeError(err error, code yuncert.Code, parameter string) error {
	return param.StoreFailed(err, code, parameter, "the order store failed")
}

// readOrder returns an order that must exist.
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

// packageOf returns the package that an order took its unit from. If it does not
// exist, the store has lost it. That is not a refusal, so the error has no code.
func packageOf(tx Reader, o *Order) (Package, error) {
	p, found, err := tx.Package(o.ProductCode)
	if err == nil && !found {
		err = fmt.Errorf("there is no package of %.80q, although order %d took a unit of it", o.ProductCode, o.OrderId)
	}
	return p, err
}

// instant returns a time as stores keep it.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
