//lint:file-ignore SA1019 the replacements of the fields X, Y and D support only the NIST curves

// Package tjfoc converts SM2 keys of github.com/tjfoc/gmsm to keys of this module
// and back. A converted key signs with this module's engine, in constant time and
// with repeatable signatures; tjfoc/gmsm neither signs nor verifies anything.
//
// It is a separate package so that only programs that import it depend on
// tjfoc/gmsm. All its errors are [yuncert.ErrInvalidValueMalformed].
package tjfoc

import (
	"crypto"
	"crypto/ecdsa"
	"math/big"

	tjsm2 "github.com/tjfoc/gmsm/sm2"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/sm2"
)

// FromPrivateKey returns a copy of key as an [algorithm.PrivateKey]. It refuses a
// nil or incomplete key, a scalar outside 1 to n-2 and a public key that does not
// belong to the scalar.
func FromPrivateKey(key *tjsm2.PrivateKey) (*algorithm.PrivateKey, error) {
	if key == nil {
		return nil, malformed("the private key is nil")
	}
	engine := new(sm2.EngineKey)
	engine.PublicKey = ecdsa.PublicKey{Curve: sm2.P256(), X: key.X, Y: key.Y}
	engine.D = key.D
	return algorithm.NewPrivateKey(engine)
}

// FromPublicKey returns a copy of pub as an *ecdsa.PublicKey on the SM2 curve, the
// type that this module uses. It refuses a nil or incomplete key and a point that
// is not on the curve.
func FromPublicKey(pub *tjsm2.PublicKey) (*ecdsa.PublicKey, error) {
	if pub == nil {
		return nil, malformed("the public key is nil")
	}
	point, err := pointBytes(&ecdsa.PublicKey{Curve: sm2.P256(), X: pub.X, Y: pub.Y})
	if err != nil {
		return nil, err
	}
	return sm2.ParsePublicKey(point)
}

// ToPublicKey returns a copy of an SM2 public key in tjfoc/gmsm's type. It refuses a
// key of another algorithm and a point that is not on the curve.
func ToPublicKey(pub crypto.PublicKey) (*tjsm2.PublicKey, error) {
	key, ok := pub.(*ecdsa.PublicKey)
	if !ok || !sm2.IsPublicKey(key) {
		return nil, malformed("the public key is not an SM2 key")
	}
	point, err := pointBytes(key)
	if err != nil {
		return nil, err
	}
	return &tjsm2.PublicKey{
		Curve: tjsm2.P256Sm2(),
		X:     new(big.Int).SetBytes(point[1:33]),
		Y:     new(big.Int).SetBytes(point[33:]),
	}, nil
}

// ToPrivateKey returns a copy of an SM2 key in tjfoc/gmsm's type. Do not log the
// result: unlike an [algorithm.PrivateKey], it prints its numbers. It refuses a key
// of another algorithm.
func ToPrivateKey(key *algorithm.PrivateKey) (*tjsm2.PrivateKey, error) {
	if key == nil || key.Algorithm() != algorithm.SM2_256 {
		return nil, malformed("the private key is not an SM2 key")
	}
	pub, err := ToPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	text, err := key.PEM()
	if err != nil {
		return nil, err
	}
	block, _ := der.NewPEMReader(text).Next()
	// PKCS #8 {version, algorithm, OCTET STRING {ECPrivateKey {version, scalar, …}}}
	data := cryptobyte.String(block.Bytes)
	var scalar cryptobyte.String
	if !data.ReadASN1(&data, asn1.SEQUENCE) || !data.SkipASN1(asn1.INTEGER) || !data.SkipASN1(asn1.SEQUENCE) ||
		!data.ReadASN1(&data, asn1.OCTET_STRING) || !data.ReadASN1(&data, asn1.SEQUENCE) ||
		!data.SkipASN1(asn1.INTEGER) || !data.ReadASN1(&scalar, asn1.OCTET_STRING) {
		return nil, malformed("the private key does not encode as PKCS #8")
	}
	return &tjsm2.PrivateKey{PublicKey: *pub, D: new(big.Int).SetBytes(scalar)}, nil
}

func pointBytes(pub *ecdsa.PublicKey) ([]byte, error) {
	point, err := sm2.PublicKeyBytes(pub)
	if err != nil {
		return nil, &yuncert.Error{
			Code:    yuncert.ErrInvalidValueMalformed,
			Message: "the public key is not a point on the SM2 curve",
			Err:     err,
		}
	}
	return point, nil
}

func malformed(message string) error {
	return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "", "%s", message)
}
