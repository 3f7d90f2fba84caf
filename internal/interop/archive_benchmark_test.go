package interop

import (
	"fmt"
	"testing"

	"github.com/yuncert/yuncert/csr/archive"
	"github.com/yuncert/yuncert/internal/sqldb"
)

// fillingCSRs is a statement for both databases. It stores $2 CSRs with scattered
// CsrIds, as real ones are. Every tenth is an RSA one.
const fillingCSRs = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $2)
	INSERT INTO yuncert_csrs (csr_id, name, csr, algorithm, key_size, key_sha2, common_name, sans, country_code, province, locality,
		corp_name, department, search, created, sealed_key)
	SELECT n * 6364136223847 % 9007199254740992, '', $1, CASE n % 10 WHEN 0 THEN 'RSA' ELSE 'ECC' END, 256,
		'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', 'www.example.com', '', 'CN', 'Zhejiang', 'Hangzhou',
		'', '', 'www.example.com', 1751371200000000 + n, NULL
	FROM numbers`

// settlingCSRs makes a database finish the work that fillingCSRs has postponed.
var settlingCSRs = map[sqldb.Dialect]string{
	sqldb.SQLite:     "PRAGMA wal_checkpoint(TRUNCATE)",
	sqldb.PostgreSQL: "VACUUM ANALYZE yuncert_csrs",
}

// BenchmarkArchiveStore times the operations of an Archive with many stored CSRs and
// with the fewest. The first page of a list is timed with the count of all CSRs, as
// ListCsr returns it, and without.
func BenchmarkArchiveStore(b *testing.B) {
	for _, d := range databases {
		for _, size := range []int{fewest, 100_000} {
			b.Run(fmt.Sprintf("%s/csrs=%d", d.name, size), func(b *testing.B) {
				many, few := newArchiveCalls(b, d.make(b), size), newArchiveCalls(b, d.make(b), fewest)
				b.Run("upload and delete", func(b *testing.B) { inTurns(b, 50, many.upload, few.upload) })
				b.Run("detail", func(b *testing.B) { inTurns(b, 500, many.detail, few.detail) })
				b.Run("page", func(b *testing.B) { inTurns(b, 50, many.page, few.page) })
				b.Run("page of RSA", func(b *testing.B) { inTurns(b, 50, many.pageOfRSA, few.pageOfRSA) })
				b.Run("list", func(b *testing.B) { inTurns(b, 50, many.list, few.list) })
			})
		}
	}
}

// archiveCalls are the operations to time, on one Archive.
type archiveCalls struct {
	upload, detail, page, pageOfRSA, list func()
}

func newArchiveCalls(b *testing.B, d database, size int) archiveCalls {
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	store, db := archiveStore(b, d), d.open(b)
	a, err := newArchive(store)
	check(err)
	var uploads []*archive.UploadCsrRequest
	for n := range 1000 {
		req, err := uploadOf(n)
		check(err)
		uploads = append(uploads, req)
	}
	_, err = db.ExecContext(b.Context(), fillingCSRs, uploads[0].Csr, size)
	check(err)
	_, err = db.ExecContext(b.Context(), settlingCSRs[d.dialect])
	check(err)

	const pageSize = 50
	page := func(filter archive.Filter) {
		var records []archive.Record
		check(store.View(b.Context(), func(r archive.Snapshot) (err error) {
			records, err = r.Records(filter, 0, pageSize)
			return err
		}))
		if len(records) != pageSize {
			b.Fatalf("%d CSRs are on the page, want %d", len(records), pageSize)
		}
	}
	uploaded, described := 0, int64(0)
	return archiveCalls{
		upload: func() {
			uploaded++
			resp, err := a.UploadCsr(b.Context(), nil, now, uploads[uploaded%len(uploads)])
			check(err)
			_, err = a.DeleteCsr(b.Context(), nil, &archive.DeleteCsrRequest{CsrId: resp.CsrId})
			check(err)
		},
		detail: func() {
			described++
			_, err := a.GetCsrDetail(b.Context(), nil, &archive.GetCsrDetailRequest{CsrId: idOf(described*7919, size)})
			check(err)
		},
		page:      func() { page(archive.Filter{}) },
		pageOfRSA: func() { page(archive.Filter{Algorithm: "RSA"}) },
		list: func() {
			listed, err := a.ListCsr(b.Context(), nil, &archive.ListCsrRequest{ShowSize: pageSize})
			check(err)
			if listed.TotalCount < int64(size) || len(listed.CsrList) != pageSize {
				b.Fatalf("ListCsr returns %d of %d CSRs", len(listed.CsrList), listed.TotalCount)
			}
		},
	}
}
