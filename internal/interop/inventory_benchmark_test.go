package interop

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/floor"
	"github.com/yuncert/yuncert/internal/sqldb"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// fillingCertificates are statements for both databases. The first stores $1
// certificates with scattered Identifiers and serial numbers, as random ones are. The
// newest $2 are revoked. The others store their terms.
var fillingCertificates = []string{
	`WITH RECURSIVE numbers (n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
	INSERT INTO yuncert_certificates (identifier, authority, serial_number, kind, not_before, not_after, crl_url, der, tags,
		resource_group_id, custom_identifier, alias_name, status, revocation_time, reason, invalidity_date, added, updated, crl_until, crl_entry)
	SELECT CAST(1000000000000000 + n * 6364136223847 % 562949953421312 AS TEXT) || '0123456789abcdef', CASE WHEN n % 100 < $4 THEN $5 ELSE 'authority ' || (n % 100) END,
		'1f' || CAST(1000000000000000 + n * 6364136223847 % 562949953421312 AS TEXT) || '0123456789abcdef01',
		CASE n % 1000 WHEN 0 THEN 'CA' ELSE 'SERVER' END, 1767323045000000, 1767323045000000 + n * 1000000, 'http://pki.example.com/crl',
		$3, '[]', CASE n % 100 WHEN 0 THEN 'group ' || (n / 100 % 10) ELSE '' END, '', '',
		CASE WHEN n > $1 - $2 THEN 'REVOKE' ELSE 'ISSUE' END, CASE WHEN n > $1 - $2 THEN 1767323045000000 ELSE -62135596800000000 END,
		CASE WHEN n > $1 - $2 THEN 1 ELSE 0 END, -62135596800000000, 1767323045000000, 1767323045000000, 1767323045000000 + n * 1000000,
		UNHEX(CASE WHEN n > $1 - $2 THEN '0006475ef64cf340ff23400100d4400000000001' || '1f' || CAST(1000000000000000 + n * 6364136223847 % 562949953421312 AS TEXT) ||
			'0123456789abcdef01' END)
	FROM numbers`,
	`INSERT INTO yuncert_certificate_terms (term, certificate_id) SELECT '=host' || id || '.example.com', id FROM yuncert_certificates`,
	`INSERT INTO yuncert_certificate_terms (term, certificate_id) SELECT '.example.com', id FROM yuncert_certificates`,
}

// decoding has the function that decodes hexadecimal digits.
var decoding = map[sqldb.Dialect]*strings.Replacer{
	sqldb.SQLite:     strings.NewReplacer(),
	sqldb.PostgreSQL: strings.NewReplacer("UNHEX(", "decode(", "END)", "END, 'hex')"),
}

// settlingCertificates makes a database finish the work that the statements have
// postponed.
var settlingCertificates = map[sqldb.Dialect][]string{
	sqldb.SQLite:     {"PRAGMA wal_checkpoint(TRUNCATE)"},
	sqldb.PostgreSQL: {"VACUUM ANALYZE yuncert_certificates", "VACUUM ANALYZE yuncert_certificate_terms"},
}

// fillInventory stores certificates in an empty database. So many of a hundred are of
// an authority, and the others of other authorities. It creates the indexes last,
// because that is much faster.
func fillInventory(tb testing.TB, d database, db *sql.DB, size, revoked, percent int, authority string) {
	tb.Helper()
	der, err := mustAuthority(tb).issue()
	if err != nil {
		tb.Fatal(err)
	}
	conn, err := db.Conn(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	exec := func(statement string, args ...any) {
		if _, err := conn.ExecContext(tb.Context(), statement, args...); err != nil {
			tb.Fatal(err)
		}
	}
	if d.dialect == sqldb.SQLite {
		// The settings end with the connection.
		defer conn.Raw(func(any) error { return driver.ErrBadConn })
		exec("PRAGMA cache_size = -1000000")
	} else {
		defer conn.Close()
	}
	indexes := indexesOf(tb, d, db)
	for name := range indexes {
		exec("DROP INDEX " + name)
	}
	exec(decoding[d.dialect].Replace(fillingCertificates[0]), size, revoked, der, percent, authority)
	for _, statement := range fillingCertificates[1:] {
		exec(statement)
	}
	for _, statement := range indexes {
		exec(statement)
	}
	for _, statement := range settlingCertificates[d.dialect] {
		exec(statement)
	}
}

// indexesOf returns the statements that create the indexes of certificates, by the
// names of the indexes.
func indexesOf(tb testing.TB, d database, db *sql.DB) map[string]string {
	tb.Helper()
	rows, err := db.QueryContext(tb.Context(), map[sqldb.Dialect]string{
		sqldb.SQLite: `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND name LIKE 'yuncert_certificate%'`,
		sqldb.PostgreSQL: `SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
			AND indexname LIKE 'yuncert_certificate%' AND indexname NOT LIKE '%_pkey'`,
	}[d.dialect])
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	indexes := map[string]string{}
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			tb.Fatal(err)
		}
		indexes[name] = statement
	}
	if err := rows.Err(); err != nil || len(indexes) == 0 {
		tb.Fatalf("%d indexes, %v", len(indexes), err)
	}
	return indexes
}

// filledInventory returns an inventory with size certificates of an authority, of
// which some are revoked.
func filledInventory(b *testing.B, d database, a *authority, size, revoked int) *inventory.Inventory {
	store := inventoryStore(b, d)
	fillInventory(b, d, d.open(b), size, revoked, 100, inventory.AuthorityOf(a.issuer))
	return inventory.New(store)
}

// scattered returns the digits that certificate number n of fillInventory has in its
// Identifier and its serial number.
func scattered(n int) int64 { return 1_000_000_000_000_000 + int64(n)*6364136223847%(1<<49) }

// BenchmarkInventoryStore times the calls of a CA with many stored certificates and
// with the fewest. add includes issuing the certificate; hold puts a certificate on
// hold and releases it.
func BenchmarkInventoryStore(b *testing.B) {
	for _, d := range databases {
		for size := fewest; size <= 1_000_000; size *= 1000 {
			b.Run(fmt.Sprintf("%s/certificates=%d", d.name, size), func(b *testing.B) {
				if size > 100_000 && testing.Short() {
					b.Skip("filling takes long")
				}
				a := mustAuthority(b)
				many, few := newInventoryCalls(b, a, filledInventory(b, d.make(b), a, size, 0), size),
					newInventoryCalls(b, a, filledInventory(b, d.make(b), a, fewest, 0), fewest)
				b.Run("status", func(b *testing.B) { inTurns(b, 1000, many.status, few.status) })
				b.Run("list", func(b *testing.B) { inTurns(b, 50, many.list, few.list) })
				b.Run("add", func(b *testing.B) { inTurns(b, 100, many.add, few.add) })
				b.Run("hold", func(b *testing.B) { inTurns(b, 100, many.hold, few.hold) })
			})
		}
	}
}

type inventoryCalls struct {
	status, list, add, hold func()
}

func newInventoryCalls(b *testing.B, a *authority, v *inventory.Inventory, size int) inventoryCalls {
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	lookup := v.Status(b.Context(), now, inventory.AuthorityOf(a.issuer), time.Time{})
	n := 0
	next := func() int64 {
		n = (n + 7919) % size
		return scattered(n + 1)
	}
	return inventoryCalls{
		status: func() {
			answer, err := lookup(fmt.Sprintf("1f%d0123456789abcdef01", next()))
			if answer.Status != ca.OCSPGood {
				b.Errorf("the answer is %v", answer.Status)
			}
			check(err)
		},
		list: func() {
			page, err := v.Certificates(b.Context(), inventory.Filter{ExpireFrom: now, OldestFirst: true},
				inventory.Certificate{Id: 1, NotAfter: now.Add(time.Duration(next()%int64(size)) * time.Second)}, 100)
			if len(page) == 0 && size > fewest {
				b.Error("an empty page")
			}
			check(err)
		},
		add: func() {
			_, err := a.add(b.Context(), v)
			check(err)
		},
		hold: func() {
			identifier := fmt.Sprintf("%d0123456789abcdef", next())
			_, err := v.Revoke(b.Context(), now, identifier, inventory.Revocation{Reason: ca.ReasonCertificateHold})
			check(err)
			_, err = v.Release(b.Context(), now, identifier)
			check(err)
		},
	}
}

// BenchmarkInventoryList times a CRL from a database and the same CRL from memory.
// x-memory-cpu compares the processor times of this process, which other processes
// hardly change; SQLite runs in it and PostgreSQL does not. peak-MB is how much the heap
// grows, and list-MB is the size of the CRL.
func BenchmarkInventoryList(b *testing.B) {
	for _, d := range databases {
		for _, size := range []int{1000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/entries=%d", d.name, size), func(b *testing.B) {
				if size > 100_000 && testing.Short() {
					b.Skip("filling takes long")
				}
				a := mustAuthority(b)
				chain := a.issuer.Describe().CaCertChain
				issuer, err := ca.NewIssuer(chain, testkeys.Key(algorithm.ECC_256, 1), ca.IssuerOptions{}) // one list of all
				if err != nil {
					b.Fatal(err)
				}
				a.issuer = issuer
				memory := revokedInMemory(b, a, size)
				stored := filledInventory(b, d.make(b), a, size, size)
				var spent, least, cpu, leastCPU []time.Duration
				var last listCost
				for b.Loop() {
					fromMemory := a.timeList(b, memory)
					last = a.timeList(b, stored)
					least, leastCPU = append(least, fromMemory.took), append(leastCPU, fromMemory.cpu)
					spent, cpu = append(spent, last.took), append(cpu, last.cpu)
				}
				b.ReportMetric(float64(last.took.Nanoseconds()), "ns/op")
				b.ReportMetric(floor.Ratio(spent, least), "x-memory")
				b.ReportMetric(floor.Ratio(cpu, leastCPU), "x-memory-cpu")
				b.ReportMetric(float64(last.peak)/1e6, "peak-MB")
				b.ReportMetric(float64(last.size)/1e6, "list-MB")
				b.ReportMetric(float64(last.allocated)/float64(size), "B/entry")
			})
		}
	}
}

// A listCost is what a CRL costs. peak is how much the heap grew.
type listCost struct {
	took, cpu             time.Duration
	peak, allocated, size uint64
}

// timeList publishes a CRL.
func (a *authority) timeList(b *testing.B, v *inventory.Inventory) (cost listCost) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	ended, greatest := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		most := before.HeapAlloc
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-tick.C:
			case <-ended:
				greatest <- most
				return
			}
		}
	}()
	start, cpu := time.Now(), floor.ProcessorTime()
	crl, err := a.publish(b.Context(), v)
	cost.took, cost.cpu = time.Since(start), floor.ProcessorTime()-cpu
	close(ended)
	cost.peak = <-greatest - before.HeapAlloc
	runtime.ReadMemStats(&after)
	if err != nil {
		b.Fatal(err)
	}
	cost.allocated, cost.size = after.TotalAlloc-before.TotalAlloc, uint64(len(crl))
	return cost
}

// revokedInMemory returns an inventory in memory with the entries of fillInventory.
func revokedInMemory(b *testing.B, a *authority, size int) *inventory.Inventory {
	store, authority := new(inventory.MemoryStore), inventory.AuthorityOf(a.issuer)
	err := store.Update(b.Context(), func(tx inventory.Tx) error {
		for n := 1; n <= size; n++ {
			_, err := tx.CreateCertificate(inventory.Certificate{
				Identifier: strconv.Itoa(n), Authority: authority, Kind: inventory.KindServer,
				SerialNumber: fmt.Sprintf("1f%d0123456789abcdef01", scattered(n)), NotAfter: now.Add(time.Duration(n) * time.Second),
				Status: ca.StatusRevoke, Revocation: inventory.Revocation{RevocationTime: now, Reason: ca.ReasonKeyCompromise}, Updated: now,
			}, nil)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return inventory.New(store)
}

// BenchmarkInventoryIssue issues and adds certificates from 16 goroutines.
// x-primitives is how many times as long that takes as the verification of the CSR and
// the signature of the certificate, from 16 goroutines too.
func BenchmarkInventoryIssue(b *testing.B) {
	const goroutines, times = 16, 50
	for _, kind := range databases {
		b.Run(kind.name, func(b *testing.B) {
			a, v := mustAuthority(b), inventory.New(inventoryStore(b, kind.make(b)))
			primitives := floor.Both(floor.Verification(algorithm.ECC_256, 2), floor.Signature(algorithm.ECC_256, 1))
			together := func(f func()) time.Duration {
				var end sync.WaitGroup
				start := time.Now()
				for range goroutines {
					end.Go(func() {
						for range times {
							f()
						}
					})
				}
				end.Wait()
				return time.Since(start)
			}
			issueAndAdd := func() {
				if _, err := a.add(b.Context(), v); err != nil {
					b.Error(err)
				}
			}
			together(issueAndAdd) // opens the connections
			var spent, least []time.Duration
			var sum time.Duration
			for b.Loop() {
				least = append(least, together(primitives))
				took := together(issueAndAdd)
				spent = append(spent, took)
				sum += took
			}
			b.ReportMetric(float64(len(spent)*goroutines*times)/sum.Seconds(), "certificates/s")
			b.ReportMetric(floor.Ratio(spent, least), "x-primitives")
		})
	}
}
