package sqlstore

import (
	"errors"
	"math"
	"time"

	"github.com/yuncert/yuncert/internal/sqldb"
	"github.com/yuncert/yuncert/order"
)

// A tx is the order.Tx of an Update or the order.Snapshot of a View.
type tx struct {
	*sqldb.Tx
	packages map[string]bool // the packages that were read or written so far, and whether they exist
}

func newTx(t *sqldb.Tx) *tx { return &tx{Tx: t, packages: map[string]bool{}} }

var (
	_ order.Tx       = (*tx)(nil)
	_ order.Snapshot = (*tx)(nil)
)

// errRaced means that another transaction created a package after this one had not
// found it. There was no row to lock.
var errRaced = errors.New("another transaction created the package")

const (
	selectPackage = `SELECT product_code, total_count, used_count, issued_count FROM yuncert_packages WHERE product_code = $1`

	insertPackage = `INSERT INTO yuncert_packages (product_code, total_count, used_count, issued_count) VALUES ($1, $2, $3, $4) ON CONFLICT (product_code) DO NOTHING`

	updatePackage = `UPDATE yuncert_packages SET total_count = $1, used_count = $2, issued_count = $3 WHERE product_code = $4`

	// The columns have the order of columnsOf.
	orderColumns = `product_code, state, domain, names, csr, validate_type, username, phone, email, reference, due, token, reason, certificate, attempts, next_attempt, issued, not_after, created, updated, order_id`

	selectOrder = `SELECT ` + orderColumns + ` FROM yuncert_orders WHERE order_id = $1`

	selectOrders = `SELECT ` + orderColumns + ` FROM yuncert_orders WHERE state = $1 AND (created, order_id) > ($2, $3) ORDER BY created, order_id LIMIT $4`

	selectOrdersOf = `SELECT ` + orderColumns + ` FROM yuncert_orders WHERE domain = $1 AND (created, order_id) > ($2, $3) ORDER BY created, order_id LIMIT $4`

	selectExpiring = `SELECT ` + orderColumns + ` FROM yuncert_orders WHERE ` + issued + ` AND not_after < $1 AND (not_after, order_id) > ($2, $3) ORDER BY not_after, order_id LIMIT $4`

	insertOrder = `INSERT INTO yuncert_orders (` + orderColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) ON CONFLICT (order_id) DO NOTHING`

	updateOrder = `UPDATE yuncert_orders SET product_code = $1, state = $2, domain = $3, names = $4, csr = $5, validate_type = $6, username = $7, phone = $8, email = $9, reference = $10, due = $11, token = $12, reason = $13, certificate = $14, attempts = $15, next_attempt = $16, issued = $17, not_after = $18, created = $19, updated = $20 WHERE order_id = $21`

	deleteOrder = `DELETE FROM yuncert_orders WHERE order_id = $1`
)

// columnsOf returns the columns of an order, to write from and to scan into.
func columnsOf(o *order.Order) []any {
	return []any{
		&o.ProductCode, (*string)(&o.State), &o.Domain, &o.Names, &o.Csr, &o.ValidateType, &o.Username, &o.Phone, &o.Email,
		&o.Reference, &o.Due, &o.Token, &o.Reason, &o.Certificate, &o.Attempts, (*sqldb.Micros)(&o.Next),
		(*sqldb.Micros)(&o.Issued), (*sqldb.Micros)(&o.NotAfter), (*sqldb.Micros)(&o.Created), (*sqldb.Micros)(&o.Updated), &o.OrderId,
	}
}

func (tx *tx) Package(productCode string) (p order.Package, found bool, err error) {
	found, err = tx.Get("reading a package", selectPackage+tx.ForUpdate(), []any{productCode},
		&p.ProductCode, &p.TotalCount, &p.UsedCount, &p.IssuedCount)
	tx.packages[productCode] = found
	return p, found, err
}

func (tx *tx) Order(orderID int64) (o order.Order, found bool, err error) {
	found, err = tx.Get("reading an order", selectOrder+tx.ForUpdate(), []any{orderID}, columnsOf(&o)...)
	return o, found, err
}

func (tx *tx) Orders(state order.State, after order.Order, limit int) ([]order.Order, error) {
	return tx.page(limit, selectOrders, string(state), after.Created.UnixMicro(), after.OrderId)
}

func (tx *tx) OrdersOf(domain string, after order.Order, limit int) ([]order.Order, error) {
	return tx.page(limit, selectOrdersOf, domain, after.Created.UnixMicro(), after.OrderId)
}

func (tx *tx) Expiring(before time.Time, after order.Order, limit int) ([]order.Order, error) {
	if !after.NotAfter.After(time.Time{}) {
		after = order.Order{OrderId: math.MaxInt64} // after all orders without NotAfter
	}
	return tx.page(limit, selectExpiring, before.UnixMicro(), after.NotAfter.UnixMicro(), after.OrderId)
}

// page runs a query whose last argument is the limit.
func (tx *tx) page(limit int, query string, args ...any) (page []order.Order, err error) {
	var o order.Order
	// In SQLite a negative LIMIT means no limit.
	args = append(args, max(limit, 0))
	err = tx.Each("listing orders", query, args, columnsOf(&o), func() error {
		page = append(page, o)
		return nil
	})
	if err != nil {
		return nil, err
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
		return tx.ExecOne("storing a package", updatePackage, p.TotalCount, p.UsedCount, p.IssuedCount, p.ProductCode)
	}
	made, err := tx.Exec("creating a package", insertPackage, p.ProductCode, p.TotalCount, p.UsedCount, p.IssuedCount)
	if err == nil && made == 0 {
		err = tx.Conflict(errRaced)
	}
	tx.packages[p.ProductCode] = true
	return err
}

func (tx *tx) CreateOrder(o order.Order) error {
	made, err := tx.Exec("creating an order", insertOrder, columnsOf(&o)...)
	if err == nil && made == 0 {
		return order.ErrOrderExists
	}
	return err
}

func (tx *tx) PutOrder(o order.Order) error {
	return tx.ExecOne("storing an order", updateOrder, columnsOf(&o)...)
}

func (tx *tx) DeleteOrder(orderID int64) error {
	return tx.ExecOne("deleting an order", deleteOrder, orderID)
}
