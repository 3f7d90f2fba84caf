package x509der

import (
	"crypto/x509"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// CheckName checks a DNS name or an IP address in canonical form. The error gives
// the name and the constraint that does not allow it, and ends so that the caller
// can add "of" and the CA.
func (c *NameConstraints) CheckName(name string) error {
	if addr, ok := parseIP(name); ok {
		return c.checkAddr(addr)
	}
	return c.checkDNS(name)
}

// checkAddr checks an IP address. An IPv4-mapped IPv6 address must satisfy the
// constraints as an IPv6 and as an IPv4 address, since clients treat it as
// either.
func (c *NameConstraints) checkAddr(addr netip.Addr) error {
	match := func(p netip.Prefix, _ bool) bool { return p.Contains(addr) }
	err := check("IP address", addr.String(), c.Permitted.IP, c.Excluded.IP, match)
	if err == nil && addr.Is4In6() {
		return c.checkAddr(addr.Unmap())
	}
	return err
}

// CheckCommonName checks the common name of a certificate that has no DNS names.
// RFC 5280 does not require this check. But clients such as OpenSSL look for a
// host name there when they find no DNS names. OpenSSL finds more names than it
// constrains: wildcards, for example. This check covers those too.
func (c *NameConstraints) CheckCommonName(commonName string) error {
	name := plainHost(commonName)
	// A text that ends in another script is more likely a person or a company.
	if !IsASCII(name) && IsASCII(name[strings.LastIndexByte(name, '.')+1:]) {
		host, ok := HostName(name)
		if ok {
			name = host
		}
	}
	if !looksLikeHost(strings.TrimPrefix(name, "*.")) {
		return nil
	}
	return c.checkDNS(strings.ToLower(name))
}

// looksLikeHost reports whether a text has two or more labels of letters, digits,
// underscores and hyphens, none of them empty. An IPv4 address passes; a single
// word does not.
func looksLikeHost(text string) bool {
	labels := strings.Split(text, ".")
	for _, label := range labels {
		if label == "" || strings.ContainsFunc(label, notInLabel) {
			return false
		}
	}
	return len(labels) > 1
}

func notInLabel(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
}

func (c *NameConstraints) checkDNS(name string) error {
	if len(c.Permitted.DNS)+len(c.Excluded.DNS) > 0 && !isDomain(name) {
		return fmt.Errorf("the DNS name %.80q has an empty label or is not visible ASCII, and cannot be checked against the name constraints", name)
	}
	return check("DNS name", name, c.Permitted.DNS, c.Excluded.DNS, func(domain string, excluded bool) bool {
		return matchDomain(domain, name, excluded)
	})
}

// isDomain reports whether a name is visible ASCII without empty labels.
// Otherwise "example.com." would not match an excluded example.com, and clients
// that stop at a NUL or a space would read another name than the one that was
// checked.
func isDomain(host string) bool {
	return host != "" && host[0] != '.' && host[len(host)-1] != '.' && !strings.Contains(host, "..") && isVisible(host)
}

func isVisible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// CheckEmail checks a mailbox like CheckName. If there are constraints on e-mail
// addresses, it refuses a quoted local part, which has many spellings.
func (c *NameConstraints) CheckEmail(mailbox string) error {
	if len(c.Permitted.Email)+len(c.Excluded.Email) == 0 {
		return nil
	}
	at := strings.LastIndexByte(mailbox, '@')
	if at <= 0 || strings.ContainsAny(mailbox[:at], `@"\`) || !isVisible(mailbox[:at]) || !isDomain(mailbox[at+1:]) {
		return fmt.Errorf("the e-mail address %.80q is not an unquoted local part, @ and a host name, and cannot be checked against the name constraints", mailbox)
	}
	local, host := mailbox[:at], strings.ToLower(mailbox[at+1:])
	return check("e-mail address", mailbox, c.Permitted.Email, c.Excluded.Email, func(constraint string, _ bool) bool {
		if i := strings.LastIndexByte(constraint, '@'); i >= 0 {
			return local == constraint[:i] && host == strings.ToLower(constraint[i+1:])
		}
		return matchHost(constraint, host)
	})
}

// CheckURI checks a URI like CheckName. If there are constraints on URIs, it
// refuses one without a host name (RFC 5280, section 4.2.1.10).
func (c *NameConstraints) CheckURI(uri *url.URL) error {
	if len(c.Permitted.URI)+len(c.Excluded.URI) == 0 {
		return nil
	}
	host := strings.ToLower(uri.Hostname())
	if !isDomain(host) || IsIP(host) {
		return fmt.Errorf("the URI %.80q has no host name to check against the name constraints", uri)
	}
	return check("URI", uri.String(), c.Permitted.URI, c.Excluded.URI, func(constraint string, _ bool) bool {
		return matchHost(constraint, host)
	})
}

// check checks one name against the constraints on names of its type.
func check[T any](kind, name string, permitted, excluded []T, match func(constraint T, excluded bool) bool) error {
	for _, constraint := range excluded {
		if match(constraint, true) {
			return fmt.Errorf("the %s %.80q is excluded by the name constraint %.80v", kind, name, constraint)
		}
	}
	for _, constraint := range permitted {
		if match(constraint, false) {
			return nil
		}
	}
	if len(permitted) > 0 {
		more := ""
		if len(permitted) > 3 {
			more = fmt.Sprintf(" and %d more", len(permitted)-3)
		}
		return fmt.Errorf("the %s %.80q is not permitted by the name constraints %.80v%s", kind, name, permitted[:min(len(permitted), 3)], more)
	}
	return nil
}

// matchDomain reports whether a DNS constraint covers a name. An excluded
// constraint covers a wildcard that matches at least one excluded name.
func matchDomain(domain, name string, excluded bool) bool {
	domain = strings.ToLower(domain)
	base, wildcard := strings.CutPrefix(name, "*.")
	if wildcard && excluded && isBelow(domain, base) {
		label := domain[:len(domain)-len(base)-1]
		if label != "" && !strings.Contains(label, ".") {
			return true
		}
	}
	if below, ok := strings.CutPrefix(domain, "."); ok { // not in RFC 5280, but in use: only names below the domain
		return isBelow(name, below)
	}
	return domain == "" || base == domain || isBelow(base, domain)
}

// isBelow reports whether a host ends with a dot and the domain.
func isBelow(host, domain string) bool {
	return len(host) > len(domain) && strings.HasSuffix(host, domain) && host[len(host)-len(domain)-1] == '.'
}

// matchHost reports whether an e-mail or URI constraint covers a host in lower
// case: ".domain" covers the hosts below domain, "host" only itself, and ""
// every host.
func matchHost(constraint, host string) bool {
	constraint = strings.ToLower(constraint)
	if strings.HasPrefix(constraint, ".") {
		return strings.HasSuffix(host, constraint)
	}
	return constraint == "" || host == constraint
}

// CheckNames checks the subject and all alternative names of a certificate like
// CheckName. The e-mail addresses in a subject count only in a certificate
// without alternative names (RFC 5280, section 4.2.1.10).
func (c *NameConstraints) CheckNames(cert *x509.Certificate) error {
	for _, name := range cert.DNSNames {
		// Not CheckName: a DNS name that looks like an address is still a DNS
		// name.
		if err := c.checkDNS(strings.ToLower(name)); err != nil {
			return err
		}
	}
	for _, ip := range cert.IPAddresses {
		addr, ok := netip.AddrFromSlice(ip)
		if !ok {
			return errors.New("an IP address has neither 4 nor 16 octets")
		}
		if err := c.checkAddr(addr); err != nil {
			return err
		}
	}
	for _, mailbox := range cert.EmailAddresses {
		if err := c.CheckEmail(mailbox); err != nil {
			return err
		}
	}
	for _, uri := range cert.URIs {
		if err := c.CheckURI(uri); err != nil {
			return err
		}
	}
	if err := c.CheckSubject(cert.RawSubject); err != nil {
		return err
	}
	names := extensionOf(cert, extAltName)
	if names == nil {
		for _, mailbox := range subjectEmails(cert) {
			if err := c.CheckEmail(mailbox); err != nil {
				return err
			}
		}
		return nil
	}
	return c.checkOtherNames(names)
}

// Comparisons returns how many comparisons of a name with a constraint CheckNames
// makes at most. A constraint counts once more for each 256 octets of its length.
func (c *NameConstraints) Comparisons(cert *x509.Certificate) int64 {
	emails, directory := len(cert.EmailAddresses), 1
	names := extensionOf(cert, extAltName)
	if names == nil {
		emails += len(subjectEmails(cert))
	}
	for range generalNames(names, tagDirectoryName) {
		directory++
	}
	total := int64(0)
	for _, side := range []*Subtrees{&c.Permitted, &c.Excluded} {
		total += int64(len(cert.DNSNames))*weight(side.DNS) +
			int64(len(cert.IPAddresses))*int64(len(side.IP)) +
			int64(emails)*weight(side.Email) +
			int64(len(cert.URIs))*weight(side.URI) +
			int64(directory)*weight(side.Directory)
	}
	return total
}

// weight counts constraints for Comparisons.
func weight[T ~string](constraints []T) (total int64) {
	for _, constraint := range constraints {
		total += 1 + int64(len(constraint)/256)
	}
	return total
}

// subjectEmails returns the e-mail addresses in the subject of a certificate.
func subjectEmails(cert *x509.Certificate) (mailboxes []string) {
	for _, a := range cert.Subject.Names {
		if mailbox, ok := a.Value.(string); ok && a.Type.Equal(emailAddress) {
			mailboxes = append(mailboxes, mailbox)
		}
	}
	return mailboxes
}

var emailAddress = ObjectIdentifier(Email)

// CheckSubject checks a DER subject like CheckName. An empty subject is not
// checked.
func (c *NameConstraints) CheckSubject(rdnSequence []byte) error {
	if len(rdnSequence) <= len("\x30\x00") {
		return nil
	}
	return c.checkDirectoryName(rdnSequence)
}

// checkDirectoryName checks a DER directory name like CheckName. If there are
// constraints on directory names, it refuses a name whose text implementations
// read in different ways.
func (c *NameConstraints) checkDirectoryName(rdnSequence []byte) error {
	if len(c.Permitted.Directory)+len(c.Excluded.Directory) == 0 {
		return nil
	}
	name, certain := comparableName(rdnSequence)
	if !certain {
		return errors.New("a directory name has text that cannot be checked against the name constraints: TeletexString outside ASCII, control characters or an unknown type")
	}
	return check("directory name", name.String(), c.Permitted.Directory, c.Excluded.Directory, func(constraint ComparableName, _ bool) bool {
		return strings.HasPrefix(string(name), string(constraint))
	})
}

// checkOtherNames checks the GeneralNames that crypto/x509 does not read.
func (c *NameConstraints) checkOtherNames(names []byte) error {
	for name := range generalNames(names, tagDirectoryName) {
		if err := c.checkDirectoryName(name); err != nil {
			return err
		}
	}
	if len(c.Permitted.Email)+len(c.Excluded.Email) > 0 && holdsUTF8Mailbox(names) {
		return errors.New("it has an internationalised e-mail address (RFC 9598), which cannot be checked against the name constraints")
	}
	return nil
}

// generalNames returns the contents of the GeneralNames with a tag.
func generalNames(value []byte, tag asn1.Tag) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		list := cryptobyte.String(value)
		list.ReadASN1(&list, asn1.SEQUENCE)
		for {
			var name cryptobyte.String
			var found asn1.Tag
			if !list.ReadAnyASN1(&name, &found) || found == tag && !yield(name) {
				return
			}
		}
	}
}

// idUTF8Mailbox is SmtpUTF8Mailbox (RFC 9598, section 3), an otherName.
// Constraints on e-mail addresses apply to it too (RFC 9598, section 6).
const idUTF8Mailbox = "\x2b\x06\x01\x05\x05\x07\x08\x09"

// holdsUTF8Mailbox reports whether one of the GeneralNames is an
// internationalised mailbox. It reports true for names that it cannot read.
func holdsUTF8Mailbox(value []byte) bool {
	input := cryptobyte.String(value)
	var list cryptobyte.String
	if !input.ReadASN1(&list, asn1.SEQUENCE) {
		return true
	}
	for !list.Empty() {
		var name, oid cryptobyte.String
		var tag asn1.Tag
		if !list.ReadAnyASN1(&name, &tag) || tag == tagOtherName && (!readOID(&name, &oid) || string(oid) == idUTF8Mailbox) {
			return true
		}
	}
	return false
}
