// Package csr makes certificate signing requests (PKCS #10, RFC 2986) as
// CreateCsr and CreateCdnCertificateSigningRequest do, and reads those that
// other tools made.
//
// Each operation comes in two forms. [CreateCsr] and
// [CreateCdnCertificateSigningRequest] make the key pair and return the private
// key beside the response, never in it; the form ending in WithKey signs with a
// key that the caller has, in memory or in an HSM. All are pure functions: no
// network, no file, no clock, nothing stored. rand feeds the RequestId and
// whatever a caller's own signer draws from it; keys come from the system's
// random source always, and signatures by keys in memory repeat. A nil rand
// means crypto/rand.
//
// # Names
//
// The list parameters (SANs, Sans) are split at commas and trimmed; empty and
// repeated entries are dropped, and the order stays. An entry is a DNS name or
// an IP address. DNS names are written in lower case, internationalised ones as
// A-labels; their labels have letters, digits and hyphens, up to 63 octets each
// and 253 in all, and a wildcard stands only for the whole left-most label,
// above at least two more. Up to 250 names are allowed. A CommonName that is a
// DNS name or an IP address is put first in the list: today's clients look
// nowhere else.
//
// # Subject
//
// The subject's order is C, ST, L, O, OU, CN, emailAddress, one attribute per
// RDN, each a PrintableString where its text allows that and a UTF8String
// otherwise (emailAddress: IA5String). Text is UTF-8 without control characters,
// direction marks, U+FFFD or outer spaces, up to 64 characters for CN, O and OU and
// 128 for ST and L (X.520), 255 for an e-mail address. An asterisk stands in a CN
// only if that is a wildcard name.
package csr
