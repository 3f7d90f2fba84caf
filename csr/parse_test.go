package csr_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// tools are the CSRs in testdata/accepted, made by generate.sh with OpenSSL, Java,
// GnuTLS and tjfoc/gmsm, and what they hold.
var tools = map[string]struct {
	algorithm  algorithm.Algorithm
	commonName string
	names      []string
	subject    string // as pkix.Name prints it
}{
	"certtool-p256":           {algorithm.ECC_256, "gnutls.example.com", gnutlsNames, "CN=gnutls.example.com,O=Example Co.,C=CN"},
	"certtool-rsa-2048":       {algorithm.RSA_2048, "gnutls.example.com", gnutlsNames, "CN=gnutls.example.com,O=Example Co.,C=CN"},
	"tjfoc-sm2":               {algorithm.SM2_256, "www.example.com", []string{"www.example.com", "*.example.com"}, "CN=www.example.com,O=例子公司,C=CN"},
	"keytool-p256":            {algorithm.ECC_256, "java.example.com", javaNames, javaSubject},
	"keytool-p384":            {algorithm.ECC_384, "java.example.com", javaNames, javaSubject},
	"keytool-p521":            {algorithm.ECC_512, "java.example.com", javaNames, javaSubject},
	"keytool-rsa-2048":        {algorithm.RSA_2048, "java.example.com", javaNames, javaSubject},
	"keytool-rsa-4096-sha512": {algorithm.RSA_4096, "java.example.com", javaNames, javaSubject},
	"openssl-bmp":             {algorithm.ECC_256, "www.example.com", nil, "CN=www.example.com,O=例子公司,L=杭州,ST=浙江,C=CN"},
	"openssl-bmp-rsa":         {algorithm.RSA_2048, "www.example.com", nil, "CN=www.example.com,O=例子公司,L=杭州,ST=浙江,C=CN"},
	"openssl-email-san":       {algorithm.ECC_256, "mail.example.com", nil, "CN=mail.example.com"},
	"openssl-multivalue":      {algorithm.ECC_256, "multi.example.com", nil, "SERIALNUMBER=42,CN=multi.example.com,OU=IT+OU=Second,O=Example,C=CN"},
	"openssl-new-label":       {algorithm.RSA_2048, "www.example.com", nil, opensslSubject},
	"openssl-no-subject":      {algorithm.ECC_256, "", []string{"only-san.example.com"}, ""},
	"openssl-p256":            {algorithm.ECC_256, "www.example.com", nil, opensslSubject},
	"openssl-p256-san":        {algorithm.ECC_256, "www.example.com", opensslNames, opensslSubject},
	"openssl-p256-sha512":     {algorithm.ECC_256, "www.example.com", nil, opensslSubject},
	"openssl-p384":            {algorithm.ECC_384, "www.example.com", nil, opensslSubject},
	"openssl-p384-sha384":     {algorithm.ECC_384, "www.example.com", nil, opensslSubject},
	"openssl-p521":            {algorithm.ECC_512, "www.example.com", nil, opensslSubject},
	"openssl-p521-sha512":     {algorithm.ECC_512, "www.example.com", nil, opensslSubject},
	"openssl-rsa-1024":        {algorithm.RSA_1024, "www.example.com", nil, opensslSubject},
	"openssl-rsa-2048":        {algorithm.RSA_2048, "www.example.com", nil, opensslSubject},
	"keytool-rsa-3072-pss":    {algorithm.RSA_3072, "java.example.com", javaNames, javaSubject},
	"openssl-rsa-2048-pss":    {algorithm.RSA_2048, "www.example.com", nil, opensslSubject},
	"openssl-rsa-4096-pss":    {algorithm.RSA_4096, "www.example.com", nil, opensslSubject},
	"openssl-rsa-2048-san":    {algorithm.RSA_2048, "www.example.com", opensslNames, opensslSubject},
	"openssl-rsa-2048-sha384": {algorithm.RSA_2048, "www.example.com", nil, opensslSubject},
	"openssl-rsa-2048-sha512": {algorithm.RSA_2048, "www.example.com", nil, opensslSubject},
	"openssl-rsa-3072":        {algorithm.RSA_3072, "www.example.com", nil, opensslSubject},
	"openssl-rsa-4096":        {algorithm.RSA_4096, "www.example.com", nil, opensslSubject},
	"openssl-sm2":             {algorithm.SM2_256, "www.example.com", nil, opensslSubject},
	"openssl-sm2-empty-id":    {algorithm.SM2_256, "www.example.com", nil, opensslSubject},
	"openssl-sm2-san":         {algorithm.SM2_256, "www.example.com", opensslNames, opensslSubject},
	"openssl-t61":             {algorithm.ECC_256, "www.example.com", nil, "CN=www.example.com,O=At@Sign_Co,L=Hangzhou,ST=a_b@c,C=CN"},
	"openssl-text":            {algorithm.RSA_2048, "www.example.com", nil, opensslSubject},
	"openssl-utf8":            {algorithm.ECC_256, "www.example.com", nil, "CN=www.example.com,O=例子公司,L=杭州,ST=浙江,C=CN"},
}

var (
	gnutlsNames  = []string{"gnutls.example.com", "192.0.2.9"}
	javaNames    = []string{"java.example.com", "www.java.example.com", "192.0.2.8"}
	opensslNames = []string{"www.example.com", "*.example.com", "mixed.example.org", "192.0.2.7", "2001:db8::7"} // an e-mail address and a URI are left out
)

const (
	javaSubject    = `CN=java.example.com,OU=IT,O=Example\, Inc.,L=杭州,ST=Zhejiang,C=CN`
	opensslSubject = "CN=www.example.com,OU=IT,O=Example Co.,L=Hangzhou,ST=Zhejiang,C=CN,1.2.840.113549.1.9.1=#0c11" +
		"61646d696e406578616d706c652e636f6d" // admin@example.com
)

// forms are the ways in which one CSR reaches Parse.
var forms = []struct {
	name string
	make func(text, der []byte) []byte
}{
	{"as stored", func(text, der []byte) []byte { return text }},
	{"CERTIFICATE REQUEST", func(text, der []byte) []byte { return armour(der) }},
	{"NEW CERTIFICATE REQUEST", func(text, der []byte) []byte {
		return []byte(testutil.EncodePEM("NEW CERTIFICATE REQUEST", der))
	}},
	{"DER", func(text, der []byte) []byte { return bytes.Clone(der) }},
	{"text before", func(text, der []byte) []byte {
		return append([]byte("Certificate Request:\n    Data:\n        Version: 1 (0x0)\n"), armour(der)...)
	}},
	{"text after", func(text, der []byte) []byte {
		return append(armour(der), "-- \r\n张三, Example Co.\nhttps://www.example.com/\n"...)
	}},
	{"text after it in one line", func(text, der []byte) []byte {
		return append(bytes.ReplaceAll(armour(der), []byte("\n"), []byte(" ")), "Regards, Tom"...)
	}},
	{"CRLF", func(text, der []byte) []byte { return bytes.ReplaceAll(armour(der), []byte("\n"), []byte("\r\n")) }},
	{"CR", func(text, der []byte) []byte { return bytes.ReplaceAll(armour(der), []byte("\n"), []byte("\r")) }},
	{"BOM", func(text, der []byte) []byte { return append([]byte("\ufeff"), armour(der)...) }},
	{"BOM and CRLF", func(text, der []byte) []byte {
		return append([]byte("\ufeff"), bytes.ReplaceAll(armour(der), []byte("\n"), []byte("\r\n"))...)
	}},
	{"spaces for line breaks", func(text, der []byte) []byte { return bytes.ReplaceAll(armour(der), []byte("\n"), []byte(" ")) }},
	{`\n for line breaks`, func(text, der []byte) []byte { return bytes.ReplaceAll(armour(der), []byte("\n"), []byte(`\n`)) }},
	{`\r\n for line breaks`, func(text, der []byte) []byte {
		return bytes.ReplaceAll(armour(der), []byte("\n"), []byte(`\r\n`))
	}},
	{"no line breaks", func(text, der []byte) []byte { return bytes.ReplaceAll(armour(der), []byte("\n"), nil) }},
	{"no final line break", func(text, der []byte) []byte { return bytes.TrimSpace(armour(der)) }},
	{"indented", func(text, der []byte) []byte {
		return bytes.ReplaceAll(armour(der), []byte("\n"), []byte("\n\t  "))
	}},
	{"empty lines around", func(text, der []byte) []byte { return slices.Concat([]byte("\n\n"), armour(der), []byte("\n\r\n \n")) }},
}

func TestParseTools(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("testdata/accepted")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(tools) {
		t.Errorf("testdata/accepted has %d files and the table %d rows", len(files), len(tools))
	}
	for _, file := range files {
		name := strings.TrimSuffix(file.Name(), ".pem")
		tt, ok := tools[name]
		if !ok {
			t.Errorf("%s is not in the table", file.Name())
			continue
		}
		text := readFile(t, "accepted", name)
		der := testutil.FirstPEM(t, text)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := &csr.Request{
				Raw: der, CommonName: tt.commonName, Names: tt.names, Algorithm: tt.algorithm,
			}
			var subject pkix.Name
			if tt.algorithm == algorithm.SM2_256 {
				other, err := smx509.ParseCertificateRequest(der)
				if err != nil {
					t.Fatal(err)
				}
				want.RawSubject, want.RawSubjectPublicKeyInfo, want.PublicKey = other.RawSubject, other.RawSubjectPublicKeyInfo, other.PublicKey
				subject = other.Subject
			} else {
				other, err := x509.ParseCertificateRequest(der)
				if err != nil {
					t.Fatal(err)
				}
				want.RawSubject, want.RawSubjectPublicKeyInfo, want.PublicKey = other.RawSubject, other.RawSubjectPublicKeyInfo, other.PublicKey
				subject = other.Subject
			}
			for _, form := range forms {
				data := form.make(text, der)
				sent := bytes.Clone(data)
				got, err := csr.Parse(data)
				if err != nil {
					t.Errorf("%s: %v", form.name, err)
					continue
				}
				if !bytes.Equal(data, sent) {
					t.Errorf("%s: the input was modified", form.name)
				}
				clear(data) // the Request holds nothing of it
				if diff := cmp.Diff(want, got, samePublicKey, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s: mismatch (-want +got):\n%s", form.name, diff)
				}
				if diff := cmp.Diff(subject, got.Subject(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s: Subject differs (-crypto/x509 +got):\n%s", form.name, diff)
				}
				if s := got.Subject().String(); s != tt.subject {
					t.Errorf("%s: Subject %q, want %q", form.name, s, tt.subject)
				}
			}
		})
	}
}

// An unusual is one row of unusualParts.
type unusual struct {
	name       string
	algorithm  algorithm.Algorithm // ECC_256 if empty
	change     func(t testing.TB, p *parts)
	commonName string   // "example.com" if empty
	names      []string // the names of newParts if nil
}

// unusualParts are changes to a sound CSR after which Parse still accepts it.
// FuzzParse starts from them too.
func unusualParts(t testing.TB) []unusual {
	return []unusual{
		{"sound", "", func(t testing.TB, p *parts) {}, "", nil},
		{"RSA", algorithm.RSA_2048, func(t testing.TB, p *parts) {}, "", nil},
		{"SM2", algorithm.SM2_256, func(t testing.TB, p *parts) {}, "", nil},
		{"two extensionRequests with different extensions", algorithm.SM2_256, func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(asn.Extension(asn.OIDKeyID, false, asn.TLV(asn1.OCTET_STRING, []byte("id")))), altNames(asn.DNSName("a.example.com")))
		}, "", []string{"a.example.com"}},
		{"two extensionRequests, names first", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(asn.DNSName("a.example.com")), asn.ExtensionRequest(asn.Extension(asn.OIDKeyID, false, asn.TLV(asn1.OCTET_STRING, []byte("id")))))
		}, "", []string{"a.example.com"}},
		{"Microsoft's extensionRequest", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.RequestAttribute(oidMicrosoftExtensions, asn.Seq(asn.Extension(asn.OIDAltName, false, asn.Seq(asn.DNSName("a.example.com"))))))
		}, "", []string{"a.example.com"}},
		{"no extensions in extensionRequest", "", func(t testing.TB, p *parts) { p.attributes = asn.TLV(0xa0, asn.ExtensionRequest()) }, "", []string{}},
		{"empty attributes", "", func(t testing.TB, p *parts) { p.attributes = asn.TLV(0xa0) }, "", []string{}},
		{"no attributes", "", func(t testing.TB, p *parts) { p.attributes = nil }, "", []string{}},
		{"another attribute", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.RequestAttribute(oidChallengePassword, asn.TLV(asn1.UTF8String, []byte("secret"))))
		}, "", []string{}},
		{"another attribute with two values", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.RequestAttribute(oidChallengePassword, asn.TLV(asn1.UTF8String, []byte("a")), asn.TLV(asn1.UTF8String, []byte("b"))))
		}, "", []string{}},
		{"another extension, critical", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(asn.Seq(asn.OIDKeyUsage, asn.TLV(asn1.BOOLEAN, []byte{0xff}), asn.TLV(asn1.OCTET_STRING, []byte{3, 2, 7, 128}))))
		}, "", []string{}},
		{"critical FALSE", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(asn.Seq(asn.OIDAltName, asn.TLV(asn1.BOOLEAN, []byte{0}), asn.TLV(asn1.OCTET_STRING, asn.Seq(asn.DNSName("a.example.com"))))))
		}, "", []string{"a.example.com"}},
		{"names of every form", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(
				asn.TLV(0xa0, asn.OID("\x2a\x03"), asn.TLV(0xa0, asn.TLV(asn1.UTF8String, []byte("other")))), asn.TLV(0x81, []byte("a@example.com")),
				asn.DNSName("a.example.com"), asn.TLV(0xa4, commonName("directory")), asn.TLV(0x86, []byte("https://uri.example.com")),
				asn.IPAddress(192, 0, 2, 1), asn.TLV(0x88, []byte{0x2a, 3})))
		}, "", []string{"a.example.com", "192.0.2.1"}},
		{"only an e-mail name", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(asn.TLV(0x81, []byte("a@example.com"))))
		}, "", []string{}},
		{"repeated names", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(asn.DNSName("B.example.com"), asn.DNSName("a.example.com"), asn.DNSName("b.example.com")))
		}, "", []string{"b.example.com", "a.example.com"}},
		{"A-labels that read like another name", "", func(t testing.TB, p *parts) { // a Cyrillic а in paypal
			p.attributes = asn.TLV(0xa0, altNames(asn.DNSName("xn--pypal-4ve.com")))
		}, "", []string{"xn--pypal-4ve.com"}},
		{"A-labels", "", dnsName("XN--FSQU00A.xn--55qx5d"), "", []string{"xn--fsqu00a.xn--55qx5d"}},
		{"250 names", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(dnsNames(testutil.NumberedNames(250))...))
		}, "", testutil.NumberedNames(250)},
		{"250 names and the common name", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(dnsNames(append([]string{"example.com"}, testutil.NumberedNames(250)...))...))
		}, "", append([]string{"example.com"}, testutil.NumberedNames(250)...)},
		{"250 names and the common name in another spelling", "", func(t testing.TB, p *parts) {
			p.subject = commonName("例子.公司")
			p.attributes = asn.TLV(0xa0, altNames(dnsNames(append(testutil.NumberedNames(250), "xn--fsqu00a.xn--55qx5d"))...))
		}, "例子.公司", append(testutil.NumberedNames(250), "xn--fsqu00a.xn--55qx5d")},
		{"250 names and a repeat", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(dnsNames(append(testutil.NumberedNames(250), "HAA.example.net"))...))
		}, "", testutil.NumberedNames(250)},
		{"wildcard common name", "", func(t testing.TB, p *parts) { p.subject = commonName("*.example.com") }, "*.example.com", nil},
		{"common name in IA5String", "", func(t testing.TB, p *parts) { p.subject = asn.Name(asn.IA5(asn.OIDCommonName, "a_b@c")) }, "a_b@c", nil},
		{"common name of 64 in Chinese", "", func(t testing.TB, p *parts) { p.subject = commonName(testutil.Chinese(64)) }, testutil.Chinese(64), nil},
		{"common name in BMPString", "", func(t testing.TB, p *parts) {
			p.subject = asn.Name(asn.Attribute(asn.OIDCommonName, 30, "\x4f\x8b\x5b\x50"))
		}, "例子", nil},
		{"PrintableString with * and &", "", func(t testing.TB, p *parts) {
			p.subject = asn.Name(asn.Printable(asn.OIDOrganization, "A&B"), asn.Printable(asn.OIDCommonName, "*.example.com"))
		}, "*.example.com", nil},
		{"NumericString", "", func(t testing.TB, p *parts) { p.subject = asn.Name(asn.Attribute(asn.OIDCommonName, 18, "12 34")) }, "12 34", nil},
		{"empty unit", "", func(t testing.TB, p *parts) {
			p.subject = asn.Name(asn.UTF8(asn.OIDUnit, ""), asn.UTF8(asn.OIDCommonName, "example.com"))
		}, "", nil},
		{"RSA signature without NULL", algorithm.RSA_2048, func(t testing.TB, p *parts) { p.id = rsaWithoutNULL }, "", nil},
		{"RSASSA-PSS with SHA-256", algorithm.RSA_2048, func(t testing.TB, p *parts) { signPSS(t, p, crypto.SHA256, asn.SHA256, 32) }, "", nil},
		{"RSASSA-PSS with SHA-384", algorithm.RSA_2048, func(t testing.TB, p *parts) { signPSS(t, p, crypto.SHA384, asn.SHA384, 48) }, "", nil},
		{"RSASSA-PSS with SHA-512 and a longer salt", algorithm.RSA_2048, func(t testing.TB, p *parts) { signPSS(t, p, crypto.SHA512, asn.SHA512, 65) }, "", nil},
		{"SM2 signature with NULL", algorithm.SM2_256, func(t testing.TB, p *parts) { p.id = sm2WithSM3NULL }, "", nil},
		{"P-256 with SHA-384", "", func(t testing.TB, p *parts) {
			p.id = ecdsaWithSHA384
			p.sign = func(info []byte) []byte {
				return signature(testkeys.Key(algorithm.ECC_256, 0), crypto.SHA384, info)
			}
		}, "", nil},
		{"SM2 under the empty user ID", algorithm.SM2_256, func(t testing.TB, p *parts) { p.sign = signSM2As(t, "") }, "", nil},
	}
}

// Alibaba Cloud's own SM2 CSRs, and those that a builder can make and no tool at hand.
func TestParseAccepts(t *testing.T) {
	t.Parallel()
	for _, tt := range unusualParts(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.algorithm == "" {
				tt.algorithm = algorithm.ECC_256
			}
			if tt.commonName == "" {
				tt.commonName = "example.com"
			}
			if tt.names == nil {
				tt.names = []string{"example.com", "www.example.com", "192.0.2.1"}
			}
			p := newParts(t, tt.algorithm, 0)
			tt.change(t, p)
			der := p.der()
			got, err := csr.Parse(der)
			if err != nil {
				t.Fatal(err)
			}
			want := &csr.Request{
				Raw: der, RawSubject: p.subject, RawSubjectPublicKeyInfo: p.key,
				CommonName: tt.commonName, Names: tt.names, PublicKey: testkeys.Key(tt.algorithm, 0).Public(), Algorithm: tt.algorithm,
			}
			if diff := cmp.Diff(want, got, samePublicKey, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func dnsNames(names []string) (list [][]byte) {
	for _, name := range names {
		list = append(list, asn.DNSName(name))
	}
	return list
}

// signSM2As signs with the SM2 key 0 under a user ID.
func signSM2As(t testing.TB, userID string) func([]byte) []byte {
	t.Helper()
	key, err := sm2.NewPrivateKey(sm2Scalar(t))
	if err != nil {
		t.Fatal(err)
	}
	return func(info []byte) []byte {
		digest, err := sm2.Digest(key.Public(), userID, info)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := key.SignDigest(digest)
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
}

// sm2Scalar is the scalar of the SM2 key 0: PKCS #8 around an ECPrivateKey.
func sm2Scalar(t testing.TB) []byte {
	t.Helper()
	n, err := parseNode(testutil.FirstPEM(t, testkeys.PEM(algorithm.SM2_256, 0)))
	if err != nil {
		t.Fatal(err)
	}
	return n.children[2].children[0].children[1].content
}

// A hostile is one row of hostileParts.
type hostile struct {
	name      string
	algorithm algorithm.Algorithm // ECC_256 if empty
	change    func(t testing.TB, p *parts)
	says      string // part of the message: refused for this reason
}

// hostileParts are changes to a sound CSR after which Parse refuses it. FuzzParse
// starts from them too.
func hostileParts(t testing.TB) []hostile {
	ecc := testkeys.Key(algorithm.ECC_256, 0)
	return []hostile{
		// RFC 2986 throughout, and nothing after the CSR.
		{"version 1", "", func(t testing.TB, p *parts) { p.version = asn.TLV(asn1.INTEGER, []byte{1}) }, "version is 1"},
		{"version -1", "", func(t testing.TB, p *parts) { p.version = asn.TLV(asn1.INTEGER, []byte{0xff}) }, "version is -1"},
		{"version 0 in two octets", "", func(t testing.TB, p *parts) { p.version = asn.TLV(asn1.INTEGER, []byte{0, 0}) }, "not a DER CertificationRequest"},
		{"version without octets", "", func(t testing.TB, p *parts) { p.version = asn.TLV(asn1.INTEGER) }, "not a DER CertificationRequest"},
		{"no version", "", func(t testing.TB, p *parts) { p.version = nil }, "not a DER CertificationRequest"},
		{"no subject", "", func(t testing.TB, p *parts) { p.subject = nil }, ""},
		{"no key", "", func(t testing.TB, p *parts) { p.key = nil }, "not a DER CertificationRequest"},
		{"an element after the signature", "", func(t testing.TB, p *parts) { p.trailing = asn.Null }, "not a DER CertificationRequest"},
		{"an element after the attributes", "", func(t testing.TB, p *parts) { p.attributes = append(p.attributes, 5, 0) }, "attributes are malformed"},
		{"an octet after the attributes", "", func(t testing.TB, p *parts) { p.attributes = append(p.attributes, 0) }, "attributes are malformed"},
		{"attributes as a SET", "", func(t testing.TB, p *parts) { p.attributes[0] = 0x31 }, "attributes are malformed"},
		{"attributes twice", "", func(t testing.TB, p *parts) { p.attributes = append(p.attributes, p.attributes...) }, "attributes are malformed"},
		{"attribute without values", "", func(t testing.TB, p *parts) { p.attributes = asn.TLV(0xa0, asn.RequestAttribute(oidChallengePassword)) }, "attribute 1 (1.2.840.113549.1.9.7) is malformed"},
		{"attribute with a broken second value", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.RequestAttribute(oidChallengePassword, asn.Null, []byte{0x0c, 5, 'a'}))
		}, "attribute 1 (1.2.840.113549.1.9.7) is malformed"},
		{"second attribute without values", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(), asn.RequestAttribute(oidChallengePassword))
		}, "attribute 2 (1.2.840.113549.1.9.7) is malformed: want a type and a SET of values"},
		{"attribute with a padded type", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.RequestAttribute(asn.OID("\x2a\x80\x03"), asn.Null))
		}, "attribute 1 is malformed"},
		{"attribute with a type cut off", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.RequestAttribute(asn.OID("\x2a\x83"), asn.Null))
		}, "attribute 1 is malformed"},
		{"attribute with an empty type", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.RequestAttribute(asn.OID(""), asn.Null))
		}, "attribute 1 is malformed"},

		// No attribute or extension repeats.
		{"an attribute twice", "", func(t testing.TB, p *parts) {
			a := asn.RequestAttribute(oidChallengePassword, asn.TLV(asn1.UTF8String, []byte("a")))
			p.attributes = asn.TLV(0xa0, a, a)
		}, "attribute 1.2.840.113549.1.9.7 twice"},
		{"an attribute with a value twice", "", func(t testing.TB, p *parts) {
			v := asn.TLV(asn1.UTF8String, []byte("a"))
			p.attributes = asn.TLV(0xa0, asn.RequestAttribute(oidChallengePassword, v, asn.TLV(asn1.UTF8String, []byte("b")), v))
		}, "attribute 1.2.840.113549.1.9.7 has the same value twice"},
		{"an extension twice in one request", "", func(t testing.TB, p *parts) {
			e := asn.Extension(asn.OIDAltName, false, asn.Seq(asn.DNSName("a.example.com")))
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(e, e))
		}, "extension 2.5.29.17 is requested twice"},
		{"an extension in two requests", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(asn.DNSName("a.example.com")), altNames(asn.DNSName("b.example.com")))
		}, "extension 2.5.29.17 is requested twice"},
		{"an unknown extension in two requests", "", func(t testing.TB, p *parts) {
			r := asn.ExtensionRequest(asn.Extension(asn.OIDKeyID, false, nil))
			p.attributes = asn.TLV(0xa0, r, r)
		}, "extension 2.5.29.14 is requested twice"},
		{"an extension in Microsoft's request too", "", func(t testing.TB, p *parts) {
			e := asn.Extension(asn.OIDAltName, false, asn.Seq(asn.DNSName("a.example.com")))
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(e), asn.RequestAttribute(oidMicrosoftExtensions, asn.Seq(e)))
		}, "1.2.840.113549.1.9.14 and 1.3.6.1.4.1.311.2.1.14"},
		{"another extension in Microsoft's request", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(asn.Extension(asn.OIDKeyID, false, nil)), asn.RequestAttribute(oidMicrosoftExtensions, asn.Seq(asn.Extension(asn.OIDAltName, false, asn.Seq(asn.DNSName("a.example.com"))))))
		}, "1.2.840.113549.1.9.14 and 1.3.6.1.4.1.311.2.1.14"},
		{"Microsoft's request in front of the other", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.RequestAttribute(oidMicrosoftExtensions, asn.Seq(asn.Extension(asn.OIDAltName, false, asn.Seq(asn.DNSName("a.example.com"))))), asn.ExtensionRequest(asn.Extension(asn.OIDKeyID, false, nil)))
		}, "1.2.840.113549.1.9.14 and 1.3.6.1.4.1.311.2.1.14"},
		{"two values in extensionRequest", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.RequestAttribute(asn.OIDExtensionRequest, asn.Seq(asn.Extension(asn.OIDKeyID, false, nil)), asn.Seq(asn.Extension(asn.OIDAltName, false, asn.Seq(asn.DNSName("a.example.com"))))))
		}, "more than one value"},
		{"65 extensions", "", func(t testing.TB, p *parts) {
			var list [][]byte
			for i := range 65 {
				list = append(list, asn.Extension(asn.OID("\x55\x1e"+string(rune(i))), false, nil))
			}
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(list...))
		}, "more than 64 extensions"},
		{"extensionRequest that is not a SEQUENCE", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.RequestAttribute(asn.OIDExtensionRequest, asn.Set(asn.Extension(asn.OIDKeyID, false, nil))))
		}, "not a SEQUENCE"},
		{"an extension with another element", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(asn.Seq(asn.OIDKeyID, asn.TLV(asn1.OCTET_STRING), asn.Null)))
		}, "extension is malformed"},
		{"an extension without a value", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(asn.Seq(asn.OIDKeyID)))
		}, "extension is malformed"},
		{"critical that is neither TRUE nor FALSE", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(asn.Seq(asn.OIDKeyID, asn.TLV(asn1.BOOLEAN, []byte{1}), asn.TLV(asn1.OCTET_STRING))))
		}, "extension is malformed"},

		// The subject.
		{"two common names", "", func(t testing.TB, p *parts) {
			p.subject = asn.Name(asn.UTF8(asn.OIDCommonName, "a.example.com"), asn.UTF8(asn.OIDCommonName, "b.example.com"))
		}, "2 common names"},
		{"two common names in one RDN", "", func(t testing.TB, p *parts) {
			p.subject = asn.Seq(asn.Set(asn.Seq(asn.OIDCommonName, asn.TLV(asn1.UTF8String, []byte("a"))), asn.Seq(asn.OIDCommonName, asn.TLV(asn1.UTF8String, []byte("b")))))
		}, "2 common names"},
		{"two common names, the first empty", "", func(t testing.TB, p *parts) {
			p.subject = asn.Name(asn.UTF8(asn.OIDCommonName, ""), asn.UTF8(asn.OIDCommonName, "a.example.com"))
		}, "2 common names"},
		{"two common names, the last empty", "", func(t testing.TB, p *parts) {
			p.subject = asn.Name(asn.UTF8(asn.OIDCommonName, "a.example.com"), asn.UTF8(asn.OIDCommonName, ""))
		}, "2 common names"},
		{"two empty common names", "", func(t testing.TB, p *parts) {
			p.subject = asn.Name(asn.UTF8(asn.OIDCommonName, ""), asn.UTF8(asn.OIDCommonName, ""))
		}, "2 common names"},
		{"common name in full-width letters", "", func(t testing.TB, p *parts) { p.subject = commonName("ｗｗｗ.example.com") }, `like the host name "www.example.com"`},
		{"common name in full-width letters as BMPString", "", func(t testing.TB, p *parts) {
			p.subject = asn.Name(asn.Attribute(asn.OIDCommonName, 30, "\xff\x57\x00.\x00c\x00o\x00m"))
		}, `like the host name "w.com"`},
		{"soft hyphen in the common name", "", func(t testing.TB, p *parts) { p.subject = commonName("exam\u00adple.com") }, "U+00AD"},
		{"space without width in the common name", "", func(t testing.TB, p *parts) { p.subject = commonName("exam\u200bple.com") }, "U+200B"},
		{"common name that is a mapped address", "", func(t testing.TB, p *parts) { p.subject = commonName("::ffff:192.0.2.1") }, "write 192.0.2.1"},
		{"NUL in the common name", "", func(t testing.TB, p *parts) { p.subject = commonName("example.com\x00.example.net") }, "U+0000"},
		{"line break in the common name", "", func(t testing.TB, p *parts) { p.subject = commonName("example.com\nexample.net") }, "U+000A"},
		{"U+0085 in the common name", "", func(t testing.TB, p *parts) { p.subject = commonName("a\u0085b") }, "U+0085"},
		{"U+FFFD in the common name", "", func(t testing.TB, p *parts) { p.subject = commonName("a\ufffdb") }, "U+FFFD"},
		{"NUL in the unit", "", func(t testing.TB, p *parts) { p.subject = asn.Name(asn.UTF8(asn.OIDUnit, "a\x00")) }, "attribute OU of the name: the text has the character U+0000"},
		{"NUL in an IA5String", "", func(t testing.TB, p *parts) { p.subject = asn.Name(asn.IA5(asn.OIDEmail, "a@b\x00c")) }, "U+0000"},
		{"NUL in a BMPString", "", func(t testing.TB, p *parts) {
			p.subject = asn.Name(asn.Attribute(asn.OIDCommonName, 30, "\x00a\x00\x00"))
		}, "U+0000"},
		{"a surrogate in a BMPString", "", func(t testing.TB, p *parts) {
			p.subject = asn.Name(asn.Attribute(asn.OIDCommonName, 30, "\xd8\x00\xdc\x00"))
		}, "U+D800"},
		{"U+FFFF in a BMPString", "", func(t testing.TB, p *parts) { p.subject = asn.Name(asn.Attribute(asn.OIDUnit, 30, "\xff\xff")) }, "U+FFFF"},
		{"U+FDD0 in a BMPString", "", func(t testing.TB, p *parts) { p.subject = asn.Name(asn.Attribute(asn.OIDUnit, 30, "\xfd\xd0")) }, "U+FDD0"},
		{"odd BMPString", "", func(t testing.TB, p *parts) { p.subject = asn.Name(asn.Attribute(asn.OIDCommonName, 30, "\x00a\x00")) }, "odd number"},
		{"UTF8String not UTF-8", "", func(t testing.TB, p *parts) { p.subject = commonName("a\xff") }, "UTF-8"},
		{"PrintableString with an underscore", "", func(t testing.TB, p *parts) { p.subject = asn.Name(asn.Printable(asn.OIDUnit, "a_b")) }, "PrintableString"},
		{"IA5String with an octet above 127", "", func(t testing.TB, p *parts) { p.subject = asn.Name(asn.IA5(asn.OIDEmail, "\xe9@example.com")) }, "ASCII"},
		{"T61String with an octet above 127", "", func(t testing.TB, p *parts) { p.subject = asn.Name(asn.Attribute(asn.OIDUnit, asn1.T61String, "\xe9")) }, "ASCII"},
		{"NumericString with a letter", "", func(t testing.TB, p *parts) { p.subject = asn.Name(asn.Attribute(asn.OIDUnit, 18, "1a")) }, "NumericString"},
		{"UniversalString", "", func(t testing.TB, p *parts) { p.subject = asn.Name(asn.Attribute(asn.OIDUnit, 28, "\x00\x00\x00a")) }, "tag 28"},
		{"a number for a text", "", func(t testing.TB, p *parts) {
			p.subject = asn.Name(asn.Attribute(asn.OIDCommonName, asn1.INTEGER, "\x01"))
		}, "tag 2"},
		{"empty RDN", "", func(t testing.TB, p *parts) { p.subject = asn.Seq(asn.Set()) }, "not a SET"},
		{"common name of 65", "", func(t testing.TB, p *parts) { p.subject = commonName(strings.Repeat("a", 65)) }, "65 characters"},
		{"common name of 65 in BMPString", "", func(t testing.TB, p *parts) {
			p.subject = asn.Name(asn.Attribute(asn.OIDCommonName, 30, strings.Repeat("\x4f\x8b", 65)))
		}, "65 characters"},
		{"common name with an outer space", "", func(t testing.TB, p *parts) { p.subject = commonName(" example.com") }, "space"},
		{"common name *.com", "", func(t testing.TB, p *parts) { p.subject = commonName("*.com") }, "wildcard"},
		{"common name *.*", "", func(t testing.TB, p *parts) { p.subject = commonName("*.*") }, "wildcard"},
		{"common name w*.example.com", "", func(t testing.TB, p *parts) { p.subject = commonName("w*.example.com") }, "wildcard"},

		// The names.
		{"name *.*", "", dnsName("*.*"), "wildcard"},
		{"name *.com", "", dnsName("*.com"), "wildcard"},
		{"name *", "", dnsName("*"), "wildcard"},
		{"name with NUL", "", dnsName("example.com\x00.example.net"), "letters, digits and hyphens"},
		{"name with a line break", "", dnsName("example.com\n"), "letters, digits and hyphens"},
		{"name with an underscore", "", dnsName("a_b.example.com"), "letters, digits and hyphens"},
		{"name with a space before", "", dnsName(" example.com"), "letters, digits and hyphens"},
		{"names in one dNSName", "", dnsName("a.example.com,b.example.com"), "letters, digits and hyphens"},
		{"name with a dot at the end", "", dnsName("example.com."), "ends with a dot"},
		{"empty dNSName", "", dnsName(""), "empty label"},
		{"name of 254", "", dnsName(longNames(1, 254)), "253"},
		{"name in UTF-8", "", dnsName("例子.公司"), "not ASCII"},
		{"name a.*.example.com", "", dnsName("a.*.example.com"), "wildcard"},
		{"name w*.example.com", "", dnsName("w*.example.com"), "wildcard"},
		{"name *.*.example.com", "", dnsName("*.*.example.com"), "wildcard"},
		{"name with a label of 64", "", dnsName(strings.Repeat("a", 64) + ".example.com"), "63"},
		{"name with an empty label", "", dnsName("a..example.com"), "empty label"},
		{"name with a hyphen first", "", dnsName("-a.example.com"), "hyphen"},
		{"name with a hyphen last", "", dnsName("a-.example.com"), "hyphen"},
		{"name with a space within", "", dnsName("a b.example.com"), "letters, digits and hyphens"},
		{"name with DEL", "", dnsName("a\x7f.example.com"), "letters, digits and hyphens"},
		{"name with a port", "", dnsName("example.com:443"), "letters, digits and hyphens"},
		{"URL for a name", "", dnsName("https://example.com/"), "letters, digits and hyphens"},
		{"e-mail address for a name", "", dnsName("a@example.com"), "letters, digits and hyphens"},
		{"A-label whose Unicode form is not a U-label", "", dnsName("xn--bucher-xyd.example.com"), "A-label"}, // decomposed, where IDNA composes
		{"A-label of ASCII", "", dnsName("xn--example-.com"), "hyphen"},
		{"false A-label", "", dnsName("xn--a.example.com"), "A-label"},
		{"IPv4 literal in dNSName", "", dnsName("192.0.2.1"), "is an IP address"},
		{"IPv6 literal in dNSName", "", dnsName("2001:db8::1"), "is an IP address"},
		{"almost an IPv4 literal", "", dnsName("192.0.2.256"), "only digits"},
		{"iPAddress of 5 octets", "", func(t testing.TB, p *parts) { p.attributes = asn.TLV(0xa0, altNames(asn.IPAddress(1, 2, 3, 4, 5))) }, "5 octets"},
		{"iPAddress of 8 octets", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(asn.IPAddress(1, 2, 3, 4, 255, 255, 255, 255)))
		}, "8 octets"},
		{"IPv4 address mapped into IPv6", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(asn.IPAddress(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1)))
		}, "the iPAddress ::ffff:192.0.2.1 is an IPv4 address mapped into IPv6: write 192.0.2.1 (with 4 octets)"},
		{"empty iPAddress", "", func(t testing.TB, p *parts) { p.attributes = asn.TLV(0xa0, altNames(asn.IPAddress())) }, "0 octets"},
		{"empty subjectAltName", "", func(t testing.TB, p *parts) { p.attributes = asn.TLV(0xa0, altNames()) }, "subjectAltName is empty"},
		{"subjectAltName without octets", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(asn.Extension(asn.OIDAltName, false, nil)))
		}, "not a SEQUENCE of names"},
		{"an octet after subjectAltName", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, asn.ExtensionRequest(asn.Extension(asn.OIDAltName, false, append(asn.Seq(asn.DNSName("a.example.com")), 0))))
		}, "not a SEQUENCE of names"},
		{"a name that is not a GeneralName", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(asn.DNSName("a.example.com"), asn.TLV(asn1.UTF8String, []byte("b.example.com"))))
		}, "not a GeneralName"},
		{"a constructed dNSName", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(asn.TLV(0xa2, []byte("a.example.com"))))
		}, "not a GeneralName"},
		{"251 names", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(dnsNames(testutil.NumberedNames(251))...))
		}, "more than 250 names"},
		{"251 names and the common name", "", func(t testing.TB, p *parts) {
			p.attributes = asn.TLV(0xa0, altNames(dnsNames(append(testutil.NumberedNames(251), "example.com"))...))
		}, "more than 250 names"},

		// The key.
		{"close primes", algorithm.RSA_2048, func(t testing.TB, p *parts) {
			key := closePrimes(t)
			p.key = testkeys.PublicDER(t, key.Public())
			p.sign = func(info []byte) []byte { return signRSA(key, info) }
		}, "close primes"},
		{"RSA exponent 1", algorithm.RSA_2048, func(t testing.TB, p *parts) {
			key := parsePKCS8[*rsa.PrivateKey](t, testutil.FirstPEM(t, testkeys.PEM(algorithm.RSA_2048, 0)))
			one := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: key.N, E: 1}, D: big.NewInt(1)}
			p.key = testkeys.PublicDER(t, one.Public())
			p.sign = func(info []byte) []byte { return signRSA(one, info) } // needs no private key
		}, "exponent"},
		{"RSA key with an octet at the end", algorithm.RSA_2048, func(t testing.TB, p *parts) {
			n, err := parseNode(p.key)
			if err != nil {
				t.Fatal(err)
			}
			p.key = n.encode(n.children[1], func(tag byte, content []byte) []byte { return asn.TLV(asn1.Tag(tag), content, []byte{0}) })
		}, "RSA public key"},
		{"RSA key without NULL", algorithm.RSA_2048, func(t testing.TB, p *parts) {
			n, err := parseNode(p.key)
			if err != nil {
				t.Fatal(err)
			}
			n.children[0].children = n.children[0].children[:1]
			p.key = n.encode(nil, nil)
		}, "algorithm is not supported"},
		{"point off the curve", "", func(t testing.TB, p *parts) { p.key[len(p.key)-1] ^= 1 }, "not an uncompressed point"},
		{"SM2 point off the curve", algorithm.SM2_256, func(t testing.TB, p *parts) { p.key[len(p.key)-1] ^= 1 }, "not an uncompressed point"},
		{"SM2 point named P-256", "", func(t testing.TB, p *parts) {
			other := testkeys.PublicDER(t, testkeys.Key(algorithm.SM2_256, 0).Public())
			copy(p.key[len(p.key)-64:], other[len(other)-64:])
		}, "not an uncompressed point"},

		// The signature.
		{"wrong signature", "", func(t testing.TB, p *parts) {
			p.sign = func(info []byte) []byte { return signature(ecc, crypto.SHA256, append(info, 0)) }
		}, "does not match"},
		{"signature by another key", "", func(t testing.TB, p *parts) { p.sign = newParts(t, algorithm.ECC_256, 1).sign }, "does not match"},
		{"RSA signature by another key", algorithm.RSA_2048, func(t testing.TB, p *parts) { p.sign = newParts(t, algorithm.RSA_2048, 1).sign }, "does not match"},
		{"SM2 signature by another key", algorithm.SM2_256, func(t testing.TB, p *parts) { p.sign = newParts(t, algorithm.SM2_256, 1).sign }, "does not match"},
		{"empty signature", "", func(t testing.TB, p *parts) { p.sign = func([]byte) []byte { return nil } }, "does not match"},
		{"signature with an octet at the end", "", func(t testing.TB, p *parts) { padSignature(p) }, "does not match"},
		{"RSA signature with an octet at the end", algorithm.RSA_2048, func(t testing.TB, p *parts) { padSignature(p) }, "does not match"},
		{"SM2 signature with an octet at the end", algorithm.SM2_256, func(t testing.TB, p *parts) { padSignature(p) }, "does not match"},
		{"r and s of zero", "", func(t testing.TB, p *parts) {
			p.sign = func([]byte) []byte {
				return asn.Seq(asn.TLV(asn1.INTEGER, []byte{0}), asn.TLV(asn1.INTEGER, []byte{0}))
			}
		}, "does not match"},
		{"SM2 r and s of zero", algorithm.SM2_256, func(t testing.TB, p *parts) {
			p.sign = func([]byte) []byte {
				return asn.Seq(asn.TLV(asn1.INTEGER, []byte{0}), asn.TLV(asn1.INTEGER, []byte{0}))
			}
		}, "does not match"},
		{"RSASSA-PSS signature by another key", algorithm.RSA_2048, func(t testing.TB, p *parts) {
			signPSS(t, p, crypto.SHA256, asn.SHA256, 32)
			p.key = newParts(t, algorithm.RSA_2048, 1).key
		}, "does not match"},
		{"RSASSA-PSS signature with an octet at the end", algorithm.RSA_2048, func(t testing.TB, p *parts) {
			signPSS(t, p, crypto.SHA256, asn.SHA256, 32)
			padSignature(p)
		}, "does not match"},
		{"RSASSA-PSS with another salt than it says", algorithm.RSA_2048, func(t testing.TB, p *parts) {
			signPSS(t, p, crypto.SHA256, asn.SHA256, 33)
			p.id = asn.RSAPSS(asn.PSSHash(asn.SHA256), asn.PSSMask(asn.SHA256), asn.PSSSalt(32))
		}, "does not match"},
		{"RSASSA-PSS with a short salt", algorithm.RSA_2048, func(t testing.TB, p *parts) { signPSS(t, p, crypto.SHA512, asn.SHA512, 32) }, "id-RSASSA-PSS (1.2.840.113549.1.1.10) with SHA-512 and a salt of 32 octets is not supported"},
		{"RSASSA-PSS without parameters", algorithm.RSA_2048, func(t testing.TB, p *parts) { p.id = asn.Seq(asn.RSAPSS()[2 : len(asn.RSAPSS())-2]) }, "id-RSASSA-PSS (1.2.840.113549.1.1.10) without parameters is not supported"},
		{"P-256 key under RSASSA-PSS", "", func(t testing.TB, p *parts) {
			p.id = asn.RSAPSS(asn.PSSHash(asn.SHA256), asn.PSSMask(asn.SHA256), asn.PSSSalt(32))
		}, "ECC key"},
		{"ecdsa-with-SHA1", "", func(t testing.TB, p *parts) { p.id = ecdsaWithSHA1 }, "signature algorithm ecdsa-with-SHA1 (1.2.840.10045.4.1) is not supported"},
		{"ecdsa-with-SHA256 and NULL", "", func(t testing.TB, p *parts) {
			p.id = asn.Seq(asn.OID("\x2a\x86\x48\xce\x3d\x04\x03\x02"), asn.Null)
		}, "signature algorithm ecdsa-with-SHA256 (1.2.840.10045.4.3.2) with unexpected parameters is not supported"},
		{"SHA-256 signature named SHA-384", "", func(t testing.TB, p *parts) { p.id = ecdsaWithSHA384 }, "does not match"},
		{"SM2 key under ecdsa-with-SHA256", algorithm.SM2_256, func(t testing.TB, p *parts) { p.id = asn.ECDSAWithSHA256 }, "SM2 key"},
		{"P-256 key under SM2", "", func(t testing.TB, p *parts) { p.id = asn.SM2WithSM3 }, "ECC key"},
		{"P-256 key under RSA", "", func(t testing.TB, p *parts) { p.id = asn.RSAWithSHA256 }, "ECC key"},
		{"RSA key under ecdsa-with-SHA256", algorithm.RSA_2048, func(t testing.TB, p *parts) { p.id = asn.ECDSAWithSHA256 }, "RSA key"},
		{"SM2 under another user ID", algorithm.SM2_256, func(t testing.TB, p *parts) { p.sign = signSM2As(t, "Alice") }, `under the user IDs ["1234567812345678" ""]`},
	}
}

// dnsName makes a DNS name the only alternative name.
func dnsName(name string) func(testing.TB, *parts) {
	return func(_ testing.TB, p *parts) { p.attributes = asn.TLV(0xa0, altNames(asn.DNSName(name))) }
}

func TestParseRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range hostileParts(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.algorithm == "" {
				tt.algorithm = algorithm.ECC_256
			}
			p := newParts(t, tt.algorithm, 0)
			tt.change(t, p)
			checkRefused(t, p.der(), tt.says)
			checkRefused(t, armour(p.der()), tt.says)
		})
	}
}

// signPSS makes a CSR's signature RSASSA-PSS under the RSA_2048 key 0.
func signPSS(t testing.TB, p *parts, hash crypto.Hash, id []byte, salt byte) {
	t.Helper()
	key := parsePKCS8[*rsa.PrivateKey](t, testutil.FirstPEM(t, testkeys.PEM(algorithm.RSA_2048, 0)))
	p.id = asn.RSAPSS(asn.PSSHash(id), asn.PSSMask(id), asn.PSSSalt(salt))
	p.sign = func(info []byte) []byte {
		h := hash.New()
		h.Write(info)
		sig, err := rsa.SignPSS(rand.Reader, key, hash, h.Sum(nil), &rsa.PSSOptions{SaltLength: int(salt)})
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
}

// padSignature puts an octet after the signature, within its BIT STRING.
func padSignature(p *parts) {
	sign := p.sign
	p.sign = func(info []byte) []byte { return append(sign(info), 0) }
}

func checkRefused(t *testing.T, data []byte, says string) {
	t.Helper()
	sent := bytes.Clone(data)
	r, err := csr.Parse(data)
	if r != nil {
		t.Errorf("Parse accepted %+v", r)
	}
	testutil.CheckMessage(t, err, yuncert.ErrInvalidValueMalformed, "Csr", "")
	if !strings.Contains(err.Error(), says) {
		t.Errorf("the error %q does not say %q", err, says)
	}
	if !bytes.Equal(data, sent) {
		t.Error("the input was modified")
	}
}

// CSRs of other tools that Parse refuses.
func TestParseRefusesTools(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"dsa":             "key's algorithm is not supported",
		"ecdsa-sha1":      "signature algorithm ecdsa-with-SHA1 (1.2.840.10045.4.1) is not supported",
		"ed25519":         "key's algorithm is not supported",
		"ed448":           "key's algorithm is not supported",
		"md5":             "signature algorithm md5WithRSAEncryption (1.2.840.113549.1.1.4) is not supported",
		"p224":            "key's curve is not supported",
		"p256-compressed": "not an uncompressed point",
		"p256-explicit":   "key's curve is not supported",
		"pss-mgf1-sha1":   "id-RSASSA-PSS (1.2.840.113549.1.1.10) with SHA-256 and MGF1 with SHA-1 is not supported",
		"pss-salt":        "id-RSASSA-PSS (1.2.840.113549.1.1.10) with SHA-256 and a salt of 20 octets is not supported",
		"pss-sha1":        "id-RSASSA-PSS (1.2.840.113549.1.1.10) with SHA-1 is not supported",
		"sha3":            "rsassa-pkcs1-v1_5-with-sha3-256 (2.16.840.1.101.3.4.3.14) is not supported",
		"rsa-1536":        "1536 bits is not supported",
		"rsa-e3":          "exponent 3",
		"rsa-pss-key":     "key's algorithm is not supported",
		"secp256k1":       "key's curve is not supported",
		"sha1":            "signature algorithm sha1WithRSAEncryption (1.2.840.113549.1.1.5) is not supported",
		"sha224":          "signature algorithm ecdsa-with-SHA224 (1.2.840.10045.4.3.1) is not supported",
		"sm2-other-id":    "does not match",
	}
	files, err := os.ReadDir("testdata/refused")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file.Name(), ".pem")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says, ok := tests[name]
			if !ok {
				t.Fatal("not in the table")
			}
			checkRefused(t, readFile(t, "refused", name), says)
		})
	}
	if len(files) != len(tests) {
		t.Errorf("testdata/refused has %d files and the table %d rows", len(files), len(tests))
	}
}

// Every element of a CSR, written in one of the ways that BER allows and DER
// does not, with something after its content, or under another tag. All but
// the signature's own elements are signed again.
func TestParseRefusesEveryElementNotDER(t *testing.T) {
	t.Parallel()
	changes := []struct {
		name        string
		constructed bool // only for elements with elements in them
		change      func(tag byte, content []byte) []byte
	}{
		{"longer length", false, longer},
		{"indefinite length", false, indefinite},
		{"NULL at the end", true, func(tag byte, content []byte) []byte { return asn.TLV(asn1.Tag(tag), content, asn.Null) }},
		{"zero octet at the end", true, func(tag byte, content []byte) []byte { return asn.TLV(asn1.Tag(tag), content, []byte{0}) }},
		{"cut off", false, func(tag byte, content []byte) []byte {
			e := asn.TLV(asn1.Tag(tag), content, []byte{0})
			return e[:len(e)-1]
		}},
		{"constructed for primitive", false, func(tag byte, content []byte) []byte { return asn.TLV(asn1.Tag(tag^0x20), content) }},
		{"application class", false, func(tag byte, content []byte) []byte { return asn.TLV(asn1.Tag(tag^0x40), content) }},
		{"other class", false, func(tag byte, content []byte) []byte { return asn.TLV(asn1.Tag(tag^0x80), content) }},
		{"high tag number", false, func(tag byte, content []byte) []byte {
			e := asn.TLV(asn1.Tag(tag), content)
			return slices.Concat([]byte{tag | 0x1f, tag & 0x1f}, e[1:])
		}},
		{"missing", false, func(byte, []byte) []byte { return nil }},
	}
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.SM2_256} {
		for _, c := range changes {
			t.Run(string(a)+" "+c.name, func(t *testing.T) {
				t.Parallel()
				p := newParts(t, a, 0)
				if _, err := csr.Parse(p.der()); err != nil {
					t.Fatal(err)
				}
				whole, err := parseNode(p.der())
				if err != nil {
					t.Fatal(err)
				}
				refused := 0
				try := func(what string, der []byte) {
					r, err := csr.Parse(der)
					if err == nil {
						t.Errorf("%s: accepted with the names %q\n%x", what, r.Names, der)
						return
					}
					testutil.CheckMessage(t, err, yuncert.ErrInvalidValueMalformed, "Csr", "")
					refused++
				}
				info := whole.children[0]
				index := 0
				info.walk(func(n *node) {
					index++
					if c.constructed && len(n.children) == 0 {
						return
					}
					if c.name == "missing" && mayMiss(a, info, n) {
						return
					}
					q := *p
					q.info = append([]byte{}, info.encode(n, c.change)...)
					try(fmt.Sprintf("element %d of CertificationRequestInfo (tag %#x)", index, n.tag), q.der())
				})
				outer := []*node{whole}
				whole.children[1].walk(func(n *node) { outer = append(outer, n) })
				whole.children[2].walk(func(n *node) { outer = append(outer, n) })
				for i, n := range outer {
					if c.constructed && len(n.children) == 0 {
						continue
					}
					switch {
					case c.name == "missing" && (n == whole || n.tag == byte(asn1.NULL)):
						continue // no data is another error; RSA's parameters may be absent
					case c.name == "NULL at the end" && a == algorithm.SM2_256 && n == whole.children[1]:
						continue // SM2's parameters may be NULL
					}
					try(fmt.Sprintf("element %d around it (tag %#x)", i, n.tag), whole.encode(n, c.change))
				}
				if refused < 15 {
					t.Errorf("only %d elements were tried", refused)
				}
			})
		}
	}
}

// mayMiss tells the elements that a CertificationRequestInfo of newParts can do
// without: RDNs, attributes, extensions and single names, the attributes' [0] as
// a whole, and the first of the two identifiers of an SM2 key.
func mayMiss(a algorithm.Algorithm, info, n *node) bool {
	subject, attributes := info.children[1], info.children[3]
	if a == algorithm.SM2_256 && n == info.children[2].children[0].children[0] {
		return true
	}
	if n == attributes || slices.Contains(subject.children, n) || slices.Contains(attributes.children, n) {
		return true
	}
	extensions := attributes.children[0].children[1].children[0]
	names := extensions.children[0].children[1].children[0]
	return slices.Contains(extensions.children, n) || slices.Contains(names.children, n)
}

// Every single octet of a CSR of each family, changed in several ways: the
// change is refused, as malformed or because the signature does not fit.
func TestParseRefusesEveryChangedOctet(t *testing.T) {
	t.Parallel()
	masks := []byte{0x01, 0x80, 0x20, 0xff}
	if testing.Short() {
		masks = masks[:1]
	}
	for _, name := range []string{
		"openssl-rsa-2048-san", "openssl-p256-san", "openssl-p384", "openssl-p521-sha512", "openssl-sm2-san",
		"openssl-sm2-empty-id", "openssl-bmp", "openssl-t61", "openssl-multivalue", "keytool-p256",
	} {
		der := testutil.FirstPEM(t, readFile(t, "accepted", name))
		for _, mask := range masks {
			t.Run(fmt.Sprintf("%s xor %#02x", name, mask), func(t *testing.T) {
				t.Parallel()
				changed := bytes.Clone(der)
				for i := range changed {
					changed[i] ^= mask
					if _, err := csr.Parse(changed); err == nil {
						t.Errorf("octet %d changed to %#02x: accepted", i, changed[i])
					} else {
						testutil.CheckMessage(t, err, yuncert.ErrInvalidValueMalformed, "Csr", "")
					}
					changed[i] ^= mask
				}
			})
		}
		t.Run(name+" cut off", func(t *testing.T) {
			t.Parallel()
			for i := 1; i < len(der); i++ {
				if _, err := csr.Parse(der[:i]); err == nil {
					t.Errorf("the first %d octets are accepted", i)
				}
			}
			checkRefused(t, append(bytes.Clone(der), 0), "1 octets of trailing data")
			checkRefused(t, append(bytes.Clone(der), der...), "of trailing data")
			checkRefused(t, armour(append(bytes.Clone(der), 0)), "1 octets of trailing data")
		})
	}
}

// A hostileText is one row of hostileTexts.
type hostileText struct {
	name, text, says string
}

// hostileTexts are texts that Parse refuses before it sees DER. FuzzParse starts
// from them too.
func hostileTexts(t testing.TB) []hostileText {
	good := readFile(t, "accepted", "openssl-p256-san")
	body := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(string(good), begin), end), "\n", "")
	text := string(good)
	return []hostileText{
		{"a space", " ", "neither DER nor PEM"},
		{"a byte-order mark", "\ufeff", "neither DER nor PEM"},
		{"a word", "CSRName", "neither DER nor PEM"},
		{"base64 without PEM", body, "neither DER nor PEM"},
		{"hexadecimal digits", fmt.Sprintf("%x", testutil.FirstPEM(t, good)), "neither DER nor PEM"},
		{"HTML", "<html><body>502 Bad Gateway</body></html>", "neither DER nor PEM"},
		{"four hyphens", text[1:], "neither DER nor PEM"},
		{"small letters", strings.ToLower(text), "neither DER nor PEM"},
		{"no label", "-----BEGIN -----\n" + body + "\n-----END -----\n", "it is a PEM block of an unknown kind"},
		{"label cut off", "-----BEGIN CERTIFICATE REQUEST\n" + body, "it is a PEM block of an unknown kind"},
		{"label CERTIFICATE", strings.ReplaceAll(text, "CERTIFICATE REQUEST", "CERTIFICATE"), "it is a PEM block CERTIFICATE; want CERTIFICATE REQUEST"},
		{"label PKCS7", strings.ReplaceAll(text, "CERTIFICATE REQUEST", "PKCS7"), "it is a PEM block PKCS7; want CERTIFICATE REQUEST"},
		{"label in small letters", strings.ReplaceAll(text, "CERTIFICATE REQUEST", "certificate request"), "it is a PEM block of an unknown kind"},
		{"label with a space", strings.ReplaceAll(text, "CERTIFICATE REQUEST", "CERTIFICATE REQUEST "), "it is a PEM block of an unknown kind"},
		{"label PUBLIC KEY", strings.ReplaceAll(text, "CERTIFICATE REQUEST", "PUBLIC KEY"), "it is a PEM block PUBLIC KEY"},
		{"label X509 CRL", strings.ReplaceAll(text, "CERTIFICATE REQUEST", "X509 CRL"), "it is a PEM block X509 CRL"},
		{"another label at the end", strings.Replace(text, "-----END CERTIFICATE", "-----END NEW CERTIFICATE", 1), "another label"},
		{"no end", strings.TrimSuffix(text, end), "no end"},
		{"end cut off", strings.TrimSuffix(text, "----\n"), "another label"},
		{"nothing in it", begin + end, "cannot be read"},
		{"only line breaks in it", begin + "\n\n" + end, "cannot be read"},
		{"the example of CreateCsr", "-----BEGIN CERTIFICATE REQUEST----- ...... -----END CERTIFICATE REQUEST-----", "not base64"},
		{"the example of the older document", begin + "MIIC/zqTxxxxx\n" + end, "not base64"},
		{"not base64", begin + "!" + body[1:] + "\n" + end, "not base64"},
		{"base64 for URLs", begin + strings.NewReplacer("+", "-", "/", "_").Replace(body) + "\n" + end, "not base64"},
		{"base64 without padding", begin + strings.TrimRight(body, "=") + "\n" + end, "not base64"},
		{"base64 with more padding", begin + body + "=\n" + end, "not base64"},
		{"base64 with bits after the last octet", begin + looseBits(body) + "\n" + end, "not base64"},
		{"base64 with a + that became a space", begin + body[:100] + " " + body[101:] + "\n" + end, "%2B"},
		{"base64 cut off", begin + body[:len(body)-5] + "\n" + end, "not base64"},
		{"PEM headers", begin + "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n" + body + "\n" + end, "has headers, such as Proc-Type"},
		{"a comment in it", begin + "# our CSR\n" + body + "\n" + end, "not base64"},
		{"NUL in it", strings.Replace(text, "\n", "\n\x00", 1), "not base64"},
		{"byte-order mark within", strings.Replace(text, "\n", "\n\ufeff", 1), "not base64"},
		{"two CSRs", text + text, "more than one PEM block"},
		{"two CSRs, one unfinished", text + begin, "more than one PEM block"},
		{"a certificate at the end", text + "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "more than one PEM block"},
		{"a certificate before", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" + text, "it is a PEM block CERTIFICATE; want"},
		{"NUL at the end", text + "\x00", "followed by control characters"},
		{"a second end", text + end, "more than one PEM block"},
		{"a spoilt CSR at the end", text + text[1:], "more than one PEM block"},
		{"base64 at the end", text + body, "may be a key"},
		{"UTF-16", testutil.UTF16(binary.LittleEndian, "\ufeff"+text), "neither DER nor PEM"},
	}
}

func TestParseRefusesTexts(t *testing.T) {
	t.Parallel()
	for _, tt := range hostileTexts(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkRefused(t, []byte(tt.text), tt.says)
		})
	}
}

const (
	begin = "-----BEGIN CERTIFICATE REQUEST-----\n"
	end   = "-----END CERTIFICATE REQUEST-----\n"
)

// looseBits sets bits of base64 that belong to no octet.
func looseBits(body string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	bare := strings.TrimRight(body, "=")
	last := strings.IndexByte(alphabet, bare[len(bare)-1])
	return bare[:len(bare)-1] + alphabet[last+1:last+2] + body[len(bare):]
}

func TestParseNoData(t *testing.T) {
	t.Parallel()
	for _, data := range [][]byte{nil, {}} {
		r, err := csr.Parse(data)
		testutil.CheckMessage(t, err, yuncert.ErrMissingParameter, "Csr", "Csr is mandatory for this action.")
		if r != nil {
			t.Errorf("Parse returned %+v with the error", r)
		}
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	good := readFile(t, "accepted", "openssl-p256-san")
	padded := func(size int) []byte {
		return append(bytes.Repeat([]byte{'\n'}, size-len(good)), good...)
	}
	if _, err := csr.Parse(padded(64 << 10)); err != nil {
		t.Errorf("64 KiB: %v", err)
	}
	checkRefused(t, padded(64<<10+1), "65537 octets")
	checkRefused(t, make([]byte, 1<<20), "1048576 octets")

	// DER of the largest size, and an octet more.
	p := newParts(t, algorithm.RSA_2048, 0) // whose signatures all have one length
	sized := func(size int) []byte {
		fill := func(n int) []byte {
			p.attributes = asn.TLV(0xa0, asn.RequestAttribute(oidChallengePassword, asn.TLV(asn1.UTF8String, bytes.Repeat([]byte{'a'}, n))))
			return p.der()
		}
		der := fill(60000 + size - len(fill(60000)))
		if len(der) != size {
			t.Fatalf("made %d octets, not %d", len(der), size)
		}
		return der
	}
	if _, err := csr.Parse(sized(csr.MaxSize)); err != nil {
		t.Errorf("DER of %d octets: %v", csr.MaxSize, err)
	}
	checkRefused(t, sized(csr.MaxSize+1), "65537 octets")
}

// A private key instead of a CSR is recognised, and the message does not quote it.
func TestParseKeepsPrivateKeysToItself(t *testing.T) {
	t.Parallel()
	good := string(readFile(t, "accepted", "openssl-p256-san"))
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.SM2_256} {
		text := string(testkeys.PEM(a, 0))
		der := testutil.FirstPEM(t, []byte(text))
		for _, tt := range []struct{ name, text, says string }{
			{"PKCS #8", text, "is a private key"},
			{"PKCS #1", strings.ReplaceAll(text, "PRIVATE KEY", "RSA PRIVATE KEY"), "is a private key"},
			{"SEC 1", strings.ReplaceAll(text, "PRIVATE KEY", "EC PRIVATE KEY"), "is a private key"},
			{"encrypted", strings.ReplaceAll(text, "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"), "is a private key"},
			{"before the CSR", text + good, "is a private key"},
			{"after the CSR", good + text, "more than one PEM block"},
			{"in one line", strings.ReplaceAll(text, "\n", " "), "is a private key"},
			{"without an end", strings.TrimSuffix(text, "-----END PRIVATE KEY-----\n"), "is a private key"},
			{"under the label of a CSR", string(armour(der)), "cannot be read"},
			{"under the label of a CSR, spoilt", strings.Replace(string(armour(der)), "\n", "\n!", 1), "not base64"},
			{"DER", string(der), ""},
			{"only base64", base64.StdEncoding.EncodeToString(der), "neither DER nor PEM"},
			{"after the end of a CSR", good + base64.StdEncoding.EncodeToString(der), "may be a key"},
			{"after the CSR, spoilt", good + strings.ReplaceAll(text, " ", "+"), "more than one PEM block"},
			{"after the CSR, without its lines", good + "PRIVATE KEY\n" + strings.Join(strings.Split(text, "\n")[1:3], "\n"), "may be a key"},
		} {
			t.Run(string(a)+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				checkRefused(t, []byte(tt.text), tt.says)
				_, err := csr.Parse([]byte(tt.text))
				said := fmt.Sprintf("%v %+v %#v", err, err, err)
				secret := base64.StdEncoding.EncodeToString(der)
				for _, form := range []string{secret, string(der), fmt.Sprintf("%x", der), fmt.Sprintf("%X", der)} {
					for i := 0; i+8 <= len(form); i++ {
						if strings.Contains(said, form[i:i+8]) {
							t.Fatalf("the error quotes the key: %s", said)
						}
					}
				}
			})
		}
	}
}

// A message quotes only the beginning of a refused value.
func TestParseMessagesAreShort(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(p *parts){
		"common name": func(p *parts) { p.subject = commonName(strings.Repeat("a", 5000)) },
		"DNS name":    func(p *parts) { p.attributes = asn.TLV(0xa0, altNames(asn.DNSName(strings.Repeat("a", 5000)))) },
		"attribute": func(p *parts) {
			a := asn.RequestAttribute(asn.OID("\x2a"+strings.Repeat("\x83", 5000)+"\x03"), asn.Null)
			p.attributes = asn.TLV(0xa0, a, a)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParts(t, algorithm.ECC_256, 0)
			change(p)
			_, err := csr.Parse(p.der())
			testutil.CheckMessage(t, err, yuncert.ErrInvalidValueMalformed, "Csr", "")
			if n := len(err.Error()); n > 400 {
				t.Errorf("a message of %d octets: %.200s...", n, err)
			}
		})
	}
}

// An attribute type too large for an int must not pass for a common name.
func TestSubjectLargeObjectIdentifier(t *testing.T) {
	t.Parallel()
	// 2.5.4.(2^70+3)
	large := asn.OID("\x55\x04\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x03")
	p := newParts(t, algorithm.ECC_256, 0)
	p.subject = asn.Name(asn.UTF8(asn.OIDOrganization, "Example"), asn.Attribute(large, asn1.UTF8String, "www.example.net"))
	r, err := csr.Parse(p.der())
	if err != nil {
		t.Fatal(err)
	}
	subject := r.Subject()
	if r.CommonName != "" || subject.CommonName != "" {
		t.Errorf("common name %q, in Subject %q: want none", r.CommonName, subject.CommonName)
	}
	if diff := cmp.Diff([]string{"Example"}, subject.Organization); diff != "" {
		t.Errorf("organization mismatch (-want +got):\n%s", diff)
	}
}

func TestSubjectOfNoRequest(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(pkix.Name{}, new(csr.Request).Subject()); diff != "" {
		t.Errorf("Subject of an empty Request (-want +got):\n%s", diff)
	}
}

func readFile(t testing.TB, folder, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", folder, name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
