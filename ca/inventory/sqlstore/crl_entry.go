package sqlstore

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
)

// A crlEntry is the column crl_entry: the RevocationTime in microseconds since 1970
// UTC, the Reason, the InvalidityDate or nothing, and the SerialNumber, with a space
// after each of the first three. It is one column, because a driver spends most of its
// time on the number of columns that it reads.
type crlEntry ca.RevokedCertificate

// crlEntryOf returns the column of a certificate. It is "" unless it is revoked.
func crlEntryOf(c *inventory.Certificate) driver.Valuer {
	if c.Status == ca.StatusIssue {
		return crlEntry{}
	}
	return crlEntry{
		SerialNumber: c.SerialNumber, RevocationTime: c.Revocation.RevocationTime,
		Reason: c.Revocation.Reason, InvalidityDate: c.Revocation.InvalidityDate,
	}
}

// Value implements [driver.Valuer].
func (e crlEntry) Value() (driver.Value, error) {
	if e.SerialNumber == "" {
		return "", nil
	}
	invalidity := ""
	if !e.InvalidityDate.IsZero() {
		invalidity = strconv.FormatInt(e.InvalidityDate.UnixMicro(), 10)
	}
	return fmt.Sprintf("%d %d %s %s", e.RevocationTime.UnixMicro(), e.Reason, invalidity, e.SerialNumber), nil
}

// Scan implements [sql.Scanner].
func (e *crlEntry) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("a %T is not a CRL entry; want a string", src)
	}
	revoked, rest, _ := strings.Cut(text, " ")
	reason, rest, _ := strings.Cut(rest, " ")
	invalidity, serial, found := strings.Cut(rest, " ")
	micros, err1 := strconv.ParseInt(revoked, 10, 64)
	number, err2 := strconv.Atoi(reason)
	if err1 != nil || err2 != nil || !found {
		return fmt.Errorf("%.80q is not a CRL entry", text)
	}
	*e = crlEntry{SerialNumber: serial, RevocationTime: time.UnixMicro(micros).UTC(), Reason: ca.RevocationReason(number)}
	if invalidity != "" {
		micros, err := strconv.ParseInt(invalidity, 10, 64)
		if err != nil {
			return fmt.Errorf("%.80q is not a CRL entry", text)
		}
		e.InvalidityDate = time.UnixMicro(micros).UTC()
	}
	return nil
}
