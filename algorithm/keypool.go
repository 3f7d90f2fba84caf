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

// A KeyPool holds keys that were made ahead of time, so that a request for an
// RSA key need not wait for two primes. It absorbs bursts of up to its size:
// what is asked for in the long run cannot exceed what the processors make, a
// dozen or so of RSA_2048 keys a second each. ECC and SM2 keys take microseconds
// and need no pool. A KeyPool is safe for concurrent use.
type KeyPool struct {
	algorithm  Algorithm
	generate   func(Algorithm) (*PrivateKey, error)
	stock      chan *PrivateKey
	processors chan struct{} // holds one for each key that is made for a waiting Get
	closing    chan struct{}

	mu      sync.Mutex // orders start and Close
	closed  bool
	running sync.WaitGroup
}

// NewKeyPool makes a pool that keeps up to size keys of an algorithm in stock,
// made by as many goroutines as makers says: as many processors are busy until
// the stock is full, and again whenever a key is taken. The keys are those of
// [GenerateKey]; a maker ends when that fails, and Get goes on without it.
// [KeyPool.Close] ends the goroutines. An algorithm that GenerateKey refuses, a
// size that is not from 1 to 100,000 and makers that are not from 1 to 1000 are
// [yuncert.ErrInvalidValueMalformed].
func NewKeyPool(a Algorithm, size, makers int) (*KeyPool, error) {
	return newKeyPool(a, size, makers, GenerateKey)
}

func newKeyPool(a Algorithm, size, makers int, generate func(Algorithm) (*PrivateKey, error)) (*KeyPool, error) {
	if a == RSA_1024 || !slices.Contains(all, a) {
		return nil, notGenerated(a)
	}
	if size < 1 || size > 100_000 || makers < 1 || makers > 1000 {
		return nil, malformed("a pool of %d keys with %d makers is none: 1 to 100,000 keys and 1 to 1000 makers are", size, makers)
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

// start runs f in a goroutine that Close waits for, unless the pool is closed.
func (p *KeyPool) start(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.running.Go(f)
	}
	return !p.closed
}

// fill makes keys until the pool is closed or the generator fails, which Get
// reports when it tries itself.
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

// Get hands out a key that nobody else was or will be given. It takes one from
// the stock; when that is empty, it makes one, beside as many others as there
// are processors, or takes what the makers finish first. When ctx is done before
// that, Get returns at once, and a key that is half made goes into the stock.
//
// The error is [yuncert.ErrInternalKeyError]: ctx is done, and errors.Is finds
// its error; the pool is closed; or the generator failed.
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
	if !p.start(func() {
		key, err := p.generate(p.algorithm)
		<-p.processors
		select {
		case made <- result{key, err}:
		case <-left:
			p.keep(key)
		}
	}) {
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

// Len returns how many keys are in stock: a service that starts may wait for some,
// and one that runs shows by it whether size and makers suffice.
func (p *KeyPool) Len() int { return len(p.stock) }

// keep puts a key that nobody waits for any more into the stock, if there is
// room and there is a key.
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

// Close ends the pool: waiting and later calls of Get fail, keys that were handed
// out stay good. It waits for the keys that are being made, up to seconds for
// RSA_4096, after which no goroutine of the pool is left. The numbers of the keys
// still in stock are overwritten with zeros; copies that the standard library and
// the SM2 engine made of them inside a key, and the garbage collector's freed
// memory, are out of reach. Closing twice does no harm.
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

// wipe overwrites the secret numbers of a key that nobody else holds.
func (k *PrivateKey) wipe() {
	var secrets []*big.Int
	switch signer := k.secret.signer.(type) {
	case *rsa.PrivateKey:
		crt := signer.Precomputed
		secrets = append(slices.Clone(signer.Primes), signer.D, crt.Dp, crt.Dq, crt.Qinv)
	case *ecdsa.PrivateKey:
		//lint:ignore SA1019 there is no other way to the number
		secrets = []*big.Int{signer.D}
	case sm2Signer:
		signer.Wipe()
	}
	for _, n := range secrets {
		if n != nil { // crypto/rsa fills in what it can
			clear(n.Bits())
		}
	}
}
