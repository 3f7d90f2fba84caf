package order_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"time"

	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/order"
)

// List the orders that wait for their proof, oldest first, page by page.
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
