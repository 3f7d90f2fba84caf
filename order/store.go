package order

import (
	"context"
	"errors"
	"time"
)

// A Store keeps packages and orders for a [Book]. It must be safe for concurrent
// use. [NewMemoryStore] makes one, package sqlstore another, and package
// storetest tests any.
type Store interface {
	// Update runs f in a transaction and commits what it wrote. It commits nothing
	// if f fails or panics, if the store fails, or if ctx ends before the commit
	// begins. Until then nobody else changes the packages and orders that f has
	// found. What f looked for and did not find may be made meanwhile: CreateOrder
	// then returns [ErrOrderExists], and PutPackage has the store run f again. A
	// store may run f again after any conflict, so f sets its results each time and
	// has no other effect. f may not call the store itself, nor keep the Tx.
	//
	// A commit whose outcome nobody knows, since a connection broke in it for
	// example, is an error that wraps [ErrOutcomeUnknown].
	Update(ctx context.Context, f func(Tx) error) error

	// View runs f over one consistent state. f may not call the store itself, nor
	// keep the Snapshot.
	View(ctx context.Context, f func(Snapshot) error) error
}

// A Reader finds packages and orders in a Store.
type Reader interface {
	// Package returns the package of a product, and whether there is one.
	Package(productCode string) (p Package, found bool, err error)

	// Order returns an order, and whether there is one.
	Order(orderID int64) (o Order, found bool, err error)
}

// A Snapshot is one state of a Store.
type Snapshot interface {
	Reader

	// Orders returns up to limit orders in a state, those with the least Created
	// first and of equal ones those with the least OrderId, from behind the place
	// that Created and OrderId of after have in this sequence. The zero Order is in
	// front of all.
	Orders(state State, after Order, limit int) ([]Order, error)
}

// A Tx reads and writes a Store. What it wrote it reads.
type Tx interface {
	Reader

	// PutPackage stores a package in the place of the one with its ProductCode, if
	// there is one. The same Update has read that place with Package before.
	PutPackage(p Package) error

	// CreateOrder stores a new order. The error is [ErrOrderExists], and the
	// transaction may go on, if there is one with its OrderId.
	CreateOrder(o Order) error

	// PutOrder stores an order in the place of the one with its OrderId, which the
	// same Update has read with Order before.
	PutOrder(o Order) error

	// DeleteOrder removes an order, which the same Update has read with Order
	// before.
	DeleteOrder(orderID int64) error
}

// ErrOrderExists is what CreateOrder of a [Tx] returns for an OrderId that is
// taken. No operation of a [Book] returns it.
var ErrOrderExists = errors.New("an order with this OrderId exists")

// ErrOutcomeUnknown is in the error of a transaction that may be committed or not.
// A [Book] passes it on as the cause of [yuncert.ErrError], or of
// [yuncert.ErrDeleteFail]: the caller looks at the orders before trying again.
var ErrOutcomeUnknown = errors.New("what was written may be stored or not")

// A Package is what was bought of one product, a certificate resource plan.
// UsedCount never exceeds TotalCount, nor IssuedCount UsedCount.
type Package struct {
	// ProductCode is the Code of the [Product].
	ProductCode string

	// TotalCount is how many certificates were bought.
	TotalCount int64

	// UsedCount is how many orders took a unit and were not deleted since.
	UsedCount int64

	// IssuedCount is how many certificates were issued.
	IssuedCount int64
}

// An Order is one application, as a [Store] keeps it. It holds no key and no
// reference: a copy is independent.
type Order struct {
	// OrderId is from 1 to 2^53-1.
	OrderId int64

	// ProductCode is the Code of the [Product].
	ProductCode string

	// State is where the order stands.
	State State

	// Domain is the name that the certificate is for, the CSR's common name: lower
	// case, in ASCII, with "*." in front for a wildcard certificate; up to 255
	// octets.
	Domain string

	// Csr is the certificate signing request in PEM.
	Csr string

	// ValidateType is how ownership is proved: "DNS" or "FILE".
	ValidateType string

	// Username, Phone and Email are the applicant's, as submitted: up to 255
	// characters each, of up to 4 octets.
	Username, Phone, Email string

	// Token is what the proof must say: 64 characters, drawn from rand.
	Token string

	// Reason says why the last check of ownership or the review failed, for a
	// person to read: up to 500 characters. Empty when neither did.
	Reason string

	// Certificate is the certificate in PEM and behind it those of the CAs that it
	// came with, of any length. Empty before it is issued.
	Certificate string

	// Created is when the order was submitted, in UTC and whole microseconds.
	Created time.Time

	// Updated is when the order last changed, in UTC and whole microseconds.
	Updated time.Time
}
