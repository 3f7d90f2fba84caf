package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/sqlstore"
)

var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// A network is the CA, the DNS and the disk of a test.
type network struct {
	dir    string
	now    time.Time
	issuer *ca.Issuer

	unplaced    bool      // no record is visible
	looking     bool      // the CA looks for the record
	unavailable error     // of the CA's Obtain
	at, nextAsk time.Time // of RenewAfter
	ariErr      error     // of RenewAfter

	begun, lookups, obtained int
}

func (n *network) Begin(_ context.Context, names []string, _ string) (string, *order.Proof, error) {
	n.begun++
	return "https://ca.test/order/1", &order.Proof{Domain: strings.TrimPrefix(names[0], "*."), Token: strings.Repeat("t", 43)}, nil
}

func (n *network) Prove(_ context.Context, _, _ string, placed order.Proof) (*order.Proof, error) {
	if n.looking {
		return &placed, nil
	}
	return nil, nil
}

func (n *network) Obtain(_ context.Context, _ string, der []byte) (string, error) {
	n.obtained++
	if n.unavailable != nil {
		return "", n.unavailable
	}
	csr := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	resp, _, err := ca.CreateDomainCertificate(rand.Reader, n.now, n.issuer, &ca.CreateDomainCertificateRequest{
		Csr: csr, Domain: "www.example.com", Months: 3, Immediately: 1,
	})
	if err != nil {
		return "", err
	}
	return resp.X509Certificate, nil
}

func (n *network) Revoke(context.Context, string) error { return errors.New("not in these tests") }

func (n *network) Lookup(_ context.Context, c order.Challenge) ([]string, error) {
	n.lookups++
	if n.unplaced {
		return nil, nil
	}
	return []string{c.RecordValue}, nil
}

func (n *network) RenewAfter(context.Context, string) (at, nextAsk time.Time, err error) {
	return n.at, n.nextAsk, n.ariErr
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	rootKey := must(algorithm.GenerateKey(algorithm.ECC_256))(t)
	root := must(ca.CreateRootCACertificate(rand.Reader, start, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Root", Organization: "Example", OrganizationUnit: "IT", Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	}))(t)
	issuer := must(ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{RootIssues: true}))(t)
	return &network{dir: t.TempDir(), now: start, issuer: issuer}
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// started returns a worker of a new process over the network's disk.
func (n *network) started(t *testing.T) (*worker, *bytes.Buffer) {
	t.Helper()
	db := must(sql.Open("sqlite", filepath.Join(n.dir, "orders.db")))(t)
	t.Cleanup(func() { db.Close() })
	store := must(sqlstore.Open(t.Context(), db, sqlstore.SQLite))(t)
	out := new(bytes.Buffer)
	return newWorker(n.dir, out, 10*time.Second, store, n, n), out
}

func (n *network) submit(t *testing.T) {
	t.Helper()
	w, _ := n.started(t)
	if err := w.submit(t.Context(), n.now, "www.example.com", "ops@example.com"); err != nil {
		t.Fatal(err)
	}
}

// pass lets a new process look at all orders, after some time.
func (n *network) pass(t *testing.T, later time.Duration) string {
	t.Helper()
	n.now = n.now.Add(later)
	w, out := n.started(t)
	if err := w.pass(t.Context(), n.now); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// orders returns all orders of the host, the oldest first.
func (n *network) orders(t *testing.T) []order.Order {
	t.Helper()
	w, _ := n.started(t)
	return must(w.book.OrdersOf(t.Context(), "www.example.com", order.Order{}, 100))(t)
}

func (n *network) wantStates(t *testing.T, want ...order.State) {
	t.Helper()
	var got []order.State
	for _, o := range n.orders(t) {
		got = append(got, o.State)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states mismatch (-want +got):\n%s", diff)
	}
}

const (
	day       = 24 * time.Hour
	twoThirds = 61*day + 8*time.Hour // of three months from start
)

// Each step is a process of its own.
func TestLife(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	n.submit(t)
	n.submit(t) // the same name again is the same order
	out := n.pass(t, time.Minute)
	want := "www.example.com: process\nwww.example.com: certificate\nwww.example.com: certificate until 2026-06-04 in " + filepath.Join(n.dir, "www.example.com.pem") + "\n"
	if out != want {
		t.Errorf("the first pass prints %q, want %q", out, want)
	}
	n.wantStates(t, order.StateCertificate)
	first := must(os.ReadFile(filepath.Join(n.dir, "www.example.com.pem")))(t)
	if string(first) != n.orders(t)[0].Certificate {
		t.Error("the file does not have the order's certificate")
	}

	n.pass(t, 59*day)
	n.wantStates(t, order.StateCertificate)
	out = n.pass(t, 3*day)
	if !strings.Contains(out, "add the TXT record _acme-challenge.www.example.com with the text ttt") {
		t.Errorf("a renewal prints %q", out)
	}
	n.wantStates(t, order.StateCertificate, order.StateDomainVerify)
	n.pass(t, time.Minute)
	n.wantStates(t, order.StateCertificate, order.StateCertificate)
	n.pass(t, 40*day) // the first certificate has expired
	n.wantStates(t, order.StateCertificate, order.StateCertificate)
	second := must(os.ReadFile(filepath.Join(n.dir, "www.example.com.pem")))(t)
	if bytes.Equal(first, second) || string(second) != n.orders(t)[1].Certificate {
		t.Error("the file does not have the second certificate")
	}
	if n.begun != 2 || n.obtained != 2 {
		t.Errorf("the CA has %d orders and was asked for %d certificates, want 2 and 2", n.begun, n.obtained)
	}
}

func TestPauses(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	n.unplaced = true
	n.submit(t)
	for i, step := range []struct {
		later   time.Duration
		lookups int
		next    time.Duration // from now
	}{
		{time.Second, 1, 10 * time.Second},
		{9 * time.Second, 1, time.Second},
		{time.Second, 2, 20 * time.Second},
		{20 * time.Second, 3, 40 * time.Second},
		{day, 4, 80 * time.Second},
	} {
		n.pass(t, step.later)
		o := n.orders(t)[0]
		if next := o.Next.Sub(n.now); n.lookups != step.lookups || next != step.next {
			t.Errorf("step %d: %d lookups and the next in %s, want %d and %s", i, n.lookups, next, step.lookups, step.next)
		}
	}
	for range 20 {
		n.pass(t, day)
	}
	if next := n.orders(t)[0].Next.Sub(n.now); next != 10*time.Minute {
		t.Errorf("after many attempts the next is in %s, want 10 minutes", next)
	}
	n.unplaced, n.unavailable = false, errors.New("the account is closed")
	for range 20 {
		n.pass(t, day)
	}
	if next := n.orders(t)[0].Next.Sub(n.now); next != day {
		t.Errorf("after many failures of the CA the next is in %s, want a day", next)
	}
}

// The applicant learns once why a proof is not found, and after a restart what to add.
func TestWaiting(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	n.unplaced = true
	n.submit(t)
	next := n.now.Add(10 * time.Second).Local().Format(time.TimeOnly)
	if out := n.pass(t, 0); !strings.HasPrefix(out, "www.example.com: no proof yet, the next look is at "+next+": ") {
		t.Errorf("the first pass prints %q", out)
	}
	if out := n.pass(t, time.Minute); out != "" {
		t.Errorf("the second pass prints %q", out)
	}
	n.unplaced, n.looking = false, true
	if out := n.pass(t, time.Minute); out != "" {
		t.Errorf("a pass while the CA looks prints %q", out)
	}
	w, out := n.started(t)
	if err := w.remind(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := "www.example.com: add the TXT record _acme-challenge.www.example.com with the text " + strings.Repeat("t", 43) + "\n"; out.String() != want {
		t.Errorf("a restart prints %q, want %q", out, want)
	}
}

// A CA that asks for a longer pause gets it, also from a new process.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	n.unavailable = &order.Unavailable{RetryAt: start.Add(time.Hour), Err: errors.New("rate limited")}
	n.submit(t)
	if out := n.pass(t, time.Second); !strings.Contains(out, "rate limited") {
		t.Errorf("the pass prints %q", out)
	}
	n.pass(t, time.Hour-2*time.Second)
	if n.obtained != 1 {
		t.Errorf("the CA was asked %d times within the hour, want once", n.obtained)
	}
	n.unavailable = nil
	n.pass(t, time.Second)
	n.wantStates(t, order.StateCertificate)
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		change  func(*network)
		first   time.Duration // the first look after the issue
		renewed bool          // at the second look, 10 days after the issue
	}{
		{"no suggestion", func(n *network) {}, twoThirds, false},
		{"the CA suggests an earlier time", func(n *network) { n.at = start.Add(9 * day) }, 9 * day, true},
		{"the CA suggests a time after a third of the life", func(n *network) { n.at = start.Add(89 * day) }, twoThirds, false},
		{"the CA wants to be asked again", func(n *network) { n.at, n.nextAsk = start.Add(50*day), start.Add(day) }, day, false},
		{"the CA does not answer", func(n *network) { n.ariErr = errors.New("no answer") }, twoThirds, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t)
			tt.change(n)
			n.submit(t)
			n.pass(t, 0)
			if next := n.orders(t)[0].Next.Sub(start); next != tt.first {
				t.Errorf("the next look is after %s, want %s", next, tt.first)
			}
			n.pass(t, 10*day)
			if renewed := len(n.orders(t)) == 2; renewed != tt.renewed {
				t.Errorf("after 10 days: renewed is %t, want %t", renewed, tt.renewed)
			}
		})
	}
}

// A renewal that failed is ordered again, and one under way is not.
func TestRenewalFails(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	n.submit(t)
	n.pass(t, 0)
	n.unavailable = &order.Refusal{Reason: "CAA names another CA"}
	n.pass(t, twoThirds)
	n.pass(t, time.Minute)
	n.wantStates(t, order.StateCertificate, order.StateVerifyFail)
	n.unavailable = nil
	n.pass(t, day)
	n.wantStates(t, order.StateCertificate, order.StateVerifyFail, order.StateDomainVerify)
	n.unplaced = true
	n.pass(t, day)
	n.wantStates(t, order.StateCertificate, order.StateVerifyFail, order.StateDomainVerify)
}

// A certificate that nobody renewed in time is ordered again.
func TestExpired(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	n.submit(t)
	n.pass(t, 0)
	if out := n.pass(t, 93*day); !strings.Contains(out, "expired: start the program") {
		t.Errorf("after the end the pass prints %q", out)
	}
	n.submit(t)
	n.wantStates(t, order.StateCertificate, order.StateDomainVerify)
}
