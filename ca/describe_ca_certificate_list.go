package ca

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
)

// A DescribeCACertificateListRequest selects CAs. A CA is listed if it passes all
// filters. An empty filter passes every CA.
type DescribeCACertificateListRequest struct {
	CurrentPage     int32  `json:"CurrentPage,omitempty"`     // the page to return, from 1; zero means 1
	ShowSize        int32  `json:"ShowSize,omitempty"`        // the number of CAs on a page, from 1; zero means 20
	Identifier      string `json:"Identifier,omitempty"`      // the CA's
	CertType        string `json:"CertType,omitempty"`        // "root", "subRoot" or "externalCa"; no CA here is external
	CaStatus        string `json:"CaStatus,omitempty"`        // "issue", "revoke" or "forbidden"; no CA here is forbidden
	ValidStatus     string `json:"ValidStatus,omitempty"`     // "valid" if the CA's certificate is valid now, or "notValid"
	IssuerType      string `json:"IssuerType,omitempty"`      // "local", "iTrusChina" or "external"; all CAs here are local
	ResourceGroupId string `json:"ResourceGroupId,omitempty"` // ignored: a pool has no resource groups
}

// A DescribeCACertificateListResponse is one page of the list.
type DescribeCACertificateListResponse struct {
	CertificateList []ListedCACertificate `json:"CertificateList"` // in the order of the pool
	CurrentPage     int32                 `json:"CurrentPage"`     // as requested, or its default
	PageCount       int32                 `json:"PageCount"`       // number of pages
	ShowSize        int32                 `json:"ShowSize"`        // as requested, or its default
	TotalCount      int32                 `json:"TotalCount"`      // number of CAs that pass the filters
	RequestId       string                `json:"RequestId,omitempty"`
}

// A ListedCACertificate is a CA in a list. Its fields mean the same as in
// [CACertificate]. The caller fills in Alias and the fields after it.
type ListedCACertificate struct {
	Identifier       string `json:"Identifier,omitempty"`
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`
	CertificateType  string `json:"CertificateType,omitempty"`
	Status           string `json:"Status,omitempty"`
	Algorithm        string `json:"Algorithm,omitempty"`
	KeySize          int32  `json:"KeySize,omitempty"`
	SignAlgorithm    string `json:"SignAlgorithm,omitempty"`
	SerialNumber     string `json:"SerialNumber,omitempty"`
	SubjectDN        string `json:"SubjectDN,omitempty"`
	CommonName       string `json:"CommonName,omitempty"`
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	Locality         string `json:"Locality,omitempty"`
	State            string `json:"State,omitempty"`
	CountryCode      string `json:"CountryCode,omitempty"`
	X509Certificate  string `json:"X509Certificate,omitempty"`
	BeforeDate       int64  `json:"BeforeDate,omitempty"`
	AfterDate        int64  `json:"AfterDate,omitempty"`
	Years            int32  `json:"Years,omitempty"`
	Md5              string `json:"Md5,omitempty"`
	Sha2             string `json:"Sha2,omitempty"`
	Sans             string `json:"Sans,omitempty"`
	Alias            string `json:"Alias,omitempty"`
	ResourceGroupId  string `json:"ResourceGroupId,omitempty"`
	Gift             int32  `json:"Gift,omitempty"`  // 1: free of charge
	Trial            int32  `json:"Trial,omitempty"` // 1: on trial
}

// Validate checks the fields. Its errors are [yuncert.ErrInvalidValueMalformed].
func (r *DescribeCACertificateListRequest) Validate() error {
	if r == nil {
		return nil
	}
	if r.CurrentPage < 0 {
		return param.Malformed("CurrentPage", "%d is negative; want 1 or more, or 0 for page 1", r.CurrentPage)
	}
	if r.ShowSize < 0 {
		return param.Malformed("ShowSize", "%d is negative; want 1 or more, or 0 for %d", r.ShowSize, defaultShowSize)
	}
	for _, filter := range []struct {
		parameter, value string
		accepted         []string
	}{
		{"CertType", r.CertType, []string{"root", "subRoot", "externalCa"}},
		{"CaStatus", r.CaStatus, []string{"issue", "forbidden", "revoke"}},
		{"ValidStatus", r.ValidStatus, []string{"valid", "notValid"}},
		{"IssuerType", r.IssuerType, []string{"local", "iTrusChina", "external"}},
	} {
		if filter.value != "" && !slices.Contains(filter.accepted, filter.value) {
			return param.Malformed(filter.parameter, "%.40q is not one of %s", filter.value, strings.Join(filter.accepted, ", "))
		}
	}
	return nil
}

const defaultShowSize = 20

// DescribeCACertificateList returns one page of the pool's CAs, which may be
// empty.
func DescribeCACertificateList(rand io.Reader, now time.Time, pool *Pool, req *DescribeCACertificateListRequest) (*DescribeCACertificateListResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	if req == nil {
		req = new(DescribeCACertificateListRequest)
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	resp := &DescribeCACertificateListResponse{
		CertificateList: []ListedCACertificate{},
		CurrentPage:     cmp.Or(req.CurrentPage, 1),
		ShowSize:        cmp.Or(req.ShowSize, defaultShowSize),
		RequestId:       requestID,
	}
	now = second(now)
	first := int64(resp.CurrentPage-1) * int64(resp.ShowSize)
	if pool != nil {
		for _, i := range pool.all() {
			revoked := pool.isRevoked(i)
			if !req.selects(i, revoked, now) {
				continue
			}
			at := int64(resp.TotalCount)
			if first <= at && at < first+int64(resp.ShowSize) {
				resp.CertificateList = append(resp.CertificateList, i.describe(revoked).listed())
			}
			resp.TotalCount++
		}
	}
	resp.PageCount = int32((int64(resp.TotalCount) + int64(resp.ShowSize) - 1) / int64(resp.ShowSize))
	return resp, nil
}

// selects reports whether a CA passes all filters.
func (r *DescribeCACertificateListRequest) selects(i *Issuer, revoked bool, now time.Time) bool {
	certType, status, valid := "subRoot", "issue", "valid"
	if i.root() {
		certType = "root"
	}
	if revoked {
		status = "revoke"
	}
	cert := i.chain[0]
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		valid = "notValid"
	}
	passes := func(filter, value string) bool { return filter == "" || filter == value }
	return passes(r.Identifier, i.Identifier()) && passes(r.CertType, certType) && passes(r.CaStatus, status) &&
		passes(r.ValidStatus, valid) && passes(r.IssuerType, IssuerLocal)
}

// listed returns the fields that a list shows.
func (c *CACertificate) listed() ListedCACertificate {
	return ListedCACertificate{
		Identifier: c.Identifier, ParentIdentifier: c.ParentIdentifier, CertificateType: c.CertificateType, Status: c.Status,
		Algorithm: c.Algorithm, KeySize: c.KeySize, SignAlgorithm: c.SignAlgorithm, SerialNumber: c.SerialNumber,
		SubjectDN: c.SubjectDN, CommonName: c.CommonName, Organization: c.Organization, OrganizationUnit: c.OrganizationUnit,
		Locality: c.Locality, State: c.State, CountryCode: c.CountryCode, X509Certificate: c.X509Certificate,
		BeforeDate: c.BeforeDate, AfterDate: c.AfterDate, Years: c.Years, Md5: c.Md5, Sha2: c.Sha2, Sans: c.Sans,
	}
}
