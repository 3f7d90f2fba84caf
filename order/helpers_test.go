package order_test

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/order"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

// instant is when everything in these tests happens. Stores keep whole
// microseconds of it.
var (
	instant = time.Date(2026, 3, 4, 5, 6, 7, 890_123_999, time.UTC)
	stored  = time.Date(2026, 3, 4, 5, 6, 7, 890_123_000, time.UTC)
	later   = instant.Add(time.Hour)
)

// Randomness.

// seeded gives the same octets in every run.
func seeded() io.Reader {
	return mathrand.NewChaCha8([32]byte([]byte("the randomness of yuncert's tests")))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

var errNoRandomness = errors.New("the random source is gone")

// broken is a random source that fails.
var broken = readerFunc(func([]byte) (int, error) { return 0, errNoRandomness })

// untouched is a random source that nothing may read.
func untouched(t testing.TB) io.Reader {
	return readerFunc(func([]byte) (int, error) {
		t.Error("randomness was drawn")
		return 0, errNoRandomness
	})
}

// Errors.

// The codes that most rows have.
const (
	missing   = yuncert.ErrMissingParameter
	malformed = yuncert.ErrInvalidValueMalformed
	refused   = yuncert.ErrInvalidParameter
	failed    = yuncert.ErrCreateCertificateRequestFailed
	wrong     = yuncert.ErrOrderStateError
	unknown   = yuncert.ErrNotFoundOrder
	broke     = yuncert.ErrError
)

// statuses is the table of the document of CreateCertificateWithCsrRequest, with
// the codes that the checks of parameters have beside it.
var statuses = map[yuncert.Code]int{
	yuncert.ErrNotFoundPackage:                404,
	yuncert.ErrNotRemainCount:                 404,
	yuncert.ErrCreateCertificateRequestFailed: 403,
	yuncert.ErrNotFoundOrder:                  404,
	yuncert.ErrOrderStateError:                403,
	yuncert.ErrDeleteFail:                     403,
	yuncert.ErrError:                          500,
	yuncert.ErrMissingParameter:               400,
	yuncert.ErrInvalidParameter:               400,
	yuncert.ErrInvalidValueMalformed:          400,
	yuncert.ErrNotFound:                       400,
	yuncert.ErrCertificateExpired:             400,
	yuncert.ErrInternalError:                  500,
}

// checkError wants an *yuncert.Error of that code, parameter and status, with
// all of mentions in its message and nothing of its cause there.
func checkError(t testing.TB, err error, code yuncert.Code, parameter string, mentions ...string) {
	t.Helper()
	got, ok := err.(*yuncert.Error)
	if !ok {
		t.Fatalf("error %v of type %T: want an *yuncert.Error %s for %q", err, err, code, parameter)
	}
	want := &yuncert.Error{Code: code, Parameter: parameter}
	if diff := gocmp.Diff(want, got, cmpopts.IgnoreFields(yuncert.Error{}, "Message", "Err")); diff != "" {
		t.Errorf("error mismatch (-want +got):\n%s\n%v", diff, err)
	}
	if status := statuses[code]; status == 0 || got.Code.HTTPStatus() != status {
		t.Errorf("%s has the status %d, want %d", got.Code, got.Code.HTTPStatus(), status)
	}
	if got.Err != nil && strings.Contains(got.Message, got.Err.Error()) {
		t.Errorf("the message %q, which goes to the client, holds the cause", got.Message)
	}
	if got.Message == "" || len(got.Message) > 1000 {
		t.Errorf("the message has %d octets: %q", len(got.Message), got.Message)
	}
	for _, mention := range mentions {
		if !strings.Contains(got.Message, mention) {
			t.Errorf("the message %q does not mention %q", got.Message, mention)
		}
	}
	if !errors.Is(err, code) {
		t.Errorf("errors.Is(%v, %v) is false", err, code)
	}
}

// must returns a value that there is an error with only when the test is wrong.
func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// CSRs.

// key returns a fixed key: 0 for roots, 1 for subordinate CAs, 2 for servers.
func key(a algorithm.Algorithm, i int) *algorithm.PrivateKey { return testkeys.Key(a, i) }

// hostCSR is a CSR for the server key as crypto/x509 makes it, with a common name
// and alternative names.
func hostCSR(t testing.TB, a algorithm.Algorithm, commonName string, names ...string) string {
	t.Helper()
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: commonName}}
	for _, name := range names {
		if addr, err := netip.ParseAddr(name); err == nil {
			template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return makeCSR(t, key(a, 2), template)
}

func makeCSR(t testing.TB, k crypto.Signer, template *x509.CertificateRequest) string {
	t.Helper()
	der := must[[]byte](t)(x509.CreateCertificateRequest(rand.Reader, template, k))
	return encodePEM("CERTIFICATE REQUEST", der)
}

// sm2CSR is a CSR of SM2, which crypto/x509 does not know.
func sm2CSR(t testing.TB, commonName string) string {
	t.Helper()
	return must[*csr.CreateCsrResponse](t)(csr.CreateCsrWithKey(seeded(), key(algorithm.SM2_256, 2), &csr.CreateCsrRequest{
		Algorithm: "SM2", KeySize: 256, CommonName: commonName, CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})).Csr
}

func encodePEM(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// The CSRs that most tests order with, made once.
var (
	plainCSR    = onceCSR("www.example.com")
	wildcardCSR = onceCSR("*.example.com")
)

func onceCSR(commonName string) func(testing.TB) string {
	var once sync.Once
	var text string
	return func(t testing.TB) string {
		t.Helper()
		once.Do(func() { text = hostCSR(t, algorithm.ECC_256, commonName) })
		return text
	}
}

// Orders.

type request = order.CreateCertificateWithCsrRequestRequest

// application is a valid request, for the tables to change.
func application(csr string) *request {
	return &request{Csr: csr, Username: "Tom", Phone: "1390000****", Email: "username@example.com", ValidateType: "DNS"}
}

// plentiful is how many units of each product the books of these tests have.
const plentiful = 1 << 40

// newBook is a Book over an empty memory store, with units of all products.
func newBook(t testing.TB, v order.Verifier) (*order.Book, *order.MemoryStore) {
	t.Helper()
	store := order.NewMemoryStore()
	book := order.NewBook(store, order.BookOptions{Verifier: v})
	for _, p := range order.Products() {
		if err := book.AddPackage(t.Context(), p.Code, plentiful); err != nil {
			t.Fatal(err)
		}
	}
	return book, store
}

// place submits an application and wants an order.
func place(t testing.TB, book *order.Book, req *request) order.Order {
	t.Helper()
	resp := must[*order.CreateCertificateWithCsrRequestResponse](t)(book.CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req))
	return read(t, book, resp.OrderId)
}

// read returns an order that must be there.
func read(t testing.TB, book *order.Book, id int64) order.Order {
	t.Helper()
	return must[order.Order](t)(book.Order(t.Context(), id))
}

// reach places an order and takes it to a state.
func reach(t testing.TB, book *order.Book, state order.State, req *request) order.Order {
	t.Helper()
	id := place(t, book, req).OrderId
	ctx := t.Context()
	var err error
	if state == order.StateProcess || state == order.StateVerifyFail || state == order.StateCertificate {
		_, err = book.CheckOwnership(ctx, instant, id)
	}
	switch {
	case err != nil:
	case state == order.StateVerifyFail:
		_, err = book.Fail(ctx, instant, id, "the domain is on a list")
	case state == order.StateCertificate:
		_, err = book.Issue(ctx, rand.Reader, instant, authorityOf(t, algorithm.ECC_256).issuer, id)
	case state == order.StatePayed:
		_, err = book.CancelOrderRequest(ctx, rand.Reader, instant, &order.CancelOrderRequestRequest{OrderId: id})
	}
	if err != nil {
		t.Fatal(err)
	}
	o := read(t, book, id)
	if o.State != state {
		t.Fatalf("the order is in %s, want %s", o.State, state)
	}
	return o
}

// states are all states of an order.
var states = []order.State{
	order.StateDomainVerify, order.StateProcess, order.StateVerifyFail, order.StateCertificate, order.StatePayed,
}

// contents is all that a store holds.
type contents struct {
	Packages []order.Package
	Orders   []order.Order
}

// everything reads a store.
func everything(t testing.TB, store order.Store) contents {
	t.Helper()
	var all contents
	err := store.View(context.Background(), func(tx order.Snapshot) error {
		all = contents{}
		for _, product := range order.Products() {
			p, found, err := tx.Package(product.Code)
			if err != nil {
				return err
			}
			if found {
				all.Packages = append(all.Packages, p)
			}
		}
		for _, state := range states {
			page, err := tx.Orders(state, order.Order{}, 1_000_000)
			if err != nil {
				return err
			}
			all.Orders = append(all.Orders, page...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// checkUnchanged wants a store to hold what it held.
func checkUnchanged(t testing.TB, store order.Store, before contents) {
	t.Helper()
	if diff := gocmp.Diff(before, everything(t, store)); diff != "" {
		t.Errorf("the store was changed (-before +after):\n%s", diff)
	}
}

// checkCounts wants those counts of a package.
func checkCounts(t testing.TB, book *order.Book, productCode string, total, used, issued int64) {
	t.Helper()
	got := must[*order.DescribePackageStateResponse](t)(book.DescribePackageState(t.Context(), seeded(), &order.DescribePackageStateRequest{ProductCode: productCode}))
	want := &order.DescribePackageStateResponse{
		ProductCode: cmp.Or(productCode, "digicert-free-1-free"), TotalCount: total, UsedCount: used, IssuedCount: issued, RequestId: got.RequestId,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("package mismatch (-want +got):\n%s", diff)
	}
}

// verifierFunc is a Verifier.
type verifierFunc func(context.Context, order.Challenge) ([]string, error)

func (f verifierFunc) Lookup(ctx context.Context, c order.Challenge) ([]string, error) {
	return f(ctx, c)
}

// proved finds what each challenge asks for.
var proved = verifierFunc(func(_ context.Context, c order.Challenge) ([]string, error) {
	return []string{cmp.Or(c.RecordValue, c.Content)}, nil
})

// unasked is a Verifier that nothing may ask.
func unasked(t testing.TB) order.Verifier {
	return verifierFunc(func(context.Context, order.Challenge) ([]string, error) {
		t.Error("a proof was looked up")
		return nil, errors.New("unasked")
	})
}

var (
	requestIDForm  = regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`)
	identifierForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	tokenForm      = regexp.MustCompile(`^[0-9]{8}000000[a-z0-9]{50}$`)
)

// CAs.

const crlBase = "http://pki.example.com/crl"

// An authority is a root CA and a subordinate one below it.
type authority struct {
	root, issuer *ca.Issuer
	rootPEM      string
	subPEM       string
	chainPEM     string
}

// authorityOf makes each authority once: they are immutable.
func authorityOf(t testing.TB, a algorithm.Algorithm) *authority {
	t.Helper()
	made, ok := authorities[a]
	if !ok {
		t.Fatalf("there is no authority of %s", a)
	}
	return made()
}

var authorities = map[algorithm.Algorithm]func() *authority{
	algorithm.ECC_256:  sync.OnceValue(func() *authority { return newAuthority(algorithm.ECC_256) }),
	algorithm.RSA_2048: sync.OnceValue(func() *authority { return newAuthority(algorithm.RSA_2048) }),
	algorithm.SM2_256:  sync.OnceValue(func() *authority { return newAuthority(algorithm.SM2_256) }),
}

func newAuthority(a algorithm.Algorithm) *authority {
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	random := seeded()
	root, err := ca.CreateRootCACertificate(random, instant, key(a, 0), &ca.CreateRootCACertificateRequest{
		CommonName: "Test Root", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	check(err)
	au := &authority{rootPEM: root.Certificate}
	au.root, err = ca.NewIssuer(root.CertificateChain, key(a, 0), ca.IssuerOptions{})
	check(err)
	sub, err := ca.CreateSubCACertificate(random, instant, au.root, key(a, 1).Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Test Sub CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: string(a), Years: 5,
	})
	check(err)
	au.subPEM, au.chainPEM = sub.Certificate, sub.CertificateChain
	au.issuer, err = ca.NewIssuer(sub.CertificateChain, key(a, 1), ca.IssuerOptions{CRLBase: crlBase})
	check(err)
	return au
}

// decodePEM returns the DER of each CERTIFICATE, and wants nothing else.
func decodePEM(t testing.TB, text string) [][]byte {
	t.Helper()
	var list [][]byte
	again := ""
	for rest := []byte(text); len(rest) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			t.Fatalf("not PEM of certificates alone:\n%s", text)
		}
		again += string(pem.EncodeToMemory(block))
		list = append(list, block.Bytes)
	}
	if again != text {
		t.Fatalf("not PEM of certificates alone:\n%s", text)
	}
	return list
}

// parsePEM has crypto/x509 read certificates.
func parsePEM(t testing.TB, text string) []*x509.Certificate {
	t.Helper()
	var list []*x509.Certificate
	for _, der := range decodePEM(t, text) {
		list = append(list, must[*x509.Certificate](t)(x509.ParseCertificate(der)))
	}
	return list
}

// poolOf is a pool of PEM certificates.
func poolOf(t testing.TB, certificates ...*x509.Certificate) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	for _, cert := range certificates {
		pool.AddCert(cert)
	}
	return pool
}

// golden compares got with a file in testdata.
func golden(t *testing.T, file string, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := must[[]byte](t)(os.ReadFile(file))
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s mismatch (-want +got):\n%s", file, diff)
	}
}

// indented is a value as JSON to read.
func indented(t testing.TB, value any) string {
	t.Helper()
	return string(must[[]byte](t)(json.MarshalIndent(value, "", "  "))) + "\n"
}

// Texts.

// chinese is a text of n characters, three octets each.
func chinese(n int) string { return strings.Repeat("云", n) }

// tags are n tags.
func tags(n int) []ca.Tag {
	var list []ca.Tag
	for i := range n {
		list = append(list, ca.Tag{Key: fmt.Sprint("key", i), Value: "value"})
	}
	return list
}
