package csr_test

import (
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// withExponent makes a CSR for RSA key 0 with another exponent, if there is one
// to sign with.
func withExponent(t testing.TB, e *big.Int) (der []byte, signed bool) {
	t.Helper()
	p := newParts(t, algorithm.RSA_2048, 0)
	key := parsePKCS8[*rsa.PrivateKey](t, testutil.FirstPEM(t, testkeys.PEM(algorithm.RSA_2048, 0)))
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(key.Primes[0], one), new(big.Int).Sub(key.Primes[1], one))
	d := new(big.Int).ModInverse(e, phi)
	if signed = d != nil; !signed {
		d = key.D
	}
	p.sign = func(info []byte) []byte { return signRSA(&rsa.PrivateKey{PublicKey: key.PublicKey, D: d}, info) }
	n, err := parseNode(p.key)
	if err != nil {
		t.Fatal(err)
	}
	numbers := n.children[1].children[0]
	content := e.Bytes() // of a positive number; its upper bit clear
	if e.Sign() < 0 {
		content = []byte{byte(e.Int64())}
	} else if len(content) == 0 || content[0] >= 0x80 {
		content = append([]byte{0}, content...)
	}
	p.key = n.encode(numbers.children[1], func(tag byte, _ []byte) []byte { return append([]byte{tag, byte(len(content))}, content...) })
	return p.der(), signed
}

// An rsaExponent is one row of rsaExponents.
type rsaExponent struct {
	e       *big.Int
	says    string // "" accepts
	lenient string // to SmallExponents
}

// rsaExponents are exponents of the key in a CSR. FuzzParse starts from them too.
func rsaExponents() []rsaExponent {
	power := func(exponent uint, plus int64) *big.Int {
		e := new(big.Int).Lsh(big.NewInt(1), exponent)
		return e.Add(e, big.NewInt(plus))
	}
	const outside, tooLarge = "is not an odd number from 65537 to 2^31-1", "the RSA exponent is larger than 2^31-1"
	return []rsaExponent{
		{big.NewInt(-1), "not a pair of positive DER integers", "not a pair of positive DER integers"},
		{big.NewInt(0), outside, outside},
		{big.NewInt(1), outside, outside},
		{big.NewInt(2), outside, outside},
		{big.NewInt(3), outside, ""},
		{big.NewInt(5), outside, outside},
		{big.NewInt(17), outside, ""},
		{big.NewInt(65536), outside, outside},
		{big.NewInt(65537), "", ""},
		{power(31, -1), "", ""},
		{power(31, 1), tooLarge, tooLarge},
		{power(32, 65537), tooLarge, tooLarge},
		{power(64, 1), tooLarge, tooLarge},
		{power(64, 65537), tooLarge, tooLarge},
		{power(256, 1), tooLarge, tooLarge},
	}
}

// An exponent beyond what crypto/rsa holds is refused when it is read, and never
// cut to one that it holds.
func TestParseRSAExponents(t *testing.T) {
	t.Parallel()
	tested := 0
	for _, tt := range rsaExponents() {
		der, signed := withExponent(t, tt.e)
		for _, c := range []struct {
			policy algorithm.KeyPolicy
			says   string
		}{{algorithm.KeyPolicy{}, tt.says}, {algorithm.KeyPolicy{SmallExponents: true}, tt.lenient}} {
			if c.says == "" && !signed {
				c.says = "does not prove possession" // the key's prime is 1 modulo the exponent
			} else if c.says == "" {
				tested++
			}
			t.Run(fmt.Sprintf("%v, small ones %t", tt.e, c.policy.SmallExponents), func(t *testing.T) {
				t.Parallel()
				if c.says != "" {
					checkRefusedUnder(t, der, c.policy, c.says)
					return
				}
				r, err := csr.ParseWithPolicy(der, c.policy)
				if err != nil {
					t.Fatal(err)
				}
				if e := r.PublicKey.(*rsa.PublicKey).E; tt.e.Cmp(big.NewInt(int64(e))) != 0 {
					t.Errorf("exponent %d, want %d", e, tt.e)
				}
			})
		}
	}
	if tested < 5 {
		t.Errorf("only %d exponents were signed with and accepted", tested)
	}
}

func checkRefusedUnder(t *testing.T, data []byte, policy algorithm.KeyPolicy, says string) {
	t.Helper()
	r, err := csr.ParseWithPolicy(data, policy)
	if r != nil {
		t.Errorf("ParseWithPolicy accepted %+v", r)
	}
	testutil.CheckMessage(t, err, yuncert.ErrInvalidValueMalformed, "Csr", "")
	if !strings.Contains(err.Error(), says) {
		t.Errorf("the error %q does not say %q", err, says)
	}
}

// What the zero policy says is what Parse says, of every CSR at hand.
func TestParseWithZeroPolicy(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"accepted", "refused"} {
		files, err := os.ReadDir("testdata/" + folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			t.Run(file.Name(), func(t *testing.T) {
				t.Parallel()
				text := readFile(t, folder, strings.TrimSuffix(file.Name(), ".pem"))
				want, wantErr := csr.Parse(text)
				got, err := csr.ParseWithPolicy(text, algorithm.KeyPolicy{})
				if diff := cmp.Diff(want, got, samePublicKey); diff != "" {
					t.Errorf("mismatch (-Parse +ParseWithPolicy):\n%s", diff)
				}
				if fmt.Sprint(wantErr) != fmt.Sprint(err) {
					t.Errorf("error %v, want %v", err, wantErr)
				}
			})
		}
	}
}

func TestParseSmallExponentOfOpenSSL(t *testing.T) {
	t.Parallel()
	text := readFile(t, "refused", "rsa-e3")
	r, err := csr.ParseWithPolicy(text, algorithm.KeyPolicy{SmallExponents: true})
	if err != nil {
		t.Fatal(err)
	}
	if pub := r.PublicKey.(*rsa.PublicKey); pub.E != 3 || r.Algorithm != algorithm.RSA_2048 {
		t.Errorf("a key %s with exponent %d", r.Algorithm, pub.E)
	}
}

// The policy applies to the key in the CSR, in any encoding, before the signature is
// verified.
func TestParseBlockedKeys(t *testing.T) {
	t.Parallel()
	for name, tt := range tools {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := readFile(t, "accepted", name)
			r, err := csr.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			der, err := algorithm.MarshalPublicKey(r.PublicKey)
			if err != nil {
				t.Fatal(err)
			}
			asked := 0
			block := func(answer bool) algorithm.KeyPolicy {
				return algorithm.KeyPolicy{Blocked: func(digest [32]byte) bool {
					if asked++; digest != sha256.Sum256(der) {
						t.Errorf("asked about %x", digest)
					}
					return answer
				}}
			}
			checkRefusedUnder(t, text, block(true), "the CSR's key: the key is blocked: it is known to be compromised")
			if _, err := csr.ParseWithPolicy(text, block(false)); err != nil {
				t.Errorf("%s, not blocked: %v", tt.algorithm, err)
			}
			if asked != 2 {
				t.Errorf("asked %d times for two CSRs", asked)
			}
		})
	}
	t.Run("before the signature", func(t *testing.T) {
		t.Parallel()
		p := newParts(t, algorithm.ECC_256, 0)
		p.sign = newParts(t, algorithm.ECC_256, 1).sign
		checkRefusedUnder(t, p.der(), algorithm.KeyPolicy{Blocked: func([32]byte) bool { return true }}, "the key is blocked")
	})
}
