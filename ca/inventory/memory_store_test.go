package inventory_test

import (
	"testing"

	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/ca/inventory/storetest"
)

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) inventory.Store {
		t.Parallel()
		return new(inventory.MemoryStore)
	})
}
