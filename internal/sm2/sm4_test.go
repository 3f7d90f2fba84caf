package sm2

import (
	"encoding/hex"
	"testing"
)

// The first example of GB/T 32907, appendix A.
func TestSM4(t *testing.T) {
	t.Parallel()
	const plaintext, ciphertext = "0123456789abcdeffedcba9876543210", "681edf34d206965e86b3e94f536e4246"
	block, err := hex.DecodeString(plaintext)
	if err != nil {
		t.Fatal(err)
	}
	sm4, err := NewSM4(block) // the key is the same
	if err != nil {
		t.Fatal(err)
	}
	sm4.Encrypt(block, block)
	if got := hex.EncodeToString(block); got != ciphertext {
		t.Errorf("Encrypt = %s, want %s", got, ciphertext)
	}
	sm4.Decrypt(block, block)
	if got := hex.EncodeToString(block); got != plaintext {
		t.Errorf("Decrypt = %s, want %s", got, plaintext)
	}
	for _, size := range []int{0, 15, 17, 32} {
		_, err := NewSM4(make([]byte, size))
		if err == nil {
			t.Errorf("a key of %d octets is accepted", size)
		}
	}
}
