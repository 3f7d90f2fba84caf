package tjfoc_test

import (
	"crypto/rand"
	"fmt"

	tjsm2 "github.com/tjfoc/gmsm/sm2"

	"github.com/yuncert/yuncert/algorithm/tjfoc"
)

// A service with keys of tjfoc/gmsm converts them once, when it starts.
func ExampleFromPrivateKey() {
	held, err := tjsm2.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	key, err := tjfoc.FromPrivateKey(held)
	if err != nil {
		panic(err)
	}
	message := []byte("to be signed")
	signature, err := key.SignMessage(nil, message, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(key, held.PublicKey.Verify(message, signature))
	// Output: SM2_256 private key true
}
