package yuncert_test

import (
	"crypto/rand"
	"encoding/binary"
	"math/big"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
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
		"little endian":                     func(text string) string { return inUTF16(binary.LittleEndian, "\ufeff"+text) },
		"big endian":                        func(text string) string { return inUTF16(binary.BigEndian, "\ufeff"+text) },
		"little endian, no byte-order mark": func(text string) string { return inUTF16(binary.LittleEndian, text) },
		"big endian, no byte-order mark":    func(text string) string { return inUTF16(binary.BigEndian, text) },
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
		})
	}
}

func inUTF16(order binary.AppendByteOrder, text string) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}
