package x509der

import (
	"strings"

	"github.com/yuncert/yuncert"
)

// A Parameter is one of the parameters that make up a subject.
type Parameter struct {
	Name     string // on the wire
	Type     string // of the attribute
	Text     string
	Required bool
}

// attribute checks the text and makes the attribute. A country gets the
// documented message, and upper case.
func (p Parameter) attribute() (Attribute, error) {
	err := CheckText(p.Type, p.Text)
	switch {
	case p.Type == Country && err != nil:
		return Attribute{}, yuncert.Errorf(yuncert.ErrInvalidValueMalformed, p.Name, "%s must be 2 characters.", p.Name)
	case p.Type == Country:
		return Text(Country, strings.ToUpper(p.Text)), nil
	case err != nil:
		return Attribute{}, yuncert.Errorf(yuncert.ErrInvalidValueMalformed, p.Name, "%.80q: %v", p.Text, err)
	}
	return Text(p.Type, p.Text), nil
}

// Add checks a subject parameter and appends its attribute to the name. Empty
// text adds nothing.
func (n *Name) Add(p Parameter) error {
	if p.Text == "" {
		if p.Required {
			return yuncert.Missing(p.Name)
		}
		return nil
	}
	a, err := p.attribute()
	if err != nil {
		return err
	}
	*n = append(*n, a)
	return nil
}

// NamesParameter reads a list parameter and puts the common name first if it is
// a host name or an address.
func NamesParameter(parameter, list, commonName string) ([]string, error) {
	names, err := SplitNames(list)
	if err != nil {
		return nil, yuncert.Errorf(yuncert.ErrInvalidValueMalformed, parameter, "%v", err)
	}
	if host, ok := HostName(commonName); ok {
		names = AppendNames(append(make([]string, 0, 1+len(names)), host), names...)
	}
	if len(names) > MaxNames {
		return nil, yuncert.Errorf(yuncert.ErrInvalidValueMalformed, parameter, "with the common name the list has more than %d names", MaxNames)
	}
	return names, nil
}
