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

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sm2"
)

// A signatureID is an AlgorithmIdentifier of signatures.
type signatureID struct {
	der    []byte
	family string
	hash   crypto.Hash // zero for SM2, whose signatures include SM3
	salt   int         // octets of RSASSA-PSS's salt; zero for PKCS #1 v1.5
}

// This module signs with these (RFC 4055, section 5; RFC 5758, section 3.2;
// GM/T 0015, which leaves out the parameters of SM2).
var (
	sha256WithRSA   = signatureID{[]byte{0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0}, "RSA", crypto.SHA256, 0}
	sha256WithECDSA = signatureID{[]byte{0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2}, "ECC", crypto.SHA256, 0}
	sm3WithSM2      = signatureID{[]byte{0x30, 10, 6, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x75}, "SM2", 0, 0}
)

// accepted are the algorithms that this module verifies: SHA-256 and longer.
// The parameters of RSA may be absent (RFC 4055, section 5), and the parameters of
// SM2 may be NULL. parsePSS reads the identifiers of RSASSA-PSS.
var accepted = []signatureID{
	sha256WithRSA,
	sha256WithECDSA,
	sm3WithSM2,
	{[]byte{0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12, 5, 0}, "RSA", crypto.SHA384, 0},
	{[]byte{0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13, 5, 0}, "RSA", crypto.SHA512, 0},
	{[]byte{0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11}, "RSA", crypto.SHA256, 0},
	{[]byte{0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12}, "RSA", crypto.SHA384, 0},
	{[]byte{0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13}, "RSA", crypto.SHA512, 0},
	{[]byte{0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3}, "ECC", crypto.SHA384, 0},
	{[]byte{0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4}, "ECC", crypto.SHA512, 0},
	{[]byte{0x30, 12, 6, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x75, 5, 0}, "SM2", 0, 0},
}

// Verify checks a signature over message. id is the DER AlgorithmIdentifier.
// SM2 signatures have the user ID of GM/T 0009.
func Verify(pub crypto.PublicKey, id, message, signature []byte) error {
	return verifyAs(pub, id, message, signature, sm2.UserID)
}

// VerifyPossession is Verify for the self-signature of a CSR. Here an SM2
// signature may also have the empty user ID, which is the default of OpenSSL 3:
// both prove possession of the key.
func VerifyPossession(r *Request) error {
	return verifyAs(r.PublicKey, r.SignatureID, r.RawInfo, r.Signature, sm2.UserID, "")
}

func verifyAs(pub crypto.PublicKey, id, message, signature []byte, userIDs ...string) error {
	s, err := parseSignatureID(id)
	if err != nil {
		return err
	}
	a, err := algorithm.Of(pub)
	if err != nil {
		return err
	}
	if a.Family() != s.family {
		return fmt.Errorf("the %s key does not fit the signature algorithm, which is for %s", a.Family(), s.family)
	}
	return verify(pub, s, message, signature, userIDs...)
}

// parseSignatureID reads a DER AlgorithmIdentifier. The error for an algorithm
// that this module does not verify wraps ErrSignatureAlgorithm.
func parseSignatureID(id []byte) (signatureID, error) {
	for _, s := range accepted {
		if bytes.Equal(s.der, id) {
			return s, nil
		}
	}
	input := cryptobyte.String(id)
	var fields, oid cryptobyte.String
	if !input.ReadASN1(&fields, asn1.SEQUENCE) || !input.Empty() || !readOID(&fields, &oid) {
		return signatureID{}, fmt.Errorf("the signature algorithm is not a DER AlgorithmIdentifier (RFC 5280, section 4.1.1.2) and %w", ErrSignatureAlgorithm)
	}
	if string(oid) == oidPSS {
		return parsePSS(fields)
	}
	for _, s := range accepted {
		if string(s.der[4:4+s.der[3]]) == string(oid) {
			return signatureID{}, unsupported(oid, " with unexpected parameters")
		}
	}
	return signatureID{}, unsupported(oid, "")
}

// ErrSignatureAlgorithm is the error for a signature of an unsupported
// algorithm. It ends a sentence that begins with the algorithm.
var ErrSignatureAlgorithm = errors.New("is not supported; want SHA-256, SHA-384 or SHA-512 with ECDSA or RSA (PKCS #1 v1.5, or PSS with MGF1 and a salt at least as long as the hash), or SM3 with SM2")

// unsupported returns the error for a signature algorithm. parameters, if not
// empty, says what is unsupported about its parameters.
func unsupported(oid cryptobyte.String, parameters string) error {
	return fmt.Errorf("the signature algorithm %s%s %w", nameOf(oid), parameters, ErrSignatureAlgorithm)
}

var errBadSignature = errors.New("the signature does not match the key and the content")

func verify(pub crypto.PublicKey, s signatureID, message, signature []byte, userIDs ...string) error {
	if s.hash == 0 {
		key := pub.(*ecdsa.PublicKey)
		for _, id := range userIDs {
			ok, err := sm2.VerifyMessage(key, id, message, signature)
			if ok || err != nil {
				return err
			}
		}
		return fmt.Errorf("%v under the user IDs %q", errBadSignature, userIDs)
	}
	digest := digestOf(s.hash, message)
	switch key := pub.(type) {
	case *rsa.PublicKey:
		if s.salt == 0 && rsa.VerifyPKCS1v15(key, s.hash, digest, signature) == nil {
			return nil
		}
		if s.salt != 0 && rsa.VerifyPSS(key, s.hash, digest, signature, &rsa.PSSOptions{SaltLength: s.salt}) == nil {
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

// A Signer is a key that [NewSigner] recognised and checked.
type Signer struct {
	// PublicDER is the DER SubjectPublicKeyInfo of the key's public half.
	PublicDER []byte
	// Algorithm is the key's algorithm.
	Algorithm algorithm.Algorithm

	// key is a pointer so that fmt does not print the caller's key. For a verb
	// that it does not know, fmt follows one pointer, the one to this Signer, and
	// no more.
	key *crypto.Signer
	id  signatureID
	// foreign is the public half of a key that is not in memory, and otherwise nil.
	// The signatures of such a key are verified.
	foreign crypto.PublicKey
}

// NewSigner recognises key and checks its public half with algorithm.Check.
func NewSigner(key crypto.Signer) (*Signer, error) {
	s := &Signer{key: &key}
	switch k := key.(type) {
	case nil:
		return nil, errors.New("the key is nil")
	case *algorithm.PrivateKey, *rsa.PrivateKey, *ecdsa.PrivateKey, *sm2.EngineKey:
		own, err := algorithm.NewPrivateKey(k) // checks it
		if err != nil {
			return nil, err
		}
		key, s.Algorithm = own, own.Algorithm()
		s.PublicDER, err = own.MarshalPublicKey()
		if err != nil {
			return nil, err
		}
	default:
		pub := key.Public()
		var err error
		s.Algorithm, err = algorithm.Of(pub)
		if err != nil {
			return nil, err
		}
		s.PublicDER, err = algorithm.MarshalPublicKey(pub)
		if err != nil {
			return nil, err
		}
		// The signer might change the key that it returned, so this is a copy.
		s.foreign, err = algorithm.ParsePublicKey(s.PublicDER)
		if err != nil {
			return nil, err
		}
		if err := algorithm.Check(s.foreign); err != nil {
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

// Public returns the key's public half.
func (s *Signer) Public() crypto.PublicKey {
	if s.foreign != nil {
		return s.foreign
	}
	return (*s.key).Public()
}

// sign signs message. Keys in memory sign deterministically. The signature of
// any other key is verified.
func (s *Signer) sign(rand io.Reader, message []byte) (signature []byte, err error) {
	if rand == nil {
		rand = cryptorand.Reader
	}
	key := *s.key
	_, whole := key.(crypto.MessageSigner)
	handed := message
	if whole && s.foreign != nil {
		// The signer might keep the message, whose buffer is still being written.
		handed = bytes.Clone(message)
	}
	if s.id.hash == 0 && !whole {
		// crypto.SignMessage would pass the whole message to Sign, which takes a
		// digest.
		digest, err := sm2.Digest(s.foreign.(*ecdsa.PublicKey), sm2.UserID, message)
		if err != nil {
			return nil, err
		}
		signature, err = key.Sign(rand, digest, s.id.hash)
		if err != nil {
			return nil, err
		}
	} else {
		signature, err = crypto.SignMessage(key, rand, handed, s.id.hash)
		if err != nil {
			return nil, err
		}
	}
	if s.foreign == nil {
		return signature, nil
	}
	if err := verify(s.foreign, s.id, message, signature, sm2.UserID); err != nil {
		return nil, fmt.Errorf("the signer returned a wrong signature: %v", err)
	}
	return signature, nil
}
