package yuncert_test

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/csr"
)

// A service for the cloud's SDKs. It answers in JSON or XML, as the caller asks. It
// does not authenticate callers and does not limit their calls.
func Example_http() {
	handle := func(w http.ResponseWriter, r *http.Request) {
		call, err := yuncert.ReadCall(r)
		var resp any
		if err == nil {
			resp, err = serve(call)
		}
		status, contentType, body := call.Answer(nil, resp, err)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		w.Write(body)
	}

	for _, query := range []string{
		"KeySize=256&Algorithm=ECC&CommonName=www.example.com&CountryCode=CN&Province=Beijing&Locality=Beijing",
		"KeySize=1024&Algorithm=RSA&CommonName=www.example.com&CountryCode=CN&Province=Beijing&Locality=Beijing",
		"KeySize=2K&Algorithm=RSA&CommonName=www.example.com&CountryCode=CN&Province=Beijing&Locality=Beijing",
	} {
		recorder := httptest.NewRecorder()
		handle(recorder, httptest.NewRequest("GET", "/?Action=CreateCsr&Version=2020-04-07&"+query, nil))
		var body struct{ Csr, Code, Message string }
		if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d, a CSR: %t, Code %q, Message %q\n", recorder.Code, body.Csr != "", body.Code, body.Message)
	}
	// Output:
	// 200, a CSR: true, Code "", Message ""
	// 400, a CSR: false, Code "InvalidValue.Malformed", Message "KeySize: 1024 is not 2048, 3072 or 4096 for RSA, or 256 for ECC and SM2; CreateCsrWithKey also takes 384 and 521 for ECC"
	// 400, a CSR: false, Code "InvalidValue.Malformed", Message "KeySize: \"2K\" is not an integer from -2147483648 to 2147483647"
}

// serve has one case for each operation of the service.
func serve(call yuncert.Call) (any, error) {
	switch call.Version + " " + call.Action {
	case "2020-04-07 CreateCsr":
		var req csr.CreateCsrRequest
		if _, err := call.Decode(&req); err != nil {
			return nil, err
		}
		resp, key, err := csr.CreateCsr(nil, &req)
		_ = key // a service stores it
		return resp, err
	}
	return nil, yuncert.ErrInvalidApiNotFound
}
