package algorithm_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
)

func Example() {
	a, err := algorithm.Parse("SM2_256")
	if err != nil {
		panic(err)
	}
	fmt.Println(a.Family(), a.KeySize(), a.SignatureAlgorithm())

	_, err = algorithm.Parse("sm2_256")
	fmt.Println(errors.Is(err, yuncert.ErrInvalidValueMalformed))
	// Output:
	// SM2 256 SM3WithSM2
	// true
}

// A service stores a new key as PEM. Log lines and other output do not show the key.
func ExampleGenerateKey() {
	key, err := algorithm.GenerateKey(algorithm.ECC_256)
	if err != nil {
		panic(err)
	}
	text, err := key.PEM() // for a file of mode 0600 or a secret store
	if err != nil {
		panic(err)
	}
	again, err := algorithm.ParsePrivateKey(text)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%v %+v %x\n", again, again, again)

	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	logger.Info("made", "key", again)
	// Output:
	// ECC_256 private key ECC_256 private key ECC_256 private key
	// level=INFO msg=made key="ECC_256 private key"
}

// A service keeps its key in a file that only the password opens. ca.LoadPool reads
// such files too.
func ExampleParseEncryptedPrivateKey() {
	password := []byte("correct horse battery staple") // a program has it from a secret store
	key, err := algorithm.GenerateKey(algorithm.SM2_256)
	if err != nil {
		log.Fatal(err)
	}
	text, err := key.EncryptedPEM(password)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.SplitN(string(text), "\n", 2)[0])

	again, err := algorithm.ParseEncryptedPrivateKey(text, password)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again)

	_, err = algorithm.ParseEncryptedPrivateKey(text, []byte("wrong"))
	fmt.Println(errors.Is(err, yuncert.ErrInvalidParameter))
	// Output:
	// -----BEGIN ENCRYPTED PRIVATE KEY-----
	// SM2_256 private key
	// true
}

// A TLCP server has two keys. The applicant makes the signing key. The CA makes the
// encryption key, and sends it in an envelope that only the signing key opens.
func ExamplePrivateKey_Envelope() {
	// The applicant sends the public key in a CSR.
	signing, err := algorithm.GenerateKey(algorithm.SM2_256)
	if err != nil {
		log.Fatal(err)
	}

	// The CA.
	encryption, err := algorithm.GenerateKey(algorithm.SM2_256)
	if err != nil {
		log.Fatal(err)
	}
	envelope, err := encryption.Envelope(signing.Public())
	if err != nil {
		log.Fatal(err)
	}

	// The applicant opens it, and compares the key with the encryption certificate.
	opened, err := signing.OpenEnvelope(envelope)
	if err != nil {
		log.Fatal(err)
	}
	certified := encryption.Public().(*ecdsa.PublicKey)
	fmt.Println(opened, certified.Equal(opened.Public()))

	// Nobody else can open it.
	other, err := algorithm.GenerateKey(algorithm.SM2_256)
	if err != nil {
		log.Fatal(err)
	}
	_, err = other.OpenEnvelope(envelope)
	fmt.Println(errors.Is(err, yuncert.ErrInvalidParameter))
	// Output:
	// SM2_256 private key true
	// true
}

// The same call signs with every algorithm. SM2 keys always use SM3 and ignore the
// hash function in the options.
func ExamplePrivateKey_SignMessage() {
	for _, a := range []algorithm.Algorithm{algorithm.ECC_384, algorithm.SM2_256} {
		key, err := algorithm.GenerateKey(a)
		if err != nil {
			panic(err)
		}
		signature, err := crypto.SignMessage(key, rand.Reader, []byte("to be signed"), crypto.SHA256)
		fmt.Println(a.SignatureAlgorithm(), len(signature) > 60, err)
	}
	// Output:
	// Sha256WithECDSA true <nil>
	// SM3WithSM2 true <nil>
}

// A key has the same digest in its CSR, in its certificate and in a log.
func ExamplePubMd5() {
	const text = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTbEXsphM39wS6rxP
sNst9KaudtTS8uAvX2Nu/TYyBPehRANCAATXzSBRjRMld4v9jW8NYQT19NBVAKHw
bnnN33Tt8syqpZJttXdMtndvMSE+7pp06ZuNS2sjkQ9jHEaqFaqOLez/
-----END PRIVATE KEY-----
`
	key, err := algorithm.ParsePrivateKey([]byte(text))
	if err != nil {
		panic(err)
	}
	sum, err := algorithm.PubMd5(key.Public())
	fmt.Println(sum, err)
	// Output: d688b96aa7b60008de681c130bc50594 <nil>
}

// A service makes RSA keys in advance. A CSR then takes a millisecond, because it
// does not wait for two primes.
func ExampleKeyPool() {
	pool, err := algorithm.NewKeyPool(algorithm.RSA_2048, 4, 1)
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	ctx := context.Background() // in an HTTP handler: r.Context()
	key, err := pool.Get(ctx)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := csr.CreateCsrWithKey(rand.Reader, key, &csr.CreateCsrRequest{
		Algorithm: "RSA", KeySize: 2048, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key)
	fmt.Println(strings.SplitN(resp.Csr, "\n", 2)[0])
	// Output:
	// RSA_2048 private key
	// -----BEGIN CERTIFICATE REQUEST-----
}
