package ca

import (
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A subject is what a request says about the subject of a certificate.
type subject struct {
	given      x509der.Name // the attributes that parameters set
	asked      x509der.Name // the subject of the CSR; empty without one
	inherited  []string     // types of the attributes that the CA's subject can supply
	defaulted  bool         // IssuerOptions.Defaults supply what nothing else does
	commonName sourced

	// whole is the whole subject; given, asked, inherited and defaulted do not
	// count then. raw is its DER, if the certificate must have the same octets.
	whole x509der.Name
	raw   []byte
}

// A sourced is a text and the parameter that it comes from.
type sourced struct{ text, parameter string }

// under returns the subject of a certificate that an issuer signs: for each type
// of attribute the parameter, else the attribute of the CSR, else the CA's or the
// default. A common name in the CSR comes before the parameter. The string types
// are as in [x509der.Attribute.Certified].
func (s *subject) under(issuer *Issuer) (x509der.Name, error) {
	if s.whole != nil {
		return s.whole, nil
	}
	name := make(x509der.Name, 0, 6)
	for _, part := range []struct {
		name, parameter, attributeType string
		limit                          int // of attributes that are taken from a CSR
	}{
		{"C", "Country", x509der.Country, 1},
		{"ST", "State", x509der.State, 1},
		{"L", "Locality", x509der.Locality, 1},
		{"O", "Organization", x509der.Organization, 1},
		{"OU", "OrganizationUnit", x509der.OrganizationalUnit, 8},
		{"CN", "CommonName", x509der.CommonName, 1},
	} {
		asked := s.asked.Count(part.attributeType)
		switch {
		case s.given.Count(part.attributeType) > 0 && (part.attributeType != x509der.CommonName || asked == 0):
			name = name.AppendOnly(s.given, part.attributeType)
		case asked > part.limit:
			return nil, param.Malformed("Csr", "the CSR's subject has %d attributes %s: up to %d are accepted; the parameter %s can replace them", asked, part.name, part.limit, part.parameter)
		case asked > 0:
			for _, a := range s.asked {
				if a.Type != part.attributeType {
					continue
				}
				if err := x509der.CheckText(a.Type, a.String()); err != nil {
					return nil, param.Malformed("Csr", "the CSR's subject has %s=%.80q: %v; the parameter %s can replace it", part.name, a, err, part.parameter)
				}
				name = append(name, a.Certified())
			}
		default:
			if s.defaulted {
				name = name.AppendOnly(issuer.defaults, part.attributeType)
			}
			for _, attributeType := range s.inherited {
				if attributeType == part.attributeType {
					name = name.AppendOnly(issuer.subjects[0], attributeType)
				}
			}
		}
	}
	return name, nil
}

// caSubject reads the parameters of a new CA's subject.
func caSubject(commonName, organization, organizationUnit, locality, state, countryCode string) (x509der.Name, error) {
	var name x509der.Name
	for _, p := range []param.Attribute{
		{Name: "CommonName", Type: x509der.CommonName, Text: commonName, Required: true},
		{Name: "Organization", Type: x509der.Organization, Text: organization, Required: true},
		{Name: "OrganizationUnit", Type: x509der.OrganizationalUnit, Text: organizationUnit, Required: true},
		{Name: "Locality", Type: x509der.Locality, Text: locality, Required: true},
		{Name: "State", Type: x509der.State, Text: state, Required: true},
		{Name: "CountryCode", Type: x509der.Country, Text: countryCode},
	} {
		if err := p.AddTo(&name); err != nil {
			return nil, err
		}
	}
	return name.InOrder(), nil
}
