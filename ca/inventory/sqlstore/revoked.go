package sqlstore

import (
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
)

const selectRevoked = `SELECT crl_entry FROM yuncert_certificates WHERE crl_entry IS NOT NULL AND authority = $1 AND crl_until >= $2`

// crlUntil is the column crl_until of a certificate.
func crlUntil(c *inventory.Certificate) int64 {
	return max(c.NotAfter.UnixMicro(), c.Updated.UnixMicro())
}

// A crlEntry is the column crl_entry: the RevocationTime and the InvalidityDate, each in
// microseconds since 1970 UTC and 8 octets, the Reason in 4 octets, and the octets of the
// SerialNumber. It is one short column, because a CRL takes most of its time for the
// number and the length of the values that it reads.
type crlEntry ca.RevokedCertificate

// crlEntryOf returns the column of a certificate. It is NULL unless it is revoked.
func crlEntryOf(c *inventory.Certificate) driver.Valuer {
	if c.Status == ca.StatusIssue {
		return crlEntry{}
	}
	return crlEntry{
		SerialNumber: c.SerialNumber, RevocationTime: c.Revocation.RevocationTime,
		Reason: c.Revocation.Reason, InvalidityDate: c.Revocation.InvalidityDate,
	}
}

// crlEntryHeader is the number of octets before the SerialNumber.
const crlEntryHeader = 8 + 8 + 4

// Value implements [driver.Valuer].
func (e crlEntry) Value() (driver.Value, error) {
	if e.SerialNumber == "" {
		return nil, nil
	}
	column := binary.BigEndian.AppendUint64(nil, uint64(e.RevocationTime.UnixMicro()))
	column = binary.BigEndian.AppendUint64(column, uint64(e.InvalidityDate.UnixMicro()))
	column = binary.BigEndian.AppendUint32(column, uint32(e.Reason))
	column, err := hex.AppendDecode(column, []byte(e.SerialNumber))
	if err != nil {
		return nil, fmt.Errorf("the serial number %.80q is not hexadecimal", e.SerialNumber)
	}
	return column, nil
}

// crlEntries are the columns crl_entry of some certificates, each after its length.
type crlEntries []byte

// Scan implements [sql.Scanner]. It appends a column.
func (e *crlEntries) Scan(src any) error {
	column, ok := src.([]byte)
	if !ok || len(column) <= crlEntryHeader {
		return fmt.Errorf("the %T %.80q is not a CRL entry", src, src)
	}
	*e = append(binary.AppendUvarint(*e, uint64(len(column))), column...)
	return nil
}

// all yields the entries.
func (e crlEntries) all(yield func(ca.RevokedCertificate) bool) {
	var digits []byte
	for len(e) > 0 {
		n, size := binary.Uvarint(e)
		column := e[size : size+int(n)]
		e = e[size+int(n):]
		digits = hex.AppendEncode(digits[:0], column[crlEntryHeader:])
		micros := func(at int) time.Time { return time.UnixMicro(int64(binary.BigEndian.Uint64(column[at:]))).UTC() }
		entry := ca.RevokedCertificate{
			RevocationTime: micros(0), InvalidityDate: micros(8), Reason: ca.RevocationReason(binary.BigEndian.Uint32(column[16:])),
			SerialNumber: string(digits),
		}
		if !yield(entry) {
			return
		}
	}
}

// crlBatchSize is how many entries the reader of a CRL hands over at once.
const crlBatchSize = 1024

// errStopped means that the caller of Revoked needs no more entries.
var errStopped = errors.New("stopped")

// Revoked reads the next entries while the caller works on the ones before.
func (tx *tx) Revoked(authority, crlUrl string, since time.Time) iter.Seq2[ca.RevokedCertificate, error] {
	query, args := selectRevoked, []any{authority, since.UnixMicro()}
	if crlUrl != "" {
		query, args = query+" AND crl_url = $3", append(args, crlUrl)
	}
	return func(yield func(ca.RevokedCertificate, error) bool) {
		batches, stop := make(chan crlEntries, 4), make(chan struct{})
		var err error // until batches is closed, of the reader
		go func() {
			defer close(batches)
			err = tx.readRevoked(query, args, batches, stop)
		}()
		defer func() { // the caller may use tx again when the reader has ended
			close(stop)
			for range batches {
			}
		}()
		for batch := range batches {
			for entry := range batch.all {
				if !yield(entry, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(ca.RevokedCertificate{}, err)
		}
	}
}

// readRevoked sends the rows of a query in batches until stop is closed.
func (tx *tx) readRevoked(query string, args []any, batches chan<- crlEntries, stop <-chan struct{}) error {
	var batch crlEntries
	n := 0
	send := func() error {
		select {
		case batches <- batch:
			batch, n = make(crlEntries, 0, cap(batch)), 0
			return nil
		case <-stop:
			return errStopped
		}
	}
	err := tx.Each("reading the revoked certificates", query, args, []any{&batch}, func() error {
		if n++; n == crlBatchSize {
			return send()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return send()
}
