package sm2

import "github.com/emmansun/gmsm/sm3"

// SM3 returns the SM3 digest of data, 32 octets (GB/T 32905; GM/T 0004). Unlike
// [Digest] it does not include ZA.
func SM3(data []byte) []byte {
	sum := sm3.Sum(data)
	return sum[:]
}
