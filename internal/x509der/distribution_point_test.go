package x509der_test

import (
	"bytes"
	"crypto/x509"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A pointRow is one row of pointRows.
type pointRow struct {
	name      string
	value     []byte // of the extension CRLDistributionPoints
	addresses []string
}

// pointRows are distribution points that ParseCertificate reads; crypto/x509
// refuses them. FuzzParseCertificate starts from them too.
func pointRows() []pointRow {
	part := asn.Seq(asn.OIDUnit, asn.TLV(asn1.UTF8String, []byte("Part 1")))
	address := asn.Seq(fullName(uri("http://a.cn/1.crl")))
	return []pointRow{
		{"relative", asn.Seq(asn.Seq(relative(part))), nil},
		{"relative, two pairs", asn.Seq(asn.Seq(relative(part, part))), nil},
		{"an address, then relative", asn.Seq(address, asn.Seq(relative(part))), []string{"http://a.cn/1.crl"}},
		{"relative with reasons and an issuer, then an address", asn.Seq(asn.Seq(relative(part), asn.TLV(0x81, []byte{6, 0x40}), signedBy(directory(asn.Name()))), address), []string{"http://a.cn/1.crl"}},
		{"relative twice", asn.Seq(asn.Seq(relative(part)), asn.Seq(relative(part))), nil},
	}
}

func (r pointRow) der(t testing.TB, a algorithm.Algorithm) []byte {
	template := certTemplate(t, a)
	template.CRLPoints = asn.Extension(asn.OIDCRLPoints, false, r.value)
	return certMarshal(t, a, template)
}

func TestParseCertificateRelativePoints(t *testing.T) {
	t.Parallel()
	for _, tt := range pointRows() {
		for _, a := range certAlgorithms {
			t.Run(tt.name+", "+string(a), func(t *testing.T) {
				t.Parallel()
				der := tt.der(t, a)
				if _, err := x509.ParseCertificate(der); err == nil {
					t.Error("crypto/x509 reads the certificate: it need not be masked any more")
				}
				before := bytes.Clone(der)
				cert, err := x509der.ParseCertificate(der)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(der, before) || !bytes.Equal(cert.Raw, der) || !bytes.Contains(der, cert.RawTBSCertificate) {
					t.Error("the input was changed, or a raw part is not of the input")
				}
				for _, e := range cert.Extensions {
					if e.Id.String() == "2.5.29.31" && !bytes.Equal(e.Value, tt.value) {
						t.Errorf("the extension is %x: want %x", e.Value, tt.value)
					}
				}
				if diff := cmp.Diff(tt.addresses, cert.CRLDistributionPoints); diff != "" {
					t.Errorf("addresses mismatch (-want +got):\n%s", diff)
				}
				if err := x509der.CheckSignature(cert, &x509.Certificate{PublicKey: testkeys.Key(a, 0).Public()}); err != nil {
					t.Error(err)
				}
			})
		}
	}

	for name, value := range map[string][]byte{
		"relative, then something else": asn.Seq(asn.Seq(relative(asn.Seq())), asn.Null),
		"a third kind of name":          asn.Seq(asn.Seq(asn.Explicit(0, asn.Explicit(2)))),
	} {
		if _, err := x509der.ParseCertificate((pointRow{value: value}).der(t, algorithm.ECC_256)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
