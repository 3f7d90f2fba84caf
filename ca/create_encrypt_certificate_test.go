package ca_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// sm2Pair is the algorithm of pairs.
const sm2Pair = algorithm.SM2_256

// encryptKey is the encryption key in these tests. The signing key is test key 2.
func encryptKey() *algorithm.PrivateKey { return key(sm2Pair, 3) }

// signCert makes a signing certificate with the key of the subordinate CA. Without
// a change it is much like a certificate of CreateServerCertificateWithCsr.
func signCert(t testing.TB, change func(*x509der.Template)) string {
	t.Helper()
	return signSM2(t, "www.example.com", "", key(sm2Pair, 2).Public(), key(sm2Pair, 1), func(template *x509der.Template) {
		template.CA, template.Issuer = false, authorityOf(sm2Pair).subject
		template.NotAfter = instant.AddDate(1, 0, 0)
		template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []string{x509der.ServerAuth}
		template.Names = []string{"www.example.com"}
		change(template)
	})
}

func ordinary(*x509der.Template) {}

// withNames changes signCert to have these GeneralNames.
func withNames(names ...[]byte) func(*x509der.Template) {
	return func(t *x509der.Template) { t.AltNames = asn.Extension(asn.OIDAltName, false, asn.Seq(names...)) }
}

// withSubject changes signCert to have this subject.
func withSubject(attributes ...[]byte) func(*x509der.Template) {
	return func(t *x509der.Template) { t.RawSubject = asn.Name(attributes...) }
}

// createEncrypt wants a certificate for encryptKey.
func createEncrypt(t testing.TB, issuer *ca.Issuer, signCert string) (*ca.CreateEncryptCertificateResponse, *x509.Certificate) {
	t.Helper()
	resp, der, err := ca.CreateEncryptCertificate(testutil.Seeded(), instant, issuer, encryptKey().Public(), &ca.CreateEncryptCertificateRequest{SignCert: signCert}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp, parse(t, der)
}

// checkEncryptRefused wants that error, nil results, no randomness drawn and nothing
// looked up.
func checkEncryptRefused(t *testing.T, now time.Time, issuer *ca.Issuer, pub crypto.PublicKey, signCert string, code yuncert.Code, parameter, mention string) {
	t.Helper()
	lookup := func(serialNumber string) (ca.OCSPAnswer, error) {
		t.Errorf("lookup of %q", serialNumber)
		return ca.OCSPAnswer{Status: ca.OCSPGood}, nil
	}
	resp, der, err := ca.CreateEncryptCertificate(testutil.Untouched(t), now, issuer, pub, &ca.CreateEncryptCertificateRequest{SignCert: signCert}, lookup)
	testutil.CheckError(t, err, code, parameter, mention)
	if resp != nil || der != nil {
		t.Error("a result with an error")
	}
}

// extensionOf is the extension with an object identifier, whole.
func extensionOf(cert *x509.Certificate, oid []byte) []byte {
	for _, e := range cert.Extensions {
		if e.Id.Equal(x509der.ObjectIdentifier(string(oid[2:]))) {
			return asn.Extension(oid, e.Critical, e.Value)
		}
	}
	return nil
}

// Every octet of the certificate for a server.
func TestCreateEncryptCertificateProfile(t *testing.T) {
	t.Parallel()
	au := authorityOf(sm2Pair)
	req := serverRequest(au.issuer, hostCSR(t, sm2Pair, "www.example.com"))
	req.Domain, req.Immediately, req.BeforeTime, req.AfterTime, req.Days = "192.0.2.1,2001:db8::1,*.example.com", 1, instant.Unix()+1, instant.AddDate(1, 0, 0).Unix(), 0
	server, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, au.issuer, req)
	if err != nil {
		t.Fatal(err)
	}
	signed, public := parsePEM(t, server.X509Certificate), encryptKey().Public()
	resp, cert := createEncrypt(t, au.issuer, server.X509Certificate)
	checkProfile(t, cert, profile{
		asn.SignatureID("SM2"), au.subject, signed.RawSubject, utcTime("260304050608Z"), utcTime("270304050607Z"), public, [][]byte{
			asn.Extension(asn.OIDKeyUsage, true, bitString(3, 0x38)),
			asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq(asn.OIDServerAuth)),
			asn.Extension(asn.OIDKeyID, false, asn.Octets(keyID(t, public))),
			asn.Extension(asn.OIDAuthority, false, asn.Seq(asn.TLV(0x80, keyID(t, au.subKey.Public())))),
			asn.Extension(asn.OIDAltName, false, asn.GeneralNames("www.example.com", "192.0.2.1", "2001:db8::1", "*.example.com")),
			// SignCert has no CRL address, since EnableCrl is 0.
			asn.Extension(asn.OIDCRLPoints, false, asn.Seq(asn.Seq(asn.Explicit(0, asn.Explicit(0, asn.TLV(0x86, []byte(crlBase+"/"+au.sub.Identifier+".crl"))))))),
		},
	})
	verifySignature(t, cert, au.subKey.Public())
	verifyServer(t, sm2Pair, cert.Raw, au.sub.CertificateChain, au.root.Certificate, instant.AddDate(0, 0, 90), "www.example.com", "192.0.2.1", "2001:db8::1", "api.example.com")

	got := []any{
		resp.Certificate == testutil.EncodePEM("CERTIFICATE", cert.Raw), resp.CertificateChain == au.sub.CertificateChain,
		resp.Identifier == x509der.Identifier(cert.Raw), serialForm.MatchString(resp.SerialNumber), resp.RequestId != "" && testutil.RequestIDForm.MatchString(resp.RequestId),
	}
	if diff := cmp.Diff([]any{true, true, true, true, true}, got); diff != "" {
		t.Errorf("response mismatch (-want +got):\n%s", diff)
	}

	// The same inputs give the bytes in testdata.
	testutil.Golden(t, "golden/SM2_256-encrypt.pem", resp.Certificate)
	again, _ := createEncrypt(t, au.issuer, server.X509Certificate)
	if diff := cmp.Diff(resp, again); diff != "" {
		t.Errorf("twice the same inputs, and not the same outputs (-first +second):\n%s", diff)
	}
	resp.Certificate, resp.CertificateChain = "", ""
	text, err := json.MarshalIndent(resp, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "golden/SM2_256-encrypt.json", string(text)+"\n")
}

// Subject, names, usages and validity are copied from every kind of signing
// certificate, and both are a pair.
func TestCreateEncryptCertificateCopies(t *testing.T) {
	t.Parallel()
	au := authorityOf(sm2Pair)
	issuer := au.issuerWith(t, ca.IssuerOptions{OCSPServer: []string{"http://ocsp.example.com"}, Backdate: time.Hour})
	client := func(change func(*ca.CreateClientCertificateWithCsrRequest)) string {
		req := &ca.CreateClientCertificateWithCsrRequest{Csr: hostCSR(t, sm2Pair, "张三"), ParentIdentifier: issuer.Identifier(), Days: 30, Immediately: 1}
		change(req)
		resp, _, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
		if err != nil {
			t.Fatal(err)
		}
		return resp.X509Certificate
	}
	domain := func(list string) string {
		resp, _, err := ca.CreateDomainCertificate(testutil.Seeded(), instant, issuer, &domainRequest{Csr: hostCSR(t, sm2Pair, "a"), Domain: list, Months: 3, Immediately: 1})
		if err != nil {
			t.Fatal(err)
		}
		return resp.X509Certificate
	}
	custom := func(change func(*ca.CreateCustomCertificateRequest)) string {
		req := fullCustomRequest(t, sm2Pair, issuer)
		req.EnableCrl = 0
		change(req)
		resp, _, err := ca.CreateCustomCertificate(testutil.Seeded(), instant, issuer, req)
		if err != nil {
			t.Fatal(err)
		}
		return resp.Certificate
	}
	list := strings.Join(testutil.NumberedNames(250), ",")
	for name, text := range map[string]string{
		"a client without names": client(func(*ca.CreateClientCertificateWithCsrRequest) {}),
		"a client's mailboxes": client(func(r *ca.CreateClientCertificateWithCsrRequest) {
			r.SanType, r.SanValue = 1, "zhang@example.com,li@example.cn"
		}),
		"a client's URIs": client(func(r *ca.CreateClientCertificateWithCsrRequest) {
			r.SanType, r.SanValue = 6, "https://example.com/a?b#c,urn:uuid:1,spiffe://example.com/a%20b"
		}),
		"a client that begins later": client(func(r *ca.CreateClientCertificateWithCsrRequest) {
			r.BeforeTime, r.AfterTime = instant.Unix()+1000, instant.Unix()+2000
		}),
		"250 names":  domain(list),
		"no subject": domain(strings.Repeat("a.", 40) + "cn"),
		"everything": custom(func(*ca.CreateCustomCertificateRequest) {}),
		"usages and names that are not critical": custom(func(r *ca.CreateCustomCertificateRequest) {
			r.ApiPassthrough.Extensions.Criticals = nil
		}),
		"a key usage only": custom(func(r *ca.CreateCustomCertificateRequest) {
			r.ApiPassthrough.Extensions.ExtendedKeyUsages, r.ApiPassthrough.Extensions.Criticals = nil, nil
			r.ApiPassthrough.Extensions.KeyUsage = ca.CustomKeyUsage{DigitalSignature: true, KeyAgreement: true}
		}),
		"any usage":              signCert(t, func(t *x509der.Template) { t.ExtKeyUsage = []string{x509der.AnyExtendedKeyUsage, "\x2a\x03"} }),
		"upper case":             signCert(t, withNames(asn.DNSName("WWW.Example.COM"), asn.TLV(0x81, []byte("Zhang@Example.com")))),
		"names in another order": signCert(t, withNames(asn.TLV(0x86, []byte("urn:a")), asn.TLV(0x81, []byte("a@example.com")), asn.IPAddress(192, 0, 2, 1), asn.DNSName("a.example.com"))),
		"a name twice":           signCert(t, withNames(asn.DNSName("a.example.com"), asn.DNSName("a.example.com"))),
		"an RDN of two attributes": signCert(t, func(t *x509der.Template) {
			t.RawSubject = asn.Seq(asn.Set(asn.Printable(asn.OIDCommonName, "a"), asn.Printable(asn.OIDUnit, "b")))
		}),
		"attributes in other types": signCert(t, withSubject(asn.Attribute(asn.OIDOrganization, asn.BMPString, "\x4e\x91"), asn.UTF8(asn.OIDCountry, "cn"))),
		"a subject of 4096 octets":  signCert(t, func(t *x509der.Template) { t.RawSubject = subjectOf(4096) }),
		"the key as other tools do it": signCert(t, func(template *x509der.Template) {
			public := template.PublicKey
			template.PublicKey = asn.Seq(asn.Seq(asn.OIDSM2), bitString(0, public[len(public)-65:]...))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signed := parsePEM(t, text)
			resp, cert := createEncrypt(t, issuer, text)
			for what, oid := range map[string][]byte{"names": asn.OIDAltName, "usages": asn.OIDExtKeyUsage} {
				if got, want := extensionOf(cert, oid), extensionOf(signed, oid); !bytes.Equal(got, want) {
					t.Errorf("%s are %x, want %x", what, got, want)
				}
			}
			if !bytes.Equal(cert.RawSubject, signed.RawSubject) || !bytes.Equal(cert.RawIssuer, au.subject) {
				t.Errorf("the subject is %x and the issuer %x", cert.RawSubject, cert.RawIssuer)
			}
			if !cert.NotBefore.Equal(signed.NotBefore) || !cert.NotAfter.Equal(signed.NotAfter) {
				t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
			}
			if len(cert.CRLDistributionPoints) > 0 || !slices.Equal(cert.OCSPServer, []string{"http://ocsp.example.com"}) {
				t.Errorf("CRL %v, OCSP %v", cert.CRLDistributionPoints, cert.OCSPServer)
			}
			if cert.KeyUsage != x509.KeyUsageKeyEncipherment|x509.KeyUsageDataEncipherment|x509.KeyUsageKeyAgreement || !testutil.EqualKeys(cert.PublicKey, encryptKey().Public()) {
				t.Errorf("key usage %b, key %v", cert.KeyUsage, cert.PublicKey)
			}
			verifySignature(t, cert, au.subKey.Public())
			chain, err := ca.Verify(cert.NotBefore, text+resp.Certificate+resp.CertificateChain, ca.VerifyOptions{Roots: au.root.Certificate, Pair: true})
			if err != nil || len(chain) != 3 || !chain[0].Equal(signed) {
				t.Errorf("Verify: %v, %v", chain, err)
			}
		})
	}
}

// subjectOf is a Name with that many octets, from 1000 to 60,000.
func subjectOf(octets int) []byte {
	var attributes [][]byte
	unit := func(n int) []byte { return asn.Set(asn.Printable(asn.OIDUnit, strings.Repeat("a", n))) }
	for len(asn.Seq(attributes...)) < octets-100 {
		attributes = append(attributes, unit(50))
	}
	for n := range 64 {
		name := asn.Seq(append(attributes, unit(n+1), unit(30))...)
		if len(name) == octets {
			return name
		}
	}
	panic("no subject has this length")
}

// After the renewal of the CA the certificate begins with the new CA certificate,
// because the signing certificate is older.
func TestCreateEncryptCertificateOfARenewedCA(t *testing.T) {
	t.Parallel()
	au := authorityOf(sm2Pair)
	later := instant.AddDate(0, 1, 0)
	sub, err := ca.CreateSubCACertificate(testutil.Seeded(), later, au.rootIssuer, au.subKey.Public(), subRequest(sm2Pair))
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := ca.NewIssuer(sub.CertificateChain, au.subKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text := signCert(t, ordinary)
	resp, der, err := ca.CreateEncryptCertificate(testutil.Seeded(), later, issuer, encryptKey().Public(), &ca.CreateEncryptCertificateRequest{SignCert: text}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cert := parse(t, der)
	if !cert.NotBefore.Equal(later) || !cert.NotAfter.Equal(instant.AddDate(1, 0, 0)) {
		t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
	}
	_, err = ca.Verify(later, text+resp.Certificate+resp.CertificateChain, ca.VerifyOptions{Roots: au.root.Certificate, Pair: true, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth})
	if err != nil {
		t.Error(err)
	}
}

// A refusedSignCert is a SignCert that Validate refuses.
type refusedSignCert struct {
	name, text string
	code       yuncert.Code
	mention    string
}

func refusedSignCerts(t testing.TB) []refusedSignCert {
	au := authorityOf(sm2Pair)
	ordinary := signCert(t, ordinary)
	row := func(name, mention string, change func(*x509der.Template)) refusedSignCert {
		return refusedSignCert{name, signCert(t, change), refused, mention}
	}
	names := func(name, mention string, list ...[]byte) refusedSignCert {
		return row(name, mention, withNames(list...))
	}
	usage := func(name, content string) refusedSignCert {
		return row("the usage "+name, "has the extended key usage "+name+", for which a key must sign", func(t *x509der.Template) { t.ExtKeyUsage = []string{x509der.ServerAuth, content} })
	}
	responder, err := ca.CreateOCSPResponderCertificate(testutil.Seeded(), instant, au.issuer, key(sm2Pair, 2).Public(), responderRequest())
	if err != nil {
		t.Fatal(err)
	}
	ecc := authorityOf(algorithm.ECC_256)
	server := issue(t, ecc.issuer, serverRequest(ecc.issuer, hostCSR(t, algorithm.ECC_256, "www.example.com")))
	second, _ := createEncrypt(t, au.issuer, ordinary)
	var many [][]byte
	for _, name := range testutil.NumberedNames(252) {
		many = append(many, asn.DNSName(name))
	}
	return []refusedSignCert{
		{"no SignCert", "", missing, "SignCert is mandatory for this action."},
		{"1 MiB and an octet", strings.Repeat(" ", 1<<20+1), malformed, "1048577 octets; up to 1048576"},
		{"only a word", "garbage", malformed, "no certificate in PEM"},
		{"a private key", string(testkeys.PEM(sm2Pair, 2)), malformed, "is not a CERTIFICATE"},
		{"a CSR", hostCSR(t, sm2Pair, "www.example.com"), malformed, "give the certificate that a CA issued"},
		{"cut off", ordinary[:200], malformed, "PEM block is damaged"},
		{"not DER", testutil.EncodePEM("CERTIFICATE", asn.Seq()), malformed, "cannot be read"},
		{"with its chain", ordinary + au.sub.CertificateChain, malformed, "there are 3 certificates; want only the signing certificate"},
		{"eleven certificates", strings.Repeat(ordinary, 11), malformed, "more than 10 certificates"},

		{"an ECC certificate", testutil.EncodePEM("CERTIFICATE", server.Raw), refused, "has the algorithm ECC_256; only SM2"},
		{"the CA's certificate", au.sub.Certificate, refused, "is a CA's"},
		{"the root's certificate", au.root.Certificate, refused, "is a CA's"},
		{"the encryption certificate", second.Certificate, refused, "its key usage lacks digitalSignature"},
		{"an OCSP responder's certificate", responder.Certificate, refused, "has the extended key usage OCSPSigning"},
		row("without a key usage", "its key usage lacks digitalSignature", func(t *x509der.Template) { t.KeyUsage = 0 }),
		row("for content commitment only", "its key usage lacks digitalSignature", func(t *x509der.Template) { t.KeyUsage = x509.KeyUsageContentCommitment }),
		usage("codeSigning", x509der.CodeSigning),
		usage("timeStamping", x509der.TimeStamping),
		usage("OCSPSigning", x509der.OCSPSigning),
		row("an unknown critical extension", "has the critical extension 1.2.3, which is not understood", func(t *x509der.Template) {
			t.CRLPoints = asn.Extension(asn.OID("\x2a\x03"), true, asn.Null)
		}),
		row("an empty extended key usage", "its extended key usage grants nothing", func(t *x509der.Template) {
			t.ExtKeyUsage, t.CRLPoints = nil, asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq())
		}),

		names("a directory name", "has names that cannot be copied: alternative name 2 is not a dNSName", asn.DNSName("a.example.com"), asn.Explicit(4, commonName("a"))),
		names("another name", "alternative name 1 is not a dNSName", asn.Explicit(0, asn.OID("\x2a\x03"), asn.Explicit(0, asn.Null))),
		names("a registered ID", "alternative name 1 is not a dNSName", asn.TLV(0x88, []byte{0x2a, 3})),
		names("an underscore", `subjectAltName: "a_b.example.com"`, asn.DNSName("a_b.example.com")),
		names("a wildcard further inside", `subjectAltName: "www.*.example.com"`, asn.DNSName("www.*.example.com")),
		names("an address as a DNS name", `the dNSName "192.0.2.1" is an IP address`, asn.DNSName("192.0.2.1")),
		names("a mapped address", "mapped into IPv6", asn.IPAddress(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1)),
		names("a quoted mailbox", "is not an e-mail address in ASCII", asn.TLV(0x81, []byte(`"a b"@example.com`))),
		names("a URI without a scheme", `"/path" is not an ASCII URI`, asn.TLV(0x86, []byte("/path"))),
		names("a URI that is too long", "up to 2048 octets", asn.TLV(0x86, []byte("urn:"+strings.Repeat("a", 2045)))),
		names("252 names", "there are more than 250 names", many...),
		names("251 names", "there are more than 250 names", many[:251]...),

		row("a long common name", "has a subject that cannot be copied", withSubject(asn.UTF8(asn.OIDCommonName, strings.Repeat("a", 65)))),
		row("two common names", "has 2 common names; one is accepted", withSubject(asn.UTF8(asn.OIDCommonName, "a"), asn.UTF8(asn.OIDCommonName, "www.example.org"))),
		row("a control character", "has a subject that cannot be copied", withSubject(asn.UTF8(asn.OIDCommonName, "a\x00"))),
		row("an empty attribute", "has a subject that cannot be copied", withSubject(asn.UTF8(asn.OIDCommonName, ""))),
		row("a TeletexString", "has a subject that cannot be copied", withSubject(asn.Attribute(asn.OIDCommonName, asn1.T61String, "a\xe4"))),
		row("no subject and no names", "has neither a subject nor an alternative name", func(t *x509der.Template) {
			t.RawSubject, t.Names = asn.Name(), nil
		}),
		row("a subject of 4097 octets", "it has 4097 octets: up to 4096", func(t *x509der.Template) { t.RawSubject = subjectOf(4097) }),
	}
}

func TestCreateEncryptCertificateRefusesSignCert(t *testing.T) {
	t.Parallel()
	for _, tt := range refusedSignCerts(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := &ca.CreateEncryptCertificateRequest{SignCert: tt.text}
			testutil.CheckError(t, req.Validate(), tt.code, "SignCert", tt.mention)
			checkEncryptRefused(t, instant, authorityOf(sm2Pair).issuer, encryptKey().Public(), tt.text, tt.code, "SignCert", tt.mention)
			// The request is checked before the issuer.
			checkEncryptRefused(t, instant, nil, encryptKey().Public(), tt.text, tt.code, "SignCert", tt.mention)
		})
	}
	var nothing *ca.CreateEncryptCertificateRequest
	testutil.CheckError(t, nothing.Validate(), missing, "SignCert", "SignCert is mandatory for this action.")
}

// Each row is one change to a valid call with the request's signing certificate,
// the issuer or the key. Validate accepts all these requests.
func TestCreateEncryptCertificateRefuses(t *testing.T) {
	t.Parallel()
	au, text, own := authorityOf(sm2Pair), signCert(t, ordinary), encryptKey().Public()
	issuer, err := ca.NewIssuer(au.sub.CertificateChain, testutil.Unused(t, au.subKey.Public()), ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	must := func(issuer *ca.Issuer, err error) *ca.Issuer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return issuer
	}
	limited := func(c *constraints) *ca.Issuer {
		issuer, _ := constrained(t, sm2Pair, c, nil)
		return issuer
	}
	policy := func(pub crypto.PublicKey) *ca.Issuer {
		return au.issuerWith(t, ca.IssuerOptions{KeyPolicy: blocks(t, pub)})
	}
	rootIssues := must(ca.NewIssuer(au.root.CertificateChain, au.rootKey, ca.IssuerOptions{RootIssues: true}))
	byRoot := signCert(t, func(t *x509der.Template) { t.Issuer = au.rootSubject })
	byRoot = testutil.EncodePEM("CERTIFICATE", rewrite(t, testutil.DecodePEM(t, "CERTIFICATE", byRoot), au.rootKey, func(f [][]byte) [][]byte { return f }))
	if _, _, err := ca.CreateEncryptCertificate(testutil.Seeded(), instant, rootIssues, own, &ca.CreateEncryptCertificateRequest{SignCert: byRoot}, nil); err != nil {
		t.Errorf("a root with RootIssues: %v", err)
	}
	// An ECC CA that signed for an SM2 key: no operation of this package does.
	ecc := authorityOf(algorithm.ECC_256)
	byECC := testutil.EncodePEM("CERTIFICATE", asECC(t, text, ecc.subKey))
	forged := testutil.DecodePEM(t, "CERTIFICATE", text)
	forged[len(forged)-1] ^= 1
	tests := []struct {
		name, signCert     string
		now                time.Time
		issuer             *ca.Issuer
		pub                crypto.PublicKey
		code               yuncert.Code
		parameter, mention string
	}{
		{"no issuer", text, instant, nil, own, yuncert.ErrNotFound, "ParentIdentifier", "no issuing CA"},
		{"another CA", text, instant, rootIssues, own, refused, "SignCert", "is issued by"},
		{"a CA with the same name and another key", signCert(t, func(t *x509der.Template) { t.Issuer = au.rootSubject }), instant, rootIssues, own, refused, "SignCert", "is not signed by the key of the CA"},
		{"a changed signature", testutil.EncodePEM("CERTIFICATE", forged), instant, issuer, own, refused, "SignCert", "is not signed by the key of the CA"},
		{"an issuer name of another CA", signCert(t, func(t *x509der.Template) { t.Issuer = au.rootSubject }), instant, issuer, own, refused, "SignCert", "is issued by"},
		{"before the CA", text, instant.Add(-time.Second), issuer, own, yuncert.ErrCertificateExpired, "ParentIdentifier", ""},
		{"after the CA", text, caEnd.Add(time.Second), issuer, own, yuncert.ErrCertificateExpired, "ParentIdentifier", ""},
		{"expired", text, instant.AddDate(1, 0, 0).Add(time.Second), issuer, own, refused, "SignCert", "would have ended"},
		{"longer than the CA", signCert(t, func(t *x509der.Template) { t.NotAfter = caEnd.Add(time.Second) }), instant, issuer, own, refused, "SignCert", "after the CA and its chain"},
		{"longer than CertMaxTime", text, instant, au.issuerWith(t, ca.IssuerOptions{CertMaxTime: 364}), own, refused, "SignCert", "364 days"},
		{"a root", byRoot, instant, au.rootIssuer, own, refused, "ParentIdentifier", "root CA"},
		{"another usage than the CA's", text, instant, au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.ExtendedKeyUsages = []string{"clientAuth"} }), own, refused, "SignCert", "exclude serverAuth"},
		{"a name out of bounds", text, instant, limited(&constraints{PermittedDNSDomains: []string{"example.org"}}), own, refused, "SignCert", `"www.example.com" is not permitted`},
		{"an upper-case name out of bounds", signCert(t, withNames(asn.DNSName("WWW.Example.COM"))), instant, limited(&constraints{ExcludedDNSDomains: []string{"example.com"}}), own, refused, "SignCert", `"www.example.com" is excluded`},
		{"an address out of bounds", signCert(t, withNames(asn.IPAddress(192, 0, 2, 1))), instant, limited(&constraints{ExcludedIPRanges: []string{"192.0.2.0/24"}}), own, refused, "SignCert", `"192.0.2.1" is excluded`},
		{"a mailbox out of bounds", signCert(t, withNames(asn.TLV(0x81, []byte("a@Example.com")))), instant, limited(&constraints{ExcludedEmailAddresses: []string{"example.com"}}), own, refused, "SignCert", `"a@example.com" is excluded`},
		{"a common name out of bounds", signCert(t, func(t *x509der.Template) { t.Names = nil }), instant, limited(&constraints{ExcludedDNSDomains: []string{"example.com"}}), own, refused, "SignCert", `"www.example.com" is excluded`},
		{"the subject of a CA", signCert(t, func(t *x509der.Template) { t.RawSubject = au.rootSubject }), instant, issuer, own, refused, "SignCert", "a CA's own"},
		{"a blocked signing key", text, instant, policy(key(sm2Pair, 2).Public()), own, refused, "SignCert", "the key is blocked"},
		{"an ECC CA", byECC, instant, ecc.issuer, own, refused, "", "the key is SM2_256 and the CA's key is ECC_256"},

		{"no key", text, instant, issuer, nil, malformed, "", "the applicant's public key"},
		{"an ECC key", text, instant, issuer, key(algorithm.ECC_256, 2).Public(), refused, "", "the key is ECC_256 and not SM2_256"},
		{"an ECC key below an ECC CA", byECC, instant, ecc.issuer, key(algorithm.ECC_256, 2).Public(), refused, "", "the key is ECC_256 and not SM2_256"},
		{"an RSA key", text, instant, issuer, key(algorithm.RSA_2048, 2).Public(), refused, "", "the key is RSA_2048 and not SM2_256"},
		{"a short RSA key", text, instant, issuer, key(algorithm.RSA_1024, 2).Public(), refused, "", "the key is RSA_1024 and not SM2_256"},
		{"the signing key", text, instant, issuer, key(sm2Pair, 2).Public(), refused, "", "the key is the one in SignCert"},
		{"the CA's key", text, instant, issuer, au.subKey.Public(), refused, "", "in use by a CA"},
		{"the root's key", text, instant, issuer, au.rootKey.Public(), refused, "", "in use by a CA"},
		{"a blocked key", text, instant, policy(own), own, malformed, "", "the key is blocked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := &ca.CreateEncryptCertificateRequest{SignCert: tt.signCert}
			if err := req.Validate(); err != nil {
				t.Errorf("Validate: %v", err)
			}
			checkEncryptRefused(t, tt.now, tt.issuer, tt.pub, tt.signCert, tt.code, tt.parameter, tt.mention)
		})
	}
	_, _, err = ca.CreateEncryptCertificate(testutil.ReaderFunc(func([]byte) (int, error) { return 0, testutil.ErrNoRandomness }), instant, issuer, own, &ca.CreateEncryptCertificateRequest{SignCert: text}, nil)
	if !errors.Is(err, testutil.ErrNoRandomness) {
		t.Errorf("without randomness: %v", err)
	}
}

// The CA's records decide whether a good signing certificate gets a second one.
func TestCreateEncryptCertificateLookup(t *testing.T) {
	t.Parallel()
	au, text := authorityOf(sm2Pair), signCert(t, func(t *x509der.Template) { t.SerialNumber = []byte{0x0a, 0xbc} })
	answer := func(a ca.OCSPAnswer) func(string) (ca.OCSPAnswer, error) {
		return func(serialNumber string) (ca.OCSPAnswer, error) {
			if serialNumber != "0abc" {
				t.Errorf("lookup of %q, want 0abc", serialNumber)
			}
			return a, nil
		}
	}
	revoked := func(at time.Time, reason ca.RevocationReason) ca.OCSPAnswer {
		return ca.OCSPAnswer{Status: ca.OCSPRevoked, RevocationTime: at, Reason: reason}
	}
	req := &ca.CreateEncryptCertificateRequest{SignCert: text}
	calls := 0
	_, _, err := ca.CreateEncryptCertificate(testutil.Seeded(), instant, au.issuer, encryptKey().Public(), req, func(serialNumber string) (ca.OCSPAnswer, error) {
		calls++
		return answer(ca.OCSPAnswer{Status: ca.OCSPGood})(serialNumber)
	})
	if err != nil || calls != 1 {
		t.Errorf("good: %v after %d calls of lookup, want one", err, calls)
	}
	for _, tt := range []struct {
		name               string
		lookup             func(string) (ca.OCSPAnswer, error)
		code               yuncert.Code
		parameter, mention string
	}{
		{"revoked", answer(revoked(instant, ca.ReasonKeyCompromise)), yuncert.ErrInvalidStatusUpdateProtection, "SignCert", "(serial number 0abc) was revoked at 2026-03-04T05:06:07Z, reason keyCompromise"},
		{"on hold", answer(revoked(instant.AddDate(0, 0, -1), ca.ReasonCertificateHold)), yuncert.ErrInvalidStatusUpdateProtection, "SignCert", "certificateHold"},
		{"unknown", answer(ca.OCSPAnswer{Status: ca.OCSPUnknown}), refused, "SignCert", "(serial number 0abc) is not in the CA's records"},
		{"an empty answer", answer(ca.OCSPAnswer{}), refused, "SignCert", "is not in the CA's records"},
		{"no such status", answer(ca.OCSPAnswer{Status: "Good"}), malformed, "Status", `"Good" is not good`},
		{"revoked at no time", answer(revoked(time.Time{}, 0)), missing, "RevocationTime", ""},
		{"revoked later", answer(revoked(instant.Add(time.Second), 0)), refused, "RevocationTime", "is after now"},
		{"an answer that is no longer right", answer(ca.OCSPAnswer{Status: ca.OCSPGood, NextUpdate: instant}), refused, "NextUpdate", "is not after now"},
		{"database away", func(string) (ca.OCSPAnswer, error) { return ca.OCSPAnswer{Status: ca.OCSPGood}, errDatabase }, yuncert.ErrInternalError, "", "the status of 0abc cannot be looked up"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, der, err := ca.CreateEncryptCertificate(testutil.Untouched(t), instant, au.issuer, encryptKey().Public(), req, tt.lookup)
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
			if resp != nil || der != nil {
				t.Error("a result with an error")
			}
			if tt.name == "database away" && !errors.Is(err, errDatabase) {
				t.Errorf("%v does not wrap the lookup's error", err)
			}
		})
	}
}

// asECC signs an SM2 certificate again with a key of the ECC subordinate CA.
func asECC(t testing.TB, text string, k *algorithm.PrivateKey) []byte {
	t.Helper()
	der := rewrite(t, testutil.DecodePEM(t, "CERTIFICATE", text), k, func(f [][]byte) [][]byte {
		f[2], f[3] = asn.SignatureID("ECC"), authorityOf(algorithm.ECC_256).subject
		return f
	})
	signed, _, signature := splitSigned(t, der)
	return asn.Seq(signed, asn.SignatureID("ECC"), asn.Bits(signature))
}

// Of a signing certificate every octet counts: whichever is changed, there is no
// second certificate.
func TestCreateEncryptCertificateEveryOctet(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(sm2Pair).issuer
	der := testutil.DecodePEM(t, "CERTIFICATE", signCert(t, ordinary))
	for at := range der {
		changed := bytes.Clone(der)
		changed[at] ^= 1
		_, _, err := ca.CreateEncryptCertificate(testutil.Untouched(t), instant, issuer, encryptKey().Public(), &ca.CreateEncryptCertificateRequest{SignCert: testutil.EncodePEM("CERTIFICATE", changed)}, nil)
		if err == nil {
			t.Errorf("octet %d: the certificate is accepted", at)
		}
	}
}

func FuzzCreateEncryptCertificateRequestJSON(f *testing.F) {
	add := func(text string) { f.Add(encodeJSON(f, ca.CreateEncryptCertificateRequest{SignCert: text})) }
	add(signCert(f, ordinary))
	add(signCert(f, withNames(asn.TLV(0x86, []byte("urn:a")), asn.TLV(0x81, []byte("a@example.com")), asn.IPAddress(192, 0, 2, 1))))
	for _, row := range refusedSignCerts(f) {
		if len(row.text) < 64<<10 {
			add(row.text)
		}
	}
	f.Add(`{}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		req := new(ca.CreateEncryptCertificateRequest)
		if json.Unmarshal([]byte(text), req) != nil {
			return
		}
		au := authorityOf(sm2Pair)
		invalid := req.Validate()
		resp, der, err := ca.CreateEncryptCertificate(testutil.Seeded(), instant, au.issuer, encryptKey().Public(), req, nil)
		if invalid != nil && (err == nil || err.Error() != invalid.Error()) {
			t.Errorf("Validate says %v, and the operation %v", invalid, err)
		}
		if err != nil {
			checkRequestsFault(t, err)
			if resp != nil || der != nil {
				t.Error("a result with an error")
			}
			return
		}
		cert := parse(t, der)
		verifySignature(t, cert, au.subKey.Public())
		if cert.IsCA || cert.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageCertSign) != 0 {
			t.Errorf("CA %v, key usage %b", cert.IsCA, cert.KeyUsage)
		}
		// The signature of SignCert is the CA's, so it is one of the seeds: the
		// two are a pair.
		_, err = ca.Verify(cert.NotBefore, req.SignCert+"\n"+resp.Certificate, ca.VerifyOptions{Roots: au.root.Certificate, Intermediates: au.sub.Certificate, Pair: true})
		if err != nil {
			t.Errorf("Verify: %v", err)
		}
	})
}
