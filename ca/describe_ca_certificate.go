package ca

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"io"
	"math"
	"strings"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A DescribeCACertificateRequest holds the parameters of DescribeCACertificate
// (Certificate Management Service, 2020-06-30).
type DescribeCACertificateRequest struct {
	// Identifier is the CA's Identifier. Required, although the vendor's documents
	// do not say so.
	Identifier string `json:"Identifier,omitempty"`
}

// A DescribeCACertificateResponse is the response of DescribeCACertificate.
type DescribeCACertificateResponse struct {
	RequestId string `json:"RequestId,omitempty"`
	// Years is Certificate.Years.
	Years       int32          `json:"Years,omitempty"`
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
// CertMaxTime and ClusterId to Tags; the caller fills them in.
type CACertificate struct {
	// Identifier names the CA, ParentIdentifier the CA above it. A root has no
	// ParentIdentifier.
	Identifier       string `json:"Identifier,omitempty"`
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`
	// CertificateType is TypeRoot or TypeSubRoot.
	CertificateType string `json:"CertificateType,omitempty"`
	// Status is StatusIssue or StatusRevoke.
	Status string `json:"Status,omitempty"`
	// Algorithm is the family of the key: RSA, ECC or SM2. FullAlgorithm is the
	// algorithm of the key, such as RSA_2048, and KeySize the number in its name.
	Algorithm     string `json:"Algorithm,omitempty"`
	FullAlgorithm string `json:"FullAlgorithm,omitempty"`
	KeySize       int32  `json:"KeySize,omitempty"`
	// SignAlgorithm is the algorithm that the CA signs with: SHA256WITHRSA,
	// SHA256WITHECDSA or SM3WITHSM2.
	SignAlgorithm string `json:"SignAlgorithm,omitempty"`
	// SerialNumber is in lower-case hexadecimal digits.
	SerialNumber string `json:"SerialNumber,omitempty"`
	// SubjectDN is the subject as C=…,O=…,OU=…,L=…,ST=…,CN=…, with the escapes of
	// RFC 4514, section 2.4. The next six fields are its parts.
	SubjectDN        string `json:"SubjectDN,omitempty"`
	CommonName       string `json:"CommonName,omitempty"`
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	Locality         string `json:"Locality,omitempty"`
	State            string `json:"State,omitempty"`
	CountryCode      string `json:"CountryCode,omitempty"`
	// X509Certificate is the certificate in PEM, CaCertChain its chain in PEM,
	// the CA's own certificate first.
	X509Certificate string `json:"X509Certificate,omitempty"`
	CaCertChain     string `json:"CaCertChain,omitempty"`
	// BeforeDate and AfterDate are the start and the end of the validity in UNIX
	// milliseconds. Years is its length in years, rounded.
	BeforeDate int64 `json:"BeforeDate,omitempty"`
	AfterDate  int64 `json:"AfterDate,omitempty"`
	Years      int32 `json:"Years,omitempty"`
	// Md5 and Sha2 are the MD5 and the SHA-256 of the DER certificate, in
	// lower-case hexadecimal digits.
	Md5  string `json:"Md5,omitempty"`
	Sha2 string `json:"Sha2,omitempty"`
	// CrlStatus is CrlActive and CrlUrl the address of the CA's CRL. Both are
	// empty if [IssuerOptions] set no CRLBase.
	CrlStatus string `json:"CrlStatus,omitempty"`
	CrlUrl    string `json:"CrlUrl,omitempty"`
	// CrlDay is how many days a CRL is valid.
	CrlDay int32 `json:"CrlDay,omitempty"`
	// CertTotalCount is the quota of certificates, used and remaining.
	CertTotalCount     int64 `json:"CertTotalCount,omitempty"`
	CertIssuedCount    int64 `json:"CertIssuedCount,omitempty"`
	CertRemainingCount int64 `json:"CertRemainingCount,omitempty"`
	// CertMaxTime limits the validity of certificates. Its unit is not documented.
	CertMaxTime int32 `json:"CertMaxTime,omitempty"`
	// IssuerType is IssuerLocal.
	IssuerType string `json:"IssuerType,omitempty"`
	// ClusterId is the HSM cluster that holds the key, KeyIndex the key's place in
	// it.
	ClusterId       string         `json:"ClusterId,omitempty"`
	KeyIndex        int32          `json:"KeyIndex,omitempty"`
	ResourceGroupId string         `json:"ResourceGroupId,omitempty"`
	Tags            []DescribedTag `json:"Tags,omitempty"`
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

// DescribeCACertificate describes a CA of the pool. Alibaba Cloud allows a user 10
// calls a second.
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
		Identifier:       i.identifier,
		CertificateType:  TypeRoot,
		Status:           StatusIssue,
		Algorithm:        a.Family(),
		FullAlgorithm:    string(a),
		KeySize:          int32(a.KeySize()),
		SignAlgorithm:    strings.ToUpper(string(a.SignatureAlgorithm())),
		SerialNumber:     hex.EncodeToString(cert.SerialNumber.Bytes()),
		SubjectDN:        distinguishedName(subject),
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
		Md5:              i.identifier, // the same hash
		Sha2:             hex.EncodeToString(sha2[:]),
		IssuerType:       IssuerLocal,
	}
	if !i.root() {
		c.CertificateType = TypeSubRoot
		c.ParentIdentifier = identifierOf(i.chain[1].Raw)
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

// distinguishedName formats a subject in the order of the vendor's examples.
func distinguishedName(name x509der.Name) string {
	var parts []string
	for _, part := range []struct{ label, attributeType string }{
		{"C", x509der.Country}, {"O", x509der.Organization}, {"OU", x509der.OrganizationalUnit},
		{"L", x509der.Locality}, {"ST", x509der.State}, {"CN", x509der.CommonName},
	} {
		for _, a := range x509der.Name(nil).AppendOnly(name, part.attributeType) {
			parts = append(parts, part.label+"="+escapeDN(a.String()))
		}
	}
	return strings.Join(parts, ",")
}

// escapeDN escapes an attribute value (RFC 4514, section 2.4).
func escapeDN(value string) string {
	value = specialInDN.Replace(value)
	if strings.HasSuffix(value, " ") {
		value = value[:len(value)-1] + `\ `
	}
	if strings.HasPrefix(value, " ") || strings.HasPrefix(value, "#") {
		value = `\` + value
	}
	return value
}

var specialInDN = strings.NewReplacer(`\`, `\\`, ",", `\,`, "+", `\+`, `"`, `\"`, "<", `\<`, ">", `\>`, ";", `\;`)
