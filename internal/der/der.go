// Package der writes DER (X.690) into one growing buffer: each function appends
// a value to the octets in front of it and returns the longer slice, as append
// does. Reading is left to cryptobyte.
package der

import (
	"bytes"
	"slices"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// Append appends a value: tag, length and content.
func Append[T ~string | ~[]byte](dst []byte, tag asn1.Tag, content T) []byte {
	return append(AppendHeader(dst, tag, len(content)), content...)
}

// AppendFunc appends a value whose content is what add appends. The length is
// known behind the content, which is then moved if the length takes more than an
// octet.
func AppendFunc(dst []byte, tag asn1.Tag, add func(dst []byte) []byte) []byte {
	at := len(dst)
	dst = add(append(dst, byte(tag), 0))
	n := len(dst) - at - 2
	if n < 0x80 {
		dst[at+1] = byte(n)
		return dst
	}
	header := AppendHeader(make([]byte, 0, MaxHeader), tag, n)
	dst[at+1] = header[1]
	return slices.Insert(dst, at+2, header[2:]...)
}

// MaxHeader is a tag and a length of up to eight octets behind their number.
const MaxHeader = 10

// AppendHeader appends what stands in front of a content of n octets: a tag of one
// octet and the length in its shortest form (X.690, 8.1.3).
func AppendHeader(dst []byte, tag asn1.Tag, n int) []byte {
	dst = append(dst, byte(tag))
	if n < 0x80 {
		return append(dst, byte(n))
	}
	octets := 1
	for n>>(8*octets) > 0 {
		octets++
	}
	dst = append(dst, 0x80|byte(octets))
	for octets--; octets >= 0; octets-- {
		dst = append(dst, byte(n>>(8*octets)))
	}
	return dst
}

// AppendInteger appends the INTEGER of a number that is not negative, from its
// octets, the highest first.
func AppendInteger(dst []byte, number []byte) []byte {
	if number = bytes.TrimLeft(number, "\x00"); len(number) == 0 || number[0]&0x80 != 0 {
		dst = append(AppendHeader(dst, asn1.INTEGER, 1+len(number)), 0)
		return append(dst, number...)
	}
	return Append(dst, asn1.INTEGER, number)
}

// AppendBitString appends a BIT STRING of whole octets.
func AppendBitString(dst []byte, octets []byte) []byte {
	dst = append(AppendHeader(dst, asn1.BIT_STRING, 1+len(octets)), 0)
	return append(dst, octets...)
}
