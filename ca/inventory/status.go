package inventory

import (
	"context"
	"time"

	"github.com/yuncert/yuncert/ca"
)

// Status returns the lookup of [ca.RespondOCSP] for the certificates of an authority,
// which is [AuthorityOf] an Issuer, or the Authority of a [CA]. The answer is
// ca.OCSPGood or ca.OCSPRevoked for a certificate that was added, also after it
// expired or was deleted. For any other serial number the answer is unknown. Every
// answer has the NextUpdate of unknown. So ca.OCSPAnswer{NextUpdate: t} is usual: it
// says ca.OCSPUnknown, and clients may keep the answers until t. Each lookup reads one
// certificate from the store.
func (v *Inventory) Status(ctx context.Context, now time.Time, authority string, unknown ca.OCSPAnswer) func(serialNumber string) (ca.OCSPAnswer, error) {
	return func(serialNumber string) (answer ca.OCSPAnswer, err error) {
		serial, err := canonicalSerialNumber(serialNumber)
		if err != nil {
			return ca.OCSPAnswer{}, err
		}
		var c Certificate
		found := false
		err = v.view(ctx, func(s Snapshot) (err error) {
			c, found, err = s.CertificateBySerialNumber(authority, serial)
			return err
		})
		switch {
		case err != nil:
			return ca.OCSPAnswer{}, err
		case !found:
			return unknown, nil
		case c.Status == statusIssue:
			return ca.OCSPAnswer{Status: ca.OCSPGood, NextUpdate: unknown.NextUpdate}, nil
		}
		r := c.Revocation
		if r.RevocationTime.After(now) { // the clock of another process is ahead
			r.RevocationTime = now
		}
		return ca.OCSPAnswer{Status: ca.OCSPRevoked, RevocationTime: r.RevocationTime, Reason: r.Reason, NextUpdate: unknown.NextUpdate}, nil
	}
}
