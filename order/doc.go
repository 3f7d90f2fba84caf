// Package order runs orders of domain-validated (DV) certificates as
// CreateCertificateWithCsrRequest (Certificate Management Service, 2020-04-07)
// and the operations around it do: an applicant submits a CSR, proves that the
// domain is theirs, and a CA that the caller brings signs.
//
// # A life of an order
//
//	Book.AddPackage                        a plan is bought: units of a product
//	Book.CreateCertificateWithCsrRequest   an order takes a unit        domain_verify
//	Book.DescribeCertificateState          says where the proof belongs
//	Book.CheckOwnership                    looks for the proof          process
//	Book.Issue, Book.Complete              a certificate is stored      certificate
//	Book.Fail                              the review was refused       verify_fail
//	Book.CancelOrderRequest                the applicant withdraws      payed
//	Book.DeleteCertificateRequest          the unit goes back
//
// CheckOwnership is for orders in domain_verify; Issue, Complete and Fail for those
// in process; CancelOrderRequest for both; DeleteCertificateRequest for those in
// verify_fail and payed. Anything else is [yuncert.ErrOrderStateError]. An issued
// order stays in certificate, also when the CA revokes the certificate: its serial
// number, which a CRL lists, is in it.
//
// Nothing happens by itself: there is no clock and no worker here, so a service
// calls CheckOwnership and Issue from a queue or a timer of its own, over the pages
// that [Book.Orders] gives.
//
// # Where orders are kept
//
// A [Book] is a set of rules over a [Store]. [NewMemoryStore] keeps orders until
// the process ends; package sqlstore keeps them in PostgreSQL or SQLite; package
// storetest tests a Store of one's own. Books over one database may run in
// several processes at once.
//
// # Errors
//
// An application that breaks a rule of the product, the domain or the CSR is
// [yuncert.ErrCreateCertificateRequestFailed], the code that the documents have
// for all of them; a required parameter that is absent is
// [yuncert.ErrMissingParameter], a ValidateType of neither kind
// [yuncert.ErrInvalidParameter], and text that is too long or has control
// characters [yuncert.ErrInvalidValueMalformed]. An OrderId that names no order is
// [yuncert.ErrNotFoundOrder]. Failures of the store are [yuncert.ErrError], and of
// DeleteCertificateRequest [yuncert.ErrDeleteFail], with the cause in Err. On an
// error nothing has changed, unless the cause is [ErrOutcomeUnknown].
package order
