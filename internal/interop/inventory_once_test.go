package interop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/ca/inventory/sqlstore"
	"github.com/yuncert/yuncert/internal/sqldb"
)

// once calls CreateClientCertificate with a ClientToken. A certificate that is recorded
// has the token as its AliasName.
func (a *authority) once(ctx context.Context, v *inventory.Inventory, token string) (*ca.CreateClientCertificateResponse, error) {
	req := onceRequest(a, token)
	return inventory.Once(ctx, v, nil, now, req, func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
		resp, _, der, err := ca.CreateClientCertificate(nil, now, a.issuer, req)
		return resp, inventory.Issued{DER: der, Labels: inventory.Labels{AliasName: token}}, err
	})
}

func onceRequest(a *authority, token string) *ca.CreateClientCertificateRequest {
	return &ca.CreateClientCertificateRequest{
		CommonName: "Zhang San", Algorithm: "ECC_256", ParentIdentifier: a.issuer.Identifier(), Days: 90, Immediately: 2, ClientToken: token,
	}
}

var errNotRecorded = errors.New("the call is not recorded")

// recordedOnce returns the response of a call that is recorded, or errNotRecorded.
func (a *authority) recordedOnce(ctx context.Context, v *inventory.Inventory, token string) (*ca.CreateClientCertificateResponse, error) {
	return inventory.Once(ctx, v, nil, now, onceRequest(a, token), func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
		return nil, inventory.Issued{}, errNotRecorded
	})
}

// onceInChild makes calls with the tokens from the number in the argument on. It prints a
// line for each answer.
func onceInChild(ctx context.Context, db *sql.DB, dialect sqldb.Dialect, argument string) error {
	from, err := strconv.Atoi(argument)
	if err != nil {
		return err
	}
	store, err := sqlstore.Open(ctx, db, dialect)
	if err != nil {
		return err
	}
	a, err := newAuthority()
	if err != nil {
		return err
	}
	for n := from; n < from+5000; n++ {
		resp, err := a.once(ctx, inventory.New(store), strconv.Itoa(n))
		if err != nil {
			return err
		}
		fmt.Println(n, resp.Identifier, "whole")
	}
	return nil
}

// Two processes make the same calls at the same time and are killed, several times. Each
// call is recorded with one certificate or not at all, and all its answers are the same.
func TestInventoryOnceKilled(t *testing.T) {
	t.Parallel()
	for _, kind := range databases {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d, a := kind.make(t), mustAuthority(t)
			v := inventory.New(inventoryStore(t, d))
			answers := map[string]string{}
			begun := 0 // calls that may have begun
			for range 4 {
				from := strconv.Itoa(max(begun-3, 0)) // some calls again
				both := []*child{startChild(t, d, "issue once", from), startChild(t, d, "issue once", from)}
				lines := append(both[0].kill(t, 1+rand.IntN(200)), both[1].kill(t, 1)...)
				for _, line := range lines {
					var number int
					var identifier, whole string
					fmt.Sscan(line, &number, &identifier, &whole)
					if whole != "whole" { // the process was killed while it wrote the line
						continue
					}
					token := strconv.Itoa(number)
					begun = max(begun, number+2)
					if first, known := answers[token]; known && first != identifier {
						t.Errorf("the call %s got the certificates %s and %s", token, first, identifier)
					}
					answers[token] = identifier
				}
			}
			for token, identifier := range answers {
				if resp, err := a.recordedOnce(t.Context(), v, token); err != nil || resp.Identifier != identifier {
					t.Errorf("the call %s got the certificate %s before, and now %+v, %v", token, identifier, resp, err)
				}
			}
			// PostgreSQL can still run the last COMMIT of a process that was killed.
			for n := range begun + 1 {
				if _, err := a.once(t.Context(), v, strconv.Itoa(n)); err != nil {
					t.Errorf("the call %d: %v", n, err)
				}
			}
			recorded := map[string]bool{}
			for identifier, c := range storedCertificates(t, v) {
				token := c.Labels.AliasName
				if recorded[token] {
					t.Errorf("the call %s issued more than one certificate", token)
				}
				recorded[token] = true
				if resp, err := a.recordedOnce(t.Context(), v, token); err != nil || resp.Identifier != identifier {
					t.Errorf("the certificate %s has the call %s, which gets %+v, %v", identifier, token, resp, err)
				}
			}
			t.Logf("%d calls were answered by processes that were killed, and %d are recorded", len(answers), len(recorded))
		})
	}
}
