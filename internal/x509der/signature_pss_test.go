package x509der_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// rsaPrivateKey is the i-th test key in the type that crypto/rsa signs with.
func rsaPrivateKey(t testing.TB, a algorithm.Algorithm, i int) *rsa.PrivateKey {
	t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(testutil.FirstPEM(t, testkeys.PEM(a, i)))
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

func signPSS(t testing.TB, key *rsa.PrivateKey, hash crypto.Hash, salt int, message []byte) []byte {
	t.Helper()
	h := hash.New()
	h.Write(message)
	sig, err := rsa.SignPSS(rand.Reader, key, hash, h.Sum(nil), &rsa.PSSOptions{SaltLength: salt})
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func withoutNULL(hash []byte) []byte { return asn.Seq(hash[2 : len(hash)-2]) }

func TestVerifyPSS(t *testing.T) {
	t.Parallel()
	message := []byte("a message")
	trailer := asn.Explicit(3, asn.TLV(asn1.INTEGER, []byte{1}))
	id := func(hash, mask []byte, salt byte, more ...[]byte) []byte {
		return asn.RSAPSS(append([][]byte{asn.PSSHash(hash), asn.PSSMask(mask), asn.PSSSalt(salt)}, more...)...)
	}
	sha256, sha384, sha512 := withoutNULL(asn.SHA256), withoutNULL(asn.SHA384), withoutNULL(asn.SHA512)
	tests := []struct {
		name string
		key  algorithm.Algorithm
		hash crypto.Hash
		salt int
		id   []byte
	}{
		{"SHA-256", algorithm.RSA_2048, crypto.SHA256, 32, id(asn.SHA256, asn.SHA256, 32)},
		{"SHA-384", algorithm.RSA_3072, crypto.SHA384, 48, id(asn.SHA384, asn.SHA384, 48)},
		{"SHA-512", algorithm.RSA_4096, crypto.SHA512, 64, id(asn.SHA512, asn.SHA512, 64)},
		{"an RSA_1024 key", algorithm.RSA_1024, crypto.SHA256, 32, id(asn.SHA256, asn.SHA256, 32)},
		{"a salt longer than the hash", algorithm.RSA_2048, crypto.SHA256, 33, id(asn.SHA256, asn.SHA256, 33)},
		{"the longest salt, openssl's default", algorithm.RSA_2048, crypto.SHA256, 222, id(asn.SHA256, asn.SHA256, 222)},
		{"SHA-256 without NULL", algorithm.RSA_2048, crypto.SHA256, 32, id(sha256, sha256, 32)},
		{"SHA-384 without NULL", algorithm.RSA_2048, crypto.SHA384, 48, id(sha384, sha384, 48)},
		{"SHA-512 without NULL", algorithm.RSA_2048, crypto.SHA512, 64, id(sha512, sha512, 64)},
		{"NULL only in the mask's hash", algorithm.RSA_2048, crypto.SHA256, 32, id(sha256, asn.SHA256, 32)},
		{"NULL only in the hash", algorithm.RSA_2048, crypto.SHA256, 32, id(asn.SHA256, sha256, 32)},
		{"a trailer field of 1 in full", algorithm.RSA_2048, crypto.SHA256, 32, id(asn.SHA256, asn.SHA256, 32, trailer)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key := rsaPrivateKey(t, tt.key, 0)
			sig := signPSS(t, key, tt.hash, tt.salt, message)
			checkSays(t, x509der.Verify(key.Public(), tt.id, message, sig), "")
			const wrong = "does not match"
			checkSays(t, x509der.Verify(key.Public(), tt.id, []byte("b message"), sig), wrong)
			checkSays(t, x509der.Verify(key.Public(), tt.id, nil, sig), wrong)
			checkSays(t, x509der.Verify(testkeys.Key(tt.key, 1).Public(), tt.id, message, sig), wrong)
			checkSays(t, x509der.Verify(key.Public(), tt.id, message, nil), wrong)
			checkSays(t, x509der.Verify(key.Public(), tt.id, message, append(bytes.Clone(sig), 0)), wrong)
			checkSays(t, x509der.Verify(key.Public(), tt.id, message, sig[:len(sig)-1]), wrong)
			checkSays(t, x509der.Verify(key.Public(), tt.id, message, append([]byte{0}, sig...)), wrong)
			for i := range sig {
				changed := bytes.Clone(sig)
				changed[i] ^= 1
				checkSays(t, x509der.Verify(key.Public(), tt.id, message, changed), wrong)
			}
			checkSays(t, x509der.Verify(key.Public(), rsaSHA256, message, sig), wrong)
			// No octet of the identifier may differ and leave the signature
			// valid.
			for i := range tt.id {
				for _, bit := range []byte{1, 2, 0x80} {
					changed := bytes.Clone(tt.id)
					changed[i] ^= bit
					if x509der.Verify(key.Public(), changed, message, sig) == nil {
						t.Errorf("octet %d of the identifier changed to %#x: accepted", i, changed[i])
					}
				}
			}
			// A signature with another salt than its identifier says.
			if other := signPSS(t, key, tt.hash, tt.salt-1, message); x509der.Verify(key.Public(), tt.id, message, other) == nil {
				t.Error("a shorter salt is accepted")
			}
		})
	}
}

// refusedPSS are identifiers of RSASSA-PSS that are not supported. FuzzVerify
// starts from them too.
func refusedPSS() []struct {
	name string
	id   []byte
	says string
} {
	hash, mask, salt := asn.PSSHash(asn.SHA256), asn.PSSMask(asn.SHA256), asn.PSSSalt(32)
	number := func(octets ...byte) []byte { return asn.TLV(asn1.INTEGER, octets) }
	oidMGF1, oidPSS := asn.OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"), asn.OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")
	sha1 := "SHA-1 (1.3.14.3.2.26)"
	const malformed = "with malformed parameters (RFC 4055, section 3.1)"
	other := func(oid string) []byte { return asn.Seq(asn.OID(oid), asn.Null) }
	return []struct {
		name string
		id   []byte
		says string
	}{
		{"no parameters", asn.Seq(oidPSS), "without parameters"},
		{"all defaults", asn.RSAPSS(), "with SHA-1"},
		{"SHA-1 in full", asn.RSAPSS(asn.PSSHash(asn.SHA1), asn.PSSMask(asn.SHA1)), "with " + sha1},
		{"SHA-224", asn.RSAPSS(asn.PSSHash(other("\x60\x86\x48\x01\x65\x03\x04\x02\x04")), mask, salt), "with SHA-224 (2.16.840.1.101.3.4.2.4)"},
		{"SHA3-256", asn.RSAPSS(asn.PSSHash(other("\x60\x86\x48\x01\x65\x03\x04\x02\x08")), mask, salt), "with SHA3-256 (2.16.840.1.101.3.4.2.8)"},
		{"an unknown hash", asn.RSAPSS(asn.PSSHash(other("\x2a\x03")), mask, salt), "with 1.2.3 is not supported"},
		{"no mask generation function", asn.RSAPSS(hash, salt), "with SHA-256 and MGF1 with SHA-1"},
		{"MGF1 with SHA-1 in full", asn.RSAPSS(hash, asn.PSSMask(asn.SHA1), salt), "with SHA-256 and MGF1 with " + sha1},
		{"MGF1 with SHA-384", asn.RSAPSS(hash, asn.PSSMask(asn.SHA384), salt), "with SHA-256 and MGF1 with SHA-384"},
		{"MGF1 with SHA-256 under SHA-512", asn.RSAPSS(asn.PSSHash(asn.SHA512), mask, asn.PSSSalt(64)), "with SHA-512 and MGF1 with SHA-256"},
		{"MGF1 with an unknown hash", asn.RSAPSS(hash, asn.PSSMask(other("\x2a\x03")), salt), "with SHA-256 and MGF1 with 1.2.3"},
		{"another mask generation function", asn.RSAPSS(hash, asn.Explicit(1, asn.Seq(asn.OID("\x2a\x03"), asn.SHA256)), salt), "with the mask generation function 1.2.3"},
		{"no salt length", asn.RSAPSS(hash, mask), "with SHA-256 and a salt of 20 octets"},
		{"a salt of none", asn.RSAPSS(hash, mask, asn.PSSSalt(0)), "with SHA-256 and a salt of 0 octets"},
		{"a salt shorter than the hash", asn.RSAPSS(hash, mask, asn.PSSSalt(31)), "a salt of 31 octets"},
		{"a salt shorter than SHA-512", asn.RSAPSS(asn.PSSHash(asn.SHA512), asn.PSSMask(asn.SHA512), asn.PSSSalt(63)), "a salt of 63 octets"},
		{"a negative salt", asn.RSAPSS(hash, mask, asn.Explicit(2, number(0xe0))), "a salt of -32 octets"},
		{"a salt of 513 octets", asn.RSAPSS(hash, mask, asn.Explicit(2, number(2, 1))), "a salt of 513 octets"},
		{"the largest salt", asn.RSAPSS(hash, mask, asn.Explicit(2, number(0x7f, 0xff, 0xff, 0xff))), "a salt of 2147483647 octets"},
		{"a salt that an int cannot hold", asn.RSAPSS(hash, mask, asn.Explicit(2, number(1, 0, 0, 0, 0, 0, 0, 0, 0))), malformed},
		{"a padded salt", asn.RSAPSS(hash, mask, asn.Explicit(2, number(0, 32))), malformed},
		{"another trailer field", asn.RSAPSS(hash, mask, salt, asn.Explicit(3, number(2))), "with the trailer field 2"},
		{"something after the salt length", asn.RSAPSS(hash, mask, asn.Explicit(2, number(32), asn.Null)), malformed},
		{"something after the trailer field", asn.RSAPSS(hash, mask, salt, asn.Explicit(3, number(1), asn.Null)), malformed},
		{"a fifth parameter", asn.RSAPSS(hash, mask, salt, asn.Explicit(4, number(1))), malformed},
		{"the salt length first", asn.RSAPSS(salt, hash, mask), malformed},
		{"the hash twice", asn.RSAPSS(hash, hash, mask, salt), malformed},
		{"an implicit salt length", asn.RSAPSS(hash, mask, asn.TLV(0x82, []byte{32})), malformed},
		{"something after the hash", asn.RSAPSS(asn.Explicit(0, asn.SHA256, asn.Null), mask, salt), malformed},
		{"something in the hash", asn.RSAPSS(asn.PSSHash(asn.Seq(asn.SHA256[2:len(asn.SHA256)-2], asn.Null, asn.Null)), mask, salt), malformed},
		{"parameters of the hash", asn.RSAPSS(asn.PSSHash(asn.Seq(asn.SHA256[2:len(asn.SHA256)-2], asn.Seq())), mask, salt), malformed},
		{"a NULL with content", asn.RSAPSS(asn.PSSHash(asn.Seq(asn.SHA256[2:len(asn.SHA256)-2], asn.TLV(asn1.NULL, []byte{0}))), mask, salt), malformed},
		{"an empty hash", asn.RSAPSS(asn.Explicit(0), mask, salt), malformed},
		{"MGF1 without a hash", asn.RSAPSS(hash, asn.Explicit(1, asn.Seq(oidMGF1)), salt), malformed},
		{"something in MGF1", asn.RSAPSS(hash, asn.Explicit(1, asn.Seq(oidMGF1, asn.SHA256, asn.Null)), salt), malformed},
		{"something after MGF1", asn.RSAPSS(hash, asn.Explicit(1, asn.Seq(oidMGF1, asn.SHA256), asn.Null), salt), malformed},
		{"an empty mask generation function", asn.RSAPSS(hash, asn.Explicit(1), salt), malformed},
		{"NULL for parameters", asn.Seq(oidPSS, asn.Null), malformed},
		{"something after the parameters", asn.Seq(oidPSS, asn.Seq(hash, mask, salt), asn.Null), malformed},
	}
}

// Parameters that are not supported are named, whatever the signature is.
func TestVerifyPSSRefuses(t *testing.T) {
	t.Parallel()
	key := rsaPrivateKey(t, algorithm.RSA_2048, 0)
	message := []byte("a message")
	sigs := [][]byte{nil, signPSS(t, key, crypto.SHA1, 20, message), signPSS(t, key, crypto.SHA256, 20, message), signPSS(t, key, crypto.SHA256, 32, message)}
	for _, tt := range refusedPSS() {
		for _, sig := range sigs {
			err := x509der.Verify(key.Public(), tt.id, message, sig)
			if !errors.Is(err, x509der.ErrSignatureAlgorithm) || !strings.Contains(err.Error(), tt.says) ||
				!strings.Contains(err.Error(), "the signature algorithm id-RSASSA-PSS (1.2.840.113549.1.1.10) with") {
				t.Errorf("%s: %v, want that %q is not supported", tt.name, err, tt.says)
			}
		}
	}
}

// An algorithm that is not supported is named by its name and object identifier,
// or by its object identifier.
func TestVerifyNamesAlgorithms(t *testing.T) {
	t.Parallel()
	const rsaArc, ecdsaArc, nistArc = "\x2a\x86\x48\x86\xf7\x0d\x01\x01", "\x2a\x86\x48\xce\x3d\x04", "\x60\x86\x48\x01\x65\x03\x04\x03"
	tests := []struct {
		oid  string
		says string
	}{
		{rsaArc + "\x02", "md2WithRSAEncryption (1.2.840.113549.1.1.2)"},
		{rsaArc + "\x03", "md4WithRSAEncryption (1.2.840.113549.1.1.3)"},
		{rsaArc + "\x04", "md5WithRSAEncryption (1.2.840.113549.1.1.4)"},
		{rsaArc + "\x05", "sha1WithRSAEncryption (1.2.840.113549.1.1.5)"},
		{rsaArc + "\x0e", "sha224WithRSAEncryption (1.2.840.113549.1.1.14)"},
		{rsaArc + "\x10", "sha512-256WithRSAEncryption (1.2.840.113549.1.1.16)"},
		{"\x2b\x0e\x03\x02\x1d", "sha1WithRSASignature (1.3.14.3.2.29)"},
		{ecdsaArc + "\x01", "ecdsa-with-SHA1 (1.2.840.10045.4.1)"},
		{ecdsaArc + "\x03\x01", "ecdsa-with-SHA224 (1.2.840.10045.4.3.1)"},
		{"\x2a\x86\x48\xce\x38\x04\x03", "dsa-with-sha1 (1.2.840.10040.4.3)"},
		{nistArc + "\x02", "dsa-with-sha256 (2.16.840.1.101.3.4.3.2)"},
		{nistArc + "\x0a", "ecdsa-with-sha3-256 (2.16.840.1.101.3.4.3.10)"},
		{nistArc + "\x0e", "rsassa-pkcs1-v1_5-with-sha3-256 (2.16.840.1.101.3.4.3.14)"},
		{nistArc + "\x11", "id-ml-dsa-44 (2.16.840.1.101.3.4.3.17)"},
		{"\x2b\x65\x70", "Ed25519 (1.3.101.112)"},
		{"\x2b\x65\x71", "Ed448 (1.3.101.113)"},
		{"\x2a\x81\x1c\xcf\x55\x01\x83\x76", "SM2 with SHA-1 (1.2.156.10197.1.502)"},
		{"\x2a\x81\x1c\xcf\x55\x01\x83\x77", "SM2 with SHA-256 (1.2.156.10197.1.503)"},
		{"\x2a\x81\x1c\xcf\x55\x01\x83\x78", "RSA with SM3 (1.2.156.10197.1.504)"},
		{"\x2a\x03\x04", "algorithm 1.2.3.4 is not supported"},
		{"\x2a" + strings.Repeat("\x03", 1000), "algorithm 1.2" + strings.Repeat(".3", 38) + ". is not supported"},
	}
	for _, tt := range tests {
		for _, parameters := range [][]byte{nil, asn.Null, asn.Seq()} {
			err := x509der.Verify(testkeys.Key(algorithm.RSA_2048, 0).Public(), asn.Seq(asn.OID(tt.oid), parameters), nil, nil)
			if !errors.Is(err, x509der.ErrSignatureAlgorithm) {
				t.Errorf("%x: %v, want ErrSignatureAlgorithm", tt.oid, err)
			}
			checkSays(t, err, tt.says)
			checkSays(t, err, "want SHA-256, SHA-384 or SHA-512")
		}
	}
	for _, id := range [][]byte{nil, asn.Null, asn.Seq(), asn.Seq(asn.Null), asn.Seq(asn.OID("")), append(asn.Seq(asn.OID("\x2a\x03")), 0), asn.Seq(asn.OID("\x2a\x80\x03"))} {
		err := x509der.Verify(testkeys.Key(algorithm.RSA_2048, 0).Public(), id, nil, nil)
		if !errors.Is(err, x509der.ErrSignatureAlgorithm) {
			t.Errorf("%x: %v, want ErrSignatureAlgorithm", id, err)
		}
		checkSays(t, err, "not a DER AlgorithmIdentifier")
	}
}

// Whatever the identifier, an error says what is wrong, and a signature is
// valid only under an identifier of its own scheme.
func FuzzVerify(f *testing.F) {
	key := rsaPrivateKey(f, algorithm.RSA_1024, 0)
	message := []byte("a message")
	pss := signPSS(f, key, crypto.SHA256, 32, message)
	pkcs1, err := testkeys.Key(algorithm.RSA_1024, 0).SignMessage(nil, message, crypto.SHA256)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(rsaSHA256)
	f.Add(rsaNoNULL)
	f.Add(asn.RSAPSS(asn.PSSHash(asn.SHA256), asn.PSSMask(asn.SHA256), asn.PSSSalt(32)))
	f.Add(asn.RSAPSS(asn.PSSHash(withoutNULL(asn.SHA256)), asn.PSSMask(withoutNULL(asn.SHA256)), asn.PSSSalt(32), asn.Explicit(3, asn.TLV(asn1.INTEGER, []byte{1}))))
	for _, row := range refusedPSS() {
		f.Add(row.id)
	}
	f.Fuzz(func(t *testing.T, id []byte) {
		isPSS := bytes.Contains(id, []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"))
		for _, sig := range [][]byte{pss, pkcs1} {
			err := x509der.Verify(key.Public(), id, message, sig)
			if err == nil && isPSS != (&sig[0] == &pss[0]) {
				t.Errorf("accepted a signature of the other kind under %x", id)
			}
			if err == nil && isPSS && !bytes.Contains(id, asn.PSSSalt(32)) {
				t.Errorf("accepted a salt of 32 octets under %x", id)
			}
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("an error of %d octets", len(err.Error()))
			}
		}
	})
}
