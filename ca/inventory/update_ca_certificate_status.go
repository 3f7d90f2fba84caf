package inventory

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
)

// UpdateCACertificateStatus revokes a CA in the inventory and then in a pool, which may
// be nil or lack the CA. The revocation survives a restart: [Inventory.Pool] repeats
// it. Another process learns of it when it makes a new Pool. The next
// [Inventory.RevocationList] of the CA above lists the certificate.
//
// It returns [yuncert.ErrNotFound] for a CA that was not added with [Inventory.AddCA],
// and [yuncert.ErrInvalidStatusUpdateProtection] if the CA, or a CA above it, is
// already revoked in the inventory; the CA is then revoked in the pool too, so that it
// does not issue. A call that succeeded and has a ClientToken can be repeated, as in
// [Once].
func (v *Inventory) UpdateCACertificateStatus(ctx context.Context, rand io.Reader, now time.Time, pool *ca.Pool, req *ca.UpdateCACertificateStatusRequest) (*ca.UpdateCACertificateStatusResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	call, err := callOf(now, req)
	if err != nil {
		return nil, err
	}
	r, err := Revocation{}.complete(now)
	if err != nil {
		return nil, err
	}
	err = v.update(ctx, func(tx Tx) error {
		_, found, err := call.first(tx)
		if err != nil || found {
			return err
		}
		issuer, err := readCA(tx, "Identifier", req.Identifier)
		if err != nil {
			return err
		}
		c, err := readCertificate(tx, req.Identifier)
		if err != nil {
			return err
		}
		above, err := revokedAlong(tx, issuer, 1)
		if err != nil {
			return err
		}
		if above != "" {
			return yuncert.Errorf(yuncert.ErrInvalidStatusUpdateProtection, "Identifier", "the CA %s above is revoked already", above)
		}
		if _, err = revoke(tx, now, c, r); err != nil {
			return err
		}
		return call.create(tx, req.Identifier)
	})
	already := errors.Is(err, yuncert.ErrInvalidStatusUpdateProtection)
	if err != nil && !already {
		return nil, err
	}
	_, poolErr := ca.UpdateCACertificateStatus(nil, pool, req)
	if already {
		return nil, err
	}
	if poolErr != nil && !errors.Is(poolErr, yuncert.ErrNotFound) && !errors.Is(poolErr, yuncert.ErrInvalidStatusUpdateProtection) {
		return nil, poolErr
	}
	return &ca.UpdateCACertificateStatusResponse{RequestId: requestID}, nil
}
