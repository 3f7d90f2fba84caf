package order

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/csr"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateCertificateWithCsrRequestRequest is an application for a DV
// certificate, with the parameters of CreateCertificateWithCsrRequest
// (Certificate Management Service, 2020-04-07).
type CreateCertificateWithCsrRequestRequest struct {
	// Csr is the certificate signing request, PEM from any tool, as [csr.Parse]
	// reads it. Its key is RSA_2048, RSA_3072 or RSA_4096, or ECC on P-256, P-384 or
	// P-521. Its common name is the domain that the certificate is for: a DNS name of
	// at least two labels, or "*." and such a name that is no registry's (CA/Browser
	// Forum, Baseline Requirements, section 3.2.2.6; the ICANN part of the public
	// suffix list). Other names in the CSR do not count. Required.
	Csr string `json:"Csr,omitempty"`

	// ProductCode is the Code of the [Product], which says whether the domain is a
	// plain name or a wildcard. Empty means [DefaultProductCode].
	ProductCode string `json:"ProductCode,omitempty"`

	// Username is the name of the applicant: up to 255 characters of UTF-8, none
	// of them a control character. Required.
	Username string `json:"Username,omitempty"`

	// Phone is the phone number of the applicant, with the limits of Username; its
	// form is not looked at. Required.
	Phone string `json:"Phone,omitempty"`

	// Email is the address of the applicant, with the limits of Username; its form
	// is not looked at. Required.
	Email string `json:"Email,omitempty"`

	// ValidateType is how ownership is proved: "DNS", by a TXT record, or "FILE",
	// by a file on the domain's web server. A record proves a name of up to 244
	// octets, in ASCII and without "*.": with "_dnsauth." in front a longer one is no
	// name any more (RFC 1035, section 2.3.4). A file proves no wildcard name: it says
	// nothing of the other hosts (CA/Browser Forum, Baseline Requirements, section
	// 3.2.2.4.18). Required.
	ValidateType string `json:"ValidateType,omitempty"`

	// Tags are up to 20 labels for the caller to store. A Key has 1 to 128
	// characters, does not begin with "aliyun" or "acs:", and has no "http://" or
	// "https://" in it; a Value has up to 128. None is a control character.
	Tags []ca.Tag `json:"Tags,omitempty"`
}

// A CreateCertificateWithCsrRequestResponse is what
// CreateCertificateWithCsrRequest returns.
type CreateCertificateWithCsrRequestResponse struct {
	// OrderId names the order, from 1 to 2^53-1: a JSON reader that uses floating
	// point loses no digit of it.
	OrderId int64 `json:"OrderId,omitempty"`

	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`
}

// Validate checks the request, the CSR with its signature included, and returns
// the first problem in the order of the fields: [yuncert.ErrMissingParameter] for
// a required one that is empty, [yuncert.ErrCreateCertificateRequestFailed] for
// Csr, ProductCode, and a domain that does not go with the product or with
// ValidateType, [yuncert.ErrInvalidParameter] for a ValidateType of neither kind,
// and [yuncert.ErrInvalidValueMalformed] for any other value that breaks the rule
// in the field's comment. The CSR's key passes [algorithm.Check]; the operation,
// which has a Book, goes by its Keys instead.
func (r *CreateCertificateWithCsrRequestRequest) Validate() error {
	_, err := r.check(algorithm.Policy{})
	return err
}

// check is Validate with a policy for the CSR's key, and returns the order without
// what is drawn.
func (r *CreateCertificateWithCsrRequestRequest) check(keys algorithm.Policy) (*Order, error) {
	if r == nil {
		r = new(CreateCertificateWithCsrRequestRequest)
	}
	request, err := parseCSR(r.Csr, keys)
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
	if err := product.takes(domain); err != nil {
		return nil, err
	}
	for _, contact := range []struct{ name, text string }{{"Username", r.Username}, {"Phone", r.Phone}, {"Email", r.Email}} {
		if contact.text == "" {
			return nil, yuncert.Missing(contact.name)
		}
		if err := checkText(contact.name, contact.text, 255); err != nil {
			return nil, err
		}
	}
	proved, wildcard := strings.CutPrefix(domain, "*.")
	switch {
	case r.ValidateType == "":
		return nil, yuncert.Missing("ValidateType")
	case r.ValidateType != validateDNS && r.ValidateType != validateFile:
		return nil, yuncert.Errorf(yuncert.ErrInvalidParameter, "ValidateType", "%.40q is not DNS or FILE", r.ValidateType)
	case r.ValidateType == validateFile && wildcard:
		return nil, failed("ValidateType", "a file does not prove the ownership of %q: DNS does", domain)
	case r.ValidateType == validateDNS && len(recordLabel+"."+proved) > 253: // which no DNS name is
		return nil, failed("ValidateType", "DNS proves a name of up to 244 octets, and a file a longer one that is no wildcard: %q has %d", proved, len(proved))
	}
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	return &Order{
		ProductCode: product.Code, State: StateDomainVerify, Domain: domain,
		Csr:          string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request.Raw})),
		ValidateType: r.ValidateType, Username: r.Username, Phone: r.Phone, Email: r.Email,
	}, nil
}

// parseCSR reads a CSR whose key a DV certificate may have.
func parseCSR(text string, keys algorithm.Policy) (*csr.Request, error) {
	if text == "" {
		return nil, yuncert.Missing("Csr")
	}
	request, err := csr.ParseWithPolicy([]byte(text), keys)
	if err != nil {
		return nil, withCode(err, yuncert.ErrCreateCertificateRequestFailed)
	}
	if request.Algorithm.Family() == "SM2" || request.Algorithm == algorithm.RSA_1024 {
		return nil, failed("Csr", "the CSR's key is %s: RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384 and ECC_512 are accepted", request.Algorithm)
	}
	return request, nil
}

// domainOf returns the common name of a CSR as the DNS name that it is.
func domainOf(request *csr.Request) (string, error) {
	name, ok := x509der.HostName(request.CommonName)
	if !ok || x509der.IsIP(name) || !strings.Contains(name, ".") {
		return "", failed("Csr", "the CSR's common name %.80q is not the domain to certify: a DNS name of at least two labels, or \"*.\" and such a name", request.CommonName)
	}
	if proved, wildcard := strings.CutPrefix(name, "*."); wildcard {
		// Whoever runs a registry does not own what others register there.
		// A rule of the list may itself be a wildcard, such as *.kawasaki.jp.
		for _, suffix := range []string{proved, "x." + proved} {
			if found, registry := publicsuffix.PublicSuffix(suffix); registry && found == suffix {
				return "", failed("Csr", "the CSR's common name %q stands for names of many owners, as the public suffix list has it", name)
			}
		}
	}
	return name, nil
}

// checkTags checks the labels as the API's metadata describes them.
func checkTags(tags []ca.Tag) error {
	if len(tags) > 20 {
		return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "Tags", "%d tags are more than 20", len(tags))
	}
	for _, tag := range tags {
		if tag.Key == "" {
			return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "Tags", "a tag has no Key")
		}
		if err := checkText("Tags", tag.Key, 128); err != nil {
			return err
		}
		for _, reserved := range []string{"aliyun", "acs:"} {
			if strings.HasPrefix(tag.Key, reserved) {
				return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "Tags", "the Key %.80q begins with %q, which is reserved", tag.Key, reserved)
			}
		}
		if strings.Contains(tag.Key, "http://") || strings.Contains(tag.Key, "https://") {
			return yuncert.Errorf(yuncert.ErrInvalidValueMalformed, "Tags", "the Key %.80q has an http:// or https:// in it", tag.Key)
		}
		if err := checkText("Tags", tag.Value, 128); err != nil {
			return err
		}
	}
	return nil
}

// failed is the error for an application that cannot be accepted.
func failed(parameter, format string, args ...any) error {
	return yuncert.Errorf(yuncert.ErrCreateCertificateRequestFailed, parameter, format, args...)
}

// CreateCertificateWithCsrRequest stores an application and takes one unit of
// the package of its product. The order is in [StateDomainVerify];
// DescribeCertificateState says what proves the ownership.
//
// Errors, after those of [CreateCertificateWithCsrRequestRequest.Validate]:
//
//   - [yuncert.ErrNotFoundPackage]: no package of the product was bought.
//   - [yuncert.ErrNotRemainCount]: all units of the package are used.
//   - [yuncert.ErrError]: rand or the store failed.
//
// On an error no unit is taken and no order stored, unless the cause is
// [ErrOutcomeUnknown].
func (b *Book) CreateCertificateWithCsrRequest(ctx context.Context, rand io.Reader, now time.Time, req *CreateCertificateWithCsrRequestRequest) (*CreateCertificateWithCsrRequestResponse, error) {
	o, err := req.check(b.keys)
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
	// With 2^53 ids one collision is rare. Ten in a row come from a random source
	// that repeats itself.
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
			return yuncert.Errorf(yuncert.ErrNotRemainCount, "ProductCode", "all %d certificates of %s are used", p.TotalCount, p.ProductCode)
		}
		p.UsedCount++
		if err := tx.PutPackage(p); err != nil {
			return err
		}
		return tx.CreateOrder(o)
	})
}
