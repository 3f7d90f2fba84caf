package ca

import (
	"io"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
)

// An UpdateCACertificateStatusRequest names the CA to revoke.
type UpdateCACertificateStatusRequest struct {
	// Identifier is the Identifier of the CA to revoke. Required.
	Identifier string `json:"Identifier,omitempty"`
	// Status is StatusRevoke, the only documented value, or empty.
	Status      string `json:"Status,omitempty"`
	ClientToken string `json:"ClientToken,omitempty"`
}

// An UpdateCACertificateStatusResponse confirms that the CA is revoked.
type UpdateCACertificateStatusResponse struct {
	RequestId string `json:"RequestId,omitempty"`
}

// Validate checks the fields.
func (r *UpdateCACertificateStatusRequest) Validate() error {
	if r == nil || r.Identifier == "" {
		return yuncert.Missing("Identifier")
	}
	if r.Status != "" && r.Status != StatusRevoke {
		return param.Malformed("Status", "%.40q is not %s", r.Status, StatusRevoke)
	}
	return checkClientToken(r.ClientToken)
}

// UpdateCACertificateStatus revokes a CA of the pool for good: neither it nor a
// CA below it can issue. It returns [yuncert.ErrInvalidStatusUpdateProtection]
// if the CA, or a CA above it, is already revoked. It writes no CRL: list the
// certificate in a CRL of the CA above, with [CreateRevocationList].
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
