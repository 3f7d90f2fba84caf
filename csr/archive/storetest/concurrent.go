package storetest

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/internal/storetest"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// increment adds one to the number that is the Name of a record.
func increment(tx archive.Tx, id int64) error {
	r, found, err := tx.Record(id)
	if err != nil {
		return err
	}
	if !found {
		r = newRecord(id, 0)
	}
	n, _ := strconv.Atoi(r.Name)
	r.Name = strconv.Itoa(n + 1)
	return tx.Put(r)
}

func wantCounted(t *testing.T, store archive.Store, id int64, want int) {
	t.Helper()
	r := newRecord(id, 0)
	r.Name = strconv.Itoa(want)
	view(t, store, func(reader archive.Snapshot) error {
		wantRecord(t, reader, id, &r)
		return nil
	})
}

func testIncrements(t *testing.T, store archive.Store) {
	const goroutines, times = 16, 25
	put(t, store, newRecord(1, 0))
	storetest.AtOnce(goroutines, func(int) {
		for range times {
			err := store.Update(t.Context(), func(tx archive.Tx) error { return increment(tx, 1) })
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		}
	})
	wantCounted(t, store, 1, goroutines*times)
}

// Updates that lock two records in opposite order must not wait for each other
// forever.
func testOppositeOrders(t *testing.T, store archive.Store) {
	const times = 5
	put(t, store, newRecord(1, 0), newRecord(2, 0))
	storetest.AtOnce(2, func(n int) {
		for range times {
			err := store.Update(t.Context(), func(tx archive.Tx) error {
				for i := range 2 {
					if err := increment(tx, int64(1+(n+i)%2)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		}
	})
	wantCounted(t, store, 1, 2*times)
	wantCounted(t, store, 2, 2*times)
}

// A View sees everything that an Update wrote, or nothing of it: in record 1 is how
// many others there are.
func testViews(t *testing.T, store archive.Store) {
	const times = 100
	var done atomic.Bool
	storetest.AtOnce(5, func(n int) {
		if n == 0 {
			defer done.Store(true)
			for i := range int64(times) {
				err := store.Update(t.Context(), func(tx archive.Tx) error {
					return errors.Join(increment(tx, 1), putAll(tx, newRecord(i+2, 0)))
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
			}
			return
		}
		for last := false; !last; {
			last = done.Load() // one more View after the last Update
			err := store.View(t.Context(), func(r archive.Snapshot) error {
				count, err1 := r.Count(archive.Filter{})
				page, err2 := r.Records(archive.Filter{}, 0, 1000)
				first, found, err3 := r.Record(1)
				others, _ := strconv.Atoi(first.Name)
				if found && count != int64(others)+1 || count != int64(len(page)) {
					t.Errorf("a View sees a count of %d, %d records, and %d others than the first", count, len(page), others)
				}
				return errors.Join(err1, err2, err3)
			})
			if err != nil {
				t.Errorf("View: %v", err)
				return
			}
		}
	})
}

// Each Update finds the record or creates it, and none replaces what it did not see.
func testNewRecord(t *testing.T, store archive.Store) {
	const goroutines, times = 8, 20
	for id := range int64(times) {
		storetest.AtOnce(goroutines, func(int) {
			err := store.Update(t.Context(), func(tx archive.Tx) error { return increment(tx, id+1) })
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		})
		wantCounted(t, store, id+1, goroutines)
	}
}

// sealer returns an AEAD with a fixed key.
func sealer(t *testing.T) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return aead
}

// newRequest returns a request for a CSR with its key.
func newRequest(t *testing.T, commonName string) *archive.UploadCsrRequest {
	t.Helper()
	return &archive.UploadCsrRequest{Csr: storetest.NewCSR(t, commonName), Key: string(testkeys.PEM(algorithm.ECC_256, 0))}
}

// wantKey checks that the archive has the private key of a CSR.
func wantKey(t *testing.T, a *archive.Archive, id int64) {
	t.Helper()
	detail, err := a.GetCsrDetail(t.Context(), nil, &archive.GetCsrDetailRequest{CsrId: id})
	if err != nil {
		t.Errorf("GetCsrDetail: %v", err)
		return
	}
	key, err := algorithm.ParsePrivateKey([]byte(detail.PrivateKey))
	if err != nil {
		t.Errorf("the stored private key: %v", err)
		return
	}
	got, want := testkeys.PublicDER(t, key.Public()), testkeys.PublicDER(t, testkeys.Key(algorithm.ECC_256, 0).Public())
	if string(got) != string(want) {
		t.Error("another private key is stored")
	}
}

// 200 goroutines upload the same CSR, every second one with the private key. The key
// is stored and never lost.
func testUploads(t *testing.T, store archive.Store) {
	a, withKey := archive.New(store, archive.Options{Sealer: sealer(t)}), newRequest(t, "www.example.com")
	withoutKey := &archive.UploadCsrRequest{Csr: withKey.Csr, Name: "name"}
	var id atomic.Int64
	storetest.AtOnce(200, func(n int) {
		req := withKey
		if n%2 == 1 {
			req = withoutKey
		}
		resp, err := a.UploadCsr(t.Context(), nil, day, req)
		if err != nil {
			t.Errorf("UploadCsr: %v", err)
			return
		}
		id.Store(resp.CsrId)
	})
	content := contentOf(t, store)
	if len(content) != 1 || content[0].Name != "name" {
		t.Errorf("the store has %d records, want one with the Name %q", len(content), "name")
	}
	wantKey(t, a, id.Load())
}

func testKeyOnce(t *testing.T, store archive.Store) {
	a, req := archive.New(store, archive.Options{Sealer: sealer(t)}), newRequest(t, "www.example.com")
	resp, err := a.UploadCsr(t.Context(), nil, day, &archive.UploadCsrRequest{Csr: req.Csr})
	if err != nil {
		t.Fatalf("UploadCsr: %v", err)
	}
	var stored, refused atomic.Int64
	storetest.AtOnce(200, func(int) {
		_, err := a.UpdateCsr(t.Context(), nil, &archive.UpdateCsrRequest{CsrId: resp.CsrId, Key: req.Key})
		switch {
		case err == nil:
			stored.Add(1)
		case errors.Is(err, yuncert.ErrCertificatePrivateKeyExisted):
			refused.Add(1)
		default:
			t.Errorf("UpdateCsr: %v", err)
		}
	})
	if stored.Load() != 1 || refused.Load() != 199 {
		t.Errorf("the key was stored %d times and refused %d times, want 1 and 199", stored.Load(), refused.Load())
	}
	wantKey(t, a, resp.CsrId)
}

func testDeleteOnce(t *testing.T, store archive.Store) {
	a, req := archive.New(store, archive.Options{Sealer: sealer(t)}), newRequest(t, "www.example.com")
	resp, err := a.UploadCsr(t.Context(), nil, day, req)
	if err != nil {
		t.Fatalf("UploadCsr: %v", err)
	}
	var deleted atomic.Int64
	storetest.AtOnce(20, func(int) {
		_, err := a.DeleteCsr(t.Context(), nil, &archive.DeleteCsrRequest{CsrId: resp.CsrId})
		if err == nil {
			deleted.Add(1)
		} else if !errors.Is(err, yuncert.ErrNotFound) {
			t.Errorf("DeleteCsr: %v", err)
		}
	})
	if deleted.Load() != 1 {
		t.Errorf("deleted %d times, want once", deleted.Load())
	}
	if content := contentOf(t, store); len(content) != 0 {
		t.Errorf("%d records are left", len(content))
	}
}

// Several goroutines run random operations on the same few CSRs.
func testArchive(t *testing.T, store archive.Store) {
	const goroutines, times, csrs = 8, 60, 4
	a := archive.New(store, archive.Options{Sealer: sealer(t)})
	var requests []*archive.UploadCsrRequest
	var ids []int64
	for n := range csrs {
		req := newRequest(t, strconv.Itoa(n)+".example.com")
		resp, err := a.UploadCsr(t.Context(), nil, day, req)
		if err != nil {
			t.Fatalf("UploadCsr: %v", err)
		}
		requests, ids = append(requests, req), append(ids, resp.CsrId)
	}
	var happened [5]atomic.Int64
	storetest.AtOnce(goroutines, func(n int) {
		rnd := rand.New(rand.NewPCG(1, uint64(n)))
		for range times {
			i, what := rnd.IntN(csrs), rnd.IntN(len(happened))
			var err error
			switch what {
			case 0:
				req := *requests[i]
				if rnd.IntN(2) == 0 {
					req.Key = ""
				}
				_, err = a.UploadCsr(t.Context(), nil, day, &req)
			case 1:
				_, err = a.UpdateCsr(t.Context(), nil, &archive.UpdateCsrRequest{CsrId: ids[i], Key: requests[i].Key})
			case 2:
				_, err = a.DeleteCsr(t.Context(), nil, &archive.DeleteCsrRequest{CsrId: ids[i]})
			case 3:
				var detail *archive.GetCsrDetailResponse
				detail, err = a.GetCsrDetail(t.Context(), nil, &archive.GetCsrDetailRequest{CsrId: ids[i]})
				if err == nil && detail.Csr != requests[i].Csr {
					t.Error("GetCsrDetail returns another CSR")
				}
			case 4:
				var list *archive.ListCsrResponse
				list, err = a.ListCsr(t.Context(), nil, nil)
				if err == nil && list.TotalCount != int64(len(list.CsrList)) {
					t.Errorf("TotalCount is %d, and %d CSRs are listed", list.TotalCount, len(list.CsrList))
				}
			}
			switch {
			case err == nil:
				happened[what].Add(1)
			case !errors.Is(err, yuncert.ErrNotFound) && !errors.Is(err, yuncert.ErrCertificatePrivateKeyExisted):
				t.Errorf("operation %d: %v", what, err)
			}
		}
	})
	for what := range happened {
		if happened[what].Load() == 0 {
			t.Errorf("of %d operations, no operation %d succeeded", goroutines*times, what)
		}
	}
}
