package ca

import (
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// CustomExtensions are the extensions of a custom certificate.
type CustomExtensions struct {
	KeyUsage CustomKeyUsage `json:"KeyUsage,omitzero"`
	// ExtendedKeyUsages has up to 100 entries: any, serverAuth, clientAuth,
	// codeSigning, emailProtection, timeStamping or a dotted object identifier.
	// timeStamping must be the only entry (RFC 3161, section 2.3). OCSPSigning is
	// refused: use [CreateOCSPResponderCertificate].
	ExtendedKeyUsages []string `json:"ExtendedKeyUsages,omitempty"`
	// SubjectAlternativeNames has up to 250 names besides the common name. If it
	// is empty, the names are the DNS names and IP addresses of the CSR, and with
	// serverAuth also the common name if it is one. serverAuth needs a name,
	// except for a Matter node, whose subject has 1.3.6.1.4.1.37244.1.1.
	SubjectAlternativeNames []SubjectAlternativeName `json:"SubjectAlternativeNames,omitempty"`
	// Criticals lists the extensions that clients must not ignore: KeyUsage (which
	// is always critical), ExtendedKeyUsages (with timeStamping always critical)
	// and SubjectAlternativeNames (critical if the subject is empty).
	Criticals []string `json:"Criticals,omitempty"`
}

// A CustomKeyUsage says what the key may be used for (RFC 5280, section
// 4.2.1.3). KeyAgreement is refused for RSA keys (RFC 3279, section 2.3.1), and
// DataEncipherment for ECC keys (RFC 8813, section 3). KeyEncipherment has no
// meaning for ECC keys and is accepted, because the documents ask for it in every
// server and client. An SM2 key can have every usage. At least one usage must suit
// each extended key usage (RFC 5280, section 4.2.1.12), and all of them
// timeStamping.
//
// If no field is set, the key usage is digitalSignature, and keyEncipherment too
// for an RSA key with serverAuth. For mail that others encrypt, set
// DigitalSignature and KeyEncipherment (RSA) or KeyAgreement (ECC).
type CustomKeyUsage struct {
	DigitalSignature bool `json:"DigitalSignature,omitempty"`
	// NonRepudiation is the former name of ContentCommitment.
	ContentCommitment bool `json:"ContentCommitment,omitempty"`
	NonRepudiation    bool `json:"NonRepudiation,omitempty"`
	KeyEncipherment   bool `json:"KeyEncipherment,omitempty"`
	DataEncipherment  bool `json:"DataEncipherment,omitempty"`
	KeyAgreement      bool `json:"KeyAgreement,omitempty"`
	// EncipherOnly or DecipherOnly limits KeyAgreement, which must be set too.
	EncipherOnly bool `json:"EncipherOnly,omitempty"`
	DecipherOnly bool `json:"DecipherOnly,omitempty"`
}

// A SubjectAlternativeName is a name with its type. Both fields are required.
type SubjectAlternativeName struct {
	// Type is rfc822Name (an e-mail address), dNSName,
	// uniformResourceIdentifier or iPAddress.
	Type  string `json:"Type,omitempty"`
	Value string `json:"Value,omitempty"`
}

// setExtensions sets the usages, the alternative names and what is critical.
func (l *leaf) setExtensions(e *CustomExtensions) (err error) {
	if l.keyUsage, err = e.KeyUsage.bits(l.key.algorithm.Family()); err != nil {
		return err
	}
	if l.keyUsage == 0 && len(e.ExtendedKeyUsages) == 0 {
		return yuncert.Errorf(yuncert.ErrMissingParameter, passedKeyUsage, "%s is mandatory for this action. %s can replace it.", passedKeyUsage, passedUsages)
	}
	l.usagesFrom = passedUsages
	if l.usages, err = parseExtendedKeyUsages(passedUsages, e.ExtendedKeyUsages); err != nil {
		return err
	}
	if err := l.checkUsages(); err != nil {
		return err
	}
	if err := l.setNames(e.SubjectAlternativeNames); err != nil {
		return err
	}
	return l.setCriticals(e.Criticals)
}

// unsuitedKeyUsages are the key usages that keys of a family cannot have (RFC
// 3279, section 2.3.1; RFC 8813, section 3). RFC 8813 also forbids keyEncipherment
// for ECC keys.
var unsuitedKeyUsages = map[string]x509.KeyUsage{
	"RSA": x509.KeyUsageKeyAgreement | x509.KeyUsageEncipherOnly | x509.KeyUsageDecipherOnly,
	"ECC": x509.KeyUsageDataEncipherment,
}

// bits checks the key usage for a key of a family and returns it.
func (k *CustomKeyUsage) bits(family string) (x509.KeyUsage, error) {
	var usage x509.KeyUsage
	for _, u := range []struct {
		name string
		set  bool
		bit  x509.KeyUsage
	}{
		{"DigitalSignature", k.DigitalSignature, x509.KeyUsageDigitalSignature},
		{"ContentCommitment", k.ContentCommitment, x509.KeyUsageContentCommitment},
		{"NonRepudiation", k.NonRepudiation, x509.KeyUsageContentCommitment},
		{"KeyEncipherment", k.KeyEncipherment, x509.KeyUsageKeyEncipherment},
		{"DataEncipherment", k.DataEncipherment, x509.KeyUsageDataEncipherment},
		{"KeyAgreement", k.KeyAgreement, x509.KeyUsageKeyAgreement},
		{"EncipherOnly", k.EncipherOnly, x509.KeyUsageEncipherOnly},
		{"DecipherOnly", k.DecipherOnly, x509.KeyUsageDecipherOnly},
	} {
		if !u.set {
			continue
		}
		limits := u.bit == x509.KeyUsageEncipherOnly || u.bit == x509.KeyUsageDecipherOnly
		switch {
		case unsuitedKeyUsages[family]&u.bit != 0:
			return 0, param.Refused(passedKeyUsage+"."+u.name, "the key is an %s key, which cannot be used like this: leave %s out", family, u.name)
		case limits && !k.KeyAgreement:
			return 0, param.Refused(passedKeyUsage+"."+u.name, "%s has a meaning only with KeyAgreement (RFC 5280, section 4.2.1.3)", u.name)
		case limits && k.EncipherOnly && k.DecipherOnly:
			return 0, param.Refused(passedKeyUsage+"."+u.name, "EncipherOnly and DecipherOnly exclude each other (RFC 5480, section 3)")
		}
		usage |= u.bit
	}
	return usage, nil
}

// checkUsages refuses extended key usages that a custom certificate cannot have
// or that do not suit the key usage, and sets a key usage if there is none.
func (l *leaf) checkUsages() error {
	stamps := slices.Contains(l.usages, x509der.TimeStamping)
	switch {
	case slices.Contains(l.usages, x509der.OCSPSigning):
		return param.Refused(passedUsages, "OCSPSigning would let the certificate answer OCSP requests for the CA; CreateOCSPResponderCertificate makes such certificates")
	case stamps && len(l.usages) > 1:
		return param.Refused(passedUsages, "timeStamping must be the only extended key usage (RFC 3161, section 2.3)")
	}
	l.usagesCritical = stamps
	if l.keyUsage == 0 {
		l.keyUsage = x509.KeyUsageDigitalSignature
		if slices.Contains(l.usages, x509der.ServerAuth) && l.key.algorithm.Family() == "RSA" {
			l.keyUsage |= x509.KeyUsageKeyEncipherment
		}
	}
	for _, usage := range l.usages {
		suitable, known := suitableKeyUsages[usage]
		switch {
		case known && l.keyUsage&suitable == 0:
			return param.Refused(passedKeyUsage, "%s needs one of the key usages %s (RFC 5280, section 4.2.1.12)", usageName(usage), keyUsageNames(suitable))
		case stamps && l.keyUsage&^suitable != 0:
			return param.Refused(passedKeyUsage, "timeStamping allows only the key usages %s", keyUsageNames(suitable))
		}
	}
	return nil
}

// alternativeNameTypes are the values of Type.
var alternativeNameTypes = map[string]int32{
	"rfc822Name": sanEmail, "dNSName": sanDNS, "uniformResourceIdentifier": sanURI, "iPAddress": sanIP,
}

// setNames sets the alternative names: the given ones, else the CSR's.
func (l *leaf) setNames(list []SubjectAlternativeName) error {
	if len(list) > x509der.MaxNames+1 {
		return param.Malformed(passedNames, "%d names; up to %d are accepted", len(list), x509der.MaxNames)
	}
	server := slices.Contains(l.usages, x509der.ServerAuth)
	switch {
	case len(list) > 0:
		if err := l.setGivenNames(list); err != nil {
			return err
		}
	case server:
		l.addHosts(0)
	default:
		l.names.add(fromCSR, "Csr", l.csrNames...)
	}
	if err := l.checkCount(passedNames); err != nil {
		return err
	}
	switch {
	case l.names.total() > 0:
		return nil
	case server && l.subject.whole.Count(x509der.MatterNodeID) > 0:
		return nil // other nodes find this one by its subject
	case server:
		return param.Refused(passedNames, "the certificate has no name for clients to find the server by: the common name is not a DNS name or an IP address, and the CSR has no such name; set SubjectAlternativeNames")
	case len(l.subject.whole) == 0:
		return param.Refused(l.subject.commonName.parameter, "the subject is empty and there is no alternative name: set one of them (RFC 5280, section 4.1.2.6)")
	}
	return nil
}

// setGivenNames reads SubjectAlternativeNames.
func (l *leaf) setGivenNames(list []SubjectAlternativeName) error {
	names := typedNames{dnsType: "the Type dNSName", ipType: "the Type iPAddress"}
	for n, name := range list {
		at := func(member string) string { return fmt.Sprintf("%s.%d.%s", passedNames, n+1, member) }
		if name.Type == "" {
			return yuncert.Missing(at("Type"))
		}
		sanType, known := alternativeNameTypes[name.Type]
		if !known {
			return param.Malformed(at("Type"), "%.80q is not rfc822Name, dNSName, uniformResourceIdentifier or iPAddress", name.Type)
		}
		if name.Value == "" {
			return yuncert.Missing(at("Value"))
		}
		if err := names.add(sanType, name.Value); err != nil {
			return param.Malformed(at("Value"), "%v", err)
		}
	}
	l.names.addTyped(passedNames, &names)
	return nil
}

// fixedCriticality are the other extensions that a certificate has, in the words
// of RFC 5280, and its section that decides whether they are critical.
var fixedCriticality = map[string]string{
	"basicConstraints":       "is always critical (RFC 5280, section 4.2.1.9)",
	"subjectKeyIdentifier":   "must not be critical (RFC 5280, section 4.2.1.2)",
	"authorityKeyIdentifier": "must not be critical (RFC 5280, section 4.2.1.1)",
	"cRLDistributionPoints":  "should not be critical (RFC 5280, section 4.2.1.13)",
	"authorityInfoAccess":    "must not be critical (RFC 5280, section 4.2.2.1)",
}

// maxCriticals is the limit of the API's metadata for lists.
const maxCriticals = 100

// setCriticals reads Criticals.
func (l *leaf) setCriticals(list []string) error {
	if len(list) > maxCriticals {
		return param.Malformed(passedCriticals, "%d extensions; up to %d are accepted", len(list), maxCriticals)
	}
	for _, name := range list {
		fixed, known := fixedCriticality[name]
		switch {
		case name == "KeyUsage":
		case name == "ExtendedKeyUsages" && len(l.usages) == 0 || name == "SubjectAlternativeNames" && l.names.total() == 0:
			return param.Refused(passedCriticals, "the certificate has no %s to be critical", name)
		case name == "ExtendedKeyUsages" && slices.Contains(l.usages, x509der.AnyExtendedKeyUsage):
			return param.Refused(passedCriticals, "ExtendedKeyUsages with any should not be critical (RFC 5280, section 4.2.1.12)")
		case name == "ExtendedKeyUsages":
			l.usagesCritical = true
		case name == "SubjectAlternativeNames":
			l.namesCritical = true
		case known:
			return param.Refused(passedCriticals, "%s %s: leave it out", name, fixed)
		default:
			return param.Malformed(passedCriticals, "%.80q is not KeyUsage, ExtendedKeyUsages or SubjectAlternativeNames", name)
		}
	}
	return nil
}
