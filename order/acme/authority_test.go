package acme_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/acme"
)

// Each step of an order is by another Authority.
func TestOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, validateType string
		names              []string
		change             func(*fakeCA)
		proofs             []int // the numbers of the names, as they are due
	}{
		{"dns-01", "DNS", []string{"www.example.com"}, nil, []int{0}},
		{"http-01", "FILE", []string{"www.example.com"}, nil, []int{0}},
		{"a wildcard", "DNS", []string{"*.example.com"}, nil, []int{0}},
		{"a wildcard and its parent", "DNS", []string{"*.example.com", "example.com"}, nil, []int{0, 1}},
		{"several names", "FILE", []string{"a.example.com", "b.example.com", "c.example.com"}, nil, []int{0, 1, 2}},
		{"a reused authorization", "DNS", []string{"a.example.com", "b.example.com", "c.example.com"}, func(f *fakeCA) { f.prove(1) }, []int{0, 2}},
		{"all authorizations reused", "DNS", []string{"a.example.com", "b.example.com"}, func(f *fakeCA) { f.prove(0); f.prove(1) }, nil},
		{"fewer authorizations than names", "DNS", []string{"a.example.com", "b.example.com"}, func(f *fakeCA) {
			f.order["authorizations"], f.authzs = f.order["authorizations"].([]string)[:1], f.authzs[:1]
		}, []int{0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeCA(tt.names...)
			if tt.change != nil {
				tt.change(f)
			}
			got, due, err := f.authority().Begin(t.Context(), tt.names, tt.validateType)
			if err != nil || got != reference {
				t.Fatalf("Begin: %q, %v", got, err)
			}
			var identifiers []any
			for _, name := range tt.names {
				identifiers = append(identifiers, object{"type": "dns", "value": name})
			}
			if diff := cmp.Diff(object{"identifiers": identifiers}, f.applied); diff != "" {
				t.Errorf("newOrder (-want +got):\n%s", diff)
			}
			for _, n := range tt.proofs {
				want := &order.Proof{Domain: strings.TrimPrefix(tt.names[n], "*."), Token: text(tt.validateType, token(n))}
				if diff := cmp.Diff(want, due); diff != "" {
					t.Fatalf("the proof of %s (-want +got):\n%s", tt.names[n], diff)
				}
				slices.Reverse(f.order["authorizations"].([]string)) // they come in any sequence
				again, err := f.authority().Prove(t.Context(), reference, tt.validateType, *due)
				if err != nil || again == nil || *again != *due {
					t.Fatalf("Prove returns %v, %v at first; want the same proof: the CA looks", again, err)
				}
				slices.Reverse(f.order["authorizations"].([]string))
				if log := f.requests(); log[len(log)-1] != fmt.Sprintf("POST /challenge/%d {}", n) {
					t.Errorf("Prove sent %q at the end", log[len(log)-1])
				}
				if due, err = f.authority().Prove(t.Context(), reference, tt.validateType, *due); err != nil {
					t.Fatalf("Prove: %v", err)
				}
			}
			if due != nil {
				t.Fatalf("after all proofs %v is due", due)
			}
			csr := newCSR(t, leafKey)
			for range 2 { // the second call only downloads
				chain, err := f.authority().Obtain(t.Context(), reference, csr)
				if err != nil || chain != f.chain || strings.Count(chain, "BEGIN") != 2 {
					t.Fatalf("Obtain: %q, %v", chain, err)
				}
			}
			if !slices.Equal(f.csr, csr) {
				t.Error("the CA got another CSR")
			}
			if log := strings.Join(f.requests(), "\n"); strings.Count(log, "POST /finalize/1") != 1 {
				t.Errorf("Obtain sends the CSR once, not as in\n%s", log)
			}
		})
	}
}

func TestBeginSendsProfile(t *testing.T) {
	t.Parallel()
	f := newFakeCA("www.example.com")
	f.replace["/dir"] = answer(200, `{"newNonce":"`+base+`/nonce","newOrder":"`+base+`/apply","meta":{"profiles":{"shortlived":"https://ca.test/doc"}}}`)
	a := f.authority()
	a.Profile = "shortlived"
	if _, _, err := a.Begin(t.Context(), []string{"www.example.com"}, "DNS"); err != nil {
		t.Fatal(err)
	}
	if got := f.applied["profile"]; got != "shortlived" {
		t.Errorf("Begin sent the profile %v, want shortlived", got)
	}
	a.Profile = "classic"
	if _, _, err := a.Begin(t.Context(), []string{"www.example.com"}, "DNS"); err == nil || !strings.Contains(err.Error(), "classic (supported profiles: shortlived)") {
		t.Errorf("Begin with a profile that the CA does not have: %v", err)
	}
}

type step struct {
	name, path string // path of the CA, which the method needs
	call       func(ctx context.Context, f *fakeCA, a *acme.Authority) error
}

// steps call each method of an Authority whose CA has an order for www.example.com.
var steps = []step{
	{"Begin", "/apply", func(ctx context.Context, f *fakeCA, a *acme.Authority) error {
		_, _, err := a.Begin(ctx, []string{"www.example.com"}, "DNS")
		return err
	}},
	{"Prove, the order", "/order/1", prove},
	{"Prove, the authorization", "/authz/0", prove},
	{"Prove, the challenge", "/challenge/0", prove},
	{"Obtain, the order", "/order/1", obtain},
	{"Obtain, the CSR", "/finalize/1", obtain},
	{"Obtain, the certificate", "/cert/1", obtain},
	{"Revoke", "/revoke", func(ctx context.Context, f *fakeCA, a *acme.Authority) error {
		return a.Revoke(ctx, certificate(big.NewInt(2), leafKey.Public()))
	}},
	{"Register", "/register", func(ctx context.Context, f *fakeCA, a *acme.Authority) error {
		_, err := a.Register(ctx, nil, true, nil)
		return err
	}},
	{"RenewAfter", "/ari/" + renewalID, func(ctx context.Context, f *fakeCA, a *acme.Authority) error {
		_, _, err := a.RenewAfter(ctx, certificate(big.NewInt(0x87654321), leafKey.Public()))
		return err
	}},
}

// renewalID is base64url of the issuer's key identifier and of 00 87 65 43 21.
const renewalID = "-_8DBA.AIdlQyE"

func prove(ctx context.Context, f *fakeCA, a *acme.Authority) error {
	_, err := a.Prove(ctx, reference, "DNS", order.Proof{Domain: "www.example.com", Token: text("DNS", token(0))})
	return err
}

func obtain(ctx context.Context, f *fakeCA, a *acme.Authority) error {
	f.prove(0)
	_, err := a.Obtain(ctx, reference, theCSR)
	return err
}

var theCSR = newCSR(failing{}, leafKey)

// failing is a testing.TB outside a test.
type failing struct{ testing.TB }

func (failing) Helper()        {}
func (failing) Fatal(v ...any) { panic(fmt.Sprint(v...)) }

// A CA that is away, fails or limits the rate is not available, whatever is asked.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	limited := problem(429, "rateLimited", "too many orders")
	after := func(header string, h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Retry-After", header)
			h(w, req)
		}
	}
	const week = 7 * 24 * time.Hour
	tests := []struct {
		name   string
		answer http.HandlerFunc
		wait   time.Duration // negative if the CA does not say
		text   string
	}{
		{"rate limit", limited, -1, "the CA answered: rateLimited: too many orders"},
		{"rate limit, seconds", after("3600", limited), time.Hour, "too many orders"},
		{"rate limit, date", after("Sat, 01 Jan 2000 02:00:00 GMT", limited), 2 * time.Hour, "too many orders"},
		{"rate limit, old date", after("Fri, 31 Dec 1999 23:00:00 GMT", limited), 0, "too many orders"},
		{"rate limit, no seconds", after("0", limited), 0, "too many orders"},
		{"rate limit, a year", after("31536000", limited), week, "too many orders"},
		{"rate limit, many digits", after(strings.Repeat("9", 40), limited), week, "too many orders"},
		{"rate limit, late date", after("Wed, 01 Jan 2200 00:00:00 GMT", limited), week, "too many orders"},
		{"rate limit, negative", after("-1", limited), -1, "too many orders"},
		{"rate limit, words", after("tomorrow", limited), -1, "too many orders"},
		{"rate limit, 8 KiB", after(strings.Repeat("0", 8<<10), limited), -1, "too many orders"},
		{"rate limit, status 400", after("60", problem(400, "rateLimited", "slow")), time.Minute, "rateLimited: slow"},
		{"rate limit without a document", answer(429, "", "Retry-After", "60"), time.Minute, "the CA answered: "},
		{"maintenance", answer(503, "<html>\r\nback soon</html>", "Retry-After", "120"), 2 * time.Minute, "the CA answered: <html> back soon</html>"},
		{"internal error", problem(500, "serverInternal", "a database is down"), -1, "serverInternal: a database is down"},
		{"internal error with another type", problem(500, "malformed", "a database is down"), -1, "malformed: a database is down"},
		{"internal error, status 400", problem(400, "serverInternal", "a database is down"), -1, "a database is down"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, step := range steps {
				synctest.Test(t, func(t *testing.T) {
					f := newFakeCA("www.example.com")
					f.replace[step.path] = tt.answer
					err := step.call(t.Context(), f, f.authority())
					got, ok := errors.AsType[*order.Unavailable](err)
					if !ok || !strings.Contains(err.Error(), tt.text) {
						t.Fatalf("%s: %v; want an Unavailable with %q", step.name, err, tt.text)
					}
					var want time.Time
					if tt.wait >= 0 {
						want = time.Now().Add(tt.wait).UTC()
					}
					if got.RetryAt != want {
						t.Errorf("%s: RetryAt is %v, want %v", step.name, got.RetryAt, want)
					}
				})
			}
		})
	}
}

// Nobody has to act on a connection that ends within an answer.
func TestAnswerCut(t *testing.T) {
	t.Parallel()
	for _, step := range steps {
		for _, path := range []string{"/dir", step.path} {
			f := newFakeCA("www.example.com")
			f.replace["/ari/"+renewalID] = answer(200, window("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"))
			a := f.authority()
			a.Client = &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
				res, err := f.RoundTrip(req)
				if err == nil && req.URL.Path == path {
					res.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"`), iotest.ErrReader(io.ErrUnexpectedEOF)))
				}
				return res, err
			})}
			err := step.call(t.Context(), f, a)
			if path == "/revoke" || path == "/finalize/1" { // the status tells enough
				if err != nil {
					t.Errorf("%s, %s: %v", step.name, path, err)
				}
				continue
			}
			if _, ok := errors.AsType[*order.Unavailable](err); !ok {
				t.Errorf("%s, %s: %T %v; want an Unavailable", step.name, path, err, err)
			}
		}
	}
}

// A roundTrip is a function that is an [http.RoundTripper].
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestUnreachable(t *testing.T) {
	t.Parallel()
	for _, step := range steps {
		f := newFakeCA("www.example.com")
		a := f.authority()
		a.Directory = "https://unreachable.test/dir"
		err := step.call(t.Context(), f, a)
		if _, ok := errors.AsType[*order.Unavailable](err); !ok || !strings.Contains(err.Error(), "no route to host") {
			t.Errorf("%s: %v; want an Unavailable with the cause", step.name, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := step.call(ctx, f, f.authority()); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v; want context.Canceled", step.name, err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 0)
		cancel()
		err = step.call(ctx, f, f.authority())
		if _, ok := errors.AsType[*order.Unavailable](err); ok || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v; want context.DeadlineExceeded and no Unavailable", step.name, err)
		}
	}
}

// An answer that makes no sense is an error, and neither final nor a rate limit.
func TestNonsense(t *testing.T) {
	t.Parallel()
	challenge := func(members object) object {
		c := object{"type": "dns-01", "url": base + "/challenge/0", "status": "pending", "token": token(0)}
		for k, v := range members {
			c[k] = v
		}
		return object{"status": "pending", "identifier": object{"type": "dns", "value": "www.example.com"}, "challenges": []object{c}}
	}
	authz := func(members object) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, challenge(members)) }
	}
	identifier := func(kind, value string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			z := challenge(nil)
			z["identifier"] = object{"type": kind, "value": value}
			reply(w, 200, z)
		}
	}
	many := `{"status":"pending","authorizations":["` + strings.Repeat(base+`/authz/0","`, 250) + base + `/authz/0"]}`
	tests := []struct {
		step, path, name string
		answer           http.HandlerFunc
		text             string
	}{
		{"Begin", "/dir", "no JSON", answer(200, "<html>"), "invalid character '<'"},
		{"Begin", "/dir", "nothing", answer(200, ""), "EOF"},
		{"Begin", "/dir", "a number", answer(200, `{"newOrder":1}`), "cannot unmarshal number"},
		{"Begin", "/dir", "no services", answer(200, `{}`), "does not support the RFC 8555 version"},
		{"Begin", "/dir", "http", answer(200, `{"newNonce":"http://ca.test/nonce","newOrder":"https://ca.test/apply"}`), `the URL "http://ca.test/nonce" does not begin with https://`},
		{"Begin", "/dir", "http on loopback", answer(200, `{"newNonce":"http://127.0.0.1/nonce","newOrder":"https://ca.test/apply"}`), `the URL "http://127.0.0.1/nonce" does not begin`},
		{"Begin", "/dir", "a long URL", answer(200, `{"newNonce":"https://ca.test/`+strings.Repeat("n", 2048)+`","newOrder":"https://ca.test/apply"}`), "a URL has more than 2048 octets"},
		{"Begin", "/dir", "a file", answer(200, `{"newNonce":"file:///etc/passwd","newOrder":"https://ca.test/apply"}`), `the URL "file:///etc/passwd" does not begin`},
		{"Begin", "/dir", "2 MiB", answer(200, `{"newOrder":"`+strings.Repeat("a", 2<<20)), "an answer has more than 1048576 octets"},
		{"Begin", "/dir", "a redirect", answer(302, "", "Location", base+"/dir2"), "the CA redirects with the status 302, which is not followed: set Directory"},
		{"Begin", "/dir", "a problem", problem(400, "malformed", "Page not found"), "the CA answered: malformed: Page not found"},
		{"Prove", "/dir", "no such page", problem(404, "malformed", "Page not found"), "the CA answered: malformed: Page not found"},
		{"Obtain", "/dir", "no such page", problem(404, "malformed", "Page not found"), "the CA answered: malformed: Page not found"},
		{"Prove", "/nonce", "no such page", func(w http.ResponseWriter, req *http.Request) {
			w.Header().Del("Replay-Nonce")
			problem(404, "malformed", "Page not found")(w, req)
		}, "the CA answered: "},
		{"Begin", "/nonce", "no nonce", func(w http.ResponseWriter, _ *http.Request) { w.Header().Del("Replay-Nonce") }, "nonce not found"},
		{"Begin", "/nonce", "a long nonce", answer(200, "", "Replay-Nonce", strings.Repeat("n", 3000)), "nonce not found"},
		{"Begin", "/apply", "a redirect", answer(307, "", "Location", base+"/apply2"), "the CA redirects with the status 307"},
		{"Begin", "/apply", "status 200", answer(200, `{}`), "the CA answered: status 200"},
		{"Begin", "/apply", "no URL", answer(201, `{"status":"pending"}`), "the new order has no usable URL"},
		{"Begin", "/apply", "a long URL", answer(201, `{"status":"pending"}`, "Location", base+strings.Repeat("o", 2048)), "the new order has no usable URL"},
		{"Begin", "/apply", "a relative URL", answer(201, `{"status":"ready"}`, "Location", "/order/1"), "the new order has no usable URL"},
		{"Begin", "/apply", "a URL with http", answer(201, `{"status":"ready"}`, "Location", "http://ca.test/order/1"), "the new order has no usable URL"},
		{"Begin", "/apply", "no authorization", answer(201, `{"status":"pending"}`, "Location", reference), "the order is pending and has no authorization"},
		{"Begin", "/apply", "a list", answer(201, `[]`), "cannot unmarshal array"},
		{"Begin", "/apply", "no status", answer(201, `{}`, "Location", reference), `the order has the status ""`},
		{"Begin", "/apply", "two authorizations", answer(201, `{"status":"pending","authorizations":["a","b"]}`, "Location", reference), "it wants 2 authorizations for 1 names"},
		{"Begin", "/authz/0", "another name", identifier("dns", "www.example.org"), `it wants a proof for "www.example.org", a name that was not asked for`},
		{"Begin", "/authz/0", "the parent", identifier("dns", "example.com"), `it wants a proof for "example.com"`},
		{"Prove", "/order/1", "a page", answer(404, "<html>not found"), "the CA answered: <html>not found"},
		{"Prove", "/order/1", "an unknown status", answer(200, `{"status":"\u0007busy"}`), `the order has the status "\abusy"`},
		{"Prove", "/order/1", "251 authorizations", answer(200, many), "the order has 251 authorizations, more than 250"},
		{"Prove", "/order/1", "no URL of an authorization", answer(200, `{"status":"pending","authorizations":[""]}`), `the URL "" does not begin with https://`},
		{"Prove", "/authz/0", "no JSON", answer(200, "<html>"), "invalid character '<'"},
		{"Prove", "/authz/0", "an address", identifier("ip", "192.0.2.1"), `an authorization is for "192.0.2.1", which is not a DNS name`},
		{"Prove", "/authz/0", "no name", identifier("dns", ""), `an authorization is for ""`},
		{"Prove", "/authz/0", "a path", identifier("dns", "www.example.com/"), `an authorization is for "www.example.com/"`},
		{"Prove", "/authz/0", "a long name", identifier("dns", strings.Repeat("a", 254)), "which is not a DNS name"},
		{"Prove", "/authz/0", "no challenges", answer(200, `{"status":"pending","identifier":{"type":"dns","value":"www.example.com"}}`), "the authorization for www.example.com has no challenge"},
		{"Prove", "/authz/0", "no token", authz(object{"token": ""}), "the token of a challenge for www.example.com is not base64url"},
		{"Prove", "/authz/0", "a path as token", authz(object{"token": "../../admin"}), "is not base64url"},
		{"Prove", "/authz/0", "a long token", authz(object{"token": strings.Repeat("t", 469)}), "of 1 to 468 characters"},
		{"Prove", "/authz/0", "no URL of the challenge", authz(object{"url": ""}), `the URL "" does not begin with https://`},
		{"Prove", "/challenge/0", "no JSON", answer(200, "<html>"), "invalid character '<'"},
		{"Prove", "/challenge/0", "refused, and not asked before", problem(400, "malformed", "no"), "the CA answered: malformed: no"},
		{"Obtain", "/order/1", "no URL to finalize", answer(200, `{"status":"ready"}`), "the order has no URL to finalize it"},
		{"Obtain", "/order/1", "no certificate", answer(200, `{"status":"valid"}`), "the valid order has no certificate"},
		{"Obtain", "/order/1", "an unknown status", answer(200, `{"status":"done"}`), `the order has the status "done"`},
		{"Obtain", "/cert/1", "no PEM", answer(200, "certificate"), "certificate chain is empty"},
		{"Obtain", "/cert/1", "a key", answer(200, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY"}))), "invalid PEM cert type"},
		{"Obtain", "/cert/1", "a spoilt certificate", answer(200, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("no")}))), "the certificate cannot be parsed"},
		{"Obtain", "/cert/1", "a long chain", answer(200, strings.Repeat(certificate(big.NewInt(1), leafKey.Public()), 6)), "certificate chain is too long"},
		{"Obtain", "/cert/1", "2 MiB", answer(200, strings.Repeat("\n", 2<<20)), "an answer has more than 1048576 octets"},
		{"Register", "/register", "no URL", answer(201, `{}`), "the account has no usable URL"},
		{"Register", "/register", "a relative URL", answer(201, `{}`, "Location", "/account/1"), "the account has no usable URL"},
		{"RenewAfter", "/dir", "no JSON", answer(200, "<html>"), "invalid character '<'"},
		{"RenewAfter", "/dir", "http", answer(200, `{"renewalInfo":"http://ca.test/ari"}`), "does not begin with https://"},
		{"RenewAfter", "/dir", "no URL", answer(200, `{"renewalInfo":"https://ca.test:port"}`), "is not a URL"},
		{"RenewAfter", "/ari/" + renewalID, "no window", answer(200, "{}"), "does not end after it starts"},
		{"RenewAfter", "/ari/" + renewalID, "no time", answer(200, `{"suggestedWindow":{"start":"tomorrow"}}`), "cannot parse"},
		{"RenewAfter", "/ari/" + renewalID, "a window of no length", answer(200, window("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")), "does not end after it starts"},
		{"RenewAfter", "/ari/" + renewalID, "2 MiB", answer(200, strings.Repeat(" ", 2<<20)), "an answer has more than 1048576 octets"},
	}
	for _, tt := range tests {
		t.Run(tt.step+tt.path+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeCA("www.example.com")
			f.replace[tt.path] = tt.answer
			i := slices.IndexFunc(steps, func(s step) bool { return strings.HasPrefix(s.name, tt.step) })
			err := steps[i].call(t.Context(), f, f.authority())
			if err == nil || !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("the error is %v, want one with %q", err, tt.text)
			}
			checkText(t, err.Error())
			_, isRefusal := errors.AsType[*order.Refusal](err)
			_, isUnavailable := errors.AsType[*order.Unavailable](err)
			if isRefusal || isUnavailable {
				t.Errorf("the error is a %T", err)
			}
			if n := len(f.requests()); n > 10 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// checkText wants one line of up to 700 octets: the CA's 500 and our own.
func checkText(t testing.TB, text string) {
	t.Helper()
	if len(text) > 700 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e || r == 0xfffd }) {
		t.Errorf("a text of %d octets: %.1000q", len(text), text)
	}
}
