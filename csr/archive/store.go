package archive

import (
	"context"
	"errors"
	"time"
)

// A Store keeps the CSRs of an [Archive]. It must be safe for concurrent use. Package
// storetest tests a Store against the rules here.
type Store interface {
	// Update runs f in a transaction and then commits what f wrote. It commits nothing
	// if f returns an error or panics, if the store fails, or if ctx ends before the
	// commit begins. It returns an error of f as it is: the Archive recognizes its own.
	//
	// Until this Update ends, no other one changes a record that f has found. If f
	// looked one up and did not find it, another Update may create it. Then Put makes
	// the store run f again.
	//
	// A store may run f again after any conflict. So f must set its results in each
	// run and have no other side effect. f must not call the store or keep the Tx.
	//
	// If it is unknown whether the commit succeeded, such as after a broken connection,
	// the error wraps [ErrOutcomeUnknown].
	Update(ctx context.Context, f func(Tx) error) error

	// View runs f over one consistent state. The rules for f and its error are the same.
	View(ctx context.Context, f func(Snapshot) error) error
}

// A Reader looks up records, and says whether they exist.
type Reader interface {
	Record(csrID int64) (r Record, found bool, err error)
}

// A Tx reads and writes a Store. It reads its own writes. Before Put and Delete, the
// same Update looks up the record.
type Tx interface {
	Reader

	Put(r Record) error       // creates or replaces the record with this CsrId
	Delete(csrID int64) error // deletes the record with this CsrId
}

// A Snapshot is the state of a Store at one moment.
type Snapshot interface {
	Reader

	// Count returns how many records pass a filter.
	Count(filter Filter) (int64, error)

	// Records returns up to limit of the records that pass a filter, without the first
	// offset ones. They are sorted by Created and then by CsrId, both descending.
	Records(filter Filter, offset, limit int64) ([]Record, error)
}

// A Filter selects records. The zero Filter selects all.
type Filter struct {
	Algorithm string // the Algorithm of the record; empty means any
	KeyWord   string // a part of Search, octet by octet; empty means any
}

// ErrOutcomeUnknown is the cause of [yuncert.ErrInternalError] if the change may or may
// not be stored.
var ErrOutcomeUnknown = errors.New("it is unknown whether the change was stored")

// A Record is a CSR as a [Store] keeps it. All its texts are UTF-8 without control
// characters, except for the line feeds in Csr and Search.
type Record struct {
	CsrId     int64  // from 1 to 2^53-1
	Name      string // up to 50 octets
	Csr       string // in PEM, up to 64 KiB and 100 octets
	Algorithm string // "RSA", "ECC" or "SM2"
	KeySize   int32  // in bits, as in the name of the [algorithm.Algorithm]
	KeySha2   string // SHA-256 of the public key: 64 hexadecimal digits

	// CommonName and the fields up to Department come from the CSR. All of them
	// together are shorter than twice the CSR. Sans has the names other than the
	// CommonName, separated by commas.
	CommonName, Sans, CountryCode, Province, Locality, CorpName, Department string

	Search    string    // what the KeyWord of a [Filter] is compared with
	Created   time.Time // when the CSR was first stored: UTC, whole microseconds
	SealedKey []byte    // nonce and ciphertext of the private key, up to 16 KiB; empty without one
}
