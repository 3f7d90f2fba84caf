package ca_test

import (
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
)

// A TLCP server gets its two certificates. The applicant makes the signing key, and
// the CA the encryption key. A client then checks both certificates in one call.
func ExampleCreateEncryptCertificate() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()

	// The applicant: the signing key stays here.
	request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		Algorithm: "SM2", KeySize: 256, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		log.Fatal(err)
	}

	// The CA: both certificates, and the encryption key for the applicant.
	issuer := newExampleCA(now, algorithm.SM2_256)
	sign, _, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, &ca.CreateServerCertificateWithCsrRequest{
		Csr: request.Csr, ParentIdentifier: issuer.Identifier(), Days: 365, Immediately: 1,
	})
	if err != nil {
		log.Fatal(err)
	}
	encryptKey, err := algorithm.GenerateKey(algorithm.SM2_256)
	if err != nil {
		log.Fatal(err)
	}
	encrypt, _, err := ca.CreateEncryptCertificate(rand.Reader, now, issuer, encryptKey.Public(), &ca.CreateEncryptCertificateRequest{
		SignCert: sign.X509Certificate,
	})
	if err != nil {
		log.Fatal(err)
	}

	// A client: it trusts the root, and the server sends the rest in this order.
	above, root, _ := strings.Cut(encrypt.CertificateChain, "-----END CERTIFICATE-----\n")
	above += "-----END CERTIFICATE-----\n"
	opts := ca.VerifyOptions{Roots: root, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth, Pair: true}
	chain, err := ca.Verify(now, sign.X509Certificate+encrypt.Certificate+above, opts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(chain[0].Subject.CommonName, len(chain))

	_, err = ca.Verify(now, sign.X509Certificate+sign.X509Certificate+above, opts)
	fmt.Println(err != nil) // the signing certificate does not encrypt
	// Output:
	// www.example.com 3
	// true
}
