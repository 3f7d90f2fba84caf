package yuncert_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/csr"
)

// An operation over HTTP, for callers of the cloud's interface: they send parameters
// in the query or a form and read JSON. This handler does not authenticate them and
// does not limit their calls.
func Example_http() {
	handle := func(w http.ResponseWriter, r *http.Request) {
		resp, err := createCsr(r)
		status := http.StatusOK
		if e, ok := errors.AsType[*yuncert.Error](err); ok {
			status = e.Code.HTTPStatus()
			e.RequestId, _ = yuncert.NewRequestId(nil)
			resp = e
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(resp)
	}

	for _, query := range []string{
		"Action=CreateCsr&Algorithm=ECC&KeySize=256&CommonName=www.example.com&CountryCode=CN&Province=Beijing&Locality=Beijing",
		"Action=CreateCsr&Algorithm=RSA&KeySize=1024&CommonName=www.example.com&CountryCode=CN&Province=Beijing&Locality=Beijing",
	} {
		recorder := httptest.NewRecorder()
		handle(recorder, httptest.NewRequest("GET", "/?"+query, nil))
		var body struct{ Csr, Code, Message string }
		if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d, a CSR: %t, Code %q, Message %q\n", recorder.Code, body.Csr != "", body.Code, body.Message)
	}
	// Output:
	// 200, a CSR: true, Code "", Message ""
	// 400, a CSR: false, Code "InvalidValue.Malformed", Message "KeySize: 1024 is not 2048, 3072 or 4096 for RSA, or 256 for ECC and SM2; CreateCsrWithKey also takes 384 and 521 for ECC"
}

func createCsr(r *http.Request) (any, error) {
	var req csr.CreateCsrRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	resp, key, err := csr.CreateCsr(nil, &req)
	if err != nil {
		return nil, err
	}
	_ = key // a service stores it
	return resp, nil
}

// decode sets the text, number and bool fields of a request. It ignores parameters
// that the request does not have, such as Action, and lists (Tags.1.Key).
func decode(r *http.Request, req any) error {
	if err := r.ParseForm(); err != nil {
		return yuncert.Errorf(yuncert.ErrInvalidParameter, "", "the query or form cannot be parsed")
	}
	fields := reflect.ValueOf(req).Elem()
	for name, field := range fields.Fields() {
		text, err := r.Form.Get(name.Name), error(nil)
		switch {
		case text == "":
			continue
		case field.Kind() == reflect.String:
			field.SetString(text)
		case field.CanInt():
			var n int64
			n, err = strconv.ParseInt(text, 10, field.Type().Bits())
			field.SetInt(n)
		case field.Kind() == reflect.Bool:
			var b bool
			b, err = strconv.ParseBool(text)
			field.SetBool(b)
		}
		if err != nil {
			return yuncert.Errorf(yuncert.ErrInvalidParameter, name.Name, "%.80q is not of type %s", text, field.Kind())
		}
	}
	return nil
}
