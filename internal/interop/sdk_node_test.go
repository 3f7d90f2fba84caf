package interop

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// node calls with an SDK for Node. way is one of the ways of testdata/sdk/call.js.
func node(way string) func(*testing.T, string) sdkCaller {
	return func(t *testing.T, address string) sdkCaller {
		need(t, "node")
		const dir = "testdata/sdk"
		if _, err := os.Stat(dir + "/node_modules"); err != nil {
			missing(t, "the SDKs are not installed: npm ci --ignore-scripts --prefix internal/interop/%s", dir)
		}
		cmd := command(t, "node", dir+"/call.js", way, address)
		cmd.Stderr = os.Stderr
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Wait() })
		answers, calls := bufio.NewReader(stdout), json.NewEncoder(stdin)
		return func(t *testing.T, operation string, parameters map[string]any) sdkAnswer {
			t.Helper()
			version, action, _ := strings.Cut(operation, " ")
			if err := calls.Encode(map[string]any{"version": version, "action": action, "parameters": parameters}); err != nil {
				t.Fatal(err)
			}
			line, err := answers.ReadBytes('\n')
			if err != nil {
				t.Fatalf("node: %v", err)
			}
			var answer struct {
				Status int             `json:"status"`
				Code   string          `json:"code"`
				Body   json.RawMessage `json:"body"`
			}
			if err := json.Unmarshal(line, &answer); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			return sdkAnswer{answer.Status, answer.Code, members(t, answer.Body)}
		}
	}
}
