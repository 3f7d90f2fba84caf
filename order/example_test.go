package order_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/order"
)

// zone is a Verifier with the TXT records of names.
type zone map[string][]string

func (z zone) Lookup(_ context.Context, c order.Challenge) ([]string, error) {
	return z[c.RecordName], nil
}

// Buy a plan, order a certificate, prove ownership and issue. The Verifier here
// simulates the DNS of the applicant. Leave it out to ask the real DNS.
func Example() {
	ctx, now := context.Background(), time.Now()
	records := zone{}
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{Verifier: records})
	if err := book.AddPackage(ctx, "geotrust-dv-1-starter", 10); err != nil {
		log.Fatal(err)
	}

	// The applicant makes a key and a CSR, with any tool, and places an order.
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

	// The response says which DNS record proves ownership. The applicant adds it.
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

	// The CA signs the certificate.
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

// exampleIssuer creates a root CA and a subordinate CA, and returns the latter.
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
