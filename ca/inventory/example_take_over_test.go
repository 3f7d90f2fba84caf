package inventory_test

import (
	"context"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io/fs"
	"log"
	"strings"
	"testing/fstest"
	"time"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
)

// The CA of "openssl ca" is taken over from its directory: index.txt says which
// certificates were revoked, and newcerts has all of them.
func Example_takeOver() {
	ctx, now := context.Background(), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	issuer, _ := exampleIssuer(now)
	files := exampleDirectory(now, issuer)

	v := inventory.New(new(inventory.MemoryStore))
	if _, err := v.AddCA(ctx, now, issuer, inventory.Labels{}); err != nil {
		log.Fatal(err)
	}
	index, err := fs.ReadFile(files, "index.txt")
	if err != nil {
		log.Fatal(err)
	}
	reasons := map[string]ca.RevocationReason{
		"keyCompromise": ca.ReasonKeyCompromise, "CACompromise": ca.ReasonCACompromise, "affiliationChanged": ca.ReasonAffiliationChanged,
		"superseded": ca.ReasonSuperseded, "cessationOfOperation": ca.ReasonCessationOfOperation, "certificateHold": ca.ReasonCertificateHold,
	}
	for line := range strings.Lines(string(index)) {
		// The status, the end, the revocation, the serial number, a file, the subject.
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		text, err := fs.ReadFile(files, "newcerts/"+fields[3]+".pem")
		if err != nil {
			log.Fatal(err)
		}
		block, _ := pem.Decode(text)
		c, err := v.Add(ctx, now, block.Bytes, inventory.Labels{})
		if err != nil {
			log.Fatal(err)
		}
		if fields[0] != "R" || c.Status == ca.StatusRevoke { // revoked when this loop ran before
			continue
		}
		at, reason, _ := strings.Cut(fields[2], ",")
		revoked, err := time.Parse("060102150405Z", at)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := v.Revoke(ctx, now, c.Identifier, inventory.Revocation{RevocationTime: revoked, Reason: reasons[reason]}); err != nil {
			log.Fatal(err)
		}
	}

	// The number is greater than that of openssl's last CRL, unless the file crlnumber
	// has more than the UNIX time.
	crl, err := v.RevocationList(ctx, rand.Reader, now, issuer, now.AddDate(0, 0, 7))
	if err != nil {
		log.Fatal(err)
	}
	list, err := ca.ParseRevocationList(crl)
	if err != nil {
		log.Fatal(err)
	}
	for _, entry := range list.RevokedCertificateEntries {
		fmt.Println(entry.RevocationTime, ca.RevocationReason(entry.ReasonCode))
	}
	// Output: 2026-03-31 12:00:00 +0000 UTC superseded
}

// exampleDirectory returns a directory of "openssl ca" with two certificates.
func exampleDirectory(now time.Time, issuer *ca.Issuer) fs.FS {
	files := fstest.MapFS{}
	index := ""
	for _, status := range []string{"V\t260630000000Z\t\t", "R\t260630000000Z\t260331120000Z,superseded\t"} {
		_, _, der, err := ca.CreateServerCertificate(rand.Reader, now, issuer, &ca.CreateServerCertificateRequest{
			CommonName: "www.example.com", Algorithm: "ECC_256", ParentIdentifier: issuer.Identifier(), Days: 90,
		})
		if err != nil {
			log.Fatal(err)
		}
		c, err := inventory.New(new(inventory.MemoryStore)).Add(context.Background(), now, der, inventory.Labels{})
		if err != nil {
			log.Fatal(err)
		}
		serial := strings.ToUpper(c.SerialNumber)
		index += status + serial + "\tunknown\t/CN=www.example.com\n"
		files["newcerts/"+serial+".pem"] = &fstest.MapFile{Data: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
	}
	files["index.txt"] = &fstest.MapFile{Data: []byte(index)}
	return files
}
