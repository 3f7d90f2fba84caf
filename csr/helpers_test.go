package csr_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	tjsm2 "github.com/tjfoc/gmsm/sm2"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/algorithm/tjfoc"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// samePublicKey compares public keys with their own method.
var samePublicKey = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".PublicKey" },
	cmp.Comparer(func(a, b crypto.PublicKey) bool { return testutil.EqualKeys(a, b) }))

// checkCSR wants a PEM CSR for the key with exactly that content. RSA and ECC are
// read by crypto/x509, SM2 by gmsm's smx509 and tjfoc's engine, and all by csr.Parse.
func checkCSR(t testing.TB, text string, public crypto.PublicKey, a algorithm.Algorithm, subject []byte, names []string) {
	t.Helper()
	der := testutil.DecodePEM(t, "CERTIFICATE REQUEST", text)
	var seen *x509.CertificateRequest
	if a == algorithm.SM2_256 {
		other, err := smx509.ParseCertificateRequest(der)
		if err != nil {
			t.Fatalf("smx509.ParseCertificateRequest: %v", err)
		}
		if err := other.CheckSignature(); err != nil {
			t.Errorf("smx509's CheckSignature: %v", err)
		}
		checkSM2WithTjfoc(t, der, public)
		seen = &x509.CertificateRequest{
			Version: other.Version, Subject: other.Subject, RawSubject: other.RawSubject,
			RawSubjectPublicKeyInfo: other.RawSubjectPublicKeyInfo, RawTBSCertificateRequest: other.RawTBSCertificateRequest,
		}
	} else {
		var err error
		if seen, err = x509.ParseCertificateRequest(der); err != nil {
			t.Fatalf("x509.ParseCertificateRequest: %v", err)
		}
		if err := seen.CheckSignature(); err != nil {
			t.Errorf("x509's CheckSignature: %v", err)
		}
		want := map[string]x509.SignatureAlgorithm{"RSA": x509.SHA256WithRSA, "ECC": x509.ECDSAWithSHA256}[a.Family()]
		if seen.SignatureAlgorithm != want {
			t.Errorf("signature algorithm %v, want %v", seen.SignatureAlgorithm, want)
		}
		if !testutil.EqualKeys(seen.PublicKey, public) {
			t.Error("the CSR holds another public key")
		}
	}
	if seen.Version != 0 {
		t.Errorf("version %d, want 0", seen.Version)
	}
	if !bytes.Equal(seen.RawSubject, subject) {
		t.Errorf("subject\n%x, want\n%x", seen.RawSubject, subject)
	}
	// No other extension than the names, and no empty request for extensions.
	attributes := asn.TLV(0xa0)
	if len(names) > 0 {
		attributes = asn.TLV(0xa0, asn.ExtensionRequest(asn.Extension(asn.OIDAltName, false, asn.GeneralNames(names...))))
	}
	if !bytes.HasSuffix(seen.RawTBSCertificateRequest, attributes) {
		t.Errorf("attributes end in\n%x, want\n%x", seen.RawTBSCertificateRequest[max(0, len(seen.RawTBSCertificateRequest)-len(attributes)):], attributes)
	}
	info := asn.Seq(asn.TLV(asn1.INTEGER, []byte{0}), subject, seen.RawSubjectPublicKeyInfo, attributes)
	if !bytes.Equal(seen.RawTBSCertificateRequest, info) {
		t.Errorf("CertificationRequestInfo\n%x, want\n%x", seen.RawTBSCertificateRequest, info)
	}

	r, err := csr.Parse([]byte(text))
	if err != nil {
		t.Fatalf("csr.Parse: %v", err)
	}
	want := &csr.Request{
		Raw: der, RawSubject: subject, RawSubjectPublicKeyInfo: seen.RawSubjectPublicKeyInfo,
		CommonName: seen.Subject.CommonName, Names: names, PublicKey: public, Algorithm: a,
	}
	if diff := cmp.Diff(want, r, samePublicKey, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("csr.Parse mismatch (-want +got):\n%s", diff)
	}
}

// checkSM2WithTjfoc verifies the self-signature with github.com/tjfoc/gmsm,
// which uses the user ID 1234567812345678.
func checkSM2WithTjfoc(t testing.TB, der []byte, public crypto.PublicKey) {
	t.Helper()
	key, err := tjfoc.ToPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if !tjfocVerifies(t, der, key) {
		t.Error("tjfoc/gmsm does not verify the self-signature")
	}
}

func tjfocVerifies(t testing.TB, der []byte, key *tjsm2.PublicKey) bool {
	t.Helper()
	outer, err := parseNode(der)
	if err != nil || len(outer.children) != 3 {
		t.Fatalf("not a CSR: %v", err)
	}
	return key.Verify(outer.children[0].encode(nil, nil), outer.children[2].content[1:])
}

// longNames lists n different DNS names of length octets each.
func longNames(n, length int) string {
	var names []string
	for i := range n {
		name := "n" + string(rune('a'+i/26%26)) + string(rune('a'+i%26))
		for len(name) < length {
			name += "." + strings.Repeat("x", min(63, length-len(name)-1))
		}
		names = append(names, name)
	}
	return strings.Join(names, ",")
}

// parsePKCS8 reads a private key of the standard library.
func parsePKCS8[K any](t testing.TB, der []byte) K {
	t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		t.Fatal(err)
	}
	k, ok := key.(K)
	if !ok {
		t.Fatalf("a key of type %T", key)
	}
	return k
}
