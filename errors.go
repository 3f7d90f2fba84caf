package yuncert

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
)

// A Code is an error code as Alibaba Cloud documents it, letter for letter. It is
// itself an error: test for it with errors.Is(err, yuncert.ErrInvalidParameter).
type Code string

// Codes of package ca and of every request check, from the common list of
// Certificate Management Service. Which situation gets which code is this
// library's choice: the pages of these operations list no codes.
const (
	// ErrMissingParameter: a required parameter is absent or empty.
	ErrMissingParameter Code = "MissingParameter"

	// ErrInvalidValueMalformed: a value is wrong in itself, such as a country of
	// three letters, a host name with a space, or a CSR that does not parse or
	// verify. The code is documented for CreateCdnCertificateSigningRequest.
	ErrInvalidValueMalformed Code = "InvalidValue.Malformed"

	// ErrInvalidParameter: a well-formed value cannot be accepted here, such as a
	// key of another family than the CA's, or a validity beyond the CA's.
	ErrInvalidParameter Code = "InvalidParameter"

	// ErrNotFound: ParentIdentifier or Identifier does not name a CA that the
	// caller passed in.
	ErrNotFound Code = "NotFound"

	// ErrCertificateExpired: the issuing CA, a CA above it, or the certificate to
	// verify is expired or not yet valid.
	ErrCertificateExpired Code = "CertificateExpired"

	// ErrInvalidStatusUpdateProtection: the issuing CA or the certificate to
	// verify is revoked, or the CA to revoke is already revoked.
	ErrInvalidStatusUpdateProtection Code = "InvalidStatus.UpdateProtection"
)

// Codes of the stages of creating a CSR. They are documented for
// CreateCdnCertificateSigningRequest; CreateCsr uses them too.
const (
	// ErrInternalKeyError: the key could not be generated, or the operation does
	// not accept the key that the caller passed in.
	ErrInternalKeyError Code = "Internal.KeyError"

	// ErrInternalCreateCSRError: the CSR could not be built or signed.
	ErrInternalCreateCSRError Code = "Internal.CreateCSRError"

	// ErrInternalEncodeCSRError: the CSR, or the digest of its public key,
	// could not be encoded.
	ErrInternalEncodeCSRError Code = "Internal.EncodeCSRError"

	// ErrInternalEncodeKeyError: the private key could not be encoded.
	ErrInternalEncodeKeyError Code = "Internal.EncodeKeyError"

	// ErrInternalError: anything else that the request did not cause: the random
	// source failed, or the CA's key did not sign.
	ErrInternalError Code = "Internal.Error"
)

// Codes of certificate orders, documented for CreateCertificateWithCsrRequest.
const (
	// ErrNotFoundPackage: no package of this product was bought.
	ErrNotFoundPackage Code = "NotFoundPackage"

	// ErrNotRemainCount: the package has no certificate left.
	ErrNotRemainCount Code = "NotRemainCount"

	// ErrCreateCertificateRequestFailed: the application was not accepted.
	ErrCreateCertificateRequestFailed Code = "CreateCertificateRequestFailed"

	// ErrNotFoundOrder: no order has this OrderId.
	ErrNotFoundOrder Code = "NotFoundOrder"

	// ErrOrderStateError: the order's state does not allow the operation.
	ErrOrderStateError Code = "OrderStateError"

	// ErrDeleteFail: the order could not be deleted.
	ErrDeleteFail Code = "DeleteFail"

	// ErrError: any other failure of an order operation.
	ErrError Code = "Error"
)

// Error returns the code itself.
func (c Code) Error() string { return string(c) }

// HTTPStatus returns the documented status of the code: 400 if the request is
// wrong, 403 and 404 for the order codes, 500 for failures of the service. A
// code that is not a constant of this package, such as Throttling.User, also
// gives 500.
func (c Code) HTTPStatus() int {
	switch c {
	case ErrMissingParameter, ErrInvalidValueMalformed, ErrInvalidParameter, ErrNotFound,
		ErrCertificateExpired, ErrInvalidStatusUpdateProtection:
		return http.StatusBadRequest
	case ErrCreateCertificateRequestFailed, ErrOrderStateError, ErrDeleteFail:
		return http.StatusForbidden
	case ErrNotFoundPackage, ErrNotRemainCount, ErrNotFoundOrder:
		return http.StatusNotFound
	}
	return http.StatusInternalServerError
}

// An Error is the error of every operation of this module. encoding/json and
// encoding/xml write it as the documented error body: RequestId, HostId, Code
// and Message. A service may set RequestId and HostId before it answers. An
// Error contains no key bytes and no whole CSR. Do not embed it in a struct
// with more members: the encoders would write only the Error.
type Error struct {
	// RequestId identifies the request that failed. Empty until the caller sets
	// it, for example with [NewRequestId].
	RequestId string `json:"RequestId"`

	// HostId is the host that answers, such as "cas.example.com". Empty until the
	// caller sets it.
	HostId string `json:"HostId,omitempty" xml:"HostId,omitempty"`

	// Code is the documented code.
	Code Code `json:"Code"`

	// Message says what was refused and what is accepted. It is the documented
	// text if there is one for the situation.
	Message string `json:"Message"`

	// Parameter is the documented name of the parameter at fault, such as
	// "CommonName"; empty if there is no single one. In the error body it is
	// not a member, but precedes the Message, unless the Message begins with
	// it.
	Parameter string `json:"-" xml:"-"`

	// Err is the cause, such as the error of a signer; often nil. It is for
	// logs and is not in the error body.
	Err error `json:"-" xml:"-"`
}

// Errorf returns an *Error without a cause. The parameter may be empty. format
// and args give the message as in [fmt.Sprintf]. If a value is a private key in
// PEM, the message does not contain the key.
func Errorf(code Code, parameter, format string, args ...any) *Error {
	return &Error{Code: code, Parameter: parameter, Message: withoutKeys(fmt.Sprintf(format, args...))}
}

// withoutKeys removes PEM private keys from a message: everything after the
// first line of a key, up to the end of the quotation.
func withoutKeys(message string) string {
	const label = "PRIVATE KEY-----"
	before, key, found := strings.Cut(message, label)
	if !found {
		return message
	}
	before += label + "…"
	for i := 0; i < len(key); i++ {
		switch key[i] {
		case '\\':
			i++ // an escaped quotation mark does not end the quotation
		case '"':
			return before + `"` + withoutKeys(key[i+1:])
		}
	}
	return before
}

// Missing returns the error for a required parameter that is absent or empty,
// with the documented message "<parameter> is mandatory for this action."
func Missing(parameter string) *Error {
	return Errorf(ErrMissingParameter, parameter, "%s is mandatory for this action.", parameter)
}

// body is the error body. Unlike Error it has no MarshalJSON and MarshalXML,
// which would call themselves.
type body Error

func (e Error) body() body {
	if !strings.HasPrefix(e.Message, e.Parameter) {
		e.Message = e.Parameter + ": " + e.Message
	}
	return body(e)
}

// MarshalJSON returns the documented error body.
func (e Error) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // leave escaping to the caller's encoder
	err := enc.Encode(e.body())
	return text.Bytes(), err
}

// MarshalXML writes the documented error body. The element has the name in start,
// which is Error by default.
func (e Error) MarshalXML(enc *xml.Encoder, start xml.StartElement) error {
	return enc.EncodeElement(e.body(), start)
}

// Error returns the code, parameter, message and cause in one line, for logs.
func (e *Error) Error() string {
	s := string(e.Code)
	if e.Parameter != "" {
		s += ": " + e.Parameter
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the code and the cause, if any, so that errors.Is and
// errors.As find both.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Code}
	}
	return []error{e.Code, e.Err}
}
