package x509der_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	stdasn1 "encoding/asn1"
	"math/big"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

var crlInstant = time.Date(2026, 4, 4, 5, 6, 7, 0, time.UTC)

// crlIssuer uses crypto/x509 to make a CA certificate for one of the test keys.
func crlIssuer(t testing.TB, i int, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotBefore: crlInstant, NotAfter: crlInstant.AddDate(1, 0, 0),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1, 2, 3},
	}
	change(template)
	key := testkeys.Key(algorithm.ECC_256, i)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// writeCRL makes a list with test key 0 and parses it.
func writeCRL(t *testing.T, crl *x509der.CRL, entries ...x509der.CRLEntry) *x509.RevocationList {
	t.Helper()
	crl.Issuer, crl.ThisUpdate, crl.NextUpdate = crlIssuer(t, 0, func(*x509.Certificate) {}).RawSubject, crlInstant, crlInstant.Add(time.Hour)
	crl.Number = big.NewInt(1)
	w, err := x509der.NewCRLWriter(certSigner(t, algorithm.ECC_256, 0), crl)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		w.Add(e)
	}
	der, err := w.Sign(nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := x509der.ParseCRL(der)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// crlWith makes a list with the scope and checks that ScopeOf returns it.
func crlWith(t *testing.T, scope x509der.CRLScope, keyID []byte) *x509.RevocationList {
	t.Helper()
	list := writeCRL(t, &x509der.CRL{AuthorityKeyID: x509der.AuthorityKeyID(keyID), Scope: scope})
	got, err := x509der.ScopeOf(list)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(scope, got); diff != "" {
		t.Errorf("scope mismatch (-want +got):\n%s", diff)
	}
	return list
}

func TestCheckCRLSignature(t *testing.T) {
	t.Parallel()
	list := crlWith(t, x509der.CRLScope{}, []byte{1, 2, 3})
	for _, tt := range []struct {
		name    string
		key     int
		change  func(*x509.Certificate)
		mention string // empty: the list is the CA's
	}{
		{"the CA", 0, func(*x509.Certificate) {}, ""},
		{"may sign other things too", 0, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign }, ""},
		{"no key usage", 0, func(c *x509.Certificate) { c.KeyUsage = 0 }, ""},
		{"its name in another case", 0, func(c *x509.Certificate) { c.Subject.CommonName = "Ca" }, ""},
		{"another name", 0, func(c *x509.Certificate) { c.Subject.CommonName = "CB" }, "another CA issued"},
		{"another key identifier", 0, func(c *x509.Certificate) { c.SubjectKeyId = []byte{1, 2, 4} }, "another key"},
		{"no cRLSign", 0, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign }, "cRLSign"},
		{"another key", 1, func(*x509.Certificate) {}, "signature"},
	} {
		err := x509der.CheckCRLSignature(list, crlIssuer(t, tt.key, tt.change))
		if (err == nil) != (tt.mention == "") || err != nil && !strings.Contains(err.Error(), tt.mention) {
			t.Errorf("%s: error %v: want %q", tt.name, err, tt.mention)
		}
	}
	if err := x509der.CheckCRLSignature(&x509.RevocationList{}, &x509.Certificate{}); err == nil {
		t.Error("an empty list was accepted")
	}
}

// A crlRow is one row of crlRows.
type crlRow struct {
	name    string
	fields  [][]byte
	entries int    // that crypto/x509 reads, if it reads the list
	mention string // empty: they are all
}

// der is the list with these fields, and a signature that nobody checks.
func (r crlRow) der() []byte {
	return asn.Seq(asn.Seq(r.fields...), asn.ECDSAWithSHA256, asn.Bits([]byte("signature")))
}

// crlRows are fields of a TBSCertList in all orders. FuzzParseCRL starts from
// them too.
func crlRows(t testing.TB) []crlRow {
	id := asn.Seq(asn.OID("\x2a\x86\x48\xce\x3d\x04\x03\x02"))
	name := crlIssuer(t, 0, func(*x509.Certificate) {}).RawSubject
	version, serial := []byte{2, 1, 1}, []byte{2, 1, 5}
	utc, general := asn.TLV(0x17, []byte("260404050607Z")), asn.TLV(0x18, []byte("20500404050607Z"))
	reason := asn.Seq(asn.OID("\x55\x1d\x15"), asn.TLV(4, []byte{10, 1, 1}))
	hidden := asn.Seq(asn.OID("\x2a\x03"), asn.TLV(4, asn.Null), []byte{1, 1, 0xff})
	entry := asn.Seq(serial, utc)
	entries := asn.Seq(entry, asn.Seq(serial, general, asn.Seq(reason)))
	extensions := asn.TLV(0xa0, asn.Seq(asn.Seq(asn.OID("\x55\x1d\x14"), asn.TLV(4, []byte{2, 1, 7}))))
	unknown, number := asn.Extension(asn.OID("\x2a\x03"), false, nil), asn.Extension(asn.OID("\x55\x1d\x14"), false, []byte{2, 1, 7})
	scope := asn.Extension(asn.OID("\x55\x1d\x1c"), true, asn.Seq())
	var many [][]byte
	for i := range byte(65) {
		many = append(many, asn.Extension(asn.OID("\x2a\x03"+string(rune(i))), false, nil))
	}
	with := func(list ...[]byte) [][]byte {
		return [][]byte{version, id, name, utc, utc, entries, asn.TLV(0xa0, asn.Seq(list...))}
	}
	entryWith := func(list ...[]byte) [][]byte {
		return [][]byte{version, id, name, utc, utc, asn.Seq(asn.Seq(serial, utc, asn.Seq(list...)))}
	}
	because := func(value ...byte) []byte { return asn.Extension(asn.OID("\x55\x1d\x15"), false, value) }
	primitive := bytes.Clone(entries)
	primitive[0] &^= 0x20
	return []crlRow{
		{"all fields", [][]byte{version, id, name, utc, general, entries, extensions}, 2, ""},
		{"no nextUpdate", [][]byte{version, id, name, general, entries, extensions}, 2, ""},
		{"no entries", [][]byte{version, id, name, utc, utc, extensions}, 0, ""},
		{"an empty list of entries", [][]byte{version, id, name, utc, utc, asn.Seq(), extensions}, 0, "its list of entries is empty"},
		{"no extensions", [][]byte{version, id, name, utc, utc, entries}, 2, ""},
		{"no entries and no extensions", [][]byte{version, id, name, utc, utc}, 0, ""},
		{"version 1", [][]byte{id, name, utc, utc, asn.Seq(entry, entry)}, 2, "its version is 1; want 2"},

		{"NULL before the entries", [][]byte{version, id, name, utc, utc, asn.Null, entries, extensions}, 0, "after its times"},
		{"NULL before the extensions", [][]byte{version, id, name, utc, utc, entries, asn.Null, extensions}, 2, "after its times"},
		{"NULL at the end", [][]byte{version, id, name, utc, utc, entries, extensions, asn.Null}, 2, "after its times"},
		{"three times", [][]byte{version, id, name, utc, utc, utc, entries, extensions}, 0, "after its times"},
		{"three times of two types", [][]byte{version, id, name, utc, utc, general, entries, extensions}, 0, "after its times"},
		{"extensions before the entries", [][]byte{version, id, name, utc, utc, extensions, entries}, 0, "after its times"},
		{"entries twice", [][]byte{version, id, name, utc, utc, entries, entries, extensions}, 2, "after its times"},
		{"entries twice, once without any", [][]byte{version, id, name, utc, utc, asn.Seq(), entries, extensions}, 0, "its list of entries is empty"},
		{"extensions twice", [][]byte{version, id, name, utc, utc, entries, extensions, extensions}, 2, "after its times"},
		{"entries with the tag of primitives", [][]byte{version, id, name, utc, utc, primitive, extensions}, 0, "after its times"},
		{"entries in a SET", [][]byte{version, id, name, utc, utc, asn.TLV(0x31, entry), extensions}, 0, "after its times"},
		{"version 1 written out", [][]byte{{2, 1, 0}, id, name, utc, utc, entries, extensions}, 2, "its version is 1; want 2"},
		{"version 3", [][]byte{{2, 1, 2}, id, name, utc, utc, entries, extensions}, 2, "its version is encoded as 2; want 1"},
		{"no time", [][]byte{version, id, name, entries, extensions}, 2, "CertificateList"},
		{"an octet at the end", [][]byte{version, id, name, utc, utc, {0x30}}, 0, "CertificateList"},
		{"two lists of extensions in one", [][]byte{version, id, name, utc, utc, entries, asn.TLV(0xa0, asn.Seq(reason), asn.Seq(hidden))}, 2, "its extensions are malformed"},
		{"an extension that goes on", [][]byte{version, id, name, utc, utc, entries, asn.TLV(0xa0, asn.Seq(reason, hidden))}, 2, "its extensions are malformed"},
		{"NULL in an entry", [][]byte{version, id, name, utc, utc, asn.Seq(entry, asn.Seq(serial, utc, asn.Null, asn.Seq(reason)))}, 2, "its entry 2 is malformed"},
		{"NULL at the end of an entry", [][]byte{version, id, name, utc, utc, asn.Seq(asn.Seq(serial, utc, asn.Seq(reason), asn.Null))}, 1, "its entry 1 is malformed"},
		{"an entry with two times", [][]byte{version, id, name, utc, utc, asn.Seq(asn.Seq(serial, utc, utc))}, 1, "its entry 1 is malformed"},
		{"an entry without time", [][]byte{version, id, name, utc, utc, asn.Seq(asn.Seq(serial))}, 1, "its entry 1 is malformed"},
		{"no extensions in the extensions", with(), 2, "its extensions are malformed: want a SEQUENCE of extensions"},
		{"an unknown extension", with(number, unknown), 2, ""},
		{"an unknown extension twice", with(unknown, number, unknown), 2, "the extension 1.2.3 occurs twice"},
		{"two scopes", with(scope, scope), 2, "the extension 2.5.29.28 occurs twice"},
		{"64 extensions", with(many[:64]...), 2, ""},
		{"65 extensions", with(many...), 2, "more than 64 extensions"},
		{"number zero", with(asn.Extension(asn.OID("\x55\x1d\x14"), false, []byte{2, 1, 0})), 2, ""},
		{"a negative number", with(asn.Extension(asn.OID("\x55\x1d\x14"), false, []byte{2, 1, 0xff})), 2, "the extension 2.5.29.20 is not a number"},
		{"a number that is not minimal", with(asn.Extension(asn.OID("\x55\x1d\x14"), false, []byte{2, 2, 0, 7})), 2, "the extension 2.5.29.20 is not a number"},
		{"a number with something after it", with(asn.Extension(asn.OID("\x55\x1d\x14"), false, []byte{2, 1, 7, 5, 0})), 2, "the extension 2.5.29.20 is not a number"},
		{"a delta to a negative number", with(asn.Extension(asn.OID("\x55\x1d\x1b"), true, []byte{2, 1, 0xff})), 2, "the extension 2.5.29.27 is not a number"},
		{"an entry's reason twice", entryWith(reason, reason), 1, "its entry 1 is malformed: the extension 2.5.29.21 occurs twice"},
		{"an entry's unknown extension twice", entryWith(unknown, reason, unknown), 1, "its entry 1 is malformed: the extension 1.2.3 occurs twice"},
		{"an entry with 65 extensions", entryWith(many...), 1, "its entry 1 is malformed: there are more than 64 extensions"},
		{"no extensions in an entry's", entryWith(), 1, "its entry 1 is malformed: want a SEQUENCE of extensions"},
		{"reason 0", entryWith(because(10, 1, 0)), 1, ""},
		{"reason 6", entryWith(because(10, 1, 6)), 1, ""},
		{"reason 7", entryWith(because(10, 1, 7)), 1, "its entry 1 is malformed: the reasonCode is 7; want 0 to 6 or 8 to 10"},
		{"reason 8", entryWith(because(10, 1, 8)), 1, ""},
		{"reason 10", entryWith(because(10, 1, 10)), 1, ""},
		{"reason 11", entryWith(because(10, 1, 11)), 1, "the reasonCode is 11; want"},
		{"reason 105", entryWith(because(10, 1, 105)), 1, "the reasonCode is 105; want"},
		{"a negative reason", entryWith(because(10, 1, 0xff)), 1, "the reasonCode is 255; want"},
		{"a reason of two octets", entryWith(because(10, 2, 1, 1)), 1, "the reasonCode is not an ENUMERATED of one octet"},
		{"a reason that is an INTEGER", entryWith(because(2, 1, 1)), 1, "the reasonCode is not an ENUMERATED of one octet"},
		{"a reason with something after it", entryWith(because(10, 1, 1, 5, 0)), 1, "the reasonCode is not an ENUMERATED of one octet"},
		{"an entry's extension that goes on", [][]byte{version, id, name, utc, utc, asn.Seq(asn.Seq(serial, utc, asn.Seq(reason, hidden)))}, 1, "its entry 1 is malformed"},
	}
}

// A list holds only the fields of a TBSCertList in their order (RFC 5280, section
// 5.1), and crypto/x509 read all of them. crypto/x509 accepts most of the lists
// that are refused here, many of them as lists without entries.
func TestCRLFields(t *testing.T) {
	t.Parallel()
	for _, tt := range crlRows(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check := func(what string, err error) {
				t.Helper()
				if (err == nil) != (tt.mention == "") || err != nil && !strings.Contains(err.Error(), tt.mention) {
					t.Errorf("%s: error %v: want %q", what, err, tt.mention)
				}
			}
			der := tt.der()
			list, err := x509.ParseRevocationList(der)
			if err != nil { // another parser may read it
				check("CheckCRLFields", x509der.CheckCRLFields(&x509.RevocationList{Raw: der, RevokedCertificateEntries: make([]x509.RevocationListEntry, tt.entries)}))
				return
			}
			if got := len(list.RevokedCertificateEntries); got != tt.entries {
				t.Errorf("crypto/x509 reads %d entries: want %d", got, tt.entries)
			}
			check("CheckCRLFields", x509der.CheckCRLFields(list))
			list, err = x509der.ParseCRL(der)
			check("ParseCRL", err)
			if (list == nil) != (err != nil) {
				t.Errorf("ParseCRL returned the list %v and the error %v", list, err)
			}
		})
	}

	list := crlWith(t, x509der.CRLScope{}, nil)
	list.RevokedCertificateEntries = make([]x509.RevocationListEntry, 1)
	if err := x509der.CheckCRLFields(list); err == nil || !strings.Contains(err.Error(), "1 of its 0 entries were read") {
		t.Errorf("an entry that is not in the DER: error %v", err)
	}
	if err := x509der.CheckCRLFields(&x509.RevocationList{}); err == nil {
		t.Error("an empty list was accepted")
	}
}

// CheckCRLFields allocates nothing per entry.
func TestCheckCRLFieldsAllocations(t *testing.T) {
	list := writeCRL(t, new(x509der.CRL), slices.Repeat([]x509der.CRLEntry{{SerialNumber: []byte{5}, RevocationTime: crlInstant, Reason: 1}}, 1000)...)
	if got := testing.AllocsPerRun(10, func() {
		if err := x509der.CheckCRLFields(list); err != nil {
			t.Error(err)
		}
	}); got > 10 {
		t.Errorf("%v allocations", got)
	}
}

// withPoints is a certificate of an issuer with these distribution points.
func withPoints(issuer []byte, points ...[]byte) *x509.Certificate {
	cert := &x509.Certificate{RawIssuer: issuer}
	if points != nil {
		cert.Extensions = []pkix.Extension{{Id: stdasn1.ObjectIdentifier{2, 5, 29, 31}, Value: asn.Seq(points...)}}
	}
	return cert
}

func uri(address string) []byte       { return asn.TLV(0x86, []byte(address)) }
func directory(name []byte) []byte    { return asn.Explicit(4, name) }
func fullName(names ...[]byte) []byte { return asn.Explicit(0, asn.Explicit(0, names...)) }
func relative(pairs ...[]byte) []byte { return asn.Explicit(0, asn.Explicit(1, pairs...)) }
func signedBy(names ...[]byte) []byte { return asn.Explicit(2, names...) }

func TestCRLScopeCovers(t *testing.T) {
	t.Parallel()
	const a, b = "http://a.cn/1.crl", "http://a.cn/2.crl"
	issuer := asn.Name(asn.UTF8(asn.OIDCommonName, "CA"))
	server := withPoints(issuer, asn.Seq(fullName(uri(b))))
	authority := withPoints(issuer, asn.Seq(fullName(uri(a))), asn.Seq(fullName(uri(b)), asn.TLV(0x81, []byte{6, 0x40})))
	authority.IsCA = true
	nowhere := withPoints(issuer)
	for _, tt := range []struct {
		name                       string
		scope                      x509der.CRLScope
		server, authority, nowhere bool
	}{
		{"all", x509der.CRLScope{}, true, true, true},
		{"user certificates", x509der.CRLScope{UserCerts: true}, true, false, true},
		{"CA certificates", x509der.CRLScope{CACerts: true}, false, true, false},
		{"a", x509der.CRLScope{Addresses: []string{a}}, false, true, false},
		{"b", x509der.CRLScope{Addresses: []string{b}}, true, true, false},
		{"a and b", x509der.CRLScope{Addresses: []string{a, b}}, true, true, false},
		{"user certificates of a", x509der.CRLScope{Addresses: []string{a}, UserCerts: true}, false, false, false},
		{"CA certificates of a", x509der.CRLScope{Addresses: []string{a}, CACerts: true}, false, true, false},
		{"the issuer's name", x509der.CRLScope{DirectoryNames: []x509der.ComparableName{x509der.Comparable(asn.Name(asn.Printable(asn.OIDCommonName, "ca")))}}, true, true, true},
		{"another name", x509der.CRLScope{DirectoryNames: []x509der.ComparableName{x509der.Comparable(asn.Name(asn.Printable(asn.OIDCommonName, "cb")))}}, false, false, false},
	} {
		got := []bool{tt.scope.Covers(server), tt.scope.Covers(authority), tt.scope.Covers(nowhere)}
		if diff := cmp.Diff([]bool{tt.server, tt.authority, tt.nowhere}, got); diff != "" {
			t.Errorf("%s: mismatch (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Distribution points of certificates against the points of a list: a URI, a
// directory name, and a name relative to the issuer.
func TestCRLScopeCoversPoints(t *testing.T) {
	t.Parallel()
	part := asn.Seq(asn.OIDUnit, asn.TLV(asn1.UTF8String, []byte("Part 1")))
	own, other := asn.UTF8(asn.OIDCommonName, "CA"), asn.Name(asn.UTF8(asn.OIDCommonName, "Other"))
	issuer := asn.Name(own)
	full := asn.Name(own, asn.Printable(asn.OIDUnit, "part 1"))
	lists := map[string][]byte{
		"address":   fullName(asn.TLV(0x82, []byte("a.cn")), uri("http://a.cn/1.crl")),
		"directory": fullName(directory(full)),
		"relative":  relative(part),
	}
	names := func(n int) []byte { return asn.Seq(fullName(slices.Repeat([][]byte{uri("http://a.cn/1.crl")}, n)...)) }
	for _, tt := range []struct {
		name   string
		points [][]byte
		want   string // names of lists that cover the certificate
	}{
		{"none", nil, ""},
		{"an address", [][]byte{asn.Seq(fullName(uri("http://a.cn/1.crl")))}, "address"},
		{"an address after a directory name", [][]byte{asn.Seq(fullName(directory(other), uri("http://a.cn/1.crl")))}, "address"},
		{"another address", [][]byte{asn.Seq(fullName(uri("http://a.cn/2.crl")))}, ""},
		{"a directory name", [][]byte{asn.Seq(fullName(directory(full)))}, "directory relative"},
		{"another directory name", [][]byte{asn.Seq(fullName(directory(other)))}, ""},
		{"a relative name", [][]byte{asn.Seq(relative(part))}, "directory relative"},
		{"all, in several points", [][]byte{asn.Seq(relative(part)), asn.Seq(fullName(uri("http://a.cn/1.crl")))}, "address directory relative"},
		{"of an indirect CRL", [][]byte{asn.Seq(fullName(uri("http://a.cn/1.crl"), directory(full)), signedBy(directory(other)))}, ""},
		{"the CA itself as issuer of the CRL", [][]byte{asn.Seq(fullName(uri("http://a.cn/1.crl")), signedBy(directory(other), directory(issuer)))}, "address"},
		{"only an issuer of the CRL", [][]byte{asn.Seq(signedBy(directory(issuer)))}, ""},
		{"100 names", [][]byte{names(100)}, "address"},
		{"101 names", [][]byte{names(101)}, ""},
		{"101 names in two points", [][]byte{names(100), names(1)}, ""},
		{"101 issuers of a CRL", [][]byte{names(1), asn.Seq(fullName(uri("http://a.cn/2.crl")), signedBy(slices.Repeat([][]byte{directory(issuer)}, 101)...))}, ""},
		{"something that is not a point", [][]byte{names(1), asn.Null}, ""},
		{"a point with more fields", [][]byte{append(names(1), asn.Seq(fullName(uri("http://a.cn/2.crl")), asn.Null)...)}, ""},
	} {
		cert := withPoints(issuer, tt.points...)
		var got []string
		for name, point := range lists {
			list := &x509.RevocationList{RawIssuer: issuer, Extensions: []pkix.Extension{{Id: stdasn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: asn.Seq(point)}}}
			scope, err := x509der.ScopeOf(list)
			if err != nil {
				t.Fatal(err)
			}
			if scope.Covers(cert) {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: mismatch (-want +got):\n%s", tt.name, diff)
		}
	}
}

// However many names are compared, a long name is brought into its comparable form once:
// the memory for that does not grow with the number of names.
func TestLongNamesAreComparedOnce(t *testing.T) { // not in parallel: it counts the octets of all goroutines
	long := asn.Name(asn.UTF8(asn.OIDCommonName, strings.Repeat("é", 1<<15)))
	small := directory(asn.Name(asn.UTF8(asn.OIDCommonName, "x")))
	address := x509der.CRLScope{Addresses: []string{"http://a.cn/1.crl"}}
	for name, call := range map[string]func(n int){
		"points with an issuer of CRLs": func(n int) {
			address.Covers(withPoints(long, slices.Repeat([][]byte{asn.Seq(signedBy(small))}, n)...))
		},
		"names of a list": func(n int) {
			scope := x509der.CRLScope{DirectoryNames: slices.Repeat([]x509der.ComparableName{"x"}, n)}
			scope.Covers(withPoints(long, asn.Seq(fullName(small))))
		},
		"SameAs": func(n int) {
			same := x509der.SameAs(long)
			for range n {
				same([]byte("another name"))
			}
		},
	} {
		octets := func(n int) uint64 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			call(n)
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		if few, many := octets(10), octets(100); many > 2*few {
			t.Errorf("%s: %d octets for 10, %d for 100", name, few, many)
		}
	}
}

// A malformed extension is not the same as none.
func TestCRLScopeCoversMalformedPoints(t *testing.T) {
	t.Parallel()
	issuer := asn.Name(asn.UTF8(asn.OIDCommonName, "CA"))
	cert := withPoints(issuer, asn.Seq(fullName(directory(issuer))))
	scope := x509der.CRLScope{DirectoryNames: []x509der.ComparableName{x509der.Comparable(issuer)}}
	if !scope.Covers(cert) {
		t.Error("a list for the CA's name does not cover the certificate")
	}
	for _, value := range [][]byte{asn.Null, append(cert.Extensions[0].Value, 0)} {
		cert.Extensions[0].Value = value
		if scope.Covers(cert) {
			t.Errorf("a certificate with the points %x is covered", value)
		}
	}
}

func TestScopeOfRefuses(t *testing.T) {
	t.Parallel()
	point := func(fields ...[]byte) []pkix.Extension {
		return []pkix.Extension{{Id: stdasn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: asn.Seq(fields...)}}
	}
	for _, tt := range []struct {
		mention    string
		extensions []pkix.Extension
	}{
		{"critical extension 2.5.29.35", []pkix.Extension{{Id: stdasn1.ObjectIdentifier{2, 5, 29, 35}, Critical: true, Value: asn.Seq()}}},
		{"two issuingDistributionPoints", append(point(), point()...)},
		{"more than 100 names", point(fullName(slices.Repeat([][]byte{uri("http://a.cn/")}, 101)...))},
		{"neither a URI nor a directory name", point(fullName(asn.TLV(0x82, []byte("a.cn"))))},
		{"point is malformed", point(relative(asn.Seq()))},
		{"point is malformed", point(relative())},
		{"point is malformed", point(fullName())},
		{"point is malformed", point(asn.Explicit(0, asn.Explicit(2, uri("http://a.cn/"))))},
		{"issuingDistributionPoint is malformed", point(asn.TLV(0x83, []byte{0}))},
		{"issuingDistributionPoint is malformed", point(asn.TLV(0x83, []byte{6, 0}))},
		{"issuingDistributionPoint is malformed", point(asn.TLV(0x83, []byte{8, 0x40}))},
		{"issuingDistributionPoint is malformed", point(asn.TLV(0x83, []byte{6, 0x41}))},
		{"issuingDistributionPoint is malformed", point(asn.TLV(0x83, []byte{0, 0x40, 0x80}))},
		{"issuingDistributionPoint is malformed", point(asn.TLV(0x83, []byte{7, 0x40, 0x80, 0x80}))},
	} {
		_, err := x509der.ScopeOf(&x509.RevocationList{Extensions: tt.extensions})
		checkSays(t, err, tt.mention)
	}
}

// The reasons for which a list shows that a certificate is not revoked.
func TestCRLScopeReasons(t *testing.T) {
	t.Parallel()
	delta := pkix.Extension{Id: stdasn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}
	some := func(flags ...byte) pkix.Extension {
		return pkix.Extension{Id: stdasn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: asn.Seq(asn.TLV(0x83, flags))}
	}
	for _, tt := range []struct {
		name       string
		extensions []pkix.Extension
		want       x509der.ReasonFlags
		mention    string // of CheckComplete; empty: complete
	}{
		{"complete", nil, 0x1fe, ""},
		{"delta", []pkix.Extension{delta}, 0, "delta CRL"},
		{"key compromise", []pkix.Extension{some(6, 0x40)}, 1 << 1, "some reasons"},
		{"key compromise, a delta", []pkix.Extension{some(6, 0x40), delta}, 0, "delta CRL"},
		{"the last reason", []pkix.Extension{some(7, 0, 0x80)}, 1 << 8, "some reasons"},
		{"privilege withdrawn, and the unused bit", []pkix.Extension{some(0, 0x81)}, 1<<0 | 1<<7, "some reasons"},
		{"each reason by name", []pkix.Extension{some(7, 0x7f, 0x80)}, 0x1fe, "some reasons"},
	} {
		scope, err := x509der.ScopeOf(&x509.RevocationList{Extensions: tt.extensions})
		if err != nil {
			t.Fatal(err)
		}
		if got := scope.Reasons(); got != tt.want {
			t.Errorf("%s: reasons %#x, want %#x", tt.name, got, tt.want)
		}
		err = scope.CheckComplete()
		if (err == nil) != (tt.mention == "") || err != nil && !strings.Contains(err.Error(), tt.mention) {
			t.Errorf("%s: CheckComplete: %v, want %q", tt.name, err, tt.mention)
		}
	}
}

// A DER header gets longer as the list gets longer. The room that CRLWriter
// leaves is enough for all of them.
func TestCRLLengths(t *testing.T) {
	t.Parallel()
	signer, err := x509der.NewSigner(testkeys.Key(algorithm.ECC_256, 0))
	if err != nil {
		t.Fatal(err)
	}
	issuer := crlIssuer(t, 0, func(*x509.Certificate) {})
	for n := range 30 {
		w, err := x509der.NewCRLWriter(signer, &x509der.CRL{Issuer: issuer.RawSubject, ThisUpdate: crlInstant, NextUpdate: crlInstant.Add(time.Hour), Number: big.NewInt(1)})
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			w.Add(x509der.CRLEntry{SerialNumber: []byte{byte(i + 1)}, RevocationTime: crlInstant})
		}
		der, err := w.Sign(nil)
		if err != nil {
			t.Fatal(err)
		}
		list, err := x509der.ParseCRL(der)
		if err != nil {
			t.Fatal(err)
		}
		if len(list.RevokedCertificateEntries) != n {
			t.Errorf("%d entries: want %d", len(list.RevokedCertificateEntries), n)
		}
	}
	late := crlInstant.AddDate(8000, 0, 0)
	if _, err := x509der.NewCRLWriter(signer, &x509der.CRL{Issuer: issuer.RawSubject, ThisUpdate: crlInstant, NextUpdate: late}); err == nil {
		t.Error("a year of five digits was accepted")
	}
}

func FuzzParseCRL(f *testing.F) {
	for _, row := range crlRows(f) {
		f.Add(row.der())
	}
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, der []byte) {
		before := bytes.Clone(der)
		list, err := x509der.ParseCRL(der)
		if !bytes.Equal(der, before) {
			t.Error("the input was changed")
		}
		if (list == nil) != (err != nil) {
			t.Fatalf("the list %v with the error %v", list, err)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(list.Raw, der) {
			t.Error("the list is not the whole input")
		}
		if got, want := len(list.RevokedCertificateEntries), countEntries(t, der); got != want {
			t.Errorf("%d entries were read: the list has %d", got, want)
		}
	})
}

// countEntries counts the entries of a CRL of version 2.
func countEntries(t *testing.T, der []byte) (n int) {
	t.Helper()
	list := cryptobyte.String(der)
	var tbs, entries cryptobyte.String
	var present bool
	if !list.ReadASN1(&list, asn1.SEQUENCE) || !list.ReadASN1(&tbs, asn1.SEQUENCE) ||
		!tbs.SkipASN1(asn1.INTEGER) || !tbs.SkipASN1(asn1.SEQUENCE) || !tbs.SkipASN1(asn1.SEQUENCE) {
		t.Fatal("the beginning of the list cannot be read")
	}
	for tbs.PeekASN1Tag(asn1.UTCTime) || tbs.PeekASN1Tag(asn1.GeneralizedTime) {
		var tag asn1.Tag
		var when cryptobyte.String
		tbs.ReadAnyASN1(&when, &tag)
	}
	if !tbs.ReadOptionalASN1(&entries, &present, asn1.SEQUENCE) {
		t.Fatal("the entries of the list cannot be read")
	}
	for ; !entries.Empty(); n++ {
		if !entries.SkipASN1(asn1.SEQUENCE) {
			t.Fatal("an entry of the list cannot be read")
		}
	}
	return n
}
