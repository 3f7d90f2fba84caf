package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	_ "github.com/yuncert/yuncert/internal/testutil" // for the flag -update
)

// keyFiles returns the files of a directory that hold a private key. Each must be
// readable by its owner only.
func keyFiles(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(text, []byte("PRIVATE KEY")) {
			continue
		}
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode(); mode != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s, which holds a private key, has the mode %v", file.Name(), mode)
		}
		if _, err := algorithm.ParsePrivateKey(text); err != nil {
			t.Errorf("%s: %v", file.Name(), err)
		}
		names = append(names, file.Name())
	}
	return names
}

// Only the owner may read the key file, even if it replaces a file that others may
// read. A link in its place is not followed. The keys of the CAs are not written.
func TestKeyFileModes(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, path string){
		"an empty directory": func(*testing.T, string) {},
		"over a file for all": func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o666); err != nil { // whatever the umask
				t.Fatal(err)
			}
		},
		"over a link": func(t *testing.T, path string) {
			target := filepath.Join(t.TempDir(), "elsewhere")
			if err := os.Symlink(target, path); err != nil {
				t.Skipf("no symbolic links here, as on Windows without the right to make them: %v", err)
			}
			t.Cleanup(func() {
				if _, err := os.Stat(target); err == nil {
					t.Error("the key was written where the link points")
				}
			})
		},
	} {
		for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.SM2_256} {
			t.Run(name+", "+string(a), func(t *testing.T) {
				dir := t.TempDir()
				prepare(t, filepath.Join(dir, "server.key"))
				if err := run(dir, "", "", string(a), 30); err != nil {
					t.Fatal(err)
				}
				if names := keyFiles(t, dir); len(names) != 1 || names[0] != "server.key" {
					t.Errorf("private keys are in %q, want only server.key", names)
				}

				// With a CSR no key is written, and the key of an earlier run is removed.
				request := filepath.Join(t.TempDir(), "server.csr")
				if err := os.Rename(filepath.Join(dir, "server.csr"), request); err != nil {
					t.Fatal(err)
				}
				if err := run(dir, "", request, "", 30); err != nil {
					t.Fatal(err)
				}
				if names := keyFiles(t, dir); len(names) > 0 {
					t.Errorf("private keys are in %q after a run with a CSR", names)
				}
			})
		}
	}
}

// The certificate names the example's company, or the CSR's, and never Alibaba.
func TestOrganization(t *testing.T) {
	key, err := algorithm.GenerateKey(algorithm.ECC_256)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ corpName, department, want string }{
		{"", "", "CN=localhost,OU=Web,O=Example Ltd,L=Beijing,ST=Beijing,C=CN"},
		{"Own Company", "", "CN=localhost,OU=Web,O=Own Company,L=Beijing,ST=Beijing,C=CN"},
		{"Own Company", "Own Unit", "CN=localhost,OU=Own Unit,O=Own Company,L=Beijing,ST=Beijing,C=CN"},
	} {
		made, err := csr.CreateCsrWithKey(nil, key, &csr.CreateCsrRequest{
			KeySize: 256, Algorithm: "ECC", CommonName: "localhost", CorpName: tt.corpName, Department: tt.department,
			CountryCode: "CN", Province: "Beijing", Locality: "Beijing",
		})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		file := filepath.Join(dir, "own.csr")
		if err := os.WriteFile(file, []byte(made.Csr), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(dir, "", file, "", 30); err != nil {
			t.Fatal(err)
		}
		if got := subjectOf(t, dir); got != tt.want {
			t.Errorf("subject %s, want %s", got, tt.want)
		}
	}

	dir := t.TempDir()
	if err := run(dir, "", "", "", 30); err != nil {
		t.Fatal(err)
	}
	if got, want := subjectOf(t, dir), "CN=localhost,OU=Web,O=Example Ltd,L=Hangzhou,ST=Zhejiang,C=CN"; got != want {
		t.Errorf("without a CSR the subject is %s, want %s", got, want)
	}
}

// subjectOf returns the subject of the certificate in server.pem.
func subjectOf(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "server.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatal("server.pem is not PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert.Subject.String()
}
