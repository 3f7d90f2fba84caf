package algorithm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
)

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
func Check(pub crypto.PublicKey) error {
	if _, err := Of(pub); err != nil {
		return err
	}
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		return checkRSA(pub)
	case *ecdsa.PublicKey:
		_, err := pointBytes(pub)
		return err
	}
	return nil
}

func checkRSA(pub *rsa.PublicKey) error {
	switch {
	case pub.N.Bit(0) == 0:
		return malformed("the RSA modulus is even: it is no product of two odd primes")
	case pub.E < 65537 || pub.E%2 == 0 || pub.E > 1<<31-1:
		return malformed("the RSA exponent %d is not an odd number from 65537 to 2^31-1", pub.E)
	}
	if weakness := weakRSA(pub.N); weakness != "" {
		return malformed("the RSA key is weak: %s", weakness)
	}
	return nil
}
