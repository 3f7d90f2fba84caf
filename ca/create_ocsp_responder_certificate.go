package ca

import (
	"crypto"
	"crypto/x509"
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateOCSPResponderCertificateRequest describes the certificate to sign.
type CreateOCSPResponderCertificateRequest struct {
	// CommonName is the name of the responder, up to 64 characters. Required.
	CommonName string `json:"CommonName,omitempty"`
	// Days is the validity in days of 24 hours from now, up to 36,600. The
	// certificate cannot be revoked: prefer a few weeks. Required.
	Days int32 `json:"Days,omitempty"`
}

// A CreateOCSPResponderCertificateResponse holds the new certificate.
type CreateOCSPResponderCertificateResponse struct {
	// Certificate is in PEM. CertificateChain, which [NewOCSPResponder] takes,
	// is the certificate and then the CA's chain, the root last.
	Certificate      string `json:"Certificate,omitempty"`
	CertificateChain string `json:"CertificateChain,omitempty"`
	Identifier       string `json:"Identifier,omitempty"`
	SerialNumber     string `json:"SerialNumber,omitempty"`
	RequestId        string `json:"RequestId,omitempty"`
}

// Validate checks the request.
func (r *CreateOCSPResponderCertificateRequest) Validate() error {
	_, err := r.check()
	return err
}

// check is Validate, and returns what it read.
func (r *CreateOCSPResponderCertificateRequest) check() (*draft, error) {
	if r == nil {
		r = new(CreateOCSPResponderCertificateRequest)
	}
	var name x509der.Name
	commonName := param.Attribute{Name: "CommonName", Type: x509der.CommonName, Text: r.CommonName, Required: true}
	if err := commonName.AddTo(&name); err != nil {
		return nil, err
	}
	switch {
	case r.Days == 0:
		return nil, yuncert.Missing("Days")
	case r.Days < 0 || r.Days > maxYears*366:
		return nil, param.Malformed("Days", "%d is not from 1 to %d", r.Days, maxYears*366)
	}
	return &draft{
		kind: responderCertificate,
		subject: subject{
			given:      name,
			inherited:  []string{x509der.Country, x509der.Organization},
			commonName: sourced{r.CommonName, "CommonName"},
		},
		validity: validity{days: r.Days},
		keyUsage: x509.KeyUsageDigitalSignature,
		usages:   []string{extendedKeyUsages["OCSPSigning"]},
	}, nil
}

// CreateOCSPResponderCertificate signs a certificate that lets another key answer
// OCSP requests for the CA (RFC 6960, section 4.2.2.2), so that the CA's own key
// stays away from the network. pub is the responder's public key.
//
// The subject has the CA's country and organization, and CommonName. The key
// usage is digitalSignature and the extended key usage OCSPSigning, which the
// CA need not have. The extension id-pkix-ocsp-nocheck tells clients not to
// check this certificate in turn (section 4.2.2.2.1).
//
// Its own errors are [yuncert.ErrInvalidParameter] for an RSA_1024 key, and for a
// CommonName that a name constraint excludes: see [NameConstraints].
func CreateOCSPResponderCertificate(rand io.Reader, now time.Time, issuer *Issuer, pub crypto.PublicKey, req *CreateOCSPResponderCertificateRequest) (*CreateOCSPResponderCertificateResponse, error) {
	d, err := req.check()
	if err != nil {
		return nil, err
	}
	d.key.argument, d.key.owner = pub, "the responder"
	t, err := issuer.template(now, d)
	if err != nil {
		return nil, err
	}
	cert, err := issue(rand, issuer.signer, &t)
	if err != nil {
		return nil, err
	}
	text := encode(cert.der)
	return &CreateOCSPResponderCertificateResponse{
		Certificate: text, CertificateChain: text + issuer.chainPEM,
		Identifier: cert.identifier, SerialNumber: cert.serialNumber, RequestId: cert.requestID,
	}, nil
}
