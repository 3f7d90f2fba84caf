package sm2

import "github.com/emmansun/gmsm/sm3"

// SM3 gives the 32 octets of the SM3 digest of data alone, without the ZA of
// [Digest] (GB/T 32905; GM/T 0004).
func SM3(data []byte) []byte {
	sum := sm3.Sum(data)
	return sum[:]
}
