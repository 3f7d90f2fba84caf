package interop

import (
	"context"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/yuncert/yuncert/order"
)

// A nameServer answers from its zone. github.com/miekg/dns parses the zone and the
// queries and writes the answers.
type nameServer struct {
	mu       sync.Mutex
	zone     []dns.RR // an alias before its target; nil if the server could not load the zone
	answered []string // network and code, such as "udp NOERROR"
}

// load replaces the zone, whose names are relative to example.com.
func (s *nameServer) load(t *testing.T, zone string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zone = nil
	z := dns.NewZoneParser(strings.NewReader("$TTL 1\n"+zone), "example.com.", "")
	for rr, ok := z.Next(); ok; rr, ok = z.Next() {
		s.zone = append(s.zone, rr)
	}
	if err := z.Err(); err != nil {
		t.Error(err)
	}
}

// ServeDNS implements [dns.Handler].
func (s *nameServer) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reply := new(dns.Msg).SetRcode(query, dns.RcodeServerFailure)
	reply.RecursionAvailable = true
	if s.zone != nil {
		reply.Rcode = dns.RcodeNameError
	}
	name := dns.CanonicalName(query.Question[0].Name)
	for _, rr := range s.zone {
		if dns.CanonicalName(rr.Header().Name) != name {
			continue
		}
		reply.Rcode = dns.RcodeSuccess
		if alias, ok := rr.(*dns.CNAME); ok {
			reply.Answer = append(reply.Answer, rr)
			name, reply.Rcode = dns.CanonicalName(alias.Target), dns.RcodeNameError // RFC 6604, section 3
		} else if rr.Header().Rrtype == query.Question[0].Qtype {
			reply.Answer = append(reply.Answer, rr)
		}
	}
	network := w.LocalAddr().Network()
	if network == "udp" {
		reply.Truncate(dns.MinMsgSize) // as a server without EDNS does
	}
	s.answered = append(s.answered, network+" "+dns.RcodeToString[reply.Rcode])
	w.WriteMsg(reply)
}

// newNameServer starts a name server on loopback. It returns the server and a
// resolver that asks only this server.
func newNameServer(t *testing.T) (*nameServer, *net.Resolver) {
	t.Helper()
	udp, errUDP := net.ListenPacket("udp", "127.0.0.1:0")
	tcp, errTCP := net.Listen("tcp", "127.0.0.1:0")
	if err := errors.Join(errUDP, errTCP); err != nil {
		t.Fatal(err)
	}
	s, addresses := new(nameServer), map[string]string{"udp": udp.LocalAddr().String(), "tcp": tcp.Addr().String()}
	for _, server := range []*dns.Server{{PacketConn: udp, Handler: s}, {Listener: tcp, Handler: s}} {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		go server.ActivateAndServe()
		<-started
		t.Cleanup(func() { server.Shutdown() })
	}
	return s, &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addresses[network])
	}}
}

// checkOwnership submits an order for www.example.com, calls prepare with its
// challenge, and calls CheckOwnership. If reason is empty, the order must then
// be in process. Otherwise it must stay in domain_verify with that Reason.
func checkOwnership(t *testing.T, v *order.NetVerifier, validateType, reason string, prepare func(order.Challenge)) {
	t.Helper()
	book := order.NewBook(order.NewMemoryStore(), order.BookOptions{Verifier: v})
	req := newApplication(t)
	req.ValidateType = validateType
	errAdd := book.AddPackage(t.Context(), "", 1)
	resp, err := book.CreateCertificateWithCsrRequest(t.Context(), nil, now, req)
	if err := errors.Join(errAdd, err); err != nil {
		t.Fatalf("CreateCertificateWithCsrRequest: %v", err)
	}
	want, err := book.Order(t.Context(), resp.OrderId)
	if err != nil {
		t.Fatalf("Order: %v", err)
	}
	prepare(want.Challenge())
	want.Reason = reason
	if reason == "" {
		want.State = order.StateProcess
	}
	if got, err := book.CheckOwnership(t.Context(), now, resp.OrderId); err != nil || got != want {
		t.Errorf("CheckOwnership: %v (-want +got):\n%s", err, cmp.Diff(want, got))
	}
}

func TestOrderDNS(t *testing.T) {
	t.Parallel()
	const (
		none  = "TXT records of _dnsauth.www.example.com: there are none"
		found = "values found where the proof belongs: "
		wrong = "; none is the expected one"
	)
	filler := strings.Repeat("_dnsauth.www TXT "+strings.Repeat("x", 200)+"\n", 10)
	tests := []struct {
		name, zone string // TOKEN is the order's, HEAD and TAIL are its parts
		reason     string
		answered   []string
	}{
		{"right record among others", "_dnsauth.www TXT \"v=spf1 -all\"\n_DNSAUTH.WWW TXT TOKEN", "", []string{"udp NOERROR"}},
		{"several strings in one record", `_dnsauth.www TXT HEAD "" TAIL`, "", []string{"udp NOERROR"}},
		{"alias", "_dnsauth.www CNAME www.proof\nwww.proof CNAME proof.example.net.\nproof.example.net. TXT TOKEN", "", []string{"udp NOERROR"}},
		{"too long for UDP", filler + "_dnsauth.www TXT TOKEN", "", []string{"tcp NOERROR", "udp NOERROR"}},
		{"wrong record", "_dnsauth.www TXT TAIL", found + "1" + wrong, []string{"udp NOERROR"}},
		{"more than the token", "_dnsauth.www TXT TOKEN TAIL", found + "1" + wrong + "; one has other text around the proof: keep only the proof", []string{"udp NOERROR"}},
		{"token stored with its quotation marks", `_dnsauth.www TXT "\"TOKEN\""`, found + "1" + wrong + "; one is the proof with quotation marks around it: remove them", []string{"udp NOERROR"}},
		{"token in two records", "_dnsauth.www TXT HEAD\n_dnsauth.www TXT TAIL", found + "2" + wrong + "; together they are the proof: put it into one", []string{"udp NOERROR"}},
		{"no TXT record", "_dnsauth.www SPF TOKEN", none, []string{"udp NOERROR"}},
		{"no such name", "www TXT TOKEN\n_dnsauth TXT TOKEN", none, []string{"udp NXDOMAIN"}},
		{"alias of no such name", "_dnsauth.www CNAME www.proof", none, []string{"udp NXDOMAIN"}},
		{"server failure", "", "TXT records of _dnsauth.www.example.com: the name servers gave no usable answer", []string{"udp SERVFAIL"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server, resolver := newNameServer(t)
			checkOwnership(t, &order.NetVerifier{Resolver: resolver}, "DNS", tt.reason, func(c order.Challenge) {
				server.load(t, strings.NewReplacer("TOKEN", c.RecordValue, "HEAD", c.RecordValue[:20], "TAIL", c.RecordValue[20:]).Replace(tt.zone))
			})
			server.mu.Lock()
			defer server.mu.Unlock()
			slices.Sort(server.answered)
			if diff := cmp.Diff(tt.answered, slices.Compact(server.answered)); diff != "" {
				t.Errorf("answers mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// webPorts listens on the ports of https and http at a random loopback address.
// If the system does not permit that, it skips the test, or fails it in CI.
func webPorts(t *testing.T) (ip string, https, plain net.Listener) {
	t.Helper()
	ip = netip.AddrFrom4([4]byte{127, byte(1 + rand.N(254)), byte(1 + rand.N(254)), byte(1 + rand.N(254))}).String()
	https, errHTTPS := net.Listen("tcp", ip+":443")
	plain, errHTTP := net.Listen("tcp", ip+":80")
	if err := errors.Join(errHTTPS, errHTTP); err != nil && os.Getenv("CI") != "" {
		t.Fatal(err)
	} else if err != nil {
		t.Skipf("ports 80 and 443 are not free or not allowed; CI fails without them: %v", err)
	}
	return ip, https, plain
}

// The web servers at SITE are in an allowed network. No connection to TRAP may
// occur.
func TestOrderFile(t *testing.T) {
	t.Parallel()
	const (
		private = "no usable public address was found for the name"
		refused = "the file was not fetched by https: " + private + "; by http: " + private
	)
	trap, trapHTTPS, trapHTTP := webPorts(t)
	t.Cleanup(func() { // after the subtests
		for _, l := range []net.Listener{trapHTTPS, trapHTTP} {
			ours, errDial := net.Dial("tcp", l.Addr().String())
			first, errAccept := l.Accept() // the first connection must be ours
			if err := errors.Join(errDial, errAccept, l.Close()); err != nil {
				t.Fatal(err)
			}
			if first.RemoteAddr().String() != ours.LocalAddr().String() {
				t.Errorf("there was a connection from %v to %v", first.RemoteAddr(), l.Addr())
			}
			ours.Close()
			first.Close()
		}
	})
	tests := []struct {
		name, zone, https, http, reason string // REBIND is a file that makes the name lead to TRAP
	}{
		{"http", "www CNAME cdn.example.net.\ncdn.example.net. A SITE", "wrong", "TOKEN", ""},
		{"https", "www A TRAP\nwww A SITE", "TOKEN", "wrong", ""},
		{"wrong", "www A SITE", "wrong", "TOKEN2", "values found where the proof belongs: 2; none is the expected one; one has other text around the proof: keep only the proof"},
		{"no address", "www TXT SITE", "TOKEN", "TOKEN", refused},
		{"server failure", "", "TOKEN", "TOKEN", refused},
		{"rebinding", "www A SITE", "REBIND", "REBIND", refused},
		{"loopback", "www A TRAP", "", "", refused},
		{"loopback in IPv6 form", "www AAAA ::ffff:TRAP", "", "", refused},
		{"alias of a loopback name", "www CNAME inner\ninner A TRAP", "", "", refused},
		{"private", "www A 10.0.0.1\nwww A 172.16.0.1\nwww A 192.168.0.1\nwww A TRAP", "", "", refused},
		{"metadata", "www A 169.254.169.254\nwww A 100.100.100.200", "", "", refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			site, https, plain := webPorts(t)
			server, resolver := newNameServer(t)
			v := &order.NetVerifier{Resolver: resolver, AllowedNetworks: []netip.Prefix{netip.MustParsePrefix(site + "/32")}}
			checkOwnership(t, v, "FILE", tt.reason, func(c order.Challenge) {
				server.load(t, strings.NewReplacer("SITE", site, "TRAP", trap).Replace(tt.zone))
				web := func(l net.Listener, file string) *httptest.Server {
					s := &httptest.Server{Listener: l, Config: &http.Server{ErrorLog: log.New(io.Discard, "", 0)}}
					s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.Host != c.Domain || r.URL.Path != c.Uri {
							t.Errorf("unexpected request for %s of %s", r.URL, r.Host)
						}
						if file == "REBIND" {
							server.load(t, "www A "+trap)
							http.Redirect(w, r, "/moved", http.StatusFound)
						}
						io.WriteString(w, strings.ReplaceAll(file, "TOKEN", c.Content))
					})
					t.Cleanup(s.Close)
					return s
				}
				web(https, tt.https).StartTLS()
				web(plain, tt.http).Start()
			})
		})
	}
}
