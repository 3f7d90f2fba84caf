package interop

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/internal/sqldb"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/sqlstore"
)

// storeNumber returns a store for these tests, with a table of its own and that
// schema version.
func storeNumber(number, version int) sqldb.Config {
	name := fmt.Sprintf("yuncert_test%d", number)
	migrations := [][]string{{"CREATE TABLE " + name + " (id BIGINT NOT NULL PRIMARY KEY)"}}
	for n := 1; n < version; n++ {
		migrations = append(migrations, []string{fmt.Sprintf("ALTER TABLE %s ADD COLUMN c%d BIGINT", name, n)})
	}
	return sqldb.Config{VersionTable: name + "_schema", Migrations: migrations, OutcomeUnknown: errors.New("outcome unknown")}
}

// Three stores of different versions share a database. Several processes may create
// their tables at the same time, and each store is migrated without the others.
func TestSQLDBSharedDatabase(t *testing.T) {
	t.Parallel()
	for _, kind := range databases {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d := kind.make(t)
			var opened sync.WaitGroup
			for range 3 {
				db := d.open(t)
				opened.Go(func() {
					if _, err := sqlstore.Open(t.Context(), db, d.dialect); err != nil {
						t.Errorf("Open of the store of orders: %v", err)
					}
				})
				for number, version := range []int{1, 3} {
					opened.Go(func() {
						if _, err := sqldb.Open(t.Context(), db, d.dialect, storeNumber(number, version)); err != nil {
							t.Errorf("Open of store %d: %v", number, err)
						}
					})
				}
			}
			opened.Wait()
			db := d.open(t)
			versions := func() (versions [3]int) {
				t.Helper()
				for n, table := range []string{"yuncert_schema", "yuncert_test0_schema", "yuncert_test1_schema"} {
					if err := db.QueryRowContext(t.Context(), "SELECT MAX(version) FROM "+table).Scan(&versions[n]); err != nil {
						t.Fatal(err)
					}
				}
				return versions
			}
			if diff := cmp.Diff([3]int{3, 1, 3}, versions()); diff != "" {
				t.Errorf("versions mismatch (-want +got):\n%s", diff)
			}
			if _, err := sqldb.Open(t.Context(), db, d.dialect, storeNumber(0, 2)); err != nil {
				t.Errorf("Open of a newer version of store 0: %v", err)
			}
			if diff := cmp.Diff([3]int{3, 2, 3}, versions()); diff != "" {
				t.Errorf("versions mismatch (-want +got):\n%s", diff)
			}
			_, err := sqldb.Open(t.Context(), db, d.dialect, storeNumber(1, 2))
			if err == nil || !strings.Contains(err.Error(), "yuncert_test1_schema has version 3") {
				t.Errorf("Open of an older version of store 1: %v", err)
			}
			if err := order.NewBook(orderStore(t, d), order.BookOptions{}).AddPackage(t.Context(), "", 1); err != nil {
				t.Errorf("AddPackage: %v", err)
			}
		})
	}
}

// Each reads as many rows as a table has, one after the other.
func TestSQLDBEach(t *testing.T) {
	t.Parallel()
	const size = 100_000
	for _, kind := range databases {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d := kind.make(t)
			db, err := sqldb.Open(t.Context(), d.open(t), d.dialect, storeNumber(0, 1))
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			err = db.Update(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec("filling", `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
					INSERT INTO yuncert_test0 (id) SELECT n FROM numbers`, size)
				return err
			})
			if err != nil {
				t.Fatalf("Update: %v", err)
			}
			errStop := errors.New("stop")
			for _, stop := range []int64{size + 1, 10} {
				var id, sum, read int64
				err = db.View(t.Context(), func(tx *sqldb.Tx) error {
					read, sum = 0, 0
					err := tx.Each("listing", "SELECT id FROM yuncert_test0 ORDER BY id", nil, []any{&id}, func() error {
						if id == stop {
							return errStop
						}
						read++
						sum += id
						return nil
					})
					if err != nil && err != errStop {
						return err
					}
					// The connection is free again.
					_, err = tx.Get("reading", "SELECT id FROM yuncert_test0 WHERE id = $1", []any{7}, &id)
					return err
				})
				if want := min(stop-1, size); err != nil || read != want || sum != want*(want+1)/2 || id != 7 {
					t.Errorf("View read %d rows with the sum %d, then %d, and returned %v; want %d rows", read, sum, id, err, want)
				}
			}
		})
	}
}
