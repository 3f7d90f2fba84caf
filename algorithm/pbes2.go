package algorithm

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/fips140"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/scrypt"

	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/sm2"
)

// The contents of object identifiers (RFC 8018, appendix C; RFC 7914, section 7).
const (
	pkcs5OID  = "\x2a\x86\x48\x86\xf7\x0d\x01\x05" // 1.2.840.113549.1.5
	digestOID = "\x2a\x86\x48\x86\xf7\x0d\x02"     // 1.2.840.113549.2
	aesOID    = "\x60\x86\x48\x01\x65\x03\x04\x01" // 2.16.840.1.101.3.4.1
	gmOID     = "\x2a\x81\x1c\xcf\x55\x01"         // 1.2.156.10197.1 (GM/T 0006)

	pbes2OID      = pkcs5OID + "\x0d"
	pbkdf2OID     = pkcs5OID + "\x0c"
	scryptOID     = "\x2b\x06\x01\x04\x01\xda\x47\x04\x0b" // 1.3.6.1.4.1.11591.4.11
	hmacSHA1OID   = digestOID + "\x07"
	hmacSHA256OID = digestOID + "\x09"
	aes256CBCOID  = aesOID + "\x2a"
)

// prfs are the functions for PBKDF2 (RFC 8018, appendix B.1.2).
var prfs = map[string]func() hash.Hash{
	hmacSHA1OID:            sha1.New,
	digestOID + "\x08":     sha256.New224, // hmacWithSHA224
	hmacSHA256OID:          sha256.New,
	digestOID + "\x0a":     sha512.New384,     // hmacWithSHA384
	digestOID + "\x0b":     sha512.New,        // hmacWithSHA512
	digestOID + "\x0c":     sha512.New512_224, // hmacWithSHA512-224
	digestOID + "\x0d":     sha512.New512_256, // hmacWithSHA512-256
	gmOID + "\x83\x11\x02": sm2.NewSM3,        // hmacWithSM3, 1.2.156.10197.1.401.2
}

// A blockCipher is a cipher for CBC mode.
type blockCipher struct {
	keySize, blockSize int
	new                func(key []byte) (cipher.Block, error)
}

// blockCiphers are the ciphers for PBES2 (RFC 8018, appendix B.2).
var blockCiphers = map[string]blockCipher{
	"\x2a\x86\x48\x86\xf7\x0d\x03\x07": {24, des.BlockSize, des.NewTripleDESCipher}, // des-EDE3-CBC, 1.2.840.113549.3.7
	aesOID + "\x02":                    {16, aes.BlockSize, aes.NewCipher},          // aes128-CBC
	aesOID + "\x16":                    {24, aes.BlockSize, aes.NewCipher},          // aes192-CBC
	aes256CBCOID:                       {32, aes.BlockSize, aes.NewCipher},
	gmOID + "\x68\x02":                 {16, 16, sm2.NewSM4}, // SM4-CBC, 1.2.156.10197.1.104.2
}

// The limits of an encrypted key that is read. Without them a file could demand
// years of work or all memory. With them PBKDF2 takes up to four seconds, or eight if
// the key of the cipher is longer than the hash, which doubles the work (RFC 8018,
// section 5.2). scrypt takes up to two seconds and 128 MiB (128·N·r octets; RFC 7914,
// section 2).
const (
	maxSalt       = 256
	maxIterations = 10_000_000
	maxScryptR    = 32
	maxScryptP    = 16
	maxScryptNR   = 1 << 20 // N·r
	maxScryptNRP  = 1 << 22 // N·r·p
)

// A pbes2 is the content of PBES2-params (RFC 8018, appendix A.4).
type pbes2 struct {
	salt       []byte
	prf        func() hash.Hash // of PBKDF2, nil for scrypt
	iterations int              // of PBKDF2
	n, r, p    int              // of scrypt
	cipher     blockCipher
	iv         []byte
}

func errPBES2() error {
	return malformed("the encrypted private key is not an EncryptedPrivateKeyInfo (RFC 5958, section 3) with PBES2 (RFC 8018, appendix A.4)")
}

// parseEncrypted reads an EncryptedPrivateKeyInfo (RFC 5958, section 3). It checks
// everything that can be checked without the password.
func parseEncrypted(data []byte) (s *pbes2, ciphertext []byte, err error) {
	if len(data) > maxKeyDER {
		return nil, nil, malformed("the encrypted private key has %d octets; want at most %d", len(data), maxKeyDER)
	}
	var info cryptobyte.String
	input := cryptobyte.String(data)
	if !input.ReadASN1(&info, asn1.SEQUENCE) || !input.Empty() {
		return nil, nil, errPBES2()
	}
	scheme, parameters, ok := readIdentifier(&info)
	if !ok || !info.ReadASN1Bytes(&ciphertext, asn1.OCTET_STRING) || !info.Empty() {
		return nil, nil, errPBES2()
	}
	if scheme != pbes2OID {
		return nil, nil, malformed("the private key is encrypted with %s; want PBES2; convert it with openssl pkcs8 -topk8", nameOfContent(scheme))
	}
	s, err = parsePBES2(parameters)
	if err != nil {
		return nil, nil, err
	}
	if len(ciphertext) == 0 || len(ciphertext)%s.cipher.blockSize != 0 {
		return nil, nil, malformed("the encrypted private key has %d octets of ciphertext; want a multiple of %d", len(ciphertext), s.cipher.blockSize)
	}
	return s, ciphertext, nil
}

// readIdentifier reads an AlgorithmIdentifier (RFC 5280, section 4.1.1.2). oid is
// the content of its object identifier.
func readIdentifier(s *cryptobyte.String) (oid string, parameters cryptobyte.String, ok bool) {
	var content cryptobyte.String
	ok = s.ReadASN1(&parameters, asn1.SEQUENCE) && parameters.ReadASN1(&content, asn1.OBJECT_IDENTIFIER)
	return string(content), parameters, ok
}

// nameOfContent is nameOf for the content of an object identifier.
func nameOfContent(oid string) string {
	return nameOf(der.Append(nil, asn1.OBJECT_IDENTIFIER, oid))
}

// parsePBES2 reads PBES2-params.
func parsePBES2(input cryptobyte.String) (*pbes2, error) {
	var fields, kdf cryptobyte.String
	if !input.ReadASN1(&fields, asn1.SEQUENCE) || !input.Empty() {
		return nil, errPBES2()
	}
	function, parameters, ok := readIdentifier(&fields)
	if !ok || !parameters.ReadASN1(&kdf, asn1.SEQUENCE) || !parameters.Empty() {
		return nil, errPBES2()
	}
	s := new(pbes2)
	keyLength, err := s.parseKDF(function, kdf)
	if err != nil {
		return nil, err
	}
	scheme, parameters, ok := readIdentifier(&fields)
	if !ok || !fields.Empty() {
		return nil, errPBES2()
	}
	s.cipher, ok = blockCiphers[scheme]
	if !ok {
		return nil, malformed("the cipher of the encrypted private key is not supported: %s; want AES, Triple DES or SM4 in CBC mode; convert it with openssl pkcs8 -topk8", nameOfContent(scheme))
	}
	if keyLength != 0 && keyLength != s.cipher.keySize {
		return nil, malformed("the encrypted private key has a key length of %d octets; want the %d of its cipher", keyLength, s.cipher.keySize)
	}
	if !parameters.ReadASN1Bytes(&s.iv, asn1.OCTET_STRING) || !parameters.Empty() {
		return nil, errPBES2()
	}
	if len(s.iv) != s.cipher.blockSize {
		return nil, malformed("the encrypted private key has an initialization vector of %d octets; want %d", len(s.iv), s.cipher.blockSize)
	}
	return s, nil
}

// parseKDF reads PBKDF2-params (RFC 8018, appendix A.2) or scrypt-params (RFC 7914,
// section 7). keyLength is 0 if it is absent.
func (s *pbes2) parseKDF(function string, input cryptobyte.String) (keyLength int, err error) {
	if function != pbkdf2OID && function != scryptOID {
		return 0, malformed("the key derivation of the encrypted private key is not supported: %s; want PBKDF2 or scrypt", nameOfContent(function))
	}
	if !input.ReadASN1Bytes(&s.salt, asn1.OCTET_STRING) {
		return 0, errPBES2()
	}
	if len(s.salt) > maxSalt {
		return 0, malformed("the encrypted private key has a salt of %d octets; want at most %d", len(s.salt), maxSalt)
	}
	if function == pbkdf2OID {
		if !input.ReadASN1Integer(&s.iterations) || s.iterations < 1 || s.iterations > maxIterations {
			return 0, malformed("the encrypted private key has no PBKDF2 iteration count from 1 to %d", maxIterations)
		}
	} else if err := s.parseCost(&input); err != nil {
		return 0, err
	}
	if input.PeekASN1Tag(asn1.INTEGER) {
		if !input.ReadASN1Integer(&keyLength) || keyLength < 1 {
			return 0, errPBES2()
		}
	}
	if function == pbkdf2OID {
		err = s.parsePRF(&input)
	}
	if err == nil && !input.Empty() {
		err = errPBES2()
	}
	return keyLength, err
}

// parseCost reads the cost parameters of scrypt.
func (s *pbes2) parseCost(input *cryptobyte.String) error {
	// r and p are checked first, so that no product overflows.
	if !input.ReadASN1Integer(&s.n) || !input.ReadASN1Integer(&s.r) || !input.ReadASN1Integer(&s.p) ||
		s.r < 1 || s.r > maxScryptR || s.p < 1 || s.p > maxScryptP ||
		s.n < 2 || s.n&(s.n-1) != 0 || s.n > maxScryptNR/s.r || s.n > maxScryptNRP/(s.r*s.p) {
		return malformed("the encrypted private key has the scrypt parameters N = %d, r = %d, p = %d; want a power of two N, r to %d, p to %d, N·r to %d, N·r·p to %d",
			s.n, s.r, s.p, maxScryptR, maxScryptP, maxScryptNR, maxScryptNRP)
	}
	return nil
}

// parsePRF reads the pseudorandom function of PBKDF2.
func (s *pbes2) parsePRF(input *cryptobyte.String) error {
	oid := hmacSHA1OID // the default
	if !input.Empty() {
		var parameters cryptobyte.String
		var ok bool
		oid, parameters, ok = readIdentifier(input)
		// RFC 8018, appendix B.1.2, wants NULL. Some tools leave it out.
		if !ok || len(parameters) > 0 && !bytes.Equal(parameters, null) {
			return errPBES2()
		}
	}
	s.prf = prfs[oid]
	if s.prf == nil {
		return malformed("the pseudorandom function of the encrypted private key is not supported: %s; want HMAC with SHA-1, SHA-2 or SM3", nameOfContent(oid))
	}
	return nil
}

// block returns the cipher with the key that is derived from the password.
func (s *pbes2) block(password []byte) (cipher.Block, error) {
	var key []byte
	var err error
	switch {
	case s.prf != nil:
		key, err = pbkdf2.Key(s.prf, string(password), s.salt, s.iterations, s.cipher.keySize)
	case fips140.Enforced() && len(s.salt) < 16:
		err = errors.New("scrypt with a salt of less than 16 octets is not allowed in FIPS 140-only mode") // scrypt.Key panics
	default:
		key, err = scrypt.Key(password, s.salt, s.n, s.r, s.p, s.cipher.keySize)
	}
	if err != nil {
		return nil, err
	}
	return s.cipher.new(key)
}

// decrypt returns the plaintext, or nil if its padding is wrong (RFC 8018, section
// 6.1.1, step 4). The ciphertext has one block or more.
func (s *pbes2) decrypt(password, ciphertext []byte) ([]byte, error) {
	block, err := s.block(password)
	if err != nil {
		return nil, err
	}
	plaintext := make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(block, s.iv).CryptBlocks(plaintext, ciphertext)
	n := int(plaintext[len(plaintext)-1])
	if n < 1 || n > s.cipher.blockSize {
		return nil, nil
	}
	plaintext, padding := plaintext[:len(plaintext)-n], plaintext[len(plaintext)-n:]
	if !bytes.Equal(padding, bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, nil
	}
	return plaintext, nil
}

// marshal returns an EncryptedPrivateKeyInfo (RFC 5958, section 3) with the
// algorithms of EncryptedPEM.
func (s *pbes2) marshal(ciphertext []byte) []byte {
	prf := identifier(hmacSHA256OID, null)
	parameters := der.AppendInt(der.Append(nil, asn1.OCTET_STRING, s.salt), int64(s.iterations))
	kdf := identifier(pbkdf2OID, der.Append(nil, asn1.SEQUENCE, append(parameters, prf...)))
	scheme := identifier(aes256CBCOID, der.Append(nil, asn1.OCTET_STRING, s.iv))
	id := identifier(pbes2OID, der.Append(nil, asn1.SEQUENCE, append(kdf, scheme...)))
	return der.Append(nil, asn1.SEQUENCE, der.Append(id, asn1.OCTET_STRING, ciphertext))
}

// identifier returns an AlgorithmIdentifier (RFC 5280, section 4.1.1.2).
func identifier(oid string, parameters []byte) []byte {
	return der.Append(nil, asn1.SEQUENCE, append(der.Append(nil, asn1.OBJECT_IDENTIFIER, oid), parameters...))
}

var null = []byte{5, 0}
