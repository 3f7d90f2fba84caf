package order_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

// The sample responses of the documents, as printed there.
func TestDocumentedResponses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, sample string
		value, want  any
	}{
		// This OrderId has lost digits. The example of the field is
		// 98987582437920968: see TestDocumentedOrderId.
		{"CreateCertificateWithCsrRequest", `{
  "OrderId": 98987582437920960,
  "RequestId": "CBF1E9B7-D6A0-4E9E-AD3E-2B47E6C2837D"
}`, new(order.CreateCertificateWithCsrRequestResponse), &order.CreateCertificateWithCsrRequestResponse{
			OrderId: 98987582437920960, RequestId: "CBF1E9B7-D6A0-4E9E-AD3E-2B47E6C2837D",
		}},
		// No real response has all of these members: their descriptions exclude
		// each other. Content is the address of the file here, and a token in our
		// responses.
		{"DescribeCertificateState", `{
  "Type": "domain_verify",
  "Domain": "www.example.com",
  "RecordType": "TXT",
  "Certificate": "-----BEGIN CERTIFICATE----- …… -----END CERTIFICATE-----",
  "RequestId": "082FAB35-6AB9-4FD5-8750-D36673548E76",
  "RecordDomain": "_dnsauth",
  "PrivateKey": "-----BEGIN RSA PRIVATE KEY-----…… -----END RSA PRIVATE KEY-----",
  "ValidateType": "FILE",
  "RecordValue": "20200420000000223erigacv46uhaubchcm0o7spxi7i2isvjq59mlx9lucnkqcy",
  "Content": "http://example.com/.well-known/pki-validation/fileauth.txt",
  "Uri": "/.well-known/pki-validation/fileauth.txt"
}`, new(order.DescribeCertificateStateResponse), &order.DescribeCertificateStateResponse{
			RequestId: "082FAB35-6AB9-4FD5-8750-D36673548E76", Type: "domain_verify", ValidateType: "FILE",
			RecordDomain: "_dnsauth", RecordType: "TXT", RecordValue: "20200420000000223erigacv46uhaubchcm0o7spxi7i2isvjq59mlx9lucnkqcy",
			Domain: "www.example.com", Uri: "/.well-known/pki-validation/fileauth.txt", Content: "http://example.com/.well-known/pki-validation/fileauth.txt",
			Certificate: "-----BEGIN CERTIFICATE----- …… -----END CERTIFICATE-----",
			PrivateKey:  "-----BEGIN RSA PRIVATE KEY-----…… -----END RSA PRIVATE KEY-----",
		}},
		{"DescribePackageState", `{
  "IssuedCount": 1,
  "RequestId": "10CFA380-1C58-45C7-8075-06215F3DB681",
  "TotalCount": 20,
  "ProductCode": "digicert-free-1-free",
  "UsedCount": 2
}`, new(order.DescribePackageStateResponse), &order.DescribePackageStateResponse{
			ProductCode: "digicert-free-1-free", TotalCount: 20, UsedCount: 2, IssuedCount: 1, RequestId: "10CFA380-1C58-45C7-8075-06215F3DB681",
		}},
		{"CancelOrderRequest", `{
  "RequestId": "082FAB35-6AB9-4FD5-8750-D36673548E76"
}`, new(order.CancelOrderRequestResponse), &order.CancelOrderRequestResponse{RequestId: "082FAB35-6AB9-4FD5-8750-D36673548E76"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			testutil.DecodeStrictly(t, []byte(tt.sample), tt.value)
			if diff := cmp.Diff(tt.want, tt.value); diff != "" {
				t.Errorf("response mismatch (-want +got):\n%s", diff)
			}
			again := must[[]byte](t)(json.Marshal(tt.value))
			if diff := cmp.Diff(members(t, []byte(tt.sample)), members(t, again)); diff != "" {
				t.Errorf("members mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// members decodes JSON and keeps the digits of numbers.
func members(t testing.TB, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// The example of the field OrderId and the sample response differ in the last
// digit, because the sample went through floating point. These types keep all
// digits of such an OrderId. Our own OrderIds are below 2^53, so that every
// reader keeps their digits.
func TestDocumentedOrderId(t *testing.T) {
	t.Parallel()
	const example, sample = int64(98987582437920968), "98987582437920960"
	if got := strconv.FormatFloat(float64(example), 'f', -1, 64); got != sample {
		t.Errorf("%d is %s after floating point, want %s as in the document", example, got, sample)
	}
	for _, id := range []int64{1, 123451222, 1<<53 - 1, example, math.MaxInt64} {
		text := fmt.Sprintf(`{"OrderId":%d}`, id)
		for _, value := range []any{
			new(order.CreateCertificateWithCsrRequestResponse), new(order.CreateCertificateRequestResponse),
			new(order.CreateCertificateForPackageRequestResponse), new(order.DescribeCertificateStateRequest),
			new(order.CancelOrderRequestRequest), new(order.DeleteCertificateRequestRequest),
			new(order.RenewCertificateOrderForPackageRequestRequest), new(order.RenewCertificateOrderForPackageRequestResponse),
			new(order.CancelCertificateForPackageRequestRequest),
		} {
			testutil.DecodeStrictly(t, []byte(text), value)
			if again := must[[]byte](t)(json.Marshal(value)); string(again) != text {
				t.Errorf("%T: %s became %s after decoding and encoding", value, text, again)
			}
		}
	}
}

// The requests and responses have the documented members and types.
func TestDocumentedMembers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value any
		want  []string
		zero  string // as JSON
	}{
		{order.CreateCertificateWithCsrRequestRequest{}, []string{
			"Csr string", "ProductCode string", "Username string", "Phone string", "Email string", "ValidateType string", "Tags []ca.Tag",
		}, `{}`},
		{order.CreateCertificateWithCsrRequestResponse{}, []string{"OrderId int64", "RequestId string"}, `{}`},
		{order.CreateCertificateRequestRequest{}, []string{
			"ProductCode string", "Username string", "Phone string", "Email string", "Domain string", "ValidateType string", "Tags []ca.Tag",
		}, `{}`},
		{order.CreateCertificateRequestResponse{}, []string{"OrderId int64", "RequestId string"}, `{}`},
		{order.CreateCertificateForPackageRequestRequest{}, []string{
			"ProductCode string", "Domain string", "Csr string", "Username string", "Phone string", "Email string", "CompanyName string",
			"ValidateType string", "Tags []ca.Tag",
		}, `{}`},
		{order.CreateCertificateForPackageRequestResponse{}, []string{"OrderId int64", "RequestId string"}, `{}`},
		{order.DescribeCertificateStateRequest{}, []string{"OrderId int64"}, `{}`},
		{order.DescribeCertificateStateResponse{}, []string{
			"RequestId string", "Type string", "ValidateType string", "RecordDomain string", "RecordType string", "RecordValue string",
			"Domain string", "Uri string", "Content string", "Certificate string", "PrivateKey string", "CertId string",
		}, `{}`},
		{order.DescribePackageStateRequest{}, []string{"ProductCode string"}, `{}`},
		// A count of 0 is encoded: it is an answer.
		{order.DescribePackageStateResponse{}, []string{
			"ProductCode string", "TotalCount int64", "UsedCount int64", "IssuedCount int64", "RequestId string",
		}, `{"TotalCount":0,"UsedCount":0,"IssuedCount":0}`},
		{order.CancelOrderRequestRequest{}, []string{"OrderId int64"}, `{}`},
		{order.CancelOrderRequestResponse{}, []string{"RequestId string"}, `{}`},
		{order.RenewCertificateOrderForPackageRequestRequest{}, []string{"OrderId int64", "Csr string", "Tags []ca.Tag"}, `{}`},
		{order.RenewCertificateOrderForPackageRequestResponse{}, []string{"OrderId int64", "RequestId string"}, `{}`},
		{order.CancelCertificateForPackageRequestRequest{}, []string{"OrderId int64"}, `{}`},
		{order.CancelCertificateForPackageRequestResponse{}, []string{"RequestId string"}, `{}`},
		{order.DeleteCertificateRequestRequest{}, []string{"OrderId int64"}, `{}`},
		{order.DeleteCertificateRequestResponse{}, []string{"RequestId string"}, `{}`},
	}
	for _, tt := range tests {
		t.Run(reflect.TypeOf(tt.value).Name(), func(t *testing.T) {
			t.Parallel()
			testutil.CheckMembers(t, tt.value, tt.want, tt.zero)
		})
	}
}

// A request that was encoded and decoded gives the same order.
func TestRequestJSON(t *testing.T) {
	t.Parallel()
	req := application(plainCSR(t))
	req.ProductCode, req.Username, req.Tags = "geotrust-dv-1-starter", "汤姆", tags(2)
	again := new(request)
	testutil.DecodeStrictly(t, must[[]byte](t)(json.Marshal(req)), again)
	if diff := cmp.Diff(req, again); diff != "" {
		t.Fatalf("mismatch after encoding and decoding (-before +after):\n%s", diff)
	}
	var results [2]contents
	for i, r := range []*request{req, again} {
		book, store := newBook(t, unasked(t))
		must[*order.CreateCertificateWithCsrRequestResponse](t)(book.CreateCertificateWithCsrRequest(t.Context(), testutil.Seeded(), instant, r))
		results[i] = everything(t, store)
	}
	if diff := cmp.Diff(results[0], results[1]); diff != "" {
		t.Errorf("the decoded request gives another order (-before +after):\n%s", diff)
	}
}

// The responses in each state equal those in testdata. go test -update writes them.
func TestGoldenResponses(t *testing.T) {
	t.Parallel()
	book, _ := newBook(t, proved)
	random := testutil.Seeded()
	ctx := t.Context()
	describe := func(id int64) *order.DescribeCertificateStateResponse {
		return must[*order.DescribeCertificateStateResponse](t)(book.DescribeCertificateState(ctx, random, &order.DescribeCertificateStateRequest{OrderId: id}))
	}
	type results struct {
		Created, Cancelled, Deleted, Package  any
		WithKey, ForPackage, Renewed, Revoked any
		States                                map[string]any
	}
	got := results{States: map[string]any{}}
	submit := func(validateType string) int64 {
		req := application(plainCSR(t))
		req.ValidateType = validateType
		resp := must[*order.CreateCertificateWithCsrRequestResponse](t)(book.CreateCertificateWithCsrRequest(ctx, random, instant, req))
		got.Created = resp
		return resp.OrderId
	}
	file, dns := submit("FILE"), submit("DNS")
	got.States["domain_verify, FILE"] = describe(file)
	got.States["domain_verify, DNS"] = describe(dns)
	got.Cancelled = must[*order.CancelOrderRequestResponse](t)(book.CancelOrderRequest(ctx, random, instant, &order.CancelOrderRequestRequest{OrderId: file}))
	got.States["payed"] = describe(file)
	got.Deleted = must[*order.DeleteCertificateRequestResponse](t)(book.DeleteCertificateRequest(ctx, random, &order.DeleteCertificateRequestRequest{OrderId: file}))
	for _, state := range []string{"verify_fail", "certificate"} {
		must[order.Order](t)(book.CheckOwnership(ctx, instant, dns))
		got.States["process"] = describe(dns)
		if state == "verify_fail" {
			must[order.Order](t)(book.Fail(ctx, instant, dns, "the domain is on a list"))
		} else {
			must[order.Order](t)(book.Issue(ctx, random, instant, authorityOf(algorithm.ECC_256).issuer, dns))
		}
		got.States[state] = describe(dns)
		if state == "verify_fail" {
			dns = submit("DNS")
		}
	}
	withKey, _, err := book.CreateCertificateRequest(ctx, random, instant, domainApplication())
	if err != nil {
		t.Fatal(err)
	}
	forPackage, _, err := book.CreateCertificateForPackageRequest(ctx, random, instant, packageApplication(plainCSR(t)))
	if err != nil {
		t.Fatal(err)
	}
	got.WithKey, got.ForPackage = withKey, forPackage
	renewed, _, err := book.RenewCertificateOrderForPackageRequest(ctx, random, aboutToExpire, renewal(dns, plainCSR(t)))
	if err != nil {
		t.Fatal(err)
	}
	cancel := func(id int64) any {
		return must[*order.CancelCertificateForPackageRequestResponse](t)(book.CancelCertificateForPackageRequest(ctx, random, later, &order.CancelCertificateForPackageRequestRequest{OrderId: id}))
	}
	got.Renewed, got.Revoked = renewed, cancel(dns)
	cancel(renewed.OrderId)
	got.States["revoked"], got.States["cancelled"] = describe(dns), describe(renewed.OrderId)
	got.Package = must[*order.DescribePackageStateResponse](t)(book.DescribePackageState(ctx, random, nil))
	authority, _, _ := newAuthorityBook(t, proved)
	for _, validateType := range []string{"DNS", "FILE"} {
		req := application(plainCSR(t))
		req.ValidateType = validateType
		resp := must[*order.CreateCertificateWithCsrRequestResponse](t)(authority.CreateCertificateWithCsrRequest(ctx, random, instant, req))
		got.States["domain_verify, "+validateType+", with an Authority"] = must[*order.DescribeCertificateStateResponse](t)(authority.DescribeCertificateState(ctx, random, &order.DescribeCertificateStateRequest{OrderId: resp.OrderId}))
	}
	text := must[[]byte](t)(json.MarshalIndent(got, "", "  "))
	testutil.Golden(t, "responses.json", string(text)+"\n")
}
