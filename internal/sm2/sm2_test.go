//lint:file-ignore SA1019 the fields X, Y and D of crypto/ecdsa and the methods of crypto/elliptic are deprecated for replacements that know only the NIST curves

package sm2

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	stdasn1 "encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	gmsm "github.com/emmansun/gmsm/sm2"
	"github.com/google/go-cmp/cmp"
	tjfoc "github.com/tjfoc/gmsm/sm2"

	"github.com/yuncert/yuncert/internal/testutil"
)

// The example of GB/T 32918.5-2017 (GM/T 0003.5-2012), annex A, for signing.
const (
	exampleKey     = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
	examplePoint   = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
	exampleMessage = "message digest"
	exampleDigest  = "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
	exampleR       = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
	exampleS       = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)

// Upstream issue 560: on amd64 with BMI2 and ADX, v0.26.1 to v0.44.0 lose a
// carry in a field multiplication and refuse this signature of a zero digest.
const (
	issue560Point     = "04ef4de57af00ae424c00c4caadff7193f804a19dd73a7e2954db9d0d15ab4cbba67728c3f4572878b7a674735da9fde1682fe2d9e0799c4a5cde57e3d473039a2"
	issue560Signature = "3046022100be0ea64e1ec06f0d247093f3ccbbadcfb6260224272f86ddb78326e7cd6c7560022100e9f6ab2fcc48a2cef94838e66b5c7e21fd8e4de25990dd98ca5243f4966f2853"
)

// The generic arithmetic of crypto/elliptic over math/big checks the engine
// independently. It works because a = -3 on this curve too.
var generic = &elliptic.CurveParams{
	Name: "sm2p256v1", BitSize: 256,
	P:  integer("fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff"),
	N:  integer("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123"),
	B:  integer("28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"),
	Gx: integer("32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"),
	Gy: integer("bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"),
}

// The generic arithmetic uses the NIST curves without initialising them, so parallel
// tests would race.
var _ = elliptic.P256()

func integer(s string) *big.Int { return new(big.Int).SetBytes(testutil.Hex(s)) }

// offset returns v + n.
func offset(v *big.Int, n int64) *big.Int { return new(big.Int).Add(v, big.NewInt(n)) }

func scalar(v *big.Int) []byte { return v.FillBytes(make([]byte, size)) }

func uncompressed(x, y *big.Int) []byte {
	return append(append([]byte{4}, scalar(x)...), scalar(y)...)
}

func encode(t testing.TB, r, s *big.Int) []byte {
	t.Helper()
	der, err := stdasn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func newKey(t testing.TB, d []byte) *PrivateKey {
	t.Helper()
	k, err := NewPrivateKey(d)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// seededKey gives the same key for the same seed.
func seededKey(t testing.TB, seed int) *PrivateKey {
	t.Helper()
	d := sha256.Sum256(fmt.Appendf(nil, "key %d", seed))
	d[0] = 0 // below n
	return newKey(t, d[:])
}

func parseKey(t testing.TB, point string) *ecdsa.PublicKey {
	t.Helper()
	pub, err := ParsePublicKey(testutil.Hex(point))
	if err != nil {
		t.Fatal(err)
	}
	return pub
}

func digest(t testing.TB, pub *ecdsa.PublicKey, userID string, message []byte) []byte {
	t.Helper()
	e, err := Digest(pub, userID, message)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func sign(t testing.TB, k *PrivateKey, e []byte) []byte {
	t.Helper()
	sig, err := k.SignDigest(e)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// verifyGeneric is VerifyDigest over the generic arithmetic.
func verifyGeneric(pub *ecdsa.PublicKey, e, sig []byte) bool {
	var v struct{ R, S *big.Int }
	if rest, err := stdasn1.Unmarshal(sig, &v); err != nil || len(rest) > 0 {
		return false
	}
	if der, err := stdasn1.Marshal(v); err != nil || !bytes.Equal(der, sig) {
		return false
	}
	n := generic.N
	if len(e) != size || v.R.Sign() <= 0 || v.S.Sign() <= 0 || v.R.Cmp(n) >= 0 || v.S.Cmp(n) >= 0 {
		return false
	}
	t := new(big.Int).Add(v.R, v.S)
	if t.Mod(t, n).Sign() == 0 {
		return false
	}
	x1, y1 := generic.ScalarBaseMult(v.S.Bytes())
	x2, y2 := generic.ScalarMult(pub.X, pub.Y, t.Bytes())
	x, y := generic.Add(x1, y1, x2, y2)
	if x.Sign() == 0 && y.Sign() == 0 {
		return false
	}
	x.Add(x, new(big.Int).SetBytes(e))
	return x.Mod(x, n).Cmp(v.R) == 0
}

func TestParameters(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(generic, P256().Params(), cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })); diff != "" {
		t.Errorf("P256 mismatch (-standard +engine):\n%s", diff)
	}
	want := scalar(offset(generic.P, -3))
	for _, v := range []*big.Int{generic.B, generic.Gx, generic.Gy} {
		want = append(want, scalar(v)...)
	}
	if !bytes.Equal(domain, want) {
		t.Errorf("domain = %x, want %x", domain, want)
	}
	for _, tt := range []struct {
		name  string
		bound *[4]uint64
		want  *big.Int
	}{
		{"prime", &prime, generic.P},
		{"order", &order, generic.N},
		{"orderMinus1", &orderMinus1, offset(generic.N, -1)},
	} {
		for d, below := range map[int64]bool{-1: true, 0: false, 1: false} {
			if got := less((*[size]byte)(scalar(offset(tt.want, d))), tt.bound); got != below {
				t.Errorf("%s: less(bound%+d) = %v", tt.name, d, got)
			}
		}
	}
}

func TestStandardExample(t *testing.T) {
	t.Parallel()
	k := newKey(t, testutil.Hex(exampleKey))
	point, err := PublicKeyBytes(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(point); got != examplePoint {
		t.Errorf("public key = %s, want %s", got, examplePoint)
	}
	e := digest(t, parseKey(t, examplePoint), UserID, []byte(exampleMessage))
	if got := hex.EncodeToString(e); got != exampleDigest {
		t.Errorf("Digest = %s, want %s", got, exampleDigest)
	}
	if !VerifyDigest(k.Public(), e, encode(t, integer(exampleR), integer(exampleS))) {
		t.Error("the signature of the standard is refused")
	}
}

func TestIssue560(t *testing.T) {
	t.Parallel()
	if !VerifyDigest(parseKey(t, issue560Point), make([]byte, size), testutil.Hex(issue560Signature)) {
		t.Error("the engine refuses a valid signature; is it older than v0.44.1?")
	}
}

// These are all powers of two and the multiples of G near 0 and n, where a windowed
// multiplication can meet the special cases of addition. The generic curve adds G
// step by step.
func TestPublicKeyOfEdgeScalars(t *testing.T) {
	t.Parallel()
	check := func(d, x, y *big.Int) {
		t.Helper()
		key := newKey(t, scalar(d))
		got, err := PublicKeyBytes(key.Public())
		if err != nil {
			t.Errorf("d = %x: %v", d, err)
		} else if want := uncompressed(x, y); !bytes.Equal(got, want) {
			t.Errorf("d = %x: public key %x, want %x", d, got, want)
		}
		own := key.PublicBytes()
		if !bytes.Equal(own, got) {
			t.Errorf("d = %x: PublicBytes %x, want %x", d, own, got)
		}
		clear(own)
		if !bytes.Equal(key.PublicBytes(), got) {
			t.Errorf("d = %x: PublicBytes is not a copy", d)
		}
	}
	x, y := generic.Gx, generic.Gy
	for d := int64(1); d <= 100; d++ {
		check(big.NewInt(d), x, y)
		if d > 1 { // n-1 is not a private key
			check(offset(generic.N, -d), x, new(big.Int).Sub(generic.P, y))
		}
		x, y = generic.Add(x, y, generic.Gx, generic.Gy)
	}
	x, y = generic.Gx, generic.Gy
	for i := range uint(256) {
		check(new(big.Int).Lsh(big.NewInt(1), i), x, y)
		x, y = generic.Double(x, y)
	}
	// From the tests of the engine.
	check(offset(generic.N, -3),
		integer("a97f7cd4b3c993b4be2daa8cdb41e24ca13f6bd945302244e26918f1d0509ebf"),
		integer("acf4a2267397710a333a313f758deaf083bff11932fbad6e555322fc8ba70919"))
}

// Verifying computes [s]G + [t]Q with t = r + s. The test chooses s and t and
// computes a digest that fits. It covers every pair of edge scalars, including equal
// and opposite points.
func TestVerifyEdgeScalars(t *testing.T) {
	t.Parallel()
	n := generic.N
	var edges []*big.Int
	for _, d := range []int64{1, 2, 3, 6, 31, 32, 33} {
		edges = append(edges, big.NewInt(d), offset(n, -d))
	}
	edges = append(edges, new(big.Int).Lsh(big.NewInt(1), 128), new(big.Int).Rsh(n, 1))
	for _, d := range []*big.Int{big.NewInt(1), big.NewInt(2), offset(n, -2), offset(n, -6), integer(exampleKey)} {
		pub := newKey(t, scalar(d)).Public()
		for _, s := range edges {
			x1, y1 := generic.ScalarBaseMult(s.Bytes())
			for _, u := range edges {
				r := new(big.Int).Sub(u, s)
				if r.Mod(r, n).Sign() == 0 {
					continue
				}
				du := new(big.Int).Mul(d, u)
				x2, y2 := generic.ScalarBaseMult(du.Mod(du, n).Bytes())
				x, y := generic.Add(x1, y1, x2, y2)
				infinity := x.Sign() == 0 && y.Sign() == 0
				e := new(big.Int).Sub(r, x)
				if got := VerifyDigest(pub, scalar(e.Mod(e, n)), encode(t, r, s)); got == infinity {
					t.Errorf("d = %x, s = %x, r+s = %x: %v", d, s, u, got)
				}
			}
		}
	}
}

// A refusedPoint is one row of refusedPoints.
type refusedPoint struct {
	name  string
	point []byte
}

// refusedPoints are octets that ParsePublicKey refuses. FuzzVerifyDigest starts from
// them too.
func refusedPoints(t testing.TB) []refusedPoint {
	good := testutil.Hex(examplePoint)
	with := func(at int, v *big.Int) []byte {
		b := bytes.Clone(good)
		v.FillBytes(b[at : at+size])
		return b
	}
	// x = 1 and x + p are the same point for code that reduces first.
	small, y := smallX(t)
	return []refusedPoint{
		{"nothing", nil},
		{"infinity", []byte{0}},
		{"(0, 0)", append([]byte{4}, make([]byte, 2*size)...)},
		{"compressed, even y", append([]byte{2}, good[1:1+size]...)},
		{"compressed, odd y", append([]byte{3}, good[1:1+size]...)},
		{"hybrid", append([]byte{7}, good[1:]...)},
		{"no first octet", good[1:]},
		{"short", good[:pointSize-1]},
		{"long", append(bytes.Clone(good), 0)},
		{"off the curve", with(1+size, offset(new(big.Int).SetBytes(good[1+size:]), 1))},
		{"x = p", with(1, generic.P)},
		{"y = p", with(1+size, generic.P)},
		{"x above p, on the curve once reduced", uncompressed(new(big.Int).Add(small, generic.P), y)},
		{"x all ones", with(1, new(big.Int).SetBytes(bytes.Repeat([]byte{0xff}, size)))},
	}
}

func TestParsePublicKeyRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range refusedPoints(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if pub, err := ParsePublicKey(tt.point); err == nil {
				t.Errorf("ParsePublicKey(%x) = %v", tt.point, pub)
			}
		})
	}
	small, y := smallX(t)
	if _, err := ParsePublicKey(uncompressed(small, y)); err != nil {
		t.Errorf("x = %d: %v", small, err)
	}
}

// smallX finds a point whose x + p still fits in 32 octets.
func smallX(t testing.TB) (x, y *big.Int) {
	t.Helper()
	for i := range int64(100) {
		x = big.NewInt(i)
		rhs := new(big.Int).Exp(x, big.NewInt(3), nil)
		rhs.Sub(rhs, big.NewInt(3*i)).Add(rhs, generic.B).Mod(rhs, generic.P)
		if y = new(big.Int).ModSqrt(rhs, generic.P); y != nil {
			return x, y
		}
	}
	t.Fatal("no point with a small x")
	return nil, nil
}

// Every function refuses invalid keys that a caller filled in.
func TestAssembledPublicKeyRefused(t *testing.T) {
	t.Parallel()
	k := newKey(t, testutil.Hex(exampleKey))
	e := testutil.Hex(exampleDigest)
	sig := sign(t, k, e)
	tests := []struct {
		name   string
		change func(pub *ecdsa.PublicKey) *ecdsa.PublicKey
	}{
		{"nil", func(*ecdsa.PublicKey) *ecdsa.PublicKey { return nil }},
		{"zero", func(*ecdsa.PublicKey) *ecdsa.PublicKey { return new(ecdsa.PublicKey) }},
		{"nil curve", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.Curve = nil; return p }},
		{"NIST curve", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.Curve = elliptic.P256(); return p }},
		{"tjfoc's curve", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.Curve = tjfoc.P256Sm2(); return p }},
		{"generic curve", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.Curve = generic; return p }},
		{"nil X", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.X = nil; return p }},
		{"nil Y", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.Y = nil; return p }},
		{"negative X", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.X.Neg(p.X); return p }},
		{"negative Y", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.Y.Neg(p.Y); return p }},
		{"X not reduced", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.X.Add(p.X, generic.P); return p }},
		{"Y not reduced", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.Y.Add(p.Y, generic.P); return p }},
		{"X huge", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.X.Lsh(p.X, 1000); return p }},
		{"(0, 0)", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.X, p.Y = new(big.Int), new(big.Int); return p }},
		{"off the curve", func(p *ecdsa.PublicKey) *ecdsa.PublicKey { p.X.Add(p.X, big.NewInt(1)); return p }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pub := tt.change(k.Public())
			if b, err := PublicKeyBytes(pub); err == nil {
				t.Errorf("PublicKeyBytes = %x", b)
			}
			if b, err := Digest(pub, UserID, nil); err == nil {
				t.Errorf("Digest = %x", b)
			}
			if VerifyDigest(pub, e, sig) {
				t.Error("VerifyDigest = true")
			}
		})
	}
	if !VerifyDigest(k.Public(), e, sig) {
		t.Error("a change reached the key itself")
	}
}

func TestIsPublicKey(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		pub  *ecdsa.PublicKey
		want bool
	}{
		{"nil", nil, false},
		{"zero", new(ecdsa.PublicKey), false},
		{"NIST P-256", &ecdsa.PublicKey{Curve: elliptic.P256()}, false},
		{"SM2", parseKey(t, examplePoint), true},
	} {
		if got := IsPublicKey(tt.pub); got != tt.want {
			t.Errorf("%s: IsPublicKey = %v", tt.name, got)
		}
	}
}

func TestNewPrivateKeyRange(t *testing.T) {
	t.Parallel()
	n := generic.N
	for _, tt := range []struct {
		name string
		d    []byte
		ok   bool
	}{
		{"nothing", nil, false},
		{"0", make([]byte, size), false},
		{"1", scalar(big.NewInt(1)), true},
		{"n-2", scalar(offset(n, -2)), true},
		{"n-1", scalar(offset(n, -1)), false},
		{"n", n.Bytes(), false},
		{"n+1", scalar(offset(n, 1)), false},
		{"all ones", bytes.Repeat([]byte{0xff}, size), false},
		{"31 octets", testutil.Hex(exampleKey)[1:], false},
		{"33 octets", append([]byte{0}, testutil.Hex(exampleKey)...), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k, err := NewPrivateKey(tt.d)
			if (err == nil) != tt.ok {
				t.Fatalf("NewPrivateKey: %v", err)
			}
			if !tt.ok {
				return
			}
			if !bytes.Equal(k.Bytes(), tt.d) {
				t.Errorf("Bytes = %x, want %x", k.Bytes(), tt.d)
			}
			e := testutil.Hex(exampleDigest)
			if sig := sign(t, k, e); !VerifyDigest(k.Public(), e, sig) || !verifyGeneric(k.Public(), e, sig) {
				t.Error("its signature is refused")
			}
		})
	}
}

func TestGenerateKey(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 20 {
		k, err := GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		if seen[string(k.Bytes())] {
			t.Fatal("the same key twice")
		}
		seen[string(k.Bytes())] = true
		x, y := generic.ScalarBaseMult(k.Bytes())
		if pub := k.Public(); pub.X.Cmp(x) != 0 || pub.Y.Cmp(y) != 0 {
			t.Error("the public key is not d·G")
		}
	}
}

// engineKey returns the key as a caller of the engine holds it.
func engineKey(d *big.Int) *gmsm.PrivateKey {
	key := new(gmsm.PrivateKey)
	key.Curve, key.D = P256(), d
	key.X, key.Y = P256().ScalarBaseMult(d.Bytes())
	return key
}

func TestFromEngine(t *testing.T) {
	t.Parallel()
	key, err := gmsm.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := scalar(key.D)
	k, err := FromEngine(key)
	if err != nil {
		t.Fatal(err)
	}
	pub := k.Public()
	key.D.SetInt64(5)
	key.X.SetInt64(5)
	if !bytes.Equal(k.Bytes(), d) || k.Public().X.Cmp(pub.X) != 0 {
		t.Error("changing the caller's key changed ours")
	}

	for _, tt := range []struct {
		name   string
		change func(*gmsm.PrivateKey)
	}{
		{"nil D", func(k *gmsm.PrivateKey) { k.D = nil }},
		{"nil X", func(k *gmsm.PrivateKey) { k.X = nil }},
		{"nil Y", func(k *gmsm.PrivateKey) { k.Y = nil }},
		{"nil curve", func(k *gmsm.PrivateKey) { k.Curve = nil }},
		{"NIST curve", func(k *gmsm.PrivateKey) { k.Curve = elliptic.P256() }},
		{"zero value", func(k *gmsm.PrivateKey) { k.PrivateKey = ecdsa.PrivateKey{} }},
		{"D = 0", func(k *gmsm.PrivateKey) { k.D = new(big.Int) }},
		{"negative D", func(k *gmsm.PrivateKey) { k.D.Neg(k.D) }},
		{"D + n", func(k *gmsm.PrivateKey) { k.D.Add(k.D, generic.N) }},
		{"huge D", func(k *gmsm.PrivateKey) { k.D.Lsh(k.D, 300) }},
		{"D = n-1", func(k *gmsm.PrivateKey) { k.PrivateKey = engineKey(offset(generic.N, -1)).PrivateKey }},
		{"foreign public key", func(k *gmsm.PrivateKey) { k.PublicKey = engineKey(big.NewInt(7)).PublicKey }},
		{"opposite public key", func(k *gmsm.PrivateKey) { k.Y.Sub(generic.P, k.Y) }},
		{"X not reduced", func(k *gmsm.PrivateKey) { k.X.Add(k.X, generic.P) }},
		{"(0, 0)", func(k *gmsm.PrivateKey) { k.X, k.Y = new(big.Int), new(big.Int) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key := engineKey(integer(exampleKey))
			if _, err := FromEngine(key); err != nil {
				t.Fatalf("before the change: %v", err)
			}
			tt.change(key)
			if _, err := FromEngine(key); err == nil {
				t.Error("accepted")
			}
		})
	}
	if _, err := FromEngine(nil); err == nil {
		t.Error("nil accepted")
	}
}

func TestPrivateKeyGivesCopies(t *testing.T) {
	t.Parallel()
	d := testutil.Hex(exampleKey)
	k := newKey(t, d)
	clear(d)
	clear(k.Bytes())
	pub := k.Public()
	pub.X.SetInt64(1)
	pub.Y.SetInt64(1)
	if got := hex.EncodeToString(k.Bytes()); got != exampleKey {
		t.Errorf("Bytes = %s", got)
	}
	if got, err := PublicKeyBytes(k.Public()); err != nil || hex.EncodeToString(got) != examplePoint {
		t.Errorf("Public = %x, %v", got, err)
	}
}

func TestSignDigest(t *testing.T) {
	t.Parallel()
	k := newKey(t, testutil.Hex(exampleKey))
	e := testutil.Hex(exampleDigest)
	want := sign(t, k, e)
	if !bytes.Equal(e, testutil.Hex(exampleDigest)) {
		t.Error("the digest was changed")
	}
	// Fifty times, since an engine that reads an octet at random is right half the time.
	for range 50 {
		if got := sign(t, newKey(t, testutil.Hex(exampleKey)), e); !bytes.Equal(got, want) {
			t.Fatalf("the second signature is %x, the first %x", got, want)
		}
	}
	seen := make(map[string]bool)
	for i := range 100 {
		e[31] = byte(i)
		seen[signatureR(t, sign(t, k, e)).String()] = true
		seen[signatureR(t, sign(t, seededKey(t, i), e)).String()] = true
	}
	if len(seen) != 200 {
		t.Errorf("200 signatures of different keys or digests have %d nonces", len(seen))
	}
	for _, n := range []int{0, 20, 31, 33, 64} {
		if sig, err := k.SignDigest(make([]byte, n)); err == nil {
			t.Errorf("digest of %d octets: %x", n, sig)
		}
	}
}

func signatureR(t *testing.T, sig []byte) *big.Int {
	t.Helper()
	var v struct{ R, S *big.Int }
	if _, err := stdasn1.Unmarshal(sig, &v); err != nil {
		t.Fatal(err)
	}
	return v.R
}

// A thousand signatures give one constant, with and without assembly. It may change
// only if a version of the engine derives k from our octets in another way.
func TestSignDigestAccumulated(t *testing.T) {
	t.Parallel()
	const want = "c4c6d653cefa37758efa01a33cc7382c2ee366ce1bef9d2e4953efd370b73ebb"
	h := sha256.New()
	for i := range 1000 {
		k := seededKey(t, i)
		e := digest(t, k.Public(), UserID, binary.BigEndian.AppendUint32(nil, uint32(i)))
		sig := sign(t, k, e)
		if !VerifyDigest(k.Public(), e, sig) {
			t.Fatalf("signature %d is refused", i)
		}
		h.Write(sig)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("accumulated %s, want %s", got, want)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	k := newKey(t, testutil.Hex(exampleKey))
	pub := k.Public()
	e := testutil.Hex(exampleDigest)
	want := sign(t, newKey(t, testutil.Hex(exampleKey)), e)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				sig, err := k.SignDigest(e)
				if err != nil || !bytes.Equal(sig, want) || !VerifyDigest(pub, e, sig) {
					t.Errorf("SignDigest = %x, %v", sig, err)
				}
				k.Public()
				k.Bytes()
			}
		})
	}
	wg.Wait()
}

// Python's hmac computed these blocks.
func TestNonceReader(t *testing.T) {
	t.Parallel()
	const (
		main   = "0b5b044fb65bbc5934f0781f8b7b4876db9eb4eeda6ead45d8b76f23b16276bb" + "846dea398cea7d28c050fe42143b43797b889f43a1903d1c4f99d5d6b417050e"
		single = "dda6"
	)
	d := [size]byte(testutil.Hex(exampleKey))
	for _, reads := range [][]int{
		{64},
		{32, 32},
		{40, 24},
		{2, 0, 3, 59},
		{1, 32, 32},
		{1, 1, 40, 24},
		{33, 1, 31},
	} {
		r := newNonceReader(&d, testutil.Hex(exampleDigest))
		var got, ones []byte
		for _, n := range reads {
			b := make([]byte, n)
			if _, err := io.ReadFull(r, b); err != nil {
				t.Fatal(err)
			}
			if n == 1 {
				ones = append(ones, b...)
			} else {
				got = append(got, b...)
			}
		}
		if hex.EncodeToString(got) != main {
			t.Errorf("reads of %v: %x, want %s", reads, got, main)
		}
		if !strings.HasPrefix(single, hex.EncodeToString(ones)) {
			t.Errorf("reads of %v: single octets %x, want %s", reads, ones, single)
		}
	}
}

func TestTjfocAgrees(t *testing.T) {
	t.Parallel()
	for i := range 25 {
		k := seededKey(t, i)
		pub := k.Public()
		other := &tjfoc.PrivateKey{D: new(big.Int).SetBytes(k.Bytes())}
		other.Curve = tjfoc.P256Sm2()
		other.X, other.Y = other.Curve.ScalarBaseMult(k.Bytes())
		if pub.X.Cmp(other.X) != 0 || pub.Y.Cmp(other.Y) != 0 {
			t.Fatalf("key %d: tjfoc has another public key", i)
		}
		message := bytes.Repeat([]byte("m"), 7*i)
		e := digest(t, pub, UserID, message)
		if !other.PublicKey.Verify(message, sign(t, k, e)) {
			t.Errorf("key %d: tjfoc refuses our signature", i)
		}
		sig, err := other.Sign(rand.Reader, message, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !VerifyDigest(pub, e, sig) {
			t.Errorf("key %d: we refuse tjfoc's signature %x", i, sig)
		}
		// tjfoc replaces an empty ID by the default, so a third ID is compared.
		named, err := other.PublicKey.Sm3Digest(message, []byte("ALICE123@YAHOO.COM"))
		if err != nil {
			t.Fatal(err)
		}
		if got := digest(t, pub, "ALICE123@YAHOO.COM", message); new(big.Int).SetBytes(got).Cmp(new(big.Int).SetBytes(named)) != 0 {
			t.Errorf("key %d: Digest = %x, tjfoc has %x", i, got, named)
		}
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	pub := parseKey(t, examplePoint)
	message := []byte(exampleMessage)
	seen := make(map[string]string)
	for name, e := range map[string][]byte{
		"default ID":      digest(t, pub, UserID, message),
		"empty ID":        digest(t, pub, "", message),
		"another ID":      digest(t, pub, "ALICE123@YAHOO.COM", message),
		"longest ID":      digest(t, pub, strings.Repeat("a", 8191), message),
		"another key":     digest(t, parseKey(t, issue560Point), UserID, message),
		"another message": digest(t, pub, UserID, message[1:]),
		"no message":      digest(t, pub, UserID, nil),
	} {
		if len(e) != size {
			t.Errorf("%s: %d octets", name, len(e))
		}
		if twin := seen[string(e)]; twin != "" {
			t.Errorf("%s and %s have the same digest", name, twin)
		}
		seen[string(e)] = name
	}
	if e, err := Digest(pub, strings.Repeat("a", 8192), message); err == nil {
		t.Errorf("ID of 8192 octets: %x", e)
	}
}

// SignMessage and VerifyMessage use the digest of the message.
func TestMessage(t *testing.T) {
	t.Parallel()
	k, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	pub, message := k.Public(), []byte(exampleMessage)
	sig, err := k.SignMessage(message)
	if err != nil {
		t.Fatal(err)
	}
	if want := sign(t, k, digest(t, pub, UserID, message)); !bytes.Equal(sig, want) {
		t.Errorf("SignMessage: %x, want %x", sig, want)
	}
	off := &ecdsa.PublicKey{Curve: P256(), X: pub.X, Y: new(big.Int).Add(pub.Y, big.NewInt(1))}
	tests := []struct {
		name    string
		pub     *ecdsa.PublicKey
		userID  string
		message []byte
		ok      bool
		err     bool
	}{
		{"its own", pub, UserID, message, true, false},
		{"another message", pub, UserID, message[1:], false, false},
		{"another ID", pub, "", message, false, false},
		{"another key", parseKey(t, issue560Point), UserID, message, false, false},
		{"an ID that is too long", pub, strings.Repeat("a", 8192), message, false, true},
		{"a key off the curve", off, UserID, message, false, true},
		{"no key", nil, UserID, message, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if ok, err := VerifyMessage(tt.pub, tt.userID, tt.message, sig); ok != tt.ok || (err != nil) != tt.err {
				t.Errorf("VerifyMessage: %t, %v, want %t, error %t", ok, err, tt.ok, tt.err)
			}
		})
	}
}

func TestVerifyDigestRefusesEveryChange(t *testing.T) {
	t.Parallel()
	pub := parseKey(t, examplePoint)
	e := testutil.Hex(exampleDigest)
	sig := encode(t, integer(exampleR), integer(exampleS))
	for _, tt := range []struct {
		name  string
		bytes []byte
	}{{"signature", sig}, {"digest", e}} {
		for i := range tt.bytes {
			t.Run(fmt.Sprintf("%s octet %d", tt.name, i), func(t *testing.T) {
				t.Parallel()
				e, sig := bytes.Clone(e), bytes.Clone(sig)
				b := sig
				if tt.name == "digest" {
					b = e
				}
				for x := 1; x < 256; x++ {
					if testing.Short() && x&(x-1) != 0 {
						continue // single bits only
					}
					b[i] = tt.bytes[i] ^ byte(x)
					if VerifyDigest(pub, e, sig) {
						t.Errorf("accepted with %#02x", b[i])
					}
				}
			})
		}
	}
	for i := range sig {
		if VerifyDigest(pub, e, sig[:i]) {
			t.Errorf("accepted when cut to %d octets", i)
		}
	}
	for i := range size {
		if VerifyDigest(pub, e[:i], sig) {
			t.Errorf("accepted with %d octets of the digest", i)
		}
	}
	if VerifyDigest(pub, append(bytes.Clone(e), 0), sig) {
		t.Error("accepted with 33 octets of digest")
	}
	if VerifyDigest(parseKey(t, issue560Point), e, sig) {
		t.Error("accepted under another key")
	}
}

// A refusedSignature is one row of refusedSignatures.
type refusedSignature struct {
	name string
	sig  []byte
}

// refusedSignatures are signatures that VerifyDigest refuses for the example of the
// standard. FuzzVerifyDigest starts from them too.
func refusedSignatures(t testing.TB) []refusedSignature {
	pub := parseKey(t, examplePoint)
	e := testutil.Hex(exampleDigest)
	r, s, n := integer(exampleR), integer(exampleS), generic.N
	good := encode(t, r, s) // 30 46 02 21 00 r 02 21 00 s
	if !VerifyDigest(pub, e, good) {
		t.Fatal("the signature of the standard is refused")
	}
	join := func(parts ...any) []byte {
		var b []byte
		for _, p := range parts {
			switch p := p.(type) {
			case int:
				b = append(b, byte(p))
			case []byte:
				b = append(b, p...)
			}
		}
		return b
	}
	R, S := r.Bytes(), s.Bytes()
	return []refusedSignature{
		{"nothing", nil},
		{"trailing octet", append(bytes.Clone(good), 0)},
		{"trailing octet inside", join(0x30, 0x47, good[2:], 0)},
		{"third integer", join(0x30, 0x49, good[2:], 2, 1, 1)},
		{"set", join(0x31, good[1:])},
		{"length in two octets", join(0x30, 0x81, 0x46, good[2:])},
		{"indefinite length", join(0x30, 0x80, good[2:], 0, 0)},
		{"integer's length in two octets", join(0x30, 0x47, 2, 0x81, 0x21, 0, R, 2, 0x21, 0, S)},
		{"r padded", join(0x30, 0x47, 2, 0x22, 0, 0, R, 2, 0x21, 0, S)},
		{"s padded", join(0x30, 0x47, 2, 0x21, 0, R, 2, 0x22, 0, 0, S)},
		{"r without its sign octet", join(0x30, 0x45, 2, 0x20, R, 2, 0x21, 0, S)},
		{"r empty", join(0x30, 0x25, 2, 0, 2, 0x21, 0, S)},
		{"r || s", join(R, S)},
		{"r an octet string", join(0x30, 0x46, 4, good[3:])},
		{"r = 0", encode(t, new(big.Int), s)},
		{"s = 0", encode(t, r, new(big.Int))},
		{"both 0", encode(t, new(big.Int), new(big.Int))},
		{"r = n", encode(t, n, s)},
		{"s = n", encode(t, r, n)},
		{"r = n+1", encode(t, offset(n, 1), s)},
		{"s = n+1", encode(t, r, offset(n, 1))},
		{"r + n", encode(t, new(big.Int).Add(r, n), s)},
		{"s + n", encode(t, r, new(big.Int).Add(s, n))},
		{"r negative", encode(t, new(big.Int).Neg(r), s)},
		{"s negative", encode(t, r, new(big.Int).Neg(s))},
		{"r - n", encode(t, new(big.Int).Sub(r, n), s)},
		{"s - n", encode(t, r, new(big.Int).Sub(s, n))},
		{"r + s = n", encode(t, r, new(big.Int).Sub(n, r))},
		{"exchanged", encode(t, s, r)},
		{"r of 100 octets", encode(t, new(big.Int).Lsh(r, 544), s)},
	}
}

func TestVerifyDigestRefusesEncodings(t *testing.T) {
	t.Parallel()
	pub, e := parseKey(t, examplePoint), testutil.Hex(exampleDigest)
	for _, tt := range refusedSignatures(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if VerifyDigest(pub, e, tt.sig) {
				t.Errorf("%x accepted", tt.sig)
			}
		})
	}
}

func TestPrivateKeyPrintsNothing(t *testing.T) {
	t.Parallel()
	k := newKey(t, testutil.Hex(exampleKey))
	d := integer(exampleKey)
	list := strings.Trim(fmt.Sprint(k.Bytes()), "[]")
	secrets := []string{exampleKey[:16], strings.ToUpper(exampleKey[:16]), d.String()[:16], d.Text(8)[:16], list[:20],
		fmt.Sprintf("%#v", k.Bytes()[:4])[len("[]byte{"):][:20], string(k.Bytes()[:4])}
	for _, holder := range []struct {
		name  string
		value any
	}{
		{"pointer", k},
		{"value", *k},
		{"pointer to pointer", &k},
		{"exported pointer", struct{ K *PrivateKey }{k}},
		{"exported value", struct{ K PrivateKey }{*k}},
		{"unexported pointer", struct{ k *PrivateKey }{k}},
		{"unexported value", struct{ k PrivateKey }{*k}},
		{"pointer to unexported value", &struct{ k PrivateKey }{*k}},
		{"embedded", struct{ *PrivateKey }{k}},
		{"slice", []*PrivateKey{k}},
		{"unexported slice", struct{ k []PrivateKey }{[]PrivateKey{*k}}},
		{"map", map[string]PrivateKey{"k": *k}},
		{"error", errors.Join(fmt.Errorf("with %v", k))},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%T", "%z"} {
			got := fmt.Sprintf(verb, holder.value)
			for _, s := range secrets {
				if strings.Contains(got, s) {
					t.Errorf("%s of %s prints key material", verb, holder.name)
				}
			}
		}
	}
	if got, want := fmt.Sprintf("%v", k), "sm2.PrivateKey(not shown)"; got != want {
		t.Errorf("%%v prints %q, want %q", got, want)
	}
	if got := fmt.Sprintf("%v", (*PrivateKey)(nil)); got != "<nil>" {
		t.Errorf("%%v of nil prints %q", got)
	}
}

// No error shows what was given as a private key.
func TestErrorsPrintNoKey(t *testing.T) {
	t.Parallel()
	d := bytes.Repeat([]byte{0xfe}, size+1)
	_, long := NewPrivateKey(d)
	_, large := NewPrivateKey(bytes.Repeat([]byte{0xff}, size))
	key := engineKey(integer(exampleKey))
	key.D.Add(key.D, big.NewInt(1))
	_, foreign := FromEngine(key)
	for _, err := range []error{long, large, foreign} {
		if err == nil {
			t.Fatal("accepted")
		}
		for _, s := range []string{"fefe", "ffff", "254", "255", exampleKey[:8], integer(exampleKey).String()[:8]} {
			if strings.Contains(err.Error(), s) {
				t.Errorf("%q contains %q", err, s)
			}
		}
	}
}

// FuzzVerifyDigest looks for panics and for results that differ from the generic
// arithmetic.
func FuzzVerifyDigest(f *testing.F) {
	e, sig := testutil.Hex(exampleDigest), encode(f, integer(exampleR), integer(exampleS))
	f.Add(testutil.Hex(examplePoint), e, sig)
	f.Add(testutil.Hex(examplePoint), e, append(bytes.Clone(sig), 0))
	f.Add(testutil.Hex(examplePoint), e[1:], sig)
	for _, row := range refusedPoints(f) {
		f.Add(row.point, e, sig)
	}
	for _, row := range refusedSignatures(f) {
		f.Add(testutil.Hex(examplePoint), e, row.sig)
	}
	f.Add(testutil.Hex(issue560Point), make([]byte, size), testutil.Hex(issue560Signature))
	f.Add(make([]byte, pointSize), e, sig)
	f.Add([]byte{}, []byte{}, []byte{})
	k := newKey(f, scalar(offset(generic.N, -2)))
	f.Add(uncompressed(k.Public().X, k.Public().Y), e, sign(f, k, e))
	f.Add(testutil.Hex(examplePoint), e, encode(f, new(big.Int), generic.N))
	f.Fuzz(func(t *testing.T, point, e, sig []byte) {
		pub, err := ParsePublicKey(point)
		if err != nil {
			half := len(point) / 2
			pub = &ecdsa.PublicKey{Curve: P256(), X: new(big.Int).SetBytes(point[:half]), Y: new(big.Int).SetBytes(point[half:])}
			if _, err := PublicKeyBytes(pub); err != nil {
				if VerifyDigest(pub, e, sig) {
					t.Error("accepted under an invalid key")
				}
				return
			}
		} else if back, err := PublicKeyBytes(pub); err != nil || !bytes.Equal(back, point) {
			t.Errorf("PublicKeyBytes = %x, %v, want %x", back, err, point)
		}
		if got, want := VerifyDigest(pub, e, sig), verifyGeneric(pub, e, sig); got != want {
			t.Errorf("VerifyDigest = %v, the generic arithmetic says %v", got, want)
		}
	})
}

// ratio reports the time of ours divided by the time of as many bare calls of the
// engine.
func ratio(b *testing.B, engine func()) {
	b.Helper()
	start := time.Now()
	for range b.N {
		engine()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(time.Since(start)), "x/engine")
}

func BenchmarkSignDigest(b *testing.B) {
	k := newKey(b, testutil.Hex(exampleKey))
	e := testutil.Hex(exampleDigest)
	for b.Loop() {
		if _, err := k.SignDigest(e); err != nil {
			b.Fatal(err)
		}
	}
	key := engineKey(integer(exampleKey))
	ratio(b, func() {
		if _, err := key.Sign(rand.Reader, e, nil); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkVerifyDigest(b *testing.B) {
	pub := parseKey(b, examplePoint)
	e := testutil.Hex(exampleDigest)
	sig := encode(b, integer(exampleR), integer(exampleS))
	for b.Loop() {
		if !VerifyDigest(pub, e, sig) {
			b.Fatal("refused")
		}
	}
	ratio(b, func() {
		if !gmsm.VerifyASN1(pub, e, sig) {
			b.Fatal("refused")
		}
	})
}
