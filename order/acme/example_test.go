package acme_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/acme"
)

// published finds the records that the applicant published. A program leaves Verifier
// out, and a NetVerifier looks into the DNS.
type published map[string]string

func (p published) Lookup(_ context.Context, c order.Challenge) ([]string, error) {
	return []string{p[c.RecordName]}, nil
}

// An order is certified by a public CA. client and records stand for the network: a
// program leaves Client and Verifier out. A service takes the steps at the times that it
// chooses, each perhaps in another process.
func Example() {
	ctx := context.Background()
	const directory = "https://ca.test/dir" // such as https://acme-staging-v02.api.letsencrypt.org/directory
	client, records := &http.Client{Transport: newFakeCA("www.example.com")}, make(published)
	addRecord := func(name, text string) { records[name] = text }
	csrPEM := must(csr.CreateCsrWithKey(nil, testkeys.Key(algorithm.ECC_256, 1), &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})).Csr

	// Once: create a key for the account at the CA, keep it, and register it.
	account := must(algorithm.GenerateKey(algorithm.ECC_256))
	authority := &acme.Authority{Directory: directory, Key: account, Client: client}
	authority.Account = must(authority.Register(ctx, []string{"ops@example.com"}, true, nil))

	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{
		Authority: authority, Verifier: records,
	})
	if err := book.AddPackage(ctx, order.DefaultProductCode, 10); err != nil {
		log.Fatal(err)
	}
	resp := must(book.CreateCertificateWithCsrRequest(ctx, rand.Reader, time.Now(),
		&order.CreateCertificateWithCsrRequestRequest{
			Csr: csrPEM, Username: "Tom", Phone: "10086", Email: "tom@example.com", ValidateType: "DNS",
		}))
	o := must(book.Order(ctx, resp.OrderId))
	for o.State == order.StateDomainVerify {
		c := o.Challenge()
		fmt.Println("Add the", c.RecordType, "record", c.RecordName)
		addRecord(c.RecordName, c.RecordValue) // at the DNS provider; then wait until others see it
		o = must(book.CheckOwnership(ctx, time.Now(), o.OrderId))
	}
	for o.State == order.StateProcess {
		o = must(book.Obtain(ctx, time.Now(), o.OrderId)) // a service pauses before the next try
	}
	fmt.Println(o.State, o.Reason)

	// Output:
	// Add the TXT record _acme-challenge.www.example.com
	// Add the TXT record _acme-challenge.www.example.com
	// certificate
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
