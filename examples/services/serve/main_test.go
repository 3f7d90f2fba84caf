package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/order"
	orderstore "github.com/yuncert/yuncert/order/sqlstore"
)

// A client calls a service over HTTP.
type client struct {
	url string
}

// newClient opens the service of a directory. Stop it before another one opens it.
func newClient(t *testing.T, dir string) (c client, operations map[string]operation, stop func()) {
	t.Helper()
	s, err := open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	operations = s.operations()
	server := httptest.NewServer(handler(operations))
	return client{server.URL}, operations, func() {
		server.Close()
		if err := s.db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// call calls an operation, such as "2020-04-07 CreateCsr", with names and values.
func (c client) call(t *testing.T, operation string, parameters ...string) (status int, answer map[string]any) {
	t.Helper()
	version, action, _ := strings.Cut(operation, " ")
	form := url.Values{"Action": {action}, "Version": {version}, "Format": {"JSON"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	resp, err := http.PostForm(c.url, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s: %v in %s", operation, err, text)
	}
	return resp.StatusCode, answer
}

// succeed calls an operation that must succeed.
func (c client) succeed(t *testing.T, operation string, parameters ...string) map[string]any {
	t.Helper()
	status, answer := c.call(t, operation, parameters...)
	if status != http.StatusOK || answer["RequestId"] == nil {
		t.Fatalf("%s: %d %v", operation, status, answer)
	}
	return answer
}

// refuse calls an operation that must fail with a status and a code.
func (c client) refuse(t *testing.T, operation, want string, parameters ...string) {
	t.Helper()
	status, answer := c.call(t, operation, parameters...)
	if got := fmt.Sprint(status, " ", answer["Code"]); got != want {
		t.Errorf("%s: got %s, want %s: %v", operation, got, want, answer["Message"])
	}
}

// newCSR returns a CSR and its key in PEM.
func newCSR(t *testing.T, commonName string) (request, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: commonName}}, private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}))
}

// identifierOf returns the Identifier of the only CA of a type.
func (c client) identifierOf(t *testing.T, certType string) string {
	t.Helper()
	list := c.succeed(t, "2020-06-30 DescribeCACertificateList", "CertType", certType)["CertificateList"].([]any)
	if len(list) != 1 {
		t.Fatalf("CAs of the type %s: %v", certType, list)
	}
	return list[0].(map[string]any)["Identifier"].(string)
}

// newCAs creates a root CA and an issuing CA, and returns their Identifiers.
func (c client) newCAs(t *testing.T) (root, sub string) {
	t.Helper()
	root = c.succeed(t, "2020-06-30 CreateRootCACertificate", append([]string{"CommonName", "Test Root CA", "Years", "10", "Algorithm", "ECC_256"}, caSubject...)...)["Identifier"].(string)
	sub = c.succeed(t, "2020-06-30 CreateSubCACertificate", append([]string{"CommonName", "Test Issuing CA", "Years", "5", "Algorithm", "ECC_256", "ParentIdentifier", root}, caSubject...)...)["Identifier"].(string)
	return root, sub
}

var caSubject = []string{"Organization", "Test", "OrganizationUnit", "PKI", "Locality", "Hangzhou", "State", "Zhejiang"}

// Every operation succeeds once and is refused once.
func TestOperations(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "serve")
	c, operations, stop := newClient(t, dir)
	defer stop()
	root, sub := c.newCAs(t)
	text := func(answer map[string]any, member string) string { return fmt.Sprint(answer[member]) }
	number := func(answer map[string]any, member string) string { return fmt.Sprintf("%.0f", answer[member]) }
	seen := make(map[string]bool)
	both := func(operation, refusal, parameter, value string, parameters ...string) map[string]any {
		t.Helper()
		seen[operation] = true
		c.refuse(t, operation, refusal, append(slices.Clone(parameters), parameter, value)...)
		return c.succeed(t, operation, parameters...)
	}

	// CSRs
	cdn := both("2018-05-10 CreateCdnCertificateSigningRequest", "400 InvalidValue.Malformed", "Country", "CHN", "CommonName", "www.example.com")
	made := both("2020-04-07 CreateCsr", "400 InvalidValue.Malformed", "KeySize", "1024",
		"CommonName", "www.example.com", "Algorithm", "ECC", "KeySize", "256", "CountryCode", "CN", "Province", "Zhejiang", "Locality", "Hangzhou", "Name", "web")
	id := number(made, "CsrId")
	detail := both("2020-04-07 GetCsrDetail", "400 NotFound", "CsrId", "1", "CsrId", id)
	if detail["Csr"] != made["Csr"] || !strings.Contains(text(detail, "PrivateKey"), "BEGIN EC PRIVATE KEY") {
		t.Errorf("GetCsrDetail: %v", detail)
	}
	request, key := newCSR(t, "mail.example.com")
	_, otherKey := newCSR(t, "mail.example.com")
	uploaded := both("2020-04-07 UploadCsr", "400 InvalidValue.Malformed", "Csr", "CSR", "Csr", request)
	both("2020-04-07 ListCsr", "400 InvalidValue.Malformed", "ShowSize", "-1", "KeyWord", "mail")
	both("2020-04-07 UpdateCsr", "400 InvalidParameter", "Key", otherKey, "CsrId", number(uploaded, "CsrId"), "Key", key)
	both("2020-04-07 DeleteCsr", "400 NotFound", "CsrId", "1", "CsrId", id)

	// CAs
	secondRoot := both("2020-06-30 CreateRootCACertificate", "400 InvalidValue.Malformed", "Years", "101", append([]string{"CommonName", "Second Root CA", "Years", "10"}, caSubject...)...)
	second := both("2020-06-30 CreateSubCACertificate", "400 InvalidParameter", "CertMaxTime", "30",
		append([]string{"CommonName", "Second Issuing CA", "ParentIdentifier", root, "Algorithm", "ECC_256", "Years", "5", "ExtendedKeyUsages.1", "serverAuth"}, caSubject...)...)
	both("2020-06-30 DescribeCACertificate", "400 NotFound", "Identifier", "unknown", "Identifier", text(second, "Identifier"))
	both("2020-06-30 DescribeCACertificateList", "400 InvalidValue.Malformed", "CertType", "Root", "CertType", "root")
	both("2020-06-30 UpdateCACertificateStatus", "400 InvalidValue.Malformed", "Status", "ISSUE", "Identifier", text(second, "Identifier"), "Status", "REVOKE")
	external := both("2020-06-30 CreateExternalCACertificate", "400 NotFound", "InstanceId", sub[1:], "InstanceId", root, "Csr", request, "Validity", "1y",
		"ApiPassthrough", `{"Subject":{"CommonName":"External CA"}}`)
	both("2020-06-30 GetCaInstanceCrlAddress", "400 NotFound", "CaIdentifier", "unknown", "CaIdentifier", sub)

	// Certificates
	withKey := both("2020-06-30 CreateServerCertificate", "400 InvalidValue.Malformed", "CustomIdentifier", "a\nb", "ParentIdentifier", sub, "Days", "90",
		"CommonName", "www.example.com", "Algorithm", "ECC_256", "CustomIdentifier", "server 1")
	server := both("2020-06-30 CreateServerCertificateWithCsr", "400 InvalidParameter", "ParentIdentifier", root, "ParentIdentifier", sub, "Days", "90",
		"Csr", request, "AsynchronousFlag", "true", "Immediately", "2", "Tags.1.Key", "team", "Tags.1.Value", "mail")
	if server["Identifier"] == nil || server["X509Certificate"] != nil || server["SerialNumber"] != nil {
		t.Errorf("with AsynchronousFlag: %v", server)
	}
	clientCert := both("2020-06-30 CreateClientCertificate", "400 InvalidValue.Malformed", "ClientToken", "令牌", "ParentIdentifier", sub, "Days", "90",
		"CommonName", "张三", "Algorithm", "ECC_256", "AliasName", "张三 的证书", "ClientToken", "once")
	both("2020-06-30 CreateClientCertificateWithCsr", "400 NotFound", "ParentIdentifier", "unknown", "ParentIdentifier", sub, "Days", "90", "Csr", request)
	custom := both("2020-06-30 CreateCustomCertificate", "400 ParamRepeat", "customIdentifier", "server 1", "ParentIdentifier", sub, "Validity", "90d", "Csr", request,
		"ApiPassthrough.Extensions.ExtendedKeyUsages.1", "codeSigning", "customIdentifier", "custom 1")
	described := both("2020-06-30 DescribeClientCertificate", "400 NotFound", "Identifier", root, "Identifier", text(clientCert, "Identifier"))
	if got := described["Certificate"].(map[string]any)["AliasName"]; got != "张三 的证书" {
		t.Errorf("AliasName is %q", got)
	}
	both("2020-06-30 DescribeClientCertificateStatus", "400 MissingParameter", "Identifier", "", "Identifier", text(server, "Identifier"))
	listed := both("2020-06-30 ListClientCertificate", "400 InvalidParameter", "ShowSize", "1001")["CertificateList"].([]any)
	identifiers := make([]any, len(listed)) // the newest first; nothing refused was recorded
	for i, c := range listed {
		identifiers[i] = c.(map[string]any)["CustomIdentifier"]
	}
	if diff := cmp.Diff([]any{"custom 1", nil, nil, nil, "server 1"}, identifiers); diff != "" {
		t.Errorf("certificates mismatch (-want +got):\n%s", diff)
	}
	for _, identifier := range []string{text(server, "Identifier"), text(custom, "Identifier")} {
		both("2020-06-30 CreateRevokeClientCertificate", "400 NotFound", "Identifier", "unknown", "Identifier", identifier)
	}
	both("2020-06-30 ListRevokeCertificate", "400 InvalidValue.Malformed", "CurrentPage", "-1")
	both("2020-06-30 DeleteClientCertificate", "400 InvalidStatus.DeleteProtection", "Identifier", text(clientCert, "Identifier"), "Identifier", text(custom, "Identifier"))

	// Orders
	ordered := both("2020-04-07 CreateCertificateWithCsrRequest", "400 InvalidParameter", "ValidateType", "HTTP",
		"Csr", request, "Username", "张三", "Phone", "13900000000", "Email", "zhang@example.com", "ValidateType", "DNS")
	orderID := number(ordered, "OrderId")
	both("2020-04-07 DescribeCertificateState", "404 NotFoundOrder", "OrderId", "1", "OrderId", orderID)
	both("2020-04-07 DescribePackageState", "404 NotFoundPackage", "ProductCode", "unknown", "ProductCode", "digicert-free-1-free")
	contacts := []string{"Username", "张三", "Phone", "13900000000", "Email", "zhang@example.com", "ValidateType", "DNS"}
	orderWithKey := both("2020-04-07 CreateCertificateRequest", "400 MissingParameter", "Domain", "", append([]string{"Domain", "www.example.com"}, contacts...)...)
	forPackage := both("2020-04-07 CreateCertificateForPackageRequest", "403 CreateCertificateRequestFailed", "Domain", "www.example.com", "Csr", request)
	expiring := number(forPackage, "OrderId")
	completeOrder(t, dir, expiring, text(c.succeed(t, "2020-06-30 CreateServerCertificateWithCsr", "ParentIdentifier", sub, "Days", "20", "Csr", request, "Immediately", "1"), "X509Certificate"))
	renewed := both("2020-04-07 RenewCertificateOrderForPackageRequest", "403 OrderStateError", "OrderId", number(orderWithKey, "OrderId"), "OrderId", expiring)
	both("2020-04-07 CancelCertificateForPackageRequest", "404 NotFoundOrder", "OrderId", "1", "OrderId", expiring)
	c.refuse(t, "2020-04-07 RenewCertificateOrderForPackageRequest", "403 OrderStateError", "OrderId", expiring)
	both("2020-04-07 CancelOrderRequest", "404 NotFoundOrder", "OrderId", "1", "OrderId", orderID)
	both("2020-04-07 DeleteCertificateRequest", "404 NotFoundOrder", "OrderId", "1", "OrderId", orderID)

	if diff := cmp.Diff(slices.Sorted(maps.Keys(operations)), slices.Sorted(maps.Keys(seen))); diff != "" {
		t.Errorf("operations mismatch (-served +tested):\n%s", diff)
	}
	// The private keys of what succeeded are kept, and no others.
	want := []string{root, sub, text(cdn, "PubMd5"), "order-" + number(orderWithKey, "OrderId"), "order-" + number(renewed, "OrderId")}
	for _, answer := range []map[string]any{secondRoot, second, withKey, clientCert} {
		want = append(want, text(answer, "Identifier"))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, keysIn(t, dir)); diff != "" {
		t.Errorf("keys mismatch (-want +got):\n%s", diff)
	}
	if external["Certificate"] == nil {
		t.Errorf("CreateExternalCACertificate: %v", external)
	}
	// What is wrong in the request is reported before what is wrong with the CA.
	c.refuse(t, "2020-06-30 CreateServerCertificateWithCsr", "400 MissingParameter", "ParentIdentifier", "unknown")
	c.refuse(t, "2020-06-30 CreateServerCertificateWithCsr", "400 InvalidStatus.UpdateProtection", "ParentIdentifier", text(second, "Identifier"), "Csr", request, "Days", "1")
	for _, name := range []string{"2020-06-30 CreateCsr", "2020-04-07 Unknown"} {
		c.refuse(t, name, "404 InvalidApi.NotFound")
	}
	for name, want := range map[string]string{
		"2020-06-30 CreateCsr": `Version: "2020-06-30" does not have CreateCsr; want 2020-04-07`,
		"2020-04-07 Csr":       "Specified api is not found, please check your url and method.",
	} {
		if _, answer := c.call(t, name); answer["Message"] != want {
			t.Errorf("%s: the message is %q, want %q", name, answer["Message"], want)
		}
	}
}

// Equal calls at the same time make one CA and one certificate, and keep the key of each.
// A CA can be used as soon as one of the calls is answered.
func TestEqualCalls(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, _, stop := newClient(t, dir)
	defer stop()
	equal := func(operation string, parameters ...string) (identifier string) {
		t.Helper()
		answers := make(chan any)
		for range 8 {
			go func() {
				var answer map[string]any
				defer func() { answers <- answer["Identifier"] }() // also after Fatal
				_, answer = c.call(t, operation, append(slices.Clone(parameters), "ClientToken", "once")...)
			}()
		}
		for n := range 8 {
			got, _ := (<-answers).(string)
			if n == 0 {
				identifier = got
			}
			if got == "" || got != identifier {
				t.Errorf("%s: the Identifiers are %q and %q", operation, identifier, got)
			}
			if n == 0 && strings.Contains(operation, "CA") {
				c.succeed(t, "2020-06-30 DescribeCACertificate", "Identifier", got)
			}
		}
		return identifier
	}
	root := equal("2020-06-30 CreateRootCACertificate", append([]string{"CommonName", "Test Root CA", "Years", "10", "Algorithm", "ECC_256"}, caSubject...)...)
	sub := equal("2020-06-30 CreateSubCACertificate", append([]string{"CommonName", "Test Issuing CA", "Years", "5", "Algorithm", "ECC_256", "ParentIdentifier", root}, caSubject...)...)
	client := equal("2020-06-30 CreateClientCertificate", "ParentIdentifier", sub, "Days", "1", "CommonName", "张三", "Algorithm", "ECC_256")
	if got := []string{c.identifierOf(t, "root"), c.identifierOf(t, "subRoot")}; got[0] != root || got[1] != sub {
		t.Errorf("the CAs are %q, want %s and %s", got, root, sub)
	}
	kept := keysIn(t, dir)
	for _, identifier := range []string{root, sub, client} {
		if !slices.Contains(kept, identifier) {
			t.Errorf("the key of %s is not among %q", identifier, kept)
		}
	}
}

// completeOrder is the worker of a service: it opens the records, takes the proof of an
// order as found, and completes the order with a certificate.
func completeOrder(t *testing.T, dir, orderID, certificate string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store, errStore := orderstore.Open(t.Context(), db, orderstore.SQLite)
	id, errID := strconv.ParseInt(orderID, 10, 64)
	if err := errors.Join(errStore, errID); err != nil {
		t.Fatal(err)
	}
	book := order.NewBook(store, order.BookOptions{Verifier: proved{}})
	_, errCheck := book.CheckOwnership(t.Context(), time.Now(), id)
	_, errComplete := book.Complete(t.Context(), time.Now(), id, certificate)
	if err := errors.Join(errCheck, errComplete); err != nil {
		t.Fatal(err)
	}
}

// proved is a Verifier that finds every proof.
type proved struct{}

func (proved) Lookup(_ context.Context, c order.Challenge) ([]string, error) {
	return []string{c.RecordValue}, nil
}

// A second run has the CAs, the secret and the records of the first one.
func TestSecondRun(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "serve")
	c, _, stop := newClient(t, dir)
	root, sub := c.newCAs(t)
	made := c.succeed(t, "2020-04-07 CreateCsr", "CommonName", "www.example.com", "Algorithm", "SM2", "KeySize", "256", "CountryCode", "CN", "Province", "Zhejiang", "Locality", "Hangzhou")
	c.succeed(t, "2020-06-30 UpdateCACertificateStatus", "Identifier", sub)
	stop()

	c, _, stop = newClient(t, dir)
	defer stop()
	if got := []string{c.identifierOf(t, "root"), c.identifierOf(t, "subRoot")}; got[0] != root || got[1] != sub {
		t.Errorf("the CAs are %q, and were %s and %s", got, root, sub)
	}
	detail := c.succeed(t, "2020-04-07 GetCsrDetail", "CsrId", fmt.Sprintf("%.0f", made["CsrId"]))
	if detail["PrivateKey"] == nil {
		t.Error("the private key of the CSR is lost")
	}
	c.refuse(t, "2020-06-30 CreateServerCertificate", "400 InvalidStatus.UpdateProtection", "ParentIdentifier", sub, "Days", "1", "CommonName", "www.example.com", "Algorithm", "ECC_256")
	want := []string{root, sub}
	slices.Sort(want)
	if diff := cmp.Diff(want, keysIn(t, dir)); diff != "" {
		t.Errorf("keys mismatch (-want +got):\n%s", diff)
	}
}

// A call that is repeated with its ClientToken gets the first answer, also after a second
// start and after the CA was revoked. No key is made again.
func TestClientToken(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "serve")
	c, _, stop := newClient(t, dir)
	root, sub := c.newCAs(t)
	calls := [][]string{
		append([]string{"2020-06-30 CreateRootCACertificate", "ClientToken", "once", "Years", "10", "Algorithm", "ECC_256", "CommonName", "Second Root CA"}, caSubject...),
		append([]string{"2020-06-30 CreateSubCACertificate", "ClientToken", "once", "Years", "5", "Algorithm", "ECC_256", "ParentIdentifier", root, "CommonName", "Second Issuing CA"}, caSubject...),
		{"2020-06-30 CreateClientCertificate", "ClientToken", "once", "Days", "90", "Algorithm", "ECC_256", "ParentIdentifier", sub, "CommonName", "张三", "Immediately", "2", "CustomIdentifier", "mine"},
		{"2020-06-30 UpdateCACertificateStatus", "ClientToken", "once", "Identifier", sub},
	}
	var first []map[string]any
	for _, call := range calls {
		first = append(first, c.succeed(t, call[0], call[1:]...))
	}
	keys := keysIn(t, dir)
	for range 2 {
		for n, call := range calls {
			again := c.succeed(t, call[0], call[1:]...)
			if again["RequestId"] == first[n]["RequestId"] {
				t.Errorf("%s: both RequestIds are %s", call[0], again["RequestId"])
			}
			again["RequestId"] = first[n]["RequestId"]
			if diff := cmp.Diff(first[n], again); diff != "" {
				t.Errorf("%s: answer mismatch (-first +again):\n%s", call[0], diff)
			}
		}
		stop()
		c, _, stop = newClient(t, dir)
	}
	defer stop()
	c.refuse(t, calls[0][0], "400 InvalidParameter", append(calls[0][1:], "CommonName", "Another CA")...)
	c.refuse(t, calls[3][0], "400 InvalidParameter", "ClientToken", "once", "Identifier", root)
	if diff := cmp.Diff(keys, keysIn(t, dir)); diff != "" {
		t.Errorf("keys mismatch (-before +after):\n%s", diff)
	}
	// The new CAs issue.
	c.succeed(t, "2020-06-30 CreateClientCertificate", "Days", "90", "Algorithm", "ECC_256", "ParentIdentifier", fmt.Sprint(first[1]["Identifier"]), "CommonName", "李四")
}

// keysIn returns the names of the keys in a directory, sorted. All are encrypted.
func keysIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".key"))
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := algorithm.ParsePrivateKey(text); err == nil || bytes.Contains(text, []byte("PRIVATE KEY")) {
			t.Errorf("%s is not encrypted", file)
		}
	}
	return names
}

// run refuses addresses that others can reach.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := run("0.0.0.0:0", dir); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("0.0.0.0: %v", err)
	}
	if err := run("127.0.0.1:-1", dir); err == nil {
		t.Error("no error for a port of -1")
	}
}

// Files that are damaged or lost are named in the error.
func TestDamaged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(dir, key string) error{
		"put back this file and the file secret": func(dir, _ string) error { return os.Remove(filepath.Join(dir, "secret")) },
		"put it back as the first run wrote it":  func(dir, _ string) error { return os.Truncate(filepath.Join(dir, "secret"), 0) },
		".key:":                                  func(_, key string) error { return os.Remove(key) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c, _, stop := newClient(t, dir)
			root, _ := c.newCAs(t)
			stop()
			if err := change(dir, filepath.Join(dir, root+".key")); err != nil {
				t.Fatal(err)
			}
			s, err := open(t.Context(), dir)
			if err == nil {
				s.db.Close()
			}
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("error %v, want one that says %q", err, name)
			}
		})
	}
}
