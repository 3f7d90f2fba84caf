package order_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

// describe returns the state of an order without the RequestId.
func describe(t testing.TB, book *order.Book, id int64) order.DescribeCertificateStateResponse {
	t.Helper()
	resp := must[*order.DescribeCertificateStateResponse](t)(book.DescribeCertificateState(t.Context(), testutil.Seeded(), &order.DescribeCertificateStateRequest{OrderId: id}))
	resp.RequestId = ""
	return *resp
}

// The life of an order at an Authority, call by call. Each call is made by a new Book
// with a new client, so everything is in the store.
func TestAuthorityLife(t *testing.T) {
	t.Parallel()
	const wildcard = "geotrust-dv-w-starter"
	tests := []struct {
		name         string
		csr          func() string
		product      string
		validateType string
		names        string
		due          []string // the proofs one after the other
		challenges   []order.DescribeCertificateStateResponse
	}{
		{"a record", func() string { return plainCSR(t) }, "", "DNS", "www.example.com", []string{"www.example.com"},
			[]order.DescribeCertificateStateResponse{{RecordDomain: "_acme-challenge.www", RecordType: "TXT", RecordValue: "digest-0-0"}}},
		{"a file", func() string { return plainCSR(t) }, "", "FILE", "www.example.com", []string{"www.example.com"},
			[]order.DescribeCertificateStateResponse{{Domain: "www.example.com", Uri: "/.well-known/acme-challenge/file-0_0", Content: "file-0_0.thumbprint"}}},
		{"a wildcard", func() string { return wildcardCSR(t) }, wildcard, "DNS", "*.example.com", []string{"example.com"},
			[]order.DescribeCertificateStateResponse{{RecordDomain: "_acme-challenge", RecordType: "TXT", RecordValue: "digest-0-0"}}},
		{"a wildcard and its parent, with two proofs", func() string {
			return hostCSR(t, algorithm.ECC_256, "*.a.example.com", "a.example.com", "*.a.example.com")
		}, wildcard, "DNS",
			"*.a.example.com,a.example.com", []string{"a.example.com", "a.example.com"},
			[]order.DescribeCertificateStateResponse{
				{RecordDomain: "_acme-challenge.a", RecordType: "TXT", RecordValue: "digest-0-0"},
				{RecordDomain: "_acme-challenge.a", RecordType: "TXT", RecordValue: "digest-0-1"},
			}},
		{"a long name without a common name", func() string { return hostCSR(t, algorithm.ECC_256, "", strings.Repeat("a", 63)+".example.com") }, "", "DNS",
			strings.Repeat("a", 63) + ".example.com", []string{strings.Repeat("a", 63) + ".example.com"},
			[]order.DescribeCertificateStateResponse{{RecordDomain: "_acme-challenge." + strings.Repeat("a", 63), RecordType: "TXT", RecordValue: "digest-0-0"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			first, store, fake := newAuthorityBook(t, unasked(t))
			fake.looks, fake.works = 1, 1
			found := false
			next := func() *order.Book {
				return order.NewBook(store, order.BookOptions{Authority: fakeClient{ca: fake}, Verifier: verifierFunc(func(_ context.Context, c order.Challenge) ([]string, error) {
					if found {
						return []string{c.RecordValue + c.Content}, nil
					}
					return nil, nil
				})})
			}
			req := application(tt.csr())
			req.ProductCode, req.ValidateType = tt.product, tt.validateType
			o := place(t, first, req)
			want := order.Order{
				OrderId: o.OrderId, ProductCode: o.ProductCode, State: order.StateDomainVerify, Domain: strings.Split(tt.names, ",")[0], Names: tt.names,
				Csr: req.Csr, ValidateType: tt.validateType, Username: req.Username, Phone: req.Phone, Email: req.Email,
				Reference: fakeReference + "0", Due: tt.due[0], Token: tt.challenges[0].RecordValue + tt.challenges[0].Content, Created: stored, Updated: stored,
			}
			check := func(got order.Order) {
				t.Helper()
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("order mismatch (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(got, read(t, next(), o.OrderId)); diff != "" {
					t.Fatalf("the stored order differs from the returned one (-returned +stored):\n%s", diff)
				}
			}
			check(o)
			checkCounts(t, first, tt.product, plentiful, 1, 0)

			for n := range tt.due {
				shown := tt.challenges[n]
				shown.Type, shown.ValidateType = "domain_verify", tt.validateType
				if diff := cmp.Diff(shown, describe(t, next(), o.OrderId)); diff != "" {
					t.Errorf("state mismatch (-want +got):\n%s", diff)
				}
				// Without the proof the CA is not told.
				found = false
				want.Updated, want.Reason = stored.Add(time.Hour), "nothing was found where the proof belongs"
				told := fake.applications[0].proved
				check(must[order.Order](t)(next().CheckOwnership(t.Context(), later, o.OrderId)))
				if fake.applications[0].proved != told {
					t.Error("the CA was told of a proof that was not found")
				}
				found, want.Reason = true, ""
				if n == 0 { // the CA looks for the first proof twice
					check(must[order.Order](t)(next().CheckOwnership(t.Context(), later, o.OrderId)))
				}
				if n+1 < len(tt.due) {
					want.Due, want.Token = tt.due[n+1], tt.challenges[n+1].RecordValue
				} else {
					want.State = order.StateProcess
				}
				check(must[order.Order](t)(next().CheckOwnership(t.Context(), later, o.OrderId)))
			}
			if got, state := describe(t, next(), o.OrderId), (order.DescribeCertificateStateResponse{Type: "process"}); got != state {
				t.Errorf("state %+v", got)
			}

			// The CA is at work once, and then has the certificate.
			check(must[order.Order](t)(next().Obtain(t.Context(), later, o.OrderId)))
			got := must[order.Order](t)(next().Obtain(t.Context(), later.Add(time.Hour), o.OrderId))
			chain := parsePEM(t, got.Certificate)
			want.State, want.Certificate, want.Updated = order.StateCertificate, fake.applications[0].certificate, stored.Add(2*time.Hour)
			want.Issued, want.NotAfter = want.Updated, chain[0].NotAfter
			check(got)
			if diff := cmp.Diff(tt.names, strings.Join(chain[0].DNSNames, ",")); diff != "" {
				t.Errorf("names mismatch (-want +got):\n%s", diff)
			}
			checkCounts(t, first, tt.product, plentiful, 1, 1)
			if fake.certified != 1 || len(fake.applications) != 1 {
				t.Errorf("%d applications and %d certificates, want 1", len(fake.applications), fake.certified)
			}
		})
	}
}

// With an Authority every name of the CSR is ordered, and what public CAs refuse is
// refused before the CA is asked.
func TestAuthorityNames(t *testing.T) {
	t.Parallel()
	const wildcard = "geotrust-dv-w-starter"
	tests := []struct {
		name      string
		csr       func() string
		change    func(*request)
		parameter string
		says      string // empty if accepted
		names     string
	}{
		{"a common name among the alternative names", func() string { return hostCSR(t, algorithm.ECC_256, "www.example.com", "WWW.example.com") }, nil, "", "", "www.example.com"},
		{"one alternative name", func() string { return hostCSR(t, algorithm.RSA_2048, "", "www.example.com") }, nil, "", "", "www.example.com"},
		{"capitals", func() string { return hostCSR(t, algorithm.ECC_384, "WWW.Example.COM") }, nil, "", "", "www.example.com"},
		{"a parent before its wildcard", func() string { return hostCSR(t, algorithm.ECC_256, "example.com", "*.example.com") }, func(r *request) { r.ProductCode = wildcard }, "", "", "example.com,*.example.com"},
		{"A-labels", func() string { return hostCSR(t, algorithm.ECC_256, "xn--fsqu00a.xn--fiqs8s") }, nil, "", "", "xn--fsqu00a.xn--fiqs8s"},
		{"a record for a name of 237 octets", func() string { return hostCSR(t, algorithm.ECC_256, "", nameOf(237)) }, nil, "", "", nameOf(237)},
		{"a file for a name of 253 octets", func() string { return hostCSR(t, algorithm.ECC_256, "", nameOf(253)) }, func(r *request) { r.ValidateType = "FILE" }, "", "", nameOf(253)},

		{"a record for a name of 238 octets", func() string { return hostCSR(t, algorithm.ECC_256, "", nameOf(238)) }, nil, "ValidateType", "has 238 octets; DNS proves names of up to 237", ""},
		{"a second name", func() string { return hostCSR(t, algorithm.ECC_256, "a.example.com", "b.example.com") }, nil, "Csr", "there are 2 names; digicert-free-1-free takes 1", ""},
		{"a second name without a common name", func() string { return hostCSR(t, algorithm.ECC_256, "", "a.example.com", "b.example.com") }, nil, "Csr", "there are 2 names; digicert-free-1-free takes 1", ""},
		{"a name of one label", func() string { return hostCSR(t, algorithm.ECC_256, "www.example.com", "localhost") }, nil, "Csr", `"localhost" is not a domain: it has only one label`, ""},
		{"no name", func() string { return hostCSR(t, algorithm.ECC_256, "") }, nil, "Csr", "the CSR has no DNS name", ""},
		{"an address", func() string { return hostCSR(t, algorithm.ECC_256, "www.example.com", "192.0.2.1") }, nil, "Csr", "the CSR has the IP address 192.0.2.1 among its names", ""},
		{"an e-mail address", func() string { return otherNamesCSR(t) }, nil, "Csr", "the CSR has 2 names in subjectAltName that are not DNS names", ""},
		{"U-labels", func() string { return hostCSR(t, algorithm.ECC_256, "例子.中国") }, nil, "Csr", `the CSR's common name "例子.中国" is not in ASCII; public CAs want "xn--fsqu00a.xn--fiqs8s" there`, ""},
		{"a key on P-521", func() string { return hostCSR(t, algorithm.ECC_512, "www.example.com") }, nil, "Csr", "the CSR's key is ECC_512; want RSA_2048, RSA_3072, RSA_4096, ECC_256 or ECC_384", ""},
		{"an SM2 key", func() string { return sm2CSR(t, "www.example.com") }, nil, "Csr", "the CSR's key is SM2_256; want RSA_2048, RSA_3072, RSA_4096, ECC_256 or ECC_384", ""},
		{"a wildcard for a product of single names", func() string { return hostCSR(t, algorithm.ECC_256, "example.com", "*.example.com") }, nil, "Csr", `"*.example.com" is a wildcard name; digicert-free-1-free takes a single name`, ""},
		{"a wildcard and a name that is not its parent", func() string { return hostCSR(t, algorithm.ECC_256, "*.example.com", "www.example.com") }, func(r *request) { r.ProductCode = wildcard }, "Csr", `"www.example.com" is a single name among wildcard names`, ""},
		{"two wildcards", func() string { return hostCSR(t, algorithm.ECC_256, "*.example.com", "*.example.net") }, func(r *request) { r.ProductCode = wildcard }, "Csr", "there are 2 names; geotrust-dv-w-starter takes 1", ""},
		{"a registry's wildcard as an alternative name", func() string { return hostCSR(t, algorithm.ECC_256, "co.uk", "*.co.uk") }, func(r *request) { r.ProductCode = wildcard }, "Csr", `"*.co.uk" covers names of many owners`, ""},
		{"a file for a wildcard after its parent", func() string { return hostCSR(t, algorithm.ECC_256, "example.com", "*.example.com") }, func(r *request) { r.ProductCode, r.ValidateType = wildcard, "FILE" }, "ValidateType", `FILE does not prove ownership of the wildcard name "*.example.com"`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			book, store, fake := newAuthorityBook(t, unasked(t))
			req := application(tt.csr())
			if tt.change != nil {
				tt.change(req)
			}
			if tt.says == "" {
				if o := place(t, book, req); o.Names != tt.names || strings.Join(fake.applications[0].names, ",") != tt.names {
					t.Errorf("the order is for %s, and the CA was asked for %q; want %s", o.Names, fake.applications[0].names, tt.names)
				}
				return
			}
			before := everything(t, store)
			resp, err := book.CreateCertificateWithCsrRequest(t.Context(), testutil.Untouched(t), instant, req)
			testutil.CheckError(t, err, failed, tt.parameter, tt.says)
			if resp != nil || len(fake.applications) != 0 {
				t.Errorf("response %v after %d applications", resp, len(fake.applications))
			}
			checkUnchanged(t, store, before)
		})
	}
}

// nameOf returns a DNS name of n octets, at least 70.
func nameOf(n int) string {
	name := "example.com"
	for len(name) < n {
		name = strings.Repeat("a", min(63, max(n-len(name)-1, 1))) + "." + name
	}
	return name[len(name)-n:]
}

// The CA is not asked for an order that gets no unit.
func TestAuthorityWithoutUnits(t *testing.T) {
	t.Parallel()
	fake := &fakeCA{t: t}
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{Authority: fakeClient{ca: fake}})
	submit := func() error {
		_, err := book.CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, application(plainCSR(t)))
		return err
	}
	testutil.CheckError(t, submit(), yuncert.ErrNotFoundPackage, "ProductCode")
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	if err := submit(); err != nil {
		t.Fatal(err)
	}
	testutil.CheckError(t, submit(), yuncert.ErrNotRemainCount, "ProductCode")
	if len(fake.applications) != 1 {
		t.Errorf("%d applications at the CA, want 1", len(fake.applications))
	}
}

// A CA that knows the applicant needs no proof.
func TestAuthorityReusesProofs(t *testing.T) {
	t.Parallel()
	book, _, fake := newAuthorityBook(t, unasked(t))
	fake.reuses = true
	o := place(t, book, application(plainCSR(t)))
	if o.State != order.StateProcess || o.Reference == "" {
		t.Errorf("the order begins in %s with the reference %q", o.State, o.Reference)
	}
	o = must[order.Order](t)(book.Obtain(t.Context(), later, o.OrderId))
	if o.State != order.StateCertificate {
		t.Errorf("the order is in %s", o.State)
	}
	checkCounts(t, book, "", plentiful, 1, 1)
}

// authorityCalls are the calls of an Authority, with the state that the order has
// before them.
var authorityCalls = []struct {
	name  string
	state order.State // empty before submission
	run   func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error)
}{
	{"Begin", "", func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
		return book.CreateCertificateWithCsrRequest(ctx, testutil.Seeded(), later, application(plainCSR(t)))
	}},
	{"Prove", order.StateDomainVerify, func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
		return book.CheckOwnership(ctx, later, id)
	}},
	{"Obtain", order.StateProcess, func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
		return book.Obtain(ctx, later, id)
	}},
}

// spoiledCall runs one call of an Authority that gives a changed answer. It returns the
// store, what it held before, a Book whose Authority works, and the result.
func spoiledCall(t *testing.T, n int, change func(*fakeAnswer, context.CancelFunc)) (store order.Store, before contents, healthy *order.Book, id int64, result any, err error) {
	t.Helper()
	healthy, memory, fake := newAuthorityBook(t, proved)
	c := authorityCalls[n]
	if c.state != "" {
		id = reach(t, healthy, c.state, application(plainCSR(t))).OrderId
	}
	before = everything(t, memory)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked := 0
	spoiled := order.NewBook(memory, order.BookOptions{Verifier: proved, Authority: fakeClient{ca: fake, change: func(call string, a *fakeAnswer) {
		if call != c.name {
			t.Errorf("%s was called, want %s", call, c.name)
		}
		asked++
		change(a, cancel)
	}}})
	result, err = c.run(ctx, t, spoiled, id)
	if asked != 1 {
		t.Errorf("the Authority was asked %d times", asked)
	}
	return memory, before, healthy, id, result, err
}

// If the Authority fails, nothing changes, and the next call goes on.
func TestAuthorityFails(t *testing.T) {
	t.Parallel()
	retry := time.Date(2026, 3, 4, 7, 0, 0, 0, time.FixedZone("UTC+8", 8*60*60))
	secret := errors.New("dial tcp 192.0.2.7: connection refused")
	tests := []struct {
		name   string
		change func(*fakeAnswer, context.CancelFunc)
		says   string
		is     error
		away   *order.Unavailable
	}{
		{"with any error", func(a *fakeAnswer, _ context.CancelFunc) { a.err = secret }, "the Authority failed", secret, nil},
		{"with a code", func(a *fakeAnswer, _ context.CancelFunc) {
			a.err = fmt.Errorf("%w: %w", &yuncert.Error{Code: yuncert.ErrNotFound, Message: "no key"}, secret)
		}, "the Authority failed", secret, nil},
		{"with a rate limit", func(a *fakeAnswer, _ context.CancelFunc) {
			a.err = fmt.Errorf("new order: %w", &order.Unavailable{RetryAt: retry, Err: secret})
		}, "the CA is not available; try again after 2026-03-03T23:00:00Z", secret, &order.Unavailable{RetryAt: retry, Err: secret}},
		{"without a time to try again", func(a *fakeAnswer, _ context.CancelFunc) { a.err = &order.Unavailable{Err: secret} },
			"the CA is not available; try again later", secret, &order.Unavailable{Err: secret}},
		{"because ctx ends", func(a *fakeAnswer, cancel context.CancelFunc) { cancel(); a.err = secret }, "ctx ended during a call of the Authority", context.Canceled, nil},
		{"because ctx ends at a CA that is away", func(a *fakeAnswer, cancel context.CancelFunc) { cancel(); a.err = &order.Unavailable{Err: secret} },
			"ctx ended during a call of the Authority", context.Canceled, &order.Unavailable{Err: secret}},
		// The answer is there, but cannot be stored any more.
		{"not, but ctx ends", func(a *fakeAnswer, cancel context.CancelFunc) { cancel() }, "the order store failed", context.Canceled, nil},
	}
	for n, c := range authorityCalls {
		for _, tt := range tests {
			t.Run(c.name+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				store, before, healthy, id, result, err := spoiledCall(t, n, tt.change)
				testutil.CheckError(t, err, broke, "", tt.says)
				// An error may need a person: only a CA that is away says when to try again.
				if e, _ := errors.AsType[*yuncert.Error](err); tt.away == nil && strings.Contains(e.Message, "try again") {
					t.Errorf("the message is %q", e.Message)
				}
				if !errors.Is(err, tt.is) || errors.Is(err, yuncert.ErrNotFound) {
					t.Errorf("the error is %v", err)
				}
				away, ok := errors.AsType[*order.Unavailable](err)
				if ok != (tt.away != nil) || ok && (!away.RetryAt.Equal(tt.away.RetryAt) || away.Err != secret) {
					t.Errorf("the error has %v, want %v", away, tt.away)
				}
				if body := string(must[[]byte](t)(json.Marshal(err))); strings.Contains(body, "192.0.2.7") {
					t.Errorf("the body for the client contains the cause: %s", body)
				}
				if !isEmpty(result) {
					t.Errorf("a result with an error: %+v", result)
				}
				checkUnchanged(t, store, before)
				if _, err := c.run(t.Context(), t, healthy, id); err != nil {
					t.Errorf("the next call: %v", err)
				}
				used, issued := int64(1), int64(0)
				if c.name == "Obtain" {
					issued = 1
				}
				checkCounts(t, healthy, "", plentiful, used, issued)
			})
		}
	}
}

// A refusal is final. Its reason is made safe to store and to show.
func TestAuthorityRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, reason, want string }{
		{"a reason", "CAA forbids it: add a record for ca.example", "CAA forbids it: add a record for ca.example"},
		{"no reason", "", "it gave no reason"},
		{"control characters", "no\r\n\x1b[31mway\x00", "no   [31mway"},
		{"a long reason", strings.Repeat("云", 100_000), strings.Repeat("云", 166)},
		{"no UTF-8", "a\xffb", "a b"},
	}
	for n, c := range authorityCalls {
		for _, tt := range tests {
			t.Run(c.name+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				store, before, healthy, id, result, err := spoiledCall(t, n, func(a *fakeAnswer, _ context.CancelFunc) {
					a.err = fmt.Errorf("at the CA: %w", &order.Refusal{Reason: tt.reason})
				})
				if c.name == "Begin" {
					testutil.CheckError(t, err, failed, "Csr", "the CA refused the application: "+tt.want)
					if !isEmpty(result) {
						t.Errorf("a result with an error: %+v", result)
					}
					checkUnchanged(t, store, before)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				want := before.Orders[0]
				want.State, want.Reason, want.Updated = order.StateVerifyFail, tt.want, stored.Add(time.Hour)
				if diff := cmp.Diff(want, result); diff != "" {
					t.Errorf("order mismatch (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(want, read(t, healthy, id)); diff != "" {
					t.Errorf("stored order mismatch (-want +got):\n%s", diff)
				}
				checkCounts(t, healthy, "", plentiful, 1, 0)
				for _, gone := range []bool{false, true} {
					_, err := healthy.DeleteCertificateRequest(t.Context(), rand.Reader, &order.DeleteCertificateRequestRequest{OrderId: id})
					if gone != errors.Is(err, unknown) {
						t.Error(err)
					}
					checkCounts(t, healthy, "", plentiful, 0, 0)
				}
			})
		}
	}
}

// An answer that breaks the rules of Authority is refused, and nothing changes.
func TestAuthorityNonsense(t *testing.T) {
	t.Parallel()
	is := func(text string) func(*fakeAnswer) {
		return func(a *fakeAnswer) { a.certificate = text }
	}
	due := func(domain, token string) func(*fakeAnswer) {
		return func(a *fakeAnswer) { a.due = &order.Proof{Domain: domain, Token: token} }
	}
	reference := func(text string) func(*fakeAnswer) {
		return func(a *fakeAnswer) { a.reference = text }
	}
	const noReference, noToken, noName = "want a reference of 1 to 2048 visible ASCII characters", "want a Token of 1 to 512 visible ASCII characters", "which is not a name of the order"
	const noCertificate = "the Authority's certificate cannot be used: "
	out := outside()
	tests := []struct {
		call, name string
		change     func(*fakeAnswer)
		says       string
	}{
		{"Begin", "no reference", reference(""), noReference + "; it has 0 octets"},
		{"Begin", "a reference of 2049 octets", reference(strings.Repeat("x", 2049)), noReference + "; it has 2049 octets"},
		{"Begin", "a reference with a newline", reference("a\nb"), noReference},
		{"Begin", "a reference with a space", reference("a b"), noReference},
		{"Begin", "a reference that is not ASCII", reference("é"), noReference},
		{"Begin", "a proof of another name", due("bank.example", "x"), `the proof is for "bank.example", ` + noName},
		{"Begin", "a proof of no name", due("", "x"), `the proof is for "", ` + noName},
		{"Begin", "a proof of a mebibyte", due(strings.Repeat("x", 1<<20), "x"), noName},
		{"Begin", "no token", due("www.example.com", ""), noToken},
		{"Begin", "a token of 513 octets", due("www.example.com", strings.Repeat("x", 513)), noToken + "; it has 513 octets"},
		{"Begin", "a token with a NUL", due("www.example.com", "a\x00"), noToken},
		{"Prove", "a proof of another name", due("bank.example", "x"), `the proof is for "bank.example", ` + noName},
		{"Prove", "a proof of the wildcard", due("*.example.com", "x"), noName},
		{"Prove", "a token of 513 octets", due("www.example.com", strings.Repeat("x", 513)), noToken},
		{"Prove", "a token with a newline", due("www.example.com", "a\n"), noToken},
		{"Obtain", "garbage", is("garbage"), noCertificate + "there is no certificate in PEM"},
		{"Obtain", "a damaged certificate", is(testutil.EncodePEM("CERTIFICATE", []byte("garbage"))), noCertificate + "certificate 1 cannot be read"},
		{"Obtain", "a mebibyte", is(strings.Repeat("x", 1<<20)), noCertificate},
		{"Obtain", "a certificate for another key", is(out.subPEM()), noCertificate + "the certificate's key is not the key in the order's CSR"},
		{"Obtain", "a certificate for another name", func(a *fakeAnswer) { a.certificate = otherNameCertificate(t) }, noCertificate + `the certificate's names do not cover "www.example.com"`},
		{"Obtain", "a foreign CA after the certificate", func(a *fakeAnswer) { a.certificate = out.leaf(t, nil) + authorityOf(algorithm.ECC_256).subPEM }, noCertificate + "certificate 2 is not"},
		{"Obtain", "11 certificates", func(a *fakeAnswer) { a.certificate += strings.Repeat(out.subPEM(), 9) }, noCertificate + "there are more than 10 certificates"},
	}
	for _, tt := range tests {
		for n, c := range authorityCalls {
			if c.name != tt.call {
				continue
			}
			t.Run(c.name+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				store, before, healthy, id, result, err := spoiledCall(t, n, func(a *fakeAnswer, _ context.CancelFunc) { tt.change(a) })
				testutil.CheckError(t, err, broke, "", tt.says)
				if len(err.Error()) > 600 {
					t.Errorf("the error has %d octets", len(err.Error()))
				}
				if !isEmpty(result) {
					t.Errorf("a result with an error: %+v", result)
				}
				checkUnchanged(t, store, before)
				if _, err := c.run(t.Context(), t, healthy, id); err != nil {
					t.Errorf("the next call: %v", err)
				}
			})
		}
	}

	t.Run("Obtain, a certificate for fewer names", func(t *testing.T) {
		t.Parallel()
		for _, only := range []string{"*.example.com", "example.com"} {
			book, store, fake := newAuthorityBook(t, proved)
			req := application(hostCSR(t, algorithm.ECC_256, "*.example.com", "example.com"))
			req.ProductCode = "geotrust-dv-w-starter"
			o := place(t, book, req)
			for range 2 {
				o = must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
			}
			before := everything(t, store)
			spoiled := order.NewBook(store, order.BookOptions{Authority: fakeClient{ca: fake, change: func(_ string, a *fakeAnswer) {
				a.certificate = outside().certificate(t, func(cert *x509.Certificate) { cert.DNSNames = []string{only} })
			}}})
			_, err := spoiled.Obtain(t.Context(), later, o.OrderId)
			testutil.CheckError(t, err, broke, "", "the certificate's names do not cover", `its DNS names are "`+only+`"`)
			checkUnchanged(t, store, before)
		}
	})

	// The first part of a token is part of a path.
	for _, token := range []string{"..", "../x.y", "a/b.c", "a%2f.b", "a?b.c", "a b.c", ".b", "a=.b"} {
		book, store, fake := newAuthorityBook(t, unasked(t))
		before := everything(t, store)
		spoiled := order.NewBook(store, order.BookOptions{Authority: fakeClient{ca: fake, change: func(_ string, a *fakeAnswer) { a.due.Token = token }}})
		req := application(plainCSR(t))
		req.ValidateType = "FILE"
		_, err := spoiled.CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req)
		testutil.CheckError(t, err, broke, "", "the Authority's answer cannot be used: want ")
		checkUnchanged(t, store, before)
		checkCounts(t, book, "", plentiful, 0, 0)
	}
}

// The limits themselves are accepted.
func TestAuthorityLimits(t *testing.T) {
	t.Parallel()
	book, store, fake := newAuthorityBook(t, unasked(t))
	reference, token := strings.Repeat("~", 2048), strings.Repeat("!", 512)
	wide := order.NewBook(store, order.BookOptions{Authority: fakeClient{ca: fake, change: func(_ string, a *fakeAnswer) {
		a.reference, a.due.Token = reference, token
	}}})
	o := place(t, wide, application(plainCSR(t)))
	if got := read(t, book, o.OrderId); got.Reference != reference || got.Token != token {
		t.Errorf("the order has the reference %q and the token %q", got.Reference, got.Token)
	}
}

// The process dies after any call: what the CA did is not stored. Another Book goes on,
// and in the end there is one certificate for one unit.
func TestAuthorityProcessDies(t *testing.T) {
	t.Parallel()
	// The order is submitted, checked three times and issued. At 5 no process dies.
	for died := range 6 {
		t.Run(fmt.Sprint("change ", died), func(t *testing.T) {
			t.Parallel()
			_, store, fake := newAuthorityBook(t, proved)
			fake.looks, fake.works = 1, 1
			var changes atomic.Int64
			calls := 0
			next := func() *order.Book {
				calls++
				if calls > 20 {
					t.Fatal("the order does not get on")
				}
				return order.NewBook(dyingStore{store, &changes, int64(died)}, order.BookOptions{Verifier: proved, Authority: fakeClient{ca: fake}})
			}
			req := application(hostCSR(t, algorithm.ECC_256, "*.example.com", "example.com"))
			req.ProductCode = "geotrust-dv-w-starter"
			resp, err := next().CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req)
			deaths := 0
			if err != nil {
				deaths++
				checkStoreError(t, err, broke, errStore)
				resp = must[*order.CreateCertificateWithCsrRequestResponse](t)(next().CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req))
			}
			o := read(t, next(), resp.OrderId)
			for o.State == order.StateDomainVerify || o.State == order.StateProcess {
				step := (*order.Book).CheckOwnership
				if o.State == order.StateProcess {
					step = (*order.Book).Obtain
				}
				got, err := step(next(), t.Context(), later, o.OrderId)
				if err != nil {
					deaths++
					checkStoreError(t, err, broke, errStore)
					continue
				}
				o = got
			}
			if o.State != order.StateCertificate || o.Certificate != fake.applications[len(fake.applications)-1].certificate || fake.certified != 1 {
				t.Errorf("the order is in %s after %d certificates", o.State, fake.certified)
			}
			if died < 5 && deaths != 1 || died == 5 && deaths != 0 {
				t.Errorf("%d deaths", deaths)
			}
			checkCounts(t, next(), req.ProductCode, plentiful, 1, 1)
		})
	}
}

// Several processes work on the same orders at once. Each order gets one certificate
// and is counted once.
func TestAuthorityRace(t *testing.T) {
	t.Parallel()
	book, store, fake := newAuthorityBook(t, proved)
	fake.looks, fake.works = 2, 2
	const count = 4
	req := application(hostCSR(t, algorithm.ECC_256, "*.example.com", "example.com"))
	req.ProductCode = "geotrust-dv-w-starter"
	var ids []int64
	for range count {
		ids = append(ids, place(t, book, req).OrderId)
	}
	race(4*count, func(i int) {
		own := order.NewBook(store, order.BookOptions{Verifier: proved, Authority: fakeClient{ca: fake}})
		id := ids[i%count]
		for range 100 {
			o := read(t, own, id)
			var err error
			switch o.State {
			case order.StateDomainVerify:
				_, err = own.CheckOwnership(t.Context(), later, id)
			case order.StateProcess:
				_, err = own.Obtain(t.Context(), later, id)
			case order.StateCertificate:
				return
			}
			if err != nil && !errors.Is(err, wrong) {
				t.Error(err)
			}
		}
		t.Error("the order does not get on")
	})
	checkCounts(t, book, req.ProductCode, plentiful, count, count)
	if fake.certified != count || len(fake.applications) != count {
		t.Errorf("%d applications and %d certificates, want %d", len(fake.applications), fake.certified, count)
	}
}

// A slow check of ownership must not take an order back to a proof that another check
// has found.
func TestAuthorityLateAnswer(t *testing.T) {
	t.Parallel()
	book, store, fake := newAuthorityBook(t, proved)
	req := application(hostCSR(t, algorithm.ECC_256, "*.example.com", "example.com"))
	req.ProductCode = "geotrust-dv-w-starter"
	o := place(t, book, req)
	slow := order.NewBook(store, order.BookOptions{Verifier: proved, Authority: fakeClient{ca: fake, change: func(_ string, a *fakeAnswer) {
		a.due = &order.Proof{Domain: o.Due, Token: o.Token} // the answer of a moment ago
		must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
	}}})
	_, err := slow.CheckOwnership(t.Context(), later, o.OrderId)
	testutil.CheckError(t, err, wrong, "OrderId", `another call found the proof of "example.com" first`)
	if got := read(t, book, o.OrderId); got.Token != "digest-0-1" {
		t.Errorf("the order is in %s with the token %s", got.State, got.Token)
	}
}

// A Book without an Authority does not touch the orders of one, and the other way round.
func TestAuthorityOfOrder(t *testing.T) {
	t.Parallel()
	book, store, fake := newAuthorityBook(t, proved)
	with := place(t, book, application(plainCSR(t))).OrderId
	bare := order.NewBook(store, order.BookOptions{Verifier: unasked(t)})
	before := everything(t, store)
	_, err := bare.CheckOwnership(t.Context(), later, with)
	testutil.CheckError(t, err, broke, "", "was placed with an Authority, and this Book has none; set Authority in BookOptions")
	checkUnchanged(t, store, before)
	must[order.Order](t)(book.CheckOwnership(t.Context(), later, with))
	before = everything(t, store)
	_, err = bare.Obtain(t.Context(), later, with)
	testutil.CheckError(t, err, broke, "", "this Book has none; set Authority in BookOptions")
	checkUnchanged(t, store, before)

	// An order that was placed without an Authority keeps its own proof.
	plain := order.NewBook(store, order.BookOptions{Verifier: proved})
	without := place(t, plain, application(plainCSR(t)))
	got := must[order.Order](t)(book.CheckOwnership(t.Context(), later, without.OrderId))
	if got.State != order.StateProcess {
		t.Errorf("the order is in %s", got.State)
	}
	before = everything(t, store)
	_, err = book.Obtain(t.Context(), later, without.OrderId)
	testutil.CheckError(t, err, wrong, "OrderId", "was placed without an Authority; use Issue or Complete")
	checkUnchanged(t, store, before)
	if fake.certified != 0 {
		t.Errorf("%d certificates", fake.certified)
	}

	// Issue and Complete work for every order.
	au := authorityOf(algorithm.ECC_256)
	must[order.Order](t)(book.Issue(t.Context(), rand.Reader, later, au.issuer, without.OrderId))
	must[order.Order](t)(book.Complete(t.Context(), later, with, outside().certificate(t, nil)))
	checkCounts(t, book, "", plentiful, 2, 2)
}

// Obtain is refused in every other state, and does not ask the CA.
func TestObtainStates(t *testing.T) {
	t.Parallel()
	book, store, fake := newAuthorityBook(t, proved)
	unused := order.NewBook(store, order.BookOptions{Authority: fakeClient{ca: fake, change: func(call string, _ *fakeAnswer) { t.Errorf("%s was called", call) }}})
	for _, state := range states {
		if state == order.StateProcess {
			continue
		}
		o := reach(t, book, state, application(plainCSR(t)))
		_, err := unused.Obtain(t.Context(), later, o.OrderId)
		testutil.CheckError(t, err, wrong, "OrderId", "state "+string(state)+"; issuing needs an order in process")
	}
	_, err := unused.Obtain(t.Context(), later, 1)
	testutil.CheckError(t, err, unknown, "OrderId")
}

// A key that was blocked after the order gets no certificate.
func TestObtainBlockedKey(t *testing.T) {
	t.Parallel()
	book, store, fake := newAuthorityBook(t, proved)
	o := reach(t, book, order.StateProcess, application(plainCSR(t)))
	strict := order.NewBook(store, order.BookOptions{
		Authority: fakeClient{ca: fake}, KeyPolicy: algorithm.KeyPolicy{Blocked: func([32]byte) bool { return true }},
	})
	before := everything(t, store)
	_, err := strict.Obtain(t.Context(), later, o.OrderId)
	testutil.CheckError(t, err, refused, "Csr", "the key is blocked")
	if fake.certified != 0 {
		t.Error("the CA signed a certificate")
	}
	checkUnchanged(t, store, before)
}

func TestPostpone(t *testing.T) {
	t.Parallel()
	for _, state := range states {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			book, store := newBook(t, proved)
			o := reach(t, book, state, application(plainCSR(t)))
			before := everything(t, store)
			got, err := book.Postpone(t.Context(), later, o.OrderId, later.Add(time.Minute))
			if state != order.StateDomainVerify && state != order.StateProcess && state != order.StateCertificate {
				testutil.CheckError(t, err, wrong, "OrderId", "Postpone needs an order in certificate or domain_verify or process")
				checkUnchanged(t, store, before)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := o // Updated stays, because it is the time of the proof
			want.Attempts, want.Next = 1, stored.Add(time.Hour+time.Minute)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order mismatch (-want +got):\n%s", diff)
			}
			want.Attempts, want.Next = 2, stored.Add(2*time.Hour)
			must[order.Order](t)(book.Postpone(t.Context(), later, o.OrderId, later.Add(time.Hour)))
			if diff := cmp.Diff(want, read(t, book, o.OrderId)); diff != "" {
				t.Errorf("stored order mismatch (-want +got):\n%s", diff)
			}
		})
	}
	book, store := newBook(t, proved)
	o := place(t, book, application(plainCSR(t)))
	before := everything(t, store)
	for _, next := range []time.Time{later, later.Add(-time.Nanosecond), {}} {
		_, err := book.Postpone(t.Context(), later, o.OrderId, next)
		testutil.CheckError(t, err, refused, "next", next.UTC().Format(time.RFC3339)+" is not after now, which is 2026-03-04T06:06:07Z")
	}
	checkUnchanged(t, store, before)
}

// A new state and a new proof begin without attempts.
func TestAttemptsBeginAgain(t *testing.T) {
	t.Parallel()
	book, _, fake := newAuthorityBook(t, proved)
	fake.looks = 1
	req := application(plainCSR(t))
	id := place(t, book, req).OrderId
	postpone := func(want int64) {
		t.Helper()
		o := must[order.Order](t)(book.Postpone(t.Context(), later, id, later.Add(time.Hour)))
		if o.Attempts != want || o.Next.IsZero() {
			t.Errorf("%d attempts and Next %v, want %d attempts", o.Attempts, o.Next, want)
		}
	}
	begun := func(o order.Order, err error) {
		t.Helper()
		if err != nil || o.Attempts != 0 || !o.Next.IsZero() {
			t.Errorf("%d attempts, Next %v, %v", o.Attempts, o.Next, err)
		}
	}
	postpone(1)
	if o := must[order.Order](t)(book.CheckOwnership(t.Context(), later, id)); o.Attempts != 1 { // the CA looks
		t.Errorf("%d attempts while the CA looks, want 1", o.Attempts)
	}
	postpone(2)
	begun(book.CheckOwnership(t.Context(), later, id))
	postpone(1)
	begun(book.Obtain(t.Context(), later, id))
	postpone(1)

	// The next proof of the same name has another text; the next name has the same text.
	req = application(hostCSR(t, algorithm.ECC_256, "*.example.com", "example.com"))
	req.ProductCode = "geotrust-dv-w-starter"
	id = place(t, book, req).OrderId
	postpone(1)
	must[order.Order](t)(book.CheckOwnership(t.Context(), later, id)) // the CA looks
	begun(book.CheckOwnership(t.Context(), later, id))
	several, _, o := placeSeveral(t, order.BookOptions{Verifier: verifierFunc(func(_ context.Context, c order.Challenge) ([]string, error) {
		if c.Domain == "a.example.com" {
			return []string{c.RecordValue}, nil
		}
		return nil, nil
	})}, "a.example.com", "b.example.com")
	must[order.Order](t)(several.Postpone(t.Context(), later, o.OrderId, later.Add(time.Hour)))
	begun(several.CheckOwnership(t.Context(), later, o.OrderId))
}

// Whatever an Authority answers, an order has a name of its own to prove, a path without
// other segments, and texts within their limits.
func FuzzAuthorityAnswer(f *testing.F) {
	f.Add("https://ca.example/1", "www.example.com", "a.b", "", false)
	f.Add("", "www.example.com", "../a", "", true)
	f.Add("a\x00", "bank.example", "\xff", "garbage", true)
	f.Add("a", "www.example.com", "a", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", false)
	f.Fuzz(func(t *testing.T, reference, domain, token, certificate string, file bool) {
		_, store, fake := newAuthorityBook(t, proved)
		book := order.NewBook(store, order.BookOptions{Verifier: proved, Authority: fakeClient{ca: fake, change: func(call string, a *fakeAnswer) {
			switch call {
			case "Begin":
				a.reference, a.due = reference, &order.Proof{Domain: domain, Token: token}
			case "Prove":
				a.due, a.err = nil, nil
			case "Obtain":
				a.certificate, a.err = certificate, nil
			}
		}}})
		fake.t = discard{t} // the CA does not know these references and proofs
		req := application(plainCSR(t))
		if file {
			req.ValidateType = "FILE"
		}
		resp, err := book.CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req)
		if err != nil {
			testutil.CheckError(t, err, broke, "", "the Authority's answer cannot be used")
			return
		}
		o := read(t, book, resp.OrderId)
		c := o.Challenge()
		for _, text := range []string{o.Reference, o.Token} {
			if text == "" || len(text) > 2048 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("the order has the text %q", text)
			}
		}
		if o.Due != "www.example.com" || len(o.Token) > 512 || file && (strings.Count(c.Uri, "/") != 3 || strings.ContainsAny(c.Uri[1:], "?#%\\") || strings.HasSuffix(c.Uri, "/")) {
			t.Errorf("order %+v with the path %s", o, c.Uri)
		}
		must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
		got, err := book.Obtain(t.Context(), later, o.OrderId)
		if err != nil {
			testutil.CheckError(t, err, broke, "", "the Authority's certificate cannot be used")
		} else if (got.State == order.StateCertificate) != (got.Certificate != "") {
			t.Errorf("the order is in %s with the certificate %q", got.State, got.Certificate)
		}
	})
}
