package x509der_test

import (
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/x509der"
)

// BenchmarkPause reads a CSR, without its signature, right after another and
// after so long of waiting in a loop that touches nothing. What the second costs
// more is what a processor forgets that others use too: an operation pays it
// after each signature, whose time passes like any other.
func BenchmarkPause(b *testing.B) {
	signer := certSigner(b, algorithm.ECC_256, 0)
	request, err := x509der.MarshalRequest(nil, signer, certTemplate(b, algorithm.ECC_256).Subject, []string{"www.example.com", "example.com", "192.0.2.1"})
	if err != nil {
		b.Fatal(err)
	}
	for _, pause := range []time.Duration{0, 100 * time.Microsecond, time.Millisecond} {
		b.Run(pause.String(), func(b *testing.B) {
			var spent time.Duration
			for b.Loop() {
				for start := time.Now(); time.Since(start) < pause; {
				}
				start := time.Now()
				if _, err := x509der.ParseRequest(request); err != nil {
					b.Fatal(err)
				}
				spent += time.Since(start)
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "ns/op")
		})
	}
}
