package der_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/testutil"
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
		{"no line break between", strings.TrimSuffix(a, "\n") + strings.TrimSuffix(b, "\n") + c, []string{"a", "b", "c"}, ""},
		{"a space between", strings.TrimSuffix(a, "\n") + " " + b, []string{"damaged"}, strings.TrimSuffix(a, "\n") + " " + b},
		{"an END line that does not end", strings.Replace(a, "END", "END-----BEGIN ", 1) + b, []string{"damaged", "b"}, ""},
		{"the first is damaged", damaged + c, []string{"damaged", "c"}, ""},
		{"the second is damaged", a + damaged + c, []string{"a", "damaged", "c"}, ""},
		{"two are damaged", a + damaged + damaged + c, []string{"a", "damaged", "c"}, ""},
		{"the last is damaged", a + damaged, []string{"a", "damaged"}, damaged},
		{"no line break, and CRLF", strings.ReplaceAll(strings.TrimSuffix(a, "\n")+b, "\n", "\r\n"), []string{"a", "b"}, ""},
		{"no line break before a damaged one", strings.TrimSuffix(a, "\n") + damaged + c, []string{"a", "damaged", "c"}, ""},
		{"no line break after a damaged one", a + strings.TrimSuffix(damaged, "\n") + c, []string{"a", "damaged", "c"}, ""},
		{"text before BEGIN", "subject" + a + b, []string{"damaged", "b"}, ""},
		{"text between END and BEGIN", strings.TrimSuffix(a, "\n") + "x" + b + c, []string{"damaged", "c"}, ""},
		{"four dashes before BEGIN", a[1:] + b, []string{"damaged", "b"}, ""},
		{"four dashes before END", strings.Replace(a, "-----END", "----END", 1) + b, []string{"damaged", "b"}, ""},
		{"four dashes around BEGIN and END", a + strings.ReplaceAll(b, "-----", "----") + c, []string{"a", "damaged", "c"}, ""},
		{"four dashes at the end of the text", a + strings.ReplaceAll(b, "-----", "----"), []string{"a", "damaged"}, strings.ReplaceAll(b, "-----", "----")},
		{"dashes of a word processor", a + strings.ReplaceAll(b, "-----", "——-") + c, []string{"a", "damaged", "c"}, ""},
		{"em dashes only", a + strings.ReplaceAll(b, "-----", "———") + c, []string{"a", "damaged", "c"}, ""},
		{"minus signs", a + strings.ReplaceAll(b, "-----", "−−−−−") + c, []string{"a", "damaged", "c"}, ""},
		{"the words in a text", a + "BEGIN here\nEND of it\n# THE END of b\n" + c, []string{"a", "c"}, ""},
		{"no BEGIN line", a[strings.Index(a, "\n")+1:] + b, []string{"damaged", "b"}, ""},
		{"only an END line", a + "-----END B-----\n", []string{"a", "damaged"}, "-----END B-----\n"},
		{"an END that is not closed", a + "-----END B\n" + b, []string{"a", "damaged", "b"}, ""},
		{"dashes at the end", a + "-----END -----", []string{"a", "damaged"}, "-----END -----"},
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
		"text after":                   text + "-- \nRegards, 张三\n",
		"text after, on the line":      strings.TrimSpace(text) + " Regards",
		"text after, 42 of base64":     text + strings.Repeat("a", 42) + "\n" + strings.Repeat("b", 42),
		"text after, spaces":           strings.ReplaceAll(text, "\n", " ") + "sent from my telephone",
		"text after, as in JSON":       strings.ReplaceAll(text, "\n", `\n`) + `\n\nRegards\n`,
		"text after, Latin-1":          text + "Gr\xfc\xdfe\r\n\tTom",
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
		"UTF-16":                   {testutil.UTF16(binary.LittleEndian, text), "UTF-16"},
		"a header":                 {strings.Replace(text, "\n", "\nComment: mine\n\n", 1), "headers"},
		"an encrypted block":       {strings.Replace(text, "\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1), "headers"},
		"half a block after":       {text + "-----BEGIN LABEL-----\n", "more than one PEM block"},
		"a second END":             {text + "-----END LABEL-----\n", "more than one PEM block"},
		"a spoilt block after":     {text + "-----BEGIN+LABEL-----", "more than one PEM block"},
		"a block of four dashes":   {text + text[1:], "more than one PEM block"},
		"a spoilt END":             {text + "----END LABEL-----", "more than one PEM block"},
		"a key after":              {text + "PRIVATE KEY\nMHcC", "may be a key"},
		"base64 after":             {text + strings.Repeat("a", 43), "may be a key"},
		"base64 in a line":         {text + "Regards " + strings.Repeat("+/", 22) + " Tom", "may be a key"},
		"hexadecimal after":        {text + strings.Repeat("0f", 32), "may be a key"},
		"NUL after":                {text + "\x00", "control characters"},
		"an escape after":          {text + "\x1b[2K", "control characters"},
		"a character":              {strings.Replace(text, "\n", "\n?", 1), "not base64"},
		"a + that became a space":  {strings.Replace(text, "M", " ", 1), "spaces"},
	} {
		got, err := der.DecodeSpoiledPEM(tt.text, accept)
		if got != nil || err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %q, %v; want an error that says %q", name, got, err, tt.says)
		}
	}
}

func TestNoPEM(t *testing.T) {
	t.Parallel()
	text := der.PEM("LABEL", []byte("content"))
	const utf16, octets, missing, damaged = "it is UTF-16 text; save it as UTF-8", "it is DER; convert it to PEM", "-----BEGIN is missing", "its PEM block is damaged"
	for name, tt := range map[string]struct{ text, says string }{
		"nothing":                          {"", missing},
		"text":                             {"hello", missing},
		"a 0":                              {"0", missing},
		"a number":                         {"01", missing},
		"base64 only":                      {"Y29udGVudA==", missing},
		"little endian":                    {testutil.UTF16(binary.LittleEndian, text), utf16},
		"big endian":                       {testutil.UTF16(binary.BigEndian, text), utf16},
		"UTF-16 after text":                {testutil.UTF16(binary.LittleEndian, "a key:\n"+text), utf16},
		"a little-endian byte-order mark":  {"\xff\xfeh\x00", utf16},
		"a big-endian byte-order mark":     {"\xfe\xff\x00h", utf16},
		"DER":                              {"\x30\x82\x01\x00", octets},
		"no end":                           {strings.TrimSuffix(text, "-----END LABEL-----\n"), damaged},
		"a character that is not base64":   {strings.Replace(text, "Y", "?", 1), damaged},
		"a zero octet, but still one text": {strings.Replace(text, "Y", "\x00", 1), damaged},
	} {
		if got := der.NoPEM([]byte(tt.text)).Error(); !strings.HasPrefix(got, tt.says) {
			t.Errorf("%s: NoPEM says %q, want %q", name, got, tt.says)
		}
	}
}

func TestLabel(t *testing.T) {
	t.Parallel()
	const unknown = "a PEM block of an unknown kind"
	for label, want := range map[string]string{
		"CERTIFICATE":                    "a PEM block CERTIFICATE",
		"PKCS7":                          "a PEM block PKCS7",
		"X509 CRL":                       "a PEM block X509 CRL",
		"":                               unknown,
		"EC PRIVATE KEY MHcCAQEEIGxhbGF": unknown,
		"EC+PRIVATE+KEY":                 unknown,
		"CERTIFICATE REQUEST ":           unknown,
		strings.Repeat("A", 24):          "a PEM block " + strings.Repeat("A", 24),
		strings.Repeat("A", 25):          unknown,
	} {
		if got := der.Label(label); got != want {
			t.Errorf("Label(%q) = %q, want %q", label, got, want)
		}
	}
}
