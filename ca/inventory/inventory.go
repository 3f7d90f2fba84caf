package inventory

import (
	"context"
	"crypto/md5"
	"iter"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
)

// An Inventory records certificates and CAs in a [Store]. It is safe for concurrent
// use, and several Inventories can share a Store.
type Inventory struct {
	store Store
	lists chan struct{} // holds a value while RevocationList runs
}

// New returns an Inventory over a store. It panics if the store is nil or a nil
// pointer.
func New(store Store) *Inventory {
	// Without this check a method would panic later.
	if param.IsNil(store) {
		panic("inventory.New: the store is nil; want one such as new(inventory.MemoryStore)")
	}
	return &Inventory{store: store, lists: make(chan struct{}, 1)}
}

// Certificate returns the certificate with an Identifier.
func (v *Inventory) Certificate(ctx context.Context, identifier string) (c Certificate, err error) {
	if identifier == "" {
		return Certificate{}, yuncert.Missing("Identifier")
	}
	err = v.view(ctx, func(s Snapshot) (err error) {
		c, err = readCertificate(s, identifier)
		return err
	})
	if err != nil {
		return Certificate{}, err
	}
	return c, nil
}

// CertificateBySerialNumber returns the certificate of an authority, which is
// [AuthorityOf] an Issuer, with a serial number of up to 40 hexadecimal digits.
func (v *Inventory) CertificateBySerialNumber(ctx context.Context, authority, serialNumber string) (c Certificate, err error) {
	if err := checkAuthority(authority); err != nil {
		return Certificate{}, err
	}
	serial, err := canonicalSerialNumber(serialNumber)
	if err != nil {
		return Certificate{}, err
	}
	err = v.view(ctx, func(s Snapshot) (err error) {
		found := false
		c, found, err = s.CertificateBySerialNumber(authority, serial)
		if err == nil && (!found || c.Status == StatusDelete) {
			err = yuncert.Errorf(yuncert.ErrNotFound, "SerialNumber", "the authority %.80q has no certificate %s", authority, serial)
		}
		return err
	})
	if err != nil {
		return Certificate{}, err
	}
	return c, nil
}

// A Filter selects certificates. A certificate is selected if it passes all fields
// that are not zero.
type Filter struct {
	Authority       string // as in Certificate
	Status          string // ca.StatusIssue or ca.StatusRevoke
	Kind            string // KindCA, KindServer, KindClient or KindOther
	ResourceGroupId string

	// Name is a DNS name, IP address, mailbox, URI or common name of the certificate,
	// in any letter case. "*.example.com" selects the wildcard, and "www.example.com"
	// does not. Names longer than 255 octets are not found.
	Name string
	// Domain is a domain of up to 8 labels that a DNS name of the certificate is
	// below: "example.com" selects www.example.com and *.example.com, and not
	// example.com. At most one of Name and Domain may be set.
	Domain string

	// The certificate expires at ExpireFrom or later, and before ExpireBefore.
	ExpireFrom, ExpireBefore time.Time
	// OldestFirst reverses the order. Without it the certificates that were added
	// last come first. With ExpireFrom or ExpireBefore, NotAfter decides: those that
	// expire last come first.
	OldestFirst bool
}

// query returns the query for a filter.
func (f *Filter) query() (q Query, err error) {
	switch f.Status {
	case "", statusIssue, statusRevoke:
	default:
		return q, param.Malformed("Status", "%.40q is not %s or %s", f.Status, statusIssue, statusRevoke)
	}
	switch f.Kind {
	case "", KindCA, KindServer, KindClient, KindOther:
	default:
		return q, param.Malformed("Kind", "%.40q is not %s, %s, %s or %s", f.Kind, KindCA, KindServer, KindClient, KindOther)
	}
	if f.Authority != "" {
		if err := checkAuthority(f.Authority); err != nil {
			return q, err
		}
	}
	if err := param.CheckLabel("ResourceGroupId", f.ResourceGroupId); err != nil {
		return q, err
	}
	q = Query{
		Authority: f.Authority, Status: f.Status, Kind: f.Kind, ResourceGroupId: f.ResourceGroupId,
		ExpireFrom: instant(f.ExpireFrom), ExpireBefore: instant(f.ExpireBefore), OldestFirst: f.OldestFirst,
		ByExpiry: !f.ExpireFrom.IsZero() || !f.ExpireBefore.IsZero(),
	}
	q.Term, err = termOf(f.Name, f.Domain)
	return q, err
}

// maxPage is the largest number of certificates on a page.
const maxPage = 1000

// Certificates returns a page of up to limit certificates, from 1 to 1000. For the
// first page, after is the zero Certificate. For each further page, it is the last
// certificate of the page before, even if that one has changed or is deleted: its
// NotAfter and Id say where the next page begins. A page with fewer than limit
// certificates is the last.
func (v *Inventory) Certificates(ctx context.Context, f Filter, after Certificate, limit int) (page []Certificate, err error) {
	q, err := f.query()
	if err != nil {
		return nil, err
	}
	if limit < 1 || limit > maxPage {
		return nil, param.Refused("limit", "%d is not from 1 to %d", limit, maxPage)
	}
	q.After, q.Limit = after, limit
	return v.page(ctx, q)
}

func (v *Inventory) page(ctx context.Context, q Query) (page []Certificate, err error) {
	err = v.view(ctx, func(s Snapshot) (err error) {
		page, err = s.Certificates(q)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// Expiring yields the certificates that are not revoked and expire at from or later
// and before to, the first to expire first: also CAs, OCSP responders, and certificates
// that have a successor. A zero time means no limit. It reads pages of 100, so that it
// needs little memory and does not block the store. If a certificate changes while
// Expiring runs, its old or its new state is yielded. It ends after an error.
func (v *Inventory) Expiring(ctx context.Context, from, to time.Time) iter.Seq2[Certificate, error] {
	return func(yield func(Certificate, error) bool) {
		const limit = 100
		q := Query{Status: statusIssue, ExpireFrom: instant(from), ExpireBefore: instant(to), ByExpiry: true, OldestFirst: true, Limit: limit}
		for {
			page, err := v.page(ctx, q)
			if err != nil {
				yield(Certificate{}, err)
				return
			}
			for _, c := range page {
				if !yield(c, nil) {
					return
				}
				q.After = c
			}
			if len(page) < limit {
				return
			}
		}
	}
}

func (v *Inventory) update(ctx context.Context, f func(Tx) error) error {
	return storeError(v.store.Update(ctx, f))
}

func (v *Inventory) view(ctx context.Context, f func(Snapshot) error) error {
	return storeError(v.store.View(ctx, f))
}

func storeError(err error) error {
	return param.StoreFailed(err, yuncert.ErrInternalError, "", "the store of the inventory failed")
}

// readCertificate returns a certificate that must exist and not be deleted.
func readCertificate(r Reader, identifier string) (Certificate, error) {
	c, found, err := find(r, identifier)
	if err == nil && (!found || c.Status == StatusDelete) {
		err = notFound(identifier)
	}
	return c, err
}

// readLeaf is readCertificate for the operations on certificates of clients and
// servers.
func readLeaf(r Reader, identifier string) (Certificate, error) {
	c, err := readCertificate(r, identifier)
	if err == nil && c.Kind == KindCA {
		err = yuncert.Errorf(yuncert.ErrNotFound, "Identifier", "%.80q is a CA and not the certificate of a client or server", identifier)
	}
	return c, err
}

// find is Certificate of r. It does not ask a database for text that it may refuse.
func find(r Reader, identifier string) (c Certificate, found bool, err error) {
	if !isIdentifier(identifier) {
		return Certificate{}, false, nil
	}
	return r.Certificate(identifier)
}

// isIdentifier reports whether a text has the form of an Identifier.
func isIdentifier(text string) bool {
	return len(text) == 2*md5.Size && isHex(text)
}

func isHex(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" }

func notFound(identifier string) error {
	return yuncert.Errorf(yuncert.ErrNotFound, "Identifier", "there is no certificate with the Identifier %.80q", identifier)
}

// instant returns a time as stores keep it, and the zero time as it is.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
