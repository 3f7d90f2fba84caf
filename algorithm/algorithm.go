// Package algorithm names the key algorithms of the certificate operations and
// holds what all of them do with keys: make, recognise, check, sign with, read
// and write them.
//
// A public key is what the Go world uses already: *rsa.PublicKey for RSA and
// *ecdsa.PublicKey for ECC. An SM2 public key is an *ecdsa.PublicKey on the
// curve of github.com/emmansun/gmsm/sm2, the convention of that module; keys of
// github.com/tjfoc/gmsm convert with package algorithm/tjfoc.
//
// A private key is a [crypto.Signer] everywhere in this module. [PrivateKey] is
// the one for keys in memory. An HSM or KMS brings its own; for RSA and ECC
// it is a usual crypto.Signer. For SM2 its Public method returns an
// *ecdsa.PublicKey as above, and it either implements [crypto.MessageSigner]
// and signs the message under the user ID 1234567812345678, or its Sign method
// is handed the 32-octet digest SM3(ZA‖message) and the options crypto.Hash(0).
package algorithm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"strconv"
	"strings"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/sm2"
)

// An Algorithm is the name of a key algorithm, <family>_<length>, as the
// documents write it.
type Algorithm string

// The documented names. RSA_3072 is one that CreateCsr makes and no value of
// the Algorithm parameter of CreateServerCertificateWithCsr; RSA_1024 is
// accepted for server certificates only.
const (
	// RSA_1024 is RSA with a modulus of 1024 bits, too short for a CA or a CSR
	// that this library makes.
	RSA_1024 Algorithm = "RSA_1024"
	// RSA_2048 is RSA with a modulus of 2048 bits.
	RSA_2048 Algorithm = "RSA_2048"
	// RSA_3072 is RSA with a modulus of 3072 bits.
	RSA_3072 Algorithm = "RSA_3072"
	// RSA_4096 is RSA with a modulus of 4096 bits.
	RSA_4096 Algorithm = "RSA_4096"
	// ECC_256 is ECDSA on P-256 (FIPS 186-5).
	ECC_256 Algorithm = "ECC_256"
	// ECC_384 is ECDSA on P-384: for CAs and certificates, since the documents have
	// no CSR of this size. CSRs of other tools may have it.
	ECC_384 Algorithm = "ECC_384"
	// ECC_512 is ECDSA on P-521: the documents name no curve, and of the three
	// sizes that everyone supports this is the third. Like ECC_384, it is for CAs and
	// certificates.
	ECC_512 Algorithm = "ECC_512"
	// SM2_256 is SM2 on its recommended curve (GM/T 0003.5).
	SM2_256 Algorithm = "SM2_256"
)

// all lists the algorithms in the documents' order.
var all = []Algorithm{RSA_1024, RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384, ECC_512, SM2_256}

// Parse returns the algorithm of that exact name, in upper case. Any other name
// is [yuncert.ErrInvalidValueMalformed] for the parameter Algorithm.
func Parse(name string) (Algorithm, error) {
	for _, a := range all {
		if string(a) == name {
			return a, nil
		}
	}
	return "", yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "Algorithm",
		"%.40q is no algorithm: RSA_1024, RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384, ECC_512 or SM2_256 is.", name)
}

// Family returns "RSA", "ECC" or "SM2": what a CA and the certificates below it
// have in common.
func (a Algorithm) Family() string {
	family, _, _ := strings.Cut(string(a), "_")
	return family
}

// KeySize returns the length in the name, in bits. It is 512 for ECC_512,
// whose curve has 521.
func (a Algorithm) KeySize() int {
	_, length, _ := strings.Cut(string(a), "_")
	n, _ := strconv.Atoi(length)
	return n
}

// A SignatureAlgorithm is the published name of the signature that a key makes.
type SignatureAlgorithm string

// The signature algorithms that keys imply: one a family, whatever the length
// of the key.
const (
	// Sha256WithRSA is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 4055, section 5).
	Sha256WithRSA SignatureAlgorithm = "Sha256WithRSA"
	// Sha256WithECDSA is ECDSA with SHA-256 (RFC 5758, section 3.2).
	Sha256WithECDSA SignatureAlgorithm = "Sha256WithECDSA"
	// SM3WithSM2 is SM2 with SM3 under the user ID 1234567812345678
	// (GM/T 0009, GM/T 0015).
	SM3WithSM2 SignatureAlgorithm = "SM3WithSM2"
)

// SignatureAlgorithm returns the algorithm that a key of a signs with, a being one
// of the constants.
func (a Algorithm) SignatureAlgorithm() SignatureAlgorithm {
	switch a.Family() {
	case "RSA":
		return Sha256WithRSA
	case "ECC":
		return Sha256WithECDSA
	}
	return SM3WithSM2
}

// Of recognises the algorithm of a public key: *rsa.PublicKey of 1024, 2048,
// 3072 or 4096 bits, *ecdsa.PublicKey on P-256, P-384, P-521 or the SM2 curve.
// Anything else is [yuncert.ErrInvalidValueMalformed]. It looks at type and
// size alone; [Check] judges the key.
func Of(pub crypto.PublicKey) (Algorithm, error) {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		if pub == nil || pub.N == nil || pub.N.Sign() <= 0 {
			return "", malformed("the RSA public key has no positive modulus")
		}
		switch bits := pub.N.BitLen(); bits {
		case 1024:
			return RSA_1024, nil
		case 2048:
			return RSA_2048, nil
		case 3072:
			return RSA_3072, nil
		case 4096:
			return RSA_4096, nil
		default:
			return "", malformed("an RSA key of %d bits is not supported: 1024, 2048, 3072 and 4096 are", bits)
		}
	case *ecdsa.PublicKey:
		if pub == nil || pub.Curve == nil {
			return "", malformed("the ECC public key is empty")
		}
		switch pub.Curve {
		case elliptic.P256():
			return ECC_256, nil
		case elliptic.P384():
			return ECC_384, nil
		case elliptic.P521():
			return ECC_512, nil
		case sm2.P256():
			return SM2_256, nil
		}
		return "", malformed("the key's curve is not supported: P-256, P-384, P-521 and SM2 are")
	}
	return "", malformed("a key of type %T is not supported: RSA, ECC and SM2 keys are", pub)
}

// malformed is the error about a key: which parameter carried it, the caller of
// this package knows.
func malformed(format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "", format, args...)
}
