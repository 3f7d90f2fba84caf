package order_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

// many is a product of as many names as a certificate has.
var many = order.Product{Code: "own-dv-250", Single: true, Wildcard: true, Months: 1, MaxNames: 250}

// placeSeveral places an order of the product many.
func placeSeveral(t testing.TB, opts order.BookOptions, names ...string) (*order.Book, *order.MemoryStore, order.Order) {
	t.Helper()
	store := order.NewMemoryStore()
	opts.Products = []order.Product{many}
	book := order.NewBook(store, opts)
	if err := book.AddPackage(t.Context(), many.Code, 2); err != nil {
		t.Fatal(err)
	}
	req := application(hostCSR(t, algorithm.ECC_256, names[0], names...))
	req.ProductCode = many.Code
	return book, store, place(t, book, req)
}

// Without an Authority the proofs of all names have the same text. CheckOwnership looks
// for them in sequence, and goes on where one was missing.
func TestOwnershipOfSeveralNames(t *testing.T) {
	t.Parallel()
	records := map[string]bool{}
	var asked []string
	var token string
	book, _, o := placeSeveral(t, order.BookOptions{Verifier: verifierFunc(func(_ context.Context, c order.Challenge) ([]string, error) {
		asked = append(asked, c.Domain)
		if c.RecordName != "_dnsauth."+c.Domain || c.RecordValue != token {
			t.Errorf("challenge %+v", c)
		}
		if records[c.Domain] {
			return []string{token}, nil
		}
		return nil, nil
	})}, "a.example.com", "b.example.com", "c.example.com")
	token = o.Token
	if o.Names != "a.example.com,b.example.com,c.example.com" || o.Domain != "a.example.com" || o.Due != "a.example.com" || !tokenForm.MatchString(token) {
		t.Fatalf("order %+v", o)
	}
	for _, step := range []struct {
		added string
		asked string
		due   string
		state order.State
	}{
		{"b.example.com", "a.example.com", "a.example.com", order.StateDomainVerify},
		{"a.example.com", "a.example.com b.example.com c.example.com", "c.example.com", order.StateDomainVerify},
		{"", "c.example.com", "c.example.com", order.StateDomainVerify},
		{"c.example.com", "c.example.com", "c.example.com", order.StateProcess},
	} {
		asked, records[step.added] = nil, true
		got := must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
		want := o
		want.State, want.Due, want.Updated = step.state, step.due, stored.Add(time.Hour)
		if step.state == order.StateDomainVerify {
			want.Reason = "nothing was found where the proof belongs"
			if shown := describe(t, book, o.OrderId); shown.RecordDomain != "_dnsauth."+strings.TrimSuffix(step.due, ".example.com") {
				t.Errorf("DescribeCertificateState shows %+v, want the record of %s", shown, step.due)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %q: order mismatch (-want +got):\n%s", step.added, diff)
		}
		if diff := cmp.Diff(step.asked, strings.Join(asked, " ")); diff != "" {
			t.Errorf("after %q: lookups mismatch (-want +got):\n%s", step.added, diff)
		}
	}
	issued := must[order.Order](t)(book.Issue(t.Context(), rand.Reader, later, authorityOf(algorithm.ECC_256).issuer, o.OrderId))
	if diff := cmp.Diff([]string{"a.example.com", "b.example.com", "c.example.com"}, parsePEM(t, issued.Certificate)[0].DNSNames); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
}

// If ctx ends between two lookups, the order does not change.
func TestOwnershipOfSeveralNamesBrokenOff(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	lookups := 0
	book, store, o := placeSeveral(t, order.BookOptions{Verifier: verifierFunc(func(_ context.Context, c order.Challenge) ([]string, error) {
		if lookups++; lookups == 2 {
			cancel()
		}
		return []string{c.RecordValue}, nil
	})}, "a.example.com", "b.example.com", "c.example.com")
	before := everything(t, store)
	_, err := book.CheckOwnership(ctx, later, o.OrderId)
	testutil.CheckError(t, err, broke, "", "ctx ended")
	if !errors.Is(err, context.Canceled) || lookups != 2 {
		t.Errorf("%v after %d lookups", err, lookups)
	}
	checkUnchanged(t, store, before)
}

// Wildcards bring their parents into the certificate, and need one proof each.
func TestSeveralWildcards(t *testing.T) {
	t.Parallel()
	var asked []string
	finds := verifierFunc(func(_ context.Context, c order.Challenge) ([]string, error) {
		asked = append(asked, c.Domain)
		return []string{c.RecordValue}, nil
	})
	book, _, o := placeSeveral(t, order.BookOptions{Verifier: finds}, "*.example.com", "example.com", "*.a.example.com")
	must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
	if diff := cmp.Diff("example.com a.example.com", strings.Join(asked, " ")); diff != "" {
		t.Errorf("lookups mismatch (-want +got):\n%s", diff)
	}
	issued := must[order.Order](t)(book.Issue(t.Context(), rand.Reader, later, authorityOf(algorithm.ECC_256).issuer, o.OrderId))
	if diff := cmp.Diff("*.example.com example.com *.a.example.com a.example.com", strings.Join(parsePEM(t, issued.Certificate)[0].DNSNames, " ")); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
}

// Several names at an Authority: their proofs have different texts.
func TestSeveralNamesAtAuthority(t *testing.T) {
	t.Parallel()
	fake := &fakeCA{t: t}
	book, _, o := placeSeveral(t, order.BookOptions{Verifier: proved, Authority: fakeClient{ca: fake}}, "a.example.com", "b.example.net", "c.example.org")
	for n, domain := range []string{"a.example.com", "b.example.net", "c.example.org"} {
		if want := fmt.Sprintf("digest-0-%d", n); o.State != order.StateDomainVerify || o.Due != domain || o.Token != want {
			t.Errorf("in %s the proof %s of %s is due, want %s of %s", o.State, o.Token, o.Due, want, domain)
		}
		o = must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
	}
	o = must[order.Order](t)(book.Obtain(t.Context(), later, o.OrderId))
	if diff := cmp.Diff(o.Names, strings.Join(parsePEM(t, o.Certificate)[0].DNSNames, ",")); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
	checkCounts(t, book, many.Code, 2, 1, 1)
}

// What the names of one order can be.
func TestSeveralNamesRefused(t *testing.T) {
	t.Parallel()
	numbered := func(n int, form string) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprintf(form, i))
		}
		return names
	}
	tests := []struct {
		name    string
		names   []string
		file    bool
		mention string // empty if accepted
	}{
		{"250 names", numbered(250, "host%d.example.com"), false, ""},
		{"251 names", numbered(251, "host%d.example.com"), false, "there are 251 names; own-dv-250 takes 250"},
		{"125 wildcards and their parents", numbered(125, "*.host%d.example.com"), false, ""},
		{"126 wildcards and their parents", numbered(126, "*.host%d.example.com"), false, `the certificate would have 252 names, with the names after "*."; want at most 250 besides the first`},
		{"a wildcard and a name below it", []string{"*.example.com", "www.example.com"}, false, `"www.example.com" is a single name among wildcard names`},
		{"a name before a wildcard of another domain", []string{"example.com", "*.example.net"}, false, `"example.com" is a single name among wildcard names`},
		{"a registry's wildcard at the end", []string{"*.example.com", "*.co.uk"}, false, `"*.co.uk" covers names of many owners`},
		{"a name of one label at the end", []string{"www.example.com", "localhost"}, false, `"localhost" is not a domain: it has only one label`},
		{"an address at the end", []string{"www.example.com", "2001:db8::1"}, false, "the CSR has the IP address 2001:db8::1 among its names"},
		{"a file for names", []string{"a.example.com", "b.example.com"}, true, ""},
		{"a file for a wildcard", []string{"example.com", "*.example.com"}, true, `FILE does not prove ownership of the wildcard name "*.example.com"`},
		{"a record for a long name at the end", []string{"www.example.com", nameOf(245)}, false, "has 245 octets; DNS proves names of up to 244"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := order.NewMemoryStore()
			book := order.NewBook(store, order.BookOptions{Verifier: proved, Products: []order.Product{many}})
			if err := book.AddPackage(t.Context(), many.Code, 1); err != nil {
				t.Fatal(err)
			}
			req := application(hostCSR(t, algorithm.ECC_256, tt.names[0], tt.names...))
			req.ProductCode = many.Code
			if tt.file {
				req.ValidateType = "FILE"
			}
			resp, err := book.CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req)
			if tt.mention != "" {
				parameter := "Csr"
				if strings.Contains(tt.mention, "FILE") || strings.Contains(tt.mention, "DNS proves") {
					parameter = "ValidateType"
				}
				testutil.CheckError(t, err, failed, parameter, tt.mention)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			// What is accepted can be proved and issued.
			must[order.Order](t)(book.CheckOwnership(t.Context(), later, resp.OrderId))
			must[order.Order](t)(book.Issue(t.Context(), rand.Reader, later, authorityOf(algorithm.ECC_256).issuer, resp.OrderId))
		})
	}
}
