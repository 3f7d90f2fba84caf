package inventory_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/testutil"
)

// checkClientError checks an error of a request.
func checkClientError(t *testing.T, err error) {
	t.Helper()
	e, ok := err.(*yuncert.Error)
	if !ok || e.Message == "" || e.Parameter == "" || e.Err != nil || len(e.Message) > 1000 || !utf8.ValidString(e.Message) {
		t.Fatalf("error %#v", err)
	}
	if status := e.Code.HTTPStatus(); status != 400 {
		t.Errorf("%s has the status %d, which is not a client error", e.Code, status)
	}
}

// A fuzzed request of one operation.
type fuzzed interface{ Validate() error }

// Any request of any operation is refused with a client error or answered. Validate
// refuses nothing that the operation takes.
func FuzzRequestsJSON(f *testing.F) {
	au := authorityOf(algorithm.ECC_256)
	store := new(inventory.MemoryStore)
	v := inventory.New(store)
	ctx := context.Background()
	must[inventory.CA](f)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	c := must[inventory.Certificate](f)(v.Add(ctx, instant, issue(f, au.issuer, 90), inventory.Labels{}))
	for _, text := range []string{
		`{}`, `null`, `{"Identifier":"` + c.Identifier + `"}`, `{"Identifier":"` + c.Identifier + `,,x"}`, `{"Identifier":",` + strings.Repeat("a,", 101) + `"}`,
		`{"Identifier":"\u0000"}`, `{"CurrentPage":2147483647,"ShowSize":1000}`, `{"CurrentPage":-1}`, `{"ShowSize":1001}`, `{"ShowSize":1,"ResourceGroupId":"a\u0000"}`,
		`{"CaIdentifier":"` + au.issuer.Identifier() + `","Uuid":"x"}`, `{"Identifier":"` + au.root.Identifier() + `","Status":"REVOKE","ClientToken":"a"}`, `{"Status":"ISSUE"}`,
	} {
		for operation := range byte(8) {
			f.Add(operation, text)
		}
	}
	f.Fuzz(func(t *testing.T, operation byte, text string) {
		random := testutil.Seeded()
		var req fuzzed
		var call func() (any, error)
		switch operation % 8 {
		case 0:
			r := new(inventory.CreateRevokeClientCertificateRequest)
			req, call = r, func() (any, error) { return v.CreateRevokeClientCertificate(ctx, random, later, r) }
		case 1:
			r := new(inventory.DeleteClientCertificateRequest)
			req, call = r, func() (any, error) { return v.DeleteClientCertificate(ctx, random, later, r) }
		case 2:
			r := new(inventory.ListRevokeCertificateRequest)
			req, call = r, func() (any, error) { return v.ListRevokeCertificate(ctx, random, r) }
		case 3:
			r := new(inventory.DescribeClientCertificateStatusRequest)
			req, call = r, func() (any, error) { return v.DescribeClientCertificateStatus(ctx, random, r) }
		case 4:
			r := new(inventory.DescribeClientCertificateRequest)
			req, call = r, func() (any, error) { return v.DescribeClientCertificate(ctx, random, r) }
		case 5:
			r := new(inventory.ListClientCertificateRequest)
			req, call = r, func() (any, error) { return v.ListClientCertificate(ctx, random, r) }
		case 6:
			r := new(inventory.GetCaInstanceCrlAddressRequest)
			req, call = r, func() (any, error) { return v.GetCaInstanceCrlAddress(ctx, random, r) }
		case 7:
			r := new(ca.UpdateCACertificateStatusRequest)
			req, call = r, func() (any, error) { return v.UpdateCACertificateStatus(ctx, random, later, nil, r) }
		}
		if json.Unmarshal([]byte(text), req) != nil {
			return
		}
		before, err := json.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		valid := req.Validate()
		resp, err := call()
		after, _ := json.Marshal(req)
		if string(before) != string(after) {
			t.Errorf("the request was changed from %s to %s", before, after)
		}
		if valid != nil && (err == nil || err.Error() != valid.Error()) {
			t.Fatalf("Validate returned %v, but the operation returned %v", valid, err)
		}
		if err != nil {
			checkClientError(t, err)
			return
		}
		if _, err := json.Marshal(resp); err != nil {
			t.Errorf("the response cannot be encoded: %v", err)
		}
	})
}

// Any octets are refused with a client error, or are recorded, found and described.
func FuzzAdd(f *testing.F) {
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.ECC_256, algorithm.SM2_256} {
		f.Add(issue(f, authorityOf(a).issuerAt(f, "http://pki.example.com"), 90))
	}
	f.Add(foreign(f, nil))
	f.Add(foreign(f, func(c, parent *x509.Certificate) {
		parent.SubjectKeyId = nil
		c.DNSNames, c.EmailAddresses, c.CRLDistributionPoints = testutil.NumberedNames(40), []string{"a@b"}, []string{"http://a", "ldap://b"}
	}))
	f.Add(testutil.FirstPEM(f, authorityOf(algorithm.ECC_256).rootPEM))
	f.Add([]byte{0x30})
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, der []byte) {
		v, _ := newInventory()
		c, err := v.Add(ctx, instant, der, inventory.Labels{})
		if err != nil {
			checkClientError(t, err)
			return
		}
		again := must[inventory.Certificate](t)(v.Add(ctx, later, der, inventory.Labels{}))
		bySerial := must[inventory.Certificate](t)(v.CertificateBySerialNumber(ctx, c.Authority, c.SerialNumber))
		if diff := cmp.Diff([]inventory.Certificate{c, c}, []inventory.Certificate{again, bySerial}); diff != "" {
			t.Errorf("the certificate is not found (-added +found):\n%s", diff)
		}
		cert := must[*x509.Certificate](t)(c.Parse())
		for _, name := range cert.DNSNames {
			if len(name) > 200 || !utf8.ValidString(name) || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
				continue
			}
			page := must[[]inventory.Certificate](t)(v.Certificates(ctx, inventory.Filter{Name: name}, inventory.Certificate{}, 1))
			if name != "" && len(page) != 1 {
				t.Errorf("the certificate is not found by its name %q", name)
			}
		}
		if c.Kind == inventory.KindCA {
			return
		}
		list := must[*inventory.ListClientCertificateResponse](t)(v.ListClientCertificate(ctx, nil, nil))
		if text, err := json.Marshal(list); err != nil || !json.Valid(text) {
			t.Errorf("the list cannot be encoded: %v", err)
		}
		if sans := list.CertificateList[0].Sans; sans != "" && !json.Valid([]byte(sans)) {
			t.Errorf("Sans is not JSON: %q", sans)
		}
	})
}
