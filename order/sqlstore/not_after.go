package sqlstore

import (
	"context"
	"time"

	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/sqldb"
	"github.com/yuncert/yuncert/internal/x509der"
	"github.com/yuncert/yuncert/order"
)

const (
	selectWithoutNotAfter = `SELECT order_id, certificate FROM yuncert_orders WHERE ` + issued + ` AND not_after = $1 AND order_id > $2 ORDER BY order_id LIMIT $3`

	// The condition leaves out an order that has changed since it was selected.
	updateNotAfter = `UPDATE yuncert_orders SET not_after = $1 WHERE order_id = $2 AND state = 'certificate' AND not_after = $3`

	// fillPage is the number of orders that fillNotAfter changes in a transaction.
	fillPage = 100
)

// fillNotAfter sets NotAfter of the orders that were issued before migration 3. SQL
// cannot read it from a certificate. If fillNotAfter is interrupted, the next Open
// goes on. If a certificate cannot be read, its order keeps the zero time.
func (s *Store) fillNotAfter(ctx context.Context) error {
	for last := int64(0); ; {
		page, err := s.withoutNotAfter(ctx, last)
		if err != nil || len(page) == 0 {
			return err
		}
		last = page[len(page)-1].OrderId
		if err := s.setNotAfter(ctx, page); err != nil {
			return err
		}
	}
}

// withoutNotAfter returns the OrderId and Certificate of the next issued orders
// without NotAfter, sorted by OrderId.
func (s *Store) withoutNotAfter(ctx context.Context, after int64) (page []order.Order, err error) {
	err = s.db.View(ctx, func(t *sqldb.Tx) error {
		var o order.Order
		page = nil
		return t.Each("reading certificates", selectWithoutNotAfter, []any{sqldb.Micros{}, after, fillPage}, []any{&o.OrderId, &o.Certificate}, func() error {
			page = append(page, o)
			return nil
		})
	})
	return page, err
}

// setNotAfter reads and stores NotAfter of a page of orders.
func (s *Store) setNotAfter(ctx context.Context, page []order.Order) error {
	read := page[:0]
	for _, o := range page {
		if o.NotAfter = notAfterOf(o.Certificate); !o.NotAfter.IsZero() {
			read = append(read, o)
		}
	}
	if len(read) == 0 {
		return nil
	}
	return s.db.Update(ctx, func(t *sqldb.Tx) error {
		for _, o := range read {
			t.Exec("storing NotAfter", updateNotAfter, sqldb.Micros(o.NotAfter), o.OrderId, sqldb.Micros{})
		}
		return nil // Update returns the error of a statement
	})
}

// notAfterOf returns when the first certificate of a PEM text expires, or the zero
// time if it cannot be read.
func notAfterOf(certificate string) time.Time {
	block, damaged := der.NewPEMReader([]byte(certificate)).Next()
	if block == nil || damaged {
		return time.Time{}
	}
	cert, err := x509der.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}
	}
	return cert.NotAfter
}
