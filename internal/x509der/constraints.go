package x509der

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
)

// extNameConstraints is the extension of RFC 5280, section 4.2.1.10.
const extNameConstraints = "\x55\x1d\x1e"

// Subtrees are the permitted or the excluded names of a name constraint, in the
// forms of RFC 5280, section 4.2.1.10.
type Subtrees struct {
	DNS   []string       // a domain covers itself and all names below it
	IP    []netip.Prefix // a range of addresses
	Email []string       // a mailbox, a host, or ".domain" for the hosts below it
	URI   []string       // a host, or ".domain" for the hosts below it

	// Directory names cover themselves and all names below them. They are read
	// from certificates and never written.
	Directory []ComparableName
}

// NameConstraints limit the names in the certificates below a CA. If one type of
// name has permitted entries, a name of that type must match one of them. No name
// may match an excluded entry.
type NameConstraints struct {
	Permitted, Excluded Subtrees
}

// ConstraintsOf returns the name constraints of a certificate, nil if it has
// none. It refuses constraints that it does not support, critical or not:
// ignoring one would allow names that the CA excludes. crypto/x509 parsed the
// certificate before and checked the strings in the extension.
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

var errConstraints = errors.New("its name constraints are malformed (RFC 5280, section 4.2.1.10)")

// read reads one GeneralSubtree.
func (s *Subtrees) read(trees *cryptobyte.String) error {
	var tree, base cryptobyte.String
	var tag asn1.Tag
	if !trees.ReadASN1(&tree, asn1.SEQUENCE) || !tree.ReadAnyASN1(&base, &tag) {
		return errConstraints
	}
	// RFC 5280, section 4.2.1.10, allows only minimum 0 and no maximum. DER
	// leaves out the default 0; a written 0 is accepted because its meaning is
	// the same.
	if !tree.Empty() && string(tree) != "\x80\x01\x00" {
		return errors.New("a name constraint has a minimum or maximum; want neither (RFC 5280, section 4.2.1.10)")
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
	case tagDirectoryName:
		name, certain := comparableName(base)
		if !certain {
			return errors.New("a name constraint is a directory name with text that cannot be compared: TeletexString outside ASCII, control characters or an unknown type")
		}
		s.Directory = append(s.Directory, name)
	default:
		return fmt.Errorf("a name constraint is about names with the tag %d (RFC 5280, section 4.2.1.6); want DNS names, IP addresses, e-mail addresses, URIs or directory names", tag&0x1f)
	}
	return nil
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

// empty reports whether there is nothing to write.
func (s *Subtrees) empty() bool {
	return len(s.DNS)+len(s.IP)+len(s.Email)+len(s.URI) == 0
}

// append appends GeneralSubtrees without minimum and maximum (RFC 5280, section
// 4.2.1.10).
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
