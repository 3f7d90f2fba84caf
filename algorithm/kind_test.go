package algorithm_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// ecParameters are the members of ECParameters (RFC 3279, section 2.3.5), each as
// DER.
type ecParameters struct {
	version, prime, a, b, seed, base, order, cofactor []byte
}

func parametersOf(curve elliptic.Curve) *ecParameters {
	c := curve.Params()
	size := (c.BitSize + 7) / 8
	octets := func(n *big.Int) []byte { return n.FillBytes(make([]byte, size)) }
	return &ecParameters{
		version:  small(1),
		prime:    asn.Seq(asn.OID("\x2a\x86\x48\xce\x3d\x01\x01"), integer(c.P)),
		a:        asn.Octets(octets(new(big.Int).Sub(c.P, big.NewInt(3)))),
		b:        asn.Octets(octets(c.B)),
		base:     asn.Octets([]byte{4}, octets(c.Gx), octets(c.Gy)),
		order:    integer(c.N),
		cofactor: small(1),
	}
}

func (p *ecParameters) encode() []byte {
	return asn.Seq(p.version, p.prime, asn.Seq(p.a, p.b, p.seed), p.base, p.order, p.cofactor)
}

// scalarOf returns the octets of an ECC or SM2 test key.
func scalarOf(a algorithm.Algorithm) []byte {
	if a == algorithm.SM2_256 {
		return sm2Scalar(0)
	}
	size := (testkeys.Key(a, 0).Public().(*ecdsa.PublicKey).Curve.Params().BitSize + 7) / 8
	return testkeys.Numbers(a, 0)[0].FillBytes(make([]byte, size))
}

// explicitForms returns an ECC or SM2 test key with those parameters in every form
// that holds them.
func explicitForms(a algorithm.Algorithm, parameters []byte) map[string][]byte {
	d := asn.Octets(scalarOf(a))
	with, without := asn.Seq(version1, d, asn.TLV(curveTag, parameters)), asn.Seq(version1, d)
	return map[string][]byte{
		"SEC 1":                  block("EC PRIVATE KEY", with),
		"PKCS #8":                block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idEC, parameters), asn.Octets(without))),
		"PKCS #8, twice":         block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idEC, parameters), asn.Octets(with))),
		"PKCS #8 and attributes": block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idEC, parameters), asn.Octets(without), asn.TLV(curveTag))),
	}
}

var ecCurves = map[algorithm.Algorithm]elliptic.Curve{
	algorithm.ECC_256: elliptic.P256(), algorithm.ECC_384: elliptic.P384(), algorithm.ECC_512: elliptic.P521(), algorithm.SM2_256: sm2.P256(),
}

// Explicit parameters of a supported curve stand for its name.
func TestParsePrivateKeyExplicitCurve(t *testing.T) {
	t.Parallel()
	for a, curve := range ecCurves {
		for change, parameters := range map[string]func(p *ecParameters){
			"as they are":        func(*ecParameters) {},
			"with a seed":        func(p *ecParameters) { p.seed = asn.Bits(make([]byte, 20)) },
			"version 3":          func(p *ecParameters) { p.version = small(3) },
			"b without its zero": func(p *ecParameters) { p.b = asn.Octets(curve.Params().B.Bytes()) },
		} {
			p := parametersOf(curve)
			parameters(p)
			for form, text := range explicitForms(a, p.encode()) {
				t.Run(string(a)+"/"+form+"/"+change, func(t *testing.T) {
					t.Parallel()
					key, err := algorithm.ParsePrivateKey(text)
					if err != nil {
						t.Fatal(err)
					}
					samePEM(t, testkeys.Key(a, 0), key)
				})
			}
		}
	}
	t.Run("from openssl", func(t *testing.T) {
		t.Parallel()
		key, err := algorithm.ParsePrivateKey(readFile(t, "privatekey/explicit.pem"))
		if err != nil || key.Algorithm() != algorithm.ECC_256 {
			t.Errorf("ParsePrivateKey = %v, %v", key, err)
		}
	})
}

func samePEM(t *testing.T, want, got *algorithm.PrivateKey) {
	t.Helper()
	wantText, err := want.PEM()
	if err != nil {
		t.Fatal(err)
	}
	gotText, err := got.PEM()
	if err != nil || !bytes.Equal(wantText, gotText) {
		t.Errorf("another key, or %v", err)
	}
}

// A change of any member makes another curve, the generator too (CVE-2020-0601).
func TestParsePrivateKeyRefusesOtherCurves(t *testing.T) {
	t.Parallel()
	for _, tt := range otherCurves() {
		for form, text := range explicitForms(tt.a, tt.parameters) {
			t.Run(string(tt.a)+"/"+tt.name+"/"+form, func(t *testing.T) {
				t.Parallel()
				key, err := algorithm.ParsePrivateKey(text)
				if key != nil {
					t.Errorf("ParsePrivateKey = %v with its error", key)
				}
				testutil.CheckKeyError(t, err, "explicit parameters, which are not exactly the parameters of P-256, P-384, P-521 or SM2")
				wantNoQuote(t, err, text)
			})
		}
	}
}

type otherCurve struct {
	a          algorithm.Algorithm
	name       string
	parameters []byte
}

// otherCurves are the parameters of each supported curve with one change.
// FuzzParsePrivateKey starts from them too.
func otherCurves() (list []otherCurve) {
	for a, curve := range ecCurves {
		c := curve.Params()
		size := (c.BitSize + 7) / 8
		octets := func(n *big.Int) []byte { return n.FillBytes(make([]byte, size)) }
		plus := func(n *big.Int, by int64) *big.Int { return new(big.Int).Add(n, big.NewInt(by)) }
		//lint:ignore SA1019 the replacements know only the NIST curves
		x2, y2 := curve.Double(c.Gx, c.Gy)
		for name, change := range map[string]func(p *ecParameters){
			"version 0": func(p *ecParameters) { p.version = small(0) },
			"version 4": func(p *ecParameters) { p.version = small(4) },
			"another prime": func(p *ecParameters) {
				p.prime = asn.Seq(asn.OID("\x2a\x86\x48\xce\x3d\x01\x01"), integer(plus(c.P, 2)))
			},
			"a negative prime": func(p *ecParameters) {
				p.prime = asn.Seq(asn.OID("\x2a\x86\x48\xce\x3d\x01\x01"), integer(new(big.Int).Neg(c.P)))
			},
			"a binary field":    func(p *ecParameters) { p.prime = asn.Seq(asn.OID("\x2a\x86\x48\xce\x3d\x01\x02"), integer(c.P)) },
			"more in the field": func(p *ecParameters) { p.prime = asn.Seq(asn.OID("\x2a\x86\x48\xce\x3d\x01\x01"), integer(c.P), null) },
			"another a":         func(p *ecParameters) { p.a = asn.Octets(octets(plus(c.P, -4))) },
			"a longer a":        func(p *ecParameters) { p.a = asn.Octets([]byte{1}, octets(plus(c.P, -3))) },
			"another b":         func(p *ecParameters) { p.b = asn.Octets(octets(plus(c.B, 1))) },
			"an empty b":        func(p *ecParameters) { p.b = asn.Octets() },
			"a seed of octets":  func(p *ecParameters) { p.seed = asn.Octets(make([]byte, 20)) },
			"another generator": func(p *ecParameters) { p.base = asn.Octets([]byte{4}, octets(x2), octets(y2)) },
			"-G": func(p *ecParameters) {
				p.base = asn.Octets([]byte{4}, octets(c.Gx), octets(new(big.Int).Sub(c.P, c.Gy)))
			},
			"the own public key": func(p *ecParameters) { p.base = asn.Octets(ownPoint(a)) },
			"a hybrid generator": func(p *ecParameters) { p.base = asn.Octets([]byte{6 + byte(c.Gy.Bit(0))}, octets(c.Gx), octets(c.Gy)) },
			"no generator":       func(p *ecParameters) { p.base = asn.Octets() },
			"another order":      func(p *ecParameters) { p.order = integer(plus(c.N, 1)) },
			"an order of 1":      func(p *ecParameters) { p.order = small(1) },
			"cofactor 2":         func(p *ecParameters) { p.cofactor = small(2) },
			"cofactor 0":         func(p *ecParameters) { p.cofactor = small(0) },
			"no cofactor":        func(p *ecParameters) { p.cofactor = nil },
			"more at the end":    func(p *ecParameters) { p.cofactor = join(small(1), null) },
			"nothing":            func(p *ecParameters) { *p = ecParameters{} },
			"a huge prime": func(p *ecParameters) {
				p.prime = asn.Seq(asn.OID("\x2a\x86\x48\xce\x3d\x01\x01"), integer(new(big.Int).Lsh(c.P, 40000)))
			},
			"another curve's prime": func(p *ecParameters) { p.prime = parametersOf(elliptic.P224()).prime },
		} {
			p := parametersOf(curve)
			change(p)
			list = append(list, otherCurve{a, name, p.encode()})
		}
	}
	return list
}

// ownPoint returns the uncompressed point of a test key.
func ownPoint(a algorithm.Algorithm) []byte {
	pub := testkeys.Key(a, 0).Public().(*ecdsa.PublicKey)
	size := (pub.Curve.Params().BitSize + 7) / 8
	//lint:ignore SA1019 the replacements know only the NIST curves
	return join([]byte{4}, pub.X.FillBytes(make([]byte, size)), pub.Y.FillBytes(make([]byte, size)))
}

// A public key with explicit parameters is refused, even if they describe its curve.
func TestParsePublicKeyExplicitCurve(t *testing.T) {
	t.Parallel()
	for a, curve := range ecCurves {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			_, err := algorithm.ParsePublicKey(asn.Seq(asn.Seq(idEC, parametersOf(curve).encode()), asn.Bits(ownPoint(a))))
			testutil.CheckKeyError(t, err, "explicit parameters", "openssl ec -param_enc named_curve")
		})
	}
}

// The length of every number of an RSA key is checked before anything is computed:
// each of these keys would get another message from the arithmetic.
func TestParsePrivateKeyChecksLengthsFirst(t *testing.T) {
	t.Parallel()
	key := rsaKey(t, algorithm.RSA_1024, 0)
	numbers := func() []*big.Int {
		return []*big.Int{new(big.Int), key.N, big.NewInt(65537), key.D, key.Primes[0], key.Primes[1], key.Precomputed.Dp, key.Precomputed.Dq, key.Precomputed.Qinv}
	}
	// d plus a multiple of (p-1)(q-1) is as good as d, and crypto/x509 accepts it.
	order := new(big.Int).Mul(new(big.Int).Sub(key.Primes[0], big.NewInt(1)), new(big.Int).Sub(key.Primes[1], big.NewInt(1)))
	huge := func(bits uint) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return n.Add(n, big.NewInt(1))
	}
	others := asn.Seq(asn.Seq(small(3), small(3), small(3)))
	for _, tt := range []struct {
		name    string
		change  func(numbers []*big.Int)
		more    []byte
		message string
	}{
		{"a modulus of 65536 bits", func(n []*big.Int) { n[1] = huge(65536) }, nil, "an RSA key of 65536 bits is not supported"},
		{"a modulus of 2047 bits", func(n []*big.Int) { n[1] = huge(2047) }, nil, "an RSA key of 2047 bits is not supported"},
		{"a modulus of 262144 bits", func(n []*big.Int) { n[1] = huge(262144) }, nil, "octets; want at most 16384"},
		{"a long d", func(n []*big.Int) { n[3] = new(big.Int).Add(key.D, new(big.Int).Lsh(order, 4000)) }, nil, "is not the PKCS #"},
		{"three primes", func(n []*big.Int) { n[0] = big.NewInt(1) }, others, "the RSA private key has more than 2 primes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list := numbers()
			tt.change(list)
			var parts [][]byte
			for _, n := range list {
				parts = append(parts, integer(n))
			}
			der := asn.Seq(append(parts, tt.more)...)
			for _, text := range [][]byte{
				block("RSA PRIVATE KEY", der),
				block("PRIVATE KEY", asn.Seq(version0, asn.Seq(idRSA, null), asn.TLV(asn1.OCTET_STRING, der))),
			} {
				_, err := algorithm.ParsePrivateKey(text)
				testutil.CheckKeyError(t, err, tt.message)
			}
		})
	}
}
