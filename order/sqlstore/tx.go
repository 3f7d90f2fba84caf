package sqlstore

import (
	"errors"

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
	orderColumns = `product_code, state, domain, csr, validate_type, username, phone, email, token, reason, certificate, created, updated, order_id`

	selectOrder = `SELECT ` + orderColumns + ` FROM yuncert_orders WHERE order_id = $1`

	selectOrders = `SELECT ` + orderColumns + ` FROM yuncert_orders WHERE state = $1 AND (created, order_id) > ($2, $3) ORDER BY created, order_id LIMIT $4`

	insertOrder = `INSERT INTO yuncert_orders (` + orderColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (order_id) DO NOTHING`

	updateOrder = `UPDATE yuncert_orders SET product_code = $1, state = $2, domain = $3, csr = $4, validate_type = $5, username = $6, phone = $7, email = $8, token = $9, reason = $10, certificate = $11, created = $12, updated = $13 WHERE order_id = $14`

	deleteOrder = `DELETE FROM yuncert_orders WHERE order_id = $1`
)

// columnsOf returns the columns of an order, to write from and to scan into.
func columnsOf(o *order.Order) []any {
	return []any{
		&o.ProductCode, (*string)(&o.State), &o.Domain, &o.Csr, &o.ValidateType, &o.Username, &o.Phone, &o.Email,
		&o.Token, &o.Reason, &o.Certificate, (*sqldb.Micros)(&o.Created), (*sqldb.Micros)(&o.Updated), &o.OrderId,
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

func (tx *tx) Orders(state order.State, after order.Order, limit int) (page []order.Order, err error) {
	var o order.Order
	// In SQLite a negative LIMIT means no limit.
	args := []any{string(state), after.Created.UnixMicro(), after.OrderId, max(limit, 0)}
	err = tx.Each("listing orders", selectOrders, args, columnsOf(&o), func() error {
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
