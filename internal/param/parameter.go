package param

import (
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/x509der"
)

// An Attribute is a request parameter that becomes one attribute of a subject.
type Attribute struct {
	Name     string // the parameter's name on the wire
	Type     string // such as [x509der.CommonName]
	Text     string
	Required bool
}

// AddTo checks the text and appends the attribute to a subject. Empty text
// appends nothing and is an error if the parameter is required.
func (a *Attribute) AddTo(subject *x509der.Name) error {
	if a.Text == "" && a.Required {
		return yuncert.Missing(a.Name)
	}
	if a.Text == "" {
		return nil
	}
	err := x509der.CheckText(a.Type, a.Text)
	if err != nil && a.Type == x509der.Country {
		return Malformed(a.Name, "%s must be 2 characters.", a.Name) // the documented message
	}
	if err != nil {
		return Wrap(err, yuncert.ErrInvalidValueMalformed, a.Name, "%.80q", a.Text)
	}
	text := a.Text
	if a.Type == x509der.Country {
		text = strings.ToUpper(text)
	}
	*subject = append(*subject, x509der.Text(a.Type, text))
	return nil
}

// CheckText refuses text that could harm a log, a page or a database, and text of
// more than limit characters.
func CheckText(parameter, text string, limit int) error {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > limit || strings.ContainsFunc(text, unicode.IsControl) {
		return Malformed(parameter, "%.80q is not UTF-8 text of up to %d characters without control characters", text, limit)
	}
	return nil
}

// maxLabel is the largest number of characters in a label. An index of a database has
// a limit.
const maxLabel = 255

// CheckLabel checks a text that the caller stores with a certificate.
func CheckLabel(parameter, text string) error {
	return CheckText(parameter, text, maxLabel)
}

// maxTags is the limit in Alibaba Cloud's metadata of the private CA's API.
const maxTags = 100

// CheckTags checks the number of tags of a certificate.
func CheckTags(n int) error {
	if n > maxTags {
		return Malformed("Tags", "%d tags; up to %d are accepted", n, maxTags)
	}
	return nil
}

// IsNil reports whether an interface holds nothing or a nil pointer.
func IsNil(value any) bool {
	v := reflect.ValueOf(value)
	return value == nil || v.Kind() == reflect.Pointer && v.IsNil()
}
