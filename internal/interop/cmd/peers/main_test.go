package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Every implementation issues what the job asks for, and the table has a row for
// each.
func TestRun(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed: apt-get install openssl")
		}
		t.Skip("openssl is not installed: apt-get install openssl")
	}
	var table strings.Builder
	if err := run(&table, 1); err != nil {
		t.Fatal(err)
	}
	for _, p := range peers {
		if !strings.Contains(table.String(), "| "+p.name+" | ") {
			t.Errorf("the table has no row for %s:\n%s", p.name, table.String())
		}
	}
}
