package algorithm

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/der"
)

// EncryptedPEM returns the key as an encrypted PKCS #8 PEM block, "ENCRYPTED PRIVATE
// KEY" (RFC 5958, section 3), which openssl, Java and Go libraries read. It encrypts
// the content of [PrivateKey.PEM] with AES-256 in CBC mode. PBKDF2 derives the AES
// key from the password and a random salt, with HMAC-SHA-256 and 600,000 iterations
// (PBES2; RFC 8018, section 6.2). This takes about 0.1 seconds. The salt and the
// initialization vector come from crypto/rand, so each result is different.
//
// The password may be any octets; other tools expect UTF-8. Remove the line break of a
// password that you read from a file. EncryptedPEM neither changes nor keeps the
// password. Give the file of the result mode 0600, because passwords can be guessed.
//
// An empty password is [yuncert.ErrMissingParameter]. A zero PrivateKey is
// [yuncert.ErrInternalEncodeKeyError].
func (k *PrivateKey) EncryptedPEM(password []byte) ([]byte, error) {
	if len(password) == 0 {
		return nil, errNoPassword()
	}
	content, err := k.pkcs8()
	if err != nil {
		return nil, err
	}
	s := &pbes2{
		salt: make([]byte, 16), prf: sha256.New, iterations: 600_000,
		cipher: blockCiphers[aes256CBCOID], iv: make([]byte, aes.BlockSize),
	}
	rand.Read(s.salt) // never fails
	rand.Read(s.iv)
	block, err := s.block(password)
	if err != nil {
		return nil, errEncode(err)
	}
	padding := aes.BlockSize - len(content)%aes.BlockSize // RFC 8018, section 6.1.1, step 4
	for range padding {
		content = append(content, byte(padding))
	}
	cipher.NewCBCEncrypter(block, s.iv).CryptBlocks(content, content)
	return []byte(der.PEM(encryptedLabel, s.marshal(content))), nil
}

func errNoPassword() error {
	return yuncert.Errorf(yuncert.ErrMissingParameter, "", "the password of the private key is empty")
}

// ParseEncryptedPrivateKey reads the one private key in a PEM text, and decrypts it
// with the password if it is encrypted. A key that is not encrypted is read like
// [ParsePrivateKey] reads it, and the password is not used.
//
// An encrypted key is PKCS #8 ("ENCRYPTED PRIVATE KEY") with PBES2 (RFC 8018, section
// 6.2), which current versions of openssl, Java and GmSSL write. The key derivation
// is PBKDF2 with HMAC and SHA-1, SHA-2 or SM3, or scrypt (RFC 7914). The cipher is
// AES, Triple DES or SM4 in CBC mode. PBES1, PKCS #12 and the header Proc-Type are
// refused; the message names the openssl command that converts the key.
//
// Decryption takes as long as the text demands, up to eight seconds. PBKDF2 may have
// up to 10,000,000 iterations. scrypt may use up to 128 MiB and four times the work
// of N = 131072, r = 8, p = 1.
//
// A wrong password is [yuncert.ErrInvalidParameter]. The format has no checksum:
// damaged ciphertext gives the same error, or a key that does not belong to its
// certificate. An empty password for an encrypted key is
// [yuncert.ErrMissingParameter]. Everything else is refused as in ParsePrivateKey. No
// message contains the password, and ParseEncryptedPrivateKey does not keep it.
func ParseEncryptedPrivateKey(text, password []byte) (*PrivateKey, error) {
	block, err := findPrivateKey(text)
	if err != nil {
		return nil, err
	}
	if block.Type != encryptedLabel {
		return parsePrivateKey(block.Type, block.Bytes)
	}
	s, ciphertext, err := parseEncrypted(block.Bytes)
	if err != nil {
		return nil, err
	}
	if len(password) == 0 {
		return nil, errNoPassword()
	}
	plaintext, err := s.decrypt(password, ciphertext)
	if err != nil {
		return nil, malformedBy(err, "the private key is encrypted in a way that GODEBUG=fips140=only forbids")
	}
	if !isPKCS8(plaintext) {
		return nil, yuncert.Errorf(yuncert.ErrInvalidParameter, "", "the password is wrong, or the encrypted private key is damaged")
	}
	return parsePrivateKey("PRIVATE KEY", plaintext)
}

// isPKCS8 reports whether data has the form of a PKCS #8 key (RFC 5958, section 2).
// With a wrong password the padding is valid once in 256 times, but this form appears
// less than once in 2^24 times.
func isPKCS8(data []byte) bool {
	var key cryptobyte.String
	input := cryptobyte.String(data)
	return input.ReadASN1(&key, asn1.SEQUENCE) && input.Empty() &&
		key.SkipASN1(asn1.INTEGER) && key.SkipASN1(asn1.SEQUENCE) && key.SkipASN1(asn1.OCTET_STRING)
}
