package csr_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testutil"
)

// The success responses that the documents print.
const (
	// CDN, the document of 2026.
	cdnSample = `{
  "RequestId": "0AEDAF20-4DDF-4165-8750-47FF9C1929C9",
  "PubMd5": "629bf4fd8104eda171135bcb0f77****",
  "Csr": "CSRName",
  "CommonName": "CommonName"
}`
	// CDN, the older document.
	cdnOldSample = `{
    "RequestId": "0AEDAF20-4DDF-4165-8750-47FF9C1929C9",
    "CommonName":"example.com",
    "Csr": "-----BEGIN CERTIFICATE REQUEST-----\nMIIC/zqTxxxxx\n-----END CERTIFICATE REQUEST-----\n",
    "PubMd5":"629bf4fd8104eda171135bcb0f77xxxx"
}`
	// Certificate Management Service.
	createCsrSample = `{
  "Csr": "-----BEGIN CERTIFICATE REQUEST----- ...... -----END CERTIFICATE REQUEST-----",
  "RequestId": "12345678-1234-1234-1234-123456789ABC",
  "CsrId": 3365
}`
)

func TestDocumentedResponses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, sample string
		value, want  any
	}{
		{"CreateCdnCertificateSigningRequest", cdnSample,
			new(csr.CreateCdnCertificateSigningRequestResponse), &csr.CreateCdnCertificateSigningRequestResponse{
				RequestId: "0AEDAF20-4DDF-4165-8750-47FF9C1929C9", PubMd5: "629bf4fd8104eda171135bcb0f77****",
				Csr: "CSRName", CommonName: "CommonName",
			}},
		{"CreateCdnCertificateSigningRequest, older document", cdnOldSample,
			new(csr.CreateCdnCertificateSigningRequestResponse), &csr.CreateCdnCertificateSigningRequestResponse{
				RequestId: "0AEDAF20-4DDF-4165-8750-47FF9C1929C9", PubMd5: "629bf4fd8104eda171135bcb0f77xxxx",
				Csr:        "-----BEGIN CERTIFICATE REQUEST-----\nMIIC/zqTxxxxx\n-----END CERTIFICATE REQUEST-----\n",
				CommonName: "example.com",
			}},
		{"CreateCsr", createCsrSample,
			new(csr.CreateCsrResponse), &csr.CreateCsrResponse{
				Csr:       "-----BEGIN CERTIFICATE REQUEST----- ...... -----END CERTIFICATE REQUEST-----",
				RequestId: "12345678-1234-1234-1234-123456789ABC", CsrId: 3365,
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			testutil.DecodeStrictly(t, []byte(tt.sample), tt.value)
			if diff := cmp.Diff(tt.want, tt.value); diff != "" {
				t.Errorf("decoded (-want +got):\n%s", diff)
			}
			text, err := json.Marshal(tt.value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(members(t, tt.sample), members(t, string(text))); diff != "" {
				t.Errorf("encoded again (-document +got):\n%s", diff)
			}
		})
	}
}

// The parameters of the documents' tables, and no others; their values are the
// tables' examples.
func TestDocumentedParameters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		value      any
		parameters []string
		example    string
	}{
		{"CreateCdnCertificateSigningRequest", new(csr.CreateCdnCertificateSigningRequestRequest),
			[]string{"CommonName", "SANs", "Organization", "OrganizationUnit", "Country", "State", "City", "Email"},
			`{"CommonName": "CommonName", "SANs": "example.com", "Organization": "Alibaba Inc", "OrganizationUnit": "Aliyun CDN",
			"Country": "CN", "State": "Zhejiang", "City": "Hangzhou", "Email": "username@example.com"}`},
		{"CreateCsr", new(csr.CreateCsrRequest),
			[]string{"KeySize", "Algorithm", "CommonName", "Sans", "CountryCode", "Province", "Locality", "CorpName", "Name", "Department"},
			`{"KeySize": 2048, "Algorithm": "RSA", "CommonName": "123.com", "Sans": "www.example.com,www.aliyundoc.com",
			"CountryCode": "CN", "Province": "Beijing", "Locality": "Beijing", "CorpName": "aly", "Name": "csr-123", "Department": "IT"}`},
		{"CreateCdnCertificateSigningRequest's response", new(csr.CreateCdnCertificateSigningRequestResponse),
			[]string{"RequestId", "PubMd5", "Csr", "CommonName"}, cdnSample},
		{"CreateCsr's response", new(csr.CreateCsrResponse),
			[]string{"Csr", "RequestId", "CsrId"}, createCsrSample},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var fields, tags []string
			for f := range reflect.TypeOf(tt.value).Elem().Fields() {
				fields = append(fields, f.Name)
				name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
				if tags = append(tags, name); options != "omitempty" {
					t.Errorf("%s has the json options %q", f.Name, options)
				}
			}
			if diff := cmp.Diff(tt.parameters, fields); diff != "" { // also the order
				t.Errorf("fields (-document +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.parameters, tags); diff != "" {
				t.Errorf("json names (-document +got):\n%s", diff)
			}

			testutil.DecodeStrictly(t, []byte(tt.example), tt.value)
			text, err := json.Marshal(tt.value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(members(t, tt.example), members(t, string(text))); diff != "" {
				t.Errorf("round trip (-document +got):\n%s", diff)
			}
			got := slices.Sorted(maps.Keys(members(t, string(text))))
			if diff := cmp.Diff(slices.Sorted(slices.Values(tt.parameters)), got); diff != "" {
				t.Errorf("members (-document +got):\n%s", diff)
			}
			if v, ok := tt.value.(interface{ Validate() error }); ok {
				if err := v.Validate(); err != nil {
					t.Errorf("the document's examples do not pass: %v", err)
				}
			}

			// Absent and empty are one: an empty value writes nothing.
			empty := reflect.New(reflect.TypeOf(tt.value).Elem()).Interface()
			if text, err := json.Marshal(empty); err != nil || string(text) != "{}" {
				t.Errorf("an empty value encodes to %s, %v", text, err)
			}
		})
	}
}

// A CsrId survives readers that take every JSON number for a double.
func TestCsrIdAsDouble(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(csr.CreateCsrResponse{CsrId: 1<<53 - 1})
	if err != nil {
		t.Fatal(err)
	}
	if id := members(t, string(text))["CsrId"]; id != float64(1<<53-1) || int64(id.(float64)) != 1<<53-1 {
		t.Errorf("CsrId is read as %v", id)
	}
}

func members(t *testing.T, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}
