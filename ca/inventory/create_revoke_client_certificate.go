package inventory

import (
	"context"
	"io"
	"time"

	"github.com/yuncert/yuncert"
)

// A CreateRevokeClientCertificateRequest names the certificate to revoke.
type CreateRevokeClientCertificateRequest struct {
	// Identifier is the Identifier of the certificate. Required.
	Identifier string `json:"Identifier,omitempty"`
}

// A CreateRevokeClientCertificateResponse confirms that the certificate is revoked.
type CreateRevokeClientCertificateResponse struct {
	RequestId string `json:"RequestId,omitempty"`
}

// Validate returns [yuncert.ErrMissingParameter] if Identifier is empty.
func (r *CreateRevokeClientCertificateRequest) Validate() error {
	if r == nil || r.Identifier == "" {
		return yuncert.Missing("Identifier")
	}
	return nil
}

// CreateRevokeClientCertificate revokes the certificate of a client or server for
// ca.ReasonUnspecified. [Inventory.Revoke] takes another reason. A CA is
// [yuncert.ErrNotFound]: see [Inventory.UpdateCACertificateStatus]. A certificate that
// is revoked already is [yuncert.ErrInvalidStatusUpdateProtection]; one on hold is
// revoked permanently.
func (v *Inventory) CreateRevokeClientCertificate(ctx context.Context, rand io.Reader, now time.Time, req *CreateRevokeClientCertificateRequest) (*CreateRevokeClientCertificateResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	r, err := Revocation{}.complete(now)
	if err != nil {
		return nil, err
	}
	err = v.update(ctx, func(tx Tx) error {
		c, err := readLeaf(tx, req.Identifier)
		if err != nil {
			return err
		}
		_, err = revoke(tx, now, c, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &CreateRevokeClientCertificateResponse{RequestId: requestID}, nil
}
