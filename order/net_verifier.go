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

// A NetVerifier looks up proofs in the DNS and on web servers. Applicants choose the
// names, so it protects your network: it connects only to public addresses, which it
// checks after it resolves a name, follows redirects only on the same host, and
// reads little. It uses no proxy and no DNS search list. The zero value is ready for
// use, also concurrent use. Do not change it after its first use.
//
// It cannot recognize your own servers on public addresses, nor private IPv4
// addresses that a translator offers under its own IPv6 prefix (RFC 6052, section
// 2.2). A firewall must keep it away from them.
type NetVerifier struct {
	// Resolver resolves names. Nil means [net.DefaultResolver]. If it knows private
	// names, an applicant can learn how many TXT records they have.
	Resolver *net.Resolver

	Timeout time.Duration // for one lookup with all its connections; zero means 10 seconds

	// AllowedNetworks are private networks to connect to, such as 10.20.0.0/16 for the
	// domains of an intranet. Applicants can then send GET requests with any path to
	// ports 80 and 443 there, through redirects, and learn the status.
	AllowedNetworks []netip.Prefix

	// ports replace 443 for https and 80 for http in tests. Nil otherwise.
	ports *[2]string
}

const (
	maxRedirects = 5
	maxAddresses = 10      // connected to for one name
	maxSeen      = 100     // checked for one name
	maxFile      = 4 << 10 // octets of the proof's file
)

// Lookup implements [Verifier]. For "DNS" it returns the TXT records of the RecordName,
// also if it is an alias. For "FILE" it fetches the file by https and by http, or only by
// http if OnlyHTTP is set. It returns what came with status 200, by https first. It
// follows up to 5 redirects, and reads files of up to 4096 octets. It looks at up to 100
// addresses of a name and connects to up to 10 of them. It does not check the server's
// certificate, because the applicant may have none yet. Connections end with the call.
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
	// The dot at the end prevents the resolver from using its search list.
	found, err := v.resolver().LookupTXT(ctx, c.RecordName+".")
	if err != nil {
		return nil, fmt.Errorf("TXT records of %s: %w", c.RecordName, plainDNS(err))
	}
	return found, nil
}

func (v *NetVerifier) resolver() *net.Resolver {
	if v.Resolver == nil {
		return net.DefaultResolver
	}
	return v.Resolver
}

// plainDNS removes the address of the resolver from an error: applicants read it.
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

// schemes are the ways to fetch a file. The ports for tests have the same sequence.
var schemes = [2]string{"https", "http"}

// files fetches the file by https, unless only http counts, and by http. It does both at
// the same time, so that a firewall that drops packets to one port does not use up the
// time of the other. It returns as soon as one of them has the proof.
func (v *NetVerifier) files(ctx context.Context, c Challenge) (found []string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client := v.client(ctx, c.Domain)
	var contents [2]string
	var failures [2]error
	var all sync.WaitGroup
	first := 0
	if c.OnlyHTTP {
		first = 1
	}
	for n := first; n < len(schemes); n++ {
		all.Go(func() {
			authority := c.Domain
			if v.ports != nil {
				authority = net.JoinHostPort(c.Domain, v.ports[n])
			}
			contents[n], failures[n] = fetch(ctx, client, schemes[n]+"://"+authority+c.Uri)
			if failures[n] == nil && proves(contents[n], c.Content) {
				cancel()
			}
		})
	}
	all.Wait()
	for n := first; n < len(schemes); n++ {
		if failures[n] == nil {
			found = append(found, contents[n])
		}
	}
	switch {
	case len(found) > 0:
		return found, nil
	case c.OnlyHTTP:
		return nil, fmt.Errorf("the file was not fetched by http on port 80, the only way that counts: %w", failures[1])
	}
	return nil, fmt.Errorf("the file was not fetched by https: %w; by http: %w", failures[0], failures[1])
}

// A refusal is an error of the verifier's own that the applicant may read.
type refusal string

func (r refusal) Error() string { return string(r) }

// errNotPublic is the error for an address that must not be connected to. It
// does not say whether the name has an address, or an applicant could find out
// which names exist in a private network.
const errNotPublic refusal = "no usable public address was found for the name"

// dial connects to a name.
func (v *NetVerifier) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := &dialer{allows: v.allows}
	conn, err := d.dial(ctx, v.Resolver, network, address)
	if err != nil {
		return nil, dialFailure(ctx, err, d.allowed.Load() > 0)
	}
	return conn, nil
}

// A dialer connects to one name. It checks each address at the moment of the
// connection, so a name that resolves differently the second time cannot bypass
// the check.
type dialer struct {
	allows        func(netip.Addr) bool
	seen, allowed atomic.Int32 // addresses
}

func (d *dialer) dial(ctx context.Context, resolver *net.Resolver, network, address string) (net.Conn, error) {
	ctx, stop := context.WithCancel(ctx) // does not affect a connection that is made
	defer stop()
	nd := &net.Dialer{Resolver: resolver, Control: func(_, address string, _ syscall.RawConn) error {
		if d.seen.Add(1) > maxSeen {
			stop() // without this the Dialer opens a socket for each further address
			return errEnough
		}
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !d.allows(ap.Addr()) {
			return errNotPublic
		}
		if d.allowed.Add(1) > maxAddresses {
			stop()
			return errEnough
		}
		return nil
	}}
	return nd.DialContext(ctx, network, rooted(address))
}

var errEnough = errors.New("enough addresses were tried")

// dialFailure returns what the applicant may know of a Dialer's error. asked says
// whether a connection to any address was tried.
func dialFailure(ctx context.Context, err error, asked bool) error {
	switch {
	case !asked && endOf(ctx) == nil:
		// The resolver's own error would reveal what an alias points to.
		return errNotPublic
	case errors.Is(err, errNotPublic):
		// The Dialer reports the error of the first address, and a later one is
		// public.
		return errors.New("no public address answered")
	}
	return err
}

// client returns a client for one domain. Its connections end with ctx.
func (v *NetVerifier) client(ctx context.Context, domain string) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			// A Transport continues a dial and a TLS handshake after their
			// request is canceled, without limit. So dial gets ctx and not the
			// Transport's context.
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
				return refusal("the redirect does not lead to https on port 443 or http on port 80")
			case next.URL.User != nil:
				// An applicant could try passwords in an allowed network.
				return refusal("the redirect has a user name in it")
			}
			return nil
		},
	}
}

// sameHost compares ASCII names. The lengths differ if one has a Kelvin sign, which
// EqualFold takes for a k and the Transport does not always.
func sameHost(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// rooted adds a dot to the host of an address, unless it is an IP address. The dot
// prevents the resolver from using its search list.
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

// isPort reports whether a port is the default port of http or https.
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

// fetch returns the body of a page.
func fetch(ctx context.Context, client *http.Client, address string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", errors.New("the address is not a valid URL")
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

// plainHTTP removes addresses from an error.
func plainHTTP(ctx context.Context, err error) error {
	if r, ok := errors.AsType[refusal](err); ok {
		return r
	}
	e, ok := errors.AsType[net.Error](err)
	if endOf(ctx) != nil || ok && e.Timeout() {
		return errors.New("no web server answered in time")
	}
	return errors.New("no web server answered")
}

// allows reports whether an address may be connected to.
func (v *NetVerifier) allows(a netip.Addr) bool {
	a = a.Unmap()
	if slices.ContainsFunc(v.AllowedNetworks, func(n netip.Prefix) bool { return n.Contains(a) }) {
		return true
	}
	if a.Is6() && !globalUnicast.Contains(a) { // false for an address with a zone
		return false
	}
	return !slices.ContainsFunc(specialNetworks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// globalUnicast is the part of IPv6 that is assigned to networks (RFC 4291, section
// 2.4, and IANA's registry of the address space). It excludes loopback, link-local,
// unique local and IPv4-mapped addresses, and the NAT64 prefix, which can lead to
// private IPv4 addresses.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// specialNetworks are the multicast networks and the networks in IANA's
// registries of special-purpose addresses (RFC 6890) that are not public. They
// include the addresses where clouds give a machine its credentials:
// 169.254.169.254, and 100.100.100.200 at Alibaba Cloud. Azure's is a public
// address, which no registry lists.
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
