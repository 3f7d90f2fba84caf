package algorithm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
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
// [crypto.Signer] and a [crypto.MessageSigner]. It never changes and is safe for
// concurrent use. fmt, log/slog and encoding/json print it as "RSA_2048 private
// key"; only [PrivateKey.PEM] and, encrypted, [PrivateKey.EncryptedPEM] return the
// key. The zero PrivateKey holds no key and cannot sign.
type PrivateKey struct {
	algorithm Algorithm
	secret    *secret
}

// A secret keeps the key two pointers away from a PrivateKey. For some verbs fmt
// follows one pointer in an unexported field, where it cannot call Format. It
// never follows two.
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

// An sm2Signer is an SM2 key as a crypto.Signer. Its digest is SM3(ZA‖message).
type sm2Signer struct{ *sm2.PrivateKey }

func (s sm2Signer) Public() crypto.PublicKey { return s.PrivateKey.Public() }

func (s sm2Signer) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	return s.SignDigest(digest)
}

// GenerateKey makes a key of any [Algorithm] but RSA_1024. RSA keys have the
// public exponent 65537. The randomness always comes from the system, because
// crypto/rsa and crypto/ecdsa cannot repeat a key from a given reader. An RSA
// key takes tens of milliseconds at 2048 bits and up to seconds at 4096.
//
// RSA_1024 and unknown names are [yuncert.ErrInvalidValueMalformed]. A failure
// of the generator is [yuncert.ErrInternalKeyError].
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

// notGenerated is the error for an algorithm that GenerateKey does not accept.
func notGenerated(a Algorithm) error {
	return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "Algorithm",
		"%.40q is not an algorithm for new keys; want RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384, ECC_512 or SM2_256", string(a))
}

// NewPrivateKey returns a copy of key, which is an *rsa.PrivateKey, an
// *ecdsa.PrivateKey on P-256, P-384 or P-521, or an *sm2.PrivateKey of
// github.com/emmansun/gmsm/sm2. It returns a *PrivateKey as it is.
//
// It refuses other types, a public key that does not belong to the private key, RSA
// keys that do not have exactly two primes, and keys that [Check] refuses.
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
			return nil, malformedBy(err, "the SM2 private key is inconsistent")
		}
		signer = sm2Signer{own}
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		return nil, malformed("a public key (%T) is not a private key", key)
	case []byte, string:
		return nil, malformed("a private key of type %T is not supported; read PEM with ParsePrivateKey", key)
	default:
		return nil, errKeyType(key)
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

// copyRSA returns a copy of the key with CRT values of its own. crypto/x509 adds
// missing CRT values to the key that it encodes, which would change the caller's
// key.
func copyRSA(key *rsa.PrivateKey) (*rsa.PrivateKey, error) {
	const inconsistent = "the RSA private key is inconsistent"
	if key.D == nil {
		return nil, malformed(inconsistent)
	}
	// Validate accepts more than two primes without looking at the others, and
	// does not look at signs.
	if len(key.Primes) != 2 {
		return nil, malformed("the RSA private key has %d primes; want 2", len(key.Primes))
	}
	for _, n := range []*big.Int{key.N, key.D, key.Primes[0], key.Primes[1]} {
		if n == nil || n.Sign() <= 0 {
			return nil, malformed(inconsistent)
		}
	}
	// The lengths are checked first: the time of what follows grows with their
	// cube.
	if _, err := Of(&key.PublicKey); err != nil {
		return nil, err
	}
	bits := key.N.BitLen()
	if key.D.BitLen() > bits || key.Primes[0].BitLen() >= bits || key.Primes[1].BitLen() >= bits {
		return nil, malformed(inconsistent)
	}
	own := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Set(key.N), E: key.E},
		D:         new(big.Int).Set(key.D),
		Primes:    []*big.Int{new(big.Int).Set(key.Primes[0]), new(big.Int).Set(key.Primes[1])},
	}
	own.Precompute()
	if err := own.Validate(); err != nil {
		return nil, malformedBy(err, inconsistent)
	}
	return own, nil
}

// copyECDSA returns a key made from the scalar. Its public key is computed and
// therefore belongs to it.
func copyECDSA(key *ecdsa.PrivateKey) (*ecdsa.PrivateKey, error) {
	//lint:ignore SA1019 Bytes panics without them
	if key.D == nil || key.X == nil || key.Y == nil {
		return nil, malformed("the private key is empty")
	}
	d, err := key.Bytes()
	if err != nil {
		return nil, malformedBy(err, "the key's curve is not supported or its numbers are out of range; want P-256, P-384 or P-521")
	}
	own, err := ecdsa.ParseRawPrivateKey(key.Curve, d)
	if err != nil {
		return nil, malformedBy(err, "the ECC private key is inconsistent")
	}
	if !own.PublicKey.Equal(&key.PublicKey) {
		return nil, malformed("the ECC private key is inconsistent")
	}
	return own, nil
}

// Algorithm returns the key's algorithm.
func (k *PrivateKey) Algorithm() Algorithm { return k.algorithm }

// Public returns a copy of the public key: an *rsa.PublicKey for RSA, an
// *ecdsa.PublicKey for ECC and SM2, nil for the zero PrivateKey.
func (k *PrivateKey) Public() crypto.PublicKey {
	if k.secret == nil {
		return nil
	}
	switch signer := k.secret.signer.(type) {
	case *rsa.PrivateKey:
		return &rsa.PublicKey{N: new(big.Int).Set(signer.N), E: signer.E}
	case *ecdsa.PrivateKey:
		//lint:ignore SA1019 nothing else gives access to the numbers
		return &ecdsa.PublicKey{Curve: signer.Curve, X: new(big.Int).Set(signer.X), Y: new(big.Int).Set(signer.Y)}
	}
	return k.secret.signer.Public() // SM2, and a copy already
}

var errNoHash = errors.New("algorithm: RSA and ECC keys need the hash function of the digest in opts, and its package must be imported")

// Sign signs a digest, as [crypto.Signer] says. For RSA and ECC, opts names the
// hash function or is an *rsa.PSSOptions. For SM2 the digest is the 32 octets of
// SM3(ZA‖message), and opts is ignored; [PrivateKey.SignMessage] computes this
// digest for you. Only RSA-PSS reads random, where nil means crypto/rand. RSA
// PKCS #1 v1.5, ECC (RFC 6979) and SM2 give the same signature for the same key
// and digest. A zero PrivateKey is [yuncert.ErrInvalidValueMalformed]; other
// errors have no code.
func (k *PrivateKey) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	switch signer := k.signer().(type) {
	case nil:
		return nil, malformed("the private key is empty")
	case sm2Signer:
		return signer.Sign(nil, digest, nil)
	case *rsa.PrivateKey:
		// TLS 1.1 signs MD5SHA1. It is a pair of digests, so it is never available.
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

// SignMessage hashes and signs a message, as [crypto.MessageSigner] says. RSA
// and ECC use the hash function in opts. SM2 always uses SM3 under the user ID
// 1234567812345678. Randomness and errors are as for [PrivateKey.Sign].
func (k *PrivateKey) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if signer, ok := k.signer().(sm2Signer); ok {
		return signer.PrivateKey.SignMessage(message)
	}
	if opts == nil || !opts.HashFunc().Available() {
		return nil, errNoHash
	}
	if opts.HashFunc() == crypto.SHA256 { // certificates use it: saves an allocation
		digest := sha256.Sum256(message)
		return k.Sign(rand, digest[:], opts)
	}
	h := opts.HashFunc().New()
	h.Write(message)
	return k.Sign(rand, h.Sum(nil), opts)
}

// String returns the algorithm and the words "private key": "RSA_2048 private
// key".
func (k PrivateKey) String() string {
	if k.secret == nil {
		return "empty private key"
	}
	return string(k.algorithm) + " private key"
}

// Format prints String for every verb.
func (k PrivateKey) Format(f fmt.State, _ rune) { io.WriteString(f, k.String()) }

// LogValue returns String for log/slog.
func (k PrivateKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText returns String for encoding/json and encoding/xml.
func (k PrivateKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
