package x509der

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
)

// extNameConstraints is the extension of RFC 5280, section 4.2.1.10.
const extNameConstraints = "\x55\x1d\x1e"

// Subtrees are the names that one side of a name constraint covers, each kind
// in the form of RFC 5280, section 4.2.1.10.
type Subtrees struct {
	DNS   []string       // domain: itself and what is below it
	IP    []netip.Prefix // range of addresses
	Email []string       // mailbox, host, or ".domain" for the hosts below it
	URI   []string       // host, or ".domain" for the hosts below it
}

func (s *Subtrees) empty() bool {
	return len(s.DNS)+len(s.IP)+len(s.Email)+len(s.URI) == 0
}

// NameConstraints are what a CA certificate allows below it: of a kind that is
// permitted at all only what is permitted, and nothing that is excluded.
type NameConstraints struct {
	Permitted, Excluded Subtrees
}

// ConstraintsOf returns the name constraints of a certificate, nil if it has none.
// Critical or not, what is not understood is an error: left aside, it would let
// through what the CA above, and other implementations, keep out. crypto/x509,
// which has read the extension before, has checked the texts in it.
func ConstraintsOf(cert *x509.Certificate) (*NameConstraints, error) {
	value := extensionOf(cert, extNameConstraints)
	if value == nil {
		return nil, nil
	}
	c := new(NameConstraints)
	input := cryptobyte.String(value)
	var sides cryptobyte.String
	if !input.ReadASN1(&sides, asn1.SEQUENCE) || !input.Empty() || sides.Empty() {
		return nil, errConstraints
	}
	for i, side := range []*Subtrees{&c.Permitted, &c.Excluded} {
		var trees cryptobyte.String
		var present bool
		if !sides.ReadOptionalASN1(&trees, &present, contextTag(uint8(i))) || present && trees.Empty() {
			return nil, errConstraints
		}
		for !trees.Empty() {
			if err := side.read(&trees); err != nil {
				return nil, err
			}
		}
	}
	if !sides.Empty() {
		return nil, errConstraints
	}
	return c, nil
}

var errConstraints = errors.New("the name constraints are not what RFC 5280, section 4.2.1.10, describes")

// read reads one GeneralSubtree.
func (s *Subtrees) read(trees *cryptobyte.String) error {
	var tree, base cryptobyte.String
	var tag asn1.Tag
	if !trees.ReadASN1(&tree, asn1.SEQUENCE) || !tree.ReadAnyASN1(&base, &tag) {
		return errConstraints
	}
	// RFC 5280, section 4.2.1.10, leaves no minimum but the default, which DER does not
	// write; written all the same it means the same.
	if !tree.Empty() && string(tree) != "\x80\x01\x00" {
		return errors.New("a name constraint has a minimum or maximum, and there is none (RFC 5280, section 4.2.1.10)")
	}
	switch tag {
	case tagDNSName:
		s.DNS = append(s.DNS, string(base))
	case tagIPAddress:
		addr, ok := netip.AddrFromSlice(base[:len(base)/2])
		ones, bits := net.IPMask(base[len(base)/2:]).Size()
		if !ok || bits != addr.BitLen() {
			return errConstraints
		}
		s.IP = append(s.IP, netip.PrefixFrom(addr, ones))
	case tagRFC822Name:
		s.Email = append(s.Email, string(base))
	case tagURI:
		s.URI = append(s.URI, string(base))
	default:
		return fmt.Errorf("a name constraint is about names with the tag %d (RFC 5280, section 4.2.1.6): those of DNS names, IP addresses, e-mail addresses and URIs are supported", tag&0x1f)
	}
	return nil
}

// extensionOf returns the value of an extension, nil if there is none.
func extensionOf(cert *x509.Certificate, content string) []byte {
	for _, e := range cert.Extensions {
		if isExtension(e, content) {
			return e.Value
		}
	}
	return nil
}

// CheckName says which constraint keeps out a canonical DNS name or IP address.
func (c *NameConstraints) CheckName(name string) error {
	if addr, ok := parseIP(name); ok {
		return c.checkAddr(addr)
	}
	return c.checkDNS(name)
}

// checkAddr holds an IPv4 address that is mapped into IPv6 against the
// constraints on both, since clients take it for the one or the other.
func (c *NameConstraints) checkAddr(addr netip.Addr) error {
	match := func(p netip.Prefix, _ bool) bool { return p.Contains(addr) }
	err := check("IP address", addr.String(), c.Permitted.IP, c.Excluded.IP, match)
	if err == nil && addr.Is4In6() {
		return c.checkAddr(addr.Unmap())
	}
	return err
}

// CheckCommonName says which constraint keeps out the common name of a certificate
// without DNS names. RFC 5280 does not ask for that, but OpenSSL does so with a
// common name that reads like a DNS name, and refuses the certificate.
func (c *NameConstraints) CheckCommonName(commonName string) error {
	if !readsLikeHost(commonName) {
		return nil
	}
	return c.checkDNS(strings.ToLower(commonName))
}

// readsLikeHost is what OpenSSL takes for a DNS name: letters, digits and
// underscores, with hyphens and dots between them and a dot at least, of which
// none has a dot or a hyphen beside it. An IPv4 address is one; one word is none.
func readsLikeHost(text string) bool {
	labels := strings.Split(text, ".")
	for _, label := range labels {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
		}) {
			return false
		}
	}
	return len(labels) > 1
}

func (c *NameConstraints) checkDNS(name string) error {
	if len(c.Permitted.DNS)+len(c.Excluded.DNS) > 0 && !isDomain(name) {
		return fmt.Errorf("the DNS name %.80q has an empty label or a character that no host name has, and cannot be held against the name constraints", name)
	}
	return check("DNS name", name, c.Permitted.DNS, c.Excluded.DNS, func(domain string, excluded bool) bool {
		return matchDomain(domain, name, excluded)
	})
}

// isDomain reports whether no label is empty and all is visible ASCII: "example.com."
// would slip through constraints on example.com, and clients that stop at a NUL or
// a space read another name than was held against them.
func isDomain(host string) bool {
	return host != "" && host[0] != '.' && host[len(host)-1] != '.' && !strings.Contains(host, "..") && isVisible(host)
}

func isVisible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// CheckEmail says which constraint keeps out a mailbox. One whose local part is
// quoted, and so has many spellings, can satisfy no constraint.
func (c *NameConstraints) CheckEmail(mailbox string) error {
	if len(c.Permitted.Email)+len(c.Excluded.Email) == 0 {
		return nil
	}
	at := strings.LastIndexByte(mailbox, '@')
	if at <= 0 || strings.ContainsAny(mailbox[:at], `@"\`) || !isVisible(mailbox[:at]) || !isDomain(mailbox[at+1:]) {
		return fmt.Errorf("the e-mail address %.80q is no local part without quotes at a host and cannot be held against the name constraints", mailbox)
	}
	local, host := mailbox[:at], mailbox[at+1:]
	return check("e-mail address", mailbox, c.Permitted.Email, c.Excluded.Email, func(constraint string, _ bool) bool {
		if i := strings.LastIndexByte(constraint, '@'); i >= 0 {
			return local == constraint[:i] && strings.EqualFold(host, constraint[i+1:])
		}
		return matchHost(constraint, host)
	})
}

// CheckURI says which constraint keeps out a URI. One without a host name can
// satisfy no constraint.
func (c *NameConstraints) CheckURI(uri *url.URL) error {
	if len(c.Permitted.URI)+len(c.Excluded.URI) == 0 {
		return nil
	}
	host := uri.Hostname()
	if !isDomain(host) || IsIP(host) {
		return fmt.Errorf("the URI %.80q has no host name to hold against the name constraints", uri)
	}
	return check("URI", uri.String(), c.Permitted.URI, c.Excluded.URI, func(constraint string, _ bool) bool {
		return matchHost(constraint, host)
	})
}

// check holds one name against the constraints of its kind.
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

// matchDomain reports whether a DNS constraint covers a name. A wildcard is
// excluded as soon as one of the names that it stands for is.
func matchDomain(domain, name string, excluded bool) bool {
	domain = strings.ToLower(domain)
	base, wildcard := strings.CutPrefix(name, "*.")
	if wildcard && excluded {
		if label, ok := strings.CutSuffix(domain, "."+base); ok && label != "" && !strings.Contains(label, ".") {
			return true
		}
	}
	if below, ok := strings.CutPrefix(domain, "."); ok { // not in RFC 5280, but about: below it only
		return strings.HasSuffix(name, "."+below)
	}
	return domain == "" || strings.HasSuffix("."+base, "."+domain)
}

// matchHost reports whether a constraint on hosts covers one: ".domain" what is
// below it, anything else itself.
func matchHost(constraint, host string) bool {
	constraint, host = strings.ToLower(constraint), strings.ToLower(host)
	if strings.HasPrefix(constraint, ".") {
		return strings.HasSuffix(host, constraint)
	}
	return constraint == "" || host == constraint
}

// CheckNames says which constraint keeps out one of a certificate's alternative
// names.
func (c *NameConstraints) CheckNames(cert *x509.Certificate) error {
	for _, name := range cert.DNSNames {
		if err := c.checkDNS(strings.ToLower(name)); err != nil { // even one that reads like an address
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
	if names := extensionOf(cert, extAltName); names != nil {
		if len(c.Permitted.Email)+len(c.Excluded.Email) > 0 && holdsUTF8Mailbox(names) {
			return errors.New("the certificate holds an internationalised e-mail address (RFC 9598), which is not held against the name constraints")
		}
		return nil
	}
	// Without alternative names, e-mail addresses in the subject count.
	for _, a := range cert.Subject.Names {
		if mailbox, ok := a.Value.(string); ok && a.Type.Equal(ObjectIdentifier(Email)) {
			if err := c.CheckEmail(mailbox); err != nil {
				return err
			}
		}
	}
	return nil
}

// idUTF8Mailbox is SmtpUTF8Mailbox (RFC 9598, section 3), an otherName that
// constraints on e-mail addresses cover as well (section 6).
const idUTF8Mailbox = "\x2b\x06\x01\x05\x05\x07\x08\x09"

// holdsUTF8Mailbox reports whether one of the GeneralNames is an
// internationalised mailbox, or might be.
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

// append appends the extension.
func (c *NameConstraints) append(dst []byte) []byte {
	return appendExtension(dst, extNameConstraints, true, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			for i, side := range []*Subtrees{&c.Permitted, &c.Excluded} {
				if !side.empty() {
					dst = der.AppendFunc(dst, contextTag(uint8(i)), side.append)
				}
			}
			return dst
		})
	})
}

// append appends GeneralSubtrees, whose minimum is always the default (RFC 5280,
// section 4.2.1.10).
func (s *Subtrees) append(dst []byte) []byte {
	subtree := func(tag asn1.Tag, octets []byte) {
		dst = der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte { return der.Append(dst, tag, octets) })
	}
	for _, domain := range s.DNS {
		subtree(tagDNSName, []byte(domain))
	}
	for _, p := range s.IP {
		mask := net.CIDRMask(p.Bits(), p.Addr().BitLen())
		subtree(tagIPAddress, append(p.Masked().Addr().AsSlice(), mask...))
	}
	for _, mailbox := range s.Email {
		subtree(tagRFC822Name, []byte(mailbox))
	}
	for _, host := range s.URI {
		subtree(tagURI, []byte(host))
	}
	return dst
}
