package interop

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
)

// cryptographyCSRs are the test files of Python's cryptography, in Debian's
// package python3-cryptography-vectors.
const cryptographyCSRs = "/usr/lib/python3/dist-packages/cryptography_vectors/x509/requests"

const (
	wrongSignature = "the signature does not belong to the key and the content"
	oldSignature   = "the signature algorithm is not supported"
)

// foreignCSRs are CSRs in the tests of others, and what Parse makes of them: an
// algorithm and a common name, or a reason against it.
var foreignCSRs = []struct {
	file       string // in a Go source file, "#2" is the second
	algorithm  algorithm.Algorithm
	commonName string
	refusal    string
}{
	{"cryptography/bad-version.pem", "", "", "its version is 1"},
	{"cryptography/basic_constraints.pem", "", "", oldSignature},
	{"cryptography/challenge-invalid.der", "", "", wrongSignature},
	{"cryptography/challenge-multi-valued.der", "", "", "has the same value twice"},
	{"cryptography/challenge-unstructured.pem", algorithm.RSA_2048, "something", ""},
	{"cryptography/challenge.pem", algorithm.RSA_2048, "", ""},
	{"cryptography/dsa_sha1.der", "", "", "the key's algorithm is not supported"},
	{"cryptography/dsa_sha1.pem", "", "", "the key's algorithm is not supported"},
	{"cryptography/ec_sha256.der", algorithm.ECC_384, "cryptography.io", ""},
	{"cryptography/ec_sha256.pem", algorithm.ECC_384, "cryptography.io", ""},
	{"cryptography/ec_sha256_old_header.pem", algorithm.ECC_384, "cryptography.io", ""},
	{"cryptography/freeipa-bad-critical.pem", algorithm.RSA_2048, "replica1.ipa.test", ""},
	{"cryptography/invalid_signature.pem", "", "", wrongSignature},
	{"cryptography/long-form-attribute.pem", "", "", "an attribute is malformed"},
	{"cryptography/rsa_md4.der", "", "", oldSignature},
	{"cryptography/rsa_md4.pem", "", "", oldSignature},
	{"cryptography/rsa_sha1.der", "", "", oldSignature},
	{"cryptography/rsa_sha1.pem", "", "", oldSignature},
	{"cryptography/rsa_sha256.der", algorithm.RSA_2048, "cryptography.io", ""},
	{"cryptography/rsa_sha256.pem", algorithm.RSA_2048, "cryptography.io", ""},
	{"cryptography/san_rsa_sha1.der", "", "", oldSignature},
	{"cryptography/san_rsa_sha1.pem", "", "", oldSignature},
	{"cryptography/two_basic_constraints.pem", "", "", "the extension 2.5.29.19 is requested twice"},
	{"cryptography/unsupported_extension.pem", "", "", oldSignature},
	{"cryptography/unsupported_extension_critical.pem", "", "", oldSignature},

	{"crypto/x509/x509_test.go#1", "", "", "the extension 1.2.3 is requested twice"},
	{"crypto/x509/x509_test.go#2", "", "", "the attribute 1.2.3 stands twice"},

	{"smx509/x509_additional_test.go#1", algorithm.SM2_256, "CargoSmart", ""},
	{"smx509/x509_test.go#1", "", "", "the extension 1.2.3 is requested twice"},
	{"smx509/x509_test.go#2", "", "", "the attribute 1.2.3 stands twice"},
	// CFCA's CSRs for two certificates at once have attributes whose values are in no SET.
	{"smx509/cfca_csr_test.go#1", "", "", "an attribute is malformed"},
	{"smx509/cfca_csr_test.go#2", "", "", "an attribute is malformed"},
	{"smx509/cfca_csr_test.go#3", "", "", "an attribute is malformed"},
}

var csrBlock = regexp.MustCompile(`(?s)-----BEGIN (NEW )?CERTIFICATE REQUEST-----.+?-----END (NEW )?CERTIFICATE REQUEST-----`)

// readForeign reads the CSRs of one folder, by the names of foreignCSRs, as DER.
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
			list[name] = decode(t, string(text))
		case ".go":
			for i, block := range csrBlock.FindAll(text, -1) {
				p, _ := pem.Decode(append(block, '\n'))
				if p == nil {
					t.Fatalf("%s: a CSR is not PEM", file)
				}
				list[name+"#"+string(rune('1'+i))] = p.Bytes
			}
		}
	}
	return list
}

// What others test their readers with. A file that is not listed, in a later
// version of theirs, only goes before OpenSSL and crypto/x509 beside us.
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
			t.Errorf("there is no CSR in %s", pattern)
		}
		for name, der := range list {
			all[name] = der
		}
	}
	for _, tt := range foreignCSRs {
		der, ok := all[tt.file]
		if !ok {
			if _, known := folders[tt.file[:strings.LastIndex(tt.file, "/")+1]]; known {
				t.Errorf("%s is not there", tt.file)
			}
			continue
		}
		r, err := csr.Parse(der)
		switch {
		case tt.refusal != "":
			if err == nil || !strings.Contains(err.Error(), tt.refusal) {
				t.Errorf("%s: %v, want a refusal: %s", tt.file, err, tt.refusal)
			}
		case err != nil:
			t.Errorf("%s: %v", tt.file, err)
		case r.Algorithm != tt.algorithm || r.CommonName != tt.commonName:
			t.Errorf("%s: a key %s for %q, want %s for %q", tt.file, r.Algorithm, r.CommonName, tt.algorithm, tt.commonName)
		}
	}
	plain, withID, gox := newTrial(openSSL()), newTrial(openSSL("-vfyopt", sm2ID)), newTrial(goX509)
	for name, der := range all {
		if r, err := csr.Parse(der); err == nil && r.Algorithm == algorithm.SM2_256 {
			withID.try(t, name, der)
			continue
		}
		plain.try(t, name, der)
		gox.try(t, name, der)
	}
}
