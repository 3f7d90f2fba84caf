package ca

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/x509der"
)

// An OCSPStatus is what is known of a certificate, in the words of
// DescribeClientCertificateStatus.
type OCSPStatus string

// The statuses of RFC 6960, section 2.2.
const (
	// OCSPGood: the CA issued the certificate and did not revoke it.
	OCSPGood OCSPStatus = "good"
	// OCSPRevoked: the CA revoked the certificate, or holds it for a while.
	OCSPRevoked OCSPStatus = "revoked"
	// OCSPUnknown: the CA's records do not have the certificate.
	OCSPUnknown OCSPStatus = "unknown"
)

// An OCSPAnswer is what the CA's records say about one certificate.
type OCSPAnswer struct {
	// Status is one of the three constants. Empty means OCSPUnknown: a
	// certificate is good only when the records say so.
	Status OCSPStatus `json:"Status,omitempty"`

	// RevocationTime is when the certificate was revoked, in whole seconds, not
	// after now. Required with OCSPRevoked, and not written otherwise.
	RevocationTime time.Time `json:"RevocationTime,omitzero"`

	// Reason is why it was revoked. Zero, ReasonUnspecified, gives none.
	Reason RevocationReason `json:"Reason,omitempty"`

	// ThisUpdate is when the records were known to be right, not after now. Zero
	// means now.
	ThisUpdate time.Time `json:"ThisUpdate,omitzero"`

	// NextUpdate is until when clients may keep the answer, after now. Zero says
	// that a newer answer is available at any time (RFC 6960, section 2.4); many
	// clients and all that staple do better with a time, of hours or a few days.
	NextUpdate time.Time `json:"NextUpdate,omitzero"`
}

// RespondOCSP answers a DER OCSP request (RFC 6960). response is what goes back
// to the client as application/ocsp-response with HTTP status 200, and is never
// nil. lookup is asked once for each certificate that the responder's CA may
// have issued: serialNumber is as in
// CreateServerCertificateWithCsrResponse.SerialNumber, lower-case hexadecimal
// digits in whole octets without leading zero octets, up to 40.
//
// What a client does wrong is answered and no error here:
//
//   - malformedRequest: no DER OCSPRequest, larger than 64 KiB, about more than
//     100 certificates, with a critical extension (the nonce may be one) or with
//     a nonce that is not of 1 to 128 octets (RFC 9654, section 2.1).
//   - unauthorized: no certificate asked about is one of this CA's. If some are,
//     the status of the others is unknown, and lookup is not asked about them.
//     So each CA answers at an address of its own.
//
// The request names the CA by the digests of its name and key, with SHA-1,
// SHA-256, SHA-384, SHA-512 or SM3. A signature on it is not looked at. The
// response has the responder's key hash as ResponderID, producedAt now, the
// request's nonce and, for a delegated responder, its certificate.
//
// err is for the service's log. It is not nil when the service failed, and then
// response tells the client so:
//
//   - tryLater: lookup failed ([yuncert.ErrInternalError], with its error
//     wrapped).
//   - internalError: responder or lookup is nil, rand or the key failed
//     ([yuncert.ErrInternalError]); the responder's certificate or its CA's is
//     not valid now ([yuncert.ErrCertificateExpired]); an OCSPAnswer breaks the
//     rule in a field's comment ([yuncert.ErrMissingParameter],
//     [yuncert.ErrInvalidValueMalformed], [yuncert.ErrInvalidParameter]).
func RespondOCSP(rand io.Reader, now time.Time, responder *OCSPResponder, request []byte,
	lookup func(serialNumber string) (OCSPAnswer, error)) (response []byte, err error) {
	if responder == nil || lookup == nil {
		return x509der.OCSPInternalError.Marshal(), yuncert.Errorf(yuncert.ErrInternalError, "", "RespondOCSP needs a responder and a lookup")
	}
	now = second(now)
	if now.Before(responder.notBefore) || now.After(responder.notAfter) {
		return x509der.OCSPInternalError.Marshal(), yuncert.Errorf(yuncert.ErrCertificateExpired, "", "the responder's certificate and its CA's are valid from %s to %s, and it is %s",
			stamp(responder.notBefore), stamp(responder.notAfter), stamp(now))
	}
	asked, err := x509der.ParseOCSPRequest(request)
	if err != nil {
		return x509der.OCSPMalformedRequest.Marshal(), nil
	}
	if !slices.ContainsFunc(asked.IDs, responder.issuer.Issued) {
		return x509der.OCSPUnauthorized.Marshal(), nil
	}
	singles := make([]x509der.OCSPSingle, 0, len(asked.IDs))
	answers := make(map[string]OCSPAnswer) // by serial number
	for _, id := range asked.IDs {
		var answer OCSPAnswer
		if id.SerialNumber != nil && responder.issuer.Issued(id) {
			serial := hex.EncodeToString(id.SerialNumber)
			earlier, known := answers[serial]
			if answer = earlier; !known {
				if answer, err = lookup(serial); err != nil {
					return x509der.OCSPTryLater.Marshal(), &yuncert.Error{Code: yuncert.ErrInternalError, Message: fmt.Sprintf("the status of %s cannot be looked up", serial), Err: err}
				}
				answers[serial] = answer
			}
		}
		single, err := answer.check(now)
		if err != nil {
			return x509der.OCSPInternalError.Marshal(), err
		}
		single.ID = id.Raw
		singles = append(singles, single)
	}
	response, err = x509der.MarshalOCSPResponse(rand, responder.signer, &x509der.OCSPResponse{
		KeyHash: responder.keyHash, ProducedAt: now, Singles: singles, Nonce: asked.Nonce, Certificate: responder.certificate,
	})
	if err != nil {
		return x509der.OCSPInternalError.Marshal(), &yuncert.Error{Code: yuncert.ErrInternalError, Message: "the responder's key did not sign", Err: err}
	}
	return response, nil
}

// check checks an answer and returns it as it is written.
func (a *OCSPAnswer) check(now time.Time) (single x509der.OCSPSingle, err error) {
	switch a.Status {
	case OCSPGood:
		single.Status = x509der.OCSPGood
	case OCSPRevoked:
		if err := checkRevocation(now, a.RevocationTime, a.Reason); err != nil {
			return single, err
		}
		single.Status, single.RevocationTime, single.Reason = x509der.OCSPRevoked, a.RevocationTime, int(a.Reason)
	case OCSPUnknown, "":
		single.Status = x509der.OCSPUnknown
	default:
		return single, malformed("Status", "%.40q is not %s, %s or %s", string(a.Status), OCSPGood, OCSPRevoked, OCSPUnknown)
	}
	if single.ThisUpdate = now; !a.ThisUpdate.IsZero() {
		single.ThisUpdate = second(a.ThisUpdate)
	}
	if !a.NextUpdate.IsZero() {
		single.NextUpdate = second(a.NextUpdate)
	}
	switch {
	case single.ThisUpdate.After(now):
		return single, refused("ThisUpdate", "%s is after now, %s", stamp(a.ThisUpdate), stamp(now))
	case single.ThisUpdate.Year() < 1950:
		return single, malformed("ThisUpdate", "the year %d is before 1950", single.ThisUpdate.Year())
	case !a.NextUpdate.IsZero() && !single.NextUpdate.After(now):
		return single, refused("NextUpdate", "%s is not after now, %s", stamp(a.NextUpdate), stamp(now))
	case single.NextUpdate.After(maxTime):
		return single, malformed("NextUpdate", "%s is after %s", stamp(a.NextUpdate), stamp(maxTime))
	}
	return single, nil
}
