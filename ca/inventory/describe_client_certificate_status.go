package inventory

import (
	"context"
	"io"
	"strings"

	"github.com/yuncert/yuncert"
	"github.com/yuncert/yuncert/ca"
	"github.com/yuncert/yuncert/internal/param"
)

// A DescribeClientCertificateStatusRequest names certificates.
type DescribeClientCertificateStatusRequest struct {
	// Identifier lists the Identifiers of up to 100 certificates, separated by
	// commas. Spaces around them and empty entries are skipped. Required.
	Identifier string `json:"Identifier,omitempty"`
}

// A DescribeClientCertificateStatusResponse has one status for each Identifier of the
// request, in the same order.
type DescribeClientCertificateStatusResponse struct {
	RequestId         string                    `json:"RequestId,omitempty"`
	CertificateStatus []ClientCertificateStatus `json:"CertificateStatus"`
}

// A ClientCertificateStatus says whether a certificate is revoked.
type ClientCertificateStatus struct {
	SerialNumber string        `json:"SerialNumber,omitempty"` // empty with OCSPUnknown
	Status       ca.OCSPStatus `json:"Status,omitempty"`       // OCSPGood, OCSPRevoked or OCSPUnknown
	RevokeTime   int64         `json:"RevokeTime,omitempty"`   // in UNIX milliseconds; only with OCSPRevoked
}

// maxIdentifiers is the largest number of certificates in one request. Each is one
// read of the store.
const maxIdentifiers = 100

// Validate returns [yuncert.ErrMissingParameter] if there is no Identifier, and
// [yuncert.ErrInvalidValueMalformed] if there are more than 100.
func (r *DescribeClientCertificateStatusRequest) Validate() error {
	_, err := r.identifiers()
	return err
}

// identifiers returns the entries of Identifier.
func (r *DescribeClientCertificateStatusRequest) identifiers() (list []string, err error) {
	if r == nil {
		return nil, yuncert.Missing("Identifier")
	}
	for entry := range strings.SplitSeq(r.Identifier, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		if len(list) == maxIdentifiers {
			return nil, param.Malformed("Identifier", "there are more than %d Identifiers", maxIdentifiers)
		}
		list = append(list, entry)
	}
	if len(list) == 0 {
		return nil, yuncert.Missing("Identifier")
	}
	return list, nil
}

// DescribeClientCertificateStatus says which certificates of clients and servers are
// revoked. A certificate on hold is OCSPRevoked. A certificate that was not added, a
// deleted one and a CA are OCSPUnknown.
func (v *Inventory) DescribeClientCertificateStatus(ctx context.Context, rand io.Reader, req *DescribeClientCertificateStatusRequest) (*DescribeClientCertificateStatusResponse, error) {
	identifiers, err := req.identifiers()
	if err != nil {
		return nil, err
	}
	requestID, err := yuncert.NewRequestId(rand)
	if err != nil {
		return nil, err
	}
	resp := &DescribeClientCertificateStatusResponse{RequestId: requestID}
	err = v.view(ctx, func(s Snapshot) error {
		resp.CertificateStatus = nil
		for _, identifier := range identifiers {
			c, found, err := find(s, identifier)
			if err != nil {
				return err
			}
			if !found || c.Kind == KindCA {
				c = Certificate{}
			}
			resp.CertificateStatus = append(resp.CertificateStatus, statusOf(c))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// statusOf returns the status of a certificate. The zero Certificate is unknown.
func statusOf(c Certificate) ClientCertificateStatus {
	switch c.Status {
	case statusIssue:
		return ClientCertificateStatus{SerialNumber: c.SerialNumber, Status: ca.OCSPGood}
	case statusRevoke:
		return ClientCertificateStatus{SerialNumber: c.SerialNumber, Status: ca.OCSPRevoked, RevokeTime: c.Revocation.RevocationTime.UnixMilli()}
	}
	return ClientCertificateStatus{Status: ca.OCSPUnknown}
}
