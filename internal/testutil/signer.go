package testutil

import (
	"bytes"
	"crypto"
	"errors"
	"io"
	"testing"
)

// ErrSigner is the error of Failing and Unused.
var ErrSigner = errors.New("the device is unplugged")

type signer struct {
	public func() crypto.PublicKey
	sign   func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (s signer) Public() crypto.PublicKey { return s.public() }

func (s signer) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.sign(rand, digest, opts)
}

// SignerFunc returns a signer with that public key whose Sign is a function.
func SignerFunc(public crypto.PublicKey, sign func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)) crypto.Signer {
	return signer{func() crypto.PublicKey { return public }, sign}
}

// Opaque hides a key as an HSM does: only its methods Public and Sign are left.
func Opaque(key crypto.Signer) crypto.Signer { return signer{key.Public, key.Sign} }

type messageSigner struct{ key crypto.MessageSigner }

func (s messageSigner) Public() crypto.PublicKey { return s.key.Public() }

func (s messageSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("this signer signs messages, not digests")
}

func (s messageSigner) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.key.SignMessage(rand, message, opts)
}

// MessageOpaque hides a key as an HSM that hashes by itself does: it signs
// messages and no digests.
func MessageOpaque(key crypto.MessageSigner) crypto.MessageSigner { return messageSigner{key} }

// Failing returns a signer whose every signature is ErrSigner.
func Failing(public crypto.PublicKey) crypto.Signer {
	return SignerFunc(public, func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, ErrSigner })
}

// Lying returns a signer that signs another digest than it is given.
func Lying(key crypto.Signer) crypto.Signer {
	return SignerFunc(key.Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		digest = bytes.Clone(digest)
		digest[0] ^= 1
		return key.Sign(rand, digest, opts)
	})
}

// Drawing returns a signer that reads one octet of randomness before it signs.
func Drawing(key crypto.Signer) crypto.Signer {
	return SignerFunc(key.Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		if _, err := io.ReadFull(rand, make([]byte, 1)); err != nil {
			return nil, err
		}
		return key.Sign(rand, digest, opts)
	})
}

// Unused returns a signer that fails the test when it is asked to sign.
func Unused(t testing.TB, public crypto.PublicKey) crypto.Signer {
	return SignerFunc(public, func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
		t.Error("the key was used")
		return nil, ErrSigner
	})
}
