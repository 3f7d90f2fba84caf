package ca

import (
	"crypto/x509"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// leafParameters are the parameters that the operations for servers and clients
// share, in the order of their documents.
type leafParameters struct {
	organization, organizationUnit, country, commonName, state, locality string

	algorithm        string
	parentIdentifier string
	validity         validity
	immediately      int32
	enableCrl        int64
	tags             []Tag

	customIdentifier, aliasName, clientToken string
	asynchronous                             bool
}

// A leaf is a checked request for a certificate that is not a CA's or an OCSP
// responder's: of a server, a client or any other use.
type leaf struct {
	draft
	server     bool // a server certificate: it needs a name, and its key may be RSA_1024
	parameters leafParameters
	csrNames   []string // DNS names and IP addresses of the CSR, canonical
}

// newLeaf begins a leaf. Its methods check the parameters.
func newLeaf(server bool, p leafParameters) leaf {
	return leaf{
		server: server, parameters: p,
		draft: draft{
			parent: p.parentIdentifier, validity: p.validity, crl: p.enableCrl == 1,
			key: subjectKey{from: "Algorithm", algorithmFrom: "Algorithm"},
			subject: subject{
				inherited: leafInherited, defaulted: true,
				commonName: sourced{p.commonName, "CommonName"},
			},
			usagesFrom: "ParentIdentifier",
		},
	}
}

// leafAlgorithms are the values of the parameter Algorithm.
var leafAlgorithms = []string{"RSA_1024", "RSA_2048", "RSA_4096", "ECC_256", "ECC_384", "ECC_512", "SM2_256"}

// readCSR takes the key, the subject and the alternative names from a CSR.
func (l *leaf) readCSR(text string, policy algorithm.KeyPolicy) error {
	request, err := param.ReadCSR(text, policy)
	if err != nil {
		return err
	}
	l.key, err = keyOfCSR(request)
	if err != nil {
		return err
	}
	if !l.server && request.Algorithm == algorithm.RSA_1024 {
		return param.Refused("Csr", "the CSR's key is RSA_1024, which is accepted for server certificates only")
	}
	l.subject.asked, l.csrNames = request.Subject, request.Names
	name := request.Subject.Get(x509der.CommonName)
	if name != "" {
		l.subject.commonName = sourced{name, "Csr"}
	}
	return nil
}

// addDomain makes the names of a server: the common name if it is a DNS name or
// an IP address, the names in the CSR, and the parameter Domain.
func (l *leaf) addDomain(domain string) error {
	list, err := param.SplitNames("Domain", domain)
	if err != nil {
		return err
	}
	commonName := l.subject.commonName
	l.addHosts(len(list))
	l.names.add(fromList, "Domain", list...)
	err = l.checkCount("Domain")
	if err != nil {
		return err
	}
	switch {
	case l.names.total() > 0 || !l.hasCSR():
		return nil
	case commonName.text == "":
		return param.Refused("Csr", "the CSR has no common name, DNS name or IP address, and the request has no name: set CommonName or Domain")
	case commonName.parameter == "Csr":
		return param.Refused("Csr", "%s", noHost(commonName.text))
	}
	return nil // check refuses CommonName
}

// addHosts adds the common name, if it is a DNS name or an IP address, and the
// names of the CSR. It leaves room for more.
func (l *leaf) addHosts(room int) {
	l.names.all = make([]string, 0, 1+len(l.csrNames)+room)
	commonName := l.subject.commonName
	if host, ok := x509der.HostName(commonName.text); ok {
		l.names.add(fromCommonName, commonName.parameter, host)
	}
	l.names.add(fromCSR, "Csr", l.csrNames...)
}

// checkCount limits the number of names, after the names of the parameter were
// added.
func (l *leaf) checkCount(parameter string) error {
	err := x509der.CheckCount(l.subject.commonName.text, l.names.all, len(l.names.emails)+len(l.names.uris))
	if err != nil {
		return param.Malformed(parameter, "%v", err)
	}
	return nil
}

// hasCSR reports whether the key comes from a CSR.
func (l *leaf) hasCSR() bool { return l.key.der != nil }

// noHost returns the message for a common name of a server that has no other
// name.
func noHost(commonName string) string {
	_, err := x509der.CanonicalName(commonName)
	if err == nil { // a name of one label in another script
		err = fmt.Errorf("%.80q is not a DNS name with a dot", commonName)
	}
	return fmt.Sprintf("the common name: %v. There is no other name for clients to find the server by: set Domain", err)
}

// check checks the parameters that follow Csr and Domain, in the order of the
// documents. Without a CSR the common name and the algorithm are required.
func (l *leaf) check() error {
	p := &l.parameters
	for _, part := range []param.Attribute{
		{Name: "Organization", Type: x509der.Organization, Text: p.organization},
		{Name: "OrganizationUnit", Type: x509der.OrganizationalUnit, Text: p.organizationUnit},
		{Name: "Country", Type: x509der.Country, Text: p.country},
		{Name: "CommonName", Type: x509der.CommonName, Text: p.commonName, Required: !l.hasCSR()},
		{Name: "State", Type: x509der.State, Text: p.state},
		{Name: "Locality", Type: x509der.Locality, Text: p.locality},
	} {
		if err := part.AddTo(&l.subject.given); err != nil {
			return err
		}
		if part.Type == x509der.CommonName && l.server && l.names.total() == 0 {
			return param.Malformed("CommonName", "%s", noHost(p.commonName))
		}
	}
	if err := l.checkAlgorithm(); err != nil {
		return err
	}
	if p.parentIdentifier == "" {
		return yuncert.Missing("ParentIdentifier")
	}
	if err := p.validity.check(); err != nil {
		return err
	}
	if err := l.checkLast(); err != nil {
		return err
	}
	if err := param.CheckLabel("CustomIdentifier", p.customIdentifier); err != nil {
		return err
	}
	if err := param.CheckLabel("AliasName", p.aliasName); err != nil {
		return err
	}
	return checkClientToken(p.clientToken)
}

// checkLast checks Immediately, EnableCrl and Tags, the last parameters that all
// operations share.
func (l *leaf) checkLast() error {
	p := &l.parameters
	if err := checkImmediately(p.immediately); err != nil {
		return err
	}
	if p.enableCrl < 0 || p.enableCrl > 1 {
		return param.Malformed("EnableCrl", "%d is not 0 or 1", p.enableCrl)
	}
	return param.CheckTags(len(p.tags))
}

// checkAlgorithm compares the parameter Algorithm with the CSR's key. Without a
// CSR it says what key to generate.
func (l *leaf) checkAlgorithm() error {
	name, withCSR := l.parameters.algorithm, l.hasCSR()
	switch {
	case name == "" && !withCSR:
		return yuncert.Missing("Algorithm")
	case name == "":
		return nil
	case !slices.Contains(leafAlgorithms, name):
		accepted := leafAlgorithms
		if !withCSR || !l.server {
			accepted = accepted[1:] // RSA_1024 is refused
		}
		return param.Malformed("Algorithm", "%.40q is not one of %s", name, strings.Join(accepted, ", "))
	case withCSR && name != string(l.key.algorithm):
		return param.Refused("Algorithm", "%s is not the algorithm of the CSR's key, which is %s", name, l.key.algorithm)
	case !withCSR && name == string(algorithm.RSA_1024):
		return param.Refused("Algorithm", "RSA_1024 is too weak for a new key; want RSA_2048 or longer")
	}
	l.key.algorithm = algorithm.Algorithm(name)
	return nil
}

// leafInherited are the attributes that the CA's subject supplies where neither
// the request nor the CSR has them.
var leafInherited = []string{x509der.Country, x509der.State, x509der.Locality}

var (
	serverUsages = []string{x509der.ServerAuth}
	clientUsages = []string{x509der.ClientAuth}
)

// template sets the usages and returns what the certificate says.
func (l *leaf) template(now time.Time, issuer *Issuer) (x509der.Template, error) {
	l.keyUsage, l.usages = x509.KeyUsageDigitalSignature, clientUsages
	if l.server {
		l.usages = serverUsages
		// RFC 5280, section 4.2.1.12, names keyEncipherment for serverAuth and
		// not for clientAuth; RFC 8813, section 3, forbids it for EC keys.
		if l.key.algorithm.Family() == "RSA" {
			l.keyUsage |= x509.KeyUsageKeyEncipherment
		}
	}
	return issuer.template(now, &l.draft)
}

// issue signs the certificate for the key of a CSR.
func (l *leaf) issue(rand io.Reader, now time.Time, issuer *Issuer) (resp *CreateServerCertificateWithCsrResponse, der []byte, err error) {
	t, err := l.template(now, issuer)
	if err != nil {
		return nil, nil, err
	}
	return l.sign(rand, issuer, &t)
}

// issueWithKey generates the key after all other checks and signs the
// certificate.
func (l *leaf) issueWithKey(rand io.Reader, now time.Time, issuer *Issuer) (*CreateServerCertificateWithCsrResponse, *algorithm.PrivateKey, []byte, error) {
	t, err := l.template(now, issuer)
	if err != nil {
		return nil, nil, nil, err
	}
	key, err := algorithm.GenerateKey(l.key.algorithm)
	if err != nil {
		return nil, nil, nil, err
	}
	t.PublicKey, err = algorithm.MarshalPublicKey(key.Public())
	if err != nil {
		return nil, nil, nil, err
	}
	resp, der, err := l.sign(rand, issuer, &t)
	if err != nil {
		return nil, nil, nil, err
	}
	return resp, key, der, nil
}

// sign signs a certificate and makes the response of it.
func (l *leaf) sign(rand io.Reader, issuer *Issuer, t *x509der.Template) (resp *CreateServerCertificateWithCsrResponse, der []byte, err error) {
	cert, err := issue(rand, issuer.signer, t)
	if err != nil {
		return nil, nil, err
	}
	resp = &CreateServerCertificateWithCsrResponse{Identifier: cert.identifier, RequestId: cert.requestID}
	if l.parameters.asynchronous {
		return resp, cert.der, nil
	}
	resp.SerialNumber = cert.serialNumber
	if l.parameters.immediately >= 1 {
		resp.X509Certificate = encode(cert.der)
	}
	if l.parameters.immediately == 2 {
		resp.CertificateChain = issuer.chainPEM
	}
	return resp, cert.der, nil
}
