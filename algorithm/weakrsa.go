package algorithm

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"sync"
)

const (
	// maxSmallPrime is the largest prime tried as a factor, as in Boulder's
	// goodkey.
	maxSmallPrime = 751

	// maxROCAPrime is the largest prime of the ROCA fingerprint. The usual
	// fingerprint stops at 167 to cover keys of 512 bits. Infineon's library used
	// the primes up to 353 or more for keys from 992 bits on, so a fingerprint up
	// to 353 still finds them all, and false alarms fall from one in 2^27 to one
	// in 2^83.
	maxROCAPrime = 353

	// fermatRounds is how many values of a closePrimes tries, as in Boulder's
	// goodkey.
	fermatRounds = 110

	// maxRSABits is the length of the longest modulus that Of accepts.
	maxRSABits = 4096

	// squares64 has bit d set when d is a square modulo 64.
	squares64 uint64 = 0x0202021202030213
)

// weakRSA describes the weakness of an RSA modulus, or returns "" if it finds
// none. The modulus must be odd and have at least 1024 bits. It is public, so
// nothing here runs in constant time.
func weakRSA(n *big.Int) string {
	// CVE-2017-15361: the primes are k*M + 65537^a mod M, where M is the product
	// of the first primes. So n is a power of 65537 modulo each of them (Nemec et
	// al., The Return of Coppersmith's Attack, ACM CCS 2017).
	roca := true
	groups := primeGroups()
	for i := range groups {
		g := &groups[i]
		r := g.mod(n)
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

// closePrimes reports whether Fermat's method factors the odd n. It tries the
// first fermatRounds values of a from √n up: if a²-n is a square b², n is
// (a-b)(a+b). It finds |p-q| up to about 2^(nlen/4 + 5), which covers the keys
// of CVE-2022-26320. FIPS 186-5, A.1.3, demands a difference above
// 2^(nlen/2 - 100) when a key is made; nobody can check this from n.
func closePrimes(n *big.Int) bool {
	// Most values of a are ruled out cheaply. a²-n is computed only if it is a
	// square modulo 64 and modulo the primes of the first group: those up to 53
	// with 64-bit words, which leaves fewer than one value in 10^5.
	a := ceilSqrt(n)
	g := &primeGroups()[0]
	nr, ar := g.mod(n), g.mod(a)
	nlow, alow := uint(n.Bits()[0]), uint(a.Bits()[0])
	maybeSquare := func(i uint) bool {
		x := alow + i
		if squares64>>((x*x-nlow)%64)&1 == 0 {
			return false
		}
		for j := range g.primes {
			p := &g.primes[j]
			x = (ar%p.p + i) % p.p
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

// ceilSqrt returns ⌈√n⌉. Each step doubles the bits of the root, with one division
// half as long as in big.Int.Sqrt. The steps follow CPython's math.isqrt, whose
// source has the proof.
func ceilSqrt(n *big.Int) *big.Int {
	length := uint(n.BitLen())
	c := (length - 1) / 2 // bits of the root after its first
	step := bits.Len(c) - 1
	root, have := uint64(1), uint(0) // the bits of the root so far, after its first
	if length >= 64 {
		top := new(big.Int).Rsh(n, length-64).Uint64()
		for ; step >= 0 && c>>step <= 32; step-- {
			before := have
			have = c >> step
			root = root<<(have-before-1) + top>>(2*c+65-length-before-have)/root
		}
	}
	words := len(n.Bits()) + 2
	memory := make([]big.Word, 4*words)
	var numbers [4]big.Int // which take no other memory
	for i := range numbers {
		numbers[i].SetBits(memory[i*words : i*words : (i+1)*words])
	}
	a, part, quotient, rest := &numbers[0], &numbers[1], &numbers[2], &numbers[3]
	a.SetUint64(root)
	for ; step >= 0; step-- {
		before := have
		have = c >> step
		part.Rsh(n, 2*c-before-have+1)
		quotient.QuoRem(part, a, rest)
		a.Lsh(a, have-before-1)
		a.Add(a, quotient)
	}
	one := big.NewInt(1)
	if part.Mul(a, a).Cmp(n) > 0 { // a is ⌊√n⌋ or one more
		a.Sub(a, one)
		part.Mul(a, a)
	}
	if part.Cmp(n) < 0 {
		a.Add(a, one)
	}
	return a
}

// A primeGroup holds primes whose product fits in a word, so that n is reduced
// once for all of them.
type primeGroup struct {
	product uint
	primes  []smallPrime
	powers  [maxRSABits / bits.UintSize]uint // 2^(bits.UintSize*i) modulo product
}

// mod returns n modulo the product. Up to maxRSABits it does not allocate, and
// multiplies where big.Int.Mod divides.
func (g *primeGroup) mod(n *big.Int) uint {
	if n.BitLen() > maxRSABits {
		product := new(big.Int).SetUint64(uint64(g.product))
		return uint(product.Mod(n, product).Uint64())
	}
	var low, middle, high, carry uint
	for i, word := range n.Bits() {
		h, l := bits.Mul(uint(word), g.powers[i])
		low, carry = bits.Add(low, l, 0)
		middle, carry = bits.Add(middle, h, carry)
		high += carry
	}
	_, r := bits.Div(high%g.product, middle, g.product)
	_, r = bits.Div(r, low, g.product)
	return r
}

type smallPrime struct {
	p       uint
	squares uint64 // bit d is set when d is a square modulo p; zero for p above 64
	powers  []bool // whether each residue is a power of 65537 modulo p; nil for p above maxROCAPrime
}

// primeGroups returns the odd primes up to maxSmallPrime in ascending order.
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
	for i := range groups {
		g := &groups[i]
		power := uint(1)
		for j := range g.powers {
			g.powers[j] = power
			_, power = bits.Div(power%g.product, 0, g.product)
		}
	}
	return groups
})
