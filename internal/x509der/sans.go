package x509der

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"strings"
)

// Sans returns the documented member Sans of a certificate, a JSON array of its
// alternative names, or "" if it has none.
func Sans(cert *x509.Certificate) string {
	type san struct {
		Type  int    `json:"Type"` // the tag in a GeneralName (RFC 5280, section 4.2.1.6)
		Value string `json:"Value"`
	}
	var list []san
	for _, name := range cert.EmailAddresses {
		list = append(list, san{1, name})
	}
	for _, name := range cert.DNSNames {
		list = append(list, san{2, name})
	}
	for _, name := range cert.URIs {
		list = append(list, san{6, name.String()})
	}
	for _, name := range cert.IPAddresses {
		list = append(list, san{7, name.String()})
	}
	if len(list) == 0 {
		return ""
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // URIs have &
	enc.Encode(list)         // cannot fail with these types
	return strings.TrimSuffix(text.String(), "\n")
}
