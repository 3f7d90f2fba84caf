package acme_test

import (
	"context"
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

// An order is certified by a public CA. A service takes the steps at the times that it
// chooses, each perhaps in another process.
func Example() {
	ctx := context.Background()
	server := newFakeCA("www.example.com") // stands for the CA

	// Once: create a key for the account, keep it, and register it.
	ca := &acme.Authority{
		Directory: "https://ca.test/dir", // such as https://acme-staging-v02.api.letsencrypt.org/directory
		Key:       testkeys.Key(algorithm.ECC_256, 0),
		Client:    &http.Client{Transport: server}, // a program leaves Client out
	}
	var err error
	ca.Account, err = ca.Register(ctx, []string{"ops@example.com"}, true, nil)
	if err != nil {
		log.Fatal(err)
	}
	records := make(published)
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{Authority: ca, Verifier: records})
	if err := book.AddPackage(ctx, order.DefaultProductCode, 10); err != nil {
		log.Fatal(err)
	}

	// The applicant submits a CSR.
	request, err := csr.CreateCsrWithKey(nil, testkeys.Key(algorithm.ECC_256, 1), &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		log.Fatal(err)
	}
	submitted, err := book.CreateCertificateWithCsrRequest(ctx, nil, time.Now(), &order.CreateCertificateWithCsrRequestRequest{
		Csr: request.Csr, Username: "Tom", Phone: "10086", Email: "tom@example.com", ValidateType: "DNS",
	})
	if err != nil {
		log.Fatal(err)
	}

	o, err := book.Order(ctx, submitted.OrderId)
	if err != nil {
		log.Fatal(err)
	}

	// The applicant adds a record, and the service calls CheckOwnership now and then.
	// With several names another record can be due after each call.
	c := o.Challenge()
	fmt.Println(c.RecordName, c.RecordType, c.RecordValue)
	records[c.RecordName] = c.RecordValue
	for err == nil && o.State == order.StateDomainVerify {
		o, err = book.CheckOwnership(ctx, time.Now(), o.OrderId)
		fmt.Println(o.State)
	}

	// The service calls Obtain until the CA has signed.
	for err == nil && o.State == order.StateProcess {
		o, err = book.Obtain(ctx, time.Now(), o.OrderId)
		fmt.Println(o.State)
	}
	if err != nil {
		log.Fatal(err)
	}

	// Output:
	// _acme-challenge.www.example.com TXT IYIH-piXecVgGvTCDgQPUW3vq6SKvXP5ox1b6jphqPc
	// domain_verify
	// process
	// certificate
}
