package ca

import (
	"bytes"
	"crypto/x509"
	"sync"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// maxCertificates is the largest number of certificates in Roots, in
// Intermediates and in the text that is verified.
const maxCertificates = 1000

// A certPool holds certificates by the names that a search looks for.
type certPool struct {
	list      []*candidate
	byRaw     map[string]*candidate
	bySubject map[string][]*candidate
	// byName finds the CAs whose subject is encoded in another way than the
	// issuer that is looked for. These are rare, so it is made at the first
	// use.
	byName func() map[x509der.ComparableName][]*candidate
}

func newCertPool() *certPool {
	p := &certPool{byRaw: make(map[string]*candidate), bySubject: make(map[string][]*candidate)}
	p.byName = sync.OnceValue(func() map[x509der.ComparableName][]*candidate {
		byName := make(map[x509der.ComparableName][]*candidate)
		for _, c := range p.list {
			name := x509der.Comparable(c.RawSubject)
			byName[name] = append(byName[name], c)
		}
		return byName
	})
	return p
}

// noCertificates is an empty pool, to which nothing is added.
var noCertificates = newCertPool()

// addAll adds the certificates in a PEM text.
func (p *certPool) addAll(parameter, text string) error {
	return param.EachCertificate(parameter, text, maxCertificates, func(cert *x509.Certificate, err error) error {
		p.add(cert, err)
		return nil
	})
}

// add adds a certificate if it could be read. A certificate that could not be
// read, because of an unknown algorithm for example, is ignored: peers send what
// they like, and trust stores hold many kinds of roots.
func (p *certPool) add(cert *x509.Certificate, err error) {
	if err != nil || p.byRaw[string(cert.Raw)] != nil { // each copy would make more chains to try
		return
	}
	c := &candidate{Certificate: cert}
	p.list = append(p.list, c)
	p.byRaw[string(cert.Raw)] = c
	p.bySubject[string(cert.RawSubject)] = append(p.bySubject[string(cert.RawSubject)], c)
}

// A candidate is a certificate that a chain may have. What a search finds out
// about it is kept. Several searches may use it at the same time.
type candidate struct {
	*x509.Certificate
	nameOnce, faultOnce, constraintsOnce sync.Once
	name                                 x509der.ComparableName
	fault                                error
	limits                               *x509der.NameConstraints
	unusable                             error
}

// issuerName returns the comparable form of the issuer's name.
func (c *candidate) issuerName() x509der.ComparableName {
	c.nameOnce.Do(func() { c.name = x509der.Comparable(c.RawIssuer) })
	return c.name
}

// checkCA is the function checkCA without a policy.
func (c *candidate) checkCA() error {
	c.faultOnce.Do(func() { c.fault = checkCA(c.Certificate, algorithm.KeyPolicy{}) })
	return c.fault
}

// constraints is x509der.ConstraintsOf.
func (c *candidate) constraints() (*x509der.NameConstraints, error) {
	c.constraintsOnce.Do(func() { c.limits, c.unusable = x509der.ConstraintsOf(c.Certificate) })
	return c.limits, c.unusable
}

// isSame reports whether another certificate has the same subject and key. A
// chain with the same CA twice goes in a circle.
func (c *candidate) isSame(other *candidate) bool {
	return bytes.Equal(c.RawSubjectPublicKeyInfo, other.RawSubjectPublicKeyInfo) && x509der.SameName(c.RawSubject, other.RawSubject)
}

// newChain returns a chain of one certificate with room for maxChain.
func newChain(c *candidate) []*candidate {
	return append(make([]*candidate, 0, maxChain), c)
}

// certificates returns the certificates of a chain.
func certificates(chain []*candidate) []*x509.Certificate {
	list := make([]*x509.Certificate, len(chain))
	for i, c := range chain {
		list[i] = c.Certificate
	}
	return list
}
