package param_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

func TestAttributeAddTo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		attribute param.Attribute
		want      x509der.Name
		code      yuncert.Code
		message   string // to the letter, if not empty
	}{
		{"text", param.Attribute{Name: "State", Type: x509der.State, Text: "Zhejiang"}, x509der.Name{x509der.Text(x509der.State, "Zhejiang")}, "", ""},
		{"country in lower case", param.Attribute{Name: "Country", Type: x509der.Country, Text: "cn"}, x509der.Name{x509der.Text(x509der.Country, "CN")}, "", ""},
		{"e-mail", param.Attribute{Name: "Email", Type: x509der.Email, Text: "e"}, x509der.Name{{Type: x509der.Email, Tag: asn1.IA5String, Value: "e"}}, "", ""},
		{"empty", param.Attribute{Name: "State", Type: x509der.State}, nil, "", ""},
		{"empty country", param.Attribute{Name: "Country", Type: x509der.Country}, nil, "", ""},
		{"empty and required", param.Attribute{Name: "State", Type: x509der.State, Required: true}, nil, yuncert.ErrMissingParameter, "State is mandatory for this action."},
		{"country", param.Attribute{Name: "Country", Type: x509der.Country, Text: "CHN"}, nil, yuncert.ErrInvalidValueMalformed, "Country must be 2 characters."},
		{"country code", param.Attribute{Name: "CountryCode", Type: x509der.Country, Text: "C\x00"}, nil, yuncert.ErrInvalidValueMalformed, "CountryCode must be 2 characters."},
		{"control character", param.Attribute{Name: "State", Type: x509der.State, Text: "a\nb"}, nil, yuncert.ErrInvalidValueMalformed, ""},
		{"long", param.Attribute{Name: "State", Type: x509der.State, Text: strings.Repeat("a", 9999)}, nil, yuncert.ErrInvalidValueMalformed, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got x509der.Name
			err := tt.attribute.AddTo(&got)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("name mismatch (-want +got):\n%s", diff)
			}
			checkError(t, err, tt.code, tt.attribute.Name, tt.message)
		})
	}
}
