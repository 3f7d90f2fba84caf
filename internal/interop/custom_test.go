package interop

import (
	"strings"
	"testing"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
)

// customKinds are uses of CreateCustomCertificate.
var customKinds = map[string]ca.CustomPassthrough{
	"mtls": {Subject: &ca.CustomSubject{Country: "CN", State: "Zhejiang", Locality: "Hangzhou", Organization: "例子公司", CommonName: "node1.example.com"}, Extensions: ca.CustomExtensions{
		ExtendedKeyUsages:       []string{"serverAuth", "clientAuth"},
		SubjectAlternativeNames: []ca.SubjectAlternativeName{{Type: "dNSName", Value: "node1.example.com"}, {Type: "uniformResourceIdentifier", Value: "spiffe://example.com/node1"}},
	}},
	"mail": {Extensions: ca.CustomExtensions{
		KeyUsage:                ca.CustomKeyUsage{DigitalSignature: true, ContentCommitment: true},
		ExtendedKeyUsages:       []string{"emailProtection"},
		SubjectAlternativeNames: []ca.SubjectAlternativeName{{Type: "rfc822Name", Value: "zhang@example.com"}},
	}},
	"code":  {Extensions: ca.CustomExtensions{ExtendedKeyUsages: []string{"codeSigning"}}},
	"stamp": {Extensions: ca.CustomExtensions{ExtendedKeyUsages: []string{"timeStamping"}}},
	"device": {
		Subject: &ca.CustomSubject{CustomAttributes: []ca.CustomAttribute{
			{ObjectIdentifier: "1.3.6.1.4.1.37244.1.1", Value: "DEDEDEDE00010001"}, {ObjectIdentifier: "1.3.6.1.4.1.37244.1.5", Value: "FAB000000000001D"},
		}},
		Extensions: ca.CustomExtensions{ExtendedKeyUsages: []string{"clientAuth", "serverAuth"}, Criticals: []string{"ExtendedKeyUsages"}},
	},
	"nameless": {Subject: &ca.CustomSubject{}, Extensions: ca.CustomExtensions{
		KeyUsage: ca.CustomKeyUsage{DigitalSignature: true}, SubjectAlternativeNames: []ca.SubjectAlternativeName{{Type: "iPAddress", Value: "2001:db8::7"}},
	}},
}

// custom issues a certificate of a kind for test key 2.
func (p *pki) custom(t *testing.T, a algorithm.Algorithm, kind, validity string) string {
	t.Helper()
	passthrough := customKinds[kind]
	if passthrough.Subject == nil {
		passthrough.Subject = &ca.CustomSubject{Country: "CN", Organization: "例子公司", CommonName: "Zhang San"}
	}
	resp, _, err := ca.CreateCustomCertificate(p.rand, now, p.issuer, &ca.CreateCustomCertificateRequest{
		ParentIdentifier: p.issuer.Identifier(), Csr: bareCSR(t, a), Validity: validity, ApiPassthrough: passthrough, Immediately: 1, EnableCrl: 1,
	})
	if err != nil {
		t.Fatalf("CreateCustomCertificate: %v", err)
	}
	return resp.Certificate
}

// openssl verify accepts custom certificates for their purposes and refuses them for
// others. certtool does for code signing, which openssl knows from version 3.2 on.
func TestCustomPurposes(t *testing.T) {
	t.Parallel()
	need(t, "openssl", "certtool")
	purposes := []string{"sslserver", "sslclient", "smimesign", "timestampsign", "any"}
	hasCodeSign := !run(t, "", "openssl", "verify", "-purpose", "codesign", "/dev/null").says("nvalid purpose")
	if hasCodeSign {
		purposes = append(purposes, "codesign")
	}
	accepted := map[string]string{
		"mtls": "sslserver sslclient", "mail": "smimesign", "code": "codesign", "stamp": "timestampsign", "device": "sslserver sslclient",
		"nameless": "sslserver sslclient smimesign",
	}
	const codeSigning, serverAuth = "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.1"
	for _, a := range caAlgorithms {
		for kind := range customKinds {
			t.Run(string(a)+", "+kind, func(t *testing.T) {
				t.Parallel()
				p := newPKI(t, a)
				certificate := p.custom(t, a, kind, "28y") // certtool looks at the machine's clock
				file := write(t, t.TempDir(), "certificate.pem", certificate)
				chain := []string{"-x509_strict", "-CAfile", p.rootFile, "-untrusted", p.subFile}
				if a == algorithm.SM2_256 { // openssl knows the user ID of one signature only
					chain = []string{"-x509_strict", "-partial_chain", "-trusted", p.subFile, "-vfyopt", sm2ID}
				}
				for _, purpose := range purposes {
					args := append(chain[:len(chain):len(chain)], "-purpose", purpose)
					if purpose == "any" || strings.Contains(accepted[kind], purpose) {
						verifies(t, file, args...)
					} else {
						refuses(t, "unsuitable certificate purpose", file, args...)
					}
				}
				if a == algorithm.SM2_256 || kind == "nameless" {
					return // GnuTLS has no SM2, and the nameless one no extended key usage
				}
				for purpose, want := range map[string]bool{codeSigning: kind == "code", serverAuth: kind == "mtls" || kind == "device"} {
					r := run(t, certificate+p.sub, "certtool", "--verify", "--load-ca-certificate", p.rootFile, "--verify-purpose", purpose)
					if got := r.code == 0 && r.says("Verified. The certificate is trusted."); got != want {
						t.Errorf("certtool accepts it for %s: %v, want %v: %v", purpose, got, want, r)
					}
				}
			})
		}
	}
}
