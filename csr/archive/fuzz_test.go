package archive_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/internal/testutil"
)

// Any request to upload a CSR and any request to list them is refused with a client
// error, or what was uploaded is there and found by its names.
func FuzzRequestsJSON(f *testing.F) {
	const ecc = algorithm.ECC_256
	text := created(f, ecc, "WWW.Example.com", "例子.中国").Csr
	for _, req := range []archive.UploadCsrRequest{
		{Csr: text, Key: pemOf(ecc, 0), Name: "name"},
		{Csr: text, Key: strings.ReplaceAll(pemOf(ecc, 0), "\n", " ")},
		{Csr: text, Key: pemOf(ecc, 1)},
		{Csr: created(f, algorithm.SM2_256, "İstanbul", "").Csr, Key: pemOf(algorithm.SM2_256, 0), Name: "v1.2"},
		{Csr: foreign(f, ecc, commonName(""), "a.example.com", "2001:db8::1")},
		{Csr: "x", Key: "x", Name: "x y"},
		{},
	} {
		f.Add(string(must[[]byte](f)(json.Marshal(req))), `{"KeyWord":"eXAMPLE","Algorithm":"ECC","CurrentPage":1,"ShowSize":1}`)
	}
	f.Add(`null`, `null`)
	f.Add(`{"Csr":"\u0000"}`, `{"KeyWord":"\n","CurrentPage":9223372036854775807,"ShowSize":1000}`)
	f.Add(`{"Csr":[]}`, `{"Algorithm":"DSA","CurrentPage":-1,"ShowSize":1001}`)
	f.Fuzz(func(t *testing.T, uploadText, listText string) {
		req, listing := new(archive.UploadCsrRequest), new(archive.ListCsrRequest)
		if json.Unmarshal([]byte(uploadText), req) != nil || json.Unmarshal([]byte(listText), listing) != nil {
			return
		}
		sentUpload, sentListing := *req, *listing
		a, store := newArchive(t, gcm(t, 1))
		resp, err := a.UploadCsr(t.Context(), testutil.Seeded(), instant, req)
		checkRefusal(t, err, req.Validate())
		page, listErr := a.ListCsr(t.Context(), testutil.Seeded(), listing)
		checkRefusal(t, listErr, listing.Validate())
		if gocmp.Diff(sentUpload, *req) != "" || sentListing != *listing {
			t.Error("a request was changed")
		}
		if err != nil {
			checkUnchanged(t, store, nil)
			return
		}
		checkUploaded(t, a, req, resp.CsrId)
		if listErr == nil && (page.TotalCount < int64(len(page.CsrList)) || int64(len(page.CsrList)) > page.ShowSize) {
			t.Errorf("the page is %+v", page)
		}
	})
}

// checkRefusal checks that an error of an operation is a client error, and that
// Validate returns the same.
func checkRefusal(t *testing.T, err, validated error) {
	t.Helper()
	if (err == nil) != (validated == nil) {
		t.Fatalf("the operation returns %v, and Validate %v", err, validated)
	}
	if err == nil {
		return
	}
	e, ok := errors.AsType[*yuncert.Error](err)
	if !ok || e.Code.HTTPStatus() != 400 || e.Parameter == "" || err.Error() != validated.Error() {
		t.Errorf("the operation returns %v, and Validate %v", err, validated)
	}
}

// checkUploaded checks the one CSR of an archive.
func checkUploaded(t *testing.T, a *archive.Archive, req *archive.UploadCsrRequest, id int64) {
	t.Helper()
	parsed, err := csr.Parse([]byte(req.Csr))
	if err != nil || parsed.CsrId() != id {
		t.Fatalf("CsrId is %d, and the CSR's is %d, %v", id, parsed.CsrId(), err)
	}
	got := detail(t, a, id)
	if again, err := csr.Parse([]byte(got.Csr)); err != nil || string(again.Raw) != string(parsed.Raw) {
		t.Errorf("the stored CSR is another one: %v", err)
	}
	if got.PrivateKey != "" || req.Key != "" {
		key, err := algorithm.ParsePrivateKey([]byte(got.PrivateKey))
		if err != nil || !testutil.EqualKeys(key.Public(), parsed.PublicKey) {
			t.Errorf("the stored key does not belong to the CSR: %v", err)
		}
	}
	for _, keyWord := range []string{parsed.CommonName, strings.ToUpper(parsed.CommonName), req.Name, strings.ToUpper(req.Name)} {
		// A few letters, such as ı and ß, have no capital letter that leads back to them.
		lower, again := strings.ToLower(keyWord), strings.ToLower(strings.ToUpper(keyWord))
		if lower != again {
			continue
		}
		page, err := a.ListCsr(context.Background(), nil, &archive.ListCsrRequest{KeyWord: keyWord, Algorithm: parsed.Algorithm.Family()})
		if err != nil || page.TotalCount != 1 || page.CsrList[0].HasPrivateKey != (req.Key != "") {
			t.Errorf("the list for the key word %q is %+v, %v", keyWord, page, err)
		}
	}
}

// Any text for a private key is refused, or the key is stored.
func FuzzUpdateCsrKey(f *testing.F) {
	const ecc = algorithm.ECC_256
	text := created(f, ecc, "www.example.com", "").Csr
	for _, key := range []string{
		pemOf(ecc, 0), strings.ReplaceAll(pemOf(ecc, 0), "\n", `\n`), pemOf(ecc, 1), pemOf(algorithm.SM2_256, 0), pemOf(algorithm.RSA_1024, 0),
		"", "-----BEGIN", "-----BEGIN  PRIVATE KEY----------END  PRIVATE KEY-----", "-----BEGIN \n-----AAAA-----END \n-----",
	} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		a, store := newArchive(t, gcm(t, 1))
		id := upload(t, a, &archive.UploadCsrRequest{Csr: text})
		before := everything(t, store)
		_, err := a.UpdateCsr(t.Context(), testutil.Seeded(), &archive.UpdateCsrRequest{CsrId: id, Key: key})
		if err == nil {
			checkUploaded(t, a, &archive.UploadCsrRequest{Csr: text, Key: key}, id)
			return
		}
		if e, ok := errors.AsType[*yuncert.Error](err); !ok || e.Code.HTTPStatus() != 400 || e.Parameter != "Key" {
			t.Errorf("UpdateCsr: %v", err)
		}
		checkUnchanged(t, store, before)
	})
}
