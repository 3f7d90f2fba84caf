// Package floor tells benchmarks what an operation costs as a multiple of the
// cryptography that it cannot do without.
//
// Both are measured in turns of the same run and in processor time of the whole
// process, so that another process on the machine hits neither or both and what
// the garbage collector does on other processors counts.
package floor

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"runtime"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// turn is about how long one side runs before the other has its turn: long
// enough that a cycle of the garbage collector, of less than a millisecond, is
// done while the side runs that filled the heap, and short enough that the
// machine does not change meanwhile.
const turn = 10 * time.Millisecond

// Report runs an operation and its floor until the benchmark has enough and
// reports, of the operation alone:
//
//   - ns/op in processor time, B/op and allocs/op;
//   - its processor time over that of the floor, under the name unit;
//   - its allocations less those of the floor, as own-allocs/op.
//
// It returns the first of these.
func Report(b *testing.B, unit string, operation, floor func()) time.Duration {
	b.Helper()
	b.ReportAllocs() // shows B/op and allocs/op
	n, m := calls(operation), calls(floor)
	var spent, least time.Duration
	for b.Loop() {
		start := ProcessorTime()
		for range n {
			operation()
		}
		between := ProcessorTime()
		for range m {
			floor()
		}
		spent, least = spent+between-start, least+ProcessorTime()-between
	}
	perOperation := float64(spent) / float64(b.N*n)
	b.ReportMetric(perOperation, "ns/op")
	b.ReportMetric(perOperation/(float64(least)/float64(b.N*m)), unit)
	allocs, size := allocations(operation, n)
	others, _ := allocations(floor, m)
	b.ReportMetric(size, "B/op")
	b.ReportMetric(allocs, "allocs/op")
	b.ReportMetric(allocs-others, "own-allocs/op")
	return time.Duration(perOperation)
}

// calls returns how many calls of f fill a turn.
func calls(f func()) int {
	f() // whatever is made once is made here
	for n := 1; ; n *= 2 {
		start := time.Now()
		for range n {
			f()
		}
		if spent := time.Since(start); spent >= turn/4 {
			return 1 + int(time.Duration(n)*turn/spent)
		}
	}
}

// allocations returns how many objects and octets a call of f allocates, the
// mean of a turn.
func allocations(f func(), calls int) (objects, octets float64) {
	runs := uint64(min(calls, 100))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64((after.Mallocs - before.Mallocs) / runs), float64((after.TotalAlloc - before.TotalAlloc) / runs)
}

// digest is what the primitives sign and verify: the floor holds no hashing.
var digest = sha256.Sum256([]byte("what is signed"))

// Signature returns the bare signature of a digest with a test key, by the
// standard library or, for SM2, over the engine.
func Signature(a algorithm.Algorithm, i int) func() {
	sign := signer(a, i)
	return func() { sign() }
}

func signer(a algorithm.Algorithm, i int) func() []byte {
	must := func(signature []byte, err error) []byte {
		if err != nil {
			panic(err)
		}
		return signature
	}
	if a == algorithm.SM2_256 {
		key := testkeys.Key(a, i)
		return func() []byte { return must(key.Sign(nil, digest[:], nil)) }
	}
	block, _ := pem.Decode(testkeys.PEM(a, i))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	return func() []byte { return must(key.(crypto.Signer).Sign(nil, digest[:], crypto.SHA256)) }
}

// Verification returns the bare verification of a digest's signature under the
// public half of a test key.
func Verification(a algorithm.Algorithm, i int) func() {
	signature := signer(a, i)()
	var verify func() bool
	switch pub := testkeys.Key(a, i).Public().(type) {
	case *rsa.PublicKey:
		verify = func() bool { return rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest[:], signature) == nil }
	case *ecdsa.PublicKey:
		verify = func() bool { return ecdsa.VerifyASN1(pub, digest[:], signature) }
		if a == algorithm.SM2_256 {
			verify = func() bool { return sm2.VerifyDigest(pub, digest[:], signature) }
		}
	}
	return func() {
		if !verify() {
			panic("the signature does not verify")
		}
	}
}

// Both returns one after the other.
func Both(first, second func()) func() { return func() { first(); second() } }
