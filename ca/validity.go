package ca

import (
	"strconv"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
)

// maxTime is the last second that a certificate can hold, the end of the year
// 9999 (RFC 5280, section 4.1.2.5).
var maxTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// validity holds the parameters that decide when a certificate begins and ends.
type validity struct {
	years, months, days   int32
	beforeTime, afterTime int64
	// The parameter that all of them come from. Empty means that each is a
	// parameter of its own.
	parameter string
}

// parseValidity reads the parameter Validity: a length in calendar units, an
// end, or a start and an end.
func parseValidity(text string) (validity, error) {
	v := validity{parameter: "Validity"}
	if text == "" {
		return v, yuncert.Missing("Validity")
	}
	start, end, pair := strings.Cut(text, "/")
	ok := false
	switch {
	case pair:
		v.beforeTime, ok = parseStamp(start)
		if ok {
			v.afterTime, ok = parseStamp(end)
		}
	case strings.HasSuffix(text, "Z"):
		v.afterTime, ok = parseStamp(text)
	default:
		ok = v.parseLength(text)
	}
	if !ok {
		return v, param.Malformed("Validity", "%.80q is not a length from 1d to 10000y such as 1y, 3m or 7d, an end such as 2030-01-31T00:00:00Z, or a start, a slash and an end", text)
	}
	if pair && v.afterTime <= v.beforeTime {
		return v, param.Malformed("Validity", "the end %s is not after the start %s", end, start)
	}
	return v, nil
}

// parseStamp reads an instant after the year 1970 to the second, in the form of
// the documents. It returns UNIX seconds.
func parseStamp(text string) (seconds int64, ok bool) {
	const form = "2006-01-02T15:04:05Z"
	t, err := time.Parse(form, text)
	return t.Unix(), err == nil && len(text) == len(form) && t.Unix() > 0
}

// parseLength reads a number and its unit.
func (v *validity) parseLength(text string) bool {
	last := len(text) - 1
	n, err := strconv.ParseUint(text[:last], 10, 31)
	if err != nil || n == 0 {
		return false
	}
	switch text[last] {
	case 'y':
		v.years = int32(n)
	case 'm':
		v.months = int32(n)
	case 'd':
		v.days = int32(n)
	default:
		return false
	}
	return v.years <= lengthYears && v.months <= lengthMonths && v.days <= lengthDays
}

// The longest lengths: 10,000 years, so that calendar arithmetic does not
// overflow.
const (
	lengthYears  = 10_000
	lengthMonths = 120_000
	lengthDays   = 3_652_500
)

// check checks the parameters without an issuer.
func (v *validity) check() error {
	for _, p := range []struct {
		name         string
		value, limit int32
	}{
		{"Years", v.years, lengthYears},
		{"Months", v.months, lengthMonths},
		{"Days", v.days, lengthDays},
	} {
		if p.value < 0 || p.value > p.limit {
			return param.Malformed(p.name, "%d is not from 1 to %d", p.value, p.limit)
		}
	}
	if v.beforeTime < 0 || v.beforeTime > maxTime.Unix() {
		return malformedTime("BeforeTime", v.beforeTime)
	}
	if v.afterTime < 0 || v.afterTime > maxTime.Unix() {
		return malformedTime("AfterTime", v.afterTime)
	}
	switch {
	case v.beforeTime == 0 && v.afterTime != 0:
		return param.Malformed("BeforeTime", "AfterTime is set and BeforeTime is not; set both or neither")
	case v.beforeTime != 0 && v.afterTime == 0:
		return param.Malformed("AfterTime", "BeforeTime is set and AfterTime is not; set both or neither")
	case v.afterTime < v.beforeTime || v.afterTime == v.beforeTime && v.afterTime != 0:
		return param.Malformed("AfterTime", "%d is not after BeforeTime, %d", v.afterTime, v.beforeTime)
	case v.days == 0 && v.afterTime == 0 && v.years == 0 && v.months == 0:
		return yuncert.Errorf(yuncert.ErrMissingParameter, "Days",
			"Days is mandatory for this action. BeforeTime with AfterTime, or Years or Months, can replace it.")
	}
	return nil
}

func malformedTime(name string, seconds int64) error {
	return param.Malformed(name, "%d is not a UNIX time in seconds from 1 to %d, the end of the year 9999", seconds, maxTime.Unix())
}

// within returns the start and the end of the certificate. Days count before
// the pair of times, and the pair before Years and Months. A validity that
// exceeds the CA's or its chain's is refused, not cut. So is one longer than
// longest days; zero means no limit.
func (v *validity) within(now time.Time, issuer *Issuer, longest int32) (notBefore, notAfter time.Time, err error) {
	start := now
	if v.beforeTime != 0 {
		start = time.Unix(v.beforeTime, 0).UTC()
	}
	var decides string
	switch {
	case v.days != 0:
		decides, notAfter = "Days", start.AddDate(0, 0, int(v.days))
	case v.afterTime != 0:
		decides, notAfter = "AfterTime", time.Unix(v.afterTime, 0).UTC()
	case v.years != 0:
		decides, notAfter = "Years", start.AddDate(int(v.years), int(v.months), 0)
	default:
		decides, notAfter = "Months", start.AddDate(0, int(v.months), 0)
	}
	begins := "BeforeTime"
	if v.parameter != "" {
		decides, begins = v.parameter, v.parameter
	}
	switch {
	case start.Before(issuer.notBefore):
		return start, notAfter, param.Refused(begins, "the certificate would begin at %s, before the CA and its chain, which begin at %s", stamp(start), stamp(issuer.notBefore))
	case notAfter.After(issuer.notAfter):
		return start, notAfter, param.Refused(decides, "the certificate would end at %s, after the CA and its chain, which end at %s", stamp(notAfter), stamp(issuer.notAfter))
	case notAfter.Before(now) || !notAfter.After(start):
		return start, notAfter, param.Refused(decides, "the certificate would have ended at %s, and it is %s now", stamp(notAfter), stamp(now))
	case longest > 0 && notAfter.Unix()-start.Unix() > int64(longest)*24*60*60:
		return start, notAfter, param.Refused(decides, "the certificate would be valid from %s to %s; the CA's CertMaxTime allows %d days", stamp(start), stamp(notAfter), longest)
	}
	if v.beforeTime == 0 {
		start = start.Add(-issuer.options.Backdate)
		if start.Before(issuer.notBefore) {
			start = issuer.notBefore
		}
	}
	return start, notAfter, nil
}

// checkYears checks the parameter Years of a new CA.
func checkYears(years int32) error {
	switch {
	case years == 0:
		return yuncert.Missing("Years")
	case years < 0 || years > maxYears:
		return param.Malformed("Years", "%d is not from 1 to %d; 5 to 10 are usual", years, maxYears)
	}
	return nil
}

// maxYears is the longest validity of a CA. The year in a certificate has four
// digits (RFC 5280, section 4.1.2.5).
const maxYears = 100

// checkNow refuses to issue if the CA or one above it is not valid now.
func (i *Issuer) checkNow(now time.Time) error {
	if now.Before(i.notBefore) || now.After(i.notAfter) {
		return yuncert.Errorf(yuncert.ErrCertificateExpired, "ParentIdentifier", "the CA and its chain are valid from %s to %s, and it is %s",
			stamp(i.notBefore), stamp(i.notAfter), stamp(now))
	}
	return nil
}

// stamp prints a time for a message.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// checkInstant refuses a time that a certificate cannot begin at, such as the
// zero [time.Time].
func checkInstant(now time.Time) error {
	if now.Year() < 1950 || now.After(maxTime) {
		return param.Refused("", "the time %s is not from 1950 to 9999 (RFC 5280, section 4.1.2.5)", stamp(now))
	}
	return nil
}

// second returns a time as a certificate holds it, in whole seconds.
func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
