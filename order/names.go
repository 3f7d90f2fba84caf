package order

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/yuncert/yuncert/internal/x509der"
)

// namesOf returns the names that an order for a CSR has. For a product of one name it is
// the common name, or the only DNS name of a CSR without one: a name longer than 64
// characters has no place in a common name. For a product of several names, and always
// with an Authority, it is every name: the Authority certifies the CSR as it is.
func namesOf(request *x509der.Request, product Product, authority bool) ([]string, error) {
	commonName := request.Subject.Get(x509der.CommonName)
	var names []string
	if commonName != "" {
		name, err := domainOf(commonName)
		if err != nil {
			return nil, err
		}
		if authority && strings.ToLower(commonName) != name {
			return nil, failed("Csr", "the CSR's common name %.80q is not in ASCII; public CAs want %.80q there", commonName, name)
		}
		names = append(names, name)
	}
	var others []string
	for _, name := range request.Names {
		if x509der.IsIP(name) {
			others = append(others, name)
		} else {
			names = x509der.AppendNames(names, name)
		}
	}
	if authority || product.maxNames() > 1 {
		switch {
		case len(others) > 0:
			return nil, failed("Csr", "the CSR has the IP address %s among its names; want a CSR with DNS names only", others[0])
		case request.OtherNames > 0:
			return nil, failed("Csr", "the CSR has %d names in subjectAltName that are not DNS names, such as e-mail addresses or URIs; want a CSR with DNS names only", request.OtherNames)
		case len(names) == 0:
			return nil, failed("Csr", "the CSR has no DNS name; want the domain as its common name or in subjectAltName")
		}
		return names, checkNames("Csr", names, product)
	}
	if commonName == "" && len(names) != 1 {
		return nil, failed("Csr", "the CSR has no common name and %d DNS names in subjectAltName; want the domain as its common name, or as the only DNS name there", len(names))
	}
	return names[:1], checkNames("Csr", names[:1], product)
}

// checkNames checks that an order of a product can have these names, which are
// canonical and without repeats.
func checkNames(parameter string, names []string, product Product) error {
	wildcards := 0
	for _, name := range names {
		if err := checkDomain(parameter, name); err != nil {
			return err
		}
		if isWildcard(name) {
			wildcards++
		}
	}
	counted := len(names)
	if wildcards > 0 {
		counted = wildcards
	}
	for _, name := range names {
		switch {
		case isWildcard(name) && !product.Wildcard:
			return failed(parameter, "%.80q is a wildcard name; %.80s takes a single name", name, product.Code)
		case wildcards == 0 && !product.Single:
			return failed(parameter, "%.80q is a single name; %.80s takes a wildcard name such as %.80q", name, product.Code, "*."+name)
		case wildcards > 0 && !isWildcard(name) && !slices.Contains(names, "*."+name):
			return failed(parameter, "%.80q is a single name among wildcard names; want names of one kind, in an order for each", name)
		}
	}
	if counted > product.maxNames() {
		return failed(parameter, "there are %d names; %.80s takes %d, so order a product for more names or a certificate for each", counted, product.Code, product.maxNames())
	}
	if certified := certifiedNames(names); x509der.CheckCount(names[0], certified, 0) != nil {
		return failed(parameter, "the certificate would have %d names, with the names after \"*.\"; want at most %d besides the first", len(certified), x509der.MaxNames)
	}
	return nil
}

// checkDomain checks one canonical name.
func checkDomain(parameter, name string) error {
	if x509der.IsIP(name) || !strings.Contains(name, ".") {
		return failed(parameter, "%.80q is not a domain: %s", name, whyNotDomain(name))
	}
	if isWildcard(name) {
		// A registry does not own the names that others register below its own. With
		// "x." a rule is found that is a wildcard itself, such as *.kawasaki.jp.
		for _, suffix := range []string{withoutWildcard(name), "x" + name[1:]} {
			found, registry := publicsuffix.PublicSuffix(suffix)
			if registry && found == suffix {
				return failed(parameter, "%.80q covers names of many owners (public suffix list); want a wildcard below a registered domain", name)
			}
		}
	}
	return nil
}

func isWildcard(name string) bool { return strings.HasPrefix(name, "*.") }

// withoutWildcard returns the name that is proved for a name.
func withoutWildcard(name string) string { return strings.TrimPrefix(name, "*.") }

// provedNames returns the names to prove, in sequence. A wildcard and its parent need
// one proof.
func provedNames(names []string) []string {
	var proved []string
	for _, name := range names {
		proved = x509der.AppendNames(proved, withoutWildcard(name))
	}
	return proved
}

// certifiedNames returns the names of a certificate from [Book.Issue]. Each wildcard
// brings its parent, whose proof it has.
func certifiedNames(names []string) []string {
	return x509der.AppendNames(slices.Clone(names), provedNames(names)...)
}

// domainOf returns a common name as a DNS name in ASCII.
func domainOf(commonName string) (string, error) {
	name, ok := x509der.HostName(commonName)
	if !ok || x509der.IsIP(name) || !strings.Contains(name, ".") || isList(commonName) {
		return "", failed("Csr", "the CSR's common name %.80q is not a domain: %s", commonName, whyNotDomain(commonName))
	}
	return name, nil
}

// isList finds the commas and semicolons of several scripts. The package idna takes
// U+3001 for a letter, so such a list would otherwise become a name.
func isList(commonName string) bool { return strings.ContainsAny(commonName, ",;，；、") }

// whyNotDomain says what is wrong with a name, and what to do.
func whyNotDomain(name string) string {
	_, errIP := netip.ParseAddr(strings.Trim(name, "[]"))
	_, errPort := netip.ParseAddrPort(name)
	switch {
	case strings.Contains(name, "//"):
		return "it is a URL; want only its host name"
	case isList(name):
		return "it is a list; want one name, with an order for each"
	case strings.ContainsAny(name, " \u3000"):
		return "it has a space in it; want a name such as www.example.com"
	case strings.Contains(name, "@"):
		return "it is an e-mail address; want only the name after the @"
	case errIP == nil || errPort == nil:
		return "it is an IP address; want a DNS name"
	case strings.ContainsAny(name, "/?#"):
		return "it has a path; want only the host name"
	case strings.Contains(name, ":"):
		return "it has a port; want only the name before the colon"
	case strings.ContainsAny(name, "。．｡"):
		return "it has the dots of another script; write them as \".\""
	case strings.HasSuffix(name, "."):
		return "it ends with a dot; remove the dot"
	case !strings.Contains(name, "."):
		return "it has only one label; want at least two, such as example.com"
	}
	return "want a DNS name of at least two labels, or \"*.\" and such a name; a label has letters, digits and inner hyphens (RFC 5280, section 4.2.1.6)"
}
