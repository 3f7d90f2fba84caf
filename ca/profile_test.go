package ca_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net"
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
	info := cryptobyte.String(publicDER(t, public))
	var bits []byte
	if !info.ReadASN1(&info, asn1.SEQUENCE) || !info.SkipASN1(asn1.SEQUENCE) || !info.ReadASN1BitStringAsBytes(&bits) {
		t.Fatal("not a SubjectPublicKeyInfo")
	}
	sum := sha256.Sum256(bits)
	return sum[:20]
}

func utcTime(text string) []byte         { return tlv(asn1.UTCTime, []byte(text)) }
func generalizedTime(text string) []byte { return tlv(asn1.GeneralizedTime, []byte(text)) }

// What is expected of a certificate, every octet of it.
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
	tbs := seq(
		explicit(0, tlv(asn1.INTEGER, []byte{2})), // version 3
		tlv(asn1.INTEGER, serial),
		want.signature,
		want.issuer,
		seq(want.start, want.end),
		want.subject,
		publicDER(t, want.public),
		explicit(3, seq(want.extensions...)),
	)
	if diff := cmp.Diff(strings.Split(hex.Dump(tbs), "\n"), strings.Split(hex.Dump(cert.RawTBSCertificate), "\n")); diff != "" {
		t.Errorf("TBSCertificate mismatch (-want +got):\n%s", diff)
	}
	if !bytes.HasPrefix(cert.Raw[len(cert.RawTBSCertificate)+4:], want.signature) {
		t.Errorf("signatureAlgorithm is not %x", want.signature)
	}
}

func bitString(unused byte, octets ...byte) []byte {
	return tlv(asn1.BIT_STRING, append([]byte{unused}, octets...))
}

// The three kinds of certificates, in every algorithm.
func TestProfile(t *testing.T) {
	t.Parallel()
	for _, a := range allAlgorithms {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(caAlgorithm(a))
			rootPublic, subPublic, public := au.rootKey.Public(), au.subKey.Public(), key(a, 2).Public()
			start, end := utcTime("260304050607Z"), utcTime("310304050607Z")

			rootCert := parsePEM(t, au.root.Certificate)
			checkProfile(t, rootCert, profile{
				signatureID(a), au.rootSubject, au.rootSubject, start, utcTime("360304050607Z"), rootPublic, [][]byte{
					extension(oidConstraints, true, seq([]byte{1, 1, 0xff})),
					extension(oidKeyUsage, true, bitString(1, 0x06)),
					extension(oidKeyID, false, octets(keyID(t, rootPublic))),
				},
			})
			verifySignature(t, rootCert, rootPublic)

			subCert := parsePEM(t, au.sub.Certificate)
			checkProfile(t, subCert, profile{
				signatureID(a), au.rootSubject, au.subject, start, end, subPublic, [][]byte{
					extension(oidConstraints, true, seq([]byte{1, 1, 0xff}, tlv(asn1.INTEGER, []byte{0}))),
					extension(oidKeyUsage, true, bitString(1, 0x06)),
					extension(oidKeyID, false, octets(keyID(t, subPublic))),
					extension(oidAuthority, false, seq(tlv(0x80, keyID(t, rootPublic)))),
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
				signatureID(a), au.subject, name(printable(oidCountry, "CN"), printable(oidState, "Zhejiang"), utf8(oidLocality, "杭州"),
					printable(oidOrganization, "Alibaba Inc."), printable(oidUnit, "Aliyun CDN"), utf8(oidCommonName, "www.example.com")),
				start, utcTime("260602050607Z"), public, [][]byte{
					extension(oidConstraints, true, seq()),
					extension(oidKeyUsage, true, usage),
					extension(oidExtKeyUsage, false, seq(oidServerAuth)),
					extension(oidKeyID, false, octets(keyID(t, public))),
					extension(oidAuthority, false, seq(tlv(0x80, keyID(t, subPublic)))),
					extension(oidAltName, false, altNames("www.example.com", "192.0.2.1", "2001:db8::1", "*.example.com")),
					extension(oidCRLPoints, false, seq(seq(explicit(0, explicit(0, tlv(0x86, []byte(crlBase+"/"+au.sub.Identifier+".crl"))))))),
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

// Rule 19 of section 4.1: of what a CSR asks for, names alone are taken.
func TestProfileIgnoresRequestedExtensions(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	k := key(algorithm.ECC_256, 2)
	subject := name(utf8(oidCommonName, "www.example.com"))
	want := issue(t, au.issuer, serverRequest(au.issuer, makeCSR(t, k, subject, extension(oidAltName, false, altNames("a.example.com")))))
	crl := seq(seq(explicit(0, explicit(0, tlv(0x86, []byte("http://evil.example.com/crl"))))))
	got := issue(t, au.issuer, serverRequest(au.issuer, makeCSR(t, k, subject,
		extension(oidConstraints, true, seq([]byte{1, 1, 0xff})),
		extension(oidKeyUsage, true, bitString(1, 0x06)),
		extension(oidExtKeyUsage, false, seq(oidClientAuth, oid("\x55\x1d\x25\x00"))),
		extension(oidKeyID, false, octets([]byte("key"))),
		extension(oidAuthority, false, seq(tlv(0x80, []byte("key")))),
		extension(oidCRLPoints, false, crl),
		extension(oidAltName, true, altNames("a.example.com")),
		extension(oid("\x55\x1d\x1e"), true, seq()), // nameConstraints
		extension(oid("\x2a\x03\x04"), true, []byte{5, 0}),
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
	usual := publicDER(t, k.Public())
	curve := oid("\x2a\x81\x1c\xcf\x55\x01\x82\x2d")
	csrOf := func(k *algorithm.PrivateKey, id []byte) string {
		public := publicDER(t, k.Public())
		info := seq(id, bitString(0, public[len(public)-65:]...))
		return signCSR(t, k, seq(tlv(asn1.INTEGER, []byte{0}), name(utf8(oidCommonName, "www.example.com")), info, explicit(0)))
	}
	for what, id := range map[string][]byte{
		"the curve twice":       seq(curve, curve),
		"the curve with NULL":   seq(curve, tlv(asn1.NULL)),
		"the curve and no more": seq(curve),
	} {
		if got := issue(t, au.issuer, serverRequest(au.issuer, csrOf(k, id))).RawSubjectPublicKeyInfo; !bytes.Equal(got, usual) {
			t.Errorf("%s: SubjectPublicKeyInfo %x, want %x", what, got, usual)
		}
		// Nor does the encoding hide that the key is a CA's.
		checkRefused(t, instant, au.issuer, serverRequest(au.issuer, csrOf(au.subKey, id)), refused, "Csr", "that of a CA")
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
			if validity := seq(tt.startDER, tt.endDER); !bytes.Contains(cert.RawTBSCertificate, validity) {
				t.Errorf("validity is not %x in\n%x", validity, cert.RawTBSCertificate)
			}
			if !cert.NotBefore.Equal(tt.start) || !cert.NotAfter.Equal(tt.end) {
				t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
			}
		})
	}
}

// The serial number has 18 octets whatever is drawn for it.
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
			if serial, err := hex.DecodeString(tt.want); err != nil || !bytes.Contains(der, tlv(asn1.INTEGER, serial)) {
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

// A Go server and a Go client that trusts the root alone speak TLS.
func TestTLS(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(fmt.Sprintf("%s, %s", a, tls.VersionName(version)), func(t *testing.T) {
				t.Parallel()
				au := authorityOf(a)
				k := key(a, 2)
				cert := issue(t, au.issuer, serverRequest(au.issuer, hostCSR(t, a, "www.example.com", "192.0.2.1")))
				now := func() time.Time { return instant.Add(time.Hour) }
				roots := x509.NewCertPool()
				roots.AppendCertsFromPEM([]byte(au.root.Certificate))
				ends := [2]net.Conn{}
				ends[0], ends[1] = net.Pipe()
				defer ends[0].Close()
				defer ends[1].Close()
				server := tls.Server(ends[0], &tls.Config{
					Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw, decodePEM(t, au.sub.Certificate)}, PrivateKey: k}},
					MinVersion:   version, MaxVersion: version, Time: now,
				})
				client := tls.Client(ends[1], &tls.Config{RootCAs: roots, ServerName: "www.example.com", MinVersion: version, MaxVersion: version, Time: now})
				done := make(chan error, 1)
				go func() {
					_, err := io.WriteString(server, "hello")
					done <- err
				}()
				got := make([]byte, 5)
				if _, err := io.ReadFull(client, got); err != nil || string(got) != "hello" {
					t.Errorf("the client reads %q, %v", got, err)
					ends[1].Close()
				}
				if err := <-done; err != nil {
					t.Errorf("the server: %v", err)
				}
			})
		}
	}
}

// What README says of Go's own packages and SM2.
func TestGoReadsNoSM2(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.SM2_256)
	if _, err := x509.ParseCertificate(decodePEM(t, au.sub.Certificate)); err == nil {
		t.Error("crypto/x509 reads an SM2 certificate")
	}
	if x509.NewCertPool().AppendCertsFromPEM([]byte(au.sub.Certificate)) {
		t.Error("a CertPool takes an SM2 certificate")
	}
	if _, err := tls.X509KeyPair([]byte(au.sub.Certificate), testkeys.PEM(algorithm.SM2_256, 1)); err == nil {
		t.Error("crypto/tls reads an SM2 certificate and its key")
	}
}
