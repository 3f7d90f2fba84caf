package ca_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// pssWorld is a world with RSASSA-PSS in all signatures.
func pssWorld(pss x509.SignatureAlgorithm) *world {
	w := newWorld(algorithm.RSA_2048)
	for _, template := range []*x509.Certificate{w.root, w.sub, w.leaf} {
		template.SignatureAlgorithm = pss
	}
	return w
}

// A CA whose chain has RSASSA-PSS signatures issues and verifies, with its CRLs
// and its OCSP responder. What it signs itself is PKCS #1 v1.5.
func TestPSS(t *testing.T) {
	t.Parallel()
	for _, pss := range []x509.SignatureAlgorithm{x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS} {
		t.Run(pss.String(), func(t *testing.T) {
			t.Parallel()
			m := pssWorld(pss).make(t)
			if _, err := m.verify(); err != nil {
				t.Errorf("the chain: %v", err)
			}
			issuer, err := ca.NewIssuer(m.sub+m.root, m.w.leafSigner, ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, issuer, serverRequest(issuer, hostCSR(t, algorithm.RSA_2048, "www.example.com")))
			if err != nil {
				t.Fatal(err)
			}
			if made := parse(t, der); made.SignatureAlgorithm != x509.SHA256WithRSA {
				t.Errorf("the issuer signs with %v", made.SignatureAlgorithm)
			}

			revoke := func(serial int64) *x509.RevocationList {
				template := &x509.RevocationList{
					SignatureAlgorithm: pss, Number: big.NewInt(1), ThisUpdate: instant, NextUpdate: instant.AddDate(1, 0, 0),
					RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(serial), RevocationTime: instant}},
				}
				list, err := x509.CreateRevocationList(testutil.Seeded(), template, parsePEM(t, m.sub), m.w.leafSigner)
				if err != nil {
					t.Fatal(err)
				}
				read, err := ca.ParseRevocationList(list)
				if err != nil {
					t.Fatal(err)
				}
				return read
			}
			m.opts.RevocationLists = []*x509.RevocationList{revoke(7)}
			if _, err := m.verify(); err != nil {
				t.Errorf("with a CRL: %v", err)
			}
			m.opts.RevocationLists = []*x509.RevocationList{revoke(0xaf)}
			_, err = m.verify()
			testutil.CheckError(t, err, yuncert.ErrInvalidStatusUpdateProtection, "Certificate", "was revoked")
			m.opts.RevocationLists[0].Raw[len(m.opts.RevocationLists[0].Raw)-1] ^= 1
			_, err = m.verify()
			testutil.CheckError(t, err, refused, "RevocationLists", "the signature does not match")

			responder := &x509.Certificate{
				SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "Responder"}, NotBefore: instant, NotAfter: instant.AddDate(0, 1, 0),
				KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}, SignatureAlgorithm: pss,
			}
			text := sign(t, responder, m.w.sub, key(algorithm.RSA_2048, 2).Public(), m.w.leafSigner)
			if _, err := ca.NewOCSPResponder(text+m.sub, key(algorithm.RSA_2048, 2)); err != nil {
				t.Errorf("the responder: %v", err)
			}
		})
	}
}

// A wrong RSASSA-PSS signature is refused at every place of the chain, the
// root's own included.
func TestPSSWrongSignature(t *testing.T) {
	t.Parallel()
	spoilt := func(text string) string {
		block, _ := pem.Decode([]byte(text))
		block.Bytes[len(block.Bytes)-1] ^= 1
		return string(pem.EncodeToMemory(block))
	}
	m := pssWorld(x509.SHA256WithRSAPSS).make(t)
	checkNewIssuer(t, spoilt(m.sub)+m.root, m.w.leafSigner, ca.IssuerOptions{}, refused, "CertificateChain", "the signature does not match")
	checkNewIssuer(t, m.sub+spoilt(m.root), m.w.leafSigner, ca.IssuerOptions{}, refused, "CertificateChain", "the signature does not match")
	_, err := ca.Verify(m.w.now, spoilt(m.leaf), m.opts)
	testutil.CheckError(t, err, refused, "Certificate", "the signature does not match")
	m.opts.Intermediates = spoilt(m.sub)
	_, err = ca.Verify(m.w.now, m.leaf, m.opts)
	testutil.CheckError(t, err, refused, "Certificate", "the signature does not match")
}

// A signature algorithm that is not supported is named wherever a signature is
// verified.
func TestUnsupportedSignatureIsNamed(t *testing.T) {
	t.Parallel()
	sha256 := asn.RSAWithSHA256
	for name, tt := range map[string]struct {
		id   []byte
		says string
	}{
		"SHA-1":          {asn.Seq(asn.OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), asn.Null), "sha1WithRSAEncryption (1.2.840.113549.1.1.5) is not supported"},
		"SHA3-256":       {asn.Seq(asn.OID("\x60\x86\x48\x01\x65\x03\x04\x03\x0e")), "rsassa-pkcs1-v1_5-with-sha3-256 (2.16.840.1.101.3.4.3.14) is not supported"},
		"Ed25519":        {asn.Seq(asn.OID("\x2b\x65\x70")), "Ed25519 (1.3.101.112) is not supported"},
		"PSS with SHA-1": {asn.RSAPSS(), "id-RSASSA-PSS (1.2.840.113549.1.1.10) with SHA-1 is not supported"},
		"unknown":        {asn.Seq(asn.OID("\x2a\x03\x04")), "algorithm 1.2.3.4 is not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(algorithm.RSA_2048)
			m := w.make(t)
			renamed := func(der []byte) []byte { return renameSignature(t, der, sha256, tt.id) }
			encode := func(text string) string {
				return testutil.EncodePEM("CERTIFICATE", renamed(testutil.DecodePEM(t, "CERTIFICATE", text)))
			}
			checkNewIssuer(t, encode(m.sub)+m.root, w.leafSigner, ca.IssuerOptions{}, refused, "CertificateChain", tt.says)
			_, err := ca.Verify(w.now, encode(m.leaf), m.opts)
			testutil.CheckError(t, err, refused, "Certificate", tt.says)

			m.list(w.sub, w.leafSigner, asItIs, 1)
			list, err := ca.ParseRevocationList(renamed(m.opts.RevocationLists[0].Raw))
			if err != nil {
				t.Fatal(err)
			}
			m.opts.RevocationLists = []*x509.RevocationList{list}
			_, err = m.verify()
			testutil.CheckError(t, err, refused, "RevocationLists", tt.says)

			responder := &x509.Certificate{
				SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "Responder"}, NotBefore: instant, NotAfter: instant.Add(time.Hour),
				KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
			}
			text := sign(t, responder, w.sub, key(algorithm.RSA_2048, 2).Public(), w.leafSigner)
			_, err = ca.NewOCSPResponder(encode(text)+m.sub, key(algorithm.RSA_2048, 2))
			testutil.CheckError(t, err, refused, "CertificateChain", tt.says)
		})
	}
}

// renameSignature puts another AlgorithmIdentifier into both places of a
// certificate or CRL.
func renameSignature(t testing.TB, der, from, to []byte) []byte {
	t.Helper()
	signed, _, signature := splitSigned(t, der)
	fields := cryptobyte.String(signed)
	if !fields.ReadASN1(&fields, asn1.SEQUENCE) || bytes.Count(fields, from) != 1 {
		t.Fatal("not signed as expected")
	}
	return asn.Seq(asn.Seq(bytes.Replace(fields, from, to, 1)), to, asn.Bits(signature))
}
