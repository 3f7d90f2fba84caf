package order_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/yuncert/yuncert/order"
)

// BenchmarkSubmit times an application from the CSR to the stored order. Most
// of the time is the verification of the CSR's signature.
func BenchmarkSubmit(b *testing.B) {
	book, _ := newBook(b, unasked(b))
	req := application(plainCSR(b))
	now := instant
	b.ReportAllocs()
	for b.Loop() {
		if _, err := book.CreateCertificateWithCsrRequest(b.Context(), rand.Reader, now, req); err != nil {
			b.Fatal(err)
		}
		now = now.Add(time.Microsecond)
	}
}

// BenchmarkDescribe times the two longest responses. CertId is computed from the
// certificate each time.
func BenchmarkDescribe(b *testing.B) {
	book, _ := newBook(b, proved)
	for _, state := range []order.State{order.StateDomainVerify, order.StateCertificate} {
		b.Run(string(state), func(b *testing.B) {
			req := &order.DescribeCertificateStateRequest{OrderId: reach(b, book, state, application(plainCSR(b))).OrderId}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := book.DescribeCertificateState(b.Context(), rand.Reader, req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
