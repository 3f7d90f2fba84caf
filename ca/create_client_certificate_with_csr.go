package ca

import (
	"io"
	"time"

	"github.com/yuncert/yuncert/algorithm"
)

// A CreateClientCertificateWithCsrRequest describes the certificate to sign.
// Fields without a comment are as in [CreateServerCertificateWithCsrRequest].
type CreateClientCertificateWithCsrRequest struct {
	// SanType is the kind of names in SanValue: 1 e-mail addresses, 2 DNS
	// names, 6 URIs, 7 IP addresses. Other kinds (RFC 5280, section 4.2.1.6)
	// are refused. It is checked only if SanValue is set.
	SanType int32 `json:"SanType,omitempty"`
	// SanValue lists such names, separated by commas: with the CSR's up to 250
	// besides the common name.
	SanValue string `json:"SanValue,omitempty"`
	// Csr is required, though not documented so. RSA_1024 keys are refused.
	Csr              string `json:"Csr,omitempty"`
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	Country          string `json:"Country,omitempty"`
	CommonName       string `json:"CommonName,omitempty"`
	State            string `json:"State,omitempty"`
	Locality         string `json:"Locality,omitempty"`
	Algorithm        string `json:"Algorithm,omitempty"`
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`
	Years            int32  `json:"Years,omitempty"`
	Months           int32  `json:"Months,omitempty"`
	Days             int32  `json:"Days,omitempty"`
	BeforeTime       int64  `json:"BeforeTime,omitempty"`
	AfterTime        int64  `json:"AfterTime,omitempty"`
	Immediately      int32  `json:"Immediately,omitempty"`
	EnableCrl        int64  `json:"EnableCrl,omitempty"`
	Tags             []Tag  `json:"Tags,omitempty"`
	ResourceGroupId  string `json:"ResourceGroupId,omitempty"`
	CustomIdentifier string `json:"CustomIdentifier,omitempty"`
	AsynchronousFlag bool   `json:"AsynchronousFlag,omitempty"`
}

// A CreateClientCertificateWithCsrResponse holds the new certificate. Fields
// without a comment are as in [CreateServerCertificateWithCsrResponse].
type CreateClientCertificateWithCsrResponse struct {
	X509Certificate  string `json:"X509Certificate,omitempty"`
	CertificateChain string `json:"CertificateChain,omitempty"`
	Identifier       string `json:"Identifier,omitempty"`
	SerialNumber     string `json:"SerialNumber,omitempty"`
	RequestId        string `json:"RequestId,omitempty"`
	// CertSignBufKmc is the encryption certificate of an SM2 client, and CertKmcRep1
	// its private key, encrypted for the signing key. They are for the caller to
	// fill in: [CreateEncryptCertificate] makes the certificate.
	CertKmcRep1    string `json:"CertKmcRep1,omitempty"`
	CertSignBufKmc string `json:"CertSignBufKmc,omitempty"`
}

// Validate is like [CreateServerCertificateWithCsrRequest.Validate], but
// RSA_1024 is [yuncert.ErrInvalidParameter], and a client needs no name.
func (r *CreateClientCertificateWithCsrRequest) Validate() error {
	_, err := r.check(algorithm.KeyPolicy{})
	return err
}

// check is Validate with a policy for the CSR's key, and returns what it read.
func (r *CreateClientCertificateWithCsrRequest) check(policy algorithm.KeyPolicy) (l leaf, err error) {
	if r == nil {
		r = new(CreateClientCertificateWithCsrRequest)
	}
	l = newLeaf(false, leafParameters{
		organization: r.Organization, organizationUnit: r.OrganizationUnit, country: r.Country,
		commonName: r.CommonName, state: r.State, locality: r.Locality,
		algorithm: r.Algorithm, parentIdentifier: r.ParentIdentifier,
		validity:    validity{years: r.Years, months: r.Months, days: r.Days, beforeTime: r.BeforeTime, afterTime: r.AfterTime},
		immediately: r.Immediately, enableCrl: r.EnableCrl, tags: r.Tags,
		customIdentifier: r.CustomIdentifier, asynchronous: r.AsynchronousFlag,
	})
	if err = l.readCSR(r.Csr, policy); err != nil {
		return l, err
	}
	if err = l.addSan(r.SanType, r.SanValue); err != nil {
		return l, err
	}
	err = l.check()
	return l, err
}

// CreateClientCertificateWithCsr signs a TLS client's certificate like
// [CreateServerCertificateWithCsr], with the same errors. The differences: the
// extended key usage is clientAuth; the key usage is digitalSignature for every
// key (RFC 5280, section 4.2.1.12); the alternative names are the DNS names and
// IP addresses of the CSR, and SanValue, or none. The common name is not one of
// them: it is often a person's.
func CreateClientCertificateWithCsr(rand io.Reader, now time.Time, issuer *Issuer, req *CreateClientCertificateWithCsrRequest) (resp *CreateClientCertificateWithCsrResponse, der []byte, err error) {
	l, err := req.check(issuer.keyPolicy())
	if err != nil {
		return nil, nil, err
	}
	cert, der, err := l.issue(rand, now, issuer)
	if err != nil {
		return nil, nil, err
	}
	return &CreateClientCertificateWithCsrResponse{
		X509Certificate: cert.X509Certificate, CertificateChain: cert.CertificateChain,
		Identifier: cert.Identifier, SerialNumber: cert.SerialNumber, RequestId: cert.RequestId,
	}, der, nil
}
