package inventory_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// Certificates of every algorithm are recorded with what they say.
func TestAdd(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		if a == algorithm.RSA_1024 {
			continue
		}
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			issuer := au.issuerAt(t, "http://pki.example.com")
			der := issue(t, issuer, 90)
			labels := inventory.Labels{Tags: []ca.Tag{{Key: "a", Value: "b"}}, ResourceGroupId: "group", CustomIdentifier: "mine", AliasName: "网站"}
			v, _ := newInventory()
			got := add(t, v, der, labels)
			cert := must[*x509.Certificate](t)(got.Parse())
			want := inventory.Certificate{
				Id: 1, Identifier: got.Identifier, Authority: inventory.AuthorityOf(au.issuer), SerialNumber: hexSerial(cert.SerialNumber),
				Kind: inventory.KindServer, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter, CrlUrl: issuer.Describe().CrlUrl, DER: der,
				Labels: labels, Status: ca.StatusIssue, Added: stored, Updated: stored,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("certificate mismatch (-want +got):\n%s", diff)
			}
			found := must[inventory.Certificate](t)(v.Certificate(t.Context(), got.Identifier))
			bySerial := must[inventory.Certificate](t)(v.CertificateBySerialNumber(t.Context(), got.Authority, strings.ToUpper("0000"+got.SerialNumber)))
			for _, again := range []inventory.Certificate{found, bySerial} {
				if diff := cmp.Diff(want, again); diff != "" {
					t.Errorf("certificate mismatch when looked up (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// Add keeps nothing of its arguments, and a caller cannot change the store.
func TestAddCopies(t *testing.T) {
	t.Parallel()
	v, _ := newInventory()
	der := foreign(t, nil)
	labels := inventory.Labels{Tags: []ca.Tag{{Key: "a"}}}
	want := add(t, v, append([]byte(nil), der...), inventory.Labels{Tags: []ca.Tag{{Key: "a"}}})
	other, _ := newInventory()
	first := add(t, other, der, labels)
	der[0], labels.Tags[0].Key = 0, "changed"
	first.DER[1], first.Labels.Tags[0].Value = 0, "changed"
	page := everything(t, other)
	page[0].DER[2] = 0
	found := must[inventory.Certificate](t)(other.Certificate(t.Context(), first.Identifier))
	found.DER[3], found.Labels.Tags[0].Key = 0, "changed"
	if diff := cmp.Diff(want, everything(t, other)[0]); diff != "" {
		t.Errorf("the certificate changed (-before +after):\n%s", diff)
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	chars := func(n int) string { return testutil.Chinese(n) }
	tests := []struct {
		name      string
		der       func(t *testing.T) []byte
		labels    inventory.Labels
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"101 tags", nil, inventory.Labels{Tags: make([]ca.Tag, 101)}, malformed, "Tags", "101 tags; up to 100"},
		{"a long key of a tag", nil, inventory.Labels{Tags: []ca.Tag{{}, {Key: chars(256)}}}, malformed, "Tags", "up to 255 characters"},
		{"a control character in a tag", nil, inventory.Labels{Tags: []ca.Tag{{Value: "a\x00"}}}, malformed, "Tags", "control characters"},
		{"a long resource group", nil, inventory.Labels{ResourceGroupId: chars(256)}, malformed, "ResourceGroupId", ""},
		{"a long custom identifier", nil, inventory.Labels{CustomIdentifier: chars(256)}, malformed, "CustomIdentifier", ""},
		{"an alias that is not UTF-8", nil, inventory.Labels{AliasName: "a\xff"}, malformed, "AliasName", "UTF-8"},
		{"the first problem", nil, inventory.Labels{ResourceGroupId: "\n", AliasName: "\n"}, malformed, "ResourceGroupId", ""},
		{"nothing", func(*testing.T) []byte { return nil }, inventory.Labels{}, malformed, "Certificate", "cannot be read"},
		{"data at the end", func(t *testing.T) []byte { return append(foreign(t, nil), 0) }, inventory.Labels{}, malformed, "Certificate", "cannot be read"},
		{"PEM", func(t *testing.T) []byte { return []byte(testutil.EncodePEM("CERTIFICATE", foreign(t, nil))) }, inventory.Labels{}, malformed, "Certificate", "in PEM; want DER"},
		{"more than 64 KiB", func(*testing.T) []byte { return make([]byte, 64<<10+1) }, inventory.Labels{}, malformed, "Certificate", "65537 octets; up to 65536"},
		{"a serial number of 21 octets", func(t *testing.T) []byte {
			return withSerialNumber(t, append([]byte{1}, make([]byte, 20)...))
		}, inventory.Labels{}, malformed, "Certificate", "21 octets; up to 20"},
		{"a serial number of 20 octets", func(t *testing.T) []byte {
			return withSerialNumber(t, bytes.Repeat([]byte{0x7f}, 20))
		}, inventory.Labels{}, "", "", ""},
		{"4097 terms", func(t *testing.T) []byte {
			return foreign(t, func(c, _ *x509.Certificate) {
				for n := range 4096 { // the common name is one more
					c.DNSNames = append(c.DNSNames, fmt.Sprintf("h%x", n))
				}
			})
		}, inventory.Labels{}, malformed, "Certificate", "more than 4096"},
		{"names of many labels", func(t *testing.T) []byte {
			return foreign(t, func(c, _ *x509.Certificate) {
				for n := range 40 {
					c.DNSNames = append(c.DNSNames, fmt.Sprintf("%sh%d.example", strings.Repeat("a.", 110), n))
				}
			})
		}, inventory.Labels{}, "", "", ""},
		{"4096 terms", func(t *testing.T) []byte {
			return foreign(t, func(c, _ *x509.Certificate) {
				for n := range 4095 {
					c.DNSNames = append(c.DNSNames, fmt.Sprintf("h%x", n))
				}
			})
		}, inventory.Labels{}, "", "", ""},
		{"the longest labels", nil, inventory.Labels{ResourceGroupId: chars(255), CustomIdentifier: chars(255), AliasName: chars(255),
			Tags: []ca.Tag{99: {Key: chars(255), Value: chars(255)}}}, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.der == nil {
				tt.der = func(t *testing.T) []byte { return foreign(t, nil) }
			}
			v, _ := newInventory()
			c, err := v.Add(t.Context(), instant, tt.der(t), tt.labels)
			if tt.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
			if diff := cmp.Diff(inventory.Certificate{}, c); diff != "" {
				t.Errorf("a certificate with an error:\n%s", diff)
			}
			if all := everything(t, v); len(all) != 0 {
				t.Errorf("%d certificates are stored", len(all))
			}
		})
	}
}

// withSerialNumber returns a certificate with a serial number. Its signature is wrong,
// which Add does not look at.
func withSerialNumber(t *testing.T, serial []byte) []byte {
	der := foreign(t, func(c, _ *x509.Certificate) { c.DNSNames = testutil.NumberedNames(20) })
	const at = 4 + 4 + 5 // the headers of Certificate and TBSCertificate, and the version
	changed := bytes.Clone(der[:at])
	changed = append(append(changed, 2, byte(len(serial))), serial...)
	changed = append(changed, der[at+3:]...)
	for _, header := range []int{2, 6} { // both lengths have two octets
		binary.BigEndian.PutUint16(changed[header:], binary.BigEndian.Uint16(changed[header:])+uint16(len(serial)-1))
	}
	return changed
}

// Adding a certificate again changes nothing, and unique values stay unique.
func TestAddTwice(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	v, _ := newInventory()
	der := foreign(t, nil)
	first := add(t, v, der, inventory.Labels{AliasName: "first", CustomIdentifier: "mine"})
	again := must[inventory.Certificate](t)(v.Add(ctx, later, der, inventory.Labels{AliasName: "second"}))
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the second Add returns another certificate (-first +second):\n%s", diff)
	}
	_, err := v.Add(ctx, later, foreign(t, func(c, _ *x509.Certificate) { c.Subject.CommonName = "Li Si" }), inventory.Labels{})
	testutil.CheckError(t, err, refused, "Certificate", "another certificate with the serial number 01")
	sameSerial := foreign(t, func(_, parent *x509.Certificate) { parent.SubjectKeyId = []byte{9} })
	_, err = v.Add(ctx, later, sameSerial, inventory.Labels{CustomIdentifier: "mine"})
	testutil.CheckError(t, err, yuncert.ErrParamRepeat, "CustomIdentifier", `"mine"`)
	other := add(t, v, sameSerial, inventory.Labels{CustomIdentifier: "Mine"}) // of another key
	if diff := cmp.Diff([]inventory.Certificate{first, other}, everything(t, v)); diff != "" {
		t.Errorf("what is stored (-want +got):\n%s", diff)
	}
}

// A deleted certificate cannot be added again: its serial number stays revoked.
func TestAddDeleted(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	v, _ := newInventory()
	der := foreign(t, nil)
	c := add(t, v, der, inventory.Labels{CustomIdentifier: "mine"})
	must[inventory.Certificate](t)(v.Revoke(ctx, later, c.Identifier, inventory.Revocation{}))
	must[*inventory.DeleteClientCertificateResponse](t)(v.DeleteClientCertificate(ctx, nil, later, &inventory.DeleteClientCertificateRequest{Identifier: c.Identifier}))
	_, err := v.Add(ctx, later, der, inventory.Labels{})
	testutil.CheckError(t, err, refused, "Certificate", "was revoked and deleted")
	_, err = v.Add(ctx, later, foreign(t, func(c, _ *x509.Certificate) { c.Subject.CommonName = "Li Si" }), inventory.Labels{})
	testutil.CheckError(t, err, refused, "Certificate", "serial number")
	add(t, v, foreign(t, func(c, _ *x509.Certificate) { c.SerialNumber = big.NewInt(2) }), inventory.Labels{CustomIdentifier: "mine"})
}

func TestAddKinds(t *testing.T) {
	t.Parallel()
	serverAuth, clientAuth := x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
	tests := []struct {
		name   string
		change func(c, parent *x509.Certificate)
		want   string
	}{
		{"a server", func(c, _ *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{serverAuth} }, inventory.KindServer},
		{"a client", func(c, _ *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{clientAuth} }, inventory.KindClient},
		{"both", func(c, _ *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{clientAuth, serverAuth} }, inventory.KindServer},
		{"a responder", func(c, _ *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} }, inventory.KindOther},
		{"no usage", nil, inventory.KindOther},
		{"a CA", func(c, _ *x509.Certificate) {
			c.BasicConstraintsValid, c.IsCA, c.ExtKeyUsage = true, true, []x509.ExtKeyUsage{serverAuth}
		}, inventory.KindCA},
		{"no CA", func(c, _ *x509.Certificate) { c.BasicConstraintsValid = true }, inventory.KindOther},
	}
	for _, tt := range tests {
		v, _ := newInventory()
		if got := add(t, v, foreign(t, tt.change), inventory.Labels{}).Kind; got != tt.want {
			t.Errorf("%s: the Kind is %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAddAddresses(t *testing.T) {
	t.Parallel()
	long := "http://" + strings.Repeat("a", 1017)
	for _, tt := range []struct {
		name   string
		points []string
		want   string
	}{
		{"none", nil, ""},
		{"one", []string{"http://a/b.crl"}, "http://a/b.crl"},
		{"https", []string{"https://a/b.crl"}, "https://a/b.crl"},
		{"the first with http", []string{"ldap://a/b", "http://a/b.crl", "http://c/b.crl"}, "http://a/b.crl"},
		{"ldap", []string{"ldap://a/b"}, ""},
		{"1024 octets", []string{long}, long},
		{"1025 octets", []string{long + "a"}, ""},
		{"a NUL", []string{"http://a/\x00"}, ""},
	} {
		v, _ := newInventory()
		c := add(t, v, foreign(t, func(c, _ *x509.Certificate) { c.CRLDistributionPoints = tt.points }), inventory.Labels{})
		if c.CrlUrl != tt.want {
			t.Errorf("%s: the CrlUrl is %q, want %q", tt.name, c.CrlUrl, tt.want)
		}
	}
}

// Certificates of other tools: keys, subjects and serial numbers that this library
// does not issue.
func TestAddForeign(t *testing.T) {
	t.Parallel()
	pub := ed25519.NewKeyFromSeed(make([]byte, 32)).Public()
	tests := []struct {
		name string
		der  []byte
		want inventory.ClientCertificate // some fields
	}{
		{"Ed25519", foreignFor(t, pub, nil), inventory.ClientCertificate{Algorithm: "Ed25519", SerialNumber: "01", SubjectDN: "CN=Zhang San"}},
		{"RSA 1024", foreignFor(t, testkeys.Key(algorithm.RSA_1024, 2).Public(), nil),
			inventory.ClientCertificate{Algorithm: "RSA", KeySize: 1024, FullAlgorithm: "RSA_1024", SerialNumber: "01", SubjectDN: "CN=Zhang San"}},
		{"a control character", foreign(t, func(c, _ *x509.Certificate) {
			c.Subject = pkix.Name{CommonName: "a\tb", Country: []string{"CN"}}
		}), inventory.ClientCertificate{Algorithm: "ECC", KeySize: 256, FullAlgorithm: "ECC_256", SerialNumber: "01", SubjectDN: "C=CN,CN=a\tb"}},
		{"an empty subject", foreign(t, func(c, _ *x509.Certificate) { c.Subject = pkix.Name{} }),
			inventory.ClientCertificate{Algorithm: "ECC", KeySize: 256, FullAlgorithm: "ECC_256", SerialNumber: "01"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, _ := newInventory()
			c := add(t, v, tt.der, inventory.Labels{})
			got := must[*inventory.DescribeClientCertificateResponse](t)(v.DescribeClientCertificate(t.Context(), nil, &inventory.DescribeClientCertificateRequest{Identifier: c.Identifier})).Certificate
			some := inventory.ClientCertificate{Algorithm: got.Algorithm, KeySize: got.KeySize, FullAlgorithm: got.FullAlgorithm, SerialNumber: got.SerialNumber, SubjectDN: got.SubjectDN}
			if diff := cmp.Diff(tt.want, some); diff != "" {
				t.Errorf("description mismatch (-want +got):\n%s", diff)
			}
			if got.ParentIdentifier != "" || got.CertChain != got.X509Certificate {
				t.Errorf("the CA is unknown, and the description names %q", got.ParentIdentifier)
			}
		})
	}
}

// A certificate without an authority key identifier belongs to the CA that signed it.
func TestAddWithoutKeyIdentifier(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	one, two := authorityOf(algorithm.ECC_256), authorityOf(algorithm.ECC_384)
	bare := func(subject asn1.RawValue) []byte {
		return foreign(t, func(c, parent *x509.Certificate) { // signed by the key of one
			parent.SubjectKeyId = nil
			parent.RawSubject = subject.FullBytes
		})
	}
	chain := must[inventory.CA](t)(inventory.New(new(inventory.MemoryStore)).AddCA(ctx, instant, one.issuer, inventory.Labels{}))
	subject := must[*x509.Certificate](t)(inventory.Certificate{DER: testutil.FirstPEM(t, chain.CertificateChain)}.Parse()).RawSubject
	der := bare(asn1.RawValue{FullBytes: subject})

	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, one.issuer, inventory.Labels{}))
	must[inventory.CA](t)(v.AddCA(ctx, instant, two.issuer, inventory.Labels{})) // has the same name
	if got, want := add(t, v, der, inventory.Labels{}).Authority, inventory.AuthorityOf(one.issuer); got != want {
		t.Errorf("the Authority is %s, want %s, the signer's", got, want)
	}
	v, _ = newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, two.issuer, inventory.Labels{}))
	c := add(t, v, der, inventory.Labels{})
	if c.Authority == inventory.AuthorityOf(one.issuer) || c.Authority == inventory.AuthorityOf(two.issuer) {
		t.Errorf("the Authority is %s, and the signer is unknown", c.Authority)
	}
	if again := add(t, v, der, inventory.Labels{}); again.Id != c.Id {
		t.Errorf("the second Add returns certificate %d, want %d", again.Id, c.Id)
	}
	described := must[*inventory.DescribeClientCertificateResponse](t)(v.DescribeClientCertificate(ctx, nil, &inventory.DescribeClientCertificateRequest{Identifier: c.Identifier}))
	if id := described.Certificate.ParentIdentifier; id != "" {
		t.Errorf("the parent is %s, a CA of the same name that did not sign", id)
	}
}

// A root without key identifiers is its own authority, also if its signature has an
// algorithm that this module does not verify.
func TestAddRootWithoutKeyIdentifier(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	root := foreignFor(t, au.subKey.Public(), func(c, parent *x509.Certificate) {
		c.BasicConstraintsValid, c.IsCA, c.SubjectKeyId = true, true, []byte{1}
		c.Subject, parent.SubjectKeyId = parent.Subject, nil
	})
	old := bytes.ReplaceAll(root, []byte("\x2a\x86\x48\xce\x3d\x04\x03\x02"), []byte("\x2a\x86\x48\xce\x3d\x04\x03\x01")) // ecdsa-with-SHA224
	nameless := bytes.ReplaceAll(old, []byte("\x55\x1d\x0e"), []byte("\x55\x1d\x63"))                                     // no subjectKeyIdentifier
	for name, der := range map[string][]byte{"a root": root, "an old root": old, "a root without any key identifier": nameless} {
		issuer := must[*ca.Issuer](t)(ca.NewIssuer(testutil.EncodePEM("CERTIFICATE", der), au.subKey, ca.IssuerOptions{}))
		v, _ := newInventory()
		must[inventory.CA](t)(v.AddCA(t.Context(), instant, issuer, inventory.Labels{}))
		sub := must[*ca.CreateSubCACertificateResponse](t)(ca.CreateSubCACertificate(nil, instant, issuer, au.rootKey.Public(), &ca.CreateSubCACertificateRequest{
			CommonName: "Sub", Organization: "Example", OrganizationUnit: "PKI", Locality: "杭州", State: "Zhejiang", CountryCode: "CN", Algorithm: "ECC_256", Years: 1,
		}))
		add(t, v, testutil.FirstPEM(t, sub.Certificate), inventory.Labels{})
		for _, c := range everything(t, v) {
			if want := inventory.AuthorityOf(issuer); c.Authority != want {
				t.Errorf("%s: the Authority of %s is %s, want %s", name, c.SerialNumber, c.Authority, want)
			}
		}
	}
}

// A recorder keeps the terms of the certificates that are created.
type recorder struct {
	inventory.Tx
	terms *[]string
}

func (r recorder) CreateCertificate(c inventory.Certificate, terms []string) (int64, error) {
	*r.terms = terms
	return r.Tx.CreateCertificate(c, terms)
}

// The terms are as a Store may expect: short, different and without NUL.
func TestTerms(t *testing.T) {
	t.Parallel()
	var got []string
	v := inventory.New(&wrappedStore{Store: new(inventory.MemoryStore), update: func(f func(inventory.Tx) error) (func(inventory.Tx) error, error) {
		return func(tx inventory.Tx) error { return f(recorder{tx, &got}) }, nil
	}})
	add(t, v, foreign(t, func(c, _ *x509.Certificate) {
		c.Subject.CommonName = "WWW.example.com"
		c.DNSNames = []string{"www.example.com", "a\x00.example.com", strings.Repeat("a", 256) + ".com", "..", ".", "com.", "*.a.example.com",
			"1.2.3.4.5.6.7.8.9"}
		c.EmailAddresses = []string{"A@example.com", strings.Repeat("a", 255) + "@b"}
	}), inventory.Labels{})
	want := []string{"=www.example.com", ".example.com", ".com", "=..", "..", "=.", "=com.", "=*.a.example.com", ".a.example.com",
		"=1.2.3.4.5.6.7.8.9", ".2.3.4.5.6.7.8.9", ".3.4.5.6.7.8.9", ".4.5.6.7.8.9", ".5.6.7.8.9", ".6.7.8.9", ".7.8.9", ".8.9", ".9", "=a@example.com"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("terms mismatch (-want +got):\n%s", diff)
	}
}

func TestLookupRefuses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	v, _ := newInventory()
	c := add(t, v, foreign(t, nil), inventory.Labels{})
	for _, tt := range []struct {
		name, identifier string
		code             yuncert.Code
	}{
		{"empty", "", missing},
		{"unknown", strings.Repeat("0", 32), unknown},
		{"upper case", strings.ToUpper(c.Identifier), unknown},
		{"NUL", c.Identifier[:31] + "\x00", unknown},
		{"long", strings.Repeat("a", 1<<20), unknown},
	} {
		_, err := v.Certificate(ctx, tt.identifier)
		testutil.CheckError(t, err, tt.code, "Identifier")
		_, err = v.CA(ctx, tt.identifier)
		testutil.CheckError(t, err, tt.code, "Identifier")
		_, err = v.Release(ctx, later, tt.identifier)
		testutil.CheckError(t, err, tt.code, "Identifier")
		_, err = v.Revoke(ctx, later, tt.identifier, inventory.Revocation{})
		testutil.CheckError(t, err, tt.code, "Identifier")
	}
	for _, tt := range []struct {
		name, authority, serial string
		code                    yuncert.Code
	}{
		{"empty", c.Authority, "", missing},
		{"not hexadecimal", c.Authority, "0x", malformed},
		{"41 digits", c.Authority, strings.Repeat("0", 41), malformed},
		{"unknown", c.Authority, "02", unknown},
		{"of another CA", strings.Repeat("0", 40), "01", unknown},
	} {
		_, err := v.CertificateBySerialNumber(ctx, tt.authority, tt.serial)
		testutil.CheckError(t, err, tt.code, "SerialNumber")
	}
	for authority, code := range map[string]yuncert.Code{
		"": missing, c.Identifier: malformed, strings.Repeat("x", 40): malformed, "\x00": malformed, "\xff": malformed, // a database refuses some
	} {
		_, err := v.CertificateBySerialNumber(ctx, authority, "01")
		testutil.CheckError(t, err, code, "Authority")
	}
}

// Names are found in any spelling, and domains with all that is below them.
func TestCertificatesByName(t *testing.T) {
	t.Parallel()
	v, _ := newInventory()
	deep := "a.b.c.d.e.f.g.h.i.example.com" // 11 labels
	named := func(serial int64, commonName string, change func(*x509.Certificate)) {
		add(t, v, foreign(t, func(c, _ *x509.Certificate) {
			c.SerialNumber, c.Subject.CommonName = big.NewInt(serial), commonName
			change(c)
		}), inventory.Labels{})
	}
	dns := func(names ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.DNSNames = names }
	}
	named(1, "WWW.Example.com", dns("www.example.com", "example.com"))
	named(2, "*.example.com", dns())
	named(3, "例子.中国", dns(deep))
	named(4, "张三", func(c *x509.Certificate) {
		c.EmailAddresses = []string{"Zhang@Example.com"}
		c.IPAddresses = []net.IP{net.ParseIP("2001:db8::1"), net.ParseIP("192.0.2.1")}
		c.URIs = []*url.URL{{Scheme: "spiffe", Host: "example.com", Path: "/A"}}
	})
	named(5, "", dns("example.comp", "notexample.com", "xn--fiqs8s"))
	named(6, "2001:DB8:0:0::2", dns())
	for _, tt := range []struct {
		name, domain string
		want         []int64
	}{
		{"www.example.com", "", []int64{1}},
		{"WWW.EXAMPLE.COM", "", []int64{1}},
		{"example.com", "", []int64{1}},
		{"*.example.com", "", []int64{2}},
		{"com", "", nil},
		{"例子.中国", "", []int64{3}},
		{"xn--fsqu00a.xn--fiqs8s", "", []int64{3}},
		{deep, "", []int64{3}},
		{"张三", "", []int64{4}},
		{"zhang@example.com", "", []int64{4}},
		{"2001:DB8:0::1", "", []int64{4}},
		{"192.0.2.1", "", []int64{4}},
		{"2001:DB8:0:0::2", "", []int64{6}},
		{"2001:db8::2", "", []int64{6}},
		{"SPIFFE://example.com/a", "", []int64{4}},
		{"", "example.com", []int64{1, 2, 3}},
		{"", "Example.COM", []int64{1, 2, 3}},
		{"", "com", []int64{1, 2, 3, 5}},
		{"", "www.example.com", nil},
		{"", "中国", []int64{3}},
		{"", "i.example.com", []int64{3}},
		{"", "d.e.f.g.h.i.example.com", []int64{3}}, // of 8 labels
	} {
		page := must[[]inventory.Certificate](t)(v.Certificates(t.Context(), inventory.Filter{Name: tt.name, Domain: tt.domain, OldestFirst: true}, inventory.Certificate{}, 10))
		var got []int64
		for _, c := range page {
			got = append(got, c.Id)
		}
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("Name %q, Domain %q: mismatch of Ids (-want +got):\n%s", tt.name, tt.domain, diff)
		}
	}
}
