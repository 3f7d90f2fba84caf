package order

import (
	"context"
	"io"
	"time"
)

// A CancelOrderRequestRequest withdraws an order, with the parameter of
// CancelOrderRequest (Certificate Management Service, 2020-04-07).
type CancelOrderRequestRequest struct {
	// OrderId names the order. Required.
	OrderId int64 `json:"OrderId,omitempty"`
}

// A CancelOrderRequestResponse is what CancelOrderRequest returns.
type CancelOrderRequestResponse struct {
	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`
}

// Validate returns [yuncert.ErrMissingParameter] when there is no OrderId.
func (r *CancelOrderRequestRequest) Validate() error {
	if r == nil {
		return checkOrderID(0)
	}
	return checkOrderID(r.OrderId)
}

// CancelOrderRequest withdraws an order that waits for its proof or its review.
// It is in [StatePayed] then; its unit goes back to the package when it is
// deleted.
//
// Errors, after those of [CancelOrderRequestRequest.Validate]:
// [yuncert.ErrNotFoundOrder] for an OrderId that names no order,
// [yuncert.ErrOrderStateError] for an order in another state, and
// [yuncert.ErrError] when rand or the store failed. The document allows a user
// 100 calls a second, which the embedding service enforces.
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
