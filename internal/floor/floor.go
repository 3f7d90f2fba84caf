// Package floor measures for benchmarks what an operation costs as a multiple of
// the cryptography that it needs in any case, its floor.
//
// It measures both in turns in the same run, so that other processes on the
// machine slow down both or neither. It measures the processor time of the whole
// process, which includes the garbage collector's work on other processors.
package floor

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// Turn is roughly how long one side runs before the other has its turn. It is long
// enough for the garbage collector to run in each turn of an operation that
// allocates, and short enough that the machine's load hardly changes.
const Turn = 50 * time.Millisecond

// Report runs an operation and its floor in turns until the benchmark has enough.
// It reports:
//
//   - ns/op, B/op and allocs/op of the operation, where the time is processor time;
//   - its processor time divided by the floor's, in the given unit (see [Ratio]);
//   - own-allocs/op, its allocations minus the floor's.
//
// It returns the processor time of one operation.
func Report(b *testing.B, unit string, operation, floor func()) time.Duration {
	b.Helper()
	b.ReportAllocs() // shows B/op and allocs/op
	n, m := calls(operation), calls(floor)
	var spent, least []time.Duration // per call, one element a turn
	for turn := 0; b.Loop(); turn++ {
		spent = append(spent, PerCall(operation, n, turn))
		least = append(least, PerCall(floor, m, turn))
	}
	perOperation := mean(spent)
	b.ReportMetric(perOperation, "ns/op")
	b.ReportMetric(Ratio(spent, least), unit)
	allocs, size := allocations(operation, n)
	others, _ := allocations(floor, m)
	b.ReportMetric(size, "B/op")
	b.ReportMetric(allocs, "allocs/op")
	b.ReportMetric(allocs-others, "own-allocs/op")
	return time.Duration(perOperation)
}

// PerCall returns the processor time of one of n calls. It calls f at a different
// depth of the stack in each turn: code that keeps its numbers on the stack, such as
// crypto/rsa, takes up to 5 % longer at some depths, and this way both sides meet
// all of them.
func PerCall(f func(), n, turn int) (spent time.Duration) {
	deeper(13*turn%32, func() {
		start := ProcessorTime()
		for range n {
			f()
		}
		spent = (ProcessorTime() - start) / time.Duration(n)
	})
	return spent
}

// deeper calls f under this many additional stack frames of about 200 octets.
//
//go:noinline
func deeper(frames int, f func()) byte {
	var frame [160]byte
	if frames == 0 {
		f()
		return frame[0]
	}
	return deeper(frames-1, f) + frame[frames]
}

// Ratio returns how many times as long one side took as the other. It divides the
// times of each turn and returns the mean of the middle half of the quotients, since
// now and then another process evicts the caches in the middle of a turn.
func Ratio(spent, least []time.Duration) float64 {
	quotients := make([]float64, len(spent))
	for i := range spent {
		quotients[i] = float64(spent[i]) / float64(least[i])
	}
	slices.Sort(quotients)
	return mean(quotients[len(quotients)/4 : len(quotients)-len(quotients)/4])
}

func mean[T time.Duration | float64](list []T) float64 {
	var sum T
	for _, x := range list {
		sum += x
	}
	return float64(sum) / float64(len(list))
}

// calls returns the number of calls of f that fill a turn.
func calls(f func()) int {
	f() // does the work that is done only once
	for n := 1; ; n *= 2 {
		start := time.Now()
		for range n {
			f()
		}
		spent := time.Since(start)
		if spent >= Turn/4 {
			return 1 + int(time.Duration(n)*Turn/spent)
		}
	}
}

// allocations returns the mean number of objects and octets that a call of f
// allocates.
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

// digest is signed and verified. The floor does not include hashing.
var digest = sha256.Sum256([]byte("what is signed"))

// Signature returns a function that signs a digest with a test key and does nothing
// else. It uses the standard library or, for SM2, the engine.
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

// Verification returns a function that verifies a signature of a digest with the
// public key of a test key and does nothing else.
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

// Both returns a function that calls first and then second.
func Both(first, second func()) func() { return func() { first(); second() } }
