package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/sqlstore"
)

// The stores of real databases are tested in internal/interop, with storetest.
// Here a driver answers as the tests want: as servers do on bad days.

// A server is a driver whose tables are empty and of the current version.
type server struct {
	// fail returns the error of a statement, of which it is told the first two
	// words, and how often it was sent before.
	fail func(statement string, before int) error

	stalled []string // statements that have no answer before their context ends

	sent   []string
	closed int // connections
}

func (s *server) Connect(context.Context) (driver.Conn, error) { return &conn{s}, nil }
func (s *server) Driver() driver.Driver                        { return nil }

type conn struct{ *server }

func (c *conn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not for these tests") }
func (c *conn) Begin() (driver.Tx, error)           { return nil, errors.New("not for these tests") }
func (c *conn) Close() error                        { c.closed++; return nil }

func (c *conn) do(ctx context.Context, statement string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	words := strings.Fields(statement)
	statement = strings.Join(words[:min(2, len(words))], " ")
	before := 0
	for _, sent := range c.sent {
		if sent == statement {
			before++
		}
	}
	c.sent = append(c.sent, statement)
	if slices.Contains(c.stalled, statement) {
		<-ctx.Done()
		return ctx.Err()
	}
	return c.fail(statement, before)
}

func (c *conn) ExecContext(ctx context.Context, statement string, _ []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), c.do(ctx, statement)
}

func (c *conn) QueryContext(ctx context.Context, statement string, _ []driver.NamedValue) (driver.Rows, error) {
	return &rows{version: strings.Contains(statement, "yuncert_schema")}, c.do(ctx, statement)
}

type rows struct{ version bool }

func (r *rows) Columns() []string { return []string{"version"} }
func (r *rows) Close() error      { return nil }

func (r *rows) Next(values []driver.Value) error {
	if !r.version {
		return io.EOF
	}
	r.version, values[0] = false, int64(2)
	return nil
}

// The errors of drivers.
type sqlState string

func (s sqlState) Error() string    { return string(s) }
func (s sqlState) SQLState() string { return string(s) }

type resultCode int

func (c resultCode) Error() string { return "result code" }
func (c resultCode) Code() int     { return int(c) }

var errBroken = errors.New("connection reset by peer")

func always(statement string, err error) func(string, int) error {
	return func(s string, _ int) error {
		if s == statement {
			return err
		}
		return nil
	}
}

func once(statement string, err error) func(string, int) error {
	return func(s string, before int) error {
		if s == statement && before == 0 {
			return err
		}
		return nil
	}
}

// submit reads and writes, and returns the first error.
func submit(tx order.Tx) error {
	if _, _, err := tx.Package("product"); err != nil {
		return err
	}
	return tx.CreateOrder(order.Order{OrderId: 1})
}

func TestUpdate(t *testing.T) {
	errF := errors.New("an error of f")
	for _, tt := range []struct {
		name    string
		dialect sqlstore.Dialect
		fail    func(string, int) error
		f       func(order.Tx) error
		want    error
		runs    int // of f
		sent    []string
		closed  int
	}{
		{name: "all goes well", dialect: sqlstore.PostgreSQL, f: submit, runs: 1,
			sent: []string{"BEGIN ISOLATION", "SELECT product_code,", "INSERT INTO", "COMMIT"}},
		{name: "SQLite", dialect: sqlstore.SQLite, f: submit, runs: 1,
			sent: []string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN IMMEDIATE", "SELECT product_code,", "INSERT INTO", "COMMIT"}},
		{name: "f fails", dialect: sqlstore.PostgreSQL, f: func(order.Tx) error { return errF }, want: errF, runs: 1,
			sent: []string{"BEGIN ISOLATION", "ROLLBACK"}},

		{name: "a deadlock", dialect: sqlstore.PostgreSQL, fail: once("INSERT INTO", sqlState("40P01")), f: submit, runs: 2,
			sent: []string{"BEGIN ISOLATION", "SELECT product_code,", "INSERT INTO", "ROLLBACK",
				"BEGIN ISOLATION", "SELECT product_code,", "INSERT INTO", "COMMIT"}},
		{name: "a serialization failure", dialect: sqlstore.PostgreSQL, fail: once("SELECT product_code,", sqlState("40001")), f: submit, runs: 2},
		{name: "a busy database", dialect: sqlstore.SQLite, fail: once("BEGIN IMMEDIATE", resultCode(5)), f: submit, runs: 1},
		{name: "a locked table, with an extended code", dialect: sqlstore.SQLite, fail: once("INSERT INTO", resultCode(262)), f: submit, runs: 2},
		{name: "a conflict when it commits", dialect: sqlstore.PostgreSQL, fail: once("COMMIT", sqlState("40001")), f: submit, runs: 2},
		{name: "a conflict that f returns as another error", dialect: sqlstore.PostgreSQL, fail: once("INSERT INTO", sqlState("40001")), runs: 2,
			f: func(tx order.Tx) error {
				if submit(tx) != nil {
					return errF
				}
				return nil
			}},
		{name: "a conflict that f keeps to itself", dialect: sqlstore.PostgreSQL, fail: once("INSERT INTO", sqlState("40001")), runs: 2,
			f: func(tx order.Tx) error { submit(tx); return nil }},
		{name: "one conflict after another", dialect: sqlstore.PostgreSQL, fail: always("INSERT INTO", sqlState("40001")), f: submit,
			want: sqlState("40001"), runs: 10},
		{name: "a database that is always busy", dialect: sqlstore.SQLite, fail: always("BEGIN IMMEDIATE", resultCode(5)), f: submit,
			want: resultCode(5)},

		{name: "another error", dialect: sqlstore.PostgreSQL, fail: always("INSERT INTO", sqlState("22021")), f: submit, want: sqlState("22021"), runs: 1},
		{name: "another result code", dialect: sqlstore.SQLite, fail: always("INSERT INTO", resultCode(13)), f: submit, want: resultCode(13), runs: 1},
		{name: "another error that f keeps to itself", dialect: sqlstore.PostgreSQL, fail: once("INSERT INTO", sqlState("22021")), want: sqlState("22021"), runs: 1,
			f: func(tx order.Tx) error { submit(tx); return nil }},
		{name: "no statement follows one that failed", dialect: sqlstore.SQLite, fail: once("INSERT INTO", resultCode(13)), want: resultCode(13), runs: 1,
			f: func(tx order.Tx) error {
				submit(tx)
				_, _, err1 := tx.Order(1)
				if err := tx.DeleteOrder(1); err1 == nil {
					return err
				}
				return nil
			},
			sent: []string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN IMMEDIATE", "SELECT product_code,", "INSERT INTO", "ROLLBACK"}},

		{name: "a connection that broke in the pool", dialect: sqlstore.PostgreSQL, f: submit, runs: 1, closed: 1,
			fail: func() func(string, int) error {
				broken := true
				return func(string, int) error {
					if broken {
						broken = false
						return driver.ErrBadConn
					}
					return nil
				}
			}(),
			sent: []string{"BEGIN ISOLATION", "BEGIN ISOLATION", "SELECT product_code,", "INSERT INTO", "COMMIT"}},
		{name: "a connection that breaks when it commits", dialect: sqlstore.PostgreSQL, f: submit, want: order.ErrOutcomeUnknown, runs: 1, closed: 1,
			fail: func(s string, _ int) error {
				if s == "COMMIT" || s == "ROLLBACK" || s == "BEGIN" {
					return errBroken
				}
				return nil
			},
			sent: []string{"BEGIN ISOLATION", "SELECT product_code,", "INSERT INTO", "COMMIT", "ROLLBACK", "BEGIN"}},
		{name: "a transaction that has ended by itself", dialect: sqlstore.SQLite, f: submit, want: resultCode(13), runs: 1, closed: 0,
			fail: func(s string, before int) error {
				if s == "INSERT INTO" || s == "ROLLBACK" && before == 0 {
					return resultCode(13)
				}
				return nil
			},
			sent: []string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN IMMEDIATE", "SELECT product_code,", "INSERT INTO", "ROLLBACK", "BEGIN", "ROLLBACK"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{fail: always("", nil)}
				db := sql.OpenDB(s)
				defer db.Close()
				store, err := sqlstore.Open(t.Context(), db, tt.dialect)
				if err != nil {
					t.Fatalf("Open: %v", err)
				}
				if tt.fail != nil {
					s.fail = tt.fail
				}
				s.sent = nil
				runs := 0
				begun := time.Now()
				err = store.Update(t.Context(), func(tx order.Tx) error {
					runs++
					return tt.f(tx)
				})
				if !errors.Is(err, tt.want) || tt.want == errF && err != errF {
					t.Errorf("Update is %v, want %v", err, tt.want)
				}
				if runs != tt.runs {
					t.Errorf("f ran %d times, want %d", runs, tt.runs)
				}
				if tt.sent != nil {
					if diff := cmp.Diff(tt.sent, s.sent); diff != "" {
						t.Errorf("statements mismatch (-want +got):\n%s", diff)
					}
				}
				if waited := time.Since(begun); waited > 10*time.Second {
					t.Errorf("Update waited %v", waited)
				}
				if s.closed != tt.closed || db.Stats().InUse != 0 {
					t.Errorf("%d connections are closed and %d in use, want %d and 0", s.closed, db.Stats().InUse, tt.closed)
				}
			})
		})
	}
}

// Whatever ends an Update, its transaction ends too, and its connection is free.
func TestUpdateEnds(t *testing.T) {
	rolledBack := []string{"BEGIN ISOLATION", "ROLLBACK"}
	for _, tt := range []struct {
		name string
		fail func(string, int) error
		f    func(cancel func()) error
		want []error
		sent []string
	}{
		{name: "a panic", f: func(func()) error { panic("a panic of f") }, sent: rolledBack},
		{name: "its context ends in f", f: func(cancel func()) error { cancel(); return nil }, want: []error{context.Canceled}, sent: rolledBack},
		{name: "its context ends when it commits", f: func(func()) error { return nil }, sent: []string{"BEGIN ISOLATION", "COMMIT"},
			fail: func(s string, _ int) error {
				if s == "COMMIT" {
					time.Sleep(2 * time.Millisecond) // of the bubble: past the deadline
				}
				return nil
			}},
		{name: "its context ends while it waits", fail: always("BEGIN ISOLATION", sqlState("40001")),
			want: []error{context.DeadlineExceeded, sqlState("40001")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{fail: always("", nil)}
				db := sql.OpenDB(s)
				defer db.Close()
				store, err := sqlstore.Open(t.Context(), db, sqlstore.PostgreSQL)
				if err != nil {
					t.Fatalf("Open: %v", err)
				}
				s.sent = nil
				if tt.fail != nil {
					s.fail = tt.fail
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				defer cancel()
				func() {
					defer func() {
						if got := recover(); got != nil && got != "a panic of f" {
							t.Errorf("recovered %v", got)
						}
					}()
					err = store.Update(ctx, func(order.Tx) error { return tt.f(cancel) })
				}()
				if len(tt.want) == 0 && err != nil {
					t.Errorf("Update: %v", err)
				}
				for _, want := range tt.want {
					if !errors.Is(err, want) {
						t.Errorf("Update is %v, want %v", err, want)
					}
				}
				if tt.sent != nil {
					if diff := cmp.Diff(tt.sent, s.sent); diff != "" {
						t.Errorf("statements mismatch (-want +got):\n%s", diff)
					}
				}
				if n := db.Stats().InUse; n != 0 || s.closed != 0 {
					t.Errorf("%d connections are in use and %d closed", n, s.closed)
				}
			})
		})
	}
}

// All that ends a transaction has 15 seconds together. Then the connection is
// thrown away.
func TestUpdateEndsInTime(t *testing.T) {
	t.Parallel()
	slow := func(statement string) func(string, int) error {
		return func(s string, _ int) error {
			if s != statement {
				return nil
			}
			time.Sleep(10 * time.Second) // of the bubble
			return errBroken
		}
	}
	errF := errors.New("an error of f")
	for _, tt := range []struct {
		name    string
		stalled []string
		fail    func(string, int) error
		f       error
		want    error
		sent    []string
	}{
		{"the server is silent when it commits", []string{"COMMIT", "ROLLBACK", "BEGIN"}, always("", nil), nil, order.ErrOutcomeUnknown,
			[]string{"BEGIN ISOLATION", "COMMIT"}},
		{"the server is silent when it rolls back", []string{"ROLLBACK", "BEGIN"}, always("", nil), errF, errF,
			[]string{"BEGIN ISOLATION", "ROLLBACK"}},
		{"the server refuses the first ROLLBACK", []string{"BEGIN"}, always("ROLLBACK", errBroken), errF, errF,
			[]string{"BEGIN ISOLATION", "ROLLBACK", "BEGIN"}},
		{"the server is slow when it commits", []string{"ROLLBACK", "BEGIN"}, slow("COMMIT"), nil, order.ErrOutcomeUnknown,
			[]string{"BEGIN ISOLATION", "COMMIT", "ROLLBACK"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{fail: always("", nil)}
				db := sql.OpenDB(s)
				defer db.Close()
				store, err := sqlstore.Open(t.Context(), db, sqlstore.PostgreSQL)
				if err != nil {
					t.Fatalf("Open: %v", err)
				}
				s.fail, s.stalled, s.sent = tt.fail, tt.stalled, nil
				begun := time.Now()
				err = store.Update(t.Context(), func(order.Tx) error {
					time.Sleep(time.Minute) // of the bubble: f's own time does not count
					return tt.f
				})
				if !errors.Is(err, tt.want) {
					t.Errorf("Update is %v, want %v", err, tt.want)
				}
				if took := time.Since(begun) - time.Minute; took != 15*time.Second {
					t.Errorf("the end took %v, want 15s", took)
				}
				if diff := cmp.Diff(tt.sent, s.sent); diff != "" {
					t.Errorf("statements mismatch (-want +got):\n%s", diff)
				}
				if n := db.Stats().InUse; n != 0 || s.closed != 1 {
					t.Errorf("%d connections are in use and %d closed, want 0 and 1", n, s.closed)
				}
			})
		})
	}
}

// In SQLite the Updates of one Store queue in front of the database.
func TestUpdateQueue(t *testing.T) {
	t.Parallel()
	s := &server{fail: always("", nil)}
	db := sql.OpenDB(s)
	defer db.Close()
	store, err := sqlstore.Open(t.Context(), db, sqlstore.SQLite)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	err = store.Update(t.Context(), func(order.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err := store.Update(ctx, func(order.Tx) error { return errors.New("it did not wait") })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Update behind another one is %v, want %v", err, context.DeadlineExceeded)
		}
		return nil
	})
	if err != nil {
		t.Errorf("Update: %v", err)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		dialect sqlstore.Dialect
		fail    func(string, int) error
		want    string
	}{
		{"a dialect that does not exist", "MySQL", always("", nil), `the dialect "MySQL" is not PostgreSQL or SQLite`},
		{"no right to make tables", sqlstore.PostgreSQL, func(s string, _ int) error {
			if s == "SELECT COALESCE(MAX(version)," || s == "CREATE TABLE" {
				return sqlState("42501")
			}
			return nil
		}, "sqlstore: making the schema's version: 42501"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := sql.OpenDB(&server{fail: tt.fail})
			defer db.Close()
			if _, err := sqlstore.Open(t.Context(), db, tt.dialect); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Open is %v, want %q", err, tt.want)
			}
		})
	}
}
