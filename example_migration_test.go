package yuncert_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io/fs"
	"log"
	"math/big"
	"testing/fstest"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// docs/migration.md shows the lines of these examples.

// From crypto/x509: the old call and the new one, for the same CSR and CA.
func Example_fromX509() {
	now, files := time.Now(), oldCA()
	chainPEM := string(must(fs.ReadFile(files, "sub.pem")))
	caKey := must(algorithm.ParsePrivateKey(must(fs.ReadFile(files, "sub.key"))))
	first, _ := pem.Decode([]byte(chainPEM))
	caCert := must(x509.ParseCertificate(first.Bytes))
	csrPEM := oldCSR()

	block, _ := pem.Decode([]byte(csrPEM))
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		log.Fatal(err)
	}
	if err := request.CheckSignature(); err != nil {
		log.Fatal(err)
	}
	oldDER, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		Subject: request.Subject, DNSNames: request.DNSNames, IPAddresses: request.IPAddresses,
		NotBefore: now, NotAfter: now.AddDate(0, 0, 90), BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, caCert, request.PublicKey, caKey)
	if err != nil {
		log.Fatal(err)
	}

	issuer := must(ca.NewIssuer(chainPEM, caKey, ca.IssuerOptions{})) // once
	server, newDER, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer,
		&ca.CreateServerCertificateWithCsrRequest{
			Csr: csrPEM, ParentIdentifier: issuer.Identifier(), Days: 90,
			Organization: "Example Ltd", OrganizationUnit: "Web",
		})
	if err != nil {
		log.Fatal(err)
	}

	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM(must(fs.ReadFile(files, "root.pem")))
	intermediates.AppendCertsFromPEM([]byte(chainPEM))
	for _, der := range [][]byte{oldDER, newDER} {
		cert := must(x509.ParseCertificate(der))
		for _, host := range []string{"www.example.com", "192.0.2.1", "www.example.org"} {
			_, err := cert.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates})
			fmt.Print(host, " ", err == nil, " ")
		}
		fmt.Println(cert.Subject, len(server.SerialNumber))
	}
	// Output:
	// www.example.com true 192.0.2.1 true www.example.org false CN=www.example.com,L=Beijing,ST=Beijing,C=CN 36
	// www.example.com true 192.0.2.1 true www.example.org false CN=www.example.com,OU=Web,O=Example Ltd,L=Beijing,ST=Beijing,C=CN 36
}

// From cfssl: a root that signed server certificates itself gets a subordinate CA.
func Example_fromCfssl() {
	now, files := time.Now(), must(fs.Sub(oldCA(), "cfssl"))

	rootPEM := string(must(fs.ReadFile(files, "ca.pem")))
	rootKey := must(algorithm.ParsePrivateKey(must(fs.ReadFile(files, "ca-key.pem"))))
	root := must(ca.NewIssuer(rootPEM, rootKey, ca.IssuerOptions{}))
	subKey := must(algorithm.GenerateKey(rootKey.Algorithm()))
	sub := must(ca.CreateSubCACertificate(rand.Reader, now, root, subKey.Public(),
		&ca.CreateSubCACertificateRequest{
			CommonName: "Example Issuing CA 2", Organization: "Example Ltd", OrganizationUnit: "IT",
			Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 3,
			Algorithm: string(rootKey.Algorithm()),
		}))
	issuer := must(ca.NewIssuer(sub.CertificateChain, subKey, ca.IssuerOptions{}))

	fmt.Println(issuer.Describe().CommonName, issuer.Describe().CertificateType)
	// Output: Example Issuing CA 2 SUB_ROOT
}

// From mkcert: a root without a subordinate CA goes on issuing.
func Example_fromMkcert() {
	now, files := time.Now(), oldMkcert()

	rootPEM := string(must(fs.ReadFile(files, "rootCA.pem")))
	rootKey := must(algorithm.ParsePrivateKey(must(fs.ReadFile(files, "rootCA-key.pem"))))
	root := must(ca.NewIssuer(rootPEM, rootKey, ca.IssuerOptions{RootIssues: true}))
	server, key, _, err := ca.CreateServerCertificate(rand.Reader, now, root,
		&ca.CreateServerCertificateRequest{
			CommonName: "dev.example.com", Domain: "localhost", Algorithm: "RSA_2048",
			Organization: "Example Ltd", OrganizationUnit: "Web",
			ParentIdentifier: root.Identifier(), Days: 90, Immediately: 1,
		})
	if err != nil {
		log.Fatal(err)
	}

	chain := must(ca.Verify(now, server.X509Certificate, ca.VerifyOptions{Roots: rootPEM, Host: "localhost"}))
	fmt.Println(chain[0].Subject.CommonName, len(chain), key)
	// Output: dev.example.com 2 RSA_2048 private key
}

// From step: its intermediate CA issues, with a new key for the server.
func Example_fromStep() {
	now, files := time.Now(), must(fs.Sub(oldCA(), "step"))

	chain := append(must(fs.ReadFile(files, "certs/intermediate_ca.crt")),
		must(fs.ReadFile(files, "certs/root_ca.crt"))...)
	caKey := must(algorithm.ParsePrivateKey(must(fs.ReadFile(files, "secrets/intermediate_ca.key"))))
	issuer := must(ca.NewIssuer(string(chain), caKey, ca.IssuerOptions{}))
	server, key, _, err := ca.CreateServerCertificate(rand.Reader, now, issuer,
		&ca.CreateServerCertificateRequest{
			CommonName: "www.example.com", Domain: "example.com", Algorithm: "ECC_256",
			Organization: "Example Ltd", OrganizationUnit: "Web",
			ParentIdentifier: issuer.Identifier(), Days: 90, Immediately: 2,
		})
	if err != nil {
		log.Fatal(err)
	}
	keyPEM := must(key.PEM()) // for a file with mode 0600

	fmt.Println(len(server.X509Certificate) > 0, len(server.CertificateChain) > 0, len(keyPEM) > 0)
	// Output: true true true
}

// From openssl ca: issue for a CSR, and publish a CRL.
func Example_fromOpenSSL() {
	now, files := time.Now(), must(fs.Sub(oldCA(), "openssl"))
	csrPEM := oldCSR()

	pool := must(ca.LoadPool(files, nil, ca.IssuerOptions{CRLBase: "http://pki.example.com"}))
	list := must(ca.DescribeCACertificateList(rand.Reader, now, pool,
		&ca.DescribeCACertificateListRequest{CertType: "subRoot"}))
	issuer := must(pool.Issuer(list.CertificateList[0].Identifier))
	server, _, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer,
		&ca.CreateServerCertificateWithCsrRequest{
			Csr: csrPEM, ParentIdentifier: issuer.Identifier(), Days: 90, EnableCrl: 1,
			Organization: "Example Ltd", OrganizationUnit: "Web",
		})
	if err != nil {
		log.Fatal(err)
	}
	crl := must(ca.CreateRevocationList(rand.Reader, now, issuer, &ca.CreateRevocationListRequest{
		Number: big.NewInt(now.Unix()), NextUpdate: now.AddDate(0, 0, 7),
		Revoked: ca.Revoked(ca.RevokedCertificate{
			SerialNumber: server.SerialNumber, RevocationTime: now, Reason: ca.ReasonSuperseded,
		}),
	}))

	fmt.Println(len(must(ca.ParseRevocationList(crl)).RevokedCertificateEntries))
	// Output: 1
}

// oldMkcert plays the files of mkcert: a root with the extensions that mkcert gives it.
func oldMkcert() fs.FS {
	key := testkeys.Key(algorithm.RSA_3072, 0)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"mkcert development CA"}, CommonName: "mkcert user@host"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return fstest.MapFS{
		"rootCA.pem":     {Data: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})},
		"rootCA-key.pem": {Data: must(key.PEM())},
	}
}

// oldCA plays the files of the other tools: a root and a CA below it.
func oldCA() fs.FS {
	now := time.Now().Add(-time.Hour)
	rootKey := must(algorithm.GenerateKey(algorithm.ECC_256))
	root := must(ca.CreateRootCACertificate(rand.Reader, now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: "Example Ltd", OrganizationUnit: "IT",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	}))
	rootIssuer := must(ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{}))
	subKey := must(algorithm.GenerateKey(algorithm.ECC_256))
	sub := must(ca.CreateSubCACertificate(rand.Reader, now, rootIssuer, subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "Example Ltd", OrganizationUnit: "IT",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: "ECC_256", Years: 5,
	}))
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	rootKeyPEM, subKeyPEM := string(must(rootKey.PEM())), string(must(subKey.PEM()))
	return fstest.MapFS{
		"root.pem": file(root.Certificate), "sub.pem": file(sub.CertificateChain), "sub.key": file(subKeyPEM),
		"cfssl/ca.pem": file(root.Certificate), "cfssl/ca-key.pem": file(rootKeyPEM),
		"step/certs/root_ca.crt": file(root.Certificate), "step/certs/intermediate_ca.crt": file(sub.Certificate),
		"step/secrets/intermediate_ca.key": file(subKeyPEM),
		"openssl/root.pem":                 file(root.Certificate), "openssl/root.key": file(rootKeyPEM),
		"openssl/sub.pem": file(sub.CertificateChain), "openssl/sub.key": file(subKeyPEM),
	}
}

// oldCSR plays a CSR of another tool.
func oldCSR() string {
	made, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		KeySize: 256, Algorithm: "ECC", CommonName: "www.example.com", Sans: "example.com,192.0.2.1",
		CountryCode: "CN", Province: "Beijing", Locality: "Beijing",
	})
	if err != nil {
		log.Fatal(err)
	}
	return made.Csr
}
