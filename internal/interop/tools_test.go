package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// packages are the Debian packages of the commands.
var packages = map[string]string{
	"openssl":  "openssl",
	"keytool":  "default-jdk-headless",
	"java":     "default-jdk-headless",
	"certtool": "gnutls-bin",

	"softhsm2-util": "softhsm2",
}

// need skips the test if one of the commands is missing. In CI, where all of
// them are to be installed, it fails the test.
func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		report := t.Skipf
		if os.Getenv("CI") != "" {
			report = t.Fatalf
		}
		report("%s is not installed: apt-get install %s", tool, packages[tool])
	}
}

// command prepares a command that ends with the test at the latest.
func command(t *testing.T, tool string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	config, err := filepath.Abs("testdata/openssl.cnf")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC", "OPENSSL_CONF="+config)
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// A result is what a command left behind.
type result struct {
	line           string // the command itself, for messages
	stdout, stderr string
	code           int
}

// run runs a command to its end, whatever its exit code.
func run(t *testing.T, stdin, tool string, args ...string) result {
	t.Helper()
	cmd := command(t, tool, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatalf("%s: %v", tool, err)
	}
	return result{
		fmt.Sprintf("%s %q", tool, args), stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(),
	}
}

// must runs a command that is to succeed, and returns its standard output.
func must(t *testing.T, tool string, args ...string) string {
	t.Helper()
	r := run(t, "", tool, args...)
	if r.code != 0 {
		t.Fatal(r)
	}
	return r.stdout
}

func (r result) String() string {
	return fmt.Sprintf("%s\nexit code %d\n%s%s", r.line, r.code, r.stdout, r.stderr)
}

// says reports whether the command printed the text.
func (r result) says(text string) bool { return strings.Contains(r.stdout+r.stderr, text) }

// write writes a file and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// read returns the content of a file.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// decode returns the DER of the first PEM block.
func decode(t *testing.T, text string) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		t.Fatalf("no PEM: %q", text)
	}
	return block.Bytes
}

// pemText is the PEM block of a DER value.
func pemText(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// moduleDir is where the go command keeps a module that go.mod lists. It is
// fetched if it has to be; where that cannot be done the test is skipped, and in
// CI it fails.
func moduleDir(t *testing.T, path string) string {
	t.Helper()
	r := run(t, "", "go", "mod", "download", "-json", path)
	var module struct{ Dir string }
	if err := json.Unmarshal([]byte(r.stdout), &module); err == nil && r.code == 0 && module.Dir != "" {
		return module.Dir
	}
	report := t.Skipf
	if os.Getenv("CI") != "" {
		report = t.Fatalf
	}
	report("the module %s is not at hand: %v", path, r)
	return ""
}
