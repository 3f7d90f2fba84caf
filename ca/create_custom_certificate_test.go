package ca_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/testkeys"
	"github.com/yuncert/yuncert/internal/testutil"
	"github.com/yuncert/yuncert/internal/testutil/asn"
)

type (
	customRequest   = ca.CreateCustomCertificateRequest
	customSubject   = ca.CustomSubject
	customAttribute = ca.CustomAttribute
	typedName       = ca.SubjectAlternativeName
)

// customFor is a request for a server that is a client too.
func customFor(issuer *ca.Issuer, csr string) *customRequest {
	req := &customRequest{ParentIdentifier: issuer.Identifier(), Csr: csr, Validity: "90d"}
	req.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"serverAuth", "clientAuth"}
	return req
}

func attributes(list ...string) (attributes []customAttribute) {
	for pair := range slices.Chunk(list, 2) {
		attributes = append(attributes, customAttribute{ObjectIdentifier: pair[0], Value: pair[1]})
	}
	return attributes
}

func typed(list ...string) (names []typedName) {
	for pair := range slices.Chunk(list, 2) {
		names = append(names, typedName{Type: pair[0], Value: pair[1]})
	}
	return names
}

// issueCustom wants a certificate.
func issueCustom(t testing.TB, issuer *ca.Issuer, req *customRequest) *x509.Certificate {
	t.Helper()
	if err := req.Validate(); err != nil {
		t.Fatal(err)
	}
	_, der, err := ca.CreateCustomCertificate(testutil.Seeded(), instant, issuer, req)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, der)
}

// refuseCustom wants an error, nil results and no randomness drawn.
func refuseCustom(t *testing.T, now time.Time, issuer *ca.Issuer, req *customRequest, code yuncert.Code, parameter, mention string) {
	t.Helper()
	resp, der, err := ca.CreateCustomCertificate(testutil.Untouched(t), now, issuer, req)
	testutil.CheckError(t, err, code, parameter, mention)
	if resp != nil || der != nil {
		t.Error("a result with an error")
	}
}

const (
	passedSubject    = "ApiPassthrough.Subject"
	passedAttribute  = "ApiPassthrough.Subject.CustomAttributes."
	passedKeyUsage   = "ApiPassthrough.Extensions.KeyUsage"
	passedUsages     = "ApiPassthrough.Extensions.ExtendedKeyUsages"
	passedNames      = "ApiPassthrough.Extensions.SubjectAlternativeNames"
	passedCriticals  = "ApiPassthrough.Extensions.Criticals"
	passedSerial     = "ApiPassthrough.SerialNumber"
	tooManyDigits    = "730750818665451459101842416358141509827966271488" // 2^159
	mostDigits       = "730750818665451459101842416358141509827966271487"
	timeStampingOnly = "timeStamping must be the only extended key usage"
)

// A refusedCustom is one row of refusedCustomRequests.
type refusedCustom struct {
	name      string
	change    func(*customRequest)
	code      yuncert.Code
	parameter string
	mention   string
}

// refusedCustomRequests are changes to customFor's request, for an ECC key, after
// which it is refused. FuzzCreateCustomCertificateRequestJSON starts from them too.
func refusedCustomRequests(t testing.TB) []refusedCustom {
	subject := func(change func(*customSubject)) func(*customRequest) {
		return func(r *customRequest) {
			r.ApiPassthrough.Subject = &customSubject{CommonName: "www.example.com"}
			change(r.ApiPassthrough.Subject)
		}
	}
	custom := func(list ...string) func(*customRequest) {
		return subject(func(s *customSubject) { s.CustomAttributes = attributes(list...) })
	}
	extensions := func(change func(*ca.CustomExtensions)) func(*customRequest) {
		return func(r *customRequest) { change(&r.ApiPassthrough.Extensions) }
	}
	usage := func(change func(*ca.CustomKeyUsage)) func(*customRequest) {
		return extensions(func(e *ca.CustomExtensions) { change(&e.KeyUsage) })
	}
	usages := func(list ...string) func(*customRequest) {
		return extensions(func(e *ca.CustomExtensions) { e.ExtendedKeyUsages = list })
	}
	names := func(list ...string) func(*customRequest) {
		return extensions(func(e *ca.CustomExtensions) { e.SubjectAlternativeNames = typed(list...) })
	}
	criticals := func(list ...string) func(*customRequest) {
		return extensions(func(e *ca.CustomExtensions) { e.Criticals = list })
	}
	serial := func(text string) func(*customRequest) {
		return func(r *customRequest) { r.ApiPassthrough.SerialNumber = text }
	}
	csr := func(subject ...[]byte) func(*customRequest) {
		return func(r *customRequest) {
			r.Csr = makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(subject...), asn.Extension(asn.OIDAltName, false, asn.GeneralNames("www.example.com")))
		}
	}
	manyUsages := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("1.2.%d", i))
		}
		return list
	}
	return []refusedCustom{
		{"ParentIdentifier is required", func(r *customRequest) { r.ParentIdentifier = "" }, missing, "ParentIdentifier", "ParentIdentifier is mandatory for this action."},
		{"Csr is required", func(r *customRequest) { r.Csr = "" }, missing, "Csr", "Csr is mandatory for this action."},
		{"Csr of words", func(r *customRequest) { r.Csr = "CSR" }, malformed, "Csr", "PEM"},
		{"Validity is required", func(r *customRequest) { r.Validity = "" }, missing, "Validity", "Validity is mandatory for this action."},
		{"Validity in weeks", func(r *customRequest) { r.Validity = "3w" }, malformed, "Validity", `"3w"`},
		{"Validity in capitals", func(r *customRequest) { r.Validity = "1Y" }, malformed, "Validity", `"1Y"`},
		{"Validity of two units", func(r *customRequest) { r.Validity = "1y6m" }, malformed, "Validity", `"1y6m"`},
		{"Validity that ends before its start", func(r *customRequest) { r.Validity = "2030-01-02T00:00:00Z/2030-01-01T00:00:00Z" }, malformed, "Validity", "not after the start"},

		{"33 attributes in the CSR", csr(slices.Repeat([][]byte{asn.UTF8(asn.OIDUnit, "IT")}, 33)...), malformed, "Csr", "33 attributes: up to 32"},
		{"an attribute of the CSR whose type has an arc of 2^31", csr(asn.UTF8(asn.OID("\x2b\x88\x80\x80\x80\x00"), "x")), malformed, "Csr", "arcs above 2^31-1"},
		{"an attribute of the CSR that is too long", csr(asn.UTF8(asn.OIDOrganization, testutil.Chinese(65))), malformed, "Csr", "2.5.4.10="},
		{"an attribute of the CSR with a direction mark", csr(asn.UTF8(asn.OIDUnit, "a\u202eb")), malformed, "Csr", "U+202E"},
		{"an e-mail address of the CSR that is not ASCII", csr(asn.UTF8(asn.OIDEmail, "张@example.com")), malformed, "Csr", "ASCII"},
		{"Country of three letters", subject(func(s *customSubject) { s.Country = "CHN" }), malformed, passedSubject + ".Country", "must be 2 characters."},
		{"State of 129 characters", subject(func(s *customSubject) { s.State = testutil.Chinese(129) }), malformed, passedSubject + ".State", "129 characters"},
		{"Locality of 129 characters", subject(func(s *customSubject) { s.Locality = testutil.Chinese(129) }), malformed, passedSubject + ".Locality", "129 characters"},
		{"Organization of 65 characters", subject(func(s *customSubject) { s.Organization = testutil.Chinese(65) }), malformed, passedSubject + ".Organization", "65 characters"},
		{"OrganizationUnit of 65 characters", subject(func(s *customSubject) { s.OrganizationUnit = testutil.Chinese(65) }), malformed, passedSubject + ".OrganizationUnit", "65 characters"},
		{"a NUL in CommonName", subject(func(s *customSubject) { s.CommonName = "a\x00b" }), malformed, passedSubject + ".CommonName", `a\x00b`},
		{"33 custom attributes", custom(slices.Repeat([]string{"2.5.4.13", "a"}, 33)...), malformed, "ApiPassthrough.Subject.CustomAttributes", "33 attributes; up to 32"},
		{"an attribute without a type", custom("2.5.4.5", "1", "", "2"), missing, passedAttribute + "2.ObjectIdentifier", "is mandatory"},
		{"an attribute without a value", custom("2.5.4.5", ""), missing, passedAttribute + "1.Value", "is mandatory"},
		{"a type in words", custom("serialNumber", "1"), malformed, passedAttribute + "1.ObjectIdentifier", `"serialNumber" is not an object identifier`},
		{"a type with a wrong first arc", custom("3.1", "1"), malformed, passedAttribute + "1.ObjectIdentifier", `"3.1"`},
		{"a type of 129 characters", custom("1.2"+strings.Repeat(".1", 63), "1"), malformed, passedAttribute + "1.ObjectIdentifier", "128 characters"},
		{"a type with a large arc", custom("1.2.2147483648", "1"), malformed, passedAttribute + "1.ObjectIdentifier", "2^31-1"},
		{"CommonName and 2.5.4.3", custom("2.5.4.3", "example.com"), refused, passedAttribute + "1.ObjectIdentifier", "2.5.4.3 is set already"},
		{"two common names", subject(func(s *customSubject) {
			s.CommonName, s.CustomAttributes = "", attributes("2.5.4.3", "a", "2.5.4.3", "b")
		}),
			refused, passedAttribute + "2.ObjectIdentifier", "2.5.4.3 is set already"},
		{"a description of 1025 characters", custom("2.5.4.13", testutil.Chinese(1025)), malformed, passedAttribute + "1.Value", "up to 1024"},
		{"a serial number of 65 characters", custom("2.5.4.5", strings.Repeat("1", 65)), malformed, passedAttribute + "1.Value", "65 characters"},
		{"a serial number with an underscore", custom("2.5.4.5", "SN_1"), malformed, passedAttribute + "1.Value", "PrintableString"},
		{"a country of three letters by its type", custom("2.5.4.6", "CHN"), malformed, passedAttribute + "1.Value", "must be 2 characters."},
		{"a domain component with a space", custom("0.9.2342.19200300.100.1.25", "a b"), malformed, passedAttribute + "1.Value", "ASCII"},
		{"an e-mail address with a space", custom("1.2.840.113549.1.9.1", "a b@example.com"), malformed, passedAttribute + "1.Value", "ASCII"},
		{"a newline in a value", custom("2.5.4.12", "a\nb"), malformed, passedAttribute + "1.Value", "U+000A"},

		{"no usage at all", usages(), missing, passedKeyUsage, passedUsages + " can replace it."},
		{"DataEncipherment for an ECC key", usage(func(u *ca.CustomKeyUsage) { u.DataEncipherment = true }), refused, passedKeyUsage + ".DataEncipherment", "an ECC key"},
		{"EncipherOnly without KeyAgreement", usage(func(u *ca.CustomKeyUsage) { u.EncipherOnly = true }), refused, passedKeyUsage + ".EncipherOnly", "only with KeyAgreement"},
		{"DecipherOnly without KeyAgreement", usage(func(u *ca.CustomKeyUsage) { u.DecipherOnly = true }), refused, passedKeyUsage + ".DecipherOnly", "only with KeyAgreement"},
		{"EncipherOnly and DecipherOnly", usage(func(u *ca.CustomKeyUsage) { u.KeyAgreement, u.EncipherOnly, u.DecipherOnly = true, true, true }),
			refused, passedKeyUsage + ".EncipherOnly", "exclude each other"},
		{"an unknown extended key usage", usages("serverauth"), malformed, passedUsages, `"serverauth" is neither one of`},
		{"101 extended key usages", usages(manyUsages(101)...), malformed, passedUsages, "101"},
		{"OCSPSigning", usages("OCSPSigning"), refused, passedUsages, "CreateOCSPResponderCertificate"},
		{"OCSPSigning by its object identifier", usages("clientAuth", "1.3.6.1.5.5.7.3.9"), refused, passedUsages, "OCSPSigning"},
		{"timeStamping and another", usages("timeStamping", "codeSigning"), refused, passedUsages, timeStampingOnly},
		{"timeStamping by its object identifier and another", usages("1.2.3", "1.3.6.1.5.5.7.3.8"), refused, passedUsages, timeStampingOnly},
		{"timeStamping and KeyAgreement", extensions(func(e *ca.CustomExtensions) {
			e.ExtendedKeyUsages, e.KeyUsage = []string{"timeStamping"}, ca.CustomKeyUsage{DigitalSignature: true, KeyAgreement: true}
		}), refused, passedKeyUsage, "timeStamping allows only the key usages digitalSignature, contentCommitment"},
		{"serverAuth that only commits", usage(func(u *ca.CustomKeyUsage) { u.NonRepudiation = true }), refused, passedKeyUsage, "serverAuth needs one of the key usages digitalSignature, keyEncipherment, keyAgreement"},
		{"codeSigning that only agrees on keys", extensions(func(e *ca.CustomExtensions) {
			e.ExtendedKeyUsages, e.KeyUsage = []string{"codeSigning"}, ca.CustomKeyUsage{KeyAgreement: true}
		}), refused, passedKeyUsage, "codeSigning needs one of the key usages digitalSignature"},

		{"a name without a type", names("dNSName", "a.example.com", "", "b.example.com"), missing, passedNames + ".2.Type", "is mandatory"},
		{"a name without a value", names("dNSName", ""), missing, passedNames + ".1.Value", "is mandatory"},
		{"an unknown type", names("otherName", "a"), malformed, passedNames + ".1.Type", `"otherName" is not rfc822Name, dNSName, uniformResourceIdentifier or iPAddress`},
		{"a type in another case", names("dnsName", "a"), malformed, passedNames + ".1.Type", `"dnsName"`},
		{"a type as a number", names("2", "a"), malformed, passedNames + ".1.Type", `"2"`},
		{"an address as a DNS name", names("dNSName", "192.0.2.1"), malformed, passedNames + ".1.Value", "use the Type iPAddress"},
		{"a DNS name as an address", names("iPAddress", "example.com"), malformed, passedNames + ".1.Value", "use the Type dNSName for a DNS name"},
		{"a wildcard of one label", names("dNSName", "*.com"), malformed, passedNames + ".1.Value", "wildcard"},
		{"two names in one", names("dNSName", "a.example.com,b.example.com"), malformed, passedNames + ".1.Value", "','"},
		{"a space around a name", names("dNSName", " a.example.com"), malformed, passedNames + ".1.Value", "' '"},
		{"a mailbox without a host", names("rfc822Name", "zhang"), malformed, passedNames + ".1.Value", "e-mail address"},
		{"a URI without a scheme", names("uniformResourceIdentifier", "example.com/a"), malformed, passedNames + ".1.Value", "scheme"},
		{"a URI of 2049 octets", names("uniformResourceIdentifier", "a:"+strings.Repeat("b", 2047)), malformed, passedNames + ".1.Value", "2048"},
		{"a URI of a mapped address", names("uniformResourceIdentifier", "https://[::ffff:192.0.2.1]/"), malformed, passedNames + ".1.Value", "write 192.0.2.1"},
		{"251 mailboxes", names(strings.Split(strings.Join(eachWith("rfc822Name a@", testutil.NumberedNames(251)), " "), " ")...), malformed, passedNames, "250"},
		{"251 names of the CSR, besides another common name", func(r *customRequest) {
			r.Csr = hostCSR(t, algorithm.ECC_256, "www.example.com", append(testutil.NumberedNames(250), "www.example.com")...)
			r.ApiPassthrough.Subject = &customSubject{CommonName: "example.com"}
		}, malformed, passedNames, "more than 250 names"},
		{"252 names", names(slices.Repeat([]string{"dNSName", "a.example.com"}, 252)...), malformed, passedNames, "252 names; up to 250"},
		{"serverAuth without a name", func(r *customRequest) { r.Csr = hostCSR(t, algorithm.ECC_256, "张三") }, refused, passedNames, "no name for clients to find the server by"},
		{"serverAuth with another Matter attribute", func(r *customRequest) {
			r.Csr = hostCSR(t, algorithm.ECC_256, "")
			r.ApiPassthrough.Subject = &customSubject{CustomAttributes: attributes("1.3.6.1.4.1.37244.1.5", "FAB000000000001D")}
		}, refused, passedNames, "no name for clients to find the server by"},
		{"no subject and no name", func(r *customRequest) {
			r.Csr, r.ApiPassthrough.Extensions.ExtendedKeyUsages = hostCSR(t, algorithm.ECC_256, ""), []string{"clientAuth"}
		}, refused, "Csr", "the subject is empty and there is no alternative name"},
		{"an empty Subject and no name", func(r *customRequest) {
			r.Csr, r.ApiPassthrough.Subject = hostCSR(t, algorithm.ECC_256, "张三"), &customSubject{}
			r.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"clientAuth"}
		}, refused, passedSubject, "the subject is empty and there is no alternative name"},

		{"101 criticals", criticals(slices.Repeat([]string{"KeyUsage"}, 101)...), malformed, passedCriticals, "101 extensions; up to 100"},
		{"an unknown critical", criticals("KeyUsage", "keyUsage"), malformed, passedCriticals, `"keyUsage" is not KeyUsage, ExtendedKeyUsages or SubjectAlternativeNames`},
		{"critical basicConstraints", criticals("basicConstraints"), refused, passedCriticals, "is always critical"},
		{"critical subjectKeyIdentifier", criticals("subjectKeyIdentifier"), refused, passedCriticals, "4.2.1.2"},
		{"critical authorityKeyIdentifier", criticals("authorityKeyIdentifier"), refused, passedCriticals, "4.2.1.1"},
		{"critical cRLDistributionPoints", criticals("cRLDistributionPoints"), refused, passedCriticals, "4.2.1.13"},
		{"critical authorityInfoAccess", criticals("authorityInfoAccess"), refused, passedCriticals, "4.2.2.1"},
		{"critical extended key usages that are absent", extensions(func(e *ca.CustomExtensions) {
			e.ExtendedKeyUsages, e.KeyUsage, e.Criticals = nil, ca.CustomKeyUsage{DigitalSignature: true}, []string{"ExtendedKeyUsages"}
		}), refused, passedCriticals, "has no ExtendedKeyUsages"},
		{"critical names that are absent", func(r *customRequest) {
			r.Csr, r.ApiPassthrough.Extensions.ExtendedKeyUsages = hostCSR(t, algorithm.ECC_256, "张三"), []string{"clientAuth"}
			r.ApiPassthrough.Extensions.Criticals = []string{"SubjectAlternativeNames"}
		}, refused, passedCriticals, "has no SubjectAlternativeNames"},
		{"any and critical", extensions(func(e *ca.CustomExtensions) {
			e.ExtendedKeyUsages, e.Criticals = []string{"any"}, []string{"ExtendedKeyUsages"}
		}), refused, passedCriticals, "4.2.1.12"},

		{"SerialNumber 0", serial("0"), malformed, passedSerial, `"0" is not a decimal number from 1 to 2^159-1`},
		{"a negative SerialNumber", serial("-1"), malformed, passedSerial, `"-1"`},
		{"a SerialNumber with a sign", serial("+1"), malformed, passedSerial, `"+1"`},
		{"a hexadecimal SerialNumber", serial("0x1f"), malformed, passedSerial, `"0x1f"`},
		{"a SerialNumber of 21 octets", serial(tooManyDigits), malformed, passedSerial, tooManyDigits},
		{"a SerialNumber of 49 digits", serial("0" + mostDigits), malformed, passedSerial, "0" + mostDigits},
		{"a SerialNumber of a million digits", serial(strings.Repeat("9", 1_000_000)), malformed, passedSerial, "999"},

		{"Immediately 3", func(r *customRequest) { r.Immediately = 3 }, malformed, "Immediately", "3"},
		{"EnableCrl 2", func(r *customRequest) { r.EnableCrl = 2 }, malformed, "EnableCrl", "2"},
		{"101 tags", func(r *customRequest) { r.Tags = tags(101) }, malformed, "Tags", "101"},
		{"customIdentifier of 256 characters", func(r *customRequest) { r.CustomIdentifier = testutil.Chinese(256) }, malformed, "customIdentifier", "up to 255 characters"},
	}
}

func TestCreateCustomCertificateRefusesRequest(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	for _, tt := range refusedCustomRequests(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := customFor(issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
			if err := req.Validate(); err != nil {
				t.Fatal(err)
			}
			tt.change(req)
			testutil.CheckError(t, req.Validate(), tt.code, tt.parameter, tt.mention)
			refuseCustom(t, instant, issuer, req, tt.code, tt.parameter, tt.mention)
			refuseCustom(t, instant, nil, req, tt.code, tt.parameter, tt.mention) // the request is checked first
		})
	}
	t.Run("nil", func(t *testing.T) {
		t.Parallel()
		var req *customRequest
		testutil.CheckError(t, req.Validate(), missing, "ParentIdentifier", "ParentIdentifier is mandatory for this action.")
		refuseCustom(t, instant, issuer, req, missing, "ParentIdentifier", "ParentIdentifier is mandatory for this action.")
	})
}

// What RSA and SM2 keys may be used for, and RSA_1024 not at all.
func TestCreateCustomCertificateKeyUsage(t *testing.T) {
	t.Parallel()
	all := map[string]ca.CustomKeyUsage{
		"DigitalSignature": {DigitalSignature: true}, "ContentCommitment": {ContentCommitment: true}, "NonRepudiation": {NonRepudiation: true},
		"KeyEncipherment": {KeyEncipherment: true}, "DataEncipherment": {DataEncipherment: true}, "KeyAgreement": {KeyAgreement: true},
		"EncipherOnly": {KeyAgreement: true, EncipherOnly: true}, "DecipherOnly": {KeyAgreement: true, DecipherOnly: true},
	}
	want := map[string]x509.KeyUsage{
		"DigitalSignature": x509.KeyUsageDigitalSignature, "ContentCommitment": x509.KeyUsageContentCommitment, "NonRepudiation": x509.KeyUsageContentCommitment,
		"KeyEncipherment": x509.KeyUsageKeyEncipherment, "DataEncipherment": x509.KeyUsageDataEncipherment, "KeyAgreement": x509.KeyUsageKeyAgreement,
		"EncipherOnly": x509.KeyUsageKeyAgreement | x509.KeyUsageEncipherOnly, "DecipherOnly": x509.KeyUsageKeyAgreement | x509.KeyUsageDecipherOnly,
	}
	refusedFor := map[string][]string{
		"RSA": {"KeyAgreement", "EncipherOnly", "DecipherOnly"},
		"ECC": {"DataEncipherment"},
	}
	for _, a := range testkeys.Families {
		for name, usage := range all {
			t.Run(string(a)+", "+name, func(t *testing.T) {
				t.Parallel()
				issuer := authorityOf(a).issuer
				req := customFor(issuer, hostCSR(t, a, "www.example.com"))
				req.ApiPassthrough.Extensions = ca.CustomExtensions{KeyUsage: usage}
				if slices.Contains(refusedFor[a.Family()], name) {
					parameter := passedKeyUsage + "." + name
					if usage.KeyAgreement {
						parameter = passedKeyUsage + ".KeyAgreement"
					}
					refuseCustom(t, instant, issuer, req, refused, parameter, a.Family()+" key")
					return
				}
				cert := issueCustom(t, issuer, req)
				if cert.KeyUsage != want[name] || len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) > 0 {
					t.Errorf("key usage %v, extended %v, want %v and none", cert.KeyUsage, cert.ExtKeyUsage, want[name])
				}
			})
		}
	}
	t.Run("RSA_1024", func(t *testing.T) {
		t.Parallel()
		issuer := authorityOf(algorithm.RSA_2048).issuer
		req := customFor(issuer, hostCSR(t, algorithm.RSA_1024, "www.example.com"))
		testutil.CheckError(t, req.Validate(), refused, "Csr", "RSA_1024")
		refuseCustom(t, instant, issuer, req, refused, "Csr", "RSA_1024")
	})
}

// Without KeyUsage the key usage suits the extended key usage.
func TestCreateCustomCertificateDefaultKeyUsage(t *testing.T) {
	t.Parallel()
	const signature, encipherment = x509.KeyUsageDigitalSignature, x509.KeyUsageKeyEncipherment
	for _, tt := range []struct {
		usage string
		rsa   x509.KeyUsage // for ECC and SM2 it is always digitalSignature
	}{
		{"serverAuth", signature | encipherment}, {"clientAuth", signature}, {"codeSigning", signature}, {"emailProtection", signature},
		{"timeStamping", signature}, {"any", signature}, {"1.3.6.1.5.5.7.3.1", signature | encipherment}, {"1.3.6.1.4.1.311.20.2.2", signature},
	} {
		for _, a := range testkeys.Families {
			t.Run(tt.usage+", "+string(a), func(t *testing.T) {
				t.Parallel()
				issuer := authorityOf(a).issuer
				req := customFor(issuer, hostCSR(t, a, "www.example.com"))
				req.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{tt.usage}
				want := signature
				if a.Family() == "RSA" {
					want = tt.rsa
				}
				if got := issueCustom(t, issuer, req).KeyUsage; got != want {
					t.Errorf("key usage %v, want %v", got, want)
				}
			})
		}
	}
}

// The issuer, the chain's usages, dates and constraints.
func TestCreateCustomCertificateRefusesUnderIssuer(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	limited := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.ExtendedKeyUsages = []string{"serverAuth", "1.2.3"} })
	constrained := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) {
		r.NameConstraints = &ca.NameConstraints{
			PermittedDNSDomains: []string{"example.com"}, PermittedIPRanges: []string{"192.0.2.0/24"}, PermittedEmailAddresses: []string{"example.com"},
		}
	})
	names := func(list ...string) func(*customRequest) {
		return func(r *customRequest) { r.ApiPassthrough.Extensions.SubjectAlternativeNames = typed(list...) }
	}
	subject := func(s *customSubject) func(*customRequest) {
		return func(r *customRequest) { r.ApiPassthrough.Subject = s }
	}
	above := parsePEM(t, au.sub.Certificate).Subject
	tests := []struct {
		name      string
		issuer    *ca.Issuer
		now       time.Time
		change    func(*customRequest)
		code      yuncert.Code
		parameter string
		mention   string
	}{
		{"no CA", nil, instant, nil, yuncert.ErrNotFound, "ParentIdentifier", "no issuing CA"},
		{"an unknown ParentIdentifier", au.issuer, instant, func(r *customRequest) { r.ParentIdentifier = "270oe6bb" }, yuncert.ErrNotFound, "ParentIdentifier", "270oe6bb"},
		{"a root CA", au.rootIssuer, instant, nil, refused, "ParentIdentifier", "root"},
		{"another family", authorityOf(algorithm.SM2_256).issuer, instant, nil, refused, "Csr", "ECC_256"},
		{"another family that order would mix", authorityOf(algorithm.RSA_2048).issuer, instant, nil, refused, "Csr", "ECC_256"},
		{"the key of a CA", au.issuer, instant, func(r *customRequest) {
			r.Csr = makeCSR(t, key(algorithm.ECC_256, 1), asn.Name(asn.UTF8(asn.OIDCommonName, "www.example.com")))
		}, refused, "Csr", "in use by a CA"},
		{"the subject of the CA from the CSR", au.issuer, instant, func(r *customRequest) {
			r.Csr = makeCSR(t, key(algorithm.ECC_256, 2), au.subject)
			r.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"clientAuth"}
		}, refused, "Csr", "a CA's own"},
		{"the subject of the CA, given", au.issuer, instant, func(r *customRequest) {
			r.ApiPassthrough.Subject = &customSubject{
				Country: "cn", State: above.Province[0], Locality: above.Locality[0], Organization: above.Organization[0], OrganizationUnit: above.OrganizationalUnit[0],
				CustomAttributes: attributes("2.5.4.3", "test sub ca"),
			}
			r.ApiPassthrough.Extensions.SubjectAlternativeNames = typed("dNSName", "www.example.com")
		}, refused, passedSubject, "a CA's own"},
		{"after the CA's end", au.issuer, caEnd.Add(time.Second), nil, yuncert.ErrCertificateExpired, "ParentIdentifier", "valid from"},
		{"an end that is now", au.issuer, instant, func(r *customRequest) { r.Validity = "2026-03-04T05:06:07Z" }, refused, "Validity", "would have ended at 2026-03-04T05:06:07Z"},
		{"beyond the CA's end", au.issuer, instant, func(r *customRequest) { r.Validity = "61m" }, refused, "Validity", "2031-04-04T05:06:07Z"},
		{"before the CA's start", au.issuer, instant, func(r *customRequest) { r.Validity = "2026-03-04T05:06:06Z/2027-01-01T00:00:00Z" }, refused, "Validity", "2026-03-04T05:06:06Z"},
		{"no CRL", au.issuerWith(t, ca.IssuerOptions{}), instant, func(r *customRequest) { r.EnableCrl = 1 }, refused, "EnableCrl", "CRLBase"},
		{"longer than CertMaxTime", au.issuerWith(t, ca.IssuerOptions{CertMaxTime: 89}), instant, nil, refused, "Validity", "89"},

		{"a KeyPolicy", au.issuerWith(t, ca.IssuerOptions{KeyPolicy: blocks(t, key(algorithm.ECC_256, 2).Public())}), instant, nil, malformed, "Csr", "blocked"},

		{"a usage that the CA does not have", limited, instant, nil, refused, passedUsages, "exclude clientAuth"},
		{"any below a limited CA", limited, instant, func(r *customRequest) { r.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"any"} }, refused, passedUsages, "exclude any"},
		{"an object identifier that the CA does not have", limited, instant, func(r *customRequest) {
			r.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"serverAuth", "1.2.3", "1.2.4"}
		}, refused, passedUsages, "exclude 1.2.4"},

		{"a constraint on a DNS name", constrained, instant, names("dNSName", "www.example.com", "dNSName", "www.example.org"), refused, passedNames, `"www.example.org"`},
		{"a constraint on a wildcard", constrained, instant, names("dNSName", "*.example.org"), refused, passedNames, `"*.example.org"`},
		{"a constraint on an address", constrained, instant, names("iPAddress", "203.0.113.1"), refused, passedNames, "203.0.113.1"},
		{"a constraint on a mailbox", constrained, instant, names("rfc822Name", "zhang@example.org"), refused, passedNames, "zhang@example.org"},
		{"a constraint on a name of the CSR", constrained, instant, func(r *customRequest) {
			r.Csr = hostCSR(t, algorithm.ECC_256, "www.example.com", "www.example.org")
		}, refused, "Csr", `"www.example.org"`},
		{"a constraint on the CSR's common name", constrained, instant, func(r *customRequest) { r.Csr = hostCSR(t, algorithm.ECC_256, "www.example.org") }, refused, "Csr", `"www.example.org"`},
		{"a constraint on the common name", constrained, instant, subject(&customSubject{CommonName: "www.example.org"}), refused, passedSubject, `"www.example.org"`},
		{"a constraint on a common name without DNS names", constrained, instant, func(r *customRequest) {
			r.ApiPassthrough.Subject = &customSubject{CommonName: "www.example.org"}
			r.ApiPassthrough.Extensions.SubjectAlternativeNames = typed("iPAddress", "192.0.2.1")
		}, refused, passedSubject, `"www.example.org"`},
		{"a constraint on an e-mail address in the subject", constrained, instant, subject(&customSubject{
			CommonName: "www.example.com", CustomAttributes: attributes("1.2.840.113549.1.9.1", "zhang@example.org"),
		}), refused, passedSubject, "zhang@example.org"},
		{"an e-mail address in the CSR's subject", constrained, instant, func(r *customRequest) {
			r.Csr = makeCSR(t, key(algorithm.ECC_256, 2), asn.Name(asn.UTF8(asn.OIDCommonName, "www.example.com"), asn.IA5(asn.OIDEmail, "zhang@example.org")))
		}, refused, "Csr", "zhang@example.org"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			issuer := tt.issuer
			if issuer == nil {
				issuer = au.issuer
			}
			req := customFor(issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
			if issuer == constrained || issuer == limited {
				req.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"serverAuth"}
				issueCustom(t, issuer, req) // before the change
				req.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"serverAuth", "clientAuth"}
			}
			if tt.change != nil {
				tt.change(req)
			}
			if err := req.Validate(); err != nil {
				t.Fatalf("without issuer the request is valid: %v", err)
			}
			refuseCustom(t, tt.now, tt.issuer, req, tt.code, tt.parameter, tt.mention)
		})
	}
}

// RootIssues, a KeyUsage without extended ones below a limited CA, and everything
// that the constraints permit.
func TestCreateCustomCertificateUnderIssuer(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	root, err := ca.NewIssuer(au.root.CertificateChain, au.rootKey, ca.IssuerOptions{RootIssues: true})
	if err != nil {
		t.Fatal(err)
	}
	issueCustom(t, root, customFor(root, hostCSR(t, algorithm.ECC_256, "www.example.com")))
	limited := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) { r.ExtendedKeyUsages = []string{"serverAuth"} })
	req := customFor(limited, hostCSR(t, algorithm.ECC_256, "www.example.com"))
	req.ApiPassthrough.Extensions = ca.CustomExtensions{KeyUsage: ca.CustomKeyUsage{DigitalSignature: true}}
	issueCustom(t, limited, req)
	constrained := au.subWith(t, func(r *ca.CreateSubCACertificateRequest) {
		r.NameConstraints = &ca.NameConstraints{PermittedDNSDomains: []string{"example.com"}, PermittedEmailAddresses: []string{"example.com"}}
	})
	req = customFor(constrained, hostCSR(t, algorithm.ECC_256, "www.example.com"))
	req.ApiPassthrough.Subject = &customSubject{CommonName: "www.example.com", CustomAttributes: attributes("1.2.840.113549.1.9.1", "zhang@example.com")}
	req.ApiPassthrough.Extensions.SubjectAlternativeNames = typed("dNSName", "www.example.com", "rfc822Name", "li@example.com", "uniformResourceIdentifier", "urn:a:b")
	cert := issueCustom(t, constrained, req)
	path, err := ca.Verify(instant, testutil.EncodePEM("CERTIFICATE", cert.Raw), ca.VerifyOptions{
		Roots: au.root.Certificate, Intermediates: certificateOf(t, constrained, req), Usage: x509.ExtKeyUsageClientAuth,
	})
	if err != nil || len(path) != 3 {
		t.Errorf("Verify: a chain of %d, %v", len(path), err)
	}
}

// certificateOf returns the chain of an issuer, as a response has it.
func certificateOf(t *testing.T, issuer *ca.Issuer, req *customRequest) string {
	t.Helper()
	asked := *req
	asked.Immediately = 2
	resp, _, err := ca.CreateCustomCertificate(testutil.Seeded(), instant, issuer, &asked)
	if err != nil {
		t.Fatal(err)
	}
	return resp.CertificateChain
}

// The alternative names: exactly the given ones, else the CSR's, with serverAuth
// after the common name.
func TestCreateCustomCertificateNames(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	tests := []struct {
		name   string
		csr    []string // the common name first
		change func(*customRequest)
		want   []string
	}{
		{"a server: the common name, then the CSR's", []string{"www.example.com", "192.0.2.1", "a.example.com"}, nil,
			slices.Concat(kind(2, "www.example.com"), kind(7, "192.0.2.1"), kind(2, "a.example.com"))},
		{"a server: the CommonName of the request", []string{"www.example.com", "a.example.com"}, func(r *customRequest) {
			r.ApiPassthrough.Subject = &customSubject{CommonName: "B.example.com"}
		}, kind(2, "b.example.com", "a.example.com")},
		{"a server: a custom common name", []string{"www.example.com"}, func(r *customRequest) {
			r.ApiPassthrough.Subject = &customSubject{CustomAttributes: attributes("2.5.4.3", "c.example.com")}
		}, kind(2, "c.example.com")},
		{"a client: the CSR's", []string{"www.example.com", "a.example.com"}, func(r *customRequest) {
			r.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"clientAuth"}
		}, kind(2, "a.example.com")},
		{"a client: none", []string{"www.example.com"}, func(r *customRequest) { r.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"clientAuth"} }, nil},
		{"the given ones, by type", []string{"www.example.com", "a.example.com"}, func(r *customRequest) {
			r.ApiPassthrough.Extensions.SubjectAlternativeNames = typed("uniformResourceIdentifier", "spiffe://example.com/a", "rfc822Name", "zhang@EXAMPLE.com",
				"dNSName", "*.例子.中国", "iPAddress", "2001:0DB8::1", "dNSName", "B.example.com", "dNSName", "b.example.com", "uniformResourceIdentifier", "SPIFFE://example.com/a")
		}, slices.Concat(kind(2, "*.xn--fsqu00a.xn--fiqs8s"), kind(7, "2001:db8::1"), kind(2, "b.example.com"), kind(1, "zhang@example.com"), kind(6, "spiffe://example.com/a"))},
		{"a server with a URI only", []string{"张三"}, func(r *customRequest) {
			r.ApiPassthrough.Extensions.SubjectAlternativeNames = typed("uniformResourceIdentifier", "spiffe://example.com/a")
		}, kind(6, "spiffe://example.com/a")},
		{"a Matter node: none", []string{"www"}, func(r *customRequest) {
			r.ApiPassthrough.Subject = &customSubject{CustomAttributes: attributes("1.3.6.1.4.1.37244.1.1", "DEDEDEDE00010001")}
		}, nil},
		{"250 and the common name", []string{"www.example.com"}, func(r *customRequest) {
			for _, name := range append(testutil.NumberedNames(250), "www.example.com") {
				r.ApiPassthrough.Extensions.SubjectAlternativeNames = append(r.ApiPassthrough.Extensions.SubjectAlternativeNames, typedName{Type: "dNSName", Value: name})
			}
		}, kind(2, append(testutil.NumberedNames(250), "www.example.com")...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := customFor(issuer, hostCSR(t, algorithm.ECC_256, tt.csr[0], tt.csr[1:]...))
			if tt.change != nil {
				tt.change(req)
			}
			if diff := cmp.Diff(tt.want, generalNames(t, issueCustom(t, issuer, req).Raw)); diff != "" {
				t.Errorf("names mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// The subject is the CSR's with all its attributes, or the given one and nothing of
// the CSR's.
func TestCreateCustomCertificateSubject(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	oid := asn.OID
	const uid, matterNode, jurisdiction = "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "\x2b\x06\x01\x04\x01\x82\xa2\x7c\x01\x01", "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03"
	from := asn.Name(asn.UTF8(asn.OIDCommonName, "张三"), asn.Printable(oid(uid), "zhang"), asn.IA5(asn.OIDDC, "example"), asn.IA5(asn.OIDDC, "com"),
		asn.IA5(asn.OIDEmail, "zhang@example.com"), asn.Attribute(asn.OIDUnit, asn.BMPString, "\x4e\x91"), asn.UTF8(asn.OIDUnit, "IT"), asn.Printable(asn.OIDCountry, "cn"))
	tests := []struct {
		name  string
		given *customSubject
		want  []byte
	}{
		{"the CSR's", nil, asn.Name(asn.UTF8(asn.OIDCommonName, "张三"), asn.Printable(oid(uid), "zhang"), asn.IA5(asn.OIDDC, "example"), asn.IA5(asn.OIDDC, "com"),
			asn.IA5(asn.OIDEmail, "zhang@example.com"), asn.UTF8(asn.OIDUnit, "云"), asn.UTF8(asn.OIDUnit, "IT"), asn.Printable(asn.OIDCountry, "CN"))},
		{"the fields in their order", &customSubject{CommonName: "李四", OrganizationUnit: "IT", Organization: "阿里云", Locality: "杭州", State: "Zhejiang", Country: "cn"},
			asn.Name(asn.Printable(asn.OIDCountry, "CN"), asn.Printable(asn.OIDState, "Zhejiang"), asn.UTF8(asn.OIDLocality, "杭州"),
				asn.UTF8(asn.OIDOrganization, "阿里云"), asn.Printable(asn.OIDUnit, "IT"), asn.UTF8(asn.OIDCommonName, "李四"))},
		{"one field", &customSubject{CommonName: "Li"}, asn.Name(asn.Printable(asn.OIDCommonName, "Li"))},
		{"attributes in the given order", &customSubject{Organization: "ACME", CustomAttributes: attributes(
			"1.3.6.1.4.1.37244.1.1", "DEDEDEDE00010001", "2.5.4.3", "Li", "2.5.4.5", "SN 1", "2.5.4.11", "A", "2.5.4.11", "B", "0.9.2342.19200300.100.1.25", "com",
			"1.2.840.113549.1.9.1", "a@example.com", "1.3.6.1.4.1.311.60.2.1.3", "CN", "2.5.4.6", "us", "2.5.4.12", "Doctor & co",
		)}, asn.Name(asn.Printable(asn.OIDOrganization, "ACME"), asn.UTF8(oid(matterNode), "DEDEDEDE00010001"), asn.Printable(asn.OIDCommonName, "Li"),
			asn.Printable(asn.OIDSerialNumber, "SN 1"), asn.Printable(asn.OIDUnit, "A"), asn.Printable(asn.OIDUnit, "B"), asn.IA5(asn.OIDDC, "com"),
			asn.IA5(asn.OIDEmail, "a@example.com"), asn.Printable(oid(jurisdiction), "CN"), asn.Printable(asn.OIDCountry, "US"), asn.UTF8(oid("\x55\x04\x0c"), "Doctor & co"))},
		{"32 attributes", &customSubject{CustomAttributes: slices.Repeat(attributes("2.5.4.13", "a"), 32)}, asn.Name(slices.Repeat([][]byte{asn.Printable(oid("\x55\x04\x0d"), "a")}, 32)...)},
		{"empty", &customSubject{}, asn.Name()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := customFor(issuer, makeCSR(t, key(algorithm.ECC_256, 2), from))
			req.ApiPassthrough.Subject = tt.given
			req.ApiPassthrough.Extensions.SubjectAlternativeNames = typed("dNSName", "www.example.com")
			cert := issueCustom(t, issuer, req)
			if diff := cmp.Diff(tt.want, cert.RawSubject); diff != "" {
				t.Errorf("subject mismatch (-want +got):\n%s", diff)
			}
			critical := slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Critical && e.Id.Equal([]int{2, 5, 29, 17}) })
			if empty := tt.name == "empty"; critical != empty { // RFC 5280, section 4.2.1.6
				t.Errorf("subjectAltName is critical: %v", critical)
			}
		})
	}
}

// Validity is a length from now, an end, or a start and an end.
func TestCreateCustomCertificateValidity(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	end := time.Date(2030, 1, 31, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string][2]time.Time{
		"1y": {instant, instant.AddDate(1, 0, 0)}, "3m": {instant, instant.AddDate(0, 3, 0)}, "7d": {instant, instant.AddDate(0, 0, 7)},
		"2030-01-31T00:00:00Z":                      {instant, end},
		"2029-01-31T00:00:00Z/2030-01-31T00:00:00Z": {end.AddDate(-1, 0, 0), end},
	} {
		req := customFor(issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
		req.Validity = text
		checkValidity(t, issueCustom(t, issuer, req), want[0], want[1])
	}
}

// The serial number is the given one, printed as lookups by OCSP want it.
func TestCreateCustomCertificateSerialNumber(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for text, want := range map[string]string{
		"1": "01", "127": "7f", "128": "80", "16889526086333": "0f5c6633eabd", "0007": "07", // the third is the document's
		mostDigits: "7fffffffffffffffffffffffffffffffffffffff",
	} {
		req := customFor(au.issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
		req.ApiPassthrough.SerialNumber = text
		resp, der, err := ca.CreateCustomCertificate(testutil.Seeded(), instant, au.issuer, req)
		if err != nil {
			t.Fatal(err)
		}
		cert := parse(t, der)
		if got := cert.SerialNumber.String(); got != strings.TrimLeft(text, "0") || resp.SerialNumber != want {
			t.Errorf("SerialNumber %s: the certificate has %s and the response %s, want %s", text, got, resp.SerialNumber, want)
		}
		verifySignature(t, cert, au.subKey.Public())
	}
}

// bits of a keyUsage.
const (
	digitalSignature  = 0x80
	contentCommitment = 0x40
	keyEncipherment   = 0x20
)

// Every octet of certificates for the uses of the document and some others, in
// every algorithm.
func TestCreateCustomCertificateProfile(t *testing.T) {
	t.Parallel()
	purpose := func(n byte) []byte { return asn.OID("\x2b\x06\x01\x05\x05\x07\x03" + string(n)) }
	type want struct {
		subject    []byte
		keyUsage   func(family string) []byte
		usages     [][]byte
		names      []byte
		ekCritical bool
		anCritical bool
		crl        bool
	}
	sign := func(string) []byte { return bitString(7, digitalSignature) }
	tests := []struct {
		name   string
		change func(r *customRequest, family string)
		want   want
	}{
		{"mTLS", func(r *customRequest, family string) {
			e := &r.ApiPassthrough.Extensions
			e.KeyUsage = ca.CustomKeyUsage{DigitalSignature: true, KeyEncipherment: family != "ECC"}
			e.SubjectAlternativeNames = typed("dNSName", "www.example.com", "uniformResourceIdentifier", "spiffe://example.com/ns/a")
			r.EnableCrl = 1
		}, want{asn.Name(asn.UTF8(asn.OIDCommonName, "张三")), func(family string) []byte {
			if family == "ECC" {
				return bitString(7, digitalSignature)
			}
			return bitString(5, digitalSignature|keyEncipherment)
		}, [][]byte{purpose(1), purpose(2)}, asn.Seq(asn.TLV(0x82, []byte("www.example.com")), asn.TLV(0x86, []byte("spiffe://example.com/ns/a"))), false, false, true}},
		{"mail", func(r *customRequest, _ string) {
			r.ApiPassthrough = ca.CustomPassthrough{
				Subject: &customSubject{Organization: "Example", CommonName: "Li"},
				Extensions: ca.CustomExtensions{
					KeyUsage: ca.CustomKeyUsage{DigitalSignature: true, ContentCommitment: true, NonRepudiation: true}, ExtendedKeyUsages: []string{"emailProtection"},
					SubjectAlternativeNames: typed("rfc822Name", "li@example.com"), Criticals: []string{"KeyUsage", "ExtendedKeyUsages", "SubjectAlternativeNames"},
				},
			}
		}, want{asn.Name(asn.Printable(asn.OIDOrganization, "Example"), asn.Printable(asn.OIDCommonName, "Li")),
			func(string) []byte { return bitString(6, digitalSignature|contentCommitment) }, [][]byte{purpose(4)}, asn.Seq(asn.TLV(0x81, []byte("li@example.com"))), true, true, false}},
		{"code", func(r *customRequest, _ string) {
			r.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"codeSigning"}
		}, want{asn.Name(asn.UTF8(asn.OIDCommonName, "张三")), sign, [][]byte{purpose(3)}, nil, false, false, false}},
		{"time stamps", func(r *customRequest, _ string) {
			r.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"timeStamping"}
		}, want{asn.Name(asn.UTF8(asn.OIDCommonName, "张三")), sign, [][]byte{purpose(8)}, nil, true, false, false}},
		{"a key usage only", func(r *customRequest, _ string) {
			r.ApiPassthrough = ca.CustomPassthrough{
				Subject:    &customSubject{},
				Extensions: ca.CustomExtensions{KeyUsage: ca.CustomKeyUsage{DigitalSignature: true}, SubjectAlternativeNames: typed("iPAddress", "192.0.2.1")},
			}
		}, want{asn.Name(), sign, nil, asn.GeneralNames("192.0.2.1"), false, true, false}},
	}
	for _, a := range testkeys.All[1:] { // RSA_1024 is refused
		for _, tt := range tests {
			t.Run(string(a)+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				au := authorityOf(a)
				public := key(a, 2).Public()
				req := customFor(au.issuer, hostCSR(t, a, "张三"))
				req.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"serverAuth", "clientAuth"}
				tt.change(req, a.Family())
				cert := issueCustom(t, au.issuer, req)
				extensions := [][]byte{leafConstraints(a), asn.Extension(asn.OIDKeyUsage, true, tt.want.keyUsage(a.Family()))}
				if tt.want.usages != nil {
					extensions = append(extensions, asn.Extension(asn.OIDExtKeyUsage, tt.want.ekCritical, asn.Seq(tt.want.usages...)))
				}
				extensions = append(extensions, asn.Extension(asn.OIDKeyID, false, asn.Octets(keyID(t, public))),
					asn.Extension(asn.OIDAuthority, false, asn.Seq(asn.TLV(0x80, keyID(t, au.subKey.Public())))))
				if tt.want.names != nil {
					extensions = append(extensions, asn.Extension(asn.OIDAltName, tt.want.anCritical, tt.want.names))
				}
				if tt.want.crl {
					extensions = append(extensions, asn.Extension(asn.OIDCRLPoints, false, asn.Seq(asn.Seq(asn.Explicit(0, asn.Explicit(0, asn.TLV(0x86, []byte(crlBase+"/"+au.sub.Identifier+".crl"))))))))
				}
				checkProfile(t, cert, profile{
					asn.SignatureID(a.Family()), au.subject, tt.want.subject, utcTime("260304050607Z"), utcTime("260602050607Z"), public, extensions,
				})
				verifySignature(t, cert, au.subKey.Public())
			})
		}
	}
}

// fullCustomRequest has every field set.
func fullCustomRequest(t testing.TB, a algorithm.Algorithm, issuer *ca.Issuer) *customRequest {
	usage := ca.CustomKeyUsage{DigitalSignature: true, ContentCommitment: true, NonRepudiation: true}
	switch a.Family() {
	case "RSA":
		usage.KeyEncipherment, usage.DataEncipherment = true, true
	case "ECC":
		usage.KeyAgreement, usage.EncipherOnly = true, true
	case "SM2":
		usage.KeyEncipherment, usage.DataEncipherment, usage.KeyAgreement, usage.DecipherOnly = true, true, true, true
	}
	return &customRequest{
		ParentIdentifier: issuer.Identifier(), Csr: hostCSR(t, a, "张三", "zhang.example.com"), Validity: "2026-04-01T00:00:00Z/2027-04-01T00:00:00Z",
		ApiPassthrough: ca.CustomPassthrough{
			Subject: &customSubject{
				Country: "CN", State: "Zhejiang", Locality: "杭州", Organization: "阿里云", OrganizationUnit: "IT", CommonName: "www.example.com",
				CustomAttributes: attributes("2.5.4.5", "SN 1", "1.3.6.1.4.1.37244.2.1", "FFF1"),
			},
			Extensions: ca.CustomExtensions{
				KeyUsage: usage, ExtendedKeyUsages: []string{"serverAuth", "clientAuth", "1.2.3.4"},
				SubjectAlternativeNames: typed("dNSName", "*.example.com", "iPAddress", "192.0.2.1", "rfc822Name", "li@example.com", "uniformResourceIdentifier", "https://example.com/a"),
				Criticals:               []string{"KeyUsage", "ExtendedKeyUsages", "SubjectAlternativeNames"},
			},
			SerialNumber: "16889526086333",
		},
		Immediately: 2, EnableCrl: 1, Tags: []ca.Tag{{Key: "account", Value: "test"}}, ResourceGroupId: "rg-aek****wia", CustomIdentifier: "device 1",
	}
}

// The same inputs give the bytes in testdata, and are not changed.
func TestCreateCustomCertificateGolden(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			issuer := authorityOf(a).issuer
			req, before := fullCustomRequest(t, a, issuer), fullCustomRequest(t, a, issuer)
			resp := issueTwice(t, func() (*ca.CreateCustomCertificateResponse, []byte, error) {
				return ca.CreateCustomCertificate(testutil.Seeded(), instant, issuer, req)
			})
			if diff := cmp.Diff(before, req); diff != "" {
				t.Errorf("the request was changed (-before +after):\n%s", diff)
			}
			testutil.Golden(t, "golden/"+string(a)+"-custom.pem", resp.Certificate)
			resp.Certificate, resp.CertificateChain = "", ""
			goldenJSON(t, string(a)+"-custom", resp)
		})
	}
}

// Immediately selects what the response contains.
func TestCreateCustomCertificateImmediately(t *testing.T) {
	t.Parallel()
	au := authorityOf(algorithm.ECC_256)
	for immediately := range int32(3) {
		req := customFor(au.issuer, hostCSR(t, algorithm.ECC_256, "www.example.com"))
		req.Immediately = immediately
		resp, der, err := ca.CreateCustomCertificate(testutil.Seeded(), instant, au.issuer, req)
		if err != nil {
			t.Fatal(err)
		}
		server, _, err := ca.CreateServerCertificateWithCsr(testutil.Seeded(), instant, au.issuer, serverRequest(au.issuer, req.Csr))
		if err != nil {
			t.Fatal(err)
		}
		want := &ca.CreateCustomCertificateResponse{SerialNumber: server.SerialNumber, RequestId: server.RequestId, Identifier: resp.Identifier}
		if immediately >= 1 {
			want.Certificate = testutil.EncodePEM("CERTIFICATE", der)
		}
		if immediately == 2 {
			want.CertificateChain = au.sub.CertificateChain
		}
		if diff := cmp.Diff(want, resp); diff != "" {
			t.Errorf("Immediately %d: response mismatch (-want +got):\n%s", immediately, diff)
		}
	}
}

// A request for what another operation issues gives the same certificate.
func TestCreateCustomCertificateLikeServer(t *testing.T) {
	t.Parallel()
	for _, a := range testkeys.Families {
		issuer := authorityOf(a).issuer
		csr := hostCSR(t, a, "www.example.com", "a.example.com", "192.0.2.1")
		asked := serverRequest(issuer, csr)
		asked.EnableCrl = 1
		server := issue(t, issuer, asked)
		req := customFor(issuer, csr)
		req.ApiPassthrough.Subject = &customSubject{
			Country: "CN", State: "Zhejiang", Locality: "杭州", Organization: "Alibaba Inc.", OrganizationUnit: "Aliyun CDN", CommonName: "www.example.com",
		}
		req.ApiPassthrough.Extensions.ExtendedKeyUsages = []string{"serverAuth"}
		req.EnableCrl = 1
		custom := issueCustom(t, issuer, req)
		if diff := cmp.Diff(server.Extensions, custom.Extensions); diff != "" {
			t.Errorf("%s: extensions mismatch (-server +custom):\n%s", a, diff)
		}
		if server.Subject.String() != custom.Subject.String() {
			t.Errorf("%s: subject %v, want %v", a, custom.Subject, server.Subject)
		}
	}
}

// rand and the CA's key may fail: all results are nil then.
func TestCreateCustomCertificateFailures(t *testing.T) {
	t.Parallel()
	for _, a := range []algorithm.Algorithm{algorithm.ECC_256, algorithm.SM2_256} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			au := authorityOf(a)
			checkFailures(t, au.subKey, func(rand io.Reader, key crypto.Signer) (any, error) {
				issuer, err := ca.NewIssuer(au.sub.CertificateChain, key, ca.IssuerOptions{})
				if err != nil {
					t.Fatal(err)
				}
				resp, der, err := ca.CreateCustomCertificate(rand, instant, issuer, customFor(issuer, hostCSR(t, a, "www.example.com")))
				if (resp == nil) != (err != nil) || (der == nil) != (err != nil) {
					t.Errorf("results %v, %x with the error %v", resp, der, err)
				}
				if resp == nil {
					return nil, err
				}
				return resp, err
			})
		})
	}
}

// The first problem is told, in the order of the document.
func TestCreateCustomCertificateOrderOfProblems(t *testing.T) {
	t.Parallel()
	issuer := authorityOf(algorithm.ECC_256).issuer
	req := &customRequest{Csr: "X", Validity: "X", Immediately: -1, EnableCrl: -1, Tags: tags(101), CustomIdentifier: "\x00", ApiPassthrough: ca.CustomPassthrough{
		SerialNumber: "X",
		Subject: &customSubject{Country: "X", State: "\x00", Locality: "\x00", Organization: "\x00", OrganizationUnit: "\x00", CommonName: "\x00",
			CustomAttributes: attributes("X", "\x00")},
		Extensions: ca.CustomExtensions{
			KeyUsage: ca.CustomKeyUsage{DataEncipherment: true}, ExtendedKeyUsages: []string{"X"},
			SubjectAlternativeNames: typed("X", ""), Criticals: []string{"X"},
		},
	}}
	p := &req.ApiPassthrough
	for _, step := range []struct {
		code      yuncert.Code
		parameter string
		mend      func()
	}{
		{missing, "ParentIdentifier", func() { req.ParentIdentifier = issuer.Identifier() }},
		{malformed, "Csr", func() { req.Csr = hostCSR(t, algorithm.ECC_256, "www.example.com") }},
		{malformed, "Validity", func() { req.Validity = "1d" }},
		{malformed, passedSubject + ".Country", func() { p.Subject.Country = "" }},
		{malformed, passedSubject + ".State", func() { p.Subject.State = "" }},
		{malformed, passedSubject + ".Locality", func() { p.Subject.Locality = "" }},
		{malformed, passedSubject + ".Organization", func() { p.Subject.Organization = "" }},
		{malformed, passedSubject + ".OrganizationUnit", func() { p.Subject.OrganizationUnit = "" }},
		{malformed, passedSubject + ".CommonName", func() { p.Subject.CommonName = "" }},
		{malformed, passedAttribute + "1.ObjectIdentifier", func() { p.Subject.CustomAttributes[0].ObjectIdentifier = "2.5.4.5" }},
		{malformed, passedAttribute + "1.Value", func() { p.Subject.CustomAttributes[0].Value = "1" }},
		{refused, passedKeyUsage + ".DataEncipherment", func() { p.Extensions.KeyUsage = ca.CustomKeyUsage{} }},
		{malformed, passedUsages, func() { p.Extensions.ExtendedKeyUsages = nil }},
		{missing, passedKeyUsage, func() { p.Extensions.ExtendedKeyUsages = []string{"clientAuth"} }},
		{malformed, passedNames + ".1.Type", func() { p.Extensions.SubjectAlternativeNames[0].Type = "dNSName" }},
		{missing, passedNames + ".1.Value", func() { p.Extensions.SubjectAlternativeNames[0].Value = "a.example.com" }},
		{malformed, passedCriticals, func() { p.Extensions.Criticals = nil }},
		{malformed, passedSerial, func() { p.SerialNumber = "" }},
		{malformed, "Immediately", func() { req.Immediately = 0 }},
		{malformed, "EnableCrl", func() { req.EnableCrl = 0 }},
		{malformed, "Tags", func() { req.Tags = nil }},
		{malformed, "customIdentifier", func() { req.CustomIdentifier = "" }},
	} {
		testutil.CheckError(t, req.Validate(), step.code, step.parameter, "")
		step.mend()
	}
	issueCustom(t, issuer, req)
}

// The documented members, and a request that survives JSON.
func TestCreateCustomCertificateMembers(t *testing.T) {
	t.Parallel()
	checkMembers(t, ca.CustomPassthrough{}, "Subject *ca.CustomSubject", "Extensions ca.CustomExtensions", "SerialNumber string")
	checkMembers(t, customSubject{}, "Country string", "State string", "Locality string", "Organization string", "OrganizationUnit string", "CommonName string", "CustomAttributes []ca.CustomAttribute")
	checkMembers(t, customAttribute{}, "ObjectIdentifier string", "Value string")
	checkMembers(t, ca.CustomExtensions{}, "KeyUsage ca.CustomKeyUsage", "ExtendedKeyUsages []string", "SubjectAlternativeNames []ca.SubjectAlternativeName", "Criticals []string")
	checkMembers(t, ca.CustomKeyUsage{}, "DigitalSignature bool", "ContentCommitment bool", "NonRepudiation bool", "KeyEncipherment bool", "DataEncipherment bool",
		"KeyAgreement bool", "EncipherOnly bool", "DecipherOnly bool")
	checkMembers(t, typedName{}, "Type string", "Value string")
	checkMembers(t, ca.CreateCustomCertificateResponse{}, "Identifier string", "Certificate string", "SerialNumber string", "CertificateChain string", "RequestId string")
	for _, value := range []any{
		customRequest{}, ca.CustomPassthrough{}, customSubject{}, customAttribute{}, ca.CustomExtensions{}, ca.CustomKeyUsage{}, typedName{}, ca.CreateCustomCertificateResponse{},
	} {
		checkEmpty(t, value, "{}")
	}

	issuer := authorityOf(algorithm.SM2_256).issuer
	req := fullCustomRequest(t, algorithm.SM2_256, issuer)
	text, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	checkRoundTrip[customRequest](t, text)
	var members map[string]any
	again := new(customRequest)
	if err := errors.Join(json.Unmarshal(text, &members), json.Unmarshal(text, again)); err != nil {
		t.Fatal(err)
	}
	want := []string{"ApiPassthrough", "Csr", "EnableCrl", "Immediately", "ParentIdentifier", "ResourceGroupId", "Tags", "Validity", "customIdentifier"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(members))); diff != "" {
		t.Errorf("members mismatch (-want +got):\n%s", diff)
	}
	if !bytes.Equal(issueCustom(t, issuer, req).Raw, issueCustom(t, issuer, again).Raw) {
		t.Error("the request after JSON issues another certificate")
	}
	again.CustomIdentifier = ""
	if err := json.Unmarshal([]byte(`{"CustomIdentifier":"device 2"}`), again); err != nil || again.CustomIdentifier != "device 2" {
		t.Errorf("the spelling of the other operations is not read: %q, %v", again.CustomIdentifier, err)
	}
}

// Every request in JSON is refused with the request to blame, or gives a certificate
// that crypto/x509 and Verify accept and that is not a CA's.
func FuzzCreateCustomCertificateRequestJSON(f *testing.F) {
	authorities := []*authority{authorityOf(algorithm.ECC_256), authorityOf(algorithm.SM2_256)} // RSA keys sign slowly
	for _, au := range authorities {
		csr := hostCSR(f, au.algorithm, "www.example.com", "192.0.2.1")
		f.Add(encodeJSON(f, customFor(au.issuer, csr)))
		f.Add(encodeJSON(f, fullCustomRequest(f, au.algorithm, au.issuer)))
		for _, row := range refusedCustomRequests(f) {
			req := customFor(au.issuer, csr)
			row.change(req)
			if text := encodeJSON(f, req); len(text) < 100_000 {
				f.Add(text)
			}
		}
	}
	f.Add(`{"ApiPassthrough":null}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		req := new(customRequest)
		if json.Unmarshal([]byte(text), req) != nil {
			return
		}
		if err := req.Validate(); err != nil {
			checkRequestsFault(t, err)
			if _, _, again := ca.CreateCustomCertificate(testutil.Untouched(t), instant, nil, req); again == nil || again.Error() != err.Error() {
				t.Errorf("Validate says %v, and the operation %v", err, again)
			}
			return
		}
		accepted := 0
		for _, au := range authorities {
			req.ParentIdentifier, req.Immediately = au.issuer.Identifier(), 2
			resp, der, err := ca.CreateCustomCertificate(testutil.Seeded(), instant, au.issuer, req)
			if err != nil {
				checkRequestsFault(t, err)
				if resp != nil || der != nil {
					t.Error("a result with an error")
				}
				continue
			}
			accepted++
			cert := parse(t, der)
			verifySignature(t, cert, au.subKey.Public())
			if cert.IsCA || cert.BasicConstraintsValid == (au.algorithm == algorithm.SM2_256) || cert.KeyUsage&(x509.KeyUsageCertSign|x509.KeyUsageCRLSign) != 0 || cert.KeyUsage == 0 {
				t.Errorf("CA %v, key usage %b", cert.IsCA, cert.KeyUsage)
			}
			if slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
				t.Error("the certificate may answer OCSP requests")
			}
			if n := len(cert.DNSNames) + len(cert.IPAddresses) + len(cert.EmailAddresses) + len(cert.URIs); n > 251 || n == 0 && len(cert.Subject.Names) == 0 {
				t.Errorf("%d names and the subject %v", n, cert.Subject)
			}
			if cert.NotBefore.Before(instant) || cert.NotAfter.After(caEnd) || !cert.NotAfter.After(cert.NotBefore) {
				t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
			}
			_, err = ca.Verify(cert.NotBefore, resp.Certificate, ca.VerifyOptions{Roots: au.root.Certificate, Intermediates: resp.CertificateChain, Usage: x509.ExtKeyUsageAny})
			if err != nil {
				t.Errorf("Verify: %v", err)
			}
		}
		if accepted > 1 {
			t.Error("CAs of two families accept one key")
		}
	})
}
