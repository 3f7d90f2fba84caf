package order_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
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

// The Challenge of each kind of domain. RecordDomain is relative to the zone of the
// registered domain, which follows from the public suffix list.
func TestChallenge(t *testing.T) {
	t.Parallel()
	tests := []struct {
		domain, proved, recordDomain string
	}{
		{"example.com", "example.com", "_dnsauth"},
		{"www.example.com", "www.example.com", "_dnsauth.www"},
		{"a.b.example.com", "a.b.example.com", "_dnsauth.a.b"},
		{"example.co.uk", "example.co.uk", "_dnsauth"},
		{"a.b.example.co.uk", "a.b.example.co.uk", "_dnsauth.a.b"},
		{"example.com.cn", "example.com.cn", "_dnsauth"},
		{"www.example.com.cn", "www.example.com.cn", "_dnsauth.www"},
		{"*.example.com", "example.com", "_dnsauth"},
		{"*.a.example.com", "a.example.com", "_dnsauth.a"},
		{"*.example.co.uk", "example.co.uk", "_dnsauth"},
		// Suffixes of companies: the registered domain is the customer's.
		{"example.github.io", "example.github.io", "_dnsauth"},
		{"www.example.github.io", "www.example.github.io", "_dnsauth.www"},
		{"github.io", "github.io", "_dnsauth"},
		// A public suffix itself has no registered domain.
		{"co.uk", "co.uk", "_dnsauth"},
		{"*.co.uk", "co.uk", "_dnsauth"},
		// The names directly below an unknown top-level domain are registered
		// domains.
		{"db.corp", "db.corp", "_dnsauth"},
		{"a.db.corp", "a.db.corp", "_dnsauth.a"},
		{"www.xn--fsqu00a.xn--fiqs8s", "www.xn--fsqu00a.xn--fiqs8s", "_dnsauth.www"},
		{"com.example.com", "com.example.com", "_dnsauth.com"},
		{"example.com.example.com", "example.com.example.com", "_dnsauth.example.com"},
	}
	token := "20260304000000" + strings.Repeat("a", 50)
	for _, tt := range tests {
		t.Run(tt.domain, func(t *testing.T) {
			t.Parallel()
			check := func(o order.Order, want order.Challenge) {
				t.Helper()
				o.Domain, o.Due = tt.domain, tt.proved
				if diff := cmp.Diff(want, o.Challenge()); diff != "" {
					t.Errorf("challenge mismatch (-want +got):\n%s", diff)
				}
				if !strings.HasPrefix(want.RecordName+".", want.RecordDomain+".") && want.RecordName != "" {
					t.Errorf("%s is not a prefix of %s", want.RecordDomain, want.RecordName)
				}
			}
			check(order.Order{ValidateType: "DNS", Token: token},
				order.Challenge{ValidateType: "DNS", Domain: tt.proved, RecordName: "_dnsauth." + tt.proved, RecordDomain: tt.recordDomain, RecordType: "TXT", RecordValue: token})
			check(order.Order{ValidateType: "FILE", Token: token},
				order.Challenge{ValidateType: "FILE", Domain: tt.proved, Uri: "/.well-known/pki-validation/fileauth.txt", Content: token})
			// At an Authority: RFC 8555, sections 8.3 and 8.4.
			check(order.Order{Reference: "x", ValidateType: "DNS", Token: "digest"},
				order.Challenge{ValidateType: "DNS", Domain: tt.proved, RecordName: "_acme-challenge." + tt.proved, RecordDomain: strings.Replace(tt.recordDomain, "_dnsauth", "_acme-challenge", 1), RecordType: "TXT", RecordValue: "digest"})
			check(order.Order{Reference: "x", ValidateType: "FILE", Token: "aB-_9.print"},
				order.Challenge{ValidateType: "FILE", Domain: tt.proved, Uri: "/.well-known/acme-challenge/aB-_9", Content: "aB-_9.print", OnlyHTTP: true})
		})
	}
}

// proof stands for the token in the texts of a Verifier.
const proof = "\x00proof\x00"

// withToken replaces proof by the token, and further words by other forms of it.
func withToken(token string, texts ...string) []string {
	wide := strings.Join(strings.Split(token, ""), "\x00")
	words := strings.NewReplacer("UPPER"+proof, strings.ToUpper(token), proof, token, "HEAD", token[:20], "TAIL", token[20:],
		"UTF-16LE", "\xff\xfe"+wide+"\x00", "UTF-16BE", "\xfe\xff\x00"+wide, "UTF-16", "\x00"+wide)
	var replaced []string
	for _, text := range texts {
		replaced = append(replaced, words.Replace(text))
	}
	return replaced
}

// What CheckOwnership does for each answer of a Verifier.
func TestCheckOwnership(t *testing.T) {
	t.Parallel()
	const (
		nothing = "nothing was found where the proof belongs"
		values  = "values found where the proof belongs: "
		wrong   = "; none is the expected one"
		empty   = "; one is empty"
		around  = "; one has other text around the proof: keep only the proof"
		quoted  = "; one is the proof with quotation marks around it: remove them"
		spaced  = "; one is the proof with white space in it: remove the white space"
		parts   = "; together they are the proof: put it into one"
		utf16   = "; one is in UTF-16: save it as ASCII or UTF-8"
		html    = "; one is an HTML page: serve the file itself"
	)
	type answer struct {
		found []string
		err   error
	}
	tests := []struct {
		name   string
		answer answer
		reason string // empty if the ownership is proved
	}{
		{"the proof", answer{[]string{proof}, nil}, ""},
		{"the proof among others", answer{[]string{"v=spf1 -all", proof, ""}, nil}, ""},
		{"the proof twice", answer{[]string{proof, proof}, nil}, ""},
		{"the proof thrice", answer{[]string{proof, proof, proof}, nil}, ""},
		{"a byte-order mark before the proof", answer{[]string{"\ufeff" + proof + "\r\n"}, nil}, ""},
		{"white space around the proof", answer{[]string{" \t" + proof + "\r\n"}, nil}, ""},

		{"nothing", answer{nil, nil}, nothing},
		{"an empty list", answer{[]string{}, nil}, nothing},
		{"others", answer{[]string{"a", "b", "c"}, nil}, values + "3" + wrong},
		{"a NUL after the proof", answer{[]string{proof + "\x00"}, nil}, values + "1" + wrong + around},
		{"a long text", answer{[]string{strings.Repeat("a", 1<<20)}, nil}, values + "1" + wrong},
		{"the proof in capitals", answer{[]string{"UPPER" + proof}, nil}, values + "1" + wrong},

		{"an empty text", answer{[]string{""}, nil}, values + "1" + wrong + empty},
		{"white space", answer{[]string{" "}, nil}, values + "1" + wrong + empty},
		{"only a byte-order mark", answer{[]string{"\ufeff"}, nil}, values + "1" + wrong + empty},
		{"many empty texts", answer{make([]string, 10_000), nil}, values + "10000" + wrong + empty},
		{"empty quotation marks", answer{[]string{`""`}, nil}, values + "1" + wrong},

		{"the proof and a word", answer{[]string{proof + " and more"}, nil}, values + "1" + wrong + around},
		{"the proof and a letter", answer{[]string{proof + "a"}, nil}, values + "1" + wrong + around},
		{"a letter and the proof", answer{[]string{"a" + proof}, nil}, values + "1" + wrong + around},
		{"the proof twice in one text", answer{[]string{proof + proof}, nil}, values + "1" + wrong + around},
		{"an HTML page with the proof", answer{[]string{"<html>" + proof}, nil}, values + "1" + wrong + around},
		{"the proof as a variable", answer{[]string{"token=" + proof, "", "<html>"}, nil}, values + "3" + wrong + around},

		{"the proof in quotation marks", answer{[]string{`"` + proof + `"`}, nil}, values + "1" + wrong + quoted},
		{"the proof in white space and quotation marks", answer{[]string{"\t\"" + proof + "\"\n"}, nil}, values + "1" + wrong + quoted},
		{"the proof in quotation marks and white space", answer{[]string{`" ` + proof + ` "`}, nil}, values + "1" + wrong + quoted},
		{"the proof in an apostrophe", answer{[]string{"'" + proof + "'"}, nil}, values + "1" + wrong + quoted},
		{"the proof in curly quotation marks", answer{[]string{"“" + proof + "”"}, nil}, values + "1" + wrong + quoted},
		{"the proof in quotation marks among others", answer{[]string{"v=spf1 -all", "", `"` + proof + `"`}, nil}, values + "3" + wrong + quoted},

		{"a space in the proof", answer{[]string{"HEAD TAIL"}, nil}, values + "1" + wrong + spaced},
		{"a newline in the proof", answer{[]string{"HEAD\r\nTAIL"}, nil}, values + "1" + wrong + spaced},
		{"the proof in two texts", answer{[]string{"HEAD", "TAIL"}, nil}, values + "2" + wrong + parts},
		{"the proof in two texts, the second first", answer{[]string{"TAIL", "HEAD"}, nil}, values + "2" + wrong + parts},
		{"half of the proof", answer{[]string{"HEAD", "HEAD"}, nil}, values + "2" + wrong},

		{"the proof in UTF-16, little endian", answer{[]string{"UTF-16LE"}, nil}, values + "1" + wrong + utf16},
		{"the proof in UTF-16, big endian", answer{[]string{"UTF-16BE"}, nil}, values + "1" + wrong + utf16},
		{"the proof in UTF-16 without a byte-order mark", answer{[]string{"UTF-16"}, nil}, values + "1" + wrong + utf16},
		{"other text in UTF-16", answer{[]string{"\xff\xfea\x00"}, nil}, values + "1" + wrong + utf16},
		{"an HTML page", answer{[]string{"<!DOCTYPE html>\n<html>"}, nil}, values + "1" + wrong + html},
		{"an HTML page without a document type", answer{[]string{"\n <HTML lang=en>secret"}, nil}, values + "1" + wrong + html},
		{"the beginning of an HTML page", answer{[]string{"<!doctype"}, nil}, values + "1" + wrong},

		{"an error", answer{nil, errors.New("the name servers did not answer")}, "the name servers did not answer"},
		{"an error together with the proof", answer{[]string{proof}, errors.New("half of it")}, "half of it"},
		// An error proves nothing, even if nothing is left of its text.
		{"an error without text", answer{[]string{proof}, errors.New("")}, "the proof could not be looked up"},
		{"an error of white space", answer{[]string{proof}, errors.New(" \n\t")}, "the proof could not be looked up"},
		{"an error of control characters", answer{[]string{proof}, errors.New("\x00\x1b\x7f\u009b")}, "the proof could not be looked up"},
		{"an error that is not UTF-8", answer{[]string{proof}, errors.New("\xff\xfe")}, "the proof could not be looked up"},
		{"an error with odd octets", answer{nil, errors.New("\x1b[31mthe server\xff said:\r\n\u009b31m\u0085云\ufffd.")}, "[31mthe server  said:   31m 云 ."},
		{"a long error", answer{nil, errors.New(strings.Repeat("a", 500) + "b")}, strings.Repeat("a", 500)},
		{"a long error, cut at a character", answer{nil, errors.New("a" + testutil.Chinese(200))}, "a" + testutil.Chinese(166)},
		{"a long error, of which the beginning is read", answer{nil, errors.New("a" + strings.Repeat("\xff", 4096) + "b")}, "a"},
		{"a long error of odd octets", answer{nil, errors.New(strings.Repeat("\xff ", 1000) + "no")}, "the proof could not be looked up"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			var token string
			book, store := newBook(t, verifierFunc(func(_ context.Context, c order.Challenge) ([]string, error) {
				asked++
				want := order.Challenge{ValidateType: "DNS", Domain: "www.example.com", RecordName: "_dnsauth.www.example.com", RecordDomain: "_dnsauth.www", RecordType: "TXT", RecordValue: token}
				if diff := cmp.Diff(want, c); diff != "" {
					t.Errorf("challenge mismatch (-want +got):\n%s", diff)
				}
				return withToken(token, tt.answer.found...), tt.answer.err
			}))
			o := place(t, book, application(plainCSR(t)))
			token = o.Token
			before := everything(t, store)

			got := must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
			if asked != 1 {
				t.Errorf("the Verifier was called %d times, want 1", asked)
			}
			want := o
			want.Updated, want.Reason = stored.Add(time.Hour), got.Reason
			if tt.reason == "" {
				want.State, want.Reason = order.StateProcess, ""
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order mismatch (-want +got):\n%s", diff)
			}
			if got.Reason != tt.reason {
				t.Errorf("the reason is %q, want %q", got.Reason, tt.reason)
			}
			if len(got.Reason) > 500 || !utf8.ValidString(got.Reason) || strings.ContainsFunc(got.Reason, unicode.IsControl) {
				t.Errorf("the reason has %d octets: %q", len(got.Reason), got.Reason)
			}
			before.Orders[0] = want
			checkUnchanged(t, store, before)
		})
	}
}

// The order waits until the proof is there. Its Reason is from the last check.
func TestCheckOwnershipAgain(t *testing.T) {
	t.Parallel()
	for _, validateType := range []string{"DNS", "FILE"} {
		t.Run(validateType, func(t *testing.T) {
			t.Parallel()
			var found []string
			var failure error
			book, _ := newBook(t, verifierFunc(func(context.Context, order.Challenge) ([]string, error) { return found, failure }))
			req := application(plainCSR(t))
			req.ValidateType = validateType
			o := place(t, book, req)
			check := func(at time.Time) order.Order {
				return must[order.Order](t)(book.CheckOwnership(t.Context(), at, o.OrderId))
			}
			failure = errors.New("the server is down")
			got := check(instant.Add(time.Minute))
			if got.State != order.StateDomainVerify || got.Reason != "the server is down" {
				t.Errorf("%s: %s", got.State, got.Reason)
			}
			failure = nil
			got = check(instant.Add(2 * time.Minute))
			if got.State != order.StateDomainVerify || got.Reason != "nothing was found where the proof belongs" {
				t.Errorf("%s: %s", got.State, got.Reason)
			}
			found = []string{o.Token}
			want := o
			want.State, want.Updated = order.StateProcess, stored.Add(3*time.Minute)
			if diff := cmp.Diff(want, check(instant.Add(3*time.Minute))); diff != "" {
				t.Errorf("order mismatch (-want +got):\n%s", diff)
			}
			_, err := book.CheckOwnership(t.Context(), later, o.OrderId)
			testutil.CheckError(t, err, wrong, "OrderId", "state process;", "domain_verify")
		})
	}
}

// The token of another order proves nothing.
func TestOtherOrdersProof(t *testing.T) {
	t.Parallel()
	var found []string
	book, _ := newBook(t, verifierFunc(func(context.Context, order.Challenge) ([]string, error) { return found, nil }))
	mine, other := place(t, book, application(plainCSR(t))), place(t, book, application(plainCSR(t)))
	found = []string{other.Token}
	got := must[order.Order](t)(book.CheckOwnership(t.Context(), later, mine.OrderId))
	if got.State != order.StateDomainVerify || got.Reason == "" {
		t.Errorf("the order is in %s with the proof of another", got.State)
	}
	got = must[order.Order](t)(book.CheckOwnership(t.Context(), later, other.OrderId))
	if got.State != order.StateProcess {
		t.Errorf("the other order is in %s", got.State)
	}
}

// If ctx ends during the check, the order does not change, even if the proof
// was found.
func TestCheckOwnershipBrokenOff(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		found []string
		err   error
	}{
		"with an error":   {nil, errors.New("no answer")},
		"with nothing":    {nil, nil},
		"with other text": {[]string{"other"}, nil},
		"with the proof":  {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			book, store := newBook(t, verifierFunc(func(passed context.Context, c order.Challenge) ([]string, error) {
				cancel()
				if passed.Err() == nil {
					t.Error("the Verifier got another context")
				}
				if name == "with the proof" {
					return []string{c.RecordValue}, nil
				}
				return tt.found, tt.err
			}))
			o := place(t, book, application(plainCSR(t)))
			before := everything(t, store)
			got, err := book.CheckOwnership(ctx, later, o.OrderId)
			testutil.CheckError(t, err, broke, "", "ctx ended")
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v is not context.Canceled", err)
			}
			if got != (order.Order{}) {
				t.Errorf("a result with an error: %+v", got)
			}
			checkUnchanged(t, store, before)
		})
	}
}

// If another call changes the state of the order during the lookup, the check
// fails and does not undo that change.
func TestOrderChangesDuringCheck(t *testing.T) {
	t.Parallel()
	cancel := func(ctx context.Context, book *order.Book, id int64) error {
		_, err := book.CancelOrderRequest(ctx, rand.Reader, instant, &order.CancelOrderRequestRequest{OrderId: id})
		return err
	}
	remove := func(ctx context.Context, book *order.Book, id int64) error {
		if err := cancel(ctx, book, id); err != nil {
			return err
		}
		_, err := book.DeleteCertificateRequest(ctx, rand.Reader, &order.DeleteCertificateRequestRequest{OrderId: id})
		return err
	}
	for _, found := range []bool{true, false} {
		for name, tt := range map[string]struct {
			change  func(context.Context, *order.Book, int64) error
			code    yuncert.Code
			mention string
		}{
			"cancelled": {cancel, wrong, "state payed;"},
			"deleted":   {remove, unknown, "there is no order"},
		} {
			if found {
				name += ", with the proof"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var book *order.Book
				var o order.Order
				var before contents
				store := order.NewMemoryStore()
				book = order.NewBook(store, order.BookOptions{Verifier: verifierFunc(func(ctx context.Context, c order.Challenge) ([]string, error) {
					if err := tt.change(ctx, book, o.OrderId); err != nil {
						t.Error(err)
					}
					before = everything(t, store)
					if found {
						return []string{c.RecordValue}, nil
					}
					return nil, nil
				})})
				if err := book.AddPackage(t.Context(), "", 1); err != nil {
					t.Fatal(err)
				}
				o = place(t, book, application(plainCSR(t)))
				got, err := book.CheckOwnership(t.Context(), later, o.OrderId)
				testutil.CheckError(t, err, tt.code, "OrderId", tt.mention)
				if got != (order.Order{}) {
					t.Errorf("a result with an error: %+v", got)
				}
				checkUnchanged(t, store, before)
			})
		}
	}
}

// CheckOwnership looks nothing up if the state of the order does not allow it.
func TestNoNeedlessLookup(t *testing.T) {
	t.Parallel()
	store := order.NewMemoryStore()
	book := order.NewBook(store, order.BookOptions{Verifier: proved})
	if err := book.AddPackage(t.Context(), "", 5); err != nil {
		t.Fatal(err)
	}
	for _, state := range states[1:] {
		o := reach(t, book, state, application(plainCSR(t)))
		_, err := order.NewBook(store, order.BookOptions{Verifier: unasked(t)}).CheckOwnership(t.Context(), later, o.OrderId)
		testutil.CheckError(t, err, wrong, "OrderId", string(state))
	}
}

// The proof for a wildcard name is at the name after "*.". A record at any
// other name proves nothing.
func TestWildcardProof(t *testing.T) {
	t.Parallel()
	records := map[string]string{}
	book, _ := newBook(t, verifierFunc(func(_ context.Context, c order.Challenge) ([]string, error) {
		if text, ok := records[c.Domain]; ok {
			return []string{text}, nil
		}
		return nil, nil
	}))
	req := application(hostCSR(t, algorithm.ECC_256, "*.a.example.com"))
	req.ProductCode = "globalsign-dv-w-advanced"
	o := place(t, book, req)
	for _, elsewhere := range []string{"example.com", "*.a.example.com", "www.a.example.com"} {
		records[elsewhere] = o.Token
	}
	got := must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
	if got.State != order.StateDomainVerify {
		t.Errorf("with proofs of other names the order is in %s", got.State)
	}
	records["a.example.com"] = o.Token
	got = must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
	if got.State != order.StateProcess {
		t.Errorf("the order is in %s: %s", got.State, got.Reason)
	}
}
