package yuncert_test

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// parameterOf has the readers of PEM and the parameter that their errors name.
var parameterOf = map[string]string{
	"csr.Parse": "Csr", "NewIssuer": "CertificateChain", "NewOCSPResponder": "CertificateChain", "ParseRevocationList": "",
	"Verify, Certificate": "Certificate", "Verify, Roots": "Roots", "Verify, Intermediates": "Intermediates",
	"LoadPool, the chain": "CertificateChain", "LoadPool, the key": "", "ParsePrivateKey": "", "ParseEncryptedPrivateKey": "",
}

// Every reader of PEM recognises a text that an editor saved as UTF-16, and says
// what to do.
func TestUTF16(t *testing.T) {
	t.Parallel()
	w := newWorld(t, algorithm.ECC_256)
	for encoding, text := range map[string]string{
		"little endian":                     testutil.UTF16(binary.LittleEndian, "\ufeff"+w.chain),
		"big endian":                        testutil.UTF16(binary.BigEndian, "\ufeff"+w.chain),
		"little endian, no byte-order mark": testutil.UTF16(binary.LittleEndian, w.chain),
		"big endian, no byte-order mark":    testutil.UTF16(binary.BigEndian, w.chain),
	} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			read := 0
			w.read(text, func(reader string, err error) {
				parameter, ok := parameterOf[reader]
				if !ok {
					return
				}
				read++
				testutil.CheckError(t, err, yuncert.ErrInvalidValueMalformed, parameter, "it is UTF-16 text; save it as UTF-8")
			})
			if read != len(parameterOf) {
				t.Errorf("%d readers of PEM, want %d", read, len(parameterOf))
			}

			// Joined with a UTF-8 file, the certificates in UTF-16 must not get lost.
			for _, joined := range []string{text + w.chain, w.chain + text, w.chain + text + w.chain} {
				_, err := ca.Verify(secretsNow, w.chain, ca.VerifyOptions{Roots: joined})
				testutil.CheckError(t, err, yuncert.ErrInvalidValueMalformed, "Roots", "a part of the text is UTF-16")
			}
		})
	}
}

// Files that were joined without a line break between them are read.
func TestJoinedPEM(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		w := newWorld(t, a)
		joined := func(texts ...string) string {
			return strings.ReplaceAll(strings.Join(texts, ""), "-----\n-----BEGIN", "----------BEGIN")
		}
		if strings.Contains(joined(w.chain), "\n-----BEGIN") {
			t.Fatal("a line break is left")
		}
		leaf := w.values["ca.CreateServerCertificateWithCsrResponse"][0].(ca.CreateServerCertificateWithCsrResponse)
		root := w.values["ca.CreateRootCACertificateResponse"][0].(ca.CreateRootCACertificateResponse)
		other, err := ca.CreateRootCACertificate(rand.Reader, secretsNow, testkeys.Key(a, 2), w.values["ca.CreateRootCACertificateRequest"][1].(*ca.CreateRootCACertificateRequest))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ca.NewIssuer(joined(w.chain), w.key, ca.IssuerOptions{}); err != nil {
			t.Errorf("%s: NewIssuer: %v", a, err)
		}
		certificates, roots := joined(leaf.X509Certificate, w.chain), joined(other.Certificate, root.Certificate)
		if _, err := ca.Verify(secretsNow, certificates, ca.VerifyOptions{Roots: roots}); err != nil {
			t.Errorf("%s: Verify: %v", a, err)
		}
		if _, err := ca.Verify(secretsNow, leaf.X509Certificate, ca.VerifyOptions{Roots: roots, Intermediates: joined(w.chain)}); err != nil {
			t.Errorf("%s: Verify with Intermediates: %v", a, err)
		}
		if _, err := algorithm.ParsePrivateKey([]byte(joined(w.chain, string(w.pem), w.chain))); err != nil {
			t.Errorf("%s: ParsePrivateKey: %v", a, err)
		}
	}
}
