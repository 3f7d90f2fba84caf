package ca_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"errors"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// A retaining signer keeps the messages that it was handed, as one with a log
// does.
type retaining struct {
	crypto.MessageSigner
	kept *[][]byte
}

func (r retaining) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	*r.kept = append(*r.kept, message)
	return r.MessageSigner.SignMessage(rand, message, opts)
}

// What a signer keeps of a message stays as it was, and what it does with that
// changes nothing that is returned.
func TestSignerKeepsMessage(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			var kept [][]byte
			issuer, err := ca.NewIssuer(au.sub.CertificateChain, retaining{testutil.MessageOpaque(au.subKey), &kept}, ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, issuer, serverRequest(issuer, hostCSR(t, a, "www.example.com")))
			if err != nil {
				t.Fatal(err)
			}
			list, err := ca.CreateRevocationList(testutil.Seeded(), instant, issuer, &ca.CreateRevocationListRequest{
				Number: big.NewInt(1), NextUpdate: instant.AddDate(0, 0, 7), Revoked: ca.Revoked(),
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(kept) != 2 || !bytes.Contains(der, kept[0]) || !bytes.Contains(list, kept[1]) {
				t.Fatalf("the %d messages that were kept are not what was signed", len(kept))
			}
			before := slices.Concat(der, list)
			for _, message := range kept {
				clear(message)
			}
			if !bytes.Equal(slices.Concat(der, list), before) {
				t.Error("what was returned changed with the message that the signer kept")
			}
		})
	}
}

// What an SM2 signer makes under another user ID than ours nobody could verify.
func TestSM2SignerWithEmptyUserID(t *testing.T) {
	t.Parallel()
	inside := key(algorithm.SM2_256, 0)
	signer := emptyID{testutil.SignerFunc(inside.Public(), func(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		return inside.Sign(nil, digest, opts)
	})}
	_, err := ca.CreateRootCACertificate(testutil.Seeded(), instant, signer, rootRequest())
	if !errors.Is(err, yuncert.ErrInternalError) || !strings.Contains(err.Error(), "wrong signature") {
		t.Errorf("error %v", err)
	}
}

// emptyID signs messages under the empty user ID.
type emptyID struct{ crypto.Signer }

func (s emptyID) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	digest, err := sm2.Digest(s.Public().(*ecdsa.PublicKey), "", message)
	if err != nil {
		return nil, err
	}
	return s.Sign(rand, digest, opts)
}

// An HSM signs what the same key in memory signs.
func TestCreateServerCertificateWithCsrSigners(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All[1:] {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			req := serverRequest(au.issuer, hostCSR(t, a, "www.example.com"))
			want := issue(t, au.issuer, req).Raw
			for _, signer := range []crypto.Signer{testutil.Opaque(au.subKey), testutil.MessageOpaque(au.subKey), testutil.Drawing(au.subKey)} {
				issuer, err := ca.NewIssuer(au.sub.CertificateChain, signer, ca.IssuerOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if got := issue(t, issuer, req).Raw; !bytes.Equal(got, want) {
					t.Errorf("%T: the certificate is another one", signer)
				}
			}
		})
	}
}
