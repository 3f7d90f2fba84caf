package ca

import (
	"time"

	"github.com/yuncert/yuncert"
)

// maxTime is the last second that a certificate can hold (RFC 5280, section
// 4.1.2.5): the end of the year 9999.
var maxTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// checkValidity checks the five parameters of the validity in themselves.
func (r *CreateServerCertificateWithCsrRequest) checkValidity() error {
	for _, p := range []struct {
		name         string
		value, limit int64
	}{
		// Limits of 10,000 years keep the calendar arithmetic from overflowing.
		{"Years", int64(r.Years), 10_000},
		{"Months", int64(r.Months), 120_000},
		{"Days", int64(r.Days), 3_652_500},
		{"BeforeTime", r.BeforeTime, maxTime.Unix()},
		{"AfterTime", r.AfterTime, maxTime.Unix()},
	} {
		if p.value < 0 || p.value > p.limit {
			return malformed(p.name, "%d is not from 1 to %d", p.value, p.limit)
		}
	}
	switch {
	case r.BeforeTime == 0 && r.AfterTime != 0:
		return malformed("BeforeTime", "AfterTime is set and BeforeTime is not: both or neither are")
	case r.BeforeTime != 0 && r.AfterTime == 0:
		return malformed("AfterTime", "BeforeTime is set and AfterTime is not: both or neither are")
	case r.AfterTime < r.BeforeTime || r.AfterTime == r.BeforeTime && r.AfterTime != 0:
		return malformed("AfterTime", "%d is not after BeforeTime, %d", r.AfterTime, r.BeforeTime)
	case r.Days == 0 && r.AfterTime == 0 && r.Years == 0 && r.Months == 0:
		return yuncert.Errorf(yuncert.ErrMissingParameter, "Days",
			"Days is mandatory for this action. BeforeTime with AfterTime, or Years and Months, may stand in its place.")
	}
	return nil
}

// validity returns the start and end of the certificate: Days before the pair of
// times, and those before Years and Months. It must lie within the validity of
// the CA and its chain, and is never cut to fit.
func (r *CreateServerCertificateWithCsrRequest) validity(now time.Time, issuer *Issuer) (notBefore, notAfter time.Time, err error) {
	notBefore = now
	if r.BeforeTime != 0 {
		notBefore = time.Unix(r.BeforeTime, 0).UTC()
	}
	var decides string
	switch {
	case r.Days != 0:
		decides, notAfter = "Days", notBefore.AddDate(0, 0, int(r.Days))
	case r.AfterTime != 0:
		decides, notAfter = "AfterTime", time.Unix(r.AfterTime, 0).UTC()
	case r.Years != 0:
		decides, notAfter = "Years", notBefore.AddDate(int(r.Years), int(r.Months), 0)
	default:
		decides, notAfter = "Months", notBefore.AddDate(0, int(r.Months), 0)
	}
	switch {
	case notBefore.Before(issuer.notBefore):
		return notBefore, notAfter, refused("BeforeTime", "the certificate would begin at %s: the CA and its chain begin at %s", stamp(notBefore), stamp(issuer.notBefore))
	case notAfter.After(issuer.notAfter):
		return notBefore, notAfter, refused(decides, "the certificate would end at %s: the CA and its chain end at %s", stamp(notAfter), stamp(issuer.notAfter))
	}
	return notBefore, notAfter, nil
}
