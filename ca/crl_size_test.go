package ca_test

import (
	"crypto/x509"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
)

// A CRL has no size limit. This one has 5 MB, and a CSR or an OCSP request could
// have 64 KiB.
func TestRevocationListSize(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	req := serverRequest(au.issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
	req.Immediately = 1
	resp, _, err := ca.CreateServerCertificateWithCsr(nil, instant, au.issuer, req)
	if err != nil {
		t.Fatal(err)
	}
	const others = 100_000
	crl := revocationListRequest()
	crl.Revoked = func(yield func(ca.RevokedCertificate, error) bool) {
		for entry, err := range counted(others) {
			if !yield(entry, err) {
				return
			}
		}
		yield(ca.RevokedCertificate{SerialNumber: resp.SerialNumber, RevocationTime: listed}, nil)
	}
	der := createList(t, au.issuer, crl)
	if len(der) < 5_000_000 {
		t.Fatalf("the CRL has only %d octets", len(der))
	}
	for name, data := range map[string][]byte{"DER": der, "PEM": []byte(testutil.EncodePEM("X509 CRL", der))} {
		list, err := ca.ParseRevocationList(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := len(list.RevokedCertificateEntries); got != others+1 {
			t.Errorf("%s: the CRL has %d entries, want %d", name, got, others+1)
		}
		_, err = ca.Verify(listed, resp.X509Certificate, ca.VerifyOptions{
			Roots: au.root.Certificate, Intermediates: au.sub.Certificate, RevocationLists: []*x509.RevocationList{list},
		})
		testutil.CheckError(t, err, yuncert.ErrInvalidStatusUpdateProtection, "Certificate", "was revoked")
	}
}
