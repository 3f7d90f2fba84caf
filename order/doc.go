// Package order manages orders for domain-validated (DV) certificates. It runs
// CreateCertificateWithCsrRequest (Certificate Management Service, 2020-04-07) and
// the operations around it: an applicant submits a CSR and proves ownership of the
// domain, and a CA of your choice signs the certificate.
//
// # The life of an order
//
// Start with [NewBook], and buy units of a [Product] with [Book.AddPackage]. The
// methods of a [Book] then take an order from one [State] to the next:
//
//	CreateCertificateWithCsrRequest   takes a unit            → domain_verify
//	CheckOwnership                    domain_verify           → process
//	Issue, Complete                   process                 → certificate
//	Fail                              process                 → verify_fail
//	CancelOrderRequest                domain_verify, process  → payed
//	DeleteCertificateRequest          verify_fail, payed      → deleted, gives the unit back
//
// An issued order stays in certificate, even after the CA revokes the certificate.
// To find it on a CRL, take the serial number from the certificate in the order.
//
// Nothing happens on its own: there is no clock and no worker here. Call
// CheckOwnership and Issue from your own queue or timer, for the orders that
// [Book.Orders] lists.
//
// # Stores
//
// A Book keeps packages and orders in a [Store]. [MemoryStore] keeps them until the
// process ends. Package sqlstore keeps them in PostgreSQL or SQLite, where Books in
// several processes can share a database. Package storetest tests a Store that you
// write.
//
// # What holds for every operation
//
// now is the time of the operation; orders hold it in UTC and whole
// microseconds. rand supplies the RequestId, an upper-case UUID; nil means
// crypto/rand. The documents allow each user 100 calls of CancelOrderRequest a
// second; nothing here enforces it.
//
// A change is stored completely or not at all. Every error is a [*yuncert.Error].
// Any operation can return these codes, and its comment names only further ones:
//
//   - [yuncert.ErrMissingParameter]: a required parameter is empty.
//   - [yuncert.ErrNotFoundOrder]: no order has this OrderId.
//   - [yuncert.ErrOrderStateError]: the order is in another state. Another call may
//     have changed the state during this one.
//   - [yuncert.ErrError]: rand or the store failed, or ctx ended. Err has the
//     cause.
//
// An error means that nothing has changed, unless its cause is [ErrOutcomeUnknown].
package order
