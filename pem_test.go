package yuncert_test

import (
	"crypto/rand"
	"encoding/binary"
	"math/big"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// Every reader of PEM recognises a text that an editor saved as UTF-16, and says
// what to do.
func TestUTF16(t *testing.T) {
	t.Parallel()
	w := newWorld(t, algorithm.ECC_256)
	number := &ca.CreateRevocationListRequest{Number: big.NewInt(1), NextUpdate: secretsNow.AddDate(0, 0, 7)}
	crl, err := ca.CreateRevocationList(rand.Reader, secretsNow, w.issuer, number)
	if err != nil {
		t.Fatal(err)
	}
	crlText := testutil.EncodePEM("X509 CRL", crl)
	for encoding, encode := range map[string]func(text string) string{
		"little endian":                     func(text string) string { return testutil.UTF16(binary.LittleEndian, "\ufeff"+text) },
		"big endian":                        func(text string) string { return testutil.UTF16(binary.BigEndian, "\ufeff"+text) },
		"little endian, no byte-order mark": func(text string) string { return testutil.UTF16(binary.LittleEndian, text) },
		"big endian, no byte-order mark":    func(text string) string { return testutil.UTF16(binary.BigEndian, text) },
	} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			check := func(parameter string, err error) {
				t.Helper()
				testutil.CheckError(t, err, yuncert.ErrInvalidValueMalformed, parameter, "it is UTF-16 text; save it as UTF-8")
			}
			chain := encode(w.chain)
			_, err := csr.Parse([]byte(encode(w.csr)))
			check("Csr", err)
			_, err = algorithm.ParsePrivateKey([]byte(encode(string(w.pem))))
			check("", err)
			_, err = ca.NewIssuer(chain, w.key, ca.IssuerOptions{})
			check("CertificateChain", err)
			_, err = ca.NewOCSPResponder(chain, w.key)
			check("CertificateChain", err)
			_, err = ca.ParseRevocationList([]byte(encode(crlText)))
			check("", err)
			_, err = ca.Verify(secretsNow, chain, ca.VerifyOptions{Roots: w.chain})
			check("Certificate", err)
			_, err = ca.Verify(secretsNow, w.chain, ca.VerifyOptions{Roots: chain})
			check("Roots", err)
			_, err = ca.Verify(secretsNow, w.chain, ca.VerifyOptions{Roots: w.chain, Intermediates: chain})
			check("Intermediates", err)
			_, err = ca.LoadPool(fstest.MapFS{"ca.pem": {Data: []byte(chain)}, "ca.key": {Data: w.pem}}, ca.IssuerOptions{})
			check("CertificateChain", err)
			_, err = ca.LoadPool(fstest.MapFS{"ca.pem": {Data: []byte(w.chain)}, "ca.key": {Data: []byte(encode(string(w.pem)))}}, ca.IssuerOptions{})
			check("", err)

			// Joined with a UTF-8 file, the certificates in UTF-16 must not get lost.
			for _, joined := range []string{chain + w.chain, w.chain + chain, w.chain + chain + w.chain} {
				_, err = ca.Verify(secretsNow, w.chain, ca.VerifyOptions{Roots: joined})
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
