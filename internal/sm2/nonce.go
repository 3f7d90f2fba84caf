package sm2

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// nonceLabel separates this use of the private key from all other uses.
const nonceLabel = "yuncert SM2 nonce v1"

// A nonceReader is the random source that the engine reads when it signs. Only the
// holder of d can compute its stream, and the streams of two digests are unrelated.
// A nonce needs both (RFC 6979, sections 1 and 3.3):
//
//	HMAC-SHA256(d, label || digest || stream || counter), counter = 1, 2, 3, ...
//
// The engine's own deterministic signing would be shorter, but older versions do
// not have it: they read a nil reader and panic. Every version reads a reader, and
// whatever it does with the octets, k depends only on d and the digest. The hash
// function is SHA-256 and not SM3: recent versions feed the octets and d to an
// HMAC-SM3 generator, and two different hash functions cannot interfere.
//
// Some versions first read a single octet at random (randutil.MaybeReadByte), so
// that nobody relies on the stream. Such reads get octets of a second stream and do
// not advance the first. Zeros would do today, but octets of a stream stay safe even
// if a version reads its nonce octet by octet.
type nonceReader struct {
	mac    hash.Hash
	digest []byte
	main   uint64 // number of blocks made of the main stream
	single uint64 // number of single octets read
	rest   []byte // unread octets of the last block of the main stream
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

// block returns one block of a stream. Its parts all have a fixed length, so they
// need no separators.
func (r *nonceReader) block(stream byte, counter uint64) []byte {
	// A new HMAC needs no Reset. The first Reset allocates: it saves the states of both
	// hashes for later ones.
	if r.main+r.single > 1 {
		r.mac.Reset()
	}
	r.mac.Write([]byte(nonceLabel))
	r.mac.Write(r.digest)
	r.mac.Write(binary.BigEndian.AppendUint64([]byte{stream}, counter))
	return r.mac.Sum(nil)
}
