package ca

import (
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// The parameters in ApiPassthrough, in the flat form of the documents.
const (
	passedSubject    = "ApiPassthrough.Subject"
	passedAttributes = "ApiPassthrough.Subject.CustomAttributes"
	passedSerial     = "ApiPassthrough.SerialNumber"
	passedKeyUsage   = "ApiPassthrough.Extensions.KeyUsage"
	passedUsages     = "ApiPassthrough.Extensions.ExtendedKeyUsages"
	passedNames      = "ApiPassthrough.Extensions.SubjectAlternativeNames"
	passedCriticals  = "ApiPassthrough.Extensions.Criticals"
	passedPathLen    = "ApiPassthrough.Extensions.PathLenConstraint"
)

// passedName checks the members of ApiPassthrough.Subject and returns the name.
func passedName(country, state, locality, organization, organizationUnit, commonName string) (x509der.Name, error) {
	name := make(x509der.Name, 0, 8) // not nil, even if it is empty
	for _, part := range []param.Attribute{
		{Name: passedSubject + ".Country", Type: x509der.Country, Text: country},
		{Name: passedSubject + ".State", Type: x509der.State, Text: state},
		{Name: passedSubject + ".Locality", Type: x509der.Locality, Text: locality},
		{Name: passedSubject + ".Organization", Type: x509der.Organization, Text: organization},
		{Name: passedSubject + ".OrganizationUnit", Type: x509der.OrganizationalUnit, Text: organizationUnit},
		{Name: passedSubject + ".CommonName", Type: x509der.CommonName, Text: commonName},
	} {
		if err := part.AddTo(&name); err != nil {
			return nil, err
		}
	}
	return name, nil
}
