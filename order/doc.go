// Package order manages orders for domain-validated (DV) certificates. It runs
// CreateCertificateWithCsrRequest (Certificate Management Service, 2020-04-07) and
// the operations around it: an applicant submits a CSR, proves ownership of the
// domain, and a CA of your choice signs the certificate.
//
// # The life of an order
//
// Start with [NewBook]. The methods of a [Book] take an order from [State] to State:
//
//	Book.AddPackage                        buys units of a product
//	Book.CreateCertificateWithCsrRequest   uses a unit, makes the order  domain_verify
//	Book.DescribeCertificateState          says where the proof belongs  domain_verify
//	Book.CheckOwnership                    finds the proof               process
//	Book.Issue                             signs with a ca.Issuer        certificate
//	Book.Complete                          stores another CA's work      certificate
//	Book.Fail                              records a CA's refusal        verify_fail
//	Book.CancelOrderRequest                withdraws the order           payed
//	Book.DeleteCertificateRequest          gives the unit back           (deleted)
//
// CheckOwnership needs an order in domain_verify. Issue, Complete and Fail need one
// in process, CancelOrderRequest one in domain_verify or process, and
// DeleteCertificateRequest one in verify_fail or payed. An issued order stays in
// certificate, even after the CA revokes the certificate. Its serial number, which
// a CRL lists, is in the certificate that the order holds.
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
// A change is stored completely or not at all. now is the time of the operation;
// orders hold it in UTC and whole microseconds. rand supplies the RequestId, an
// upper-case UUID; nil means crypto/rand. No call limit is enforced here. The
// documents name one, 100 calls of CancelOrderRequest a second for each user.
//
// Every error is a [*yuncert.Error]. Any operation can return these codes, and its
// comment names only further ones:
//
//   - [yuncert.ErrMissingParameter]: a required parameter is empty.
//   - [yuncert.ErrNotFoundOrder]: no order has this OrderId.
//   - [yuncert.ErrOrderStateError]: the state of the order does not allow the
//     operation. Another call may have changed it while this one ran.
//   - [yuncert.ErrError]: rand or the store failed, or ctx ended. Err has the cause.
//
// An error means that nothing has changed, unless its cause is [ErrOutcomeUnknown].
package order
