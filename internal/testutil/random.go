package testutil

import (
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// Seeded returns a random source that gives the same octets in every run.
func Seeded() io.Reader {
	return rand.NewChaCha8([32]byte([]byte("the randomness of yuncert's tests")))
}

// A ReaderFunc is a random source whose Read is a function.
type ReaderFunc func([]byte) (int, error)

func (f ReaderFunc) Read(p []byte) (int, error) { return f(p) }

// ErrNoRandomness is the error of Broken and Untouched.
var ErrNoRandomness = errors.New("the random source is gone")

// Broken is a random source that fails.
var Broken io.Reader = ReaderFunc(func([]byte) (int, error) { return 0, ErrNoRandomness })

// Untouched returns a random source that fails the test when it is read.
func Untouched(t testing.TB) io.Reader {
	return ReaderFunc(func([]byte) (int, error) {
		t.Error("randomness was drawn")
		return 0, ErrNoRandomness
	})
}
