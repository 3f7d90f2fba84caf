package order

import (
	"cmp"
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/publicsuffix"

	"github.com/yuncert/yuncert"
)

// A Challenge says how an applicant proves ownership of the name that is due.
type Challenge struct {
	ValidateType string // "DNS" or "FILE"
	Domain       string // the name to prove, without "*."

	// For "DNS", the applicant adds a "TXT" record with the text RecordValue at the name
	// RecordName: "_dnsauth." and Domain, or "_acme-challenge." and Domain for an
	// [Authority] (RFC 8555, section 8.4). RecordDomain is this name relative to the zone
	// of the registered domain, such as "_dnsauth.www". An alias (CNAME) at RecordName can
	// lead to a record elsewhere.
	RecordName, RecordDomain, RecordType, RecordValue string

	// For "FILE", the applicant puts a file with the text Content at the path Uri on the
	// web server of Domain: "/.well-known/pki-validation/fileauth.txt", or a path below
	// "/.well-known/acme-challenge/" for an Authority (RFC 8555, section 8.3). OnlyHTTP
	// says that only http on port 80 counts, and not https.
	Uri, Content string
	OnlyHTTP     bool
}

// The values of ValidateType.
const (
	validateDNS  = "DNS"
	validateFile = "FILE"
)

// The places of proofs.
const (
	fileURI      = "/.well-known/pki-validation/fileauth.txt"
	authorityURI = "/.well-known/acme-challenge/"
)

// recordLabel returns the first label of the record that proves a name.
func recordLabel(authority bool) string {
	if authority {
		return "_acme-challenge"
	}
	return "_dnsauth"
}

// Challenge returns what proves ownership of the name that is due.
func (o *Order) Challenge() Challenge {
	authority := o.Reference != ""
	c := Challenge{ValidateType: o.ValidateType, Domain: o.Due}
	if o.ValidateType == validateFile {
		c.Uri, c.Content = fileURI, o.Token
		if authority {
			c.Uri, c.OnlyHTTP = authorityURI+fileName(o.Token), true
		}
		return c
	}
	label := recordLabel(authority)
	c.RecordName, c.RecordDomain, c.RecordType, c.RecordValue = label+"."+o.Due, label, "TXT", o.Token
	registered, err := publicsuffix.EffectiveTLDPlusOne(c.Domain)
	if err == nil && registered != c.Domain {
		c.RecordDomain += "." + strings.TrimSuffix(c.Domain, "."+registered)
	}
	return c
}

// A Verifier looks up proofs of ownership. It must be safe for concurrent use if the
// [Book] is used concurrently.
type Verifier interface {
	// Lookup returns the texts of all TXT records, or the content of the file, at the
	// place that the challenge names. The Book removes a byte-order mark and then
	// white space around each text, and compares it with the token. If none is the
	// token, the Reason of the order, which the applicant may read, tells how many
	// texts there are and the kind of one, such as an HTML page. An error becomes the
	// Reason.
	Lookup(ctx context.Context, c Challenge) ([]string, error)
}

// CheckOwnership looks up the proof of ownership for an order. Without it the order stays
// in [StateDomainVerify] and gets a Reason, and CheckOwnership returns no error. Call it
// again later.
//
// If the order has several names, their proofs have the same text, and CheckOwnership
// looks for one after the other until one is missing. Due is the name of that one. Use
// ctx to limit the time of all lookups together.
//
// For an order at an [Authority], CheckOwnership tells the Authority about the proof that
// it found, and returns the answer: another proof is due, with another text; or none is
// due and the order goes to [StateProcess]; or the CA still looks for this proof, and the
// order stays as it is without a Reason. The CA is not told before the proof is found,
// because a validation that fails at a public CA is final, and counts towards its limits.
// If the CA refuses, the order goes to [StateVerifyFail].
//
// If another call finds the proof first, the code is [yuncert.ErrOrderStateError].
func (b *Book) CheckOwnership(ctx context.Context, now time.Time, orderID int64) (Order, error) {
	before, err := b.orderFor(ctx, orderID, eventProve)
	if err != nil {
		return Order{}, err
	}
	if before.Reference != "" {
		return b.prove(ctx, now, before)
	}
	after := before
	names := provedNames(before.names())
	for _, name := range names[max(slices.Index(names, before.Due), 0):] {
		after.Due = name
		after.Reason, err = b.missing(ctx, &after)
		if err != nil {
			return Order{}, err
		}
		if after.Reason != "" {
			return b.checked(ctx, now, eventCheck, before, after)
		}
	}
	return b.checked(ctx, now, eventProve, before, after)
}

// prove is CheckOwnership for an order at an Authority. It takes one step, so that the
// store has each answer before the next question.
func (b *Book) prove(ctx context.Context, now time.Time, before Order) (Order, error) {
	authority, err := b.authorityOf(&before)
	if err != nil {
		return Order{}, err
	}
	after := before
	after.Reason, err = b.missing(ctx, &before)
	if err != nil {
		return Order{}, err
	}
	if after.Reason != "" {
		return b.checked(ctx, now, eventCheck, before, after)
	}
	due, err := authority.Prove(ctx, before.Reference, before.ValidateType, Proof{before.Due, before.Token})
	if err != nil {
		return b.refuse(ctx, now, before.OrderId, err)
	}
	if err := after.setDue(due); err != nil {
		return Order{}, err
	}
	if after.State == StateProcess {
		return b.checked(ctx, now, eventProve, before, after)
	}
	return b.checked(ctx, now, eventCheck, before, after)
}

// checked stores what a check of ownership found. If another check was faster, this one
// must not take the order back to a proof that was found.
func (b *Book) checked(ctx context.Context, now time.Time, e event, before, after Order) (Order, error) {
	return b.move(ctx, now, before.OrderId, e, func(_ Tx, o *Order) error {
		if o.Due != before.Due || o.Token != before.Token {
			return yuncert.Errorf(yuncert.ErrOrderStateError, "OrderId", "another call found the proof of %.80q first; read the order again", before.Due)
		}
		o.Due, o.Token, o.Reason = after.Due, after.Token, after.Reason
		return nil
	})
}

// missing looks up the proof that is due. It returns why nothing is proved, or "".
func (b *Book) missing(ctx context.Context, o *Order) (reason string, err error) {
	found, err := b.verifier.Lookup(ctx, o.Challenge())
	if ended := endOf(ctx); ended != nil {
		return "", &yuncert.Error{Code: yuncert.ErrError, Message: "ctx ended during the check of ownership", Err: ended}
	}
	return notProved(o.Token, found, err), nil
}

// endOf returns why ctx has ended, or nil. A socket takes its deadline from ctx and
// can time out a moment before ctx ends, so endOf compares the deadline itself.
func endOf(ctx context.Context) error {
	deadline, ok := ctx.Deadline()
	if ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// proves compares a text that was found with the token, in constant time.
func proves(text, token string) bool {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	return subtle.ConstantTimeCompare([]byte(text), []byte(token)) == 1
}

// notProved returns why the lookup proves nothing, or "" if it found the proof.
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
		reason := fmt.Sprintf("values found where the proof belongs: %d; none is the expected one", len(found))
		if advice := adviceFor(token, found); advice != "" {
			reason += "; " + advice
		}
		return reason
	}
}

// nearMisses are the usual mistakes of applicants, the most telling first. The advice
// names the kind of a text and quotes nothing of it, because the text may be from a
// private network.
var nearMisses = []struct {
	is     func(text, token string) bool
	advice string
}{
	{isQuoted, "one is the proof with quotation marks around it: remove them"},
	{isSpaced, "one is the proof with white space in it: remove the white space"},
	{strings.Contains, "one has other text around the proof: keep only the proof"},
	{isUTF16, "one is in UTF-16: save it as ASCII or UTF-8"},
	{isHTML, "one is an HTML page: serve the file itself"},
	{isEmpty, "one is empty"},
}

// adviceFor says what the applicant can do about texts that are not the proof. It
// returns "" if they are not one of the usual mistakes.
func adviceFor(token string, found []string) string {
	if len(found) == 2 && (proves(found[0]+found[1], token) || proves(found[1]+found[0], token)) {
		return "together they are the proof: put it into one"
	}
	for _, miss := range nearMisses {
		if slices.ContainsFunc(found, func(text string) bool { return miss.is(text, token) }) {
			return miss.advice
		}
	}
	return ""
}

func isQuoted(text, token string) bool {
	return proves(strings.Trim(strings.TrimSpace(text), "\"'`“”‘’"), token)
}

func isSpaced(text, token string) bool {
	return proves(strings.Join(strings.Fields(text), ""), token)
}

// isUTF16 recognizes a byte-order mark, and ASCII text without one: half of its
// octets are zero.
func isUTF16(text, _ string) bool {
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return true
	}
	zeros := strings.Count(text, "\x00")
	return zeros > 0 && 2*zeros == len(text)
}

func isHTML(text, _ string) bool {
	const doctype = "<!doctype html"
	text = strings.TrimSpace(text)
	begin := strings.ToLower(text[:min(len(text), len(doctype))])
	return begin == doctype || strings.HasPrefix(begin, "<html")
}

func isEmpty(text, _ string) bool { return proves(text, "") }

// limited makes a text from elsewhere safe to store: UTF-8 of up to 500 octets
// without control characters. It looks at the first 4096 octets.
func limited(text string) string {
	text = text[:min(len(text), 4<<10)]
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
