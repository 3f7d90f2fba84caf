package order

import (
	"cmp"
	"context"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/publicsuffix"

	"github.com/yuncert/yuncert"
)

// A Challenge is what an applicant does to prove that a domain is theirs. For a
// wildcard name the proof is of the name behind "*.".
type Challenge struct {
	// ValidateType is "DNS" or "FILE".
	ValidateType string

	// Domain is the name to be proved, without "*.".
	Domain string

	// RecordDomain is, for DNS, the host record in the zone of the registered
	// domain, such as "_dnsauth" or "_dnsauth.www". The record's full name is
	// "_dnsauth." and Domain.
	RecordDomain string

	// RecordType is "TXT" for DNS.
	RecordType string

	// RecordValue is the text of the record for DNS.
	RecordValue string

	// Uri is, for FILE, the path of the file on the domain's web server.
	Uri string

	// Content is the text of the file for FILE.
	Content string
}

// The values of ValidateType.
const (
	validateDNS  = "DNS"
	validateFile = "FILE"
)

const (
	recordLabel = "_dnsauth"
	fileURI     = "/.well-known/pki-validation/fileauth.txt"
)

// Challenge returns what proves the ownership of the order's domain.
func (o *Order) Challenge() Challenge {
	c := Challenge{ValidateType: o.ValidateType, Domain: strings.TrimPrefix(o.Domain, "*.")}
	if o.ValidateType == validateFile {
		c.Uri, c.Content = fileURI, o.Token
		return c
	}
	c.RecordDomain, c.RecordType, c.RecordValue = recordLabel, "TXT", o.Token
	if registered, err := publicsuffix.EffectiveTLDPlusOne(c.Domain); err == nil && registered != c.Domain {
		c.RecordDomain += "." + strings.TrimSuffix(c.Domain, "."+registered)
	}
	return c
}

// A Verifier looks a proof of ownership up. It is called by several goroutines at
// once if the [Book] is.
type Verifier interface {
	// Lookup returns what stands where the challenge says: the texts of all TXT
	// records, or the content of the file. It does not judge: the [Book] compares,
	// a byte-order mark and white space around a text aside. The error is for the
	// applicant to read.
	Lookup(ctx context.Context, c Challenge) ([]string, error)
}

// CheckOwnership looks for the proof of an order's domain, and returns the order
// as it then is: in [StateProcess] when the proof is there, and in
// [StateDomainVerify] with a Reason when it is not. To be called again until it
// is. A ctx that ends before the Verifier gives up breaks the check off without a
// Reason.
//
// Errors: [yuncert.ErrNotFoundOrder] for an orderID that names no order,
// [yuncert.ErrOrderStateError] for an order in another state, also when it went
// there while the proof was looked up, and [yuncert.ErrError] when ctx ended or
// the store failed.
func (b *Book) CheckOwnership(ctx context.Context, now time.Time, orderID int64) (Order, error) {
	o, err := b.Order(ctx, orderID)
	if err != nil {
		return Order{}, err
	}
	if _, err := o.State.after(eventProve); err != nil {
		return Order{}, err
	}
	found, err := b.verifier.Lookup(ctx, o.Challenge())
	if ended := endOf(ctx); ended != nil {
		return Order{}, &yuncert.Error{Code: yuncert.ErrError, Message: "the check of ownership was broken off", Err: ended}
	}
	if reason := notProved(o.Token, found, err); reason != "" {
		return b.move(ctx, now, orderID, eventMiss, func(_ Tx, o *Order) error {
			o.Reason = reason
			return nil
		})
	}
	return b.move(ctx, now, orderID, eventProve, func(_ Tx, o *Order) error {
		o.Reason = ""
		return nil
	})
}

// endOf returns why ctx has ended, if it has. A socket has its deadline from ctx,
// and may give up a moment before ctx itself has ended.
func endOf(ctx context.Context) error {
	deadline, ok := ctx.Deadline()
	if ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// proves compares a text that was found, in constant time.
func proves(text, token string) bool {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	return subtle.ConstantTimeCompare([]byte(text), []byte(token)) == 1
}

// notProved says why what was found is no proof, or nothing if it is one.
func notProved(token string, found []string, err error) string {
	if err != nil {
		return cmp.Or(limited(err.Error()), "the proof could not be looked up")
	}
	proved := false
	for _, text := range found {
		proved = proves(text, token) || proved
	}
	switch {
	case proved:
		return ""
	case len(found) == 0:
		return "nothing was found where the proof belongs"
	default:
		return fmt.Sprintf("of %d values found where the proof belongs none is the one asked for", len(found))
	}
}

// limited makes a text from elsewhere fit to store: UTF-8 of up to 500 octets
// without control characters.
func limited(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\ufffd' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	if len(text) > 500 {
		text = strings.ToValidUTF8(text[:500], "")
	}
	return strings.TrimSpace(text)
}
