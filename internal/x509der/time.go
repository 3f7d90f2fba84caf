package x509der

import (
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// checkTimes refuses a year that does not have four digits.
func checkTimes(times ...time.Time) error {
	for _, t := range times {
		year := t.UTC().Year()
		if year < 0 || year > 9999 {
			return fmt.Errorf("the year %d is not from 0 to 9999 (RFC 5280, section 4.1.2.5)", year)
		}
	}
	return nil
}

// appendTime appends UTCTime for 1950 through 2049 and GeneralizedTime for
// other years (RFC 5280, section 4.1.2.5).
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year := t.Year()
	if 1950 <= year && year < 2050 {
		return appendClock(appendTwo(append(dst, byte(asn1.UTCTime), 13), year%100), t)
	}
	return appendGeneralizedTime(dst, t)
}

func appendGeneralizedTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	dst = appendTwo(append(dst, byte(asn1.GeneralizedTime), 15), t.Year()/100)
	return appendClock(appendTwo(dst, t.Year()%100), t)
}

// appendClock appends the rest of a time after the year, the same in both
// types.
func appendClock(dst []byte, t time.Time) []byte {
	_, month, day := t.Date()
	hour, minute, second := t.Clock()
	for _, n := range [...]int{int(month), day, hour, minute, second} {
		dst = appendTwo(dst, n)
	}
	return append(dst, 'Z')
}

// appendTwo appends a number below 100 in two digits.
func appendTwo(dst []byte, n int) []byte { return append(dst, '0'+byte(n/10), '0'+byte(n%10)) }
