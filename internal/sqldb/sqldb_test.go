package sqldb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/internal/sqldb"
	"github.com/yuncert/yuncert/internal/sqldb/sqldbtest"
)

// The stores over sqldb are tested with real databases in internal/interop. The
// server here answers as each test needs, with the errors that drivers return.

// config describes a small store.
var config = sqldb.Config{
	VersionTable:   "things_schema",
	OutcomeUnknown: errUnknown,
	Migrations: [][]string{
		{"CREATE TABLE things (id BIGINT)", "CREATE TABLE other (id BIGINT)"},
		{"CREATE INDEX things_listing ON things (id)"},
	},
}

var errUnknown = errors.New("the outcome is unknown")

// read reads a row that does not exist.
func read(tx *sqldb.Tx) error {
	var id int64
	_, err := tx.Get("reading a thing", "SELECT id FROM things WHERE id = $1"+tx.ForUpdate(), []any{1}, &id)
	return err
}

// list reads all rows.
func list(tx *sqldb.Tx) error {
	var id int64
	return tx.Each("listing things", "SELECT id FROM things", nil, []any{&id}, func() error { return nil })
}

func write(tx *sqldb.Tx) error {
	_, err := tx.Exec("creating a thing", "INSERT INTO things (id) VALUES ($1)", 1)
	return err
}

// change reads and writes, and returns the first error.
func change(tx *sqldb.Tx) error {
	if err := read(tx); err != nil {
		return err
	}
	return write(tx)
}

// newStore opens the store over a server that answers every statement.
func newStore(t *testing.T, dialect sqldb.Dialect) (*sqldbtest.Server, *sql.DB, *sqldb.DB) {
	t.Helper()
	s := sqldbtest.New(int64(len(config.Migrations)))
	db := sql.OpenDB(s)
	t.Cleanup(func() { db.Close() })
	store, err := sqldb.Open(t.Context(), db, dialect, config)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return s, db, store
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	errF := errors.New("an error of f")
	for _, tt := range []struct {
		name    string
		dialect sqldb.Dialect
		fail    sqldbtest.Fault
		f       func(*sqldb.Tx) error
		want    error
		runs    int // of f
		sent    []string
		closed  int
	}{
		{name: "all goes well", dialect: sqldb.PostgreSQL, f: change, runs: 1,
			sent: []string{"BEGIN ISOLATION", "SELECT id", "INSERT INTO", "COMMIT"}},
		{name: "SQLite", dialect: sqldb.SQLite, f: change, runs: 1,
			sent: []string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN IMMEDIATE", "SELECT id", "INSERT INTO", "COMMIT"}},
		{name: "f fails", dialect: sqldb.PostgreSQL, f: func(*sqldb.Tx) error { return errF }, want: errF, runs: 1,
			sent: []string{"BEGIN ISOLATION", "ROLLBACK"}},

		{name: "a deadlock", dialect: sqldb.PostgreSQL, fail: sqldbtest.Once("INSERT INTO", sqldbtest.SQLState("40P01")), f: change, runs: 2,
			sent: []string{"BEGIN ISOLATION", "SELECT id", "INSERT INTO", "ROLLBACK",
				"BEGIN ISOLATION", "SELECT id", "INSERT INTO", "COMMIT"}},
		{name: "a serialization failure", dialect: sqldb.PostgreSQL, fail: sqldbtest.Once("SELECT id", sqldbtest.SQLState("40001")), f: change, runs: 2},
		{name: "a busy database", dialect: sqldb.SQLite, fail: sqldbtest.Once("BEGIN IMMEDIATE", sqldbtest.ResultCode(5)), f: change, runs: 1},
		{name: "a locked table, with an extended code", dialect: sqldb.SQLite, fail: sqldbtest.Once("INSERT INTO", sqldbtest.ResultCode(262)), f: change, runs: 2},
		{name: "a busy database, with an extended code", dialect: sqldb.SQLite, fail: sqldbtest.Once("INSERT INTO", sqldbtest.ResultCode(517)), f: change, runs: 2},
		{name: "a conflict during COMMIT", dialect: sqldb.PostgreSQL, fail: sqldbtest.Once("COMMIT", sqldbtest.SQLState("40001")), f: change, runs: 2},
		{name: "a conflict that f returns as another error", dialect: sqldb.PostgreSQL, fail: sqldbtest.Once("INSERT INTO", sqldbtest.SQLState("40001")), runs: 2,
			f: func(tx *sqldb.Tx) error {
				if change(tx) != nil {
					return errF
				}
				return nil
			}},
		{name: "a conflict that f ignores", dialect: sqldb.PostgreSQL, fail: sqldbtest.Once("INSERT INTO", sqldbtest.SQLState("40001")), runs: 2,
			f: func(tx *sqldb.Tx) error { change(tx); return nil }},
		{name: "a conflict in each try", dialect: sqldb.PostgreSQL, fail: sqldbtest.Always("INSERT INTO", sqldbtest.SQLState("40001")), f: change,
			want: sqldbtest.SQLState("40001"), runs: 10},
		{name: "a conflict during each COMMIT", dialect: sqldb.PostgreSQL, fail: sqldbtest.Always("COMMIT", sqldbtest.SQLState("40001")), f: change,
			want: sqldbtest.SQLState("40001"), runs: 10},
		{name: "a database that is always busy", dialect: sqldb.SQLite, fail: sqldbtest.Always("BEGIN IMMEDIATE", sqldbtest.ResultCode(5)), f: change,
			want: sqldbtest.ResultCode(5)},

		{name: "another error", dialect: sqldb.PostgreSQL, fail: sqldbtest.Always("INSERT INTO", sqldbtest.SQLState("22021")), f: change, want: sqldbtest.SQLState("22021"), runs: 1},
		{name: "another result code", dialect: sqldb.SQLite, fail: sqldbtest.Always("INSERT INTO", sqldbtest.ResultCode(13)), f: change, want: sqldbtest.ResultCode(13), runs: 1},
		{name: "another error during BEGIN", dialect: sqldb.PostgreSQL, fail: sqldbtest.Always("BEGIN ISOLATION", sqldbtest.SQLState("25006")), f: change, want: sqldbtest.SQLState("25006"),
			sent: []string{"BEGIN ISOLATION", "ROLLBACK"}},
		{name: "another error that f ignores", dialect: sqldb.PostgreSQL, fail: sqldbtest.Once("INSERT INTO", sqldbtest.SQLState("22021")), want: sqldbtest.SQLState("22021"), runs: 1,
			f: func(tx *sqldb.Tx) error { change(tx); return nil }},
		{name: "no statement runs after one that failed", dialect: sqldb.SQLite, fail: sqldbtest.Once("INSERT INTO", sqldbtest.ResultCode(13)), want: sqldbtest.ResultCode(13), runs: 1,
			f: func(tx *sqldb.Tx) error {
				change(tx)
				err1 := read(tx)
				if err := tx.ExecOne("deleting a thing", "DELETE FROM things"); err1 == nil {
					return err
				}
				return nil
			},
			sent: []string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN IMMEDIATE", "SELECT id", "INSERT INTO", "ROLLBACK"}},

		{name: "a connection that broke in the pool", dialect: sqldb.PostgreSQL, f: change, runs: 1, closed: 1,
			fail: func() sqldbtest.Fault {
				broken := true
				return func(context.Context, string, int) error {
					if broken {
						broken = false
						return driver.ErrBadConn
					}
					return nil
				}
			}(),
			sent: []string{"BEGIN ISOLATION", "BEGIN ISOLATION", "SELECT id", "INSERT INTO", "COMMIT"}},
		{name: "a connection that breaks during COMMIT", dialect: sqldb.PostgreSQL, f: change, want: errUnknown, runs: 1, closed: 1,
			fail: func(_ context.Context, s string, _ int) error {
				if s == "COMMIT" || s == "ROLLBACK" || s == "BEGIN" {
					return sqldbtest.ErrBroken
				}
				return nil
			},
			sent: []string{"BEGIN ISOLATION", "SELECT id", "INSERT INTO", "COMMIT", "ROLLBACK", "BEGIN"}},
		{name: "a transaction that the database has ended", dialect: sqldb.SQLite, f: change, want: sqldbtest.ResultCode(13), runs: 1, closed: 0,
			fail: func(_ context.Context, s string, before int) error {
				if s == "INSERT INTO" || s == "ROLLBACK" && before == 0 {
					return sqldbtest.ResultCode(13)
				}
				return nil
			},
			sent: []string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN IMMEDIATE", "SELECT id", "INSERT INTO", "ROLLBACK", "BEGIN", "ROLLBACK"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, db, store := newStore(t, tt.dialect)
				if tt.fail != nil {
					s.Before = tt.fail
				}
				s.Sent = nil
				runs := 0
				begun := time.Now()
				err := store.Update(t.Context(), func(tx *sqldb.Tx) error {
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
					if diff := cmp.Diff(tt.sent, s.Sent); diff != "" {
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
				if s.Closed != tt.closed || db.Stats().InUse != 0 {
					t.Errorf("%d connections are closed and %d in use, want %d and 0", s.Closed, db.Stats().InUse, tt.closed)
				}
			})
		})
	}
}

// Each scans every row. A list that ends too early is an error, even if f ignores
// it. An error of row ends the list, and the transaction goes on.
func TestEach(t *testing.T) {
	t.Parallel()
	errRow := errors.New("an error of row")
	values := [][]driver.Value{{int64(1)}, {int64(2)}, {int64(3)}}
	for _, tt := range []struct {
		name      string
		rows      sqldbtest.Rows
		stop      int64 // row returns errRow for this id
		want      []int64
		err, view string // in the errors of Each and View
	}{
		{name: "no row"},
		{name: "rows", rows: sqldbtest.Rows{Values: values}, want: []int64{1, 2, 3}},
		{name: "row ends the list", rows: sqldbtest.Rows{Values: values}, stop: 2, want: []int64{1, 2}, err: errRow.Error()},
		{name: "the server ends the connection", rows: sqldbtest.Rows{Values: values[:1], Err: sqldbtest.ErrBroken}, want: []int64{1},
			err: "sqlstore: listing things: " + sqldbtest.ErrBroken.Error(), view: sqldbtest.ErrBroken.Error()},
		{name: "a row with other columns", rows: sqldbtest.Rows{Values: [][]driver.Value{{int64(1), int64(2)}}}, err: "Scan", view: "Scan"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, db, store := newStore(t, sqldb.PostgreSQL)
			s.Rows["SELECT id"] = tt.rows
			var got []int64
			err := store.View(t.Context(), func(tx *sqldb.Tx) error {
				var id int64
				err := tx.Each("listing things", "SELECT id FROM things", nil, []any{&id}, func() error {
					got = append(got, id)
					if id == tt.stop {
						return errRow
					}
					return nil
				})
				if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) || tt.stop != 0 && err != errRow {
					t.Errorf("Each is %v, want %q", err, tt.err)
				}
				return nil
			})
			if (err == nil) != (tt.view == "") || err != nil && !strings.Contains(err.Error(), tt.view) {
				t.Errorf("View is %v, want %q", err, tt.view)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ids mismatch (-want +got):\n%s", diff)
			}
			if n := db.Stats().InUse; n != 0 {
				t.Errorf("%d connections are in use", n)
			}
		})
	}
}

// ExecOne refuses a statement that changes another number of rows than one.
func TestExecOne(t *testing.T) {
	t.Parallel()
	for changed, want := range []string{"sqlstore: storing a thing: it does not exist", "", "sqlstore: storing a thing: it does not exist"} {
		s, _, store := newStore(t, sqldb.PostgreSQL)
		s.Changed = map[string]int64{"UPDATE things": int64(changed)}
		err := store.Update(t.Context(), func(tx *sqldb.Tx) error {
			tx.ExecOne("storing a thing", "UPDATE things SET id = $1", 2)
			return nil
		})
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("Update that changes %d rows is %v, want %q", changed, err, want)
		}
	}
}

// Conflict makes Update run f again, whatever f returns, and does not hide the
// error of a statement that failed before.
func TestConflict(t *testing.T) {
	t.Parallel()
	errTaken := errors.New("another transaction created the thing")
	for _, tt := range []struct {
		name      string
		fault     sqldbtest.Fault
		conflicts int // the first runs have one
		want      error
		runs      int
	}{
		{"one", nil, 1, nil, 2},
		{"in each run", nil, 100, errTaken, 10},
		{"after an error", sqldbtest.Always("INSERT INTO", sqldbtest.SQLState("22021")), 1, sqldbtest.SQLState("22021"), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _, store := newStore(t, sqldb.PostgreSQL)
				s.Before = tt.fault
				runs := 0
				err := store.Update(t.Context(), func(tx *sqldb.Tx) error {
					runs++
					write(tx)
					if runs <= tt.conflicts {
						if tx.Conflict(errTaken) == nil {
							t.Error("Conflict: no error")
						}
						if _, err := tx.Exec("creating a thing", "INSERT INTO things (id) VALUES ($1)", 1); err == nil {
							t.Error("Exec after Conflict: no error")
						}
					}
					return nil
				})
				if !errors.Is(err, tt.want) || runs != tt.runs {
					t.Errorf("Update is %v after %d runs, want %v after %d", err, runs, tt.want, tt.runs)
				}
			})
		})
	}
}

// However an Update ends, its transaction ends too, and its connection is free
// again.
func TestUpdateEnds(t *testing.T) {
	t.Parallel()
	rolledBack := []string{"BEGIN ISOLATION", "ROLLBACK"}
	for _, tt := range []struct {
		name string
		fail sqldbtest.Fault
		f    func(cancel func()) error
		want []error
		sent []string
	}{
		{name: "a panic", f: func(func()) error { panic("a panic of f") }, sent: rolledBack},
		{name: "the context ends in f", f: func(cancel func()) error { cancel(); return nil }, want: []error{context.Canceled}, sent: rolledBack},
		{name: "the context ends during COMMIT", f: func(func()) error { return nil }, sent: []string{"BEGIN ISOLATION", "COMMIT"},
			fail: func(_ context.Context, s string, _ int) error {
				if s == "COMMIT" {
					time.Sleep(2 * time.Millisecond) // simulated; past the deadline
				}
				return nil
			}},
		{name: "the context ends during the wait for another try", fail: sqldbtest.Always("BEGIN ISOLATION", sqldbtest.SQLState("40001")),
			want: []error{context.DeadlineExceeded, sqldbtest.SQLState("40001")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, db, store := newStore(t, sqldb.PostgreSQL)
				s.Sent = nil
				if tt.fail != nil {
					s.Before = tt.fail
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
					err = store.Update(ctx, func(*sqldb.Tx) error { return tt.f(cancel) })
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
					if diff := cmp.Diff(tt.sent, s.Sent); diff != "" {
						t.Errorf("statements mismatch (-want +got):\n%s", diff)
					}
				}
				if n := db.Stats().InUse; n != 0 || s.Closed != 0 {
					t.Errorf("%d connections are in use and %d closed", n, s.Closed)
				}
			})
		})
	}
}

// COMMIT and ROLLBACK have 15 seconds together. After that the connection is
// closed.
func TestUpdateEndsInTime(t *testing.T) {
	t.Parallel()
	slow := func(statement string) sqldbtest.Fault {
		return func(_ context.Context, s string, _ int) error {
			if s != statement {
				return nil
			}
			time.Sleep(10 * time.Second) // simulated
			return sqldbtest.ErrBroken
		}
	}
	errF := errors.New("an error of f")
	for _, tt := range []struct {
		name    string
		stalled sqldbtest.Fault
		fail    sqldbtest.Fault
		f       error
		want    error
		sent    []string
	}{
		{"no answer to COMMIT", sqldbtest.Stalled("COMMIT", "ROLLBACK", "BEGIN"), nil, nil, errUnknown,
			[]string{"BEGIN ISOLATION", "COMMIT"}},
		{"no answer to ROLLBACK", sqldbtest.Stalled("ROLLBACK", "BEGIN"), nil, errF, errF,
			[]string{"BEGIN ISOLATION", "ROLLBACK"}},
		{"the first ROLLBACK fails", sqldbtest.Stalled("BEGIN"), sqldbtest.Always("ROLLBACK", sqldbtest.ErrBroken), errF, errF,
			[]string{"BEGIN ISOLATION", "ROLLBACK", "BEGIN"}},
		{"a slow answer to COMMIT", sqldbtest.Stalled("ROLLBACK", "BEGIN"), slow("COMMIT"), nil, errUnknown,
			[]string{"BEGIN ISOLATION", "COMMIT", "ROLLBACK"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, db, store := newStore(t, sqldb.PostgreSQL)
				s.Before, s.After, s.Sent = tt.stalled, tt.fail, nil
				begun := time.Now()
				err := store.Update(t.Context(), func(*sqldb.Tx) error {
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
				if diff := cmp.Diff(tt.sent, s.Sent); diff != "" {
					t.Errorf("statements mismatch (-want +got):\n%s", diff)
				}
				if n := db.Stats().InUse; n != 0 || s.Closed != 1 {
					t.Errorf("%d connections are in use and %d closed, want 0 and 1", n, s.Closed)
				}
			})
		})
	}
}

// In PostgreSQL an Update does not wait for an Update of other rows.
func TestUpdateNoQueue(t *testing.T) {
	t.Parallel()
	_, _, store := newStore(t, sqldb.PostgreSQL)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := store.Update(ctx, func(*sqldb.Tx) error { return store.Update(ctx, change) })
	if err != nil {
		t.Errorf("Update during another one: %v", err)
	}
}

// In SQLite the Updates of one Store wait for each other.
func TestUpdateQueue(t *testing.T) {
	t.Parallel()
	_, _, store := newStore(t, sqldb.SQLite)
	err := store.Update(t.Context(), func(*sqldb.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err := store.Update(ctx, func(*sqldb.Tx) error { return errors.New("it did not wait") })
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
	for _, tt := range []struct {
		name    string
		dialect sqldb.Dialect
		fail    sqldbtest.Fault
		f       func(*sqldb.Tx) error
		want    error
		runs    int // of f
		sent    []string
	}{
		{"all goes well", sqldb.SQLite, nil, read, nil, 1,
			[]string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN", "SELECT id", "COMMIT"}},
		{"f fails", sqldb.PostgreSQL, nil, func(*sqldb.Tx) error { return errF }, errF, 1,
			[]string{"BEGIN ISOLATION", "ROLLBACK"}},
		{"a conflict", sqldb.PostgreSQL, sqldbtest.Once("SELECT id", sqldbtest.SQLState("40001")), read, nil, 2,
			[]string{"BEGIN ISOLATION", "SELECT id", "ROLLBACK", "BEGIN ISOLATION", "SELECT id", "COMMIT"}},
		{"a list that fails, and f ignores the error", sqldb.PostgreSQL, sqldbtest.Once("SELECT id", sqldbtest.SQLState("57014")),
			func(tx *sqldb.Tx) error { list(tx); return nil }, sqldbtest.SQLState("57014"), 1,
			[]string{"BEGIN ISOLATION", "SELECT id", "ROLLBACK"}},
		{"no list runs after a statement that failed", sqldb.PostgreSQL, sqldbtest.Once("SELECT id", sqldbtest.SQLState("57014")),
			func(tx *sqldb.Tx) error {
				read(tx)
				if err := list(tx); err == nil {
					return errF
				}
				return nil
			}, sqldbtest.SQLState("57014"), 1,
			[]string{"BEGIN ISOLATION", "SELECT id", "ROLLBACK"}},
		{"COMMIT fails", sqldb.PostgreSQL, sqldbtest.Once("COMMIT", sqldbtest.ErrBroken), read, sqldbtest.ErrBroken, 1,
			[]string{"BEGIN ISOLATION", "SELECT id", "COMMIT", "ROLLBACK"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, db, store := newStore(t, tt.dialect)
				s.Before, s.Sent = tt.fail, nil
				runs := 0
				err := store.View(t.Context(), func(r *sqldb.Tx) error {
					runs++
					return tt.f(r)
				})
				if !errors.Is(err, tt.want) || tt.want == errF && err != errF || errors.Is(err, errUnknown) {
					t.Errorf("View is %v, want %v", err, tt.want)
				}
				if runs != tt.runs {
					t.Errorf("f ran %d times, want %d", runs, tt.runs)
				}
				if diff := cmp.Diff(tt.sent, s.Sent); diff != "" {
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
	update := func(f func(*sqldb.Tx) error) func(context.Context, *sqldb.DB) error {
		return func(ctx context.Context, store *sqldb.DB) error { return store.Update(ctx, f) }
	}
	view := func(f func(*sqldb.Tx) error) func(context.Context, *sqldb.DB) error {
		return func(ctx context.Context, store *sqldb.DB) error { return store.View(ctx, f) }
	}
	for _, tt := range []struct {
		name    string
		stalled string // empty: there is no free connection
		run     func(context.Context, *sqldb.DB) error
	}{
		{"an Update without a connection", "", update(write)},
		{"a View without a connection", "", view(list)},
		{"an Update that begins", "BEGIN ISOLATION", update(write)},
		{"a View that begins", "BEGIN ISOLATION", view(list)},
		{"an Update that reads", "SELECT id", update(read)},
		{"an Update that writes", "INSERT INTO", update(write)},
		{"a View that reads", "SELECT id", view(read)},
		{"a View that lists", "SELECT id", view(list)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, db, store := newStore(t, sqldb.PostgreSQL)
				if tt.stalled == "" {
					db.SetMaxOpenConns(1)
					conn, err := db.Conn(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					defer conn.Close()
				}
				sqldbtest.CheckContextEnds(t, s, tt.stalled, errUnknown, func(ctx context.Context) error { return tt.run(ctx, store) })
			})
		})
	}
}

// If the server cannot be reached, the error comes at once, and f does not run.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, db, store := newStore(t, sqldb.PostgreSQL)
		db.SetMaxIdleConns(-1) // closes the idle connections
		s.Down = sqldbtest.ErrBroken
		begun := time.Now()
		for name, run := range map[string]func() error{
			"Update": func() error {
				return store.Update(t.Context(), func(*sqldb.Tx) error { t.Error("f of Update ran"); return nil })
			},
			"View": func() error {
				return store.View(t.Context(), func(*sqldb.Tx) error { t.Error("f of View ran"); return nil })
			},
		} {
			if err := run(); !errors.Is(err, sqldbtest.ErrBroken) || errors.Is(err, errUnknown) {
				t.Errorf("%s is %v, want %v", name, err, sqldbtest.ErrBroken)
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
		dialect sqldb.Dialect
		fail    sqldbtest.Fault
		want    string
	}{
		{"a dialect that does not exist", "MySQL", nil, `"MySQL" is not a dialect; want PostgreSQL or SQLite`},
		{"no right to create tables", sqldb.PostgreSQL, func(_ context.Context, s string, _ int) error {
			if s == sqldbtest.SelectVersion || s == "CREATE TABLE" {
				return sqldbtest.SQLState("42501")
			}
			return nil
		}, "sqlstore: creating the table of the schema version: 42501"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := sql.OpenDB(&sqldbtest.Server{Before: tt.fail})
			defer db.Close()
			if _, err := sqldb.Open(t.Context(), db, tt.dialect, config); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Open is %v, want %q", err, tt.want)
			}
		})
	}
}

// Open runs the migrations that a database lacks, each in a transaction of its own.
func TestOpenMigrates(t *testing.T) {
	t.Parallel()
	first := []string{"BEGIN ISOLATION", "SELECT pg_advisory_xact_lock(8752022824047244288)", "CREATE TABLE", sqldbtest.SelectVersion,
		"CREATE TABLE", "CREATE TABLE", "INSERT INTO", "COMMIT"}
	second := []string{"BEGIN ISOLATION", "SELECT pg_advisory_xact_lock(8752022824047244288)", "CREATE TABLE", sqldbtest.SelectVersion,
		"CREATE INDEX", "INSERT INTO", "COMMIT"}
	for _, tt := range []struct {
		name    string
		version int64
		fail    sqldbtest.Fault
		want    string
		sent    []string // after the version was read
	}{
		{name: "an empty database", fail: sqldbtest.Once(sqldbtest.SelectVersion, sqldbtest.SQLState("42P01")),
			sent: slices.Concat([]string{"ROLLBACK"}, first, second)},
		{name: "a database of version 0", sent: slices.Concat([]string{"COMMIT"}, first, second)},
		{name: "a database of version 1", version: 1, sent: slices.Concat([]string{"COMMIT"}, second)},
		{name: "a database of version 2", version: 2, sent: []string{"COMMIT"}},
		{name: "a newer database", version: 3, sent: []string{"COMMIT"},
			want: "sqlstore: things_schema has version 3, and this program knows versions up to 2: use a newer program"},
		{name: "a negative version", version: -1, want: "sqlstore: things_schema has version -1, which does not exist",
			sent: []string{"ROLLBACK", "BEGIN ISOLATION", "SELECT pg_advisory_xact_lock(8752022824047244288)", "CREATE TABLE", sqldbtest.SelectVersion, "ROLLBACK"}},
		{name: "a migration that fails", version: 1, fail: sqldbtest.Always("CREATE INDEX", sqldbtest.SQLState("42P07")),
			want: "sqlstore: migrating: 42P07",
			sent: []string{"COMMIT", "BEGIN ISOLATION", "SELECT pg_advisory_xact_lock(8752022824047244288)", "CREATE TABLE", sqldbtest.SelectVersion, "CREATE INDEX", "ROLLBACK"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sqldbtest.New(tt.version)
			s.Before = tt.fail
			version := tt.version
			s.After = func(_ context.Context, statement string, _ int) error {
				if statement == "INSERT INTO" {
					version++
					s.SetVersion(version)
				}
				return nil
			}
			db := sql.OpenDB(s)
			defer db.Close()
			_, err := sqldb.Open(t.Context(), db, sqldb.PostgreSQL, config)
			if (err == nil) != (tt.want == "") || err != nil && err.Error() != tt.want {
				t.Errorf("Open is %v, want %q", err, tt.want)
			}
			if diff := cmp.Diff(slices.Concat([]string{"BEGIN ISOLATION", sqldbtest.SelectVersion}, tt.sent), s.Sent); diff != "" {
				t.Errorf("statements mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// Open of a database of the current version only reads. It does not take the write
// lock.
func TestOpenReads(t *testing.T) {
	t.Parallel()
	s := sqldbtest.New(int64(len(config.Migrations)))
	db := sql.OpenDB(s)
	defer db.Close()
	if _, err := sqldb.Open(t.Context(), db, sqldb.SQLite, config); err != nil {
		t.Fatalf("Open: %v", err)
	}
	want := []string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN", sqldbtest.SelectVersion, "COMMIT"}
	if diff := cmp.Diff(want, s.Sent); diff != "" {
		t.Errorf("statements mismatch (-want +got):\n%s", diff)
	}
}

// Open ends with its context, both when it reads the version and when it creates
// tables.
func TestOpenContext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, stalled string
		fail          sqldbtest.Fault
	}{
		{"it reads the version", sqldbtest.SelectVersion, nil},
		{"it creates tables", "CREATE TABLE", sqldbtest.Always(sqldbtest.SelectVersion, sqldbtest.SQLState("42P01"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := sql.OpenDB(&sqldbtest.Server{Before: sqldbtest.Stalled(tt.stalled), After: tt.fail})
				defer db.Close()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := sqldb.Open(ctx, db, sqldb.PostgreSQL, config); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Open is %v, want %v", err, context.DeadlineExceeded)
				}
			})
		})
	}
}
