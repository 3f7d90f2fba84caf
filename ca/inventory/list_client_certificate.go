package inventory

import (
	"context"
	"io"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
)

// A ListClientCertificateRequest selects a page of certificates.
type ListClientCertificateRequest struct {
	CurrentPage     int32  `json:"CurrentPage,omitempty"`     // the page to return, from 1; zero means 1
	ShowSize        int32  `json:"ShowSize,omitempty"`        // the number of certificates on a page, from 1 to 1000; zero means 20
	Identifier      string `json:"Identifier,omitempty"`      // only this certificate; empty means all
	ResourceGroupId string `json:"ResourceGroupId,omitempty"` // only certificates with this label; empty means all
}

// A ListClientCertificateResponse is one page of the list.
type ListClientCertificateResponse struct {
	CertificateList []ListedClientCertificate `json:"CertificateList"` // those added last come first
	CurrentPage     int32                     `json:"CurrentPage"`     // as requested, or its default
	PageCount       int32                     `json:"PageCount"`       // number of pages
	ShowSize        int32                     `json:"ShowSize"`        // as requested, or its default
	MaxResults      int32                     `json:"MaxResults"`      // the same as ShowSize
	TotalCount      int64                     `json:"TotalCount"`      // number of certificates on all pages
	RequestId       string                    `json:"RequestId,omitempty"`
}

// A ListedClientCertificate is a certificate in the list. Its fields are as in
// [ClientCertificate].
type ListedClientCertificate struct {
	Id               int64  `json:"Id,omitempty"`
	Identifier       string `json:"Identifier,omitempty"`
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`
	CustomIdentifier string `json:"CustomIdentifier,omitempty"`
	AliasName        string `json:"AliasName,omitempty"`
	CertificateType  string `json:"CertificateType,omitempty"`
	Status           string `json:"Status,omitempty"`
	X509Certificate  string `json:"X509Certificate,omitempty"`
	SerialNumber     string `json:"SerialNumber,omitempty"`
	SubjectDN        string `json:"SubjectDN,omitempty"`
	CommonName       string `json:"CommonName,omitempty"`
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	Locality         string `json:"Locality,omitempty"`
	State            string `json:"State,omitempty"`
	CountryCode      string `json:"CountryCode,omitempty"`
	Algorithm        string `json:"Algorithm,omitempty"`
	KeySize          int32  `json:"KeySize,omitempty"`
	SignAlgorithm    string `json:"SignAlgorithm,omitempty"`
	Sans             string `json:"Sans,omitempty"`
	Days             int32  `json:"Days,omitempty"`
	BeforeDate       int64  `json:"BeforeDate,omitempty"`
	AfterDate        int64  `json:"AfterDate,omitempty"`
	Md5              string `json:"Md5,omitempty"`
	Sha2             string `json:"Sha2,omitempty"`
	ResourceGroupId  string `json:"ResourceGroupId,omitempty"`
}

// Validate returns [yuncert.ErrInvalidValueMalformed] for a negative CurrentPage or
// ShowSize and for a ResourceGroupId that breaks the rule of Labels, and
// [yuncert.ErrInvalidParameter] for a ShowSize above 1000.
func (r *ListClientCertificateRequest) Validate() error {
	if r == nil {
		return nil
	}
	if err := checkPage(r.CurrentPage, r.ShowSize); err != nil {
		return err
	}
	return param.CheckLabel("ResourceGroupId", r.ResourceGroupId)
}

// ListClientCertificate returns one page of the certificates of clients and servers,
// including revoked and expired ones. A page past the end is empty, and so is the page
// of an unknown Identifier. Each call counts all certificates, and a late page takes
// longer than the first. [Inventory.Certificates] does not count, and all its pages
// take the same time.
func (v *Inventory) ListClientCertificate(ctx context.Context, rand io.Reader, req *ListClientCertificateRequest) (*ListClientCertificateResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	if req == nil {
		req = new(ListClientCertificateRequest)
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	page := newPage(req.CurrentPage, req.ShowSize)
	resp := &ListClientCertificateResponse{CurrentPage: page.number, ShowSize: page.size, MaxResults: page.size, RequestId: requestID}
	err = v.view(ctx, func(s Snapshot) error {
		certificates, total, err := req.read(s, page)
		if err != nil {
			return err
		}
		resp.TotalCount, resp.PageCount = total, page.count(total)
		resp.CertificateList, err = describeAll(s, certificates, (*description).listed)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// read returns the certificates on a page, and the number of all that are listed.
func (r *ListClientCertificateRequest) read(s Snapshot, page numberedPage) ([]Certificate, int64, error) {
	if r.Identifier == "" {
		return page.read(s, Query{LeavesOnly: true, ResourceGroupId: r.ResourceGroupId})
	}
	c, found, err := find(s, r.Identifier)
	switch {
	case err != nil:
		return nil, 0, err
	case !found || c.Status == StatusDelete || c.Kind == KindCA || r.ResourceGroupId != "" && c.Labels.ResourceGroupId != r.ResourceGroupId:
		return nil, 0, nil
	case page.number > 1:
		return nil, 1, nil
	}
	return []Certificate{c}, 1, nil
}

func (d *description) listed(c Certificate) ListedClientCertificate {
	all := d.clientCertificate(c)
	return ListedClientCertificate{
		Id: all.Id, Identifier: all.Identifier, ParentIdentifier: all.ParentIdentifier, CustomIdentifier: all.CustomIdentifier,
		AliasName: all.AliasName, CertificateType: all.CertificateType, Status: all.Status, X509Certificate: all.X509Certificate,
		SerialNumber: all.SerialNumber, SubjectDN: all.SubjectDN, CommonName: all.CommonName, Organization: all.Organization,
		OrganizationUnit: all.OrganizationUnit, Locality: all.Locality, State: all.State, CountryCode: all.CountryCode,
		Algorithm: all.Algorithm, KeySize: all.KeySize, SignAlgorithm: all.SignAlgorithm, Sans: all.Sans, Days: all.Days,
		BeforeDate: all.BeforeDate, AfterDate: all.AfterDate, Md5: all.Md5, Sha2: all.Sha2, ResourceGroupId: all.ResourceGroupId,
	}
}
