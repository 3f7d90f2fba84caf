package ca

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateEncryptCertificateRequest describes the certificate to sign.
type CreateEncryptCertificateRequest struct {
	// SignCert is the signing certificate of the pair in PEM, with up to 1 MiB: an
	// SM2 certificate with the key usage digitalSignature that the issuer signed
	// for a server or a client. Required.
	SignCert string `json:"SignCert,omitempty"`
}

// A CreateEncryptCertificateResponse holds the new certificate.
type CreateEncryptCertificateResponse struct {
	// Certificate is in PEM, and CertificateChain has the CAs in PEM, the root
	// last.
	Certificate      string `json:"Certificate,omitempty"`
	CertificateChain string `json:"CertificateChain,omitempty"`
	Identifier       string `json:"Identifier,omitempty"`
	SerialNumber     string `json:"SerialNumber,omitempty"`
	RequestId        string `json:"RequestId,omitempty"`
}

// Validate checks SignCert, except for what depends on the issuer and the time:
// the signature, the validity, revocation, and whether the CA excludes a name or a
// usage.
func (r *CreateEncryptCertificateRequest) Validate() error {
	_, _, err := r.check(algorithm.KeyPolicy{})
	return err
}

// maxSignCert is the largest number of octets in SignCert. It has room for every
// certificate that this package issues.
const maxSignCert = 1 << 20

// check is Validate with a policy for the key of SignCert, which it returns too.
func (r *CreateEncryptCertificateRequest) check(policy algorithm.KeyPolicy) (*draft, *x509.Certificate, error) {
	if r == nil {
		r = new(CreateEncryptCertificateRequest)
	}
	if r.SignCert == "" {
		return nil, nil, yuncert.Missing("SignCert")
	}
	if len(r.SignCert) > maxSignCert {
		return nil, nil, param.Malformed("SignCert", "the text has %d octets; up to %d are accepted", len(r.SignCert), maxSignCert)
	}
	list, err := param.ParseCertificates("SignCert", r.SignCert, maxChain)
	if err != nil {
		return nil, nil, err
	}
	if len(list) > 1 {
		return nil, nil, param.Malformed("SignCert", "there are %d certificates; want only the signing certificate, without its chain", len(list))
	}
	cert := list[0]
	if err := checkSigning(cert); err != nil {
		return nil, nil, refusedSignCert(cert, err)
	}
	if err := checkCertificate(cert, policy); err != nil {
		return nil, nil, refusedSignCert(cert, err)
	}
	d := &draft{
		key: subjectKey{algorithm: algorithm.SM2_256},
		validity: validity{
			beforeTime: cert.NotBefore.Unix(), afterTime: cert.NotAfter.Unix(),
			parameter: "SignCert",
		},
		keyUsage:   encryptKeyUsage,
		usagesFrom: "SignCert",
	}
	if err := d.copySubject(cert); err != nil {
		return nil, nil, refusedSignCert(cert, err)
	}
	return d, cert, nil
}

// refusedSignCert is the error for a certificate that cannot be the first of a
// pair. err completes a sentence that begins with the name of the certificate.
func refusedSignCert(cert *x509.Certificate, err error) error {
	return param.Refused("SignCert", "%s %v", label(cert), err)
}

// encryptKeyUsage is the key usage of an encryption certificate (GM/T 0015).
const encryptKeyUsage = x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment | x509.KeyUsageKeyAgreement

// checkSigning reports why a certificate is not a signing certificate of SM2.
func checkSigning(cert *x509.Certificate) error {
	a, err := algorithm.Of(cert.PublicKey)
	switch {
	case err != nil:
		return err
	case a != algorithm.SM2_256:
		return fmt.Errorf("has the algorithm %s; only SM2 certificates have a second one for encryption", a)
	case cert.IsCA:
		return errors.New("is a CA's; want the certificate of a server or a client")
	case cert.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return errors.New("is not for signing: its key usage lacks digitalSignature (GM/T 0015)")
	}
	return nil
}

// copySubject copies from a signing certificate what says who its subject is and
// what for: the subject, the alternative names and the extended key usages. Its
// error completes a sentence that begins with the name of the certificate.
func (d *draft) copySubject(cert *x509.Certificate) error {
	err := x509der.CheckKeptName(cert.RawSubject)
	if err != nil {
		return fmt.Errorf("has a subject that cannot be copied: %v", err)
	}
	name, err := x509der.ParseName(cert.RawSubject)
	if err != nil {
		return err // CheckKeptName has parsed it
	}
	// OpenSSL looks for a host in each common name; the constraints of the CA are
	// compared with one. A CSR has one too.
	if count := name.Count(x509der.CommonName); count > 1 {
		return fmt.Errorf("has %d common names; one is accepted", count)
	}
	commonName := name.Get(x509der.CommonName)
	d.subject = subject{whole: name, raw: cert.RawSubject, commonName: sourced{commonName, "SignCert"}}

	err = d.copyNames(cert)
	if err == nil {
		err = x509der.CheckCount(commonName, d.names.all, len(d.names.emails)+len(d.names.uris))
	}
	if err != nil {
		return fmt.Errorf("has names that cannot be copied: %v", err)
	}

	if len(name) == 0 && d.rawNames == nil {
		return errors.New("has neither a subject nor an alternative name (RFC 5280, section 4.1.2.6)")
	}

	d.usages, d.usagesCritical = x509der.ExtKeyUsages(cert)
	for _, usage := range d.usages {
		suitable, known := suitableKeyUsages[usage]
		if usage == x509der.OCSPSigning || known && suitable&encryptKeyUsage == 0 {
			return fmt.Errorf("has the extended key usage %s, for which a key must sign and not encrypt (RFC 5280, section 4.2.1.12)", usageName(usage))
		}
	}
	return nil
}

// copyNames copies the alternative names octet by octet, and reads them for the
// checks against name constraints.
func (d *draft) copyNames(cert *x509.Certificate) error {
	hosts, extension, err := x509der.AltNames(cert)
	if err != nil {
		return err
	}
	names := typedNames{hosts: hosts}
	for _, mailbox := range cert.EmailAddresses {
		if err := names.add(sanEmail, mailbox); err != nil {
			return err
		}
	}
	for _, uri := range cert.URIs {
		if err := names.add(sanURI, uri.String()); err != nil {
			return err
		}
	}
	d.names.addTyped("SignCert", &names)
	d.rawNames = extension
	return nil
}

// checkIssued refuses a SignCert that the CA did not sign.
func (i *Issuer) checkIssued(cert *x509.Certificate) error {
	own := i.chain[0]
	if !x509der.SameName(cert.RawIssuer, own.RawSubject) {
		return refusedSignCert(cert, fmt.Errorf("is issued by %s; the pair of a certificate comes from the CA that issued it", printed(cert.RawIssuer, cert.Issuer)))
	}
	if err := x509der.CheckSignature(cert, own); err != nil {
		return refusedSignCert(cert, fmt.Errorf("is not signed by the key of the CA: %v", err))
	}
	return nil
}

// checkGood refuses a SignCert that is not good in the CA's records.
func checkGood(now time.Time, cert *x509.Certificate, lookup func(serialNumber string) (OCSPAnswer, error)) error {
	answer, err := lookUp(lookup, x509der.SerialOctets(cert))
	if err != nil {
		return err
	}
	single, err := answer.check(second(now))
	switch {
	case err != nil:
		return err
	case single.Status == x509der.OCSPRevoked:
		return errRevoked("SignCert", cert, answer.RevocationTime, answer.Reason)
	case single.Status != x509der.OCSPGood:
		return refusedSignCert(cert, errors.New("is not in the CA's records, so nobody could revoke it; add it to them first"))
	}
	return nil
}

// CreateEncryptCertificate signs the encryption certificate of an SM2 server or
// client, the second certificate that TLCP (GB/T 38636) needs. pub is the encryption
// key, an SM2 key other than the one in SignCert. The applicant, the CA or a key
// management centre may have made it: nothing proves here that the applicant has its
// private half. der is the certificate itself: store it.
//
// The subject, the alternative names and the extended key usages are copied from
// SignCert octet by octet. The validity is copied too, but the certificate does not
// begin before the CA and its chain. The key usage is keyEncipherment,
// dataEncipherment and keyAgreement (GM/T 0015). An issuer with a CRLBase writes its
// CRL's address, even if SignCert has none. Other extensions of SignCert, such as
// certificate policies, are not copied.
//
// The alternative names can be DNS names, IP addresses, e-mail addresses and URIs,
// in the forms and up to the number that [CreateCustomCertificate] accepts. The
// subject has up to 4096 octets. Verify with [VerifyOptions].Pair checks the two
// certificates together.
//
// lookup is as in [RespondOCSP], and is called once, with the serial number of
// SignCert. Status of package inventory returns one. SignCert must be OCSPGood. Pass nil
// if you know that SignCert is not revoked, for example because you have just issued it,
// or because [Verify] has checked it with RevocationLists.
//
// Its own errors are [yuncert.ErrInvalidStatusUpdateProtection] for a SignCert that is
// revoked or on hold, [yuncert.ErrInternalError] if lookup fails, the codes of Validate
// for an OCSPAnswer that breaks the rule in a field's comment, and
// [yuncert.ErrInvalidParameter] for a SignCert that
//
//   - this CA did not sign, that has expired, or that lookup does not know;
//   - is a CA's, has a key that is not SM2, or lacks digitalSignature;
//   - has an unknown critical extension, other names, a longer subject or a second
//     common name, or neither a subject nor an alternative name;
//   - has an extended key usage that needs a signature: codeSigning, timeStamping,
//     OCSPSigning;
//   - ends after the CA and its chain, or has names or usages that they exclude;
//
// and for a pub that is not SM2, or is the key in SignCert.
func CreateEncryptCertificate(rand io.Reader, now time.Time, issuer *Issuer, pub crypto.PublicKey, req *CreateEncryptCertificateRequest,
	lookup func(serialNumber string) (OCSPAnswer, error)) (resp *CreateEncryptCertificateResponse, der []byte, err error) {
	d, signCert, err := req.check(issuer.keyPolicy())
	if err != nil {
		return nil, nil, err
	}
	if err := checkParent(issuer, ""); err != nil {
		return nil, nil, err
	}
	if err := issuer.checkIssued(signCert); err != nil {
		return nil, nil, err
	}
	d.crl = issuer.crlAddress != ""
	// A renewed CA begins after the certificates that it issued before.
	d.validity.beforeTime = max(d.validity.beforeTime, issuer.notBefore.Unix())
	d.key.argument, d.key.owner = pub, "the applicant"
	t, err := issuer.template(now, d)
	if err != nil {
		return nil, nil, err
	}
	signKey, err := algorithm.MarshalPublicKey(signCert.PublicKey)
	if err != nil {
		return nil, nil, err
	}
	if bytes.Equal(t.PublicKey, signKey) {
		return nil, nil, param.Refused("", "the key is the one in SignCert; generate another key for encryption")
	}
	if lookup != nil {
		if err := checkGood(now, signCert, lookup); err != nil {
			return nil, nil, err
		}
	}
	cert, err := issue(rand, issuer.signer, &t)
	if err != nil {
		return nil, nil, err
	}
	return &CreateEncryptCertificateResponse{
		Certificate: encode(cert.der), CertificateChain: issuer.chainPEM,
		Identifier: cert.identifier, SerialNumber: cert.serialNumber, RequestId: cert.requestID,
	}, cert.der, nil
}
