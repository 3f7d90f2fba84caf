package ca

import (
	"crypto/x509"
	"io"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateExternalCACertificateRequest describes the certificate of a CA that has
// its key in another product.
type CreateExternalCACertificateRequest struct {
	// InstanceId names what was bought in the cloud. It is for the caller.
	InstanceId string `json:"InstanceId,omitempty"`
	// Csr is the CSR of the new CA, in PEM. Its key and its subject are used. The
	// subject is kept octet by octet, unless ApiPassthrough replaces it. It may
	// have up to 4096 octets, and the limits of [ExternalCASubject] apply to its
	// texts. Required.
	Csr string `json:"Csr,omitempty"`
	// Validity is as in [CreateCustomCertificateRequest]. Required.
	Validity string `json:"Validity,omitempty"`
	// ApiPassthrough holds what does not come from the CSR. In the cloud's calls
	// it is a parameter with JSON text.
	ApiPassthrough ExternalCAPassthrough `json:"ApiPassthrough,omitzero"`
	// CertMaxTime is as in [CreateSubCACertificateRequest], but only the product with
	// the key can enforce it.
	CertMaxTime     int32  `json:"CertMaxTime,omitempty"`
	ResourceGroupId string `json:"ResourceGroupId,omitempty"`
	Tags            []Tag  `json:"Tags,omitempty"`
}

// An ExternalCAPassthrough is part of a [CreateExternalCACertificateRequest].
type ExternalCAPassthrough struct {
	Subject    ExternalCASubject    `json:"Subject,omitzero"`
	Extensions ExternalCAExtensions `json:"Extensions,omitzero"`
}

// An ExternalCASubject replaces the whole subject of the CSR, if any field is set.
type ExternalCASubject struct {
	// Country, two letters.
	Country string `json:"Country,omitempty"`
	// State (province) and Locality (city), up to 128 characters each.
	State    string `json:"State,omitempty"`
	Locality string `json:"Locality,omitempty"`
	// Organization, OrganizationUnit and CommonName, up to 64 characters each.
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	CommonName       string `json:"CommonName,omitempty"`
}

// ExternalCAExtensions is part of an [ExternalCAPassthrough]. The fields are as in
// [CreateSubCACertificateRequest].
type ExternalCAExtensions struct {
	PathLenConstraint int32    `json:"PathLenConstraint,omitempty"`
	ExtendedKeyUsages []string `json:"ExtendedKeyUsages,omitempty"`
}

// A CreateExternalCACertificateResponse holds the new certificate.
type CreateExternalCACertificateResponse CreateRootCACertificateResponse

// Validate checks the request, with everything that csr.Parse checks. A CSR with
// an RSA_1024 key, or without a subject where ApiPassthrough has none either, is
// [yuncert.ErrInvalidParameter].
func (r *CreateExternalCACertificateRequest) Validate() error {
	_, err := r.check(algorithm.KeyPolicy{})
	return err
}

// check is Validate with a policy for the CSR's key, and returns what it read.
func (r *CreateExternalCACertificateRequest) check(policy algorithm.KeyPolicy) (*draft, error) {
	if r == nil {
		r = new(CreateExternalCACertificateRequest)
	}
	replacement, extensions := &r.ApiPassthrough.Subject, &r.ApiPassthrough.Extensions
	replaced := *replacement != ExternalCASubject{}

	request, err := param.ReadCSR(r.Csr, policy)
	if err != nil {
		return nil, err
	}
	key, err := keyOfCSR(request)
	if err != nil {
		return nil, err
	}
	if err := checkKeyAlgorithm("Csr", key.algorithm, ""); err != nil {
		return nil, err
	}
	name := subject{whole: request.Subject, raw: request.RawSubject, commonName: sourced{"", "Csr"}}
	if !replaced {
		if err := checkKeptSubject(request); err != nil {
			return nil, err
		}
	}
	validity, err := parseValidity(r.Validity)
	if err != nil {
		return nil, err
	}
	if replaced {
		name = subject{commonName: sourced{"", passedSubject}}
		name.whole, err = passedName(replacement.Country, replacement.State, replacement.Locality, replacement.Organization, replacement.OrganizationUnit, replacement.CommonName)
		if err != nil {
			return nil, err
		}
	}
	if extensions.PathLenConstraint < 0 {
		return nil, param.Malformed(passedPathLen, "%d is negative; want 0 or more", extensions.PathLenConstraint)
	}
	usages, err := parseExtendedKeyUsages(passedUsages, extensions.ExtendedKeyUsages)
	if err != nil {
		return nil, err
	}
	if err := checkCertMaxTime(r.CertMaxTime); err != nil {
		return nil, err
	}
	if err := param.CheckTags(len(r.Tags)); err != nil {
		return nil, err
	}
	return &draft{
		kind:        caCertificate,
		key:         key,
		mixed:       true,
		subject:     name,
		validity:    validity,
		keyUsage:    x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
		usages:      usages,
		usagesFrom:  passedUsages,
		pathLen:     int(extensions.PathLenConstraint),
		pathLenFrom: passedPathLen,
	}, nil
}

// checkKeptSubject checks the subject of a CSR that the new CA keeps.
func checkKeptSubject(request *x509der.Request) error {
	if len(request.Subject) == 0 {
		return param.Refused("Csr", "the CSR has no subject, which a CA must have (RFC 5280, section 4.1.2.6); set %s", passedSubject)
	}
	if err := x509der.CheckKeptName(request.RawSubject); err != nil {
		return param.Malformed("Csr", "the CSR's subject: %v; %s can replace the subject", err, passedSubject)
	}
	return nil
}

// CreateExternalCACertificate signs the certificate of a subordinate CA that has
// its key in another product, for that product's CSR. parent is a root or a
// subordinate CA. RSA CAs may sign for ECC keys and ECC CAs for RSA keys, but SM2
// is not mixed with either.
//
// The CSR supplies only its key and its subject, never its extensions. The new CA
// may sign certificates and CRLs. Its key usage has digitalSignature too, so that
// it can answer OCSP requests with its own key. The path length is 0 unless the
// request says otherwise. The chain limits the CA, and addresses are written, as in
// [CreateSubCACertificate].
//
// The subjectKeyIdentifier is computed here (RFC 7093, section 2, method 1) and
// not taken from the CSR. If the CA already has a certificate with another
// identifier, OpenSSL does not accept the new certificate as the issuer of what
// the CA signed before: use [Renew].
//
// Its own errors are [yuncert.ErrInvalidParameter] for a CSR with an RSA_1024 key
// or without a subject, and for a parent that CreateSubCACertificate refuses.
func CreateExternalCACertificate(rand io.Reader, now time.Time, parent *Issuer, req *CreateExternalCACertificateRequest) (*CreateExternalCACertificateResponse, error) {
	d, err := req.check(parent.keyPolicy())
	if err != nil {
		return nil, err
	}
	resp, err := parent.issueSubCA(rand, now, d)
	return (*CreateExternalCACertificateResponse)(resp), err
}
