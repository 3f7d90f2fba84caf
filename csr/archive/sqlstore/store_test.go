package sqlstore_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/csr/archive/sqlstore"
	"github.com/yuncert/yuncert/internal/sqldb/sqldbtest"
)

// The stores of real databases are tested in internal/interop, with storetest.
// Transactions and migrations are tested in internal/sqldb.

// upload reads and writes, and returns the first error.
func upload(tx archive.Tx) error {
	if _, _, err := tx.Record(1); err != nil {
		return err
	}
	return tx.Put(archive.Record{CsrId: 1})
}

// stored is the answer to a SELECT that finds record 1.
var stored = sqldbtest.Rows{Values: [][]driver.Value{{
	"name", "csr", "RSA", int64(2048), "digest", "www.example.com", "example.com", "CN", "Zhejiang", "Hangzhou",
	"Example", "IT", "www.example.com\nname", int64(1_782_907_200_000_001), []byte("sealed"), int64(1),
}}}

// newStore opens a Store over a server that answers every statement.
func newStore(t *testing.T, dialect sqlstore.Dialect) (*sqldbtest.Server, *sqlstore.Store) {
	t.Helper()
	return sqldbtest.OpenStore(t, sqlstore.Open, 1, dialect)
}

func TestOpen(t *testing.T) {
	t.Parallel()
	sqldbtest.CheckOpen(t, sqlstore.Open, "yuncert_csrs_schema", 1)
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	errF := errors.New("an error of f")
	const read, insert, change = "SELECT name,", "INSERT INTO", "UPDATE yuncert_csrs"
	for _, tt := range []struct {
		name    string
		dialect sqlstore.Dialect
		exists  bool // record 1
		fault   sqldbtest.Fault
		changed map[string]int64
		f       func(archive.Tx) error
		want    error
		text    string // of an error that has no name
		runs    int    // of f
		sent    []string
	}{
		{name: "a new record", dialect: sqlstore.PostgreSQL, f: upload, runs: 1,
			sent: []string{"BEGIN ISOLATION", read, insert, "COMMIT"}},
		{name: "a record that exists", dialect: sqlstore.PostgreSQL, exists: true, f: upload, runs: 1,
			sent: []string{"BEGIN ISOLATION", read, change, "COMMIT"}},
		{name: "a record that was not read", dialect: sqlstore.PostgreSQL, exists: true, runs: 1,
			f:    func(tx archive.Tx) error { return tx.Put(archive.Record{CsrId: 1}) },
			sent: []string{"BEGIN ISOLATION", read, change, "COMMIT"}},
		{name: "a record that this Update deleted", dialect: sqlstore.PostgreSQL, exists: true, runs: 1,
			f: func(tx archive.Tx) error {
				return errors.Join(upload(tx), tx.Delete(1), tx.Put(archive.Record{CsrId: 1}))
			},
			sent: []string{"BEGIN ISOLATION", read, change, "DELETE FROM", insert, "COMMIT"}},
		{name: "SQLite", dialect: sqlstore.SQLite, f: upload, runs: 1,
			sent: []string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN IMMEDIATE", read, insert, "COMMIT"}},
		{name: "f fails", dialect: sqlstore.PostgreSQL, f: func(archive.Tx) error { return errF }, want: errF, runs: 1,
			sent: []string{"BEGIN ISOLATION", "ROLLBACK"}},
		{name: "a deadlock", dialect: sqlstore.PostgreSQL, fault: sqldbtest.Once(insert, sqldbtest.SQLState("40P01")), f: upload, runs: 2,
			sent: []string{"BEGIN ISOLATION", read, insert, "ROLLBACK", "BEGIN ISOLATION", read, insert, "COMMIT"}},
		{name: "another Update always creates the record first", dialect: sqlstore.PostgreSQL, changed: map[string]int64{insert: 0}, runs: 10,
			text: "sqlstore: another transaction created the CSR (try 10 of 10)", f: func(tx archive.Tx) error {
				if upload(tx) == nil {
					return errF
				}
				return nil
			}},
		{name: "another error that f ignores", dialect: sqlstore.PostgreSQL, fault: sqldbtest.Once(insert, sqldbtest.SQLState("22021")),
			want: sqldbtest.SQLState("22021"), runs: 1, f: func(tx archive.Tx) error { upload(tx); return nil }},
		{name: "no statement runs after one that failed", dialect: sqlstore.PostgreSQL, fault: sqldbtest.Once(insert, sqldbtest.SQLState("22021")),
			want: sqldbtest.SQLState("22021"), runs: 1,
			f: func(tx archive.Tx) error {
				upload(tx)
				_, _, err := tx.Record(1)
				for _, err := range []error{err, tx.Put(archive.Record{CsrId: 1}), tx.Put(archive.Record{CsrId: 2}), tx.Delete(1)} {
					if err == nil {
						return errF
					}
				}
				return nil
			},
			sent: []string{"BEGIN ISOLATION", read, insert, "ROLLBACK"}},
		{name: "deleting a record that does not exist", dialect: sqlstore.PostgreSQL, changed: map[string]int64{"DELETE FROM": 0}, runs: 1,
			text: "sqlstore: deleting a CSR: it does not exist", f: func(tx archive.Tx) error { return tx.Delete(1) }},
		{name: "the outcome is unknown", dialect: sqlstore.PostgreSQL, fault: sqldbtest.Always("COMMIT", sqldbtest.ErrBroken), f: upload,
			want: archive.ErrOutcomeUnknown, runs: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, store := newStore(t, tt.dialect)
				s.Before, s.Changed = tt.fault, tt.changed
				if tt.exists {
					s.Rows[read] = stored
				}
				sqldbtest.CheckUpdate(t, s, store.Update, tt.f, sqldbtest.Outcome{Err: tt.want, Text: tt.text, Runs: tt.runs, Sent: tt.sent})
			})
		})
	}
}

// A page that ends too early is an error, even if f ignores it. A caller would take
// the short page for the last one.
func TestBrokenList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		list sqldbtest.Rows
		want string
	}{
		{"the server ends the connection", sqldbtest.Rows{Values: stored.Values, Err: sqldbtest.ErrBroken}, sqldbtest.ErrBroken.Error()},
		{"a row with other columns", sqldbtest.Rows{Values: [][]driver.Value{{int64(2)}}}, "Scan"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, store := newStore(t, sqlstore.PostgreSQL)
			s.Rows["SELECT name,"] = tt.list
			err := store.View(t.Context(), func(r archive.Snapshot) error {
				page, err := r.Records(archive.Filter{}, 0, 10)
				if err == nil || page != nil {
					t.Errorf("Records is %v, %v, want only an error", page, err)
				}
				return nil
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("View is %v, want %q", err, tt.want)
			}
		})
	}
}

// A View never says that the outcome is unknown, and no statement runs after one that
// failed.
func TestView(t *testing.T) {
	t.Parallel()
	look := func(r archive.Snapshot) error {
		_, _, err := r.Record(1)
		return err
	}
	for _, tt := range []struct {
		name  string
		fault sqldbtest.Fault
		f     func(archive.Snapshot) error
		want  error
		sent  []string
	}{
		{"all goes well", nil, look, nil, []string{"BEGIN ISOLATION", "SELECT name,", "COMMIT"}},
		{"a list after an error", sqldbtest.Once("SELECT name,", sqldbtest.SQLState("57014")),
			func(r archive.Snapshot) error {
				look(r)
				if _, err := r.Count(archive.Filter{}); err == nil {
					return errors.New("Count: no error")
				}
				if _, err := r.Records(archive.Filter{}, 0, 1); err == nil {
					return errors.New("Records: no error")
				}
				return nil
			}, sqldbtest.SQLState("57014"), []string{"BEGIN ISOLATION", "SELECT name,", "ROLLBACK"}},
		{"COMMIT fails", sqldbtest.Once("COMMIT", sqldbtest.ErrBroken), look, sqldbtest.ErrBroken,
			[]string{"BEGIN ISOLATION", "SELECT name,", "COMMIT", "ROLLBACK"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, store := newStore(t, sqlstore.PostgreSQL)
			s.Before, s.Sent = tt.fault, nil
			err := store.View(t.Context(), tt.f)
			if !errors.Is(err, tt.want) || errors.Is(err, archive.ErrOutcomeUnknown) {
				t.Errorf("View is %v, want %v", err, tt.want)
			}
			if diff := cmp.Diff(tt.sent, s.Sent); diff != "" {
				t.Errorf("statements mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// Each method uses the context of its Update or View.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	update := func(f func(archive.Tx) error) func(context.Context, *sqlstore.Store) error {
		return func(ctx context.Context, store *sqlstore.Store) error { return store.Update(ctx, f) }
	}
	view := func(f func(archive.Snapshot) error) func(context.Context, *sqlstore.Store) error {
		return func(ctx context.Context, store *sqlstore.Store) error { return store.View(ctx, f) }
	}
	for _, tt := range []struct {
		name, stalled string
		run           func(context.Context, *sqlstore.Store) error
	}{
		{"an Update that reads", "SELECT name,", update(upload)},
		{"an Update that writes", "INSERT INTO", update(upload)},
		{"an Update that deletes", "DELETE FROM", update(func(tx archive.Tx) error { return tx.Delete(1) })},
		{"a View that counts", "SELECT COUNT(*)", view(func(r archive.Snapshot) error {
			_, err := r.Count(archive.Filter{})
			return err
		})},
		{"a View that lists", "SELECT name,", view(func(r archive.Snapshot) error {
			_, err := r.Records(archive.Filter{}, 0, 1)
			return err
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, store := newStore(t, sqlstore.PostgreSQL)
				sqldbtest.CheckContextEnds(t, s, tt.stalled, archive.ErrOutcomeUnknown, func(ctx context.Context) error { return tt.run(ctx, store) })
			})
		})
	}
}
