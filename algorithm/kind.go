package algorithm

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	encodingasn1 "encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/sm2"
)

// kinds names the keys, curves and encryption schemes that other tools use and this
// module does not support (RFC 3279, RFC 4055, RFC 5480, RFC 5639, RFC 7292, RFC 8018,
// RFC 8410, RFC 9881, SEC 2, GM/T 0006).
var kinds = map[string]string{
	"1.2.840.10040.4.1":       "DSA",
	"1.2.840.10046.2.1":       "Diffie-Hellman",
	"1.2.840.113549.1.3.1":    "Diffie-Hellman",
	"1.2.840.113549.1.1.7":    "RSAES-OAEP",
	"1.2.840.113549.1.1.10":   "RSASSA-PSS",
	"1.3.101.110":             "X25519",
	"1.3.101.111":             "X448",
	"1.3.101.112":             "Ed25519",
	"1.3.101.113":             "Ed448",
	"2.16.840.1.101.3.4.3.17": "ML-DSA-44",
	"2.16.840.1.101.3.4.3.18": "ML-DSA-65",
	"2.16.840.1.101.3.4.3.19": "ML-DSA-87",

	"1.2.840.10045.3.1.1":   "P-192",
	"1.3.132.0.10":          "secp256k1",
	"1.3.132.0.33":          "P-224",
	"1.3.36.3.3.2.8.1.1.7":  "brainpoolP256r1",
	"1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1",
	"1.3.36.3.3.2.8.1.1.13": "brainpoolP512r1",

	"1.2.840.113549.1.5.3":    "pbeWithMD5AndDES-CBC",
	"1.2.840.113549.1.5.6":    "pbeWithMD5AndRC2-CBC",
	"1.2.840.113549.1.5.10":   "pbeWithSHA1AndDES-CBC",
	"1.2.840.113549.1.5.11":   "pbeWithSHA1AndRC2-CBC",
	"1.2.840.113549.1.12.1.1": "pbeWithSHAAnd128BitRC4",
	"1.2.840.113549.1.12.1.3": "pbeWithSHAAnd3-KeyTripleDES-CBC",
	"1.2.840.113549.1.12.1.6": "pbeWithSHAAnd40BitRC2-CBC",
	"1.3.14.3.2.7":            "DES-CBC",
	"1.2.156.10197.1.102":     "SM1",
	"1.2.156.10197.1.102.1":   "SM1-ECB",
	"1.2.156.10197.1.104.2":   "SM4-CBC",
	"2.16.840.1.101.3.4.1.6":  "AES-128-GCM",
	"2.16.840.1.101.3.4.1.26": "AES-192-GCM",
	"2.16.840.1.101.3.4.1.46": "AES-256-GCM",
}

// nameOf reads an object identifier and returns it with the name of its kind.
func nameOf(s cryptobyte.String) string {
	var oid encodingasn1.ObjectIdentifier
	if len(s) > 64 || !s.ReadASN1ObjectIdentifier(&oid) {
		return "an unknown object identifier"
	}
	if kind, known := kinds[oid.String()]; known {
		return fmt.Sprintf("%s (%s)", kind, oid)
	}
	return oid.String()
}

const wantCurve = "want P-256, P-384, P-521 or SM2"

// errKeyID is the error for the AlgorithmIdentifier of a key that is not
// supported, in a SubjectPublicKeyInfo or a PKCS #8 key.
func errKeyID(id cryptobyte.String) error {
	var parts, oid cryptobyte.String
	if !id.ReadASN1(&parts, asn1.SEQUENCE) || !parts.ReadASN1Element(&oid, asn1.OBJECT_IDENTIFIER) {
		return malformed("the key's algorithm is not supported: it has no object identifier; want RSA, ECC or SM2")
	}
	switch {
	case bytes.Equal(oid, ecPublicKey):
		return errCurve(parts)
	case bytes.Equal(oid, rsaEncryption):
		return malformed("the key's algorithm is not supported: RSA without the parameters NULL; want them (RFC 3279, section 2.3.1)")
	}
	return malformed("the key's algorithm is not supported: %s; want RSA (rsaEncryption, 1.2.840.113549.1.1.1), ECC or SM2", nameOf(oid))
}

// errCurve is the error for the parameters of an ECC key that is not supported.
func errCurve(parameters cryptobyte.String) error {
	switch {
	case parameters.PeekASN1Tag(asn1.SEQUENCE):
		return malformed("the key's curve is not supported: it is given by explicit parameters, but a certificate names the curve (RFC 5480, section 2.1.1); " +
			"convert the private key with openssl ec -param_enc named_curve")
	case !parameters.PeekASN1Tag(asn1.OBJECT_IDENTIFIER):
		return malformed("the key's curve is not supported: it has no object identifier; " + wantCurve)
	}
	var oid cryptobyte.String
	if !parameters.ReadASN1Element(&oid, asn1.OBJECT_IDENTIFIER) || !parameters.Empty() {
		return malformed("the key's curve is not supported: its parameters are not one object identifier (RFC 5480, section 2.1.1); " + wantCurve)
	}
	return malformed("the key's curve is not supported: %s; "+wantCurve, nameOf(oid))
}

// errKeyType is the error for a Go value that is not a supported key.
func errKeyType(key any) error {
	const want = "want an RSA, ECC or SM2 key"
	switch key := key.(type) {
	case ed25519.PublicKey, ed25519.PrivateKey:
		return malformed("an Ed25519 key is not supported; " + want)
	case *ecdh.PublicKey, *ecdh.PrivateKey:
		return malformed("an ECDH key (%T), such as X25519, is not supported; "+want, key)
	case rsa.PublicKey, ecdsa.PublicKey, rsa.PrivateKey, ecdsa.PrivateKey, PrivateKey:
		return malformed("a key of type %T is not supported; pass a pointer to it", key)
	}
	return malformed("a key of type %T is not supported; "+want, key)
}

// isPrivate reports whether a value is a private key of any kind: each has the
// method Public.
func isPrivate(key any) bool {
	_, private := key.(interface{ Public() crypto.PublicKey })
	return private
}

// describePoint says why octets are not an uncompressed point on a curve (SEC 1,
// section 2.3.4).
func describePoint(curve elliptic.Curve, point []byte) string {
	const convert = "convert the private key with openssl ec -conv_form uncompressed"
	size := 1 + 2*((curve.Params().BitSize+7)/8)
	switch {
	case len(point) > 0 && (point[0] == 2 || point[0] == 3):
		return "it is compressed; " + convert
	case len(point) > 0 && (point[0] == 6 || point[0] == 7):
		return "it is in hybrid form; " + convert
	case len(point) == 1 && point[0] == 0:
		return "it is the point at infinity"
	case len(point) != size:
		return fmt.Sprintf("it has %d octets; want %d", len(point), size)
	}
	return fmt.Sprintf("want 04 and the coordinates of a point on %s", curve.Params().Name)
}

// isCurve reports whether parameters are the object identifier of a curve that
// crypto/x509 reads in a private key. [Check] refuses what is not supported.
func isCurve(parameters cryptobyte.String) bool {
	for _, id := range [][]byte{p256KeyID, p384KeyID, p521KeyID} {
		if bytes.Equal(parameters, id[len(ecKeyID(0)):]) {
			return true
		}
	}
	return false
}

// explicitCurve returns the DER object identifier of the curve that explicit
// parameters describe, or nil if they describe none of the supported curves.
func explicitCurve(parameters cryptobyte.String) []byte {
	for _, known := range []struct {
		curve elliptic.Curve
		id    []byte
	}{
		{elliptic.P256(), p256KeyID}, {elliptic.P384(), p384KeyID}, {elliptic.P521(), p521KeyID}, {sm2.P256(), sm2KeyID},
	} {
		if describes(parameters, known.curve.Params()) {
			return known.id[len(ecKeyID(0)):]
		}
	}
	return nil
}

// describes reports whether ECParameters (RFC 3279, section 2.3.5) describe a curve.
// Every number is compared: with another generator, anybody can make a private key
// for a given public key (CVE-2020-0601). The seed is skipped, since
// nothing is computed from it.
func describes(parameters cryptobyte.String, curve *elliptic.CurveParams) bool {
	const primeField = "\x06\x07\x2a\x86\x48\xce\x3d\x01\x01"
	var list, field, fieldID, equation, a, b, base cryptobyte.String
	var version, cofactor int
	p, n := new(big.Int), new(big.Int)
	if !parameters.ReadASN1(&list, asn1.SEQUENCE) || !parameters.Empty() ||
		!list.ReadASN1Integer(&version) || version < 1 || version > 3 ||
		!list.ReadASN1(&field, asn1.SEQUENCE) ||
		!field.ReadASN1Element(&fieldID, asn1.OBJECT_IDENTIFIER) || string(fieldID) != primeField ||
		!field.ReadASN1Integer(p) || !field.Empty() ||
		!list.ReadASN1(&equation, asn1.SEQUENCE) ||
		!equation.ReadASN1(&a, asn1.OCTET_STRING) || !equation.ReadASN1(&b, asn1.OCTET_STRING) ||
		!equation.SkipOptionalASN1(asn1.BIT_STRING) || !equation.Empty() ||
		!list.ReadASN1(&base, asn1.OCTET_STRING) || !list.ReadASN1Integer(n) ||
		!list.ReadASN1Integer(&cofactor) || !list.Empty() {
		return false
	}
	size := (curve.BitSize + 7) / 8
	generator := make([]byte, 1+2*size)
	generator[0] = 4 // uncompressed
	curve.Gx.FillBytes(generator[1 : 1+size])
	curve.Gy.FillBytes(generator[1+size:])
	minus3 := new(big.Int).Sub(curve.P, big.NewInt(3)) // a of all supported curves
	return p.Cmp(curve.P) == 0 &&
		new(big.Int).SetBytes(a).Cmp(minus3) == 0 &&
		new(big.Int).SetBytes(b).Cmp(curve.B) == 0 &&
		bytes.Equal(base, generator) &&
		n.Cmp(curve.N) == 0 && cofactor == 1
}
