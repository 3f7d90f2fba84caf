package order

import (
	"context"
	"io"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
)

// A CreateCertificateWithCsrRequestRequest applies for a DV certificate.
type CreateCertificateWithCsrRequestRequest struct {
	// Csr is a certificate signing request in PEM, as [csr.Parse] reads it, for a key
	// of RSA_2048, RSA_3072, RSA_4096, ECC_256, ECC_384 or ECC_512. Its common name is
	// the domain to certify: a DNS name of at least two labels, or "*." and such a
	// name. Other names in it are ignored. Without a common name, which has up to 64
	// characters, the domain is the only DNS name in subjectAltName. A wildcard below a
	// registry's name, such as *.co.uk, is refused (CA/Browser Forum, Baseline
	// Requirements, section 3.2.2.6; ICANN part of the public suffix list). Required.
	//
	// If the product takes several names, or the Book has an [Authority], the order is
	// for all DNS names of the CSR, up to MaxNames of the [Product]. All are single names,
	// or all are wildcards. The parent of a wildcard, such as example.com of
	// *.example.com, may be there too and does not count. Names other than DNS names are
	// refused. An Authority also needs a common name in ASCII, and a key other than
	// ECC_512.
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
	// 1035, section 2.3.4). With an [Authority] they have up to 237 octets, because of
	// "_acme-challenge.". "FILE" is not for wildcard names, because a file proves only
	// its own host (Baseline Requirements, section 3.2.2.4.18). Required.
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

// Validate checks the request for the documented products and without an [Authority],
// including the signature of the CSR, and returns the first problem in the order of the
// fields. The names in the CSR come after ProductCode, which says how many and what kind
// it takes. The code is [yuncert.ErrCreateCertificateRequestFailed] for Csr, for
// ProductCode, and for names that do not fit the product or ValidateType. It is
// [yuncert.ErrInvalidParameter] for an unknown ValidateType, and
// [yuncert.ErrInvalidValueMalformed] for other fields. The CSR's key must pass
// [algorithm.Check]; the operation applies the Book's options instead.
func (r *CreateCertificateWithCsrRequestRequest) Validate() error {
	_, err := r.check(documentedTerms)
	return err
}

// check is Validate with other terms. The order that it returns is for [Book.submit].
func (r *CreateCertificateWithCsrRequestRequest) check(t terms) (*Order, error) {
	if r == nil {
		r = new(CreateCertificateWithCsrRequestRequest)
	}
	request, err := parseCSR(r.Csr, t)
	if err != nil {
		return nil, err
	}
	product, err := productOf(t.products, r.ProductCode, yuncert.ErrCreateCertificateRequestFailed)
	if err != nil {
		return nil, err
	}
	names, err := namesOf(request, product, t.authority)
	if err != nil {
		return nil, err
	}
	if err := checkContacts(r.Username, r.Phone, r.Email); err != nil {
		return nil, err
	}
	if err := checkValidateType(r.ValidateType, names, t.authority); err != nil {
		return nil, err
	}
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	o := newOrder(request, product, names, r.ValidateType)
	o.Username, o.Phone, o.Email = r.Username, r.Phone, r.Email
	return o, nil
}

// CreateCertificateWithCsrRequest stores an application as a new order and takes one
// unit of the product's package. It returns the errors of Validate,
// [yuncert.ErrNotFoundPackage] if no package of the product was bought, and
// [yuncert.ErrNotRemainCount] if all units are used.
//
// With an [Authority] it applies at the CA first. If the CA refuses, the code is
// [yuncert.ErrCreateCertificateRequestFailed] and no unit is taken. The order begins in
// [StateProcess] if the CA needs no proof.
func (b *Book) CreateCertificateWithCsrRequest(ctx context.Context, rand io.Reader, now time.Time, req *CreateCertificateWithCsrRequestRequest) (*CreateCertificateWithCsrRequestResponse, error) {
	o, err := req.check(b.terms())
	if err != nil {
		return nil, err
	}
	requestID, err := b.submit(ctx, rand, now, o)
	if err != nil {
		return nil, err
	}
	return &CreateCertificateWithCsrRequestResponse{OrderId: o.OrderId, RequestId: requestID}, nil
}
