package csr_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/sm2"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

// newCreateCsrRequest is a valid request: the examples of the document, for a
// quick key.
func newCreateCsrRequest() *csr.CreateCsrRequest {
	return &csr.CreateCsrRequest{
		KeySize: 256, Algorithm: "ECC", CommonName: "123.com", Sans: "www.example.com,www.aliyundoc.com",
		CountryCode: "CN", Province: "Beijing", Locality: "Beijing", CorpName: "aly", Name: "csr-123", Department: "IT",
	}
}

// A refusedCreateCsrRequest is one row of refusedCreateCsrRequests.
type refusedCreateCsrRequest struct {
	name      string
	change    func(*csr.CreateCsrRequest)
	code      yuncert.Code
	parameter string
	message   string // where a document gives it
}

// refusedCreateCsrRequests are changes to a valid request after which it is
// refused. FuzzCreateCsrRequestJSON starts from them too.
func refusedCreateCsrRequests() []refusedCreateCsrRequest {
	const missing, malformed = yuncert.ErrMissingParameter, yuncert.ErrInvalidValueMalformed
	return []refusedCreateCsrRequest{
		// What is mandatory. Empty counts as absent.
		{"no key size", func(r *csr.CreateCsrRequest) { r.KeySize = 0 }, missing, "KeySize", "KeySize is mandatory for this action."},
		{"no algorithm", func(r *csr.CreateCsrRequest) { r.Algorithm = "" }, missing, "Algorithm", "Algorithm is mandatory for this action."},
		{"no common name", func(r *csr.CreateCsrRequest) { r.CommonName = "" }, missing, "CommonName", "CommonName is mandatory for this action."},
		{"no country", func(r *csr.CreateCsrRequest) { r.CountryCode = "" }, missing, "CountryCode", "CountryCode is mandatory for this action."},
		{"no province", func(r *csr.CreateCsrRequest) { r.Province = "" }, missing, "Province", "Province is mandatory for this action."},
		{"no locality", func(r *csr.CreateCsrRequest) { r.Locality = "" }, missing, "Locality", "Locality is mandatory for this action."},
		{"nothing", func(r *csr.CreateCsrRequest) { *r = csr.CreateCsrRequest{} }, missing, "KeySize", "KeySize is mandatory for this action."},

		// The allowed pairs, with names in upper case.
		{"key size 255", func(r *csr.CreateCsrRequest) { r.KeySize = 255 }, malformed, "KeySize", ""},
		{"key size -256", func(r *csr.CreateCsrRequest) { r.KeySize = -256 }, malformed, "KeySize", ""},
		{"key size 2^31-1", func(r *csr.CreateCsrRequest) { r.KeySize = 1<<31 - 1 }, malformed, "KeySize", ""},
		{"RSA 256", func(r *csr.CreateCsrRequest) { r.Algorithm = "RSA" }, malformed, "KeySize", ""},
		{"RSA 1024", func(r *csr.CreateCsrRequest) { r.Algorithm, r.KeySize = "RSA", 1024 }, malformed, "KeySize", ""},
		{"RSA 2047", func(r *csr.CreateCsrRequest) { r.Algorithm, r.KeySize = "RSA", 2047 }, malformed, "KeySize", ""},
		{"RSA 8192", func(r *csr.CreateCsrRequest) { r.Algorithm, r.KeySize = "RSA", 8192 }, malformed, "KeySize", ""},
		{"RSA 384", func(r *csr.CreateCsrRequest) { r.Algorithm, r.KeySize = "RSA", 384 }, malformed, "KeySize", ""},
		{"RSA 512", func(r *csr.CreateCsrRequest) { r.Algorithm, r.KeySize = "RSA", 512 }, malformed, "KeySize", ""},
		{"ECC 224", func(r *csr.CreateCsrRequest) { r.KeySize = 224 }, malformed, "KeySize", ""},
		{"ECC 520", func(r *csr.CreateCsrRequest) { r.KeySize = 520 }, malformed, "KeySize", ""},
		{"ECC 2048", func(r *csr.CreateCsrRequest) { r.KeySize = 2048 }, malformed, "KeySize", ""},
		{"SM2 384", func(r *csr.CreateCsrRequest) { r.Algorithm, r.KeySize = "SM2", 384 }, malformed, "KeySize", ""},
		{"SM2 2048", func(r *csr.CreateCsrRequest) { r.Algorithm, r.KeySize = "SM2", 2048 }, malformed, "KeySize", ""},
		{"algorithm in lower case", func(r *csr.CreateCsrRequest) { r.Algorithm = "ecc" }, malformed, "Algorithm", ""},
		{"algorithm of the CA's list", func(r *csr.CreateCsrRequest) { r.Algorithm = "ECC_256" }, malformed, "Algorithm", ""},
		{"algorithm EC", func(r *csr.CreateCsrRequest) { r.Algorithm = "EC" }, malformed, "Algorithm", ""},
		{"algorithm with a space", func(r *csr.CreateCsrRequest) { r.Algorithm = "ECC " }, malformed, "Algorithm", ""},

		// texts of the subject.
		{"common name of 65", func(r *csr.CreateCsrRequest) { r.CommonName = strings.Repeat("a", 65) }, malformed, "CommonName", ""},
		{"common name of 65 in Chinese", func(r *csr.CreateCsrRequest) { r.CommonName = testutil.Chinese(65) }, malformed, "CommonName", ""},
		{"common name with NUL", func(r *csr.CreateCsrRequest) { r.CommonName = "123.com\x00.example.net" }, malformed, "CommonName", ""},
		{"common name with a line break", func(r *csr.CreateCsrRequest) { r.CommonName = "123.com\nexample.net" }, malformed, "CommonName", ""},
		{"common name with DEL", func(r *csr.CreateCsrRequest) { r.CommonName = "123.com\x7f" }, malformed, "CommonName", ""},
		{"common name with U+0085", func(r *csr.CreateCsrRequest) { r.CommonName = "a\u0085b" }, malformed, "CommonName", ""},
		{"common name not UTF-8", func(r *csr.CreateCsrRequest) { r.CommonName = "123.com\xff" }, malformed, "CommonName", ""},
		{"common name with U+FFFD", func(r *csr.CreateCsrRequest) { r.CommonName = "123\ufffdcom" }, malformed, "CommonName", ""},
		{"common name with a surrogate", func(r *csr.CreateCsrRequest) { r.CommonName = "a\xed\xa0\x80b" }, malformed, "CommonName", ""},
		{"common name with a space before", func(r *csr.CreateCsrRequest) { r.CommonName = " 123.com" }, malformed, "CommonName", ""},
		{"common name with a space at the end", func(r *csr.CreateCsrRequest) { r.CommonName = "123.com " }, malformed, "CommonName", ""},
		{"common name of a space", func(r *csr.CreateCsrRequest) { r.CommonName = " " }, malformed, "CommonName", ""},
		{"common name with a wide space at the end", func(r *csr.CreateCsrRequest) { r.CommonName = "公司\u3000" }, malformed, "CommonName", ""},
		{"common name *", func(r *csr.CreateCsrRequest) { r.CommonName = "*" }, malformed, "CommonName", ""},
		{"common name *.com", func(r *csr.CreateCsrRequest) { r.CommonName = "*.com" }, malformed, "CommonName", ""},
		{"common name *.*.com", func(r *csr.CreateCsrRequest) { r.CommonName = "*.*.com" }, malformed, "CommonName", ""},
		{"common name www.*.com", func(r *csr.CreateCsrRequest) { r.CommonName = "www.*.com" }, malformed, "CommonName", ""},
		{"common name w*.example.com", func(r *csr.CreateCsrRequest) { r.CommonName = "w*.example.com" }, malformed, "CommonName", ""},
		{"common name with a star in prose", func(r *csr.CreateCsrRequest) { r.CommonName = "Five * Hotel" }, malformed, "CommonName", ""},
		{"province of 129", func(r *csr.CreateCsrRequest) { r.Province = strings.Repeat("a", 129) }, malformed, "Province", ""},
		{"province of 129 in Chinese", func(r *csr.CreateCsrRequest) { r.Province = testutil.Chinese(129) }, malformed, "Province", ""},
		{"province with a tab", func(r *csr.CreateCsrRequest) { r.Province = "Bei\tjing" }, malformed, "Province", ""},
		{"province with outer space", func(r *csr.CreateCsrRequest) { r.Province = "Beijing " }, malformed, "Province", ""},
		{"locality of 129 in Chinese", func(r *csr.CreateCsrRequest) { r.Locality = testutil.Chinese(129) }, malformed, "Locality", ""},
		{"locality not UTF-8", func(r *csr.CreateCsrRequest) { r.Locality = "\xb1\xb1\xbe\xa9" /* GBK */ }, malformed, "Locality", ""},
		{"locality with NUL", func(r *csr.CreateCsrRequest) { r.Locality = "Beijing\x00" }, malformed, "Locality", ""},
		{"company of 65 in Chinese", func(r *csr.CreateCsrRequest) { r.CorpName = testutil.Chinese(65) }, malformed, "CorpName", ""},
		{"company of a space", func(r *csr.CreateCsrRequest) { r.CorpName = " " }, malformed, "CorpName", ""},
		{"company with a carriage return", func(r *csr.CreateCsrRequest) { r.CorpName = "a\rb" }, malformed, "CorpName", ""},
		{"department of 65 in Chinese", func(r *csr.CreateCsrRequest) { r.Department = testutil.Chinese(65) }, malformed, "Department", ""},
		{"department with an escape", func(r *csr.CreateCsrRequest) { r.Department = "\x1b[31m" }, malformed, "Department", ""},

		// the country.
		{"country of one letter", func(r *csr.CreateCsrRequest) { r.CountryCode = "C" }, malformed, "CountryCode", "CountryCode must be 2 characters."},
		{"country of three letters", func(r *csr.CreateCsrRequest) { r.CountryCode = "CHN" }, malformed, "CountryCode", "CountryCode must be 2 characters."},
		{"country in Chinese", func(r *csr.CreateCsrRequest) { r.CountryCode = "中国" }, malformed, "CountryCode", "CountryCode must be 2 characters."},
		{"country of two octets", func(r *csr.CreateCsrRequest) { r.CountryCode = "é" }, malformed, "CountryCode", "CountryCode must be 2 characters."},
		{"country with a digit", func(r *csr.CreateCsrRequest) { r.CountryCode = "C1" }, malformed, "CountryCode", "CountryCode must be 2 characters."},
		{"country with a space", func(r *csr.CreateCsrRequest) { r.CountryCode = "C " }, malformed, "CountryCode", "CountryCode must be 2 characters."},
		{"country of 86", func(r *csr.CreateCsrRequest) { r.CountryCode = "86" }, malformed, "CountryCode", "CountryCode must be 2 characters."},

		// The secondary names.
		{"name with a space", func(r *csr.CreateCsrRequest) { r.Sans = "www.example.com,a b.example.com" }, malformed, "Sans", ""},
		{"names with another separator", func(r *csr.CreateCsrRequest) { r.Sans = "a.example.com;b.example.com" }, malformed, "Sans", ""},
		{"names with a Chinese comma", func(r *csr.CreateCsrRequest) { r.Sans = "a.example.com，b.example.com" }, malformed, "Sans", ""},
		{"name *", func(r *csr.CreateCsrRequest) { r.Sans = "*" }, malformed, "Sans", ""},
		{"name *.com", func(r *csr.CreateCsrRequest) { r.Sans = "*.com" }, malformed, "Sans", ""},
		{"name *.*.example.com", func(r *csr.CreateCsrRequest) { r.Sans = "*.*.example.com" }, malformed, "Sans", ""},
		{"name www.*.example.com", func(r *csr.CreateCsrRequest) { r.Sans = "www.*.example.com" }, malformed, "Sans", ""},
		{"name w*.example.com", func(r *csr.CreateCsrRequest) { r.Sans = "w*.example.com" }, malformed, "Sans", ""},
		{"name *.192.0.2.1", func(r *csr.CreateCsrRequest) { r.Sans = "*.192.0.2.1" }, malformed, "Sans", ""},
		{"name with an underscore", func(r *csr.CreateCsrRequest) { r.Sans = "a_b.example.com" }, malformed, "Sans", ""},
		{"name with a dot at the end", func(r *csr.CreateCsrRequest) { r.Sans = "www.example.com." }, malformed, "Sans", ""},
		{"name with a dot before", func(r *csr.CreateCsrRequest) { r.Sans = ".example.com" }, malformed, "Sans", ""},
		{"name with two dots", func(r *csr.CreateCsrRequest) { r.Sans = "www..example.com" }, malformed, "Sans", ""},
		{"name with a hyphen before", func(r *csr.CreateCsrRequest) { r.Sans = "-a.example.com" }, malformed, "Sans", ""},
		{"name with a hyphen at the end", func(r *csr.CreateCsrRequest) { r.Sans = "a-.example.com" }, malformed, "Sans", ""},
		{"name with NUL", func(r *csr.CreateCsrRequest) { r.Sans = "www.example.com\x00.example.net" }, malformed, "Sans", ""},
		{"name not UTF-8", func(r *csr.CreateCsrRequest) { r.Sans = "\xff.example.com" }, malformed, "Sans", ""},
		{"name that is a URL", func(r *csr.CreateCsrRequest) { r.Sans = "https://www.example.com" }, malformed, "Sans", ""},
		{"name with a path", func(r *csr.CreateCsrRequest) { r.Sans = "www.example.com/" }, malformed, "Sans", ""},
		{"name with a port", func(r *csr.CreateCsrRequest) { r.Sans = "www.example.com:443" }, malformed, "Sans", ""},
		{"name that is an address of mail", func(r *csr.CreateCsrRequest) { r.Sans = "admin@example.com" }, malformed, "Sans", ""},
		{"label of 64", func(r *csr.CreateCsrRequest) { r.Sans = strings.Repeat("a", 64) + ".example.com" }, malformed, "Sans", ""},
		{"name of 254", func(r *csr.CreateCsrRequest) { r.Sans = longNames(1, 254) }, malformed, "Sans", ""},
		{"four numbers, one too large", func(r *csr.CreateCsrRequest) { r.Sans = "192.0.2.256" }, malformed, "Sans", ""},
		{"three numbers", func(r *csr.CreateCsrRequest) { r.Sans = "192.0.2" }, malformed, "Sans", ""},
		{"address with a port", func(r *csr.CreateCsrRequest) { r.Sans = "192.0.2.1:443" }, malformed, "Sans", ""},
		{"network", func(r *csr.CreateCsrRequest) { r.Sans = "192.0.2.0/24" }, malformed, "Sans", ""},
		{"IPv6 address in brackets", func(r *csr.CreateCsrRequest) { r.Sans = "[2001:db8::1]" }, malformed, "Sans", ""},
		{"IPv6 address with a zone", func(r *csr.CreateCsrRequest) { r.Sans = "fe80::1%eth0" }, malformed, "Sans", ""},
		{"A-label that is not punycode", func(r *csr.CreateCsrRequest) { r.Sans = "xn--a.example.com" }, malformed, "Sans", ""},
		{"IDN with a forbidden character", func(r *csr.CreateCsrRequest) { r.Sans = "例_子.example.com" }, malformed, "Sans", ""},
		{"only the second name is wrong", func(r *csr.CreateCsrRequest) { r.Sans = "a.example.com,b_b.example.com" }, malformed, "Sans", ""},
		{"251 names without the common name", func(r *csr.CreateCsrRequest) {
			r.CommonName, r.Sans = "Example Company", strings.Join(testutil.NumberedNames(251), ",")
		}, malformed, "Sans", ""},
		{"251 names with the common name", func(r *csr.CreateCsrRequest) { r.Sans = strings.Join(testutil.NumberedNames(251), ",") }, malformed, "Sans", ""},
		{"IPv4 address mapped into IPv6", func(r *csr.CreateCsrRequest) { r.Sans = "192.0.2.1,::ffff:192.0.2.1" }, malformed, "Sans", "::ffff:192.0.2.1 is an IPv4 address mapped into IPv6: write 192.0.2.1"},
		{"common name that is a mapped address", func(r *csr.CreateCsrRequest) { r.CommonName = "::ffff:192.0.2.1" }, malformed, "CommonName", ""},
		{"common name in full-width letters", func(r *csr.CreateCsrRequest) { r.CommonName = "ｗｗｗ.example.com" }, malformed, "CommonName", ""},
		{"common name with a soft hyphen", func(r *csr.CreateCsrRequest) { r.CommonName = "exam\u00adple.com" }, malformed, "CommonName", ""},
		{"company with a space without width", func(r *csr.CreateCsrRequest) { r.CorpName = "Example\u200bCo" }, malformed, "CorpName", ""},

		// The label.
		{"name of 51", func(r *csr.CreateCsrRequest) { r.Name = strings.Repeat("a", 51) }, malformed, "Name", ""},
		{"label with a space", func(r *csr.CreateCsrRequest) { r.Name = "csr 123" }, malformed, "Name", ""},
		{"label in Chinese", func(r *csr.CreateCsrRequest) { r.Name = "证书" }, malformed, "Name", ""},
		{"label with a slash", func(r *csr.CreateCsrRequest) { r.Name = "csr/123" }, malformed, "Name", ""},
		{"label with a line break at the end", func(r *csr.CreateCsrRequest) { r.Name = "csr-123\n" }, malformed, "Name", ""},
		{"label with NUL", func(r *csr.CreateCsrRequest) { r.Name = "csr\x00" }, malformed, "Name", ""},

		// The first problem in the document's order is the one reported.
		{"key size before algorithm", func(r *csr.CreateCsrRequest) { r.KeySize, r.Algorithm = 1, "" }, malformed, "KeySize", ""},
		{"algorithm before common name", func(r *csr.CreateCsrRequest) { r.Algorithm, r.CommonName = "", "" }, missing, "Algorithm", ""},
		{"common name before names", func(r *csr.CreateCsrRequest) { r.CommonName, r.Sans = "", "*" }, missing, "CommonName", ""},
		{"names before country", func(r *csr.CreateCsrRequest) { r.Sans, r.CountryCode = "*", "" }, malformed, "Sans", ""},
		{"country before province", func(r *csr.CreateCsrRequest) { r.CountryCode, r.Province = "CHN", "" }, malformed, "CountryCode", ""},
		{"province before locality", func(r *csr.CreateCsrRequest) { r.Province, r.Locality = "\n", "" }, malformed, "Province", ""},
		{"locality before company", func(r *csr.CreateCsrRequest) { r.Locality, r.CorpName = "", "\n" }, missing, "Locality", ""},
		{"company before label", func(r *csr.CreateCsrRequest) { r.CorpName, r.Name = "\n", "\n" }, malformed, "CorpName", ""},
		{"label before department", func(r *csr.CreateCsrRequest) { r.Name, r.Department = "\n", "\n" }, malformed, "Name", ""},
	}
}

// The comments number the rules of CreateCsr in docs/operations.md.
func TestCreateCsrRefusals(t *testing.T) {
	t.Parallel()
	key := testkeys.Key(algorithm.ECC_256, 0)
	for _, tt := range refusedCreateCsrRequests() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := newCreateCsrRequest()
			tt.change(req)
			sent := *req

			testutil.CheckMessage(t, req.Validate(), tt.code, tt.parameter, tt.message)
			resp, made, err := csr.CreateCsr(testutil.Untouched(t), req)
			if resp != nil || made != nil {
				t.Errorf("CreateCsr returned %v and %v with the error", resp, made)
			}
			testutil.CheckMessage(t, err, tt.code, tt.parameter, tt.message)
			resp, err = csr.CreateCsrWithKey(testutil.Untouched(t), key, req)
			if resp != nil {
				t.Errorf("CreateCsrWithKey returned %v with the error", resp)
			}
			testutil.CheckMessage(t, err, tt.code, tt.parameter, tt.message)
			// The request is checked before the key.
			_, err = csr.CreateCsrWithKey(testutil.Untouched(t), nil, req)
			testutil.CheckMessage(t, err, tt.code, tt.parameter, tt.message)
			if *req != sent {
				t.Error("the request was modified")
			}
		})
	}
}

func TestCreateCsrNilRequest(t *testing.T) {
	t.Parallel()
	const code, message = yuncert.ErrMissingParameter, "KeySize is mandatory for this action."
	var req *csr.CreateCsrRequest
	testutil.CheckMessage(t, req.Validate(), code, "KeySize", message)
	resp, made, err := csr.CreateCsr(testutil.Untouched(t), nil)
	testutil.CheckMessage(t, err, code, "KeySize", message)
	if resp != nil || made != nil {
		t.Errorf("CreateCsr returned %v and %v with the error", resp, made)
	}
	resp, err = csr.CreateCsrWithKey(testutil.Untouched(t), testkeys.Key(algorithm.ECC_256, 0), nil)
	testutil.CheckMessage(t, err, code, "KeySize", message)
	if resp != nil {
		t.Errorf("CreateCsrWithKey returned %v with the error", resp)
	}
}

func TestCreateCsrWithKey(t *testing.T) {
	t.Parallel()
	subject := func(change func(map[string][]byte)) []byte {
		m := map[string][]byte{
			"C": asn.Printable(asn.OIDCountry, "CN"), "ST": asn.Printable(asn.OIDState, "Beijing"), "L": asn.Printable(asn.OIDLocality, "Beijing"),
			"O": asn.Printable(asn.OIDOrganization, "aly"), "OU": asn.Printable(asn.OIDUnit, "IT"), "CN": asn.Printable(asn.OIDCommonName, "123.com"),
		}
		if change != nil {
			change(m)
		}
		var rdns [][]byte
		for _, name := range []string{"C", "ST", "L", "O", "OU", "CN"} { // this order
			if r, ok := m[name]; ok {
				rdns = append(rdns, r)
			}
		}
		return asn.Name(rdns...)
	}
	tests := []struct {
		name    string
		change  func(*csr.CreateCsrRequest)
		subject func(map[string][]byte) // the change to the subject
		names   []string                // "123.com", "www.example.com" and "www.aliyundoc.com" if nil
	}{
		{"the document's examples", func(r *csr.CreateCsrRequest) {}, nil, nil},
		// There are no defaults.
		{"no company", func(r *csr.CreateCsrRequest) { r.CorpName = "" }, func(m map[string][]byte) { delete(m, "O") }, nil},
		{"no department", func(r *csr.CreateCsrRequest) { r.Department = "" }, func(m map[string][]byte) { delete(m, "OU") }, nil},
		// The label does not enter the CSR.
		{"no label", func(r *csr.CreateCsrRequest) { r.Name = "" }, nil, nil},
		{"label of 50", func(r *csr.CreateCsrRequest) { r.Name = strings.Repeat("aZ09_-.xyz", 5) }, nil, nil},
		// The primary name comes first, then the secondary names in order.
		{"no names", func(r *csr.CreateCsrRequest) { r.Sans = "" }, nil, []string{"123.com"}},
		{"only commas", func(r *csr.CreateCsrRequest) { r.Sans = " ,, , " }, nil, []string{"123.com"}},
		{"empty entries and spaces", func(r *csr.CreateCsrRequest) { r.Sans = ",b.example.com ,, a.example.com," }, nil, []string{"123.com", "b.example.com", "a.example.com"}},
		{"repeats", func(r *csr.CreateCsrRequest) { r.Sans = "b.example.com,a.example.com,B.Example.com,b.example.com" }, nil, []string{"123.com", "b.example.com", "a.example.com"}},
		{"the common name among them", func(r *csr.CreateCsrRequest) { r.Sans = "a.example.com,123.COM" }, nil, []string{"123.com", "a.example.com"}},
		{"upper case", func(r *csr.CreateCsrRequest) { r.Sans = "WWW.Example.COM" }, nil, []string{"123.com", "www.example.com"}},
		{"wildcard", func(r *csr.CreateCsrRequest) { r.Sans = "*.example.com,*.a.example.com" }, nil, []string{"123.com", "*.example.com", "*.a.example.com"}},
		{"single label", func(r *csr.CreateCsrRequest) { r.Sans = "intranet" }, nil, []string{"123.com", "intranet"}},
		{"digits", func(r *csr.CreateCsrRequest) { r.Sans = "1.2.3.4x,163.com,12306.cn" }, nil, []string{"123.com", "1.2.3.4x", "163.com", "12306.cn"}},
		{"label of 63", func(r *csr.CreateCsrRequest) { r.Sans = strings.Repeat("a", 63) + ".example.com" }, nil, []string{"123.com", strings.Repeat("a", 63) + ".example.com"}},
		{"name of 253", func(r *csr.CreateCsrRequest) { r.Sans = longNames(1, 253) }, nil, []string{"123.com", longNames(1, 253)}},
		{"IPv4 address", func(r *csr.CreateCsrRequest) { r.Sans = "192.0.2.1" }, nil, []string{"123.com", "192.0.2.1"}},
		{"IPv6 address", func(r *csr.CreateCsrRequest) { r.Sans = "2001:DB8:0::0001,::1" }, nil, []string{"123.com", "2001:db8::1", "::1"}},
		{"IDN", func(r *csr.CreateCsrRequest) { r.Sans = "例子.公司,bücher.example,Faß.example,*.例子.公司" }, nil, []string{"123.com", "xn--fsqu00a.xn--55qx5d", "xn--bcher-kva.example", "xn--fa-hia.example", "*.xn--fsqu00a.xn--55qx5d"}},
		{"A-labels", func(r *csr.CreateCsrRequest) { r.Sans = "XN--FSQU00A.xn--55qx5d,例子。公司" }, nil, []string{"123.com", "xn--fsqu00a.xn--55qx5d"}},
		{"250 names", func(r *csr.CreateCsrRequest) {
			r.Sans = strings.Join(append(testutil.NumberedNames(249), "hAA.example.net"), ",")
		}, nil, append([]string{"123.com"}, testutil.NumberedNames(249)...)},
		{"250 names and the common name", func(r *csr.CreateCsrRequest) { r.Sans = strings.Join(testutil.NumberedNames(250), ",") },
			nil, append([]string{"123.com"}, testutil.NumberedNames(250)...)},
		{"250 names without the common name", func(r *csr.CreateCsrRequest) {
			r.CommonName, r.Sans = "Example Company", strings.Join(testutil.NumberedNames(250), ",")
		}, func(m map[string][]byte) { m["CN"] = asn.Printable(asn.OIDCommonName, "Example Company") }, testutil.NumberedNames(250)},
		// The common name in all its forms.
		{"common name in upper case", func(r *csr.CreateCsrRequest) { r.CommonName = "WWW.Example.COM" },
			func(m map[string][]byte) { m["CN"] = asn.Printable(asn.OIDCommonName, "WWW.Example.COM") }, []string{"www.example.com", "www.aliyundoc.com"}},
		{"wildcard common name", func(r *csr.CreateCsrRequest) { r.CommonName = "*.example.com" },
			func(m map[string][]byte) { m["CN"] = asn.UTF8(asn.OIDCommonName, "*.example.com") }, []string{"*.example.com", "www.example.com", "www.aliyundoc.com"}},
		{"common name that is an address", func(r *csr.CreateCsrRequest) { r.CommonName = "192.0.2.1" },
			func(m map[string][]byte) { m["CN"] = asn.Printable(asn.OIDCommonName, "192.0.2.1") }, []string{"192.0.2.1", "www.example.com", "www.aliyundoc.com"}},
		{"IDN common name", func(r *csr.CreateCsrRequest) { r.CommonName = "例子.公司" },
			func(m map[string][]byte) { m["CN"] = asn.UTF8(asn.OIDCommonName, "例子.公司") }, []string{"xn--fsqu00a.xn--55qx5d", "www.example.com", "www.aliyundoc.com"}},
		{"common name that is not a host name", func(r *csr.CreateCsrRequest) { r.CommonName = "Zhang San" },
			func(m map[string][]byte) { m["CN"] = asn.Printable(asn.OIDCommonName, "Zhang San") }, []string{"www.example.com", "www.aliyundoc.com"}},
		{"common name that is not a host name, no names", func(r *csr.CreateCsrRequest) { r.CommonName, r.Sans = "张三", "" },
			func(m map[string][]byte) { m["CN"] = asn.UTF8(asn.OIDCommonName, "张三") }, []string{}},
		{"common name of 64", func(r *csr.CreateCsrRequest) { r.CommonName = strings.Repeat("a.", 31) + "bc" },
			func(m map[string][]byte) { m["CN"] = asn.Printable(asn.OIDCommonName, strings.Repeat("a.", 31)+"bc") }, []string{strings.Repeat("a.", 31) + "bc", "www.example.com", "www.aliyundoc.com"}},
		{"common name of 64 in Chinese", func(r *csr.CreateCsrRequest) { r.CommonName = testutil.Chinese(64) },
			func(m map[string][]byte) { m["CN"] = asn.UTF8(asn.OIDCommonName, testutil.Chinese(64)) }, []string{"www.example.com", "www.aliyundoc.com"}},
		// string types and bounds.
		{"country in lower case", func(r *csr.CreateCsrRequest) { r.CountryCode = "us" }, func(m map[string][]byte) { m["C"] = asn.Printable(asn.OIDCountry, "US") }, nil},
		{"province of 128 in Chinese", func(r *csr.CreateCsrRequest) { r.Province = testutil.Chinese(128) }, func(m map[string][]byte) { m["ST"] = asn.UTF8(asn.OIDState, testutil.Chinese(128)) }, nil},
		{"locality of 128 in Chinese", func(r *csr.CreateCsrRequest) { r.Locality = testutil.Chinese(128) }, func(m map[string][]byte) { m["L"] = asn.UTF8(asn.OIDLocality, testutil.Chinese(128)) }, nil},
		{"company of 64 in Chinese", func(r *csr.CreateCsrRequest) { r.CorpName = testutil.Chinese(64) }, func(m map[string][]byte) { m["O"] = asn.UTF8(asn.OIDOrganization, testutil.Chinese(64)) }, nil},
		{"department of 64 in Chinese", func(r *csr.CreateCsrRequest) { r.Department = testutil.Chinese(64) }, func(m map[string][]byte) { m["OU"] = asn.UTF8(asn.OIDUnit, testutil.Chinese(64)) }, nil},
		{"company of 64 outside the BMP", func(r *csr.CreateCsrRequest) { r.CorpName = strings.Repeat("𠮷", 64) }, func(m map[string][]byte) { m["O"] = asn.UTF8(asn.OIDOrganization, strings.Repeat("𠮷", 64)) }, nil},
		{"all of PrintableString", func(r *csr.CreateCsrRequest) { r.CorpName = "aA zZ09'()+,-./:=?" }, func(m map[string][]byte) { m["O"] = asn.Printable(asn.OIDOrganization, "aA zZ09'()+,-./:=?") }, nil},
		{"an ampersand", func(r *csr.CreateCsrRequest) { r.CorpName = "A&B" }, func(m map[string][]byte) { m["O"] = asn.UTF8(asn.OIDOrganization, "A&B") }, nil},
		{"an underscore", func(r *csr.CreateCsrRequest) { r.Department = "I_T" }, func(m map[string][]byte) { m["OU"] = asn.UTF8(asn.OIDUnit, "I_T") }, nil},
		{"an asterisk", func(r *csr.CreateCsrRequest) { r.Department = "*" }, func(m map[string][]byte) { m["OU"] = asn.UTF8(asn.OIDUnit, "*") }, nil},
		{"an e-mail address", func(r *csr.CreateCsrRequest) { r.Department = "it@example.com" }, func(m map[string][]byte) { m["OU"] = asn.UTF8(asn.OIDUnit, "it@example.com") }, nil},
	}
	key := testkeys.Key(algorithm.ECC_256, 0)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := newCreateCsrRequest()
			tt.change(req)
			sent := *req
			if err := req.Validate(); err != nil {
				t.Fatalf("Validate: %v", err)
			}
			resp, err := csr.CreateCsrWithKey(testutil.Seeded(), key, req)
			if err != nil {
				t.Fatal(err)
			}
			names := tt.names
			if names == nil {
				names = []string{"123.com", "www.example.com", "www.aliyundoc.com"}
			}
			checkCSR(t, resp.Csr, key.Public(), algorithm.ECC_256, subject(tt.subject), names)
			checkCreateCsrResponse(t, resp)
			if *req != sent {
				t.Error("the request was modified")
			}
		})
	}
}

func checkCreateCsrResponse(t *testing.T, resp *csr.CreateCsrResponse) {
	t.Helper()
	if !testutil.RequestIDForm.MatchString(resp.RequestId) {
		t.Errorf("RequestId %q is not an upper-case random UUID", resp.RequestId)
	}
	if resp.CsrId < 1 || resp.CsrId > 1<<53-1 {
		t.Errorf("CsrId %d is not in [1, 2^53-1]", resp.CsrId)
	}
	parsed, err := csr.Parse([]byte(resp.Csr))
	if err != nil {
		t.Fatal(err)
	}
	if parsed.CsrId() != resp.CsrId {
		t.Errorf("Request.CsrId is %d, want %d", parsed.CsrId(), resp.CsrId)
	}
}

// A keyKind is Algorithm and KeySize of a request, and the key that they want.
type keyKind struct {
	family    string
	size      int32
	algorithm algorithm.Algorithm
}

func (k keyKind) String() string { return fmt.Sprint(k.family, " ", k.size) }

// documentedKeys are the documented pairs, which CreateCsr takes.
var documentedKeys = []keyKind{
	{"RSA", 2048, algorithm.RSA_2048},
	{"RSA", 3072, algorithm.RSA_3072},
	{"RSA", 4096, algorithm.RSA_4096},
	{"ECC", 256, algorithm.ECC_256},
	{"SM2", 256, algorithm.SM2_256},
}

// otherKeys are the pairs that only CreateCsrWithKey takes.
var otherKeys = []keyKind{
	{"ECC", 384, algorithm.ECC_384},
	{"ECC", 512, algorithm.ECC_512},
	{"ECC", 521, algorithm.ECC_512},
}

var allKeys = slices.Concat(documentedKeys, otherKeys)

// documentSubject is the subject of newCreateCsrRequest.
func documentSubject() []byte {
	return asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Beijing"), asn.Printable(asn.OIDLocality, "Beijing"),
		asn.Printable(asn.OIDOrganization, "aly"), asn.Printable(asn.OIDUnit, "IT"), asn.Printable(asn.OIDCommonName, "123.com"))
}

var documentNames = []string{"123.com", "www.example.com", "www.aliyundoc.com"}

// Each algorithm with a fixed key: the same randomness, key and request give
// the same bytes, from run to run. The SM2 signature may change with the
// version of its engine: run with -update then.
func TestCreateCsrGolden(t *testing.T) {
	t.Parallel()
	for _, tt := range allKeys {
		t.Run(tt.String(), func(t *testing.T) {
			t.Parallel()
			key := testkeys.Key(tt.algorithm, 0)
			req := newCreateCsrRequest()
			req.Algorithm, req.KeySize = tt.family, tt.size
			first, err := csr.CreateCsrWithKey(testutil.Seeded(), key, req)
			if err != nil {
				t.Fatal(err)
			}
			again, err := csr.CreateCsrWithKey(testutil.Seeded(), key, req)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, again); diff != "" {
				t.Errorf("two calls differ (-first +second):\n%s", diff)
			}
			checkCSR(t, first.Csr, key.Public(), tt.algorithm, documentSubject(), documentNames)
			checkCreateCsrResponse(t, first)
			text, err := json.MarshalIndent(first, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			testutil.Golden(t, "golden/CreateCsr-"+string(tt.algorithm)+".json", string(text)+"\n")

			// Other randomness changes the RequestId and nothing else; the same CSR keeps its id.
			other, err := csr.CreateCsrWithKey(nil, key, req)
			if err != nil {
				t.Fatal(err)
			}
			if other.RequestId == first.RequestId || other.Csr != first.Csr || other.CsrId != first.CsrId {
				t.Errorf("with other randomness: %+v, want %+v but for the RequestId", other, first)
			}
			// Another key makes another CSR and another id.
			third, err := csr.CreateCsrWithKey(testutil.Seeded(), testkeys.Key(tt.algorithm, 1), req)
			if err != nil {
				t.Fatal(err)
			}
			if third.CsrId == first.CsrId {
				t.Errorf("two CSRs have the id %d", third.CsrId)
			}
		})
	}
}

// The key is made here: that is the point.
func TestCreateCsr(t *testing.T) {
	t.Parallel()
	for _, tt := range documentedKeys {
		t.Run(string(tt.algorithm), func(t *testing.T) {
			t.Parallel()
			if testing.Short() && tt.size > 2048 {
				t.Skip("-short leaves out RSA keys that take seconds")
			}
			req := newCreateCsrRequest()
			req.Algorithm, req.KeySize = tt.family, tt.size
			sent := *req
			resp, key, err := csr.CreateCsr(testutil.Seeded(), req)
			if err != nil {
				t.Fatal(err)
			}
			if key.Algorithm() != tt.algorithm {
				t.Errorf("the key is an %s key, want %s", key.Algorithm(), tt.algorithm)
			}
			if pub, ok := key.Public().(*rsa.PublicKey); ok && pub.E != 65537 {
				t.Errorf("the exponent is %d, want 65537", pub.E)
			}
			checkCSR(t, resp.Csr, key.Public(), tt.algorithm, documentSubject(), documentNames)
			checkCreateCsrResponse(t, resp)
			if *req != sent {
				t.Error("the request was modified")
			}
			// The private key is not in the response. The caller can keep it.
			text, err := key.PEM()
			if err != nil {
				t.Fatal(err)
			}
			back, err := algorithm.ParsePrivateKey(text)
			if err != nil {
				t.Fatal(err)
			}
			if !testutil.EqualKeys(back.Public(), key.Public()) {
				t.Error("the key does not survive its PEM form")
			}
			if tt.size > 2048 {
				return
			}
			// rand does not feed the key: the same octets give another one.
			_, other, err := csr.CreateCsr(testutil.Seeded(), req)
			if err != nil {
				t.Fatal(err)
			}
			if testutil.EqualKeys(other.Public(), key.Public()) {
				t.Error("two calls made the same key")
			}
		})
	}
}

// The lengths that the document does not have are refused before anything else,
// and the message names the function that takes them.
func TestCreateCsrOtherSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []int32{384, 512, 521} {
		for name, change := range map[string]func(*csr.CreateCsrRequest){
			"ECC":            func(r *csr.CreateCsrRequest) {},
			"RSA":            func(r *csr.CreateCsrRequest) { r.Algorithm = "RSA" },
			"no Algorithm":   func(r *csr.CreateCsrRequest) { r.Algorithm = "" },
			"a country of 3": func(r *csr.CreateCsrRequest) { r.CountryCode = "CHN" },
		} {
			t.Run(fmt.Sprint(size, ", ", name), func(t *testing.T) {
				t.Parallel()
				req := newCreateCsrRequest()
				req.KeySize = size
				change(req)
				resp, key, err := csr.CreateCsr(testutil.Untouched(t), req)
				testutil.CheckError(t, err, yuncert.ErrInvalidValueMalformed, "KeySize",
					fmt.Sprint(size, " is not 2048, 3072 or 4096 for RSA, or 256 for ECC and SM2"), "CreateCsrWithKey also takes 384 and 521 for ECC")
				if resp != nil || key != nil {
					t.Errorf("CreateCsr returned %v and %v with the error", resp, key)
				}
			})
		}
	}
}

// Each key of package algorithm has a CSR if the caller writes the family and the
// length of its algorithm.
func TestCreateCsrWithKeyOfGenerateKey(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512, algorithm.SM2_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			key, err := algorithm.GenerateKey(a)
			if err != nil {
				t.Fatal(err)
			}
			req := newCreateCsrRequest()
			req.Algorithm, req.KeySize = a.Family(), int32(a.KeySize())
			resp, err := csr.CreateCsrWithKey(nil, key, req)
			if err != nil {
				t.Fatal(err)
			}
			checkCSR(t, resp.Csr, key.Public(), a, documentSubject(), documentNames)
		})
	}
}

// closePrimes is an RSA key that Fermat's method factors: the second prime is
// 1716 above the first.
func closePrimes(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	block := testutil.FirstPEM(t, testkeys.PEM(algorithm.RSA_2048, 0))
	p := parsePKCS8[*rsa.PrivateKey](t, block).Primes[0]
	q := new(big.Int).Add(p, big.NewInt(1716))
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537},
		D:         new(big.Int).ModInverse(big.NewInt(65537), phi),
		Primes:    []*big.Int{p, q},
	}
	return key
}

// signRSA signs without crypto/rsa, which refuses some of the keys in these
// tests: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2.1).
func signRSA(key *rsa.PrivateKey, message []byte) []byte {
	digest := sha256.Sum256(message)
	info := append([]byte("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"), digest[:]...)
	padded := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, key.Size()-3-len(info))...)
	padded = append(append(padded, 0), info...)
	return new(big.Int).Exp(new(big.Int).SetBytes(padded), key.D, key.N).FillBytes(make([]byte, key.Size()))
}

func TestCreateCsrWithKeyKeyError(t *testing.T) {
	t.Parallel()
	weak := closePrimes(t)
	ecc := parsePKCS8[*ecdsa.PrivateKey](t, testutil.FirstPEM(t, testkeys.PEM(algorithm.ECC_256, 0)))
	foreignPublic := *ecc
	foreignPublic.PublicKey = *testkeys.Key(algorithm.ECC_256, 1).Public().(*ecdsa.PublicKey)
	//lint:ignore SA1019 a point of no curve is the point
	offCurve := ecdsa.PublicKey{Curve: ecc.Curve, X: big.NewInt(1), Y: big.NewInt(1)}
	tests := []struct {
		name string
		key  crypto.Signer
		rsa  bool // the request is for RSA 2048, not for ECC 256
		says string
	}{
		{"nil", nil, false, "the key is nil"},
		{"nil *algorithm.PrivateKey", (*algorithm.PrivateKey)(nil), false, "empty"},
		{"zero algorithm.PrivateKey", new(algorithm.PrivateKey), false, "empty"},
		{"nil *rsa.PrivateKey", (*rsa.PrivateKey)(nil), true, "empty"},
		{"zero rsa.PrivateKey", new(rsa.PrivateKey), true, "empty"},
		{"nil *ecdsa.PrivateKey", (*ecdsa.PrivateKey)(nil), false, "empty"},
		{"zero ecdsa.PrivateKey", new(ecdsa.PrivateKey), false, "empty"},
		{"nil *sm2.PrivateKey", (*sm2.EngineKey)(nil), false, "inconsistent"},
		{"weak RSA key", weak, true, "inconsistent"},
		{"weak RSA key in an HSM", testutil.Opaque(weak), true, "close primes"},
		{"RSA 1024", testkeys.Key(algorithm.RSA_1024, 0), true, "RSA_1024"},
		{"RSA 1024 in an HSM", testutil.Opaque(testkeys.Key(algorithm.RSA_1024, 0)), true, "RSA_1024"},
		{"RSA 3072 for 2048", testkeys.Key(algorithm.RSA_3072, 0), true, "RSA_3072"},
		{"ECC for RSA", testkeys.Key(algorithm.ECC_256, 0), true, "ECC_256"},
		{"RSA for ECC", testkeys.Key(algorithm.RSA_2048, 0), false, "RSA_2048"},
		{"SM2 for ECC", testkeys.Key(algorithm.SM2_256, 0), false, "SM2_256"},
		{"P-384 for 256", testkeys.Key(algorithm.ECC_384, 0), false, "ECC_384"},
		{"foreign public half", &foreignPublic, false, "inconsistent"},
		{"HSM without a public key", testutil.SignerFunc(nil, nil), false, "not supported"},
		{"HSM with a public key of another kind", testutil.SignerFunc("key", nil), false, "not supported"},
		{"HSM with a point off the curve", testutil.SignerFunc(&offCurve, nil), false, "not a point"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := newCreateCsrRequest()
			if tt.rsa {
				req.Algorithm, req.KeySize = "RSA", 2048
			}
			resp, err := csr.CreateCsrWithKey(testutil.Untouched(t), tt.key, req)
			testutil.CheckMessage(t, err, yuncert.ErrInternalKeyError, "", "")
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("the error %q does not say %q", err, tt.says)
			}
			if resp != nil {
				t.Errorf("a response %v with the error", resp)
			}
			if !tt.rsa {
				return
			}
			// The CDN operation wants the same key.
			cdn, err := csr.CreateCdnCertificateSigningRequestWithKey(testutil.Untouched(t), tt.key, newCdnRequest())
			testutil.CheckMessage(t, err, yuncert.ErrInternalKeyError, "", "")
			if cdn != nil {
				t.Errorf("a response %v with the error", cdn)
			}
		})
	}
}

// failingSigners are signers that do not sign rightly, for a key of algorithm a.
func failingSigners(a algorithm.Algorithm) map[string]crypto.Signer {
	key, other := testkeys.Key(a, 0), testkeys.Key(a, 1)
	return map[string]crypto.Signer{
		"an error": testutil.SignerFunc(key.Public(), func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, testutil.ErrSigner }),
		"an error with a code": testutil.SignerFunc(key.Public(), func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
			return nil, &yuncert.Error{Code: yuncert.ErrInternalKeyError, Message: "no session", Err: testutil.ErrSigner}
		}),
		"nothing": testutil.SignerFunc(key.Public(), func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, nil }),
		"noise": testutil.SignerFunc(key.Public(), func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
			return bytes.Repeat([]byte{0x5a}, 256), nil
		}),
		"a signature by another key": testutil.SignerFunc(key.Public(), other.Sign),
		"a signature of something else": testutil.SignerFunc(key.Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			digest = bytes.Clone(digest)
			digest[0] ^= 1
			return key.Sign(rand, digest, opts)
		}),
		"a signature with an octet at the end": testutil.SignerFunc(key.Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			sig, err := key.Sign(rand, digest, opts)
			return append(sig, 0), err
		}),
	}
}

func TestCreateCsrWithKeyCreateCSRError(t *testing.T) {
	t.Parallel()
	for _, tt := range allKeys {
		signers := failingSigners(tt.algorithm)
		for _, name := range slices.Sorted(maps.Keys(signers)) {
			t.Run(tt.String()+" answers with "+name, func(t *testing.T) {
				t.Parallel()
				req := newCreateCsrRequest()
				req.Algorithm, req.KeySize = tt.family, tt.size
				resp, err := csr.CreateCsrWithKey(testutil.Seeded(), signers[name], req)
				testutil.CheckMessage(t, err, yuncert.ErrInternalCreateCSRError, "", "Failed to create CSR.")
				if resp != nil {
					t.Errorf("a response %v with the error", resp)
				}
				if strings.HasPrefix(name, "an error") && !errors.Is(err, testutil.ErrSigner) {
					t.Errorf("%v does not wrap the signer's error", err)
				}
				if errors.Is(err, yuncert.ErrInternalKeyError) {
					t.Errorf("%v has the code of the signer's error too", err)
				}
			})
		}
	}
}

func TestCreateCsrWithKeyOfAnotherCurve(t *testing.T) {
	t.Parallel()
	for _, want := range otherKeys {
		for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.ECC_384, algorithm.ECC_512, algorithm.SM2_256} {
			if a == want.algorithm {
				continue
			}
			t.Run(fmt.Sprint(a, " for ", want.size), func(t *testing.T) {
				t.Parallel()
				req := newCreateCsrRequest()
				req.KeySize = want.size
				resp, err := csr.CreateCsrWithKey(testutil.Untouched(t), testkeys.Key(a, 0), req)
				testutil.CheckMessage(t, err, yuncert.ErrInternalKeyError, "", fmt.Sprintf("the key is %s; want %s", a, want.algorithm))
				if resp != nil {
					t.Errorf("a response %v with the error", resp)
				}
			})
		}
	}
}

func TestCreateCsrEncodeCSRError(t *testing.T) {
	t.Parallel()
	req := newCreateCsrRequest()
	req.Sans = longNames(200, 253)
	if err := req.Validate(); err != nil {
		t.Fatal(err)
	}
	resp, err := csr.CreateCsrWithKey(testutil.Seeded(), testkeys.Key(algorithm.ECC_256, 0), req)
	testutil.CheckMessage(t, err, yuncert.ErrInternalEncodeCSRError, "", "Failed to encode CSR.")
	resp2, key, err := csr.CreateCsr(testutil.Seeded(), req)
	testutil.CheckMessage(t, err, yuncert.ErrInternalEncodeCSRError, "", "Failed to encode CSR.")
	if resp != nil || resp2 != nil || key != nil {
		t.Errorf("results %v, %v, %v with the error", resp, resp2, key)
	}

	req.Sans = longNames(185, 253) // just below
	if resp, err = csr.CreateCsrWithKey(testutil.Seeded(), testkeys.Key(algorithm.ECC_256, 0), req); err != nil {
		t.Fatal(err)
	}
	if n := len(resp.Csr); n > csr.MaxSize || n < csr.MaxSize*95/100 {
		t.Errorf("the CSR has %d octets: the test wants it just below %d", n, csr.MaxSize)
	}
	if r, err := csr.Parse([]byte(resp.Csr)); err != nil || len(r.Names) != 186 {
		t.Errorf("Parse: %v", err)
	}
}

func TestCreateCsrInternalError(t *testing.T) {
	t.Parallel()
	const message = "The request processing has failed due to backend service exception."
	resp, key, err := csr.CreateCsr(testutil.Broken, newCreateCsrRequest())
	testutil.CheckMessage(t, err, yuncert.ErrInternalError, "", message)
	if resp != nil || key != nil {
		t.Errorf("results %v and %v with the error", resp, key)
	}
	if !errors.Is(err, testutil.ErrNoRandomness) {
		t.Errorf("%v does not wrap the error of rand", err)
	}
	resp, err = csr.CreateCsrWithKey(testutil.Broken, testkeys.Key(algorithm.ECC_256, 0), newCreateCsrRequest())
	testutil.CheckMessage(t, err, yuncert.ErrInternalError, "", message)
	if resp != nil {
		t.Errorf("a response %v with the error", resp)
	}
	// Fifteen octets are one too few for a RequestId.
	_, err = csr.CreateCsrWithKey(bytes.NewReader(make([]byte, 15)), testkeys.Key(algorithm.ECC_256, 0), newCreateCsrRequest())
	testutil.CheckMessage(t, err, yuncert.ErrInternalError, "", message)
}

// Signers that are not keys in memory, and keys in the forms that callers hold.
func TestCreateCsrWithKeySigners(t *testing.T) {
	t.Parallel()
	for _, tt := range allKeys {
		own := testkeys.Key(tt.algorithm, 0)
		signers := map[string]crypto.Signer{
			"digests":  testutil.Opaque(own),
			"messages": testutil.MessageOpaque(own),
			"watched": testutil.SignerFunc(own.Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
				want := crypto.SHA256
				if tt.algorithm == algorithm.SM2_256 {
					want = 0 // as package algorithm promises HSMs
				}
				if rand == nil || len(digest) != 32 || opts != crypto.SignerOpts(want) {
					t.Errorf("%s: Sign(%v, %d octets, %v)", tt.algorithm, rand, len(digest), opts)
				}
				return own.Sign(rand, digest, opts)
			}),
		}
		if tt.family != "SM2" {
			signers["standard library"] = parsePKCS8[crypto.Signer](t, testutil.FirstPEM(t, testkeys.PEM(tt.algorithm, 0)))
		}
		for name, signer := range signers {
			t.Run(tt.String()+" "+name, func(t *testing.T) {
				t.Parallel()
				req := newCreateCsrRequest()
				req.Algorithm, req.KeySize = tt.family, tt.size
				resp, err := csr.CreateCsrWithKey(nil, signer, req)
				if err != nil {
					t.Fatal(err)
				}
				checkCSR(t, resp.Csr, own.Public(), tt.algorithm, documentSubject(), documentNames)
				checkCreateCsrResponse(t, resp)
			})
		}
	}
}

// A signer that draws from rand gets the octets after the octets of the RequestId.
func TestCreateCsrWithKeyFeedsTheSigner(t *testing.T) {
	t.Parallel()
	key := testkeys.Key(algorithm.ECC_256, 0)
	all := make([]byte, 48)
	if _, err := io.ReadFull(testutil.Seeded(), all); err != nil {
		t.Fatal(err)
	}
	var drawn [32]byte
	signer := testutil.SignerFunc(key.Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		if _, err := io.ReadFull(rand, drawn[:]); err != nil {
			return nil, err
		}
		return key.Sign(nil, digest, opts)
	})
	if _, err := csr.CreateCsrWithKey(bytes.NewReader(all), signer, newCreateCsrRequest()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(drawn[:], all[16:]) {
		t.Errorf("the signer drew %x, want %x", drawn, all[16:])
	}
	_, err := csr.CreateCsrWithKey(bytes.NewReader(all[:47]), signer, newCreateCsrRequest())
	testutil.CheckMessage(t, err, yuncert.ErrInternalCreateCSRError, "", "Failed to create CSR.")
}
