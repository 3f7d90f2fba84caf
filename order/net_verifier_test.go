package order

import (
	"bytes"
	"compress/gzip"
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
)

const (
	testDomain = "www.example.com"
	testToken  = "20260701000000abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmn"

	// publicIP stands for a public address: it is the only one that the tests
	// allow. privateIP must never be connected to.
	publicIP  = "127.0.0.2"
	privateIP = "127.0.0.1"
)

var playedPublic = []netip.Prefix{netip.MustParsePrefix(publicIP + "/32")}

// dnsAnswer is the answer of a name server to a question.
type dnsAnswer struct {
	rcode   dnsmessage.RCode
	records []dnsmessage.ResourceBody // of the name, and after a CNAME of its target
	silent  bool                      // no answer at all
}

// A nameServer answers over UDP and TCP on loopback.
type nameServer struct {
	udp net.PacketConn
	tcp net.Listener

	mu      sync.Mutex
	answers map[string]dnsAnswer // by type and name, such as "TXT example.com."
	asked   []string             // network, type and name
	heard   func()               // called, if not nil, before an answer
}

// newNameServer starts a name server. It returns the server and a resolver that
// asks only this server.
func newNameServer(t *testing.T, answers map[string]dnsAnswer) (*nameServer, *net.Resolver) {
	t.Helper()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{udp: udp, tcp: tcp, answers: answers}
	var serving sync.WaitGroup
	serving.Go(s.serveUDP)
	serving.Go(s.serveTCP)
	t.Cleanup(func() {
		udp.Close()
		tcp.Close()
		serving.Wait()
	})
	return s, &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		address := tcp.Addr().String()
		if strings.HasPrefix(network, "udp") {
			address = udp.LocalAddr().String()
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
}

func (s *nameServer) serveUDP() {
	buf := make([]byte, 4096)
	for {
		n, from, err := s.udp.ReadFrom(buf)
		if err != nil {
			return
		}
		if message := s.answer("udp", buf[:n]); message != nil {
			s.udp.WriteTo(message, from)
		}
	}
}

func (s *nameServer) serveTCP() {
	for {
		conn, err := s.tcp.Accept()
		if err != nil {
			return
		}
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err == nil {
			query := make([]byte, int(length[0])<<8|int(length[1]))
			if _, err := io.ReadFull(conn, query); err == nil {
				if message := s.answer("tcp", query); message != nil {
					conn.Write(append([]byte{byte(len(message) >> 8), byte(len(message))}, message...))
				}
			}
		}
		conn.Close()
	}
}

// answer returns the message for a query, or nil for no answer. It truncates a
// message that is too long for UDP and sets its TC bit.
func (s *nameServer) answer(network string, query []byte) []byte {
	var p dnsmessage.Parser
	header, err := p.Start(query)
	if err != nil {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	kind, asked := strings.TrimPrefix(q.Type.String(), "Type"), strings.ToLower(q.Name.String())
	s.mu.Lock()
	s.asked = append(s.asked, network+" "+kind+" "+q.Name.String())
	a, found := s.answers[kind+" "+asked]
	if !found {
		a.rcode = dnsmessage.RCodeNameError
		for key := range s.answers {
			if strings.HasSuffix(key, " "+asked) {
				a.rcode = dnsmessage.RCodeSuccess // the name exists, with records of another type
			}
		}
	}
	heard := s.heard
	s.mu.Unlock()
	if heard != nil {
		heard()
	}
	if a.silent {
		return nil
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: header.ID, Response: true, RecursionDesired: true, RecursionAvailable: true, RCode: a.rcode},
		Questions: []dnsmessage.Question{q},
	}
	name := q.Name
	for _, body := range a.records {
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: 1}, Body: body})
		if alias, ok := body.(*dnsmessage.CNAMEResource); ok {
			name = alias.CNAME
		}
	}
	packed, err := m.Pack()
	if err != nil {
		panic(err)
	}
	if network == "udp" && len(packed) > 1232 {
		m.Truncated, m.Answers = true, nil
		if packed, err = m.Pack(); err != nil {
			panic(err)
		}
	}
	return packed
}

func (s *nameServer) set(key string, a dnsAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[key] = a
}

// questions returns the different questions that were asked, sorted.
func (s *nameServer) questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sorted := slices.Sorted(slices.Values(s.asked))
	return slices.Compact(sorted)
}

// txt returns a TXT record with one or more strings.
func txt(text ...string) dnsmessage.ResourceBody { return &dnsmessage.TXTResource{TXT: text} }

func cname(target string) dnsmessage.ResourceBody {
	return &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(target)}
}

// hosts returns the answers to the questions for the addresses of a name.
func hosts(name string, addresses ...string) map[string]dnsAnswer {
	var v4, v6 dnsAnswer
	for _, text := range addresses {
		if a := netip.MustParseAddr(text); a.Is4() {
			v4.records = append(v4.records, &dnsmessage.AResource{A: a.As4()})
		} else {
			v6.records = append(v6.records, &dnsmessage.AAAAResource{AAAA: a.As16()})
		}
	}
	return map[string]dnsAnswer{"A " + name + ".": v4, "AAAA " + name + ".": v6}
}

func dnsChallenge() Challenge {
	return (&Order{Due: testDomain, ValidateType: validateDNS, Token: testToken}).Challenge()
}

func fileChallenge(domain string) Challenge {
	return (&Order{Due: domain, ValidateType: validateFile, Token: testToken}).Challenge()
}

// ended waits until done is closed. The time limit only matters if the test fails.
func ended(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Errorf("%s did not end", what)
	}
}

func TestNetVerifierDNS(t *testing.T) {
	t.Parallel()
	const name = "_dnsauth.www.example.com."
	long := strings.Repeat("x", 250)
	var large, huge []dnsmessage.ResourceBody
	var largeTexts, hugeTexts []string
	for n := range 240 {
		text := fmt.Sprintf("%03d%s", n, long)
		if n < 6 {
			large, largeTexts = append(large, txt(text)), append(largeTexts, text)
		}
		huge, hugeTexts = append(huge, txt(text)), append(hugeTexts, text)
	}
	overUDP, overTCP := "udp TXT "+name, "tcp TXT "+name
	tests := []struct {
		name    string
		answers map[string]dnsAnswer
		want    []string
		reason  string
		asked   []string
	}{
		{"right record", map[string]dnsAnswer{"TXT " + name: {records: []dnsmessage.ResourceBody{txt(testToken)}}}, []string{testToken}, "", []string{overUDP}},
		{"wrong record", map[string]dnsAnswer{"TXT " + name: {records: []dnsmessage.ResourceBody{txt("v=spf1 -all")}}}, []string{"v=spf1 -all"}, "", []string{overUDP}},
		{"several records", map[string]dnsAnswer{"TXT " + name: {records: []dnsmessage.ResourceBody{txt("v=spf1 -all"), txt(testToken), txt("")}}}, []string{"v=spf1 -all", testToken, ""}, "", []string{overUDP}},
		{"two strings in one record", map[string]dnsAnswer{"TXT " + name: {records: []dnsmessage.ResourceBody{txt(testToken[:10], testToken[10:])}}}, []string{testToken}, "", []string{overUDP}},
		{"alias", map[string]dnsAnswer{"TXT " + name: {records: []dnsmessage.ResourceBody{cname("proof.example.net."), txt(testToken)}}}, []string{testToken}, "", []string{overUDP}},
		{"alias without a record", map[string]dnsAnswer{"TXT " + name: {records: []dnsmessage.ResourceBody{cname("proof.example.net.")}}}, nil, "there are none", []string{overUDP}},
		{"no such name", nil, nil, "there are none", []string{overUDP}},
		{"no TXT record of the name", map[string]dnsAnswer{"A " + name: {records: []dnsmessage.ResourceBody{&dnsmessage.AResource{A: [4]byte{127, 0, 0, 2}}}}}, nil, "there are none", []string{overUDP}},
		{"record at the domain itself", map[string]dnsAnswer{"TXT www.example.com.": {records: []dnsmessage.ResourceBody{txt(testToken)}}}, nil, "there are none", []string{overUDP}},
		{"server failure", map[string]dnsAnswer{"TXT " + name: {rcode: dnsmessage.RCodeServerFailure}}, nil, "the name servers gave no usable answer", []string{overUDP}},
		{"refused", map[string]dnsAnswer{"TXT " + name: {rcode: dnsmessage.RCodeRefused}}, nil, "the name servers gave no usable answer", []string{overUDP}},
		{"too long for UDP", map[string]dnsAnswer{"TXT " + name: {records: large}}, largeTexts, "", []string{overTCP, overUDP}},
		{"almost 64 KiB", map[string]dnsAnswer{"TXT " + name: {records: huge}}, hugeTexts, "", []string{overTCP, overUDP}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server, resolver := newNameServer(t, tt.answers)
			got, err := (&NetVerifier{Resolver: resolver}).Lookup(t.Context(), dnsChallenge())
			checkLookup(t, got, err, tt.want, reasonOf("TXT records of _dnsauth.www.example.com: ", tt.reason))
			if diff := cmp.Diff(tt.asked, server.questions()); diff != "" {
				t.Errorf("questions mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// reasonOf returns the text of an error, or "" if there is no reason.
func reasonOf(prefix, reason string) string {
	if reason == "" {
		return ""
	}
	return prefix + reason
}

func checkLookup(t *testing.T, got []string, err error, want []string, wantErr string) {
	t.Helper()
	var text string
	if err != nil {
		text = err.Error()
	}
	if text != wantErr {
		t.Errorf("Lookup error = %q, want %q", text, wantErr)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Lookup mismatch (-want +got):\n%s", diff)
	}
}

func TestNetVerifierSilentNameServer(t *testing.T) {
	t.Parallel()
	_, resolver := newNameServer(t, map[string]dnsAnswer{
		"TXT _dnsauth.www.example.com.": {silent: true}, "A www.example.com.": {silent: true}, "AAAA www.example.com.": {silent: true},
	})
	v := &NetVerifier{Resolver: resolver, Timeout: 50 * time.Millisecond}
	got, err := v.Lookup(t.Context(), dnsChallenge())
	checkLookup(t, got, err, nil, "TXT records of _dnsauth.www.example.com: the name servers did not answer in time")
	got, err = v.Lookup(t.Context(), fileChallenge(testDomain))
	checkLookup(t, got, err, nil, fileReason("no web server answered in time", "no web server answered in time"))
}

// Timeout limits everything that a lookup does.
func TestNetVerifierTimeout(t *testing.T) {
	t.Parallel()
	asked := 0
	v := &NetVerifier{Timeout: 50 * time.Millisecond, Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > 50*time.Millisecond {
			t.Errorf("the deadline is %v, which is more than 50 ms away", deadline)
		}
		asked++
		return nil, errors.New("no way there")
	}}}
	if _, err := v.Lookup(t.Context(), dnsChallenge()); err == nil || asked == 0 {
		t.Errorf("error %v after %d questions", err, asked)
	}
}

func TestNetVerifierNoNameServer(t *testing.T) {
	t.Parallel()
	v := &NetVerifier{Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:1") // tcpmux, which no system runs
	}}}
	got, err := v.Lookup(t.Context(), dnsChallenge())
	checkLookup(t, got, err, nil, "TXT records of _dnsauth.www.example.com: the name servers gave no usable answer")
	got, err = v.Lookup(t.Context(), fileChallenge(testDomain))
	checkLookup(t, got, err, nil, fileReason(string(errNotPublic), string(errNotPublic)))
}

func TestPlainDNS(t *testing.T) {
	t.Parallel()
	// No error contains the address of the resolver.
	for _, err := range []error{
		&net.OpError{Op: "dial", Net: "udp", Addr: &net.UDPAddr{IP: net.IPv4(10, 0, 0, 53), Port: 53}, Err: errors.New("refused")},
		&net.DNSError{Err: "server misbehaving", Name: testDomain, Server: "10.0.0.53:53"},
		&net.DNSError{Err: "no such host", Name: testDomain, Server: "10.0.0.53:53", IsNotFound: true},
		&net.DNSError{Err: "i/o timeout", Name: testDomain, Server: "10.0.0.53:53", IsTimeout: true},
	} {
		if got := plainDNS(err).Error(); strings.Contains(got, "10.0.0.53") || got == "" {
			t.Errorf("plainDNS(%v) = %q", err, got)
		}
	}
}

// fileReason returns the text of the error if neither https nor http has the file.
func fileReason(https, http string) string {
	return "the file was not fetched by https: " + https + "; by http: " + http
}

// listen listens on one port, which the system chooses, at several addresses. It
// skips the test on a system such as macOS, whose only loopback address is
// 127.0.0.1.
func listen(t *testing.T, ips ...string) []net.Listener {
	t.Helper()
	var err error
	for range 100 {
		port, listeners := "0", []net.Listener(nil)
		for _, ip := range ips {
			var l net.Listener
			if l, err = net.Listen("tcp", net.JoinHostPort(ip, port)); err != nil {
				break
			}
			t.Cleanup(func() { l.Close() })
			listeners, port = append(listeners, l), portOf(l)
		}
		if err == nil {
			return listeners
		}
	}
	if errors.Is(err, syscall.EADDRNOTAVAIL) && runtime.GOOS != "linux" {
		t.Skipf("the system has only the loopback address 127.0.0.1, as macOS: %v", err)
	}
	t.Fatal(err)
	return nil
}

func portOf(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// untouched fails the test if there was a connection to a listener that accepts
// none. It connects itself: connections are accepted in their order, so the
// first must be its own.
func untouched(t *testing.T, l net.Listener) {
	t.Helper()
	ours, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	first, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if first.RemoteAddr().String() != ours.LocalAddr().String() {
		t.Errorf("there was a connection from %v to %v", first.RemoteAddr(), l.Addr())
	}
}

// A page answers a request to a site.
type page func(w http.ResponseWriter, r *http.Request, s *site)

// A site has the web servers of a domain at publicIP. traps are listeners at
// privateIP on the same ports, which must stay untouched.
type site struct {
	https, http string // where they listen, such as "www.example.com:443"
	ports       [2]string
	elsewhere   string // the port of another untouched listener at publicIP
	traps       []net.Listener
	left        chan struct{} // closed when an endless page has lost its client
	leave       func()        // closes left
}

// down is the port of a web server that is down: tcpmux, which no system runs.
const down = "1"

// newSite starts the web servers of testDomain. A nil page means that the
// server is down.
func newSite(t *testing.T, https, http page) *site {
	t.Helper()
	s := &site{ports: [2]string{down, down}, left: make(chan struct{})}
	s.leave = sync.OnceFunc(func() { close(s.left) })
	for n, p := range []page{https, http} {
		if p == nil {
			continue
		}
		both := listen(t, publicIP, privateIP)
		serve(t, both[0], n == 0, p, s)
		s.ports[n] = portOf(both[0])
		s.traps = append(s.traps, both[1])
	}
	s.traps = append(s.traps, listen(t, publicIP)...)
	s.elsewhere = portOf(s.traps[len(s.traps)-1])
	s.https, s.http = net.JoinHostPort(testDomain, s.ports[0]), net.JoinHostPort(testDomain, s.ports[1])
	return s
}

// serve runs a web server on a listener. For https it has a certificate of an
// unknown CA.
func serve(t *testing.T, l net.Listener, https bool, p page, s *site) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p(w, r, s) }))
	server.Listener.Close()
	server.Listener = l
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if https {
		server.EnableHTTP2 = true
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
}

// text returns a page that has a text at the path of the proof and status 404
// elsewhere.
func text(content string) page {
	return func(w http.ResponseWriter, r *http.Request, _ *site) {
		if r.URL.Path != fileURI {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, content)
	}
}

func status(code int, content string) page {
	return func(w http.ResponseWriter, _ *http.Request, _ *site) {
		w.WriteHeader(code)
		io.WriteString(w, content)
	}
}

// redirect returns a page that redirects from the path of the proof to where,
// and has the proof at all other paths.
func redirect(where func(s *site) string) page {
	return func(w http.ResponseWriter, r *http.Request, s *site) {
		if r.URL.Path == fileURI {
			w.Header().Set("Location", where(s))
			w.WriteHeader(http.StatusFound)
			return
		}
		io.WriteString(w, "moved "+testToken)
	}
}

func to(where string) page { return redirect(func(*site) string { return where }) }

// steps returns a page that has the proof after n redirects.
func steps(count int) page {
	return func(w http.ResponseWriter, r *http.Request, _ *site) {
		step := 0
		fmt.Sscanf(r.URL.Path, "/step/%d", &step)
		if step == count {
			io.WriteString(w, testToken)
			return
		}
		http.Redirect(w, r, fmt.Sprintf("/step/%d", step+1), http.StatusFound)
	}
}

// endless returns a page that writes begin, and then more until the client
// disconnects.
func endless(begin, more string) page {
	return func(w http.ResponseWriter, _ *http.Request, s *site) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer s.leave()
		defer conn.Close()
		_, err = io.WriteString(conn, begin)
		for err == nil {
			_, err = io.WriteString(conn, more)
		}
	}
}

// raw returns a page that writes an answer and closes the connection.
func raw(answer string) page {
	return func(w http.ResponseWriter, _ *http.Request, _ *site) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, answer)
		conn.Close()
	}
}

func TestNetVerifierFile(t *testing.T) {
	t.Parallel()
	const (
		noAnswer     = "no web server answered"
		notFound     = "the status is 404 and not 200"
		anotherHost  = "the redirect leads to another host"
		anotherPort  = "the redirect does not lead to https on port 443 or http on port 80"
		tooLong      = "the file is longer than 4096 octets"
		ok           = "HTTP/1.1 200 OK\r\n"
		noEnd        = ok + "Content-Length: 100000000000\r\n\r\n"
		privatePlace = "/latest/meta-data"
	)
	none := status(404, testToken)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, testToken)
	z.Close()
	tests := []struct {
		name        string
		https, http page
		want        []string
		reasons     [2]string // for https and http, if neither has the file
	}{
		{"http", nil, text(testToken), []string{testToken}, [2]string{}},
		{"https with a certificate of an unknown CA", text(testToken), nil, []string{testToken}, [2]string{}},
		{"wrong files on both", text("wrong"), text("wrong, too"), []string{"wrong", "wrong, too"}, [2]string{}},
		{"no file on https, the proof on http", none, text(testToken), []string{testToken}, [2]string{}},
		{"the proof on https, no file on http", text(testToken), none, []string{testToken}, [2]string{}},
		{"both down", nil, nil, nil, [2]string{noAnswer, noAnswer}},
		{"no file", none, none, nil, [2]string{notFound, notFound}},
		{"errors", status(500, testToken), status(503, testToken), nil, [2]string{"the status is 500 and not 200", "the status is 503 and not 200"}},
		{"other successes", status(206, testToken), status(203, testToken), nil, [2]string{"the status is 206 and not 200", "the status is 203 and not 200"}},
		{"password asked", status(401, testToken), status(407, testToken), nil, [2]string{"the status is 401 and not 200", "the status is 407 and not 200"}},
		{"empty", nil, text(""), []string{""}, [2]string{}},
		{"white space around the proof", nil, text("\ufeff\t" + testToken + "\r\n"), []string{"\ufeff\t" + testToken + "\r\n"}, [2]string{}},

		{"redirect to https that is down", nil, redirect(func(s *site) string { return "https://" + s.https + "/" }), nil, [2]string{noAnswer, noAnswer}},
		{"redirect to https that has it", redirect(func(s *site) string { return "/nowhere" }), redirect(func(s *site) string { return "https://" + s.https + "/proof" }), []string{"moved " + testToken, "moved " + testToken}, [2]string{}},
		{"redirect to http", redirect(func(s *site) string { return "http://" + s.http + "/proof" }), to("/proof"), []string{"moved " + testToken, "moved " + testToken}, [2]string{}},
		{"redirect to another path", nil, to("/proof?x=y#z"), []string{"moved " + testToken}, [2]string{}},
		{"redirect to the host in capitals", nil, redirect(func(s *site) string { return "http://" + strings.ToUpper(s.http) + "/proof" }), []string{"moved " + testToken}, [2]string{}},
		{"redirect to the host with a dot at the end", nil, redirect(func(s *site) string { return "http://" + testDomain + ".:" + s.ports[1] + "/proof" }), nil, [2]string{noAnswer, anotherHost}},
		{"redirect to another host", redirect(func(s *site) string { return "https://inner.example.com:" + s.ports[0] + "/" }), redirect(func(s *site) string { return "http://inner.example.com:" + s.ports[1] + "/" }), nil, [2]string{anotherHost, anotherHost}},
		{"redirect to another host without a scheme", nil, redirect(func(s *site) string { return "//inner.example.com:" + s.ports[1] + "/" }), nil, [2]string{noAnswer, anotherHost}},
		{"redirect to another host after a user name", nil, redirect(func(s *site) string { return "http://" + testDomain + "@inner.example.com:" + s.ports[1] + "/" }), nil, [2]string{noAnswer, anotherHost}},
		{"redirect to a host that begins with the domain", nil, redirect(func(s *site) string { return "http://" + testDomain + ".inner.example.com:" + s.ports[1] + "/" }), nil, [2]string{noAnswer, anotherHost}},
		{"redirect with a user name", nil, redirect(func(s *site) string { return "http://admin:admin@" + s.http + privatePlace }), nil, [2]string{noAnswer, "the redirect has a user name in it"}},
		{"redirect to another port", redirect(func(s *site) string { return "https://" + testDomain + ":" + s.elsewhere + "/" }), redirect(func(s *site) string { return "http://" + testDomain + ":" + s.elsewhere + "/" }), nil, [2]string{anotherPort, anotherPort}},
		{"redirect to the port of the other scheme", none, redirect(func(s *site) string { return "http://" + s.https + "/" }), nil, [2]string{notFound, anotherPort}},
		{"redirect to a private address", nil, redirect(func(s *site) string { return "http://" + privateIP + ":" + s.ports[1] + privatePlace }), nil, [2]string{noAnswer, anotherHost}},
		{"redirect to a private address as one number", nil, redirect(func(s *site) string { return "http://2130706433:" + s.ports[1] + "/" }), nil, [2]string{noAnswer, anotherHost}},
		{"redirect to a file", to("file:///etc/passwd"), to("file://" + testDomain + "/etc/passwd"), nil, [2]string{anotherHost, anotherPort}},
		{"redirect to gopher", to("gopher://" + testDomain + "/_x"), to("gopher://inner.example.com:70/_x"), nil, [2]string{anotherPort, anotherHost}},
		{"redirect to ftp and data", to("ftp://" + testDomain + "/"), to("data:," + testToken), nil, [2]string{anotherPort, anotherHost}},
		{"redirect without a host", to("http:///proof"), to("http:proof"), nil, [2]string{anotherHost, anotherHost}},
		{"redirect without an address", to(""), to("http://[::1"), nil, [2]string{"the status is 302 and not 200", noAnswer}},
		{"five redirects", nil, steps(5), []string{testToken}, [2]string{}},
		{"six redirects", steps(6), to(fileURI), nil, [2]string{"there are more than 5 redirects", "there are more than 5 redirects"}},

		{"4096 octets", nil, text(strings.Repeat("a", 4096)), []string{strings.Repeat("a", 4096)}, [2]string{}},
		{"4097 octets", text(strings.Repeat("a", 4097)), text(strings.Repeat("a", 4097)), nil, [2]string{tooLong, tooLong}},
		{"endless body", nil, endless(noEnd, testToken), nil, [2]string{noAnswer, tooLong}},
		{"endless chunks", nil, endless(ok+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), nil, [2]string{noAnswer, tooLong}},
		{"endless chunk extension", nil, endless(ok+"Transfer-Encoding: chunked\r\n\r\n1;", strings.Repeat("x", 4096)), nil, [2]string{noAnswer, noAnswer}},
		{"endless trailer", nil, endless(ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: "+strings.Repeat("x", 100)+"\r\n"), nil, [2]string{noAnswer, noAnswer}},
		{"endless header line", nil, endless(ok+"X: ", strings.Repeat("x", 4096)), nil, [2]string{noAnswer, noAnswer}},
		{"endless header lines", nil, endless(ok, "X: "+strings.Repeat("x", 100)+"\r\n"), nil, [2]string{noAnswer, noAnswer}},
		{"a header of 256 KB", nil, raw(ok + "X: " + strings.Repeat("x", 256<<10) + "\r\nContent-Length: 64\r\n\r\n" + testToken), nil, [2]string{noAnswer, noAnswer}},
		{"endless status line", nil, endless("HTTP/1.1 200 ", strings.Repeat("x", 4096)), nil, [2]string{noAnswer, noAnswer}},
		{"endless early hints", nil, endless("", "HTTP/1.1 103 Early Hints\r\nX: "+strings.Repeat("x", 1000)+"\r\n\r\n"), nil, [2]string{noAnswer, noAnswer}},
		{"no web server", nil, endless("220 mail.example.com ESMTP\r\n", "500 what\r\n"), nil, [2]string{noAnswer, noAnswer}},
		{"switching protocols", nil, raw("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n" + testToken), nil, [2]string{noAnswer, "the status is 101 and not 200"}},
		{"fewer octets than announced", nil, raw(ok + "Content-Length: 100\r\n\r\n" + testToken), nil, [2]string{noAnswer, noAnswer}},
		{"compressed", nil, func(w http.ResponseWriter, r *http.Request, _ *site) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(packed.Bytes())
		}, []string{packed.String()}, [2]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, tt.https, tt.http)
			answers := hosts(testDomain, publicIP)
			for _, other := range []string{"inner.example.com", testDomain + ".inner.example.com"} {
				for key, a := range hosts(other, privateIP) {
					answers[key] = a
				}
			}
			_, resolver := newNameServer(t, answers)
			v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports, Timeout: time.Minute}
			got, err := v.Lookup(t.Context(), fileChallenge(testDomain))
			wantErr := ""
			if tt.want == nil {
				wantErr = fileReason(tt.reasons[0], tt.reasons[1])
			}
			checkLookup(t, got, err, tt.want, wantErr)
			for _, trap := range s.traps {
				untouched(t, trap)
			}
			if strings.HasPrefix(tt.name, "endless ") {
				ended(t, s.left, "the server's answer")
			}
		})
	}
}

// U+212A folds to k. The Transport connects to the folded name but sends
// another Host.
func TestNetVerifierRedirectFold(t *testing.T) {
	t.Parallel()
	const domain = "www.kiosk.example"
	for _, host := range []string{"www.\u212aiosk.example", "www.kio\u017fk.example"} {
		s := newSite(t, nil, redirect(func(s *site) string { return "http://" + host + ":" + s.ports[1] + "/proof" }))
		_, resolver := newNameServer(t, hosts(domain, publicIP))
		v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports}
		got, err := v.Lookup(t.Context(), fileChallenge(domain))
		checkLookup(t, got, err, nil, fileReason("no web server answered", "the redirect leads to another host"))
	}
}

// The reason reveals nothing about private addresses, even after the timeout.
func TestDialFailure(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	silent := &net.DNSError{Err: "i/o timeout", IsTimeout: true}
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		err   error
		asked bool
		want  string
	}{
		{"no address is public", t.Context(), errNotPublic, false, string(errNotPublic)},
		{"the name does not exist", t.Context(), &net.DNSError{IsNotFound: true}, false, string(errNotPublic)},
		{"the resolver does not answer", t.Context(), silent, false, string(errNotPublic)},
		{"no socket of the address family", t.Context(), syscall.EAFNOSUPPORT, false, string(errNotPublic)},
		{"the first address is private and the next does not answer", t.Context(), errNotPublic, true, "no web server answered"},
		{"a public address does not answer", t.Context(), syscall.ECONNREFUSED, true, "no web server answered"},
		{"timeout: private address", ended, errNotPublic, false, "no web server answered in time"},
		{"timeout: private and public address", ended, errNotPublic, true, "no web server answered in time"},
		{"timeout: public address", ended, os.ErrDeadlineExceeded, true, "no web server answered in time"},
		{"timeout: the resolver does not answer", ended, silent, false, "no web server answered in time"},
	} {
		if got := plainHTTP(tt.ctx, dialFailure(tt.ctx, tt.err, tt.asked)).Error(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// The verifier tries ten addresses of a name.
func TestNetVerifierManyAddresses(t *testing.T) {
	t.Parallel()
	l := listen(t, publicIP)[0]
	serve(t, l, false, text(testToken), nil)
	var addresses []string
	for n := range 9 {
		addresses = append(addresses, fmt.Sprintf("127.77.0.%d", n+1)) // without a listener
	}
	lookup := func(addresses ...string) ([]string, error) {
		_, resolver := newNameServer(t, hosts(testDomain, addresses...))
		v := &NetVerifier{Resolver: resolver, AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("127.77.0.0/24"), playedPublic[0]}, ports: &[2]string{down, portOf(l)}, Timeout: time.Minute}
		return v.Lookup(t.Context(), fileChallenge(testDomain))
	}
	got, err := lookup(append(addresses, publicIP)...)
	checkLookup(t, got, err, []string{testToken}, "")
	got, err = lookup(append(addresses, "127.77.0.10", publicIP)...)
	checkLookup(t, got, err, nil, fileReason("no web server answered", "no web server answered"))
}

// A lookup sends at most six requests by each scheme, however the site redirects.
func TestNetVerifierRequestsBounded(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]func(n int, s *site) string{
		"to further paths":      func(n int, _ *site) string { return fmt.Sprintf("/step/%d", n) },
		"to the same path":      func(int, *site) string { return fileURI },
		"between the two ports": func(n int, s *site) string { return []string{"http://" + s.http, "https://" + s.https}[n%2] + "/" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			requests := 0
			count := func(w http.ResponseWriter, r *http.Request, s *site) {
				mu.Lock()
				requests++
				n := requests
				mu.Unlock()
				w.Header().Set("Location", where(n, s))
				w.WriteHeader(http.StatusFound)
			}
			s := newSite(t, count, count)
			_, resolver := newNameServer(t, hosts(testDomain, publicIP))
			v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports, Timeout: time.Minute}
			got, err := v.Lookup(t.Context(), fileChallenge(testDomain))
			checkLookup(t, got, err, nil, fileReason("there are more than 5 redirects", "there are more than 5 redirects"))
			if want := 2 * (1 + maxRedirects); requests != want {
				t.Errorf("%d requests, want %d", requests, want)
			}
		})
	}
}

// A name with many addresses does not make the verifier open a socket for each.
func TestDialerStops(t *testing.T) {
	t.Parallel()
	listen(t, publicIP) // skips the test where there is no such address
	var private, public []string
	for n := range 300 {
		private = append(private, fmt.Sprintf("10.0.%d.%d", n/250, n%250))
		public = append(public, fmt.Sprintf("127.77.%d.%d", n/250, n%250+1)) // without a listener
	}
	v := &NetVerifier{AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("127.77.0.0/16")}}
	for _, tt := range []struct {
		name          string
		addresses     []string
		seen, allowed int32
	}{
		{"private addresses", private, maxSeen + 1, 0},
		{"public addresses", public, maxAddresses + 1, maxAddresses + 1},
	} {
		_, resolver := newNameServer(t, hosts(testDomain, tt.addresses...))
		d := &dialer{allows: v.allows}
		conn, err := d.dial(t.Context(), resolver, "tcp4", net.JoinHostPort(testDomain, down))
		if err == nil {
			conn.Close()
			t.Errorf("%s: a connection", tt.name)
		}
		if seen, allowed := d.seen.Load(), d.allowed.Load(); seen != tt.seen || allowed != tt.allowed {
			t.Errorf("%s: %d were looked at and %d allowed, want %d and %d", tt.name, seen, allowed, tt.seen, tt.allowed)
		}
	}
}

// If a server stops answering, the lookup and its connections end with ctx or
// after the timeout.
func TestNetVerifierStalledServer(t *testing.T) {
	t.Parallel()
	const late = "no web server answered in time"
	tests := []struct{ name, begin, drip string }{
		{"before the answer", "", ""},
		{"in the header", "HTTP/1.1 200 OK\r\nX: ", ""},
		{"in the header, octet by octet", "HTTP/1.1 200 OK\r\nX: ", "x"},
		{"before the body", "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n", ""},
		{"in the body", "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + testToken[:63], ""},
		{"in the body, octet by octet", "HTTP/1.1 200 OK\r\n\r\n", "x"},
		{"in the body of a redirect", "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 64\r\n\r\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var silent, left sync.WaitGroup
			silent.Add(2) // https and http
			left.Add(2)
			stall := func(w http.ResponseWriter, _ *http.Request, _ *site) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					panic(err)
				}
				defer left.Done()
				defer conn.Close()
				io.WriteString(conn, tt.begin)
				silent.Done()
				octets := time.NewTicker(10 * time.Millisecond)
				defer octets.Stop()
				for tt.drip != "" && err == nil {
					<-octets.C
					_, err = io.WriteString(conn, tt.drip)
				}
				io.Copy(io.Discard, conn)
			}
			s := newSite(t, stall, stall)
			_, resolver := newNameServer(t, hosts(testDomain, publicIP))
			v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports, Timeout: time.Minute}
			go func() {
				silent.Wait()
				cancel()
			}()
			got, err := v.Lookup(ctx, fileChallenge(testDomain))
			checkLookup(t, got, err, nil, fileReason(late, late))
			done := make(chan struct{})
			go func() {
				defer close(done)
				left.Wait()
			}()
			ended(t, done, "the connections")
		})
	}

	// The server does not even begin the TLS handshake, and Timeout ends the
	// lookup.
	t.Run("before the handshake", func(t *testing.T) {
		t.Parallel()
		l := listen(t, publicIP)[0]
		_, resolver := newNameServer(t, hosts(testDomain, publicIP))
		v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &[2]string{portOf(l), portOf(l)}, Timeout: 500 * time.Millisecond}
		got, err := v.Lookup(t.Context(), fileChallenge(testDomain))
		checkLookup(t, got, err, nil, fileReason(late, late))
		ours, err := net.Dial("tcp", l.Addr().String()) // comes after the connections of the lookup
		if err != nil {
			t.Fatal(err)
		}
		defer ours.Close()
		for {
			conn, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if conn.RemoteAddr().String() == ours.LocalAddr().String() {
				break
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				io.Copy(io.Discard, conn)
			}()
			ended(t, done, "a connection")
		}
	})
}

// A server that does not answer on one port must not delay the other port.
func TestNetVerifierOneSchemeStalled(t *testing.T) {
	t.Parallel()
	for _, stalledScheme := range []string{"https", "http"} {
		t.Run(stalledScheme, func(t *testing.T) {
			t.Parallel()
			waiting := func(_ http.ResponseWriter, r *http.Request, _ *site) { <-r.Context().Done() }
			s := newSite(t, waiting, text(testToken))
			if stalledScheme == "http" {
				s = newSite(t, text(testToken), waiting)
			}
			_, resolver := newNameServer(t, hosts(testDomain, publicIP))
			v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports, Timeout: time.Hour}
			got, err := v.Lookup(t.Context(), fileChallenge(testDomain))
			checkLookup(t, got, err, []string{testToken}, "")
		})
	}
}

// If one scheme has the proof, a wrong file of the other does not matter.
func TestNetVerifierOneProves(t *testing.T) {
	t.Parallel()
	for name, schemes := range map[string][2]page{
		"the proof on http only":  {text("wrong"), text(testToken)},
		"the proof on https only": {text(testToken), text("wrong")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, schemes[0], schemes[1])
			_, resolver := newNameServer(t, hosts(testDomain, publicIP))
			v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports, Timeout: time.Minute}
			got, err := v.Lookup(t.Context(), fileChallenge(testDomain))
			if err != nil || !slices.Contains(got, testToken) {
				t.Errorf("Lookup = %q, %v, without the proof", got, err)
			}
		})
	}
}

// The record of an Authority's proof has another name, and can be an alias.
func TestNetVerifierAuthorityDNS(t *testing.T) {
	t.Parallel()
	const name, other = "TXT _acme-challenge.www.example.com.", "TXT _dnsauth.www.example.com."
	o := Order{Reference: "x", Due: testDomain, ValidateType: validateDNS, Token: "digest"}
	for says, answers := range map[string]map[string]dnsAnswer{
		"":               {name: {records: []dnsmessage.ResourceBody{txt("digest")}}},
		"an alias":       {name: {records: []dnsmessage.ResourceBody{cname("www.example.com.challenges.example.net."), txt("digest")}}},
		"there are none": {other: {records: []dnsmessage.ResourceBody{txt("digest")}}},
	} {
		server, resolver := newNameServer(t, answers)
		got, err := (&NetVerifier{Resolver: resolver}).Lookup(t.Context(), o.Challenge())
		if says == "there are none" {
			checkLookup(t, got, err, nil, "TXT records of _acme-challenge.www.example.com: there are none")
		} else {
			checkLookup(t, got, err, []string{"digest"}, "")
		}
		if diff := cmp.Diff([]string{"udp " + name}, server.questions()); diff != "" {
			t.Errorf("questions mismatch (-want +got):\n%s", diff)
		}
	}
}

// An Authority fetches the file by http on port 80 only (RFC 8555, section 8.3), and
// follows redirects, also to https.
func TestNetVerifierAuthorityFile(t *testing.T) {
	t.Parallel()
	const path, content = "/.well-known/acme-challenge/name_-1", "name_-1.print"
	has := func(w http.ResponseWriter, r *http.Request, _ *site) {
		if r.URL.Path != path && r.URL.Path != "/elsewhere" {
			t.Errorf("the path is %s, want %s", r.URL.Path, path)
		}
		io.WriteString(w, content)
	}
	unasked := func(_ http.ResponseWriter, r *http.Request, _ *site) { t.Errorf("https was asked for %s", r.URL) }
	const failed = "the file was not fetched by http on port 80, the only way that counts: "
	for _, tt := range []struct {
		name        string
		https, http page
		want        []string
		reason      string
	}{
		{"http", unasked, has, []string{content}, ""},
		{"http, while https is down", nil, has, []string{content}, ""},
		{"only https", has, nil, nil, failed + "no web server answered"},
		{"not on http", unasked, status(404, content), nil, failed + "the status is 404 and not 200"},
		{"a redirect to https", has, func(w http.ResponseWriter, r *http.Request, s *site) {
			http.Redirect(w, r, "https://"+s.https+"/elsewhere", http.StatusFound)
		}, []string{content}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, tt.https, tt.http)
			_, resolver := newNameServer(t, hosts(testDomain, publicIP))
			v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports, Timeout: time.Minute}
			o := Order{Reference: "x", Due: testDomain, ValidateType: validateFile, Token: content}
			got, err := v.Lookup(t.Context(), o.Challenge())
			checkLookup(t, got, err, tt.want, tt.reason)
			for _, trap := range s.traps {
				untouched(t, trap)
			}
		})
	}
}

func TestNetVerifierRequest(t *testing.T) {
	t.Parallel()
	type request struct {
		Method, Host, URI, Proto string
		Header                   http.Header
	}
	var mu sync.Mutex
	var got []request
	record := func(w http.ResponseWriter, r *http.Request, _ *site) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, request{r.Method, r.Host, r.RequestURI, r.Proto, r.Header})
		io.WriteString(w, "no proof, so that both are asked")
	}
	s := newSite(t, record, record)
	_, resolver := newNameServer(t, hosts(testDomain, publicIP))
	v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports}
	if _, err := v.Lookup(t.Context(), fileChallenge(testDomain)); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b request) int {
		return slices.Index(s.ports[:], a.Host[len(testDomain)+1:]) - slices.Index(s.ports[:], b.Host[len(testDomain)+1:])
	})
	header := http.Header{"User-Agent": {"Go-http-client/1.1"}, "Connection": {"close"}}
	want := []request{
		{"GET", s.https, fileURI, "HTTP/1.1", header},
		{"GET", s.http, fileURI, "HTTP/1.1", header},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests mismatch (-want +got):\n%s", diff)
	}
}

// This test is not parallel because it sets environment variables, which
// net/http reads only once. Parallel tests wait until it ends.
func TestNetVerifierNoProxy(t *testing.T) {
	trap := listen(t, privateIP)[0]
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"} {
		t.Setenv(name, "http://"+trap.Addr().String())
	}
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	s := newSite(t, text("https"), text("http"))
	_, resolver := newNameServer(t, hosts(testDomain, publicIP))
	v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports, Timeout: 30 * time.Second}
	got, err := v.Lookup(t.Context(), fileChallenge(testDomain))
	checkLookup(t, got, err, []string{"https", "http"}, "")
	untouched(t, trap)
}

func TestRooted(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"www.example.com:443": "www.example.com.:443",
		"intranet:80":         "intranet.:80",
		"2130706433:80":       "2130706433.:80",
		"192.0.2.1:80":        "192.0.2.1:80",
		"[2001:db8::1]:80":    "[2001:db8::1]:80",
		"[fe80::1%lo]:80":     "[fe80::1%lo]:80",
	} {
		if got := rooted(address); got != want {
			t.Errorf("rooted(%q) = %q, want %q", address, got, want)
		}
	}
}

// The search list in resolv.conf must not be used. To have another resolv.conf,
// the test starts a process with its own mounts.
func TestNetVerifierNoSearchList(t *testing.T) {
	const variable = "YUNCERT_TEST_SEARCH_LIST"
	if os.Getenv(variable) == "" {
		t.Parallel()
		conf := filepath.Join(t.TempDir(), "resolv.conf")
		if err := os.WriteFile(conf, []byte("search inner.example\noptions ndots:5\nnameserver 127.0.0.1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		mounted := func(args ...string) *exec.Cmd {
			script := `mount --bind "$0" /etc/resolv.conf && exec "$@"`
			return exec.CommandContext(t.Context(), "unshare", append([]string{"--map-root-user", "--mount", "sh", "-c", script, conf}, args...)...)
		}
		if out, err := mounted("true").CombinedOutput(); err != nil {
			t.Skipf("a process cannot have its own mounts here: %v\n%s", err, out)
		}
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		child := mounted(program, "-test.run=^TestNetVerifierNoSearchList$", "-test.v")
		child.Env = append(os.Environ(), variable+"=1")
		if out, err := child.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: TestNetVerifierNoSearchList")) {
			t.Errorf("with a search list: %v\n%s", err, out)
		}
		return
	}
	answers := hosts(testDomain+".inner.example", publicIP)
	answers["TXT _dnsauth."+testDomain+".inner.example."] = dnsAnswer{records: []dnsmessage.ResourceBody{txt(testToken)}}
	server, resolver := newNameServer(t, answers)
	s := newSite(t, text(testToken), text(testToken))
	if _, err := resolver.LookupHost(t.Context(), testDomain); err != nil {
		t.Fatalf("the search list is not in use: %v", err)
	}
	v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports}
	server.mu.Lock()
	server.asked = nil
	server.mu.Unlock()
	for _, c := range []Challenge{dnsChallenge(), fileChallenge(testDomain)} {
		if got, err := v.Lookup(t.Context(), c); err == nil {
			t.Errorf("Lookup by %s = %q, through the search list", c.ValidateType, got)
		}
	}
	want := []string{"udp A www.example.com.", "udp AAAA www.example.com.", "udp TXT _dnsauth.www.example.com."}
	if diff := cmp.Diff(want, server.questions()); diff != "" {
		t.Errorf("questions mismatch (-want +got):\n%s", diff)
	}
}

// forbidden has addresses that are not public, by kind.
var forbidden = map[string]string{
	"this network": "0.0.0.0", "this network's end": "0.255.255.255", "loopback": "127.0.0.1", "loopback's end": "127.255.255.255",
	"private 10": "10.0.0.1", "private 10's end": "10.255.255.255", "private 172": "172.16.0.1", "private 172's end": "172.31.255.255", "private 192": "192.168.1.1",
	"link-local": "169.254.0.1", "metadata": "169.254.169.254", "metadata of Alibaba Cloud": "100.100.100.200", "metadata of Azure": "168.63.129.16", "metadata of Oracle": "192.0.0.192",
	"carrier-grade NAT": "100.64.0.1", "carrier-grade NAT's end": "100.127.255.255", "IETF protocols": "192.0.0.1",
	"documentation 1": "192.0.2.1", "documentation 2": "198.51.100.1", "documentation 3": "203.0.113.1", "6to4 relay": "192.88.99.1",
	"benchmarks": "198.18.0.1", "benchmarks' end": "198.19.255.255", "multicast": "224.0.0.1", "multicast's end": "239.255.255.255", "reserved": "240.0.0.1", "broadcast": "255.255.255.255",

	"IPv6 unspecified": "::", "IPv6 loopback": "::1", "IPv6 link-local": "fe80::1", "IPv6 unique local": "fc00::1", "IPv6 unique local, drawn": "fd00::1",
	"metadata of AWS": "fd00:ec2::254", "metadata of Google": "fd20:ce::254", "IPv6 site-local": "fec0::1", "IPv6 multicast": "ff02::1", "IPv6 discard": "100::1",
	"mapped loopback": "::ffff:127.0.0.1", "mapped private": "::ffff:10.0.0.1", "mapped metadata": "::ffff:169.254.169.254", "compatible loopback": "::127.0.0.1", "translated loopback": "::ffff:0:127.0.0.1",
	"NAT64": "64:ff9b::7f00:1", "NAT64 of a public address": "64:ff9b::5db8:d822", "local NAT64": "64:ff9b:1::7f00:1",
	"6to4 of loopback": "2002:7f00:1::", "6to4 of a private address": "2002:a00:1::1", "Teredo": "2001:0:7f00:1::1", "IPv6 benchmarks": "2001:2::1", "ORCHID": "2001:20::1",
	"IPv6 documentation": "2001:db8::1", "newer IPv6 documentation": "3fff::1", "segment routing": "5f00::1", "not assigned": "4000::1", "below global unicast": "1fff:ffff::1",
}

func TestNetVerifierAllows(t *testing.T) {
	t.Parallel()
	allows := func(name string, v *NetVerifier, address string, want bool) {
		t.Helper()
		if got := v.allows(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: allows(%s) = %t", name, address, got)
		}
	}
	zero := new(NetVerifier)
	for name, address := range forbidden {
		allows(name, zero, address, false)
	}
	for _, address := range []string{"fe80::1%lo", "::1%lo", "2606:4700::1%eth0"} {
		allows("zone", zero, address, false)
	}
	for _, address := range []string{
		"93.184.216.34", "::ffff:93.184.216.34", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
		"2606:4700::1", "2001:200::1", "2400:3200::1", "2003::1", "2001:4860:4860::8888", "3ffe:ffff::1",
	} {
		allows("public", zero, address, true)
	}

	opened := &NetVerifier{AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("fd12:3456::/32"), netip.MustParsePrefix("fe80::/10")}}
	for address, want := range map[string]bool{
		"10.20.0.1": true, "::ffff:10.20.0.1": true, "10.20.255.255": true, "fd12:3456::1": true, "fe80::1": true, "93.184.216.34": true,
		"10.19.255.255": false, "10.21.0.0": false, "::ffff:10.21.0.0": false, "::10.20.0.1": false, "64:ff9b::a14:1": false, "2002:a14:1::": false,
		"fd12:3457::1": false, "fd12:3456::1%lo": false, "fe80::1%lo": false, "127.0.0.1": false, "169.254.169.254": false, "::1": false,
	} {
		allows("allowed networks", opened, address, want)
	}
}

// addressTraps listens at all loopback addresses that a lookup could reach, on
// one port. It returns this port for https and http.
func addressTraps(t *testing.T) ([]net.Listener, *[2]string) {
	ips := []string{privateIP, publicIP}
	if haveIPv6() {
		ips = append(ips, "::1")
	}
	traps := listen(t, ips...)
	return traps, &[2]string{portOf(traps[0]), portOf(traps[0])}
}

func haveIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// The default verifier does not connect to a domain that resolves to an address
// that is not public, or that is such an address.
func TestNetVerifierForbiddenAddresses(t *testing.T) {
	t.Parallel()
	traps, ports := addressTraps(t)
	for name, text := range forbidden {
		t.Run(name, func(t *testing.T) {
			if a := netip.MustParseAddr(text); a.Is6() && !a.Is4In6() && !haveIPv6() {
				t.Skip("the machine has no IPv6 loopback address")
			}
			_, resolver := newNameServer(t, hosts(testDomain, text))
			v := &NetVerifier{Resolver: resolver, ports: ports}
			for _, domain := range []string{testDomain, text} {
				got, err := v.Lookup(t.Context(), fileChallenge(domain))
				checkLookup(t, got, err, nil, fileReason(string(errNotPublic), string(errNotPublic)))
			}
		})
	}
	for _, domain := range []string{"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1%25lo]", "::1", "127.0.0.1:80", "", "a b", "x@127.0.0.1", "127.0.0.1/x?"} {
		if got, err := new(NetVerifier).Lookup(t.Context(), fileChallenge(domain)); err == nil {
			t.Errorf("Lookup of %q = %q", domain, got)
		}
	}
	for _, trap := range traps {
		untouched(t, trap)
	}
}

func TestNetVerifierAddresses(t *testing.T) {
	t.Parallel()
	late := map[string]dnsAnswer{"A www.example.com.": {rcode: dnsmessage.RCodeServerFailure}, "AAAA www.example.com.": {rcode: dnsmessage.RCodeServerFailure}}
	alias := hosts("web.example.net", privateIP)
	alias["A www.example.com."] = dnsAnswer{records: append([]dnsmessage.ResourceBody{cname("web.example.net.")}, alias["A web.example.net."].records...)}
	tests := []struct {
		name    string
		answers map[string]dnsAnswer
		want    []string
		reason  string
	}{
		{"allowed", hosts(testDomain, publicIP), []string{testToken}, ""},
		{"allowed, in IPv6 form", hosts(testDomain, "::ffff:"+publicIP), []string{testToken}, ""},
		{"private", hosts(testDomain, privateIP), nil, string(errNotPublic)},
		{"private, in IPv6 form", hosts(testDomain, "::ffff:"+privateIP), nil, string(errNotPublic)},
		{"alias of a private name", alias, nil, string(errNotPublic)},
		{"private and allowed addresses", hosts(testDomain, privateIP, "10.0.0.1", publicIP), []string{testToken}, ""},
		{"no such name", nil, nil, string(errNotPublic)},
		{"no address", hosts(testDomain), nil, string(errNotPublic)},
		{"server failure", late, nil, string(errNotPublic)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil, text(testToken))
			_, resolver := newNameServer(t, tt.answers)
			v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports}
			got, err := v.Lookup(t.Context(), fileChallenge(testDomain))
			wantErr := ""
			if tt.want == nil {
				wantErr = fileReason(tt.reason, tt.reason)
			}
			checkLookup(t, got, err, tt.want, wantErr)
			for _, trap := range s.traps {
				untouched(t, trap)
			}
		})
	}

	t.Run("the allowed address is down and the private one is up", func(t *testing.T) {
		t.Parallel()
		trap := listen(t, privateIP)[0]
		for _, addresses := range [][]string{{publicIP, privateIP}, {privateIP, publicIP}} {
			_, resolver := newNameServer(t, hosts(testDomain, addresses...))
			// 127.0.0.3 is allowed too, and has no listener.
			v := &NetVerifier{Resolver: resolver, AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/31")}, ports: &[2]string{down, portOf(trap)}}
			if got, err := v.Lookup(t.Context(), fileChallenge(testDomain)); err == nil {
				t.Errorf("Lookup at %q = %q", addresses, got)
			}
		}
		untouched(t, trap)
	})
	t.Run("the allowed address is down, in any order", func(t *testing.T) {
		t.Parallel()
		listen(t, publicIP) // skips the test where there is no such address
		const noAnswer = "no web server answered"
		for _, addresses := range [][]string{{publicIP, privateIP}, {privateIP, publicIP}, {privateIP, "10.0.0.1", publicIP, "10.0.0.2"}} {
			_, resolver := newNameServer(t, hosts(testDomain, addresses...))
			v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &[2]string{down, down}}
			got, err := v.Lookup(t.Context(), fileChallenge(testDomain))
			checkLookup(t, got, err, nil, fileReason(noAnswer, noAnswer))
		}
	})
	t.Run("IPv6", func(t *testing.T) {
		t.Parallel()
		if !haveIPv6() {
			t.Skip("the machine has no IPv6 loopback address")
		}
		both := listen(t, "::1", privateIP)
		serve(t, both[0], false, text(testToken), nil)
		_, resolver := newNameServer(t, hosts(testDomain, "::1", privateIP))
		v := &NetVerifier{Resolver: resolver, AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("::1/128")}, ports: &[2]string{down, portOf(both[0])}}
		got, err := v.Lookup(t.Context(), fileChallenge(testDomain))
		checkLookup(t, got, err, []string{testToken}, "")
		got, err = v.Lookup(t.Context(), fileChallenge("::1"))
		checkLookup(t, got, err, []string{testToken}, "")
		got, err = (&NetVerifier{ports: v.ports}).Lookup(t.Context(), fileChallenge("::1"))
		checkLookup(t, got, err, nil, fileReason(string(errNotPublic), string(errNotPublic)))
		untouched(t, both[1])
	})
}

// The name first resolves to the site. When the verifier follows the redirect
// of the site, the name resolves to a private address.
func TestNetVerifierRebinding(t *testing.T) {
	t.Parallel()
	var server *nameServer
	rebind := func(w http.ResponseWriter, r *http.Request, _ *site) {
		for key, a := range hosts(testDomain, privateIP) {
			server.set(key, a)
		}
		http.Redirect(w, r, "/proof", http.StatusFound)
	}
	s := newSite(t, nil, rebind)
	server, resolver := newNameServer(t, hosts(testDomain, publicIP))
	v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports}
	for range 2 { // the second time the name is private from the beginning
		got, err := v.Lookup(t.Context(), fileChallenge(testDomain))
		if err == nil || !strings.HasSuffix(err.Error(), "; by http: "+string(errNotPublic)) {
			t.Errorf("Lookup = %q, %v", got, err)
		}
	}
	for _, trap := range s.traps {
		untouched(t, trap)
	}
}

// newTestBook returns a Book with a verifier and one order.
func newTestBook(t *testing.T, v Verifier, domain, validateType string) (*Book, Order) {
	t.Helper()
	request, err := csr.CreateCsrWithKey(cryptorand.Reader, testkeys.Key(algorithm.ECC_256, 0), &csr.CreateCsrRequest{
		Algorithm: "ECC", KeySize: 256, CommonName: domain, CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
	})
	if err != nil {
		t.Fatal(err)
	}
	b := NewBook(NewMemoryStore(), BookOptions{Verifier: v})
	if err := b.AddPackage(t.Context(), "symantec-dv-1-starter", 1); err != nil {
		t.Fatal(err)
	}
	placed, err := b.CreateCertificateWithCsrRequest(t.Context(), cryptorand.Reader, testNow, &CreateCertificateWithCsrRequestRequest{
		Csr: request.Csr, ProductCode: "symantec-dv-1-starter", ValidateType: validateType,
		Username: "Tom", Phone: "13900000000", Email: "tom@example.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	return b, stored(t, b, placed.OrderId)
}

var testNow = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)

func stored(t *testing.T, b *Book, orderID int64) Order {
	t.Helper()
	o, err := b.Order(context.WithoutCancel(t.Context()), orderID)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// checkOwnership calls CheckOwnership n minutes after the order was placed. It
// compares the returned and the stored order.
func checkOwnership(t *testing.T, b *Book, before Order, n int, state State, reason string) {
	t.Helper()
	want := before
	want.State, want.Reason, want.Updated = state, reason, testNow.Add(time.Duration(n)*time.Minute)
	got, err := b.CheckOwnership(t.Context(), want.Updated, before.OrderId)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("CheckOwnership mismatch (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, stored(t, b, before.OrderId)); diff != "" {
		t.Errorf("stored order mismatch (-want +got):\n%s", diff)
	}
	// The applicant must not read the address of the name server, the addresses
	// of a name or the content that was found.
	for _, secret := range []string{"127.0.0.", "10.0.0.", "inner secret", before.Token} {
		if strings.Contains(got.Reason, secret) {
			t.Errorf("the reason %q contains %q", got.Reason, secret)
		}
	}
}

func TestNewBookVerifier(t *testing.T) {
	t.Parallel()
	v, ok := NewBook(NewMemoryStore(), BookOptions{}).verifier.(*NetVerifier)
	if !ok || v == nil || v.Resolver != nil || v.Timeout != 0 || v.AllowedNetworks != nil || v.ports != nil {
		t.Errorf("the default Verifier is %#v", v)
	}
}

func TestCheckOwnershipDNS(t *testing.T) {
	t.Parallel()
	for domain, name := range map[string]string{"www.example.com": "_dnsauth.www.example.com", "*.example.com": "_dnsauth.example.com", "example.com": "_dnsauth.example.com"} {
		t.Run(domain, func(t *testing.T) {
			t.Parallel()
			server, resolver := newNameServer(t, map[string]dnsAnswer{})
			b, o := newTestBook(t, &NetVerifier{Resolver: resolver}, domain, validateDNS)
			silent, silentOrder := newTestBook(t, &NetVerifier{Resolver: resolver, Timeout: 50 * time.Millisecond}, domain, validateDNS)
			key := "TXT " + name + "."
			checkOwnership(t, b, o, 1, StateDomainVerify, "TXT records of "+name+": there are none")
			server.set(key, dnsAnswer{rcode: dnsmessage.RCodeServerFailure})
			checkOwnership(t, b, o, 2, StateDomainVerify, "TXT records of "+name+": the name servers gave no usable answer")
			server.set(key, dnsAnswer{silent: true})
			checkOwnership(t, silent, silentOrder, 3, StateDomainVerify, "TXT records of "+name+": the name servers did not answer in time")
			const one = "values found where the proof belongs: 1; none is the expected one"
			for n, wrong := range []struct{ text, reason string }{
				{"inner secret", one},
				{o.Token[1:], one},
				{strings.ToUpper(o.Token), one},
				{silentOrder.Token, one},
				{o.Token + "x", one + "; one has other text around the proof: keep only the proof"},
				{o.Token[:32] + " " + o.Token[32:], one + "; one is the proof with white space in it: remove the white space"},
				{`"` + o.Token + `"`, one + "; one is the proof with quotation marks around it: remove them"},
			} {
				server.set(key, dnsAnswer{records: []dnsmessage.ResourceBody{txt(wrong.text)}})
				checkOwnership(t, b, o, 4+n, StateDomainVerify, wrong.reason)
			}
			server.set(key, dnsAnswer{records: []dnsmessage.ResourceBody{txt("inner secret"), txt("")}})
			checkOwnership(t, b, o, 20, StateDomainVerify, "values found where the proof belongs: 2; none is the expected one; one is empty")
			server.set(key, dnsAnswer{records: []dnsmessage.ResourceBody{txt("inner secret"), txt(" "+o.Token[:20], o.Token[20:])}})
			checkOwnership(t, b, o, 21, StateProcess, "")
			if _, err := b.CheckOwnership(t.Context(), testNow, o.OrderId); !errors.Is(err, yuncert.ErrOrderStateError) {
				t.Errorf("a second proof: error %v", err)
			}
		})
	}
}

func TestCheckOwnershipFile(t *testing.T) {
	t.Parallel()
	const noAnswer = "no web server answered"
	var mu sync.Mutex
	var now page
	show := func(p page) {
		mu.Lock()
		defer mu.Unlock()
		now = p
	}
	s := newSite(t, nil, func(w http.ResponseWriter, r *http.Request, s *site) {
		mu.Lock()
		p := now
		mu.Unlock()
		p(w, r, s)
	})
	server, resolver := newNameServer(t, map[string]dnsAnswer{})
	v := &NetVerifier{Resolver: resolver, AllowedNetworks: playedPublic, ports: &s.ports}
	b, o := newTestBook(t, v, testDomain, validateFile)
	hurried := *v
	hurried.Timeout = 50 * time.Millisecond
	late, lateOrder := newTestBook(t, &hurried, "late.example.com", validateFile)
	point := func(address string) {
		for key, a := range hosts(testDomain, address) {
			server.set(key, a)
		}
	}

	checkOwnership(t, b, o, 1, StateDomainVerify, fileReason(string(errNotPublic), string(errNotPublic)))
	point(privateIP)
	checkOwnership(t, b, o, 2, StateDomainVerify, fileReason(string(errNotPublic), string(errNotPublic)))
	point("10.0.0.1")
	checkOwnership(t, b, o, 3, StateDomainVerify, fileReason(string(errNotPublic), string(errNotPublic)))
	point(publicIP)
	for n, tt := range []struct {
		page   page
		reason string
	}{
		{text("inner secret"), "values found where the proof belongs: 1; none is the expected one"},
		{text(""), "values found where the proof belongs: 1; none is the expected one; one is empty"},
		{text(o.Token + "\nmore"), "values found where the proof belongs: 1; none is the expected one; one has other text around the proof: keep only the proof"},
		{text("\xff\xfe" + strings.Join(strings.Split(o.Token, ""), "\x00") + "\x00"), "values found where the proof belongs: 1; none is the expected one; one is in UTF-16: save it as ASCII or UTF-8"},
		{text("<!DOCTYPE html><title>inner secret</title>"), "values found where the proof belongs: 1; none is the expected one; one is an HTML page: serve the file itself"},
		{status(404, o.Token), fileReason(noAnswer, "the status is 404 and not 200")},
		{redirect(func(s *site) string { return "http://" + privateIP + ":" + s.ports[1] + "/" }), fileReason(noAnswer, "the redirect leads to another host")},
		{endless("HTTP/1.1 200 OK\r\n\r\n", o.Token), fileReason(noAnswer, "the file is longer than 4096 octets")},
		{raw("inner secret"), fileReason(noAnswer, noAnswer)},
		{raw("HTTP/1.1 500 inner secret\r\nX-Address: 10.0.0.1\r\n\r\ninner secret"), fileReason(noAnswer, "the status is 500 and not 200")},
	} {
		show(tt.page)
		checkOwnership(t, b, o, 4+n, StateDomainVerify, tt.reason)
	}
	server.set("A late.example.com.", dnsAnswer{silent: true})
	checkOwnership(t, late, lateOrder, 30, StateDomainVerify, fileReason("no web server answered in time", "no web server answered in time"))
	show(text("\r\n" + o.Token + "\r\n"))
	checkOwnership(t, b, o, 31, StateProcess, "")
	for _, trap := range s.traps {
		untouched(t, trap)
	}
}

// If ctx ends during a check, the order does not change, whatever was found.
func TestCheckOwnershipContext(t *testing.T) {
	t.Parallel()
	brokenOff := func(t *testing.T, ctx context.Context, b *Book, o Order, cause error) {
		t.Helper()
		got, err := b.CheckOwnership(ctx, testNow.Add(time.Hour), o.OrderId)
		if !errors.Is(err, yuncert.ErrError) || !errors.Is(err, cause) || got != (Order{}) {
			t.Errorf("CheckOwnership = %v, %v", got, err)
		}
		if diff := cmp.Diff(o, stored(t, b, o.OrderId)); diff != "" {
			t.Errorf("stored order mismatch (-want +got):\n%s", diff)
		}
	}
	for _, found := range []string{"right", "wrong"} {
		t.Run(found, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			server, resolver := newNameServer(t, map[string]dnsAnswer{})
			b, o := newTestBook(t, &NetVerifier{Resolver: resolver}, testDomain, validateDNS)
			if found == "right" {
				found = o.Token
			}
			server.set("TXT _dnsauth.www.example.com.", dnsAnswer{records: []dnsmessage.ResourceBody{txt(found)}})
			server.mu.Lock()
			server.heard = cancel
			server.mu.Unlock()
			brokenOff(t, ctx, b, o, context.Canceled)
			brokenOff(t, ctx, b, o, context.Canceled) // ended before it begins
			if got := server.questions(); len(got) != 1 {
				t.Errorf("questions: %q", got)
			}
		})
	}
	t.Run("a deadline", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		b, o := newTestBook(t, verifierFunc(func(ctx context.Context, c Challenge) ([]string, error) {
			<-ctx.Done()
			return []string{c.RecordValue}, nil
		}), testDomain, validateDNS)
		brokenOff(t, ctx, b, o, context.DeadlineExceeded)
	})
	for _, found := range []string{"right", "nothing"} {
		t.Run("a socket that times out before ctx ends, "+found, func(t *testing.T) {
			t.Parallel()
			b, o := newTestBook(t, verifierFunc(func(_ context.Context, c Challenge) ([]string, error) {
				if found == "right" {
					return []string{c.RecordValue}, nil
				}
				return nil, errors.New("the name servers did not answer in time")
			}), testDomain, validateDNS)
			brokenOff(t, lateContext{t.Context()}, b, o, context.DeadlineExceeded)
		})
	}
	t.Run("a deadline and a name server that does not answer", func(t *testing.T) {
		t.Parallel()
		_, resolver := newNameServer(t, map[string]dnsAnswer{"TXT _dnsauth.www.example.com.": {silent: true}})
		b, o := newTestBook(t, &NetVerifier{Resolver: resolver}, testDomain, validateDNS)
		for range 10 { // either the socket or ctx may end first
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			brokenOff(t, ctx, b, o, context.DeadlineExceeded)
			cancel()
		}
	})
}

// A lateContext is past its deadline, but its timer has not fired yet.
type lateContext struct{ context.Context }

func (lateContext) Deadline() (time.Time, bool) { return time.Unix(0, 0), true }

func TestCheckOwnershipConcurrent(t *testing.T) {
	t.Parallel()
	server, resolver := newNameServer(t, map[string]dnsAnswer{})
	b, o := newTestBook(t, &NetVerifier{Resolver: resolver}, testDomain, validateDNS)
	server.set("TXT _dnsauth.www.example.com.", dnsAnswer{records: []dnsmessage.ResourceBody{txt(o.Token)}})
	const checks = 16
	var errs [checks]error
	var all sync.WaitGroup
	for n := range checks {
		all.Go(func() { _, errs[n] = b.CheckOwnership(t.Context(), testNow, o.OrderId) })
	}
	all.Wait()
	proved := 0
	for _, err := range errs {
		switch {
		case err == nil:
			proved++
		case !errors.Is(err, yuncert.ErrOrderStateError):
			t.Error(err)
		}
	}
	if got := stored(t, b, o.OrderId); proved != 1 || got.State != StateProcess || got.Reason != "" {
		t.Errorf("%d checks proved it, and the order is in %s: %q", proved, got.State, got.Reason)
	}
}

// verifierFunc is a Verifier.
type verifierFunc func(context.Context, Challenge) ([]string, error)

func (f verifierFunc) Lookup(ctx context.Context, c Challenge) ([]string, error) { return f(ctx, c) }

// Another call changes the state of the order during the lookup.
func TestCheckOwnershipOvertaken(t *testing.T) {
	t.Parallel()
	prove := func(b *Book, o Order) error {
		_, err := b.CheckOwnership(context.Background(), testNow, o.OrderId)
		return err
	}
	cancelOrder := func(b *Book, o Order) error {
		_, err := b.CancelOrderRequest(context.Background(), cryptorand.Reader, testNow, &CancelOrderRequestRequest{OrderId: o.OrderId})
		return err
	}
	tests := []struct {
		name  string
		event func(*Book, Order) error
		right bool // whether the slower check finds the proof
		state State
	}{
		{"a wrong proof by a right one", prove, false, StateProcess},
		{"a right proof by a right one", prove, true, StateProcess},
		{"a wrong proof by a cancellation", cancelOrder, false, StatePayed},
		{"a right proof by a cancellation", cancelOrder, true, StatePayed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b *Book
			var o Order
			lookups := 0
			b, o = newTestBook(t, verifierFunc(func(_ context.Context, c Challenge) ([]string, error) {
				lookups++
				if lookups > 1 {
					return []string{c.RecordValue}, nil
				}
				if err := tt.event(b, o); err != nil {
					t.Error(err)
				}
				if !tt.right {
					return []string{"wrong"}, nil
				}
				return []string{c.RecordValue}, nil
			}), testDomain, validateDNS)
			got, err := b.CheckOwnership(t.Context(), testNow, o.OrderId)
			if !errors.Is(err, yuncert.ErrOrderStateError) || got != (Order{}) {
				t.Errorf("CheckOwnership = %v, %v", got, err)
			}
			if after := stored(t, b, o.OrderId); after.State != tt.state || after.Reason != "" {
				t.Errorf("the order is in %s: %q", after.State, after.Reason)
			}
		})
	}
}

func TestCheckOwnershipVerifier(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		found  func(token string) []string
		err    error
		reason string
	}{
		{"nothing found", nil, nil, "nothing was found where the proof belongs"},
		{"proof and error", func(token string) []string { return []string{token} }, errors.New("the zone is being signed"), "the zone is being signed"},
		{"error without text", func(token string) []string { return []string{token} }, errors.New(""), "the proof could not be looked up"},
		{"error of white space", nil, errors.New(" \r\n\x00\u0085\xff"), "the proof could not be looked up"},
		{"error with control characters", nil, errors.New("a\r\nb\x1b[31mc\u009bd\xffe"), "a  b [31mc d e"},
		{"long error", nil, errors.New(strings.Repeat("\u9519", 400)), strings.Repeat("\u9519", 166)},
		{"empty values", func(string) []string { return []string{"", " "} }, nil, "values found where the proof belongs: 2; none is the expected one; one is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, o := newTestBook(t, verifierFunc(func(_ context.Context, c Challenge) (found []string, err error) {
				if tt.found != nil {
					found = tt.found(c.RecordValue)
				}
				return found, tt.err
			}), testDomain, validateDNS)
			checkOwnership(t, b, o, 1, StateDomainVerify, tt.reason)
		})
	}
}

func TestCheckOwnershipPanic(t *testing.T) {
	t.Parallel()
	b, o := newTestBook(t, verifierFunc(func(context.Context, Challenge) ([]string, error) { panic("verifier") }), testDomain, validateDNS)
	func() {
		defer func() {
			if got := recover(); got != "verifier" {
				t.Errorf("recovered %v", got)
			}
		}()
		b.CheckOwnership(t.Context(), testNow.Add(time.Hour), o.OrderId)
	}()
	if diff := cmp.Diff(o, stored(t, b, o.OrderId)); diff != "" {
		t.Errorf("stored order mismatch (-want +got):\n%s", diff)
	}
}
