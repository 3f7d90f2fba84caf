package yuncert_test

import (
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"log"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
)

// A private CA, from nothing to a server certificate that a client accepts. README.md
// shows these lines.
func Example() {
	now := time.Now()

	// The root CA signs the issuing CA. After that its key can go offline.
	rootKey := must(algorithm.GenerateKey(algorithm.ECC_256))
	root := must(ca.CreateRootCACertificate(rand.Reader, now, rootKey,
		&ca.CreateRootCACertificateRequest{
			CommonName: "Example Root CA", Organization: "Example Ltd", OrganizationUnit: "IT",
			Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
		}))
	rootIssuer := must(ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{}))

	// The issuing CA signs server certificates.
	subKey := must(algorithm.GenerateKey(algorithm.ECC_256))
	sub := must(ca.CreateSubCACertificate(rand.Reader, now, rootIssuer, subKey.Public(),
		&ca.CreateSubCACertificateRequest{
			CommonName: "Example Issuing CA", Organization: "Example Ltd", OrganizationUnit: "IT",
			Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 5,
			Algorithm: "ECC_256",
		}))
	issuer := must(ca.NewIssuer(sub.CertificateChain, subKey, ca.IssuerOptions{}))

	// A key and a certificate for a server. Immediately 2 returns it with the chain of CAs.
	server, key, _, err := ca.CreateServerCertificate(rand.Reader, now, issuer,
		&ca.CreateServerCertificateRequest{
			CommonName: "www.example.com", Domain: "example.com,192.0.2.1",
			Organization: "Example Ltd", OrganizationUnit: "Web", Algorithm: "ECC_256",
			ParentIdentifier: issuer.Identifier(), Days: 90, Immediately: 2,
		})
	if err != nil {
		log.Fatal(err)
	}

	// A client that trusts the root accepts the certificate for this host.
	chain := must(ca.Verify(now, server.X509Certificate, ca.VerifyOptions{
		Roots: root.Certificate, Intermediates: server.CertificateChain,
		Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth,
	}))
	fmt.Println(chain[0].Subject.CommonName, len(chain), key)
	// Output: www.example.com 3 ECC_256 private key
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
