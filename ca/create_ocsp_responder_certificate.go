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

// A CreateOCSPResponderCertificateRequest describes the certificate of an OCSP
// responder to create. Alibaba Cloud documents no such operation.
type CreateOCSPResponderCertificateRequest struct {
	// CommonName is the name of the responder, up to 64 characters. Required.
	CommonName string

	// Days is the validity in days of 24 hours from now, within that of the CA
	// and its chain. The certificate cannot be revoked, so that a short one, of
	// some weeks, is better. Up to 36,600. Required.
	Days int32
}

// A CreateOCSPResponderCertificateResponse is what
// CreateOCSPResponderCertificate returns.
type CreateOCSPResponderCertificateResponse struct {
	// Certificate is the responder's certificate in PEM.
	Certificate string

	// CertificateChain is what [NewOCSPResponder] takes: the certificate, then
	// the CA's chain, the root last.
	CertificateChain string

	// Identifier names the certificate: 32 lower-case hexadecimal digits.
	Identifier string

	// SerialNumber is the serial number, 36 lower-case hexadecimal digits.
	SerialNumber string

	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string
}

// Validate checks the request without issuer and key:
// [yuncert.ErrMissingParameter] for a field that is empty,
// [yuncert.ErrInvalidValueMalformed] for one that breaks the rule in its
// comment.
func (r *CreateOCSPResponderCertificateRequest) Validate() error {
	_, err := r.check()
	return err
}

// check is Validate, and returns the common name.
func (r *CreateOCSPResponderCertificateRequest) check() (x509der.Name, error) {
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
	return name, nil
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
	commonName, err := req.check()
	if err != nil {
		return nil, err
	}
	if err := checkParent(issuer, ""); err != nil {
		return nil, err
	}
	now = second(now)
	if err := issuer.checkNow(now); err != nil {
		return nil, err
	}
	if err := issuer.keyPolicy().Check(pub); err != nil {
		return nil, param.Wrap(err, param.CodeOf(err), "", "the responder's public key")
	}
	publicKey, err := algorithm.MarshalPublicKey(pub)
	if err != nil {
		return nil, err
	}
	a, err := algorithm.Of(pub)
	if err != nil {
		return nil, err
	}
	notAfter := now.AddDate(0, 0, int(req.Days))
	switch {
	case a == algorithm.RSA_1024:
		return nil, refused("", "the responder's key is RSA_1024, which is too weak")
	case a.Family() != issuer.signer.Algorithm.Family():
		return nil, refused("", "the responder's key is %s, which is not of the CA's family: the CA's key is %s", a, issuer.signer.Algorithm)
	case issuer.holds(publicKey):
		return nil, refused("", "the responder's key is that of a CA")
	case !issuer.allows(x509.ExtKeyUsageOCSPSigning):
		return nil, refused("ParentIdentifier", "the CA's extended key usages exclude OCSPSigning")
	case notAfter.After(issuer.notAfter):
		return nil, refused("Days", "the certificate would end at %s: the CA and its chain end at %s", stamp(notAfter), stamp(issuer.notAfter))
	}
	var subject x509der.Name
	subject = subject.AppendOnly(issuer.subjects[0], x509der.Country)
	subject = subject.AppendOnly(issuer.subjects[0], x509der.Organization)
	subject = append(subject, commonName...)
	if issuer.isNamed(subject) {
		return nil, refused("CommonName", "the subject is a CA's own: the certificate would pass for one that the CA issued to itself")
	}
	for at, constraints := range issuer.constraints {
		if constraints == nil {
			continue
		}
		if err := constraints.CheckCommonName(req.CommonName); err != nil {
			return nil, refused("CommonName", "%v of the CA %.80q", err, issuer.chain[at].Subject.CommonName)
		}
	}
	cert, err := issue(rand, issuer.signer, &x509der.Template{
		Issuer:         issuer.chain[0].RawSubject,
		NotBefore:      now,
		NotAfter:       notAfter,
		Subject:        subject,
		PublicKey:      publicKey,
		KeyUsage:       x509.KeyUsageDigitalSignature,
		ExtKeyUsage:    []string{x509der.OCSPSigning},
		AuthorityKeyID: issuer.authorityKeyID,
		OCSPNoCheck:    true,
	})
	if err != nil {
		return nil, err
	}
	text := encode(cert.der)
	return &CreateOCSPResponderCertificateResponse{
		Certificate: text, CertificateChain: text + issuer.chainPEM,
		Identifier: cert.identifier, SerialNumber: cert.serialNumber, RequestId: cert.requestID,
	}, nil
}
