package interop

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/csr/archive"
	archivestore "github.com/yuncert/yuncert/csr/archive/sqlstore"
	archivetest "github.com/yuncert/yuncert/csr/archive/storetest"
	"github.com/yuncert/yuncert/internal/sqldb"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// archiveStore opens the store of CSRs in a database.
func archiveStore(tb testing.TB, d database) *archivestore.Store {
	tb.Helper()
	store, err := archivestore.Open(tb.Context(), d.open(tb), d.dialect)
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	return store
}

func TestArchiveStore(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			archivetest.Run(t, func(t *testing.T) archive.Store {
				t.Parallel()
				return archiveStore(t, d.make(t))
			})
		})
	}
	t.Run("SQLite in memory", func(t *testing.T) {
		t.Parallel()
		archivetest.Run(t, func(t *testing.T) archive.Store {
			t.Parallel()
			store, err := archivestore.Open(t.Context(), openInMemory(t), archivestore.SQLite)
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			return store
		})
	})
}

// newArchive returns an archive whose Sealer has a fixed key.
func newArchive(store archive.Store) (*archive.Archive, error) {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		return nil, err
	}
	sealer, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return archive.New(store, archive.Options{Sealer: sealer}), nil
}

// openArchive opens the store in a database and returns an archive over it.
func openArchive(ctx context.Context, db *sql.DB, dialect sqldb.Dialect) (*archive.Archive, error) {
	store, err := archivestore.Open(ctx, db, dialect)
	if err != nil {
		return nil, err
	}
	return newArchive(store)
}

// uploadOf returns the request to upload the CSR number n with its key. It is the same
// in each process.
func uploadOf(n int) (*archive.UploadCsrRequest, error) {
	resp, err := csr.CreateCsrWithKey(nil, testkeys.Key(algorithm.ECC_256, 0), &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: strconv.Itoa(n) + ".example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		return nil, err
	}
	return &archive.UploadCsrRequest{Csr: resp.Csr, Key: string(testkeys.PEM(algorithm.ECC_256, 0))}, nil
}

func idOfCSR(req *archive.UploadCsrRequest) (int64, error) {
	parsed, err := csr.Parse([]byte(req.Csr))
	if err != nil {
		return 0, err
	}
	return parsed.CsrId(), nil
}

// A step is an operation on one CSR.
type step string

const (
	uploadOnly    step = "upload"
	uploadWithKey step = "upload with key"
	addKey        step = "add key"
	rename        step = "rename"
	deleteIt      step = "delete"
)

// do runs a step on the CSR number n.
func (s step) do(ctx context.Context, a *archive.Archive, n int) error {
	req, err := uploadOf(n)
	if err != nil {
		return err
	}
	id, err := idOfCSR(req)
	if err != nil {
		return err
	}
	switch s {
	case uploadWithKey:
		_, err = a.UploadCsr(ctx, nil, now, req)
	case uploadOnly:
		_, err = a.UploadCsr(ctx, nil, now, &archive.UploadCsrRequest{Csr: req.Csr})
	case rename:
		_, err = a.UploadCsr(ctx, nil, now, &archive.UploadCsrRequest{Csr: req.Csr, Name: "name"})
	case addKey:
		_, err = a.UpdateCsr(ctx, nil, &archive.UpdateCsrRequest{CsrId: id, Key: req.Key})
	case deleteIt:
		_, err = a.DeleteCsr(ctx, nil, &archive.DeleteCsrRequest{CsrId: id})
	}
	return err
}

// A keptCSR is what an archive has of a CSR.
type keptCSR struct{ CSR, Key, Name bool }

// after returns what the archive has after a step.
func (k keptCSR) after(s step) keptCSR {
	switch s {
	case uploadOnly:
		k.CSR = true
	case uploadWithKey:
		k.CSR, k.Key = true, true
	case addKey:
		k.Key = true
	case rename:
		k.Name = true
	case deleteIt:
		k = keptCSR{}
	}
	return k
}

// keptOf returns what an archive has of the CSR number n. It checks that the CSR and
// the key are the ones that were uploaded.
func keptOf(t *testing.T, a *archive.Archive, n int) keptCSR {
	t.Helper()
	req, err := uploadOf(n)
	if err != nil {
		t.Fatal(err)
	}
	id, err := idOfCSR(req)
	if err != nil {
		t.Fatal(err)
	}
	detail, err := a.GetCsrDetail(t.Context(), nil, &archive.GetCsrDetailRequest{CsrId: id})
	if errors.Is(err, yuncert.ErrNotFound) {
		return keptCSR{}
	}
	if err != nil {
		t.Fatalf("GetCsrDetail of CSR %d: %v", n, err)
	}
	if detail.Csr != req.Csr {
		t.Errorf("another CSR is stored than CSR %d", n)
	}
	if detail.PrivateKey != "" {
		key, err := algorithm.ParsePrivateKey([]byte(detail.PrivateKey))
		if err != nil {
			t.Fatalf("the private key of CSR %d: %v", n, err)
		}
		got, want := testkeys.PublicDER(t, key.Public()), testkeys.PublicDER(t, testkeys.Key(algorithm.ECC_256, 0).Public())
		if string(got) != string(want) {
			t.Errorf("another private key is stored for CSR %d", n)
		}
	}
	listed, err := a.ListCsr(t.Context(), nil, &archive.ListCsrRequest{KeyWord: strconv.Itoa(n) + ".example.com", ShowSize: 1000})
	if err != nil {
		t.Fatalf("ListCsr: %v", err)
	}
	at := slices.IndexFunc(listed.CsrList, func(l archive.ListedCsr) bool { return l.CsrId == id })
	if at < 0 {
		t.Fatalf("CSR %d is not listed", n)
	}
	return keptCSR{CSR: true, Key: detail.PrivateKey != "", Name: listed.CsrList[at].Name == "name"}
}

// wantTotal checks how many CSRs an archive has.
func wantTotal(t *testing.T, a *archive.Archive, want int64) {
	t.Helper()
	listed, err := a.ListCsr(t.Context(), nil, nil)
	if err != nil {
		t.Fatalf("ListCsr: %v", err)
	}
	if listed.TotalCount != want {
		t.Errorf("%d CSRs are stored, want %d", listed.TotalCount, want)
	}
}

// histories are the steps on the CSRs of keepInChild, in turn.
var histories = [][]step{
	{uploadOnly},
	{uploadWithKey},
	{uploadOnly, addKey},
	{uploadWithKey, rename},
	{uploadOnly, addKey, rename, deleteIt},
	{uploadWithKey, deleteIt, uploadOnly},
}

// keepInChild runs the histories of the CSRs from that number on, without end. It
// prints the number and the step after each step.
func keepInChild(ctx context.Context, db *sql.DB, dialect sqldb.Dialect, first string) error {
	a, err := openArchive(ctx, db, dialect)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	for ; ; n++ {
		for _, s := range histories[n%len(histories)] {
			if err := s.do(ctx, a, n); err != nil {
				return fmt.Errorf("%d %s: %w", n, s, err)
			}
			fmt.Println(n, s)
		}
	}
}

// A process is killed in the middle of uploads, key updates and deletions, several
// times. Every step that it reported is stored. The one step that it was running is
// stored as a whole or not at all.
func TestArchiveStoreKilled(t *testing.T) {
	t.Parallel()
	const steps, kills = 600, 4
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			database := d.make(t)
			a, err := newArchive(archiveStore(t, database))
			if err != nil {
				t.Fatal(err)
			}
			var kept []keptCSR // by number
			for range kills {
				at := 1 + rand.IntN(steps/kills)
				lines := startChild(t, database, "keep CSRs", strconv.Itoa(len(kept))).kill(t, at)
				first := len(kept)
				var running step // of the last CSR in kept
				for len(lines) > 0 || running == "" {
					n := len(kept)
					kept = append(kept, keptCSR{})
					for _, s := range histories[n%len(histories)] {
						if len(lines) == 0 {
							running = s
							break
						}
						if want := fmt.Sprint(n, " ", s); lines[0] != want {
							t.Fatalf("the child reports %q, want %q", lines[0], want)
						}
						kept[n] = kept[n].after(s)
						lines = lines[1:]
					}
				}
				total := int64(0)
				for n := range kept {
					got := keptOf(t, a, n)
					if n == len(kept)-1 && got == kept[n].after(running) {
						kept[n] = got
					}
					if got != kept[n] {
						t.Errorf("of CSR %d there is %+v, want %+v", n, got, kept[n])
					}
					if kept[n].CSR {
						total++
					}
				}
				wantTotal(t, a, total)
				t.Logf("killed after %d steps, with the CSRs from %d to %d, while it was running %q", at, first, len(kept)-1, running)
			}
		})
	}
}

// shareInChild runs the steps of many goroutines on the same CSRs: half of the CSRs
// get their key, the others are deleted. It prints the steps that were not refused.
func shareInChild(ctx context.Context, db *sql.DB, dialect sqldb.Dialect, _ string) error {
	const goroutines = 50
	db.SetMaxOpenConns(4) // of the 100 that PostgreSQL accepts
	a, err := openArchive(ctx, db, dialect)
	if err != nil {
		return err
	}
	change := func(s step, n int) error {
		err := s.do(ctx, a, n)
		if errors.Is(err, yuncert.ErrCertificatePrivateKeyExisted) || errors.Is(err, yuncert.ErrNotFound) {
			return nil
		}
		if err == nil {
			fmt.Println(n, s)
		}
		return err
	}
	errs := make([]error, goroutines)
	var end sync.WaitGroup
	for g := range goroutines {
		end.Go(func() {
			for i := range sharedCSRs {
				n := (g + i) % sharedCSRs
				if n%2 == 0 {
					errs[g] = errors.Join(errs[g], uploadOnly.do(ctx, a, n), change(addKey, n))
				} else {
					errs[g] = errors.Join(errs[g], change(deleteIt, n))
				}
			}
		})
	}
	end.Wait()
	return errors.Join(errs...)
}

// sharedCSRs is the number of CSRs of shareInChild.
const sharedCSRs = 12

// 200 goroutines in four processes upload, change and delete the same CSRs. Each key
// is stored once, and each CSR is deleted once.
func TestArchiveStoreProcesses(t *testing.T) {
	t.Parallel()
	const processes = 4
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			database := d.make(t)
			orderStore(t, database) // stores can share a database
			a, err := newArchive(archiveStore(t, database))
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for n := range sharedCSRs {
				if n%2 == 0 {
					want = append(want, fmt.Sprint(n, " ", addKey))
					continue
				}
				want = append(want, fmt.Sprint(n, " ", deleteIt))
				if err := uploadWithKey.do(t.Context(), a, n); err != nil {
					t.Fatalf("UploadCsr: %v", err)
				}
			}
			var children [processes]*child
			for i := range children {
				children[i] = startChild(t, database, "share CSRs", "")
			}
			var got []string
			for _, c := range children {
				got = append(got, c.finish(t)...)
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("steps mismatch (-want +got):\n%s", diff)
			}
			for n := range sharedCSRs {
				stays := n%2 == 0
				want := keptCSR{CSR: stays, Key: stays}
				if got := keptOf(t, a, n); got != want {
					t.Errorf("of CSR %d there is %+v, want %+v", n, got, want)
				}
			}
			wantTotal(t, a, sharedCSRs/2)
		})
	}
}

// A database that fails, blocks or answers late leaves an error and no half step.
// Without an error the step is stored.
func TestArchiveStoreOnBadDays(t *testing.T) {
	t.Parallel()
	for _, kind := range databases {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			for _, tt := range []struct {
				name   string
				before []step // nil means an empty database without tables
				step   step
			}{
				{"a CSR in an empty database", nil, uploadWithKey},
				{"a new CSR", []step{uploadOnly, deleteIt}, uploadWithKey},
				{"a key", []step{uploadOnly}, addKey},
				{"a name", []step{uploadWithKey}, rename},
				{"a deletion", []step{uploadWithKey}, deleteIt},
			} {
				t.Run(tt.name, func(t *testing.T) {
					newDatabase := kind.make
					if tt.before != nil {
						d := kind.make(t)
						a, err := newArchive(archiveStore(t, d))
						if err != nil {
							t.Fatal(err)
						}
						newDatabase = func(tb testing.TB) database {
							if err := deleteIt.do(tb.Context(), a, 0); err != nil && !errors.Is(err, yuncert.ErrNotFound) {
								tb.Fatal(err)
							}
							for _, s := range tt.before {
								if err := s.do(tb.Context(), a, 0); err != nil {
									tb.Fatal(err)
								}
							}
							return d
						}
					}
					var before keptCSR
					for _, s := range tt.before {
						before = before.after(s)
					}
					onBadDays(t, newDatabase, func(ctx context.Context, db *sql.DB, dialect sqldb.Dialect) error {
						a, err := openArchive(ctx, db, dialect)
						if err != nil {
							return err
						}
						return tt.step.do(ctx, a, 0)
					}, func(t *testing.T, d database, err error) {
						db := d.open(t)
						defer db.Close()
						a, openErr := openArchive(t.Context(), db, d.dialect)
						if openErr != nil {
							t.Fatal(openErr)
						}
						want := before
						if err == nil {
							want = before.after(tt.step)
						}
						got := keptOf(t, a, 0)
						if errors.Is(err, archive.ErrOutcomeUnknown) && got == before.after(tt.step) {
							return
						}
						if got != want {
							t.Errorf("after %v there is %+v, want %+v", err, got, want)
						}
					})
				})
			}
		})
	}
}

// openssl reads the keys and CSRs that GetCsrDetail returns.
func TestOpenSSLReadsArchive(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	for _, a := range caAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			kept, err := newArchive(archiveStore(t, newSQLite(t)))
			if err != nil {
				t.Fatal(err)
			}
			uploaded, err := kept.UploadCsr(t.Context(), nil, now, &archive.UploadCsrRequest{
				Csr: newCSR(t, testkeys.Key(a, 2)), Key: string(testkeys.PEM(a, 2)),
			})
			if err != nil {
				t.Fatalf("UploadCsr: %v", err)
			}
			detail, err := kept.GetCsrDetail(t.Context(), nil, &archive.GetCsrDetailRequest{CsrId: uploaded.CsrId})
			if err != nil {
				t.Fatalf("GetCsrDetail: %v", err)
			}
			checkOpenSSLRequest(t, a, detail.Csr,
				"CN=www.example.com,OU=IT,O=例子公司,L=Hangzhou,ST=Zhejiang,C=CN",
				"DNS:www.example.com, DNS:*.example.org, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7")
			file := write(t, t.TempDir(), "key.pem", detail.PrivateKey)
			r := run(t, "", "openssl", "pkey", "-in", file, "-check", "-noout")
			if r.code != 0 || !r.says("Key is valid") {
				t.Errorf("openssl does not accept the key: %v", r)
			}
			public := must(t, "openssl", "pkey", "-in", file, "-pubout")
			request := run(t, detail.Csr, "openssl", "req", "-noout", "-pubkey")
			if public != request.stdout {
				t.Errorf("openssl reads the key\n%s and in the CSR the key\n%v", public, request)
			}
			if _, err := csr.Parse([]byte(opensslCSR(t, file))); err != nil {
				t.Errorf("the CSR that openssl signs with the key: %v", err)
			}
		})
	}
}
