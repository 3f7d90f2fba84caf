package sqlstore_test

import (
	stdcmp "cmp"
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
// The driver here answers as each test needs, with the errors that servers return.

// A server is a driver for empty tables of the current version.
type server struct {
	// fail returns the error of a statement. It gets the first two words of the
	// statement and the number of times that it was sent before.
	fail func(statement string, before int) error

	stalled []string // statements that get no answer before their context ends
	down    error    // the error of a new connection

	sent   []string
	closed int // connections

	list rows // the rows of a SELECT: none unless a test sets them
}

func (s *server) Connect(context.Context) (driver.Conn, error) { return &conn{s}, s.down }
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
	if strings.Contains(statement, "yuncert_schema") {
		return &rows{version: true}, c.do(ctx, statement)
	}
	list := c.list
	return &list, c.do(ctx, statement)
}

type rows struct {
	version bool  // there is one row with the schema version
	err     error // the error after the rows, if not io.EOF
}

func (r *rows) Columns() []string { return []string{"version"} }
func (r *rows) Close() error      { return nil }

func (r *rows) Next(values []driver.Value) error {
	if !r.version {
		return stdcmp.Or(r.err, io.EOF)
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

// newStore opens a Store over a server that answers every statement.
func newStore(t *testing.T, dialect sqlstore.Dialect) (*server, *sql.DB, *sqlstore.Store) {
	t.Helper()
	s := &server{fail: always("", nil)}
	db := sql.OpenDB(s)
	t.Cleanup(func() { db.Close() })
	store, err := sqlstore.Open(t.Context(), db, dialect)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return s, db, store
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
		{name: "a busy database, with an extended code", dialect: sqlstore.SQLite, fail: once("INSERT INTO", resultCode(517)), f: submit, runs: 2},
		{name: "a conflict during COMMIT", dialect: sqlstore.PostgreSQL, fail: once("COMMIT", sqlState("40001")), f: submit, runs: 2},
		{name: "a conflict that f returns as another error", dialect: sqlstore.PostgreSQL, fail: once("INSERT INTO", sqlState("40001")), runs: 2,
			f: func(tx order.Tx) error {
				if submit(tx) != nil {
					return errF
				}
				return nil
			}},
		{name: "a conflict that f ignores", dialect: sqlstore.PostgreSQL, fail: once("INSERT INTO", sqlState("40001")), runs: 2,
			f: func(tx order.Tx) error { submit(tx); return nil }},
		{name: "a conflict in each try", dialect: sqlstore.PostgreSQL, fail: always("INSERT INTO", sqlState("40001")), f: submit,
			want: sqlState("40001"), runs: 10},
		{name: "a conflict during each COMMIT", dialect: sqlstore.PostgreSQL, fail: always("COMMIT", sqlState("40001")), f: submit,
			want: sqlState("40001"), runs: 10},
		{name: "a database that is always busy", dialect: sqlstore.SQLite, fail: always("BEGIN IMMEDIATE", resultCode(5)), f: submit,
			want: resultCode(5)},

		{name: "another error", dialect: sqlstore.PostgreSQL, fail: always("INSERT INTO", sqlState("22021")), f: submit, want: sqlState("22021"), runs: 1},
		{name: "another result code", dialect: sqlstore.SQLite, fail: always("INSERT INTO", resultCode(13)), f: submit, want: resultCode(13), runs: 1},
		{name: "another error during BEGIN", dialect: sqlstore.PostgreSQL, fail: always("BEGIN ISOLATION", sqlState("25006")), f: submit, want: sqlState("25006"),
			sent: []string{"BEGIN ISOLATION", "ROLLBACK"}},
		{name: "another error that f ignores", dialect: sqlstore.PostgreSQL, fail: once("INSERT INTO", sqlState("22021")), want: sqlState("22021"), runs: 1,
			f: func(tx order.Tx) error { submit(tx); return nil }},
		{name: "no statement runs after one that failed", dialect: sqlstore.SQLite, fail: once("INSERT INTO", resultCode(13)), want: resultCode(13), runs: 1,
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
		{name: "a connection that breaks during COMMIT", dialect: sqlstore.PostgreSQL, f: submit, want: order.ErrOutcomeUnknown, runs: 1, closed: 1,
			fail: func(s string, _ int) error {
				if s == "COMMIT" || s == "ROLLBACK" || s == "BEGIN" {
					return errBroken
				}
				return nil
			},
			sent: []string{"BEGIN ISOLATION", "SELECT product_code,", "INSERT INTO", "COMMIT", "ROLLBACK", "BEGIN"}},
		{name: "a transaction that the database has ended", dialect: sqlstore.SQLite, f: submit, want: resultCode(13), runs: 1, closed: 0,
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
				s, db, store := newStore(t, tt.dialect)
				if tt.fail != nil {
					s.fail = tt.fail
				}
				s.sent = nil
				runs := 0
				begun := time.Now()
				err := store.Update(t.Context(), func(tx order.Tx) error {
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
				waited := time.Since(begun)
				if waited > 10*time.Second {
					t.Errorf("Update waited %v", waited)
				}
				// Nine waits of up to firstWait are always shorter than this.
				// Nine growing waits are shorter once in a million runs.
				if tt.runs == 10 && waited < 100*time.Millisecond {
					t.Errorf("Update waited %v before its ten tries were over", waited)
				}
				if s.closed != tt.closed || db.Stats().InUse != 0 {
					t.Errorf("%d connections are closed and %d in use, want %d and 0", s.closed, db.Stats().InUse, tt.closed)
				}
			})
		})
	}
}

// A page that ends too early is an error, even if f ignores it. A caller would
// take the short page for the last one.
func TestBrokenList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		list rows
		want string
	}{
		{"the server ends the connection", rows{err: errBroken}, errBroken.Error()},
		{"a row with other columns", rows{version: true}, "Scan"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _, store := newStore(t, sqlstore.PostgreSQL)
			s.list = tt.list
			err := store.View(t.Context(), func(r order.Snapshot) error {
				page, err := r.Orders(order.StateProcess, order.Order{}, 10)
				if err == nil || page != nil {
					t.Errorf("Orders is %v, %v, want only an error", page, err)
				}
				return nil
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("View is %v, want %q", err, tt.want)
			}
		})
	}
}

// However an Update ends, its transaction ends too, and its connection is free
// again.
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
		{name: "the context ends in f", f: func(cancel func()) error { cancel(); return nil }, want: []error{context.Canceled}, sent: rolledBack},
		{name: "the context ends during COMMIT", f: func(func()) error { return nil }, sent: []string{"BEGIN ISOLATION", "COMMIT"},
			fail: func(s string, _ int) error {
				if s == "COMMIT" {
					time.Sleep(2 * time.Millisecond) // simulated; past the deadline
				}
				return nil
			}},
		{name: "the context ends during the wait for another try", fail: always("BEGIN ISOLATION", sqlState("40001")),
			want: []error{context.DeadlineExceeded, sqlState("40001")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, db, store := newStore(t, sqlstore.PostgreSQL)
				s.sent = nil
				if tt.fail != nil {
					s.fail = tt.fail
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				defer cancel()
				var err error
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

// COMMIT and ROLLBACK have 15 seconds together. After that the connection is
// closed.
func TestUpdateEndsInTime(t *testing.T) {
	t.Parallel()
	slow := func(statement string) func(string, int) error {
		return func(s string, _ int) error {
			if s != statement {
				return nil
			}
			time.Sleep(10 * time.Second) // simulated
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
		{"no answer to COMMIT", []string{"COMMIT", "ROLLBACK", "BEGIN"}, always("", nil), nil, order.ErrOutcomeUnknown,
			[]string{"BEGIN ISOLATION", "COMMIT"}},
		{"no answer to ROLLBACK", []string{"ROLLBACK", "BEGIN"}, always("", nil), errF, errF,
			[]string{"BEGIN ISOLATION", "ROLLBACK"}},
		{"the first ROLLBACK fails", []string{"BEGIN"}, always("ROLLBACK", errBroken), errF, errF,
			[]string{"BEGIN ISOLATION", "ROLLBACK", "BEGIN"}},
		{"a slow answer to COMMIT", []string{"ROLLBACK", "BEGIN"}, slow("COMMIT"), nil, order.ErrOutcomeUnknown,
			[]string{"BEGIN ISOLATION", "COMMIT", "ROLLBACK"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, db, store := newStore(t, sqlstore.PostgreSQL)
				s.fail, s.stalled, s.sent = tt.fail, tt.stalled, nil
				begun := time.Now()
				err := store.Update(t.Context(), func(order.Tx) error {
					time.Sleep(time.Minute) // simulated; the time of f does not count
					return tt.f
				})
				if !errors.Is(err, tt.want) {
					t.Errorf("Update is %v, want %v", err, tt.want)
				}
				if errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Update is %v, but the caller set no deadline", err)
				}
				if took := time.Since(begun) - time.Minute; took != 15*time.Second {
					t.Errorf("COMMIT and ROLLBACK took %v, want 15s", took)
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

// In PostgreSQL an Update does not wait for an Update of other rows.
func TestUpdateNoQueue(t *testing.T) {
	t.Parallel()
	_, _, store := newStore(t, sqlstore.PostgreSQL)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := store.Update(ctx, func(order.Tx) error { return store.Update(ctx, submit) })
	if err != nil {
		t.Errorf("Update during another one: %v", err)
	}
}

// In SQLite the Updates of one Store wait for each other.
func TestUpdateQueue(t *testing.T) {
	t.Parallel()
	_, _, store := newStore(t, sqlstore.SQLite)
	err := store.Update(t.Context(), func(order.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err := store.Update(ctx, func(order.Tx) error { return errors.New("it did not wait") })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Update during another one is %v, want %v", err, context.DeadlineExceeded)
		}
		return nil
	})
	if err != nil {
		t.Errorf("Update: %v", err)
	}
}

// A View only reads. An error of its COMMIT never means that the outcome is
// unknown, and a View does not wait for an Update.
func TestView(t *testing.T) {
	t.Parallel()
	errF := errors.New("an error of f")
	look := func(r order.Snapshot) error {
		_, _, err := r.Package("product")
		return err
	}
	for _, tt := range []struct {
		name    string
		dialect sqlstore.Dialect
		fail    func(string, int) error
		f       func(order.Snapshot) error
		want    error
		runs    int // of f
		sent    []string
	}{
		{"all goes well", sqlstore.SQLite, always("", nil), look, nil, 1,
			[]string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN", "SELECT product_code,", "COMMIT"}},
		{"f fails", sqlstore.PostgreSQL, always("", nil), func(order.Snapshot) error { return errF }, errF, 1,
			[]string{"BEGIN ISOLATION", "ROLLBACK"}},
		{"a conflict", sqlstore.PostgreSQL, once("SELECT product_code,", sqlState("40001")), look, nil, 2,
			[]string{"BEGIN ISOLATION", "SELECT product_code,", "ROLLBACK", "BEGIN ISOLATION", "SELECT product_code,", "COMMIT"}},
		{"a list that fails, and f ignores the error", sqlstore.PostgreSQL, once("SELECT product_code,", sqlState("57014")),
			func(r order.Snapshot) error { r.Orders(order.StateProcess, order.Order{}, 1); return nil }, sqlState("57014"), 1,
			[]string{"BEGIN ISOLATION", "SELECT product_code,", "ROLLBACK"}},
		{"no list runs after a statement that failed", sqlstore.PostgreSQL, once("SELECT product_code,", sqlState("57014")),
			func(r order.Snapshot) error {
				look(r)
				if _, err := r.Orders(order.StateProcess, order.Order{}, 1); err == nil {
					return errF
				}
				return nil
			}, sqlState("57014"), 1,
			[]string{"BEGIN ISOLATION", "SELECT product_code,", "ROLLBACK"}},
		{"COMMIT fails", sqlstore.PostgreSQL, once("COMMIT", errBroken), look, errBroken, 1,
			[]string{"BEGIN ISOLATION", "SELECT product_code,", "COMMIT", "ROLLBACK"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, db, store := newStore(t, tt.dialect)
				s.fail, s.sent = tt.fail, nil
				runs := 0
				err := store.View(t.Context(), func(r order.Snapshot) error {
					runs++
					return tt.f(r)
				})
				if !errors.Is(err, tt.want) || tt.want == errF && err != errF || errors.Is(err, order.ErrOutcomeUnknown) {
					t.Errorf("View is %v, want %v", err, tt.want)
				}
				if runs != tt.runs {
					t.Errorf("f ran %d times, want %d", runs, tt.runs)
				}
				if diff := cmp.Diff(tt.sent, s.sent); diff != "" {
					t.Errorf("statements mismatch (-want +got):\n%s", diff)
				}
				if n := db.Stats().InUse; n != 0 {
					t.Errorf("%d connections are in use", n)
				}
			})
		})
	}
}

// After its context has ended, a caller waits neither for a statement nor for a
// connection.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	update := func(f func(order.Tx) error) func(context.Context, *sqlstore.Store) error {
		return func(ctx context.Context, store *sqlstore.Store) error { return store.Update(ctx, f) }
	}
	view := func(f func(order.Snapshot) error) func(context.Context, *sqlstore.Store) error {
		return func(ctx context.Context, store *sqlstore.Store) error { return store.View(ctx, f) }
	}
	read := func(r order.Reader) error {
		_, _, err := r.Order(1)
		return err
	}
	list := func(r order.Snapshot) error {
		_, err := r.Orders(order.StateProcess, order.Order{}, 1)
		return err
	}
	write := func(tx order.Tx) error { return tx.CreateOrder(order.Order{OrderId: 1}) }
	for _, tt := range []struct {
		name    string
		stalled string // empty: there is no free connection
		run     func(context.Context, *sqlstore.Store) error
	}{
		{"an Update without a connection", "", update(write)},
		{"a View without a connection", "", view(list)},
		{"an Update that begins", "BEGIN ISOLATION", update(write)},
		{"a View that begins", "BEGIN ISOLATION", view(list)},
		{"an Update that reads", "SELECT product_code,", update(func(tx order.Tx) error { return read(tx) })},
		{"an Update that writes", "INSERT INTO", update(write)},
		{"a View that reads", "SELECT product_code,", view(func(r order.Snapshot) error { return read(r) })},
		{"a View that lists", "SELECT product_code,", view(list)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, db, store := newStore(t, sqlstore.PostgreSQL)
				s.stalled = []string{tt.stalled}
				if tt.stalled == "" {
					db.SetMaxOpenConns(1)
					conn, err := db.Conn(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					defer conn.Close()
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begun := time.Now()
				if err := tt.run(ctx, store); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, order.ErrOutcomeUnknown) {
					t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
				}
				if took := time.Since(begun); took != time.Second { // simulated
					t.Errorf("it took %v, want 1s", took)
				}
			})
		})
	}
}

// If the server cannot be reached, the error comes at once, and f does not run.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, db, store := newStore(t, sqlstore.PostgreSQL)
		db.SetMaxIdleConns(-1) // closes the idle connections
		s.down = errBroken
		begun := time.Now()
		for name, run := range map[string]func() error{
			"Update": func() error {
				return store.Update(t.Context(), func(order.Tx) error { t.Error("f of Update ran"); return nil })
			},
			"View": func() error {
				return store.View(t.Context(), func(order.Snapshot) error { t.Error("f of View ran"); return nil })
			},
		} {
			if err := run(); !errors.Is(err, errBroken) || errors.Is(err, order.ErrOutcomeUnknown) {
				t.Errorf("%s is %v, want %v", name, err, errBroken)
			}
		}
		if waited := time.Since(begun); waited != 0 { // simulated
			t.Errorf("they waited %v", waited)
		}
	})
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		dialect sqlstore.Dialect
		fail    func(string, int) error
		want    string
	}{
		{"a dialect that does not exist", "MySQL", always("", nil), `"MySQL" is not a dialect; want PostgreSQL or SQLite`},
		{"no right to create tables", sqlstore.PostgreSQL, func(s string, _ int) error {
			if s == "SELECT COALESCE(MAX(version)," || s == "CREATE TABLE" {
				return sqlState("42501")
			}
			return nil
		}, "sqlstore: creating the table of the schema version: 42501"},
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

// Open of a database of the current version only reads. It does not take the write
// lock.
func TestOpenReads(t *testing.T) {
	t.Parallel()
	s := &server{fail: always("", nil)}
	db := sql.OpenDB(s)
	defer db.Close()
	if _, err := sqlstore.Open(t.Context(), db, sqlstore.SQLite); err != nil {
		t.Fatalf("Open: %v", err)
	}
	want := []string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN", "SELECT COALESCE(MAX(version),", "COMMIT"}
	if diff := cmp.Diff(want, s.sent); diff != "" {
		t.Errorf("statements mismatch (-want +got):\n%s", diff)
	}
}

// Open ends with its context, both when it reads the version and when it creates
// tables.
func TestOpenContext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, stalled string
		fail          func(string, int) error
	}{
		{"it reads the version", "SELECT COALESCE(MAX(version),", always("", nil)},
		{"it creates tables", "CREATE TABLE", always("SELECT COALESCE(MAX(version),", sqlState("42P01"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := sql.OpenDB(&server{fail: tt.fail, stalled: []string{tt.stalled}})
				defer db.Close()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := sqlstore.Open(ctx, db, sqlstore.PostgreSQL); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Open is %v, want %v", err, context.DeadlineExceeded)
				}
			})
		})
	}
}
