package ca_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// externalRequest has no more than what is required. Its CSR is for the key of
// subordinate CAs.
func externalRequest(t testing.TB, a algorithm.Algorithm) *ca.CreateExternalCACertificateRequest {
	t.Helper()
	return &ca.CreateExternalCACertificateRequest{Csr: makeCSR(t, key(a, 1), externalSubject), Validity: "5y"}
}

// externalSubject is as another product writes it.
var externalSubject = asn.Name(asn.UTF8(asn.OIDOrganization, "Example"), asn.UTF8(asn.OIDCommonName, "Vault Intermediate"))

// createExternal wants a certificate.
func createExternal(t testing.TB, parent *ca.Issuer, req *ca.CreateExternalCACertificateRequest) *ca.CreateExternalCACertificateResponse {
	t.Helper()
	resp, err := ca.CreateExternalCACertificate(testutil.Seeded(), instant, parent, req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// passSubject and passExtensions set parts of ApiPassthrough.
func passSubject(r *ca.CreateExternalCACertificateRequest, subject ca.ExternalCASubject) {
	r.ApiPassthrough = ca.ExternalCAPassthrough{Subject: subject}
}

func passExtensions(r *ca.CreateExternalCACertificateRequest, pathLen int32, usages ...string) {
	r.ApiPassthrough = ca.ExternalCAPassthrough{Extensions: ca.ExternalCAExtensions{PathLenConstraint: pathLen, ExtendedKeyUsages: usages}}
}

const passedPathLen = "ApiPassthrough.Extensions.PathLenConstraint"

// A refusedExternalRequest is one row of refusedExternalRequests.
type refusedExternalRequest struct {
	name      string
	change    func(*ca.CreateExternalCACertificateRequest)
	code      yuncert.Code
	parameter string
	mention   string
}

// refusedExternalRequests are changes to a valid request after which it is
// refused. The fuzz target starts from them too.
func refusedExternalRequests(t testing.TB) []refusedExternalRequest {
	type request = ca.CreateExternalCACertificateRequest
	csrOf := func(a algorithm.Algorithm, subject []byte) func(*request) {
		text := makeCSR(t, key(a, 1), subject)
		return func(r *request) { r.Csr = text }
	}
	replaced := func(subject ca.ExternalCASubject) func(*request) {
		return func(r *request) { passSubject(r, subject) }
	}
	rows := []refusedExternalRequest{
		{"Csr is required", func(r *request) { r.Csr = "" }, missing, "Csr", "Csr is mandatory for this action."},
		{"Csr is not a CSR", func(r *request) { r.Csr = "x" }, malformed, "Csr", "neither DER nor PEM"},
		{"Csr of more than 64 KiB", func(r *request) { r.Csr = strings.Repeat(" ", 64<<10) + r.Csr }, malformed, "Csr", "65536"},
		{"a changed CSR", func(r *request) { r.Csr = strings.Replace(r.Csr, "A", "B", 20) }, malformed, "Csr", ""},
		{"a certificate", func(r *request) { r.Csr = authorityOf(algorithm.ECC_256).sub.Certificate }, malformed, "Csr", "CERTIFICATE"},
		{"an RSA_1024 key", csrOf(algorithm.RSA_1024, externalSubject), refused, "Csr", "RSA_1024, which is too weak; want RSA_2048 or longer"},

		{"no subject", csrOf(algorithm.ECC_256, asn.Name()), refused, "Csr", "the CSR has no subject, which a CA must have (RFC 5280, section 4.1.2.6); set ApiPassthrough.Subject"},
		{"an empty common name and nothing more", csrOf(algorithm.ECC_256, commonName("")), refused, "Csr", "no subject"},

		{"Validity is required", func(r *request) { r.Validity = "" }, missing, "Validity", "Validity is mandatory for this action."},
		{"Validity without unit", func(r *request) { r.Validity = "5" }, malformed, "Validity", `"5" is not a length`},
		{"Validity of zero", func(r *request) { r.Validity = "0y" }, malformed, "Validity", `"0y"`},
		{"Validity that ends before it starts", func(r *request) { r.Validity = "2027-01-01T00:00:00Z/2026-01-01T00:00:00Z" }, malformed, "Validity", "not after the start"},

		{"Country of three letters", replaced(ca.ExternalCASubject{Country: "CHN"}), malformed, passedSubject + ".Country", "must be 2 characters."},
		{"State of 129 characters", replaced(ca.ExternalCASubject{State: testutil.Chinese(129)}), malformed, passedSubject + ".State", "129 characters"},
		{"Locality of 129 characters", replaced(ca.ExternalCASubject{Locality: testutil.Chinese(129)}), malformed, passedSubject + ".Locality", "129 characters"},
		{"Organization of 65 characters", replaced(ca.ExternalCASubject{Organization: testutil.Chinese(65)}), malformed, passedSubject + ".Organization", "65 characters"},
		{"OrganizationUnit of 65 characters", replaced(ca.ExternalCASubject{OrganizationUnit: testutil.Chinese(65)}), malformed, passedSubject + ".OrganizationUnit", "65 characters"},
		{"CommonName of 65 characters", replaced(ca.ExternalCASubject{CommonName: testutil.Chinese(65)}), malformed, passedSubject + ".CommonName", "65 characters"},
		{"a control character", replaced(ca.ExternalCASubject{CommonName: "CA\x00"}), malformed, passedSubject + ".CommonName", "U+0000"},
		{"only a space", replaced(ca.ExternalCASubject{Organization: " "}), malformed, passedSubject + ".Organization", "space"},

		{"PathLenConstraint below zero", func(r *request) { passExtensions(r, -1) }, malformed, passedPathLen, "-1 is negative"},
		{"an unknown extended key usage", func(r *request) { passExtensions(r, 0, "webAuth") }, malformed, passedUsages, `"webAuth" is neither one of`},
		{"an empty extended key usage", func(r *request) { passExtensions(r, 0, "") }, malformed, passedUsages, `""`},
		{"an object identifier of 129 characters", func(r *request) { passExtensions(r, 0, "1.2"+strings.Repeat(".1", 63)) }, malformed, passedUsages, "128 characters"},
		{"101 extended key usages", func(r *request) { passExtensions(r, 0, slices.Repeat([]string{"serverAuth"}, 101)...) }, malformed, passedUsages, "101"},

		{"CertMaxTime below zero", func(r *request) { r.CertMaxTime = -1 }, malformed, "CertMaxTime", "-1 is negative"},
		{"101 tags", func(r *request) { r.Tags = tags(101) }, malformed, "Tags", "101"},
	}
	for _, s := range csrSubjects() {
		if s.refusal != "" {
			rows = append(rows, refusedExternalRequest{"a subject: " + s.name, csrOf(algorithm.ECC_256, s.der), malformed, "Csr", s.refusal})
		}
	}
	return rows
}

func TestCreateExternalCACertificateRefusesRequest(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for _, tt := range refusedExternalRequests(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := externalRequest(t, algorithm.ECC_256)
			tt.change(req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
			resp, err := ca.CreateExternalCACertificate(testutil.Untouched(t), instant, au.rootIssuer, req)
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
			if resp != nil {
				t.Error("a response with an error")
			}
		})
	}
	t.Run("no request", func(t *testing.T) {
		t.Parallel()
		var req *ca.CreateExternalCACertificateRequest
		testutil.CheckError(t, req.Validate(), missing, "Csr", "Csr")
		_, err := ca.CreateExternalCACertificate(testutil.Untouched(t), instant, nil, nil)
		testutil.CheckError(t, err, missing, "Csr", "Csr")
	})
}

func TestCreateExternalCACertificateOrderOfProblems(t *testing.T) {
	t.Parallel()
	good := externalRequest(t, algorithm.ECC_256)
	req := &ca.CreateExternalCACertificateRequest{Csr: "X", Validity: "X", CertMaxTime: -1, Tags: tags(101)}
	subject, extensions := &req.ApiPassthrough.Subject, &req.ApiPassthrough.Extensions
	*subject = ca.ExternalCASubject{Country: "X", State: "\x00", Locality: "\x00", Organization: "\x00", OrganizationUnit: "\x00", CommonName: "\x00"}
	*extensions = ca.ExternalCAExtensions{PathLenConstraint: -1, ExtendedKeyUsages: []string{"X"}}
	for _, step := range []struct {
		parameter string
		mend      func()
	}{
		{"Csr", func() { req.Csr = good.Csr }},
		{"Validity", func() { req.Validity = good.Validity }},
		{passedSubject + ".Country", func() { subject.Country = "" }},
		{passedSubject + ".State", func() { subject.State = "" }},
		{passedSubject + ".Locality", func() { subject.Locality = "" }},
		{passedSubject + ".Organization", func() { subject.Organization = "" }},
		{passedSubject + ".OrganizationUnit", func() { subject.OrganizationUnit = "" }},
		{passedSubject + ".CommonName", func() { subject.CommonName = "" }},
		{passedPathLen, func() { extensions.PathLenConstraint = 0 }},
		{passedUsages, func() { extensions.ExtendedKeyUsages = nil }},
		{"CertMaxTime", func() { req.CertMaxTime = 0 }},
		{"Tags", func() { req.Tags = nil }},
	} {
		testutil.CheckError(t, req.Validate(), malformed, step.parameter, "")
		step.mend()
	}
	if err := req.Validate(); err != nil {
		t.Error(err)
	}
}

// The rules that need parent and instant.
func TestCreateExternalCACertificateRefusesParent(t *testing.T) {
	t.Parallel()
	const a = algorithm.ECC_256
	au := authorityOf(a)
	rootEnd := instant.AddDate(10, 0, 0)
	type request = ca.CreateExternalCACertificateRequest
	issuerOf := func(change func(*pki)) *ca.Issuer {
		p := &pki{root: caTemplate("Root"), sub: caTemplate("Sub"), a: a}
		p.root.NotAfter, p.sub.NotAfter = rootEnd, rootEnd
		change(p)
		chain, _ := p.chain(t)
		issuer, err := ca.NewIssuer(chain, key(a, 1), ca.IssuerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return issuer
	}
	pathLen := func(n int) *ca.Issuer { return issuerOf(func(p *pki) { p.root.MaxPathLen, p.sub.MaxPathLen = n, 5 }) }
	usages := func(list ...x509.ExtKeyUsage) *ca.Issuer { return issuerOf(func(p *pki) { p.root.ExtKeyUsage = list }) }
	acme := issuerOf(func(p *pki) {
		p.root.ExtraExtensions = directoryConstraints(asn.Name(asn.UTF8(asn.OIDOrganization, "ACME")), nil)
		p.sub.Subject.Organization = []string{"ACME"}
	})
	mail := issuerOf(func(p *pki) {
		p.root.PermittedEmailAddresses, p.root.PermittedDNSDomainsCritical = []string{"example.com"}, true
	})
	k := key(a, 2)
	subject := func(attributes ...[]byte) func(*request) {
		text := makeCSR(t, k, asn.Name(attributes...))
		return func(r *request) { r.Csr = text }
	}
	two := issuerOf(func(p *pki) {
		p.sub.RawSubject = asn.Seq(asn.Set(asn.UTF8(asn.OIDCommonName, "Sub"), asn.UTF8(asn.OIDOrganization, "ACME")))
	})
	tests := []struct {
		name      string
		parent    *ca.Issuer
		now       time.Time
		change    func(*request)
		code      yuncert.Code // empty: accepted
		parameter string
		mention   string
	}{
		{"no parent", nil, instant, func(*request) {}, yuncert.ErrNotFound, "ParentIdentifier", "no issuing CA"},
		{"a second before the parent begins", au.rootIssuer, instant.Add(-1), func(*request) {}, yuncert.ErrCertificateExpired, "ParentIdentifier", "2026-03-04T05:06:06Z"},
		{"a second after the parent's end", au.rootIssuer, rootEnd.Add(time.Second), func(*request) {}, yuncert.ErrCertificateExpired, "ParentIdentifier", "2036-03-04T05:06:08Z"},
		{"to the parent's end", au.rootIssuer, instant, func(r *request) { r.Validity = "2036-03-04T05:06:07Z" }, "", "", ""},
		{"a second beyond the parent", au.rootIssuer, instant, func(r *request) { r.Validity = "2036-03-04T05:06:08Z" }, refused, "Validity", "2036-03-04T05:06:08Z"},
		{"from before the parent", au.rootIssuer, instant, func(r *request) { r.Validity = "2026-03-04T05:06:06Z/2030-01-01T00:00:00Z" }, refused, "Validity", "2026-03-04T05:06:06Z"},

		{"the parent's own key", au.rootIssuer, instant, func(r *request) { r.Csr = makeCSR(t, au.rootKey, externalSubject) }, refused, "Csr", "in use by a CA"},
		{"the key of a CA two levels up", pathLen(2), instant, func(r *request) { r.Csr = makeCSR(t, au.rootKey, externalSubject) }, refused, "Csr", "in use by a CA"},
		{"the parent's subject", au.rootIssuer, instant, func(r *request) { r.Csr = makeCSR(t, k, au.rootSubject) }, refused, "Csr", "the subject is a CA's own"},
		{"the subject of a CA two levels up", pathLen(2), instant, subject(asn.UTF8(asn.OIDCommonName, "Root")), refused, "Csr", "the subject is a CA's own"},
		{"that subject in other letters", pathLen(2), instant, subject(asn.Attribute(asn.OIDCommonName, asn.BMPString, "\x00R\x00O\x00o\x00T")), refused, "Csr", "the subject is a CA's own"},
		{"the parent's RDN, whose order is another in other strings", two, instant, func(r *request) {
			r.Csr = makeCSR(t, k, asn.Seq(asn.Set(asn.UTF8(asn.OIDOrganization, "Acme"), asn.Attribute(asn.OIDCommonName, asn.BMPString, "\x00S\x00u\x00b"))))
		}, refused, "Csr", "the subject is a CA's own"},
		{"the attributes of that RDN in two", two, instant, subject(asn.UTF8(asn.OIDOrganization, "ACME"), asn.UTF8(asn.OIDCommonName, "Sub")), "", "", ""},
		{"the parent's subject as a replacement", pathLen(2), instant, func(r *request) { passSubject(r, ca.ExternalCASubject{CommonName: "SUB"}) }, refused, passedSubject, "the subject is a CA's own"},

		{"a parent that is for end entities only", au.issuer, instant, subject(asn.UTF8(asn.OIDCommonName, "Third")), refused, "ParentIdentifier", "path length"},
		{"path length 0 under 1 above", pathLen(1), instant, func(*request) {}, refused, "ParentIdentifier", "path length"},
		{"path length 0 under 2 above", pathLen(2), instant, func(*request) {}, "", "", ""},
		{"path length 1 under 2 above", pathLen(2), instant, func(r *request) { passExtensions(r, 1) }, refused, passedPathLen, "allows up to 0"},
		{"path length 1 under 3 above", pathLen(3), instant, func(r *request) { passExtensions(r, 1) }, "", "", ""},
		{"the largest path length without a limit above", au.rootIssuer, instant, func(r *request) { passExtensions(r, math.MaxInt32) }, "", "", ""},

		{"an extended key usage that the chain allows", usages(x509.ExtKeyUsageServerAuth), instant, func(r *request) { passExtensions(r, 0, "serverAuth") }, "", "", ""},
		{"no extended key usage under some", usages(x509.ExtKeyUsageServerAuth), instant, func(*request) {}, "", "", ""},
		{"another than the chain allows", usages(x509.ExtKeyUsageServerAuth), instant, func(r *request) { passExtensions(r, 0, "serverAuth", "clientAuth") }, refused, passedUsages, "exclude clientAuth"},
		{"any under some", usages(x509.ExtKeyUsageServerAuth), instant, func(r *request) { passExtensions(r, 0, "any") }, refused, passedUsages, "exclude any"},

		{"a directory name that is permitted", acme, instant, subject(asn.Attribute(asn.OIDOrganization, asn.BMPString, "\x00A\x00c\x00m\x00e"), asn.UTF8(asn.OIDCommonName, "Third")), "", "", ""},
		{"a directory name that is not permitted", acme, instant, func(*request) {}, refused, "Csr", `of the CA "Root"`},
		{"a directory name that is not permitted, as a replacement", acme, instant, func(r *request) { passSubject(r, ca.ExternalCASubject{CommonName: "Third"}) }, refused, passedSubject, "CN=THIRD"},
		{"a mailbox that is permitted", mail, instant, subject(asn.UTF8(asn.OIDCommonName, "Third"), asn.IA5(asn.OIDEmail, "pki@example.com")), "", "", ""},
		{"a mailbox that is not permitted", mail, instant, subject(asn.UTF8(asn.OIDCommonName, "Third"), asn.IA5(asn.OIDEmail, "pki@example.org")), refused, "Csr", "pki@example.org"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := externalRequest(t, a)
			req.Csr = makeCSR(t, k, externalSubject)
			tt.change(req)
			if err := req.Validate(); err != nil {
				t.Fatalf("without parent the request is valid: %v", err)
			}
			if tt.code != "" {
				resp, err := ca.CreateExternalCACertificate(testutil.Untouched(t), tt.now, tt.parent, req)
				testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
				if resp != nil {
					t.Error("a response with an error")
				}
				return
			}
			resp := createExternal(t, tt.parent, req)
			if _, err := ca.NewIssuer(resp.CertificateChain, k, ca.IssuerOptions{}); err != nil {
				t.Errorf("NewIssuer: %v", err)
			}
			chain := strings.SplitAfter(resp.CertificateChain, "-----END CERTIFICATE-----\n")
			if _, err := ca.Verify(tt.now, resp.CertificateChain, ca.VerifyOptions{Roots: chain[len(chain)-2]}); err != nil {
				t.Errorf("Verify: %v", err)
			}
		})
	}
}

// A chain that NewIssuer would not read is not made.
func TestCreateExternalCACertificateLongestChain(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).rootIssuer
	for level := 2; ; level++ {
		own, err := algorithm.GenerateKey(algorithm.ECC_256)
		if err != nil {
			t.Fatal(err)
		}
		req := &ca.CreateExternalCACertificateRequest{Csr: makeCSR(t, own, commonName(fmt.Sprintf("Level %d", level))), Validity: "1y"}
		passExtensions(req, int32(20-level))
		resp, err := ca.CreateExternalCACertificate(testutil.Seeded(), instant, issuer, req)
		if level == 11 {
			testutil.CheckError(t, err, refused, "ParentIdentifier", "10 certificates")
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if issuer, err = ca.NewIssuer(resp.CertificateChain, own, ca.IssuerOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// RSA and ECC mix, and SM2 does not. The new CA issues, for either.
func TestCreateExternalCACertificateFamilies(t *testing.T) {
	t.Parallel()
	for _, parent := range testkeys.Families {
		for _, child := range testkeys.All[1:] {
			t.Run(fmt.Sprintf("%s below %s", child, parent), func(t *testing.T) {
				t.Parallel()
				au := authorityOf(parent)
				req := &ca.CreateExternalCACertificateRequest{Csr: makeCSR(t, key(child, 2), externalSubject), Validity: "5y"}
				if parent.Family() != child.Family() && (parent == algorithm.SM2_256 || child == algorithm.SM2_256) {
					_, err := ca.CreateExternalCACertificate(testutil.Untouched(t), instant, au.rootIssuer, req)
					testutil.CheckError(t, err, refused, "Csr", "SM2 does not go with RSA or ECC")
					return
				}
				resp := createExternal(t, au.rootIssuer, req)
				issuer, err := ca.NewIssuer(resp.CertificateChain, key(child, 2), ca.IssuerOptions{})
				if err != nil {
					t.Fatal(err)
				}
				leafKey := key(child, 1)
				leaf := issue(t, issuer, serverRequest(issuer, makeCSR(t, leafKey, commonName("www.example.com"))))
				if _, err := ca.Verify(instant, testutil.EncodePEM("CERTIFICATE", leaf.Raw), ca.VerifyOptions{
					Roots: au.root.Certificate, Intermediates: resp.Certificate, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth,
				}); err != nil {
					t.Errorf("Verify: %v", err)
				}
				if parent.Family() == child.Family() || child.Family() == "RSA" || parent.Family() == "RSA" {
					verifyServer(t, child, leaf.Raw, resp.Certificate, au.root.Certificate, instant, "www.example.com")
				}
			})
		}
	}
}

// The certificate, every octet of it.
func TestCreateExternalCACertificateProfile(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All[1:] {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			rootPublic, public := au.rootKey.Public(), key(a, 1).Public()
			keyIDs := [][]byte{
				asn.Extension(asn.OIDKeyID, false, asn.Octets(keyID(t, public))),
				asn.Extension(asn.OIDAuthority, false, asn.Seq(asn.TLV(0x80, keyID(t, rootPublic)))),
			}
			usage := asn.Extension(asn.OIDKeyUsage, true, bitString(1, 0x86))
			resp := createExternal(t, au.rootIssuer, externalRequest(t, a))
			testutil.Golden(t, "golden/"+string(a)+"-external.pem", resp.Certificate)
			cert := parsePEM(t, resp.Certificate)
			checkProfile(t, cert, profile{
				asn.SignatureID(a.Family()), au.rootSubject, externalSubject, utcTime("260304050607Z"), utcTime("310304050607Z"), public,
				slices.Concat([][]byte{asn.Extension(asn.OIDConstraints, true, asn.Seq([]byte{1, 1, 0xff}, asn.TLV(asn1.INTEGER, []byte{0}))), usage}, keyIDs),
			})
			verifySignature(t, cert, rootPublic)
			checkCAResponse(t, cert.Raw, resp.Identifier, resp.Certificate, resp.RequestId)
			if resp.CertificateChain != resp.Certificate+au.root.Certificate {
				t.Errorf("CertificateChain is not the certificate and the root:\n%s", resp.CertificateChain)
			}

			// With all that request and parent can add.
			parent, err := ca.NewIssuer(au.root.CertificateChain, au.rootKey, ca.IssuerOptions{
				CRLBase: crlBase, OCSPServer: []string{"http://ocsp.example.com"}, IssuingCertificateURL: []string{"http://pki.example.com/root.cer"},
			})
			if err != nil {
				t.Fatal(err)
			}
			req := fullExternalRequest(t, a)
			before := encodeJSON(t, req)
			resp = createExternal(t, parent, req)
			if after := encodeJSON(t, req); after != before {
				t.Errorf("the request was changed:\n%s\n%s", before, after)
			}
			access := func(method byte, address string) []byte {
				return asn.Seq(asn.OID("\x2b\x06\x01\x05\x05\x07\x30"+string(method)), asn.TLV(0x86, []byte(address)))
			}
			checkProfile(t, parsePEM(t, resp.Certificate), profile{
				asn.SignatureID(a.Family()), au.rootSubject,
				asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"),
					asn.Printable(asn.OIDOrganization, "Example"), asn.Printable(asn.OIDUnit, "PKI"), asn.Printable(asn.OIDCommonName, "Testing CA")),
				utcTime("270101000000Z"), utcTime("300131000000Z"), public,
				slices.Concat([][]byte{
					asn.Extension(asn.OIDConstraints, true, asn.Seq([]byte{1, 1, 0xff}, asn.TLV(asn1.INTEGER, []byte{2}))), usage,
					asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq(asn.OIDServerAuth, asn.OIDClientAuth)),
				}, keyIDs, [][]byte{
					asn.Extension(asn.OIDCRLPoints, false, asn.Seq(asn.Seq(asn.Explicit(0, asn.Explicit(0, asn.TLV(0x86, []byte(crlBase+"/"+au.root.Identifier+".crl"))))))),
					asn.Extension(asn.OID("\x2b\x06\x01\x05\x05\x07\x01\x01"), false, asn.Seq(access(1, "http://ocsp.example.com"), access(2, "http://pki.example.com/root.cer"))),
				}),
			})
		})
	}
}

// fullExternalRequest has every field set.
func fullExternalRequest(t testing.TB, a algorithm.Algorithm) *ca.CreateExternalCACertificateRequest {
	req := externalRequest(t, a)
	req.InstanceId, req.Validity, req.CertMaxTime = "cas_deposit-cn-1234abcd", "2027-01-01T00:00:00Z/2030-01-31T00:00:00Z", 30
	req.ApiPassthrough = ca.ExternalCAPassthrough{
		Subject: ca.ExternalCASubject{
			Country: "cn", State: "Zhejiang", Locality: "杭州", Organization: "Example", OrganizationUnit: "PKI", CommonName: "Testing CA",
		},
		Extensions: ca.ExternalCAExtensions{PathLenConstraint: 2, ExtendedKeyUsages: []string{"serverAuth", "clientAuth", "serverAuth"}},
	}
	req.ResourceGroupId, req.Tags = "rg-aek****wia", tags(2)
	return req
}

// ApiPassthrough of the document's example, and a request with every member.
func TestCreateExternalCACertificateJSON(t *testing.T) {
	t.Parallel()
	const example = `{"Extensions":{"ExtendedKeyUsages":["serverAuth"],"PathLenConstraint":0},"Subject":{"CommonName":"Testing CA","Country":"CN"}}`
	var passthrough ca.ExternalCAPassthrough
	if err := json.Unmarshal([]byte(example), &passthrough); err != nil {
		t.Fatal(err)
	}
	want := ca.ExternalCAPassthrough{
		Subject: ca.ExternalCASubject{Country: "CN", CommonName: "Testing CA"}, Extensions: ca.ExternalCAExtensions{ExtendedKeyUsages: []string{"serverAuth"}},
	}
	if diff := cmp.Diff(want, passthrough); diff != "" {
		t.Errorf("the example mismatch (-want +got):\n%s", diff)
	}
	checkRoundTrip[ca.CreateExternalCACertificateRequest](t, []byte(encodeJSON(t, fullExternalRequest(t, algorithm.ECC_256))))
}

// An object without members counts as absent, and one attribute replaces all.
func TestCreateExternalCACertificateSubject(t *testing.T) {
	t.Parallel()
	const a = algorithm.ECC_256
	au := authorityOf(a)
	long := makeCSR(t, key(a, 1), asn.Name(asn.UTF8(asn.OIDOrganization, testutil.Chinese(65))))
	for _, tt := range []struct {
		name string
		csr  string
		pass ca.ExternalCAPassthrough
		want []byte
	}{
		{"nothing", "", ca.ExternalCAPassthrough{}, externalSubject},
		{"a country", "", ca.ExternalCAPassthrough{Subject: ca.ExternalCASubject{Country: "us"}}, asn.Name(asn.Printable(asn.OIDCountry, "US"))},
		{"a subject that would be refused", long, ca.ExternalCAPassthrough{Subject: ca.ExternalCASubject{CommonName: "CA"}}, asn.Name(asn.Printable(asn.OIDCommonName, "CA"))},
		{"no subject in the CSR", makeCSR(t, key(a, 1), asn.Name()), ca.ExternalCAPassthrough{Subject: ca.ExternalCASubject{CommonName: "CA"}}, asn.Name(asn.Printable(asn.OIDCommonName, "CA"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := externalRequest(t, a)
			if tt.csr != "" {
				req.Csr = tt.csr
			}
			req.ApiPassthrough = tt.pass
			if got := parsePEM(t, createExternal(t, au.rootIssuer, req).Certificate).RawSubject; !bytes.Equal(got, tt.want) {
				t.Errorf("subject\n%x, want\n%x", got, tt.want)
			}
		})
	}
}

// Of the CSR of another product's CA only key and subject are used.
func TestCreateExternalCACertificateIgnoresExtensions(t *testing.T) {
	t.Parallel()
	const a = algorithm.ECC_256
	au := authorityOf(a)
	want := createExternal(t, au.rootIssuer, externalRequest(t, a))
	req := externalRequest(t, a)
	req.Csr = makeCSR(t, key(a, 1), externalSubject,
		asn.Extension(asn.OIDConstraints, true, asn.Seq([]byte{1, 1, 0xff}, asn.TLV(asn1.INTEGER, []byte{9}))),
		asn.Extension(asn.OIDKeyUsage, true, bitString(1, 0x06)),
		asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq(asn.OIDClientAuth)),
		asn.Extension(asn.OIDKeyID, false, asn.Octets([]byte("key"))),
		asn.Extension(asn.OIDAltName, false, asn.GeneralNames("vault.example.com")),
		asn.Extension(asn.OID("\x55\x1d\x1e"), true, asn.Seq()), // nameConstraints
	)
	if got := createExternal(t, au.rootIssuer, req); got.Certificate != want.Certificate {
		t.Errorf("the CSR's extensions change the certificate:\n%s\nand not\n%s", got.Certificate, want.Certificate)
	}
}

// bmp is an attribute with a BMPString.
func bmp(oid []byte, text string) []byte {
	return asn.Attribute(oid, asn.BMPString, testutil.UTF16(binary.BigEndian, text))
}

// A csrSubject is one row of csrSubjects.
type csrSubject struct {
	name    string
	der     []byte
	refusal string // words of the message; empty: kept
}

// csrSubjects are subjects of CSRs in every string type, and in forms that
// products write.
func csrSubjects() []csrSubject {
	const universalString, generalString, visibleString = asn1.Tag(28), asn1.Tag(27), asn1.Tag(26)
	cn := asn.UTF8(asn.OIDCommonName, "CA")
	units := func(n int, text string) (attributes [][]byte) {
		for i := range n {
			attributes = append(attributes, asn.UTF8(asn.OIDUnit, text+fmt.Sprintf("%02d", i)))
		}
		return attributes
	}
	octets := func(n int) []byte { // a name of so many octets
		name := func(filler int) []byte {
			return asn.Name(append(units(50, strings.Repeat("u", 60)), asn.UTF8(asn.OID("\x2a\x03"), strings.Repeat("x", filler)))...)
		}
		return name(500 + n - len(name(500)))
	}
	private := asn.OID("\x2b\x06\x01\x04\x01\x82\xa2\x74\x01\x04") // 1.3.6.1.4.1.37236.1.4
	return []csrSubject{
		{"PrintableString", asn.Name(asn.Printable(asn.OIDCommonName, "Example CA 1")), ""},
		{"PrintableString with & and *", asn.Name(asn.Printable(asn.OIDOrganization, "AT&T*")), ""},
		{"UTF8String", asn.Name(asn.UTF8(asn.OIDCommonName, "例子 CA")), ""},
		{"UTF8String of printable characters", asn.Name(asn.UTF8(asn.OIDCountry, "CN"), cn), ""},
		{"IA5String", asn.Name(asn.IA5(asn.OIDCommonName, "Example_CA@1")), ""},
		{"TeletexString in ASCII", asn.Name(teletex(asn.OIDCommonName, "Example CA")), ""},
		{"BMPString", asn.Name(bmp(asn.OIDOrganization, "例子"), bmp(asn.OIDCommonName, "Example CA")), ""},
		{"NumericString", asn.Name(asn.Attribute(asn.OIDSerialNumber, asn.NumericString, "12 34"), cn), ""},
		{"domain components and an e-mail address", asn.Name(asn.IA5(asn.OIDDC, "com"), asn.IA5(asn.OIDDC, "example"), cn, asn.IA5(asn.OIDEmail, "pki@example.com")), ""},
		{"no common name", asn.Name(asn.UTF8(asn.OIDOrganization, "Example"), asn.UTF8(asn.OIDUnit, "Class 1 CA")), ""},
		{"the common name first", asn.Name(cn, asn.UTF8(asn.OIDUnit, "PKI"), asn.UTF8(asn.OIDOrganization, "Example"), asn.Printable(asn.OIDCountry, "CN")), ""},
		{"a country in lower case", asn.Name(asn.Printable(asn.OIDCountry, "cn"), cn), ""},
		{"eight units", asn.Name(append(units(8, "Unit "), cn)...), ""},
		{"two attributes in one RDN", asn.Seq(asn.Set(asn.UTF8(asn.OIDUnit, "1"), cn)), ""},
		{"attributes of unknown types", asn.Name(asn.UTF8(private, "FACE000000000001"), asn.Attribute(asn.OID("\x2a\x03"), asn.BMPString, "\x4e\x91"), cn), ""},
		{"an unknown type of 200 characters", asn.Name(asn.UTF8(private, testutil.Chinese(200)), cn), ""},
		{"a type with an arc of 2^31-1", asn.Name(asn.UTF8(asn.OID("\x2b\x87\xff\xff\xff\x7f"), "x"), cn), ""},
		{"64 characters", asn.Name(asn.UTF8(asn.OIDCommonName, testutil.Chinese(64))), ""},
		{"4096 octets", octets(4096), ""},

		{"4097 octets", octets(4097), "it has 4097 octets: up to 4096 are accepted; ApiPassthrough.Subject can replace the subject"},
		{"a type with an arc of 2^31", asn.Name(asn.UTF8(asn.OID("\x2b\x88\x80\x80\x80\x00"), "x"), cn), "an attribute type has arcs above 2^31-1, which common software does not read"},
		{"a long type without value", asn.Name(asn.UTF8(asn.OID("\x2b"+strings.Repeat("\x01", 300)), ""), cn), "1.3.1.1"},
		{"TeletexString outside ASCII", asn.Name(teletex(asn.OIDCommonName, "M\xfcller")), "the attribute CN of the name: an ASCII string has the octet 0xfc"},
		{"UniversalString", asn.Name(asn.Attribute(asn.OIDCommonName, universalString, "\x00\x00\x00C\x00\x00\x00A")), "the string type with tag 28 is not supported"},
		{"GeneralString", asn.Name(asn.Attribute(asn.OIDCommonName, generalString, "CA")), "the string type with tag 27 is not supported"},
		{"VisibleString", asn.Name(asn.Attribute(asn.OIDCommonName, visibleString, "CA")), "the string type with tag 26 is not supported"},
		{"a BIT STRING", asn.Name(asn.Seq(asn.OID("\x55\x04\x2d"), bitString(0, 1)), cn), "the string type with tag 3 is not supported"},
		{"a BMPString of odd length", asn.Name(asn.Attribute(asn.OIDCommonName, asn.BMPString, "\x00C\x00")), "odd number"},
		{"a BMPString with a surrogate", asn.Name(asn.Attribute(asn.OIDCommonName, asn.BMPString, "\xd8\x00")), "surrogates"},
		{"UTF8String that is not UTF-8", asn.Name(asn.UTF8(asn.OIDCommonName, "C\xff")), "not valid UTF-8"},
		{"a control character", asn.Name(asn.UTF8(asn.OIDOrganization, "A\nB"), cn), "U+000A"},
		{"a NUL in a BMPString", asn.Name(bmp(asn.OIDOrganization, "A\x00"), cn), "U+0000"},
		{"a direction mark", asn.Name(asn.UTF8(asn.OIDOrganization, "A\u202e"), cn), "U+202E"},
		{"an invisible character of an unknown type", asn.Name(asn.UTF8(private, "A\u200b"), cn), "1.3.6.1.4.1.37236.1.4="},
		{"a space at the end", asn.Name(asn.UTF8(asn.OIDOrganization, "Example "), cn), "space"},
		{"an organization of 65 characters", asn.Name(bmp(asn.OIDOrganization, testutil.Chinese(65)), cn), "65 characters: up to 64 are allowed (X.520); ApiPassthrough.Subject can replace the subject"},
		{"a locality of 129 characters", asn.Name(asn.UTF8(asn.OIDLocality, testutil.Chinese(129)), cn), "129 characters"},
		{"a common name of 65 characters", asn.Name(asn.UTF8(asn.OIDCommonName, testutil.Chinese(65))), "65 characters"},
		{"a country of three letters", asn.Name(asn.Printable(asn.OIDCountry, "CHN"), cn), `C="CHN": a country is two letters`},
		{"an e-mail address in Chinese", asn.Name(cn, asn.UTF8(asn.OIDEmail, "云@example.com")), "an e-mail address or domain component is ASCII"},
		{"an empty organization", asn.Name(asn.UTF8(asn.OIDOrganization, ""), cn), "its attribute O is empty"},
		{"two common names", asn.Name(cn, asn.UTF8(asn.OIDCommonName, "CA 2")), "2 common names"},
		{"an RDN out of order", asn.Seq(asn.Set(cn, asn.UTF8(asn.OIDUnit, "1"))), `the RDN with OU="1" is not in the order of DER (X.690, section 11.6)`},
		{"an attribute twice in an RDN", asn.Seq(asn.Set(asn.UTF8(asn.OIDUnit, "1"), asn.UTF8(asn.OIDUnit, "1")), asn.Set(cn)), "not in the order of DER"},
		{"an empty RDN", asn.Seq(asn.Set(), asn.Set(cn)), "RFC 5280, section 4.1.2.4"},
		{"not a SEQUENCE", asn.Seq(cn), "RFC 5280, section 4.1.2.4"},
	}
}

// The subject is kept octet by octet, whatever its string types, or the message
// says why not. testdata has all of them.
func TestCreateExternalCACertificateKeepsSubject(t *testing.T) {
	t.Parallel()
	const a = algorithm.ECC_256
	au := authorityOf(a)
	var golden strings.Builder
	for _, s := range csrSubjects() {
		req := externalRequest(t, a)
		req.Csr = makeCSR(t, key(a, 1), s.der)
		resp, err := ca.CreateExternalCACertificate(testutil.Seeded(), instant, au.rootIssuer, req)
		fmt.Fprintf(&golden, "%s: ", s.name)
		if s.refusal != "" {
			testutil.CheckError(t, err, malformed, "Csr", s.refusal)
			fmt.Fprintln(&golden, err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		cert := parsePEM(t, resp.Certificate)
		fmt.Fprintf(&golden, "%x\n", cert.RawSubject)
		if !bytes.Equal(cert.RawSubject, s.der) {
			t.Errorf("%s: subject\n%x, want\n%x", s.name, cert.RawSubject, s.der)
		}
		issuer, err := ca.NewIssuer(resp.CertificateChain, key(a, 1), ca.IssuerOptions{})
		if err != nil {
			t.Errorf("%s: NewIssuer: %v", s.name, err)
			continue
		}
		checkIssuerOctets(t, issuer, cert, au.root.Certificate)
	}
	testutil.Golden(t, "golden/external-subjects.txt", golden.String())
}

// checkIssuerOctets wants an issuer with an ECC_256 key to issue a leaf, a CRL and
// an OCSP response that others take for the CA's, and to copy the CA's subject
// octet by octet.
func checkIssuerOctets(t *testing.T, issuer *ca.Issuer, cert *x509.Certificate, root string) {
	t.Helper()
	leaf := issue(t, issuer, serverRequest(issuer, hostCSR(t, algorithm.ECC_256, "www.example.com")))
	if !bytes.Equal(leaf.RawIssuer, cert.RawSubject) {
		t.Errorf("the leaf's issuer is\n%x, want\n%x", leaf.RawIssuer, cert.RawSubject)
	}
	sub := testutil.EncodePEM("CERTIFICATE", cert.Raw)
	verifyServer(t, algorithm.ECC_256, leaf.Raw, sub, root, instant, "www.example.com")

	serial := fmt.Sprintf("%x", leaf.SerialNumber)
	list := func(revoked ...ca.RevokedCertificate) *x509.RevocationList {
		der, err := ca.CreateRevocationList(nil, instant, issuer, &ca.CreateRevocationListRequest{
			Number: big.NewInt(1), NextUpdate: instant.AddDate(0, 0, 7), Revoked: ca.Revoked(revoked...),
		})
		if err != nil {
			t.Fatal(err)
		}
		crl, err := ca.ParseRevocationList(der)
		if err != nil {
			t.Fatal(err)
		}
		return crl
	}
	crl := list()
	if !bytes.Equal(crl.RawIssuer, cert.RawSubject) {
		t.Errorf("the CRL's issuer is\n%x, want\n%x", crl.RawIssuer, cert.RawSubject)
	}
	if err := crl.CheckSignatureFrom(cert); err != nil {
		t.Errorf("the CRL: %v", err)
	}
	opts := ca.VerifyOptions{Roots: root, Intermediates: sub, Host: "www.example.com", Usage: x509.ExtKeyUsageServerAuth, RevocationLists: []*x509.RevocationList{crl}}
	text := testutil.EncodePEM("CERTIFICATE", leaf.Raw)
	if _, err := ca.Verify(instant, text, opts); err != nil {
		t.Errorf("Verify: %v", err)
	}
	opts.RevocationLists[0] = list(ca.RevokedCertificate{SerialNumber: serial, RevocationTime: instant})
	_, err := ca.Verify(instant, text, opts)
	testutil.CheckError(t, err, yuncert.ErrInvalidStatusUpdateProtection, "Certificate", "was revoked")

	checkGoodOCSP(t, "the new CA", instant, newResponder(t, sub+root, key(algorithm.ECC_256, 1)), leaf, cert)
}

func TestCreateExternalCACertificateFailures(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au, req := authorityOf(a), externalRequest(t, a)
			checkFailures(t, au.rootKey, func(rand io.Reader, key crypto.Signer) (any, error) {
				parent, err := ca.NewIssuer(au.root.CertificateChain, key, ca.IssuerOptions{})
				if err != nil {
					t.Fatal(err)
				}
				resp, err := ca.CreateExternalCACertificate(rand, instant, parent, req)
				if resp == nil {
					return nil, err
				}
				return resp, err
			})
		})
	}
}

// A parent's KeyPolicy applies to the CSR's key, CertMaxTime and RootIssues do
// not, and Backdate moves the start.
func TestCreateExternalCACertificateIssuerOptions(t *testing.T) {
	t.Parallel()
	const a = algorithm.RSA_2048
	au, req := authorityOf(a), externalRequest(t, a)
	parent := func(options ca.IssuerOptions) *ca.Issuer {
		issuer, err := ca.NewIssuer(au.root.CertificateChain, au.rootKey, options)
		if err != nil {
			t.Fatal(err)
		}
		return issuer
	}
	_, err := ca.CreateExternalCACertificate(testutil.Untouched(t), instant, parent(ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{MinRSABits: 3072}}), req)
	testutil.CheckError(t, err, refused, "Csr", "RSA_2048; want an RSA key of at least 3072 bits")
	_, err = ca.CreateExternalCACertificate(testutil.Untouched(t), instant, parent(ca.IssuerOptions{KeyPolicy: blocks(t, au.subKey.Public())}), req)
	testutil.CheckError(t, err, malformed, "Csr", "the key is blocked")

	later, issuer := instant.Add(time.Hour), parent(ca.IssuerOptions{CertMaxTime: 1, Backdate: time.Minute})
	resp, err := ca.CreateExternalCACertificate(testutil.Seeded(), later, issuer, req)
	if err != nil {
		t.Fatal(err)
	}
	cert := parsePEM(t, resp.Certificate)
	if start, end := later.Add(-time.Minute), later.AddDate(5, 0, 0); !cert.NotBefore.Equal(start) || !cert.NotAfter.Equal(end) {
		t.Errorf("valid from %v to %v, want %v to %v", cert.NotBefore, cert.NotAfter, start, end)
	}
}

// The requests come as JSON, and the subject of the CSR, which is signed here, by
// itself.
func FuzzCreateExternalCACertificateRequestJSON(f *testing.F) {
	const a = algorithm.ECC_256
	for _, row := range refusedExternalRequests(f) {
		req := externalRequest(f, a)
		row.change(req)
		f.Add(encodeJSON(f, req), []byte(nil))
	}
	for _, family := range testkeys.Families {
		f.Add(encodeJSON(f, fullExternalRequest(f, family)), []byte(nil))
	}
	for _, s := range csrSubjects() {
		f.Add(`{"Validity":"1y"}`, s.der)
	}
	f.Add(`{"Validity":"2030-01-31T00:00:00Z","ApiPassthrough":{"Subject":{"CommonName":"例子"},"Extensions":{"PathLenConstraint":3}}}`, externalSubject)
	f.Add(`null`, []byte(nil))
	f.Fuzz(func(t *testing.T, text string, subject []byte) {
		req := new(ca.CreateExternalCACertificateRequest)
		if json.Unmarshal([]byte(text), req) != nil {
			return
		}
		if len(subject) > 0 {
			req.Csr = makeCSR(t, key(a, 2), subject)
		}
		if err := req.Validate(); err != nil {
			checkRequestsFault(t, err)
			if _, again := ca.CreateExternalCACertificate(testutil.Untouched(t), instant, nil, req); again == nil || again.Error() != err.Error() {
				t.Errorf("Validate says %v, and the operation %v", err, again)
			}
			return
		}
		for _, family := range testkeys.Families {
			au := authorityOf(family)
			resp, err := ca.CreateExternalCACertificate(testutil.Seeded(), instant, au.rootIssuer, req)
			if err != nil {
				checkRequestsFault(t, err)
				if resp != nil {
					t.Error("a response with an error")
				}
				continue
			}
			checkExternalCA(t, family, resp, req)
		}
	})
}

// checkExternalCA wants others to read a certificate and NewIssuer to take its
// chain.
func checkExternalCA(t *testing.T, parent algorithm.Algorithm, resp *ca.CreateExternalCACertificateResponse, req *ca.CreateExternalCACertificateRequest) {
	t.Helper()
	au, der := authorityOf(parent), testutil.DecodePEM(t, "CERTIFICATE", resp.Certificate)
	cert := parse(t, der)
	verifySignature(t, cert, au.rootKey.Public())
	if parent == algorithm.SM2_256 {
		if _, err := smx509.ParseCertificate(der); err != nil {
			t.Errorf("smx509: %v", err)
		}
	} else if _, err := x509.ParseCertificate(der); err != nil {
		t.Errorf("crypto/x509: %v", err)
	}
	if !cert.IsCA || cert.MaxPathLen < 0 || len(cert.UnhandledCriticalExtensions) > 0 || cert.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign|x509.KeyUsageDigitalSignature {
		t.Errorf("not the profile of a CA: %+v", cert)
	}
	if cert.NotBefore.Before(instant) || cert.NotAfter.After(instant.AddDate(10, 0, 0)) || !cert.NotAfter.After(cert.NotBefore) {
		t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
	}
	if len(cert.RawSubject) > 4096 || len(cert.Subject.Names) == 0 {
		t.Errorf("a subject of %d octets and %d attributes", len(cert.RawSubject), len(cert.Subject.Names))
	}
	for _, name := range cert.Subject.Names {
		if text, ok := name.Value.(string); !ok || text == "" || strings.ContainsAny(text, "\x00\n\r") {
			t.Errorf("the subject has %q", name.Value)
		}
	}
	if _, err := ca.NewIssuer(resp.CertificateChain, testutil.Unused(t, cert.PublicKey), ca.IssuerOptions{}); err != nil {
		t.Errorf("NewIssuer: %v", err)
	}
}
