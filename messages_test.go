package yuncert_test

import (
	"crypto"
	"crypto/x509"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// A message is one row of the tables below: an input that is refused, the
// parameter, and words of the message. They say what was found, what is accepted,
// and what to do.
type message struct {
	name      string
	call      func(t *testing.T) error
	code      yuncert.Code
	parameter string
	words     []string
}

// Each input that users got wrong has a message that helps.
func TestMessages(t *testing.T) {
	t.Parallel()
	for _, table := range [][]message{csrMessages, parameterMessages, constraintMessages} {
		for _, tt := range table {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				testutil.CheckError(t, tt.call(t), tt.code, tt.parameter, tt.words...)
			})
		}
	}
}

// messageTime is when the calls happen.
var messageTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// messageIssuer is a subordinate CA that may only certify example.com.
var messageIssuer = sync.OnceValues(func() (*ca.Issuer, error) {
	const a = algorithm.ECC_256
	rand := testutil.Seeded()
	root, err := ca.CreateRootCACertificate(rand, messageTime, testkeys.Key(a, 0), &ca.CreateRootCACertificateRequest{
		CommonName: "Root", Organization: "Example", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", Years: 10,
	})
	if err != nil {
		return nil, err
	}
	parent, err := ca.NewIssuer(root.CertificateChain, testkeys.Key(a, 0), ca.IssuerOptions{})
	if err != nil {
		return nil, err
	}
	sub, err := ca.CreateSubCACertificate(rand, messageTime, parent, testkeys.Key(a, 1).Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Sub", Organization: "Example", OrganizationUnit: "PKI", Locality: "Hangzhou", State: "Zhejiang", Algorithm: string(a), Years: 5,
		NameConstraints: &ca.NameConstraints{PermittedDNSDomains: []string{"example.com"}},
	})
	if err != nil {
		return nil, err
	}
	return ca.NewIssuer(sub.CertificateChain, testkeys.Key(a, 1), ca.IssuerOptions{})
})

func issuerForMessages(t *testing.T) *ca.Issuer {
	t.Helper()
	issuer, err := messageIssuer()
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

// signedCSR returns a CSR in PEM with that subject and those attributes.
func signedCSR(t *testing.T, subject []byte, attributes ...[]byte) string {
	t.Helper()
	key := testkeys.Key(algorithm.ECC_256, 2)
	info := asn.Seq(asn.TLV(asn1.INTEGER, []byte{0}), subject, testkeys.PublicDER(t, key.Public()), asn.Explicit(0, attributes...))
	signature, err := key.SignMessage(nil, info, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return testutil.EncodePEM("CERTIFICATE REQUEST", asn.Seq(info, asn.ECDSAWithSHA256, asn.Bits(signature)))
}

// commonName is a subject that has only a common name.
func commonName(text string) []byte { return asn.Name(asn.UTF8(asn.OIDCommonName, text)) }

// altNames is an extensionRequest with those GeneralNames.
func altNames(names ...[]byte) []byte {
	return asn.ExtensionRequest(asn.Extension(asn.OIDAltName, false, asn.Seq(names...)))
}

// parsed parses a CSR with that subject and those attributes.
func parsed(subject []byte, attributes ...[]byte) func(t *testing.T) error {
	return func(t *testing.T) error {
		_, err := csr.Parse([]byte(signedCSR(t, subject, attributes...)))
		return err
	}
}

// server asks for a server certificate for a CSR with that subject.
func server(subject []byte, change func(*ca.CreateServerCertificateWithCsrRequest)) func(t *testing.T) error {
	return func(t *testing.T) error {
		issuer := issuerForMessages(t)
		req := &ca.CreateServerCertificateWithCsrRequest{Csr: signedCSR(t, subject), ParentIdentifier: issuer.Identifier(), Days: 90}
		if change != nil {
			change(req)
		}
		_, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), messageTime, issuer, req)
		return err
	}
}

// client asks for a client certificate and its key.
func client(commonName string, sanType int32, sanValue string) func(t *testing.T) error {
	return func(t *testing.T) error {
		issuer := issuerForMessages(t)
		_, _, _, err := ca.CreateClientCertificate(testutil.Seeded(), messageTime, issuer, &ca.CreateClientCertificateRequest{
			CommonName: commonName, SanType: sanType, SanValue: sanValue, Algorithm: "ECC_256", ParentIdentifier: issuer.Identifier(), Days: 90,
		})
		return err
	}
}

// custom asks for a custom certificate for a server named www.example.com.
func custom(change func(*ca.CustomPassthrough)) func(t *testing.T) error {
	return func(t *testing.T) error {
		issuer := issuerForMessages(t)
		req := &ca.CreateCustomCertificateRequest{ParentIdentifier: issuer.Identifier(), Csr: signedCSR(t, commonName("www.example.com")), Validity: "90d"}
		req.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"serverAuth"}
		change(&req.ApiPassthrough)
		_, _, err := ca.CreateCustomCertificate(testutil.Seeded(), messageTime, issuer, req)
		return err
	}
}

// created asks for a CSR.
func created(change func(*csr.CreateCsrRequest)) func(t *testing.T) error {
	return func(t *testing.T) error {
		req := &csr.CreateCsrRequest{
			Algorithm: "ECC", KeySize: 256, CommonName: "www.example.com", CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
		}
		change(req)
		return req.Validate()
	}
}

const (
	malformed = yuncert.ErrInvalidValueMalformed
	refused   = yuncert.ErrInvalidParameter
)

// csrMessages are about the content of a CSR.
var csrMessages = []message{
	{"empty subjectAltName", parsed(commonName("www.example.com"), altNames()), malformed, "Csr",
		[]string{"subjectAltName is empty", "it needs a name, or leave the extension out"}},
	{"attribute without values", parsed(commonName("www.example.com"), altNames(asn.DNSName("www.example.com")), asn.RequestAttribute(asn.OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"))), malformed, "Csr",
		[]string{"attribute 2 (1.2.840.113549.1.9.7) is malformed", "want a type and a SET of values"}},
	{"attribute without type", parsed(commonName("www.example.com"), asn.Seq(asn.Null)), malformed, "Csr",
		[]string{"attribute 1 is malformed"}},
	{"subject attribute with a line break", parsed(asn.Name(asn.UTF8(asn.OIDOrganization, "a\nb"))), malformed, "Csr",
		[]string{"the attribute O of the name", "U+000A", "control characters are not allowed"}},
	{"subject attribute without a short name", parsed(asn.Name(asn.Attribute(asn.OIDSerialNumber, 28, "\x00\x00\x00a"))), malformed, "Csr",
		[]string{"the attribute 2.5.4.5 of the name", "the string type with tag 28 is not supported"}},
	{"subject attribute that is not a pair", parsed(asn.Seq(asn.Set(asn.Seq(asn.OIDCommonName)))), malformed, "Csr",
		[]string{"attribute 1 of the name is not a pair of type and value"}},
	{"two common names", parsed(asn.Name(asn.UTF8(asn.OIDCommonName, "a.example.com"), asn.UTF8(asn.OIDCommonName, ""))), malformed, "Csr",
		[]string{"2 common names", "one is allowed", "the others belong in subjectAltName"}},
	{"a dot at the end of a name", parsed(commonName("www.example.com"), altNames(asn.DNSName("www.example.com."))), malformed, "Csr",
		[]string{`"www.example.com."`, "ends with a dot", "leave the dot out"}},
	{"an IPv4 address mapped into IPv6", parsed(commonName("www.example.com"), altNames(asn.IPAddress(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1))), malformed, "Csr",
		[]string{"::ffff:192.0.2.1 is an IPv4 address mapped into IPv6", "write 192.0.2.1 (with 4 octets)"}},
	{"a common name in full-width letters", parsed(commonName("ｗｗｗ.example.com")), malformed, "Csr",
		[]string{"ｗｗｗ.example.com", `reads like the host name "www.example.com"`, "write that name"}},
	{"a common name with a soft hyphen", parsed(commonName("exam\u00adple.com")), malformed, "Csr",
		[]string{"U+00AD", "invisible characters"}},
	{"251 names", func(t *testing.T) error {
		var names [][]byte
		for _, name := range testutil.NumberedNames(251) {
			names = append(names, asn.DNSName(name))
		}
		return parsed(commonName("www.example.com"), altNames(names...))(t)
	}, malformed, "Csr", []string{"more than 250 names, not counting the common name"}},
	{"the country of keytool", server(asn.Name(asn.Printable(asn.OIDCountry, "Unknown"), asn.UTF8(asn.OIDCommonName, "www.example.com")), nil), malformed, "Csr",
		[]string{`C="Unknown"`, "two letters such as CN", "keytool writes Unknown", "the parameter Country can replace it"}},
	{"a country of three letters", server(asn.Name(asn.Printable(asn.OIDCountry, "CHN"), asn.UTF8(asn.OIDCommonName, "www.example.com")), nil), malformed, "Csr",
		[]string{`C="CHN"`, "two letters such as CN", "the parameter Country can replace it"}},
	{"a long organization", server(asn.Name(asn.UTF8(asn.OIDOrganization, testutil.Chinese(65)), asn.UTF8(asn.OIDCommonName, "www.example.com")), nil), malformed, "Csr",
		[]string{"65 characters", "up to 64 are allowed", "the parameter Organization can replace it"}},
	{"two organizations", server(asn.Name(asn.UTF8(asn.OIDOrganization, "A"), asn.UTF8(asn.OIDOrganization, "B"), asn.UTF8(asn.OIDCommonName, "www.example.com")), nil), malformed, "Csr",
		[]string{"2 attributes O", "up to 1 are accepted", "the parameter Organization can replace them"}},
	{"an empty subject", server(asn.Name(), nil), refused, "Csr",
		[]string{"the CSR has no common name, DNS name or IP address", "set CommonName or Domain"}},
	{"a common name that is not a host", server(commonName("Tom Li"), nil), refused, "Csr",
		[]string{`"Tom Li" is not a DNS name or an IP address`, "no other name", "set Domain"}},
	{"a common name with a dot at the end", server(commonName("www.example.com."), nil), refused, "Csr",
		[]string{`"www.example.com."`, "ends with a dot", "leave the dot out", "set Domain"}},
	{"a common name of a company", server(commonName("例子公司"), nil), refused, "Csr",
		[]string{`"例子公司" is not a DNS name with a dot`, "set Domain"}},
}

// parameterMessages are about other parameters.
var parameterMessages = []message{
	{"Algorithm of another operation", created(func(r *csr.CreateCsrRequest) { r.Algorithm, r.KeySize = "RSA_2048", 2048 }), malformed, "Algorithm",
		[]string{`"RSA_2048" is not RSA, ECC or SM2`, "the length of the key is separate, in KeySize"}},
	{"KeySize of no family", created(func(r *csr.CreateCsrRequest) { r.KeySize = 520 }), malformed, "KeySize",
		[]string{"520 is not 2048, 3072 or 4096 for RSA, or 256 for ECC and SM2", "CreateCsrWithKey also takes 384 and 521 for ECC"}},
	{"KeySize of another family", created(func(r *csr.CreateCsrRequest) { r.KeySize = 2048 }), malformed, "KeySize",
		[]string{"2048 is not 256, the length for ECC", "CreateCsrWithKey also takes 384 and 521"}},
	{"CountryCode of three letters", created(func(r *csr.CreateCsrRequest) { r.CountryCode = "CHN" }), malformed, "CountryCode",
		[]string{"CountryCode must be 2 characters."}}, // the documented message
	{"Sans with a full-width comma", created(func(r *csr.CreateCsrRequest) { r.Sans = "a.example.com，b.example.com" }), malformed, "Sans",
		[]string{"a.example.com，b.example.com", "'，' (U+FF0C)", `separate names with the ASCII comma "," (U+002C)`}},
	{"Sans with an enumeration comma", created(func(r *csr.CreateCsrRequest) { r.Sans = "a.example.com、b.example.com" }), malformed, "Sans",
		[]string{"'、' (U+3001)", "separate names with the ASCII comma"}},
	{"Sans with a dot at the end", created(func(r *csr.CreateCsrRequest) { r.Sans = "example.com." }), malformed, "Sans",
		[]string{`"example.com."`, "ends with a dot", "leave the dot out"}},
	{"Sans with a mapped address", created(func(r *csr.CreateCsrRequest) { r.Sans = "::ffff:192.0.2.1" }), malformed, "Sans",
		[]string{"::ffff:192.0.2.1 is an IPv4 address mapped into IPv6", "write 192.0.2.1"}},
	{"251 names in Sans", created(func(r *csr.CreateCsrRequest) { r.Sans = strings.Join(testutil.NumberedNames(251), ",") }), malformed, "Sans",
		[]string{"more than 250 names, not counting the common name"}},
	{"CommonName with a space without width", created(func(r *csr.CreateCsrRequest) { r.CommonName = "www\u200b.example.com" }), malformed, "CommonName",
		[]string{`"www\u200b.example.com"`, "U+200B", "invisible characters"}},
	{"CommonName in full-width letters", created(func(r *csr.CreateCsrRequest) { r.CommonName = "例子。公司" }), malformed, "CommonName",
		[]string{`"例子。公司"`, `reads like the host name "xn--fsqu00a.xn--55qx5d"`, "write that name"}},
	{"Domain with a full-width comma", server(commonName("www.example.com"), func(r *ca.CreateServerCertificateWithCsrRequest) { r.Domain = "a.example.com，b.example.com" }), malformed, "Domain",
		[]string{"'，' (U+FF0C)", "separate names with the ASCII comma"}},
	{"SanValue with a full-width comma", client("Tom", 2, "a.example.com，b.example.com"), malformed, "SanValue",
		[]string{"'，' (U+FF0C)", "separate names with the ASCII comma"}},
	{"SanValue with an address as a DNS name", client("Tom", 2, "192.0.2.1"), malformed, "SanValue",
		[]string{`"192.0.2.1" is an IP address`, "use SanType 7"}},
	{"SanValue with a DNS name as an address", client("Tom", 7, "www.example.com"), malformed, "SanValue",
		[]string{`"www.example.com" is not an IP address`, "use SanType 2 for a DNS name"}},
	{"SanValue with mailboxes and a full-width comma", client("Tom", 1, "a@example.com，b@example.com"), malformed, "SanValue",
		[]string{"'，' (U+FF0C)", "separate names with the ASCII comma"}},
	{"SanValue with a mapped address", client("Tom", 7, "::ffff:192.0.2.1"), malformed, "SanValue",
		[]string{"mapped into IPv6", "write 192.0.2.1"}},
	{"SanValue with a URI of a mapped address", client("Tom", 6, "https://[::ffff:192.0.2.1]/"), malformed, "SanValue",
		[]string{`the host of the URI "https://[::ffff:192.0.2.1]/"`, "write 192.0.2.1"}},
	{"SanValue with a URI of a wildcard", client("Tom", 6, "https://*.example.com/"), malformed, "SanValue",
		[]string{`the host of the URI "https://*.example.com/" is a wildcard`, "want a DNS name or an IP address"}},
	{"a custom name of the wrong type", custom(func(p *ca.CustomPassthrough) {
		p.Extensions.SubjectAlternativeNames = []ca.SubjectAlternativeName{{Type: "dNSName", Value: "192.0.2.1"}}
	}), malformed, "ApiPassthrough.Extensions.SubjectAlternativeNames.1.Value", []string{`"192.0.2.1" is an IP address: use the Type iPAddress`}},
	{"a custom key usage that an ECC key cannot have", custom(func(p *ca.CustomPassthrough) {
		p.Extensions.KeyUsage = ca.CustomKeyUsage{DigitalSignature: true, DataEncipherment: true}
	}), refused, "ApiPassthrough.Extensions.KeyUsage.DataEncipherment", []string{"the key is an ECC key", "leave DataEncipherment out"}},
	{"a custom certificate without usages", custom(func(p *ca.CustomPassthrough) { p.Extensions.ExtendedKeyUsages = nil }),
		yuncert.ErrMissingParameter, "ApiPassthrough.Extensions.KeyUsage", []string{"is mandatory for this action.", "ExtendedKeyUsages can replace it"}},
	{"Host as a mapped address", func(t *testing.T) error {
		issuer := issuerForMessages(t)
		resp, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), messageTime, issuer, &ca.CreateServerCertificateWithCsrRequest{
			Csr: signedCSR(t, commonName("www.example.com")), Domain: "192.0.2.1", ParentIdentifier: issuer.Identifier(), Days: 90, Immediately: 2,
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ca.Verify(messageTime, resp.X509Certificate, ca.VerifyOptions{
			Roots: resp.CertificateChain, Host: "::ffff:192.0.2.1", Usage: x509.ExtKeyUsageServerAuth,
		})
		return err
	}, malformed, "Host", []string{"::ffff:192.0.2.1 is an IPv4 address mapped into IPv6", "write 192.0.2.1"}},
}

// constraintMessages are about name constraints of a CA.
var constraintMessages = []message{
	{"a common name with a dot at the end", client("www.example.org.", 0, ""), refused, "CommonName",
		[]string{`"www.example.org" is not permitted by the name constraints [example.com] of the CA "Sub"`}},
	{"a wildcard as common name", client("*.example.org", 0, ""), refused, "CommonName",
		[]string{`"*.example.org" is not permitted by the name constraints [example.com] of the CA "Sub"`}},
}
