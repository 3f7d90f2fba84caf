package algorithm_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// readDER returns the content of the one PEM block in a file of testdata, all
// of which testdata/make.sh made.
func readDER(t testing.TB, path string) []byte {
	t.Helper()
	block, rest := pem.Decode(readFile(t, path))
	if block == nil || len(rest) != 0 {
		t.Fatalf("%s is not one PEM block", path)
	}
	return block.Bytes
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestMarshalPublicKey(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		for i := range 3 {
			t.Run(fmt.Sprintf("%s-%d", a, i), func(t *testing.T) {
				t.Parallel()
				pub := testkeys.Key(a, i).Public()
				got := testkeys.PublicDER(t, pub)
				if a != algorithm.SM2_256 {
					want, err := x509.MarshalPKIXPublicKey(pub)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("MarshalPublicKey differs from crypto/x509 (-want +got):\n%s", diff)
					}
				}
				own, err := testkeys.Key(a, i).MarshalPublicKey()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(got, own); diff != "" {
					t.Errorf("the method differs from the function (-function +method):\n%s", diff)
				}
				back, err := algorithm.ParsePublicKey(got)
				if err != nil {
					t.Fatal(err)
				}
				if !testutil.EqualKeys(pub, back) {
					t.Error("ParsePublicKey gives another key")
				}
			})
		}
	}
}

// The SM2 key is encoded as by openssl pkey -pubout.
func TestMarshalPublicKeySM2(t *testing.T) {
	t.Parallel()
	want := readDER(t, "publickey/sm2.pem")
	got := testkeys.PublicDER(t, testkeys.Key(algorithm.SM2_256, 0).Public())
	if diff := cmp.Diff(hex.EncodeToString(want), hex.EncodeToString(got)); diff != "" {
		t.Errorf("MarshalPublicKey differs from openssl (-want +got):\n%s", diff)
	}
}

// The exponent's size changes the length octets of an RSA key.
func TestMarshalPublicKeyExponents(t *testing.T) {
	t.Parallel()
	for _, e := range []int{1, 3, 127, 128, 255, 256, 32767, 32768, 65537, 1<<24 - 1, 1<<31 - 1} {
		pub := &rsa.PublicKey{N: rsaKey(t, algorithm.RSA_1024, 0).N, E: e}
		want, err := x509.MarshalPKIXPublicKey(pub)
		if err != nil {
			t.Fatal(err)
		}
		got := testkeys.PublicDER(t, pub)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("exponent %d: MarshalPublicKey differs from crypto/x509 (-want +got):\n%s", e, diff)
		}
		back, err := algorithm.ParsePublicKey(got)
		if err != nil || !pub.Equal(back) {
			t.Errorf("exponent %d: read back as %v, %v", e, back, err)
		}
	}
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func integer(n *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1BigInt(n)
	return b.BytesOrPanic()
}

func small(n int64) []byte { return integer(big.NewInt(n)) }

// Contents of AlgorithmIdentifiers.
var (
	idRSA  = testutil.Hex("06092a864886f70d010101")
	idEC   = testutil.Hex("06072a8648ce3d0201")
	idP256 = testutil.Hex("06082a8648ce3d030107")
	idSM2  = testutil.Hex("06082a811ccf5501822d")
	null   = []byte{5, 0}
)

func TestParsePublicKeySM2Identifiers(t *testing.T) {
	t.Parallel()
	pub := testkeys.Key(algorithm.SM2_256, 0).Public()
	standard := testkeys.PublicDER(t, pub)
	point := asn.Bits(standard[len(standard)-65:])
	tests := []struct {
		name string
		id   []byte
	}{
		{"id-ecPublicKey, SM2", asn.Seq(idEC, idSM2)},
		{"SM2, SM2", asn.Seq(idSM2, idSM2)},
		{"SM2, NULL", asn.Seq(idSM2, null)},
		{"SM2", asn.Seq(idSM2)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := algorithm.ParsePublicKey(asn.Seq(tt.id, point))
			if err != nil {
				t.Fatal(err)
			}
			if !testutil.EqualKeys(pub, got) {
				t.Error("another key")
			}
			if diff := cmp.Diff(standard, testkeys.PublicDER(t, got)); diff != "" {
				t.Errorf("not written in the standard form (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParsePublicKeyExponents(t *testing.T) {
	t.Parallel()
	n := rsaKey(t, algorithm.RSA_1024, 0).N
	power := func(exponent uint, plus int64) *big.Int {
		e := new(big.Int).Lsh(big.NewInt(1), exponent)
		return e.Add(e, big.NewInt(plus))
	}
	const tooLarge, negative = "the RSA exponent is larger than 2^31-1", "is not a pair of positive DER integers"
	tests := []struct {
		e       *big.Int
		parse   string // the error of ParsePublicKey; "" means none
		good    bool   // Check accepts it
		lenient bool   // a KeyPolicy with SmallExponents accepts it
	}{
		{big.NewInt(-65537), negative, false, false},
		{big.NewInt(-3), negative, false, false},
		{big.NewInt(-1), negative, false, false},
		{big.NewInt(0), "", false, false},
		{big.NewInt(1), "", false, false},
		{big.NewInt(2), "", false, false},
		{big.NewInt(3), "", false, true},
		{big.NewInt(4), "", false, false},
		{big.NewInt(5), "", false, false},
		{big.NewInt(16), "", false, false},
		{big.NewInt(17), "", false, true},
		{big.NewInt(19), "", false, false},
		{big.NewInt(257), "", false, false},
		{big.NewInt(65535), "", false, false},
		{big.NewInt(65536), "", false, false},
		{big.NewInt(65537), "", true, true},
		{big.NewInt(65538), "", false, false},
		{power(31, -2), "", false, false},
		{power(31, -1), "", true, true},
		{power(31, 0), tooLarge, false, false},
		{power(31, 1), tooLarge, false, false},
		{power(32, 3), tooLarge, false, false},     // 3 if the upper bits are dropped
		{power(32, 65537), tooLarge, false, false}, // 65537 if they are
		{power(62, 65537), tooLarge, false, false},
		{power(63, 1), tooLarge, false, false}, // negative in 64 bits
		{power(64, 1), tooLarge, false, false},
		{power(64, 65537), tooLarge, false, false},
		{power(256, 1), tooLarge, false, false},
		{power(256, 65537), tooLarge, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.e.String(), func(t *testing.T) {
			t.Parallel()
			pub, err := algorithm.ParsePublicKey(rsaSPKI(n, tt.e))
			if tt.parse != "" {
				testutil.CheckKeyError(t, err, tt.parse)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := &rsa.PublicKey{N: n, E: int(tt.e.Int64())}
			if !want.Equal(pub) {
				t.Errorf("ParsePublicKey = %v, want exponent %d", pub, tt.e)
			}
			for _, c := range []struct {
				policy algorithm.KeyPolicy
				good   bool
			}{{algorithm.KeyPolicy{}, tt.good}, {algorithm.KeyPolicy{SmallExponents: true}, tt.lenient}} {
				err := c.policy.Check(pub)
				switch {
				case c.good && err != nil:
					t.Error(err)
				case !c.good:
					testutil.CheckKeyError(t, err, fmt.Sprintf("the RSA exponent %d is not an odd number", tt.e))
				}
			}
		})
	}
}

func rsaSPKI(n, e *big.Int) []byte {
	return asn.Seq(asn.Seq(idRSA, null), asn.Bits(asn.Seq(integer(n), integer(e))))
}

func TestParsePublicKeyEvenModulus(t *testing.T) {
	t.Parallel()
	n := new(big.Int).Lsh(big.NewInt(3), 1022)
	pub, err := algorithm.ParsePublicKey(rsaSPKI(n, big.NewInt(65537)))
	if err != nil {
		t.Fatal(err)
	}
	testutil.CheckKeyError(t, algorithm.Check(pub), "the RSA modulus is even")
}

// A refusedPublicKey is one row of refusedPublicKeys.
type refusedPublicKey struct {
	name    string
	der     []byte
	message string
}

// refusedPublicKeys are octets that ParsePublicKey refuses. FuzzParsePublicKey
// starts from them too.
func refusedPublicKeys(t testing.TB) []refusedPublicKey {
	const (
		notSPKI  = "the public key is not a SubjectPublicKeyInfo"
		notRSA   = "the RSA public key is not a pair of positive DER integers"
		notPoint = "the public key is not an uncompressed point on its curve"
		curve    = "the key's curve is not supported"
		unknown  = "the key's algorithm is not supported"

		compressed = notPoint + ": it is compressed; convert the private key with openssl ec -conv_form uncompressed"
		hybrid     = notPoint + ": it is in hybrid form; convert the private key with openssl ec -conv_form uncompressed"
	)
	n, e := rsaKey(t, algorithm.RSA_1024, 0).N, small(65537)
	modulus := integer(n)
	rsaID, rsaBits := asn.Seq(idRSA, null), asn.Bits(asn.Seq(modulus, e))
	ecID, sm2ID := asn.Seq(idEC, idP256), asn.Seq(idEC, idSM2)
	ecDER := testkeys.PublicDER(t, testkeys.Key(algorithm.ECC_256, 0).Public())
	point := ecDER[len(ecDER)-65:]
	sm2DER := testkeys.PublicDER(t, testkeys.Key(algorithm.SM2_256, 0).Public())
	sm2Point := sm2DER[len(sm2DER)-65:]
	for _, der := range [][]byte{asn.Seq(rsaID, rsaBits), asn.Seq(ecID, asn.Bits(point)), asn.Seq(sm2ID, asn.Bits(sm2Point))} {
		if _, err := algorithm.ParsePublicKey(der); err != nil {
			t.Fatalf("before any change: %v", err)
		}
	}
	last := func(point []byte, by byte) []byte {
		other := bytes.Clone(point)
		other[len(other)-1] += by
		return other
	}

	return []refusedPublicKey{
		// The structure.
		{"nothing", nil, notSPKI},
		{"a number", small(1), notSPKI},
		{"an empty sequence", asn.Seq(), notSPKI},
		{"no key", asn.Seq(ecID), notSPKI},
		{"no identifier", asn.Seq(asn.Bits(point)), notSPKI},
		{"an empty BIT STRING", asn.Seq(ecID, asn.TLV(asn1.BIT_STRING)), notSPKI},
		{"an OCTET STRING", asn.Seq(ecID, asn.TLV(asn1.OCTET_STRING, []byte{0}, point)), notSPKI},
		{"unused bits", asn.Seq(ecID, asn.TLV(asn1.BIT_STRING, []byte{1}, point)), notSPKI},
		{"a certificate's signature after it", asn.Seq(ecID, asn.Bits(point), asn.Bits(point)), notSPKI},
		{"in PEM", []byte(testutil.EncodePEM("PUBLIC KEY", ecDER)), notSPKI},
		{"only the RSAPublicKey", asn.Seq(modulus, e), notSPKI},
		{"only the point", point, notSPKI},

		// Trailing bytes, from the outside in.
		{"an octet after the whole", append(bytes.Clone(ecDER), 0), notSPKI},
		{"at the end of the sequence", asn.Seq(ecID, asn.Bits(point), []byte{0}), notSPKI},
		{"NULL at the end of the sequence", asn.Seq(ecID, asn.Bits(point), null), notSPKI},
		{"in the RSA identifier", asn.Seq(asn.Seq(idRSA, null, null), rsaBits), unknown},
		{"in the EC identifier", asn.Seq(asn.Seq(idEC, idP256, null), asn.Bits(point)), curve},
		{"in the SM2 identifier", asn.Seq(asn.Seq(idEC, idSM2, null), asn.Bits(sm2Point)), curve},
		{"in the other SM2 identifier", asn.Seq(asn.Seq(idSM2, idSM2, null), asn.Bits(sm2Point)), unknown},
		{"an octet after the RSAPublicKey", asn.Seq(rsaID, asn.Bits(append(asn.Seq(modulus, e), 0))), notRSA},
		{"in the RSAPublicKey", asn.Seq(rsaID, asn.Bits(asn.Seq(modulus, e, null))), notRSA},
		{"an octet after the point", asn.Seq(ecID, asn.Bits(append(bytes.Clone(point), 0))), notPoint},
		{"an octet after the SM2 point", asn.Seq(sm2ID, asn.Bits(append(bytes.Clone(sm2Point), 0))), notPoint},

		// BER that is not DER.
		{"a length of two octets where one does", join(testutil.Hex("3081"), ecDER[1:]), notSPKI},
		{"a length of three octets where two do", asn.Seq(rsaID, join(testutil.Hex("03820090"), rsaBits[3:])), notSPKI},
		{"an inner length of two octets", asn.Seq(join(testutil.Hex("308113"), idEC, idP256), asn.Bits(point)), notSPKI},
		{"an indefinite length", join(testutil.Hex("3080"), ecID, asn.Bits(point), testutil.Hex("0000")), notSPKI},
		{"an indefinite inner length", asn.Seq(join(testutil.Hex("3080"), idEC, idP256, testutil.Hex("0000")), asn.Bits(point)), notSPKI},
		{"a constructed BIT STRING", asn.Seq(ecID, asn.TLV(0x23, asn.Bits(point))), notSPKI},
		{"a padded integer", asn.Seq(rsaID, asn.Bits(asn.Seq(modulus, testutil.Hex("020400010001")))), notRSA},
		{"a padded modulus", asn.Seq(rsaID, asn.Bits(asn.Seq(asn.TLV(asn1.INTEGER, []byte{0, 0}, n.Bytes()), e))), notRSA},
		{"an integer without octets", asn.Seq(rsaID, asn.Bits(asn.Seq(modulus, testutil.Hex("0200")))), notRSA},
		{"a high-tag-number form", join(testutil.Hex("3f10"), ecDER[1:]), notSPKI},

		// RSA.
		{"a negative modulus", asn.Seq(rsaID, asn.Bits(asn.Seq(asn.TLV(asn1.INTEGER, n.Bytes()), e))), notRSA},
		{"a modulus of zero", rsaSPKI(new(big.Int), big.NewInt(65537)), "the RSA public key has no positive modulus"},
		{"a modulus of 1536 bits", readDER(t, "publickey/refused-rsa1536.pem"), "an RSA key of 1536 bits is not supported"},
		{"a modulus of 16384 bits", rsaSPKI(rsaOf(16384).N, big.NewInt(65537)), "an RSA key of 16384 bits is not supported"},
		{"a negative exponent", rsaSPKI(n, big.NewInt(-3)), notRSA},
		{"a huge exponent", rsaSPKI(n, new(big.Int).Lsh(big.NewInt(1), 1000)), "the RSA exponent is larger than 2^31-1"},
		{"no exponent", asn.Seq(rsaID, asn.Bits(asn.Seq(modulus))), notRSA},
		{"no integers", asn.Seq(rsaID, asn.Bits(asn.Seq())), notRSA},
		{"no sequence", asn.Seq(rsaID, asn.Bits(nil)), notRSA},
		{"RSA without NULL", asn.Seq(asn.Seq(idRSA), rsaBits), unknown + ": RSA without the parameters NULL"},
		{"RSA-PSS", readDER(t, "publickey/refused-rsa-pss.pem"), unknown + ": RSASSA-PSS (1.2.840.113549.1.1.10); want RSA (rsaEncryption, 1.2.840.113549.1.1.1)"},

		// Points.
		{"compressed", readDER(t, "publickey/refused-p256-compressed.pem"), compressed},
		{"hybrid", readDER(t, "publickey/refused-p256-hybrid.pem"), hybrid},
		{"compressed SM2", readDER(t, "publickey/refused-sm2-compressed.pem"), compressed},
		{"hybrid SM2", readDER(t, "publickey/refused-sm2-hybrid.pem"), hybrid},
		{"infinity", asn.Seq(ecID, asn.Bits([]byte{0})), notPoint + ": it is the point at infinity"},
		{"SM2 infinity", asn.Seq(sm2ID, asn.Bits([]byte{0})), notPoint + ": it is the point at infinity"},
		{"no point", asn.Seq(ecID, asn.Bits(nil)), notPoint + ": it has 0 octets; want 65"},
		{"no SM2 point", asn.Seq(sm2ID, asn.Bits(nil)), notPoint},
		{"the point (0, 0)", asn.Seq(ecID, asn.Bits(append([]byte{4}, make([]byte, 64)...))), notPoint},
		{"the SM2 point (0, 0)", asn.Seq(sm2ID, asn.Bits(append([]byte{4}, make([]byte, 64)...))), notPoint},
		{"a coordinate too large", asn.Seq(ecID, asn.Bits(append([]byte{4}, bytes.Repeat([]byte{0xff}, 64)...))), notPoint},
		{"an SM2 coordinate too large", asn.Seq(sm2ID, asn.Bits(append([]byte{4}, bytes.Repeat([]byte{0xff}, 64)...))), notPoint},
		{"off the curve", asn.Seq(ecID, asn.Bits(last(point, 1))), notPoint},
		{"off the SM2 curve", asn.Seq(sm2ID, asn.Bits(last(sm2Point, 1))), notPoint},
		{"a point of SM2 on P-256", asn.Seq(ecID, asn.Bits(sm2Point)), notPoint},
		{"a point of P-256 on SM2", asn.Seq(sm2ID, asn.Bits(point)), notPoint},
		{"a point cut short", asn.Seq(ecID, asn.Bits(point[:64])), notPoint + ": it has 64 octets; want 65"},

		// Identifiers.
		{"explicit parameters", readDER(t, "publickey/refused-explicit.pem"), curve + ": it is given by explicit parameters, but a certificate names the curve (RFC 5480, section 2.1.1); convert the private key with openssl ec -param_enc named_curve"},
		{"implicit parameters", asn.Seq(asn.Seq(idEC, null), asn.Bits(point)), curve + ": it has no object identifier"},
		{"no parameters", asn.Seq(asn.Seq(idEC), asn.Bits(point)), curve},
		{"P-224", readDER(t, "publickey/refused-p224.pem"), curve + ": P-224 (1.3.132.0.33); want P-256, P-384, P-521 or SM2"},
		{"secp256k1", readDER(t, "publickey/refused-secp256k1.pem"), curve + ": secp256k1 (1.3.132.0.10)"},
		{"P-256 in the place of id-ecPublicKey", asn.Seq(asn.Seq(idP256, idP256), asn.Bits(point)), unknown},
		{"Ed25519", readDER(t, "publickey/refused-ed25519.pem"), unknown + ": Ed25519 (1.3.101.112); want RSA"},
		{"DSA", readDER(t, "publickey/refused-dsa-pkcs8.pem"), unknown + ": DSA (1.2.840.10040.4.1); want RSA"},
		{"Ed448", asn.Seq(asn.Seq(asn.OID("\x2b\x65\x71")), asn.Bits(make([]byte, 57))), unknown + ": Ed448 (1.3.101.113)"},
		{"X25519", asn.Seq(asn.Seq(asn.OID("\x2b\x65\x6e")), asn.Bits(make([]byte, 32))), unknown + ": X25519 (1.3.101.110)"},
		{"an identifier that nobody knows", asn.Seq(asn.Seq(asn.OID("\x2a\x03\x04")), asn.Bits(make([]byte, 32))), unknown + ": 1.2.3.4; want RSA"},
		{"an identifier of 1000 octets", asn.Seq(asn.Seq(asn.OID("\x2a"+strings.Repeat("\x03", 1000))), asn.Bits(make([]byte, 32))), unknown + ": an unknown object identifier"},
		{"a curve that nobody knows", asn.Seq(asn.Seq(idEC, asn.OID("\x2a\x03\x04")), asn.Bits(point)), curve + ": 1.2.3.4; want P-256"},
		{"an empty identifier", asn.Seq(asn.Seq(), asn.Bits(point)), unknown + ": it has no object identifier"},
	}
}

func TestParsePublicKeyRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range refusedPublicKeys(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pub, err := algorithm.ParsePublicKey(tt.der)
			if pub != nil {
				t.Errorf("ParsePublicKey = %v with its error", pub)
			}
			testutil.CheckKeyError(t, err, tt.message)
		})
	}
}

// A SubjectPublicKeyInfo with one altered byte is refused or gives another key. No
// key has a second encoding.
func TestParsePublicKeyAlteredByte(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_1024, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512, algorithm.SM2_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			pub := testkeys.Key(a, 0).Public()
			original := testkeys.PublicDER(t, pub)
			der := bytes.Clone(original)
			for i := range der {
				for by := 1; by < 256; by++ {
					der[i] = original[i] ^ byte(by)
					got, err := algorithm.ParsePublicKey(der)
					if err != nil {
						continue
					}
					if testutil.EqualKeys(pub, got) {
						t.Errorf("byte %d as %#02x: the same key", i, der[i])
					}
					if again := testkeys.PublicDER(t, got); !bytes.Equal(again, der) {
						t.Errorf("byte %d as %#02x: read, and written as %x", i, der[i], again)
					}
				}
				der[i] = original[i]
			}
			for i := range der {
				if _, err := algorithm.ParsePublicKey(der[:i]); err == nil {
					t.Errorf("the first %d bytes are a key", i)
				}
			}
		})
	}
}

func TestParsePublicKeyKeepsItsInput(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		der := testkeys.PublicDER(t, testkeys.Key(a, 0).Public())
		before := bytes.Clone(der)
		pub, err := algorithm.ParsePublicKey(der)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, der); diff != "" {
			t.Errorf("%s: ParsePublicKey changed its input (-before +after):\n%s", a, diff)
		}
		clear(der)
		if !testutil.EqualKeys(pub, testkeys.Key(a, 0).Public()) {
			t.Errorf("%s: the key changed with the input", a)
		}
	}
}

// testdata/make.sh runs the commands in PubMd5's comment.
func TestPubMd5(t *testing.T) {
	t.Parallel()
	known := 0
	for line := range strings.Lines(string(readFile(t, "pubmd5.txt"))) {
		name, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		var i int
		a, number, _ := strings.Cut(name, "-")
		if _, err := fmt.Sscan(number, &i); err != nil {
			t.Fatal(err)
		}
		got, err := algorithm.PubMd5(testkeys.Key(algorithm.Algorithm(a), i).Public())
		if err != nil || got != want {
			t.Errorf("%s: PubMd5 = %q, %v, want %q", name, got, err, want)
		}
		known++
	}
	if want := 3 * len(testkeys.All); known != want {
		t.Errorf("pubmd5.txt holds %d digests, want %d", known, want)
	}
}

func FuzzParsePublicKey(f *testing.F) {
	for _, a := range testkeys.All {
		f.Add(testkeys.PublicDER(f, testkeys.Key(a, 0).Public()))
	}
	files, err := filepath.Glob("testdata/publickey/*.pem")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range files {
		f.Add(readDER(f, filepath.Join("publickey", filepath.Base(file))))
	}
	for _, row := range refusedPublicKeys(f) {
		f.Add(row.der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		pub, err := algorithm.ParsePublicKey(der)
		if err != nil {
			if pub != nil {
				t.Errorf("key %v with error %v", pub, err)
			}
			testutil.CheckKeyError(t, err)
			return
		}
		a, err := algorithm.Of(pub)
		if err != nil {
			t.Fatalf("Of what was parsed: %v", err)
		}
		if key, ok := pub.(*ecdsa.PublicKey); ok {
			if err := algorithm.Check(key); err != nil {
				t.Errorf("Check of a parsed point: %v", err)
			}
		}
		_ = algorithm.Check(pub)
		again := testkeys.PublicDER(t, pub)
		if a != algorithm.SM2_256 && !bytes.Equal(again, der) {
			t.Errorf("written as %x", again)
		}
		back, err := algorithm.ParsePublicKey(again)
		if err != nil || !testutil.EqualKeys(pub, back) {
			t.Errorf("read back as %v, %v", back, err)
		}
	})
}
