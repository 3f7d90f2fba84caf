package csr_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log"

	"github.com/yuncert/yuncert/csr"
)

// An SM2 key and a CSR for it. The key is the caller's to keep: key.PEM writes it.
func ExampleCreateCsr() {
	resp, key, err := csr.CreateCsr(rand.Reader, &csr.CreateCsrRequest{
		Algorithm:   "SM2",
		KeySize:     256,
		CommonName:  "www.example.com",
		Sans:        "example.com, *.shop.example.com, 192.0.2.7",
		CountryCode: "CN",
		Province:    "Zhejiang",
		Locality:    "杭州",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key)

	r, err := csr.Parse([]byte(resp.Csr))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Subject())
	for _, name := range r.Names {
		fmt.Println(name)
	}
	// Output:
	// SM2_256 private key
	// CN=www.example.com,L=杭州,ST=Zhejiang,C=CN
	// www.example.com
	// example.com
	// *.shop.example.com
	// 192.0.2.7
}

// Only CommonName is required; the rest of the subject has the documented
// defaults. PubMd5 is the name under which to keep the key.
func ExampleCreateCdnCertificateSigningRequest() {
	resp, key, err := csr.CreateCdnCertificateSigningRequest(rand.Reader, &csr.CreateCdnCertificateSigningRequestRequest{
		CommonName: "cdn.example.com",
	})
	if err != nil {
		log.Fatal(err)
	}
	keys := map[string]any{resp.PubMd5: key} // a database, in earnest
	fmt.Println(keys[resp.PubMd5])

	r, err := csr.Parse([]byte(resp.Csr))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.CommonName, r.Subject())
	// Output:
	// RSA_2048 private key
	// cdn.example.com CN=cdn.example.com,OU=Aliyun CDN,O=Alibaba Inc.,L=Hangzhou,ST=Zhejiang,C=CN
}

// A key that exists already: any crypto.Signer, in memory or in an HSM.
func ExampleCreateCsrWithKey() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := csr.CreateCsrWithKey(rand.Reader, key, &csr.CreateCsrRequest{
		Algorithm:   "ECC",
		KeySize:     256,
		CommonName:  "例子.公司",
		CountryCode: "CN",
		Province:    "Beijing",
		Locality:    "Beijing",
	})
	if err != nil {
		log.Fatal(err)
	}

	r, err := csr.Parse([]byte(resp.Csr))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.CommonName, r.Names, key.PublicKey.Equal(r.PublicKey))
	// Output: 例子.公司 [xn--fsqu00a.xn--55qx5d] true
}

// A CSR that a customer made with openssl req. What Parse returns without
// an error came from the holder of the private key.
func ExampleParse() {
	const text = `-----BEGIN CERTIFICATE REQUEST-----
MIIBOzCB4QIBADA9MQswCQYDVQQGEwJDTjEUMBIGA1UECgwLRXhhbXBsZSBDby4x
GDAWBgNVBAMMD3d3dy5leGFtcGxlLmNvbTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABDPlYpxu+8cg6ZSOEF9pAkOVkPdJ3kPIvwMQueOVUi+hj9ROChL/+bgrC7RU
IAo/4mdhOGhr8bh6wexwOGRRCDKgQjBABgkqhkiG9w0BCQ4xMzAxMC8GA1UdEQQo
MCaCD3d3dy5leGFtcGxlLmNvbYINKi5leGFtcGxlLmNvbYcEwAACBzAKBggqhkjO
PQQDAgNJADBGAiEAyDpT5H3cGeOUemoLlGxc9lkwfRwTiwf+WwXxsBFAmTYCIQC4
s1ChYhvzkwXU9Oo6sqJHjo/llwLpXTRWkDrFDSYnhg==
-----END CERTIFICATE REQUEST-----
`
	r, err := csr.Parse([]byte(text))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Algorithm)
	fmt.Println(r.Subject())
	fmt.Println(r.Names)
	// Output:
	// ECC_256
	// CN=www.example.com,O=Example Co.,C=CN
	// [www.example.com *.example.com 192.0.2.7]
}
