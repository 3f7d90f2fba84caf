package ca

import (
	"io"

	"github.com/yuncert/yuncert"
)

// An UpdateCACertificateStatusRequest names the CA to revoke, with the
// parameters of UpdateCACertificateStatus (Certificate Management Service,
// 2020-06-30).
type UpdateCACertificateStatusRequest struct {
	// Identifier is the Identifier of the CA. Required.
	Identifier string `json:"Identifier,omitempty"`

	// Status is the state to go to: StatusRevoke, the only one there is. Empty
	// means it.
	Status string `json:"Status,omitempty"`

	// ClientToken is the caller's mark for recognising a repeated request, up to
	// 64 printable ASCII characters. It is checked and not used.
	ClientToken string `json:"ClientToken,omitempty"`
}

// An UpdateCACertificateStatusResponse is what UpdateCACertificateStatus
// returns.
type UpdateCACertificateStatusResponse struct {
	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`
}

// Validate returns the first problem in the order of the fields:
// [yuncert.ErrMissingParameter] when Identifier is empty,
// [yuncert.ErrInvalidValueMalformed] for any other Status than StatusRevoke and
// for a ClientToken that breaks its rule.
func (r *UpdateCACertificateStatusRequest) Validate() error {
	if r == nil || r.Identifier == "" {
		return yuncert.Missing("Identifier")
	}
	if r.Status != "" && r.Status != StatusRevoke {
		return malformed("Status", "%.40q is not %s", r.Status, StatusRevoke)
	}
	return checkClientToken(r.ClientToken)
}

// UpdateCACertificateStatus revokes a CA in the pool, for good: it and what
// stands below it issue nothing any more. An Identifier that is not in the pool
// is [yuncert.ErrNotFound], a CA that is revoked already, itself or by one above
// it, [yuncert.ErrInvalidStatusUpdateProtection], a rand that fails
// [yuncert.ErrInternalError]. The pool does not write CRLs: the CA above it
// lists the certificate with [CreateRevocationList].
func UpdateCACertificateStatus(rand io.Reader, pool *Pool, req *UpdateCACertificateStatusRequest) (*UpdateCACertificateStatusResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	issuer, revoked, err := pool.find("Identifier", req.Identifier)
	if err != nil {
		return nil, err
	}
	already := yuncert.Errorf(yuncert.ErrInvalidStatusUpdateProtection, "Identifier", "the CA %s is revoked already", req.Identifier)
	if revoked {
		return nil, already
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	if !pool.revoke(issuer) { // another call came first
		return nil, already
	}
	return &UpdateCACertificateStatusResponse{RequestId: requestID}, nil
}
