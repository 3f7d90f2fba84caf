package acme_test

import (
	"errors"
	"testing"
	"time"

	"github.com/yuncert/yuncert/order"
)

// A CA answers one of the requests with any text, status and headers. No method panics,
// asks without end, or returns a text, time or proof out of bounds.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"status":"ready","finalize":"https://ca.test/finalize/1"}`, `{"status":"invalid","error":{"detail":"no"}}`, `{"status":"pending","authorizations":["https://ca.test/authz/0"]}`,
		`{"newNonce":"https://ca.test/nonce","newOrder":"https://ca.test/apply","renewalInfo":"https://ca.test/ari"}`, window("2000-02-01T00:00:00Z", "2000-02-03T00:00:00Z"),
		`{"status":"pending","identifier":{"type":"dns","value":"www.example.com"},"challenges":[{"type":"dns-01","url":"https://ca.test/challenge/0","status":"pending","token":"a"}]}`,
		`{"type":"urn:ietf:params:acme:error:badNonce","detail":"\u202e","subproblems":[{"identifier":{"value":"a"}}]}`, certify(theCSR),
	} {
		for i := range len(steps) + 2 {
			f.Add(byte(max(0, i-2)), byte(i), uint16(200), "3600", reference, seed)
		}
		f.Add(byte(0), byte(2), uint16(429), "Sat, 01 Jan 2000 02:00:00 GMT", "", seed)
	}
	f.Fuzz(func(t *testing.T, method, which byte, status uint16, retryAfter, location, body string) {
		paths := []string{"/dir", "/nonce"}
		for _, step := range steps {
			paths = append(paths, step.path)
		}
		path := paths[int(which)%len(paths)]
		newCA := func() *fakeCA {
			ca := newFakeCA("www.example.com")
			ca.replace[path] = answer(200+int(status)%400, body, "Retry-After", retryAfter, "Location", location)
			return ca
		}
		ca, step := newCA(), steps[int(method)%len(steps)]
		err := step.call(t.Context(), ca, ca.authority())
		if err != nil {
			checkText(t, err.Error())
		}
		if ca.count > 100 {
			t.Errorf("%s: %d requests", step.name, ca.count)
		}
		if u, ok := errors.AsType[*order.Unavailable](err); ok && !u.RetryAt.IsZero() && time.Until(u.RetryAt) > 7*24*time.Hour {
			t.Errorf("%s: RetryAt is %v", step.name, u.RetryAt)
		}
		got, due, err := newCA().authority().Begin(t.Context(), []string{"www.example.com"}, "FILE")
		if err == nil && (len(got) > 2048 || due != nil && (due.Domain != "www.example.com" || len(due.Token) > 512)) {
			t.Errorf("Begin: %q, %v", got, due)
		}
	})
}
