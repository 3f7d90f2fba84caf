package interop

import (
	"context"
	"database/sql"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/sqlstore"
)

// Lookup finds proofs as the CA does. A NetVerifier does not connect to loopback.
func (p *pebble) Lookup(ctx context.Context, c order.Challenge) ([]string, error) {
	if p.sees {
		return []string{c.RecordValue}, nil
	}
	if c.ValidateType == "DNS" {
		_, address := domains()
		return (&order.NetVerifier{Resolver: resolverAt("udp", address)}).Lookup(ctx, c)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.web+c.Uri, nil)
	if err != nil {
		return nil, err
	}
	req.Host = c.Domain
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return []string{string(body)}, err
}

// follow does what a challenge tells an applicant.
func (p *pebble) follow(c order.Challenge) {
	if c.ValidateType == "FILE" {
		p.domains.AddHTTPOneChallenge(c.Uri[strings.LastIndexByte(c.Uri, '/')+1:], c.Content)
		return
	}
	p.addRecord(c.RecordName, c.RecordValue)
}

// severalNames is a product for several names, single or wildcard.
var severalNames = order.Product{Code: "several", Brand: "Pebble", Single: true, Wildcard: true, MaxNames: 10}

// Orders of a Book go to Pebble. Each step is by another Book and another Authority, over
// one database, as if the process died after each.
func TestACMEBook(t *testing.T) {
	t.Parallel()
	for _, tt := range acmeOrders {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPebble(t, pebbleConfig{})
			tt.prepare(p)
			book := p.books(t)
			names, key := p.names(tt.names...), testkeys.Key(algorithm.ECC_384, 1)
			o := p.certify(t, book, tt.validateType, newNamesCSR(t, key, names...))
			leaf := p.checkChain(t, o.Certificate, names, key.Public())
			if !o.NotAfter.Equal(leaf.NotAfter) || o.Issued.IsZero() {
				t.Errorf("the order has NotAfter %v and Issued %v; the certificate ends at %v", o.NotAfter, o.Issued, leaf.NotAfter)
			}
			wantUnits(t, book(), 1, 1)
		})
	}
}

// books returns a function that returns a new Book with a new Authority over one SQLite
// database, which has five units.
func (p *pebble) books(t *testing.T) func() *order.Book {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "orders.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	book := func() *order.Book {
		store, err := sqlstore.Open(t.Context(), db, sqlstore.SQLite)
		if err != nil {
			t.Fatal(err)
		}
		return order.NewBook(store, order.BookOptions{Verifier: p, Authority: p.authority(), Products: []order.Product{severalNames}})
	}
	if err := book().AddPackage(t.Context(), severalNames.Code, 5); err != nil {
		t.Fatal(err)
	}
	return book
}

// wantUnits compares the units of the product that are used and issued.
func wantUnits(t *testing.T, book *order.Book, used, issued int64) {
	t.Helper()
	got, err := book.DescribePackageState(t.Context(), nil, &order.DescribePackageStateRequest{ProductCode: severalNames.Code})
	if err != nil || got.UsedCount != used || got.IssuedCount != issued {
		t.Errorf("DescribePackageState: %+v, %v; want %d used and %d issued", got, err, used, issued)
	}
}

// submit places an order for a CSR in DER.
func (p *pebble) submit(ctx context.Context, book *order.Book, validateType string, request []byte) (int64, error) {
	resp, err := book.CreateCertificateWithCsrRequest(ctx, nil, time.Now(), &order.CreateCertificateWithCsrRequestRequest{
		Csr:         string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request})),
		ProductCode: severalNames.Code, Username: "Tom", Phone: "10086", Email: "tom@example.com", ValidateType: validateType,
	})
	if err != nil {
		return 0, err
	}
	return resp.OrderId, nil
}

// certify takes an order from the CSR to the certificate.
func (p *pebble) certify(t *testing.T, book func() *order.Book, validateType string, request []byte) order.Order {
	t.Helper()
	id, err := p.submit(t.Context(), book(), validateType, request)
	if err != nil {
		t.Fatal(err)
	}
	return p.finish(t, book, id)
}

// finish takes an order from its submission to the certificate.
func (p *pebble) finish(t *testing.T, book func() *order.Book, id int64) order.Order {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	o, err := book().Order(ctx, id)
	for err == nil && o.State == order.StateDomainVerify {
		p.follow(o.Challenge())
		o, err = book().CheckOwnership(ctx, time.Now(), id)
	}
	for err == nil && o.State == order.StateProcess {
		o, err = book().Obtain(ctx, time.Now(), id)
	}
	if err != nil || o.State != order.StateCertificate {
		t.Fatalf("the order is in %s with the reason %q: %v", o.State, o.Reason, err)
	}
	return o
}

// A CA that reuses authorizations: the second order begins in process.
func TestACMEBookReuse(t *testing.T) {
	t.Parallel()
	p := newPebble(t, pebbleConfig{reuse: true})
	book, names, key := p.books(t), p.names("a.example.com", "b.example.com"), testkeys.Key(algorithm.ECC_256, 1)
	p.certify(t, book, "DNS", newNamesCSR(t, key, names...))
	for _, name := range names {
		p.domains.DeleteDNSTXTRecord("_acme-challenge." + name)
	}
	id, err := p.submit(t.Context(), book(), "DNS", newNamesCSR(t, key, names...))
	if err != nil {
		t.Fatal(err)
	}
	o, err := book().Obtain(t.Context(), time.Now(), id)
	if err != nil || o.State != order.StateCertificate {
		t.Errorf("Obtain at once: %s, %v", o.State, err)
	}
	wantUnits(t, book(), 2, 2)
}

// An applicant without the proof is told so and costs no attempt at the CA. A proof that
// the CA does not see ends the order, with a reason.
func TestACMEBookProofs(t *testing.T) {
	t.Parallel()
	p := newPebble(t, pebbleConfig{})
	book, ctx := p.books(t), t.Context()
	names := p.names("a.example.com", "b.example.com")
	id, err := p.submit(ctx, book(), "DNS", newNamesCSR(t, testkeys.Key(algorithm.ECC_256, 1), names...))
	if err != nil {
		t.Fatal(err)
	}
	wantUnits(t, book(), 1, 0)
	o, err := book().CheckOwnership(ctx, time.Now(), id)
	if want := "TXT records of _acme-challenge." + o.Due; err != nil || o.State != order.StateDomainVerify || !strings.HasPrefix(o.Reason, want) {
		t.Fatalf("CheckOwnership: %s, %q, %v; want a reason that begins with %q", o.State, o.Reason, err, want)
	}
	p.sees = true
	o, err = book().CheckOwnership(ctx, time.Now(), id)
	if err != nil || o.State != order.StateVerifyFail || !strings.HasPrefix(o.Reason, o.Due+": unauthorized: No TXT records found") {
		t.Errorf("CheckOwnership of a proof that the CA does not see: %s, %q, %v", o.State, o.Reason, err)
	}
	wantUnits(t, book(), 1, 0)
	if _, err := book().DeleteCertificateRequest(ctx, nil, &order.DeleteCertificateRequestRequest{OrderId: id}); err != nil {
		t.Fatal(err)
	}
	wantUnits(t, book(), 0, 0)
}

// A CA that refuses the names, is away, or does not know the account takes no unit.
func TestACMEBookSubmission(t *testing.T) {
	t.Parallel()
	p := newPebble(t, pebbleConfig{blocked: "blocked.example.com"})
	book, ctx := p.books(t), t.Context()
	request := newNamesCSR(t, testkeys.Key(algorithm.ECC_256, 1), p.names("blocked.example.com")...)
	_, err := p.submit(ctx, book(), "DNS", request)
	if !errors.Is(err, yuncert.ErrCreateCertificateRequestFailed) || !strings.Contains(err.Error(), "rejectedIdentifier") {
		t.Errorf("a blocked name: %v", err)
	}
	account := p.account
	p.account += "0"
	request = newNamesCSR(t, testkeys.Key(algorithm.ECC_256, 1), p.names("www.example.com")...)
	if _, err = p.submit(ctx, book(), "DNS", request); !errors.Is(err, yuncert.ErrError) || !strings.Contains(err.Error(), "accountDoesNotExist") {
		t.Errorf("an unknown account: %v", err)
	}
	p.account = account
	p.server.Close()
	_, err = p.submit(ctx, book(), "DNS", request)
	if _, ok := errors.AsType[*order.Unavailable](err); !ok || !errors.Is(err, yuncert.ErrError) {
		t.Errorf("a CA that is away: %v", err)
	}
	wantUnits(t, book(), 0, 0)
}

// A renewal is another order at the CA, and a certificate that is returned is revoked
// there, once, also if the process dies before it stores that.
func TestACMEBookRenewAndCancel(t *testing.T) {
	t.Parallel()
	p := newPebble(t, pebbleConfig{})
	book, names, ctx := p.books(t), p.names("*.example.com", "example.com"), t.Context()
	old := p.certify(t, book, "DNS", newNamesCSR(t, testkeys.Key(algorithm.ECC_256, 1), names...))
	key := testkeys.Key(algorithm.ECC_256, 2)
	request := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: newNamesCSR(t, key, names...)})
	resp, _, err := book().RenewCertificateOrderForPackageRequest(ctx, nil, old.NotAfter.AddDate(0, 0, -1), &order.RenewCertificateOrderForPackageRequestRequest{
		OrderId: old.OrderId, Csr: string(request),
	})
	if err != nil {
		t.Fatal(err)
	}
	renewed := p.finish(t, book, resp.OrderId)
	leaf := p.checkChain(t, renewed.Certificate, names, key.Public())
	wantUnits(t, book(), 2, 2)
	if renewed.Reference == old.Reference {
		t.Error("the renewal has the reference of the old order")
	}

	if err := p.authority().Revoke(ctx, renewed.Certificate); err != nil { // and then the process dies
		t.Fatal(err)
	}
	_, err = book().CancelCertificateForPackageRequest(ctx, nil, time.Now(), &order.CancelCertificateForPackageRequestRequest{OrderId: renewed.OrderId})
	if err != nil {
		t.Fatal(err)
	}
	if status := p.managed(t, http.MethodGet, fmt.Sprintf("/cert-status-by-serial/%x", leaf.SerialNumber), ""); !strings.Contains(status, `"Revoked"`) {
		t.Errorf("the status at the CA is %s", status)
	}
	if o, err := book().Order(ctx, renewed.OrderId); err != nil || o.State != order.StateRevoked {
		t.Errorf("the order is in %s, %v", o.State, err)
	}
	wantUnits(t, book(), 1, 1)
}

// With an Authority the NetVerifier fetches the file from port 80, before the CA does
// (RFC 8555, section 8.3). What https serves does not count.
func TestACMEBookNetVerifier(t *testing.T) {
	t.Parallel()
	p := newPebble(t, pebbleConfig{})
	site, https, plain := webPorts(t)
	host := p.names("www.example.com")[0]
	p.domains.AddDNSARecord(host, []string{site})
	_, nameServer := domains()
	proxy, err := net.Listen("tcp", site+p.web[strings.LastIndexByte(p.web, ':'):]) // where Pebble looks
	if err != nil {
		t.Fatal(err)
	}
	var content atomic.Value // of the file
	var asked atomic.Int32   // how often port 80 was
	content.Store("")
	serve := func(l net.Listener, handler http.HandlerFunc) *httptest.Server {
		s := &httptest.Server{Listener: l, Config: &http.Server{Handler: handler}}
		t.Cleanup(s.Close)
		return s
	}
	serve(plain, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		io.WriteString(w, content.Load().(string))
	}).Start()
	serve(proxy, p.domains.ServeHTTP).Start()
	serve(https, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("https was asked for %s", r.URL) }).StartTLS()

	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{
		Authority: p.authority(), Products: []order.Product{severalNames},
		Verifier: &order.NetVerifier{Resolver: resolverAt("udp", nameServer), AllowedNetworks: []netip.Prefix{netip.MustParsePrefix(site + "/32")}},
	})
	if err := book.AddPackage(t.Context(), severalNames.Code, 1); err != nil {
		t.Fatal(err)
	}
	id, err := p.submit(t.Context(), book, "FILE", newNamesCSR(t, testkeys.Key(algorithm.ECC_256, 1), host))
	if err != nil {
		t.Fatal(err)
	}
	o, err := book.CheckOwnership(t.Context(), time.Now(), id)
	if err != nil || o.State != order.StateDomainVerify || o.Reason == "" {
		t.Fatalf("CheckOwnership without the file: %s, %q, %v", o.State, o.Reason, err)
	}
	p.place("FILE", order.Proof{Domain: o.Due, Token: o.Token})
	content.Store(o.Token)
	for err == nil && o.State == order.StateDomainVerify {
		o, err = book.CheckOwnership(t.Context(), time.Now(), id)
	}
	for err == nil && o.State == order.StateProcess {
		o, err = book.Obtain(t.Context(), time.Now(), id)
	}
	if err != nil || o.State != order.StateCertificate {
		t.Errorf("the order is in %s, %q, %v", o.State, o.Reason, err)
	}
	if asked.Load() < 2 {
		t.Errorf("port 80 was asked %d times, want once for each check at least", asked.Load())
	}
}
