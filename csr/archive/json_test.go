package archive_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/internal/testutil"
)

// The requests and responses have the documented members and types.
func TestDocumentedMembers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value any
		want  []string
		zero  string // as JSON
	}{
		{archive.UploadCsrRequest{}, []string{"Csr string", "Key string", "Name string"}, `{}`},
		{archive.UploadCsrResponse{}, []string{"CsrId int64", "RequestId string"}, `{}`},
		{archive.GetCsrDetailRequest{}, []string{"CsrId int64"}, `{}`},
		{archive.GetCsrDetailResponse{}, []string{"Csr string", "PrivateKey string", "RequestId string"}, `{}`},
		{archive.ListCsrRequest{}, []string{"KeyWord string", "Algorithm string", "CurrentPage int64", "ShowSize int64"}, `{}`},
		{archive.ListCsrResponse{}, []string{
			"CsrList []archive.ListedCsr", "CurrentPage int64", "ShowSize int64", "TotalCount int64", "RequestId string",
		}, `{"CsrList":null,"CurrentPage":0,"ShowSize":0,"TotalCount":0}`},
		// HasPrivateKey is encoded in any case: false is an answer.
		{archive.ListedCsr{}, []string{
			"CsrId int64", "Name string", "Algorithm string", "KeySize int32", "KeySha2 string", "CommonName string", "Sans string", "CountryCode string",
			"Province string", "Locality string", "CorpName string", "Department string", "HasPrivateKey bool",
		}, `{"HasPrivateKey":false}`},
		{archive.DeleteCsrRequest{}, []string{"CsrId int64"}, `{}`},
		{archive.DeleteCsrResponse{}, []string{"RequestId string"}, `{}`},
		{archive.UpdateCsrRequest{}, []string{"CsrId int64", "Key string"}, `{}`},
		{archive.UpdateCsrResponse{}, []string{"RequestId string"}, `{}`},
	}
	for _, tt := range tests {
		t.Run(reflect.TypeOf(tt.value).Name(), func(t *testing.T) {
			t.Parallel()
			testutil.CheckMembers(t, tt.value, tt.want, tt.zero)
		})
	}
}

// The responses equal those in testdata. go test -update writes them.
func TestGoldenResponses(t *testing.T) {
	t.Parallel()
	const rsa, sm2 = algorithm.RSA_2048, algorithm.SM2_256
	a, _ := newArchive(t, gcm(t, 1))
	ctx, random := t.Context(), testutil.Seeded()
	uploaded := must[*archive.UploadCsrResponse](t)(a.UploadCsr(ctx, random, instant, &archive.UploadCsrRequest{
		Csr: created(t, rsa, "www.example.com", "example.com,192.0.2.1").Csr, Key: pemOf(rsa, 0), Name: "web_1",
	}))
	other := must[*archive.UploadCsrResponse](t)(a.UploadCsr(ctx, random, instant, &archive.UploadCsrRequest{Csr: created(t, sm2, "例子.中国", "").Csr}))
	id := other.CsrId
	text := must[[]byte](t)(json.MarshalIndent(map[string]any{
		"UploadCsr":    uploaded,
		"GetCsrDetail": must[*archive.GetCsrDetailResponse](t)(a.GetCsrDetail(ctx, random, &archive.GetCsrDetailRequest{CsrId: id})),
		"ListCsr":      must[*archive.ListCsrResponse](t)(a.ListCsr(ctx, random, nil)),
		"UpdateCsr":    must[*archive.UpdateCsrResponse](t)(a.UpdateCsr(ctx, random, &archive.UpdateCsrRequest{CsrId: id, Key: pemOf(sm2, 0)})),
		"DeleteCsr":    must[*archive.DeleteCsrResponse](t)(a.DeleteCsr(ctx, random, &archive.DeleteCsrRequest{CsrId: id})),
	}, "", "  "))
	testutil.Golden(t, "responses.json", string(text)+"\n")
}

// A CsrId keeps all its digits, also in readers that take a number for a double.
func TestCsrIdDigits(t *testing.T) {
	t.Parallel()
	for _, id := range []int64{1, 3365, 1<<53 - 1} {
		text := fmt.Sprintf(`{"CsrId":%d}`, id)
		for _, value := range []any{
			new(archive.GetCsrDetailRequest), new(archive.DeleteCsrRequest), new(archive.UpdateCsrRequest), new(archive.UploadCsrResponse),
		} {
			testutil.DecodeStrictly(t, []byte(text), value)
			if again := must[[]byte](t)(json.Marshal(value)); string(again) != text {
				t.Errorf("%T: %s became %s after decoding and encoding", value, text, again)
			}
		}
	}
}
