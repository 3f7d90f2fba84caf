package archive_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// CSRs are stored at instant. stored is instant as the archive keeps it, in whole
// microseconds.
var (
	instant = time.Date(2026, 3, 4, 13, 6, 7, 890_123_999, time.FixedZone("", 8*3600))
	stored  = time.Date(2026, 3, 4, 5, 6, 7, 890_123_000, time.UTC)
)

// The codes that most rows have.
const (
	missing   = yuncert.ErrMissingParameter
	malformed = yuncert.ErrInvalidValueMalformed
	refused   = yuncert.ErrInvalidParameter
	unknown   = yuncert.ErrNotFound
	existed   = yuncert.ErrCertificatePrivateKeyExisted
	broke     = yuncert.ErrInternalError
)

// must returns a function that returns its value, or fails the test if there is an
// error.
func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// gcm returns AES-256-GCM. Each octet of its key is seed.
func gcm(t testing.TB, seed byte) cipher.AEAD {
	t.Helper()
	return must[cipher.AEAD](t)(cipher.NewGCM(newBlock(t, seed)))
}

func newBlock(t testing.TB, seed byte) cipher.Block {
	t.Helper()
	key := make([]byte, 32)
	for i := range key {
		key[i] = seed
	}
	return must[cipher.Block](t)(aes.NewCipher(key))
}

// newArchive returns an archive over an empty store, and the store.
func newArchive(t testing.TB, sealer cipher.AEAD) (*archive.Archive, *archive.MemoryStore) {
	t.Helper()
	store := new(archive.MemoryStore)
	return archive.New(store, archive.Options{Sealer: sealer}), store
}

// created returns what CreateCsr returns for key 0 of an algorithm.
func created(t testing.TB, a algorithm.Algorithm, commonName, sans string) *csr.CreateCsrResponse {
	t.Helper()
	return must[*csr.CreateCsrResponse](t)(csr.CreateCsrWithKey(nil, testkeys.Key(a, 0), &csr.CreateCsrRequest{
		Algorithm: a.Family(), KeySize: int32(a.KeySize()), CommonName: commonName, Sans: sans,
		CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou", CorpName: "例子", Department: "R&D",
	}))
}

// foreign returns a CSR that crypto/x509 makes for key 0 of an algorithm.
func foreign(t testing.TB, a algorithm.Algorithm, subject pkix.Name, names ...string) string {
	t.Helper()
	template := &x509.CertificateRequest{Subject: subject}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return testutil.EncodePEM("CERTIFICATE REQUEST", must[[]byte](t)(x509.CreateCertificateRequest(nil, template, testkeys.Key(a, 0))))
}

func commonName(name string) pkix.Name { return pkix.Name{CommonName: name} }

func pemOf(a algorithm.Algorithm, i int) string { return string(testkeys.PEM(a, i)) }

func upload(t testing.TB, a *archive.Archive, req *archive.UploadCsrRequest) int64 {
	t.Helper()
	return must[*archive.UploadCsrResponse](t)(a.UploadCsr(t.Context(), nil, instant, req)).CsrId
}

func detail(t testing.TB, a *archive.Archive, id int64) *archive.GetCsrDetailResponse {
	t.Helper()
	return must[*archive.GetCsrDetailResponse](t)(a.GetCsrDetail(t.Context(), nil, &archive.GetCsrDetailRequest{CsrId: id}))
}

func list(t testing.TB, a *archive.Archive, req *archive.ListCsrRequest) *archive.ListCsrResponse {
	t.Helper()
	return must[*archive.ListCsrResponse](t)(a.ListCsr(t.Context(), nil, req))
}

// everything returns all records of a store, newest first.
func everything(t testing.TB, store archive.Store) (all []archive.Record) {
	t.Helper()
	err := store.View(context.Background(), func(r archive.Snapshot) (err error) {
		all, err = r.Records(archive.Filter{}, 0, 1_000_000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// putRecord replaces a record, as somebody with access to the database can.
func putRecord(t testing.TB, store archive.Store, r archive.Record) {
	t.Helper()
	err := store.Update(context.Background(), func(tx archive.Tx) error { return tx.Put(r) })
	if err != nil {
		t.Fatal(err)
	}
}

// checkUnchanged checks that a store still has these records.
func checkUnchanged(t testing.TB, store archive.Store, before []archive.Record) {
	t.Helper()
	if diff := cmp.Diff(before, everything(t, store), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the store changed (-before +after):\n%s", diff)
	}
}
