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
	save := func(*algorithm.PrivateKey) {}

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

	request, key, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com",
		CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		log.Fatal(err)
	}
	save(key) // before anything else
	resp := must(book.CreateCertificateWithCsrRequest(ctx, rand.Reader, time.Now(),
		&order.CreateCertificateWithCsrRequestRequest{
			Csr: request.Csr, ValidateType: "DNS",
			Username: "Tom", Phone: "10086", Email: "tom@example.com",
		}))
	o := must(book.Order(ctx, resp.OrderId))
	var added order.Challenge
	for o.State == order.StateDomainVerify { // pause before each further try
		if c := o.Challenge(); c != added {
			fmt.Println("Add the", c.RecordType, "record", c.RecordName)
			addRecord(c.RecordName, c.RecordValue) // at the DNS provider
			added = c
		}
		o = must(book.CheckOwnership(ctx, time.Now(), o.OrderId))
	}
	for o.State == order.StateProcess { // pause here too
		o = must(book.Obtain(ctx, time.Now(), o.OrderId))
	}
	fmt.Println(o.State, o.Reason) // o.Certificate has the certificate and the CA's

	// Output:
	// Add the TXT record _acme-challenge.www.example.com
	// certificate
}

// A certificate is renewed and the first one revoked. The CA still accepts the last
// proof, so no order here needs another one.
func Example_renewal() {
	ctx := context.Background()
	network := newFakeCA("www.example.com")
	network.order["status"] = "ready"
	authority := network.authority()
	store := order.NewMemoryStore()
	request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		log.Fatal(err)
	}

	// The program decides when to renew, and the Book allows it at any time.
	book := order.NewBook(store, order.BookOptions{
		Authority: authority, RenewBefore: 366 * 24 * time.Hour,
	})

	if err := book.AddPackage(ctx, order.DefaultProductCode, 10); err != nil {
		log.Fatal(err)
	}
	id := must(book.CreateCertificateWithCsrRequest(ctx, rand.Reader, time.Now(), &order.CreateCertificateWithCsrRequestRequest{
		Csr: request.Csr, Username: "Tom", Phone: "10086", Email: "tom@example.com", ValidateType: "DNS",
	})).OrderId
	o := must(book.Order(ctx, id))
	for o.State == order.StateProcess {
		o = must(book.Obtain(ctx, time.Now(), o.OrderId))
	}
	now := o.NotAfter.AddDate(0, 0, -20)

	// Each day: now is time.Now(), and o an order whose certificate is in use.
	at, _, err := authority.RenewAfter(ctx, o.Certificate)
	third := o.NotAfter.Add(-o.NotAfter.Sub(o.Issued) / 3) // a third of its life is left
	if err != nil || at.IsZero() || at.After(third) {
		at = third
	}
	if now.After(at) {
		renewal, _, err := book.RenewCertificateOrderForPackageRequest(ctx, rand.Reader, now,
			&order.RenewCertificateOrderForPackageRequestRequest{OrderId: o.OrderId, Csr: o.Csr})
		if err != nil {
			log.Fatal(err)
		}
		second := must(book.Order(ctx, renewal.OrderId)) // goes through the same loops
		fmt.Println(o.State, second.State)
	}

	// If somebody else may have the key of a certificate:
	must(book.CancelCertificateForPackageRequest(ctx, rand.Reader, time.Now(),
		&order.CancelCertificateForPackageRequestRequest{OrderId: o.OrderId}))

	fmt.Println(must(book.Order(ctx, o.OrderId)).State)

	// Output:
	// certificate process
	// revoked
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
