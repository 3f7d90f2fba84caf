//lint:file-ignore SA1019 the replacements of the fields X, Y and D know only the NIST curves

// Package tjfoc converts SM2 keys of github.com/tjfoc/gmsm to those of this
// module and back. Nothing is signed or verified with tjfoc/gmsm: a converted
// key signs with this module's engine, in constant time and repeatably.
//
// It is a package of its own so that only its importers get that module and
// the modules it needs.
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

// FromPrivateKey returns the same key as an [algorithm.PrivateKey]. A nil or
// incomplete key, a scalar outside 1 to n-2 and a public half that does not
// belong to it are [yuncert.ErrInvalidValueMalformed]. The key is copied.
func FromPrivateKey(key *tjsm2.PrivateKey) (*algorithm.PrivateKey, error) {
	if key == nil {
		return nil, malformed("the private key is nil")
	}
	engine := new(sm2.EngineKey)
	engine.PublicKey = ecdsa.PublicKey{Curve: sm2.P256(), X: key.X, Y: key.Y}
	engine.D = key.D
	return algorithm.NewPrivateKey(engine)
}

// FromPublicKey returns the same key as this module's functions take it, an
// *ecdsa.PublicKey on the SM2 curve. A nil or incomplete key and a point off
// the curve are [yuncert.ErrInvalidValueMalformed]. The key is copied.
func FromPublicKey(pub *tjsm2.PublicKey) (*ecdsa.PublicKey, error) {
	if pub == nil {
		return nil, malformed("the public key is nil")
	}
	point, err := sm2.PublicKeyBytes(&ecdsa.PublicKey{Curve: sm2.P256(), X: pub.X, Y: pub.Y})
	if err != nil {
		return nil, malformed("the public key is not a point of the SM2 curve")
	}
	return sm2.ParsePublicKey(point)
}

// ToPublicKey returns an SM2 public key as tjfoc/gmsm's type. A key of another
// algorithm and a point off the curve are [yuncert.ErrInvalidValueMalformed].
func ToPublicKey(pub crypto.PublicKey) (*tjsm2.PublicKey, error) {
	key, ok := pub.(*ecdsa.PublicKey)
	if !ok || !sm2.IsPublicKey(key) {
		return nil, malformed("the public key is not an SM2 key")
	}
	point, err := sm2.PublicKeyBytes(key)
	if err != nil {
		return nil, malformed("the public key is not a point of the SM2 curve")
	}
	return &tjsm2.PublicKey{
		Curve: tjsm2.P256Sm2(),
		X:     new(big.Int).SetBytes(point[1:33]),
		Y:     new(big.Int).SetBytes(point[33:]),
	}, nil
}

// ToPrivateKey returns an SM2 key as tjfoc/gmsm's type, which unlike ours
// prints itself. A key of another algorithm is
// [yuncert.ErrInvalidValueMalformed].
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
	der := cryptobyte.String(block.Bytes)
	// PKCS #8 {version, algorithm, OCTET STRING {ECPrivateKey {version, scalar, …}}}
	var scalar cryptobyte.String
	if !der.ReadASN1(&der, asn1.SEQUENCE) || !der.SkipASN1(asn1.INTEGER) || !der.SkipASN1(asn1.SEQUENCE) ||
		!der.ReadASN1(&der, asn1.OCTET_STRING) || !der.ReadASN1(&der, asn1.SEQUENCE) ||
		!der.SkipASN1(asn1.INTEGER) || !der.ReadASN1(&scalar, asn1.OCTET_STRING) {
		return nil, malformed("the private key does not encode as PKCS #8")
	}
	return &tjsm2.PrivateKey{PublicKey: *pub, D: new(big.Int).SetBytes(scalar)}, nil
}

func malformed(message string) error {
	return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "", "%s", message)
}
