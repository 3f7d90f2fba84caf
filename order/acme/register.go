package acme

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	rfc8555 "golang.org/x/crypto/acme"
)

// An ExternalAccount is the account of a customer of the CA to which an account for
// orders is bound (RFC 8555, section 7.3.4). The CA shows both values to its customer.
type ExternalAccount struct {
	KeyID   string // the identifier of the key
	HMACKey string `json:"-"` // the secret key in base64url, as the CA shows it
}

// String returns the KeyID.
func (e ExternalAccount) String() string { return fmt.Sprintf("external account %.80q", e.KeyID) }

// Format prints String for every verb, so that no log holds the HMACKey.
func (e ExternalAccount) Format(f fmt.State, _ rune) { io.WriteString(f, e.String()) }

// bindingAdvice says what to do at a CA that sells accounts.
const bindingAdvice = "the CA only accepts its own customers: get a key ID and an HMAC key from the CA, and pass them as ExternalAccount"

// Register creates an account at the CA for the Key. If one exists, Register finds it and
// leaves it as it is. It returns the account's URL: set Account to it. contacts are
// e-mail addresses where the CA may reach you, or none. acceptTerms says that you have
// read and accept the CA's terms of service; without it, the error of a CA that has terms
// names their URL. external is nil unless the CA only accepts its own customers.
func (a *Authority) Register(ctx context.Context, contacts []string, acceptTerms bool, external *ExternalAccount) (account string, err error) {
	s, err := a.newSession()
	if err != nil {
		return "", err
	}
	request := new(rfc8555.Account)
	for _, contact := range contacts {
		request.Contact = append(request.Contact, "mailto:"+strings.TrimPrefix(contact, "mailto:"))
	}
	if external != nil {
		key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(external.HMACKey, "="))
		if err != nil || len(key) == 0 || external.KeyID == "" {
			return "", errors.New("the ExternalAccount needs a KeyID, and an HMACKey in base64url: copy both from the CA")
		}
		request.ExternalAccountBinding = &rfc8555.ExternalAccountBinding{KID: external.KeyID, Key: key}
	}
	directory, err := s.acme.Discover(ctx)
	switch {
	case err != nil:
		err = s.failure(ctx, err)
		if _, unusable := err.(*answerError); unusable {
			err = fmt.Errorf("the field Directory of the acme.Authority is not the URL of a CA's directory: %w", err)
		}
		return "", err
	case directory.ExternalAccountRequired && external == nil:
		return "", errors.New(bindingAdvice)
	case directory.Terms != "" && !acceptTerms:
		return "", fmt.Errorf("the CA has terms of service at %s: read them, and set acceptTerms to true if you accept them", clean(directory.Terms))
	}
	_, err = s.acme.Register(ctx, request, rfc8555.AcceptTOS)
	if err != nil && !errors.Is(err, rfc8555.ErrAccountAlreadyExists) {
		return "", s.failure(ctx, err)
	}
	if !s.isURL(string(s.acme.KID)) {
		return "", nonsense("the account has no usable URL")
	}
	return string(s.acme.KID), nil
}
