package ca_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// A refusedRootRequest is one row of refusedRootRequests.
type refusedRootRequest struct {
	name      string
	change    func(*ca.CreateRootCACertificateRequest)
	code      yuncert.Code
	parameter string
	mention   string
}

// refusedRootRequests are changes to a valid request after which it is refused.
// FuzzCARequestsJSON starts from them too.
func refusedRootRequests() []refusedRootRequest {
	type request = ca.CreateRootCACertificateRequest
	return []refusedRootRequest{
		{"CommonName is required", func(r *request) { r.CommonName = "" }, missing, "CommonName", "CommonName is mandatory for this action."},
		{"Organization is required", func(r *request) { r.Organization = "" }, missing, "Organization", "Organization is mandatory for this action."},
		{"OrganizationUnit is required", func(r *request) { r.OrganizationUnit = "" }, missing, "OrganizationUnit", "OrganizationUnit is mandatory for this action."},
		{"Locality is required", func(r *request) { r.Locality = "" }, missing, "Locality", "Locality is mandatory for this action."},
		{"State is required", func(r *request) { r.State = "" }, missing, "State", "State is mandatory for this action."},
		{"Years is required", func(r *request) { r.Years = 0 }, missing, "Years", "Years is mandatory for this action."},

		{"CommonName of 65 characters", func(r *request) { r.CommonName = testutil.Chinese(65) }, malformed, "CommonName", "65 characters"},
		{"Organization of 65 characters", func(r *request) { r.Organization = testutil.Chinese(65) }, malformed, "Organization", "65 characters"},
		{"OrganizationUnit of 65 characters", func(r *request) { r.OrganizationUnit = testutil.Chinese(65) }, malformed, "OrganizationUnit", "65 characters"},
		{"Locality of 129 characters", func(r *request) { r.Locality = testutil.Chinese(129) }, malformed, "Locality", "129 characters"},
		{"State of 129 characters", func(r *request) { r.State = testutil.Chinese(129) }, malformed, "State", "129 characters"},
		{"a NUL", func(r *request) { r.CommonName = "Test\x00Root" }, malformed, "CommonName", `Test\x00Root`},
		{"a newline", func(r *request) { r.Organization = "Exam\nple" }, malformed, "Organization", `Exam\nple`},
		{"a C1 control character", func(r *request) { r.OrganizationUnit = "P\u0085KI" }, malformed, "OrganizationUnit", "U+0085"},
		{"not UTF-8", func(r *request) { r.Locality = "Hang\xffzhou" }, malformed, "Locality", `Hang\xffzhou`},
		{"outer space", func(r *request) { r.State = " Zhejiang" }, malformed, "State", " Zhejiang"},
		{"a CommonName with a wildcard inside", func(r *request) { r.CommonName = "a.*.example.com" }, malformed, "CommonName", "a.*.example.com"},

		{"CountryCode of one letter", func(r *request) { r.CountryCode = "C" }, malformed, "CountryCode", "CountryCode must be 2 characters."},
		{"CountryCode of three letters", func(r *request) { r.CountryCode = "CHN" }, malformed, "CountryCode", "CountryCode must be 2 characters."},
		{"CountryCode with a digit", func(r *request) { r.CountryCode = "C1" }, malformed, "CountryCode", "CountryCode must be 2 characters."},
		{"CountryCode in Chinese", func(r *request) { r.CountryCode = "中国" }, malformed, "CountryCode", "CountryCode must be 2 characters."},

		{"Algorithm is a family", func(r *request) { r.Algorithm = "RSA" }, malformed, "Algorithm", `"RSA"`},
		{"Algorithm in lower case", func(r *request) { r.Algorithm = "rsa_2048" }, malformed, "Algorithm", `"rsa_2048"`},
		{"Algorithm with a curve that is not documented", func(r *request) { r.Algorithm = "ECC_521" }, malformed, "Algorithm", `"ECC_521"`},
		{"Algorithm RSA_1024", func(r *request) { r.Algorithm = "RSA_1024" }, refused, "Algorithm", "RSA_1024"},

		{"Years below zero", func(r *request) { r.Years = -1 }, malformed, "Years", "-1"},
		{"Years 101", func(r *request) { r.Years = 101 }, malformed, "Years", "101"},
		{"Years at the top of its type", func(r *request) { r.Years = math.MaxInt32 }, malformed, "Years", "2147483647"},
		{"Years at the bottom of its type", func(r *request) { r.Years = math.MinInt32 }, malformed, "Years", "-2147483648"},

		{"ClientToken of 65 characters", func(r *request) { r.ClientToken = strings.Repeat("t", 65) }, malformed, "ClientToken", "64"},
		{"ClientToken with a tab", func(r *request) { r.ClientToken = "to\tken" }, malformed, "ClientToken", "ASCII"},
		{"ClientToken with DEL", func(r *request) { r.ClientToken = "to\x7fken" }, malformed, "ClientToken", "ASCII"},
		{"ClientToken in Chinese", func(r *request) { r.ClientToken = "令牌" }, malformed, "ClientToken", "ASCII"},
		{"101 tags", func(r *request) { r.Tags = tags(101) }, malformed, "Tags", "101"},
	}
}

func TestCreateRootCACertificateRefusesRequest(t *testing.T) {
	t.Parallel()
	public := key(algorithm.ECC_256, 0).Public()
	for _, tt := range refusedRootRequests() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := rootRequest()
			tt.change(req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
			resp, err := ca.CreateRootCACertificate(testutil.Untouched(t), instant, testutil.Unused(t, public), req)
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
			if resp != nil {
				t.Error("a response with an error")
			}
		})
	}
}

func TestCreateRootCACertificateNilRequest(t *testing.T) {
	t.Parallel()
	var req *ca.CreateRootCACertificateRequest
	testutil.CheckError(t, req.Validate(), missing, "CommonName", "CommonName")
	_, err := ca.CreateRootCACertificate(testutil.Untouched(t), instant, key(algorithm.ECC_256, 0), req)
	testutil.CheckError(t, err, missing, "CommonName", "CommonName")
}

// A request that is wrong throughout is mended field by field: each time the
// next problem is in the next field.
func TestCreateRootCACertificateOrderOfProblems(t *testing.T) {
	t.Parallel()
	req := &ca.CreateRootCACertificateRequest{
		CommonName: "\x00", Organization: "\x00", OrganizationUnit: "\x00", Locality: "\x00", State: "\x00",
		CountryCode: "X", Algorithm: "X", Years: -1, ClientToken: "\x00", Tags: tags(101),
	}
	good := rootRequest()
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
		{"Algorithm", func() { req.Algorithm = "" }},
		{"Years", func() { req.Years = good.Years }},
		{"ClientToken", func() { req.ClientToken = "" }},
		{"Tags", func() { req.Tags = nil }},
	} {
		testutil.CheckError(t, req.Validate(), malformed, step.parameter, "")
		step.mend()
	}
	if err := req.Validate(); err != nil {
		t.Error(err)
	}
}

func TestCreateRootCACertificateAccepts(t *testing.T) {
	t.Parallel()
	type request = ca.CreateRootCACertificateRequest
	// The subject of rootRequest, with one attribute changed.
	subject := func(at int, a []byte) []byte {
		attributes := [][]byte{
			asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"),
			asn.Printable(asn.OIDOrganization, "Example"), asn.Printable(asn.OIDUnit, "PKI"), asn.Printable(asn.OIDCommonName, "Test Root"),
		}
		if a == nil {
			attributes = append(attributes[:at], attributes[at+1:]...)
		} else {
			attributes[at] = a
		}
		return asn.Name(attributes...)
	}
	same := subject(0, asn.Printable(asn.OIDCountry, "CN"))
	years := func(n int) time.Time { return instant.AddDate(n, 0, 0) }
	tests := []struct {
		name    string
		change  func(*request)
		subject []byte
		end     time.Time
	}{
		{"nothing changed", func(*request) {}, same, years(10)},
		{"CommonName of 64 characters", func(r *request) { r.CommonName = testutil.Chinese(64) }, subject(5, asn.UTF8(asn.OIDCommonName, testutil.Chinese(64))), years(10)},
		{"Organization of 64 characters", func(r *request) { r.Organization = testutil.Chinese(64) }, subject(3, asn.UTF8(asn.OIDOrganization, testutil.Chinese(64))), years(10)},
		{"OrganizationUnit of 64 characters", func(r *request) { r.OrganizationUnit = testutil.Chinese(64) }, subject(4, asn.UTF8(asn.OIDUnit, testutil.Chinese(64))), years(10)},
		{"Locality of 128 characters", func(r *request) { r.Locality = testutil.Chinese(128) }, subject(2, asn.UTF8(asn.OIDLocality, testutil.Chinese(128))), years(10)},
		{"State of 128 characters", func(r *request) { r.State = testutil.Chinese(128) }, subject(1, asn.UTF8(asn.OIDState, testutil.Chinese(128))), years(10)},
		{"text that PrintableString does not hold", func(r *request) { r.Organization = "R&D_1" }, subject(3, asn.UTF8(asn.OIDOrganization, "R&D_1")), years(10)},
		{"CountryCode is optional", func(r *request) { r.CountryCode = "" }, subject(0, nil), years(10)},
		{"CountryCode in lower case", func(r *request) { r.CountryCode = "us" }, subject(0, asn.Printable(asn.OIDCountry, "US")), years(10)},
		{"Algorithm of the key", func(r *request) { r.Algorithm = "ECC_256" }, same, years(10)},
		{"Years 1", func(r *request) { r.Years = 1 }, same, years(1)},
		{"Years 100", func(r *request) { r.Years = 100 }, same, years(100)},
		{"ClientToken of 64 characters", func(r *request) { r.ClientToken = strings.Repeat(" ~", 32) }, same, years(10)},
		{"100 tags", func(r *request) { r.Tags = tags(100) }, same, years(10)},
		{"a tag without key and value", func(r *request) { r.Tags = make([]ca.Tag, 1) }, same, years(10)},
		{"ResourceGroupId", func(r *request) { r.ResourceGroupId = "rg-aek****wia" }, same, years(10)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := rootRequest()
			tt.change(req)
			if err := req.Validate(); err != nil {
				t.Fatal(err)
			}
			resp, err := ca.CreateRootCACertificate(testutil.Seeded(), instant, key(algorithm.ECC_256, 0), req)
			if err != nil {
				t.Fatal(err)
			}
			cert := parsePEM(t, resp.Certificate)
			if !bytes.Equal(cert.RawSubject, tt.subject) || !bytes.Equal(cert.RawIssuer, tt.subject) {
				t.Errorf("subject and issuer\n%x\n%x, want\n%x", cert.RawSubject, cert.RawIssuer, tt.subject)
			}
			if !cert.NotBefore.Equal(instant) || !cert.NotAfter.Equal(tt.end) {
				t.Errorf("valid from %v to %v, want %v to %v", cert.NotBefore, cert.NotAfter, instant, tt.end)
			}
			if err := cert.CheckSignatureFrom(cert); err != nil {
				t.Errorf("crypto/x509: %v", err)
			}
			checkCAResponse(t, cert.Raw, resp.Identifier, resp.Certificate, resp.RequestId)
			if resp.CertificateChain != resp.Certificate {
				t.Error("the chain of a root is not only the root")
			}
		})
	}
}

// checkCAResponse checks what both CA operations answer.
func checkCAResponse(t *testing.T, der []byte, identifier, certificate, requestID string) {
	t.Helper()
	sum := md5.Sum(der)
	if identifier != hex.EncodeToString(sum[:]) {
		t.Errorf("Identifier %q is not the MD5 of the certificate", identifier)
	}
	if diff := cmp.Diff(testutil.EncodePEM("CERTIFICATE", der), certificate); diff != "" {
		t.Errorf("Certificate mismatch (-want +got):\n%s", diff)
	}
	if !testutil.RequestIDForm.MatchString(requestID) {
		t.Errorf("RequestId %q is not an upper-case UUID of version 4", requestID)
	}
}

// badKeys are keys that no CA may have; both the public half and a signer over
// it are refused.
func badKeys() map[string]crypto.PublicKey {
	weak := *key(algorithm.RSA_2048, 1).Public().(*rsa.PublicKey)
	weak.E = 3
	even := *key(algorithm.RSA_2048, 1).Public().(*rsa.PublicKey)
	even.N = new(big.Int).Lsh(big.NewInt(1), 2047)
	p256 := *key(algorithm.ECC_256, 1).Public().(*ecdsa.PublicKey)
	sm2 := *key(algorithm.SM2_256, 1).Public().(*ecdsa.PublicKey)
	off := ecdsa.PublicKey{Curve: sm2.Curve, X: p256.X, Y: p256.Y} //lint:ignore SA1019 a point off the curve
	//lint:ignore SA1019 the replacements know only the NIST curves
	zero := ecdsa.PublicKey{Curve: sm2.Curve, X: new(big.Int), Y: new(big.Int)}
	return map[string]crypto.PublicKey{
		"none":                    nil,
		"Ed25519":                 ed25519.PublicKey(make([]byte, 32)),
		"a nil RSA key":           (*rsa.PublicKey)(nil),
		"an empty RSA key":        new(rsa.PublicKey),
		"RSA with 2047 bits":      &rsa.PublicKey{N: new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 2047), big.NewInt(1)), E: 65537},
		"RSA with the exponent 3": &weak,
		"RSA with an even N":      &even,
		"a nil ECC key":           (*ecdsa.PublicKey)(nil),
		"P-224":                   &ecdsa.PublicKey{Curve: elliptic.P224()},
		"a point off the curve":   &off,
		"the point (0, 0)":        &zero,
		"a key by value":          p256,
	}
}

func TestCreateRootCACertificateRefusesKey(t *testing.T) {
	t.Parallel()
	for what, public := range badKeys() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			resp, err := ca.CreateRootCACertificate(testutil.Untouched(t), instant, testutil.Unused(t, public), rootRequest())
			testutil.CheckError(t, err, malformed, "", "key")
			if resp != nil {
				t.Error("a response with an error")
			}
		})
	}
	tests := []struct {
		name      string
		key       crypto.Signer
		algorithm string
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"no key", nil, "", malformed, "", "key"},
		{"a nil PrivateKey", (*algorithm.PrivateKey)(nil), "", malformed, "", "key"},
		{"an empty PrivateKey", new(algorithm.PrivateKey), "", malformed, "", "key"},
		{"a nil rsa.PrivateKey", (*rsa.PrivateKey)(nil), "", malformed, "", "key"},
		{"a nil ecdsa.PrivateKey", (*ecdsa.PrivateKey)(nil), "", malformed, "", "key"},
		{"RSA_1024 without Algorithm", key(algorithm.RSA_1024, 0), "", refused, "Algorithm", "RSA_1024"},
		{"RSA_1024 with another Algorithm", key(algorithm.RSA_1024, 0), "RSA_2048", refused, "Algorithm", "RSA_1024"},
		{"another length than Algorithm", key(algorithm.RSA_2048, 0), "RSA_4096", refused, "Algorithm", "RSA_2048"},
		{"another family than Algorithm", key(algorithm.ECC_256, 0), "SM2_256", refused, "Algorithm", "ECC_256"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := rootRequest()
			req.Algorithm = tt.algorithm
			_, err := ca.CreateRootCACertificate(testutil.Untouched(t), instant, tt.key, req)
			testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
		})
	}
}

// Keys of the standard library and keys in a device give the certificate that
// the same key gives as an algorithm.PrivateKey.
func TestCreateRootCACertificateSigners(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.All[1:] {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			req := rootRequest()
			req.Algorithm = string(a)
			k := key(a, 0)
			want, err := ca.CreateRootCACertificate(testutil.Seeded(), instant, k, req)
			if err != nil {
				t.Fatal(err)
			}
			for _, signer := range []crypto.Signer{testutil.Opaque(k), testutil.MessageOpaque(k)} {
				got, err := ca.CreateRootCACertificate(testutil.Seeded(), instant, signer, req)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("mismatch for %T (-PrivateKey +got):\n%s", signer, diff)
				}
			}
		})
	}
}

func TestCreateRootCACertificateFailures(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			k := key(a, 0)
			checkFailures(t, k, func(rand io.Reader, key crypto.Signer) (any, error) {
				resp, err := ca.CreateRootCACertificate(rand, instant, key, rootRequest())
				if resp == nil {
					return nil, err
				}
				return resp, err
			})
		})
	}
}

// checkFailures runs an operation that signs with k, while its random source and
// its signer fail in every way they can. All are Internal.Error.
func checkFailures(t *testing.T, k crypto.Signer, run func(rand io.Reader, key crypto.Signer) (any, error)) {
	t.Helper()
	if result, err := run(testutil.Seeded(), k); err != nil || result == nil {
		t.Fatalf("without a failure: %v, %v", result, err)
	}
	// 18 octets of serial number, 16 of RequestId, and the one of the signer.
	for n := range 18 + 16 + 1 {
		result, err := run(io.LimitReader(testutil.Seeded(), int64(n)), testutil.Drawing(k))
		testutil.CheckError(t, err, yuncert.ErrInternalError, "", "")
		if result != nil {
			t.Errorf("%d octets of randomness: a result with an error", n)
		}
	}
	if _, err := run(io.LimitReader(testutil.Seeded(), 18+16+1), testutil.Drawing(k)); err != nil {
		t.Errorf("with randomness enough: %v", err)
	}
	// One read fails, and the reads after it do not: for the serial number, the
	// RequestId and the signer.
	for n := range 3 {
		reads, random := 0, testutil.Seeded()
		result, err := run(testutil.ReaderFunc(func(p []byte) (int, error) {
			if reads++; reads == n+1 {
				return 0, testutil.ErrNoRandomness
			}
			return random.Read(p)
		}), testutil.Drawing(k))
		if !errors.Is(err, testutil.ErrNoRandomness) || result != nil {
			t.Errorf("read %d fails: %v, %v", n+1, result, err)
		}
	}
	failed := testutil.ReaderFunc(func([]byte) (int, error) { return 0, testutil.ErrNoRandomness })
	if _, err := run(failed, k); !errors.Is(err, testutil.ErrNoRandomness) {
		t.Errorf("the cause of %v is not the random source's error", err)
	}

	result, err := run(testutil.Seeded(), testutil.Failing(k.Public()))
	testutil.CheckCause(t, err, yuncert.ErrInternalError, "", testutil.ErrSigner.Error())
	if !errors.Is(err, testutil.ErrSigner) {
		t.Errorf("the cause of %v is not the signer's error", err)
	}
	if result != nil {
		t.Error("a failing signer: a result with an error")
	}
	a, err := algorithm.Of(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]crypto.Signer{
		"another digest": testutil.Lying(k),
		"another key":    testutil.SignerFunc(k.Public(), key(a, 2).Sign),
		"the key, and an octet at the end": testutil.SignerFunc(k.Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			signature, err := k.Sign(rand, digest, opts)
			return append(signature, 0), err
		}),
		"the key, and an octet cut off": testutil.SignerFunc(k.Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			signature, err := k.Sign(rand, digest, opts)
			return signature[:len(signature)-1], err
		}),
		"a signature and an error": testutil.SignerFunc(k.Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			signature, err := k.Sign(rand, digest, opts)
			return signature, errors.Join(err, errors.New("wrong signature"))
		}),
	}
	for what, answer := range map[string][]byte{"nil": nil, "empty": {}, "zero octets": make([]byte, 256), "an empty SEQUENCE": {0x30, 0}} {
		answers[what] = testutil.SignerFunc(k.Public(), func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return answer, nil })
	}
	for what, signer := range answers {
		result, err := run(testutil.Seeded(), signer)
		testutil.CheckCause(t, err, yuncert.ErrInternalError, "", "wrong signature")
		if result != nil {
			t.Errorf("%s signed: a result with an error", what)
		}
	}
}

func TestCreateRootCACertificateTime(t *testing.T) {
	t.Parallel()
	create := func(now time.Time, years int32) (*ca.CreateRootCACertificateResponse, error) {
		req := rootRequest()
		req.Years = years
		return ca.CreateRootCACertificate(testutil.Seeded(), now, key(algorithm.ECC_256, 0), req)
	}
	date := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 1, 2, 3, 0, time.UTC) }
	tests := []struct {
		name       string
		now        time.Time
		years      int32
		start, end time.Time
	}{
		{"parts of a second are cut", instant.Add(999 * time.Millisecond), 1, instant, instant.AddDate(1, 0, 0)},
		{"another time zone", instant.In(time.FixedZone("CST", 8*3600)), 1, instant, instant.AddDate(1, 0, 0)},
		{"29 February to a year without", date(2028, 2, 29), 1, date(2028, 2, 29), date(2029, 3, 1)},
		{"29 February to a year with", date(2028, 2, 29), 4, date(2028, 2, 29), date(2032, 2, 29)},
		{"to 2049", date(2039, 12, 31), 10, date(2039, 12, 31), date(2049, 12, 31)},
		{"to 2050", date(2040, 1, 1), 10, date(2040, 1, 1), date(2050, 1, 1)},
		{"to the end of 9999", date(9899, 12, 31), 100, date(9899, 12, 31), date(9999, 12, 31)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, err := create(tt.now, tt.years)
			if err != nil {
				t.Fatal(err)
			}
			cert := parsePEM(t, resp.Certificate)
			if !cert.NotBefore.Equal(tt.start) || !cert.NotAfter.Equal(tt.end) {
				t.Errorf("valid from %v to %v, want %v to %v", cert.NotBefore, cert.NotAfter, tt.start, tt.end)
			}
		})
	}
	_, err := create(date(9900, 1, 1), 100)
	testutil.CheckError(t, err, refused, "Years", "10000-01-01")
	for _, now := range []time.Time{{}, date(1949, 12, 31), date(-5, 1, 1), date(10000, 1, 1)} {
		_, err := create(now, 1)
		testutil.CheckError(t, err, refused, "", "is not from 1950 to 9999")
	}
}
