package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	_ "github.com/yuncert/yuncert/internal/testutil" // for the flag -update
)

// keyFiles returns the files in a directory that hold a private key, and wants
// each to be its owner's alone.
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

// The key is written for its owner alone, also over a file that others may read
// and through no link that lies there. The keys of the CAs are not written.
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
				t.Skip(err)
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
					t.Errorf("private keys are in %q, want server.key alone", names)
				}

				// For a CSR there is no key, and none of an earlier run's stays.
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
