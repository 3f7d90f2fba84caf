package ca

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"io"
	"math"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A DescribeCACertificateRequest names the CA to describe.
type DescribeCACertificateRequest struct {
	Identifier string `json:"Identifier,omitempty"` // the CA's; required, though not documented so
}

// A DescribeCACertificateResponse describes a CA.
type DescribeCACertificateResponse struct {
	RequestId   string         `json:"RequestId,omitempty"`
	Years       int32          `json:"Years,omitempty"` // as in Certificate
	Certificate *CACertificate `json:"Certificate,omitempty"`
}

// Values of the fields of [CACertificate].
const (
	TypeRoot     = "ROOT"     // CertificateType of a root CA
	TypeSubRoot  = "SUB_ROOT" // CertificateType of a subordinate CA
	StatusIssue  = "ISSUE"    // Status of a CA that may issue
	StatusRevoke = "REVOKE"   // Status of a revoked CA
	CrlActive    = "ACTIVE"   // CrlStatus of a CA with a CRL
	IssuerLocal  = "local"    // IssuerType of every CA of this package
)

// A CACertificate describes a CA. This package cannot know the fields CrlDay to
// CertRemainingCount and ClusterId to Tags; the caller fills them in.
type CACertificate struct {
	Identifier       string `json:"Identifier,omitempty"`       // 32 lower-case hexadecimal digits
	ParentIdentifier string `json:"ParentIdentifier,omitempty"` // the CA above; empty for a root
	CertificateType  string `json:"CertificateType,omitempty"`  // TypeRoot or TypeSubRoot
	Status           string `json:"Status,omitempty"`           // StatusIssue or StatusRevoke
	Algorithm        string `json:"Algorithm,omitempty"`        // family of the key: RSA, ECC or SM2
	FullAlgorithm    string `json:"FullAlgorithm,omitempty"`    // algorithm of the key, such as RSA_2048
	KeySize          int32  `json:"KeySize,omitempty"`          // the number in FullAlgorithm, in bits
	SignAlgorithm    string `json:"SignAlgorithm,omitempty"`    // algorithm of the certificate's signature, such as SHA256WITHRSA
	SerialNumber     string `json:"SerialNumber,omitempty"`     // lower-case hexadecimal digits

	// SubjectDN is the subject as C=…,O=…,OU=…,L=…,ST=…,CN=…, with the escapes of
	// RFC 4514, section 2.4. The next six fields are its parts.
	SubjectDN        string `json:"SubjectDN,omitempty"`
	CommonName       string `json:"CommonName,omitempty"`
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	Locality         string `json:"Locality,omitempty"`
	State            string `json:"State,omitempty"`
	CountryCode      string `json:"CountryCode,omitempty"`

	X509Certificate    string         `json:"X509Certificate,omitempty"`    // PEM
	CaCertChain        string         `json:"CaCertChain,omitempty"`        // PEM, the CA's own certificate first
	BeforeDate         int64          `json:"BeforeDate,omitempty"`         // start of the validity in UNIX milliseconds
	AfterDate          int64          `json:"AfterDate,omitempty"`          // end of the validity in UNIX milliseconds
	Years              int32          `json:"Years,omitempty"`              // length of the validity, rounded
	Md5                string         `json:"Md5,omitempty"`                // MD5 of the DER certificate, lower-case hexadecimal
	Sha2               string         `json:"Sha2,omitempty"`               // SHA-256 of the DER certificate, lower-case hexadecimal
	CrlStatus          string         `json:"CrlStatus,omitempty"`          // CrlActive; empty without IssuerOptions.CRLBase
	CrlUrl             string         `json:"CrlUrl,omitempty"`             // address of the CA's CRL; empty without CRLBase
	CrlDay             int32          `json:"CrlDay,omitempty"`             // how many days a CRL is valid
	CertTotalCount     int64          `json:"CertTotalCount,omitempty"`     // quota of certificates
	CertIssuedCount    int64          `json:"CertIssuedCount,omitempty"`    // used part of the quota
	CertRemainingCount int64          `json:"CertRemainingCount,omitempty"` // rest of the quota
	CertMaxTime        int32          `json:"CertMaxTime,omitempty"`        // IssuerOptions.CertMaxTime, in days
	IssuerType         string         `json:"IssuerType,omitempty"`         // IssuerLocal
	ClusterId          string         `json:"ClusterId,omitempty"`          // HSM cluster that holds the key
	KeyIndex           int32          `json:"KeyIndex,omitempty"`           // the key's place in the cluster
	ResourceGroupId    string         `json:"ResourceGroupId,omitempty"`
	Tags               []DescribedTag `json:"Tags,omitempty"`

	// Sans are the certificate's alternative names, a JSON array such as
	// [{"Type":2,"Value":"ca.example.com"}]. The types are 1 (e-mail address), 2 (DNS
	// name), 6 (URI) and 7 (IP address). Without such names it is empty. CAs of this
	// package have none. The documents call it deprecated.
	Sans string `json:"Sans,omitempty"`
}

// A DescribedTag is a [Tag] with the field names that responses use.
type DescribedTag struct {
	TagKey   string `json:"TagKey,omitempty"`
	TagValue string `json:"TagValue,omitempty"`
}

// Validate returns [yuncert.ErrMissingParameter] if Identifier is empty.
func (r *DescribeCACertificateRequest) Validate() error {
	if r == nil || r.Identifier == "" {
		return yuncert.Missing("Identifier")
	}
	return nil
}

// DescribeCACertificate describes a CA of the pool.
func DescribeCACertificate(rand io.Reader, pool *Pool, req *DescribeCACertificateRequest) (*DescribeCACertificateResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	issuer, revoked, err := pool.find("Identifier", req.Identifier)
	if err != nil {
		return nil, err
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	c := issuer.describe(revoked)
	return &DescribeCACertificateResponse{RequestId: requestID, Years: c.Years, Certificate: c}, nil
}

// Describe describes the CA. An Issuer does not know whether it is revoked, so
// Status is always StatusIssue; [DescribeCACertificate] asks the [Pool].
func (i *Issuer) Describe() *CACertificate { return i.describe(false) }

func (i *Issuer) describe(revoked bool) *CACertificate {
	cert, a, subject := i.chain[0], i.signer.Algorithm, i.subjects[0]
	sha2 := sha256.Sum256(cert.Raw)
	c := &CACertificate{
		Identifier:       i.Identifier(),
		CertificateType:  TypeRoot,
		Status:           StatusIssue,
		Algorithm:        a.Family(),
		FullAlgorithm:    string(a),
		KeySize:          int32(a.KeySize()),
		SignAlgorithm:    x509der.SignAlgorithm(cert),
		SerialNumber:     hex.EncodeToString(x509der.SerialOctets(cert)),
		SubjectDN:        x509der.DistinguishedName(subject),
		CommonName:       subject.Get(x509der.CommonName),
		Organization:     subject.Get(x509der.Organization),
		OrganizationUnit: subject.Get(x509der.OrganizationalUnit),
		Locality:         subject.Get(x509der.Locality),
		State:            subject.Get(x509der.State),
		CountryCode:      subject.Get(x509der.Country),
		X509Certificate:  encode(cert.Raw),
		CaCertChain:      i.chainPEM,
		BeforeDate:       cert.NotBefore.UnixMilli(),
		AfterDate:        cert.NotAfter.UnixMilli(),
		Years:            years(cert),
		Md5:              i.Identifier(), // the same hash
		Sha2:             hex.EncodeToString(sha2[:]),
		CertMaxTime:      i.options.CertMaxTime,
		IssuerType:       IssuerLocal,
		Sans:             x509der.Sans(cert),
	}
	if !i.root() {
		c.CertificateType = TypeSubRoot
		c.ParentIdentifier = i.identifiers[1]
	}
	if revoked {
		c.Status = StatusRevoke
	}
	if i.crlAddress != "" {
		c.CrlStatus, c.CrlUrl = CrlActive, i.crlAddress
	}
	return c
}

// years returns the validity of a certificate in years, rounded.
func years(cert *x509.Certificate) int32 {
	// In seconds, because a time.Duration holds at most 292 years.
	const year = 365.2425 * 24 * 60 * 60
	return int32(math.Round(float64(cert.NotAfter.Unix()-cert.NotBefore.Unix()) / year))
}
