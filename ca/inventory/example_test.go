package inventory_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
)

// A CA that records what it issues, revokes one certificate and publishes a CRL.
func Example() {
	ctx, now := context.Background(), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	issuer, _ := exampleIssuer(now)
	v := inventory.New(new(inventory.MemoryStore)) // a database in a service
	authority, err := v.AddCA(ctx, now, issuer, inventory.Labels{})
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"www.example.com", "mail.example.com"} {
		_, _, der, err := ca.CreateServerCertificate(rand.Reader, now, issuer, &ca.CreateServerCertificateRequest{
			CommonName: name, Algorithm: "ECC_256", ParentIdentifier: issuer.Identifier(), Days: 90,
		})
		if err != nil {
			log.Fatal(err)
		}
		if _, err := v.Add(ctx, now, der, inventory.Labels{AliasName: name}); err != nil {
			log.Fatal(err) // not recorded: not handed out
		}
	}

	found, err := v.Certificates(ctx, inventory.Filter{Name: "www.example.com"}, inventory.Certificate{}, 10)
	if err != nil {
		log.Fatal(err)
	}
	revoked, err := v.Revoke(ctx, now, found[0].Identifier, inventory.Revocation{Reason: ca.ReasonKeyCompromise})
	if err != nil {
		log.Fatal(err)
	}
	crl, err := v.RevocationList(ctx, rand.Reader, now, issuer, now.AddDate(0, 0, 7))
	if err != nil {
		log.Fatal(err)
	}
	list, err := ca.ParseRevocationList(crl)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(revoked.Labels.AliasName, revoked.Status, revoked.Revocation.Reason)
	fmt.Println(list.Number, len(list.RevokedCertificateEntries))

	// An OCSP responder gives this lookup to ca.RespondOCSP.
	lookup := v.Status(ctx, now, authority.Authority, now.Add(time.Hour))
	for _, serialNumber := range []string{revoked.SerialNumber, "01"} {
		answer, err := lookup(serialNumber)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %s\n", answer.Status, answer.Reason)
	}
	// Output:
	// www.example.com REVOKE keyCompromise
	// 1775001600 1
	// revoked keyCompromise
	// unknown unspecified
}

// A caller that got no answer calls again with the same ClientToken. It gets the first
// certificate.
func ExampleOnce() {
	ctx, now := context.Background(), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	issuer, _ := exampleIssuer(now)
	v := inventory.New(new(inventory.MemoryStore))
	keys := map[string]*algorithm.PrivateKey{} // a key store in a service

	create := func(req *ca.CreateClientCertificateRequest) (*ca.CreateClientCertificateResponse, error) {
		return inventory.Once(ctx, v, rand.Reader, now, req, func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
			resp, key, der, err := ca.CreateClientCertificate(rand.Reader, now, issuer, req)
			if err != nil {
				return nil, inventory.Issued{}, err
			}
			keys[resp.Identifier] = key
			return resp, inventory.Issued{DER: der, Labels: inventory.Labels{Tags: req.Tags}}, nil
		})
	}
	req := &ca.CreateClientCertificateRequest{
		CommonName: "Zhang San", Algorithm: "ECC_256", ParentIdentifier: issuer.Identifier(), Days: 90, ClientToken: "4f7c",
	}
	first, err := create(req)
	if err != nil {
		log.Fatal(err)
	}
	second, err := create(req)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(first.Identifier == second.Identifier, first.RequestId == second.RequestId, len(keys))

	req.CommonName = "Li Si"
	_, err = create(req)
	fmt.Println(err)
	// Output:
	// true false 1
	// InvalidParameter: ClientToken: CreateClientCertificate had the token "4f7c" before, with other parameters; use a new token for each request
}

// A report of what expires in the next 30 days.
func ExampleInventory_Expiring() {
	ctx, now := context.Background(), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	issuer, _ := exampleIssuer(now)
	v := inventory.New(new(inventory.MemoryStore))
	for days := int32(20); days <= 60; days += 20 {
		_, _, der, err := ca.CreateServerCertificate(rand.Reader, now, issuer, &ca.CreateServerCertificateRequest{
			CommonName: fmt.Sprintf("host%d.example.com", days), Algorithm: "ECC_256", ParentIdentifier: issuer.Identifier(), Days: days,
		})
		if err != nil {
			log.Fatal(err)
		}
		if _, err := v.Add(ctx, now, der, inventory.Labels{}); err != nil {
			log.Fatal(err)
		}
	}
	for c, err := range v.Expiring(ctx, now, now.AddDate(0, 0, 30)) {
		if err != nil {
			log.Fatal(err)
		}
		cert, err := c.Parse()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(cert.DNSNames, c.NotAfter.Format(time.DateOnly))
	}
	// Output: [host20.example.com] 2026-04-21
}

// The record survives the process, and the keys stay where they are: a Pool is filled
// when the service starts.
func ExampleInventory_Pool() {
	ctx, now := context.Background(), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	issuer, key := exampleIssuer(now)
	v := inventory.New(new(inventory.MemoryStore))
	if _, err := v.AddCA(ctx, now, issuer, inventory.Labels{}); err != nil {
		log.Fatal(err)
	}
	request := &ca.UpdateCACertificateStatusRequest{Identifier: issuer.Identifier(), Status: ca.StatusRevoke}
	if _, err := v.UpdateCACertificateStatus(ctx, rand.Reader, now, nil, request); err != nil {
		log.Fatal(err)
	}

	keys := map[string]*algorithm.PrivateKey{issuer.Identifier(): key}
	pool, err := v.Pool(ctx, func(c inventory.CA) (*ca.Issuer, error) {
		key := keys[c.Identifier]
		if key == nil {
			return nil, nil // the root's key is elsewhere
		}
		return ca.NewIssuer(c.CertificateChain, key, ca.IssuerOptions{})
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = pool.Issuer(issuer.Identifier())
	fmt.Println(err != nil)
	// Output: true
}

// exampleIssuer creates a root CA and a subordinate CA, and returns the latter with its
// key.
func exampleIssuer(now time.Time) (*ca.Issuer, *algorithm.PrivateKey) {
	rootKey, err := algorithm.GenerateKey(algorithm.ECC_256)
	if err != nil {
		log.Fatal(err)
	}
	subKey, err := algorithm.GenerateKey(algorithm.ECC_256)
	if err != nil {
		log.Fatal(err)
	}
	root, err := ca.CreateRootCACertificate(rand.Reader, now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		log.Fatal(err)
	}
	rootIssuer, err := ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	sub, err := ca.CreateSubCACertificate(rand.Reader, now, rootIssuer, subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: "ECC_256", Years: 5,
	})
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := ca.NewIssuer(sub.CertificateChain, subKey, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	return issuer, subKey
}
