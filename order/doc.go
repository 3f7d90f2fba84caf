// Package order manages orders for domain-validated (DV) certificates. It runs
// CreateCertificateWithCsrRequest (Certificate Management Service, 2020-04-07) and
// the operations around it: an applicant submits a CSR and proves ownership of the
// domain, and a CA of your choice signs the certificate.
//
// Start with [NewBook]. A [Book] keeps its data in a [Store]: [MemoryStore] keeps it
// until the process ends, and package sqlstore keeps it in PostgreSQL or SQLite,
// where Books in several processes can share it. Package storetest tests a Store
// that you write.
//
// # The life of an order
//
// Buy units of a [Product] with [Book.AddPackage]. The methods of a Book then take
// an order from one [State] to the next:
//
//	CreateCertificateWithCsrRequest         takes a unit                   → domain_verify
//	CreateCertificateForPackageRequest      takes a unit                   → domain_verify
//	CreateCertificateRequest                takes a unit, makes the key    → domain_verify
//	CheckOwnership                          domain_verify                  → process
//	Issue, Complete, Obtain                 process                        → certificate
//	Fail                                    process                        → verify_fail
//	RenewCertificateOrderForPackageRequest  certificate: a second order    → domain_verify
//	CancelOrderRequest                      domain_verify, process         → payed
//	DeleteCertificateRequest                verify_fail, payed             → deleted, gives the unit back
//	CancelCertificateForPackageRequest      domain_verify, process, payed  → cancelled, gives the unit back
//	CancelCertificateForPackageRequest      certificate                    → revoked, may give the unit back
//
// Nothing happens on its own. Call CheckOwnership and Issue from your own queue or
// timer, for the orders that [Book.Orders] lists. An issued order stays in
// certificate until CancelCertificateForPackageRequest, even after the CA revokes the
// certificate. To find it on a CRL, take the serial number from the certificate in the
// order.
//
// # A public CA
//
// With an [Authority], such as one of package acme, a public CA certifies the orders. The
// calls are the same, and [Book.Obtain] fetches the certificate:
//
//   - Submission applies at the CA. The order keeps the CA's reference, so any process can
//     go on, also after a crash.
//   - [Order.Challenge] has the record or file that the CA wants to find. Several names
//     have proofs of their own, one after the other. Call CheckOwnership until none is due.
//   - Call Obtain until the CA has signed.
//   - If the CA refuses, in either call, the order goes to verify_fail with a Reason. To
//     apply again, delete the order and submit another one.
//   - If the CA is away or limits its rate, nothing changes. An [*Unavailable] in the error
//     says when to try again. [Book.Postpone] keeps such a time in the store.
//
// # What holds for every operation
//
// now is the time of the operation; orders hold it in UTC and whole microseconds.
// rand supplies the RequestId, an upper-case UUID; nil means crypto/rand. The
// documents allow each user 100 calls of CancelOrderRequest and 10 of
// CancelCertificateForPackageRequest a second; nothing here enforces it.
//
// An operation that returns an error has changed nothing. The exception is an error
// with the cause [ErrOutcomeUnknown]: read the order before you try again. Every
// error is a [*yuncert.Error]. Any operation can return these codes, and its comment
// names only further ones:
//
//   - [yuncert.ErrMissingParameter]: a required parameter is empty.
//   - [yuncert.ErrNotFoundOrder]: no order has this OrderId.
//   - [yuncert.ErrOrderStateError]: the order is in another state. Another call may
//     have changed the state during this one.
//   - [yuncert.ErrError]: rand, the store or the Authority failed, or ctx ended. Err has
//     the cause.
package order
