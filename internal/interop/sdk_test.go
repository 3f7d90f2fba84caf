package interop

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/order"
	"github.com/yuncert/yuncert/order/sqlstore"
)

// The cloud's own SDKs call examples/services/serve: every operation that it has. Each
// SDK has a service of its own.
func TestSDKs(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "serve")
	must(t, "go", "build", "-C", "../../examples/services", "-o", program, "./serve")
	ways := map[string]func(t *testing.T, address string) sdkCaller{
		"Go, query":                       goCommon("POST", "JSON", false),
		"Go, form, XML":                   goCommon("POST", "XML", true),
		"Go, GET":                         goCommon("GET", "JSON", false),
		"Go, structs of cas and cdn":      goStructs("JSON"),
		"Go, structs of cas and cdn, XML": goStructs("XML"),
		"Node, packages":                  node("packages"),
		"Node, openapi-client, query":     node("openapi-client, query"),
		"Node, openapi-client, form":      node("openapi-client, form"),
		"Node, openapi-client, GET":       node("openapi-client, GET"),
		"Node, openapi-client, XML":       node("openapi-client, XML"),
		"Node, pop-core, GET":             node("pop-core, GET"),
		"Node, pop-core, POST":            node("pop-core, POST"),
	}
	for name, connect := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServe(t, program)
			s.call = connect(t, s.address)
			s.useAll(t)
		})
	}
}

// An sdkCaller calls an operation, such as "2020-04-07 CreateCsr", with an SDK. The
// parameters are texts, and lists and maps of these.
type sdkCaller func(t *testing.T, operation string, parameters map[string]any) sdkAnswer

// An sdkAnswer is what an SDK gives to the program that calls it.
type sdkAnswer struct {
	status int
	code   string // empty after a success

	// members are the texts of the response or the error. "CertificateList.Identifier"
	// is in the first entry of the list, "CertificateList.2.Identifier" in the second.
	members map[string]string
}

// members returns the members of an answer in JSON or XML.
func members(t *testing.T, text []byte) map[string]string {
	t.Helper()
	found := make(map[string]string)
	if bytes.HasPrefix(text, []byte("<?xml ")) {
		if err := addElement(found, "", nil, xml.NewDecoder(bytes.NewReader(text))); err != nil {
			t.Fatalf("%v in the answer %s", err, text)
		}
		return found
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	var answer map[string]any
	if err := in.Decode(&answer); err != nil {
		t.Fatalf("%v in the answer %s", err, text)
	}
	for name, value := range answer {
		addMember(found, name, value)
	}
	return found
}

func addMember(found map[string]string, name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for member, inside := range value {
			addMember(found, name+"."+member, inside)
		}
	case []any:
		for i, entry := range value {
			if i == 0 {
				addMember(found, name, entry)
			} else {
				addMember(found, name+"."+strconv.Itoa(i+1), entry)
			}
		}
	case nil:
	default:
		found[name] = fmt.Sprint(value)
	}
}

// addElement adds what the element start has inside. A nil start is the document.
func addElement(found map[string]string, name string, start *xml.StartElement, in *xml.Decoder) error {
	text, times := "", make(map[string]int)
	for {
		token, err := in.Token()
		if start == nil && err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.CharData:
			text += string(token)
		case xml.StartElement:
			inside := token.Name.Local
			times[inside]++
			if times[inside] > 1 {
				inside += "." + strconv.Itoa(times[inside])
			}
			if start == nil {
				inside = "" // the root element
			} else if name != "" {
				inside = name + "." + inside
			}
			if err := addElement(found, inside, &token, in); err != nil {
				return err
			}
		case xml.EndElement:
			if len(times) == 0 && name != "" {
				found[name] = text
			}
			return nil
		}
	}
}

// A served is a service that runs, and an SDK to call it.
type served struct {
	address string // host and port
	dir     string
	call    sdkCaller
}

// startServe starts a service, which ends with the test. The service must not log
// anything: it logs the parameters that it does not know.
func startServe(t *testing.T, program string) *served {
	t.Helper()
	s := &served{dir: t.TempDir()}
	cmd := command(t, program, "-addr", "127.0.0.1:0", "-dir", s.dir)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Wait() // the test's context has ended, and with it the service
		if stderr.Len() > 0 {
			t.Errorf("serve logs %q", stderr.String())
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("serve: %v", err)
	}
	s.address = strings.TrimSpace(strings.TrimPrefix(line, "Listening on http://"))
	return s
}

// parameters makes a map of names and values.
func parameters(list ...any) map[string]any {
	m := make(map[string]any)
	for i := 0; i < len(list); i += 2 {
		m[list[i].(string)] = list[i+1]
	}
	return m
}

// succeed calls an operation that must succeed.
func (s *served) succeed(t *testing.T, operation string, list ...any) map[string]string {
	t.Helper()
	got := s.call(t, operation, parameters(list...))
	if got.status != http.StatusOK || got.code != "" || !testutil.RequestIDForm.MatchString(got.members["RequestId"]) {
		t.Fatalf("%s: got %d %s %v", operation, got.status, got.code, got.members)
	}
	return got.members
}

// refuse calls an operation that must fail with a status and a code, such as "400
// NotFound".
func (s *served) refuse(t *testing.T, operation, want string, list ...any) {
	t.Helper()
	got := s.call(t, operation, parameters(list...))
	if status := fmt.Sprint(got.status, " ", got.code); status != want || got.members["Message"] == "" || !testutil.RequestIDForm.MatchString(got.members["RequestId"]) {
		t.Errorf("%s: got %s, want %s: %v", operation, status, want, got.members)
	}
}

// awkward has characters that queries, forms, JSON and XML write in their own ways.
const awkward = `甲+乙 & a=b; 50% %2B "c" <d> ~*'(é)! 😀 +`

// useAll calls every operation once well and once badly: a root CA issues for a
// subordinate CA, this one for CSRs, certificates are listed and revoked, and an order
// gets its proof and its certificate.
func (s *served) useAll(t *testing.T) {
	used := make(map[string]bool)
	// both calls an operation with another value of one parameter, which must be
	// refused, and then as it is.
	both := func(operation, refusal, parameter string, value any, list ...any) map[string]string {
		t.Helper()
		used[operation] = true
		s.refuse(t, operation, refusal, slices.Concat(list, []any{parameter, value})...)
		return s.succeed(t, operation, list...)
	}
	same := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}

	// CAs
	subject := []any{"Organization", awkward, "OrganizationUnit", "PKI", "Locality", "Hangzhou", "State", "Zhejiang"}
	root := both("2020-06-30 CreateRootCACertificate", "400 InvalidValue.Malformed", "Years", "101", slices.Concat(subject, []any{"CommonName", "Root CA", "Years", "10", "Algorithm", "ECC_256", "CountryCode", ""})...)
	sub := both("2020-06-30 CreateSubCACertificate", "400 NotFound", "ParentIdentifier", "unknown", slices.Concat(subject, []any{"CommonName", "Issuing CA", "ParentIdentifier", root["Identifier"],
		"Algorithm", "ECC_256", "Years", "5", "ExtendedKeyUsages", []any{"serverAuth", "1.3.6.1.5.5.7.3.2"}})...)
	issuing := sub["Identifier"]
	described := both("2020-06-30 DescribeCACertificate", "400 NotFound", "Identifier", "unknown", "Identifier", issuing)
	same("Organization", described["Certificate.Organization"], awkward)
	same("Certificate", described["Certificate.X509Certificate"], sub["Certificate"])
	cas := both("2020-06-30 DescribeCACertificateList", "400 InvalidValue.Malformed", "CertType", "Root", "CertType", "subRoot")
	if !slices.Contains(slices.Collect(maps.Values(cas)), issuing) {
		t.Errorf("DescribeCACertificateList: %v", cas)
	}
	twice := slices.Concat(subject, []any{"CommonName", "Other CA", "ParentIdentifier", root["Identifier"], "Algorithm", "ECC_384", "Years", "5", "ClientToken", "once"})
	other := s.succeed(t, "2020-06-30 CreateSubCACertificate", twice...)
	same("CA of the equal call", s.succeed(t, "2020-06-30 CreateSubCACertificate", twice...)["Identifier"], other["Identifier"])
	both("2020-06-30 UpdateCACertificateStatus", "400 InvalidValue.Malformed", "Status", "ISSUE", "Identifier", other["Identifier"], "Status", "REVOKE")
	request := newCSR(t, testkeys.Key(algorithm.ECC_256, 2))
	external := both("2020-06-30 CreateExternalCACertificate", "400 NotFound", "InstanceId", "unknown", "InstanceId", root["Identifier"], "Csr", request, "Validity", "1y",
		"ApiPassthrough", `{"Subject":{"CommonName":"External CA"}}`)
	same("external CA", parseCertificate(t, external["Certificate"]).Subject.CommonName, "External CA")
	both("2020-06-30 GetCaInstanceCrlAddress", "400 NotFound", "CaIdentifier", "unknown", "CaIdentifier", issuing)

	// CSRs
	cdn := both("2018-05-10 CreateCdnCertificateSigningRequest", "400 InvalidValue.Malformed", "Country", "CHN", "CommonName", "www.example.com", "Organization", awkward, "City", "")
	same("CSR", subjectOf(t, cdn["Csr"]), "www.example.com, "+awkward)
	made := both("2020-04-07 CreateCsr", "400 InvalidValue.Malformed", "KeySize", "1024",
		"CommonName", "www.example.com", "Algorithm", "ECC", "KeySize", "256", "CountryCode", "CN", "Province", "Zhejiang", "Locality", "Hangzhou", "CorpName", awkward, "Name", "web", "Sans", "")
	same("CSR", subjectOf(t, made["Csr"]), "www.example.com, "+awkward)
	detail := both("2020-04-07 GetCsrDetail", "400 NotFound", "CsrId", "1", "CsrId", made["CsrId"])
	same("Csr", detail["Csr"], made["Csr"])
	uploaded := both("2020-04-07 UploadCsr", "400 InvalidValue.Malformed", "Csr", "CSR", "Csr", request, "Name", "uploaded")
	listed := both("2020-04-07 ListCsr", "400 InvalidValue.Malformed", "ShowSize", "-1", "KeyWord", "www")
	same("the names of the CSRs", listed["CsrList.Name"]+", "+listed["CsrList.2.Name"], "uploaded, web")
	both("2020-04-07 UpdateCsr", "400 InvalidParameter", "Key", string(testkeys.PEM(algorithm.ECC_256, 1)), "CsrId", uploaded["CsrId"], "Key", string(testkeys.PEM(algorithm.ECC_256, 2)))
	both("2020-04-07 DeleteCsr", "400 NotFound", "CsrId", "1", "CsrId", made["CsrId"])

	// Certificates
	both("2020-06-30 CreateServerCertificate", "400 InvalidValue.Malformed", "CustomIdentifier", "a\nb", "ParentIdentifier", issuing, "Days", "90",
		"CommonName", "www.example.com", "Algorithm", "ECC_256", "CustomIdentifier", "server 1")
	server := both("2020-06-30 CreateServerCertificateWithCsr", "400 InvalidParameter", "ParentIdentifier", root["Identifier"], "ParentIdentifier", issuing, "Days", "90",
		"Csr", request, "Immediately", "2", "AsynchronousFlag", "false", "Tags", []any{map[string]any{"Key": "team", "Value": awkward}, map[string]any{"Key": "env", "Value": ""}})
	if chain := server["X509Certificate"] + server["CertificateChain"]; strings.Count(chain, "\n-----END CERTIFICATE-----") != 3 {
		t.Errorf("CreateServerCertificateWithCsr: %v", server)
	}
	once := []any{"ParentIdentifier", issuing, "Days", "90", "CommonName", "张三", "Algorithm", "ECC_256", "AliasName", awkward, "ClientToken", "once", "Immediately", "1"}
	client := both("2020-06-30 CreateClientCertificate", "400 InvalidValue.Malformed", "ClientToken", "令牌", once...)
	same("client of the equal call", s.succeed(t, "2020-06-30 CreateClientCertificate", once...)["Identifier"], client["Identifier"])
	same("client", parseCertificate(t, client["X509Certificate"]).Subject.CommonName, "张三")
	both("2020-06-30 CreateClientCertificateWithCsr", "400 NotFound", "ParentIdentifier", "unknown", "ParentIdentifier", issuing, "Days", "90", "Csr", request)
	custom := both("2020-06-30 CreateCustomCertificate", "400 ParamRepeat", "customIdentifier", "server 1", "ParentIdentifier", issuing, "Validity", "90d", "Csr", request,
		"ApiPassthrough", map[string]any{"Subject": map[string]any{"CommonName": "custom"}, "Extensions": map[string]any{"ExtendedKeyUsages": []any{"clientAuth"}}},
		"customIdentifier", "custom 1", "Immediately", "1")
	same("custom", parseCertificate(t, custom["Certificate"]).Subject.CommonName, "custom")
	client = both("2020-06-30 DescribeClientCertificate", "400 NotFound", "Identifier", root["Identifier"], "Identifier", client["Identifier"])
	same("AliasName", client["Certificate.AliasName"], awkward)
	both("2020-06-30 DescribeClientCertificateStatus", "400 MissingParameter", "Identifier", "", "Identifier", server["Identifier"])
	tagged := s.succeed(t, "2020-06-30 DescribeClientCertificate", "Identifier", server["Identifier"])
	same("Tags", tagged["Certificate.Tags.TagKey"]+tagged["Certificate.Tags.TagValue"]+tagged["Certificate.Tags.2.TagKey"]+tagged["Certificate.Tags.2.TagValue"], "team"+awkward+"env")
	list := both("2020-06-30 ListClientCertificate", "400 InvalidParameter", "ShowSize", "1001", "ShowSize", "50")
	same("certificates", list["TotalCount"]+" "+list["CertificateList.Identifier"], "5 "+custom["Identifier"])
	for _, identifier := range []string{server["Identifier"], custom["Identifier"]} {
		both("2020-06-30 CreateRevokeClientCertificate", "400 NotFound", "Identifier", "unknown", "Identifier", identifier)
	}
	revoked := both("2020-06-30 ListRevokeCertificate", "400 InvalidValue.Malformed", "CurrentPage", "-1")
	same("revoked certificates", revoked["TotalCount"], "2")
	both("2020-06-30 DeleteClientCertificate", "400 InvalidStatus.DeleteProtection", "Identifier", client["Certificate.Identifier"], "Identifier", custom["Identifier"])

	// Orders
	apply := func() string {
		return both("2020-04-07 CreateCertificateWithCsrRequest", "400 InvalidParameter", "ValidateType", "HTTP",
			"Csr", request, "Username", "张三", "Phone", "13900000000", "Email", "zhang+san@example.com", "ValidateType", "DNS")["OrderId"]
	}
	first := apply()
	state := both("2020-04-07 DescribeCertificateState", "404 NotFoundOrder", "OrderId", "1", "OrderId", first)
	same("order", state["Type"], "domain_verify")
	s.work(t, first, state["RecordDomain"]+" "+state["RecordType"]+" "+state["RecordValue"], server["X509Certificate"]+server["CertificateChain"])
	state = s.succeed(t, "2020-04-07 DescribeCertificateState", "OrderId", first)
	same("order", state["Type"]+" "+state["Certificate"], "certificate "+server["X509Certificate"]+server["CertificateChain"])
	second := apply()
	both("2020-04-07 CancelOrderRequest", "403 OrderStateError", "OrderId", first, "OrderId", second)
	both("2020-04-07 DeleteCertificateRequest", "404 NotFoundOrder", "OrderId", "1", "OrderId", second)
	keyed := both("2020-04-07 CreateCertificateRequest", "400 MissingParameter", "Domain", "",
		"Domain", "www.example.com", "Username", "张三", "Phone", "13900000000", "Email", "zhang+san@example.com", "ValidateType", "FILE")["OrderId"]
	short := both("2020-04-07 CreateCertificateForPackageRequest", "403 CreateCertificateRequestFailed", "Domain", "www.example.net", "Csr", request)["OrderId"]
	state = s.succeed(t, "2020-04-07 DescribeCertificateState", "OrderId", short)
	expiring := s.succeed(t, "2020-06-30 CreateServerCertificateWithCsr", "ParentIdentifier", issuing, "Days", "20", "Csr", request, "Immediately", "1")["X509Certificate"]
	s.work(t, short, state["RecordDomain"]+" "+state["RecordType"]+" "+state["RecordValue"], expiring)
	both("2020-04-07 RenewCertificateOrderForPackageRequest", "403 OrderStateError", "OrderId", keyed, "OrderId", short)
	both("2020-04-07 CancelCertificateForPackageRequest", "404 NotFoundOrder", "OrderId", "1", "OrderId", short)
	same("revoked order", s.succeed(t, "2020-04-07 DescribeCertificateState", "OrderId", short)["Type"], "unknow")
	left := both("2020-04-07 DescribePackageState", "404 NotFoundPackage", "ProductCode", "unknown", "ProductCode", order.DefaultProductCode)
	same("units", left["TotalCount"]+" "+left["UsedCount"]+" "+left["IssuedCount"], "100 3 1")

	s.refuse(t, "2020-04-07 DeleteUserCertificate", "404 InvalidApi.NotFound")
	var all []string
	for _, line := range regexp.MustCompile(`"(\d{4}-\d\d-\d\d \w+)":`).FindAllStringSubmatch(read(t, "../../examples/services/serve/main.go"), -1) {
		all = append(all, line[1])
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(all)), slices.Sorted(maps.Keys(used))); diff != "" || len(all) == 0 {
		t.Errorf("operations mismatch (-served +used):\n%s", diff)
	}
}

// subjectOf returns the common name and the organization of a CSR.
func subjectOf(t *testing.T, text string) string {
	t.Helper()
	request, err := x509.ParseCertificateRequest(testutil.FirstPEM(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return request.Subject.CommonName + ", " + strings.Join(request.Subject.Organization, ", ")
}

// work does what a worker of the service does, in another process: it opens the records,
// finds the proof of an order in the DNS, and completes the order with a certificate. zone
// has the proof.
func (s *served) work(t *testing.T, orderID, zone, certificate string) {
	t.Helper()
	names, resolver := newNameServer(t)
	names.load(t, zone)
	db, err := sql.Open("sqlite", filepath.Join(s.dir, "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store, err := sqlstore.Open(t.Context(), db, sqlstore.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	book := order.NewBook(store, order.BookOptions{Verifier: &order.NetVerifier{Resolver: resolver}})
	id, err := strconv.ParseInt(orderID, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	_, errCheck := book.CheckOwnership(t.Context(), time.Now(), id)
	_, errComplete := book.Complete(t.Context(), time.Now(), id, certificate)
	if err := errors.Join(errCheck, errComplete); err != nil {
		t.Fatal(err)
	}
}
