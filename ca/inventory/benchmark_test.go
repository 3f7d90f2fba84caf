package inventory_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
)

// numbered returns a function that makes different certificates: it changes the serial
// number of one. Their signatures are wrong, which Add does not look at.
func numbered(b *testing.B, issuer *ca.Issuer) func(n uint64) []byte {
	b.Helper()
	der := issue(b, issuer, 90)
	const serial = 4 + 4 + 5 + 2 // the headers, the version, and the header of the serial number
	return func(n uint64) []byte {
		changed := bytes.Clone(der)
		binary.BigEndian.PutUint64(changed[serial+1:], n)
		return changed
	}
}

// filled returns an inventory of n certificates of an issuer, and a function that
// makes more.
func filled(b *testing.B, n uint64, issuer *ca.Issuer, each func(*inventory.Inventory, inventory.Certificate)) (*inventory.Inventory, func(n uint64) []byte) {
	b.Helper()
	v, _ := newInventory()
	next := numbered(b, issuer)
	for serial := range n {
		c := add(b, v, next(serial), inventory.Labels{})
		if each != nil {
			each(v, c)
		}
	}
	return v, next
}

var sizes = []uint64{1_000, 20_000}

func BenchmarkAdd(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			v, next := filled(b, size, authorityOf(algorithm.ECC_256).issuer, nil)
			for n := size; b.Loop(); n++ {
				add(b, v, next(n), inventory.Labels{})
			}
		})
	}
}

func BenchmarkStatus(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			var last inventory.Certificate
			v, _ := filled(b, size, authorityOf(algorithm.ECC_256).issuer, func(_ *inventory.Inventory, c inventory.Certificate) { last = c })
			lookup := v.Status(b.Context(), later, last.Authority, time.Time{})
			for b.Loop() {
				if answer, err := lookup(last.SerialNumber); err != nil || answer.Status != ca.OCSPGood {
					b.Fatal(answer, err)
				}
			}
		})
	}
}

// BenchmarkRevocationList reports the time for each entry.
func BenchmarkRevocationList(b *testing.B) {
	const entries = 20_000
	issuer := authorityOf(algorithm.ECC_256).issuer
	v, _ := filled(b, entries, issuer, func(v *inventory.Inventory, c inventory.Certificate) { revoke(b, v, later, c, ca.ReasonSuperseded) })
	for b.Loop() {
		must[[]byte](b)(v.RevocationList(b.Context(), nil, later, issuer, later.AddDate(0, 0, 1)))
	}
	b.ReportMetric(float64(b.Elapsed())/float64(time.Nanosecond)/entries/float64(b.N), "ns/entry")
}
