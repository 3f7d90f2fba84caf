package ca

import (
	"io"
	"time"

	"github.com/yuncert/yuncert/algorithm"
)

// A CreateClientCertificateRequest describes the key and the certificate.
// Fields without a comment are as in [CreateClientCertificateWithCsrRequest]
// for a CSR with an empty subject.
type CreateClientCertificateRequest struct {
	SanType          int32  `json:"SanType,omitempty"`
	SanValue         string `json:"SanValue,omitempty"`
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	Country          string `json:"Country,omitempty"`
	// CommonName is the name of the client, up to 64 characters. Required.
	CommonName string `json:"CommonName,omitempty"`
	State      string `json:"State,omitempty"`
	Locality   string `json:"Locality,omitempty"`
	// Algorithm is as in [CreateServerCertificateRequest]. Required.
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
	// AliasName is a name for people, with the limits of CustomIdentifier. Put it into
	// inventory.Labels.
	AliasName   string `json:"AliasName,omitempty"`
	ClientToken string `json:"ClientToken,omitempty"`
}

// A CreateClientCertificateResponse holds the new certificate.
type CreateClientCertificateResponse CreateServerCertificateWithCsrResponse

// Validate checks the request. RSA_1024 is [yuncert.ErrInvalidParameter].
func (r *CreateClientCertificateRequest) Validate() error {
	_, err := r.check()
	return err
}

// check is Validate, and returns what it read.
func (r *CreateClientCertificateRequest) check() (l leaf, err error) {
	if r == nil {
		r = new(CreateClientCertificateRequest)
	}
	l = newLeaf(false, leafParameters{
		organization: r.Organization, organizationUnit: r.OrganizationUnit, country: r.Country,
		commonName: r.CommonName, state: r.State, locality: r.Locality,
		algorithm: r.Algorithm, parentIdentifier: r.ParentIdentifier,
		validity:    validity{years: r.Years, months: r.Months, days: r.Days, beforeTime: r.BeforeTime, afterTime: r.AfterTime},
		immediately: r.Immediately, enableCrl: r.EnableCrl, tags: r.Tags,
		customIdentifier: r.CustomIdentifier, asynchronous: r.AsynchronousFlag,
		aliasName: r.AliasName, clientToken: r.ClientToken,
	})
	if err = l.addSan(r.SanType, r.SanValue); err != nil {
		return l, err
	}
	err = l.check()
	return l, err
}

// CreateClientCertificate generates a key and signs a certificate for it, like
// [CreateClientCertificateWithCsr]. The rest is as in [CreateServerCertificate].
func CreateClientCertificate(rand io.Reader, now time.Time, issuer *Issuer, req *CreateClientCertificateRequest) (resp *CreateClientCertificateResponse, key *algorithm.PrivateKey, der []byte, err error) {
	l, err := req.check()
	if err != nil {
		return nil, nil, nil, err
	}
	cert, key, der, err := l.issueWithKey(rand, now, issuer)
	if err != nil {
		return nil, nil, nil, err
	}
	return (*CreateClientCertificateResponse)(cert), key, der, nil
}
