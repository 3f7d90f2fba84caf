package sqldb

import (
	"context"
	"fmt"
)

// migrate brings the store's tables to the newest version, one transaction for
// each step. It writes nothing to a database of the newest version, so it needs no
// right to.
func (d *DB) migrate(ctx context.Context) error {
	newest := len(d.config.Migrations)
	var version int
	err := d.run(ctx, readOnly, func(tx *Tx) (err error) {
		version, err = d.version(tx)
		return err
	})
	// The usual error here is that the table does not exist yet. Any other error
	// occurs again below.
	for err != nil || version < newest {
		err = d.run(ctx, readWrite, func(tx *Tx) (err error) {
			version, err = d.step(tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	if version > newest {
		return fmt.Errorf("sqlstore: %s has version %d, and this program knows versions up to %d: use a newer program",
			d.config.VersionTable, version, newest)
	}
	return nil
}

// step runs the next migration, if there is one, while other processes wait. It
// returns the new version.
func (d *DB) step(tx *Tx) (int, error) {
	for _, statement := range d.dialect.lockSchema {
		tx.Exec("locking the schema", statement)
	}
	tx.Exec("creating the table of the schema version",
		"CREATE TABLE IF NOT EXISTS "+d.config.VersionTable+" (version BIGINT NOT NULL PRIMARY KEY)")
	version, err := d.version(tx)
	if err != nil || version >= len(d.config.Migrations) {
		return version, err
	}
	for _, statement := range d.config.Migrations[version] {
		tx.Exec("migrating", statement)
	}
	tx.Exec("migrating", "INSERT INTO "+d.config.VersionTable+" (version) VALUES ($1)", version+1)
	return version + 1, tx.err
}

// version reads the version of the store's tables; 0 means that there are none.
func (d *DB) version(tx *Tx) (version int, err error) {
	_, err = tx.Get("reading the schema version", "SELECT COALESCE(MAX(version), 0) FROM "+d.config.VersionTable, nil, &version)
	if err == nil && version < 0 {
		err = fmt.Errorf("sqlstore: %s has version %d, which does not exist", d.config.VersionTable, version)
	}
	return version, err
}
