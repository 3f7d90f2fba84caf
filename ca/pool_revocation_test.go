package ca_test

import (
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
)

// A Pool that is loaded again from the same files does not know what was revoked.
func TestPoolForgetsRevocations(t *testing.T) {
	t.Parallel()
	files, identifier := caFiles(), authorityOf(algorithm.ECC_256).sub.Identifier
	load := func() *ca.Pool {
		t.Helper()
		pool, err := ca.LoadPool(files, nil, ca.IssuerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return pool
	}
	pool := load()
	_, err := ca.UpdateCACertificateStatus(testutil.Seeded(), pool, &ca.UpdateCACertificateStatusRequest{Identifier: identifier})
	if err != nil {
		t.Fatal(err)
	}
	_, err = pool.Issuer(identifier)
	testutil.CheckError(t, err, yuncert.ErrInvalidStatusUpdateProtection, "ParentIdentifier", "revoked")
	_, err = load().Issuer(identifier)
	if err != nil {
		t.Errorf("the pool that was loaded again: %v", err)
	}
}
