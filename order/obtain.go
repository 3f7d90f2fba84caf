package order

import (
	"context"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
)

// Obtain asks the [Authority] for the certificate of an order and stores it. While the
// CA is at work, it returns the order unchanged: call it again later. If the CA refuses,
// the order goes to [StateVerifyFail].
//
// The certificate is checked as [Book.Complete] checks it. If it is not for the CSR's
// key and all names of the order, or has another problem that Complete lists, the code
// is [yuncert.ErrError] and the order does not change.
//
// If the order is cancelled while the CA signs, the certificate is not stored and not
// revoked: it stays valid until it expires.
//
// Obtain returns [yuncert.ErrOrderStateError] for an order that was placed without an
// Authority: use [Book.Issue] or Complete. It returns [yuncert.ErrInvalidParameter] if
// the CSR's key was blocked after the order was submitted.
func (b *Book) Obtain(ctx context.Context, now time.Time, orderID int64) (Order, error) {
	o, err := b.orderFor(ctx, orderID, eventIssue)
	if err != nil {
		return Order{}, err
	}
	if o.Reference == "" {
		return Order{}, yuncert.Errorf(yuncert.ErrOrderStateError, "OrderId", "order %d was placed without an Authority; use Issue or Complete", o.OrderId)
	}
	authority, err := b.authorityOf(&o)
	if err != nil {
		return Order{}, err
	}
	request, err := o.request(b.keyPolicy)
	if err != nil {
		return Order{}, err
	}
	certificate, err := authority.Obtain(ctx, o.Reference, request.Raw)
	if err != nil {
		return b.refuse(ctx, now, orderID, err)
	}
	if certificate == "" {
		return o, nil
	}
	chain, err := param.ParseCertificates("Certificate", certificate, maxChain)
	if err == nil {
		err = o.checkCertificate(now, request.PublicKey, chain)
	}
	if err != nil {
		return Order{}, param.Wrap(err, yuncert.ErrError, "", "the Authority's certificate cannot be used")
	}
	return b.certify(ctx, now, orderID, o.Reference, chain[0].NotAfter, pemOf(chain))
}
