package order

import (
	"context"
	"io"

	"github.com/yuncert/yuncert/internal/der"
	"github.com/yuncert/yuncert/internal/x509der"
)

// A DescribeCertificateStateRequest names the order to describe.
type DescribeCertificateStateRequest struct {
	OrderId int64 `json:"OrderId,omitempty"` // Required.
}

// A DescribeCertificateStateResponse has the state of an order. In the state
// domain_verify it also has the [Challenge], and in the state certificate the
// certificate. All other fields are empty.
type DescribeCertificateStateResponse struct {
	RequestId string `json:"RequestId,omitempty"`
	Type      string `json:"Type,omitempty"` // the [State]

	// These are the fields of the [Challenge]. For "DNS", Domain is empty.
	ValidateType string `json:"ValidateType,omitempty"`
	RecordDomain string `json:"RecordDomain,omitempty"`
	RecordType   string `json:"RecordType,omitempty"`
	RecordValue  string `json:"RecordValue,omitempty"`
	Domain       string `json:"Domain,omitempty"`
	Uri          string `json:"Uri,omitempty"`
	Content      string `json:"Content,omitempty"`

	// Certificate is the certificate in PEM. CA certificates follow it: after [Book.Issue]
	// the ones below the root, and after [Book.Complete] or [Book.Obtain] the ones that the
	// CA gave.
	Certificate string `json:"Certificate,omitempty"`
	PrivateKey  string `json:"PrivateKey,omitempty"` // always empty: the Book stores no private key
	CertId      string `json:"CertId,omitempty"`     // the Identifier in package ca: 32 lower-case hexadecimal digits
}

// Validate returns [yuncert.ErrMissingParameter] if OrderId is zero.
func (r *DescribeCertificateStateRequest) Validate() error {
	if r == nil {
		return checkOrderID(0)
	}
	return checkOrderID(r.OrderId)
}

// DescribeCertificateState returns the state of an order, but not the reason of a
// failure: [Book.Order] does.
func (b *Book) DescribeCertificateState(ctx context.Context, rand io.Reader, req *DescribeCertificateStateRequest) (*DescribeCertificateStateResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	requestID, err := newRequestID(rand)
	if err != nil {
		return nil, err
	}
	o, err := b.Order(ctx, req.OrderId)
	if err != nil {
		return nil, err
	}
	resp := &DescribeCertificateStateResponse{RequestId: requestID, Type: o.State.documented()}
	switch o.State {
	case StateDomainVerify:
		c := o.Challenge()
		resp.ValidateType = c.ValidateType
		resp.RecordDomain, resp.RecordType, resp.RecordValue = c.RecordDomain, c.RecordType, c.RecordValue
		if c.ValidateType == validateFile {
			resp.Domain, resp.Uri, resp.Content = c.Domain, c.Uri, c.Content
		}
	case StateCertificate:
		resp.Certificate = o.Certificate
		block, _ := der.NewPEMReader([]byte(o.Certificate)).Next()
		if block != nil {
			resp.CertId = x509der.Identifier(block.Bytes)
		}
	}
	return resp, nil
}
