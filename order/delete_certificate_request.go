package order

import (
	"context"
	"io"

	"github.com/yuncert/yuncert"
)

// A DeleteCertificateRequestRequest deletes an order, with the parameter of
// DeleteCertificateRequest (Certificate Management Service, 2020-04-07).
type DeleteCertificateRequestRequest struct {
	// OrderId names the order. Required.
	OrderId int64 `json:"OrderId,omitempty"`
}

// A DeleteCertificateRequestResponse is what DeleteCertificateRequest returns.
type DeleteCertificateRequestResponse struct {
	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`
}

// Validate returns [yuncert.ErrMissingParameter] when there is no OrderId.
func (r *DeleteCertificateRequestRequest) Validate() error {
	if r == nil {
		return checkOrderID(0)
	}
	return checkOrderID(r.OrderId)
}

// DeleteCertificateRequest deletes an order that was refused or cancelled, and
// gives its unit back to the package.
//
// Errors, after those of [DeleteCertificateRequestRequest.Validate]:
// [yuncert.ErrNotFoundOrder] for an OrderId that names no order,
// [yuncert.ErrOrderStateError] for an order in another state,
// [yuncert.ErrDeleteFail] when the store failed, and [yuncert.ErrError] when
// rand did.
func (b *Book) DeleteCertificateRequest(ctx context.Context, rand io.Reader, req *DeleteCertificateRequestRequest) (*DeleteCertificateRequestResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	requestID, err := newRequestID(rand)
	if err != nil {
		return nil, err
	}
	err = b.store.Update(ctx, func(tx Tx) error {
		o, err := readOrder(tx, req.OrderId)
		if err != nil {
			return err
		}
		if _, err := o.State.after(eventDelete); err != nil {
			return err
		}
		p, err := packageOf(tx, &o)
		if err != nil {
			return err
		}
		p.UsedCount--
		if err := tx.PutPackage(p); err != nil {
			return err
		}
		return tx.DeleteOrder(o.OrderId)
	})
	err = storeError(err, yuncert.ErrDeleteFail, "OrderId")
	if err != nil {
		return nil, err
	}
	return &DeleteCertificateRequestResponse{RequestId: requestID}, nil
}
