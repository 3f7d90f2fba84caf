package order

import (
	cryptorand "crypto/rand"
	"encoding/binary"
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
)

// newOrderID draws 53 bits. It replaces 0, which means a missing OrderId, with 1.
func newOrderID(rand io.Reader) (int64, error) {
	var b [8]byte
	if err := draw(rand, b[:]); err != nil {
		return 0, err
	}
	return max(int64(binary.BigEndian.Uint64(b[:])>>11), 1), nil
}

// newRequestID returns a RequestId. [yuncert.NewRequestId] has another code for its
// error than orders have.
func newRequestID(rand io.Reader) (string, error) {
	id, err := yuncert.NewRequestId(rand)
	if err != nil {
		return "", param.Wrap(err, yuncert.ErrError, "", "")
	}
	return id, nil
}

// draw fills b from rand; nil means [crypto/rand.Reader].
func draw(rand io.Reader, b []byte) error {
	if rand == nil {
		rand = cryptorand.Reader
	}
	if _, err := io.ReadFull(rand, b); err != nil {
		return &yuncert.Error{Code: yuncert.ErrError, Message: "no randomness for an order", Err: err}
	}
	return nil
}

// newToken returns a token in the form that the documents show: the date, six
// zeros, and 50 letters and digits from rand, which hold 258 bits.
func newToken(rand io.Reader, now time.Time) (string, error) {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	token := append(make([]byte, 0, 64), now.UTC().Format("20060102")+"000000"...)
	for range 10 {
		var drawn [64]byte
		if err := draw(rand, drawn[:]); err != nil {
			return "", err
		}
		for _, d := range drawn {
			// 252 is a multiple of 36, so each letter is equally likely.
			if d < 252 && len(token) < cap(token) {
				token = append(token, letters[d%36])
			}
		}
		if len(token) == cap(token) {
			return string(token), nil
		}
	}
	return "", yuncert.Errorf(yuncert.ErrError, "", "rand repeats itself: it gave too few usable octets for a token")
}
