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

// A CreateOCSPResponderCertificateRequest describes the certificate of an OCSP
// responder to create. Alibaba Cloud documents no such operation.
type CreateOCSPResponderCertificateRequest struct {
	// CommonName is the name of the responder, up to 64 characters. Required.
	CommonName string `json:"CommonName,omitempty"`

	// Days is the validity in days of 24 hours from now, within that of the CA
	// and its chain. The certificate cannot be revoked, so that a short one, of
	// some weeks, is better. Up to 36,600. Required.
	Days int32 `json:"Days,omitempty"`
}

// A CreateOCSPResponderCertificateResponse is what
// CreateOCSPResponderCertificate returns.
type CreateOCSPResponderCertificateResponse struct {
	// Certificate is the responder's certificate in PEM.
	Certificate string `json:"Certificate,omitempty"`

	// CertificateChain is what [NewOCSPResponder] takes: the certificate, then
	// the CA's chain, the root last.
	CertificateChain string `json:"CertificateChain,omitempty"`

	// Identifier names the certificate: 32 lower-case hexadecimal digits.
	Identifier string `json:"Identifier,omitempty"`

	// SerialNumber is the serial number, 36 lower-case hexadecimal digits.
	SerialNumber string `json:"SerialNumber,omitempty"`

	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`
}

// Validate checks the request without issuer and key:
// [yuncert.ErrMissingParameter] for a field that is empty,
// [yuncert.ErrInvalidValueMalformed] for one that breaks the rule in its
// comment.
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
		return nil, malformed("Days", "%d is not from 1 to %d", r.Days, maxYears*366)
	}
	return &draft{
		kind: responderCertificate,
		subject: subject{
			given:      name,
			inherited:  []string{x509der.Country, x509der.Organization},
			commonName: sourced{r.CommonName, "CommonName"},
		},
		validity:   validity{days: r.Days},
		keyUsage:   x509.KeyUsageDigitalSignature,
		usages:     []string{extendedKeyUsages["OCSPSigning"]},
		usagesFrom: "ParentIdentifier",
	}, nil
}

// CreateOCSPResponderCertificate signs the certificate by which a CA lets another
// key answer for it (RFC 6960, section 4.2.2.2), so that its own need not be
// where the internet's requests come in. pub is the responder's public key; the
// private key stays with the caller.
//
// The subject has the CA's country and organization and the CommonName. The
// key usage is digitalSignature, the extended key usage OCSPSigning, and
// id-pkix-ocsp-nocheck tells clients not to ask about this certificate in turn
// (section 4.2.2.2.1).
//
// Errors, after those of [CreateOCSPResponderCertificateRequest.Validate]:
// [yuncert.ErrNotFound] when issuer is nil, [yuncert.ErrCertificateExpired] when
// the CA or one above it is not valid now, [yuncert.ErrInvalidValueMalformed] for
// a public key that is weak or unsupported, [yuncert.ErrInvalidParameter] for
// one that is RSA_1024, of another family than the CA's or a CA's own, for a CA
// whose extended key usages exclude OCSPSigning, for a subject that is a CA's own,
// for a CommonName that reads like a host and that a name constraint of a CA keeps
// out, and for Days beyond the CA's end, and [yuncert.ErrInternalError] when rand or the CA's key fails.
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
