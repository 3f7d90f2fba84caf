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

// IssuerOptions is what an [Issuer] needs to know beyond its chain and key. The
// zero value is a good one.
type IssuerOptions struct {
	// CRLBase is the http or https address below which the CRLs stand, such as
	// "http://pki.example.com/crl": EnableCrl 1 writes CRLBase, a slash, the CA's
	// Identifier and ".crl" into the certificate. Empty means that there are no
	// CRLs, and EnableCrl 1 is refused. A CA that spreads its certificates over
	// several CRLs has several Issuers of one chain and key, each with a CRLBase of
	// its own.
	CRLBase string

	// KeyPolicy applies to every public key that the CA certifies: keys in CSRs,
	// keys of subordinate CAs and OCSP responders, and keys that it generates. It
	// also applies to the keys in the chain, except for MinRSABits: a CA with a
	// shorter key stays usable. The CA's own key must pass [algorithm.Check] too.
	KeyPolicy algorithm.KeyPolicy
}

// An Issuer is a CA that can sign: a private key and the certificates from the
// CA's own to the root. It is immutable and safe for concurrent use.
type Issuer struct {
	options     IssuerOptions
	signer      *x509der.Signer
	chain       []*x509.Certificate        // the CA's own first, the root last
	publicKeys  [][]byte                   // of the chain, as DER in this module's form
	constraints []*x509der.NameConstraints // of the chain; nil where there are none
	usages      [][]string                 // the extended key usages of each that limits them
	chainPEM    string
	line        string         // String
	identifiers []string       // of the chain
	subjects    []x509der.Name // of the chain, as they go into certificates; of CAs above, those that can be read
	crlAddress  string
	// Extensions of what the issuer signs; there are no crlPoints without a crlAddress.
	authorityKeyID, crlPoints []byte
	// depth is how many CA certificates may follow below: of path length
	// constraints along the chain, the one that binds. Below zero: no limit.
	depth int
	// All of the chain is valid from notBefore to notAfter.
	notBefore, notAfter time.Time
}

// NewIssuer makes an Issuer of a CA's chain and private key. The chain is PEM,
// the CA's own certificate first and each one's issuer behind it up to a
// self-signed root: the CertificateChain that [CreateRootCACertificate] and
// [CreateSubCACertificate] return. The key is an [algorithm.PrivateKey], a key of
// the standard library, or any other signer as package algorithm describes it.
//
// A chain that is no such PEM, or a key that is unsupported or weak, is
// [yuncert.ErrInvalidValueMalformed]. [yuncert.ErrInvalidParameter] is a
// certificate that is not a CA's (RFC 5280, section 4.2.1.9), may not sign
// certificates (4.2.1.3), holds another key or RSA_1024 or is not signed by the
// next, a key that stands in the chain twice, a path length that is exceeded, a
// critical extension that is not understood (4.2), name constraints, critical or
// not, on others than DNS names, IP addresses, e-mail addresses and URIs or with a
// minimum or maximum (4.2.1.10), a demand for certificate policies (4.2.1.11), an
// extended key usage that is there and grants nothing (4.2.1.12), and a CRLBase
// that is no http or https address. Validity is judged when something is issued,
// not here.
//
// A certificate without keyUsage may sign everything, as in common software; strict
// clients refuse what is below it (openssl verify -x509_strict). A root's signature
// by itself proves nothing: it alone may be of an algorithm that is not supported,
// such as SHA-1.
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
	if !bytes.Equal(i.publicKeys[0], signer.PublicDER) {
		return nil, refusedChain("the key is not that of the chain's first certificate, %.80q", chain[0].Subject.CommonName)
	}
	for at, cert := range chain {
		subject, err := x509der.ParseName(cert.RawSubject)
		switch {
		case err == nil:
			i.subjects = append(i.subjects, subject.Certified())
		case at == 0:
			return nil, refusedChain("the subject of the CA: %v", err)
		}
	}
	i.line = caLine(chain[0], i.identifiers[0])
	keyID := chain[0].SubjectKeyId
	if len(keyID) == 0 {
		keyID = x509der.SubjectKeyID(chain[0].RawSubjectPublicKeyInfo)
	}
	i.authorityKeyID = x509der.AuthorityKeyID(keyID)
	if opts.CRLBase != "" {
		if i.crlAddress, err = crlAddress(opts.CRLBase, i.Identifier()); err != nil {
			return nil, err
		}
		i.crlPoints = x509der.CRLPoints(i.crlAddress)
	}
	for _, cert := range chain {
		i.chainPEM += encode(cert.Raw)
	}
	return i, nil
}

// addLink checks the certificate at one place of the chain and the signature by
// the next, and narrows what the issuer may do.
func (i *Issuer) addLink(at int, cert *x509.Certificate) error {
	if err := checkCA(cert, at, i.options.KeyPolicy); err != nil {
		return refusedLink(at, cert, "%v", err)
	}
	parent := cert // of a root
	if at+1 < len(i.chain) {
		parent = i.chain[at+1]
	}
	switch {
	case !bytes.Equal(cert.RawIssuer, parent.RawSubject) && parent == cert:
		return refusedLink(at, cert, "is the last and not self-signed: the chain ends with its root")
	case !bytes.Equal(cert.RawIssuer, parent.RawSubject):
		return refusedLink(at, cert, "is not issued by the next, %.80q", parent.Subject.CommonName)
	}
	// A root's own signature proves nothing, so an old algorithm does no harm there.
	selfSigned := parent == cert && (len(cert.AuthorityKeyId) == 0 || bytes.Equal(cert.AuthorityKeyId, cert.SubjectKeyId))
	if err := x509der.CheckSignature(cert, parent); err != nil && !(selfSigned && errors.Is(err, x509der.ErrSignatureAlgorithm)) {
		return refusedLink(at, cert, "is not signed by %.80q: %v", parent.Subject.CommonName, err)
	}
	publicKey, err := algorithm.MarshalPublicKey(cert.PublicKey) // SM2 keys have several encodings
	if err != nil {
		return refusedLink(at, cert, "has an unusable key: %s", param.Text(err))
	}
	if i.holds(publicKey) {
		// A root in front of itself would pass for a subordinate CA.
		return refusedLink(at, cert, "holds a key that stands in the chain already: the chain ends with its root")
	}
	i.publicKeys = append(i.publicKeys, publicKey)
	i.identifiers = append(i.identifiers, identifierOf(cert.Raw))
	if usages := x509der.ExtKeyUsages(cert); len(usages) > 0 && !slices.Contains(usages, extendedKeyUsages["any"]) {
		i.usages = append(i.usages, usages)
	}
	constraints, err := x509der.ConstraintsOf(cert)
	if err != nil {
		return refusedLink(at, cert, "has unusable name constraints: %v", err)
	}
	i.constraints = append(i.constraints, constraints)
	if cert.MaxPathLen >= 0 {
		left := cert.MaxPathLen - at // checkCA has made sure that it is not negative
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

// Identifier returns the name of the CA in the parameter ParentIdentifier.
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

// holds reports whether the DER public key is that of a CA in the chain. Its
// owner would sign with a CA's key, or the CA's key has leaked.
func (i *Issuer) holds(publicKey []byte) bool {
	return slices.ContainsFunc(i.publicKeys, func(key []byte) bool { return bytes.Equal(key, publicKey) })
}

// isNamed reports whether the subject is that of a CA in the chain.
func (i *Issuer) isNamed(subject x509der.Name) bool {
	return slices.ContainsFunc(i.subjects, subject.Same)
}

// checkParent holds the issuer to the identifier asked for; empty means any.
func checkParent(i *Issuer, identifier string) error {
	if i == nil {
		return yuncert.Errorf(yuncert.ErrNotFound, "ParentIdentifier", "there is no issuing CA")
	}
	if identifier != "" && identifier != i.Identifier() {
		return yuncert.Errorf(yuncert.ErrNotFound, "ParentIdentifier", "%.80q is not the issuing CA, which is %s", identifier, i.Identifier())
	}
	return nil
}
