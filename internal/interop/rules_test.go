package interop

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A rule is a reason for which csr.Parse refuses a CSR. An error belongs to the rule
// if its message contains all phrases.
type rule struct {
	name    string
	lax     string // implementations that do not have the rule, as in judge.name
	phrases []string
}

// parseRules are the rules of csr.Parse that these tests meet. Each has one
// message, which TestParseRules checks. The tests depend on no other words of these
// messages: if you change a message, change this table. If a message has an RFC
// section, the phrases are the section and one or two words.
var parseRules = []rule{
	{"wrong signature", "", []string{"signature does not match"}},

	// RFC 2986 and RFC 5280 to the letter. Others read only the parts that they need.
	{"version 0", "crypto/x509 openssl", []string{"version", "RFC 2986, section 4.1"}},
	{"attributes syntax", "crypto/x509 openssl", []string{"attributes", "RFC 2986, section 4.1"}},
	{"attribute syntax", "crypto/x509 openssl", []string{"attribute ", "SET of values", "RFC 2986, section 4.1"}},
	{"one extensionRequest value", "crypto/x509 openssl", []string{"extensionRequest", "RFC 2985, section 5.4.2"}},
	{"extensions syntax", "crypto/x509 openssl", []string{"requested extensions", "RFC 5280, section 4.1)"}},
	{"extension syntax", "crypto/x509 openssl", []string{"a requested extension ", "RFC 5280, section 4.1)"}},
	{"name is a list of SETs", "crypto/x509 openssl", []string{" SET ", "RFC 5280, section 4.1.2.4"}},
	{"name has pairs", "crypto/x509 openssl", []string{"type and value", "RFC 5280, section 4.1.2.4"}},
	{"subjectAltName syntax", "crypto/x509 openssl", []string{"SEQUENCE", "RFC 5280, section 4.2.1.6"}},
	{"subjectAltName has names", "crypto/x509 openssl", []string{"subjectAltName is empty"}},
	{"subjectAltName has GeneralNames", "crypto/x509 openssl", []string{"GeneralName", "RFC 5280, section 4.2.1.6"}},
	{"key syntax", "crypto/x509 openssl", []string{"not a SubjectPublicKeyInfo"}},
	{"key algorithm", "crypto/x509 openssl", []string{"key's algorithm is not supported: ", "rsaEncryption"}},
	{"key curve", "crypto/x509 openssl", []string{"key's curve", "a certificate names the curve"}},
	{"signature algorithm", "crypto/x509 openssl", []string{"is not supported; want SHA-256"}},

	// Content that could be read in two ways.
	{"duplicate attribute", "crypto/x509 openssl", []string{"it has the attribute ", " twice"}},
	{"duplicate value", "crypto/x509 openssl", []string{"the attribute ", "value twice"}},
	{"duplicate extension", "crypto/x509 openssl", []string{"the extension ", "requested twice"}},
	{"one common name", "crypto/x509 openssl", []string{"common names"}},
	{"string type", "crypto/x509 openssl", []string{"string type"}},
	{"PrintableString content", "crypto/x509 openssl", []string{"PrintableString has"}},
	{"IA5String content", "crypto/x509 openssl", []string{"ASCII string has"}},
	{"NumericString content", "crypto/x509 openssl", []string{"NumericString has"}},
	{"control characters", "crypto/x509 openssl", []string{"control characters are not allowed"}},
	{"BMPString control characters", "crypto/x509 openssl", []string{"control characters and surrogates"}},
	{"direction marks", "crypto/x509 openssl", []string{"direction marks"}},
	{"outer spaces", "crypto/x509 openssl", []string{"begins or ends with a space"}},
	{"text length", "crypto/x509 openssl", []string{"X.520"}},
	{"name form", "crypto/x509 openssl", []string{"a DNS name", "an IP address"}},
	{"common name spelling", "crypto/x509 openssl", []string{"reads like the host name"}},
	{"IPv4 address mapped into IPv6", "crypto/x509 openssl", []string{"mapped into IPv6"}},
	{"common name wildcard", "crypto/x509 openssl", []string{"left-most label of a DNS name"}},
	{"dNSName is ASCII", "crypto/x509 openssl", []string{"dNSName", "ASCII"}},
	{"dNSName is not an IP address", "crypto/x509 openssl", []string{"dNSName", "an IP address"}},
	{"iPAddress length", "crypto/x509 openssl", []string{"an iPAddress"}},

	// openssl reads one BER element and ignores the rest.
	{"trailing data", "openssl", []string{"trailing data"}},
	{"DER", "openssl", []string{"DER CertificationRequest"}},
}

// Each rule has exactly one of the messages that csr.Parse can return, so that a
// verdict is not excused by another rule than its own.
func TestParseRules(t *testing.T) {
	t.Parallel()
	messages := make(map[string]bool)
	for _, folder := range []string{"algorithm", "internal/der", "internal/param", "internal/x509der"} {
		files, err := filepath.Glob(filepath.Join("../..", folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				literal, ok := n.(*ast.BasicLit)
				if ok && literal.Kind == token.STRING {
					text, _ := strconv.Unquote(literal.Value) // the parser checked it
					messages[text] = true
				}
				return true
			})
		}
	}
	for _, r := range parseRules {
		var list []string
		for message := range messages {
			if r.matches(message) {
				list = append(list, message)
			}
		}
		if len(list) != 1 {
			t.Errorf("%s: %d messages match, want 1: %q", r.name, len(list), list)
		}
	}
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
