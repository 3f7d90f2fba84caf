// Package ca is a private certificate authority. It creates root and
// subordinate CAs, issues certificates for servers, clients and OCSP
// responders, publishes CRLs, answers OCSP requests and verifies chains, with
// RSA, ECC and SM2 keys. [CreateCustomCertificate] issues certificates for other
// uses, such as code signing and mail.
//
// Start with [NewIssuer]. It loads a CA from its chain and its private key and
// checks both. An [Issuer] never changes and is safe for concurrent use. A
// service with several CAs keeps them in a [Pool], which finds them by
// Identifier.
//
//	root key ─ CreateRootCACertificate ─ NewIssuer ─┐
//	           sub key ─ CreateSubCACertificate ────┴─ NewIssuer ─┐
//	                               CSR ─ CreateServerCertificateWithCsr
//
// # Calls
//
// Functions take randomness, the time, the issuer and the request as arguments.
// They read no clock, file or network and store nothing; only a Pool has state.
// Save each certificate before you hand it out, for example with package
// inventory: you need its serial number to revoke it with
// [CreateRevocationList] and [RespondOCSP]. Alibaba Cloud's
// Certificate Management Service, 2020-06-30, documents the operations, except
// CRLs, OCSP, Verify, [CreateDomainCertificate], [CreateEncryptCertificate] and
// [CreateOCSPResponderCertificate].
//
// rand supplies serial numbers, RequestIds and the randomness that a signer of
// your own asks for. A nil rand means crypto/rand. The same rand bytes, time,
// key and request give the same certificate if the key is in memory. now is cut
// to whole seconds.
//
// A nil request is an empty one. The method Validate of a request checks what
// needs no issuer or key and returns the first problem in the order of the
// fields. The functions call it first. Lengths of texts are in characters.
// These fields mean the same in all requests and responses:
//
//   - RequestId: an upper-case UUID drawn from rand.
//   - Identifier: the MD5 digest of the DER certificate as 32 lower-case
//     hexadecimal digits, as documented. It is a name and protects nothing.
//   - SerialNumber: a positive number of 18 octets drawn from rand, the first not
//     zero, as 36 lower-case hexadecimal digits. [CreateCustomCertificate] can
//     have another number.
//   - Tags (up to 100) and ResourceGroupId: for the caller to store. They do not
//     change the result.
//   - ClientToken (up to 64 printable ASCII characters): here it has no effect. Once
//     and UpdateCACertificateStatus of package inventory answer the same call with
//     the same token again, and do not issue again.
//
// The documents allow a user 10 calls of each operation a second. Your service
// enforces that limit, and who may call.
//
// # Renewal
//
// A CA is renewed by certifying its key and its subject again before the old
// certificate ends: [CreateRootCACertificate] for a root, [CreateSubCACertificate]
// below the same parent or below another one (cross-signing). For a CA that another
// tool created, use [Renew], which keeps its subject and its key identifier. What it
// issued verifies with each of its certificates. With IssuerOptions.CRLBase each of them
// has a CRL address of its own: serve the CRL at each.
//
// # Errors
//
// Every error is a *[yuncert.Error]. All other results are then nil, except in
// [RespondOCSP]. Validate returns [yuncert.ErrMissingParameter] for a required
// field that is empty, [yuncert.ErrInvalidValueMalformed] for a value that
// breaks the rule in its field's comment, and [yuncert.ErrInvalidParameter] for
// a value that is well formed and not acceptable. Functions that issue can also
// return:
//
//   - [yuncert.ErrNotFound]: ParentIdentifier names another CA, or issuer is nil.
//   - [yuncert.ErrCertificateExpired]: the CA, or one above it, is not valid now.
//   - [yuncert.ErrInvalidValueMalformed]: the public key is unsupported, weak or
//     blocked by the issuer's KeyPolicy.
//   - [yuncert.ErrInvalidParameter]: the key is shorter than the KeyPolicy
//     allows or of another family (RSA, ECC or SM2) than the CA's; a CA in the
//     chain has the same key or the same subject; the extended key usages, the
//     name constraints or the validity of a CA in the chain exclude the
//     certificate.
//   - [yuncert.ErrInternalError]: rand or the CA's key failed.
//
// # Certificates
//
// Certificates have version 3 (RFC 5280). RSA and ECC keys sign with SHA-256, SM2
// keys with SM3 (GM/T 0015). Subjects are encoded as the comment of package csr
// says. Only [CreateCustomCertificate] and [CreateExternalCACertificate] write
// other attributes than C, ST, L, O, OU and CN.
//
// Only CA certificates, and RSA and ECC certificates of others, have
// basicConstraints. In an SM2 certificate that is not a CA's it would be an empty
// SEQUENCE, which GmSSL refuses.
//
// The key usage (section 4.2.1.3) of a server or client is digitalSignature, and
// keyEncipherment too for a server's RSA key. This is enough for TLS 1.3 with SM2
// (RFC 8998). TLCP (GB/T 38636) needs a second certificate for encryption:
// [CreateEncryptCertificate] signs it.
//
// [IssuerOptions] decide which addresses of CRLs, OCSP responders and CA
// certificates stand in what a CA signs, so that clients find them.
package ca
