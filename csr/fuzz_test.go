package csr_test

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
	"github.com/yuncert/yuncert/internal/x509der"
)

// checkInvariants checks what Parse promises about every CSR that it accepts.
func checkInvariants(t *testing.T, r *csr.Request) {
	t.Helper()
	again, err := csr.Parse(r.Raw)
	if err != nil {
		t.Fatalf("Raw does not parse: %v", err)
	}
	if diff := gocmp.Diff(r, again, samePublicKey); diff != "" {
		t.Errorf("Raw parses to something else (-first +second):\n%s", diff)
	}
	if err := x509der.CheckCount(r.CommonName, r.Names, 0); err != nil {
		t.Error(err)
	}
	for i, name := range r.Names {
		if slices.Contains(r.Names[:i], name) {
			t.Errorf("the name %q occurs twice", name)
		}
		if canonical, err := x509der.CanonicalName(name); err != nil || canonical != name {
			t.Errorf("the name %q is not canonical: %q, %v", name, canonical, err)
		}
	}
	r.Subject()
	if r.Algorithm == algorithm.SM2_256 {
		return
	}
	other, err := x509.ParseCertificateRequest(r.Raw)
	if err != nil {
		// What only crypto/x509 refuses: arcs above 2^31-1, no attributes at
		// all, and alternative names of the forms that we read over.
		for _, known := range []string{
			"base 128 integer too large", "sequence truncated", "cannot parse URI", "SAN uniformResourceIdentifier", "SAN rfc822Name",
		} {
			if strings.Contains(err.Error(), known) {
				return
			}
		}
		t.Fatalf("crypto/x509 refuses it: %v\n%x", err, r.Raw)
	}
	// crypto/x509 has no longer salts in RSASSA-PSS.
	if err := other.CheckSignature(); err != nil && !errors.Is(err, x509.ErrUnsupportedAlgorithm) {
		t.Errorf("crypto/x509 refuses the signature: %v", err)
	}
	var names []any // of the subject
	for _, a := range other.Subject.Names {
		if a.Type.String() == "2.5.4.3" {
			names = append(names, a.Value)
		}
	}
	if len(names) > 1 || len(names) == 1 && names[0] != r.CommonName || len(names) == 0 && r.CommonName != "" {
		t.Errorf("the common name is %q, and crypto/x509 says %q", r.CommonName, names)
	}
	for _, name := range other.DNSNames {
		if canonical, err := x509der.CanonicalName(name); err != nil || !slices.Contains(r.Names, canonical) {
			t.Errorf("crypto/x509 has the name %q, which is not in %q (%v)", name, r.Names, err)
		}
	}
	for _, ip := range other.IPAddresses {
		if !slices.Contains(r.Names, ip.String()) {
			t.Errorf("crypto/x509 has the address %s, which is not in %q", ip, r.Names)
		}
	}
}

// changedParts are the CSRs of hostileParts and unusualParts.
func changedParts(t testing.TB) (list []*parts) {
	t.Helper()
	add := func(a algorithm.Algorithm, change func(testing.TB, *parts)) {
		p := newParts(t, cmp.Or(a, algorithm.ECC_256), 0)
		change(t, p)
		list = append(list, p)
	}
	for _, row := range hostileParts(t) {
		add(row.algorithm, row.change)
	}
	for _, row := range unusualParts(t) {
		add(row.algorithm, row.change)
	}
	return list
}

func FuzzParse(f *testing.F) {
	for _, folder := range []string{"accepted", "refused"} {
		files, err := filepath.Glob("testdata/" + folder + "/*.pem")
		if err != nil || len(files) == 0 {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
			f.Add(testutil.FirstPEM(f, text))
		}
	}
	f.Add([]byte(nil))
	f.Add(testkeys.PEM(algorithm.ECC_256, 0))
	for _, row := range hostileTexts(f) {
		f.Add([]byte(row.text))
	}
	for _, p := range changedParts(f) {
		f.Add(p.der())
	}
	for _, data := range largeInputs(f) {
		f.Add(data)
	}
	for _, row := range rsaExponents() {
		der, _ := withExponent(f, row.e)
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sent := bytes.Clone(data)
		r, err := csr.Parse(data)
		if !bytes.Equal(data, sent) {
			t.Error("the input was modified")
		}
		if err != nil {
			checkRefusal(t, err, "Csr")
			if r != nil {
				t.Errorf("a Request %+v with the error", r)
			}
			return
		}
		checkInvariants(t, r)
	})
}

// A changed CSR has a wrong signature, and FuzzParse stops there. This one
// signs what it is given as subject and attributes.
func FuzzParseSigned(f *testing.F) {
	p := newParts(f, algorithm.ECC_256, 0)
	f.Add(p.subject, p.attributes)
	for name := range tools {
		n, err := parseNode(testutil.FirstPEM(f, readFile(f, "accepted", name)))
		if err != nil {
			f.Fatal(err)
		}
		info := n.children[0]
		f.Add(info.children[1].encode(nil, nil), info.children[3].encode(nil, nil))
	}
	for _, changed := range changedParts(f) {
		f.Add(changed.subject, changed.attributes)
	}
	f.Add(asn.Name(asn.UTF8(asn.OIDCommonName, ""), asn.UTF8(asn.OIDCommonName, "a")), asn.TLV(0xa0))
	f.Add(asn.Name(asn.Attribute(asn.OIDUnit, 30, "\x4f\x8b")), asn.TLV(0xa0, altNames(asn.TLV(0x81, []byte("a@b")), asn.TLV(0x86, []byte("urn:a")))))
	f.Add(asn.Name(asn.Attribute(asn.OIDUnit, 18, "1 2"), asn.Attribute(asn.OIDUnit, asn1.T61String, "a")), []byte(nil))
	f.Fuzz(func(t *testing.T, subject, attributes []byte) {
		q := *p
		q.subject, q.attributes = subject, attributes
		if len(subject)+len(attributes) > csr.MaxSize {
			return
		}
		r, err := csr.Parse(q.der())
		if err != nil {
			checkRefusal(t, err, "Csr")
			return
		}
		checkInvariants(t, r)
	})
}

// checkRefusal wants an *yuncert.Error of status 400, about that parameter
// unless it is empty.
func checkRefusal(t *testing.T, err error, parameter string) {
	t.Helper()
	e, ok := errors.AsType[*yuncert.Error](err)
	if !ok {
		t.Fatalf("error %v of type %T", err, err)
	}
	if e.Code.HTTPStatus() != http.StatusBadRequest || e.Message == "" || e.Parameter == "" {
		t.Errorf("error %#v: want one of status 400 with message and parameter", e)
	}
	if parameter != "" && e.Parameter != parameter {
		t.Errorf("the error is about %s, want %s", e.Parameter, parameter)
	}
	if len(e.Message) > 1000 {
		t.Errorf("a message of %d octets", len(e.Message))
	}
}

// checkCreated wants a CSR that Parse accepts, or the one error that a valid
// request and a good key still can have.
func checkCreated(t *testing.T, text string, err error, commonName string) {
	t.Helper()
	if err != nil {
		if !errors.Is(err, yuncert.ErrInternalEncodeCSRError) {
			t.Errorf("a valid request fails: %v", err)
		}
		return
	}
	r, err := csr.Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse refuses the CSR: %v\n%s", err, text)
	}
	if r.CommonName != commonName {
		t.Errorf("the CSR has the common name %q, want %q", r.CommonName, commonName)
	}
	checkInvariants(t, r)
}

func encodeJSON(t testing.TB, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func FuzzCreateCsrRequestJSON(f *testing.F) {
	f.Add([]byte(`{"KeySize":2048,"Algorithm":"RSA","CommonName":"123.com","Sans":"www.example.com,www.aliyundoc.com","CountryCode":"CN","Province":"Beijing","Locality":"Beijing","CorpName":"aly","Name":"csr-123","Department":"IT"}`))
	f.Add([]byte(`{"KeySize":256,"Algorithm":"ECC","CommonName":"例子.公司","Sans":"*.example.com,192.0.2.1,::1","CountryCode":"cn","Province":"北京","Locality":"北京"}`))
	f.Add([]byte(`{"KeySize":256,"Algorithm":"SM2","CommonName":"*.xn--fsqu00a.cn","Sans":" ,","CountryCode":"US","Province":"A&B","Locality":"\u00e9"}`))
	f.Add([]byte(`{"KeySize":384,"Algorithm":"ECC","CommonName":"www.example.com","CountryCode":"CN","Province":"Zhejiang","Locality":"Hangzhou"}`))
	f.Add([]byte(`{"KeySize":512,"Algorithm":"ECC","CommonName":"www.example.com","CountryCode":"CN","Province":"Zhejiang","Locality":"Hangzhou"}`))
	f.Add([]byte(`{"KeySize":521,"Algorithm":"ECC","CommonName":"www.example.com","CountryCode":"CN","Province":"Zhejiang","Locality":"Hangzhou"}`))
	f.Add([]byte(`{"KeySize":-1,"Algorithm":"\u0000"}`))
	f.Add([]byte(`null`))
	for _, row := range refusedCreateCsrRequests() {
		req := newCreateCsrRequest()
		row.change(req)
		f.Add(encodeJSON(f, req))
	}
	keys := make(map[string]*algorithm.PrivateKey)
	for _, a := range allKeys {
		keys[string(a.algorithm)] = testkeys.Key(a.algorithm, 0)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var req *csr.CreateCsrRequest
		if json.Unmarshal(text, &req) != nil {
			return
		}
		if err := req.Validate(); err != nil {
			checkRefusal(t, err, "")
			return
		}
		for _, a := range allKeys {
			if a.family == req.Algorithm && a.size == req.KeySize {
				resp, err := csr.CreateCsrWithKey(testutil.Seeded(), keys[string(a.algorithm)], req)
				if resp == nil {
					resp = new(csr.CreateCsrResponse)
				}
				checkCreated(t, resp.Csr, err, req.CommonName)
				return
			}
		}
		t.Errorf("Validate accepts %s of %d bits", req.Algorithm, req.KeySize)
	})
}

func FuzzCreateCdnCertificateSigningRequestRequestJSON(f *testing.F) {
	f.Add([]byte(`{"CommonName":"CommonName","SANs":"example.com","Organization":"Alibaba Inc","OrganizationUnit":"Aliyun CDN","Country":"CN","State":"Zhejiang","City":"Hangzhou","Email":"username@example.com"}`))
	f.Add([]byte(`{"CommonName":"*.example.com","SANs":"xx.com,xxx.xx.com","Email":"xxx.com"}`))
	f.Add([]byte(`{"CommonName":"公司","Country":"China"}`))
	f.Add([]byte(`{}`))
	for _, row := range refusedCdnRequests() {
		req := newCdnRequest()
		row.change(req)
		f.Add(encodeJSON(f, req))
	}
	key := testkeys.Key(algorithm.RSA_2048, 0)
	f.Fuzz(func(t *testing.T, text []byte) {
		var req *cdnRequest
		if json.Unmarshal(text, &req) != nil {
			return
		}
		if err := req.Validate(); err != nil {
			checkRefusal(t, err, "")
			return
		}
		resp, err := csr.CreateCdnCertificateSigningRequestWithKey(testutil.Seeded(), key, req)
		if resp == nil {
			resp = new(csr.CreateCdnCertificateSigningRequestResponse)
		}
		checkCreated(t, resp.Csr, err, req.CommonName)
	})
}
