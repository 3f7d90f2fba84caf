package interop

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// bouncyCastle is the JAR of Debian's package libbcprov-java.
const bouncyCastle = "/usr/share/java/bcprov.jar"

// BouncyCastle validates the paths of both certificates of a pair, and opens the
// envelope with the encryption key. The numbers after a signature algorithm are the
// bits of the key usage (RFC 5280, 4.2.1.3).
func TestBouncyCastlePair(t *testing.T) {
	t.Parallel()
	need(t, "java")
	if _, err := os.Stat(bouncyCastle); err != nil {
		missing(t, "BouncyCastle is not installed: apt-get install libbcprov-java")
	}
	const a = algorithm.SM2_256
	const wrongSignature = "invalid: certificate does not verify with supplied key"
	dir, p, other := t.TempDir(), newPKI(t, a), otherPKI(t, a)
	var lines, want []string
	add := func(result string, words ...string) {
		lines, want = append(lines, strings.Join(words, " ")), append(want, result)
	}
	for name, pair := range map[string]*tlcpPair{"server": p.serverPair(t), "client": p.clientPair(t)} {
		sign := write(t, dir, name+"-sign.pem", pair.sign)
		encrypt := write(t, dir, name+"-encrypt.pem", pair.encrypt)
		spoiled := write(t, dir, name+"-spoiled.pem", pair.encrypt)
		spoil(t, spoiled)
		add("valid: SM3WITHSM2 0", "verify", attime, p.rootFile, sign, p.subFile)
		add("valid: SM3WITHSM2 2 3 4", "verify", attime, p.rootFile, encrypt, p.subFile)
		add(wrongSignature, "verify", attime, p.rootFile, spoiled, p.subFile)
		add(wrongSignature, "verify", attime, other.rootFile, encrypt, p.subFile)
		add("invalid: certificate not valid till 20260102030405GMT+00:00", "verify", "0", p.rootFile, encrypt, p.subFile)

		key, err := pair.signKey.PEM()
		if err != nil {
			t.Fatal(err)
		}
		signKey := write(t, dir, name+"-sign.key", string(key))
		wrapped := write(t, dir, name+".envelope", string(envelope(t, pair.encryptKey, pair.signKey)))
		add(hex.EncodeToString(numberOf(t, pair.encryptKey)), "open", signKey, wrapped)
		add("cannot open", "open", write(t, dir, "other.key", string(testkeys.PEM(a, 0))), wrapped)
	}
	r := run(t, strings.Join(lines, "\n"), "java", append(javaOptions, "-cp", bouncyCastle, "testdata/Pair.java")...)
	if r.code != 0 {
		t.Fatal(r)
	}
	got := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
}
