// Package asn writes DER for tests, without the code under test.
package asn

import (
	"net/netip"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// String types that cryptobyte/asn1 does not name.
const (
	NumericString = asn1.Tag(18)
	BMPString     = asn1.Tag(30)
)

// TLV is one element: a tag, the length, and the parts as its content.
func TLV(tag asn1.Tag, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(parts...)) })
	return b.BytesOrPanic()
}

func Seq(parts ...[]byte) []byte                  { return TLV(asn1.SEQUENCE, parts...) }
func Set(parts ...[]byte) []byte                  { return TLV(asn1.SET, parts...) }
func Octets(parts ...[]byte) []byte               { return TLV(asn1.OCTET_STRING, parts...) }
func Explicit(n asn1.Tag, parts ...[]byte) []byte { return TLV(0xa0|n, parts...) }

// Bits is a BIT STRING of whole octets.
func Bits(parts ...[]byte) []byte { return TLV(asn1.BIT_STRING, []byte{0}, slices.Concat(parts...)) }

// OID is an OBJECT IDENTIFIER with that content, as DER encodes it.
func OID(content string) []byte { return TLV(asn1.OBJECT_IDENTIFIER, []byte(content)) }

// Null is a NULL.
var Null = TLV(asn1.NULL)

// Object identifiers.
var (
	OIDCommonName   = OID("\x55\x04\x03")
	OIDSerialNumber = OID("\x55\x04\x05")
	OIDCountry      = OID("\x55\x04\x06")
	OIDLocality     = OID("\x55\x04\x07")
	OIDState        = OID("\x55\x04\x08")
	OIDOrganization = OID("\x55\x04\x0a")
	OIDUnit         = OID("\x55\x04\x0b")
	OIDEmail        = OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01")
	OIDDC           = OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19")

	OIDKeyID       = OID("\x55\x1d\x0e")
	OIDKeyUsage    = OID("\x55\x1d\x0f")
	OIDAltName     = OID("\x55\x1d\x11")
	OIDConstraints = OID("\x55\x1d\x13") // basicConstraints
	OIDCRLPoints   = OID("\x55\x1d\x1f")
	OIDAuthority   = OID("\x55\x1d\x23") // authorityKeyIdentifier
	OIDExtKeyUsage = OID("\x55\x1d\x25")
	OIDServerAuth  = OID("\x2b\x06\x01\x05\x05\x07\x03\x01")
	OIDClientAuth  = OID("\x2b\x06\x01\x05\x05\x07\x03\x02")

	OIDExtensionRequest = OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e")

	OIDECPublicKey = OID("\x2a\x86\x48\xce\x3d\x02\x01")
	OIDSM2         = OID("\x2a\x81\x1c\xcf\x55\x01\x82\x2d")
	OIDSM2WithSM3  = OID("\x2a\x81\x1c\xcf\x55\x01\x83\x75")
)

// The AlgorithmIdentifiers of the signatures that we make.
var (
	RSAWithSHA256   = Seq(OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), Null)
	ECDSAWithSHA256 = Seq(OID("\x2a\x86\x48\xce\x3d\x04\x03\x02"))
	SM2WithSM3      = Seq(OIDSM2WithSM3)
)

// RSAPSS is the AlgorithmIdentifier of RSASSA-PSS with these parameters (RFC
// 4055, 3.1), and PSSHash, PSSMask and PSSSalt are the first three of them.
func RSAPSS(parameters ...[]byte) []byte {
	return Seq(OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), Seq(parameters...))
}
func PSSHash(hash []byte) []byte { return Explicit(0, hash) }
func PSSMask(hash []byte) []byte {
	return Explicit(1, Seq(OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"), hash))
}
func PSSSalt(octets byte) []byte {
	if octets > 127 {
		return Explicit(2, TLV(asn1.INTEGER, []byte{0, octets}))
	}
	return Explicit(2, TLV(asn1.INTEGER, []byte{octets}))
}

// The AlgorithmIdentifiers of hashes (RFC 4055, 2.1).
var (
	SHA1   = Seq(OID("\x2b\x0e\x03\x02\x1a"), Null)
	SHA256 = Seq(OID("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), Null)
	SHA384 = Seq(OID("\x60\x86\x48\x01\x65\x03\x04\x02\x02"), Null)
	SHA512 = Seq(OID("\x60\x86\x48\x01\x65\x03\x04\x02\x03"), Null)
)

// SignatureID is the AlgorithmIdentifier that keys of a family sign with: "RSA",
// "ECC" or "SM2".
func SignatureID(family string) []byte {
	return map[string][]byte{"RSA": RSAWithSHA256, "ECC": ECDSAWithSHA256, "SM2": SM2WithSM3}[family]
}

// Name is a Name (RFC 5280, 4.1.2.4) with one attribute in each RDN.
func Name(attributes ...[]byte) []byte {
	var rdns [][]byte
	for _, a := range attributes {
		rdns = append(rdns, Set(a))
	}
	return Seq(rdns...)
}

// Attribute is one AttributeTypeAndValue of a Name.
func Attribute(oid []byte, tag asn1.Tag, text string) []byte { return Seq(oid, TLV(tag, []byte(text))) }

func Printable(oid []byte, text string) []byte { return Attribute(oid, asn1.PrintableString, text) }
func UTF8(oid []byte, text string) []byte      { return Attribute(oid, asn1.UTF8String, text) }
func IA5(oid []byte, text string) []byte       { return Attribute(oid, asn1.IA5String, text) }

// Extension is an Extension (RFC 5280, 4.1).
func Extension(oid []byte, critical bool, value []byte) []byte {
	if critical {
		return Seq(oid, []byte{1, 1, 0xff}, Octets(value))
	}
	return Seq(oid, Octets(value))
}

// GeneralNames is the value of a subjectAltName of DNS names and IP addresses.
func GeneralNames(names ...string) []byte {
	var parts [][]byte
	for _, name := range names {
		if addr, err := netip.ParseAddr(name); err == nil {
			parts = append(parts, IPAddress(addr.AsSlice()...))
		} else {
			parts = append(parts, DNSName(name))
		}
	}
	return Seq(parts...)
}

func DNSName(name string) []byte      { return TLV(0x82, []byte(name)) }
func IPAddress(octets ...byte) []byte { return TLV(0x87, octets) }

// RequestAttribute is one Attribute of a CSR (RFC 2986, 4.1).
func RequestAttribute(oid []byte, values ...[]byte) []byte { return Seq(oid, Set(values...)) }

// ExtensionRequest is the Attribute of a CSR that asks for extensions (RFC 2985,
// 5.4.2).
func ExtensionRequest(extensions ...[]byte) []byte {
	return RequestAttribute(OIDExtensionRequest, Seq(extensions...))
}
