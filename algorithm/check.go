package algorithm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"

	"github.com/yuncert/yuncert"
)

// A KeyPolicy changes the rules of [Check] for a service. The zero KeyPolicy
// changes nothing and is a good choice.
type KeyPolicy struct {
	// MinRSABits is the shortest RSA modulus that passes, in bits. Zero means
	// 1024, the shortest that [Check] knows; today's clients want 2048.
	MinRSABits int

	// SmallExponents accepts the RSA exponents 3 and 17, which old devices still
	// use. Otherwise they are refused (NIST SP 800-56B, section 6.4.1). Other
	// exponents below 65537 are always refused.
	SmallExponents bool

	// Blocked reports whether a key is known to be compromised. It gets the
	// SHA-256 digest of the key's SubjectPublicKeyInfo in the DER form of
	// [MarshalPublicKey], even if an SM2 key arrived in another encoding. It is
	// asked last, only about keys that pass all other rules, and must be safe for
	// concurrent use. Nil blocks no key.
	Blocked func(spkiSHA256 [sha256.Size]byte) bool
}

// Check refuses public keys that are unsupported or weak. This module applies it
// to every key it reads: from a CSR, from a certificate or from a signer. A key
// passes if
//
//   - [Of] knows its algorithm;
//   - RSA: the modulus is odd, the exponent is odd and from 65537 to 2^31-1 (NIST
//     SP 800-56B, section 6.4.1; common software verifies no larger one), and the
//     modulus has no small prime factor, no close primes and no ROCA fingerprint
//     (CVE-2017-15361);
//   - ECC and SM2: the point is on the curve and is not at infinity.
//
// The error is [yuncert.ErrInvalidValueMalformed] and its message says why.
// RSA_1024 passes here; each operation says whether it accepts it.
func Check(pub crypto.PublicKey) error { return KeyPolicy{}.Check(pub) }

// Check is the function [Check] under the policy. A blocked key is
// [yuncert.ErrInvalidValueMalformed], and an RSA key shorter than MinRSABits is
// [yuncert.ErrInvalidParameter].
func (p KeyPolicy) Check(pub crypto.PublicKey) error {
	a, err := Of(pub)
	if err != nil {
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
	if a.Family() == "RSA" && a.KeySize() < p.MinRSABits {
		return yuncert.Errorf(yuncert.ErrInvalidParameter, "", "the key is %s; want an RSA key of at least %d bits", a, p.MinRSABits)
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

func (p KeyPolicy) checkRSA(pub *rsa.PublicKey) error {
	small := p.SmallExponents && (pub.E == 3 || pub.E == 17)
	switch {
	case pub.N.Bit(0) == 0:
		return malformed("the RSA modulus is even, so it is not a product of two odd primes")
	case !small && (pub.E < 65537 || pub.E%2 == 0 || pub.E > 1<<31-1):
		return malformed("the RSA exponent %d is not an odd number from 65537 to 2^31-1", pub.E)
	}
	if weakness := weakRSA(pub.N); weakness != "" {
		return malformed("the RSA key is weak: %s", weakness)
	}
	return nil
}
