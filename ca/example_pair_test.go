package ca_test

import (
	"crypto/ecdsa"
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
// the CA the encryption key, which it sends in an envelope. The applicant opens the
// envelope and checks both certificates, as each TLCP client will.
func ExampleCreateEncryptCertificate() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()

	// The applicant sends a CSR. The signing key stays here.
	made, signKey, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		Algorithm: "SM2", KeySize: 256, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		log.Fatal(err)
	}

	// The CA signs both certificates, and encrypts the new key for the key in the CSR.
	// It signs the second at once. A CA that signs it later passes a lookup of its
	// records instead of nil, so that a revoked signing certificate is refused.
	issuer := newExampleCA(now, algorithm.SM2_256)
	sign, _, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, &ca.CreateServerCertificateWithCsrRequest{
		Csr: made.Csr, ParentIdentifier: issuer.Identifier(), Days: 365, Immediately: 1,
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
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	request, err := csr.Parse([]byte(made.Csr))
	if err != nil {
		log.Fatal(err)
	}
	envelope, err := encryptKey.Envelope(request.PublicKey)
	if err != nil {
		log.Fatal(err)
	}

	// The applicant gets two certificates, the chain and the envelope. An envelope is
	// not signed: its key must be the one in the encryption certificate.
	opened, err := signKey.OpenEnvelope(envelope)
	if err != nil {
		log.Fatal(err)
	}
	above, root, _ := strings.Cut(encrypt.CertificateChain, "-----END CERTIFICATE-----\n")
	above += "-----END CERTIFICATE-----\n"
	opts := ca.VerifyOptions{Roots: root, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth}
	chain, err := ca.Verify(now, encrypt.Certificate+above, opts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(opened.Public().(*ecdsa.PublicKey).Equal(chain[0].PublicKey))

	// A TLCP server sends the signing certificate, the encryption certificate, and the
	// CAs without the root. One call checks that the two are a pair.
	opts.Pair = true
	chain, err = ca.Verify(now, sign.X509Certificate+encrypt.Certificate+above, opts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(chain[0].Subject.CommonName, len(chain))

	_, err = ca.Verify(now, sign.X509Certificate+sign.X509Certificate+above, opts)
	fmt.Println(err != nil) // the signing certificate does not encrypt
	// Output:
	// true
	// www.example.com 3
	// true
}
