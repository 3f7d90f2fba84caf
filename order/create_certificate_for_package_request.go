package order

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/param"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A CreateCertificateForPackageRequestRequest applies for a DV certificate, with a CSR or
// with a key that is made here. The documents also take OV certificates.
type CreateCertificateForPackageRequestRequest struct {
	ProductCode string `json:"ProductCode,omitempty"` // Code of a [Product]; empty means [DefaultProductCode]

	// Domain has up to five names to certify, separated by commas. All are DNS names of at
	// least two labels, or all are wildcards: "*." and such a name. The parent of a
	// wildcard, such as example.com of *.example.com, may be there too. The names fit the
	// product: see MaxNames of [Product]. Spaces around names, empty entries and repeated
	// names are dropped. If there is a Csr, Domain is empty or has the names that an order
	// for this CSR has.
	Domain string `json:"Domain,omitempty"`

	// Csr is as in [CreateCertificateWithCsrRequestRequest]. If it is empty, the key and
	// the CSR are made for Domain, which is then required.
	Csr string `json:"Csr,omitempty"`

	// Username, Phone and Email are as in [CreateCertificateWithCsrRequestRequest], or
	// empty.
	Username string `json:"Username,omitempty"`
	Phone    string `json:"Phone,omitempty"`
	Email    string `json:"Email,omitempty"`

	// CompanyName is for OV certificates, up to 255 characters. It has no effect here.
	CompanyName string `json:"CompanyName,omitempty"`

	ValidateType string   `json:"ValidateType,omitempty"` // as in [CreateCertificateWithCsrRequestRequest]; empty means "DNS"
	Tags         []ca.Tag `json:"Tags,omitempty"`         // as in [CreateCertificateWithCsrRequestRequest]
}

// A CreateCertificateForPackageRequestResponse names the new order.
type CreateCertificateForPackageRequestResponse struct {
	OrderId   int64  `json:"OrderId,omitempty"` // as in [CreateCertificateWithCsrRequestResponse]
	RequestId string `json:"RequestId,omitempty"`
}

// Validate checks the request and returns the first problem in the order of the fields.
// The codes are as in [CreateCertificateWithCsrRequestRequest.Validate], for Domain as for
// Csr. It knows the documented products only, and takes the names from a CSR as a Book
// without an [Authority] does.
func (r *CreateCertificateForPackageRequestRequest) Validate() error {
	_, err := r.check(documentedTerms)
	return err
}

// maxDomain is the largest number of names in Domain, by the document.
const maxDomain = 5

// check is Validate with other terms. The order that it returns has no CSR if the request
// has none.
func (r *CreateCertificateForPackageRequestRequest) check(t terms) (*Order, error) {
	if r == nil {
		r = new(CreateCertificateForPackageRequestRequest)
	}
	product, err := productOf(t.products, r.ProductCode, yuncert.ErrCreateCertificateRequestFailed)
	if err != nil {
		return nil, err
	}
	if r.Domain == "" && r.Csr == "" {
		return nil, yuncert.Errorf(yuncert.ErrMissingParameter, "Domain", "Domain is mandatory for this action. Csr can replace it.")
	}
	var names []string
	if r.Domain != "" {
		names, err = splitDomain(r.Domain)
		if err != nil {
			return nil, err
		}
		if len(names) > maxDomain {
			return nil, failed("Domain", "there are %d names; want up to %d", len(names), maxDomain)
		}
		if err := checkNames("Domain", names, product); err != nil {
			return nil, err
		}
	}
	var request *x509der.Request
	if r.Csr != "" {
		request, err = parseCSR(r.Csr, t)
		if err != nil {
			return nil, err
		}
		ordered, err := namesOf(request, product, t.authority)
		if err != nil {
			return nil, err
		}
		if r.Domain != "" && !sameNames(ordered, names, t.authority) {
			return nil, failed("Domain", "Domain has the names %.80q, and an order for the CSR has %.80q; want the same names, or leave Domain out",
				strings.Join(names, ","), strings.Join(ordered, ","))
		}
		names = ordered
	}
	for _, text := range []struct{ parameter, text string }{
		{"Username", r.Username}, {"Phone", r.Phone}, {"Email", r.Email}, {"CompanyName", r.CompanyName},
	} {
		if err := param.CheckText(text.parameter, text.text, 255); err != nil {
			return nil, err
		}
	}
	validateType := cmp.Or(r.ValidateType, validateDNS)
	if err := checkValidateType(validateType, names, t.authority); err != nil {
		return nil, err
	}
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	o := newOrder(request, product, names, validateType)
	o.Username, o.Phone, o.Email = r.Username, r.Phone, r.Email
	return o, nil
}

// sameNames reports whether two lists ask for the same certificate, in any sequence.
// [Book.Issue] adds the parent of a wildcard, and an Authority does not.
func sameNames(a, b []string, authority bool) bool {
	if !authority {
		a, b = certifiedNames(a), certifiedNames(b)
	}
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// CreateCertificateForPackageRequest stores an application as a new order and takes one
// unit of the product's package, for any number of names. Without Csr it makes a key and
// a CSR, and returns the key, as [Book.CreateCertificateRequest] does; with Csr the key is
// nil.
//
// CreateCertificateForPackageRequest returns the errors of
// [Book.CreateCertificateWithCsrRequest].
func (b *Book) CreateCertificateForPackageRequest(ctx context.Context, rand io.Reader, now time.Time, req *CreateCertificateForPackageRequestRequest) (*CreateCertificateForPackageRequestResponse, *algorithm.PrivateKey, error) {
	o, err := req.check(b.terms())
	if err != nil {
		return nil, nil, err
	}
	requestID, key, err := b.submitMakingKey(ctx, rand, now, o)
	if err != nil {
		return nil, nil, err
	}
	return &CreateCertificateForPackageRequestResponse{OrderId: o.OrderId, RequestId: requestID}, key, nil
}
