package inventory

import (
	"context"
	"io"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A DescribeClientCertificateRequest names the certificate to describe.
type DescribeClientCertificateRequest struct {
	// Identifier is the Identifier of the certificate. Required.
	Identifier string `json:"Identifier,omitempty"`
}

// A DescribeClientCertificateResponse describes a certificate.
type DescribeClientCertificateResponse struct {
	RequestId   string             `json:"RequestId,omitempty"`
	Certificate *ClientCertificate `json:"Certificate,omitempty"`
}

// A ClientCertificate describes the certificate of a client or server. Fields without
// a comment are as in [ca.CACertificate]; they describe the certificate's own subject
// and key.
type ClientCertificate struct {
	Id               int64  `json:"Id,omitempty"` // as in Certificate
	Identifier       string `json:"Identifier,omitempty"`
	ParentIdentifier string `json:"ParentIdentifier,omitempty"` // the issuing CA; empty if it was not added
	CustomIdentifier string `json:"CustomIdentifier,omitempty"` // this and AliasName as in Labels
	AliasName        string `json:"AliasName,omitempty"`
	CertificateType  string `json:"CertificateType,omitempty"` // SERVER if the extended key usages have serverAuth, else CLIENT
	Status           string `json:"Status,omitempty"`
	Algorithm        string `json:"Algorithm,omitempty"`
	FullAlgorithm    string `json:"FullAlgorithm,omitempty"` // this and KeySize only for the keys of package algorithm
	KeySize          int32  `json:"KeySize,omitempty"`
	SignAlgorithm    string `json:"SignAlgorithm,omitempty"` // of the signature by the CA
	SerialNumber     string `json:"SerialNumber,omitempty"`
	SubjectDN        string `json:"SubjectDN,omitempty"`
	CommonName       string `json:"CommonName,omitempty"`
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	Locality         string `json:"Locality,omitempty"`
	State            string `json:"State,omitempty"`
	CountryCode      string `json:"CountryCode,omitempty"`
	// Sans is a JSON array of {"Type": 2, "Value": "www.example.com"}. The types are
	// 1 e-mail address, 2 DNS name, 6 URI, 7 IP address. Empty means none.
	Sans            string            `json:"Sans,omitempty"`
	X509Certificate string            `json:"X509Certificate,omitempty"`
	CertChain       string            `json:"CertChain,omitempty"` // PEM, the certificate first, then the CAs if they were added
	BeforeDate      int64             `json:"BeforeDate,omitempty"`
	AfterDate       int64             `json:"AfterDate,omitempty"`
	Days            int32             `json:"Days,omitempty"` // length of the validity, rounded
	Md5             string            `json:"Md5,omitempty"`
	Sha2            string            `json:"Sha2,omitempty"`
	UploadFlag      int32             `json:"UploadFlag,omitempty"` // 1 for a copy in the cloud; the caller fills it in
	ResourceGroupId string            `json:"ResourceGroupId,omitempty"`
	Tags            []ca.DescribedTag `json:"Tags,omitempty"`
}

// Validate returns [yuncert.ErrMissingParameter] if Identifier is empty.
func (r *DescribeClientCertificateRequest) Validate() error {
	if r == nil || r.Identifier == "" {
		return yuncert.Missing("Identifier")
	}
	return nil
}

// DescribeClientCertificate describes the certificate of a client or server. A CA is
// [yuncert.ErrNotFound]: see [ca.DescribeCACertificate].
func (v *Inventory) DescribeClientCertificate(ctx context.Context, rand io.Reader, req *DescribeClientCertificateRequest) (*DescribeClientCertificateResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	resp := &DescribeClientCertificateResponse{RequestId: requestID}
	err = v.view(ctx, func(s Snapshot) error {
		c, err := readLeaf(s, req.Identifier)
		if err != nil {
			return err
		}
		d, err := newDescriber(s).describe(c)
		if err != nil {
			return err
		}
		resp.Certificate = d.clientCertificate(c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

func (d *description) clientCertificate(c Certificate) *ClientCertificate {
	described := &ClientCertificate{
		Id:               c.Id,
		Identifier:       c.Identifier,
		ParentIdentifier: d.parent.Identifier,
		CustomIdentifier: c.Labels.CustomIdentifier,
		AliasName:        c.Labels.AliasName,
		CertificateType:  d.certificateType,
		Status:           c.Status,
		Algorithm:        d.algorithm,
		FullAlgorithm:    d.full,
		KeySize:          d.keySize,
		SignAlgorithm:    d.signAlgorithm,
		SerialNumber:     c.SerialNumber,
		SubjectDN:        d.subjectDN,
		CommonName:       d.subject.Get(x509der.CommonName),
		Organization:     d.subject.Get(x509der.Organization),
		OrganizationUnit: d.subject.Get(x509der.OrganizationalUnit),
		Locality:         d.subject.Get(x509der.Locality),
		State:            d.subject.Get(x509der.State),
		CountryCode:      d.subject.Get(x509der.Country),
		Sans:             d.sans,
		X509Certificate:  d.pem,
		CertChain:        d.pem + d.parent.CertificateChain,
		BeforeDate:       c.NotBefore.UnixMilli(),
		AfterDate:        c.NotAfter.UnixMilli(),
		Days:             d.days,
		Md5:              c.Identifier, // the same digest
		Sha2:             d.sha2,
		ResourceGroupId:  c.Labels.ResourceGroupId,
	}
	for _, tag := range c.Labels.Tags {
		described.Tags = append(described.Tags, ca.DescribedTag{TagKey: tag.Key, TagValue: tag.Value})
	}
	return described
}
