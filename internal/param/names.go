package param

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/x509der"
)

// maxList is how many octets of a list parameter are read: enough for
// [x509der.MaxNames] names of the greatest length and the common name.
const maxList = 64 << 10

// SplitNames reads a list parameter such as SANs, Sans or Domain. Entries are
// separated by commas and trimmed; empty and repeated ones are dropped. The
// result has the canonical names in order. They can be one more than
// [x509der.MaxNames]: call [x509der.CheckCount] with the common name.
func SplitNames(parameter, list string) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	if len(list) > maxList {
		return nil, Malformed(parameter, "the list has %d octets: up to %d are read", len(list), maxList)
	}
	names := make([]string, 0, min(2+strings.Count(list, ","), x509der.MaxNames+1))
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		name, err := CanonicalName(entry)
		if err != nil {
			return nil, Wrap(EntryError(entry, err), yuncert.ErrInvalidValueMalformed, parameter, "")
		}
		names = x509der.AppendNames(names, name)
		if len(names) > x509der.MaxNames+1 {
			return nil, Malformed(parameter, "the list has more than %d names", x509der.MaxNames)
		}
	}
	return names, nil
}

// CanonicalName is [x509der.CanonicalName] for an entry of a list. It refuses the
// enumeration comma, which idna takes for a letter.
func CanonicalName(entry string) (string, error) {
	if strings.Contains(entry, "、") {
		return "", fmt.Errorf("%.80q is not one name", entry)
	}
	return x509der.CanonicalName(entry)
}

// EntryError returns the error for an entry of a list that is refused. It adds
// advice to err if the list may have another separator than the comma.
func EntryError(entry string, err error) error {
	at := strings.IndexAny(entry, "、，；; \u3000\n")
	if at < 0 {
		return err
	}
	separator, _ := utf8.DecodeRuneInString(entry[at:])
	return fmt.Errorf("%v; it has the character %q (%U): separate names with the ASCII comma \",\" (U+002C)", err, separator, separator)
}

// Names reads a list parameter and puts the common name first if it is a DNS
// name or an IP address.
func Names(parameter, list, commonName string) ([]string, error) {
	names, err := SplitNames(parameter, list)
	if err != nil {
		return nil, err
	}
	host, ok := x509der.HostName(commonName)
	if ok {
		names = slices.DeleteFunc(names, func(name string) bool { return name == host })
		names = slices.Insert(names, 0, host)
	}
	err = x509der.CheckCount(commonName, names, 0)
	if err != nil {
		return nil, Malformed(parameter, "%v", err)
	}
	return names, nil
}
