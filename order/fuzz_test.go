package order_test

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/x509der"
	"github.com/yuncert/yuncert/order"
)

// Any request is either refused with a client error, or becomes an order with a
// valid domain and a random token.
func FuzzCreateCertificateWithCsrRequestRequestJSON(f *testing.F) {
	for _, change := range []func(*request){
		func(*request) {},
		func(r *request) { r.ValidateType = "FILE" },
		func(r *request) { r.ProductCode, r.Tags = "geotrust-dv-1-starter", tags(2) },
		func(r *request) { r.Csr, r.ProductCode = wildcardCSR(f), "geotrust-dv-w-starter" },
		func(r *request) {
			r.Csr, r.ProductCode, r.ValidateType = wildcardCSR(f), "symantec-dv-1-starter", "FILE"
		},
		func(r *request) { r.Csr = hostCSR(f, algorithm.ECC_384, "例子.中国", "::1", "bank.example") },
		func(r *request) { r.Csr = hostCSR(f, algorithm.RSA_2048, "A.B.Example.COM") },
		func(r *request) { r.Csr = hostCSR(f, algorithm.RSA_1024, "www.example.com") },
		func(r *request) { r.Csr = hostCSR(f, algorithm.ECC_256, "192.0.2.1") },
		func(r *request) { r.Csr = sm2CSR(f, "www.example.com") },
		func(r *request) { r.Csr = "\ufeff" + strings.ReplaceAll(r.Csr, "\n", `\n`) },
		func(r *request) { r.Username, r.Phone, r.Email = testutil.Chinese(255), "\u009b", "\ufffd" },
		func(r *request) { r.Tags = []ca.Tag{{Key: "acs:", Value: "https://"}} },
	} {
		req := application(plainCSR(f))
		change(req)
		f.Add(string(must[[]byte](f)(json.Marshal(req))))
	}
	for _, tt := range notDomains {
		f.Add(string(must[[]byte](f)(json.Marshal(application(hostCSR(f, algorithm.ECC_256, tt.commonName))))))
	}
	f.Add(`{}`)
	f.Add(`null`)
	f.Add(`{"Csr":"x","Tags":[{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		req := new(request)
		if json.Unmarshal([]byte(text), req) != nil {
			return
		}
		before := *req
		book, store := newBook(t, proved)
		empty := everything(t, store)
		resp, err := book.CreateCertificateWithCsrRequest(t.Context(), testutil.Seeded(), instant, req)
		if diff := cmp.Diff(&before, req); diff != "" {
			t.Errorf("the request was changed (-before +after):\n%s", diff)
		}
		valid := req.Validate()
		if (valid == nil) != (err == nil) || err != nil && valid.Error() != err.Error() {
			t.Fatalf("Validate returned %v, but the operation returned %v", valid, err)
		}
		if err != nil {
			e, ok := err.(*yuncert.Error)
			if !ok || e.Message == "" || e.Parameter == "" || e.Err != nil || len(e.Message) > 2000 || !utf8.ValidString(e.Message) {
				t.Fatalf("error %#v", err)
			}
			if status := e.Code.HTTPStatus(); status != 400 && status != 403 {
				t.Errorf("%s has the status %d, which is not a client error", e.Code, status)
			}
			if resp != nil {
				t.Error("a result with an error")
			}
			checkUnchanged(t, store, empty)
			return
		}

		o := read(t, book, resp.OrderId)
		name := strings.TrimPrefix(o.Domain, "*.")
		if canonical, err := x509der.CanonicalName(o.Domain); err != nil || canonical != o.Domain || x509der.IsIP(o.Domain) || !strings.Contains(name, ".") {
			t.Errorf("Domain %q: %q, %v", o.Domain, canonical, err)
		}
		if o.Domain != strings.ToLower(o.Domain) || strings.ContainsFunc(o.Domain, func(r rune) bool { return r >= utf8.RuneSelf }) {
			t.Errorf("Domain %q is not in lower case and ASCII", o.Domain)
		}
		if name != o.Domain && o.ValidateType != "DNS" {
			t.Errorf("the wildcard name %s is proved by %s", o.Domain, o.ValidateType)
		}
		if o.State != order.StateDomainVerify || !tokenForm.MatchString(o.Token) || o.Reason != "" || o.Certificate != "" {
			t.Errorf("order %+v", o)
		}
		if o.Username != req.Username || o.Phone != req.Phone || o.Email != req.Email || o.ValidateType != req.ValidateType {
			t.Errorf("order %+v of %+v", o, req)
		}
		for _, contact := range []string{o.Username, o.Phone, o.Email} {
			if contact == "" || utf8.RuneCountInString(contact) > 255 || strings.ContainsFunc(contact, unicode.IsControl) {
				t.Errorf("contact %q", contact)
			}
		}

		// The stored CSR has the same DER as the one in the request.
		sent, kept := must[*csr.Request](t)(csr.Parse([]byte(req.Csr))), must[*csr.Request](t)(csr.Parse([]byte(o.Csr)))
		if string(sent.Raw) != string(kept.Raw) || testutil.EncodePEM("CERTIFICATE REQUEST", sent.Raw) != o.Csr {
			t.Errorf("stored CSR %q", o.Csr)
		}
		if a := kept.Algorithm; a.Family() == "SM2" || a == algorithm.RSA_1024 {
			t.Errorf("the key is %s", a)
		}

		// The stored order, submitted again, gives the same order.
		again, _ := newBook(t, proved)
		stored := &request{Csr: o.Csr, ProductCode: o.ProductCode, Username: o.Username, Phone: o.Phone, Email: o.Email, ValidateType: o.ValidateType}
		second := must[*order.CreateCertificateWithCsrRequestResponse](t)(again.CreateCertificateWithCsrRequest(t.Context(), testutil.Seeded(), instant, stored))
		if diff := cmp.Diff(o, read(t, again, second.OrderId)); diff != "" {
			t.Errorf("the stored order submitted again (-first +second):\n%s", diff)
		}
		checkCounts(t, again, o.ProductCode, plentiful, 1, 0)

		// The order can be issued, and the certificate has only its domain.
		if kept.Algorithm.Family() != "ECC" {
			return
		}
		must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
		o = must[order.Order](t)(book.Issue(t.Context(), testutil.Seeded(), later, authorityOf(algorithm.ECC_256).issuer, o.OrderId))
		names := []string{o.Domain}
		if name != o.Domain {
			names = append(names, name)
		}
		if diff := cmp.Diff(names, parsePEM(t, o.Certificate)[0].DNSNames); diff != "" {
			t.Errorf("DNS names mismatch (-want +got):\n%s", diff)
		}
	})
}

// Whatever a Verifier finds, only the token is a proof, and the reason contains
// nothing of what was found.
func FuzzCheckOwnership(f *testing.F) {
	for _, texts := range [][2]string{
		{proof, ""}, {"\ufeff" + proof + "\r\n", "v=spf1 -all"}, {`"` + proof + `"`, "'" + proof}, {"HEAD", "TAIL"}, {"TAIL", "HEAD"},
		{"HEAD TAIL", "HEAD"}, {proof + "a", "a" + proof}, {"UPPER" + proof, ""}, {"UTF-16LE", "UTF-16BE"}, {"UTF-16", "\xff\xfe"},
		{"<!DOCTYPE html>", " <html>"}, {"", " "}, {"\x00", "\ufeff"},
	} {
		f.Add(texts[0], texts[1])
	}
	reasons := regexp.MustCompile(`^values found where the proof belongs: 2; none is the expected one(; (together|one) [A-Za-z0-9 :-]{8,60})?$`)
	f.Fuzz(func(t *testing.T, first, second string) {
		var found []string
		book, _ := newBook(t, verifierFunc(func(_ context.Context, c order.Challenge) ([]string, error) {
			found = withToken(c.RecordValue, first, second)
			return found, nil
		}))
		o := place(t, book, application(plainCSR(t)))
		got := must[order.Order](t)(book.CheckOwnership(t.Context(), later, o.OrderId))
		isProof := slices.ContainsFunc(found, func(text string) bool {
			return strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")) == o.Token
		})
		if isProof {
			if got.State != order.StateProcess || got.Reason != "" {
				t.Errorf("with the proof the order is in %s: %s", got.State, got.Reason)
			}
			return
		}
		if got.State != order.StateDomainVerify || !reasons.MatchString(got.Reason) {
			t.Errorf("of %q: the order is in %s: %s", found, got.State, got.Reason)
		}
	})
}
