package x509der_test

import (
	"bytes"
	"crypto/x509"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/x509der"
)

func signer(t testing.TB, a algorithm.Algorithm) *x509der.Signer {
	t.Helper()
	s, err := x509der.NewSigner(testkeys.Key(a, 0))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What MarshalRequest writes, ParseRequest and crypto/x509 read.
func TestMarshalRequest(t *testing.T) {
	t.Parallel()
	subject := x509der.Name{x509der.Text(x509der.Country, "CN"), x509der.Text(x509der.CommonName, "例子.公司"), x509der.Text(x509der.Email, "a@example.com")}
	names := []string{"xn--fsqu00a.xn--55qx5d", "*.example.com", "192.0.2.1", "2001:db8::1"}
	for _, a := range testkeys.All {
		for what, names := range map[string][]string{"with names": names, "without names": nil} {
			t.Run(string(a)+" "+what, func(t *testing.T) {
				t.Parallel()
				s := signer(t, a)
				der, err := x509der.MarshalRequest(nil, s, subject, names)
				if err != nil {
					t.Fatal(err)
				}
				again, err := x509der.MarshalRequest(nil, s, subject, names)
				if err != nil || !bytes.Equal(der, again) {
					t.Errorf("two calls differ (%v)", err)
				}
				r, err := x509der.ParseRequest(der)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(names, r.Names, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("names mismatch (-want +got):\n%s", diff)
				}
				if got := nameDER(r.Subject); !bytes.Equal(got, r.RawSubject) || !bytes.Equal(got, nameDER(subject)) {
					t.Errorf("subject %x, want %x", got, nameDER(subject))
				}
				if !bytes.Equal(r.RawPublicKey, s.PublicDER) {
					t.Errorf("public key %x, want %x", r.RawPublicKey, s.PublicDER)
				}
				if err := x509der.Verify(r.PublicKey, r.SignatureID, r.RawInfo, r.Signature); err != nil {
					t.Errorf("Verify: %v", err)
				}
				if a == algorithm.SM2_256 {
					return // unknown to crypto/x509
				}
				other, err := x509.ParseCertificateRequest(der)
				if err != nil {
					t.Fatal(err)
				}
				if err := other.CheckSignature(); err != nil {
					t.Error(err)
				}
				if !bytes.Equal(other.RawTBSCertificateRequest, r.RawInfo) || !bytes.Equal(other.Signature, r.Signature) {
					t.Error("crypto/x509 takes it apart in another way")
				}
			})
		}
	}
}

func TestParseRequestCutOff(t *testing.T) {
	t.Parallel()
	der, err := x509der.MarshalRequest(nil, signer(t, algorithm.ECC_256), x509der.Name{x509der.Text(x509der.CommonName, "a.example")}, []string{"a.example"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range der {
		if r, err := x509der.ParseRequest(der[:i]); err == nil || r != nil {
			t.Errorf("the first %d octets: %+v, %v", i, r, err)
		}
	}
	if _, err := x509der.ParseRequest(append(bytes.Clone(der), 0)); err == nil {
		t.Error("an octet at the end is accepted")
	}
}

// ParseRequest judges no signature: that is Verify's part.
func TestParseRequestKeepsWrongSignature(t *testing.T) {
	t.Parallel()
	der, err := x509der.MarshalRequest(nil, signer(t, algorithm.ECC_256), x509der.Name{x509der.Text(x509der.CommonName, "a.example")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	der[len(der)-1] ^= 1
	r, err := x509der.ParseRequest(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := x509der.Verify(r.PublicKey, r.SignatureID, r.RawInfo, r.Signature); err == nil {
		t.Error("Verify accepts a changed signature")
	}
}
