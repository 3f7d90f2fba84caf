package acme

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	rfc8555 "golang.org/x/crypto/acme"

	"github.com/yuncert/yuncert/order"
)

// An Authority is a public CA, for [order.BookOptions]. It keeps nothing between calls.
// It is safe for concurrent use if its Key and Client are. Do not change it after its
// first use.
type Authority struct {
	// Directory is the URL where the CA publishes its services, such as
	// "https://acme-staging-v02.api.letsencrypt.org/directory". It begins with
	// https://, or with http:// if the host is a loopback address. Required.
	Directory string

	// Key is the key of the account at the CA. It is RSA, or ECC on P-256, P-384 or
	// P-521. It is not the key of any certificate. Required, except by RenewAfter.
	Key crypto.Signer `json:"-"`

	// Account is the URL that Register returned. Required, except by Register and
	// RenewAfter.
	Account string

	// Profile is one of the kinds of certificate that the CA's directory lists. Empty
	// means the CA's default.
	Profile string

	// Client sends the requests. Nil means a client that gives up on a request after 30
	// seconds. No client follows redirects: RFC 8555 signs the URL of each request.
	Client *http.Client `json:"-"`

	// Wait is how long one call of Prove or Obtain may wait for the CA to look at a
	// proof or to sign. Zero means that it does not wait: call it again later.
	Wait time.Duration
}

var _ order.Authority = (*Authority)(nil)

// String returns the Directory and the Account.
func (a Authority) String() string {
	return fmt.Sprintf("CA with directory %.200q, account %.200q", a.Directory, a.Account)
}

// Format prints String for every verb, so that no log holds the Key.
func (a Authority) Format(f fmt.State, _ rune) { io.WriteString(f, a.String()) }

// maxAuthorizations is how many authorizations an order may have. A CSR has up to 250
// names.
const maxAuthorizations = 250

// Begin implements [order.Authority]. A CA may join two orders of one account for the
// same names. Let's Encrypt does so until the first one is certified. Both then have one
// reference, one proof and one certificate, and Obtain refuses the order whose CSR has
// another key. A CA may also need no proof for a name that the account has proved before.
// So an account is for applicants who trust one another.
//
// These answers of the CA are a [*order.Refusal]: malformed, rejectedIdentifier,
// unsupportedIdentifier, caa, dns, connection, tls and compound (RFC 8555, section 6.7),
// and an authorization without the challenge that validateType needs.
func (a *Authority) Begin(ctx context.Context, names []string, validateType string) (reference string, first *order.Proof, err error) {
	s, err := a.sessionFor(validateType)
	if err != nil {
		return "", nil, err
	}
	var options []rfc8555.OrderOption
	if a.Profile != "" {
		options = append(options, rfc8555.WithOrderIssuanceProfile(rfc8555.ProfileName(a.Profile)))
	}
	o, err := s.acme.AuthorizeOrder(ctx, rfc8555.DomainIDs(names...), options...)
	switch {
	case s.isProblem(err, "malformed", "rejectedIdentifier", "unsupportedIdentifier", "caa", "dns", "connection", "tls", "compound"):
		return "", nil, refusal("", err)
	case err != nil:
		return "", nil, s.failure(ctx, err)
	case !s.isURL(o.URI):
		return "", nil, nonsense("the new order has no usable URL")
	case len(o.AuthzURLs) > len(names):
		return "", nil, nonsense("it wants %d authorizations for %d names", len(o.AuthzURLs), len(names))
	}
	first, err = s.due(ctx, o, order.Proof{})
	if err != nil {
		return "", nil, err
	}
	if first != nil && !slices.Contains(names, first.Domain) && !slices.Contains(names, "*."+first.Domain) {
		return "", nil, nonsense("it wants a proof for %.80q, a name that was not asked for", first.Domain)
	}
	return o.URI, first, nil
}

// Prove implements [order.Authority]. It finds the challenge of the placed proof, asks the
// CA to look, and waits up to Wait. A proof that the CA does not find is a
// [*order.Refusal], because the CA then ends the whole order (RFC 8555, section 7.1.6).
// So call Prove only after your own lookup found the proof.
//
// Prove reads the order and then its authorizations, until it has the one of the placed
// proof. A call for an order of n names makes up to n+4 requests before it waits.
func (a *Authority) Prove(ctx context.Context, reference, validateType string, placed order.Proof) (due *order.Proof, err error) {
	s, err := a.sessionFor(validateType)
	if err != nil {
		return nil, err
	}
	o, err := s.order(ctx, reference)
	if err != nil {
		return nil, err
	}
	return s.due(ctx, o, placed)
}

// Obtain implements [order.Authority]. The CA gets the CSR as it is. The result is the
// CA's default chain. It is a [*order.Refusal] if the CA ended the order, or answered the
// CSR with badCSR, badPublicKey, malformed, rejectedIdentifier or unsupportedIdentifier.
func (a *Authority) Obtain(ctx context.Context, reference string, csr []byte) (certificate string, err error) {
	s, err := a.session()
	if err != nil {
		return "", err
	}
	finalized := false
	for {
		o, err := s.order(ctx, reference)
		if err != nil {
			return "", err
		}
		switch o.Status {
		case rfc8555.StatusInvalid:
			return "", s.ended(ctx, o)
		case rfc8555.StatusValid:
			return s.certificate(ctx, o.CertURL, csr)
		case rfc8555.StatusReady:
			if !finalized {
				finalized = true
				if err := s.finalize(ctx, o, csr); err != nil {
					return "", err
				}
				continue // a fast CA is done
			}
		case rfc8555.StatusPending, rfc8555.StatusProcessing:
		default:
			return "", nonsense("the order has the status %.40q", o.Status)
		}
		if again, err := s.pause(ctx); !again {
			return "", err
		}
	}
}

// Revoke implements [order.Authority]. It gives the CA no reason. The account must be
// the one that ordered the certificate.
func (a *Authority) Revoke(ctx context.Context, certificate string) error {
	s, err := a.session()
	if err != nil {
		return err
	}
	der, err := leaf(certificate)
	if err != nil {
		return err
	}
	if err := s.acme.RevokeCert(ctx, nil, der, rfc8555.CRLReasonUnspecified); err != nil {
		return s.failure(ctx, err)
	}
	return nil
}

// leaf returns the first certificate of a text in PEM, in DER.
func leaf(certificate string) ([]byte, error) {
	block, _ := pem.Decode([]byte(certificate))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("the text is not a certificate in PEM: pass what Obtain returned")
	}
	return block.Bytes, nil
}

// sessionFor returns a session for proofs.
func (a *Authority) sessionFor(validateType string) (*session, error) {
	s, err := a.session()
	if err != nil {
		return nil, err
	}
	switch validateType {
	case "DNS":
		s.challenge = "dns-01"
	case "FILE":
		s.challenge = "http-01"
	default:
		return nil, fmt.Errorf("the validateType %.40q is not DNS or FILE", validateType)
	}
	return s, nil
}

// order reads an order. A CA that answers 404 with a problem document has forgotten it,
// usually because it expired.
func (s *session) order(ctx context.Context, reference string) (*rfc8555.Order, error) {
	o, err := s.acme.GetOrder(ctx, reference)
	switch {
	case s.isForgotten(err):
		return nil, refusal("the CA has no such order: it expired, or another account placed it", err)
	case err != nil:
		return nil, s.failure(ctx, err)
	case len(o.AuthzURLs) > maxAuthorizations:
		return nil, nonsense("the order has %d authorizations, more than %d", len(o.AuthzURLs), maxAuthorizations)
	}
	return o, nil
}

// finalize sends the CSR. It also returns nil if the CA refused it, but the order is not
// ready any more: another process sent the CSR first, or the CA ended the order. The
// caller reads the order again.
func (s *session) finalize(ctx context.Context, o *rfc8555.Order, csr []byte) error {
	if o.FinalizeURL == "" {
		return nonsense("the order has no URL to finalize it")
	}
	// After the answer CreateOrderCert would ask until ctx ends: the session refuses its
	// next request.
	s.last, s.answered = o.FinalizeURL, false
	_, _, problem := s.acme.CreateOrderCert(ctx, o.FinalizeURL, csr, false)
	accepted := s.answered
	s.last, s.answered = "", false
	if problem == nil || accepted {
		return nil
	}
	refused := s.isProblem(problem, "badCSR", "badPublicKey", "malformed", "rejectedIdentifier", "unsupportedIdentifier")
	current, err := s.order(ctx, o.URI)
	switch {
	case err != nil:
		return s.failure(ctx, problem)
	case current.Status != rfc8555.StatusReady && current.Status != rfc8555.StatusPending:
		return nil
	case refused:
		return refusal("", problem) // the CSR never changes
	}
	return s.failure(ctx, problem)
}

// certificate fetches a chain. It refuses a certificate for another key than the CSR's.
func (s *session) certificate(ctx context.Context, url string, csr []byte) (string, error) {
	if url == "" {
		return "", nonsense("the valid order has no certificate")
	}
	chain, err := s.acme.FetchCert(ctx, url, true)
	if err != nil {
		return "", s.failure(ctx, err)
	}
	cert, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return "", nonsense("the certificate cannot be parsed: %v", err)
	}
	req, err := x509.ParseCertificateRequest(csr)
	if err != nil {
		return "", fmt.Errorf("the CSR cannot be parsed: %w", err)
	}
	if string(cert.RawSubjectPublicKeyInfo) != string(req.RawSubjectPublicKeyInfo) {
		return "", &order.Refusal{Reason: "the CA issued for the key of another CSR: it joined two orders for the same names; apply again"}
	}
	var text strings.Builder
	for _, der := range chain {
		pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // a Builder does not fail
	}
	return text.String(), nil
}

// ended returns why an order is invalid. The authorization that failed knows the name;
// the order's own error may not.
func (s *session) ended(ctx context.Context, o *rfc8555.Order) error {
	var failed error
	for _, url := range o.AuthzURLs {
		z, err := s.authorization(ctx, url)
		if err != nil {
			failed = err
			break
		}
		if z.Status != rfc8555.StatusValid && z.Status != rfc8555.StatusPending {
			return &order.Refusal{Reason: reasonOf(z)}
		}
	}
	if o.Error != nil {
		return refusal("", o.Error)
	}
	if failed != nil {
		return failed
	}
	return &order.Refusal{Reason: "the CA ended the order and gives no reason; it may have expired"}
}
