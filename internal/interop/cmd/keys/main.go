// Keys prints two Markdown tables: the time to make keys with yuncert and with the
// openssl command, and how long bursts of CreateCsr wait with and without a key pool.
// Run it in internal/interop:
//
//	go run ./cmd/keys
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/floor"
	"github.com/yuncert/yuncert/internal/interop"
)

func main() {
	log.SetFlags(0)
	spend := flag.Duration("time", 15*time.Second, "how long to make keys of one algorithm")
	rate := flag.Int("rate", 100, "requests a second")
	flag.Parse()
	fmt.Printf("%s, %d processors\n\n", runtime.Version(), runtime.NumCPU())
	err := generation(os.Stdout, *spend, algorithm.RSA_2048, algorithm.RSA_3072, algorithm.RSA_4096, algorithm.ECC_256, algorithm.SM2_256)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print("\n| CreateCsr, RSA_2048 | pool | p50 | p95 | p99 |\n|---|---|---|---|---|\n")
	for _, burst := range []struct{ requests, stock int }{{100, 0}, {100, 100}, {300, 0}, {300, 100}, {300, 300}} {
		err := bursts(os.Stdout, *rate, burst.requests, burst.stock)
		if err != nil {
			log.Fatal(err)
		}
	}
}

// generation prints the processor time to make a key of each algorithm. yuncert and
// the openssl command take turns.
func generation(w io.Writer, spend time.Duration, kinds ...algorithm.Algorithm) error {
	fmt.Fprintln(w, "| key | made by | keys | mean | p50 | p95 | p99 |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|")
	for _, a := range kinds {
		var ours, theirs []time.Duration
		start := time.Now()
		for len(ours) == 0 || time.Since(start) < spend {
			before := floor.ProcessorTime()
			_, err := algorithm.GenerateKey(a)
			if err != nil {
				return err
			}
			between := floor.ProcessorTime()
			err = exec.Command("openssl", interop.Genpkey(a, os.DevNull)...).Run()
			if err != nil {
				return fmt.Errorf("openssl genpkey: %w", err)
			}
			ours, theirs = append(ours, between-before), append(theirs, floor.ProcessorTime()-between)
		}
		row(w, string(a), "algorithm.GenerateKey", ours)
		row(w, string(a), "openssl genpkey (process)", theirs)
	}
	return nil
}

func row(w io.Writer, key, maker string, times []time.Duration) {
	slices.Sort(times)
	var sum time.Duration
	for _, t := range times {
		sum += t
	}
	fmt.Fprintf(w, "| %s | %s | %d | %s | %s | %s | %s |\n", key, maker, len(times),
		milliseconds(sum/time.Duration(len(times))), milliseconds(percentile(times, 50)), milliseconds(percentile(times, 95)), milliseconds(percentile(times, 99)))
}

// percentile returns the smallest of the sorted times that at least p percent of them
// do not exceed.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[(len(sorted)*p+99)/100-1]
}

func milliseconds(t time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(t)/float64(time.Millisecond))
}

// bursts sends CreateCsr requests for RSA_2048 at a rate, and prints how long they take
// from when each was due. The key pool has stock keys before the first request. Stock 0
// means no pool.
func bursts(w io.Writer, rate, requests, stock int) error {
	get := func(context.Context) (*algorithm.PrivateKey, error) { return algorithm.GenerateKey(algorithm.RSA_2048) }
	name := "none"
	if stock > 0 {
		pool, err := algorithm.NewKeyPool(algorithm.RSA_2048, stock, 1)
		if err != nil {
			return err
		}
		defer pool.Close()
		for pool.Len() < stock {
			<-time.After(10 * time.Millisecond)
		}
		get, name = pool.Get, fmt.Sprintf("%d keys", stock)
	}
	times, failures := make([]time.Duration, requests), make([]error, requests)
	var running sync.WaitGroup
	start := time.Now()
	for i := range requests {
		due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
		<-time.After(time.Until(due))
		running.Go(func() {
			key, err := get(context.Background())
			if err == nil {
				_, err = csr.CreateCsrWithKey(rand.Reader, key, &csr.CreateCsrRequest{
					Algorithm: "RSA", KeySize: 2048, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
				})
			}
			times[i], failures[i] = time.Since(due), err
		})
	}
	running.Wait()
	err := errors.Join(failures...)
	if err != nil {
		return err
	}
	slices.Sort(times)
	fmt.Fprintf(w, "| %d at %d/s | %s | %s | %s | %s |\n", requests, rate, name,
		milliseconds(percentile(times, 50)), milliseconds(percentile(times, 95)), milliseconds(percentile(times, 99)))
	return nil
}
