package x509der_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"io"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// AlgorithmIdentifiers as RFC 4055, RFC 5758 and GM/T 0015 have them.
var (
	rsaSHA256   = []byte("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00")
	rsaSHA384   = []byte("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00")
	rsaSHA512   = []byte("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00")
	rsaSHA1     = []byte("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00")
	rsaNoNULL   = []byte("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b")
	rsa384NoNUL = []byte("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c")
	rsa512NoNUL = []byte("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d")
	ecSHA256    = []byte("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")
	ecSHA384    = []byte("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03")
	ecSHA512    = []byte("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04")
	ecSHA1      = []byte("\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01")
	ecSHA256NUL = []byte("\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00")
	sm2SM3      = []byte("\x30\x0a\x06\x08\x2a\x81\x1c\xcf\x55\x01\x83\x75")
	sm2SM3NULL  = []byte("\x30\x0c\x06\x08\x2a\x81\x1c\xcf\x55\x01\x83\x75\x05\x00")
)

func TestVerify(t *testing.T) {
	t.Parallel()
	message := []byte("a message")
	tests := []struct {
		name string
		key  algorithm.Algorithm
		hash crypto.Hash
		id   []byte
		says string // of the error, if not empty
	}{
		{"RSA 1024", algorithm.RSA_1024, crypto.SHA256, rsaSHA256, ""},
		{"RSA with SHA-256", algorithm.RSA_2048, crypto.SHA256, rsaSHA256, ""},
		{"RSA with SHA-384", algorithm.RSA_2048, crypto.SHA384, rsaSHA384, ""},
		{"RSA with SHA-512", algorithm.RSA_4096, crypto.SHA512, rsaSHA512, ""},
		{"RSA with SHA-256 without NULL", algorithm.RSA_2048, crypto.SHA256, rsaNoNULL, ""},
		{"RSA with SHA-384 without NULL", algorithm.RSA_2048, crypto.SHA384, rsa384NoNUL, ""},
		{"RSA with SHA-512 without NULL", algorithm.RSA_2048, crypto.SHA512, rsa512NoNUL, ""},
		{"P-256 with SHA-256", algorithm.ECC_256, crypto.SHA256, ecSHA256, ""},
		{"P-384 with SHA-384", algorithm.ECC_384, crypto.SHA384, ecSHA384, ""},
		{"P-521 with SHA-512", algorithm.ECC_512, crypto.SHA512, ecSHA512, ""},
		{"P-521 with SHA-256", algorithm.ECC_512, crypto.SHA256, ecSHA256, ""},
		{"SM2", algorithm.SM2_256, 0, sm2SM3, ""},
		{"SM2 with NULL", algorithm.SM2_256, 0, sm2SM3NULL, ""},

		{"P-256 key, PSS signature", algorithm.ECC_256, crypto.SHA256, asn.RSAPSS(asn.PSSHash(asn.SHA256), asn.PSSMask(asn.SHA256), asn.PSSSalt(32)), "ECC key"},
		{"RSA key, PKCS #1 signature named PSS", algorithm.RSA_2048, crypto.SHA256, asn.RSAPSS(asn.PSSHash(asn.SHA256), asn.PSSMask(asn.SHA256), asn.PSSSalt(32)), "does not match"},
		{"RSA, other hash", algorithm.RSA_2048, crypto.SHA256, rsaSHA384, "does not match"},
		{"ECC, other hash", algorithm.ECC_256, crypto.SHA384, ecSHA256, "does not match"},
		{"RSA with SHA-1", algorithm.RSA_2048, crypto.SHA256, rsaSHA1, "algorithm sha1WithRSAEncryption (1.2.840.113549.1.1.5) is not supported"},
		{"ECC with SHA-1", algorithm.ECC_256, crypto.SHA256, ecSHA1, "algorithm ecdsa-with-SHA1 (1.2.840.10045.4.1) is not supported"},
		{"ECC with NULL", algorithm.ECC_256, crypto.SHA256, ecSHA256NUL, "ecdsa-with-SHA256 (1.2.840.10045.4.3.2) with unexpected parameters is not supported"},
		{"RSA, an octet after the identifier", algorithm.RSA_2048, crypto.SHA256, append(bytes.Clone(rsaSHA256), 0), "not a DER AlgorithmIdentifier"},
		{"no identifier", algorithm.RSA_2048, crypto.SHA256, nil, "not a DER AlgorithmIdentifier"},
		{"RSA key, ECC signature", algorithm.RSA_2048, crypto.SHA256, ecSHA256, "RSA key"},
		{"ECC key, RSA signature", algorithm.ECC_256, crypto.SHA256, rsaSHA256, "ECC key"},
		{"ECC key, SM2 signature", algorithm.ECC_256, crypto.SHA256, sm2SM3, "ECC key"},
		{"SM2 key, ECC signature", algorithm.SM2_256, 0, ecSHA256, "SM2 key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key := testkeys.Key(tt.key, 0)
			sig, err := key.SignMessage(nil, message, tt.hash)
			if err != nil {
				t.Fatal(err)
			}
			checkSays(t, x509der.Verify(key.Public(), tt.id, message, sig), tt.says)
			if tt.says != "" {
				return
			}
			for what, err := range map[string]error{
				"another message":     x509der.Verify(key.Public(), tt.id, []byte("b message"), sig),
				"no message":          x509der.Verify(key.Public(), tt.id, nil, sig),
				"another key":         x509der.Verify(testkeys.Key(tt.key, 1).Public(), tt.id, message, sig),
				"no signature":        x509der.Verify(key.Public(), tt.id, message, nil),
				"an octet at the end": x509der.Verify(key.Public(), tt.id, message, append(bytes.Clone(sig), 0)),
				"an octet less":       x509der.Verify(key.Public(), tt.id, message, sig[:len(sig)-1]),
				"a zero octet first":  x509der.Verify(key.Public(), tt.id, message, append([]byte{0}, sig...)),
			} {
				if err == nil {
					t.Errorf("%s: accepted", what)
				}
			}
		})
	}
}

func TestVerifySM2UserIDs(t *testing.T) {
	t.Parallel()
	engine, err := sm2.NewPrivateKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("a message")
	const wrong = "does not match"
	for id, says := range map[string]struct{ certificate, request string }{
		sm2.UserID: {"", ""}, "": {wrong, ""}, "Alice": {wrong, wrong}, "123456781234567": {wrong, wrong},
	} {
		digest, err := sm2.Digest(engine.Public(), id, message)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := engine.SignDigest(digest)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("user ID %q", id)
		checkSays(t, x509der.Verify(engine.Public(), sm2SM3, message, sig), says.certificate)
		r := &x509der.Request{PublicKey: engine.Public(), SignatureID: sm2SM3, RawInfo: message, Signature: sig}
		checkSays(t, x509der.VerifyPossession(r), says.request)
	}
}

func TestVerifyOddKeys(t *testing.T) {
	t.Parallel()
	for _, pub := range []crypto.PublicKey{nil, "key", (*rsa.PublicKey)(nil), new(rsa.PublicKey), (*ecdsa.PublicKey)(nil), new(ecdsa.PublicKey), &ecdsa.PublicKey{Curve: sm2.P256()}} {
		for _, id := range [][]byte{rsaSHA256, ecSHA256, sm2SM3} {
			if err := x509der.Verify(pub, id, nil, nil); err == nil {
				t.Errorf("%T: accepted", pub)
			}
		}
	}
}

// A rotatingSigner returns the same pointer for its public key, also after a
// change of keys.
type rotatingSigner struct {
	crypto.Signer
	public crypto.PublicKey
}

func (s *rotatingSigner) Public() crypto.PublicKey { return s.public }

// rotate changes the key, and the public key that the pointer points to.
func (s *rotatingSigner) rotate(to crypto.Signer) {
	s.Signer = to
	switch public := s.public.(type) {
	case *rsa.PublicKey:
		*public = *to.Public().(*rsa.PublicKey)
	case *ecdsa.PublicKey:
		*public = *to.Public().(*ecdsa.PublicKey)
	}
}

// What another signer answers is verified; keys in memory are trusted, and are
// not asked for randomness.
func TestSignerVerifiesOthers(t *testing.T) {
	t.Parallel()
	subject := x509der.Name{x509der.Text(x509der.CommonName, "a.example")}
	for _, a := range testkeys.All {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			key, another := testkeys.Key(a, 0), testkeys.Key(a, 1)
			own, err := x509der.MarshalRequest(nil, signer(t, a), subject, nil)
			if err != nil {
				t.Fatal(err)
			}
			good, err := x509der.NewSigner(testutil.SignerFunc(key.Public(), key.Sign))
			if err != nil {
				t.Fatal(err)
			}
			if good.Algorithm != a {
				t.Errorf("algorithm %s, want %s", good.Algorithm, a)
			}
			if got, err := x509der.MarshalRequest(nil, good, subject, nil); err != nil || !bytes.Equal(got, own) {
				t.Errorf("the opaque key signs otherwise (%v)", err)
			}
			bad, err := x509der.NewSigner(testutil.SignerFunc(key.Public(), another.Sign))
			if err != nil {
				t.Fatal(err)
			}
			_, err = x509der.MarshalRequest(nil, bad, subject, nil)
			checkSays(t, err, "wrong signature")
			asleep := errors.New("asleep")
			failing, err := x509der.NewSigner(testutil.SignerFunc(key.Public(), func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, asleep }))
			if err != nil {
				t.Fatal(err)
			}
			if _, err = x509der.MarshalRequest(nil, failing, subject, nil); !errors.Is(err, asleep) {
				t.Errorf("error %v, want the signer's", err)
			}
			changing := &rotatingSigner{key, key.Public()}
			rotated, err := x509der.NewSigner(changing)
			if err != nil {
				t.Fatal(err)
			}
			changing.rotate(another)
			_, err = x509der.MarshalRequest(nil, rotated, subject, nil)
			checkSays(t, err, "wrong signature")
		})
	}
}
