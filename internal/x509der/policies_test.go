package x509der_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"

	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// RFC 5280, section 4.2.1.4: the qualifiers of a critical certificatePolicies are
// known, or the certificate is refused.
func TestCheckPolicyQualifiers(t *testing.T) {
	t.Parallel()
	cps := asn.Seq(asn.OID("\x2b\x06\x01\x05\x05\x07\x02\x01"), asn.TLV(0x16, []byte("http://example.com")))
	notice := asn.Seq(asn.OID("\x2b\x06\x01\x05\x05\x07\x02\x02"), asn.Seq())
	other := asn.Seq(asn.OID("\x2a\x03\x04"), asn.Null)
	policy := func(parts ...[]byte) []byte { return asn.Seq(append([][]byte{asn.OID("\x2a\x03")}, parts...)...) }
	for _, tt := range []struct {
		name  string
		value []byte
		says  string // when the extension is critical
	}{
		{"no qualifier", asn.Seq(policy()), ""},
		{"the known ones", asn.Seq(policy(asn.Seq(cps, notice)), policy(asn.Seq(cps))), ""},
		{"an unknown one", asn.Seq(policy(asn.Seq(other))), "the qualifier 1.2.3.4"},
		{"an unknown one after known ones", asn.Seq(policy(), policy(asn.Seq(cps, notice, other))), "the qualifier 1.2.3.4"},
		{"a qualifier that is not a SEQUENCE", asn.Seq(policy(asn.Seq(asn.Null))), "malformed"},
		{"a policy with more after its qualifiers", asn.Seq(policy(asn.Seq(cps), asn.Null)), "malformed"},
		{"not a SEQUENCE", asn.Null, "malformed"},
		{"an octet after it", append(asn.Seq(policy()), 0), "malformed"},
	} {
		e := pkix.Extension{Id: []int{2, 5, 29, 32}, Critical: true, Value: tt.value}
		checkSays(t, x509der.CheckPolicyQualifiers(&x509.Certificate{Extensions: []pkix.Extension{e}}), tt.says)
		e.Critical = false
		checkSays(t, x509der.CheckPolicyQualifiers(&x509.Certificate{Extensions: []pkix.Extension{e}}), "")
		e.Critical, e.Id = true, []int{2, 5, 29, 33}
		checkSays(t, x509der.CheckPolicyQualifiers(&x509.Certificate{Extensions: []pkix.Extension{e}}), "")
	}
}
