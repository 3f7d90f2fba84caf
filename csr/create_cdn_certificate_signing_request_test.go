package csr_test

import (
	"crypto"
	"crypto/md5"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// cdnRequest keeps the rows of the tables readable.
type cdnRequest = csr.CreateCdnCertificateSigningRequestRequest

// newCdnRequest is a valid request: the examples of the document.
func newCdnRequest() *cdnRequest {
	return &cdnRequest{
		CommonName: "CommonName", SANs: "example.com", Organization: "Alibaba Inc", OrganizationUnit: "Aliyun CDN",
		Country: "CN", State: "Zhejiang", City: "Hangzhou", Email: "username@example.com",
	}
}

// A refusedCdnRequest is one row of refusedCdnRequests.
type refusedCdnRequest struct {
	name      string
	change    func(*cdnRequest)
	code      yuncert.Code
	parameter string
	message   string // where a document gives it
}

// refusedCdnRequests are changes to a valid request after which it is refused.
// FuzzCreateCdnCertificateSigningRequestRequestJSON starts from them too.
func refusedCdnRequests() []refusedCdnRequest {
	const missing, malformed = yuncert.ErrMissingParameter, yuncert.ErrInvalidValueMalformed
	const country = "Country must be 2 characters."
	return []refusedCdnRequest{
		// Only CommonName is mandatory. Empty counts as absent.
		{"no common name", func(r *cdnRequest) { r.CommonName = "" }, missing, "CommonName", "CommonName is mandatory for this action."},
		{"nothing", func(r *cdnRequest) { *r = cdnRequest{} }, missing, "CommonName", "CommonName is mandatory for this action."},

		// The country, with the documented message.
		{"country of one letter", func(r *cdnRequest) { r.Country = "C" }, malformed, "Country", country},
		{"country of three letters", func(r *cdnRequest) { r.Country = "CHN" }, malformed, "Country", country},
		{"country in words", func(r *cdnRequest) { r.Country = "China" }, malformed, "Country", country},
		{"country in Chinese", func(r *cdnRequest) { r.Country = "中国" }, malformed, "Country", country},
		{"country of two octets", func(r *cdnRequest) { r.Country = "é" }, malformed, "Country", country},
		{"country of two spaces", func(r *cdnRequest) { r.Country = "  " }, malformed, "Country", country},
		{"country with a digit", func(r *cdnRequest) { r.Country = "C1" }, malformed, "Country", country},
		{"country with a hyphen", func(r *cdnRequest) { r.Country = "C-" }, malformed, "Country", country},
		{"country with NUL", func(r *cdnRequest) { r.Country = "C\x00" }, malformed, "Country", country},
		{"country with an outer space", func(r *cdnRequest) { r.Country = "CN " }, malformed, "Country", country},
		{"country not UTF-8", func(r *cdnRequest) { r.Country = "\xc3N" }, malformed, "Country", country},

		// bounds and characters.
		{"common name of 65", func(r *cdnRequest) { r.CommonName = strings.Repeat("a", 65) }, malformed, "CommonName", ""},
		{"common name of 65 in Chinese", func(r *cdnRequest) { r.CommonName = testutil.Chinese(65) }, malformed, "CommonName", ""},
		{"common name with NUL", func(r *cdnRequest) { r.CommonName = "example.com\x00" }, malformed, "CommonName", ""},
		{"common name with a line break at the end", func(r *cdnRequest) { r.CommonName = "example.com\n" }, malformed, "CommonName", ""},
		{"common name not UTF-8", func(r *cdnRequest) { r.CommonName = "\xc0\x80" }, malformed, "CommonName", ""},
		{"common name with a space before", func(r *cdnRequest) { r.CommonName = " example.com" }, malformed, "CommonName", ""},
		{"common name *.com", func(r *cdnRequest) { r.CommonName = "*.com" }, malformed, "CommonName", ""},
		{"common name a.*.com", func(r *cdnRequest) { r.CommonName = "a.*.com" }, malformed, "CommonName", ""},
		{"organization of 65", func(r *cdnRequest) { r.Organization = strings.Repeat("a", 65) }, malformed, "Organization", ""},
		{"organization of 65 in Chinese", func(r *cdnRequest) { r.Organization = testutil.Chinese(65) }, malformed, "Organization", ""},
		{"organization of a space", func(r *cdnRequest) { r.Organization = " " }, malformed, "Organization", ""},
		{"organization with a line break", func(r *cdnRequest) { r.Organization = "a\nb" }, malformed, "Organization", ""},
		{"unit of 65 in Chinese", func(r *cdnRequest) { r.OrganizationUnit = testutil.Chinese(65) }, malformed, "OrganizationUnit", ""},
		{"unit with NUL", func(r *cdnRequest) { r.OrganizationUnit = "\x00" }, malformed, "OrganizationUnit", ""},
		{"state of 129 in Chinese", func(r *cdnRequest) { r.State = testutil.Chinese(129) }, malformed, "State", ""},
		{"state with an outer space", func(r *cdnRequest) { r.State = "Zhejiang " }, malformed, "State", ""},
		{"city of 129 in Chinese", func(r *cdnRequest) { r.City = testutil.Chinese(129) }, malformed, "City", ""},
		{"city not UTF-8", func(r *cdnRequest) { r.City = "\xba\xbc\xd6\xdd" /* GBK */ }, malformed, "City", ""},

		// the address is an IA5String, its form is free.
		{"e-mail of 256", func(r *cdnRequest) { r.Email = strings.Repeat("a", 256) }, malformed, "Email", ""},
		{"e-mail in Chinese", func(r *cdnRequest) { r.Email = "用户@example.com" }, malformed, "Email", ""},
		{"e-mail with a space", func(r *cdnRequest) { r.Email = "user name@example.com" }, malformed, "Email", ""},
		{"e-mail of a space", func(r *cdnRequest) { r.Email = " " }, malformed, "Email", ""},
		{"e-mail with a line break", func(r *cdnRequest) { r.Email = "a@example.com\r\nBcc: b@example.com" }, malformed, "Email", ""},
		{"e-mail with NUL", func(r *cdnRequest) { r.Email = "a@example.com\x00" }, malformed, "Email", ""},
		{"e-mail not UTF-8", func(r *cdnRequest) { r.Email = "\xe9@example.com" }, malformed, "Email", ""},

		// The names.
		{"name with a space", func(r *cdnRequest) { r.SANs = "a b.example.com" }, malformed, "SANs", ""},
		{"names separated by spaces", func(r *cdnRequest) { r.SANs = "a.example.com b.example.com" }, malformed, "SANs", ""},
		{"name *.com", func(r *cdnRequest) { r.SANs = "*.com" }, malformed, "SANs", ""},
		{"name *.*", func(r *cdnRequest) { r.SANs = "*.*" }, malformed, "SANs", ""},
		{"name *a.example.com", func(r *cdnRequest) { r.SANs = "*a.example.com" }, malformed, "SANs", ""},
		{"name with an underscore", func(r *cdnRequest) { r.SANs = "_dmarc.example.com" }, malformed, "SANs", ""},
		{"name with a dot at the end", func(r *cdnRequest) { r.SANs = "example.com." }, malformed, "SANs", ""},
		{"name that is a URL", func(r *cdnRequest) { r.SANs = "http://example.com" }, malformed, "SANs", ""},
		{"name with a port", func(r *cdnRequest) { r.SANs = "example.com:80" }, malformed, "SANs", ""},
		{"name with NUL", func(r *cdnRequest) { r.SANs = "example.com\x00" }, malformed, "SANs", ""},
		{"name not UTF-8", func(r *cdnRequest) { r.SANs = "\xff" }, malformed, "SANs", ""},
		{"address with a zone", func(r *cdnRequest) { r.SANs = "fe80::1%1" }, malformed, "SANs", ""},
		{"251 names", func(r *cdnRequest) { r.SANs = strings.Join(testutil.NumberedNames(251), ",") }, malformed, "SANs", ""},

		// The first problem in the document's order is the one reported.
		{"common name before names", func(r *cdnRequest) { r.CommonName, r.SANs = "", "*" }, missing, "CommonName", ""},
		{"names before organization", func(r *cdnRequest) { r.SANs, r.Organization = "*", "\n" }, malformed, "SANs", ""},
		{"organization before unit", func(r *cdnRequest) { r.Organization, r.OrganizationUnit = "\n", "\n" }, malformed, "Organization", ""},
		{"unit before country", func(r *cdnRequest) { r.OrganizationUnit, r.Country = "\n", "CHN" }, malformed, "OrganizationUnit", ""},
		{"country before state", func(r *cdnRequest) { r.Country, r.State = "CHN", "\n" }, malformed, "Country", country},
		{"state before city", func(r *cdnRequest) { r.State, r.City = "\n", "\n" }, malformed, "State", ""},
		{"city before e-mail", func(r *cdnRequest) { r.City, r.Email = "\n", "\n" }, malformed, "City", ""},
	}
}

// The comments number the rules of CreateCdnCertificateSigningRequest in
// docs/operations.md.
func TestCreateCdnCertificateSigningRequestRefusals(t *testing.T) {
	t.Parallel()
	key := testkeys.Key(algorithm.RSA_2048, 0)
	for _, tt := range refusedCdnRequests() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := newCdnRequest()
			tt.change(req)
			sent := *req

			testutil.CheckMessage(t, req.Validate(), tt.code, tt.parameter, tt.message)
			resp, made, err := csr.CreateCdnCertificateSigningRequest(testutil.Untouched(t), req)
			if resp != nil || made != nil {
				t.Errorf("results %v and %v with the error", resp, made)
			}
			testutil.CheckMessage(t, err, tt.code, tt.parameter, tt.message)
			resp, err = csr.CreateCdnCertificateSigningRequestWithKey(testutil.Untouched(t), key, req)
			if resp != nil {
				t.Errorf("a response %v with the error", resp)
			}
			testutil.CheckMessage(t, err, tt.code, tt.parameter, tt.message)
			// The request is checked before the key.
			_, err = csr.CreateCdnCertificateSigningRequestWithKey(testutil.Untouched(t), nil, req)
			testutil.CheckMessage(t, err, tt.code, tt.parameter, tt.message)
			if *req != sent {
				t.Error("the request was modified")
			}
		})
	}
}

func TestCreateCdnCertificateSigningRequestNilRequest(t *testing.T) {
	t.Parallel()
	const code, message = yuncert.ErrMissingParameter, "CommonName is mandatory for this action."
	var req *cdnRequest
	testutil.CheckMessage(t, req.Validate(), code, "CommonName", message)
	resp, made, err := csr.CreateCdnCertificateSigningRequest(testutil.Untouched(t), nil)
	testutil.CheckMessage(t, err, code, "CommonName", message)
	if resp != nil || made != nil {
		t.Errorf("results %v and %v with the error", resp, made)
	}
	resp, err = csr.CreateCdnCertificateSigningRequestWithKey(testutil.Untouched(t), testkeys.Key(algorithm.RSA_2048, 0), nil)
	testutil.CheckMessage(t, err, code, "CommonName", message)
	if resp != nil {
		t.Errorf("a response %v with the error", resp)
	}
}

func TestCreateCdnCertificateSigningRequestWithKey(t *testing.T) {
	t.Parallel()
	subject := func(change func(map[string][]byte)) []byte {
		m := map[string][]byte{
			"C": asn.Printable(asn.OIDCountry, "CN"), "ST": asn.Printable(asn.OIDState, "Zhejiang"), "L": asn.Printable(asn.OIDLocality, "Hangzhou"),
			"O": asn.Printable(asn.OIDOrganization, "Alibaba Inc"), "OU": asn.Printable(asn.OIDUnit, "Aliyun CDN"),
			"CN": asn.Printable(asn.OIDCommonName, "CommonName"), "emailAddress": asn.IA5(asn.OIDEmail, "username@example.com"),
		}
		if change != nil {
			change(m)
		}
		var rdns [][]byte
		for _, name := range []string{"C", "ST", "L", "O", "OU", "CN", "emailAddress"} { // this order
			if r, ok := m[name]; ok {
				rdns = append(rdns, r)
			}
		}
		return asn.Name(rdns...)
	}
	tests := []struct {
		name    string
		change  func(*cdnRequest)
		subject func(map[string][]byte) // the change to the subject
		names   []string                // "commonname" and "example.com" if nil
	}{
		{"the document's examples", func(r *cdnRequest) {}, nil, nil},
		// All defaults at once, then one by one.
		{"only the common name", func(r *cdnRequest) { *r = cdnRequest{CommonName: "www.example.com"} }, func(m map[string][]byte) {
			m["CN"], m["O"] = asn.Printable(asn.OIDCommonName, "www.example.com"), asn.Printable(asn.OIDOrganization, "Alibaba Inc.")
			delete(m, "emailAddress")
		}, []string{"www.example.com"}},
		{"default organization", func(r *cdnRequest) { r.Organization = "" }, func(m map[string][]byte) { m["O"] = asn.Printable(asn.OIDOrganization, "Alibaba Inc.") }, nil},
		{"default unit", func(r *cdnRequest) { r.OrganizationUnit = "" }, nil, nil},
		{"default country", func(r *cdnRequest) { r.Country = "" }, nil, nil},
		{"default state", func(r *cdnRequest) { r.State = "" }, nil, nil},
		{"default city", func(r *cdnRequest) { r.City = "" }, nil, nil},
		{"no e-mail", func(r *cdnRequest) { r.Email = "" }, func(m map[string][]byte) { delete(m, "emailAddress") }, nil},
		// ... and none of them where a value is given.
		{"organization", func(r *cdnRequest) { r.Organization = "Example & Söhne" }, func(m map[string][]byte) { m["O"] = asn.UTF8(asn.OIDOrganization, "Example & Söhne") }, nil},
		{"unit", func(r *cdnRequest) { r.OrganizationUnit = "Web_Team" }, func(m map[string][]byte) { m["OU"] = asn.UTF8(asn.OIDUnit, "Web_Team") }, nil},
		{"country", func(r *cdnRequest) { r.Country = "US" }, func(m map[string][]byte) { m["C"] = asn.Printable(asn.OIDCountry, "US") }, nil},
		{"country in lower case", func(r *cdnRequest) { r.Country = "sg" }, func(m map[string][]byte) { m["C"] = asn.Printable(asn.OIDCountry, "SG") }, nil},
		{"state", func(r *cdnRequest) { r.State = "浙江" }, func(m map[string][]byte) { m["ST"] = asn.UTF8(asn.OIDState, "浙江") }, nil},
		{"city", func(r *cdnRequest) { r.City = "St. John's" }, func(m map[string][]byte) { m["L"] = asn.Printable(asn.OIDLocality, "St. John's") }, nil},
		// the example of the older document is not an address.
		{"e-mail xxx.com", func(r *cdnRequest) { r.Email = "xxx.com" }, func(m map[string][]byte) { m["emailAddress"] = asn.IA5(asn.OIDEmail, "xxx.com") }, nil},
		{"e-mail of 255", func(r *cdnRequest) { r.Email = strings.Repeat("~", 255) }, func(m map[string][]byte) { m["emailAddress"] = asn.IA5(asn.OIDEmail, strings.Repeat("~", 255)) }, nil},
		// bounds.
		{"common name of 64 in Chinese", func(r *cdnRequest) { r.CommonName = testutil.Chinese(64) }, func(m map[string][]byte) { m["CN"] = asn.UTF8(asn.OIDCommonName, testutil.Chinese(64)) }, []string{"example.com"}},
		{"organization of 64 in Chinese", func(r *cdnRequest) { r.Organization = testutil.Chinese(64) }, func(m map[string][]byte) { m["O"] = asn.UTF8(asn.OIDOrganization, testutil.Chinese(64)) }, nil},
		{"unit of 64", func(r *cdnRequest) { r.OrganizationUnit = strings.Repeat("a", 64) }, func(m map[string][]byte) { m["OU"] = asn.Printable(asn.OIDUnit, strings.Repeat("a", 64)) }, nil},
		{"state of 128 in Chinese", func(r *cdnRequest) { r.State = testutil.Chinese(128) }, func(m map[string][]byte) { m["ST"] = asn.UTF8(asn.OIDState, testutil.Chinese(128)) }, nil},
		{"city of 128 in Chinese", func(r *cdnRequest) { r.City = testutil.Chinese(128) }, func(m map[string][]byte) { m["L"] = asn.UTF8(asn.OIDLocality, testutil.Chinese(128)) }, nil},
		// The names. The sample request of the older document.
		{"xx.com,xxx.xx.com", func(r *cdnRequest) { r.SANs = "xx.com,xxx.xx.com" }, nil, []string{"commonname", "xx.com", "xxx.xx.com"}},
		{"no names", func(r *cdnRequest) { r.SANs = "" }, nil, []string{"commonname"}},
		{"no names at all", func(r *cdnRequest) { r.CommonName, r.SANs = "Common Name", "" }, func(m map[string][]byte) { m["CN"] = asn.Printable(asn.OIDCommonName, "Common Name") }, []string{}},
		{"empty entries, spaces, repeats", func(r *cdnRequest) { r.SANs = " b.example.com,,a.example.com , b.example.com,commonname" }, nil, []string{"commonname", "b.example.com", "a.example.com"}},
		{"wildcard, addresses, IDN", func(r *cdnRequest) { r.SANs = "*.example.com,192.0.2.1,2001:db8::1,例子.公司" }, nil, []string{"commonname", "*.example.com", "192.0.2.1", "2001:db8::1", "xn--fsqu00a.xn--55qx5d"}},
		{"wildcard common name", func(r *cdnRequest) { r.CommonName = "*.example.com" }, func(m map[string][]byte) { m["CN"] = asn.UTF8(asn.OIDCommonName, "*.example.com") }, []string{"*.example.com", "example.com"}},
		{"250 names", func(r *cdnRequest) { r.SANs = strings.Join(testutil.NumberedNames(250), ",") }, nil, append([]string{"commonname"}, testutil.NumberedNames(250)...)},
	}
	key := testkeys.Key(algorithm.RSA_2048, 0)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := newCdnRequest()
			tt.change(req)
			sent := *req
			if err := req.Validate(); err != nil {
				t.Fatalf("Validate: %v", err)
			}
			resp, err := csr.CreateCdnCertificateSigningRequestWithKey(testutil.Seeded(), key, req)
			if err != nil {
				t.Fatal(err)
			}
			names := tt.names
			if names == nil {
				names = []string{"commonname", "example.com"}
			}
			checkCSR(t, resp.Csr, key.Public(), algorithm.RSA_2048, subject(tt.subject), names)
			checkCdnResponse(t, resp, req)
			if *req != sent {
				t.Error("the request was modified")
			}
		})
	}
}

func checkCdnResponse(t *testing.T, resp *csr.CreateCdnCertificateSigningRequestResponse, req *cdnRequest) {
	t.Helper()
	if !testutil.RequestIDForm.MatchString(resp.RequestId) {
		t.Errorf("RequestId %q is not an upper-case random UUID", resp.RequestId)
	}
	if resp.CommonName != req.CommonName {
		t.Errorf("CommonName %q, want %q", resp.CommonName, req.CommonName)
	}
	r, err := csr.Parse([]byte(resp.Csr))
	if err != nil {
		t.Fatal(err)
	}
	// The MD5 of the SubjectPublicKeyInfo, in lower case.
	sum := md5.Sum(r.RawSubjectPublicKeyInfo)
	if want := hex.EncodeToString(sum[:]); resp.PubMd5 != want {
		t.Errorf("PubMd5 %q, want %q", resp.PubMd5, want)
	}
}

// cdnDocumentSubject is the subject of newCdnRequest.
func cdnDocumentSubject() []byte {
	return asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.Printable(asn.OIDLocality, "Hangzhou"),
		asn.Printable(asn.OIDOrganization, "Alibaba Inc"), asn.Printable(asn.OIDUnit, "Aliyun CDN"), asn.Printable(asn.OIDCommonName, "CommonName"),
		asn.IA5(asn.OIDEmail, "username@example.com"))
}

func TestCreateCdnCertificateSigningRequestGolden(t *testing.T) {
	t.Parallel()
	key := testkeys.Key(algorithm.RSA_2048, 0)
	first, err := csr.CreateCdnCertificateSigningRequestWithKey(testutil.Seeded(), key, newCdnRequest())
	if err != nil {
		t.Fatal(err)
	}
	again, err := csr.CreateCdnCertificateSigningRequestWithKey(testutil.Seeded(), key, newCdnRequest())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("two calls differ (-first +second):\n%s", diff)
	}
	// Made with openssl pkey -pubout -outform DER | openssl md5 from the test key.
	if want := "eb8a6d6c227e300d243c9f999337e437"; first.PubMd5 != want {
		t.Errorf("PubMd5 %q, want openssl's %q", first.PubMd5, want)
	}
	text, err := json.MarshalIndent(first, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "golden/CreateCdnCertificateSigningRequest-RSA_2048.json", string(text)+"\n")
}

// The key is made here: that is the point. RSA of 2048 bits is what the length
// of the published samples says.
func TestCreateCdnCertificateSigningRequest(t *testing.T) {
	t.Parallel()
	req := newCdnRequest()
	sent := *req
	resp, key, err := csr.CreateCdnCertificateSigningRequest(testutil.Seeded(), req)
	if err != nil {
		t.Fatal(err)
	}
	if pub, ok := key.Public().(*rsa.PublicKey); !ok || pub.N.BitLen() != 2048 || pub.E != 65537 {
		t.Errorf("the key is %v with %v, want RSA 2048 with the exponent 65537", key, key.Public())
	}
	checkCSR(t, resp.Csr, key.Public(), algorithm.RSA_2048, cdnDocumentSubject(), []string{"commonname", "example.com"})
	checkCdnResponse(t, resp, req)
	if *req != sent {
		t.Error("the request was modified")
	}
	// The private key is returned next to the response. The caller can keep it.
	text, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	back, err := algorithm.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	if md5, err := algorithm.PubMd5(back.Public()); err != nil || md5 != resp.PubMd5 {
		t.Errorf("the kept key has the PubMd5 %q (%v), want %q", md5, err, resp.PubMd5)
	}
}

func TestCreateCdnCertificateSigningRequestWithKeyCreateCSRError(t *testing.T) {
	t.Parallel()
	signers := failingSigners(algorithm.RSA_2048)
	for _, name := range slices.Sorted(maps.Keys(signers)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, err := csr.CreateCdnCertificateSigningRequestWithKey(testutil.Seeded(), signers[name], newCdnRequest())
			testutil.CheckMessage(t, err, yuncert.ErrInternalCreateCSRError, "", "Failed to create CSR.")
			if resp != nil {
				t.Errorf("a response %v with the error", resp)
			}
			if name == "an error" && !errors.Is(err, testutil.ErrSigner) {
				t.Errorf("%v does not wrap the signer's error", err)
			}
		})
	}
}

func TestCreateCdnCertificateSigningRequestEncodeCSRError(t *testing.T) {
	t.Parallel()
	req := newCdnRequest()
	req.SANs = longNames(200, 253)
	resp, err := csr.CreateCdnCertificateSigningRequestWithKey(testutil.Seeded(), testkeys.Key(algorithm.RSA_2048, 0), req)
	testutil.CheckMessage(t, err, yuncert.ErrInternalEncodeCSRError, "", "Failed to encode CSR.")
	resp2, key, err := csr.CreateCdnCertificateSigningRequest(testutil.Seeded(), req)
	testutil.CheckMessage(t, err, yuncert.ErrInternalEncodeCSRError, "", "Failed to encode CSR.")
	if resp != nil || resp2 != nil || key != nil {
		t.Errorf("results %v, %v, %v with the error", resp, resp2, key)
	}
}

func TestCreateCdnCertificateSigningRequestInternalError(t *testing.T) {
	t.Parallel()
	const message = "The request processing has failed due to backend service exception."
	resp, key, err := csr.CreateCdnCertificateSigningRequest(testutil.Broken, newCdnRequest())
	testutil.CheckMessage(t, err, yuncert.ErrInternalError, "", message)
	if !errors.Is(err, testutil.ErrNoRandomness) {
		t.Errorf("%v does not wrap the error of rand", err)
	}
	resp2, err := csr.CreateCdnCertificateSigningRequestWithKey(testutil.Broken, testkeys.Key(algorithm.RSA_2048, 0), newCdnRequest())
	testutil.CheckMessage(t, err, yuncert.ErrInternalError, "", message)
	if resp != nil || key != nil || resp2 != nil {
		t.Errorf("results %v, %v, %v with the error", resp, key, resp2)
	}
}

func TestCreateCdnCertificateSigningRequestWithKeySigners(t *testing.T) {
	t.Parallel()
	own := testkeys.Key(algorithm.RSA_2048, 0)
	for name, signer := range map[string]crypto.Signer{
		"digests":          testutil.Opaque(own),
		"messages":         testutil.MessageOpaque(own),
		"standard library": parsePKCS8[crypto.Signer](t, testutil.FirstPEM(t, testkeys.PEM(algorithm.RSA_2048, 0))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, err := csr.CreateCdnCertificateSigningRequestWithKey(nil, signer, newCdnRequest())
			if err != nil {
				t.Fatal(err)
			}
			checkCSR(t, resp.Csr, own.Public(), algorithm.RSA_2048, cdnDocumentSubject(), []string{"commonname", "example.com"})
			checkCdnResponse(t, resp, newCdnRequest())
		})
	}
}
