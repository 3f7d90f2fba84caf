package ca_test

import (
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/floor"
	"github.com/yuncert/yuncert/internal/testutil"
)

// benchmarked are the algorithms whose overhead over the primitives matters most.
var benchmarked = []algorithm.Algorithm{algorithm.ECC_256, algorithm.ECC_384, algorithm.RSA_2048, algorithm.SM2_256}

// issuance returns the issuing of a certificate with a common name, three DNS
// names, one address and the address of the CRL, from PEM to PEM.
func issuance(b *testing.B, a algorithm.Algorithm) func() {
	b.Helper()
	issuer := authorityOf(a).issuer
	req := serverRequest(issuer, hostCSR(b, a, "www.example.com", "www.example.com", "example.com", "api.example.com", "192.0.2.1"))
	req.EnableCrl, req.Immediately = 1, 1
	random := testutil.Seeded()
	return func() {
		if _, _, err := ca.CreateServerCertificateWithCsr(random, instant, issuer, req); err != nil {
			b.Fatal(err)
		}
	}
}

// customIssuance returns the issuing of a custom certificate with the same content.
func customIssuance(b *testing.B, a algorithm.Algorithm) func() {
	b.Helper()
	issuer := authorityOf(a).issuer
	req := customFor(issuer, hostCSR(b, a, "www.example.com", "www.example.com", "example.com", "api.example.com", "192.0.2.1"))
	req.EnableCrl, req.Immediately = 1, 1
	req.ApiPassthrough.Subject = &customSubject{
		Country: "CN", State: "Zhejiang", Locality: "杭州", Organization: "Alibaba Inc.", OrganizationUnit: "Aliyun CDN", CommonName: "www.example.com",
	}
	req.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"serverAuth"}
	random := testutil.Seeded()
	return func() {
		if _, _, err := ca.CreateCustomCertificate(random, instant, issuer, req); err != nil {
			b.Fatal(err)
		}
	}
}

// The metric x-floor is the time of an issuance divided by the time of one
// verification under the server's key and one signature by the CA's.
func BenchmarkCreateServerCertificateWithCsr(b *testing.B) {
	for _, a := range benchmarked {
		b.Run(string(a), func(b *testing.B) {
			floor.Report(b, "x-floor", issuance(b, a), floor.Both(floor.Verification(a, 2), floor.Signature(a, 1)))
		})
	}
}

// As above: the same content costs the same.
func BenchmarkCreateCustomCertificate(b *testing.B) {
	for _, a := range benchmarked {
		b.Run(string(a), func(b *testing.B) {
			floor.Report(b, "x-floor", customIssuance(b, a), floor.Both(floor.Verification(a, 2), floor.Signature(a, 1)))
		})
	}
}

// All processors issue under one Issuer. With -cpu 1,2 on an idle machine the
// time on the wall, ns/op, halves; on a busy one cpu-ns/op, the processor time,
// tells by staying as it is that the two do not hinder each other.
func BenchmarkCreateServerCertificateWithCsrParallel(b *testing.B) {
	for _, a := range benchmarked {
		b.Run(string(a), func(b *testing.B) {
			b.ReportAllocs()
			issuance(b, a)() // makes here what is made only once
			before := floor.ProcessorTime()
			b.RunParallel(func(pb *testing.PB) {
				issue := issuance(b, a)
				for pb.Next() {
					issue()
				}
			})
			b.ReportMetric(float64(floor.ProcessorTime()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// A chain of two: two verifications.
func BenchmarkNewIssuer(b *testing.B) {
	for _, a := range benchmarked {
		b.Run(string(a), func(b *testing.B) {
			au := authorityOf(a)
			verification := floor.Verification(a, 0)
			floor.Report(b, "x-floor", func() {
				if _, err := ca.NewIssuer(au.sub.CertificateChain, au.subKey, ca.IssuerOptions{}); err != nil {
					b.Fatal(err)
				}
			}, floor.Both(verification, verification))
		})
	}
}
