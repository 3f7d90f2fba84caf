package interop

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
)

// openssl accepts the files that examples/issue writes, with the commands that
// examples/issue prints.
func TestExampleIssue(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	tests := []struct {
		name string
		key  algorithm.Algorithm // of a CSR by openssl; empty means no CSR
		req  []string            // arguments of openssl req
		args []string            // arguments of examples/issue
	}{
		{name: "default"},
		{name: "RSA_2048", args: []string{"-algorithm", "RSA_2048"}},
		{name: "ECC_384", args: []string{"-algorithm", "ECC_384"}},
		{name: "ECC_512", args: []string{"-algorithm", "ECC_512"}},
		{name: "SM2_256", args: []string{"-algorithm", "SM2_256", "-domain", "www.example.com,*.example.org"}},
		{name: "SM2_256 pair", args: []string{"-algorithm", "SM2_256", "-pair"}},
		{name: "P-384 CSR", key: algorithm.ECC_384},
		{name: "RSA 4096 CSR under RSA_2048", key: algorithm.RSA_4096, args: []string{"-algorithm", "RSA_2048", "-days", "30"}},
		{name: "SM2 CSR", key: algorithm.SM2_256, req: []string{"-sm3"}},
		{name: "SM2 CSR pair", key: algorithm.SM2_256, req: []string{"-sm3"}, args: []string{"-pair"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "pki") // the program makes the directory
			args := append([]string{"run", "../../examples/issue", "-out", out}, tt.args...)
			want := map[string]os.FileMode{
				"ca/root.pem": 0o644, "ca/root.key": 0o600, "ca/sub.pem": 0o644, "ca/sub.key": 0o600,
				"server.csr": 0o644, "server.pem": 0o644, "chain.pem": 0o644,
			}
			if tt.key != "" {
				dir := t.TempDir()
				args = append(args, "-csr", write(t, dir, "server.csr", opensslCSR(t, opensslKey(t, dir, tt.key), tt.req...)))
			} else {
				want["server.key"] = 0o600
			}
			pair := slices.Contains(args, "-pair")
			if pair {
				want["encrypt.pem"], want["encrypt.key"], want["encrypt.envelope"] = 0o644, 0o600, 0o644
			}
			printed := must(t, "go", args...)

			err := fs.WalkDir(os.DirFS(out), ".", func(path string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				info, err := entry.Info()
				if err != nil {
					return err
				}
				// The umask may remove bits of 0644, but not of 0600.
				mode, ok := want[path]
				if !ok || info.Mode()&^mode != 0 || info.Size() == 0 {
					t.Errorf("%s has mode %v and %d bytes, want mode %v and content", path, info.Mode(), info.Size(), mode)
				}
				delete(want, path)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(want) > 0 {
				t.Errorf("the program did not write %v", want)
			}
			places := "The CA is in " + filepath.Join(out, "ca") + ", and the server's files are in " + out + ".\n"
			if !strings.Contains(printed, places) {
				t.Errorf("the program does not print %q:\n%s", places, printed)
			}

			_, commands, ok := strings.Cut(printed, "Check it with:\n")
			if !ok {
				t.Fatalf("the program prints no commands:\n%s", printed)
			}
			verified := 0
			var publicKeys []string // of encrypt.pem and encrypt.key
			for line := range strings.Lines(commands) {
				if !strings.HasPrefix(line, "  ") {
					continue // a sentence between the commands
				}
				words := strings.Fields(line)
				r := run(t, "", words[0], words[1:]...)
				if r.code != 0 || r.stderr != "" {
					t.Error(r)
				}
				if words[1] == "verify" {
					verified++
					file := words[len(words)-1]
					if r.stdout != file+": OK\n" {
						t.Error(r)
					}
				}
				if slices.Contains(words, "-pubkey") || slices.Contains(words, "-pubout") {
					publicKeys = append(publicKeys, r.stdout)
				}
			}
			if pair && (len(publicKeys) != 2 || publicKeys[0] != publicKeys[1]) {
				t.Errorf("the commands do not print the same public key twice: %q", publicKeys)
			}
			if verified == 0 {
				t.Errorf("none of the commands is openssl verify:\n%s", commands)
			}
		})
	}
}
