package inventory_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// Certificates are issued at instant and revoked later. stored is instant as a store
// keeps it, in whole microseconds.
var (
	instant = time.Date(2026, 3, 4, 5, 6, 7, 890_123_999, time.UTC)
	stored  = time.Date(2026, 3, 4, 5, 6, 7, 890_123_000, time.UTC)
	later   = instant.Add(time.Hour)
)

// The codes that most rows have.
const (
	missing   = yuncert.ErrMissingParameter
	malformed = yuncert.ErrInvalidValueMalformed
	refused   = yuncert.ErrInvalidParameter
	unknown   = yuncert.ErrNotFound
	protected = yuncert.ErrInvalidStatusUpdateProtection
	broke     = yuncert.ErrInternalError
)

// must returns a function that returns its value, or fails the test if there is
// an error.
func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// An authority is a root CA and a subordinate one below it.
type authority struct {
	algorithm       algorithm.Algorithm
	root, issuer    *ca.Issuer // without CRLBase
	rootPEM, subPEM string     // chains
	rootKey, subKey *algorithm.PrivateKey
}

// authorities makes each authority once.
var authorities = func() map[algorithm.Algorithm]func() *authority {
	made := make(map[algorithm.Algorithm]func() *authority)
	for _, a := range testkeys.All {
		made[a] = sync.OnceValue(func() *authority { return newAuthority(a, "Test Root") })
	}
	return made
}()

func authorityOf(a algorithm.Algorithm) *authority { return authorities[a]() }

func newAuthority(a algorithm.Algorithm, rootName string) *authority {
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	random := testutil.Seeded()
	au := &authority{algorithm: a, rootKey: testkeys.Key(a, 0), subKey: testkeys.Key(a, 1)}
	root, err := ca.CreateRootCACertificate(random, instant, au.rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: rootName, Organization: "Example", OrganizationUnit: "PKI", Locality: "杭州", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	check(err)
	au.rootPEM = root.CertificateChain
	au.root, err = ca.NewIssuer(au.rootPEM, au.rootKey, ca.IssuerOptions{})
	check(err)
	sub, err := ca.CreateSubCACertificate(random, instant, au.root, au.subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Test Sub CA", Organization: "Example", OrganizationUnit: "PKI", Locality: "杭州", State: "Zhejiang", CountryCode: "CN",
		Algorithm: string(a), Years: 5,
	})
	check(err)
	au.subPEM = sub.CertificateChain
	au.issuer, err = ca.NewIssuer(au.subPEM, au.subKey, ca.IssuerOptions{})
	check(err)
	return au
}

// issuerAt returns the subordinate CA with a CRLBase.
func (au *authority) issuerAt(t testing.TB, crlBase string) *ca.Issuer {
	t.Helper()
	return must[*ca.Issuer](t)(ca.NewIssuer(au.subPEM, au.subKey, ca.IssuerOptions{CRLBase: crlBase}))
}

// Certificates.

// issue issues the certificate of a server for some days. An issuer with a CRLBase
// writes the address of its CRL.
func issue(t testing.TB, issuer *ca.Issuer, days int32, names ...string) []byte {
	t.Helper()
	if len(names) == 0 {
		names = []string{"www.example.com"}
	}
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: names[0]}, DNSNames: names}
	a := algorithm.Algorithm(issuer.Describe().FullAlgorithm)
	var text string
	if a == algorithm.SM2_256 { // which crypto/x509 does not support
		text = must[*csr.CreateCsrResponse](t)(csr.CreateCsrWithKey(nil, testkeys.Key(a, 2), &csr.CreateCsrRequest{
			Algorithm: "SM2", KeySize: 256, CommonName: names[0], CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
		})).Csr
	} else {
		text = testutil.EncodePEM("CERTIFICATE REQUEST", must[[]byte](t)(x509.CreateCertificateRequest(rand.Reader, template, testkeys.Key(a, 2))))
	}
	req := &ca.CreateServerCertificateWithCsrRequest{Csr: text, ParentIdentifier: issuer.Identifier(), Days: days}
	if issuer.Describe().CrlUrl != "" {
		req.EnableCrl = 1
	}
	_, der, err := ca.CreateServerCertificateWithCsr(nil, instant, issuer, req)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// foreign makes a certificate as another tool does, signed by key 1 of P-256.
func foreign(t testing.TB, change func(template, parent *x509.Certificate)) []byte {
	t.Helper()
	return foreignFor(t, testkeys.Key(algorithm.ECC_256, 2).Public(), change)
}

func foreignFor(t testing.TB, pub crypto.PublicKey, change func(template, parent *x509.Certificate)) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Zhang San"}, NotBefore: instant, NotAfter: instant.AddDate(1, 0, 0),
	}
	parent := &x509.Certificate{Subject: pkix.Name{CommonName: "Foreign CA"}, SubjectKeyId: []byte{1, 2, 3}}
	if change != nil {
		change(template, parent)
	}
	return must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, parent, pub, testkeys.Key(algorithm.ECC_256, 1)))
}

// Inventories.

func newInventory() (*inventory.Inventory, *inventory.MemoryStore) {
	store := new(inventory.MemoryStore)
	return inventory.New(store), store
}

// add adds a certificate.
func add(t testing.TB, v *inventory.Inventory, der []byte, labels inventory.Labels) inventory.Certificate {
	t.Helper()
	return must[inventory.Certificate](t)(v.Add(t.Context(), instant, der, labels))
}

// everything returns all certificates, those added first come first.
func everything(t testing.TB, v *inventory.Inventory) []inventory.Certificate {
	t.Helper()
	return must[[]inventory.Certificate](t)(v.Certificates(t.Context(), inventory.Filter{OldestFirst: true}, inventory.Certificate{}, 1000))
}

// list creates a CRL that is in force for a day, and returns the serial numbers on it
// in the form of Certificate.
func list(t testing.TB, v *inventory.Inventory, now time.Time, issuer *ca.Issuer) (*x509.RevocationList, map[string]x509.RevocationListEntry) {
	t.Helper()
	return parseList(t, must[[]byte](t)(v.RevocationList(t.Context(), nil, now, issuer, now.AddDate(0, 0, 1))))
}

func parseList(t testing.TB, der []byte) (*x509.RevocationList, map[string]x509.RevocationListEntry) {
	t.Helper()
	crl := must[*x509.RevocationList](t)(ca.ParseRevocationList(der))
	entries := make(map[string]x509.RevocationListEntry)
	for _, entry := range crl.RevokedCertificateEntries {
		entries[hexSerial(entry.SerialNumber)] = entry
	}
	return crl, entries
}

func hexSerial(n *big.Int) string {
	text := n.Text(16)
	if len(text)%2 != 0 {
		text = "0" + text
	}
	return text
}

// Stores.

// A wrappedStore calls hooks before its Updates and Views.
type wrappedStore struct {
	inventory.Store
	update func(f func(inventory.Tx) error) (func(inventory.Tx) error, error)
	view   func(f func(inventory.Snapshot) error) (func(inventory.Snapshot) error, error)
}

func (s *wrappedStore) Update(ctx context.Context, f func(inventory.Tx) error) error {
	if s.update != nil {
		var err error
		if f, err = s.update(f); err != nil {
			return err
		}
	}
	return s.Store.Update(ctx, f)
}

func (s *wrappedStore) View(ctx context.Context, f func(inventory.Snapshot) error) error {
	if s.view != nil {
		var err error
		if f, err = s.view(f); err != nil {
			return err
		}
	}
	return s.Store.View(ctx, f)
}
