package order

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/algorithm"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A RenewCertificateOrderForPackageRequestRequest applies for the same certificate again.
type RenewCertificateOrderForPackageRequestRequest struct {
	OrderId int64 `json:"OrderId,omitempty"` // the order whose certificate is about to expire. Required.

	// Csr is as in [CreateCertificateWithCsrRequestRequest], with the names of the order.
	// If it is empty, a new key and CSR are made.
	Csr string `json:"Csr,omitempty"`

	// Tags are as in [CreateCertificateWithCsrRequestRequest]. A Value too does not begin
	// with "aliyun" or "acs:" or contain "http://" or "https://".
	Tags []ca.Tag `json:"Tags,omitempty"`
}

// A RenewCertificateOrderForPackageRequestResponse names the new order.
type RenewCertificateOrderForPackageRequestResponse struct {
	OrderId   int64  `json:"OrderId,omitempty"` // as in [CreateCertificateWithCsrRequestResponse]
	RequestId string `json:"RequestId,omitempty"`
}

// Validate checks the request by itself, including the signature of the CSR, and returns
// the first problem in the order of the fields. The codes are as in
// [CreateCertificateWithCsrRequestRequest.Validate]. The operation also compares the CSR
// with the order.
func (r *RenewCertificateOrderForPackageRequestRequest) Validate() error {
	_, err := r.check(documentedTerms)
	return err
}

// check is Validate with other terms. It returns the CSR, or nil without one.
func (r *RenewCertificateOrderForPackageRequestRequest) check(t terms) (request *x509der.Request, err error) {
	if r == nil {
		r = new(RenewCertificateOrderForPackageRequestRequest)
	}
	if err := checkOrderID(r.OrderId); err != nil {
		return nil, err
	}
	if r.Csr != "" {
		request, err = parseCSR(r.Csr, t)
		if err != nil {
			return nil, err
		}
	}
	if err := checkTags(r.Tags); err != nil {
		return nil, err
	}
	return request, checkTagValues(r.Tags)
}

// renewal returns the order that renews o, without a CSR if request is nil.
func (o *Order) renewal(request *x509der.Request, t terms) (*Order, error) {
	product, err := productOf(t.products, o.ProductCode, yuncert.ErrCreateCertificateRequestFailed)
	if err != nil {
		return nil, err
	}
	names := o.names()
	if err := checkNames("OrderId", names, product); err != nil {
		return nil, err
	}
	if request != nil {
		ordered, err := namesOf(request, product, t.authority)
		if err != nil {
			return nil, err
		}
		if !sameNames(ordered, names, t.authority) {
			return nil, failed("Csr", "an order for the CSR has the names %.80q, and order %d has %.80q; want a CSR with the same names",
				strings.Join(ordered, ","), o.OrderId, o.Names)
		}
	}
	if err := checkValidateType(o.ValidateType, names, t.authority); err != nil {
		return nil, err
	}
	renewed := newOrder(request, product, names, o.ValidateType)
	renewed.Username, renewed.Phone, renewed.Email = o.Username, o.Phone, o.Email
	return renewed, nil
}

// RenewCertificateOrderForPackageRequest applies again for the certificate of an order in
// [StateCertificate] that is about to expire: from RenewBefore of [BookOptions] before
// NotAfter of the order until NotAfter. The application is a second order with a unit of
// its own. It has the product, the names, the contacts and the ValidateType of the first
// order, and its ownership is proved again. The first order stays as it is, and can be
// renewed again: a worker remembers that it has renewed an order with [Book.Postpone].
// Without Csr it makes an RSA key and returns it, as [Book.CreateCertificateRequest] does;
// with Csr the key is nil.
//
// The document lets the second order wait in the state payed, but has no operation that
// submits it. Here it is submitted at once.
//
// It returns [yuncert.ErrOrderStateError] for an order that is not about to expire or
// has expired, and the errors of [Book.CreateCertificateWithCsrRequest].
func (b *Book) RenewCertificateOrderForPackageRequest(ctx context.Context, rand io.Reader, now time.Time, req *RenewCertificateOrderForPackageRequestRequest) (*RenewCertificateOrderForPackageRequestResponse, *algorithm.PrivateKey, error) {
	request, err := req.check(b.terms())
	if err != nil {
		return nil, nil, err
	}
	old, err := b.orderFor(ctx, req.OrderId, eventRenew)
	if err != nil {
		return nil, nil, err
	}
	if from := old.NotAfter.Add(-b.renewBefore); now.Before(from) || now.After(old.NotAfter) {
		return nil, nil, yuncert.Errorf(yuncert.ErrOrderStateError, "OrderId", "the order can be renewed from %s to %s, and now is %s",
			from.UTC().Format(time.RFC3339), old.NotAfter.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	o, err := old.renewal(request, b.terms())
	if err != nil {
		return nil, nil, err
	}
	requestID, key, err := b.submitMakingKey(ctx, rand, now, o)
	if err != nil {
		return nil, nil, err
	}
	return &RenewCertificateOrderForPackageRequestResponse{OrderId: o.OrderId, RequestId: requestID}, key, nil
}
