package order

import (
	"context"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/param"
)

// A CreateCertificateRequestRequest applies for a DV certificate with a key that is made
// here.
type CreateCertificateRequestRequest struct {
	ProductCode string `json:"ProductCode,omitempty"` // Code of a [Product]; empty means [DefaultProductCode]

	// Username, Phone and Email are as in [CreateCertificateWithCsrRequestRequest].
	// Required.
	Username string `json:"Username,omitempty"`
	Phone    string `json:"Phone,omitempty"`
	Email    string `json:"Email,omitempty"`

	// Domain is the name to certify: one DNS name of at least two labels, or "*." and
	// such a name, that fits the product. Required.
	Domain string `json:"Domain,omitempty"`

	ValidateType string `json:"ValidateType,omitempty"` // as in [CreateCertificateWithCsrRequestRequest]. Required.

	// Tags are up to 20 labels for you to store. A Key has 1 to 64 characters: a letter,
	// and then letters, digits, ".", "_" and "-". A Value has up to 128 characters
	// without control characters. Neither begins with "aliyun" or "acs:" or contains
	// "http://" or "https://".
	Tags []ca.Tag `json:"Tags,omitempty"`
}

// A CreateCertificateRequestResponse names the new order.
type CreateCertificateRequestResponse struct {
	OrderId   int64  `json:"OrderId,omitempty"` // as in [CreateCertificateWithCsrRequestResponse]
	RequestId string `json:"RequestId,omitempty"`
}

// Validate checks the request and returns the first problem in the order of the fields.
// The codes are as in [CreateCertificateWithCsrRequestRequest.Validate], with Domain in
// place of Csr. It knows the documented products only.
func (r *CreateCertificateRequestRequest) Validate() error {
	_, err := r.check(documentedTerms)
	return err
}

// check is Validate with other terms. The order that it returns has no CSR yet.
func (r *CreateCertificateRequestRequest) check(t terms) (*Order, error) {
	if r == nil {
		r = new(CreateCertificateRequestRequest)
	}
	product, err := productOf(t.products, r.ProductCode, yuncert.ErrCreateCertificateRequestFailed)
	if err != nil {
		return nil, err
	}
	if err := checkContacts(r.Username, r.Phone, r.Email); err != nil {
		return nil, err
	}
	names, err := splitDomain(r.Domain)
	if err != nil {
		return nil, err
	}
	if len(names) > 1 {
		return nil, failed("Domain", "there are %d names; want one, or use CreateCertificateForPackageRequest", len(names))
	}
	if err := checkNames("Domain", names, product); err != nil {
		return nil, err
	}
	if err := checkValidateType(r.ValidateType, names, t.authority); err != nil {
		return nil, err
	}
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	if err := checkTagValues(r.Tags); err != nil {
		return nil, err
	}
	for _, tag := range r.Tags {
		if err := checkTagKey(tag.Key); err != nil {
			return nil, err
		}
	}
	o := newOrder(nil, product, names, r.ValidateType)
	o.Username, o.Phone, o.Email = r.Username, r.Phone, r.Email
	return o, nil
}

// splitDomain reads the names in a parameter Domain, which must have one.
func splitDomain(list string) ([]string, error) {
	names, err := param.SplitNames("Domain", list)
	if err != nil {
		return nil, param.Wrap(err, yuncert.ErrCreateCertificateRequestFailed, "Domain", "")
	}
	if len(names) == 0 {
		return nil, yuncert.Missing("Domain")
	}
	return names, nil
}

// checkTagKey applies the rule that only CreateCertificateRequest has. checkTags has
// checked the key already.
func checkTagKey(key string) error {
	outside := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	}
	if first := []rune(key)[0]; len([]rune(key)) > 64 || !unicode.IsLetter(first) || strings.ContainsFunc(key, outside) {
		return param.Malformed("Tags", "the Key %.80q is not up to 64 letters, digits, \".\", \"_\" and \"-\" that begin with a letter", key)
	}
	return nil
}

// CreateCertificateRequest makes an RSA key and a CSR for the Domain, stores the
// application as a new order and takes one unit of the product's package. The key has
// 2048 bits, or 3072 or 4096 if the Book's KeyPolicy demands more. It comes from the
// system's randomness and is stored nowhere: keep it before anything else. Without it the
// certificate is useless.
//
// CreateCertificateRequest returns the errors of [Book.CreateCertificateWithCsrRequest].
func (b *Book) CreateCertificateRequest(ctx context.Context, rand io.Reader, now time.Time, req *CreateCertificateRequestRequest) (*CreateCertificateRequestResponse, *algorithm.PrivateKey, error) {
	o, err := req.check(b.terms())
	if err != nil {
		return nil, nil, err
	}
	requestID, key, err := b.submitMakingKey(ctx, rand, now, o)
	if err != nil {
		return nil, nil, err
	}
	return &CreateCertificateRequestResponse{OrderId: o.OrderId, RequestId: requestID}, key, nil
}
