package algorithm

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/yuncert/yuncert"
)

// quick replaces GenerateKey: it ignores the algorithm and makes a fast key.
func quick(Algorithm) (*PrivateKey, error) { return GenerateKey(ECC_256) }

func newPool(t *testing.T, size, makers int, generate func(Algorithm) (*PrivateKey, error)) *KeyPool {
	t.Helper()
	p, err := newKeyPool(RSA_2048, size, makers, generate)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wantKeyError wants the pool's code and one of its causes.
func wantKeyError(t *testing.T, key *PrivateKey, err, cause error) {
	t.Helper()
	if key != nil || !errors.Is(err, yuncert.ErrInternalKeyError) || cause != nil && !errors.Is(err, cause) {
		t.Errorf("key %v, error %v: want %v with the cause %v", key, err, yuncert.ErrInternalKeyError, cause)
	}
}

func TestKeyPoolAlgorithms(t *testing.T) {
	t.Parallel()
	for _, a := range []Algorithm{RSA_2048, ECC_256, ECC_384, ECC_512, SM2_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p, err := NewKeyPool(a, 2, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			key, err := p.Get(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if key.Algorithm() != a {
				t.Errorf("a key of %s", key.Algorithm())
			}
			p.Close()
			// A key that Get returned stays valid.
			digest := sha256.Sum256([]byte("message"))
			if _, err := key.Sign(nil, digest[:], crypto.SHA256); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNewKeyPoolRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		algorithm    Algorithm
		size, makers int
		parameter    string
	}{
		{"RSA_1024", RSA_1024, 1, 1, "Algorithm"},
		{"no algorithm", "", 1, 1, "Algorithm"},
		{"an unknown one", "RSA_2049", 1, 1, "Algorithm"},
		{"no size", RSA_2048, 0, 1, ""},
		{"a negative size", RSA_2048, -1, 1, ""},
		{"a size above 100,000", RSA_2048, 100_001, 1, ""},
		{"a size that no memory holds", RSA_2048, math.MaxInt, 1, ""},
		{"makers above 1000", RSA_2048, 1, 1001, ""},
		{"no makers", RSA_2048, 1, 0, ""},
		{"negative makers", RSA_2048, 1, -1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := NewKeyPool(tt.algorithm, tt.size, tt.makers)
			e, ok := errors.AsType[*yuncert.Error](err)
			if p != nil || !ok || e.Code != yuncert.ErrInvalidValueMalformed || e.Parameter != tt.parameter || e.Message == "" {
				t.Errorf("pool %v, error %v", p, err)
			}
		})
	}
}

// No two calls of Get return the same key.
func TestKeyPoolHandsOutOnce(t *testing.T) {
	t.Parallel()
	p := newPool(t, 5, 2, quick)
	var seen sync.Map
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 50 {
				key, err := p.Get(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if _, again := seen.LoadOrStore(key, true); again {
					t.Error("a key was handed out twice")
				}
				digest := sha256.Sum256([]byte("message"))
				signature, err := key.Sign(nil, digest[:], crypto.SHA256)
				if err != nil || !ecdsa.VerifyASN1(key.Public().(*ecdsa.PublicKey), digest[:], signature) {
					t.Errorf("a key does not sign: %v", err)
				}
			}
		})
	}
	callers.Wait()
	p.Close()
}

// The makers fill the stock and then wait. They replace each key that is taken.
// Close leaves no goroutine, or synctest.Test would report a deadlock.
func TestKeyPoolFills(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int32
		p := newPool(t, 3, 2, func(a Algorithm) (*PrivateKey, error) { made.Add(1); return quick(a) })
		synctest.Wait()
		if p.Len() != 3 || made.Load() != 5 { // each maker holds one more
			t.Errorf("%d keys in stock, %d made", p.Len(), made.Load())
		}
		for range 2 {
			if _, err := p.Get(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if p.Len() != 3 || made.Load() != 7 {
			t.Errorf("%d keys in stock, %d made after two were taken", p.Len(), made.Load())
		}
		p.Close()
		p.Close()
		if p.Len() != 0 {
			t.Errorf("%d keys in stock of a closed pool", p.Len())
		}
		key, err := p.Get(t.Context())
		wantKeyError(t, key, err, nil)
	})
}

// A gate makes one key for each value in open.
type gate struct {
	open  chan error
	begun atomic.Int32
}

func (g *gate) generate(a Algorithm) (*PrivateKey, error) {
	g.begun.Add(1)
	if err := <-g.open; err != nil {
		return nil, err
	}
	return quick(a)
}

// The callers of an empty pool make keys too, as many at a time as there are
// processors. The makers are not counted.
func TestKeyPoolEmpty(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan error)}
		p := newPool(t, 1, 1, g.generate)
		const waiting = 20
		var callers sync.WaitGroup
		var got atomic.Int32
		for range waiting {
			callers.Go(func() {
				if _, err := p.Get(t.Context()); err != nil {
					t.Error(err)
				}
				got.Add(1)
			})
		}
		synctest.Wait()
		if want := int32(min(waiting, runtime.GOMAXPROCS(0)) + 1); g.begun.Load() != want || got.Load() != 0 {
			t.Errorf("%d keys are being made and %d handed out: want %d and none", g.begun.Load(), got.Load(), want)
		}
		close(g.open)
		callers.Wait()
		p.Close()
	})
}

// When the context is done, Get returns at once, and its key is still completed.
func TestKeyPoolContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan error)}
		p := newPool(t, 4, 1, g.generate)
		done, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		for range 2 + runtime.GOMAXPROCS(0) { // some make a key, some wait for a processor
			go func() { _, err := p.Get(done); result <- err }()
		}
		synctest.Wait()
		cancel()
		for range 2 + runtime.GOMAXPROCS(0) {
			wantKeyError(t, nil, <-result, context.Canceled)
		}
		before := g.begun.Load()
		key, err := p.Get(done)
		wantKeyError(t, key, err, context.Canceled)
		if g.begun.Load() != before {
			t.Error("a key is made for a context that is done")
		}
		close(g.open)
		synctest.Wait()
		if p.Len() != cap(p.stock) {
			t.Errorf("%d keys in stock", p.Len())
		}
		key, err = p.Get(done)
		wantKeyError(t, key, err, context.Canceled)
		p.Close()
	})
}

// Close ends the waiting calls of Get.
func TestKeyPoolCloseWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan error)}
		p := newPool(t, 1, 1, g.generate)
		result := make(chan error)
		for range 2 + runtime.GOMAXPROCS(0) {
			go func() { _, err := p.Get(t.Context()); result <- err }()
		}
		synctest.Wait()
		closed := make(chan bool)
		go func() { p.Close(); close(closed) }()
		for range 2 + runtime.GOMAXPROCS(0) {
			wantKeyError(t, nil, <-result, nil)
		}
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close did not wait for the keys that are being made")
		default:
		}
		close(g.open)
		<-closed
		if p.Len() != 0 {
			t.Errorf("%d keys in stock of a closed pool", p.Len())
		}
	})
}

// When the generator fails, each Get returns its error. Close still works.
func TestKeyPoolGeneratorFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("no primes today")
		var broken atomic.Bool
		broken.Store(true)
		p := newPool(t, 2, 2, func(a Algorithm) (*PrivateKey, error) {
			if broken.Load() {
				return nil, &yuncert.Error{Code: yuncert.ErrInternalKeyError, Err: cause}
			}
			return quick(a)
		})
		for range 3 {
			key, err := p.Get(t.Context())
			wantKeyError(t, key, err, cause)
		}
		broken.Store(false)
		if _, err := p.Get(t.Context()); err != nil {
			t.Errorf("once the generator works: %v", err)
		}
		// A failure has no effect if nobody waits for the key.
		broken.Store(true)
		done, cancel := context.WithCancel(t.Context())
		cancel()
		key, err := p.Get(done)
		wantKeyError(t, key, err, context.Canceled)
		p.Close()
	})
}

// Close overwrites the keys that Get did not return.
func TestKeyPoolCloseWipes(t *testing.T) {
	t.Parallel()
	for _, a := range []Algorithm{RSA_2048, ECC_256, SM2_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var keys sync.Map
				p, err := newKeyPool(a, 1, 1, func(a Algorithm) (*PrivateKey, error) {
					key, err := GenerateKey(a)
					keys.Store(key, true)
					return key, err
				})
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // the stock has one key and the maker holds another
				p.Close()
				count := 0
				for key := range keys.Range {
					count++
					for i, n := range secretNumbers(key.(*PrivateKey)) {
						if len(bytes.Trim(n, "\x00")) > 0 {
							t.Errorf("number %d of a key that nobody has is still there", i)
						}
					}
				}
				if count != 2 {
					t.Errorf("%d keys were made, want 2", count)
				}
			})
		})
	}
}

// secretNumbers returns the secret numbers of a key.
func secretNumbers(key *PrivateKey) [][]byte {
	switch signer := key.secret.signer.(type) {
	case *rsa.PrivateKey:
		crt := signer.Precomputed
		return [][]byte{signer.D.Bytes(), signer.Primes[0].Bytes(), signer.Primes[1].Bytes(), crt.Dp.Bytes(), crt.Dq.Bytes(), crt.Qinv.Bytes()}
	case *ecdsa.PrivateKey:
		//lint:ignore SA1019 as in wipe
		return [][]byte{signer.D.Bytes()}
	}
	return [][]byte{key.secret.signer.(sm2Signer).Bytes()}
}
