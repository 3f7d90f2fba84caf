package sm2

import (
	"crypto/cipher"

	"github.com/emmansun/gmsm/sm4"
)

// NewSM4 returns the block cipher SM4 (GB/T 32907; GM/T 0002). The key has 16 octets.
func NewSM4(key []byte) (cipher.Block, error) { return sm4.NewCipher(key) }
