package sqlstore_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/internal/sqldb/sqldbtest"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/sqlstore"
)

// The stores of real databases are tested in internal/interop, with storetest.
// Transactions and migrations are tested in internal/sqldb.

// submit reads and writes, and returns the first error.
func submit(tx order.Tx) error {
	if _, _, err := tx.Package("product"); err != nil {
		return err
	}
	return tx.CreateOrder(order.Order{OrderId: 1})
}

// lists are the methods that return a page.
var lists = map[string]func(order.Snapshot) ([]order.Order, error){
	"Orders":   func(r order.Snapshot) ([]order.Order, error) { return r.Orders(order.StateProcess, order.Order{}, 10) },
	"OrdersOf": func(r order.Snapshot) ([]order.Order, error) { return r.OrdersOf("www.example.com", order.Order{}, 10) },
	"Expiring": func(r order.Snapshot) ([]order.Order, error) { return r.Expiring(end, order.Order{}, 10) },
}

// newStore opens a Store over a server that answers every statement.
func newStore(t *testing.T, dialect sqlstore.Dialect) (*sqldbtest.Server, *sqlstore.Store) {
	t.Helper()
	return sqldbtest.OpenStore(t, sqlstore.Open, 3, dialect)
}

func TestOpen(t *testing.T) {
	t.Parallel()
	sqldbtest.CheckOpen(t, sqlstore.Open, "yuncert_schema", 3)
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	errF := errors.New("an error of f")
	for _, tt := range []struct {
		name    string
		dialect sqlstore.Dialect
		fault   sqldbtest.Fault
		changed map[string]int64
		f       func(order.Tx) error
		want    error
		text    string // of an error that has no name
		runs    int    // of f
		sent    []string
	}{
		{name: "all goes well", dialect: sqlstore.PostgreSQL, f: submit, runs: 1,
			sent: []string{"BEGIN ISOLATION", "SELECT product_code,", "INSERT INTO", "COMMIT"}},
		{name: "SQLite", dialect: sqlstore.SQLite, f: submit, runs: 1,
			sent: []string{"PRAGMA busy_timeout", "PRAGMA journal_mode", "BEGIN IMMEDIATE", "SELECT product_code,", "INSERT INTO", "COMMIT"}},
		{name: "f fails", dialect: sqlstore.PostgreSQL, f: func(order.Tx) error { return errF }, want: errF, runs: 1,
			sent: []string{"BEGIN ISOLATION", "ROLLBACK"}},
		{name: "a deadlock", dialect: sqlstore.PostgreSQL, fault: sqldbtest.Once("INSERT INTO", sqldbtest.SQLState("40P01")), f: submit, runs: 2,
			sent: []string{"BEGIN ISOLATION", "SELECT product_code,", "INSERT INTO", "ROLLBACK",
				"BEGIN ISOLATION", "SELECT product_code,", "INSERT INTO", "COMMIT"}},
		{name: "another Update always creates the package first", dialect: sqlstore.PostgreSQL, changed: map[string]int64{"INSERT INTO": 0}, runs: 10,
			text: "sqlstore: another transaction created the package (try 10 of 10)", f: func(tx order.Tx) error {
				if tx.PutPackage(order.Package{ProductCode: "product"}) == nil {
					return errF
				}
				return nil
			}},
		{name: "another error that f ignores", dialect: sqlstore.PostgreSQL, fault: sqldbtest.Once("INSERT INTO", sqldbtest.SQLState("22021")),
			want: sqldbtest.SQLState("22021"), runs: 1, f: func(tx order.Tx) error { submit(tx); return nil }},
		{name: "no statement runs after one that failed", dialect: sqlstore.PostgreSQL, fault: sqldbtest.Once("INSERT INTO", sqldbtest.SQLState("22021")),
			want: sqldbtest.SQLState("22021"), runs: 1,
			f: func(tx order.Tx) error {
				submit(tx)
				_, _, err1 := tx.Package("product")
				_, _, err2 := tx.Order(1)
				for _, err := range []error{err1, err2, tx.PutPackage(order.Package{ProductCode: "product"}),
					tx.CreateOrder(order.Order{OrderId: 2}), tx.PutOrder(order.Order{OrderId: 2}), tx.DeleteOrder(2)} {
					if err == nil {
						return errF
					}
				}
				return nil
			},
			sent: []string{"BEGIN ISOLATION", "SELECT product_code,", "INSERT INTO", "ROLLBACK"}},
		{name: "an order that is taken", dialect: sqlstore.PostgreSQL, changed: map[string]int64{"INSERT INTO": 0}, f: submit,
			want: order.ErrOrderExists, runs: 1},
		{name: "a change of an order that does not exist", dialect: sqlstore.PostgreSQL, changed: map[string]int64{"UPDATE yuncert_orders": 0}, runs: 1,
			text: "sqlstore: storing an order: it does not exist", f: func(tx order.Tx) error { return tx.PutOrder(order.Order{OrderId: 1}) }},
		{name: "the outcome is unknown", dialect: sqlstore.PostgreSQL, fault: sqldbtest.Always("COMMIT", sqldbtest.ErrBroken), f: submit,
			want: order.ErrOutcomeUnknown, runs: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, store := newStore(t, tt.dialect)
				s.Before, s.Changed = tt.fault, tt.changed
				sqldbtest.CheckUpdate(t, s, store.Update, tt.f, sqldbtest.Outcome{Err: tt.want, Text: tt.text, Runs: tt.runs, Sent: tt.sent})
			})
		})
	}
}

// A page that ends too early is an error, even if f ignores it. A caller would
// take the short page for the last one.
func TestBrokenList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		list sqldbtest.Rows
		want string
	}{
		{"the server ends the connection", sqldbtest.Rows{Err: sqldbtest.ErrBroken}, sqldbtest.ErrBroken.Error()},
		{"a row with other columns", sqldbtest.Rows{Values: [][]driver.Value{{int64(2)}}}, "Scan"},
	} {
		for name, list := range lists {
			t.Run(name+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				s, store := newStore(t, sqlstore.PostgreSQL)
				s.Rows["SELECT product_code,"] = tt.list
				err := store.View(t.Context(), func(r order.Snapshot) error {
					page, err := list(r)
					if err == nil || page != nil {
						t.Errorf("the page is %v, %v, want only an error", page, err)
					}
					return nil
				})
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("View is %v, want %q", err, tt.want)
				}
			})
		}
	}
}

// A View never says that the outcome is unknown, and no list runs after a
// statement that failed.
func TestView(t *testing.T) {
	t.Parallel()
	look := func(r order.Snapshot) error {
		_, _, err := r.Package("product")
		return err
	}
	for _, tt := range []struct {
		name  string
		fault sqldbtest.Fault
		f     func(order.Snapshot) error
		want  error
		sent  []string
	}{
		{"all goes well", nil, look, nil, []string{"BEGIN ISOLATION", "SELECT product_code,", "COMMIT"}},
		{"lists after an error", sqldbtest.Once("SELECT product_code,", sqldbtest.SQLState("57014")),
			func(r order.Snapshot) error {
				look(r)
				for name, list := range lists {
					if _, err := list(r); err == nil {
						return errors.New(name + ": no error")
					}
				}
				return nil
			}, sqldbtest.SQLState("57014"), []string{"BEGIN ISOLATION", "SELECT product_code,", "ROLLBACK"}},
		{"COMMIT fails", sqldbtest.Once("COMMIT", sqldbtest.ErrBroken), look, sqldbtest.ErrBroken,
			[]string{"BEGIN ISOLATION", "SELECT product_code,", "COMMIT", "ROLLBACK"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, store := newStore(t, sqlstore.PostgreSQL)
			s.Before, s.Sent = tt.fault, nil
			err := store.View(t.Context(), tt.f)
			if !errors.Is(err, tt.want) || errors.Is(err, order.ErrOutcomeUnknown) {
				t.Errorf("View is %v, want %v", err, tt.want)
			}
			if diff := cmp.Diff(tt.sent, s.Sent); diff != "" {
				t.Errorf("statements mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// Each method uses the context of its Update or View.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	update := func(f func(order.Tx) error) func(context.Context, *sqlstore.Store) error {
		return func(ctx context.Context, store *sqlstore.Store) error { return store.Update(ctx, f) }
	}
	view := func(f func(order.Snapshot) error) func(context.Context, *sqlstore.Store) error {
		return func(ctx context.Context, store *sqlstore.Store) error { return store.View(ctx, f) }
	}
	read := func(r order.Reader) error {
		_, _, err := r.Order(1)
		return err
	}
	for _, tt := range []struct {
		name, stalled string
		run           func(context.Context, *sqlstore.Store) error
	}{
		{"an Update that reads", "SELECT product_code,", update(func(tx order.Tx) error { return read(tx) })},
		{"an Update that writes", "INSERT INTO", update(func(tx order.Tx) error { return tx.CreateOrder(order.Order{OrderId: 1}) })},
		{"a View that reads", "SELECT product_code,", view(func(r order.Snapshot) error { return read(r) })},
		{"a View that lists orders", "SELECT product_code,", view(func(r order.Snapshot) error { _, err := lists["Orders"](r); return err })},
		{"a View that lists orders of a domain", "SELECT product_code,", view(func(r order.Snapshot) error { _, err := lists["OrdersOf"](r); return err })},
		{"a View that lists expiring orders", "SELECT product_code,", view(func(r order.Snapshot) error { _, err := lists["Expiring"](r); return err })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, store := newStore(t, sqlstore.PostgreSQL)
				sqldbtest.CheckContextEnds(t, s, tt.stalled, order.ErrOutcomeUnknown, func(ctx context.Context) error { return tt.run(ctx, store) })
			})
		})
	}
}
