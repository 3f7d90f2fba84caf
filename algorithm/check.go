package algorithm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
)

// A Policy says what a service asks of public keys beyond the rules of [Check],
// or lets pass. The zero Policy is those rules alone, and a good one.
type Policy struct {
	// SmallExponents lets the RSA exponents 3 and 17 pass, which old devices still
	// have. False refuses them, as NIST SP 800-56B, section 6.4.1, does. No other
	// exponent below 65537 ever passes.
	SmallExponents bool

	// Blocked reports whether a key is known to be compromised, by the SHA-256 of
	// its DER SubjectPublicKeyInfo as [MarshalPublicKey] writes it: for an SM2 key
	// that came in another encoding that is not the digest of what came. It is
	// called once a key has passed all other rules, from as many goroutines as call
	// this module. Nil blocks none.
	Blocked func(spkiSHA256 [sha256.Size]byte) bool
}

// Check judges whether a public key may be trusted with a signature. It is
// applied to every key that enters this module, in a CSR or behind a signer:
//
//   - a key that [Of] knows;
//   - RSA: odd modulus, odd exponent from 65537 to 2^31-1 (NIST SP 800-56B,
//     section 6.4.1, and what common software verifies), no prime factor that
//     a table finds, no close primes, no ROCA fingerprint (CVE-2017-15361);
//   - ECC and SM2: a point on the curve that is not at infinity.
//
// A key that fails is [yuncert.ErrInvalidValueMalformed]; the message says why.
// RSA_1024 passes: which operation accepts it is that operation's rule.
func Check(pub crypto.PublicKey) error { return Policy{}.Check(pub) }

// Check is the function [Check] with what the policy lets pass or blocks
// besides. A blocked key is [yuncert.ErrInvalidValueMalformed] too.
func (p Policy) Check(pub crypto.PublicKey) error {
	if _, err := Of(pub); err != nil {
		return err
	}
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		if err := p.checkRSA(pub); err != nil {
			return err
		}
	case *ecdsa.PublicKey:
		if _, err := pointBytes(pub); err != nil {
			return err
		}
	}
	if p.Blocked == nil {
		return nil
	}
	der, err := MarshalPublicKey(pub)
	if err != nil {
		return err
	}
	if p.Blocked(sha256.Sum256(der)) {
		return malformed("the key is blocked: it is known to be compromised")
	}
	return nil
}

func (p Policy) checkRSA(pub *rsa.PublicKey) error {
	small := p.SmallExponents && (pub.E == 3 || pub.E == 17)
	switch {
	case pub.N.Bit(0) == 0:
		return malformed("the RSA modulus is even: it is no product of two odd primes")
	case !small && (pub.E < 65537 || pub.E%2 == 0 || pub.E > 1<<31-1):
		return malformed("the RSA exponent %d is not an odd number from 65537 to 2^31-1", pub.E)
	}
	if weakness := weakRSA(pub.N); weakness != "" {
		return malformed("the RSA key is weak: %s", weakness)
	}
	return nil
}
