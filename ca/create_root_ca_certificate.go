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

// A CreateRootCACertificateRequest describes the CA to create.
type CreateRootCACertificateRequest struct {
	// CommonName is the name of the CA, up to 64 characters. Required.
	CommonName string `json:"CommonName,omitempty"`
	// Organization and OrganizationUnit, up to 64 characters each. Required.
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	// Locality (city) and State (province), up to 128 characters each. Required.
	Locality string `json:"Locality,omitempty"`
	State    string `json:"State,omitempty"`
	// CountryCode, two letters: X.520 has no code of three. Empty means none.
	CountryCode string `json:"CountryCode,omitempty"`
	// Algorithm, if it is set, must be the key's: RSA_2048, RSA_3072, RSA_4096,
	// ECC_256, ECC_384, ECC_512 or SM2_256. The documented RSA_1024 is too weak.
	Algorithm string `json:"Algorithm,omitempty"`
	// Years is the validity in calendar years, up to 100. Five to ten are usual.
	// Required.
	Years           int32  `json:"Years,omitempty"`
	ClientToken     string `json:"ClientToken,omitempty"`
	Tags            []Tag  `json:"Tags,omitempty"`
	ResourceGroupId string `json:"ResourceGroupId,omitempty"`
	// NameConstraints limit what may be issued below the CA. Nil means no limit.
	NameConstraints *NameConstraints `json:"NameConstraints,omitempty"`
}

// A CreateRootCACertificateResponse holds the new certificate.
type CreateRootCACertificateResponse struct {
	Identifier string `json:"Identifier,omitempty"`
	// Certificate is in PEM. CertificateChain, which [NewIssuer] takes, is the
	// certificate itself and then the CAs above it, the root last.
	Certificate      string `json:"Certificate,omitempty"`
	CertificateChain string `json:"CertificateChain,omitempty"`
	RequestId        string `json:"RequestId,omitempty"`
}

// Validate checks the request. RSA_1024 is [yuncert.ErrInvalidParameter].
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
	if err := param.CheckTags(len(r.Tags)); err != nil {
		return nil, nil, err
	}
	constraints, err := r.NameConstraints.check()
	return subject, constraints, err
}

// CreateRootCACertificate creates the self-signed certificate of a root CA for
// the caller's key, an [algorithm.PrivateKey] or any other signer. The CA may
// sign certificates and CRLs and has no path length constraint. Its Issuer, from
// [NewIssuer], signs only for subordinate CAs and OCSP responders, unless
// IssuerOptions.RootIssues is set.
//
// Its own errors are [yuncert.ErrInvalidParameter] for a key that is RSA_1024
// or not of the Algorithm, for a validity that ends after the year 9999, and if
// now is not from 1950 to 9999.
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
	notBefore, notAfter, err := rootValidity(now, req.Years)
	if err != nil {
		return nil, err
	}
	return issueRoot(rand, signer, &x509der.Template{
		NotBefore:   notBefore,
		NotAfter:    notAfter,
		Subject:     subject,
		PublicKey:   signer.PublicDER,
		CA:          true,
		PathLen:     -1,
		KeyUsage:    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		Constraints: constraints,
	})
}

// rootValidity returns the start and the end of a root's certificate.
func rootValidity(now time.Time, years int32) (notBefore, notAfter time.Time, err error) {
	if err := checkInstant(now); err != nil {
		return time.Time{}, time.Time{}, err
	}
	notBefore = second(now)
	notAfter = notBefore.AddDate(int(years), 0, 0)
	if notAfter.After(maxTime) {
		return time.Time{}, time.Time{}, param.Refused("Years", "the CA would be valid until %s; a certificate ends by %s", stamp(notAfter), stamp(maxTime))
	}
	return notBefore, notAfter, nil
}

// issueRoot signs the certificate of a root.
func issueRoot(rand io.Reader, signer *x509der.Signer, t *x509der.Template) (*CreateRootCACertificateResponse, error) {
	cert, err := issue(rand, signer, t)
	if err != nil {
		return nil, err
	}
	text := encode(cert.der)
	return &CreateRootCACertificateResponse{
		Identifier: cert.identifier, Certificate: text, CertificateChain: text, RequestId: cert.requestID,
	}, nil
}
