package interop

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/yuncert/yuncert/internal/floor"
	"github.com/yuncert/yuncert/internal/sqldb"
	"github.com/yuncert/yuncert/order"
)

// filling is a statement for both databases. It stores $2 orders with scattered
// OrderIds, as random ones are. Of ten orders, one waits for its proof and one has a
// certificate that expires. Each domain has a thousand orders.
const filling = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $2)
	INSERT INTO yuncert_orders (order_id, product_code, state, domain, csr, validate_type, username, phone, email, token, reason,
		certificate, created, updated, not_after)
	SELECT n * 6364136223847 % 9007199254740992, 'digicert-free-1-free', CASE n % 10 WHEN 0 THEN 'domain_verify' WHEN 1 THEN 'certificate' ELSE 'payed' END,
		'www' || (n % ($2 / 1000)) || '.example.com', $1, 'DNS', 'user', '10086', 'user@example.com', '20260701000000', '', '', 1782907200000000 + n,
		1782907200000000, CASE n % 10 WHEN 1 THEN 1782907200000000 + n ELSE -62135596800000000 END
	FROM numbers`

// settling makes a database finish the work that filling has postponed.
var settling = map[sqldb.Dialect]string{
	sqldb.SQLite:     "PRAGMA wal_checkpoint(TRUNCATE)",
	sqldb.PostgreSQL: "VACUUM ANALYZE yuncert_orders",
}

// filledDatabase returns a store with size orders in a database.
func filledDatabase(b *testing.B, d database, size int) order.Store {
	store, db := orderStore(b, d), d.open(b)
	db.SetMaxOpenConns(1)
	if d.dialect == sqldb.SQLite { // its usual cache makes the filling slow
		if _, err := db.ExecContext(b.Context(), "PRAGMA cache_size = -1000000"); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := db.ExecContext(b.Context(), filling, newApplication(b).Csr, size); err != nil {
		b.Fatal(err)
	}
	if _, err := db.ExecContext(b.Context(), settling[d.dialect]); err != nil {
		b.Fatal(err)
	}
	return store
}

// filledMemory returns a store with the same orders in memory.
func filledMemory(b *testing.B, size int) order.Store {
	store, csr := order.NewMemoryStore(), newApplication(b).Csr
	err := store.Update(b.Context(), func(tx order.Tx) error {
		for n := range int64(size) {
			o := order.Order{OrderId: idOf(n, size), State: order.StatePayed, Domain: domainOf(n, size), Csr: csr, Created: now.Add(time.Duration(n) * time.Microsecond)}
			switch n % 10 {
			case 0:
				o.State = order.StateDomainVerify
			case 1:
				o.State, o.NotAfter = order.StateCertificate, o.Created
			}
			if err := tx.CreateOrder(o); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return store
}

// idOf returns the OrderId of the order number n of size stored orders.
func idOf(n int64, size int) int64 { return (n%int64(size) + 1) * 6364136223847 % (1 << 53) }

// domainOf returns the domain of the order number n of size stored orders.
func domainOf(n int64, size int) string {
	return fmt.Sprintf("www%d.example.com", n%int64(size/fewest))
}

// fewest is the number of orders to compare with: its x-fewest is 1.
const fewest = 1_000

// BenchmarkStore times the operations of a Book with many stored orders and
// with the fewest. Submitting includes the check of the CSR's signature.
func BenchmarkStore(b *testing.B) {
	kinds := map[string]func(*testing.B, int) order.Store{"memory": filledMemory}
	for _, d := range databases {
		kinds[d.name] = func(b *testing.B, size int) order.Store { return filledDatabase(b, d.make(b), size) }
	}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		for size := fewest; size <= 1_000_000; size *= 10 {
			b.Run(fmt.Sprintf("%s/orders=%d", name, size), func(b *testing.B) {
				if size > 100_000 && testing.Short() {
					b.Skip("filling takes long")
				}
				many, few := newCalls(b, kinds[name], size), newCalls(b, kinds[name], fewest)
				b.Run("describe", func(b *testing.B) { inTurns(b, 1000, many.describe, few.describe) })
				b.Run("list", func(b *testing.B) { inTurns(b, 50, many.list, few.list) })
				b.Run("listOf", func(b *testing.B) { inTurns(b, 50, many.listOf, few.listOf) })
				b.Run("listExpiring", func(b *testing.B) { inTurns(b, 50, many.listExpiring, few.listExpiring) })
				b.Run("submit", func(b *testing.B) { inTurns(b, 100, many.submit, few.submit) })
			})
		}
	}
}

// calls are the operations to time, on one Book.
type calls struct {
	describe, list, listOf, listExpiring, submit func()
}

func newCalls(b *testing.B, filled func(*testing.B, int) order.Store, size int) calls {
	book, req := order.NewBook(filled(b, size), order.BookOptions{}), newApplication(b)
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	check(book.AddPackage(b.Context(), "", 1<<40))
	described, domain := int64(0), int64(0)
	// pages reads pages of 100 of a list of total orders, over and over.
	pages := func(total int, read func(after order.Order) ([]order.Order, error)) func() {
		listed, after := 0, order.Order{}
		return func() {
			page, err := read(after)
			check(err)
			after = page[99]
			if listed += 100; listed%total == 0 {
				after = order.Order{}
			}
		}
	}
	return calls{
		describe: func() {
			described++
			_, err := book.DescribeCertificateState(b.Context(), nil,
				&order.DescribeCertificateStateRequest{OrderId: idOf(described*7919, size)})
			check(err)
		},
		list: pages(size/10, func(after order.Order) ([]order.Order, error) {
			return book.Orders(b.Context(), order.StateDomainVerify, after, 100)
		}),
		listOf: pages(fewest, func(after order.Order) ([]order.Order, error) {
			if after.OrderId == 0 {
				domain++
			}
			return book.OrdersOf(b.Context(), domainOf(domain*7919, size), after, 100)
		}),
		listExpiring: pages(size/10, func(after order.Order) ([]order.Order, error) {
			return book.Expiring(b.Context(), later, after, 100)
		}),
		submit: func() {
			_, err := book.CreateCertificateWithCsrRequest(b.Context(), nil, now, req)
			check(err)
		},
	}
}

// inTurns times n calls on each of two Books in turn. Before each turn it makes
// n more calls to fill the caches, which the connections of a driver may share.
func inTurns(b *testing.B, n int, many, few func()) {
	var took, spent, least []time.Duration
	turn := func(call func()) (each []time.Duration, sum time.Duration) {
		for range n {
			call()
		}
		for range n {
			start := time.Now()
			call()
			each = append(each, time.Since(start))
			sum += each[len(each)-1]
		}
		return each, sum
	}
	var reads, written int64
	for b.Loop() {
		_, sumOfFew := turn(few)
		readsBefore, writtenBefore := traffic(b)
		each, sumOfMany := turn(many)
		readsAfter, writtenAfter := traffic(b)
		took, spent, least = append(took, each...), append(spent, sumOfMany), append(least, sumOfFew)
		reads, written = reads+readsAfter-readsBefore, written+writtenAfter-writtenBefore
	}
	slices.Sort(took) // the median, because a disk can stall for longer than hundreds of calls take
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "ns/op")
	b.ReportMetric(floor.Ratio(spent, least), "x-fewest")
	b.ReportMetric(float64(reads)/float64(2*len(took)), "reads/op")
	b.ReportMetric(float64(written)/float64(2*len(took)), "written-B/op")
}

// traffic returns the number of reads from files and the number of octets
// written by this process, or zeros if the system does not report them. They
// count SQLite's work, but not the work of PostgreSQL, which has its own
// process.
func traffic(b *testing.B) (reads, written int64) {
	text, err := os.ReadFile("/proc/self/io")
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0
	}
	if err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(text), "rchar: %d\nwchar: %d\nsyscr: %d", new(int64), &written, &reads); err != nil {
		b.Fatal(err)
	}
	return reads, written
}
