package inventory

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// Add records a DER-encoded certificate of up to 64 KiB, which this library or another
// tool issued. It does not verify the signature: add only what your CAs issued. Adding a certificate again changes nothing and returns the record.
//
// The issuer name and the authority key identifier in the certificate say which CA
// issued it: see [AuthorityOf]. That CA need not be in the inventory. If the certificate
// has no authority key identifier, Add looks for a CA that [Inventory.AddCA] recorded,
// with that name and the key that verifies the signature. So add the CA first;
// otherwise the certificate is on no CRL. When you take over a CA, compare the Authority
// of each certificate with AuthorityOf: the CA's CRLs list only certificates that have it.
//
// Its own errors are [yuncert.ErrInvalidValueMalformed] for a certificate that cannot
// be read, that has a serial number of more than 20 octets, or whose names and the
// domains above them are more than 4096; [yuncert.ErrInvalidParameter] if the CA has
// another certificate with the same serial number, or if this one was deleted; and
// [yuncert.ErrParamRepeat] if another certificate has the CustomIdentifier.
func (v *Inventory) Add(ctx context.Context, now time.Time, der []byte, labels Labels) (c Certificate, err error) {
	add, err := addition(now, der, labels)
	if err != nil {
		return Certificate{}, err
	}
	return v.change(ctx, add)
}

// addition checks a certificate and its labels, and returns the function that stores
// them.
func addition(now time.Time, der []byte, labels Labels) (func(Tx) (Certificate, error), error) {
	made, terms, cert, err := read(der)
	if err != nil {
		return nil, err
	}
	err = labels.check()
	if err != nil {
		return nil, err
	}
	made.Labels, made.Added, made.Updated = labels, instant(now), instant(now)
	made.Labels.Tags = slices.Clone(labels.Tags)
	return func(tx Tx) (Certificate, error) { return add(tx, made, terms, cert) }, nil
}

// check checks the fields in their order.
func (l *Labels) check() error {
	if err := param.CheckTags(len(l.Tags)); err != nil {
		return err
	}
	for _, tag := range l.Tags {
		for _, text := range []string{tag.Key, tag.Value} {
			if err := param.CheckLabel("Tags", text); err != nil {
				return err
			}
		}
	}
	for _, label := range []struct{ parameter, text string }{
		{"ResourceGroupId", l.ResourceGroupId}, {"CustomIdentifier", l.CustomIdentifier}, {"AliasName", l.AliasName},
	} {
		if err := param.CheckLabel(label.parameter, label.text); err != nil {
			return err
		}
	}
	return nil
}

// add is create. It looks for the issuer of a certificate without an authority key
// identifier.
func add(tx Tx, c Certificate, terms []string, cert *x509.Certificate) (Certificate, error) {
	if len(cert.AuthorityKeyId) == 0 {
		issuer, err := signerOf(tx, cert)
		if err != nil {
			return Certificate{}, err
		}
		if issuer != "" {
			c.Authority = issuer
		}
	}
	return create(tx, c, terms)
}

// create stores a certificate, or returns the one that is stored with its octets.
func create(tx Tx, c Certificate, terms []string) (Certificate, error) {
	id, err := tx.CreateCertificate(c, terms)
	if err == nil {
		c.Id = id
		return c, nil
	}
	if !errors.Is(err, ErrExists) {
		return Certificate{}, err
	}
	stored, found, err := tx.Certificate(c.Identifier)
	switch {
	case err != nil:
		return Certificate{}, err
	case found && stored.Status == StatusDelete:
		return Certificate{}, param.Refused("Certificate", "the certificate %s was revoked and deleted", c.Identifier)
	case found && !bytes.Equal(stored.DER, c.DER): // an MD5 collision
		return Certificate{}, param.Refused("Certificate", "another certificate has the Identifier %s", c.Identifier)
	case found:
		return stored, nil
	}
	_, taken, err := tx.CertificateBySerialNumber(c.Authority, c.SerialNumber)
	switch {
	case err != nil:
		return Certificate{}, err
	case taken:
		return Certificate{}, param.Refused("Certificate", "its CA has another certificate with the serial number %s", c.SerialNumber)
	case c.Labels.CustomIdentifier == "":
		return Certificate{}, fmt.Errorf("the store says that the certificate %s exists, and does not find it", c.Identifier)
	}
	return Certificate{}, yuncert.Errorf(yuncert.ErrParamRepeat, "CustomIdentifier", "another certificate has the CustomIdentifier %.80q", c.Labels.CustomIdentifier)
}

// signerOf returns the authority of the CA that signed a certificate without an
// authority key identifier, or "" if no such CA is known.
func signerOf(tx Tx, cert *x509.Certificate) (string, error) {
	if bytes.Equal(cert.RawIssuer, cert.RawSubject) {
		err := x509der.CheckSignature(cert, cert)
		if err == nil || errors.Is(err, x509der.ErrSignatureAlgorithm) { // an old root, as NewIssuer takes it
			return authorityOfCA(cert), nil
		}
	}
	named, err := tx.CAs(authority(cert.RawIssuer, nil))
	if err != nil {
		return "", err
	}
	for _, c := range named {
		chain, err := c.chain()
		if err != nil {
			return "", err
		}
		if x509der.CheckSignature(cert, chain[0]) == nil {
			return c.Authority, nil
		}
	}
	return "", nil
}

// canonicalSerialNumber returns a serial number in the form of Certificate.
func canonicalSerialNumber(text string) (string, error) {
	if text == "" {
		return "", yuncert.Missing("SerialNumber")
	}
	serial, err := x509der.ParseSerialNumber(text)
	if err != nil {
		return "", param.Malformed("SerialNumber", "%.80q: %v", text, err)
	}
	if len(serial) == 0 {
		return "00", nil
	}
	return hex.EncodeToString(serial), nil
}
