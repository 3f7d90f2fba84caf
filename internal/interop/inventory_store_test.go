package interop

import (
	"testing"

	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/ca/inventory/sqlstore"
	"github.com/yuncert/yuncert/ca/inventory/storetest"
)

// inventoryStore opens the store of an inventory in a database.
func inventoryStore(tb testing.TB, d database) *sqlstore.Store {
	tb.Helper()
	store, err := sqlstore.Open(tb.Context(), d.open(tb), d.dialect)
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	return store
}

func TestInventoryStore(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) inventory.Store {
				t.Parallel()
				return inventoryStore(t, d.make(t))
			})
		})
	}
	t.Run("SQLite in memory", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) inventory.Store {
			db := database{"sqlite", ":memory:", sqlstore.SQLite}.open(t)
			db.SetMaxOpenConns(1)
			store, err := sqlstore.Open(t.Context(), db, sqlstore.SQLite)
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			return store
		})
	})
}
