package order

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A NetVerifier looks proofs up in the DNS and on web servers. The applicant
// decides where it is led, so it is wary by default: it connects only to
// addresses on the public Internet, judged when the connection is made, after
// names are resolved; it follows redirects on the same host only, reads little
// and gives up in time. It uses no proxy and no search list. The zero value is
// ready; it is safe for concurrent use and must not be changed once it is used.
//
// It cannot know what an operator has on public addresses: servers there are
// reached like any other, and so are private IPv4 addresses behind a translator
// that has an IPv6 prefix of the operator's own (RFC 6052, section 2.2). A
// firewall keeps it away from those.
type NetVerifier struct {
	// Resolver resolves names. Nil means [net.DefaultResolver]. It is asked for TXT
	// records of names that applicants choose, and is the operator's to trust: one
	// that knows private names lets whoever orders count the records of such a name.
	Resolver *net.Resolver

	// Timeout bounds one lookup with all its connections. Zero means 10 seconds.
	Timeout time.Duration

	// AllowedNetworks are networks whose addresses are connected to although they
	// are not public, such as 10.20.0.0/16 for an intranet's domains. Whoever
	// orders can then have GET requests of any path sent to the ports 80 and 443
	// there, since a redirect chooses the path, and read the status of the answer.
	AllowedNetworks []netip.Prefix

	// ports are where the web servers listen: of https and of http.
	ports *[2]string
}

const (
	maxRedirects = 5
	maxAddresses = 10      // that one name is connected to
	maxFile      = 4 << 10 // octets of the proof's file
)

// Lookup implements [Verifier]. For DNS it returns the TXT records of
// "_dnsauth." and the domain. For FILE it returns what https and http have, in
// this order, with status 200; a server's certificate is not checked, since the
// applicant may have none yet and plain http counts as much. A file of more than
// 4096 octets and more than 5 redirects are errors; of a name's addresses up to 10
// are tried. Connections to web servers end with the call, which does not wait until
// the last one is closed.
func (v *NetVerifier) Lookup(ctx context.Context, c Challenge) ([]string, error) {
	timeout := v.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if c.ValidateType == validateFile {
		return v.files(ctx, c)
	}
	name := recordLabel + "." + c.Domain
	// The last dot keeps the resolver's search list out.
	found, err := v.resolver().LookupTXT(ctx, name+".")
	if err != nil {
		return nil, fmt.Errorf("TXT records of %s: %w", name, plainDNS(err))
	}
	return found, nil
}

func (v *NetVerifier) resolver() *net.Resolver {
	if v.Resolver == nil {
		return net.DefaultResolver
	}
	return v.Resolver
}

// plainDNS leaves the resolver's own address, which is the operator's matter,
// out of an error.
func plainDNS(err error) error {
	e, _ := errors.AsType[*net.DNSError](err)
	switch {
	case e != nil && e.IsNotFound:
		return errors.New("there are none")
	case e != nil && e.IsTimeout:
		return errors.New("the name servers did not answer in time")
	}
	return errors.New("the name servers gave no usable answer")
}

// files fetches the file by https and by http at the same time: a firewall that
// swallows what is sent to one port leaves the other one its time.
// Once one of them has the proof, the other need not answer.
func (v *NetVerifier) files(ctx context.Context, c Challenge) (found []string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client := v.client(ctx, c.Domain)
	var contents [2]string
	var failures [2]error
	var both sync.WaitGroup
	for n, scheme := range []string{"https", "http"} {
		both.Go(func() {
			authority := c.Domain
			if v.ports != nil {
				authority = net.JoinHostPort(c.Domain, v.ports[n])
			}
			contents[n], failures[n] = fetch(ctx, client, scheme+"://"+authority+c.Uri)
			if failures[n] == nil && proves(contents[n], c.Content) {
				cancel()
			}
		})
	}
	both.Wait()
	for n, failure := range failures {
		if failure == nil {
			found = append(found, contents[n])
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("the file was not fetched by https: %w; by http: %w", failures[0], failures[1])
	}
	return found, nil
}

// A refusal is why the verifier goes no further, for the applicant to read.
type refusal string

func (r refusal) Error() string { return string(r) }

// errNotPublic is why a connection is not made. It says neither to what address
// nor that there is one: an applicant could read a private network's names that
// way.
const errNotPublic refusal = "no usable address on the public Internet was found for the name"

// dial connects to a name. It looks at each address when it connects, so that a
// name that resolves differently the second time leads nowhere else.
func (v *NetVerifier) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var allowed atomic.Int32 // addresses
	dialer := &net.Dialer{
		Resolver: v.Resolver,
		Control: func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil || !v.allows(ap.Addr()) {
				return errNotPublic
			}
			if allowed.Add(1) > maxAddresses {
				return errors.New("enough addresses were tried")
			}
			return nil
		},
	}
	conn, err := dialer.DialContext(ctx, network, rooted(address))
	if err != nil {
		return nil, dialFailure(ctx, err, allowed.Load() > 0)
	}
	return conn, nil
}

// dialFailure is what is told of a Dialer's error, when one of the addresses was
// asked or none.
func dialFailure(ctx context.Context, err error, asked bool) error {
	switch {
	case !asked && endOf(ctx) == nil:
		// Which of its failures a resolver tells depends on what stands behind an alias.
		return errNotPublic
	case errors.Is(err, errNotPublic):
		// It is that of the first address, and says nothing of a public one behind it.
		return errors.New("no public address answers")
	}
	return err
}

// client returns a client for one domain and one lookup, which ends with ctx.
func (v *NetVerifier) client(ctx context.Context, domain string) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			// A Transport lets a dial and a TLS handshake go on after their request is
			// given up, without bound: that is why the context is not the one it hands on.
			DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
				conn, err := v.dial(ctx, network, address)
				if err != nil {
					return nil, err
				}
				context.AfterFunc(ctx, func() { conn.Close() })
				return conn, nil
			},
			TLSClientConfig:        &tls.Config{InsecureSkipVerify: true}, // see Lookup
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			switch {
			case len(via) > maxRedirects:
				return refusal(fmt.Sprintf("there are more than %d redirects", maxRedirects))
			case !sameHost(next.URL.Hostname(), domain):
				return refusal("the redirect leads to another host")
			case !v.isPort(next.URL.Scheme, next.URL.Port()):
				return refusal("the redirect does not lead to http or https at its usual port")
			case next.URL.User != nil:
				// With it an applicant could try passwords in an allowed network.
				return refusal("the redirect has a user name in it")
			}
			return nil
		},
	}
}

// sameHost compares names in ASCII. EqualFold alone would take a Kelvin sign for a
// k, and the Transport does not everywhere.
func sameHost(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// rooted puts a dot behind the host of an address, unless it is an IP address:
// it keeps the resolver's search list out.
func rooted(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return address
	}
	return net.JoinHostPort(host+".", port)
}

// isPort reports whether a port is the one that a scheme has by default.
func (v *NetVerifier) isPort(scheme, port string) bool {
	defaults := [2]string{"443", "80"}
	if v.ports != nil {
		defaults = *v.ports
	}
	if scheme == "https" {
		return port == "" || port == defaults[0]
	}
	return scheme == "http" && (port == "" || port == defaults[1])
}

// fetch returns the body behind an address.
func fetch(ctx context.Context, client *http.Client, address string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", errors.New("it is no address")
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", plainHTTP(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the status is %d and not 200", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFile+1))
	switch {
	case err != nil:
		return "", plainHTTP(ctx, err)
	case len(body) > maxFile:
		return "", fmt.Errorf("the file is longer than %d octets", maxFile)
	}
	return string(body), nil
}

// plainHTTP leaves addresses out of an error.
func plainHTTP(ctx context.Context, err error) error {
	if r, ok := errors.AsType[refusal](err); ok {
		return r
	}
	e, ok := errors.AsType[net.Error](err)
	if endOf(ctx) != nil || ok && e.Timeout() {
		return errors.New("there was no answer in time")
	}
	return errors.New("there is no answer of a web server")
}

// allows reports whether an address may be connected to.
func (v *NetVerifier) allows(a netip.Addr) bool {
	a = a.Unmap()
	if slices.ContainsFunc(v.AllowedNetworks, func(n netip.Prefix) bool { return n.Contains(a) }) {
		return true
	}
	if a.Is6() && !globalUnicast.Contains(a) { // which contains no address with a zone
		return false
	}
	return !slices.ContainsFunc(specialNetworks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// globalUnicast is all of IPv6 that is assigned to networks (RFC 4291, section
// 2.4, and IANA's registry of the address space). Loopback, link-local, unique
// local and IPv4-mapped addresses lie outside, as does the NAT64 prefix, behind
// which private IPv4 addresses could stand.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// specialNetworks are the networks of IANA's registries of special-purpose
// addresses (RFC 6890) that are not the public Internet's, with multicast.
// Among them are the addresses at which clouds serve a machine's own
// credentials: 169.254.169.254 and, at Alibaba Cloud, 100.100.100.200. Azure has
// a public address for it, which no registry lists.
var specialNetworks = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("168.63.129.16/32"), // Azure
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("224.0.0.0/3"), // multicast, reserved, broadcast
	netip.MustParsePrefix("2001::/23"),   // IETF protocols; Teredo holds IPv4 addresses
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4 holds IPv4 addresses
	netip.MustParsePrefix("3fff::/20"),
}
