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

// The private key of a CDN CSR is returned next to the response. PubMd5 is a name to
// store it under until the certificate arrives.
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

// An SM2 key is asked for by its name.
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

// A caller branches on the documented code, and can answer with the documented body.
func ExampleCode() {
	request := &csr.CreateCsrRequest{
		KeySize: 1024, Algorithm: "RSA", CommonName: "www.example.com",
		CountryCode: "CN", Province: "Beijing", Locality: "Beijing",
	}
	_, _, err := csr.CreateCsr(rand.Reader, request)
	malformed := errors.Is(err, yuncert.ErrInvalidValueMalformed) // branch on the code
	if e, ok := errors.AsType[*yuncert.Error](err); ok {
		body, _ := json.Marshal(e) // the documented body; a service sets e.RequestId first
		fmt.Printf("%t %d %s\n%s\n", malformed, e.Code.HTTPStatus(), e.Parameter, body)
	}
	// Output:
	// true 400 KeySize
	// {"RequestId":"","Code":"InvalidValue.Malformed","Message":"KeySize: 1024 is not 2048, 3072 or 4096 for RSA, or 256 for ECC and SM2; CreateCsrWithKey also takes 384 and 521 for ECC"}
}

// hsm imitates a key that does not leave its device. It has a public half, and it
// signs digests.
type hsm struct {
	public crypto.PublicKey
	sign   func(digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (h hsm) Public() crypto.PublicKey { return h.public }

func (h hsm) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return h.sign(digest, opts)
}

// A key in an HSM or KMS is any crypto.Signer. Each of its signatures is verified
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
