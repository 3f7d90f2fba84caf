package ca

import (
	"crypto/x509"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// leafParameters are the parameters that the operations issuing for servers and
// clients share, in the order of their documents.
type leafParameters struct {
	organization, organizationUnit, country, commonName, state, locality string

	algorithm        string
	parentIdentifier string
	validity         validity
	immediately      int32
	enableCrl        int64
	tags             []Tag
}

// A leaf is a checked request for the certificate of a server or client.
type leaf struct {
	parameters leafParameters
	algorithm  algorithm.Algorithm // of the key
	publicKey  []byte              // DER; not set before the key is made
	asked      x509der.Name        // the subject of the CSR; empty without one
	given      x509der.Name        // the attributes that parameters set
	domainOnly bool                // given is the whole subject
	names      []string            // DNS names and IP addresses, canonical
	others     int                 // how many of names are not from the list parameter
	list       string              // that parameter: Domain or SanValue
	emails     []string
	uris       []*url.URL
	usage      x509.ExtKeyUsage
}

// leafAlgorithms are the values of the parameter Algorithm.
var leafAlgorithms = []string{"RSA_1024", "RSA_2048", "RSA_4096", "ECC_256", "ECC_384", "ECC_512", "SM2_256"}

// readCSR takes key, subject and alternative names from a CSR.
func (l *leaf) readCSR(text string, policy algorithm.KeyPolicy) error {
	request, err := param.ReadCSR(text, policy)
	if err != nil {
		return err
	}
	l.publicKey, err = request.PublicKeyInfo()
	if err != nil {
		return param.Wrap(err, yuncert.ErrInvalidValueMalformed, "Csr", "")
	}
	l.asked, l.algorithm = request.Subject, request.Algorithm
	l.names, l.others = request.Names, len(request.Names)
	return nil
}

// commonName is the CSR's, and the parameter where there is none.
func (l *leaf) commonName() string {
	if l.domainOnly {
		return l.given.Get(x509der.CommonName)
	}
	if name := l.asked.Get(x509der.CommonName); name != "" {
		return name
	}
	return l.parameters.commonName
}

// commonNameParameter is the parameter that the common name comes from.
func (l *leaf) commonNameParameter() string {
	switch {
	case l.domainOnly:
		return l.list
	case l.asked.Get(x509der.CommonName) != "":
		return "Csr"
	}
	return "CommonName"
}

// addDomain puts the common name in front of the names, if it is a DNS name or
// an IP address, and the parameter Domain behind them.
func (l *leaf) addDomain(domain string) error {
	l.list = "Domain"
	more, err := param.SplitNames(l.list, domain)
	if err != nil {
		return err
	}
	names := make([]string, 0, 1+len(l.names)+len(more))
	if host, ok := x509der.HostName(l.commonName()); ok {
		names = append(names, host)
	}
	names = x509der.AppendNames(names, l.names...)
	if l.others = len(names); l.others > x509der.MaxNames {
		return malformed(l.commonNameParameter(), "the common name and the CSR's names are more than %d", x509der.MaxNames)
	}
	l.names = x509der.AppendNames(names, more...)
	if len(l.names) > x509der.MaxNames {
		return malformed(l.list, "the names are more than %d in all", x509der.MaxNames)
	}
	if len(l.names) == 0 && l.publicKey != nil {
		if name := l.asked.Get(x509der.CommonName); name != "" {
			return refused("Csr", noHost, name)
		}
		if l.parameters.commonName == "" {
			return refused("Csr", "neither the CSR nor the request names a server: CommonName or Domain would")
		}
	}
	return nil
}

// noHost is the message for a common name beside which no server is named.
const noHost = "the common name %.80q is no DNS name and no IP address, and there is no other name: no client would accept the certificate for a server. Domain can name one"

// check checks the parameters from the subject on, in the order of the
// documents. Without a CSR the common name and the algorithm are required.
func (l *leaf) check() error {
	p, withCSR := &l.parameters, l.publicKey != nil
	for _, part := range []param.Attribute{
		{Name: "Organization", Type: x509der.Organization, Text: p.organization},
		{Name: "OrganizationUnit", Type: x509der.OrganizationalUnit, Text: p.organizationUnit},
		{Name: "Country", Type: x509der.Country, Text: p.country},
		{Name: "CommonName", Type: x509der.CommonName, Text: p.commonName, Required: !withCSR},
		{Name: "State", Type: x509der.State, Text: p.state},
		{Name: "Locality", Type: x509der.Locality, Text: p.locality},
	} {
		if err := part.AddTo(&l.given); err != nil {
			return err
		}
		if part.Type == x509der.CommonName && l.list == "Domain" && len(l.names) == 0 {
			return malformed("CommonName", noHost, p.commonName)
		}
	}
	if err := l.checkAlgorithm(withCSR); err != nil {
		return err
	}
	if p.parentIdentifier == "" {
		return yuncert.Missing("ParentIdentifier")
	}
	if err := p.validity.check(); err != nil {
		return err
	}
	if err := checkImmediately(p.immediately); err != nil {
		return err
	}
	if p.enableCrl < 0 || p.enableCrl > 1 {
		return malformed("EnableCrl", "%d is not 0 or 1", p.enableCrl)
	}
	return checkTags(p.tags)
}

func checkImmediately(n int32) error {
	if n < 0 || n > 2 {
		return malformed("Immediately", "%d is not 0, 1 or 2", n)
	}
	return nil
}

// checkAlgorithm holds the parameter Algorithm to the CSR's key, or takes the
// algorithm of the key to make from it.
func (l *leaf) checkAlgorithm(withCSR bool) error {
	name := l.parameters.algorithm
	switch {
	case name == "" && !withCSR:
		return yuncert.Missing("Algorithm")
	case name == "":
		return nil
	case !slices.Contains(leafAlgorithms, name):
		accepted := leafAlgorithms
		if !withCSR || l.usage == x509.ExtKeyUsageClientAuth {
			accepted = accepted[1:] // without RSA_1024, which is refused below or has been
		}
		return malformed("Algorithm", "%.40q is not one of %s", name, strings.Join(accepted, ", "))
	case withCSR && name != string(l.algorithm):
		return refused("Algorithm", "%s is not the algorithm of the CSR's key, which is %s", name, l.algorithm)
	case !withCSR && name == string(algorithm.RSA_1024):
		return refused("Algorithm", "RSA_1024 is too weak for a new key: RSA_2048 and longer are accepted")
	}
	l.algorithm = algorithm.Algorithm(name)
	return nil
}

// defaultSubject is what the documents give for attributes that neither the
// request nor the CSR has.
var defaultSubject = x509der.Name{
	x509der.Text(x509der.Organization, "Alibaba Inc."),
	x509der.Text(x509der.OrganizationalUnit, "Aliyun CDN"),
}

// subject returns the certificate's subject: given alone, or for each attribute the parameter,
// else the CSR's with the string type it has there, else the default. The common
// name is the CSR's, and the parameter only where the CSR has none.
func (l *leaf) subject(ca x509der.Name) (x509der.Name, error) {
	if l.domainOnly {
		return l.given, nil
	}
	subject := make(x509der.Name, 0, 6)
	for _, part := range []struct {
		name, attributeType string
		limit               int // of attributes that are taken from a CSR
		fallback            x509der.Name
	}{
		{"C", x509der.Country, 1, ca},
		{"ST", x509der.State, 1, ca},
		{"L", x509der.Locality, 1, ca},
		{"O", x509der.Organization, 1, defaultSubject},
		{"OU", x509der.OrganizationalUnit, 8, defaultSubject},
		{"CN", x509der.CommonName, 1, nil},
	} {
		asked := l.asked.Count(part.attributeType)
		switch {
		case l.given.Count(part.attributeType) > 0 && (part.attributeType != x509der.CommonName || asked == 0):
			subject = subject.AppendOnly(l.given, part.attributeType)
		case asked > part.limit:
			return nil, malformed("Csr", "the CSR's subject has %d attributes %s: %d is the most", asked, part.name, part.limit)
		case asked > 0:
			for _, a := range l.asked {
				if a.Type != part.attributeType {
					continue
				}
				if err := x509der.CheckText(a.Type, a.String()); err != nil {
					return nil, malformed("Csr", "the CSR's subject has %.80q: %v", a, err)
				}
				subject = append(subject, a.Certified())
			}
		default:
			subject = subject.AppendOnly(part.fallback, part.attributeType)
		}
	}
	return subject, nil
}

// under holds a leaf to its issuer at an instant and returns what the certificate
// says beside serial number and key: all is checked but the key that is still to
// be made.
func (l *leaf) under(issuer *Issuer, now time.Time) (t x509der.Template, err error) {
	if err := checkParent(issuer, l.parameters.parentIdentifier); err != nil {
		return t, err
	}
	now = second(now)
	if err := issuer.checkNow(now); err != nil {
		return t, err
	}
	if err := issuer.checkLeaf(l); err != nil {
		return t, err
	}
	notBefore, notAfter, err := l.parameters.validity.within(now, issuer)
	if err != nil {
		return t, err
	}
	subject, err := l.subject(issuer.subjects[0])
	if err != nil {
		return t, err
	}
	if issuer.isNamed(subject) {
		return t, refused(l.commonNameParameter(), "the subject is a CA's own: the certificate would pass for one that the CA issued to itself")
	}
	if err := issuer.checkConstraints(l); err != nil {
		return t, err
	}
	t = x509der.Template{
		Issuer:         issuer.chain[0].RawSubject,
		NotBefore:      notBefore,
		NotAfter:       notAfter,
		Subject:        subject,
		KeyUsage:       x509.KeyUsageDigitalSignature,
		ExtKeyUsage:    leafUsages[l.usage].oids,
		AuthorityKeyID: issuer.authorityKeyID,
		Names:          l.names,
		Emails:         l.emails,
		URIs:           l.uris,
	}
	// RFC 5280, section 4.2.1.12, names keyEncipherment for serverAuth and not for
	// clientAuth; RFC 8813, section 3, keeps it from EC keys.
	if l.algorithm.Family() == "RSA" && l.usage == x509.ExtKeyUsageServerAuth {
		t.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	if l.parameters.enableCrl == 1 {
		t.CRLPoints = issuer.crlPoints
	}
	return t, nil
}

// sign issues the certificate, for the key of the CSR or the one made since.
func (l *leaf) sign(rand io.Reader, issuer *Issuer, t *x509der.Template) (resp *CreateServerCertificateWithCsrResponse, der []byte, err error) {
	t.PublicKey = l.publicKey
	cert, err := issue(rand, issuer.signer, t)
	if err != nil {
		return nil, nil, err
	}
	resp = &CreateServerCertificateWithCsrResponse{
		Identifier: cert.identifier, SerialNumber: cert.serialNumber, RequestId: cert.requestID,
	}
	if l.parameters.immediately >= 1 {
		resp.X509Certificate = encode(cert.der)
	}
	if l.parameters.immediately == 2 {
		resp.CertificateChain = issuer.chainPEM
	}
	return resp, cert.der, nil
}

// issue is under and sign for a leaf whose key is a CSR's.
func (l *leaf) issue(rand io.Reader, now time.Time, issuer *Issuer) (*CreateServerCertificateWithCsrResponse, []byte, error) {
	t, err := l.under(issuer, now)
	if err != nil {
		return nil, nil, err
	}
	return l.sign(rand, issuer, &t)
}

// issueWithKey makes the key once nothing else can be refused.
func (l *leaf) issueWithKey(rand io.Reader, now time.Time, issuer *Issuer) (*CreateServerCertificateWithCsrResponse, *algorithm.PrivateKey, []byte, error) {
	t, err := l.under(issuer, now)
	if err != nil {
		return nil, nil, nil, err
	}
	key, err := algorithm.GenerateKey(l.algorithm)
	if err != nil {
		return nil, nil, nil, err
	}
	if l.publicKey, err = algorithm.MarshalPublicKey(key.Public()); err != nil {
		return nil, nil, nil, err
	}
	resp, der, err := l.sign(rand, issuer, &t)
	if err != nil {
		return nil, nil, nil, err
	}
	return resp, key, der, nil
}

// leafUsages are the extended key usages of leaves.
var leafUsages = map[x509.ExtKeyUsage]struct {
	name string
	oids []string
}{
	x509.ExtKeyUsageServerAuth: {"serverAuth", []string{x509der.ServerAuth}},
	x509.ExtKeyUsageClientAuth: {"clientAuth", []string{x509der.ClientAuth}},
}

// checkLeaf refuses what this issuer does not sign.
func (i *Issuer) checkLeaf(l *leaf) error {
	switch {
	case i.root():
		return refused("ParentIdentifier", "the issuer is a root CA: server and client certificates are issued by a subordinate CA")
	case !i.allows(l.usage):
		return refused("ParentIdentifier", "the CA's extended key usages exclude %s", leafUsages[l.usage].name)
	case !l.fits(i.signer.Algorithm):
		return refused(l.keyParameter(), "the key is %s, which is not of the CA's family: the CA's key is %s", l.algorithm, i.signer.Algorithm)
	case l.publicKey == nil && l.algorithm.Family() == "RSA" && l.algorithm.KeySize() < i.options.KeyPolicy.MinRSABits:
		// A key that exists has passed KeyPolicy.Check.
		return refused("Algorithm", "the key would be %s; want an RSA key of at least %d bits", l.algorithm, i.options.KeyPolicy.MinRSABits)
	case l.publicKey != nil && i.holds(l.publicKey):
		return refused("Csr", "the CSR's key is that of a CA")
	case l.parameters.enableCrl == 1 && i.crlAddress == "":
		return refused("EnableCrl", "1 needs an issuer with a CRLBase: this one has no CRL")
	}
	return nil
}

// fits reports whether the key goes with that of the CA: it is of the same family,
// as the documents have it, or its certificate is a domain's and neither key is
// SM2, as on the public Internet.
func (l *leaf) fits(issuer algorithm.Algorithm) bool {
	ours, theirs := l.algorithm.Family(), issuer.Family()
	return ours == theirs || l.domainOnly && ours != "SM2" && theirs != "SM2"
}

// keyParameter is the parameter that the key comes from.
func (l *leaf) keyParameter() string {
	if l.publicKey == nil {
		return "Algorithm"
	}
	return "Csr"
}
