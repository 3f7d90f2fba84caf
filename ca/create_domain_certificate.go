package ca

import (
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateDomainCertificateRequest describes the domain-validated certificate to
// issue: what an order of package order comes to. No document has it; its fields
// are named as those of [CreateServerCertificateWithCsrRequest].
type CreateDomainCertificateRequest struct {
	// Csr is the certificate signing request, PEM from any tool, as
	// [github.com/yuncert/yuncert/csr.Parse] reads it. Only its key counts. Required.
	Csr string `json:"Csr,omitempty"`

	// Domain lists the names whose ownership was proved: up to 250 DNS names and
	// IP addresses separated by commas. Required.
	Domain string `json:"Domain,omitempty"`

	// Months is the validity in calendar months, up to 120,000. Required.
	Months int32 `json:"Months,omitempty"`

	// Immediately says what the response holds beside the identifiers: 0, the
	// default, nothing; 1 the certificate; 2 the certificate and its chain.
	Immediately int32 `json:"Immediately,omitempty"`
}

// Validate checks the request, the CSR with its signature included, without an
// issuer, and returns the first problem in the order of the fields:
// [yuncert.ErrMissingParameter] for a required one that is empty and
// [yuncert.ErrInvalidValueMalformed] for a value that breaks the rule in the
// field's comment. The CSR's key passes [algorithm.Check]; the operation applies
// the issuer's KeyPolicy instead.
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
		return l, malformed("Domain", "%.80q has no name in it", r.Domain)
	}
	l.mixed = true
	l.names = altNames{all: names, groups: [3]nameGroup{fromList: {"Domain", names}}}
	l.subject = subject{commonName: sourced{"", "Domain"}}
	// A longer name is only an alternative name (X.520: 64 characters).
	if x509der.CheckText(x509der.CommonName, names[0]) == nil {
		l.subject.given = x509der.Name{x509der.Text(x509der.CommonName, names[0])}
		l.subject.commonName.text = names[0]
	}
	if r.Months == 0 {
		return l, yuncert.Missing("Months")
	}
	if err = l.validity.check(); err != nil {
		return l, err
	}
	return l, checkImmediately(r.Immediately)
}

// CreateDomainCertificate signs a server certificate that vouches for names and
// nothing else (CA/Browser Forum, Baseline Requirements, section 7.1.2.7.2): the
// subject is the first name of Domain as the common name, empty if that is longer
// than 64 characters, and the alternative names are those of Domain. Of the CSR
// only the key counts; an issuer with an RSA key also signs ECC keys and the other
// way round, while SM2 stays among itself. An issuer with a CRLBase writes the
// address of its CRL. The rest is as [CreateServerCertificateWithCsr] has it, der
// and the errors of the issuer, the key, the validity and the name constraints
// included.
func CreateDomainCertificate(rand io.Reader, now time.Time, issuer *Issuer, req *CreateDomainCertificateRequest) (resp *CreateServerCertificateWithCsrResponse, der []byte, err error) {
	l, err := req.check(issuer.keyPolicy())
	if err != nil {
		return nil, nil, err
	}
	l.crl = issuer != nil && issuer.crlAddress != ""
	return l.issue(rand, now, issuer)
}
