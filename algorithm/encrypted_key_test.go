package algorithm_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	stdasn1 "encoding/asn1"
	"hash"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// password is the password of the files in testdata/encrypted.
const password = "correct horse 密码"

func encryptedFile(t testing.TB, name string) []byte {
	t.Helper()
	return readFile(t, filepath.Join("encrypted", name))
}

// Object identifiers of encrypted keys.
var (
	idPBES2     = testutil.Hex("06092a864886f70d01050d")
	idPBKDF2    = testutil.Hex("06092a864886f70d01050c")
	idScrypt    = testutil.Hex("06092b06010401da47040b")
	hmacSHA256  = asn.Seq(testutil.Hex("06082a864886f70d0209"), null)
	idAES256CBC = testutil.Hex("060960864801650304012a")
)

// An encryptedKey is what is in an EncryptedPrivateKeyInfo with PBKDF2 and AES-256.
// Each part is DER.
type encryptedKey struct {
	scheme     []byte // object identifier
	kdf        []byte // object identifier
	salt       []byte
	count      []byte
	keyLength  []byte
	prf        []byte
	cipher     []byte // object identifier
	iv         []byte
	ciphertext []byte
	inner      []byte // after the last part of the PBKDF2-params
	middle     []byte // after the last part of the PBES2-params
	outer      []byte // after the ciphertext
}

// newEncryptedKey encrypts whole blocks of plaintext with one iteration of PBKDF2.
func newEncryptedKey(t testing.TB, password string, plaintext, salt []byte, prf func() hash.Hash) *encryptedKey {
	t.Helper()
	key, err := pbkdf2.Key(prf, password, salt, 1, 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	iv, ciphertext := bytes.Repeat([]byte{7}, 16), make([]byte, len(plaintext))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(ciphertext, plaintext)
	return &encryptedKey{
		scheme: idPBES2, kdf: idPBKDF2, salt: asn.Octets(salt), count: small(1), prf: hmacSHA256,
		cipher: idAES256CBC, iv: asn.Octets(iv), ciphertext: asn.Octets(ciphertext),
	}
}

// padded adds the padding of RFC 8018, section 6.1.1.
func padded(plaintext []byte) []byte {
	n := 16 - len(plaintext)%16
	return join(plaintext, bytes.Repeat([]byte{byte(n)}, n))
}

func (k *encryptedKey) pem() []byte {
	return block("ENCRYPTED PRIVATE KEY", asn.Seq(
		asn.Seq(k.scheme, asn.Seq(
			asn.Seq(k.kdf, asn.Seq(k.salt, k.count, k.keyLength, k.prf, k.inner)),
			asn.Seq(k.cipher, k.iv),
			k.middle)),
		k.ciphertext), k.outer)
}

// A key is encrypted as the doc comment says, and read back.
func TestEncryptedPEM(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			key, secret := testkeys.Key(a, 0), []byte(password)
			text, err := key.EncryptedPEM(secret)
			if err != nil {
				t.Fatal(err)
			}
			if string(secret) != password {
				t.Errorf("EncryptedPEM changed the password to %q", secret)
			}
			salt, iv, ciphertext := readOurs(t, text)
			derived, err := pbkdf2.Key(sha256.New, password, salt, 600_000, 32)
			if err != nil {
				t.Fatal(err)
			}
			aes256, err := aes.NewCipher(derived)
			if err != nil {
				t.Fatal(err)
			}
			plaintext := make([]byte, len(ciphertext))
			cipher.NewCBCDecrypter(aes256, iv).CryptBlocks(plaintext, ciphertext)
			clear, err := key.PEM()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(padded(testutil.FirstPEM(t, clear)), plaintext); diff != "" {
				t.Errorf("plaintext mismatch (-want +got):\n%s", diff)
			}

			again, err := key.EncryptedPEM(secret)
			if err != nil {
				t.Fatal(err)
			}
			otherSalt, otherIV, _ := readOurs(t, again)
			if bytes.Equal(salt, otherSalt) || bytes.Equal(iv, otherIV) {
				t.Error("two results have the same salt or initialization vector")
			}

			back, err := algorithm.ParseEncryptedPrivateKey(text, secret)
			if err != nil {
				t.Fatal(err)
			}
			checkPEM(t, back, clear)
		})
	}
}

// readOurs reads what EncryptedPEM writes. Everything but the random parts must be
// as documented.
func readOurs(t *testing.T, text []byte) (salt, iv, ciphertext []byte) {
	t.Helper()
	var info struct {
		ID struct {
			OID    stdasn1.ObjectIdentifier
			Params struct {
				KDF struct {
					OID    stdasn1.ObjectIdentifier
					Params struct {
						Salt  []byte
						Count int
						PRF   stdasn1.RawValue
					}
				}
				Scheme struct {
					OID stdasn1.ObjectIdentifier
					IV  []byte
				}
			}
		}
		Ciphertext []byte
	}
	unmarshal(t, testutil.DecodePEM(t, "ENCRYPTED PRIVATE KEY", string(text)), &info)
	params := info.ID.Params
	salt, iv = params.KDF.Params.Salt, params.Scheme.IV
	want := &encryptedKey{
		scheme: idPBES2, kdf: idPBKDF2, salt: asn.Octets(salt), count: small(600_000), prf: hmacSHA256,
		cipher: idAES256CBC, iv: asn.Octets(iv), ciphertext: asn.Octets(info.Ciphertext),
	}
	if diff := cmp.Diff(string(want.pem()), string(text)); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
	if len(salt) != 16 || len(iv) != 16 {
		t.Errorf("a salt of %d octets and an initialization vector of %d, want 16 and 16", len(salt), len(iv))
	}
	return salt, iv, info.Ciphertext
}

// checkPEM checks that a key is the one in a PEM text.
func checkPEM(t *testing.T, key *algorithm.PrivateKey, want []byte) {
	t.Helper()
	got, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("another key (-want +got):\n%s", diff)
	}
}

func TestEncryptedPEMRefuses(t *testing.T) {
	t.Parallel()
	for name, empty := range map[string][]byte{"nil": nil, "empty": {}} {
		text, err := testkeys.Key(algorithm.ECC_256, 0).EncryptedPEM(empty)
		if text != nil {
			t.Errorf("%s password: EncryptedPEM = %q with its error", name, text)
		}
		testutil.CheckError(t, err, yuncert.ErrMissingParameter, "", "the password of the private key is empty")
	}
	text, err := new(algorithm.PrivateKey).EncryptedPEM([]byte(password))
	if text != nil {
		t.Errorf("zero key: EncryptedPEM = %q with its error", text)
	}
	testutil.CheckMessage(t, err, yuncert.ErrInternalEncodeKeyError, "", "Failed to encode private key.")
}

// Each file of OpenSSL holds the key that it was made from.
func TestParseEncryptedPrivateKeyFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/encrypted/*.pem")
	if err != nil || len(files) < 18 {
		t.Fatal("too few files", files, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "refused-") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := algorithm.ECC_256
			switch name {
			case "rsa.pem":
				a = algorithm.RSA_2048
			case "sm2.pem":
				a = algorithm.SM2_256
			}
			want, err := testkeys.Key(a, 0).PEM()
			if err != nil {
				t.Fatal(err)
			}
			text, secret := encryptedFile(t, name), []byte(password)
			key, err := algorithm.ParseEncryptedPrivateKey(text, secret)
			if err != nil {
				t.Fatal(err)
			}
			if string(secret) != password || !bytes.Equal(text, encryptedFile(t, name)) {
				t.Error("ParseEncryptedPrivateKey changed its input")
			}
			checkPEM(t, key, want)

			_, err = algorithm.ParseEncryptedPrivateKey(text, []byte(password+"\n"))
			testutil.CheckError(t, err, yuncert.ErrInvalidParameter, "", "the password is wrong, or the encrypted private key is damaged")
			_, err = algorithm.ParseEncryptedPrivateKey(text, nil)
			testutil.CheckError(t, err, yuncert.ErrMissingParameter, "", "the password of the private key is empty")
			_, err = algorithm.ParsePrivateKey(text)
			testutil.CheckKeyError(t, err, "the private key is encrypted; read it with ParseEncryptedPrivateKey and its password")
		})
	}
}

// Forms that OpenSSL does not write.
func TestParseEncryptedPrivateKey(t *testing.T) {
	t.Parallel()
	ecPEM := testkeys.PEM(algorithm.ECC_256, 0)
	plaintext := padded(testutil.FirstPEM(t, ecPEM))
	salt := []byte("a salt of 16 oct")
	certificate := bytes.Split(readFile(t, "privatekey/with-certificate.pem"), []byte("-----BEGIN PRIVATE"))[0]
	encrypted := func(salt []byte, prf func() hash.Hash, change func(*encryptedKey)) []byte {
		k := newEncryptedKey(t, password, plaintext, salt, prf)
		change(k)
		return k.pem()
	}
	unchanged := func(*encryptedKey) {}
	tests := []struct {
		name string
		text []byte
	}{
		{"unchanged", encrypted(salt, sha256.New, unchanged)},
		{"an empty salt", encrypted(nil, sha256.New, unchanged)},
		{"a salt of 256 octets", encrypted(make([]byte, 256), sha256.New, unchanged)},
		{"a key length", encrypted(salt, sha256.New, func(k *encryptedKey) { k.keyLength = small(32) })},
		{"no pseudorandom function", encrypted(salt, sha1.New, func(k *encryptedKey) { k.prf = nil })},
		{"HMAC-SHA-1, which is the default", encrypted(salt, sha1.New, func(k *encryptedKey) { k.prf = asn.Seq(testutil.Hex("06082a864886f70d0207"), null) })},
		{"HMAC-SHA-256 without NULL", encrypted(salt, sha256.New, func(k *encryptedKey) { k.prf = asn.Seq(testutil.Hex("06082a864886f70d0209")) })},
		{"HMAC-SM3", encrypted(salt, sm2.NewSM3, func(k *encryptedKey) { k.prf = asn.Seq(testutil.Hex("06092a811ccf550183 1102"), null) })},
		{"HMAC-SM3 without NULL", encrypted(salt, sm2.NewSM3, func(k *encryptedKey) { k.prf = asn.Seq(testutil.Hex("06092a811ccf550183 1102")) })},
		{"a certificate in front", join(certificate, encrypted(salt, sha256.New, unchanged))},
		{"bag attributes in front, as openssl pkcs12 writes them", join([]byte("Bag Attributes\n    friendlyName: a\nKey Attributes: <No Attributes>\n"), encrypted(salt, sha256.New, unchanged))},
		{"a key that is not encrypted", ecPEM},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key, err := algorithm.ParseEncryptedPrivateKey(tt.text, []byte(password))
			if err != nil {
				t.Fatal(err)
			}
			checkPEM(t, key, ecPEM)
		})
	}
	key, err := algorithm.ParseEncryptedPrivateKey(ecPEM, nil)
	if err != nil {
		t.Fatalf("a key that is not encrypted, without a password: %v", err)
	}
	checkPEM(t, key, ecPEM)
}

func TestParseEncryptedPrivateKeyRefuses(t *testing.T) {
	t.Parallel()
	const (
		malformed = yuncert.ErrInvalidValueMalformed
		refused   = yuncert.ErrInvalidParameter

		form    = "the encrypted private key is not an EncryptedPrivateKeyInfo (RFC 5958, section 3) with PBES2"
		wrong   = "the password is wrong, or the encrypted private key is damaged"
		count   = "the encrypted private key has no PBKDF2 iteration count from 1 to 10000000"
		scrypt  = "the encrypted private key has the scrypt parameters "
		oldForm = "the private key is encrypted in the old form with Proc-Type and DEK-Info (RFC 1421); convert it with openssl pkcs8 -topk8"
	)
	ecPEM := testkeys.PEM(algorithm.ECC_256, 0)
	ecDER := testutil.FirstPEM(t, ecPEM)
	salt := []byte("a salt of 16 oct")
	with := func(change func(*encryptedKey)) []byte {
		k := newEncryptedKey(t, password, padded(ecDER), salt, sha256.New)
		change(k)
		return k.pem()
	}
	withScrypt := func(n, r, p int64, rest ...[]byte) []byte {
		return with(func(k *encryptedKey) {
			k.kdf, k.count, k.keyLength, k.prf, k.inner = idScrypt, small(n), small(r), small(p), join(rest...)
		})
	}
	holding := func(plaintext []byte) []byte { return newEncryptedKey(t, password, plaintext, salt, sha256.New).pem() }
	// wholeBlocks has the form of a PKCS #8 key, and its last octet is 0.
	var wholeBlocks []byte
	for n := 1; len(wholeBlocks)%16 != 0 || n == 1; n++ {
		wholeBlocks = asn.Seq(version0, asn.Seq(idEC, idP256), asn.Octets(make([]byte, n)))
	}
	unchanged := with(func(*encryptedKey) {})

	tests := []struct {
		name    string
		text    []byte
		code    yuncert.Code
		message string
	}{
		// The text.
		{"nothing", nil, malformed, "-----BEGIN is missing"},
		{"a text above 1 MiB", join(bytes.Repeat([]byte("\n"), 1<<20), unchanged), malformed, "octets; want at most 1048576"},
		{"two keys", join(unchanged, unchanged), malformed, "the text holds more than one private key"},
		{"two keys, the second not encrypted", join(unchanged, ecPEM), malformed, "the text holds more than one private key"},
		{"PKCS #12", encryptedFile(t, "refused.p12"), malformed, "the text is PKCS #12 and not PEM; take the key out with openssl pkcs12 -nocerts"},
		{"PKCS #12 of an indefinite length", testutil.Hex("3080020103 3080"), malformed, "the text is PKCS #12"},
		{"DER", testutil.FirstPEM(t, unchanged), malformed, "it is DER; convert it to PEM"},
		{"old PKCS #1", readFile(t, "privatekey/refused-encrypted-rsa.pem"), malformed, oldForm},
		{"old SEC 1", readFile(t, "privatekey/refused-encrypted-ec.pem"), malformed, oldForm},
		{"OpenSSH", block("OPENSSH PRIVATE KEY", []byte("openssh-key-v1\x00")), malformed, "it is in the format of OpenSSH; convert it with ssh-keygen -p -m PKCS8"},
		{"a public key", readFile(t, "publickey/sm2.pem"), malformed, "the text holds no private key, only a PEM block PUBLIC KEY"},

		// The structure.
		{"more than 16 KiB", holding(make([]byte, 16<<10)), malformed, "octets; want at most 16384"},
		{"an empty block", block("ENCRYPTED PRIVATE KEY"), malformed, form},
		{"a key that is not encrypted", block("ENCRYPTED PRIVATE KEY", ecDER), malformed, form},
		{"cut short", block("ENCRYPTED PRIVATE KEY", testutil.FirstPEM(t, unchanged)[:200]), malformed, form},
		{"an octet at the end", with(func(k *encryptedKey) { k.outer = []byte{0} }), malformed, form},
		{"a field after the ciphertext", with(func(k *encryptedKey) { k.ciphertext = join(k.ciphertext, null) }), malformed, form},
		{"a field after the cipher", with(func(k *encryptedKey) { k.middle = null }), malformed, form},
		{"a field after the pseudorandom function", with(func(k *encryptedKey) { k.inner = null }), malformed, form},
		{"a field after the initialization vector", with(func(k *encryptedKey) { k.iv = join(k.iv, null) }), malformed, form},
		{"no ciphertext", with(func(k *encryptedKey) { k.ciphertext = nil }), malformed, form},
		{"a salt of another source", with(func(k *encryptedKey) { k.salt = asn.Seq(idPBES2) }), malformed, form},
		{"no salt", with(func(k *encryptedKey) { k.salt = nil }), malformed, form},
		{"no initialization vector", with(func(k *encryptedKey) { k.iv = nil }), malformed, form},
		{"a pseudorandom function with parameters", with(func(k *encryptedKey) { k.prf = asn.Seq(testutil.Hex("06082a864886f70d0209"), small(1)) }), malformed, form},
		{"a pseudorandom function that is a number", with(func(k *encryptedKey) { k.keyLength, k.prf = small(32), small(1) }), malformed, form},
		{"a key length of 0", with(func(k *encryptedKey) { k.keyLength = small(0) }), malformed, form},

		// Algorithms.
		{"PBES1, SHA-1 and Triple DES", encryptedFile(t, "refused-pbes1-sha1-3des.pem"), malformed, "the private key is encrypted with pbeWithSHAAnd3-KeyTripleDES-CBC (1.2.840.113549.1.12.1.3); want PBES2; convert it with openssl pkcs8 -topk8"},
		{"PBES1, MD5 and DES", encryptedFile(t, "refused-pbes1-md5-des.pem"), malformed, "the private key is encrypted with pbeWithMD5AndDES-CBC (1.2.840.113549.1.5.3); want PBES2"},
		{"an unknown scheme", with(func(k *encryptedKey) { k.scheme = asn.OID("\x2a\x03") }), malformed, "the private key is encrypted with 1.2.3; want PBES2"},
		{"a scheme with a long identifier", with(func(k *encryptedKey) { k.scheme = asn.OID(strings.Repeat("\x2a", 5000)) }), malformed, "the private key is encrypted with an unknown object identifier"},
		{"a scheme with an empty identifier", with(func(k *encryptedKey) { k.scheme = asn.OID("") }), malformed, "the private key is encrypted with an unknown object identifier"},
		{"an unknown key derivation", with(func(k *encryptedKey) { k.kdf = asn.OID("\x2a\x03") }), malformed, "the key derivation of the encrypted private key is not supported: 1.2.3; want PBKDF2 or scrypt"},
		{"HMAC-MD5", with(func(k *encryptedKey) { k.prf = asn.Seq(testutil.Hex("06082a864886f70d0206"), null) }), malformed, "the pseudorandom function of the encrypted private key is not supported: 1.2.840.113549.2.6; want HMAC with SHA-1, SHA-2 or SM3"},
		{"Camellia", encryptedFile(t, "refused-camellia.pem"), malformed, "the cipher of the encrypted private key is not supported: 1.2.392.200011.61.1.1.1.4; want AES, Triple DES or SM4 in CBC mode; convert it with openssl pkcs8 -topk8"},
		{"AES-256-GCM", with(func(k *encryptedKey) { k.cipher = testutil.Hex("0609608648016503040 12e") }), malformed, "AES-256-GCM (2.16.840.1.101.3.4.1.46)"},

		// Lengths and work. A reader that did the work first would take years.
		{"a salt of 257 octets", with(func(k *encryptedKey) { k.salt = asn.Octets(make([]byte, 257)) }), malformed, "the encrypted private key has a salt of 257 octets; want at most 256"},
		{"no iteration", with(func(k *encryptedKey) { k.count = small(0) }), malformed, count},
		{"-1 iterations", with(func(k *encryptedKey) { k.count = small(-1) }), malformed, count},
		{"10,000,001 iterations", with(func(k *encryptedKey) { k.count = small(10_000_001) }), malformed, count},
		{"2^62 iterations", with(func(k *encryptedKey) { k.count = small(1 << 62) }), malformed, count},
		{"2^72 iterations", with(func(k *encryptedKey) { k.count = asn.TLV(asn1.INTEGER, append([]byte{1}, make([]byte, 9)...)) }), malformed, count},
		{"a key length of AES-128", with(func(k *encryptedKey) { k.keyLength = small(16) }), malformed, "the encrypted private key has a key length of 16 octets; want the 32 of its cipher"},
		{"an initialization vector of 8 octets", with(func(k *encryptedKey) { k.iv = asn.Octets(make([]byte, 8)) }), malformed, "the encrypted private key has an initialization vector of 8 octets; want 16"},
		{"an empty ciphertext", with(func(k *encryptedKey) { k.ciphertext = asn.Octets() }), malformed, "the encrypted private key has 0 octets of ciphertext; want a multiple of 16"},
		{"17 octets of ciphertext", with(func(k *encryptedKey) { k.ciphertext = asn.Octets(make([]byte, 17)) }), malformed, "the encrypted private key has 17 octets of ciphertext; want a multiple of 16"},
		{"scrypt of 128 GiB", withScrypt(1<<27, 8, 1), malformed, scrypt + "N = 134217728, r = 8, p = 1; want a power of two N, r to 32, p to 16, N·r to 1048576, N·r·p to 4194304"},
		{"scrypt with N = 1", withScrypt(1, 8, 1), malformed, scrypt},
		{"scrypt with N = 0", withScrypt(0, 8, 1), malformed, scrypt},
		{"scrypt with N = 1000", withScrypt(1000, 8, 1), malformed, scrypt},
		{"scrypt with a negative N", withScrypt(-1<<63, 8, 1), malformed, scrypt},
		{"scrypt with N·r = 2^21", withScrypt(1<<18, 8, 1), malformed, scrypt},
		{"scrypt with N·r·p = 5·2^20", withScrypt(1<<17, 8, 5), malformed, scrypt},
		{"scrypt with r = 0", withScrypt(16, 0, 1), malformed, scrypt},
		{"scrypt with r = 33", withScrypt(16, 33, 1), malformed, scrypt},
		{"scrypt with r = 2^60", withScrypt(16, 1<<60, 1), malformed, scrypt},
		{"scrypt with p = 0", withScrypt(16, 8, 0), malformed, scrypt},
		{"scrypt with p = 17", withScrypt(16, 8, 17), malformed, scrypt},
		{"scrypt with p = 2^60", withScrypt(16, 8, 1<<60), malformed, scrypt},
		{"scrypt with a key length of AES-128", withScrypt(16, 8, 1, small(16)), malformed, "the encrypted private key has a key length of 16 octets"},
		{"scrypt with a field at the end", withScrypt(16, 8, 1, null), malformed, form},
		{"scrypt with two parameters", with(func(k *encryptedKey) { k.kdf, k.prf = idScrypt, nil }), malformed, scrypt},
		{"the 1 GiB of RFC 7914, section 13", readFile(t, "encrypted/refused-rfc7914.pem"), malformed, scrypt + "N = 1048576, r = 8, p = 1"},

		// The plaintext.
		{"another password", newEncryptedKey(t, "another", padded(ecDER), salt, sha256.New).pem(), refused, wrong},
		{"damaged ciphertext", with(func(k *encryptedKey) { k.ciphertext[20] ^= 1 }), refused, wrong},
		{"no padding", holding(wholeBlocks), refused, wrong},
		{"a padding of 22 octets", holding(join(ecDER, bytes.Repeat([]byte{22}, 22))), refused, wrong},
		{"a padding of more octets than there are", holding(bytes.Repeat([]byte{17}, 16)), refused, wrong},
		{"a padding of different octets", holding(join(ecDER, []byte{1, 6, 6, 6, 6, 6})), refused, wrong},
		{"only padding", holding(bytes.Repeat([]byte{16}, 16)), refused, wrong},
		{"a text", holding(padded([]byte("this is not a key"))), refused, wrong},
		{"a key and an octet", holding(padded(join(ecDER, []byte{0}))), refused, wrong},
		{"SEC 1", holding(padded(asn.Seq(version1, asn.Octets(make([]byte, 32))))), refused, wrong},
		{"an Ed25519 key", holding(padded(readDER(t, "privatekey/refused-ed25519.pem"))), malformed, "the key's algorithm is not supported: Ed25519"},
		{"an SM2 key of 0", holding(padded(testutil.FirstPEM(t, sm2PEM(make([]byte, 32))))), malformed, "the SM2 private key is not a number from 1 to n-2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key, err := algorithm.ParseEncryptedPrivateKey(tt.text, []byte(password))
			if key != nil {
				t.Errorf("ParseEncryptedPrivateKey = %v with its error", key)
			}
			testutil.CheckError(t, err, tt.code, "", tt.message)
			wantNoQuote(t, err, tt.text)
			if strings.Contains(err.Error(), password) {
				t.Errorf("error %v holds the password", err)
			}
		})
	}
}
