// Package algorithm names the key algorithms of the certificate operations, and
// makes, checks, reads and writes keys and signs with them.
//
// A public key is an *rsa.PublicKey for RSA and an *ecdsa.PublicKey for ECC and
// SM2. An SM2 key is on the curve of github.com/emmansun/gmsm/sm2. Package
// algorithm/tjfoc converts keys of github.com/tjfoc/gmsm.
//
// A private key is a [crypto.Signer]. [PrivateKey] is a key in memory. To use an
// RSA or ECC key in an HSM or KMS, pass its crypto.Signer. The Public method of
// a signer for SM2 returns an *ecdsa.PublicKey as above. Such a signer either
// implements [crypto.MessageSigner], and signs the message under the user ID
// 1234567812345678, or its Sign method accepts the 32-octet digest
// SM3(ZA‖message) with the options crypto.Hash(0).
//
// A function that refuses a key returns [yuncert.ErrInvalidValueMalformed] with an
// empty Parameter. The message says why.
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

// An Algorithm is the documented name of a key algorithm: <family>_<length>.
type Algorithm string

// The documented names. An RSA name gives the bits of the modulus.
const (
	// RSA_1024 is accepted for server certificates only, not for CAs or CSRs that
	// this library makes.
	RSA_1024 Algorithm = "RSA_1024"
	RSA_2048 Algorithm = "RSA_2048"
	// RSA_3072 is not a documented value of the parameter Algorithm in
	// CreateServerCertificateWithCsr. CreateCsr makes such keys.
	RSA_3072 Algorithm = "RSA_3072"
	RSA_4096 Algorithm = "RSA_4096"
	ECC_256  Algorithm = "ECC_256" // ECDSA on P-256 (FIPS 186-5)
	// ECC_384 is ECDSA on P-384. It is not a documented key of CreateCsr: make the
	// key with [GenerateKey] and its CSR with CreateCsrWithKey.
	ECC_384 Algorithm = "ECC_384"
	// ECC_512 is ECDSA on P-521. It is not a documented key of CreateCsr either. The
	// documents name no curve; P-521 is the third size that is widely supported.
	ECC_512 Algorithm = "ECC_512"
	SM2_256 Algorithm = "SM2_256" // SM2 on its recommended curve (GM/T 0003.5)
)

// all has the order of the documents.
var all = []Algorithm{RSA_1024, RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384, ECC_512, SM2_256}

// Parse returns the algorithm with exactly this name. Names are in upper case.
// Any other name is [yuncert.ErrInvalidValueMalformed] for the parameter
// Algorithm.
func Parse(name string) (Algorithm, error) {
	for _, a := range all {
		if string(a) == name {
			return a, nil
		}
	}
	return "", yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "Algorithm",
		"%.40q is not a key algorithm; want RSA_1024, RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384, ECC_512 or SM2_256", name)
}

// Family returns "RSA", "ECC" or "SM2". The documents want one family in a chain. SM2
// is never mixed with another; CreateDomainCertificate and CreateExternalCACertificate
// of package ca mix RSA and ECC.
func (a Algorithm) Family() string {
	family, _, _ := strings.Cut(string(a), "_")
	return family
}

// KeySize returns the length in the name, in bits. It is 512 for ECC_512, although
// P-521 has 521 bits. CreateCsrWithKey takes either number.
func (a Algorithm) KeySize() int {
	_, length, _ := strings.Cut(string(a), "_")
	n, _ := strconv.Atoi(length)
	return n
}

// A SignatureAlgorithm is the documented name of a signature algorithm.
type SignatureAlgorithm string

// Each family of keys has one signature algorithm for all lengths.
const (
	// Sha256WithRSA is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 4055, section 5).
	Sha256WithRSA SignatureAlgorithm = "Sha256WithRSA"
	// Sha256WithECDSA is ECDSA with SHA-256 (RFC 5758, section 3.2).
	Sha256WithECDSA SignatureAlgorithm = "Sha256WithECDSA"
	// SM3WithSM2 is SM2 with SM3 under the user ID 1234567812345678
	// (GM/T 0009, GM/T 0015).
	SM3WithSM2 SignatureAlgorithm = "SM3WithSM2"
)

// SignatureAlgorithm returns the algorithm that keys of a sign with. The result is
// meaningful only if a is one of the constants.
func (a Algorithm) SignatureAlgorithm() SignatureAlgorithm {
	switch a.Family() {
	case "RSA":
		return Sha256WithRSA
	case "ECC":
		return Sha256WithECDSA
	}
	return SM3WithSM2
}

// Of returns the algorithm of a public key: an *rsa.PublicKey of 1024, 2048, 3072
// or 4096 bits, or an *ecdsa.PublicKey on P-256, P-384, P-521 or the SM2 curve. It
// refuses any other key. Of looks only at type and size; call [Check] for the key
// itself.
func Of(pub crypto.PublicKey) (Algorithm, error) {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		if pub == nil || pub.N == nil || pub.N.Sign() <= 0 {
			return "", malformed("the RSA public key has no positive modulus")
		}
		switch pub.N.BitLen() {
		case 1024:
			return RSA_1024, nil
		case 2048:
			return RSA_2048, nil
		case 3072:
			return RSA_3072, nil
		case 4096:
			return RSA_4096, nil
		default:
			return "", malformed("an RSA key of %d bits is not supported; want 2048, 3072 or 4096", pub.N.BitLen())
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
		return "", malformed("the key's curve is not supported; " + wantCurve)
	}
	if isPrivate(pub) {
		return "", malformed("a private key (%T) is not a public key; pass key.Public()", pub)
	}
	return "", errKeyType(pub)
}

// malformed makes the error about a key. The caller of this package knows which
// parameter held the key.
func malformed(format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "", format, args...)
}

// malformedBy is malformed with a cause, which must not quote a private key.
func malformedBy(cause error, message string) error {
	return &yuncert.Error{Code: yuncert.ErrInvalidValueMalformed, Message: message, Err: cause}
}
