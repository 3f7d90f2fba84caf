package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory/sqlstore"
)

var instant = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

// mustRun runs the program and returns what it prints.
func mustRun(t *testing.T, now time.Time, dir string) string {
	t.Helper()
	var out strings.Builder
	if err := run(t.Context(), now, dir, &out); err != nil {
		t.Fatalf("%v, after it printed\n%s", err, out.String())
	}
	return out.String()
}

// firstRun returns the files of a first run, by their path.
var firstRun = sync.OnceValues(func() (map[string]string, error) {
	dir, err := os.MkdirTemp("", "authority-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := run(context.Background(), instant, dir, io.Discard); err != nil {
		return nil, err
	}
	return readFiles(dir)
})

// afterFirstRun writes the files of a first run into a new directory.
func afterFirstRun(t *testing.T) (dir string) {
	t.Helper()
	files, err := firstRun()
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "authority")
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readDir(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := readFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// readFiles returns the files of a directory and of those in it, by their path.
func readFiles(dir string) (map[string]string, error) {
	files := make(map[string]string)
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, path)
		files[path] = string(text)
		return err
	})
	return files, err
}

// crlOf returns the published CRL.
func crlOf(t *testing.T, dir string) []byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.crl"))
	if err != nil || len(names) != 1 {
		t.Fatalf("CRLs: %q, %v", names, err)
	}
	der, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Three runs over one directory: the number of the CRL rises, and what was revoked stays
// revoked.
func TestRuns(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "authority")
	var firstRevoked string
	for i, want := range []string{`Created a root CA and an issuing CA in ` + dir + `
Issued www.example.com until 2026-04-21
Issued mail.example.com until 2026-04-21
Revoked mail.example.com, issued 2026-04-01 00:00:00: cessationOfOperation
CRL 1775001600: revoked certificates: 1
OCSP: www.example.com is good
OCSP: mail.example.com is revoked
Expires 2026-04-21: www.example.com
`, `Issued www.example.com until 2026-06-30
Revoked www.example.com, issued 2026-04-01 00:00:00: superseded
CRL 1775001601: revoked certificates: 2
OCSP: www.example.com is good
OCSP: mail.example.com is revoked
Expires 2026-06-30: www.example.com
`, `CRL 1775001602: revoked certificates: 2
OCSP: www.example.com is good
OCSP: mail.example.com is revoked
Expires 2026-06-30: www.example.com
`} {
		// All at the same time: the number must rise all the same.
		if diff := cmp.Diff(want, mustRun(t, instant, dir)); diff != "" {
			t.Errorf("output of run %d (-want +got):\n%s", i+1, diff)
		}
		crl, err := ca.ParseRevocationList(crlOf(t, dir))
		if err != nil {
			t.Fatal(err)
		}
		var serials []string
		for _, entry := range crl.RevokedCertificateEntries {
			serials = append(serials, entry.SerialNumber.Text(16))
		}
		if i == 0 {
			firstRevoked = serials[0]
		} else if !strings.Contains(fmt.Sprint(serials), firstRevoked) {
			t.Errorf("run %d: the CRL has %q, and not %s of the first run", i+1, serials, firstRevoked)
		}
	}
	for name, text := range readDir(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if name != "inventory.db" && info.Mode() != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s has the mode %v", name, info.Mode())
		}
		if strings.HasSuffix(name, ".key") && !strings.Contains(text, "BEGIN ENCRYPTED PRIVATE KEY") {
			t.Errorf("%s is not encrypted", name)
		}
	}
	checkServer(t, instant, dir, "")
}

// checkServer wants a key and a certificate that a server can use, that clients accept,
// and that the CRL of the other host refuses. The host mayLack can have no file.
func checkServer(t *testing.T, now time.Time, dir, mayLack string) {
	t.Helper()
	text := []byte(readDir(t, dir)["www.example.com.pem"])
	if _, err := tls.X509KeyPair(text, text); err != nil {
		t.Errorf("www.example.com.pem: %v", err)
	}
	crl, err := ca.ParseRevocationList(crlOf(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range hosts {
		text, found := readDir(t, dir)[host+".pem"]
		if !found && mayLack == host {
			continue
		}
		certificates := text[strings.Index(text, "-----BEGIN CERTIFICATE"):]
		root := certificates[strings.LastIndex(certificates, "-----BEGIN"):]
		_, err = ca.Verify(now, certificates, ca.VerifyOptions{
			Roots: root, Intermediates: certificates, Host: host, RevocationLists: []*x509.RevocationList{crl},
		})
		if revoked := errors.Is(err, yuncert.ErrInvalidStatusUpdateProtection); revoked != (host == closedHost) || err != nil && !revoked {
			t.Errorf("%s: Verify: %v", host, err)
		}
	}
}

// A stoppingWriter calls stop after some lines.
type stoppingWriter struct {
	lines int
	stop  func()
}

func (w *stoppingWriter) Write(text []byte) (int, error) {
	w.lines--
	if w.lines == 0 {
		w.stop()
	}
	return len(text), nil
}

// After a run that stopped anywhere, the next one goes on.
func TestStopped(t *testing.T) {
	t.Parallel()
	for n := range 16 {
		second, dies, lines := n&1 != 0, n&2 != 0, 1+n/4
		t.Run(fmt.Sprintf("second run %v, dies %v, after line %d", second, dies, lines), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if second {
				dir = afterFirstRun(t)
			}
			stopped := func() (stopped bool) {
				defer func() { stopped = stopped || recover() != nil }()
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				if dies {
					stop = func() { panic("the process ends") }
				}
				return run(ctx, instant, dir, &stoppingWriter{lines, stop}) != nil
			}
			if !stopped() {
				t.Fatal("the run did not stop")
			}
			out := mustRun(t, instant.Add(time.Hour), dir)
			for _, want := range []string{"OCSP: www.example.com is good\n", "OCSP: mail.example.com is revoked\n"} {
				if !strings.Contains(out, want) {
					t.Errorf("the next run does not print %q:\n%s", want, out)
				}
			}
			mayLack := ""
			if dies && !second { // when the certificate is recorded and not written
				mayLack = closedHost
			}
			checkServer(t, instant.Add(time.Hour), dir, mayLack)
			// A first run that stopped has its www.example.com renewed two runs later.
			mustRun(t, instant.Add(2*time.Hour), dir)
			again := mustRun(t, instant.Add(3*time.Hour), dir)
			if strings.Contains(again, "Issued") || strings.Count(again, "Expires") != 1 {
				t.Errorf("the fourth run still issues, or a former certificate is not revoked:\n%s", again)
			}
			checkServer(t, instant.Add(3*time.Hour), dir, mayLack)
		})
	}
}

// Without its files, or with wrong ones, the program says what to do and changes nothing.
func TestRefuses(t *testing.T) {
	t.Parallel()
	write := func(name, text string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(pattern string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			names, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil || len(names) == 0 {
				t.Fatalf("%q, %v", names, err)
			}
			for _, name := range names {
				if err := os.RemoveAll(name); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		words   []string
	}{
		{"wrong password", write("password", "wrong"), []string{".key", "the password is wrong", "put back this file and the file password"}},
		{"no password", remove("password"), []string{"no file password", "put it back"}},
		{"empty password", write("password", ""), []string{"the password of the private key is empty", "put back this file and the file password"}},
		{"no keys", remove("keys"), []string{"no issuing CA with its key", "from a backup"}},
		{"damaged keys", func(t *testing.T, dir string) {
			names, err := filepath.Glob(filepath.Join(dir, "keys", "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				if err := os.Truncate(name, 100); err != nil {
					t.Fatal(err)
				}
			}
		}, []string{".key", "put back this file and the file password"}},
		{"no database", remove("inventory.db"), []string{"inventory.db is missing", "restore it from a backup"}},
		{"a database without CAs", func(t *testing.T, dir string) {
			remove("inventory.db")(t, dir)
			db, err := sql.Open("sqlite", filepath.Join(dir, "inventory.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := sqlstore.Open(t.Context(), db, sqlstore.SQLite); err != nil {
				t.Fatal(err)
			}
		}, []string{"no issuing CA with its key", "restore inventory.db and keys from a backup"}},
		{"damaged database", write("inventory.db", strings.Repeat("damage", 2000)), []string{"inventory.db", "not a database", "replace a damaged file by its backup"}},
		{"half a database", func(t *testing.T, dir string) {
			if err := os.Truncate(filepath.Join(dir, "inventory.db"), 20_000); err != nil {
				t.Fatal(err)
			}
		}, []string{"inventory.db", "malformed", "replace a damaged file by its backup"}},
		{"a file in place of the directory", func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			write("", "")(t, dir)
		}, []string{"not a directory"}},
		{"read-only directory", func(t *testing.T, dir string) {
			if os.Geteuid() == 0 || runtime.GOOS == "windows" {
				t.Skip("this user can write to every directory")
			}
			if err := os.Chmod(dir, 0o500); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(dir, 0o700) })
		}, []string{"inventory.db", "make the directory writable"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := afterFirstRun(t)
			tt.prepare(t, dir)
			before := readDir(t, filepath.Dir(dir))
			var out strings.Builder
			err := run(t.Context(), instant, dir, &out)
			for _, word := range tt.words {
				if err == nil || !strings.Contains(err.Error(), word) {
					t.Errorf("error %v, want one that says %q", err, word)
				}
			}
			if out.Len() > 0 {
				t.Errorf("output with an error: %s", out.String())
			}
			if diff := cmp.Diff(before, readDir(t, filepath.Dir(dir))); diff != "" {
				t.Errorf("the files changed (-before +after):\n%s", diff)
			}
		})
	}
}
