package order_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

var errStore = errors.New("connection to the database at db.internal lost")

// A failingStore fails in one place.
type failingStore struct {
	order.Store
	place string
}

// failures are the places where a failingStore can fail. "wrapped" wraps the
// cause in another error, as stores of databases do.
var failures = []string{
	"Update", "View", "after Update", "after View", "wrapped",
	"Package", "Order", "Orders", "OrdersOf", "Expiring", "PutPackage", "CreateOrder", "PutOrder", "DeleteOrder",
}

func (s failingStore) fail(place string) error {
	switch {
	case s.place == "wrapped" && (place == "Update" || place == "View"):
		return fmt.Errorf("after 5 attempts: %w", errStore)
	case s.place == place:
		return errStore
	}
	return nil
}

func (s failingStore) Update(ctx context.Context, f func(order.Tx) error) error {
	if err := s.fail("Update"); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx order.Tx) error {
		if err := f(failingTx{tx, s}); err != nil {
			return err
		}
		return s.fail("after Update") // inside the transaction, so nothing is stored
	})
}

func (s failingStore) View(ctx context.Context, f func(order.Snapshot) error) error {
	if err := s.fail("View"); err != nil {
		return err
	}
	return s.Store.View(ctx, func(tx order.Snapshot) error {
		if err := f(failingSnapshot{failingReader{tx, s}, tx}); err != nil {
			return err
		}
		return s.fail("after View")
	})
}

type failingReader struct {
	order.Reader
	store failingStore
}

type failingSnapshot struct {
	failingReader
	snapshot order.Snapshot
}

func (r failingReader) Package(productCode string) (order.Package, bool, error) {
	if err := r.store.fail("Package"); err != nil {
		return order.Package{}, false, err
	}
	return r.Reader.Package(productCode)
}

func (r failingReader) Order(orderID int64) (order.Order, bool, error) {
	if err := r.store.fail("Order"); err != nil {
		return order.Order{}, false, err
	}
	return r.Reader.Order(orderID)
}

func (r failingSnapshot) Orders(state order.State, after order.Order, limit int) ([]order.Order, error) {
	page, err := r.snapshot.Orders(state, after, limit)
	return page, errors.Join(err, r.store.fail("Orders"))
}

func (r failingSnapshot) OrdersOf(domain string, after order.Order, limit int) ([]order.Order, error) {
	page, err := r.snapshot.OrdersOf(domain, after, limit)
	return page, errors.Join(err, r.store.fail("OrdersOf"))
}

func (r failingSnapshot) Expiring(before time.Time, after order.Order, limit int) ([]order.Order, error) {
	page, err := r.snapshot.Expiring(before, after, limit)
	return page, errors.Join(err, r.store.fail("Expiring"))
}

type failingTx struct {
	order.Tx
	store failingStore
}

func (tx failingTx) Package(productCode string) (order.Package, bool, error) {
	return failingReader{tx.Tx, tx.store}.Package(productCode)
}

func (tx failingTx) Order(orderID int64) (order.Order, bool, error) {
	return failingReader{tx.Tx, tx.store}.Order(orderID)
}

func (tx failingTx) PutPackage(p order.Package) error {
	return errors.Join(tx.Tx.PutPackage(p), tx.store.fail("PutPackage"))
}

func (tx failingTx) CreateOrder(o order.Order) error {
	return errors.Join(tx.Tx.CreateOrder(o), tx.store.fail("CreateOrder"))
}

func (tx failingTx) PutOrder(o order.Order) error {
	return errors.Join(tx.Tx.PutOrder(o), tx.store.fail("PutOrder"))
}

func (tx failingTx) DeleteOrder(orderID int64) error {
	return errors.Join(tx.Tx.DeleteOrder(orderID), tx.store.fail("DeleteOrder"))
}

// A call is one operation, with a state that allows it, the places of the store
// that it uses, and the code if the store fails there.
type call struct {
	name   string
	state  order.State
	places []string
	code   yuncert.Code
	run    func(ctx context.Context, t testing.TB, book *order.Book, id int64) (result any, err error)
}

const withAuthority = " with an Authority"

// asks reports whether the Book of the operation has an Authority.
func (c call) asks() bool { return strings.HasSuffix(c.name, withAuthority) }

// newBook returns a Book over a new store with units of all products, and its options
// for another Book.
func (c call) newBook(t testing.TB) (*order.Book, *order.MemoryStore, order.BookOptions) {
	t.Helper()
	opts := order.BookOptions{Verifier: proved}
	if !c.asks() {
		book, store := newBook(t, proved)
		return book, store, opts
	}
	book, store, fake := newAuthorityBook(t, proved)
	opts.Authority = fakeClient{ca: fake}
	return book, store, opts
}

// isEmpty reports whether a result of any type is empty.
func isEmpty(result any) bool {
	switch r := result.(type) {
	case order.Order:
		return r == (order.Order{})
	case []order.Order:
		return r == nil
	}
	return result == nil || fmt.Sprintf("%v", result) == "<nil>"
}

// twoOf drops a key, which must not be there with an error.
func twoOf[Resp any](resp *Resp, key *algorithm.PrivateKey, err error) (any, error) {
	if err != nil && key != nil {
		return key, err
	}
	return resp, err
}

// calls has all operations, and once more with an Authority those that ask it.
func calls() []call {
	const update, view = "Update,after Update,wrapped", "View,after View,wrapped"
	places := func(list ...string) []string { return strings.Split(strings.Join(list, ","), ",") }
	all := plainCalls()
	for _, c := range plainCalls() {
		switch c.name {
		case "CheckOwnership":
		case "CreateCertificateWithCsrRequest":
			c.places = places(update, view, "Package,PutPackage,CreateOrder")
		default:
			continue
		}
		c.name += withAuthority
		all = append(all, c)
	}
	return append(all, call{"Obtain" + withAuthority, order.StateProcess, places(update, view, "Order,PutOrder,Package,PutPackage"), broke,
		func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
			return book.Obtain(ctx, later, id)
		}})
}

func plainCalls() []call {
	const update, view = "Update,after Update,wrapped", "View,after View,wrapped"
	places := func(list ...string) []string { return strings.Split(strings.Join(list, ","), ",") }
	return []call{
		{"AddPackage", order.StateDomainVerify, places(update, "Package,PutPackage"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return nil, book.AddPackage(ctx, "", 1)
			}},
		{"CreateCertificateWithCsrRequest", order.StateDomainVerify, places(update, "Package,PutPackage,CreateOrder"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.CreateCertificateWithCsrRequest(ctx, testutil.Seeded(), instant, application(plainCSR(t)))
			}},
		{"CreateCertificateRequest", order.StateDomainVerify, places(update, view, "Package,PutPackage,CreateOrder"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return twoOf(book.CreateCertificateRequest(ctx, testutil.Seeded(), instant, domainApplication()))
			}},
		{"CreateCertificateForPackageRequest", order.StateDomainVerify, places(update, "Package,PutPackage,CreateOrder"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return twoOf(book.CreateCertificateForPackageRequest(ctx, testutil.Seeded(), instant, packageApplication(plainCSR(t))))
			}},
		{"DescribeCertificateState", order.StateDomainVerify, places(view, "Order"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.DescribeCertificateState(ctx, testutil.Seeded(), &order.DescribeCertificateStateRequest{OrderId: id})
			}},
		{"DescribePackageState", order.StateDomainVerify, places(view, "Package"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.DescribePackageState(ctx, testutil.Seeded(), nil)
			}},
		{"Order", order.StateDomainVerify, places(view, "Order"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.Order(ctx, id)
			}},
		{"Orders", order.StateDomainVerify, places(view, "Orders"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.Orders(ctx, order.StateDomainVerify, order.Order{}, 10)
			}},
		{"OrdersOf", order.StateDomainVerify, places(view, "OrdersOf"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.OrdersOf(ctx, "www.example.com", order.Order{}, 10)
			}},
		{"Expiring", order.StateCertificate, places(view, "Expiring"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.Expiring(ctx, later, order.Order{}, 10)
			}},
		{"CheckOwnership", order.StateDomainVerify, places(update, view, "Order,PutOrder"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.CheckOwnership(ctx, later, id)
			}},
		{"Issue", order.StateProcess, places(update, view, "Order,PutOrder,Package,PutPackage"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.Issue(ctx, testutil.Seeded(), later, authorityOf(algorithm.ECC_256).issuer, id)
			}},
		{"Complete", order.StateProcess, places(update, view, "Order,PutOrder,Package,PutPackage"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.Complete(ctx, later, id, outside().certificate(t, nil))
			}},
		{"Fail", order.StateProcess, places(update, "Order,PutOrder"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.Fail(ctx, later, id, "no")
			}},
		{"Postpone", order.StateProcess, places(update, "Order,PutOrder"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.Postpone(ctx, later, id, later.Add(time.Hour))
			}},
		{"CancelOrderRequest", order.StateProcess, places(update, "Order,PutOrder"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.CancelOrderRequest(ctx, testutil.Seeded(), later, &order.CancelOrderRequestRequest{OrderId: id})
			}},
		{"CancelCertificateForPackageRequest", order.StatePayed, places(update, view, "Order,PutOrder,Package,PutPackage"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.CancelCertificateForPackageRequest(ctx, testutil.Seeded(), later, &order.CancelCertificateForPackageRequestRequest{OrderId: id})
			}},
		{"CancelCertificateForPackageRequest, issued", order.StateCertificate, places(update, view, "Order,PutOrder,Package,PutPackage"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.CancelCertificateForPackageRequest(ctx, testutil.Seeded(), later, &order.CancelCertificateForPackageRequestRequest{OrderId: id})
			}},
		{"RenewCertificateOrderForPackageRequest", order.StateCertificate, places(update, view, "Order,Package,PutPackage,CreateOrder"), broke,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return twoOf(book.RenewCertificateOrderForPackageRequest(ctx, testutil.Seeded(), aboutToExpire, renewal(id, plainCSR(t))))
			}},
		{"DeleteCertificateRequest", order.StatePayed, places(update, "Order,Package,PutPackage,DeleteOrder"), yuncert.ErrDeleteFail,
			func(ctx context.Context, t testing.TB, book *order.Book, id int64) (any, error) {
				return book.DeleteCertificateRequest(ctx, testutil.Seeded(), &order.DeleteCertificateRequestRequest{OrderId: id})
			}},
	}
}

// checkStoreError checks the error of a store that failed: its text for the log
// contains the cause, and the body for the client does not.
func checkStoreError(t *testing.T, err error, code yuncert.Code, cause error) {
	t.Helper()
	parameter := ""
	if code == yuncert.ErrDeleteFail {
		parameter = "OrderId"
	}
	testutil.CheckError(t, err, code, parameter)
	if !errors.Is(err, cause) {
		t.Errorf("%v does not wrap %v", err, cause)
	}
	body := string(must[[]byte](t)(json.Marshal(err)))
	if strings.Contains(body, cause.Error()) || strings.Contains(body, "db.internal") {
		t.Errorf("the body for the client contains the cause: %s", body)
	}
	if !strings.Contains(err.Error(), cause.Error()) {
		t.Errorf("the text for the log lacks the cause: %v", err)
	}
}

// If a store fails in a place that an operation uses, the operation fails and
// changes nothing. Otherwise it succeeds.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	for _, c := range calls() {
		for _, place := range failures {
			t.Run(c.name+", "+place, func(t *testing.T) {
				t.Parallel()
				healthy, store, opts := c.newBook(t)
				o := reach(t, healthy, c.state, application(plainCSR(t)))
				before := everything(t, store)
				book := order.NewBook(failingStore{store, place}, opts)
				result, err := c.run(t.Context(), t, book, o.OrderId)
				if !slices.Contains(c.places, place) {
					if err != nil {
						t.Errorf("error %v, although the operation does not use %s", err, place)
					}
					return
				}
				checkStoreError(t, err, c.code, errStore)
				if !isEmpty(result) {
					t.Errorf("a result with an error: %+v", result)
				}
				checkUnchanged(t, store, before)
			})
		}
	}
}

// Wrong content of a store is an error of the store and not of the caller.
func TestSpoiledStore(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil     func(*order.Order)
		run       string
		code      yuncert.Code
		parameter string
		mention   string
	}{
		"a product that does not exist":      {func(o *order.Order) { o.ProductCode = "free" }, "Issue", broke, "ProductCode", `"free"`},
		"a CSR that cannot be read":          {func(o *order.Order) { o.Csr = "garbage" }, "Complete", broke, "", "the order's CSR cannot be read"},
		"a CSR that cannot be read, to sign": {func(o *order.Order) { o.Csr = "garbage" }, "Issue", broke, "", "the order's CSR cannot be read"},
		"a missing package":                  {func(o *order.Order) { o.ProductCode = "free" }, "Complete", broke, "", "the order store failed"},
		"a missing package, to delete": {func(o *order.Order) { o.ProductCode, o.State = "free", order.StatePayed }, "DeleteCertificateRequest",
			yuncert.ErrDeleteFail, "OrderId", "the order store failed"},
		"a state that does not exist": {func(o *order.Order) { o.State = "unknow" }, "Issue", wrong, "OrderId", "state unknow;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			book, store := newBook(t, proved)
			o := reach(t, book, order.StateProcess, application(plainCSR(t)))
			tt.spoil(&o)
			overwrite(t, store, o)
			before := everything(t, store)
			for _, c := range calls() {
				if c.name == tt.run {
					result, err := c.run(t.Context(), t, book, o.OrderId)
					testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
					const lost = `there is no package of "free", although order`
					if tt.mention == "the order store failed" && !strings.Contains(err.Error(), lost) {
						t.Errorf("the error %v does not say %s", err, lost)
					}
					if errors.Is(err, malformed) || errors.Is(err, failed) {
						t.Errorf("%v has two codes", err)
					}
					if !isEmpty(result) {
						t.Errorf("a result with an error: %+v", result)
					}
				}
			}
			checkUnchanged(t, store, before)
		})
	}
}

// overwrite stores an order without a Book.
func overwrite(t *testing.T, store order.Store, o order.Order) {
	t.Helper()
	if err := store.Update(t.Context(), func(tx order.Tx) error {
		if _, _, err := tx.Order(o.OrderId); err != nil {
			return err
		}
		return tx.PutOrder(o)
	}); err != nil {
		t.Fatal(err)
	}
}

// A stored certificate that cannot be read has no CertId.
func TestSpoiledCertificate(t *testing.T) {
	t.Parallel()
	book, store := newBook(t, proved)
	o := reach(t, book, order.StateCertificate, application(plainCSR(t)))
	o.Certificate = "garbage"
	overwrite(t, store, o)
	got := must[*order.DescribeCertificateStateResponse](t)(book.DescribeCertificateState(t.Context(), testutil.Seeded(), &order.DescribeCertificateStateRequest{OrderId: o.OrderId}))
	want := &order.DescribeCertificateStateResponse{RequestId: got.RequestId, Type: "certificate", Certificate: "garbage"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("response mismatch (-want +got):\n%s", diff)
	}
}

// If ctx has ended, the operation returns the error of ctx and changes nothing.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			book, store, _ := c.newBook(t)
			o := reach(t, book, c.state, application(plainCSR(t)))
			before := everything(t, store)

			cancelled, cancel := context.WithCancel(t.Context())
			cancel()
			expired, cancel := context.WithTimeout(t.Context(), -1)
			defer cancel()
			for _, ctx := range []context.Context{cancelled, expired} {
				result, err := c.run(ctx, t, book, o.OrderId)
				checkStoreError(t, err, c.code, ctx.Err())
				if !isEmpty(result) {
					t.Errorf("a result with an error: %+v", result)
				}
				checkUnchanged(t, store, before)
			}
		})
	}
}

// A committedStore commits and then returns an error.
type committedStore struct {
	order.Store
	err error
}

func (s committedStore) Update(ctx context.Context, f func(order.Tx) error) error {
	if err := s.Store.Update(ctx, f); err != nil {
		return err
	}
	return s.err
}

// The error of a store can wrap an error of this module, as when the store
// encrypts with functions of this module. It is still a failure of the store.
func TestStoreErrorWithCode(t *testing.T) {
	t.Parallel()
	noKey := &yuncert.Error{Code: yuncert.ErrNotFound, Message: "no key at db.internal"}
	for name, failure := range map[string]error{
		"the outcome is known":   fmt.Errorf("replicating: %w", noKey),
		"the outcome is unknown": fmt.Errorf("replicating: %w: %w", order.ErrOutcomeUnknown, noKey),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			healthy, store := newBook(t, proved)
			o := reach(t, healthy, order.StateProcess, application(plainCSR(t)))
			book := order.NewBook(committedStore{store, failure}, order.BookOptions{})
			_, err := book.Fail(t.Context(), later, o.OrderId, "no")
			testutil.CheckCause(t, err, broke, "", "replicating: ", "no key at db.internal")
			if errors.Is(err, order.ErrOutcomeUnknown) != errors.Is(failure, order.ErrOutcomeUnknown) {
				t.Errorf("%v and its cause %v differ in ErrOutcomeUnknown", err, failure)
			}
			if errors.Is(err, yuncert.ErrNotFound) {
				t.Errorf("%v has two codes", err)
			}
		})
	}
}

// retryingStore runs every f twice and discards the first run, as a database
// does after a conflict.
type retryingStore struct{ order.Store }

var errConflict = errors.New("conflict")

func (s retryingStore) Update(ctx context.Context, f func(order.Tx) error) error {
	var first error
	err := s.Store.Update(ctx, func(tx order.Tx) error {
		first = f(tx)
		if first == nil {
			return errConflict
		}
		return first
	})
	if first != nil || !errors.Is(err, errConflict) {
		return err
	}
	return s.Store.Update(ctx, f)
}

func (s retryingStore) View(ctx context.Context, f func(order.Snapshot) error) error {
	if err := s.Store.View(ctx, f); err != nil {
		return err
	}
	return s.Store.View(ctx, f)
}

// If the store runs f twice, each operation still has its effect once.
func TestStoreRetries(t *testing.T) {
	t.Parallel()
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var after [2]contents
			var results [2]any
			for i := range after {
				healthy, store, opts := c.newBook(t)
				req := application(plainCSR(t))
				resp := must[*order.CreateCertificateWithCsrRequestResponse](t)(healthy.CreateCertificateWithCsrRequest(t.Context(), testutil.Seeded(), instant, req))
				id := resp.OrderId
				if c.state == order.StateProcess || c.state == order.StatePayed || c.state == order.StateCertificate {
					must[order.Order](t)(healthy.CheckOwnership(t.Context(), instant, id))
				}
				if c.state == order.StateCertificate {
					must[order.Order](t)(healthy.Issue(t.Context(), testutil.Seeded(), instant, authorityOf(algorithm.ECC_256).issuer, id))
				}
				if c.state == order.StatePayed {
					must[*order.CancelOrderRequestResponse](t)(healthy.CancelOrderRequest(t.Context(), rand.Reader, instant, &order.CancelOrderRequestRequest{OrderId: id}))
				}
				book := healthy
				if i == 1 {
					book = order.NewBook(retryingStore{store}, opts)
				}
				var err error
				if results[i], err = c.run(t.Context(), t, book, id); err != nil {
					t.Fatal(err)
				}
				after[i] = everything(t, store)
			}
			switch c.name {
			case "Complete", "Obtain" + withAuthority: // crypto/x509 made two different certificates
				a, b := &after[0].Orders[0], &after[1].Orders[0]
				a.Certificate, b.Certificate = "", ""
				results = [2]any{}
			case "CreateCertificateRequest": // two different keys were made
				for i := range after {
					for n := range after[i].Orders {
						after[i].Orders[n].Csr = ""
					}
				}
			}
			if diff := cmp.Diff(after[0], after[1]); diff != "" {
				t.Errorf("store mismatch (-once +twice):\n%s", diff)
			}
			if diff := cmp.Diff(results[0], results[1]); diff != "" {
				t.Errorf("result mismatch (-once +twice):\n%s", diff)
			}
		})
	}
}
