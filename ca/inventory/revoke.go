package inventory

import (
	"context"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
)

const (
	statusIssue  = ca.StatusIssue
	statusRevoke = ca.StatusRevoke
)

// Revoke revokes a certificate. The next [Inventory.RevocationList] and
// [Inventory.Status] of its CA say so. A certificate that the CA has already revoked is
// [yuncert.ErrInvalidStatusUpdateProtection], unless it is on hold and r has another
// reason than ca.ReasonCertificateHold: it is then revoked permanently, and the
// RevocationTime stays the start of the hold (ITU-T X.509, on certificateHold). The
// fields of r follow the rules of [ca.RevokedCertificate.Validate].
//
// Revoke also revokes the certificate of a CA, and does not stop the CA:
// [Inventory.UpdateCACertificateStatus] does both.
func (v *Inventory) Revoke(ctx context.Context, now time.Time, identifier string, r Revocation) (c Certificate, err error) {
	if identifier == "" {
		return Certificate{}, yuncert.Missing("Identifier")
	}
	r, err = r.complete(now)
	if err != nil {
		return Certificate{}, err
	}
	return v.change(ctx, func(tx Tx) (c Certificate, err error) {
		c, err = readCertificate(tx, identifier)
		if err != nil {
			return Certificate{}, err
		}
		return revoke(tx, now, c, r)
	})
}

// Release ends the hold of a certificate: its Status is ca.StatusIssue again, and the
// next CRL does not list it (RFC 5280, section 5.3.1). A certificate that is not on
// hold is [yuncert.ErrInvalidStatusUpdateProtection].
func (v *Inventory) Release(ctx context.Context, now time.Time, identifier string) (c Certificate, err error) {
	if identifier == "" {
		return Certificate{}, yuncert.Missing("Identifier")
	}
	return v.change(ctx, func(tx Tx) (c Certificate, err error) {
		c, err = readCertificate(tx, identifier)
		if err != nil {
			return Certificate{}, err
		}
		if !c.onHold() {
			return Certificate{}, yuncert.Errorf(yuncert.ErrInvalidStatusUpdateProtection, "Identifier", "the certificate %s is not on hold", identifier)
		}
		c.Status, c.Revocation, c.Updated = statusIssue, Revocation{}, instant(now)
		return c, tx.PutCertificate(c)
	})
}

// change runs f in an Update and returns the certificate that f stored.
func (v *Inventory) change(ctx context.Context, f func(Tx) (Certificate, error)) (c Certificate, err error) {
	err = v.update(ctx, func(tx Tx) (err error) {
		c, err = f(tx)
		return err
	})
	if err != nil {
		return Certificate{}, err
	}
	return c, nil
}

// complete checks a revocation and replaces a RevocationTime of zero.
func (r Revocation) complete(now time.Time) (Revocation, error) {
	if r.RevocationTime.IsZero() {
		r.RevocationTime = now
	}
	// Any valid serial number will do.
	entry := ca.RevokedCertificate{SerialNumber: "1", RevocationTime: r.RevocationTime, Reason: r.Reason, InvalidityDate: r.InvalidityDate}
	if err := entry.Validate(now); err != nil {
		return Revocation{}, err
	}
	r.RevocationTime, r.InvalidityDate = instant(r.RevocationTime), instant(r.InvalidityDate)
	return r, nil
}

// revoke stores the revocation of a certificate that the Update found.
func revoke(tx Tx, now time.Time, c Certificate, r Revocation) (Certificate, error) {
	if c.Status != statusIssue {
		if !c.onHold() || r.Reason == ca.ReasonCertificateHold {
			return Certificate{}, yuncert.Errorf(yuncert.ErrInvalidStatusUpdateProtection, "Identifier", "the certificate %s is revoked already", c.Identifier)
		}
		r.RevocationTime = c.Revocation.RevocationTime
	}
	c.Status, c.Revocation, c.Updated = statusRevoke, r, instant(now)
	return c, tx.PutCertificate(c)
}

func (c *Certificate) onHold() bool {
	return c.Status == statusRevoke && c.Revocation.Reason == ca.ReasonCertificateHold
}
