package ca_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
)

// The sample of the document of CreateServerCertificateWithCsr.
func TestDocumentedResponse(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/create_server_certificate_with_csr_response.json")
	if err != nil {
		t.Fatal(err)
	}
	checkRoundTrip[ca.CreateServerCertificateWithCsrResponse](t, text)
}

// checkRoundTrip decodes JSON strictly and wants the same members back.
func checkRoundTrip[T any](t *testing.T, text []byte) {
	t.Helper()
	var value T
	testutil.DecodeStrictly(t, text, &value)
	again, err := json.Marshal(&value)
	if err != nil {
		t.Fatal(err)
	}
	var want, got any
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(again, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members mismatch (-want +got):\n%s", diff)
	}
}

// The members of the requests and responses, with their documented types, in the
// documents' order. Members of the library follow.
func TestDocumentedMembers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value any
		want  []string
		ours  []string // not documented
	}{
		{ca.CreateServerCertificateWithCsrRequest{}, []string{
			"Csr string", "Domain string", "Organization string", "OrganizationUnit string", "Country string", "CommonName string",
			"State string", "Locality string", "Algorithm string", "ParentIdentifier string", "Years int32", "Months int32",
			"Days int32", "BeforeTime int64", "AfterTime int64", "Immediately int32", "EnableCrl int64", "Tags []ca.Tag", "ResourceGroupId string",
			"CustomIdentifier string", "AsynchronousFlag bool",
		}, nil},
		{ca.CreateServerCertificateWithCsrResponse{}, []string{
			"X509Certificate string", "CertificateChain string", "Identifier string", "SerialNumber string", "RequestId string",
		}, nil},
		{ca.CreateRootCACertificateRequest{}, []string{
			"CommonName string", "Organization string", "OrganizationUnit string", "Locality string", "State string", "CountryCode string",
			"Algorithm string", "Years int32", "ClientToken string", "Tags []ca.Tag", "ResourceGroupId string",
		}, []string{"NameConstraints *ca.NameConstraints"}},
		{ca.CreateRootCACertificateResponse{}, []string{"Identifier string", "Certificate string", "CertificateChain string", "RequestId string"}, nil},
		{ca.CreateSubCACertificateRequest{}, []string{
			"ParentIdentifier string", "CommonName string", "Organization string", "OrganizationUnit string", "Locality string", "State string",
			"CountryCode string", "Algorithm string", "Years int32", "PathLenConstraint int32", "ExtendedKeyUsages []string", "EnableCrl bool",
			"CrlDay int32", "CertMaxTime int32", "Tags []ca.Tag", "ResourceGroupId string", "ClientToken string",
		}, []string{"NameConstraints *ca.NameConstraints"}},
		{ca.CreateSubCACertificateResponse{}, []string{"Identifier string", "Certificate string", "CertificateChain string", "RequestId string"}, nil},
		{ca.CreateExternalCACertificateRequest{}, []string{
			"InstanceId string", "Csr string", "Validity string", "ApiPassthrough ca.ExternalCAPassthrough", "CertMaxTime int32",
			"ResourceGroupId string", "Tags []ca.Tag",
		}, nil},
		{ca.ExternalCAPassthrough{}, []string{"Subject ca.ExternalCASubject", "Extensions ca.ExternalCAExtensions"}, nil},
		{ca.ExternalCASubject{}, []string{
			"Country string", "State string", "Locality string", "Organization string", "OrganizationUnit string", "CommonName string",
		}, nil},
		{ca.ExternalCAExtensions{}, []string{"PathLenConstraint int32", "ExtendedKeyUsages []string"}, nil},
		{ca.CreateExternalCACertificateResponse{}, []string{"Identifier string", "Certificate string", "CertificateChain string", "RequestId string"}, nil},
		{ca.CreateEncryptCertificateRequest{}, nil, []string{"SignCert string"}},
		{ca.CreateEncryptCertificateResponse{}, nil, []string{
			"Certificate string", "CertificateChain string", "Identifier string", "SerialNumber string", "RequestId string",
		}},
		{ca.Tag{}, []string{"Key string", "Value string"}, nil},
	}
	for _, tt := range tests {
		t.Run(reflect.TypeOf(tt.value).Name(), func(t *testing.T) {
			t.Parallel()
			testutil.CheckMembers(t, tt.value, slices.Concat(tt.want, tt.ours), "{}")
		})
	}
}

// A whole request survives JSON, and issues the same certificate.
func TestRequestJSON(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	req := fullRequest(t, algorithm.ECC_256, au.issuer)
	req.AsynchronousFlag = true
	text, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	if n := reflect.TypeOf(*req).NumField(); len(members) != n {
		t.Errorf("%d members of %d: fullRequest leaves some out", len(members), n)
	}
	checkRoundTrip[request](t, text)
	again := new(request)
	if err := json.Unmarshal(text, again); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(issue(t, au.issuer, req).Raw, issue(t, au.issuer, again).Raw) {
		t.Error("the request after JSON issues another certificate")
	}
}
