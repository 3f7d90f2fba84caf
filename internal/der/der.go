// Package der writes DER (X.690), and writes and reads PEM (RFC 7468). Each
// function for DER appends a value to dst and returns the longer slice, as append
// does.
//
// cryptobyte.Builder writes DER too, but it allocates for every constructed
// value. BenchmarkTBS writes one TBSCertificate with both: this package takes
// 0.5 µs and 1 allocation, cryptobyte 7 µs and 80 allocations (0.07 of the time,
// measured in one run). Reading is done with cryptobyte.
package der

import (
	"bytes"
	"math/bits"
	"slices"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// MaxHeader is the largest number of octets that AppendHeader appends.
const MaxHeader = 10

// Size returns the number of octets of a value whose content has n octets.
func Size(n int) int {
	return 2 + lengthOctets(n) + n
}

// lengthOctets returns how many octets a length has after its first one.
func lengthOctets(n int) int {
	if n < 0x80 {
		return 0
	}
	return (bits.Len(uint(n)) + 7) / 8
}

// AppendHeader appends the tag and the length of a content of n octets. The tag
// takes one octet. The length has its shortest form (X.690, section 10.1).
func AppendHeader(dst []byte, tag asn1.Tag, n int) []byte {
	dst = append(dst, byte(tag))
	if n < 0x80 {
		return append(dst, byte(n))
	}
	octets := lengthOctets(n)
	dst = append(dst, 0x80|byte(octets))
	for i := octets - 1; i >= 0; i-- {
		dst = append(dst, byte(n>>(8*i)))
	}
	return dst
}

// Append appends a value: tag, length and content.
func Append[T ~string | ~[]byte](dst []byte, tag asn1.Tag, content T) []byte {
	return append(AppendHeader(dst, tag, len(content)), content...)
}

// AppendFunc appends a value whose content add appends. It reserves one octet
// for the length, and moves the content if the length needs more.
func AppendFunc(dst []byte, tag asn1.Tag, add func(dst []byte) []byte) []byte {
	start := len(dst)
	dst = add(append(dst, byte(tag), 0))
	n := len(dst) - start - 2
	if n < 0x80 {
		dst[start+1] = byte(n)
		return dst
	}
	header := AppendHeader(make([]byte, 0, MaxHeader), tag, n)
	dst[start+1] = header[1]
	return slices.Insert(dst, start+2, header[2:]...)
}

// AppendInteger appends the INTEGER of a number that is not negative. The number
// is big endian and may have leading zeros.
func AppendInteger(dst []byte, number []byte) []byte {
	number = bytes.TrimLeft(number, "\x00")
	if len(number) > 0 && number[0] < 0x80 {
		return Append(dst, asn1.INTEGER, number)
	}
	dst = append(AppendHeader(dst, asn1.INTEGER, 1+len(number)), 0)
	return append(dst, number...)
}

// AppendInt appends the INTEGER of n.
func AppendInt(dst []byte, n int64) []byte {
	octets := 1
	for n>>(8*octets-1) != 0 && n>>(8*octets-1) != -1 {
		octets++
	}
	dst = AppendHeader(dst, asn1.INTEGER, octets)
	for i := octets - 1; i >= 0; i-- {
		dst = append(dst, byte(n>>(8*i)))
	}
	return dst
}

// AppendBitString appends a BIT STRING of whole octets.
func AppendBitString(dst []byte, octets []byte) []byte {
	dst = append(AppendHeader(dst, asn1.BIT_STRING, 1+len(octets)), 0)
	return append(dst, octets...)
}
