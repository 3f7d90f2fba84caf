package ca

import (
	"crypto"
	"crypto/x509"
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateRootCACertificateRequest describes the root CA to create, with the
// parameters of CreateRootCACertificate (Certificate Management Service,
// 2020-06-30).
type CreateRootCACertificateRequest struct {
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

	// CountryCode is two letters. Empty means none.
	CountryCode string `json:"CountryCode,omitempty"`

	// Algorithm is the name of the key's algorithm, such as "RSA_2048". Empty
	// means that of the key. RSA_1024, though documented, is too weak for a CA.
	Algorithm string `json:"Algorithm,omitempty"`

	// Years is how long the CA is valid, in calendar years from 1 to 100; 5 to
	// 10 are the documents' advice. Required.
	Years int32 `json:"Years,omitempty"`

	// ClientToken is the caller's mark for recognising a repeated request, up to
	// 64 printable ASCII characters. It is checked and not used: a pure function
	// does not remember.
	ClientToken string `json:"ClientToken,omitempty"`

	// Tags are up to 100 labels for the caller to store.
	Tags []Tag `json:"Tags,omitempty"`

	// ResourceGroupId is for the caller to store.
	ResourceGroupId string `json:"ResourceGroupId,omitempty"`

	// NameConstraints limit what may be issued below. Nil means no limit. This
	// member is not Alibaba Cloud's.
	NameConstraints *NameConstraints `json:"NameConstraints,omitempty"`
}

// A CreateRootCACertificateResponse is what CreateRootCACertificate returns.
type CreateRootCACertificateResponse struct {
	// Identifier names the CA, in ParentIdentifier for example.
	Identifier string `json:"Identifier,omitempty"`

	// Certificate is the CA's certificate in PEM.
	Certificate string `json:"Certificate,omitempty"`

	// CertificateChain is what [NewIssuer] takes: for a root, the certificate.
	CertificateChain string `json:"CertificateChain,omitempty"`

	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`
}

// Validate checks the request without a key and returns the first problem in the
// order of the fields: [yuncert.ErrMissingParameter] for a required one that is
// empty, [yuncert.ErrInvalidParameter] for the algorithm RSA_1024, and
// [yuncert.ErrInvalidValueMalformed] for any other value that breaks the rule in
// the field's comment.
func (r *CreateRootCACertificateRequest) Validate() error {
	_, _, err := r.check()
	return err
}

// check is Validate, and returns the subject and the name constraints.
func (r *CreateRootCACertificateRequest) check() (x509der.Name, *x509der.NameConstraints, error) {
	if r == nil {
		r = new(CreateRootCACertificateRequest)
	}
	subject, err := caSubject(r.CommonName, r.Organization, r.OrganizationUnit, r.Locality, r.State, r.CountryCode)
	if err != nil {
		return nil, nil, err
	}
	if r.Algorithm != "" {
		if err := checkCAAlgorithm(r.Algorithm); err != nil {
			return nil, nil, err
		}
	}
	if err := checkYears(r.Years); err != nil {
		return nil, nil, err
	}
	if err := checkClientToken(r.ClientToken); err != nil {
		return nil, nil, err
	}
	if err := checkTags(r.Tags); err != nil {
		return nil, nil, err
	}
	constraints, err := r.NameConstraints.check()
	return subject, constraints, err
}

// CreateRootCACertificate makes the self-signed certificate of a root CA for the
// caller's key, an [algorithm.PrivateKey] or any other signer. It is valid from
// now for the calendar years asked for, may sign certificates and CRLs and has
// no path length constraint. [NewIssuer] makes an Issuer of its
// CertificateChain and the key; that issues subordinate CAs and nothing else.
//
// Errors are those of [CreateRootCACertificateRequest.Validate], and
// [yuncert.ErrInvalidValueMalformed] for a key that is nil, weak or unsupported,
// [yuncert.ErrInvalidParameter] for one that is RSA_1024 or that Algorithm does
// not name, for Years beyond the year 9999 and for an instant before 1950, and [yuncert.ErrInternalError]
// when rand or the key fails. The document allows a user 10 calls a second,
// which the embedding service enforces.
func CreateRootCACertificate(rand io.Reader, now time.Time, key crypto.Signer, req *CreateRootCACertificateRequest) (*CreateRootCACertificateResponse, error) {
	subject, constraints, err := req.check()
	if err != nil {
		return nil, err
	}
	signer, err := x509der.NewSigner(key)
	if err != nil {
		return nil, param.Wrap(err, yuncert.ErrInvalidValueMalformed, "", "the CA's key cannot be used")
	}
	if err := checkKeyAlgorithm("Algorithm", signer.Algorithm, algorithm.Algorithm(req.Algorithm)); err != nil {
		return nil, err
	}
	if err := checkInstant(now); err != nil {
		return nil, err
	}
	now = second(now)
	notAfter := now.AddDate(int(req.Years), 0, 0)
	if notAfter.After(maxTime) {
		return nil, refused("Years", "the CA would be valid until %s: no certificate is beyond %s", stamp(notAfter), stamp(maxTime))
	}
	cert, err := issue(rand, signer, &x509der.Template{
		NotBefore:   now,
		NotAfter:    notAfter,
		Subject:     subject,
		PublicKey:   signer.PublicDER,
		CA:          true,
		PathLen:     -1,
		KeyUsage:    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		Constraints: constraints,
	})
	if err != nil {
		return nil, err
	}
	text := encode(cert.der)
	return &CreateRootCACertificateResponse{
		Identifier: cert.identifier, Certificate: text, CertificateChain: text, RequestId: cert.requestID,
	}, nil
}
