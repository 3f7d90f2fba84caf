//lint:file-ignore SA1019 the replacements for the coordinates of crypto/ecdsa know only the NIST curves

package algorithm_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	stdasn1 "encoding/asn1"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// In these tests key 0 is for the signing certificate, and key 1 is in the envelope.
func signingKey() *algorithm.PrivateKey    { return testkeys.Key(algorithm.SM2_256, 0) }
func encryptionKey() *algorithm.PrivateKey { return testkeys.Key(algorithm.SM2_256, 1) }

// Object identifiers of SM4.
var (
	idSM4ECB = testutil.Hex("06082a811ccf55016801")
	idSM4    = testutil.Hex("06072a811ccf550168")
)

// An envelopeParts is what is in an SM2EnvelopedKey. Each part is DER.
type envelopeParts struct {
	cipher     []byte // object identifier
	parameters []byte
	key        []byte
	public     []byte
	private    []byte
	inner      []byte // after the last part
	outer      []byte // after the envelope
}

// sm4Key encrypts the private keys of newEnvelope.
const sm4Key = "a key of SM4 has"

// newEnvelope envelopes a number for key 0, with the public key 1.
func newEnvelope(t testing.TB, d []byte) *envelopeParts {
	t.Helper()
	encrypted := bytes.Clone(d)
	block, err := sm2.NewSM4([]byte(sm4Key))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+16 <= len(d); i += 16 {
		block.Encrypt(encrypted[i:], encrypted[i:])
	}
	return &envelopeParts{
		cipher: idSM4ECB, parameters: null, key: encryptedFor(t, []byte(sm4Key)),
		public: asn.Bits(sm2Point(t, 1)), private: asn.Bits(encrypted),
	}
}

// encryptedFor encrypts a message for key 0.
func encryptedFor(t testing.TB, message []byte) []byte {
	t.Helper()
	ciphertext, err := sm2.Encrypt(signingKey().Public().(*ecdsa.PublicKey), message)
	if err != nil {
		t.Fatal(err)
	}
	return ciphertext
}

func (e *envelopeParts) encode() []byte {
	return join(asn.Seq(asn.Seq(e.cipher, e.parameters), e.key, e.public, e.private, e.inner), e.outer)
}

// The envelope is as documented, and its recipient opens it.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	data, err := encryptionKey().Envelope(signingKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	opened, err := signingKey().OpenEnvelope(data)
	if err != nil {
		t.Fatal(err)
	}
	checkPEM(t, opened, ourPEM(t, encryptionKey()))

	key, private := envelopeContent(t, data)
	c, err := sm2.ParseCiphertext(key)
	if err != nil || c.Size != 16 || len(private) != 32 {
		t.Errorf("an SM4 key of %d octets and a private key of %d, %v", c.Size, len(private), err)
	}
	want := &envelopeParts{cipher: idSM4ECB, parameters: null, key: key, public: asn.Bits(sm2Point(t, 1)), private: asn.Bits(private)}
	if diff := cmp.Diff(want.encode(), data); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}

	again, err := encryptionKey().Envelope(signingKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	otherKey, otherPrivate := envelopeContent(t, again)
	if bytes.Equal(key, otherKey) || bytes.Equal(private, otherPrivate) {
		t.Error("two envelopes have the same SM4 key")
	}
}

// envelopeContent returns the encrypted keys in an envelope.
func envelopeContent(t *testing.T, data []byte) (key, private []byte) {
	t.Helper()
	var envelope struct {
		ID, Key         stdasn1.RawValue
		Public, Private stdasn1.BitString
	}
	unmarshal(t, data, &envelope)
	return envelope.Key.FullBytes, envelope.Private.Bytes
}

func ourPEM(t testing.TB, key *algorithm.PrivateKey) []byte {
	t.Helper()
	text, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestEnvelopeRefuses(t *testing.T) {
	t.Parallel()
	signing := signingKey().Public().(*ecdsa.PublicKey)
	tests := []struct {
		name    string
		key     *algorithm.PrivateKey
		to      crypto.PublicKey
		message string
	}{
		{"an RSA key", testkeys.Key(algorithm.RSA_2048, 0), signing, "an envelope holds an SM2 key, not the RSA_2048 private key; use EncryptedPEM"},
		{"an ECC key", testkeys.Key(algorithm.ECC_256, 0), signing, "an envelope holds an SM2 key, not the ECC_256 private key; use EncryptedPEM"},
		{"an empty key", new(algorithm.PrivateKey), signing, "an envelope holds an SM2 key, not the empty private key"},
		{"for an RSA key", encryptionKey(), testkeys.Key(algorithm.RSA_2048, 0).Public(), "an envelope is for an SM2 key, not RSA_2048; want the public key of the applicant's SM2 signing certificate"},
		{"for an ECC key", encryptionKey(), testkeys.Key(algorithm.ECC_256, 0).Public(), "an envelope is for an SM2 key, not ECC_256"},
		{"for nil", encryptionKey(), nil, "a key of type <nil> is not supported"},
		{"for a private key", encryptionKey(), signingKey(), "is not a public key; pass key.Public()"},
		{"for P-224", encryptionKey(), onCurve(elliptic.P224()), "the key's curve is not supported"},
		{"for a point that is not on the curve", encryptionKey(), &ecdsa.PublicKey{Curve: sm2.P256(), X: signing.Y, Y: signing.X}, "the public key is not a point on its curve"},
		{"for infinity", encryptionKey(), &ecdsa.PublicKey{Curve: sm2.P256(), X: new(big.Int), Y: new(big.Int)}, "the public key is not a point on its curve"},
		{"for a key without coordinates", encryptionKey(), &ecdsa.PublicKey{Curve: sm2.P256()}, "it has no coordinates"},
		{"for itself", encryptionKey(), encryptionKey().Public(), "the envelope is for the key that it holds; want the public key of the applicant's signing certificate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data, err := tt.key.Envelope(tt.to)
			if data != nil {
				t.Errorf("Envelope = %x with its error", data)
			}
			testutil.CheckKeyError(t, err, tt.message)
		})
	}
}

// OpenSSL made each file of the same two keys.
func TestOpenEnvelopeFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/envelope/*.der")
	if err != nil || len(files) != 2 {
		t.Fatal("not two files", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data := envelopeFile(t, filepath.Base(file))
			key, err := signingKey().OpenEnvelope(data)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(data, envelopeFile(t, filepath.Base(file))) {
				t.Error("OpenEnvelope changed its input")
			}
			checkPEM(t, key, ourPEM(t, encryptionKey()))

			key, err = testkeys.Key(algorithm.SM2_256, 2).OpenEnvelope(data)
			if key != nil {
				t.Errorf("OpenEnvelope by another key = %v with its error", key)
			}
			testutil.CheckError(t, err, yuncert.ErrInvalidParameter, "",
				"the envelope is for another key, or it is damaged; open it with the key of the signing certificate")
		})
	}
}

func envelopeFile(t testing.TB, name string) []byte {
	t.Helper()
	return readFile(t, filepath.Join("envelope", name))
}

// Each combination of the identifiers and parameters that are written is read.
func TestOpenEnvelopeIdentifiers(t *testing.T) {
	t.Parallel()
	for name, cipher := range map[string][]byte{"SM4-ECB": idSM4ECB, "SM4": idSM4} {
		for _, parameters := range [][]byte{null, nil} {
			e := newEnvelope(t, sm2Scalar(1))
			e.cipher, e.parameters = cipher, parameters
			key, err := signingKey().OpenEnvelope(e.encode())
			if err != nil {
				t.Fatalf("%s, parameters %x: %v", name, parameters, err)
			}
			checkPEM(t, key, ourPEM(t, encryptionKey()))
		}
	}
}

// A refusedEnvelope is an envelope that key 0 does not open.
type refusedEnvelope struct {
	name    string
	data    []byte
	code    yuncert.Code
	message string
}

func refusedEnvelopes(t testing.TB) []refusedEnvelope {
	t.Helper()
	const (
		malformed = yuncert.ErrInvalidValueMalformed
		refused   = yuncert.ErrInvalidParameter

		form    = "the envelope is not the DER of an SM2EnvelopedKey (GB/T 35276, section 7.4); decode PEM or base64 first"
		cipher  = "the SM4 key in the envelope is not an SM2Cipher (GM/T 0009, section 7.2) with a point on the SM2 curve"
		point   = "the public key is not an uncompressed point on its curve: "
		foreign = "the public key in the envelope does not belong to the private key; ask the CA for another envelope"
		wrong   = "the envelope is for another key, or it is damaged"
	)
	with := func(change func(e *envelopeParts)) []byte {
		e := newEnvelope(t, sm2Scalar(1))
		change(e)
		return e.encode()
	}
	holding := func(d []byte) []byte { return newEnvelope(t, d).encode() }
	number := func(n *big.Int) []byte { return holding(sm2Number(n)) }
	order := sm2.P256().Params().N
	unchanged := with(func(*envelopeParts) {})
	long := bytes.Repeat([]byte{0}, 1<<10)
	compressed := join([]byte{2}, sm2Point(t, 1)[1:33])
	forAnother, err := sm2.Encrypt(testkeys.Key(algorithm.SM2_256, 2).Public().(*ecdsa.PublicKey), []byte(sm4Key))
	if err != nil {
		t.Fatal(err)
	}

	return []refusedEnvelope{
		// The structure.
		{"nothing", nil, malformed, form},
		{"more than 1 KiB", with(func(e *envelopeParts) { e.outer = long }), malformed, "octets; want at most 1024"},
		{"PEM", block("PRIVATE KEY", unchanged), malformed, form},
		{"in the tag of a CSRResponse", asn.Explicit(0, unchanged), malformed, form},
		{"an octet at the end", with(func(e *envelopeParts) { e.outer = []byte{0} }), malformed, form},
		{"a field at the end", with(func(e *envelopeParts) { e.inner = null }), malformed, form},
		{"an indefinite length", join([]byte{0x30, 0x80}, unchanged[3:], []byte{0, 0}), malformed, form},
		{"a length with an octet too many", join([]byte{0x30, 0x82, 0}, unchanged[2:]), malformed, form},
		{"no identifier", asn.Seq(), malformed, form},
		{"no key", with(func(e *envelopeParts) { e.key = nil }), malformed, form},
		{"no public key", with(func(e *envelopeParts) { e.public = nil }), malformed, form},
		{"no private key", with(func(e *envelopeParts) { e.private = nil }), malformed, form},
		{"a key in an OCTET STRING", with(func(e *envelopeParts) { e.key = asn.Octets(e.key) }), malformed, form},
		{"a public key that is an OCTET STRING", with(func(e *envelopeParts) { e.public = asn.Octets(sm2Point(t, 1)) }), malformed, form},
		{"a public key with unused bits", with(func(e *envelopeParts) { e.public[2] = 1 }), malformed, form},
		{"a private key that is an OCTET STRING", with(func(e *envelopeParts) { e.private = asn.Octets(make([]byte, 32)) }), malformed, form},
		{"a private key with unused bits", with(func(e *envelopeParts) { e.private[2] = 1 }), malformed, form},

		// The cipher.
		{"SM4-CBC", with(func(e *envelopeParts) { e.cipher = testutil.Hex("06082a811ccf55016802") }), malformed,
			"the private key in the envelope is encrypted with SM4-CBC (1.2.156.10197.1.104.2); want SM4-ECB (1.2.156.10197.1.104.1)"},
		{"SM1", with(func(e *envelopeParts) { e.cipher = testutil.Hex("06082a811ccf55016601") }), malformed, "encrypted with SM1-ECB (1.2.156.10197.1.102.1); want SM4-ECB"},
		{"an unknown cipher", with(func(e *envelopeParts) { e.cipher = asn.OID("\x2a\x03") }), malformed, "encrypted with 1.2.3; want SM4-ECB"},
		{"an identifier of 900 octets", with(func(e *envelopeParts) { e.cipher, e.key = asn.OID(strings.Repeat("\x2a", 900)), nil }), malformed, "an unknown object identifier"},
		{"no object identifier", with(func(e *envelopeParts) { e.cipher = nil }), malformed, form},
		{"parameters other than NULL", with(func(e *envelopeParts) { e.parameters = small(1) }), malformed, form},
		{"an octet after NULL", with(func(e *envelopeParts) { e.parameters = join(null, []byte{0}) }), malformed, form},

		// The SM4 key.
		{"an empty SM2Cipher", with(func(e *envelopeParts) { e.key = asn.Seq() }), malformed, cipher},
		{"an SM2Cipher with a field at the end", with(func(e *envelopeParts) { e.key = asn.Seq(e.key[2:], null) }), malformed, cipher},
		{"an SM4 key of 15 octets", with(func(e *envelopeParts) { e.key = encryptedFor(t, make([]byte, 15)) }), malformed, "the envelope has an SM4 key of 15 octets; want 16"},
		{"an SM4 key of 32 octets", with(func(e *envelopeParts) { e.key = encryptedFor(t, make([]byte, 32)) }), malformed, "the envelope has an SM4 key of 32 octets; want 16"},
		{"an SM4 key for another", with(func(e *envelopeParts) { e.key = forAnother }), refused, wrong},
		{"another SM4 key", with(func(e *envelopeParts) { e.key = encryptedFor(t, make([]byte, 16)) }), malformed, foreign},

		// The public key.
		{"a compressed public key", with(func(e *envelopeParts) { e.public = asn.Bits(compressed) }), malformed, point + "it is compressed"},
		{"an empty public key", with(func(e *envelopeParts) { e.public = asn.Bits() }), malformed, point + "it has 0 octets; want 65"},
		{"a public key at infinity", with(func(e *envelopeParts) { e.public = asn.Bits([]byte{0}) }), malformed, point + "it is the point at infinity"},
		{"a public key that is not on the curve", with(func(e *envelopeParts) { e.public[len(e.public)-1] ^= 1 }), malformed, point},
		{"the public key of the recipient", with(func(e *envelopeParts) { e.public = asn.Bits(sm2Point(t, 0)) }), malformed, foreign},

		// The private key.
		{"16 octets", holding(sm2Scalar(1)[:16]), malformed, "the envelope has 16 octets of encrypted private key; want 32, without padding"},
		{"a padded private key", holding(join(sm2Scalar(1), bytes.Repeat([]byte{16}, 16))), malformed, "the envelope has 48 octets of encrypted private key; want 32, without padding"},
		{"no octets", holding(nil), malformed, "the envelope has 0 octets of encrypted private key"},
		{"another private key", holding(sm2Scalar(2)), malformed, foreign},
		{"0", number(new(big.Int)), malformed, foreign},
		{"n-1", number(new(big.Int).Sub(order, big.NewInt(1))), malformed, foreign},
		{"2^256-1", holding(bytes.Repeat([]byte{0xff}, 32)), malformed, foreign},
		{"n-d, whose public key has the same x", number(new(big.Int).Sub(order, new(big.Int).SetBytes(sm2Scalar(1)))), malformed, foreign},
	}
}

func TestOpenEnvelopeRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range refusedEnvelopes(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key, err := signingKey().OpenEnvelope(tt.data)
			if key != nil {
				t.Errorf("OpenEnvelope = %v with its error", key)
			}
			testutil.CheckError(t, err, tt.code, "", tt.message)
		})
	}
}

func TestOpenEnvelopeRefusesKeys(t *testing.T) {
	t.Parallel()
	data := envelopeFile(t, "openssl.der")
	for name, key := range map[string]*algorithm.PrivateKey{
		"RSA_2048 private key": testkeys.Key(algorithm.RSA_2048, 0),
		"ECC_256 private key":  testkeys.Key(algorithm.ECC_256, 0),
		"empty private key":    new(algorithm.PrivateKey),
	} {
		opened, err := key.OpenEnvelope(data)
		if opened != nil {
			t.Errorf("OpenEnvelope by %s = %v with its error", name, opened)
		}
		testutil.CheckKeyError(t, err, "an envelope is opened with an SM2 key, not the "+name+"; use the key of the SM2 signing certificate")
	}
}

// An envelope with one changed octet is refused, and so is the beginning of one.
func TestOpenEnvelopeRefusesEveryChange(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"openssl.der", "openssl-sm4.der"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			original := envelopeFile(t, name)
			data := bytes.Clone(original)
			for i := range data {
				for bit := range 8 {
					data[i] = original[i] ^ 1<<bit
					key, err := signingKey().OpenEnvelope(data)
					if key != nil || err == nil {
						t.Errorf("octet %d as %#02x: OpenEnvelope = %v, %v", i, data[i], key, err)
					}
				}
				data[i] = original[i]
				key, err := signingKey().OpenEnvelope(data[:i])
				if key != nil || err == nil {
					t.Errorf("the first %d octets: OpenEnvelope = %v, %v", i, key, err)
				}
			}
		})
	}
}

func FuzzOpenEnvelope(f *testing.F) {
	f.Add(envelopeFile(f, "openssl.der"))
	f.Add(envelopeFile(f, "openssl-sm4.der"))
	for _, row := range refusedEnvelopes(f) {
		f.Add(row.data)
	}
	want := ourPEM(f, encryptionKey())
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		key, err := signingKey().OpenEnvelope(data)
		if !bytes.Equal(data, before) {
			t.Error("OpenEnvelope changed its input")
		}
		if err != nil {
			e, ok := err.(*yuncert.Error)
			if key != nil || !ok || e.Code != yuncert.ErrInvalidValueMalformed && e.Code != yuncert.ErrInvalidParameter {
				t.Errorf("key %v with error %v", key, err)
			}
			return
		}
		// Nobody makes an envelope by changing octets.
		checkPEM(t, key, want)
	})
}
