package interop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/sqldb"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/sqlstore"
	"github.com/yuncert/yuncert/order/storetest"
)

// orderStore opens the store of orders in a database.
func orderStore(tb testing.TB, d database) *sqlstore.Store {
	tb.Helper()
	store, err := sqlstore.Open(tb.Context(), d.open(tb), d.dialect)
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	return store
}

func TestOrderStore(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) order.Store {
				t.Parallel()
				return orderStore(t, d.make(t))
			})
		})
	}
	t.Run("SQLite in memory", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) order.Store {
			t.Parallel()
			store, err := sqlstore.Open(t.Context(), openInMemory(t), sqlstore.SQLite)
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			return store
		})
	})
}

// oldVersions creates a database of each older version of the schema.
var oldVersions = [][]string{
	{
		`CREATE TABLE yuncert_schema (version BIGINT NOT NULL PRIMARY KEY)`,
		`CREATE TABLE yuncert_packages (product_code TEXT NOT NULL PRIMARY KEY, total_count BIGINT NOT NULL, used_count BIGINT NOT NULL,
			issued_count BIGINT NOT NULL)`,
		`CREATE TABLE yuncert_orders (order_id BIGINT NOT NULL PRIMARY KEY, product_code TEXT NOT NULL, state TEXT NOT NULL,
			domain TEXT NOT NULL, csr TEXT NOT NULL, validate_type TEXT NOT NULL, username TEXT NOT NULL, phone TEXT NOT NULL,
			email TEXT NOT NULL, token TEXT NOT NULL, reason TEXT NOT NULL, certificate TEXT NOT NULL, created BIGINT NOT NULL,
			updated BIGINT NOT NULL)`,
		`INSERT INTO yuncert_schema (version) VALUES (1)`,
	},
	{
		`CREATE INDEX yuncert_orders_listing ON yuncert_orders (state, created, order_id)`,
		`INSERT INTO yuncert_schema (version) VALUES (2)`,
	},
}

// oldOrders are orders of a database of an old version.
func oldOrders(tb testing.TB) []order.Order {
	tb.Helper()
	orders := []order.Order{
		{OrderId: 1<<53 - 1, State: order.StateDomainVerify, Domain: "www.example.com", ValidateType: "DNS", Reason: "no record"},
		{OrderId: 2, State: order.StateProcess, Domain: "*.example.com", ValidateType: "DNS"},
		{OrderId: 3, State: order.StateVerifyFail, Domain: "*example.com", ValidateType: "FILE", Reason: "refused"},
		{OrderId: 4, State: order.StatePayed, Domain: "www.example.com", ValidateType: "FILE"},
		{OrderId: 5, State: order.StateCertificate, Domain: "www.example.com", ValidateType: "FILE", Certificate: "a certificate that cannot be read"},
	}
	for n, a := range caAlgorithms {
		p := newPKI(tb, a)
		resp, err := csr.CreateCsrWithKey(nil, testkeys.Key(a, 2), &csr.CreateCsrRequest{
			Algorithm: a.Family(), KeySize: int32(a.KeySize()), CommonName: "*.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
		})
		if err != nil {
			tb.Fatal(err)
		}
		text, _ := p.issue(tb, &ca.CreateServerCertificateWithCsrRequest{Csr: resp.Csr, Days: int32(10 + n)})
		orders = append(orders, order.Order{OrderId: int64(6 + n), State: order.StateCertificate, Domain: "*.example.com", ValidateType: "DNS", Certificate: text + p.sub})
	}
	for n := range orders {
		o := &orders[n]
		o.ProductCode, o.Csr, o.Token = order.DefaultProductCode, "csr", "token"
		o.Username, o.Phone, o.Email = "例子", "10086", "user@example.com"
		o.Created, o.Updated = now.Add(time.Duration(n)*time.Microsecond), now.Add(time.Hour)
	}
	return orders
}

// newVersions returns the orders of oldOrders as they are after the migration.
func newVersions(orders []order.Order) []order.Order {
	orders = slices.Clone(orders)
	for n := range orders {
		o := &orders[n]
		o.Names, o.Due = o.Domain, strings.TrimPrefix(o.Domain, "*.")
		if o.State == order.StateCertificate {
			o.Issued = o.Updated
		}
		if o.OrderId >= 6 && o.State == order.StateCertificate {
			o.NotAfter = now.AddDate(0, 0, 10+int(o.OrderId-6))
		}
	}
	return orders
}

// createVersion creates the tables of an old version and stores orders. It returns a
// connection that waits for other ones.
func createVersion(tb testing.TB, d database, version int, orders []order.Order) *sql.DB {
	tb.Helper()
	db := d.open(tb)
	db.SetMaxOpenConns(1)
	exec := func(statement string, args ...any) {
		tb.Helper()
		if _, err := db.ExecContext(tb.Context(), statement, args...); err != nil {
			tb.Fatal(err)
		}
	}
	if d.dialect == sqlstore.SQLite {
		exec("PRAGMA busy_timeout = 10000")
	}
	exec("BEGIN")
	for _, step := range oldVersions[:version] {
		for _, statement := range step {
			exec(statement)
		}
	}
	issued := 0
	for _, o := range orders {
		if o.State == order.StateCertificate {
			issued++
		}
		exec(`INSERT INTO yuncert_orders VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`, o.OrderId, o.ProductCode, string(o.State),
			o.Domain, o.Csr, o.ValidateType, o.Username, o.Phone, o.Email, o.Token, o.Reason, o.Certificate, o.Created.UnixMicro(), o.Updated.UnixMicro())
	}
	exec(`INSERT INTO yuncert_packages VALUES ($1, $2, $3, $4)`, order.DefaultProductCode, 2*len(orders), len(orders), issued)
	exec("COMMIT")
	return db
}

// orderStates has every state of an order.
var orderStates = []order.State{
	order.StateDomainVerify, order.StateProcess, order.StateVerifyFail, order.StateCertificate, order.StatePayed,
	order.StateRevoked, order.StateCancelled,
}

// storedOrders returns all orders of a store, sorted by Created.
func storedOrders(tb testing.TB, store order.Store) (orders []order.Order) {
	tb.Helper()
	err := store.View(tb.Context(), func(r order.Snapshot) error {
		orders = nil
		for _, state := range orderStates {
			page, err := r.Orders(state, order.Order{}, 1<<20)
			if err != nil {
				return err
			}
			orders = append(orders, page...)
		}
		return nil
	})
	if err != nil {
		tb.Fatalf("View: %v", err)
	}
	slices.SortFunc(orders, func(a, b order.Order) int { return a.Created.Compare(b.Created) })
	return orders
}

func checkOrders(tb testing.TB, store order.Store, want []order.Order) {
	tb.Helper()
	if diff := cmp.Diff(want, storedOrders(tb, store)); diff != "" {
		tb.Errorf("orders mismatch (-want +got):\n%s", diff)
	}
}

func TestOrderStoreUpgrade(t *testing.T) {
	t.Parallel()
	old := oldOrders(t)
	want := newVersions(old)
	for _, d := range databases {
		for version := range len(oldVersions) + 1 {
			t.Run(fmt.Sprintf("%s from version %d", d.name, version), func(t *testing.T) {
				t.Parallel()
				database := d.make(t)
				db := database.open(t)
				if version > 0 {
					createVersion(t, database, version, old)
				}
				for range 2 { // the second time there is nothing to do
					book := order.NewBook(orderStore(t, database), order.BookOptions{})
					if version > 0 {
						p, err := book.DescribePackageState(t.Context(), nil, &order.DescribePackageStateRequest{})
						if err != nil {
							t.Fatalf("DescribePackageState: %v", err)
						}
						if p.TotalCount != int64(2*len(old)) || p.UsedCount != int64(len(old)) || p.IssuedCount != int64(len(old)-4) {
							t.Errorf("the package is %+v", p)
						}
						checkOrders(t, orderStore(t, database), want)
						expiring, err := book.Expiring(t.Context(), later, order.Order{}, 1000)
						if diff := cmp.Diff(want[5:], expiring); diff != "" || err != nil {
							t.Errorf("Expiring: %v; mismatch (-want +got):\n%s", err, diff)
						}
						of, err := book.OrdersOf(t.Context(), "www.example.com", order.Order{}, 1000)
						if diff := cmp.Diff([]order.Order{want[0], want[3], want[4]}, of); diff != "" || err != nil {
							t.Errorf("OrdersOf: %v; mismatch (-want +got):\n%s", err, diff)
						}
					}
					var newest int
					if err := db.QueryRow("SELECT MAX(version) FROM yuncert_schema").Scan(&newest); err != nil || newest != 3 {
						t.Errorf("the version is %d, want 3: %v", newest, err)
					}
				}
			})
		}
	}
}

// Open refuses a newer version, and a version that never existed.
func TestOrderStoreVersion(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			database := d.make(t)
			orderStore(t, database)
			db := database.open(t)
			for _, version := range []string{"1000", "-1"} {
				if _, err := db.ExecContext(t.Context(), "UPDATE yuncert_schema SET version = "+version+" WHERE version > 2"); err != nil {
					t.Fatal(err)
				}
				if _, err := db.ExecContext(t.Context(), "DELETE FROM yuncert_schema WHERE version IN (1, 2)"); err != nil {
					t.Fatal(err)
				}
				if _, err := sqlstore.Open(t.Context(), db, database.dialect); err == nil || !strings.Contains(err.Error(), "version "+version) {
					t.Errorf("Open of version %s: %v", version, err)
				}
			}
			if _, err := sqlstore.Open(t.Context(), db, "MySQL"); err == nil {
				t.Error("Open of a dialect that does not exist: no error")
			}
		})
	}
}

// SQLite's options are set as the documentation says.
func TestOrderStoreOptions(t *testing.T) {
	t.Parallel()
	d := newSQLite(t)
	db := d.open(t)
	db.SetMaxOpenConns(1) // busy_timeout belongs to the connection
	if _, err := sqlstore.Open(t.Context(), db, d.dialect); err != nil {
		t.Fatalf("Open: %v", err)
	}
	var timeout, synchronous int
	var journal string
	if err := errors.Join(db.QueryRow("PRAGMA busy_timeout").Scan(&timeout), db.QueryRow("PRAGMA journal_mode").Scan(&journal),
		db.QueryRow("PRAGMA synchronous").Scan(&synchronous)); err != nil {
		t.Fatal(err)
	}
	if timeout != 1000 || journal != "wal" || synchronous != 2 {
		t.Errorf("busy_timeout %d, journal_mode %s and synchronous %d, want 1000, wal and 2 (FULL)", timeout, journal, synchronous)
	}
}

// A migration runs once, even if several processes begin it at the same time. A
// migration that fails leaves nothing.
func TestOrderStoreOpenAtOnce(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			database := d.make(t)
			if _, err := database.open(t).ExecContext(t.Context(), "CREATE TABLE yuncert_orders (x TEXT)"); err != nil {
				t.Fatal(err)
			}
			if _, err := sqlstore.Open(t.Context(), database.open(t), database.dialect); err == nil {
				t.Fatal("Open with another yuncert_orders in the way: no error")
			}
			if _, err := database.open(t).ExecContext(t.Context(), "DROP TABLE yuncert_orders"); err != nil {
				t.Fatal(err)
			}
			var end sync.WaitGroup
			for range 8 {
				db := database.open(t)
				end.Go(func() {
					if _, err := sqlstore.Open(t.Context(), db, database.dialect); err != nil {
						t.Errorf("Open: %v", err)
					}
				})
			}
			end.Wait()
		})
	}
}

// A service without the right to create tables opens a database that another
// user has migrated.
func TestOrderStoreWithoutRights(t *testing.T) {
	t.Parallel()
	d := newPostgreSQL(t)
	orderStore(t, d)
	book := order.NewBook(orderStore(t, d.withoutRights(t)), order.BookOptions{})
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Errorf("AddPackage: %v", err)
	}
	if _, err := book.CreateCertificateWithCsrRequest(t.Context(), nil, now, newApplication(t)); err != nil {
		t.Errorf("CreateCertificateWithCsrRequest: %v", err)
	}
}

// Idle connections that broke in the pool cause no error.
func TestOrderStoreBrokenConnections(t *testing.T) {
	t.Parallel()
	d := newPostgreSQL(t)
	db, others := d.open(t), d.open(t)
	store, err := sqlstore.Open(t.Context(), db, d.dialect)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	book := order.NewBook(store, order.BookOptions{})
	const rounds = 2
	for range rounds {
		db.SetMaxIdleConns(0) // closes the idle connections
		db.SetMaxIdleConns(8)
		var conns [4]*sql.Conn
		var pids [4]string
		for n := range conns {
			conn, err := db.Conn(t.Context())
			if err == nil {
				conns[n] = conn
				err = conn.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pids[n])
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		// The statement waits until the connections have ended.
		if _, err := others.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid, 10000) FROM unnest($1::int[]) AS pid",
			"{"+strings.Join(pids[:], ",")+"}"); err != nil {
			t.Fatal(err)
		}
		for _, conn := range conns {
			conn.Close() // back to the pool
		}
		if err := book.AddPackage(t.Context(), "", 1); err != nil {
			t.Errorf("AddPackage: %v", err)
		}
		if _, err := book.CreateCertificateWithCsrRequest(t.Context(), nil, now, newApplication(t)); err != nil {
			t.Errorf("CreateCertificateWithCsrRequest: %v", err)
		}
	}
	checkDatabase(t, store, rounds, nil)
}

// An Update that changes or deletes a missing order fails as a whole. An Update
// that stores a package without reading it first succeeds.
func TestOrderStoreUnread(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			store := orderStore(t, d.make(t))
			for n := range int64(2) {
				if err := store.Update(t.Context(), func(tx order.Tx) error {
					return tx.PutPackage(order.Package{ProductCode: order.DefaultProductCode, TotalCount: 1 + n})
				}); err != nil {
					t.Errorf("Update with PutPackage: %v", err)
				}
			}
			for name, change := range map[string]func(order.Tx) error{
				"PutOrder":    func(tx order.Tx) error { return tx.PutOrder(order.Order{OrderId: 1}) },
				"DeleteOrder": func(tx order.Tx) error { return tx.DeleteOrder(1) },
			} {
				err := store.Update(t.Context(), func(tx order.Tx) error {
					err := tx.CreateOrder(order.Order{OrderId: 2, State: order.StateProcess})
					if change(tx) == nil {
						t.Errorf("%s: no error", name)
					}
					return err
				})
				if err == nil {
					t.Errorf("Update with %s: no error", name)
				}
			}
			if free := checkDatabase(t, store, 2, nil); free != 2 {
				t.Errorf("%d units are free, want 2", free)
			}
		})
	}
}

// The queries sort the pages themselves and do not rely on the indexes.
func TestOrderStoreWithoutIndex(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			database := d.make(t)
			store := orderStore(t, database)
			for _, index := range []string{"listing", "of", "expiring"} {
				if _, err := database.open(t).ExecContext(t.Context(), "DROP INDEX yuncert_orders_"+index); err != nil {
					t.Fatal(err)
				}
			}
			err := store.Update(t.Context(), func(tx order.Tx) error {
				var errs []error
				for _, o := range []order.Order{{OrderId: 3, Created: now}, {OrderId: 1, Created: now}, {OrderId: 4, Created: now.Add(-time.Second)}, {OrderId: 2, Created: now}} {
					o.State, o.Domain, o.NotAfter = order.StateCertificate, "www.example.com", o.Created
					errs = append(errs, tx.CreateOrder(o))
				}
				return errors.Join(errs...)
			})
			if err != nil {
				t.Fatalf("Update: %v", err)
			}
			for name, list := range map[string]func(order.Snapshot) ([]order.Order, error){
				"Orders": func(r order.Snapshot) ([]order.Order, error) {
					return r.Orders(order.StateCertificate, order.Order{}, 3)
				},
				"OrdersOf": func(r order.Snapshot) ([]order.Order, error) { return r.OrdersOf("www.example.com", order.Order{}, 3) },
				"Expiring": func(r order.Snapshot) ([]order.Order, error) { return r.Expiring(later, order.Order{}, 3) },
			} {
				var got []int64
				err = store.View(t.Context(), func(r order.Snapshot) error {
					page, err := list(r)
					got = nil
					for _, o := range page {
						got = append(got, o.OrderId)
					}
					return err
				})
				if err != nil {
					t.Fatalf("View: %v", err)
				}
				if diff := cmp.Diff([]int64{4, 1, 2}, got); diff != "" {
					t.Errorf("%s: OrderIds mismatch (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// Each query uses an index and sorts no rows, in a new database and in a migrated one.
// PostgreSQL collects statistics by itself; in SQLite the new database has none.
func TestOrderStorePlans(t *testing.T) {
	t.Parallel()
	after := order.Order{OrderId: 5000, Created: now, NotAfter: now}
	list := func(read func(r order.Snapshot, after order.Order) ([]order.Order, error)) func(order.Snapshot) error {
		return func(r order.Snapshot) error {
			_, err1 := read(r, order.Order{})
			_, err2 := read(r, after)
			return errors.Join(err1, err2)
		}
	}
	tests := []struct {
		name, index string
		searched    map[sqldb.Dialect]string // the search of the index for the position of after
		call        func(order.Snapshot) error
	}{
		{"Orders", "yuncert_orders_listing", map[sqldb.Dialect]string{sqldb.SQLite: "(state=? AND (created,order_id)>(?,?))", sqldb.PostgreSQL: "(ROW(created, order_id) > ROW("},
			list(func(r order.Snapshot, after order.Order) ([]order.Order, error) {
				return r.Orders(order.StateCertificate, after, 100)
			})},
		{"OrdersOf", "yuncert_orders_of", map[sqldb.Dialect]string{sqldb.SQLite: "(domain=? AND (created,order_id)>(?,?))", sqldb.PostgreSQL: "(ROW(created, order_id) > ROW("},
			list(func(r order.Snapshot, after order.Order) ([]order.Order, error) {
				return r.OrdersOf("www1.example.com", after, 100)
			})},
		{"Expiring", "yuncert_orders_expiring", map[sqldb.Dialect]string{sqldb.SQLite: "((not_after,order_id)>(?,?) AND not_after<?)", sqldb.PostgreSQL: "(ROW(not_after, order_id) > ROW("},
			list(func(r order.Snapshot, after order.Order) ([]order.Order, error) { return r.Expiring(later, after, 100) })},
		{"Order", "order_id", nil, func(r order.Snapshot) error { _, _, err := r.Order(1); return err }},
	}
	for _, d := range databases {
		for _, version := range []int{0, 1} {
			t.Run(fmt.Sprintf("%s from version %d", d.name, version), func(t *testing.T) {
				t.Parallel()
				database := d.make(t)
				if version > 0 {
					createVersion(t, database, version, nil)
				}
				db := database.open(t)
				orderStore(t, database)
				if _, err := db.ExecContext(t.Context(), filling, "csr", 20_000); err != nil {
					t.Fatal(err)
				}
				if version > 0 || database.dialect == sqlstore.PostgreSQL {
					// ANALYZE without a table would change the plans of other tests, whose
					// schemas are in the same database.
					if _, err := db.ExecContext(t.Context(), "ANALYZE yuncert_orders"); err != nil {
						t.Fatal(err)
					}
				}
				watched, statements := watch(t, database)
				store, err := sqlstore.Open(t.Context(), watched, database.dialect)
				if err != nil {
					t.Fatal(err)
				}
				// Open looks for issued orders without NotAfter.
				last := (*statements)[len(*statements)-1]
				if plan := last.explain(t, database, db); !strings.Contains(plan, "yuncert_orders_expiring") || wasteful(plan) {
					t.Errorf("Open: the plan of %s:\n%s", last.statement, plan)
				}
				for _, tt := range tests {
					*statements = nil
					if err := store.View(t.Context(), tt.call); err != nil {
						t.Fatalf("%s: %v", tt.name, err)
					}
					for _, s := range *statements {
						plan := s.explain(t, database, db)
						if !strings.Contains(plan, tt.index) || !strings.Contains(plan, tt.searched[database.dialect]) || wasteful(plan) {
							t.Errorf("%s: the plan of %s:\n%s", tt.name, s.statement, plan)
						}
					}
				}
			})
		}
	}
}

// An Update that waits for the transaction of another store stops when its context
// ends.
func TestOrderStoreLocked(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			database := d.make(t)
			store, book := orderStore(t, database), order.NewBook(orderStore(t, database), order.BookOptions{})
			if err := book.AddPackage(t.Context(), "", 1); err != nil {
				t.Fatalf("AddPackage: %v", err)
			}
			err := store.Update(t.Context(), func(tx order.Tx) error {
				if _, _, err := tx.Package(order.DefaultProductCode); err != nil {
					return err
				}
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				err := book.AddPackage(ctx, "", 1)
				if !errors.Is(err, yuncert.ErrError) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("AddPackage in an Update of another store: %v, want %v", err, context.DeadlineExceeded)
				}
				_, err = book.DescribePackageState(t.Context(), nil, &order.DescribePackageStateRequest{}) // does not wait
				return err
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
			if err := book.AddPackage(t.Context(), "", 1); err != nil {
				t.Errorf("AddPackage after it: %v", err)
			}
			if p, err := book.DescribePackageState(t.Context(), nil, &order.DescribePackageStateRequest{}); err != nil || p.TotalCount != 2 {
				t.Errorf("DescribePackageState: %+v, %v", p, err)
			}
		})
	}
}

func newApplication(tb testing.TB) *order.CreateCertificateWithCsrRequestRequest {
	tb.Helper()
	req, err := application()
	if err != nil {
		tb.Fatal(err)
	}
	return req
}

func application() (*order.CreateCertificateWithCsrRequestRequest, error) {
	resp, err := csr.CreateCsrWithKey(nil, testkeys.Key(algorithm.ECC_256, 2), &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		return nil, err
	}
	return &order.CreateCertificateWithCsrRequestRequest{
		Csr: resp.Csr, Username: "例子", Phone: "10086", Email: "user@example.com", ValidateType: "DNS",
	}, nil
}

// submitInChild adds units to the package and submits orders until no unit is
// left. It prints each OrderId.
func submitInChild(ctx context.Context, db *sql.DB, dialect sqldb.Dialect, units string) error {
	store, err := sqlstore.Open(ctx, db, dialect)
	if err != nil {
		return err
	}
	book := order.NewBook(store, order.BookOptions{})
	add, err := strconv.ParseInt(units, 10, 64)
	if err != nil {
		return err
	}
	if add > 0 {
		if err := book.AddPackage(ctx, "", add); err != nil {
			return err
		}
	}
	req, err := application()
	if err != nil {
		return err
	}
	for {
		resp, err := book.CreateCertificateWithCsrRequest(ctx, nil, time.Now(), req)
		if errors.Is(err, yuncert.ErrNotRemainCount) {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Println(resp.OrderId)
	}
}

func startSubmitting(t *testing.T, d database, units int) *child {
	t.Helper()
	return startChild(t, d, "submit orders", strconv.Itoa(units))
}

// orderIDs reads the output of submitInChild.
func orderIDs(t *testing.T, lines []string) (ids []int64) {
	t.Helper()
	for _, line := range lines {
		id, err := strconv.ParseInt(line, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// checkDatabase checks that the package has total units, that each stored order
// uses one, and that all orders reported as submitted are stored. It returns
// the number of free units.
func checkDatabase(t *testing.T, store order.Store, total int64, submitted []int64) (free int64) {
	t.Helper()
	stored := map[int64]bool{}
	var p order.Package
	err := store.View(t.Context(), func(r order.Snapshot) (err error) {
		clear(stored)
		if p, _, err = r.Package(order.DefaultProductCode); err != nil {
			return err
		}
		for _, state := range orderStates {
			for after := (order.Order{}); ; {
				page, err := r.Orders(state, after, 100)
				if err != nil {
					return err
				}
				for _, o := range page {
					if stored[o.OrderId] {
						t.Errorf("order %d is on two pages", o.OrderId)
					}
					stored[o.OrderId] = true
				}
				if len(page) < 100 {
					break
				}
				after = page[99]
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
	if p.TotalCount != total || p.UsedCount != int64(len(stored)) || p.UsedCount > p.TotalCount {
		t.Errorf("%+v, want %d units, of which %d are used: as many as there are orders", p, total, len(stored))
	}
	for _, id := range submitted {
		if !stored[id] {
			t.Errorf("order %d was reported as submitted and is not stored", id)
		}
	}
	return p.TotalCount - p.UsedCount
}

// A process is killed in the middle of 1000 submissions, several times.
func TestOrderStoreKilled(t *testing.T) {
	t.Parallel()
	const units, kills = 1000, 4
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			database := d.make(t)
			var submitted []int64
			for n := range kills {
				add := 0
				if n == 0 {
					add = units
				}
				at := 1 + rand.IntN(units/kills)
				lines := startSubmitting(t, database, add).kill(t, at)
				submitted = append(submitted, orderIDs(t, lines)...)
				free := checkDatabase(t, orderStore(t, database), units, submitted)
				t.Logf("killed after %d submissions; %d were stored in all, and %d units are free", at, units-free, free)
			}
			store := orderStore(t, database)
			book, req := order.NewBook(store, order.BookOptions{}), newApplication(t)
			for free := checkDatabase(t, store, units, submitted); free > 0; free-- {
				if _, err := book.CreateCertificateWithCsrRequest(t.Context(), nil, now, req); err != nil {
					t.Fatalf("CreateCertificateWithCsrRequest with %d units free: %v", free, err)
				}
			}
			if _, err := book.CreateCertificateWithCsrRequest(t.Context(), nil, now, req); !errors.Is(err, yuncert.ErrNotRemainCount) {
				t.Errorf("CreateCertificateWithCsrRequest without a unit: %v", err)
			}
			checkDatabase(t, store, units, submitted)
		})
	}
}

// Several processes start at the same time with an empty database. They create its
// tables, buy units of one package, and submit orders until no unit is left.
func TestOrderStoreProcesses(t *testing.T) {
	t.Parallel()
	const processes, units = 3, 60
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			database := d.make(t)
			var children [processes]*child
			for n := range children {
				children[n] = startSubmitting(t, database, units)
			}
			var submitted []int64
			for _, c := range children {
				submitted = append(submitted, orderIDs(t, c.finish(t))...)
			}
			slices.Sort(submitted)
			if n := len(slices.Compact(submitted)); n != processes*units {
				t.Errorf("%d orders were submitted, want %d", n, processes*units)
			}
			if free := checkDatabase(t, orderStore(t, database), processes*units, submitted); free != 0 {
				t.Errorf("%d units are free, want 0", free)
			}
		})
	}
}

// A database that fails, blocks or answers late leaves an error and no half
// order. Without an error the order is there.
func TestOrderStoreOnBadDays(t *testing.T) {
	t.Parallel()
	const units = 1000
	for _, kind := range databases {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d := kind.make(t)
			store := orderStore(t, d)
			if err := order.NewBook(store, order.BookOptions{}).AddPackage(t.Context(), "", units); err != nil {
				t.Fatalf("AddPackage: %v", err)
			}
			req, free := newApplication(t), int64(units)
			var submitted int64 // 0 if the last call failed
			onBadDays(t, func(testing.TB) database { return d }, func(ctx context.Context, db *sql.DB, dialect sqldb.Dialect) error {
				submitted = 0
				store, err := sqlstore.Open(ctx, db, dialect)
				if err != nil {
					return err
				}
				resp, err := order.NewBook(store, order.BookOptions{}).CreateCertificateWithCsrRequest(ctx, nil, now, req)
				if err != nil {
					return err
				}
				submitted = resp.OrderId
				return nil
			}, func(t *testing.T, _ database, err error) {
				before := free
				if err == nil {
					free = checkDatabase(t, store, units, []int64{submitted})
				} else {
					free = checkDatabase(t, store, units, nil)
				}
				switch stored := before - free; {
				case errors.Is(err, order.ErrOutcomeUnknown) && (stored == 0 || stored == 1):
				case err == nil && stored != 1:
					t.Errorf("%d orders were stored, want 1", stored)
				case err != nil && stored != 0:
					t.Errorf("%d orders were stored, want 0: %v", stored, err)
				}
			})
		})
	}
}

// A database that fails, blocks or answers late while it is migrated can be
// migrated again.
func TestOrderStoreOpenOnBadDays(t *testing.T) {
	t.Parallel()
	all := oldOrders(t)
	old := []order.Order{all[1], all[4], all[5]} // proved, issued without a readable certificate, issued
	for _, kind := range databases {
		for _, version := range []int{0, len(oldVersions)} {
			t.Run(fmt.Sprintf("%s from version %d", kind.name, version), func(t *testing.T) {
				onBadDays(t, func(tb testing.TB) database {
					d := kind.make(tb)
					if version > 0 {
						createVersion(tb, d, version, old)
					}
					return d
				}, func(ctx context.Context, db *sql.DB, dialect sqldb.Dialect) error {
					_, err := sqlstore.Open(ctx, db, dialect)
					return err
				}, func(t *testing.T, d database, err error) {
					if version > 0 && err == nil {
						if got := filled(t, d.open(t)); got != len(old)-1 {
							t.Errorf("%d orders are filled, want %d", got, len(old)-1)
						}
					}
					store := orderStore(t, d)
					if version > 0 {
						checkOrders(t, store, newVersions(old))
					}
					if err := order.NewBook(store, order.BookOptions{}).AddPackage(t.Context(), "", 1); err != nil {
						t.Errorf("AddPackage: %v", err)
					}
				})
			})
		}
	}
}

// filled returns how many orders have a NotAfter or need none. It is 0 in a database
// of an old version.
func filled(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	var version int
	if err := db.QueryRow("SELECT MAX(version) FROM yuncert_schema").Scan(&version); err != nil {
		t.Fatal(err)
	}
	if version <= len(oldVersions) {
		return 0
	}
	if err := db.QueryRow("SELECT COUNT(*) FROM yuncert_orders WHERE state <> 'certificate' OR not_after > 0").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// openInChild opens the store.
func openInChild(ctx context.Context, db *sql.DB, dialect sqldb.Dialect, _ string) error {
	_, err := sqlstore.Open(ctx, db, dialect)
	return err
}

// manyOldOrders returns n issued orders with one certificate.
func manyOldOrders(t *testing.T, n int) (orders []order.Order) {
	t.Helper()
	o := oldOrders(t)[5]
	for id := range n {
		o.OrderId, o.Created = int64(id+1), now.Add(time.Duration(id)*time.Microsecond)
		orders = append(orders, o)
	}
	return orders
}

// A process is killed several times while it migrates a database and reads its
// certificates. The next one goes on.
func TestOrderStoreUpgradeKilled(t *testing.T) {
	t.Parallel()
	const orders, kills = 3000, 3
	old := manyOldOrders(t, orders)
	want := slices.Clone(old)
	for n := range want {
		o := &want[n]
		o.Names, o.Due, o.Issued, o.NotAfter = o.Domain, "example.com", o.Updated, now.AddDate(0, 0, 10)
	}
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			database := d.make(t)
			db := createVersion(t, database, len(oldVersions), old)
			for n := range kills {
				c := startChild(t, database, "open orders", "")
				for filled(t, db) <= n*orders/10 {
				}
				c.kill(t, 0)
				t.Logf("killed when %d of %d certificates were read", filled(t, db), orders)
			}
			if got := filled(t, db); got == orders {
				t.Error("nothing is left to do after the kills")
			}
			checkOrders(t, orderStore(t, database), want)
		})
	}
}

// Several processes migrate a database and read its certificates at the same time.
// Each returns when all is done.
func TestOrderStoreUpgradeAtOnce(t *testing.T) {
	t.Parallel()
	const processes, orders = 3, 500
	old := manyOldOrders(t, orders)
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			database := d.make(t)
			db := createVersion(t, database, len(oldVersions), old)
			var children [processes]*child
			for n := range children {
				children[n] = startChild(t, database, "open orders", "")
			}
			for _, c := range children {
				c.finish(t)
				if got := filled(t, db); got != orders {
					t.Errorf("%d orders are filled, want %d", got, orders)
				}
			}
		})
	}
}
