package algorithm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/sm2"
)

// A PrivateKey is an RSA, ECC or SM2 private key in memory. It is a
// [crypto.Signer] and a [crypto.MessageSigner], immutable and safe for
// concurrent use. Through fmt, log/slog and encoding/json it prints as
// "RSA_2048 private key"; only [PrivateKey.PEM] gives the key away.
type PrivateKey struct {
	algorithm Algorithm
	secret    *secret
}

// A secret stands between a PrivateKey and its key because fmt, for a verb that
// it does not know, follows one pointer in a field that it may not call methods
// on. It never follows two.
type secret struct {
	signer crypto.Signer // *rsa.PrivateKey, *ecdsa.PrivateKey or sm2Signer
}

// signer returns the key, or nil for a zero PrivateKey.
func (k PrivateKey) signer() crypto.Signer {
	if k.secret == nil {
		return nil
	}
	return k.secret.signer
}

// sm2Signer makes the engine's key a crypto.Signer over the digest
// SM3(ZA‖message).
type sm2Signer struct{ *sm2.PrivateKey }

func (s sm2Signer) Public() crypto.PublicKey { return s.PrivateKey.Public() }

func (s sm2Signer) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	return s.SignDigest(digest)
}

// GenerateKey makes a key of algorithm a, with the public exponent 65537 for
// RSA. Its randomness is always the system's: no reader can make crypto/rsa
// and crypto/ecdsa repeat a key. RSA takes tens of milliseconds at 2048 bits
// and up to seconds at 4096. RSA_1024 and unknown names are
// [yuncert.ErrInvalidValueMalformed]; a failure of the generator is
// [yuncert.ErrInternalKeyError].
func GenerateKey(a Algorithm) (*PrivateKey, error) {
	var signer crypto.Signer
	var err error
	switch a {
	case RSA_2048, RSA_3072, RSA_4096:
		signer, err = rsa.GenerateKey(rand.Reader, a.KeySize())
	case ECC_256:
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ECC_384:
		signer, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case ECC_512:
		signer, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case SM2_256:
		var key *sm2.PrivateKey
		key, err = sm2.GenerateKey()
		signer = sm2Signer{key}
	default:
		return nil, notGenerated(a)
	}
	if err != nil {
		return nil, &yuncert.Error{Code: yuncert.ErrInternalKeyError, Message: fmt.Sprintf("failed to generate %s key", a), Err: err}
	}
	return &PrivateKey{a, &secret{signer}}, nil
}

// notGenerated is the error for an algorithm that GenerateKey makes no keys of.
func notGenerated(a Algorithm) error {
	return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "Algorithm",
		"%.40q is no algorithm to make keys of: RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384, ECC_512 and SM2_256 are.", string(a))
}

// NewPrivateKey takes a key that the caller holds already: *rsa.PrivateKey,
// *ecdsa.PrivateKey on P-256, P-384 or P-521, *sm2.PrivateKey of
// github.com/emmansun/gmsm/sm2, or a *PrivateKey, which it returns. Any other
// key is copied. A key of another kind, one whose public half does not belong to
// it, an RSA key without exactly two primes and one that [Check] refuses is
// [yuncert.ErrInvalidValueMalformed].
func NewPrivateKey(key crypto.PrivateKey) (*PrivateKey, error) {
	var signer crypto.Signer
	switch key := key.(type) {
	case *PrivateKey:
		if key == nil || key.secret == nil {
			return nil, malformed("the private key is empty")
		}
		return key, nil
	case *rsa.PrivateKey:
		if key == nil || key.N == nil {
			return nil, malformed("the private key is empty")
		}
		own, err := copyRSA(key)
		if err != nil {
			return nil, err
		}
		signer = own
	case *ecdsa.PrivateKey:
		if key == nil || key.Curve == nil {
			return nil, malformed("the private key is empty")
		}
		own, err := copyECDSA(key)
		if err != nil {
			return nil, err
		}
		signer = own
	case *sm2.EngineKey:
		own, err := sm2.FromEngine(key)
		if err != nil {
			return nil, malformed("the SM2 private key is inconsistent")
		}
		signer = sm2Signer{own}
	default:
		return nil, malformed("a private key of type %T is not supported: RSA, ECC and SM2 keys in memory are", key)
	}
	a, err := Of(signer.Public())
	if err != nil {
		return nil, err
	}
	if err := Check(signer.Public()); err != nil {
		return nil, err
	}
	return &PrivateKey{a, &secret{signer}}, nil
}

// copyRSA returns a copy of the key with CRT values of its own. crypto/x509
// would otherwise add them to the caller's key when it encodes it. More than two
// primes Validate does not look at, and of signs it looks at none.
func copyRSA(key *rsa.PrivateKey) (*rsa.PrivateKey, error) {
	inconsistent := malformed("the RSA private key is inconsistent")
	if key.D == nil {
		return nil, inconsistent
	}
	if len(key.Primes) != 2 {
		return nil, malformed("the RSA private key has %d primes: two are accepted", len(key.Primes))
	}
	for _, n := range []*big.Int{key.N, key.D, key.Primes[0], key.Primes[1]} {
		if n == nil || n.Sign() <= 0 {
			return nil, inconsistent
		}
	}
	// Before the arithmetic, whose time grows with the cube of the lengths.
	if _, err := Of(&key.PublicKey); err != nil {
		return nil, err
	}
	if bits := key.N.BitLen(); key.D.BitLen() > bits || key.Primes[0].BitLen() >= bits || key.Primes[1].BitLen() >= bits {
		return nil, inconsistent
	}
	own := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Set(key.N), E: key.E},
		D:         new(big.Int).Set(key.D),
		Primes:    []*big.Int{new(big.Int).Set(key.Primes[0]), new(big.Int).Set(key.Primes[1])},
	}
	own.Precompute()
	if own.Validate() != nil {
		return nil, inconsistent
	}
	return own, nil
}

// copyECDSA returns the key made anew from its scalar, so that its public half
// is known to belong to it.
func copyECDSA(key *ecdsa.PrivateKey) (*ecdsa.PrivateKey, error) {
	//lint:ignore SA1019 Bytes panics without them
	if key.D == nil || key.X == nil || key.Y == nil {
		return nil, malformed("the private key is empty")
	}
	d, err := key.Bytes()
	if err != nil {
		return nil, malformed("the key's curve is not supported or its numbers are out of range: P-256, P-384 and P-521 are supported")
	}
	own, err := ecdsa.ParseRawPrivateKey(key.Curve, d)
	if err != nil || !own.PublicKey.Equal(&key.PublicKey) {
		return nil, malformed("the ECC private key is inconsistent")
	}
	return own, nil
}

// newSM2 makes a key from the 32 octets of its scalar.
func newSM2(d []byte) (*PrivateKey, error) {
	key, err := sm2.NewPrivateKey(d)
	if err != nil {
		return nil, malformed("the SM2 private key is not a number from 1 to n-2 (GM/T 0003.1)")
	}
	return &PrivateKey{SM2_256, &secret{sm2Signer{key}}}, nil
}

// Algorithm returns the key's algorithm.
func (k *PrivateKey) Algorithm() Algorithm { return k.algorithm }

// Public returns a copy of the public half: *rsa.PublicKey, or *ecdsa.PublicKey
// for ECC and SM2.
func (k *PrivateKey) Public() crypto.PublicKey {
	if k.secret == nil {
		return nil
	}
	switch pub := k.secret.signer.Public().(type) {
	case *rsa.PublicKey:
		return &rsa.PublicKey{N: new(big.Int).Set(pub.N), E: pub.E}
	case *ecdsa.PublicKey:
		//lint:ignore SA1019 there is no other way to copy them
		return &ecdsa.PublicKey{Curve: pub.Curve, X: new(big.Int).Set(pub.X), Y: new(big.Int).Set(pub.Y)}
	default:
		return pub
	}
}

var errNoHash = errors.New("algorithm: RSA and ECC keys sign a digest, and opts must name its hash function, one that is linked into the program")

// Sign signs a digest, as [crypto.Signer] says; a TLS server calls it. With RSA
// and ECC, opts names the hash function or is an *rsa.PSSOptions. With SM2 the
// digest is the 32 octets of SM3(ZA‖message) and opts is not looked at; rather
// use [PrivateKey.SignMessage], which makes it. Only RSA-PSS reads random, where
// nil means crypto/rand: ECC (RFC 6979) and SM2 signatures repeat for the same
// key and digest. Errors are plain ones.
func (k *PrivateKey) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	switch signer := k.signer().(type) {
	case nil:
		return nil, malformed("the private key is empty")
	case sm2Signer:
		return signer.Sign(nil, digest, nil)
	case *rsa.PrivateKey:
		// TLS 1.1 signs MD5SHA1, which is a pair of digests and never available.
		_, pss := opts.(*rsa.PSSOptions)
		if opts == nil || !opts.HashFunc().Available() && (pss || opts.HashFunc() != crypto.MD5SHA1) {
			return nil, errNoHash
		}
		if random == nil {
			random = rand.Reader
		}
		return signer.Sign(random, digest, opts)
	}
	if opts == nil || !opts.HashFunc().Available() {
		return nil, errNoHash
	}
	return k.signer().Sign(nil, digest, opts)
}

// SignMessage hashes and signs a message, as [crypto.MessageSigner] says: RSA
// and ECC with the hash function that opts names, SM2 with SM3 under the user
// ID 1234567812345678 whatever opts says.
func (k *PrivateKey) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if signer, ok := k.signer().(sm2Signer); ok {
		return signer.PrivateKey.SignMessage(message)
	}
	if opts == nil || !opts.HashFunc().Available() {
		return nil, errNoHash
	}
	if opts.HashFunc() == crypto.SHA256 { // what certificates are signed with
		digest := sha256.Sum256(message)
		return k.Sign(rand, digest[:], opts)
	}
	h := opts.HashFunc().New()
	h.Write(message)
	return k.Sign(rand, h.Sum(nil), opts)
}

// String returns "RSA_2048 private key" or the like.
func (k PrivateKey) String() string {
	if k.secret == nil {
		return "empty private key"
	}
	return string(k.algorithm) + " private key"
}

// Format prints what String returns, whatever the verb.
func (k PrivateKey) Format(f fmt.State, _ rune) { io.WriteString(f, k.String()) }

// LogValue is what log/slog prints: what String returns.
func (k PrivateKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText is what encoding/json and encoding/xml write: what String returns.
func (k PrivateKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
