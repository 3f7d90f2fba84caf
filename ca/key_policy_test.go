package ca_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"testing"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// blocks is a policy that blocks those keys and no other.
func blocks(t testing.TB, keys ...crypto.PublicKey) algorithm.KeyPolicy {
	t.Helper()
	blocked := make(map[[sha256.Size]byte]bool)
	for _, pub := range keys {
		blocked[sha256.Sum256(testkeys.PublicDER(t, pub))] = true
	}
	return algorithm.KeyPolicy{Blocked: func(digest [sha256.Size]byte) bool { return blocked[digest] }}
}

// No operation issues a certificate for a blocked key, and NewIssuer refuses a
// chain with a blocked key.
func TestIssuerBlockedKeys(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			const says = "the key is blocked: it is known to be compromised"
			issuer := au.issuerWith(t, ca.IssuerOptions{KeyPolicy: blocks(t, key(a, 2).Public())})

			server := serverRequest(issuer, hostCSR(t, a, "www.example.com"))
			checkRefused(t, instant, issuer, server, malformed, "Csr", says)
			if err := server.Validate(); err != nil {
				t.Errorf("Validate, which has no issuer: %v", err)
			}
			issue(t, au.issuer, server)

			client := &ca.CreateClientCertificateWithCsrRequest{Csr: server.Csr, ParentIdentifier: issuer.Identifier(), Days: 90}
			_, _, err := ca.CreateClientCertificateWithCsr(testutil.Untouched(t), instant, issuer, client)
			testutil.CheckError(t, err, malformed, "Csr", says)
			if err := client.Validate(); err != nil {
				t.Errorf("Validate, which has no issuer: %v", err)
			}

			responder := &ca.CreateOCSPResponderCertificateRequest{CommonName: "OCSP", Days: 30}
			_, err = ca.CreateOCSPResponderCertificate(testutil.Untouched(t), instant, issuer, key(a, 2).Public(), responder)
			testutil.CheckError(t, err, malformed, "", says)

			root, err := ca.NewIssuer(au.root.CertificateChain, au.rootKey, ca.IssuerOptions{KeyPolicy: blocks(t, au.subKey.Public())})
			if err != nil {
				t.Fatal(err)
			}
			sub := subRequest(a)
			sub.ParentIdentifier = root.Identifier()
			_, err = ca.CreateSubCACertificate(testutil.Untouched(t), instant, root, au.subKey.Public(), sub)
			testutil.CheckError(t, err, malformed, "", says)

			for name, pub := range map[string]crypto.PublicKey{"Test Sub CA": au.subKey.Public(), "Test Root": au.rootKey.Public()} {
				checkNewIssuer(t, au.sub.CertificateChain, au.subKey, ca.IssuerOptions{KeyPolicy: blocks(t, pub)}, refused, "CertificateChain", name)
				checkNewIssuer(t, au.sub.CertificateChain, au.subKey, ca.IssuerOptions{KeyPolicy: blocks(t, pub)}, refused, "CertificateChain", says)
			}

			pool, err := ca.NewPool(issuer)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = issueFrom(pool, testutil.Untouched(t), server)
			testutil.CheckError(t, err, malformed, "Csr", says)
		})
	}
}

// The policy changes the key's error and not the order of errors.
func TestIssuerBlockedKeysOrder(t *testing.T) {
	t.Parallel()
	a := algorithm.ECC_256
	issuer := authorityOf(a).issuerWith(t, ca.IssuerOptions{KeyPolicy: blocks(t, key(a, 2).Public())})
	const says = "the key is blocked"
	tests := []struct {
		name      string
		change    fields
		parameter string
		mention   string
	}{
		{"after what Csr is", fields{"Csr": "x"}, "Csr", "neither DER nor PEM"},
		{"before Domain", fields{"Domain": "_"}, "Csr", says},
		{"before the validity", fields{"Days": -1}, "Csr", says},
		{"before ParentIdentifier", fields{"ParentIdentifier": "x"}, "Csr", says},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := serverRequest(issuer, hostCSR(t, a, "www.example.com"))
			tt.change.set(req)
			checkRefused(t, instant, issuer, req, malformed, tt.parameter, tt.mention)
		})
	}
}

// Without an issuer the key is checked as in Validate.
func TestNilIssuerHasZeroPolicy(t *testing.T) {
	t.Parallel()
	var nobody *ca.Issuer
	req := serverRequest(authorityOf(algorithm.RSA_2048).issuer, smallExponentCSR(t))
	checkRefused(t, instant, nobody, req, malformed, "Csr", "the RSA exponent 3 is not")
	req.Csr = hostCSR(t, algorithm.RSA_2048, "www.example.com")
	checkRefused(t, instant, nobody, req, yuncert.ErrNotFound, "ParentIdentifier", "there is no issuing CA")
}

// A CA's MinRSABits bounds every key that it certifies, and no CA of its chain.
func TestIssuerMinRSABits(t *testing.T) {
	t.Parallel()
	a := algorithm.RSA_2048
	au := authorityOf(a)
	strict := ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{MinRSABits: 3072}}
	const says = "the key is RSA_2048; want an RSA key of at least 3072 bits"
	issuer := au.issuerWith(t, strict)

	// Before the other parameters, like every rule about the key of a CSR.
	req := serverRequest(issuer, hostCSR(t, a, "www.example.com"))
	req.Days = -1
	checkRefused(t, instant, issuer, req, refused, "Csr", says)
	testutil.CheckError(t, req.Validate(), malformed, "Days", "-1")

	responder := &ca.CreateOCSPResponderCertificateRequest{CommonName: "OCSP", Days: 30}
	_, err := ca.CreateOCSPResponderCertificate(testutil.Untouched(t), instant, issuer, key(a, 2).Public(), responder)
	testutil.CheckError(t, err, refused, "", says)

	root, err := ca.NewIssuer(au.root.CertificateChain, au.rootKey, strict)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ca.CreateSubCACertificate(testutil.Untouched(t), instant, root, au.subKey.Public(), subRequest(a))
	testutil.CheckError(t, err, refused, "", says)
	if _, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, root, key(algorithm.RSA_3072, 1).Public(), subRequest(algorithm.RSA_3072)); err != nil {
		t.Error(err)
	}
}

// smallExponentCSR is one of openssl's with the exponent 3.
func smallExponentCSR(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../csr/testdata/refused/rsa-e3.pem")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestIssuerSmallExponents(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.RSA_2048)
	req := serverRequest(au.issuer, smallExponentCSR(t))
	checkRefused(t, instant, au.issuer, req, malformed, "Csr", "the RSA exponent 3 is not")
	testutil.CheckError(t, req.Validate(), malformed, "Csr", "the RSA exponent 3 is not")

	cert := issue(t, au.issuerWith(t, ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{SmallExponents: true}}), req)
	if pub := cert.PublicKey.(*rsa.PublicKey); pub.E != 3 {
		t.Errorf("the certificate has a key with exponent %d", pub.E)
	}
	verifySignature(t, cert, au.subKey.Public())
}

// Old roots have the exponent 3: NewIssuer takes them under the policy, above a
// key of its own that has a good one.
func TestNewIssuerSmallExponents(t *testing.T) {
	t.Parallel()
	rootKey := smallExponentKey(t)
	root, sub := caTemplate("Root"), caTemplate("Sub")
	make := func(template, parent *x509.Certificate, pub any) string {
		der, err := x509.CreateCertificate(testutil.Seeded(), template, parent, pub, rootKey)
		if err != nil {
			t.Fatal(err)
		}
		return testutil.EncodePEM("CERTIFICATE", der)
	}
	subKey := key(algorithm.RSA_2048, 1)
	chain := make(sub, root, subKey.Public()) + make(root, root, &rootKey.PublicKey)

	checkNewIssuer(t, chain, subKey, ca.IssuerOptions{}, refused, "CertificateChain", "the RSA exponent 3 is not")
	policy := ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{SmallExponents: true}}
	if _, err := ca.NewIssuer(chain, subKey, policy); err != nil {
		t.Errorf("NewIssuer under a root with the exponent 3: %v", err)
	}
	checkNewIssuer(t, make(root, root, &rootKey.PublicKey), rootKey, policy, malformed, "", "the RSA exponent 3 is not")
}

// smallExponentKey is an RSA key with the exponent 3, of primes of the test keys
// that are 2 modulo 3.
func smallExponentKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	one, three := big.NewInt(1), big.NewInt(3)
	var primes []*big.Int
	for i := range 3 {
		block, _ := pem.Decode(testkeys.PEM(algorithm.RSA_2048, i))
		k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range k.(*rsa.PrivateKey).Primes {
			if new(big.Int).Mod(p, three).Cmp(one) != 0 {
				primes = append(primes, p)
			}
		}
	}
	for i, p := range primes {
		for _, q := range primes[:i] {
			n := new(big.Int).Mul(p, q)
			if n.BitLen() != 2048 {
				continue
			}
			phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
			k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 3}, D: new(big.Int).ModInverse(three, phi), Primes: []*big.Int{p, q}}
			k.Precompute()
			if err := k.Validate(); err != nil {
				t.Fatal(err)
			}
			return k
		}
	}
	t.Fatal("no two primes of the test keys make a key with the exponent 3")
	return nil
}
