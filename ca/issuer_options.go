package ca

import (
	"net/url"
	"strings"
	"time"

	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// IssuerOptions are the settings of an [Issuer]. The zero value will do.
type IssuerOptions struct {
	// CRLBase is the http or https address of the directory with the CRLs, such
	// as "http://pki.example.com/crl". The address of the CA's CRL is CRLBase, a
	// slash, the CA's Identifier and ".crl". That address is written into every
	// certificate of a subordinate CA, and into other certificates with EnableCrl
	// 1. Empty means no CRLs. For several CRLs of one CA make several Issuers,
	// each with its own CRLBase.
	CRLBase string
	// OCSPServer has up to 8 http or https addresses of the CA's OCSP responders.
	// IssuingCertificateURL has up to 8 addresses of the CA's own certificate in
	// DER. The CA's Identifier replaces the text "{Identifier}" in an address, so
	// that all CAs of a Pool can have the same options; other braces are refused.
	// The addresses are written into every certificate that the CA signs, as the
	// extension authorityInfoAccess (RFC 5280, section 4.2.2.1).
	OCSPServer, IssuingCertificateURL []string
	// Defaults are written into the subjects of server and client certificates if
	// neither the request nor the CSR has the attribute. Nil means the documented
	// ones, which name Alibaba.
	Defaults *Defaults
	// Backdate is how long before now certificates begin, for clients with slow
	// clocks. None begins before the CA and its chain. A start that the request
	// sets, and the end of the certificate, do not move. Negative values and
	// fractions of a second are refused.
	Backdate time.Duration
	// CertMaxTime is the longest validity of a server, client or custom
	// certificate in days of 24 hours. Backdate does not count. Zero means no
	// limit. The documents have the name but no unit. A month can have 31 days: use
	// Days to issue for the longest time.
	CertMaxTime int32
	// RootIssues allows a root CA to sign certificates for servers and clients.
	// The documents want a subordinate CA. Set it to take over a CA without one.
	RootIssues bool
	// KeyPolicy applies to every public key that the CA certifies: from CSRs, of
	// subordinate CAs and OCSP responders, for encryption, and of keys that it
	// generates. It also applies to the keys in the chain, except for MinRSABits:
	// a CA with a shorter key stays usable. The CA's key must pass
	// [algorithm.Check] too.
	KeyPolicy algorithm.KeyPolicy
}

// Defaults are parts of a subject, up to 64 characters each. An empty one is
// left out of the subject.
type Defaults struct {
	Organization, OrganizationUnit string
}

// documentedDefaults apply where IssuerOptions has none.
var documentedDefaults = Defaults{Organization: "Alibaba Inc.", OrganizationUnit: "Aliyun CDN"}

// name checks the defaults and returns them as attributes.
func (d *Defaults) name() (x509der.Name, error) {
	if d == nil {
		d = &documentedDefaults
	}
	var name x509der.Name
	for _, part := range []param.Attribute{
		{Name: "Defaults.Organization", Type: x509der.Organization, Text: d.Organization},
		{Name: "Defaults.OrganizationUnit", Type: x509der.OrganizationalUnit, Text: d.OrganizationUnit},
	} {
		if err := part.AddTo(&name); err != nil {
			return nil, err
		}
	}
	return name, nil
}

// apply checks the options and encodes what the issuer writes into certificates,
// once for all of them.
func (i *Issuer) apply(opts IssuerOptions) (err error) {
	if opts.CRLBase != "" {
		base, err := webAddress("CRLBase", opts.CRLBase)
		if err != nil {
			return err
		}
		i.crlAddress = strings.TrimSuffix(base, "/") + "/" + i.Identifier() + ".crl"
		i.crlPoints = x509der.CRLPoints(i.crlAddress)
	}
	responders, err := i.webAddresses("OCSPServer", opts.OCSPServer)
	if err != nil {
		return err
	}
	issuers, err := i.webAddresses("IssuingCertificateURL", opts.IssuingCertificateURL)
	if err != nil {
		return err
	}
	i.infoAccess = x509der.InfoAccess(responders, issuers)
	if i.defaults, err = opts.Defaults.name(); err != nil {
		return err
	}
	if opts.Backdate < 0 || opts.Backdate%time.Second != 0 {
		return param.Refused("Backdate", "%v is negative or has a fraction of a second", opts.Backdate)
	}
	if opts.CertMaxTime < 0 {
		return param.Refused("CertMaxTime", "%d is negative; want days, or 0 for no limit", opts.CertMaxTime)
	}
	return nil
}

// maxAddresses is the limit for each list of addresses. A client may try all of
// them, one after the other.
const maxAddresses = 8

// webAddresses checks a list of addresses and puts the CA's Identifier into them.
func (i *Issuer) webAddresses(option string, list []string) ([]string, error) {
	if len(list) > maxAddresses {
		return nil, param.Refused(option, "%d addresses; up to %d are accepted", len(list), maxAddresses)
	}
	var addresses []string
	for _, entry := range list {
		address, err := webAddress(option, strings.ReplaceAll(entry, "{Identifier}", i.Identifier()))
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}

// webAddress checks an address and returns it as certificates have it.
func webAddress(option, text string) (string, error) {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" || !x509der.IsASCII(address.Host) ||
		address.User != nil || address.RawQuery != "" || address.ForceQuery || address.Fragment != "" || len(text) > maxAddress {
		return "", param.Refused(option, "%.80q is not an http or https address with an ASCII host, without user, query and fragment, and with up to %d octets", text, maxAddress)
	}
	if strings.ContainsAny(text, "{}") { // url.Parse would escape them
		return "", param.Refused(option, "the address %.80q has braces: only {Identifier} is replaced, in OCSPServer and IssuingCertificateURL", text)
	}
	// Underscores are accepted: names in DNS may have them.
	if _, err := x509der.ReferenceName(address.Hostname()); err != nil {
		return "", param.Refused(option, "the host of the address %.80q: %v", text, err)
	}
	if err := checkReadable(address, text); err != nil {
		return "", param.Refused(option, "%v", err)
	}
	return address.String(), nil
}

// maxAddress is the largest number of octets in an address.
const maxAddress = 2048
