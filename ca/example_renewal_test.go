package ca_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
)

// newExampleKey generates a key.
func newExampleKey() *algorithm.PrivateKey {
	key, err := algorithm.GenerateKey(algorithm.ECC_256)
	if err != nil {
		log.Fatal(err)
	}
	return key
}

// newExampleRoot makes a root for a key.
func newExampleRoot(now time.Time, key *algorithm.PrivateKey, commonName string) (*ca.Issuer, string) {
	root, err := ca.CreateRootCACertificate(rand.Reader, now, key, &ca.CreateRootCACertificateRequest{
		CommonName: commonName, Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 20,
	})
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := ca.NewIssuer(root.CertificateChain, key, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	return issuer, root.Certificate
}

// newExampleSub certifies the key of a subordinate CA.
func newExampleSub(now time.Time, parent *ca.Issuer, key crypto.PublicKey) *ca.CreateSubCACertificateResponse {
	sub, err := ca.CreateSubCACertificate(rand.Reader, now, parent, key, &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: "ECC_256", Years: 5,
	})
	if err != nil {
		log.Fatal(err)
	}
	return sub
}

// newExampleServer issues a server certificate for a year.
func newExampleServer(now time.Time, issuer *ca.Issuer) *ca.CreateServerCertificateResponse {
	resp, _, _, err := ca.CreateServerCertificate(rand.Reader, now, issuer, &ca.CreateServerCertificateRequest{
		CommonName: "www.example.com", Algorithm: "ECC_256", ParentIdentifier: issuer.Identifier(), Days: 365, Immediately: 1,
	})
	if err != nil {
		log.Fatal(err)
	}
	return resp
}

// A subordinate CA is renewed with the same key and the same subject before it
// ends. Servers replace the CA's certificate in their chains. What was issued
// before stays valid, and the CRLs that the renewed CA signs count for it.
func ExampleCreateSubCACertificate_renewal() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	root, rootPEM := newExampleRoot(now, newExampleKey(), "Example Root CA")
	key := newExampleKey()
	old := newExampleSub(now, root, key.Public())
	oldIssuer, err := ca.NewIssuer(old.CertificateChain, key, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}

	// In the last year of the CA.
	now = time.Date(2030, 6, 1, 0, 0, 0, 0, time.UTC)
	server := newExampleServer(now, oldIssuer)
	renewed := newExampleSub(now, root, key.Public())
	issuer, err := ca.NewIssuer(renewed.CertificateChain, key, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}

	opts := ca.VerifyOptions{Roots: rootPEM, Host: "www.example.com"}
	for _, sub := range []string{old.Certificate, renewed.Certificate} {
		opts.Intermediates = sub
		chain, err := ca.Verify(now, server.X509Certificate, opts)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(chain[1].Subject.CommonName, "until", chain[1].NotAfter.Format(time.DateOnly))
	}

	// A new Identifier makes a new address for the CRL: serve it at the old one too.
	fmt.Println(issuer.Identifier() == oldIssuer.Identifier())
	list, err := ca.CreateRevocationList(rand.Reader, now, issuer, &ca.CreateRevocationListRequest{
		Number: big.NewInt(43), NextUpdate: now.AddDate(0, 0, 7),
		Revoked: ca.Revoked(ca.RevokedCertificate{SerialNumber: server.SerialNumber, RevocationTime: now, Reason: ca.ReasonSuperseded}),
	})
	if err != nil {
		log.Fatal(err)
	}
	crl, err := ca.ParseRevocationList(list)
	if err != nil {
		log.Fatal(err)
	}
	opts.Intermediates, opts.RevocationLists = old.Certificate, []*x509.RevocationList{crl}
	_, err = ca.Verify(now, server.X509Certificate, opts)
	fmt.Println(err != nil)
	// Output:
	// Example Issuing CA until 2031-07-01
	// Example Issuing CA until 2035-06-01
	// false
	// true
}

// A new root takes over while some clients still trust only the old one. Both
// roots certify the key of the subordinate CA, with the same subject. A server
// sends both certificates of the CA, and each client finds its root.
func ExampleCreateSubCACertificate_crossSigning() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	oldRoot, oldPEM := newExampleRoot(now, newExampleKey(), "Example Root CA")
	newRoot, newPEM := newExampleRoot(now, newExampleKey(), "Example Root CA G2")

	key := newExampleKey()
	first := newExampleSub(now, oldRoot, key.Public())
	second := newExampleSub(now, newRoot, key.Public())

	// Either chain makes an Issuer that issues the same.
	issuer, err := ca.NewIssuer(second.CertificateChain, key, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	server := newExampleServer(now, issuer)
	for _, root := range []string{oldPEM, newPEM} {
		chain, err := ca.Verify(now, server.X509Certificate, ca.VerifyOptions{
			Roots: root, Intermediates: first.Certificate + second.Certificate, Host: "www.example.com",
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(chain[1].Subject.CommonName, "below", chain[2].Subject.CommonName)
	}
	// Output:
	// Example Issuing CA below Example Root CA
	// Example Issuing CA below Example Root CA G2
}

// Another product makes a key and a CSR for a CA, here with crypto/x509. The
// certificate keeps the subject of the CSR.
func ExampleCreateExternalCACertificate() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{Organization: []string{"Example"}, CommonName: "Mesh CA"},
	}, key)
	if err != nil {
		log.Fatal(err)
	}

	root, rootPEM := newExampleRoot(now, newExampleKey(), "Example Root CA")
	resp, err := ca.CreateExternalCACertificate(rand.Reader, now, root, &ca.CreateExternalCACertificateRequest{
		Csr:      string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csr})),
		Validity: "3y",
		ApiPassthrough: ca.ExternalCAPassthrough{
			Extensions: ca.ExternalCAExtensions{ExtendedKeyUsages: []string{"serverAuth", "clientAuth"}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	// The other product gets the chain. Verify accepts it.
	chain, err := ca.Verify(now, resp.CertificateChain, ca.VerifyOptions{Roots: rootPEM})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(chain[0].Subject, chain[0].IsCA, chain[0].NotAfter.Format(time.DateOnly))
	fmt.Println(chain[1].Subject.CommonName)
	// Output:
	// CN=Mesh CA,O=Example true 2029-07-01
	// Example Root CA
}
