package sqlstore

import (
	"context"
	"fmt"
)

// migrations bring a database from each version to the next: the first makes
// version 1 of an empty one. A step that was released never changes.
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

// migrate brings the database to the newest version, one transaction a step. It
// writes nothing if it is there already, and so needs no right to.
func (s *Store) migrate(ctx context.Context) error {
	var version int
	err := s.run(ctx, readOnly, func(tx *tx) (err error) {
		version, err = tx.version()
		return err
	})
	// An error here most often says that there is no table yet; any other comes
	// again.
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
		return fmt.Errorf("sqlstore: the database is of version %d and this program knows no newer one than %d: use a newer program", version, len(migrations))
	}
	return nil
}

// step takes the next step, if there is one, while all other processes wait, and
// returns the version that it comes to.
func step(tx *tx) (int, error) {
	for _, statement := range tx.dialect.lockSchema {
		tx.exec("locking the schema", statement)
	}
	tx.exec("making the schema's version", "CREATE TABLE IF NOT EXISTS yuncert_schema (version BIGINT NOT NULL PRIMARY KEY)")
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

// version reads which version the database is of.
func (tx *tx) version() (version int, err error) {
	_, err = tx.get("reading the schema's version", "SELECT COALESCE(MAX(version), 0) FROM yuncert_schema", nil, &version)
	if err == nil && version < 0 {
		err = fmt.Errorf("sqlstore: the database is of version %d, which none is", version)
	}
	return version, err
}
