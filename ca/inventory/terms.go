package inventory

import (
	"crypto/x509"
	"strings"

	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

const (
	// maxTerm is the largest number of octets in a term. Longer names are not
	// found: an index of a database has a limit.
	maxTerm = 256

	// maxTerms is the largest number of terms of one certificate. Each is a row of
	// a database.
	maxTerms = 4096

	// maxDomainLabels is the largest number of labels in Filter.Domain. Without it
	// a name of 127 labels would have 127 terms.
	maxDomainLabels = 8
)

// nameTerm and domainTerm return the terms that Filter.Name and Filter.Domain search
// for.
func nameTerm(name string) string     { return "=" + name }
func domainTerm(domain string) string { return "." + domain }

// termsOf returns the terms of a certificate: one for each name, and one for each
// domain that a DNS name is below.
func termsOf(cert *x509.Certificate) ([]string, error) {
	var terms []string
	seen := make(map[string]bool)
	add := func(term string) {
		if len(term) <= maxTerm && !seen[term] && len(terms) <= maxTerms && !strings.Contains(term, "\x00") {
			seen[term] = true
			terms = append(terms, term)
		}
	}
	addDNS := func(name string) {
		name = strings.ToLower(name)
		add(nameTerm(name))
		labels := strings.Count(name, ".") + 1
		for len(name) <= maxTerm {
			_, parent, found := strings.Cut(name, ".")
			labels--
			if !found || parent == "" {
				return
			}
			if labels <= maxDomainLabels {
				add(domainTerm(parent))
			}
			name = parent
		}
	}
	if commonName := strings.ToValidUTF8(cert.Subject.CommonName, ""); commonName != "" {
		add(nameTerm(strings.ToLower(commonName)))
	}
	host, ok := x509der.HostName(cert.Subject.CommonName)
	switch {
	case ok && x509der.IsIP(host): // an IPv6 address has several spellings
		add(nameTerm(host))
	case ok:
		addDNS(host)
	}
	for _, name := range cert.DNSNames {
		addDNS(name)
	}
	for _, address := range cert.IPAddresses {
		add(nameTerm(address.String()))
	}
	for _, mailbox := range cert.EmailAddresses {
		add(nameTerm(strings.ToLower(mailbox)))
	}
	for _, uri := range cert.URIs {
		add(nameTerm(strings.ToLower(uri.String())))
	}
	if len(terms) > maxTerms {
		return nil, param.Malformed("Certificate", "its names and the domains above them are more than %d", maxTerms)
	}
	return terms, nil
}

// termOf returns the term for the fields Name and Domain of a Filter, "" if both are
// empty.
func termOf(name, domain string) (string, error) {
	switch {
	case name != "" && domain != "":
		return "", param.Malformed("Domain", "Name is set too; set at most one of them")
	case name != "":
		if err := param.CheckText("Name", name, 255); err != nil {
			return "", err
		}
		canonical, isHost := x509der.HostName(name)
		if !isHost { // a common name, a mailbox or a URI
			canonical = strings.ToLower(name)
		}
		return nameTerm(canonical), nil
	case domain != "":
		canonical, err := x509der.CanonicalName(domain)
		if err != nil || x509der.IsIP(canonical) || strings.HasPrefix(canonical, "*") {
			return "", param.Malformed("Domain", "%.80q is not a domain; want one such as \"example.com\", without a wildcard", domain)
		}
		if strings.Count(canonical, ".") >= maxDomainLabels {
			return "", param.Malformed("Domain", "%.80q has more than %d labels", domain, maxDomainLabels)
		}
		return domainTerm(canonical), nil
	}
	return "", nil
}
