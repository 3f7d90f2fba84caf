package archive

import (
	"crypto/cipher"
	"crypto/ecdsa"
	cryptorand "crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/param"
)

// A sealer keeps the AEAD, which holds a key, two pointers away from an Archive, where
// fmt does not follow.
type sealer struct{ aead cipher.AEAD }

// additionalData is the CsrId in decimal: a sealed key opens only under its CsrId.
func additionalData(csrID int64) []byte { return strconv.AppendInt(nil, csrID, 10) }

// seal returns the nonce and the ciphertext of a private key.
func (a *Archive) seal(rand io.Reader, csrID int64, key *algorithm.PrivateKey) ([]byte, error) {
	if a.sealer == nil {
		return nil, param.Refused("Key", "the archive has nothing to encrypt a private key with: set Options.Sealer, or keep the key yourself")
	}
	text, err := keyText(key)
	if err != nil {
		return nil, err
	}
	if rand == nil {
		rand = cryptorand.Reader
	}
	aead := a.sealer.aead
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(text)+aead.Overhead())
	if _, err := io.ReadFull(rand, nonce); err != nil {
		return nil, &yuncert.Error{Code: yuncert.ErrInternalError, Message: "no randomness for a nonce", Err: err}
	}
	return aead.Seal(nonce, nonce, text, additionalData(csrID)), nil
}

// open returns the text of the private key in a record that has one.
func (a *Archive) open(r *Record) (string, error) {
	aead := a.sealer.aead
	n := aead.NonceSize()
	err := errors.New("it is shorter than a nonce")
	var text []byte
	// Some AEADs panic if a nonce has another length.
	if len(r.SealedKey) >= n {
		text, err = aead.Open(nil, r.SealedKey[:n], r.SealedKey[n:], additionalData(r.CsrId))
	}
	if err != nil {
		e := yuncert.Errorf(yuncert.ErrInternalError, "CsrId",
			"the private key of CSR %d cannot be decrypted: it was changed, encrypted for another CSR, or encrypted with another key than Options.Sealer has", r.CsrId)
		e.Err = param.Cause(err)
		return "", e
	}
	return string(text), nil
}

// keyText returns a private key in the PEM form of the documents: PKCS #1 for RSA (RFC
// 8017, appendix A.1.2), and SEC 1 for ECC and SM2 (RFC 5915, section 4).
func keyText(key *algorithm.PrivateKey) ([]byte, error) {
	text, err := key.PEM()
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	label := "EC PRIVATE KEY"
	content, err := innerKey(block.Bytes)
	switch key.Algorithm().Family() {
	case "RSA":
		label = "RSA PRIVATE KEY"
	case "ECC":
		// In PKCS #8 the curve is only outside of the inner key.
		content, err = withCurve(block.Bytes)
	}
	if err != nil {
		return nil, &yuncert.Error{Code: yuncert.ErrInternalEncodeKeyError, Message: "Failed to encode private key.", Err: err}
	}
	return []byte(der.PEM(label, content)), nil
}

// innerKey returns the privateKey of a PKCS #8 key (RFC 5958, section 2).
func innerKey(pkcs8 cryptobyte.String) ([]byte, error) {
	var outer, inner cryptobyte.String
	if !pkcs8.ReadASN1(&outer, asn1.SEQUENCE) || !outer.SkipASN1(asn1.INTEGER) ||
		!outer.SkipASN1(asn1.SEQUENCE) || !outer.ReadASN1(&inner, asn1.OCTET_STRING) {
		return nil, errors.New("the private key is not in PKCS #8")
	}
	return inner, nil
}

func withCurve(pkcs8 []byte) ([]byte, error) {
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, err
	}
	return x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
}

// maxKey is how many octets of the parameter Key are read. RSA_4096 takes 3.2 KiB.
const maxKey = 64 << 10

// parseKey reads the parameter Key. As in Csr, its line breaks may have become spaces
// or the two characters \n, as in the documents.
func parseKey(text string) (*algorithm.PrivateKey, error) {
	if len(text) > maxKey {
		return nil, param.Malformed("Key", "the private key has %d octets: up to %d are read", len(text), maxKey)
	}
	key, err := algorithm.ParsePrivateKey([]byte(text))
	if err == nil {
		return key, nil
	}
	label := ""
	content, spoiled := der.DecodeSpoiledPEM(text, func(l string) error {
		label = l
		return nil
	})
	if spoiled == nil {
		key, err = algorithm.ParsePrivateKey([]byte(der.PEM(label, content)))
	}
	if err != nil {
		return nil, param.Wrap(err, param.CodeOf(err), "Key", "")
	}
	return key, nil
}

// hidden replaces a private key in what is printed.
func hidden(key string) string {
	if key == "" {
		return ""
	}
	return "private key"
}
