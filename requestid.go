package yuncert

import (
	cryptorand "crypto/rand"
	"io"
)

// NewRequestId reads 16 octets from rand and returns a RequestId in the
// documented form: a random UUID (RFC 9562, section 5.4) in upper case, such as
// 0AEDAF20-4DDF-4165-8750-47FF9C1929C9. A nil rand means [crypto/rand.Reader].
// If rand fails, the error is [ErrInternalError].
func NewRequestId(rand io.Reader) (string, error) {
	if rand == nil {
		rand = cryptorand.Reader
	}
	var b [16]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", &Error{Code: ErrInternalError, Message: "no randomness for a RequestId", Err: err}
	}
	b[6] = b[6]&0x0f | 0x40 // version 4: random
	b[8] = b[8]&0x3f | 0x80 // variant of RFC 9562
	// encoding/hex writes lower case only.
	const digits = "0123456789ABCDEF"
	text := make([]byte, 0, 36)
	for i, octet := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text = append(text, '-')
		}
		text = append(text, digits[octet>>4], digits[octet&15])
	}
	return string(text), nil
}
