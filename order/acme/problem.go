package acme

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	rfc8555 "golang.org/x/crypto/acme"

	"github.com/yuncert/yuncert/order"
)

// maxRetry is the longest pause that a CA can ask for. Public rate limits are counted by
// the week.
const maxRetry = 7 * 24 * time.Hour

// retryAt reads the header Retry-After: seconds or a date (RFC 9110, section 10.2.3). It
// returns zero if there is none.
func retryAt(now time.Time, header string) time.Time {
	at, err := http.ParseTime(header)
	seconds, errSeconds := strconv.ParseUint(header, 10, 64)
	if errSeconds == nil || errors.Is(errSeconds, strconv.ErrRange) {
		at, err = now.Add(time.Duration(min(seconds, uint64(maxRetry/time.Second)))*time.Second), nil
	}
	switch {
	case err != nil:
		return time.Time{}
	case at.Before(now):
		return now.UTC()
	case at.After(now.Add(maxRetry)):
		return now.Add(maxRetry).UTC()
	}
	return at.UTC()
}

// maxText is how many octets of text a CA can put into an error.
const maxText = 500

// clean makes a text of a CA safe to log and to show: one line of UTF-8 without control
// and other invisible characters, of up to maxText octets.
func clean(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), 4*maxText)], " ")
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxText {
		text = strings.TrimSpace(strings.ToValidUTF8(text[:maxText], ""))
	}
	return text
}

// An answerError is a text about an answer of the CA, which is safe to log, and its
// cause.
type answerError struct {
	text  string
	cause error
}

func (e *answerError) Error() string { return e.text }
func (e *answerError) Unwrap() error { return e.cause }

// nonsense returns the error for an answer that RFC 8555 does not allow.
func nonsense(format string, args ...any) error {
	return &answerError{text: clean("the CA's answer is not usable: " + fmt.Sprintf(format, args...))}
}

// problemType returns the last part of the type of a problem, such as "rateLimited"
// (RFC 8555, section 6.7). Some CAs write other prefixes.
func problemType(urn string) string { return urn[strings.LastIndexByte(urn, ':')+1:] }

// isProblem reports whether an error is a problem of one of these types, with the status
// of a client error that is not a rate limit. An answer to an unsigned request, for the
// directory or a nonce, says nothing about the order.
func (s *session) isProblem(err error, types ...string) bool {
	p, ok := errors.AsType[*rfc8555.Error](err)
	return ok && s.signed && p.StatusCode >= 400 && p.StatusCode < 500 && p.StatusCode != http.StatusTooManyRequests &&
		slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, problemType(p.ProblemType)) })
}

// isForgotten reports whether the CA itself answered 404 to a signed request. A proxy's
// page with this status is not a problem document, and another error.
func (s *session) isForgotten(err error) bool {
	p, ok := errors.AsType[*rfc8555.Error](err)
	return ok && s.signed && p.StatusCode == http.StatusNotFound && p.ProblemType != ""
}

// describe returns the type and the detail of a problem, and the names and details of its
// subproblems (RFC 8555, section 6.7.1).
func describe(p *rfc8555.Error) string {
	text := clean(p.Detail)
	if kind := clean(problemType(p.ProblemType)); kind != "" {
		text = strings.TrimSuffix(kind+": "+text, ": ")
	}
	text = cmp.Or(text, "status "+strconv.Itoa(p.StatusCode))
	for _, sub := range p.Subproblems[:min(len(p.Subproblems), 10)] {
		text += "; "
		if sub.Identifier != nil && sub.Identifier.Value != "" {
			text += sub.Identifier.Value + ": "
		}
		text += cmp.Or(sub.Detail, problemType(sub.Type))
	}
	return clean(text)
}

// refusal returns a Refusal for a problem. about is put before it.
func refusal(about string, err error) error {
	text := err.Error()
	if p, ok := errors.AsType[*rfc8555.Error](err); ok {
		text = describe(p)
	}
	if about != "" {
		text = about + ": " + text
	}
	return &order.Refusal{Reason: clean(text)}
}

// reasonOf returns why an authorization is not valid.
func reasonOf(z *rfc8555.Authorization) string {
	for _, c := range z.Challenges {
		if p, ok := errors.AsType[*rfc8555.Error](c.Error); ok {
			return clean(z.Identifier.Value + ": " + describe(p))
		}
	}
	return clean(fmt.Sprintf("%s: the authorization is %s, and the CA gives no reason", z.Identifier.Value, z.Status))
}

// failure returns the error for the caller: the error of ctx if it ended, an
// *order.Unavailable if the CA is away or limits the rate, or an error that says what the
// account's owner has to do.
func (s *session) failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p, ok := errors.AsType[*rfc8555.Error](err)
	if !ok {
		if unusable, ok := errors.AsType[*answerError](err); ok {
			return unusable
		}
		failed := &answerError{clean(err.Error()), err}
		if _, isNetwork := errors.AsType[net.Error](err); isNetwork || s.cut { // a *url.Error is one
			return &order.Unavailable{Err: failed}
		}
		return failed
	}
	kind := problemType(p.ProblemType)
	failed := &answerError{"the CA answered: " + describe(p), err}
	switch {
	case p.StatusCode >= 500, p.StatusCode == http.StatusTooManyRequests, strings.EqualFold(kind, "rateLimited"), strings.EqualFold(kind, "serverInternal"):
		return &order.Unavailable{RetryAt: retryAt(time.Now(), p.Header.Get("Retry-After")), Err: failed}
	case p.StatusCode >= 300 && p.StatusCode < 400:
		failed.text = fmt.Sprintf("the CA redirects with the status %d, which is not followed: set Directory to the URL at the end of the redirects", p.StatusCode)
	case kind == "accountDoesNotExist":
		failed.text += "; call Register, and set Account to its result"
	case kind == "externalAccountRequired":
		failed.text += "; " + bindingAdvice
	case kind == "userActionRequired": // RFC 8555, section 7.3.3
		failed.text += "; the account's owner must act first"
		if at := clean(p.Instance); at != "" {
			failed.text += ", see " + at
		}
	}
	return failed
}
