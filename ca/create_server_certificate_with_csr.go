package ca

import (
	"io"
	"time"

	"github.com/yuncert/yuncert/algorithm"
)

// A CreateServerCertificateWithCsrRequest describes the server certificate to
// issue, with the parameters of CreateServerCertificateWithCsr (Certificate
// Management Service, 2020-06-30).
type CreateServerCertificateWithCsrRequest struct {
	// Csr is the certificate signing request, PEM from any tool, as
	// [github.com/yuncert/yuncert/csr.Parse] reads it. Required.
	Csr string `json:"Csr,omitempty"`

	// Domain lists names beside those of the CSR: DNS names and IP addresses
	// separated by commas, up to 250 names in all. Empty means none.
	Domain string `json:"Domain,omitempty"`

	// Organization is up to 64 characters. Empty means the CSR's, and if it has
	// none "Alibaba Inc.".
	Organization string `json:"Organization,omitempty"`

	// OrganizationUnit is up to 64 characters. Empty means the CSR's, and if it
	// has none "Aliyun CDN".
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`

	// Country is two letters. Empty means the CSR's, and if it has none the
	// issuing CA's.
	Country string `json:"Country,omitempty"`

	// CommonName is up to 64 characters. It counts only when the CSR has no
	// common name, and is a DNS name or an IP address then unless there are other
	// names.
	CommonName string `json:"CommonName,omitempty"`

	// State is the province, up to 128 characters. Empty means the CSR's, and if
	// it has none the issuing CA's.
	State string `json:"State,omitempty"`

	// Locality is the city, up to 128 characters. Empty means the CSR's, and if
	// it has none the issuing CA's.
	Locality string `json:"Locality,omitempty"`

	// Algorithm is the name of the algorithm of the CSR's key: RSA_1024,
	// RSA_2048, RSA_4096, ECC_256, ECC_384, ECC_512 or SM2_256. Empty means that
	// of the CSR's key, which may then be RSA_3072 too.
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

// A CreateServerCertificateWithCsrResponse is what
// CreateServerCertificateWithCsr returns.
type CreateServerCertificateWithCsrResponse struct {
	// X509Certificate is the certificate in PEM, with Immediately 1 and 2.
	X509Certificate string `json:"X509Certificate,omitempty"`

	// CertificateChain is the chain of CAs in PEM, with Immediately 2: the
	// issuing CA first, the root last, the server certificate not in it.
	CertificateChain string `json:"CertificateChain,omitempty"`

	// Identifier names the certificate: 32 lower-case hexadecimal digits.
	Identifier string `json:"Identifier,omitempty"`

	// SerialNumber is the serial number, 36 lower-case hexadecimal digits.
	SerialNumber string `json:"SerialNumber,omitempty"`

	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`
}

// Validate checks the request, the CSR with its signature included, without an
// issuer, and returns the first problem in the order of the fields:
// [yuncert.ErrMissingParameter] for a required one that is empty,
// [yuncert.ErrInvalidParameter] for an Algorithm that is not the CSR key's and for
// a CSR that names no server when Domain is empty and its common name is no host,
// or neither it nor the request has one, and [yuncert.ErrInvalidValueMalformed] for
// any other value that breaks the rule in the field's comment. The CSR's key passes
// [algorithm.Check]; the operation applies the issuer's KeyPolicy instead.
func (r *CreateServerCertificateWithCsrRequest) Validate() error {
	_, err := r.check(algorithm.KeyPolicy{})
	return err
}

// check is Validate with a policy for the CSR's key, and returns what it read.
func (r *CreateServerCertificateWithCsrRequest) check(policy algorithm.KeyPolicy) (l leaf, err error) {
	if r == nil {
		r = new(CreateServerCertificateWithCsrRequest)
	}
	l = newLeaf(true, leafParameters{
		organization: r.Organization, organizationUnit: r.OrganizationUnit, country: r.Country,
		commonName: r.CommonName, state: r.State, locality: r.Locality,
		algorithm: r.Algorithm, parentIdentifier: r.ParentIdentifier,
		validity:    validity{r.Years, r.Months, r.Days, r.BeforeTime, r.AfterTime},
		immediately: r.Immediately, enableCrl: r.EnableCrl, tags: r.Tags,
	})
	if err = l.readCSR(r.Csr, policy); err != nil {
		return l, err
	}
	if err = l.addDomain(r.Domain); err != nil {
		return l, err
	}
	err = l.check()
	return l, err
}

// CreateServerCertificateWithCsr signs a server certificate for the key of a
// CSR. der is the certificate itself, there whatever Immediately says, for the
// caller to store.
//
// The subject is C, ST, L, O, OU and CN as the request's fields say; other
// attributes of the CSR are left out. The alternative names are the common name
// if it is a DNS name or an IP address, the DNS names and IP addresses of the
// CSR, and Domain: at least one, as clients look for the server there alone. A
// common name of one word, such as "mail", is a DNS name; one such as "Tom Li" or
// "https://www.example.com" is not. The certificate is not a CA's, its key usage is
// digitalSignature, for RSA keyEncipherment too, its extended key usage
// serverAuth. Other extensions and other kinds of names that a CSR asks for
// are not copied.
//
// An organization and a unit that neither the request nor the CSR has are
// "Alibaba Inc." and "Aliyun CDN", as documented: a CA of one's own sets both, or
// uses [CreateDomainCertificate], which writes neither.
//
// Errors, after those of [CreateServerCertificateWithCsrRequest.Validate]:
//
//   - [yuncert.ErrNotFound]: issuer is nil or not what ParentIdentifier names.
//   - [yuncert.ErrCertificateExpired]: the CA or one above it is not valid now.
//   - [yuncert.ErrInvalidParameter]: the issuer is a root CA, or one whose
//     extended key usages exclude serverAuth; the CSR's key is of another family
//     than the CA's, a CA's own or shorter than the KeyPolicy's MinRSABits; the subject would be
//     a CA's own; the certificate would have ended before now; the validity begins
//     before or ends after that of the CA and its chain; a name constraint of a
//     CA keeps a name out; EnableCrl is 1 and the issuer has no CRLBase.
//   - [yuncert.ErrInvalidValueMalformed]: an attribute that is taken from the
//     CSR breaks the rule for the parameter in its place, or the CSR has more than
//     one C, ST, L or O to take, or more than 8 OU.
//   - [yuncert.ErrInternalError]: rand or the CA's key failed.
//
// On an error both results are nil. The document allows a user 10 calls a
// second, which the embedding service enforces.
func CreateServerCertificateWithCsr(rand io.Reader, now time.Time, issuer *Issuer, req *CreateServerCertificateWithCsrRequest) (resp *CreateServerCertificateWithCsrResponse, der []byte, err error) {
	l, err := req.check(issuer.keyPolicy())
	if err != nil {
		return nil, nil, err
	}
	return l.issue(rand, now, issuer)
}
