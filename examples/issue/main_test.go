package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// readDir returns the files of a directory and of those in it, by their path. A
// file with a private key must be readable by its owner only.
func readDir(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		files[path] = string(text)
		if !bytes.Contains(text, []byte("PRIVATE KEY")) {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if mode := info.Mode(); mode != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s, which holds a private key, has the mode %v", path, mode)
		}
		if _, err := algorithm.ParsePrivateKey(text); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// checkNames wants files of these names and no others.
func checkNames(t *testing.T, files map[string]string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(files))); diff != "" {
		t.Errorf("files mismatch (-want +got):\n%s", diff)
	}
}

// caFiles are the files of the CAs. They sort before the server's files.
var caFiles = []string{"ca/root.key", "ca/root.pem", "ca/sub.key", "ca/sub.pem"}

// checkSameCA wants the files of the CAs to be what they were.
func checkSameCA(t *testing.T, before, after map[string]string) {
	t.Helper()
	for _, name := range caFiles {
		if after[name] != before[name] {
			t.Errorf("%s changed", name)
		}
	}
}

// checkServer verifies the certificate in server.pem and that it is for the key in
// server.key. It returns the serial number.
func checkServer(t *testing.T, files map[string]string, a algorithm.Algorithm) string {
	t.Helper()
	chain, err := ca.Verify(time.Now(), files["server.pem"], ca.VerifyOptions{
		Roots: files["ca/root.pem"], Intermediates: files["chain.pem"], Host: "localhost",
	})
	if err != nil {
		t.Fatal(err)
	}
	var units []string
	for _, cert := range chain {
		units = append(units, strings.Join(slices.Concat(cert.Subject.Organization, cert.Subject.OrganizationalUnit), ", "))
	}
	if diff := cmp.Diff([]string{"Example Ltd, Web", "Example Ltd, PKI", "Example Ltd, PKI"}, units); diff != "" {
		t.Errorf("organizations and units mismatch (-want +got):\n%s", diff)
	}
	key, err := algorithm.ParsePrivateKey([]byte(files["server.key"]))
	if err != nil {
		t.Fatal(err)
	}
	if key.Algorithm() != a || !testutil.EqualKeys(key.Public(), chain[0].PublicKey) {
		t.Errorf("the certificate is not for the %s in server.key, which should be %s", key, a)
	}
	return chain[0].SerialNumber.String()
}

// The CAs that the first run creates issue in the next ones, in each algorithm. A
// run without a CSR makes another key. A run with the CSR renews the certificate.
func TestRunAgain(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{
		algorithm.RSA_2048, algorithm.RSA_3072, algorithm.RSA_4096, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512, algorithm.SM2_256,
	} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			if testing.Short() && a.KeySize() > 2048 {
				t.Skip("-short leaves out RSA keys that take seconds")
			}
			dir := filepath.Join(t.TempDir(), "pki") // run makes the directory
			if err := run(dir, "", "", string(a), 30, false); err != nil {
				t.Fatal(err)
			}
			first := readDir(t, dir)
			checkNames(t, first, append(slices.Clone(caFiles), "chain.pem", "server.csr", "server.key", "server.pem")...)
			serials := []string{checkServer(t, first, a)}
			info, err := os.Stat(filepath.Join(dir, "ca"))
			if err != nil {
				t.Fatal(err)
			}
			if mode := info.Mode().Perm(); mode != 0o700 && runtime.GOOS != "windows" {
				t.Errorf("ca has the mode %v", mode)
			}

			// The default is now the CA's algorithm.
			if err := run(dir, "", "", "", 30, false); err != nil {
				t.Fatal(err)
			}
			second := readDir(t, dir)
			checkSameCA(t, first, second)
			serials = append(serials, checkServer(t, second, a))
			if second["server.key"] == first["server.key"] || second["server.csr"] == first["server.csr"] {
				t.Error("the second run made no other key and CSR")
			}

			if err := run(dir, "", filepath.Join(dir, "server.csr"), "", 30, false); err != nil {
				t.Fatal(err)
			}
			renewed := readDir(t, dir)
			checkSameCA(t, first, renewed)
			serials = append(serials, checkServer(t, renewed, a))
			if renewed["server.key"] != second["server.key"] || renewed["server.csr"] != second["server.csr"] {
				t.Error("the renewal changed the key or the CSR")
			}
			if slices.Sort(serials); len(slices.Compact(serials)) != 3 {
				t.Errorf("the serial numbers of three certificates are %s", serials)
			}

			pool, err := ca.LoadPool(os.DirFS(filepath.Join(dir, "ca")), nil, ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			list, err := ca.DescribeCACertificateList(nil, time.Now(), pool, &ca.DescribeCACertificateListRequest{})
			if err != nil {
				t.Fatal(err)
			}
			if list.TotalCount != 2 {
				t.Errorf("LoadPool loads %d CAs, want 2", list.TotalCount)
			}
		})
	}
}

// A run that fails changes no file.
func TestFailedRun(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		prepare   func(dir string) error
		domain, a string
		want      string
	}{
		"another family":       {nil, "", "SM2_256", "must be of the same family"},
		"an unknown algorithm": {nil, "", "ECC_521", "not an algorithm for new keys"},
		"a weak algorithm":     {nil, "", "RSA_1024", "not an algorithm for new keys"},
		"a bad name":           {nil, "a b", "", "a b"},
		"no key":               {func(dir string) error { return os.Remove(filepath.Join(dir, "ca/sub.key")) }, "", "", "sub.key is missing"},
		"no subordinate CA": {func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "ca/sub.key")), os.Remove(filepath.Join(dir, "ca/sub.pem")))
		}, "", "", "there is no subordinate CA"},
		"an empty directory": {func(dir string) error {
			if err := os.RemoveAll(filepath.Join(dir, "ca")); err != nil {
				return err
			}
			return os.Mkdir(filepath.Join(dir, "ca"), 0o700)
		}, "", "", "there is no CA"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := run(dir, "", "", "", 30, false); err != nil {
				t.Fatal(err)
			}
			if tt.prepare != nil {
				if err := tt.prepare(dir); err != nil {
					t.Fatal(err)
				}
			}
			before := readDir(t, dir)
			err := run(dir, tt.domain, "", tt.a, 30, false)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
			if diff := cmp.Diff(before, readDir(t, dir)); diff != "" {
				t.Errorf("the files changed (-before +after):\n%s", diff)
			}
		})
	}
	t.Run("no CA yet", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := run(dir, "", "", "RSA_1024", 30, false); err == nil {
			t.Error("a CA with a weak key")
		}
		checkNames(t, readDir(t, dir))
	})
}

// A CA that another process created in the meantime is not replaced.
func TestCreateCATwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := run(dir, "", "", "", 30, false); err != nil {
		t.Fatal(err)
	}
	before := readDir(t, dir)
	if _, err := createCA(time.Now(), filepath.Join(dir, "ca"), algorithm.ECC_256); !errors.Is(err, fs.ErrExist) {
		t.Errorf("createCA: %v, want fs.ErrExist", err)
	}
	if diff := cmp.Diff(before, readDir(t, dir)); diff != "" {
		t.Errorf("the files changed (-before +after):\n%s", diff)
	}
}

// Only the owner may read the key file, even if it replaces a file that others may
// read. A link in its place is not followed.
func TestKeyFileModes(t *testing.T) {
	t.Parallel()
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
				t.Parallel()
				dir := t.TempDir()
				prepare(t, filepath.Join(dir, "server.key"))
				if err := run(dir, "", "", string(a), 30, false); err != nil {
					t.Fatal(err)
				}
				files := readDir(t, dir)
				checkNames(t, files, append(slices.Clone(caFiles), "chain.pem", "server.csr", "server.key", "server.pem")...)
				if _, err := algorithm.ParsePrivateKey([]byte(files["server.key"])); err != nil {
					t.Error(err)
				}

				// With the CSR of another key no key is written, and the key of the earlier
				// run is removed.
				request := filepath.Join(t.TempDir(), "server.csr")
				if err := os.WriteFile(request, []byte(ownCSR(t, a, "", "")), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := run(dir, "", request, "", 30, false); err != nil {
					t.Fatal(err)
				}
				checkNames(t, readDir(t, dir), append(slices.Clone(caFiles), "chain.pem", "server.csr", "server.pem")...)
			})
		}
	}
}

// ownCSR is a CSR for a key that is not the program's.
func ownCSR(t *testing.T, a algorithm.Algorithm, corpName, department string) string {
	t.Helper()
	made, err := csr.CreateCsrWithKey(nil, testkeys.Key(a, 2), &csr.CreateCsrRequest{
		KeySize: int32(a.KeySize()), Algorithm: a.Family(), CommonName: "localhost", CorpName: corpName, Department: department,
		CountryCode: "CN", Province: "Beijing", Locality: "Beijing",
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.Csr
}

// The certificate names the example's company, or the CSR's, and never Alibaba.
func TestOrganization(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ corpName, department, want string }{
		{"", "", "CN=localhost,OU=Web,O=Example Ltd,L=Beijing,ST=Beijing,C=CN"},
		{"Own Company", "", "CN=localhost,OU=Web,O=Own Company,L=Beijing,ST=Beijing,C=CN"},
		{"Own Company", "Own Unit", "CN=localhost,OU=Own Unit,O=Own Company,L=Beijing,ST=Beijing,C=CN"},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "own.csr")
		if err := os.WriteFile(file, []byte(ownCSR(t, algorithm.ECC_256, tt.corpName, tt.department)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(dir, "", file, "", 30, false); err != nil {
			t.Fatal(err)
		}
		if got := subjectOf(t, dir); got != tt.want {
			t.Errorf("subject %s, want %s", got, tt.want)
		}
	}

	dir := t.TempDir()
	if err := run(dir, "", "", "", 30, false); err != nil {
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
