package order_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/yuncert/yuncert/order"
)

// dnsTable is a Verifier over records that somebody else reads from the DNS: the
// API of a DNS provider, for example. The Book compares what it returns.
type dnsTable map[string][]string

func (t dnsTable) Lookup(_ context.Context, c order.Challenge) ([]string, error) {
	if c.RecordType != "TXT" {
		return nil, errors.New("only proofs in the DNS are looked up")
	}
	return t["_dnsauth."+c.Domain], nil
}

// A Verifier of one's own in the place of [order.NetVerifier].
func ExampleVerifier() {
	ctx, now := context.Background(), time.Now()
	records := dnsTable{}
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{Verifier: records})
	if err := book.AddPackage(ctx, order.DefaultProductCode, 1); err != nil {
		log.Fatal(err)
	}
	id := placeOrder(ctx, book, now, "www.example.com")

	o, err := book.CheckOwnership(ctx, now, id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s\n", o.State, o.Reason)

	records["_dnsauth.www.example.com"] = []string{"v=spf1 -all", o.Challenge().RecordValue}
	if o, err = book.CheckOwnership(ctx, now, id); err != nil {
		log.Fatal(err)
	}
	fmt.Println(o.State)
	// Output:
	// domain_verify: nothing was found where the proof belongs
	// process
}
