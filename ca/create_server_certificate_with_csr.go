package ca

import (
	"crypto/x509"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateServerCertificateWithCsrRequest describes the server certificate to
// issue, with the parameters of CreateServerCertificateWithCsr (Certificate
// Management Service, 2020-06-30).
type CreateServerCertificateWithCsrRequest struct {
	// Csr is the certificate signing request, PEM from any tool, as [csr.Parse]
	// reads it. Required.
	Csr string `json:"Csr,omitempty"`

	// Domain lists names beside those of the CSR: DNS names and IP addresses
	// separated by commas, up to 250 names in all. Empty means none.
	Domain string `json:"Domain,omitempty"`

	// Organization is up to 64 characters. Empty means the CSR's, and if it has
	// none "Alibaba Inc.".
	Organization string `json:"Organization,omitempty"`

	// OrganizationUnit is up to 64 characters. Empty means the CSR's, and if it
	// has none "Aliyun CDN".
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`

	// Country is two letters. Empty means the CSR's, and if it has none the
	// issuing CA's.
	Country string `json:"Country,omitempty"`

	// CommonName is up to 64 characters. It counts only when the CSR has no
	// common name.
	CommonName string `json:"CommonName,omitempty"`

	// State is the province, up to 128 characters. Empty means the CSR's, and if
	// it has none the issuing CA's.
	State string `json:"State,omitempty"`

	// Locality is the city, up to 128 characters. Empty means the CSR's, and if
	// it has none the issuing CA's.
	Locality string `json:"Locality,omitempty"`

	// Algorithm is the name of the algorithm of the CSR's key: RSA_1024,
	// RSA_2048, RSA_4096, ECC_256, ECC_384, ECC_512 or SM2_256. Empty means that
	// of the CSR's key, which may then be RSA_3072 too.
	Algorithm string `json:"Algorithm,omitempty"`

	// ParentIdentifier is the Identifier of the subordinate CA that signs.
	// Required.
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`

	// Years and Months are the validity in calendar years and months, added up
	// as [time.Time.AddDate] does: 31 January and a month is 3 March. They count
	// only when neither Days nor BeforeTime and AfterTime are set.
	Years int32 `json:"Years,omitempty"`

	// Months: see Years.
	Months int32 `json:"Months,omitempty"`

	// Days is the validity in days of 24 hours. One of Days, BeforeTime with
	// AfterTime, and Years or Months is required. When Days and both times are
	// set, the certificate begins at BeforeTime and lasts Days.
	Days int32 `json:"Days,omitempty"`

	// BeforeTime is the start of the validity in UNIX seconds. Zero means the
	// instant of the call; it is set together with AfterTime or not at all.
	BeforeTime int64 `json:"BeforeTime,omitempty"`

	// AfterTime is the end of the validity in UNIX seconds, after BeforeTime.
	AfterTime int64 `json:"AfterTime,omitempty"`

	// Immediately says what the response holds beside the identifiers: 0, the
	// default, nothing; 1 the certificate; 2 the certificate and its chain.
	Immediately int32 `json:"Immediately,omitempty"`

	// EnableCrl is 1 to put the address of the CA's CRL into the certificate,
	// for which the issuer has a CRLBase, and 0, the default, to leave it out.
	EnableCrl int64 `json:"EnableCrl,omitempty"`

	// Tags are up to 100 labels for the caller to store.
	Tags []Tag `json:"Tags,omitempty"`

	// ResourceGroupId is for the caller to store.
	ResourceGroupId string `json:"ResourceGroupId,omitempty"`
}

// A CreateServerCertificateWithCsrResponse is what
// CreateServerCertificateWithCsr returns.
type CreateServerCertificateWithCsrResponse struct {
	// X509Certificate is the certificate in PEM, with Immediately 1 and 2.
	X509Certificate string `json:"X509Certificate,omitempty"`

	// CertificateChain is the chain of CAs in PEM, with Immediately 2: the
	// issuing CA first, the root last, the server certificate not in it.
	CertificateChain string `json:"CertificateChain,omitempty"`

	// Identifier names the certificate: 32 lower-case hexadecimal digits.
	Identifier string `json:"Identifier,omitempty"`

	// SerialNumber is the serial number, 36 lower-case hexadecimal digits.
	SerialNumber string `json:"SerialNumber,omitempty"`

	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`
}

// serverAlgorithms are the values of the parameter Algorithm.
var serverAlgorithms = []string{"RSA_1024", "RSA_2048", "RSA_4096", "ECC_256", "ECC_384", "ECC_512", "SM2_256"}

// Validate checks the request, the CSR with its signature included, without an
// issuer, and returns the first problem in the order of the fields:
// [yuncert.ErrMissingParameter] for a required one that is empty,
// [yuncert.ErrInvalidParameter] for an Algorithm that is not the CSR key's and
// for a CSR that names no server when the request does not either, and
// [yuncert.ErrInvalidValueMalformed] for any other value that breaks the rule in
// the field's comment.
func (r *CreateServerCertificateWithCsrRequest) Validate() error {
	_, err := r.check()
	return err
}

// A serverRequest is a checked request.
type serverRequest struct {
	csr        *csr.Request
	csrSubject x509der.Name
	given      x509der.Name // the attributes that parameters set
	names      []string
}

// check is Validate, and returns what it read.
func (r *CreateServerCertificateWithCsrRequest) check() (*serverRequest, error) {
	if r == nil {
		r = new(CreateServerCertificateWithCsrRequest)
	}
	parsed, err := csr.Parse([]byte(r.Csr))
	if err != nil {
		return nil, err
	}
	s := &serverRequest{csr: parsed}
	if s.csrSubject, err = x509der.ParseName(parsed.RawSubject); err != nil {
		return nil, malformed("Csr", "the CSR's subject: %v", err)
	}
	domain, err := x509der.SplitNames(r.Domain)
	if err != nil {
		return nil, malformed("Domain", "%v", err)
	}
	commonName := parsed.CommonName
	if commonName == "" {
		commonName = r.CommonName
	}
	if host, ok := x509der.HostName(commonName); ok {
		s.names = append(s.names, host)
	}
	s.names = x509der.AppendNames(s.names, parsed.Names...)
	s.names = x509der.AppendNames(s.names, domain...)
	if len(s.names) > x509der.MaxNames {
		return nil, malformed("Domain", "with those of the CSR the names are more than %d", x509der.MaxNames)
	}
	if commonName == "" && len(s.names) == 0 {
		return nil, refused("Csr", "neither the CSR nor the request names a server: CommonName or Domain would")
	}
	for _, p := range []x509der.Parameter{
		{Name: "Organization", Type: x509der.Organization, Text: r.Organization},
		{Name: "OrganizationUnit", Type: x509der.OrganizationalUnit, Text: r.OrganizationUnit},
		{Name: "Country", Type: x509der.Country, Text: r.Country},
		{Name: "CommonName", Type: x509der.CommonName, Text: r.CommonName},
		{Name: "State", Type: x509der.State, Text: r.State},
		{Name: "Locality", Type: x509der.Locality, Text: r.Locality},
	} {
		if err := s.given.Add(p); err != nil {
			return nil, err
		}
	}
	if r.Algorithm != "" {
		if !slices.Contains(serverAlgorithms, r.Algorithm) {
			return nil, malformed("Algorithm", "%.40q is not one of %s", r.Algorithm, strings.Join(serverAlgorithms, ", "))
		}
		if r.Algorithm != string(parsed.Algorithm) {
			return nil, refused("Algorithm", "%s is not the algorithm of the CSR's key, which is %s", r.Algorithm, parsed.Algorithm)
		}
	}
	if r.ParentIdentifier == "" {
		return nil, yuncert.Missing("ParentIdentifier")
	}
	if err := r.checkValidity(); err != nil {
		return nil, err
	}
	if r.Immediately < 0 || r.Immediately > 2 {
		return nil, malformed("Immediately", "%d is not 0, 1 or 2", r.Immediately)
	}
	if r.EnableCrl < 0 || r.EnableCrl > 1 {
		return nil, malformed("EnableCrl", "%d is not 0 or 1", r.EnableCrl)
	}
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	return s, nil
}

// The defaults that the document gives for the subject.
const (
	defaultOrganization     = "Alibaba Inc."
	defaultOrganizationUnit = "Aliyun CDN"
)

// subject returns the certificate's subject: for each attribute the parameter,
// else the CSR's with the string type it has there, else the default. The common
// name is the CSR's, and the parameter only where the CSR has none.
func (s *serverRequest) subject(ca x509der.Name) (x509der.Name, error) {
	subject := make(x509der.Name, 0, 8)
	for _, part := range []struct {
		attributeType string
		fallback      x509der.Name
	}{
		{x509der.Country, ca.OnlyOf(x509der.Country)},
		{x509der.State, ca.OnlyOf(x509der.State)},
		{x509der.Locality, ca.OnlyOf(x509der.Locality)},
		{x509der.Organization, x509der.Name{x509der.Text(x509der.Organization, defaultOrganization)}},
		{x509der.OrganizationalUnit, x509der.Name{x509der.Text(x509der.OrganizationalUnit, defaultOrganizationUnit)}},
		{x509der.CommonName, nil},
	} {
		given, asked := s.given.OnlyOf(part.attributeType), s.csrSubject.OnlyOf(part.attributeType)
		switch {
		case len(given) > 0 && (part.attributeType != x509der.CommonName || len(asked) == 0):
			subject = append(subject, given...)
		case len(asked) > 0:
			for _, a := range asked {
				if err := x509der.CheckText(a.Type, a.String()); err != nil {
					return nil, malformed("Csr", "the CSR's subject has %.80q: %v", a, err)
				}
			}
			subject = append(subject, asked...)
		default:
			subject = append(subject, part.fallback...)
		}
	}
	return subject, nil
}

// CreateServerCertificateWithCsr signs a server certificate for the key of a
// CSR. der is the certificate itself, there whatever Immediately says, for the
// caller to store.
//
// The subject is C, ST, L, O, OU and CN as the request's fields say; other
// attributes of the CSR are left out. The alternative names are the common name
// if it is a DNS name or an IP address, the DNS names and IP addresses of the
// CSR, and Domain. The certificate is not a CA's, its key usage is
// digitalSignature, for RSA keyEncipherment too, its extended key usage
// serverAuth. Other extensions and other kinds of names that a CSR asks for
// are not copied.
//
// Errors, after those of [CreateServerCertificateWithCsrRequest.Validate]:
//
//   - [yuncert.ErrNotFound]: issuer is nil or not what ParentIdentifier names.
//   - [yuncert.ErrCertificateExpired]: the CA or one above it is not valid now.
//   - [yuncert.ErrInvalidParameter]: the issuer is a root CA, or one whose
//     extended key usages exclude serverAuth; the CSR's key is of another family
//     than the CA's, a CA's own or shorter than MinRSABits; the validity begins
//     before or ends after that of the CA and its chain; EnableCrl is 1 and the
//     issuer has no CRLBase.
//   - [yuncert.ErrInvalidValueMalformed]: an attribute that is taken from the
//     CSR breaks the rule for the parameter in its place.
//   - [yuncert.ErrInternalError]: rand or the CA's key failed.
//
// On an error both results are nil. The document allows a user 10 calls a
// second, which the embedding service enforces.
func CreateServerCertificateWithCsr(rand io.Reader, now time.Time, issuer *Issuer, req *CreateServerCertificateWithCsrRequest) (resp *CreateServerCertificateWithCsrResponse, der []byte, err error) {
	s, err := req.check()
	if err != nil {
		return nil, nil, err
	}
	if err := checkParent(issuer, req.ParentIdentifier); err != nil {
		return nil, nil, err
	}
	now = second(now)
	if err := issuer.checkNow(now); err != nil {
		return nil, nil, err
	}
	// Encoded anew: SM2 keys have several encodings, and not all clients read all.
	publicKey, err := algorithm.MarshalPublicKey(s.csr.PublicKey)
	if err != nil {
		return nil, nil, malformed("Csr", "%s", x509der.Reason(err))
	}
	if err := issuer.checkServer(s.csr.Algorithm, publicKey, req.EnableCrl == 1); err != nil {
		return nil, nil, err
	}
	notBefore, notAfter, err := req.validity(now, issuer)
	if err != nil {
		return nil, nil, err
	}
	subject, err := s.subject(issuer.subject)
	if err != nil {
		return nil, nil, err
	}
	t := &x509der.Template{
		Issuer:         issuer.chain[0].RawSubject,
		NotBefore:      notBefore,
		NotAfter:       notAfter,
		Subject:        subject,
		PublicKey:      publicKey,
		KeyUsage:       x509.KeyUsageDigitalSignature,
		ExtKeyUsage:    []string{serverAuth},
		AuthorityKeyID: issuer.keyID,
		Names:          s.names,
	}
	if s.csr.Algorithm.Family() == "RSA" { // RFC 5280, section 4.2.1.3; RFC 8813, section 3 for the others
		t.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	if req.EnableCrl == 1 {
		t.CRLAddress = issuer.crlAddress
	}
	cert, err := issue(rand, issuer.signer, t)
	if err != nil {
		return nil, nil, err
	}
	resp = &CreateServerCertificateWithCsrResponse{
		Identifier: cert.identifier, SerialNumber: cert.serialNumber, RequestId: cert.requestID,
	}
	if req.Immediately >= 1 {
		resp.X509Certificate = encode(cert.der)
	}
	if req.Immediately == 2 {
		resp.CertificateChain = issuer.chainPEM
	}
	return resp, cert.der, nil
}

// checkServer refuses what this issuer does not sign for a server: a is the
// algorithm of the CSR's key, crl says whether the address of a CRL is wanted.
func (i *Issuer) checkServer(a algorithm.Algorithm, publicKey []byte, crl bool) error {
	switch {
	case i.root():
		return refused("ParentIdentifier", "the issuer is a root CA: server certificates are issued by a subordinate CA")
	case !i.allows(x509.ExtKeyUsageServerAuth):
		return refused("ParentIdentifier", "the CA's extended key usages exclude serverAuth")
	case a.Family() != i.signer.Algorithm.Family():
		return refused("Csr", "the CSR's key is %s, which is not of the CA's family: the CA's key is %s", a, i.signer.Algorithm)
	case a.Family() == "RSA" && a.KeySize() < i.options.MinRSABits:
		return refused("Csr", "the CSR's key is %s, and the CA signs from %d bits", a, i.options.MinRSABits)
	case i.holds(publicKey):
		return refused("Csr", "the CSR's key is that of a CA")
	case crl && i.crlAddress == "":
		return refused("EnableCrl", "1 needs an issuer with a CRLBase: this one has no CRL")
	}
	return nil
}
