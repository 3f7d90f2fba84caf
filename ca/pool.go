package ca

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
)

// A Pool is a set of CAs that are found by their Identifier, and a record of
// which of them are revoked. It is safe for concurrent use.
//
// The record is in memory. Store each revocation yourself and repeat it with
// [UpdateCACertificateStatus] when the service starts. There
// [yuncert.ErrInvalidStatusUpdateProtection] means that it is done already.
// Package inventory does both.
type Pool struct {
	mu      sync.RWMutex
	issuers []*Issuer       // in the order they were added
	revoked map[string]bool // by identifier
}

// NewPool makes a pool of issuers, with the errors of [Pool.Add].
func NewPool(issuers ...*Issuer) (*Pool, error) {
	p := &Pool{revoked: make(map[string]bool)}
	for _, i := range issuers {
		if err := p.Add(i); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Add adds a CA to the pool. An issuer that is nil, and a CA that is in the pool
// already, are [yuncert.ErrInvalidParameter].
func (p *Pool) Add(issuer *Issuer) error {
	if issuer == nil {
		return param.Refused("", "the issuer is nil")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lookup(issuer.Identifier()) != nil {
		return param.Refused("", "the CA %s is in the pool already", issuer.Identifier())
	}
	p.issuers = append(p.issuers, issuer)
	return nil
}

// all returns the CAs that are in the pool now.
func (p *Pool) all() []*Issuer {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.issuers // Add only appends
}

// LoadPool makes a pool from files. Each NAME.pem has a chain for [NewIssuer],
// and NAME.key its private key. A NAME.pem without a NAME.key is an error: give
// every other certificate another ending, such as .crt. Subdirectories are not
// read. A root with its key elsewhere needs no file, because the chains of the CAs
// below contain it. [NewPool] is for keys in an HSM.
//
// LoadPool calls password for each encrypted key with the name of its file, such as
// "sub.key". [algorithm.ParseEncryptedPrivateKey] says how keys can be encrypted. If
// no key is encrypted, password may be nil.
//
// LoadPool has the errors of NewIssuer and ParseEncryptedPrivateKey, with the name
// of the file before the message, and [yuncert.ErrInvalidParameter] for a file that
// cannot be read, for a password function that is nil or fails, for a CA that is
// there twice, and if there is no CA. The password function's error is in Err.
func LoadPool(files fs.FS, password func(file string) ([]byte, error), opts IssuerOptions) (*Pool, error) {
	entries, err := fs.ReadDir(files, ".") // fs.Glob ignores its errors
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
		i, file, err := loadIssuer(files, entry.Name(), password, opts)
		if err == nil {
			err = p.Add(i)
		}
		if coded, ok := errors.AsType[*yuncert.Error](err); ok {
			coded.Message = file + ": " + coded.Message
			return nil, coded
		}
		if err != nil {
			message := file + " cannot be read"
			if errors.Is(err, fs.ErrNotExist) {
				message = file + " is missing; want a private key NAME.key for each chain NAME.pem"
			}
			return nil, &yuncert.Error{Code: yuncert.ErrInvalidParameter, Message: message, Err: err}
		}
	}
	if len(p.issuers) == 0 {
		return nil, param.Refused("", "there is no CA; want a chain in NAME.pem and its private key in NAME.key")
	}
	return p, nil
}

// loadIssuer makes the issuer of a chain file. file is the one that an error is
// about.
func loadIssuer(files fs.FS, chainFile string, password func(string) ([]byte, error), opts IssuerOptions) (i *Issuer, file string, err error) {
	keyFile := strings.TrimSuffix(chainFile, path.Ext(chainFile)) + ".key"
	chain, err := fs.ReadFile(files, chainFile)
	if err != nil {
		return nil, chainFile, err
	}
	text, err := fs.ReadFile(files, keyFile)
	if err != nil {
		return nil, keyFile, err
	}
	key, err := parseKey(text, keyFile, password)
	if err != nil {
		return nil, keyFile, err
	}
	i, err = NewIssuer(string(chain), key, opts)
	return i, chainFile, err
}

// parseKey reads the text of a key file. It asks for the password only if the key is
// encrypted.
func parseKey(text []byte, file string, password func(string) ([]byte, error)) (*algorithm.PrivateKey, error) {
	if !bytes.Contains(text, []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----")) {
		return algorithm.ParsePrivateKey(text)
	}
	if password == nil {
		return nil, param.Refused("", "the private key is encrypted; give LoadPool a password function")
	}
	secret, err := password(file)
	if err != nil {
		return nil, &yuncert.Error{Code: yuncert.ErrInvalidParameter, Message: "the password function failed", Err: param.Cause(err)}
	}
	return algorithm.ParseEncryptedPrivateKey(text, secret)
}

// lookup returns the issuer of that identifier, or nil. The caller holds the
// lock.
func (p *Pool) lookup(identifier string) *Issuer {
	for _, i := range p.issuers {
		if i.Identifier() == identifier {
			return i
		}
	}
	return nil
}

// find returns the issuer that a parameter names and whether it is revoked.
func (p *Pool) find(parameter, identifier string) (i *Issuer, revoked bool, err error) {
	if p != nil {
		p.mu.RLock()
		defer p.mu.RUnlock()
		i = p.lookup(identifier)
	}
	if i == nil {
		return nil, false, yuncert.Errorf(yuncert.ErrNotFound, parameter, "%.80q is not a CA of the pool", identifier)
	}
	return i, p.revokedAlong(i), nil
}

// isRevoked reports whether the CA or one above it is revoked: what a revoked CA
// issued is invalid.
func (p *Pool) isRevoked(i *Issuer) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.revokedAlong(i)
}

// revokedAlong is isRevoked. The caller holds the lock.
func (p *Pool) revokedAlong(i *Issuer) bool {
	return slices.ContainsFunc(i.identifiers, func(identifier string) bool { return p.revoked[identifier] })
}

// revoke revokes a CA and reports whether it was not revoked before.
func (p *Pool) revoke(i *Issuer) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.revokedAlong(i) {
		return false
	}
	p.revoked[i.Identifier()] = true
	return true
}

// Issuer returns the CA with that Identifier. [DescribeCACertificateList] lists the
// Identifiers with the names of the CAs. A CA that is not in the pool is
// [yuncert.ErrNotFound] for ParentIdentifier. A CA that is revoked, itself or
// through one above it, is [yuncert.ErrInvalidStatusUpdateProtection]: keep its
// Issuer elsewhere too to go on publishing its CRL.
func (p *Pool) Issuer(identifier string) (*Issuer, error) {
	if identifier == "" {
		return nil, yuncert.Missing("ParentIdentifier")
	}
	i, revoked, err := p.find("ParentIdentifier", identifier)
	if err != nil {
		return nil, err
	}
	if revoked {
		return nil, yuncert.Errorf(yuncert.ErrInvalidStatusUpdateProtection, "ParentIdentifier", "the CA %s is revoked and issues nothing", identifier)
	}
	return i, nil
}
