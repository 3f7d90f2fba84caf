package algorithm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/subtle"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/sm2"
)

// The contents of the object identifiers of the cipher in an envelope (GM/T 0006). Both
// mean SM4 in ECB mode: some CAs do not name the mode.
const (
	sm4OID    = gmOID + "\x68"     // 1.2.156.10197.1.104
	sm4ECBOID = gmOID + "\x68\x01" // 1.2.156.10197.1.104.1
)

const (
	maxEnvelope = 1 << 10 // octets; an envelope has about 240
	sm4Size     = 16      // octets of a key and of a block
	scalarSize  = 32      // octets of an SM2 private key
)

// Envelope encrypts the SM2 key k for the holder of another SM2 key, whose public key
// is to. A CA sends the key of a TLCP encryption certificate in this way. It passes the
// public key of the applicant's signing certificate, and the applicant calls
// [PrivateKey.OpenEnvelope].
//
// The result is the DER of an SM2EnvelopedKey (GB/T 35276, section 7.4): a random SM4
// key that is encrypted with SM2, the public key of k, and the private key, which is
// encrypted with SM4-ECB without padding. The field encryptedPrivateKey of a
// CSRResponse (GM/T 0092) holds the same octets. The randomness comes from crypto/rand,
// so each result is different.
//
// Keys that are not SM2 keys, and k with its own public key, are
// [yuncert.ErrInvalidValueMalformed].
func (k *PrivateKey) Envelope(to crypto.PublicKey) ([]byte, error) {
	own, ok := k.signer().(sm2Signer)
	if !ok {
		return nil, malformed("an envelope holds an SM2 key, not the %s; use EncryptedPEM", k)
	}
	a, err := Of(to)
	if err != nil {
		return nil, err
	}
	if a != SM2_256 {
		return nil, malformed("an envelope is for an SM2 key, not %s; want the public key of the applicant's SM2 signing certificate", a)
	}
	recipient := to.(*ecdsa.PublicKey)
	if _, err := pointBytes(recipient); err != nil {
		return nil, err
	}
	if own.PrivateKey.Public().Equal(recipient) {
		return nil, malformed("the envelope is for the key that it holds; want the public key of the applicant's signing certificate")
	}

	var key [sm4Size]byte
	rand.Read(key[:]) // never fails
	encryptedKey, err := sm2.Encrypt(recipient, key[:])
	if err != nil {
		return nil, errEncode(err)
	}
	block, err := sm2.NewSM4(key[:])
	if err != nil {
		return nil, errEncode(err)
	}
	d := own.Bytes()
	block.Encrypt(d[:sm4Size], d[:sm4Size])
	block.Encrypt(d[sm4Size:], d[sm4Size:])

	fields := append(identifier(sm4ECBOID, null), encryptedKey...)
	fields = der.AppendBitString(fields, own.PublicBytes())
	return der.Append(nil, asn1.SEQUENCE, der.AppendBitString(fields, d)), nil
}

// OpenEnvelope decrypts an SM2EnvelopedKey (GB/T 35276, section 7.4) with k, and returns
// the SM2 key in it. The public key in the envelope must belong to the private key. An
// envelope is not signed, and anyone can make one for k: compare the result with the
// encryption certificate.
//
// An envelope is DER of up to 1 KiB. Its cipher is 1.2.156.10197.1.104.1 (SM4-ECB) or
// 1.2.156.10197.1.104 (SM4), with the parameters NULL or without them. The encrypted
// private key has 32 octets.
//
// An envelope for another key is [yuncert.ErrInvalidParameter]. An encrypted SM4 key
// that was changed gives the same error, unless it is not an SM2Cipher any more. All
// other faults, and a k that is not an SM2 key, are
// [yuncert.ErrInvalidValueMalformed].
func (k *PrivateKey) OpenEnvelope(data []byte) (*PrivateKey, error) {
	own, ok := k.signer().(sm2Signer)
	if !ok {
		return nil, malformed("an envelope is opened with an SM2 key, not the %s; use the key of the SM2 signing certificate", k)
	}
	e, err := parseEnvelope(data)
	if err != nil {
		return nil, err
	}
	key, err := own.Decrypt(e.key)
	if err != nil {
		return nil, yuncert.Errorf(yuncert.ErrInvalidParameter, "", "the envelope is for another key, or it is damaged; open it with the key of the signing certificate")
	}
	block, err := sm2.NewSM4(key)
	if err != nil {
		return nil, errForeignEnvelope()
	}
	d := make([]byte, scalarSize)
	block.Decrypt(d[:sm4Size], e.encrypted[:sm4Size])
	block.Decrypt(d[sm4Size:], e.encrypted[sm4Size:])
	inner, err := sm2.NewPrivateKey(d)
	if err != nil {
		return nil, errForeignEnvelope()
	}
	if subtle.ConstantTimeCompare(inner.PublicBytes(), e.point) != 1 {
		return nil, errForeignEnvelope()
	}
	return &PrivateKey{SM2_256, &secret{sm2Signer{inner}}}, nil
}

// errForeignEnvelope does not say whether d is out of range or belongs to another
// public key, so that nobody learns something about d by changing an envelope.
func errForeignEnvelope() error {
	return malformed("the public key in the envelope does not belong to the private key; ask the CA for another envelope")
}

// An envelope is the content of an SM2EnvelopedKey.
type envelope struct {
	key       *sm2.Ciphertext // of an SM4 key
	point     []byte          // the public key
	encrypted []byte          // the private key, two blocks
}

func errEnvelope() error {
	return malformed("the envelope is not the DER of an SM2EnvelopedKey (GB/T 35276, section 7.4); decode PEM or base64 first")
}

// parseEnvelope reads an SM2EnvelopedKey. It checks everything that can be checked
// without a private key.
func parseEnvelope(data []byte) (*envelope, error) {
	if len(data) > maxEnvelope {
		return nil, malformed("the envelope has %d octets; want at most %d", len(data), maxEnvelope)
	}
	var fields, key cryptobyte.String
	input := cryptobyte.String(data)
	if !input.ReadASN1(&fields, asn1.SEQUENCE) || !input.Empty() {
		return nil, errEnvelope()
	}
	cipher, parameters, ok := readIdentifier(&fields)
	if !ok {
		return nil, errEnvelope()
	}
	if cipher != sm4ECBOID && cipher != sm4OID {
		return nil, malformed("the private key in the envelope is encrypted with %s; want SM4-ECB (1.2.156.10197.1.104.1)", nameOfContent(cipher))
	}
	e := new(envelope)
	if len(parameters) > 0 && !bytes.Equal(parameters, null) ||
		!fields.ReadASN1Element(&key, asn1.SEQUENCE) ||
		!fields.ReadASN1BitStringAsBytes(&e.point) || !fields.ReadASN1BitStringAsBytes(&e.encrypted) || !fields.Empty() {
		return nil, errEnvelope()
	}
	var err error
	e.key, err = sm2.ParseCiphertext(key)
	if err != nil {
		return nil, malformed("the SM4 key in the envelope is not an SM2Cipher (GM/T 0009, section 7.2) with a point on the SM2 curve")
	}
	if e.key.Size != sm4Size {
		return nil, malformed("the envelope has an SM4 key of %d octets; want %d", e.key.Size, sm4Size)
	}
	if _, err := parsePoint(sm2.P256(), e.point); err != nil {
		return nil, err
	}
	if len(e.encrypted) != scalarSize {
		return nil, malformed("the envelope has %d octets of encrypted private key; want %d, without padding", len(e.encrypted), scalarSize)
	}
	return e, nil
}
