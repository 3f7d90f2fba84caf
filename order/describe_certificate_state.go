package order

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/pem"
	"io"
)

// A DescribeCertificateStateRequest asks where an order stands, with the
// parameter of DescribeCertificateState (Certificate Management Service,
// 2020-04-07).
type DescribeCertificateStateRequest struct {
	// OrderId names the order. Required.
	OrderId int64 `json:"OrderId,omitempty"`
}

// A DescribeCertificateStateResponse says where an order stands, and either what
// proves the ownership or the certificate.
type DescribeCertificateStateResponse struct {
	// RequestId identifies the request: an upper-case UUID drawn from rand.
	RequestId string `json:"RequestId,omitempty"`

	// Type is the order's [State].
	Type string `json:"Type,omitempty"`

	// ValidateType is how ownership is proved: "DNS" or "FILE". Set in the state
	// domain_verify, like all from here to Content.
	ValidateType string `json:"ValidateType,omitempty"`

	// RecordDomain is the host record of the TXT record for ValidateType DNS, as
	// one enters it in the zone of the registered domain: "_dnsauth", or
	// "_dnsauth.www" for www.example.com.
	RecordDomain string `json:"RecordDomain,omitempty"`

	// RecordType is the type of the record: "TXT".
	RecordType string `json:"RecordType,omitempty"`

	// RecordValue is the text of the record.
	RecordValue string `json:"RecordValue,omitempty"`

	// Domain is the name whose web server has the file, for ValidateType FILE.
	Domain string `json:"Domain,omitempty"`

	// Uri is the path of the file: "/.well-known/pki-validation/fileauth.txt".
	Uri string `json:"Uri,omitempty"`

	// Content is the text of the file.
	Content string `json:"Content,omitempty"`

	// Certificate is the certificate in PEM, and behind it those of the CAs: after
	// [Book.Issue] the ones below the root, as a web server wants them, and after
	// [Book.Complete] what was handed in. Set in the state certificate.
	Certificate string `json:"Certificate,omitempty"`

	// PrivateKey is always empty: whoever made the CSR has the key.
	PrivateKey string `json:"PrivateKey,omitempty"`

	// CertId names the certificate: its Identifier, 32 lower-case hexadecimal
	// digits, as package ca returns it. Set in the state certificate.
	CertId string `json:"CertId,omitempty"`
}

// Validate returns [yuncert.ErrMissingParameter] when there is no OrderId.
func (r *DescribeCertificateStateRequest) Validate() error {
	if r == nil {
		return checkOrderID(0)
	}
	return checkOrderID(r.OrderId)
}

// DescribeCertificateState returns where an order stands. Why a check of
// ownership or a review failed is not among the documented members: [Book.Order]
// has it.
//
// Errors, after those of [DescribeCertificateStateRequest.Validate]:
// [yuncert.ErrNotFoundOrder] for an OrderId that names no order, and
// [yuncert.ErrError] when rand or the store failed.
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
	resp := &DescribeCertificateStateResponse{RequestId: requestID, Type: string(o.State)}
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
		if block, _ := pem.Decode([]byte(o.Certificate)); block != nil {
			sum := md5.Sum(block.Bytes)
			resp.CertId = hex.EncodeToString(sum[:])
		}
	}
	return resp, nil
}
