package ca_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// caTemplate is a CA certificate for crypto/x509 to sign, valid as long as the
// subordinate CAs of these tests.
func caTemplate(commonName string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: commonName},
		NotBefore: instant, NotAfter: caEnd,
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
	}
}

// sign makes a certificate with crypto/x509, in PEM.
func sign(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, k *algorithm.PrivateKey) string {
	t.Helper()
	der, err := x509.CreateCertificate(testutil.Seeded(), template, parent, public, k)
	if err != nil {
		t.Fatal(err)
	}
	return testutil.EncodePEM("CERTIFICATE", der)
}

// signSM2 makes a certificate that crypto/x509 cannot: subject and issuer have a
// common name each.
func signSM2(t testing.TB, commonName, issuer string, public crypto.PublicKey, k *algorithm.PrivateKey, change func(*x509der.Template)) string {
	t.Helper()
	template := &x509der.Template{
		SerialNumber: []byte{1}, Issuer: asn.Name(asn.Printable(asn.OIDCommonName, issuer)),
		NotBefore: instant, NotAfter: caEnd,
		Subject:   x509der.Name{x509der.Text(x509der.CommonName, commonName)},
		PublicKey: testkeys.PublicDER(t, public), CA: true, PathLen: -1, KeyUsage: x509.KeyUsageCertSign,
	}
	change(template)
	signer, err := x509der.NewSigner(k)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509der.MarshalCertificate(testutil.Seeded(), signer, template)
	if err != nil {
		t.Fatal(err)
	}
	return testutil.EncodePEM("CERTIFICATE", der)
}

// pki is a root and a subordinate CA made by crypto/x509, for one change.
type pki struct {
	root, sub *x509.Certificate
	a         algorithm.Algorithm
}

func (p *pki) chain(t testing.TB) (chain string, subKey *algorithm.PrivateKey) {
	rootKey, subKey := key(p.a, 0), key(p.a, 1)
	return sign(t, p.sub, p.root, subKey.Public(), rootKey) + sign(t, p.root, p.root, rootKey.Public(), rootKey), subKey
}

// A message stays short, even if the names in a certificate are long.
func TestLongNamesInMessages(t *testing.T) {
	t.Parallel()
	a := algorithm.ECC_256
	k := key(a, 0)
	template := caTemplate(strings.Repeat("x", 100_000))
	template.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 1000)
	template.KeyUsage = x509.KeyUsageCRLSign
	text := sign(t, template, template, k.Public(), k)
	_, err := ca.NewIssuer(text, k, ca.IssuerOptions{})
	testutil.CheckError(t, err, refused, "CertificateChain", "xxx")
	short(t, err)
	_, err = ca.Verify(instant, text, ca.VerifyOptions{Roots: sign(t, caTemplate("Root"), caTemplate("Root"), k.Public(), k)})
	testutil.CheckError(t, err, refused, "Certificate", "(a name of 100025 octets)")
	short(t, err)
}

func short(t *testing.T, err error) {
	t.Helper()
	if n := len(err.Error()); n > 600 {
		t.Errorf("a message of %d octets: %.200s…", n, err)
	}
}

func critical(id ...int) []pkix.Extension {
	return []pkix.Extension{{Id: asn1.ObjectIdentifier(id), Critical: true, Value: []byte{5, 0}}}
}

// registeredConstraint permits one registeredID, which is not supported, and
// those domains.
func registeredConstraint(critical bool, domains ...string) pkix.Extension {
	trees := asn.Seq(asn.TLV(0x88, []byte("\x2a\x03")))
	for _, domain := range domains {
		trees = append(trees, asn.Seq(asn.TLV(0x82, []byte(domain)))...)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 30}, Critical: critical, Value: asn.Seq(asn.TLV(0xa0, trees))}
}

// domainConstraint permits example.com, with more octets after the name.
func domainConstraint(more []byte) pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 30}, Critical: true, Value: asn.Seq(asn.TLV(0xa0, asn.Seq(asn.TLV(0x82, []byte("example.com")), more)))}
}

// A refusedCA is one row of refusedCAs.
type refusedCA struct {
	name    string
	change  func(*pki)
	mention string
}

// refusedCAs are changes to a sound chain after which NewIssuer refuses it.
// FuzzNewIssuer starts from them too.
func refusedCAs() []refusedCA {
	return []refusedCA{
		{"the first is not a CA", func(p *pki) { p.sub.IsCA = false }, `certificate 1 of the chain, "Sub", is not a CA certificate`},
		{"the first has no basicConstraints", func(p *pki) { p.sub.IsCA, p.sub.BasicConstraintsValid = false, false }, `certificate 1 of the chain, "Sub", is not a CA certificate`},
		{"the root is not a CA", func(p *pki) { p.root.IsCA = false }, `certificate 2 of the chain, "Root", is not a CA certificate`},
		{"the root has no basicConstraints", func(p *pki) { p.root.IsCA, p.root.BasicConstraintsValid = false, false }, `certificate 2 of the chain, "Root", is not a CA certificate`},
		{"the first lacks keyCertSign", func(p *pki) { p.sub.KeyUsage = x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature }, `"Sub", may not sign certificates`},
		{"the root lacks keyCertSign", func(p *pki) { p.root.KeyUsage = x509.KeyUsageCRLSign }, `"Root", may not sign certificates`},
		{"the root allows no CA below it", func(p *pki) { p.root.MaxPathLenZero = true }, `"Root", allows 0 CA certificates`},
		{"an unknown critical extension", func(p *pki) { p.sub.ExtraExtensions = critical(1, 2, 3, 4) }, "1.2.3.4"},
		{"an unknown critical extension in the root", func(p *pki) { p.root.ExtraExtensions = critical(1, 2, 3, 4) }, "1.2.3.4"},
		{"a name constraint of a kind that is not supported", func(p *pki) { p.sub.ExtraExtensions = []pkix.Extension{registeredConstraint(true)} }, "a name constraint is about names with the tag 8"},
		{"the same in the root", func(p *pki) { p.root.ExtraExtensions = []pkix.Extension{registeredConstraint(true)} }, "a name constraint is about names with the tag 8"},
		{"the same next to one that is supported", func(p *pki) { p.sub.ExtraExtensions = []pkix.Extension{registeredConstraint(true, "example.com")} }, "a name constraint is about names with the tag 8"},
		{"the same and not critical", func(p *pki) { p.sub.ExtraExtensions = []pkix.Extension{registeredConstraint(false)} }, `certificate 1 of the chain, "Sub", has unusable name constraints: a name constraint is about names with the tag 8`},
		{"the same and not critical, in the root", func(p *pki) { p.root.ExtraExtensions = []pkix.Extension{registeredConstraint(false, "example.com")} }, `certificate 2 of the chain, "Root", has unusable name constraints: a name constraint is about names with the tag 8`},
		{"a name constraint with a minimum", func(p *pki) {
			p.sub.ExtraExtensions = []pkix.Extension{domainConstraint([]byte{0x80, 1, 2})}
		}, `certificate 1 of the chain, "Sub", has unusable name constraints: a name constraint has a minimum or maximum`},
		{"a name constraint with a maximum", func(p *pki) {
			p.root.ExtraExtensions = []pkix.Extension{domainConstraint([]byte{0x81, 1, 2})}
		}, `certificate 2 of the chain, "Root", has unusable name constraints: a name constraint has a minimum or maximum`},
		{"a subject with a control character", func(p *pki) { p.sub.Subject.CommonName = "Sub\nCA" }, "U+000A"},
		{"no subject", func(p *pki) { p.sub.Subject = pkix.Name{} }, `has no subject`},
		{"no subject of the root", func(p *pki) { p.root.Subject = pkix.Name{} }, `has no subject`},
		{"a policy mapped to anyPolicy", func(p *pki) { p.sub.ExtraExtensions = policyMapping("\x2a\x03", anyPolicy) }, `"Sub", maps a policy from or to anyPolicy`},
		{"critical policies with an unknown qualifier", func(p *pki) { p.root.ExtraExtensions = policyQualifier(true, policyQualified) }, `"Root", has critical certificatePolicies with the qualifier 1.2.3.4`},
		{"policies demanded of what it signs", func(p *pki) { p.sub.ExtraExtensions = policyConstraints(0x80, 1, 1) }, `certificate 1 of the chain, "Sub", requires certificate policies`},
		{"policies demanded further down", func(p *pki) { p.root.ExtraExtensions = policyConstraints(0x80, 1, 2) }, `certificate 2 of the chain, "Root", requires certificate policies`},
		{"an extended key usage that grants nothing", func(p *pki) {
			p.sub.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Value: asn.Seq()}}
		}, `certificate 1 of the chain, "Sub", has an unusable key usage: its extended key usage grants nothing`},
		{"a key usage of the root that grants nothing", func(p *pki) {
			p.root.KeyUsage, p.root.ExtraExtensions = 0, []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: []byte{3, 1, 0}}}
		}, `certificate 2 of the chain, "Root", has an unusable key usage: its keyUsage grants nothing`},
	}
}

// RFC 5280, section 6.1, for what is checked before anything is issued.
func TestNewIssuerRefusesCertificate(t *testing.T) {
	t.Parallel()
	for _, tt := range refusedCAs() {
		for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256} {
			t.Run(fmt.Sprintf("%s, %s", tt.name, a), func(t *testing.T) {
				t.Parallel()
				p := &pki{root: caTemplate("Root"), sub: caTemplate("Sub"), a: a}
				tt.change(p)
				chain, k := p.chain(t)
				checkNewIssuer(t, chain, k, ca.IssuerOptions{}, refused, "CertificateChain", tt.mention)
			})
		}
	}
}

func checkNewIssuer(t *testing.T, chain string, k crypto.Signer, options ca.IssuerOptions, code yuncert.Code, parameter, mention string) {
	t.Helper()
	issuer, err := ca.NewIssuer(chain, k, options)
	testutil.CheckError(t, err, code, parameter, mention)
	if issuer != nil {
		t.Error("an Issuer with an error")
	}
}

// The same for SM2, whose certificates are read in another way.
func TestNewIssuerRefusesSM2Certificate(t *testing.T) {
	t.Parallel()
	rootKey, subKey := key(algorithm.SM2_256, 0), key(algorithm.SM2_256, 1)
	same := func(*x509der.Template) {}
	tests := []struct {
		name      string
		sub, root func(*x509der.Template)
		mention   string
	}{
		{"the first is not a CA", func(c *x509der.Template) { c.CA = false }, same, `"Sub", is not a CA certificate`},
		{"the root is not a CA", same, func(c *x509der.Template) { c.CA = false }, `"Root", is not a CA certificate`},
		{"the first lacks keyCertSign", func(c *x509der.Template) { c.KeyUsage = x509.KeyUsageCRLSign }, same, `"Sub", may not sign certificates`},
		{"the root allows no CA below it", same, func(c *x509der.Template) { c.PathLen = 0 }, `"Root", allows 0 CA certificates`},
		{"names that do not chain", func(c *x509der.Template) { c.Issuer = asn.Name(asn.Printable(asn.OIDCommonName, "Other")) }, same, `"Sub", is not issued by the next certificate, "Root"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			chain := signSM2(t, "Sub", "Root", subKey.Public(), rootKey, tt.sub) + signSM2(t, "Root", "Root", rootKey.Public(), rootKey, tt.root)
			checkNewIssuer(t, chain, subKey, ca.IssuerOptions{}, refused, "CertificateChain", tt.mention)
		})
	}
	t.Run("a signature by another key", func(t *testing.T) {
		t.Parallel()
		chain := signSM2(t, "Sub", "Root", subKey.Public(), key(algorithm.SM2_256, 2), same) + signSM2(t, "Root", "Root", rootKey.Public(), rootKey, same)
		checkNewIssuer(t, chain, subKey, ca.IssuerOptions{}, refused, "CertificateChain", `"Sub", is not signed by "Root"`)
	})
}

func TestNewIssuerRefusesChain(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			other := authorityOf(map[algorithm.Algorithm]algorithm.Algorithm{
				algorithm.RSA_2048: algorithm.RSA_3072, algorithm.ECC_256: algorithm.ECC_384, algorithm.SM2_256: algorithm.ECC_256,
			}[a])
			sub, root := au.sub.Certificate, au.root.Certificate
			damaged := testutil.DecodePEM(t, "CERTIFICATE", sub)
			damaged[len(damaged)-1] ^= 1
			damagedRoot := testutil.DecodePEM(t, "CERTIFICATE", root)
			damagedRoot[len(damagedRoot)-1] ^= 1
			trailing := append(testutil.DecodePEM(t, "CERTIFICATE", sub), 0)
			keyText := strings.Split(string(testkeys.PEM(a, 1)), "\n")[2]
			block := func(kind string) string {
				return testutil.EncodePEM(kind, []byte("secret"))
			}
			tests := []struct {
				name    string
				chain   string
				key     crypto.Signer
				code    yuncert.Code
				mention string
			}{
				{"empty", "", au.subKey, malformed, "no certificate"},
				{"garbage", "garbage", au.subKey, malformed, "no certificate"},
				{"DER", string(testutil.DecodePEM(t, "CERTIFICATE", sub)), au.subKey, malformed, "no certificate"},
				{"an empty block", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", au.subKey, malformed, "certificate 1"},
				{"a block of something else", block("CERTIFICATE"), au.subKey, malformed, "certificate 1"},
				{"an octet after a certificate", testutil.EncodePEM("CERTIFICATE", trailing) + root, au.subKey, malformed, "certificate 1"},
				{"a certificate cut short", testutil.EncodePEM("CERTIFICATE", trailing[:len(trailing)-2]) + root, au.subKey, malformed, "certificate 1"},
				{"a root cut short", sub + testutil.EncodePEM("CERTIFICATE", testutil.DecodePEM(t, "CERTIFICATE", root)[:100]), au.subKey, malformed, "certificate 2"},
				{"the private key before the chain", string(testkeys.PEM(a, 1)) + sub + root, au.subKey, malformed, "not a CERTIFICATE"},
				{"the private key after the chain", sub + root + string(testkeys.PEM(a, 1)), au.subKey, malformed, "not a CERTIFICATE"},
				{"only the private key", string(testkeys.PEM(a, 1)), au.subKey, malformed, "not a CERTIFICATE"},
				{"a CSR in the chain", sub + hostCSR(t, a, "www.example.com") + root, au.subKey, malformed, "not a CERTIFICATE"},
				{"a CRL in the chain", sub + root + block("X509 CRL"), au.subKey, malformed, "not a CERTIFICATE"},
				{"a trusted certificate of OpenSSL", sub + block("TRUSTED CERTIFICATE"), au.subKey, malformed, "not a CERTIFICATE"},
				{"11 certificates", strings.Repeat(root, 11), au.rootKey, malformed, "10"},

				{"no root", sub, au.subKey, refused, `"Test Sub CA", is the last and is not self-signed`},
				{"another root", sub + other.root.Certificate, au.subKey, refused, `"Test Sub CA", is not signed by "Test Root"`},
				{"the root first", root + sub, au.subKey, refused, `"Test Root", is not issued by the next certificate, "Test Sub CA"; the CA's own certificate must come first`},
				{"the root first, with its key", root + sub, au.rootKey, refused, `"Test Root", is not issued by the next`},
				{"the root twice, so as to pass for a subordinate CA", root + root, au.rootKey, refused, "has the key of a certificate before it"},
				{"the root twice after the subordinate CA", sub + root + root, au.subKey, refused, "has the key of a certificate before it"},
				{"a certificate twice", sub + sub + root, au.subKey, refused, "not issued by the next"},
				{"a wrong signature", testutil.EncodePEM("CERTIFICATE", damaged) + root, au.subKey, refused, `"Test Sub CA", is not signed by "Test Root"`},
				{"a wrong signature of the root", sub + testutil.EncodePEM("CERTIFICATE", damagedRoot), au.subKey, refused, `"Test Root", is not signed by "Test Root"`},
				{"the root's key", sub + root, au.rootKey, refused, `"Test Sub CA"`},
				{"the key of a stranger", sub + root, key(a, 2), refused, `"Test Sub CA"`},
				{"a key of another family", sub + root, other.subKey, refused, `"Test Sub CA"`},
			}
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					t.Parallel()
					checkNewIssuer(t, tt.chain, tt.key, ca.IssuerOptions{}, tt.code, "CertificateChain", tt.mention)
					if _, err := ca.NewIssuer(tt.chain, tt.key, ca.IssuerOptions{}); strings.Contains(err.Error(), keyText) || strings.Contains(err.Error(), "secret") {
						t.Errorf("the message echoes the chain: %v", err)
					}
				})
			}
		})
	}
	t.Run("a server certificate", func(t *testing.T) {
		t.Parallel()
		au := authorityOf(algorithm.ECC_256)
		cert := issue(t, au.issuer, serverRequest(au.issuer, hostCSR(t, algorithm.ECC_256, "www.example.com")))
		checkNewIssuer(t, testutil.EncodePEM("CERTIFICATE", cert.Raw)+au.sub.CertificateChain, key(algorithm.ECC_256, 2), ca.IssuerOptions{}, refused, "CertificateChain", `"www.example.com", is not a CA certificate`)
	})
}

// A CA's key is longer than RSA_1024 everywhere in the chain.
func TestNewIssuerRefusesWeakCA(t *testing.T) {
	t.Parallel()
	weakRoot, weakSub := key(algorithm.RSA_1024, 0), key(algorithm.RSA_1024, 1)
	rootKey, subKey := key(algorithm.RSA_2048, 0), key(algorithm.RSA_2048, 1)
	root, sub := caTemplate("Root"), caTemplate("Sub")
	tests := []struct {
		name, chain string
		key         crypto.Signer
		mention     string
	}{
		{"the issuing CA", sign(t, sub, root, weakSub.Public(), rootKey) + sign(t, root, root, rootKey.Public(), rootKey), weakSub, `"Sub", has an RSA_1024 key`},
		{"the root above", sign(t, sub, root, subKey.Public(), weakRoot) + sign(t, root, root, weakRoot.Public(), weakRoot), subKey, `"Root", has an RSA_1024 key`},
		{"a root", sign(t, root, root, weakRoot.Public(), weakRoot), weakRoot, `"Root", has an RSA_1024 key`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkNewIssuer(t, tt.chain, tt.key, ca.IssuerOptions{}, refused, "CertificateChain", tt.mention)
		})
	}
	t.Run("a small exponent above", func(t *testing.T) {
		t.Parallel()
		public := *subKey.Public().(*rsa.PublicKey)
		public.E = 3
		chain := sign(t, sub, root, &public, rootKey) + sign(t, root, root, rootKey.Public(), rootKey)
		checkNewIssuer(t, chain, subKey, ca.IssuerOptions{}, refused, "CertificateChain", "exponent 3")
	})
}

func TestNewIssuerRefusesKey(t *testing.T) {
	t.Parallel()
	chain := authorityOf(algorithm.ECC_256).sub.CertificateChain
	for what, public := range badKeys() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			checkNewIssuer(t, chain, testutil.Unused(t, public), ca.IssuerOptions{}, malformed, "", "key")
		})
	}
	for what, k := range map[string]crypto.Signer{
		"no key":               nil,
		"a nil PrivateKey":     (*algorithm.PrivateKey)(nil),
		"an empty PrivateKey":  new(algorithm.PrivateKey),
		"a nil rsa.PrivateKey": (*rsa.PrivateKey)(nil),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			checkNewIssuer(t, chain, k, ca.IssuerOptions{}, malformed, "", "key")
		})
	}
}

// SHA-1 proves nothing. A root's own signature proves nothing anyway.
func TestNewIssuerSignatureAlgorithm(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.RSA_2048)
	// The signature algorithm is replaced in both places, by
	// sha1WithRSAEncryption.
	der := testutil.DecodePEM(t, "CERTIFICATE", au.root.Certificate)
	sha256, sha1 := asn.OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), asn.OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05")
	if bytes.Count(der, sha256) != 2 {
		t.Fatal("the root is not signed as expected")
	}
	chain := testutil.EncodePEM("CERTIFICATE", bytes.ReplaceAll(der, sha256, sha1))
	issuer, err := ca.NewIssuer(chain, au.rootKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}

	// A certificate by which another key of the same name vouches for the root.
	template := caTemplate("Root")
	template.AuthorityKeyId = []byte("the old key")
	chain = testutil.EncodePEM("CERTIFICATE", bytes.ReplaceAll(testutil.DecodePEM(t, "CERTIFICATE", sign(t, template, template, au.rootKey.Public(), au.rootKey)), sha256, sha1))
	checkNewIssuer(t, chain, au.rootKey, ca.IssuerOptions{}, refused, "CertificateChain", "sha1WithRSAEncryption (1.2.840.113549.1.1.5) is not supported")

	sub, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, issuer, au.subKey.Public(), subRequest(algorithm.RSA_2048))
	if err != nil {
		t.Fatal(err)
	}
	if issuer, err = ca.NewIssuer(sub.CertificateChain, au.subKey, ca.IssuerOptions{}); err != nil {
		t.Fatal(err)
	}
	cert := issue(t, issuer, serverRequest(issuer, hostCSR(t, algorithm.RSA_2048, "www.example.com")))
	verifyServer(t, algorithm.RSA_2048, cert.Raw, sub.CertificateChain, lastPEM(sub.CertificateChain), instant, "www.example.com")
}

// What a chain file may look like.
func TestNewIssuerAcceptsText(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		au := authorityOf(a)
		chain := au.sub.CertificateChain
		for what, text := range map[string]string{
			"as it is":              chain,
			"text around":           "subject=Sub\n" + au.sub.Certificate + "\nissuer=Root\n" + au.root.Certificate + "\nend\n",
			"CRLF":                  strings.ReplaceAll(chain, "\n", "\r\n"),
			"a byte-order mark":     "\ufeff" + chain,
			"no newline at the end": strings.TrimSuffix(chain, "\n"),
			"headers in a block":    strings.Replace(chain, "-----\n", "-----\nname: value\n\n", 1),
		} {
			t.Run(fmt.Sprintf("%s, %s", a, what), func(t *testing.T) {
				t.Parallel()
				issuer, err := ca.NewIssuer(text, au.subKey, ca.IssuerOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if issuer.Identifier() != au.sub.Identifier {
					t.Errorf("Identifier %s, want %s", issuer.Identifier(), au.sub.Identifier)
				}
				// The chain that is answered holds only certificates.
				req := serverRequest(issuer, hostCSR(t, a, "www.example.com"))
				req.Immediately = 2
				resp, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
				if err != nil {
					t.Fatal(err)
				}
				if resp.CertificateChain != chain {
					t.Errorf("CertificateChain is\n%s\nand not\n%s", resp.CertificateChain, chain)
				}
			})
		}
	}
}

// Three levels, made only with this package, in every family.
func TestThreeLevels(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			middle := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.PathLenConstraint = 1; r.CommonName = "Middle" })
			k := key(a, 2)
			low, err := ca.CreateSubCACertificate(testutil.Seeded(), instant.Add(time.Hour), middle, k.Public(), &ca.CreateSubCACertificateRequest{
				CommonName: "Low", Organization: "Example", OrganizationUnit: "PKI", Locality: "杭州", State: "Zhejiang", Algorithm: string(a), Years: 1,
			})
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(low.CertificateChain, "BEGIN CERTIFICATE"); n != 3 || !strings.HasSuffix(low.CertificateChain, au.root.Certificate) {
				t.Errorf("a chain of %d certificates:\n%s", n, low.CertificateChain)
			}
			issuer, err := ca.NewIssuer(low.CertificateChain, k, ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			// A server key that is not a key of the CAs. It has another length,
			// except for SM2.
			leaf := map[algorithm.Algorithm]*algorithm.PrivateKey{algorithm.RSA_2048: key(algorithm.RSA_3072, 2), algorithm.ECC_256: key(algorithm.ECC_384, 2)}[a]
			if leaf == nil {
				leaf = sm2Key(t, 12345)
			}
			req := serverRequest(issuer, makeCSR(t, leaf, asn.Name(asn.UTF8(asn.OIDCommonName, "www.example.com"))))
			req.Immediately = 2
			resp, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant.Add(2*time.Hour), issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			if resp.CertificateChain != low.CertificateChain {
				t.Error("the chain answered is not the issuer's")
			}
			verifyServer(t, a, der, resp.CertificateChain, au.root.Certificate, instant.Add(2*time.Hour), "www.example.com")
			// The path length of each level is spent.
			below := subRequest(leaf.Algorithm())
			below.Years = 1
			_, err = ca.CreateSubCACertificate(testutil.Untouched(t), instant.Add(time.Hour), issuer, leaf.Public(), below)
			testutil.CheckError(t, err, refused, "ParentIdentifier", "path length")
		})
	}
}

// sm2Key is the key of a small scalar.
func sm2Key(t testing.TB, d int64) *algorithm.PrivateKey {
	t.Helper()
	k := new(sm2.EngineKey)
	k.Curve, k.D = sm2.P256(), big.NewInt(d)
	//lint:ignore SA1019 the replacements know only the NIST curves
	k.X, k.Y = k.Curve.ScalarBaseMult(k.D.Bytes())
	own, err := algorithm.NewPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// Ten certificates are read: nine CAs below a root, of several families.
func TestNewIssuerLongChain(t *testing.T) {
	t.Parallel()
	var keys []*algorithm.PrivateKey
	for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512} {
		for i := range 3 {
			keys = append(keys, key(a, i))
		}
	}
	keys = append(keys, key(algorithm.RSA_2048, 0))
	chain := ""
	var parent *x509.Certificate
	for i, k := range keys {
		template := caTemplate(fmt.Sprintf("Level %d", i))
		template.MaxPathLen = len(keys) - 1 - i
		template.MaxPathLenZero = template.MaxPathLen == 0
		if i == 0 {
			chain = sign(t, template, template, k.Public(), k)
		} else {
			chain = sign(t, template, parent, k.Public(), keys[i-1]) + chain
		}
		parent = template
	}
	issuer, err := ca.NewIssuer(chain, keys[9], ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cert := issue(t, issuer, serverRequest(issuer, hostCSR(t, algorithm.RSA_2048, "www.example.com")))
	verifyServer(t, algorithm.RSA_2048, cert.Raw, chain, lastPEM(chain), instant, "www.example.com")
}

func lastPEM(chain string) string { return chain[strings.LastIndex(chain, "-----BEGIN"):] }

// CA certificates of other makers: legal, if unusual.
func TestNewIssuerAcceptsCertificate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*pki)
	}{
		{"nothing unusual", func(*pki) {}},
		{"no keyUsage", func(p *pki) { p.sub.KeyUsage = 0 }},
		{"no keyUsage in the root", func(p *pki) { p.root.KeyUsage = 0 }},
		{"all key usages", func(p *pki) { p.sub.KeyUsage = 1<<9 - 1 }},
		{"no limit and a limit above", func(p *pki) { p.root.MaxPathLen = 1 }},
		{"a limit below none", func(p *pki) { p.sub.MaxPathLenZero = true }},
		{"a subject of many attributes", func(p *pki) {
			p.sub.Subject = pkix.Name{
				CommonName: "Sub", SerialNumber: "42", StreetAddress: []string{"1 Example Street"}, PostalCode: []string{"310000"},
				Organization: []string{"B", "A"}, ExtraNames: []pkix.AttributeTypeAndValue{
					{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, Value: "example"},
					{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: "pki@example.com"},
				},
			}
		}},
		{"a key identifier of its own", func(p *pki) { p.sub.SubjectKeyId = []byte("its own") }},
		{"no key identifier", func(p *pki) {
			p.sub.SubjectKeyId = nil
			p.sub.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 14}, Value: []byte{4, 0}}}
		}},
		{"policies, OCSP and CRL addresses", func(p *pki) {
			p.sub.PolicyIdentifiers = []asn1.ObjectIdentifier{{2, 5, 29, 32, 0}}
			p.sub.OCSPServer, p.sub.IssuingCertificateURL = []string{"http://ocsp.example.com"}, []string{"http://ca.example.com/root.cer"}
			p.sub.CRLDistributionPoints = []string{"http://crl.example.com/root.crl"}
		}},
		{"an unknown extension that is not critical", func(p *pki) {
			p.sub.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: []byte("anything")}}
		}},
		{"alternative names", func(p *pki) { p.sub.DNSNames = []string{"ca.example.com"} }},
		{"an end without end", func(p *pki) { p.root.NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }},
		{"a serial number of 20 octets", func(p *pki) { p.sub.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 158) }},
		{"name constraints", func(p *pki) {
			p.sub.PermittedDNSDomains, p.sub.PermittedDNSDomainsCritical = []string{"example.com"}, true
			p.root.ExcludedDNSDomains, p.root.PermittedIPRanges = []string{"example.org"}, []*net.IPNet{{IP: net.IP{10, 0, 0, 0}, Mask: net.IPMask{255, 0, 0, 0}}}
		}},
		{"policies demanded after what it signs", func(p *pki) {
			p.root.ExtraExtensions, p.sub.ExtraExtensions = policyConstraints(0x80, 1, 3), policyConstraints(0x80, 1, 2)
		}},
		{"critical policies with a CPS", func(p *pki) { p.sub.ExtraExtensions = policyQualifier(true, policyCPS) }},
		{"name constraints that are not critical", func(p *pki) { p.root.PermittedDNSDomains = []string{"example.com"} }},
		{"a name of the root that nothing could be issued under", func(p *pki) { p.root.Subject.CommonName = "Root\nCA" }},
		{"a name in UTF-8", func(p *pki) { p.root.Subject.CommonName, p.sub.Subject.CommonName = "根证书", "中间证书" }},
		{"a root with another name than its successor's key", func(p *pki) { p.root.Subject.Organization = []string{"Old"} }},
		{"a key that was rolled over under one name", func(p *pki) { p.root.Subject.CommonName = "Sub" }},
	}
	for _, tt := range tests {
		for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_384} {
			t.Run(fmt.Sprintf("%s, %s", tt.name, a), func(t *testing.T) {
				t.Parallel()
				p := &pki{root: caTemplate("Root"), sub: caTemplate("Sub"), a: a}
				tt.change(p)
				chain, k := p.chain(t)
				issuer, err := ca.NewIssuer(chain, k, ca.IssuerOptions{})
				if err != nil {
					t.Fatal(err)
				}
				cert := issue(t, issuer, serverRequest(issuer, hostCSR(t, a, "www.example.com")))
				verifyServer(t, a, cert.Raw, chain, lastPEM(chain), instant, "www.example.com")
				above := parse(t, decodeFirst(t, chain))
				if !bytes.Equal(cert.RawIssuer, above.RawSubject) {
					t.Error("the issuer is not the CA's subject, octet by octet")
				}
				if len(above.SubjectKeyId) > 0 && !bytes.Equal(cert.AuthorityKeyId, above.SubjectKeyId) {
					t.Errorf("authority key identifier %x, want the CA's %x", cert.AuthorityKeyId, above.SubjectKeyId)
				}
				if len(cert.AuthorityKeyId) == 0 {
					t.Error("no authority key identifier")
				}
			})
		}
	}
	t.Run("SHA-384 and SHA-512", func(t *testing.T) {
		t.Parallel()
		for a, algorithms := range map[algorithm.Algorithm][]x509.SignatureAlgorithm{
			algorithm.RSA_2048: {x509.SHA384WithRSA, x509.SHA512WithRSA}, algorithm.ECC_384: {x509.ECDSAWithSHA384, x509.ECDSAWithSHA512},
		} {
			p := &pki{root: caTemplate("Root"), sub: caTemplate("Sub"), a: a}
			p.sub.SignatureAlgorithm, p.root.SignatureAlgorithm = algorithms[0], algorithms[1]
			chain, k := p.chain(t)
			if _, err := ca.NewIssuer(chain, k, ca.IssuerOptions{}); err != nil {
				t.Errorf("%v: %v", algorithms, err)
			}
		}
	})
}

// The validity of a certificate is checked when something is issued, not before.
// teletex is an attribute in TeletexString.
func teletex(oid []byte, text string) []byte { return asn.Attribute(oid, asn1.TagT61String, text) }

// An unusualCA is one row of unusualCAs.
type unusualCA struct {
	name    string
	change  func(*pki)
	parent  func(root *x509.Certificate) // what the subordinate CA's issuer is written from
	request func(*ca.CreateServerCertificateWithCsrRequest)
	mention string // of the refusal to issue
}

// chain makes the CA's certificate and its root.
func (u *unusualCA) chain(t testing.TB) (sub, root string) {
	const a = algorithm.ECC_256
	p := &pki{root: caTemplate("Root"), sub: caTemplate("Sub"), a: a}
	if u.change != nil {
		u.change(p)
	}
	parent := *p.root
	if u.parent != nil {
		u.parent(&parent)
	}
	return sign(t, p.sub, &parent, key(a, 1).Public(), key(a, 0)), sign(t, p.root, p.root, key(a, 0).Public(), key(a, 0))
}

// unusualCAs are CAs that NewIssuer and Verify accept and crypto/x509 does not.
// FuzzNewIssuer starts from them too.
func unusualCAs() []unusualCA {
	latin1 := asn.Name(asn.Printable(asn.OIDCountry, "CH"), teletex(asn.OIDState, "Z\xfcrich"), teletex(asn.OIDCommonName, "CA M\xfcller"))
	directory := asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.UTF8(asn.OIDOrganization, "ACME"))
	acme := func(req *ca.CreateServerCertificateWithCsrRequest) { req.Organization, req.Country = "Acme", "CN" }
	return []unusualCA{
		{name: "an issuer in other letters", parent: func(root *x509.Certificate) { root.RawSubject = commonName(" \uff32OOT") }},
		{name: "a subject in Latin-1", change: func(p *pki) { p.sub.RawSubject, p.root.RawSubject = latin1, latin1 }},
		{name: "a directory name that is permitted", change: func(p *pki) { p.sub.ExtraExtensions = directoryConstraints(directory, nil) }, request: acme},
		{name: "a directory name that is not permitted", change: func(p *pki) { p.sub.ExtraExtensions = directoryConstraints(directory, nil) }, mention: `the directory name "O=ALIBABA INC., OU=ALIYUN CDN, CN=WWW.EXAMPLE.COM" is not permitted by the name constraints [C=CN, O=ACME] of the CA "Sub"`},
		{name: "a directory name that the root excludes", change: func(p *pki) { p.root.ExtraExtensions = directoryConstraints(nil, directory) }, request: acme, mention: `is excluded by the name constraint C=CN, O=ACME of the CA "Root"`},
		{name: "a directory name that is not excluded", change: func(p *pki) { p.root.ExtraExtensions = directoryConstraints(nil, directory) }},
	}
}

func TestNewIssuerUnusualCA(t *testing.T) {
	t.Parallel()
	const a = algorithm.ECC_256
	for _, tt := range unusualCAs() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sub, root := tt.chain(t)
			issuer, err := ca.NewIssuer(sub+root, key(a, 1), ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			req := serverRequest(issuer, hostCSR(t, a, "www.example.com"))
			if tt.request != nil {
				tt.request(req)
			}
			_, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
			if tt.mention != "" {
				testutil.CheckError(t, err, refused, "Csr", tt.mention)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			chain, err := ca.Verify(instant, testutil.EncodePEM("CERTIFICATE", der), ca.VerifyOptions{Roots: root, Intermediates: sub, Host: "www.example.com"})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(chain[0].RawIssuer, chain[1].RawSubject) {
				t.Error("the issuer is not the CA's subject, octet by octet")
			}
		})
	}
}

// What a certificate has from its CA's subject is UTF-8, and Describe shows it
// so.
func TestNewIssuerSubjectInLatin1(t *testing.T) {
	t.Parallel()
	const a = algorithm.ECC_256
	p := &pki{root: caTemplate("Root"), sub: caTemplate("Sub"), a: a}
	p.sub.RawSubject = asn.Name(asn.Printable(asn.OIDCountry, "CH"), teletex(asn.OIDState, "Z\xfcrich"), teletex(asn.OIDCommonName, "CA M\xfcller"))
	chain, k := p.chain(t)
	issuer, err := ca.NewIssuer(chain, k, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := issuer.Describe().SubjectDN, "C=CH,ST=Zürich,CN=CA Müller"; got != want {
		t.Errorf("SubjectDN %q, want %q", got, want)
	}
	cert := issue(t, issuer, serverRequest(issuer, hostCSR(t, a, "www.example.com")))
	if !bytes.Contains(cert.RawSubject, asn.UTF8(asn.OIDState, "Zürich")) {
		t.Errorf("the subject is %x, want the state in UTF-8", cert.RawSubject)
	}
	// The subject of the CA, in UTF-8, would make a certificate look self-issued.
	csr := makeCSR(t, key(a, 2), asn.Name(asn.UTF8(asn.OIDCommonName, "CA MÜLLER")), asn.Extension(asn.OIDAltName, false, asn.GeneralNames("www.example.com")))
	p.sub.RawSubject = asn.Name(asn.Printable(asn.OIDOrganization, "Alibaba Inc."), asn.Printable(asn.OIDUnit, "Aliyun CDN"), teletex(asn.OIDCommonName, "CA M\xfcller"))
	chain, k = p.chain(t)
	issuer, err = ca.NewIssuer(chain, k, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, issuer, serverRequest(issuer, csr))
	testutil.CheckError(t, err, refused, "Csr", "the subject is a CA's own")
}

// A directory-name constraint holds for the CAs that a CA signs too.
func TestSubCADirectoryConstraint(t *testing.T) {
	t.Parallel()
	const a = algorithm.ECC_256
	root := caTemplate("Root")
	root.ExtraExtensions = directoryConstraints(asn.Name(asn.Printable(asn.OIDCountry, "CN")), nil)
	issuer, err := ca.NewIssuer(sign(t, root, root, key(a, 0).Public(), key(a, 0)), key(a, 0), ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	req := subRequest(a)
	_, err = ca.CreateSubCACertificate(testutil.Seeded(), instant, issuer, key(a, 1).Public(), req)
	if err != nil {
		t.Error(err)
	}
	req.CountryCode = "US"
	_, err = ca.CreateSubCACertificate(testutil.Seeded(), instant, issuer, key(a, 1).Public(), req)
	testutil.CheckError(t, err, refused, "CommonName", "is not permitted by the name constraints [C=CN] of the CA")
}

// Self-issued certificates, with which a CA changes its key, do not count for
// path lengths (RFC 5280, section 4.2.1.9).
func TestNewIssuerChangedKey(t *testing.T) {
	t.Parallel()
	const a = algorithm.ECC_256
	for _, tt := range []struct {
		maxPathLen       int
		ca, subordinates bool // whether the CA below the new key is accepted, and may have CAs below it
	}{{0, false, false}, {1, true, false}, {2, true, true}} {
		root := caTemplate("Root")
		root.MaxPathLen, root.MaxPathLenZero = tt.maxPathLen, tt.maxPathLen == 0
		chain := sign(t, caTemplate("Sub"), root, key(a, 1).Public(), key(a, 2)) +
			sign(t, root, root, key(a, 2).Public(), key(a, 0)) + sign(t, root, root, key(a, 0).Public(), key(a, 0))
		if !tt.ca {
			checkNewIssuer(t, chain, key(a, 1), ca.IssuerOptions{}, refused, "CertificateChain", "allows 0 CA certificates below it and 1 follow")
			continue
		}
		issuer, err := ca.NewIssuer(chain, key(a, 1), ca.IssuerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ca.CreateSubCACertificate(testutil.Seeded(), instant, issuer, key(algorithm.ECC_384, 2).Public(), subRequest(algorithm.ECC_384))
		if !tt.subordinates {
			testutil.CheckError(t, err, refused, "ParentIdentifier", "allows no CA below it")
		} else if err != nil {
			t.Error(err)
		}
	}
}

func TestNewIssuerOfExpiredCA(t *testing.T) {
	t.Parallel()
	p := &pki{root: caTemplate("Root"), sub: caTemplate("Sub"), a: algorithm.ECC_256}
	p.sub.NotBefore, p.sub.NotAfter = instant.AddDate(-2, 0, 0), instant.AddDate(-1, 0, 0)
	chain, k := p.chain(t)
	issuer, err := ca.NewIssuer(chain, k, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// Root and subordinate CA are never valid at one time.
	for _, now := range []time.Time{instant.AddDate(-1, 0, 0), instant.AddDate(0, -6, 0), instant} {
		checkRefused(t, now, issuer, serverRequest(issuer, hostCSR(t, algorithm.ECC_256, "www.example.com")),
			yuncert.ErrCertificateExpired, "ParentIdentifier", now.Format(time.RFC3339))
	}
}

func TestNewIssuerRefusesPolicies(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	demanding := caTemplate("Demanding")
	demanding.ExtraExtensions = []pkix.Extension{{Id: []int{2, 5, 29, 36}, Critical: true, Value: []byte{0x30, 3, 0x80, 1, 0}}}
	root := parsePEM(t, au.root.Certificate)
	_, err := ca.NewIssuer(sign(t, demanding, root, au.subKey.Public(), au.rootKey)+au.root.Certificate, au.subKey, ca.IssuerOptions{})
	testutil.CheckError(t, err, refused, "CertificateChain", "policies")
}

// One Issuer serves many goroutines. Each gets what it would get by itself.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	const goroutines, each = 16, 4
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			text := hostCSR(t, a, "www.example.com")
			run := func(i int) []byte {
				random := rand.NewChaCha8([32]byte{byte(i), byte(i >> 8)})
				req := serverRequest(au.issuer, text)
				req.Domain, req.EnableCrl, req.Immediately = fmt.Sprintf("n%d.example.com", i), 1, 2
				resp, der, err := ca.CreateServerCertificateWithCsr(random, instant, au.issuer, req)
				if err != nil {
					t.Error(err)
					return nil
				}
				sub, err := ca.CreateSubCACertificate(random, instant, au.rootIssuer, au.subKey.Public(), subRequest(a))
				if err != nil {
					t.Error(err)
					return nil
				}
				return fmt.Appendf(nil, "%x %+v %+v", der, resp, sub)
			}
			got := make([][]byte, goroutines*each)
			var wait sync.WaitGroup
			for g := range goroutines {
				wait.Go(func() {
					for i := g * each; i < (g+1)*each; i++ {
						got[i] = run(i)
					}
				})
			}
			wait.Wait()
			for i := range got {
				if want := run(i); !bytes.Equal(got[i], want) {
					t.Errorf("certificate %d:\n%s\nand by itself\n%s", i, got[i], want)
				}
			}
		})
	}
}
