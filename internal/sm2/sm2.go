//lint:file-ignore SA1019 X, Y and D of crypto/ecdsa and the methods of crypto/elliptic are deprecated, but their replacements support only the NIST curves

// Package sm2 makes and checks SM2 keys, signatures and digests, and encrypts with
// SM2 (GB/T 32918-2016, GM/T 0003-2012), in the encodings of GM/T 0009.
//
// It is the only package that imports the engine, github.com/emmansun/gmsm. It
// checks all input before the engine sees it, so that refusals do not depend on
// the engine's version. It uses a small part of the engine's API: the private key
// type, the curve, Sign over a digest without options, VerifyASN1, EncryptASN1,
// Decrypt without options, SM3, and the block cipher SM4.
//
// An SM2 public key is an [*ecdsa.PublicKey] whose Curve is [P256]. crypto/ecdsa
// and crypto/x509 do not support it.
package sm2

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/bits"

	gmsm "github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// UserID is the default identity of a signer (GM/T 0009, section 10).
// Certificates and certificate requests are signed under it.
const UserID = "1234567812345678"

const (
	size      = 32         // octets of a scalar, a coordinate and an SM3 digest
	pointSize = 1 + 2*size // octets of an uncompressed point
	maxUserID = 0xffff / 8 // ENTL holds the number of bits in 16 bits
)

// Bounds for less, most significant limb first (GB/T 32918.5).
var (
	prime       = [4]uint64{0xfffffffeffffffff, 0xffffffffffffffff, 0xffffffff00000000, 0xffffffffffffffff}
	order       = [4]uint64{0xfffffffeffffffff, 0xffffffffffffffff, 0x7203df6b21c6052b, 0x53bbf40939d54123}
	orderMinus1 = [4]uint64{0xfffffffeffffffff, 0xffffffffffffffff, 0x7203df6b21c6052b, 0x53bbf40939d54122}
)

// domain is a || b || xG || yG, which is the same in every ZA (GB/T 32918.5).
var domain, _ = hex.DecodeString("" +
	"fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc" +
	"28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93" +
	"32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7" +
	"bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0")

// P256 returns the SM2 curve, sm2p256v1 (GB/T 32918.5). It is not NIST P-256. It
// is always the same value, so a key on it is recognised with ==.
func P256() elliptic.Curve { return gmsm.P256() }

// IsPublicKey reports whether pub is not nil and its Curve is [P256]. It does not
// look at the point; [PublicKeyBytes] does.
func IsPublicKey(pub *ecdsa.PublicKey) bool {
	return pub != nil && pub.Curve == P256()
}

// ParsePublicKey reads a public key from its 65 octets 04 || x || y, the only form
// in GM/T 0009, section 7.1. It refuses other forms and lengths, coordinates not
// below p, points off the curve and the point at infinity (GB/T 32918.1, section
// 6.2). The cofactor of the curve is 1, so the order of a point needs no check.
func ParsePublicKey(point []byte) (*ecdsa.PublicKey, error) {
	if len(point) != pointSize {
		return nil, fmt.Errorf("sm2: public key of %d octets; want %d", len(point), pointSize)
	}
	if point[0] != 4 {
		return nil, fmt.Errorf("sm2: public key begins with %#02x; want 0x04, an uncompressed point", point[0])
	}
	pub := &ecdsa.PublicKey{
		Curve: P256(),
		X:     new(big.Int).SetBytes(point[1 : 1+size]),
		Y:     new(big.Int).SetBytes(point[1+size:]),
	}
	if _, err := PublicKeyBytes(pub); err != nil {
		return nil, err
	}
	return pub, nil
}

var errCoordinate = errors.New("sm2: public key with a coordinate outside [0, p-1]")

// PublicKeyBytes returns the 65 octets 04 || x || y of a public key (GM/T 0009,
// section 7.1). It refuses nil, other curves, nil or negative coordinates, and
// all that [ParsePublicKey] refuses, since a caller can fill an ecdsa.PublicKey
// with any values.
func PublicKeyBytes(pub *ecdsa.PublicKey) ([]byte, error) {
	if !IsPublicKey(pub) {
		return nil, errors.New("sm2: not a public key on the SM2 curve")
	}
	point := make([]byte, pointSize)
	point[0] = 4
	for i, v := range []*big.Int{pub.X, pub.Y} {
		if v == nil {
			return nil, errors.New("sm2: public key without coordinates")
		}
		b := (*[size]byte)(point[1+i*size:])
		if v.Sign() < 0 || v.BitLen() > 8*size { // FillBytes would panic
			return nil, errCoordinate
		}
		v.FillBytes(b[:])
		if !less(b, &prime) {
			return nil, errCoordinate
		}
	}
	// (0, 0), which is infinity in crypto/elliptic, is not on the curve.
	if !P256().IsOnCurve(pub.X, pub.Y) {
		return nil, errors.New("sm2: public key is not on the curve")
	}
	return point, nil
}

// A PrivateKey is an SM2 private key with its public key. It never changes, except
// by Wipe, and is safe for concurrent use. fmt shows no key material for any verb.
// The zero value holds no key and must not be used.
type PrivateKey struct {
	// The key is two pointers away. fmt cannot call Format on an unexported field
	// of a caller's struct. It prints a pointer there as an address, but follows
	// one pointer for verbs that do not suit pointers, such as %s.
	secret *secret
}

type secret struct {
	d      *[size]byte
	point  [pointSize]byte // the public key, uncompressed
	za     [size]byte      // for UserID
	engine *gmsm.PrivateKey
}

// GenerateKey makes a key with d uniform in [1, n-2] (GB/T 32918.1, section 6.1)
// from crypto/rand. It fails only if someone replaced crypto/rand.Reader by a
// reader that always gives values outside this range.
func GenerateKey() (*PrivateKey, error) {
	// With good randomness a round fails with probability 2^-32.
	for range 16 {
		var d [size]byte
		rand.Read(d[:]) // never fails
		if isPrivate(&d) {
			return newPrivateKey(&d), nil
		}
	}
	return nil, errors.New("sm2: the random source gives no value in [1, n-2]")
}

// NewPrivateKey makes the key of d: 32 octets, big endian, in [1, n-2] (GB/T
// 32918.1, section 6.1; with n-1, signing would divide by zero). It copies d.
func NewPrivateKey(d []byte) (*PrivateKey, error) {
	if len(d) != size {
		return nil, fmt.Errorf("sm2: private key of %d octets; want %d", len(d), size)
	}
	v := [size]byte(d)
	if !isPrivate(&v) {
		return nil, errors.New("sm2: private key outside [1, n-2]")
	}
	return newPrivateKey(&v), nil
}

// EngineKey is the private key type of github.com/emmansun/gmsm.
type EngineKey = gmsm.PrivateKey

// FromEngine makes a key from the engine's type. It refuses nil, nil fields, another
// curve, D outside [1, n-2] and a public key that is not D·G: nobody could verify
// signatures made under another public key. It copies the key.
func FromEngine(key *EngineKey) (*PrivateKey, error) {
	if key == nil || key.D == nil || key.X == nil || key.Y == nil {
		return nil, errors.New("sm2: incomplete private key")
	}
	if !IsPublicKey(&key.PublicKey) {
		return nil, errors.New("sm2: not a private key on the SM2 curve")
	}
	if key.D.Sign() < 0 || key.D.BitLen() > 8*size {
		return nil, errors.New("sm2: private key outside [1, n-2]")
	}
	k, err := NewPrivateKey(key.D.FillBytes(make([]byte, size)))
	if err != nil {
		return nil, err
	}
	own := k.secret.engine
	if own.X.Cmp(key.X) != 0 || own.Y.Cmp(key.Y) != 0 {
		return nil, errors.New("sm2: the public key does not belong to the private key")
	}
	return k, nil
}

// newPrivateKey makes the key of d in [1, n-2] and keeps d.
func newPrivateKey(d *[size]byte) *PrivateKey {
	x, y := P256().ScalarBaseMult(d[:])
	point := [pointSize]byte{4}
	x.FillBytes(point[1 : 1+size])
	y.FillBytes(point[1+size:])
	return &PrivateKey{&secret{
		d:     d,
		point: point,
		za:    identify(UserID, point[:]),
		engine: &gmsm.PrivateKey{PrivateKey: ecdsa.PrivateKey{
			PublicKey: ecdsa.PublicKey{Curve: P256(), X: x, Y: y},
			D:         new(big.Int).SetBytes(d[:]), // the engine needs a big.Int
		}},
	}}
}

// Public returns a copy of the public key.
func (k *PrivateKey) Public() *ecdsa.PublicKey {
	pub := &k.secret.engine.PublicKey
	return &ecdsa.PublicKey{Curve: pub.Curve, X: new(big.Int).Set(pub.X), Y: new(big.Int).Set(pub.Y)}
}

// PublicBytes returns what [PublicKeyBytes] returns for Public. It does not check the
// point, which is d·G.
func (k *PrivateKey) PublicBytes() []byte {
	point := k.secret.point
	return point[:]
}

// Bytes returns a copy of d: 32 octets, big endian, as [NewPrivateKey] reads them.
func (k *PrivateKey) Bytes() []byte {
	return bytes.Clone(k.secret.d[:])
}

// Wipe overwrites d with zeros. Nobody may use the key during the call or later.
func (k *PrivateKey) Wipe() {
	clear(k.secret.d[:])
	clear(k.secret.engine.D.Bits())
}

// Format prints the same words for every verb, and no key material.
func (PrivateKey) Format(s fmt.State, _ rune) {
	io.WriteString(s, "sm2.PrivateKey(not shown)")
}

// SignDigest signs a digest of 32 octets, as [Digest] returns it, and refuses other
// lengths. The signature is SEQUENCE { r INTEGER, s INTEGER } in DER (GB/T 32918.2,
// section 6.1; GM/T 0009, section 7.3).
//
// The nonce is derived from the key and the digest, as RFC 6979 proposes, so the
// same digest gives the same signature. The derivation differs from RFC 6979,
// section 3.2, and the octets may change with the version of the engine.
//
// SignDigest does not verify its result, so a fault of the processor goes unnoticed.
func (k *PrivateKey) SignDigest(digest []byte) ([]byte, error) {
	if len(digest) != size {
		return nil, fmt.Errorf("sm2: digest of %d octets; want %d", len(digest), size)
	}
	sig, err := k.secret.engine.Sign(newNonceReader(k.secret.d, digest), digest, nil)
	if err != nil {
		return nil, fmt.Errorf("sm2: sign: %w", err)
	}
	return sig, nil
}

// SignMessage signs the [Digest] of a message under [UserID]. It does not compute ZA
// again: the key holds it.
func (k *PrivateKey) SignMessage(message []byte) ([]byte, error) {
	return k.SignDigest(messageDigest(&k.secret.za, message))
}

// Digest returns e = SM3(ZA || M), the 32 octets that the holder of pub signs for a
// message under userID (GB/T 32918.2, sections 5.5 and 6.1; GM/T 0009, section 8).
// ZA depends on the user ID, the curve and the public key:
//
//	ZA = SM3(ENTL || ID || a || b || xG || yG || xA || yA)
//
// An empty userID means an ID of length zero, not [UserID]. Digest refuses an ID
// above 8191 octets, whose length in bits does not fit in ENTL, and a public key
// that [PublicKeyBytes] refuses.
func Digest(pub *ecdsa.PublicKey, userID string, message []byte) ([]byte, error) {
	point, err := PublicKeyBytes(pub)
	if err != nil {
		return nil, err
	}
	if len(userID) > maxUserID {
		return nil, fmt.Errorf("sm2: user ID of %d octets; want at most %d", len(userID), maxUserID)
	}
	za := identify(userID, point)
	return messageDigest(&za, message), nil
}

// identify returns ZA for a user ID of up to maxUserID octets and an uncompressed
// point.
func identify(userID string, point []byte) [size]byte {
	text := make([]byte, 0, 256)
	text = binary.BigEndian.AppendUint16(text, uint16(8*len(userID)))
	text = append(text, userID...)
	text = append(text, domain...)
	return sm3.Sum(append(text, point[1:]...))
}

func messageDigest(za *[size]byte, message []byte) []byte {
	h := sm3.New()
	h.Write(za[:])
	h.Write(message)
	return h.Sum(nil)
}

// VerifyMessage reports whether signature is pub's signature of message under
// userID. It returns the errors of [Digest].
func VerifyMessage(pub *ecdsa.PublicKey, userID string, message, signature []byte) (bool, error) {
	e, err := Digest(pub, userID, message)
	return err == nil && verifyDigest(pub, e, signature), err
}

// VerifyDigest reports whether signature is pub's signature of digest (GB/T 32918.2,
// section 7.1). The signature must be DER as in GM/T 0009, section 7.3: no trailing
// octets, no padded lengths or integers, and r and s in [1, n-1]. The result is
// false for a digest that is not 32 octets long and for a public key that
// [PublicKeyBytes] refuses. VerifyDigest never panics.
func VerifyDigest(pub *ecdsa.PublicKey, digest, signature []byte) bool {
	_, err := PublicKeyBytes(pub)
	return err == nil && verifyDigest(pub, digest, signature)
}

// verifyDigest is VerifyDigest for a public key that was already checked.
func verifyDigest(pub *ecdsa.PublicKey, digest, signature []byte) bool {
	return len(digest) == size && isSignature(signature) && gmsm.VerifyASN1(pub, digest, signature)
}

// isSignature reports whether a signature has the form and ranges that VerifyDigest
// requires.
func isSignature(signature []byte) bool {
	var body cryptobyte.String
	in := cryptobyte.String(signature)
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !in.Empty() {
		return false
	}
	for range 2 { // r, s
		var v []byte // cryptobyte removes leading zeros and refuses a negative integer
		if !body.ReadASN1Integer(&v) || len(v) == 0 || len(v) > size {
			return false
		}
		var b [size]byte
		copy(b[size-len(v):], v)
		if !less(&b, &order) {
			return false
		}
	}
	return body.Empty()
}

// isPrivate reports whether d is in [1, n-2]. Only the result affects its time.
func isPrivate(d *[size]byte) bool {
	var zero [size]byte
	return subtle.ConstantTimeCompare(d[:], zero[:]) == 0 && less(d, &orderMinus1)
}

// less reports whether v, big endian, is below bound. It runs in constant time,
// since v may be a private key.
func less(v *[size]byte, bound *[4]uint64) bool {
	var borrow uint64
	for i := 3; i >= 0; i-- {
		_, borrow = bits.Sub64(binary.BigEndian.Uint64(v[8*i:]), bound[i], borrow)
	}
	return borrow == 1
}
