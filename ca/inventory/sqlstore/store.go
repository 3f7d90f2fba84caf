package sqlstore

import (
	"context"
	"database/sql"

	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/sqldb"
)

// A Dialect says which database a [database/sql.DB] connects to. It is one type
// for all stores of this module.
type Dialect = sqldb.Dialect

const (
	// PostgreSQL is PostgreSQL 10 or newer. The driver's errors must have the
	// method SQLState() string, as in pgx and lib/pq. It identifies conflicts.
	PostgreSQL = sqldb.PostgreSQL

	// SQLite is SQLite 3.41 or newer. The driver's errors must have the method
	// Code() int, as in modernc.org/sqlite. It identifies a busy database.
	SQLite = sqldb.SQLite
)

// A Store is an [inventory.Store] in a database. It is safe for concurrent use.
type Store struct {
	db *sqldb.DB
}

var _ inventory.Store = (*Store)(nil)

// Open returns the Store in a database. It creates or migrates the tables if
// necessary. Close db after your last use of the Store.
//
// Open fails if the database returns an error, if its tables have a newer
// version than this package knows, or if dialect is neither [PostgreSQL] nor
// [SQLite].
func Open(ctx context.Context, db *sql.DB, dialect Dialect) (*Store, error) {
	opened, err := sqldb.Open(ctx, db, dialect, sqldb.Config{
		VersionTable:   "yuncert_inventory_schema",
		Migrations:     migrationsOf(dialect),
		OutcomeUnknown: inventory.ErrOutcomeUnknown,
	})
	if err != nil {
		return nil, err
	}
	return &Store{opened}, nil
}

// Update implements [inventory.Store].
//
// It runs f again after a conflict: a deadlock, a serialization failure, a busy
// database, or another Update that created the same CA or list. f runs up to ten
// times, within about twelve seconds; then Update returns the error of the
// conflict. A COMMIT that fails because of a conflict has written nothing, so f
// runs again. After any other error of a COMMIT, such as a broken connection, f
// does not run again, and the error wraps [inventory.ErrOutcomeUnknown].
//
// If a statement of f fails, Update fails, even if f ignores the error. COMMIT and
// ROLLBACK do not end with ctx. They can take up to 15 seconds longer.
func (s *Store) Update(ctx context.Context, f func(inventory.Tx) error) error {
	return s.db.Update(ctx, func(t *sqldb.Tx) error { return f(newTx(t)) })
}

// View implements [inventory.Store]. It runs f again after a conflict, as Update does.
func (s *Store) View(ctx context.Context, f func(inventory.Snapshot) error) error {
	return s.db.View(ctx, func(t *sqldb.Tx) error { return f(newTx(t)) })
}
