package yuncert_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/testutil"
)

func TestCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code   yuncert.Code
		name   string
		status int
	}{
		{yuncert.ErrMissingParameter, "MissingParameter", 400},
		{yuncert.ErrInvalidValueMalformed, "InvalidValue.Malformed", 400},
		{yuncert.ErrInvalidParameter, "InvalidParameter", 400},
		{yuncert.ErrNotFound, "NotFound", 400},
		{yuncert.ErrCertificateExpired, "CertificateExpired", 400},
		{yuncert.ErrInvalidStatusUpdateProtection, "InvalidStatus.UpdateProtection", 400},
		{yuncert.ErrCertificatePrivateKeyExisted, "CertificatePrivateKey.Existed", 400},
		{yuncert.ErrInvalidStatusDeleteProtection, "InvalidStatus.DeleteProtection", 400},
		{yuncert.ErrParamRepeat, "ParamRepeat", 400},
		{yuncert.ErrInternalKeyError, "Internal.KeyError", 500},
		{yuncert.ErrInternalCreateCSRError, "Internal.CreateCSRError", 500},
		{yuncert.ErrInternalEncodeCSRError, "Internal.EncodeCSRError", 500},
		{yuncert.ErrInternalEncodeKeyError, "Internal.EncodeKeyError", 500},
		{yuncert.ErrInternalError, "Internal.Error", 500},
		{yuncert.ErrNotFoundPackage, "NotFoundPackage", 404},
		{yuncert.ErrNotRemainCount, "NotRemainCount", 404},
		{yuncert.ErrCreateCertificateRequestFailed, "CreateCertificateRequestFailed", 403},
		{yuncert.ErrNotFoundOrder, "NotFoundOrder", 404},
		{yuncert.ErrOrderStateError, "OrderStateError", 403},
		{yuncert.ErrDeleteFail, "DeleteFail", 403},
		{yuncert.ErrError, "Error", 500},
		{yuncert.ErrMissingAction, "MissingAction", 400},
		{yuncert.ErrMissingVersion, "MissingVersion", 400},
		{yuncert.Code("MissingCommonName"), "MissingCommonName", 400},
		{yuncert.ErrInvalidParameterFormat, "InvalidParameter.Format", 400},
		{yuncert.ErrNoSuchVersion, "NoSuchVersion", 400},
		{yuncert.ErrInvalidApiNotFound, "InvalidApi.NotFound", 404},
		{yuncert.Code("InvalidProduct.NotFound"), "InvalidProduct.NotFound", 404},
		{yuncert.ErrUnsupportedOperation, "UnsupportedOperation", 400},
		{yuncert.ErrInvalidAccessKeyIdNotFound, "InvalidAccessKeyId.NotFound", 404},
		{yuncert.ErrInvalidAccessKeyIdInactive, "InvalidAccessKeyId.Inactive", 400},
		{yuncert.ErrIncompleteSignature, "IncompleteSignature", 400},
		{yuncert.ErrSignatureDoesNotMatch, "SignatureDoesNotMatch", 400},
		{yuncert.ErrSignatureNonceUsed, "SignatureNonceUsed", 400},
		{yuncert.ErrIllegalTimestamp, "IllegalTimestamp", 400},
		{yuncert.ErrInvalidTimeStampFormat, "InvalidTimeStamp.Format", 400},
		{yuncert.ErrInvalidTimeStampExpired, "InvalidTimeStamp.Expired", 400},
		{yuncert.ErrInvalidProtocolNeedSsl, "InvalidProtocol.NeedSsl", 400},
		{yuncert.ErrForbidden, "Forbidden", 403},
		{yuncert.ErrForbiddenRAM, "Forbidden.RAM", 403},
		{yuncert.Code("Forbidden.RiskControl"), "Forbidden.RiskControl", 403},
		{yuncert.ErrThrottling, "Throttling", 400},
		{yuncert.ErrThrottlingUser, "Throttling.User", 429},
		{yuncert.ErrThrottlingApi, "Throttling.Api", 429},
		{yuncert.ErrServiceUnavailable, "ServiceUnavailable", 503},
		{yuncert.Code("Nobody.Knows"), "Nobody.Knows", 500},
	}
	for _, tt := range tests {
		if got := tt.code.Error(); got != tt.name {
			t.Errorf("Error() = %q, want %q", got, tt.name)
		}
		if got := tt.code.HTTPStatus(); got != tt.status {
			t.Errorf("%s: HTTPStatus() = %d, want %d", tt.name, got, tt.status)
		}
	}
}

func TestErrorUnwraps(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("renewing: %w", &yuncert.Error{Code: yuncert.ErrInternalError, Message: "no serial number", Err: io.ErrUnexpectedEOF})
	if !errors.Is(err, yuncert.ErrInternalError) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v is not both its code and its cause", err)
	}
	if errors.Is(err, yuncert.ErrInternalKeyError) {
		t.Errorf("%v is another code", err)
	}
	e, ok := errors.AsType[*yuncert.Error](err)
	if !ok || e.Error() != "Internal.Error: no serial number: unexpected EOF" {
		t.Errorf("errors.AsType gives %#v", e)
	}
	if without := yuncert.Missing("Csr"); !errors.Is(without, yuncert.ErrMissingParameter) || without.Err != nil {
		t.Errorf("Missing gives %#v", without)
	}
}

func TestErrorPrints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  *yuncert.Error
		want string
	}{
		{yuncert.Missing("Csr"), "MissingParameter: Csr: Csr is mandatory for this action."},
		{yuncert.Errorf(yuncert.ErrInvalidParameter, "Years", "%d is too long", 9), "InvalidParameter: Years: 9 is too long"},
		{&yuncert.Error{Code: yuncert.ErrError, Message: "no room"}, "Error: no room"},
		{&yuncert.Error{Code: yuncert.ErrDeleteFail}, "DeleteFail"},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("Error() = %q, want %q", got, tt.want)
		}
	}
}

func TestErrorBody(t *testing.T) {
	t.Parallel()
	e := yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "Country", "Country must be 2 characters.")
	tests := []struct {
		name, requestID, hostID, want string
	}{
		{"fresh", "", "", `{"RequestId":"","Code":"InvalidValue.Malformed","Message":"Country must be 2 characters."}`},
		{"filled in", "0AEDAF20-4DDF-4165-8750-47FF9C1929C9", "cdn.example.com",
			`{"RequestId":"0AEDAF20-4DDF-4165-8750-47FF9C1929C9","HostId":"cdn.example.com","Code":"InvalidValue.Malformed","Message":"Country must be 2 characters."}`},
	}
	for _, tt := range tests {
		own := *e
		own.RequestId, own.HostId = tt.requestID, tt.hostID
		got, err := json.Marshal(&own)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, string(got)); diff != "" {
			t.Errorf("%s: body mismatch (-want +got):\n%s", tt.name, diff)
		}
		var back yuncert.Error
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatal(err)
		}
		own.Parameter = "" // not on the wire
		if diff := cmp.Diff(own, back); diff != "" {
			t.Errorf("%s: read back (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestErrorfQuotesNoKey(t *testing.T) {
	t.Parallel()
	const key = "-----BEGIN EC PRIVATE KEY-----\n\"\\MHcCAQEEIGxhbGFsYWxhbGFsYWxhbGFsYWxhbGFsYWxh\n"
	for _, tt := range []struct{ format, want string }{
		{"%.80q is not a name: letters are", `"-----BEGIN EC PRIVATE KEY-----…" is not a name: letters are`},
		{"%.40q and %.60q are not", `"-----BEGIN EC PRIVATE KEY-----…" and "-----BEGIN EC PRIVATE KEY-----…" are not`},
		{"%q, that is %%", `"-----BEGIN EC PRIVATE KEY-----…", that is %`},
	} {
		args := slices.Repeat([]any{key}, strings.Count(tt.format, "q"))
		if e := yuncert.Errorf(yuncert.ErrInvalidParameter, "Domain", tt.format, args...); e.Message != tt.want {
			t.Errorf("Errorf(%q) has the message %s, want %s", tt.format, e.Message, tt.want)
		}
	}
	if e := yuncert.Errorf(yuncert.ErrInvalidParameter, "Domain", "it is %s", "-----BEGIN PRIVATE KEY-----\nMIGH\n"); e.Message != "it is -----BEGIN PRIVATE KEY-----…" {
		t.Errorf("without a quotation the message is %s", e.Message)
	}
}

// Runs of base64 are kept out of messages, and names and digests are not.
func TestErrorfQuotesNoBase64(t *testing.T) {
	t.Parallel()
	sec1 := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0x30, 0x77, 2, 1, 1, 4, 0x20, 0xa5, 0x5a, 0xfe, 0x11}, 11))
	jwk := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0xfb, 0xef, 0x3e, 0xa5}, 8)) // ----PqX7…
	for _, tt := range []struct{ name, value, want string }{
		{"SEC 1", sec1, "…"},
		{"SEC 1 after text", "key: " + sec1, "key: …"},
		{"SEC 1 in two pieces", sec1[:40] + " " + sec1[40:], "…"},
		{"24 characters", sec1[30:54], "…"},
		{"23 characters", sec1[30:53], sec1[30:53]},
		{"in base64 for URLs", jwk, "…"},
		{"40 characters of it", jwk[:40], "…"},
		{"short pieces between hyphens", strings.Repeat("-aB3", 10)[:39], "…"},
		{"in base64 after words and hyphens", "this-is-the-key-of-our-certificate-authority-" + jwk[4:36], "…"},
		{"a label with plus signs", "-----BEGIN+EC+PRIVATE+KEY-----MHc", "-----BEGIN+EC+PRIVATE+KEY-----…"},
		{"a label without spaces", "-----BEGINECPRIVATEKEY-----MHc", "-----BEGINECPRIVATEKEY-----…"},
		{"a label in a URL", "-----BEGIN%20EC%20PRIVATE%20KEY-----MHc", "-----BEGIN%20EC%20PRIVATE%20KEY-----…"},
		{"a label without its beginning", "PRIVATE_KEY-----MHc", "PRIVATE_KEY-----…"},

		{"SHA-256 in hexadecimal", strings.Repeat("0123456789abcdef", 4), strings.Repeat("0123456789abcdef", 4)},
		{"SHA-1 in capital letters", strings.Repeat("0123456789ABCDEF", 5)[:40], strings.Repeat("0123456789ABCDEF", 5)[:40]},
		{"a label of 63 octets", strings.Repeat("a1-", 21) + ".example", strings.Repeat("a1-", 21) + ".example"},
		{"a label of 63 capital letters", strings.Repeat("A1-", 21) + ".EXAMPLE", strings.Repeat("A1-", 21) + ".EXAMPLE"},
		{"an A-label", "xn--fiqs8sirgfmh-and-more-of-it-3e0b707e.example", "xn--fiqs8sirgfmh-and-more-of-it-3e0b707e.example"},
		{"a host of Windows", "WIN-SRV2019-Exchange01_Hangzhou", "WIN-SRV2019-Exchange01_Hangzhou"},
		{"a UUID", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"},
		{"a company", "Donaudampfschifffahrtsgesellschaft mbH 1829", "Donaudampfschifffahrtsgesellschaft mbH 1829"},
		{"a long word", "InternationalBusinessMachinesCorporationOfTheWorld", "InternationalBusinessMachinesCorporationOfTheWorld"},
		{"a path with capital letters", "https://example.com/CertificateAuthorities/Root2024/Crl", "https://example.com/CertificateAuthorities/Root2024/Crl"},
		{"a long path", "http://pki.example.com/certs/Example%20RSA%20Issuing%20CA%2003.crt", "http://pki.example.com/certs/Example%20RSA%20Issuing%20CA%2003.crt"},
		{"SHA-256 with colons", strings.Repeat("4A:b7:", 8), strings.Repeat("4A:b7:", 8)},
		{"a file", "/etc/pki/tls/private/Example_Issuing_CA_2026.key", "/etc/pki/tls/private/Example_Issuing_CA_2026.key"},
		{"an operation", "CreateCertificateWithCsrRequest", "CreateCertificateWithCsrRequest"},
		{"an object identifier", "1.2.840.113549.1.1.10.1.2.840.113549.1.1.10", "1.2.840.113549.1.1.10.1.2.840.113549.1.1.10"},
		{"labels that are accepted", "want PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY", "want PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := yuncert.Errorf(yuncert.ErrInvalidParameter, "Domain", "%.80q is not a name, and %.80q is", tt.value, "example.com")
			if want := `"` + tt.want + `" is not a name, and "example.com" is`; e.Message != want {
				t.Errorf("the message is %s, want %s", e.Message, want)
			}
			if again := yuncert.Errorf(e.Code, "", "%s", e.Message); again.Message != e.Message {
				t.Errorf("passed on, the message is %s", again.Message)
			}
		})
	}
}

// A key of 32 octets is found by what its text looks like, so a few are not: at
// most one in a thousand.
func TestErrorfFindsKeys(t *testing.T) {
	t.Parallel()
	const keys = 20_000
	shown := 0
	random := testutil.Seeded()
	key := make([]byte, 32)
	for range keys {
		if _, err := io.ReadFull(random, key); err != nil {
			t.Fatal(err)
		}
		text := base64.StdEncoding.EncodeToString(key)
		e := yuncert.Errorf(yuncert.ErrInvalidParameter, "Domain", "%.80q is not a name", text)
		if e.Message != `"…" is not a name` {
			shown++
		}
	}
	if shown > keys/1000 {
		t.Errorf("%d keys of %d are shown", shown, keys)
	}
}

func TestErrorfCutsMessages(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"ASCII":            strings.Repeat("x", 1<<20),
		"three octets":     strings.Repeat("云", 1<<18),
		"four octets":      "x" + strings.Repeat("𠀀", 1<<18),
		"no UTF-8":         strings.Repeat("\xff", 1<<20),
		"a key at the end": strings.Repeat("x", 1<<20) + "-----BEGIN PRIVATE KEY-----MHc",
	} {
		e := yuncert.Errorf(yuncert.ErrInvalidParameter, "Domain", "%s", value)
		e.Err = errors.New(value)
		if len(e.Message) > 1000 || len(e.Message) < 900 || !strings.HasSuffix(e.Message, "…") {
			t.Errorf("%s: a message of %d octets that ends with %q", name, len(e.Message), e.Message[max(0, len(e.Message)-9):])
		}
		if name != "no UTF-8" && !utf8.ValidString(e.Message) {
			t.Errorf("%s: the message is cut within a character", name)
		}
		if n := len(e.Error()); n > 2100 {
			t.Errorf("%s: Error() has %d octets", name, n)
		}
	}
	exact := strings.Repeat("x", 1000)
	e := yuncert.Errorf(yuncert.ErrInvalidParameter, "", "%s", exact)
	if e.Message != exact {
		t.Errorf("a message of 1000 octets becomes %d octets", len(e.Message))
	}
}

// The body names the parameter once, and never shows the cause.
func TestErrorBodyParameter(t *testing.T) {
	t.Parallel()
	cause := &fs.PathError{Op: "open", Path: "/run/hsm.sock", Err: fs.ErrNotExist}
	for _, tt := range []struct{ parameter, message, want string }{
		{"CommonName", "&#34; x&#34;: the text begins with a space", "CommonName: &#34; x&#34;: the text begins with a space"},
		{"Csr", "Csr is mandatory for this action.", "Csr is mandatory for this action."},
		{"", "Failed to create CSR.", "Failed to create CSR."},
	} {
		e := &yuncert.Error{RequestId: "1", Code: yuncert.ErrInvalidParameter, Parameter: tt.parameter, Message: html.UnescapeString(tt.message), Err: cause}
		for _, e := range []any{e, *e} {
			asXML, err := xml.Marshal(e)
			want := "<Error><RequestId>1</RequestId><Code>InvalidParameter</Code><Message>" + tt.want + "</Message></Error>"
			if err != nil || string(asXML) != want {
				t.Errorf("XML of a %T: %s, %v, want %s", e, asXML, err, want)
			}
			asJSON, err := json.Marshal(e)
			text, _ := json.Marshal(html.UnescapeString(tt.want))
			want = `{"RequestId":"1","Code":"InvalidParameter","Message":` + string(text) + "}"
			if err != nil || string(asJSON) != want {
				t.Errorf("JSON of a %T: %s, %v, want %s", e, asJSON, err, want)
			}
		}
		if e.Message != html.UnescapeString(tt.message) {
			t.Errorf("encoding changed the message to %q", e.Message)
		}
		var back yuncert.Error
		asXML, _ := xml.Marshal(e)
		if err := xml.Unmarshal(asXML, &back); err != nil || back.Message != html.UnescapeString(tt.want) || back.Code != e.Code {
			t.Errorf("read back from XML: %+v, %v", back, err)
		}
	}
}

func TestNewRequestId(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 100 {
		id, err := yuncert.NewRequestId(nil)
		if err != nil || !testutil.RequestIDForm.MatchString(id) || seen[id] {
			t.Fatalf("NewRequestId(nil) = %q, %v", id, err)
		}
		seen[id] = true
	}
	id, err := yuncert.NewRequestId(bytes.NewReader(bytes.Repeat([]byte{0xff}, 16)))
	if want := "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF"; err != nil || id != want {
		t.Errorf("of octets ff: %q, %v, want %q", id, err, want)
	}
	for name, rand := range map[string]io.Reader{
		"short":   strings.NewReader("fifteen octets."),
		"failing": iotest.ErrReader(errors.New("no entropy")),
	} {
		if id, err := yuncert.NewRequestId(rand); id != "" || !errors.Is(err, yuncert.ErrInternalError) {
			t.Errorf("%s: NewRequestId = %q, %v", name, id, err)
		}
	}
}
