package x509der

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	cryptorand "crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sm2"
)

// A signatureID is one AlgorithmIdentifier of signatures that is accepted.
type signatureID struct {
	der    []byte
	family string
	hash   crypto.Hash // zero for SM2, which brings SM3 along
}

// What this module signs with: RFC 4055, section 5; RFC 5758, section 3.2;
// GM/T 0015, where SM2's parameters are absent.
var (
	sha256WithRSA   = signatureID{[]byte{0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0}, "RSA", crypto.SHA256}
	sha256WithECDSA = signatureID{[]byte{0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2}, "ECC", crypto.SHA256}
	sm3WithSM2      = signatureID{[]byte{0x30, 10, 6, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x75}, "SM2", 0}
)

// accepted is what this module verifies: SHA-256 and longer. RSA's parameters
// may be absent (RFC 4055, section 5) and SM2's NULL.
var accepted = []signatureID{
	sha256WithRSA,
	sha256WithECDSA,
	sm3WithSM2,
	{[]byte{0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12, 5, 0}, "RSA", crypto.SHA384},
	{[]byte{0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13, 5, 0}, "RSA", crypto.SHA512},
	{[]byte{0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11}, "RSA", crypto.SHA256},
	{[]byte{0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12}, "RSA", crypto.SHA384},
	{[]byte{0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13}, "RSA", crypto.SHA512},
	{[]byte{0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3}, "ECC", crypto.SHA384},
	{[]byte{0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4}, "ECC", crypto.SHA512},
	{[]byte{0x30, 12, 6, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x75, 5, 0}, "SM2", 0},
}

// Verify checks a signature over message under the DER AlgorithmIdentifier id,
// for SM2 under the user ID of GM/T 0009.
func Verify(pub crypto.PublicKey, id, message, signature []byte) error {
	return verifyAs(pub, id, message, signature, sm2.UserID)
}

// VerifyPossession is Verify for the self-signature of a CSR. An SM2 signature
// may there be made under the empty user ID too, as OpenSSL 3 does unless told
// otherwise: either proves that the key is at hand.
func VerifyPossession(r *Request) error {
	return verifyAs(r.PublicKey, r.SignatureID, r.RawInfo, r.Signature, sm2.UserID, "")
}

func verifyAs(pub crypto.PublicKey, id, message, signature []byte, userIDs ...string) error {
	for _, s := range accepted {
		if !bytes.Equal(s.der, id) {
			continue
		}
		if a, err := algorithm.Of(pub); err != nil {
			return err
		} else if a.Family() != s.family {
			return fmt.Errorf("the key is an %s key and the signature is made with %s", a.Family(), s.family)
		}
		return verify(pub, s, message, signature, userIDs...)
	}
	return ErrSignatureAlgorithm
}

// ErrSignatureAlgorithm is the error for a signature that cannot be checked.
var ErrSignatureAlgorithm = errors.New("the signature algorithm is not supported: SHA-256, SHA-384 or SHA-512 with RSA (PKCS #1 v1.5) or ECDSA, and SM3 with SM2 are")

var errBadSignature = errors.New("the signature does not belong to the key and the content")

func verify(pub crypto.PublicKey, s signatureID, message, signature []byte, userIDs ...string) error {
	if s.hash == 0 {
		key := pub.(*ecdsa.PublicKey)
		for _, id := range userIDs {
			if ok, err := sm2.VerifyMessage(key, id, message, signature); ok || err != nil {
				return err
			}
		}
		return fmt.Errorf("%v under the user IDs %q", errBadSignature, userIDs)
	}
	digest := digestOf(s.hash, message)
	switch key := pub.(type) {
	case *rsa.PublicKey:
		if rsa.VerifyPKCS1v15(key, s.hash, digest, signature) == nil {
			return nil
		}
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(key, digest, signature) {
			return nil
		}
	}
	return errBadSignature
}

func digestOf(hash crypto.Hash, message []byte) []byte {
	switch hash {
	case crypto.SHA256:
		sum := sha256.Sum256(message)
		return sum[:]
	case crypto.SHA384:
		sum := sha512.Sum384(message)
		return sum[:]
	}
	sum := sha512.Sum512(message)
	return sum[:]
}

// A Signer is a key that was recognised and checked once, ready to sign.
type Signer struct {
	// Public is the key's public half.
	Public crypto.PublicKey
	// PublicDER is its DER SubjectPublicKeyInfo.
	PublicDER []byte
	// Algorithm is the key's algorithm.
	Algorithm algorithm.Algorithm

	// key is behind a pointer because fmt, for a verb that it does not know, follows one pointer in a field that it may
	// not call methods on: the one to this Signer. A caller's key might print itself.
	key     *crypto.Signer
	id      signatureID
	foreign bool // a key outside this process's memory, whose answers are verified
}

// NewSigner recognises key and checks its public half with algorithm.Check.
func NewSigner(key crypto.Signer) (*Signer, error) {
	foreign := false
	switch k := key.(type) {
	case nil:
		return nil, errors.New("there is no key")
	case *algorithm.PrivateKey, *rsa.PrivateKey, *ecdsa.PrivateKey, *sm2.EngineKey:
		own, err := algorithm.NewPrivateKey(k)
		if err != nil {
			return nil, err
		}
		key = own
	default:
		foreign = true
	}
	s := &Signer{Public: key.Public(), key: &key, foreign: foreign}
	var err error
	if s.Algorithm, err = algorithm.Of(s.Public); err != nil {
		return nil, err
	}
	if s.PublicDER, err = algorithm.MarshalPublicKey(s.Public); err != nil {
		return nil, err
	}
	if foreign {
		// A copy, since the signer may go on to change what it returned.
		if s.Public, err = algorithm.ParsePublicKey(s.PublicDER); err != nil {
			return nil, err
		}
		// algorithm.NewPrivateKey checked the others.
		if err := algorithm.Check(s.Public); err != nil {
			return nil, err
		}
	}
	switch s.Algorithm.Family() {
	case "RSA":
		s.id = sha256WithRSA
	case "ECC":
		s.id = sha256WithECDSA
	default:
		s.id = sm3WithSM2
	}
	return s, nil
}

// sign signs message. Keys in memory repeat themselves; whatever another key
// answers is verified before it is used.
func (s *Signer) sign(rand io.Reader, message []byte) (signature []byte, err error) {
	if rand == nil {
		rand = cryptorand.Reader
	}
	key := *s.key
	_, whole := key.(crypto.MessageSigner)
	handed := message
	if whole && s.foreign {
		handed = bytes.Clone(message) // a signer may keep it, and what it is part of goes on to change
	}
	if s.id.hash == 0 && !whole {
		// crypto.SignMessage would hand over the message unhashed.
		digest, err := sm2.Digest(s.Public.(*ecdsa.PublicKey), sm2.UserID, message)
		if err != nil {
			return nil, err
		}
		signature, err = key.Sign(rand, digest, s.id.hash)
		if err != nil {
			return nil, err
		}
	} else if signature, err = crypto.SignMessage(key, rand, handed, s.id.hash); err != nil {
		return nil, err
	}
	if s.foreign {
		if err := verify(s.Public, s.id, message, signature, sm2.UserID); err != nil {
			return nil, fmt.Errorf("the signer answered with a wrong signature: %v", err)
		}
	}
	return signature, nil
}
