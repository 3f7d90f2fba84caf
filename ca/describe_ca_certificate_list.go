package ca

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
)

// A DescribeCACertificateListRequest says which CAs to list, with the parameters
// of DescribeCACertificateList (Certificate Management Service, 2020-06-30).
// Every filter that is set must hold.
type DescribeCACertificateListRequest struct {
	// CurrentPage is the page to show, from 1. Zero means 1.
	CurrentPage int32 `json:"CurrentPage,omitempty"`

	// ShowSize is how many CAs a page has, from 1. Zero means 20.
	ShowSize int32 `json:"ShowSize,omitempty"`

	// Identifier lists the CA of that Identifier alone. Empty means all.
	Identifier string `json:"Identifier,omitempty"`

	// CertType is "root", "subRoot" or "externalCa", of which this library has
	// none. Empty means all.
	CertType string `json:"CertType,omitempty"`

	// CaStatus is "issue", "revoke" or "forbidden", in which state no CA is
	// here. Empty means all.
	CaStatus string `json:"CaStatus,omitempty"`

	// ValidStatus is "valid" for CAs whose certificate is valid now, or
	// "notValid". Empty means both.
	ValidStatus string `json:"ValidStatus,omitempty"`

	// IssuerType is "local", or "iTrusChina" or "external", of which this library
	// has none. Empty means all.
	IssuerType string `json:"IssuerType,omitempty"`

	// ResourceGroupId is not looked at: the pool does not know groups.
	ResourceGroupId string `json:"ResourceGroupId,omitempty"`
}

// A DescribeCACertificateListResponse is one page of the list.
type DescribeCACertificateListResponse struct {
	// CertificateList are the CAs of the page, in the order of the pool.
	CertificateList []ListedCACertificate `json:"CertificateList"`

	// CurrentPage is the page shown.
	CurrentPage int32 `json:"CurrentPage"`

	// PageCount is how many pages there are.
	PageCount int32 `json:"PageCount"`

	// ShowSize is how many CAs a full page has.
	ShowSize int32 `json:"ShowSize"`

	// TotalCount is how many CAs pass the filters.
	TotalCount int32 `json:"TotalCount"`

	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`
}

// A ListedCACertificate is a CA in a list: some members of [CACertificate] under
// the same names, four of which are the caller's. [DescribeCACertificate] has all.
type ListedCACertificate struct {
	// Identifier names the CA.
	Identifier string `json:"Identifier,omitempty"`
	// ParentIdentifier names the CA above; empty for a root.
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`
	// CertificateType is TypeRoot or TypeSubRoot.
	CertificateType string `json:"CertificateType,omitempty"`
	// Status is StatusIssue or StatusRevoke.
	Status string `json:"Status,omitempty"`
	// Algorithm is the family of the key: RSA, ECC or SM2.
	Algorithm string `json:"Algorithm,omitempty"`
	// KeySize is in bits.
	KeySize int32 `json:"KeySize,omitempty"`
	// SignAlgorithm is the algorithm that the CA signs with, in upper case.
	SignAlgorithm string `json:"SignAlgorithm,omitempty"`
	// SerialNumber is in lower-case hexadecimal.
	SerialNumber string `json:"SerialNumber,omitempty"`
	// SubjectDN is the subject, as C=…,O=…,OU=…,L=…,ST=…,CN=….
	SubjectDN string `json:"SubjectDN,omitempty"`
	// CommonName is the subject's CN.
	CommonName string `json:"CommonName,omitempty"`
	// Organization is the subject's O.
	Organization string `json:"Organization,omitempty"`
	// OrganizationUnit is the subject's OU.
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	// Locality is the subject's L.
	Locality string `json:"Locality,omitempty"`
	// State is the subject's ST.
	State string `json:"State,omitempty"`
	// CountryCode is the subject's C.
	CountryCode string `json:"CountryCode,omitempty"`
	// X509Certificate is the certificate in PEM.
	X509Certificate string `json:"X509Certificate,omitempty"`
	// BeforeDate is the start of the validity in UNIX milliseconds.
	BeforeDate int64 `json:"BeforeDate,omitempty"`
	// AfterDate is the end of the validity in UNIX milliseconds.
	AfterDate int64 `json:"AfterDate,omitempty"`
	// Years is the validity in years, rounded.
	Years int32 `json:"Years,omitempty"`
	// Md5 is the MD5 of the DER certificate, in lower-case hexadecimal.
	Md5 string `json:"Md5,omitempty"`
	// Sha2 is the SHA-256 of the DER certificate, in lower-case hexadecimal.
	Sha2 string `json:"Sha2,omitempty"`
	// Alias is the caller's to fill in.
	Alias string `json:"Alias,omitempty"`
	// ResourceGroupId is the caller's to fill in.
	ResourceGroupId string `json:"ResourceGroupId,omitempty"`
	// Gift is 1 for a CA that was free of charge. The caller's to fill in.
	Gift int32 `json:"Gift,omitempty"`
	// Trial is 1 for a CA on trial. The caller's to fill in.
	Trial int32 `json:"Trial,omitempty"`
}

// Validate returns the first problem in the order of the fields: a number below
// zero or a filter that is none of its values is
// [yuncert.ErrInvalidValueMalformed].
func (r *DescribeCACertificateListRequest) Validate() error {
	if r == nil {
		return nil
	}
	if r.CurrentPage < 0 {
		return malformed("CurrentPage", "%d is not from 1", r.CurrentPage)
	}
	if r.ShowSize < 0 {
		return malformed("ShowSize", "%d is not from 1", r.ShowSize)
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
			return malformed(filter.parameter, "%.40q is not one of %s", filter.value, strings.Join(filter.accepted, ", "))
		}
	}
	return nil
}

// DescribeCACertificateList lists the CAs of a pool by pages. now decides what
// ValidStatus means. A page behind the last is empty. Errors are those of
// Validate, and [yuncert.ErrInternalError] when rand fails. The document allows a
// user 10 calls a second.
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
		ShowSize:        cmp.Or(req.ShowSize, 20),
		RequestId:       requestID,
	}
	now = second(now)
	first := int64(resp.CurrentPage-1) * int64(resp.ShowSize)
	if pool != nil {
		for _, i := range pool.issuers {
			revoked := pool.isRevoked(i)
			if !req.selects(i, revoked, now) {
				continue
			}
			if at := int64(resp.TotalCount); first <= at && at < first+int64(resp.ShowSize) {
				resp.CertificateList = append(resp.CertificateList, i.describe(revoked).listed())
			}
			resp.TotalCount++
		}
	}
	resp.PageCount = int32((int64(resp.TotalCount) + int64(resp.ShowSize) - 1) / int64(resp.ShowSize))
	return resp, nil
}

// selects reports whether a CA passes the filters.
func (r *DescribeCACertificateListRequest) selects(i *Issuer, revoked bool, now time.Time) bool {
	certType, status, valid := "subRoot", "issue", "valid"
	if i.root() {
		certType = "root"
	}
	if revoked {
		status = "revoke"
	}
	if cert := i.chain[0]; now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		valid = "notValid"
	}
	passes := func(filter, value string) bool { return filter == "" || filter == value }
	return passes(r.Identifier, i.identifier) && passes(r.CertType, certType) && passes(r.CaStatus, status) &&
		passes(r.ValidStatus, valid) && passes(r.IssuerType, IssuerLocal)
}

// listed returns the members that a list shows.
func (c *CACertificate) listed() ListedCACertificate {
	return ListedCACertificate{
		Identifier: c.Identifier, ParentIdentifier: c.ParentIdentifier, CertificateType: c.CertificateType, Status: c.Status,
		Algorithm: c.Algorithm, KeySize: c.KeySize, SignAlgorithm: c.SignAlgorithm, SerialNumber: c.SerialNumber,
		SubjectDN: c.SubjectDN, CommonName: c.CommonName, Organization: c.Organization, OrganizationUnit: c.OrganizationUnit,
		Locality: c.Locality, State: c.State, CountryCode: c.CountryCode, X509Certificate: c.X509Certificate,
		BeforeDate: c.BeforeDate, AfterDate: c.AfterDate, Years: c.Years, Md5: c.Md5, Sha2: c.Sha2,
	}
}
