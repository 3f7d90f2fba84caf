package order_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

type renewRequest = order.RenewCertificateOrderForPackageRequestRequest

// renewal returns a valid request for an order.
func renewal(orderID int64, csr string) *renewRequest {
	return &renewRequest{OrderId: orderID, Csr: csr}
}

// aboutToExpire is a time at which a certificate of three months from instant can be
// renewed.
var aboutToExpire = instant.AddDate(0, 3, -10)

// renew renews an order and returns the new one.
func renew(t testing.TB, book *order.Book, now time.Time, req *renewRequest) (order.Order, *algorithm.PrivateKey) {
	t.Helper()
	resp, key, err := book.RenewCertificateOrderForPackageRequest(t.Context(), rand.Reader, now, req)
	if err != nil {
		t.Fatal(err)
	}
	if !testutil.RequestIDForm.MatchString(resp.RequestId) || resp.OrderId == req.OrderId {
		t.Errorf("response %+v", resp)
	}
	return read(t, book, resp.OrderId), key
}

func TestRenewCertificateOrderForPackageRequestRefused(t *testing.T) {
	t.Parallel()
	tag := func(key, value string) func(*renewRequest) {
		return func(r *renewRequest) { r.Tags = []ca.Tag{{Key: "account", Value: "test"}, {Key: key, Value: value}} }
	}
	csr := func(text string) func(*renewRequest) { return func(r *renewRequest) { r.Csr = text } }
	for _, tt := range []struct {
		name      string
		change    func(*renewRequest)
		valid     bool // for Validate, which does not know the order
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"no OrderId", func(r *renewRequest) { r.OrderId = 0 }, false, missing, "OrderId", "OrderId is mandatory for this action."},
		{"an unknown order", func(r *renewRequest) { r.OrderId = 1 }, true, unknown, "OrderId", "there is no order 1"},
		{"text that is not a CSR", csr("garbage"), false, failed, "Csr", "neither DER nor PEM"},
		{"a CSR for SM2", csr(sm2CSR(t, "www.example.com")), false, failed, "Csr", "SM2_256"},
		{"a CSR for RSA_1024", csr(hostCSR(t, algorithm.RSA_1024, "www.example.com")), false, failed, "Csr", "at least 2048 bits"},
		{"a CSR for another name", csr(hostCSR(t, algorithm.ECC_256, "www.example.net")), true, failed, "Csr",
			`an order for the CSR has the names "www.example.net", and order `},
		{"a CSR for the name above", csr(hostCSR(t, algorithm.ECC_256, "example.com")), true, failed, "Csr", `has "www.example.com"; want a CSR with the same names`},
		{"a CSR for a wildcard above the name", csr(wildcardCSR(t)), true, failed, "Csr", `"*.example.com" is a wildcard name`},
		{"a CSR without names", csr(hostCSR(t, algorithm.ECC_256, "")), true, failed, "Csr", "no common name"},
		{"21 tags", func(r *renewRequest) { r.Tags = tags(21) }, false, malformed, "Tags", "there are 21 tags"},
		{"a tag without a key", tag("", "value"), false, malformed, "Tags", "a tag has no Key"},
		{"a key of 129 characters", tag(testutil.Chinese(129), ""), false, malformed, "Tags", "128"},
		{"a key that Alibaba Cloud reserves", tag("aliyun-x", ""), false, malformed, "Tags", `the Key "aliyun-x"`},
		{"a key with a URL", tag("see http://example.com", ""), false, malformed, "Tags", "http://"},
		{"a value of 129 characters", tag("a", testutil.Chinese(129)), false, malformed, "Tags", "128"},
		{"a value that Alibaba Cloud reserves", tag("a", "aliyun-x"), false, malformed, "Tags", `the Value "aliyun-x" begins with "aliyun"`},
		{"a value of access control", tag("a", "acs:x"), false, malformed, "Tags", `the Value "acs:x" begins with "acs:"`},
		{"a value with a URL", tag("a", "see http://example.com"), false, malformed, "Tags", "contains http:// or https://"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			book, store := newBook(t, proved)
			req := renewal(reach(t, book, order.StateCertificate, application(plainCSR(t))).OrderId, plainCSR(t))
			tt.change(req)
			if err := req.Validate(); tt.valid != (err == nil) {
				t.Errorf("Validate: %v", err)
			} else if err != nil {
				testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
			}
			checkRefused(t, store, book.RenewCertificateOrderForPackageRequest, aboutToExpire, req, tt.code, tt.parameter, tt.mention)
		})
	}
}

// An order is renewed in no other state.
func TestRenewStates(t *testing.T) {
	t.Parallel()
	for _, state := range states {
		if state == order.StateCertificate {
			continue
		}
		book, store := newBook(t, proved)
		o := reach(t, book, state, application(plainCSR(t)))
		checkRefused(t, store, book.RenewCertificateOrderForPackageRequest, aboutToExpire, renewal(o.OrderId, plainCSR(t)),
			wrong, "OrderId", "the order is in state "+string(state)+"; RenewCertificateOrderForPackageRequest needs an order in certificate")
	}
}

// An order can be renewed from RenewBefore before NotAfter until NotAfter.
func TestRenewWindow(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name        string
		renewBefore time.Duration
		before      time.Duration // before NotAfter
		ok          bool
	}{
		{"30 days before", 0, 30 * day, true},
		{"a nanosecond earlier", 0, 30*day + 1, false},
		{"at once after the issue", 0, 92 * day, false},
		{"at NotAfter", 0, 0, true},
		{"a nanosecond after NotAfter", 0, -1, false},
		{"years after", 0, -1000 * day, false},
		{"10 days before with 10 days", 10 * day, 10 * day, true},
		{"a nanosecond earlier with 10 days", 10 * day, 10*day + 1, false},
		{"at once with the longest time", 1<<63 - 1, 92 * day, true},
		{"a nanosecond after NotAfter with the longest time", 1<<63 - 1, -1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			healthy, store := newBook(t, proved)
			o := reach(t, healthy, order.StateCertificate, application(plainCSR(t)))
			if o.NotAfter.Sub(instant) > 93*day || o.NotAfter.Sub(instant) < 91*day {
				t.Fatalf("the certificate expires at %s", o.NotAfter)
			}
			before := everything(t, store)
			book := order.NewBook(store, order.BookOptions{RenewBefore: tt.renewBefore})
			now := o.NotAfter.Add(-tt.before)
			resp, _, err := book.RenewCertificateOrderForPackageRequest(t.Context(), testutil.Seeded(), now, renewal(o.OrderId, plainCSR(t)))
			if tt.ok {
				if err != nil || resp.OrderId == 0 {
					t.Errorf("%v, %v", resp, err)
				}
				return
			}
			testutil.CheckError(t, err, wrong, "OrderId", "the order can be renewed from ", "to "+o.NotAfter.Format(time.RFC3339)+", and now is "+now.Format(time.RFC3339))
			checkUnchanged(t, store, before)
		})
	}
}

func TestRenewCertificateOrderForPackageRequest(t *testing.T) {
	t.Parallel()
	several := hostCSR(t, algorithm.ECC_256, "b.example.com", "a.example.com", "b.example.com")
	turned := hostCSR(t, algorithm.ECC_384, "a.example.com", "b.example.com", "a.example.com")
	wildcard := func(names ...string) string { return hostCSR(t, algorithm.ECC_384, "*.example.com", names...) }
	for _, tt := range []struct {
		name          string
		productCode   string
		domain, first string // Domain and Csr of the first order
		validateType  string
		csr           string // of the renewal
		names         string
	}{
		{"the same CSR", "", "", plainCSR(t), "DNS", plainCSR(t), "www.example.com"},
		{"another key", "geotrust-dv-1-starter", "", plainCSR(t), "FILE", hostCSR(t, algorithm.ECC_384, "www.example.com"), "www.example.com"},
		{"a key made here", "", "", plainCSR(t), "DNS", "", "www.example.com"},
		{"names in another sequence", own.Code, "", several, "DNS", turned, "b.example.com,a.example.com"},
		{"several names and a key made here", own.Code, "", several, "FILE", "", "b.example.com,a.example.com"},
		{"a long name and a key made here", "", "", hostCSR(t, algorithm.ECC_256, "", bigName), "DNS", "", bigName},
		{"a wildcard, whose parent Issue adds", "geotrust-dv-w-starter", "*.example.com,example.com", wildcard(), "DNS", wildcard("*.example.com", "example.com"), "*.example.com"},
		{"a wildcard and its parent", own.Code, "", wildcard("example.com"), "DNS", wildcard("example.com"), "*.example.com,example.com"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			book, _ := ownBook(t, order.BookOptions{Verifier: proved})
			req := packageApplication(tt.first)
			req.ProductCode, req.Domain, req.ValidateType = tt.productCode, tt.domain, tt.validateType
			resp, _, err := book.CreateCertificateForPackageRequest(t.Context(), rand.Reader, instant, req)
			if err != nil {
				t.Fatal(err)
			}
			must[order.Order](t)(book.CheckOwnership(t.Context(), instant, resp.OrderId))
			old := must[order.Order](t)(book.Issue(t.Context(), rand.Reader, instant, authorityOf(algorithm.ECC_256).issuer, resp.OrderId))
			now := old.NotAfter.AddDate(0, 0, -10)
			got, key := renew(t, book, now, renewal(old.OrderId, tt.csr))

			want := order.Order{
				OrderId: got.OrderId, ProductCode: old.ProductCode, State: order.StateDomainVerify, Domain: old.Domain, Names: tt.names, Due: strings.TrimPrefix(old.Domain, "*."),
				Csr: tt.csr, ValidateType: tt.validateType, Username: "Tom", Phone: "1390000****", Email: "username@example.com", Token: got.Token,
				Created: now, Updated: now,
			}
			if tt.csr == "" {
				want.Csr = got.Csr
				checkMade(t, got, key, algorithm.RSA_2048)
			} else if key != nil {
				t.Error("a key, although there is a CSR")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order mismatch (-want +got):\n%s", diff)
			}
			if got.Token == old.Token || !tokenForm.MatchString(got.Token) {
				t.Errorf("the token %q, and before %q", got.Token, old.Token)
			}
			if diff := cmp.Diff(old, read(t, book, old.OrderId)); diff != "" {
				t.Errorf("the first order changed (-before +after):\n%s", diff)
			}
			checkCounts(t, book, old.ProductCode, plentiful, 2, 1)

			// It can be renewed again, and the renewal itself too.
			renew(t, book, now, renewal(old.OrderId, tt.first))
			checkCounts(t, book, old.ProductCode, plentiful, 3, 1)
			must[order.Order](t)(book.CheckOwnership(t.Context(), now, got.OrderId))
			issued := must[order.Order](t)(book.Issue(t.Context(), rand.Reader, now, authorityOf(algorithm.ECC_256).issuer, got.OrderId))
			for name := range strings.SplitSeq(tt.names, ",") {
				if err := parsePEM(t, issued.Certificate)[0].VerifyHostname(strings.Replace(name, "*", "x", 1)); err != nil {
					t.Error(err)
				}
			}
			renew(t, book, issued.NotAfter, renewal(issued.OrderId, tt.csr))
		})
	}
}

// A renewal takes a unit like any application.
func TestRenewUnits(t *testing.T) {
	t.Parallel()
	store := order.NewMemoryStore()
	book := order.NewBook(store, order.BookOptions{Verifier: proved, KeyPolicy: algorithm.KeyPolicy{MinRSABits: 4097}})
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	o := reach(t, book, order.StateCertificate, application(plainCSR(t)))
	before := everything(t, store)
	for _, csr := range []string{plainCSR(t), ""} { // without a unit no key is made
		_, _, err := book.RenewCertificateOrderForPackageRequest(t.Context(), rand.Reader, aboutToExpire, renewal(o.OrderId, csr))
		testutil.CheckError(t, err, yuncert.ErrNotRemainCount, "ProductCode")
		checkUnchanged(t, store, before)
	}
}

// The products and the policy of the Book hold for a renewal.
func TestRenewTerms(t *testing.T) {
	t.Parallel()
	several := hostCSR(t, algorithm.ECC_256, "b.example.com", "a.example.com", "b.example.com")
	narrow, file := own, own
	narrow.MaxNames, file.Single = 1, false
	for _, tt := range []struct {
		name      string
		opts      order.BookOptions
		csr       string
		parameter string
		mention   string
	}{
		{"the product is gone", order.BookOptions{}, several, "ProductCode", `"own-dv-5" is not a DV product`},
		{"the product takes one name now", order.BookOptions{Products: []order.Product{narrow}}, several, "OrderId", "there are 2 names; own-dv-5 takes 1"},
		{"the product takes no single names now", order.BookOptions{Products: []order.Product{file}}, "", "OrderId", `"b.example.com" is a single name`},
		{"the key is blocked now", order.BookOptions{Products: []order.Product{own}, KeyPolicy: algorithm.KeyPolicy{Blocked: func([32]byte) bool { return true }}}, several, "Csr", "blocked"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			healthy, store := ownBook(t, order.BookOptions{Verifier: proved})
			req := application(several)
			req.ProductCode = own.Code
			o := reach(t, healthy, order.StateCertificate, req)
			checkRefused(t, store, order.NewBook(store, tt.opts).RenewCertificateOrderForPackageRequest, o.NotAfter, renewal(o.OrderId, tt.csr), failed, tt.parameter, tt.mention)
		})
	}
}

// A renewal at an Authority begins there like any application, with the names of the
// order.
func TestRenewAtAuthority(t *testing.T) {
	t.Parallel()
	for name, csr := range map[string]string{"with a CSR": plainCSR(t), "with a key made here": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			book, _, fake := newAuthorityBook(t, proved)
			old := obtain(t, book, order.StateCertificate)
			got, key := renew(t, book, old.NotAfter, renewal(old.OrderId, csr))
			if got.Reference == "" || got.Reference == old.Reference || got.State != order.StateDomainVerify || (key == nil) != (csr != "") {
				t.Errorf("the order with the reference %q is in %s, key %v", got.Reference, got.State, key)
			}
			if n := len(fake.applications); n != 2 {
				t.Fatalf("%d applications, want 2", n)
			}
			if diff := cmp.Diff([]string{"www.example.com"}, fake.applications[1].names); diff != "" {
				t.Errorf("names mismatch (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a refusal", func(t *testing.T) {
		t.Parallel()
		book, store, fake := newAuthorityBook(t, proved)
		old := obtain(t, book, order.StateCertificate)
		before := everything(t, store)
		refusing := order.NewBook(store, order.BookOptions{Authority: fakeClient{ca: fake, change: func(_ string, a *fakeAnswer) {
			*a = fakeAnswer{err: &order.Refusal{Reason: "rejectedIdentifier"}}
		}}})
		resp, key, err := refusing.RenewCertificateOrderForPackageRequest(t.Context(), rand.Reader, old.NotAfter, renewal(old.OrderId, ""))
		testutil.CheckError(t, err, failed, "Csr", "the CA refused the application: rejectedIdentifier")
		if resp != nil || key != nil {
			t.Error("a result with an error")
		}
		checkUnchanged(t, store, before)
	})
	t.Run("a key that public CAs refuse", func(t *testing.T) {
		t.Parallel()
		book, store, _ := newAuthorityBook(t, proved)
		old := obtain(t, book, order.StateCertificate)
		req := renewal(old.OrderId, hostCSR(t, algorithm.ECC_512, "www.example.com"))
		checkRefused(t, store, book.RenewCertificateOrderForPackageRequest, old.NotAfter, req, failed, "Csr", "ECC_512")
	})
}

// With an Authority an order is for exactly the names of the CSR, and its records have a
// longer name.
func TestAuthorityNarrowsNames(t *testing.T) {
	t.Parallel()
	both := hostCSR(t, algorithm.ECC_256, "*.example.com", "*.example.com", "example.com")
	book, store, _ := newAuthorityBook(t, proved)
	req := packageApplication(both)
	req.ProductCode, req.Domain = "geotrust-dv-w-starter", "*.example.com"
	checkRefused(t, store, book.CreateCertificateForPackageRequest, instant, req,
		failed, "Domain", `Domain has the names "*.example.com", and an order for the CSR has "*.example.com,example.com"`)
	req.Domain = "example.com,*.example.com"
	if _, _, err := book.CreateCertificateForPackageRequest(t.Context(), rand.Reader, instant, req); err != nil {
		t.Error(err)
	}

	// An order that was placed without an Authority is renewed with one.
	long := strings.Repeat("a.", 115) + "example.com" // "_acme-challenge." leaves 237 octets
	healthy := order.NewBook(store, order.BookOptions{Verifier: proved})
	for _, tt := range []struct {
		csr, renewal string
		parameter    string
		mention      string
	}{
		{wildcardCSR(t), both, "Csr", `an order for the CSR has the names "*.example.com,example.com"`},
		{hostCSR(t, algorithm.ECC_256, "", long), "", "ValidateType", "has 241 octets; DNS proves names of up to 237"},
	} {
		req := application(tt.csr)
		if tt.renewal != "" {
			req.ProductCode = "geotrust-dv-w-starter"
		}
		old := reach(t, healthy, order.StateCertificate, req)
		checkRefused(t, store, book.RenewCertificateOrderForPackageRequest, old.NotAfter, renewal(old.OrderId, tt.renewal), failed, tt.parameter, tt.mention)
	}
}

// Concurrent renewals take a unit each, and no more than there are.
func TestRaceToRenew(t *testing.T) {
	t.Parallel()
	store := order.NewMemoryStore()
	book := order.NewBook(store, order.BookOptions{Verifier: proved})
	if err := book.AddPackage(t.Context(), "", 6); err != nil {
		t.Fatal(err)
	}
	o := reach(t, book, order.StateCertificate, application(plainCSR(t)))
	results := make(chan error, 20)
	race(20, func(int) {
		_, _, err := book.RenewCertificateOrderForPackageRequest(context.Background(), rand.Reader, aboutToExpire, renewal(o.OrderId, plainCSR(t)))
		results <- err
	})
	close(results)
	renewed := 0
	for err := range results {
		if err == nil {
			renewed++
		} else {
			testutil.CheckError(t, err, yuncert.ErrNotRemainCount, "ProductCode")
		}
	}
	if renewed != 5 {
		t.Errorf("%d renewals of 5 units", renewed)
	}
	checkCounts(t, book, "", 6, 6, 1)
}
