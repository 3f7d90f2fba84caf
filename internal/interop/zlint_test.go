package interop

import (
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
	"golang.org/x/crypto/ocsp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

// publicRules are the lint sources with rules for CAs that everybody trusts. Their
// findings must equal zlintFindings. Other sources, such as RFC 5280 and the
// community, must find nothing.
var publicRules = []lint.LintSource{
	lint.CABFBaselineRequirements, lint.CABFSMIMEBaselineRequirements, lint.MozillaRootStorePolicy, lint.AppleRootStorePolicy,
}

var (
	allECC   = []algorithm.Algorithm{algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512}
	largeECC = allECC[1:]
	rsa1024  = []algorithm.Algorithm{algorithm.RSA_1024}
)

// zlintFindings are all findings of zlint in our certificates. The reason says why a
// private CA need not follow the rule.
var zlintFindings = []struct {
	certificates string                // kinds, as in checkZlint
	algorithms   []algorithm.Algorithm // of the key; nil means all
	status       lint.LintStatus
	lint         string
	reason       string
}{
	{"root sub constrained", nil, lint.Error, "e_subj_orgunit_in_ca_cert",
		"OrganizationUnit is a required parameter of both CA operations"},
	{"root sub constrained", nil, lint.Notice, "n_ca_digital_signature_not_set",
		"the CA key signs certificates and CRLs; RFC 6960 does not require digitalSignature for OCSP responses by it"},
	{"root sub constrained external", allECC, lint.Error, "e_cabf_ecc_allowed_key_usages",
		"the rule is for subscribers, but zlint applies it to CAs too: RFC 5480, section 3, allows a CA to have keyCertSign and cRLSign"},
	{"root sub constrained external server client responder mtls mail code stamp device nameless", largeECC, lint.Error, "e_mp_ecdsa_signature_encoding_correct",
		"the documented table has SHA-256 for every ECC key; Mozilla requires a hash as long as the key"},
	{"sub constrained external", nil, lint.Error, "e_invalid_ca_certificate_policies", "the policies of the CA/Browser Forum do not apply"},
	{"sub constrained external", nil, lint.Error, "e_sub_ca_certificate_policies_missing", "the policies of the CA/Browser Forum do not apply"},
	{"sub constrained", nil, lint.Error, "e_sub_ca_crl_distribution_points_missing", "the test's root has no CRLBase: see TestZlintAddresses"},
	{"sub constrained", nil, lint.Warn, "w_sub_ca_aia_missing", "the test's CAs write no such address: see TestZlintAddresses"},
	{"sub constrained", nil, lint.Notice, "n_sub_ca_eku_missing", "a CA without ExtendedKeyUsages has no limit, as documented"},
	{"sub constrained", nil, lint.Notice, "n_mp_allowed_eku", "a CA without ExtendedKeyUsages has no limit, as documented"},
	{"constrained", nil, lint.Error, "e_ext_nc_intersects_reserved_ip", "private CAs issue for private addresses"},
	{"server nameless", nil, lint.Error, "e_ext_san_contains_reserved_ip", "private CAs issue for private addresses; this test uses documentation addresses"},
	{"server", nil, lint.Error, "e_organizational_unit_name_prohibited", "OrganizationUnit is a parameter of the operation, with a default"},
	{"server mtls device nameless", nil, lint.Error, "e_sub_cert_aia_missing", "the test's CAs write no such address: see TestZlintAddresses"},
	{"server mtls device nameless", nil, lint.Warn, "w_sub_cert_aia_does_not_contain_issuing_ca_url", "the test's CAs write no such address: see TestZlintAddresses"},
	{"server mtls device nameless", nil, lint.Error, "e_sub_cert_cert_policy_empty", "the policies of the CA/Browser Forum do not apply"},
	{"server mtls device nameless", nil, lint.Error, "e_sub_cert_certificate_policies_missing", "the policies of the CA/Browser Forum do not apply"},
	{"server client responder mtls mail code stamp device nameless", nil, lint.Notice, "w_ct_sct_policy_count_unsatisfied", "private certificates are not logged"},
	{"server mtls device nameless", nil, lint.Warn, "w_ext_subject_key_identifier_not_recommended_subscriber", "RFC 5280, section 4.2.1.2 recommends it"},
	{"server mtls", nil, lint.Warn, "w_subject_common_name_included", "the common name comes from the CSR"},
	{"mtls", nil, lint.Error, "e_ext_san_uniform_resource_identifier_present", "SPIFFE uses URIs between the services of a company"},
	{"mail", nil, lint.Error, "e_exactly_one_smime_policy", "the policies of the CA/Browser Forum do not apply"},
	{"device", nil, lint.Error, "e_eku_critical", "the Matter standard requires it"},
	{"device", nil, lint.Error, "e_ext_san_missing", "a Matter node is found by its subject"},
	{"nameless", nil, lint.Error, "e_sub_cert_eku_missing", "the caller asked for a key usage only"},
	{"server", rsa1024, lint.Error, "e_rsa_mod_less_than_2048_bits", "RSA_1024 is a documented value; MinRSABits refuses it"},
	{"server", rsa1024, lint.Error, "e_mp_modulus_must_be_2048_bits_or_more", "RSA_1024 is a documented value; MinRSABits refuses it"},
}

// withAddresses ends the kinds of certificates that have every address. They have no
// findings of addressLints.
const withAddresses = " with addresses"

var addressLints = []string{
	"e_sub_ca_crl_distribution_points_missing", "w_sub_ca_aia_missing",
	"e_sub_cert_aia_missing", "w_sub_cert_aia_does_not_contain_issuing_ca_url",
}

// zlint finds zlintFindings in our certificates and nothing else. It cannot read SM2
// certificates: its copy of crypto/x509 does not have the curve.
func TestZlint(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		if a == algorithm.SM2_256 {
			continue
		}
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, caFor(a))
			server, _ := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{
				Csr:    goCSR(t, testkeys.Key(a, 2)),
				Domain: "192.0.2.7,2001:db8::7,*.example.net", Organization: "例子公司", Country: "CN", EnableCrl: 1,
			})
			checkZlint(t, a, "server", server)
			if a == algorithm.RSA_1024 {
				return // only server certificates have such keys
			}
			client, _ := p.client(t, a, func(r *ca.CreateClientCertificateWithCsrRequest) {
				r.SanType, r.SanValue, r.Country, r.EnableCrl = 1, "zhang@example.com", "CN", 1
			})
			checkZlint(t, a, "client", client)
			for kind := range customKinds {
				checkZlint(t, a, kind, p.custom(t, a, kind, "365d"))
			}
			checkZlint(t, a, "root", p.root)
			checkZlint(t, a, "sub", p.sub)
			constrained, _ := p.constrained(t, a, &ca.NameConstraints{
				PermittedDNSDomains: []string{"example.com"}, ExcludedDNSDomains: []string{"bad.example.com"},
				PermittedIPRanges: []string{"10.0.0.0/8"}, ExcludedIPRanges: []string{"2001:db8::/32"}, PermittedEmailAddresses: []string{"example.com"},
			})
			checkZlint(t, a, "constrained", constrained)
			checkZlint(t, a, "external", p.external(t, a))
			checkZlint(t, a, "responder", p.responder(t, a, 30).Certificate)
		})
	}
}

func checkZlint(t *testing.T, a algorithm.Algorithm, kind, text string) {
	t.Helper()
	certificate, err := x509.ParseCertificate(testutil.FirstPEM(t, text))
	if err != nil {
		t.Fatalf("%s: zcrypto: %v", kind, err)
	}
	checkFindings(t, a, kind, 50, zlint.LintCertificate(certificate))
}

// checkFindings compares findings with zlintFindings of the kind. At least least lints
// must pass.
func checkFindings(t *testing.T, a algorithm.Algorithm, kind string, least int, results *zlint.ResultSet) {
	t.Helper()
	got, want := make(map[string]lint.LintStatus), make(map[string]lint.LintStatus)
	base, addressed := strings.CutSuffix(kind, withAddresses)
	for _, f := range zlintFindings {
		if addressed && slices.Contains(addressLints, f.lint) {
			continue
		}
		if slices.Contains(strings.Fields(f.certificates), base) && (f.algorithms == nil || slices.Contains(f.algorithms, a)) {
			want[f.lint] = f.status
		}
	}
	passed := 0
	for name, r := range results.Results {
		switch {
		case r.Status == lint.Pass:
			passed++
		case r.Status < lint.Notice: // not applicable or not yet effective
		case slices.Contains(publicRules, r.LintMetadata.Source):
			got[name] = r.Status
		default:
			t.Errorf("%s: %v: %s of %s: %s", kind, r.Status, name, r.LintMetadata.Source, r.Details)
		}
	}
	if passed < least {
		t.Errorf("%s: only %d lints passed, want at least %d", kind, passed, least)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: findings mismatch (-want +got):\n%s", kind, diff)
	}
}

// zlint finds nothing in our CRLs.
func TestZlintRevocationList(t *testing.T) {
	t.Parallel()
	for _, a := range caAlgorithms {
		if a == algorithm.SM2_256 {
			continue
		}
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, a)
			for what, change := range map[string]func(*ca.CreateRevocationListRequest){
				"empty": func(*ca.CreateRevocationListRequest) {},
				"two entries": func(r *ca.CreateRevocationListRequest) {
					r.Revoked = ca.Revoked(
						ca.RevokedCertificate{SerialNumber: "01", RevocationTime: now, Reason: ca.ReasonKeyCompromise, InvalidityDate: now.AddDate(0, 0, -1)},
						ca.RevokedCertificate{SerialNumber: "02", RevocationTime: now})
				},
				"a partition": func(r *ca.CreateRevocationListRequest) {
					r.DistributionPoint, r.OnlyContainsUserCerts = crlBase+"/1.crl", true
				},
			} {
				req := &ca.CreateRevocationListRequest{Number: big.NewInt(1), NextUpdate: now.AddDate(0, 0, 7)}
				change(req)
				list, err := x509.ParseRevocationList(p.crl(t, req))
				if err != nil {
					t.Fatalf("%s: zcrypto: %v", what, err)
				}
				checkFindings(t, a, "crl", 8, zlint.LintRevocationList(list))
			}
		})
	}
}

// zlint finds nothing in OCSP responses by a CA and by a delegated responder. It has
// one lint for them, about the times of RFC 6960.
func TestZlintOCSPResponse(t *testing.T) {
	t.Parallel()
	for _, a := range caAlgorithms {
		if a == algorithm.SM2_256 {
			continue
		}
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, a)
			text, _ := p.issue(t, &ca.CreateServerCertificateWithCsrRequest{Csr: goCSR(t, testkeys.Key(a, 2))})
			server, issuer := parseCertificate(t, text), parseCertificate(t, p.sub)
			request, err := ocsp.CreateRequest(server, issuer, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range []struct {
				chain string
				key   *algorithm.PrivateKey
			}{{p.chain, testkeys.Key(a, 1)}, {p.responder(t, a, 30).CertificateChain, testkeys.Key(a, 2)}} {
				responder, err := ca.NewOCSPResponder(r.chain, r.key)
				if err != nil {
					t.Fatalf("NewOCSPResponder: %v", err)
				}
				soon := now.Add(12 * time.Hour) // the lint applies only to responses with a NextUpdate
				for status, answer := range map[int]ca.OCSPAnswer{
					ocsp.Good:    {Status: ca.OCSPGood, NextUpdate: soon},
					ocsp.Revoked: {Status: ca.OCSPRevoked, RevocationTime: now, Reason: ca.ReasonKeyCompromise, ThisUpdate: now.Add(-time.Hour), NextUpdate: soon},
					ocsp.Unknown: {NextUpdate: soon},
				} {
					der, err := ca.RespondOCSP(p.rand, now, responder, request, func(string) (ca.OCSPAnswer, error) { return answer, nil })
					if err != nil {
						t.Fatalf("RespondOCSP: %v", err)
					}
					response, err := ocsp.ParseResponseForCert(der, server, issuer)
					if err != nil {
						t.Fatalf("x/crypto/ocsp: %v", err)
					}
					if response.Status != status {
						t.Errorf("status %d, want %d", response.Status, status)
					}
					checkFindings(t, a, "ocsp", 1, zlint.LintOcspResponse(response))
				}
			}
		})
	}
}
