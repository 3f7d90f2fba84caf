// Package inventory records what a CA issued and what it revoked. A CA needs the record
// to revoke a certificate, to publish CRLs, to answer OCSP requests after a restart and
// to warn before certificates expire.
//
// Start with [New]. An [Inventory] keeps its data in a [Store]: [MemoryStore] keeps it
// until the process ends, and package sqlstore keeps it in PostgreSQL or SQLite, where
// several processes can share it. Package storetest tests a Store that you write.
//
//	issuer, err := ca.NewIssuer(chain, key, ca.IssuerOptions{})
//	_, err = v.AddCA(ctx, now, issuer, inventory.Labels{})              // once, or at each start
//	authority := inventory.AuthorityOf(issuer)
//	resp, der, err := ca.CreateServerCertificateWithCsr(rand, now, issuer, req)
//	c, err := v.Add(ctx, now, der, inventory.Labels{Tags: req.Tags})    // then hand out resp
//	c, err = v.Revoke(ctx, now, resp.Identifier, inventory.Revocation{Reason: ca.ReasonKeyCompromise})
//	crl, err := v.RevocationList(ctx, rand, now, issuer, nextUpdate)    // on a timer; then publish crl
//	lookup := v.Status(ctx, now, authority, nextUpdate)                 // for ca.RespondOCSP
//
// # Add before you hand out
//
// Hand a certificate out only after [Inventory.Add] has returned without an error. A
// certificate that was handed out and is not recorded cannot be revoked, and OCSP
// answers unknown. If Add fails, discard the certificate.
//
// To take over a CA, add its certificates one by one, revoke those that the old record
// lists as revoked, call [Inventory.RaiseCRLNumber], and publish a CRL. The example of
// [Inventory.Add] does so for "openssl ca". The private keys of CAs are never stored:
// [Inventory.Pool] asks for them.
//
// # What holds for every method
//
// now is the time of the call; records hold it in UTC and whole microseconds. rand
// supplies the RequestId, an upper-case UUID; nil means crypto/rand. Alibaba Cloud's
// Certificate Management Service, 2020-06-30, documents the operations that take a
// request, and allows a user 10 calls of each a second; nothing here enforces it. Your
// service decides who may call.
//
// A method that returns an error has changed nothing. The exception is an error with
// the cause [ErrOutcomeUnknown]: look the certificate up, or call again. Add and AddCA
// can be repeated, and so can a call with a ClientToken ([Once]). Every error is a
// [*yuncert.Error]. Any method can return these codes, and its comment names only
// further ones:
//
//   - [yuncert.ErrMissingParameter]: a required parameter is empty.
//   - [yuncert.ErrInvalidValueMalformed]: a value breaks the rule in the comment of its
//     field.
//   - [yuncert.ErrNotFound]: no certificate or CA has this Identifier.
//   - [yuncert.ErrInternalError]: rand or the store failed, or ctx ended. Err has the
//     cause.
//
// # Costs
//
// Add, Revoke, Release, a lookup and a Status read and write a few rows through an
// index, however many certificates there are. Add also writes a row for each name and
// for each domain above it. A page of [Inventory.Certificates] reads only its own
// certificates if one filter is set; with several it may read many more.
// ListClientCertificate and ListRevokeCertificate count all certificates in each call.
// A CRL of a million entries has about 50 MB and needs up to four times that memory. It
// does not keep other calls from writing, except in a MemoryStore.
package inventory
