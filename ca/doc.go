// Package ca runs a private certificate authority in RSA, ECC and SM2. It makes
// root and subordinate CAs, server and client certificates, CRLs and OCSP
// responses, and verifies what was issued.
//
// Apart from [Pool], which remembers what is revoked, everything here is a pure
// function over values. Each takes the random source, the instant, who signs and what is
// asked, and returns what was made: nothing is stored, no clock is read, no
// network touched. rand feeds serial numbers, RequestIds and whatever a caller's
// own signer draws from it; a nil rand means crypto/rand. The same rand bytes,
// instant, key and request give the same certificate when the key is in memory.
//
// An [Issuer] is a CA that can sign: its key and its chain up to the root, read
// and checked once by [NewIssuer]. The caller keeps the keys, the issued
// certificates and the record of what was revoked.
//
//	root key ─ CreateRootCACertificate ─ NewIssuer ─┐
//	           sub key ─ CreateSubCACertificate ────┴─ NewIssuer ─┐
//	                               CSR ─ CreateServerCertificateWithCsr
//
// A service with several CAs keeps them in a [Pool], which finds them by
// ParentIdentifier. Which certificates it issued and revoked the service knows; it
// hands the revoked ones to [CreateRevocationList] and answers for each of them
// through [RespondOCSP]. [Verify] says what a client would say of a certificate.
//
// # Certificates
//
// Certificates are of version 3 (RFC 5280) and signed with SHA-256 or, by SM2
// keys, with SM3 (GM/T 0015). A serial number has 18 octets from rand, positive
// and printed as 36 lower-case hexadecimal digits. An Identifier is the MD5 of
// the DER certificate as 32 lower-case hexadecimal digits: a name, as the
// documents' examples have it, and no protection.
//
// They name no OCSP responder, and those of CAs no CRL: who runs either tells the
// clients. Of the documents' newer members CustomIdentifier, AsynchronousFlag and
// CertMaxTime, a CA's limit for what it issues, are not there, and are ignored in
// JSON: a service that relies on one refuses requests that have it.
//
// Leaves of RSA keys are good for signatures and, as TLS servers, key encipherment;
// those of ECC and SM2 keys for signatures alone (keyUsage, RFC 5280, section
// 4.2.1.3). TLS 1.3 with SM2 (RFC 8998) needs no more, TLCP (GB/T 38636) a second
// certificate for encryption, which is not issued here.
//
// Subjects are written as package csr's comment says, without an e-mail address.
package ca
