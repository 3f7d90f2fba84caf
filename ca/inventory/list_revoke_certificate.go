package inventory

import (
	"context"
	"io"
	"time"

	"github.com/yuncert/yuncert"
)

// A ListRevokeCertificateRequest selects a page of revoked certificates.
type ListRevokeCertificateRequest struct {
	CurrentPage int32 `json:"CurrentPage,omitempty"` // the page to return, from 1; zero means 1
	ShowSize    int32 `json:"ShowSize,omitempty"`    // the number of certificates on a page, from 1 to 1000; zero means 20
}

// A ListRevokeCertificateResponse is one page of the list.
type ListRevokeCertificateResponse struct {
	CertificateList []RevokedClientCertificate `json:"CertificateList"` // those added last come first
	CurrentPage     int32                      `json:"CurrentPage"`     // as requested, or its default
	PageCount       int32                      `json:"PageCount"`       // number of pages
	ShowSize        int32                      `json:"ShowSize"`        // as requested, or its default
	TotalCount      int64                      `json:"TotalCount"`      // number of certificates on all pages
	RequestId       string                     `json:"RequestId,omitempty"`
}

// A RevokedClientCertificate is a certificate in the list. Fields without a comment
// are as in [ClientCertificate]. The dates are days in UTC, such as 2026-03-04T00:00Z.
type RevokedClientCertificate struct {
	Identifier       string `json:"Identifier,omitempty"`
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`
	CustomIdentifier string `json:"CustomIdentifier,omitempty"`
	CertificateType  string `json:"CertificateType,omitempty"`
	Status           string `json:"Status,omitempty"` // always ca.StatusRevoke
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
	Sans             string `json:"Sans,omitempty"`
	BeforeDate       string `json:"BeforeDate,omitempty"` // first day of the validity
	AfterDate        string `json:"AfterDate,omitempty"`  // last day of the validity
	RevokeDate       string `json:"RevokeDate,omitempty"` // day of the RevocationTime
	Md5              string `json:"Md5,omitempty"`
	Sha2             string `json:"Sha2,omitempty"`
}

// Validate returns [yuncert.ErrInvalidValueMalformed] for a negative CurrentPage or
// ShowSize, and [yuncert.ErrInvalidParameter] for a ShowSize above 1000.
func (r *ListRevokeCertificateRequest) Validate() error {
	if r == nil {
		return nil
	}
	return checkPage(r.CurrentPage, r.ShowSize)
}

// ListRevokeCertificate returns one page of the revoked certificates of clients and
// servers, including expired ones and ones on hold. It takes as long as
// [Inventory.ListClientCertificate].
func (v *Inventory) ListRevokeCertificate(ctx context.Context, rand io.Reader, req *ListRevokeCertificateRequest) (*ListRevokeCertificateResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	if req == nil {
		req = new(ListRevokeCertificateRequest)
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	page := newPage(req.CurrentPage, req.ShowSize)
	resp := &ListRevokeCertificateResponse{CurrentPage: page.number, ShowSize: page.size, RequestId: requestID}
	err = v.view(ctx, func(s Snapshot) error {
		certificates, total, err := page.read(s, Query{LeavesOnly: true, Status: statusRevoke})
		if err != nil {
			return err
		}
		resp.TotalCount, resp.PageCount = total, page.count(total)
		resp.CertificateList, err = describeAll(s, certificates, (*description).revoked)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

func (d *description) revoked(c Certificate) RevokedClientCertificate {
	all := d.clientCertificate(c)
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) + "T00:00Z" }
	return RevokedClientCertificate{
		Identifier: all.Identifier, ParentIdentifier: all.ParentIdentifier, CustomIdentifier: all.CustomIdentifier,
		CertificateType: all.CertificateType, Status: all.Status, Algorithm: all.Algorithm, KeySize: all.KeySize,
		SignAlgorithm: all.SignAlgorithm, SerialNumber: all.SerialNumber, SubjectDN: all.SubjectDN, CommonName: all.CommonName,
		Organization: all.Organization, OrganizationUnit: all.OrganizationUnit, Locality: all.Locality, State: all.State,
		CountryCode: all.CountryCode, Sans: all.Sans, BeforeDate: day(c.NotBefore), AfterDate: day(c.NotAfter),
		RevokeDate: day(c.Revocation.RevocationTime), Md5: all.Md5, Sha2: all.Sha2,
	}
}
