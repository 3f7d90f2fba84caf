package order

import (
	"context"
	"io"

	"github.com/yuncert/yuncert"
)

// A DeleteCertificateRequestRequest names the order to delete.
type DeleteCertificateRequestRequest struct {
	OrderId int64 `json:"OrderId,omitempty"` // Required.
}

// A DeleteCertificateRequestResponse says that the order is deleted.
type DeleteCertificateRequestResponse struct {
	RequestId string `json:"RequestId,omitempty"`
}

// Validate returns [yuncert.ErrMissingParameter] if OrderId is zero.
func (r *DeleteCertificateRequestRequest) Validate() error {
	if r == nil {
		return checkOrderID(0)
	}
	return checkOrderID(r.OrderId)
}

// DeleteCertificateRequest deletes an order and gives its unit back. If the store
// fails, the code is [yuncert.ErrDeleteFail] instead of ErrError.
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
