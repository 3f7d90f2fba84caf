package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/yuncert/yuncert/order"
)

// A tx is the order.Tx of an Update or the order.Snapshot of a View.
type tx struct {
	dialect  dialect
	mode     mode
	ctx      context.Context
	conn     *sql.Conn
	packages map[string]bool // those read or written so far, and whether they exist
	err      error           // the error of the first statement that failed; no other runs after it
}

var (
	_ order.Tx       = (*tx)(nil)
	_ order.Snapshot = (*tx)(nil)
)

// errRaced means that another transaction created a package after this one had not
// found it. There was no row to lock.
var errRaced = errors.New("sqlstore: another transaction created the package")

// The parameters of each statement are in the order of their first occurrence,
// because some drivers number them so.
const (
	selectPackage = `SELECT product_code, total_count, used_count, issued_count FROM yuncert_packages WHERE product_code = $1`

	insertPackage = `INSERT INTO yuncert_packages (product_code, total_count, used_count, issued_count) VALUES ($1, $2, $3, $4) ON CONFLICT (product_code) DO NOTHING`

	updatePackage = `UPDATE yuncert_packages SET total_count = $1, used_count = $2, issued_count = $3 WHERE product_code = $4`

	// The columns have the order of columnsOf.
	selectOrder = `SELECT product_code, state, domain, csr, validate_type, username, phone, email, token, reason, certificate, created, updated, order_id FROM yuncert_orders WHERE order_id = $1`

	selectOrders = `SELECT product_code, state, domain, csr, validate_type, username, phone, email, token, reason, certificate, created, updated, order_id FROM yuncert_orders WHERE state = $1 AND (created, order_id) > ($2, $3) ORDER BY created, order_id LIMIT $4`

	insertOrder = `INSERT INTO yuncert_orders (product_code, state, domain, csr, validate_type, username, phone, email, token, reason, certificate, created, updated, order_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (order_id) DO NOTHING`

	updateOrder = `UPDATE yuncert_orders SET product_code = $1, state = $2, domain = $3, csr = $4, validate_type = $5, username = $6, phone = $7, email = $8, token = $9, reason = $10, certificate = $11, created = $12, updated = $13 WHERE order_id = $14`

	deleteOrder = `DELETE FROM yuncert_orders WHERE order_id = $1`
)

// columnsOf returns the columns of an order, to write from and to scan into.
func columnsOf(o *order.Order) []any {
	return []any{
		&o.ProductCode, (*string)(&o.State), &o.Domain, &o.Csr, &o.ValidateType, &o.Username, &o.Phone, &o.Email,
		&o.Token, &o.Reason, &o.Certificate, (*micros)(&o.Created), (*micros)(&o.Updated), &o.OrderId,
	}
}

func (tx *tx) Package(productCode string) (p order.Package, found bool, err error) {
	found, err = tx.get("reading a package", selectPackage+tx.lock(), []any{productCode},
		&p.ProductCode, &p.TotalCount, &p.UsedCount, &p.IssuedCount)
	tx.packages[productCode] = found
	return p, found, err
}

func (tx *tx) Order(orderID int64) (o order.Order, found bool, err error) {
	found, err = tx.get("reading an order", selectOrder+tx.lock(), []any{orderID}, columnsOf(&o)...)
	return o, found, err
}

// lock returns the end of a SELECT that reads one row.
func (tx *tx) lock() string {
	if tx.mode == readOnly {
		return ""
	}
	return tx.dialect.forUpdate
}

func (tx *tx) Orders(state order.State, after order.Order, limit int) (page []order.Order, err error) {
	if tx.err != nil || limit <= 0 {
		return nil, tx.err
	}
	rows, err := tx.conn.QueryContext(tx.ctx, selectOrders, string(state), after.Created.UnixMicro(), after.OrderId, limit)
	if err != nil {
		return nil, tx.fail("listing orders", err)
	}
	defer rows.Close()
	for rows.Next() {
		var o order.Order
		if err := rows.Scan(columnsOf(&o)...); err != nil {
			return nil, tx.fail("listing orders", err)
		}
		page = append(page, o)
	}
	if err := rows.Err(); err != nil {
		return nil, tx.fail("listing orders", err)
	}
	return page, nil
}

func (tx *tx) PutPackage(p order.Package) error {
	found, read := tx.packages[p.ProductCode]
	if !read {
		var err error
		_, found, err = tx.Package(p.ProductCode)
		if err != nil {
			return err
		}
	}
	if found {
		return tx.execOne("storing a package", updatePackage, p.TotalCount, p.UsedCount, p.IssuedCount, p.ProductCode)
	}
	made, err := tx.exec("creating a package", insertPackage, p.ProductCode, p.TotalCount, p.UsedCount, p.IssuedCount)
	if err == nil && made == 0 {
		tx.err = errRaced
	}
	tx.packages[p.ProductCode] = true
	return tx.err
}

func (tx *tx) CreateOrder(o order.Order) error {
	made, err := tx.exec("creating an order", insertOrder, columnsOf(&o)...)
	if err == nil && made == 0 {
		return order.ErrOrderExists
	}
	return err
}

func (tx *tx) PutOrder(o order.Order) error {
	return tx.execOne("storing an order", updateOrder, columnsOf(&o)...)
}

func (tx *tx) DeleteOrder(orderID int64) error {
	return tx.execOne("deleting an order", deleteOrder, orderID)
}

// get reads one row, if there is one.
func (tx *tx) get(doing, query string, args []any, columns ...any) (found bool, err error) {
	if tx.err != nil {
		return false, tx.err
	}
	err = tx.conn.QueryRowContext(tx.ctx, query, args...).Scan(columns...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, tx.fail(doing, err)
}

// exec runs a statement and returns how many rows it changed.
func (tx *tx) exec(doing, statement string, args ...any) (changed int64, err error) {
	if tx.err != nil {
		return 0, tx.err
	}
	result, err := tx.conn.ExecContext(tx.ctx, statement, args...)
	if err == nil {
		changed, err = result.RowsAffected()
	}
	return changed, tx.fail(doing, err)
}

// execOne runs a statement that must change one row.
func (tx *tx) execOne(doing, statement string, args ...any) error {
	changed, err := tx.exec(doing, statement, args...)
	if err == nil && changed != 1 {
		return tx.fail(doing, errors.New("it does not exist"))
	}
	return err
}

// fail records the error of a statement, if there is one, and returns it.
func (tx *tx) fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	tx.err = failure(tx.ctx, doing, err)
	return tx.err
}

// micros is a time in a column that holds microseconds since 1970.
type micros time.Time

// Scan implements [sql.Scanner].
func (m *micros) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a %T is not a time; want an int64", src)
	}
	*m = micros(time.UnixMicro(n).UTC())
	return nil
}

// Value implements [driver.Valuer].
func (m micros) Value() (driver.Value, error) { return time.Time(m).UnixMicro(), nil }
