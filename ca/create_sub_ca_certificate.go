package ca

import (
	"crypto"
	"crypto/x509"
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
)

// A CreateSubCACertificateRequest describes the subordinate CA to create, with
// the parameters of CreateSubCACertificate (Certificate Management Service,
// 2020-06-30).
type CreateSubCACertificateRequest struct {
	// ParentIdentifier is the Identifier of the CA that signs. Empty means the
	// parent that the function is given; another one is refused.
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`

	// CommonName is the name of the CA, up to 64 characters. Required.
	CommonName string `json:"CommonName,omitempty"`

	// Organization is up to 64 characters. Required.
	Organization string `json:"Organization,omitempty"`

	// OrganizationUnit is up to 64 characters. Required.
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`

	// Locality is the city, up to 128 characters. Required.
	Locality string `json:"Locality,omitempty"`

	// State is the province, up to 128 characters. Required.
	State string `json:"State,omitempty"`

	// CountryCode is two letters, since X.520 has no code of three. Empty means
	// none.
	CountryCode string `json:"CountryCode,omitempty"`

	// Algorithm is the name of the algorithm of the new CA's key, of the
	// parent's family. The document lists RSA_1024, which is too weak for a CA,
	// and of ECC only ECC_256; RSA_3072, ECC_384 and ECC_512 are accepted too.
	// Required.
	Algorithm string `json:"Algorithm,omitempty"`

	// Years is how long the CA is valid, in calendar years from 1 to 100 and not
	// beyond the parent; 5 to 10 are the documents' advice. Required.
	Years int32 `json:"Years,omitempty"`

	// PathLenConstraint is how many levels of CAs may follow below the new one.
	// Zero, the default, lets it issue no CA.
	PathLenConstraint int32 `json:"PathLenConstraint,omitempty"`

	// ExtendedKeyUsages limits what certificates below are good for: any,
	// serverAuth, clientAuth, codeSigning, emailProtection, timeStamping,
	// OCSPSigning, or a dotted object identifier with arcs below 2^31; up to 100.
	// Empty means no limit.
	ExtendedKeyUsages []string `json:"ExtendedKeyUsages,omitempty"`

	// EnableCrl says whether the CA is to have a CRL. It is for the caller, who
	// publishes CRLs and sets IssuerOptions.CRLBase; it changes nothing here.
	EnableCrl bool `json:"EnableCrl,omitempty"`

	// CrlDay is how many days a CRL of the CA is valid, from 1 to 365. Zero means
	// unset. It is for the caller, like EnableCrl.
	CrlDay int32 `json:"CrlDay,omitempty"`

	// Tags are up to 100 labels for the caller to store.
	Tags []Tag `json:"Tags,omitempty"`

	// ResourceGroupId is for the caller to store.
	ResourceGroupId string `json:"ResourceGroupId,omitempty"`

	// ClientToken is the caller's mark for recognising a repeated request, up to
	// 64 printable ASCII characters. It is checked and not used.
	ClientToken string `json:"ClientToken,omitempty"`

	// NameConstraints limit what the CA and those below it may issue, within
	// what the CAs above leave. Nil means no further limit. This member is not
	// Alibaba Cloud's.
	NameConstraints *NameConstraints `json:"NameConstraints,omitempty"`
}

// A CreateSubCACertificateResponse is what CreateSubCACertificate returns.
type CreateSubCACertificateResponse struct {
	// Identifier names the CA, in ParentIdentifier for example.
	Identifier string `json:"Identifier,omitempty"`

	// Certificate is the CA's certificate in PEM.
	Certificate string `json:"Certificate,omitempty"`

	// CertificateChain is what [NewIssuer] takes: the certificate, then the
	// parent's chain, the root last.
	CertificateChain string `json:"CertificateChain,omitempty"`

	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`
}

// Validate checks the request without parent and key and returns the first
// problem in the order of the fields: [yuncert.ErrMissingParameter] for a
// required one that is empty, [yuncert.ErrInvalidParameter] for the algorithm
// RSA_1024, and [yuncert.ErrInvalidValueMalformed] for any other value that
// breaks the rule in the field's comment.
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
		return nil, malformed("PathLenConstraint", "%d is negative", r.PathLenConstraint)
	}
	usages, err := parseExtendedKeyUsages(r.ExtendedKeyUsages)
	if err != nil {
		return nil, err
	}
	if r.CrlDay < 0 || r.CrlDay > 365 {
		return nil, malformed("CrlDay", "%d is not from 1 to 365", r.CrlDay)
	}
	if err := checkTags(r.Tags); err != nil {
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
		constraints: constraints,
	}, nil
}

// CreateSubCACertificate signs the certificate of a subordinate CA under parent,
// a root or another subordinate CA whose path length allows it. pub is the new
// CA's public key; the private key stays with the caller, who makes an Issuer of
// it and the CertificateChain with [NewIssuer].
//
// Errors, after those of [CreateSubCACertificateRequest.Validate]:
// [yuncert.ErrNotFound] when parent is nil or not the CA that ParentIdentifier
// names, [yuncert.ErrCertificateExpired] when the parent or one above it is not
// valid now, [yuncert.ErrInvalidValueMalformed] for a public key that is weak or
// unsupported, [yuncert.ErrInvalidParameter] for one that Algorithm does not
// name, that is of another family than the parent's or a CA's above, for a subject
// that is a CA's above, for ExtendedKeyUsages that a CA above excludes, for Years beyond the parent's end and for a PathLenConstraint that the parent
// does not leave, and [yuncert.ErrInternalError] when rand or the parent's key
// fails. The document allows a user 10 calls a second, which the embedding
// service enforces.
func CreateSubCACertificate(rand io.Reader, now time.Time, parent *Issuer, pub crypto.PublicKey, req *CreateSubCACertificateRequest) (*CreateSubCACertificateResponse, error) {
	d, err := req.check()
	if err != nil {
		return nil, err
	}
	d.key.argument, d.key.owner = pub, "the new CA"
	t, err := parent.template(now, d)
	if err != nil {
		return nil, err
	}
	cert, err := issue(rand, parent.signer, &t)
	if err != nil {
		return nil, err
	}
	text := encode(cert.der)
	return &CreateSubCACertificateResponse{
		Identifier: cert.identifier, Certificate: text, CertificateChain: text + parent.chainPEM, RequestId: cert.requestID,
	}, nil
}
