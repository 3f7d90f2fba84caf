package x509der

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
)

// MaxNames is how many alternative names a CSR or certificate may have. The
// common name among them does not count: see [CheckCount].
const MaxNames = 250

var errNames = fmt.Errorf("there are more than %d names, not counting the common name", MaxNames)

// CheckCount refuses more than [MaxNames] names. It does not count the common
// name if that is one of names. others is the number of names of other kinds.
func CheckCount(commonName string, names []string, others int) error {
	count := len(names) + others
	if count <= MaxNames {
		return nil
	}
	host, ok := HostName(commonName)
	if ok && slices.Contains(names, host) {
		count--
	}
	if count > MaxNames {
		return errNames
	}
	return nil
}

// AppendNames appends those canonical names that list does not have yet.
func AppendNames(list []string, names ...string) []string {
	for _, name := range names {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// GeneralName tags (RFC 5280, section 4.2.1.6).
const (
	tagOtherName     = asn1.Tag(0 | 0xa0)
	tagRFC822Name    = asn1.Tag(1 | 0x80)
	tagDNSName       = asn1.Tag(2 | 0x80)
	tagX400Address   = asn1.Tag(3 | 0xa0)
	tagDirectoryName = asn1.Tag(4 | 0xa0)
	tagEDIPartyName  = asn1.Tag(5 | 0xa0)
	tagURI           = asn1.Tag(6 | 0x80)
	tagIPAddress     = asn1.Tag(7 | 0x80)
	tagRegisteredID  = asn1.Tag(8 | 0x80)
)

// appendAltNames appends the GeneralNames for canonical names, mailboxes and
// URIs.
func appendAltNames(dst []byte, names, emails []string, uris []*url.URL) []byte {
	return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
		for _, name := range names {
			if addr, ok := parseIP(name); ok {
				dst = der.Append(dst, tagIPAddress, addr.AsSlice())
			} else {
				dst = der.Append(dst, tagDNSName, name)
			}
		}
		for _, mailbox := range emails {
			dst = der.Append(dst, tagRFC822Name, mailbox)
		}
		for _, uri := range uris {
			dst = der.Append(dst, tagURI, uri.String())
		}
		return dst
	})
}

var errAltNames = errors.New("subjectAltName is not a SEQUENCE of names (RFC 5280, section 4.2.1.6)")

// parseAltNames reads GeneralNames and returns the DNS names and IP addresses
// in canonical form and in order, up to one more than [MaxNames]. It only counts
// names of other forms: a server certificate does not have them.
func parseAltNames(value []byte) (names []string, others int, err error) {
	input := cryptobyte.String(value)
	var list cryptobyte.String
	if !input.ReadASN1(&list, asn1.SEQUENCE) || !input.Empty() {
		return nil, 0, errAltNames
	}
	if list.Empty() {
		return nil, 0, errors.New("subjectAltName is empty: it needs a name, or leave the extension out (RFC 5280, section 4.2.1.6)")
	}
	names = make([]string, 0, 4)
	for !list.Empty() {
		var value cryptobyte.String
		var tag asn1.Tag
		if !list.ReadAnyASN1(&value, &tag) {
			return nil, 0, errAltNames
		}
		var name string
		switch tag {
		case tagDNSName:
			text := string(value)
			if IsIP(text) {
				return nil, 0, fmt.Errorf("subjectAltName: the dNSName %.80q is an IP address", value)
			}
			// An IA5String cannot have the U-labels that CanonicalName would
			// convert.
			if !IsASCII(text) {
				return nil, 0, errors.New("subjectAltName: a dNSName is not ASCII")
			}
			canonical, err := CanonicalName(text)
			if err != nil {
				return nil, 0, fmt.Errorf("subjectAltName: %v", err)
			}
			name = canonical
		case tagIPAddress:
			addr, ok := netip.AddrFromSlice(value)
			if !ok {
				return nil, 0, fmt.Errorf("subjectAltName: an iPAddress has %d octets; want 4 or 16", len(value))
			}
			if addr.Is4In6() {
				return nil, 0, fmt.Errorf("subjectAltName: the iPAddress %v (with 4 octets)", errMapped(addr))
			}
			name = addr.String()
		case tagOtherName, tagRFC822Name, tagX400Address, tagDirectoryName, tagEDIPartyName, tagURI, tagRegisteredID:
			others++
			continue
		default:
			return nil, 0, errors.New("subjectAltName has an entry that is not a GeneralName (RFC 5280, section 4.2.1.6)")
		}
		names = AppendNames(names, name)
		if len(names) > MaxNames+1 {
			return nil, 0, errNames
		}
	}
	return names, others, nil
}

// AltNames returns the DNS names and IP addresses of a certificate in canonical
// form and in order, and the Extension subjectAltName with all its octets. Both
// are nil without alternative names. It refuses names that are not DNS names, IP
// addresses, e-mail addresses or URIs, and more than one over [MaxNames].
func AltNames(cert *x509.Certificate) (names []string, extension []byte, err error) {
	for _, e := range cert.Extensions {
		if !isExtension(e, extAltName) {
			continue
		}
		for count, name := range encodedNames(e.Value) {
			switch asn1.Tag(name[0]) {
			case tagRFC822Name, tagDNSName, tagURI, tagIPAddress:
			default:
				return nil, nil, fmt.Errorf("alternative name %d is not a dNSName, iPAddress, rfc822Name or uniformResourceIdentifier", count+1)
			}
			if count > MaxNames {
				return nil, nil, errNames
			}
		}
		names, _, err = parseAltNames(e.Value)
		if err != nil {
			return nil, nil, err
		}
		extension = appendExtension(nil, extAltName, e.Critical, func(dst []byte) []byte { return append(dst, e.Value...) })
	}
	return names, extension, nil
}

// SameAltNames reports whether two certificates have the same alternative names,
// octet by octet, in any order.
func SameAltNames(a, b *x509.Certificate) bool {
	sorted := func(cert *x509.Certificate) []string {
		names := encodedNames(extensionOf(cert, extAltName))
		slices.Sort(names)
		return slices.Compact(names)
	}
	return slices.Equal(sorted(a), sorted(b))
}

// encodedNames returns the DER GeneralNames of the extension subjectAltName.
func encodedNames(value []byte) (names []string) {
	list := cryptobyte.String(value)
	list.ReadASN1(&list, asn1.SEQUENCE)
	var name cryptobyte.String
	var tag asn1.Tag
	for list.ReadAnyASN1Element(&name, &tag) {
		names = append(names, string(name))
	}
	return names
}
