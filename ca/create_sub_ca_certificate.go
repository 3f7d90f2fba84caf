package ca

import (
	"crypto"
	"crypto/x509"
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
)

// A CreateSubCACertificateRequest describes the CA to create. Fields without a
// comment are as in [CreateRootCACertificateRequest].
type CreateSubCACertificateRequest struct {
	// ParentIdentifier is the Identifier of the CA that signs. Empty accepts any.
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`
	CommonName       string `json:"CommonName,omitempty"`
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	Locality         string `json:"Locality,omitempty"`
	State            string `json:"State,omitempty"`
	CountryCode      string `json:"CountryCode,omitempty"`
	// Algorithm is the new CA key's. Required.
	Algorithm string `json:"Algorithm,omitempty"`
	Years     int32  `json:"Years,omitempty"`
	// PathLenConstraint is how many levels of CAs may follow below the new CA.
	PathLenConstraint int32 `json:"PathLenConstraint,omitempty"`
	// ExtendedKeyUsages limits the certificates below the CA to up to 100
	// usages: any, serverAuth, clientAuth, codeSigning, emailProtection,
	// timeStamping, OCSPSigning, and dotted object identifiers with arcs below
	// 2^31. Empty means no limit. With OCSPSigning the CA can answer OCSP
	// requests about all certificates of its parent (RFC 6960, section
	// 4.2.2.2). Its own OCSP responder does not need it.
	ExtendedKeyUsages []string `json:"ExtendedKeyUsages,omitempty"`
	// EnableCrl and CrlDay (how many days a CRL is valid, from 1 to 365; zero
	// means unset) are for the caller, who publishes CRLs and sets
	// IssuerOptions.CRLBase.
	EnableCrl bool  `json:"EnableCrl,omitempty"`
	CrlDay    int32 `json:"CrlDay,omitempty"`
	// CertMaxTime is the longest validity of what the new CA issues, in days. It is
	// for the caller, who sets IssuerOptions.CertMaxTime. Zero means no limit.
	CertMaxTime int32 `json:"CertMaxTime,omitempty"`

	Tags            []Tag            `json:"Tags,omitempty"`
	ResourceGroupId string           `json:"ResourceGroupId,omitempty"`
	ClientToken     string           `json:"ClientToken,omitempty"`
	NameConstraints *NameConstraints `json:"NameConstraints,omitempty"`
}

// A CreateSubCACertificateResponse holds the new certificate.
type CreateSubCACertificateResponse CreateRootCACertificateResponse

// Validate checks the request. RSA_1024 is [yuncert.ErrInvalidParameter].
func (r *CreateSubCACertificateRequest) Validate() error {
	_, err := r.check()
	return err
}

// check is Validate, and returns what it read.
func (r *CreateSubCACertificateRequest) check() (*draft, error) {
	if r == nil {
		r = new(CreateSubCACertificateRequest)
	}
	name, err := caSubject(r.CommonName, r.Organization, r.OrganizationUnit, r.Locality, r.State, r.CountryCode)
	if err != nil {
		return nil, err
	}
	if r.Algorithm == "" {
		return nil, yuncert.Missing("Algorithm")
	}
	if err := checkCAAlgorithm(r.Algorithm); err != nil {
		return nil, err
	}
	if err := checkYears(r.Years); err != nil {
		return nil, err
	}
	if r.PathLenConstraint < 0 {
		return nil, param.Malformed("PathLenConstraint", "%d is negative; want 0 or more", r.PathLenConstraint)
	}
	usages, err := parseExtendedKeyUsages("ExtendedKeyUsages", r.ExtendedKeyUsages)
	if err != nil {
		return nil, err
	}
	if r.CrlDay < 0 || r.CrlDay > 365 {
		return nil, param.Malformed("CrlDay", "%d is not from 1 to 365", r.CrlDay)
	}
	if err := checkCertMaxTime(r.CertMaxTime); err != nil {
		return nil, err
	}
	if err := param.CheckTags(len(r.Tags)); err != nil {
		return nil, err
	}
	if err := checkClientToken(r.ClientToken); err != nil {
		return nil, err
	}
	constraints, err := r.NameConstraints.check()
	if err != nil {
		return nil, err
	}
	return &draft{
		kind:        caCertificate,
		parent:      r.ParentIdentifier,
		key:         subjectKey{algorithm: algorithm.Algorithm(r.Algorithm), algorithmFrom: "Algorithm"},
		subject:     subject{given: name, commonName: sourced{r.CommonName, "CommonName"}},
		validity:    validity{years: r.Years},
		keyUsage:    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		usages:      usages,
		usagesFrom:  "ExtendedKeyUsages",
		pathLen:     int(r.PathLenConstraint),
		pathLenFrom: "PathLenConstraint",
		constraints: constraints,
	}, nil
}

// CreateSubCACertificate signs the certificate of a subordinate CA under a root
// or another subordinate CA. pub is the new CA's public key. [NewIssuer] makes
// an Issuer from the CertificateChain and the private key. The certificate
// begins now. Name constraints of the CAs above apply too. If the parent has a
// CRLBase, the certificate has the address of the parent's CRL.
//
// Its own errors are [yuncert.ErrInvalidParameter] for a key that does not have
// the Algorithm, and for a parent with a chain of 10 certificates, with a path
// length that does not allow the new CA or its PathLenConstraint, or with a demand
// for certificate policies in what the new CA would sign.
func CreateSubCACertificate(rand io.Reader, now time.Time, parent *Issuer, pub crypto.PublicKey, req *CreateSubCACertificateRequest) (*CreateSubCACertificateResponse, error) {
	d, err := req.check()
	if err != nil {
		return nil, err
	}
	d.key.argument, d.key.owner = pub, "the new CA"
	resp, err := parent.issueSubCA(rand, now, d)
	return (*CreateSubCACertificateResponse)(resp), err
}

// issueSubCA signs the certificate of a subordinate CA.
func (i *Issuer) issueSubCA(rand io.Reader, now time.Time, d *draft) (*CreateRootCACertificateResponse, error) {
	t, err := i.template(now, d)
	if err != nil {
		return nil, err
	}
	cert, err := issue(rand, i.signer, &t)
	if err != nil {
		return nil, err
	}
	text := encode(cert.der)
	return &CreateRootCACertificateResponse{
		Identifier: cert.identifier, Certificate: text, CertificateChain: text + i.chainPEM, RequestId: cert.requestID,
	}, nil
}
