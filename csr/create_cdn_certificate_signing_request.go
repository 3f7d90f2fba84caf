package csr

import (
	"cmp"
	"crypto"
	"io"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateCdnCertificateSigningRequestRequest describes the CSR to create, with
// the parameters of CreateCdnCertificateSigningRequest (CDN, 2018-05-10).
type CreateCdnCertificateSigningRequestRequest struct {
	// CommonName is the subject's common name, up to 64 characters. A text that is
	// not a DNS name or an IP address, such as "https://example.com", does not
	// become an alternative name, and clients accept no server by it. Required.
	CommonName string `json:"CommonName,omitempty"`

	// SANs lists more DNS names and IP addresses, separated by commas: up to 250
	// names besides CommonName. Empty means none.
	SANs string `json:"SANs,omitempty"`

	// Organization has up to 64 characters. Empty means "Alibaba Inc.".
	Organization string `json:"Organization,omitempty"`

	// OrganizationUnit has up to 64 characters. Empty means "Aliyun CDN".
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`

	// Country is two letters. Empty means "CN".
	Country string `json:"Country,omitempty"`

	// State is the province, up to 128 characters. Empty means "Zhejiang".
	State string `json:"State,omitempty"`

	// City has up to 128 characters. Empty means "Hangzhou".
	City string `json:"City,omitempty"`

	// Email is the contact address, up to 255 ASCII characters without spaces. Its
	// form is not checked further: the document's own example is not an address.
	// Empty means none.
	Email string `json:"Email,omitempty"`
}

// A CreateCdnCertificateSigningRequestResponse is the response of
// [CreateCdnCertificateSigningRequest].
type CreateCdnCertificateSigningRequestResponse struct {
	// RequestId identifies the request: an upper-case UUID from rand.
	RequestId string `json:"RequestId,omitempty"`

	// PubMd5 is the digest of the public key that [algorithm.PubMd5] makes. A
	// service can store the private key under it, and find the key again from the
	// certificate.
	PubMd5 string `json:"PubMd5,omitempty"`

	// Csr is the CSR as a PEM block "CERTIFICATE REQUEST".
	Csr string `json:"Csr,omitempty"`

	// CommonName is the CommonName of the request.
	CommonName string `json:"CommonName,omitempty"`
}

// Validate checks everything that can be checked without a key.
func (r *CreateCdnCertificateSigningRequestRequest) Validate() error {
	_, err := r.check()
	return err
}

// check is Validate and returns the content of the CSR.
func (r *CreateCdnCertificateSigningRequestRequest) check() (c content, err error) {
	if r == nil {
		r = new(CreateCdnCertificateSigningRequestRequest)
	}
	commonName := param.Attribute{Name: "CommonName", Type: x509der.CommonName, Text: r.CommonName, Required: true}
	if err := commonName.AddTo(&c.subject); err != nil {
		return content{}, err
	}
	c.names, err = param.Names("SANs", r.SANs, r.CommonName)
	if err != nil {
		return content{}, err
	}
	for _, p := range []param.Attribute{
		{Name: "Organization", Type: x509der.Organization, Text: cmp.Or(r.Organization, "Alibaba Inc.")},
		{Name: "OrganizationUnit", Type: x509der.OrganizationalUnit, Text: cmp.Or(r.OrganizationUnit, "Aliyun CDN")},
		{Name: "Country", Type: x509der.Country, Text: cmp.Or(r.Country, "CN")},
		{Name: "State", Type: x509der.State, Text: cmp.Or(r.State, "Zhejiang")},
		{Name: "City", Type: x509der.Locality, Text: cmp.Or(r.City, "Hangzhou")},
		{Name: "Email", Type: x509der.Email, Text: r.Email},
	} {
		if err := p.AddTo(&c.subject); err != nil {
			return content{}, err
		}
	}
	c.subject = c.subject.InOrder()
	return c, nil
}

// CreateCdnCertificateSigningRequest makes an RSA key of 2048 bits and a CSR
// for it, signed with SHA-256. The cloud keeps the private key; here the caller
// keeps it, for example under PubMd5.
func CreateCdnCertificateSigningRequest(rand io.Reader, req *CreateCdnCertificateSigningRequestRequest) (*CreateCdnCertificateSigningRequestResponse, *algorithm.PrivateKey, error) {
	c, err := req.check()
	if err != nil {
		return nil, nil, err
	}
	key, err := generate(algorithm.RSA_2048)
	if err != nil {
		return nil, nil, err
	}
	resp, err := createCdn(rand, key, c)
	if err != nil {
		return nil, nil, err
	}
	return resp, key, nil
}

// CreateCdnCertificateSigningRequestWithKey makes a CSR for an RSA key of 2048
// bits that the caller has: an [algorithm.PrivateKey], an *rsa.PrivateKey or
// any other signer.
func CreateCdnCertificateSigningRequestWithKey(rand io.Reader, key crypto.Signer, req *CreateCdnCertificateSigningRequestRequest) (*CreateCdnCertificateSigningRequestResponse, error) {
	c, err := req.check()
	if err != nil {
		return nil, err
	}
	return createCdn(rand, key, c)
}

func createCdn(rand io.Reader, key crypto.Signer, c content) (*CreateCdnCertificateSigningRequestResponse, error) {
	signer, err := recognise(key, algorithm.RSA_2048)
	if err != nil {
		return nil, err
	}
	requestID, err := newRequestID(rand)
	if err != nil {
		return nil, err
	}
	_, text, err := c.sign(rand, signer)
	if err != nil {
		return nil, err
	}
	pubMd5, err := algorithm.PubMd5(signer.Public())
	if err != nil {
		return nil, failed(yuncert.ErrInternalEncodeCSRError, msgEncode, err)
	}
	return &CreateCdnCertificateSigningRequestResponse{
		RequestId: requestID, PubMd5: pubMd5, Csr: text, CommonName: c.subject.Get(x509der.CommonName),
	}, nil
}
