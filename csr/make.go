package csr

import (
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// content is the content of a CSR of either operation, from a checked request.
type content struct {
	subject x509der.Name // in the order of [x509der.Name.InOrder]
	names   []string
}

// The documented messages of the stages of making a CSR.
const (
	msgKey    = "Failed to generate %s key."
	msgCreate = "Failed to create CSR."
	msgEncode = "Failed to encode CSR."
	msgOther  = "The request processing has failed due to backend service exception."
)

// failed returns the error of one stage, with its documented message.
func failed(code yuncert.Code, message string, err error) error {
	return &yuncert.Error{Code: code, Message: message, Err: param.Cause(err)}
}

// generate makes the key for a CSR.
func generate(a algorithm.Algorithm) (*algorithm.PrivateKey, error) {
	key, err := algorithm.GenerateKey(a)
	if err != nil {
		return nil, failed(yuncert.ErrInternalKeyError, fmt.Sprintf(msgKey, strings.ToLower(a.Family())), err)
	}
	return key, nil
}

// recognise prepares a key for signing and checks that its algorithm is want.
func recognise(key crypto.Signer, want algorithm.Algorithm) (*x509der.Signer, error) {
	signer, err := x509der.NewSigner(key)
	if err != nil {
		return nil, param.Wrap(err, yuncert.ErrInternalKeyError, "", "the key cannot be used")
	}
	if signer.Algorithm != want {
		return nil, yuncert.Errorf(yuncert.ErrInternalKeyError, "", "the key is %s; want %s", signer.Algorithm, want)
	}
	return signer, nil
}

func newRequestID(rand io.Reader) (string, error) {
	id, err := yuncert.NewRequestId(rand)
	if err != nil {
		return "", failed(yuncert.ErrInternalError, msgOther, err)
	}
	return id, nil
}

// sign makes the CSR as DER and PEM.
func (c *content) sign(rand io.Reader, signer *x509der.Signer) (der []byte, text string, err error) {
	der, err = x509der.MarshalRequest(rand, signer, c.subject, c.names)
	if err != nil {
		return nil, "", failed(yuncert.ErrInternalCreateCSRError, msgCreate, err)
	}
	text = encode(der)
	if len(text) > MaxSize {
		err := fmt.Errorf("the CSR would have %d octets, and up to %d can be read: use fewer or shorter names", len(text), MaxSize)
		return nil, "", failed(yuncert.ErrInternalEncodeCSRError, msgEncode, err)
	}
	return der, text, nil
}

func encode(request []byte) string { return der.PEM("CERTIFICATE REQUEST", request) }

// csrID derives the CsrId from the CSR: 53 bits of its SHA-256, never zero.
// JSON readers that store numbers as doubles keep 53 bits.
func csrID(der []byte) int64 {
	sum := sha256.Sum256(der)
	return int64(max(1, binary.BigEndian.Uint64(sum[:])>>11))
}
