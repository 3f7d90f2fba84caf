package ca_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/algorithm/tjfoc"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// verifyServer has other implementations build the path from a server
// certificate to the root: crypto/x509, or gmsm's smx509 for SM2.
func verifyServer(t testing.TB, a algorithm.Algorithm, der []byte, chain, root string, now time.Time, hosts ...string) {
	t.Helper()
	for _, host := range hosts {
		if a.Family() == "SM2" {
			cert, err := smx509.ParseCertificate(der)
			if err != nil {
				t.Fatalf("smx509: %v", err)
			}
			roots, intermediates := smx509.NewCertPool(), smx509.NewCertPool()
			if !roots.AppendCertsFromPEM([]byte(root)) || !intermediates.AppendCertsFromPEM([]byte(chain)) {
				t.Fatal("smx509 does not read the chain")
			}
			if _, err := cert.Verify(smx509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates, CurrentTime: now}); err != nil {
				t.Errorf("smx509, %s: %v", host, err)
			}
			continue
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatalf("crypto/x509: %v", err)
		}
		roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(root)) || !intermediates.AppendCertsFromPEM([]byte(chain)) {
			t.Fatal("crypto/x509 does not read the chain")
		}
		if _, err := cert.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates, CurrentTime: now}); err != nil {
			t.Errorf("crypto/x509, %s: %v", host, err)
		}
	}
}

// verifySignature has another implementation verify one signature: crypto/x509,
// or tjfoc/gmsm for SM2.
func verifySignature(t testing.TB, cert *x509.Certificate, public crypto.PublicKey) {
	t.Helper()
	outer := cryptobyte.String(cert.Raw)
	var tbs cryptobyte.String
	var signature []byte
	if !outer.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1Element(&tbs, asn1.SEQUENCE) || !outer.SkipASN1(asn1.SEQUENCE) ||
		!outer.ReadASN1BitStringAsBytes(&signature) {
		t.Fatal("not a certificate")
	}
	if key, err := tjfoc.ToPublicKey(public); err == nil {
		if !key.Verify(tbs, signature) {
			t.Error("tjfoc/gmsm does not verify the signature")
		}
		return
	}
	algorithm := x509.SHA256WithRSA
	if _, ok := public.(*ecdsa.PublicKey); ok {
		algorithm = x509.ECDSAWithSHA256
	}
	if cert.SignatureAlgorithm != algorithm {
		t.Errorf("signature algorithm %v, want %v", cert.SignatureAlgorithm, algorithm)
	}
	if err := (&x509.Certificate{PublicKey: public}).CheckSignature(algorithm, tbs, signature); err != nil {
		t.Errorf("crypto/x509: %v", err)
	}
}

// keyID is method 1 of RFC 7093, section 2.
func keyID(t testing.TB, public crypto.PublicKey) []byte {
	t.Helper()
	info := cryptobyte.String(testkeys.PublicDER(t, public))
	var bits []byte
	if !info.ReadASN1(&info, asn1.SEQUENCE) || !info.SkipASN1(asn1.SEQUENCE) || !info.ReadASN1BitStringAsBytes(&bits) {
		t.Fatal("not a SubjectPublicKeyInfo")
	}
	sum := sha256.Sum256(bits)
	return sum[:20]
}

func utcTime(text string) []byte         { return asn.TLV(asn1.UTCTime, []byte(text)) }
func generalizedTime(text string) []byte { return asn.TLV(asn1.GeneralizedTime, []byte(text)) }

// A profile is the expected content of a certificate, every octet of it.
type profile struct {
	signature       []byte
	issuer, subject []byte
	start, end      []byte
	public          crypto.PublicKey
	extensions      [][]byte
}

// checkProfile compares the part that is signed, octet by octet.
func checkProfile(t testing.TB, cert *x509.Certificate, want profile) {
	t.Helper()
	// The serial number: 18 octets, positive, as short as DER has it.
	serial := cert.SerialNumber.Bytes()
	if cert.SerialNumber.Sign() <= 0 || len(serial) != 18 || serial[0]&0x80 != 0 {
		t.Errorf("serial number %x: want 18 octets, the first from 01 to 7f", serial)
	}
	tbs := asn.Seq(
		asn.Explicit(0, asn.TLV(asn1.INTEGER, []byte{2})), // version 3
		asn.TLV(asn1.INTEGER, serial),
		want.signature,
		want.issuer,
		asn.Seq(want.start, want.end),
		want.subject,
		testkeys.PublicDER(t, want.public),
		asn.Explicit(3, asn.Seq(want.extensions...)),
	)
	if diff := cmp.Diff(strings.Split(hex.Dump(tbs), "\n"), strings.Split(hex.Dump(cert.RawTBSCertificate), "\n")); diff != "" {
		t.Errorf("TBSCertificate mismatch (-want +got):\n%s", diff)
	}
	if !bytes.HasPrefix(cert.Raw[len(cert.RawTBSCertificate)+4:], want.signature) {
		t.Errorf("signatureAlgorithm is not %x", want.signature)
	}
}

// leafConstraints is the extension basicConstraints of an end entity, which SM2
// certificates do not have.
func leafConstraints(a algorithm.Algorithm) []byte {
	if a == algorithm.SM2_256 {
		return nil
	}
	return asn.Extension(asn.OIDConstraints, true, asn.Seq())
}

func bitString(unused byte, octets ...byte) []byte {
	return asn.TLV(asn1.BIT_STRING, append([]byte{unused}, octets...))
}

// The three kinds of certificates, in every algorithm.
func TestProfile(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(caAlgorithm(a))
			rootPublic, subPublic, public := au.rootKey.Public(), au.subKey.Public(), key(a, 2).Public()
			start, end := utcTime("260304050607Z"), utcTime("310304050607Z")

			rootCert := parsePEM(t, au.root.Certificate)
			checkProfile(t, rootCert, profile{
				asn.SignatureID(a.Family()), au.rootSubject, au.rootSubject, start, utcTime("360304050607Z"), rootPublic, [][]byte{
					asn.Extension(asn.OIDConstraints, true, asn.Seq([]byte{1, 1, 0xff})),
					asn.Extension(asn.OIDKeyUsage, true, bitString(1, 0x06)),
					asn.Extension(asn.OIDKeyID, false, asn.Octets(keyID(t, rootPublic))),
				},
			})
			verifySignature(t, rootCert, rootPublic)

			subCert := parsePEM(t, au.sub.Certificate)
			checkProfile(t, subCert, profile{
				asn.SignatureID(a.Family()), au.rootSubject, au.subject, start, end, subPublic, [][]byte{
					asn.Extension(asn.OIDConstraints, true, asn.Seq([]byte{1, 1, 0xff}, asn.TLV(asn1.INTEGER, []byte{0}))),
					asn.Extension(asn.OIDKeyUsage, true, bitString(1, 0x06)),
					asn.Extension(asn.OIDKeyID, false, asn.Octets(keyID(t, subPublic))),
					asn.Extension(asn.OIDAuthority, false, asn.Seq(asn.TLV(0x80, keyID(t, rootPublic)))),
				},
			})
			verifySignature(t, subCert, rootPublic)

			usage := bitString(7, 0x80)
			if a.Family() == "RSA" {
				usage = bitString(5, 0xa0)
			}
			req := serverRequest(au.issuer, hostCSR(t, a, "www.example.com"))
			req.Domain, req.EnableCrl = "192.0.2.1,2001:db8::1,*.example.com", 1
			cert := issue(t, au.issuer, req)
			checkProfile(t, cert, profile{
				asn.SignatureID(a.Family()), au.subject, asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"),
					asn.Printable(asn.OIDOrganization, "Alibaba Inc."), asn.Printable(asn.OIDUnit, "Aliyun CDN"), asn.UTF8(asn.OIDCommonName, "www.example.com")),
				start, utcTime("260602050607Z"), public, [][]byte{
					leafConstraints(a),
					asn.Extension(asn.OIDKeyUsage, true, usage),
					asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq(asn.OIDServerAuth)),
					asn.Extension(asn.OIDKeyID, false, asn.Octets(keyID(t, public))),
					asn.Extension(asn.OIDAuthority, false, asn.Seq(asn.TLV(0x80, keyID(t, subPublic)))),
					asn.Extension(asn.OIDAltName, false, asn.GeneralNames("www.example.com", "192.0.2.1", "2001:db8::1", "*.example.com")),
					asn.Extension(asn.OIDCRLPoints, false, asn.Seq(asn.Seq(asn.Explicit(0, asn.Explicit(0, asn.TLV(0x86, []byte(crlBase+"/"+au.sub.Identifier+".crl"))))))),
				},
			})
			verifySignature(t, cert, subPublic)
			verifyServer(t, a, cert.Raw, au.sub.CertificateChain, au.root.Certificate, instant.AddDate(0, 0, 90), "www.example.com", "192.0.2.1", "2001:db8::1", "api.example.com")
			verifyServerFails(t, a, cert.Raw, au.sub.CertificateChain, au.root.Certificate, instant.AddDate(0, 0, 90), "example.org")
			verifyServerFails(t, a, cert.Raw, au.sub.CertificateChain, au.root.Certificate, instant.AddDate(0, 0, 91), "www.example.com")
		})
	}
}

// verifyServerFails wants verifyServer's path not to be built.
func verifyServerFails(t testing.TB, a algorithm.Algorithm, der []byte, chain, root string, now time.Time, host string) {
	t.Helper()
	r := new(recorder)
	verifyServer(r, a, der, chain, root, now, host)
	if !r.failed {
		t.Errorf("%s at %v: verified all the same", host, now)
	}
}

// A recorder is a test that only remembers having failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

// Of the extensions that a CSR asks for, only names are used.
func TestProfileIgnoresRequestedExtensions(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	k := key(algorithm.ECC_256, 2)
	subject := asn.Name(asn.UTF8(asn.OIDCommonName, "www.example.com"))
	want := issue(t, au.issuer, serverRequest(au.issuer, makeCSR(t, k, subject, asn.Extension(asn.OIDAltName, false, asn.GeneralNames("a.example.com")))))
	crl := asn.Seq(asn.Seq(asn.Explicit(0, asn.Explicit(0, asn.TLV(0x86, []byte("http://evil.example.com/crl"))))))
	got := issue(t, au.issuer, serverRequest(au.issuer, makeCSR(t, k, subject,
		asn.Extension(asn.OIDConstraints, true, asn.Seq([]byte{1, 1, 0xff})),
		asn.Extension(asn.OIDKeyUsage, true, bitString(1, 0x06)),
		asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq(asn.OIDClientAuth, asn.OID("\x55\x1d\x25\x00"))),
		asn.Extension(asn.OIDKeyID, false, asn.Octets([]byte("key"))),
		asn.Extension(asn.OIDAuthority, false, asn.Seq(asn.TLV(0x80, []byte("key")))),
		asn.Extension(asn.OIDCRLPoints, false, crl),
		asn.Extension(asn.OIDAltName, true, asn.GeneralNames("a.example.com")),
		asn.Extension(asn.OID("\x55\x1d\x1e"), true, asn.Seq()), // nameConstraints
		asn.Extension(asn.OID("\x2a\x03\x04"), true, []byte{5, 0}),
	)))
	if !bytes.Equal(got.Raw, want.Raw) {
		t.Errorf("a CSR's extensions change the certificate:\n%x\nand not\n%x", got.Raw, want.Raw)
	}
}

// An SM2 key in another encoding is written in the one that all clients read.
func TestProfileEncodesSM2KeyAnew(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.SM2_256)
	k := key(algorithm.SM2_256, 2)
	usual := testkeys.PublicDER(t, k.Public())
	curve := asn.OID("\x2a\x81\x1c\xcf\x55\x01\x82\x2d")
	csrOf := func(k *algorithm.PrivateKey, id []byte) string {
		public := testkeys.PublicDER(t, k.Public())
		info := asn.Seq(id, bitString(0, public[len(public)-65:]...))
		return signCSR(t, k, asn.Seq(asn.TLV(asn1.INTEGER, []byte{0}), asn.Name(asn.UTF8(asn.OIDCommonName, "www.example.com")), info, asn.Explicit(0)))
	}
	for what, id := range map[string][]byte{
		"the curve twice":       asn.Seq(curve, curve),
		"the curve with NULL":   asn.Seq(curve, asn.Null),
		"the curve and no more": asn.Seq(curve),
	} {
		if got := issue(t, au.issuer, serverRequest(au.issuer, csrOf(k, id))).RawSubjectPublicKeyInfo; !bytes.Equal(got, usual) {
			t.Errorf("%s: SubjectPublicKeyInfo %x, want %x", what, got, usual)
		}
		// Nor does the encoding hide that the key is a CA's.
		checkRefused(t, instant, au.issuer, serverRequest(au.issuer, csrOf(au.subKey, id)), refused, "Csr", "in use by a CA")
	}
}

// RFC 5280, section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050.
func TestProfileTimes(t *testing.T) {
	t.Parallel()
	k, rootKey := key(algorithm.ECC_256, 1), key(algorithm.ECC_256, 0)
	root, sub := caTemplate("Root"), caTemplate("Sub")
	root.NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	sub.NotAfter = root.NotAfter
	issuer, err := ca.NewIssuer(sign(t, sub, root, k.Public(), rootKey)+sign(t, root, root, rootKey.Public(), rootKey), k, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text := hostCSR(t, algorithm.ECC_256, "www.example.com")
	last := time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC)
	tests := []struct {
		start, end       time.Time
		startDER, endDER []byte
	}{
		{instant, last, utcTime("260304050607Z"), utcTime("491231235959Z")},
		{instant, last.Add(time.Second), utcTime("260304050607Z"), generalizedTime("20500101000000Z")},
		{last, last.Add(time.Second), utcTime("491231235959Z"), generalizedTime("20500101000000Z")},
		{last.Add(time.Second), root.NotAfter, generalizedTime("20500101000000Z"), generalizedTime("99991231235959Z")},
	}
	for _, tt := range tests {
		t.Run(tt.start.Format(time.RFC3339)+" to "+tt.end.Format(time.RFC3339), func(t *testing.T) {
			t.Parallel()
			req := serverRequest(issuer, text)
			req.Days, req.BeforeTime, req.AfterTime = 0, tt.start.Unix(), tt.end.Unix()
			cert := issue(t, issuer, req)
			if validity := asn.Seq(tt.startDER, tt.endDER); !bytes.Contains(cert.RawTBSCertificate, validity) {
				t.Errorf("validity is not %x in\n%x", validity, cert.RawTBSCertificate)
			}
			if !cert.NotBefore.Equal(tt.start) || !cert.NotAfter.Equal(tt.end) {
				t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
			}
		})
	}
}

// The serial number has 18 octets, even if zeros are drawn for it.
func TestSerialNumber(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	req := serverRequest(au.issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
	tests := []struct{ drawn, want string }{
		{strings.Repeat("\x00", 18), "01" + strings.Repeat("00", 17)},
		{"\x80" + strings.Repeat("\x00", 17), "01" + strings.Repeat("00", 17)},
		{strings.Repeat("\xff", 18), "7f" + strings.Repeat("ff", 17)},
		{"\x00" + strings.Repeat("\xff", 17), "01" + strings.Repeat("ff", 17)},
		{"\x08" + strings.Repeat("\x4b", 17), "08" + strings.Repeat("4b", 17)},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			rand := strings.NewReader(tt.drawn + strings.Repeat("\x11", 16))
			resp, der, err := ca.CreateServerCertificateWithCsr(rand, instant, au.issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			if resp.SerialNumber != tt.want {
				t.Errorf("SerialNumber %s, want %s", resp.SerialNumber, tt.want)
			}
			if serial, err := hex.DecodeString(tt.want); err != nil || !bytes.Contains(der, asn.TLV(asn1.INTEGER, serial)) {
				t.Errorf("the certificate does not hold it: %x", der)
			}
			if want := "11111111-1111-4111-9111-111111111111"; resp.RequestId != want {
				t.Errorf("RequestId %s, want %s", resp.RequestId, want)
			}
			if rand.Len() != 0 {
				t.Errorf("%d octets of randomness are left", rand.Len())
			}
		})
	}
}
