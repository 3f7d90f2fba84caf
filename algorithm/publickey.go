package algorithm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/sm2"
)

// The AlgorithmIdentifiers in a SubjectPublicKeyInfo, as DER. RSA has NULL
// parameters (RFC 3279, section 2.3.1). An EC key names its curve (RFC 5480,
// section 2.1.1), and so does an SM2 key (GM/T 0015; 1.2.156.10197.1.301).
var (
	rsaKeyID  = []byte{0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0}
	p256KeyID = append(ecKeyID(19), 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7)
	p384KeyID = append(ecKeyID(16), 6, 5, 0x2b, 0x81, 4, 0, 34)
	p521KeyID = append(ecKeyID(16), 6, 5, 0x2b, 0x81, 4, 0, 35)
	sm2KeyID  = append(ecKeyID(19), sm2Curve...)

	rsaEncryption = rsaKeyID[2 : len(rsaKeyID)-2] // RFC 3279, section 2.3.1
	ecPublicKey   = ecKeyID(0)[2:]                // RFC 5480, section 2.1.1

	sm2Curve = []byte{6, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x82, 0x2d}

	// Some tools write the curve instead of id-ecPublicKey, and after it the
	// curve again, NULL or nothing.
	sm2KeyIDs = [][]byte{
		sm2KeyID,
		append(append([]byte{0x30, 20}, sm2Curve...), sm2Curve...),
		append(append([]byte{0x30, 12}, sm2Curve...), 5, 0),
		append([]byte{0x30, 10}, sm2Curve...),
	}
)

// ecKeyID returns the header of an AlgorithmIdentifier of n octets, followed by
// id-ecPublicKey.
func ecKeyID(n byte) []byte {
	return []byte{0x30, n, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1}
}

func isSM2KeyID(id []byte) bool {
	return slices.ContainsFunc(sm2KeyIDs, func(known []byte) bool { return bytes.Equal(id, known) })
}

// MarshalPublicKey returns the DER SubjectPublicKeyInfo of pub (RFC 5280,
// section 4.1.2.7). It refuses a key that [Of] does not recognise and a point that
// is not on its curve.
func MarshalPublicKey(pub crypto.PublicKey) ([]byte, error) {
	a, err := Of(pub)
	if err != nil {
		return nil, err
	}
	if pub, ok := pub.(*rsa.PublicKey); ok {
		return marshalRSA(pub), nil
	}
	point, err := pointBytes(pub.(*ecdsa.PublicKey))
	if err != nil {
		return nil, err
	}
	return marshalPoint(a, point), nil
}

// MarshalPublicKey returns the DER SubjectPublicKeyInfo of the key's public half, which
// the function [MarshalPublicKey] returns for Public too. For SM2 it is faster: it does
// not check the point again. The error for a zero PrivateKey is
// [yuncert.ErrInvalidValueMalformed].
func (k *PrivateKey) MarshalPublicKey() ([]byte, error) {
	switch signer := k.signer().(type) {
	case nil:
		return nil, malformed("the private key is empty")
	case sm2Signer:
		return marshalPoint(SM2_256, signer.PublicBytes()), nil
	default:
		return MarshalPublicKey(signer.Public())
	}
}

// marshalPoint returns the DER SubjectPublicKeyInfo of an ECC or SM2 key (RFC 5480,
// section 2).
func marshalPoint(a Algorithm, point []byte) []byte {
	id := sm2KeyID
	switch a {
	case ECC_256:
		id = p256KeyID
	case ECC_384:
		id = p384KeyID
	case ECC_512:
		id = p521KeyID
	}
	return der.AppendFunc(make([]byte, 0, len(id)+len(point)+16), asn1.SEQUENCE, func(dst []byte) []byte {
		return der.AppendBitString(append(dst, id...), point)
	})
}

// marshalRSA writes an RSAPublicKey (RFC 8017, appendix A.1.1) into a
// SubjectPublicKeyInfo.
func marshalRSA(pub *rsa.PublicKey) []byte {
	modulus := pub.N.Bytes()
	return der.AppendFunc(make([]byte, 0, len(modulus)+64), asn1.SEQUENCE, func(dst []byte) []byte {
		dst = append(dst, rsaKeyID...)
		return der.AppendFunc(dst, asn1.BIT_STRING, func(dst []byte) []byte {
			dst = append(dst, 0) // no unused bits
			return der.AppendFunc(dst, asn1.SEQUENCE, func(dst []byte) []byte {
				return der.AppendInt(der.AppendInteger(dst, modulus), int64(pub.E))
			})
		})
	})
}

// pointBytes returns the uncompressed point (SEC 1, section 2.3.3), or an error
// if it is not on its curve.
func pointBytes(pub *ecdsa.PublicKey) (point []byte, err error) {
	switch {
	//lint:ignore SA1019 Bytes panics without them
	case pub.X == nil || pub.Y == nil:
		err = errors.New("it has no coordinates")
	case sm2.IsPublicKey(pub):
		point, err = sm2.PublicKeyBytes(pub)
	default:
		point, err = pub.Bytes()
	}
	if err != nil {
		return nil, malformed("the public key is not a point on its curve: %v", err)
	}
	return point, nil
}

// ParsePublicKey reads a DER SubjectPublicKeyInfo without trailing data. The key
// must be one that [Of] recognises. A point must be uncompressed, on its curve and
// not at infinity. The curve must be given by name: crypto/x509 and others cannot
// read a certificate with explicit parameters. Call [Check] for the remaining rules.
func ParsePublicKey(data []byte) (crypto.PublicKey, error) {
	input := cryptobyte.String(data)
	var info, id, bits cryptobyte.String
	var unused uint8
	if !input.ReadASN1(&info, asn1.SEQUENCE) || !input.Empty() ||
		!info.ReadASN1Element(&id, asn1.SEQUENCE) ||
		!info.ReadASN1(&bits, asn1.BIT_STRING) || !info.Empty() ||
		!bits.ReadUint8(&unused) || unused != 0 {
		return nil, malformed("the public key is not a SubjectPublicKeyInfo (RFC 5280, section 4.1)")
	}
	switch {
	case bytes.Equal(id, rsaKeyID):
		return parseRSA(bits)
	case bytes.Equal(id, p256KeyID):
		return parsePoint(elliptic.P256(), bits)
	case bytes.Equal(id, p384KeyID):
		return parsePoint(elliptic.P384(), bits)
	case bytes.Equal(id, p521KeyID):
		return parsePoint(elliptic.P521(), bits)
	case isSM2KeyID(id):
		return parsePoint(sm2.P256(), bits)
	}
	return nil, errKeyID(id)
}

// parseRSA reads an RSAPublicKey (RFC 8017, appendix A.1.1).
func parseRSA(input cryptobyte.String) (crypto.PublicKey, error) {
	var key cryptobyte.String
	var n, e []byte
	if !input.ReadASN1(&key, asn1.SEQUENCE) || !input.Empty() ||
		!key.ReadASN1Integer(&n) || !key.ReadASN1Integer(&e) || !key.Empty() {
		return nil, malformed("the RSA public key is not a pair of positive DER integers (RFC 8017, appendix A.1.1)")
	}
	exponent := 0
	for _, octet := range e {
		if exponent > math.MaxInt32>>8 {
			return nil, malformed("the RSA exponent is larger than 2^31-1, the largest that common software can verify; 65537 is usual")
		}
		exponent = exponent<<8 | int(octet)
	}
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: exponent}
	if _, err := Of(pub); err != nil {
		return nil, err
	}
	return pub, nil
}

// parsePoint reads an uncompressed point (SEC 1, section 2.3.4).
func parsePoint(curve elliptic.Curve, point []byte) (crypto.PublicKey, error) {
	var pub *ecdsa.PublicKey
	var err error
	if curve == sm2.P256() {
		pub, err = sm2.ParsePublicKey(point)
	} else {
		pub, err = ecdsa.ParseUncompressedPublicKey(curve, point)
	}
	if err != nil {
		return nil, malformed("the public key is not an uncompressed point on its curve: %s", describePoint(curve, point))
	}
	return pub, nil
}

// PubMd5 returns the PubMd5 of CreateCdnCertificateSigningRequest: the MD5 of
// the DER SubjectPublicKeyInfo as 32 lower-case hexadecimal digits. A key, its
// CSR and its certificate have the same digest, so one leads to the others:
//
//	openssl req  -in a.csr -noout -pubkey | openssl pkey -pubin -outform DER | openssl md5
//	openssl x509 -in a.pem -noout -pubkey | openssl pkey -pubin -outform DER | openssl md5
//
// Use it to find keys, not to protect anything: MD5 is broken. It returns the
// errors of [MarshalPublicKey].
func PubMd5(pub crypto.PublicKey) (string, error) {
	info, err := MarshalPublicKey(pub)
	if err != nil {
		return "", err
	}
	sum := md5.Sum(info)
	return hex.EncodeToString(sum[:]), nil
}
