package order

import (
	"context"
	"errors"
	"strings"
	"time"
)

// A Store keeps the packages and orders of a [Book]. It must be safe for concurrent
// use. Package storetest tests a Store against the rules here.
type Store interface {
	// Update runs f in a transaction and then commits what f wrote. It commits nothing
	// if f returns an error or panics, if the store fails, or if ctx ends before the
	// commit begins. It returns an error of f as it is: the Book recognizes its own.
	//
	// Until this Update ends, no other one changes a package or order that f has found.
	// If f looked one up and did not find it, another Update may create it. Then
	// CreateOrder returns [ErrOrderExists], and PutPackage makes the store run f again.
	//
	// A store may run f again after any conflict. So f must set its results in each
	// run and have no other side effect. f must not call the store or keep the Tx.
	//
	// If it is unknown whether the commit succeeded, such as after a broken connection,
	// the error wraps [ErrOutcomeUnknown].
	Update(ctx context.Context, f func(Tx) error) error

	// View runs f over one consistent state. The rules for f and its error are the same.
	View(ctx context.Context, f func(Snapshot) error) error
}

// A Reader looks up packages and orders, and says whether they exist.
type Reader interface {
	Package(productCode string) (p Package, found bool, err error)
	Order(orderID int64) (o Order, found bool, err error)
}

// A Snapshot is the state of a Store at one moment.
type Snapshot interface {
	Reader

	// Orders returns up to limit orders in a state, sorted by Created and then by
	// OrderId. It begins after the position of Created and OrderId of after, whether
	// or not an order is there. The zero Order is before all.
	Orders(state State, after Order, limit int) ([]Order, error)

	// OrdersOf returns up to limit orders with a Domain, in any state. Domain is equal
	// octet by octet. The sequence and after are as in Orders.
	OrdersOf(domain string, after Order, limit int) ([]Order, error)

	// Expiring returns up to limit orders in [StateCertificate] whose NotAfter is before
	// a time and not zero, sorted by NotAfter and then by OrderId. It begins after the
	// position of NotAfter and OrderId of after, whether or not an order is there. The
	// zero Order is before all.
	Expiring(before time.Time, after Order, limit int) ([]Order, error)
}

// A Tx reads and writes a Store. It reads its own writes. Before PutPackage,
// PutOrder and DeleteOrder, the same Update looks up the package or order.
type Tx interface {
	Reader

	PutPackage(p Package) error      // creates or replaces the package with this ProductCode
	CreateOrder(o Order) error       // returns [ErrOrderExists] if the OrderId is taken; f can go on
	PutOrder(o Order) error          // replaces the order with this OrderId
	DeleteOrder(orderID int64) error // deletes the order with this OrderId
}

// ErrOrderExists is the error of CreateOrder of a [Tx] if the OrderId is taken. No
// operation of a [Book] returns it.
var ErrOrderExists = errors.New("an order with this OrderId exists")

// ErrOutcomeUnknown is the cause of [yuncert.ErrError] or [yuncert.ErrDeleteFail] if
// the change may or may not be stored.
var ErrOutcomeUnknown = errors.New("it is unknown whether the change was stored")

// A Package is what was bought of one product, a certificate resource plan. Always
// 0 ≤ IssuedCount ≤ UsedCount ≤ TotalCount.
type Package struct {
	ProductCode string // the Code of a Product
	TotalCount  int64  // certificates bought
	UsedCount   int64  // orders that took a unit and have not given it back
	IssuedCount int64  // how many of these have a certificate
}

// An Order is one application, as a [Store] keeps it. It holds no pointer, so a copy
// is independent. Its times are in UTC and whole microseconds.
type Order struct {
	OrderId                int64  // from 1 to 2^53-1
	ProductCode            string // the Code of a Product
	State                  State
	Domain                 string    // the first of Names: up to 255 octets
	Names                  string    // what the certificate is for: DNS names in lower case and ASCII, separated by commas
	Csr                    string    // in PEM
	ValidateType           string    // how ownership is proved: "DNS" or "FILE"
	Username, Phone, Email string    // the applicant's: up to 255 characters each, of up to 4 octets
	Reference              string    // the [Authority]'s own name of the order: up to 2048 octets; empty without one
	Due                    string    // the name to prove next, without "*."
	Token                  string    // the text of its proof: 64 characters, or up to 512 from an Authority
	Reason                 string    // why the last check or the CA's review failed: up to 500 characters
	Certificate            string    // in PEM, followed by CA certificates: of any length
	Attempts               int64     // calls of [Book.Postpone] since the order entered its state or another proof is due
	Next                   time.Time // the earliest time of the next attempt; zero means at once
	Issued, NotAfter       time.Time // when the certificate was stored, and when it expires; zero without one
	Created, Updated       time.Time // when it was submitted, and when it last changed other than by Postpone
}

// names returns Names one by one.
func (o *Order) names() []string { return strings.Split(o.Names, ",") }
