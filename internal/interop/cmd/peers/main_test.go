package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Every implementation issues the requested certificate and has a row in the table.
func TestRun(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed: apt-get install openssl")
		}
		t.Skip("openssl is not installed: apt-get install openssl")
	}
	var table strings.Builder
	err = run(&table, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range peers {
		if !strings.Contains(table.String(), "| "+p.name+" | ") {
			t.Errorf("the table has no row for %s:\n%s", p.name, table.String())
		}
	}
}
