package ca

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// The types of alternative names (RFC 5280, section 4.2.1.6), which are the values of
// the parameter SanType.
const (
	sanEmail = 1
	sanDNS   = 2
	sanURI   = 6
	sanIP    = 7
)

// typedNames are alternative names of the types 1, 2, 6 and 7, each once.
type typedNames struct {
	dnsType, ipType string // what the parameter calls these types
	hosts, emails   []string
	uris            []*url.URL
	seen            map[string]bool // the URIs
}

// add reads a name of a type.
func (n *typedNames) add(sanType int32, entry string) error {
	switch sanType {
	case sanEmail:
		mailbox, err := parseMailbox(entry)
		if err != nil {
			return err
		}
		n.emails = x509der.AppendNames(n.emails, mailbox)
	case sanURI:
		uri, err := parseURI(entry)
		if err != nil {
			return err
		}
		text := uri.String()
		if n.seen == nil {
			n.seen = make(map[string]bool)
		}
		if !n.seen[text] {
			n.seen[text] = true
			n.uris = append(n.uris, uri)
		}
	default:
		name, err := n.parseHost(entry, sanType == sanIP)
		if err != nil {
			return err
		}
		n.hosts = x509der.AppendNames(n.hosts, name)
	}
	return nil
}

// total is the number of names of all types.
func (n *typedNames) total() int { return len(n.hosts) + len(n.emails) + len(n.uris) }

// parseHost reads a DNS name or, if isIP is set, an IP address.
func (n *typedNames) parseHost(entry string, isIP bool) (string, error) {
	name, err := param.CanonicalName(entry)
	switch {
	case err != nil:
		return "", err
	case isIP && !x509der.IsIP(name):
		return "", fmt.Errorf("%.80q is not an IP address: use %s for a DNS name", entry, n.dnsType)
	case !isIP && x509der.IsIP(name):
		return "", fmt.Errorf("%.80q is an IP address: use %s", entry, n.ipType)
	}
	return name, nil
}

// addTyped adds the names that a parameter lists.
func (n *altNames) addTyped(parameter string, names *typedNames) {
	n.emails, n.uris = names.emails, names.uris
	n.add(fromList, parameter, names.hosts...)
}

// parseMailbox reads an e-mail address in ASCII, an addr-spec (RFC 5280, section
// 4.2.1.6), and returns it with its host in canonical form.
func parseMailbox(entry string) (string, error) {
	at := strings.LastIndexByte(entry, '@')
	if at < 0 || !isLocalPart(entry[:at]) {
		return "", fmt.Errorf("%.80q is not an e-mail address in ASCII", entry)
	}
	host, err := x509der.CanonicalName(entry[at+1:])
	if err != nil || x509der.IsIP(host) || strings.HasPrefix(host, "*") {
		return "", fmt.Errorf("%.80q is not an e-mail address: the part after the @ is not a DNS name", entry)
	}
	return entry[:at+1] + host, nil
}

// maxURI is the largest number of octets in a URI.
const maxURI = 2048

func errURI(entry string) error {
	return fmt.Errorf("%.80q is not an ASCII URI with a scheme and up to %d octets", entry, maxURI)
}

// parseURI reads an absolute URI in ASCII, such as a SPIFFE ID. It must have a
// scheme and a scheme-specific part, and a host must be a DNS name or an IP
// address (RFC 5280, section 4.2.1.6). It refuses what clients cannot read:
// crypto/x509 refuses the whole certificate if a host is not ASCII. Java ignores
// all alternative names if one breaks checkReadable, and then finds the server by
// its common name.
func parseURI(entry string) (*url.URL, error) {
	if len(entry) > maxURI || !hasURICharacters(entry) {
		return nil, errURI(entry)
	}
	uri, err := url.Parse(entry)
	if err != nil || uri.Scheme == "" || uri.Host == "" && uri.Opaque == "" && uri.Path == "" {
		return nil, errURI(entry)
	}
	host := uri.Hostname()
	if !x509der.IsASCII(host) {
		return nil, fmt.Errorf("the host of the URI %.80q is not ASCII: write its A-labels (RFC 5280, section 7.4)", entry)
	}
	if host != "" || uri.Host != "" || uri.User != nil {
		name, err := x509der.CanonicalName(host)
		if err != nil {
			return nil, fmt.Errorf("the host of the URI %.80q: %v", entry, err)
		}
		if strings.HasPrefix(name, "*") {
			return nil, fmt.Errorf("the host of the URI %.80q is a wildcard: want a DNS name or an IP address", entry)
		}
	}
	return uri, checkReadable(uri, entry)
}

// checkReadable refuses a URI that Java cannot read because of its port or its
// brackets. Java ignores a whole extension that has such a URI.
func checkReadable(uri *url.URL, entry string) error {
	if port := uri.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return fmt.Errorf("the port of the URI %.80q is not a number up to 65535", entry)
		}
	}
	if strings.ContainsAny(strings.Replace(entry, uri.Host, "", 1), "[]") {
		return fmt.Errorf("the URI %.80q has brackets that are not around an IPv6 address: write %%5B and %%5D (RFC 3986, section 3.2.2)", entry)
	}
	return nil
}

// hasURICharacters reports whether a text has only characters of a URI (RFC 3986,
// section 2). url.Parse accepts others too.
func hasURICharacters(text string) bool {
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '%':
			if _, err := hex.DecodeString(text[i+1 : min(i+3, len(text))]); err != nil || i+3 > len(text) {
				return false
			}
		case c <= ' ' || c > '~' || strings.IndexByte("\"<>\\^`{|}", c) >= 0:
			return false
		}
	}
	return true
}
