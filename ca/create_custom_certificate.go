package ca

import (
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateCustomCertificateRequest describes the certificate to sign. Fields
// without a comment are as in [CreateServerCertificateWithCsrRequest].
type CreateCustomCertificateRequest struct {
	ParentIdentifier string `json:"ParentIdentifier,omitempty"`
	// Csr is the certificate signing request in PEM. RSA_1024 keys are refused.
	// Required.
	Csr string `json:"Csr,omitempty"`
	// Validity is a length from now in calendar years, months or days, such as
	// "1y", "3m" or "7d"; or the end in UTC, such as "2030-01-31T00:00:00Z"; or
	// the start, a slash and the end. Required.
	Validity string `json:"Validity,omitempty"`
	// ApiPassthrough is what the certificate says. It must have a key usage or an
	// extended key usage.
	ApiPassthrough  CustomPassthrough `json:"ApiPassthrough,omitzero"`
	Immediately     int32             `json:"Immediately,omitempty"`
	EnableCrl       int64             `json:"EnableCrl,omitempty"`
	Tags            []Tag             `json:"Tags,omitempty"`
	ResourceGroupId string            `json:"ResourceGroupId,omitempty"`
	// CustomIdentifier is your own name for the certificate, for you to store. The
	// document writes its first letter in lower case.
	CustomIdentifier string `json:"customIdentifier,omitempty"`
}

// A CustomPassthrough is what a custom certificate says.
type CustomPassthrough struct {
	// Subject replaces the whole subject of the CSR. Nil keeps the CSR's.
	Subject    *CustomSubject   `json:"Subject,omitempty"`
	Extensions CustomExtensions `json:"Extensions,omitzero"`
	// SerialNumber is a positive decimal number below 2^159 (RFC 5280, section
	// 4.1.2.2). You make sure that the CA never uses it again. If empty, 18
	// octets are drawn from rand.
	SerialNumber string `json:"SerialNumber,omitempty"`
}

// A CustomSubject is a subject, written in the order of the fields without the
// empty ones. The limits are those of [CreateServerCertificateWithCsrRequest].
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
// KeyEncipherment and DataEncipherment for ECC keys (RFC 8813, section 3). An SM2
// key can have every usage. At least one usage must suit each extended key usage
// (RFC 5280, section 4.2.1.12), and all of them timeStamping.
//
// If no field is set, the key usage is digitalSignature, and keyEncipherment too
// for an RSA key with serverAuth.
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

// A CreateCustomCertificateResponse holds the new certificate.
type CreateCustomCertificateResponse struct {
	// Identifier and SerialNumber are always set, although the document has the
	// SerialNumber only with Immediately 1 and 2.
	Identifier string `json:"Identifier,omitempty"`
	// Certificate is in PEM, with Immediately 1 and 2. With 2, CertificateChain
	// has the CAs in PEM, the root last.
	Certificate      string `json:"Certificate,omitempty"`
	SerialNumber     string `json:"SerialNumber,omitempty"`
	CertificateChain string `json:"CertificateChain,omitempty"`
	RequestId        string `json:"RequestId,omitempty"`
}

// Validate is like [CreateServerCertificateWithCsrRequest.Validate].
// [yuncert.ErrMissingParameter] is also for a request without any key usage and
// extended key usage. [yuncert.ErrInvalidParameter] is for an RSA_1024 key, for an
// attribute that is set twice, for OCSPSigning and usages that do not suit the
// key or each other, for serverAuth without a name, for an extension in Criticals
// that is absent or not critical in RFC 5280, and for a certificate with neither
// a subject nor an alternative name.
func (r *CreateCustomCertificateRequest) Validate() error {
	_, err := r.check(algorithm.KeyPolicy{})
	return err
}

// check is Validate with a policy for the CSR's key, and returns what it read.
func (r *CreateCustomCertificateRequest) check(policy algorithm.KeyPolicy) (l leaf, err error) {
	if r == nil {
		r = new(CreateCustomCertificateRequest)
	}
	l = newLeaf(false, leafParameters{
		parentIdentifier: r.ParentIdentifier, immediately: r.Immediately, enableCrl: r.EnableCrl, tags: r.Tags,
	})
	if r.ParentIdentifier == "" {
		return l, yuncert.Missing("ParentIdentifier")
	}
	if err = l.readCSR(r.Csr, policy); err != nil {
		return l, err
	}
	if l.validity, err = parseValidity(r.Validity); err != nil {
		return l, err
	}
	p := &r.ApiPassthrough
	if err = l.setSubject(p.Subject); err != nil {
		return l, err
	}
	if err = l.setExtensions(&p.Extensions); err != nil {
		return l, err
	}
	if l.serial, err = parseDecimalSerial(p.SerialNumber); err != nil {
		return l, err
	}
	return l, l.checkLast()
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
// 3279, section 2.3.1; RFC 5480, section 3; RFC 8813, section 3).
var unsuitedKeyUsages = map[string]x509.KeyUsage{
	"RSA": x509.KeyUsageKeyAgreement | x509.KeyUsageEncipherOnly | x509.KeyUsageDecipherOnly,
	"ECC": x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment,
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

// maxSerialDigits is the number of decimal digits of 2^159.
const maxSerialDigits = 48

// parseDecimalSerial reads the parameter SerialNumber: nil if it is empty. An
// INTEGER of 20 octets is below 2^159 (RFC 5280, section 4.1.2.2).
func parseDecimalSerial(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	serial := new(big.Int)
	ok := len(text) <= maxSerialDigits && strings.Trim(text, "0123456789") == ""
	if ok {
		serial.SetString(text, 10)
	}
	if !ok || serial.Sign() == 0 || serial.BitLen() > 159 {
		return nil, param.Malformed(passedSerial, "%.80q is not a decimal number from 1 to 2^159-1", text)
	}
	return serial.Bytes(), nil
}

// CreateCustomCertificate signs a certificate for a CSR's key with a subject and
// extensions of your choice: for servers that are clients too, for code signing,
// mail or time stamps, for devices. It never signs a CA's certificate. der is the
// certificate itself, for every value of Immediately: store it.
//
// Without a Subject the certificate has the CSR's, all its attributes (up to 32)
// in their order, with the string types of [CreateServerCertificateWithCsr]. No
// attribute has a default. Nobody has checked what the CSR says: decide whether
// the applicant may have that subject, or set one. The extensions of the CSR are
// not copied, except for the names in [CustomExtensions].
//
// Alternative names are written as DNS names and IP addresses, then e-mail
// addresses, then URIs. The CA's name constraints apply to all of them, to the
// common name and to e-mail addresses in the subject, and its extended key
// usages to ExtendedKeyUsages.
//
// It has the errors of [CreateServerCertificateWithCsr] for the issuer, the
// validity and EnableCrl.
func CreateCustomCertificate(rand io.Reader, now time.Time, issuer *Issuer, req *CreateCustomCertificateRequest) (resp *CreateCustomCertificateResponse, der []byte, err error) {
	l, err := req.check(issuer.keyPolicy())
	if err != nil {
		return nil, nil, err
	}
	t, err := issuer.template(now, &l.draft)
	if err != nil {
		return nil, nil, err
	}
	cert, der, err := l.sign(rand, issuer, &t)
	if err != nil {
		return nil, nil, err
	}
	return &CreateCustomCertificateResponse{
		Identifier: cert.Identifier, Certificate: cert.X509Certificate, SerialNumber: cert.SerialNumber,
		CertificateChain: cert.CertificateChain, RequestId: cert.RequestId,
	}, der, nil
}
