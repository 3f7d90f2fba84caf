package interop

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/letsencrypt/challtestsrv"
	pebbleca "github.com/letsencrypt/pebble/v2/ca"
	pebbledb "github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/acme"
)

// A pebble is Pebble, the CA with which Let's Encrypt tests clients, and the DNS and web
// server of all domains. It shuffles authorizations and challenges, and refuses a fifth
// of all nonces.
type pebble struct {
	server     *httptest.Server
	management http.Handler
	domains    *challtestsrv.ChallSrv
	label      string // of its domains
	web        string // URL of the web server of all domains
	account    string
	sees       bool // proofs that are not there
}

// A pebbleConfig is what tests change.
type pebbleConfig struct {
	reuse    bool              // authorizations
	external map[string]string // HMAC keys of customers; accounts need one if it is not empty
	blocked  string            // a domain
	profiles map[string]pebbleca.Profile
}

var accountKey = testkeys.Key(algorithm.ECC_256, 0)

// pebbles counts the pebbles of this process.
var pebbles atomic.Int32

// pebbleEnvironment guards the environment, from which Pebble reads its configuration.
var pebbleEnvironment sync.Mutex

// newPebble starts the servers on loopback, and registers an account unless accounts are
// for customers.
func newPebble(t *testing.T, config pebbleConfig) *pebble {
	t.Helper()
	p := new(pebble)
	quiet := log.New(io.Discard, "", 0)
	domains, dnsAddress := domains()
	p.domains = domains
	p.label = fmt.Sprintf("example-%d", pebbles.Add(1))
	web := httptest.NewServer(domains)
	t.Cleanup(web.Close)
	p.web = web.URL
	webPort, err := strconv.Atoi(web.URL[strings.LastIndexByte(web.URL, ':')+1:])
	if err != nil {
		t.Fatal(err)
	}

	store := pebbledb.NewMemoryStore()
	for id, key := range config.external {
		if err := store.AddExternalAccountKeyByID(id, key); err != nil {
			t.Fatal(err)
		}
	}
	if config.blocked != "" {
		if err := store.AddBlockedDomain(p.names(config.blocked)[0]); err != nil {
			t.Fatal(err)
		}
	}
	if config.profiles == nil {
		config.profiles = map[string]pebbleca.Profile{"default": {}}
	}
	reuse := "0"
	if config.reuse {
		reuse = "100"
	}
	pebbleEnvironment.Lock()
	for name, value := range map[string]string{"PEBBLE_WFE_NONCEREJECT": "20", "PEBBLE_AUTHZREUSE": reuse, "PEBBLE_VA_NOSLEEP": "1"} {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}
	front := wfe.New(quiet, store, va.New(quiet, webPort, 0, true, dnsAddress, store), pebbleca.New(quiet, store, "", "ecdsa", 1, 1, config.profiles),
		[]string{"ca.example.net"}, true, len(config.external) > 0, 0, 0)
	pebbleEnvironment.Unlock()
	p.server = httptest.NewTLSServer(front.Handler())
	t.Cleanup(p.server.Close)
	p.management = front.ManagementHandler()
	if len(config.external) == 0 {
		if p.account, err = p.authority().Register(t.Context(), []string{"ops@example.com"}, true, nil); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// domains returns the DNS and web server of all domains, and the address of the name
// server. challtestsrv has one name server in a process, because it registers the handler
// with dns.DefaultServeMux. So each pebble has domains of its own. The name server does
// not take port 0 nor say when it listens: look for a free address, and wait.
var domains = sync.OnceValues(func() (*challtestsrv.ChallSrv, string) {
	for range 20 {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		address := tcp.Addr().String()
		tcp.Close()
		server, err := challtestsrv.New(challtestsrv.Config{Log: log.New(io.Discard, "", 0), DNSAddrs: []string{address}})
		if err != nil {
			panic(err)
		}
		server.SetDefaultDNSIPv6("")
		server.AddDNSTXTRecord("started.example.com", "started")
		server.Run()
		if answers("udp", address) && answers("tcp", address) {
			return server, address
		}
		server.Shutdown()
	}
	panic("no address is free for TCP and UDP")
})

// answers waits until the name server at an address answers. It reports false if that
// takes long, because another program has the address.
func answers(network, address string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		records, err := resolverAt(network, address).LookupTXT(ctx, "started.example.com.")
		if err == nil || ctx.Err() != nil {
			return slices.Contains(records, "started")
		}
	}
}

func resolverAt(network, address string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
}

// names returns names whose label "example" is this pebble's own.
func (p *pebble) names(names ...string) []string {
	names = slices.Clone(names)
	for i := range names {
		names[i] = strings.ReplaceAll(names[i], "example", p.label)
	}
	return names
}

// authority returns a new Authority of the account.
func (p *pebble) authority() *acme.Authority {
	return &acme.Authority{Directory: p.server.URL + wfe.DirectoryPath, Key: accountKey, Account: p.account, Client: p.server.Client(), Wait: time.Minute}
}

// place does what an applicant does with a proof.
func (p *pebble) place(validateType string, proof order.Proof) {
	if validateType == "FILE" {
		token, _, _ := strings.Cut(proof.Token, ".")
		p.domains.AddHTTPOneChallenge(token, proof.Token)
		return
	}
	p.addRecord("_acme-challenge."+proof.Domain, proof.Token)
}

// addRecord replaces the TXT record at a name, or where an alias at the name leads.
func (p *pebble) addRecord(name, text string) {
	if target := p.domains.GetDNSCNAMERecord(name); target != "" {
		name = target
	}
	p.domains.DeleteDNSTXTRecord(name)
	p.domains.AddDNSTXTRecord(name, text)
}

// managed calls the management interface, which clients of a CA do not have.
func (p *pebble) managed(t *testing.T, method, path, body string) string {
	t.Helper()
	w := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	req.Header.Set("User-Agent", "test")
	p.management.ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// obtain takes an order from Begin to the certificate. Each step is by a new Authority.
func (p *pebble) obtain(t *testing.T, validateType string, names []string, request []byte) (certificate string, proofs int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	reference, due, err := p.authority().Begin(ctx, names, validateType)
	for err == nil && due != nil {
		proofs++
		p.place(validateType, *due)
		for placed := *due; err == nil && due != nil && *due == placed; {
			due, err = p.authority().Prove(ctx, reference, validateType, placed)
		}
	}
	for err == nil && certificate == "" {
		certificate, err = p.authority().Obtain(ctx, reference, request)
	}
	if err != nil {
		t.Fatal(err)
	}
	return certificate, proofs
}

// checkChain wants a chain that leads to Pebble's root, for exactly these names and the
// key of the CSR.
func (p *pebble) checkChain(t *testing.T, chain string, names []string, public crypto.PublicKey) *x509.Certificate {
	t.Helper()
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(p.managed(t, http.MethodGet, wfe.RootCertPath+"0", "")))
	first, rest := pem.Decode([]byte(chain))
	intermediates.AppendCertsFromPEM(rest)
	leaf, err := x509.ParseCertificate(first.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates}); err != nil {
		t.Errorf("the chain: %v", err)
	}
	want := slices.Sorted(slices.Values(names))
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(leaf.DNSNames))); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if !testutil.EqualKeys(leaf.PublicKey, public) {
		t.Error("the certificate is for another key")
	}
	return leaf
}

// newNamesCSR returns a CSR in DER. Its common name is the first name, if that is short
// enough.
func newNamesCSR(t *testing.T, key *algorithm.PrivateKey, names ...string) []byte {
	t.Helper()
	template := &x509.CertificateRequest{DNSNames: names}
	if len(names[0]) <= 64 {
		template.Subject.CommonName = names[0]
	}
	der, err := x509.CreateCertificateRequest(nil, template, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// acmeOrders are the kinds of orders that an Authority and a Book place.
var acmeOrders = []struct {
	name, validateType string
	names              []string
	prepare            func(*pebble)
}{
	{"dns-01", "DNS", []string{"www.example.com"}, func(*pebble) {}},
	{"http-01", "FILE", []string{"www.example.com"}, func(*pebble) {}},
	{"wildcard", "DNS", []string{"*.example.com"}, func(*pebble) {}},
	{"wildcard with its parent", "DNS", []string{"*.example.com", "example.com"}, func(*pebble) {}},
	{"several names by dns-01", "DNS", []string{"a.example.com", "b.example.com", "c.example.org", "d.example.net"}, func(*pebble) {}},
	{"several names by http-01", "FILE", []string{"a.example.com", "b.example.com", "c.example.org"}, func(*pebble) {}},
	{"a name longer than a common name", "DNS", []string{strings.Repeat("l", 60) + ".www.example.com"}, func(*pebble) {}},
	{"CNAME of the challenge", "DNS", []string{"www.example.com"}, func(p *pebble) {
		p.domains.AddDNSCNAMERecord("_acme-challenge."+p.names("www.example.com")[0], p.names("www.proofs.example.net")[0])
	}},
}

func TestACME(t *testing.T) {
	t.Parallel()
	for _, tt := range acmeOrders {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPebble(t, pebbleConfig{})
			tt.prepare(p)
			names, key := p.names(tt.names...), testkeys.Key(algorithm.RSA_2048, 1)
			chain, proofs := p.obtain(t, tt.validateType, names, newNamesCSR(t, key, names...))
			p.checkChain(t, chain, names, key.Public())
			if proofs != len(names) {
				t.Errorf("%d proofs for %d names", proofs, len(names))
			}
		})
	}
}

// Every kind of account key.
func TestACMEAccountKeys(t *testing.T) {
	t.Parallel()
	p := newPebble(t, pebbleConfig{})
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.RSA_3072, algorithm.RSA_4096, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512} {
		authority := p.authority()
		authority.Key, authority.Account = testutil.Opaque(testkeys.Key(a, 2)), ""
		first, err := authority.Register(t.Context(), nil, true, nil)
		if err != nil {
			t.Errorf("%s: %v", a, err)
			continue
		}
		if authority.Account, err = authority.Register(t.Context(), nil, true, nil); err != nil || authority.Account != first {
			t.Errorf("%s: Register returns %q, and then %q, %v", a, first, authority.Account, err)
		}
		if _, _, err := authority.Begin(t.Context(), p.names("www.example.com"), "DNS"); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}

func TestACMEExternalAccount(t *testing.T) {
	t.Parallel()
	const key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
	p := newPebble(t, pebbleConfig{external: map[string]string{"customer-1": key}})
	tests := []struct {
		name     string
		external *acme.ExternalAccount
		text     string // of the error
	}{
		{"none", nil, "the CA only accepts its own customers"},
		{"another customer", &acme.ExternalAccount{KeyID: "customer-2", HMACKey: key}, "unauthorized"},
		{"another key", &acme.ExternalAccount{KeyID: "customer-1", HMACKey: key[1:] + key[:1]}, "unauthorized"},
		{"the customer", &acme.ExternalAccount{KeyID: "customer-1", HMACKey: key}, ""},
		{"the customer again", &acme.ExternalAccount{KeyID: "customer-1", HMACKey: key}, ""},
	}
	for _, tt := range tests {
		account, err := p.authority().Register(t.Context(), nil, true, tt.external)
		switch {
		case tt.text == "" && (err != nil || account == ""):
			t.Errorf("%s: %v", tt.name, err)
		case tt.text != "" && (err == nil || !strings.Contains(err.Error(), tt.text)):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.text)
		}
		p.account = account
	}
	leafKey := testkeys.Key(algorithm.ECC_256, 1)
	names := p.names("www.example.com")
	chain, _ := p.obtain(t, "DNS", names, newNamesCSR(t, leafKey, names...))
	p.checkChain(t, chain, names, leafKey.Public())
}

func TestACMEProfile(t *testing.T) {
	t.Parallel()
	p := newPebble(t, pebbleConfig{profiles: map[string]pebbleca.Profile{"long": {ValidityPeriod: 1e6}, "short": {ValidityPeriod: 6e5}}})
	names, key := p.names("www.example.com"), testkeys.Key(algorithm.ECC_256, 1)
	for profile, want := range map[string]time.Duration{"long": 1e6 * time.Second, "short": 6e5 * time.Second} {
		a := p.authority()
		a.Profile = profile
		reference, due, err := a.Begin(t.Context(), names, "DNS")
		if err != nil {
			t.Fatal(err)
		}
		p.place("DNS", *due)
		if due, err = a.Prove(t.Context(), reference, "DNS", *due); err != nil || due != nil {
			t.Fatalf("Prove: %v, %v", due, err)
		}
		chain, err := a.Obtain(t.Context(), reference, newNamesCSR(t, key, names...))
		if err != nil {
			t.Fatal(err)
		}
		leaf := p.checkChain(t, chain, names, key.Public())
		if got := leaf.NotAfter.Sub(leaf.NotBefore).Round(time.Minute); got != want.Round(time.Minute) {
			t.Errorf("%s: valid for %v, want %v", profile, got, want)
		}
	}
	a := p.authority()
	a.Profile = "none"
	if _, _, err := a.Begin(t.Context(), names, "DNS"); err == nil || !strings.Contains(err.Error(), "none (supported profiles: long, short)") {
		t.Errorf("an unknown profile: %v", err)
	}
}

// The CA suggests when to renew, and revokes.
func TestACMERenewAndRevoke(t *testing.T) {
	t.Parallel()
	p := newPebble(t, pebbleConfig{})
	names, key := p.names("www.example.com"), testkeys.Key(algorithm.ECC_256, 1)
	chain, _ := p.obtain(t, "DNS", names, newNamesCSR(t, key, names...))
	leaf := p.checkChain(t, chain, names, key.Public())
	at, again, err := p.authority().RenewAfter(t.Context(), chain)
	if err != nil || !at.After(leaf.NotBefore) || !at.Before(leaf.NotAfter) || again.Before(time.Now()) {
		t.Errorf("RenewAfter: %v, %v, %v for a certificate from %v to %v", at, again, err, leaf.NotBefore, leaf.NotAfter)
	}
	window, err := json.Marshal(map[string]string{"certificate": chain, "ariResponse": `{"suggestedWindow":{"start":"2020-01-01T00:00:00Z","end":"2020-01-02T00:00:00Z"}}`})
	if err != nil {
		t.Fatal(err)
	}
	p.managed(t, http.MethodPost, "/set-renewal-info/", string(window))
	if at, _, err = p.authority().RenewAfter(t.Context(), chain); err != nil || at.Year() != 2020 {
		t.Errorf("RenewAfter, when the CA is about to revoke: %v, %v", at, err)
	}

	status := func() string {
		return p.managed(t, http.MethodGet, fmt.Sprintf("/cert-status-by-serial/%x", leaf.SerialNumber), "")
	}
	if got := status(); !strings.Contains(got, `"Valid"`) {
		t.Fatalf("the status is %s", got)
	}
	other := p.authority()
	other.Key = testkeys.Key(algorithm.ECC_256, 2)
	if other.Account, err = other.Register(t.Context(), nil, true, nil); err != nil {
		t.Fatal(err)
	}
	if err := other.Revoke(t.Context(), chain); err == nil || strings.Contains(status(), `"Revoked"`) {
		t.Errorf("another account revokes: %v", err)
	}
	for range 2 {
		if err := p.authority().Revoke(t.Context(), chain); err != nil {
			t.Errorf("Revoke: %v", err)
		}
	}
	if got := status(); !strings.Contains(got, `"Revoked"`) {
		t.Errorf("the status is %s", got)
	}
}

// A CA that reuses authorizations needs no second proof.
func TestACMEReuse(t *testing.T) {
	t.Parallel()
	p := newPebble(t, pebbleConfig{reuse: true})
	key := testkeys.Key(algorithm.ECC_256, 1)
	for n, names := range [][]string{{"a.example.com", "b.example.com"}, {"a.example.com", "b.example.com"}, {"a.example.com", "c.example.com"}} {
		names = p.names(names...)
		chain, proofs := p.obtain(t, "DNS", names, newNamesCSR(t, key, names...))
		p.checkChain(t, chain, names, key.Public())
		if want := []int{2, 0, 1}[n]; proofs != want {
			t.Errorf("order %d needs %d proofs, want %d", n, proofs, want)
		}
	}
}

// What Pebble refuses for good.
func TestACMERefusals(t *testing.T) {
	t.Parallel()
	p := newPebble(t, pebbleConfig{blocked: "blocked.example.com"})
	ctx := t.Context()
	wantRefusal := func(name string, err error, words ...string) {
		t.Helper()
		refusal, ok := errors.AsType[*order.Refusal](err)
		for _, word := range words {
			if !ok || !strings.Contains(refusal.Reason, word) {
				t.Errorf("%s: %v; want a Refusal with %q", name, err, word)
			}
		}
	}
	_, _, err := p.authority().Begin(ctx, p.names("www.example.com", "blocked.example.com"), "DNS")
	wantRefusal("a blocked name", err, "rejectedIdentifier", p.names("blocked.example.com")[0])
	_, _, err = p.authority().Begin(ctx, p.names("*.example.com"), "FILE")
	wantRefusal("FILE for a wildcard", err, "http-01 for "+p.names("*.example.com")[0], "dns-01")

	names := p.names("a.example.com", "b.example.com")
	reference, due, err := p.authority().Begin(ctx, names, "DNS")
	if err != nil {
		t.Fatal(err)
	}
	p.domains.AddDNSTXTRecord("_acme-challenge."+due.Domain, "wrong")
	for range 2 { // the second time the CA ended the order before
		_, err = p.authority().Prove(ctx, reference, "DNS", *due)
		wantRefusal("a wrong record", err, due.Domain, "unauthorized")
	}
	_, err = p.authority().Obtain(ctx, reference, newNamesCSR(t, testkeys.Key(algorithm.ECC_256, 1), names...))
	wantRefusal("the order of a wrong record", err, due.Domain, "unauthorized")

	spoilt := newNamesCSR(t, testkeys.Key(algorithm.ECC_256, 1), p.names("c.example.com")...)
	spoilt = bytes.Replace(spoilt, []byte("c.example"), []byte("d.example"), 1)
	reference, due, err = p.authority().Begin(ctx, p.names("c.example.com"), "DNS")
	if err != nil {
		t.Fatal(err)
	}
	p.place("DNS", *due)
	if due, err = p.authority().Prove(ctx, reference, "DNS", *due); err != nil || due != nil {
		t.Fatalf("Prove: %v, %v", due, err)
	}
	_, err = p.authority().Obtain(ctx, reference, spoilt)
	wantRefusal("a CSR with a wrong signature", err, "badCSR")
	_, err = csr.Parse(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: spoilt}))
	if err == nil {
		t.Error("the CSR is not spoilt")
	}
}

// Two orders whose CSRs have the same key get the same certificate if the CA joins them;
// four processes at one order get one certificate.
func TestACMEConcurrent(t *testing.T) {
	t.Parallel()
	p := newPebble(t, pebbleConfig{})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	names, key := p.names("a.example.com", "b.example.com"), testkeys.Key(algorithm.ECC_256, 1)
	request := newNamesCSR(t, key, names...)
	reference, first, err := p.authority().Begin(ctx, names, "DNS")
	if err != nil {
		t.Fatal(err)
	}
	certificates := make([]string, 4)
	var all sync.WaitGroup
	for n := range certificates {
		all.Go(func() {
			due, err := first, error(nil)
			for err == nil && due != nil {
				p.domains.AddDNSTXTRecord("_acme-challenge."+due.Domain, due.Token)
				due, err = p.authority().Prove(ctx, reference, "DNS", *due)
			}
			for err == nil && certificates[n] == "" {
				certificates[n], err = p.authority().Obtain(ctx, reference, request)
			}
			if err != nil {
				t.Errorf("process %d: %v", n, err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	p.checkChain(t, certificates[0], names, key.Public())
	if len(slices.Compact(certificates)) != 1 {
		t.Error("the processes have several certificates")
	}
}
