package ca_test

import (
	"bytes"
	"crypto"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// A refusedSubRequest is one row of refusedSubRequests.
type refusedSubRequest struct {
	name      string
	change    func(*ca.CreateSubCACertificateRequest)
	code      yuncert.Code
	parameter string
	mention   string
}

// refusedSubRequests are changes to a valid request after which it is refused.
// FuzzCARequestsJSON starts from them too.
func refusedSubRequests() []refusedSubRequest {
	type request = ca.CreateSubCACertificateRequest
	return []refusedSubRequest{
		{"CommonName is required", func(r *request) { r.CommonName = "" }, missing, "CommonName", "CommonName is mandatory for this action."},
		{"Organization is required", func(r *request) { r.Organization = "" }, missing, "Organization", "Organization is mandatory for this action."},
		{"OrganizationUnit is required", func(r *request) { r.OrganizationUnit = "" }, missing, "OrganizationUnit", "OrganizationUnit is mandatory for this action."},
		{"Locality is required", func(r *request) { r.Locality = "" }, missing, "Locality", "Locality is mandatory for this action."},
		{"State is required", func(r *request) { r.State = "" }, missing, "State", "State is mandatory for this action."},
		{"Algorithm is required", func(r *request) { r.Algorithm = "" }, missing, "Algorithm", "Algorithm is mandatory for this action."},
		{"Years is required", func(r *request) { r.Years = 0 }, missing, "Years", "Years is mandatory for this action."},

		{"CommonName of 65 characters", func(r *request) { r.CommonName = testutil.Chinese(65) }, malformed, "CommonName", "65 characters"},
		{"Organization of 65 characters", func(r *request) { r.Organization = testutil.Chinese(65) }, malformed, "Organization", "65 characters"},
		{"OrganizationUnit of 65 characters", func(r *request) { r.OrganizationUnit = testutil.Chinese(65) }, malformed, "OrganizationUnit", "65 characters"},
		{"Locality of 129 characters", func(r *request) { r.Locality = testutil.Chinese(129) }, malformed, "Locality", "129 characters"},
		{"State of 129 characters", func(r *request) { r.State = testutil.Chinese(129) }, malformed, "State", "129 characters"},
		{"a control character", func(r *request) { r.CommonName = "Sub\x1bCA" }, malformed, "CommonName", `Sub\x1bCA`},
		{"CountryCode of three letters", func(r *request) { r.CountryCode = "CHN" }, malformed, "CountryCode", "CountryCode must be 2 characters."},

		{"Algorithm unknown", func(r *request) { r.Algorithm = "RSA_512" }, malformed, "Algorithm", `"RSA_512"`},
		{"Algorithm RSA_1024", func(r *request) { r.Algorithm = "RSA_1024" }, refused, "Algorithm", "RSA_1024"},

		{"Years below zero", func(r *request) { r.Years = -5 }, malformed, "Years", "-5"},
		{"Years 101", func(r *request) { r.Years = 101 }, malformed, "Years", "101"},
		{"Years at the top of its type", func(r *request) { r.Years = math.MaxInt32 }, malformed, "Years", "2147483647"},

		{"PathLenConstraint below zero", func(r *request) { r.PathLenConstraint = -1 }, malformed, "PathLenConstraint", "-1"},

		{"an unknown extended key usage", func(r *request) { r.ExtendedKeyUsages = []string{"serverAuth", "webAuth"} }, malformed, "ExtendedKeyUsages", `"webAuth"`},
		{"an extended key usage in other case", func(r *request) { r.ExtendedKeyUsages = []string{"ServerAuth"} }, malformed, "ExtendedKeyUsages",
			`"ServerAuth" is neither one of OCSPSigning, any, clientAuth, codeSigning, emailProtection, serverAuth, timeStamping nor an object identifier`},
		{"an empty extended key usage", func(r *request) { r.ExtendedKeyUsages = []string{""} }, malformed, "ExtendedKeyUsages", `""`},
		{"an object identifier of one arc", func(r *request) { r.ExtendedKeyUsages = []string{"1"} }, malformed, "ExtendedKeyUsages", `"1"`},
		{"an object identifier below 0.39", func(r *request) { r.ExtendedKeyUsages = []string{"0.40"} }, malformed, "ExtendedKeyUsages", `"0.40"`},
		{"an object identifier with an empty arc", func(r *request) { r.ExtendedKeyUsages = []string{"1..2"} }, malformed, "ExtendedKeyUsages", `"1..2"`},
		{"an arc that Go cannot read back", func(r *request) { r.ExtendedKeyUsages = []string{"1.3.6.1.4.1.2147483648"} }, malformed, "ExtendedKeyUsages", "1.3.6.1.4.1.2147483648"},
		{"a second arc that Go cannot read back", func(r *request) { r.ExtendedKeyUsages = []string{"2.2147483568"} }, malformed, "ExtendedKeyUsages", "2.2147483568"},
		{"101 extended key usages", func(r *request) { r.ExtendedKeyUsages = slices.Repeat([]string{"serverAuth"}, 101) }, malformed, "ExtendedKeyUsages", "101"},

		{"CrlDay below zero", func(r *request) { r.CrlDay = -1 }, malformed, "CrlDay", "-1"},
		{"CrlDay 366", func(r *request) { r.CrlDay = 366 }, malformed, "CrlDay", "366"},
		{"CertMaxTime below zero", func(r *request) { r.CertMaxTime = -1 }, malformed, "CertMaxTime", "-1"},
		{"101 tags", func(r *request) { r.Tags = tags(101) }, malformed, "Tags", "101"},
		{"ClientToken of 65 characters", func(r *request) { r.ClientToken = strings.Repeat("t", 65) }, malformed, "ClientToken", "64"},
		{"ClientToken is not ASCII", func(r *request) { r.ClientToken = "jeton-é" }, malformed, "ClientToken", "ASCII"},
	}
}

func TestCreateSubCACertificateRefusesRequest(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	public := key(algorithm.ECC_256, 1).Public()
	for _, tt := range refusedSubRequests() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := subRequest(algorithm.ECC_256)
			tt.change(req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
			resp, err := ca.CreateSubCACertificate(testutil.Untouched(t), instant, au.rootIssuer, public, req)
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
			if resp != nil {
				t.Error("a response with an error")
			}
		})
	}
}

func TestCreateSubCACertificateNilRequest(t *testing.T) {
	t.Parallel()
	var req *ca.CreateSubCACertificateRequest
	testutil.CheckError(t, req.Validate(), missing, "CommonName", "CommonName")
	au := authorityOf(algorithm.ECC_256)
	_, err := ca.CreateSubCACertificate(testutil.Untouched(t), instant, au.rootIssuer, au.subKey.Public(), req)
	testutil.CheckError(t, err, missing, "CommonName", "CommonName")
	_, err = ca.CreateSubCACertificate(testutil.Untouched(t), instant, nil, nil, nil)
	testutil.CheckError(t, err, missing, "CommonName", "CommonName")
}

func TestCreateSubCACertificateOrderOfProblems(t *testing.T) {
	t.Parallel()
	good := subRequest(algorithm.ECC_256)
	req := &ca.CreateSubCACertificateRequest{
		CommonName: "\x00", Organization: "\x00", OrganizationUnit: "\x00", Locality: "\x00", State: "\x00",
		CountryCode: "X", Algorithm: "X", Years: -1, PathLenConstraint: -1, ExtendedKeyUsages: []string{"X"},
		CrlDay: -1, CertMaxTime: -1, Tags: tags(101), ClientToken: "\x00",
	}
	for _, step := range []struct {
		parameter string
		mend      func()
	}{
		{"CommonName", func() { req.CommonName = good.CommonName }},
		{"Organization", func() { req.Organization = good.Organization }},
		{"OrganizationUnit", func() { req.OrganizationUnit = good.OrganizationUnit }},
		{"Locality", func() { req.Locality = good.Locality }},
		{"State", func() { req.State = good.State }},
		{"CountryCode", func() { req.CountryCode = good.CountryCode }},
		{"Algorithm", func() { req.Algorithm = good.Algorithm }},
		{"Years", func() { req.Years = good.Years }},
		{"PathLenConstraint", func() { req.PathLenConstraint = 0 }},
		{"ExtendedKeyUsages", func() { req.ExtendedKeyUsages = nil }},
		{"CrlDay", func() { req.CrlDay = 0 }},
		{"CertMaxTime", func() { req.CertMaxTime = 0 }},
		{"Tags", func() { req.Tags = nil }},
		{"ClientToken", func() { req.ClientToken = "" }},
	} {
		testutil.CheckError(t, req.Validate(), malformed, step.parameter, "")
		step.mend()
	}
	if err := req.Validate(); err != nil {
		t.Error(err)
	}
}

// The rules that need parent, instant and key.
func TestCreateSubCACertificateRefusesParent(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	rootEnd := instant.AddDate(10, 0, 0)
	other := authorityOf(algorithm.ECC_384)
	second := time.Second
	type request = ca.CreateSubCACertificateRequest
	tests := []struct {
		name      string
		parent    *ca.Issuer
		now       time.Time
		public    crypto.PublicKey
		change    func(*request)
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"no parent", nil, instant, au.subKey.Public(), func(r *request) {}, yuncert.ErrNotFound, "ParentIdentifier", "no issuing CA"},
		{"another parent", other.rootIssuer, instant, au.subKey.Public(), func(r *request) { r.ParentIdentifier = au.root.Identifier }, yuncert.ErrNotFound, "ParentIdentifier", au.root.Identifier},
		{"the parent's identifier in upper case", au.rootIssuer, instant, au.subKey.Public(), func(r *request) { r.ParentIdentifier = strings.ToUpper(au.root.Identifier) }, yuncert.ErrNotFound, "ParentIdentifier", au.root.Identifier},
		{"a second before the parent begins", au.rootIssuer, instant.Add(-second), au.subKey.Public(), func(r *request) {}, yuncert.ErrCertificateExpired, "ParentIdentifier", "2026-03-04T05:06:06Z"},
		{"a second after the parent's end", au.rootIssuer, rootEnd.Add(second), au.subKey.Public(), func(r *request) {}, yuncert.ErrCertificateExpired, "ParentIdentifier", "2036-03-04T05:06:08Z"},
		{"a second beyond the parent", au.rootIssuer, instant.Add(second), au.subKey.Public(), func(r *request) { r.Years = 10 }, refused, "Years", "2036-03-04T05:06:08Z"},
		{"a year beyond the parent", au.rootIssuer, instant, au.subKey.Public(), func(r *request) { r.Years = 11 }, refused, "Years", "2037-03-04T05:06:07Z"},
		{"another length than Algorithm", au.rootIssuer, instant, key(algorithm.ECC_384, 1).Public(), func(r *request) {}, refused, "Algorithm", "ECC_384"},
		{"RSA_1024 after another Algorithm", au.rootIssuer, instant, key(algorithm.RSA_1024, 1).Public(), func(r *request) { r.Algorithm = "RSA_2048" }, refused, "Algorithm", "RSA_1024"},
		{"the parent's own key", au.rootIssuer, instant, au.rootKey.Public(), func(r *request) {}, refused, "", "key"},
		{"a parent that is for servers only", au.issuer, instant, key(algorithm.ECC_256, 2).Public(), func(r *request) {}, refused, "ParentIdentifier", "path length"},
		{"a parent that demands policies two levels below", demandingRoot(t), instant, au.subKey.Public(), func(r *request) {}, refused, "ParentIdentifier", "certificate policies"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := subRequest(algorithm.ECC_256)
			tt.change(req)
			if err := req.Validate(); err != nil {
				t.Fatalf("without parent the request is valid: %v", err)
			}
			resp, err := ca.CreateSubCACertificate(testutil.Untouched(t), tt.now, tt.parent, tt.public, req)
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
			if resp != nil {
				t.Error("a response with an error")
			}
		})
	}
	t.Run("the key of a CA two levels up", func(t *testing.T) {
		t.Parallel()
		parent := au.subWith(t, func(r *request) { r.PathLenConstraint = 1 })
		for _, k := range []*algorithm.PrivateKey{au.rootKey, au.subKey} {
			_, err := ca.CreateSubCACertificate(testutil.Untouched(t), instant, parent, k.Public(), subRequest(algorithm.ECC_256))
			testutil.CheckError(t, err, refused, "", "key")
		}
	})
}

func TestCreateSubCACertificateRefusesKey(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.RSA_2048)
	for what, public := range badKeys() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			_, err := ca.CreateSubCACertificate(testutil.Untouched(t), instant, au.rootIssuer, public, subRequest(algorithm.RSA_2048))
			testutil.CheckError(t, err, malformed, "", "public key")
		})
	}
	t.Run("a private key", func(t *testing.T) {
		t.Parallel()
		_, err := ca.CreateSubCACertificate(testutil.Untouched(t), instant, au.rootIssuer, au.subKey, subRequest(algorithm.RSA_2048))
		testutil.CheckError(t, err, malformed, "", "public key")
	})
}

// 4.3: same family as the root, length free.
func TestCreateSubCACertificateFamilies(t *testing.T) {
	t.Parallel()
	for _, parent := range testkeys.Families {
		for _, child := range testkeys.All[1:] {
			t.Run(fmt.Sprintf("%s below %s", child, parent), func(t *testing.T) {
				t.Parallel()
				au := authorityOf(parent)
				resp, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, au.rootIssuer, key(child, 2).Public(), subRequest(child))
				if parent.Family() != child.Family() {
					advice := "they must be of the same family; CreateExternalCACertificate makes an ECC CA below an RSA one, and the reverse"
					if parent == algorithm.SM2_256 || child == algorithm.SM2_256 {
						advice = "they must be of the same family"
					}
					testutil.CheckMessage(t, err, refused, "Algorithm", fmt.Sprintf("the key is %s and the CA's key is %s: %s", child, parent, advice))
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if _, err := ca.NewIssuer(resp.CertificateChain, key(child, 2), ca.IssuerOptions{}); err != nil {
					t.Errorf("NewIssuer: %v", err)
				}
			})
		}
	}
}

func TestCreateSubCACertificateAccepts(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	type request = ca.CreateSubCACertificateRequest
	subject := func(at int, a []byte) []byte {
		attributes := [][]byte{
			asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"),
			asn.Printable(asn.OIDOrganization, "Example"), asn.Printable(asn.OIDUnit, "PKI"), asn.Printable(asn.OIDCommonName, "Test Sub CA"),
		}
		if a == nil {
			attributes = slices.Delete(attributes, at, at+1)
		} else {
			attributes[at] = a
		}
		return asn.Name(attributes...)
	}
	var oids []string
	for i := range 100 {
		oids = append(oids, fmt.Sprintf("1.3.6.1.4.1.99999.%d", i))
	}
	tests := []struct {
		name    string
		change  func(*request)
		subject []byte
		years   int
	}{
		{"nothing changed", func(*request) {}, au.subject, 5},
		{"ParentIdentifier", func(r *request) { r.ParentIdentifier = au.root.Identifier }, au.subject, 5},
		{"CommonName of 64 characters", func(r *request) { r.CommonName = testutil.Chinese(64) }, subject(5, asn.UTF8(asn.OIDCommonName, testutil.Chinese(64))), 5},
		{"Organization of 64 characters", func(r *request) { r.Organization = testutil.Chinese(64) }, subject(3, asn.UTF8(asn.OIDOrganization, testutil.Chinese(64))), 5},
		{"OrganizationUnit of 64 characters", func(r *request) { r.OrganizationUnit = testutil.Chinese(64) }, subject(4, asn.UTF8(asn.OIDUnit, testutil.Chinese(64))), 5},
		{"Locality of 128 characters", func(r *request) { r.Locality = testutil.Chinese(128) }, subject(2, asn.UTF8(asn.OIDLocality, testutil.Chinese(128))), 5},
		{"State of 128 characters", func(r *request) { r.State = testutil.Chinese(128) }, subject(1, asn.UTF8(asn.OIDState, testutil.Chinese(128))), 5},
		{"CountryCode is optional", func(r *request) { r.CountryCode = "" }, subject(0, nil), 5},
		{"Years 1", func(r *request) { r.Years = 1 }, au.subject, 1},
		{"Years to the very end of the parent", func(r *request) { r.Years = 10 }, au.subject, 10},
		{"EnableCrl and CrlDay 1", func(r *request) { r.EnableCrl, r.CrlDay = true, 1 }, au.subject, 5},
		{"CrlDay 365", func(r *request) { r.CrlDay = 365 }, au.subject, 5},
		{"100 extended key usages", func(r *request) { r.ExtendedKeyUsages = oids }, au.subject, 5},
		{"an object identifier of 128 characters", func(r *request) { r.ExtendedKeyUsages = []string{"1.2" + strings.Repeat(".1", 61) + ".11"} }, au.subject, 5},
		{"100 tags", func(r *request) { r.Tags = tags(100) }, au.subject, 5},
		{"ClientToken of 64 characters", func(r *request) { r.ClientToken = strings.Repeat("t", 64) }, au.subject, 5},
		{"ResourceGroupId", func(r *request) { r.ResourceGroupId = "rg-aek****wia" }, au.subject, 5},
		{"PathLenConstraint at the top of its type", func(r *request) { r.PathLenConstraint = math.MaxInt32 }, au.subject, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := subRequest(algorithm.ECC_256)
			tt.change(req)
			if err := req.Validate(); err != nil {
				t.Fatal(err)
			}
			resp, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, au.rootIssuer, au.subKey.Public(), req)
			if err != nil {
				t.Fatal(err)
			}
			cert := parsePEM(t, resp.Certificate)
			if !bytes.Equal(cert.RawSubject, tt.subject) {
				t.Errorf("subject\n%x, want\n%x", cert.RawSubject, tt.subject)
			}
			if !bytes.Equal(cert.RawIssuer, au.rootSubject) {
				t.Errorf("issuer\n%x, want\n%x", cert.RawIssuer, au.rootSubject)
			}
			if end := instant.AddDate(tt.years, 0, 0); !cert.NotBefore.Equal(instant) || !cert.NotAfter.Equal(end) {
				t.Errorf("valid from %v to %v, want %v to %v", cert.NotBefore, cert.NotAfter, instant, end)
			}
			if err := cert.CheckSignatureFrom(parsePEM(t, au.root.Certificate)); err != nil {
				t.Errorf("crypto/x509: %v", err)
			}
			checkCAResponse(t, cert.Raw, resp.Identifier, resp.Certificate, resp.RequestId)
			if resp.CertificateChain != resp.Certificate+au.root.Certificate {
				t.Errorf("CertificateChain is not the certificate and the root:\n%s", resp.CertificateChain)
			}
		})
	}
}

// The instant may be any within the parent's validity, both ends included, and
// the key any value that holds the public half.
func TestCreateSubCACertificateAtTheBoundary(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	if _, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, au.rootIssuer, au.subKey.Public(), subRequest(algorithm.ECC_256)); err != nil {
		t.Errorf("at the first second: %v", err)
	}
	// At the last one no year is left: the problem is Years, and not the parent.
	for _, now := range []time.Time{instant.AddDate(10, 0, 0), instant.AddDate(10, 0, 0).Add(999 * time.Millisecond)} {
		_, err := ca.CreateSubCACertificate(testutil.Untouched(t), now, au.rootIssuer, au.subKey.Public(), subRequest(algorithm.ECC_256))
		testutil.CheckError(t, err, refused, "Years", "2041-03-04")
	}
	resp, err := ca.CreateSubCACertificate(testutil.Seeded(), instant.Add(time.Second-1).In(time.FixedZone("CST", 8*3600)), au.rootIssuer, au.subKey.Public(), subRequest(algorithm.ECC_256))
	if err != nil {
		t.Fatal(err)
	}
	if start := parsePEM(t, resp.Certificate).NotBefore; !start.Equal(instant) {
		t.Errorf("notBefore %v, want %v: parts of a second are cut", start, instant)
	}
}

// A CA that allows more below it than the one above leaves has what that leaves.
func TestCreateSubCACertificatePathLengthAbove(t *testing.T) {
	t.Parallel()
	a := algorithm.ECC_256
	for above, parameter := range map[int]string{1: "ParentIdentifier", 2: "PathLenConstraint", 3: ""} {
		t.Run(fmt.Sprintf("%d above 5", above), func(t *testing.T) {
			t.Parallel()
			p := &pki{root: caTemplate("Root"), sub: caTemplate("Sub"), a: a}
			p.root.MaxPathLen, p.sub.MaxPathLen = above, 5
			chain, k := p.chain(t)
			parent, err := ca.NewIssuer(chain, k, ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			req := subRequest(a)
			req.Years, req.PathLenConstraint = 1, 1
			_, err = ca.CreateSubCACertificate(testutil.Seeded(), instant, parent, key(a, 2).Public(), req)
			if parameter != "" {
				testutil.CheckError(t, err, refused, parameter, "")
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// PathLenConstraint is below what every CA above leaves.
func TestCreateSubCACertificatePathLength(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	leaf := key(algorithm.ECC_256, 2)
	tests := []struct {
		parent, asked int32
		parameter     string // at fault; empty: accepted
	}{
		{0, 0, "ParentIdentifier"},
		{0, 1, "ParentIdentifier"},
		{1, 0, ""},
		{1, 1, "PathLenConstraint"},
		{1, math.MaxInt32, "PathLenConstraint"},
		{2, 0, ""},
		{2, 1, ""},
		{2, 2, "PathLenConstraint"},
		{2, 3, "PathLenConstraint"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d below %d", tt.asked, tt.parent), func(t *testing.T) {
			t.Parallel()
			parent := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.PathLenConstraint = tt.parent })
			req := subRequest(algorithm.ECC_256)
			req.CommonName, req.PathLenConstraint = "Second", tt.asked
			resp, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, parent, leaf.Public(), req)
			if tt.parameter != "" {
				testutil.CheckError(t, err, refused, tt.parameter, "")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if cert := parse(t, decodeFirst(t, resp.CertificateChain)); cert.MaxPathLen != int(tt.asked) || tt.asked == 0 && !cert.MaxPathLenZero {
				t.Errorf("path length %d, want %d", cert.MaxPathLen, tt.asked)
			}
			issuer, err := ca.NewIssuer(resp.CertificateChain, leaf, ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			// Three levels: what the lower CA leaves is bound by the upper too.
			third := subRequest(algorithm.ECC_384)
			third.CommonName = "Third"
			_, err = ca.CreateSubCACertificate(testutil.Seeded(), instant, issuer, key(algorithm.ECC_384, 1).Public(), third)
			if tt.asked == 0 {
				testutil.CheckError(t, err, refused, "ParentIdentifier", "path length")
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func decodeFirst(t testing.TB, chain string) []byte {
	t.Helper()
	end := "-----END CERTIFICATE-----\n"
	first, _, ok := strings.Cut(chain, end)
	if !ok {
		t.Fatal("the chain holds no certificate")
	}
	return testutil.DecodePEM(t, "CERTIFICATE", first+end)
}

// 4.3: the names of usages, and object identifiers.
func TestCreateSubCACertificateExtendedKeyUsages(t *testing.T) {
	t.Parallel()
	kp := func(last byte) []byte { return asn.OID("\x2b\x06\x01\x05\x05\x07\x03" + string(last)) }
	tests := []struct {
		usages []string
		want   []byte // the extension's value; nil: no extension
	}{
		{nil, nil},
		{[]string{}, nil},
		{[]string{"any"}, asn.Seq(asn.OID("\x55\x1d\x25\x00"))},
		{[]string{"serverAuth"}, asn.Seq(kp(1))},
		{[]string{"clientAuth"}, asn.Seq(kp(2))},
		{[]string{"codeSigning"}, asn.Seq(kp(3))},
		{[]string{"emailProtection"}, asn.Seq(kp(4))},
		{[]string{"timeStamping"}, asn.Seq(kp(8))},
		{[]string{"OCSPSigning"}, asn.Seq(kp(9))},
		{[]string{"1.3.6.1.5.5.7.3.17"}, asn.Seq(kp(17))},
		{[]string{"2.999"}, asn.Seq(asn.OID("\x88\x37"))},
		{[]string{"1.3.6.1.4.1.2147483647"}, asn.Seq(asn.OID("\x2b\x06\x01\x04\x01\x87\xff\xff\xff\x7f"))},
		{[]string{"2.2147483567"}, asn.Seq(asn.OID("\x87\xff\xff\xff\x7f"))},
		{[]string{"clientAuth", "serverAuth", "clientAuth"}, asn.Seq(kp(2), kp(1))},
		{[]string{"serverAuth", "1.3.6.1.5.5.7.3.1", "any", "2.5.29.37.0"}, asn.Seq(kp(1), asn.OID("\x55\x1d\x25\x00"))},
	}
	au := authorityOf(algorithm.ECC_256)
	for _, tt := range tests {
		t.Run(strings.Join(tt.usages, ","), func(t *testing.T) {
			t.Parallel()
			req := subRequest(algorithm.ECC_256)
			req.ExtendedKeyUsages = tt.usages
			resp, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, au.rootIssuer, au.subKey.Public(), req)
			if err != nil {
				t.Fatal(err)
			}
			var got []byte
			for _, e := range parsePEM(t, resp.Certificate).Extensions {
				if e.Id.Equal([]int{2, 5, 29, 37}) {
					got = e.Value
					if e.Critical {
						t.Error("the extension is critical")
					}
				}
			}
			if !bytes.Equal(got, tt.want) {
				t.Errorf("extKeyUsage %x, want %x", got, tt.want)
			}
		})
	}
}

func TestCreateSubCACertificateFailures(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			checkFailures(t, au.rootKey, func(rand io.Reader, key crypto.Signer) (any, error) {
				parent, err := ca.NewIssuer(au.root.CertificateChain, key, ca.IssuerOptions{})
				if err != nil {
					t.Fatal(err)
				}
				resp, err := ca.CreateSubCACertificate(rand, instant, parent, au.subKey.Public(), subRequest(a))
				if resp == nil {
					return nil, err
				}
				return resp, err
			})
		})
	}
}

func TestCreateSubCACertificateExtendedKeyUsagesAbove(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	tests := []struct {
		name        string
		above, here []string
		ok          bool
	}{
		{"none above", nil, []string{"codeSigning"}, true},
		{"none here", []string{"serverAuth"}, nil, true},
		{"any above", []string{"any"}, []string{"codeSigning"}, true},
		{"the same", []string{"serverAuth", "1.2.3.4"}, []string{"1.2.3.4", "serverAuth"}, true},
		{"another", []string{"codeSigning"}, []string{"serverAuth"}, false},
		{"one too many", []string{"serverAuth"}, []string{"serverAuth", "1.2.3.4"}, false},
		{"any here", []string{"serverAuth"}, []string{"any"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			parent := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) {
				r.PathLenConstraint, r.ExtendedKeyUsages = 1, tt.above
			})
			req := subRequest(algorithm.ECC_256)
			req.CommonName, req.ExtendedKeyUsages = "Below", tt.here
			_, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, parent, key(algorithm.ECC_256, 2).Public(), req)
			if tt.ok && err != nil {
				t.Error(err)
			} else if !tt.ok {
				testutil.CheckError(t, err, refused, "ExtendedKeyUsages", "exclude")
			}
		})
	}
}

// A chain that NewIssuer would not read is not made.
func TestCreateSubCACertificateLongestChain(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	issuer := au.rootIssuer
	for level := 2; ; level++ {
		own, err := algorithm.GenerateKey(algorithm.ECC_256)
		if err != nil {
			t.Fatal(err)
		}
		req := subRequest(algorithm.ECC_256)
		req.CommonName, req.PathLenConstraint = fmt.Sprintf("Level %d", level), int32(20-level)
		resp, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, issuer, own.Public(), req)
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
