package order

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
)

// The limits in the comments of [Authority] and [Proof].
const (
	maxReference = 2048
	maxProof     = 512
)

// begin applies at the Authority for the certificate of a new order. It first checks that
// a unit is left, so that no applicant can make the CA work without one.
func (b *Book) begin(ctx context.Context, o *Order) error {
	if err := b.checkUnit(ctx, o.ProductCode); err != nil {
		return err
	}
	reference, first, err := b.authority.Begin(ctx, o.names(), o.ValidateType)
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return failed("Csr", "the CA refused the application: %s", refusalReason(refusal))
	}
	if err != nil {
		return authorityFailed(ctx, err)
	}
	if reference == "" || len(reference) > maxReference || !isVisible(reference) {
		return unusable("want a reference of 1 to %d visible ASCII characters; it has %d octets", maxReference, len(reference))
	}
	o.Reference = reference
	return o.setDue(first)
}

// setDue stores the proof that an Authority wants next. If it wants none, ownership is
// proved.
func (o *Order) setDue(due *Proof) error {
	if due == nil {
		o.State = StateProcess
		return nil
	}
	switch {
	case !slices.Contains(provedNames(o.names()), due.Domain):
		return unusable("the proof is for %.80q, which is not a name of the order", due.Domain)
	case due.Token == "" || len(due.Token) > maxProof || !isVisible(due.Token):
		return unusable("want a Token of 1 to %d visible ASCII characters; it has %d octets", maxProof, len(due.Token))
	case o.ValidateType == validateFile && !isFileName(fileName(due.Token)):
		// Applicants put it into a path. The alphabet is base64url (RFC 8555, 8.3).
		return unusable("want letters, digits, hyphens and underscores before the dot of the Token")
	}
	o.Due, o.Token = due.Domain, due.Token
	return nil
}

// isVisible reports whether all characters of a text are visible ASCII.
func isVisible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// fileName returns the part of a token that names its file.
func fileName(token string) string {
	name, _, _ := strings.Cut(token, ".")
	return name
}

func isFileName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
	})
}

// unusable returns the error for an answer that breaks the rules of [Authority]. The order
// does not change, because the mistake may be in the Authority's code, and be corrected.
func unusable(format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrError, "", "the Authority's answer cannot be used: "+format, args...)
}

// refusalReason returns the reason of a refusal in the form that orders have.
func refusalReason(r *Refusal) string { return cmp.Or(limited(r.Reason), "it gave no reason") }

// refuse records that an Authority refused an order. Any other error is a failure, and
// the order does not change.
func (b *Book) refuse(ctx context.Context, now time.Time, orderID int64, err error) (Order, error) {
	refusal, ok := errors.AsType[*Refusal](err)
	if !ok {
		return Order{}, authorityFailed(ctx, err)
	}
	return b.move(ctx, now, orderID, eventRefuse, func(_ Tx, o *Order) error {
		o.Reason = refusalReason(refusal)
		return nil
	})
}

// authorityFailed gives a failure of an Authority a code. The cause is for the log: it
// may have addresses and texts of the CA.
func authorityFailed(ctx context.Context, err error) error {
	message := "the Authority failed"
	away, ok := errors.AsType[*Unavailable](err)
	switch ended := endOf(ctx); {
	case ended != nil:
		message = "ctx ended during a call of the Authority"
		err = fmt.Errorf("%w: %w", ended, err)
	case ok && away.RetryAt.IsZero():
		message = "the CA is not available; try again later"
	case ok:
		message = "the CA is not available; try again after " + away.RetryAt.UTC().Format(time.RFC3339)
	}
	return &yuncert.Error{Code: yuncert.ErrError, Message: message, Err: param.Cause(err)}
}

// authorityOf returns the Authority for an order that has a Reference.
func (b *Book) authorityOf(o *Order) (Authority, error) {
	if b.authority == nil {
		return nil, yuncert.Errorf(yuncert.ErrError, "", "order %d was placed with an Authority, and this Book has none; set Authority in BookOptions", o.OrderId)
	}
	return b.authority, nil
}
