// Package archive keeps certificate signing requests (CSRs) under their CsrId, with
// the operations UploadCsr, GetCsrDetail, ListCsr, UpdateCsr and DeleteCsr
// (Certificate Management Service, 2020-04-07). A service uses it to answer for the
// CSRs that [csr.CreateCsr] created and for CSRs of other tools.
//
// Start with [New]. An [Archive] keeps its data in a [Store]: [MemoryStore] keeps it
// until the process ends, and package sqlstore keeps it in PostgreSQL or SQLite, where
// Archives in several processes can share it. Package storetest tests a Store that you
// write.
//
// [Archive.Add] stores the result of CreateCsr, and [Archive.UploadCsr] a CSR of any
// tool. No operation checks who calls it: your service decides who may read, change
// and delete a CSR.
//
// # What is kept
//
// The archive keeps the CSR, its Name, what [Archive.ListCsr] shows of it, and the
// time when it was stored. It does not keep other text around the CSR, certificates
// issued for it, or when it was read.
//
// A CSR is kept once. Its CsrId is derived from the CSR, as in CreateCsr. If the same
// CSR is stored again, a Name replaces the stored one, and a private key is added if
// there is none. Without a Name or key the stored ones stay.
//
// An upload does not prove that the caller has the private key: a CSR is not secret. So
// do not let somebody read a CSR because they uploaded it too. If several customers
// share a service, give each an archive of its own.
//
// # Private keys
//
// A private key is kept only if [Options] has a Sealer. The Sealer encrypts the key
// before the store gets it, with the CsrId as additional data, so that it can be
// decrypted only for its own CSR. Without a Sealer the archive accepts and returns no
// private key. Private keys in the store stay there until their CSR is deleted.
//
// Keep the Sealer's own key outside the store. To replace it, use an AEAD that encrypts
// with the new key, and decrypts with the old key if the new key fails.
//
// # What holds for every operation
//
// now is the time of the operation; the archive keeps it in UTC and whole microseconds.
// rand supplies the RequestId, an upper-case UUID, and the nonces for the Sealer; nil
// means crypto/rand. Only tests should use another rand: a nonce must never repeat. The
// documents state no call limit.
//
// An operation that returns an error has changed nothing. The exception is an error
// with the cause [ErrOutcomeUnknown]: read the CSR before you try again. Every error is
// a [*yuncert.Error]. Any operation can return these codes, and its comment names only
// further ones:
//
//   - [yuncert.ErrMissingParameter]: a required parameter is empty.
//   - [yuncert.ErrInvalidValueMalformed]: a value breaks the rule in the field's
//     comment.
//   - [yuncert.ErrNotFound]: no CSR has this CsrId.
//   - [yuncert.ErrInternalError]: rand or the store failed, or ctx ended. Err has the
//     cause.
package archive
