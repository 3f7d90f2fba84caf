package acme

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"strings"
	"time"

	rfc8555 "golang.org/x/crypto/acme"
)

// RenewAfter asks the CA when to renew a certificate, in PEM as Obtain returned it (ACME
// Renewal Information, RFC 9773). Renew it after at; a CA that is about to revoke a
// certificate names a time in the past. at is a point of the window that the CA
// suggests, the same one for a certificate each time. It is zero if the CA suggests
// none: renew it when a third of its life is left. Call RenewAfter again after again,
// which is a minute to a day ahead, because a CA can change its mind.
func (a *Authority) RenewAfter(ctx context.Context, certificate string) (at, again time.Time, err error) {
	s, err := a.unsigned()
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	id, err := certificateID(certificate)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	var directory struct {
		RenewalInfo string `json:"renewalInfo"`
	}
	if err := s.get(ctx, a.Directory, &directory); err != nil {
		return time.Time{}, time.Time{}, failure(ctx, err)
	}
	if directory.RenewalInfo == "" {
		return time.Time{}, time.Now().UTC().Add(24 * time.Hour), nil
	}
	var info struct {
		SuggestedWindow struct{ Start, End time.Time }
	}
	err = s.get(ctx, strings.TrimSuffix(directory.RenewalInfo, "/")+"/"+id, &info)
	now := time.Now().UTC()
	if p, ok := errors.AsType[*rfc8555.Error](err); ok && p.StatusCode == http.StatusNotFound {
		return time.Time{}, now.Add(6 * time.Hour), nil // RFC 9773, section 4.3.3
	}
	if err != nil {
		return time.Time{}, time.Time{}, failure(ctx, err)
	}
	start, end := info.SuggestedWindow.Start.UTC(), info.SuggestedWindow.End.UTC()
	if !end.After(start) { // RFC 9773, section 4.2
		return time.Time{}, time.Time{}, nonsense("the suggested window for the renewal does not end after it starts")
	}
	sum := sha256.Sum256([]byte(id))
	point := binary.BigEndian.Uint64(sum[:]) % uint64(end.Sub(start))
	again = now.Add(6 * time.Hour)
	if asked := retryAt(now, s.retry); !asked.IsZero() { // RFC 9773, section 4.3.2
		again = now.Add(min(max(asked.Sub(now), time.Minute), 24*time.Hour))
	}
	return start.Add(time.Duration(point)), again, nil
}

// certificateID returns the identifier of a certificate: the key identifier of its CA
// and its serial number, both in base64url (RFC 9773, section 4.1).
func certificateID(certificate string) (string, error) {
	der, err := leaf(certificate)
	if err != nil {
		return "", err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return "", errors.New("the certificate cannot be parsed: pass what Obtain returned")
	}
	if len(cert.AuthorityKeyId) == 0 {
		return "", errors.New("the certificate has no authority key identifier, which the CA needs to recognize it")
	}
	serial := cert.SerialNumber.Bytes()
	if len(serial) == 0 || serial[0] >= 0x80 {
		serial = append([]byte{0}, serial...) // the content octets of the INTEGER
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode(cert.AuthorityKeyId) + "." + encode(serial), nil
}
