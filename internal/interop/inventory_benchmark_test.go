package interop

import (
	"database/sql"
	"testing"

	"github.com/yuncert/yuncert/internal/sqldb"
)

// fillingCertificates are statements for both databases. The first stores $1
// certificates with scattered Identifiers and serial numbers, as random ones are. The
// newest $2 are revoked. The others store their terms.
var fillingCertificates = []string{
	`WITH RECURSIVE numbers (n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
	INSERT INTO yuncert_certificates (identifier, authority, serial_number, kind, not_before, not_after, crl_url, der, tags,
		resource_group_id, custom_identifier, alias_name, status, revocation_time, reason, invalidity_date, added, updated, crl_until)
	SELECT CAST(1000000000000000 + n * 6364136223847 % 562949953421312 AS TEXT) || '0123456789abcdef', CASE WHEN n % 100 < $4 THEN $5 ELSE 'authority ' || n % 100 END,
		'1f' || CAST(1000000000000000 + n * 6364136223847 % 562949953421312 AS TEXT) || '0123456789abcdef01',
		CASE n % 1000 WHEN 0 THEN 'CA' ELSE 'SERVER' END, 1767323045000000, 1767323045000000 + n * 1000000, 'http://pki.example.com/crl',
		$3, '[]', CASE n % 100 WHEN 0 THEN 'group ' || n / 100 % 10 ELSE '' END, '', '',
		CASE WHEN n > $1 - $2 THEN 'REVOKE' ELSE 'ISSUE' END, CASE WHEN n > $1 - $2 THEN 1767323045000000 ELSE -62135596800000000 END,
		CASE WHEN n > $1 - $2 THEN 1 ELSE 0 END, -62135596800000000, 1767323045000000, 1767323045000000, 1767323045000000 + n * 1000000
	FROM numbers`,
	`INSERT INTO yuncert_certificate_terms (term, certificate_id) SELECT '=host' || id || '.example.com', id FROM yuncert_certificates`,
	`INSERT INTO yuncert_certificate_terms (term, certificate_id) SELECT '.example.com', id FROM yuncert_certificates`,
}

// settlingCertificates makes a database finish the work that the statements have
// postponed.
var settlingCertificates = map[sqldb.Dialect][]string{
	sqldb.SQLite:     {"PRAGMA wal_checkpoint(TRUNCATE)"},
	sqldb.PostgreSQL: {"VACUUM ANALYZE yuncert_certificates", "VACUUM ANALYZE yuncert_certificate_terms"},
}

// fillInventory stores certificates in an empty database. So many of a hundred are of
// an authority, and the others of other authorities.
func fillInventory(tb testing.TB, d database, db *sql.DB, size, revoked, percent int, authority string) {
	tb.Helper()
	der, err := mustAuthority(tb).issue()
	if err != nil {
		tb.Fatal(err)
	}
	for n, statement := range fillingCertificates {
		var args []any
		if n == 0 {
			args = []any{size, revoked, der, percent, authority}
		}
		if _, err := db.ExecContext(tb.Context(), statement, args...); err != nil {
			tb.Fatal(err)
		}
	}
	for _, statement := range settlingCertificates[d.dialect] {
		if _, err := db.ExecContext(tb.Context(), statement); err != nil {
			tb.Fatal(err)
		}
	}
}
