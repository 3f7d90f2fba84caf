package x509der

import (
	"bytes"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// appendTLV writes what cryptobyte writes, at every change of the length's form.
func TestAppendTLV(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x12345} {
		content := bytes.Repeat([]byte{7}, n)
		var b cryptobyte.Builder
		b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes(content) })
		want := append([]byte("before"), b.BytesOrPanic()...)
		if got := appendTLV([]byte("before"), asn1.UTF8String, content); !bytes.Equal(got, want) {
			t.Errorf("%d octets: %x…, want %x…", n, got[:min(len(got), 16)], want[:min(len(want), 16)])
		}
	}
}
