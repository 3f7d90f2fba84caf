package ca_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/x509der"
)

// renewal is when the CAs of these tests are renewed, after the first ones have ended.
var renewal = instant.AddDate(6, 0, 0)

// foreignCA makes the certificates of a root and a subordinate CA as another tool does:
// with key identifiers of SHA-1, a subject in another order, and extensions of its own.
func foreignCA(t testing.TB, a algorithm.Algorithm, change func(root, sub *x509.Certificate)) (root, sub string) {
	t.Helper()
	name := func(commonName string) pkix.Name {
		return pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: []int{0, 9, 2342, 19200300, 100, 1, 25}, Value: "example"}, {Type: []int{2, 5, 4, 3}, Value: commonName}, {Type: []int{2, 5, 4, 6}, Value: "DE"},
		}}
	}
	rootTemplate, subTemplate := caTemplate(""), caTemplate("")
	for n, template := range []*x509.Certificate{rootTemplate, subTemplate} {
		template.Subject = name([]string{"Foreign Root", "Foreign & Sub"}[n])
		template.SubjectKeyId = bytes.Repeat([]byte{byte(n + 1)}, 20)
		template.KeyUsage |= x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
		template.Policies = []x509.OID{mustOID(t, 1, 2, 3)}
		template.DNSNames = []string{"ca.example.com"}
		template.CRLDistributionPoints, template.IssuingCertificateURL = []string{"http://old.example.com/crl"}, []string{"http://old.example.com/ca"}
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 46}, Value: []byte{0x30, 0}}, {Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 21, 1}, Value: []byte{2, 1, 0}}}
	}
	subTemplate.MaxPathLenZero, subTemplate.PermittedDNSDomains = true, []string{"example.com"}
	subTemplate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	change(rootTemplate, subTemplate)
	rootKey, subKey := key(a, 0), key(a, 1)
	root = sign(t, rootTemplate, rootTemplate, rootKey.Public(), rootKey)
	return root, sign(t, subTemplate, parsePEM(t, root), subKey.Public(), rootKey)
}

func mustOID(t testing.TB, arcs ...uint64) x509.OID {
	t.Helper()
	oid, err := x509.OIDFromInts(arcs)
	if err != nil {
		t.Fatal(err)
	}
	return oid
}

func issuerOf(t testing.TB, chain string, k *algorithm.PrivateKey, options ca.IssuerOptions) *ca.Issuer {
	t.Helper()
	issuer, err := ca.NewIssuer(chain, k, options)
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

// ofIssuer are the extensions that say who issued a certificate.
var ofIssuer = map[string]bool{"2.5.29.35": true, "2.5.29.31": true, "2.5.29.46": true, "1.3.6.1.5.5.7.1.1": true}

// checkRenewed compares a renewed certificate with the old one, and its extensions about
// the issuer with what they must be.
func checkRenewed(t *testing.T, old, renewed *x509.Certificate, authority []byte, crl, access []string) {
	t.Helper()
	kept := func(cert *x509.Certificate) (list []pkix.Extension) {
		for _, e := range cert.Extensions {
			if !ofIssuer[e.Id.String()] {
				list = append(list, e)
			}
		}
		return list
	}
	if diff := cmp.Diff(kept(old), kept(renewed)); diff != "" {
		t.Errorf("extensions mismatch (-old +renewed):\n%s", diff)
	}
	if !bytes.Equal(old.RawSubject, renewed.RawSubject) || !bytes.Equal(old.RawSubjectPublicKeyInfo, renewed.RawSubjectPublicKeyInfo) {
		t.Errorf("the subject is %x and was %x, the key is %x and was %x", renewed.RawSubject, old.RawSubject, renewed.RawSubjectPublicKeyInfo, old.RawSubjectPublicKeyInfo)
	}
	if !bytes.Equal(renewed.AuthorityKeyId, authority) || !cmp.Equal(renewed.CRLDistributionPoints, crl) || !cmp.Equal(renewed.IssuingCertificateURL, access) {
		t.Errorf("the authority key identifier is %x, and the addresses are %q and %q", renewed.AuthorityKeyId, renewed.CRLDistributionPoints, renewed.IssuingCertificateURL)
	}
	if !renewed.NotBefore.Equal(renewal) || !renewed.NotAfter.Equal(renewal.AddDate(8, 0, 0)) || renewed.SerialNumber.Cmp(old.SerialNumber) == 0 {
		t.Errorf("it is valid from %s to %s with the serial number %d", renewed.NotBefore, renewed.NotAfter, renewed.SerialNumber)
	}
}

// A root and a CA below it that another tool made, both expired. What they issued
// verifies with the new certificates.
func TestRenew(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_384} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			root, sub := foreignCA(t, a, func(_, _ *x509.Certificate) {})
			options := ca.IssuerOptions{CRLBase: "http://crl.example.com", IssuingCertificateURL: []string{"http://www.example.com/ca"}}
			resp, err := ca.Renew(testutil.Seeded(), renewal, issuerOf(t, root, key(a, 0), options), root, 8)
			if err != nil {
				t.Fatal(err)
			}
			oldRoot, newRoot := parsePEM(t, root), resp.Certificate
			checkRenewed(t, oldRoot, parsePEM(t, newRoot), nil, nil, nil)
			parent := issuerOf(t, resp.CertificateChain, key(a, 0), options)
			if resp.Identifier != parent.Identifier() || !testutil.RequestIDForm.MatchString(resp.RequestId) || resp.Certificate != resp.CertificateChain {
				t.Errorf("the response is %+v", resp)
			}
			resp, err = ca.Renew(testutil.Seeded(), renewal, parent, sub, 8)
			if err != nil {
				t.Fatal(err)
			}
			checkRenewed(t, parsePEM(t, sub), parsePEM(t, resp.Certificate), oldRoot.SubjectKeyId,
				[]string{"http://crl.example.com/" + parent.Identifier() + ".crl"}, []string{"http://www.example.com/ca"})
			issuer := issuerOf(t, resp.CertificateChain, key(a, 1), ca.IssuerOptions{})

			// What the CA issued before verifies below a certificate that is renewed in time.
			early, err := ca.Renew(testutil.Seeded(), instant, issuerOf(t, root, key(a, 0), ca.IssuerOptions{}), sub, 1)
			if err != nil {
				t.Fatal(err)
			}
			old := issuerOf(t, sub+root, key(a, 1), ca.IssuerOptions{})
			_, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, old, serverRequest(old, hostCSR(t, a, "www.example.com")))
			if err != nil {
				t.Fatal(err)
			}
			verifyServer(t, a, der, early.Certificate, root, instant, "www.example.com")
			_, der, err = ca.CreateServerCertificateWithCsr(testutil.Seeded(), renewal, issuer, serverRequest(issuer, hostCSR(t, a, "www.example.com")))
			if err != nil {
				t.Fatal(err)
			}
			verifyServer(t, a, der, resp.Certificate, newRoot, renewal, "www.example.com")
		})
	}
}

// CAs of this package keep everything too, in every family. A CA without a key
// identifier gets the one that its certificates have.
func TestRenewOwn(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		au := authorityOf(a)
		for _, old := range []string{au.root.Certificate, au.sub.Certificate} {
			resp, err := ca.Renew(testutil.Seeded(), instant, au.rootIssuer, old, 5)
			if err != nil {
				t.Fatal(err)
			}
			was, is := parsePEM(t, old), parsePEM(t, resp.Certificate)
			if !bytes.Equal(was.RawSubject, is.RawSubject) || !bytes.Equal(was.SubjectKeyId, is.SubjectKeyId) || !bytes.Equal(was.AuthorityKeyId, is.AuthorityKeyId) {
				t.Errorf("%s: %s has the key identifiers %x and %x, want %x and %x", a, is.Subject, is.SubjectKeyId, is.AuthorityKeyId, was.SubjectKeyId, was.AuthorityKeyId)
			}
		}
	}
	bare := signSM2(t, "Bare", "Bare", key(algorithm.SM2_256, 0).Public(), key(algorithm.SM2_256, 0), func(template *x509der.Template) {
		template.Kept = []byte{0x30, 0x0f, 0x06, 0x03, 0x55, 0x1d, 0x13, 0x01, 0x01, 0xff, 0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0xff} // basicConstraints
	})
	resp, err := ca.Renew(testutil.Seeded(), instant, issuerOf(t, bare, key(algorithm.SM2_256, 0), ca.IssuerOptions{}), bare, 5)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := parsePEM(t, resp.Certificate).SubjectKeyId, x509der.SubjectKeyID(parsePEM(t, bare).RawSubjectPublicKeyInfo); !bytes.Equal(got, want) {
		t.Errorf("the key identifier is %x, want %x", got, want)
	}
}

// demandingRoot demands policies in what CAs below it sign (RFC 5280, section 4.2.1.11).
func demandingRoot(t testing.TB) *ca.Issuer {
	const a = algorithm.ECC_256
	root, _ := foreignCA(t, a, func(root, _ *x509.Certificate) {
		root.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 36}, Critical: true, Value: []byte{0x30, 3, 0x80, 1, 2}}}
	})
	return issuerOf(t, root, key(a, 0), ca.IssuerOptions{})
}

// An empty key identifier becomes the one that NewIssuer assumes, and not a second one.
// The parent has no part in issuerAltName.
func TestRenewOddExtensions(t *testing.T) {
	t.Parallel()
	const a = algorithm.ECC_256
	root, sub := foreignCA(t, a, func(root, sub *x509.Certificate) {
		for _, cert := range []*x509.Certificate{root, sub} {
			cert.ExtraExtensions = []pkix.Extension{
				{Id: asn1.ObjectIdentifier{2, 5, 29, 14}, Value: []byte{4, 0}},
				{Id: asn1.ObjectIdentifier{2, 5, 29, 18}, Value: []byte{0x30, 3, 0x82, 1, 'a'}},
			}
		}
	})
	parent := issuerOf(t, root, key(a, 0), ca.IssuerOptions{})
	for n, old := range []string{root, sub} {
		resp, err := ca.Renew(testutil.Seeded(), instant, parent, old, 5)
		if err != nil {
			t.Fatal(err)
		}
		issuerOf(t, resp.CertificateChain, key(a, n), ca.IssuerOptions{})
		cert := parsePEM(t, resp.Certificate)
		if want := x509der.SubjectKeyID(cert.RawSubjectPublicKeyInfo); !bytes.Equal(cert.SubjectKeyId, want) {
			t.Errorf("the key identifier is %x, want %x", cert.SubjectKeyId, want)
		}
		if slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.String() == "2.5.29.18" }) {
			t.Error("the certificate has an issuerAltName")
		}
	}
}

func TestRenewRefuses(t *testing.T) {
	t.Parallel()
	const a = algorithm.ECC_256
	au := authorityOf(a)
	foreignRoot, foreignSub := foreignCA(t, a, func(_, _ *x509.Certificate) {})
	_, long := foreignCA(t, a, func(_, sub *x509.Certificate) { sub.MaxPathLenZero, sub.MaxPathLen = false, 1 })
	_, critical := foreignCA(t, a, func(_, sub *x509.Certificate) {
		sub.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
	})
	_, control := foreignCA(t, a, func(_, sub *x509.Certificate) { sub.Subject = pkix.Name{CommonName: "a\nb"} })
	named := func() string {
		_, text := foreignCA(t, a, func(_, sub *x509.Certificate) { sub.RawSubject = parsePEM(t, au.root.Certificate).RawSubject })
		return text
	}()
	extended := func(id asn1.ObjectIdentifier, value ...byte) string {
		_, text := foreignCA(t, a, func(_, sub *x509.Certificate) {
			sub.PermittedDNSDomains = nil
			sub.ExtraExtensions = []pkix.Extension{{Id: id, Critical: true, Value: value}}
		})
		return text
	}
	x400 := extended(asn1.ObjectIdentifier{2, 5, 29, 30}, 0x30, 8, 0xa0, 6, 0x30, 4, 0xa3, 2, 5, 0) // a permitted x400Address
	demanding := extended(asn1.ObjectIdentifier{2, 5, 29, 36}, 0x30, 3, 0x80, 1, 1)                 // requireExplicitPolicy of 1
	rootOf := func(change func(root *x509.Certificate)) *ca.Issuer {
		root, _ := foreignCA(t, a, func(root, _ *x509.Certificate) { change(root) })
		return issuerOf(t, root, key(a, 0), ca.IssuerOptions{})
	}
	excluding := rootOf(func(root *x509.Certificate) { root.ExcludedDNSDomains = []string{"ca.example.com"} })
	slow := rootOf(func(root *x509.Certificate) {
		root.ExcludedDNSDomains = slices.Repeat([]string{"b.example.com"}, 1<<10)
	})
	_, many := foreignCA(t, a, func(_, sub *x509.Certificate) { sub.DNSNames = slices.Repeat([]string{"a.example.com"}, 1<<10+1) })
	leaf := testutil.EncodePEM("CERTIFICATE", issue(t, au.issuer, serverRequest(au.issuer, hostCSR(t, a, "www.example.com"))).Raw)
	limited := func(change func(*ca.CreateSubCACertificateRequest)) *ca.Issuer {
		req := subRequest(a)
		req.CommonName, req.PathLenConstraint = "Between", 1
		change(req)
		k := key(a, 2)
		resp, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, au.rootIssuer, k.Public(), req)
		if err != nil {
			t.Fatal(err)
		}
		return issuerOf(t, resp.CertificateChain, k, ca.IssuerOptions{})
	}
	between := limited(func(*ca.CreateSubCACertificateRequest) {})
	servers := limited(func(r *ca.CreateSubCACertificateRequest) { r.ExtendedKeyUsages = []string{"serverAuth"} })
	type call struct {
		now         time.Time
		parent      *ca.Issuer
		certificate string
		years       int32
	}
	for _, tt := range []struct {
		name      string
		change    func(*call)
		code      yuncert.Code
		parameter string
		words     string
	}{
		{"no parent", func(c *call) { c.parent = nil }, yuncert.ErrNotFound, "ParentIdentifier", "no issuing CA"},
		{"no certificate", func(c *call) { c.certificate = "" }, missing, "Certificate", ""},
		{"no PEM", func(c *call) { c.certificate = "certificate" }, malformed, "Certificate", "PEM"},
		{"two certificates", func(c *call) { c.certificate += foreignRoot }, malformed, "Certificate", ""},
		{"no years", func(c *call) { c.years = 0 }, missing, "Years", ""},
		{"101 years", func(c *call) { c.years = 101 }, malformed, "Years", "101"},
		{"longer than the parent", func(c *call) { c.years = 11 }, refused, "Years", "after the CA and its chain"},
		{"an expired parent", func(c *call) { c.now = instant.AddDate(11, 0, 0) }, yuncert.ErrCertificateExpired, "ParentIdentifier", ""},
		{"a server's", func(c *call) { c.certificate = leaf }, refused, "Certificate", "is not a CA certificate"},
		{"a critical extension", func(c *call) { c.certificate = critical }, refused, "Certificate", "1.2.3"},
		{"name constraints that Verify does not support", func(c *call) { c.certificate = x400 }, refused, "Certificate", "unusable name constraints tag 3"},
		{"a demand for policies", func(c *call) { c.certificate = demanding }, refused, "Certificate", "requires certificate policies"},
		{"a parent's demand for policies", func(c *call) { c.parent = demandingRoot(t) }, refused, "ParentIdentifier", "new CA policies"},
		{"a name that the parent excludes", func(c *call) { c.parent = excluding }, refused, "Certificate", "ca.example.com excluded"},
		{"too many comparisons", func(c *call) { c.parent, c.certificate = slow, many }, refused, "Certificate", "more than 1048576 times"},
		{"a control character in the subject", func(c *call) { c.certificate = control }, malformed, "Certificate", "unusable subject"},
		{"the name of the parent", func(c *call) { c.certificate = named }, refused, "Certificate", "a CA's own"},
		{"its own parent", func(c *call) { c.parent = issuerOf(t, foreignSub+foreignRoot, key(a, 1), ca.IssuerOptions{}) }, refused, "Certificate", "want the CA above"},
		{"a parent that allows no CA", func(c *call) { c.parent = au.issuer; c.certificate = foreignRoot }, refused, "ParentIdentifier", "allows no CA below"},
		{"a longer path than the parent's", func(c *call) { c.parent, c.certificate, c.years = between, long, 3 }, refused, "Certificate", "1 is too much"},
		{"other usages than the parent's", func(c *call) { c.parent = servers }, refused, "Certificate", "exclude clientAuth"},
		{"another family", func(c *call) { c.parent = authorityOf(algorithm.SM2_256).rootIssuer }, refused, "Certificate", "SM2 does not go"},
		{"a key that is shorter than the parent allows", func(c *call) {
			_, c.certificate = foreignCA(t, algorithm.RSA_2048, func(_, _ *x509.Certificate) {})
			c.parent = issuerOf(t, au.root.Certificate, au.rootKey, ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{MinRSABits: 3072}})
		}, refused, "", "3072"},
		{"a root beyond the year 9999", func(c *call) {
			c.parent, c.certificate, c.now = au.rootIssuer, au.root.Certificate, time.Date(9990, 1, 1, 0, 0, 0, 0, time.UTC)
		}, refused, "Years", "9999"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := call{instant, au.rootIssuer, foreignSub, 10}
			tt.change(&c)
			resp, err := ca.Renew(testutil.Untouched(t), c.now, c.parent, c.certificate, c.years)
			testutil.CheckError(t, err, tt.code, tt.parameter, strings.Fields(tt.words)...)
			if resp != nil {
				t.Errorf("the response is %+v", resp)
			}
		})
	}
}
