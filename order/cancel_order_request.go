package order

import (
	"context"
	"io"
	"time"
)

// A CancelOrderRequestRequest names the order to cancel.
type CancelOrderRequestRequest struct {
	OrderId int64 `json:"OrderId,omitempty"` // Required.
}

// A CancelOrderRequestResponse says that the order is cancelled.
type CancelOrderRequestResponse struct {
	RequestId string `json:"RequestId,omitempty"`
}

// Validate returns [yuncert.ErrMissingParameter] if OrderId is zero.
func (r *CancelOrderRequestRequest) Validate() error {
	if r == nil {
		return checkOrderID(0)
	}
	return checkOrderID(r.OrderId)
}

// CancelOrderRequest cancels an order. Its unit stays used until you delete it.
func (b *Book) CancelOrderRequest(ctx context.Context, rand io.Reader, now time.Time, req *CancelOrderRequestRequest) (*CancelOrderRequestResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	requestID, err := newRequestID(rand)
	if err != nil {
		return nil, err
	}
	if _, err := b.move(ctx, now, req.OrderId, eventCancel, nil); err != nil {
		return nil, err
	}
	return &CancelOrderRequestResponse{RequestId: requestID}, nil
}
