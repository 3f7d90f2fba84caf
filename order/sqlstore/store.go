package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/yuncert/yuncert/order"
)

const (
	// tries is how often a transaction is run at most.
	tries = 10

	// The wait before a further try doubles from one to the other, and is a random
	// part of that, so that those who met do not meet again.
	firstWait = 10 * time.Millisecond
	lastWait  = time.Second

	// endTimeout is how long a COMMIT and a ROLLBACK may take together. They do not
	// end with ctx: a COMMIT that is broken off leaves open what it did, and a
	// connection without its ROLLBACK is of no more use.
	endTimeout = 15 * time.Second
)

// A Store is an [order.Store] in a database. It is safe for concurrent use.
type Store struct {
	dialect dialect
	db      *sql.DB
	writer  chan struct{} // of one place, for who writes; nil if rows are locked instead
}

var _ order.Store = (*Store)(nil)

// Open returns the Store in a database, whose tables it makes or brings up to
// date if need be. The caller closes db when done with the Store.
//
// The error says what the database refused, that its tables are of a newer
// version than this package knows, or that dialect is none of [PostgreSQL] and
// [SQLite].
func Open(ctx context.Context, db *sql.DB, dialect Dialect) (*Store, error) {
	d, ok := dialects[dialect]
	if !ok {
		return nil, fmt.Errorf("sqlstore: the dialect %q is not %s or %s", dialect, PostgreSQL, SQLite)
	}
	s := &Store{dialect: d, db: db}
	if d.oneWriter {
		s.writer = make(chan struct{}, 1)
	}
	if err := s.migrate(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Update implements [order.Store]. After a deadlock, a serialization failure, a
// busy database, or two Updates that made the same package at once, f is run
// anew: up to ten times within about twelve seconds, and then the error is returned.
// What ends the transaction, a COMMIT or a ROLLBACK, may outlast ctx, by 15 seconds
// at most.
//
// An error that f returned is returned as it is. A COMMIT that the database refused
// for a conflict wrote nothing, and f is run anew. Another error of the COMMIT, such
// as a connection that broke in it, is [order.ErrOutcomeUnknown], and f is not run
// again.
// Where a statement of f failed, Update fails, whatever f makes of it.
//
// PostgreSQL cannot lock a row that is not there. An order that f did not find may
// be there when f creates it, which CreateOrder then says; a package that f did
// not find and another made since has f run anew when it stores its own.
func (s *Store) Update(ctx context.Context, f func(order.Tx) error) error {
	if s.writer != nil {
		select {
		case s.writer <- struct{}{}:
			defer func() { <-s.writer }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.run(ctx, readWrite, func(tx *tx) error { return f(tx) })
}

// View implements [order.Store]. f may be run anew as in Update.
func (s *Store) View(ctx context.Context, f func(order.Snapshot) error) error {
	return s.run(ctx, readOnly, func(tx *tx) error { return f(tx) })
}

// run runs f in a transaction, and anew while that may help.
func (s *Store) run(ctx context.Context, mode mode, f func(*tx) error) error {
	wait := firstWait
	for try := 1; ; try++ {
		again, err := s.try(ctx, mode, f)
		if !again {
			return err
		}
		if try == tries {
			return fmt.Errorf("%w (try %d of %d)", err, try, tries)
		}
		select {
		case <-time.After(rand.N(wait)):
		case <-ctx.Done():
			return failure(ctx, "waiting for another try", err)
		}
		wait = min(2*wait, lastWait)
	}
}

// try runs f in a transaction, and says whether to try again may help: then the
// error is the store's own, and nothing was written.
func (s *Store) try(ctx context.Context, mode mode, f func(*tx) error) (again bool, err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return false, failure(ctx, "connecting", err)
	}
	// All that ends the transaction has one time limit, from its first statement on.
	ending := sync.OnceValues(func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	})
	done := false
	defer func() { // also when f panics
		end, cancel := ending()
		defer cancel()
		if !done {
			rollback(end, conn)
		}
		conn.Close()
	}()
	if err := s.begin(ctx, conn, mode); err != nil {
		// A connection may have broken while it lay in the pool, and the next one may
		// be better.
		again := errors.Is(err, driver.ErrBadConn) || s.dialect.conflict(err)
		return again && ctx.Err() == nil, failure(ctx, "beginning", err)
	}
	tx := &tx{dialect: s.dialect, mode: mode, ctx: ctx, conn: conn, packages: map[string]bool{}}
	err = f(tx)
	switch {
	case tx.err != nil && (errors.Is(tx.err, errRaced) || s.dialect.conflict(tx.err)):
		return true, tx.err
	case err != nil:
		return false, err
	case tx.err != nil:
		return false, tx.err
	case ctx.Err() != nil:
		return false, ctx.Err()
	}
	end, _ := ending()
	_, err = conn.ExecContext(end, "COMMIT")
	switch {
	case err == nil:
		done = true
		return false, nil
	case s.dialect.conflict(err):
		return true, failure(ctx, "committing", err)
	case mode == readOnly:
		return false, failure(ctx, "ending", err)
	}
	// err is not wrapped: it may be that of the limit above, which is not ctx's.
	return false, fmt.Errorf("sqlstore: committing: %w: %v", order.ErrOutcomeUnknown, err)
}

// begin sets the connection up and begins a transaction.
func (s *Store) begin(ctx context.Context, conn *sql.Conn, mode mode) error {
	for _, statement := range s.dialect.prepare {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	_, err := conn.ExecContext(ctx, s.dialect.begin[mode])
	return err
}

// rollback ends the transaction of a connection if there is one, and throws the
// connection away if it cannot be sure, or ctx ends first.
func rollback(ctx context.Context, conn *sql.Conn) {
	exec := func(statement string) bool {
		if ctx.Err() != nil {
			return false
		}
		_, err := conn.ExecContext(ctx, statement)
		return err == nil
	}
	// SQLite has no transaction any more after some errors, and none before BEGIN
	// succeeds. Then another one can begin.
	if exec("ROLLBACK") || exec("BEGIN") && exec("ROLLBACK") {
		return
	}
	conn.Raw(func(any) error { return driver.ErrBadConn }) // database/sql closes it
}

// failure says what the store was doing, and that ctx ended if it did: drivers
// have errors of their own for that.
func failure(ctx context.Context, doing string, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("sqlstore: %s: %w: %w", doing, ended, err)
	}
	return fmt.Errorf("sqlstore: %s: %w", doing, err)
}
