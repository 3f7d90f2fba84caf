package ca

import (
	"io"
	"time"

	"github.com/yuncert/yuncert/algorithm"
)

// A CreateServerCertificateWithCsrRequest describes the certificate to sign.
type CreateServerCertificateWithCsrRequest struct {
	// Csr is the certificate signing request in PEM, under the rules of
	// [github.com/yuncert/yuncert/csr.Parse]. Required.
	Csr string `json:"Csr,omitempty"`
	// Domain lists more names, DNS names and IP addresses separated by commas:
	// with the CSR's up to 250 names besides the common name.
	Domain string `json:"Domain,omitempty"`
	// The parts of the subject. An empty one is the CSR's. If the CSR has none,
	// IssuerOptions.Defaults supply the first two ("Alibaba Inc." and "Aliyun
	// CDN" if they are nil), and the CA its country, province and city. CommonName
	// is used only if the CSR has none. Limits: 64 characters for Organization,
	// OrganizationUnit and CommonName, 128 for State (the province) and Locality
	// (the city), two letters for Country.
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	Country          string `json:"Country,omitempty"`
	CommonName       string `json:"CommonName,omitempty"`
	State            string `json:"State,omitempty"`
	Locality         string `json:"Locality,omitempty"`
	// Algorithm, if set, must be the CSR key's: RSA_1024, RSA_2048, RSA_4096,
	// ECC_256, ECC_384, ECC_512 or SM2_256. If empty, RSA_3072 is accepted too.
	Algorithm string `json:"Algorithm,omitempty"`
	// ParentIdentifier is the Identifier of the issuing CA. Required.
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`
	// Set Days (of 24 hours, up to 3,652,500), or both times, or Years (up to
	// 10,000) and Months (up to 120,000), which are added like
	// [time.Time.AddDate]: 31 January and a month is 3 March. BeforeTime and
	// AfterTime are the start and the end in UNIX seconds. Set both times or
	// neither; without them the certificate begins now. Days overrules
	// AfterTime, and both overrule Years and Months.
	Years      int32 `json:"Years,omitempty"`
	Months     int32 `json:"Months,omitempty"`
	Days       int32 `json:"Days,omitempty"`
	BeforeTime int64 `json:"BeforeTime,omitempty"`
	AfterTime  int64 `json:"AfterTime,omitempty"`
	// Immediately selects what the response holds next to the identifiers: 0
	// nothing, 1 the certificate, 2 the certificate and its chain.
	Immediately int32 `json:"Immediately,omitempty"`
	// EnableCrl is 1 to write the address of the CA's CRL into the certificate,
	// which needs an issuer with a CRLBase, or 0.
	EnableCrl       int64  `json:"EnableCrl,omitempty"`
	Tags            []Tag  `json:"Tags,omitempty"`
	ResourceGroupId string `json:"ResourceGroupId,omitempty"`
	// CustomIdentifier is your own name for the certificate, up to 255 characters
	// without control characters. Put it into inventory.Labels: only
	// inventory.Inventory.Add makes sure that it is unique.
	CustomIdentifier string `json:"CustomIdentifier,omitempty"`
	// With AsynchronousFlag the response has only Identifier and RequestId, whatever
	// Immediately is. The certificate is complete all the same: der is returned.
	AsynchronousFlag bool `json:"AsynchronousFlag,omitempty"`
}

// A CreateServerCertificateWithCsrResponse holds the new certificate.
type CreateServerCertificateWithCsrResponse struct {
	// X509Certificate is the certificate in PEM, with Immediately 1 and 2. With
	// 2, CertificateChain has the CAs in PEM, the issuing CA first and the root
	// last. [crypto/tls.X509KeyPair] takes the certificate and then the chain.
	X509Certificate  string `json:"X509Certificate,omitempty"`
	CertificateChain string `json:"CertificateChain,omitempty"`
	Identifier       string `json:"Identifier,omitempty"`
	SerialNumber     string `json:"SerialNumber,omitempty"`
	RequestId        string `json:"RequestId,omitempty"`
}

// Validate checks the request, including the CSR's signature. It applies
// [algorithm.Check] to the CSR's key; the operation applies the issuer's
// KeyPolicy. [yuncert.ErrInvalidParameter] is an Algorithm that is not the CSR
// key's, and a request that names no server: Domain is empty, and the CSR's
// common name, or else CommonName, is not a DNS name or an IP address.
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
		validity:    validity{years: r.Years, months: r.Months, days: r.Days, beforeTime: r.BeforeTime, afterTime: r.AfterTime},
		immediately: r.Immediately, enableCrl: r.EnableCrl, tags: r.Tags,
		customIdentifier: r.CustomIdentifier, asynchronous: r.AsynchronousFlag,
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

// CreateServerCertificateWithCsr signs a server certificate for a CSR's key.
// der is the certificate itself, for every value of Immediately: store it.
//
// The subject has the attributes C, ST, L, O, OU and CN, and no others of the
// CSR. A PrintableString or UTF8String of the CSR keeps its type; other string
// types become UTF8String (RFC 5280, section 4.1.2.6). The documented defaults
// of O and OU name Alibaba: set IssuerOptions.Defaults, or use
// [CreateDomainCertificate], which writes neither.
//
// The alternative names are the common name if it is a DNS name or an IP
// address, the DNS names and IP addresses of the CSR, and Domain. A common name
// of one word, such as "mail", is a DNS name; "Tom Li" and
// "https://www.example.com" are not. At least one name is needed, because
// clients look for a server only there. Nothing else in the CSR is copied. The
// extended key usage is serverAuth. The KeyPolicy may allow RSA_1024.
//
// Its own errors are [yuncert.ErrInvalidParameter] for an issuer that is a root
// CA without RootIssues, for a certificate that would have ended before now or
// would last longer than the issuer's CertMaxTime, and for EnableCrl 1 without a
// CRLBase; and [yuncert.ErrInvalidValueMalformed] for an attribute of the CSR
// that breaks the rule of the field that it replaces, and for more than one C,
// ST, L or O, or more than 8 OU, to take from the CSR.
func CreateServerCertificateWithCsr(rand io.Reader, now time.Time, issuer *Issuer, req *CreateServerCertificateWithCsrRequest) (resp *CreateServerCertificateWithCsrResponse, der []byte, err error) {
	l, err := req.check(issuer.keyPolicy())
	if err != nil {
		return nil, nil, err
	}
	return l.issue(rand, now, issuer)
}
