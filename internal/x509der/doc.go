// Package x509der writes and reads every X.509 octet of this module: names,
// alternative names, extensions, certification requests (RFC 2986),
// certificates, CRLs (RFC 5280) and OCSP messages (RFC 6960), for RSA, ECC and
// SM2.
//
// Its errors are plain and say what is wrong. Errors of package algorithm pass
// through unchanged. Package param gives both a code and a parameter.
package x509der
