package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/yuncert/yuncert/order"
)

// An authority is the part of acme.Authority that a worker needs.
type authority interface {
	order.Authority
	RenewAfter(ctx context.Context, certificate string) (at, nextAsk time.Time, err error)
}

// A worker takes orders to their certificates and renews them. All that it knows is in the
// store, so it can stop at any point.
type worker struct {
	dir   string        // of keys and certificates
	out   io.Writer     // for the applicant
	every time.Duration // the first pause between two attempts
	ca    authority
	book  *order.Book
}

func newWorker(dir string, out io.Writer, every time.Duration, store order.Store, ca authority, verifier order.Verifier) *worker {
	return &worker{dir, out, every, ca, order.NewBook(store, order.BookOptions{
		Authority: ca, Verifier: verifier, Products: []order.Product{public},
		RenewBefore: 366 * 24 * time.Hour, // the worker decides when
	})}
}

// pass looks once at each order whose time has come.
func (w *worker) pass(ctx context.Context, now time.Time) error {
	for _, state := range []order.State{order.StateDomainVerify, order.StateProcess, order.StateCertificate} {
		for after := (order.Order{}); ; {
			page, err := w.book.Orders(ctx, state, after, 100)
			if err != nil {
				return err
			}
			for _, after = range page {
				if now.Before(after.Next) {
					continue
				}
				next, err := w.advance(ctx, now, &after)
				if next.After(now) {
					_, postponed := w.book.Postpone(ctx, now, after.OrderId, next)
					err = errors.Join(err, postponed)
				}
				if err != nil {
					fmt.Fprintf(w.out, "%s: %v\n", after.Domain, err)
				}
			}
			if len(page) < 100 {
				break
			}
		}
	}
	return nil
}

// advance takes an order one step on. It returns when to try again, or zero if the order
// has moved.
func (w *worker) advance(ctx context.Context, now time.Time, o *order.Order) (next time.Time, err error) {
	var moved order.Order
	switch o.State {
	case order.StateDomainVerify:
		moved, err = w.book.CheckOwnership(ctx, now, o.OrderId)
	case order.StateProcess:
		moved, err = w.book.Obtain(ctx, now, o.OrderId)
	case order.StateCertificate:
		return w.renew(ctx, now, o)
	}
	if err == nil && (moved.State != o.State || moved.Token != o.Token) {
		w.report(&moved)
		return time.Time{}, nil
	}
	// Each pause is twice as long. A person may add the record at any time.
	longest := 10 * time.Minute
	if err != nil {
		longest = 24 * time.Hour
	}
	next = now.Add(min(w.every<<min(o.Attempts, 16), longest))
	if moved.Reason != "" && moved.Reason != o.Reason {
		fmt.Fprintf(w.out, "%s: no proof yet, the next look is at %s: %s\n", o.Domain, next.Local().Format(time.TimeOnly), moved.Reason)
	}
	if u, ok := errors.AsType[*order.Unavailable](err); ok && u.RetryAt.After(next) {
		next = u.RetryAt
	}
	return next, err
}

// renew writes the certificate of an order to its file. It orders the next certificate
// when the CA asks for it, or a third of this one's life is left. It returns when to look
// again.
func (w *worker) renew(ctx context.Context, now time.Time, o *order.Order) (next time.Time, err error) {
	newer, err := w.active(ctx, now, o.Domain, *o)
	if err != nil || newer != nil {
		return now.Add(24 * time.Hour), err
	}
	file := w.file(o.Domain, ".pem")
	if err := os.WriteFile(file, []byte(o.Certificate), 0o644); err != nil {
		return time.Time{}, err
	}
	if o.Attempts == 0 {
		fmt.Fprintf(w.out, "%s: certificate until %s in %s\n", o.Domain, o.NotAfter.Format(time.DateOnly), file)
	}
	if now.After(o.NotAfter) {
		return now.Add(24 * time.Hour), errors.New("the certificate has expired: start the program with its names to order again")
	}
	at, nextAsk, err := w.ca.RenewAfter(ctx, o.Certificate)
	if third := o.NotAfter.Add(-o.NotAfter.Sub(o.Issued) / 3); err != nil || at.IsZero() || third.Before(at) {
		at = third
	}
	if now.Before(at) {
		if nextAsk.After(now) && nextAsk.Before(at) {
			at = nextAsk
		}
		return at, nil
	}
	if err := w.book.AddPackage(ctx, o.ProductCode, 1); err != nil {
		return time.Time{}, err
	}
	resp, _, err := w.book.RenewCertificateOrderForPackageRequest(ctx, rand.Reader, now, &order.RenewCertificateOrderForPackageRequestRequest{
		OrderId: o.OrderId, Csr: o.Csr,
	})
	if err != nil {
		return now.Add(time.Hour), err
	}
	renewal, err := w.book.Order(ctx, resp.OrderId)
	if err == nil {
		w.report(&renewal)
	}
	return now.Add(24 * time.Hour), err
}

// active returns an order of a domain that is newer than another order and is under way or
// has a valid certificate. It returns nil if there is none.
func (w *worker) active(ctx context.Context, now time.Time, domain string, than order.Order) (*order.Order, error) {
	found, err := w.book.OrdersOf(ctx, domain, than, 1000)
	for _, o := range found {
		if o.State == order.StateDomainVerify || o.State == order.StateProcess ||
			o.State == order.StateCertificate && now.Before(o.NotAfter) {
			return &o, nil
		}
	}
	return nil, err
}

// remind prints the records that the oldest orders wait for.
func (w *worker) remind(ctx context.Context) error {
	waiting, err := w.book.Orders(ctx, order.StateDomainVerify, order.Order{}, 1000)
	for _, o := range waiting {
		w.report(&o)
	}
	return err
}

// report prints what an order needs now, or its state.
func (w *worker) report(o *order.Order) {
	switch o.State {
	case order.StateDomainVerify:
		c := o.Challenge()
		fmt.Fprintf(w.out, "%s: add the %s record %s with the text %s\n", o.Domain, c.RecordType, c.RecordName, c.RecordValue)
	case order.StateVerifyFail:
		fmt.Fprintf(w.out, "%s: the CA refused: %s\n", o.Domain, o.Reason)
	default:
		fmt.Fprintf(w.out, "%s: %s\n", o.Domain, o.State)
	}
}

func (w *worker) file(domain, suffix string) string {
	return filepath.Join(w.dir, strings.ReplaceAll(domain, "*", "_")+suffix)
}
