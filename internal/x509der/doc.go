// Package x509der writes and reads every X.509 byte of this module: names,
// alternative names, extensions, certification requests (RFC 2986) and
// certificates (RFC 5280), for RSA, ECC and SM2 alike.
//
// Its errors are plain and say what is wrong; the packages above add code and
// parameter. Only the checks of parameters, in csr.go, parameter.go and pem.go, do so themselves.
package x509der

import (
	"errors"

	"github.com/yuncert/yuncert"
)

// Reason is what an error says without its code, to stand in the message of
// another one.
func Reason(err error) string {
	if e, ok := errors.AsType[*yuncert.Error](err); ok {
		return e.Message
	}
	return err.Error()
}
