package interop

import (
	"bufio"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/letsencrypt/pebble/v2/wfe"

	"github.com/yuncert/yuncert/algorithm"
)

// examples/services/orders gets a certificate from Pebble, although it is killed after
// each line that it prints.
func TestOrdersExample(t *testing.T) {
	t.Parallel()
	p := newPebble(t, pebbleConfig{})
	dir := t.TempDir()
	program, trusted := filepath.Join(dir, "orders"), filepath.Join(dir, "trusted.pem")
	must(t, "go", "build", "-C", "../../examples/services", "-o", program, "./orders")
	if err := os.WriteFile(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	names := p.names("www.example.com", "example.com")
	_, nameServer := domains()
	var printed []string
	record := regexp.MustCompile(`: add the TXT record (\S+) with the text (\S+)$`)
	for range 20 {
		cmd := command(t, program, "-dir", dir, "-directory", p.server.URL+wfe.DirectoryPath, "-email", "ops@example.com", "-agree",
			"-every", "100ms", "-resolver", nameServer, strings.Join(names, ","))
		cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+trusted)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line := ""
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			line = lines.Text()
			if len(printed) == 0 || printed[len(printed)-1] != line {
				break // something new
			}
		}
		cmd.Process.Kill()
		io.Copy(io.Discard, stdout)
		cmd.Wait()
		if line == "" {
			t.Fatalf("orders ended: %s", stderr.String())
		}
		printed = append(printed, line)
		if match := record.FindStringSubmatch(line); match != nil {
			p.domains.AddDNSTXTRecord(match[1], match[2])
		}
		if strings.Contains(line, ": certificate until ") {
			break
		}
	}
	for _, state := range []string{"process", "certificate"} {
		if !slices.Contains(printed, names[0]+": "+state) {
			t.Errorf("no run prints that the order is in %s: %q", state, printed)
		}
	}
	chain, err := os.ReadFile(filepath.Join(dir, names[0]+".pem"))
	if err != nil {
		t.Fatalf("%v; the runs print %q", err, printed)
	}
	text, err := os.ReadFile(filepath.Join(dir, names[0]+".key"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := algorithm.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	p.checkChain(t, string(chain), names, key.Public())
}
