package order_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"os"
	"strings"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

// A Book applies its own policy for keys. Validate applies the zero policy.
func TestBookSmallExponents(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../csr/testdata/refused/rsa-e3.pem")
	if err != nil {
		t.Fatal(err)
	}
	req := application(string(text))
	const says = "the RSA exponent 3 is not"
	testutil.CheckError(t, req.Validate(), failed, "Csr", says)
	book, _ := newBook(t, nil)
	_, err = book.CreateCertificateWithCsrRequest(t.Context(), testutil.Seeded(), instant, req)
	testutil.CheckError(t, err, failed, "Csr", says)

	store := order.NewMemoryStore()
	book = order.NewBook(store, order.BookOptions{KeyPolicy: algorithm.KeyPolicy{SmallExponents: true}})
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	place(t, book, req)
	checkCounts(t, book, order.DefaultProductCode, 1, 1, 0)
}

// A blocked key gets no order. A key that was blocked after the order gets no
// certificate.
func TestBookBlockedKeys(t *testing.T) {
	t.Parallel()
	blocked := false
	store := order.NewMemoryStore()
	book := order.NewBook(store, order.BookOptions{
		Verifier:  proved,
		KeyPolicy: algorithm.KeyPolicy{Blocked: func([32]byte) bool { return blocked }},
	})
	if err := book.AddPackage(t.Context(), "", 2); err != nil {
		t.Fatal(err)
	}
	o := reach(t, book, order.StateProcess, application(hostCSR(t, algorithm.ECC_256, "www.example.com")))

	blocked = true
	before := everything(t, store)
	_, err := book.CreateCertificateWithCsrRequest(t.Context(), testutil.Untouched(t), instant, application(hostCSR(t, algorithm.ECC_256, "www.example.com")))
	testutil.CheckError(t, err, failed, "Csr", "the key is blocked: it is known to be compromised")
	certificate := outside().certificate(t, nil)
	_, err = book.Complete(t.Context(), instant, o.OrderId, certificate)
	testutil.CheckError(t, err, refused, "Csr", "the key is blocked: it is known to be compromised")
	_, err = book.Issue(t.Context(), testutil.Untouched(t), instant, authorityOf(algorithm.ECC_256).issuer, o.OrderId)
	testutil.CheckError(t, err, refused, "Csr", "the key is blocked: it is known to be compromised")
	checkUnchanged(t, store, before)

	blocked = false
	must[order.Order](t)(book.Complete(t.Context(), instant, o.OrderId, certificate))
}

// A message about the key recommends only keys that the Book accepts.
func TestBookKeyMessages(t *testing.T) {
	t.Parallel()
	rsa1536 := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 1536))
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: "www.example.com"}}
	csrs := map[string]string{
		"RSA_1024": hostCSR(t, algorithm.RSA_1024, "www.example.com"),
		"RSA 1536": makeCSR(t, rsa1536, template),
		"RSA_2048": hostCSR(t, algorithm.RSA_2048, "www.example.com"),
		"SM2_256":  sm2CSR(t, "www.example.com"),
	}
	for _, tt := range []struct {
		bits      int
		key, says string
	}{
		{0, "RSA_1024", "the key is RSA_1024; want an RSA key of at least 2048 bits"},
		{1024, "RSA_1024", "the key is RSA_1024; want an RSA key of at least 2048 bits"},
		{1536, "RSA_1024", "the key is RSA_1024; want an RSA key of at least 2048 bits"},
		{3072, "RSA_1024", "the key is RSA_1024; want an RSA key of at least 3072 bits"},
		{3072, "RSA_2048", "the key is RSA_2048; want an RSA key of at least 3072 bits"},
		{0, "RSA 1536", "an RSA key of 1536 bits is not supported; want 2048, 3072 or 4096"},
		{0, "SM2_256", "the CSR's key is SM2_256; want RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384 or ECC_512"},
		{3072, "SM2_256", "the CSR's key is SM2_256; want RSA_3072, RSA_4096, ECC_256, ECC_384 or ECC_512"},
		{8192, "SM2_256", "the CSR's key is SM2_256; want ECC_256, ECC_384 or ECC_512"},
	} {
		book := order.NewBook(order.NewMemoryStore(), order.BookOptions{KeyPolicy: algorithm.KeyPolicy{MinRSABits: tt.bits}})
		_, err := book.CreateCertificateWithCsrRequest(t.Context(), testutil.Untouched(t), instant, application(csrs[tt.key]))
		testutil.CheckError(t, err, failed, "Csr", tt.says)
		if strings.Contains(strings.Replace(err.Error(), "key is RSA_1024", "", 1), "1024") {
			t.Errorf("the message recommends RSA_1024: %v", err)
		}
	}
}
