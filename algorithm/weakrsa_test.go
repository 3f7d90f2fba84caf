package algorithm

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

const (
	messageROCA  = "the modulus carries the ROCA fingerprint (CVE-2017-15361)"
	messageClose = "the modulus is the product of two close primes"
)

var bigOne = big.NewInt(1)

// ordinaryModuli returns the moduli of keys made by OpenSSL, with 1024, 2048, 3072 and 4096 bits.
func ordinaryModuli(t testing.TB) []*big.Int {
	t.Helper()
	text, err := os.ReadFile("testdata/weakrsa/ordinary.txt")
	if err != nil {
		t.Fatal(err)
	}
	var moduli []*big.Int
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		n, ok := new(big.Int).SetString(strings.TrimSpace(line), 16)
		if !ok {
			t.Fatalf("not a number: %s", line)
		}
		moduli = append(moduli, n)
	}
	return moduli
}

// seededByName returns a generator whose numbers depend only on the name of the test.
func seededByName(t testing.TB) *rand.ChaCha8 {
	return rand.NewChaCha8(sha256.Sum256([]byte(t.Name())))
}

// randomOdd returns an odd number of exactly size bits. Its two top bits are set, as in the primes of a key.
func randomOdd(rng *rand.ChaCha8, size int) *big.Int {
	b := make([]byte, size/8)
	rng.Read(b)
	b[0] |= 0xc0
	b[len(b)-1] |= 1
	return new(big.Int).SetBytes(b)
}

// nextPrime returns the smallest prime that is at least n. n must be odd.
func nextPrime(n *big.Int) *big.Int {
	p := new(big.Int).Set(n)
	for !p.ProbablyPrime(0) {
		p.Add(p, big.NewInt(2))
	}
	return p
}

// primesUpTo returns the primes from 3 up to limit, and their product.
func primesUpTo(limit int64) (primes []int64, product *big.Int) {
	product = big.NewInt(1)
	for p := int64(3); p <= limit; p += 2 {
		if new(big.Int).GCD(nil, nil, product, big.NewInt(p)).Cmp(bigOne) == 0 && big.NewInt(p).ProbablyPrime(20) {
			primes = append(primes, p)
			product.Mul(product, big.NewInt(p))
		}
	}
	return primes, product
}

// powerOf65537 reports whether r is a power of 65537 modulo the prime p. The group is cyclic, so r is such a
// power if raising it to the order of 65537 gives 1.
func powerOf65537(r, p int64) bool {
	order := int64(1)
	for x := int64(65537) % p; x != 1; x = x * 65537 % p {
		order++
	}
	return new(big.Int).Exp(big.NewInt(r), big.NewInt(order), big.NewInt(p)).Cmp(bigOne) == 0
}

// fermatRound returns the round of Fermat's method, counted from 1, that factors the odd n; 0 if none does.
func fermatRound(n *big.Int, rounds int) int {
	a := new(big.Int).Sqrt(n)
	if new(big.Int).Mul(a, a).Cmp(n) != 0 {
		a.Add(a, bigOne)
	}
	for round := 1; round <= rounds; round++ {
		b2 := new(big.Int).Mul(a, a)
		b2.Sub(b2, n)
		b := new(big.Int).Sqrt(b2)
		if b.Mul(b, b).Cmp(b2) == 0 {
			return round
		}
		a.Add(a, bigOne)
	}
	return 0
}

// plainWeakRSA is weakRSA without its optimisations.
func plainWeakRSA(n *big.Int) string {
	primes, _ := primesUpTo(751)
	roca := true
	for _, p := range primes {
		r := new(big.Int).Mod(n, big.NewInt(p)).Int64()
		if r == 0 {
			return fmt.Sprintf("the modulus is divisible by %d", p)
		}
		roca = roca && (p > 353 || powerOf65537(r, p))
	}
	switch {
	case roca:
		return messageROCA
	case fermatRound(n, 110) != 0:
		return messageClose
	}
	return ""
}

// checkWeakRSA compares the result of weakRSA with want, and checks that n does not change.
func checkWeakRSA(t *testing.T, n *big.Int, want string) {
	t.Helper()
	before := new(big.Int).Set(n)
	if got := weakRSA(n); got != want {
		t.Errorf("weakRSA(%x) = %q, want %q", before, got, want)
	}
	if n.Cmp(before) != 0 {
		t.Errorf("weakRSA(%x) left the modulus at %x", before, n)
	}
}

func TestWeakRSAOrdinary(t *testing.T) {
	t.Parallel()
	for i, n := range ordinaryModuli(t) {
		if want := []int{1024, 2048, 3072, 4096}[i]; n.BitLen() != want {
			t.Errorf("modulus %d has %d bits, want %d", i, n.BitLen(), want)
		}
		checkWeakRSA(t, n, "")
	}
}

func TestWeakRSARandom(t *testing.T) {
	t.Parallel()
	rng := seededByName(t)
	_, product := primesUpTo(751)
	sizes := []int{1024, 2048, 3072, 4096}
	for passed := 0; passed < 2000; {
		n := randomOdd(rng, sizes[passed%len(sizes)])
		if new(big.Int).GCD(nil, nil, n, product).Cmp(bigOne) == 0 {
			checkWeakRSA(t, n, "")
			passed++
		}
	}
}

func TestWeakRSASmallPrimes(t *testing.T) {
	t.Parallel()
	primes, _ := primesUpTo(751)
	if len(primes) != 132 { // π(751) is 133
		t.Fatalf("%d primes, want 132", len(primes))
	}
	for _, n := range ordinaryModuli(t) {
		for _, p := range primes {
			checkWeakRSA(t, new(big.Int).Mul(n, big.NewInt(p)), fmt.Sprintf("the modulus is divisible by %d", p))
		}
		checkWeakRSA(t, new(big.Int).Mul(n, big.NewInt(3*751)), "the modulus is divisible by 3")
		checkWeakRSA(t, new(big.Int).Mul(n, big.NewInt(757)), "") // the first prime past the limit
	}
}

// rocaPrime returns a prime as Infineon's library made them: k*M + 65537^a mod M, where M is the product of the primes
// up to limit.
func rocaPrime(rng *rand.ChaCha8, size int, limit int64) *big.Int {
	_, m := primesUpTo(limit)
	m.Lsh(m, 1)
	low := new(big.Int).Lsh(big.NewInt(3), uint(size-2))
	low.Div(low, m).Add(low, bigOne)
	span := new(big.Int).Lsh(bigOne, uint(size))
	span.Div(span, m).Sub(span, low)
	for {
		k := randomOdd(rng, 256)
		k.Mod(k, span).Add(k, low)
		a := new(big.Int).SetUint64(rng.Uint64())
		p := a.Exp(big.NewInt(65537), a, m)
		if p.Add(p, k.Mul(k, m)); p.ProbablyPrime(0) {
			return p
		}
	}
}

func TestWeakRSAROCA(t *testing.T) {
	t.Parallel()
	tests := []struct {
		bits  int
		limit int64 // the largest prime in M, which grows with the size of the key
	}{
		{1024, 353},
		{2048, 701},
		{3072, 701},
		{4096, 1427},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.bits), func(t *testing.T) {
			t.Parallel()
			rng := seededByName(t)
			p, q := rocaPrime(rng, tt.bits/2, tt.limit), rocaPrime(rng, tt.bits/2, tt.limit)
			n := new(big.Int).Mul(p, q)
			if n.BitLen() != tt.bits {
				t.Fatalf("%d bits", n.BitLen())
			}
			checkWeakRSA(t, n, messageROCA)

			// One such prime is not enough for the fingerprint.
			checkWeakRSA(t, p.Mul(p, ordinaryModuli(t)[0]), "")
		})
	}
}

// TestWeakRSANearROCA changes a vulnerable modulus modulo one prime at a time.
func TestWeakRSANearROCA(t *testing.T) {
	t.Parallel()
	rng := seededByName(t)
	n := new(big.Int).Mul(rocaPrime(rng, 1024, 701), rocaPrime(rng, 1024, 701))
	primes, product := primesUpTo(751)
	changed := 0
	for _, p := range primes {
		step := new(big.Int).Div(product, big.NewInt(p))
		step.Lsh(step, 1)
		m := new(big.Int).Set(n)
		for range p - 1 {
			m.Add(m, step)
			r := new(big.Int).Mod(m, big.NewInt(p)).Int64()
			switch {
			case r == 0:
				checkWeakRSA(t, m, fmt.Sprintf("the modulus is divisible by %d", p))
			case p > 353 || powerOf65537(r, p):
				checkWeakRSA(t, m, messageROCA)
			default:
				changed++
				checkWeakRSA(t, m, "")
			}
		}
	}
	if changed < 1000 {
		t.Errorf("only %d moduli lost the fingerprint", changed)
	}
}

// TestWeakRSATables compares the tables with published values: the masks of the first detectors of CVE-2017-15361
// (bit r is set when r is a power of 65537), and the squares by their definition.
func TestWeakRSATables(t *testing.T) {
	t.Parallel()
	masks := map[uint]uint64{3: 6, 5: 30, 7: 126, 11: 1026, 13: 5658, 17: 107286, 19: 199410, 37: 67109890, 53: 5310023542746834}
	for _, g := range primeGroups() {
		product := big.NewInt(1)
		for _, p := range g.primes {
			product.Mul(product, new(big.Int).SetUint64(uint64(p.p)))
			want, ok := masks[p.p]
			if !ok {
				continue
			}
			var mask uint64
			for r, power := range p.powers {
				if power {
					mask |= 1 << r
				}
			}
			if mask != want {
				t.Errorf("powers of 65537 modulo %d: %d, want %d", p.p, mask, want)
			}
		}
		if !product.IsUint64() || product.Uint64() != uint64(g.product) {
			t.Errorf("product %d, want %d", g.product, product)
		}
	}
	for _, p := range primeGroups()[0].primes {
		for d := range int64(p.p) {
			if got, want := p.squares>>d&1 == 1, big.Jacobi(big.NewInt(d), big.NewInt(int64(p.p))) >= 0; got != want {
				t.Errorf("%d a square modulo %d: %t, want %t", d, p.p, got, want)
			}
		}
	}
	var squares uint64
	for x := range 64 {
		squares |= 1 << (x * x % 64)
	}
	if squares != squares64 {
		t.Errorf("squares modulo 64: %#x, want %#x", squares64, squares)
	}
}

// atRound returns the smallest and the largest b for which Fermat's method finds a in the given round, so that
// (a-round)² < a²-b² <= (a-round+1)², and a²-b² is odd.
func atRound(a *big.Int, round int) (least, greatest *big.Int) {
	bound := func(x *big.Int) *big.Int { // the smallest b with a²-b² <= x²
		b2 := new(big.Int).Mul(a, a)
		b2.Sub(b2, x.Mul(x, x))
		b := new(big.Int).Sqrt(b2)
		if new(big.Int).Mul(b, b).Cmp(b2) < 0 {
			b.Add(b, bigOne)
		}
		return b
	}
	far := new(big.Int).Sub(a, big.NewInt(int64(round)))
	least = bound(new(big.Int).Add(far, bigOne))
	greatest = bound(far)
	greatest.Sub(greatest, bigOne)
	if least.Bit(0) == a.Bit(0) {
		least.Add(least, bigOne)
	}
	if greatest.Bit(0) == a.Bit(0) {
		greatest.Sub(greatest, bigOne)
	}
	return least, greatest
}

// differenceOfSquares returns a²-b².
func differenceOfSquares(a, b *big.Int) *big.Int {
	return new(big.Int).Mul(new(big.Int).Sub(a, b), new(big.Int).Add(a, b))
}

// TestClosePrimesRounds places moduli at both ends of every round.
func TestClosePrimesRounds(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1024, 2048, 3072, 4096} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			rng := seededByName(t)
			for round := 1; round <= 114; round++ {
				if size > 1024 && round > 3 && round < 108 {
					continue // the plain loop is slow
				}
				a := randomOdd(rng, size/2)
				if round%2 == 0 {
					a.Add(a, bigOne)
				}
				least, greatest := atRound(a, round)
				for _, b := range []*big.Int{least, greatest} {
					n := differenceOfSquares(a, b)
					if got := fermatRound(n, round); got != round {
						t.Fatalf("the plain loop finds %x in round %d, want %d", n, got, round)
					}
					if got, want := closePrimes(n), round <= 110; got != want {
						t.Errorf("closePrimes(%x) = %t, want %t: round %d", n, got, want, round)
					}
				}
			}
		})
	}
}

// TestWeakRSAClosePrimes uses primes whose distances lie on both sides of the limit.
func TestWeakRSAClosePrimes(t *testing.T) {
	t.Parallel()
	rng := seededByName(t)
	random := rand.New(rng)
	const cases = 60
	found := 0
	for range cases {
		p := nextPrime(randomOdd(rng, 512))
		round := int64(random.IntN(220))
		distance := new(big.Int).Mul(p, big.NewInt(2*round)) // round is about (q-p)²/8p
		distance.Sqrt(distance).Lsh(distance, 1)
		n := new(big.Int).Mul(p, nextPrime(new(big.Int).Add(p, distance)))
		want := plainWeakRSA(n)
		if want == messageClose {
			found++
		}
		checkWeakRSA(t, n, want)
	}
	if found < cases/4 || found > 3*cases/4 {
		t.Errorf("%d of %d found: the distances are not spread around the limit", found, cases)
	}

	p := nextPrime(randomOdd(rng, 512))
	checkWeakRSA(t, new(big.Int).Mul(p, p), messageClose)
	checkWeakRSA(t, new(big.Int).Mul(p, nextPrime(new(big.Int).Add(p, big.NewInt(2)))), messageClose)
}

// FuzzWeakRSA compares weakRSA with plainWeakRSA. The modulus is data or, if round is not 0, has close factors near
// data.
func FuzzWeakRSA(f *testing.F) {
	for _, n := range ordinaryModuli(f) {
		f.Add(n.Bytes(), uint8(0))
	}
	rng := seededByName(f)
	f.Add(new(big.Int).Mul(rocaPrime(rng, 512, 353), rocaPrime(rng, 512, 353)).Bytes(), uint8(0))
	f.Add([]byte{}, uint8(0))
	f.Add([]byte{}, uint8(1))
	f.Add([]byte{1}, uint8(110))
	f.Add([]byte("close"), uint8(111))
	f.Fuzz(func(t *testing.T, data []byte, round uint8) {
		b := make([]byte, min(max(128, (len(data)+127)/128*128), 512))
		copy(b, data)
		b[0] |= 0x80
		n := new(big.Int).SetBytes(b)
		if round == 0 {
			n.SetBit(n, 0, 1)
		} else {
			a := n.Rsh(n, uint(n.BitLen()/2))
			least, _ := atRound(a, int(round))
			n = differenceOfSquares(a, least)
		}
		checkWeakRSA(t, n, plainWeakRSA(n))
	})
}

// Near squares a rounded root may be next to another integer.
func TestCeilSqrt(t *testing.T) {
	t.Parallel()
	for _, bits := range []uint{1, 2, 31, 32, 33, 511, 512, 1023, 1024, 2048} {
		root := new(big.Int).Lsh(big.NewInt(1), bits) // 2^bits, the least odd number above, and the greatest below 2^(bits+1)
		for _, add := range []*big.Int{big.NewInt(0), big.NewInt(1), new(big.Int).Sub(root, big.NewInt(1))} {
			want := new(big.Int).Add(root, add)
			square := new(big.Int).Mul(want, want)
			for d, want := range map[int64]*big.Int{-1: want, 0: want, 1: new(big.Int).Add(want, big.NewInt(1))} {
				n := new(big.Int).Add(square, big.NewInt(d))
				if got := ceilSqrt(n); got.Cmp(want) != 0 {
					t.Errorf("ceilSqrt(%x) = %x, want %x", n, got, want)
				}
			}
		}
	}
}
