package inventory_test

import (
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/testutil"
)

// Lists continue above the numbers of another tool: the complete list, and the partition
// of the issuer.
func TestRaiseCRLNumber(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	a, b := au.issuerAt(t, "http://a.example.com"), au.issuerAt(t, "http://b.example.com")
	v, store := newInventory()
	seconds := later.Unix()
	for _, tt := range []struct {
		name      string
		raised    *ca.Issuer // nil means that nothing is raised
		last      int64
		issuer    *ca.Issuer // of the list
		partition bool
		want      int64
	}{
		{"a number below the time", au.issuer, 4096, au.issuer, false, seconds},
		{"a number above the time", au.issuer, seconds + 100, au.issuer, false, seconds + 101},
		{"the next list", nil, 0, au.issuer, false, seconds + 102},
		{"the last number of the inventory", au.issuer, seconds + 102, au.issuer, false, seconds + 103},
		{"a number that is used already", au.issuer, seconds + 50, au.issuer, false, seconds + 104},
		{"zero", au.issuer, 0, au.issuer, false, seconds + 105},
		{"a partition, of an issuer that was not raised", nil, 0, a, true, seconds},
		{"a partition", a, 20261129000000, a, true, 20261129000001},
		{"the complete list of the same issuer", nil, 0, a, false, 20261129000001},
		{"another partition", nil, 0, b, true, seconds},
		{"a partition again, after the complete list", a, 20261129000001, a, true, 20261129000002},
		{"another CA", nil, 0, au.root, false, seconds},
		{"the greatest number", au.issuer, 1 << 62, au.issuer, false, 1<<62 + 1},
	} {
		if tt.raised != nil {
			if err := v.RaiseCRLNumber(t.Context(), tt.raised, big.NewInt(tt.last)); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
		}
		after := inventory.New(store) // as after a restart
		publish := after.RevocationList
		if tt.partition {
			publish = after.RevocationListPartition
		}
		crl, _ := parseList(t, must[[]byte](t)(publish(t.Context(), nil, later, tt.issuer, later.AddDate(0, 0, 1))))
		if crl.Number.Int64() != tt.want {
			t.Errorf("%s: the number of the list is %d, want %d", tt.name, crl.Number, tt.want)
		}
	}
}

// A list that another process began before the raise begins again.
func TestRaiseCRLNumberDuringList(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	last := big.NewInt(1 << 40)
	memory := new(inventory.MemoryStore)
	raised := false
	v := inventory.New(&wrappedStore{Store: memory, view: func(f func(inventory.Snapshot) error) (func(inventory.Snapshot) error, error) {
		if raised {
			return f, nil
		}
		raised = true
		return f, inventory.New(memory).RaiseCRLNumber(t.Context(), au.issuer, last)
	}})
	crl, _ := list(t, v, later, au.issuer)
	if crl.Number.Cmp(last) <= 0 || !raised {
		t.Errorf("the number of the list is %d, want one above %d", crl.Number, last)
	}
}

func TestRaiseCRLNumberRefuses(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	v, store := newInventory()
	huge := new(big.Int).Lsh(big.NewInt(1), 158)
	for _, tt := range []struct {
		name      string
		issuer    *ca.Issuer
		last      *big.Int
		code      yuncert.Code
		parameter string
		words     string
	}{
		{"no number", au.issuer, nil, missing, "Number", ""},
		{"no number and no issuer", nil, nil, missing, "Number", ""},
		{"a negative number", au.issuer, big.NewInt(-1), malformed, "Number", "not negative"},
		{"2^62 + 1", au.issuer, big.NewInt(1<<62 + 1), refused, "Number", "63 bits"},
		{"a number of 20 octets", au.issuer, huge, refused, "Number", "159 bits, and an inventory counts up to 2^62"},
		{"no issuer", nil, big.NewInt(1), unknown, "ParentIdentifier", "no issuing CA"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			testutil.CheckError(t, v.RaiseCRLNumber(t.Context(), tt.issuer, tt.last), tt.code, tt.parameter, tt.words)
		})
	}
	failure := errors.New("the disk is full")
	broken := inventory.New(&wrappedStore{Store: store, update: func(func(inventory.Tx) error) (func(inventory.Tx) error, error) { return nil, failure }})
	err := broken.RaiseCRLNumber(t.Context(), au.issuer, big.NewInt(1))
	testutil.CheckCause(t, err, broke, "", failure.Error())
	if crl, _ := list(t, v, later, au.issuer); crl.Number.Int64() != later.Truncate(time.Second).Unix() {
		t.Errorf("a refused number counts: %d", crl.Number)
	}
}
