package order_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/order"
)

// A fakeCA is a public CA. It signs with the key of outside.
type fakeCA struct {
	t testing.TB

	// For new applications: how often Prove and Obtain say that the CA is at work, and
	// whether it needs no proof because it knows the applicant.
	looks, works int
	reuses       bool

	mu           sync.Mutex
	applications []*fakeApplication
	certified    int // certificates signed
}

type fakeApplication struct {
	names        []string
	proofs       []order.Proof
	proved       int // of proofs, in sequence
	looks, works int
	certificate  string
}

// A fakeClient is an Authority. It has no memory, so another one can go on.
type fakeClient struct {
	ca *fakeCA

	// change, if not nil, changes the answer to a call: "Begin", "Prove", "Obtain" or
	// "Revoke". The CA has done its work then.
	change func(call string, a *fakeAnswer)
}

// A fakeAnswer has the results of all methods.
type fakeAnswer struct {
	reference   string
	due         *order.Proof
	certificate string
	err         error
}

const fakeReference = "https://ca.example/order/"

func (c fakeClient) answer(ctx context.Context, call string, f func(ca *fakeCA, a *fakeAnswer)) (a fakeAnswer) {
	if a.err = ctx.Err(); a.err == nil {
		c.ca.mu.Lock()
		f(c.ca, &a)
		c.ca.mu.Unlock()
	}
	if c.change != nil {
		c.change(call, &a)
	}
	return a
}

func (c fakeClient) Begin(ctx context.Context, names []string, validateType string) (string, *order.Proof, error) {
	a := c.answer(ctx, "Begin", func(ca *fakeCA, a *fakeAnswer) {
		n := len(ca.applications)
		made := &fakeApplication{names: slices.Clone(names), looks: ca.looks, works: ca.works}
		ca.applications = append(ca.applications, made)
		a.reference = fakeReference + fmt.Sprint(n)
		if ca.reuses {
			return
		}
		for i, name := range names { // a wildcard and its parent have two proofs
			token := fmt.Sprintf("digest-%d-%d", n, i)
			if validateType == "FILE" {
				token = fmt.Sprintf("file-%d_%d.thumbprint", n, i)
			}
			made.proofs = append(made.proofs, order.Proof{Domain: strings.TrimPrefix(name, "*."), Token: token})
		}
		first := made.proofs[0]
		a.due = &first
	})
	return a.reference, a.due, a.err
}

// application returns an application that must exist.
func (ca *fakeCA) application(reference string) *fakeApplication {
	var n int
	if _, err := fmt.Sscanf(reference, fakeReference+"%d", &n); err != nil || n >= len(ca.applications) {
		ca.t.Errorf("the Book asks for the reference %q", reference)
		return new(fakeApplication)
	}
	return ca.applications[n]
}

func (c fakeClient) Prove(ctx context.Context, reference, validateType string, placed order.Proof) (*order.Proof, error) {
	a := c.answer(ctx, "Prove", func(ca *fakeCA, a *fakeAnswer) {
		made := ca.application(reference)
		n := slices.Index(made.proofs, placed)
		switch {
		case n < 0:
			ca.t.Errorf("the Book says that %v is placed; want one of %v", placed, made.proofs)
		case n == made.proved && made.looks > 0:
			made.looks--
		case n == made.proved:
			made.proved++
		}
		if made.proved < len(made.proofs) {
			due := made.proofs[made.proved]
			a.due = &due
		}
	})
	return a.due, a.err
}

func (c fakeClient) Obtain(ctx context.Context, reference string, csr []byte) (string, error) {
	a := c.answer(ctx, "Obtain", func(ca *fakeCA, a *fakeAnswer) {
		made := ca.application(reference)
		request, err := x509.ParseCertificateRequest(csr)
		switch {
		case err != nil:
			a.err = err
		case made.proved < len(made.proofs):
			a.err = errors.New("a proof is missing")
		case made.works > 0:
			made.works--
		case made.certificate == "":
			made.certificate = outside().certificate(ca.t, func(cert *x509.Certificate) {
				cert.PublicKey, cert.DNSNames = request.PublicKey, made.names
			})
			ca.certified++
			fallthrough
		default:
			a.certificate = made.certificate
		}
	})
	return a.certificate, a.err
}

func (c fakeClient) Revoke(ctx context.Context, certificate string) error {
	return c.answer(ctx, "Revoke", func(*fakeCA, *fakeAnswer) {}).err
}

// newAuthorityBook returns a Book over a new store, with units of all products and a
// client of a new CA.
func newAuthorityBook(t testing.TB, v order.Verifier) (*order.Book, *order.MemoryStore, *fakeCA) {
	t.Helper()
	made := &fakeCA{t: t}
	book, store := stocked(t, order.BookOptions{Verifier: v, Authority: fakeClient{ca: made}})
	return book, store, made
}

// discard is a test whose CA accepts questions about anything.
type discard struct{ testing.TB }

func (discard) Errorf(string, ...any) {}

// A dyingStore fails once, at the change with number n from 0, as if the process had died
// before the transaction.
type dyingStore struct {
	order.Store
	changes *atomic.Int64
	n       int64
}

func (s dyingStore) Update(ctx context.Context, f func(order.Tx) error) error {
	if s.changes.Add(1)-1 == s.n {
		return errStore
	}
	return s.Store.Update(ctx, f)
}

// otherNamesCSR returns a CSR with an e-mail address and a URI.
func otherNamesCSR(t testing.TB) string {
	t.Helper()
	return makeCSR(t, testkeys.Key(algorithm.ECC_256, 2), &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "www.example.com"}, EmailAddresses: []string{"tom@example.com"},
		URIs: []*url.URL{{Scheme: "https", Host: "www.example.com"}},
	})
}

// otherNameCertificate returns a certificate for the key of plainCSR and another name.
func otherNameCertificate(t testing.TB) string {
	t.Helper()
	return outside().certificate(t, func(cert *x509.Certificate) { cert.DNSNames = []string{"www.example.net"} })
}
