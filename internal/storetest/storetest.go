// Package storetest has what the tests of all stores share.
package storetest

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// Day is the time of the records in the tests of stores.
var Day = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// AtOnce calls f in goroutines that start at the same time, with numbers from 0.
func AtOnce(goroutines int, f func(n int)) {
	var end sync.WaitGroup
	begin := make(chan struct{})
	for n := range goroutines {
		end.Go(func() {
			<-begin
			f(n)
		})
	}
	close(begin)
	end.Wait()
}

// Fill returns a struct in which every field has a different value, which depends on n.
// A field that texts names gets one of its texts, such as a status.
func Fill[T any](t *testing.T, n int, texts map[string][]string) (filled T) {
	t.Helper()
	next := 1000 * n
	var fill func(v reflect.Value, name string)
	fill = func(v reflect.Value, name string) {
		t.Helper()
		next++
		switch v.Kind() {
		case reflect.String:
			if some := texts[name]; some != nil {
				v.SetString(some[n%len(some)])
			} else {
				v.SetString(fmt.Sprintf("%s %d, 证书 𝄞\r\n'\"\\%%$1?", name, next))
			}
		case reflect.Int64:
			v.SetInt(1<<53 - 1 - int64(next))
		case reflect.Int, reflect.Int32:
			v.SetInt(1<<31 - 1 - int64(next))
		case reflect.Slice:
			if v.Type() == reflect.TypeFor[[]byte]() {
				v.SetBytes([]byte{0, 0xff, byte(next), 0x80, '\'', '"', '\\', 0})
				return
			}
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			for i := range v.Len() {
				fill(v.Index(i), name)
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() {
				v.Set(reflect.ValueOf(Day.Add(time.Duration(next) * time.Microsecond)))
				return
			}
			for i := range v.NumField() {
				fill(v.Field(i), v.Type().Field(i).Name)
			}
		default:
			t.Fatalf("Fill has no value for the field %s of type %s", name, v.Type())
		}
	}
	fill(reflect.ValueOf(&filled).Elem(), "")
	return filled
}

// WantFound compares want with what a method returned. A nil want means that nothing
// is stored.
func WantFound[T any](t *testing.T, what string, got T, found bool, err error, want *T, opts ...cmp.Option) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if found != (want != nil) {
		t.Errorf("%s found is %t, want %t", what, found, want != nil)
	} else if found {
		if diff := cmp.Diff(*want, got, opts...); diff != "" {
			t.Errorf("%s mismatch (-want +got):\n%s", what, diff)
		}
	}
}

// NewCSR returns a CSR for key 0 of ECC_256.
func NewCSR(t *testing.T, commonName string) string {
	t.Helper()
	resp, err := csr.CreateCsrWithKey(nil, testkeys.Key(algorithm.ECC_256, 0), &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: commonName, CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		t.Fatalf("CreateCsrWithKey: %v", err)
	}
	return resp.Csr
}

// NewIssuer creates a subordinate CA on Day, with key 2 of ECC_256.
func NewIssuer(t *testing.T) *ca.Issuer {
	t.Helper()
	rootKey, subKey := testkeys.Key(algorithm.ECC_256, 1), testkeys.Key(algorithm.ECC_256, 2)
	root, err := ca.CreateRootCACertificate(nil, Day, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Root", Organization: "Example", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		t.Fatalf("CreateRootCACertificate: %v", err)
	}
	rootIssuer, err := ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatalf("NewIssuer: %v", err)
	}
	sub, err := ca.CreateSubCACertificate(nil, Day, rootIssuer, subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Sub", Organization: "Example", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN",
		Algorithm: string(subKey.Algorithm()), Years: 5,
	})
	if err != nil {
		t.Fatalf("CreateSubCACertificate: %v", err)
	}
	issuer, err := ca.NewIssuer(sub.CertificateChain, subKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatalf("NewIssuer: %v", err)
	}
	return issuer
}
