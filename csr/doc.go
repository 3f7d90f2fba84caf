// Package csr creates certificate signing requests (CSRs: PKCS #10, RFC 2986)
// with the operations CreateCsr and CreateCdnCertificateSigningRequest, and
// reads the CSRs of any tool.
//
//	resp, key, err := csr.CreateCsr(nil, &csr.CreateCsrRequest{
//		Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com",
//		CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
//	})
//
// [CreateCsr] and [CreateCdnCertificateSigningRequest] make a key pair and
// return the private key next to the response. The functions that end in
// WithKey sign with the caller's key, in memory or in an HSM. [Parse] reads a
// CSR and checks it. No function uses a network, a file or a clock, and none
// stores anything. Package csr/archive stores CSRs.
//
// # Both operations
//
// rand supplies the RequestId and is passed to the caller's signer; nil means
// crypto/rand. Key pairs always come from the system's random source. Keys in
// memory sign deterministically. The signature of any other signer is verified
// before the CSR is returned.
//
// The request is checked before a key is made or used. The error is the one
// that Validate returns: [yuncert.ErrMissingParameter] for a required field
// that is empty, [yuncert.ErrInvalidValueMalformed] for a value that breaks the
// rule in the field's comment, and of several problems the first in the order
// of the fields. Each later step has its documented code and message:
//
//   - [yuncert.ErrInternalKeyError]: the key was not made, or the caller's key
//     is nil, weak, unsupported or not of the algorithm that the operation
//     wants.
//   - [yuncert.ErrInternalCreateCSRError]: the CSR was not built or not signed.
//   - [yuncert.ErrInternalEncodeCSRError]: the CSR is longer than [MaxSize].
//   - [yuncert.ErrInternalError]: anything else, such as a failing rand.
//
// On an error all other results are nil. [algorithm.PrivateKey.PEM] encodes the
// key, and has [yuncert.ErrInternalEncodeKeyError].
//
// The package limits no calls. CreateCdnCertificateSigningRequest is documented
// with 100 calls per second and account, CreateCsr without a limit.
//
// # Names
//
// SANs and Sans are lists separated by commas. Spaces around entries, empty
// entries and repeated ones are dropped; the order stays. An entry is a DNS
// name or an IP address. DNS names are converted to lower case,
// internationalised names to A-labels. A label has letters, digits and hyphens,
// up to 63 octets; a name has up to 253 octets and no dot at the end. A wildcard
// is the whole left-most label and has at least two more labels after it. An
// IPv4 address that is mapped into IPv6, such as ::ffff:192.0.2.1, is refused,
// because some clients read it as 192.0.2.1 and some do not. A CSR has up to 250
// names; the common name does not count.
//
// A CommonName that is a DNS name or an IP address becomes the first name of
// the list, because today's clients look only there. It must have the spelling
// of that name, apart from case and A-labels: a text that reads like a host name
// in full-width letters, for example, is refused (RFC 5892).
//
// # Subject
//
// The order is C, ST, L, O, OU, CN, emailAddress, one attribute per RDN. A
// value is a PrintableString if its text allows that and a UTF8String
// otherwise; emailAddress is an IA5String. Text is UTF-8 without control
// characters, direction marks, U+FFFD, spaces at either end, and invisible
// characters: soft hyphens, spaces without width, byte-order marks, tags and
// fillers. Joiners (U+200C, U+200D) and variation selectors are accepted,
// because Persian, Indic scripts, Mongolian and Japanese names need them. Text
// has up to 64 characters in CN, O and OU, 128 in ST and L (X.520), and 255 in
// emailAddress. A CN with an asterisk must be a wildcard name.
package csr
