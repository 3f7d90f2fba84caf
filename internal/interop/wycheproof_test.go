package interop

import (
	"encoding/asn1"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// vectors are C2SP wycheproof's files for the signatures that CSRs and certificates
// may have.
var vectors = []struct {
	file  string
	least int // number of vectors
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
	{"rsa_pss_2048_sha256_mgf1_32_test.json", 100},
	{"rsa_pss_2048_sha384_mgf1_48_test.json", 100},
	{"rsa_pss_3072_sha256_mgf1_32_test.json", 100},
	{"rsa_pss_4096_sha256_mgf1_32_test.json", 100},
	{"rsa_pss_4096_sha384_mgf1_48_test.json", 100},
	{"rsa_pss_4096_sha512_mgf1_64_test.json", 100},
}

// signatureIDs are the signature algorithms by wycheproof's names (RFC 8017, appendix
// A.2.4; RFC 5758, section 3.2).
var signatureIDs = map[string]map[string]asn1.ObjectIdentifier{
	"EcdsaVerify":       {"SHA-256": {1, 2, 840, 10045, 4, 3, 2}, "SHA-384": {1, 2, 840, 10045, 4, 3, 3}, "SHA-512": {1, 2, 840, 10045, 4, 3, 4}},
	"RsassaPkcs1Verify": {"SHA-256": {1, 2, 840, 113549, 1, 1, 11}, "SHA-384": {1, 2, 840, 113549, 1, 1, 12}, "SHA-512": {1, 2, 840, 113549, 1, 1, 13}},
}

// pssIDs are the AlgorithmIdentifiers of RSASSA-PSS with a salt as long as the hash.
var pssIDs = map[string][]byte{
	"SHA-256": asn.RSAPSS(asn.PSSHash(asn.SHA256), asn.PSSMask(asn.SHA256), asn.PSSSalt(32)),
	"SHA-384": asn.RSAPSS(asn.PSSHash(asn.SHA384), asn.PSSMask(asn.SHA384), asn.PSSSalt(48)),
	"SHA-512": asn.RSAPSS(asn.PSSHash(asn.SHA512), asn.PSSMask(asn.SHA512), asn.PSSSalt(64)),
}

// signatureID encodes an AlgorithmIdentifier. PKCS #1's has NULL parameters.
func signatureID(t *testing.T, kind, hash string) []byte {
	t.Helper()
	if kind == "RsassaPssVerify" {
		return pssIDs[hash]
	}
	oid, ok := signatureIDs[kind][hash]
	if !ok {
		t.Fatalf("signatureIDs has no %s with %s", kind, hash)
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

// Our verification gives wycheproof's results. "acceptable" signatures are refused:
// their padding lacks a NULL, as in some old software.
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
			err = json.Unmarshal(text, &set)
			if err != nil {
				t.Fatal(err)
			}
			valid, refused := 0, 0
			for _, group := range set.TestGroups {
				pub, err := algorithm.ParsePublicKey(testutil.Hex(group.PublicKeyDer))
				if err != nil {
					t.Fatalf("the key of test %d: %v", group.Tests[0].TcID, err)
				}
				id := signatureID(t, group.Type, group.Sha)
				for _, tt := range group.Tests {
					err := x509der.Verify(pub, id, testutil.Hex(tt.Msg), testutil.Hex(tt.Sig))
					if (err == nil) != (tt.Result == "valid") {
						t.Errorf("test %d (%s): %v, want %s", tt.TcID, tt.Comment, err, tt.Result)
					}
					if err == nil {
						valid++
					} else {
						refused++
					}
				}
			}
			t.Logf("%d signatures are valid, %d are refused", valid, refused)
			if valid == 0 || valid+refused < v.least {
				t.Errorf("%d signatures are valid and %d are refused, want at least %d in all", valid, refused, v.least)
			}
		})
	}
}
