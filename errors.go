package yuncert

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
)

// An Error is the error of every operation of this module. encoding/json and
// encoding/xml write it as the documented error body: RequestId, HostId, Code,
// Message and, in JSON, Recommend. [Call.Answer] sets RequestId, HostId and
// Recommend in a copy. An Error contains no key bytes and no whole CSR. Do not
// embed it in a struct with more members: the encoders would write only the Error.
type Error struct {
	// RequestId identifies the request that failed. Empty until the caller sets
	// it, for example with [NewRequestId].
	RequestId string `json:"RequestId"`

	// HostId is the name of the host that answers, such as "cas.example.com". Empty
	// until the caller sets it.
	HostId string `json:"HostId,omitempty" xml:"HostId,omitempty"`

	// Code is the documented code.
	Code Code `json:"Code"`

	// Message says what was refused and what is accepted, in up to 1000 octets. It
	// is the documented text if there is one for the situation.
	Message string `json:"Message"`

	// Recommend is the address of a page about the code. Empty until the caller
	// sets it.
	Recommend string `json:"Recommend,omitempty" xml:"-"`

	// Parameter is the documented name of the parameter at fault, such as
	// "CommonName"; empty if there is no single one. In the error body it is
	// not a member, but precedes the Message, unless the Message begins with
	// it.
	Parameter string `json:"-" xml:"-"`

	// Err is the cause, such as the error of a signer; often nil. It is for
	// logs and is not in the error body.
	Err error `json:"-" xml:"-"`
}

// maxMessage is how many octets a Message and the text of a cause have at most.
// Messages quote up to 80 characters of a value, so few come near it.
const maxMessage = 1000

// Errorf returns an *Error without a cause. The parameter may be empty. format
// and args give the message as in [fmt.Sprintf]. The message is cut after 1000
// octets. "…" replaces what looks like a private key in PEM or base64, up to the
// next quotation mark: 24 or more characters of base64 that look random. Digests in
// hexadecimal, object identifiers, host names and words stay.
func Errorf(code Code, parameter, format string, args ...any) *Error {
	message := cut(fmt.Sprintf(format, args...), 10*maxMessage) // bounds the search for keys
	return &Error{Code: code, Parameter: parameter, Message: cut(withoutKeys(message), maxMessage)}
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

// Error returns the code, parameter, message and up to 1000 octets of the cause in
// one line, for logs.
func (e *Error) Error() string {
	s := string(e.Code)
	if e.Parameter != "" {
		s += ": " + e.Parameter
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Err != nil {
		s += ": " + cut(e.Err.Error(), maxMessage)
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
