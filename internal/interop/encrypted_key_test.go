package interop

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/pkcs"
	gmsmpkcs8 "github.com/emmansun/gmsm/pkcs8"
	"github.com/google/go-cmp/cmp"
	tjfocx509 "github.com/tjfoc/gmsm/x509"
	"github.com/youmark/pkcs8"
	"go.step.sm/crypto/pemutil"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/algorithm/tjfoc"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// keyPassword encrypts every key. Java accepts ASCII only.
const keyPassword = "correct horse battery staple"

// keyPEM returns a test key as our PEM.
func keyPEM(t *testing.T, a algorithm.Algorithm) string {
	t.Helper()
	text, err := testkeys.Key(a, 0).PEM()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// encryptedPEM returns a test key encrypted by this module.
func encryptedPEM(t *testing.T, a algorithm.Algorithm) string {
	t.Helper()
	text, err := testkeys.Key(a, 0).EncryptedPEM([]byte(keyPassword))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkKeyPEM checks that a text which is not encrypted has a test key.
func checkKeyPEM(t *testing.T, a algorithm.Algorithm, text string) {
	t.Helper()
	key, err := algorithm.ParsePrivateKey([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	checkKey(t, a, key)
}

func checkKey(t *testing.T, a algorithm.Algorithm, key *algorithm.PrivateKey) {
	t.Helper()
	got, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(keyPEM(t, a), string(got)); diff != "" {
		t.Errorf("another key (-want +got):\n%s", diff)
	}
}

// readsEncrypted fails the test unless this module decrypts a test key, with the right
// password only.
func readsEncrypted(t *testing.T, a algorithm.Algorithm, text string) {
	t.Helper()
	key, err := algorithm.ParseEncryptedPrivateKey([]byte(text), []byte(keyPassword))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	checkKey(t, a, key)
	_, err = algorithm.ParseEncryptedPrivateKey([]byte(text), []byte("wrong"))
	testutil.CheckError(t, err, yuncert.ErrInvalidParameter, "", "the password is wrong")
}

// openssl reads our encrypted keys, and we read all that it writes.
func TestOpenSSLEncryptedKey(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	dir := t.TempDir()
	for _, a := range testkeys.All {
		t.Run("ours/"+string(a), func(t *testing.T) {
			t.Parallel()
			file := write(t, dir, string(a)+"-ours.key", encryptedPEM(t, a))
			checkKeyPEM(t, a, must(t, "openssl", "pkey", "-in", file, "-passin", "pass:"+keyPassword))
			r := run(t, "", "openssl", "pkey", "-in", file, "-passin", "pass:wrong")
			if r.code == 0 {
				t.Errorf("openssl reads the key with a wrong password: %v", r)
			}
		})
	}

	var variants [][]string
	for _, cipher := range []string{"aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des3", "sm4-cbc"} {
		for _, hash := range []string{"SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA512-224", "SHA512-256"} {
			variants = append(variants, []string{"-v2", cipher, "-v2prf", "hmacWith" + hash})
		}
		variants = append(variants, []string{"-v2", cipher, "-scrypt"})
	}
	variants = append(variants, nil, []string{"-iter", "1"}, []string{"-iter", "100000"}, []string{"-scrypt", "-scrypt_N", "1024", "-scrypt_r", "4", "-scrypt_p", "3"})
	for _, a := range testkeys.Families {
		file := write(t, dir, string(a)+".key", keyPEM(t, a))
		for _, variant := range variants {
			t.Run(fmt.Sprint(a, variant), func(t *testing.T) {
				t.Parallel()
				args := []string{"pkcs8", "-topk8", "-in", file, "-passout", "pass:" + keyPassword}
				readsEncrypted(t, a, must(t, "openssl", slices.Concat(args, variant)...))
			})
		}
		t.Run(fmt.Sprint(a, " from PKCS #12"), func(t *testing.T) {
			t.Parallel()
			p12 := filepath.Join(dir, string(a)+".p12")
			must(t, "openssl", "pkcs12", "-export", "-nocerts", "-inkey", file, "-passout", "pass:x", "-out", p12)
			readsEncrypted(t, a, must(t, "openssl", "pkcs12", "-nocerts", "-in", p12, "-passin", "pass:x", "-passout", "pass:"+keyPassword))
		})
	}
}

// The commands in the messages about old forms convert them.
func TestOpenSSLConvertsOldEncryptedKeys(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	dir := t.TempDir()
	plain := write(t, dir, "plain.key", keyPEM(t, algorithm.ECC_256))
	for name, args := range map[string][]string{
		"PBES1":     {"pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", "-in", plain, "-passout", "pass:" + keyPassword},
		"Proc-Type": {"ec", "-aes128", "-in", plain, "-passout", "pass:" + keyPassword},
		"Camellia":  {"pkcs8", "-topk8", "-v2", "camellia-256-cbc", "-in", plain, "-passout", "pass:" + keyPassword},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := must(t, "openssl", args...)
			_, err := algorithm.ParseEncryptedPrivateKey([]byte(old), []byte(keyPassword))
			testutil.CheckKeyError(t, err, "convert it with openssl pkcs8 -topk8")
			file := write(t, dir, name+".key", old)
			readsEncrypted(t, algorithm.ECC_256, must(t, "openssl", "pkcs8", "-topk8", "-in", file, "-passin", "pass:"+keyPassword, "-passout", "pass:"+keyPassword))
		})
	}
}

// javaEncryptedKey runs EncryptedKey.java and returns the lines that it prints.
func javaEncryptedKey(t *testing.T, password string, lines ...string) []string {
	t.Helper()
	r := run(t, strings.Join(lines, "\n"), "java", append(javaOptions, "testdata/EncryptedKey.java", password)...)
	if r.code != 0 {
		t.Fatal(r)
	}
	results := strings.Fields(r.stdout)
	if len(results) != len(lines) {
		t.Fatalf("%d results, want %d: %v", len(results), len(lines), r)
	}
	return results
}

// fromBase64 returns DER in base64 as PEM.
func fromBase64(t *testing.T, label, text string) string {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return testutil.EncodePEM(label, der)
}

// Java reads our encrypted keys, and we read all that it writes with PBES2.
func TestJavaEncryptedKey(t *testing.T) {
	t.Parallel()
	need(t, "java")
	dir := t.TempDir()
	factories := map[algorithm.Algorithm]string{algorithm.RSA_2048: "RSA", algorithm.ECC_256: "EC", algorithm.ECC_512: "EC"}
	var lines, schemes []string
	var algorithms []algorithm.Algorithm
	for a, factory := range factories {
		algorithms = append(algorithms, a)
		lines = append(lines, factory+" "+write(t, dir, string(a)+"-ours.key", encryptedPEM(t, a)))
	}
	for i, result := range javaEncryptedKey(t, keyPassword, lines...) {
		checkKeyPEM(t, algorithms[i], fromBase64(t, "PRIVATE KEY", result))
	}
	for i, result := range javaEncryptedKey(t, "wrong", lines...) {
		if result != "wrong" {
			t.Errorf("%s: Java reads the key with a wrong password", algorithms[i])
		}
	}

	lines = nil
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256} {
		file := write(t, dir, string(a)+".key", keyPEM(t, a))
		for _, hash := range []string{"SHA1", "SHA224", "SHA256", "SHA384", "SHA512"} {
			for _, cipher := range []string{"AES_128", "AES_256"} {
				schemes = append(schemes, fmt.Sprintf("%s PBEWithHmac%sAnd%s", a, hash, cipher))
				lines = append(lines, fmt.Sprintf("PBEWithHmac%sAnd%s %s", hash, cipher, file))
			}
		}
	}
	for i, result := range javaEncryptedKey(t, keyPassword, lines...) {
		t.Run(schemes[i], func(t *testing.T) {
			t.Parallel()
			name, _, _ := strings.Cut(schemes[i], " ")
			readsEncrypted(t, algorithm.Algorithm(name), fromBase64(t, "ENCRYPTED PRIVATE KEY", result))
		})
	}
}

// cryptography, the library for Python, reads our encrypted keys, and we read its own.
func TestPythonEncryptedKey(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	const decrypt = `
import sys
from cryptography.hazmat.primitives.serialization import *
key = load_pem_private_key(sys.stdin.buffer.read(), sys.argv[1].encode())
sys.stdout.buffer.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))`
	const encrypt = `
import sys
from cryptography.hazmat.primitives.serialization import *
key = load_pem_private_key(sys.stdin.buffer.read(), None)
sys.stdout.buffer.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(sys.argv[1].encode())))`
	r := run(t, "", "python3", "-c", "import cryptography")
	if r.code != 0 {
		missing(t, "the Python library cryptography is not installed: apt-get install python3-cryptography")
	}
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.ECC_512} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			ours := encryptedPEM(t, a)
			r := run(t, ours, "python3", "-c", decrypt, keyPassword)
			if r.code != 0 {
				t.Fatal(r)
			}
			checkKeyPEM(t, a, r.stdout)
			r = run(t, ours, "python3", "-c", decrypt, "wrong")
			if r.code == 0 || !r.says("ValueError") {
				t.Errorf("cryptography reads the key with a wrong password: %v", r)
			}
			r = run(t, keyPEM(t, a), "python3", "-c", encrypt, keyPassword)
			if r.code != 0 {
				t.Fatal(r)
			}
			readsEncrypted(t, a, r.stdout)
		})
	}
}

// GnuTLS reads our encrypted keys, and we read its own.
func TestGnuTLSEncryptedKey(t *testing.T) {
	t.Parallel()
	need(t, "certtool")
	dir := t.TempDir()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.ECC_512} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			file := write(t, dir, string(a)+"-ours.key", encryptedPEM(t, a))
			checkKeyPEM(t, a, must(t, "certtool", "--to-p8", "--load-privkey", file, "--password", keyPassword, "--pkcs-cipher", "none"))
			plain := write(t, dir, string(a)+".key", keyPEM(t, a))
			for _, cipher := range []string{"aes-128", "aes-192", "aes-256", "3des"} {
				readsEncrypted(t, a, must(t, "certtool", "--to-p8", "--load-privkey", plain, "--password", keyPassword, "--pkcs-cipher", cipher))
			}
		})
	}
}

// A goPeer is a Go library that reads and writes encrypted keys.
type goPeer struct {
	name       string
	algorithms []algorithm.Algorithm
	write      func(t *testing.T, a algorithm.Algorithm) (text []byte, err error)
	read       func(text, password []byte) (crypto.PrivateKey, error)
}

// standardAlgorithms are the algorithms that crypto/x509 has too.
var standardAlgorithms = []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.ECC_512}

// standardKey returns a test key in the type of the standard library.
func standardKey(t *testing.T, a algorithm.Algorithm) crypto.PrivateKey {
	t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(testutil.FirstPEM(t, testkeys.PEM(a, 0)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func encryptedBlock(der []byte) []byte {
	return []byte(testutil.EncodePEM("ENCRYPTED PRIVATE KEY", der))
}

func blockContent(text []byte) []byte {
	block, _ := pem.Decode(text)
	return block.Bytes
}

// youmarkPeer is github.com/youmark/pkcs8 with these options, or its own.
func youmarkPeer(name string, opts *pkcs8.Opts) goPeer {
	return goPeer{name, standardAlgorithms,
		func(t *testing.T, a algorithm.Algorithm) ([]byte, error) {
			der, err := pkcs8.MarshalPrivateKey(standardKey(t, a), []byte(keyPassword), opts)
			return encryptedBlock(der), err
		},
		func(text, password []byte) (crypto.PrivateKey, error) {
			return pkcs8.ParsePKCS8PrivateKey(blockContent(text), password)
		},
	}
}

// gmsmPeer is the package pkcs8 of github.com/emmansun/gmsm.
func gmsmPeer(name string, encrypter pkcs.PBESEncrypter) goPeer {
	return goPeer{name, []algorithm.Algorithm{algorithm.SM2_256},
		func(t *testing.T, a algorithm.Algorithm) ([]byte, error) {
			key, err := gmsmpkcs8.ParsePKCS8PrivateKeySM2(testutil.FirstPEM(t, testkeys.PEM(a, 0)))
			if err != nil {
				return nil, err
			}
			der, err := gmsmpkcs8.MarshalPrivateKey(key, []byte(keyPassword), encrypter)
			return encryptedBlock(der), err
		},
		func(text, password []byte) (crypto.PrivateKey, error) {
			return gmsmpkcs8.ParsePKCS8PrivateKeySM2(blockContent(text), password)
		},
	}
}

var goPeers = []goPeer{
	youmarkPeer("youmark", nil),
	youmarkPeer("youmark, scrypt", &pkcs8.Opts{Cipher: pkcs8.AES128CBC, KDFOpts: pkcs8.ScryptOpts{SaltSize: 16, CostParameter: 1 << 14, BlockSize: 8, ParallelizationParameter: 2}}),
	youmarkPeer("youmark, SHA-1 and 3DES", &pkcs8.Opts{Cipher: pkcs8.TripleDESCBC, KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 8, IterationCount: 1000, HMACHash: crypto.SHA1}}),
	{"step", standardAlgorithms,
		func(t *testing.T, a algorithm.Algorithm) ([]byte, error) {
			block, err := pemutil.Serialize(standardKey(t, a), pemutil.WithPKCS8(true), pemutil.WithPassword([]byte(keyPassword)))
			return pem.EncodeToMemory(block), err
		},
		func(text, password []byte) (crypto.PrivateKey, error) {
			return pemutil.ParseKey(text, pemutil.WithPassword(password))
		},
	},
	gmsmPeer("gmsm", nil),
	gmsmPeer("gmsm, as GmSSL", pkcs.NewPBESEncrypter(pkcs.SM4CBC, pkcs.NewPBKDF2Opts(pkcs.SM3, 16, 65536))),
	{"tjfoc", []algorithm.Algorithm{algorithm.SM2_256},
		func(t *testing.T, a algorithm.Algorithm) ([]byte, error) {
			key, err := tjfoc.ToPrivateKey(testkeys.Key(a, 0))
			if err != nil {
				return nil, err
			}
			return tjfocx509.WritePrivateKeyToPem(key, []byte(keyPassword))
		},
		func(text, password []byte) (crypto.PrivateKey, error) {
			key, err := tjfocx509.ReadPrivateKeyFromPem(text, password)
			if err != nil {
				return nil, err
			}
			return tjfoc.FromPrivateKey(key)
		},
	},
}

// Other Go libraries read our encrypted keys, and we read theirs.
func TestGoEncryptedKey(t *testing.T) {
	t.Parallel()
	for _, peer := range goPeers {
		for _, a := range peer.algorithms {
			t.Run(peer.name+"/"+string(a), func(t *testing.T) {
				t.Parallel()
				theirs, err := peer.write(t, a)
				if err != nil {
					t.Fatal(err)
				}
				readsEncrypted(t, a, string(theirs))

				ours := []byte(encryptedPEM(t, a))
				read, err := peer.read(ours, []byte(keyPassword))
				if err != nil {
					t.Fatal(err)
				}
				key, err := algorithm.NewPrivateKey(read)
				if err != nil {
					t.Fatal(err)
				}
				checkKey(t, a, key)
				_, err = peer.read(ours, []byte("wrong"))
				if err == nil {
					t.Error("the key is read with a wrong password")
				}
			})
		}
	}
}
