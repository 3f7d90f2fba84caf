package x509der

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// IsIP reports whether a canonical name is an IP address and not a DNS name. A
// DNS name has no colon, and its last label is not a number.
func IsIP(name string) bool {
	_, ok := parseIP(name)
	return ok
}

// parseIP reads an IP address. It knows most DNS names by their last character:
// for those, netip would allocate an error.
func parseIP(name string) (netip.Addr, bool) {
	if name == "" || !strings.Contains(name, ":") && (name[len(name)-1] < '0' || name[len(name)-1] > '9') {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(name)
	return addr, err == nil
}

// CanonicalName returns a DNS name or IP address in the form that certificates
// have: a DNS name in lower case, an internationalised one as A-labels (RFC
// 5890), an address as netip prints it. It refuses an IPv4 address that is
// mapped into IPv6: some clients read it as the IPv4 address and some do not. A
// wildcard is the whole left-most label (RFC 6125, section 6.4.3) and has at
// least two more labels after it.
func CanonicalName(entry string) (string, error) { return canonicalName(entry, false) }

// ReferenceName is CanonicalName for a host that a client looks for in a
// certificate (RFC 9525, section 6.3). Its labels may have underscores too:
// certificates of other CAs do, and DNS does not forbid them.
func ReferenceName(host string) (string, error) { return canonicalName(host, true) }

func canonicalName(entry string, underscores bool) (string, error) {
	// This comes first because the time of idna grows with the square of a label.
	if len(entry) > 253 && utf8.RuneCountInString(entry) > 253 {
		return "", fmt.Errorf("%.80q is longer than 253 octets (RFC 1035, section 2.3.4)", entry)
	}
	if addr, ok := parseIP(entry); ok {
		if addr.Zone() != "" {
			return "", fmt.Errorf("%.80q is an IP address with a zone, which certificates do not have", entry)
		}
		if addr.Is4In6() {
			return "", errMapped(addr)
		}
		return addr.String(), nil
	}
	name, err := canonicalDNS(entry, underscores)
	if err != nil {
		return "", fmt.Errorf("%.80q is not a DNS name or an IP address: %v", entry, err)
	}
	return name, nil
}

func errMapped(addr netip.Addr) error {
	return fmt.Errorf("%s is an IPv4 address mapped into IPv6: write %s", addr, addr.Unmap())
}

// dots replaces what other scripts write between labels (RFC 3490, section
// 3.1).
var dots = strings.NewReplacer("。", ".", "．", ".", "｡", ".")

func canonicalDNS(entry string, underscores bool) (string, error) {
	host, wildcard := strings.CutPrefix(entry, "*.")
	if !IsASCII(host) {
		// Each label is converted by itself. For the whole name, idna would
		// apply its rules for labels of other scripts to ASCII labels too.
		list := strings.Split(dots.Replace(host), ".")
		for i, label := range list {
			if IsASCII(label) {
				continue
			}
			converted, err := idna.Lookup.ToASCII(label)
			if err != nil {
				return "", errors.New("it is not a valid internationalised name (RFC 5891)")
			}
			list[i] = converted
		}
		host = strings.Join(list, ".")
	}
	host = strings.ToLower(host)
	labels, last, rest, more := 0, "", host, true
	for more {
		last, rest, more = strings.Cut(rest, ".")
		if last == "" && !more && labels > 0 {
			return "", errors.New("it ends with a dot, which certificates do not have: leave the dot out")
		}
		label := last
		if underscores {
			label = strings.ReplaceAll(last, "_", "a")
		}
		if err := checkLabel(label); err != nil {
			return "", err
		}
		labels++
	}
	if isDigits(last) {
		return "", errors.New("its last label has only digits, as in an IPv4 address (RFC 1123, section 2.1)")
	}
	digits, hexadecimal := strings.CutPrefix(last, "0x")
	if hexadecimal && strings.Trim(digits, "0123456789abcdef") == "" {
		return "", errors.New("its last label is a hexadecimal number, as in an IPv4 address (URL Standard, \"ends in a number\")")
	}
	if wildcard {
		if labels < 2 {
			return "", errors.New("a wildcard needs two more labels after it")
		}
		host = "*." + host
	}
	if len(host) > 253 {
		return "", errors.New("it is longer than 253 octets (RFC 1035, section 2.3.4)")
	}
	return host, nil
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// checkLabel checks that a label has only letters, digits and inner hyphens
// (the preferred name syntax of RFC 5280, section 4.2.1.6), and that an A-label
// is valid.
func checkLabel(label string) error {
	switch {
	case label == "":
		return errors.New("it has an empty label: a dot needs a label on both sides")
	case len(label) > 63:
		return errors.New("it has a label longer than 63 octets (RFC 1035, section 2.3.4)")
	case label[0] == '-' || label[len(label)-1] == '-':
		return errors.New("it has a label that begins or ends with a hyphen")
	}
	for i := range len(label) {
		c := label[i]
		switch {
		case isLetter(c) || '0' <= c && c <= '9' || c == '-':
		case c == '*':
			return errors.New("a wildcard is only allowed as the whole left-most label")
		default:
			return fmt.Errorf("a label may have letters, digits and hyphens, not %q", c)
		}
	}
	if strings.HasPrefix(label, "xn--") {
		unicodeLabel, err := idna.Lookup.ToUnicode(label)
		if err != nil {
			return errors.New("it has an A-label that is not valid punycode (RFC 5891)")
		}
		again, err := idna.Lookup.ToASCII(unicodeLabel)
		if err != nil || again != label || unicodeLabel == label {
			return errors.New("it has an A-label that is not the encoding of its text (RFC 5891)")
		}
	}
	return nil
}

// HostName returns the canonical form of a common name that is a DNS name or an
// IP address. Text in another script needs a dot to be a DNS name: without one
// it is more likely the name of a person or a company.
func HostName(commonName string) (name string, ok bool) {
	if !IsASCII(commonName) && !strings.Contains(commonName, ".") {
		return "", false
	}
	name, err := CanonicalName(commonName)
	return name, err == nil
}

// plainHost returns a common name as a person or a lenient client may read it:
// without invisible characters and the dot at the end, and with full-width and
// similar letters as the plain ones.
func plainHost(commonName string) string {
	return strings.TrimRight(dots.Replace(prepared(commonName)), ".")
}

// checkCommonName refuses a common name that reads like a host name and is
// spelled in another way. The alternative name would have the plain spelling, and
// the subject the other one. Characters that IDNA maps or ignores are not allowed
// in host names (RFC 5892).
func checkCommonName(text string) error {
	addr, ok := parseIP(text)
	if ok && addr.Is4In6() {
		return errMapped(addr)
	}
	if strings.Contains(text, "*") {
		// A client that still compares host names with the CN must not find a
		// pattern there that is not allowed in the alternative names.
		_, err := CanonicalName(text)
		if err != nil {
			return errors.New("a wildcard is only allowed as the whole left-most label of a DNS name, with two more labels after it")
		}
	}
	if IsASCII(text) {
		return nil
	}
	plain := plainHost(text)
	read, isHost := HostName(plain)
	if !isHost || !strings.ContainsAny(plain, ".:") {
		return nil
	}
	name, ok := HostName(text)
	if !ok || !isSpelled(text, name) {
		return fmt.Errorf("the text reads like the host name %.80q but has other characters (RFC 5892): write that name", read)
	}
	return nil
}

// isSpelled reports whether text is a canonical DNS name, apart from letter case
// and A-labels that are written as U-labels.
func isSpelled(text, name string) bool {
	return slices.EqualFunc(strings.Split(text, "."), strings.Split(name, "."), func(label, canonical string) bool {
		if strings.ToLower(label) == canonical {
			return IsASCII(label) // not the Kelvin sign, whose lower case is k
		}
		unicodeLabel, err := idna.Lookup.ToUnicode(canonical)
		return err == nil && slices.EqualFunc([]rune(label), []rune(unicodeLabel), sameLetter)
	})
}

// sameLetter reports whether two characters differ only in case. Characters that
// have the same lower case, such as k and the Kelvin sign, are different.
func sameLetter(a, b rune) bool {
	return unicode.ToLower(a) == unicode.ToLower(b) && unicode.ToUpper(a) == unicode.ToUpper(b)
}
