package interop

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
)

// now is the instant of every certificate that a test makes. attime is the same
// instant a while later, as openssl takes it.
var (
	now    = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	attime = strconv.FormatInt(now.Add(24*time.Hour).Unix(), 10)
)

// The algorithms that CAs have.
var caAlgorithms = []algorithm.Algorithm{
	algorithm.RSA_2048, algorithm.RSA_3072, algorithm.RSA_4096,
	algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512,
	algorithm.SM2_256,
}

// caFor is the algorithm of a CA for a server's key: the same, but for RSA_1024.
func caFor(a algorithm.Algorithm) algorithm.Algorithm {
	if a == algorithm.RSA_1024 {
		return algorithm.RSA_2048
	}
	return a
}

// seeded gives the same octets in every run.
func seeded(seed string) io.Reader {
	var s [32]byte
	copy(s[:], seed)
	return rand.NewChaCha8(s)
}

// A pki is a root CA and a subordinate CA that issues, in PEM and in files.
type pki struct {
	rand                         io.Reader
	issuer                       *ca.Issuer
	root, sub, chain             string
	rootFile, subFile, chainFile string
}

// newPKI makes CAs with the test keys 0 and 1 of an algorithm.
func newPKI(t *testing.T, a algorithm.Algorithm) *pki {
	t.Helper()
	return newPKIWithKeys(t, testkeys.Key(a, 0), testkeys.Key(a, 1))
}

// otherPKI makes CAs of the same names with the test keys 2 and 0.
func otherPKI(t *testing.T, a algorithm.Algorithm) *pki {
	t.Helper()
	return newPKIWithKeys(t, testkeys.Key(a, 2), testkeys.Key(a, 0))
}

func newPKIWithKeys(t *testing.T, rootKey, subKey crypto.Signer) *pki {
	t.Helper()
	a, err := algorithm.Of(subKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	p := &pki{rand: seeded("interop")}
	root, err := ca.CreateRootCACertificate(p.rand, now, rootKey, &ca.CreateRootCACertificateRequest{
		CommonName: "Example Root CA", Organization: "例子公司", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Years: 30,
	})
	if err != nil {
		t.Fatalf("CreateRootCACertificate: %v", err)
	}
	rootIssuer, err := ca.NewIssuer(root.CertificateChain, rootKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatalf("NewIssuer: %v", err)
	}
	sub, err := ca.CreateSubCACertificate(p.rand, now, rootIssuer, subKey.Public(), &ca.CreateSubCACertificateRequest{
		CommonName: "Example Issuing CA", Organization: "例子公司", OrganizationUnit: "PKI",
		Locality: "Hangzhou", State: "Zhejiang", CountryCode: "CN", Algorithm: string(a), Years: 29,
	})
	if err != nil {
		t.Fatalf("CreateSubCACertificate: %v", err)
	}
	p.issuer, err = ca.NewIssuer(sub.CertificateChain, subKey, ca.IssuerOptions{CRLBase: "http://pki.example.com/crl"})
	if err != nil {
		t.Fatalf("NewIssuer: %v", err)
	}
	p.root, p.sub, p.chain = root.Certificate, sub.Certificate, sub.CertificateChain
	dir := t.TempDir()
	p.rootFile = write(t, dir, "root.pem", p.root)
	p.subFile = write(t, dir, "sub.pem", p.sub)
	p.chainFile = write(t, dir, "chain.pem", p.chain)
	return p
}

// issue issues for a request and returns the certificate in PEM and its file.
// It fills in the issuer and, without any validity, 365 days.
func (p *pki) issue(t *testing.T, req *ca.CreateServerCertificateWithCsrRequest) (text, file string) {
	t.Helper()
	asked := *req
	asked.ParentIdentifier, asked.Immediately = p.issuer.Identifier(), 2
	if asked.Days == 0 && asked.Years == 0 && asked.BeforeTime == 0 {
		asked.Days = 365
	}
	resp, _, err := ca.CreateServerCertificateWithCsr(p.rand, now, p.issuer, &asked)
	if err != nil {
		t.Fatalf("CreateServerCertificateWithCsr: %v", err)
	}
	if resp.CertificateChain != p.chain {
		t.Errorf("CertificateChain is\n%s, want\n%s", resp.CertificateChain, p.chain)
	}
	return resp.X509Certificate, write(t, t.TempDir(), "server.pem", resp.X509Certificate)
}

// newCSR makes a CSR with this module for www.example.com and other names, and
// for one of the algorithms that CreateCsr knows.
func newCSR(t *testing.T, key *algorithm.PrivateKey) string {
	t.Helper()
	resp, err := csr.CreateCsrWithKey(seeded("csr"), key, &csr.CreateCsrRequest{
		Algorithm: key.Algorithm().Family(), KeySize: int32(key.Algorithm().KeySize()),
		CommonName: "www.example.com", Sans: "*.example.org, 192.0.2.7, 2001:db8::7",
		CountryCode: "CN", Province: "Zhejiang", Locality: "Hangzhou", CorpName: "例子公司", Department: "IT",
	})
	if err != nil {
		t.Fatalf("CreateCsrWithKey: %v", err)
	}
	return resp.Csr
}

// goCSR makes a CSR with crypto/x509 for www.example.com and other names, for
// an RSA or ECC key of any size.
func goCSR(t *testing.T, key *algorithm.PrivateKey) string {
	t.Helper()
	der, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "www.example.com"}, DNSNames: []string{"*.example.org"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 7)},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	return pemText("CERTIFICATE REQUEST", der)
}

// csrAlgorithms are those that CreateCsr makes CSRs of.
var csrAlgorithms = []algorithm.Algorithm{
	algorithm.RSA_2048, algorithm.RSA_3072, algorithm.RSA_4096, algorithm.ECC_256, algorithm.SM2_256,
}
