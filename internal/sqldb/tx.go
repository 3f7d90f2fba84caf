package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// A Tx is the transaction of an Update or a View. After a statement has failed,
// each method returns its error and sends nothing.
//
// The argument doing of a method begins the error message, such as "reading an
// order". A statement has the parameters $1, $2 and so on, in the order of their
// first occurrence, because some drivers number them so.
type Tx struct {
	dialect  dialect
	mode     mode
	ctx      context.Context
	conn     *sql.Conn
	err      error // the error of the first statement that failed
	conflict bool  // err is from Conflict
}

// ForUpdate returns the end of a SELECT that locks the rows that it finds until
// the transaction ends. It is empty in a View, and for a database that runs one
// Update at a time.
func (tx *Tx) ForUpdate() string {
	if tx.mode == readOnly {
		return ""
	}
	return tx.dialect.forUpdate
}

// Get reads one row into columns, if there is one.
func (tx *Tx) Get(doing, query string, args []any, columns ...any) (found bool, err error) {
	if tx.err != nil {
		return false, tx.err
	}
	err = tx.conn.QueryRowContext(tx.ctx, query, args...).Scan(columns...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, tx.fail(doing, err)
}

// Each reads rows one after the other. It scans each row into columns and calls
// row. If row returns an error, Each stops and returns that error as it is. row
// must not call tx, because the drivers of PostgreSQL do one thing at a time.
func (tx *Tx) Each(doing, query string, args, columns []any, row func() error) error {
	if tx.err != nil {
		return tx.err
	}
	rows, err := tx.conn.QueryContext(tx.ctx, query, args...)
	if err != nil {
		return tx.fail(doing, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(columns...); err != nil {
			return tx.fail(doing, err)
		}
		if err := row(); err != nil {
			return err
		}
	}
	return tx.fail(doing, rows.Err())
}

// Exec runs a statement and returns how many rows it changed.
func (tx *Tx) Exec(doing, statement string, args ...any) (changed int64, err error) {
	if tx.err != nil {
		return 0, tx.err
	}
	result, err := tx.conn.ExecContext(tx.ctx, statement, args...)
	if err == nil {
		changed, err = result.RowsAffected()
	}
	return changed, tx.fail(doing, err)
}

// ExecOne runs a statement that must change one row.
func (tx *Tx) ExecOne(doing, statement string, args ...any) error {
	changed, err := tx.Exec(doing, statement, args...)
	if err == nil && changed != 1 {
		return tx.fail(doing, errors.New("it does not exist"))
	}
	return err
}

// Conflict fails the transaction because f has seen the work of another one: for
// example, an INSERT did nothing because a row exists that f had looked up and
// not found. The Update runs f again.
func (tx *Tx) Conflict(err error) error {
	if tx.err == nil {
		tx.err, tx.conflict = fmt.Errorf("sqlstore: %w", err), true
	}
	return tx.err
}

// fail records the error of a statement, if there is one, and returns it.
func (tx *Tx) fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	tx.err = failure(tx.ctx, doing, err)
	return tx.err
}

// Micros is a time in a column that holds microseconds since 1970 UTC.
type Micros time.Time

// Scan implements [sql.Scanner].
func (m *Micros) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a %T is not a time; want an int64", src)
	}
	*m = Micros(time.UnixMicro(n).UTC())
	return nil
}

// Value implements [driver.Valuer].
func (m Micros) Value() (driver.Value, error) { return time.Time(m).UnixMicro(), nil }
