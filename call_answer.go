package yuncert

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
)

// documentedMessages are the messages of errors that are only a Code.
var documentedMessages = map[Code]string{
	ErrInternalError:      "The request processing has failed due to backend service exception.",
	ErrInvalidApiNotFound: "Specified api is not found, please check your url and method.",
	ErrThrottling:         "Request was denied due to request throttling.",
	ErrThrottlingUser:     "Request was denied due to user flow control.",
	ErrThrottlingApi:      "The request was denied due to API flow control.",
}

// Answer returns the HTTP response to the call: status, Content-Type and body, in JSON
// or XML.
//
// If err is nil, the status is 200 and the body is resp, the response of an operation.
// JSON is what encoding/json writes, without escapes for HTML. XML has the same
// members in an element <Action>Response; a list is a repeated element. If resp is nil,
// the body has only a RequestId. A resp that is not an object in JSON is
// [ErrInternalError], and in XML also one with a member whose name is not a letter or
// underscore and then letters, digits, hyphens, dots and underscores of ASCII.
//
// If err is not nil, the body is the documented error with the status of its code. It
// is made from the *[Error] in err, or from the [Code] in err. Any other error becomes
// [ErrInternalError] with the documented message: the caller does not see its text, so
// log it. RequestId, HostId and Recommend are filled in where err has none: from rand,
// from the Call, and with the address of Alibaba Cloud's page about the code. XML has
// no Recommend, as documented. err itself does not change.
//
// A nil rand means [crypto/rand.Reader]. If rand fails, the RequestId is empty.
func (c Call) Answer(rand io.Reader, resp any, err error) (status int, contentType string, body []byte) {
	status, contentType = http.StatusOK, "application/json; charset=utf-8"
	if c.XML {
		contentType = "text/xml; charset=utf-8"
	}
	if err == nil {
		body, err = c.success(rand, resp)
	}
	if err != nil {
		e := c.failure(rand, err)
		status = e.Code.HTTPStatus()
		body, _ = c.encode("Error", e) // cannot fail: an Error has only texts
	}
	return status, contentType, body
}

func (c Call) success(rand io.Reader, resp any) ([]byte, error) {
	root := "Response"
	if isAction(c.Action) {
		root = c.Action + root
	}
	isNil := resp == nil || reflect.ValueOf(resp).Kind() == reflect.Pointer && reflect.ValueOf(resp).IsNil()
	if isNil {
		id, err := NewRequestId(rand)
		if err != nil {
			return nil, err
		}
		resp = struct{ RequestId string }{id}
	}
	return c.encode(root, resp)
}

// failure returns the error that the caller of the service sees.
func (c Call) failure(rand io.Reader, err error) Error {
	code, isCode := errors.AsType[Code](err)
	if !isCode {
		code = ErrInternalError
	}
	e := Error{Code: code, Message: cmp.Or(documentedMessages[code], string(code))}
	if found, ok := errors.AsType[*Error](err); ok {
		e = *found
	}
	if e.RequestId == "" {
		e.RequestId, _ = NewRequestId(rand)
	}
	e.HostId = cmp.Or(e.HostId, c.HostId)
	if c.XML {
		e.Recommend = ""
	} else if e.Recommend == "" {
		e.Recommend = "https://api.aliyun.com/troubleshoot?q=" + url.QueryEscape(string(e.Code)) + products[c.Version]
	}
	return e
}

// products has the end of Recommend for each Version.
var products = map[string]string{cdnVersion: "&product=Cdn", "2020-04-07": "&product=cas", "2020-06-30": "&product=cas"}

// encode returns a body in JSON or XML.
func (c Call) encode(root string, v any) ([]byte, error) {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		return nil, err
	}
	if text.Bytes()[0] != '{' {
		return nil, errors.New("the response is not an object") // XML would have no root, or several
	}
	if !c.XML {
		return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
	}
	in := json.NewDecoder(&text)
	in.UseNumber()
	body := bytes.NewBufferString(xml.Header)
	elements := xml.NewEncoder(body)
	if err := writeElement(elements, root, in); err != nil {
		return nil, err
	}
	err := elements.Flush()
	return body.Bytes(), err
}

// writeElement writes the next JSON value as an element. An array is one element for
// each entry, and null is none.
func writeElement(out *xml.Encoder, name string, in *json.Decoder) error {
	token, err := in.Token()
	if err != nil || token == nil {
		return err
	}
	if token == json.Delim('[') {
		for in.More() {
			if err := writeElement(out, name, in); err != nil {
				return err
			}
		}
		_, err := in.Token()
		return err
	}
	if !isElement(name) {
		return fmt.Errorf("the response has a member %.80q, which cannot be an element of XML", name)
	}
	start := xml.StartElement{Name: xml.Name{Local: name}}
	if err := out.EncodeToken(start); err != nil {
		return err
	}
	if token == json.Delim('{') {
		for in.More() {
			key, err := in.Token()
			if err != nil {
				return err
			}
			if err := writeElement(out, fmt.Sprint(key), in); err != nil {
				return err
			}
		}
		_, err = in.Token()
	} else {
		err = out.EncodeToken(xml.CharData(fmt.Sprint(token)))
	}
	if err != nil {
		return err
	}
	return out.EncodeToken(start.End())
}

// isElement reports whether a text can be the name of an element. encoding/xml writes
// names as they are, so any other text would add elements.
func isElement(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '_' || i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.')) {
			return false
		}
	}
	return name != ""
}
