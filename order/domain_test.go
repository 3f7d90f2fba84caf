package order

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/x509der"
)

// Any Domain is either refused with a client error, or gives one to five names that the
// product takes. The names, submitted again, give the same order.
func FuzzDomain(f *testing.F) {
	for _, domain := range []string{
		"", ",", "www.example.com", " WWW.example.com,\t,example.com", "*.example.com,example.com", "example.com,*.example.com",
		"*.example.com,*.example.net", "*.example.com,www.example.com", "a.cn,b.cn,c.cn,d.cn,e.cn", "a.cn,b.cn,c.cn,d.cn,e.cn,f.cn",
		"例子.中国", "*.例子.中国,例子.中国", "192.0.2.1", "2001:db8::1", "*.co.uk", "*.*.example.com", "localhost", "a.example.com、b.example.com",
		"a.example.com;b.example.com", "https://www.example.com/", "\x00", "\xff", "xn--a.example.com", strings.Repeat("a.", 121) + "example.com",
	} {
		f.Add(domain, true, "DNS")
		f.Add(domain, false, "FILE")
	}
	f.Fuzz(func(t *testing.T, domain string, authority bool, validateType string) {
		product := Product{Code: "own", Single: true, Wildcard: true, MaxNames: 4}
		terms := terms{products: []Product{product}, authority: authority}
		req := &CreateCertificateForPackageRequestRequest{ProductCode: "own", Domain: domain, ValidateType: validateType}
		o, err := req.check(terms)
		one, errOne := (&CreateCertificateRequestRequest{
			ProductCode: "own", Domain: domain, Username: "Tom", Phone: "1", Email: "tom@example.com", ValidateType: validateType,
		}).check(terms)
		if err != nil {
			e, ok := err.(*yuncert.Error)
			if !ok || len(e.Message) > 500 || e.Parameter != "Domain" && e.Parameter != "ValidateType" {
				t.Fatalf("error %#v", err)
			}
			if status := e.Code.HTTPStatus(); status != 400 && status != 403 {
				t.Errorf("%s has the status %d, which is not a client error", e.Code, status)
			}
			if errOne == nil {
				t.Errorf("CreateCertificateRequest accepts what CreateCertificateForPackageRequest refuses: %v", err)
			}
			return
		}
		names := o.names()
		if len(names) > maxDomain || o.Domain != names[0] || o.Csr != "" {
			t.Errorf("order %+v", o)
		}
		wildcards := 0
		for n, name := range names {
			canonical, err := x509der.CanonicalName(name)
			if err != nil || canonical != name || x509der.IsIP(name) || slices.Index(names, name) != n {
				t.Errorf("name %q of %q", name, names)
			}
			if strings.HasPrefix(name, "*.") {
				wildcards++
			}
		}
		for _, name := range names {
			if wildcards > 0 && !strings.HasPrefix(name, "*.") && !slices.Contains(names, "*."+name) {
				t.Errorf("%q stands among wildcards without its own", name)
			}
		}
		if wildcards > 0 && (o.ValidateType != "DNS" || wildcards > 4) || wildcards == 0 && len(names) > 4 {
			t.Errorf("%d wildcards among %q, proved by %s", wildcards, names, o.ValidateType)
		}
		if (errOne == nil) != (len(names) == 1 && validateType != "") || errOne == nil && one.Names != o.Names {
			t.Errorf("CreateCertificateRequest: %v", errOne)
		}
		req.Domain, req.ValidateType = o.Names, o.ValidateType
		again, err := req.check(terms)
		if diff := cmp.Diff(o, again); diff != "" || err != nil {
			t.Errorf("the names submitted again: %v (-first +second):\n%s", err, diff)
		}
	})
}
