package csr

import (
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
)

// From outside, making a key does not fail.
func TestGenerateFails(t *testing.T) {
	t.Parallel()
	key, err := generate(algorithm.RSA_1024)
	e, ok := err.(*yuncert.Error)
	if !ok || e.Code != yuncert.ErrInternalKeyError || e.Message != "Failed to generate rsa key." || e.Err == nil {
		t.Errorf("generate: %#v, want Internal.KeyError with the documented message and a cause", err)
	}
	if key != nil {
		t.Errorf("generate returned %v beside the error", key)
	}
}
