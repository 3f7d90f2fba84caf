package testkeys

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"

	"github.com/yuncert/yuncert/algorithm"
)

// Numbers returns the secret numbers of the i-th key of an algorithm: d, and
// for RSA the primes and CRT values too.
func Numbers(a algorithm.Algorithm, i int) []*big.Int {
	block, _ := pem.Decode(PEM(a, i))
	if a == algorithm.SM2_256 { // PKCS #8 around an ECPrivateKey
		var outer struct {
			Version int
			ID      asn1.RawValue
			Key     []byte
		}
		var inner struct {
			Version int
			D       []byte
			Curve   asn1.RawValue  `asn1:"optional,explicit,tag:0"`
			Public  asn1.BitString `asn1:"optional,explicit,tag:1"`
		}
		if _, err := asn1.Unmarshal(block.Bytes, &outer); err != nil {
			panic(err)
		}
		if _, err := asn1.Unmarshal(outer.Key, &inner); err != nil {
			panic(err)
		}
		return []*big.Int{new(big.Int).SetBytes(inner.D)}
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return []*big.Int{key.D, key.Primes[0], key.Primes[1], key.Precomputed.Dp, key.Precomputed.Dq, key.Precomputed.Qinv}
	case *ecdsa.PrivateKey:
		d, err := key.Bytes()
		if err != nil {
			panic(err)
		}
		return []*big.Int{new(big.Int).SetBytes(d)}
	}
	panic(fmt.Sprintf("a key of type %T", key))
}

// Needles are what secret numbers look like in print: in hexadecimal (searched
// in any case), decimal, octal and binary, in base64, as slices of octets in
// several spellings, and as the words of a big.Int. Pieces are enough.
type Needles struct{ anyCase, exact []string }

// NewNeedles returns the needles of those numbers.
func NewNeedles(numbers ...*big.Int) *Needles {
	s := new(Needles)
	for _, n := range numbers {
		b := n.Bytes()
		for _, part := range [][]byte{b[:9], b[len(b)-9:]} {
			s.anyCase = append(s.anyCase,
				fmt.Sprintf("%x", part),
				fmt.Sprintf("% x", part),
				strings.Trim(fmt.Sprintf("%#v", part), "[]byte{}"))
			s.exact = append(s.exact,
				string(part),
				strings.Trim(fmt.Sprintf("%q", part), `"`),
				strings.Trim(fmt.Sprintf("%d", part), "[]"),
				strings.ReplaceAll(strings.Trim(fmt.Sprintf("%d", part), "[]"), " ", ","),
				strings.Trim(fmt.Sprintf("%o", part), "[]"),
				strings.Trim(fmt.Sprintf("%b", part), "[]"))
		}
		for at := range 3 { // for any text before the number
			s.exact = append(s.exact, base64.StdEncoding.EncodeToString(b[at:at+9]), base64.URLEncoding.EncodeToString(b[at:at+9]))
		}
		s.exact = append(s.exact, n.String()[:20], n.Text(8)[:20], n.Text(2)[:64])
		for _, word := range n.Bits() {
			if word >= 1<<31 {
				s.anyCase = append(s.anyCase, fmt.Sprintf("%x", word))
				s.exact = append(s.exact, fmt.Sprint(word))
			}
		}
	}
	for i := range s.anyCase {
		s.anyCase[i] = strings.ToLower(s.anyCase[i])
	}
	return s
}

// In returns the first needle that the output holds, or "".
func (s *Needles) In(output string) string {
	for _, needle := range s.exact {
		if strings.Contains(output, needle) {
			return needle
		}
	}
	output = strings.ToLower(output)
	for _, needle := range s.anyCase {
		if strings.Contains(output, needle) {
			return needle
		}
	}
	return ""
}
