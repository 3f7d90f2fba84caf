package x509der

import "strings"

// DistinguishedName formats a subject in the order of the vendor's examples,
// C=…,O=…,OU=…,L=…,ST=…,CN=…, with the escapes of RFC 4514, section 2.4. Other
// attributes are left out.
func DistinguishedName(name Name) string {
	var parts []string
	for _, part := range []struct{ label, attributeType string }{
		{"C", Country}, {"O", Organization}, {"OU", OrganizationalUnit}, {"L", Locality}, {"ST", State}, {"CN", CommonName},
	} {
		for _, a := range Name(nil).AppendOnly(name, part.attributeType) {
			parts = append(parts, part.label+"="+escapeDN(a.String()))
		}
	}
	return strings.Join(parts, ",")
}

// escapeDN escapes an attribute value (RFC 4514, section 2.4).
func escapeDN(value string) string {
	value = specialInDN.Replace(value)
	if strings.HasSuffix(value, " ") {
		value = value[:len(value)-1] + `\ `
	}
	if strings.HasPrefix(value, " ") || strings.HasPrefix(value, "#") {
		value = `\` + value
	}
	return value
}

var specialInDN = strings.NewReplacer(`\`, `\\`, ",", `\,`, "+", `\+`, `"`, `\"`, "<", `\<`, ">", `\>`, ";", `\;`)
