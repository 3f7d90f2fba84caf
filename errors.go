package yuncert

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
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
	// caller passed in or a certificate in the inventory, or CsrId does not name
	// a CSR in the archive.
	ErrNotFound Code = "NotFound"

	// ErrCertificateExpired: the issuing CA, a CA above it, or the certificate to
	// verify is expired or not yet valid.
	ErrCertificateExpired Code = "CertificateExpired"

	// ErrInvalidStatusUpdateProtection: the issuing CA, the certificate to verify
	// or SignCert is revoked, or the CA or certificate to revoke is already
	// revoked.
	ErrInvalidStatusUpdateProtection Code = "InvalidStatus.UpdateProtection"

	// ErrCertificatePrivateKeyExisted: a private key is already stored with the
	// CSR.
	ErrCertificatePrivateKeyExisted Code = "CertificatePrivateKey.Existed"

	// ErrInvalidStatusDeleteProtection: the certificate to delete is not revoked
	// for good.
	ErrInvalidStatusDeleteProtection Code = "InvalidStatus.DeleteProtection"

	// ErrParamRepeat: the CustomIdentifier belongs to another certificate.
	ErrParamRepeat Code = "ParamRepeat"
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
	// source failed, a store failed, or the CA's key did not sign.
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

// Codes of the cloud's gateway, which a service that answers its callers needs. The
// operations of this module do not return them; [ReadCall] returns the first three.
const (
	// ErrMissingAction, ErrMissingVersion: the call does not say which operation
	// it wants. The gateway has such a code for each parameter, Missing and its
	// name; the operations of this module return [ErrMissingParameter].
	ErrMissingAction  Code = "MissingAction"
	ErrMissingVersion Code = "MissingVersion"

	// ErrInvalidParameterFormat: Format is neither JSON nor XML.
	ErrInvalidParameterFormat Code = "InvalidParameter.Format"

	// ErrNoSuchVersion, ErrInvalidApiNotFound, ErrUnsupportedOperation: the
	// service has no such Version, has no such Action in that Version, or does
	// not offer the operation.
	ErrNoSuchVersion        Code = "NoSuchVersion"
	ErrInvalidApiNotFound   Code = "InvalidApi.NotFound"
	ErrUnsupportedOperation Code = "UnsupportedOperation"

	// ErrInvalidAccessKeyIdNotFound, ErrInvalidAccessKeyIdInactive: the key of the
	// caller is unknown or disabled.
	ErrInvalidAccessKeyIdNotFound Code = "InvalidAccessKeyId.NotFound"
	ErrInvalidAccessKeyIdInactive Code = "InvalidAccessKeyId.Inactive"

	// ErrIncompleteSignature, ErrSignatureDoesNotMatch, ErrSignatureNonceUsed: the
	// signature of the call lacks a part, is wrong, or was seen before.
	ErrIncompleteSignature   Code = "IncompleteSignature"
	ErrSignatureDoesNotMatch Code = "SignatureDoesNotMatch"
	ErrSignatureNonceUsed    Code = "SignatureNonceUsed"

	// ErrIllegalTimestamp, ErrInvalidTimeStampFormat, ErrInvalidTimeStampExpired:
	// the Timestamp is absent, malformed, or more than 15 minutes off.
	ErrIllegalTimestamp        Code = "IllegalTimestamp"
	ErrInvalidTimeStampFormat  Code = "InvalidTimeStamp.Format"
	ErrInvalidTimeStampExpired Code = "InvalidTimeStamp.Expired"

	// ErrInvalidProtocolNeedSsl: the call must use HTTPS.
	ErrInvalidProtocolNeedSsl Code = "InvalidProtocol.NeedSsl"

	// ErrForbidden, ErrForbiddenRAM: the caller may not do this.
	ErrForbidden    Code = "Forbidden"
	ErrForbiddenRAM Code = "Forbidden.RAM"

	// ErrThrottling, ErrThrottlingUser, ErrThrottlingApi: too many calls at the
	// service, of this user, or of this operation.
	ErrThrottling     Code = "Throttling"
	ErrThrottlingUser Code = "Throttling.User"
	ErrThrottlingApi  Code = "Throttling.Api"

	// ErrServiceUnavailable: the service is unavailable for a short time.
	ErrServiceUnavailable Code = "ServiceUnavailable"
)

// Error returns the code itself.
func (c Code) Error() string { return string(c) }

// HTTPStatus returns the documented status of the code: 400 if the request is
// wrong, 403 and 404 for the order codes, 500 for failures of the service. The
// gateway's codes have the statuses 400, 403, 404, 429 and 503. Documents differ
// for some of them: SignatureDoesNotMatch is 400 here, InvalidAccessKeyId.NotFound
// 404, Throttling.User 429. Missing with the name of a parameter, such as
// MissingCommonName, is 400. Any other code is 500.
func (c Code) HTTPStatus() int {
	switch c {
	case ErrMissingParameter, ErrInvalidValueMalformed, ErrInvalidParameter, ErrNotFound,
		ErrCertificateExpired, ErrInvalidStatusUpdateProtection, ErrInvalidStatusDeleteProtection,
		ErrCertificatePrivateKeyExisted, ErrParamRepeat:
		return http.StatusBadRequest
	case ErrCreateCertificateRequestFailed, ErrOrderStateError, ErrDeleteFail:
		return http.StatusForbidden
	case ErrNotFoundPackage, ErrNotRemainCount, ErrNotFoundOrder:
		return http.StatusNotFound
	}
	return c.gatewayStatus()
}

// gatewayStatus continues HTTPStatus with the codes of the gateway. The rest is 500.
func (c Code) gatewayStatus() int {
	switch c {
	case ErrInvalidParameterFormat, ErrNoSuchVersion, ErrUnsupportedOperation,
		ErrInvalidAccessKeyIdInactive, ErrIncompleteSignature, ErrSignatureDoesNotMatch,
		ErrSignatureNonceUsed, ErrIllegalTimestamp, ErrInvalidTimeStampFormat,
		ErrInvalidTimeStampExpired, ErrInvalidProtocolNeedSsl, ErrThrottling:
		return http.StatusBadRequest
	case ErrForbidden, ErrForbiddenRAM, "Forbidden.RiskControl":
		return http.StatusForbidden
	case ErrInvalidApiNotFound, ErrInvalidAccessKeyIdNotFound, "InvalidProduct.NotFound":
		return http.StatusNotFound
	case ErrThrottlingUser, ErrThrottlingApi:
		return http.StatusTooManyRequests
	case ErrServiceUnavailable:
		return http.StatusServiceUnavailable
	}
	if strings.HasPrefix(string(c), "Missing") {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

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

// cut returns up to n octets of a text.
func cut(text string, n int) string {
	const more = "…"
	if len(text) <= n {
		return text
	}
	n -= len(more)
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + more
}

// withoutKeys removes private keys from a message: everything from where a key
// begins up to the end of the quotation.
func withoutKeys(message string) string {
	var b strings.Builder
	for {
		at := findKey(message)
		if at < 0 {
			break
		}
		b.WriteString(message[:at])
		b.WriteString("…")
		message = message[at+quotationEnd(message[at:]):]
	}
	if b.Len() == 0 {
		return message
	}
	b.WriteString(message)
	return b.String()
}

// quotationEnd returns the index of the quotation mark that ends a quotation, or
// the length of the text if there is none. An escaped mark does not end it.
func quotationEnd(text string) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}

// findKey returns the index after the first label of a private key, or the index of
// a run before it that may be a key in base64. It returns -1 if there is neither.
func findKey(message string) int {
	start, end := findLabel(message)
	if start >= 0 {
		message = message[:start]
	}
	for at := 0; at < len(message); {
		n := base64Run(message[at:])
		if n >= 24 && isBase64Key(message[at:at+n]) {
			return at
		}
		at += n + 1
	}
	return end
}

// findLabel returns where the first line of a private key in PEM starts and ends,
// or -1 and -1. Forms, URLs and JSON change the spaces between its words.
func findLabel(message string) (start, end int) {
	const private, key, begin = "PRIVATE", "KEY", "BEGIN"
	for at := 0; ; {
		next := strings.Index(message[at:], private)
		if next < 0 {
			return -1, -1
		}
		start = at + next
		at = start + len(private)
		word := strings.Index(message[at:min(at+20, len(message))], key)
		if word < 0 {
			continue
		}
		end = at + word + len(key)
		dashes := len(message[end:]) - len(strings.TrimLeft(message[end:], "-"))
		before := max(0, start-40)
		first := strings.LastIndex(message[before:start], begin)
		if first >= 0 {
			return before + first, end + dashes
		}
		if dashes >= 5 {
			return start, end + dashes
		}
	}
}

// base64Run returns how many characters at the beginning of a text occur in base64, in
// its form for URLs or in percent-encoding (RFC 4648, sections 4 and 5).
func base64Run(text string) int {
	for i := range len(text) {
		c := text[i]
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("+/=_%-", c) >= 0) {
			return i
		}
	}
	return len(text)
}

// isBase64Key reports whether a run may hold a key in base64. A key changes between
// capital letters, small letters and digits at about 3 of 5 places. Host names,
// file names and paths change at about 1 of 3 or fewer. Digests in hexadecimal
// have letters of one case.
func isBase64Key(run string) bool {
	const window = 32 // so that words in front do not hide a key
	for at := range max(1, len(run)-window+1) {
		if looksRandom(run[at:min(at+window, len(run))]) {
			return true
		}
	}
	return false
}

// looksRandom reports whether a text has letters of both cases and changes between
// capital letters, small letters and digits at 2 of 5 places or more.
func looksRandom(text string) bool {
	const none, capital, small, digit = 0, 1, 2, 3
	var seen [4]bool
	changes, last := 0, none
	for i := range len(text) {
		c, class := text[i], none
		switch {
		case 'A' <= c && c <= 'Z':
			class = capital
		case 'a' <= c && c <= 'z':
			class = small
		case '0' <= c && c <= '9':
			class = digit
		}
		if class == none {
			continue
		}
		if class != last {
			changes++
		}
		seen[class] = true
		last = class
	}
	return seen[capital] && seen[small] && 5*changes >= 2*len(text)
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
