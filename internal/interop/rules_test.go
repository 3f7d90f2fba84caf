package interop

import "strings"

// A rule is a reason for which csr.Parse refuses a CSR. An error belongs to the rule
// if its message contains all phrases.
type rule struct {
	name    string
	lax     string // implementations that do not have the rule, as in judge.name
	phrases []string
}

// parseRules are the rules of csr.Parse that these tests meet. The tests depend on no
// other words of its messages: if you change a message, change this table. If a message
// has an RFC section, the phrases are the section and one word.
var parseRules = []rule{
	{"wrong signature", "", []string{"signature does not belong"}},

	// RFC 2986 and RFC 5280 to the letter. Others read only the parts that they need.
	{"version 0", "crypto/x509 openssl", []string{"version", "RFC 2986, section 4.1"}},
	{"attribute syntax", "crypto/x509 openssl", []string{"attribute", "RFC 2986, section 4.1"}},
	{"one extensionRequest value", "crypto/x509 openssl", []string{"extensionRequest", "RFC 2985, section 5.4.2"}},
	{"extension syntax", "crypto/x509 openssl", []string{"extension", "RFC 5280, section 4.1)"}},
	{"name is a list of SETs", "crypto/x509 openssl", []string{" SET ", "RFC 5280, section 4.1.2.4"}},
	{"name has pairs", "crypto/x509 openssl", []string{"type and value", "RFC 5280, section 4.1.2.4"}},
	{"subjectAltName syntax", "crypto/x509 openssl", []string{"subjectAltName", "RFC 5280, section 4.2.1.6"}},
	{"key syntax", "crypto/x509 openssl", []string{"SubjectPublicKeyInfo"}},
	{"key algorithm", "crypto/x509 openssl", []string{"key's algorithm"}},
	{"key curve", "crypto/x509 openssl", []string{"key's curve"}},
	{"signature algorithm", "crypto/x509 openssl", []string{"signature algorithm"}},

	// Content that could be read in two ways.
	{"duplicate attribute", "crypto/x509 openssl", []string{"the attribute ", "twice"}},
	{"duplicate value", "crypto/x509 openssl", []string{"value", "twice"}},
	{"duplicate extension", "crypto/x509 openssl", []string{"the extension ", "twice"}},
	{"one common name", "crypto/x509 openssl", []string{"common names"}},
	{"string type", "crypto/x509 openssl", []string{"string type"}},
	{"string content", "crypto/x509 openssl", []string{"holds the octet"}},
	{"control characters", "crypto/x509 openssl", []string{"control characters"}},
	{"outer spaces", "crypto/x509 openssl", []string{"begins or ends with a space"}},
	{"text length", "crypto/x509 openssl", []string{"X.520"}},
	{"name form", "crypto/x509 openssl", []string{"a DNS name", "an IP address"}},
	{"wildcard", "crypto/x509 openssl", []string{"a wildcard "}},
	{"dNSName is ASCII", "crypto/x509 openssl", []string{"dNSName", "ASCII"}},
	{"dNSName is not an IP address", "crypto/x509 openssl", []string{"dNSName", "an IP address"}},
	{"iPAddress length", "crypto/x509 openssl", []string{"iPAddress"}},

	// openssl reads one BER element and ignores the rest.
	{"trailing data", "openssl", []string{"trailing data"}},
	{"DER", "openssl", []string{"DER CertificationRequest"}},
}

func (r rule) matches(message string) bool {
	for _, phrase := range r.phrases {
		if !strings.Contains(message, phrase) {
			return false
		}
	}
	return true
}

// parseRule returns the rule with the name.
func parseRule(name string) rule {
	for _, r := range parseRules {
		if r.name == name {
			return r
		}
	}
	panic("parseRules has no rule " + name)
}

// laxRules returns the rules that an implementation does not have.
func laxRules(implementation string) (list []rule) {
	for _, r := range parseRules {
		if strings.Contains(r.lax, implementation) {
			list = append(list, r)
		}
	}
	return list
}
