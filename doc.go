// Package yuncert and the packages below it do in-process, without a network
// service, what Alibaba Cloud's certificate operations do, in RSA, ECC and SM2:
//
//	CreateCdnCertificateSigningRequest, CreateCsr   package csr
//	CreateRootCACertificate, CreateSubCACertificate,
//	CreateServerCertificateWithCsr, CRL and OCSP    package ca
//	CreateCertificateWithCsrRequest: DV orders      package order
//
// Package algorithm makes, checks, reads and writes the keys that all use. This
// package holds what all share: the documented error codes and one [Error] type.
//
// # Names
//
// What Alibaba Cloud documents keeps its name letter for letter: operations,
// parameters (Sans here and SANs there), algorithms such as RSA_2048, codes. One
// search finds the document, the code and the log line. What it does not name
// has the name that Go would give it: csr.Parse, ca.Issuer. Request and response
// structs hold plain values and encode with encoding/json under the documented
// names; a file is named after its operation.
//
// # What is pure
//
// Making a CSR and issuing a certificate are functions over values. A signature
// lists all that the result depends on, in one order: randomness, the instant,
// who signs, what is asked. There is no clock, file, network, global state or
// hidden configuration, and inputs are never modified. What has state says so:
// orders, in a store that the caller picks, ca.Pool and algorithm.KeyPool.
//
// rand feeds RequestIds, serial numbers and whatever a caller's own signer draws
// from it; nil means crypto/rand. Key pairs come from the system's random source
// always. Signatures by keys in memory repeat: RSA is PKCS #1 v1.5, ECC follows
// RFC 6979, SM2 derives its nonce in the same way. So the same rand bytes,
// instant, key and request give the same bytes.
//
// # What the caller keeps
//
// Private keys are [crypto.Signer] values that never enter a request or a
// response. A function that makes one returns it beside the response; it prints
// as "RSA_2048 private key" in every log, and only its PEM method gives it away.
// The caller keeps keys and certificates, decides who may ask for what, and
// limits how often: the documents' limits of calls stand in the comments of the
// functions and are not enforced.
//
// # Errors
//
// Every error of an operation is an *[Error] with the documented code, the wire name of the
// parameter at fault and a message that says what would be accepted. A request
// is checked whole, in the order of its document, before a key is touched; the
// first problem is reported, and on an error all results are nil. Callers branch
// on the code:
//
//	if errors.Is(err, yuncert.ErrInvalidParameter) { … }
//
// and answer with e.Code.HTTPStatus() and the JSON of e, the documented body, in
// which the parameter stands in front of the message.
//
// # Hostile input
//
// CSRs and request parameters may come from an attacker: sizes are bounded
// before anything is parsed, DER is read strictly, weak keys, odd names and
// wrong self-signatures are refused, and nothing of a CSR is copied into a
// certificate but key, names and the usual attributes of the subject. Chains and
// keys are the caller's own, and are checked for mistakes rather than malice.
package yuncert
