// Peers issues the same certificate with yuncert and with other implementations, from
// a CSR in PEM to a certificate in PEM. It prints a Markdown table of the cost of each,
// as a multiple of the cryptography that all need: one verification and one signature.
// Run it in internal/interop:
//
//	go run ./cmd/peers
//
// Each implementation verifies the CSR's signature, copies its common name, DNS names
// and IP address, and adds a CRL URL. Before measuring, one certificate of each is
// verified. The implementations take turns in one run. Cost is processor time,
// including the garbage collector and child processes.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/floor"
)

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 40, "number of `turns` for each implementation")
	flag.Parse()
	err := run(os.Stdout, *rounds)
	if err != nil {
		log.Fatal(err)
	}
}

// algorithms are the columns of the table.
var algorithms = []algorithm.Algorithm{algorithm.ECC_256, algorithm.ECC_384, algorithm.RSA_2048, algorithm.SM2_256}

// A runner measures one implementation, or the bare primitives.
type runner struct {
	issue func()
	calls int             // in each turn
	spent []time.Duration // processor time of a call, for each turn
}

func newRunner(issue func()) *runner {
	issue() // the first call is slower
	start := time.Now()
	issue()
	return &runner{issue: issue, calls: 1 + int(floor.Turn/time.Since(start))}
}

func (r *runner) turn() { r.spent = append(r.spent, floor.PerCall(r.issue, r.calls, len(r.spent))) }

// run measures, and prints the table.
func run(w io.Writer, rounds int) error {
	cells := make(map[string]map[algorithm.Algorithm]string)
	for _, a := range algorithms {
		j, err := newJob(a)
		if err != nil {
			return fmt.Errorf("%s: %w", a, err)
		}
		defer j.close()
		least := newRunner(floor.Both(floor.Verification(a, 2), floor.Signature(a, 1)))
		runners := make(map[string]*runner)
		for _, p := range peers {
			issue, err := p.prepare(j)
			if err != nil {
				return fmt.Errorf("%s with %s: %w", a, p.name, err)
			}
			if issue == nil { // the implementation does not support the algorithm
				continue
			}
			err = j.check(issue)
			if err != nil {
				return fmt.Errorf("%s with %s: %w", a, p.name, err)
			}
			runners[p.name] = newRunner(func() {
				_, err := issue()
				if err != nil {
					log.Fatalf("%s with %s: %v", a, p.name, err)
				}
			})
		}
		for range rounds {
			least.turn()
			for _, p := range peers {
				r := runners[p.name]
				if r != nil {
					r.turn()
				}
			}
		}
		set := func(row, text string) {
			if cells[row] == nil {
				cells[row] = make(map[algorithm.Algorithm]string)
			}
			cells[row][a] = text
		}
		for name, r := range runners {
			set(name, fmt.Sprintf("%.2f", floor.Ratio(r.spent, least.spent)))
		}
		slices.Sort(least.spent)
		set(floorRow, fmt.Sprintf("1 (%d µs)", least.spent[rounds/2].Microseconds()))
	}
	fmt.Fprintf(w, "%s, %d processors, %d turns each\n\n", runtime.Version(), runtime.NumCPU(), rounds)
	fmt.Fprintf(w, "| |")
	for _, a := range algorithms {
		fmt.Fprintf(w, " %s |", a)
	}
	fmt.Fprintf(w, "\n|---%s|\n", strings.Repeat("|---", len(algorithms)))
	rows := []string{floorRow}
	for _, p := range peers {
		rows = append(rows, p.name)
	}
	for _, row := range rows {
		fmt.Fprintf(w, "| %s |", row)
		for _, a := range algorithms {
			fmt.Fprintf(w, " %s |", cells[row][a])
		}
		fmt.Fprintln(w)
	}
	return nil
}

const floorRow = "one verification, one signature"
