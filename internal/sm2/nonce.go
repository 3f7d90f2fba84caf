package sm2

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// nonceLabel keeps this use of the private key apart from any other.
const nonceLabel = "yuncert SM2 nonce v1"

// A nonceReader is what the engine reads as randomness when it signs. It gives
// a stream that only the holder of d can know and that is unrelated for any two
// digests, which is what a nonce needs (RFC 6979, sections 1 and 3.3):
//
//	HMAC-SHA256(d, label || digest || stream || counter), counter = 1, 2, 3, ...
//
// The engine's own deterministic signing would be shorter, but only its recent
// versions have it; older ones read a nil reader and panic. Every version reads
// a reader, and however it turns the octets into k, k depends on d and the
// digest alone. SHA-256 rather than SM3, since recent versions feed the octets
// and d to an HMAC-SM3 generator, and two hash functions cannot interfere.
//
// Some versions first read a single octet, or do not, by a coin of their own
// (randutil.MaybeReadByte), so that nobody relies on the stream. Such reads are
// served from a second stream and leave the first where it was. Zeros would do
// as well today; octets of a stream stay safe should a version ever gather its
// nonce one by one.
type nonceReader struct {
	mac    hash.Hash
	digest []byte
	main   uint64 // blocks made of the main stream
	single uint64 // octets read one by one
	rest   []byte // of the last block of the main stream
}

func newNonceReader(d *[size]byte, digest []byte) *nonceReader {
	return &nonceReader{mac: hmac.New(sha256.New, d[:]), digest: digest}
}

// Read fills p and never fails.
func (r *nonceReader) Read(p []byte) (int, error) {
	if len(p) == 1 {
		r.single++
		p[0] = r.block(1, r.single)[0]
		return 1, nil
	}
	for n := 0; n < len(p); {
		if len(r.rest) == 0 {
			r.main++
			r.rest = r.block(0, r.main)
		}
		m := copy(p[n:], r.rest)
		n, r.rest = n+m, r.rest[m:]
	}
	return len(p), nil
}

// block needs no lengths between its parts, as all have a fixed one.
func (r *nonceReader) block(stream byte, counter uint64) []byte {
	r.mac.Reset()
	r.mac.Write([]byte(nonceLabel))
	r.mac.Write(r.digest)
	r.mac.Write(binary.BigEndian.AppendUint64([]byte{stream}, counter))
	return r.mac.Sum(nil)
}
