package ca_test

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
)

func describe(t testing.TB, issuer *ca.Issuer) *ca.DescribeCACertificateResponse {
	t.Helper()
	pool, err := ca.NewPool(issuer)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := ca.DescribeCACertificate(testutil.Seeded(), pool, &ca.DescribeCACertificateRequest{Identifier: issuer.Identifier()})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// SignAlgorithm is about the CA's certificate, which a CA of another family may have
// signed.
func TestDescribeCACertificateOfAnotherFamily(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		parent, a algorithm.Algorithm
		want      string
	}{
		{algorithm.RSA_2048, algorithm.ECC_256, "SHA256WITHRSA"},
		{algorithm.ECC_256, algorithm.RSA_2048, "SHA256WITHECDSA"},
	} {
		resp := createExternal(t, authorityOf(tt.parent).rootIssuer, externalRequest(t, tt.a))
		issuer, err := ca.NewIssuer(resp.CertificateChain, key(tt.a, 1), ca.IssuerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := issuer.Describe(); got.SignAlgorithm != tt.want || got.FullAlgorithm != string(tt.a) {
			t.Errorf("%s below %s: SignAlgorithm %s and FullAlgorithm %s, want %s and %s", tt.a, tt.parent, got.SignAlgorithm, got.FullAlgorithm, tt.want, tt.a)
		}
	}
}

// Every field is checked, for a root and a subordinate CA of every algorithm.
func TestDescribeCACertificate(t *testing.T) {
	t.Parallel()
	sizes := map[algorithm.Algorithm]int32{
		algorithm.RSA_2048: 2048, algorithm.RSA_3072: 3072, algorithm.RSA_4096: 4096,
		algorithm.ECC_256: 256, algorithm.ECC_384: 384, algorithm.ECC_512: 512, algorithm.SM2_256: 256,
	}
	for _, a := range testkeys.All[1:] {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			family, _, _ := strings.Cut(string(a), "_")
			common := func(text, chain, commonName string, years int32) *ca.CACertificate {
				der := testutil.DecodePEM(t, "CERTIFICATE", text)
				return &ca.CACertificate{
					Identifier: fmt.Sprintf("%x", md5.Sum(der)), Status: "ISSUE", Algorithm: family, FullAlgorithm: string(a), KeySize: sizes[a],
					SignAlgorithm: map[string]string{"RSA": "SHA256WITHRSA", "ECC": "SHA256WITHECDSA", "SM2": "SM3WITHSM2"}[family],
					SerialNumber:  fmt.Sprintf("%036x", parse(t, der).SerialNumber),
					SubjectDN:     "C=CN,O=Example,OU=PKI,L=杭州,ST=Zhejiang,CN=" + commonName,
					CommonName:    commonName, Organization: "Example", OrganizationUnit: "PKI", Locality: "杭州", State: "Zhejiang", CountryCode: "CN",
					X509Certificate: text, CaCertChain: chain,
					BeforeDate: 1772600767000, AfterDate: instant.AddDate(int(years), 0, 0).Unix() * 1000, Years: years, // 2026-03-04 05:06:07
					Md5: fmt.Sprintf("%x", md5.Sum(der)), Sha2: fmt.Sprintf("%x", sha256.Sum256(der)), IssuerType: "local",
				}
			}
			root := common(au.root.Certificate, au.root.Certificate, "Test Root", 10)
			root.CertificateType = "ROOT"
			sub := common(au.sub.Certificate, au.sub.Certificate+au.root.Certificate, "Test Sub CA", 5)
			sub.CertificateType, sub.ParentIdentifier = "SUB_ROOT", au.root.Identifier
			sub.CrlStatus, sub.CrlUrl = "ACTIVE", crlBase+"/"+au.sub.Identifier+".crl"
			for issuer, want := range map[*ca.Issuer]*ca.CACertificate{au.rootIssuer: root, au.issuer: sub} {
				resp := describe(t, issuer)
				if diff := cmp.Diff(want, resp.Certificate); diff != "" {
					t.Errorf("members mismatch (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(want, issuer.Describe()); diff != "" {
					t.Errorf("Describe mismatch (-want +got):\n%s", diff)
				}
				if resp.Years != want.Years || !testutil.RequestIDForm.MatchString(resp.RequestId) {
					t.Errorf("Years %d, RequestId %q", resp.Years, resp.RequestId)
				}
				if !serialForm.MatchString(resp.Certificate.SerialNumber) || !testutil.IdentifierForm.MatchString(resp.Certificate.Md5) {
					t.Errorf("SerialNumber %q, Md5 %q", resp.Certificate.SerialNumber, resp.Certificate.Md5)
				}
			}
		})
	}
}

func TestDescribeCACertificateRefuses(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	known := authorityOf(algorithm.ECC_256).issuer.Identifier()
	failed := testutil.ReaderFunc(func([]byte) (int, error) { return 0, testutil.ErrNoRandomness })
	tests := []struct {
		name    string
		pool    *ca.Pool
		req     *ca.DescribeCACertificateRequest
		code    yuncert.Code
		mention string
	}{
		{"nil", pool, nil, missing, "Identifier is mandatory for this action."},
		{"no Identifier", pool, &ca.DescribeCACertificateRequest{}, missing, "Identifier is mandatory for this action."},
		{"an unknown Identifier", pool, &ca.DescribeCACertificateRequest{Identifier: "0"}, yuncert.ErrNotFound, `"0"`},
		{"upper case", pool, &ca.DescribeCACertificateRequest{Identifier: strings.ToUpper(known)}, yuncert.ErrNotFound, strings.ToUpper(known)},
		{"a nil pool", nil, &ca.DescribeCACertificateRequest{Identifier: known}, yuncert.ErrNotFound, known},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.code == missing {
				testutil.CheckError(t, tt.req.Validate(), tt.code, "Identifier", tt.mention)
			}
			resp, err := ca.DescribeCACertificate(testutil.Untouched(t), tt.pool, tt.req)
			testutil.CheckError(t, err, tt.code, "Identifier", tt.mention)
			if resp != nil {
				t.Error("a response and an error")
			}
		})
	}
	resp, err := ca.DescribeCACertificate(failed, pool, &ca.DescribeCACertificateRequest{Identifier: known})
	if !errors.Is(err, yuncert.ErrInternalError) || !errors.Is(err, testutil.ErrNoRandomness) || resp != nil {
		t.Errorf("without randomness: %v, %v", resp, err)
	}
}

// Years is rounded to the nearest number.
func TestDescribeCACertificateYears(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := []struct {
		name       string
		start, end time.Time
		want       int32
	}{
		{"a year", instant, instant.AddDate(1, 0, 0), 1},
		{"a leap year", instant.AddDate(1, 0, 0), instant.AddDate(2, 0, 0), 1},
		{"100 years", instant, instant.AddDate(100, 0, 0), 100},
		{"one day less than a year", instant, instant.AddDate(1, 0, -1), 1},
		{"a year and 182 days", instant, instant.Add((365 + 182) * day), 1},
		{"a year and 184 days", instant, instant.Add((365 + 184) * day), 2},
		{"a month", instant, instant.AddDate(0, 1, 0), 0},
		{"to the end of time", instant, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), 7974}, // a time.Duration holds at most 292 years
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			template := caTemplate("Root")
			template.NotBefore, template.NotAfter = tt.start, tt.end
			k := key(algorithm.ECC_256, 0)
			issuer, err := ca.NewIssuer(sign(t, template, template, k.Public(), k), k, ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			resp := describe(t, issuer)
			if resp.Years != tt.want || resp.Certificate.Years != tt.want {
				t.Errorf("Years %d and %d, want %d", resp.Years, resp.Certificate.Years, tt.want)
			}
			if got := [2]int64{resp.Certificate.BeforeDate, resp.Certificate.AfterDate}; got != [2]int64{tt.start.Unix() * 1000, tt.end.Unix() * 1000} {
				t.Errorf("dates %d", got)
			}
		})
	}
}

// SubjectDN escapes values (RFC 4514, section 2.4) like crypto/x509/pkix.
func TestDescribeCACertificateSubjectDN(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Example", "云", "Example, Inc.", "a+b", `a"b"`, `a\b`, "a<b>c", "a;b", "a=b", "a#b", "#1", " ", " a", "a ", " a b ", "  ", `\ `, ",", "#",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			template := caTemplate("")
			template.Subject = pkix.Name{CommonName: text}
			k := key(algorithm.ECC_256, 0)
			issuer, err := ca.NewIssuer(sign(t, template, template, k.Public(), k), k, ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got, want := describe(t, issuer).Certificate, template.Subject.String()
			if got.SubjectDN != want || got.CommonName != text {
				t.Errorf("SubjectDN %s, want %s; CommonName %q", got.SubjectDN, want, got.CommonName)
			}
		})
	}
	t.Run("the order, missing attributes and other attributes", func(t *testing.T) {
		t.Parallel()
		template := caTemplate("")
		template.Subject = pkix.Name{
			CommonName: "Root", OrganizationalUnit: []string{"One", "Two"}, Province: []string{"Zhejiang"}, SerialNumber: "1",
			ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, Value: "example"}},
		}
		k := key(algorithm.ECC_256, 0)
		issuer, err := ca.NewIssuer(sign(t, template, template, k.Public(), k), k, ca.IssuerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got := describe(t, issuer).Certificate
		if want := "OU=One,OU=Two,ST=Zhejiang,CN=Root"; got.SubjectDN != want || got.OrganizationUnit == "" || got.CountryCode != "" {
			t.Errorf("SubjectDN %q, want %q; OrganizationUnit %q, CountryCode %q", got.SubjectDN, want, got.OrganizationUnit, got.CountryCode)
		}
	})
}

// In a chain of three CAs, the parent is the second one.
func TestDescribeCACertificateParent(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	middle := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.PathLenConstraint = 1 })
	k := key(algorithm.ECC_256, 2)
	req := subRequest(algorithm.ECC_256)
	req.CommonName = "Lower CA"
	lower, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, middle, k.Public(), req)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := ca.NewIssuer(lower.CertificateChain, k, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := describe(t, issuer).Certificate
	if got.ParentIdentifier != middle.Identifier() || got.CertificateType != ca.TypeSubRoot || got.CaCertChain != lower.CertificateChain {
		t.Errorf("ParentIdentifier %s, want %s; CertificateType %s", got.ParentIdentifier, middle.Identifier(), got.CertificateType)
	}
	// A CA is revoked too if the CA two levels above it is.
	pool, err := ca.NewPool(au.rootIssuer, issuer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ca.UpdateCACertificateStatus(testutil.Seeded(), pool, &updateRequest{Identifier: au.rootIssuer.Identifier()}); err != nil {
		t.Fatal(err)
	}
	_, err = pool.Issuer(issuer.Identifier())
	testutil.CheckError(t, err, yuncert.ErrInvalidStatusUpdateProtection, "ParentIdentifier", issuer.Identifier())
}

// The alternative names of a CA that another tool made, in a description and in a list.
func TestDescribeCACertificateSans(t *testing.T) {
	t.Parallel()
	template := caTemplate("Foreign Root")
	template.DNSNames, template.EmailAddresses = []string{"ca.example.com", "*.example.com"}, []string{"ca@example.com"}
	template.URIs, template.IPAddresses = []*url.URL{{Scheme: "https", Host: "ca.example.com", RawQuery: "a=1&b=<2>"}}, []net.IP{net.ParseIP("2001:db8::1")}
	k := key(algorithm.ECC_256, 0)
	issuer, err := ca.NewIssuer(sign(t, template, template, k.Public(), k), k, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"Type":1,"Value":"ca@example.com"},{"Type":2,"Value":"ca.example.com"},{"Type":2,"Value":"*.example.com"},` +
		`{"Type":6,"Value":"https://ca.example.com?a=1&b=<2>"},{"Type":7,"Value":"2001:db8::1"}]`
	if got := describe(t, issuer).Certificate.Sans; got != want {
		t.Errorf("Sans is %s, want %s", got, want)
	}
	pool, err := ca.NewPool(issuer)
	if err != nil {
		t.Fatal(err)
	}
	list, err := ca.DescribeCACertificateList(testutil.Seeded(), instant, pool, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := list.CertificateList[0].Sans; got != want {
		t.Errorf("in the list Sans is %s, want %s", got, want)
	}
}

// The fields are the documented ones.
func TestDescribeCACertificateMembers(t *testing.T) {
	t.Parallel()
	checkMembers(t, ca.DescribeCACertificateRequest{}, "Identifier string")
	checkMembers(t, ca.DescribeCACertificateResponse{}, "RequestId string", "Years int32", "Certificate *ca.CACertificate")
	checkMembers(t, ca.CACertificate{},
		"Identifier string", "ParentIdentifier string", "CertificateType string", "Status string", "Algorithm string", "FullAlgorithm string",
		"KeySize int32", "SignAlgorithm string", "SerialNumber string", "SubjectDN string", "CommonName string", "Organization string",
		"OrganizationUnit string", "Locality string", "State string", "CountryCode string", "X509Certificate string", "CaCertChain string",
		"BeforeDate int64", "AfterDate int64", "Years int32", "Md5 string", "Sha2 string", "CrlStatus string", "CrlUrl string", "CrlDay int32",
		"CertTotalCount int64", "CertIssuedCount int64", "CertRemainingCount int64", "CertMaxTime int32", "IssuerType string", "ClusterId string",
		"KeyIndex int32", "ResourceGroupId string", "Tags []ca.DescribedTag", "Sans string")
	checkMembers(t, ca.DescribedTag{}, "TagKey string", "TagValue string")
	for _, value := range []any{ca.DescribeCACertificateRequest{}, ca.DescribeCACertificateResponse{}, ca.CACertificate{}, ca.DescribedTag{}} {
		checkEmpty(t, value, "{}")
	}
	checkRoundTrip[ca.DescribeCACertificateResponse](t, []byte(`{"RequestId":"a","Years":5,"Certificate":{"Identifier":"b","CertificateType":"SUB_ROOT",
		"BeforeDate":1634283958000,"AfterDate":1665819958000,"CertTotalCount":9007199254740993,"Tags":[{"TagKey":"k","TagValue":"v"}]}}`))
}
