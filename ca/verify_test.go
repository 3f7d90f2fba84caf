package ca_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	stdasn1 "encoding/asn1"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/floor"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// signAny makes a certificate as crypto/x509 does, for a key of any family. One
// of SM2 is made with a stand-in key and then gets the right one and another
// signature.
func signAny(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, k *algorithm.PrivateKey) string {
	t.Helper()
	if k.Algorithm().Family() != "SM2" {
		return sign(t, template, parent, public, k)
	}
	standIn := key(algorithm.ECC_256, 0)
	der := testutil.DecodePEM(t, "CERTIFICATE", sign(t, template, parent, standIn.Public(), standIn))
	input := cryptobyte.String(der)
	var cert, tbs, version, serial, names, subject, rest cryptobyte.String
	if !input.ReadASN1(&cert, asn1.SEQUENCE) || !cert.ReadASN1(&tbs, asn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&version, 0xa0) || !tbs.ReadASN1Element(&serial, asn1.INTEGER) || !tbs.SkipASN1(asn1.SEQUENCE) {
		t.Fatal("not a certificate")
	}
	var issuer, validity cryptobyte.String
	if !tbs.ReadASN1Element(&issuer, asn1.SEQUENCE) || !tbs.ReadASN1Element(&validity, asn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&subject, asn1.SEQUENCE) || !tbs.SkipASN1(asn1.SEQUENCE) {
		t.Fatal("not a certificate")
	}
	names, rest = slices.Concat(issuer, validity, subject), tbs
	signed := asn.Seq(version, serial, asn.SM2WithSM3, names, testkeys.PublicDER(t, public), rest)
	signature, err := k.SignMessage(nil, signed, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return testutil.EncodePEM("CERTIFICATE", asn.Seq(signed, asn.SM2WithSM3, asn.Bits(signature)))
}

// A world is a server certificate under a subordinate CA, maybe another CA in
// between, and a root, for one change before the certificates are made and
// another one after.
type world struct {
	a                       algorithm.Algorithm
	root, middle, sub, leaf *x509.Certificate // templates; middle is nil
	subKey, leafKey         crypto.PublicKey
	subSigner, leafSigner   *algorithm.PrivateKey
	now                     time.Time
	after                   func(*made)
}

// made is what a world makes, and what Verify is asked.
type made struct {
	t                       testing.TB
	w                       *world
	root, middle, sub, leaf string
	opts                    ca.VerifyOptions
}

func newWorld(a algorithm.Algorithm) *world {
	w := &world{a: a, root: caTemplate("Root"), sub: caTemplate("Sub"), now: instant.AddDate(0, 1, 0), after: func(*made) {}}
	for i, c := range []*x509.Certificate{w.root, w.sub} {
		c.SerialNumber = big.NewInt(int64(0xa1 + i))
		c.KeyUsage |= x509.KeyUsageCRLSign
		c.SubjectKeyId = []byte{byte(i), 1, 2, 3}
	}
	w.leaf = &x509.Certificate{
		SerialNumber: big.NewInt(0xaf), Subject: pkix.Name{CommonName: "Leaf"}, NotBefore: instant, NotAfter: instant.AddDate(1, 0, 0),
		DNSNames: []string{"www.example.com", "*.a.example.com", "xn--fsqu00a.xn--fiqs8s"}, IPAddresses: []net.IP{{192, 0, 2, 1}, net.ParseIP("2001:db8::1")},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
		CRLDistributionPoints: []string{"http://crl.example.com/1.crl"},
	}
	w.subKey, w.leafKey = key(a, 1).Public(), key(a, 2).Public()
	w.subSigner, w.leafSigner = key(a, 0), key(a, 1)
	return w
}

// addMiddle puts a CA between root and subordinate CA.
func (w *world) addMiddle() *x509.Certificate {
	w.middle = caTemplate("Middle")
	w.middle.SerialNumber = big.NewInt(0xa5)
	w.subSigner = key(w.a, 2)
	return w.middle
}

func (w *world) make(t testing.TB) *made {
	t.Helper()
	m := &made{t: t, w: w}
	rootKey := key(w.a, 0)
	m.root = signAny(t, w.root, w.root, rootKey.Public(), rootKey)
	above := w.root
	if w.middle != nil {
		m.middle = signAny(t, w.middle, w.root, key(w.a, 2).Public(), rootKey)
		above = w.middle
	}
	m.sub = signAny(t, w.sub, above, w.subKey, w.subSigner)
	m.leaf = signAny(t, w.leaf, w.sub, w.leafKey, w.leafSigner)
	m.opts = ca.VerifyOptions{Roots: m.root, Intermediates: m.sub + m.middle, Usage: x509.ExtKeyUsageServerAuth, Host: "www.example.com"}
	w.after(m)
	return m
}

// verify wants a chain or an error, and not both, and the same from a Verifier.
func (m *made) verify() ([]*x509.Certificate, error) {
	m.t.Helper()
	chain, err := ca.Verify(m.w.now, m.leaf, m.opts)
	if (chain == nil) != (err != nil) {
		m.t.Errorf("the chain is %v with the error %v", chain, err)
	}
	v, errOfOptions := ca.NewVerifier(m.opts)
	if errOfOptions != nil {
		if v != nil || fmt.Sprint(errOfOptions) != fmt.Sprint(err) {
			m.t.Errorf("NewVerifier: %v, %v; Verify: %v", v, errOfOptions, err)
		}
		return chain, err
	}
	for range 2 {
		again, errAgain := v.Verify(m.w.now, m.leaf)
		if !slices.EqualFunc(again, chain, (*x509.Certificate).Equal) || fmt.Sprint(errAgain) != fmt.Sprint(err) {
			m.t.Errorf("a Verifier: %v, %v; Verify: %v, %v", again, errAgain, chain, err)
		}
	}
	return chain, err
}

// list makes a CRL of a CA, under its name, key and key identifier.
func (m *made) list(issuer *x509.Certificate, k *algorithm.PrivateKey, change func(*x509der.CRL), serials ...int64) {
	m.t.Helper()
	signer, err := x509der.NewSigner(k)
	if err != nil {
		m.t.Fatal(err)
	}
	crl := &x509der.CRL{
		Issuer: asn.Name(asn.Printable(asn.OIDCommonName, issuer.Subject.CommonName)), AuthorityKeyID: x509der.AuthorityKeyID(issuer.SubjectKeyId),
		ThisUpdate: m.w.now.AddDate(0, 0, -1), NextUpdate: m.w.now.AddDate(0, 0, 6), Number: big.NewInt(1),
	}
	change(crl)
	w, err := x509der.NewCRLWriter(signer, crl)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, serial := range serials {
		w.Add(x509der.CRLEntry{SerialNumber: big.NewInt(serial).Bytes(), RevocationTime: crl.ThisUpdate, Reason: 1})
	}
	der, err := w.Sign(nil)
	if err != nil {
		m.t.Fatal(err)
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		m.t.Fatal(err)
	}
	m.opts.RevocationLists = append(m.opts.RevocationLists, list)
}

func asItIs(*x509der.CRL) {}

// subList and rootList are the lists of the CAs in a world.
func (m *made) subList(change func(*x509der.CRL), serials ...int64) {
	m.t.Helper()
	m.list(m.w.sub, key(m.w.a, 1), change, serials...)
}

func (m *made) rootList(change func(*x509der.CRL), serials ...int64) {
	m.t.Helper()
	m.list(m.w.root, key(m.w.a, 0), change, serials...)
}

// extend adds extensions to the last list, which the key k signs again. It is
// read with crypto/x509.
func (m *made) extend(k *algorithm.PrivateKey, extensions ...[]byte) {
	m.t.Helper()
	last := len(m.opts.RevocationLists) - 1
	list, err := x509.ParseRevocationList(rewrite(m.t, m.opts.RevocationLists[last].Raw, k, func(f [][]byte) [][]byte {
		there := cryptobyte.String(f[len(f)-1])
		if !there.ReadASN1(&there, 0xa0) || !there.ReadASN1(&there, asn1.SEQUENCE) {
			m.t.Fatal("no extensions")
		}
		f[len(f)-1] = asn.Explicit(0, asn.Seq(there, slices.Concat(extensions...)))
		return f
	}))
	if err != nil {
		m.t.Fatal(err)
	}
	m.opts.RevocationLists[last] = list
}

// subDelta and subReasons make a delta and a list for some reasons of the
// subordinate CA.
func (m *made) subDelta(serials ...int64) {
	m.t.Helper()
	m.subList(asItIs, serials...)
	m.extend(key(m.w.a, 1), asn.Extension(asn.OID("\x55\x1d\x1b"), true, []byte{2, 1, 1}))
}

func (m *made) subReasons(flags []byte, serials ...int64) {
	m.t.Helper()
	m.subList(asItIs, serials...)
	m.extend(key(m.w.a, 1), asn.Extension(asn.OID("\x55\x1d\x1c"), true, asn.Seq(asn.TLV(0x83, flags))))
}

// newKey makes a second certificate of a CA in the world, for test key 2 and
// changed, and signs it with the key k of a CA above.
func (m *made) newKey(of, above *x509.Certificate, k *algorithm.PrivateKey, change func(*x509.Certificate)) (*x509.Certificate, string) {
	m.t.Helper()
	second := *of
	second.SerialNumber, second.SubjectKeyId = big.NewInt(0xa6), []byte("second key")
	change(&second)
	if of == above {
		above = &second
	}
	return &second, signAny(m.t, &second, above, key(m.w.a, 2).Public(), k)
}

// subNewKey gives the subordinate CA a second key, under the root, and a list
// by it.
func (m *made) subNewKey(change func(*x509.Certificate), serials ...int64) {
	m.t.Helper()
	second, text := m.newKey(m.w.sub, m.w.root, key(m.w.a, 0), change)
	m.opts.Intermediates += text
	m.list(second, key(m.w.a, 2), asItIs, serials...)
}

// rootNewKey does the same with the root.
func (m *made) rootNewKey(change func(*x509.Certificate), serials ...int64) {
	m.t.Helper()
	second, text := m.newKey(m.w.root, m.w.root, key(m.w.a, 2), change)
	m.opts.Roots += text
	m.list(second, key(m.w.a, 2), asItIs, serials...)
}

func unchanged(*x509.Certificate) {}

// rewriteLeaf changes what the leaf says, field by field, and lets its issuer
// sign that.
func (m *made) rewriteLeaf(change func(fields [][]byte) [][]byte) {
	m.t.Helper()
	m.leaf = testutil.EncodePEM("CERTIFICATE", rewrite(m.t, testutil.DecodePEM(m.t, "CERTIFICATE", m.leaf), m.w.leafSigner, change))
}

// rewriteList does the same with a list of the subordinate CA on which the leaf
// is revoked. It is read with crypto/x509.
func (m *made) rewriteList(change func(fields [][]byte) [][]byte) {
	m.t.Helper()
	m.subList(asItIs, 0xaf)
	list, err := x509.ParseRevocationList(rewrite(m.t, m.opts.RevocationLists[0].Raw, key(m.w.a, 1), change))
	if err != nil {
		m.t.Fatal(err)
	}
	m.opts.RevocationLists[0] = list
}

// rewrite changes the signed fields of a certificate or CRL.
func rewrite(t testing.TB, der []byte, k *algorithm.PrivateKey, change func(fields [][]byte) [][]byte) []byte {
	t.Helper()
	signed, id, _ := splitSigned(t, der)
	s := cryptobyte.String(signed)
	if !s.ReadASN1(&s, asn1.SEQUENCE) {
		t.Fatal("not a SEQUENCE")
	}
	var fields [][]byte
	for !s.Empty() {
		var field cryptobyte.String
		var tag asn1.Tag
		if !s.ReadAnyASN1Element(&field, &tag) {
			t.Fatal("not DER")
		}
		fields = append(fields, field)
	}
	signed = asn.Seq(change(fields)...)
	signature, err := k.SignMessage(nil, signed, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return asn.Seq(signed, id, asn.Bits(signature))
}

func policyConstraints(value ...byte) []pkix.Extension {
	return []pkix.Extension{{Id: stdasn1.ObjectIdentifier{2, 5, 29, 36}, Critical: true, Value: asn.Seq(value)}}
}

// rawExtension is an extension of RFC 5280 by the last arc of its object
// identifier.
func rawExtension(arc int, critical bool, value []byte) []pkix.Extension {
	return []pkix.Extension{{Id: stdasn1.ObjectIdentifier{2, 5, 29, arc}, Critical: critical, Value: value}}
}

// directoryConstraints permits the directory names below one and excludes those
// below another. Nil leaves one out.
func directoryConstraints(permitted, excluded []byte) []pkix.Extension {
	var sides []byte
	for n, base := range [][]byte{permitted, excluded} {
		if base != nil {
			sides = append(sides, asn.Explicit(asn1.Tag(n), asn.Seq(asn.TLV(0xa4, base)))...)
		}
	}
	return rawExtension(30, true, asn.Seq(sides))
}

// commonName is a name of one attribute.
func commonName(text string) []byte { return asn.Name(asn.UTF8(asn.OIDCommonName, text)) }

// policyMapping maps one policy to another.
func policyMapping(from, to string) []pkix.Extension {
	return rawExtension(33, true, asn.Seq(asn.Seq(asn.OID(from), asn.OID(to))))
}

// policyQualifier is a certificatePolicies with one qualifier.
func policyQualifier(critical bool, oid string) []pkix.Extension {
	return rawExtension(32, critical, asn.Seq(asn.Seq(asn.OID("\x2a\x03"), asn.Seq(asn.Seq(asn.OID(oid), asn.TLV(asn1.IA5String, []byte("x")))))))
}

const (
	anyPolicy       = "\x55\x1d\x20\x00"
	policyCPS       = "\x2b\x06\x01\x05\x05\x07\x02\x01"
	policyQualified = "\x2a\x03\x04"
)

// changeKey puts a self-issued certificate between the root and the subordinate
// CA: the CA's old key signs the new one.
func (w *world) changeKey() { w.addMiddle().Subject.CommonName = "Sub" }

// nameIssuer writes the issuer of the leaf and of the CA in another way than the
// subjects of their issuers.
func (w *world) nameIssuer(sub, root []byte) {
	w.after = func(m *made) {
		above := *w.root
		above.RawSubject = root
		m.opts.Intermediates = signAny(m.t, w.sub, &above, w.subKey, w.subSigner)
		above = *w.sub
		above.RawSubject = sub
		m.leaf = signAny(m.t, w.leaf, &above, w.leafKey, w.leafSigner)
	}
}

// otherNames gives the leaf alternative names that crypto/x509 does not write;
// none of them is asked for.
func otherNames(w *world, names ...[]byte) {
	w.leaf.DNSNames, w.leaf.IPAddresses = nil, nil
	w.leaf.ExtraExtensions = []pkix.Extension{{Id: stdasn1.ObjectIdentifier{2, 5, 29, 17}, Value: asn.Seq(names...)}}
	w.after = func(m *made) { m.opts.Host = "" }
}

// An unusualWorld is one row of unusualWorlds.
type unusualWorld struct {
	name   string
	change func(*world)
	want   string
}

// unusualWorlds are changes after which Verify still accepts a certificate.
// FuzzVerify starts from them too.
func unusualWorlds() []unusualWorld {
	const two, three = "Leaf Sub Root", "Leaf Sub Middle Root"
	return []unusualWorld{
		{"as it is", func(*world) {}, two},
		{"three levels", func(w *world) { w.addMiddle() }, three},
		{"intermediates in another order", func(w *world) {
			w.addMiddle()
			w.after = func(m *made) { m.opts.Intermediates = m.middle + m.sub }
		}, three},
		{"CAs after the certificate", func(w *world) {
			w.addMiddle()
			w.after = func(m *made) {
				m.leaf, m.opts.Intermediates = m.leaf+testutil.EncodePEM("CERTIFICATE", []byte("x"))+m.middle+m.sub, ""
			}
		}, three},
		{"no line break before the CA", func(w *world) {
			w.after = func(m *made) { m.leaf, m.opts.Intermediates = strings.TrimSpace(m.leaf)+m.sub, "" }
		}, two},
		{"no line breaks between roots and intermediates", func(w *world) {
			w.addMiddle()
			w.after = func(m *made) {
				other := caTemplate("Other Root")
				m.opts.Roots = strings.TrimSpace(signAny(m.t, other, other, key(w.a, 2).Public(), key(w.a, 2))) + strings.TrimSpace(m.root)
				m.opts.Intermediates = strings.TrimSpace(m.middle) + strings.TrimSpace(m.sub)
			}
		}, three},
		{"some after it and some not", func(w *world) {
			w.addMiddle()
			w.after = func(m *made) { m.leaf, m.opts.Intermediates = m.leaf+m.middle, m.sub+m.middle }
		}, three},
		{"text around the certificates", func(w *world) {
			w.after = func(m *made) {
				m.leaf, m.opts.Roots, m.opts.Intermediates = "\ufeffLeaf\n"+m.leaf+"end\n", "Root\n"+m.opts.Roots, strings.ReplaceAll(m.opts.Intermediates, "\n", "\r\n")
			}
		}, two},
		{"unrelated certificates among them", func(w *world) {
			w.addMiddle()
			w.after = func(m *made) {
				au, other := authorityOf(algorithm.ECC_384), authorityOf(algorithm.SM2_256)
				m.opts.Roots = au.root.Certificate + m.root + other.root.Certificate
				m.opts.Intermediates = other.sub.CertificateChain + m.middle + au.sub.CertificateChain + m.leaf + m.sub + m.sub
			}
		}, three},
		{"the root among the intermediates too", func(w *world) { w.after = func(m *made) { m.opts.Intermediates = m.root + m.sub + m.root } }, two},
		{"all CAs are roots", func(w *world) { w.after = func(m *made) { m.opts.Roots, m.opts.Intermediates = m.root+m.sub, "" } }, "Leaf Sub"},
		{"a subordinate CA for a root", func(w *world) { w.after = func(m *made) { m.opts.Roots = m.sub } }, "Leaf Sub"},
		{"the leaf is a root", func(w *world) { w.after = func(m *made) { m.opts.Roots, m.opts.Intermediates = m.leaf, "" } }, "Leaf"},
		{"a root itself", func(w *world) {
			w.after = func(m *made) { m.leaf, m.opts.Host, m.opts.Intermediates = m.root, "", "" }
		}, "Root"},
		{"a CA below the root", func(w *world) { w.after = func(m *made) { m.leaf, m.opts.Host, m.opts.Intermediates = m.sub, "", "" } }, "Sub Root"},
		{"below a root of this package", func(w *world) {
			w.after = func(m *made) {
				au := authorityOf(w.a)
				cert := issue(m.t, au.issuer, serverRequest(au.issuer, hostCSR(m.t, w.a, "www.example.com")))
				m.leaf, m.opts.Roots, m.opts.Intermediates = testutil.EncodePEM("CERTIFICATE", cert.Raw), au.root.Certificate, au.sub.CertificateChain
			}
		}, "www.example.com Test Sub CA Test Root"},

		{"any host", func(w *world) { w.after = func(m *made) { m.opts.Host = "" } }, two},
		{"a host in capitals", func(w *world) { w.after = func(m *made) { m.opts.Host = "WWW.Example.COM" } }, two},
		{"a host under a wildcard", func(w *world) { w.after = func(m *made) { m.opts.Host = "b.a.example.com" } }, two},
		{"the wildcard itself", func(w *world) { w.after = func(m *made) { m.opts.Host = "*.a.example.com" } }, two},
		{"a host in U-labels", func(w *world) { w.after = func(m *made) { m.opts.Host = "例子.中国" } }, two},
		{"a host in A-labels", func(w *world) { w.after = func(m *made) { m.opts.Host = "XN--fsqu00a.xn--fiqs8s" } }, two},
		{"an IPv4 address", func(w *world) { w.after = func(m *made) { m.opts.Host = "192.0.2.1" } }, two},
		{"an IPv6 address", func(w *world) { w.after = func(m *made) { m.opts.Host = "2001:DB8:0::0:1" } }, two},

		{"any usage", func(w *world) {
			w.leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			w.sub.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			w.after = func(m *made) { m.opts.Usage = x509.ExtKeyUsageAny }
		}, two},
		{"a leaf for any usage", func(w *world) { w.leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }, two},
		{"roots and intermediates that cannot be read", func(w *world) {
			w.after = func(m *made) {
				m.opts.Roots = testutil.EncodePEM("CERTIFICATE", []byte{0x30, 0}) + m.opts.Roots
				m.opts.Intermediates += testutil.EncodePEM("CERTIFICATE", []byte("x"))
			}
		}, two},
		{"CAs without keyUsage", func(w *world) { w.sub.KeyUsage, w.root.KeyUsage = 0, 0 }, two},
		{"a leaf without usages", func(w *world) { w.leaf.ExtKeyUsage = nil }, two},
		{"CAs with usages", func(w *world) {
			w.sub.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
			w.root.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
		}, two},

		{"the first second of all", func(w *world) { w.now = instant }, two},
		{"the last second of the leaf", func(w *world) { w.now = w.leaf.NotAfter }, two},
		{"the last second of the CAs", func(w *world) { w.leaf.NotAfter = caEnd.AddDate(1, 0, 0); w.now = caEnd }, two},
		{"another time zone", func(w *world) { w.now = instant.In(time.FixedZone("CST", 8*3600)) }, two},
		{"an end without end", func(w *world) { w.leaf.NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }, two},
		{"a leaf with a critical usage extension", func(w *world) {
			w.leaf.ExtKeyUsage = nil
			w.leaf.ExtraExtensions = []pkix.Extension{{Id: stdasn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: asn.Seq(asn.OIDServerAuth)}}
		}, two},
		{"unique identifiers", func(w *world) {
			w.after = func(m *made) {
				m.rewriteLeaf(func(f [][]byte) [][]byte {
					return slices.Insert(f, 7, asn.TLV(0x81, []byte{0, 1}), asn.TLV(0x82, []byte{0, 1}))
				})
			}
		}, two},
		{"an unknown extension", func(w *world) {
			w.sub.ExtraExtensions = []pkix.Extension{{Id: stdasn1.ObjectIdentifier{1, 2, 3}, Value: []byte{5, 0}}}
		}, two},
		{"issuers in other letters and string types", func(w *world) {
			w.nameIssuer(asn.Name(asn.Printable(asn.OIDCommonName, " sUB ")), commonName("\uff32oo\u00adt"))
		}, two},
		{"other certificates under the issuer's name as it is written", func(w *world) {
			w.nameIssuer(commonName("SUB"), commonName("ROOT"))
			renamed := w.after
			w.after = func(m *made) {
				renamed(m)
				other := caTemplate("SUB")
				m.opts.Intermediates += signAny(m.t, other, other, key(w.a, 2).Public(), key(w.a, 2))
			}
		}, two},
		{"an underscore in the host", func(w *world) {
			w.leaf.DNSNames = []string{"my_svc.example.com"}
			w.after = func(m *made) { m.opts.Host = "My_Svc.example.com" }
		}, two},
		{"an underscore in the host under a wildcard", func(w *world) { w.after = func(m *made) { m.opts.Host = "my_svc.a.example.com" } }, two},
		{"a CA that changed its key, and path lengths that have no room for one more", func(w *world) {
			w.changeKey()
			w.root.MaxPathLen, w.middle.MaxPathLenZero = 1, true
		}, "Leaf Sub Sub Root"},
		{"a self-issued certificate with a name that is excluded", func(w *world) {
			w.changeKey()
			w.sub.DNSNames, w.root.ExcludedDNSDomains = []string{"ca.example.org"}, []string{"example.org"}
		}, "Leaf Sub Sub Root"},
		{"directory names that are permitted", func(w *world) {
			w.sub.ExtraExtensions = directoryConstraints(commonName("leaf"), nil)
			w.root.ExtraExtensions = directoryConstraints(nil, commonName("other"))
		}, two},
		{"a directory name below one that is permitted", func(w *world) {
			w.leaf.Subject.OrganizationalUnit = []string{"Acme"}
			w.sub.ExtraExtensions = directoryConstraints(asn.Name(asn.UTF8(asn.OIDUnit, "ACME")), nil)
		}, two},
		{"a directory name among the alternative names", func(w *world) {
			w.sub.ExtraExtensions = directoryConstraints(commonName("leaf"), nil)
			otherNames(w, asn.TLV(0xa4, commonName("LEAF")), asn.DNSName("a.example"))
		}, two},
		{"no subject in the leaf under a directory name", func(w *world) {
			w.sub.ExtraExtensions = directoryConstraints(commonName("leaf"), nil)
			w.leaf.Subject = pkix.Name{}
		}, " Sub Root"},
		{"policies demanded after the leaf", func(w *world) { w.root.ExtraExtensions = policyConstraints(0x80, 1, 3) }, two},
		{"policies demanded after the leaf, of the leaf", func(w *world) { w.leaf.ExtraExtensions = policyConstraints(0x80, 1, 1) }, two},
		{"policies demanded after the leaf, and a CA that changed its key", func(w *world) {
			w.changeKey()
			w.root.ExtraExtensions = policyConstraints(0x80, 1, 3)
		}, "Leaf Sub Sub Root"},
		{"policies that are mapped", func(w *world) { w.sub.ExtraExtensions = policyMapping("\x2a\x03", "\x2a\x04") }, two},
		{"inhibitAnyPolicy", func(w *world) { w.sub.ExtraExtensions = rawExtension(54, true, []byte{2, 1, 0}) }, two},
		{"critical policies with a CPS", func(w *world) {
			w.leaf.ExtraExtensions, w.sub.ExtraExtensions = policyQualifier(true, policyCPS), policyQualifier(true, policyCPS)
		}, two},
		{"policies with an unknown qualifier", func(w *world) { w.leaf.ExtraExtensions = policyQualifier(false, policyQualified) }, two},
		{"policyConstraints without a demand for policies", func(w *world) { w.sub.ExtraExtensions = policyConstraints(0x81, 1, 0) }, two},
		{"no basicConstraints in the leaf", func(w *world) { w.leaf.BasicConstraintsValid = false }, two},
		{"a server's key usage keyEncipherment", func(w *world) { w.leaf.KeyUsage = x509.KeyUsageKeyEncipherment }, two},
		{"a server's key usage keyAgreement", func(w *world) { w.leaf.KeyUsage = x509.KeyUsageKeyAgreement }, two},
		{"a client's key usage keyAgreement", func(w *world) {
			w.leaf.KeyUsage, w.leaf.ExtKeyUsage = x509.KeyUsageKeyAgreement, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			w.after = func(m *made) { m.opts.Usage = x509.ExtKeyUsageClientAuth }
		}, two},
		{"no common name in the leaf", func(w *world) { w.leaf.Subject = pkix.Name{} }, " Sub Root"},
		{"the shortest path lengths", func(w *world) {
			w.addMiddle()
			w.root.MaxPathLen, w.middle.MaxPathLen, w.sub.MaxPathLenZero = 2, 1, true
		}, three},
		{"name constraints that are kept", func(w *world) {
			w.root.PermittedDNSDomains, w.root.PermittedDNSDomainsCritical = []string{"com", "xn--fiqs8s"}, true
			w.sub.ExcludedDNSDomains = []string{"example.org"}
		}, two},
		{"other names under constraints on others yet", func(w *world) {
			w.sub.PermittedDNSDomains, w.root.ExcludedURIDomains = []string{"example.org"}, []string{"example.com"}
			otherNames(w, asn.TLV(0xa0, asn.OID("\x2b\x06\x01\x05\x05\x07\x08\x09"), asn.Explicit(0, asn.TLV(asn1.UTF8String, []byte("云@example.com")))))
		}, two},

		{"lists that do not hold them", func(w *world) {
			w.after = func(m *made) { m.rootList(asItIs, 0xaf); m.subList(asItIs, 0xa2, 0xa1) }
		}, two},
		{"only lists of others", func(w *world) {
			w.after = func(m *made) {
				m.opts.RevocationLists = []*x509.RevocationList{{}}
				other := caTemplate("Other")
				m.list(other, key(m.w.a, 2), asItIs, 0xaf, 0xa2)
			}
		}, two},
		{"a list read with crypto/x509, without its entries", func(w *world) {
			w.after = func(m *made) { m.rewriteList(func(f [][]byte) [][]byte { return slices.Delete(f, 5, 6) }) }
		}, two},
		{"only a list of the root", func(w *world) { w.after = func(m *made) { m.rootList(asItIs) } }, two},
		{"the first second of a list", func(w *world) {
			w.after = func(m *made) { m.subList(func(c *x509der.CRL) { c.ThisUpdate = m.w.now }) }
		}, two},
		{"the last second of a list", func(w *world) {
			w.after = func(m *made) { m.subList(func(c *x509der.CRL) { c.NextUpdate = m.w.now }) }
		}, two},
		{"a stale list and a fresh one", func(w *world) {
			w.after = func(m *made) {
				m.subList(func(c *x509der.CRL) { c.NextUpdate = m.w.now.Add(-time.Hour) }, 0xaf)
				m.subList(asItIs)
				m.subList(func(c *x509der.CRL) { c.ThisUpdate = m.w.now.Add(time.Hour) }, 0xaf)
			}
		}, two},
		{"a list without key identifier", func(w *world) {
			w.after = func(m *made) { m.subList(func(c *x509der.CRL) { c.AuthorityKeyID = nil }) }
		}, two},
		{"partitions, one of which covers it", func(w *world) {
			w.after = func(m *made) {
				m.subList(func(c *x509der.CRL) { c.Scope.Addresses = []string{"http://crl.example.com/2.crl"} }, 0xaf)
				m.subList(func(c *x509der.CRL) { c.Scope.CACerts = true })
				m.subList(func(c *x509der.CRL) {
					c.Scope.UserCerts, c.Scope.Addresses = true, []string{"http://crl.example.com/1.crl"}
				})
			}
		}, two},

		{"a list with longer serial numbers", func(w *world) { w.after = func(m *made) { m.subList(asItIs, 0xaf00, 0xafaf) } }, two},
		{"a list with the leaf's serial number made negative", func(w *world) {
			w.after = func(m *made) {
				m.rewriteList(func(f [][]byte) [][]byte {
					f[5] = asn.Seq(asn.Seq([]byte{2, 2, 0xff, 0x51}, f[3]))
					return f
				})
			}
		}, two},
		{"a delta next to a complete list", func(w *world) {
			w.after = func(m *made) { m.subDelta(1); m.subList(asItIs) }
		}, two},
		{"a delta that takes the leaf off a list", func(w *world) {
			w.after = func(m *made) {
				m.subList(asItIs)
				m.subDelta(0xaf)
				raw := rewrite(m.t, m.opts.RevocationLists[1].Raw, key(m.w.a, 1), func(f [][]byte) [][]byte {
					f[5] = bytes.Replace(f[5], []byte{10, 1, 1}, []byte{10, 1, 8}, 1)
					return f
				})
				list, err := x509.ParseRevocationList(raw)
				if err != nil {
					m.t.Fatal(err)
				}
				m.opts.RevocationLists[1] = list
			}
		}, two},
		{"lists for some reasons that make up all", func(w *world) {
			w.after = func(m *made) { m.subReasons([]byte{5, 0x60}); m.subReasons([]byte{7, 0x1f, 0x80}, 1) }
		}, two},
		{"a partition with the name of the CA", func(w *world) {
			w.after = func(m *made) {
				m.subList(asItIs)
				name := asn.Name(asn.UTF8(asn.OIDCommonName, "SUB"))
				m.extend(key(w.a, 1), asn.Extension(asn.OID("\x55\x1d\x1c"), true, asn.Seq(asn.Explicit(0, asn.Explicit(0, asn.Explicit(4, name))))))
			}
		}, two},
		{"a partition with a relative name", func(w *world) {
			part := asn.Explicit(0, asn.Explicit(1, asn.UTF8(asn.OIDUnit, "Part 1")))
			w.leaf.CRLDistributionPoints = nil
			w.leaf.ExtraExtensions = []pkix.Extension{{Id: stdasn1.ObjectIdentifier{2, 5, 29, 31}, Value: asn.Seq(asn.Seq(part))}}
			w.after = func(m *made) {
				m.subList(asItIs)
				m.extend(key(w.a, 1), asn.Extension(asn.OID("\x55\x1d\x1c"), true, asn.Seq(part)))
			}
		}, two},
		{"a list by another key of the CA", func(w *world) { w.after = func(m *made) { m.subNewKey(unchanged, 1) } }, two},
		{"a list by another key of the CA, with a name in other letters", func(w *world) {
			w.after = func(m *made) { m.subNewKey(func(c *x509.Certificate) { c.Subject.CommonName = "SUB" }) }
		}, two},
		{"a list by a key of the CA that only signs lists", func(w *world) {
			w.after = func(m *made) {
				m.subNewKey(func(c *x509.Certificate) {
					c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage = false, false, x509.KeyUsageCRLSign, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
				})
			}
		}, two},
		{"a list by a key for lists that the CA certified, and one for that key", func(w *world) {
			w.after = func(m *made) {
				second, text := m.newKey(w.sub, w.sub, key(w.a, 1), func(c *x509.Certificate) {
					c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.CRLDistributionPoints = false, false, x509.KeyUsageCRLSign, []string{"http://crl.example.com/2.crl"}
				})
				m.opts.Intermediates += text
				m.list(second, key(w.a, 2), asItIs, 1)
				m.subList(func(c *x509der.CRL) { c.Scope.Addresses = []string{"http://crl.example.com/2.crl"} }, 0xaf)
			}
		}, two},
		{"a list by another key of the root", func(w *world) { w.after = func(m *made) { m.rootNewKey(unchanged, 1) } }, two},
		{"lists by other keys of both", func(w *world) {
			w.after = func(m *made) {
				m.subNewKey(unchanged)
				third := *w.root
				third.SubjectKeyId = []byte("third key")
				m.opts.Roots += signAny(m.t, &third, &third, key(w.a, 1).Public(), key(w.a, 1))
				m.list(&third, key(w.a, 1), asItIs)
				m.opts.RequireRevocationLists = true
			}
		}, two},
		{"all lists that are required", func(w *world) {
			w.after = func(m *made) { m.rootList(asItIs); m.subList(asItIs, 1); m.opts.RequireRevocationLists = true }
		}, two},
		{"required lists of a root itself", func(w *world) {
			w.after = func(m *made) {
				m.leaf, m.opts.Host, m.opts.Intermediates, m.opts.RequireRevocationLists = m.root, "", "", true
			}
		}, "Root"},
		{"a serial number of zero", func(w *world) {
			w.after = func(m *made) {
				m.rewriteLeaf(func(f [][]byte) [][]byte { f[1] = []byte{2, 1, 0}; return f })
				m.subList(asItIs, 1, 0xaf)
			}
		}, two},

		{"a cross-signed CA, the other root not trusted", func(w *world) {
			w.after = func(m *made) {
				other := caTemplate("Other Root")
				m.opts.Intermediates = signAny(m.t, w.sub, other, w.subKey, key(w.a, 2)) + m.sub
			}
		}, two},
		{"a cross-signed CA, the one trusted last", func(w *world) {
			w.after = func(m *made) {
				other := caTemplate("Other Root")
				m.opts.Intermediates = m.sub + signAny(m.t, w.sub, other, w.subKey, key(w.a, 2))
				m.opts.Roots = signAny(m.t, other, other, key(w.a, 2).Public(), key(w.a, 2))
			}
		}, "Leaf Sub Other Root"},
		{"a CA that was renewed", func(w *world) {
			w.after = func(m *made) {
				old := *w.sub
				old.NotAfter = w.now.AddDate(0, 0, -1)
				m.opts.Intermediates = signAny(m.t, &old, w.root, w.subKey, w.subSigner) + m.sub
			}
		}, two},
		{"a CA that changed its key", func(w *world) {
			w.after = func(m *made) { m.opts.Intermediates = signAny(m.t, w.sub, w.root, w.leafKey, w.subSigner) + m.sub }
		}, two},
		{"a root that was revoked below another, and is trusted itself", func(w *world) {
			w.after = func(m *made) {
				other := caTemplate("Other Root")
				m.opts.Roots = signAny(m.t, other, other, key(w.a, 2).Public(), key(w.a, 2)) + m.root
				m.opts.Intermediates = signAny(m.t, w.root, other, key(w.a, 0).Public(), key(w.a, 2)) + m.sub
				m.list(other, key(w.a, 2), asItIs, 0xa1)
			}
		}, two},
		{"CAs that signed each other", func(w *world) {
			w.after = func(m *made) {
				other := caTemplate("Other Root")
				m.opts.Intermediates = signAny(m.t, other, w.sub, key(w.a, 2).Public(), key(w.a, 1)) + signAny(m.t, w.sub, other, w.subKey, key(w.a, 2)) + m.sub
			}
		}, two},
	}
}

// Chains that hold, with the common names of the chain that is found.
func TestVerifyAccepts(t *testing.T) {
	t.Parallel()
	for _, tt := range unusualWorlds() {
		for _, a := range testkeys.Families {
			t.Run(fmt.Sprintf("%s, %s", tt.name, a), func(t *testing.T) {
				t.Parallel()
				w := newWorld(a)
				tt.change(w)
				m := w.make(t)
				chain, err := m.verify()
				if err != nil {
					t.Fatal(err)
				}
				var names []string
				for i, cert := range chain {
					names = append(names, cert.Subject.CommonName)
					if i > 0 {
						verifySignature(t, chain[i-1], cert.PublicKey)
					}
				}
				if got := strings.Join(names, " "); got != tt.want {
					t.Errorf("chain %q, want %q", got, tt.want)
				}
			})
		}
	}
}

// A hostileWorld is one row of hostileWorlds.
type hostileWorld struct {
	name      string
	change    func(*world)
	code      yuncert.Code
	parameter string
	mention   string
}

// hostileWorlds are changes after which Verify refuses a certificate. FuzzVerify
// starts from them too.
func hostileWorlds() []hostileWorld {
	const expired, revoked = yuncert.ErrCertificateExpired, yuncert.ErrInvalidStatusUpdateProtection
	const leaf, sub, root = `certificate "CN=Leaf" (serial number af)`, `certificate "CN=Sub" (serial number a2)`, `certificate "CN=Root" (serial number a1)`
	day := 24 * time.Hour
	begins := func(template func(*world) *x509.Certificate, by time.Duration) func(*world) {
		return func(w *world) { template(w).NotBefore = w.now.Add(by) }
	}
	ends := func(template func(*world) *x509.Certificate, by time.Duration) func(*world) {
		return func(w *world) { template(w).NotAfter = w.now.Add(by) }
	}
	theLeaf, theSub, theRoot := func(w *world) *x509.Certificate { return w.leaf }, func(w *world) *x509.Certificate { return w.sub }, func(w *world) *x509.Certificate { return w.root }
	host := func(name string) func(*world) {
		return func(w *world) { w.after = func(m *made) { m.opts.Host = name } }
	}
	lists := func(add func(*made)) func(*world) { return func(w *world) { w.after = add } }
	null := asn.Null
	// A leaf with other fields than these: the eighth one is its extensions.
	leafFields := func(change func(fields [][]byte) [][]byte) func(*world) {
		return func(w *world) { w.after = func(m *made) { m.rewriteLeaf(change) } }
	}
	// A list with other fields: the sixth is the entry of the leaf, the seventh
	// its extensions.
	listFields := func(change func(fields [][]byte) [][]byte) func(*world) {
		return func(w *world) { w.after = func(m *made) { m.rewriteList(change) } }
	}
	damaged := func(change func(leaf string) string) func(*world) {
		return func(w *world) {
			w.after = func(m *made) { m.leaf, m.opts.Host = change(m.leaf)+m.sub, "" }
		}
	}
	const unread = leaf + ": the CRL of " + sub + " cannot be read: "
	return []hostileWorld{
		{"a leaf that expired", ends(theLeaf, -day), expired, "Certificate", leaf + " is valid from"},
		{"a leaf a second after its end", ends(theLeaf, -time.Second), expired, "Certificate", leaf},
		{"a leaf a moment after its end", func(w *world) { w.leaf.NotAfter = w.now; w.now = w.now.Add(1) }, expired, "Certificate", leaf},
		{"a leaf not yet valid", begins(theLeaf, day), expired, "Certificate", leaf},
		{"a leaf a second before its start", begins(theLeaf, time.Second), expired, "Certificate", leaf},
		{"a leaf a moment before its start", func(w *world) { w.leaf.NotBefore = w.now; w.now = w.now.Add(-1) }, expired, "Certificate", leaf},
		{"a CA that expired", ends(theSub, -day), expired, "Certificate", sub + " is valid from"},
		{"a CA a second after its end", ends(theSub, -time.Second), expired, "Certificate", sub},
		{"a CA a second before its start", begins(theSub, time.Second), expired, "Certificate", sub},
		{"a root that expired", ends(theRoot, -day), expired, "Certificate", root + " is valid from"},
		{"a root a second after its end", ends(theRoot, -time.Second), expired, "Certificate", root},
		{"a root a second before its start", begins(theRoot, time.Second), expired, "Certificate", root},
		{"a leaf that is a root and expired", func(w *world) {
			w.leaf.NotAfter = w.now.Add(-day)
			w.after = func(m *made) { m.opts.Roots = m.leaf }
		}, expired, "Certificate", leaf},
		{"the zero time", func(w *world) { w.now = time.Time{} }, expired, "Certificate", "0001-01-01"},

		{"an unknown critical extension in the leaf", func(w *world) { w.leaf.ExtraExtensions = critical(1, 2, 3, 4) }, refused, "Certificate", leaf + " has the critical extension 1.2.3.4"},
		{"the same in the CA", func(w *world) { w.sub.ExtraExtensions = critical(1, 2, 3, 4) }, refused, "Certificate", sub + " has the critical extension 1.2.3.4"},
		{"the same in the root", func(w *world) { w.root.ExtraExtensions = critical(1, 2, 3, 4) }, refused, "Certificate", root + " has the critical extension 1.2.3.4"},
		{"a name constraint of a kind that is not supported", func(w *world) { w.sub.ExtraExtensions = []pkix.Extension{registeredConstraint(true)} }, refused, "Certificate", sub + " has unusable name constraints: a name constraint is about names with the tag 8"},
		{"the same and not critical", func(w *world) { w.sub.ExtraExtensions = []pkix.Extension{registeredConstraint(false)} }, refused, "Certificate", sub + " has unusable name constraints: a name constraint is about names with the tag 8"},
		{"the same and not critical, in the root", func(w *world) {
			w.root.ExtraExtensions = []pkix.Extension{registeredConstraint(false, "example.com")}
		}, refused, "Certificate", root + " has unusable name constraints: a name constraint is about names with the tag 8"},
		{"a name constraint with a minimum", func(w *world) {
			w.sub.ExtraExtensions = []pkix.Extension{domainConstraint([]byte{0x80, 1, 2})}
		}, refused, "Certificate", sub + " has unusable name constraints: a name constraint has a minimum or maximum"},
		{"a name constraint with a maximum", func(w *world) {
			w.root.ExtraExtensions = []pkix.Extension{domainConstraint([]byte{0x81, 1, 2})}
		}, refused, "Certificate", root + " has unusable name constraints: a name constraint has a minimum or maximum"},
		{"policies demanded of the leaf", func(w *world) { w.leaf.ExtraExtensions = policyConstraints(0x80, 1, 0) }, refused, "Certificate", leaf + " requires certificate policies"},
		{"policies demanded at once", func(w *world) { w.sub.ExtraExtensions = policyConstraints(0x80, 1, 0) }, refused, "Certificate", sub + " requires certificate policies"},
		{"policies demanded further down", func(w *world) { w.root.ExtraExtensions = policyConstraints(0x80, 1, 2) }, refused, "Certificate", root + " requires certificate policies"},

		{"policies demanded of the CA's CA", func(w *world) { w.addMiddle(); w.root.ExtraExtensions = policyConstraints(0x80, 1, 3) }, refused, "Certificate", root + " requires certificate policies"},
		{"policies demanded later and then at once", func(w *world) {
			w.root.ExtraExtensions, w.sub.ExtraExtensions = policyConstraints(0x80, 1, 3), policyConstraints(0x80, 1, 1)
		}, refused, "Certificate", sub + " requires certificate policies"},
		{"a policy mapped from anyPolicy", func(w *world) { w.sub.ExtraExtensions = policyMapping(anyPolicy, "\x2a\x03") }, refused, "Certificate", sub + " maps a policy from or to anyPolicy"},
		{"a policy mapped to anyPolicy", func(w *world) { w.root.ExtraExtensions = policyMapping("\x2a\x03", anyPolicy) }, refused, "Certificate", root + " maps a policy from or to anyPolicy"},
		{"critical policies with an unknown qualifier", func(w *world) { w.leaf.ExtraExtensions = policyQualifier(true, policyQualified) }, refused, "Certificate", leaf + " has critical certificatePolicies with the qualifier 1.2.3.4"},
		{"critical policies of the CA with an unknown qualifier", func(w *world) { w.sub.ExtraExtensions = policyQualifier(true, policyQualified) }, refused, "Certificate", sub + " has critical certificatePolicies with the qualifier 1.2.3.4"},
		{"a CA without a subject", func(w *world) { w.sub.Subject = pkix.Name{} }, refused, "Certificate", `certificate "" (serial number a2) has no subject`},
		{"a root without a subject", func(w *world) { w.root.Subject = pkix.Name{} }, refused, "Certificate", `certificate "" (serial number a1) has no subject`},
		{"an issuer with another name", func(w *world) { w.nameIssuer(commonName("Sub 2"), commonName("Root")) }, refused, "Certificate", leaf + ` is not one of Roots, and no other certificate with the subject "CN=Sub 2"`},
		{"a CA that changed its key, and path lengths for none", func(w *world) {
			w.changeKey()
			w.root.MaxPathLenZero = true
		}, refused, "Certificate", root + " allows 0 CA certificates below it and 1 follow"},
		{"a self-issued leaf with a name that is excluded", func(w *world) {
			w.leaf.Subject.CommonName, w.root.ExcludedDNSDomains = "SUB", []string{"example.com"}
		}, refused, "Certificate", `certificate "CN=SUB" (serial number af): the DNS name "www.example.com" is excluded`},
		{"a directory name that is not permitted", func(w *world) { w.sub.ExtraExtensions = directoryConstraints(commonName("other"), nil) }, refused, "Certificate", leaf + `: the directory name "CN=LEAF" is not permitted by the name constraints [CN=OTHER] of ` + sub},
		{"a directory name that is excluded", func(w *world) {
			w.root.ExtraExtensions = directoryConstraints(nil, asn.Name(asn.Printable(asn.OIDCommonName, " lEAF")))
		}, refused, "Certificate", leaf + `: the directory name "CN=LEAF" is excluded by the name constraint CN=LEAF of ` + root},
		{"a directory name of the CA in between", func(w *world) { w.root.ExtraExtensions = directoryConstraints(nil, commonName("sub")) }, refused, "Certificate", sub + `: the directory name "CN=SUB" is excluded`},
		{"a directory name among the alternative names that is not permitted", func(w *world) {
			w.sub.ExtraExtensions = directoryConstraints(commonName("leaf"), nil)
			otherNames(w, asn.TLV(0xa4, commonName("other")), asn.DNSName("a.example"))
		}, refused, "Certificate", leaf + `: the directory name "CN=OTHER" is not permitted`},
		{"a directory name in Latin-1", func(w *world) {
			w.leaf.RawSubject = asn.Name(asn.Attribute(asn.OIDCommonName, asn1.T61String, "M\xfcller"))
			w.sub.ExtraExtensions = directoryConstraints(nil, commonName("other"))
		}, refused, "Certificate", ": a directory name has text that cannot be checked"},
		{"a critical directory name constraint of a leaf", func(w *world) { w.leaf.ExtraExtensions = directoryConstraints(commonName("leaf"), nil) }, refused, "Certificate", leaf + " has the critical extension 2.5.29.30"},
		{"another underscore", host("my_svc.example.com"), refused, "Certificate", leaf + ` is not for the name "my_svc.example.com"`},
		{"an underscore and a port", host("my_svc.example.com:443"), malformed, "Host", `"my_svc.example.com:443"`},

		{"an issuer that is not a CA", func(w *world) { w.sub.IsCA = false }, refused, "Certificate", sub + " is not a CA certificate (RFC 5280, section 4.2.1.9)"},
		{"an issuer without basicConstraints", func(w *world) { w.sub.IsCA, w.sub.BasicConstraintsValid = false, false }, refused, "Certificate", sub + " is not a CA certificate"},
		{"a root that is not a CA", func(w *world) { w.root.IsCA = false }, refused, "Certificate", root + " is not a CA certificate"},
		{"an issuer without keyCertSign", func(w *world) { w.sub.KeyUsage = x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature }, refused, "Certificate", sub + " may not sign certificates"},
		{"a root without keyCertSign", func(w *world) { w.root.KeyUsage = x509.KeyUsageCRLSign }, refused, "Certificate", root + " may not sign certificates"},
		{"a server certificate that signs", func(w *world) {
			w.after = func(m *made) {
				below := *w.leaf
				below.Subject.CommonName = "Below"
				m.opts.Intermediates = m.leaf + m.sub
				m.leaf = signAny(m.t, &below, w.leaf, w.subKey, key(w.a, 2))
			}
		}, refused, "Certificate", leaf + " is not a CA certificate"},
		{"the root's path length", func(w *world) { w.root.MaxPathLenZero = true }, refused, "Certificate", root + " allows 0 CA certificates below it and 1 follow"},
		{"the root's path length, three levels", func(w *world) { w.addMiddle(); w.root.MaxPathLen = 1 }, refused, "Certificate", root + " allows 1 CA certificates below it and 2 follow"},
		{"the middle's path length", func(w *world) { w.addMiddle().MaxPathLenZero = true }, refused, "Certificate", `certificate "CN=Middle" (serial number a5) allows 0 CA certificates below it and 1 follow`},

		{"a name that the CA may not certify", func(w *world) { w.sub.PermittedDNSDomains = []string{"example.org"} }, refused, "Certificate", leaf + `: the DNS name "www.example.com" is not permitted by the name constraints [example.org] of ` + sub},
		{"a name that the root excludes", func(w *world) { w.root.ExcludedDNSDomains = []string{"example.com"} }, refused, "Certificate", leaf + `: the DNS name "www.example.com" is excluded by the name constraint example.com of ` + root},
		{"a wildcard over an excluded name", func(w *world) { w.root.ExcludedDNSDomains = []string{"b.a.example.com"} }, refused, "Certificate", `"*.a.example.com" is excluded by the name constraint b.a.example.com of ` + root},
		{"an excluded address", func(w *world) {
			w.root.ExcludedIPRanges = []*net.IPNet{{IP: net.IP{192, 0, 2, 0}, Mask: net.CIDRMask(24, 32)}}
		}, refused, "Certificate", `"192.0.2.1" is excluded by the name constraint 192.0.2.0/24 of ` + root},
		{"an excluded IPv6 address", func(w *world) {
			w.sub.ExcludedIPRanges = []*net.IPNet{{IP: net.ParseIP("2001:db8::"), Mask: net.CIDRMask(32, 128)}}
		}, refused, "Certificate", `"2001:db8::1" is excluded by the name constraint 2001:db8::/32 of ` + sub},
		{"an excluded mailbox", func(w *world) {
			w.leaf.EmailAddresses, w.sub.ExcludedEmailAddresses = []string{"a@example.com"}, []string{"example.com"}
		}, refused, "Certificate", `"a@example.com" is excluded by the name constraint example.com of ` + sub},
		{"an excluded URI", func(w *world) {
			w.leaf.URIs, w.sub.ExcludedURIDomains = []*url.URL{{Scheme: "spiffe", Host: "example.com"}}, []string{"example.com"}
		}, refused, "Certificate", `"spiffe://example.com" is excluded by the name constraint example.com of ` + sub},
		{"an internationalised mailbox", func(w *world) {
			w.sub.PermittedEmailAddresses = []string{"example.com"}
			otherNames(w, asn.TLV(0xa0, asn.OID("\x2b\x06\x01\x05\x05\x07\x08\x09"), asn.Explicit(0, asn.TLV(asn1.UTF8String, []byte("admin@victim.example")))))
		}, refused, "Certificate", leaf + ": it has an internationalised e-mail address"},
		{"a DNS name with a NUL", func(w *world) {
			w.sub.PermittedDNSDomains = []string{"example.com"}
			otherNames(w, asn.TLV(0x82, []byte("www.evil.example\x00.example.com")))
		}, refused, "Certificate", leaf + `: the DNS name "www.evil.example\x00.example.com" has`},
		{"a DNS name with a space", func(w *world) {
			w.root.ExcludedDNSDomains = []string{"evil.example"}
			otherNames(w, asn.TLV(0x82, []byte("www.evil.example .example.com")))
		}, refused, "Certificate", leaf + `: the DNS name "www.evil.example .example.com" has`},
		{"a name of the CA in between", func(w *world) {
			w.sub.DNSNames, w.root.ExcludedDNSDomains = []string{"ca.example.org"}, []string{"example.org"}
		}, refused, "Certificate", sub + `: the DNS name "ca.example.org" is excluded by the name constraint example.org of ` + root},

		{"a leaf for another usage", func(w *world) { w.leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, refused, "Certificate", leaf + " has extended key usages that do not allow serverAuth"},
		{"a leaf for an unknown usage", func(w *world) {
			w.leaf.ExtKeyUsage, w.leaf.UnknownExtKeyUsage = nil, []stdasn1.ObjectIdentifier{{1, 2, 3}}
		}, refused, "Certificate", leaf + " has extended key usages"},
		{"a CA for another usage", func(w *world) { w.sub.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, refused, "Certificate", sub + " has extended key usages"},
		{"a root for another usage", func(w *world) { w.root.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} }, refused, "Certificate", root + " has extended key usages"},

		{"a wrong signature of the leaf", func(w *world) { w.leafSigner = key(w.a, 2) }, refused, "Certificate", leaf + " is not signed by " + sub + ": "},
		{"a wrong signature of the CA", func(w *world) { w.subSigner = key(w.a, 2) }, refused, "Certificate", sub + " is not signed by " + root + ": "},
		{"a changed octet of the leaf's signature", func(w *world) {
			w.after = func(m *made) {
				der := testutil.DecodePEM(m.t, "CERTIFICATE", m.leaf)
				der[len(der)-1] ^= 1
				m.leaf = testutil.EncodePEM("CERTIFICATE", der)
			}
		}, refused, "Certificate", leaf + " is not signed by " + sub + ": "},
		{"a missing intermediate", func(w *world) { w.after = func(m *made) { m.opts.Intermediates = "" } }, refused, "Certificate", leaf + ` is not one of Roots, and no other certificate with the subject "CN=Sub"`},
		{"a missing intermediate of three levels", func(w *world) {
			w.addMiddle()
			w.after = func(m *made) { m.opts.Intermediates = m.sub }
		}, refused, "Certificate", sub + ` is not one of Roots, and no other certificate with the subject "CN=Middle"`},
		{"a root that is not trusted", func(w *world) {
			w.after = func(m *made) {
				m.opts.Roots, m.opts.Intermediates = authorityOf(w.a).root.Certificate, m.sub+m.root
			}
		}, refused, "Certificate", root + ` is not one of Roots, and no other certificate with the subject "CN=Root"`},
		{"a root of the same name and another key", func(w *world) {
			w.after = func(m *made) {
				m.opts.Roots = signAny(m.t, w.root, w.root, key(w.a, 2).Public(), key(w.a, 2))
			}
		}, refused, "Certificate", sub + " is not signed by " + root + ": "},
		{"a self-signed leaf", func(w *world) {
			w.after = func(m *made) { m.leaf = signAny(m.t, w.leaf, w.leaf, w.leafKey, key(w.a, 2)) }
		}, refused, "Certificate", leaf + ` is not one of Roots, and no other certificate with the subject "CN=Leaf"`},
		{"a root that was renewed since, for its own issuer", func(w *world) {
			w.after = func(m *made) {
				renewed := *w.root
				renewed.SerialNumber = big.NewInt(0xb1)
				m.leaf, m.opts.Host = m.root, ""
				m.opts.Roots = signAny(m.t, &renewed, &renewed, key(w.a, 0).Public(), key(w.a, 0))
			}
		}, refused, "Certificate", root + " is not one of Roots"},
		{"of two issuers of one name, the right one expired", func(w *world) {
			w.after = func(m *made) {
				wrong := signAny(m.t, w.sub, w.root, w.leafKey, w.subSigner)
				old, again := *w.sub, *w.sub
				old.NotAfter, again.SerialNumber = w.now.Add(-day), big.NewInt(0xa6) // of two copies one would be left out
				m.opts.Intermediates = wrong + signAny(m.t, &old, w.root, w.subKey, w.subSigner) + signAny(m.t, &again, w.root, w.leafKey, w.subSigner)
			}
		}, expired, "Certificate", sub},
		{"of two chains, the one that came farther", func(w *world) {
			w.root.MaxPathLenZero = true
			w.after = func(m *made) {
				old := *w.sub
				old.NotAfter = w.now.Add(-day)
				dated := signAny(m.t, &old, w.root, w.subKey, w.subSigner)
				old.SerialNumber = big.NewInt(0xa6) // of two copies one would be left out
				m.opts.Intermediates = dated + m.sub + signAny(m.t, &old, w.root, w.subKey, w.subSigner)
			}
		}, refused, "Certificate", root + " allows 0 CA certificates"},

		{"another host", host("www.example.org"), refused, "Certificate", leaf + ` is not for the name "www.example.org"`},
		{"a host above", host("example.com"), refused, "Certificate", leaf + " is not for the name"},
		{"a host two labels under a wildcard", host("c.b.a.example.com"), refused, "Certificate", leaf + " is not for the name"},
		{"a host next to a wildcard", host("a.example.com"), refused, "Certificate", leaf + " is not for the name"},
		{"another wildcard", host("*.example.com"), refused, "Certificate", leaf + " is not for the name"},
		{"the common name", host("Leaf"), refused, "Certificate", leaf + ` is not for the name "leaf"`},
		{"another address", host("192.0.2.2"), refused, "Certificate", leaf + " is not for the name"},
		{"another IPv6 address", host("2001:db8::2"), refused, "Certificate", leaf + " is not for the name"},
		{"another host in U-labels", host("例子.com"), refused, "Certificate", leaf + ` is not for the name "xn--fsqu00a.com"`},
		{"a leaf without names", func(w *world) {
			w.leaf.DNSNames, w.leaf.IPAddresses, w.leaf.Subject.CommonName = nil, nil, "www.example.com"
		}, refused, "Certificate", "is not for the name"},
		{"a host with a space", host("a b"), malformed, "Host", `"a b"`},
		{"a host with a dot at the end", host("www.example.com."), malformed, "Host", `"www.example.com."`},
		{"a host that is an IPv4 address mapped into IPv6", host("::ffff:192.0.2.1"), malformed, "Host", "write 192.0.2.1"},
		{"a host with a port", host("www.example.com:443"), malformed, "Host", `"www.example.com:443"`},
		{"an address in brackets", host("[2001:db8::1]"), malformed, "Host", `"[2001:db8::1]"`},
		{"an address with a zone", host("fe80::1%eth0"), malformed, "Host", "zone"},

		{"a revoked leaf", lists(func(m *made) { m.subList(asItIs, 1, 0xaf, 2) }), revoked, "Certificate", leaf + " was revoked at 2026-04-03T05:06:07Z, reason keyCompromise"},
		{"a leaf revoked under the CA's name in other letters", lists(func(m *made) {
			m.subList(func(c *x509der.CRL) {
				c.Issuer = asn.Name(asn.UTF8(asn.OIDCommonName, strings.ToLower(m.w.sub.Subject.CommonName)))
			}, 0xaf)
		}), revoked, "Certificate", leaf + " was revoked at"},
		{"a leaf revoked under the CA's name in full-width letters", lists(func(m *made) {
			m.subList(func(c *x509der.CRL) { c.Issuer = asn.Name(asn.UTF8(asn.OIDCommonName, "\uff33\uff35\uff22")) }, 0xaf)
		}), revoked, "Certificate", leaf + " was revoked at"},
		{"a revoked leaf, and its CA many times", lists(func(m *made) {
			m.subList(asItIs, 0xaf)
			m.opts.Intermediates = strings.Repeat(m.sub, 99) + m.opts.Intermediates
		}), revoked, "Certificate", leaf + " was revoked at"},
		{"a key usage of a CA that grants nothing", func(w *world) {
			w.sub.KeyUsage, w.sub.ExtraExtensions = 0, []pkix.Extension{{Id: stdasn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: []byte{3, 1, 0}}}
		}, refused, "Certificate", sub + " has an unusable key usage: its keyUsage grants nothing"},
		{"an extended key usage that grants nothing", func(w *world) {
			w.leaf.ExtKeyUsage, w.leaf.ExtraExtensions = nil, []pkix.Extension{{Id: stdasn1.ObjectIdentifier{2, 5, 29, 37}, Value: asn.Seq()}}
		}, refused, "Certificate", leaf + " has an unusable key usage: its extended key usage grants nothing"},
		{"a revoked CA", lists(func(m *made) { m.rootList(asItIs, 0xa2) }), revoked, "Certificate", sub + " was revoked at"},
		{"a leaf revoked on the second list", lists(func(m *made) { m.subList(asItIs); m.subList(asItIs, 0xaf) }), revoked, "Certificate", leaf + " was revoked"},
		{"a leaf revoked on the first list", lists(func(m *made) { m.subList(asItIs, 0xaf); m.subList(asItIs) }), revoked, "Certificate", leaf + " was revoked"},
		{"a leaf revoked on its partition", lists(func(m *made) {
			m.subList(func(c *x509der.CRL) { c.Scope.UserCerts = true })
			m.subList(func(c *x509der.CRL) { c.Scope.Addresses = []string{"http://crl.example.com/1.crl"} }, 0xaf)
		}), revoked, "Certificate", leaf + " was revoked"},
		{"a stale list", lists(func(m *made) { m.subList(func(c *x509der.CRL) { c.NextUpdate = m.w.now.Add(-time.Second) }) }), refused, "RevocationLists", leaf + ": the CRL of " + sub + " is in force from"},
		{"a list of the future", lists(func(m *made) { m.subList(func(c *x509der.CRL) { c.ThisUpdate = m.w.now.Add(time.Second) }) }), refused, "RevocationLists", leaf + ": the CRL of " + sub + " is in force from"},
		{"a stale list of the root", lists(func(m *made) { m.rootList(func(c *x509der.CRL) { c.NextUpdate = m.w.now.Add(-time.Second) }) }), refused, "RevocationLists", sub + ": the CRL of " + root + " is in force from"},
		{"a list without an end", lists(func(m *made) {
			m.subList(asItIs)
			list := *m.opts.RevocationLists[0]
			list.NextUpdate = time.Time{}
			m.opts.RevocationLists[0] = &list
		}), refused, "RevocationLists", leaf + ": the CRL of " + sub + " is in force from"},
		{"a list by another key", lists(func(m *made) { m.list(m.w.sub, key(m.w.a, 2), asItIs) }), refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub},
		{"a list with another key identifier", lists(func(m *made) {
			m.subList(func(c *x509der.CRL) { c.AuthorityKeyID = x509der.AuthorityKeyID([]byte("other")) })
		}), refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub},
		{"a list with a changed octet", lists(func(m *made) {
			m.subList(asItIs)
			raw := m.opts.RevocationLists[0].Raw
			raw[len(raw)-1] ^= 1
		}), refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub},
		{"a list with an octet after it", lists(func(m *made) {
			m.subList(asItIs)
			m.opts.RevocationLists[0].Raw = append(m.opts.RevocationLists[0].Raw, 0)
		}), refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub},
		{"a CA without cRLSign", func(w *world) {
			w.sub.KeyUsage = x509.KeyUsageCertSign
			w.after = func(m *made) { m.subList(asItIs) }
		}, refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub + ": the CA may not sign CRLs"},
		{"a root without cRLSign", func(w *world) {
			w.root.KeyUsage = x509.KeyUsageCertSign
			w.after = func(m *made) { m.rootList(asItIs) }
		}, refused, "RevocationLists", sub + ": the CRL is not signed by " + root + ": the CA may not sign CRLs"},
		{"a list with something in front of its entries", listFields(func(f [][]byte) [][]byte { return slices.Insert(f, 5, null) }), refused, "RevocationLists", unread + "it has an unexpected field after its times"},
		{"such a list and one without the leaf", lists(func(m *made) {
			m.rewriteList(func(f [][]byte) [][]byte { return slices.Insert(f, 5, null) })
			m.subList(asItIs)
		}), refused, "RevocationLists", unread + "it has an unexpected field after its times"},
		{"one without the leaf and such a list", lists(func(m *made) {
			m.rewriteList(func(f [][]byte) [][]byte { return append(f, null) })
			m.subList(asItIs)
			slices.Reverse(m.opts.RevocationLists)
		}), refused, "RevocationLists", unread + "it has an unexpected field after its times"},
		{"a list with its extensions in front of its entries", listFields(func(f [][]byte) [][]byte { f[5], f[6] = f[6], f[5]; return f }), refused, "RevocationLists", unread + "it has an unexpected field after its times"},
		{"a list with a third time", listFields(func(f [][]byte) [][]byte { return slices.Insert(f, 5, f[4]) }), refused, "RevocationLists", unread + "it has an unexpected field after its times"},
		{"a list whose entries are not a SEQUENCE", listFields(func(f [][]byte) [][]byte { f[5][0] = 0x10; return f }), refused, "RevocationLists", unread + "it has an unexpected field after its times"},
		{"a list with an entry of others that does not say so", listFields(func(f [][]byte) [][]byte {
			f[5] = asn.Seq(asn.Seq(asn.TLV(asn1.INTEGER, []byte{1}), f[3], null, asn.Seq(asn.Extension(asn.OID("\x55\x1d\x1d"), true, asn.Seq()))))
			return f
		}), refused, "RevocationLists", unread + "its entry 1 is malformed"},
		{"a list without its entry", lists(func(m *made) {
			m.subList(asItIs, 0xaf)
			m.opts.RevocationLists[0].RevokedCertificateEntries = nil
		}), refused, "RevocationLists", unread + "0 of its 1 entries were read"},
		{"a delta", lists(func(m *made) {
			m.subList(asItIs)
			delta := pkix.Extension{Id: []int{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}
			m.opts.RevocationLists[0].Extensions = append(m.opts.RevocationLists[0].Extensions, delta)
		}), refused, "RevocationLists", "cannot be used: it is a delta CRL"},
		{"a partition for other addresses", lists(func(m *made) {
			m.subList(func(c *x509der.CRL) { c.Scope.Addresses = []string{"http://crl.example.com/2.crl"} })
		}), refused, "RevocationLists", leaf + ": the CRL of " + sub + " is a partition that does not cover it"},
		{"a partition for CAs", lists(func(m *made) { m.subList(func(c *x509der.CRL) { c.Scope.CACerts = true }) }), refused, "RevocationLists", leaf + ": the CRL of " + sub + " is a partition that does not cover it"},
		{"a partition for others than CAs", lists(func(m *made) { m.rootList(func(c *x509der.CRL) { c.Scope.UserCerts = true }) }), refused, "RevocationLists", sub + ": the CRL of " + root + " is a partition that does not cover it"},
		{"a leaf with the serial number zero that is revoked", lists(func(m *made) {
			m.rewriteLeaf(func(f [][]byte) [][]byte { f[1] = []byte{2, 1, 0}; return f })
			m.subList(asItIs, 1, 0)
		}), revoked, "Certificate", `certificate "CN=Leaf" (serial number 00) was revoked at`},
		{"a leaf on a delta", lists(func(m *made) { m.subDelta(0xaf) }), revoked, "Certificate", leaf + " was revoked"},
		{"a leaf on a delta, and a complete list", lists(func(m *made) { m.subDelta(0xaf); m.subList(asItIs) }), revoked, "Certificate", leaf + " was revoked"},
		{"a complete list, and a leaf on a delta", lists(func(m *made) { m.subList(asItIs); m.subDelta(0xaf) }), revoked, "Certificate", leaf + " was revoked"},
		{"a leaf on a list for some reasons, and a complete list", lists(func(m *made) { m.subReasons([]byte{5, 0x60}, 0xaf); m.subList(asItIs) }), revoked, "Certificate", leaf + " was revoked"},
		{"a complete list, and a leaf on a list for some reasons", lists(func(m *made) { m.subList(asItIs); m.subReasons([]byte{5, 0x60}, 0xaf) }), revoked, "Certificate", leaf + " was revoked"},
		{"a leaf taken off a list that is not a delta", listFields(func(f [][]byte) [][]byte {
			f[5] = bytes.Replace(f[5], []byte{10, 1, 1}, []byte{10, 1, 8}, 1)
			return f
		}), revoked, "Certificate", leaf + " was revoked"},
		{"a delta without the leaf", lists(func(m *made) { m.subDelta(1) }), refused, "RevocationLists", leaf + ": the CRL of " + sub + " cannot be used: it is a delta CRL"},
		{"a list for some reasons without the leaf", lists(func(m *made) { m.subReasons([]byte{5, 0x60}) }), refused, "RevocationLists", "cannot be used: it covers revocations for some reasons only"},
		{"lists for some reasons that leave out one", lists(func(m *made) { m.subReasons([]byte{5, 0x60}); m.subReasons([]byte{0, 0x1f}) }), refused, "RevocationLists", "cannot be used: it covers revocations for some reasons only"},
		{"a delta for the other reasons", lists(func(m *made) {
			m.subReasons([]byte{5, 0x60})
			m.subReasons([]byte{7, 0x1f, 0x80})
			m.extend(key(m.w.a, 1), asn.Extension(asn.OID("\x55\x1d\x1b"), true, []byte{2, 1, 1}))
		}), refused, "RevocationLists", "cannot be used: it is a delta CRL"},
		{"an indirect list", lists(func(m *made) {
			m.subList(asItIs, 0xaf)
			m.extend(key(m.w.a, 1), asn.Extension(asn.OID("\x55\x1d\x1c"), true, asn.Seq(asn.TLV(0x84, []byte{0xff}))))
		}), refused, "RevocationLists", "cannot be used: it holds certificates of other issuers"},
		{"a partition for another directory name", lists(func(m *made) {
			m.subList(asItIs)
			m.extend(key(m.w.a, 1), asn.Extension(asn.OID("\x55\x1d\x1c"), true, asn.Seq(asn.Explicit(0, asn.Explicit(0, asn.Explicit(4, asn.Name()))))))
		}), refused, "RevocationLists", leaf + ": the CRL of " + sub + " is a partition that does not cover it"},

		{"required lists, and none", lists(func(m *made) { m.opts.RequireRevocationLists = true }), refused, "RevocationLists", leaf + ": there is no CRL of " + sub},
		{"required lists, and one of an unrelated CA", lists(func(m *made) {
			m.opts.RequireRevocationLists = true
			m.list(caTemplate("Other"), key(m.w.a, 2), asItIs)
		}), refused, "RevocationLists", leaf + ": there is no CRL of " + sub},
		{"required lists, and none of the root", lists(func(m *made) { m.opts.RequireRevocationLists = true; m.subList(asItIs) }), refused, "RevocationLists", sub + ": there is no CRL of " + root},
		{"required lists, and none of the CA", lists(func(m *made) { m.opts.RequireRevocationLists = true; m.rootList(asItIs) }), refused, "RevocationLists", leaf + ": there is no CRL of " + sub},
		{"required lists, and a stale one", lists(func(m *made) {
			m.opts.RequireRevocationLists = true
			m.rootList(asItIs)
			m.subList(func(c *x509der.CRL) { c.NextUpdate = m.w.now.Add(-time.Second) })
		}), refused, "RevocationLists", leaf + ": the CRL of " + sub + " is in force from"},

		{"a leaf on a list by another key of the CA", lists(func(m *made) { m.subList(asItIs); m.subNewKey(unchanged, 0xaf) }), revoked, "Certificate", leaf + " was revoked"},
		{"a CA on a list by another key of the root", lists(func(m *made) { m.rootList(asItIs); m.rootNewKey(unchanged, 0xa2) }), revoked, "Certificate", sub + " was revoked"},
		{"a list by another key of the CA without cRLSign", lists(func(m *made) {
			m.subNewKey(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign })
		}), refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub},
		{"a list by a key of the CA's name, of no CA and without key usage", lists(func(m *made) {
			m.subNewKey(func(c *x509.Certificate) { c.KeyUsage, c.IsCA, c.BasicConstraintsValid = 0, false, false })
		}), refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub},
		{"a list by an expired key of the CA", lists(func(m *made) {
			m.subNewKey(func(c *x509.Certificate) { c.NotAfter = m.w.now.Add(-time.Second) })
		}), refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub},
		{"a list by a revoked key of the CA", lists(func(m *made) { m.subNewKey(unchanged); m.rootList(asItIs, 0xa6) }), refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub},
		{"a list by a key of the CA that no required list covers", lists(func(m *made) {
			m.opts.RequireRevocationLists = true
			m.subNewKey(unchanged)
			m.rootList(asItIs)
			m.extend(key(m.w.a, 0), asn.Extension(asn.OID("\x55\x1d\x1c"), true, asn.Seq(asn.Explicit(0, asn.Explicit(0, asn.TLV(0x86, []byte("http://a.cn/")))))))
		}), refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub},
		{"a list by a self-signed CA of its name", lists(func(m *made) {
			second, text := m.newKey(m.w.sub, m.w.sub, key(m.w.a, 2), unchanged)
			m.opts.Intermediates += text
			m.list(second, key(m.w.a, 2), asItIs)
		}), refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub},
		{"a list by a CA of its name under another root", lists(func(m *made) {
			other := caTemplate("Other Root")
			second, text := m.newKey(m.w.sub, other, key(m.w.a, 0), unchanged)
			m.opts.Intermediates += text
			m.opts.Roots += signAny(m.t, other, other, key(m.w.a, 0).Public(), key(m.w.a, 0))
			m.list(second, key(m.w.a, 2), asItIs)
		}), refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub},
		{"a list by a key that vouches for itself", lists(func(m *made) {
			second := *m.w.sub
			second.SerialNumber, second.SubjectKeyId = big.NewInt(0xa6), []byte("second key")
			m.opts.Intermediates += signAny(m.t, &second, m.w.sub, key(m.w.a, 2).Public(), key(m.w.a, 1))
			m.list(&second, key(m.w.a, 2), asItIs)
		}), refused, "RevocationLists", leaf + ": the CRL is not signed by " + sub},

		{"a list with an extension twice", lists(func(m *made) {
			m.subList(asItIs)
			m.extend(key(m.w.a, 1), asn.Extension(asn.OID("\x55\x1d\x14"), false, []byte{2, 1, 2}))
		}), refused, "RevocationLists", unread + "its extensions are malformed: the extension 2.5.29.20 occurs twice"},
		{"a list with a negative number", listFields(func(f [][]byte) [][]byte {
			f[6] = bytes.Replace(f[6], []byte{0x55, 0x1d, 0x14, 4, 3, 2, 1, 1}, []byte{0x55, 0x1d, 0x14, 4, 3, 2, 1, 0xff}, 1)
			return f
		}), refused, "RevocationLists", unread + "its extensions are malformed: the extension 2.5.29.20 is not a number"},
		{"a list with an unknown reason", listFields(func(f [][]byte) [][]byte {
			f[5] = bytes.Replace(f[5], []byte{10, 1, 1}, []byte{10, 1, 105}, 1)
			return f
		}), refused, "RevocationLists", unread + "its entry 1 is malformed: the reasonCode is 105"},
		{"a list with an entry's extension twice", listFields(func(f [][]byte) [][]byte {
			reason := asn.Extension(asn.OID("\x55\x1d\x15"), false, []byte{10, 1, 1})
			f[5] = asn.Seq(asn.Seq([]byte{2, 1, 5}, f[3], asn.Seq(reason, reason)))
			return f
		}), refused, "RevocationLists", unread + "its entry 1 is malformed: the extension 2.5.29.21 occurs twice"},
		{"a list with an empty list of entries", listFields(func(f [][]byte) [][]byte { f[5] = asn.Seq(); return f }), refused, "RevocationLists", unread + "its list of entries is empty"},

		{"no certificate", func(w *world) { w.after = func(m *made) { m.leaf = "" } }, malformed, "Certificate", "no certificate"},
		{"DER for PEM", func(w *world) {
			w.after = func(m *made) { m.leaf = string(testutil.DecodePEM(m.t, "CERTIFICATE", m.leaf)) }
		}, malformed, "Certificate", "no certificate"},
		{"1001 certificates", func(w *world) { w.after = func(m *made) { m.leaf += strings.Repeat(m.sub, 1000) } }, malformed, "Certificate", "more than 1000"},
		{"a CA in front of the certificate", func(w *world) { w.after = func(m *made) { m.leaf = m.sub + m.leaf } }, refused, "Certificate", sub + " is not for the name"},
		{"a character too few, and the CA after it", damaged(func(leaf string) string { return leaf[:100] + leaf[101:] }), malformed, "Certificate", "certificate 1 cannot be read: its PEM block is damaged"},
		{"a character that is not base64", damaged(func(leaf string) string { return leaf[:100] + "*" + leaf[101:] }), malformed, "Certificate", "certificate 1 cannot be read: its PEM block is damaged"},
		{"another line at the end", damaged(func(leaf string) string { return strings.Replace(leaf, "-----END", "-----ENDE", 1) }), malformed, "Certificate", "certificate 1 cannot be read: its PEM block is damaged"},
		{"a space instead of a line break before the CA", damaged(func(leaf string) string { return strings.TrimSpace(leaf) + " " }), malformed, "Certificate", "certificate 1 cannot be read: its PEM block is damaged"},
		{"four characters too few", damaged(func(leaf string) string { return leaf[:100] + leaf[104:] }), malformed, "Certificate", "certificate 1 cannot be read: its PEM block is damaged"},
		{"a line too few", damaged(func(leaf string) string { return leaf[:93] + leaf[93+65:] }), malformed, "Certificate", "certificate 1 cannot be read: its PEM block is damaged"},
		{"a damaged CA after the certificate", func(w *world) {
			w.after = func(m *made) { m.leaf += m.sub[:100] + m.sub[101:] }
		}, malformed, "Certificate", "certificate 2 cannot be read: its PEM block is damaged"},
		{"a CA with four dashes after the certificate", func(w *world) {
			w.after = func(m *made) { m.leaf += strings.ReplaceAll(m.sub, "-----", "----") }
		}, malformed, "Certificate", "certificate 2 cannot be read: its PEM block is damaged"},
		{"a CA in UTF-16 after the certificate", func(w *world) {
			w.after = func(m *made) { m.leaf += "\x00" + strings.Join(strings.Split(m.sub, ""), "\x00") }
		}, malformed, "Certificate", "a part of the text is UTF-16"},
		{"a damaged CA among the roots", func(w *world) {
			w.after = func(m *made) { m.opts.Roots = m.root[:100] + m.root[101:] }
		}, malformed, "Roots", "certificate 1 cannot be read: its PEM block is damaged"},
		{"a damaged CA after the root", func(w *world) {
			w.after = func(m *made) { m.opts.Roots = m.root + m.sub[:100] + m.sub[101:] }
		}, malformed, "Roots", "certificate 2 cannot be read: its PEM block is damaged"},
		{"a CA of four characters too few among the roots", func(w *world) {
			w.after = func(m *made) { m.opts.Roots += m.sub[:100] + m.sub[104:] }
		}, malformed, "Roots", "certificate 2 cannot be read: its PEM block is damaged; octets are missing"},
		{"a damaged CA among the intermediates", func(w *world) {
			w.after = func(m *made) { m.opts.Intermediates = m.root[:100] + "?" + m.root[101:] + m.opts.Intermediates }
		}, malformed, "Intermediates", "certificate 1 cannot be read: its PEM block is damaged"},
		{"an intermediate without its BEGIN line", func(w *world) {
			w.after = func(m *made) { m.opts.Intermediates += m.root[len("-----BEGIN CERTIFICATE-----\n"):] }
		}, malformed, "Intermediates", "certificate 2 cannot be read: its PEM block is damaged"},
		{"a certificate cut short", func(w *world) {
			w.after = func(m *made) {
				m.leaf = testutil.EncodePEM("CERTIFICATE", testutil.DecodePEM(m.t, "CERTIFICATE", m.leaf)[:100])
			}
		}, malformed, "Certificate", "certificate 1 cannot be read"},
		{"an octet after the certificate", func(w *world) {
			w.after = func(m *made) {
				m.leaf = testutil.EncodePEM("CERTIFICATE", append(testutil.DecodePEM(m.t, "CERTIFICATE", m.leaf), 0))
			}
		}, malformed, "Certificate", "certificate 1 cannot be read"},
		{"a leaf of version 1 with extensions", leafFields(func(f [][]byte) [][]byte { return f[1:] }), malformed, "Certificate", "certificate 1 cannot be read: it has extensions, which a certificate of version 1"},
		{"a leaf of version 2 with extensions", leafFields(func(f [][]byte) [][]byte { f[0][4] = 1; return f }), malformed, "Certificate", "certificate 1 cannot be read: it has extensions, which a certificate of version 2"},
		{"a leaf with something in front of its extensions", leafFields(func(f [][]byte) [][]byte { return slices.Insert(f, 7, null) }), malformed, "Certificate", "certificate 1 cannot be read: after its public key"},
		{"a CSR", func(w *world) { w.after = func(m *made) { m.leaf = hostCSR(m.t, w.a, "www.example.com") } }, malformed, "Certificate", "not a CERTIFICATE"},
		{"a CRL that is nil", func(w *world) {
			w.after = func(m *made) { m.opts.RevocationLists = []*x509.RevocationList{{}, nil} }
		}, malformed, "RevocationLists", "nil"},
		{"no roots", func(w *world) { w.after = func(m *made) { m.opts.Roots = "" } }, malformed, "Roots", "no certificate"},
		{"text for roots", func(w *world) { w.after = func(m *made) { m.opts.Roots = "roots" } }, malformed, "Roots", "no certificate"},
		{"1001 roots", func(w *world) { w.after = func(m *made) { m.opts.Roots = strings.Repeat(m.root, 1001) } }, malformed, "Roots", "more than 1000"},
		{"a key among the intermediates", func(w *world) {
			w.after = func(m *made) {
				m.opts.Intermediates += testutil.EncodePEM("PRIVATE KEY", []byte("secret"))
			}
		}, malformed, "Intermediates", "not a CERTIFICATE"},
		{"text for intermediates", func(w *world) { w.after = func(m *made) { m.opts.Intermediates = "\n" } }, malformed, "Intermediates", "no certificate"},
		{"a key usage only for encryption in a client", func(w *world) {
			w.leaf.KeyUsage, w.leaf.ExtKeyUsage = x509.KeyUsageKeyEncipherment, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			w.after = func(m *made) { m.opts.Usage = x509.ExtKeyUsageClientAuth }
		}, refused, "Certificate", leaf + " has the key usage keyEncipherment; for clientAuth want one of digitalSignature, keyAgreement (RFC"},
		{"a key usage for nothing in TLS", func(w *world) { w.leaf.KeyUsage = x509.KeyUsageContentCommitment }, refused, "Certificate", leaf + " has the key usage contentCommitment; for serverAuth want one of digitalSignature, keyEncipherment, keyAgreement (RFC"},
		{"an e-mail address in a subject without alternative names", func(w *world) {
			w.sub.PermittedEmailAddresses = []string{"example.org"}
			w.leaf.DNSNames, w.leaf.IPAddresses = nil, nil
			w.leaf.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: stdasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: "boss@evil.example"}}
			w.after = func(m *made) { m.opts.Host = "" }
		}, refused, "Certificate", "boss@evil.example"},
	}
}

// One change to a chain that holds, for each rule of Verify.
func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range hostileWorlds() {
		for _, a := range testkeys.Families {
			t.Run(fmt.Sprintf("%s, %s", tt.name, a), func(t *testing.T) {
				t.Parallel()
				w := newWorld(a)
				tt.change(w)
				m := w.make(t)
				_, err := m.verify()
				testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
			})
		}
	}
}

// A key that algorithm.Check refuses, at every level; what is not a key of this
// module's is not even read.
func TestVerifyRefusesKey(t *testing.T) {
	t.Parallel()
	weak := *key(algorithm.RSA_2048, 1).Public().(*rsa.PublicKey)
	weak.E = 3
	w := newWorld(algorithm.RSA_2048)
	w.leafKey = &weak
	_, err := w.make(t).verify()
	testutil.CheckError(t, err, refused, "Certificate", `certificate "CN=Leaf" (serial number af) has an unusable key: the RSA exponent 3`)

	w = newWorld(algorithm.RSA_2048)
	w.subKey = &weak // crypto/x509 lets the leaf be signed by another exponent's key
	w.after = func(m *made) { m.leaf, m.opts.Host, m.opts.Usage = m.sub, "", x509.ExtKeyUsageAny }
	_, err = w.make(t).verify()
	testutil.CheckError(t, err, refused, "Certificate", `certificate "CN=Sub" (serial number a2) has an unusable key: the RSA exponent 3`)

	// The CA's key with the exponent 65537 signs, and its certificate has the
	// exponent 3: the signature is wrong and the key is weak.
	w = newWorld(algorithm.RSA_2048)
	w.after = func(m *made) {
		m.leaf = signAny(t, w.leaf, w.root, w.leafKey, key(algorithm.RSA_2048, 0))
		m.opts.Roots = signAny(t, w.root, w.root, &weak, key(algorithm.RSA_2048, 0))
	}
	_, err = w.make(t).verify()
	testutil.CheckError(t, err, refused, "Certificate", `is not signed by certificate "CN=Root"`)

	public := ed25519.NewKeyFromSeed(make([]byte, 32)).Public()
	w = newWorld(algorithm.ECC_256)
	w.leafKey = public
	_, err = w.make(t).verify()
	testutil.CheckError(t, err, malformed, "Certificate", "certificate 1 cannot be read")
}

// Families mix: a chain is what its signatures make it.
func TestVerifyMixedFamilies(t *testing.T) {
	t.Parallel()
	root, sub := newWorld(algorithm.RSA_2048), newWorld(algorithm.SM2_256)
	rootKey, subKey := key(algorithm.RSA_2048, 0), key(algorithm.SM2_256, 1)
	rootPEM := signAny(t, root.root, root.root, rootKey.Public(), rootKey)
	m := &made{t: t, w: sub}
	der := testutil.DecodePEM(t, "CERTIFICATE", signSM2(t, "Leaf", "Sub", key(algorithm.ECC_256, 2).Public(), subKey, func(c *x509der.Template) {
		c.CA, c.Names, c.KeyUsage = false, []string{"www.example.com"}, x509.KeyUsageDigitalSignature
	}))
	signer, err := x509der.NewSigner(rootKey)
	if err != nil {
		t.Fatal(err)
	}
	subDER, err := x509der.MarshalCertificate(nil, signer, &x509der.Template{
		SerialNumber: []byte{2}, Issuer: asn.Name(asn.Printable(asn.OIDCommonName, "Root")), NotBefore: instant, NotAfter: caEnd,
		Subject: x509der.Name{x509der.Text(x509der.CommonName, "Sub")}, PublicKey: testkeys.PublicDER(t, subKey.Public()), CA: true, PathLen: 0, KeyUsage: x509.KeyUsageCertSign,
	})
	if err != nil {
		t.Fatal(err)
	}
	m.leaf = testutil.EncodePEM("CERTIFICATE", der)
	m.opts = ca.VerifyOptions{Roots: rootPEM, Intermediates: testutil.EncodePEM("CERTIFICATE", subDER), Host: "www.example.com"}
	if chain, err := m.verify(); err != nil || len(chain) != 3 {
		t.Errorf("%v, %v", chain, err)
	}
}

// Keys of RSA_1024 are only for servers.
func TestVerifyShortKeys(t *testing.T) {
	t.Parallel()
	long, short := key(algorithm.RSA_2048, 0), key(algorithm.RSA_1024, 0)
	leaf := func(usage x509.ExtKeyUsage) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Leaf"}, NotBefore: instant, NotAfter: caEnd,
			DNSNames: []string{"www.example.com"}, ExtKeyUsage: []x509.ExtKeyUsage{usage},
		}
	}
	root := sign(t, caTemplate("Root"), caTemplate("Root"), long.Public(), long)
	sub := sign(t, caTemplate("Sub"), caTemplate("Root"), short.Public(), long)
	for _, tt := range []struct {
		name        string
		certificate string
		usage       x509.ExtKeyUsage
		mention     string // empty: it holds
	}{
		{"a server's", sign(t, leaf(x509.ExtKeyUsageServerAuth), caTemplate("Root"), short.Public(), long), x509.ExtKeyUsageServerAuth, ""},
		{"a client's", sign(t, leaf(x509.ExtKeyUsageClientAuth), caTemplate("Root"), short.Public(), long), x509.ExtKeyUsageClientAuth, `"CN=Leaf" (serial number 02) has an RSA_1024 key`},
		{"a CA's", sign(t, leaf(x509.ExtKeyUsageServerAuth), caTemplate("Sub"), long.Public(), short), x509.ExtKeyUsageServerAuth, `"CN=Sub" (serial number 01) has an RSA_1024 key`},
	} {
		_, err := ca.Verify(instant, tt.certificate, ca.VerifyOptions{Roots: root, Intermediates: sub, Host: "www.example.com", Usage: tt.usage})
		if tt.mention == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		testutil.CheckError(t, err, refused, "Certificate", tt.mention)
	}
}

// Piles of CAs with one name end after a bounded number of signatures.
func TestVerifyPile(t *testing.T) {
	t.Parallel()
	a := algorithm.ECC_256
	pile := func(t *testing.T, n int, public crypto.PublicKey, k *algorithm.PrivateKey) (text string) {
		template := caTemplate("Sub")
		for i := range n {
			template.SerialNumber = big.NewInt(int64(1000 + i))
			text += sign(t, template, template, public, k)
		}
		return text
	}
	renamed := func(t *testing.T, n int) (text string) {
		template := caTemplate("SUB")
		for i := range n {
			template.SerialNumber = big.NewInt(int64(2000 + i))
			text += sign(t, template, template, key(a, 2).Public(), key(a, 2))
		}
		return text
	}
	tests := []struct {
		name    string
		make    func(t *testing.T, m *made) string // intermediates
		mention string                             // empty: the chain is found
	}{
		{"two keys that sign each other", func(t *testing.T, m *made) (text string) {
			for i := range 30 {
				template := caTemplate("Sub")
				template.SerialNumber = big.NewInt(int64(1000 + i))
				text += sign(t, template, template, key(a, 1).Public(), key(a, 2)) + sign(t, template, template, key(a, 2).Public(), key(a, 1))
			}
			return text
		}, "more than 100 signatures"},
		{"90 of one CA that signed itself", func(t *testing.T, m *made) string {
			return strings.Repeat(pile(t, 1, key(a, 1).Public(), key(a, 1)), 90) + m.sub
		}, ""},
		{"101 with other keys", func(t *testing.T, m *made) string { return pile(t, 101, key(a, 2).Public(), key(a, 2)) + m.sub }, "more than 100 signatures"},
		{"99 with other keys and the right one", func(t *testing.T, m *made) string { return pile(t, 98, key(a, 2).Public(), key(a, 2)) + m.sub }, ""},
		{"900 with other keys after the right one", func(t *testing.T, m *made) string {
			return m.sub + strings.Repeat(pile(t, 1, key(a, 2).Public(), key(a, 2)), 900)
		}, ""},
		{"101 with other keys and the name in other letters", func(t *testing.T, m *made) string {
			return pile(t, 51, key(a, 2).Public(), key(a, 2)) + renamed(t, 51)
		}, "more than 100 signatures"},
		{"98 with other keys and the name in other letters", func(t *testing.T, m *made) string { return renamed(t, 98) + m.sub }, ""},
		{"900 with other names", func(t *testing.T, m *made) string {
			other := caTemplate("Other")
			return strings.Repeat(sign(t, other, other, key(a, 2).Public(), key(a, 2)), 900) + m.sub
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(a)
			m := w.make(t)
			m.opts.Intermediates = tt.make(t, m)
			_, err := m.verify()
			if tt.mention == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			testutil.CheckError(t, err, refused, "Certificate", tt.mention)
		})
	}
	// Ten certificates are the longest chain.
	for _, n := range []int{10, 11} {
		t.Run(fmt.Sprintf("%d certificates", n), func(t *testing.T) {
			t.Parallel()
			var certs []string
			parent := caTemplate("Level 0")
			certs = append(certs, sign(t, parent, parent, key(a, 0).Public(), key(a, 0)))
			for i := 1; i < n; i++ {
				template := caTemplate(fmt.Sprintf("Level %d", i))
				certs = append(certs, sign(t, template, parent, key(a, i%3).Public(), key(a, (i-1)%3)))
				parent = template
			}
			chain, err := ca.Verify(instant, certs[n-1], ca.VerifyOptions{Roots: certs[0], Intermediates: strings.Join(certs[1:n-1], "")})
			if n == 10 {
				if err != nil || len(chain) != n {
					t.Errorf("%d certificates, %v", len(chain), err)
				}
				return
			}
			testutil.CheckError(t, err, refused, "Certificate", `"CN=Level 1" (serial number 01) is certificate 10 of a chain that reaches no root`)
		})
	}
}

// Verify compares names with name constraints 2^20 times and no more: the limit
// counts every name of a chain with every constraint above it.
func TestVerifyComparisons(t *testing.T) {
	t.Parallel()
	list := func(n int, domain string) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprintf("h%d.%s", i, domain))
		}
		return names
	}
	for _, tt := range []struct {
		name                      string
		names, ofCA, ofSub, above int
		ok                        bool
	}{
		{"2^20", 1024, 0, 1024, 0, true},
		{"a name more", 1025, 0, 1024, 0, false},
		{"a constraint more", 1024, 0, 1025, 0, false},
		{"2^20 in two CAs", 1024, 0, 512, 512, true},
		{"more than 2^20 in two CAs", 1024, 0, 512, 513, false},
		{"2^20 with the names of a CA", 1000, 24, 0, 1024, true},
		{"more than 2^20 with the names of a CA", 1000, 25, 0, 1024, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(algorithm.ECC_256)
			w.leaf.DNSNames, w.sub.DNSNames = list(tt.names, "example.com"), list(tt.ofCA, "example.com")
			w.sub.ExcludedDNSDomains, w.root.ExcludedDNSDomains = list(tt.ofSub, "example.org"), list(tt.above, "example.org")
			m := w.make(t)
			m.opts.Host = ""
			_, err := m.verify()
			if tt.ok {
				if err != nil {
					t.Error(err)
				}
				return
			}
			testutil.CheckError(t, err, refused, "Certificate", "would have to be compared with name constraints more than 1048576 times")
		})
	}
}

// A search for another key of the CA that runs out of comparisons does not make a CRL
// by that key disappear.
func TestVerifyComparisonsOfListSigner(t *testing.T) {
	t.Parallel()
	numbered := func(n int, domain string) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprintf("h%d.%s", i, domain))
		}
		return names
	}
	w := newWorld(algorithm.ECC_256)
	w.leaf.DNSNames = numbered(1024, "example.com")
	w.sub.ExcludedDNSDomains, w.root.ExcludedDNSDomains = numbered(1023, "example.org"), []string{"example.net"}
	m := w.make(t) // 2^20 comparisons
	m.opts.Host = ""
	m.subList(asItIs)
	if _, err := m.verify(); err != nil {
		t.Fatal(err)
	}
	m.subNewKey(func(c *x509.Certificate) { c.DNSNames = []string{"ca.example.com"} }, 0xaf)
	_, err := m.verify()
	testutil.CheckError(t, err, refused, "RevocationLists", "need too many checks", "1048576 comparisons with name constraints")
}

// A CA with a long name, and a peer that sends many certificates: the name is not brought
// into its comparable form for each of them in the search for the signer of a CRL.
func TestVerifyLongNameOfListSigner(t *testing.T) { // not in parallel: it counts the octets of all goroutines
	w := newWorld(algorithm.ECC_256)
	w.sub.Subject.CommonName = strings.Repeat("é", 1<<14)
	m := w.make(t)
	other := caTemplate("Other")
	other.KeyUsage |= x509.KeyUsageCRLSign
	var texts []string
	for i := range int64(100) {
		other.SerialNumber = big.NewInt(0x300 + i)
		texts = append(texts, signAny(t, other, w.root, key(w.a, 2).Public(), key(w.a, 0)))
	}
	m.list(w.sub, key(w.a, 2), func(c *x509der.CRL) { c.Issuer, c.AuthorityKeyID = commonName(w.sub.Subject.CommonName), nil })
	octets := func(n int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ca.Verify(w.now, m.leaf+strings.Join(texts[:n], ""), m.opts)
		runtime.ReadMemStats(&after)
		testutil.CheckError(t, err, refused, "RevocationLists", "the CRL is not signed by")
		return after.TotalAlloc - before.TotalAlloc
	}
	if few, many := octets(10), octets(100); many > 4*few {
		t.Errorf("%d octets for 10 certificates, %d for 100", few, many)
	}
}

// One Verifier serves many goroutines, and what the caller does to its options
// afterwards does not matter.
func TestVerifierConcurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(algorithm.ECC_256)
	w.nameIssuer(commonName("SUB"), commonName("ROOT"))
	w.sub.ExtraExtensions = directoryConstraints(commonName("leaf"), nil)
	m := w.make(t)
	m.subList(asItIs, 1)
	lists := m.opts.RevocationLists
	v, err := ca.NewVerifier(m.opts)
	if err != nil {
		t.Fatal(err)
	}
	m.subList(asItIs, 0xaf)
	lists[0] = m.opts.RevocationLists[1] // the leaf is revoked
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			chain, err := v.Verify(w.now, m.leaf)
			if err != nil || len(chain) != 3 {
				t.Errorf("%d certificates, %v", len(chain), err)
			}
			_, err = v.Verify(w.now, m.leaf+m.opts.Intermediates+m.root)
			if err != nil {
				t.Error(err)
			}
			_, err = v.Verify(w.now.AddDate(100, 0, 0), m.leaf)
			testutil.CheckError(t, err, yuncert.ErrCertificateExpired, "Certificate", "is valid from")
		})
	}
	group.Wait()
}

// Every octet of a chain matters: no changed one is accepted, except in the
// root, whose own signature is not looked at, and none causes a panic.
func TestVerifyEveryOctet(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.SM2_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			m := newWorld(a).make(t)
			for what, text := range map[string]*string{"leaf": &m.leaf, "sub": &m.opts.Intermediates} {
				whole := *text
				der := testutil.DecodePEM(t, "CERTIFICATE", whole)
				for i := range der {
					der[i] ^= 1
					*text = testutil.EncodePEM("CERTIFICATE", der)
					if _, err := m.verify(); err == nil {
						t.Errorf("%s: octet %d changed and accepted", what, i)
					} else {
						checkRequestsFault(t, err)
					}
					der[i] ^= 1
				}
				*text = whole
			}
			if _, err := m.verify(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Seeded random chains: crypto/x509 judges each at the same instant. The two
// disagree only where the table says so.
func TestVerifyAgainstCryptoX509(t *testing.T) {
	t.Parallel()
	disagreements := []struct {
		reason     string
		x509Allows bool
		applies    func(*world) bool
	}{
		{"crypto/x509 evaluates policies, Verify refuses the demand for them", true, func(w *world) bool {
			return slices.ContainsFunc([]*x509.Certificate{w.root, w.sub}, func(c *x509.Certificate) bool {
				return slices.ContainsFunc(c.ExtraExtensions, func(e pkix.Extension) bool { return e.Id.Equal([]int{2, 5, 29, 36}) })
			})
		}},
	}
	seen := make([]int, len(disagreements))
	random := mathrand.New(mathrand.NewPCG(20260304, 5280))
	one := func(n int) bool { return random.IntN(n) == 0 }
	allowed, total := 0, 0
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageAny, x509.ExtKeyUsageOCSPSigning}
	hosts := []string{"www.example.com", "www.example.com", "www.example.com", "b.a.example.com", "192.0.2.1", "2001:db8::1", "example.org", ""}
	for n := range 600 {
		w := newWorld(algorithm.ECC_256)
		if n%10 == 0 {
			w = newWorld(algorithm.RSA_2048)
		}
		if one(3) {
			w.addMiddle()
		}
		templates := []*x509.Certificate{w.leaf, w.sub, w.root}
		if w.middle != nil {
			templates = append(templates, w.middle)
		}
		for i, c := range templates {
			isCA := i > 0
			if one(12) {
				c.NotBefore = w.now.Add(time.Duration(random.IntN(3)-1) * time.Second)
			}
			if one(12) {
				c.NotAfter = w.now.Add(time.Duration(random.IntN(3)-1) * time.Second)
			}
			if one(20) {
				c.ExtraExtensions = critical(1, 2, 3)
			}
			if one(8) {
				c.ExtKeyUsage = []x509.ExtKeyUsage{usages[random.IntN(len(usages))]}
			}
			if !isCA {
				continue
			}
			if one(10) {
				c.KeyUsage = []x509.KeyUsage{0, x509.KeyUsageCRLSign, x509.KeyUsageCertSign, x509.KeyUsageDigitalSignature}[random.IntN(4)]
			}
			if one(20) {
				c.IsCA = false
				c.BasicConstraintsValid = one(2)
			}
			if one(5) && c.IsCA {
				c.MaxPathLen = random.IntN(3)
				c.MaxPathLenZero = c.MaxPathLen == 0
			}
			if one(6) {
				c.PermittedDNSDomains = []string{[]string{"example.com", "com", "xn--fiqs8s", "example.org"}[random.IntN(4)], "xn--fiqs8s"}
			}
			if one(6) {
				c.ExcludedDNSDomains = []string{[]string{"example.com", "www.example.com", "c.a.example.com", "example.org", "net"}[random.IntN(5)]}
			}
			if one(20) && len(c.ExtraExtensions) == 0 && c != w.middle {
				c.ExtraExtensions = policyConstraints(0x80, 1, byte(random.IntN(5)))
			}
		}
		if one(20) {
			w.leafSigner = key(w.a, 2)
		}
		if one(20) {
			w.subSigner = key(w.a, random.IntN(3))
		}
		m := w.make(t)
		m.opts.Host, m.opts.Usage = hosts[random.IntN(len(hosts))], usages[random.IntN(3)]
		switch random.IntN(20) {
		case 0:
			m.opts.Intermediates = m.root
		case 1:
			m.opts.Roots, m.opts.Intermediates = m.sub, m.root+m.middle
		case 2:
			m.opts.Roots = m.leaf
		case 3:
			m.opts.Intermediates = m.root + m.leaf + m.middle + m.sub + m.sub
		case 4:
			m.opts.Roots = authorityOf(w.a).root.Certificate
		}

		roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(m.opts.Roots))
		intermediates.AppendCertsFromPEM([]byte(m.opts.Intermediates))
		_, theirs := parsePEM(t, m.leaf).Verify(x509.VerifyOptions{
			DNSName: m.opts.Host, Roots: roots, Intermediates: intermediates, CurrentTime: w.now, KeyUsages: []x509.ExtKeyUsage{m.opts.Usage},
		})
		_, ours := m.verify()
		total++
		if ours == nil {
			allowed++
		}
		if (theirs == nil) == (ours == nil) {
			continue
		}
		explained := false
		for i, d := range disagreements {
			if d.x509Allows == (theirs == nil) && d.applies(w) {
				seen[i]++
				explained = true
				break
			}
		}
		if !explained {
			t.Errorf("chain %d: crypto/x509: %v\nours: %v", n, theirs, ours)
		}
	}
	for i, d := range disagreements {
		if seen[i] == 0 {
			t.Errorf("a disagreement that did not come up: %s", d.reason)
		}
	}
	if allowed < total/10 || allowed > total*9/10 {
		t.Errorf("%d of %d chains hold: the cases are lopsided", allowed, total)
	}
}

// One Verify checks each signature of a CRL once, however many chains there are
// to try, and 1000 at most.
func TestVerifyListsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(algorithm.ECC_256)
	m := w.make(t)
	m.list(w.sub, key(w.a, 2), func(c *x509der.CRL) { c.AuthorityKeyID = nil }) // by another key
	wrong := m.opts.RevocationLists[0]
	m.subList(asItIs)
	right := m.opts.RevocationLists[1:]
	copies := func(n int) []*x509.RevocationList {
		lists := make([]*x509.RevocationList, n)
		for i := range lists {
			list := *wrong
			lists[i] = &list
		}
		return lists
	}

	m.opts.RevocationLists = append(copies(999), right...)
	if _, err := m.verify(); err != nil {
		t.Errorf("1000 lists: %v", err)
	}
	m.opts.RevocationLists = append(copies(1000), right...)
	_, err := m.verify()
	testutil.CheckError(t, err, refused, "RevocationLists", "up to 1000 signatures of CRLs")
	m.opts.RevocationLists = append(slices.Repeat([]*x509.RevocationList{wrong}, 5000), right...)
	if _, err := m.verify(); err != nil {
		t.Errorf("one list 5000 times: %v", err)
	}

	// Twenty certificates for one key make twenty chains.
	for i := range int64(20) {
		another := *w.sub
		another.SerialNumber = big.NewInt(0x100 + i)
		m.opts.Intermediates += signAny(t, &another, w.root, w.subKey, w.subSigner)
	}
	m.opts.RevocationLists = copies(500)
	_, err = m.verify()
	testutil.CheckError(t, err, refused, "RevocationLists", "the CRL is not signed by")

	// The search for another key of the CA counts the signatures of certificates.
	second := *w.sub
	m.opts.Intermediates = m.sub
	for i := range int64(101) {
		second.SerialNumber = big.NewInt(0x200 + i)
		m.opts.Intermediates += signAny(t, &second, w.root, w.leafKey, key(w.a, 2))
	}
	m.opts.RevocationLists = append(copies(1), right...)
	_, err = m.verify()
	testutil.CheckError(t, err, refused, "Certificate", "more than 100 signatures would have to be checked")
}

// An RSA_1024 key signs no CRLs, not even for a CA with a longer key.
func TestVerifyListOfWeakKey(t *testing.T) {
	t.Parallel()
	w := newWorld(algorithm.RSA_2048)
	m := w.make(t)
	weak := key(algorithm.RSA_1024, 0)
	second := *w.sub
	second.SerialNumber, second.SubjectKeyId = big.NewInt(0xa6), []byte("weak key")
	second.IsCA, second.BasicConstraintsValid, second.KeyUsage = false, false, x509.KeyUsageCRLSign
	m.opts.Intermediates += signAny(t, &second, w.root, weak.Public(), key(w.a, 0))
	m.list(&second, weak, asItIs)
	_, err := m.verify()
	testutil.CheckError(t, err, refused, "RevocationLists", "the CRL is not signed by")
}

// A leaf of any octets against fixed CAs: no panic, and no other error.
func FuzzVerify(f *testing.F) {
	var roots, intermediates string
	var lists []*x509.RevocationList
	for _, a := range testkeys.Families {
		m := newWorld(a).make(f)
		m.subList(asItIs, 1)
		lists = append(lists, m.opts.RevocationLists...)
		au := authorityOf(a)
		roots += m.root + au.root.Certificate
		intermediates += m.sub + au.sub.Certificate
		for _, text := range []string{m.leaf, m.sub, m.root, au.sub.Certificate, "text\n" + m.leaf} {
			f.Add([]byte(text), "www.example.com", int64(0))
		}
		f.Add([]byte(testutil.EncodePEM("CERTIFICATE", testutil.DecodePEM(f, "CERTIFICATE", m.leaf)[:200])), "", int64(a[0]))
	}
	add := func(change func(*world)) {
		w := newWorld(algorithm.ECC_256)
		change(w)
		m := w.make(f)
		f.Add([]byte(m.leaf), m.opts.Host, int64(0))
	}
	for _, row := range hostileWorlds() {
		add(row.change)
	}
	for _, row := range unusualWorlds() {
		add(row.change)
	}
	f.Add([]byte(""), "例子.中国", int64(-1))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), "*.a.example.com", int64(1))
	f.Fuzz(func(t *testing.T, leaf []byte, host string, seconds int64) {
		now := instant.AddDate(0, 1, 0).Add(time.Duration(seconds%(1<<30)) * time.Second)
		chain, err := ca.Verify(now, string(leaf), ca.VerifyOptions{
			Roots: roots, Intermediates: intermediates, Host: host, Usage: x509.ExtKeyUsage(seconds & 3), RevocationLists: lists,
		})
		if err != nil {
			checkRequestsFault(t, err)
			if chain != nil {
				t.Error("a chain with an error")
			}
			return
		}
		for i, cert := range chain {
			if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
				t.Errorf("%v is not valid at %v", cert.Subject, now)
			}
			if i > 0 {
				verifySignature(t, chain[i-1], cert.PublicKey)
			}
		}
		if !strings.Contains(roots, testutil.EncodePEM("CERTIFICATE", chain[len(chain)-1].Raw)) {
			t.Error("the chain does not end at a root")
		}
	})
}

// The metric x-floor is the time of Verify divided by the time of the two
// signatures that it checks, taken turn by turn. ns/op is the time of Verify.
func BenchmarkVerify(b *testing.B) {
	for _, a := range benchmarked {
		b.Run(string(a), func(b *testing.B) {
			au := authorityOf(a)
			leaf := issue(b, au.issuer, serverRequest(au.issuer, hostCSR(b, a, "www.example.com")))
			text := testutil.EncodePEM("CERTIFICATE", leaf.Raw)
			opts := ca.VerifyOptions{Roots: au.root.Certificate, Intermediates: au.sub.Certificate, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth}
			floor.Report(b, "x-floor", func() {
				if _, err := ca.Verify(instant, text, opts); err != nil {
					b.Fatal(err)
				}
			}, floor.Both(floor.Verification(a, 0), floor.Verification(a, 1)))
		})
	}
}
