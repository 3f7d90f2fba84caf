package ca_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
)

// A private CA from nothing to a server certificate that crypto/x509 verifies.
func Example() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()

	// The root certifies the subordinate CA and then rests: keep its key offline.
	rootKey, err := algorithm.GenerateKey(algorithm.ECC_384)
	if err != nil {
		log.Fatal(err)
	}
	root, err := ca.CreateRootCACertificate(rand.Reader, now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		log.Fatal(err)
	}
	rootIssuer, err := ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}

	// The subordinate CA is what issues from day to day.
	subKey, err := algorithm.GenerateKey(algorithm.ECC_256)
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

	// The server makes a key and a CSR, with this module or any other tool.
	request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com",
		CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		log.Fatal(err)
	}
	resp, der, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, &ca.CreateServerCertificateWithCsrRequest{
		Csr: request.Csr, ParentIdentifier: issuer.Identifier(), Days: 365, Immediately: 2,
	})
	if err != nil {
		log.Fatal(err)
	}

	// A client trusts the root alone; the server sends it the chain.
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	roots, chain := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(root.Certificate))
	chain.AppendCertsFromPEM([]byte(resp.CertificateChain))
	paths, err := cert.Verify(x509.VerifyOptions{
		DNSName: "www.example.com", Roots: roots, Intermediates: chain, CurrentTime: now,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range paths[0] {
		fmt.Println(c.Subject.CommonName, c.NotAfter.Format(time.DateOnly))
	}
	// Output:
	// www.example.com 2027-07-01
	// Example Issuing CA 2031-07-01
	// Example Root CA 2036-07-01
}

// newExampleCA makes a subordinate CA as the first example does.
func newExampleCA(now time.Time, a algorithm.Algorithm) *ca.Issuer {
	rootKey, err := algorithm.GenerateKey(a)
	if err != nil {
		log.Fatal(err)
	}
	root, err := ca.CreateRootCACertificate(rand.Reader, now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		log.Fatal(err)
	}
	rootIssuer, err := ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	subKey, err := algorithm.GenerateKey(a)
	if err != nil {
		log.Fatal(err)
	}
	sub, err := ca.CreateSubCACertificate(rand.Reader, now, rootIssuer, subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: string(a), Years: 5,
	})
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := ca.NewIssuer(sub.CertificateChain, subKey, ca.IssuerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	return issuer
}

// The subject comes from the parameters, then from the CSR, then from defaults;
// the names are those of the CSR and of Domain. What is wrong, the error names.
func ExampleCreateServerCertificateWithCsr() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.ECC_256)

	request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com", CorpName: "Example",
		CountryCode: "CN", Province: "Beijing", Locality: "Beijing",
	})
	if err != nil {
		log.Fatal(err)
	}
	req := &ca.CreateServerCertificateWithCsrRequest{
		Csr: request.Csr, Domain: "example.com,192.0.2.1", OrganizationUnit: "IT",
		ParentIdentifier: issuer.Identifier(), Days: 365, Immediately: 1,
	}
	resp, der, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, req)
	if err != nil {
		log.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cert.Subject)
	fmt.Println(cert.DNSNames, cert.IPAddresses)
	fmt.Println(strings.SplitN(resp.X509Certificate, "\n", 2)[0])

	req.Days = 3650 // the CA ends before
	_, _, err = ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, req)
	if e, ok := errors.AsType[*yuncert.Error](err); ok {
		fmt.Println(e.Code, e.Parameter)
		fmt.Println(e.Message)
	}
	// Output:
	// CN=www.example.com,OU=IT,O=Example,L=Beijing,ST=Beijing,C=CN
	// [www.example.com example.com] [192.0.2.1]
	// -----BEGIN CERTIFICATE-----
	// InvalidParameter Days
	// the certificate would end at 2036-06-28T00:00:00Z: the CA and its chain end at 2031-07-01T00:00:00Z
}

// A device stands for an HSM or KMS: its key cannot be read, only asked to sign.
type device struct {
	public crypto.PublicKey
	sign   func(digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (d device) Public() crypto.PublicKey { return d.public }

func (d device) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return d.sign(digest, opts)
}

// Many certificates: as many workers as there are processors share one Issuer,
// results stand where their requests do, a request that fails stops no other, and
// a done context ends the rest.
func ExampleCreateServerCertificateWithCsr_many() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	issuer := newExampleCA(now, algorithm.ECC_256)
	requests := make([]*ca.CreateServerCertificateWithCsrRequest, 100)
	for i := range requests {
		request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
			Algorithm: "ECC", KeySize: 256, CommonName: fmt.Sprintf("www%d.example.com", i),
			CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
		})
		if err != nil {
			log.Fatal(err)
		}
		requests[i] = &ca.CreateServerCertificateWithCsrRequest{Csr: request.Csr, ParentIdentifier: issuer.Identifier(), Days: 90}
	}
	requests[7].Days = -1

	ctx := context.Background()
	certificates, failures := make([][]byte, len(requests)), make([]error, len(requests))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(requests); i = next.Add(1) - 1 {
				if failures[i] = ctx.Err(); failures[i] == nil {
					_, certificates[i], failures[i] = ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, requests[i])
				}
			}
		})
	}
	workers.Wait()

	for i, err := range failures {
		if err != nil {
			fmt.Println(i, err)
		}
	}
	last, err := x509.ParseCertificate(certificates[99])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(99, last.Subject.CommonName)
	// Output:
	// 7 InvalidValue.Malformed: Days: -1 is not from 1 to 3652500
	// 99 www99.example.com
}

// The key of a CA is any crypto.Signer. With SM2 the digest it is handed is
// SM3(ZA‖message). What a device answers is verified before it is used.
func ExampleNewIssuer() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) // a program has time.Now()
	inside, err := algorithm.GenerateKey(algorithm.SM2_256)
	if err != nil {
		log.Fatal(err)
	}
	hsm := device{inside.Public(), func(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		return inside.Sign(nil, digest, opts)
	}}
	root, err := ca.CreateRootCACertificate(rand.Reader, now, hsm, &ca.CreateRootCACertificateRequest{
		CommonName: "示例根证书", Organization: "示例公司", OrganizationUnit: "安全部",
		Locality: "杭州", State: "浙江", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		log.Fatal(err)
	}

	// Once at the start of a program; an Issuer serves all goroutines.
	issuer, err := ca.NewIssuer(root.CertificateChain, hsm, ca.IssuerOptions{CRLBase: "http://pki.example.com/crl"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(issuer.Identifier() == root.Identifier)

	broken := device{inside.Public(), func([]byte, crypto.SignerOpts) ([]byte, error) {
		return []byte("not a signature"), nil
	}}
	_, err = ca.CreateRootCACertificate(rand.Reader, now, broken, &ca.CreateRootCACertificateRequest{
		CommonName: "示例根证书", Organization: "示例公司", OrganizationUnit: "安全部",
		Locality: "杭州", State: "浙江", CountryCode: "CN", Years: 10,
	})
	fmt.Println(errors.Is(err, yuncert.ErrInternalError))
	// Output:
	// true
	// true
}
