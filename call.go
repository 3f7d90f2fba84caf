package yuncert

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A Call is one call of an operation over HTTP, in the form of the cloud's SDKs.
//
// A service makes a Call of each request with [ReadCall], checks who sent it,
// chooses the operation by Version and Action, and reads the parameters with
// [Call.Decode]. [Call.Answer] makes the response. The methods do not change the Call
// and can be called concurrently.
type Call struct {
	Action  string // the operation, such as "CreateCsr"
	Version string // the version of the operation's product, such as "2020-04-07"
	XML     bool   // the answer is XML; otherwise it is JSON

	// HostId is the service's host name, for error bodies. ReadCall takes the Host of
	// the request, up to 300 octets. ParseCall leaves it empty, because net/http takes the host out of
	// the header.
	HostId string

	// Parameters has all parameters of the call, including Action and Version.
	Parameters url.Values
}

// cdnVersion is the version of CDN. Its answers are XML by default.
const cdnVersion = "2018-05-10"

// maxBody is the longest body that ReadCall reads, in octets.
const maxBody = 1 << 20

// maxHost is how many octets of a Host go into an answer. A host name and a port have
// fewer, but the caller can send any text.
const maxHost = 300

// ReadCall reads the call in a request: the query, and the body if it is a form of up
// to 1 MiB. The rest is as for [ParseCall].
//
// Its own code is [ErrInvalidParameter] for a longer body and for a query or a form that
// cannot be parsed. The Call that comes with an error can still answer it.
func ReadCall(r *http.Request) (Call, error) {
	if r.Body != nil { // a server's requests have one
		r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	}
	formErr := r.ParseForm()
	if _, ok := errors.AsType[*http.MaxBytesError](formErr); ok {
		formErr = Errorf(ErrInvalidParameter, "", "the body has more than %d octets", maxBody)
	} else if formErr != nil {
		formErr = Errorf(ErrInvalidParameter, "", "the query or the form cannot be parsed; want names and values as application/x-www-form-urlencoded")
	}
	call, err := ParseCall(r.Form, r.Header)
	call.HostId = cut(r.Host, maxHost)
	return call, cmp.Or(formErr, err)
}

// ParseCall reads the parameters and headers that all operations have in common.
// parameters has the query and the form in the body: it is the Form of an
// [http.Request] after ParseForm. ParseCall does not read a body in JSON: such a
// call looks like one without parameters.
//
// Action and Version are parameters or the headers x-acs-action and x-acs-version.
// If one is given more than once, all values must be equal. An Action has up to 128
// ASCII letters and digits. Format is "JSON" or "XML" in any case. Without Format
// the header Accept decides. If it does not name either, the answer is XML for CDN
// (Version 2018-05-10) and JSON for every other Version, as documented.
//
// The codes are [ErrMissingAction], [ErrMissingVersion], [ErrInvalidParameterFormat],
// [ErrInvalidParameter] for different values of one parameter, and
// [ErrInvalidValueMalformed] for an Action with other characters. The Call that
// comes with an error can still answer it. ParseCall does not know which operations
// exist, and checks no signature.
func ParseCall(parameters url.Values, header http.Header) (Call, error) {
	action, actionErr := common("Action", ErrMissingAction, parameters["Action"], header.Values("x-acs-action"))
	if actionErr == nil && !isAction(action) {
		actionErr = Errorf(ErrInvalidValueMalformed, "Action", "%.80q is not the name of an operation; want up to 128 letters and digits", action)
	}
	version, versionErr := common("Version", ErrMissingVersion, parameters["Version"], header.Values("x-acs-version"))
	format, formatErr := common("Format", "", parameters["Format"], nil)
	if formatErr == nil && format != "" && !strings.EqualFold(format, "JSON") && !strings.EqualFold(format, "XML") {
		formatErr = Errorf(ErrInvalidParameterFormat, "Format", "%.80q is not JSON or XML", format)
	}
	isXML := wantsXML(format, header.Get("Accept"), version)
	call := Call{Action: action, Version: version, XML: isXML, Parameters: parameters}
	return call, cmp.Or(actionErr, versionErr, formatErr)
}

// common returns the value of a parameter that can be in several places. missing is
// the code if there is none; empty means that the parameter is optional.
func common(name string, missing Code, sent, inHeader []string) (string, error) {
	value := ""
	for _, other := range slices.Concat(sent, inHeader) {
		if value != "" && other != "" && value != other {
			return "", Errorf(ErrInvalidParameter, name, "%.80q and %.80q are both given; give one of them", value, other)
		}
		value = cmp.Or(value, other)
	}
	if value == "" && missing != "" {
		err := Missing(name)
		err.Code = missing
		return "", err
	}
	return value, nil
}

// wantsXML reports whether the answer is XML.
func wantsXML(format, accept, version string) bool {
	accept = strings.ToLower(accept)
	switch {
	case format != "":
		return strings.EqualFold(format, "XML")
	case strings.Contains(accept, "application/json"):
		return false
	case strings.Contains(accept, "application/xml"), strings.Contains(accept, "text/xml"):
		return true
	}
	return version == cdnVersion
}

// isAction reports whether a text can be the name of an operation. Such a text is
// also safe in the first element of an answer in XML.
func isAction(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return text != "" && len(text) <= 128
}
