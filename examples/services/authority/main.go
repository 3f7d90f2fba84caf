// Command authority runs a private CA that keeps its records in SQLite:
//
//	go -C examples/services run ./authority -dir /tmp/authority
//
// The first run creates a root CA and an issuing CA, issues certificates for two hosts
// and revokes one of them. The second run loads the CA, renews what expires soon and
// publishes the next CRL. OCSP still knows what was revoked before.
//
// Each step does only what is missing. If the program stops between two steps, the next
// run goes on. Do not start two runs at the same time.
package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
	_ "modernc.org/sqlite"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/ca/inventory/sqlstore"
)

// closedHost is switched off, so its certificate is revoked.
const closedHost = "mail.example.com"

var hosts = []string{"www.example.com", closedHost}

func main() {
	cache, _ := os.UserCacheDir() // empty if there is none: then -dir is in the working directory
	dir := flag.String("dir", filepath.Join(cache, "yuncert-authority"), "`directory` of the CA; created if it does not exist")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(context.Background(), time.Now(), *dir, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "authority:", err)
		os.Exit(1)
	}
}

// An authority is an issuing CA with its records and its directory.
type authority struct {
	dir       string
	out       io.Writer
	now       time.Time
	inventory *inventory.Inventory
	issuer    *ca.Issuer
	key       *algorithm.PrivateKey // of the issuer
}

func run(ctx context.Context, now time.Time, dir string, out io.Writer) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file := filepath.Join(dir, "inventory.db")
	if exists(filepath.Join(dir, "keys")) && !exists(file) {
		return fmt.Errorf("%s is missing; restore it from a backup: only the inventory knows what was issued and revoked", file)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := sqlstore.Open(ctx, db, sqlstore.SQLite)
	if err != nil {
		return fmt.Errorf("%s: %w; make the directory writable, or replace a damaged file by its backup", file, err)
	}
	a := &authority{dir: dir, out: out, now: now, inventory: inventory.New(store)}
	for _, step := range []func(context.Context) error{a.load, a.renew, a.revokeClosed, a.publish, a.answer, a.report} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// renew issues a certificate for each host that never had one, or whose certificate
// expires in the next 30 days or has expired.
func (a *authority) renew(ctx context.Context) error {
	for _, host := range hosts {
		found, err := a.inventory.Certificates(ctx, inventory.Filter{Name: host}, inventory.Certificate{}, 10)
		if err != nil {
			return err
		}
		first := len(found) == 0
		old := slices.DeleteFunc(found, func(c inventory.Certificate) bool { return c.Status == ca.StatusRevoke })
		days := int32(90)
		switch {
		case first:
			days = 20 // so short that the next run has a certificate to renew
		// The oldest comes last. If the last run stopped after issuing, it is not revoked,
		// and the new certificate may not be written.
		case host == closedHost || len(old) == 0 || old[len(old)-1].NotAfter.After(a.now.AddDate(0, 0, 30)):
			continue
		}
		if err := a.issue(ctx, host, days); err != nil {
			return err
		}
		// A service waits here until the server uses the new certificate.
		if err := a.revoke(ctx, old, ca.ReasonSuperseded); err != nil {
			return err
		}
	}
	return nil
}

func (a *authority) revokeClosed(ctx context.Context) error {
	found, err := a.inventory.Certificates(ctx, inventory.Filter{Name: closedHost, Status: ca.StatusIssue}, inventory.Certificate{}, 10)
	if err != nil {
		return err
	}
	return a.revoke(ctx, found, ca.ReasonCessationOfOperation)
}

func (a *authority) revoke(ctx context.Context, certificates []inventory.Certificate, reason ca.RevocationReason) error {
	for _, c := range certificates {
		_, err := a.inventory.Revoke(ctx, a.now, c.Identifier, inventory.Revocation{Reason: reason})
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "Revoked %s, issued %s: %s\n", c.Labels.AliasName, c.NotBefore.Format(time.DateTime), reason)
	}
	return nil
}

// issue issues a certificate for a host. It hands out a file with the host's key, the
// certificate and its chain.
func (a *authority) issue(ctx context.Context, host string, days int32) error {
	resp, key, der, err := ca.CreateServerCertificate(rand.Reader, a.now, a.issuer, &ca.CreateServerCertificateRequest{
		CommonName: host, Algorithm: "ECC_256", ParentIdentifier: a.issuer.Identifier(), Days: days, EnableCrl: 1, Immediately: 2,
	})
	if err != nil {
		return err
	}
	text, err := key.PEM()
	if err != nil {
		return err
	}
	// A certificate that is not recorded cannot be revoked. So it is recorded before
	// anybody gets it.
	c, err := a.inventory.Add(ctx, a.now, der, inventory.Labels{AliasName: host})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "Issued %s until %s\n", host, c.NotAfter.Format(time.DateOnly))
	return a.write(host+".pem", append(text, resp.X509Certificate+resp.CertificateChain...))
}

// publish writes the next CRL to the file that a web server serves at the CrlUrl. A
// service publishes on a timer, long before the NextUpdate of the last CRL.
func (a *authority) publish(ctx context.Context) error {
	der, err := a.inventory.RevocationList(ctx, rand.Reader, a.now, a.issuer, a.now.AddDate(0, 0, 7))
	if err != nil {
		return err
	}
	crl, err := ca.ParseRevocationList(der)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "CRL %d: revoked certificates: %d\n", crl.Number, len(crl.RevokedCertificateEntries))
	return a.write(path.Base(a.issuer.Describe().CrlUrl), der)
}

// answer asks for the status of each host's certificate, as a client does. In a service
// the requests come over HTTP: ca.IssuerOptions has an example.
func (a *authority) answer(ctx context.Context) error {
	responder, err := ca.NewOCSPResponder(a.issuer.Describe().CaCertChain, a.key)
	if err != nil {
		return err
	}
	own, err := a.inventory.Certificate(ctx, a.issuer.Identifier())
	if err != nil {
		return err
	}
	issuer, err := own.Parse()
	if err != nil {
		return err
	}
	lookup := a.inventory.Status(ctx, a.now, inventory.AuthorityOf(a.issuer), a.now.Add(time.Hour))
	for _, host := range hosts {
		found, err := a.inventory.Certificates(ctx, inventory.Filter{Name: host}, inventory.Certificate{}, 1)
		if err != nil {
			return err
		}
		cert, err := found[0].Parse()
		if err != nil {
			return err
		}
		request, err := ocsp.CreateRequest(cert, issuer, nil)
		if err != nil {
			return err
		}
		response, err := ca.RespondOCSP(rand.Reader, a.now, responder, request, lookup)
		if err != nil {
			return err
		}
		answer, err := ocsp.ParseResponseForCert(response, cert, issuer)
		if err != nil {
			return err
		}
		status := []string{ocsp.Good: "good", ocsp.Revoked: "revoked", ocsp.Unknown: "unknown"}[answer.Status]
		fmt.Fprintf(a.out, "OCSP: %s is %s\n", host, status)
	}
	return nil
}

// report lists what expires in the next 100 days.
func (a *authority) report(ctx context.Context) error {
	for c, err := range a.inventory.Expiring(ctx, a.now, a.now.AddDate(0, 0, 100)) {
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "Expires %s: %s\n", c.NotAfter.Format(time.DateOnly), c.Labels.AliasName)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// write writes a file that only its owner can read. The file has its name only when it
// is complete and on the disk, so nobody reads half a CRL.
func (a *authority) write(name string, data []byte) error {
	file, err := os.CreateTemp(a.dir, ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // of a file that did not get its name
	_, err = file.Write(data)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(a.dir, name))
}
