package der_test

import (
	"bytes"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/testutil"
)

// lengths are just below and above each change of a length's form.
var lengths = []int{0, 1, 0x7d, 0x7e, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x12345, 0x1000000}

// Every value has the octets that cryptobyte writes.
func TestAppend(t *testing.T) {
	t.Parallel()
	for _, n := range lengths {
		content := bytes.Repeat([]byte{7}, n)
		b := cryptobyte.NewBuilder([]byte("before"))
		b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes(content) })
		want := b.BytesOrPanic()
		for name, got := range map[string][]byte{
			"octets": der.Append([]byte("before"), asn1.UTF8String, content),
			"string": der.Append([]byte("before"), asn1.UTF8String, string(content)),
			"function": der.AppendFunc([]byte("before"), asn1.UTF8String, func(dst []byte) []byte {
				return append(dst, content...)
			}),
			"function, with room": der.AppendFunc(append(make([]byte, 0, n+100), "before"...), asn1.UTF8String, func(dst []byte) []byte {
				return append(dst, content...)
			}),
		} {
			if !bytes.Equal(got, want) {
				t.Errorf("%d octets, %s: %x…, want %x…", n, name, got[:min(len(got), 16)], want[:min(len(want), 16)])
			}
		}
	}
}

// Size is the length of what Append appends.
func TestSize(t *testing.T) {
	t.Parallel()
	for _, n := range lengths {
		want := len(der.Append(nil, asn1.UTF8String, make([]byte, n)))
		if got := der.Size(n); got != want {
			t.Errorf("%d octets: size %d, want %d", n, got, want)
		}
	}
}

// Three values are nested. Each is long enough to be moved.
func TestAppendFuncNested(t *testing.T) {
	t.Parallel()
	for _, n := range lengths[:9] {
		content := bytes.Repeat([]byte{7}, n)
		var b cryptobyte.Builder
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Boolean(true)
			b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
				b.AddASN1OctetString(content)
				b.AddASN1Boolean(true)
			})
			b.AddASN1Boolean(true)
		})
		boolean := []byte{1, 1, 0xff}
		got := der.AppendFunc(nil, asn1.SEQUENCE, func(dst []byte) []byte {
			dst = append(dst, boolean...)
			dst = der.AppendFunc(dst, asn1.SET, func(dst []byte) []byte {
				return append(der.Append(dst, asn1.OCTET_STRING, content), boolean...)
			})
			return append(dst, boolean...)
		})
		if want := b.BytesOrPanic(); !bytes.Equal(got, want) {
			t.Errorf("%d octets: %x…, want %x…", n, got[:min(len(got), 16)], want[:min(len(want), 16)])
		}
	}
}

func TestAppendInteger(t *testing.T) {
	t.Parallel()
	for _, number := range [][]byte{nil, {0}, {1}, {0x7f}, {0x80}, {0xff}, {0, 0x7f}, {0, 0x80}, {0, 0, 1, 0}, {0xff, 0xff}, bytes.Repeat([]byte{0x80}, 256)} {
		b := cryptobyte.NewBuilder([]byte("before"))
		b.AddASN1BigInt(new(big.Int).SetBytes(number))
		if got, want := der.AppendInteger([]byte("before"), number), b.BytesOrPanic(); !bytes.Equal(got, want) {
			t.Errorf("%x: %x, want %x", number, got, want)
		}
	}
}

func TestAppendInt(t *testing.T) {
	t.Parallel()
	for bits := range 64 {
		power := int64(1) << bits // the last one is the lowest int64
		for _, n := range []int64{power - 1, power, power + 1, -power - 1, -power, -power + 1} {
			b := cryptobyte.NewBuilder([]byte("before"))
			b.AddASN1Int64(n)
			if got, want := der.AppendInt([]byte("before"), n), b.BytesOrPanic(); !bytes.Equal(got, want) {
				t.Errorf("%d: %x, want %x", n, got, want)
			}
		}
	}
}

func TestAppendBitString(t *testing.T) {
	t.Parallel()
	for _, n := range lengths {
		octets := bytes.Repeat([]byte{7}, n)
		b := cryptobyte.NewBuilder([]byte("before"))
		b.AddASN1BitString(octets)
		if got, want := der.AppendBitString([]byte("before"), octets), b.BytesOrPanic(); !bytes.Equal(got, want) {
			t.Errorf("%d octets: %x…, want %x…", n, got[:min(len(got), 16)], want[:min(len(want), 16)])
		}
	}
}

// PEM writes what encoding/pem writes.
func TestPEM(t *testing.T) {
	t.Parallel()
	value := make([]byte, 200)
	for i := range value {
		value[i] = byte(37 * i)
	}
	for n := range value {
		for _, label := range []string{"CERTIFICATE", "CERTIFICATE REQUEST", "PRIVATE KEY"} {
			want := testutil.EncodePEM(label, value[:n])
			if got := der.PEM(label, value[:n]); got != want {
				t.Fatalf("%d octets: %q, want %q", n, got, want)
			}
		}
	}
}
