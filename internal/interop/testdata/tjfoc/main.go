// Program tjfoc makes test data with github.com/tjfoc/gmsm: a chain and a CRL for
// ca/testdata/tools (see make.sh there), a CSR and a private key. Its argument is the
// root directory of this repository.
package main

import (
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/tjfoc/gmsm/sm2"
	"github.com/tjfoc/gmsm/x509"
)

func main() {
	keys := make([]*sm2.PrivateKey, 2)
	for i := range keys {
		text := must(os.ReadFile(filepath.Join(os.Args[1], fmt.Sprintf("internal/testkeys/testdata/SM2_256-%d.pem", i))))
		keys[i] = must(x509.ReadPrivateKeyFromPem(text, nil))
	}
	name := func(commonName string) pkix.Name {
		return pkix.Name{Country: []string{"CN"}, Organization: []string{"例子公司"}, CommonName: commonName}
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ca := func(commonName string, serial int64) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: name(commonName), NotBefore: start, NotAfter: start.AddDate(100, 0, 0),
			BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
			SubjectKeyId: []byte{byte(serial)}, SignatureAlgorithm: x509.SM2WithSM3,
		}
	}
	root, sub := ca("tjfoc Root", 1), ca("tjfoc Sub CA", 2)
	rootPEM := must(x509.CreateCertificateToPem(root, root, &keys[0].PublicKey, keys[0]))
	subPEM := must(x509.CreateCertificateToPem(sub, root, &keys[1].PublicKey, keys[0]))
	write("ca/testdata/tools/tjfoc-SM2_256-chain.pem", append(subPEM, rootPEM...))

	made := must(x509.ReadCertificateFromPem(subPEM))
	list := must(made.CreateCRL(rand.Reader, keys[1], []pkix.RevokedCertificate{{SerialNumber: big.NewInt(0x1a2), RevocationTime: start}}, start, start.AddDate(100, 0, 0)))
	write("ca/testdata/tools/tjfoc-SM2_256-crl.pem", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list}))

	request := must(x509.CreateCertificateRequestToPem(&x509.CertificateRequest{
		Subject: name("www.example.com"), DNSNames: []string{"www.example.com", "*.example.com"}, SignatureAlgorithm: x509.SM2WithSM3,
	}, keys[0]))
	write("csr/testdata/accepted/tjfoc-sm2.pem", request)
	write("algorithm/testdata/privatekey/tjfoc-sm2.pem", must(x509.WritePrivateKeyToPem(keys[0], nil)))
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

func write(name string, text []byte) {
	if err := os.WriteFile(filepath.Join(os.Args[1], name), text, 0o644); err != nil {
		log.Fatal(err)
	}
}
