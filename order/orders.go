package order

import (
	"context"
	"slices"
	"time"

	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// maxPage is the largest number of orders on a page.
const maxPage = 1000

// Orders returns a page of up to limit orders in a state, oldest first. It returns
// [yuncert.ErrInvalidParameter] for an unknown state, or if limit is not from 1 to
// 1000. For the first page, after is the zero Order. For each further page, it is
// the last order of the page before, even if that order has changed or is deleted. A
// page with fewer than limit orders is the last. An order that enters the state at a
// position already passed, such as one from a process with a slow clock, is on no
// page until you begin again.
func (b *Book) Orders(ctx context.Context, state State, after Order, limit int) ([]Order, error) {
	if !slices.Contains(states, state) {
		return nil, param.Refused("state", "%.40q is not one of %s", string(state), states)
	}
	return b.page(ctx, limit, func(tx Snapshot) ([]Order, error) { return tx.Orders(state, after, limit) })
}

// OrdersOf returns a page of up to limit orders in any state, oldest first, whose
// Domain is domain. Domain is the first of an order's Names; the others are not
// searched. An order of "*.example.com" is not an order of "example.com". domain may
// have upper case and letters of other scripts. Pages continue as in [Book.Orders].
// OrdersOf returns [yuncert.ErrInvalidValueMalformed] if domain is not a DNS name,
// and [yuncert.ErrInvalidParameter] if limit is not from 1 to 1000.
func (b *Book) OrdersOf(ctx context.Context, domain string, after Order, limit int) ([]Order, error) {
	name, ok := x509der.HostName(domain)
	if !ok || x509der.IsIP(name) {
		return nil, param.Malformed("domain", "%.80q is not a DNS name; want one such as www.example.com or *.example.com", domain)
	}
	return b.page(ctx, limit, func(tx Snapshot) ([]Order, error) { return tx.OrdersOf(name, after, limit) })
}

// Expiring returns a page of up to limit orders in [StateCertificate] whose
// certificate expires before a time, the earliest first. For the first page, after
// is Order{NotAfter: now}, which leaves out the certificates that expired before
// now, or the zero Order, which leaves out none. For each further page, it is the
// last order of the page before. A page with fewer than limit orders is the last. An
// order stays on these pages after its renewal, because the renewal is a new order.
// Expiring returns [yuncert.ErrInvalidParameter] if limit is not from 1 to 1000.
func (b *Book) Expiring(ctx context.Context, before time.Time, after Order, limit int) ([]Order, error) {
	return b.page(ctx, limit, func(tx Snapshot) ([]Order, error) { return tx.Expiring(before, after, limit) })
}

// page reads a page of up to limit orders.
func (b *Book) page(ctx context.Context, limit int, read func(Snapshot) ([]Order, error)) (page []Order, err error) {
	if limit < 1 || limit > maxPage {
		return nil, param.Refused("limit", "%d is not from 1 to %d", limit, maxPage)
	}
	err = b.view(ctx, func(tx Snapshot) (err error) {
		page, err = read(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}
