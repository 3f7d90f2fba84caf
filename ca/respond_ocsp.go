package ca

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// An OCSPStatus is the status of a certificate.
type OCSPStatus string

// The statuses (RFC 6960, section 2.2) as DescribeClientCertificateStatus has
// them.
const (
	OCSPGood    OCSPStatus = "good"    // issued by the CA and not revoked
	OCSPRevoked OCSPStatus = "revoked" // revoked, or on hold
	OCSPUnknown OCSPStatus = "unknown" // not in the CA's records
)

// An OCSPAnswer is what the CA's records say about one certificate.
type OCSPAnswer struct {
	// Status is OCSPGood, OCSPRevoked or OCSPUnknown. Empty means OCSPUnknown.
	Status OCSPStatus `json:"Status,omitempty"`
	// RevocationTime is not after now. Required with OCSPRevoked.
	RevocationTime time.Time `json:"RevocationTime,omitzero"`
	// Reason is why it was revoked. Zero, ReasonUnspecified, is not written.
	Reason RevocationReason `json:"Reason,omitempty"`
	// ThisUpdate is when the records were last known to be right, not after now.
	// Zero means now.
	ThisUpdate time.Time `json:"ThisUpdate,omitzero"`
	// NextUpdate is how long clients may keep the answer, after now. Clients
	// that cache or staple need a time, of hours or a few days. Zero says that
	// newer answers are always available (RFC 6960, section 2.4).
	NextUpdate time.Time `json:"NextUpdate,omitzero"`
}

// RespondOCSP answers a DER OCSP request (RFC 6960): the body of a POST, or the
// base64 in the path of a GET, decoded (appendix A.1). Send response to the
// client as application/ocsp-response with HTTP status 200; it is never nil.
// [IssuerOptions] has an example of an http.Handler. lookup is called once for
// each certificate that the responder's CA may have issued. Its serialNumber is
// in lower-case hexadecimal digits, two for each octet, up to 40, without
// leading zero octets. Zero is "00".
//
// A client's mistakes are answered and are not errors:
//
//   - malformedRequest: not a DER OCSPRequest, more than 64 KiB or 100
//     certificates, a critical extension other than the nonce, or a nonce that
//     is not of 1 to 128 octets (RFC 9654, section 2.1). A nonce without the
//     OCTET STRING, as old clients send it, comes back unchanged.
//   - unauthorized: all certificates are of other CAs. If only some are, their
//     status is unknown and not looked up: give each CA an address of its own.
//
// The request names the CA by SHA-1, SHA-256, SHA-384, SHA-512 or SM3 digests;
// its signature is not checked. The response has the responder's key hash, now
// as producedAt, the request's nonce, and the certificate of a responder that
// is not the CA itself.
//
// err is for the service's log. The response is tryLater if lookup failed
// ([yuncert.ErrInternalError], which wraps its error), and otherwise
// internalError: the responder or lookup is nil, rand or the key failed
// (yuncert.ErrInternalError); the responder's certificate or its CA's is not
// valid now ([yuncert.ErrCertificateExpired]); an OCSPAnswer breaks the rule in
// a field's comment (the codes of Validate).
func RespondOCSP(rand io.Reader, now time.Time, responder *OCSPResponder, request []byte,
	lookup func(serialNumber string) (OCSPAnswer, error)) (response []byte, err error) {
	if responder == nil || lookup == nil {
		return x509der.OCSPInternalError.Marshal(), yuncert.Errorf(yuncert.ErrInternalError, "", "the responder or lookup is nil")
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
			var known bool
			answer, known = answers[serial]
			if !known {
				answer, err = lookUp(lookup, id.SerialNumber)
				if err != nil {
					return x509der.OCSPTryLater.Marshal(), err
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

// lookUp looks a certificate up in the CA's records.
func lookUp(lookup func(serialNumber string) (OCSPAnswer, error), serial []byte) (OCSPAnswer, error) {
	text := hex.EncodeToString(serial)
	answer, err := lookup(text)
	if err != nil {
		return OCSPAnswer{}, &yuncert.Error{Code: yuncert.ErrInternalError, Message: fmt.Sprintf("the status of %s cannot be looked up", text), Err: err}
	}
	return answer, nil
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
		return single, param.Malformed("Status", "%.40q is not %s, %s or %s", string(a.Status), OCSPGood, OCSPRevoked, OCSPUnknown)
	}
	single.ThisUpdate = now
	if !a.ThisUpdate.IsZero() {
		single.ThisUpdate = second(a.ThisUpdate)
	}
	if !a.NextUpdate.IsZero() {
		single.NextUpdate = second(a.NextUpdate)
	}
	switch {
	case single.ThisUpdate.After(now):
		return single, param.Refused("ThisUpdate", "%s is after now, %s", stamp(a.ThisUpdate), stamp(now))
	case single.ThisUpdate.Year() < 1950:
		return single, param.Malformed("ThisUpdate", "the year %d is before 1950", single.ThisUpdate.Year())
	case !a.NextUpdate.IsZero() && !single.NextUpdate.After(now):
		return single, param.Refused("NextUpdate", "%s is not after now, %s", stamp(a.NextUpdate), stamp(now))
	case single.NextUpdate.After(maxTime):
		return single, param.Malformed("NextUpdate", "%s is after %s", stamp(a.NextUpdate), stamp(maxTime))
	}
	return single, nil
}
