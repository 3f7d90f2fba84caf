package inventory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/param"
)

// RevocationList creates the next complete CRL of an issuer with
// [ca.CreateRevocationList]: all its certificates that are revoked or on hold. Serve it
// at every address in its certificates, including the ones from before a renewal of the
// CA. The entries come from the store one after another, so that only the CRL itself is
// in memory.
//
// The CRL number is the UNIX time, or the last number plus one if that is greater.
// [Inventory.RaiseCRLNumber] continues the numbers of another tool. The complete list
// and each partition have numbers of their own. In all processes that share the store,
// a list has a greater number than every list that was returned before, and has all
// their entries that are still due.
//
// Publish each list that is returned. A revoked certificate that had expired at the
// time of the list before is left out, so that it is on one list after its end (RFC 5280,
// section 3.3), and the store cannot know that a list was lost. An Inventory creates one
// list at a time; other calls wait. If several processes serve the CRL, let one create
// it and all serve that file: of two lists with different numbers clients may get the
// newer one first.
//
// Its errors are the ones of ca.CreateRevocationList, and [yuncert.ErrInternalError] if
// other processes overtake it again and again.
func (v *Inventory) RevocationList(ctx context.Context, rand io.Reader, now time.Time, issuer *ca.Issuer, nextUpdate time.Time) ([]byte, error) {
	return v.nextList(ctx, rand, now, issuer, "", nextUpdate)
}

// RevocationListPartition is [Inventory.RevocationList] for the certificates whose
// CrlUrl comes from the issuer's CRLBase. The list is limited to this address (RFC 5280,
// section 5.2.5), and clients refuse it for other certificates. Use it when the complete
// list becomes too long: begin a new CRLBase from time to time and keep an Issuer for
// each. A certificate without CrlUrl is on no partition.
//
// An issuer without CRLBase, or whose CrlUrl has more than 1024 octets, is
// [yuncert.ErrInvalidParameter].
func (v *Inventory) RevocationListPartition(ctx context.Context, rand io.Reader, now time.Time, issuer *ca.Issuer, nextUpdate time.Time) ([]byte, error) {
	crlURL := ""
	if issuer != nil {
		crlURL = issuer.Describe().CrlUrl
		if crlURL == "" {
			return nil, param.Refused("CRLBase", "the issuer has no CRLBase; want one, or the complete list of RevocationList")
		}
		if len(crlURL) > maxURL { // its certificates are stored without it
			return nil, param.Refused("CRLBase", "the address of the list has more than %d octets; want a shorter CRLBase, or the complete list of RevocationList", maxURL)
		}
	}
	return v.nextList(ctx, rand, now, issuer, crlURL, nextUpdate)
}

// nextList creates the next list of a series. An empty crlURL means the complete list.
func (v *Inventory) nextList(ctx context.Context, rand io.Reader, now time.Time, issuer *ca.Issuer, crlURL string, nextUpdate time.Time) ([]byte, error) {
	req := &ca.CreateRevocationListRequest{Number: big.NewInt(1), NextUpdate: nextUpdate, DistributionPoint: crlURL}
	if err := req.Validate(); err != nil {
		return nil, err
	}
	if issuer == nil {
		return nil, noIssuer()
	}
	authority := AuthorityOf(issuer)
	select {
	case v.lists <- struct{}{}:
		defer func() { <-v.lists }()
	case <-ctx.Done():
		return nil, storeError(ctx.Err())
	}
	const tries = 50
	for range tries {
		l := List{Authority: authority, CrlUrl: crlURL, ThisUpdate: now.UTC().Truncate(time.Second), NextUpdate: nextUpdate.UTC().Truncate(time.Second)}
		var err error
		l.Number, err = v.reserveNumber(ctx, l)
		if err != nil {
			return nil, err
		}
		req.Number.SetInt64(l.Number)
		req.Revoked = v.revoked(ctx, l)
		der, err := ca.CreateRevocationList(rand, now, issuer, req)
		if errors.Is(err, errOvertaken) {
			continue
		}
		if err != nil {
			return nil, err
		}
		digest := sha256.Sum256(der)
		l.HashCode = hex.EncodeToString(digest[:])
		newest, err := v.complete(ctx, l)
		if err != nil {
			return nil, err
		}
		if newest {
			return der, nil
		}
	}
	return nil, yuncert.Errorf(yuncert.ErrInternalError, "", "other processes published a newer CRL %d times", tries)
}

// errOvertaken means that another process began a list with a greater number before
// this one had read its entries.
var errOvertaken = errors.New("another process began a newer CRL")

// reserveNumber takes a number for a list. The number is not used again, even if no
// list is made.
func (v *Inventory) reserveNumber(ctx context.Context, l List) (number int64, err error) {
	err = v.update(ctx, func(tx Tx) error {
		stored, found, err := tx.List(l.Authority, l.CrlUrl)
		if err != nil {
			return err
		}
		if !found {
			stored = List{Authority: l.Authority, CrlUrl: l.CrlUrl}
		}
		// A CA that is taken over, or whose database was restored, has published
		// numbers that the store does not know. Most are less than the UNIX time. For
		// the others there is RaiseCRLNumber.
		number = max(stored.Reserved+1, l.ThisUpdate.Unix())
		stored.Reserved = number
		return tx.PutList(stored)
	})
	return number, err
}

// revoked yields the entries of a list, from one View. The View must show that the
// number of the list is still the greatest: then every list with a greater number reads
// its entries in a later View, and has these entries too.
func (v *Inventory) revoked(ctx context.Context, l List) func(yield func(ca.RevokedCertificate, error) bool) {
	return func(yield func(ca.RevokedCertificate, error) bool) {
		began, stopped := false, false
		err := v.view(ctx, func(s Snapshot) error {
			if began { // the entries of the first run are in the list
				return errOvertaken
			}
			stored, _, err := s.List(l.Authority, l.CrlUrl)
			if err != nil {
				return err
			}
			if stored.Reserved != l.Number {
				return errOvertaken
			}
			// An earlier list may have a later ThisUpdate, if the clock of its process was
			// ahead. What has expired by that clock only is still due.
			since := stored.ThisUpdate
			if since.After(l.ThisUpdate) {
				since = l.ThisUpdate
			}
			for entry, err := range s.Revoked(l.Authority, l.CrlUrl, since) {
				if err != nil {
					return err
				}
				// The clock of another process may be ahead.
				if entry.RevocationTime.After(l.ThisUpdate) {
					entry.RevocationTime = l.ThisUpdate
				}
				began = true
				if !yield(entry, nil) {
					stopped = true
					return nil
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(ca.RevokedCertificate{}, param.Cause(err))
		}
	}
}

// complete records that a list is about to be handed out. newest is false if a list
// with a greater number was handed out already.
func (v *Inventory) complete(ctx context.Context, l List) (newest bool, err error) {
	err = v.update(ctx, func(tx Tx) error {
		stored, _, err := tx.List(l.Authority, l.CrlUrl)
		if err != nil {
			return err
		}
		newest = l.Number > stored.Number
		if !newest {
			return nil
		}
		l.Reserved = stored.Reserved
		return tx.PutList(l)
	})
	return newest, err
}
