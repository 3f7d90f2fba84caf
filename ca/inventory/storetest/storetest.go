// Package storetest tests implementations of [inventory.Store].
package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/storetest"
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
		{"calls", testCalls},
		{"revoked certificates", testRevoked},
		{"a sequence of revoked certificates that ends early", testRevokedEndsEarly},
		{"concurrent changes of one certificate", testIncrements},
		{"concurrent Updates in opposite order", testOppositeOrders},
		{"concurrent creation of a certificate", testNewCertificate},
		{"concurrent creation of a list", testNewList},
		{"concurrent creation of a CA", testNewCA},
		{"equal calls at the same time", testOnce},
		{"a View of one state", testViews},
		{"a View after an Update", testViewAfterUpdate},
		{"concurrent revocations of one certificate", testRevokeOnce},
		{"concurrent methods of an Inventory", testInventory},
		{"concurrent CRLs", testLists},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
	storetest.RunFailures(t, open, testUndone, func(s inventory.Snapshot) error {
		_, _, err := s.Certificate("none")
		return err
	})
}

// day is when the certificates of these tests are added.
var day = storetest.Day

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

// put stores new certificates, CAs, lists and calls, and returns the certificates with
// their Ids.
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
		case inventory.Call:
			if _, _, err = tx.Call(value.Operation, value.ClientToken); err == nil {
				err = tx.CreateCall(value)
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

// wantCertificate, wantCA, wantList and wantCall compare want with the stored value. A
// nil want means that nothing is stored.
func wantCertificate(t *testing.T, r inventory.Reader, identifier string, want *inventory.Certificate) {
	t.Helper()
	got, found, err := r.Certificate(identifier)
	storetest.WantFound(t, fmt.Sprintf("Certificate(%q)", identifier), got, found, err, want)
	for _, instant := range []time.Time{got.NotBefore, got.NotAfter, got.Added, got.Updated, got.Revocation.RevocationTime} {
		if instant.Location() != time.UTC {
			t.Errorf("Certificate(%q) has a time in %s, want UTC", identifier, instant.Location())
		}
	}
	if want != nil {
		got, found, err = r.CertificateBySerialNumber(want.Authority, want.SerialNumber)
		storetest.WantFound(t, fmt.Sprintf("CertificateBySerialNumber(%q, %q)", want.Authority, want.SerialNumber), got, found, err, want)
	}
}

func wantCA(t *testing.T, r inventory.Reader, identifier string, want *inventory.CA) {
	t.Helper()
	got, found, err := r.CA(identifier)
	storetest.WantFound(t, fmt.Sprintf("CA(%q)", identifier), got, found, err, want)
}

func wantList(t *testing.T, r inventory.Reader, authority, crlUrl string, want *inventory.List) {
	t.Helper()
	got, found, err := r.List(authority, crlUrl)
	storetest.WantFound(t, fmt.Sprintf("List(%q, %q)", authority, crlUrl), got, found, err, want)
}

func wantCall(t *testing.T, r inventory.Reader, operation, clientToken string, want *inventory.Call) {
	t.Helper()
	got, found, err := r.Call(operation, clientToken)
	storetest.WantFound(t, fmt.Sprintf("Call(%q, %q)", operation, clientToken), got, found, err, want)
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
