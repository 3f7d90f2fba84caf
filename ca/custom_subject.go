package ca

import (
	"fmt"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CustomSubject is a subject, written in the order of the fields without the
// empty ones. The limits are as in [CreateServerCertificateWithCsrRequest].
type CustomSubject struct {
	Country          string `json:"Country,omitempty"`
	State            string `json:"State,omitempty"`
	Locality         string `json:"Locality,omitempty"`
	Organization     string `json:"Organization,omitempty"`
	OrganizationUnit string `json:"OrganizationUnit,omitempty"`
	CommonName       string `json:"CommonName,omitempty"`
	// CustomAttributes are up to 32 more attributes. None may be of a type that a
	// field above sets, and only one may be a common name.
	CustomAttributes []CustomAttribute `json:"CustomAttributes,omitempty"`
}

// A CustomAttribute is one attribute of a subject. It is written as a
// PrintableString if the text allows, else as a UTF8String. An e-mail address
// and a domain component are IA5Strings (RFC 5280, appendix A.1). Attributes of
// the Matter standard, below 1.3.6.1.4.1.37244, are UTF8Strings.
type CustomAttribute struct {
	// ObjectIdentifier is the dotted object identifier of the type, such as
	// "2.5.4.5" for a device's serial number, in up to 128 characters. Required.
	ObjectIdentifier string `json:"ObjectIdentifier,omitempty"`
	// Value has up to 1024 characters, in a title or serial number 64, in a
	// street 128. Required.
	Value string `json:"Value,omitempty"`
}

// maxAttributes is the largest number of attributes in a subject that is given or
// kept as a whole, not counting the named fields.
const maxAttributes = 32

// setSubject sets the subject: the one that is given, else the CSR's.
func (l *leaf) setSubject(given *CustomSubject) error {
	parameter := "Csr"
	var name x509der.Name
	var err error
	if given == nil {
		name, err = wholeSubject(l.subject.asked)
	} else {
		parameter = passedSubject
		name, err = given.name()
	}
	if err != nil {
		return err
	}
	l.subject = subject{whole: name, commonName: sourced{name.Get(x509der.CommonName), parameter}}
	return nil
}

// wholeSubject checks the subject of a CSR and returns it as a certificate has it.
func wholeSubject(asked x509der.Name) (x509der.Name, error) {
	if len(asked) > maxAttributes {
		return nil, param.Malformed("Csr", "the CSR's subject has %d attributes: up to %d are accepted; %s can replace it", len(asked), maxAttributes, passedSubject)
	}
	for _, a := range asked {
		if err := x509der.CheckArcs(a.Type); err != nil {
			return nil, param.Malformed("Csr", "the CSR's subject: an attribute type %v; %s can replace it", err, passedSubject)
		}
		if err := x509der.CheckText(a.Type, a.String()); err != nil {
			return nil, param.Malformed("Csr", "the CSR's subject has %.80v=%.80q: %v; %s can replace it", x509der.ObjectIdentifier(a.Type), a, err, passedSubject)
		}
	}
	return asked.Certified(), nil
}

// name checks the subject and returns it.
func (s *CustomSubject) name() (x509der.Name, error) {
	name, err := passedName(s.Country, s.State, s.Locality, s.Organization, s.OrganizationUnit, s.CommonName)
	if err != nil {
		return nil, err
	}
	if len(s.CustomAttributes) > maxAttributes {
		return nil, param.Malformed(passedAttributes, "%d attributes; up to %d are accepted", len(s.CustomAttributes), maxAttributes)
	}
	named := name
	for n, a := range s.CustomAttributes {
		at := fmt.Sprintf("%s.%d", passedAttributes, n+1)
		if a.ObjectIdentifier == "" {
			return nil, yuncert.Missing(at + ".ObjectIdentifier")
		}
		attributeType, err := parseOID(a.ObjectIdentifier)
		if err != nil {
			return nil, param.Malformed(at+".ObjectIdentifier", "%.80q %v", a.ObjectIdentifier, err)
		}
		if named.Count(attributeType) > 0 || attributeType == x509der.CommonName && name.Count(attributeType) > 0 {
			return nil, param.Refused(at+".ObjectIdentifier", "%s is set already: remove it here or there", a.ObjectIdentifier)
		}
		value := param.Attribute{Name: at + ".Value", Type: attributeType, Text: a.Value, Required: true}
		if err := value.AddTo(&name); err != nil {
			return nil, err
		}
	}
	return name, nil
}
