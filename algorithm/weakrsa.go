package algorithm

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"sync"
)

const (
	// maxSmallPrime is the largest prime looked for as a factor, as in Boulder's goodkey.
	maxSmallPrime = 751

	// maxROCAPrime is the largest prime of the ROCA fingerprint. Infineon's library built the primes of keys from 992
	// bits on from the primes up to 353 at least, so that nothing is lost over the usual
	// fingerprint, which stops at 167 to cover 512 bits, while a false alarm falls from one in 2^27 to one in 2^83.
	maxROCAPrime = 353

	// fermatRounds is how many values of a the search for close primes tries, as in Boulder's goodkey.
	fermatRounds = 110

	// squares64 has bit d set when d is a square modulo 64.
	squares64 uint64 = 0x0202021202030213
)

// weakRSA says why the RSA modulus must not be trusted, or "" when no known weakness shows.
// The modulus is odd and has at least 1024 bits. It is public, so nothing here runs in constant time.
func weakRSA(n *big.Int) string {
	// CVE-2017-15361: the primes were k*M + 65537^a mod M with M the product of the first primes, so that n is a power
	// of 65537 modulo each of them (Nemec et al., The Return of Coppersmith's Attack, ACM CCS 2017).
	roca := true
	for _, g := range primeGroups() {
		r := modWord(n, g.product)
		for i := range g.primes {
			p := &g.primes[i]
			rp := r % p.p
			if rp == 0 {
				return fmt.Sprintf("the modulus is divisible by %d", p.p)
			}
			roca = roca && (p.powers == nil || p.powers[rp])
		}
	}
	if roca {
		return "the modulus carries the ROCA fingerprint (CVE-2017-15361)"
	}
	if closePrimes(n) {
		return "the modulus is the product of two close primes"
	}
	return ""
}

// closePrimes reports whether Fermat's method factors the odd n: whether one of the first fermatRounds values of a from
// √n up makes a²-n a square b², and so n = (a-b)(a+b). It finds |p-q| up to about 2^(nlen/4 + 5), the keys of
// CVE-2022-26320; the 2^(nlen/2 - 100) that FIPS 186-5, A.1.3, asks of whoever makes a key cannot be seen from outside.
func closePrimes(n *big.Int) bool {
	// a²-n is formed only where it is a square modulo 64 and modulo the primes of the first group: with 64-bit words
	// those up to 53, and less than one value in 10^5.
	a := ceilSqrt(n)
	g := primeGroups()[0]
	nr, ar := modWord(n, g.product), modWord(a, g.product)
	nlow, alow := uint(n.Bits()[0]), uint(a.Bits()[0])
	maybeSquare := func(i uint) bool {
		if x := alow + i; squares64>>((x*x-nlow)%64)&1 == 0 {
			return false
		}
		for j := range g.primes {
			p := &g.primes[j]
			x := (ar%p.p + i) % p.p
			if p.squares>>((x*x+p.p-nr%p.p)%p.p)&1 == 0 {
				return false
			}
		}
		return true
	}
	for i := range uint(fermatRounds) {
		if !maybeSquare(i) {
			continue
		}
		b2 := new(big.Int).SetUint64(uint64(i))
		b2.Add(b2, a)
		b2.Mul(b2, b2).Sub(b2, n)
		b := new(big.Int).Sqrt(b2)
		if b.Mul(b, b).Cmp(b2) == 0 {
			return true
		}
	}
	return false
}

// ceilSqrt returns ⌈√n⌉. A big.Float comes to the root with fewer divisions of full length than a big.Int.
func ceilSqrt(n *big.Int) *big.Int {
	x := new(big.Float).SetPrec(uint(n.BitLen())/2 + 64).SetInt(n)
	a, _ := x.Sqrt(x).Int(nil) // ⌊√n⌋, or ⌈√n⌉ where the root was rounded up to it
	if new(big.Int).Mul(a, a).Cmp(n) < 0 {
		a.Add(a, big.NewInt(1))
	}
	return a
}

// modWord returns n mod m. It allocates nothing and takes half the time of big.Int.Mod.
func modWord(n *big.Int, m uint) uint {
	var r uint
	words := n.Bits()
	for i := len(words) - 1; i >= 0; i-- {
		_, r = bits.Div(r, uint(words[i]), m)
	}
	return r
}

// A primeGroup holds primes whose product fits a word, so that one reduction of n serves them all.
type primeGroup struct {
	product uint
	primes  []smallPrime
}

type smallPrime struct {
	p       uint
	squares uint64 // bit d is set when d is a square modulo p; zero for p above 64
	powers  []bool // which residues are powers of 65537 modulo p; nil for p above maxROCAPrime
}

// primeGroups returns the odd primes up to maxSmallPrime, ascending.
var primeGroups = sync.OnceValue(func() []primeGroup {
	groups := []primeGroup{{product: 1}}
	for p := uint(3); p <= maxSmallPrime; p += 2 {
		if !big.NewInt(int64(p)).ProbablyPrime(0) { // exact below 2^64
			continue
		}
		sp := smallPrime{p: p}
		if p < 64 {
			for x := range p {
				sp.squares |= 1 << (x * x % p)
			}
		}
		if p <= maxROCAPrime {
			sp.powers = make([]bool, p)
			for x := uint(1); !sp.powers[x]; x = x * 65537 % p {
				sp.powers[x] = true
			}
		}
		if groups[len(groups)-1].product > math.MaxUint/p {
			groups = append(groups, primeGroup{product: 1})
		}
		g := &groups[len(groups)-1]
		g.product *= p
		g.primes = append(g.primes, sp)
	}
	return groups
})
