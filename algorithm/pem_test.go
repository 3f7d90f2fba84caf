package algorithm_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	stdasn1 "encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"math/big"
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

// privateKeyFile reads a file of testdata/privatekey with crypto/x509.
func privateKeyFile(t testing.TB, name string) crypto.PrivateKey {
	t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(readDER(t, filepath.Join("privatekey", name)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// RSA and ECC keys have the same bytes as from openssl.
func TestPEM(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		if a == algorithm.SM2_256 {
			continue
		}
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			got, err := testkeys.Key(a, 0).PEM()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(testkeys.PEM(a, 0)), string(got)); diff != "" {
				t.Errorf("PEM differs from openssl (-want +got):\n%s", diff)
			}
			back, err := x509.ParsePKCS8PrivateKey(testutil.FirstPEM(t, got))
			if err != nil {
				t.Fatal(err)
			}
			if want := standardKey(t, a, 0); !back.(interface{ Equal(crypto.PrivateKey) bool }).Equal(want) {
				t.Error("crypto/x509 reads another key")
			}
		})
	}
}

// pkcs8 and ecPrivateKey are the structures of RFC 5958 and RFC 5915 for
// encoding/asn1.
type pkcs8 struct {
	Version   int
	Algorithm struct{ Key, Curve stdasn1.ObjectIdentifier }
	Key       []byte
}

type ecPrivateKey struct {
	Version int
	D       []byte
	Curve   stdasn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	Public  stdasn1.BitString        `asn1:"optional,explicit,tag:1"`
}

// An SM2 key is what openssl writes, and names the curve inside ECPrivateKey too.
func TestPEMSM2(t *testing.T) {
	t.Parallel()
	for i := range 3 {
		var outer pkcs8
		var inner ecPrivateKey
		unmarshal(t, testutil.FirstPEM(t, testkeys.PEM(algorithm.SM2_256, i)), &outer)
		unmarshal(t, outer.Key, &inner)
		if inner.Curve != nil {
			t.Fatal("openssl names the curve twice: TestPEM can hold SM2 as well")
		}
		inner.Curve = stdasn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301}
		var err error
		if outer.Key, err = stdasn1.Marshal(inner); err != nil {
			t.Fatal(err)
		}
		want, err := stdasn1.Marshal(outer)
		if err != nil {
			t.Fatal(err)
		}
		got, err := testkeys.Key(algorithm.SM2_256, i).PEM()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(testutil.EncodePEM("PRIVATE KEY", want), string(got)); diff != "" {
			t.Errorf("key %d: PEM mismatch (-want +got):\n%s", i, diff)
		}
	}
}

func unmarshal(t testing.TB, der []byte, v any) {
	t.Helper()
	if rest, err := stdasn1.Unmarshal(der, v); err != nil || len(rest) != 0 {
		t.Fatalf("%T: %v, and %d bytes after it", v, err, len(rest))
	}
}

func TestPEMOfZeroKey(t *testing.T) {
	t.Parallel()
	text, err := new(algorithm.PrivateKey).PEM()
	if text != nil {
		t.Errorf("PEM() = %q with its error", text)
	}
	testutil.CheckError(t, err, yuncert.ErrInternalEncodeKeyError, "", "Failed to encode private key.")
	if e, _ := errors.AsType[*yuncert.Error](err); e.Message != "Failed to encode private key." {
		t.Errorf("message %q is not the documented one", e.Message)
	}
	if errors.Is(err, yuncert.ErrInvalidValueMalformed) {
		t.Errorf("error %v has a second code", err)
	}
}

func block(label string, parts ...[]byte) []byte {
	return []byte(testutil.EncodePEM(label, join(parts...)))
}

// Tags of ECPrivateKey.
const (
	curveTag  = asn1.Tag(0xa0)
	publicTag = asn1.Tag(0xa1)
)

var version0, version1 = small(0), small(1)

// sm2PEM returns an SM2 key in PKCS #8: openssl's form is around scalar and
// public.
func sm2PEM(scalar []byte, rest ...[]byte) []byte {
	return block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idEC, idSM2),
		asn.TLV(asn1.OCTET_STRING, asn.Seq(version1, asn.TLV(asn1.OCTET_STRING, scalar), join(rest...)))))
}

func sm2Number(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }

// sm2Point returns the 65 octets of a test key's public half.
func sm2Point(t testing.TB, i int) []byte {
	t.Helper()
	point, err := sm2.PublicKeyBytes(testkeys.Key(algorithm.SM2_256, i).Public().(*ecdsa.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return point
}

func TestParsePrivateKey(t *testing.T) {
	t.Parallel()
	rsaPEM, ecPEM, sm2File := testkeys.PEM(algorithm.RSA_1024, 0), testkeys.PEM(algorithm.ECC_256, 0), testkeys.PEM(algorithm.SM2_256, 0)
	file := func(name string) []byte { return readFile(t, filepath.Join("privatekey", name)) }
	certificate := file("with-certificate.pem")
	certificate = certificate[:bytes.Index(certificate, []byte("-----BEGIN PRIVATE KEY"))]
	crlf := func(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")) }
	d := asn.TLV(asn1.OCTET_STRING, sm2Scalar(0))
	curve, public := asn.TLV(curveTag, idSM2), asn.TLV(publicTag, asn.Bits(sm2Point(t, 0)))
	inner := asn.TLV(asn1.OCTET_STRING, asn.Seq(version1, d, public))

	tests := []struct {
		name string
		text []byte
		a    algorithm.Algorithm
	}{
		{"PKCS #8 RSA", rsaPEM, algorithm.RSA_1024},
		{"PKCS #8 ECC", ecPEM, algorithm.ECC_256},
		{"PKCS #8 SM2", sm2File, algorithm.SM2_256},
		{"PKCS #1", file("rsa-pkcs1.pem"), algorithm.RSA_1024},
		{"SEC 1 after EC PARAMETERS", file("ec-sec1.pem"), algorithm.ECC_256},
		{"certtool's RSA key", file("certtool-rsa.pem"), algorithm.RSA_2048},
		{"tjfoc's SM2 key", file("tjfoc-sm2.pem"), algorithm.SM2_256},
		{"SM2 in SEC 1, SM2 PRIVATE KEY", file("sm2-sec1.pem"), algorithm.SM2_256},
		{"SM2 in SEC 1, EC PRIVATE KEY", file("sm2-sec1-labelled-ec.pem"), algorithm.SM2_256},
		{"SM2 PRIVATE KEY without curve", block("SM2 PRIVATE KEY", asn.Seq(version1, d, public)), algorithm.SM2_256},
		{"SM2 without public key", sm2PEM(sm2Scalar(0)), algorithm.SM2_256},
		{"SM2 with the curve inside", sm2PEM(sm2Scalar(0), curve), algorithm.SM2_256},
		{"SM2 with both inside", sm2PEM(sm2Scalar(0), curve, public), algorithm.SM2_256},
		{"SM2 under SM2, SM2", block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idSM2, idSM2), inner)), algorithm.SM2_256},
		{"SM2 under SM2, NULL", block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idSM2, null), inner)), algorithm.SM2_256},
		{"SM2 under SM2", block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idSM2), inner)), algorithm.SM2_256},

		{"CRLF", crlf(rsaPEM), algorithm.RSA_1024},
		{"CRLF around a parameters block", crlf(file("ec-sec1.pem")), algorithm.ECC_256},
		{"a byte-order mark", append([]byte("\xef\xbb\xbf"), sm2File...), algorithm.SM2_256},
		{"no last line break", bytes.TrimSpace(ecPEM), algorithm.ECC_256},
		{"spaces at the ends of lines", bytes.ReplaceAll(ecPEM, []byte("\n"), []byte(" \t\n")), algorithm.ECC_256},
		{"text around", join([]byte("Bag Attributes\n    friendlyName: a\nKey Attributes: <No Attributes>\n"), ecPEM, []byte("the end")), algorithm.ECC_256},
		{"a certificate in front", file("with-certificate.pem"), algorithm.ECC_256},
		{"a certificate at the end", join(ecPEM, certificate), algorithm.ECC_256},
		{"certificates on both sides", join(certificate, certificate, ecPEM, certificate), algorithm.ECC_256},
		{"a public key in front", join(block("PUBLIC KEY", testkeys.PublicDER(t, testkeys.Key(algorithm.ECC_256, 1).Public())), ecPEM), algorithm.ECC_256},
		{"a header that means nothing", bytes.Replace(ecPEM, []byte("KEY-----\n"), []byte("KEY-----\nComment: mine\n\n"), 1), algorithm.ECC_256},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := bytes.Clone(tt.text)
			key, err := algorithm.ParsePrivateKey(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.text, text); diff != "" {
				t.Errorf("ParsePrivateKey changed its input (-before +after):\n%s", diff)
			}
			clear(text) // the key must not depend on it
			if key.Algorithm() != tt.a {
				t.Errorf("Algorithm() = %s, want %s", key.Algorithm(), tt.a)
			}
			want, err := testkeys.Key(tt.a, 0).PEM()
			if err != nil {
				t.Fatal(err)
			}
			got, err := key.PEM()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("another key (-want +got):\n%s", diff)
			}
		})
	}
}

// A refusedPrivateKey is one row of refusedPrivateKeys.
type refusedPrivateKey struct {
	name    string
	text    []byte
	message string
}

// refusedPrivateKeys are texts that ParsePrivateKey refuses. FuzzParsePrivateKey
// starts from them too.
func refusedPrivateKeys(t testing.TB) []refusedPrivateKey {
	const (
		none        = "the text holds no private key in PEM (PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY): "
		missing     = none + "-----BEGIN is missing"
		damaged     = none + "its PEM block is damaged; want -----BEGIN, base64 and -----END on lines of their own"
		utf16       = none + "it is UTF-16 text; save it as UTF-8"
		tooLong     = "octets; want at most "
		explicit    = "the key's curve is given by explicit parameters, which are not exactly the parameters of P-256, P-384, P-521 or SM2"
		two         = "the text holds more than one private key"
		encrypted   = "the private key is encrypted; read it with ParseEncryptedPrivateKey and its password"
		oldForm     = "the private key is encrypted in the old form with Proc-Type and DEK-Info (RFC 1421); convert it with openssl pkcs8 -topk8"
		notSequence = "the private key is not one DER SEQUENCE"
		notPKCS8    = "the private key is not the PKCS #8 key that its PEM label says"
		notPKCS1    = "the private key is not the PKCS #1 key that its PEM label says"
		notSEC1     = "the private key is not the SEC 1 key that its PEM label says"
		notSM2      = "the private key is not the ECPrivateKey (RFC 5915) that its PEM label says"
		label       = "the PEM label of the private key is not supported"
		scalar      = "the SM2 private key is not a number from 1 to n-2"
		foreign     = "the SM2 private key holds a public key that does not belong to it"
	)
	file := func(name string) []byte { return readFile(t, filepath.Join("privatekey", name)) }
	rsaPEM, ecPEM, sm2File := testkeys.PEM(algorithm.RSA_1024, 0), testkeys.PEM(algorithm.ECC_256, 0), testkeys.PEM(algorithm.SM2_256, 0)
	rsaDER, ecDER, sm2DER := testutil.FirstPEM(t, rsaPEM), testutil.FirstPEM(t, ecPEM), testutil.FirstPEM(t, sm2File)
	pkcs1, sec1 := testutil.FirstPEM(t, file("rsa-pkcs1.pem")), asn.Seq(version1, asn.TLV(asn1.OCTET_STRING, bytes.Repeat([]byte{7}, 32)), asn.TLV(curveTag, idP256))

	n := sm2.P256().Params().N
	offset := func(by int64) []byte { return sm2Number(new(big.Int).Add(n, big.NewInt(by))) }
	own := sm2Scalar(0)
	curve, public := asn.TLV(curveTag, idSM2), asn.TLV(publicTag, asn.Bits(sm2Point(t, 0)))
	d := asn.TLV(asn1.OCTET_STRING, own)
	compressed := readDER(t, "publickey/refused-sm2-compressed.pem")
	certificate := bytes.Split(file("with-certificate.pem"), []byte("-----BEGIN PRIVATE"))[0]
	for _, good := range [][]byte{block("EC PRIVATE KEY", sec1), sm2PEM(own, curve, public), sm2PEM(offset(-2)), sm2PEM(sm2Number(big.NewInt(1)))} {
		if _, err := algorithm.ParsePrivateKey(good); err != nil {
			t.Fatalf("before any change: %v", err)
		}
	}

	return []refusedPrivateKey{
		// The text.
		{"nothing", nil, missing},
		{"no PEM", []byte("hunter2-hunter2-hunter2"), missing},
		{"DER", rsaDER, none + "it is DER; convert it to PEM"},
		{"only a certificate", bytes.Split(file("with-certificate.pem"), []byte("-----BEGIN PRIVATE"))[0], "the text holds no private key, only a PEM block CERTIFICATE; want PRIVATE KEY"},
		{"a public key", readFile(t, "publickey/sm2.pem"), "the text holds no private key, only a PEM block PUBLIC KEY; want PRIVATE KEY"},
		{"a block whose label is not one", block("not A LABEL", ecDER), "only a PEM block of an unknown kind"},
		{"a certificate and a damaged key", join(certificate, bytes.Split(ecPEM, []byte("-----END"))[0]), damaged},
		{"no end", bytes.Split(ecPEM, []byte("-----END"))[0], damaged},
		{"another end", bytes.Replace(ecPEM, []byte("END PRIVATE"), []byte("END PUBLIC"), 1), damaged},
		{"one line", bytes.ReplaceAll(ecPEM, []byte("\n"), []byte(" ")), damaged},
		{"line breaks as backslash and n", bytes.ReplaceAll(ecPEM, []byte("\n"), []byte(`\n`)), damaged},
		{"broken base64", bytes.Replace(ecPEM, []byte("MIG"), []byte("M!G"), 1), damaged},
		{"UTF-16, little endian", []byte(testutil.UTF16(binary.LittleEndian, "\ufeff"+string(ecPEM))), utf16},
		{"UTF-16, big endian", []byte(testutil.UTF16(binary.BigEndian, "\ufeff"+string(ecPEM))), utf16},
		{"UTF-16 without a byte-order mark", []byte(testutil.UTF16(binary.LittleEndian, string(ecPEM))), utf16},
		{"UTF-16 without a byte-order mark, big endian", []byte(testutil.UTF16(binary.BigEndian, "a key:\n"+string(ecPEM))), utf16},
		{"a text above 1 MiB", join(bytes.Repeat([]byte("\n"), 1<<20), ecPEM), tooLong + "1048576"},
		{"the same key twice", join(ecPEM, ecPEM), two},
		{"two keys", join(ecPEM, sm2File), two},
		{"two keys, the second broken", join(ecPEM, block("PRIVATE KEY", []byte{1})), two},
		{"two keys, the second encrypted", join(ecPEM, file("refused-encrypted-ec.pem")), two},
		{"two keys, the second of an unknown label", join(ecPEM, block("OPENSSH PRIVATE KEY", []byte{1})), two},
		{"two keys and a byte-order mark", join([]byte("\xef\xbb\xbf"), ecPEM, sm2File), two},
		{"two keys and a certificate between them", join(ecPEM, file("with-certificate.pem")), two},

		// Encrypted.
		{"encrypted PKCS #8", file("refused-encrypted-pkcs8.pem"), encrypted},
		{"encrypted PKCS #1", file("refused-encrypted-rsa.pem"), oldForm},
		{"encrypted SEC 1", file("refused-encrypted-ec.pem"), oldForm},
		{"encrypted, without DEK-Info", bytes.Replace(file("rsa-pkcs1.pem"), []byte("KEY-----\n"), []byte("KEY-----\nProc-Type: 4,ENCRYPTED\n\n"), 1), oldForm},

		// Kinds.
		{"Ed25519", file("refused-ed25519.pem"), "the key's algorithm is not supported: Ed25519 (1.3.101.112); want RSA"},
		{"X25519", block("PRIVATE KEY", asn.Seq(version0, asn.Seq(asn.OID("\x2b\x65\x6e")), asn.TLV(asn1.OCTET_STRING, asn.Octets(make([]byte, 32))))), "X25519 (1.3.101.110)"},
		{"Ed448", block("PRIVATE KEY", asn.Seq(version0, asn.Seq(asn.OID("\x2b\x65\x71")), asn.TLV(asn1.OCTET_STRING, asn.Octets(make([]byte, 57))))), "Ed448 (1.3.101.113)"},
		{"P-224", file("refused-p224.pem"), "the key's curve is not supported: P-224 (1.3.132.0.33); want P-256, P-384, P-521 or SM2"},
		{"P-224 in SEC 1", block("EC PRIVATE KEY", asn.Seq(version1, asn.TLV(asn1.OCTET_STRING, bytes.Repeat([]byte{7}, 28)), asn.TLV(curveTag, asn.OID("\x2b\x81\x04\x00\x21")))), "the key's curve is not supported: P-224 (1.3.132.0.33)"},
		{"secp256k1", file("refused-secp256k1.pem"), "the key's curve is not supported: secp256k1 (1.3.132.0.10)"},
		{"RSA 1536", file("refused-rsa1536.pem"), "an RSA key of 1536 bits is not supported"},
		{"RSA exponent 3", file("refused-rsa-exponent3.pem"), "the RSA exponent 3 is not an odd number"},
		{"RSA-PSS", file("refused-rsa-pss.pem"), "the key's algorithm is not supported: RSASSA-PSS (1.2.840.113549.1.1.10); want RSA (rsaEncryption"},
		{"DSA", file("refused-dsa.pem"), label + ": a DSA key cannot be used"},
		{"DSA in PKCS #8", file("refused-dsa-pkcs8.pem"), "the key's algorithm is not supported: DSA (1.2.840.10040.4.1)"},
		{"OpenSSH", block("OPENSSH PRIVATE KEY", []byte("openssh-key-v1\x00")), label + ": it is in the format of OpenSSH; convert it with ssh-keygen -p -m PKCS8"},
		{"an unknown label", block("MY OWN PRIVATE KEY", ecDER), label + ": a PEM block MY OWN PRIVATE KEY; want PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY"},

		// Labels and contents that do not match.
		{"PKCS #8 as PKCS #1", block("RSA PRIVATE KEY", rsaDER), notPKCS1},
		{"PKCS #8 as SEC 1", block("EC PRIVATE KEY", ecDER), notSEC1},
		{"PKCS #8 as SM2", block("SM2 PRIVATE KEY", sm2DER), notSM2},
		{"PKCS #1 as PKCS #8", block("PRIVATE KEY", pkcs1), notPKCS8},
		{"PKCS #1 as SEC 1", block("EC PRIVATE KEY", pkcs1), notSEC1},
		{"SEC 1 as PKCS #8", block("PRIVATE KEY", sec1), notPKCS8},
		{"SEC 1 as PKCS #1", block("RSA PRIVATE KEY", sec1), notPKCS1},
		{"P-256 in SEC 1 as SM2", block("SM2 PRIVATE KEY", sec1), notSM2},
		{"SM2 in SEC 1 as PKCS #8", block("PRIVATE KEY", asn.Seq(version1, d, curve)), notPKCS8},
		{"SM2 in SEC 1 without curve", block("EC PRIVATE KEY", asn.Seq(version1, d)), notSEC1},

		// DER.
		{"an empty block", block("PRIVATE KEY"), notSequence},
		{"a byte", block("PRIVATE KEY", []byte{0x30}), notSequence},
		{"a number", block("PRIVATE KEY", version0), notSequence},
		{"an empty sequence", block("PRIVATE KEY", asn.Seq()), notPKCS8},
		{"PKCS #8 cut short", block("PRIVATE KEY", rsaDER[:len(rsaDER)-1]), notSequence},
		{"SM2 PKCS #8 cut short", block("PRIVATE KEY", sm2DER[:len(sm2DER)-1]), notSequence},
		{"PKCS #8 and a byte", block("PRIVATE KEY", rsaDER, []byte{0}), notSequence},
		{"SM2 PKCS #8 and a byte", block("PRIVATE KEY", sm2DER, []byte{0}), notSequence},
		{"PKCS #1 and a byte", block("RSA PRIVATE KEY", pkcs1, []byte{0}), notSequence},
		{"SEC 1 and a byte", block("EC PRIVATE KEY", sec1, []byte{0}), notSequence},
		{"SM2 SEC 1 and a byte", block("SM2 PRIVATE KEY", testutil.FirstPEM(t, bytes.SplitN(file("sm2-sec1.pem"), []byte("END SM2 PARAMETERS-----"), 2)[1]), []byte{0}), notSequence},
		{"an indefinite length", block("PRIVATE KEY", testutil.Hex("3080"), sm2DER[3:], testutil.Hex("0000")), notSequence},
		{"bytes after the inner RSA key", block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idRSA, null), asn.TLV(asn1.OCTET_STRING, pkcs1, []byte{0}))), notPKCS8},
		{"bytes after the inner SM2 key", block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idEC, idSM2), asn.TLV(asn1.OCTET_STRING, asn.Seq(version1, d), []byte{0}))), notSM2},
		{"bytes in the inner SM2 key", sm2PEM(own, null), notSM2},
		{"bytes in its curve", sm2PEM(own, asn.TLV(curveTag, idSM2, null)), notSM2},
		{"bytes in its public key", sm2PEM(own, asn.TLV(publicTag, asn.Bits(sm2Point(t, 0)), null)), foreign},

		// Scalars.
		{"P-256 scalar 0", block("EC PRIVATE KEY", asn.Seq(version1, asn.TLV(asn1.OCTET_STRING, make([]byte, 32)), asn.TLV(curveTag, idP256))), notSEC1},
		{"P-256 scalar n", block("EC PRIVATE KEY", asn.Seq(version1, asn.TLV(asn1.OCTET_STRING, elliptic.P256().Params().N.Bytes()), asn.TLV(curveTag, idP256))), notSEC1},
		{"SM2 scalar 0", sm2PEM(make([]byte, 32)), scalar},
		{"SM2 scalar n-1", sm2PEM(offset(-1)), scalar},
		{"SM2 scalar n", sm2PEM(offset(0)), scalar},
		{"SM2 scalar n+1", sm2PEM(offset(1)), scalar},
		{"SM2 scalar 2^256-1", sm2PEM(bytes.Repeat([]byte{0xff}, 32)), scalar},
		{"SM2 scalar of no octets", sm2PEM(nil), scalar},
		{"SM2 scalar of 33 octets", sm2PEM(append([]byte{0}, own...)), scalar},
		{"SM2 scalar 0, SEC 1", block("EC PRIVATE KEY", asn.Seq(version1, asn.TLV(asn1.OCTET_STRING, make([]byte, 32)), curve)), scalar},
		{"SM2 scalar n-1, SEC 1", block("SM2 PRIVATE KEY", asn.Seq(version1, asn.TLV(asn1.OCTET_STRING, offset(-1)), curve)), scalar},

		// The rest of an SM2 key.
		{"a foreign public key", sm2PEM(own, asn.TLV(publicTag, asn.Bits(sm2Point(t, 1)))), foreign},
		{"its own public key, compressed", sm2PEM(own, asn.TLV(publicTag, asn.Bits(compressed[len(compressed)-33:]))), "it is compressed; convert the private key with openssl ec -conv_form uncompressed"},
		{"an empty public key", sm2PEM(own, asn.TLV(publicTag, asn.Bits(nil))), "it has 0 octets; want 65"},
		{"a public key that is not a BIT STRING", sm2PEM(own, asn.TLV(publicTag, asn.TLV(asn1.OCTET_STRING, sm2Point(t, 0)))), foreign},
		{"another curve inside", sm2PEM(own, asn.TLV(curveTag, idP256)), notSM2},
		{"no curve inside", sm2PEM(own, asn.TLV(curveTag)), notSM2},
		{"public key before curve", sm2PEM(own, public, curve), notSM2},
		{"ECPrivateKey of version 0", block("SM2 PRIVATE KEY", asn.Seq(version0, d, curve)), notSM2},
		{"ECPrivateKey of version 2", block("SM2 PRIVATE KEY", asn.Seq(small(2), d, curve)), notSM2},
		{"no key inside", block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idEC, idSM2))), notPKCS8},
		{"no OCTET STRING inside", block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idEC, idSM2), asn.Bits(asn.Seq(version1, d)))), notPKCS8},
	}
}

func TestParsePrivateKeyRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range refusedPrivateKeys(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key, err := algorithm.ParsePrivateKey(tt.text)
			if key != nil {
				t.Errorf("ParsePrivateKey = %v with its error", key)
			}
			testutil.CheckKeyError(t, err, tt.message)
			wantNoQuote(t, err, tt.text)
		})
	}
}

// wantNoQuote checks that neither an error nor any cause of it holds a piece of
// the text, its PEM labels aside.
func wantNoQuote(t *testing.T, err error, text []byte) {
	t.Helper()
	const piece = 10
	var said strings.Builder
	var collect func(error)
	collect = func(err error) {
		said.WriteString(err.Error() + "\n")
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			for _, err := range many.Unwrap() {
				collect(err)
			}
		}
		if cause := errors.Unwrap(err); cause != nil {
			collect(cause)
		}
	}
	collect(err)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		for i := 0; i+piece <= len(line) && !strings.HasPrefix(line, "-----"); i++ {
			if strings.Contains(said.String(), line[i:i+piece]) {
				t.Errorf("error %q quotes %q", err, line[i:i+piece])
			}
		}
	}
}

// An RSA key with inconsistent numbers is refused in every form.
func TestParsePrivateKeyInconsistentRSA(t *testing.T) {
	t.Parallel()
	key, other := rsaKey(t, algorithm.RSA_1024, 0), rsaKey(t, algorithm.RSA_1024, 1)
	fields := func() []*big.Int {
		return []*big.Int{new(big.Int), key.N, big.NewInt(65537), key.D, key.Primes[0], key.Primes[1], key.Precomputed.Dp, key.Precomputed.Dq, key.Precomputed.Qinv}
	}
	encoded := func(fields []*big.Int) []byte {
		var parts [][]byte
		for _, n := range fields {
			parts = append(parts, integer(n))
		}
		return asn.Seq(parts...)
	}
	if _, err := algorithm.ParsePrivateKey(block("RSA PRIVATE KEY", encoded(fields()))); err != nil {
		t.Fatalf("before any change: %v", err)
	}
	for i, name := range []string{"version", "modulus", "exponent", "d", "p", "q"} {
		for change, number := range map[string]*big.Int{
			"another's": []*big.Int{big.NewInt(7), other.N, big.NewInt(65539), other.D, other.Primes[0], other.Primes[1]}[i],
			"negative":  new(big.Int).Sub(big.NewInt(-1), fields()[i]),
			"zero":      new(big.Int),
		} {
			if name == "version" && change != "another's" {
				continue // the first number is the version, where crypto/x509 accepts -1
			}
			numbers := fields()
			numbers[i] = number
			der := encoded(numbers)
			for _, text := range [][]byte{
				block("RSA PRIVATE KEY", der),
				block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idRSA, null), asn.TLV(asn1.OCTET_STRING, der))),
			} {
				key, err := algorithm.ParsePrivateKey(text)
				if err == nil {
					t.Errorf("%s %s: ParsePrivateKey = %v", change, name, key)
					continue
				}
				testutil.CheckKeyError(t, err, "private key is not the PKCS #")
				wantNoQuote(t, err, text)
			}
		}
	}
}

func FuzzParsePrivateKey(f *testing.F) {
	for _, a := range testkeys.All {
		f.Add(testkeys.PEM(a, 0))
	}
	files, err := filepath.Glob("testdata/privatekey/*.pem")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range files {
		f.Add(readFile(f, filepath.Join("privatekey", filepath.Base(file))))
	}
	for _, row := range refusedPrivateKeys(f) {
		f.Add(row.text)
	}
	for a, curve := range ecCurves {
		for _, text := range explicitForms(a, parametersOf(curve).encode()) {
			f.Add(text)
		}
	}
	for _, row := range otherCurves() {
		for _, text := range explicitForms(row.a, row.parameters) {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := algorithm.ParsePrivateKey(text)
		if err != nil {
			if key != nil {
				t.Errorf("key %v with error %v", key, err)
			}
			testutil.CheckKeyError(t, err, " ")
			return
		}
		if err := algorithm.Check(key.Public()); err != nil {
			t.Errorf("Check of what was parsed: %v", err)
		}
		encoded, err := key.PEM()
		if err != nil {
			t.Fatal(err)
		}
		back, err := algorithm.ParsePrivateKey(encoded)
		if err != nil {
			t.Fatalf("reading back: %v", err)
		}
		if back.Algorithm() != key.Algorithm() || !testutil.EqualKeys(key.Public(), back.Public()) {
			t.Error("another key was read back")
		}
		again, err := back.PEM()
		if err != nil || !bytes.Equal(encoded, again) {
			t.Errorf("written another way the second time, or %v", err)
		}
	})
}

// tjfoc/gmsm writes the scalar without its leading zeros.
func TestParsePrivateKeyPadsSM2Scalar(t *testing.T) {
	t.Parallel()
	d := big.NewInt(0x1234)
	got, err := algorithm.ParsePrivateKey(pem.EncodeToMemory(&pem.Block{Type: "SM2 PRIVATE KEY", Bytes: asn.Seq(asn.TLV(2, []byte{1}), asn.TLV(4, d.Bytes()))}))
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 the replacements know only the NIST curves
	x, y := sm2.P256().ScalarBaseMult(d.Bytes())
	//lint:ignore SA1019 the replacements know only the NIST curves
	if want := (&ecdsa.PublicKey{Curve: sm2.P256(), X: x, Y: y}); !want.Equal(got.Public()) {
		t.Error("another key")
	}
}
