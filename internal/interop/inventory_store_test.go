package interop

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/ca/inventory/sqlstore"
	"github.com/yuncert/yuncert/ca/inventory/storetest"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/sqldb"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/order"
)

// inventoryStore opens the store of an inventory in a database.
func inventoryStore(tb testing.TB, d database) *sqlstore.Store {
	tb.Helper()
	store, err := sqlstore.Open(tb.Context(), d.open(tb), d.dialect)
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	return store
}

func TestInventoryStore(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) inventory.Store {
				t.Parallel()
				return inventoryStore(t, d.make(t))
			})
		})
	}
	t.Run("SQLite in memory", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) inventory.Store {
			t.Parallel()
			store, err := sqlstore.Open(t.Context(), openInMemory(t), sqlstore.SQLite)
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			return store
		})
	})
}

// An authority issues certificates. Its CA certificates are the same in a child
// process.
type authority struct {
	issuer *ca.Issuer
	req    *ca.CreateServerCertificateWithCsrRequest
}

func newAuthority() (*authority, error) {
	fixed, rootKey := rand.NewChaCha8([32]byte{}), testkeys.Key(algorithm.ECC_256, 0)
	root, err := ca.CreateRootCACertificate(fixed, now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Root", Organization: "Example", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 10,
	})
	if err != nil {
		return nil, err
	}
	rootIssuer, err := ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{})
	if err != nil {
		return nil, err
	}
	subKey := testkeys.Key(algorithm.ECC_256, 1)
	sub, err := ca.CreateSubCACertificate(fixed, now, rootIssuer, subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Sub", Organization: "Example", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN",
		Algorithm: string(algorithm.ECC_256), Years: 5,
	})
	if err != nil {
		return nil, err
	}
	issuer, err := ca.NewIssuer(sub.CertificateChain, subKey, ca.IssuerOptions{CRLBase: crlBase})
	if err != nil {
		return nil, err
	}
	request, err := csr.CreateCsrWithKey(nil, testkeys.Key(algorithm.ECC_256, 2), &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		return nil, err
	}
	return &authority{issuer, &ca.CreateServerCertificateWithCsrRequest{
		Csr: request.Csr, ParentIdentifier: issuer.Identifier(), Days: 90, EnableCrl: 1,
	}}, nil
}

func mustAuthority(tb testing.TB) *authority {
	tb.Helper()
	a, err := newAuthority()
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func (a *authority) issue() (der []byte, err error) {
	_, der, err = ca.CreateServerCertificateWithCsr(nil, now, a.issuer, a.req)
	return der, err
}

// add issues a certificate and adds it to an inventory.
func (a *authority) add(ctx context.Context, v *inventory.Inventory) (c inventory.Certificate, err error) {
	der, err := a.issue()
	if err != nil {
		return c, err
	}
	return v.Add(ctx, now, der, inventory.Labels{})
}

func (a *authority) publish(ctx context.Context, v *inventory.Inventory) (crl []byte, err error) {
	return v.RevocationList(ctx, nil, now, a.issuer, now.AddDate(0, 0, 1))
}

// A publishedList is a CRL with its entries, which are serial numbers.
type publishedList struct {
	number  int64
	entries map[string]bool
}

func parseList(t *testing.T, der []byte) publishedList {
	t.Helper()
	list, err := ca.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	p := publishedList{list.Number.Int64(), make(map[string]bool)}
	for _, entry := range list.RevokedCertificateEntries {
		p.entries[fmt.Sprintf("%036x", entry.SerialNumber)] = true
	}
	return p
}

// lacks returns an entry of serials that the list does not have, or "".
func (p publishedList) lacks(serials map[string]bool) string {
	for serial := range serials {
		if !p.entries[serial] {
			return serial
		}
	}
	return ""
}

// issueInChild adds certificates from as many goroutines and so many certificates
// each as the argument says, such as "50 20". It revokes every second one and then
// publishes a CRL after every tenth one. It prints a line before a CRL is begun, and
// after each change is stored.
func issueInChild(ctx context.Context, db *sql.DB, dialect sqldb.Dialect, argument string) error {
	var goroutines, certificates int
	if _, err := fmt.Sscan(argument, &goroutines, &certificates); err != nil {
		return err
	}
	db.SetMaxOpenConns(8)
	store, err := sqlstore.Open(ctx, db, dialect)
	if err != nil {
		return err
	}
	a, err := newAuthority()
	if err != nil {
		return err
	}
	v := inventory.New(store)
	errs := make(chan error, goroutines)
	for g := range goroutines {
		go func() { errs <- a.issueAndRevoke(ctx, v, strconv.Itoa(g), certificates) }()
	}
	for range goroutines {
		err = errors.Join(err, <-errs)
	}
	return err
}

func (a *authority) issueAndRevoke(ctx context.Context, v *inventory.Inventory, name string, certificates int) error {
	for n := 1; n <= certificates; n++ {
		c, err := a.add(ctx, v)
		if err != nil {
			return err
		}
		fmt.Println("added", c.Identifier)
		if n%2 == 0 {
			_, err := v.Revoke(ctx, now, c.Identifier, inventory.Revocation{Reason: ca.ReasonSuperseded})
			if err != nil {
				return err
			}
			fmt.Println("revoked", c.Identifier, c.SerialNumber)
		}
		if n%10 == 0 {
			fmt.Println("publishing", name)
			crl, err := a.publish(ctx, v)
			if err != nil {
				return err
			}
			fmt.Println("published", name, base64.StdEncoding.EncodeToString(crl), "whole")
		}
	}
	return nil
}

// A history is what child processes printed.
type history struct {
	added, revoked map[string]bool // Identifiers
	serials        map[string]bool // of the revoked certificates
	lists          []publishedList
}

func newHistory() *history {
	return &history{added: map[string]bool{}, revoked: map[string]bool{}, serials: map[string]bool{}}
}

// read reads what a process printed. A CRL must have all certificates that were
// revoked before it was begun, and a greater number than each earlier one.
func (h *history) read(t *testing.T, lines []string) {
	t.Helper()
	type start struct {
		number  int64 // the greatest before
		revoked []string
	}
	begun := map[string]start{}
	var revoked []string
	var greatest int64
	for _, list := range h.lists {
		greatest = max(greatest, list.number)
	}
	for n, line := range lines {
		fields := strings.Fields(line)
		last := n == len(lines)-1
		switch {
		case len(fields) == 2 && fields[0] == "added":
			h.added[fields[1]] = true
		case len(fields) == 3 && fields[0] == "revoked":
			h.revoked[fields[1]], h.serials[fields[2]] = true, true
			revoked = append(revoked, fields[2])
		case len(fields) == 2 && fields[0] == "publishing":
			begun[fields[1]] = start{greatest, slices.Clone(revoked)}
		case len(fields) == 4 && fields[0] == "published" && fields[3] == "whole":
			der, err := base64.StdEncoding.DecodeString(fields[2])
			if err != nil {
				t.Fatal(err)
			}
			list, before := parseList(t, der), begun[fields[1]]
			if list.number <= before.number {
				t.Errorf("a CRL has the number %d, and %d was published before", list.number, before.number)
			}
			for _, serial := range before.revoked {
				if !list.entries[serial] {
					t.Errorf("CRL %d lacks %s, which was revoked before", list.number, serial)
				}
			}
			greatest = max(greatest, list.number)
			h.lists = append(h.lists, list)
		case last: // the process was killed while it wrote the line
		default:
			t.Fatalf("the child printed %.80q", line)
		}
	}
}

// check checks that everything in the history is stored, that the numbers of the CRLs
// are different, and that each CRL has the entries of those with smaller numbers. It
// publishes one more CRL, which has exactly the revoked certificates.
func (h *history) check(t *testing.T, a *authority, store inventory.Store) {
	t.Helper()
	v := inventory.New(store)
	var newest publishedList
	stored := storedCertificates(t, v)
	// PostgreSQL can still run the last COMMIT of a process that was killed.
	for before := stored; ; before = stored {
		crl, err := a.publish(t.Context(), v)
		if err != nil {
			t.Fatalf("RevocationList: %v", err)
		}
		newest = parseList(t, crl)
		stored = storedCertificates(t, v)
		if cmp.Equal(before, stored) {
			break
		}
	}
	lists := append(slices.Clone(h.lists), newest)
	slices.SortFunc(lists, func(a, b publishedList) int { return int(a.number - b.number) })
	for n := range lists[1:] {
		if lists[n].number == lists[n+1].number {
			t.Errorf("two CRLs have the number %d", lists[n].number)
		}
		if lack := lists[n+1].lacks(lists[n].entries); lack != "" {
			t.Errorf("CRL %d lacks %s, which CRL %d has", lists[n+1].number, lack, lists[n].number)
		}
	}
	if lists[len(lists)-1].number != newest.number {
		t.Errorf("the last CRL has the number %d, and %d was published before", newest.number, lists[len(lists)-1].number)
	}
	if lack := newest.lacks(h.serials); lack != "" {
		t.Errorf("CRL %d lacks %s, which was revoked before", newest.number, lack)
	}
	h.lists = append(h.lists, newest)

	stillRevoked := map[string]bool{}
	for _, c := range stored {
		if c.Status == ca.StatusRevoke {
			stillRevoked[c.SerialNumber] = true
		}
	}
	if diff := cmp.Diff(stillRevoked, newest.entries); diff != "" {
		t.Errorf("the last CRL has other entries than the store (-store +CRL):\n%s", diff)
	}
	for identifier := range h.added {
		if _, found := stored[identifier]; !found {
			t.Errorf("certificate %s was added and is not stored", identifier)
		}
	}
	for identifier := range h.revoked {
		if stored[identifier].Status != ca.StatusRevoke {
			t.Errorf("certificate %s was revoked and is stored with the status %q", identifier, stored[identifier].Status)
		}
	}
	// Every stored certificate is found by its serial number, for OCSP.
	lookup := v.Status(t.Context(), now, inventory.AuthorityOf(a.issuer), time.Time{})
	for _, c := range stored {
		want := ca.OCSPGood
		if c.Status == ca.StatusRevoke {
			want = ca.OCSPRevoked
		}
		if answer, err := lookup(c.SerialNumber); err != nil || answer.Status != want {
			t.Errorf("Status of %s is %v, %v, want %v", c.SerialNumber, answer.Status, err, want)
		}
	}
}

// storedCertificates returns all certificates, by Identifier.
func storedCertificates(t *testing.T, v *inventory.Inventory) map[string]inventory.Certificate {
	t.Helper()
	stored := map[string]inventory.Certificate{}
	for after := (inventory.Certificate{}); ; {
		page, err := v.Certificates(t.Context(), inventory.Filter{}, after, 1000)
		if err != nil {
			t.Fatalf("Certificates: %v", err)
		}
		for _, c := range page {
			stored[c.Identifier] = c
			after = c
		}
		if len(page) < 1000 {
			return stored
		}
	}
}

// A process is killed in the middle of 1000 additions, 500 revocations and 100 CRLs,
// several times.
func TestInventoryStoreKilled(t *testing.T) {
	t.Parallel()
	const kills = 4
	for _, kind := range databases {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d, a, h := kind.make(t), mustAuthority(t), newHistory()
			store := inventoryStore(t, d)
			for range kills {
				at := 1 + rand.IntN(800)
				h.read(t, startChild(t, d, "issue and revoke", "2 500").kill(t, at))
				h.check(t, a, store)
				t.Logf("killed after %d lines; %d were added, %d revoked and %d CRLs published in all", at, len(h.added), len(h.revoked), len(h.lists))
			}
		})
	}
}

// Four processes with fifty goroutines each start with an empty database. They add
// and revoke certificates and publish CRLs at the same time.
func TestInventoryStoreProcesses(t *testing.T) {
	t.Parallel()
	const processes, goroutines, certificates = 4, 50, 10
	for _, kind := range databases {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d, a, h := kind.make(t), mustAuthority(t), newHistory()
			var children [processes]*child
			for n := range children {
				children[n] = startChild(t, d, "issue and revoke", fmt.Sprint(goroutines, certificates))
			}
			var outputs [processes][]string
			var read sync.WaitGroup
			for n, c := range children {
				read.Go(func() { outputs[n] = c.lines(-1) })
			}
			read.Wait()
			for n, c := range children {
				c.finish(t)
				one := newHistory() // another process can publish a greater number at any time
				one.read(t, outputs[n])
				h.lists = append(h.lists, one.lists...)
				for _, both := range [][2]map[string]bool{{h.added, one.added}, {h.revoked, one.revoked}, {h.serials, one.serials}} {
					for key := range both[1] {
						both[0][key] = true
					}
				}
			}
			h.check(t, a, inventoryStore(t, d))
			if n := len(h.added); n != processes*goroutines*certificates {
				t.Errorf("%d certificates were added, want %d", n, processes*goroutines*certificates)
			}
		})
	}
}

// A database that fails, blocks or answers late leaves an error and no half record.
// Without an error the record is there.
func TestInventoryStoreOnBadDays(t *testing.T) {
	t.Parallel()
	a := mustAuthority(t)
	serials := func(certificates []inventory.Certificate) map[string]bool {
		all := map[string]bool{}
		for _, c := range certificates {
			all[c.SerialNumber] = true
		}
		return all
	}
	for _, kind := range databases {
		// Each operation gets a certificate that is stored already. stored says
		// whether the change is there.
		for _, op := range []struct {
			name   string
			call   func(context.Context, *inventory.Inventory, inventory.Certificate) error
			stored func(*testing.T, *inventory.Inventory, inventory.Certificate) bool
		}{
			{"Add", func(ctx context.Context, v *inventory.Inventory, c inventory.Certificate) error {
				_, err := v.Add(ctx, now, c.DER, c.Labels)
				return err
			}, func(t *testing.T, v *inventory.Inventory, c inventory.Certificate) bool {
				got, err := v.Certificate(t.Context(), c.Identifier)
				if err != nil && !errors.Is(err, yuncert.ErrNotFound) {
					t.Fatal(err)
				}
				named, err := v.Certificates(t.Context(), inventory.Filter{Name: "www.example.com"}, inventory.Certificate{}, 1000)
				if err != nil || serials(named)[c.SerialNumber] != (got.Id != 0) {
					t.Errorf("the certificate has the Id %d, and is among %d with its name: %v", got.Id, len(named), err)
				}
				return got.Id != 0
			}},
			{"Once", func(ctx context.Context, v *inventory.Inventory, c inventory.Certificate) error {
				_, err := inventory.Once(ctx, v, nil, now, onceRequest(a, c.Identifier), func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
					return &ca.CreateClientCertificateResponse{Identifier: c.Identifier}, inventory.Issued{DER: c.DER}, nil
				})
				return err
			}, func(t *testing.T, v *inventory.Inventory, c inventory.Certificate) bool {
				got, err := v.Certificate(t.Context(), c.Identifier)
				if err != nil && !errors.Is(err, yuncert.ErrNotFound) {
					t.Fatal(err)
				}
				_, err = a.recordedOnce(t.Context(), v, c.Identifier)
				if err != nil && err != errNotRecorded {
					t.Fatal(err)
				}
				if (err == nil) != (got.Id != 0) {
					t.Errorf("the certificate has the Id %d, and its call: %v", got.Id, err)
				}
				return got.Id != 0
			}},
			{"Revoke", func(ctx context.Context, v *inventory.Inventory, c inventory.Certificate) error {
				_, err := v.Revoke(ctx, now, c.Identifier, inventory.Revocation{})
				return err
			}, func(t *testing.T, v *inventory.Inventory, c inventory.Certificate) bool {
				got, err := v.Certificate(t.Context(), c.Identifier)
				if err != nil {
					t.Fatal(err)
				}
				crl, err := a.publish(t.Context(), v)
				if err != nil {
					t.Fatal(err)
				}
				if on := parseList(t, crl).entries[c.SerialNumber]; on != (got.Status == ca.StatusRevoke) {
					t.Errorf("the certificate has the status %s, and on the CRL it is %t", got.Status, on)
				}
				return got.Status == ca.StatusRevoke
			}},
		} {
			t.Run(kind.name+"/"+op.name, func(t *testing.T) {
				t.Parallel()
				d := kind.make(t)
				store := inventoryStore(t, d)
				var c inventory.Certificate
				onBadDays(t, func(t testing.TB) database {
					der, err := a.issue()
					if err != nil {
						t.Fatal(err)
					}
					memory := inventory.New(new(inventory.MemoryStore))
					if op.name == "Revoke" {
						memory = inventory.New(store)
					}
					c, err = memory.Add(t.Context(), now, der, inventory.Labels{})
					if err != nil {
						t.Fatal(err)
					}
					return d
				}, func(ctx context.Context, db *sql.DB, dialect sqldb.Dialect) error {
					store, err := sqlstore.Open(ctx, db, dialect)
					if err != nil {
						return err
					}
					return op.call(ctx, inventory.New(store), c)
				}, func(t *testing.T, _ database, err error) {
					stored := op.stored(t, inventory.New(store), c)
					if !errors.Is(err, inventory.ErrOutcomeUnknown) && stored != (err == nil) {
						t.Errorf("the change is stored: %t; the error is %v", stored, err)
					}
				})
			})
		}
		t.Run(kind.name+"/RevocationList", func(t *testing.T) {
			t.Parallel()
			d := kind.make(t)
			v := inventory.New(inventoryStore(t, d))
			c, err := a.add(t.Context(), v)
			if err == nil {
				_, err = v.Revoke(t.Context(), now, c.Identifier, inventory.Revocation{})
			}
			if err != nil {
				t.Fatal(err)
			}
			var crl []byte
			greatest := int64(0)
			whole := func(t *testing.T, crl []byte) {
				t.Helper()
				list := parseList(t, crl)
				if list.number <= greatest || !list.entries[c.SerialNumber] {
					t.Errorf("CRL %d after %d has the entries %v", list.number, greatest, list.entries)
				}
				greatest = list.number
			}
			onBadDays(t, func(testing.TB) database { return d }, func(ctx context.Context, db *sql.DB, dialect sqldb.Dialect) error {
				crl = nil
				store, err := sqlstore.Open(ctx, db, dialect)
				if err != nil {
					return err
				}
				crl, err = a.publish(ctx, inventory.New(store))
				return err
			}, func(t *testing.T, _ database, err error) {
				if err == nil {
					whole(t, crl)
				} else if crl != nil {
					t.Errorf("a CRL comes with the error %v", err)
				}
				crl, err = a.publish(t.Context(), v)
				if err != nil {
					t.Fatal(err)
				}
				whole(t, crl)
			})
		})
		t.Run(kind.name+"/Status", func(t *testing.T) {
			t.Parallel()
			d := kind.make(t)
			v := inventory.New(inventoryStore(t, d))
			c, err := a.add(t.Context(), v)
			if err == nil {
				_, err = v.Revoke(t.Context(), now, c.Identifier, inventory.Revocation{})
			}
			if err != nil {
				t.Fatal(err)
			}
			var answer ca.OCSPAnswer
			onBadDays(t, func(testing.TB) database { return d }, func(ctx context.Context, db *sql.DB, dialect sqldb.Dialect) error {
				answer = ca.OCSPAnswer{}
				store, err := sqlstore.Open(ctx, db, dialect)
				if err != nil {
					return err
				}
				answer, err = inventory.New(store).Status(ctx, now, c.Authority, time.Time{})(c.SerialNumber)
				return err
			}, func(t *testing.T, _ database, err error) {
				if err == nil && answer.Status != ca.OCSPRevoked || err != nil && answer != (ca.OCSPAnswer{}) {
					t.Errorf("the answer is %v, %v", answer, err)
				}
			})
		})
	}
}

// The stores of orders and of an inventory share a database.
func TestInventoryStoreSharedDatabase(t *testing.T) {
	t.Parallel()
	for _, kind := range databases {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d := kind.make(t)
			book := order.NewBook(orderStore(t, d), order.BookOptions{})
			v := inventory.New(inventoryStore(t, d))
			if err := book.AddPackage(t.Context(), "", 1); err != nil {
				t.Errorf("AddPackage: %v", err)
			}
			c, err := mustAuthority(t).add(t.Context(), v)
			if err != nil {
				t.Fatalf("Add: %v", err)
			}
			if _, err := book.CreateCertificateWithCsrRequest(t.Context(), nil, now, newApplication(t)); err != nil {
				t.Errorf("CreateCertificateWithCsrRequest: %v", err)
			}
			if _, err := inventory.New(inventoryStore(t, d)).Certificate(t.Context(), c.Identifier); err != nil {
				t.Errorf("Certificate: %v", err)
			}
		})
	}
}

// A service with the rights that the documentation names, and not the right to create
// tables, opens a database that another user has migrated.
func TestInventoryStoreWithoutRights(t *testing.T) {
	t.Parallel()
	d := newPostgreSQL(t)
	inventoryStore(t, d)
	a, v := mustAuthority(t), inventory.New(inventoryStore(t, d.withoutRights(t)))
	if _, err := v.AddCA(t.Context(), now, a.issuer, inventory.Labels{}); err != nil {
		t.Errorf("AddCA: %v", err)
	}
	c, err := a.add(t.Context(), v)
	if err == nil {
		_, err = v.Revoke(t.Context(), now, c.Identifier, inventory.Revocation{})
	}
	if err == nil {
		_, err = v.DeleteClientCertificate(t.Context(), nil, now, &inventory.DeleteClientCertificateRequest{Identifier: c.Identifier})
	}
	if err == nil {
		_, err = a.publish(t.Context(), v)
	}
	if err != nil {
		t.Error(err)
	}
}

// PostgreSQL compares text as octets, whatever the language of the database is.
func TestInventoryStoreCollation(t *testing.T) {
	t.Parallel()
	d := newPostgreSQL(t)
	inventoryStore(t, d)
	var other int
	err := d.open(t).QueryRow(`SELECT count(*) FROM information_schema.columns WHERE table_schema = current_schema()
		AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'`).Scan(&other)
	if err != nil || other != 0 {
		t.Errorf("%d columns have another collation than C, %v", other, err)
	}
}

// Each method reads its rows through an index and does not sort them. Few CAs have one
// name or key, so they may be sorted.
func TestInventoryStorePlans(t *testing.T) {
	t.Parallel()
	const size = 20_000
	tests := []struct {
		name  string
		call  func(inventory.Snapshot) error
		index string // in the plan; empty if the rows are only counted, in any index
	}{
		{"Certificate", func(s inventory.Snapshot) error { _, _, err := s.Certificate("1"); return err }, "identifier"},
		{"CertificateBySerialNumber", func(s inventory.Snapshot) error {
			_, _, err := s.CertificateBySerialNumber("authority", "1")
			return err
		}, "yuncert_certificates_serial"},
		{"List", func(s inventory.Snapshot) error { _, _, err := s.List("authority", ""); return err }, "crls"},
		{"Call", func(s inventory.Snapshot) error { _, _, err := s.Call("operation", "token"); return err }, "calls"},
		{"CAs", func(s inventory.Snapshot) error { _, err := s.CAs("authority"); return err }, "cas"},
		{"AllCAs", func(s inventory.Snapshot) error { _, err := s.AllCAs("a", 100); return err }, "cas"},
		{"Revoked", revokedOf(""), "yuncert_certificates_crl"},
		{"Revoked with an address", revokedOf(crlBase), "yuncert_certificates_crl"},
		{"all", pageOf(inventory.Query{}), "yuncert_certificates_listing"},
		{"leaves", pageOf(inventory.Query{LeavesOnly: true}), "yuncert_certificates_listing"},
		{"an authority", pageOf(inventory.Query{Authority: "authority 7"}), "yuncert_certificates_authority"},
		{"revoked", pageOf(inventory.Query{Status: ca.StatusRevoke}), "yuncert_certificates_revoked"},
		{"issued", pageOf(inventory.Query{Status: ca.StatusIssue}), "yuncert_certificates_listing"},
		{"a kind", pageOf(inventory.Query{Kind: inventory.KindCA}), "yuncert_certificates_kind"},
		{"a resource group", pageOf(inventory.Query{ResourceGroupId: "group 7"}), "yuncert_certificates_group"},
		{"a name", pageOf(inventory.Query{Term: "=host7.example.com"}), "terms"},
		{"a domain", pageOf(inventory.Query{Term: ".example.com"}), "terms"},
		{"by expiry", pageOf(inventory.Query{ByExpiry: true, ExpireFrom: now}), "yuncert_certificates_expiry"},
		{"issued by expiry", pageOf(inventory.Query{ByExpiry: true, ExpireFrom: now, Status: ca.StatusIssue}), "yuncert_certificates_expiry"},
		{"revoked by expiry", pageOf(inventory.Query{ByExpiry: true, ExpireFrom: now, Status: ca.StatusRevoke}), "yuncert_certificates_revoked_expiry"},
		{"a window", pageOf(inventory.Query{ByExpiry: true, ExpireFrom: now, ExpireBefore: now.AddDate(0, 0, 1)}), "yuncert_certificates_expiry"},
		{"the number of all", countOf(inventory.Query{}), ""},
		{"the number of leaves", countOf(inventory.Query{LeavesOnly: true}), ""},
		{"the number of revoked leaves", countOf(inventory.Query{LeavesOnly: true, Status: ca.StatusRevoke}), ""},
		{"the number of a resource group", countOf(inventory.Query{LeavesOnly: true, ResourceGroupId: "group 7"}), ""},
	}
	withoutRows := map[sqldb.Dialect]string{sqldb.SQLite: "USING COVERING INDEX", sqldb.PostgreSQL: "Index Only Scan"}
	for _, kind := range databases {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d := kind.make(t)
			inventoryStore(t, d)
			if d.dialect == sqldb.PostgreSQL {
				d.dsn += " enable_sort=off enable_bitmapscan=off" // which it prefers for a few rows
			}
			db := d.open(t)
			fillInventory(t, d, db, size, size/100, 1, "authority")
			watched, statements := watch(t, d)
			store, err := sqlstore.Open(t.Context(), watched, d.dialect)
			if err != nil {
				t.Fatal(err)
			}
			for _, tt := range tests {
				*statements = nil
				if err := store.View(t.Context(), tt.call); err != nil {
					t.Fatalf("%s: %v", tt.name, err)
				}
				if len(*statements) == 0 || len(*statements) > 2 {
					t.Errorf("%s: %d statements", tt.name, len(*statements))
				}
				for _, s := range *statements {
					plan := s.explain(t, d, db)
					want := tt.index
					if want == "" {
						want = withoutRows[d.dialect]
					}
					if !strings.Contains(plan, want) {
						t.Errorf("%s: %s does not use %s:\n%s", tt.name, s.statement, want, plan)
					}
					if tt.index != "cas" && wasteful(plan) {
						t.Errorf("%s: the plan of %s:\n%s", tt.name, s.statement, plan)
					}
				}
			}
		})
	}
}

// pageOf lists the first page, and the page after a certificate.
func pageOf(q inventory.Query) func(inventory.Snapshot) error {
	return func(s inventory.Snapshot) error {
		q.Limit = 100
		_, err1 := s.Certificates(q)
		q.After = inventory.Certificate{Id: 5000, NotAfter: now.AddDate(0, 0, 50)}
		_, err2 := s.Certificates(q)
		return errors.Join(err1, err2)
	}
}

func countOf(q inventory.Query) func(inventory.Snapshot) error {
	return func(s inventory.Snapshot) error {
		_, err := s.Count(q)
		return err
	}
}

func revokedOf(crlUrl string) func(inventory.Snapshot) error {
	return func(s inventory.Snapshot) error {
		for _, err := range s.Revoked("authority 7", crlUrl, now.Add(-time.Hour)) {
			if err != nil {
				return err
			}
		}
		return nil
	}
}
