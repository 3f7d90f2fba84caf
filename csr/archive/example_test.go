package archive_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/csr/archive"
)

// Keep a CSR that CreateCsr made, with its private key, and find it again.
func Example() {
	ctx, now := context.Background(), time.Now()
	secret := make([]byte, 32) // from your KMS, the same in each run
	block, err := aes.NewCipher(secret)
	if err != nil {
		log.Fatal(err)
	}
	sealer, err := cipher.NewGCM(block)
	if err != nil {
		log.Fatal(err)
	}
	a := archive.New(new(archive.MemoryStore), archive.Options{Sealer: sealer})

	req := &csr.CreateCsrRequest{
		KeySize: 256, Algorithm: "ECC", CommonName: "www.example.com", Sans: "example.com",
		CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou", Name: "web-1",
	}
	resp, key, err := csr.CreateCsr(rand.Reader, req)
	if err != nil {
		log.Fatal(err)
	}
	if err := a.Add(ctx, rand.Reader, now, resp, req.Name, key); err != nil {
		log.Fatal(err)
	}

	page, err := a.ListCsr(ctx, rand.Reader, &archive.ListCsrRequest{KeyWord: "example"})
	if err != nil {
		log.Fatal(err)
	}
	for _, listed := range page.CsrList {
		detail, err := a.GetCsrDetail(ctx, rand.Reader, &archive.GetCsrDetailRequest{CsrId: listed.CsrId})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(listed.Name, listed.CommonName, listed.Sans, listed.HasPrivateKey)
		fmt.Println(detail.Csr == resp.Csr)
		fmt.Println(strings.SplitN(detail.PrivateKey, "\n", 2)[0])
	}
	// Output:
	// web-1 www.example.com example.com true
	// true
	// -----BEGIN EC PRIVATE KEY-----
}

// Keep the CSR of another tool. Without a Sealer no private key is kept.
func ExampleArchive_UploadCsr() {
	const text = `-----BEGIN CERTIFICATE REQUEST-----
MIIBIzCBygIBADA6MQswCQYDVQQGEwJDTjEQMA4GA1UECgwHRXhhbXBsZTEZMBcG
A1UEAwwQbWFpbC5leGFtcGxlLmNvbTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
BNfNIFGNEyV3i/2Nbw1hBPX00FUAofBuec3fdO3yzKqlkm21d0y2d28xIT7umnTp
m41LayORD2McRqoVqo4t7P+gLjAsBgkqhkiG9w0BCQ4xHzAdMBsGA1UdEQQUMBKC
EG1haWwuZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAwRQIgESdrCW8XK8ANYrnO
wVxIOXIxFT2ttYECtD8Yifk0Ec0CIQCV7wuwnJhbObuz/tT7xcuMqL3mzkb+YGIc
BVq6w0jpuA==
-----END CERTIFICATE REQUEST-----`
	ctx := context.Background()
	a := archive.New(new(archive.MemoryStore), archive.Options{})
	uploaded, err := a.UploadCsr(ctx, rand.Reader, time.Now(), &archive.UploadCsrRequest{Csr: text, Name: "mail"})
	if err != nil {
		log.Fatal(err)
	}
	again, err := a.UploadCsr(ctx, rand.Reader, time.Now(), &archive.UploadCsrRequest{Csr: text})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(uploaded.CsrId, again.CsrId == uploaded.CsrId)
	page, err := a.ListCsr(ctx, rand.Reader, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, listed := range page.CsrList {
		fmt.Println(listed.Name, listed.CommonName, listed.Algorithm, listed.KeySize, listed.HasPrivateKey)
	}
	// Output:
	// 418338293707427 true
	// mail mail.example.com ECC 256 false
}
