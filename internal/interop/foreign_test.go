package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testutil"
)

// cryptographyCSRs is the folder of test files of Python's cryptography, from the
// Debian package python3-cryptography-vectors.
const cryptographyCSRs = "/usr/lib/python3/dist-packages/cryptography_vectors/x509/requests"

// foreignCSRs are CSRs from the tests of other projects, with the result of csr.Parse:
// an algorithm and a common name, or a refusal.
var foreignCSRs = []struct {
	file       string // "#2" is the second CSR in a Go source file
	algorithm  algorithm.Algorithm
	commonName string
	refusal    string // name in parseRules, and perhaps "/" and more of the message
}{
	{"cryptography/bad-version.pem", "", "", "version 0/ 1"},
	{"cryptography/basic_constraints.pem", "", "", "signature algorithm"},
	{"cryptography/challenge-invalid.der", "", "", "wrong signature"},
	{"cryptography/challenge-multi-valued.der", "", "", "duplicate value"},
	{"cryptography/challenge-unstructured.pem", algorithm.RSA_2048, "something", ""},
	{"cryptography/challenge.pem", algorithm.RSA_2048, "", ""},
	{"cryptography/dsa_sha1.der", "", "", "key algorithm"},
	{"cryptography/dsa_sha1.pem", "", "", "key algorithm"},
	{"cryptography/ec_sha256.der", algorithm.ECC_384, "cryptography.io", ""},
	{"cryptography/ec_sha256.pem", algorithm.ECC_384, "cryptography.io", ""},
	{"cryptography/ec_sha256_old_header.pem", algorithm.ECC_384, "cryptography.io", ""},
	{"cryptography/freeipa-bad-critical.pem", algorithm.RSA_2048, "replica1.ipa.test", ""},
	{"cryptography/invalid_signature.pem", "", "", "wrong signature"},
	{"cryptography/long-form-attribute.pem", "", "", "attribute syntax"},
	{"cryptography/rsa_md4.der", "", "", "signature algorithm"},
	{"cryptography/rsa_md4.pem", "", "", "signature algorithm"},
	{"cryptography/rsa_sha1.der", "", "", "signature algorithm"},
	{"cryptography/rsa_sha1.pem", "", "", "signature algorithm"},
	{"cryptography/rsa_sha256.der", algorithm.RSA_2048, "cryptography.io", ""},
	{"cryptography/rsa_sha256.pem", algorithm.RSA_2048, "cryptography.io", ""},
	{"cryptography/san_rsa_sha1.der", "", "", "signature algorithm"},
	{"cryptography/san_rsa_sha1.pem", "", "", "signature algorithm"},
	{"cryptography/two_basic_constraints.pem", "", "", "duplicate extension/2.5.29.19"},
	{"cryptography/unsupported_extension.pem", "", "", "signature algorithm"},
	{"cryptography/unsupported_extension_critical.pem", "", "", "signature algorithm"},

	{"crypto/x509/x509_test.go#1", "", "", "duplicate extension/1.2.3"},
	{"crypto/x509/x509_test.go#2", "", "", "duplicate attribute/1.2.3"},

	{"smx509/x509_additional_test.go#1", algorithm.SM2_256, "CargoSmart", ""},
	{"smx509/x509_test.go#1", "", "", "duplicate extension/1.2.3"},
	{"smx509/x509_test.go#2", "", "", "duplicate attribute/1.2.3"},
	// CFCA's CSRs for two certificates have attributes whose values are not in a SET.
	{"smx509/cfca_csr_test.go#1", "", "", "attribute syntax"},
	{"smx509/cfca_csr_test.go#2", "", "", "attribute syntax"},
	{"smx509/cfca_csr_test.go#3", "", "", "attribute syntax"},
}

var csrBlock = regexp.MustCompile(`(?s)-----BEGIN (NEW )?CERTIFICATE REQUEST-----.+?-----END (NEW )?CERTIFICATE REQUEST-----`)

// readForeign returns the CSRs of one folder in DER, by their names in foreignCSRs.
func readForeign(t *testing.T, prefix, pattern string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	list := make(map[string][]byte)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := prefix + filepath.Base(file)
		switch filepath.Ext(file) {
		case ".der":
			list[name] = text
		case ".pem":
			list[name] = testutil.FirstPEM(t, text)
		case ".go":
			for i, block := range csrBlock.FindAll(text, -1) {
				list[fmt.Sprintf("%s#%d", name, i+1)] = testutil.FirstPEM(t, string(block)+"\n")
			}
		}
	}
	return list
}

// csr.Parse gives the listed results for other projects' test CSRs, and agrees with
// openssl and crypto/x509 as in TestDifferential. Unlisted files, from later versions
// of these projects, are only compared.
func TestForeignCSRs(t *testing.T) {
	t.Parallel()
	need(t, "openssl")
	folders := map[string]string{
		"crypto/x509/": filepath.Join(strings.TrimSpace(must(t, "go", "env", "GOROOT")), "src/crypto/x509/*_test.go"),
		"smx509/":      filepath.Join(moduleDir(t, "github.com/emmansun/gmsm"), "smx509/*_test.go"),
	}
	if _, err := os.Stat(cryptographyCSRs); err == nil || os.Getenv("CI") != "" {
		folders["cryptography/"] = cryptographyCSRs + "/*"
	}
	all := make(map[string][]byte)
	for prefix, pattern := range folders {
		list := readForeign(t, prefix, pattern)
		if len(list) == 0 {
			t.Errorf("%s has no CSRs", pattern)
		}
		for name, der := range list {
			all[name] = der
		}
	}
	for _, tt := range foreignCSRs {
		der, ok := all[tt.file]
		if !ok {
			_, present := folders[tt.file[:strings.LastIndex(tt.file, "/")+1]]
			if present {
				t.Errorf("%s does not exist", tt.file)
			}
			continue
		}
		r, err := csr.Parse(der)
		switch {
		case tt.refusal != "":
			name, detail, _ := strings.Cut(tt.refusal, "/")
			if err == nil || !parseRule(name).matches(err.Error()) || !strings.Contains(err.Error(), detail) {
				t.Errorf("%s: %v, want a refusal: %s", tt.file, err, tt.refusal)
			}
		case err != nil:
			t.Errorf("%s: %v", tt.file, err)
		case r.Algorithm != tt.algorithm || r.CommonName != tt.commonName:
			t.Errorf("%s: key %s, common name %q, want %s, %q", tt.file, r.Algorithm, r.CommonName, tt.algorithm, tt.commonName)
		}
	}
	plain, withID, gox := newTrial(openSSL()), newTrial(openSSL("-vfyopt", sm2ID)), newTrial(goX509)
	for name, der := range all {
		r, err := csr.Parse(der)
		if err == nil && r.Algorithm == algorithm.SM2_256 {
			withID.try(t, name, der)
			continue
		}
		plain.try(t, name, der)
		gox.try(t, name, der)
	}
}
