package algorithm

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/testutil"
)

// fuzzPassword is the password of the files in testdata/encrypted.
const fuzzPassword = "correct horse 密码"

func addEncryptedSeeds(f *testing.F, add func(text []byte)) {
	f.Helper()
	files, err := filepath.Glob("testdata/encrypted/*")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		add(text)
	}
}

// Any text and any password: a key that can be written and read again, or an error.
// Keys with more than 1000 iterations of PBKDF2, or a product of scrypt's three cost
// parameters above 1000, are left out: deriving their keys takes too long.
func FuzzParseEncryptedPrivateKey(f *testing.F) {
	addEncryptedSeeds(f, func(text []byte) { f.Add(text, []byte(fuzzPassword)) })
	f.Add([]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"), []byte("x"))
	f.Fuzz(func(t *testing.T, text, password []byte) {
		block, err := findPrivateKey(text)
		if err == nil && block.Type == encryptedLabel {
			s, _, err := parseEncrypted(block.Bytes)
			if err == nil && (s.iterations > 1000 || s.n*s.r*s.p > 1000) {
				t.Skip("the parameters of PBKDF2 or scrypt are too costly")
			}
		}
		key, err := ParseEncryptedPrivateKey(text, password)
		if err != nil {
			if key != nil {
				t.Errorf("key %v with error %v", key, err)
			}
			e, ok := errors.AsType[*yuncert.Error](err)
			if !ok || e.Code != yuncert.ErrInvalidValueMalformed && e.Code != yuncert.ErrInvalidParameter && e.Code != yuncert.ErrMissingParameter {
				t.Errorf("error %v", err)
			}
			return
		}
		written, err := key.PEM()
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParsePrivateKey(written)
		if err != nil || !testutil.EqualKeys(key.Public(), back.Public()) {
			t.Errorf("read back %v, %v", back, err)
		}
	})
}

// Whatever the parameters say, the work and the memory that they demand are bounded.
func FuzzParseEncrypted(f *testing.F) {
	addEncryptedSeeds(f, func(text []byte) {
		block, err := findPrivateKey(text)
		if err == nil {
			f.Add(block.Bytes)
		}
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		s, ciphertext, err := parseEncrypted(data)
		if err != nil {
			testutil.CheckKeyError(t, err, " ")
			return
		}
		isPBKDF2 := s.prf != nil && s.iterations >= 1 && s.iterations <= 10_000_000 && s.n == 0
		isScrypt := s.prf == nil && s.n >= 2 && s.r >= 1 && s.p >= 1 && 128*s.r*(s.n+s.p) <= 129<<20 && s.n*s.r*s.p <= 4<<20
		if isPBKDF2 == isScrypt || len(s.salt) > 256 || len(s.iv) != s.cipher.blockSize ||
			len(ciphertext) == 0 || len(ciphertext)%s.cipher.blockSize != 0 || len(ciphertext) > len(data) {
			t.Errorf("accepted: %+v with a ciphertext of %d octets", s, len(ciphertext))
		}
	})
}
