package inventory_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io/fs"
	"log"
	"math/big"
	"os"
	"strings"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
)

// A CA of "openssl ca" moves into an inventory, with its certificates, its revocations
// and the number of its last CRL. Do not run "openssl ca" after this: index.txt does not
// have what the inventory records.
func ExampleInventory_Add_takeOver() {
	ctx, now := context.Background(), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	files := os.DirFS("testdata/openssl/demoCA")   // the dir of openssl.cnf
	v := inventory.New(new(inventory.MemoryStore)) // a database in a service

	issuer, err := openSSLCA(files, []byte("example"))
	if err != nil {
		log.Fatal(err)
	}
	if err := takeOver(ctx, now, v, issuer, files); err != nil {
		log.Fatal(err)
	}
	crl, err := v.RevocationList(ctx, rand.Reader, now, issuer, now.AddDate(0, 0, 7))
	if err != nil {
		log.Fatal(err)
	}
	list, err := ca.ParseRevocationList(crl)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("CRL number %X\n", list.Number)
	for _, entry := range list.RevokedCertificateEntries {
		fmt.Printf("%X %s %s\n", entry.SerialNumber, entry.RevocationTime.Format(time.DateTime), ca.RevocationReason(entry.ReasonCode))
	}
	// Unordered output:
	// CRL number 2026033102
	// 1002 2026-03-15 09:00:00 keyCompromise
	// 1003 2026-03-15 09:00:00 cessationOfOperation
	// 1004 2026-03-15 09:00:00 certificateHold
	// 1005 2026-03-15 09:00:00 unspecified
}

// openSSLCA opens the CA. It is a root that issues server certificates itself, as most
// CAs of openssl are.
func openSSLCA(files fs.FS, password []byte) (*ca.Issuer, error) {
	chain, err := fs.ReadFile(files, "cacert.pem") // below another CA: append its certificate
	if err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(files, "private/cakey.pem")
	if err != nil {
		return nil, err
	}
	key, err := algorithm.ParseEncryptedPrivateKey(text, password)
	if err != nil {
		return nil, err
	}
	return ca.NewIssuer(string(chain), key, ca.IssuerOptions{RootIssues: true})
}

// takeOver adds the certificates of index.txt, revokes those that openssl revoked, and
// continues the CRL numbers. After an error it can run again.
func takeOver(ctx context.Context, now time.Time, v *inventory.Inventory, issuer *ca.Issuer, files fs.FS) error {
	// AddCA comes first: Add finds the CA of a certificate that has no authority key
	// identifier only if the CA is there.
	if _, err := v.AddCA(ctx, now, issuer, inventory.Labels{}); err != nil {
		return err
	}
	index, err := fs.ReadFile(files, "index.txt")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(index)) {
		if err := takeOverCertificate(ctx, now, v, files, strings.TrimSuffix(line, "\n")); err != nil {
			return fmt.Errorf("index.txt, line %q: %w", line, err)
		}
	}
	next, err := fs.ReadFile(files, "crlnumber") // the number of openssl's next CRL
	if err != nil {
		return err
	}
	number, ok := new(big.Int).SetString(string(bytes.TrimSpace(next)), 16)
	if !ok {
		return fmt.Errorf("crlnumber has %q, want hexadecimal digits", next)
	}
	return v.RaiseCRLNumber(ctx, issuer, number.Sub(number, big.NewInt(1)))
}

// takeOverCertificate adds the certificate of a line of index.txt, whose columns are the
// status (V, R or E), the end of the validity, the revocation, the serial number, a file
// name that openssl does not use, and the subject.
func takeOverCertificate(ctx context.Context, now time.Time, v *inventory.Inventory, files fs.FS, line string) error {
	columns := strings.Split(line, "\t")
	if len(columns) != 6 {
		return fmt.Errorf("%d columns, want 6", len(columns))
	}
	status, revoked, serial := columns[0], columns[2], columns[3]
	text, err := fs.ReadFile(files, "newcerts/"+serial+".pem")
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return fmt.Errorf("newcerts/%s.pem has no certificate", serial)
	}
	c, err := v.Add(ctx, now, block.Bytes, inventory.Labels{})
	if err != nil || status != "R" || c.Status == ca.StatusRevoke {
		return err
	}
	revocation, err := openSSLRevocation(revoked)
	if err != nil {
		return err
	}
	_, err = v.Revoke(ctx, now, c.Identifier, revocation)
	return err
}

// openSSLReasons has the words that openssl writes for reasons.
var openSSLReasons = map[string]ca.RevocationReason{
	"unspecified":          ca.ReasonUnspecified,
	"keyCompromise":        ca.ReasonKeyCompromise,
	"keyTime":              ca.ReasonKeyCompromise,
	"CACompromise":         ca.ReasonCACompromise,
	"CAkeyTime":            ca.ReasonCACompromise,
	"affiliationChanged":   ca.ReasonAffiliationChanged,
	"superseded":           ca.ReasonSuperseded,
	"cessationOfOperation": ca.ReasonCessationOfOperation,
	"certificateHold":      ca.ReasonCertificateHold,
	"holdInstruction":      ca.ReasonCertificateHold,
}

// openSSLRevocation reads the time and the reason of a revocation, such as
// 260315090000Z,keyTime,20260314120000Z. Without a reason there is only the time.
func openSSLRevocation(text string) (r inventory.Revocation, err error) {
	at, rest, _ := strings.Cut(text, ",")
	r.RevocationTime, err = time.Parse("060102150405Z", at)
	if err != nil || rest == "" {
		return r, err
	}
	word, detail, _ := strings.Cut(rest, ",")
	known := false
	r.Reason, known = openSSLReasons[word]
	switch {
	case !known:
		return r, fmt.Errorf("the reason %q is not known", word)
	case word == "keyTime" || word == "CAkeyTime": // since when others may have the key
		r.InvalidityDate, err = time.Parse("20060102150405Z", detail)
	}
	return r, err
}
