package order_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/order"
)

// From a plan that is bought to a certificate. The Verifier stands in for the
// applicant's DNS; leave it out to ask the real one.
func Example() {
	ctx, now := context.Background(), time.Now()
	records := dnsTable{}
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{Verifier: records})
	if err := book.AddPackage(ctx, "geotrust-dv-1-starter", 10); err != nil {
		log.Fatal(err)
	}

	// The applicant makes a key and a CSR, with any tool, and orders.
	request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		KeySize: 256, Algorithm: "ECC", CommonName: "www.example.com",
		CountryCode: "CN", Province: "Beijing", Locality: "Beijing",
	})
	if err != nil {
		log.Fatal(err)
	}
	placed, err := book.CreateCertificateWithCsrRequest(ctx, rand.Reader, now, &order.CreateCertificateWithCsrRequestRequest{
		Csr: request.Csr, ProductCode: "geotrust-dv-1-starter",
		Username: "Tom", Phone: "13900000000", Email: "tom@example.com", ValidateType: "DNS",
	})
	if err != nil {
		log.Fatal(err)
	}

	// The state says which record proves the ownership, and the applicant sets it.
	state, err := book.DescribeCertificateState(ctx, rand.Reader, &order.DescribeCertificateStateRequest{OrderId: placed.OrderId})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(state.Type, state.RecordType, state.RecordDomain, len(state.RecordValue))
	checked, err := book.CheckOwnership(ctx, now, placed.OrderId)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(checked.State, checked.Reason)
	records["_dnsauth.www.example.com"] = []string{state.RecordValue}
	if checked, err = book.CheckOwnership(ctx, now, placed.OrderId); err != nil {
		log.Fatal(err)
	}
	fmt.Println(checked.State)

	// The CA signs.
	if _, err := book.Issue(ctx, rand.Reader, now, exampleIssuer(now), placed.OrderId); err != nil {
		log.Fatal(err)
	}
	if state, err = book.DescribeCertificateState(ctx, rand.Reader, &order.DescribeCertificateStateRequest{OrderId: placed.OrderId}); err != nil {
		log.Fatal(err)
	}
	block, _ := pem.Decode([]byte(state.Certificate))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(state.Type, cert.Subject, cert.DNSNames)
	plan, err := book.DescribePackageState(ctx, rand.Reader, &order.DescribePackageStateRequest{ProductCode: "geotrust-dv-1-starter"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(plan.TotalCount, plan.UsedCount, plan.IssuedCount)
	// Output:
	// domain_verify TXT _dnsauth.www 64
	// domain_verify nothing was found where the proof belongs
	// process
	// certificate CN=www.example.com [www.example.com]
	// 10 1 1
}

// The Verifier of an intranet: the DNS as everywhere, and web servers of one
// network beside those of the Internet.
func ExampleNetVerifier() {
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{
		Verifier: &order.NetVerifier{
			Timeout:         5 * time.Second,
			AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")},
		},
	})
	_, err := book.CheckOwnership(context.Background(), time.Now(), 1)
	fmt.Println(errors.Is(err, yuncert.ErrNotFoundOrder))
	// Output: true
}

// An operator's way through the orders that wait for their proof, oldest first
// and a page at a time.
func ExampleBook_Orders() {
	ctx, now := context.Background(), time.Now()
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{})
	if err := book.AddPackage(ctx, order.DefaultProductCode, 3); err != nil {
		log.Fatal(err)
	}
	for n, domain := range []string{"a.example.com", "b.example.com", "c.example.com"} {
		placeOrder(ctx, book, now.Add(time.Duration(n)*time.Second), domain)
	}

	const size = 2
	var last order.Order
	for {
		page, err := book.Orders(ctx, order.StateDomainVerify, last, size)
		if err != nil {
			log.Fatal(err)
		}
		for _, o := range page {
			fmt.Println(o.Domain, o.Email)
		}
		if len(page) < size {
			break
		}
		last = page[len(page)-1]
	}
	// Output:
	// a.example.com tom@example.com
	// b.example.com tom@example.com
	// c.example.com tom@example.com
}

// placeOrder orders a certificate for a domain.
func placeOrder(ctx context.Context, book *order.Book, now time.Time, domain string) int64 {
	request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		KeySize: 256, Algorithm: "ECC", CommonName: domain, CountryCode: "CN", Province: "Beijing", Locality: "Beijing",
	})
	if err != nil {
		log.Fatal(err)
	}
	placed, err := book.CreateCertificateWithCsrRequest(ctx, rand.Reader, now, &order.CreateCertificateWithCsrRequestRequest{
		Csr: request.Csr, Username: "Tom", Phone: "13900000000", Email: "tom@example.com", ValidateType: "DNS",
	})
	if err != nil {
		log.Fatal(err)
	}
	return placed.OrderId
}

// exampleIssuer is a subordinate CA.
func exampleIssuer(now time.Time) *ca.Issuer {
	newKey := func() *algorithm.PrivateKey {
		key, err := algorithm.GenerateKey(algorithm.ECC_256)
		if err != nil {
			log.Fatal(err)
		}
		return key
	}
	newIssuer := func(chain string, key *algorithm.PrivateKey) *ca.Issuer {
		issuer, err := ca.NewIssuer(chain, key, ca.IssuerOptions{})
		if err != nil {
			log.Fatal(err)
		}
		return issuer
	}
	rootKey, subKey := newKey(), newKey()
	root, err := ca.CreateRootCACertificate(rand.Reader, now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		log.Fatal(err)
	}
	sub, err := ca.CreateSubCACertificate(rand.Reader, now, newIssuer(root.CertificateChain, rootKey), subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example DV CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: "ECC_256", Years: 5,
	})
	if err != nil {
		log.Fatal(err)
	}
	return newIssuer(sub.CertificateChain, subKey)
}
