// Package interop tests this module against other implementations: OpenSSL,
// Java, GnuTLS, github.com/tjfoc/gmsm, the smx509 of github.com/emmansun/gmsm,
// crypto/x509, crypto/tls, zlint, the vectors of wycheproof, a SoftHSM token, a
// name server of github.com/miekg/dns, and PostgreSQL and SQLite under orders. It
// is a module of its own so that what the tests need does not reach the users of
// yuncert.
//
// Its own commands, cmd/peers and cmd/keys, print the tables of PERFORMANCE.md.
//
// The commands of others come from the Debian packages openssl, default-jdk-headless,
// gnutls-bin, softhsm2 and postgresql. A test whose command is missing is skipped, and fails when CI
// is set.
package interop
