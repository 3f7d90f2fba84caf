package x509der_test

import (
	encodingasn1 "encoding/asn1"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// crypto/x509 reads object identifiers with both packages.
func TestCheckArcs(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]bool{
		"\x55\x04\x03":                             true,
		"\x2a\x87\xff\xff\xff\x7f":                 true, // 1.2.2147483647
		"\x2a\x88\x80\x80\x80\x00":                 false,
		"\x2a\x87\xff\xff\xff\x7f\x01":             true,
		"\x2a\x88\x80\x80\x80\x00\x01":             false,
		"\x87\xff\xff\xff\x7f":                     true, // 2.2147483567
		"\x88\x80\x80\x80\x00":                     false,
		"\x2a\xff\xff\xff\xff\x7f":                 false,
		"\x2a\x81\x80\x80\x80\x80\x80\x80\x80\x00": false, // 2^56
	} {
		der := asn.OID(content)
		if err := x509der.CheckArcs(content); (err == nil) != want {
			t.Errorf("CheckArcs(%x): %v, want %v", content, err, want)
		}
		var oid encodingasn1.ObjectIdentifier
		input := cryptobyte.String(der)
		if got := input.ReadASN1ObjectIdentifier(&oid); got != want {
			t.Errorf("cryptobyte reads %x: %v, want %v", content, got, want)
		}
		if _, err := encodingasn1.Unmarshal(der, &oid); (err == nil) != want {
			t.Errorf("encoding/asn1 reads %x: %v, want %v", content, err, want)
		}
	}
}
