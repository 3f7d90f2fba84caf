package param

import (
	"fmt"
	"strings"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/x509der"
)

// maxList is how many octets of a list parameter are read: enough for
// [x509der.MaxNames] names of the greatest length.
const maxList = 64 << 10

// SplitNames reads a list parameter such as SANs, Sans or Domain. Entries are
// separated by commas and trimmed; empty and repeated ones are dropped. The
// result has the canonical names in order.
func SplitNames(parameter, list string) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	if len(list) > maxList {
		return nil, Malformed(parameter, "the list has %d octets: up to %d are read", len(list), maxList)
	}
	var names []string
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		name, err := canonicalName(entry)
		if err != nil {
			return nil, Wrap(err, yuncert.ErrInvalidValueMalformed, parameter, "")
		}
		names = x509der.AppendNames(names, name)
		if len(names) > x509der.MaxNames {
			return nil, Malformed(parameter, "the list has more than %d names", x509der.MaxNames)
		}
	}
	return names, nil
}

// canonicalName is [x509der.CanonicalName] with a hint for lists that are
// separated by something else than commas.
func canonicalName(entry string) (string, error) {
	if strings.ContainsRune(entry, '、') { // idna takes it for a letter
		return "", fmt.Errorf("%.80q holds a '、': names are separated by commas", entry)
	}
	name, err := x509der.CanonicalName(entry)
	if err != nil && strings.ContainsAny(entry, ";，； \u3000\n") {
		return "", fmt.Errorf("%v; names are separated by commas", err)
	}
	return name, err
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
		names = x509der.AppendNames(append(make([]string, 0, 1+len(names)), host), names...)
	}
	if len(names) > x509der.MaxNames {
		return nil, Malformed(parameter, "with the common name the list has more than %d names", x509der.MaxNames)
	}
	return names, nil
}
