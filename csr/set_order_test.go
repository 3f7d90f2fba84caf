package csr_test

import (
	"bytes"
	"slices"
	"testing"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// DER sorts the elements of a SET OF (X.690, 11.6). Many tools do not, so Parse
// accepts each order.
func TestParseSetOrder(t *testing.T) {
	t.Parallel()
	name := asn.UTF8(asn.OIDCommonName, "www.example.com")
	unit := asn.UTF8(asn.OIDUnit, "IT")
	password := asn.RequestAttribute(asn.OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"), asn.TLV(asn1.UTF8String, []byte("secret")))
	extensions := asn.ExtensionRequest(asn.Extension(asn.OIDAltName, false, asn.GeneralNames("www.example.com")))
	one, two := asn.TLV(asn1.INTEGER, []byte{1}), asn.TLV(asn1.INTEGER, []byte{2})
	tests := []struct {
		name     string
		elements [][]byte
		put      func(p *parts, elements ...[]byte)
	}{
		{"RelativeDistinguishedName", [][]byte{name, unit}, func(p *parts, elements ...[]byte) {
			p.subject = asn.Seq(asn.Set(elements...))
		}},
		{"attributes", [][]byte{password, extensions}, func(p *parts, elements ...[]byte) {
			p.attributes = asn.Explicit(0, elements...)
		}},
		{"attribute values", [][]byte{one, two}, func(p *parts, elements ...[]byte) {
			p.attributes = asn.Explicit(0, asn.RequestAttribute(asn.OID("\x2a\x03"), elements...))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sorted := slices.SortedFunc(slices.Values(tt.elements), bytes.Compare)
			backwards := slices.Clone(sorted)
			slices.Reverse(backwards)
			for order, elements := range map[string][][]byte{"sorted": sorted, "backwards": backwards} {
				p := newParts(t, algorithm.ECC_256, 0)
				tt.put(p, elements...)
				_, err := csr.Parse(p.der())
				if err != nil {
					t.Errorf("%s: %v", order, err)
				}
			}
		})
	}
}
