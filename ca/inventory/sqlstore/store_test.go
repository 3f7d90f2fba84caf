package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/ca/inventory/sqlstore"
	"github.com/yuncert/yuncert/internal/sqldb/sqldbtest"
)

// The stores of real databases are tested in internal/interop, with storetest.
// Transactions and migrations are tested in internal/sqldb.

// issue looks up a certificate and creates another one with two terms. It returns the
// first error.
func issue(tx inventory.Tx) error {
	if _, _, err := tx.Certificate("none"); err != nil {
		return err
	}
	_, err := tx.CreateCertificate(inventory.Certificate{Identifier: "id"}, []string{"=a", "=b"})
	return err
}

// newStore opens a Store over a server that answers every statement. An INSERT of a
// certificate has the Id 7.
func newStore(t *testing.T, dialect sqlstore.Dialect) (*sqldbtest.Server, *sqlstore.Store) {
	t.Helper()
	s, store := sqldbtest.OpenStore(t, sqlstore.Open, 2, dialect)
	s.Rows["INSERT INTO"] = sqldbtest.Rows{Values: [][]driver.Value{{int64(7)}}}
	return s, store
}

func TestOpen(t *testing.T) {
	t.Parallel()
	sqldbtest.CheckOpen(t, sqlstore.Open, "yuncert_inventory_schema", 2)
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	errF := errors.New("an error of f")
	const selectCertificate = "SELECT identifier,"
	for _, tt := range []struct {
		name    string
		dialect sqlstore.Dialect
		fault   sqldbtest.Fault
		rows    map[string]sqldbtest.Rows
		changed map[string]int64
		f       func(inventory.Tx) error
		want    error
		text    string // of an error that has no name
		runs    int    // of f
		sent    []string
	}{
		{name: "all goes well", dialect: sqlstore.PostgreSQL, f: issue, runs: 1,
			sent: []string{"BEGIN ISOLATION", selectCertificate, "INSERT INTO", "INSERT INTO", "COMMIT"}},
		{name: "SQLite", dialect: sqlstore.SQLite, f: issue, runs: 1,
			sent: []string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN IMMEDIATE", selectCertificate, "INSERT INTO", "INSERT INTO", "COMMIT"}},
		{name: "51 terms", dialect: sqlstore.PostgreSQL, runs: 1, f: func(tx inventory.Tx) error {
			id, err := tx.CreateCertificate(inventory.Certificate{}, make([]string, 51))
			if id != 7 {
				t.Errorf("the Id is %d, want 7", id)
			}
			return err
		}, sent: []string{"BEGIN ISOLATION", "INSERT INTO", "INSERT INTO", "INSERT INTO", "COMMIT"}},
		{name: "no terms", dialect: sqlstore.PostgreSQL, runs: 1, f: func(tx inventory.Tx) error {
			_, err := tx.CreateCertificate(inventory.Certificate{}, nil)
			return err
		}, sent: []string{"BEGIN ISOLATION", "INSERT INTO", "COMMIT"}},
		{name: "a certificate that is taken", dialect: sqlstore.PostgreSQL, rows: map[string]sqldbtest.Rows{"INSERT INTO": {}}, f: issue,
			want: inventory.ErrExists, runs: 1, sent: []string{"BEGIN ISOLATION", selectCertificate, "INSERT INTO", "ROLLBACK"}},
		{name: "f fails", dialect: sqlstore.PostgreSQL, f: func(inventory.Tx) error { return errF }, want: errF, runs: 1,
			sent: []string{"BEGIN ISOLATION", "ROLLBACK"}},
		{name: "a deadlock", dialect: sqlstore.PostgreSQL, fault: sqldbtest.Once("INSERT INTO", sqldbtest.SQLState("40P01")), f: issue, runs: 2,
			sent: []string{"BEGIN ISOLATION", selectCertificate, "INSERT INTO", "ROLLBACK",
				"BEGIN ISOLATION", selectCertificate, "INSERT INTO", "INSERT INTO", "COMMIT"}},
		{name: "a revocation", dialect: sqlstore.PostgreSQL, runs: 1, f: func(tx inventory.Tx) error {
			return tx.PutCertificate(inventory.Certificate{Status: ca.StatusRevoke})
		}, sent: []string{"BEGIN ISOLATION", "UPDATE yuncert_certificates", "COMMIT"}},
		{name: "a deletion", dialect: sqlstore.PostgreSQL, runs: 1, f: func(tx inventory.Tx) error {
			return tx.PutCertificate(inventory.Certificate{Status: inventory.StatusDelete})
		}, sent: []string{"BEGIN ISOLATION", "UPDATE yuncert_certificates", "DELETE FROM", "DELETE FROM", "COMMIT"}},
		{name: "another Update always creates the CA first", dialect: sqlstore.PostgreSQL, changed: map[string]int64{"INSERT INTO": 0}, runs: 10,
			text: "sqlstore: another transaction created the same row (try 10 of 10)", f: func(tx inventory.Tx) error {
				if _, found, err := tx.CA("ca"); found || err != nil {
					return errF
				}
				if tx.PutCA(inventory.CA{Identifier: "ca"}) == nil {
					return errF
				}
				return nil
			}},
		{name: "another Update always creates the list first", dialect: sqlstore.PostgreSQL, changed: map[string]int64{"INSERT INTO": 0}, runs: 10,
			text: "sqlstore: another transaction created the same row (try 10 of 10)", f: func(tx inventory.Tx) error {
				return tx.PutList(inventory.List{Authority: "authority"})
			}},
		{name: "another Update always creates the call first", dialect: sqlstore.PostgreSQL, changed: map[string]int64{"INSERT INTO": 0}, runs: 10,
			text: "sqlstore: another transaction created the same row (try 10 of 10)", f: func(tx inventory.Tx) error {
				return tx.CreateCall(inventory.Call{Operation: "Create", ClientToken: "token"})
			}},
		{name: "the calls of a deleted certificate cannot be deleted", dialect: sqlstore.PostgreSQL, want: sqldbtest.ErrBroken, runs: 1,
			fault: func(_ context.Context, statement string, before int) error {
				if statement == "DELETE FROM" && before == 1 {
					return sqldbtest.ErrBroken
				}
				return nil
			}, f: func(tx inventory.Tx) error {
				tx.PutCertificate(inventory.Certificate{Status: inventory.StatusDelete})
				return nil
			}},
		{name: "a new CA and list change in one Update", dialect: sqlstore.PostgreSQL, runs: 1, f: func(tx inventory.Tx) error {
			c, l := inventory.CA{Identifier: "ca"}, inventory.List{Authority: "authority"}
			return errors.Join(tx.PutCA(c), tx.PutList(l), tx.PutCA(c), tx.PutList(l))
		}, sent: []string{"BEGIN ISOLATION", "INSERT INTO", "INSERT INTO", "UPDATE yuncert_cas", "UPDATE yuncert_crls", "COMMIT"}},
		{name: "another error that f ignores", dialect: sqlstore.PostgreSQL, fault: sqldbtest.Once("INSERT INTO", sqldbtest.SQLState("22021")),
			want: sqldbtest.SQLState("22021"), runs: 1, f: func(tx inventory.Tx) error { issue(tx); return nil }},
		{name: "the terms fail and f ignores it", dialect: sqlstore.PostgreSQL, want: sqldbtest.ErrBroken, runs: 1,
			fault: func(_ context.Context, statement string, before int) error {
				if statement == "INSERT INTO" && before == 1 {
					return sqldbtest.ErrBroken
				}
				return nil
			}, f: func(tx inventory.Tx) error { issue(tx); return nil }},
		{name: "tags that are not UTF-8, and f ignores the error", dialect: sqlstore.SQLite, runs: 1,
			text: `sqlstore: creating a certificate: sql: converting argument $10 type: the tag "a\xff=b" is not UTF-8`, f: func(tx inventory.Tx) error {
				tx.CreateCertificate(inventory.Certificate{Labels: inventory.Labels{Tags: []ca.Tag{{Key: "a\xff", Value: "b"}}}}, nil)
				return nil
			}},
		{name: "no statement runs after one that failed", dialect: sqlstore.PostgreSQL, fault: sqldbtest.Once("INSERT INTO", sqldbtest.SQLState("22021")),
			want: sqldbtest.SQLState("22021"), runs: 1,
			f: func(tx inventory.Tx) error {
				issue(tx)
				_, _, err1 := tx.Certificate("id")
				_, _, err2 := tx.CertificateBySerialNumber("authority", "01")
				_, _, err3 := tx.CA("ca")
				_, err4 := tx.CAs("authority")
				_, _, err5 := tx.List("authority", "")
				_, _, err6 := tx.Call("Create", "token")
				_, err7 := tx.CreateCertificate(inventory.Certificate{}, nil)
				for _, err := range []error{err1, err2, err3, err4, err5, err6, err7, tx.PutCertificate(inventory.Certificate{}),
					tx.PutCA(inventory.CA{}), tx.PutList(inventory.List{}), tx.CreateCall(inventory.Call{})} {
					if err == nil {
						return errF
					}
				}
				return nil
			},
			sent: []string{"BEGIN ISOLATION", selectCertificate, "INSERT INTO", "ROLLBACK"}},
		{name: "a change of a certificate that does not exist", dialect: sqlstore.PostgreSQL, changed: map[string]int64{"UPDATE yuncert_certificates": 0}, runs: 1,
			text: "sqlstore: storing a certificate: it does not exist", f: func(tx inventory.Tx) error {
				return tx.PutCertificate(inventory.Certificate{})
			}},
		{name: "the outcome is unknown", dialect: sqlstore.PostgreSQL, fault: sqldbtest.Always("COMMIT", sqldbtest.ErrBroken), f: issue,
			want: inventory.ErrOutcomeUnknown, runs: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, store := newStore(t, tt.dialect)
				s.Before, s.Changed = tt.fault, tt.changed
				for statement, rows := range tt.rows {
					s.Rows[statement] = rows
				}
				sqldbtest.CheckUpdate(t, s, store.Update, tt.f, sqldbtest.Outcome{Err: tt.want, Text: tt.text, Runs: tt.runs, Sent: tt.sent})
			})
		})
	}
}

// A list that ends too early is an error, even if f ignores it. A CRL without its last
// entries would be taken for a whole one.
func TestBrokenList(t *testing.T) {
	t.Parallel()
	revoked := func(s inventory.Snapshot) error {
		var last error
		for _, last = range s.Revoked("authority", "", time.Time{}) {
		}
		return last
	}
	entries := func(entry driver.Value) sqldbtest.Rows {
		return sqldbtest.Rows{Values: [][]driver.Value{{[]byte("0123456789abcdefghij+")}, {entry}}}
	}
	for _, tt := range []struct {
		name, statement string
		list            sqldbtest.Rows
		read            func(inventory.Snapshot) error
		want            string
	}{
		{"the server ends the connection", "SELECT crl_entry",
			sqldbtest.Rows{Values: [][]driver.Value{{[]byte("0123456789abcdefghij+")}}, Err: sqldbtest.ErrBroken}, revoked, sqldbtest.ErrBroken.Error()},
		{"an entry that is a text", "SELECT crl_entry", entries("0123456789abcdefghij+"), revoked, `the string "0123456789abcdefghij+" is not a CRL entry`},
		{"an empty entry", "SELECT crl_entry", entries([]byte{}), revoked, `"" is not a CRL entry`},
		{"an entry without a serial number", "SELECT crl_entry", entries([]byte("0123456789abcdefghij")), revoked, `"0123456789abcdefghij" is not a CRL entry`},
		{"a page of certificates", "SELECT identifier,", sqldbtest.Rows{Err: sqldbtest.ErrBroken}, func(s inventory.Snapshot) error {
			page, err := s.Certificates(inventory.Query{Limit: 9})
			if page != nil {
				t.Errorf("Certificates returns %v", page)
			}
			return err
		}, sqldbtest.ErrBroken.Error()},
		{"tags that are not JSON", "SELECT identifier,", sqldbtest.Rows{Values: [][]driver.Value{{
			"", "", "", "", int64(0), int64(0), "", int64(0), nil, "no JSON", "", "", "", "", int64(0), int64(0), int64(0), int64(0), int64(0)}}},
			func(s inventory.Snapshot) error {
				_, err := s.Certificates(inventory.Query{Limit: 9})
				return err
			}, "invalid character"},
		{"a page of CAs", "SELECT authority,", sqldbtest.Rows{Err: sqldbtest.ErrBroken}, func(s inventory.Snapshot) error {
			page, err := s.AllCAs("", 9)
			if page != nil {
				t.Errorf("AllCAs returns %v", page)
			}
			return err
		}, sqldbtest.ErrBroken.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, store := newStore(t, sqlstore.PostgreSQL)
			s.Rows[tt.statement] = tt.list
			err := store.View(t.Context(), func(s inventory.Snapshot) error {
				if err := tt.read(s); err == nil {
					t.Error("no error")
				}
				return nil
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("View is %v, want %q", err, tt.want)
			}
		})
	}
}

// When the caller of Revoked stops, nothing reads from the connection any more. The caller
// may use it again. The test is not parallel, because it looks at all goroutines.
func TestRevokedStops(t *testing.T) {
	s, store := newStore(t, sqlstore.PostgreSQL)
	entry := []driver.Value{[]byte("0123456789abcdefghij+")}
	s.Rows["SELECT crl_entry"] = sqldbtest.Rows{Values: slices.Repeat([][]driver.Value{entry}, 10_000)}
	for range 20 {
		err := store.View(t.Context(), func(s inventory.Snapshot) error {
			for _, err := range s.Revoked("authority", "", time.Time{}) {
				if err != nil {
					return err
				}
				break
			}
			stacks := make([]byte, 1<<20)
			if bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("readRevoked")) {
				t.Error("the entries are still being read")
			}
			return nil
		})
		if err != nil {
			t.Fatalf("View: %v", err)
		}
	}
}

// Each method uses the context of its Update or View.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	update := func(f func(inventory.Tx) error) func(context.Context, *sqlstore.Store) error {
		return func(ctx context.Context, store *sqlstore.Store) error { return store.Update(ctx, f) }
	}
	view := func(f func(inventory.Snapshot) error) func(context.Context, *sqlstore.Store) error {
		return func(ctx context.Context, store *sqlstore.Store) error { return store.View(ctx, f) }
	}
	for _, tt := range []struct {
		name, stalled string
		run           func(context.Context, *sqlstore.Store) error
	}{
		{"an Update that reads", "SELECT identifier,", update(issue)},
		{"an Update that writes", "INSERT INTO", update(issue)},
		{"a View that counts", "SELECT count(*)", view(func(s inventory.Snapshot) error {
			_, err := s.Count(inventory.Query{})
			return err
		})},
		{"a View that reads a CRL", "SELECT crl_entry", view(func(s inventory.Snapshot) error {
			for _, err := range s.Revoked("authority", "", time.Time{}) {
				return err
			}
			return nil
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, store := newStore(t, sqlstore.PostgreSQL)
				sqldbtest.CheckContextEnds(t, s, tt.stalled, inventory.ErrOutcomeUnknown, func(ctx context.Context) error { return tt.run(ctx, store) })
			})
		})
	}
}
