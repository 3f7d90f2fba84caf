package order_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"time"

	"github.com/yuncert/yuncert/order"
)

// Order a certificate for two names with a key that is made here, and renew it ten days
// before it expires. The documented products take one name, so the Book has a product of
// its own. The Verifier simulates the DNS of the applicant.
func ExampleBook_RenewCertificateOrderForPackageRequest() {
	ctx, now := context.Background(), time.Now()
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{
		Verifier: proved,
		Products: []order.Product{{Code: "example-dv-5", Single: true, Months: 3, MaxNames: 5}},
	})
	if err := book.AddPackage(ctx, "example-dv-5", 2); err != nil {
		log.Fatal(err)
	}
	issuer := exampleIssuer(now)
	issue := func(now time.Time, id int64) order.Order {
		if _, err := book.CheckOwnership(ctx, now, id); err != nil {
			log.Fatal(err)
		}
		issued, err := book.Issue(ctx, rand.Reader, now, issuer, id)
		if err != nil {
			log.Fatal(err)
		}
		return issued
	}

	// Keep the key: it is stored nowhere else.
	placed, key, err := book.CreateCertificateForPackageRequest(ctx, rand.Reader, now, &order.CreateCertificateForPackageRequestRequest{
		ProductCode: "example-dv-5", Domain: "www.example.com,example.com",
	})
	if err != nil {
		log.Fatal(err)
	}
	first := issue(now, placed.OrderId)
	fmt.Println(key, "for", first.Names)

	// The order cannot be renewed yet. Ten days before NotAfter it can, with a new key.
	req := &order.RenewCertificateOrderForPackageRequestRequest{OrderId: first.OrderId}
	_, _, err = book.RenewCertificateOrderForPackageRequest(ctx, rand.Reader, now, req)
	fmt.Println("too early:", err != nil)
	now = first.NotAfter.AddDate(0, 0, -10)
	renewed, key, err := book.RenewCertificateOrderForPackageRequest(ctx, rand.Reader, now, req)
	if err != nil {
		log.Fatal(err)
	}
	second := issue(now, renewed.OrderId)
	fmt.Println(key, "for", second.Names, "in a second order:", second.OrderId != first.OrderId)
	// Output:
	// RSA_2048 private key for www.example.com,example.com
	// too early: true
	// RSA_2048 private key for www.example.com,example.com in a second order: true
}
