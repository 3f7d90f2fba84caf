package interop

import (
	"crypto/x509"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// takeOverConfig is a CA as openssl.cnf of OpenSSL has it: a root that issues itself.
const takeOverConfig = `
[ca]
default_ca = demo
[demo]
dir = %s
database = $dir/index.txt
new_certs_dir = $dir/newcerts
certificate = $dir/cacert.pem
serial = $dir/serial
crlnumber = $dir/crlnumber
private_key = $dir/private/cakey.pem
x509_extensions = usr_cert
default_md = sha256
default_days = 365
default_crl_days = 30
policy = policy
[policy]
commonName = supplied
[req]
distinguished_name = dn
[dn]
[v3_ca]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always,issuer
basicConstraints = critical,CA:true
[usr_cert]
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid,issuer
`

// An opensslCA is a directory of "openssl ca".
type opensslCA struct {
	dir, config string
	hosts       int
}

func newOpenSSLCA(t *testing.T, a algorithm.Algorithm, hosts int) *opensslCA {
	t.Helper()
	o := &opensslCA{dir: t.TempDir(), hosts: hosts}
	for _, name := range []string{"newcerts", "private"} {
		if err := os.Mkdir(filepath.Join(o.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	o.config = write(t, o.dir, "ca.cnf", fmt.Sprintf(takeOverConfig, o.dir))
	write(t, o.dir, "index.txt", "")
	write(t, o.dir, "serial", "01\n")
	write(t, o.dir, "crlnumber", "2026112901\n") // greater than the UNIX time
	key := write(t, o.dir, "private/cakey.pem", string(testkeys.PEM(a, 1)))
	request := filepath.Join(o.dir, "request")
	must(t, "openssl", "req", "-new", "-config", o.config, "-key", key, "-subj", "/CN=Old CA", "-out", request)
	o.openssl(t, "-selfsign", "-extensions", "v3_ca", "-days", "3650", "-in", request, "-out", filepath.Join(o.dir, "cacert.pem"))
	key = write(t, o.dir, "server.key", string(testkeys.PEM(a, 2)))
	must(t, "openssl", "req", "-new", "-config", o.config, "-key", key, "-subj", "/CN=www.example.com", "-out", request)
	for i := range hosts {
		o.openssl(t, "-subj", fmt.Sprintf("/CN=host%d.example.com", i), "-in", request)
	}
	return o
}

func (o *opensslCA) openssl(t *testing.T, args ...string) {
	t.Helper()
	must(t, "openssl", append([]string{"ca", "-batch", "-config", o.config}, args...)...)
}

// file is the certificate of a host. That of the CA has the serial number 01.
func (o *opensslCA) file(host int) string {
	return filepath.Join(o.dir, "newcerts", fmt.Sprintf("%02X.pem", host+2))
}

// takeOver fills an inventory as ExampleInventory_Add_takeOver does. The test
// supplies the reasons.
func (o *opensslCA) takeOver(t *testing.T, v *inventory.Inventory, now time.Time, issuer *ca.Issuer, reasons map[string]ca.RevocationReason) {
	t.Helper()
	if _, err := v.AddCA(t.Context(), now, issuer, inventory.Labels{}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(read(t, filepath.Join(o.dir, "index.txt"))) {
		columns := strings.Split(line, "\t")
		file := filepath.Join(o.dir, "newcerts", columns[3]+".pem")
		c, err := v.Add(t.Context(), now, testutil.FirstPEM(t, read(t, file)), inventory.Labels{AliasName: filepath.Base(file)})
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if columns[0] != "R" {
			continue
		}
		at, reason, _ := strings.Cut(columns[2], ",")
		revoked, err := time.Parse("060102150405Z", at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Revoke(t.Context(), now, c.Identifier, inventory.Revocation{RevocationTime: revoked, Reason: reasons[reason]}); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	number, ok := new(big.Int).SetString(strings.TrimSpace(read(t, filepath.Join(o.dir, "crlnumber"))), 16)
	if !ok {
		t.Fatal("crlnumber is not hexadecimal")
	}
	if err := v.RaiseCRLNumber(t.Context(), issuer, number.Sub(number, big.NewInt(1))); err != nil {
		t.Fatalf("RaiseCRLNumber: %v", err)
	}
}

// openssl makes a CA with 20 certificates and revokes some. The inventory takes it over
// and revokes one more. openssl judges all certificates by the next CRL, which has the
// next number and the entries of openssl's own. Then the CA is renewed.
func TestTakeOverOpenSSL(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	const hosts = 20
	// The hosts that openssl revokes, and what index.txt says of the reason.
	byOpenSSL := []string{0: "", 1: "keyCompromise", 2: "CACompromise", 3: "affiliationChanged", 4: "superseded", 5: "cessationOfOperation", 6: "certificateHold"}
	reasons := map[string]ca.RevocationReason{
		"keyCompromise": ca.ReasonKeyCompromise, "CACompromise": ca.ReasonCACompromise, "affiliationChanged": ca.ReasonAffiliationChanged,
		"superseded": ca.ReasonSuperseded, "cessationOfOperation": ca.ReasonCessationOfOperation, "certificateHold": ca.ReasonCertificateHold,
	}
	const byInventory = 7
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			o := newOpenSSLCA(t, a, hosts)
			for host, reason := range byOpenSSL {
				args := []string{"-revoke", o.file(host)}
				if reason != "" {
					args = append(args, "-crl_reason", reason)
				}
				o.openssl(t, args...)
			}
			oldFile := filepath.Join(o.dir, "old.crl")
			o.openssl(t, "-gencrl", "-out", oldFile)

			now := time.Now() // openssl takes the time from the clock
			v := inventory.New(inventoryStore(t, newSQLite(t)))
			rootFile := filepath.Join(o.dir, "cacert.pem")
			issuer, err := ca.NewIssuer(testutil.EncodePEM("CERTIFICATE", testutil.FirstPEM(t, read(t, rootFile))), testkeys.Key(a, 1), ca.IssuerOptions{RootIssues: true})
			if err != nil {
				t.Fatalf("NewIssuer: %v", err)
			}
			o.takeOver(t, v, now, issuer, reasons)
			page, err := v.Certificates(t.Context(), inventory.Filter{Name: fmt.Sprintf("host%d.example.com", byInventory)}, inventory.Certificate{}, 10)
			if err != nil || len(page) != 1 {
				t.Fatalf("%d certificates, %v", len(page), err)
			}
			if _, err := v.Revoke(t.Context(), now, page[0].Identifier, inventory.Revocation{}); err != nil {
				t.Fatalf("Revoke: %v", err)
			}
			der, err := v.RevocationList(t.Context(), nil, now, issuer, now.AddDate(0, 0, 7))
			if err != nil {
				t.Fatalf("RevocationList: %v", err)
			}

			oldList, err := ca.ParseRevocationList(testutil.FirstPEM(t, read(t, oldFile)))
			if err != nil {
				t.Fatal(err)
			}
			newList, err := ca.ParseRevocationList(der)
			if err != nil {
				t.Fatal(err)
			}
			if want := new(big.Int).Add(oldList.Number, big.NewInt(1)); newList.Number.Cmp(want) != 0 {
				t.Errorf("the number of the list is %d, want %d", newList.Number, want)
			}
			entries := func(list *x509.RevocationList) map[string]string {
				text := make(map[string]string)
				for _, e := range list.RevokedCertificateEntries {
					text[e.SerialNumber.String()] = fmt.Sprint(e.RevocationTime, e.ReasonCode)
				}
				return text
			}
			want := entries(oldList)
			want[strconv.Itoa(byInventory+2)] = fmt.Sprint(now.UTC().Truncate(time.Second), 0)
			if diff := cmp.Diff(want, entries(newList)); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}

			// The CA is renewed. openssl accepts what it issued before, and the CRLs of both
			// certificates count for both.
			renewed, err := ca.Renew(nil, now, issuer, issuer.Describe().X509Certificate, 20)
			if err != nil {
				t.Fatalf("Renew: %v", err)
			}
			renewedIssuer, err := ca.NewIssuer(renewed.CertificateChain, testkeys.Key(a, 1), ca.IssuerOptions{RootIssues: true})
			if err != nil {
				t.Fatalf("NewIssuer: %v", err)
			}
			if _, err := v.AddCA(t.Context(), now, renewedIssuer, inventory.Labels{}); err != nil {
				t.Fatalf("AddCA: %v", err)
			}
			renewedDER, err := v.RevocationList(t.Context(), nil, now, renewedIssuer, now.AddDate(0, 0, 7))
			if err != nil {
				t.Fatalf("RevocationList: %v", err)
			}
			renewedFile := write(t, o.dir, "renewed.pem", renewed.Certificate)
			file := write(t, o.dir, "new.crl", testutil.EncodePEM("X509 CRL", der))
			newestFile := write(t, o.dir, "newest.crl", testutil.EncodePEM("X509 CRL", renewedDER))
			at := strconv.FormatInt(now.Unix()+1, 10) // not the attime of the other tests
			for _, with := range [][2]string{{rootFile, file}, {renewedFile, file}, {rootFile, newestFile}, {renewedFile, newestFile}} {
				for host := range hosts {
					args := []string{"-attime", at, "-crl_check", "-CAfile", with[0], "-CRLfile", with[1]}
					if host < len(byOpenSSL) || host == byInventory {
						refuses(t, "certificate revoked", o.file(host), args...)
					} else {
						verifies(t, o.file(host), args...)
					}
				}
			}
		})
	}
}
