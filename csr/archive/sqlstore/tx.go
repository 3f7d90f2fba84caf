package sqlstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/internal/sqldb"
)

// A tx is the archive.Tx of an Update or the archive.Snapshot of a View.
type tx struct {
	*sqldb.Tx
	dialect Dialect
	exists  map[int64]bool // whether a record exists, for those read or written so far
}

func (s *Store) newTx(t *sqldb.Tx) *tx { return &tx{t, s.dialect, map[int64]bool{}} }

var (
	_ archive.Tx       = (*tx)(nil)
	_ archive.Snapshot = (*tx)(nil)
)

// errRaced means that another transaction created a record after this one had not
// found it. There was no row to lock.
var errRaced = errors.New("another transaction created the CSR")

// The columns have the order of columnsOf.
const (
	columns = `name, csr, algorithm, key_size, key_sha2, common_name, sans, country_code, province, locality, corp_name, department, search, created, sealed_key, csr_id`

	selectRecord = `SELECT ` + columns + ` FROM yuncert_csrs WHERE csr_id = $1`

	selectRecords = `SELECT ` + columns + ` FROM yuncert_csrs`

	countRecords = `SELECT COUNT(*) FROM yuncert_csrs`

	insertRecord = `INSERT INTO yuncert_csrs (` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (csr_id) DO NOTHING`

	updateRecord = `UPDATE yuncert_csrs SET name = $1, csr = $2, algorithm = $3, key_size = $4, key_sha2 = $5, common_name = $6, sans = $7, country_code = $8, province = $9, locality = $10, corp_name = $11, department = $12, search = $13, created = $14, sealed_key = $15 WHERE csr_id = $16`

	deleteRecord = `DELETE FROM yuncert_csrs WHERE csr_id = $1`
)

// columnsOf returns the columns of a record, to write from and to scan into.
func columnsOf(r *archive.Record) []any {
	return []any{
		&r.Name, &r.Csr, &r.Algorithm, &r.KeySize, &r.KeySha2, &r.CommonName, &r.Sans, &r.CountryCode, &r.Province,
		&r.Locality, &r.CorpName, &r.Department, &r.Search, (*sqldb.Micros)(&r.Created), &r.SealedKey, &r.CsrId,
	}
}

func (tx *tx) Record(csrID int64) (r archive.Record, found bool, err error) {
	found, err = tx.Get("reading a CSR", selectRecord+tx.ForUpdate(), []any{csrID}, columnsOf(&r)...)
	tx.exists[csrID] = found
	return r, found, err
}

func (tx *tx) Put(r archive.Record) error {
	exists, read := tx.exists[r.CsrId]
	if !read {
		var err error
		_, exists, err = tx.Record(r.CsrId)
		if err != nil {
			return err
		}
	}
	if exists {
		return tx.ExecOne("storing a CSR", updateRecord, columnsOf(&r)...)
	}
	created, err := tx.Exec("creating a CSR", insertRecord, columnsOf(&r)...)
	if err == nil && created == 0 {
		err = tx.Conflict(errRaced)
	}
	tx.exists[r.CsrId] = true
	return err
}

func (tx *tx) Delete(csrID int64) error {
	tx.exists[csrID] = false
	return tx.ExecOne("deleting a CSR", deleteRecord, csrID)
}

func (tx *tx) Count(filter archive.Filter) (count int64, err error) {
	where, args := tx.where(filter)
	_, err = tx.Get("counting CSRs", countRecords+where, args, &count)
	return count, err
}

func (tx *tx) Records(filter archive.Filter, offset, limit int64) (page []archive.Record, err error) {
	where, args := tx.where(filter)
	query := fmt.Sprintf("%s%s ORDER BY created DESC, csr_id DESC LIMIT $%d OFFSET $%d", selectRecords, where, len(args)+1, len(args)+2)
	// In SQLite a negative LIMIT means no limit.
	args = append(args, max(limit, 0), offset)
	var r archive.Record
	err = tx.Each("listing CSRs", query, args, columnsOf(&r), func() error {
		page = append(page, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// where returns the WHERE clause of a filter, and its arguments. An empty field adds no
// condition, because with one that is always true the database would use no index.
func (tx *tx) where(filter archive.Filter) (clause string, args []any) {
	var conditions []string
	if filter.Algorithm != "" {
		args = append(args, filter.Algorithm)
		conditions = append(conditions, fmt.Sprintf("algorithm = $%d", len(args)))
	}
	if filter.KeyWord != "" {
		position := "strpos"
		if tx.dialect == SQLite {
			position = "instr"
		}
		args = append(args, filter.KeyWord)
		conditions = append(conditions, fmt.Sprintf("%s(search, $%d) > 0", position, len(args)))
	}
	if len(conditions) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(conditions, " AND "), args
}
