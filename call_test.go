package yuncert_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testutil"
)

// parse returns the parameters of a query.
func parse(t testing.TB, query string) url.Values {
	t.Helper()
	parameters, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return parameters
}

func TestParseCall(t *testing.T) {
	t.Parallel()
	type headers = map[string]string
	tests := []struct {
		name    string
		query   string
		headers headers
		want    yuncert.Call
	}{
		{"in the query", "Action=CreateCsr&Version=2020-04-07", nil, yuncert.Call{Action: "CreateCsr", Version: "2020-04-07"}},
		{"in headers", "", headers{"x-acs-action": "CreateCsr", "x-acs-version": "2020-04-07"}, yuncert.Call{Action: "CreateCsr", Version: "2020-04-07"}},
		{"in both", "Action=CreateCsr&Version=1", headers{"x-acs-action": "CreateCsr", "x-acs-version": "1"}, yuncert.Call{Action: "CreateCsr", Version: "1"}},
		{"empty in the query", "Action=&Version=1", headers{"x-acs-action": "A1"}, yuncert.Call{Action: "A1", Version: "1"}},
		{"in query and form", "Action=A&Action=A&Version=1", nil, yuncert.Call{Action: "A", Version: "1"}},
		{"CDN", "Action=A&Version=2018-05-10", nil, yuncert.Call{Action: "A", Version: "2018-05-10", XML: true}},
		{"CDN, JSON", "Action=A&Version=2018-05-10&Format=json", nil, yuncert.Call{Action: "A", Version: "2018-05-10"}},
		{"CDN, JSON accepted", "Action=A&Version=2018-05-10", headers{"accept": "Application/JSON"}, yuncert.Call{Action: "A", Version: "2018-05-10"}},
		{"CDN, anything accepted", "Action=A&Version=2018-05-10", headers{"accept": "*/*"}, yuncert.Call{Action: "A", Version: "2018-05-10", XML: true}},
		{"XML", "Action=A&Version=1&Format=XML", headers{"accept": "application/json"}, yuncert.Call{Action: "A", Version: "1", XML: true}},
		{"JSON", "Action=A&Version=1&Format=JSON", headers{"accept": "text/xml"}, yuncert.Call{Action: "A", Version: "1"}},
		{"XML accepted", "Action=A&Version=1", headers{"accept": "text/xml"}, yuncert.Call{Action: "A", Version: "1", XML: true}},
		{"XML accepted as an application", "Action=A&Version=1", headers{"accept": "application/xml"}, yuncert.Call{Action: "A", Version: "1", XML: true}},
		{"an empty Format", "Action=A&Version=1&Format=", nil, yuncert.Call{Action: "A", Version: "1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			header := make(http.Header)
			for name, value := range tt.headers {
				header.Set(name, value)
			}
			tt.want.Parameters = parse(t, tt.query)
			got, err := yuncert.ParseCall(tt.want.Parameters, header)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("call mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseCallRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, query, action string // action is in the header
		code                yuncert.Code
		parameter, message  string
	}{
		{"nothing", "", "", yuncert.ErrMissingAction, "Action", "Action is mandatory for this action."},
		{"no Version", "Action=A", "", yuncert.ErrMissingVersion, "Version", "Version is mandatory for this action."},
		{"another Action in the header", "Action=A&Version=1", "B", yuncert.ErrInvalidParameter, "Action", `"A" and "B" are both given; give one of them`},
		{"two Actions", "Action=A&Action=B&Version=1", "", yuncert.ErrInvalidParameter, "Action", `"A" and "B" are both given; give one of them`},
		{"two Versions", "Action=A&Version=1&Version=2", "", yuncert.ErrInvalidParameter, "Version", `"1" and "2" are both given; give one of them`},
		{"two Formats", "Action=A&Version=1&Format=JSON&Format=XML", "", yuncert.ErrInvalidParameter, "Format", `"JSON" and "XML" are both given; give one of them`},
		{"another Format", "Action=A&Version=1&Format=YAML", "", yuncert.ErrInvalidParameterFormat, "Format", `"YAML" is not JSON or XML`},
		{"markup as Action", "Action=%3Ca%3E&Version=1", "", yuncert.ErrInvalidValueMalformed, "Action", `"<a>" is not the name of an operation; want up to 128 letters and digits`},
		{"a digit first", "Action=1A&Version=1", "", yuncert.ErrInvalidValueMalformed, "Action", ""},
		{"a long Action", "Version=1&Action=" + strings.Repeat("A", 129), "", yuncert.ErrInvalidValueMalformed, "Action", ""},
		{"the first problem", "Format=YAML", "", yuncert.ErrMissingAction, "Action", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"X-Acs-Action": {tt.action}}
			_, err := yuncert.ParseCall(parse(t, tt.query), header)
			testutil.CheckMessage(t, err, tt.code, tt.parameter, tt.message)
		})
	}
	call, err := yuncert.ParseCall(parse(t, "Format=XML"), nil)
	if err == nil || !call.XML {
		t.Errorf("the call that is refused is %+v, want one in XML", call)
	}
}

func TestReadCall(t *testing.T) {
	t.Parallel()
	type values = map[string][]string
	const form, parameter = "application/x-www-form-urlencoded", "Action=A&Version=1&"
	const broken = "the query or the form cannot be parsed; want names and values as application/x-www-form-urlencoded"
	long := "Text=" + strings.Repeat("a", 1<<20-len("Text="))
	tests := []struct {
		name, method, query string
		contentType, body   string
		want                values // of Parameters, except Action and Version
		message             string // of the error
	}{
		{"a query", "GET", "Text=%E4%BA%91+%26%2B", "", "", values{"Text": {"云 &+"}}, ""},
		{"a form", "POST", "", form + "; charset=utf-8", "Text=a%0Ab", values{"Text": {"a\nb"}}, ""},
		{"a query and a form", "POST", "Text=a", form, "Text=b&Flag=1", values{"Text": {"b", "a"}, "Flag": {"1"}}, ""},
		{"JSON", "POST", "", "application/json", `{"Text":"a"}`, values{}, ""},
		{"a form of 1 MiB", "POST", "", form, long, values{"Text": {long[len("Text="):]}}, ""},
		{"a form of one octet more", "POST", "", form, long + "a", values{}, "the body has more than 1048576 octets"},
		{"a broken query", "GET", "Text=%ZZ", "", "", values{}, broken},
		{"a broken form", "POST", "Flag=1", form, "Text=%", values{"Flag": {"1"}}, broken},
		{"a semicolon", "GET", "Text=a;b", "", "", values{}, broken},
		{"a broken Content-Type", "POST", "", "a;b;c", "Text=a", values{}, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(tt.method, "http://cas.example.com/?"+parameter+tt.query, strings.NewReader(tt.body))
			r.Header.Set("Content-Type", tt.contentType)
			r.Header.Set("Accept", "text/xml")
			tt.want["Action"], tt.want["Version"] = []string{"A"}, []string{"1"}
			got, err := yuncert.ReadCall(r)
			want := yuncert.Call{Action: "A", Version: "1", XML: true, HostId: "cas.example.com", Parameters: tt.want}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("call mismatch (-want +got):\n%s", diff)
			}
			if tt.message == "" && err == nil {
				return
			}
			testutil.CheckMessage(t, err, yuncert.ErrInvalidParameter, "", tt.message)
		})
	}
	lengthy := httptest.NewRequest("GET", "/?"+parameter, nil)
	lengthy.Host = strings.Repeat("h", 1<<20)
	if call, err := yuncert.ReadCall(lengthy); err != nil || len(call.HostId) != 300 {
		t.Errorf("the HostId of a Host of 1 MiB has %d octets, error %v", len(call.HostId), err)
	}
	without := &http.Request{Method: "POST", URL: &url.URL{RawQuery: parameter}}
	if _, err := yuncert.ReadCall(without); err == nil {
		t.Error("no error for a POST without a body")
	}
	_, err := yuncert.ReadCall(httptest.NewRequest("GET", "/?Version=1", nil))
	testutil.CheckMessage(t, err, yuncert.ErrMissingAction, "Action", "Action is mandatory for this action.")
}

// wire has every kind of field that Decode reads, and some that it does not.
type wire struct {
	Text       string              `json:"Text,omitempty"`
	Small      int32               `json:"Small"`
	Large      int64               `json:"Large,omitempty"`
	Flag       bool                `json:"Flag,omitempty"`
	Number     *int32              `json:"Number,omitempty"`
	Choice     *bool               `json:"Choice,omitempty"`
	Named      algorithm.Algorithm `json:"Named,omitempty"`
	lower      string              //lint:ignore U1000 for Decode, which does not set it
	Custom     string              `json:"custom,omitempty"`
	Part       inner               `json:"part,omitzero"`
	Texts      []string            `json:"Texts,omitempty"`
	Numbers    []int32             `json:"Numbers,omitempty"`
	Inner      inner               `json:"Inner,omitzero"`
	Pointer    *inner              `json:"Pointer,omitempty"`
	Tags       []ca.Tag            `json:"Tags,omitempty"`
	Pointers   []*ca.Tag           `json:"Pointers,omitempty"`
	Octets     []byte              `json:"Octets,omitempty"`
	Map        map[string]string   `json:"Map,omitempty"`
	Float      float64             `json:"Float,omitempty"`
	Hidden     string              `json:"-"`
	WithoutTag string
}

type inner struct {
	Text  string   `json:"Text,omitempty"`
	Small int32    `json:"Small,omitempty"`
	Flag  bool     `json:"Flag,omitempty"`
	Texts []string `json:"Texts,omitempty"`
	Deep  *inner   `json:"Deep,omitempty"`
	List  []inner  `json:"List,omitempty"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, query string
		want        wire
		unknown     []string
	}{
		{"nothing", "", wire{}, nil},
		{"common parameters", "Action=A&Version=1&Format=JSON&AccessKeyId=a&Signature=a&SignatureMethod=a&SignatureVersion=1&SignatureType=&" +
			"SignatureNonce=a&Timestamp=a&SecurityToken=a&BearerToken=a&RegionId=a&ResourceOwnerAccount=a&SourceIp=a&SecureTransport=true&Lang=a", wire{}, nil},
		{"text", "Text=a%26b%3Dc%2B%25%0A%3C%E4%BA%91", wire{Text: "a&b=c+%\n<云"}, nil},
		{"integers", "Small=-2147483648&Large=9223372036854775807", wire{Small: math.MinInt32, Large: math.MaxInt64}, nil},
		{"true", "Flag=true", wire{Flag: true}, nil},
		{"True", "Flag=True", wire{Flag: true}, nil},
		{"1", "Flag=1", wire{Flag: true}, nil},
		{"FALSE", "Flag=FALSE", wire{}, nil},
		{"0", "Flag=0", wire{}, nil},
		{"pointers", "Number=0&Choice=false", wire{Number: new(int32), Choice: new(bool)}, nil},
		{"empty", "Text=&Small=&Large=&Flag=&Number=&Choice=&Texts.1=&Inner=&Pointer=&Pointer.Text=&Tags.1.Key=", wire{}, nil},
		{"a named type", "Named=RSA_2048", wire{Named: algorithm.RSA_2048}, nil},
		{"a small letter", "custom=a", wire{Custom: "a"}, nil},
		{"a capital", "Custom=a", wire{Custom: "a"}, nil},
		{"another spelling", "text=a&TEXT=b", wire{}, []string{"TEXT", "text"}},
		{"lists", "Texts.1=a&Texts.2=b&Numbers.1=3&Tags.1.Key=k&Tags.1.Value=v&Tags.2.Key=l", wire{
			Texts: []string{"a", "b"}, Numbers: []int32{3}, Tags: []ca.Tag{{Key: "k", Value: "v"}, {Key: "l"}}}, nil},
		{"ten entries", "Numbers.10=10&Numbers.2=2&Numbers.1=1&Numbers.3=3&Numbers.4=4&Numbers.5=5&Numbers.6=6&Numbers.7=7&Numbers.8=8&Numbers.9=9", wire{
			Numbers: []int32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}, nil},
		{"structs", "Inner.Text=a&Inner.Small=1&Pointer.Flag=1&Pointer.Texts.1=b", wire{
			Inner: inner{Text: "a", Small: 1}, Pointer: &inner{Flag: true, Texts: []string{"b"}}}, nil},
		{"deep", "Pointer.Deep.Deep.List.1.Text=a", wire{
			Pointer: &inner{Deep: &inner{Deep: &inner{List: []inner{{Text: "a"}}}}}}, nil},
		{"JSON", `Pointer={"Text":"a","Small":-1,"Flag":true,"Texts":["b","c"],"Deep":{"List":[{"Text":"d"}]}}`, wire{
			Pointer: &inner{Text: "a", Small: -1, Flag: true, Texts: []string{"b", "c"}, Deep: &inner{List: []inner{{Text: "d"}}}}}, nil},
		{"JSON in a struct", `Inner.Deep={"Small":1}`, wire{Inner: inner{Deep: &inner{Small: 1}}}, nil},
		{"JSON lists", `Texts=["a"]&Tags=[{"Key":"k"}]&Numbers= [1, 2] `, wire{Texts: []string{"a"}, Tags: []ca.Tag{{Key: "k"}}, Numbers: []int32{1, 2}}, nil},
		{"JSON in a list", `Tags.1={"Key":"k"}&Tags.2.Key=l`, wire{Tags: []ca.Tag{{Key: "k"}, {Key: "l"}}}, nil},
		{"empty JSON", `Pointer={"Text":"","Deep":{},"Texts":null}&Tags=[]&Inner=null`, wire{}, nil},
		{"JSON with a name that begins with a dot", `Pointer={".Text":"a","Deep.Text":"b"}`, wire{}, []string{"Pointer..Text", "Pointer.Deep.Text"}},
		{"unknown", "Nobody=1&Tags.1.Key=k&Tags.1.Nobody=1&Text=a&Text.1=b&Inner.Nobody.1=1&Texts-1=a&Small.x=1", wire{
			Text: "a", Tags: []ca.Tag{{Key: "k"}}}, []string{"Inner.Nobody.1", "Nobody", "Small.x", "Tags.1.Nobody", "Text.1", "Texts-1"}},
		{"unknown sets nothing", `Pointer.Nobody=1&Pointer.Deep={"Nobody":1}`, wire{}, []string{"Pointer.Deep.Nobody", "Pointer.Nobody"}},
		{"unknown JSON", `Pointer={"Nobody":{"a":[1,{"b":2}]},"Text":"a"}`, wire{Pointer: &inner{Text: "a"}}, []string{"Pointer.Nobody"}},
		{"fields that are not read", "Octets=a&Octets.1=1&Pointers.1.Key=a&Map=a&Float=1&-=a&Hidden=a&WithoutTag=a&lower=a", wire{}, []string{"-", "Float", "Hidden", "Map", "Octets", "Octets.1", "Pointers.1.Key", "WithoutTag", "lower"}},
		{"unknown twice", "Nobody=1&Nobody=2", wire{}, []string{"Nobody"}},
		{"odd names", "=a&.=a&..=a&Text.=a", wire{}, []string{"", ".", "..", "Text."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got wire
			unknown, err := yuncert.Call{Parameters: parse(t, tt.query)}.Decode(&got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(wire{})); diff != "" {
				t.Errorf("request mismatch (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.unknown, unknown, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("unknown parameters mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	const malformed, refused = yuncert.ErrInvalidValueMalformed, yuncert.ErrInvalidParameter
	tests := []struct {
		name, query        string
		code               yuncert.Code
		parameter, message string
	}{
		{"not an integer", "Small=a", malformed, "Small", `"a" is not an integer from -2147483648 to 2147483647`},
		{"a fraction", "Small=1.0", malformed, "Small", `"1.0" is not an integer from -2147483648 to 2147483647`},
		{"a space", "Small=+1", malformed, "Small", `" 1" is not an integer from -2147483648 to 2147483647`},
		{"beyond int32", "Small=2147483648", malformed, "Small", `"2147483648" is not an integer from -2147483648 to 2147483647`},
		{"beyond int64", "Large=9223372036854775808", malformed, "Large", `"9223372036854775808" is not an integer from -9223372036854775808 to 9223372036854775807`},
		{"not a boolean", "Flag=yes", malformed, "Flag", `"yes" is not true or false`},
		{"a pointer to a wrong number", "Number=a", malformed, "Number", `"a" is not an integer from -2147483648 to 2147483647`},
		{"twice", "Text=a&Text=a", refused, "Text", "it is given 2 times; give it once"},
		{"twice, the first empty", "Text=&Text=a", refused, "Text", "it is given 2 times; give it once"},
		{"twice in a list", "Tags.1.Key=a&Tags.1.Key=b", refused, "Tags.1.Key", "it is given 2 times; give it once"},
		{"both spellings of a struct", "part.Text=a&Part.Small=1", refused, "Part", "it is given 2 times; give it once"},
		{"both spellings", "custom=a&Custom=a", refused, "custom", "it is given 2 times; give it once"},
		{"the first field", "Flag=yes&Large=a&Small=b", malformed, "Small", ""},

		{"an entry 0", "Texts.0=a", malformed, "Texts", `"Texts.0" does not have a number from 1 to 100 in place of "0"`},
		{"an entry 01", "Texts.01=a", malformed, "Texts", `"Texts.01" does not have a number from 1 to 100 in place of "01"`},
		{"an entry +1", "Texts.%2B1=a", malformed, "Texts", `"Texts.+1" does not have a number from 1 to 100 in place of "+1"`},
		{"an entry -1", "Texts.-1=a", malformed, "Texts", `"Texts.-1" does not have a number from 1 to 100 in place of "-1"`},
		{"an entry without a number", "Tags.Key=a", malformed, "Tags", `"Tags.Key" does not have a number from 1 to 100 in place of "Key"`},
		{"an entry with an empty number", "Tags..Key=a", malformed, "Tags", `"Tags..Key" does not have a number from 1 to 100 in place of ""`},
		{"entry 101", "Tags.101.Key=a", malformed, "Tags", `"Tags.101.Key" does not have a number from 1 to 100 in place of "101"`},
		{"entry 999999999", "Tags.999999999.Key=a", malformed, "Tags", `"Tags.999999999.Key" does not have a number from 1 to 100 in place of "999999999"`},
		{"from 2", "Tags.2.Key=a", malformed, "Tags", "Tags.1 is missing; number the entries from 1 without gaps"},
		{"a gap", "Tags.1.Key=a&Tags.3.Key=a", malformed, "Tags", "Tags.2 is missing; number the entries from 1 without gaps"},
		{"an empty entry", "Texts.1=a&Texts.2=&Texts.3=b", malformed, "Texts", "Texts.2 is missing; number the entries from 1 without gaps"},
		{"a gap in a list within a struct", "Inner.List.1.Texts.2=a", malformed, "Inner.List.1.Texts", "Inner.List.1.Texts.1 is missing; number the entries from 1 without gaps"},
		{"a wrong number in a list", "Numbers.1=a", malformed, "Numbers.1", `"a" is not an integer from -2147483648 to 2147483647`},

		{"text for a list", "Texts=a", malformed, "Texts", `"a" is not JSON; want an array, or parameters whose names begin with "Texts."`},
		{"text for a struct", "Pointer=a", malformed, "Pointer", `"a" is not JSON; want an object, or parameters whose names begin with "Pointer."`},
		{"broken JSON", `Inner={"Text":"a"`, malformed, "Inner", `"{\"Text\":\"a\"" is not JSON; want an object, or parameters whose names begin with "Inner."`},
		{"more after JSON", `Inner={} {}`, malformed, "Inner", ""},
		{"an array for a struct", `Inner=[]`, malformed, "Inner", `the JSON has "[" here, which is not an object`},
		{"an object for a list", `Texts={}`, malformed, "Texts", `the JSON has "{" here, which is not an array`},
		{"a string for an integer", `Inner={"Small":"1"}`, malformed, "Inner.Small", `the JSON has "1" here, which is not an integer`},
		{"a number for a string", `Inner={"Text":1}`, malformed, "Inner.Text", `the JSON has "1" here, which is not a string`},
		{"a number for a boolean", `Inner={"Flag":1}`, malformed, "Inner.Flag", `the JSON has "1" here, which is not true or false`},
		{"a fraction in JSON", `Inner={"Small":1.5}`, malformed, "Inner.Small", `"1.5" is not an integer from -2147483648 to 2147483647`},
		{"a string for a struct", `Inner={"Deep":"{}"}`, malformed, "Inner.Deep", `the JSON has "{}" here, which is not an object`},
		{"a struct for a string", `Inner={"Text":{}}`, malformed, "Inner.Text", `the JSON has "{" here, which is not a string`},
		{"a wrong entry in JSON", `Inner={"List":[{},{"Small":true}]}`, malformed, "Inner.List.2.Small", `the JSON has "true" here, which is not an integer`},
		{"101 entries in JSON", `Texts=["a"` + strings.Repeat(`,"a"`, 100) + "]", malformed, "Texts", "the JSON has more than 100 entries"},
		{"twice in JSON", `Inner={"Text":"a","Text":"b"}`, refused, "Inner.Text", "the JSON has it twice; give it once"},
		{"JSON and parameters", `Inner={"Text":"a"}&Inner.Small=1`, refused, "Inner", `it is given as JSON and as "Inner.Small"; give one of them`},
		{"JSON and parameters of a list", `Tags.1={"Key":"a"}&Tags.1.Value=1`, refused, "Tags.1", `it is given as JSON and as "Tags.1.Value"; give one of them`},
		{"JSON twice", `Pointer={}&Pointer={}`, refused, "Pointer", "it is given 2 times; give it once"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			unknown, err := yuncert.Call{Parameters: parse(t, tt.query)}.Decode(new(wire))
			testutil.CheckMessage(t, err, tt.code, tt.parameter, tt.message)
			if unknown != nil {
				t.Errorf("unknown parameters with an error: %q", unknown)
			}
		})
	}
}

// What is more than a call may have is refused before it is read.
func TestDecodeBounds(t *testing.T) {
	t.Parallel()
	many := func(n int) url.Values {
		parameters := make(url.Values)
		for i := range n {
			parameters.Set("Nobody"+strconv.Itoa(i), "a")
		}
		return parameters
	}
	members := func(n int) url.Values {
		return url.Values{"Pointer": {`{"N":0` + strings.Repeat(`,"N":0`, n-1) + "}"}}
	}
	text := func(n int) url.Values { return url.Values{"Text": {strings.Repeat("a", n-len("Text"))}} }
	nested := func(n int) url.Values { return url.Values{strings.Repeat("Deep.", n-1) + "Deep": {"a"}} }
	for _, tt := range []struct {
		name      string
		good, bad url.Values
		parameter string
		words     string
	}{
		{"parameters", many(1000), many(1001), "", "1001 parameters; up to 1000 are read"},
		{"octets", text(1 << 20), text(1<<20 + 1), "", "1048577 octets; up to 1048576 are read"},
		{"octets of a parameter given twice", text(1 << 20), url.Values{"A": {"", strings.Repeat("a", 1<<20)}}, "", "octets"},
		{"parts of a name", nested(10), nested(11), "", "more than 10 parts"},
		{"members", members(1000), members(1001), "Pointer", "more than 1000 members and entries"},
	} {
		if _, err := (yuncert.Call{Parameters: tt.good}).Decode(new(wire)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		_, err := yuncert.Call{Parameters: tt.bad}.Decode(new(wire))
		testutil.CheckError(t, err, yuncert.ErrInvalidParameter, tt.parameter, tt.words)
	}

	deep := strings.Repeat(`{"Deep":`, 100_000) + "null" + strings.Repeat("}", 100_000)
	_, err := yuncert.Call{Parameters: url.Values{"Pointer": {deep}}}.Decode(new(wire))
	testutil.CheckError(t, err, yuncert.ErrInvalidValueMalformed, "Pointer")

	full := make(url.Values)
	for i := range 100 {
		full.Set(fmt.Sprintf("Tags.%d.Key", i+1), "k")
	}
	var req wire
	if _, err := (yuncert.Call{Parameters: full}).Decode(&req); err != nil || len(req.Tags) != 100 {
		t.Errorf("100 entries: %d, %v", len(req.Tags), err)
	}
	for _, target := range []any{nil, wire{}, (*wire)(nil), new(string)} {
		_, err := yuncert.Call{}.Decode(target)
		testutil.CheckError(t, err, yuncert.ErrInternalError, "", fmt.Sprintf("%T", target))
	}
}

// filler fills structs with values that are all different.
type filler struct{ n int }

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%d\n<云>&=+%% \"%d\"", f.n, f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(-1<<(v.Type().Bits()-1) + int64(f.n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	default:
		panic("a field of type " + v.Type().String())
	}
}

// addTo adds the parameters that an SDK makes of a value.
func addTo(parameters url.Values, name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			addTo(parameters, name, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			addTo(parameters, name+"."+strconv.Itoa(i+1), v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			member, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if name != "" {
				member = name + "." + member
			}
			addTo(parameters, member, v.Field(i))
		}
	default:
		parameters.Set(name, fmt.Sprint(v))
	}
}

// types are the requests or responses of all operations, by the end of their names.
func types(t *testing.T, end string) map[string]reflect.Type {
	t.Helper()
	all := make(map[string]reflect.Type)
	for name, values := range newWorld(t, algorithm.ECC_256).values {
		if typ := reflect.TypeOf(values[0]); strings.HasSuffix(name, end) && typ.Kind() == reflect.Struct {
			all[name] = typ
		}
	}
	// A CSR, and a function that no document has as an operation.
	delete(all, "csr.Request")
	delete(all, "ca.CreateRevocationListRequest")
	if len(all) < 10 {
		t.Fatalf("only %d types end with %s", len(all), end)
	}
	return all
}

// What an SDK makes of any request is read back, from parameters and from JSON.
func TestDecodeRequests(t *testing.T) {
	t.Parallel()
	for name, typ := range types(t, "Request") {
		want := reflect.New(typ)
		new(filler).fill(want.Elem())
		flat, asJSON := make(url.Values), make(url.Values)
		addTo(flat, "", want)
		for i := range typ.NumField() {
			member, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			field := want.Elem().Field(i)
			text, err := json.Marshal(field.Interface())
			if err != nil {
				t.Fatal(err)
			}
			if isText := text[0] != '{' && text[0] != '['; isText {
				text = []byte(fmt.Sprint(field))
			}
			asJSON.Set(member, string(text))
		}
		for form, parameters := range map[string]url.Values{"parameters": flat, "JSON": asJSON} {
			got := reflect.New(typ)
			unknown, err := yuncert.Call{Parameters: parameters}.Decode(got.Interface())
			if err != nil || len(unknown) > 0 {
				t.Errorf("%s as %s: unknown %q, %v", name, form, unknown, err)
			}
			if diff := cmp.Diff(want.Interface(), got.Interface()); diff != "" {
				t.Errorf("%s as %s: request mismatch (-want +got):\n%s", name, form, diff)
			}
		}
	}
}

// members reads an XML element as encoding/json reads JSON: an object as a map, and
// everything else as a list of texts.
func members(t testing.TB, in *xml.Decoder) any {
	t.Helper()
	children, text := make(map[string][]any), ""
	for {
		token, err := in.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			children[token.Name.Local] = append(children[token.Name.Local], members(t, in))
		case xml.CharData:
			text += string(token)
		case xml.EndElement:
			if len(children) == 0 {
				return text
			}
			return children
		}
	}
}

// likeXML returns a JSON value in the form of members.
func likeXML(v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v)
	}
	children := make(map[string][]any)
	for name, member := range object {
		list, ok := member.([]any)
		if !ok && member != nil {
			list = []any{member}
		}
		for _, entry := range list {
			children[name] = append(children[name], likeXML(entry))
		}
	}
	return children
}

// readXML reads an answer in XML, and returns the name of its element.
func readXML(t testing.TB, body []byte) (root string, content any) {
	t.Helper()
	in := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := in.Token()
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if start, ok := token.(xml.StartElement); ok {
			content = members(t, in)
			if rest, err := in.Token(); err != io.EOF {
				t.Errorf("%v after the XML, %v", rest, err)
			}
			return start.Name.Local, content
		}
	}
}

// A response has the same members in XML as in JSON, which encoding/json writes.
func TestAnswerResponses(t *testing.T) {
	t.Parallel()
	call := yuncert.Call{Action: "CreateCsr", Version: "2020-04-07"}
	for name, typ := range types(t, "Response") {
		full := reflect.New(typ)
		new(filler).fill(full.Elem())
		for _, resp := range []any{full.Interface(), full.Elem().Interface(), reflect.New(typ).Interface()} {
			var want bytes.Buffer
			enc := json.NewEncoder(&want)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(resp); err != nil {
				t.Fatal(err)
			}
			status, contentType, body := call.Answer(nil, resp, nil)
			if status != 200 || contentType != "application/json; charset=utf-8" {
				t.Errorf("%s: %d, %s", name, status, contentType)
			}
			if diff := cmp.Diff(strings.TrimSpace(want.String()), string(body)); diff != "" {
				t.Errorf("%s: JSON mismatch (-want +got):\n%s", name, diff)
			}

			asXML := call
			asXML.XML = true
			status, contentType, body = asXML.Answer(nil, resp, nil)
			if status != 200 || contentType != "text/xml; charset=utf-8" {
				t.Errorf("%s: %d, %s", name, status, contentType)
			}
			root, got := readXML(t, body)
			if root != "CreateCsrResponse" {
				t.Errorf("%s: the XML begins with %s", name, root)
			}
			in := json.NewDecoder(&want)
			in.UseNumber()
			var values any
			if err := in.Decode(&values); err != nil {
				t.Fatal(err)
			}
			like := likeXML(values)
			if cmp.Equal(like, map[string][]any{}) { // XML cannot tell it from an empty text
				like = ""
			}
			if diff := cmp.Diff(like, got); diff != "" {
				t.Errorf("%s: XML mismatch (-JSON +XML):\n%s", name, diff)
			}
		}
	}
}

// drawn is the RequestId that testutil.Seeded gives first.
func drawn(t *testing.T) string {
	t.Helper()
	id, err := yuncert.NewRequestId(testutil.Seeded())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	type response struct {
		RequestId string   `json:"RequestId,omitempty"`
		Csr       string   `json:"Csr,omitempty"`
		List      []ca.Tag `json:"List"`
		Names     []string `json:"Names,omitempty"`
		CsrId     int64    `json:"CsrId,omitempty"`
		Flag      bool     `json:"Flag"`
	}
	const secret = "/run/hsm.sock: PIN 1234"
	const header = xml.Header
	id := drawn(t)
	refused := &yuncert.Error{Code: yuncert.ErrInvalidParameter, Parameter: "Years", Message: "9 > 5 & <no>", Err: errors.New(secret)}
	own := &yuncert.Error{Code: yuncert.ErrNotRemainCount, RequestId: "1", HostId: "own", Recommend: "https://example.com/", Message: "none"}
	tests := []struct {
		name    string
		version string
		resp    any
		err     error
		status  int
		json    string
		xml     string
	}{
		{"a response", "", &response{RequestId: "1", Csr: "-----BEGIN\nMII+/=\n", List: []ca.Tag{{Key: "a"}, {}}, Names: []string{"b", "c"}, CsrId: 1 << 60}, nil, 200,
			`{"RequestId":"1","Csr":"-----BEGIN\nMII+/=\n","List":[{"Key":"a"},{}],"Names":["b","c"],"CsrId":1152921504606846976,"Flag":false}`,
			header + "<AResponse><RequestId>1</RequestId><Csr>-----BEGIN\nMII+/=\n</Csr><List><Key>a</Key></List><List></List><Names>b</Names><Names>c</Names>" +
				"<CsrId>1152921504606846976</CsrId><Flag>false</Flag></AResponse>"},
		{"odd texts", "", response{Csr: "<&>\r\n\x00\x1b\xff]]>\u2028"}, nil, 200,
			`{"Csr":"<&>\r\n\u0000\u001b\ufffd]]>\u2028","List":null,"Flag":false}`,
			header + "<AResponse><Csr>&lt;&amp;&gt;&#xD;\n\ufffd\ufffd\ufffd]]&gt;\u2028</Csr><Flag>false</Flag></AResponse>"},
		{"no response", "", nil, nil, 200, `{"RequestId":"` + id + `"}`, header + "<AResponse><RequestId>" + id + "</RequestId></AResponse>"},
		{"a nil response", "", (*response)(nil), nil, 200, `{"RequestId":"` + id + `"}`, header + "<AResponse><RequestId>" + id + "</RequestId></AResponse>"},
		{"a refusal", "2020-06-30", &response{}, fmt.Errorf("%s: %w", secret, refused), 400,
			`{"RequestId":"` + id + `","HostId":"ca.example.com","Code":"InvalidParameter","Message":"Years: 9 > 5 & <no>","Recommend":"https://api.aliyun.com/troubleshoot?q=InvalidParameter&product=cas"}`,
			header + "<Error><RequestId>" + id + "</RequestId><HostId>ca.example.com</HostId><Code>InvalidParameter</Code><Message>Years: 9 &gt; 5 &amp; &lt;no&gt;</Message></Error>"},
		{"everything set", "2020-06-30", nil, own, 404,
			`{"RequestId":"1","HostId":"own","Code":"NotRemainCount","Message":"none","Recommend":"https://example.com/"}`,
			header + "<Error><RequestId>1</RequestId><HostId>own</HostId><Code>NotRemainCount</Code><Message>none</Message></Error>"},
		{"a code", "2018-05-10", nil, fmt.Errorf("%s: %w", secret, yuncert.ErrThrottlingUser), 429,
			`{"RequestId":"` + id + `","HostId":"ca.example.com","Code":"Throttling.User","Message":"Request was denied due to user flow control.","Recommend":"https://api.aliyun.com/troubleshoot?q=Throttling.User&product=Cdn"}`,
			header + "<Error><RequestId>" + id + "</RequestId><HostId>ca.example.com</HostId><Code>Throttling.User</Code><Message>Request was denied due to user flow control.</Message></Error>"},
		{"a code without a documented message", "1", nil, yuncert.ErrNoSuchVersion, 400,
			`{"RequestId":"` + id + `","HostId":"ca.example.com","Code":"NoSuchVersion","Message":"NoSuchVersion","Recommend":"https://api.aliyun.com/troubleshoot?q=NoSuchVersion"}`,
			header + "<Error><RequestId>" + id + "</RequestId><HostId>ca.example.com</HostId><Code>NoSuchVersion</Code><Message>NoSuchVersion</Message></Error>"},
		{"any other error", "2020-04-07", nil, errors.New(secret), 500,
			`{"RequestId":"` + id + `","HostId":"ca.example.com","Code":"Internal.Error","Message":"The request processing has failed due to backend service exception.","Recommend":"https://api.aliyun.com/troubleshoot?q=Internal.Error&product=cas"}`,
			header + "<Error><RequestId>" + id + "</RequestId><HostId>ca.example.com</HostId><Code>Internal.Error</Code><Message>The request processing has failed due to backend service exception.</Message></Error>"},
		{"a response that is not JSON", "1", math.Inf(1), nil, 500,
			`{"RequestId":"` + id + `","HostId":"ca.example.com","Code":"Internal.Error","Message":"The request processing has failed due to backend service exception.","Recommend":"https://api.aliyun.com/troubleshoot?q=Internal.Error"}`,
			header + "<Error><RequestId>" + id + "</RequestId><HostId>ca.example.com</HostId><Code>Internal.Error</Code><Message>The request processing has failed due to backend service exception.</Message></Error>"},
		{"a list", "1", []string{"a", "b"}, nil, 500,
			`{"RequestId":"` + id + `","HostId":"ca.example.com","Code":"Internal.Error","Message":"The request processing has failed due to backend service exception.","Recommend":"https://api.aliyun.com/troubleshoot?q=Internal.Error"}`,
			header + "<Error><RequestId>" + id + "</RequestId><HostId>ca.example.com</HostId><Code>Internal.Error</Code><Message>The request processing has failed due to backend service exception.</Message></Error>"},
		{"a map that is nil", "1", map[string]string(nil), nil, 500,
			`{"RequestId":"` + id + `","HostId":"ca.example.com","Code":"Internal.Error","Message":"The request processing has failed due to backend service exception.","Recommend":"https://api.aliyun.com/troubleshoot?q=Internal.Error"}`,
			header + "<Error><RequestId>" + id + "</RequestId><HostId>ca.example.com</HostId><Code>Internal.Error</Code><Message>The request processing has failed due to backend service exception.</Message></Error>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for want, isXML := range map[string]bool{tt.json: false, tt.xml: true} {
				call := yuncert.Call{Action: "A", Version: tt.version, XML: isXML, HostId: "ca.example.com"}
				status, _, body := call.Answer(testutil.Seeded(), tt.resp, tt.err)
				if status != tt.status {
					t.Errorf("status %d, want %d", status, tt.status)
				}
				if diff := cmp.Diff(want, string(body)); diff != "" {
					t.Errorf("body mismatch (-want +got):\n%s", diff)
				}
			}
		})
	}

	t.Cleanup(func() { // after the parallel tests
		want := &yuncert.Error{Code: yuncert.ErrInvalidParameter, Parameter: "Years", Message: "9 > 5 & <no>"}
		if diff := cmp.Diff(want, refused, cmpopts.IgnoreFields(yuncert.Error{}, "Err")); diff != "" {
			t.Errorf("Answer changed the error (-want +got):\n%s", diff)
		}
	})
}

// The names of members become elements, so they must not contain markup.
func TestAnswerElements(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{
		"A": 200, "a-1.b": 200, "_": 200,
		"": 500, "1": 500, "-": 500, ".": 500, "a b": 500, "a><b": 500, "a/": 500, "a:b": 500, "云": 500, "a\x00": 500,
	} {
		for _, resp := range []any{map[string]string{name: "text"}, map[string]any{"List": []any{map[string][]int{name: {1}}}}} {
			status, _, body := yuncert.Call{Action: "A", XML: true}.Answer(testutil.Seeded(), resp, nil)
			if status != want {
				t.Errorf("%q: status %d, want %d: %s", name, status, want, body)
			}
			readXML(t, body)
		}
	}
}

// An answer needs neither randomness nor a good Action.
func TestAnswerWithout(t *testing.T) {
	t.Parallel()
	broken := iotest.ErrReader(errors.New("no entropy"))
	const want = `{"RequestId":"","Code":"Internal.Error","Message":"no randomness for a RequestId","Recommend":"https://api.aliyun.com/troubleshoot?q=Internal.Error"}`
	if status, _, body := (yuncert.Call{}).Answer(broken, nil, nil); status != 500 || string(body) != want {
		t.Errorf("without randomness: %d, %s", status, body)
	}
	status, _, body := yuncert.Call{Action: "<a>", XML: true}.Answer(testutil.Seeded(), nil, nil)
	if root, _ := readXML(t, body); status != 200 || root != "Response" {
		t.Errorf("with another Action: %d, %s", status, body)
	}
	if id := drawn(t); !strings.Contains(string(body), id) {
		t.Errorf("%s does not have the RequestId %s", body, id)
	}
}

func FuzzParseCall(f *testing.F) {
	f.Add("Action=CreateCsr&Version=2020-04-07", "", "", "")
	f.Add("Action=A&Version=2018-05-10&Format=xml", "A", "1", "application/json")
	f.Add("Format=YAML", "<a>", "", "*/*")
	f.Fuzz(func(t *testing.T, query, action, version, accept string) {
		parameters, _ := url.ParseQuery(query)
		header := make(http.Header)
		header.Set("x-acs-action", action)
		header.Set("x-acs-version", version)
		header.Set("Accept", accept)
		call, err := yuncert.ParseCall(parameters, header)
		if e, ok := errors.AsType[*yuncert.Error](err); err != nil && (!ok || e.Code.HTTPStatus() != 400 || len(e.Message) > 1000) {
			t.Errorf("ParseCall: %v", err)
		}
		if err == nil && (call.Action == "" || call.Version == "") {
			t.Errorf("ParseCall accepts %+v", call)
		}
		status, contentType, body := call.Answer(testutil.Seeded(), &ca.Tag{Key: action, Value: version}, err)
		if want := map[bool]int{true: 200, false: 400}[err == nil]; status != want {
			t.Errorf("status %d, want %d", status, want)
		}
		if !strings.HasPrefix(contentType, "text/xml") {
			if !json.Valid(body) {
				t.Errorf("%q is not JSON", body)
			}
			return
		}
		root, _ := readXML(t, body)
		if want := map[bool]string{true: call.Action + "Response", false: "Error"}[err == nil]; root != want {
			t.Errorf("the XML begins with %s, want %s", root, want)
		}
	})
}

// hasEmptyEntry reports whether a list has an entry without any value, which
// parameters cannot say.
func hasEmptyEntry(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && hasEmptyEntry(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if v.Index(i).IsZero() || hasEmptyEntry(v.Index(i)) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if hasEmptyEntry(v.Field(i)) {
				return true
			}
		}
	}
	return false
}

// read is the part of wire that parameters can set.
type read struct {
	Text    string   `json:"Text,omitempty"`
	Small   int32    `json:"Small,omitempty"`
	Large   int64    `json:"Large,omitempty"`
	Flag    bool     `json:"Flag,omitempty"`
	Number  *int32   `json:"Number,omitempty"`
	Custom  string   `json:"custom,omitempty"`
	Part    inner    `json:"part,omitzero"`
	Texts   []string `json:"Texts,omitempty"`
	Inner   inner    `json:"Inner,omitzero"`
	Pointer *inner   `json:"Pointer,omitempty"`
	Tags    []ca.Tag `json:"Tags,omitempty"`
}

// What is read is the same when it is written as parameters and read again.
func FuzzDecode(f *testing.F) {
	f.Add("Text=a&Small=1&Large=-2&Flag=true&Number=0&custom=b&Texts.1=a&Texts.2=b&Tags.1.Key=k&Tags.1.Value=v&Inner.Texts.1=c&Pointer.Deep.Small=3")
	f.Add(`Pointer={"Text":"a","Small":1,"Flag":true,"Texts":["b"],"Deep":{"List":[{"Text":"c"}]},"Nobody":[{}]}&Tags=[{"Key":"k"}]&Inner.Deep={"Small":1}`)
	f.Add("Tags.999999999.Key=a&Tags.01.Key=b&Tags.2.Key=c&Texts..=d&Inner={}&Inner.Text=e&Custom=f&custom=g")
	f.Add("Signature=a&Nobody=b&Text.1=c&Tags.1={}&Tags.1.Nobody=d&Small=1&Small=2")
	f.Fuzz(func(t *testing.T, query string) {
		parameters, _ := url.ParseQuery(query)
		call := yuncert.Call{Parameters: parameters}
		var req, again read
		unknown, err := call.Decode(&req)
		unknownAgain, errAgain := call.Decode(&again)
		if err != nil {
			e, ok := errors.AsType[*yuncert.Error](err)
			if !ok || e.Code.HTTPStatus() != 400 || len(e.Message) > 1000 {
				t.Errorf("Decode: %v", err)
			}
			if errAgain == nil {
				t.Errorf("Decode first fails with %v and then does not", err)
			}
			return
		}
		if diff := cmp.Diff(req, again) + cmp.Diff(unknown, unknownAgain); diff != "" || errAgain != nil {
			t.Errorf("Decode differs from time to time: %s, %v", diff, errAgain)
		}
		if hasEmptyEntry(reflect.ValueOf(req)) {
			return
		}
		written := make(url.Values)
		addTo(written, "", reflect.ValueOf(req))
		maps.DeleteFunc(written, func(_ string, values []string) bool { return slices.Equal(values, []string{""}) })
		again = read{}
		unknown, err = yuncert.Call{Parameters: written}.Decode(&again)
		if err != nil || len(unknown) > 0 {
			t.Errorf("written as %v: unknown %q, %v", written, unknown, err)
		}
		if diff := cmp.Diff(req, again); diff != "" {
			t.Errorf("written as %v: mismatch (-read +read again):\n%s", written, diff)
		}
	})
}

// twenty is a request of 20 members, as parameters and in JSON.
func twenty() (parameters url.Values, asJSON []byte) {
	req := ca.CreateServerCertificateWithCsrRequest{
		Csr: strings.Repeat("MIIBCgKCAQEA", 100), Domain: "www.example.com,example.com", Organization: "Example", OrganizationUnit: "Web",
		Country: "CN", CommonName: "www.example.com", State: "Zhejiang", Locality: "Hangzhou", Algorithm: "RSA_2048",
		ParentIdentifier: "0123456789abcdef0123456789abcdef", Years: 1, Months: 2, Days: 3, BeforeTime: 1700000000, AfterTime: 1800000000,
		Immediately: 2, EnableCrl: 1, Tags: []ca.Tag{{Key: "a", Value: "b"}}, ResourceGroupId: "rg",
	}
	parameters = make(url.Values)
	addTo(parameters, "", reflect.ValueOf(req))
	asJSON, _ = json.Marshal(req)
	return parameters, asJSON
}

func BenchmarkDecode(b *testing.B) {
	parameters, asJSON := twenty()
	b.Run("parameters", func(b *testing.B) {
		b.ReportAllocs()
		call := yuncert.Call{Parameters: parameters}
		for b.Loop() {
			var req ca.CreateServerCertificateWithCsrRequest
			if _, err := call.Decode(&req); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var req ca.CreateServerCertificateWithCsrRequest
			if err := json.Unmarshal(asJSON, &req); err != nil {
				b.Fatal(err)
			}
		}
	})
}
