// Package param reads the parameters that operations share: the texts of a
// subject, lists of names, CSRs and PEM texts of certificates.
//
// It is where errors get their code. Package x509der returns plain errors, and
// package algorithm does not know which parameter a key came from; [Wrap] makes
// a coded error from either. Packages csr, ca and order call it too.
package param
