package order

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateCertificateWithCsrRequestRequest applies for a DV certificate.
type CreateCertificateWithCsrRequestRequest struct {
	// Csr is a certificate signing request in PEM, as [csr.Parse] reads it, for a key
	// of RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384 or ECC_512. Its common name is
	// the domain to certify: a DNS name of at least two labels, or "*." and such a
	// name. Other names in it are ignored. A wildcard below a registry's name, such as
	// *.co.uk, is refused (CA/Browser Forum, Baseline Requirements, section 3.2.2.6;
	// ICANN part of the public suffix list). Required.
	Csr string `json:"Csr,omitempty"`

	ProductCode string `json:"ProductCode,omitempty"` // Code of a [Product]; empty means [DefaultProductCode]

	// Username, Phone and Email are the applicant's, in any form: up to 255 characters
	// of UTF-8 each, without control characters. Required.
	Username string `json:"Username,omitempty"`
	Phone    string `json:"Phone,omitempty"`
	Email    string `json:"Email,omitempty"`

	// ValidateType is "DNS" for a proof by TXT record, or "FILE" for a proof by file on
	// the domain's web server. "DNS" is for domains of up to 244 octets, in ASCII and
	// without "*.": "_dnsauth." in front of a longer one does not give a DNS name (RFC
	// 1035, section 2.3.4). "FILE" is not for wildcard names, because a file proves
	// only its own host (Baseline Requirements, section 3.2.2.4.18). Required.
	ValidateType string `json:"ValidateType,omitempty"`

	// Tags are up to 20 labels for you to store. A Key has 1 to 128 characters, does
	// not begin with "aliyun" or "acs:" and does not contain "http://" or "https://".
	// A Value has up to 128 characters. Control characters are refused.
	Tags []ca.Tag `json:"Tags,omitempty"`
}

// A CreateCertificateWithCsrRequestResponse names the new order.
type CreateCertificateWithCsrRequestResponse struct {
	OrderId   int64  `json:"OrderId,omitempty"` // from 1 to 2^53-1, so that JSON readers with floating point keep all digits
	RequestId string `json:"RequestId,omitempty"`
}

// Validate checks the request, including the signature of the CSR, and returns the
// first problem in the order of the fields. The code is
// [yuncert.ErrCreateCertificateRequestFailed] for Csr, for ProductCode, and for a
// domain that does not fit the product or ValidateType. It is
// [yuncert.ErrInvalidParameter] for an unknown ValidateType, and
// [yuncert.ErrInvalidValueMalformed] for other fields. The CSR's key must pass
// [algorithm.Check]; the operation applies the Book's KeyPolicy instead.
func (r *CreateCertificateWithCsrRequestRequest) Validate() error {
	_, err := r.check(algorithm.KeyPolicy{})
	return err
}

// check is Validate with a policy for the CSR's key. The order that it returns has
// no OrderId, Token and times yet.
func (r *CreateCertificateWithCsrRequestRequest) check(policy algorithm.KeyPolicy) (*Order, error) {
	if r == nil {
		r = new(CreateCertificateWithCsrRequestRequest)
	}
	request, err := parseCSR(r.Csr, policy)
	if err != nil {
		return nil, err
	}
	domain, err := domainOf(request)
	if err != nil {
		return nil, err
	}
	product, err := productOf(r.ProductCode, yuncert.ErrCreateCertificateRequestFailed)
	if err != nil {
		return nil, err
	}
	if err := product.checkDomain(domain); err != nil {
		return nil, err
	}
	for _, contact := range []struct{ name, text string }{{"Username", r.Username}, {"Phone", r.Phone}, {"Email", r.Email}} {
		if contact.text == "" {
			return nil, yuncert.Missing(contact.name)
		}
		if err := param.CheckText(contact.name, contact.text, 255); err != nil {
			return nil, err
		}
	}
	proved, wildcard := strings.CutPrefix(domain, "*.")
	switch {
	case r.ValidateType == "":
		return nil, yuncert.Missing("ValidateType")
	case r.ValidateType != validateDNS && r.ValidateType != validateFile:
		return nil, param.Refused("ValidateType", "%.40q is not DNS or FILE", r.ValidateType)
	case r.ValidateType == validateFile && wildcard:
		return nil, failed("ValidateType", "FILE does not prove ownership of the wildcard name %.80q; use DNS", domain)
	case r.ValidateType == validateDNS && len(recordLabel+"."+proved) > 253: // RFC 1035, 2.3.4
		return nil, failed("ValidateType", "%.80q has %d octets; DNS proves names of up to 244, and FILE longer ones that are not wildcard names", proved, len(proved))
	}
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	return &Order{
		ProductCode: product.Code, State: StateDomainVerify, Domain: domain, Names: domain, Due: proved,
		Csr:          der.PEM("CERTIFICATE REQUEST", request.Raw),
		ValidateType: r.ValidateType, Username: r.Username, Phone: r.Phone, Email: r.Email,
	}, nil
}

// minRSABits is the shortest RSA key of an order. A KeyPolicy can ask for more.
const minRSABits = 2048

// parseCSR reads a CSR and checks that its key suits a DV certificate.
func parseCSR(text string, policy algorithm.KeyPolicy) (*csr.Request, error) {
	if text == "" {
		return nil, yuncert.Missing("Csr")
	}
	policy.MinRSABits = max(policy.MinRSABits, minRSABits)
	request, err := csr.ParseWithPolicy([]byte(text), policy)
	if err != nil {
		return nil, param.Wrap(err, yuncert.ErrCreateCertificateRequestFailed, "Csr", "")
	}
	if request.Algorithm.Family() == "SM2" {
		return nil, failed("Csr", "the CSR's key is %s; want %sECC_256, ECC_384 or ECC_512", request.Algorithm, acceptedRSA(policy))
	}
	return request, nil
}

// acceptedRSA lists the RSA algorithms that a policy accepts, each with a comma.
func acceptedRSA(policy algorithm.KeyPolicy) string {
	list := ""
	for _, a := range []algorithm.Algorithm{algorithm.RSA_2048, algorithm.RSA_3072, algorithm.RSA_4096} {
		if a.KeySize() >= policy.MinRSABits {
			list += string(a) + ", "
		}
	}
	return list
}

// domainOf returns the common name of a CSR as a DNS name in ASCII.
func domainOf(request *csr.Request) (string, error) {
	if request.CommonName == "" {
		return "", failed("Csr", "the CSR has no common name; want the domain as its common name, since its other names are ignored")
	}
	name, ok := x509der.HostName(request.CommonName)
	if !ok || x509der.IsIP(name) || !strings.Contains(name, ".") || isList(request.CommonName) {
		return "", failed("Csr", "the CSR's common name %.80q is not a domain: %s", request.CommonName, whyNotDomain(request.CommonName))
	}
	if proved, wildcard := strings.CutPrefix(name, "*."); wildcard {
		// A registry does not own the names that others register below its own. With
		// "x." a rule is found that is a wildcard itself, such as *.kawasaki.jp.
		for _, suffix := range []string{proved, "x." + proved} {
			found, registry := publicsuffix.PublicSuffix(suffix)
			if registry && found == suffix {
				return "", failed("Csr", "the CSR's common name %.80q covers names of many owners (public suffix list); want a wildcard below a registered domain", name)
			}
		}
	}
	return name, nil
}

// isList finds the commas and semicolons of several scripts. The package idna takes
// U+3001 for a letter, so such a list would otherwise become a name.
func isList(commonName string) bool { return strings.ContainsAny(commonName, ",;，；、") }

// whyNotDomain says what is wrong with a common name, and what to do.
func whyNotDomain(name string) string {
	_, errIP := netip.ParseAddr(strings.Trim(name, "[]"))
	_, errPort := netip.ParseAddrPort(name)
	switch {
	case strings.Contains(name, "//"):
		return "it is a URL; want only its host name"
	case isList(name):
		return "it is a list; want one name, with an order for each"
	case strings.ContainsAny(name, " \u3000"):
		return "it has a space in it; want a name such as www.example.com"
	case strings.Contains(name, "@"):
		return "it is an e-mail address; want only the name after the @"
	case errIP == nil || errPort == nil:
		return "it is an IP address; want a DNS name"
	case strings.ContainsAny(name, "/?#"):
		return "it has a path; want only the host name"
	case strings.Contains(name, ":"):
		return "it has a port; want only the name before the colon"
	case strings.ContainsAny(name, "。．｡"):
		return "it has the dots of another script; write them as \".\""
	case strings.HasSuffix(name, "."):
		return "it ends with a dot; remove the dot"
	case !strings.Contains(name, "."):
		return "it has only one label; want at least two, such as example.com"
	}
	return "want a DNS name of at least two labels, or \"*.\" and such a name; a label has letters, digits and inner hyphens (RFC 5280, section 4.2.1.6)"
}

// checkTags applies the rules in the API's metadata.
func checkTags(tags []ca.Tag) error {
	if len(tags) > 20 {
		return param.Malformed("Tags", "there are %d tags; want at most 20", len(tags))
	}
	for _, tag := range tags {
		if tag.Key == "" {
			return param.Malformed("Tags", "a tag has no Key; want 1 to 128 characters")
		}
		if err := param.CheckText("Tags", tag.Key, 128); err != nil {
			return err
		}
		for _, reserved := range []string{"aliyun", "acs:"} {
			if strings.HasPrefix(tag.Key, reserved) {
				return param.Malformed("Tags", "the Key %.80q begins with %q, which is reserved", tag.Key, reserved)
			}
		}
		if strings.Contains(tag.Key, "http://") || strings.Contains(tag.Key, "https://") {
			return param.Malformed("Tags", "the Key %.80q contains http:// or https://", tag.Key)
		}
		if err := param.CheckText("Tags", tag.Value, 128); err != nil {
			return err
		}
	}
	return nil
}

// failed returns the error for an application that is refused.
func failed(parameter, format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrCreateCertificateRequestFailed, parameter, format, args...)
}

// CreateCertificateWithCsrRequest stores an application as a new order and takes one
// unit of the product's package. It returns the errors of Validate,
// [yuncert.ErrNotFoundPackage] if no package of the product was bought, and
// [yuncert.ErrNotRemainCount] if all units are used.
func (b *Book) CreateCertificateWithCsrRequest(ctx context.Context, rand io.Reader, now time.Time, req *CreateCertificateWithCsrRequestRequest) (*CreateCertificateWithCsrRequestResponse, error) {
	o, err := req.check(b.keyPolicy)
	if err != nil {
		return nil, err
	}
	o.Created = instant(now)
	o.Updated = o.Created
	o.Token, err = newToken(rand, now)
	if err != nil {
		return nil, err
	}
	requestID, err := newRequestID(rand)
	if err != nil {
		return nil, err
	}
	// One collision among 2^53 OrderIds is rare. Ten in a row mean that rand repeats
	// itself.
	for range 10 {
		o.OrderId, err = newOrderID(rand)
		if err != nil {
			return nil, err
		}
		err = b.submit(ctx, *o)
		if err == nil {
			return &CreateCertificateWithCsrRequestResponse{OrderId: o.OrderId, RequestId: requestID}, nil
		}
		if !errors.Is(err, ErrOrderExists) {
			return nil, err
		}
	}
	return nil, yuncert.Errorf(yuncert.ErrError, "", "rand repeats itself: ten OrderIds in a row are taken")
}

// submit stores an order and takes a unit for it.
func (b *Book) submit(ctx context.Context, o Order) error {
	return b.update(ctx, func(tx Tx) error {
		p, err := readPackage(tx, o.ProductCode)
		if err != nil {
			return err
		}
		if p.UsedCount >= p.TotalCount {
			return yuncert.Errorf(yuncert.ErrNotRemainCount, "ProductCode", "all %d certificates of %s are used; buy more, or delete orders that are cancelled or refused", p.TotalCount, p.ProductCode)
		}
		p.UsedCount++
		if err := tx.PutPackage(p); err != nil {
			return err
		}
		return tx.CreateOrder(o)
	})
}
