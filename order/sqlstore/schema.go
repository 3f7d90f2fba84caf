package sqlstore

import (
	"context"
	"fmt"
)

// migrations has the statements from each version to the next, beginning with
// version 0, an empty database. A released step never changes.
var migrations = [][]string{
	{
		`CREATE TABLE yuncert_packages (
			product_code TEXT NOT NULL PRIMARY KEY,
			total_count BIGINT NOT NULL,
			used_count BIGINT NOT NULL,
			issued_count BIGINT NOT NULL
		)`,
		`CREATE TABLE yuncert_orders (
			order_id BIGINT NOT NULL PRIMARY KEY,
			product_code TEXT NOT NULL,
			state TEXT NOT NULL,
			domain TEXT NOT NULL,
			csr TEXT NOT NULL,
			validate_type TEXT NOT NULL,
			username TEXT NOT NULL,
			phone TEXT NOT NULL,
			email TEXT NOT NULL,
			token TEXT NOT NULL,
			reason TEXT NOT NULL,
			certificate TEXT NOT NULL,
			created BIGINT NOT NULL,
			updated BIGINT NOT NULL
		)`,
	},
	{
		`CREATE INDEX yuncert_orders_listing ON yuncert_orders (state, created, order_id)`,
	},
}

// migrate brings the database to the newest version, one transaction for each
// step. It writes nothing to a database of the newest version, so it needs no
// right to.
func (s *Store) migrate(ctx context.Context) error {
	var version int
	err := s.run(ctx, readOnly, func(tx *tx) (err error) {
		version, err = tx.version()
		return err
	})
	// The usual error here is that the table does not exist yet. Any other error
	// occurs again below.
	for err != nil || version < len(migrations) {
		err = s.run(ctx, readWrite, func(tx *tx) (err error) {
			version, err = step(tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	if version > len(migrations) {
		return fmt.Errorf("sqlstore: the database has version %d and this program knows versions up to %d: use a newer program", version, len(migrations))
	}
	return nil
}

// step runs the next migration, if there is one, while other processes wait. It
// returns the new version.
func step(tx *tx) (int, error) {
	for _, statement := range tx.dialect.lockSchema {
		tx.exec("locking the schema", statement)
	}
	tx.exec("creating the table of the schema version", "CREATE TABLE IF NOT EXISTS yuncert_schema (version BIGINT NOT NULL PRIMARY KEY)")
	version, err := tx.version()
	if err != nil || version >= len(migrations) {
		return version, err
	}
	for _, statement := range migrations[version] {
		tx.exec("migrating", statement)
	}
	tx.exec("migrating", "INSERT INTO yuncert_schema (version) VALUES ($1)", version+1)
	return version + 1, tx.err
}

// version reads the version of the database; 0 means an empty one.
func (tx *tx) version() (version int, err error) {
	_, err = tx.get("reading the schema version", "SELECT COALESCE(MAX(version), 0) FROM yuncert_schema", nil, &version)
	if err == nil && version < 0 {
		err = fmt.Errorf("sqlstore: the database has version %d, which does not exist", version)
	}
	return version, err
}
