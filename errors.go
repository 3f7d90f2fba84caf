package yuncert

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
)

// A Code is an error code as Alibaba Cloud documents it, letter for letter.
// It is itself an error, so that a caller branches with
// errors.Is(err, yuncert.ErrInvalidParameter).
type Code string

// Codes of the private CA and of every request check. The list of codes is
// the common one of Certificate Management Service; which situation gets which
// code is this library's choice, because the operations' own pages name none.
const (
	// ErrMissingParameter: a required parameter is absent or empty.
	ErrMissingParameter Code = "MissingParameter"

	// ErrInvalidValueMalformed: a value is malformed in itself, whatever the
	// rest of the request says: a country of three letters, a host name with a
	// space, a CSR that does not parse or does not verify. This code is
	// documented for CreateCdnCertificateSigningRequest.
	ErrInvalidValueMalformed Code = "InvalidValue.Malformed"

	// ErrInvalidParameter: a value is well formed but not acceptable here: a
	// key of another family than the CA's, a validity beyond the CA's.
	ErrInvalidParameter Code = "InvalidParameter"

	// ErrNotFound: ParentIdentifier or Identifier names no CA that the caller
	// handed in.
	ErrNotFound Code = "NotFound"

	// ErrCertificateExpired: the issuing CA, one above it, or the certificate in
	// question is expired or not yet valid.
	ErrCertificateExpired Code = "CertificateExpired"

	// ErrInvalidStatusUpdateProtection: the issuing CA, or the certificate in
	// question, is revoked, or revoked already.
	ErrInvalidStatusUpdateProtection Code = "InvalidStatus.UpdateProtection"
)

// Codes of the stages of making a CSR, documented for
// CreateCdnCertificateSigningRequest and used by CreateCsr as well.
const (
	// ErrInternalKeyError: the key pair could not be made, or the key handed in
	// is not one the operation makes CSRs for.
	ErrInternalKeyError Code = "Internal.KeyError"

	// ErrInternalCreateCSRError: the CSR could not be built or signed.
	ErrInternalCreateCSRError Code = "Internal.CreateCSRError"

	// ErrInternalEncodeCSRError: the CSR, or the digest of its public key,
	// could not be encoded.
	ErrInternalEncodeCSRError Code = "Internal.EncodeCSRError"

	// ErrInternalEncodeKeyError: the private key could not be encoded.
	ErrInternalEncodeKeyError Code = "Internal.EncodeKeyError"

	// ErrInternalError: anything else that is not the request's fault: the
	// random source failed, or the CA's key did not sign.
	ErrInternalError Code = "Internal.Error"
)

// Codes of certificate orders, documented for CreateCertificateWithCsrRequest.
const (
	// ErrNotFoundPackage: no certificate plan of the wanted kind was bought.
	ErrNotFoundPackage Code = "NotFoundPackage"

	// ErrNotRemainCount: the plan has no certificate left.
	ErrNotRemainCount Code = "NotRemainCount"

	// ErrCreateCertificateRequestFailed: the application was not accepted.
	ErrCreateCertificateRequestFailed Code = "CreateCertificateRequestFailed"

	// ErrNotFoundOrder: OrderId names no order.
	ErrNotFoundOrder Code = "NotFoundOrder"

	// ErrOrderStateError: the order's state does not allow the operation.
	ErrOrderStateError Code = "OrderStateError"

	// ErrDeleteFail: the order could not be deleted.
	ErrDeleteFail Code = "DeleteFail"

	// ErrError: anything else that went wrong with an order.
	ErrError Code = "Error"
)

// Error returns the code itself.
func (c Code) Error() string { return string(c) }

// HTTPStatus returns the status that the documents give the code: 400 for
// whatever the request can mend, 403 and 404 as the order table says, 500 for
// failures on the serving side and for any code that is not one of ours: a service
// that answers Throttling.User, say, chooses the status itself.
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

// An Error is what every operation of this module returns when it fails. With
// encoding/json and encoding/xml it becomes the documented error body: RequestId,
// HostId, Code and Message. An Error belongs to the caller, who may fill in
// RequestId and HostId before answering; it holds no key bytes and no whole CSR.
// A body with more members has a struct of its own: one that embeds an Error is
// encoded as the Error alone.
type Error struct {
	// RequestId identifies the request that failed. Empty until the caller sets
	// it, with [NewRequestId] for example.
	RequestId string `json:"RequestId"`

	// HostId is the host that answers, such as "cas.example.com". Empty unless
	// the caller sets it.
	HostId string `json:"HostId,omitempty" xml:"HostId,omitempty"`

	// Code is the documented code.
	Code Code `json:"Code"`

	// Message says what was refused and what would be accepted. Where a document
	// gives the text, it is most often that text.
	Message string `json:"Message"`

	// Parameter is the wire name of the request parameter at fault, such as
	// "CommonName"; empty when no single one is. The body has no member for it: it
	// stands in front of the Message there, unless the Message begins with it.
	Parameter string `json:"-" xml:"-"`

	// Err is the cause, such as the error a signer returned; often nil. It is for
	// the log and not for the wire.
	Err error `json:"-" xml:"-"`
}

// Errorf makes an *Error without a cause. Parameter may be empty; format and args
// give the message as in [fmt.Sprintf], without the private key in PEM that a value
// may turn out to be.
func Errorf(code Code, parameter, format string, args ...any) *Error {
	return &Error{Code: code, Parameter: parameter, Message: withoutKeys(fmt.Sprintf(format, args...))}
}

// withoutKeys cuts what follows the first line of a private key in PEM out of a
// message, up to the end of the quotation.
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
			i++ // what is escaped does not end the quotation
		case '"':
			return before + `"` + withoutKeys(key[i+1:])
		}
	}
	return before
}

// Missing is the error for a required parameter that is absent or empty, with
// the documented message "<parameter> is mandatory for this action."
func Missing(parameter string) *Error {
	return Errorf(ErrMissingParameter, parameter, "%s is mandatory for this action.", parameter)
}

// body is an Error as it is answered, without the methods.
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
	enc.SetEscapeHTML(false) // which is for the encoder that calls this to say
	err := enc.Encode(e.body())
	return text.Bytes(), err
}

// MarshalXML writes the documented error body, named Error unless start says
// otherwise.
func (e Error) MarshalXML(enc *xml.Encoder, start xml.StartElement) error {
	return enc.EncodeElement(e.body(), start)
}

// Error returns code, parameter, message and cause in one line, for a log.
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

// Unwrap returns the code and, if there is one, the cause: errors.Is and
// errors.As find both.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Code}
	}
	return []error{e.Code, e.Err}
}
