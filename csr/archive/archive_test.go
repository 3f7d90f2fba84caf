package archive_test

import (
	"cmp"
	"context"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

func TestNewRefusesNilStore(t *testing.T) {
	t.Parallel()
	for _, store := range []archive.Store{nil, (*archive.MemoryStore)(nil)} {
		func() {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.Contains(text, "the store is nil") {
					t.Errorf("New(%#v) panics with %q", store, text)
				}
			}()
			archive.New(store, archive.Options{})
		}()
	}
}

// A CSR of each algorithm is kept and listed as it is.
func TestUploadCsr(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		csr  func(t *testing.T) string
		want archive.Record
	}{
		{"RSA", func(t *testing.T) string {
			return created(t, algorithm.RSA_2048, "www.Example.com", "b.example.com, 192.0.2.1,www.example.com").Csr
		}, archive.Record{
			Algorithm: "RSA", KeySize: 2048, KeySha2: digests[algorithm.RSA_2048], CommonName: "www.Example.com", Sans: "b.example.com,192.0.2.1",
			CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou", CorpName: "例子", Department: "R&D", Search: "www.example.com\nname_1",
		}},
		{"ECC", func(t *testing.T) string { return created(t, algorithm.ECC_256, "例子.中国", "").Csr }, archive.Record{
			Algorithm: "ECC", KeySize: 256, KeySha2: digests[algorithm.ECC_256], CommonName: "例子.中国",
			CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou", CorpName: "例子", Department: "R&D", Search: "例子.中国\nname_1",
		}},
		{"SM2", func(t *testing.T) string { return created(t, algorithm.SM2_256, "Tom", "a.example.com").Csr }, archive.Record{
			Algorithm: "SM2", KeySize: 256, KeySha2: digests[algorithm.SM2_256], CommonName: "Tom", Sans: "a.example.com",
			CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou", CorpName: "例子", Department: "R&D", Search: "tom\nname_1",
		}},
		{"P-521, without a common name", func(t *testing.T) string {
			return foreign(t, algorithm.ECC_512, pkix.Name{}, "B.example.com", "a.example.com", "2001:db8::1")
		}, archive.Record{
			Algorithm: "ECC", KeySize: 512, KeySha2: digests[algorithm.ECC_512], Sans: "b.example.com,a.example.com,2001:db8::1", Search: "b.example.com\nname_1",
		}},
		{"RSA_1024, with several of an attribute", func(t *testing.T) string {
			return foreign(t, algorithm.RSA_1024, pkix.Name{Organization: []string{"first", "second"}, SerialNumber: "1"})
		}, archive.Record{Algorithm: "RSA", KeySize: 1024, KeySha2: digests[algorithm.RSA_1024], CorpName: "first", Search: "\nname_1"}},
		{"ECC, with text around it", func(t *testing.T) string {
			return "Subject: a CSR\n\n" + strings.ReplaceAll(created(t, algorithm.ECC_256, "example.com", "").Csr, "\n", "\r\n") + "Regards\n"
		}, archive.Record{
			Algorithm: "ECC", KeySize: 256, KeySha2: digests[algorithm.ECC_256], CommonName: "example.com",
			CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou", CorpName: "例子", Department: "R&D", Search: "example.com\nname_1",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, store := newArchive(t, nil)
			text := tt.csr(t)
			parsed := must[*csr.Request](t)(csr.Parse([]byte(text)))
			resp := must[*archive.UploadCsrResponse](t)(a.UploadCsr(t.Context(), testutil.Seeded(), instant, &archive.UploadCsrRequest{Csr: text, Name: "Name_1"}))
			if resp.CsrId != parsed.CsrId() || !testutil.RequestIDForm.MatchString(resp.RequestId) {
				t.Errorf("UploadCsr is %+v, want the CsrId %d", resp, parsed.CsrId())
			}
			want := tt.want
			want.CsrId, want.Name, want.Created = parsed.CsrId(), "Name_1", stored
			want.Csr = testutil.EncodePEM("CERTIFICATE REQUEST", parsed.Raw)
			checkUnchanged(t, store, []archive.Record{want})
			listed := archive.ListedCsr{
				CsrId: want.CsrId, Name: want.Name, Algorithm: want.Algorithm, KeySize: want.KeySize, KeySha2: want.KeySha2, CommonName: want.CommonName,
				Sans: want.Sans, CountryCode: want.CountryCode, Province: want.Province, Locality: want.Locality, CorpName: want.CorpName, Department: want.Department,
			}
			if diff := gocmp.Diff([]archive.ListedCsr{listed}, list(t, a, nil).CsrList); diff != "" {
				t.Errorf("ListCsr mismatch (-want +got):\n%s", diff)
			}
			got := detail(t, a, want.CsrId)
			if got.Csr != want.Csr || got.PrivateKey != "" || !testutil.RequestIDForm.MatchString(got.RequestId) {
				t.Errorf("GetCsrDetail is %+v", got)
			}
		})
	}
}

// digests has the KeySha2 of key 0 of each algorithm, as openssl computes it:
//
//	openssl req -in a.csr -noout -pubkey | openssl pkey -pubin -outform DER | openssl sha256
var digests = map[algorithm.Algorithm]string{
	algorithm.RSA_1024: "46241be1f623f9e95faa934f1fa9dbb5168c60066a2e985b2aadf16c5408b788",
	algorithm.RSA_2048: "4fd59af4ee52f81c68ae61a4058301e06774024f221be714d748df80ecdc8552",
	algorithm.ECC_256:  "9e6421521c0a14abb2eb6722a026af2b941e9ca92026ee35a9cdc74df9f3b656",
	algorithm.ECC_512:  "bae22bf823e5c23b40a4ad64d4f679ed6e29aa395536918ebb7451a3b958378d",
	algorithm.SM2_256:  "934aa02ad25161bd0587f9eafad6f8c1acab84e54dc5b086a392f88dfd6bbb60",
}

// A stored CSR can be stored again. A name replaces the stored one, and a key is added.
func TestUploadCsrAgain(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	tests := []struct {
		name                string
		first, second       archive.UploadCsrRequest
		wantName            string
		wantKey, wantSealed bool // whether there is a key in the end, and whether the second request sealed it
	}{
		{"nothing, nothing", archive.UploadCsrRequest{}, archive.UploadCsrRequest{}, "", false, false},
		{"a name, nothing", archive.UploadCsrRequest{Name: "a"}, archive.UploadCsrRequest{}, "a", false, false},
		{"nothing, a name", archive.UploadCsrRequest{}, archive.UploadCsrRequest{Name: "b"}, "b", false, false},
		{"a name, another name", archive.UploadCsrRequest{Name: "a"}, archive.UploadCsrRequest{Name: "b"}, "b", false, false},
		{"a key, nothing", archive.UploadCsrRequest{Key: pemOf(ecc, 0)}, archive.UploadCsrRequest{}, "", true, false},
		{"a key, a name", archive.UploadCsrRequest{Key: pemOf(ecc, 0)}, archive.UploadCsrRequest{Name: "b"}, "b", true, false},
		{"nothing, a key", archive.UploadCsrRequest{}, archive.UploadCsrRequest{Key: pemOf(ecc, 0)}, "", true, true},
		{"a name, a key", archive.UploadCsrRequest{Name: "a"}, archive.UploadCsrRequest{Key: pemOf(ecc, 0)}, "a", true, true},
		{"a key, a key", archive.UploadCsrRequest{Key: pemOf(ecc, 0)}, archive.UploadCsrRequest{Key: pemOf(ecc, 0)}, "", true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, store := newArchive(t, gcm(t, 1))
			text := created(t, ecc, "www.example.com", "").Csr
			first, second := tt.first, tt.second
			first.Csr, second.Csr = text, strings.ReplaceAll(text, "\n", " ")
			id := upload(t, a, &first)
			before := everything(t, store)[0]
			resp := must[*archive.UploadCsrResponse](t)(a.UploadCsr(t.Context(), nil, instant.Add(time.Hour), &second))
			if resp.CsrId != id {
				t.Errorf("CsrId is %d, want %d again", resp.CsrId, id)
			}
			after := everything(t, store)
			if len(after) != 1 {
				t.Fatalf("the store has %d records, want one", len(after))
			}
			if sealed := string(after[0].SealedKey) != string(before.SealedKey); sealed != tt.wantSealed {
				t.Errorf("the sealed key changed: %t, want %t", sealed, tt.wantSealed)
			}
			want := before
			want.Name, want.Search, want.SealedKey = tt.wantName, "www.example.com\n"+tt.wantName, after[0].SealedKey
			if diff := gocmp.Diff(want, after[0]); diff != "" {
				t.Errorf("the record mismatch (-want +got):\n%s", diff)
			}
			if has := detail(t, a, id).PrivateKey != ""; has != tt.wantKey {
				t.Errorf("there is a private key: %t, want %t", has, tt.wantKey)
			}
		})
	}
}

// Without a Sealer nothing shows a stored key, and nothing deletes it.
func TestArchiveWithoutSealer(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	with, store := newArchive(t, gcm(t, 1))
	without := archive.New(store, archive.Options{})
	text := created(t, ecc, "www.example.com", "").Csr
	id := upload(t, with, &archive.UploadCsrRequest{Csr: text, Key: pemOf(ecc, 0)})
	other := upload(t, without, &archive.UploadCsrRequest{Csr: created(t, ecc, "b.example.com", "").Csr})
	before := everything(t, store)

	upload(t, without, &archive.UploadCsrRequest{Csr: text})
	_, err := without.UploadCsr(t.Context(), testutil.Seeded(), instant, &archive.UploadCsrRequest{Csr: text, Key: pemOf(ecc, 0)})
	testutil.CheckError(t, err, refused, "Key", "Options.Sealer")
	for _, id := range []int64{id, other} {
		_, err = without.UpdateCsr(t.Context(), testutil.Seeded(), &archive.UpdateCsrRequest{CsrId: id, Key: pemOf(ecc, 0)})
		testutil.CheckError(t, err, refused, "Key", "Options.Sealer")
	}
	err = without.Add(t.Context(), nil, instant, created(t, ecc, "c.example.com", ""), "", testkeys.Key(ecc, 0))
	testutil.CheckError(t, err, refused, "Key", "Options.Sealer")
	checkUnchanged(t, store, before)
	if got := detail(t, without, id); got.Csr != text || got.PrivateKey != "" {
		t.Errorf("without a Sealer GetCsrDetail is %+v", got)
	}
	for _, listed := range list(t, without, nil).CsrList {
		if listed.HasPrivateKey {
			t.Errorf("without a Sealer CSR %d is listed with a private key", listed.CsrId)
		}
	}
	for _, listed := range list(t, with, nil).CsrList {
		if listed.HasPrivateKey != (listed.CsrId == id) {
			t.Errorf("with a Sealer HasPrivateKey of CSR %d is %t", listed.CsrId, listed.HasPrivateKey)
		}
	}
}

// Add keeps what CreateCsr returned, under the same CsrId.
func TestAdd(t *testing.T) {
	t.Parallel()
	for _, family := range testkeys.Families {
		t.Run(string(family), func(t *testing.T) {
			t.Parallel()
			a, store := newArchive(t, gcm(t, 1))
			resp := created(t, family, "www.example.com", "")
			if err := a.Add(t.Context(), nil, instant, resp, "", nil); err != nil {
				t.Fatal(err)
			}
			if listed := list(t, a, nil).CsrList[0]; listed.CsrId != resp.CsrId || listed.HasPrivateKey {
				t.Errorf("without a key: %+v", listed)
			}
			if err := a.Add(t.Context(), nil, instant.Add(time.Hour), resp, "v1.2", testkeys.Key(family, 0)); err != nil {
				t.Fatal(err)
			}
			got := detail(t, a, resp.CsrId)
			key := must[*algorithm.PrivateKey](t)(algorithm.ParsePrivateKey([]byte(got.PrivateKey)))
			if got.Csr != resp.Csr || !testutil.EqualKeys(key.Public(), testkeys.Key(family, 0).Public()) {
				t.Errorf("GetCsrDetail has another CSR or key: %+v", got)
			}
			if r := everything(t, store); len(r) != 1 || r[0].Name != "v1.2" || !r[0].Created.Equal(stored) {
				t.Errorf("the store has %+v", r)
			}
		})
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	valid := created(t, ecc, "www.example.com", "")
	changed := func(change func(*csr.CreateCsrResponse)) *csr.CreateCsrResponse {
		resp := *valid
		change(&resp)
		return &resp
	}
	for _, tt := range []struct {
		name      string
		resp      *csr.CreateCsrResponse
		csrName   string
		key       *algorithm.PrivateKey
		code      yuncert.Code
		parameter string
	}{
		{"no response", nil, "", nil, missing, "Csr"},
		{"no CSR", changed(func(r *csr.CreateCsrResponse) { r.Csr = "" }), "", nil, missing, "Csr"},
		{"a broken CSR", changed(func(r *csr.CreateCsrResponse) { r.Csr = r.Csr[1:] }), "", nil, malformed, "Csr"},
		{"another CsrId", changed(func(r *csr.CreateCsrResponse) { r.CsrId = 1 }), "", nil, refused, "CsrId"},
		{"a name of 51 characters", valid, strings.Repeat("n", 51), nil, malformed, "Name"},
		{"a name with a space", valid, "a b", nil, malformed, "Name"},
		{"another key", valid, "", testkeys.Key(ecc, 1), refused, "Key"},
		{"a key of another family", valid, "", testkeys.Key(algorithm.SM2_256, 0), refused, "Key"},
		{"an empty key", valid, "", new(algorithm.PrivateKey), malformed, "Key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, store := newArchive(t, gcm(t, 1))
			err := a.Add(t.Context(), testutil.Untouched(t), instant, tt.resp, tt.csrName, tt.key)
			testutil.CheckError(t, err, tt.code, tt.parameter)
			checkUnchanged(t, store, nil)
		})
	}
}

func TestUploadCsrRefuses(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	valid := archive.UploadCsrRequest{Csr: created(t, ecc, "www.example.com", "").Csr, Key: pemOf(ecc, 0), Name: "name"}
	for _, tt := range []struct {
		name      string
		change    func(*archive.UploadCsrRequest)
		code      yuncert.Code
		parameter string
		words     string
	}{
		{"an empty request", func(r *archive.UploadCsrRequest) { *r = archive.UploadCsrRequest{} }, missing, "Csr", ""},
		{"no CSR", func(r *archive.UploadCsrRequest) { r.Csr = "" }, missing, "Csr", ""},
		{"a certificate", func(r *archive.UploadCsrRequest) { r.Csr = strings.ReplaceAll(r.Csr, " REQUEST", "") }, malformed, "Csr", "CERTIFICATE"},
		{"a CSR of 64 KiB and one octet", func(r *archive.UploadCsrRequest) { r.Csr += strings.Repeat("\n", csr.MaxSize+1-len(r.Csr)) }, malformed, "Csr", "65537 octets"},
		{"text that is not a key", func(r *archive.UploadCsrRequest) { r.Key = "key" }, malformed, "Key", "no private key in PEM"},
		{"a key of 64 KiB and one octet", func(r *archive.UploadCsrRequest) { r.Key += strings.Repeat("\n", 64<<10+1-len(r.Key)) }, malformed, "Key", "65537 octets"},
		{"two keys", func(r *archive.UploadCsrRequest) { r.Key += pemOf(ecc, 1) }, malformed, "Key", "more than one private key"},
		{"an encrypted key", func(r *archive.UploadCsrRequest) { r.Key = strings.ReplaceAll(r.Key, "PRIVATE", "ENCRYPTED PRIVATE") }, malformed, "Key", "encrypted"},
		{"an encrypted key in one line", func(r *archive.UploadCsrRequest) {
			r.Key = strings.ReplaceAll(strings.ReplaceAll(r.Key, "PRIVATE", "ENCRYPTED PRIVATE"), "\n", " ")
		}, malformed, "Key", "encrypted"},
		{"another key", func(r *archive.UploadCsrRequest) { r.Key = pemOf(ecc, 1) }, refused, "Key", "does not belong to the CSR"},
		{"a key of another family", func(r *archive.UploadCsrRequest) { r.Key = pemOf(algorithm.SM2_256, 0) }, refused, "Key", "does not belong to the CSR"},
		{"a name of 51 characters", func(r *archive.UploadCsrRequest) { r.Name = strings.Repeat("n", 51) }, malformed, "Name", "up to 50"},
		{"a name with a period", func(r *archive.UploadCsrRequest) { r.Name = "v1.2" }, malformed, "Name", `"v1.2"`},
		{"a name with a space", func(r *archive.UploadCsrRequest) { r.Name = "a b" }, malformed, "Name", ""},
		{"a Chinese name", func(r *archive.UploadCsrRequest) { r.Name = "证书" }, malformed, "Name", ""},
		{"several problems", func(r *archive.UploadCsrRequest) { r.Key, r.Name = "key", "a b" }, malformed, "Key", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, store := newArchive(t, gcm(t, 1))
			req := valid
			tt.change(&req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.words)
			resp, err := a.UploadCsr(t.Context(), testutil.Untouched(t), instant, &req)
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.words)
			if resp != nil {
				t.Errorf("the response is %+v", resp)
			}
			checkUnchanged(t, store, nil)
		})
	}
	testutil.CheckError(t, (*archive.UploadCsrRequest)(nil).Validate(), missing, "Csr")
	// What the rows change is accepted without the change, up to the bounds.
	longest := archive.UploadCsrRequest{
		Csr:  valid.Csr + strings.Repeat("\n", csr.MaxSize-len(valid.Csr)),
		Key:  valid.Key + strings.Repeat("\n", 64<<10-len(valid.Key)),
		Name: strings.Repeat("Zz9_-", 10),
	}
	a, _ := newArchive(t, gcm(t, 1))
	upload(t, a, &longest)
}

// Two CSRs can have the same CsrId. The second one does not replace the first.
func TestUploadCsrRefusesSameCsrId(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	a, store := newArchive(t, gcm(t, 1))
	text := created(t, ecc, "www.example.com", "").Csr
	id := upload(t, a, &archive.UploadCsrRequest{Csr: text})
	first := everything(t, store)[0]
	first.Csr = created(t, ecc, "another.example.com", "").Csr
	putRecord(t, store, first)
	_, err := a.UploadCsr(t.Context(), nil, instant, &archive.UploadCsrRequest{Csr: text, Key: pemOf(ecc, 0), Name: "name"})
	testutil.CheckError(t, err, refused, "Csr", fmt.Sprint("another CSR with the CsrId ", id))
	checkUnchanged(t, store, []archive.Record{first})
}

// The key is accepted in each form, and UpdateCsr stores it once.
func TestUpdateCsr(t *testing.T) {
	t.Parallel()
	for _, family := range testkeys.Families {
		key := testkeys.Key(family, 0)
		text := pemOf(family, 0)
		for name, form := range map[string]string{
			"PEM":                text,
			"in one line":        strings.ReplaceAll(text, "\n", " "),
			"with \\n":           strings.ReplaceAll(text, "\n", `\n`),
			"with a certificate": text + "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
		} {
			t.Run(string(family)+" "+name, func(t *testing.T) {
				t.Parallel()
				a, store := newArchive(t, gcm(t, 1))
				id := upload(t, a, &archive.UploadCsrRequest{Csr: created(t, family, "www.example.com", "").Csr, Name: "name"})
				before := everything(t, store)[0]
				req := &archive.UpdateCsrRequest{CsrId: id, Key: form}
				resp := must[*archive.UpdateCsrResponse](t)(a.UpdateCsr(t.Context(), testutil.Seeded(), req))
				if !testutil.RequestIDForm.MatchString(resp.RequestId) {
					t.Errorf("RequestId is %q", resp.RequestId)
				}
				got := detail(t, a, id)
				again := must[*algorithm.PrivateKey](t)(algorithm.ParsePrivateKey([]byte(got.PrivateKey)))
				if !testutil.EqualKeys(again.Public(), key.Public()) {
					t.Error("another key is stored")
				}
				after := everything(t, store)
				before.SealedKey = after[0].SealedKey
				checkUnchanged(t, store, []archive.Record{before})

				_, err := a.UpdateCsr(t.Context(), testutil.Seeded(), req)
				testutil.CheckError(t, err, existed, "CsrId", fmt.Sprint("CSR ", id))
				checkUnchanged(t, store, after)
			})
		}
	}
}

func TestUpdateCsrRefuses(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	text := created(t, ecc, "www.example.com", "").Csr
	id := must[*csr.Request](t)(csr.Parse([]byte(text))).CsrId()
	for _, tt := range []struct {
		name      string
		change    func(*archive.UpdateCsrRequest)
		code      yuncert.Code
		parameter string
		words     string
		validate  bool // whether Validate finds it
	}{
		{"an empty request", func(r *archive.UpdateCsrRequest) { *r = archive.UpdateCsrRequest{} }, missing, "CsrId", "", true},
		{"no CsrId", func(r *archive.UpdateCsrRequest) { r.CsrId = 0 }, missing, "CsrId", "", true},
		{"an unknown CsrId", func(r *archive.UpdateCsrRequest) { r.CsrId++ }, unknown, "CsrId", "there is no CSR", false},
		{"a negative CsrId", func(r *archive.UpdateCsrRequest) { r.CsrId = -r.CsrId }, unknown, "CsrId", "", false},
		{"no key", func(r *archive.UpdateCsrRequest) { r.Key = "" }, missing, "Key", "", true},
		{"text that is not a key", func(r *archive.UpdateCsrRequest) { r.Key = "key" }, malformed, "Key", "no private key in PEM", true},
		{"another key", func(r *archive.UpdateCsrRequest) { r.Key = pemOf(ecc, 1) }, refused, "Key", "does not belong to the CSR", false},
		{"a key of another family", func(r *archive.UpdateCsrRequest) { r.Key = pemOf(algorithm.RSA_2048, 0) }, refused, "Key", "does not belong to the CSR", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, store := newArchive(t, gcm(t, 1))
			upload(t, a, &archive.UploadCsrRequest{Csr: text})
			before := everything(t, store)
			req := &archive.UpdateCsrRequest{CsrId: id, Key: pemOf(ecc, 0)}
			tt.change(req)
			if err := req.Validate(); tt.validate {
				testutil.CheckError(t, err, tt.code, tt.parameter, tt.words)
			} else if err != nil {
				t.Errorf("Validate: %v", err)
			}
			resp, err := a.UpdateCsr(t.Context(), testutil.Seeded(), req)
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.words)
			if resp != nil {
				t.Errorf("the response is %+v", resp)
			}
			checkUnchanged(t, store, before)
		})
	}
	testutil.CheckError(t, (*archive.UpdateCsrRequest)(nil).Validate(), missing, "CsrId")
}

// GetCsrDetail and DeleteCsr only need a CsrId that exists.
func TestDeleteCsr(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	a, store := newArchive(t, gcm(t, 1))
	id := upload(t, a, &archive.UploadCsrRequest{Csr: created(t, ecc, "www.example.com", "").Csr, Key: pemOf(ecc, 0)})
	upload(t, a, &archive.UploadCsrRequest{Csr: created(t, ecc, "b.example.com", "").Csr})
	before := everything(t, store)
	check := func(id int64, code yuncert.Code) {
		t.Helper()
		got, err := a.GetCsrDetail(t.Context(), testutil.Seeded(), &archive.GetCsrDetailRequest{CsrId: id})
		testutil.CheckError(t, err, code, "CsrId")
		deleted, err := a.DeleteCsr(t.Context(), testutil.Seeded(), &archive.DeleteCsrRequest{CsrId: id})
		testutil.CheckError(t, err, code, "CsrId")
		if got != nil || deleted != nil {
			t.Errorf("the responses are %+v and %+v", got, deleted)
		}
	}
	check(0, missing)
	check(id+1, unknown)
	check(-1, unknown)
	checkUnchanged(t, store, before)
	resp := must[*archive.DeleteCsrResponse](t)(a.DeleteCsr(t.Context(), testutil.Seeded(), &archive.DeleteCsrRequest{CsrId: id}))
	if !testutil.RequestIDForm.MatchString(resp.RequestId) {
		t.Errorf("RequestId is %q", resp.RequestId)
	}
	check(id, unknown)
	if left := everything(t, store); len(left) != 1 || left[0].CsrId == id {
		t.Errorf("after DeleteCsr the store has %d records", len(left))
	}
	testutil.CheckError(t, (*archive.GetCsrDetailRequest)(nil).Validate(), missing, "CsrId")
	testutil.CheckError(t, (*archive.DeleteCsrRequest)(nil).Validate(), missing, "CsrId")
	// The same CSR can be uploaded again, without its key.
	if again := upload(t, a, &archive.UploadCsrRequest{Csr: created(t, ecc, "www.example.com", "").Csr}); again != id || detail(t, a, id).PrivateKey != "" {
		t.Errorf("uploaded again, the CsrId is %d, want %d without a key", again, id)
	}
}

// A failing rand changes nothing.
func TestBrokenRandomness(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	a, store := newArchive(t, gcm(t, 1))
	resp := created(t, ecc, "www.example.com", "")
	id := upload(t, a, &archive.UploadCsrRequest{Csr: resp.Csr})
	before := everything(t, store)
	// It gives a RequestId and no nonce.
	short := func() *strings.Reader { return strings.NewReader("sixteen octets..") }
	other := created(t, ecc, "b.example.com", "")
	for name, err := range map[string]error{
		"GetCsrDetail":        second(a.GetCsrDetail(t.Context(), testutil.Broken, &archive.GetCsrDetailRequest{CsrId: id})),
		"ListCsr":             second(a.ListCsr(t.Context(), testutil.Broken, nil)),
		"DeleteCsr":           second(a.DeleteCsr(t.Context(), testutil.Broken, &archive.DeleteCsrRequest{CsrId: id})),
		"UpdateCsr":           second(a.UpdateCsr(t.Context(), testutil.Broken, &archive.UpdateCsrRequest{CsrId: id, Key: pemOf(ecc, 0)})),
		"UploadCsr":           second(a.UploadCsr(t.Context(), testutil.Broken, instant, &archive.UploadCsrRequest{Csr: other.Csr})),
		"UpdateCsr, no nonce": second(a.UpdateCsr(t.Context(), short(), &archive.UpdateCsrRequest{CsrId: id, Key: pemOf(ecc, 0)})),
		"UploadCsr, no nonce": second(a.UploadCsr(t.Context(), short(), instant, &archive.UploadCsrRequest{Csr: other.Csr, Key: pemOf(ecc, 0)})),
		"Add, no nonce":       a.Add(t.Context(), testutil.Broken, instant, other, "", testkeys.Key(ecc, 0)),
	} {
		t.Run(name, func(t *testing.T) { testutil.CheckError(t, err, broke, "", "no randomness") })
	}
	checkUnchanged(t, store, before)
}

// second returns the error of a call.
func second[T any](_ T, err error) error { return err }

// A failing store is an internal error with its cause, and has changed nothing.
func TestStoreErrors(t *testing.T) {
	t.Parallel()
	const ecc = algorithm.ECC_256
	resp := created(t, ecc, "www.example.com", "")
	for _, failure := range []error{
		errStore, fmt.Errorf("after 5 attempts: %w", errStore), errors.Join(archive.ErrOutcomeUnknown, errStore),
		fmt.Errorf("another archive: %w", &yuncert.Error{Code: unknown, Message: "there is no CSR 7", Err: errStore}),
	} {
		for _, place := range []string{"Update", "View", "Record", "Put", "Delete", "Count", "Records"} {
			a, store := newArchive(t, gcm(t, 1))
			id := upload(t, a, &archive.UploadCsrRequest{Csr: resp.Csr})
			before := everything(t, store)
			a = archive.New(failingStore{store, place, failure}, archive.Options{Sealer: gcm(t, 1)})
			failed := 0
			for name, err := range map[string]error{
				"UploadCsr":    second(a.UploadCsr(t.Context(), nil, instant, &archive.UploadCsrRequest{Csr: created(t, ecc, "b.example.com", "").Csr})),
				"GetCsrDetail": second(a.GetCsrDetail(t.Context(), nil, &archive.GetCsrDetailRequest{CsrId: id})),
				"ListCsr":      second(a.ListCsr(t.Context(), nil, nil)),
				"UpdateCsr":    second(a.UpdateCsr(t.Context(), nil, &archive.UpdateCsrRequest{CsrId: id, Key: pemOf(ecc, 0)})),
				"DeleteCsr":    second(a.DeleteCsr(t.Context(), nil, &archive.DeleteCsrRequest{CsrId: id})),
			} {
				if err == nil {
					continue
				}
				failed++
				testutil.CheckCause(t, err, broke, "", "connection")
				if !errors.Is(err, errStore) || errors.Is(err, archive.ErrOutcomeUnknown) != errors.Is(failure, archive.ErrOutcomeUnknown) || errors.Is(err, unknown) {
					t.Errorf("%s, %s: the error %v does not have the cause %v, or has its code", place, name, err, failure)
				}
			}
			want := map[string]int{"Update": 3, "View": 2, "Record": 4, "Put": 2, "Delete": 1, "Count": 1, "Records": 1}[place]
			if failed != want {
				t.Errorf("%s: %d operations failed, want %d", place, failed, want)
			}
			if place == "Update" || place == "Record" {
				checkUnchanged(t, store, before)
			}
		}
	}
}

// An ended context is an internal error too.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	a, _ := newArchive(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := a.ListCsr(ctx, nil, nil)
	testutil.CheckCause(t, err, broke, "", "canceled")
	_, err = a.DeleteCsr(ctx, nil, &archive.DeleteCsrRequest{CsrId: 1})
	testutil.CheckCause(t, err, broke, "", "canceled")
}

var errStore = errors.New("connection to the database at db.internal lost")

// A failingStore fails in one place.
type failingStore struct {
	archive.Store
	place string
	err   error
}

func (s failingStore) fail(place string) error {
	if s.place == place {
		return s.err
	}
	return nil
}

func (s failingStore) Update(ctx context.Context, f func(archive.Tx) error) error {
	if err := s.fail("Update"); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx archive.Tx) error { return f(failingTx{tx, s}) })
}

func (s failingStore) View(ctx context.Context, f func(archive.Snapshot) error) error {
	if err := s.fail("View"); err != nil {
		return err
	}
	return s.Store.View(ctx, func(r archive.Snapshot) error { return f(failingSnapshot{r, s}) })
}

type failingTx struct {
	archive.Tx
	store failingStore
}

func (tx failingTx) Record(csrID int64) (archive.Record, bool, error) {
	if err := tx.store.fail("Record"); err != nil {
		return archive.Record{}, false, err
	}
	return tx.Tx.Record(csrID)
}

func (tx failingTx) Put(r archive.Record) error {
	return cmp.Or(tx.store.fail("Put"), tx.Tx.Put(r))
}

func (tx failingTx) Delete(csrID int64) error {
	return cmp.Or(tx.store.fail("Delete"), tx.Tx.Delete(csrID))
}

type failingSnapshot struct {
	archive.Snapshot
	store failingStore
}

func (r failingSnapshot) Record(csrID int64) (archive.Record, bool, error) {
	record, found, err := r.Snapshot.Record(csrID)
	return record, found, cmp.Or(r.store.fail("Record"), err)
}

func (r failingSnapshot) Count(filter archive.Filter) (int64, error) {
	count, err := r.Snapshot.Count(filter)
	return count, cmp.Or(r.store.fail("Count"), err)
}

func (r failingSnapshot) Records(filter archive.Filter, offset, limit int64) ([]archive.Record, error) {
	page, err := r.Snapshot.Records(filter, offset, limit)
	return page, cmp.Or(r.store.fail("Records"), err)
}
