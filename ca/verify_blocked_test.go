package ca_test

import (
	"crypto/sha256"
	"sync/atomic"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
)

// Verify has no key policy: it accepts a chain whose keys the CA has blocked
// since it issued. Revoke such certificates.
func TestVerifyDoesNotCallBlocked(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	var blocked atomic.Bool
	var calls atomic.Int32
	issuer := au.issuerWith(t, ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{Blocked: func([sha256.Size]byte) bool {
		calls.Add(1)
		return blocked.Load()
	}}})
	req := serverRequest(issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
	req.Immediately = 1
	resp, _, err := ca.CreateServerCertificateWithCsr(nil, instant, issuer, req)
	if err != nil {
		t.Fatal(err)
	}
	if calls.Load() == 0 {
		t.Fatal("issuing does not call Blocked")
	}

	blocked.Store(true)
	before := calls.Load()
	_, err = ca.Verify(instant, resp.X509Certificate, ca.VerifyOptions{Roots: au.root.Certificate, Intermediates: au.sub.Certificate})
	if err != nil {
		t.Errorf("Verify refuses a certificate for a blocked key: %v", err)
	}
	if calls.Load() != before {
		t.Error("Verify calls Blocked")
	}
	_, _, err = ca.CreateServerCertificateWithCsr(nil, instant, issuer, req)
	if err == nil {
		t.Error("the CA issues for a blocked key")
	}
}
