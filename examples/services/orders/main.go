// Command orders gets DV certificates from a public CA and renews them. It keeps its
// orders in SQLite:
//
//	go -C examples/services run ./orders -email you@example.com -agree www.example.com
//
// It makes a key for each argument, which is a name or several with commas, prints the
// DNS record to add, and writes the certificate next to the key. Then it works until
// Ctrl-C. Start it again with the same flags to go on with all orders: it needs no names.
package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	_ "modernc.org/sqlite"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/acme"
	"github.com/yuncert/yuncert/order/sqlstore"
)

// public is a product of a public CA, which decides on the term.
var public = order.Product{Code: "public-dv", Brand: "public CA", Single: true, Wildcard: true, MaxNames: 100, Months: 3}

func main() {
	cache, _ := os.UserCacheDir()
	dir := flag.String("dir", filepath.Join(cache, "yuncert-orders"), "`directory` of keys, certificates and orders; created if it does not exist")
	directory := flag.String("directory", "https://acme-staging-v02.api.letsencrypt.org/directory", "`URL` of the CA; the default issues for tests only")
	email := flag.String("email", "", "`address` where the CA may reach you; required")
	agree := flag.Bool("agree", false, "accept the CA's terms of service; nearly all CAs require it")
	every := flag.Duration("every", 10*time.Second, "first pause before the next look at an order; each further pause is twice as long")
	resolver := flag.String("resolver", "", "`host:port` of the name server to ask; empty means the system's")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), `usage: orders [flags] [names ...]

Each argument is for one certificate: a name, or several with commas.
Without arguments, the program continues with the orders that it has.

`)
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, *directory, *email, *agree, *every, *resolver, flag.Args(), os.Stdout); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "orders:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir, directory, email string, agree bool, every time.Duration, resolver string, domains []string, out io.Writer) error {
	if email == "" {
		return errors.New("no e-mail address: add -email you@example.com")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	account, err := readKey(filepath.Join(dir, "account.key"))
	if err != nil {
		return err
	}
	authority := &acme.Authority{Directory: directory, Key: account}
	authority.Account, err = authority.Register(ctx, []string{email}, agree, nil)
	if err != nil {
		return fmt.Errorf("registering an account with -email %s and -agree=%t: %w", email, agree, err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "orders.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := sqlstore.Open(ctx, db, sqlstore.SQLite)
	if err != nil {
		return err
	}
	w := newWorker(dir, out, every, store, authority, verifier(resolver))
	for _, names := range domains {
		if err := w.submit(ctx, time.Now(), names, email); err != nil {
			return fmt.Errorf("%s: %w", names, err)
		}
	}
	if len(domains) == 0 {
		if err := w.remind(ctx); err != nil {
			return err
		}
	}
	for tick := time.NewTicker(every); ; {
		if err := w.pass(ctx, time.Now()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// readKey reads a private key, and creates it if there is none.
func readKey(file string) (*algorithm.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err == nil {
		return algorithm.ParsePrivateKey(text)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key, err := algorithm.GenerateKey(algorithm.ECC_256)
	if err != nil {
		return nil, err
	}
	text, err = key.PEM()
	if err != nil {
		return nil, err
	}
	return key, os.WriteFile(file, text, 0o600)
}

// verifier looks up proofs at a name server; empty means the system's.
func verifier(server string) *order.NetVerifier {
	if server == "" {
		return &order.NetVerifier{}
	}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server)
	}
	return &order.NetVerifier{Resolver: &net.Resolver{PreferGo: true, Dial: dial}}
}

// submit orders a certificate. The key is on the disk before the order exists.
func (w *worker) submit(ctx context.Context, now time.Time, names, email string) error {
	domain, sans, _ := strings.Cut(names, ",")
	if o, err := w.active(ctx, now, domain, order.Order{}); err != nil || o != nil {
		if o != nil {
			w.report(o)
		}
		return err
	}
	key, err := readKey(w.file(domain, ".key"))
	if err != nil {
		return err
	}
	request, err := csr.CreateCsrWithKey(rand.Reader, key, &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: domain, Sans: sans, CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		return err
	}
	if err := w.book.AddPackage(ctx, public.Code, 1); err != nil {
		return err
	}
	resp, err := w.book.CreateCertificateWithCsrRequest(ctx, rand.Reader, now, &order.CreateCertificateWithCsrRequestRequest{
		Csr: request.Csr, ProductCode: public.Code, Username: "orders", Phone: "none", Email: email, ValidateType: "DNS",
	})
	if err != nil {
		return err
	}
	o, err := w.book.Order(ctx, resp.OrderId)
	if err != nil {
		return err
	}
	w.report(&o)
	return nil
}
