//lint:file-ignore SA1019 the replacements for the coordinates of crypto/ecdsa know only the NIST curves

package sm2

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
	"testing"

	tjfoc "github.com/tjfoc/gmsm/sm2"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// A cipherParts is what is in an SM2Cipher. Each part is DER.
type cipherParts struct{ x, y, hash, message, inner, outer []byte }

func (c *cipherParts) encode() []byte {
	return bytes.Join([][]byte{asn.Seq(c.x, c.y, c.hash, c.message, c.inner), c.outer}, nil)
}

// asnInteger is an INTEGER with this content.
func asnInteger(content ...byte) []byte { return asn.TLV(asn1.INTEGER, content) }

// exampleCiphertext is the example of GB/T 32918.5-2017 (GM/T 0003.5-2012), annex
// C, for encryption with exampleKey.
func exampleCiphertext() *cipherParts {
	return &cipherParts{
		x:       asnInteger(testutil.Hex("04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73")...),
		y:       asnInteger(testutil.Hex("00e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0")...),
		hash:    asn.Octets(testutil.Hex("59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766")),
		message: asn.Octets(testutil.Hex("21886ca989ca9c7d58087307ca93092d651efa")),
	}
}

// decrypt parses and decrypts.
func decrypt(key *PrivateKey, data []byte) ([]byte, error) {
	c, err := ParseCiphertext(data)
	if err != nil {
		return nil, err
	}
	message, err := key.Decrypt(c)
	if err == nil && c.Size != len(message) {
		return nil, fmt.Errorf("Size is %d for a message of %d octets", c.Size, len(message))
	}
	return message, err
}

func TestDecryptStandardExample(t *testing.T) {
	t.Parallel()
	message, err := decrypt(newKey(t, testutil.Hex(exampleKey)), exampleCiphertext().encode())
	if string(message) != "encryption standard" || err != nil {
		t.Errorf("Decrypt = %q, %v", message, err)
	}
}

// tjfoc/gmsm, which has an implementation of its own, decrypts what Encrypt makes,
// and Decrypt what tjfoc/gmsm makes.
func TestEncryptTjfocAgrees(t *testing.T) {
	t.Parallel()
	for i, n := range []int{1, 15, 16, 31, 32, 33, 100, 1000} {
		key := seededKey(t, i)
		pub := key.Public()
		theirs := &tjfoc.PrivateKey{PublicKey: tjfoc.PublicKey{Curve: tjfoc.P256Sm2(), X: pub.X, Y: pub.Y}, D: new(big.Int).SetBytes(key.Bytes())}
		message := bytes.Repeat([]byte{byte(n), 0}, n)[:n]
		ciphertext, err := Encrypt(pub, message)
		if err != nil {
			t.Fatal(err)
		}
		got, err := theirs.DecryptAsn1(ciphertext)
		if err != nil || !bytes.Equal(got, message) {
			t.Errorf("%d octets: tjfoc/gmsm decrypts %x, %v", n, got, err)
		}
		got, err = decrypt(key, ciphertext)
		if err != nil || !bytes.Equal(got, message) {
			t.Errorf("%d octets: Decrypt = %x, %v", n, got, err)
		}
		again, err := Encrypt(pub, message)
		if err != nil || bytes.Equal(again, ciphertext) {
			t.Errorf("%d octets: the same ciphertext again, or %v", n, err)
		}
		_, err = decrypt(seededKey(t, i+1), ciphertext)
		if err == nil {
			t.Errorf("%d octets: another key decrypts", n)
		}

		ciphertext, err = theirs.EncryptAsn1(message, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		got, err = decrypt(key, ciphertext)
		if err != nil || !bytes.Equal(got, message) {
			t.Errorf("%d octets by tjfoc/gmsm: Decrypt = %x, %v", n, got, err)
		}
	}
}

func TestEncryptRefuses(t *testing.T) {
	t.Parallel()
	pub := seededKey(t, 1).Public()
	tests := []struct {
		name    string
		pub     *ecdsa.PublicKey
		message []byte
		err     string
	}{
		{"no message", pub, nil, "nothing to encrypt"},
		{"no key", nil, []byte("message"), "not a public key on the SM2 curve"},
		{"P-256", &ecdsa.PublicKey{Curve: elliptic.P256(), X: pub.X, Y: pub.Y}, []byte("message"), "not a public key on the SM2 curve"},
		{"infinity", &ecdsa.PublicKey{Curve: P256(), X: new(big.Int), Y: new(big.Int)}, []byte("message"), "not on the curve"},
		{"no coordinates", &ecdsa.PublicKey{Curve: P256()}, []byte("message"), "without coordinates"},
		{"a coordinate above p", &ecdsa.PublicKey{Curve: P256(), X: new(big.Int).Add(pub.X, generic.P), Y: pub.Y}, []byte("message"), "outside [0, p-1]"},
	}
	for _, tt := range tests {
		ciphertext, err := Encrypt(tt.pub, tt.message)
		if ciphertext != nil || err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: Encrypt = %x, %v, want an error with %q", tt.name, ciphertext, err, tt.err)
		}
	}
}

func TestParseCiphertextRefuses(t *testing.T) {
	t.Parallel()
	const form, outside, off = "not an SM2Cipher", "outside [0, p-1]", "not on the curve"
	x, y := smallX(t) // x + p has 32 octets
	xPlusP := new(big.Int).Add(x, generic.P).Bytes()
	long := make([]byte, 33)
	long[0] = 1
	tests := []struct {
		name   string
		change func(c *cipherParts)
		err    string
	}{
		{"an octet at the end", func(c *cipherParts) { c.outer = []byte{0} }, form},
		{"a field at the end", func(c *cipherParts) { c.inner = asn.Null }, form},
		{"no x", func(c *cipherParts) { c.x = nil }, form},
		{"no y", func(c *cipherParts) { c.y = nil }, form},
		{"no hash", func(c *cipherParts) { c.hash = nil }, form},
		{"no message", func(c *cipherParts) { c.message = nil }, form},
		{"message before hash, the old order C1 C2 C3", func(c *cipherParts) { c.hash, c.message = c.message, c.hash }, form},
		{"an empty message", func(c *cipherParts) { c.message = asn.Octets() }, form},
		{"a hash of 31 octets", func(c *cipherParts) { c.hash = asn.Octets(make([]byte, 31)) }, form},
		{"a hash of 33 octets", func(c *cipherParts) { c.hash = asn.Octets(make([]byte, 33)) }, form},
		{"a hash that is a BIT STRING", func(c *cipherParts) { c.hash = asn.Bits(make([]byte, 32)) }, form},
		{"y without the octet 0, negative", func(c *cipherParts) { c.y = asnInteger(c.y[3:]...) }, form},
		{"x with an octet 0 too many", func(c *cipherParts) { c.x = asnInteger(append([]byte{0}, c.x[2:]...)...) }, form},
		{"x with a long length", func(c *cipherParts) { c.x = append([]byte{2, 0x81, 32}, c.x[2:]...) }, form},
		{"x of 33 octets", func(c *cipherParts) { c.x = asnInteger(long...) }, outside},
		{"y of 33 octets", func(c *cipherParts) { c.y = asnInteger(long...) }, outside},
		{"x + p for x", func(c *cipherParts) { c.x, c.y = der.AppendInteger(nil, xPlusP), der.AppendInteger(nil, y.Bytes()) }, outside},
		{"x and y changed over", func(c *cipherParts) { c.x, c.y = c.y, c.x }, off},
		{"infinity", func(c *cipherParts) { c.x, c.y = asnInteger(0), asnInteger(0) }, off},
	}
	for _, tt := range tests {
		c := exampleCiphertext()
		tt.change(c)
		got, err := ParseCiphertext(c.encode())
		if got != nil || err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: ParseCiphertext = %v, %v, want an error with %q", tt.name, got, err, tt.err)
		}
	}
	for name, data := range map[string][]byte{
		"nothing":           nil,
		"C1 C3 C2":          append([]byte{4}, make([]byte, 64+32+16)...),
		"indefinite length": append(append([]byte{0x30, 0x80}, exampleCiphertext().encode()[2:]...), 0, 0),
	} {
		got, err := ParseCiphertext(data)
		if got != nil || err == nil || !strings.Contains(err.Error(), form) {
			t.Errorf("%s: ParseCiphertext = %v, %v, want an error with %q", name, got, err, form)
		}
	}
}

// A ciphertext with one changed octet is refused.
func TestDecryptRefusesEveryChange(t *testing.T) {
	t.Parallel()
	key, original := newKey(t, testutil.Hex(exampleKey)), exampleCiphertext().encode()
	data := bytes.Clone(original)
	for i := range data {
		for bit := range 8 {
			data[i] = original[i] ^ 1<<bit
			message, err := decrypt(key, data)
			if message != nil || err == nil {
				t.Errorf("octet %d as %#02x: Decrypt = %q, %v", i, data[i], message, err)
			}
		}
		data[i] = original[i]
	}
}
