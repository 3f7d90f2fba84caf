package interop

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509/pkix"
	"net"
	"strings"
	"testing"
	"time"

	emmsm2 "github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"
	tjsm2 "github.com/tjfoc/gmsm/sm2"
	tjx509 "github.com/tjfoc/gmsm/x509"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/algorithm/tjfoc"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// sm2Server makes SM2 CAs and a server certificate for test key 2.
func sm2Server(t *testing.T) (p *pki, request, server string) {
	t.Helper()
	p = newPKI(t, algorithm.SM2_256)
	request = newCSR(t, testkeys.Key(algorithm.SM2_256, 2))
	server, _ = p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: request})
	return p, request, server
}

// tjfoc/gmsm reads and verifies our SM2 CSR and certificates.
func TestTjfoc(t *testing.T) {
	t.Parallel()
	p, request, serverText := sm2Server(t)
	read, err := tjx509.ParseCertificateRequest(testutil.FirstPEM(t, request))
	if err != nil {
		t.Fatalf("ParseCertificateRequest: %v", err)
	}
	err = read.CheckSignature()
	if err != nil {
		t.Errorf("CSR: CheckSignature: %v", err)
	}
	if read.SignatureAlgorithm != tjx509.SM2WithSM3 {
		t.Errorf("CSR: signature algorithm is %v, want SM2WithSM3", read.SignatureAlgorithm)
	}
	checkNames(t, "CSR", read.Subject.CommonName, read.DNSNames, read.IPAddresses)

	certificate := func(text string) *tjx509.Certificate {
		t.Helper()
		c, err := tjx509.ParseCertificate(testutil.FirstPEM(t, text))
		if err != nil {
			t.Fatalf("ParseCertificate: %v", err)
		}
		return c
	}
	root, sub, server := certificate(p.root), certificate(p.sub), certificate(serverText)
	checkNames(t, "certificate", server.Subject.CommonName, server.DNSNames, server.IPAddresses)
	for _, link := range []struct {
		name          string
		child, parent *tjx509.Certificate
		valid         bool
	}{
		{"root by itself", root, root, true},
		{"sub by root", sub, root, true},
		{"server by sub", server, sub, true},
		{"server by root", server, root, false},
		{"server by a sub with another key", server, certificate(otherPKI(t, algorithm.SM2_256).sub), false},
	} {
		err := link.child.CheckSignatureFrom(link.parent)
		if (err == nil) != link.valid {
			t.Errorf("%s: CheckSignatureFrom: %v, want valid %v", link.name, err, link.valid)
		}
	}

	options := tjx509.VerifyOptions{
		Roots: tjx509.NewCertPool(), Intermediates: tjx509.NewCertPool(), CurrentTime: now.Add(time.Hour),
		KeyUsages: []tjx509.ExtKeyUsage{tjx509.ExtKeyUsageServerAuth},
	}
	options.Roots.AddCert(root)
	options.Intermediates.AddCert(sub)
	for _, host := range []string{"www.example.com", "any.example.org", "192.0.2.7"} {
		options.DNSName = host
		chains, err := server.Verify(options)
		if err != nil || len(chains) != 1 || len(chains[0]) != 3 {
			t.Errorf("Verify for %s: %d chains, %v; want one of three certificates", host, len(chains), err)
		}
	}
	options.DNSName = "www.example.net"
	_, err = server.Verify(options)
	if err == nil {
		t.Error("Verify accepts a wrong host")
	}
	options.DNSName, options.Intermediates = "", tjx509.NewCertPool()
	_, err = server.Verify(options)
	if err == nil {
		t.Error("Verify accepts the server without the subordinate CA")
	}
}

// checkNames compares names with the request of newCSR.
func checkNames(t *testing.T, what, commonName string, names []string, addresses []net.IP) {
	t.Helper()
	got := append([]string{commonName}, names...)
	for _, ip := range addresses {
		got = append(got, ip.String())
	}
	want := []string{"www.example.com", "www.example.com", "*.example.org", "192.0.2.7", "2001:db8::7"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: names mismatch (-want +got):\n%s", what, diff)
	}
}

// The CA issues for a CSR by tjfoc/gmsm.
func TestTjfocRequest(t *testing.T) {
	t.Parallel()
	theirs, err := tjsm2.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := tjx509.CreateCertificateRequest(nil, &tjx509.CertificateRequest{
		Subject:            pkix.Name{Country: []string{"CN"}, Organization: []string{"例子公司"}, CommonName: "www.example.com"},
		DNSNames:           []string{"*.example.org"},
		IPAddresses:        []net.IP{net.IPv4(192, 0, 2, 7).To4()},
		SignatureAlgorithm: tjx509.SM2WithSM3,
	}, theirs)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := csr.Parse(der)
	if err != nil {
		t.Fatalf("csr.Parse: %v", err)
	}
	if parsed.Algorithm != algorithm.SM2_256 || parsed.CommonName != "www.example.com" ||
		!cmp.Equal(parsed.Names, []string{"*.example.org", "192.0.2.7"}) {
		t.Errorf("csr.Parse: key %s, common name %q, names %q", parsed.Algorithm, parsed.CommonName, parsed.Names)
	}
	p := newPKI(t, algorithm.SM2_256)
	server, _ := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: testutil.EncodePEM("CERTIFICATE REQUEST", der)})
	read, err := tjx509.ParseCertificate(testutil.FirstPEM(t, server))
	if err != nil {
		t.Fatal(err)
	}
	public, err := tjx509.MarshalSm2PublicKey(&theirs.PublicKey)
	if err != nil || !bytes.Equal(read.RawSubjectPublicKeyInfo, public) {
		t.Errorf("the certificate does not have the CSR's key (MarshalSm2PublicKey: %v)", err)
	}
}

// SM2 keys convert to tjfoc/gmsm and back, and each side reads the other's PEM.
func TestTjfocKeys(t *testing.T) {
	t.Parallel()
	theirs, err := tjsm2.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := tjfoc.FromPrivateKey(theirs)
	if err != nil {
		t.Fatalf("FromPrivateKey: %v", err)
	}
	message := []byte("signed by one, verified by the other")
	signature, err := ours.SignMessage(nil, message, crypto.Hash(0))
	if err != nil {
		t.Fatal(err)
	}
	if !theirs.PublicKey.Verify(message, signature) {
		t.Error("tjfoc/gmsm does not verify our signature")
	}
	back, err := tjfoc.ToPrivateKey(ours)
	if err != nil {
		t.Fatalf("ToPrivateKey: %v", err)
	}
	if back.D.Cmp(theirs.D) != 0 || back.X.Cmp(theirs.X) != 0 || back.Y.Cmp(theirs.Y) != 0 {
		t.Error("the key changes in conversion and back")
	}
	pub, err := tjfoc.FromPublicKey(&theirs.PublicKey)
	if err != nil {
		t.Fatalf("FromPublicKey: %v", err)
	}
	if !pub.Equal(ours.Public()) {
		t.Error("FromPublicKey and FromPrivateKey return different keys")
	}
	signature, err = theirs.Sign(nil, message, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !emmsm2.VerifyASN1WithSM2(pub, nil, message, signature) {
		t.Error("emmansun/gmsm does not verify tjfoc's signature with the converted key")
	}

	text, err := ours.PEM()
	if err != nil {
		t.Fatal(err)
	}
	again, err := tjx509.ReadPrivateKeyFromPem(text, nil)
	if err != nil || again.D.Cmp(theirs.D) != 0 {
		t.Errorf("tjfoc/gmsm does not read our PEM: %v", err)
	}
	text, err = tjx509.WritePrivateKeyToPem(theirs, nil)
	if err != nil {
		t.Fatal(err)
	}
	read, err := algorithm.ParsePrivateKey(text)
	if err != nil {
		t.Fatalf("ParsePrivateKey of tjfoc's PEM: %v", err)
	}
	if !pub.Equal(read.Public()) {
		t.Error("ParsePrivateKey of tjfoc's PEM returns a different key")
	}
}

// The smx509 of emmansun/gmsm (crypto/x509 with SM2) reads and verifies our SM2 CSR
// and certificates.
func TestSmx509(t *testing.T) {
	t.Parallel()
	p, request, serverText := sm2Server(t)
	read, err := smx509.ParseCertificateRequest(testutil.FirstPEM(t, request))
	if err != nil {
		t.Fatalf("ParseCertificateRequest: %v", err)
	}
	err = read.CheckSignature()
	if err != nil {
		t.Errorf("CSR: CheckSignature: %v", err)
	}
	checkNames(t, "CSR", read.Subject.CommonName, read.DNSNames, read.IPAddresses)

	server, err := smx509.ParseCertificate(testutil.FirstPEM(t, serverText))
	if err != nil {
		t.Fatalf("ParseCertificate: %v", err)
	}
	checkNames(t, "certificate", server.Subject.CommonName, server.DNSNames, server.IPAddresses)
	if server.SignatureAlgorithm != smx509.SM2WithSM3 {
		t.Errorf("signature algorithm is %v, want SM2WithSM3", server.SignatureAlgorithm)
	}
	options := smx509.VerifyOptions{Roots: smx509.NewCertPool(), Intermediates: smx509.NewCertPool(), CurrentTime: now.Add(time.Hour)}
	options.Roots.AppendCertsFromPEM([]byte(p.root))
	options.Intermediates.AppendCertsFromPEM([]byte(p.sub))
	for _, host := range []string{"www.example.com", "any.example.org", "192.0.2.7", "2001:db8::7"} {
		options.DNSName = host
		chains, err := server.Verify(options)
		if err != nil || len(chains) != 1 || len(chains[0]) != 3 {
			t.Errorf("Verify for %s: %d chains, %v; want one of three certificates", host, len(chains), err)
		}
	}
	options.DNSName = "www.example.net"
	_, err = server.Verify(options)
	if err == nil || !strings.Contains(err.Error(), "certificate is valid for") {
		t.Errorf("wrong host: %v", err)
	}
	options.DNSName, options.Roots = "", smx509.NewCertPool()
	options.Roots.AppendCertsFromPEM([]byte(otherPKI(t, algorithm.SM2_256).root))
	_, err = server.Verify(options)
	if err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("wrong root: %v", err)
	}
}

// The CA issues for a CSR by smx509, and each side reads the other's PKCS #8 key.
func TestSmx509Request(t *testing.T) {
	t.Parallel()
	key, err := emmsm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := smx509.CreateCertificateRequest(rand.Reader, &smx509.CertificateRequest{
		Subject:  pkix.Name{Country: []string{"CN"}, Organization: []string{"例子公司"}, CommonName: "www.example.com"},
		DNSNames: []string{"*.example.org"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 7)},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := csr.Parse(der)
	if err != nil {
		t.Fatalf("csr.Parse: %v", err)
	}
	if parsed.Algorithm != algorithm.SM2_256 || parsed.CommonName != "www.example.com" ||
		!cmp.Equal(parsed.Names, []string{"*.example.org", "192.0.2.7"}) || !key.PublicKey.Equal(parsed.PublicKey) {
		t.Errorf("csr.Parse: key %s, common name %q, names %q", parsed.Algorithm, parsed.CommonName, parsed.Names)
	}
	server, _ := newPKI(t, algorithm.SM2_256).issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: testutil.EncodePEM("CERTIFICATE REQUEST", der)})
	cert, err := smx509.ParseCertificate(testutil.FirstPEM(t, server))
	if err != nil {
		t.Fatal(err)
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		t.Error("the certificate does not have the CSR's key")
	}

	text, err := smx509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := algorithm.ParsePrivateKey([]byte(testutil.EncodePEM("PRIVATE KEY", text)))
	if err != nil {
		t.Fatalf("ParsePrivateKey: %v", err)
	}
	again, err := ours.PEM()
	if err != nil {
		t.Fatal(err)
	}
	read, err := smx509.ParsePKCS8PrivateKey(testutil.FirstPEM(t, again))
	if err != nil || !key.Equal(read) {
		t.Errorf("smx509 does not read our PEM: %v", err)
	}
}
