package algorithm

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"math/big"
	"runtime"
	"slices"
	"sync"

	"github.com/yuncert/yuncert"
)

// A KeyPool keeps keys in stock, so that a request for an RSA key need not wait
// for two primes. It covers bursts of up to its size. In the long run it gives
// out no more keys than the processors make: about a dozen RSA_2048 keys a second
// for each processor. ECC and SM2 keys take microseconds and need no pool. A
// KeyPool is safe for concurrent use.
type KeyPool struct {
	algorithm  Algorithm
	generate   func(Algorithm) (*PrivateKey, error)
	stock      chan *PrivateKey
	processors chan struct{} // has one element for each key that Get is making
	closing    chan struct{}

	mu      sync.Mutex // protects closed, after which nothing is added to running
	closed  bool
	running sync.WaitGroup
}

// NewKeyPool makes a pool for up to size keys of an algorithm and starts makers
// goroutines. They call [GenerateKey] until the stock is full, and again when a
// key is taken; each keeps one processor busy. A maker ends if GenerateKey fails;
// Get still works without makers. Call [KeyPool.Close] to end the goroutines.
//
// An algorithm that GenerateKey refuses, a size outside 1 to 100,000 and makers
// outside 1 to 1000 are [yuncert.ErrInvalidValueMalformed].
func NewKeyPool(a Algorithm, size, makers int) (*KeyPool, error) {
	return newKeyPool(a, size, makers, GenerateKey)
}

func newKeyPool(a Algorithm, size, makers int, generate func(Algorithm) (*PrivateKey, error)) (*KeyPool, error) {
	if a == RSA_1024 || !slices.Contains(all, a) {
		return nil, notGenerated(a)
	}
	if size < 1 || size > 100_000 {
		return nil, malformed("a key pool of size %d is not supported; want 1 to 100,000", size)
	}
	if makers < 1 || makers > 1000 {
		return nil, malformed("a key pool with %d makers is not supported; want 1 to 1000", makers)
	}
	p := &KeyPool{
		algorithm:  a,
		generate:   generate,
		stock:      make(chan *PrivateKey, size),
		processors: make(chan struct{}, runtime.GOMAXPROCS(0)),
		closing:    make(chan struct{}),
	}
	for range makers {
		p.start(p.fill)
	}
	return p, nil
}

// start runs f in a goroutine that Close waits for. It reports false, and does not
// run f, if the pool is closed.
func (p *KeyPool) start(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.running.Go(f)
	return true
}

// fill makes keys until the pool is closed or the generator fails. Get reports
// such a failure when it makes a key itself.
func (p *KeyPool) fill() {
	for {
		key, err := p.generate(p.algorithm)
		if err != nil {
			return
		}
		select {
		case p.stock <- key:
		case <-p.closing:
			key.wipe()
			return
		}
		select {
		case <-p.closing:
			return
		default:
		}
	}
}

// Get gives out a key that no other call gets. It takes the key from the stock. If
// the stock is empty, Get makes a key itself or takes the first that a maker
// finishes. Calls of Get make at most GOMAXPROCS keys at a time. If ctx is done
// first, Get returns at once, and the key it was making goes into the stock.
//
// The error is [yuncert.ErrInternalKeyError]: ctx is done (errors.Is finds its
// error), the pool is closed, or the generator failed.
func (p *KeyPool) Get(ctx context.Context) (*PrivateKey, error) {
	if ctx.Err() != nil {
		return nil, lateKey(ctx)
	}
	select {
	case <-p.closing:
		return nil, errPoolClosed()
	default:
	}
	select {
	case key := <-p.stock:
		return key, nil
	default:
	}

	select {
	case key := <-p.stock:
		return key, nil
	case p.processors <- struct{}{}:
	case <-p.closing:
		return nil, errPoolClosed()
	case <-ctx.Done():
		return nil, lateKey(ctx)
	}
	type result struct {
		key *PrivateKey
		err error
	}
	made, left := make(chan result), make(chan struct{})
	defer close(left)
	started := p.start(func() {
		key, err := p.generate(p.algorithm)
		<-p.processors
		select {
		case made <- result{key, err}:
		case <-left:
			p.keep(key)
		}
	})
	if !started {
		<-p.processors
		return nil, errPoolClosed()
	}
	select {
	case m := <-made:
		return m.key, m.err
	case key := <-p.stock:
		return key, nil
	case <-p.closing:
		return nil, errPoolClosed()
	case <-ctx.Done():
		return nil, lateKey(ctx)
	}
}

// Len returns the number of keys in stock. A service can wait for some keys when it
// starts, and later see whether size and makers are sufficient.
func (p *KeyPool) Len() int { return len(p.stock) }

// keep puts a key into the stock, or wipes it if the stock is full. The key is nil
// if the generator failed.
func (p *KeyPool) keep(key *PrivateKey) {
	if key == nil {
		return
	}
	select {
	case p.stock <- key:
	default:
		key.wipe()
	}
}

// Close ends the pool. Waiting and later calls of Get fail; keys that Get returned
// stay valid. Close waits for the keys that are being made, up to seconds for
// RSA_4096; after that no goroutine of the pool is left. It overwrites the secret
// numbers of the keys in stock with zeros. It cannot reach the copies that the
// standard library and the SM2 engine keep inside a key, nor memory that the
// garbage collector freed. A second call has no effect.
func (p *KeyPool) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.closing)
	}
	p.mu.Unlock()
	p.running.Wait()
	for {
		select {
		case key := <-p.stock:
			key.wipe()
		default:
			return
		}
	}
}

func errPoolClosed() error {
	return &yuncert.Error{Code: yuncert.ErrInternalKeyError, Message: "the key pool is closed"}
}

func lateKey(ctx context.Context) error {
	return &yuncert.Error{Code: yuncert.ErrInternalKeyError, Message: "no key was ready in time", Err: ctx.Err()}
}

// wipe overwrites the secret numbers of a key. Nobody else may hold the key.
func (k *PrivateKey) wipe() {
	var secrets []*big.Int
	switch signer := k.secret.signer.(type) {
	case *rsa.PrivateKey:
		crt := signer.Precomputed
		secrets = append(slices.Clone(signer.Primes), signer.D, crt.Dp, crt.Dq, crt.Qinv)
	case *ecdsa.PrivateKey:
		//lint:ignore SA1019 nothing else gives access to the number
		secrets = []*big.Int{signer.D}
	case sm2Signer:
		signer.Wipe()
	}
	for _, n := range secrets {
		if n != nil { // crypto/rsa may leave out CRT values
			clear(n.Bits())
		}
	}
}
