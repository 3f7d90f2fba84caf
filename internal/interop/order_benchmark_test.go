package interop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/yuncert/yuncert/order"
)

// filling is a statement of both databases that stores $2 orders, of which every
// tenth waits for its proof, under OrderIds as scattered as drawn ones.
const filling = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $2)
	INSERT INTO yuncert_orders (order_id, product_code, state, domain, csr, validate_type, username, phone, email, token, reason,
		certificate, created, updated)
	SELECT n * 6364136223847 % 9007199254740992, 'digicert-free-1-free', CASE n % 10 WHEN 0 THEN 'domain_verify' ELSE 'payed' END,
		'www.example.com', $1, 'DNS', 'user', '10086', 'user@example.com', '20260701000000', '', '', 1782907200000000 + n, 1782907200000000
	FROM numbers`

// settling has a database finish what filling leaves to be done later.
var settling = map[string]string{"SQLite": "PRAGMA wal_checkpoint(TRUNCATE)", "PostgreSQL": "VACUUM ANALYZE yuncert_orders"}

// BenchmarkStore times what a Book does beside so many stored orders. Submitting
// includes the check of the CSR's signature.
func BenchmarkStore(b *testing.B) {
	req := newApplication(b)
	for _, size := range []int{1_000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("memory/orders=%d", size), func(b *testing.B) {
			store := order.NewMemoryStore()
			err := store.Update(b.Context(), func(tx order.Tx) error {
				for n := range int64(size) {
					state := order.StatePayed
					if n%10 == 0 {
						state = order.StateDomainVerify
					}
					if err := tx.CreateOrder(order.Order{OrderId: (n + 1) * 6364136223847 % (1 << 53), State: state, Csr: req.Csr,
						Created: now.Add(time.Duration(n) * time.Microsecond)}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			benchmarkBook(b, store, size)
		})
	}
	for _, d := range databases {
		for _, size := range []int{1_000, 10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/orders=%d", d.name, size), func(b *testing.B) {
				if size > 100_000 && testing.Short() {
					b.Skip("filling takes long")
				}
				database := d.make(b)
				store := database.store(b)
				db := database.open(b)
				if _, err := db.ExecContext(b.Context(), filling, req.Csr, size); err != nil {
					b.Fatal(err)
				}
				if _, err := db.ExecContext(b.Context(), settling[d.name]); err != nil {
					b.Fatal(err)
				}
				benchmarkBook(b, store, size)
			})
		}
	}
}

// written returns how many octets this process has written, or 0 where the system
// does not say: SQLite's go to its files, PostgreSQL's to the server.
func written(b *testing.B) (octets int64) {
	text, err := os.ReadFile("/proc/self/io")
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(text), "rchar: %d\nwchar: %d", new(int64), &octets); err != nil {
		b.Fatal(err)
	}
	return octets
}

func benchmarkBook(b *testing.B, store order.Store, size int) {
	book, req := order.NewBook(store, order.BookOptions{}), newApplication(b)
	if err := book.AddPackage(b.Context(), "", 1<<40); err != nil {
		b.Fatal(err)
	}
	b.Run("submit", func(b *testing.B) {
		submit := func() time.Duration {
			start := time.Now()
			if _, err := book.CreateCertificateWithCsrRequest(b.Context(), nil, now, req); err != nil {
				b.Fatal(err)
			}
			return time.Since(start)
		}
		for range 1000 { // fills the caches of whoever has some
			submit()
		}
		var took []time.Duration
		before := written(b)
		for b.Loop() {
			took = append(took, submit())
		}
		// Disks stall now and then, for longer than hundreds of submissions take.
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs/op")
		b.ReportMetric(float64(written(b)-before)/float64(b.N), "written-B/op")
	})
	b.Run("describe", func(b *testing.B) {
		for n := int64(1); b.Loop(); n++ {
			id := (n*7919%int64(size) + 1) * 6364136223847 % (1 << 53)
			if _, err := book.DescribeCertificateState(b.Context(), nil, &order.DescribeCertificateStateRequest{OrderId: id}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("list", func(b *testing.B) { // the pages of all, again and again
		after := order.Order{}
		for b.Loop() {
			page, err := book.Orders(b.Context(), order.StateDomainVerify, after, 100)
			if err != nil {
				b.Fatal(err)
			}
			after = order.Order{}
			if len(page) == 100 {
				after = page[99]
			}
		}
	})
}
