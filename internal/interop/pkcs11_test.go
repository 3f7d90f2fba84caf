//go:build cgo

package interop

import (
	"crypto"
	"crypto/elliptic"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/ThalesGroup/crypto11"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// newToken makes a SoftHSM token in a new directory and opens it.
func newToken(t *testing.T) *crypto11.Context {
	t.Helper()
	need(t, "softhsm2-util")
	var library string
	for _, pattern := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so"} {
		files, _ := filepath.Glob(pattern) // the pattern is valid
		if len(files) > 0 {
			library = files[0]
		}
	}
	dir := t.TempDir()
	tokens := filepath.Join(dir, "tokens")
	err := os.Mkdir(tokens, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", write(t, dir, "softhsm2.conf", "directories.tokendir = "+tokens+"\nobjectstore.backend = file\n"))
	must(t, "softhsm2-util", "--init-token", "--free", "--label", "yuncert", "--so-pin", "5678", "--pin", "1234")
	token, err := crypto11.Configure(&crypto11.Config{Path: library, TokenLabel: "yuncert", Pin: "1234"})
	if err != nil {
		t.Fatalf("%s: %v", library, err)
	}
	t.Cleanup(func() {
		err := token.Close()
		if err != nil {
			t.Error(err)
		}
	})
	return token
}

// The keys of a root, a subordinate CA and a server are made in a PKCS #11 token and
// sign there. openssl verifies the signatures. The test is not parallel, because the
// token's configuration is in the environment.
func TestPKCS11(t *testing.T) {
	need(t, "openssl")
	token := newToken(t)
	for _, tt := range []struct {
		a       algorithm.Algorithm
		newKey  func(id byte) (crypto.Signer, error)
		request csr.CreateCsrRequest
	}{
		{
			algorithm.RSA_2048,
			func(id byte) (crypto.Signer, error) { return token.GenerateRSAKeyPair([]byte{'r', id}, 2048) },
			csr.CreateCsrRequest{Algorithm: "RSA", KeySize: 2048},
		},
		{
			algorithm.ECC_256,
			func(id byte) (crypto.Signer, error) {
				return token.GenerateECDSAKeyPair([]byte{'e', id}, elliptic.P256())
			},
			csr.CreateCsrRequest{Algorithm: "ECC", KeySize: 256},
		},
	} {
		t.Run(string(tt.a), func(t *testing.T) {
			keys := make([]crypto.Signer, 3)
			for i := range keys {
				key, err := tt.newKey(byte('0' + i))
				if err != nil {
					t.Fatal(err)
				}
				keys[i] = key
			}
			tt.request.CommonName, tt.request.Sans = "www.example.com", "*.example.org,192.0.2.7,2001:db8::7"
			tt.request.CountryCode, tt.request.Province, tt.request.Locality = "CN", "Zhejiang", "Hangzhou"
			made, err := csr.CreateCsrWithKey(nil, keys[2], &tt.request)
			if err != nil {
				t.Fatalf("CreateCsrWithKey: %v", err)
			}
			checkOpenSSLRequest(t, tt.a, made.Csr, "CN=www.example.com,L=Hangzhou,ST=Zhejiang,C=CN",
				"DNS:www.example.com, DNS:*.example.org, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7")

			p, other := newPKIWithKeys(t, keys[0], keys[1]), otherPKI(t, tt.a)
			_, server := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: made.Csr})
			_, forged := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: made.Csr})
			spoil(t, forged)
			checkChain(t, p, other, server, forged, tt.a)

			list := p.crl(t, &ca.CreateRevocationListRequest{Number: big.NewInt(1), NextUpdate: now.AddDate(0, 0, 7)})
			file := write(t, t.TempDir(), "list.pem", testutil.EncodePEM("X509 CRL", list))
			r := run(t, "", "openssl", "crl", "-in", file, "-noout", "-CAfile", p.subFile)
			if !r.says("verify OK") {
				t.Error(r)
			}

			_, err = ca.NewIssuer(p.chain, keys[2], ca.IssuerOptions{})
			if err == nil {
				t.Error("NewIssuer accepts a token key that is not the chain's")
			}
			_, err = ca.NewIssuer(p.chain, testkeys.Key(tt.a, 1), ca.IssuerOptions{})
			if err == nil {
				t.Error("NewIssuer accepts a key in memory that is not the chain's")
			}
		})
	}
}
