package ca

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// NameConstraints limit the alternative names in the certificates that a CA,
// and each CA below it, may sign (RFC 5280, section 4.2.1.10). If a type of
// name has permitted entries, a name of that type must match one of them. No
// name may match an excluded entry. A type without entries is not limited: to
// allow names of example.com and no IP addresses, permit example.com and
// exclude 0.0.0.0/0 and ::/0. Each list has at most 100 entries.
//
// In a certificate without DNS names, clients such as OpenSSL look for a host
// name in the common name. Constraints on DNS names apply there too, also to a
// wildcard and a name with a dot at the end, but not to a name of one label or
// one that ends in another script, such as the name of a person.
//
// The extension is critical, and all issuing functions enforce it. It is not an
// Alibaba Cloud parameter.
type NameConstraints struct {
	// A domain such as "example.com" covers itself and all names below it.
	PermittedDNSDomains []string `json:"PermittedDNSDomains,omitempty"`
	ExcludedDNSDomains  []string `json:"ExcludedDNSDomains,omitempty"`
	// A range of addresses is written as "10.0.0.0/8" or "2001:db8::/32".
	PermittedIPRanges []string `json:"PermittedIPRanges,omitempty"`
	ExcludedIPRanges  []string `json:"ExcludedIPRanges,omitempty"`
	// An entry is a mailbox ("a@example.com"), a host with all its mailboxes
	// ("example.com") or the hosts below a domain (".example.com").
	PermittedEmailAddresses []string `json:"PermittedEmailAddresses,omitempty"`
	ExcludedEmailAddresses  []string `json:"ExcludedEmailAddresses,omitempty"`
}

// maxSubtrees is the limit for each list of name constraints.
const maxSubtrees = 100

// check parses the name constraints. It returns nil if there are none.
func (c *NameConstraints) check() (*x509der.NameConstraints, error) {
	if c == nil {
		return nil, nil
	}
	parsed := new(x509der.NameConstraints)
	total := 0
	for _, side := range []struct {
		to              *x509der.Subtrees
		dns, ip, emails []string
	}{
		{&parsed.Permitted, c.PermittedDNSDomains, c.PermittedIPRanges, c.PermittedEmailAddresses},
		{&parsed.Excluded, c.ExcludedDNSDomains, c.ExcludedIPRanges, c.ExcludedEmailAddresses},
	} {
		for _, list := range [][]string{side.dns, side.ip, side.emails} {
			if len(list) > maxSubtrees {
				return nil, param.Malformed("NameConstraints", "a list has %d entries; at most %d are allowed", len(list), maxSubtrees)
			}
			total += len(list)
		}
		for _, entry := range side.dns {
			if strings.HasPrefix(entry, ".") {
				return nil, param.Malformed("NameConstraints", "%.80q begins with a dot; want the domain without it, which covers all names below", entry)
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
				return nil, param.Malformed("NameConstraints", "%.80q is not a range of addresses such as 10.0.0.0/8 or 2001:db8::/32", entry)
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
				return nil, param.Malformed("NameConstraints", "%.80q is not a mailbox, a host or a .domain", entry)
			}
			side.to.Email = append(side.to.Email, strings.TrimSuffix(entry, host)+domain)
		}
	}
	if total == 0 {
		return nil, nil
	}
	return parsed, nil
}

// constraintHost returns the canonical form of a domain in a name constraint.
func constraintHost(entry string) (string, error) {
	domain, err := x509der.CanonicalName(entry)
	if err != nil {
		return "", param.Malformed("NameConstraints", "%v", err)
	}
	if strings.HasPrefix(domain, "*") || x509der.IsIP(domain) {
		return "", param.Malformed("NameConstraints", "%.80q is not a domain; wildcards are not allowed, and addresses belong in the IP ranges", entry)
	}
	return domain, nil
}

// isLocalPart reports whether text is a local part without quotes: a Dot-string
// (RFC 5321, section 4.1.2) of up to 64 octets (section 4.5.3.1.1).
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

// checkSubject refuses a subject that a name constraint along the chain keeps
// out (RFC 5280, section 4.2.1.10): clients would refuse the certificate.
// Constraints on e-mail addresses apply to the attribute emailAddress too, even
// next to alternative names, as in OpenSSL.
func (i *Issuer) checkSubject(d *draft, subject x509der.Name) error {
	for at, c := range i.constraints {
		if c == nil {
			continue
		}
		octets := d.subject.raw
		if octets == nil {
			octets = x509der.AppendName(nil, subject)
		}
		err := c.CheckSubject(octets)
		for _, a := range subject {
			if err == nil && a.Type == x509der.Email {
				err = c.CheckEmail(a.String())
			}
		}
		if err != nil {
			return param.Refused(d.subject.commonName.parameter, "%v of the CA %.80q", err, i.chain[at].Subject.CommonName)
		}
	}
	return nil
}

// checkConstraints is checkSubject for the alternative names.
func (i *Issuer) checkConstraints(d *draft) error {
	for at, c := range i.constraints {
		if c == nil {
			continue
		}
		parameter, err := d.keptOut(c)
		if err != nil {
			return param.Refused(parameter, "%v of the CA %.80q", err, i.chain[at].Subject.CommonName)
		}
	}
	return nil
}

// keptOut returns the parameter of the first name that the constraints keep out
// and says which of them does.
func (d *draft) keptOut(c *x509der.NameConstraints) (parameter string, err error) {
	if !slices.ContainsFunc(d.names.all, func(name string) bool { return !x509der.IsIP(name) }) {
		if err := c.CheckCommonName(d.subject.commonName.text); err != nil {
			return d.subject.commonName.parameter, err
		}
	}
	for _, group := range d.names.groups {
		for _, name := range group.names {
			if err := c.CheckName(name); err != nil {
				return group.parameter, err
			}
		}
	}
	for _, mailbox := range d.names.emails {
		if err := c.CheckEmail(mailbox); err != nil {
			return d.names.groups[fromList].parameter, err
		}
	}
	for _, uri := range d.names.uris {
		if err := c.CheckURI(uri); err != nil {
			return d.names.groups[fromList].parameter, err
		}
	}
	return "", nil
}
