package ca

import (
	"slices"
	"strings"

	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// maxSanValue is the largest number of octets in SanValue.
const maxSanValue = 64 << 10

// addSan makes the names of a client: those in the CSR, and SanValue, whose
// kind is SanType.
func (l *leaf) addSan(sanType int32, list string) error {
	l.names.all, l.names.groups[fromCSR] = l.csrNames, nameGroup{"Csr", l.csrNames}
	if list == "" {
		return nil
	}
	if len(list) > maxSanValue {
		return param.Malformed("SanValue", "the list has %d octets; up to %d are accepted", len(list), maxSanValue)
	}
	if !slices.Contains([]int32{sanEmail, sanDNS, sanURI, sanIP}, sanType) {
		return param.Malformed("SanType", "%d is not 1 (e-mail addresses), 2 (DNS names), 6 (URIs) or 7 (IP addresses)", sanType)
	}
	names := typedNames{dnsType: "SanType 2", ipType: "SanType 7"}
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		if err := names.add(sanType, entry); err != nil {
			return param.Malformed("SanValue", "%v", param.EntryError(entry, err))
		}
		if names.total() > x509der.MaxNames+1 {
			return param.Malformed("SanValue", "the list has more than %d names", x509der.MaxNames)
		}
	}
	l.names.addTyped("SanValue", &names)
	return l.checkCount("SanValue")
}
