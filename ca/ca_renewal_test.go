package ca_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"math/big"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// A twin is one of several certificates of one CA key and subject.
type twin struct {
	name      string
	issuer    *ca.Issuer
	sub, root string
}

// twins certify the subordinate CA of an authority: as it is, renewed below the
// same root, below a root that is renewed, below another root, and below that
// root, which the first one has certified.
func twins(t *testing.T, a algorithm.Algorithm) []twin {
	t.Helper()
	au, later := authorityOf(a), instant.AddDate(1, 0, 0)
	var list []twin
	add := func(name, chain, sub, root string) {
		issuer, err := ca.NewIssuer(chain, au.subKey, ca.IssuerOptions{})
		if err != nil {
			t.Fatalf("%s: NewIssuer: %v", name, err)
		}
		list = append(list, twin{name: name, issuer: issuer, sub: sub, root: root})
	}
	rootOf := func(k *algorithm.PrivateKey, commonName string) (*ca.Issuer, string) {
		req := rootRequest()
		req.CommonName = commonName
		resp, err := ca.CreateRootCACertificate(testutil.Seeded(), later, k, req)
		if err != nil {
			t.Fatal(err)
		}
		issuer, err := ca.NewIssuer(resp.CertificateChain, k, ca.IssuerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return issuer, resp.Certificate
	}
	subOf := func(parent *ca.Issuer) *ca.CreateSubCACertificateResponse {
		resp, err := ca.CreateSubCACertificate(testutil.Seeded(), later, parent, au.subKey.Public(), subRequest(a))
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	add("first", au.sub.CertificateChain, au.sub.Certificate, au.root.Certificate)
	renewed := subOf(au.rootIssuer)
	add("renewed", renewed.CertificateChain, renewed.Certificate, au.root.Certificate)

	newRoot, newRootPEM := rootOf(au.rootKey, "Test Root")
	add("below the renewed root", au.sub.Certificate+newRootPEM, au.sub.Certificate, newRootPEM)
	both := subOf(newRoot)
	add("renewed below the renewed root", both.CertificateChain, both.Certificate, newRootPEM)

	otherKey, err := algorithm.GenerateKey(a) // the fixed keys are in use
	if err != nil {
		t.Fatal(err)
	}
	other, otherPEM := rootOf(otherKey, "Other Root")
	crossed := subOf(other)
	add("below another root", crossed.CertificateChain, crossed.Certificate, otherPEM)
	req := subRequest(a)
	req.CommonName, req.PathLenConstraint = "Other Root", 1
	bridge, err := ca.CreateSubCACertificate(testutil.Seeded(), later, au.rootIssuer, otherKey.Public(), req)
	if err != nil {
		t.Fatal(err)
	}
	add("below another root, below the first", crossed.Certificate+bridge.CertificateChain, crossed.Certificate+bridge.Certificate, au.root.Certificate)
	return list
}

// What a CA issues with one of its certificates verifies with each other one: the
// octets of its name and the key identifier are the same, and so its CRLs and OCSP
// responses count.
func TestRenewal(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au, list, now := authorityOf(a), twins(t, a), instant.AddDate(1, 0, 0)
			own := parsePEM(t, au.sub.Certificate)
			for _, with := range list {
				req := serverRequest(with.issuer, hostCSR(t, a, "www.example.com"))
				resp, der, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), now, with.issuer, req)
				if err != nil {
					t.Fatal(err)
				}
				leaf := parse(t, der)
				if !bytes.Equal(leaf.RawIssuer, own.RawSubject) || !bytes.Equal(leaf.AuthorityKeyId, own.SubjectKeyId) {
					t.Errorf("%s: the leaf has issuer %x and key identifier %x, want %x and %x", with.name, leaf.RawIssuer, leaf.AuthorityKeyId, own.RawSubject, own.SubjectKeyId)
				}
				for _, under := range list {
					checkTwin(t, with.name+", "+under.name, a, leaf, resp.SerialNumber, with, under)
				}
			}
		})
	}
}

// checkTwin verifies a leaf that the CA issued with one certificate in the chain of
// another one.
func checkTwin(t *testing.T, what string, a algorithm.Algorithm, leaf *x509.Certificate, serial string, with, under twin) {
	t.Helper()
	now := instant.AddDate(1, 0, 0)
	verifyServer(t, a, leaf.Raw, under.sub, under.root, now, "www.example.com")
	opts := ca.VerifyOptions{Roots: under.root, Intermediates: under.sub, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth}
	text := testutil.EncodePEM("CERTIFICATE", leaf.Raw)
	if _, err := ca.Verify(now, text, opts); err != nil {
		t.Errorf("%s: Verify: %v", what, err)
	}
	for _, revoked := range []bool{false, true} {
		req := &ca.CreateRevocationListRequest{Number: big.NewInt(1), NextUpdate: now.AddDate(0, 0, 7)}
		if revoked {
			req.Revoked = ca.Revoked(ca.RevokedCertificate{SerialNumber: serial, RevocationTime: now})
		}
		// The other certificate's CRL for the leaf, in the chain of the one.
		der, err := ca.CreateRevocationList(nil, now, with.issuer, req)
		if err != nil {
			t.Fatal(err)
		}
		crl, err := ca.ParseRevocationList(der)
		if err != nil {
			t.Fatal(err)
		}
		opts.RevocationLists = []*x509.RevocationList{crl}
		_, err = ca.Verify(now, text, opts)
		if revoked {
			testutil.CheckError(t, err, yuncert.ErrInvalidStatusUpdateProtection, "Certificate", "was revoked")
		} else if err != nil {
			t.Errorf("%s: Verify with a CRL: %v", what, err)
		}
	}
	if a == algorithm.SM2_256 {
		return // not in x/crypto/ocsp
	}
	checkGoodOCSP(t, what, now, newResponder(t, with.sub+with.root, key(a, 1)), leaf, first(t, []byte(under.sub)))
}

// A root's CRL counts under each of its certificates.
func TestRenewalOfRootCRL(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au, now := authorityOf(a), instant.AddDate(1, 0, 0)
			renewed, err := ca.CreateRootCACertificate(testutil.Seeded(), now, au.rootKey, rootRequest())
			if err != nil {
				t.Fatal(err)
			}
			issuer, err := ca.NewIssuer(renewed.CertificateChain, au.rootKey, ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			der, err := ca.CreateRevocationList(nil, now, issuer, &ca.CreateRevocationListRequest{
				Number: big.NewInt(1), NextUpdate: now.AddDate(0, 0, 7),
				Revoked: ca.Revoked(ca.RevokedCertificate{SerialNumber: fmt.Sprintf("%x", parsePEM(t, au.sub.Certificate).SerialNumber), RevocationTime: now}),
			})
			if err != nil {
				t.Fatal(err)
			}
			crl, err := ca.ParseRevocationList(der)
			if err != nil {
				t.Fatal(err)
			}
			for _, root := range []string{au.root.Certificate, renewed.Certificate} {
				_, err := ca.Verify(now, au.sub.Certificate, ca.VerifyOptions{Roots: root, RevocationLists: []*x509.RevocationList{crl}})
				testutil.CheckError(t, err, yuncert.ErrInvalidStatusUpdateProtection, "Certificate", "was revoked")
			}
		})
	}
}
