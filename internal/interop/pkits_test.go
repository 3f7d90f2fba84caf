package interop

import (
	"crypto/x509"
	"encoding/base64"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
)

// pkitsDir has the Public Key Interoperability Test Suite of NIST, version 1.0.1, from
// the Debian package python3-cryptography-vectors.
const pkitsDir = "/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data"

// pkitsDate is within the validity of the suite's valid certificates and CRLs.
var pkitsDate = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// A pkitsCase is what a test of the suite hands to a verifier.
type pkitsCase struct {
	certificates string // in PEM, the one to verify first
	crls         []*x509.RevocationList
}

// readPKITS reads a signed message of the suite. It holds the certificates of the path
// and their CRLs; the signer's is the certificate to verify.
func readPKITS(t *testing.T, file string) (c pkitsCase) {
	t.Helper()
	message, err := mail.ReadMessage(strings.NewReader(read(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	var der cryptobyte.String
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if part.FileName() != "" {
			if der, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, part)); err != nil {
				t.Fatal(err)
			}
		}
	}
	// RFC 5652: ContentInfo with SignedData with one SignerInfo.
	var certificates, crls, signer, sid, issuer, serial cryptobyte.String
	contextTag := func(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }
	if !der.ReadASN1(&der, asn1.SEQUENCE) || !der.SkipASN1(asn1.OBJECT_IDENTIFIER) || !der.ReadASN1(&der, contextTag(0)) ||
		!der.ReadASN1(&der, asn1.SEQUENCE) || !der.SkipASN1(asn1.INTEGER) || !der.SkipASN1(asn1.SET) || !der.SkipASN1(asn1.SEQUENCE) ||
		!der.ReadOptionalASN1(&certificates, nil, contextTag(0)) || !der.ReadOptionalASN1(&crls, nil, contextTag(1)) ||
		!der.ReadASN1(&signer, asn1.SET) || !signer.ReadASN1(&signer, asn1.SEQUENCE) || !signer.SkipASN1(asn1.INTEGER) ||
		!signer.ReadASN1(&sid, asn1.SEQUENCE) || !sid.ReadASN1Element(&issuer, asn1.SEQUENCE) || !sid.ReadASN1Element(&serial, asn1.INTEGER) {
		t.Fatal("not a signed message")
	}
	found := false
	for !certificates.Empty() {
		var element cryptobyte.String
		if !certificates.ReadASN1Element(&element, asn1.SEQUENCE) {
			t.Fatal("not a certificate")
		}
		text := testutil.EncodePEM("CERTIFICATE", element)
		var tbs, theirSerial, theirIssuer cryptobyte.String
		if !element.ReadASN1(&element, asn1.SEQUENCE) || !element.ReadASN1(&tbs, asn1.SEQUENCE) || !tbs.SkipOptionalASN1(contextTag(0)) ||
			!tbs.ReadASN1Element(&theirSerial, asn1.INTEGER) || !tbs.SkipASN1(asn1.SEQUENCE) || !tbs.ReadASN1Element(&theirIssuer, asn1.SEQUENCE) {
			t.Fatal("not a certificate")
		}
		if string(theirSerial) == string(serial) && string(theirIssuer) == string(issuer) {
			c.certificates = text + c.certificates
			found = true
		} else {
			c.certificates += text
		}
	}
	if !found {
		t.Fatal("the signer's certificate is missing")
	}
	for !crls.Empty() {
		var element cryptobyte.String
		if !crls.ReadASN1Element(&element, asn1.SEQUENCE) {
			t.Fatal("not a CRL")
		}
		// Not ca.ParseRevocationList: a CRL that it refuses would be missing, and that is
		// another test.
		list, err := x509.ParseRevocationList(element)
		if err != nil {
			t.Fatal(err)
		}
		c.crls = append(c.crls, list)
	}
	return c
}

// pkitsInvalid are the tests whose names do not say that the path is invalid. The
// others are valid for a verifier that accepts any policy and demands none.
var pkitsInvalid = []string{
	"MissingCRLTest1",
	"DifferentPoliciesTest4", "DifferentPoliciesTest5", "DifferentPoliciesTest7",
	"DifferentPoliciesTest8", "DifferentPoliciesTest9", "DifferentPoliciesTest12",
}

// pkitsRefused are the tests with a valid path that ca.Verify refuses, and why.
var pkitsRefused = map[string]string{
	"ValidDSASignaturesTest4":           "the key's algorithm is not supported",
	"ValidDSAParameterInheritanceTest5": "the key's algorithm is not supported",

	// Certificate policies.
	"OverlappingPoliciesTest6":                 "requires certificate policies",
	"AllCertificatesSamePoliciesTest10":        "requires certificate policies",
	"AllCertificatesAnyPolicyTest11":           "requires certificate policies",
	"AllCertificatesSamePoliciesTest13":        "requires certificate policies",
	"AnyPolicyTest14":                          "requires certificate policies",
	"UserNoticeQualifierTest18":                "requires certificate policies",
	"ValidRequireExplicitPolicyTest4":          "requires certificate policies",
	"ValidPolicyMappingTest1":                  "requires certificate policies",
	"ValidPolicyMappingTest3":                  "requires certificate policies",
	"ValidPolicyMappingTest5":                  "requires certificate policies",
	"ValidPolicyMappingTest6":                  "requires certificate policies",
	"ValidPolicyMappingTest9":                  "requires certificate policies",
	"ValidPolicyMappingTest11":                 "requires certificate policies",
	"ValidPolicyMappingTest12":                 "requires certificate policies",
	"ValidPolicyMappingTest13":                 "requires certificate policies",
	"ValidPolicyMappingTest14":                 "requires certificate policies",
	"ValidinhibitPolicyMappingTest2":           "requires certificate policies",
	"ValidinhibitPolicyMappingTest4":           "requires certificate policies",
	"ValidSelfIssuedinhibitPolicyMappingTest7": "requires certificate policies",
	"ValidinhibitAnyPolicyTest2":               "requires certificate policies",
	"inhibitAnyPolicyTest3":                    "requires certificate policies",
	"ValidSelfIssuedinhibitAnyPolicyTest7":     "requires certificate policies",
	"ValidSelfIssuedinhibitAnyPolicyTest9":     "requires certificate policies",

	// Indirect and delta CRLs.
	"ValidIDPwithindirectCRLTest22": "it holds certificates of other issuers",
	"ValidIDPwithindirectCRLTest24": "there is no CRL of",
	"ValidIDPwithindirectCRLTest25": "there is no CRL of",
	"ValidcRLIssuerTest28":          "a partition that does not cover it",
	"ValidcRLIssuerTest29":          "a partition that does not cover it",
	"ValidcRLIssuerTest30":          "there is no CRL of",
	"ValidcRLIssuerTest33":          "there is no CRL of",
	"ValiddeltaCRLTest5":            "was revoked", // the delta takes the hold off
}

// ca.Verify gives the suite's verdicts, except for the valid paths in pkitsRefused. It
// accepts no invalid path. It demands no policies and accepts any, which are the suite's
// default settings, and it requires CRLs, as the suite does.
func TestPKITS(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(pkitsDir); err != nil {
		missing(t, "%v", err)
	}
	root := testutil.EncodePEM("CERTIFICATE", []byte(read(t, pkitsDir+"/certs/TrustAnchorRootCertificate.crt")))
	files, err := filepath.Glob(pkitsDir + "/smime/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 224 {
		t.Errorf("%d tests, want 224", len(files))
	}
	tests := make(map[string]bool)
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Signed"), ".eml")
		tests[name] = true
		c := readPKITS(t, file)
		_, err := ca.Verify(pkitsDate, c.certificates, ca.VerifyOptions{Roots: root, RevocationLists: c.crls, RequireRevocationLists: true})
		says, refused := pkitsRefused[name]
		valid := !strings.HasPrefix(name, "Invalid") && !slices.Contains(pkitsInvalid, name)
		switch {
		case refused && (err == nil || !strings.Contains(err.Error(), says)):
			t.Errorf("%s: %v, want the refusal %q", name, err, says)
		case refused && !valid:
			t.Errorf("%s is invalid, so its refusal is no difference", name)
		case !refused && (err == nil) != valid:
			t.Errorf("%s: %v; by the suite it is valid: %t", name, err, valid)
		}
	}
	for _, name := range slices.Concat(pkitsInvalid, slices.Collect(maps.Keys(pkitsRefused))) {
		if !tests[name] {
			t.Errorf("there is no test %s", name)
		}
	}
}
