package acme

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	rfc8555 "golang.org/x/crypto/acme"

	"github.com/yuncert/yuncert/internal/param"
)

const (
	maxURL    = 2048    // octets of a URL
	maxBody   = 1 << 20 // octets of an answer
	maxNonces = 10      // refused in a row

	firstPause = 250 * time.Millisecond
	maxPause   = 5 * time.Second
)

// A session is one call of a method of an Authority. It is the transport of its client,
// and bounds what the CA can do.
type session struct {
	acme      *rfc8555.Client
	http      *http.Client
	transport http.RoundTripper
	loopback  bool   // the directory's URL begins with http://
	challenge string // type of the challenges to use

	end    time.Time     // when Wait is over
	length time.Duration // of the next pause
	retry  string        // Retry-After of the last answer
	signed bool          // the last request was signed
	cut    bool          // the connection ended within the last answer

	last     string // if not empty, no request is sent after the answer to a POST to this URL
	answered bool   // whether that answer has come, with status 200
}

// session checks the fields of an Authority, and starts a call.
func (a *Authority) session() (*session, error) {
	if a.Account == "" {
		return nil, errors.New("the field Account of the acme.Authority is empty: set it to the URL that Register returned")
	}
	return a.newSession()
}

// newSession is session for calls that need no account.
func (a *Authority) newSession() (*session, error) {
	if param.IsNil(a.Key) {
		return nil, errors.New("the field Key of the acme.Authority is nil: set it to the key of the account at the CA")
	}
	if !canSign(a.Key.Public()) {
		return nil, errors.New("the field Key of the acme.Authority has an unsupported algorithm: want RSA, or ECC on P-256, P-384 or P-521")
	}
	return a.unsigned()
}

// unsigned is session for calls that need no key.
func (a *Authority) unsigned() (*session, error) {
	if a.Directory == "" {
		return nil, errors.New("the field Directory of the acme.Authority is empty: set it to the URL of the CA's directory")
	}
	u, err := url.Parse(a.Directory)
	if err != nil {
		return nil, errors.New("the field Directory of the acme.Authority is not a URL")
	}
	s := &session{loopback: u.Scheme == "http", end: time.Now().Add(a.Wait), length: firstPause}
	if err := s.allows(u); err != nil {
		return nil, fmt.Errorf("the field Directory of the acme.Authority: %w", err)
	}
	client := http.Client{Timeout: 30 * time.Second}
	if a.Client != nil {
		client = *a.Client
	}
	s.transport = client.Transport
	if s.transport == nil {
		s.transport = http.DefaultTransport
	}
	client.Transport = s
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.http = &client
	s.acme = &rfc8555.Client{
		Key: a.Key, KID: rfc8555.KeyID(a.Account), DirectoryURL: a.Directory,
		HTTPClient: s.http, UserAgent: "yuncert", RetryBackoff: backoff,
	}
	return s, nil
}

// canSign reports whether RFC 8555 clients and CAs have a signature algorithm for a key
// (RFC 7518, section 3.1).
func canSign(public any) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return true
	case *ecdsa.PublicKey:
		return slices.Contains([]elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}, key.Curve)
	}
	return false
}

// backoff retries a request only if the CA refused its nonce (RFC 8555, section 6.5).
// The Client also asks after a 429 or 5xx, where its own backoff would sleep.
func backoff(n int, _ *http.Request, res *http.Response) time.Duration {
	isNonce := res.StatusCode >= 400 && res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests
	if isNonce && n <= maxNonces {
		return 1 // nanosecond
	}
	return 0
}

// allows refuses a URL that is not https. A CA may use several hosts. If the directory is
// on loopback with http, the CA's URLs may be so too.
func (s *session) allows(u *url.URL) error {
	switch {
	case len(u.String()) > maxURL:
		return fmt.Errorf("a URL has more than %d octets", maxURL)
	case u.Scheme == "https" && u.Host != "":
		return nil
	case u.Scheme == "http" && s.loopback && isLoopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("the URL %.80q does not begin with https://", u.Redacted())
}

// isURL reports whether a text is a URL that a request can go to.
func (s *session) isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && s.allows(u) == nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}

// RoundTrip implements [http.RoundTripper].
func (s *session) RoundTrip(req *http.Request) (*http.Response, error) {
	err := s.allows(req.URL)
	switch {
	case s.answered:
		err = errors.New("the answer before this request is enough")
	case err != nil:
		err = nonsense("%v", err)
	}
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	s.signed, s.cut = req.Method == http.MethodPost, false
	res, err := s.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"Location", "Replay-Nonce", "Retry-After"} {
		if len(res.Header.Get(name)) > maxURL {
			res.Header.Del(name)
		}
	}
	s.retry = res.Header.Get("Retry-After")
	s.answered = s.last != "" && req.Method == http.MethodPost && req.URL.String() == s.last && res.StatusCode == http.StatusOK
	res.Body = &boundedBody{res.Body, s, maxBody}
	return res, nil
}

// A boundedBody fails when more than left octets are read. It tells the session when the
// connection ends early.
type boundedBody struct {
	io.ReadCloser
	s    *session
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left+1)])
	if n > b.left {
		return 0, nonsense("an answer has more than %d octets", maxBody)
	}
	b.left -= n
	b.s.cut = err != nil && err != io.EOF
	return n, err
}

// pause waits before the next request. It reports false at once if Wait would be over by
// then.
func (s *session) pause(ctx context.Context) (again bool, err error) {
	now := time.Now()
	length := s.length
	if at := retryAt(now, s.retry); !at.IsZero() {
		length = max(length, at.Sub(now))
	}
	if now.Add(length).After(s.end) {
		return false, ctx.Err()
	}
	s.length = min(2*s.length, maxPause)
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-timer.C:
		return true, nil
	}
}

// get reads JSON without a signature.
func (s *session) get(ctx context.Context, address string, value any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nonsense("%.80q is not a URL", address)
	}
	req.Header.Set("User-Agent", "yuncert") // RFC 8555, section 6.1
	res, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		problem := &rfc8555.Error{StatusCode: res.StatusCode, Header: res.Header}
		var document struct{ Type, Detail, Instance string }
		if json.Unmarshal(body, &document) != nil {
			document.Detail = string(body)
		}
		problem.ProblemType, problem.Detail, problem.Instance = document.Type, document.Detail, document.Instance
		return problem
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(body, value)
}
