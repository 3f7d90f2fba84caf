package order

import (
	"context"
	"time"

	"github.com/yuncert/yuncert/internal/param"
)

// Postpone counts an attempt that did not bring an order forward, and stores when to try
// again: it adds 1 to Attempts and sets Next. So a worker can pause longer after each
// attempt, and a restart does not forget it. The order is in [StateDomainVerify],
// [StateProcess], or [StateCertificate] for a renewal. Both fields become zero when the
// order enters another state or the next proof is due. Nothing here waits until Next, and
// Updated stays as it is.
//
// It returns [yuncert.ErrInvalidParameter] if next is not after now.
func (b *Book) Postpone(ctx context.Context, now time.Time, orderID int64, next time.Time) (Order, error) {
	if !next.After(now) {
		return Order{}, param.Refused("next", "%s is not after now, which is %s", next.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return b.move(ctx, now, orderID, eventPostpone, func(_ Tx, o *Order) error {
		o.Attempts++
		o.Next = instant(next)
		return nil
	})
}
