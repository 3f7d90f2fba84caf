package archive_test

import (
	"crypto/x509/pkix"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/internal/testutil"
)

func TestListCsr(t *testing.T) {
	t.Parallel()
	a, _ := newArchive(t, nil)
	for n, text := range []string{
		created(t, algorithm.RSA_2048, "WWW.Example.com", "alias.example.net").Csr,
		created(t, algorithm.ECC_256, "api.example.com", "").Csr,
		created(t, algorithm.SM2_256, "例子.中国", "").Csr,
		created(t, algorithm.ECC_256, "Kelvin", "").Csr,
		foreign(t, algorithm.ECC_384, pkix.Name{}, "first.example.org", "second.example.org"),
	} {
		req := &archive.UploadCsrRequest{Csr: text, Name: fmt.Sprintf("Name-%d_X", n)}
		must[*archive.UploadCsrResponse](t)(a.UploadCsr(t.Context(), nil, instant.Add(time.Duration(n)*time.Second), req))
	}
	for _, tt := range []struct {
		name string
		req  *archive.ListCsrRequest
		want string // the digits in the names
		all  int64
	}{
		{"no request", nil, "43210", 5},
		{"an empty request", &archive.ListCsrRequest{}, "43210", 5},
		{"page 1", &archive.ListCsrRequest{CurrentPage: 1, ShowSize: 2}, "43", 5},
		{"page 2", &archive.ListCsrRequest{CurrentPage: 2, ShowSize: 2}, "21", 5},
		{"page 3", &archive.ListCsrRequest{CurrentPage: 3, ShowSize: 2}, "0", 5},
		{"page 4", &archive.ListCsrRequest{CurrentPage: 4, ShowSize: 2}, "", 5},
		{"the greatest page", &archive.ListCsrRequest{CurrentPage: math.MaxInt64, ShowSize: 1000}, "", 5},
		{"a page whose position is 2^64", &archive.ListCsrRequest{CurrentPage: 1<<56 + 1, ShowSize: 256}, "", 5},
		{"RSA", &archive.ListCsrRequest{Algorithm: "RSA"}, "0", 1},
		{"ECC", &archive.ListCsrRequest{Algorithm: "ECC"}, "431", 3},
		{"page 2 of ECC", &archive.ListCsrRequest{Algorithm: "ECC", CurrentPage: 2, ShowSize: 1}, "3", 3},
		{"SM2", &archive.ListCsrRequest{Algorithm: "SM2"}, "2", 1},
		{"a part of the domain", &archive.ListCsrRequest{KeyWord: "example.com"}, "10", 2},
		{"in other letter case", &archive.ListCsrRequest{KeyWord: "wWw.eXAMPLE"}, "0", 1},
		{"a part of the name", &archive.ListCsrRequest{KeyWord: "nAME-1"}, "1", 1},
		{"an end and a beginning", &archive.ListCsrRequest{KeyWord: "comname"}, "", 0},
		{"a Chinese domain", &archive.ListCsrRequest{KeyWord: "子.中"}, "2", 1},
		{"the Kelvin sign", &archive.ListCsrRequest{KeyWord: "\u212aelvin"}, "3", 1},
		{"no common name", &archive.ListCsrRequest{KeyWord: "first.example.org"}, "4", 1},
		{"another name than the first", &archive.ListCsrRequest{KeyWord: "second.example.org"}, "", 0},
		{"a name next to a common name", &archive.ListCsrRequest{KeyWord: "alias"}, "", 0},
		{"a part with wildcards", &archive.ListCsrRequest{KeyWord: "n%e"}, "", 0},
		{"underscore", &archive.ListCsrRequest{KeyWord: "2_x"}, "2", 1},
		{"both filters", &archive.ListCsrRequest{KeyWord: "EXAMPLE", Algorithm: "ECC"}, "41", 2},
		{"a key word of 253 characters", &archive.ListCsrRequest{KeyWord: strings.Repeat("𠮷", 253)}, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp := must[*archive.ListCsrResponse](t)(a.ListCsr(t.Context(), testutil.Seeded(), tt.req))
			if resp.CsrList == nil {
				t.Error("CsrList is null in JSON")
			}
			got := ""
			for _, listed := range resp.CsrList {
				got += listed.Name[5:6]
			}
			if got != tt.want || resp.TotalCount != tt.all {
				t.Errorf("the CSRs are %s of %d, want %s of %d", got, resp.TotalCount, tt.want, tt.all)
			}
			page, size := int64(1), int64(50)
			if tt.req != nil && tt.req.CurrentPage != 0 {
				page = tt.req.CurrentPage
			}
			if tt.req != nil && tt.req.ShowSize != 0 {
				size = tt.req.ShowSize
			}
			if resp.CurrentPage != page || resp.ShowSize != size || !testutil.RequestIDForm.MatchString(resp.RequestId) {
				t.Errorf("CurrentPage %d, ShowSize %d, RequestId %s, want page %d of %d", resp.CurrentPage, resp.ShowSize, resp.RequestId, page, size)
			}
		})
	}
}

func TestListCsrRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		req       archive.ListCsrRequest
		code      yuncert.Code
		parameter string
		words     string
	}{
		{"a key word of 254 characters", archive.ListCsrRequest{KeyWord: strings.Repeat("𠮷", 254)}, malformed, "KeyWord", "253"},
		{"a key word with a line feed", archive.ListCsrRequest{KeyWord: "com\nname"}, malformed, "KeyWord", ""},
		{"a key word that is not UTF-8", archive.ListCsrRequest{KeyWord: "\xff"}, malformed, "KeyWord", ""},
		{"an algorithm with a length", archive.ListCsrRequest{Algorithm: "RSA_2048"}, malformed, "Algorithm", `"RSA_2048" is not RSA, ECC or SM2`},
		{"an algorithm in small letters", archive.ListCsrRequest{Algorithm: "rsa"}, malformed, "Algorithm", ""},
		{"page -1", archive.ListCsrRequest{CurrentPage: -1}, malformed, "CurrentPage", "-1"},
		{"a page size of -1", archive.ListCsrRequest{ShowSize: -1}, malformed, "ShowSize", "-1"},
		{"a page size of 1001", archive.ListCsrRequest{ShowSize: 1001}, refused, "ShowSize", "1000"},
		{"several problems", archive.ListCsrRequest{Algorithm: "DSA", ShowSize: -1}, malformed, "Algorithm", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			testutil.CheckError(t, tt.req.Validate(), tt.code, tt.parameter, tt.words)
			a, _ := newArchive(t, nil)
			resp, err := a.ListCsr(t.Context(), testutil.Untouched(t), &tt.req)
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.words)
			if resp != nil {
				t.Errorf("the response is %+v", resp)
			}
		})
	}
}

// CSRs of the same time are sorted by their CsrId, and pages together list each once.
func TestListCsrPages(t *testing.T) {
	t.Parallel()
	a, _ := newArchive(t, nil)
	const count = 23
	for n := range count {
		upload(t, a, &archive.UploadCsrRequest{Csr: created(t, algorithm.ECC_256, fmt.Sprintf("h%d.example.com", n), "").Csr})
	}
	whole := list(t, a, nil).CsrList
	for n := range len(whole) - 1 {
		if whole[n].CsrId <= whole[n+1].CsrId {
			t.Errorf("CSR %d is before %d", whole[n].CsrId, whole[n+1].CsrId)
		}
	}
	for _, keyWord := range []string{"", "example"} {
		var paged []archive.ListedCsr
		for page := range int64(count/5 + 1) {
			paged = append(paged, list(t, a, &archive.ListCsrRequest{KeyWord: keyWord, CurrentPage: page + 1, ShowSize: 5}).CsrList...)
		}
		if diff := gocmp.Diff(whole, paged); diff != "" || len(paged) != count {
			t.Errorf("%d CSRs on pages (-whole +pages):\n%s", len(paged), diff)
		}
	}
}
