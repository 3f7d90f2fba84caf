package inventory_test

import (
	"cmp"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/testutil"
)

func revoke(t testing.TB, v *inventory.Inventory, now time.Time, c inventory.Certificate, reason ca.RevocationReason) {
	t.Helper()
	must[inventory.Certificate](t)(v.Revoke(t.Context(), now, c.Identifier, inventory.Revocation{Reason: reason}))
}

// wantSerials compares the serial numbers on a list with the ones of certificates.
func wantSerials[Entry any](t testing.TB, what string, entries map[string]Entry, want ...inventory.Certificate) {
	t.Helper()
	got := slices.Sorted(maps.Keys(entries))
	var serials []string
	for _, c := range want {
		serials = append(serials, c.SerialNumber)
	}
	slices.Sort(serials)
	if diff := gocmp.Diff(serials, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: mismatch of serial numbers (-want +got):\n%s", what, diff)
	}
}

// The list of every family of keys has the revocations with all they say.
func TestRevocationList(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.SM2_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			v, _ := newInventory()
			good, bad, held, gone := add(t, v, issue(t, au.issuer, 90), inventory.Labels{}), add(t, v, issue(t, au.issuer, 90), inventory.Labels{}),
				add(t, v, issue(t, au.issuer, 90), inventory.Labels{}), add(t, v, issue(t, au.issuer, 90), inventory.Labels{})
			other := add(t, v, issue(t, authorityOf(algorithm.ECC_384).issuer, 90), inventory.Labels{})
			must[inventory.Certificate](t)(v.Revoke(t.Context(), later, bad.Identifier, inventory.Revocation{
				RevocationTime: instant, Reason: ca.ReasonKeyCompromise, InvalidityDate: instant.AddDate(0, 0, -1),
			}))
			revoke(t, v, later, held, ca.ReasonCertificateHold)
			revoke(t, v, later, other, ca.ReasonUnspecified)
			revoke(t, v, later, gone, ca.ReasonUnspecified)
			must[*inventory.DeleteClientCertificateResponse](t)(v.DeleteClientCertificate(t.Context(), nil, later, &inventory.DeleteClientCertificateRequest{Identifier: gone.Identifier}))
			crl, entries := list(t, v, later, au.issuer)
			wantSerials(t, "the list", entries, bad, held, gone)
			entry := entries[bad.SerialNumber]
			if !entry.RevocationTime.Equal(instant.Truncate(time.Second)) || entry.ReasonCode != int(ca.ReasonKeyCompromise) || len(entry.Extensions) != 2 {
				t.Errorf("the entry is %v", entry)
			}
			if !crl.ThisUpdate.Equal(later.Truncate(time.Second)) || !crl.NextUpdate.Equal(later.AddDate(0, 0, 1).Truncate(time.Second)) {
				t.Errorf("the list is in force from %s to %s", crl.ThisUpdate, crl.NextUpdate)
			}
			for c, want := range map[string]yuncert.Code{string(good.DER): "", string(bad.DER): protected} {
				_, err := ca.Verify(later, testutil.EncodePEM("CERTIFICATE", []byte(c)), ca.VerifyOptions{
					Roots: au.rootPEM, Intermediates: au.subPEM, RevocationLists: []*x509.RevocationList{crl},
				})
				if (want == "") != (err == nil) || want != "" && !errors.Is(err, want) {
					t.Errorf("Verify is %v, want %q", err, want)
				}
			}
			must[inventory.Certificate](t)(v.Release(t.Context(), later, held.Identifier))
			_, entries = list(t, v, later, au.issuer)
			wantSerials(t, "after the release", entries, bad, gone)
		})
	}
}

func TestRevocationListRefuses(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	v, store := newInventory()
	c := add(t, v, issue(t, au.issuer, 90), inventory.Labels{})
	revoke(t, v, later, c, ca.ReasonUnspecified)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name       string
		ctx        context.Context
		issuer     *ca.Issuer
		nextUpdate time.Time
		code       yuncert.Code
		parameter  string
	}{
		{"no issuer", t.Context(), nil, later.AddDate(0, 0, 1), unknown, "ParentIdentifier"},
		{"no next update", t.Context(), au.issuer, time.Time{}, missing, "NextUpdate"},
		{"no next update and no issuer", t.Context(), nil, time.Time{}, missing, "NextUpdate"},
		{"next update now", t.Context(), au.issuer, later, refused, "NextUpdate"},
		{"year 10000", t.Context(), au.issuer, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), malformed, "NextUpdate"},
		{"a context that has ended", ended, au.issuer, later.AddDate(0, 0, 1), broke, ""},
	}
	for _, tt := range tests {
		der, err := v.RevocationList(tt.ctx, testutil.Untouched(t), later, tt.issuer, tt.nextUpdate)
		testutil.CheckError(t, err, tt.code, tt.parameter)
		if der != nil {
			t.Errorf("%s: a list with an error", tt.name)
		}
	}
	_, err := v.RevocationList(t.Context(), nil, later.AddDate(20, 0, 0), au.issuer, later.AddDate(21, 0, 0))
	testutil.CheckError(t, err, yuncert.ErrCertificateExpired, "ParentIdentifier")
	store.View(t.Context(), func(s inventory.Snapshot) error {
		if l, _, _ := s.List(inventory.AuthorityOf(au.issuer), ""); l.Number != 0 {
			t.Errorf("a refused list is recorded: %+v", l)
		}
		return nil
	})
}

// The number is the UNIX time, and rises also when the clock does not.
func TestRevocationListNumber(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	v, store := newInventory()
	seconds := instant.Unix()
	for _, tt := range []struct {
		name string
		now  time.Time
		want int64
	}{
		{"the first", instant, seconds},
		{"in the same second", instant, seconds + 1},
		{"a clock that goes back", instant.Add(-time.Second), seconds + 2},
		{"later", later, seconds + 3600},
	} {
		crl, _ := list(t, v, tt.now.Add(time.Second), au.issuer)
		if crl.Number.Int64() != tt.want+1 {
			t.Errorf("%s: the number is %d, want %d", tt.name, crl.Number, tt.want+1)
		}
	}
	// Another Inventory over the store goes on, as after a restart.
	crl, _ := list(t, inventory.New(store), instant.Add(time.Second), au.issuer)
	if want := seconds + 3602; crl.Number.Int64() != want {
		t.Errorf("after a restart the number is %d, want %d", crl.Number, want)
	}
	// The root has a series of its own.
	crl, _ = list(t, v, instant.Add(time.Second), au.root)
	if crl.Number.Int64() != seconds+1 {
		t.Errorf("the first number of the root is %d", crl.Number)
	}
}

// An expired certificate stays on one list that is issued after its end (RFC 5280,
// section 3.3).
func TestRevocationListExpired(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	short, long := add(t, v, issue(t, au.issuer, 10), inventory.Labels{}), add(t, v, issue(t, au.issuer, 90), inventory.Labels{})
	late := add(t, v, issue(t, au.issuer, 10), inventory.Labels{}) // is revoked after it expired
	revoke(t, v, later, short, ca.ReasonUnspecified)
	revoke(t, v, later, long, ca.ReasonUnspecified)
	end := short.NotAfter
	for _, tt := range []struct {
		name string
		now  time.Time
		want []inventory.Certificate
	}{
		{"before the end", end.Add(-time.Second), []inventory.Certificate{short, long}},
		{"at the end", end, []inventory.Certificate{short, long}},
		{"the first after the end", end.Add(time.Second), []inventory.Certificate{short, long}},
		{"the second after the end", end.Add(2 * time.Second), []inventory.Certificate{long}},
		{"the third after the end", end.Add(3 * time.Second), []inventory.Certificate{long}},
		{"after another was revoked", end.Add(time.Hour), []inventory.Certificate{late, long}},
		{"the next one", end.Add(time.Hour + time.Second), []inventory.Certificate{long}},
		{"by a clock that goes back, by which they are due", end, []inventory.Certificate{short, late, long}},
		{"after that", end.Add(2 * time.Hour), []inventory.Certificate{short, late, long}},
		{"the next one after that", end.Add(2*time.Hour + time.Second), []inventory.Certificate{long}},
	} {
		if tt.name == "after another was revoked" {
			revoke(t, v, tt.now.Add(-time.Second), late, ca.ReasonKeyCompromise)
		}
		_, entries := list(t, v, tt.now, au.issuer)
		wantSerials(t, tt.name, entries, tt.want...)
	}
}

// A list by a clock that is years ahead does not take the entries off the lists after
// it, and the rule for expired certificates holds again from the next list on.
func TestRevocationListClockAhead(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	c := add(t, v, issue(t, au.issuer, 10), inventory.Labels{})
	revoke(t, v, later, c, ca.ReasonKeyCompromise)
	before, _ := list(t, v, later, au.issuer)
	list(t, v, later.AddDate(4, 0, 0), au.issuer)
	for _, tt := range []struct {
		name string
		now  time.Time
		want []inventory.Certificate
	}{
		{"by the right clock", later.Add(time.Second), []inventory.Certificate{c}},
		{"the next one", later.Add(time.Minute), []inventory.Certificate{c}},
		{"the first after the end", c.NotAfter.Add(time.Second), []inventory.Certificate{c}},
		{"the second after the end", c.NotAfter.Add(2 * time.Second), nil},
	} {
		crl, entries := list(t, v, tt.now, au.issuer)
		wantSerials(t, tt.name, entries, tt.want...)
		if crl.Number.Cmp(before.Number) <= 0 {
			t.Errorf("%s: the number is %d after %d", tt.name, crl.Number, before.Number)
		}
		before = crl
	}
}

// A list that was not completed does not count: entries stay for the next one.
func TestRevocationListNotCompleted(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	_, store := newInventory()
	wrapped := &wrappedStore{Store: store}
	v := inventory.New(wrapped)
	c := add(t, v, issue(t, au.issuer, 10), inventory.Labels{})
	revoke(t, v, later, c, ca.ReasonUnspecified)
	updates := 0
	wrapped.update = func(f func(inventory.Tx) error) (func(inventory.Tx) error, error) {
		updates++
		if updates == 2 { // the one after the signature
			return nil, errStore
		}
		return f, nil
	}
	after := c.NotAfter.Add(time.Second)
	der, err := v.RevocationList(t.Context(), nil, after, au.issuer, after.AddDate(0, 0, 1))
	testutil.CheckCause(t, err, broke, "", errStore.Error())
	if der != nil {
		t.Error("a list with an error")
	}
	crl, entries := list(t, v, after.Add(time.Second), au.issuer)
	wantSerials(t, "the first that is handed out", entries, c)
	if crl.Number.Int64() <= after.Unix() {
		t.Errorf("the number %d is not above the one that was lost", crl.Number)
	}
}

// The clock of the process that revoked is ahead of the one that publishes.
func TestRevocationListClock(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	c := add(t, v, issue(t, au.issuer, 90), inventory.Labels{})
	revoke(t, v, later.Add(time.Minute), c, ca.ReasonUnspecified)
	_, entries := list(t, v, later, au.issuer)
	if got := entries[c.SerialNumber].RevocationTime; !got.Equal(later.Truncate(time.Second)) {
		t.Errorf("the entry has the time %s, want the time of the list", got)
	}
}

// A partition covers the certificates that name its address. The complete list covers
// all.
func TestRevocationListPartitions(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	a, b, plain := au.issuerAt(t, "http://a.example.com"), au.issuerAt(t, "http://b.example.com"), au.issuer
	var made []inventory.Certificate
	for _, issuer := range []*ca.Issuer{a, b, plain} {
		c := add(t, v, issue(t, issuer, 90), inventory.Labels{})
		revoke(t, v, later, c, ca.ReasonUnspecified)
		made = append(made, c)
	}
	type publish = func(context.Context, io.Reader, time.Time, *ca.Issuer, time.Time) ([]byte, error)
	for _, tt := range []struct {
		name    string
		publish publish
		issuer  *ca.Issuer
		want    []inventory.Certificate
	}{
		{"a", v.RevocationListPartition, a, made[:1]}, {"b", v.RevocationListPartition, b, made[1:2]},
		{"nothing", v.RevocationListPartition, au.issuerAt(t, "http://c.example.com"), nil},
		{"complete", v.RevocationList, plain, made},
	} {
		crl, entries := parseList(t, must[[]byte](t)(tt.publish(t.Context(), nil, later, tt.issuer, later.AddDate(0, 0, 1))))
		wantSerials(t, tt.name, entries, tt.want...)
		if crl.Number.Int64() != later.Unix() {
			t.Errorf("%s: the number is %d; each partition has its own series", tt.name, crl.Number)
		}
		limited := slices.ContainsFunc(crl.Extensions, func(e pkix.Extension) bool { return e.Id.String() == "2.5.29.28" })
		if limited != (tt.name != "complete") {
			t.Errorf("%s: issuingDistributionPoint is there: %t", tt.name, limited)
		}
		// Verify finds each revoked certificate on the list that covers it.
		for _, c := range tt.want {
			_, err := ca.Verify(later, testutil.EncodePEM("CERTIFICATE", c.DER), ca.VerifyOptions{
				Roots: au.rootPEM, Intermediates: au.subPEM, RevocationLists: []*x509.RevocationList{crl},
			})
			testutil.CheckError(t, err, protected, "Certificate")
		}
	}
	_, complete := list(t, v, later, a)
	wantSerials(t, "complete, by an issuer with CRLBase", complete, made...)
	_, err := v.RevocationListPartition(t.Context(), nil, later, plain, later.AddDate(0, 0, 1))
	testutil.CheckError(t, err, refused, "CRLBase", "no CRLBase")
	// The inventory keeps no address of this length, so the list would be empty.
	long := au.issuerAt(t, "http://pki.example.com/"+strings.Repeat("a", 1024))
	revoke(t, v, later, add(t, v, issue(t, long, 90), inventory.Labels{}), ca.ReasonKeyCompromise)
	_, err = v.RevocationListPartition(t.Context(), nil, later, long, later.AddDate(0, 0, 1))
	testutil.CheckError(t, err, refused, "CRLBase", "1024 octets")
	_, err = v.RevocationListPartition(t.Context(), nil, later, nil, later.AddDate(0, 0, 1))
	testutil.CheckError(t, err, unknown, "ParentIdentifier")
}

// A process that is overtaken while it reads begins again with a greater number.
func TestRevocationListOvertaken(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for _, when := range []string{"before it reads", "before it completes"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			other, store := newInventory()
			wrapped := &wrappedStore{Store: store}
			v := inventory.New(wrapped)
			c := add(t, v, issue(t, au.issuer, 90), inventory.Labels{})
			overtaken, number := 0, int64(0)
			overtake := func() {
				if overtaken++; overtaken > 3 {
					return
				}
				if overtaken == 1 {
					revoke(t, other, later, c, ca.ReasonUnspecified)
				}
				crl, entries := list(t, other, later, au.issuer)
				wantSerials(t, "the other list", entries, c)
				number = crl.Number.Int64()
			}
			updates := 0
			switch when {
			case "before it reads":
				wrapped.view = func(f func(inventory.Snapshot) error) (func(inventory.Snapshot) error, error) {
					overtake()
					return f, nil
				}
			default:
				wrapped.update = func(f func(inventory.Tx) error) (func(inventory.Tx) error, error) {
					if updates++; updates%2 == 0 {
						overtake()
					}
					return f, nil
				}
			}
			crl, entries := list(t, v, later, au.issuer)
			wantSerials(t, "the list", entries, c)
			if crl.Number.Int64() <= number || overtaken != 4 {
				t.Errorf("the list has the number %d after %d attempts, and the other has %d", crl.Number, overtaken, number)
			}
		})
	}
}

// A process reads its entries, another one reads later and takes a lower number. The
// list with the higher number must not lack what the other one has.
func TestRevocationListReadInOtherOrder(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	whole, store := newInventory()
	c := add(t, whole, issue(t, au.issuer, 90), inventory.Labels{})
	hasRead, mayComplete := make(chan struct{}), make(chan struct{})
	updates := 0
	first := &wrappedStore{Store: store, update: func(f func(inventory.Tx) error) (func(inventory.Tx) error, error) {
		if updates++; updates == 2 { // the one after the signature
			close(hasRead)
			<-mayComplete
		}
		return f, nil
	}}
	var firstDER []byte
	var firstErr error
	var end sync.WaitGroup
	views := 0
	second := &wrappedStore{Store: store, view: func(f func(inventory.Snapshot) error) (func(inventory.Snapshot) error, error) {
		if views++; views == 1 { // its number is reserved
			end.Go(func() {
				firstDER, firstErr = inventory.New(first).RevocationList(context.Background(), nil, later, au.issuer, later.AddDate(0, 0, 1))
			})
			<-hasRead
			revoke(t, whole, later, c, ca.ReasonUnspecified)
		}
		return f, nil
	}}
	crl, entries := list(t, inventory.New(second), later, au.issuer)
	wantSerials(t, "the second list", entries, c)
	close(mayComplete)
	end.Wait()
	other := must[*x509.RevocationList](t)(ca.ParseRevocationList(must[[]byte](t)(firstDER, firstErr)))
	if other.Number.Cmp(crl.Number) <= 0 || len(other.RevokedCertificateEntries) != 1 {
		t.Errorf("list %d has %d entries, after list %d with one", other.Number, len(other.RevokedCertificateEntries), crl.Number)
	}
}

// It gives up after a while.
func TestRevocationListAlwaysOvertaken(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	other, store := newInventory()
	wrapped := &wrappedStore{Store: store}
	wrapped.view = func(f func(inventory.Snapshot) error) (func(inventory.Snapshot) error, error) {
		list(t, other, later, au.issuer)
		return f, nil
	}
	_, err := inventory.New(wrapped).RevocationList(t.Context(), nil, later, au.issuer, later.AddDate(0, 0, 1))
	testutil.CheckError(t, err, broke, "", "newer CRL 50 times")
}

// A store that runs f again after a conflict does not make entries appear twice.
func TestRevocationListViewAgain(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	_, store := newInventory()
	wrapped := &wrappedStore{Store: store}
	v := inventory.New(wrapped)
	c := add(t, v, issue(t, au.issuer, 90), inventory.Labels{})
	revoke(t, v, later, c, ca.ReasonUnspecified)
	again := true
	wrapped.view = func(f func(inventory.Snapshot) error) (func(inventory.Snapshot) error, error) {
		return func(s inventory.Snapshot) error {
			err := f(s)
			if again {
				again = false
				return f(s)
			}
			return err
		}, nil
	}
	der := must[[]byte](t)(v.RevocationList(t.Context(), nil, later, au.issuer, later.AddDate(0, 0, 1)))
	crl := must[*x509.RevocationList](t)(ca.ParseRevocationList(der))
	if n := len(crl.RevokedCertificateEntries); n != 1 || again {
		t.Errorf("the list has %d entries, want 1", n)
	}
}

// Processes revoke, hold, release and publish at random. Every list has the entries of
// all lists with lower numbers that are still due. The entry of a permanently revoked
// certificate is due until a list was published after the certificate's end.
func TestRevocationListProperty(t *testing.T) {
	t.Parallel()
	const seeds, processes, certificates, steps = 6, 4, 24, 30
	au := authorityOf(algorithm.ECC_256)
	var ders [certificates][]byte
	for n := range ders {
		ders[n] = issue(t, au.issuer, int32(1+n%8)) // some expire on the way
	}
	type published struct {
		number     int64
		thisUpdate time.Time
		final      map[string]bool // serial numbers of those that are not on hold
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			_, store := newInventory()
			var mu sync.Mutex
			var lists []published
			ends := make(map[string]time.Time) // by serial number
			var end sync.WaitGroup
			for process := range processes {
				end.Go(func() {
					v, rnd := inventory.New(store), rand.New(rand.NewPCG(seed, uint64(process)))
					clock := instant.Add(time.Duration(process) * time.Minute)
					for range steps {
						clock = clock.Add(time.Duration(rnd.IntN(12)) * time.Hour)
						c, err := v.Add(t.Context(), clock, ders[rnd.IntN(certificates)], inventory.Labels{})
						if err != nil {
							t.Errorf("Add: %v", err)
							return
						}
						switch rnd.IntN(6) {
						case 0, 1:
							v.Revoke(t.Context(), clock, c.Identifier, inventory.Revocation{Reason: ca.ReasonSuperseded})
						case 2:
							v.Revoke(t.Context(), clock, c.Identifier, inventory.Revocation{Reason: ca.ReasonCertificateHold})
						case 3:
							v.Release(t.Context(), clock, c.Identifier)
						default:
							der, err := v.RevocationList(t.Context(), nil, clock, au.issuer, clock.AddDate(0, 0, 1))
							if err != nil {
								t.Errorf("RevocationList: %v", err)
								return
							}
							crl, err := ca.ParseRevocationList(der)
							if err != nil {
								t.Errorf("ParseRevocationList: %v", err)
								return
							}
							p := published{crl.Number.Int64(), crl.ThisUpdate, make(map[string]bool)}
							for _, entry := range crl.RevokedCertificateEntries {
								if entry.ReasonCode == int(ca.ReasonSuperseded) {
									p.final[hexSerial(entry.SerialNumber)] = true
								}
							}
							mu.Lock()
							lists = append(lists, p)
							mu.Unlock()
						}
						mu.Lock()
						ends[c.SerialNumber] = c.NotAfter
						mu.Unlock()
					}
				})
			}
			end.Wait()
			slices.SortFunc(lists, func(a, b published) int { return cmp.Compare(a.number, b.number) })
			entries := 0
			for i, lower := range lists {
				entries += len(lower.final)
				for j := i + 1; j < len(lists); j++ {
					higher := lists[j]
					if lower.number == higher.number {
						t.Errorf("two lists have the number %d", lower.number)
					}
					for serial := range lower.final {
						over := higher.thisUpdate.After(ends[serial]) &&
							slices.ContainsFunc(lists[:j], func(p published) bool { return p.thisUpdate.After(ends[serial]) })
						if !higher.final[serial] && !over {
							t.Errorf("list %d lacks the entry %s of list %d", higher.number, serial, lower.number)
						}
					}
				}
			}
			if len(lists) < 10 || entries < 10 {
				t.Errorf("only %d lists with %d entries", len(lists), entries)
			}
		})
	}
}
