package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
)

// A key of each family is made once by both, and a burst is served with a pool and
// without.
func TestTables(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed: apt-get install openssl")
		}
		t.Skip("openssl is not installed: apt-get install openssl")
	}
	var table strings.Builder
	if err := generation(&table, 0, algorithm.RSA_2048, algorithm.ECC_256, algorithm.SM2_256); err != nil {
		t.Fatal(err)
	}
	for _, stock := range []int{0, 2} {
		if err := bursts(&table, 100, 3, stock); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := strings.Count(table.String(), "\n"), 2+2*3+2; got != want {
		t.Errorf("the tables have %d lines, want %d:\n%s", got, want, table.String())
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var times []time.Duration
	for i := range 200 {
		times = append(times, time.Duration(i+1))
	}
	for p, want := range map[int]time.Duration{50: 100, 95: 190, 99: 198, 100: 200} {
		if got := percentile(times, p); got != want {
			t.Errorf("p%d = %d, want %d", p, got, want)
		}
	}
	if got := percentile(times[:1], 50); got != 1 {
		t.Errorf("p50 of one is %d", got)
	}
}
