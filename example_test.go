package yuncert_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
)

// A private CA from nothing to a server certificate that crypto/x509 accepts.
func Example() {
	now := time.Now()

	// The root signs subordinate CAs only; keep its key offline.
	rootKey, err := algorithm.GenerateKey(algorithm.ECC_256)
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

	// The subordinate CA signs server certificates.
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

	// A server makes its key and CSR, here or with any other tool.
	request, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		KeySize: 256, Algorithm: "ECC", CommonName: "www.example.com", Sans: "example.com,192.0.2.1",
		CountryCode: "CN", Province: "Beijing", Locality: "Beijing",
	})
	if err != nil {
		log.Fatal(err)
	}
	resp, der, err := ca.CreateServerCertificateWithCsr(rand.Reader, now, issuer, &ca.CreateServerCertificateWithCsrRequest{
		Csr: request.Csr, ParentIdentifier: sub.Identifier, Days: 365, Immediately: 2,
	})
	if err != nil {
		log.Fatal(err)
	}

	// A client that trusts the root accepts what the server sends.
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(root.Certificate))
	intermediates.AppendCertsFromPEM([]byte(resp.CertificateChain))
	for _, host := range []string{"www.example.com", "192.0.2.1", "www.example.org"} {
		_, err := cert.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates})
		fmt.Println(host, err == nil)
	}
	// Output:
	// www.example.com true
	// 192.0.2.1 true
	// www.example.org false
}

// The CDN's CSR: the private key comes beside the response, and PubMd5 is the
// name to keep it under until the certificate arrives.
func Example_cdn() {
	resp, key, err := csr.CreateCdnCertificateSigningRequest(rand.Reader, &csr.CreateCdnCertificateSigningRequestRequest{
		CommonName: "cdn.example.com", SANs: "*.cdn.example.com",
	})
	if err != nil {
		log.Fatal(err)
	}
	request, err := csr.Parse([]byte(resp.Csr))
	if err != nil {
		log.Fatal(err)
	}
	pubMd5, err := algorithm.PubMd5(request.PublicKey)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(request.Subject())
	fmt.Println(request.Names)
	fmt.Println(key, pubMd5 == resp.PubMd5)
	// Output:
	// CN=cdn.example.com,OU=Aliyun CDN,O=Alibaba Inc.,L=Hangzhou,ST=Zhejiang,C=CN
	// [cdn.example.com *.cdn.example.com]
	// RSA_2048 private key true
}

// SM2 is asked for by name and needs nothing else.
func Example_sm2() {
	resp, key, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		KeySize: 256, Algorithm: "SM2", CommonName: "www.example.com",
		CountryCode: "CN", Province: "浙江", Locality: "杭州", CorpName: "示例公司",
	})
	if err != nil {
		log.Fatal(err)
	}
	request, err := csr.Parse([]byte(resp.Csr))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key, request.Algorithm.SignatureAlgorithm())
	fmt.Println(request.Subject().Organization)
	// Output:
	// SM2_256 private key SM3WithSM2
	// [示例公司]
}

// Callers branch on the documented code and serve the documented body.
func ExampleCode() {
	_, _, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		KeySize: 1024, Algorithm: "RSA", CommonName: "www.example.com",
		CountryCode: "CN", Province: "Beijing", Locality: "Beijing",
	})
	fmt.Println(errors.Is(err, yuncert.ErrInvalidValueMalformed))
	if e, ok := errors.AsType[*yuncert.Error](err); ok {
		e.RequestId = "12345678-1234-1234-1234-123456789ABC"
		body, err := json.Marshal(e)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Parameter, e.Code.HTTPStatus())
		fmt.Println(string(body))
	}
	// Output:
	// true
	// KeySize 400
	// {"RequestId":"12345678-1234-1234-1234-123456789ABC","Code":"InvalidValue.Malformed","Message":"KeySize: 1024 is not 2048, 3072 or 4096 for RSA, or 256 for ECC and SM2"}
}

// hsm stands for a key that does not leave its device: all that is known of it
// are its public half and how to ask for a signature over a digest.
type hsm struct {
	public crypto.PublicKey
	sign   func(digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (h hsm) Public() crypto.PublicKey { return h.public }

func (h hsm) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return h.sign(digest, opts)
}

// A key in an HSM or KMS is any crypto.Signer. What it answers is verified
// before it is used.
func Example_hsm() {
	inside, err := algorithm.GenerateKey(algorithm.RSA_2048)
	if err != nil {
		log.Fatal(err)
	}
	device := hsm{inside.Public(), func(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		return inside.Sign(rand.Reader, digest, opts)
	}}
	root, err := ca.CreateRootCACertificate(rand.Reader, time.Now(), device, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		log.Fatal(err)
	}
	block, _ := pem.Decode([]byte(root.Certificate))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cert.Subject.CommonName, cert.IsCA, cert.CheckSignatureFrom(cert) == nil)
	// Output: Example Root true true
}
