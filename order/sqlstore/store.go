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
	// tries is how often a transaction runs at most.
	tries = 10

	// The upper limit of the wait before another try doubles from firstWait to
	// lastWait. The wait is random, so that transactions that collided do not
	// collide again.
	firstWait = 10 * time.Millisecond
	lastWait  = time.Second

	// endTimeout limits COMMIT and ROLLBACK together. They do not end with ctx: the
	// outcome of an interrupted COMMIT is unknown, and a connection without its
	// ROLLBACK cannot be used again.
	endTimeout = 15 * time.Second
)

// A Store is an [order.Store] in a database. It is safe for concurrent use.
type Store struct {
	dialect dialect
	db      *sql.DB
	writer  chan struct{} // holds one value while an Update runs; nil if the database locks rows
}

var _ order.Store = (*Store)(nil)

// Open returns the Store in a database. It creates or migrates the tables if
// necessary. Close db after your last use of the Store.
//
// Open fails if the database returns an error, if its tables have a newer
// version than this package knows, or if dialect is neither [PostgreSQL] nor
// [SQLite].
func Open(ctx context.Context, db *sql.DB, dialect Dialect) (*Store, error) {
	d, ok := dialects[dialect]
	if !ok {
		return nil, fmt.Errorf("sqlstore: %q is not a dialect; want %s or %s", dialect, PostgreSQL, SQLite)
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

// Update implements [order.Store].
//
// It runs f again after a conflict: a deadlock, a serialization failure, a busy
// database, or another Update that created the same package. f runs up to ten
// times, within about twelve seconds; then Update returns the error of the
// conflict. A COMMIT that fails because of a conflict has written nothing, so f
// runs again. After any other error of a COMMIT, such as a broken connection, f
// does not run again, and the error wraps [order.ErrOutcomeUnknown].
//
// If a statement of f fails, Update fails, even if f ignores the error. COMMIT and
// ROLLBACK do not end with ctx. They can take up to 15 seconds longer.
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

// View implements [order.Store]. It runs f again after a conflict, as Update does.
func (s *Store) View(ctx context.Context, f func(order.Snapshot) error) error {
	return s.run(ctx, readOnly, func(tx *tx) error { return f(tx) })
}

// run runs f in a transaction, and again after each conflict.
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

// try runs f in a transaction. again means that a conflict occurred: nothing was
// written, and another try may succeed.
func (s *Store) try(ctx context.Context, mode mode, f func(*tx) error) (again bool, err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return false, failure(ctx, "connecting", err)
	}
	// COMMIT and ROLLBACK share one time limit, which starts with the first of
	// them.
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
		// The connection may have broken in the pool. The next try gets another
		// one.
		again = errors.Is(err, driver.ErrBadConn) || s.dialect.conflict(err)
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
	// err is not wrapped, because it may be the context.DeadlineExceeded of
	// endTimeout. The caller would think that ctx has ended.
	return false, fmt.Errorf("sqlstore: committing: %w: %v", order.ErrOutcomeUnknown, err)
}

// begin sets up the connection and begins a transaction.
func (s *Store) begin(ctx context.Context, conn *sql.Conn, mode mode) error {
	for _, statement := range s.dialect.prepare {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	_, err := conn.ExecContext(ctx, s.dialect.begin[mode])
	return err
}

// rollback ends the transaction of a connection, if there is one. It discards the
// connection if that fails or if ctx ends first.
func rollback(ctx context.Context, conn *sql.Conn) {
	exec := func(statement string) bool {
		if ctx.Err() != nil {
			return false
		}
		_, err := conn.ExecContext(ctx, statement)
		return err == nil
	}
	// After some errors, and before a BEGIN succeeds, SQLite has no transaction and
	// ROLLBACK fails. A BEGIN that succeeds proves it.
	if exec("ROLLBACK") || exec("BEGIN") && exec("ROLLBACK") {
		return
	}
	conn.Raw(func(any) error { return driver.ErrBadConn }) // database/sql then closes it
}

// failure adds what the store was doing to an error, and the error of ctx if
// ctx has ended, because drivers have their own errors for that.
func failure(ctx context.Context, doing string, err error) error {
	ended := ctx.Err()
	if ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("sqlstore: %s: %w: %w", doing, ended, err)
	}
	return fmt.Errorf("sqlstore: %s: %w", doing, err)
}
