package param

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"strings"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/x509der"
)

// maxCSR is csr.MaxSize.
const maxCSR = 64 << 10

// ReadCSR reads the parameter Csr, as PEM or DER. It checks everything that
// csr.Parse documents, including the self-signature.
func ReadCSR[T string | []byte](data T, policy algorithm.KeyPolicy) (*x509der.Request, error) {
	if len(data) == 0 {
		return nil, yuncert.Missing("Csr")
	}
	if len(data) > maxCSR {
		return nil, Malformed("Csr", "the CSR has %d octets: up to %d are read", len(data), maxCSR)
	}
	r, err := decodeCSR(string(data)) // for a []byte, string makes a copy
	if err != nil {
		return nil, wrapCSR(err, "the CSR cannot be read")
	}
	commonName := r.Subject.Get(x509der.CommonName)
	if err := x509der.CheckText(x509der.CommonName, commonName); err != nil {
		return nil, wrapCSR(err, "the CSR's common name %.80q", commonName)
	}
	if err := checkKey(policy, r); err != nil {
		return nil, Wrap(err, CodeOf(err), "Csr", "the CSR's key")
	}
	if err := x509der.VerifyPossession(r); err != nil {
		return nil, wrapCSR(err, "the CSR's signature does not prove possession of its key")
	}
	return r, nil
}

func wrapCSR(err error, format string, args ...any) error {
	return Wrap(err, yuncert.ErrInvalidValueMalformed, "Csr", format, args...)
}

// checkKey checks a key that was just read. [algorithm.ParsePublicKey] has made
// sure that a point is on its curve; for such a key only Blocked is left to ask.
func checkKey(policy algorithm.KeyPolicy, r *x509der.Request) error {
	_, isPoint := r.PublicKey.(*ecdsa.PublicKey)
	if isPoint && policy.Blocked == nil {
		return nil
	}
	return policy.Check(r.PublicKey)
}

func decodeCSR(text string) (*x509der.Request, error) {
	if der.IsDER(text) {
		return x509der.ParseRequest([]byte(text))
	}
	content, err := der.DecodeSpoiledPEM(text, acceptLabel)
	if err != nil {
		return nil, err
	}
	return x509der.ParseRequest(content)
}

func acceptLabel(label string) error {
	switch {
	case label == "CERTIFICATE REQUEST" || label == "NEW CERTIFICATE REQUEST":
		return nil
	case strings.Contains(label, "PRIVATE KEY"):
		return errors.New("it is a private key: send only the CSR, and replace a key that was sent")
	}
	return fmt.Errorf("it is %s; want CERTIFICATE REQUEST or NEW CERTIFICATE REQUEST", der.Label(label))
}
