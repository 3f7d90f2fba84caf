package ca_test

import (
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
)

// Every combination of the five parameters of the validity.
func TestCreateServerCertificateWithCsrValidityCombinations(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	text := hostCSR(t, algorithm.ECC_256, "www.example.com")
	start, end := instant.AddDate(0, 0, 7), instant.AddDate(0, 1, 3)
	set := func(bits, bit int) int { return bits >> bit & 1 }
	for bits := range 32 {
		req := serverRequest(au.issuer, text)
		req.Days = int32(90 * set(bits, 0))
		req.BeforeTime = start.Unix() * int64(set(bits, 1))
		req.AfterTime = end.Unix() * int64(set(bits, 2))
		req.Years = int32(2 * set(bits, 3))
		req.Months = int32(5 * set(bits, 4))
		what := fmt.Sprintf("Days %d, BeforeTime %d, AfterTime %d, Years %d, Months %d", req.Days, req.BeforeTime, req.AfterTime, req.Years, req.Months)
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			notBefore, notAfter := instant, time.Time{}
			pair := req.BeforeTime != 0 && req.AfterTime != 0
			if pair {
				notBefore = start
			}
			switch {
			case req.BeforeTime != 0 && !pair:
				checkRefused(t, instant, au.issuer, req, malformed, "AfterTime", "both")
				return
			case req.AfterTime != 0 && !pair:
				checkRefused(t, instant, au.issuer, req, malformed, "BeforeTime", "both")
				return
			case req.Days != 0:
				notAfter = notBefore.Add(90 * 24 * time.Hour)
			case pair:
				notAfter = end
			case req.Years != 0 && req.Months != 0:
				notAfter = time.Date(2028, 8, 4, 5, 6, 7, 0, time.UTC)
			case req.Years != 0:
				notAfter = time.Date(2028, 3, 4, 5, 6, 7, 0, time.UTC)
			case req.Months != 0:
				notAfter = time.Date(2026, 8, 4, 5, 6, 7, 0, time.UTC)
			default:
				checkRefused(t, instant, au.issuer, req, missing, "Days", "Days is mandatory for this action.")
				return
			}
			checkValidity(t, issue(t, au.issuer, req), notBefore, notAfter)
		})
	}
}

func checkValidity(t *testing.T, cert *x509.Certificate, notBefore, notAfter time.Time) {
	t.Helper()
	if !cert.NotBefore.Equal(notBefore) || !cert.NotAfter.Equal(notAfter) {
		t.Errorf("valid from %v to %v, want %v to %v", cert.NotBefore, cert.NotAfter, notBefore, notAfter)
	}
}

func TestCreateServerCertificateWithCsrValidity(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	text := hostCSR(t, algorithm.ECC_256, "www.example.com")
	start, end := instant, caEnd
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 5, 6, 7, 0, time.UTC) }
	const second = time.Second
	pair := func(from, to time.Time) func(*request) {
		return func(r *request) { r.Days, r.BeforeTime, r.AfterTime = 0, from.Unix(), to.Unix() }
	}
	tests := []struct {
		name                string
		now                 time.Time
		change              func(*request)
		parameter           string // at fault; empty: accepted
		notBefore, notAfter time.Time
	}{
		{"Days 1", instant, func(r *request) { r.Days = 1 }, "", instant, day(2026, 3, 5)},
		{"parts of a second are cut", instant.Add(second - 1), func(r *request) { r.Days = 1 }, "", instant, day(2026, 3, 5)},
		{"another time zone", instant.In(time.FixedZone("PST", -8*3600)), func(r *request) { r.Days = 1 }, "", instant, day(2026, 3, 5)},
		{"a pair of one second", instant, pair(start, start.Add(second)), "", start, start.Add(second)},
		{"a pair in the future", instant, pair(day(2030, 4, 1), day(2030, 5, 1)), "", day(2030, 4, 1), day(2030, 5, 1)},
		{"all of the CA's validity", day(2027, 1, 1), pair(start, end), "", start, end},
		{"a second before the CA begins", instant, pair(start.Add(-second), end), "BeforeTime", time.Time{}, time.Time{}},
		{"a second beyond the CA's end", instant, pair(start, end.Add(second)), "AfterTime", time.Time{}, time.Time{}},
		{"Days to the CA's end", end.AddDate(0, 0, -10), func(r *request) { r.Days = 10 }, "", end.AddDate(0, 0, -10), end},
		{"Days a second beyond the CA's end", end.AddDate(0, 0, -10).Add(second), func(r *request) { r.Days = 10 }, "Days", time.Time{}, time.Time{}},
		{"Days from BeforeTime beyond the CA's end", instant, func(r *request) { r.Days, r.BeforeTime, r.AfterTime = 11, end.AddDate(0, 0, -10).Unix(), end.Unix() }, "Days", time.Time{}, time.Time{}},
		{"Days do not excuse a start before the CA's", instant, func(r *request) { r.BeforeTime, r.AfterTime = start.Add(-second).Unix(), end.Unix() }, "BeforeTime", time.Time{}, time.Time{}},
		{"Days decide though AfterTime is beyond the CA's end", instant, func(r *request) { r.Days, r.BeforeTime, r.AfterTime = 1, start.Unix(), end.Add(second).Unix() }, "", start, day(2026, 3, 5)},
		{"Years to the CA's end", instant, func(r *request) { r.Days, r.Years = 0, 5 }, "", start, end},
		{"Years beyond the CA's end", instant, func(r *request) { r.Days, r.Years = 0, 6 }, "Years", time.Time{}, time.Time{}},
		{"Years and Months beyond the CA's end", instant, func(r *request) { r.Days, r.Years, r.Months = 0, 5, 1 }, "Years", time.Time{}, time.Time{}},
		{"Months to the CA's end", instant, func(r *request) { r.Days, r.Months = 0, 60 }, "", start, end},
		{"Months beyond the CA's end", instant, func(r *request) { r.Days, r.Months = 0, 61 }, "Months", time.Time{}, time.Time{}},
		{"Days before Years", instant, func(r *request) { r.Days, r.Years = 1, 100 }, "", start, day(2026, 3, 5)},
		{"the pair before Years", instant, func(r *request) { pair(start, day(2026, 3, 5))(r); r.Years, r.Months = 100, 100 }, "", start, day(2026, 3, 5)},
		{"Years over a leap day", day(2027, 3, 4), func(r *request) { r.Days, r.Years = 0, 1 }, "", day(2027, 3, 4), day(2028, 3, 4)},
		{"a year from a leap day", day(2028, 2, 29), func(r *request) { r.Days, r.Years = 0, 1 }, "", day(2028, 2, 29), day(2029, 3, 1)},
		{"a month from 31 January", day(2027, 1, 31), func(r *request) { r.Days, r.Months = 0, 1 }, "", day(2027, 1, 31), day(2027, 3, 3)},
		{"a month from 31 January of a leap year", day(2028, 1, 31), func(r *request) { r.Days, r.Months = 0, 1 }, "", day(2028, 1, 31), day(2028, 3, 2)},
		{"365 Days over a leap day", day(2027, 3, 4), func(r *request) { r.Days = 365 }, "", day(2027, 3, 4), day(2028, 3, 3)},
		{"the largest Days", instant, func(r *request) { r.Days = 3_652_500 }, "Days", time.Time{}, time.Time{}},
		{"the largest Years and Months", instant, func(r *request) { r.Days, r.Years, r.Months = 0, 10_000, 120_000 }, "Years", time.Time{}, time.Time{}},
		{"the largest AfterTime", instant, func(r *request) { r.Days, r.BeforeTime, r.AfterTime = 0, start.Unix(), 253402300799 }, "AfterTime", time.Time{}, time.Time{}},
		{"the largest pair with the largest Days", instant, func(r *request) { r.Days, r.BeforeTime, r.AfterTime = 3_652_500, 253402300798, 253402300799 }, "Days", time.Time{}, time.Time{}},
		{"the smallest pair", instant, func(r *request) { r.Days, r.BeforeTime, r.AfterTime = 0, 1, 2 }, "BeforeTime", time.Time{}, time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := serverRequest(au.issuer, text)
			tt.change(req)
			if err := req.Validate(); err != nil {
				t.Fatalf("without issuer the request is valid: %v", err)
			}
			if tt.parameter != "" {
				checkRefused(t, tt.now, au.issuer, req, refused, tt.parameter, "the CA and its chain")
				return
			}
			_, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), tt.now, au.issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			checkValidity(t, parse(t, der), tt.notBefore, tt.notAfter)
		})
	}
}

// A CA signs while all of its chain is valid, both ends included.
func TestCreateServerCertificateWithCsrExpiredIssuer(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	text := hostCSR(t, algorithm.ECC_256, "www.example.com")
	// Here the root begins after its subordinate CA, and ends before it.
	late, early := instant.AddDate(0, 1, 0), instant.AddDate(0, 6, 0)
	root := caTemplate("Root")
	root.NotBefore, root.NotAfter = late, early
	narrow, err := ca.NewIssuer(
		sign(t, caTemplate("Sub"), root, au.subKey.Public(), au.rootKey)+sign(t, root, root, au.rootKey.Public(), au.rootKey),
		au.subKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// And here the CA is within its root, as most are.
	sub := caTemplate("Sub")
	sub.NotBefore, sub.NotAfter = late, early
	within, err := ca.NewIssuer(
		sign(t, sub, caTemplate("Root"), au.subKey.Public(), au.rootKey)+sign(t, caTemplate("Root"), caTemplate("Root"), au.rootKey.Public(), au.rootKey),
		au.subKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		issuer *ca.Issuer
		now    time.Time
		ok     bool
	}{
		{"a second before the CA begins, of an older root", within, late.Add(-time.Second), false},
		{"the CA's first second, of an older root", within, late, true},
		{"the CA's last second, of a root that lasts longer", within, early, true},
		{"a second after the CA's end, of a root that lasts longer", within, early.Add(time.Second), false},
		{"a second before the CA begins", au.issuer, instant.Add(-time.Second), false},
		{"less than a second before", au.issuer, instant.Add(-1), false},
		{"the CA's first second", au.issuer, instant, true},
		{"the CA's last second", au.issuer, caEnd, true},
		{"the end of the CA's last second", au.issuer, caEnd.Add(time.Second - 1), true},
		{"a second after the CA's end", au.issuer, caEnd.Add(time.Second), false},
		{"the zero instant", au.issuer, time.Time{}, false},
		{"a second before the root begins", narrow, late.Add(-time.Second), false},
		{"the root's first second", narrow, late, true},
		{"the root's last second", narrow, early, true},
		{"a second after the root's end", narrow, early.Add(time.Second), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := serverRequest(tt.issuer, text)
			end := caEnd
			if tt.issuer != au.issuer {
				end = early
			}
			req.Days, req.BeforeTime, req.AfterTime = 0, late.Unix(), end.Unix()
			if !tt.ok {
				checkRefused(t, tt.now, tt.issuer, req, yuncert.ErrCertificateExpired, "ParentIdentifier", tt.now.UTC().Truncate(time.Second).Format(time.RFC3339))
				return
			}
			_, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), tt.now, tt.issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			checkValidity(t, parse(t, der), late, end)
		})
	}
	past := serverRequest(au.issuer, text)
	past.Days, past.BeforeTime, past.AfterTime = 0, late.Unix(), early.Unix()
	checkRefused(t, early.Add(time.Second), au.issuer, past, refused, "AfterTime", "would have ended")
	for what, change := range map[string]func(*request){
		"the root's validity binds too, at its end":   func(r *request) { r.AfterTime++ },
		"the root's validity binds too, at its start": func(r *request) { r.BeforeTime-- },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			req := serverRequest(narrow, text)
			req.Days, req.BeforeTime, req.AfterTime = 0, late.Unix(), early.Unix()
			change(req)
			resp, der, err := ca.CreateServerCertificateWithCsr(testutil.Untouched(t), late, narrow, req)
			if e, ok := err.(*yuncert.Error); !ok || e.Code != refused || resp != nil || der != nil {
				t.Errorf("got %v, %v", resp, err)
			}
		})
	}
}
