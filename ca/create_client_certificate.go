package ca

import (
	"io"
	"time"

	"github.com/yuncert/yuncert/algorithm"
)

// A CreateClientCertificateRequest describes the client certificate to issue for
// a key that is made with it, with the parameters of CreateClientCertificate
// (Certificate Management Service, 2020-06-30).
type CreateClientCertificateRequest struct {
	// SanType is the kind of names in SanValue: 1 e-mail addresses, 2 DNS names, 6
	// URIs or 7 IP addresses. The other kinds of RFC 5280, section 4.2.1.6, which
	// the document numbers too, are refused. It is looked at only when SanValue is
	// set.
	SanType int32 `json:"SanType,omitempty"`

	// SanValue lists alternative names of that kind, separated by commas, up to
	// 250 in all. Empty means none.
	SanValue string `json:"SanValue,omitempty"`

	// Organization is up to 64 characters. Empty means "Alibaba Inc.".
	Organization string `json:"Organization,omitempty"`

	// OrganizationUnit is up to 64 characters. Empty means "Aliyun CDN".
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`

	// Country is two letters. Empty means the issuing CA's.
	Country string `json:"Country,omitempty"`

	// CommonName is the name of the client, up to 64 characters.
	// Required.
	CommonName string `json:"CommonName,omitempty"`

	// State is the province, up to 128 characters. Empty means the issuing CA's.
	State string `json:"State,omitempty"`

	// Locality is the city, up to 128 characters. Empty means the issuing CA's.
	Locality string `json:"Locality,omitempty"`

	// Algorithm is the name of the algorithm of the key to make: RSA_2048,
	// RSA_4096, ECC_256, ECC_384, ECC_512 or SM2_256, of the CA's family.
	// RSA_1024, though documented, is too weak for a new key. Required.
	Algorithm string `json:"Algorithm,omitempty"`

	// ParentIdentifier is the Identifier of the subordinate CA that signs.
	// Required.
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`

	// Years and Months are the validity in calendar years and months, added up
	// as [time.Time.AddDate] does: 31 January and a month is 3 March. They count
	// only when neither Days nor BeforeTime and AfterTime are set, and are up to
	// 10,000 and 120,000.
	Years int32 `json:"Years,omitempty"`

	// Months: see Years.
	Months int32 `json:"Months,omitempty"`

	// Days is the validity in days of 24 hours, up to 3,652,500. One of Days,
	// BeforeTime with AfterTime, and Years or Months is required. When Days and both
	// times are set, the certificate begins at BeforeTime and lasts Days.
	Days int32 `json:"Days,omitempty"`

	// BeforeTime is the start of the validity in UNIX seconds. Zero means the
	// instant of the call; it is set together with AfterTime or not at all.
	BeforeTime int64 `json:"BeforeTime,omitempty"`

	// AfterTime is the end of the validity in UNIX seconds, after BeforeTime.
	AfterTime int64 `json:"AfterTime,omitempty"`

	// Immediately says what the response holds beside the identifiers: 0, the
	// default, nothing; 1 the certificate; 2 the certificate and its chain.
	Immediately int32 `json:"Immediately,omitempty"`

	// EnableCrl is 1 to put the address of the CA's CRL into the certificate,
	// for which the issuer has a CRLBase, and 0, the default, to leave it out.
	EnableCrl int64 `json:"EnableCrl,omitempty"`

	// Tags are up to 100 labels for the caller to store.
	Tags []Tag `json:"Tags,omitempty"`

	// ResourceGroupId is for the caller to store.
	ResourceGroupId string `json:"ResourceGroupId,omitempty"`
}

// A CreateClientCertificateResponse is what CreateClientCertificate returns.
type CreateClientCertificateResponse struct {
	// X509Certificate is the certificate in PEM, with Immediately 1 and 2.
	X509Certificate string `json:"X509Certificate,omitempty"`

	// CertificateChain is the chain of CAs in PEM, with Immediately 2: the
	// issuing CA first, the root last, the client certificate not in it.
	CertificateChain string `json:"CertificateChain,omitempty"`

	// Identifier names the certificate: 32 lower-case hexadecimal digits.
	Identifier string `json:"Identifier,omitempty"`

	// SerialNumber is the serial number, 36 lower-case hexadecimal digits.
	SerialNumber string `json:"SerialNumber,omitempty"`

	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`
}

// Validate checks the request without an issuer and returns the first problem in
// the order of the fields, with the codes of
// [CreateServerCertificateRequest.Validate].
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
		validity:    validity{r.Years, r.Months, r.Days, r.BeforeTime, r.AfterTime},
		immediately: r.Immediately, enableCrl: r.EnableCrl, tags: r.Tags,
	})
	if err = l.addSan(r.SanType, r.SanValue); err != nil {
		return l, err
	}
	err = l.check()
	return l, err
}

// CreateClientCertificate makes a key and signs a client certificate for it. The
// key is returned beside the response and is the caller's to keep; der is the
// certificate itself, there whatever Immediately says. The certificate is that of
// [CreateClientCertificateWithCsr]; the errors are those of
// [CreateServerCertificate].
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
