package ca_test

import (
	"crypto"
	"crypto/md5"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	cryptobyteasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A leafRequest is one of the three requests that these tests have in common.
type leafRequest interface{ Validate() error }

// A leafOperation is one of the operations that issue for servers and clients,
// as far as they are alike.
type leafOperation struct {
	name    string
	withCSR bool
	// request returns a valid one with the common name zhang.example.com.
	request func(t testing.TB, a algorithm.Algorithm, issuer *ca.Issuer) leafRequest
	// call returns the results that are not nil.
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
		t.Errorf("results with an error: %v, %x", results, der)
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

// A refusedLeafRequest is one row of refusedLeafRequests.
type refusedLeafRequest struct {
	name      string
	change    fields
	code      yuncert.Code
	parameter string
	mention   string
}

// refusedLeafRequests are changes to the valid requests of all leafOperations
// after which they are refused. FuzzLeafRequestsJSON starts from them too.
func refusedLeafRequests() []refusedLeafRequest {
	before := instant.Unix()
	return []refusedLeafRequest{
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
		{"ParentIdentifier is required", fields{"ParentIdentifier": ""}, missing, "ParentIdentifier", "ParentIdentifier is mandatory for this action."},
		{"no validity", fields{"Days": 0}, missing, "Days", "Days is mandatory for this action."},
		{"only BeforeTime", fields{"Days": 0, "BeforeTime": before}, malformed, "AfterTime", "both"},
		{"only AfterTime", fields{"Days": 0, "AfterTime": before}, malformed, "BeforeTime", "both"},
		{"only BeforeTime, with Days", fields{"BeforeTime": before}, malformed, "AfterTime", "both"},
		{"end at the start", fields{"Days": 0, "BeforeTime": before, "AfterTime": before}, malformed, "AfterTime", fmt.Sprint(before)},
		{"Years below zero", fields{"Years": -1}, malformed, "Years", "-1"},
		{"Months below zero", fields{"Months": -1}, malformed, "Months", "-1"},
		{"Days below zero", fields{"Days": -1}, malformed, "Days", "-1"},
		{"Years at the top of its type", fields{"Years": math.MaxInt32}, malformed, "Years", "2147483647"},
		{"AfterTime in milliseconds", fields{"BeforeTime": before, "AfterTime": (before + 60) * 1000}, malformed, "AfterTime", fmt.Sprint((before + 60) * 1000)},
		{"Immediately below zero", fields{"Immediately": -1}, malformed, "Immediately", "-1"},
		{"Immediately 3", fields{"Immediately": 3}, malformed, "Immediately", "3"},
		{"EnableCrl below zero", fields{"EnableCrl": -1}, malformed, "EnableCrl", "-1"},
		{"EnableCrl 2", fields{"EnableCrl": 2}, malformed, "EnableCrl", "2"},
		{"101 tags", fields{"Tags": tags(101)}, malformed, "Tags", "101"},
		{"CustomIdentifier of 256 characters", fields{"CustomIdentifier": testutil.Chinese(256)}, malformed, "CustomIdentifier", "up to 255 characters"},
		{"a newline in CustomIdentifier", fields{"CustomIdentifier": "a\nb"}, malformed, "CustomIdentifier", "control characters"},
	}
}

// The refusals that the three operations share. The rules are in
// docs/operations.md, under CreateServerCertificateWithCsr.
func TestLeafOperationsRefuseRequest(t *testing.T) {
	t.Parallel()
	for _, o := range leafOperations {
		for _, tt := range refusedLeafRequests() {
			t.Run(o.name+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				issuer := authorityOf(algorithm.ECC_256).issuer
				req := o.request(t, algorithm.ECC_256, issuer)
				tt.change.set(req)
				testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
				o.refuses(t, instant, issuer, req, tt.code, tt.parameter, tt.mention)
				o.refuses(t, instant, nil, req, tt.code, tt.parameter, tt.mention) // the request is checked first
			})
		}
	}
}

// What the issuer refuses in every operation.
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
			{"no CA", nil, instant, nil, yuncert.ErrNotFound, "ParentIdentifier", "no issuing CA"},
			{"an unknown ParentIdentifier", au.issuer, instant, fields{"ParentIdentifier": "270oe6bb538d538c70c01f81hfd3****"}, yuncert.ErrNotFound, "ParentIdentifier", "270oe6bb538d538c70c01f81hfd3****"},
			{"a root CA", au.rootIssuer, instant, nil, refused, "ParentIdentifier", "root"},
			{"a CA for the other use", usages(other[client], "codeSigning"), instant, nil, refused, "ParentIdentifier", "exclude " + own[client]},
			{"another family", authorityOf(algorithm.SM2_256).issuer, instant, nil, refused, keyParameter, "ECC_256"},
			{"a second before the CA begins", au.issuer, instant.Add(-time.Second), nil, yuncert.ErrCertificateExpired, "ParentIdentifier", "2026-03-04T05:06:06Z"},
			{"a second after the CA's end", au.issuer, caEnd.Add(time.Second), nil, yuncert.ErrCertificateExpired, "ParentIdentifier", "2031-03-04T05:06:08Z"},
			{"beyond the CA's end", au.issuer, instant, fields{"Days": 0, "Months": 61}, refused, "Months", "2031-04-04T05:06:07Z"},
			{"before the CA's start", au.issuer, instant, fields{"BeforeTime": instant.Unix() - 1, "AfterTime": instant.Unix() + 1}, refused, "BeforeTime", "2026-03-04T05:06:06Z"},
			{"no CRL", au.issuerWith(t, ca.IssuerOptions{}), instant, fields{"EnableCrl": 1}, refused, "EnableCrl", "CRLBase"},
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
	// The common name of a client is not an alternative name, and yet OpenSSL
	// refuses one that reads like a host outside of the constraints.
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

// Immediately selects what the response contains. It never contains the key.
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

// With AsynchronousFlag the response has only Identifier and RequestId, and der is the
// same certificate. What is wrong is refused as without it.
func TestLeafOperationsAsynchronousFlag(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	for _, o := range leafOperations {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			checkAsynchronous(t, func(immediately int32, asynchronous bool) (any, []byte, error) {
				req := o.request(t, algorithm.ECC_256, issuer)
				fields{"Immediately": immediately, "AsynchronousFlag": asynchronous}.set(req)
				results, der, err := o.call(testutil.Seeded(), instant, issuer, req)
				if len(results) == 0 {
					return nil, der, err
				}
				return results[0], der, err
			})
		})
	}
	t.Run("CreateServerCertificateWithCsr", func(t *testing.T) {
		t.Parallel()
		text := hostCSR(t, algorithm.ECC_256, "www.example.com")
		checkAsynchronous(t, func(immediately int32, asynchronous bool) (any, []byte, error) {
			req := serverRequest(issuer, text)
			req.Immediately, req.AsynchronousFlag = immediately, asynchronous
			return ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, issuer, req)
		})
	})
}

// checkAsynchronous compares calls with AsynchronousFlag and a call without it.
func checkAsynchronous(t *testing.T, call func(immediately int32, asynchronous bool) (resp any, der []byte, err error)) {
	t.Helper()
	_, der, err := call(2, false)
	if err != nil {
		t.Fatal(err)
	}
	serial := parse(t, der).SerialNumber
	for immediately := range int32(3) {
		resp, der, err := call(immediately, true)
		if err != nil {
			t.Fatal(err)
		}
		if parse(t, der).SerialNumber.Cmp(serial) != 0 {
			t.Errorf("Immediately %d: der is another certificate", immediately)
		}
		text, err := json.Marshal(resp)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if !testutil.RequestIDForm.MatchString(got["RequestId"]) {
			t.Errorf("Immediately %d: RequestId %q", immediately, got["RequestId"])
		}
		delete(got, "RequestId")
		sum := md5.Sum(der)
		if diff := cmp.Diff(map[string]string{"Identifier": hex.EncodeToString(sum[:])}, got); diff != "" {
			t.Errorf("Immediately %d: response mismatch (-want +got):\n%s", immediately, diff)
		}
	}
	_, der, err = call(3, true)
	testutil.CheckError(t, err, malformed, "Immediately", "3")
	if der != nil {
		t.Error("a certificate with an error")
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
						t.Errorf("results %v, %x with the error %v", results, der, err)
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

// The documented members.
func TestLeafOperationsMembers(t *testing.T) {
	t.Parallel()
	common := []string{
		"Organization string", "OrganizationUnit string", "Country string", "CommonName string", "State string", "Locality string",
		"Algorithm string", "ParentIdentifier string", "Years int32", "Months int32", "Days int32", "BeforeTime int64", "AfterTime int64",
		"Immediately int32", "EnableCrl int64", "Tags []ca.Tag", "ResourceGroupId string",
		"CustomIdentifier string", "AsynchronousFlag bool",
	}
	response := []string{"X509Certificate string", "CertificateChain string", "Identifier string", "SerialNumber string", "RequestId string"}
	san := []string{"SanType int32", "SanValue string"}
	checkMembers(t, ca.CreateServerCertificateRequest{}, append([]string{"Domain string"}, common...)...)
	checkMembers(t, ca.CreateServerCertificateResponse{}, response...)
	checkMembers(t, ca.CreateClientCertificateRequest{}, slices.Concat(san, common, []string{"AliasName string", "ClientToken string"})...)
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

// A certificate with a CA's own subject would count as self-issued (RFC 5280,
// section 3.2), which path length and name constraints treat apart.
func TestSubjectOfACA(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for _, above := range []string{au.sub.Certificate, au.root.Certificate} {
		text := makeCSR(t, key(algorithm.ECC_256, 2), parsePEM(t, above).RawSubject)
		req := serverRequest(au.issuer, text)
		req.Domain = "www.example.com"
		checkRefused(t, instant, au.issuer, req, refused, "Csr", "a CA's own")
	}
	root := parsePEM(t, au.root.Certificate).Subject
	req := subRequest(algorithm.ECC_256)
	req.CommonName, req.Organization, req.OrganizationUnit = root.CommonName, root.Organization[0], root.OrganizationalUnit[0]
	req.Locality, req.State, req.CountryCode = root.Locality[0], root.Province[0], strings.Join(root.Country, "")
	_, err := ca.CreateSubCACertificate(testutil.Seeded(), instant, au.rootIssuer, au.subKey.Public(), req)
	testutil.CheckError(t, err, refused, "CommonName", "a CA's own")
}

// RFC 5280, section 7.1: letter case and repeated spaces do not tell names apart.
func TestSubjectOfACASpelledOtherwise(t *testing.T) {
	t.Parallel()
	a := algorithm.ECC_256
	au := authorityOf(a)
	for _, sub := range []struct {
		commonName string
		ok         bool
	}{
		{"Test Sub CA", false}, {"test sub ca", false}, {"TEST  Sub   CA", false}, {"Test SubCA", true}, {"Test Sub CA 2", true},
	} {
		above := parsePEM(t, au.sub.Certificate).Subject
		parameters := func(parameter, csr string) {
			req := serverRequest(au.issuer, csr)
			req.CommonName, req.Organization, req.OrganizationUnit = sub.commonName, above.Organization[0], strings.Join(above.OrganizationalUnit, "")
			req.Locality, req.State, req.Country = above.Locality[0], above.Province[0], above.Country[0]
			_, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, au.issuer, req)
			if sub.ok && err != nil {
				t.Errorf("%q: %v", sub.commonName, err)
			} else if !sub.ok {
				testutil.CheckError(t, err, refused, parameter, "a CA's own")
			}
		}
		parameters("CommonName", hostCSR(t, a, "", "www.example.com"))
		parameters("Csr", hostCSR(t, a, sub.commonName, "www.example.com"))
	}
}

// The same for letters, spaces and invisible characters beyond ASCII (RFC 4518):
// the CA has one spelling and the request the other.
func TestSubjectOfACASpelledInUnicode(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for _, tt := range []struct {
		issuer, asked string
		ok            bool
	}{
		{"Straße CA", "STRASSE CA", false},
		{"STRASSE CA", "straße ca", false},
		{"Société CA", "Socie\u0301te\u0301 CA", false},
		{"Acme CA", "Acme\u00a0CA", false},
		{"Acme CA", "Acme\u3000CA", false},
		{"Acme CA", "\uff21cme CA", false},
		{"Certificate CA", "Certi\ufb01cate CA", false},
		{"Acme CA", "Ac\u200cme\ufe0f CA", false}, // other invisible characters are refused anyway
		{"云证 CA", "云\u200d证 ca", false},
		{"Société CA", "Societe CA", true},
		{"云证 CA", "云証 CA", true},
	} {
		t.Run(fmt.Sprintf("%+q under %+q", tt.asked, tt.issuer), func(t *testing.T) {
			t.Parallel()
			issuer := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.CommonName = tt.issuer })
			subject := parsePEM(t, au.sub.Certificate).Subject
			req := serverRequest(issuer, hostCSR(t, algorithm.ECC_256, tt.asked, "www.example.com"))
			req.Organization, req.OrganizationUnit = subject.Organization[0], strings.Join(subject.OrganizationalUnit, "")
			req.Locality, req.State, req.Country = subject.Locality[0], subject.Province[0], subject.Country[0]
			if tt.ok {
				issue(t, issuer, req)
				return
			}
			checkRefused(t, instant, issuer, req, refused, "Csr", "a CA's own")
		})
	}
}

// Attributes that a foreign CA has in string types that RFC 5280, section
// 4.1.2.6, does not allow become UTF8Strings in the certificates below it.
func TestSubjectBelowAForeignCA(t *testing.T) {
	t.Parallel()
	a := algorithm.ECC_256
	rootKey, subKey := key(a, 0), key(a, 1)
	signer, err := x509der.NewSigner(rootKey)
	if err != nil {
		t.Fatal(err)
	}
	root := sign(t, caTemplate("Root"), caTemplate("Root"), rootKey.Public(), rootKey)
	der, err := x509der.MarshalCertificate(nil, signer, &x509der.Template{
		SerialNumber: []byte{2}, Issuer: parsePEM(t, root).RawSubject, NotBefore: instant, NotAfter: caEnd,
		Subject: x509der.Name{
			{Type: x509der.Country, Tag: cryptobyteasn1.UTF8String, Value: "cn"}, {Type: x509der.Locality, Tag: cryptobyteasn1.IA5String, Value: "Hangzhou"},
			{Type: x509der.State, Tag: asn.BMPString, Value: "\x4e\x91"},
			x509der.Text(x509der.CommonName, "Sub"),
		},
		PublicKey: testkeys.PublicDER(t, subKey.Public()), CA: true, PathLen: -1, KeyUsage: x509.KeyUsageCertSign,
	})
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := ca.NewIssuer(testutil.EncodePEM("CERTIFICATE", der)+root, subKey, ca.IssuerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := issue(t, issuer, serverRequest(issuer, hostCSR(t, a, "www.example.com"))).RawSubject
	want := asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.UTF8(asn.OIDState, "云"), asn.UTF8(asn.OIDLocality, "Hangzhou"),
		asn.Printable(asn.OIDOrganization, "Alibaba Inc."), asn.Printable(asn.OIDUnit, "Aliyun CDN"), asn.UTF8(asn.OIDCommonName, "www.example.com"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("subject mismatch (-want +got):\n%s", diff)
	}
}
