// Package sqldbtest has a database whose statements fail, block or answer late,
// for the tests of stores.
package sqldbtest

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A Server is a database with faults. Use it with [database/sql.OpenDB]. Without
// the field Open it accepts every statement and finds only the rows in the
// field Rows. Set the fields while no statement runs.
type Server struct {
	// Open connects to a real database, which then executes the statements.
	Open func() (driver.Conn, error)

	// Before is the fault of a statement that is not executed, After the fault of a
	// statement that is. Nil means none.
	Before, After Fault

	Down error // the error of a new connection

	// Received is called with each statement. Nil means that nothing is called.
	Received func(statement string, args []driver.NamedValue)

	// Without Open, the first two words of a statement decide which rows a SELECT
	// finds, and how many rows a change changes: one by default.
	Rows    map[string]Rows
	Changed map[string]int64

	Sent   []string // the first two words of each statement
	Closed int      // how many connections are closed

	mu sync.Mutex // guards Sent and Closed
}

// New returns a Server without a real database, with that schema version.
func New(version int64) *Server {
	s := &Server{Rows: map[string]Rows{}}
	s.SetVersion(version)
	return s
}

// SetVersion changes the schema version.
func (s *Server) SetVersion(version int64) {
	s.Rows[SelectVersion] = Rows{Values: [][]driver.Value{{version}}}
}

// SelectVersion begins the statement that reads the schema version.
const SelectVersion = "SELECT COALESCE(MAX(version),"

// Rows are an answer to a SELECT.
type Rows struct {
	Values [][]driver.Value
	Err    error // the error after the last row, if any
}

// A Fault returns the error of a statement, or nil. It gets the context and the
// first two words of the statement, and how many statements with these words the
// Server got before.
type Fault func(ctx context.Context, statement string, before int) error

// Always makes a statement fail with err.
func Always(statement string, err error) Fault {
	return func(_ context.Context, s string, _ int) error {
		if s == statement {
			return err
		}
		return nil
	}
}

// Once makes a statement fail with err the first time.
func Once(statement string, err error) Fault {
	return func(_ context.Context, s string, before int) error {
		if s == statement && before == 0 {
			return err
		}
		return nil
	}
}

// Stalled makes statements block until their context ends.
func Stalled(statements ...string) Fault {
	return func(ctx context.Context, s string, _ int) error {
		if slices.Contains(statements, s) {
			return Stall(ctx)
		}
		return nil
	}
}

// At makes the statements from number begin to number end fail with the error of
// fail. The first statement has number 0, and statement end does not fail.
func At(begin, end int, fail func(context.Context) error) Fault {
	var number atomic.Int64
	return func(ctx context.Context, _ string, _ int) error {
		n := int(number.Add(1)) - 1
		if begin <= n && n < end {
			return fail(ctx)
		}
		return nil
	}
}

// Break returns [ErrBroken].
func Break(context.Context) error { return ErrBroken }

// Stall waits for the end of ctx and returns its error.
func Stall(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// SQLState is the error of a driver for PostgreSQL.
type SQLState string

func (s SQLState) Error() string { return string(s) }

// SQLState returns the code of appendix A of PostgreSQL's manual.
func (s SQLState) SQLState() string { return string(s) }

// ResultCode is the error of a driver for SQLite.
type ResultCode int

func (c ResultCode) Error() string { return "result code" }

// Code returns the code of SQLite's "Result and Error Codes".
func (c ResultCode) Code() int { return int(c) }

// ErrBroken is the error of a connection that the other side has ended.
var ErrBroken = errors.New("connection reset by peer")

// Connect implements [driver.Connector].
func (s *Server) Connect(context.Context) (driver.Conn, error) {
	if s.Down != nil || s.Open == nil {
		return &conn{server: s}, s.Down
	}
	c, err := s.Open()
	if err != nil {
		return nil, err
	}
	return &conn{s, c}, nil
}

// Driver implements [driver.Connector].
func (s *Server) Driver() driver.Driver { return nil }

// receive notes a statement and returns its first two words and how often they
// were sent before.
func (s *Server) receive(statement string) (kind string, before int) {
	words := strings.Fields(statement)
	kind = strings.Join(words[:min(2, len(words))], " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sent := range s.Sent {
		if sent == kind {
			before++
		}
	}
	s.Sent = append(s.Sent, kind)
	return kind, before
}

type conn struct {
	server *Server
	real   driver.Conn // nil without a real database
}

var errUnused = errors.New("stores do not use this method")

func (c *conn) Prepare(string) (driver.Stmt, error) { return nil, errUnused }
func (c *conn) Begin() (driver.Tx, error)           { return nil, errUnused }

func (c *conn) Close() error {
	c.server.mu.Lock()
	c.server.Closed++
	c.server.mu.Unlock()
	if c.real != nil {
		return c.real.Close()
	}
	return nil
}

// faulty calls execute between the faults of a statement.
func (c *conn) faulty(ctx context.Context, statement string, args []driver.NamedValue, execute func(kind string) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.server.Received != nil {
		c.server.Received(statement, args)
	}
	kind, before := c.server.receive(statement)
	if c.server.Before != nil {
		if err := c.server.Before(ctx, kind, before); err != nil {
			return err
		}
	}
	if err := execute(kind); err != nil {
		return err
	}
	if c.server.After != nil {
		return c.server.After(ctx, kind, before)
	}
	return nil
}

// ExecContext implements [driver.ExecerContext].
func (c *conn) ExecContext(ctx context.Context, statement string, args []driver.NamedValue) (result driver.Result, err error) {
	err = c.faulty(ctx, statement, args, func(kind string) (err error) {
		if c.real == nil {
			changed, set := c.server.Changed[kind]
			if !set {
				changed = 1
			}
			result = driver.RowsAffected(changed)
			return nil
		}
		result, err = c.real.(driver.ExecerContext).ExecContext(ctx, statement, args)
		return err
	})
	return result, err
}

// QueryContext implements [driver.QueryerContext].
func (c *conn) QueryContext(ctx context.Context, statement string, args []driver.NamedValue) (found driver.Rows, err error) {
	err = c.faulty(ctx, statement, args, func(kind string) (err error) {
		if c.real == nil {
			found = newRows(c.server.Rows[kind])
			return nil
		}
		found, err = c.real.(driver.QueryerContext).QueryContext(ctx, statement, args)
		return err
	})
	if err != nil && found != nil {
		found.Close()
		return nil, err
	}
	return found, err
}

// CheckNamedValue implements [driver.NamedValueChecker].
func (c *conn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.real.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip
}

// ResetSession implements [driver.SessionResetter].
func (c *conn) ResetSession(ctx context.Context) error {
	if resetter, ok := c.real.(driver.SessionResetter); ok {
		return resetter.ResetSession(ctx)
	}
	return nil
}

// IsValid implements [driver.Validator].
func (c *conn) IsValid() bool {
	validator, ok := c.real.(driver.Validator)
	return !ok || validator.IsValid()
}

type rows struct {
	Rows
	columns []string
}

func newRows(r Rows) *rows {
	if len(r.Values) == 0 {
		return &rows{Rows: r}
	}
	return &rows{r, make([]string, len(r.Values[0]))}
}

func (r *rows) Close() error { return nil }

func (r *rows) Columns() []string { return r.columns }

func (r *rows) Next(values []driver.Value) error {
	if len(r.Values) == 0 {
		if r.Err != nil {
			return r.Err
		}
		return io.EOF
	}
	copy(values, r.Values[0])
	r.Values = r.Values[1:]
	return nil
}
