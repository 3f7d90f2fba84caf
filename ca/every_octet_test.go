package ca_test

import (
	"bytes"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/x509der"
)

// Every octet of a certificate is either parsed or signed: whichever is changed,
// the certificate is refused.
func TestEveryOctetCounts(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			issuer := parsePEM(t, au.sub.Certificate)
			der := issue(t, au.issuer, fullRequest(t, a, au.issuer)).Raw
			if err := x509der.CheckSignature(parse(t, der), issuer); err != nil {
				t.Fatalf("unchanged: %v", err)
			}
			// All changes of one bit, and a few of several.
			changes := []byte{1, 2, 4, 8, 16, 32, 64, 128, 0xff, 0x55, 0x21}
			if testing.Short() {
				changes = []byte{1, 0x80, 0xff}
			}
			for at := range der {
				for _, change := range changes {
					changed := bytes.Clone(der)
					changed[at] ^= change
					cert, err := x509der.ParseCertificate(changed)
					if err != nil {
						continue
					}
					if err := x509der.CheckSignature(cert, issuer); err == nil {
						t.Errorf("octet %d of %d xor %#02x: the certificate still verifies", at, len(der), change)
					}
				}
			}
			for n := range der {
				if _, err := x509der.ParseCertificate(der[:n]); err == nil {
					t.Errorf("the first %d of %d octets are parsed", n, len(der))
				}
			}
			if _, err := x509der.ParseCertificate(append(bytes.Clone(der), 0)); err == nil {
				t.Error("an octet after the certificate is not noticed")
			}
		})
	}
}

// The same for a chain: a changed octet in the PEM text of a subordinate CA is
// noticed if it changes the certificate.
func TestEveryOctetOfTheChainCounts(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	der := testutil.DecodePEM(t, "CERTIFICATE", au.sub.Certificate)
	for at := range der {
		changed := bytes.Clone(der)
		changed[at] ^= 1
		if _, err := ca.NewIssuer(testutil.EncodePEM("CERTIFICATE", changed)+au.root.Certificate, au.subKey, ca.IssuerOptions{}); err == nil {
			t.Errorf("octet %d: the chain is accepted", at)
		}
	}
}
