package order

import (
	"context"
	"fmt"
	"time"
)

// An Authority is a CA that checks ownership of domains itself, such as a public CA
// (package acme). It keeps nothing between calls: the order keeps the reference and the
// proof that is due. So another process can go on after any call. It must be safe for
// concurrent use if the [Book] is used concurrently.
//
// An error that holds a [*Refusal] is final. After any other error the Book leaves the
// order in its state, and you try again later: at the time in an [*Unavailable], if the
// error holds one. Each method may be called again with the same arguments, such as
// after the process died before it stored the result.
type Authority interface {
	// Begin applies for a certificate for names, in ASCII and lower case. validateType
	// is "DNS" or "FILE". It returns the Authority's reference of the application, of up
	// to 2048 octets, and the first proof to place, or nil if none is needed.
	Begin(ctx context.Context, names []string, validateType string) (reference string, first *Proof, err error)

	// Prove tells the CA that a proof is in its place. It returns the proof that is due
	// now: the same while the CA looks for it, the next one, or nil when the CA needs no
	// further proof.
	Prove(ctx context.Context, reference, validateType string, placed Proof) (due *Proof, err error)

	// Obtain has the CA certify the key and the names of a CSR in DER. It returns the
	// certificate in PEM, followed by CA certificates, or "" while the CA is at work.
	Obtain(ctx context.Context, reference string, csr []byte) (certificate string, err error)

	// Revoke revokes a certificate, in PEM as Obtain returned it. It returns nil if the
	// certificate is revoked already.
	Revoke(ctx context.Context, certificate string) error
}

// A Proof is what an [Authority] wants to find for one name.
type Proof struct {
	Domain string // the name to prove, without "*."

	// Token is the text of the TXT record at "_acme-challenge." followed by Domain (RFC
	// 8555, section 8.4), or the text of the file at "/.well-known/acme-challenge/"
	// followed by the part of Token before its dot (section 8.3). It has up to 512
	// octets.
	Token string
}

// A Refusal is the final decision of an [Authority] not to issue.
type Refusal struct {
	Reason string // for the applicant to read and act on
}

// Error says that the CA refused, and why.
func (r *Refusal) Error() string { return "the CA refused: " + r.Reason }

// An Unavailable is the error of an [Authority] whose CA cannot be reached, fails, or
// limits the rate.
type Unavailable struct {
	RetryAt time.Time // when to try again; zero if the CA does not say
	Err     error     // the cause
}

// Error says until when the CA is not available, and why.
func (u *Unavailable) Error() string {
	if u.RetryAt.IsZero() {
		return fmt.Sprintf("the CA is not available: %v", u.Err)
	}
	return fmt.Sprintf("the CA is not available until %s: %v", u.RetryAt.UTC().Format(time.RFC3339), u.Err)
}

// Unwrap returns the cause.
func (u *Unavailable) Unwrap() error { return u.Err }
