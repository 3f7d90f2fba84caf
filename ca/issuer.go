package ca

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// An Issuer is a CA that can sign: a private key and the chain from the CA's
// certificate to the root. It never changes and is safe for concurrent use.
type Issuer struct {
	options     IssuerOptions
	signer      *x509der.Signer
	chain       []*x509.Certificate        // the CA's own first, the root last
	publicKeys  [][]byte                   // of the chain, as DER in this module's form
	constraints []*x509der.NameConstraints // of the chain; nil where there are none
	usages      [][]string                 // the extended key usages of each that limits them
	chainPEM    string
	line        string   // String
	identifiers []string // of the chain
	// Of the chain, as they are written into certificates. CAs above whose
	// subject cannot be read have none.
	subjects   []x509der.Name
	crlAddress string // empty without a CRLBase
	// Extensions of the certificates that the issuer signs.
	authorityKeyID, crlPoints, infoAccess []byte
	defaults                              x509der.Name // from IssuerOptions.Defaults
	// How many levels of CAs may follow below, by the strictest path length
	// constraint in the chain. Negative means no limit.
	depth int
	// The whole chain is valid from notBefore to notAfter.
	notBefore, notAfter time.Time
}

// NewIssuer makes an Issuer from a CA's chain and private key. The chain is PEM:
// the CA's own certificate, then the issuer of each up to a self-signed root, 10
// at most. The functions that create CAs return it as CertificateChain. The key
// is an [algorithm.PrivateKey], a key of the standard library, or any other
// signer that package algorithm describes.
//
// [yuncert.ErrInvalidValueMalformed] is for a chain that cannot be read and a key
// that is unsupported or weak, [yuncert.ErrInvalidParameter] for the rest:
//
//   - the key is not the first certificate's, or the last is not a self-signed
//     root;
//   - a certificate is not signed by the next one, its issuer is not the next
//     one's subject (RFC 5280, section 7.1), or it has the key of one before
//     it. Only a root's own signature may have an algorithm that csr.Parse does
//     not list;
//   - a certificate breaks a rule of [Verify] for CAs, or demands certificate
//     policies (4.2.1.11) and the demand takes effect in one that the CA would
//     sign;
//   - an option breaks a rule in its comment.
//
// The CA's subject is copied into what it signs, octet by octet. What a subject
// takes from it, such as the country, is UTF-8: TeletexString is read as
// Latin-1, as crypto/x509 and OpenSSL do. A control character in the subject is
// refused. Validity is checked at each use. A CA certificate without keyUsage
// may sign everything; strict clients (openssl verify -x509_strict) refuse what
// it signs.
func NewIssuer(chainPEM string, key crypto.Signer, opts IssuerOptions) (*Issuer, error) {
	chain, err := param.ParseCertificates("CertificateChain", chainPEM, maxChain)
	if err != nil {
		return nil, err
	}
	signer, err := x509der.NewSigner(key)
	if err != nil {
		return nil, param.Wrap(err, yuncert.ErrInvalidValueMalformed, "", "the CA's key cannot be used")
	}
	i := &Issuer{options: opts, signer: signer, chain: chain, depth: -1, notBefore: chain[0].NotBefore, notAfter: chain[0].NotAfter}
	for at, cert := range chain {
		if err := i.addLink(at, cert); err != nil {
			return nil, err
		}
	}
	leaf := new(x509.Certificate) // stands for what the issuer signs
	demand := policyDemand(append([]*x509.Certificate{leaf}, chain...))
	if demand != nil {
		return nil, refusedLink(slices.Index(chain, demand), demand, demandsPolicies)
	}
	if !bytes.Equal(i.publicKeys[0], signer.PublicDER) {
		return nil, refusedChain("the key does not belong to the chain's first certificate, %.80q", chain[0].Subject.CommonName)
	}
	for at, cert := range chain {
		subject, err := x509der.ParseCAName(cert.RawSubject)
		switch {
		case err == nil:
			i.subjects = append(i.subjects, subject.Certified())
		case at == 0:
			return nil, refusedLink(at, cert, "has an unusable subject: %v", err)
		}
	}
	i.line = caLine(chain[0], i.identifiers[0])
	keyID := chain[0].SubjectKeyId
	if len(keyID) == 0 {
		keyID = x509der.SubjectKeyID(chain[0].RawSubjectPublicKeyInfo)
	}
	i.authorityKeyID = x509der.AuthorityKeyID(keyID)
	if err := i.apply(opts); err != nil {
		return nil, err
	}
	for _, cert := range chain {
		i.chainPEM += encode(cert.Raw)
	}
	return i, nil
}

// addLink checks the certificate at an index of the chain and its signature by
// the next, and adds what it says to the issuer.
func (i *Issuer) addLink(at int, cert *x509.Certificate) error {
	if err := checkCA(cert, i.options.KeyPolicy); err != nil {
		return refusedLink(at, cert, "%v", err)
	}
	if err := checkPathLen(cert, i.chain[:at]); err != nil {
		return refusedLink(at, cert, "%v", err)
	}
	parent := cert // of a root
	if at+1 < len(i.chain) {
		parent = i.chain[at+1]
	}
	switch {
	case x509der.SameName(cert.RawIssuer, parent.RawSubject):
	case parent == cert:
		return refusedLink(at, cert, "is the last and is not self-signed; the chain must end with its root")
	default:
		return refusedLink(at, cert, "is not issued by the next certificate, %.80q; the CA's own certificate must come first and the root last", parent.Subject.CommonName)
	}
	// A root's own signature proves nothing, so it may have an old algorithm.
	selfSigned := parent == cert && (len(cert.AuthorityKeyId) == 0 || bytes.Equal(cert.AuthorityKeyId, cert.SubjectKeyId))
	if err := x509der.CheckSignature(cert, parent); err != nil && !(selfSigned && errors.Is(err, x509der.ErrSignatureAlgorithm)) {
		return refusedLink(at, cert, "is not signed by %.80q: %v", parent.Subject.CommonName, err)
	}
	publicKey, err := algorithm.MarshalPublicKey(cert.PublicKey) // SM2 keys have several encodings
	if err != nil {
		return refusedLink(at, cert, "has an unusable key: %s", param.Text(err))
	}
	if i.holds(publicKey) {
		// A root that is listed twice would pass for a subordinate CA.
		return refusedLink(at, cert, "has the key of a certificate before it; the chain must end with its root")
	}
	i.publicKeys = append(i.publicKeys, publicKey)
	i.identifiers = append(i.identifiers, x509der.Identifier(cert.Raw))
	if limitsUsages(cert) {
		usages, _ := x509der.ExtKeyUsages(cert)
		i.usages = append(i.usages, usages)
	}
	constraints, err := x509der.ConstraintsOf(cert)
	if err != nil {
		return refusedLink(at, cert, "has unusable name constraints: %v", err)
	}
	i.constraints = append(i.constraints, constraints)
	if cert.MaxPathLen >= 0 {
		left := cert.MaxPathLen // checkPathLen has checked that it does not become negative
		for _, below := range i.chain[:at] {
			if !selfIssued(below) {
				left--
			}
		}
		if i.depth < 0 || left < i.depth {
			i.depth = left
		}
	}
	if cert.NotBefore.After(i.notBefore) {
		i.notBefore = cert.NotBefore
	}
	if cert.NotAfter.Before(i.notAfter) {
		i.notAfter = cert.NotAfter
	}
	return nil
}

// Identifier returns the CA's name for the parameter ParentIdentifier.
func (i *Issuer) Identifier() string { return i.identifiers[0] }

// keyPolicy returns the issuer's KeyPolicy, and the zero one for a nil issuer.
func (i *Issuer) keyPolicy() algorithm.KeyPolicy {
	if i == nil {
		return algorithm.KeyPolicy{}
	}
	return i.options.KeyPolicy
}

// root reports whether the issuer is a root CA.
func (i *Issuer) root() bool { return len(i.chain) == 1 }

// holds reports whether a CA in the chain has a DER public key. A request to
// certify such a key means that the key is shared or has leaked.
func (i *Issuer) holds(publicKey []byte) bool {
	return slices.ContainsFunc(i.publicKeys, func(key []byte) bool { return bytes.Equal(key, publicKey) })
}

// isNamed reports whether a CA in the chain has a subject. raw is its DER if that
// must be kept: unlike subject, it tells which attributes share an RDN.
func (i *Issuer) isNamed(subject x509der.Name, raw []byte) bool {
	if raw == nil {
		return slices.ContainsFunc(i.subjects, subject.Same)
	}
	same := x509der.SameAs(raw)
	return slices.ContainsFunc(i.chain, func(cert *x509.Certificate) bool { return same(cert.RawSubject) })
}

// checkParent refuses an issuer that is nil or not the one asked for. An empty
// identifier accepts any.
func checkParent(i *Issuer, identifier string) error {
	if i == nil {
		return yuncert.Errorf(yuncert.ErrNotFound, "ParentIdentifier", "there is no issuing CA")
	}
	if identifier != "" && identifier != i.Identifier() {
		return yuncert.Errorf(yuncert.ErrNotFound, "ParentIdentifier", "%.80q is not the Identifier of the issuing CA, which is %s", identifier, i.Identifier())
	}
	return nil
}
