package sm2

import (
	"hash"

	"github.com/emmansun/gmsm/sm3"
)

// SM3 returns the SM3 digest of data, 32 octets (GB/T 32905; GM/T 0004). Unlike
// [Digest] it does not include ZA.
func SM3(data []byte) []byte {
	sum := sm3.Sum(data)
	return sum[:]
}

// NewSM3 returns a hash.Hash that computes SM3, for HMAC.
func NewSM3() hash.Hash { return sm3.New() }
