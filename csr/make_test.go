package csr

import (
	"bytes"
	cryptorand "crypto/rand"
	"errors"
	"io"
	"strings"
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
	if errors.Is(err, yuncert.ErrInvalidValueMalformed) {
		t.Errorf("%v has the code of package algorithm too", err)
	}
	if key != nil {
		t.Errorf("generate returned %v with the error", key)
	}
}

// ones is a random source that gives no SM2 key: all its numbers are too large.
type ones struct{}

func (ones) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{0xff}, len(p))), nil }

// It is not parallel, since it replaces the system's random source.
func TestCreateCsrKeepsGeneratorsCause(t *testing.T) {
	defer func(saved io.Reader) { cryptorand.Reader = saved }(cryptorand.Reader)
	cryptorand.Reader = ones{}
	_, _, err := CreateCsr(nil, &CreateCsrRequest{
		Algorithm: "SM2", KeySize: 256, CommonName: "example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	e, ok := err.(*yuncert.Error)
	if !ok || e.Code != yuncert.ErrInternalKeyError || e.Message != "Failed to generate sm2 key." {
		t.Fatalf("CreateCsr: %#v, want Internal.KeyError with the documented message", err)
	}
	if e.Err == nil || !strings.Contains(e.Err.Error(), "the random source gives no value") {
		t.Errorf("the cause is %v, without what the generator says", e.Err)
	}
}
