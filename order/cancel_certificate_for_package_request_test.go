package order_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

// revoke calls CancelCertificateForPackageRequest.
func revoke(t testing.TB, book *order.Book, now time.Time, id int64) error {
	t.Helper()
	resp, err := book.CancelCertificateForPackageRequest(t.Context(), rand.Reader, now, &order.CancelCertificateForPackageRequestRequest{OrderId: id})
	if (err == nil) != (resp != nil) {
		t.Errorf("response %v with error %v", resp, err)
	}
	return err
}

// A revoked certificate gives its unit back up to 30 calendar days in UTC after the issue.
func TestRevokedUnit(t *testing.T) {
	t.Parallel()
	shanghai := time.FixedZone("CST", 8*3600)
	day := func(year int, month time.Month, day, hour, min, sec, nsec int) time.Time {
		return time.Date(year, month, day, hour, min, sec, nsec, time.UTC)
	}
	for _, tt := range []struct {
		name        string
		issued, now time.Time
		back        bool
	}{
		{"at once", day(2026, 1, 1, 12, 0, 0, 0), day(2026, 1, 1, 12, 0, 0, 0), true},
		{"by a clock that is behind", day(2026, 1, 1, 12, 0, 0, 0), day(2025, 12, 31, 12, 0, 0, 0), true},
		{"30 days to the second", day(2026, 1, 1, 12, 0, 0, 0), day(2026, 1, 31, 12, 0, 0, 0), true},
		{"at the end of the day number 30", day(2026, 1, 1, 0, 0, 0, 0), day(2026, 1, 31, 23, 59, 59, 999_999_999), true},
		{"on the day number 31", day(2026, 1, 1, 0, 0, 0, 0), day(2026, 2, 1, 0, 0, 0, 0), false},
		{"on the day number 31 after a late hour", day(2026, 1, 1, 23, 59, 59, 999_999_000), day(2026, 2, 1, 0, 0, 0, 0), false},
		{"in a short month", day(2026, 2, 1, 12, 0, 0, 0), day(2026, 3, 3, 23, 59, 59, 0), true},
		{"after a short month", day(2026, 2, 1, 12, 0, 0, 0), day(2026, 3, 4, 0, 0, 0, 0), false},
		{"in another zone, whose day is later", day(2026, 1, 1, 12, 0, 0, 0), time.Date(2026, 2, 1, 7, 59, 59, 0, shanghai), true},
		{"in another zone, whose day began", day(2026, 1, 1, 12, 0, 0, 0), time.Date(2026, 2, 1, 8, 0, 0, 0, shanghai), false},
		{"before 1970", day(1969, 1, 1, 12, 0, 0, 0), day(1969, 2, 1, 0, 0, 0, 0), false},
		{"years later", day(2026, 1, 1, 12, 0, 0, 0), day(2029, 1, 1, 12, 0, 0, 0), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			book, store := newBook(t, proved)
			o := reach(t, book, order.StateCertificate, application(plainCSR(t)))
			reach(t, book, order.StateCertificate, application(plainCSR(t))) // another order keeps its unit
			o.Issued = tt.issued
			overwrite(t, store, o)
			if err := revoke(t, book, tt.now, o.OrderId); err != nil {
				t.Fatal(err)
			}
			want := o
			want.State, want.Updated = order.StateRevoked, tt.now.UTC().Truncate(time.Microsecond)
			if diff := cmp.Diff(want, read(t, book, o.OrderId)); diff != "" {
				t.Errorf("order mismatch (-want +got):\n%s", diff)
			}
			kept := int64(2)
			if tt.back {
				kept = 1
			}
			checkCounts(t, book, "", plentiful, kept, kept)

			// No second call gives a unit back.
			testutil.CheckError(t, revoke(t, book, tt.now, o.OrderId), wrong, "OrderId", "state revoked")
			checkCounts(t, book, "", plentiful, kept, kept)
		})
	}
}

// A cancelled order gives its unit back at once and once, at any time.
func TestCancelledUnit(t *testing.T) {
	t.Parallel()
	for _, state := range []order.State{order.StateDomainVerify, order.StateProcess, order.StatePayed} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			book, _ := newBook(t, proved)
			o := reach(t, book, state, application(plainCSR(t)))
			late := instant.AddDate(1, 0, 0)
			if err := revoke(t, book, late, o.OrderId); err != nil {
				t.Fatal(err)
			}
			checkCounts(t, book, "", plentiful, 0, 0)
			testutil.CheckError(t, revoke(t, book, late, o.OrderId), wrong, "OrderId", "state cancelled")
			_, err := book.DeleteCertificateRequest(t.Context(), rand.Reader, &order.DeleteCertificateRequestRequest{OrderId: o.OrderId})
			testutil.CheckError(t, err, wrong, "OrderId", "state cancelled")
			checkCounts(t, book, "", plentiful, 0, 0)
		})
	}
}

// Concurrent calls give one unit back.
func TestRaceToRevoke(t *testing.T) {
	t.Parallel()
	for _, state := range []order.State{order.StateCertificate, order.StateProcess} {
		book, _ := newBook(t, proved)
		reach(t, book, order.StateCertificate, application(plainCSR(t)))
		id := reach(t, book, state, application(plainCSR(t))).OrderId
		var won atomic.Int64
		race(20, func(i int) {
			switch err := revoke(t, book, later, id); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, yuncert.ErrOrderStateError):
				t.Error(err)
			}
		})
		if won.Load() != 1 {
			t.Errorf("%d calls succeeded, want 1", won.Load())
		}
		checkCounts(t, book, "", plentiful, 1, 1)
	}
}

// Concurrent calls to revoke an order and to issue it give its unit back once.
func TestRaceToRevokeAndIssue(t *testing.T) {
	t.Parallel()
	certificate := outside().certificate(t, nil)
	for range 20 {
		book, _ := newBook(t, proved)
		reach(t, book, order.StateCertificate, application(plainCSR(t)))
		id := reach(t, book, order.StateProcess, application(plainCSR(t))).OrderId
		var revoked, issued atomic.Int64
		race(12, func(i int) {
			err, won := error(nil), &revoked
			if i%2 == 0 {
				_, err = book.Complete(t.Context(), later, id, certificate)
				won = &issued
			} else {
				err = revoke(t, book, later, id)
			}
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, yuncert.ErrOrderStateError):
				t.Error(err)
			}
		})
		want := map[order.State]int64{order.StateCancelled: 0, order.StateRevoked: 1}
		if got := read(t, book, id).State; revoked.Load() != 1 || issued.Load() != want[got] || (got != order.StateCancelled && got != order.StateRevoked) {
			t.Fatalf("%d revocations and %d certificates; the order is in %s", revoked.Load(), issued.Load(), got)
		}
		checkCounts(t, book, "", plentiful, 1, 1)
	}
}

// A revokingClient is an Authority whose Revoke is a function.
type revokingClient struct {
	order.Authority
	revoke func(ctx context.Context, certificate string) error
}

func (c revokingClient) Revoke(ctx context.Context, certificate string) error {
	return c.revoke(ctx, certificate)
}

// obtain places an order at the Authority of a Book and takes it to a state.
func obtain(t testing.TB, book *order.Book, state order.State) order.Order {
	t.Helper()
	o := place(t, book, application(plainCSR(t)))
	for o.State != state {
		step := (*order.Book).CheckOwnership
		if o.State == order.StateProcess {
			step = (*order.Book).Obtain
		}
		o = must[order.Order](t)(step(book, t.Context(), instant, o.OrderId))
	}
	return o
}

// The Authority is told before the order changes, with the certificate of the order. If it
// fails, nothing changes.
func TestRevokeAtAuthority(t *testing.T) {
	t.Parallel()
	away := &order.Unavailable{RetryAt: later.Add(time.Minute), Err: errors.New("429 at ca.internal")}
	for _, tt := range []struct {
		name    string
		err     error
		mention string // empty if the order is revoked
	}{
		{"revoked", nil, ""},
		{"a rate limit", fmt.Errorf("revoking: %w", away), "the CA is not available; try again after 2026-03-04T06:07:07Z"},
		{"a failure", errors.New("connection lost to ca.internal"), "the Authority failed"},
		{"a refusal", fmt.Errorf("revoking: %w", &order.Refusal{Reason: "the certificate is unknown"}), "the CA refused to revoke the certificate: the certificate is unknown"},
		{"a refusal without a reason", &order.Refusal{}, "the CA refused to revoke the certificate: it gave no reason"},
		{"a refusal with control characters", &order.Refusal{Reason: "a\x1bb\x00"}, "the CA refused to revoke the certificate: a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			healthy, store, fake := newAuthorityBook(t, proved)
			o := obtain(t, healthy, order.StateCertificate)
			before := everything(t, store)
			var told []string
			book := order.NewBook(store, order.BookOptions{Authority: revokingClient{fakeClient{ca: fake}, func(_ context.Context, certificate string) error {
				told = append(told, certificate)
				checkUnchanged(t, store, before) // the CA comes first, outside any transaction
				return tt.err
			}}})
			err := revoke(t, book, later, o.OrderId)
			if diff := cmp.Diff([]string{o.Certificate}, told); diff != "" {
				t.Errorf("revoked certificates mismatch (-want +got):\n%s", diff)
			}
			if tt.mention == "" {
				if got := read(t, book, o.OrderId); err != nil || got.State != order.StateRevoked {
					t.Errorf("the order is in %s: %v", got.State, err)
				}
				checkCounts(t, book, "", plentiful, 0, 0)
				return
			}
			checkStoreError(t, err, broke, tt.err)
			testutil.CheckError(t, err, broke, "", tt.mention)
			if got, ok := errors.AsType[*order.Unavailable](err); ok != errors.Is(tt.err, away) || ok && got != away {
				t.Errorf("the error has %v, want %v", got, away)
			}
			checkUnchanged(t, store, before)
		})
	}
}

// CAs refuse to revoke an expired certificate, so they are not asked, and the order can
// still be ended.
func TestRevokeExpired(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		after time.Duration // since NotAfter
		told  int
	}{
		{"at the end", 0, 1},
		{"after the end", time.Nanosecond, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			healthy, store, fake := newAuthorityBook(t, proved)
			o := obtain(t, healthy, order.StateCertificate)
			told := 0
			book := order.NewBook(store, order.BookOptions{Authority: revokingClient{fakeClient{ca: fake}, func(context.Context, string) error { told++; return nil }}})
			if err := revoke(t, book, o.NotAfter.Add(tt.after), o.OrderId); err != nil || told != tt.told {
				t.Errorf("%v after %d calls of the CA, want %d", err, told, tt.told)
			}
			if got := read(t, book, o.OrderId).State; got != order.StateRevoked {
				t.Errorf("the order is in %s", got)
			}
		})
	}
}

// If the process dies after the CA has revoked the certificate and before the transaction,
// another call tells the CA again and gives one unit back.
func TestRevokeProcessDies(t *testing.T) {
	t.Parallel()
	healthy, store, fake := newAuthorityBook(t, proved)
	o := obtain(t, healthy, order.StateCertificate)
	before := everything(t, store)
	told := 0
	client := revokingClient{fakeClient{ca: fake}, func(context.Context, string) error { told++; return nil }}
	var changes atomic.Int64
	dying := order.NewBook(dyingStore{store, &changes, 0}, order.BookOptions{Authority: client})
	checkStoreError(t, revoke(t, dying, later, o.OrderId), broke, errStore)
	checkUnchanged(t, store, before)
	another := order.NewBook(store, order.BookOptions{Authority: client})
	if err := revoke(t, another, later, o.OrderId); err != nil || told != 2 {
		t.Errorf("%v after %d calls of the CA, want 2", err, told)
	}
	checkCounts(t, healthy, "", plentiful, 0, 0)
}

// Only a certificate of the Authority is revoked there.
func TestRevokeWithoutAuthority(t *testing.T) {
	t.Parallel()
	unasked := func(fake *fakeCA) order.Authority {
		return revokingClient{fakeClient{ca: fake}, func(context.Context, string) error {
			t.Error("the Authority was asked to revoke")
			return nil
		}}
	}
	t.Run("an order placed without one", func(t *testing.T) {
		t.Parallel()
		healthy, store := newBook(t, proved)
		o := reach(t, healthy, order.StateCertificate, application(plainCSR(t)))
		if err := revoke(t, order.NewBook(store, order.BookOptions{Authority: unasked(&fakeCA{t: t})}), later, o.OrderId); err != nil {
			t.Error(err)
		}
	})
	for _, state := range []order.State{order.StateDomainVerify, order.StateProcess} {
		t.Run("an order without a certificate, "+string(state), func(t *testing.T) {
			t.Parallel()
			healthy, store, fake := newAuthorityBook(t, proved)
			o := obtain(t, healthy, state)
			if err := revoke(t, order.NewBook(store, order.BookOptions{Authority: unasked(fake)}), later, o.OrderId); err != nil {
				t.Error(err)
			}
			checkCounts(t, healthy, "", plentiful, 0, 0)
		})
	}
	for name, sign := range map[string]func(*order.Book, int64) (order.Order, error){
		"Issue": func(book *order.Book, id int64) (order.Order, error) {
			return book.Issue(t.Context(), rand.Reader, instant, authorityOf(algorithm.ECC_256).issuer, id)
		},
		"Complete": func(book *order.Book, id int64) (order.Order, error) {
			return book.Complete(t.Context(), instant, id, outside().certificate(t, nil))
		},
	} {
		t.Run("a certificate from "+name, func(t *testing.T) {
			t.Parallel()
			healthy, store, fake := newAuthorityBook(t, proved)
			o := must[order.Order](t)(sign(healthy, obtain(t, healthy, order.StateProcess).OrderId))
			if o.Reference != "" {
				t.Errorf("the order has the reference %q", o.Reference)
			}
			if err := revoke(t, order.NewBook(store, order.BookOptions{Authority: unasked(fake)}), later, o.OrderId); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("a Book without one", func(t *testing.T) {
		t.Parallel()
		healthy, store, _ := newAuthorityBook(t, proved)
		o := obtain(t, healthy, order.StateCertificate)
		before := everything(t, store)
		err := revoke(t, order.NewBook(store, order.BookOptions{}), later, o.OrderId)
		testutil.CheckError(t, err, broke, "", "set Authority in BookOptions")
		checkUnchanged(t, store, before)
	})
}

// An order whose certificate arrives during the call is not marked as revoked: the CA was
// not told.
func TestRevokeDuringObtain(t *testing.T) {
	t.Parallel()
	healthy, store, fake := newAuthorityBook(t, proved)
	o := obtain(t, healthy, order.StateProcess)
	book := order.NewBook(&lateStore{Store: store, before: func() { must[order.Order](t)(healthy.Obtain(t.Context(), instant, o.OrderId)) }},
		order.BookOptions{Authority: fakeClient{ca: fake}})
	testutil.CheckError(t, revoke(t, book, later, o.OrderId), wrong, "OrderId", "the certificate was issued during this call; call again to revoke it")
	if got := read(t, book, o.OrderId); got.State != order.StateCertificate {
		t.Errorf("the order is in %s, want certificate", got.State)
	}
	checkCounts(t, book, "", plentiful, 1, 1)
	if err := revoke(t, book, later, o.OrderId); err != nil {
		t.Error(err)
	}
	checkCounts(t, book, "", plentiful, 0, 0)
}

// A lateStore calls a function before its first Update.
type lateStore struct {
	order.Store
	before func()
}

func (s *lateStore) Update(ctx context.Context, f func(order.Tx) error) error {
	if before := s.before; before != nil {
		s.before = nil
		before()
	}
	return s.Store.Update(ctx, f)
}
