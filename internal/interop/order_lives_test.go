package interop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/yuncert/yuncert/internal/sqldb"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/sqlstore"
)

// lives are the steps of orders, in turn. A renewal goes on with the new order.
var lives = [][]string{
	{"submit", "postpone", "withdraw"},
	{"submit", "prove", "issue", "postpone", "revoke"},
	{"submit", "prove", "postpone", "issue", "revoke late"},
	{"submit", "prove", "cancel", "delete"},
	{"submit", "prove", "fail", "delete"},
	{"submit", "postpone", "cancel", "withdraw"},
	{"submit", "prove", "issue", "renew", "postpone", "prove"},
}

// stateAfter has the state of an order after each step. postpone does not change it.
var stateAfter = map[string]order.State{
	"submit": order.StateDomainVerify, "renew": order.StateDomainVerify, "prove": order.StateProcess, "fail": order.StateVerifyFail,
	"issue": order.StateCertificate, "revoke": order.StateRevoked, "revoke late": order.StateRevoked,
	"cancel": order.StatePayed, "withdraw": order.StateCancelled, "delete": "",
}

// A moment is a point in a life, after a step. A deleted order has no state.
type moment struct {
	State    order.State
	Attempts int64
}

func momentOf(o order.Order) moment { return moment{o.State, o.Attempts} }

// after returns the moment after a step of a life.
func (m moment) after(step string) moment {
	if step == "postpone" {
		return moment{m.State, m.Attempts + 1}
	}
	return moment{State: stateAfter[step]}
}

// proves finds every proof.
type proves struct{}

func (proves) Lookup(_ context.Context, c order.Challenge) ([]string, error) {
	return []string{c.RecordValue + c.Content}, nil
}

// A worker takes orders through their lives.
type worker struct {
	book      *order.Book
	authority *authority
	req       *order.CreateCertificateWithCsrRequestRequest
}

func newWorker(store order.Store) (*worker, error) {
	a, err := newAuthority()
	if err != nil {
		return nil, err
	}
	req, err := application()
	if err != nil {
		return nil, err
	}
	book := order.NewBook(store, order.BookOptions{Verifier: proves{}, RenewBefore: 20 * 365 * 24 * time.Hour})
	return &worker{book, a, req}, nil
}

// do does a step, and returns the OrderId to go on with.
func (w *worker) do(ctx context.Context, step string, id int64) (int64, error) {
	var err error
	switch step {
	case "submit":
		resp, err := w.book.CreateCertificateWithCsrRequest(ctx, nil, now, w.req)
		if err != nil {
			return 0, err
		}
		return resp.OrderId, nil
	case "renew":
		resp, _, err := w.book.RenewCertificateOrderForPackageRequest(ctx, nil, now, &order.RenewCertificateOrderForPackageRequestRequest{OrderId: id, Csr: w.req.Csr})
		if err != nil {
			return 0, err
		}
		return resp.OrderId, nil
	case "postpone":
		_, err = w.book.Postpone(ctx, now, id, now.Add(time.Hour))
	case "prove":
		_, err = w.book.CheckOwnership(ctx, now, id)
	case "issue":
		_, err = w.book.Issue(ctx, nil, now, w.authority.issuer, id)
	case "fail":
		_, err = w.book.Fail(ctx, now, id, "refused")
	case "cancel":
		_, err = w.book.CancelOrderRequest(ctx, nil, now, &order.CancelOrderRequestRequest{OrderId: id})
	case "delete":
		_, err = w.book.DeleteCertificateRequest(ctx, nil, &order.DeleteCertificateRequestRequest{OrderId: id})
	case "withdraw", "revoke":
		_, err = w.book.CancelCertificateForPackageRequest(ctx, nil, now, &order.CancelCertificateForPackageRequestRequest{OrderId: id})
	case "revoke late": // the unit does not come back
		_, err = w.book.CancelCertificateForPackageRequest(ctx, nil, now.AddDate(0, 0, 40), &order.CancelCertificateForPackageRequestRequest{OrderId: id})
	default:
		err = fmt.Errorf("there is no step %q", step)
	}
	return id, err
}

// workers is the number of goroutines of liveInChild.
const workers = 3

// liveInChild takes orders through their lives without end. It prints the OrderId, the
// number of the life and the number of steps after each step.
func liveInChild(ctx context.Context, db *sql.DB, dialect sqldb.Dialect, _ string) error {
	store, err := sqlstore.Open(ctx, db, dialect)
	if err != nil {
		return err
	}
	w, err := newWorker(store)
	if err != nil {
		return err
	}
	errs := make(chan error, workers)
	for g := range workers {
		go func() {
			for n := g; ; n++ {
				id, life := int64(0), n%len(lives)
				for done, step := range lives[life] {
					var err error
					if id, err = w.do(ctx, step, id); err != nil {
						errs <- fmt.Errorf("%s: %w", step, err)
						return
					}
					fmt.Println(id, life, done+1)
				}
			}
		}()
	}
	return <-errs
}

// A lived order has done so many steps of a life, as a child printed.
type lived struct{ life, done int }

// now returns the moments in which the order may be: the last that was printed, or the
// next one, if the process was killed before it printed it.
func (l lived) now() (moments []moment) {
	var m moment
	for n, step := range lives[l.life] {
		if n == l.done && step == "renew" { // makes another order
			break
		}
		m = m.after(step)
		if n+1 >= l.done {
			moments = append(moments, m)
		}
		if n == l.done {
			break
		}
	}
	return moments
}

// checkUnits checks that the package counts the units of all orders once. It returns the
// orders.
func checkUnits(t *testing.T, store order.Store, total int64) []order.Order {
	t.Helper()
	orders := storedOrders(t, store)
	want := order.Package{ProductCode: order.DefaultProductCode, TotalCount: total}
	for _, o := range orders {
		// An order in cancelled, and one that was revoked soon, gave its unit back.
		if o.State == order.StateCancelled || o.State == order.StateRevoked && o.Updated.Equal(o.Issued) {
			continue
		}
		want.UsedCount++
		if o.State == order.StateCertificate || o.State == order.StateRevoked {
			want.IssuedCount++
		}
	}
	var got order.Package
	if err := store.View(t.Context(), func(r order.Snapshot) (err error) {
		got, _, err = r.Package(order.DefaultProductCode)
		return err
	}); err != nil {
		t.Fatalf("View: %v", err)
	}
	if got != want {
		t.Errorf("the package is %+v, want %+v", got, want)
	}
	return orders
}

// A process is killed several times while it submits, postpones, issues, renews, cancels,
// revokes and deletes orders. Each step has happened as a whole or not at all, and each
// unit is taken and given back once.
func TestOrderLivesKilled(t *testing.T) {
	t.Parallel()
	const units, kills = 1_000_000, 5
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			database := d.make(t)
			store := orderStore(t, database)
			if err := order.NewBook(store, order.BookOptions{}).AddPackage(t.Context(), "", units); err != nil {
				t.Fatalf("AddPackage: %v", err)
			}
			all := map[int64]lived{}
			for n := range kills {
				for _, line := range startChild(t, database, "live as orders", "").kill(t, 20+rand.IntN(80)) {
					var id int64
					var l lived
					if _, err := fmt.Sscan(line, &id, &l.life, &l.done); err != nil {
						t.Fatalf("%q: %v", line, err)
					}
					all[id] = l
				}
				// Each order is where the output says, or one step further. A few were
				// stored and not printed.
				stored := map[int64]moment{}
				count, unknown := map[order.State]int{}, 0
				for _, o := range checkUnits(t, store, units) {
					stored[o.OrderId] = momentOf(o)
					count[o.State]++
					if _, known := all[o.OrderId]; !known {
						unknown++
						if momentOf(o) != (moment{State: order.StateDomainVerify}) {
							t.Errorf("order %d is in %+v and was never printed", o.OrderId, momentOf(o))
						}
					}
				}
				if unknown > (n+1)*workers {
					t.Errorf("%d orders were never printed, want at most %d", unknown, (n+1)*workers)
				}
				for id, l := range all {
					if !slices.Contains(l.now(), stored[id]) {
						t.Errorf("order %d is in %+v, want one of %+v", id, stored[id], l.now())
					}
				}
				t.Logf("killed with %d orders in %v", len(all), count)
			}
		})
	}
}

// A database that fails, blocks or answers late while an order is revoked or renewed
// leaves the step undone or done, with its unit.
func TestOrderLivesOnBadDays(t *testing.T) {
	t.Parallel()
	const units = 1_000_000
	for _, kind := range databases {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d := kind.make(t)
			w, err := newWorker(orderStore(t, d))
			if err != nil {
				t.Fatal(err)
			}
			if err := w.book.AddPackage(t.Context(), "", units); err != nil {
				t.Fatalf("AddPackage: %v", err)
			}
			for _, steps := range [][]string{
				{"submit", "prove", "issue", "revoke"},
				{"submit", "prove", "issue", "renew"},
			} {
				last := len(steps) - 1
				t.Run(steps[last], func(t *testing.T) {
					var id int64
					var before moment
					var orders int
					onBadDays(t, func(tb testing.TB) database {
						before = moment{}
						for _, step := range steps[:last] {
							var err error
							if id, err = w.do(tb.Context(), step, id); err != nil {
								tb.Fatal(err)
							}
							before = before.after(step)
						}
						orders = len(storedOrders(tb, orderStore(tb, d)))
						return d
					}, func(ctx context.Context, db *sql.DB, dialect sqldb.Dialect) error {
						store, err := sqlstore.Open(ctx, db, dialect)
						if err != nil {
							return err
						}
						broken := *w
						broken.book = order.NewBook(store, order.BookOptions{Verifier: proves{}, RenewBefore: 20 * 365 * 24 * time.Hour})
						_, err = broken.do(ctx, steps[last], id)
						return err
					}, func(t *testing.T, _ database, err error) {
						store := orderStore(t, d)
						now := checkUnits(t, store, units)
						o, readErr := w.book.Order(t.Context(), id)
						if readErr != nil {
							t.Fatalf("Order: %v", readErr)
						}
						done := momentOf(o) != before
						if steps[last] == "renew" {
							done = len(now) == orders+1
						} else if done && momentOf(o) != before.after(steps[last]) {
							t.Errorf("the order is in %+v, want %+v", momentOf(o), before.after(steps[last]))
						}
						if !errors.Is(err, order.ErrOutcomeUnknown) && done != (err == nil) {
							t.Errorf("done is %t: %v", done, err)
						}
					})
				})
			}
		})
	}
}
