package ca

import (
	"crypto"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A subjectKey is the public key to certify. It comes from a CSR, from an
// argument of the operation, or is generated at the end.
type subjectKey struct {
	algorithm algorithm.Algorithm // before readArgument, the one asked for, if any
	der       []byte              // SubjectPublicKeyInfo; nil until the key is generated
	// The parameters to blame for the key and for its algorithm. Empty for an
	// argument.
	from, algorithmFrom string

	// An argument, and whose key it is, for messages. Without owner there is
	// none.
	argument crypto.PublicKey
	owner    string
}

// keyOfCSR returns the key of a CSR that was read.
func keyOfCSR(request *x509der.Request) (subjectKey, error) {
	publicKey, err := request.PublicKeyInfo()
	if err != nil {
		return subjectKey{}, param.Wrap(err, yuncert.ErrInvalidValueMalformed, "Csr", "")
	}
	return subjectKey{algorithm: request.Algorithm, der: publicKey, from: "Csr", algorithmFrom: "Csr"}, nil
}

// readArgument checks the key that is an argument of the operation, if there is
// one.
func (k *subjectKey) readArgument(policy algorithm.KeyPolicy) error {
	if k.owner == "" {
		return nil
	}
	if err := policy.Check(k.argument); err != nil {
		return param.Wrap(err, param.CodeOf(err), "", "%s's public key", k.owner)
	}
	a, err := algorithm.Of(k.argument)
	if err != nil {
		return err
	}
	if err := checkKeyAlgorithm(k.algorithmFrom, a, k.algorithm); err != nil {
		return err
	}
	k.algorithm = a
	k.der, err = algorithm.MarshalPublicKey(k.argument)
	return err
}

// checkKeyAlgorithm refuses a key of a CA, an OCSP responder or an encryption
// certificate that is too weak or of another algorithm than the one asked for. No
// such algorithm means any.
func checkKeyAlgorithm(parameter string, got, asked algorithm.Algorithm) error {
	if asked != "" && got != asked {
		return param.Refused(parameter, "the key is %s and not %s", got, asked)
	}
	if got == algorithm.RSA_1024 {
		return param.Refused(parameter, "the key is RSA_1024, which is too weak; want RSA_2048 or longer")
	}
	return nil
}
