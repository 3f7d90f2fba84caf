// Package yuncert is the root of a library that creates certificate signing
// requests, runs a private certificate authority (CA) and manages orders for
// domain-validated certificates, in RSA, ECC and SM2. For example:
//
//	resp, key, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
//		Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com",
//		CountryCode: "CN", Province: "Beijing", Locality: "Beijing",
//	})
//
// Choose a package by what you need:
//
//   - [github.com/yuncert/yuncert/csr] creates CSRs, and reads CSRs of any tool.
//   - [github.com/yuncert/yuncert/csr/archive] keeps CSRs, and their private keys
//     encrypted.
//   - [github.com/yuncert/yuncert/ca] creates CAs, certificates, CRLs and OCSP
//     responses, and verifies chains. Its subpackage inventory records what was
//     issued and revoked.
//   - [github.com/yuncert/yuncert/order] takes orders and proves who owns a domain.
//     Its subpackage acme lets a public CA certify them.
//   - [github.com/yuncert/yuncert/algorithm] generates, checks, reads and writes keys.
//
// This package has what they share: the documented error codes, the type [Error],
// and calls over HTTP.
//
// # Names
//
// What Alibaba Cloud documents keeps its name letter for letter: operations,
// parameters (Sans in one operation, SANs in another), algorithms such as
// RSA_2048, codes. Everything else has the name that Go would give it. Request
// and response structs hold plain values, and encoding/json writes them under
// the documented names.
//
// # Pure functions
//
// Creating a CSR and issuing a certificate are pure functions. Everything that
// the result depends on is an argument: randomness, the time, the issuer, the
// request. They use no clock, file, network or global state, and never modify
// their inputs. Only order.Book, archive.Archive, inventory.Inventory, ca.Pool and
// algorithm.KeyPool have state.
//
// rand provides RequestIds and serial numbers, and is passed on to the caller's
// own signers. Nil means crypto/rand. Keys are always generated from the
// system's random source. Signatures by keys in memory are deterministic: RSA
// is PKCS #1 v1.5, ECC follows RFC 6979, and SM2 derives its nonce in the same
// way. So the same rand bytes, time, key and request give the same bytes.
//
// # What the caller keeps
//
// Private keys are [crypto.Signer] values and never part of a request or
// response, except where package csr/archive takes and returns them as text. A
// function that generates a key returns it next to the response. The key prints
// as "RSA_2048 private key"; only its methods PEM and EncryptedPEM return the key
// itself. The caller stores keys and certificates, decides who may ask for what,
// and limits how often: the documented call limits are in the comments and are
// not enforced.
//
// # Errors
//
// Every operation fails with an *[Error]: a documented code, the parameter at
// fault, and a message that says what was received and what is accepted. A
// request is checked completely, in the order of its document, before a key is
// used. The first problem is reported, and then all results are nil. Callers
// branch on the code:
//
//	if errors.Is(err, yuncert.ErrInvalidParameter) { … }
//
// # Services
//
// A service can answer the cloud's own SDKs. [ReadCall] reads an HTTP request,
// [Call.Decode] its parameters into the request struct of an operation, and
// [Call.Answer] makes the response in JSON or XML, also from an error. The service
// listens, authenticates its callers and limits their calls. The example Http is a
// whole handler.
//
// # Hostile input
//
// CSRs and request parameters may come from an attacker. Their size is limited
// before they are parsed, and DER is read strictly. Weak keys, malformed names
// and wrong self-signatures are refused. Only the key, the names and the usual
// subject attributes of a CSR reach a certificate. CA chains and keys are the
// caller's own: they are checked for mistakes, not for malice.
//
// # Compatibility
//
// No version is tagged yet, and until version 1 anything may change. From then
// on the exported Go names, codes, HTTP statuses and JSON names stay, and a
// newer version opens the database of an older one. The bytes of a certificate
// for the same inputs change only in a release that says so. Texts of messages
// may change, except those that Alibaba Cloud documents.
package yuncert
