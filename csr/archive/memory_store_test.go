package archive_test

import (
	"testing"

	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/csr/archive/storetest"
)

// The zero MemoryStore is an empty store.
func TestMemoryStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) archive.Store {
		t.Parallel()
		return new(archive.MemoryStore)
	})
}
