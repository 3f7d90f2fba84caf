package order

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
)

// A CancelCertificateForPackageRequestRequest names the order to revoke or cancel.
type CancelCertificateForPackageRequestRequest struct {
	OrderId int64 `json:"OrderId,omitempty"` // Required.
}

// A CancelCertificateForPackageRequestResponse says that the order is revoked or
// cancelled.
type CancelCertificateForPackageRequestResponse struct {
	RequestId string `json:"RequestId,omitempty"`
}

// Validate returns [yuncert.ErrMissingParameter] if OrderId is zero.
func (r *CancelCertificateForPackageRequestRequest) Validate() error {
	if r == nil {
		return checkOrderID(0)
	}
	return checkOrderID(r.OrderId)
}

// refundDays is the number of calendar days after the issue in which a revocation gives
// the unit back.
const refundDays = 30

// refunds reports whether the order, in its new state, gives its unit back.
func (o *Order) refunds(now time.Time) bool {
	const day = 24 * time.Hour // Truncate counts from a midnight in UTC
	return o.State == StateCancelled || now.Truncate(day).Sub(o.Issued) <= refundDays*day
}

// CancelCertificateForPackageRequest takes an order in [StateCertificate] to
// [StateRevoked], and one in [StateDomainVerify], [StateProcess] or [StatePayed] to
// [StateCancelled]. The unit of a cancelled order comes back at once. The unit of a revoked
// one comes back up to 30 calendar days after the issue, in UTC: until the end of 31
// January for a certificate of 1 January.
//
// A certificate of the [Authority] is revoked there first, unless it has expired at now:
// CAs refuse to revoke it then. If the process dies in between, call again. Revoke any
// other certificate at its CA yourself, before this call: only the order changes here.
//
// It returns [yuncert.ErrError] if the Authority fails or refuses. The cause has the
// [*Unavailable] or [*Refusal], and the order is unchanged.
func (b *Book) CancelCertificateForPackageRequest(ctx context.Context, rand io.Reader, now time.Time, req *CancelCertificateForPackageRequestRequest) (*CancelCertificateForPackageRequestResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	requestID, err := newRequestID(rand)
	if err != nil {
		return nil, err
	}
	o, err := b.Order(ctx, req.OrderId)
	if err != nil {
		return nil, err
	}
	revoked := ""
	if o.State == StateCertificate && o.Reference != "" {
		if !now.After(o.NotAfter) {
			if err := b.revoke(ctx, &o); err != nil {
				return nil, err
			}
		}
		revoked = o.Certificate
	}
	_, err = b.move(ctx, now, o.OrderId, eventCancelPackage, func(tx Tx, o *Order) error {
		if o.State == StateRevoked && o.Reference != "" && o.Certificate != revoked {
			return yuncert.Errorf(yuncert.ErrOrderStateError, "OrderId", "the certificate was issued during this call; call again to revoke it")
		}
		if !o.refunds(now) {
			return nil
		}
		p, err := packageOf(tx, o)
		if err != nil {
			return err
		}
		p.UsedCount--
		if o.State == StateRevoked {
			p.IssuedCount--
		}
		return tx.PutPackage(p)
	})
	if err != nil {
		return nil, err
	}
	return &CancelCertificateForPackageRequestResponse{RequestId: requestID}, nil
}

// revoke has the Authority revoke the certificate of an order.
func (b *Book) revoke(ctx context.Context, o *Order) error {
	authority, err := b.authorityOf(o)
	if err != nil {
		return err
	}
	err = authority.Revoke(ctx, o.Certificate)
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return &yuncert.Error{Code: yuncert.ErrError, Message: "the CA refused to revoke the certificate: " + refusalReason(refusal), Err: param.Cause(err)}
	}
	if err != nil {
		return authorityFailed(ctx, err)
	}
	return nil
}
