package interop

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/cas"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/cdn"
)

// goCommon calls with a CommonRequest of alibaba-cloud-sdk-go.
func goCommon(method, format string, form bool) func(*testing.T, string) sdkCaller {
	return func(t *testing.T, address string) sdkCaller {
		var credential auth.Credential = credentials.NewStaticSTSCredentialsProvider("id", "secret", "token")
		if method == "GET" {
			credential = credentials.NewBearerTokenCredentialsProvider("token")
		}
		client := goClient(t, credential)
		client.SourceIp, client.SecureTransport = "192.0.2.1", "true" // what a proxy adds
		return func(t *testing.T, operation string, parameters map[string]any) sdkAnswer {
			t.Helper()
			request := requests.NewCommonRequest()
			request.Version, request.ApiName, _ = strings.Cut(operation, " ")
			request.Method, request.Domain, request.AcceptFormat = method, address, format
			flat := request.QueryParams
			if form {
				flat = request.FormParams
			}
			for name, value := range parameters {
				flatten(flat, name, value)
			}
			response, err := client.ProcessCommonRequest(request)
			return goAnswer(t, response.BaseResponse, []byte(response.GetHttpContentString()), err)
		}
	}
}

func goClient(t *testing.T, credential auth.Credential) *sdk.Client {
	t.Helper()
	client, err := sdk.NewClientWithOptions("cn-hangzhou", sdk.NewConfig(), credential)
	if err != nil {
		t.Fatal(err)
	}
	client.SetNoProxy("127.0.0.1")
	client.SetReadTimeout(5 * time.Minute) // the machine may be busy
	return client
}

// flatten writes lists and maps as a caller of a CommonRequest must.
func flatten(flat map[string]string, name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for member, inside := range value {
			flatten(flat, name+"."+member, inside)
		}
	case []any:
		for i, entry := range value {
			flatten(flat, name+"."+strconv.Itoa(i+1), entry)
		}
	default:
		flat[name] = value.(string)
	}
}

// goAnswer returns what the SDK got. body is the response in JSON or XML.
func goAnswer(t *testing.T, response *responses.BaseResponse, body []byte, err error) sdkAnswer {
	t.Helper()
	if err == nil {
		return sdkAnswer{status: response.GetHttpStatus(), members: members(t, body)}
	}
	e, ok := errors.AsType[*sdkerrors.ServerError](err)
	if !ok {
		t.Fatal(err)
	}
	if e.ErrorCode() == "" { // the SDK does not parse errors in XML
		got := members(t, []byte(e.Message()))
		return sdkAnswer{status: e.HttpStatus(), code: got["Code"], members: got}
	}
	if e.HostId() == "" || !strings.HasPrefix(e.Recommend(), "https://") {
		t.Errorf("HostId %q, Recommend %q", e.HostId(), e.Recommend())
	}
	return sdkAnswer{status: e.HttpStatus(), code: e.ErrorCode(), members: map[string]string{"RequestId": e.RequestId(), "Message": e.Message()}}
}

// goOperations are the operations with structs in the packages cas and cdn.
var goOperations = map[string]func() (requests.AcsRequest, responses.AcsResponse){
	"2018-05-10 CreateCdnCertificateSigningRequest": func() (requests.AcsRequest, responses.AcsResponse) {
		return cdn.CreateCreateCdnCertificateSigningRequestRequest(), cdn.CreateCreateCdnCertificateSigningRequestResponse()
	},
	"2020-04-07 CreateCertificateWithCsrRequest": func() (requests.AcsRequest, responses.AcsResponse) {
		return cas.CreateCreateCertificateWithCsrRequestRequest(), cas.CreateCreateCertificateWithCsrRequestResponse()
	},
	"2020-04-07 CreateCertificateRequest": func() (requests.AcsRequest, responses.AcsResponse) {
		return cas.CreateCreateCertificateRequestRequest(), cas.CreateCreateCertificateRequestResponse()
	},
	"2020-04-07 CreateCertificateForPackageRequest": func() (requests.AcsRequest, responses.AcsResponse) {
		return cas.CreateCreateCertificateForPackageRequestRequest(), cas.CreateCreateCertificateForPackageRequestResponse()
	},
	"2020-04-07 RenewCertificateOrderForPackageRequest": func() (requests.AcsRequest, responses.AcsResponse) {
		return cas.CreateRenewCertificateOrderForPackageRequestRequest(), cas.CreateRenewCertificateOrderForPackageRequestResponse()
	},
	"2020-04-07 CancelCertificateForPackageRequest": func() (requests.AcsRequest, responses.AcsResponse) {
		return cas.CreateCancelCertificateForPackageRequestRequest(), cas.CreateCancelCertificateForPackageRequestResponse()
	},
	"2020-04-07 DescribeCertificateState": func() (requests.AcsRequest, responses.AcsResponse) {
		return cas.CreateDescribeCertificateStateRequest(), cas.CreateDescribeCertificateStateResponse()
	},
	"2020-04-07 DescribePackageState": func() (requests.AcsRequest, responses.AcsResponse) {
		return cas.CreateDescribePackageStateRequest(), cas.CreateDescribePackageStateResponse()
	},
	"2020-04-07 CancelOrderRequest": func() (requests.AcsRequest, responses.AcsResponse) {
		return cas.CreateCancelOrderRequestRequest(), cas.CreateCancelOrderRequestResponse()
	},
	"2020-04-07 DeleteCertificateRequest": func() (requests.AcsRequest, responses.AcsResponse) {
		return cas.CreateDeleteCertificateRequestRequest(), cas.CreateDeleteCertificateRequestResponse()
	},
}

// goStructs calls with the request and response structs of the packages cas and cdn, and
// with a goRequest for the operations that they lack.
func goStructs(format string) func(*testing.T, string) sdkCaller {
	return func(t *testing.T, address string) sdkCaller {
		client := goClient(t, credentials.NewStaticAKCredentialsProvider("id", "secret"))
		return func(t *testing.T, operation string, parameters map[string]any) sdkAnswer {
			t.Helper()
			var request requests.AcsRequest
			var response responses.AcsResponse
			if create, ok := goOperations[operation]; ok {
				request, response = create()
				setFields(t, request, parameters)
			} else {
				request, response = newGoRequest(t, operation, parameters), responses.NewCommonResponse()
			}
			request.SetDomain(address)
			reflect.ValueOf(request).Elem().FieldByName("AcceptFormat").SetString(format)
			err := client.DoAction(request, response)
			base := reflect.ValueOf(response).Elem().FieldByName("BaseResponse").Interface().(*responses.BaseResponse)
			body := base.GetHttpContentBytes()
			if _, isCommon := response.(*responses.CommonResponse); !isCommon && err == nil {
				body, err = json.Marshal(response) // what the SDK read
			}
			return goAnswer(t, base, body, err)
		}
	}
}

// setFields sets the fields of a request whose tags have the names of parameters.
func setFields(t *testing.T, request requests.AcsRequest, parameters map[string]any) {
	t.Helper()
	v, set := reflect.ValueOf(request).Elem(), 0
	for i := range v.NumField() {
		if value, ok := parameters[v.Type().Field(i).Tag.Get("name")]; ok {
			v.Field(i).SetString(value.(string))
			set++
		}
	}
	if set < len(parameters) {
		t.Fatalf("%T does not have all of %v", request, parameters)
	}
}

// A goRequest has lists and structs in the form of the SDK's packages. Its texts are in
// QueryParams.
type goRequest struct {
	*requests.RpcRequest
	Tags              *[]goTag         `position:"Query" name:"Tags" type:"Repeated"`
	ExtendedKeyUsages *[]string        `position:"Body" name:"ExtendedKeyUsages" type:"Repeated"`
	ApiPassthrough    goApiPassthrough `position:"Query" name:"ApiPassthrough" type:"Struct"`
}

type goTag struct {
	Key   string `name:"Key"`
	Value string `name:"Value"`
}

type goApiPassthrough struct {
	Subject    goSubject    `name:"Subject" type:"Struct"`
	Extensions goExtensions `name:"Extensions" type:"Struct"`
}

type goSubject struct {
	CommonName string `name:"CommonName"`
}

type goExtensions struct {
	ExtendedKeyUsages *[]string `name:"ExtendedKeyUsages" type:"Repeated"`
}

func newGoRequest(t *testing.T, operation string, parameters map[string]any) *goRequest {
	t.Helper()
	request := &goRequest{RpcRequest: &requests.RpcRequest{}}
	version, action, _ := strings.Cut(operation, " ")
	request.InitWithApiInfo("cas", version, action, "", "")
	for name, value := range parameters {
		texts := func(list any) *[]string {
			var all []string
			for _, entry := range list.([]any) {
				all = append(all, entry.(string))
			}
			return &all
		}
		text, isText := value.(string)
		switch {
		case isText:
			request.QueryParams[name] = text
		case name == "Tags":
			var tags []goTag
			for _, entry := range value.([]any) {
				tag := entry.(map[string]any)
				tags = append(tags, goTag{tag["Key"].(string), tag["Value"].(string)})
			}
			request.Tags = &tags
		case name == "ExtendedKeyUsages":
			request.ExtendedKeyUsages = texts(value)
		case name == "ApiPassthrough":
			passthrough := value.(map[string]any)
			request.ApiPassthrough.Subject.CommonName = passthrough["Subject"].(map[string]any)["CommonName"].(string)
			request.ApiPassthrough.Extensions.ExtendedKeyUsages = texts(passthrough["Extensions"].(map[string]any)["ExtendedKeyUsages"])
		default:
			t.Fatalf("goRequest does not have %s", name)
		}
	}
	return request
}
