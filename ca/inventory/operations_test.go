package inventory_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"io"
	"math"
	"math/big"
	"net"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/ca/inventory"
	"github.com/yuncert/yuncert/internal/testutil"
)

// unknownID has the form of an Identifier.
var unknownID = strings.Repeat("0", 32)

func TestOperationsRefuse(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	issued, bad := add(t, v, issue(t, au.issuer, 90), inventory.Labels{}), add(t, v, issue(t, au.issuer, 90), inventory.Labels{})
	revoke(t, v, later, bad, ca.ReasonUnspecified)
	before := everything(t, v)
	revokeReq := func(id string) func() (any, error) {
		return func() (any, error) {
			return v.CreateRevokeClientCertificate(ctx, testutil.Seeded(), later, &inventory.CreateRevokeClientCertificateRequest{Identifier: id})
		}
	}
	remove := func(id string) func() (any, error) {
		return func() (any, error) {
			return v.DeleteClientCertificate(ctx, testutil.Seeded(), later, &inventory.DeleteClientCertificateRequest{Identifier: id})
		}
	}
	describe := func(id string) func() (any, error) {
		return func() (any, error) {
			return v.DescribeClientCertificate(ctx, testutil.Seeded(), &inventory.DescribeClientCertificateRequest{Identifier: id})
		}
	}
	status := func(ids string) func() (any, error) {
		return func() (any, error) {
			return v.DescribeClientCertificateStatus(ctx, testutil.Seeded(), &inventory.DescribeClientCertificateStatusRequest{Identifier: ids})
		}
	}
	listAll := func(req inventory.ListClientCertificateRequest) func() (any, error) {
		return func() (any, error) { return v.ListClientCertificate(ctx, testutil.Seeded(), &req) }
	}
	listRevoked := func(req inventory.ListRevokeCertificateRequest) func() (any, error) {
		return func() (any, error) { return v.ListRevokeCertificate(ctx, testutil.Seeded(), &req) }
	}
	address := func(id string) func() (any, error) {
		return func() (any, error) {
			return v.GetCaInstanceCrlAddress(ctx, testutil.Seeded(), &inventory.GetCaInstanceCrlAddressRequest{CaIdentifier: id})
		}
	}
	for _, tt := range []struct {
		name      string
		call      func() (any, error)
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"revoke nothing", revokeReq(""), missing, "Identifier", ""},
		{"revoke a nil request", func() (any, error) { return v.CreateRevokeClientCertificate(ctx, nil, later, nil) }, missing, "Identifier", ""},
		{"revoke an unknown one", revokeReq(unknownID), unknown, "Identifier", "there is no certificate with the Identifier"},
		{"revoke a CA", revokeReq(au.issuer.Identifier()), unknown, "Identifier", "is a CA"},
		{"revoke a revoked one", revokeReq(bad.Identifier), protected, "Identifier", "revoked already"},
		{"delete nothing", remove(""), missing, "Identifier", ""},
		{"delete a nil request", func() (any, error) { return v.DeleteClientCertificate(ctx, nil, later, nil) }, missing, "Identifier", ""},
		{"delete an unknown one", remove("\x00"), unknown, "Identifier", ""},
		{"delete a CA", remove(au.issuer.Identifier()), unknown, "Identifier", "is a CA"},
		{"delete one that is not revoked", remove(issued.Identifier), yuncert.ErrInvalidStatusDeleteProtection, "Identifier", "not revoked"},
		{"describe nothing", describe(""), missing, "Identifier", ""},
		{"describe a nil request", func() (any, error) { return v.DescribeClientCertificate(ctx, nil, nil) }, missing, "Identifier", ""},
		{"describe an unknown one", describe(unknownID), unknown, "Identifier", ""},
		{"describe a CA", describe(au.root.Identifier()), unknown, "Identifier", "is a CA"},
		{"the status of nothing", status(""), missing, "Identifier", ""},
		{"the status of a nil request", func() (any, error) { return v.DescribeClientCertificateStatus(ctx, nil, nil) }, missing, "Identifier", ""},
		{"the status of commas", status(" , ,"), missing, "Identifier", ""},
		{"the status of 101", status(strings.Repeat("a,", 101)), malformed, "Identifier", "more than 100"},
		{"the status of very many", status(strings.Repeat(",a", 1<<20)), malformed, "Identifier", "more than 100"},
		{"a negative page", listAll(inventory.ListClientCertificateRequest{CurrentPage: -1}), malformed, "CurrentPage", "-1 is negative"},
		{"a negative size", listAll(inventory.ListClientCertificateRequest{ShowSize: -1}), malformed, "ShowSize", "-1 is negative"},
		{"a size of 1001", listAll(inventory.ListClientCertificateRequest{ShowSize: 1001}), refused, "ShowSize", "1001 is more than 1000"},
		{"the first problem", listAll(inventory.ListClientCertificateRequest{CurrentPage: -1, ShowSize: -1, ResourceGroupId: "\n"}), malformed, "CurrentPage", ""},
		{"a resource group with a NUL", listAll(inventory.ListClientCertificateRequest{ResourceGroupId: "\x00"}), malformed, "ResourceGroupId", ""},
		{"a negative page of revoked ones", listRevoked(inventory.ListRevokeCertificateRequest{CurrentPage: -1}), malformed, "CurrentPage", ""},
		{"a negative size of revoked ones", listRevoked(inventory.ListRevokeCertificateRequest{ShowSize: -1}), malformed, "ShowSize", ""},
		{"1001 revoked ones", listRevoked(inventory.ListRevokeCertificateRequest{ShowSize: 1001}), refused, "ShowSize", ""},
		{"the address of nothing", address(""), missing, "CaIdentifier", ""},
		{"the address of a nil request", func() (any, error) { return v.GetCaInstanceCrlAddress(ctx, nil, nil) }, missing, "CaIdentifier", ""},
		{"the address of an unknown CA", address(unknownID), unknown, "CaIdentifier", "there is no CA with the Identifier"},
		{"the address of a server", address(issued.Identifier), unknown, "CaIdentifier", ""},
	} {
		resp, err := tt.call()
		testutil.CheckError(t, err, tt.code, tt.parameter, tt.mention)
		if !reflect.ValueOf(resp).IsNil() {
			t.Errorf("%s: a response with an error", tt.name)
		}
	}
	if diff := cmp.Diff(before, everything(t, v)); diff != "" {
		t.Errorf("a refused operation changed the store (-before +after):\n%s", diff)
	}
}

// A random source that fails is an error before anything is stored.
func TestOperationsBrokenRandom(t *testing.T) {
	t.Parallel()
	ctx, rand := t.Context(), testutil.Broken
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	good, bad := add(t, v, issue(t, au.issuer, 90), inventory.Labels{}), add(t, v, issue(t, au.issuer, 90), inventory.Labels{})
	revoke(t, v, later, bad, ca.ReasonUnspecified)
	before := everything(t, v)
	for name, call := range methods(ctx, v, rand, good, bad, inventory.Certificate{}, au) {
		if method, documented := strings.CutPrefix(name, "documented "); documented {
			t.Log(method)
			testutil.CheckCause(t, call(), broke, "", testutil.ErrNoRandomness.Error())
		}
	}
	if diff := cmp.Diff(before, everything(t, v)); diff != "" {
		t.Errorf("the store changed (-before +after):\n%s", diff)
	}
}

// methods has a call of each method that uses the store, on certificates that are
// issued, revoked and on hold.
func methods(ctx context.Context, v *inventory.Inventory, rand io.Reader, good, bad, onHold inventory.Certificate, au *authority) map[string]func() error {
	err := func(_ any, err error) error { return err }
	return map[string]func() error{
		"Add":                       func() error { return err(v.Add(ctx, later, good.DER, inventory.Labels{})) },
		"AddCA":                     func() error { return err(v.AddCA(ctx, later, au.issuer, inventory.Labels{})) },
		"CA":                        func() error { return err(v.CA(ctx, au.issuer.Identifier())) },
		"Certificate":               func() error { return err(v.Certificate(ctx, good.Identifier)) },
		"CertificateBySerialNumber": func() error { return err(v.CertificateBySerialNumber(ctx, good.Authority, good.SerialNumber)) },
		"Certificates":              func() error { return err(v.Certificates(ctx, inventory.Filter{}, inventory.Certificate{}, 1)) },
		"Pool": func() error {
			return err(v.Pool(ctx, func(inventory.CA) (*ca.Issuer, error) { return nil, nil }))
		},
		"Once": func() error {
			req := clientRequest(au)
			_, err := inventory.Once(ctx, v, rand, later, req, func() (*ca.CreateClientCertificateResponse, inventory.Issued, error) {
				return new(ca.CreateClientCertificateResponse), inventory.Issued{DER: good.DER}, nil
			})
			return err
		},
		"Release":        func() error { return err(v.Release(ctx, later, onHold.Identifier)) },
		"Revoke":         func() error { return err(v.Revoke(ctx, later, good.Identifier, inventory.Revocation{})) },
		"RevocationList": func() error { return err(v.RevocationList(ctx, rand, later, au.issuer, later.AddDate(0, 0, 1))) },
		"Status":         func() error { return err(v.Status(ctx, later, good.Authority, time.Time{})(good.SerialNumber)) },
		"Expiring": func() error {
			for _, err := range v.Expiring(ctx, time.Time{}, time.Time{}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"documented UpdateCACertificateStatus": func() error {
			return err(v.UpdateCACertificateStatus(ctx, rand, later, nil, &ca.UpdateCACertificateStatusRequest{Identifier: au.issuer.Identifier()}))
		},
		"documented CreateRevokeClientCertificate": func() error {
			return err(v.CreateRevokeClientCertificate(ctx, rand, later, &inventory.CreateRevokeClientCertificateRequest{Identifier: good.Identifier}))
		},
		"documented DeleteClientCertificate": func() error {
			return err(v.DeleteClientCertificate(ctx, rand, later, &inventory.DeleteClientCertificateRequest{Identifier: bad.Identifier}))
		},
		"documented DescribeClientCertificate": func() error {
			return err(v.DescribeClientCertificate(ctx, rand, &inventory.DescribeClientCertificateRequest{Identifier: good.Identifier}))
		},
		"documented DescribeClientCertificateStatus": func() error {
			return err(v.DescribeClientCertificateStatus(ctx, rand, &inventory.DescribeClientCertificateStatusRequest{Identifier: good.Identifier}))
		},
		"documented ListClientCertificate": func() error { return err(v.ListClientCertificate(ctx, rand, nil)) },
		"documented ListRevokeCertificate": func() error { return err(v.ListRevokeCertificate(ctx, rand, nil)) },
		"documented GetCaInstanceCrlAddress": func() error {
			return err(v.GetCaInstanceCrlAddress(ctx, rand, &inventory.GetCaInstanceCrlAddressRequest{CaIdentifier: au.issuer.Identifier()}))
		},
	}
}

// The status of several certificates, in the order of the request.
func TestDescribeClientCertificateStatus(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	var c [4]inventory.Certificate
	for n := range c {
		c[n] = add(t, v, issue(t, au.issuer, 90), inventory.Labels{})
	}
	revoke(t, v, later, c[1], ca.ReasonUnspecified)
	revoke(t, v, later, c[2], ca.ReasonCertificateHold)
	revoke(t, v, later, c[3], ca.ReasonUnspecified)
	must[*inventory.DeleteClientCertificateResponse](t)(v.DeleteClientCertificate(ctx, nil, later, &inventory.DeleteClientCertificateRequest{Identifier: c[3].Identifier}))
	ids := []string{c[2].Identifier, unknownID, " " + c[0].Identifier + "\t", "", c[1].Identifier, c[0].Identifier, c[3].Identifier, au.issuer.Identifier(), "\x00"}
	resp := must[*inventory.DescribeClientCertificateStatusResponse](t)(v.DescribeClientCertificateStatus(ctx, testutil.Seeded(),
		&inventory.DescribeClientCertificateStatusRequest{Identifier: strings.Join(ids, ",")}))
	nobody := inventory.ClientCertificateStatus{Status: "unknown"}
	want := []inventory.ClientCertificateStatus{
		{SerialNumber: c[2].SerialNumber, Status: "revoked", RevokeTime: later.UnixMilli()},
		nobody,
		{SerialNumber: c[0].SerialNumber, Status: "good"},
		{SerialNumber: c[1].SerialNumber, Status: "revoked", RevokeTime: later.UnixMilli()},
		{SerialNumber: c[0].SerialNumber, Status: "good"},
		nobody, nobody, nobody,
	}
	if diff := cmp.Diff(want, resp.CertificateStatus); diff != "" {
		t.Errorf("status mismatch (-want +got):\n%s", diff)
	}
	if !testutil.RequestIDForm.MatchString(resp.RequestId) {
		t.Errorf("the RequestId is %q", resp.RequestId)
	}
	hundred := strings.TrimSuffix(strings.Repeat(c[0].Identifier+",", 100), ",")
	resp = must[*inventory.DescribeClientCertificateStatusResponse](t)(v.DescribeClientCertificateStatus(ctx, nil, &inventory.DescribeClientCertificateStatusRequest{Identifier: hundred}))
	if len(resp.CertificateStatus) != 100 {
		t.Errorf("%d of 100 statuses", len(resp.CertificateStatus))
	}
}

// Every member of a description.
func TestDescribeClientCertificate(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	der := issue(t, au.issuer, 90, "www.example.com", "example.com")
	c := add(t, v, der, inventory.Labels{
		Tags: []ca.Tag{{Key: "account", Value: "test"}, {}}, ResourceGroupId: "group", CustomIdentifier: "mine", AliasName: "网站",
	})
	resp := must[*inventory.DescribeClientCertificateResponse](t)(v.DescribeClientCertificate(ctx, testutil.Seeded(), &inventory.DescribeClientCertificateRequest{Identifier: c.Identifier}))
	text := testutil.EncodePEM("CERTIFICATE", der)
	sum := sha256.Sum256(der)
	want := &inventory.ClientCertificate{
		Id: c.Id, Identifier: c.Identifier, ParentIdentifier: au.issuer.Identifier(), CustomIdentifier: "mine", AliasName: "网站",
		CertificateType: "SERVER", Status: "ISSUE", Algorithm: "ECC", FullAlgorithm: "ECC_256", KeySize: 256, SignAlgorithm: "SHA256WITHECDSA",
		SerialNumber: c.SerialNumber, SubjectDN: "C=CN,O=Alibaba Inc.,OU=Aliyun CDN,L=杭州,ST=Zhejiang,CN=www.example.com",
		CommonName: "www.example.com", Organization: "Alibaba Inc.", OrganizationUnit: "Aliyun CDN", Locality: "杭州", State: "Zhejiang", CountryCode: "CN",
		Sans:            `[{"Type":2,"Value":"www.example.com"},{"Type":2,"Value":"example.com"}]`,
		X509Certificate: text, CertChain: text + au.subPEM, BeforeDate: instant.Truncate(time.Second).UnixMilli(),
		AfterDate: instant.Truncate(time.Second).AddDate(0, 0, 90).UnixMilli(), Days: 90, Md5: c.Identifier, Sha2: hex.EncodeToString(sum[:]),
		ResourceGroupId: "group", Tags: []ca.DescribedTag{{TagKey: "account", TagValue: "test"}, {}},
	}
	if diff := cmp.Diff(want, resp.Certificate); diff != "" {
		t.Errorf("description mismatch (-want +got):\n%s", diff)
	}
	revoke(t, v, later, c, ca.ReasonUnspecified)
	resp = must[*inventory.DescribeClientCertificateResponse](t)(v.DescribeClientCertificate(ctx, testutil.Seeded(), &inventory.DescribeClientCertificateRequest{Identifier: c.Identifier}))
	if resp.Certificate.Status != "REVOKE" {
		t.Errorf("the status of a revoked certificate is %s", resp.Certificate.Status)
	}
}

// Names of every kind, and certificates of other families.
func TestDescribeClientCertificateKinds(t *testing.T) {
	t.Parallel()
	mailbox := func(c, _ *x509.Certificate) {
		c.EmailAddresses, c.DNSNames, c.IPAddresses = []string{"a@example.com"}, []string{"example.com"}, []net.IP{net.IPv4(192, 0, 2, 1), net.ParseIP("2001:db8::1")}
		c.URIs = []*url.URL{{Scheme: "https", Host: "example.com", RawQuery: "a=1&b=<2>"}}
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	for _, tt := range []struct {
		name                    string
		der                     []byte
		kind, full, sign, names string
	}{
		{"a client", foreign(t, mailbox), "CLIENT", "ECC_256", "SHA256WITHECDSA",
			`[{"Type":1,"Value":"a@example.com"},{"Type":2,"Value":"example.com"},{"Type":6,"Value":"https://example.com?a=1&b=<2>"},{"Type":7,"Value":"192.0.2.1"},{"Type":7,"Value":"2001:db8::1"}]`},
		{"another use", foreign(t, nil), "CLIENT", "ECC_256", "SHA256WITHECDSA", ""},
		{"SM2", issue(t, authorityOf(algorithm.SM2_256).issuer, 90), "SERVER", "SM2_256", "SM3WITHSM2", `[{"Type":2,"Value":"www.example.com"}]`},
		{"RSA", issue(t, authorityOf(algorithm.RSA_2048).issuer, 90), "SERVER", "RSA_2048", "SHA256WITHRSA", `[{"Type":2,"Value":"www.example.com"}]`},
	} {
		v, _ := newInventory()
		c := add(t, v, tt.der, inventory.Labels{})
		got := must[*inventory.DescribeClientCertificateResponse](t)(v.DescribeClientCertificate(t.Context(), nil, &inventory.DescribeClientCertificateRequest{Identifier: c.Identifier})).Certificate
		for _, member := range [][2]string{{got.CertificateType, tt.kind}, {got.FullAlgorithm, tt.full}, {got.SignAlgorithm, tt.sign}, {got.Sans, tt.names}} {
			if member[0] != member[1] {
				t.Errorf("%s: the member is %q, want %q", tt.name, member[0], member[1])
			}
		}
	}
}

// Pages, their counts and the filters.
func TestListClientCertificate(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, authorityOf(algorithm.ECC_256).issuer, inventory.Labels{}))
	const n = 45
	for serial := range int64(n + 1) {
		add(t, v, foreign(t, func(c, _ *x509.Certificate) { c.SerialNumber = big.NewInt(serial + 1) }), inventory.Labels{ResourceGroupId: []string{"a", "b", "b"}[serial%3]})
	}
	var leaves []inventory.Certificate
	for _, c := range everything(t, v) {
		if c.Kind != inventory.KindCA {
			leaves = append(leaves, c)
		}
	}
	gone, bad := leaves[n], leaves[0]
	revoke(t, v, later, gone, ca.ReasonUnspecified)
	revoke(t, v, later, bad, ca.ReasonUnspecified)
	must[*inventory.DeleteClientCertificateResponse](t)(v.DeleteClientCertificate(ctx, nil, later, &inventory.DeleteClientCertificateRequest{Identifier: gone.Identifier}))
	type counts struct {
		CurrentPage, PageCount, ShowSize int32
		TotalCount                       int64
		First, Length                    int
	}
	for _, tt := range []struct {
		name string
		req  inventory.ListClientCertificateRequest
		want counts
	}{
		{"defaults", inventory.ListClientCertificateRequest{}, counts{1, 3, 20, n, n, 20}},
		{"page 2", inventory.ListClientCertificateRequest{CurrentPage: 2}, counts{2, 3, 20, n, n - 20, 20}},
		{"page 3", inventory.ListClientCertificateRequest{CurrentPage: 3}, counts{3, 3, 20, n, n - 40, 5}},
		{"past the end", inventory.ListClientCertificateRequest{CurrentPage: 4}, counts{4, 3, 20, n, 0, 0}},
		{"the last possible page", inventory.ListClientCertificateRequest{CurrentPage: math.MaxInt32, ShowSize: 1000}, counts{math.MaxInt32, 1, 1000, n, 0, 0}},
		{"all", inventory.ListClientCertificateRequest{ShowSize: 1000}, counts{1, 1, 1000, n, n, n}},
		{"pages that divide the number", inventory.ListClientCertificateRequest{ShowSize: 9, CurrentPage: 5}, counts{5, 5, 9, n, 9, 9}},
		{"one on a page", inventory.ListClientCertificateRequest{ShowSize: 1, CurrentPage: n}, counts{n, n, 1, n, 1, 1}},
		{"one certificate", inventory.ListClientCertificateRequest{Identifier: leaves[6].Identifier}, counts{1, 1, 20, 1, 7, 1}},
		{"its page 2", inventory.ListClientCertificateRequest{Identifier: leaves[6].Identifier, CurrentPage: 2}, counts{2, 1, 20, 1, 0, 0}},
		{"a revoked one", inventory.ListClientCertificateRequest{Identifier: bad.Identifier}, counts{1, 1, 20, 1, 1, 1}},
		{"a deleted one", inventory.ListClientCertificateRequest{Identifier: gone.Identifier}, counts{1, 0, 20, 0, 0, 0}},
		{"an unknown one", inventory.ListClientCertificateRequest{Identifier: "\x00"}, counts{1, 0, 20, 0, 0, 0}},
		{"a CA", inventory.ListClientCertificateRequest{Identifier: authorityOf(algorithm.ECC_256).issuer.Identifier()}, counts{1, 0, 20, 0, 0, 0}},
		{"a resource group", inventory.ListClientCertificateRequest{ResourceGroupId: "b"}, counts{1, 2, 20, 30, n, 20}},
		{"one in the group", inventory.ListClientCertificateRequest{Identifier: leaves[1].Identifier, ResourceGroupId: "b"}, counts{1, 1, 20, 1, 2, 1}},
		{"one in another group", inventory.ListClientCertificateRequest{Identifier: leaves[0].Identifier, ResourceGroupId: "b"}, counts{1, 0, 20, 0, 0, 0}},
	} {
		resp := must[*inventory.ListClientCertificateResponse](t)(v.ListClientCertificate(ctx, testutil.Seeded(), &tt.req))
		got := counts{resp.CurrentPage, resp.PageCount, resp.ShowSize, resp.TotalCount, 0, len(resp.CertificateList)}
		for i, c := range resp.CertificateList {
			serial := int(new(big.Int).SetBytes(testutil.Hex(c.SerialNumber)).Int64())
			if i == 0 {
				got.First = serial
			} else if c.Id >= resp.CertificateList[i-1].Id {
				t.Errorf("%s: Id %d follows %d", tt.name, c.Id, resp.CertificateList[i-1].Id)
			}
			if want := map[bool]string{true: "REVOKE", false: "ISSUE"}[c.Identifier == bad.Identifier]; c.Status != want {
				t.Errorf("%s: the status of %s is %s, want %s", tt.name, c.SerialNumber, c.Status, want)
			}
		}
		if resp.MaxResults != resp.ShowSize || resp.CertificateList == nil || !testutil.RequestIDForm.MatchString(resp.RequestId) {
			t.Errorf("%s: the response has MaxResults %d and RequestId %q", tt.name, resp.MaxResults, resp.RequestId)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: counts mismatch (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestListRevokeCertificate(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	must[*ca.UpdateCACertificateStatusResponse](t)(v.UpdateCACertificateStatus(ctx, nil, later, nil, &ca.UpdateCACertificateStatusRequest{Identifier: au.issuer.Identifier()}))
	empty := must[*inventory.ListRevokeCertificateResponse](t)(v.ListRevokeCertificate(ctx, nil, nil))
	if empty.CertificateList == nil || len(empty.CertificateList) != 0 || empty.PageCount != 0 || empty.TotalCount != 0 || empty.CurrentPage != 1 || empty.ShowSize != 20 {
		t.Errorf("the empty list is %+v", empty)
	}
	var want []string
	for n := range 5 {
		c := add(t, v, issue(t, au.issuer, 90), inventory.Labels{CustomIdentifier: string(rune('a' + n))})
		if n > 0 {
			revoke(t, v, later, c, ca.ReasonUnspecified)
			want = append([]string{c.Identifier}, want...)
		}
	}
	resp := must[*inventory.ListRevokeCertificateResponse](t)(v.ListRevokeCertificate(ctx, nil, &inventory.ListRevokeCertificateRequest{CurrentPage: 2, ShowSize: 3}))
	if len(resp.CertificateList) != 1 || resp.CertificateList[0].Identifier != want[3] || resp.PageCount != 2 || resp.TotalCount != 4 {
		t.Fatalf("page 2 is %+v", resp)
	}
	c := resp.CertificateList[0]
	if c.BeforeDate != "2026-03-04T00:00Z" || c.AfterDate != "2026-06-02T00:00Z" || c.RevokeDate != "2026-03-04T00:00Z" || c.Status != "REVOKE" || c.CustomIdentifier != "b" || c.ParentIdentifier != au.issuer.Identifier() {
		t.Errorf("the item is %+v", c)
	}
	all := must[*inventory.ListRevokeCertificateResponse](t)(v.ListRevokeCertificate(ctx, nil, nil))
	for n, c := range all.CertificateList {
		if c.Identifier != want[n] {
			t.Errorf("item %d is %s, want %s", n, c.Identifier, want[n])
		}
	}
}

func TestGetCaInstanceCrlAddress(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	au := authorityOf(algorithm.ECC_256)
	v, _ := newInventory()
	req := &inventory.GetCaInstanceCrlAddressRequest{CaIdentifier: au.issuer.Identifier()}
	check := func(what string, want inventory.GetCaInstanceCrlAddressResponse) {
		t.Helper()
		got := must[*inventory.GetCaInstanceCrlAddressResponse](t)(v.GetCaInstanceCrlAddress(ctx, testutil.Seeded(), req))
		want.RequestId = got.RequestId
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("%s: response mismatch (-want +got):\n%s", what, diff)
		}
	}
	must[inventory.CA](t)(v.AddCA(ctx, instant, au.issuer, inventory.Labels{}))
	check("without an address and a list", inventory.GetCaInstanceCrlAddressResponse{CaInstanceStatus: "normal"})
	next := later.AddDate(0, 0, 7)
	hash := func(der []byte, err error) string {
		sum := sha256.Sum256(must[[]byte](t)(der, err))
		return hex.EncodeToString(sum[:])
	}
	complete := hash(v.RevocationList(ctx, nil, later, au.issuer, next))
	millis := strconv.FormatInt(next.Truncate(time.Second).UnixMilli(), 10)
	check("the complete list", inventory.GetCaInstanceCrlAddressResponse{CaInstanceStatus: "normal", HashCode: complete, NextUpdateTime: millis})
	issuer := au.issuerAt(t, "http://pki.example.com")
	must[inventory.CA](t)(v.AddCA(ctx, instant, issuer, inventory.Labels{}))
	address := issuer.Describe().CrlUrl
	check("an address", inventory.GetCaInstanceCrlAddressResponse{CaInstanceStatus: "normal", CrlUrl: address, HashCode: complete, NextUpdateTime: millis})
	partition := hash(v.RevocationListPartition(ctx, nil, later.Add(time.Second), issuer, next))
	check("a newer partition", inventory.GetCaInstanceCrlAddressResponse{CaInstanceStatus: "normal", CrlUrl: address, HashCode: partition, NextUpdateTime: millis})
	complete = hash(v.RevocationList(ctx, nil, later.Add(2*time.Second), issuer, next))
	check("a newer complete list", inventory.GetCaInstanceCrlAddressResponse{CaInstanceStatus: "normal", CrlUrl: address, HashCode: complete, NextUpdateTime: millis})
	must[*ca.UpdateCACertificateStatusResponse](t)(v.UpdateCACertificateStatus(ctx, nil, later, nil, &ca.UpdateCACertificateStatusRequest{Identifier: au.root.Identifier()}))
	check("a revoked CA above", inventory.GetCaInstanceCrlAddressResponse{CaInstanceStatus: "revoke", CrlUrl: address, HashCode: complete, NextUpdateTime: millis})
}
