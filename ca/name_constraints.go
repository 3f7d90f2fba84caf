package ca

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/yuncert/yuncert/internal/x509der"
)

// NameConstraints limit the alternative names of what a CA signs, and of what is
// signed below it (RFC 5280, section 4.2.1.10). Of a kind of name that has
// permitted entries only names under one of them are allowed, and no name under
// an excluded entry. A kind without entries is not limited: a CA for
// example.com that shall not sign for addresses excludes 0.0.0.0/0 and ::/0.
//
// Alibaba Cloud documents no such parameter: the member NameConstraints is this
// library's. The extension is critical, and issuing enforces it.
type NameConstraints struct {
	// PermittedDNSDomains are domains, each with all that is below it:
	// "example.com" covers www.example.com. Up to 100, in each field.
	PermittedDNSDomains []string `json:"PermittedDNSDomains,omitempty"`

	// ExcludedDNSDomains are domains in the same form.
	ExcludedDNSDomains []string `json:"ExcludedDNSDomains,omitempty"`

	// PermittedIPRanges are ranges of addresses, such as "10.0.0.0/8".
	PermittedIPRanges []string `json:"PermittedIPRanges,omitempty"`

	// ExcludedIPRanges are ranges in the same form.
	ExcludedIPRanges []string `json:"ExcludedIPRanges,omitempty"`

	// PermittedEmailAddresses are mailboxes ("a@example.com"), hosts with all
	// their mailboxes ("example.com") or the hosts below a domain
	// (".example.com").
	PermittedEmailAddresses []string `json:"PermittedEmailAddresses,omitempty"`

	// ExcludedEmailAddresses are in the same form.
	ExcludedEmailAddresses []string `json:"ExcludedEmailAddresses,omitempty"`
}

// maxSubtrees is how many entries each list of name constraints holds.
const maxSubtrees = 100

// check reads the name constraints; nil and empty ones are none.
func (c *NameConstraints) check() (*x509der.NameConstraints, error) {
	if c == nil {
		return nil, nil
	}
	read := new(x509der.NameConstraints)
	total := 0
	for _, side := range []struct {
		to              *x509der.Subtrees
		dns, ip, emails []string
	}{
		{&read.Permitted, c.PermittedDNSDomains, c.PermittedIPRanges, c.PermittedEmailAddresses},
		{&read.Excluded, c.ExcludedDNSDomains, c.ExcludedIPRanges, c.ExcludedEmailAddresses},
	} {
		for _, list := range [][]string{side.dns, side.ip, side.emails} {
			if len(list) > maxSubtrees {
				return nil, malformed("NameConstraints", "a list has %d entries: up to %d are allowed", len(list), maxSubtrees)
			}
			total += len(list)
		}
		for _, entry := range side.dns {
			if strings.HasPrefix(entry, ".") {
				return nil, malformed("NameConstraints", "%.80q begins with a dot: a domain stands without and has all names below it", entry)
			}
			domain, err := constraintHost(entry)
			if err != nil {
				return nil, err
			}
			side.to.DNS = append(side.to.DNS, domain)
		}
		for _, entry := range side.ip {
			prefix, err := netip.ParsePrefix(entry)
			if err != nil || prefix != prefix.Masked() || prefix.Addr().Is4In6() {
				return nil, malformed("NameConstraints", "%.80q is no range of addresses such as 10.0.0.0/8 or 2001:db8::/32", entry)
			}
			side.to.IP = append(side.to.IP, prefix)
		}
		for _, entry := range side.emails {
			local, host, mailbox := strings.Cut(entry, "@")
			if !mailbox {
				local, host = "", strings.TrimPrefix(entry, ".")
			}
			domain, err := constraintHost(host)
			if err != nil {
				return nil, err
			}
			if mailbox && !isLocalPart(local) {
				return nil, malformed("NameConstraints", "%.80q is no mailbox, host or .domain", entry)
			}
			side.to.Email = append(side.to.Email, strings.TrimSuffix(entry, host)+domain)
		}
	}
	if total == 0 {
		return nil, nil
	}
	return read, nil
}

// constraintHost returns the canonical form of a domain in a name constraint.
func constraintHost(entry string) (string, error) {
	domain, err := x509der.CanonicalName(entry)
	if err != nil {
		return "", malformed("NameConstraints", "%v", err)
	}
	if strings.HasPrefix(domain, "*") || x509der.IsIP(domain) {
		return "", malformed("NameConstraints", "%.80q is no domain: it stands without wildcard, and addresses have lists of their own", entry)
	}
	return domain, nil
}

// isLocalPart reports whether the text may stand before the @ of a mailbox
// without quotes (RFC 5321, section 4.1.2: Dot-string, up to 64 octets).
func isLocalPart(text string) bool {
	for atom := range strings.SplitSeq(text, ".") {
		if atom == "" || strings.IndexFunc(atom, func(r rune) bool {
			return r <= ' ' || r > '~' || strings.ContainsRune(`()<>[]:;@\,"`, r)
		}) >= 0 {
			return false
		}
	}
	return len(text) <= 64
}

// checkConstraints refuses a name that a name constraint along the chain keeps
// out (RFC 5280, section 4.2.1.10): clients would refuse the certificate.
func (i *Issuer) checkConstraints(l *leaf) error {
	for at, c := range i.constraints {
		if c == nil {
			continue
		}
		if parameter, err := l.keptOut(c); err != nil {
			return refused(parameter, "%v of the CA %.80q", err, i.chain[at].Subject.CommonName)
		}
	}
	return nil
}

// keptOut returns the parameter of the first name that the constraints keep out
// and says which of them does.
func (l *leaf) keptOut(c *x509der.NameConstraints) (parameter string, err error) {
	if !slices.ContainsFunc(l.names, func(name string) bool { return !x509der.IsIP(name) }) {
		if err := c.CheckCommonName(l.commonName()); err != nil {
			return l.commonNameParameter(), err
		}
	}
	for n, name := range l.names {
		if err := c.CheckName(name); err != nil {
			return l.parameterOf(n), err
		}
	}
	for _, mailbox := range l.emails {
		if err := c.CheckEmail(mailbox); err != nil {
			return l.list, err
		}
	}
	for _, uri := range l.uris {
		if err := c.CheckURI(uri); err != nil {
			return l.list, err
		}
	}
	return "", nil
}

// parameterOf returns the parameter that the n-th of the names comes from.
func (l *leaf) parameterOf(n int) string {
	host, _ := x509der.HostName(l.parameters.commonName)
	switch {
	case n >= l.others:
		return l.list
	case l.publicKey == nil, n == 0 && l.list == "Domain" && l.names[n] == host && l.asked.Get(x509der.CommonName) == "":
		return "CommonName"
	}
	return "Csr"
}
