package ca_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

type domainRequest = ca.CreateDomainCertificateRequest

// domainRequestOf is a valid request, for the tables to change.
func domainRequestOf(csr string) *domainRequest {
	return &domainRequest{Csr: csr, Domain: "www.example.com", Months: 3}
}

// issueDomain wants a certificate.
func issueDomain(t testing.TB, issuer *ca.Issuer, req *domainRequest) (*ca.CreateServerCertificateWithCsrResponse, []byte) {
	t.Helper()
	resp, der, err := ca.CreateDomainCertificate(testutil.Seeded(), instant, issuer, req)
	if err != nil {
		t.Fatal(err)
	}
	return resp, der
}

// checkDomainRefused wants that error, nil results and no randomness drawn.
func checkDomainRefused(t *testing.T, now time.Time, issuer *ca.Issuer, req *domainRequest, code yuncert.Code, parameter, mention string) {
	t.Helper()
	resp, der, err := ca.CreateDomainCertificate(testutil.Untouched(t), now, issuer, req)
	testutil.CheckError(t, err, code, parameter, mention)
	if resp != nil || der != nil {
		t.Error("a result with an error")
	}
}

// Each row is one change to a valid request.
func TestCreateDomainCertificateRefused(t *testing.T) {
	t.Parallel()
	au, host := authorityOf(algorithm.ECC_256), hostCSR(t, algorithm.ECC_256, "www.example.com")
	domain := func(list string) func(*domainRequest) { return func(r *domainRequest) { r.Domain = list } }
	tests := []struct {
		name      string
		change    func(*domainRequest)
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"no CSR", func(r *domainRequest) { r.Csr = "" }, missing, "Csr", "Csr is mandatory for this action."},
		{"a CSR that is only a word", func(r *domainRequest) { r.Csr = "garbage" }, malformed, "Csr", "neither DER nor PEM"},
		{"a private key for a CSR", func(r *domainRequest) { r.Csr = string(testkeys.PEM(algorithm.ECC_256, 2)) }, malformed, "Csr", "private key"},
		{"a CSR cut off", func(r *domainRequest) { r.Csr = r.Csr[:200] }, malformed, "Csr", "has no end"},
		{"a CSR that another key signed", func(r *domainRequest) {
			r.Csr = signCSR(t, key(algorithm.ECC_256, 1), asn.Seq(asn.TLV(asn1.INTEGER, []byte{0}), asn.Name(), testkeys.PublicDER(t, key(algorithm.ECC_256, 2).Public()), asn.Explicit(0)))
		}, malformed, "Csr", "possession"},

		{"no Domain", domain(""), missing, "Domain", "Domain is mandatory for this action."},
		{"commas and spaces", domain(" , ,"), malformed, "Domain", `" , ," has no name in it`},
		{"one label with a space", domain("www example.com"), malformed, "Domain", `"www example.com"`},
		{"an underscore", domain("a_b.example.com"), malformed, "Domain", `"a_b.example.com"`},
		{"an e-mail address", domain("tom@example.com"), malformed, "Domain", `"tom@example.com"`},
		{"a URL", domain("https://example.com"), malformed, "Domain", `"https://example.com"`},
		{"a wildcard further inside", domain("www.*.example.com"), malformed, "Domain", "left-most label"},
		{"a wildcard above one label", domain("*.com"), malformed, "Domain", "two more labels"},
		{"an address with a length", domain("192.0.2.0/24"), malformed, "Domain", `"192.0.2.0/24"`},
		{"an address with a zone", domain("fe80::1%eth0"), malformed, "Domain", "zone"},
		{"something like an address", domain("192.0.2"), malformed, "Domain", `"192.0.2"`},
		{"a NUL", domain("www.example.com\x00"), malformed, "Domain", `\x00`},
		{"the second of two", domain("example.com,-"), malformed, "Domain", `"-"`},
		{"252 names", domain(strings.Join(testutil.NumberedNames(252), ",")), malformed, "Domain", "more than 250 names"},
		{"251 names after a first one that is too long for a common name", domain(strings.Repeat("a.", 32) + "cn," + strings.Join(testutil.NumberedNames(250), ",")), malformed, "Domain", "more than 250 names"},
		{"a mapped address", domain("::ffff:192.0.2.1"), malformed, "Domain", "write 192.0.2.1"},
		{"a long list", domain(strings.Repeat(",", 64<<10+1)), malformed, "Domain", "65537 octets"},

		{"no Months", func(r *domainRequest) { r.Months = 0 }, missing, "Months", "Months is mandatory for this action."},
		{"Months below zero", func(r *domainRequest) { r.Months = -1 }, malformed, "Months", "-1"},
		{"Months at the bottom of its type", func(r *domainRequest) { r.Months = math.MinInt32 }, malformed, "Months", "-2147483648"},
		{"Months 120,001", func(r *domainRequest) { r.Months = 120_001 }, malformed, "Months", "120001"},
		{"Months at the top of its type", func(r *domainRequest) { r.Months = math.MaxInt32 }, malformed, "Months", "2147483647"},
		{"Immediately below zero", func(r *domainRequest) { r.Immediately = -1 }, malformed, "Immediately", "-1"},
		{"Immediately 3", func(r *domainRequest) { r.Immediately = 3 }, malformed, "Immediately", "3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := domainRequestOf(host)
			tt.change(req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
			checkDomainRefused(t, instant, au.issuer, req, tt.code, tt.parameter, tt.mention)
			// The request is checked before the issuer.
			checkDomainRefused(t, instant, nil, req, tt.code, tt.parameter, tt.mention)
		})
	}
}

func TestCreateDomainCertificateNilRequest(t *testing.T) {
	t.Parallel()
	var req *domainRequest
	testutil.CheckError(t, req.Validate(), missing, "Csr", "Csr is mandatory for this action.")
	checkDomainRefused(t, instant, authorityOf(algorithm.ECC_256).issuer, nil, missing, "Csr", "Csr is mandatory for this action.")
	checkDomainRefused(t, instant, nil, nil, missing, "Csr", "Csr is mandatory for this action.")
}

// Everything is wrong at first, and the first problem in the order of the fields
// is told; what needs the issuer comes after.
func TestCreateDomainCertificateOrderOfProblems(t *testing.T) {
	t.Parallel()
	req := &domainRequest{Csr: "X", Domain: "-", Months: -1, Immediately: -1}
	for _, step := range []struct {
		parameter string
		code      yuncert.Code
		mend      func()
	}{
		{"Csr", malformed, func() { req.Csr = hostCSR(t, algorithm.ECC_256, "www.example.com") }},
		{"Domain", malformed, func() { req.Domain = "" }},
		{"Domain", missing, func() { req.Domain = "www.example.com" }},
		{"Months", malformed, func() { req.Months = 0 }},
		{"Months", missing, func() { req.Months = 1200 }},
		{"Immediately", malformed, func() { req.Immediately = 0 }},
	} {
		testutil.CheckError(t, req.Validate(), step.code, step.parameter, "")
		step.mend()
	}
	if err := req.Validate(); err != nil {
		t.Error(err)
	}

	au, sm2 := authorityOf(algorithm.ECC_256), authorityOf(algorithm.SM2_256)
	constrainedIssuer, _ := constrained(t, algorithm.ECC_256, &constraints{ExcludedDNSDomains: []string{"example.com"}}, nil)
	clients := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.ExtendedKeyUsages = []string{"clientAuth"} })
	issuer, now := (*ca.Issuer)(nil), instant.AddDate(20, 0, 0)
	for _, step := range []struct {
		code      yuncert.Code
		parameter string
		mention   string
		mend      func()
	}{
		{yuncert.ErrNotFound, "ParentIdentifier", "there is no issuing CA", func() { issuer = sm2.rootIssuer }},
		{yuncert.ErrCertificateExpired, "ParentIdentifier", "2046", func() { now = instant }},
		{refused, "ParentIdentifier", "root CA", func() { issuer = clients }},
		{refused, "ParentIdentifier", "exclude serverAuth", func() { issuer = sm2.issuer }},
		{refused, "Csr", "SM2_256", func() { issuer = constrainedIssuer }},
		{refused, "Months", "2031", func() { req.Months = 3 }},
		{refused, "Domain", "www.example.com", func() { issuer = au.issuer }},
	} {
		checkDomainRefused(t, now, issuer, req, step.code, step.parameter, step.mention)
		step.mend()
	}
	issueDomain(t, issuer, req)
}

// What the issuer makes of a request that is well formed.
func TestCreateDomainCertificateIssuerRefuses(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	host := hostCSR(t, algorithm.ECC_256, "www.example.com")
	permitted, _ := constrained(t, algorithm.ECC_256, nil, &constraints{PermittedDNSDomains: []string{"example.com"}, PermittedIPRanges: []string{"192.0.2.0/24"}})
	strict, err := ca.NewIssuer(authorityOf(algorithm.RSA_2048).sub.CertificateChain, key(algorithm.RSA_2048, 1), ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{MinRSABits: 2048}})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		issuer    *ca.Issuer
		now       time.Time
		change    func(*domainRequest)
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"an issuer that is not valid yet", au.issuer, instant.Add(-time.Second), func(*domainRequest) {}, yuncert.ErrCertificateExpired, "ParentIdentifier", "2026-03-04T05:06:07Z"},
		{"an issuer that is expired", au.issuer, caEnd.Add(time.Second), func(*domainRequest) {}, yuncert.ErrCertificateExpired, "ParentIdentifier", "2031-03-04T05:06:07Z"},
		{"a month more than the issuer has", au.issuer, instant, func(r *domainRequest) { r.Months = 61 }, refused, "Months", "2031-04-04T05:06:07Z"},
		{"the key of the CA", au.issuer, instant, func(r *domainRequest) { r.Csr = makeCSR(t, key(algorithm.ECC_256, 1), asn.Name()) }, refused, "Csr", "CA"},
		{"the key of the root", au.issuer, instant, func(r *domainRequest) { r.Csr = makeCSR(t, key(algorithm.ECC_256, 0), asn.Name()) }, refused, "Csr", "CA"},
		{"a key of another family", au.issuer, instant, func(r *domainRequest) { r.Csr = hostCSR(t, algorithm.SM2_256, "www.example.com") }, refused, "Csr", "SM2_256"},
		{"an SM2 issuer", authorityOf(algorithm.SM2_256).issuer, instant, func(*domainRequest) {}, refused, "Csr", "ECC_256"},
		{"a short RSA key", strict, instant, func(r *domainRequest) { r.Csr = hostCSR(t, algorithm.RSA_1024, "www.example.com") }, refused, "Csr", "RSA_1024"},
		{"a name that is not permitted", permitted, instant, func(r *domainRequest) { r.Domain = "www.example.com,example.net" }, refused, "Domain", "example.net"},
		{"a wildcard that is not permitted", permitted, instant, func(r *domainRequest) { r.Domain = "*.example.net" }, refused, "Domain", "*.example.net"},
		{"a name that is not permitted, and a CSR with names", permitted, instant, func(r *domainRequest) {
			r.Csr, r.Domain = hostCSR(t, algorithm.ECC_256, "", "www.example.com", "example.com"), "example.net"
		}, refused, "Domain", "example.net"},
		{"only an address, and a common name that OpenSSL takes for a DNS name", permitted, instant, func(r *domainRequest) { r.Domain = "192.0.2.7" }, refused, "Domain", "DNS name \"192.0.2.7\""},
		{"an address that is not permitted", permitted, instant, func(r *domainRequest) { r.Domain = "www.example.com,198.51.100.1" }, refused, "Domain", "198.51.100.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := domainRequestOf(host)
			tt.change(req)
			if err := req.Validate(); err != nil {
				t.Fatal(err)
			}
			checkDomainRefused(t, tt.now, tt.issuer, req, tt.code, tt.parameter, tt.mention)
		})
	}

	// What the constraints permit is issued; names in the CSR have no part in it.
	req := domainRequestOf(hostCSR(t, algorithm.ECC_256, "bank.example", "bank.example", "198.51.100.1"))
	req.Domain = "*.example.com,example.com,192.0.2.7"
	_, der := issueDomain(t, permitted, req)
	if diff := cmp.Diff([]string{"*.example.com", "example.com", "192.0.2.7"}, namesOf(t, parse(t, der))); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
}

// The certificate, every octet of it, for each kind of key.
func TestCreateDomainCertificateProfile(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(caAlgorithm(a))
			// The CSR says much, and nothing of it but the key counts.
			req := domainRequestOf(makeCSR(t, key(a, 2),
				asn.Name(asn.Printable(asn.OIDCountry, "DE"), asn.UTF8(asn.OIDOrganization, "Bank"), asn.UTF8(asn.OIDCommonName, "bank.example")),
				asn.Extension(asn.OIDConstraints, true, asn.Seq([]byte{1, 1, 0xff})),
				asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq(asn.OIDClientAuth)),
				asn.Extension(asn.OIDAltName, true, asn.GeneralNames("bank.example", "198.51.100.1"))))
			req.Domain = " *.Example.COM,192.0.2.1, example.com,, 2001:DB8::1,例子.中国,EXAMPLE.com "
			_, der := issueDomain(t, au.issuer, req)
			usage := bitString(7, 0x80)
			if a.Family() == "RSA" {
				usage = bitString(5, 0xa0)
			}
			public := key(a, 2).Public()
			cert := parse(t, der)
			checkProfile(t, cert, profile{
				asn.SignatureID(a.Family()), au.subject, asn.Name(asn.UTF8(asn.OIDCommonName, "*.example.com")), utcTime("260304050607Z"), utcTime("260604050607Z"), public, [][]byte{
					leafConstraints(a),
					asn.Extension(asn.OIDKeyUsage, true, usage),
					asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq(asn.OIDServerAuth)),
					asn.Extension(asn.OIDKeyID, false, asn.Octets(keyID(t, public))),
					asn.Extension(asn.OIDAuthority, false, asn.Seq(asn.TLV(0x80, keyID(t, au.subKey.Public())))),
					asn.Extension(asn.OIDAltName, false, asn.GeneralNames("*.example.com", "192.0.2.1", "example.com", "2001:db8::1", "xn--fsqu00a.xn--fiqs8s")),
					asn.Extension(asn.OIDCRLPoints, false, asn.Seq(asn.Seq(asn.Explicit(0, asn.Explicit(0, asn.TLV(0x86, []byte(crlBase+"/"+au.sub.Identifier+".crl"))))))),
				},
			})
			verifySignature(t, cert, au.subKey.Public())
			end := instant.AddDate(0, 3, 0)
			verifyServer(t, a, der, au.sub.CertificateChain, au.root.Certificate, end, "a.example.com", "example.com", "192.0.2.1", "2001:db8::1")
			verifyServerFails(t, a, der, au.sub.CertificateChain, au.root.Certificate, end, "bank.example")
			verifyServerFails(t, a, der, au.sub.CertificateChain, au.root.Certificate, end.Add(time.Second), "example.com")
		})
	}
}

// RSA and ECC sign each other's keys; the key usage goes by the certified key.
func TestCreateDomainCertificateOfAnotherFamily(t *testing.T) {
	t.Parallel()
	for issuer, a := range map[algorithm.Algorithm]algorithm.Algorithm{algorithm.RSA_2048: algorithm.ECC_256, algorithm.ECC_256: algorithm.RSA_2048} {
		t.Run(fmt.Sprintf("%s under %s", a, issuer), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(issuer)
			_, der := issueDomain(t, au.issuer, domainRequestOf(hostCSR(t, a, "bank.example")))
			cert, usage := parse(t, der), x509.KeyUsageDigitalSignature
			if a.Family() == "RSA" {
				usage |= x509.KeyUsageKeyEncipherment
			}
			if cert.KeyUsage != usage {
				t.Errorf("key usage %b, want %b", cert.KeyUsage, usage)
			}
			if diff := cmp.Diff(testkeys.PublicDER(t, key(a, 2).Public()), cert.RawSubjectPublicKeyInfo); diff != "" {
				t.Errorf("public key mismatch (-want +got):\n%s", diff)
			}
			verifySignature(t, cert, au.subKey.Public())
			verifyServer(t, a, der, au.sub.CertificateChain, au.root.Certificate, instant, "www.example.com")
		})
	}
}

// The subject is the first name of Domain, and empty if that is too long for one:
// the alternative names are critical then (RFC 5280, section 4.1.2.6).
func TestCreateDomainCertificateSubject(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	issuer := au.issuerWith(t, ca.IssuerOptions{}) // without an address for CRLs
	public := key(algorithm.ECC_256, 2).Public()
	of := func(n int) string { return strings.Repeat("a", 40) + "." + strings.Repeat("b", n-45) + ".com" }
	tests := []struct {
		name, domain string
		subject      []byte
		names        []string
	}{
		{"a host", "www.example.com", asn.Name(asn.Printable(asn.OIDCommonName, "www.example.com")), []string{"www.example.com"}},
		{"a wildcard", "*.example.com", asn.Name(asn.UTF8(asn.OIDCommonName, "*.example.com")), []string{"*.example.com"}},
		{"one label", "localhost", asn.Name(asn.Printable(asn.OIDCommonName, "localhost")), []string{"localhost"}},
		{"an IPv4 address", "192.0.2.1", asn.Name(asn.Printable(asn.OIDCommonName, "192.0.2.1")), []string{"192.0.2.1"}},
		{"an IPv6 address", "2001:DB8:0:0::1", asn.Name(asn.Printable(asn.OIDCommonName, "2001:db8::1")), []string{"2001:db8::1"}},
		{"the first of several", "b.example.com,a.example.com", asn.Name(asn.Printable(asn.OIDCommonName, "b.example.com")), []string{"b.example.com", "a.example.com"}},
		{"a name in Chinese", "例子.中国", asn.Name(asn.Printable(asn.OIDCommonName, "xn--fsqu00a.xn--fiqs8s")), []string{"xn--fsqu00a.xn--fiqs8s"}},
		{"64 characters", of(64), asn.Name(asn.Printable(asn.OIDCommonName, of(64))), []string{of(64)}},
		{"65 characters", of(65), asn.Name(), []string{of(65)}},
		{"65 characters in front of fewer", of(65) + ",www.example.com", asn.Name(), []string{of(65), "www.example.com"}},
		{"65 characters after a shorter name", "www.example.com," + of(65), asn.Name(asn.Printable(asn.OIDCommonName, "www.example.com")), []string{"www.example.com", of(65)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := domainRequestOf(hostCSR(t, algorithm.ECC_256, "bank.example"))
			req.Domain = tt.domain
			_, der := issueDomain(t, issuer, req)
			checkProfile(t, parse(t, der), profile{
				asn.SignatureID("ECC"), au.subject, tt.subject, utcTime("260304050607Z"), utcTime("260604050607Z"), public, [][]byte{
					asn.Extension(asn.OIDConstraints, true, asn.Seq()),
					asn.Extension(asn.OIDKeyUsage, true, bitString(7, 0x80)),
					asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq(asn.OIDServerAuth)),
					asn.Extension(asn.OIDKeyID, false, asn.Octets(keyID(t, public))),
					asn.Extension(asn.OIDAuthority, false, asn.Seq(asn.TLV(0x80, keyID(t, au.subKey.Public())))),
					asn.Extension(asn.OIDAltName, bytes.Equal(tt.subject, asn.Name()), asn.GeneralNames(tt.names...)),
				},
			})
			verifyServer(t, algorithm.ECC_256, der, au.sub.CertificateChain, au.root.Certificate, instant, strings.Replace(tt.names[0], "*", "www", 1))
		})
	}
}

// Only the key of the CSR counts.
func TestCreateDomainCertificateCSR(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	k := key(algorithm.ECC_256, 2)
	host := makeCSR(t, k, asn.Name(asn.UTF8(asn.OIDCommonName, "www.example.com")))
	_, want := issueDomain(t, au.issuer, domainRequestOf(host))
	for name, csr := range map[string]string{
		"no subject":                   makeCSR(t, k, asn.Name()),
		"a person":                     makeCSR(t, k, asn.Name(asn.UTF8(asn.OIDCommonName, "Tom Smith"))),
		"a long organization":          makeCSR(t, k, asn.Name(asn.UTF8(asn.OIDOrganization, testutil.Chinese(65)))),
		"many units":                   makeCSR(t, k, asn.Name(slices.Repeat([][]byte{asn.UTF8(asn.OIDUnit, "IT")}, 9)...)),
		"two organizations":            makeCSR(t, k, asn.Name(asn.UTF8(asn.OIDOrganization, "A"), asn.UTF8(asn.OIDOrganization, "B"))),
		"250 names":                    hostCSR(t, algorithm.ECC_256, "", testutil.NumberedNames(250)...),
		"the name of the CA":           makeCSR(t, k, au.subject),
		"CRLF":                         strings.ReplaceAll(host, "\n", "\r\n"),
		"one line":                     strings.ReplaceAll(host, "\n", " "),
		"a byte-order mark in front":   "\ufeff" + host,
		"NEW CERTIFICATE REQUEST":      strings.ReplaceAll(host, "CERTIFICATE", "NEW CERTIFICATE"),
		"names that are not in Domain": hostCSR(t, algorithm.ECC_256, "www.example.com", "example.net", "::1"),
		"extensions that CAs decide":   makeCSR(t, k, asn.Name(), asn.Extension(asn.OIDConstraints, true, asn.Seq([]byte{1, 1, 0xff}))),
		"a common name of 64 letters":  makeCSR(t, k, asn.Name(asn.UTF8(asn.OIDCommonName, testutil.Chinese(64)))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, got := issueDomain(t, au.issuer, domainRequestOf(csr)); !bytes.Equal(want, got) {
				t.Errorf("another certificate than for another CSR of the key:\n%x\n%x", want, got)
			}
		})
	}
	// Domain holds up to 250 names after the first. The names of the CSR do not
	// count.
	req := domainRequestOf(hostCSR(t, algorithm.ECC_256, "bank.example", "bank.example"))
	req.Domain = strings.Join(testutil.NumberedNames(251), ",")
	_, der := issueDomain(t, au.issuer, req)
	if diff := cmp.Diff(testutil.NumberedNames(251), namesOf(t, parse(t, der))); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
}

// The term is in calendar months from the instant.
func TestCreateDomainCertificateMonths(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	date := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 12, 0, 0, 0, time.UTC) }
	for _, tt := range []struct {
		now    time.Time
		months int32
		end    time.Time
	}{
		{instant, 1, instant.AddDate(0, 1, 0)},
		{instant, 3, instant.AddDate(0, 3, 0)},
		{instant, 12, instant.AddDate(1, 0, 0)},
		{instant, 60, caEnd},
		{instant.Add(999 * time.Millisecond), 60, caEnd}, // the second counts
		{date(2027, 11, 30), 3, date(2028, 3, 1)},        // there is no 30 February
		{date(2028, 2, 29), 12, date(2029, 3, 1)},
		{date(2027, 10, 1), 3, date(2028, 1, 1)},
		{date(2027, 10, 1).In(time.FixedZone("UTC+8", 8*60*60)), 3, date(2028, 1, 1)},
	} {
		req := domainRequestOf(hostCSR(t, algorithm.ECC_256, "www.example.com"))
		req.Months = tt.months
		_, der, err := ca.CreateDomainCertificate(testutil.Seeded(), tt.now, issuer, req)
		if err != nil {
			t.Fatal(err)
		}
		cert := parse(t, der)
		if !cert.NotBefore.Equal(tt.now.Truncate(time.Second)) || !cert.NotAfter.Equal(tt.end) {
			t.Errorf("%d months from %v: from %v to %v", tt.months, tt.now, cert.NotBefore, cert.NotAfter)
		}
	}
}

// What the response holds.
func TestCreateDomainCertificateResponse(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		au := authorityOf(a)
		for immediately := range int32(3) {
			req := domainRequestOf(hostCSR(t, a, "www.example.com"))
			req.Immediately = immediately
			resp, der := issueDomain(t, au.issuer, req)
			cert := parse(t, der)
			want := &ca.CreateServerCertificateWithCsrResponse{
				Identifier: resp.Identifier, SerialNumber: fmt.Sprintf("%036x", cert.SerialNumber), RequestId: resp.RequestId,
			}
			if immediately >= 1 {
				want.X509Certificate = testutil.EncodePEM("CERTIFICATE", der)
			}
			if immediately == 2 {
				want.CertificateChain = au.sub.CertificateChain
			}
			if diff := cmp.Diff(want, resp); diff != "" {
				t.Errorf("%s, Immediately %d: response mismatch (-want +got):\n%s", a, immediately, diff)
			}
			if !testutil.IdentifierForm.MatchString(resp.Identifier) || !testutil.RequestIDForm.MatchString(resp.RequestId) || !serialForm.MatchString(resp.SerialNumber) {
				t.Errorf("%s: Identifier %q, RequestId %q, SerialNumber %q", a, resp.Identifier, resp.RequestId, resp.SerialNumber)
			}
		}
	}
}

// The same inputs give the same octets, in every run.
func TestCreateDomainCertificateGolden(t *testing.T) {
	t.Parallel()
	for a, want := range map[algorithm.Algorithm]string{
		algorithm.RSA_2048: "d2579d853528ec2318c731b5d015fd88d73923a50c26199373496044a93452a8",
		algorithm.ECC_256:  "400e42ed491eb2d82252211bd02cc272e1ecc6e7aecd01dd74169faf804beecf",
		algorithm.SM2_256:  "435603cb415fec99e7f4fe9b4f3afc412d73ffbea7b177b13b98fcd0582f81a5",
	} {
		au := authorityOf(a)
		req := &domainRequest{Csr: hostCSR(t, a, "bank.example"), Domain: "*.example.com,example.com,192.0.2.1", Months: 12, Immediately: 2}
		before := *req
		resp, der := issueDomain(t, au.issuer, req)
		again, twice := issueDomain(t, au.issuer, req)
		if diff := cmp.Diff(resp, again); diff != "" || !bytes.Equal(der, twice) {
			t.Errorf("%s: twice the same inputs, and not the same outputs (-first +second):\n%s", a, diff)
		}
		if diff := cmp.Diff(&before, req); diff != "" {
			t.Errorf("%s: the request was changed (-before +after):\n%s", a, diff)
		}
		sum := sha256.New()
		io.WriteString(sum, resp.Identifier+resp.SerialNumber+resp.RequestId+resp.X509Certificate+resp.CertificateChain)
		if got := hex.EncodeToString(sum.Sum(nil)); got != want {
			t.Errorf("%s: the response has the SHA-256 %s, want %s", a, got, want)
		}
		// Another randomness, instant or request gives another certificate.
		random := testutil.Seeded()
		random.Read(make([]byte, 1))
		_, other, err := ca.CreateDomainCertificate(random, instant, au.issuer, req)
		if err != nil || bytes.Equal(other, der) {
			t.Errorf("%s: other randomness, and the same certificate: %v", a, err)
		}
		_, other, err = ca.CreateDomainCertificate(testutil.Seeded(), instant.Add(time.Second), au.issuer, req)
		if err != nil || bytes.Equal(other, der) {
			t.Errorf("%s: another instant, and the same certificate: %v", a, err)
		}
		req.Domain = "example.com,*.example.com,192.0.2.1"
		if _, other := issueDomain(t, au.issuer, req); bytes.Equal(other, der) {
			t.Errorf("%s: another order of the names, and the same certificate", a)
		}
	}
}

// Failures of the random source and of the signer.
func TestCreateDomainCertificateFails(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		au := authorityOf(a)
		req := domainRequestOf(hostCSR(t, a, "www.example.com"))
		const drawn = 18 + 16 // a serial number and a RequestId
		for n := range drawn {
			random := io.MultiReader(io.LimitReader(testutil.Seeded(), int64(n)), testutil.ReaderFunc(func([]byte) (int, error) { return 0, testutil.ErrNoRandomness }))
			resp, der, err := ca.CreateDomainCertificate(random, instant, au.issuer, req)
			testutil.CheckError(t, err, yuncert.ErrInternalError, "", "")
			if resp != nil || der != nil || !errors.Is(err, testutil.ErrNoRandomness) {
				t.Errorf("%s: after %d octets: %v, %v", a, n, resp, err)
			}
		}
		if _, _, err := ca.CreateDomainCertificate(io.LimitReader(testutil.Seeded(), drawn), instant, au.issuer, req); err != nil {
			t.Errorf("%s: after %d octets: %v", a, drawn, err)
		}
		for name, signer := range map[string]crypto.Signer{"failing": testutil.Failing(au.subKey.Public()), "lying": testutil.Lying(au.subKey)} {
			issuer, err := ca.NewIssuer(au.sub.CertificateChain, signer, ca.IssuerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			resp, der, err := ca.CreateDomainCertificate(testutil.Seeded(), instant, issuer, req)
			testutil.CheckError(t, err, yuncert.ErrInternalError, "", "")
			if resp != nil || der != nil {
				t.Errorf("%s, a %s signer: a result with an error", a, name)
			}
		}
	}
}

// The members of the request, under the names that the other operations use.
func TestCreateDomainCertificateRequestJSON(t *testing.T) {
	t.Parallel()
	typ := reflect.TypeFor[domainRequest]()
	var got []string
	for i := range typ.NumField() {
		field := typ.Field(i)
		got = append(got, field.Name+" "+field.Type.String())
		if tag := field.Tag.Get("json"); tag != field.Name+",omitempty" {
			t.Errorf("%s has the json tag %q", field.Name, tag)
		}
	}
	if diff := cmp.Diff([]string{"Csr string", "Domain string", "Months int32", "Immediately int32"}, got); diff != "" {
		t.Errorf("members mismatch (-want +got):\n%s", diff)
	}
	text, err := json.Marshal(&domainRequest{Csr: "X", Domain: "例子.中国", Months: 3, Immediately: 2})
	if err != nil {
		t.Fatal(err)
	}
	checkRoundTrip[domainRequest](t, text)
}
