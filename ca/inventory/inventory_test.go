package inventory_test

import (
	"crypto/x509"
	"math/big"
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
		{"a long resource group", func(f *inventory.Filter, _ *int) { f.ResourceGroupId = testutil.Chinese(256) }, malformed, "ResourceGroupId", ""},
		{"a long name", func(f *inventory.Filter, _ *int) { f.Name = testutil.Chinese(256) }, malformed, "Name", ""},
		{"name and domain", func(f *inventory.Filter, _ *int) { f.Name, f.Domain = "a", "a" }, malformed, "Domain", "Name is set too"},
		{"an address as a domain", func(f *inventory.Filter, _ *int) { f.Domain = "192.0.2.1" }, malformed, "Domain", "not a DNS name"},
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

// Every filter, alone and in pages, in both directions.
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
	all := everything(t, v)
	revoke(t, v, later, all[3], ca.ReasonUnspecified)
	for _, tt := range []struct {
		name string
		f    inventory.Filter
		want []int64
	}{
		{"all", inventory.Filter{}, []int64{9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{"an authority", inventory.Filter{Authority: all[1].Authority}, []int64{8, 6, 4, 2}},
		{"revoked", inventory.Filter{Status: ca.StatusRevoke}, []int64{4}},
		{"clients", inventory.Filter{Kind: inventory.KindClient}, []int64{9, 7, 5, 3, 1}},
		{"a resource group", inventory.Filter{ResourceGroupId: "b"}, []int64{8, 6, 4, 2}},
		{"a name", inventory.Filter{Name: "www.example.com"}, []int64{9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{"a domain of clients", inventory.Filter{Domain: "example.com", Kind: inventory.KindClient}, []int64{9, 7, 5, 3, 1}},
		{"a window", inventory.Filter{ExpireFrom: all[0].NotAfter, ExpireBefore: all[1].NotAfter}, []int64{6, 8, 3, 1}},
		{"no end", inventory.Filter{ExpireFrom: all[1].NotAfter}, []int64{9, 7, 5, 2, 4}},
	} {
		for _, oldestFirst := range []bool{false, true} {
			for _, limit := range []int{1, 2, 1000} {
				tt.f.OldestFirst = oldestFirst
				var got []int64
				var after inventory.Certificate
				for {
					page := must[[]inventory.Certificate](t)(v.Certificates(t.Context(), tt.f, after, limit))
					for _, c := range page {
						if oldestFirst {
							got = append([]int64{c.Id}, got...)
						} else {
							got = append(got, c.Id)
						}
						after = inventory.Certificate{Id: c.Id, NotAfter: c.NotAfter} // all that a caller has to keep
					}
					if len(page) < limit {
						break
					}
				}
				if tt.name == "a window" || tt.name == "no end" { // the order is that of NotAfter
					want := map[string]int{"a window": 4, "no end": 5}[tt.name]
					for i := 1; i < len(got); i++ {
						if all[got[i-1]-1].NotAfter.Before(all[got[i]-1].NotAfter) {
							t.Errorf("%s: %v is not in the order of expiry", tt.name, got)
						}
					}
					if len(got) != want {
						t.Errorf("%s: %d certificates, want %d", tt.name, len(got), want)
					}
					continue
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s, limit %d, oldest first %t: mismatch of Ids (-want +got):\n%s", tt.name, limit, oldestFirst, diff)
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
