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
	"slices"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// Turn is about how long one side runs before the other has its turn: long enough
// for the garbage collector to come in each turn of an operation that allocates,
// and short enough that the machine does not change meanwhile.
const Turn = 50 * time.Millisecond

// Report runs an operation and its floor until the benchmark has enough and
// reports, of the operation alone:
//
//   - ns/op in processor time, B/op and allocs/op;
//   - its processor time over that of the floor, under the name unit, as [Ratio]
//     has it;
//   - its allocations less those of the floor, as own-allocs/op.
//
// It returns the first of these.
func Report(b *testing.B, unit string, operation, floor func()) time.Duration {
	b.Helper()
	b.ReportAllocs() // shows B/op and allocs/op
	n, m := calls(operation), calls(floor)
	var spent, least []time.Duration // a call, of each turn
	for turn := 0; b.Loop(); turn++ {
		spent, least = append(spent, PerCall(operation, n, turn)), append(least, PerCall(floor, m, turn))
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

// PerCall returns the processor time of one of n calls, in another place of the
// stack each turn. What keeps its numbers on the stack, such as crypto/rsa, takes
// up to a twentieth longer where they lie badly: that is the luck of the caller,
// and so each side has all of it.
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

// deeper calls f below so many frames of about 200 octets.
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

// Ratio returns what the turns of one side cost over those of the other beside
// them: the mean of the middle half of the quotients, since now and then another
// process takes the caches away in the midst of a turn.
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

// calls returns how many calls of f fill a turn.
func calls(f func()) int {
	f() // whatever is made once is made here
	for n := 1; ; n *= 2 {
		start := time.Now()
		for range n {
			f()
		}
		if spent := time.Since(start); spent >= Turn/4 {
			return 1 + int(time.Duration(n)*Turn/spent)
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
