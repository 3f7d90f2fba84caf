package interop

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	_ "modernc.org/sqlite"

	"github.com/yuncert/yuncert/internal/sqldb"
	"github.com/yuncert/yuncert/internal/sqldb/sqldbtest"
)

// TestMain is also the main function of the child processes that some tests start.
func TestMain(m *testing.M) {
	if os.Getenv(childProgram) != "" {
		if err := runInChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if runningCluster != nil {
		runningCluster.stop()
	}
	os.Exit(code)
}

// A database is where a test opens its stores.
type database struct {
	driver, dsn string
	dialect     sqldb.Dialect
}

// databases has a constructor for an empty database of each kind.
var databases = []struct {
	name string
	make func(testing.TB) database
}{
	{"SQLite", newSQLite},
	{"PostgreSQL", newPostgreSQL},
}

func newSQLite(tb testing.TB) database {
	return database{"sqlite", filepath.Join(tb.TempDir(), "test.db"), sqldb.SQLite}
}

func newPostgreSQL(tb testing.TB) database {
	return database{"pgx", postgres(tb), sqldb.PostgreSQL}
}

// open connects to a database until the test ends.
func (d database) open(tb testing.TB) *sql.DB {
	tb.Helper()
	db, err := sql.Open(d.driver, d.dsn)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(8)
	return db
}

// openInMemory opens a SQLite database in memory. A second connection would have a
// database of its own.
func openInMemory(tb testing.TB) *sql.DB {
	tb.Helper()
	db := database{"sqlite", ":memory:", sqldb.SQLite}.open(tb)
	db.SetMaxOpenConns(1)
	return db
}

// withoutRights connects to a PostgreSQL database as a user who may read and write the
// rows of its tables and may not create tables.
func (d database) withoutRights(t *testing.T) database {
	t.Helper()
	db := d.open(t)
	var schema string
	if err := db.QueryRow("SELECT current_schema()").Scan(&schema); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"CREATE ROLE service_" + schema,
		"GRANT USAGE ON SCHEMA " + schema + " TO service_" + schema,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema + " TO service_" + schema,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	d.dsn += " role=service_" + schema
	if _, err := d.open(t).ExecContext(t.Context(), "CREATE TABLE more (x TEXT)"); err == nil {
		t.Fatal("the service has the right to make tables")
	}
	return d
}

// badDays are the faults of a statement, by its number.
var badDays = []struct {
	name          string
	before, after func(n int) sqldbtest.Fault
}{
	{name: "it fails", before: func(n int) sqldbtest.Fault { return sqldbtest.At(n, n+1, sqldbtest.Break) }},
	{name: "it and all later ones fail", before: func(n int) sqldbtest.Fault { return sqldbtest.At(n, 1000, sqldbtest.Break) }},
	{name: "it blocks", before: func(n int) sqldbtest.Fault { return sqldbtest.At(n, n+1, sqldbtest.Stall) }},
	{name: "its answer is lost", after: func(n int) sqldbtest.Fault { return sqldbtest.At(n, n+1, sqldbtest.Break) }},
	{name: "its answer is late", after: func(n int) sqldbtest.Fault { return sqldbtest.At(n, n+1, sqldbtest.Stall) }},
}

// onBadDays runs call with each fault in each statement that call sends. Then it
// runs check with the error of call. call gets a connection with the fault to the
// database that newDatabase returns, and a context that ends. Its time is simulated.
func onBadDays(t *testing.T, newDatabase func(testing.TB) database, call func(context.Context, *sql.DB, sqldb.Dialect) error,
	check func(*testing.T, database, error)) {
	for _, day := range badDays {
		t.Run(day.name, func(t *testing.T) {
			for n, last := 0, false; !last && !t.Failed(); n++ {
				t.Run(strconv.Itoa(n), func(t *testing.T) { // so that the connections of each n are closed
					d := newDatabase(t)
					server := &sqldbtest.Server{Open: d.openDriver}
					if day.before != nil {
						server.Before = day.before(n)
					}
					if day.after != nil {
						server.After = day.after(n)
					}
					var err error
					synctest.Test(t, func(t *testing.T) {
						db := sql.OpenDB(server)
						defer db.Close()
						ctx, cancel := context.WithTimeout(t.Context(), time.Second)
						defer cancel()
						err = call(ctx, db, d.dialect)
					})
					check(t, d, err)
					last = n >= len(server.Sent)
					switch {
					case last && err != nil:
						t.Errorf("after %d statements without a fault: %v", n, err)
					case t.Failed():
						t.Errorf("statement %d of %q", n, server.Sent)
					}
				})
			}
		})
	}
}

// openDriver opens a connection without a pool.
func (d database) openDriver() (driver.Conn, error) {
	db, err := sql.Open(d.driver, d.dsn)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return db.Driver().Open(d.dsn)
}

// The environment variables of a child process.
const (
	childProgram  = "YUNCERT_TEST_PROGRAM"
	childArgument = "YUNCERT_TEST_ARGUMENT"
	childDriver   = "YUNCERT_TEST_DRIVER"
	childDSN      = "YUNCERT_TEST_DSN"
	childDialect  = "YUNCERT_TEST_DIALECT"
)

// A program runs in a child process. It prints a line for each change as soon as
// the change is stored.
type program func(ctx context.Context, db *sql.DB, dialect sqldb.Dialect, argument string) error

var programs = map[string]program{
	"issue and revoke": issueInChild,
	"issue once":       onceInChild,
	"keep CSRs":        keepInChild,
	"share CSRs":       shareInChild,
	"live as orders":   liveInChild,
	"open orders":      openInChild,
	"submit orders":    submitInChild,
}

func runInChild(ctx context.Context) error {
	run, ok := programs[os.Getenv(childProgram)]
	if !ok {
		return fmt.Errorf("there is no program %q", os.Getenv(childProgram))
	}
	db, err := sql.Open(os.Getenv(childDriver), os.Getenv(childDSN))
	if err != nil {
		return err
	}
	defer db.Close()
	return run(ctx, db, sqldb.Dialect(os.Getenv(childDialect)), os.Getenv(childArgument))
}

// A child is a process that runs a program.
type child struct {
	cmd    *exec.Cmd
	stderr strings.Builder
	stdout *bufio.Scanner
}

func startChild(t *testing.T, d database, program, argument string) *child {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.Command(executable)}
	c.cmd.Env = append(os.Environ(), childProgram+"="+program, childArgument+"="+argument,
		childDriver+"="+d.driver, childDSN+"="+d.dsn, childDialect+"="+string(d.dialect))
	c.cmd.Stderr = &c.stderr
	stdout, err := c.cmd.StdoutPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.cmd.ProcessState == nil {
			c.cmd.Process.Kill()
			c.cmd.Wait()
		}
	})
	c.stdout = bufio.NewScanner(stdout)
	c.stdout.Buffer(nil, 1<<20) // a line can hold a CRL
	return c
}

// lines reads up to limit more lines of the child's output; -1 means all.
func (c *child) lines(limit int) (lines []string) {
	for ; limit != 0 && c.stdout.Scan(); limit-- {
		lines = append(lines, c.stdout.Text())
	}
	return lines
}

// finish returns the rest of the child's output. The child must succeed.
func (c *child) finish(t *testing.T) []string {
	t.Helper()
	lines := c.lines(-1)
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("child: %v\n%s", err, c.stderr.String())
	}
	return lines
}

// kill kills the child after some lines of output, and returns all its output.
// The child must still be running.
func (c *child) kill(t *testing.T, after int) []string {
	t.Helper()
	lines := c.lines(after)
	c.cmd.Process.Kill()
	lines = append(lines, c.lines(-1)...)
	err := c.cmd.Wait()
	if status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the child was not killed: %v\n%s", err, c.stderr.String())
	}
	return lines
}
