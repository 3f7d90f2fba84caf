package order_test

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

// Orders are placed at instant and change later. stored is instant as a store
// keeps it, in whole microseconds.
var (
	instant = time.Date(2026, 3, 4, 5, 6, 7, 890_123_999, time.UTC)
	stored  = time.Date(2026, 3, 4, 5, 6, 7, 890_123_000, time.UTC)
	later   = instant.Add(time.Hour)
)

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

// must returns a function that returns its value, or fails the test if there is
// an error.
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

// hostCSR returns a CSR that crypto/x509 makes for key 2 of an algorithm, with a
// common name and alternative names. Key 0 belongs to roots, key 1 to
// subordinate CAs.
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
	return makeCSR(t, testkeys.Key(a, 2), template)
}

func makeCSR(t testing.TB, key crypto.Signer, template *x509.CertificateRequest) string {
	t.Helper()
	der := must[[]byte](t)(x509.CreateCertificateRequest(rand.Reader, template, key))
	return testutil.EncodePEM("CERTIFICATE REQUEST", der)
}

// sm2CSR returns a CSR for an SM2 key, which crypto/x509 does not support.
func sm2CSR(t testing.TB, commonName string) string {
	t.Helper()
	return must[*csr.CreateCsrResponse](t)(csr.CreateCsrWithKey(testutil.Seeded(), testkeys.Key(algorithm.SM2_256, 2), &csr.CreateCsrRequest{
		Algorithm: "SM2", KeySize: 256, CommonName: commonName, CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})).Csr
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

// application returns a valid request. Each row of a table makes one change to it.
func application(csr string) *request {
	return &request{Csr: csr, Username: "Tom", Phone: "1390000****", Email: "username@example.com", ValidateType: "DNS"}
}

// plentiful is the number of units of each product that newBook buys.
const plentiful = 1 << 40

// newBook returns a Book over a new memory store, with units of all products.
func newBook(t testing.TB, v order.Verifier) (*order.Book, *order.MemoryStore) {
	t.Helper()
	return stocked(t, order.BookOptions{Verifier: v})
}

// stocked is newBook with all options.
func stocked(t testing.TB, opts order.BookOptions) (*order.Book, *order.MemoryStore) {
	t.Helper()
	store := order.NewMemoryStore()
	book := order.NewBook(store, opts)
	for _, p := range append(order.Products(), opts.Products...) {
		if err := book.AddPackage(t.Context(), p.Code, plentiful); err != nil {
			t.Fatal(err)
		}
	}
	return book, store
}

// place submits an application and returns the order.
func place(t testing.TB, book *order.Book, req *request) order.Order {
	t.Helper()
	resp := must[*order.CreateCertificateWithCsrRequestResponse](t)(book.CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req))
	return read(t, book, resp.OrderId)
}

// read returns an order that must exist.
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
	if state == order.StateProcess || state == order.StateVerifyFail || state == order.StateCertificate || state == order.StateRevoked {
		_, err = book.CheckOwnership(ctx, instant, id)
	}
	switch {
	case err != nil:
	case state == order.StateVerifyFail:
		_, err = book.Fail(ctx, instant, id, "the domain is on a list")
	case state == order.StateCertificate || state == order.StateRevoked:
		_, err = book.Issue(ctx, rand.Reader, instant, authorityOf(algorithm.ECC_256).issuer, id)
	case state == order.StatePayed:
		_, err = book.CancelOrderRequest(ctx, rand.Reader, instant, &order.CancelOrderRequestRequest{OrderId: id})
	}
	if err == nil && (state == order.StateRevoked || state == order.StateCancelled) {
		_, err = book.CancelCertificateForPackageRequest(ctx, rand.Reader, instant, &order.CancelCertificateForPackageRequestRequest{OrderId: id})
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

// states has every state of an order.
var states = []order.State{
	order.StateDomainVerify, order.StateProcess, order.StateVerifyFail, order.StateCertificate, order.StatePayed,
	order.StateRevoked, order.StateCancelled,
}

// unitOf returns 1 for the counts that an order in a state is part of. A revoked order is
// taken to have given its unit back.
func unitOf(state order.State) (used, issued int64) {
	switch state {
	case order.StateCertificate:
		return 1, 1
	case order.StateRevoked, order.StateCancelled, gone:
		return 0, 0
	}
	return 1, 0
}

// contents has everything that a store holds.
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
		for _, product := range append(order.Products(), own) {
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

// checkUnchanged checks that a store still holds what it held before.
func checkUnchanged(t testing.TB, store order.Store, before contents) {
	t.Helper()
	if diff := gocmp.Diff(before, everything(t, store)); diff != "" {
		t.Errorf("the store was changed (-before +after):\n%s", diff)
	}
}

// checkRefused makes a call that may make a key, and checks its error and that it changes
// nothing and draws no randomness.
func checkRefused[Req, Resp any](t testing.TB, store order.Store,
	call func(context.Context, io.Reader, time.Time, *Req) (*Resp, *algorithm.PrivateKey, error), now time.Time, req *Req,
	code yuncert.Code, parameter, mention string) {
	t.Helper()
	before := everything(t, store)
	resp, key, err := call(t.Context(), testutil.Untouched(t), now, req)
	testutil.CheckError(t, err, code, parameter, mention)
	if n := len(err.Error()); n > 500 {
		t.Errorf("the error has %d octets", n)
	}
	if resp != nil || key != nil {
		t.Error("a result with an error")
	}
	checkUnchanged(t, store, before)
}

// checkCounts checks the counts of a package.
func checkCounts(t testing.TB, book *order.Book, productCode string, total, used, issued int64) {
	t.Helper()
	got := must[*order.DescribePackageStateResponse](t)(book.DescribePackageState(t.Context(), testutil.Seeded(), &order.DescribePackageStateRequest{ProductCode: productCode}))
	want := &order.DescribePackageStateResponse{
		ProductCode: cmp.Or(productCode, "digicert-free-1-free"), TotalCount: total, UsedCount: used, IssuedCount: issued, RequestId: got.RequestId,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("package mismatch (-want +got):\n%s", diff)
	}
}

// A verifierFunc is a Verifier whose Lookup is a function.
type verifierFunc func(context.Context, order.Challenge) ([]string, error)

func (f verifierFunc) Lookup(ctx context.Context, c order.Challenge) ([]string, error) {
	return f(ctx, c)
}

// proved is a Verifier that finds the proof of every challenge.
var proved = verifierFunc(func(_ context.Context, c order.Challenge) ([]string, error) {
	return []string{cmp.Or(c.RecordValue, c.Content)}, nil
})

// unasked returns a Verifier that fails the test when it is called.
func unasked(t testing.TB) order.Verifier {
	return verifierFunc(func(context.Context, order.Challenge) ([]string, error) {
		t.Error("a proof was looked up")
		return nil, errors.New("unasked")
	})
}

var tokenForm = regexp.MustCompile(`^[0-9]{8}000000[a-z0-9]{50}$`)

// CAs.

const crlBase = "http://pki.example.com/crl"

// An authority is a root CA and a subordinate one below it.
type authority struct {
	root, issuer *ca.Issuer
	rootPEM      string
	subPEM       string
	chainPEM     string
}

// authorities makes each authority once: they are immutable.
var authorities = func() map[algorithm.Algorithm]func() *authority {
	made := make(map[algorithm.Algorithm]func() *authority)
	for _, a := range testkeys.Families {
		made[a] = sync.OnceValue(func() *authority { return newAuthority(a) })
	}
	return made
}()

// authorityOf returns an authority whose CAs have keys of that algorithm, and
// whose issuer publishes CRLs below crlBase.
func authorityOf(a algorithm.Algorithm) *authority { return authorities[a]() }

func newAuthority(a algorithm.Algorithm) *authority {
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	random := testutil.Seeded()
	root, err := ca.CreateRootCACertificate(random, instant, testkeys.Key(a, 0), &ca.CreateRootCACertificateRequest{
		CommonName: "Test Root", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	check(err)
	au := &authority{rootPEM: root.Certificate}
	au.root, err = ca.NewIssuer(root.CertificateChain, testkeys.Key(a, 0), ca.IssuerOptions{})
	check(err)
	sub, err := ca.CreateSubCACertificate(random, instant, au.root, testkeys.Key(a, 1).Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Test Sub CA", Organization: "Example", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: string(a), Years: 5,
	})
	check(err)
	au.subPEM, au.chainPEM = sub.Certificate, sub.CertificateChain
	au.issuer, err = ca.NewIssuer(sub.CertificateChain, testkeys.Key(a, 1), ca.IssuerOptions{CRLBase: crlBase})
	check(err)
	return au
}

// parsePEM parses a text that must be PEM of certificates and nothing else, as
// testutil.EncodePEM writes it.
func parsePEM(t testing.TB, text string) []*x509.Certificate {
	t.Helper()
	var list []*x509.Certificate
	again := ""
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		list = append(list, must[*x509.Certificate](t)(x509.ParseCertificate(block.Bytes)))
		again += testutil.EncodePEM("CERTIFICATE", block.Bytes)
	}
	if again != text {
		t.Fatalf("not only certificates in PEM:\n%s", text)
	}
	return list
}

// poolOf returns a pool of certificates.
func poolOf(t testing.TB, certificates ...*x509.Certificate) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	for _, cert := range certificates {
		pool.AddCert(cert)
	}
	return pool
}

// tags returns n different tags.
func tags(n int) []ca.Tag {
	var list []ca.Tag
	for i := range n {
		list = append(list, ca.Tag{Key: fmt.Sprint("key", i), Value: "value"})
	}
	return list
}
