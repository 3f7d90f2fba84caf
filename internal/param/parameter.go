package param

import (
	"strings"

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
func (a Attribute) AddTo(subject *x509der.Name) error {
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
