package x509der_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/x509der"
)

var crlInstant = time.Date(2026, 4, 4, 5, 6, 7, 0, time.UTC)

// crlIssuer makes a CA certificate for one of the test keys, by crypto/x509.
func crlIssuer(t *testing.T, i int, change func(*x509.Certificate)) *x509.Certificate {
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

// crlWith makes a list of that scope with the test key 0.
func crlWith(t *testing.T, scope x509der.CRLScope, keyID []byte) *x509.RevocationList {
	t.Helper()
	signer, err := x509der.NewSigner(testkeys.Key(algorithm.ECC_256, 0))
	if err != nil {
		t.Fatal(err)
	}
	w, err := x509der.NewCRLWriter(signer, &x509der.CRL{
		Issuer: crlIssuer(t, 0, func(*x509.Certificate) {}).RawSubject, ThisUpdate: crlInstant, NextUpdate: crlInstant.Add(time.Hour),
		Number: big.NewInt(1), AuthorityKeyID: x509der.AuthorityKeyID(keyID), Scope: scope,
	})
	if err != nil {
		t.Fatal(err)
	}
	der, err := w.Sign(nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := x509der.ParseCRL(der)
	if err != nil {
		t.Fatal(err)
	}
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
		{"its name in other letters", 0, func(c *x509.Certificate) { c.Subject.CommonName = "Ca" }, ""},
		{"another name", 0, func(c *x509.Certificate) { c.Subject.CommonName = "CB" }, "another CA's"},
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
		t.Error("an empty list is verified")
	}
}

func TestCRLCovers(t *testing.T) {
	t.Parallel()
	const a, b = "http://a.cn/1.crl", "http://a.cn/2.crl"
	server := &x509.Certificate{CRLDistributionPoints: []string{b}}
	authority := &x509.Certificate{IsCA: true, CRLDistributionPoints: []string{a, b}}
	nowhere := &x509.Certificate{}
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
	} {
		list := crlWith(t, tt.scope, nil)
		got := []bool{x509der.CRLCovers(list, server), x509der.CRLCovers(list, authority), x509der.CRLCovers(list, nowhere)}
		if diff := cmp.Diff([]bool{tt.server, tt.authority, tt.nowhere}, got); diff != "" {
			t.Errorf("%s: mismatch (-want +got):\n%s", tt.name, diff)
		}
	}
	delta := &x509.RevocationList{Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}}
	if x509der.CRLCovers(delta, nowhere) {
		t.Error("a delta CRL covers a certificate")
	}
}

// The length of a header grows with the thresholds of DER, and stays in its room.
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
		t.Error("a year of five digits is written")
	}
}
