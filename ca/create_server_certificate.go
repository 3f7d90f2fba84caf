package ca

import (
	"io"
	"time"

	"github.com/yuncert/yuncert/algorithm"
)

// A CreateServerCertificateRequest describes the key and the certificate.
// Fields without a comment are as in [CreateServerCertificateWithCsrRequest]
// for a CSR with an empty subject.
type CreateServerCertificateRequest struct {
	// Domain lists more DNS names and IP addresses, separated by commas, up to
	// 250 besides CommonName.
	Domain           string `json:"Domain,omitempty"`
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	Country          string `json:"Country,omitempty"`
	// CommonName is the DNS name or IP address of the server, up to 64
	// characters, or another text if Domain holds names. Required.
	CommonName string `json:"CommonName,omitempty"`
	State      string `json:"State,omitempty"`
	Locality   string `json:"Locality,omitempty"`
	// Algorithm is the new key's: RSA_2048, RSA_4096, ECC_256, ECC_384, ECC_512
	// or SM2_256. The documented RSA_1024 is too weak. Required.
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

// A CreateServerCertificateResponse holds the new certificate.
type CreateServerCertificateResponse CreateServerCertificateWithCsrResponse

// Validate checks the request. RSA_1024 is [yuncert.ErrInvalidParameter].
func (r *CreateServerCertificateRequest) Validate() error {
	_, err := r.check()
	return err
}

// check is Validate, and returns what it read.
func (r *CreateServerCertificateRequest) check() (l leaf, err error) {
	if r == nil {
		r = new(CreateServerCertificateRequest)
	}
	l = newLeaf(true, leafParameters{
		organization: r.Organization, organizationUnit: r.OrganizationUnit, country: r.Country,
		commonName: r.CommonName, state: r.State, locality: r.Locality,
		algorithm: r.Algorithm, parentIdentifier: r.ParentIdentifier,
		validity:    validity{years: r.Years, months: r.Months, days: r.Days, beforeTime: r.BeforeTime, afterTime: r.AfterTime},
		immediately: r.Immediately, enableCrl: r.EnableCrl, tags: r.Tags,
		customIdentifier: r.CustomIdentifier, asynchronous: r.AsynchronousFlag,
	})
	if err = l.addDomain(r.Domain); err != nil {
		return l, err
	}
	err = l.check()
	return l, err
}

// CreateServerCertificate generates a key and signs a server certificate for
// it, like [CreateServerCertificateWithCsr] without what concerns a CSR. Store
// the key and der, which is the certificate itself for every value of
// Immediately. The key is generated last, from the system's random source. If
// that fails, the error is [yuncert.ErrInternalKeyError].
func CreateServerCertificate(rand io.Reader, now time.Time, issuer *Issuer, req *CreateServerCertificateRequest) (resp *CreateServerCertificateResponse, key *algorithm.PrivateKey, der []byte, err error) {
	l, err := req.check()
	if err != nil {
		return nil, nil, nil, err
	}
	cert, key, der, err := l.issueWithKey(rand, now, issuer)
	if err != nil {
		return nil, nil, nil, err
	}
	return (*CreateServerCertificateResponse)(cert), key, der, nil
}
