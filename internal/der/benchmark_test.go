package der_test

import (
	"bytes"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/floor"
)

// The content of a server certificate with a P-256 key (RFC 5280, section 4.1).
// Both writers add the tags and lengths.
var (
	tag0, tag3    = asn1.Tag(0).ContextSpecific().Constructed(), asn1.Tag(3).ContextSpecific().Constructed()
	tagDNS        = asn1.Tag(2).ContextSpecific()
	tagURI        = asn1.Tag(6).ContextSpecific()
	keyID         = bytes.Repeat([]byte{7}, 20)
	serialNumber  = bytes.Repeat([]byte{0x80}, 16)
	serialInteger = new(big.Int).SetBytes(serialNumber)
	point         = bytes.Repeat([]byte{4}, 65)
	ecdsaSHA256   = []byte{0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2}
	p256ID        = []byte{0x30, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}
	attributes    = []struct{ id, value []byte }{
		{[]byte("\x55\x04\x06"), []byte("CN")},
		{[]byte("\x55\x04\x08"), []byte("Zhejiang")},
		{[]byte("\x55\x04\x07"), []byte("Hangzhou")},
		{[]byte("\x55\x04\x0a"), []byte("Example Ltd")},
		{[]byte("\x55\x04\x03"), []byte("www.example.com")},
	}
	dnsNames   = [][]byte{[]byte("www.example.com"), []byte("api.example.com"), []byte("static.example.com")}
	notBefore  = []byte("260102030405Z")
	notAfter   = []byte("270102030405Z")
	crlAddress = []byte("http://crl.example.com/ca.crl")

	idSubjectKeyID   = []byte("\x55\x1d\x0e")
	idAuthorityKeyID = []byte("\x55\x1d\x23")
	idAltName        = []byte("\x55\x1d\x11")
	idCRLPoints      = []byte("\x55\x1d\x1f")
)

// appendTBS appends a TBSCertificate with this package.
func appendTBS(dst []byte) []byte {
	return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
		dst = der.AppendFunc(dst, tag0, func(dst []byte) []byte { return der.AppendInteger(dst, []byte{2}) })
		dst = der.AppendInteger(dst, serialNumber)
		dst = append(dst, ecdsaSHA256...)
		dst = der.AppendFunc(dst, asn1.SEQUENCE, appendName)
		dst = der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			dst = der.Append(dst, asn1.UTCTime, notBefore)
			return der.Append(dst, asn1.UTCTime, notAfter)
		})
		dst = der.AppendFunc(dst, asn1.SEQUENCE, appendName)
		dst = der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			return der.AppendBitString(append(dst, p256ID...), point)
		})
		return der.AppendFunc(dst, tag3, func(dst []byte) []byte {
			return der.AppendFunc(dst, asn1.SEQUENCE, appendExtensions)
		})
	})
}

func appendName(dst []byte) []byte {
	for _, a := range attributes {
		dst = der.AppendFunc(dst, asn1.SET, func(dst []byte) []byte {
			return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
				dst = der.Append(dst, asn1.OBJECT_IDENTIFIER, a.id)
				return der.Append(dst, asn1.UTF8String, a.value)
			})
		})
	}
	return dst
}

func appendExtensions(dst []byte) []byte {
	dst = appendExtension(dst, idSubjectKeyID, func(dst []byte) []byte { return der.Append(dst, asn1.OCTET_STRING, keyID) })
	dst = appendExtension(dst, idAuthorityKeyID, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			return der.Append(dst, asn1.Tag(0).ContextSpecific(), keyID)
		})
	})
	dst = appendExtension(dst, idAltName, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			for _, name := range dnsNames {
				dst = der.Append(dst, tagDNS, name)
			}
			return dst
		})
	})
	return appendExtension(dst, idCRLPoints, func(dst []byte) []byte {
		return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
			return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
				return der.AppendFunc(dst, tag0, func(dst []byte) []byte {
					return der.AppendFunc(dst, tag0, func(dst []byte) []byte { return der.Append(dst, tagURI, crlAddress) })
				})
			})
		})
	})
}

func appendExtension(dst []byte, id []byte, value func([]byte) []byte) []byte {
	return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
		dst = der.Append(dst, asn1.OBJECT_IDENTIFIER, id)
		return der.AppendFunc(dst, asn1.OCTET_STRING, value)
	})
}

// buildTBS writes the same TBSCertificate with cryptobyte.
func buildTBS(dst []byte) []byte {
	b := cryptobyte.NewBuilder(dst)
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddASN1Int64(2) })
		b.AddASN1BigInt(serialInteger)
		b.AddBytes(ecdsaSHA256)
		b.AddASN1(asn1.SEQUENCE, buildName)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.UTCTime, func(b *cryptobyte.Builder) { b.AddBytes(notBefore) })
			b.AddASN1(asn1.UTCTime, func(b *cryptobyte.Builder) { b.AddBytes(notAfter) })
		})
		b.AddASN1(asn1.SEQUENCE, buildName)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(p256ID)
			b.AddASN1BitString(point)
		})
		b.AddASN1(tag3, func(b *cryptobyte.Builder) { b.AddASN1(asn1.SEQUENCE, buildExtensions) })
	})
	return b.BytesOrPanic()
}

func buildName(b *cryptobyte.Builder) {
	for _, a := range attributes {
		b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(a.id) })
				b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes(a.value) })
			})
		})
	}
}

func buildExtensions(b *cryptobyte.Builder) {
	buildExtension(b, idSubjectKeyID, func(b *cryptobyte.Builder) { b.AddASN1OctetString(keyID) })
	buildExtension(b, idAuthorityKeyID, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(keyID) })
		})
	})
	buildExtension(b, idAltName, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, name := range dnsNames {
				b.AddASN1(tagDNS, func(b *cryptobyte.Builder) { b.AddBytes(name) })
			}
		})
	})
	buildExtension(b, idCRLPoints, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(tag0, func(b *cryptobyte.Builder) {
					b.AddASN1(tag0, func(b *cryptobyte.Builder) {
						b.AddASN1(tagURI, func(b *cryptobyte.Builder) { b.AddBytes(crlAddress) })
					})
				})
			})
		})
	})
}

func buildExtension(b *cryptobyte.Builder, id []byte, value func(*cryptobyte.Builder)) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(id) })
		b.AddASN1(asn1.OCTET_STRING, value)
	})
}

// The two sides of the benchmark write the same octets.
func TestTBS(t *testing.T) {
	t.Parallel()
	got, want := appendTBS(nil), buildTBS(nil)
	if !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

// The metric x-cryptobyte is the time over cryptobyte's for the same octets.
// own-allocs/op is how many more allocations than cryptobyte: a negative number
// means fewer. Both writers start with a buffer that is large enough.
func BenchmarkTBS(b *testing.B) {
	size := len(appendTBS(nil))
	var out []byte
	floor.Report(b, "x-cryptobyte",
		func() { out = appendTBS(make([]byte, 0, size+64)) },
		func() { out = buildTBS(make([]byte, 0, size+64)) })
	if len(out) != size {
		b.Errorf("%d octets, want %d", len(out), size)
	}
}
