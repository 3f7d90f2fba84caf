package inventory

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// AddCA records a CA and the CAs above it, with their chains and certificates, and
// returns the CA. Its private key is not stored. The labels are for the issuer's own
// certificate. Adding a CA again changes only its CrlUrl, if the CRLBase of the issuer
// is another one.
//
// The errors are the same as for [Inventory.Add]. A nil issuer is [yuncert.ErrNotFound].
// [yuncert.ErrInvalidParameter] is also for an issuer with the name of a CA in the
// inventory, and either with its subject key identifier or with its key, but not both:
// see [AuthorityOf].
func (v *Inventory) AddCA(ctx context.Context, now time.Time, issuer *ca.Issuer, labels Labels) (c CA, err error) {
	add, err := additionOfCA(now, issuer, labels)
	if err != nil {
		return CA{}, err
	}
	err = v.update(ctx, func(tx Tx) (err error) {
		c, err = add(tx)
		return err
	})
	if err != nil {
		return CA{}, err
	}
	return c, nil
}

// additionOfCA checks a CA and its labels, and returns the function that stores them.
func additionOfCA(now time.Time, issuer *ca.Issuer, labels Labels) (func(Tx) (CA, error), error) {
	if issuer == nil {
		return nil, noIssuer()
	}
	err := labels.check()
	if err != nil {
		return nil, err
	}
	description := issuer.Describe()
	chain, err := param.ParseCertificates("CertificateChain", description.CaCertChain, maxChain)
	if err != nil {
		return nil, err
	}
	return func(tx Tx) (c CA, err error) {
		text, own := "", Labels{}
		for at := len(chain) - 1; at >= 0; at-- {
			cert := chain[at]
			text = der.PEM("CERTIFICATE", cert.Raw) + text
			crlUrl := ""
			if at == 0 {
				own, crlUrl = labels, description.CrlUrl
			}
			made, terms, _, err := read(cert.Raw)
			if err != nil {
				return CA{}, err
			}
			// NewIssuer has verified the chain. It compares names by the rules of RFC 5280,
			// section 7.1, and does not need key identifiers.
			parent := chain[min(at+1, len(chain)-1)] // a root is its own
			made.Authority = authorityOfCA(parent)
			made.Labels, made.Added, made.Updated = own, instant(now), instant(now)
			if _, err := create(tx, made, terms); err != nil {
				return CA{}, err
			}
			if err := checkKeyID(tx, cert, at == 0); err != nil {
				return CA{}, err
			}
			c = CA{
				Identifier: made.Identifier, Authority: authorityOfCA(cert), NameAuthority: authority(cert.RawSubject, nil),
				CertificateChain: text, CrlUrl: crlUrl, Added: instant(now),
			}
			if c, err = addCA(tx, c, at == 0); err != nil {
				return CA{}, err
			}
		}
		return c, nil
	}, nil
}

// noIssuer returns the error for a nil issuer, as package ca does.
func noIssuer() error {
	return yuncert.Errorf(yuncert.ErrNotFound, "ParentIdentifier", "there is no issuing CA")
}

// checkKeyID refuses a CA that has the name of a CA in the inventory, and either its
// subject key identifier or its key, and not both. Two keys with one Authority would
// share a CRL and the serial numbers. An issuer with two Authorities would have two
// CRLs, and each lacks what the other one lists. RFC 5280, section 4.2.1.2, wants a key
// identifier that identifies the key. The CRL of a CA above the issuer may come from
// elsewhere, and so may its cross-certificates.
func checkKeyID(tx Tx, cert *x509.Certificate, isIssuer bool) error {
	issuer, identifier := authorityOfCA(cert), x509der.Identifier(cert.Raw)
	named, err := tx.CAs(authority(cert.RawSubject, nil))
	if err != nil {
		return err
	}
	for _, c := range named {
		chain, err := c.chain()
		if err != nil {
			return err
		}
		same, err := sameKey(chain[0], cert)
		switch {
		case err != nil:
			return err
		case !same && c.Authority == issuer:
			return param.Refused("CertificateChain", "the CA %s has the name and the subject key identifier of the CA %s, and another key; create it with its own subject key identifier", identifier, c.Identifier)
		case same && c.Authority != issuer && isIssuer:
			return param.Refused("CertificateChain", "the CA %s has the name and the key of the CA %s, and another subject key identifier; renew it with ca.Renew, which keeps the identifier, or create a CA with another key", identifier, c.Identifier)
		}
	}
	return nil
}

// sameKey compares public keys. SM2 keys have several encodings.
func sameKey(a, b *x509.Certificate) (bool, error) {
	keyA, errA := algorithm.MarshalPublicKey(a.PublicKey)
	keyB, errB := algorithm.MarshalPublicKey(b.PublicKey)
	return bytes.Equal(keyA, keyB), errors.Join(errA, errB)
}

// addCA stores a CA, or returns the one that is stored. withCrlUrl changes the CrlUrl
// of a CA that is stored.
func addCA(tx Tx, c CA, withCrlUrl bool) (CA, error) {
	stored, found, err := tx.CA(c.Identifier)
	if err != nil {
		return CA{}, err
	}
	if found {
		if !withCrlUrl || stored.CrlUrl == c.CrlUrl {
			return stored, nil
		}
		stored.CrlUrl = c.CrlUrl
		c = stored
	}
	return c, tx.PutCA(c)
}

// CA returns the CA with an Identifier, if [Inventory.AddCA] recorded it.
func (v *Inventory) CA(ctx context.Context, identifier string) (c CA, err error) {
	if identifier == "" {
		return CA{}, yuncert.Missing("Identifier")
	}
	err = v.view(ctx, func(s Snapshot) (err error) {
		c, err = readCA(s, "Identifier", identifier)
		return err
	})
	if err != nil {
		return CA{}, err
	}
	return c, nil
}

// readCA returns a CA that must exist.
func readCA(r Reader, parameter, identifier string) (c CA, err error) {
	found := false
	if isIdentifier(identifier) { // a database may refuse other text
		c, found, err = r.CA(identifier)
	}
	if err == nil && !found {
		err = yuncert.Errorf(yuncert.ErrNotFound, parameter, "there is no CA with the Identifier %.80q", identifier)
	}
	return c, err
}

// Pool returns a pool of the CAs in the inventory. open makes the Issuer of one with
// [ca.NewIssuer], from its CertificateChain and the key that you keep, or returns nil
// for a CA to leave out, such as a root whose key is elsewhere. The pool knows which
// CAs are revoked, themselves or through a CA above. Pool returns the errors of open
// and of [ca.Pool.Add].
func (v *Inventory) Pool(ctx context.Context, open func(CA) (*ca.Issuer, error)) (*ca.Pool, error) {
	pool, err := ca.NewPool()
	if err != nil {
		return nil, err
	}
	const limit = 100
	after := ""
	for {
		var page []CA
		var revoked []bool
		err := v.view(ctx, func(s Snapshot) (err error) {
			page, err = s.AllCAs(after, limit)
			if err != nil {
				return err
			}
			revoked = make([]bool, len(page))
			for i, c := range page {
				above, err := revokedAlong(s, c, 0)
				if err != nil {
					return err
				}
				revoked[i] = above != ""
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for i, c := range page {
			if err := addTo(pool, c, revoked[i], open); err != nil {
				return nil, err
			}
			after = c.Identifier
		}
		if len(page) < limit {
			return pool, nil
		}
	}
}

// addTo opens a CA and adds it to a pool.
func addTo(pool *ca.Pool, c CA, revoked bool, open func(CA) (*ca.Issuer, error)) error {
	issuer, err := open(c)
	if err != nil || issuer == nil {
		return err
	}
	if issuer.Identifier() != c.Identifier {
		return param.Refused("", "open made the issuer %s for the CA %s", issuer.Identifier(), c.Identifier)
	}
	if err := pool.Add(issuer); err != nil || !revoked {
		return err
	}
	_, err = ca.UpdateCACertificateStatus(nil, pool, &ca.UpdateCACertificateStatusRequest{Identifier: c.Identifier})
	if errors.Is(err, yuncert.ErrInvalidStatusUpdateProtection) { // through a CA above that came first
		return nil
	}
	return err
}

// revokedAlong returns the Identifier of the first CA in a chain, from an index, that is
// revoked, or "" if none is.
func revokedAlong(r Reader, c CA, from int) (string, error) {
	chain, err := c.chain()
	if err != nil {
		return "", err
	}
	for _, cert := range chain[from:] {
		identifier := x509der.Identifier(cert.Raw)
		stored, _, err := r.Certificate(identifier)
		if err != nil {
			return "", err
		}
		if stored.Status == statusRevoke {
			return identifier, nil
		}
	}
	return "", nil
}

// maxChain is the number of certificates in the longest chain of an Issuer.
const maxChain = 10

// chain returns the certificates of a CA from the store. If they cannot be read, the
// store is damaged. That is not a refusal, so the error has no code.
func (c *CA) chain() ([]*x509.Certificate, error) {
	chain, err := param.ParseCertificates("", c.CertificateChain, maxChain)
	if err != nil {
		return nil, fmt.Errorf("the chain of the CA %.80q in the store: %s", c.Identifier, param.Text(err))
	}
	return chain, nil
}
