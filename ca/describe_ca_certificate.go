package ca

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"io"
	"math"
	"strings"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A DescribeCACertificateRequest names the CA to describe, with the parameter of
// DescribeCACertificate (Certificate Management Service, 2020-06-30).
type DescribeCACertificateRequest struct {
	// Identifier is the Identifier of the CA. Required: the document does not
	// mark it so, and there is no CA to describe without it.
	Identifier string `json:"Identifier,omitempty"`
}

// A DescribeCACertificateResponse is what DescribeCACertificate returns.
type DescribeCACertificateResponse struct {
	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`

	// Years is the validity of the CA in years, rounded.
	Years int32 `json:"Years,omitempty"`

	// Certificate is the CA.
	Certificate *CACertificate `json:"Certificate,omitempty"`
}

// Values of CACertificate.CertificateType, Status, CrlStatus and IssuerType.
const (
	// TypeRoot is a root CA.
	TypeRoot = "ROOT"
	// TypeSubRoot is a subordinate CA.
	TypeSubRoot = "SUB_ROOT"
	// StatusIssue is a CA that may issue.
	StatusIssue = "ISSUE"
	// StatusRevoke is a revoked CA.
	StatusRevoke = "REVOKE"
	// CrlActive is a CA with a CRL.
	CrlActive = "ACTIVE"
	// IssuerLocal is a CA of one's own.
	IssuerLocal = "local"
)

// A CACertificate is a CA as DescribeCACertificate and DescribeCACertificateList
// show it. Members that a library cannot know (quotas, key store, tags) are left
// for the caller to fill in.
type CACertificate struct {
	// Identifier names the CA: 32 lower-case hexadecimal digits.
	Identifier string `json:"Identifier,omitempty"`
	// ParentIdentifier names the CA above; empty for a root.
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`
	// CertificateType is TypeRoot or TypeSubRoot.
	CertificateType string `json:"CertificateType,omitempty"`
	// Status is StatusIssue or StatusRevoke.
	Status string `json:"Status,omitempty"`
	// Algorithm is the family of the key: RSA, ECC or SM2.
	Algorithm string `json:"Algorithm,omitempty"`
	// FullAlgorithm is the name of the key's algorithm, such as RSA_2048.
	FullAlgorithm string `json:"FullAlgorithm,omitempty"`
	// KeySize is the length in that name, in bits.
	KeySize int32 `json:"KeySize,omitempty"`
	// SignAlgorithm is the algorithm that the CA signs with, in upper case:
	// SHA256WITHRSA, SHA256WITHECDSA or SM3WITHSM2.
	SignAlgorithm string `json:"SignAlgorithm,omitempty"`
	// SerialNumber is the serial number in lower-case hexadecimal.
	SerialNumber string `json:"SerialNumber,omitempty"`
	// SubjectDN is the subject, as C=…,O=…,OU=…,L=…,ST=…,CN=….
	SubjectDN string `json:"SubjectDN,omitempty"`
	// CommonName is the subject's CN.
	CommonName string `json:"CommonName,omitempty"`
	// Organization is the subject's O.
	Organization string `json:"Organization,omitempty"`
	// OrganizationUnit is the subject's OU.
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	// Locality is the subject's L.
	Locality string `json:"Locality,omitempty"`
	// State is the subject's ST.
	State string `json:"State,omitempty"`
	// CountryCode is the subject's C.
	CountryCode string `json:"CountryCode,omitempty"`
	// X509Certificate is the certificate in PEM.
	X509Certificate string `json:"X509Certificate,omitempty"`
	// CaCertChain is the chain in PEM, the CA's own certificate first.
	CaCertChain string `json:"CaCertChain,omitempty"`
	// BeforeDate is the start of the validity in UNIX milliseconds.
	BeforeDate int64 `json:"BeforeDate,omitempty"`
	// AfterDate is the end of the validity in UNIX milliseconds.
	AfterDate int64 `json:"AfterDate,omitempty"`
	// Years is the validity in years, rounded.
	Years int32 `json:"Years,omitempty"`
	// Md5 is the MD5 of the DER certificate, in lower-case hexadecimal.
	Md5 string `json:"Md5,omitempty"`
	// Sha2 is the SHA-256 of the DER certificate, in lower-case hexadecimal.
	Sha2 string `json:"Sha2,omitempty"`
	// CrlStatus is CrlActive when the issuer has a CRLBase.
	CrlStatus string `json:"CrlStatus,omitempty"`
	// CrlUrl is the address of the CA's CRL, below CRLBase.
	CrlUrl string `json:"CrlUrl,omitempty"`
	// CrlDay is how many days a CRL is valid. The caller's to fill in.
	CrlDay int32 `json:"CrlDay,omitempty"`
	// CertTotalCount is the quota of certificates. The caller's to fill in.
	CertTotalCount int64 `json:"CertTotalCount,omitempty"`
	// CertIssuedCount is the used part of the quota. The caller's to fill in.
	CertIssuedCount int64 `json:"CertIssuedCount,omitempty"`
	// CertRemainingCount is the rest of the quota. The caller's to fill in.
	CertRemainingCount int64 `json:"CertRemainingCount,omitempty"`
	// CertMaxTime is a cap on validity, in a unit that no document names. The
	// caller's to fill in.
	CertMaxTime int32 `json:"CertMaxTime,omitempty"`
	// IssuerType is IssuerLocal.
	IssuerType string `json:"IssuerType,omitempty"`
	// ClusterId is the HSM cluster that holds the key. The caller's to fill in.
	ClusterId string `json:"ClusterId,omitempty"`
	// KeyIndex is the key's place in the cluster. The caller's to fill in.
	KeyIndex int32 `json:"KeyIndex,omitempty"`
	// ResourceGroupId is the caller's to fill in.
	ResourceGroupId string `json:"ResourceGroupId,omitempty"`
	// Tags are the caller's to fill in; a reply spells their members otherwise
	// than a request.
	Tags []DescribedTag `json:"Tags,omitempty"`
}

// A DescribedTag is a [Tag] as replies spell it.
type DescribedTag struct {
	// TagKey is the name of the tag.
	TagKey string `json:"TagKey,omitempty"`
	// TagValue is the value of the tag.
	TagValue string `json:"TagValue,omitempty"`
}

// Validate reports [yuncert.ErrMissingParameter] when Identifier is empty.
func (r *DescribeCACertificateRequest) Validate() error {
	if r == nil || r.Identifier == "" {
		return yuncert.Missing("Identifier")
	}
	return nil
}

// DescribeCACertificate describes one CA of a pool. An Identifier that is not in
// the pool is [yuncert.ErrNotFound]; a rand that fails is
// [yuncert.ErrInternalError]. The document allows a user 10 calls a second.
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

// Describe returns the CA as the documents show one. It does not know of
// revocations, which a [Pool] does: Status is StatusIssue.
func (i *Issuer) Describe() *CACertificate { return i.describe(false) }

// describe returns the issuer as the documents show a CA.
func (i *Issuer) describe(revoked bool) *CACertificate {
	cert, a := i.chain[0], i.signer.Algorithm
	md5sum, sha2 := md5.Sum(cert.Raw), sha256.Sum256(cert.Raw)
	c := &CACertificate{
		Identifier:       i.identifier,
		CertificateType:  TypeRoot,
		Status:           StatusIssue,
		Algorithm:        a.Family(),
		FullAlgorithm:    string(a),
		KeySize:          int32(a.KeySize()),
		SignAlgorithm:    strings.ToUpper(string(a.SignatureAlgorithm())),
		SerialNumber:     hex.EncodeToString(cert.SerialNumber.Bytes()),
		SubjectDN:        distinguishedName(i.subjects[0]),
		CommonName:       i.subjects[0].Get(x509der.CommonName),
		Organization:     i.subjects[0].Get(x509der.Organization),
		OrganizationUnit: i.subjects[0].Get(x509der.OrganizationalUnit),
		Locality:         i.subjects[0].Get(x509der.Locality),
		State:            i.subjects[0].Get(x509der.State),
		CountryCode:      i.subjects[0].Get(x509der.Country),
		X509Certificate:  encode(cert.Raw),
		CaCertChain:      i.chainPEM,
		BeforeDate:       cert.NotBefore.UnixMilli(),
		AfterDate:        cert.NotAfter.UnixMilli(),
		Years:            years(cert),
		Md5:              hex.EncodeToString(md5sum[:]),
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

// years rounds the validity of a certificate to years.
func years(cert *x509.Certificate) int32 {
	const year = 365.2425 * 24 * 60 * 60 // seconds; a time.Duration ends after 292 years
	return int32(math.Round(float64(cert.NotAfter.Unix()-cert.NotBefore.Unix()) / year))
}

// distinguishedName prints a subject in the order of the document's examples.
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

// escapeDN escapes what would end or change the value (RFC 4514, section 2.4).
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
