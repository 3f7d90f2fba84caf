// Package sqldb runs the transactions and migrations of the stores that keep
// their records in PostgreSQL or SQLite. Each store is a package sqlstore with
// its own tables and queries. Several stores can share one database.
package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
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

// A Config describes a store.
type Config struct {
	// VersionTable is the name of the table that holds the version of the store's
	// schema. Each store needs a name of its own, because stores can share a
	// database.
	VersionTable string

	// Migrations has the statements from each version to the next, beginning with
	// version 0, an empty database. A released step never changes.
	Migrations [][]string

	// OutcomeUnknown is the store's error for a change that may or may not be
	// stored. Update wraps it after a COMMIT that failed without a conflict.
	OutcomeUnknown error
}

// A DB is the database of one store. It is safe for concurrent use.
type DB struct {
	config  Config
	dialect dialect
	db      *sql.DB
	writer  chan struct{} // holds one value while an Update runs; nil if the database locks rows
}

// Open returns the DB of a store. It creates or migrates the store's tables if
// necessary.
//
// Open fails if the database returns an error, if the store's tables have a
// newer version than config, or if dialect is neither [PostgreSQL] nor [SQLite].
func Open(ctx context.Context, db *sql.DB, dialect Dialect, config Config) (*DB, error) {
	known, ok := dialects[dialect]
	if !ok {
		return nil, fmt.Errorf("sqlstore: %q is not a dialect; want %s or %s", dialect, PostgreSQL, SQLite)
	}
	d := &DB{config: config, dialect: known, db: db}
	if known.oneWriter {
		d.writer = make(chan struct{}, 1)
	}
	if err := d.migrate(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// Update runs f in a transaction and commits what f wrote. It commits nothing if
// f returns an error or panics, if a statement fails, or if ctx ends before the
// COMMIT. It returns an error of f as it is.
//
// It runs f again after a conflict: a deadlock, a serialization failure, a busy
// database, or [Tx.Conflict]. f runs up to ten times, within about twelve seconds;
// then Update returns the error of the conflict. A COMMIT that fails because of a
// conflict has written nothing, so f runs again. After any other error of a
// COMMIT, such as a broken connection, f does not run again, and the error wraps
// [Config].OutcomeUnknown.
//
// If a statement of f fails, Update fails, even if f ignores the error. COMMIT and
// ROLLBACK do not end with ctx. They can take up to 15 seconds longer.
func (d *DB) Update(ctx context.Context, f func(*Tx) error) error {
	if d.writer != nil {
		select {
		case d.writer <- struct{}{}:
			defer func() { <-d.writer }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return d.run(ctx, readWrite, f)
}

// View runs f over one consistent state, which f can only read. It runs f again
// after a conflict, as Update does.
func (d *DB) View(ctx context.Context, f func(*Tx) error) error {
	return d.run(ctx, readOnly, f)
}

// run runs f in a transaction, and again after each conflict.
func (d *DB) run(ctx context.Context, mode mode, f func(*Tx) error) error {
	wait := firstWait
	for try := 1; ; try++ {
		again, err := d.try(ctx, mode, f)
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
func (d *DB) try(ctx context.Context, mode mode, f func(*Tx) error) (again bool, err error) {
	conn, err := d.db.Conn(ctx)
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
	if err := d.begin(ctx, conn, mode); err != nil {
		// The connection may have broken in the pool. The next try gets another
		// one.
		again = errors.Is(err, driver.ErrBadConn) || d.dialect.conflict(err)
		return again && ctx.Err() == nil, failure(ctx, "beginning", err)
	}
	tx := &Tx{dialect: d.dialect, mode: mode, ctx: ctx, conn: conn}
	err = f(tx)
	switch {
	case tx.err != nil && (tx.conflict || d.dialect.conflict(tx.err)):
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
	case d.dialect.conflict(err):
		return true, failure(ctx, "committing", err)
	case mode == readOnly:
		return false, failure(ctx, "ending", err)
	}
	// err is not wrapped, because it may be the context.DeadlineExceeded of
	// endTimeout. The caller would think that ctx has ended.
	return false, fmt.Errorf("sqlstore: committing: %w: %v", d.config.OutcomeUnknown, err)
}

// begin sets up the connection and begins a transaction.
func (d *DB) begin(ctx context.Context, conn *sql.Conn, mode mode) error {
	for _, statement := range d.dialect.prepare {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	_, err := conn.ExecContext(ctx, d.dialect.begin[mode])
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
// ctx has ended, because drivers have their own errors for that. It begins with
// the name that the packages of all stores have.
func failure(ctx context.Context, doing string, err error) error {
	ended := ctx.Err()
	if ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("sqlstore: %s: %w: %w", doing, ended, err)
	}
	return fmt.Errorf("sqlstore: %s: %w", doing, err)
}
