package inventory_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/testutil"
)

func TestRevoke(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	asked := inventory.Revocation{RevocationTime: instant.Add(time.Minute), Reason: ca.ReasonKeyCompromise, InvalidityDate: instant.AddDate(0, 0, -9)}
	for _, tt := range []struct {
		name        string
		asked, want inventory.Revocation
	}{
		{"nothing", inventory.Revocation{}, inventory.Revocation{RevocationTime: later.Truncate(time.Microsecond)}},
		{"everything", asked, inventory.Revocation{RevocationTime: stored.Add(time.Minute), Reason: ca.ReasonKeyCompromise, InvalidityDate: stored.AddDate(0, 0, -9)}},
		{"a hold", inventory.Revocation{Reason: ca.ReasonCertificateHold}, inventory.Revocation{RevocationTime: later.Truncate(time.Microsecond), Reason: ca.ReasonCertificateHold}},
		{"long ago", inventory.Revocation{RevocationTime: time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC)}, inventory.Revocation{RevocationTime: time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC)}},
	} {
		v, _ := newInventory()
		want := add(t, v, foreign(t, nil), inventory.Labels{})
		got := must[inventory.Certificate](t)(v.Revoke(ctx, later, want.Identifier, tt.asked))
		want.Status, want.Revocation, want.Updated = ca.StatusRevoke, tt.want, later.Truncate(time.Microsecond)
		for _, c := range []inventory.Certificate{got, everything(t, v)[0]} {
			if diff := cmp.Diff(want, c); diff != "" {
				t.Errorf("%s: certificate mismatch (-want +got):\n%s", tt.name, diff)
			}
		}
	}
}

func TestRevokeRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		change    func(*inventory.Revocation)
		code      yuncert.Code
		parameter string
	}{
		{"in the future", func(r *inventory.Revocation) { r.RevocationTime = later.Add(time.Second) }, refused, "RevocationTime"},
		{"before 1950", func(r *inventory.Revocation) { r.RevocationTime = time.Date(1949, 12, 31, 0, 0, 0, 0, time.UTC) }, malformed, "RevocationTime"},
		{"reason 7", func(r *inventory.Revocation) { r.Reason = 7 }, malformed, "Reason"},
		{"removeFromCRL", func(r *inventory.Revocation) { r.Reason = 8 }, malformed, "Reason"},
		{"a negative reason", func(r *inventory.Revocation) { r.Reason = -1 }, malformed, "Reason"},
		{"year 10000", func(r *inventory.Revocation) { r.InvalidityDate = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, malformed, "InvalidityDate"},
	}
	v, _ := newInventory()
	c := add(t, v, foreign(t, nil), inventory.Labels{})
	for _, tt := range tests {
		r := inventory.Revocation{RevocationTime: instant, Reason: ca.ReasonSuperseded, InvalidityDate: instant}
		tt.change(&r)
		got, err := v.Revoke(t.Context(), later, c.Identifier, r)
		testutil.CheckError(t, err, tt.code, tt.parameter)
		if got.Id != 0 {
			t.Errorf("%s: a certificate with an error", tt.name)
		}
	}
	if diff := cmp.Diff([]inventory.Certificate{c}, everything(t, v)); diff != "" {
		t.Errorf("a refused revocation changed the store (-before +after):\n%s", diff)
	}
}

// What can follow on what.
func TestHold(t *testing.T) {
	t.Parallel()
	hold, final := inventory.Revocation{Reason: ca.ReasonCertificateHold}, inventory.Revocation{Reason: ca.ReasonSuperseded}
	type step func(v *inventory.Inventory, now time.Time, id string) error
	revoke := func(r inventory.Revocation) step {
		return func(v *inventory.Inventory, now time.Time, id string) error {
			_, err := v.Revoke(t.Context(), now, id, r)
			return err
		}
	}
	release := func(v *inventory.Inventory, now time.Time, id string) error {
		_, err := v.Release(t.Context(), now, id)
		return err
	}
	remove := func(v *inventory.Inventory, now time.Time, id string) error {
		_, err := v.DeleteClientCertificate(t.Context(), nil, now, &inventory.DeleteClientCertificateRequest{Identifier: id})
		return err
	}
	at := func(hours time.Duration) time.Time { return stored.Add(hours * time.Hour) }
	const undeletable = yuncert.ErrInvalidStatusDeleteProtection
	tests := []struct {
		name  string
		steps []step // an hour apart
		code  yuncert.Code
		want  inventory.Revocation
	}{
		{"release", []step{release}, protected, inventory.Revocation{}},
		{"delete", []step{remove}, undeletable, inventory.Revocation{}},
		{"hold, release", []step{revoke(hold), release}, "", inventory.Revocation{}},
		{"hold, release, release", []step{revoke(hold), release, release}, protected, inventory.Revocation{}},
		{"hold, release, hold", []step{revoke(hold), release, revoke(hold)}, "", inventory.Revocation{RevocationTime: at(3), Reason: hold.Reason}},
		{"hold, hold", []step{revoke(hold), revoke(hold)}, protected, inventory.Revocation{RevocationTime: at(1), Reason: hold.Reason}},
		{"hold, delete", []step{revoke(hold), remove}, undeletable, inventory.Revocation{RevocationTime: at(1), Reason: hold.Reason}},
		{"hold, revoke", []step{revoke(hold), revoke(final)}, "", inventory.Revocation{RevocationTime: at(1), Reason: final.Reason}},
		{"hold, revoke, release", []step{revoke(hold), revoke(final), release}, protected, inventory.Revocation{RevocationTime: at(1), Reason: final.Reason}},
		{"revoke, revoke", []step{revoke(final), revoke(inventory.Revocation{})}, protected, inventory.Revocation{RevocationTime: at(1), Reason: final.Reason}},
		{"revoke, hold", []step{revoke(final), revoke(hold)}, protected, inventory.Revocation{RevocationTime: at(1), Reason: final.Reason}},
		{"revoke, release", []step{revoke(final), release}, protected, inventory.Revocation{RevocationTime: at(1), Reason: final.Reason}},
		{"revoke, delete, delete", []step{revoke(final), remove, remove}, unknown, inventory.Revocation{}},
		{"revoke, delete, revoke", []step{revoke(final), remove, revoke(final)}, unknown, inventory.Revocation{}},
		{"revoke, delete, release", []step{revoke(final), remove, release}, unknown, inventory.Revocation{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, _ := newInventory()
			c := add(t, v, foreign(t, nil), inventory.Labels{})
			for n, step := range tt.steps {
				err := step(v, at(time.Duration(n+1)), c.Identifier)
				if n == len(tt.steps)-1 && tt.code != "" {
					testutil.CheckError(t, err, tt.code, "Identifier")
				} else if err != nil {
					t.Fatalf("step %d: %v", n+1, err)
				}
			}
			if tt.code == unknown {
				if all := everything(t, v); len(all) != 0 {
					t.Errorf("%d certificates after the deletion", len(all))
				}
				return
			}
			got := everything(t, v)[0]
			if diff := cmp.Diff(tt.want, got.Revocation); diff != "" {
				t.Errorf("revocation mismatch (-want +got):\n%s", diff)
			}
			if (got.Status == ca.StatusRevoke) != (tt.want.RevocationTime != time.Time{}) {
				t.Errorf("the status is %s", got.Status)
			}
		})
	}
}

// Only what CRLs and OCSP need is left of a deleted certificate.
func TestDeleteForgets(t *testing.T) {
	t.Parallel()
	v, store := newInventory()
	c := add(t, v, foreign(t, nil), inventory.Labels{AliasName: "Zhang San", Tags: []ca.Tag{{Key: "a"}}})
	revoke(t, v, later, c, ca.ReasonSuperseded)
	must[*inventory.DeleteClientCertificateResponse](t)(v.DeleteClientCertificate(t.Context(), nil, later, &inventory.DeleteClientCertificateRequest{Identifier: c.Identifier}))
	c.Status, c.DER, c.Labels, c.Updated = inventory.StatusDelete, nil, inventory.Labels{}, later.Truncate(time.Microsecond)
	c.Revocation = inventory.Revocation{RevocationTime: c.Updated, Reason: ca.ReasonSuperseded}
	err := store.View(t.Context(), func(s inventory.Snapshot) error {
		got, _, err := s.Certificate(c.Identifier)
		if diff := cmp.Diff(c, got); diff != "" {
			t.Errorf("what is left (-want +got):\n%s", diff)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
