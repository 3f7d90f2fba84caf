package inventory

import (
	"context"
	"math/big"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/param"
)

// maxCRLNumber leaves room for later numbers, which have 63 bits in a List.
const maxCRLNumber = 1 << 62

// RaiseCRLNumber makes the numbers of all later lists of the issuer greater than last
// (RFC 5280, section 5.2.3): of its complete list and, if it has a CRLBase, of that
// partition. Call it before the first list of a CA that you take over, and after you
// restored a backup. last is the number of the last CRL that clients may have, from 0 to
// 2^62. A smaller number than the store knows changes nothing, and a number above 2^62 is
// [yuncert.ErrInvalidParameter].
func (v *Inventory) RaiseCRLNumber(ctx context.Context, issuer *ca.Issuer, last *big.Int) error {
	switch {
	case last == nil:
		return yuncert.Missing("Number")
	case last.Sign() < 0:
		return param.Malformed("Number", "a CRL number is not negative (RFC 5280, section 5.2.3)")
	case !last.IsInt64() || last.Int64() > maxCRLNumber:
		return param.Refused("Number", "the number has %d bits, and an inventory counts up to 2^62; create this CA's lists with ca.CreateRevocationList", last.BitLen())
	case issuer == nil:
		return noIssuer()
	}
	authority := AuthorityOf(issuer)
	series := []string{""}
	if crlURL := issuer.Describe().CrlUrl; crlURL != "" {
		series = append(series, crlURL)
	}
	return v.update(ctx, func(tx Tx) error {
		for _, crlURL := range series {
			stored, _, err := tx.List(authority, crlURL)
			if err != nil {
				return err
			}
			if last.Int64() <= stored.Reserved {
				continue
			}
			stored.Authority, stored.CrlUrl, stored.Reserved = authority, crlURL, last.Int64()
			if err := tx.PutList(stored); err != nil {
				return err
			}
		}
		return nil
	})
}
