package sm2

import "testing"

// Wipe clears both copies of d that a key holds.
func TestWipe(t *testing.T) {
	t.Parallel()
	key, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	words := key.secret.engine.D.Bits()
	if *key.secret.d == [32]byte{} || len(words) == 0 {
		t.Fatal("there is nothing to wipe")
	}
	key.Wipe()
	if *key.secret.d != [32]byte{} {
		t.Error("the octets of d are still there")
	}
	for _, word := range words {
		if word != 0 {
			t.Error("a word of the engine's d is still there")
		}
	}
}
