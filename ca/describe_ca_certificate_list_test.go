package ca_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

type listRequest = ca.DescribeCACertificateListRequest

// Negative numbers and unknown values of filters are refused.
func TestDescribeCACertificateListRefuses(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	tests := []struct {
		name      string
		change    func(*listRequest)
		parameter string
		mention   string
	}{
		{"CurrentPage below zero", func(r *listRequest) { r.CurrentPage = -1 }, "CurrentPage", "-1"},
		{"the smallest CurrentPage", func(r *listRequest) { r.CurrentPage = math.MinInt32 }, "CurrentPage", "-2147483648"},
		{"ShowSize below zero", func(r *listRequest) { r.ShowSize = -1 }, "ShowSize", "-1"},
		{"CertType in another case", func(r *listRequest) { r.CertType = "subroot" }, "CertType", `"subroot" is not one of root, subRoot, externalCa`},
		{"CertType as in responses", func(r *listRequest) { r.CertType = "SUB_ROOT" }, "CertType", `"SUB_ROOT"`},
		{"CaStatus as in responses", func(r *listRequest) { r.CaStatus = "ISSUE" }, "CaStatus", `"ISSUE" is not one of issue, forbidden, revoke`},
		{"ValidStatus", func(r *listRequest) { r.ValidStatus = "expired" }, "ValidStatus", `"expired" is not one of valid, notValid`},
		{"IssuerType", func(r *listRequest) { r.IssuerType = "Local" }, "IssuerType", `"Local" is not one of local, iTrusChina, external`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := new(listRequest)
			tt.change(req)
			testutil.CheckError(t, req.Validate(), malformed, tt.parameter, tt.mention)
			resp, err := ca.DescribeCACertificateList(testutil.Untouched(t), instant, pool, req)
			testutil.CheckError(t, err, malformed, tt.parameter, tt.mention)
			if resp != nil {
				t.Error("a response and an error")
			}
		})
	}
	failed := testutil.ReaderFunc(func([]byte) (int, error) { return 0, testutil.ErrNoRandomness })
	if resp, err := ca.DescribeCACertificateList(failed, instant, pool, nil); !errors.Is(err, yuncert.ErrInternalError) || resp != nil {
		t.Errorf("without randomness: %v, %v", resp, err)
	}

	req := &listRequest{CurrentPage: -1, ShowSize: -1, CertType: "x", CaStatus: "x", ValidStatus: "x", IssuerType: "x"}
	for _, step := range []struct {
		parameter string
		mend      func()
	}{
		{"CurrentPage", func() { req.CurrentPage = 0 }},
		{"ShowSize", func() { req.ShowSize = 0 }},
		{"CertType", func() { req.CertType = "" }},
		{"CaStatus", func() { req.CaStatus = "" }},
		{"ValidStatus", func() { req.ValidStatus = "" }},
		{"IssuerType", func() { req.IssuerType = "" }},
	} {
		testutil.CheckError(t, req.Validate(), malformed, step.parameter, "")
		step.mend()
	}
	if err := req.Validate(); err != nil {
		t.Error(err)
	}
}

// Each filter is tested, and all of them together. Each letter is a CA of
// listedPool.
func TestDescribeCACertificateListFilters(t *testing.T) {
	t.Parallel()
	pool, letters := listedPool(t)
	identifier := func(letter string) string {
		for identifier, l := range letters {
			if l == letter {
				return identifier
			}
		}
		return ""
	}
	tests := []struct {
		name string
		now  time.Time
		req  *listRequest
		want string
	}{
		{"nil", instant, nil, "rsExRS"},
		{"none", instant, &listRequest{}, "rsExRS"},
		{"Identifier", instant, &listRequest{Identifier: identifier("s")}, "s"},
		{"an unknown Identifier", instant, &listRequest{Identifier: "0"}, ""},
		{"CertType root", instant, &listRequest{CertType: "root"}, "rER"},
		{"CertType subRoot", instant, &listRequest{CertType: "subRoot"}, "sxS"},
		{"CertType externalCa", instant, &listRequest{CertType: "externalCa"}, ""},
		{"CaStatus issue", instant, &listRequest{CaStatus: "issue"}, "rsRS"},
		{"CaStatus revoke", instant, &listRequest{CaStatus: "revoke"}, "Ex"},
		{"CaStatus forbidden", instant, &listRequest{CaStatus: "forbidden"}, ""},
		{"ValidStatus valid", instant, &listRequest{ValidStatus: "valid"}, "rsExRS"},
		{"ValidStatus notValid", instant, &listRequest{ValidStatus: "notValid"}, ""},
		{"not valid yet", instant.Add(-1), &listRequest{ValidStatus: "notValid"}, "rsExRS"},
		{"valid to the end of the last second", caEnd.Add(time.Second - 1), &listRequest{ValidStatus: "valid"}, "rsExRS"},
		{"the subordinate CAs have ended", caEnd.Add(time.Second), &listRequest{ValidStatus: "notValid"}, "sxS"},
		{"the roots have not ended", caEnd.Add(time.Second), &listRequest{ValidStatus: "valid"}, "rER"},
		{"IssuerType local", instant, &listRequest{IssuerType: "local"}, "rsExRS"},
		{"IssuerType iTrusChina", instant, &listRequest{IssuerType: "iTrusChina"}, ""},
		{"IssuerType external", instant, &listRequest{IssuerType: "external"}, ""},
		{"ResourceGroupId is ignored", instant, &listRequest{ResourceGroupId: "rg-aek****wia"}, "rsExRS"},
		{"two filters", instant, &listRequest{CertType: "root", CaStatus: "revoke"}, "E"},
		{"all filters", caEnd.AddDate(1, 0, 0), &listRequest{Identifier: identifier("x"), CertType: "subRoot", CaStatus: "revoke", ValidStatus: "notValid", IssuerType: "local"}, "x"},
		{"all filters, one of which fails", caEnd.AddDate(1, 0, 0), &listRequest{Identifier: identifier("x"), CertType: "subRoot", CaStatus: "issue", ValidStatus: "notValid", IssuerType: "local"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, err := ca.DescribeCACertificateList(testutil.Seeded(), tt.now, pool, tt.req)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, c := range resp.CertificateList {
				got += letters[c.Identifier]
			}
			if got != tt.want || int(resp.TotalCount) != len(tt.want) || resp.CertificateList == nil {
				t.Errorf("listed %q of %d, want %q", got, resp.TotalCount, tt.want)
			}
		})
	}
}

// listedPool returns a pool of six CAs and a letter for each. RSA: the root r and
// the subordinate CA s. ECC: E and x, both revoked. SM2: R and S.
func listedPool(t *testing.T) (*ca.Pool, map[string]string) {
	t.Helper()
	pool := newPool(t)
	letters := make(map[string]string)
	for i, a := range testkeys.Families {
		letters[authorityOf(a).rootIssuer.Identifier()] = "rER"[i : i+1]
		letters[authorityOf(a).issuer.Identifier()] = "sxS"[i : i+1]
	}
	if _, err := ca.UpdateCACertificateStatus(testutil.Seeded(), pool, &updateRequest{Identifier: authorityOf(algorithm.ECC_256).rootIssuer.Identifier()}); err != nil {
		t.Fatal(err)
	}
	return pool, letters
}

func TestDescribeCACertificateListPages(t *testing.T) {
	t.Parallel()
	pool, letters := listedPool(t)
	const most = math.MaxInt32
	tests := []struct {
		page, size int32
		filter     string
		listed     string
		want       ca.DescribeCACertificateListResponse
	}{
		{0, 0, "", "rsExRS", ca.DescribeCACertificateListResponse{CurrentPage: 1, PageCount: 1, ShowSize: 20, TotalCount: 6}},
		{1, 6, "", "rsExRS", ca.DescribeCACertificateListResponse{CurrentPage: 1, PageCount: 1, ShowSize: 6, TotalCount: 6}},
		{1, 4, "", "rsEx", ca.DescribeCACertificateListResponse{CurrentPage: 1, PageCount: 2, ShowSize: 4, TotalCount: 6}},
		{2, 4, "", "RS", ca.DescribeCACertificateListResponse{CurrentPage: 2, PageCount: 2, ShowSize: 4, TotalCount: 6}},
		{3, 4, "", "", ca.DescribeCACertificateListResponse{CurrentPage: 3, PageCount: 2, ShowSize: 4, TotalCount: 6}},
		{2, 3, "", "xRS", ca.DescribeCACertificateListResponse{CurrentPage: 2, PageCount: 2, ShowSize: 3, TotalCount: 6}},
		{6, 1, "", "S", ca.DescribeCACertificateListResponse{CurrentPage: 6, PageCount: 6, ShowSize: 1, TotalCount: 6}},
		{7, 1, "", "", ca.DescribeCACertificateListResponse{CurrentPage: 7, PageCount: 6, ShowSize: 1, TotalCount: 6}},
		{2, 0, "", "", ca.DescribeCACertificateListResponse{CurrentPage: 2, PageCount: 1, ShowSize: 20, TotalCount: 6}},
		{2, 2, "subRoot", "S", ca.DescribeCACertificateListResponse{CurrentPage: 2, PageCount: 2, ShowSize: 2, TotalCount: 3}},
		{1, 2, "externalCa", "", ca.DescribeCACertificateListResponse{CurrentPage: 1, PageCount: 0, ShowSize: 2, TotalCount: 0}},
		{1, most, "", "rsExRS", ca.DescribeCACertificateListResponse{CurrentPage: 1, PageCount: 1, ShowSize: most, TotalCount: 6}},
		{most, 1, "", "", ca.DescribeCACertificateListResponse{CurrentPage: most, PageCount: 6, ShowSize: 1, TotalCount: 6}},
		{most, most, "", "", ca.DescribeCACertificateListResponse{CurrentPage: most, PageCount: 1, ShowSize: most, TotalCount: 6}},
		{1 << 16, 1 << 16, "", "", ca.DescribeCACertificateListResponse{CurrentPage: 1 << 16, PageCount: 1, ShowSize: 1 << 16, TotalCount: 6}},
		{1<<30 + 1, 4, "", "", ca.DescribeCACertificateListResponse{CurrentPage: 1<<30 + 1, PageCount: 2, ShowSize: 4, TotalCount: 6}}, // 2^32 CAs would come before it
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d of %d, %s", tt.page, tt.size, tt.filter), func(t *testing.T) {
			t.Parallel()
			resp, err := ca.DescribeCACertificateList(testutil.Seeded(), instant, pool, &listRequest{CurrentPage: tt.page, ShowSize: tt.size, CertType: tt.filter})
			if err != nil {
				t.Fatal(err)
			}
			if !testutil.RequestIDForm.MatchString(resp.RequestId) {
				t.Errorf("RequestId %q", resp.RequestId)
			}
			listed := ""
			for _, c := range resp.CertificateList {
				listed += letters[c.Identifier]
			}
			if listed != tt.listed {
				t.Errorf("listed %q, want %q", listed, tt.listed)
			}
			resp.RequestId, resp.CertificateList = "", nil
			if diff := cmp.Diff(&tt.want, resp); diff != "" {
				t.Errorf("page mismatch (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("no CA", func(t *testing.T) {
		t.Parallel()
		empty, err := ca.NewPool()
		if err != nil {
			t.Fatal(err)
		}
		for _, pool := range []*ca.Pool{nil, empty} {
			resp, err := ca.DescribeCACertificateList(testutil.Seeded(), instant, pool, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp.RequestId = ""
			checkEmpty(t, resp, `{"CertificateList":[],"CurrentPage":1,"PageCount":0,"ShowSize":20,"TotalCount":0}`)
		}
	})
}

// A list shows the same values as DescribeCACertificate.
func TestDescribeCACertificateListItems(t *testing.T) {
	t.Parallel()
	pool, _ := listedPool(t)
	resp, err := ca.DescribeCACertificateList(testutil.Seeded(), instant, pool, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range resp.CertificateList {
		described, err := ca.DescribeCACertificate(testutil.Seeded(), pool, &ca.DescribeCACertificateRequest{Identifier: item.Identifier})
		if err != nil {
			t.Fatal(err)
		}
		c := described.Certificate
		want := ca.ListedCACertificate{
			Identifier: c.Identifier, ParentIdentifier: c.ParentIdentifier, CertificateType: c.CertificateType, Status: c.Status,
			Algorithm: c.Algorithm, KeySize: c.KeySize, SignAlgorithm: c.SignAlgorithm, SerialNumber: c.SerialNumber, SubjectDN: c.SubjectDN,
			CommonName: c.CommonName, Organization: c.Organization, OrganizationUnit: c.OrganizationUnit, Locality: c.Locality, State: c.State,
			CountryCode: c.CountryCode, X509Certificate: c.X509Certificate, BeforeDate: c.BeforeDate, AfterDate: c.AfterDate, Years: c.Years,
			Md5: c.Md5, Sha2: c.Sha2,
		}
		if diff := cmp.Diff(want, item); diff != "" {
			t.Errorf("item mismatch (-want +got):\n%s", diff)
		}
		if item.Identifier == "" || item.SubjectDN == "" || item.Sha2 == "" || item.AfterDate == 0 || item.KeySize == 0 {
			t.Errorf("the item is empty: %+v", item)
		}
	}
}

// The fields are the documented ones.
func TestDescribeCACertificateListMembers(t *testing.T) {
	t.Parallel()
	checkMembers(t, listRequest{}, "CurrentPage int32", "ShowSize int32", "Identifier string", "CertType string", "CaStatus string",
		"ValidStatus string", "IssuerType string", "ResourceGroupId string")
	checkMembers(t, ca.DescribeCACertificateListResponse{}, "CertificateList []ca.ListedCACertificate", "CurrentPage int32", "PageCount int32",
		"ShowSize int32", "TotalCount int32", "RequestId string")
	checkMembers(t, ca.ListedCACertificate{}, "Identifier string", "ParentIdentifier string", "CertificateType string", "Status string",
		"Algorithm string", "KeySize int32", "SignAlgorithm string", "SerialNumber string", "SubjectDN string", "CommonName string",
		"Organization string", "OrganizationUnit string", "Locality string", "State string", "CountryCode string", "X509Certificate string",
		"BeforeDate int64", "AfterDate int64", "Years int32", "Md5 string", "Sha2 string", "Sans string", "Alias string", "ResourceGroupId string", "Gift int32", "Trial int32")
	checkEmpty(t, listRequest{}, "{}")
	checkEmpty(t, ca.ListedCACertificate{}, "{}")
}
