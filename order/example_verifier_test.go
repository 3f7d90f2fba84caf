package order_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/order"
)

// dnsTable is a Verifier for records that you read in your own way, such as
// through the API of a DNS provider. The Book compares them with the proof. Add
// a lock if several goroutines use it.
type dnsTable map[string][]string

func (t dnsTable) Lookup(_ context.Context, c order.Challenge) ([]string, error) {
	if c.RecordType != "TXT" {
		return nil, errors.New("only proofs in the DNS are looked up")
	}
	return t[c.RecordName], nil
}

// Write your own Verifier and use it instead of [order.NetVerifier].
func ExampleVerifier() {
	ctx, now := context.Background(), time.Now()
	records := dnsTable{}
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{Verifier: records})
	if err := book.AddPackage(ctx, order.DefaultProductCode, 1); err != nil {
		log.Fatal(err)
	}
	request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		KeySize: 256, Algorithm: "ECC", CommonName: "www.example.com", CountryCode: "CN", Province: "Beijing", Locality: "Beijing",
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

	o, err := book.CheckOwnership(ctx, now, placed.OrderId)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s\n", o.State, o.Reason)

	records["_dnsauth.www.example.com"] = []string{"v=spf1 -all", o.Challenge().RecordValue}
	if o, err = book.CheckOwnership(ctx, now, placed.OrderId); err != nil {
		log.Fatal(err)
	}
	fmt.Println(o.State)
	// Output:
	// domain_verify: nothing was found where the proof belongs
	// process
}
