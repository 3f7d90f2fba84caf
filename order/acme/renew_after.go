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
// Renewal Information, RFC 9773). The result at is a point of the window that the CA
// suggests. It is the same point each time, unless the CA changes the window. It is in
// the past if the CA is about to revoke the certificate: renew at once. It is zero if the
// CA suggests nothing. Nothing stops a CA from suggesting a time after the certificate has
// expired. So renew at the latest when a third of the certificate's life is left. A Book
// refuses a renewal before RenewBefore of [order.BookOptions].
//
// A CA can change its mind, so ask again at nextAsk, which is a minute to a day ahead.
// After an error ask again six hours later, or at the time in an [*order.Unavailable].
func (a *Authority) RenewAfter(ctx context.Context, certificate string) (at, nextAsk time.Time, err error) {
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
		return time.Time{}, time.Time{}, s.failure(ctx, err)
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
		return time.Time{}, now.Add(errorPause), nil
	}
	if err != nil {
		return time.Time{}, time.Time{}, s.failure(ctx, err)
	}
	start, end := info.SuggestedWindow.Start.UTC(), info.SuggestedWindow.End.UTC()
	if !end.After(start) { // RFC 9773, section 4.2
		return time.Time{}, time.Time{}, nonsense("the suggested window for the renewal does not end after it starts")
	}
	sum := sha256.Sum256([]byte(id))
	point := binary.BigEndian.Uint64(sum[:]) % uint64(end.Sub(start))
	nextAsk = now.Add(errorPause)
	if asked := retryAt(now, s.retry); !asked.IsZero() { // RFC 9773, section 4.3.2
		nextAsk = now.Add(min(max(asked.Sub(now), time.Minute), 24*time.Hour))
	}
	return start.Add(time.Duration(point)), nextAsk, nil
}

// errorPause is how long not to ask again if the CA does not know the certificate, or
// does not say how long (RFC 9773, section 4.3.3).
const errorPause = 6 * time.Hour

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
