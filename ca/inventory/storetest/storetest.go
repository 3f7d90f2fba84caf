// Package storetest tests implementations of [inventory.Store].
package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
)

// Run tests the stores that open returns. Each subtest calls open for an empty
// store of its own. open closes the store with t.Cleanup, and calls t.Parallel
// if its stores can be used at the same time. Some subtests call a store from
// 200 goroutines.
func Run(t *testing.T, open func(t *testing.T) inventory.Store) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, inventory.Store)
	}{
		{"every field", testEveryField},
		{"extreme values", testExtremeValues},
		{"text that is not UTF-8", testNotUTF8},
		{"nothing found", testNotFound},
		{"values that are taken", testExists},
		{"rising Ids", testIds},
		{"changed and deleted certificates", testChangeAndDelete},
		{"an Update reads its own writes", testOwnWrites},
		{"queries", testQueries},
		{"pages", testPages},
		{"counts", testCount},
		{"pages by expiry", testPagesByExpiry},
		{"CAs", testCAs},
		{"revoked certificates", testRevoked},
		{"a sequence of revoked certificates that ends early", testRevokedEndsEarly},
		{"an error of f", testError},
		{"a panic of f", testPanic},
		{"a goroutine that ends in f", testGoexit},
		{"a context that has ended", testEndedContext},
		{"a context that ends in f", testEndingContext},
		{"concurrent changes of one certificate", testIncrements},
		{"concurrent Updates in opposite order", testOppositeOrders},
		{"concurrent creation of a certificate", testNewCertificate},
		{"concurrent creation of a list", testNewList},
		{"concurrent creation of a CA", testNewCA},
		{"a View of one state", testViews},
		{"a View after an Update", testViewAfterUpdate},
		{"concurrent revocations of one certificate", testRevokeOnce},
		{"concurrent methods of an Inventory", testInventory},
		{"concurrent CRLs", testLists},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
}

// day is when the certificates of these tests are added.
var day = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// newCertificate returns a certificate with a serial number, which expires so many
// days after day.
func newCertificate(serial, days int) inventory.Certificate {
	return inventory.Certificate{
		Identifier: fmt.Sprintf("%032x", serial), Authority: "authority", SerialNumber: fmt.Sprintf("%02x", serial),
		Kind: inventory.KindServer, NotBefore: day, NotAfter: day.AddDate(0, 0, days), DER: []byte("der"),
		Status: ca.StatusIssue, Added: day, Updated: day,
	}
}

// revoked returns a certificate as it is revoked at a time.
func revoked(c inventory.Certificate, at time.Time) inventory.Certificate {
	c.Status, c.Revocation, c.Updated = ca.StatusRevoke, inventory.Revocation{RevocationTime: at, Reason: ca.ReasonSuperseded}, at
	return c
}

// deleted returns a revoked certificate as it is deleted at a time.
func deleted(c inventory.Certificate, at time.Time) inventory.Certificate {
	c.Status, c.Updated, c.DER, c.Labels = inventory.StatusDelete, at, nil, inventory.Labels{}
	return c
}

// fill returns a struct in which every field has a different value, which depends on
// n.
func fill[T any](t *testing.T, n int) (filled T) {
	t.Helper()
	next := 1000 * n
	fillValue(t, reflect.ValueOf(&filled).Elem(), "", &next)
	return filled
}

func fillValue(t *testing.T, v reflect.Value, name string, next *int) {
	t.Helper()
	*next++
	switch {
	case name == "Status":
		v.SetString([]string{ca.StatusIssue, ca.StatusRevoke}[*next/1000%2])
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(day.Add(time.Duration(*next) * time.Microsecond)))
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprintf("%s %d, 证书 𝄞'\"\\%%$1?", name, *next))
	case v.CanInt():
		v.SetInt(int64(*next))
	case v.Type() == reflect.TypeFor[[]byte]():
		v.SetBytes([]byte{0, 255, byte(*next), 0})
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fillValue(t, v.Index(i), name, next)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fillValue(t, v.Field(i), v.Type().Field(i).Name, next)
		}
	default:
		t.Fatalf("fillValue has no value for the field %s of type %s", name, v.Type())
	}
}

func update(t *testing.T, store inventory.Store, f func(inventory.Tx) error) {
	t.Helper()
	if err := store.Update(t.Context(), f); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func view(t *testing.T, store inventory.Store, f func(inventory.Snapshot) error) {
	t.Helper()
	if err := store.View(t.Context(), f); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// put stores new certificates, CAs and lists, and returns the certificates with their
// Ids.
func put(t *testing.T, store inventory.Store, values ...any) (certificates []inventory.Certificate) {
	t.Helper()
	update(t, store, func(tx inventory.Tx) (err error) {
		certificates, err = putAll(tx, values...)
		return err
	})
	return certificates
}

func putAll(tx inventory.Tx, values ...any) (certificates []inventory.Certificate, err error) {
	for _, value := range values {
		switch value := value.(type) {
		case inventory.Certificate:
			value.Id, err = tx.CreateCertificate(value, nil)
			certificates = append(certificates, value)
		case inventory.CA:
			if _, _, err = tx.CA(value.Identifier); err == nil {
				err = tx.PutCA(value)
			}
		case inventory.List:
			if _, _, err = tx.List(value.Authority, value.CrlUrl); err == nil {
				err = tx.PutList(value)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return certificates, nil
}

// change replaces a certificate that exists.
func change(t *testing.T, store inventory.Store, c inventory.Certificate) {
	t.Helper()
	update(t, store, func(tx inventory.Tx) error {
		_, found, err := tx.Certificate(c.Identifier)
		if err != nil || !found {
			return fmt.Errorf("certificate %s: found %t, %w", c.Identifier, found, err)
		}
		return tx.PutCertificate(c)
	})
}

// wantCertificate, wantCA and wantList compare want with the stored value. A nil want
// means that nothing is stored.
func wantCertificate(t *testing.T, r inventory.Reader, identifier string, want *inventory.Certificate) {
	t.Helper()
	got, found, err := r.Certificate(identifier)
	wantFound(t, fmt.Sprintf("Certificate(%q)", identifier), got, found, err, want)
	for _, instant := range []time.Time{got.NotBefore, got.NotAfter, got.Added, got.Updated, got.Revocation.RevocationTime} {
		if instant.Location() != time.UTC {
			t.Errorf("Certificate(%q) has a time in %s, want UTC", identifier, instant.Location())
		}
	}
	if want != nil {
		got, found, err = r.CertificateBySerialNumber(want.Authority, want.SerialNumber)
		wantFound(t, fmt.Sprintf("CertificateBySerialNumber(%q, %q)", want.Authority, want.SerialNumber), got, found, err, want)
	}
}

func wantCA(t *testing.T, r inventory.Reader, identifier string, want *inventory.CA) {
	t.Helper()
	got, found, err := r.CA(identifier)
	wantFound(t, fmt.Sprintf("CA(%q)", identifier), got, found, err, want)
}

func wantList(t *testing.T, r inventory.Reader, authority, crlUrl string, want *inventory.List) {
	t.Helper()
	got, found, err := r.List(authority, crlUrl)
	wantFound(t, fmt.Sprintf("List(%q, %q)", authority, crlUrl), got, found, err, want)
}

func wantFound[T any](t *testing.T, what string, got T, found bool, err error, want *T) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if found != (want != nil) {
		t.Errorf("%s found is %t, want %t", what, found, want != nil)
	} else if found {
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Errorf("%s mismatch (-want +got):\n%s", what, diff)
		}
	}
}

// all returns every certificate that is not deleted, in the order of Id.
func all(t *testing.T, store inventory.Store) (certificates []inventory.Certificate) {
	t.Helper()
	view(t, store, func(s inventory.Snapshot) (err error) {
		certificates, err = s.Certificates(inventory.Query{OldestFirst: true, Limit: 1 << 20})
		return err
	})
	return certificates
}
