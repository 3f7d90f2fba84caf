package interop

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/sqlstore"
)

// Orders in a SQLite database are still there after the process restarts.
func Example_sqlstore() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	for range 2 { // the second time simulates a restart
		db, err := sql.Open("sqlite", filepath.Join(dir, "orders.db"))
		if err != nil {
			log.Fatal(err)
		}
		store, err := sqlstore.Open(ctx, db, sqlstore.SQLite)
		if err != nil {
			log.Fatal(err)
		}
		book := order.NewBook(store, order.BookOptions{})
		if err := book.AddPackage(ctx, order.DefaultProductCode, 20); err != nil {
			log.Fatal(err)
		}
		p, err := book.DescribePackageState(ctx, nil, &order.DescribePackageStateRequest{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(p.ProductCode, p.TotalCount)
		if err := db.Close(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// digicert-free-1-free 20
	// digicert-free-1-free 40
}
