package ca

import (
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateDomainCertificateRequest describes the certificate to sign.
type CreateDomainCertificateRequest struct {
	// Csr is the CSR in PEM. Only its key is used. Required.
	Csr string `json:"Csr,omitempty"`
	// Domain lists the names whose ownership was proved, DNS names and IP
	// addresses separated by commas: up to 250 besides the common name.
	// Required.
	Domain string `json:"Domain,omitempty"`
	// Months is the validity in calendar months, up to 120,000. Required.
	Months      int32 `json:"Months,omitempty"`
	Immediately int32 `json:"Immediately,omitempty"` // as in [CreateServerCertificateWithCsrRequest]
}

// Validate is like [CreateServerCertificateWithCsrRequest.Validate].
func (r *CreateDomainCertificateRequest) Validate() error {
	_, err := r.check(algorithm.KeyPolicy{})
	return err
}

// check is Validate with a policy for the CSR's key, and returns what it read.
func (r *CreateDomainCertificateRequest) check(policy algorithm.KeyPolicy) (l leaf, err error) {
	if r == nil {
		r = new(CreateDomainCertificateRequest)
	}
	l = newLeaf(true, leafParameters{validity: validity{months: r.Months}, immediately: r.Immediately})
	if err = l.readCSR(r.Csr, policy); err != nil {
		return l, err
	}
	if r.Domain == "" {
		return l, yuncert.Missing("Domain")
	}
	names, err := param.SplitNames("Domain", r.Domain)
	if err != nil {
		return l, err
	}
	if len(names) == 0 {
		return l, param.Malformed("Domain", "%.80q has no name in it", r.Domain)
	}
	l.mixed = true
	l.names = altNames{all: names, groups: [3]nameGroup{fromList: {"Domain", names}}}
	l.subject = subject{commonName: sourced{"", "Domain"}}
	// A longer name is only an alternative name (X.520: 64 characters).
	if x509der.CheckText(x509der.CommonName, names[0]) == nil {
		l.subject.given = x509der.Name{x509der.Text(x509der.CommonName, names[0])}
		l.subject.commonName.text = names[0]
	}
	err = l.checkCount("Domain")
	if err != nil {
		return l, err
	}
	if r.Months == 0 {
		return l, yuncert.Missing("Months")
	}
	if err = l.validity.check(); err != nil {
		return l, err
	}
	return l, checkImmediately(r.Immediately)
}

// CreateDomainCertificate signs a domain-validated certificate: a server
// certificate that vouches only for names (CA/Browser Forum, Baseline
// Requirements, section 7.1.2.7.2). Package order issues its orders with it.
//
// It works like [CreateServerCertificateWithCsr], with the same errors and
// three differences. The alternative names are the names in Domain; the subject
// is the first of them as the common name, or empty if that name is longer than
// 64 characters. RSA CAs may also sign for ECC keys and ECC CAs for RSA keys,
// but SM2 is not mixed with either. An issuer with a CRLBase writes its CRL's
// address.
func CreateDomainCertificate(rand io.Reader, now time.Time, issuer *Issuer, req *CreateDomainCertificateRequest) (resp *CreateServerCertificateWithCsrResponse, der []byte, err error) {
	l, err := req.check(issuer.keyPolicy())
	if err != nil {
		return nil, nil, err
	}
	l.crl = issuer != nil && issuer.crlAddress != ""
	return l.issue(rand, now, issuer)
}
