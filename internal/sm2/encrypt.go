package sm2

import (
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"fmt"

	gmsm "github.com/emmansun/gmsm/sm2"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Encrypt encrypts a message for pub (GB/T 32918.4, section 6.1) and returns the
// DER of an SM2Cipher. The randomness comes from crypto/rand: somebody who knows it
// can read the message. Encrypt refuses an empty message and a public key that
// [PublicKeyBytes] refuses.
func Encrypt(pub *ecdsa.PublicKey, message []byte) ([]byte, error) {
	if _, err := PublicKeyBytes(pub); err != nil {
		return nil, err
	}
	if len(message) == 0 { // the engine returns nothing, and no error
		return nil, errors.New("sm2: nothing to encrypt")
	}
	ciphertext, err := gmsm.EncryptASN1(rand.Reader, pub, message)
	if err != nil {
		return nil, fmt.Errorf("sm2: encrypt: %w", err)
	}
	return ciphertext, nil
}

// A Ciphertext is an SM2Cipher in the form that [ParseCiphertext] requires.
type Ciphertext struct {
	der []byte
	// Size is the number of octets of the message.
	Size int
}

// ParseCiphertext reads an SM2Cipher (GM/T 0009, section 7.2):
//
//	SEQUENCE { x INTEGER, y INTEGER, hash OCTET STRING (SIZE(32)), cipher OCTET STRING }
//
// It refuses trailing octets, everything that is not DER, a point that
// [ParsePublicKey] refuses, and an empty message. It keeps data.
func ParseCiphertext(data []byte) (*Ciphertext, error) {
	var fields, hash, message cryptobyte.String
	var x, y []byte // cryptobyte removes leading zeros and refuses a negative integer
	input := cryptobyte.String(data)
	if !input.ReadASN1(&fields, asn1.SEQUENCE) || !input.Empty() ||
		!fields.ReadASN1Integer(&x) || !fields.ReadASN1Integer(&y) ||
		!fields.ReadASN1(&hash, asn1.OCTET_STRING) || !fields.ReadASN1(&message, asn1.OCTET_STRING) || !fields.Empty() ||
		len(hash) != size || len(message) == 0 {
		return nil, errors.New("sm2: ciphertext is not an SM2Cipher")
	}
	if len(x) > size || len(y) > size {
		return nil, errCoordinate
	}
	var point [pointSize]byte
	point[0] = 4
	copy(point[1+size-len(x):], x)
	copy(point[pointSize-len(y):], y)
	if _, err := ParsePublicKey(point[:]); err != nil {
		return nil, err
	}
	return &Ciphertext{der: data, Size: len(message)}, nil
}

// Decrypt decrypts a ciphertext (GB/T 32918.4, section 7.1). It fails if the
// ciphertext is for another key or was changed.
func (k *PrivateKey) Decrypt(c *Ciphertext) ([]byte, error) {
	message, err := k.secret.engine.Decrypt(rand.Reader, c.der, nil)
	if err != nil {
		return nil, errors.New("sm2: the ciphertext is for another key, or was changed")
	}
	return message, nil
}
