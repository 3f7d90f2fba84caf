package der_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/internal/der"
)

func TestPEMReader(t *testing.T) {
	t.Parallel()
	a, b, c := der.PEM("A", []byte("a")), der.PEM("B", []byte("b")), der.PEM("C", []byte("c"))
	damaged := strings.Replace(b, "Yg==", "Y?==", 1)
	const mark = "\ufeff"
	tests := []struct {
		name, text string
		want       []string // contents in order, "damaged" before the block that follows
		rest       string
	}{
		{"nothing", "", nil, ""},
		{"text", "hello\n", nil, "hello\n"},
		{"one", a, []string{"a"}, ""},
		{"three", a + b + c, []string{"a", "b", "c"}, ""},
		{"text around", "x\n" + a + "y\n" + b + "z\n", []string{"a", "b"}, "z\n"},
		{"a byte-order mark", mark + a, []string{"a"}, ""},
		{"a byte-order mark within", a + mark + b, []string{"a", "damaged"}, mark + b},
		{"CRLF", strings.ReplaceAll(a+b, "\n", "\r\n"), []string{"a", "b"}, ""},
		{"the first is damaged", damaged + c, []string{"damaged", "c"}, ""},
		{"the second is damaged", a + damaged + c, []string{"a", "damaged", "c"}, ""},
		{"two are damaged", a + damaged + damaged + c, []string{"a", "damaged", "c"}, ""},
		{"the last is damaged", a + damaged, []string{"a", "damaged"}, damaged},
		{"cut off", a + b[:len(b)-3], []string{"a", "damaged"}, b[:len(b)-3]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := der.NewPEMReader([]byte(tt.text))
			var got []string
			for {
				block, damaged := r.Next()
				if damaged {
					got = append(got, "damaged")
				}
				if block == nil {
					break
				}
				got = append(got, string(block.Bytes))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("blocks mismatch (-want +got):\n%s", diff)
			}
			if rest := string(r.Rest()); rest != tt.rest {
				t.Errorf("the rest is %q, want %q", rest, tt.rest)
			}
		})
	}
}

// What transport does to a text is tested with the CSRs of package csr.
func TestDecodeSpoiledPEM(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("0123456789", 20)
	text := der.PEM("LABEL", []byte(content))
	errLabel := errors.New("another label")
	accept := func(label string) error {
		if label != "LABEL" {
			return errLabel
		}
		return nil
	}
	for name, spoiled := range map[string]string{
		"as it was":                    text,
		"text before":                  "hello " + text,
		"spaces for line breaks":       strings.ReplaceAll(text, "\n", " "),
		"two characters for a break":   strings.ReplaceAll(text, "\n", `\n`),
		"four characters for a break":  strings.ReplaceAll(text, "\n", `\r\n`),
		"no line breaks":               strings.ReplaceAll(text, "\n", ""),
		"carriage returns, byte order": "\ufeff" + strings.ReplaceAll(text, "\n", "\r"),
	} {
		got, err := der.DecodeSpoiledPEM(spoiled, accept)
		if string(got) != content || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for name, tt := range map[string]struct{ text, says string }{
		"nothing":                  {"", "neither DER nor PEM"},
		"no end of the label":      {"-----BEGIN LABEL", "another label"},
		"another label":            {strings.ReplaceAll(text, "LABEL", "OTHER"), "another label"},
		"another label, no end":    {"-----BEGIN OTHER-----", "another label"},
		"no end":                   {strings.TrimSuffix(text, "-----END LABEL-----\n"), "no end"},
		"another label at the end": {strings.Replace(text, "END LABEL", "END OTHER", 1), "ends with another label"},
		"a second block":           {text + text, "more than one PEM block"},
		"text after":               {text + "hello", "followed by other text"},
		"a character":              {strings.Replace(text, "\n", "\n?", 1), "not base64"},
		"a + that became a space":  {strings.Replace(text, "M", " ", 1), "spaces"},
	} {
		got, err := der.DecodeSpoiledPEM(tt.text, accept)
		if got != nil || err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %q, %v; want an error that says %q", name, got, err, tt.says)
		}
	}
}
