package storetest

import (
	"crypto/md5"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/storetest"
)

// An authority is a CA with certificates to add.
type authority struct {
	issuer       *ca.Issuer
	certificates [][]byte
}

// newAuthority makes a subordinate CA and n certificates of it.
func newAuthority(t *testing.T, n int) authority {
	t.Helper()
	a := authority{issuer: storetest.NewIssuer(t)}
	req := &ca.CreateServerCertificateWithCsrRequest{
		Csr: storetest.NewCSR(t, "www.example.com"), ParentIdentifier: a.issuer.Identifier(), Days: 90,
	}
	for range n {
		_, der, err := ca.CreateServerCertificateWithCsr(nil, day, a.issuer, req)
		if err != nil {
			t.Fatalf("CreateServerCertificateWithCsr: %v", err)
		}
		a.certificates = append(a.certificates, der)
	}
	return a
}

func testRevokeOnce(t *testing.T, store inventory.Store) {
	a, v := newAuthority(t, 1), inventory.New(store)
	c, err := v.Add(t.Context(), day, a.certificates[0], inventory.Labels{})
	if err != nil {
		t.Fatal(err)
	}
	var succeeded atomic.Int64
	storetest.AtOnce(200, func(int) {
		_, err := v.Revoke(t.Context(), day, c.Identifier, inventory.Revocation{Reason: ca.ReasonKeyCompromise})
		if err == nil {
			succeeded.Add(1)
		} else if !errors.Is(err, yuncert.ErrInvalidStatusUpdateProtection) {
			t.Errorf("Revoke: %v", err)
		}
	})
	if succeeded.Load() != 1 {
		t.Errorf("%d revocations succeeded, want one", succeeded.Load())
	}
}

// Two hundred goroutines make ten calls. Each call is recorded once, with the certificate
// that all of them get, also if all certificates have the same CustomIdentifier.
func testOnce(t *testing.T, store inventory.Store) {
	const calls, goroutines = 10, 20
	a := newAuthority(t, calls*goroutines)
	type response struct{ Identifier string }
	identifier := func(der []byte) string { return fmt.Sprintf("%x", md5.Sum(der)) }
	var got [calls][goroutines]string
	storetest.AtOnce(calls*goroutines, func(n int) {
		call, goroutine := n%calls, n/calls
		req := &ca.UpdateCACertificateStatusRequest{Identifier: "certificate", ClientToken: strconv.Itoa(call)}
		resp, err := inventory.Once(t.Context(), inventory.New(store), nil, day, req, func() (*response, inventory.Issued, error) {
			issued := inventory.Issued{DER: a.certificates[n]}
			if call%2 == 0 {
				issued.Labels.CustomIdentifier = strconv.Itoa(call)
			}
			return &response{identifier(issued.DER)}, issued, nil
		})
		if err != nil {
			t.Errorf("Once: %v", err)
			return
		}
		got[call][goroutine] = resp.Identifier
	})
	stored := all(t, store)
	if len(stored) != calls {
		t.Errorf("%d certificates are stored, want one for each of %d calls", len(stored), calls)
	}
	for call := range got {
		first := got[call][0]
		if !slices.ContainsFunc(stored, func(c inventory.Certificate) bool { return c.Identifier == first }) {
			t.Errorf("the certificate %s of call %d is not stored", first, call)
		}
		for _, other := range got[call] {
			if other != first {
				t.Errorf("call %d got the certificates %s and %s", call, first, other)
			}
		}
	}
}

// Two hundred goroutines call random methods on the same few certificates.
func testInventory(t *testing.T, store inventory.Store) {
	const goroutines, times = 200, 8
	a, v := newAuthority(t, 40), inventory.New(store)
	var added, revocations, deletions, releases atomic.Int64
	ids := make([]atomic.Pointer[string], len(a.certificates))
	storetest.AtOnce(goroutines, func(n int) {
		rnd := rand.New(rand.NewPCG(1, uint64(n)))
		for range times {
			at := rnd.IntN(len(ids))
			id := ids[at].Load()
			var err error
			var count *atomic.Int64
			switch what := rnd.IntN(6); {
			case id == nil || what == 0:
				var c inventory.Certificate
				c, err = v.Add(t.Context(), day, a.certificates[at], inventory.Labels{CustomIdentifier: strconv.Itoa(at)})
				count = &added
				if err == nil {
					ids[at].Store(&c.Identifier)
				}
			case what == 1:
				_, err = v.Revoke(t.Context(), day, *id, inventory.Revocation{})
				count = &revocations
			case what == 2:
				_, err = v.Revoke(t.Context(), day, *id, inventory.Revocation{Reason: ca.ReasonCertificateHold})
				count = &revocations
			case what == 3:
				_, err = v.Release(t.Context(), day, *id)
				count = &releases
			case what == 4:
				_, err = v.DeleteClientCertificate(t.Context(), nil, day, &inventory.DeleteClientCertificateRequest{Identifier: *id})
				count = &deletions
			default:
				_, err = v.ListClientCertificate(t.Context(), nil, &inventory.ListClientCertificateRequest{ShowSize: 3})
				count = new(atomic.Int64)
			}
			if err == nil {
				count.Add(1)
				continue
			}
			expected := false
			for _, code := range []yuncert.Code{yuncert.ErrNotFound, yuncert.ErrInvalidStatusUpdateProtection, yuncert.ErrInvalidStatusDeleteProtection, yuncert.ErrInvalidParameter} {
				expected = expected || errors.Is(err, code)
			}
			if !expected {
				t.Errorf("an unexpected error: %v", err)
			}
		}
	})
	for name, count := range map[string]*atomic.Int64{"Add": &added, "Revoke": &revocations, "Release": &releases, "DeleteClientCertificate": &deletions} {
		if count.Load() == 0 {
			t.Errorf("no %s succeeded", name)
		}
	}
	// Every certificate is there once, in the status that its last change gave it.
	authority := inventory.AuthorityOf(a.issuer)
	view(t, store, func(s inventory.Snapshot) error {
		entries := 0
		for _, err := range s.Revoked(authority, "", time.Time{}) {
			if err != nil {
				return err
			}
			entries++
		}
		want := 0
		for at := range ids {
			if id := ids[at].Load(); id != nil {
				c, found, err := s.Certificate(*id)
				if err != nil || !found {
					return fmt.Errorf("certificate %s: found %t, %w", *id, found, err)
				}
				if c.Status != ca.StatusIssue {
					want++
				}
			}
		}
		if entries != want {
			t.Errorf("Revoked yields %d entries, and %d certificates are not in force", entries, want)
		}
		return nil
	})
}

// Inventories that stand for processes revoke certificates and publish CRLs at once.
// The numbers rise, and each CRL has all entries of the CRLs with lower numbers.
func testLists(t *testing.T, store inventory.Store) {
	const processes, times = 4, 10
	a := newAuthority(t, processes*times)
	type published struct {
		number  int64
		entries map[string]bool
	}
	var mu sync.Mutex
	var all []published
	greatest := func() (n int64) {
		mu.Lock()
		defer mu.Unlock()
		for _, p := range all {
			n = max(n, p.number)
		}
		return n
	}
	storetest.AtOnce(2*processes, func(n int) {
		v := inventory.New(store)
		for i := range times {
			if n < processes {
				c, err := v.Add(t.Context(), day, a.certificates[n*times+i], inventory.Labels{})
				if err == nil {
					_, err = v.Revoke(t.Context(), day, c.Identifier, inventory.Revocation{})
				}
				if err != nil {
					t.Errorf("Add and Revoke: %v", err)
				}
				continue
			}
			before := greatest()
			der, err := v.RevocationList(t.Context(), nil, day, a.issuer, day.AddDate(0, 0, 1))
			if err != nil {
				t.Errorf("RevocationList: %v", err)
				return
			}
			list, err := ca.ParseRevocationList(der)
			if err != nil {
				t.Errorf("ParseRevocationList: %v", err)
				return
			}
			p := published{list.Number.Int64(), make(map[string]bool)}
			for _, entry := range list.RevokedCertificateEntries {
				p.entries[entry.SerialNumber.String()] = true
			}
			if p.number <= before {
				t.Errorf("a list has the number %d, and %d was published before", p.number, before)
			}
			mu.Lock()
			all = append(all, p)
			mu.Unlock()
		}
	})
	for _, lower := range all {
		for _, higher := range all {
			if lower.number > higher.number {
				continue
			}
			for serial := range lower.entries {
				if !higher.entries[serial] {
					t.Errorf("list %d lacks the entry %s of list %d", higher.number, serial, lower.number)
				}
			}
		}
	}
	der, err := inventory.New(store).RevocationList(t.Context(), nil, day, a.issuer, day.AddDate(0, 0, 1))
	if err != nil {
		t.Fatalf("RevocationList: %v", err)
	}
	list, err := ca.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(processes*times, len(list.RevokedCertificateEntries)); diff != "" {
		t.Errorf("mismatch of the number of entries in the last list (-want +got):\n%s", diff)
	}
}
