package inventory

import (
	"context"
	"time"

	"github.com/yuncert/yuncert/ca"
)

// Status returns the lookup of [ca.RespondOCSP] and [ca.CreateEncryptCertificate] for
// the certificates of an authority, which is [AuthorityOf] an Issuer, or the Authority
// of a [CA]. Call Status for each request, with the now of that function. The answer is
// ca.OCSPGood or ca.OCSPRevoked for a certificate that was added, also after it expired
// or was deleted, and ca.OCSPUnknown for any other serial number. Clients may keep each
// answer until nextUpdate; zero means that they always ask again. Each lookup reads one
// certificate from the store.
func (v *Inventory) Status(ctx context.Context, now time.Time, authority string, nextUpdate time.Time) func(serialNumber string) (ca.OCSPAnswer, error) {
	return func(serialNumber string) (answer ca.OCSPAnswer, err error) {
		if err := checkAuthority(authority); err != nil {
			return ca.OCSPAnswer{}, err
		}
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
			return ca.OCSPAnswer{Status: ca.OCSPUnknown, NextUpdate: nextUpdate}, nil
		case c.Status == statusIssue:
			return ca.OCSPAnswer{Status: ca.OCSPGood, NextUpdate: nextUpdate}, nil
		}
		r := c.Revocation
		if r.RevocationTime.After(now) { // the clock of another process is ahead
			r.RevocationTime = now
		}
		return ca.OCSPAnswer{Status: ca.OCSPRevoked, RevocationTime: r.RevocationTime, Reason: r.Reason, NextUpdate: nextUpdate}, nil
	}
}
