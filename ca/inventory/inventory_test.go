package inventory_test

import (
	"crypto/x509"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/testutil"
)

func TestNewPanics(t *testing.T) {
	t.Parallel()
	for _, store := range []inventory.Store{nil, (*inventory.MemoryStore)(nil)} {
		func() {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.Contains(text, "the store is nil") {
					t.Errorf("New(%#v) panics with %q", store, text)
				}
			}()
			inventory.New(store)
		}()
	}
}

func TestCertificatesRefuses(t *testing.T) {
	t.Parallel()
	v, _ := newInventory()
	tests := []struct {
		name      string
		change    func(f *inventory.Filter, limit *int)
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"another status", func(f *inventory.Filter, _ *int) { f.Status = "good" }, malformed, "Status", `"good" is not ISSUE or REVOKE`},
		{"deleted", func(f *inventory.Filter, _ *int) { f.Status = inventory.StatusDelete }, malformed, "Status", ""},
		{"another kind", func(f *inventory.Filter, _ *int) { f.Kind = "server" }, malformed, "Kind", `"server" is not CA, SERVER, CLIENT or OTHER`},
		{"an authority with a NUL", func(f *inventory.Filter, _ *int) { f.Authority = "\x00" }, malformed, "Authority", ""},
		{"an Identifier as the authority", func(f *inventory.Filter, _ *int) { f.Authority = strings.Repeat("0", 32) }, malformed, "Authority", "AuthorityOf"},
		{"an authority in upper case", func(f *inventory.Filter, _ *int) { f.Authority = strings.Repeat("A", 40) }, malformed, "Authority", "40 lower-case"},
		{"a long resource group", func(f *inventory.Filter, _ *int) { f.ResourceGroupId = testutil.Chinese(256) }, malformed, "ResourceGroupId", ""},
		{"a long name", func(f *inventory.Filter, _ *int) { f.Name = testutil.Chinese(256) }, malformed, "Name", ""},
		{"name and domain", func(f *inventory.Filter, _ *int) { f.Name, f.Domain = "a", "a" }, malformed, "Domain", "Name is set too"},
		{"an address as a domain", func(f *inventory.Filter, _ *int) { f.Domain = "192.0.2.1" }, malformed, "Domain", "not a domain"},
		{"a wildcard", func(f *inventory.Filter, _ *int) { f.Domain = "*.example.com" }, malformed, "Domain", "without a wildcard"},
		{"a dot in front", func(f *inventory.Filter, _ *int) { f.Domain = ".example.com" }, malformed, "Domain", ""},
		{"nine labels", func(f *inventory.Filter, _ *int) { f.Domain = "a.b.c.d.e.f.g.example.com" }, malformed, "Domain", "more than 8 labels"},
		{"a long domain", func(f *inventory.Filter, _ *int) { f.Domain = strings.Repeat("a.", 1<<20) }, malformed, "Domain", ""},
		{"limit 0", func(_ *inventory.Filter, limit *int) { *limit = 0 }, refused, "limit", "0 is not from 1 to 1000"},
		{"limit 1001", func(_ *inventory.Filter, limit *int) { *limit = 1001 }, refused, "limit", "1001 is not from 1 to 1000"},
	}
	for _, tt := range tests {
		f, limit := inventory.Filter{}, 1
		tt.change(&f, &limit)
		_, err := v.Certificates(t.Context(), f, inventory.Certificate{}, limit)
		testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
	}
}

// Every filter, as one list and in pages, in both directions.
func TestCertificates(t *testing.T) {
	t.Parallel()
	v, _ := newInventory()
	for n := range int64(9) {
		add(t, v, foreign(t, func(c, parent *x509.Certificate) {
			c.SerialNumber, c.NotAfter = big.NewInt(n+1), instant.AddDate(0, 0, int(n*4%9)+1)
			c.DNSNames = []string{"www.example.com"}
			if n%2 == 0 {
				c.ExtKeyUsage, parent.SubjectKeyId = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, []byte{9}
			}
		}), inventory.Labels{ResourceGroupId: []string{"a", "b"}[n%2]})
	}
	revoke(t, v, later, everything(t, v)[3], ca.ReasonUnspecified)
	all := everything(t, v)
	first, last := all[0].NotAfter, all[1].NotAfter
	everyone := func(inventory.Certificate) bool { return true }
	for _, tt := range []struct {
		name   string
		f      inventory.Filter
		passes func(c inventory.Certificate) bool
		want   int
	}{
		{"all", inventory.Filter{}, everyone, 9},
		{"an authority", inventory.Filter{Authority: all[1].Authority}, func(c inventory.Certificate) bool { return c.Id%2 == 0 }, 4},
		{"revoked", inventory.Filter{Status: ca.StatusRevoke}, func(c inventory.Certificate) bool { return c.Id == 4 }, 1},
		{"clients", inventory.Filter{Kind: inventory.KindClient}, func(c inventory.Certificate) bool { return c.Id%2 == 1 }, 5},
		{"a resource group", inventory.Filter{ResourceGroupId: "b"}, func(c inventory.Certificate) bool { return c.Id%2 == 0 }, 4},
		{"a name", inventory.Filter{Name: "www.example.com"}, everyone, 9},
		{"clients in a domain", inventory.Filter{Domain: "example.com", Kind: inventory.KindClient}, func(c inventory.Certificate) bool { return c.Id%2 == 1 }, 5},
		{"a window", inventory.Filter{ExpireFrom: first, ExpireBefore: last},
			func(c inventory.Certificate) bool { return !c.NotAfter.Before(first) && c.NotAfter.Before(last) }, 4},
		{"no end", inventory.Filter{ExpireFrom: last}, func(c inventory.Certificate) bool { return !c.NotAfter.Before(last) }, 5},
		{"no start", inventory.Filter{ExpireBefore: last, Status: ca.StatusIssue},
			func(c inventory.Certificate) bool { return c.NotAfter.Before(last) && c.Status == ca.StatusIssue }, 3},
	} {
		for _, oldestFirst := range []bool{false, true} {
			want := slices.DeleteFunc(slices.Clone(all), func(c inventory.Certificate) bool { return !tt.passes(c) })
			if !tt.f.ExpireFrom.IsZero() || !tt.f.ExpireBefore.IsZero() {
				slices.SortFunc(want, func(a, b inventory.Certificate) int { return a.NotAfter.Compare(b.NotAfter) })
			}
			if !oldestFirst {
				slices.Reverse(want)
			}
			if len(want) != tt.want {
				t.Fatalf("%s: the test expects %d certificates, want %d", tt.name, len(want), tt.want)
			}
			for _, limit := range []int{1, 2, 1000} {
				tt.f.OldestFirst = oldestFirst
				var got []inventory.Certificate
				var after inventory.Certificate
				for {
					page := must[[]inventory.Certificate](t)(v.Certificates(t.Context(), tt.f, after, limit))
					got = append(got, page...)
					if len(page) < limit {
						break
					}
					// The position is all that a caller has to keep.
					after = inventory.Certificate{Id: got[len(got)-1].Id, NotAfter: got[len(got)-1].NotAfter}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, limit %d, oldest first %t: mismatch (-want +got):\n%s", tt.name, limit, oldestFirst, diff)
				}
			}
		}
	}
}

func TestExpiring(t *testing.T) {
	t.Parallel()
	v, store := newInventory()
	const n = 250 // three pages
	for serial := range int64(n) {
		add(t, v, foreign(t, func(c, _ *x509.Certificate) {
			c.SerialNumber, c.NotAfter = big.NewInt(serial+1), instant.AddDate(0, 0, int(serial*7%n)+1)
		}), inventory.Labels{})
	}
	revoke(t, v, later, everything(t, v)[0], ca.ReasonUnspecified) // expires first
	day := func(n int) time.Time { return instant.AddDate(0, 0, n).Truncate(time.Second) }
	for _, tt := range []struct {
		name     string
		from, to time.Time
		want     int
		first    time.Time
	}{
		{"all", time.Time{}, time.Time{}, n - 1, day(2)},
		{"a window", day(10), day(20), 10, day(10)},
		{"two pages", day(10), day(210), 200, day(10)},
		{"no end", day(240), time.Time{}, 11, day(240)},
		{"nothing", day(251), day(300), 0, time.Time{}},
	} {
		var got []inventory.Certificate
		for c, err := range v.Expiring(t.Context(), tt.from, tt.to) {
			if err != nil {
				t.Fatal(err)
			}
			if len(got) > 0 && c.NotAfter.Before(got[len(got)-1].NotAfter) {
				t.Errorf("%s: %s follows %s", tt.name, c.NotAfter, got[len(got)-1].NotAfter)
			}
			got = append(got, c)
		}
		if len(got) != tt.want || len(got) > 0 && !got[0].NotAfter.Equal(tt.first) {
			t.Errorf("%s: %d certificates, want %d", tt.name, len(got), tt.want)
		}
	}
	for range v.Expiring(t.Context(), time.Time{}, time.Time{}) {
		break // ends early
	}
	views := 0
	failing := &wrappedStore{Store: store, view: func(f func(inventory.Snapshot) error) (func(inventory.Snapshot) error, error) {
		if views++; views == 2 {
			return nil, errStore
		}
		return f, nil
	}}
	count := 0
	var last error
	for _, err := range inventory.New(failing).Expiring(t.Context(), time.Time{}, time.Time{}) {
		count++
		last = err
	}
	testutil.CheckCause(t, last, broke, "")
	if count != 101 {
		t.Errorf("%d values, want a page and an error", count)
	}
}
