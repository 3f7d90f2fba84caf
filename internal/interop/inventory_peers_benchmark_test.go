package interop

import (
	"crypto/x509"
	"database/sql"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudflare/cfssl/certdb"
	cfsql "github.com/cloudflare/cfssl/certdb/sql"
	"github.com/cloudflare/cfssl/crl"
	"github.com/jmoiron/sqlx"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/floor"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// A CA of BenchmarkInventoryPeers has so many certificates, of which so many are revoked.
const (
	peerCertificates = 100_000
	peerRevoked      = 10_000
)

// An inventoryPeer does what an inventory does. A nil call means that the peer has no
// such call. prepare runs before each revoke, and its time does not count.
type inventoryPeer struct {
	add, prepare, revoke, lookup, list func()
}

// BenchmarkInventoryPeers compares an inventory in SQLite with other records of as many
// certificates. x-yuncert is how many times as much processor time the other one takes.
func BenchmarkInventoryPeers(b *testing.B) {
	if testing.Short() {
		b.Skip("filling takes long")
	}
	a := mustAuthority(b)
	ours := inventoryOfPeers(b, a)
	for _, peer := range []struct {
		name string
		make func(*testing.B, *authority) inventoryPeer
	}{{"cfssl", cfsslDatabase}, {"openssl", opensslIndex}} {
		b.Run(peer.name, func(b *testing.B) {
			theirs := peer.make(b, a)
			for _, call := range []struct {
				name                 string
				ours, theirs, before func()
				turn                 int // calls of ours in a turn
			}{
				{"add", ours.add, theirs.add, nil, 20},
				{"revoke", ours.revoke, theirs.revoke, theirs.prepare, 20},
				{"lookup", ours.lookup, theirs.lookup, nil, 100},
				{"list", ours.list, theirs.list, nil, 1},
			} {
				if call.theirs == nil {
					continue
				}
				b.Run(call.name, func(b *testing.B) { besidePeer(b, call.turn, call.ours, call.before, call.theirs) })
			}
		})
	}
}

// besidePeer measures the processor time of calls in turns: n of ours, and n of theirs,
// or one that needs before. The wall time would mostly be the disk's.
func besidePeer(b *testing.B, n int, ours, before, theirs func()) {
	m := n
	if before != nil {
		m = 1
	}
	var spent, least []time.Duration
	for b.Loop() {
		if before != nil {
			before()
		}
		spent = append(spent, floor.PerCall(theirs, m, len(spent)))
		least = append(least, floor.PerCall(ours, n, len(least)))
	}
	ratio := floor.Ratio(spent, least)
	slices.Sort(spent)
	slices.Sort(least)
	b.ReportMetric(float64(spent[len(spent)/2].Nanoseconds()), "ns/op")
	b.ReportMetric(float64(least[len(least)/2].Nanoseconds()), "yuncert-ns/op")
	b.ReportMetric(ratio, "x-yuncert")
}

// inventoryOfPeers is this module.
func inventoryOfPeers(b *testing.B, a *authority) inventoryPeer {
	issuer, err := ca.NewIssuer(a.issuer.Describe().CaCertChain, testkeys.Key(algorithm.ECC_256, 1), ca.IssuerOptions{})
	if err != nil {
		b.Fatal(err)
	}
	check := failing(b)
	v := filledInventory(b, newSQLite(b), a, peerCertificates, peerRevoked)
	issued := issuedBefore(b, a)
	lookup := v.Status(b.Context(), now, inventory.AuthorityOf(issuer), time.Time{})
	revoked, looked := 0, 0
	return inventoryPeer{
		add: func() {
			_, err := v.Add(b.Context(), now, issued(), inventory.Labels{})
			check(err)
		},
		revoke: func() {
			revoked++
			_, err := v.Revoke(b.Context(), now, fmt.Sprintf("%d0123456789abcdef", scattered(revoked)), inventory.Revocation{Reason: ca.ReasonKeyCompromise})
			check(err)
		},
		lookup: func() {
			looked = (looked + 7919) % peerCertificates
			_, err := lookup(fmt.Sprintf("1f%d0123456789abcdef01", scattered(looked+1)))
			check(err)
		},
		list: func() {
			_, err := v.RevocationList(b.Context(), nil, now, issuer, now.AddDate(0, 0, 7))
			check(err)
		},
	}
}

func failing(b *testing.B) func(error) {
	return func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
}

// issuedBefore returns a function that returns a new certificate. It issues them in
// advance, because both sides would spend the same time.
func issuedBefore(b *testing.B, a *authority) func() []byte {
	var issued [][]byte
	for range 5000 {
		der, err := a.issue()
		if err != nil {
			b.Fatal(err)
		}
		issued = append(issued, der)
	}
	n := 0
	return func() []byte {
		if n == len(issued) {
			b.Fatalf("more than %d certificates: set a smaller -benchtime", n)
		}
		n++
		return issued[n-1]
	}
}

// cfsslDatabase is cfssl's package certdb, in SQLite with the same driver, write-ahead
// log and durability as the inventory.
func cfsslDatabase(b *testing.B, a *authority) inventoryPeer {
	check := failing(b)
	db := newSQLite(b).open(b)
	db.SetMaxOpenConns(1)
	for _, statement := range []string{
		"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
		// The migrations of cfssl.
		`CREATE TABLE certificates (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, ca_label blob, status blob NOT NULL,
			reason int, expiry timestamp, revoked_at timestamp, pem blob NOT NULL, PRIMARY KEY(serial_number, authority_key_identifier))`,
		`ALTER TABLE certificates ADD COLUMN "issued_at" timestamp`, `ALTER TABLE certificates ADD COLUMN "not_before" timestamp`,
		`ALTER TABLE certificates ADD COLUMN "metadata" text`, `ALTER TABLE certificates ADD COLUMN "sans" text`, `ALTER TABLE certificates ADD COLUMN "common_name" text`,
	} {
		_, err := db.ExecContext(b.Context(), statement)
		check(err)
	}
	der, err := a.issue()
	check(err)
	cert, err := x509.ParseCertificate(der)
	check(err)
	key := hex.EncodeToString(cert.AuthorityKeyId)
	serial := func(n int) string { return "1" + fmt.Sprint(scattered(n)) + "012345678901234567890123" }
	record := func(cert *x509.Certificate, serial string) certdb.CertificateRecord {
		r := certdb.CertificateRecord{
			Serial: serial, AKI: key, Status: "good", Expiry: time.Now().AddDate(1, 0, 0), PEM: testutil.EncodePEM("CERTIFICATE", cert.Raw),
			IssuedAt: &now, NotBefore: &cert.NotBefore, CommonName: sql.NullString{String: cert.Subject.CommonName, Valid: true},
		}
		check(r.SetSANs(cert.DNSNames))
		return r
	}
	accessor := cfsql.NewAccessor(sqlx.NewDb(db, "sqlite3"))
	tx, err := db.BeginTx(b.Context(), nil)
	check(err)
	for n := range peerCertificates {
		r := record(cert, serial(n+1))
		if n >= peerCertificates-peerRevoked {
			r.Status = "revoked"
		}
		_, err := tx.ExecContext(b.Context(), `INSERT INTO certificates (serial_number, authority_key_identifier, ca_label, status, reason, expiry, revoked_at, pem, issued_at, not_before, metadata, sans, common_name)
			VALUES (?, ?, '', ?, 1, ?, ?, ?, ?, ?, 'null', 'null', 'www.example.com')`, r.Serial, r.AKI, r.Status, r.Expiry.UTC(), now, r.PEM, now, now)
		check(err)
	}
	check(tx.Commit())
	issuer, err := x509.ParseCertificate(testutil.FirstPEM(b, a.issuer.Describe().X509Certificate))
	check(err)
	issued := issuedBefore(b, a)
	revoked, looked := 0, 0
	return inventoryPeer{
		add: func() {
			cert, err := x509.ParseCertificate(issued()) // as cfssl's signer does before it stores
			check(err)
			check(accessor.InsertCertificate(record(cert, cert.SerialNumber.String())))
		},
		revoke: func() {
			revoked++
			check(accessor.RevokeCertificate(serial(revoked), key, 1))
		},
		lookup: func() {
			looked = (looked + 7919) % peerCertificates
			found, err := accessor.GetCertificate(serial(looked+1), key)
			check(err)
			if len(found) != 1 {
				b.Errorf("%d certificates", len(found))
			}
		},
		list: func() {
			list, err := accessor.GetRevokedAndUnexpiredCertificates()
			check(err)
			_, err = crl.NewCRLFromDB(list, issuer, testkeys.Key(algorithm.ECC_256, 1), 7*24*time.Hour)
			check(err)
		},
	}
}

// opensslIndex is "openssl ca", each call a process. It has no lookup of its own.
func opensslIndex(b *testing.B, a *authority) inventoryPeer {
	need(b, "openssl")
	dir := b.TempDir()
	var index strings.Builder
	for n := range peerCertificates - 1 {
		status := "V\t401231235959Z\t\t"
		if n >= peerCertificates-1-peerRevoked {
			status = "R\t401231235959Z\t260102030405Z,keyCompromise\t"
		}
		fmt.Fprintf(&index, "%s1F%d0123456789ABCDEF01\tunknown\t/CN=host%d.example.com\n", status, scattered(n+1), n)
	}
	der, err := a.issue()
	if err != nil {
		b.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		b.Fatal(err)
	}
	fmt.Fprintf(&index, "V\t401231235959Z\t\t%X\tunknown\t/C=CN/ST=Zhejiang/L=Hangzhou/O=Alibaba Inc./OU=Aliyun CDN/CN=www.example.com\n", cert.SerialNumber.Bytes())
	config := write(b, dir, "ca.cnf", fmt.Sprintf(takeOverConfig, dir))
	write(b, dir, "crlnumber", "01\n")
	chain := write(b, dir, "ca.pem", a.issuer.Describe().X509Certificate)
	key := write(b, dir, "ca.key", string(testkeys.PEM(algorithm.ECC_256, 1)))
	file := write(b, dir, "www.pem", testutil.EncodePEM("CERTIFICATE", der))
	restore := func() { write(b, dir, "index.txt", index.String()) }
	restore()
	openssl := func(args ...string) {
		must(b, "openssl", append([]string{"ca", "-config", config, "-cert", chain, "-keyfile", key}, args...)...)
	}
	return inventoryPeer{
		prepare: restore,
		revoke:  func() { openssl("-revoke", file, "-crl_reason", "keyCompromise") },
		list:    func() { openssl("-gencrl", "-out", filepath.Join(dir, "list.crl")) },
	}
}
