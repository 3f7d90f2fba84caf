package interop

import (
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/x509der"
)

// vectors are C2SP wycheproof's files about the signatures that CSRs and
// certificates may have, and how many of their vectors apply at least.
var vectors = []struct {
	file  string
	least int
}{
	{"ecdsa_secp256r1_sha256_test.json", 400},
	{"ecdsa_secp256r1_sha512_test.json", 400},
	{"ecdsa_secp384r1_sha256_test.json", 400},
	{"ecdsa_secp384r1_sha384_test.json", 400},
	{"ecdsa_secp384r1_sha512_test.json", 400},
	{"ecdsa_secp521r1_sha512_test.json", 400},
	{"rsa_signature_2048_sha256_test.json", 200},
	{"rsa_signature_2048_sha384_test.json", 200},
	{"rsa_signature_2048_sha512_test.json", 200},
	{"rsa_signature_3072_sha256_test.json", 200},
	{"rsa_signature_3072_sha384_test.json", 200},
	{"rsa_signature_3072_sha512_test.json", 200},
	{"rsa_signature_4096_sha256_test.json", 200},
	{"rsa_signature_4096_sha384_test.json", 200},
	{"rsa_signature_4096_sha512_test.json", 200},
}

// signatureIDs are the AlgorithmIdentifiers by wycheproof's names (RFC 8017,
// appendix A.2.4; RFC 5758, section 3.2).
var signatureIDs = map[string]map[string]asn1.ObjectIdentifier{
	"EcdsaVerify":       {"SHA-256": {1, 2, 840, 10045, 4, 3, 2}, "SHA-384": {1, 2, 840, 10045, 4, 3, 3}, "SHA-512": {1, 2, 840, 10045, 4, 3, 4}},
	"RsassaPkcs1Verify": {"SHA-256": {1, 2, 840, 113549, 1, 1, 11}, "SHA-384": {1, 2, 840, 113549, 1, 1, 12}, "SHA-512": {1, 2, 840, 113549, 1, 1, 13}},
}

// signatureID encodes the AlgorithmIdentifier, with NULL behind RSA's.
func signatureID(t *testing.T, kind, hash string) []byte {
	t.Helper()
	oid, ok := signatureIDs[kind][hash]
	if !ok {
		t.Fatalf("%s with %s is not of this table", kind, hash)
	}
	var id any = struct{ A asn1.ObjectIdentifier }{oid}
	if kind == "RsassaPkcs1Verify" {
		id = struct {
			A asn1.ObjectIdentifier
			P asn1.RawValue
		}{oid, asn1.NullRawValue}
	}
	der, err := asn1.Marshal(id)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Signatures that were made to break verifiers. What is "acceptable" there, for
// old software that leaves a NULL out of the padding, is not to us.
func TestWycheproof(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(moduleDir(t, "github.com/c2sp/wycheproof"), "testvectors_v1")
	for _, v := range vectors {
		t.Run(v.file, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join(dir, v.file))
			if err != nil {
				t.Fatal(err)
			}
			var set struct {
				TestGroups []struct {
					Type, PublicKeyDer, Sha string
					Tests                   []struct {
						TcID                      int
						Comment, Msg, Sig, Result string
					}
				}
			}
			if err := json.Unmarshal(text, &set); err != nil {
				t.Fatal(err)
			}
			valid, refused := 0, 0
			for _, group := range set.TestGroups {
				pub, err := algorithm.ParsePublicKey(unhex(t, group.PublicKeyDer))
				if err != nil {
					t.Fatalf("test %d ff.: %v", group.Tests[0].TcID, err)
				}
				id := signatureID(t, group.Type, group.Sha)
				for _, tt := range group.Tests {
					err := x509der.Verify(pub, id, unhex(t, tt.Msg), unhex(t, tt.Sig))
					if (err == nil) != (tt.Result == "valid") {
						t.Errorf("test %d, %s, is %s: %v", tt.TcID, tt.Comment, tt.Result, err)
					}
					if err == nil {
						valid++
					} else {
						refused++
					}
				}
			}
			t.Logf("%d signatures hold and %d do not", valid, refused)
			if valid == 0 || valid+refused < v.least {
				t.Errorf("%d signatures hold and %d do not: want at least %d", valid, refused, v.least)
			}
		})
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
