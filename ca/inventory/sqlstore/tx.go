package sqlstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/sqldb"
)

// A tx is the inventory.Tx of an Update or the inventory.Snapshot of a View.
type tx struct {
	*sqldb.Tx
	cas   map[string]bool  // the CAs that were found or created so far, by Identifier
	lists map[listKey]bool // the lists that were found or created so far
}

type listKey struct{ authority, crlUrl string }

func newTx(t *sqldb.Tx) *tx { return &tx{t, map[string]bool{}, map[listKey]bool{}} }

var (
	_ inventory.Tx       = (*tx)(nil)
	_ inventory.Snapshot = (*tx)(nil)
)

// errRaced means that another transaction created a CA, list or call after this one had
// not found it. There was no row to lock.
var errRaced = errors.New("another transaction created the same row")

const (
	// The columns have the order of columnsOf, caColumnsOf, listColumnsOf and
	// callColumnsOf.
	certificateColumns = `identifier, authority, serial_number, kind, not_before, not_after, crl_url, added, der, tags, resource_group_id, custom_identifier, alias_name, status, revocation_time, reason, invalidity_date, updated, id`

	selectCertificate = `SELECT ` + certificateColumns + ` FROM yuncert_certificates WHERE identifier = $1`

	selectBySerialNumber = `SELECT ` + certificateColumns + ` FROM yuncert_certificates WHERE authority = $1 AND serial_number = $2`

	insertCertificate = `INSERT INTO yuncert_certificates (identifier, authority, serial_number, kind, not_before, not_after, crl_url, added, der, tags, resource_group_id, custom_identifier, alias_name, status, revocation_time, reason, invalidity_date, updated, crl_until, crl_entry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) ON CONFLICT DO NOTHING RETURNING id`

	updateCertificate = `UPDATE yuncert_certificates SET der = $1, tags = $2, resource_group_id = $3, custom_identifier = $4, alias_name = $5, status = $6, revocation_time = $7, reason = $8, invalidity_date = $9, updated = $10, crl_until = $11, crl_entry = $12 WHERE identifier = $13`

	insertTerms = `INSERT INTO yuncert_certificate_terms (certificate_id, term) VALUES `

	deleteTerms = `DELETE FROM yuncert_certificate_terms WHERE certificate_id = $1`

	caColumns = `authority, name_authority, certificate_chain, crl_url, added, identifier`

	selectCA = `SELECT ` + caColumns + ` FROM yuncert_cas WHERE identifier = $1`

	selectCAs = `SELECT ` + caColumns + ` FROM yuncert_cas WHERE authority = $1 OR name_authority = $1 ORDER BY id DESC`

	selectAllCAs = `SELECT ` + caColumns + ` FROM yuncert_cas WHERE identifier > $1 ORDER BY identifier LIMIT $2`

	insertCA = `INSERT INTO yuncert_cas (` + caColumns + `) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`

	updateCA = `UPDATE yuncert_cas SET authority = $1, name_authority = $2, certificate_chain = $3, crl_url = $4, added = $5 WHERE identifier = $6`

	listColumns = `reserved, number, this_update, next_update, hash_code, authority, crl_url`

	selectList = `SELECT ` + listColumns + ` FROM yuncert_crls WHERE authority = $1 AND crl_url = $2`

	insertList = `INSERT INTO yuncert_crls (` + listColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`

	updateList = `UPDATE yuncert_crls SET reserved = $1, number = $2, this_update = $3, next_update = $4, hash_code = $5 WHERE authority = $6 AND crl_url = $7`

	callColumns = `operation, client_token, digest, identifier, response, added`

	selectCall = `SELECT ` + callColumns + ` FROM yuncert_calls WHERE operation = $1 AND client_token = $2`

	insertCall = `INSERT INTO yuncert_calls (` + callColumns + `) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`

	deleteCalls = `DELETE FROM yuncert_calls WHERE identifier = $1`
)

// fixedColumns is the number of the columns at the beginning of columnsOf that
// PutCertificate does not change.
const fixedColumns = 8

// columnsOf returns the columns of a certificate, to write from and to scan into.
func columnsOf(c *inventory.Certificate) []any {
	return []any{
		&c.Identifier, &c.Authority, &c.SerialNumber, &c.Kind, (*sqldb.Micros)(&c.NotBefore), (*sqldb.Micros)(&c.NotAfter),
		&c.CrlUrl, (*sqldb.Micros)(&c.Added),
		&c.DER, (*tags)(&c.Labels.Tags), &c.Labels.ResourceGroupId, &c.Labels.CustomIdentifier, &c.Labels.AliasName, &c.Status,
		(*sqldb.Micros)(&c.Revocation.RevocationTime), (*int)(&c.Revocation.Reason), (*sqldb.Micros)(&c.Revocation.InvalidityDate),
		(*sqldb.Micros)(&c.Updated), &c.Id,
	}
}

func caColumnsOf(c *inventory.CA) []any {
	return []any{&c.Authority, &c.NameAuthority, &c.CertificateChain, &c.CrlUrl, (*sqldb.Micros)(&c.Added), &c.Identifier}
}

func listColumnsOf(l *inventory.List) []any {
	return []any{
		&l.Reserved, &l.Number, (*sqldb.Micros)(&l.ThisUpdate), (*sqldb.Micros)(&l.NextUpdate), &l.HashCode, &l.Authority, &l.CrlUrl,
	}
}

func callColumnsOf(c *inventory.Call) []any {
	return []any{&c.Operation, &c.ClientToken, &c.Digest, &c.Identifier, &c.Response, (*sqldb.Micros)(&c.Added)}
}

func (tx *tx) Certificate(identifier string) (c inventory.Certificate, found bool, err error) {
	found, err = tx.Get("reading a certificate", selectCertificate+tx.ForUpdate(), []any{identifier}, columnsOf(&c)...)
	return c, found, err
}

func (tx *tx) CertificateBySerialNumber(authority, serialNumber string) (c inventory.Certificate, found bool, err error) {
	found, err = tx.Get("reading a certificate", selectBySerialNumber+tx.ForUpdate(), []any{authority, serialNumber}, columnsOf(&c)...)
	return c, found, err
}

func (tx *tx) CreateCertificate(c inventory.Certificate, terms []string) (int64, error) {
	columns := columnsOf(&c)
	args := append(columns[:len(columns)-1], crlUntil(&c), crlEntryOf(&c))
	created, err := tx.Get("creating a certificate", insertCertificate, args, &c.Id)
	if err != nil {
		return 0, err
	}
	if !created {
		return 0, inventory.ErrExists
	}
	for len(terms) > 0 {
		n := min(len(terms), maxTermRows)
		if err := tx.createTerms(c.Id, terms[:n]); err != nil {
			return 0, err
		}
		terms = terms[n:]
	}
	return c.Id, nil
}

// maxTermRows is how many terms one statement stores. A driver may keep a prepared
// statement for each number of terms.
const maxTermRows = 50

func (tx *tx) createTerms(id int64, terms []string) error {
	var statement strings.Builder
	statement.WriteString(insertTerms)
	args := []any{id}
	for n, term := range terms {
		if n > 0 {
			statement.WriteString(", ")
		}
		args = append(args, term)
		fmt.Fprintf(&statement, "($1, $%d)", len(args))
	}
	_, err := tx.Exec("storing the terms of a certificate", statement.String(), args...)
	return err
}

func (tx *tx) PutCertificate(c inventory.Certificate) error {
	columns := columnsOf(&c)
	args := append(columns[fixedColumns:len(columns)-1], crlUntil(&c), crlEntryOf(&c), c.Identifier)
	err := tx.ExecOne("storing a certificate", updateCertificate, args...)
	if err != nil || c.Status != inventory.StatusDelete {
		return err
	}
	_, err = tx.Exec("deleting the terms of a certificate", deleteTerms, c.Id)
	if err != nil {
		return err
	}
	_, err = tx.Exec("deleting the calls of a certificate", deleteCalls, c.Identifier)
	return err
}

func (tx *tx) CA(identifier string) (c inventory.CA, found bool, err error) {
	found, err = tx.Get("reading a CA", selectCA+tx.ForUpdate(), []any{identifier}, caColumnsOf(&c)...)
	tx.cas[identifier] = found
	return c, found, err
}

func (tx *tx) CAs(authority string) ([]inventory.CA, error) {
	return tx.listCAs(selectCAs, authority)
}

func (tx *tx) AllCAs(after string, limit int) ([]inventory.CA, error) {
	// In SQLite a negative LIMIT means no limit.
	return tx.listCAs(selectAllCAs, after, max(limit, 0))
}

func (tx *tx) listCAs(query string, args ...any) (list []inventory.CA, err error) {
	var c inventory.CA
	err = tx.Each("listing CAs", query, args, caColumnsOf(&c), func() error {
		list = append(list, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (tx *tx) PutCA(c inventory.CA) error {
	if tx.cas[c.Identifier] {
		return tx.ExecOne("storing a CA", updateCA, caColumnsOf(&c)...)
	}
	tx.cas[c.Identifier] = true
	return tx.create("creating a CA", insertCA, caColumnsOf(&c))
}

func (tx *tx) List(authority, crlUrl string) (l inventory.List, found bool, err error) {
	found, err = tx.Get("reading a CRL number", selectList+tx.ForUpdate(), []any{authority, crlUrl}, listColumnsOf(&l)...)
	tx.lists[listKey{authority, crlUrl}] = found
	return l, found, err
}

func (tx *tx) PutList(l inventory.List) error {
	key := listKey{l.Authority, l.CrlUrl}
	if tx.lists[key] {
		return tx.ExecOne("storing a CRL number", updateList, listColumnsOf(&l)...)
	}
	tx.lists[key] = true
	return tx.create("creating a CRL number", insertList, listColumnsOf(&l))
}

func (tx *tx) Call(operation, clientToken string) (c inventory.Call, found bool, err error) {
	found, err = tx.Get("reading a call", selectCall, []any{operation, clientToken}, callColumnsOf(&c)...)
	return c, found, err
}

func (tx *tx) CreateCall(c inventory.Call) error {
	return tx.create("storing a call", insertCall, callColumnsOf(&c))
}

// create inserts a row that this transaction has not found.
func (tx *tx) create(doing, statement string, columns []any) error {
	created, err := tx.Exec(doing, statement, columns...)
	if err == nil && created == 0 {
		return tx.Conflict(errRaced)
	}
	return err
}
