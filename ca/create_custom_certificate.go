package ca

import (
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
)

// A CreateCustomCertificateRequest describes the certificate to sign. Fields
// without a comment are as in [CreateServerCertificateWithCsrRequest].
type CreateCustomCertificateRequest struct {
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`
	// Csr is the certificate signing request in PEM. RSA_1024 keys are refused.
	// Required.
	Csr string `json:"Csr,omitempty"`
	// Validity is a length from now in calendar years, months or days, such as
	// "1y", "3m" or "7d", up to 10,000 years; or the end in UTC, such as
	// "2030-01-31T00:00:00Z"; or the start, a slash and the end. Required.
	Validity string `json:"Validity,omitempty"`
	// ApiPassthrough is what the certificate says. It must have a key usage or an
	// extended key usage.
	ApiPassthrough  CustomPassthrough `json:"ApiPassthrough,omitzero"`
	Immediately     int32             `json:"Immediately,omitempty"`
	EnableCrl       int64             `json:"EnableCrl,omitempty"`
	Tags            []Tag             `json:"Tags,omitempty"`
	ResourceGroupId string            `json:"ResourceGroupId,omitempty"`
	// CustomIdentifier is as in [CreateServerCertificateWithCsrRequest]. The document
	// of this operation writes its first letter in lower case.
	CustomIdentifier string `json:"customIdentifier,omitempty"`
}

// A CustomPassthrough is what a custom certificate says.
type CustomPassthrough struct {
	// Subject replaces the whole subject of the CSR. Nil keeps the CSR's.
	Subject    *CustomSubject   `json:"Subject,omitempty"`
	Extensions CustomExtensions `json:"Extensions,omitzero"`
	// SerialNumber is a positive decimal number below 2^159 (RFC 5280, section
	// 4.1.2.2). You make sure that the CA never uses it again. If empty, 18
	// octets are drawn from rand.
	SerialNumber string `json:"SerialNumber,omitempty"`
}

// A CreateCustomCertificateResponse holds the new certificate.
type CreateCustomCertificateResponse struct {
	// Identifier and SerialNumber are always set, although the document has the
	// SerialNumber only with Immediately 1 and 2.
	Identifier string `json:"Identifier,omitempty"`
	// Certificate is in PEM, with Immediately 1 and 2. With 2, CertificateChain
	// has the CAs in PEM, the issuing CA first and the root last.
	Certificate      string `json:"Certificate,omitempty"`
	SerialNumber     string `json:"SerialNumber,omitempty"`
	CertificateChain string `json:"CertificateChain,omitempty"`
	RequestId        string `json:"RequestId,omitempty"`
}

// Validate is like [CreateServerCertificateWithCsrRequest.Validate].
// [yuncert.ErrMissingParameter] is also for a request without any key usage and
// extended key usage. [yuncert.ErrInvalidParameter] is for an RSA_1024 key, for an
// attribute that is set twice, for OCSPSigning and usages that do not suit the
// key or each other, for serverAuth without a name, for an extension in Criticals
// that is absent or not critical in RFC 5280, and for a certificate with neither
// a subject nor an alternative name.
func (r *CreateCustomCertificateRequest) Validate() error {
	_, err := r.check(algorithm.KeyPolicy{})
	return err
}

// check is Validate with a policy for the CSR's key, and returns what it read.
func (r *CreateCustomCertificateRequest) check(policy algorithm.KeyPolicy) (l leaf, err error) {
	if r == nil {
		r = new(CreateCustomCertificateRequest)
	}
	l = newLeaf(false, leafParameters{
		parentIdentifier: r.ParentIdentifier, immediately: r.Immediately, enableCrl: r.EnableCrl, tags: r.Tags,
	})
	if r.ParentIdentifier == "" {
		return l, yuncert.Missing("ParentIdentifier")
	}
	if err = l.readCSR(r.Csr, policy); err != nil {
		return l, err
	}
	if l.validity, err = parseValidity(r.Validity); err != nil {
		return l, err
	}
	p := &r.ApiPassthrough
	if err = l.setSubject(p.Subject); err != nil {
		return l, err
	}
	if err = l.setExtensions(&p.Extensions); err != nil {
		return l, err
	}
	if l.serial, err = parseDecimalSerial(p.SerialNumber); err != nil {
		return l, err
	}
	if err = l.checkLast(); err != nil {
		return l, err
	}
	return l, param.CheckLabel("customIdentifier", r.CustomIdentifier)
}

// maxSerialDigits is the number of decimal digits of 2^159.
const maxSerialDigits = 48

// parseDecimalSerial reads the parameter SerialNumber: nil if it is empty. An
// INTEGER of 20 octets is below 2^159 (RFC 5280, section 4.1.2.2).
func parseDecimalSerial(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	serial := new(big.Int)
	ok := len(text) <= maxSerialDigits && strings.Trim(text, "0123456789") == ""
	if ok {
		serial.SetString(text, 10)
	}
	if !ok || serial.Sign() == 0 || serial.BitLen() > 159 {
		return nil, param.Malformed(passedSerial, "%.80q is not a decimal number from 1 to 2^159-1", text)
	}
	return serial.Bytes(), nil
}

// CreateCustomCertificate signs a certificate for a CSR's key with a subject and
// extensions of your choice: for servers that are clients too, for code signing,
// mail or time stamps, for devices. It never signs a CA's certificate. der is the
// certificate itself, for every value of Immediately: store it.
//
// Without a Subject the certificate has the CSR's, all its attributes (up to 32)
// in their order, with the string types of [CreateServerCertificateWithCsr]. No
// attribute has a default. Nobody has checked what the CSR says: decide whether
// the applicant may have that subject, or set one. The extensions of the CSR are
// not copied, except for the names in [CustomExtensions].
//
// Alternative names are written as DNS names and IP addresses, then e-mail
// addresses, then URIs. The CA's name constraints apply to all of them, to the
// common name and to e-mail addresses in the subject, and its extended key
// usages to ExtendedKeyUsages.
//
// It has the errors of [CreateServerCertificateWithCsr] for the issuer, the
// validity and EnableCrl.
func CreateCustomCertificate(rand io.Reader, now time.Time, issuer *Issuer, req *CreateCustomCertificateRequest) (resp *CreateCustomCertificateResponse, der []byte, err error) {
	l, err := req.check(issuer.keyPolicy())
	if err != nil {
		return nil, nil, err
	}
	t, err := issuer.template(now, &l.draft)
	if err != nil {
		return nil, nil, err
	}
	cert, der, err := l.sign(rand, issuer, &t)
	if err != nil {
		return nil, nil, err
	}
	return &CreateCustomCertificateResponse{
		Identifier: cert.Identifier, Certificate: cert.X509Certificate, SerialNumber: cert.SerialNumber,
		CertificateChain: cert.CertificateChain, RequestId: cert.RequestId,
	}, der, nil
}
