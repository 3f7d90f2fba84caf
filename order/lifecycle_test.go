package order_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
)

// An operation changes an order. run returns the order after it, in state gone
// if it was deleted.
type operation struct {
	name    string
	allowed []string // the states in the error message
	run     func(t testing.TB, book *order.Book, o order.Order) (order.Order, error)
	// next has the state after the operation by the state before it. In all other
	// states the operation is refused.
	next map[order.State]order.State
}

// gone means the state of a deleted order.
const gone order.State = "gone"

func operations() []operation {
	return []operation{
		{"CheckOwnership", []string{"domain_verify"}, func(t testing.TB, book *order.Book, o order.Order) (order.Order, error) {
			return book.CheckOwnership(t.Context(), later, o.OrderId)
		}, map[order.State]order.State{order.StateDomainVerify: order.StateProcess}},
		{"Issue", []string{"process"}, func(t testing.TB, book *order.Book, o order.Order) (order.Order, error) {
			return book.Issue(t.Context(), rand.Reader, later, authorityOf(algorithm.ECC_256).issuer, o.OrderId)
		}, map[order.State]order.State{order.StateProcess: order.StateCertificate}},
		{"Complete", []string{"process"}, func(t testing.TB, book *order.Book, o order.Order) (order.Order, error) {
			return book.Complete(t.Context(), later, o.OrderId, outside().certificate(t, nil))
		}, map[order.State]order.State{order.StateProcess: order.StateCertificate}},
		{"Fail", []string{"process"}, func(t testing.TB, book *order.Book, o order.Order) (order.Order, error) {
			return book.Fail(t.Context(), later, o.OrderId, "the applicant is unknown")
		}, map[order.State]order.State{order.StateProcess: order.StateVerifyFail}},
		{"CancelOrderRequest", []string{"domain_verify", "process"}, func(t testing.TB, book *order.Book, o order.Order) (order.Order, error) {
			resp, err := book.CancelOrderRequest(t.Context(), testutil.Seeded(), later, &order.CancelOrderRequestRequest{OrderId: o.OrderId})
			if err != nil {
				if resp != nil {
					t.Error("a result with an error")
				}
				return order.Order{}, err
			}
			if !testutil.RequestIDForm.MatchString(resp.RequestId) {
				t.Errorf("RequestId %q", resp.RequestId)
			}
			return book.Order(t.Context(), o.OrderId)
		}, map[order.State]order.State{order.StateDomainVerify: order.StatePayed, order.StateProcess: order.StatePayed}},
		{"CancelCertificateForPackageRequest", []string{"certificate", "domain_verify", "payed", "process"}, func(t testing.TB, book *order.Book, o order.Order) (order.Order, error) {
			resp, err := book.CancelCertificateForPackageRequest(t.Context(), testutil.Seeded(), later, &order.CancelCertificateForPackageRequestRequest{OrderId: o.OrderId})
			if err != nil {
				if resp != nil {
					t.Error("a result with an error")
				}
				return order.Order{}, err
			}
			if !testutil.RequestIDForm.MatchString(resp.RequestId) {
				t.Errorf("RequestId %q", resp.RequestId)
			}
			return book.Order(t.Context(), o.OrderId)
		}, map[order.State]order.State{
			order.StateDomainVerify: order.StateCancelled, order.StateProcess: order.StateCancelled,
			order.StatePayed: order.StateCancelled, order.StateCertificate: order.StateRevoked,
		}},
		{"DeleteCertificateRequest", []string{"payed", "verify_fail"}, func(t testing.TB, book *order.Book, o order.Order) (order.Order, error) {
			resp, err := book.DeleteCertificateRequest(t.Context(), testutil.Seeded(), &order.DeleteCertificateRequestRequest{OrderId: o.OrderId})
			if err != nil {
				if resp != nil {
					t.Error("a result with an error")
				}
				return order.Order{}, err
			}
			if !testutil.RequestIDForm.MatchString(resp.RequestId) {
				t.Errorf("RequestId %q", resp.RequestId)
			}
			_, err = book.Order(t.Context(), o.OrderId)
			testutil.CheckError(t, err, unknown, "OrderId", fmt.Sprint(o.OrderId))
			return order.Order{State: gone}, nil
		}, map[order.State]order.State{order.StateVerifyFail: gone, order.StatePayed: gone}},
	}
}

// Every operation in every state either succeeds, or fails with OrderStateError and
// changes nothing. The units of the package are counted as the documents say.
func TestEveryStateAndOperation(t *testing.T) {
	t.Parallel()
	for _, state := range states {
		for _, op := range operations() {
			t.Run(string(state)+", "+op.name, func(t *testing.T) {
				t.Parallel()
				book, store := newBook(t, proved)
				o := reach(t, book, state, application(plainCSR(t)))
				before := everything(t, store)
				used, issued := unitOf(state)
				checkCounts(t, book, "", plentiful, used, issued)

				got, err := op.run(t, book, o)
				next, ok := op.next[state]
				if !ok {
					testutil.CheckError(t, err, wrong, "OrderId", append(op.allowed, "state "+string(state)+";")...)
					if got != (order.Order{}) {
						t.Errorf("a result with an error: %+v", got)
					}
					checkUnchanged(t, store, before)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if got.State != next {
					t.Errorf("the order is in %s, want %s", got.State, next)
				}
				used, issued = unitOf(next)
				checkCounts(t, book, "", plentiful, used, issued)
				if next == gone {
					return
				}

				// The operation changes only the fields that belong to it.
				want := o
				want.State, want.Certificate, want.Reason = next, got.Certificate, got.Reason
				if next == order.StateCertificate {
					want.Issued, want.NotAfter = stored.Add(time.Hour), parsePEM(t, got.Certificate)[0].NotAfter
				}
				want.Updated = stored.Add(time.Hour)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("order mismatch (-want +got):\n%s", diff)
				}
				if (got.Certificate != "") != (next == order.StateCertificate || next == order.StateRevoked) {
					t.Errorf("in %s the certificate is %q", next, got.Certificate)
				}
				if (got.Reason != "") != (next == order.StateVerifyFail) {
					t.Errorf("in %s the reason is %q", next, got.Reason)
				}
				if diff := cmp.Diff(got, read(t, book, o.OrderId)); diff != "" {
					t.Errorf("the stored order differs from the returned one (-returned +stored):\n%s", diff)
				}
			})
		}
	}
}

// Operations on an order that does not exist.
func TestUnknownOrder(t *testing.T) {
	t.Parallel()
	book, store := newBook(t, unasked(t))
	place(t, book, application(plainCSR(t)))
	before := everything(t, store)
	for _, id := range []int64{1, -1, 1 << 53, -1 << 63, 1<<63 - 1} {
		for _, op := range operations() {
			_, err := op.run(t, book, order.Order{OrderId: id})
			testutil.CheckError(t, err, unknown, "OrderId", fmt.Sprint(id))
		}
		_, err := book.DescribeCertificateState(t.Context(), testutil.Seeded(), &order.DescribeCertificateStateRequest{OrderId: id})
		testutil.CheckError(t, err, unknown, "OrderId", fmt.Sprint(id))
		_, err = book.Order(t.Context(), id)
		testutil.CheckError(t, err, unknown, "OrderId", fmt.Sprint(id))
	}
	checkUnchanged(t, store, before)
}

// Requests without an OrderId, and nil requests.
func TestMissingOrderId(t *testing.T) {
	t.Parallel()
	book, store := newBook(t, unasked(t))
	before := everything(t, store)
	ctx, random := t.Context(), testutil.Untouched(t)
	for name, run := range map[string]func() error{
		"DescribeCertificateState": func() error {
			_, err := book.DescribeCertificateState(ctx, random, new(order.DescribeCertificateStateRequest))
			return err
		},
		"DescribeCertificateState, nil": func() error {
			_, err := book.DescribeCertificateState(ctx, random, nil)
			return err
		},
		"DescribeCertificateState, Validate": new(order.DescribeCertificateStateRequest).Validate,
		"DescribeCertificateState, Validate of nil": func() error {
			return (*order.DescribeCertificateStateRequest)(nil).Validate()
		},
		"CancelOrderRequest": func() error {
			_, err := book.CancelOrderRequest(ctx, random, instant, new(order.CancelOrderRequestRequest))
			return err
		},
		"CancelOrderRequest, nil": func() error {
			_, err := book.CancelOrderRequest(ctx, random, instant, nil)
			return err
		},
		"CancelOrderRequest, Validate": new(order.CancelOrderRequestRequest).Validate,
		"CancelOrderRequest, Validate of nil": func() error {
			return (*order.CancelOrderRequestRequest)(nil).Validate()
		},
		"CancelCertificateForPackageRequest": func() error {
			_, err := book.CancelCertificateForPackageRequest(ctx, random, instant, new(order.CancelCertificateForPackageRequestRequest))
			return err
		},
		"CancelCertificateForPackageRequest, nil": func() error {
			_, err := book.CancelCertificateForPackageRequest(ctx, random, instant, nil)
			return err
		},
		"CancelCertificateForPackageRequest, Validate": new(order.CancelCertificateForPackageRequestRequest).Validate,
		"CancelCertificateForPackageRequest, Validate of nil": func() error {
			return (*order.CancelCertificateForPackageRequestRequest)(nil).Validate()
		},
		"RenewCertificateOrderForPackageRequest": func() error {
			_, _, err := book.RenewCertificateOrderForPackageRequest(ctx, random, instant, new(order.RenewCertificateOrderForPackageRequestRequest))
			return err
		},
		"RenewCertificateOrderForPackageRequest, nil": func() error {
			_, _, err := book.RenewCertificateOrderForPackageRequest(ctx, random, instant, nil)
			return err
		},
		"RenewCertificateOrderForPackageRequest, Validate": new(order.RenewCertificateOrderForPackageRequestRequest).Validate,
		"RenewCertificateOrderForPackageRequest, Validate of nil": func() error {
			return (*order.RenewCertificateOrderForPackageRequestRequest)(nil).Validate()
		},
		"DeleteCertificateRequest": func() error {
			_, err := book.DeleteCertificateRequest(ctx, random, new(order.DeleteCertificateRequestRequest))
			return err
		},
		"DeleteCertificateRequest, nil": func() error {
			_, err := book.DeleteCertificateRequest(ctx, random, nil)
			return err
		},
		"DeleteCertificateRequest, Validate": new(order.DeleteCertificateRequestRequest).Validate,
		"DeleteCertificateRequest, Validate of nil": func() error {
			return (*order.DeleteCertificateRequestRequest)(nil).Validate()
		},
	} {
		t.Run(name, func(t *testing.T) {
			testutil.CheckError(t, run(), missing, "OrderId", "OrderId is mandatory for this action.")
		})
	}
	checkUnchanged(t, store, before)
}

// If the random source fails, an operation changes nothing.
func TestNoRandomness(t *testing.T) {
	t.Parallel()
	book, store := newBook(t, proved)
	process := reach(t, book, order.StateProcess, application(plainCSR(t))).OrderId
	payed := reach(t, book, order.StatePayed, application(plainCSR(t))).OrderId
	issued := reach(t, book, order.StateCertificate, application(plainCSR(t)))
	certified, expiry := issued.OrderId, issued.NotAfter
	before := everything(t, store)
	ctx := t.Context()
	for name, run := range map[string]func() error{
		"DescribeCertificateState": func() error {
			_, err := book.DescribeCertificateState(ctx, testutil.Broken, &order.DescribeCertificateStateRequest{OrderId: process})
			return err
		},
		"DescribePackageState": func() error {
			_, err := book.DescribePackageState(ctx, testutil.Broken, nil)
			return err
		},
		"CancelOrderRequest": func() error {
			_, err := book.CancelOrderRequest(ctx, testutil.Broken, instant, &order.CancelOrderRequestRequest{OrderId: process})
			return err
		},
		"CancelCertificateForPackageRequest": func() error {
			_, err := book.CancelCertificateForPackageRequest(ctx, testutil.Broken, instant, &order.CancelCertificateForPackageRequestRequest{OrderId: process})
			return err
		},
		"CreateCertificateRequest": func() error {
			_, _, err := book.CreateCertificateRequest(ctx, testutil.Broken, instant, domainApplication())
			return err
		},
		"CreateCertificateForPackageRequest": func() error {
			_, _, err := book.CreateCertificateForPackageRequest(ctx, testutil.Broken, instant, packageApplication(plainCSR(t)))
			return err
		},
		"RenewCertificateOrderForPackageRequest": func() error {
			_, _, err := book.RenewCertificateOrderForPackageRequest(ctx, testutil.Broken, expiry, renewal(certified, plainCSR(t)))
			return err
		},
		"DeleteCertificateRequest": func() error {
			_, err := book.DeleteCertificateRequest(ctx, testutil.Broken, &order.DeleteCertificateRequestRequest{OrderId: payed})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := run()
			testutil.CheckError(t, err, broke, "", "randomness")
			if !errors.Is(err, testutil.ErrNoRandomness) {
				t.Errorf("%v does not wrap the cause", err)
			}
		})
	}
	_, err := book.Issue(ctx, testutil.Broken, instant, authorityOf(algorithm.ECC_256).issuer, process)
	testutil.CheckError(t, err, yuncert.ErrInternalError, "")
	if !errors.Is(err, testutil.ErrNoRandomness) {
		t.Errorf("%v does not wrap the cause", err)
	}
	checkUnchanged(t, store, before)
}

// The complete response of DescribeCertificateState in each state.
func TestDescribeCertificateState(t *testing.T) {
	t.Parallel()
	for _, state := range states {
		for _, validateType := range []string{"DNS", "FILE"} {
			t.Run(string(state)+", "+validateType, func(t *testing.T) {
				t.Parallel()
				book, store := newBook(t, proved)
				req := application(plainCSR(t))
				req.ValidateType = validateType
				o := reach(t, book, state, req)
				before := everything(t, store)
				got := must[*order.DescribeCertificateStateResponse](t)(book.DescribeCertificateState(t.Context(), testutil.Seeded(), &order.DescribeCertificateStateRequest{OrderId: o.OrderId}))
				if !testutil.RequestIDForm.MatchString(got.RequestId) {
					t.Errorf("RequestId %q", got.RequestId)
				}
				want := &order.DescribeCertificateStateResponse{RequestId: got.RequestId, Type: string(state)}
				switch {
				case state == order.StateRevoked || state == order.StateCancelled:
					want.Type = "unknow" // sic
				case state == order.StateDomainVerify && validateType == "DNS":
					want.ValidateType, want.RecordDomain, want.RecordType, want.RecordValue = "DNS", "_dnsauth.www", "TXT", o.Token
				case state == order.StateDomainVerify:
					want.ValidateType, want.Domain, want.Uri, want.Content = "FILE", "www.example.com", "/.well-known/pki-validation/fileauth.txt", o.Token
				case state == order.StateCertificate:
					want.Certificate, want.CertId = o.Certificate, got.CertId
					if !testutil.IdentifierForm.MatchString(got.CertId) || o.Certificate == "" {
						t.Errorf("CertId %q of %q", got.CertId, o.Certificate)
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("response mismatch (-want +got):\n%s", diff)
				}
				checkUnchanged(t, store, before)
			})
		}
	}
}

// A cancelled or refused order gives its unit back when it is deleted, and not
// before. An issued order never does.
func TestUnitsComeBack(t *testing.T) {
	t.Parallel()
	store := order.NewMemoryStore()
	book := order.NewBook(store, order.BookOptions{Verifier: proved})
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	req := application(plainCSR(t))
	full := func() {
		t.Helper()
		_, err := book.CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req)
		testutil.CheckError(t, err, yuncert.ErrNotRemainCount, "ProductCode")
		checkCounts(t, book, "", 1, 1, 0)
	}
	for _, state := range []order.State{order.StatePayed, order.StateVerifyFail} {
		o := reach(t, book, state, req)
		full()
		if _, err := book.DeleteCertificateRequest(context.Background(), rand.Reader, &order.DeleteCertificateRequestRequest{OrderId: o.OrderId}); err != nil {
			t.Fatal(err)
		}
		checkCounts(t, book, "", 1, 0, 0)
		_, err := book.DeleteCertificateRequest(context.Background(), rand.Reader, &order.DeleteCertificateRequestRequest{OrderId: o.OrderId})
		testutil.CheckError(t, err, unknown, "OrderId")
		checkCounts(t, book, "", 1, 0, 0)
	}
	reach(t, book, order.StateCertificate, req)
	checkCounts(t, book, "", 1, 1, 1)
	_, err := book.CreateCertificateWithCsrRequest(t.Context(), rand.Reader, instant, req)
	testutil.CheckError(t, err, yuncert.ErrNotRemainCount, "ProductCode")

	// After more units are bought, orders are accepted again.
	if err := book.AddPackage(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	place(t, book, req)
	checkCounts(t, book, "", 2, 2, 1)
}
