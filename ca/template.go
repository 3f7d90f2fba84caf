package ca

import (
	"crypto/x509"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A draft is the certificate that a request asks for, checked as far as that is
// possible without an issuer. [Issuer.template] checks the rest.
type draft struct {
	kind        certificateKind
	parent      string // the parameter ParentIdentifier; empty accepts any issuer
	serial      []byte // nil for one that is drawn
	key         subjectKey
	mixed       bool // RSA and ECC CAs may sign for each other's keys
	subject     subject
	names       altNames
	validity    validity
	crl         bool // with the address of the CRL
	keyUsage    x509.KeyUsage
	usages      []string // extended key usages, the content octets of object identifiers
	rawNames    []byte   // the Extension subjectAltName, if its octets must be kept
	usagesFrom  string   // the parameter to blame for usages that the CA may not grant
	pathLen     int      // of a CA
	pathLenFrom string   // the parameter to blame for pathLen
	constraints *x509der.NameConstraints
	kept        []byte // as in x509der.Template

	usagesCritical, namesCritical bool // as in x509der.Template
}

// A certificateKind decides which issuers may sign.
type certificateKind int

const (
	leafCertificate certificateKind = iota // everything except CAs and responders
	caCertificate
	responderCertificate // of an OCSP responder
)

// template checks a draft against the issuer at an instant and returns what the
// certificate says, except for the serial number. The public key is missing too
// if it is still to be generated: then nothing else can be refused.
func (i *Issuer) template(now time.Time, d *draft) (t x509der.Template, err error) {
	if err := checkParent(i, d.parent); err != nil {
		return t, err
	}
	now = second(now)
	if err := i.checkNow(now); err != nil {
		return t, err
	}
	if err := d.key.readArgument(i.options.KeyPolicy); err != nil {
		return t, err
	}
	if err := i.checkKind(d.kind); err != nil {
		return t, err
	}
	// RFC 6960, section 4.2.2.2, wants OCSPSigning only in a responder's own
	// certificate.
	usage, excluded := i.excludes(d.usages)
	if excluded && d.kind != responderCertificate {
		return t, param.Refused(d.usagesFrom, "the extended key usages of the CA or of one above it exclude %s", usageName(usage))
	}
	if err := i.checkKey(d); err != nil {
		return t, err
	}
	if d.crl && i.crlAddress == "" {
		return t, param.Refused("EnableCrl", "1 needs an issuer with a CRLBase: this one has no CRL")
	}
	var longest int32
	if d.kind == leafCertificate {
		longest = i.options.CertMaxTime
	}
	notBefore, notAfter, err := d.validity.within(now, i, longest)
	if err != nil {
		return t, err
	}
	subject, err := d.subject.under(i)
	if err != nil {
		return t, err
	}
	if i.isNamed(subject, d.subject.raw) {
		return t, param.Refused(d.subject.commonName.parameter, "the subject is a CA's own, and the certificate would pass for one that the CA issued to itself; change the common name")
	}
	if err := i.checkSubject(d, subject); err != nil {
		return t, err
	}
	if d.kind == caCertificate {
		err = i.checkPathLen(d)
	} else {
		err = i.checkConstraints(d)
	}
	if err != nil {
		return t, err
	}
	t = x509der.Template{
		SerialNumber:   d.serial,
		Issuer:         i.chain[0].RawSubject,
		NotBefore:      notBefore,
		NotAfter:       notAfter,
		Subject:        subject,
		RawSubject:     d.subject.raw,
		PublicKey:      d.key.der,
		CA:             d.kind == caCertificate,
		PathLen:        d.pathLen,
		KeyUsage:       d.keyUsage,
		ExtKeyUsage:    d.usages,
		AuthorityKeyID: i.authorityKeyID,
		Constraints:    d.constraints,
		Kept:           d.kept,
		OCSPNoCheck:    d.kind == responderCertificate,
		Names:          d.names.all,
		Emails:         d.names.emails,
		URIs:           d.names.uris,
		AltNames:       d.rawNames,
		InfoAccess:     i.infoAccess,

		// GmSSL refuses basicConstraints with an empty SEQUENCE, the only
		// encoding for an end entity.
		NoBasicConstraints: d.key.algorithm == algorithm.SM2_256,

		ExtKeyUsageCritical: d.usagesCritical,
		NamesCritical:       d.namesCritical,
	}
	if d.crl || d.kind == caCertificate {
		t.CRLPoints = i.crlPoints
	}
	return t, nil
}

// checkKind refuses certificates of a kind that the issuer does not sign.
func (i *Issuer) checkKind(kind certificateKind) error {
	switch {
	case kind == leafCertificate && i.root() && !i.options.RootIssues:
		return param.Refused("ParentIdentifier", "the issuer is a root CA: server and client certificates are issued by a subordinate CA, unless IssuerOptions.RootIssues is set")
	case kind == caCertificate && len(i.chain) == maxChain:
		return param.Refused("ParentIdentifier", "the chain of the issuing CA has %d certificates already, which is the most", maxChain)
	case kind == caCertificate && i.depth == 0:
		return param.Refused("ParentIdentifier", "the path length of the issuing CA allows no CA below it (RFC 5280, section 4.2.1.9)")
	case kind == caCertificate && i.demandsBelowCA():
		return param.Refused("ParentIdentifier", "the issuing CA or one above it requires certificate policies in what the new CA would sign, and they are not supported (RFC 5280, section 4.2.1.11)")
	}
	return nil
}

// demandsBelowCA reports whether a certificate below a new CA of the issuer would need
// certificate policies. NewIssuer would refuse the new CA.
func (i *Issuer) demandsBelowCA() bool {
	leaf, below := new(x509.Certificate), &x509.Certificate{RawIssuer: i.chain[0].RawSubject}
	return policyDemand(append([]*x509.Certificate{leaf, below}, i.chain...)) != nil
}

// checkPathLen refuses the path length of a new CA that the chain does not allow
// (RFC 5280, section 4.2.1.9).
func (i *Issuer) checkPathLen(d *draft) error {
	if i.depth > 0 && d.pathLen >= i.depth {
		return param.Refused(d.pathLenFrom, "%d is too much: the path length of the issuing CA allows up to %d", d.pathLen, i.depth-1)
	}
	return nil
}

// checkKey refuses a key that does not go with the issuer's. A key that exists
// has passed the KeyPolicy; one that is still to be generated is only checked
// for its length.
func (i *Issuer) checkKey(d *draft) error {
	key, policy := &d.key, &i.options.KeyPolicy
	switch {
	case !sameFamily(key.algorithm, i.signer.Algorithm, d.mixed):
		rule := "they must be of the same family"
		switch {
		case d.mixed:
			rule = "SM2 does not go with RSA or ECC"
		case d.kind == caCertificate && sameFamily(key.algorithm, i.signer.Algorithm, true):
			rule += "; CreateExternalCACertificate makes an ECC CA below an RSA one, and the reverse"
		}
		return param.Refused(key.algorithmFrom, "the key is %s and the CA's key is %s: %s", key.algorithm, i.signer.Algorithm, rule)
	case key.der == nil && key.algorithm.Family() == "RSA" && key.algorithm.KeySize() < policy.MinRSABits:
		return param.Refused(key.algorithmFrom, "the key would be %s; want an RSA key of at least %d bits", key.algorithm, policy.MinRSABits)
	case key.der != nil && i.holds(key.der):
		return param.Refused(key.from, "the key is in use by a CA in the chain; generate another key")
	}
	return nil
}

// sameFamily reports whether a CA with a key of theirs may sign for a key of
// ours. Families are not mixed in the documents; on the public Internet RSA and
// ECC are.
func sameFamily(ours, theirs algorithm.Algorithm, mixed bool) bool {
	return ours.Family() == theirs.Family() || mixed && ours.Family() != "SM2" && theirs.Family() != "SM2"
}
