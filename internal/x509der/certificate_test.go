package x509der_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// DER, written without the code under test.

func certSigner(t testing.TB, a algorithm.Algorithm, i int) *x509der.Signer {
	t.Helper()
	s, err := x509der.NewSigner(testkeys.Key(a, i))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const crlAddress = "http://crl.example.com/ca.crl"

// certTemplate is a server certificate with everything, for the key 2, below a
// root of the key 0.
func certTemplate(t testing.TB, a algorithm.Algorithm) *x509der.Template {
	return &x509der.Template{
		SerialNumber: []byte{0x7f, 2, 3},
		Issuer:       asn.Seq(asn.TLV(asn1.SET, asn.Seq(asn.OID("\x55\x04\x03"), asn.TLV(asn1.UTF8String, []byte("根"))))),
		NotBefore:    time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		NotAfter:     time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC),
		Subject: x509der.Name{
			x509der.Text(x509der.Country, "CN"), x509der.Text(x509der.CommonName, "www.example.com"),
		},
		PublicKey: certSigner(t, a, 2).PublicDER, PathLen: -1,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []string{"\x2b\x06\x01\x05\x05\x07\x03\x01", "\x2a\x03"},
		AuthorityKeyID: x509der.AuthorityKeyID([]byte("authority")), Names: []string{"www.example.com", "192.0.2.1", "2001:db8::1"},
		CRLPoints: x509der.CRLPoints(crlAddress),
	}
}

func certMarshal(t testing.TB, a algorithm.Algorithm, template *x509der.Template) []byte {
	t.Helper()
	der, err := x509der.MarshalCertificate(nil, certSigner(t, a, 0), template)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

var certAlgorithms = []algorithm.Algorithm{
	algorithm.RSA_2048, algorithm.RSA_4096, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512, algorithm.SM2_256,
}

// Another implementation reads what is written, and ParseCertificate reads the
// same: crypto/x509 for RSA and ECC, gmsm's smx509 for SM2.
func TestParseCertificate(t *testing.T) {
	t.Parallel()
	for _, a := range certAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			template := certTemplate(t, a)
			der := certMarshal(t, a, template)
			before := bytes.Clone(der)
			got, err := x509der.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(der, before) {
				t.Error("the input was changed")
			}
			var want *x509.Certificate
			if a == algorithm.SM2_256 {
				other, err := smx509.ParseCertificate(der)
				if err != nil {
					t.Fatal(err)
				}
				want = new(x509.Certificate)
				for field, value := range reflect.ValueOf(other).Elem().Fields() {
					to := reflect.ValueOf(want).Elem().FieldByName(field.Name)
					if to.IsValid() && value.Type().ConvertibleTo(to.Type()) {
						to.Set(value.Convert(to.Type()))
					}
				}
			} else if want, err = x509.ParseCertificate(der); err != nil {
				t.Fatal(err)
			}
			sameKey := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".PublicKey" },
				cmp.Comparer(func(x, y any) bool { return testutil.EqualKeys(x, y) }))
			// smx509 and crypto/x509 number SM2's algorithms each in their way.
			ignore := cmpopts.IgnoreFields(x509.Certificate{}, "SignatureAlgorithm", "PublicKeyAlgorithm")
			if diff := cmp.Diff(want, got, sameKey, ignore, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(x509.OID{}),
				cmp.Comparer(func(x, y *big.Int) bool { return x.Cmp(y) == 0 })); diff != "" {
				t.Errorf("mismatch (-other +ours):\n%s", diff)
			}

			if got.SerialNumber.Int64() != 0x7f0203 || got.Version != 3 || !got.NotBefore.Equal(template.NotBefore) || !got.NotAfter.Equal(template.NotAfter) {
				t.Errorf("serial number %x, version %d, from %v to %v", got.SerialNumber, got.Version, got.NotBefore, got.NotAfter)
			}
			if !bytes.Equal(got.RawSubjectPublicKeyInfo, template.PublicKey) || !bytes.Equal(got.RawIssuer, template.Issuer) || !bytes.Equal(got.Raw, der) {
				t.Error("key, issuer or the whole are not those written")
			}
			if got.IsCA || !got.BasicConstraintsValid || got.KeyUsage != template.KeyUsage || len(got.ExtKeyUsage) != 1 || len(got.UnknownExtKeyUsage) != 1 {
				t.Errorf("CA %t, key usage %b, extended %v %v", got.IsCA, got.KeyUsage, got.ExtKeyUsage, got.UnknownExtKeyUsage)
			}
			if !slices.Equal(got.DNSNames, []string{"www.example.com"}) || len(got.IPAddresses) != 2 || !got.IPAddresses[0].Equal(net.IPv4(192, 0, 2, 1)) {
				t.Errorf("names %v %v", got.DNSNames, got.IPAddresses)
			}
			if !slices.Equal(got.CRLDistributionPoints, []string{crlAddress}) || string(got.AuthorityKeyId) != "authority" {
				t.Errorf("CRL %v, authority %q", got.CRLDistributionPoints, got.AuthorityKeyId)
			}
			root := &x509.Certificate{PublicKey: testkeys.Key(a, 0).Public()}
			if err := x509der.CheckSignature(got, root); err != nil {
				t.Error(err)
			}
			for _, other := range []crypto.PublicKey{testkeys.Key(a, 1).Public(), testkeys.Key(algorithm.RSA_3072, 0).Public(), testkeys.Key(algorithm.ECC_256, 1).Public(), nil} {
				if x509der.CheckSignature(got, &x509.Certificate{PublicKey: other}) == nil {
					t.Errorf("the signature verifies under a %T that did not make it", other)
				}
			}
		})
	}
}

// SM2 certificates of other tools: their encodings of key and signature
// algorithm.
func TestParseSM2CertificateEncodings(t *testing.T) {
	t.Parallel()
	const a = algorithm.SM2_256
	usual := certTemplate(t, a)
	point := usual.PublicKey[len(usual.PublicKey)-65:]
	keyIDs := map[string][]byte{
		"id-ecPublicKey and the curve": asn.Seq(asn.OIDECPublicKey, asn.OIDSM2),
		"the curve twice":              asn.Seq(asn.OIDSM2, asn.OIDSM2),
		"the curve and NULL":           asn.Seq(asn.OIDSM2, asn.Null),
		"only the curve":               asn.Seq(asn.OIDSM2),
	}
	for what, id := range keyIDs {
		for signatureWhat, signatureID := range map[string][]byte{"absent": asn.Seq(asn.OIDSM2WithSM3), "NULL": asn.Seq(asn.OIDSM2WithSM3, asn.Null)} {
			for _, userID := range []string{sm2.UserID, ""} {
				t.Run(fmt.Sprintf("%s, parameters %s, user ID %q", what, signatureWhat, userID), func(t *testing.T) {
					t.Parallel()
					key := asn.Seq(id, asn.Bits(point))
					der := certSign(t, userID, certTBS(signatureID, key), signatureID)
					cert, err := x509der.ParseCertificate(der)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(cert.Raw, der) || !bytes.Equal(cert.RawSubjectPublicKeyInfo, key) || !bytes.Equal(cert.RawTBSCertificate, certTBS(signatureID, key)) {
						t.Error("a raw part is not the original's")
					}
					if public, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || !public.Equal(testkeys.Key(a, 2).Public()) {
						t.Errorf("the key is %v", cert.PublicKey)
					}
					err = x509der.CheckSignature(cert, &x509.Certificate{PublicKey: testkeys.Key(a, 0).Public()})
					if accepted := err == nil; accepted != (userID == sm2.UserID) {
						t.Errorf("CheckSignature: %v", err)
					}
				})
			}
		}
	}
}

// certTBS is a version 3 certificate's content without extensions but one.
func certTBS(signatureID, key []byte, extensions ...[]byte) []byte {
	if extensions == nil {
		extensions = [][]byte{asn.Seq(asn.OID("\x55\x1d\x13"), []byte{1, 1, 0xff}, asn.TLV(asn1.OCTET_STRING, asn.Seq([]byte{1, 1, 0xff})))}
	}
	return certFields([]byte{0xa0, 3, 2, 1, 2}, signatureID, key, asn.TLV(0xa3, asn.Seq(extensions...)))
}

// certFields is a certificate's content with that version, and with rest after
// the key.
func certFields(version, signatureID, key []byte, rest ...[]byte) []byte {
	name := asn.Seq(asn.TLV(asn1.SET, asn.Seq(asn.OID("\x55\x04\x03"), asn.TLV(asn1.UTF8String, []byte("CA")))))
	return asn.Seq(version, []byte{2, 1, 5}, signatureID, name,
		asn.Seq(asn.TLV(asn1.UTCTime, []byte("260304050607Z")), asn.TLV(asn1.UTCTime, []byte("360304050607Z"))),
		name, key, slices.Concat(rest...))
}

// certSign signs with the SM2 key 0.
func certSign(t testing.TB, userID string, tbs, signatureID []byte) []byte {
	t.Helper()
	key := testkeys.Key(algorithm.SM2_256, 0)
	digest, err := sm2.Digest(key.Public().(*ecdsa.PublicKey), userID, tbs)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := key.Sign(nil, digest, nil)
	if err != nil {
		t.Fatal(err)
	}
	return asn.Seq(tbs, signatureID, asn.Bits(signature))
}

// refusedCertificates are what ParseCertificate refuses, most of them one change
// away from the certificate good. FuzzParseCertificate starts from them too.
func refusedCertificates(t testing.TB) (rows map[string][]byte, good []byte) {
	id := asn.Seq(asn.OIDSM2WithSM3)
	key := certSigner(t, algorithm.SM2_256, 2).PublicDER
	good = certSign(t, sm2.UserID, certTBS(id, key), id)
	if _, err := x509der.ParseCertificate(good); err != nil {
		t.Fatalf("the certificate that the rows change: %v", err)
	}
	p224, err := x509.MarshalPKIXPublicKey(testP224.Public())
	if err != nil {
		t.Fatal(err)
	}
	ed, err := x509.MarshalPKIXPublicKey(ed25519.NewKeyFromSeed(make([]byte, 32)).Public())
	if err != nil {
		t.Fatal(err)
	}
	off := bytes.Clone(key)
	off[len(off)-1] ^= 1
	compressed := asn.Seq(asn.Seq(asn.OIDECPublicKey, asn.OIDSM2), asn.Bits(append([]byte{2}, key[len(key)-64:len(key)-32]...)))
	wrap := func(tbs []byte, outer []byte) []byte { return asn.Seq(tbs, outer, asn.Bits([]byte("signature"))) }
	extension := asn.Seq(asn.OID("\x55\x1d\x0e"), asn.TLV(asn1.OCTET_STRING, asn.TLV(asn1.OCTET_STRING, []byte("key"))))
	return map[string][]byte{
		"nothing":                        nil,
		"text":                           []byte("certificate"),
		"an empty SEQUENCE":              asn.Seq(),
		"an octet at the end":            append(bytes.Clone(good), 0),
		"an octet short":                 good[:len(good)-1],
		"an element after the signature": asn.Seq(certTBS(id, key), id, asn.Bits([]byte("signature")), asn.Null),
		"no signature":                   asn.Seq(certTBS(id, key), id),
		"a signature of 7 bits":          asn.Seq(certTBS(id, key), id, asn.TLV(asn1.BIT_STRING, []byte{1, 2})),
		"an indefinite length":           append(append([]byte{0x30, 0x80}, good[4:]...), 0, 0),
		"a length that is not minimal":   append([]byte{0x30, 0x83, 0, good[2], good[3]}, good[4:]...),
		"an empty TBSCertificate":        wrap(asn.Seq(), id),
		"two signature algorithms":       wrap(certTBS(asn.Seq(asn.OIDSM2WithSM3, asn.Null), key), id),
		"an extension twice":             wrap(certTBS(id, key, extension, extension), id),
		"a malformed basicConstraints":   wrap(certTBS(id, key, asn.Seq(asn.OID("\x55\x1d\x13"), asn.TLV(asn1.OCTET_STRING, []byte{1}))), id),
		"a key that is not a SEQUENCE":   wrap(certTBS(id, asn.Null), id),
		"an empty key":                   wrap(certTBS(id, asn.Seq()), id),
		"a point off the curve":          wrap(certTBS(id, off), id),
		"a compressed point":             wrap(certTBS(id, compressed), id),
		"a key on P-224":                 wrap(certTBS(id, p224), id),
		"an Ed25519 key":                 wrap(certTBS(id, ed), id),
		"an unknown curve":               wrap(certTBS(id, asn.Seq(asn.Seq(asn.OIDECPublicKey, asn.OID("\x2a\x03")), asn.Bits(key[len(key)-65:]))), id),
		"a negative serial number":       bytes.Replace(good, []byte{2, 1, 5}, []byte{2, 1, 0xfb}, 1),
		"version 4":                      bytes.Replace(good, []byte{0xa0, 3, 2, 1, 2}, []byte{0xa0, 3, 2, 1, 3}, 1),
		"the month 13":                   bytes.Replace(good, []byte("260304050607Z"), []byte("261304050607Z"), 1),
		"a time zone":                    bytes.Replace(good, []byte("260304050607Z"), []byte("260304050607+"), 1),
		"a CSR":                          certCSR(t),
	}, good
}

func TestParseCertificateRefuses(t *testing.T) {
	t.Parallel()
	tests, good := refusedCertificates(t)
	for what, der := range tests {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if bytes.Equal(der, good) {
				t.Fatal("the row changes nothing")
			}
			before := bytes.Clone(der)
			cert, err := x509der.ParseCertificate(der)
			if err == nil || cert != nil {
				t.Errorf("got %v, %v", cert, err)
			}
			if !bytes.Equal(der, before) {
				t.Error("the input was changed")
			}
		})
	}
}

// An afterKey is one row of afterKeys.
type afterKey struct {
	name       string
	version    []byte
	rest       [][]byte
	extensions int
	mention    string // empty: it is read, with so many extensions
}

// der is a certificate for the key 2 of an algorithm, with a signature that
// nobody checks.
func (r afterKey) der(t testing.TB, a algorithm.Algorithm) []byte {
	id := asn.SignatureID(a.Family())
	tbs := certFields(r.version, id, certSigner(t, a, 2).PublicDER, r.rest...)
	return asn.Seq(tbs, id, asn.Bits([]byte("signature")))
}

// afterKeys are elements after the public key of a certificate.
// FuzzParseCertificate starts from them too.
func afterKeys() []afterKey {
	v1, v2, v3 := []byte(nil), []byte{0xa0, 3, 2, 1, 1}, []byte{0xa0, 3, 2, 1, 2}
	issuerID, subjectID := asn.TLV(0x81, []byte{0, 1}), asn.TLV(0x82, []byte{0, 2})
	unknown := asn.Seq(asn.OID("\x2a\x03"), []byte{1, 1, 0xff}, asn.TLV(asn1.OCTET_STRING, asn.Null))
	extensions := asn.TLV(0xa3, asn.Seq(unknown))
	return []afterKey{
		{"version 1", v1, nil, 0, ""},
		{"version 1, written out", []byte{0xa0, 3, 2, 1, 0}, nil, 0, ""},
		{"version 2", v2, nil, 0, ""},
		{"version 2 with unique identifiers", v2, [][]byte{issuerID, subjectID}, 0, ""},
		{"version 3", v3, nil, 0, ""},
		{"version 3 with extensions", v3, [][]byte{extensions}, 1, ""},
		{"version 3 with everything", v3, [][]byte{issuerID, subjectID, extensions}, 1, ""},
		{"version 3 with a subject's identifier", v3, [][]byte{subjectID, extensions}, 1, ""},

		{"extensions in version 1", v1, [][]byte{extensions}, 0, "a certificate of version 1 cannot have"},
		{"extensions in version 2", v2, [][]byte{extensions}, 0, "a certificate of version 2 cannot have"},
		{"extensions after identifiers in version 2", v2, [][]byte{issuerID, subjectID, extensions}, 0, "a certificate of version 2 cannot have"},
		{"an issuer's identifier in version 1", v1, [][]byte{issuerID}, 0, "has a unique identifier"},
		{"a subject's identifier in version 1", v1, [][]byte{subjectID}, 0, "has a unique identifier"},
		{"NULL in version 1", v1, [][]byte{asn.Null}, 0, "after its public key"},
		{"NULL before extensions", v3, [][]byte{asn.Null, extensions}, 0, "after its public key"},
		{"NULL after extensions", v3, [][]byte{extensions, asn.Null}, 0, "after its public key"},
		{"extensions twice", v3, [][]byte{extensions, extensions}, 0, "after its public key"},
		{"identifiers in disorder", v3, [][]byte{subjectID, issuerID, extensions}, 0, "after its public key"},
		{"an identifier after extensions", v3, [][]byte{extensions, subjectID}, 0, "after its public key"},
		{"an identifier that is constructed", v3, [][]byte{asn.TLV(0xa1, asn.Bits(nil)), extensions}, 0, "after its public key"},
		{"extensions that are not tagged", v3, [][]byte{asn.Seq(unknown)}, 0, "after its public key"},
		{"extensions with the tag of primitives", v3, [][]byte{asn.TLV(0x83, asn.Seq(unknown))}, 0, "after its public key"},
		{"an octet of a header", v3, [][]byte{{0xa3}}, 0, "malformed"},
		{"an identifier longer than the rest", v3, [][]byte{{0x81, 9}}, 0, "not a DER certificate"},
		{"two lists of extensions in one", v3, [][]byte{asn.TLV(0xa3, asn.Seq(), asn.Seq(unknown))}, 0, "its extensions are malformed"},
		{"no list of extensions", v3, [][]byte{asn.TLV(0xa3)}, 0, "its extensions are malformed"},
		{"an extension that goes on", v3, [][]byte{asn.TLV(0xa3, asn.Seq(asn.Seq(asn.OID("\x2a\x03"), asn.TLV(asn1.OCTET_STRING, asn.Null), []byte{1, 1, 0xff})))}, 0, "its extensions are malformed"},
	}
}

// What may stand after the key depends on the version (RFC 5280, section
// 4.1.2), and nothing else may. What stands there and is not read might be a
// critical extension.
func TestParseCertificateAfterKey(t *testing.T) {
	t.Parallel()
	for _, tt := range afterKeys() {
		for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.SM2_256} {
			t.Run(fmt.Sprintf("%s, %s", tt.name, a), func(t *testing.T) {
				t.Parallel()
				cert, err := x509der.ParseCertificate(tt.der(t, a))
				if tt.mention != "" {
					if err == nil || cert != nil || !strings.Contains(err.Error(), tt.mention) {
						t.Errorf("got %v, %v: want an error that mentions %q", cert, err, tt.mention)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if len(cert.Extensions) != tt.extensions || len(cert.UnhandledCriticalExtensions) != tt.extensions {
					t.Errorf("extensions %v, %v of them critical and unknown: want %d", cert.Extensions, cert.UnhandledCriticalExtensions, tt.extensions)
				}
			})
		}
	}
}

var testP224 = func() *ecdsa.PrivateKey {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P224(), bytes.Repeat([]byte{1}, 28))
	if err != nil {
		panic(err)
	}
	return key
}()

func certCSR(t testing.TB) []byte {
	t.Helper()
	der, err := x509der.MarshalRequest(nil, certSigner(t, algorithm.SM2_256, 2), x509der.Name{x509der.Text(x509der.CommonName, "a")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestCheckSignatureOfNoCertificate(t *testing.T) {
	t.Parallel()
	root := &x509.Certificate{PublicKey: testkeys.Key(algorithm.SM2_256, 0).Public()}
	for _, raw := range [][]byte{nil, {0x30, 0}, []byte("text")} {
		if x509der.CheckSignature(&x509.Certificate{Raw: raw}, root) == nil {
			t.Errorf("%x is signed", raw)
		}
	}
}

// RFC 5280, section 4.2.1.6: the alternative names are critical if and only if
// the subject is empty.
func TestMarshalCertificateEmptySubject(t *testing.T) {
	t.Parallel()
	for _, empty := range []bool{false, true} {
		template := certTemplate(t, algorithm.ECC_256)
		if empty {
			template.Subject = nil
		}
		cert, err := x509.ParseCertificate(certMarshal(t, algorithm.ECC_256, template))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, e := range cert.Extensions {
			if e.Id.Equal([]int{2, 5, 29, 17}) {
				found = true
				if e.Critical != empty {
					t.Errorf("subject empty: %t, subjectAltName critical: %t", empty, e.Critical)
				}
			}
		}
		if !found || empty != bytes.Equal(cert.RawSubject, asn.Seq()) {
			t.Errorf("subject %x, extensions %v", cert.RawSubject, cert.Extensions)
		}
	}
}

// A template without the optional parts has three extensions, and is its own
// issuer.
func TestMarshalCertificateMinimal(t *testing.T) {
	t.Parallel()
	template := &x509der.Template{
		SerialNumber: []byte{1}, NotBefore: time.Date(1949, 12, 31, 23, 59, 59, 0, time.UTC), NotAfter: time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC),
		Subject: x509der.Name{x509der.Text(x509der.CommonName, "Root")}, PublicKey: certSigner(t, algorithm.ECC_256, 0).PublicDER,
		CA: true, PathLen: 300, KeyUsage: x509.KeyUsageCertSign,
	}
	der := certMarshal(t, algorithm.ECC_256, template)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if len(cert.Extensions) != 3 || cert.MaxPathLen != 300 || !bytes.Equal(cert.RawIssuer, cert.RawSubject) {
		t.Errorf("%d extensions, path length %d, issuer %v", len(cert.Extensions), cert.MaxPathLen, cert.Issuer)
	}
	if err := cert.CheckSignatureFrom(cert); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"\x18\x0f19491231235959Z", "\x17\x0d491231235959Z"} {
		if !bytes.Contains(der, []byte(text)) {
			t.Errorf("the certificate does not hold the time %q", text)
		}
	}
}

// X.690, section 11.2.2: a named bit list ends in a one bit.
func TestMarshalCertificateKeyUsage(t *testing.T) {
	t.Parallel()
	for usage, want := range map[x509.KeyUsage][]byte{
		x509.KeyUsageDigitalSignature:                                {3, 2, 7, 0x80},
		x509.KeyUsageContentCommitment:                               {3, 2, 6, 0x40},
		x509.KeyUsageKeyEncipherment:                                 {3, 2, 5, 0x20},
		x509.KeyUsageDataEncipherment:                                {3, 2, 4, 0x10},
		x509.KeyUsageKeyAgreement:                                    {3, 2, 3, 0x08},
		x509.KeyUsageCertSign:                                        {3, 2, 2, 0x04},
		x509.KeyUsageCRLSign:                                         {3, 2, 1, 0x02},
		x509.KeyUsageEncipherOnly:                                    {3, 2, 0, 0x01},
		x509.KeyUsageDecipherOnly:                                    {3, 3, 7, 0x00, 0x80},
		x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment: {3, 2, 5, 0xa0},
		x509.KeyUsageCertSign | x509.KeyUsageCRLSign:                 {3, 2, 1, 0x06},
		1<<9 - 1: {3, 3, 7, 0xff, 0x80},
	} {
		template := certTemplate(t, algorithm.ECC_256)
		template.KeyUsage = usage
		cert, err := x509.ParseCertificate(certMarshal(t, algorithm.ECC_256, template))
		if err != nil {
			t.Fatal(err)
		}
		if e := cert.Extensions[1]; cert.KeyUsage != usage || !e.Critical || !bytes.Equal(e.Value, want) {
			t.Errorf("key usage %09b: read as %09b, extension %x, want %x", usage, cert.KeyUsage, e.Value, want)
		}
	}
}

// A time that has no four digits for its year is an error, and no wrong time.
func TestMarshalCertificateRefusesTime(t *testing.T) {
	t.Parallel()
	for _, year := range []int{-1, 10000} {
		template := certTemplate(t, algorithm.ECC_256)
		template.NotAfter = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		if der, err := x509der.MarshalCertificate(nil, certSigner(t, algorithm.ECC_256, 0), template); err == nil || der != nil {
			t.Errorf("the year %d: %x, %v", year, der, err)
		}
	}
}

// RFC 7093, section 2, method 1.
func TestSubjectKeyID(t *testing.T) {
	t.Parallel()
	for _, a := range certAlgorithms {
		public := certSigner(t, a, 2).PublicDER
		info := cryptobyte.String(public)
		var bits []byte
		if !info.ReadASN1(&info, asn1.SEQUENCE) || !info.SkipASN1(asn1.SEQUENCE) || !info.ReadASN1BitStringAsBytes(&bits) {
			t.Fatal("not a SubjectPublicKeyInfo")
		}
		want := sha256.Sum256(bits)
		if got := x509der.SubjectKeyID(public); !bytes.Equal(got, want[:20]) {
			t.Errorf("%s: %x, want %x", a, got, want[:20])
		}
	}
	for _, der := range []string{"", "text", "\x30\x00", "\x30\x02\x30\x00", "\x30\x04\x30\x00\x05\x00"} {
		if got := x509der.SubjectKeyID([]byte(der)); got != nil {
			t.Errorf("%x: %x of no key", der, got)
		}
	}
}

func FuzzParseCertificate(f *testing.F) {
	for _, a := range certAlgorithms {
		f.Add(certMarshal(f, a, certTemplate(f, a)))
	}
	id := asn.Seq(asn.OIDSM2WithSM3, asn.Null)
	f.Add(certSign(f, "", certTBS(id, certSigner(f, algorithm.SM2_256, 2).PublicDER), id))
	f.Add(certSign(f, "", certFields(nil, id, certSigner(f, algorithm.SM2_256, 2).PublicDER), id))
	f.Add([]byte(strings.Repeat("\x30\x80", 50)))
	for _, row := range afterKeys() {
		f.Add(row.der(f, algorithm.ECC_256))
		f.Add(row.der(f, algorithm.SM2_256))
	}
	refused, _ := refusedCertificates(f)
	for _, der := range refused {
		f.Add(der)
	}
	for _, row := range pointRows() {
		f.Add(row.der(f, algorithm.ECC_256))
		f.Add(row.der(f, algorithm.SM2_256))
	}
	root := &x509.Certificate{PublicKey: testkeys.Key(algorithm.ECC_256, 1).Public()}
	f.Fuzz(func(t *testing.T, der []byte) {
		before := bytes.Clone(der)
		cert, err := x509der.ParseCertificate(der)
		if !bytes.Equal(der, before) {
			t.Error("the input was changed")
		}
		if err != nil {
			return
		}
		if !bytes.Equal(cert.Raw, der) || !bytes.Contains(der, cert.RawTBSCertificate) || !bytes.Contains(cert.RawTBSCertificate, cert.RawSubjectPublicKeyInfo) {
			t.Error("a raw part is not of the input")
		}
		for _, e := range cert.Extensions {
			if !bytes.Contains(cert.RawTBSCertificate, e.Value) {
				t.Errorf("the extension %v is not of the input", e.Id)
			}
		}
		public, err := algorithm.ParsePublicKey(cert.RawSubjectPublicKeyInfo)
		if err != nil || !testutil.EqualKeys(cert.PublicKey, public) {
			t.Errorf("the key does not match its octets: %v", err)
		}
		if (x509der.CRLScope{Addresses: []string{"\x00"}}).Covers(cert) {
			t.Error("a list for an address that no certificate has covers it")
		}
		if x509der.CheckSignature(cert, root) == nil {
			t.Error("a signature verifies under a key that made none")
		}
	})
}
