package ca

import (
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
)

// A Pool is a set of CAs, found by their Identifier, and which of them are
// revoked. It is what a service with several CAs keeps, the one thing in this
// package that remembers, and safe for concurrent use. What it remembers is in
// memory: a service stores a revocation and repeats it when it starts, where
// [yuncert.ErrInvalidStatusUpdateProtection] says that it was repeated already, by
// itself or by that of a CA above.
//
// A Pool finds the CA for CreateServerCertificateWithCsr. The other operations take
// what its method Issuer returns, whose errors then come before theirs.
type Pool struct {
	issuers []*Issuer // in the order they were given

	mu      sync.RWMutex
	revoked map[string]bool // by identifier
}

// NewPool makes a pool of issuers. One that is nil, or there twice, is
// [yuncert.ErrInvalidParameter].
func NewPool(issuers ...*Issuer) (*Pool, error) {
	p := &Pool{revoked: make(map[string]bool)}
	for _, i := range issuers {
		if i == nil {
			return nil, refused("", "an issuer is nil")
		}
		if err := p.add(i); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add puts an issuer into a pool that is being made.
func (p *Pool) add(i *Issuer) error {
	if p.lookup(i.identifier) != nil {
		return refused("", "the CA %s is there twice", i.identifier)
	}
	p.issuers = append(p.issuers, i)
	return nil
}

// LoadPool makes a pool of the CAs in a file system: for each NAME.pem, a chain
// as [NewIssuer] takes it, the private key stands in NAME.key, as
// [algorithm.ParsePrivateKey] reads it. Directories below are not entered. A root
// whose key is elsewhere has no file, but stands in the chains of the CAs below. Every
// error about a file names it; it is that of NewIssuer or ParsePrivateKey, or
// [yuncert.ErrInvalidParameter] for a file that cannot be read, for a CA that is
// there twice and when there is none. For keys in an HSM use [NewIssuer] and
// [NewPool].
func LoadPool(files fs.FS, opts IssuerOptions) (*Pool, error) {
	entries, err := fs.ReadDir(files, ".") // fs.Glob would pass over its errors
	if err != nil {
		return nil, &yuncert.Error{Code: yuncert.ErrInvalidParameter, Message: "the files cannot be listed", Err: err}
	}
	p, err := NewPool()
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if entry.IsDir() || path.Ext(entry.Name()) != ".pem" {
			continue
		}
		i, file, err := loadIssuer(files, entry.Name(), opts)
		if err == nil {
			err = p.add(i)
		}
		if coded, ok := errors.AsType[*yuncert.Error](err); ok {
			coded.Message = file + ": " + coded.Message
			return nil, coded
		}
		if err != nil {
			return nil, &yuncert.Error{Code: yuncert.ErrInvalidParameter, Message: file + " cannot be read", Err: err}
		}
	}
	if len(p.issuers) == 0 {
		return nil, refused("", "there is no CA: a chain in NAME.pem with its key in NAME.key is one")
	}
	return p, nil
}

// loadIssuer also returns the file that an error is about.
func loadIssuer(files fs.FS, chainFile string, opts IssuerOptions) (i *Issuer, file string, err error) {
	keyFile := strings.TrimSuffix(chainFile, path.Ext(chainFile)) + ".key"
	chain, err := fs.ReadFile(files, chainFile)
	if err != nil {
		return nil, chainFile, err
	}
	text, err := fs.ReadFile(files, keyFile)
	if err != nil {
		return nil, keyFile, err
	}
	key, err := algorithm.ParsePrivateKey(text)
	if err != nil {
		return nil, keyFile, err
	}
	i, err = NewIssuer(string(chain), key, opts)
	return i, chainFile, err
}

// lookup returns the issuer of that identifier, or nil.
func (p *Pool) lookup(identifier string) *Issuer {
	for _, i := range p.issuers {
		if i.identifier == identifier {
			return i
		}
	}
	return nil
}

// find returns the issuer that a parameter names and whether it is revoked.
func (p *Pool) find(parameter, identifier string) (i *Issuer, revoked bool, err error) {
	if p != nil {
		i = p.lookup(identifier)
	}
	if i == nil {
		return nil, false, yuncert.Errorf(yuncert.ErrNotFound, parameter, "%.80q is no CA of the pool", identifier)
	}
	return i, p.isRevoked(i), nil
}

// isRevoked reports whether the CA or one above it is revoked: what a revoked CA
// issued is invalid.
func (p *Pool) isRevoked(i *Issuer) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.revokedAlong(i)
}

// revokedAlong is isRevoked for who holds the lock.
func (p *Pool) revokedAlong(i *Issuer) bool {
	return slices.ContainsFunc(i.chain, func(cert *x509.Certificate) bool { return p.revoked[identifierOf(cert.Raw)] })
}

// revoke revokes a CA and reports whether it was not revoked before.
func (p *Pool) revoke(i *Issuer) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.revokedAlong(i) {
		return false
	}
	p.revoked[i.identifier] = true
	return true
}

// Issuer returns the CA of that Identifier, ready to issue. One that is not in
// the pool is [yuncert.ErrNotFound] and a revoked one
// [yuncert.ErrInvalidStatusUpdateProtection], both for ParentIdentifier. Who goes on
// publishing the CRL of a revoked CA keeps its Issuer beside the Pool.
func (p *Pool) Issuer(identifier string) (*Issuer, error) {
	if identifier == "" {
		return nil, yuncert.Missing("ParentIdentifier")
	}
	i, revoked, err := p.find("ParentIdentifier", identifier)
	if err != nil {
		return nil, err
	}
	if revoked {
		return nil, yuncert.Errorf(yuncert.ErrInvalidStatusUpdateProtection, "ParentIdentifier", "the CA %s is revoked: it issues nothing", identifier)
	}
	return i, nil
}

// CreateServerCertificateWithCsr is [CreateServerCertificateWithCsr] under the
// CA that ParentIdentifier names, with the errors of that and of [Pool.Issuer].
// The request is checked before the CA is looked up.
func (p *Pool) CreateServerCertificateWithCsr(rand io.Reader, now time.Time, req *CreateServerCertificateWithCsrRequest) (resp *CreateServerCertificateWithCsrResponse, der []byte, err error) {
	if req == nil {
		req = new(CreateServerCertificateWithCsrRequest)
	}
	named, _, _ := p.find("ParentIdentifier", req.ParentIdentifier) // nil if unknown, which is not yet an error
	l, err := req.check(named.keyPolicy())
	if err != nil {
		return nil, nil, err
	}
	issuer, err := p.Issuer(req.ParentIdentifier)
	if err != nil {
		return nil, nil, err
	}
	return l.issue(rand, now, issuer)
}
