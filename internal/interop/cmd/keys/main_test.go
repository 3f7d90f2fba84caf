package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
)

// The tables have a row for each key family and maker, and for bursts with and without
// a pool.
func TestTables(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed: apt-get install openssl")
		}
		t.Skip("openssl is not installed: apt-get install openssl")
	}
	var table strings.Builder
	err = generation(&table, 0, algorithm.RSA_2048, algorithm.ECC_256, algorithm.SM2_256)
	if err != nil {
		t.Fatal(err)
	}
	for _, stock := range []int{0, 2} {
		err := bursts(&table, 100, 3, stock)
		if err != nil {
			t.Fatal(err)
		}
	}
	got, want := strings.Count(table.String(), "\n"), 2+2*3+2
	if got != want {
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
		t.Errorf("p50 of one time is %d, want 1", got)
	}
}
