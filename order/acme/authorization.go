package acme

import (
	"context"
	"fmt"
	"slices"
	"strings"

	rfc8555 "golang.org/x/crypto/acme"

	"github.com/yuncert/yuncert/order"
)

// authorization reads an authorization.
func (s *session) authorization(ctx context.Context, url string) (*rfc8555.Authorization, error) {
	z, err := s.acme.GetAuthorization(ctx, url)
	switch {
	case s.isForgotten(err):
		return nil, refusal("the CA has no such authorization: it expired", err)
	case err != nil:
		return nil, s.failure(ctx, err)
	}
	return z, nil
}

// due returns the proof that is due, or nil. If placed is one of the pending proofs, it
// tells the CA to look for it. The CA lists the authorizations in any sequence.
func (s *session) due(ctx context.Context, o *rfc8555.Order, placed order.Proof) (*order.Proof, error) {
	switch o.Status {
	case rfc8555.StatusInvalid:
		return nil, s.ended(ctx, o)
	case rfc8555.StatusReady, rfc8555.StatusProcessing, rfc8555.StatusValid:
		return nil, nil
	case rfc8555.StatusPending:
		if len(o.AuthzURLs) == 0 {
			return nil, nonsense("the order is pending and has no authorization")
		}
	default:
		return nil, nonsense("the order has the status %.40q", o.Status)
	}
	var other *order.Proof // the first pending proof that is not placed
	for _, url := range o.AuthzURLs {
		z, err := s.authorization(ctx, url)
		if err != nil {
			return nil, err
		}
		if z.Status == rfc8555.StatusValid {
			continue
		}
		if z.Status != rfc8555.StatusPending {
			return nil, &order.Refusal{Reason: reasonOf(z)}
		}
		proof, challenge, err := s.proof(z)
		switch {
		case err != nil:
			return nil, err
		case proof == placed:
			z, err := s.look(ctx, url, challenge)
			switch {
			case err != nil:
				return nil, err
			case z.Status == rfc8555.StatusPending:
				return &placed, nil
			case z.Status != rfc8555.StatusValid:
				return nil, &order.Refusal{Reason: reasonOf(z)}
			case other != nil:
				return other, nil
			}
			placed = order.Proof{}
		case placed == order.Proof{}:
			return &proof, nil
		case other == nil:
			other = &proof
		}
	}
	return other, nil
}

// proof returns the proof that a pending authorization wants, and its challenge.
func (s *session) proof(z *rfc8555.Authorization) (order.Proof, *rfc8555.Challenge, error) {
	domain := z.Identifier.Value
	if z.Identifier.Type != "dns" || !isName(domain) {
		return order.Proof{}, nil, nonsense("an authorization is for %.80q, which is not a DNS name", domain)
	}
	var offered []string
	for _, c := range z.Challenges {
		if c.Type != s.challenge {
			offered = append(offered, c.Type)
			continue
		}
		if !isToken(c.Token) {
			return order.Proof{}, nil, nonsense("the token of a challenge for %s is not base64url of 1 to %d characters", domain, maxToken)
		}
		text, err := s.acme.HTTP01ChallengeResponse(c.Token)
		if s.challenge == "dns-01" {
			text, err = s.acme.DNS01ChallengeRecord(c.Token)
		}
		return order.Proof{Domain: domain, Token: text}, c, err
	}
	if len(offered) == 0 {
		return order.Proof{}, nil, nonsense("the authorization for %s has no challenge", domain)
	}
	if z.Wildcard {
		domain = "*." + domain
	}
	return order.Proof{}, nil, &order.Refusal{Reason: clean(fmt.Sprintf("the CA does not accept a proof of the kind %s for %s; it accepts %s",
		s.challenge, domain, strings.Join(offered[:min(len(offered), 10)], ", ")))}
}

// maxToken is how many characters the token of a challenge may have. A proof has up to
// 512 octets, with a dot and a SHA-256 of 43 characters.
const maxToken = 512 - 1 - 43

// isToken reports whether a token is base64url (RFC 8555, section 8), so that it cannot
// lead to another path.
func isToken(token string) bool {
	return token != "" && len(token) <= maxToken && strings.Trim(token, base64url) == ""
}

// isName reports whether a text has the characters and length of a DNS name in lower
// case.
func isName(name string) bool {
	return name != "" && len(name) <= 253 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// look asks the CA to look for the proof of a challenge, and waits. It returns the
// authorization.
func (s *session) look(ctx context.Context, url string, c *rfc8555.Challenge) (*rfc8555.Authorization, error) {
	if c.Status == rfc8555.StatusPending {
		accepted, err := s.acme.Accept(ctx, c)
		if err != nil {
			return s.notAccepted(ctx, url, err)
		}
		c = accepted
	}
	if c.Status == rfc8555.StatusValid || c.Status == rfc8555.StatusInvalid {
		return s.authorization(ctx, url)
	}
	for {
		again, err := s.pause(ctx)
		if err != nil {
			return nil, err
		}
		if !again {
			return &rfc8555.Authorization{Status: rfc8555.StatusPending}, nil
		}
		z, err := s.authorization(ctx, url)
		if err != nil || z.Status != rfc8555.StatusPending {
			return z, err
		}
	}
}

// notAccepted returns the authorization of a challenge that the CA does not accept, or
// the CA's error. If another process asked first, the CA refuses the second request
// because it is looking already. Then the authorization shows that.
func (s *session) notAccepted(ctx context.Context, url string, problem error) (*rfc8555.Authorization, error) {
	if !s.isProblem(problem, "malformed") {
		return nil, s.failure(ctx, problem)
	}
	z, err := s.authorization(ctx, url)
	if err != nil {
		return nil, err
	}
	asked := slices.ContainsFunc(z.Challenges, func(c *rfc8555.Challenge) bool {
		return c.Type == s.challenge && c.Status != rfc8555.StatusPending
	})
	if z.Status == rfc8555.StatusPending && !asked {
		return nil, s.failure(ctx, problem)
	}
	return z, nil
}
