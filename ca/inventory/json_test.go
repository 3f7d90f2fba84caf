package inventory_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// documented has the members of each request, response and item, as the documents
// list them.
var documented = []struct {
	value   any
	members string
}{
	{inventory.CreateRevokeClientCertificateRequest{}, "Identifier"},
	{inventory.CreateRevokeClientCertificateResponse{}, "RequestId"},
	{inventory.DeleteClientCertificateRequest{}, "Identifier"},
	{inventory.DeleteClientCertificateResponse{}, "RequestId"},
	{inventory.ListRevokeCertificateRequest{}, "CurrentPage ShowSize"},
	{inventory.ListRevokeCertificateResponse{}, "CertificateList CurrentPage PageCount ShowSize TotalCount RequestId"},
	{inventory.RevokedClientCertificate{}, "Identifier ParentIdentifier CustomIdentifier CertificateType Status Algorithm SignAlgorithm SerialNumber SubjectDN " +
		"CommonName Organization OrganizationUnit Locality State CountryCode Md5 Sha2 Sans KeySize BeforeDate AfterDate RevokeDate"},
	{inventory.DescribeClientCertificateStatusRequest{}, "Identifier"},
	{inventory.DescribeClientCertificateStatusResponse{}, "RequestId CertificateStatus"},
	{inventory.ClientCertificateStatus{}, "SerialNumber Status RevokeTime"},
	{inventory.DescribeClientCertificateRequest{}, "Identifier"},
	{inventory.DescribeClientCertificateResponse{}, "RequestId Certificate"},
	{inventory.ClientCertificate{}, "Identifier ParentIdentifier CustomIdentifier AliasName CertificateType Status Algorithm FullAlgorithm SignAlgorithm " +
		"SerialNumber SubjectDN CommonName Organization OrganizationUnit Locality State CountryCode Sans X509Certificate CertChain Md5 Sha2 " +
		"ResourceGroupId KeySize Days UploadFlag Id BeforeDate AfterDate Tags"},
	{inventory.ListClientCertificateRequest{}, "CurrentPage ShowSize Identifier ResourceGroupId"},
	{inventory.ListClientCertificateResponse{}, "CertificateList CurrentPage PageCount ShowSize MaxResults TotalCount RequestId"},
	{inventory.ListedClientCertificate{}, "Identifier ParentIdentifier CustomIdentifier AliasName Id CertificateType Status X509Certificate SerialNumber SubjectDN " +
		"CommonName Organization OrganizationUnit Locality State CountryCode Algorithm KeySize SignAlgorithm Sans Days BeforeDate AfterDate Md5 Sha2 ResourceGroupId"},
	{inventory.GetCaInstanceCrlAddressRequest{}, "CaIdentifier Uuid"},
	{inventory.GetCaInstanceCrlAddressResponse{}, "CrlUrl HashCode NextUpdateTime CaInstanceStatus CaType RequestId"},
}

// The members have the documented names, and a value survives encoding and decoding.
func TestDocumentedMembers(t *testing.T) {
	t.Parallel()
	for _, tt := range documented {
		filled := reflect.New(reflect.TypeOf(tt.value))
		next := 0
		fill(t, filled.Elem(), &next)
		text := must[[]byte](t)(json.Marshal(filled.Interface()))
		var members map[string]json.RawMessage
		decodeStrictly(t, text, &members)
		var got []string
		for member := range members {
			got = append(got, member)
		}
		want := strings.Fields(tt.members)
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%T: members mismatch (-documented +got):\n%s", tt.value, diff)
		}
		again := reflect.New(reflect.TypeOf(tt.value))
		decodeStrictly(t, text, again.Interface())
		if diff := cmp.Diff(filled.Interface(), again.Interface()); diff != "" {
			t.Errorf("%T: mismatch after encoding and decoding (-before +after):\n%s", tt.value, diff)
		}
	}
}

// fill gives every field another value.
func fill(t *testing.T, v reflect.Value, next *int) {
	t.Helper()
	*next++
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Repeat("a", *next))
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(*next))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), next)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0), next)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), next)
		}
	default:
		t.Fatalf("fill has no value for %s", v.Type())
	}
}

// decodeStrictly decodes JSON and refuses unknown members.
func decodeStrictly(t testing.TB, text []byte, value any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		t.Fatal(err)
	}
}

// The responses to one story equal those in testdata. go test -update writes them.
func TestGoldenResponses(t *testing.T) {
	t.Parallel()
	ctx, random := t.Context(), testutil.Seeded()
	au := authorityOf(algorithm.RSA_2048) // whose signatures are the same in each run
	issuer := must[*ca.Issuer](t)(ca.NewIssuer(au.subPEM, au.subKey, ca.IssuerOptions{CRLBase: "http://pki.example.com"}))
	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, issuer, inventory.Labels{}))
	request := must[*csr.CreateCsrResponse](t)(csr.CreateCsrWithKey(random, testkeys.Key(algorithm.RSA_2048, 2), &csr.CreateCsrRequest{
		Algorithm: "RSA", KeySize: 2048, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	}))
	_, der, err := ca.CreateServerCertificateWithCsr(random, instant, issuer, &ca.CreateServerCertificateWithCsrRequest{
		Csr: request.Csr, ParentIdentifier: issuer.Identifier(), Days: 90, EnableCrl: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := add(t, v, der, inventory.Labels{
		Tags: []ca.Tag{{Key: "account", Value: "test"}}, ResourceGroupId: "rg-1", CustomIdentifier: "order-17", AliasName: "网站",
	})
	id := c.Identifier
	got := map[string]any{
		"DescribeClientCertificate": must[*inventory.DescribeClientCertificateResponse](t)(v.DescribeClientCertificate(ctx, random, &inventory.DescribeClientCertificateRequest{Identifier: id})),
		"ListClientCertificate":     must[*inventory.ListClientCertificateResponse](t)(v.ListClientCertificate(ctx, random, nil)),
		"CreateRevokeClientCertificate": must[*inventory.CreateRevokeClientCertificateResponse](t)(
			v.CreateRevokeClientCertificate(ctx, random, later, &inventory.CreateRevokeClientCertificateRequest{Identifier: id})),
		"DescribeClientCertificateStatus": must[*inventory.DescribeClientCertificateStatusResponse](t)(
			v.DescribeClientCertificateStatus(ctx, random, &inventory.DescribeClientCertificateStatusRequest{Identifier: id + "," + unknownID})),
		"ListRevokeCertificate": must[*inventory.ListRevokeCertificateResponse](t)(v.ListRevokeCertificate(ctx, random, nil)),
	}
	must[[]byte](t)(v.RevocationList(ctx, random, later, issuer, later.AddDate(0, 0, 7)))
	got["GetCaInstanceCrlAddress"] = must[*inventory.GetCaInstanceCrlAddressResponse](t)(v.GetCaInstanceCrlAddress(ctx, random, &inventory.GetCaInstanceCrlAddressRequest{CaIdentifier: issuer.Identifier()}))
	got["DeleteClientCertificate"] = must[*inventory.DeleteClientCertificateResponse](t)(v.DeleteClientCertificate(ctx, random, later, &inventory.DeleteClientCertificateRequest{Identifier: id}))
	got["UpdateCACertificateStatus"] = must[*ca.UpdateCACertificateStatusResponse](t)(v.UpdateCACertificateStatus(ctx, random, later, nil, &ca.UpdateCACertificateStatusRequest{Identifier: issuer.Identifier()}))
	text := must[[]byte](t)(json.MarshalIndent(got, "", "  "))
	testutil.Golden(t, "responses.json", string(text)+"\n")
}
