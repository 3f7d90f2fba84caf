package ca_test

import (
	"bytes"
	"crypto"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

type clientRequest = ca.CreateClientCertificateWithCsrRequest

func clientCSRRequest(issuer *ca.Issuer, csr string) *clientRequest {
	return &clientRequest{Csr: csr, ParentIdentifier: issuer.Identifier(), Days: 90}
}

// A leafRequest is one of the three requests that these tests have in common.
type leafRequest interface{ Validate() error }

// A leafOperation is one of the operations that issue for servers and clients,
// as far as they are alike.
type leafOperation struct {
	name    string
	withCSR bool
	// request returns a valid one with the common name zhang.example.com.
	request func(t testing.TB, a algorithm.Algorithm, issuer *ca.Issuer) leafRequest
	// call returns those of the results that are not nil.
	call func(rand io.Reader, now time.Time, issuer *ca.Issuer, req leafRequest) (results []any, der []byte, err error)
}

var leafOperations = []leafOperation{
	{"CreateServerCertificate", false,
		func(_ testing.TB, a algorithm.Algorithm, issuer *ca.Issuer) leafRequest {
			return &ca.CreateServerCertificateRequest{CommonName: "zhang.example.com", Algorithm: string(a), ParentIdentifier: issuer.Identifier(), Days: 90}
		},
		func(rand io.Reader, now time.Time, issuer *ca.Issuer, req leafRequest) ([]any, []byte, error) {
			resp, key, der, err := ca.CreateServerCertificate(rand, now, issuer, req.(*ca.CreateServerCertificateRequest))
			return present(resp, key), der, err
		}},
	{"CreateClientCertificate", false,
		func(_ testing.TB, a algorithm.Algorithm, issuer *ca.Issuer) leafRequest {
			return &ca.CreateClientCertificateRequest{CommonName: "zhang.example.com", Algorithm: string(a), ParentIdentifier: issuer.Identifier(), Days: 90}
		},
		func(rand io.Reader, now time.Time, issuer *ca.Issuer, req leafRequest) ([]any, []byte, error) {
			resp, key, der, err := ca.CreateClientCertificate(rand, now, issuer, req.(*ca.CreateClientCertificateRequest))
			return present(resp, key), der, err
		}},
	{"CreateClientCertificateWithCsr", true,
		func(t testing.TB, a algorithm.Algorithm, issuer *ca.Issuer) leafRequest {
			return clientCSRRequest(issuer, hostCSR(t, a, "zhang.example.com"))
		},
		func(rand io.Reader, now time.Time, issuer *ca.Issuer, req leafRequest) ([]any, []byte, error) {
			resp, der, err := ca.CreateClientCertificateWithCsr(rand, now, issuer, req.(*clientRequest))
			return present(resp), der, err
		}},
}

func present(results ...any) []any {
	return slices.DeleteFunc(results, func(result any) bool { return reflect.ValueOf(result).IsNil() })
}

// fields are values for a request's fields, by name.
type fields map[string]any

func (f fields) set(req leafRequest) {
	for name, value := range f {
		field := reflect.ValueOf(req).Elem().FieldByName(name)
		field.Set(reflect.ValueOf(value).Convert(field.Type()))
	}
}

// refuses wants that error, nil results and no randomness drawn.
func (o leafOperation) refuses(t *testing.T, now time.Time, issuer *ca.Issuer, req leafRequest, code yuncert.Code, parameter, mention string) {
	t.Helper()
	results, der, err := o.call(testutil.Untouched(t), now, issuer, req)
	testutil.CheckError(t, err, code, parameter, mention)
	if len(results) > 0 || der != nil {
		t.Errorf("results beside an error: %v, %x", results, der)
	}
}

// issues wants a certificate of those names.
func (o leafOperation) issues(t *testing.T, issuer *ca.Issuer, req leafRequest, names ...string) {
	t.Helper()
	if err := req.Validate(); err != nil {
		t.Fatal(err)
	}
	_, der, err := o.call(testutil.Seeded(), instant, issuer, req)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(names, generalNames(t, der)); diff != "" {
		t.Errorf("names mismatch (-want +got):\n%s", diff)
	}
}

// generalNames lists the alternative names in a certificate, each behind the
// number of its kind.
func generalNames(t testing.TB, der []byte) (names []string) {
	t.Helper()
	for _, e := range parse(t, der).Extensions {
		if !e.Id.Equal([]int{2, 5, 29, 17}) {
			continue
		}
		list := cryptobyte.String(e.Value)
		if !list.ReadASN1(&list, asn1.SEQUENCE) || e.Critical {
			t.Fatal("subjectAltName is no SEQUENCE, or critical")
		}
		for !list.Empty() {
			var value cryptobyte.String
			var tag asn1.Tag
			if !list.ReadAnyASN1(&value, &tag) {
				t.Fatal("subjectAltName is malformed")
			}
			text := string(value)
			if addr, ok := netip.AddrFromSlice(value); tag == 0x87 && ok {
				text = addr.String()
			}
			names = append(names, fmt.Sprintf("%d:%s", tag&^0x80, text))
		}
	}
	return names
}

// kind puts the number of their kind before names.
func kind(n int, names ...string) (list []string) {
	for _, name := range names {
		list = append(list, fmt.Sprintf("%d:%s", n, name))
	}
	return list
}

// What the three operations refuse alike, by the rules of section 4.1 of the
// operations reference, to which 4.4 and 4.5 refer.
func TestLeafOperationsRefuseRequest(t *testing.T) {
	t.Parallel()
	before := instant.Unix()
	tests := []struct {
		name      string
		change    fields
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"Organization of 65 characters", fields{"Organization": testutil.Chinese(65)}, malformed, "Organization", "65 characters"},
		{"OrganizationUnit of 65 characters", fields{"OrganizationUnit": testutil.Chinese(65)}, malformed, "OrganizationUnit", "65 characters"},
		{"Country of three letters", fields{"Country": "CHN"}, malformed, "Country", "Country must be 2 characters."},
		{"CommonName of 65 characters", fields{"CommonName": testutil.Chinese(65)}, malformed, "CommonName", "65 characters"},
		{"a NUL in CommonName", fields{"CommonName": "a\x00b"}, malformed, "CommonName", `a\x00b`},
		{"State of 129 characters", fields{"State": testutil.Chinese(129)}, malformed, "State", "129 characters"},
		{"Locality of 129 characters", fields{"Locality": testutil.Chinese(129)}, malformed, "Locality", "129 characters"},
		{"outer space", fields{"Locality": "Hangzhou "}, malformed, "Locality", "Hangzhou "},
		{"not UTF-8", fields{"State": "\xff"}, malformed, "State", `\xff`},
		{"an Algorithm that is not documented", fields{"Algorithm": "ECC_521"}, malformed, "Algorithm", `"ECC_521"`},
		{"Algorithm RSA_3072", fields{"Algorithm": "RSA_3072"}, malformed, "Algorithm", `"RSA_3072"`},
		{"Algorithm in lower case", fields{"Algorithm": "ecc_256"}, malformed, "Algorithm", `"ecc_256"`},
		{"rule 4: ParentIdentifier is required", fields{"ParentIdentifier": ""}, missing, "ParentIdentifier", "ParentIdentifier is mandatory for this action."},
		{"rule 8: no validity", fields{"Days": 0}, missing, "Days", "Days is mandatory for this action."},
		{"rule 9: BeforeTime alone", fields{"Days": 0, "BeforeTime": before}, malformed, "AfterTime", "both"},
		{"rule 9: AfterTime alone", fields{"Days": 0, "AfterTime": before}, malformed, "BeforeTime", "both"},
		{"rules 9, 10: BeforeTime alone beside Days", fields{"BeforeTime": before}, malformed, "AfterTime", "both"},
		{"end at the start", fields{"Days": 0, "BeforeTime": before, "AfterTime": before}, malformed, "AfterTime", fmt.Sprint(before)},
		{"Years below zero", fields{"Years": -1}, malformed, "Years", "-1"},
		{"Months below zero", fields{"Months": -1}, malformed, "Months", "-1"},
		{"Days below zero", fields{"Days": -1}, malformed, "Days", "-1"},
		{"Years at the top of its type", fields{"Years": math.MaxInt32}, malformed, "Years", "2147483647"},
		{"AfterTime in milliseconds", fields{"BeforeTime": before, "AfterTime": (before + 60) * 1000}, malformed, "AfterTime", fmt.Sprint((before + 60) * 1000)},
		{"rule 13: Immediately below zero", fields{"Immediately": -1}, malformed, "Immediately", "-1"},
		{"rule 13: Immediately 3", fields{"Immediately": 3}, malformed, "Immediately", "3"},
		{"rule 14: EnableCrl below zero", fields{"EnableCrl": -1}, malformed, "EnableCrl", "-1"},
		{"rule 14: EnableCrl 2", fields{"EnableCrl": 2}, malformed, "EnableCrl", "2"},
		{"rule 16: 101 tags", fields{"Tags": tags(101)}, malformed, "Tags", "101"},
	}
	for _, o := range leafOperations {
		for _, tt := range tests {
			t.Run(o.name+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				issuer := authorityOf(algorithm.ECC_256).issuer
				req := o.request(t, algorithm.ECC_256, issuer)
				tt.change.set(req)
				testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
				o.refuses(t, instant, issuer, req, tt.code, tt.parameter, tt.mention)
				o.refuses(t, instant, nil, req, tt.code, tt.parameter, tt.mention) // the request is judged first
			})
		}
	}
}

// What the issuer refuses, whatever the operation (rules 1, 2, 7, 12, 14, 17).
func TestLeafOperationsRefuseUnderIssuer(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	usages := func(names ...string) *ca.Issuer {
		return au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.ExtendedKeyUsages = names })
	}
	constrained := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) {
		r.NameConstraints = &ca.NameConstraints{PermittedDNSDomains: []string{"example.org"}}
	})
	own := map[bool]string{false: "serverAuth", true: "clientAuth"}
	other := map[bool]string{false: "clientAuth", true: "serverAuth"}
	for i, o := range leafOperations {
		client := i > 0
		keyParameter := map[bool]string{false: "Algorithm", true: "Csr"}[o.withCSR]
		tests := []struct {
			name      string
			issuer    *ca.Issuer
			now       time.Time
			change    fields
			code      yuncert.Code
			parameter string
			mention   string
		}{
			{"rule 1: no CA", nil, instant, nil, yuncert.ErrNotFound, "ParentIdentifier", "no issuing CA"},
			{"an unknown ParentIdentifier", au.issuer, instant, fields{"ParentIdentifier": "270oe6bb538d538c70c01f81hfd3****"}, yuncert.ErrNotFound, "ParentIdentifier", "270oe6bb538d538c70c01f81hfd3****"},
			{"rule 2: a root CA", au.rootIssuer, instant, nil, refused, "ParentIdentifier", "root"},
			{"a CA for the other use", usages(other[client], "codeSigning"), instant, nil, refused, "ParentIdentifier", "exclude " + own[client]},
			{"rule 7: another family", authorityOf(algorithm.SM2_256).issuer, instant, nil, refused, keyParameter, "ECC_256"},
			{"a second before the CA begins", au.issuer, instant.Add(-time.Second), nil, yuncert.ErrCertificateExpired, "ParentIdentifier", "2026-03-04T05:06:06Z"},
			{"a second after the CA's end", au.issuer, caEnd.Add(time.Second), nil, yuncert.ErrCertificateExpired, "ParentIdentifier", "2031-03-04T05:06:08Z"},
			{"rule 12: beyond the CA's end", au.issuer, instant, fields{"Days": 0, "Months": 61}, refused, "Months", "2031-04-04T05:06:07Z"},
			{"rule 12: before the CA's start", au.issuer, instant, fields{"BeforeTime": instant.Unix() - 1, "AfterTime": instant.Unix() + 1}, refused, "BeforeTime", "2026-03-04T05:06:06Z"},
			{"rule 14: no CRL", au.issuerWith(t, ca.IssuerOptions{}), instant, fields{"EnableCrl": 1}, refused, "EnableCrl", "CRLBase"},
		}
		switch {
		case !client:
			tests = append(tests, tests[0], tests[0])
			tests[10].name, tests[10].issuer, tests[10].code, tests[10].parameter, tests[10].mention = "a constraint on the common name", constrained, refused, "CommonName", "zhang.example.com"
			tests[11].name, tests[11].issuer, tests[11].code, tests[11].parameter, tests[11].mention = "a constraint on Domain", constrained, refused, "Domain", "example.net"
			tests[11].change = fields{"CommonName": "www.example.org", "Domain": "example.net"}
		default:
			tests = append(tests, tests[0])
			tests[10].name, tests[10].issuer, tests[10].code, tests[10].parameter, tests[10].mention = "a constraint on SanValue", constrained, refused, "SanValue", "example.net"
			tests[10].change = fields{"SanType": 2, "SanValue": "www.example.org,example.net"}
		}
		for _, tt := range tests {
			t.Run(o.name+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				issuer := tt.issuer
				if issuer == nil {
					issuer = au.issuer
				}
				req := o.request(t, algorithm.ECC_256, issuer)
				tt.change.set(req)
				if err := req.Validate(); err != nil {
					t.Fatalf("without issuer the request is valid: %v", err)
				}
				o.refuses(t, tt.now, tt.issuer, req, tt.code, tt.parameter, tt.mention)
			})
		}
		for what, issuer := range map[string]*ca.Issuer{"its use": usages(own[client]), "both uses": usages("serverAuth", "clientAuth"), "any use": usages("any")} {
			t.Run(o.name+", a CA for "+what, func(t *testing.T) {
				t.Parallel()
				if _, _, err := o.call(testutil.Seeded(), instant, issuer, o.request(t, algorithm.ECC_256, issuer)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	// The common name of a client is no alternative name, and yet OpenSSL refuses
	// one that reads like a host outside of the constraints.
	for _, o := range leafOperations[1:] {
		t.Run(o.name+", constraints and the common name", func(t *testing.T) {
			t.Parallel()
			parameter := "CommonName"
			if strings.HasSuffix(o.name, "WithCsr") {
				parameter = "Csr"
			}
			o.refuses(t, instant, constrained, o.request(t, algorithm.ECC_256, constrained), refused, parameter, "zhang.example.com")
		})
	}
	t.Run("a constraint on the CSR's names", func(t *testing.T) {
		t.Parallel()
		req := clientCSRRequest(constrained, hostCSR(t, algorithm.ECC_256, "zhang", "example.net"))
		req.SanType, req.SanValue = 2, "www.example.org"
		leafOperations[2].refuses(t, instant, constrained, req, refused, "Csr", "example.net")
	})
}

// An attribute of each kind of name, by constraints on addresses, mailboxes and
// the host names of URIs (RFC 5280, section 4.2.1.10).
func TestClientSanValueUnderConstraints(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	issuer := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) {
		r.NameConstraints = &ca.NameConstraints{
			PermittedIPRanges: []string{"10.0.0.0/8"}, PermittedEmailAddresses: []string{"example.com"}, ExcludedEmailAddresses: []string{"root@example.com"},
		}
	})
	o := leafOperations[2]
	for _, tt := range []struct {
		sanType int32
		value   string
		ok      bool
	}{
		{1, "zhang@example.com", true},
		{1, "root@example.com", false},
		{1, "zhang@mail.example.com", false},
		{7, "10.1.2.3", true},
		{7, "11.1.2.3", false},
		{2, "www.example.net", true},
		{6, "https://www.example.net/", true},
	} {
		t.Run(tt.value, func(t *testing.T) {
			t.Parallel()
			req := clientCSRRequest(issuer, hostCSR(t, algorithm.ECC_256, "zhang"))
			req.SanType, req.SanValue = tt.sanType, tt.value
			if tt.ok {
				o.issues(t, issuer, req, kind(int(tt.sanType), tt.value)...)
			} else {
				o.refuses(t, instant, issuer, req, refused, "SanValue", tt.value)
			}
		})
	}
}

// Section 4.5: no member is marked required, but there is no key without a CSR
// and no CA without ParentIdentifier.
func TestCreateClientCertificateWithCsrRefusesCSR(t *testing.T) {
	t.Parallel()
	o, au := leafOperations[2], authorityOf(algorithm.ECC_256)
	host := hostCSR(t, algorithm.ECC_256, "zhang.example.com")
	broken := []byte(host)
	broken[len(broken)/2] ^= 1
	tests := []struct {
		name      string
		change    fields
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"Csr is required", fields{"Csr": ""}, missing, "Csr", "Csr is mandatory for this action."},
		{"no PEM", fields{"Csr": "CSR"}, malformed, "Csr", "PEM"},
		{"a wrong octet", fields{"Csr": string(broken)}, malformed, "Csr", ""},
		{"Algorithm of another length", fields{"Algorithm": "ECC_384"}, refused, "Algorithm", "ECC_256"},
		{"Algorithm of another family", fields{"Algorithm": "RSA_2048"}, refused, "Algorithm", "ECC_256"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := clientCSRRequest(au.issuer, host)
			tt.change.set(req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
			o.refuses(t, instant, au.issuer, req, tt.code, tt.parameter, tt.mention)
		})
	}
	t.Run("nil", func(t *testing.T) {
		t.Parallel()
		var req *clientRequest
		testutil.CheckError(t, req.Validate(), missing, "Csr", "Csr is mandatory for this action.")
		o.refuses(t, instant, au.issuer, req, missing, "Csr", "Csr is mandatory for this action.")
	})
	for i, whose := range []string{"root", "issuing CA"} {
		t.Run("the key of the "+whose, func(t *testing.T) {
			t.Parallel()
			req := clientCSRRequest(au.issuer, makeCSR(t, key(algorithm.ECC_256, i), asn.Name(asn.UTF8(asn.OIDCommonName, "zhang"))))
			o.refuses(t, instant, au.issuer, req, refused, "Csr", "key")
		})
	}
	t.Run("an attribute of the CSR that is too long", func(t *testing.T) {
		t.Parallel()
		req := clientCSRRequest(au.issuer, makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(asn.UTF8(asn.OIDCommonName, "zhang"), asn.UTF8(asn.OIDOrganization, testutil.Chinese(65)))))
		o.refuses(t, instant, au.issuer, req, malformed, "Csr", "65 characters")
	})
	t.Run("RSA_1024 is for servers only", func(t *testing.T) {
		t.Parallel()
		rsa := authorityOf(algorithm.RSA_2048)
		req := clientCSRRequest(rsa.issuer, hostCSR(t, algorithm.RSA_1024, "zhang"))
		testutil.CheckError(t, req.Validate(), refused, "Csr", "RSA_1024")
		o.refuses(t, instant, rsa.issuer, req, refused, "Csr", "RSA_1024")
	})
	t.Run("MinRSABits", func(t *testing.T) {
		t.Parallel()
		rsa := authorityOf(algorithm.RSA_2048)
		req := clientCSRRequest(rsa.issuer, hostCSR(t, algorithm.RSA_2048, "zhang"))
		o.issues(t, rsa.issuer, req)
		o.refuses(t, instant, rsa.issuerWith(t, ca.IssuerOptions{KeyPolicy: algorithm.KeyPolicy{MinRSABits: 3072}}), req, refused, "Csr", "RSA_2048")
	})
}

// SanType and SanValue of section 4.5, in both operations for clients.
func TestClientSanRefused(t *testing.T) {
	t.Parallel()
	long := "https://example.com/"
	long += strings.Repeat("a", 2049-len(long))
	tests := []struct {
		name      string
		sanType   int32
		value     string
		parameter string
		mention   string
	}{
		{"otherName", 0, "example.com", "SanType", "0 is not 1 (e-mail addresses), 2 (DNS names), 6 (URIs) or 7 (IP addresses)"},
		{"x400Address", 3, "example.com", "SanType", "3"},
		{"directoryName", 4, "CN=example", "SanType", "4"},
		{"ediPartyName", 5, "example", "SanType", "5"},
		{"registeredID", 8, "1.2.3", "SanType", "8"},
		{"9", 9, "example.com", "SanType", "9"},
		{"below zero", -1, "example.com", "SanType", "-1"},
		{"at the top of its type", math.MaxInt32, "example.com", "SanType", "2147483647"},

		{"e-mail: a host", 1, "example.com", "SanValue", `"example.com"`},
		{"e-mail: nothing before @", 1, "@example.com", "SanValue", `"@example.com"`},
		{"e-mail: nothing behind @", 1, "zhang@", "SanValue", `"zhang@"`},
		{"e-mail: two @", 1, "a@b@example.com", "SanValue", `"a@b@example.com"`},
		{"e-mail: a name before it", 1, "Zhang <zhang@example.com>", "SanValue", "Zhang <zhang"},
		{"e-mail: a space", 1, "zhang san@example.com", "SanValue", "zhang san"},
		{"e-mail: quotes", 1, `"zhang"@example.com`, "SanValue", `zhang`},
		{"e-mail: a dot at the end", 1, "zhang.@example.com", "SanValue", "zhang."},
		{"e-mail: two dots", 1, "zhang..san@example.com", "SanValue", "zhang..san"},
		{"e-mail: 65 octets before @", 1, strings.Repeat("a", 65) + "@example.com", "SanValue", "aaa"},
		{"e-mail: Chinese before @", 1, "张@example.com", "SanValue", "张@example.com"},
		{"e-mail: an address for a host", 1, "zhang@192.0.2.1", "SanValue", "zhang@192.0.2.1"},
		{"e-mail: a wildcard", 1, "zhang@*.example.com", "SanValue", "zhang@*.example.com"},
		{"e-mail: an underscore in the host", 1, "zhang@a_b.example.com", "SanValue", "a_b"},
		{"e-mail: a NUL", 1, "zhang\x00@example.com", "SanValue", `\x00`},
		{"e-mail: the second of two", 1, "zhang@example.com,li", "SanValue", `"li"`},
		{"e-mail: another separator", 1, "zhang@example.com;li@example.com", "SanValue", "zhang@example.com;li@example.com"},

		{"DNS name: an address", 2, "192.0.2.1", "SanValue", "192.0.2.1"},
		{"DNS name: an IPv6 address", 2, "2001:db8::1", "SanValue", "2001:db8::1"},
		{"DNS name: a mailbox", 2, "zhang@example.com", "SanValue", "zhang@example.com"},
		{"DNS name: a URI", 2, "https://example.com", "SanValue", "https://example.com"},
		{"DNS name: an underscore", 2, "a_b.example.com", "SanValue", "a_b.example.com"},
		{"DNS name: a wildcard inside", 2, "a.*.example.com", "SanValue", "a.*.example.com"},

		{"URI: no scheme", 6, "example.com/a", "SanValue", "example.com/a"},
		{"URI: a relative one", 6, "//example.com/a", "SanValue", "//example.com/a"},
		{"URI: a scheme alone", 6, "https:", "SanValue", `"https:"`},
		{"URI: no host", 6, "https://", "SanValue", "https://"},
		{"URI: a query alone", 6, "https:?a", "SanValue", "https:?a"},
		{"URI: a port alone", 6, "https://:443/", "SanValue", "https://:443/"},
		{"URI: a user alone", 6, "https://zhang@/", "SanValue", "https://zhang@/"},
		{"URI: a space", 6, "https://example.com/a b", "SanValue", "a b"},
		{"URI: a space in the query", 6, "https://example.com/?a b", "SanValue", "a b"},
		{"URI: a space in a URN", 6, "urn:example:a b", "SanValue", "a b"},
		{"URI: an escape without digits", 6, "urn:example:%", "SanValue", "%"},
		{"URI: half an escape", 6, "urn:example:%4", "SanValue", "%4"},
		{"URI: a wrong escape", 6, "urn:example:%zz", "SanValue", "%zz"},
		{"URI: a quote", 6, `https://example.com/?"`, "SanValue", "example.com"},
		{"URI: angle brackets", 6, "<https://example.com/>", "SanValue", "<https"},
		{"URI: Chinese", 6, "https://example.com/云", "SanValue", "ASCII"},
		{"URI: a host in Chinese", 6, "https://例子.中国/", "SanValue", "ASCII"},
		{"URI: an underscore in the host", 6, "https://a_b.example.com/", "SanValue", "a_b"},
		{"URI: a wildcard", 6, "https://*.example.com/", "SanValue", "host"},
		{"URI: a zone", 6, "https://[fe80::1%25eth0]/", "SanValue", "host"},
		{"URI: a port that is none", 6, "https://example.com:https/", "SanValue", "example.com:https"},
		{"URI: a newline", 6, "https://example.com/\nb", "SanValue", `\n`},
		{"URI: 2049 octets", 6, long, "SanValue", "2048 octets"},

		{"address: a name", 7, "example.com", "SanValue", "example.com"},
		{"address: a network", 7, "192.0.2.0/24", "SanValue", "192.0.2.0/24"},
		{"address: out of range", 7, "192.0.2.256", "SanValue", "192.0.2.256"},
		{"address: a zone", 7, "fe80::1%eth0", "SanValue", "fe80::1%eth0"},
		{"address: a port", 7, "192.0.2.1:443", "SanValue", "192.0.2.1:443"},

		{"251 names", 2, strings.Join(testutil.NumberedNames(251), ","), "SanValue", "250"},
		{"251 mailboxes", 1, strings.Join(eachWith("a@", testutil.NumberedNames(251)), ","), "SanValue", "250"},
		{"251 URIs", 6, strings.Join(eachWith("a://", testutil.NumberedNames(251)), ","), "SanValue", "250"},
	}
	for _, o := range leafOperations[1:] {
		for _, tt := range tests {
			t.Run(o.name+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				issuer := authorityOf(algorithm.ECC_256).issuer
				req := o.request(t, algorithm.ECC_256, issuer)
				fields{"SanType": tt.sanType, "SanValue": tt.value}.set(req)
				testutil.CheckError(t, req.Validate(), malformed, tt.parameter, tt.mention)
				o.refuses(t, instant, issuer, req, malformed, tt.parameter, tt.mention)
			})
		}
	}
}

func eachWith(prefix string, names []string) []string {
	for i := range names {
		names[i] = prefix + names[i]
	}
	return names
}

func TestClientSan(t *testing.T) {
	t.Parallel()
	long := "https://example.com/"
	long += strings.Repeat("a", 2048-len(long))
	tests := []struct {
		name    string
		sanType int32
		value   string
		want    []string
	}{
		{"none", 0, "", nil},
		{"SanType without SanValue is not looked at", 8, "", nil},
		{"SanValue of commas", 1, " ,, ", nil},
		{"e-mail addresses, the host as it stands in DNS", 1, "zhang@example.com, Li.Si+a@EXAMPLE.com ,zhang@例子.中国", kind(1, "zhang@example.com", "Li.Si+a@example.com", "zhang@xn--fsqu00a.xn--fiqs8s")},
		{"e-mail: repeats, and who is another by case", 1, "zhang@example.com,zhang@Example.COM,Zhang@example.com", kind(1, "zhang@example.com", "Zhang@example.com")},
		{"e-mail: the first and last of ASCII", 1, "!zhang~@example.com", kind(1, "!zhang~@example.com")},
		{"e-mail: 64 octets before @", 1, strings.Repeat("a", 64) + "@example.com", kind(1, strings.Repeat("a", 64)+"@example.com")},
		{"DNS names", 2, "b.example.com,*.A.example.com,例子.中国,localhost,B.example.com", kind(2, "b.example.com", "*.a.example.com", "xn--fsqu00a.xn--fiqs8s", "localhost")},
		{"URIs", 6, "spiffe://example.com/ns/a, urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6,https://[2001:db8::1]:8443/a?b=%20#c", kind(6, "spiffe://example.com/ns/a", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "https://[2001:db8::1]:8443/a?b=%20#c")},
		{"URI: repeats, the scheme in lower case", 6, "https://example.com/,HTTPS://example.com/,https://example.com/A,https://example.com/a", kind(6, "https://example.com/", "https://example.com/A", "https://example.com/a")},
		{"URI: mailto, tel and file", 6, "mailto:zhang@example.com,tel:+86-571-1234,file:///etc/hosts", kind(6, "mailto:zhang@example.com", "tel:+86-571-1234", "file:///etc/hosts")},
		{"URI: a tilde and an escape at the end", 6, "https://example.com/~zhang%20", kind(6, "https://example.com/~zhang%20")},
		{"URI: 2048 octets", 6, long, kind(6, long)},
		{"addresses", 7, "192.0.2.1,2001:0DB8::1,::ffff:192.0.2.1", kind(7, "192.0.2.1", "2001:db8::1")},
		{"250 names", 2, strings.Join(testutil.NumberedNames(250), ","), kind(2, testutil.NumberedNames(250)...)},
		{"250 names, each twice", 2, strings.Join(slices.Concat(testutil.NumberedNames(250), testutil.NumberedNames(250)), ","), kind(2, testutil.NumberedNames(250)...)},
		{"250 mailboxes", 1, strings.Join(eachWith("a@", testutil.NumberedNames(250)), ","), kind(1, eachWith("a@", testutil.NumberedNames(250))...)},
		{"250 URIs", 6, strings.Join(eachWith("a://", testutil.NumberedNames(250)), ","), kind(6, eachWith("a://", testutil.NumberedNames(250))...)},
	}
	for _, o := range leafOperations[1:] {
		for _, tt := range tests {
			t.Run(o.name+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				issuer := authorityOf(algorithm.ECC_256).issuer
				req := o.request(t, algorithm.ECC_256, issuer)
				fields{"SanType": tt.sanType, "SanValue": tt.value}.set(req)
				o.issues(t, issuer, req, tt.want...)
			})
		}
	}
}

// SanValue stands behind the names of the CSR, and they count together.
func TestClientSanWithCSRNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		csr     []string
		sanType int32
		value   string
		want    []string // nil: refused
	}{
		{"the CSR's alone, without the common name", []string{"a.example.com", "192.0.2.1"}, 0, "", slices.Concat(kind(2, "a.example.com"), kind(7, "192.0.2.1"))},
		{"DNS names behind", []string{"a.example.com", "192.0.2.1"}, 2, "b.example.com,A.example.com", slices.Concat(kind(2, "a.example.com"), kind(7, "192.0.2.1"), kind(2, "b.example.com"))},
		{"addresses behind", []string{"a.example.com", "192.0.2.1"}, 7, "192.0.2.1,192.0.2.2", slices.Concat(kind(2, "a.example.com"), kind(7, "192.0.2.1", "192.0.2.2"))},
		{"mailboxes behind", []string{"a.example.com"}, 1, "zhang@a.example.com", slices.Concat(kind(2, "a.example.com"), kind(1, "zhang@a.example.com"))},
		{"URIs behind", []string{"a.example.com"}, 6, "https://a.example.com", slices.Concat(kind(2, "a.example.com"), kind(6, "https://a.example.com"))},
		{"the common name asked for", []string{"a.example.com"}, 2, "zhang.example.com", kind(2, "a.example.com", "zhang.example.com")},
		{"250 in all", testutil.NumberedNames(249), 1, "zhang@example.com", slices.Concat(kind(2, testutil.NumberedNames(249)...), kind(1, "zhang@example.com"))},
		{"250 in the CSR and the same again", testutil.NumberedNames(250), 2, strings.Join(testutil.NumberedNames(250), ","), kind(2, testutil.NumberedNames(250)...)},
		{"251 in all: a mailbox", testutil.NumberedNames(250), 1, "zhang@example.com", nil},
		{"251 in all: a URI", testutil.NumberedNames(250), 6, "https://example.com", nil},
		{"251 in all: a DNS name", testutil.NumberedNames(250), 2, "example.com", nil},
		{"251 in all: an address", testutil.NumberedNames(250), 7, "192.0.2.1", nil},
	}
	o, issuer := leafOperations[2], authorityOf(algorithm.ECC_256).issuer
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := clientCSRRequest(issuer, hostCSR(t, algorithm.ECC_256, "zhang.example.com", tt.csr...))
			req.SanType, req.SanValue = tt.sanType, tt.value
			if tt.want == nil {
				testutil.CheckError(t, req.Validate(), malformed, "SanValue", "250")
				o.refuses(t, instant, issuer, req, malformed, "SanValue", "250")
				return
			}
			o.issues(t, issuer, req, tt.want...)
		})
	}
	t.Run("the CSR's names of other kinds are left out", func(t *testing.T) {
		t.Parallel()
		names := asn.Seq(asn.TLV(0x81, []byte("root@example.com")), asn.TLV(0x82, []byte("a.example.com")), asn.TLV(0x86, []byte("https://example.com/")))
		req := clientCSRRequest(issuer, makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(), asn.Extension(asn.OIDAltName, false, names)))
		o.issues(t, issuer, req, "2:a.example.com")
	})
	t.Run("no name anywhere", func(t *testing.T) { // the documents require none
		t.Parallel()
		o.issues(t, issuer, clientCSRRequest(issuer, hostCSR(t, algorithm.ECC_256, "")))
	})
}

// Subject and validity are found as for servers (rules 6, 8 to 12 and 15).
func TestCreateClientCertificateWithCsrSubjectAndValidity(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	full := asn.Name(asn.Printable(asn.OIDCountry, "US"), asn.UTF8(asn.OIDState, "Ohio"), asn.UTF8(asn.OIDLocality, "Dayton"), asn.UTF8(asn.OIDOrganization, "ACME"), asn.UTF8(asn.OIDUnit, "IT"), asn.UTF8(asn.OIDCommonName, "张三"))
	given := fields{"Country": "cn", "State": "浙江", "Locality": "杭州", "Organization": "阿里云", "OrganizationUnit": "PKI", "CommonName": "李四"}
	defaults := [][]byte{asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"), asn.Printable(asn.OIDOrganization, "Alibaba Inc."), asn.Printable(asn.OIDUnit, "Aliyun CDN")}
	start, end := instant.AddDate(0, 0, 7), instant.AddDate(0, 1, 0)
	tests := []struct {
		name                string
		csr                 []byte
		change              fields
		subject             []byte
		notBefore, notAfter time.Time
	}{
		{"rule 15: the defaults", asn.Name(), nil, asn.Name(defaults...), instant, instant.AddDate(0, 0, 90)},
		{"the CSR", full, nil, full, instant, instant.AddDate(0, 0, 90)},
		{"the parameters, but for the common name", full, given, asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.UTF8(asn.OIDState, "浙江"), asn.UTF8(asn.OIDLocality, "杭州"),
			asn.UTF8(asn.OIDOrganization, "阿里云"), asn.Printable(asn.OIDUnit, "PKI"), asn.UTF8(asn.OIDCommonName, "张三")), instant, instant.AddDate(0, 0, 90)},
		{"the parameter CommonName if the CSR has none", asn.Name(), fields{"CommonName": "李四"}, asn.Name(append(slices.Clone(defaults), asn.UTF8(asn.OIDCommonName, "李四"))...), instant, instant.AddDate(0, 0, 90)},
		{"rule 10: the pair", asn.Name(), fields{"Days": 0, "BeforeTime": start.Unix(), "AfterTime": end.Unix()}, asn.Name(defaults...), start, end},
		{"rule 11: Days before the pair", asn.Name(), fields{"Days": 1, "BeforeTime": start.Unix(), "AfterTime": end.Unix()}, asn.Name(defaults...), start, start.AddDate(0, 0, 1)},
		{"Years and Months", asn.Name(), fields{"Days": 0, "Years": 1, "Months": 2}, asn.Name(defaults...), instant, instant.AddDate(1, 2, 0)},
		{"rule 12: to the CA's end", asn.Name(), fields{"Days": 0, "Years": 5}, asn.Name(defaults...), instant, caEnd},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := clientCSRRequest(issuer, makeCSR(t, key(algorithm.ECC_256, 2), tt.csr))
			tt.change.set(req)
			_, der, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			cert := parse(t, der)
			if !bytes.Equal(cert.RawSubject, tt.subject) {
				t.Errorf("subject\n%x, want\n%x", cert.RawSubject, tt.subject)
			}
			checkValidity(t, cert, tt.notBefore, tt.notAfter)
		})
	}
}

// Every octet of client certificates, in every algorithm.
func TestCreateClientCertificateWithCsrProfile(t *testing.T) {
	t.Parallel()
	for _, a := range allAlgorithms[1:] { // RSA_1024 is for servers only
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(caAlgorithm(a))
			public := key(a, 2).Public()
			req := clientCSRRequest(au.issuer, hostCSR(t, a, "张三", "a.example.com"))
			req.SanType, req.SanValue, req.EnableCrl = 1, "zhang@example.com", 1
			if a != algorithm.RSA_3072 {
				req.Algorithm = string(a)
			}
			_, der, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, au.issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			cert := parse(t, der)
			checkProfile(t, cert, profile{
				asn.SignatureID(a.Family()), au.subject, asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"),
					asn.Printable(asn.OIDOrganization, "Alibaba Inc."), asn.Printable(asn.OIDUnit, "Aliyun CDN"), asn.UTF8(asn.OIDCommonName, "张三")),
				utcTime("260304050607Z"), utcTime("260602050607Z"), public, [][]byte{
					asn.Extension(asn.OIDConstraints, true, asn.Seq()),
					asn.Extension(asn.OIDKeyUsage, true, bitString(7, 0x80)), // for RSA too: RFC 5280, section 4.2.1.12
					asn.Extension(asn.OIDExtKeyUsage, false, asn.Seq(asn.OIDClientAuth)),
					asn.Extension(asn.OIDKeyID, false, asn.Octets(keyID(t, public))),
					asn.Extension(asn.OIDAuthority, false, asn.Seq(asn.TLV(0x80, keyID(t, au.subKey.Public())))),
					asn.Extension(asn.OIDAltName, false, asn.Seq(asn.TLV(0x82, []byte("a.example.com")), asn.TLV(0x81, []byte("zhang@example.com")))),
					asn.Extension(asn.OIDCRLPoints, false, asn.Seq(asn.Seq(asn.Explicit(0, asn.Explicit(0, asn.TLV(0x86, []byte(crlBase+"/"+au.sub.Identifier+".crl"))))))),
				},
			})
			verifySignature(t, cert, au.subKey.Public())
		})
	}
}

// fullClientRequest has every field set.
func fullClientRequest(t testing.TB, a algorithm.Algorithm, issuer *ca.Issuer) *clientRequest {
	return &clientRequest{
		SanType: 1, SanValue: "zhang@example.com,li@example.com",
		Csr: hostCSR(t, a, "张三", "zhang.example.com"), Organization: "阿里云", OrganizationUnit: "IT", Country: "CN", CommonName: "李四",
		State: "Zhejiang", Locality: "Hangzhou", Algorithm: string(a), ParentIdentifier: issuer.Identifier(),
		Years: 1, Months: 12, Days: 365, BeforeTime: instant.Unix(), AfterTime: instant.AddDate(1, 0, 0).Unix(),
		Immediately: 2, EnableCrl: 1, Tags: []ca.Tag{{Key: "account", Value: "test"}}, ResourceGroupId: "rg-aek****wia",
	}
}

// The same inputs give the bytes in testdata, and are not changed.
func TestCreateClientCertificateWithCsrGolden(t *testing.T) {
	t.Parallel()
	for _, a := range families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			issuer := authorityOf(a).issuer
			req := fullClientRequest(t, a, issuer)
			req.Country = "cn"
			before := *req
			before.Tags = slices.Clone(req.Tags)
			resp, der, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
			if err != nil {
				t.Fatal(err)
			}
			again, derAgain, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
			if err != nil || !bytes.Equal(der, derAgain) {
				t.Errorf("twice the same inputs, and not the same certificate: %v", err)
			}
			if diff := cmp.Diff(resp, again); diff != "" {
				t.Errorf("twice the same inputs, and not the same outputs (-first +second):\n%s", diff)
			}
			if diff := cmp.Diff(&before, req); diff != "" {
				t.Errorf("the request was changed (-before +after):\n%s", diff)
			}
			testutil.Golden(t, "golden/"+string(a)+"-client.pem", resp.X509Certificate)
			resp.X509Certificate, resp.CertificateChain = "", ""
			text, err := json.MarshalIndent(resp, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			testutil.Golden(t, "golden/"+string(a)+"-client.json", string(text)+"\n")
		})
	}
}

// Rule 13: what is answered. The key is never in it.
func TestLeafOperationsImmediately(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for _, o := range leafOperations {
		for immediately := range int32(3) {
			t.Run(fmt.Sprintf("%s, %d", o.name, immediately), func(t *testing.T) {
				t.Parallel()
				req := o.request(t, algorithm.ECC_256, au.issuer)
				fields{"Immediately": immediately}.set(req)
				results, der, err := o.call(testutil.Seeded(), instant, au.issuer, req)
				if err != nil {
					t.Fatal(err)
				}
				text, err := json.Marshal(results[0])
				if err != nil {
					t.Fatal(err)
				}
				var got map[string]string
				if err := json.Unmarshal(text, &got); err != nil {
					t.Fatal(err)
				}
				if !testutil.RequestIDForm.MatchString(got["RequestId"]) || !serialForm.MatchString(got["SerialNumber"]) {
					t.Errorf("RequestId %q, SerialNumber %q", got["RequestId"], got["SerialNumber"])
				}
				delete(got, "RequestId")
				sum := md5.Sum(der)
				want := map[string]string{"Identifier": hex.EncodeToString(sum[:]), "SerialNumber": fmt.Sprintf("%036x", parse(t, der).SerialNumber)}
				if immediately >= 1 {
					want["X509Certificate"] = testutil.EncodePEM("CERTIFICATE", der)
				}
				if immediately == 2 {
					want["CertificateChain"] = au.sub.Certificate + au.root.Certificate
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("response mismatch (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// The certificate carries a CRL address only when asked.
func TestLeafOperationsEnableCrl(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for _, o := range leafOperations {
		for enable, want := range map[int64][]string{0: nil, 1: {crlBase + "/" + au.sub.Identifier + ".crl"}} {
			t.Run(fmt.Sprintf("%s, %d", o.name, enable), func(t *testing.T) {
				t.Parallel()
				req := o.request(t, algorithm.ECC_256, au.issuer)
				fields{"EnableCrl": enable}.set(req)
				_, der, err := o.call(testutil.Seeded(), instant, au.issuer, req)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, parse(t, der).CRLDistributionPoints); diff != "" {
					t.Errorf("CRL addresses mismatch (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// rand and the CA's key may fail: all results are nil then.
func TestLeafOperationsFailures(t *testing.T) {
	t.Parallel()
	for _, o := range leafOperations {
		for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.SM2_256} {
			t.Run(o.name+", "+string(a), func(t *testing.T) {
				t.Parallel()
				au := authorityOf(a)
				checkFailures(t, au.subKey, func(rand io.Reader, key crypto.Signer) (any, error) {
					issuer, err := ca.NewIssuer(au.sub.CertificateChain, key, ca.IssuerOptions{})
					if err != nil {
						t.Fatal(err)
					}
					results, der, err := o.call(rand, instant, issuer, o.request(t, a, issuer))
					want := 2 // response and key
					switch {
					case err != nil:
						want = 0
					case o.withCSR:
						want = 1
					}
					if len(results) != want || (der == nil) != (err != nil) {
						t.Errorf("results %v, %x beside the error %v", results, der, err)
					}
					if len(results) == 0 {
						return nil, err
					}
					return results, err
				})
			})
		}
	}
}

// The first problem is told, in the order of Validate's comment.
func TestLeafOperationsOrderOfProblems(t *testing.T) {
	t.Parallel()
	type step struct {
		parameter string
		code      yuncert.Code
		mend      fields
	}
	attributes := []step{
		{"Organization", malformed, fields{"Organization": ""}},
		{"OrganizationUnit", malformed, fields{"OrganizationUnit": ""}},
		{"Country", malformed, fields{"Country": ""}},
		{"CommonName", malformed, fields{"CommonName": "zhang"}},
		{"State", malformed, fields{"State": ""}},
		{"Locality", malformed, fields{"Locality": ""}},
		{"Algorithm", malformed, fields{"Algorithm": "ECC_256"}},
		{"ParentIdentifier", missing, fields{"ParentIdentifier": strings.Repeat("0", 32)}},
		{"Years", malformed, fields{"Years": 0}},
		{"Months", malformed, fields{"Months": 0}},
		{"Days", malformed, fields{"Days": 0}},
		{"BeforeTime", malformed, fields{"BeforeTime": 0}},
		{"AfterTime", malformed, fields{"AfterTime": 0}},
		{"Days", missing, fields{"Days": 1}},
		{"Immediately", malformed, fields{"Immediately": 0}},
		{"EnableCrl", malformed, fields{"EnableCrl": 0}},
		{"Tags", malformed, fields{"Tags": []ca.Tag(nil)}},
	}
	domain := []step{{"Domain", malformed, fields{"Domain": ""}}}
	san := []step{{"SanType", malformed, fields{"SanType": 1}}, {"SanValue", malformed, fields{"SanValue": ""}}}
	wrong := fields{
		"Organization": "\x00", "OrganizationUnit": "\x00", "Country": "X", "CommonName": "\x00", "State": "\x00", "Locality": "\x00", "Algorithm": "X",
		"ParentIdentifier": "", "Years": -1, "Months": -1, "Days": -1, "BeforeTime": -1, "AfterTime": -1, "Immediately": -1, "EnableCrl": -1, "Tags": tags(101),
	}
	csr := []step{{"Csr", malformed, fields{"Csr": hostCSR(t, algorithm.ECC_256, "zhang")}}}
	for i, first := range [][]step{domain, san, slices.Concat(csr, san)} {
		o := leafOperations[i]
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			req := o.request(t, algorithm.ECC_256, authorityOf(algorithm.ECC_256).issuer)
			all := maps.Clone(wrong)
			for _, s := range first {
				for name := range s.mend {
					all[name] = map[string]any{"Domain": "_", "SanType": 0, "SanValue": "_", "Csr": "X"}[name]
				}
			}
			all.set(req)
			for _, s := range slices.Concat(first, attributes) {
				testutil.CheckError(t, req.Validate(), s.code, s.parameter, "")
				s.mend.set(req)
			}
			if err := req.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkMembers compares a type's members with documented ones, in their order.
func checkMembers(t *testing.T, value any, want ...string) {
	t.Helper()
	typ := reflect.TypeOf(value)
	var got []string
	for i := range typ.NumField() {
		field := typ.Field(i)
		got = append(got, field.Name+" "+field.Type.String())
		if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag != field.Name {
			t.Errorf("%v: %s has the json name %q", typ, field.Name, tag)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%v: members mismatch (-want +got):\n%s", typ, diff)
	}
}

// checkEmpty wants a zero value to be that JSON.
func checkEmpty(t *testing.T, value any, want string) {
	t.Helper()
	if text, err := json.Marshal(value); err != nil || string(text) != want {
		t.Errorf("%T: the zero value is %s, %v", value, text, err)
	}
}

// The members in sections 4.4 and 4.5 of the operations reference. Left out:
// CustomIdentifier and AsynchronousFlag, which the library has not.
func TestLeafOperationsMembers(t *testing.T) {
	t.Parallel()
	common := []string{
		"Organization string", "OrganizationUnit string", "Country string", "CommonName string", "State string", "Locality string",
		"Algorithm string", "ParentIdentifier string", "Years int32", "Months int32", "Days int32", "BeforeTime int64", "AfterTime int64",
		"Immediately int32", "EnableCrl int64", "Tags []ca.Tag", "ResourceGroupId string",
	}
	response := []string{"X509Certificate string", "CertificateChain string", "Identifier string", "SerialNumber string", "RequestId string"}
	san := []string{"SanType int32", "SanValue string"}
	checkMembers(t, ca.CreateServerCertificateRequest{}, append([]string{"Domain string"}, common...)...)
	checkMembers(t, ca.CreateServerCertificateResponse{}, response...)
	checkMembers(t, ca.CreateClientCertificateRequest{}, slices.Concat(san, common)...)
	checkMembers(t, ca.CreateClientCertificateResponse{}, response...)
	checkMembers(t, ca.CreateClientCertificateWithCsrRequest{}, slices.Concat(san, []string{"Csr string"}, common)...)
	checkMembers(t, ca.CreateClientCertificateWithCsrResponse{}, slices.Concat(response, []string{"CertKmcRep1 string", "CertSignBufKmc string"})...)
	for _, value := range []any{
		ca.CreateServerCertificateRequest{}, ca.CreateServerCertificateResponse{}, ca.CreateClientCertificateRequest{},
		ca.CreateClientCertificateResponse{}, ca.CreateClientCertificateWithCsrRequest{}, ca.CreateClientCertificateWithCsrResponse{},
	} {
		checkEmpty(t, value, "{}")
	}
	text, err := json.Marshal(fullClientRequest(t, algorithm.ECC_256, authorityOf(algorithm.ECC_256).issuer))
	if err != nil {
		t.Fatal(err)
	}
	checkRoundTrip[clientRequest](t, text)
	checkRoundTrip[ca.CreateClientCertificateWithCsrResponse](t, []byte(`{"X509Certificate":"a","CertificateChain":"b","Identifier":"c","SerialNumber":"d",
		"RequestId":"e","CertKmcRep1":"f","CertSignBufKmc":"g"}`))
}

// A CSR's block is not confused with what it is signed into.
func TestCreateClientCertificateWithCsrAnyTool(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	text := hostCSR(t, algorithm.ECC_256, "zhang")
	want, _, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, clientCSRRequest(issuer, text))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(text))
	block.Type = "NEW CERTIFICATE REQUEST"
	for what, other := range map[string]string{
		"CRLF":              strings.ReplaceAll(text, "\n", "\r\n"),
		"another label":     string(pem.EncodeToMemory(block)),
		"a byte-order mark": "\ufeff" + text,
	} {
		got, _, err := ca.CreateClientCertificateWithCsr(testutil.Seeded(), instant, issuer, clientCSRRequest(issuer, other))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: another certificate (-want +got):\n%s", what, diff)
		}
	}
}
