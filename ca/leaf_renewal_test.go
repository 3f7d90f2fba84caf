package ca_test

import (
	"fmt"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testutil"
)

// A certificate whose key the library made can be renewed with that key, whatever
// its algorithm: through PEM, a CSR of CreateCsrWithKey and a second certificate.
func TestRenewWithSameKey(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		algorithm algorithm.Algorithm
		size      int32
	}{
		{algorithm.RSA_2048, 2048},
		{algorithm.ECC_256, 256},
		{algorithm.ECC_384, 384},
		{algorithm.ECC_512, 512},
		{algorithm.ECC_512, 521},
		{algorithm.SM2_256, 256},
	} {
		t.Run(fmt.Sprint(tt.algorithm, ", KeySize ", tt.size), func(t *testing.T) {
			t.Parallel()
			issuer := authorityOf(tt.algorithm).issuer
			made, first, _, err := ca.CreateServerCertificate(testutil.Seeded(), instant, issuer, &ca.CreateServerCertificateRequest{
				CommonName: "www.example.com", Domain: "example.com", Algorithm: string(tt.algorithm),
				ParentIdentifier: issuer.Identifier(), Days: 30, Immediately: 1,
			})
			if err != nil {
				t.Fatal(err)
			}
			text, err := first.PEM()
			if err != nil {
				t.Fatal(err)
			}

			kept, err := algorithm.ParsePrivateKey(text)
			if err != nil {
				t.Fatal(err)
			}
			request, err := csr.CreateCsrWithKey(testutil.Seeded(), kept, &csr.CreateCsrRequest{
				Algorithm: kept.Algorithm().Family(), KeySize: tt.size, CommonName: "www.example.com", Sans: "example.com",
				CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou",
			})
			if err != nil {
				t.Fatal(err)
			}
			later := instant.AddDate(0, 0, 20)
			renewed, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), later, issuer, &ca.CreateServerCertificateWithCsrRequest{
				Csr: request.Csr, Algorithm: string(tt.algorithm), ParentIdentifier: issuer.Identifier(), Days: 30, Immediately: 1,
			})
			if err != nil {
				t.Fatal(err)
			}

			for _, certificate := range []string{made.X509Certificate, renewed.X509Certificate} {
				chain, err := ca.Verify(later, certificate, ca.VerifyOptions{
					Roots: authorityOf(tt.algorithm).root.Certificate, Intermediates: authorityOf(tt.algorithm).sub.Certificate, Host: "example.com",
				})
				if err != nil {
					t.Fatal(err)
				}
				if !testutil.EqualKeys(chain[0].PublicKey, first.Public()) {
					t.Error("the certificate has another key")
				}
			}
		})
	}
}
