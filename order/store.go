package order

import (
	"context"
	"errors"
	"time"
)

// A Store keeps the packages and orders of a [Book]. It must be safe for concurrent
// use. [MemoryStore] is one, and package sqlstore has another. Package storetest
// tests a Store against the rules here.
type Store interface {
	// Update runs f in a transaction and then commits what f wrote. It commits
	// nothing if f returns an error or panics, if the store fails, or if ctx ends
	// before the commit begins. An error of f is returned as it is.
	//
	// A package or order that f has found is locked: no other Update changes it
	// before this one ends. One that f looked up and did not find is not locked, and
	// another Update may create it. Then CreateOrder returns [ErrOrderExists], and
	// PutPackage makes the store run f again.
	//
	// A store may run f again after any conflict. So f must set its results in each
	// run and have no other side effect. f must not call the store or keep the Tx.
	//
	// If it is unknown whether a commit succeeded, such as after a connection broke
	// during it, the error wraps [ErrOutcomeUnknown].
	Update(ctx context.Context, f func(Tx) error) error

	// View runs f over one consistent state, perhaps more than once. An error of
	// f is returned as it is. f must not call the store or keep the Snapshot.
	View(ctx context.Context, f func(Snapshot) error) error
}

// A Reader looks up packages and orders in a Store, and says whether they exist.
type Reader interface {
	Package(productCode string) (p Package, found bool, err error)
	Order(orderID int64) (o Order, found bool, err error)
}

// A Snapshot is the state of a Store at one moment.
type Snapshot interface {
	Reader

	// Orders returns up to limit orders in a state, sorted by Created and then by
	// OrderId. It begins after the position that Created and OrderId of after
	// have in this sequence, whether or not an order is there. The zero Order is
	// before all.
	Orders(state State, after Order, limit int) ([]Order, error)
}

// A Tx reads and writes a Store. It reads its own writes. Before PutPackage,
// PutOrder and DeleteOrder, the same Update looks up the package or order with
// Reader.
type Tx interface {
	Reader

	// PutPackage creates or replaces the package with this ProductCode.
	PutPackage(p Package) error

	// CreateOrder stores a new order. If the OrderId is taken, it returns
	// [ErrOrderExists], and the transaction can go on.
	CreateOrder(o Order) error

	// PutOrder replaces the order with this OrderId.
	PutOrder(o Order) error

	DeleteOrder(orderID int64) error
}

// ErrOrderExists is what CreateOrder of a [Tx] returns if the OrderId is taken. No
// operation of a [Book] returns it.
var ErrOrderExists = errors.New("an order with this OrderId exists")

// ErrOutcomeUnknown is the cause of [yuncert.ErrError] or [yuncert.ErrDeleteFail]
// if the change may be stored or not. Read the order before you try again.
var ErrOutcomeUnknown = errors.New("it is unknown whether the change was stored")

// A Package is what was bought of one product, a certificate resource plan.
// 0 ≤ IssuedCount ≤ UsedCount ≤ TotalCount holds always.
type Package struct {
	ProductCode string // the Code of a Product
	TotalCount  int64  // certificates bought
	UsedCount   int64  // orders that took a unit and were not deleted since
	IssuedCount int64  // certificates issued
}

// An Order is one application, as a [Store] keeps it. It holds no pointer, so a
// copy is independent.
type Order struct {
	OrderId     int64  // from 1 to 2^53-1
	ProductCode string // the Code of a Product
	State       State

	// Domain is the name to certify, the CSR's common name: in lower case and
	// ASCII, with "*." in front for a wildcard certificate, of up to 255 octets.
	Domain string

	Csr          string // in PEM
	ValidateType string // how ownership is proved: "DNS" or "FILE"

	// Username, Phone and Email are the applicant's, as submitted: up to 255
	// characters each, of up to 4 octets.
	Username, Phone, Email string

	// Token is what the proof must say: 64 characters.
	Token string

	// Reason says why the last check of ownership or the review failed, in up to
	// 500 characters. Empty if neither failed.
	Reason string

	// Certificate is the certificate in PEM, followed by CA certificates. It may
	// have any length. Empty before the certificate is issued.
	Certificate string

	// Created and Updated are when the order was submitted and last changed, in UTC
	// and whole microseconds.
	Created, Updated time.Time
}
